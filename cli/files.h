// Whole files that a command leaves behind.
#pragma once

#include "core/status.h"
#include "core/text.h"

// folder/name has its name only when it is complete and on disk. STATUS_FATAL with the error.
enum status files_put(const char *folder, const char *name, const struct text *bytes, struct error *error);
