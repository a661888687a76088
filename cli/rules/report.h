// What `rules test` found out, in one model, and its writers: text for people, TAP 14 and JUnit XML for CI systems, JSON for programs.
//
// A suite is a rule; its cases are its tests, its coverage, its mutants, in this order. Text streams; the others are written at the end.
#pragma once

#include <stdio.h>

#include "core/arena.h"
#include "core/text.h"
#include "rules/rule.h"

enum report_state { REPORT_PASSED, REPORT_FAILED, REPORT_SKIPPED };

struct report_case {
  const struct rule *rule;
  const char *sort;            // "test", "coverage", "mutant"
  struct slice name;
  struct place place;
  enum report_state state;
  struct slice detail;         // lines: what differs, what is not covered; of a skipped one the reason
  int64_t micros;              // how long it took
};

struct report {
  struct arena arena;
  struct report_case *cases;
  size_t size, capacity;
  size_t states[REPORT_SKIPPED + 1];
};

typedef void report_write(const struct report *report, struct text *out);
struct report_format {
  const char *name;
  report_write *write;
};
// text, tap, junit, json; NULL-terminated by name.
extern const struct report_format report_formats[];
const struct report_format *report_format_find(const char *name);

void report_init(struct report *report);
void report_fini(struct report *report);
// Texts are copied.
const struct report_case *report_add(struct report *report, struct report_case one);
// One case for people: a line, and the details of a failed one.
void report_write_case(const struct report_case *one, struct text *out);
