// The records of a rule test, as a person writes them in a rule file, turned into messages of the wire.
//
//   {settle: {...}} {correct: {...}} {cancel: S1} {list: {of: S1, ...}} {fee: {of: S1, lines: [...]}} {tick: 2026-05-01}
//
// The vocabulary is told in rules.d/README.md. Symbols (INP, EMERGENCY, BED) become the raw codes of the site; money of a line is
// cnt x pric where it is not said; times that are not said follow from the stay and from the records before. Every error is a
// diagnostic at its place in the rule file. One owner, one thread.
#pragma once

#include "config/yaml.h"
#include "core/text.h"
#include "knowledge/codes.h"
#include "record/event.h"

struct script_bill;

struct script {
  const struct yaml_file *file;    // its diagnostics receive the errors
  const struct codes *codes;
  struct arena *arena;
  struct script_bill *bills;       // settlements so far, newest first
  int64_t clock_s;                 // latest event time so far; DATE_ABSENT at first
  int64_t received_s;              // latest recv_time so far
  int64_t time_s;                  // event time of the record written last
  unsigned sequence;
  int raw[CODE_TABLE_COUNT][64];   // of a symbol: its raw code's digits x 10,000 + number; 0: not looked up yet
};

void script_init(struct script *script, const struct yaml_file *file, const struct codes *codes, struct arena *arena);
// Appends one message to out. False when the record is wrong (told).
bool script_write(struct script *script, const struct yaml_node *step, struct text *out);
// The settlement written last; SLICE_NONE before the first.
struct slice script_last(const struct script *script);
// The event time of the record written last.
static inline int64_t script_time(const struct script *script) { return script->time_s; }
