// The tests of a rule file, run: real messages through decode and the step, then what was expected against what came out.
//
// A test sees its own rule alone (and those named in `with`), always as an active one, so that neither a neighbour's precedence nor a
// shadow status hides its money. Each record is decoded and stepped on its own, with a dossier per patient between records, as in
// every other form of the program. What is compared: the verdict on the visit of the settlement `on` (default: the last one written),
// its operands, the finding as published, its money.
//
//   given -> script -> decode -> screen_step -> dossier, messages -> expect
#pragma once

#include "rules/rule.h"

struct trial {
  const struct rule *rule;
  struct slice name;          // of the test
  struct place place;
  bool passed;
  struct slice difference;    // one line for each thing that differs; empty when passed
};

struct trial_options {
  bool (*wanted)(void *context, const struct rule *rule, struct slice name);    // NULL: every test
  void (*tell)(void *context, const struct trial *trial);
  void *context;
};
struct trial_counts { size_t run, failed; };

// Runs the tests of one rule of the set. Broken tests are failed ones, with the place in the difference.
struct trial_counts trial_run(const struct ruleset *ruleset, const struct rule *rule, const struct trial_options *options);
