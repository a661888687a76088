// Tests of the tests: the rule is changed in one place, and one of its tests must fail.
//
// Changed are, one at a time: every number of params and conditions, and every look-up, by one unit each way; every date of effect and
// end of an exemption by a day; every condition, branch, list entry, exemption, required field, band and yields_to is dropped; words,
// booleans, severities, amounts and groups of symbols give way to each other. What the loader refuses cannot ship and needs
// no test. A mutant that no test fails on survives: a bound that nobody holds.
//
//   params.max_gap 15 -> 16        unless.planned_readmission dropped        bands.short.if.gap.at_most 7 -> 6
//
// A change that makes no difference to any record is equivalent. The rule file says so by its name, with a reason and who looked at it:
//
//   equivalent:
//     - {mutant: require begntime dropped, reason: 规则类型本身要求入院时间, reviewed: 审核科 2026-11-22}
//
// A marker whose mutant is not made, or fails a test after all, is wrong and is told.
#pragma once

#include "rules/rule.h"

enum mutant_fate {
  MUTANT_KILLED,        // by a test
  MUTANT_REFUSED,       // by the loader
  MUTANT_EQUIVALENT,    // no test fails, and the rule file says why
  MUTANT_SURVIVED,
  MUTANT_MARKED_WRONGLY,
  MUTANT_FATES
};

struct mutant {
  const struct rule *rule;
  struct slice what;      // its name; of a marker without a mutant the name it gives
  struct place place;     // of what was changed
  enum mutant_fate fate;
  struct slice by;        // the test that failed, the reason of the marker, or what is wrong with it
};

struct mutate_counts { size_t fates[MUTANT_FATES]; };

// Makes and runs the mutants of one rule, in the order of the file. tell may be NULL; texts are valid during the call.
struct mutate_counts mutate_rule(const struct ruleset *ruleset, const struct rule *rule,
                                 void (*tell)(void *context, const struct mutant *mutant), void *context);
