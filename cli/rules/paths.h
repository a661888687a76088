// What the verbs about rules share: which files are meant, and loading them with their errors told.
#pragma once

#include <argp.h>

#include "core/text.h"
#include "rules/load.h"

enum { PATHS_MAX = 256 };

struct paths {
  const char *items[PATHS_MAX];
  size_t size;
};

// One more path of the command line; an error of usage when there are too many.
void paths_add(struct argp_state *state, struct paths *paths, const char *path);
// rules.d when the command line named none.
void paths_default(struct paths *paths);
// The rules of the paths, or of rules.d when there are none. Errors and warnings are told on standard error; NULL when there are errors.
struct ruleset *paths_load(struct paths *paths, struct diagnostics *diagnostics);
struct ruleset *paths_load_as_of(struct paths *paths, int32_t known_day, struct diagnostics *diagnostics);    // as they were known on that day
// Tells that there is no such rule, with the nearest id.
void paths_no_rule(const char *verb, const struct ruleset *ruleset, const char *name);
// Writes the text out and clears it.
void paths_print(FILE *stream, struct text *text);
