// The record of one decision: every condition with its operand, value, limit, origin and truth, not short-circuited.
//
// `rules explain` prints it. A rule kind may add rows for its own comparisons with trace_range and trace_say; on the hot
// path there is no trace (judge_input.trace is NULL) and both do nothing. One owner; texts live in the arena.
#pragma once

#include "core/arena.h"
#include "rules/condition.h"
#include "rules/judge.h"

enum trace_step { TRACE_EFFECTIVE, TRACE_SCOPE, TRACE_REQUIRE, TRACE_PREDICATE, TRACE_EXEMPTION, TRACE_BAND, TRACE_OUTCOME };
extern const char *const trace_step_words[];    // NULL-terminated

struct trace_row {
  enum trace_step step;
  struct slice name;        // of an exemption, a band
  unsigned depth;           // nesting of all, any, not
  struct slice operand;     // "admission_way"; "all", "any", "not" for groups
  struct slice value;       // as people read it; "-" when absent
  struct slice limit;       // "at_most 7"; empty where there is none
  struct slice source;      // "settlements[3]@17 body.mdtrtinfo.endtime"; "kind" for the kind's operands
  enum truth truth;
  bool has_distance;        // of a number against a bound
  int64_t distance;    // how far beyond the bound when false (positive), how much room is left when true (zero or negative)
  enum value_type unit;     // type of the distance
  const struct yaml_node *node;    // of a condition's test: where it stands in the rule; else NULL
  int number;               // the operand's number (operand.h); OPERAND_NONE where the row is none's
  bool bound;               // a kind's own comparison with a range
};

struct trace {
  struct arena *arena;
  const char *const *topics;    // names by source.topic, or NULL
  size_t topics_size;
  bool by_line;                 // the topics are files: a source is FILE:LINE, one more than its offset
  struct trace_row *rows;
  size_t size, capacity;
};

// topics may be NULL.
void trace_init(struct trace *trace, struct arena *arena, const char *const *topics, size_t topics_size);
struct trace_row *trace_add(struct trace *trace, enum trace_step step);
// All nodes of a condition, each evaluated.
void trace_condition(struct trace *trace, enum trace_step step, struct slice name, const struct condition *condition,
                     const struct condition_context *context);
// One operand: of require, or a value of the kind.
void trace_operand(struct trace *trace, enum trace_step step, int operand, enum truth truth,
                   const struct condition_context *context);
// For rule kinds: value must lie within low..high (INT64_MIN, INT64_MAX: open); what names the comparison.
void trace_range(struct trace *trace, const char *what, const struct value *value, int64_t low, int64_t high);
// For rule kinds: a comparison that is no range. limit may be SLICE_NONE. Texts are copied.
void trace_say(struct trace *trace, const char *what, struct slice value, struct slice limit, enum truth truth);
// Where an operand's value came from, as in trace_row.source.
struct slice trace_source(struct trace *trace, int operand, const struct condition_context *context);
// The outcome became another one after the rule itself was judged; the last row says so.
void trace_amend(struct trace *trace, const struct verdict *verdict, struct slice reason);
// One row in a line of its own words: "exemption planned: previous.readmission_plan NOT_PLANNED, in [PLANNED] is false  <- ...".
void trace_write_row(const struct trace_row *row, struct text *out);
// One row per line, aligned, for people.
void trace_write(const struct trace *trace, struct text *out);
