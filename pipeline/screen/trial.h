// The tests of a rule file, run: real messages through decode and the step, then what was expected against what came out.
//
// A test sees its own rule alone (and those named in `with`), always as an active one, so that neither a neighbour's precedence nor a
// shadow status hides its money. Each record is decoded and stepped on its own, with a dossier per patient between records, as in
// every other form of the program; the clock is the records' own. What is compared: the verdict on the visit of the settlement `on`
// (default: the last one written), its operands, the finding as published, its money.
//
//   given -> script -> decode -> screen_step -> dossier, messages -> expect
//
// With `orders` the same records arrive again in other orders, some of them twice, as far as the lateness allows, and must lead to
// the same answer; only `withdrawn` then asks for no more than that nothing is open, because what was never found is not withdrawn.
// Read-only towards the rule set: several threads may run trials of one set.
#pragma once

#include "rules/rule.h"

struct verdict;
struct judge_input;
struct trace;

struct trial {
  const struct rule *rule;
  struct slice name;          // of the test
  struct place place;
  bool passed;
  struct slice difference;    // one line for each thing that differs; empty when passed
};

// A change of the rule, for tests of the tests (mutate.h): another tree of the same file, or a look-up whose values are moved.
struct trial_mutant {
  const struct yaml_node *root;       // NULL: the rule's own
  const struct yaml_node *shifted;    // the look-up's map inside root, or NULL
  int64_t shift;
};

struct trial_options {
  bool (*wanted)(void *context, const struct rule *rule, struct slice name);    // NULL: every test
  void (*tell)(void *context, const struct trial *trial);                       // NULL: nobody asks
  // Each visit that an expectation looked at, with the full trace of the decision on it; NULL: no traces are made.
  void (*seen)(void *context, const struct trial *trial, const struct verdict *verdict, const struct judge_input *input,
               const struct trace *trace);
  void *context;
  unsigned orders;                      // further orders of arrival, for tests that do not say their own number
  bool terse;                           // passed or not is all that is asked: no explanations are made
  const struct trial_mutant *mutant;    // NULL: the rule as it stands
};
struct trial_counts { size_t run, failed; };

enum { TRIAL_ORDERS_MAX = 1000 };

// Runs the tests of one rule of the set. Broken tests are failed ones, with the place in the difference.
struct trial_counts trial_run(const struct ruleset *ruleset, const struct rule *rule, const struct trial_options *options);
// Runs one test (an item of rule->tests); difference receives the text of trial->difference.
void trial_test(const struct ruleset *ruleset, const struct rule *rule, const struct yaml_node *test, const struct trial_options *options,
                struct trial *trial, struct text *difference);
