// The YAML files of a rule folder one by one, and the difference between two texts, for verbs that write files.
#pragma once

#include <stdbool.h>

#include "config/diagnostics.h"
#include "core/text.h"

// Calls each for the file, or for every *.yaml below the folder in byte order of their names, until it returns false; false then.
// A path that cannot be read is told.
bool files_each(const char *path, struct diagnostics *diagnostics, bool (*each)(void *context, const char *path), void *context);
// A unified difference of the lines, with three lines around each change.
void files_diff(const char *name, struct slice before, struct slice after, struct text *out);
