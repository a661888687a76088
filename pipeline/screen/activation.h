// The gate before a rule may cost anybody money: an active rule is proved by its tests.
//
// Three rings, by what they cost:
//   the loader, always            a test that hits and one that does not (SW1134)
//   `screen` and `run`, at start  every active rule passes its own tests; remembered by content, so that only what changed is asked
//   `rules check --for-activation` besides, a test for each exemption, a withdrawal for rules with history, every outcome of every
//                                 condition seen (coverage.h), and no change of the rule that its tests let pass (mutate.h)
//
// What is remembered is a hash of the rule set, the tests and the program: whoever can write that file can replace the program, too.
#pragma once

#include "rules/rule.h"

// What the rule lacks goes to diagnostics, as errors at their places; false when anything does. tests_only: only whether its tests pass.
bool activation_check(const struct ruleset *ruleset, const struct rule *rule, bool tests_only, struct diagnostics *diagnostics);

struct activation_proof {
  const char *memory;      // file of what was proved before, made when missing; NULL: nothing is remembered
  struct slice program;    // which program ran the tests
};
// The engine's ring: all active rules pass their tests. A memory that cannot be read or written costs time, nothing else.
bool activation_prove(const struct ruleset *ruleset, const struct activation_proof *proof, struct diagnostics *diagnostics);
