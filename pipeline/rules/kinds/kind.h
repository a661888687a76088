// A rule kind: one file and one row in registry.c.
//
// A kind says what its parameters are (setting rows), how its rules find the records that concern them (witness), what operands
// it adds to the vocabulary, how far back it looks, and has one pure function. It never defines time, scope, money or refunds anew:
// those are executors.md section 1, and the views already obey them.
//
// A whole number may be a look-up instead (SETTING_NUMBER): compiled before prepare, its values checked against the row's bounds. evaluate is called with
// a rule whose numbers hold what they look up for the visit at hand; only the others see .lookup. Comparisons
// worth telling in `rules explain` go to trace_range and trace_say (trace.h). evaluate may be called on a visit that is out of
// scope or lacks required fields when a trace is wanted: it must bear absent fields.
//
// evaluate gets a verdict whose rule, visit are set and writes: outcome (NO_HIT, HIT = "the predicate is true", BAD_DATA with
// reason, INSUFFICIENT_HISTORY, ERROR), claims, related, values. It allocates from input->arena only. judge.c does scope, require,
// exemptions, bands.
#pragma once

#include "rules/judge.h"
#include "rules/rule.h"

enum kind_unit {
  KIND_CLAIM,    // looks at one visit only: judged when the visit changes
  KIND_PAIR,     // looks at a visit and the visits before it: judged when any visit of the person changes
};

enum witness {
  WITNESS_VISIT,            // by visit symbol and institution of the scope
  WITNESS_NATIONAL_CODE,    // lines whose med_list_codg is a key of the rule's table
  WITNESS_HOSPITAL_CODE,    // lines whose (fixmedins_code, medins_list_codg) is a key of the rule's table
};

struct operand_row {
  const char *name;
  enum value_type type;
  const char *unit;
  const char *source;    // "kind" or where it comes from
  const char *absent;    // when it is unknown
  const char *doc_zh;    // its Chinese name; what stands in brackets or after a semicolon is remark
  const char *en;        // its English name
};

// What a parameter means to people: hover text, and its sentence in `rules explain-rule` and in the handbook.
struct parameter_words {
  const char *name;                          // of the parameter: rows stand in the order of params
  const char *doc_zh;
  const char *zh, *en;                       // a sentence without its full stop; {} is the value with its unit; NULL: see below
  const char *const *zh_of, *const *en_of;   // of words, and of false and true: the sentence of each; NULL: nothing to say
  const char *own;                           // what its texts are: "fee" a symbol of fees, "table" a knowledge table; NULL
};

struct prepare {
  struct ruleset *ruleset;
  struct rule *rule;
  const struct yaml_file *file;
  const struct yaml_node *params_node;
  // Of mutation tests: the values of this look-up are moved by so much; NULL: of none.
  const struct yaml_node *shifted;
  int64_t shift;
};

struct kind {
  const char *name;
  const char *title_zh;
  const char *summary_zh, *summary_en;    // what is compared, in a sentence
  enum kind_unit unit;
  enum witness witness;
  const struct setting *params;
  size_t params_size, params_bytes;
  const struct parameter_words *words;    // params_size of them
  const struct operand_row *operands;    // numbered from 0: verdict.values[n]
  size_t operands_size;
  const char *const *amounts;            // names of amount formulas it can compute, the first is the default; NULL-terminated
  const char *identity;                  // which ids identify a claims, for the handbook
  // Resolves tables and checks what rows cannot; reports through yaml_error. NULL: nothing to do. The default amount may be
  // checked against rule->amount.
  bool (*prepare)(struct prepare *prepare);
  void (*evaluate)(const struct rule *rule, const struct judge_input *input, struct verdict *verdict);
  // The table whose keys are the witnesses (code witnesses only).
  const struct table *(*witness_table)(const struct rule *rule);
  // The column of it whose cell a candidate carries. NULL: none.
  int (*witness_column)(const struct rule *rule);
  // True: a line without a row in the witness table is bad_data, so such lines are candidates with row UINT32_MAX.
  bool (*wants_missing)(const struct rule *rule);
  int32_t (*lookback_days)(const struct rule *rule);    // NULL: 0
  // The values that operand n can have when the predicate is true, both inclusive, so that bands can be checked against them
  // (gap lies within min_gap..max_gap). NULL, or false: not known.
  bool (*operand_range)(const struct rule *rule, unsigned n, int64_t *low, int64_t *high);
  // Whether operand n is there whenever the predicate is true. NULL: not certain of any.
  bool (*operand_known)(const struct rule *rule, unsigned n);
};

extern const struct kind *const kinds[];    // NULL-terminated, by name
const struct kind *kind_find(struct slice name);
