// What one rule's parts, and the rules of a set, must be to each other.
#pragma once

#include "rules/rule.h"

// A rule that was read without errors: conditions that can never hold, exemptions without the names they need, bands that
// overlap, leave a gap or cannot be reached, a rule that can never fire, tests that are missing. False when something is wrong (told).
bool check_rule(const struct rule *rule);
// The tests of a rule that could not be read whole: their words, bands and exemptions. check_rule does it for the others.
bool check_tests(const struct rule *rule);
// Rules sorted by id and version, also half-read ones (id empty: skipped): the same version twice, overlapping effective
// ranges, names, yields_to. whole: the set is complete, so that a rule which is named must be in it.
bool check_set(const struct rule *const *rules, size_t size, bool whole);
