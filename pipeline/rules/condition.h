// Conditions: the closed vocabulary of scopes, exemptions and bands, with a third truth value.
//
//   field: value | [a, b] | {in: [..]} | {in_table: t} | {at_least, at_most, above, below} | {starts_with: ..}
//          | {present: bool} | {table: t, by: [..]} (a number that a table says; it may stand for any bound, too)
//   all: [..]  any: [..]  not: {..}
//
// Compiled to one flat array in the order of reading; a node's `end` is the place after its last descendant:
//
//   all(end 5) admission_way(2) any(5) visit(4) rescue_within_24h(5)
//
// An absent operand makes a test unknown (Kleene's logic); only `present` always knows. Read-only after load.
#pragma once

#include "rules/judge.h"
#include "rules/kinds/kind.h"
#include "rules/lookup.h"

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };
static inline enum truth truth_not(enum truth a) {
  return a == TRUTH_UNKNOWN ? a : (a == TRUTH_FALSE ? TRUTH_TRUE : TRUTH_FALSE);
}
static inline enum truth truth_of(bool a) { return a ? TRUTH_TRUE : TRUTH_FALSE; }

enum condition_op {
  CONDITION_ALL, CONDITION_ANY, CONDITION_NOT,
  CONDITION_SYMBOLS, CONDITION_TEXTS, CONDITION_NUMBERS, CONDITION_PREFIXES, CONDITION_TABLE, CONDITION_RANGE,
  CONDITION_PRESENT
};
static inline bool condition_is_test(enum condition_op op) { return op >= CONDITION_SYMBOLS; }

struct condition_node {
  enum condition_op op;
  int operand;      // of tests
  uint32_t end;     // index after the last node of this subtree
  const struct yaml_node *node;
  union {
    uint32_t symbols;                                                    // bits
    struct { const struct slice *texts; uint32_t texts_size; };          // sorted
    struct { const int64_t *numbers; uint32_t numbers_size; };           // sorted
    struct { const struct table *table; uint64_t prefix_lengths; };      // bit n: some row is n characters and '*'
    struct {
      int64_t low, high;                                                 // both inclusive; INT64_MIN, INT64_MAX: open
      const struct lookup *low_lookup, *high_lookup;                     // instead of low, high
      bool low_above, high_below;                                        // of look-ups: strict
    };
    bool present;
  };
};

struct condition {
  const struct condition_node *nodes;
  uint32_t size;
};

struct trace;
struct condition_context {
  const struct rule *rule;
  const struct judge_input *input;
  const struct verdict *verdict;
};

enum truth condition_evaluate(const struct condition *condition, const struct condition_context *context);
// The truth of one test; for traces and checks.
enum truth condition_test(const struct condition_node *node, const struct condition_context *context);
// The truth of a test for a given value; look-ups and tables of a range are not asked: unknown.
enum truth condition_test_value(const struct condition_node *node, const struct value *value);
// The truth of the whole when the tests' truths are given, truths[n] for nodes[n].
enum truth condition_combine(const struct condition *condition, const unsigned char *truths);
// The first operand whose absence makes the condition unknown; OPERAND_NONE when none does.
int condition_unknown(const struct condition *condition, const struct condition_context *context);

// "at_most 7", "in [..]": the right side of a test as people read it.
void condition_write_limit(const struct rule *rule, const struct condition_node *node,
                           const struct condition_context *context, struct text *out);
// The whole condition in one form whatever the YAML looked like, for hashing.
void condition_canonical(const struct rule *rule, const struct condition *condition, struct text *out);
