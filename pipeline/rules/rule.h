// A compiled rule and a compiled rule set.
//
// A rule set is loaded whole or not at all (load.h), is read-only from then on and shared by all workers. Its hash covers
// what it means: canonical rules, tables, calendars, codes; not comments, formatting or tests (decisions 26).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"
#include "core/arena.h"
#include "knowledge/calendar.h"
#include "knowledge/codes.h"
#include "knowledge/table.h"

enum rule_status { RULE_DRAFT, RULE_SHADOW, RULE_ACTIVE, RULE_RETIRED };
enum rule_result { RESULT_VIOLATION, RESULT_SUSPICIOUS, RESULT_LEAD, RESULT_INDICATOR };
enum rule_subject { SUBJECT_CLAIM, SUBJECT_PATIENT, SUBJECT_INSTITUTION, SUBJECT_TRACE_CODE };
// Closed enumeration; the order is the order of precedence (executors 1.7).
enum precedence {
  PRECEDENCE_STAY, PRECEDENCE_FICTITIOUS, PRECEDENCE_DUPLICATE, PRECEDENCE_QUANTITY, PRECEDENCE_PRICE, PRECEDENCE_LIMIT,
  PRECEDENCE_REASONABLE
};
// P53(一) is a sub-item of its own and counts with P52 (law.md 1.1).
enum agreement_class { CLASS_NONE, CLASS_P52, CLASS_P53_1, CLASS_P53, CLASS_P54, CLASS_P55, CLASS_P56, CLASS_P57, CLASS_COUNT };

extern const char *const rule_status_words[], *const rule_result_words[], *const rule_subject_words[],
    *const precedence_words[], *const agreement_class_words[];    // NULL-terminated
extern const char *const rule_result_zh[];                        // 违规 可疑 线索 指标

struct kind;
struct condition;    // condition.h

struct rule_basis { struct slice law, article; };

struct exemption {
  struct slice id, reason, owner, approved_by;
  const struct condition *condition;
  int32_t until_day;       // INT32_MAX: open
  int32_t recorded_day;    // from which it was known; INT32_MIN: always
};

struct band {
  struct slice name;
  const struct condition *condition;    // NULL: always
  int severity;                         // 1..3; a rule without bands has one, named "default", of severity 1
};

// One operand of `show` or a piece of `say`: literal text, or the value of an operand.
struct piece {
  struct slice literal;
  int operand;    // -1: literal
};

struct rule {
  // What judging looks at, together: thousands of rules do not fit into the cache.
  uint32_t number;    // position in the set, by id then version
  enum rule_status status : 8;
  bool looks_up;      // some of its numbers are look-ups (lookup_resolve)
  int32_t from_day, to_day;    // both inclusive, by service date; INT32_MIN / INT32_MAX open
  uint32_t visits;             // visit symbols the scope admits, as bits; all ones when it does not say
  int amount;                  // index into kind->amounts
  const struct condition *scope;    // NULL: everything
  const struct kind *kind;
  void *params;                // the kind's struct
  const int *require;          // operands that must be known
  size_t require_size;
  // The rest.
  struct slice name, id, title_zh, title_en, national_code, statute, amount_name;
  int64_t version;
  int32_t recorded_day;        // from which the version was known; INT32_MIN: always
  enum rule_result result;
  enum rule_subject subject;
  enum precedence precedence;
  enum agreement_class agreement_class;
  const struct slice *yields_to;
  size_t yields_to_size;
  const struct rule_basis *basis;
  size_t basis_size;
  const struct exemption *exemptions;
  size_t exemptions_size;
  const struct band *bands;    // at least one
  size_t bands_size;
  const struct piece *say_zh, *say_en;
  size_t say_zh_size, say_en_size;
  // What the breaker (consumers/breaker.h) holds a running rule to: of every so many decisions at most this share hits. 0: nothing.
  int64_t budget_evaluated, budget_basis_points;
  const int *show;             // operands
  size_t show_size;
  const struct yaml_node *tests;    // for the test runner; places included
  const struct yaml_node *equivalent;    // its changes that make no difference: a checked list, or NULL (screen/mutate.h)
  const struct yaml_file *file;
};

struct rule_index;    // index.h

struct ruleset {
  struct arena arena;
  const struct rule **rules;
  size_t size;
  int32_t known_day;           // the set is as it was known on this day; KNOWN_NOW (known.h)
  struct codes *codes;
  struct calendar *calendar;
  struct tables *tables;
  unsigned char digest[16];
  char hash[33];               // hex of digest: the `ruleset` of every output
  uint64_t projection;         // hash of what dossiers must store for this set
  int32_t lookback_days;       // the longest look-back of any rule
  const struct table *rescue_items;    // of operand rescue_within_24h; NULL when there is no such table
  uint32_t inpatient_stay, inpatient_review;    // visit symbols as bits
  uint32_t looked_at;    // visits of these symbols are looked at when others are judged: stays, what may be one, rescues
  struct rule_index *index;
};
