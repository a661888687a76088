// One rule, one visit, one verdict: pure, and the same code for the engine, for `rules explain` and for rule tests.
//
// Order (executors 4, 1.10): scope -> require -> the kind's predicate -> exemptions -> bands -> claims. Outcomes exclude
// each other: error > out_of_scope > bad_data > (predicate true: exempt > hit) > insufficient_history > no_hit. For kinds
// that look at single lines a line with bad data is passed over; the visit's outcome is bad_data only when no line hits.
// An exemption whose condition is unknown does not exempt: the finding is open and `provisional` until the field is known or
// the watermark is provisional_days past the settlement (decisions 15).
#pragma once

#include "core/arena.h"
#include "rules/rule.h"
#include "rules/view.h"

#define OUTCOMES(X) \
  X(NO_HIT, "no_hit") X(HIT, "hit") X(EXEMPT, "exempt") X(OUT_OF_SCOPE, "out_of_scope") \
  X(INSUFFICIENT_HISTORY, "insufficient_history") X(BAD_DATA, "bad_data") X(ERROR, "error")
enum outcome {
#define X(name, text) OUTCOME_##name,
  OUTCOMES(X)
#undef X
      OUTCOME_COUNT
};
const char *outcome_name(enum outcome outcome);

// A typed value of an operand.
enum value_type {
  VALUE_UNKNOWN, VALUE_TEXT, VALUE_INT, VALUE_FEN, VALUE_PRICE, VALUE_COUNT, VALUE_TIME, VALUE_DAY, VALUE_BOOL
};
struct value {
  enum value_type type;
  int64_t number;       // all but text
  struct slice text;    // text, and the symbol's name where the operand is a symbol
};

// Money a finding claims on one line of the visit, before precedence.
struct claim {
  uint32_t item;           // index into visit->items
  int64_t claimed_fen;     // 0..item.inscp_fen
};

// A line that a table of the rule mentions: what the required-witness index found.
struct candidate {
  uint32_t rule;    // ruleset->rules[rule]
  uint32_t item;
  uint32_t row;     // a row of the key in the rule's table: its first, or where the table is unique any of them, most likely that in force;
                    // UINT32_MAX: the key has no row, and the rest means nothing
  struct table_span span;    // of the row
  int64_t value;             // the row's cell in the kind's witness_column; of a text column 1 when it is the line's national code, else 0
};

enum { VERDICT_VALUES = 16 };

struct verdict {
  const struct rule *rule;
  enum outcome outcome;
  struct slice reason;             // of bad_data: a word from a closed list; of exempt: the exemption's id
  struct visit *visit;             // the visit judged: whose lines are claimed, whose service date counts
  struct visit *related;           // the earlier stay of a pair, or NULL
  const struct band *band;         // hit
  bool provisional;
  struct claim *claims;            // hit; ascending by item, in the arena
  uint32_t claims_size;
  uint32_t *related_items;         // items of the visit that are evidence only (role 2)
  uint32_t related_items_size;
  struct value values[VERDICT_VALUES];    // operands the kind adds, by their number in the kind's table; the others mean nothing
};

// Receives the trace of one decision, not short-circuited. All strings live in the arena of the call.
struct trace;

struct judge_input {
  const struct ruleset *ruleset;
  const struct history *history;
  struct visit *visit;
  const struct candidate *candidates;    // of this rule and visit, ascending by item
  uint32_t candidates_size;
  bool scope_holds;                      // known from the index (index.h): not evaluated again, but for a trace
  struct arena *arena;
  struct trace *trace;                   // trace.h; NULL on the hot path
  int64_t provisional_days;              // how long after the settlement an unknown exemption keeps a finding provisional
};

void judge(const struct rule *rule, const struct judge_input *input, struct verdict *verdict);

// The value of an operand of the rule's vocabulary for a verdict in the making; VALUE_UNKNOWN when absent.
struct value judge_operand(const struct rule *rule, int operand, const struct judge_input *input,
                           const struct verdict *verdict);
// Name of an operand as written in rules: "gap", "previous.endtime".
const char *operand_name(const struct rule *rule, int operand);
// The value as people read it: yuan with two digits, dates, symbol names.
void value_write(struct text *out, const struct value *value);
