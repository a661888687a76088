// What conditions can be together: can they ever hold, do bands cover every case exactly once?
//
// Each operand's values fall into a few cells inside which all tests of the conditions give the same truths:
//
//   gap:   <= 7 | >= 8        previous.discharge_way:   AGAINST_ADVICE | the rest | absent
//
// The product of the operands' cells is walked, each condition is combined from the truths of its tests. What the
// loader cannot know (a table's rows, a look-up) is free. When there are too many cells, nothing is said: never a
// false alarm.
#pragma once

#include "rules/condition.h"

struct cells_case {
  const unsigned char *truths;    // one per condition
  bool complete;                  // no operand is absent
  const struct text *words;       // "gap 8, visit INP": an example
};

// Calls visit for every case until it returns false. False when there are too many cells, or tests that cannot be told apart
// (then nothing was visited). conditions may hold NULL: always true. free_both: free tests are true and false and unknown in
// turn, whatever other tests say (more cases than there can be); else only unknown (fewer).
bool cells_walk(const struct rule *rule, const struct condition *const *conditions, size_t size, bool free_both,
                bool (*visit)(void *context, const struct cells_case *one), void *context);
// False only when it is certain that the conditions never hold together.
bool cells_possible(const struct rule *rule, const struct condition *const *conditions, size_t size);
