// What two rule sets mean differently: not lines of files, but thresholds, conditions, laws, table rows.
//
//   for each rule of either set:  head, require, scope, kind and parameters, exemptions, bands, amount, sentences, evidence
//   then                          tables (row by row), codes, calendars
//   then                          tests: told, but they change no answer
//
// The sets have the same hash exactly when no row but those of tests is here: comments, layout, the order of keys and the order of the parts
// of `all` and `any` say nothing. Rules are matched by id and version; the highest versions that only one set has are matched with each
// other, so that a raised version shows what it changed. Texts live in the diff's arena; the sets are needed only while it is made.
// One owner; read-only afterwards.
#pragma once

#include "rules/rule.h"

enum difference_type { DIFFERENCE_ADDED, DIFFERENCE_REMOVED, DIFFERENCE_CHANGED };

#define DIFFERENCE_PARTS(X)                                                                                                  \
  X(RULE, "rule") X(HEAD, "head") X(LAW, "law") X(REQUIRE, "require") X(SCOPE, "scope") X(PARAMETER, "parameter")            \
  X(EXEMPTION, "exemption") X(BAND, "band") X(AMOUNT, "amount") X(SENTENCE, "sentence") X(EVIDENCE, "evidence") X(ORDER, "order") \
  X(TABLE, "table") X(ROW, "row") X(CODES, "codes") X(CALENDAR, "calendar") X(TEST, "test")
enum difference_part {
#define X(name, text) DIFFERENCE_##name,
  DIFFERENCE_PARTS(X)
#undef X
      DIFFERENCE_PART_COUNT
};
const char *diff_part_word(enum difference_part part);

struct difference {
  enum difference_type type;
  enum difference_part part;
  struct slice owner;           // rule id, table, code table; empty for calendars
  int64_t before_version, after_version;    // of the rule; 0: none
  struct slice name;            // "max_gap", "visit", "emergency_rescue: admission_way"; the key of a row
  struct slice before, after;   // SLICE_NONE: not there
  const char *unit;             // of a parameter: "days", ...; else ""
};

struct diff {
  struct arena arena;
  struct difference *rows;      // by rule, then tables, codes, calendars; tests last of their rule
  size_t size, capacity;
  size_t meaning;               // rows that change an answer: all but those of tests
  char before_hash[33], after_hash[33];
};

enum { DIFF_ROWS_SHOWN = 5 };   // of a table, each of added, removed and changed

void diff_make(struct diff *diff, const struct ruleset *before, const struct ruleset *after);
void diff_fini(struct diff *diff);
void diff_write_text(const struct diff *diff, bool chinese, struct text *out);
void diff_write_json(const struct diff *diff, struct text *out);
// "max_gap 15 -> 10 days": one row in a line, without its owner.
void diff_write_row(const struct difference *difference, bool chinese, struct text *out);

// Three ways: what the base changed (its former self to its present one) beside what an overlay says differently from the former. A thing that both
// changed, each to something else, is a conflict.
struct diff_conflict {
  const struct difference *base, *local;
};
size_t diff_conflicts(const struct diff *base, const struct diff *local, struct diff_conflict *conflicts, size_t room);    // their number, also beyond room
// Theirs, ours, and where they meet. Return the number of conflicts.
size_t diff_write_three_text(const struct diff *base, const struct diff *local, bool chinese, struct text *out);
size_t diff_write_three_json(const struct diff *base, const struct diff *local, struct text *out);

// For the parts of the making: one more row. Texts are copied; SLICE_NONE where there is nothing.
struct difference *diff_add(struct diff *diff, enum difference_type type, enum difference_part part, struct slice owner, struct slice name,
                            struct slice before, struct slice after);
// diff_knowledge.c: tables, codes, calendar.
void diff_knowledge(struct diff *diff, const struct ruleset *before, const struct ruleset *after);
