// Which outcomes of a rule's conditions its tests have seen.
//
// Every test of scope, exemptions and bands must have been true, false and, where it can be, unknown, on a visit that an expectation
// looked at and that came so far: an exemption counts only where the predicate was true. Every required field must have been there
// and absent, the rule in force and not, each of the kind's own bounds kept and not, each exemption and band have had its say.
// What a condition can be follows from its own constants, the scope and the required fields (cells.h).
//
//   rules.d/admission/split_admission.yaml:53  unless.planned_readmission  previous.readmission_plan in [PLANNED]   T F .   unknown
#pragma once

#include "rules/trace.h"

struct coverage_item {
  enum trace_step step;
  const struct yaml_node *node;    // of a condition's test; else NULL
  int operand;                     // of a required field
  struct slice name;               // of the exemption or band
  struct slice what;               // "gap at_most 7"
  struct place place;
  bool needed[3];                  // by enum truth
  size_t seen[3];
};

struct coverage {
  const struct rule *rule;
  struct arena *arena;
  struct coverage_item *items;
  size_t size, capacity;
};

void coverage_init(struct coverage *coverage, const struct rule *rule, struct arena *arena);
// Counts one decision; trace is its full trace.
void coverage_see(struct coverage *coverage, const struct verdict *verdict, const struct trace *trace);
// Outcomes that are needed, and those of them that were seen.
void coverage_count(const struct coverage *coverage, size_t *needed, size_t *seen);
// Whole per cent, rounded down; 100 when nothing is needed.
unsigned coverage_percent(size_t needed, size_t seen);
// Whether the tests have not seen all that is needed of it; then "true, unknown" is appended: what was not seen.
bool coverage_lacks(const struct coverage_item *item, struct text *missing);
// all: every item with its outcomes; else one line for each item that lacks one, with its place.
void coverage_write(const struct coverage *coverage, bool all, struct text *out);
