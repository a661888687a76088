// Loads a rule folder: *.yaml below it (rules), codes/, calendars/, knowledge/. All errors of all files in one run.
#pragma once

#include "core/status.h"
#include "rules/rule.h"

// NULL when there is any error; every error is in diagnostics. paths: folders or single files; the first folder that has
// codes/ gives codes, calendars, knowledge (for single files: the folder above them that has it). A folder with overlay.yaml brings
// its base with it and lies over it (overlay.h).
struct ruleset *ruleset_load(const char *const *paths, size_t size, struct diagnostics *diagnostics);
// The set as it was known on a day (known.h). An error also when nothing of it was.
struct ruleset *ruleset_load_as_of(const char *const *paths, size_t size, int32_t known_day, struct diagnostics *diagnostics);
// Codes, calendars and tables of the folder that the path belongs to, without rules, hash and index: to read single rules with. NULL when
// there is an error, told.
struct ruleset *ruleset_load_knowledge(const char *path, struct diagnostics *diagnostics);
void ruleset_destroy(struct ruleset *ruleset);
// A version of a rule; NULL.
const struct rule *ruleset_version(const struct ruleset *ruleset, struct slice id, int64_t version);
// The highest version of a rule by id, or by name; NULL.
const struct rule *ruleset_find(const struct ruleset *ruleset, struct slice id_or_name);
// The highest version of a rule that is in force on a service date, active before shadow before the others; NULL.
const struct rule *ruleset_in_force(const struct ruleset *ruleset, struct slice id, int32_t day);
