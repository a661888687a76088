// One test of a rule file while it runs; for trial.c, which feeds it, and expect.c, which compares, only.
#pragma once

#include "record/decode.h"
#include "record/json.h"
#include "rules/trace.h"
#include "screen/step.h"
#include "screen/trial.h"

struct patient {
  struct patient *next;
  struct slice psn_no;
  struct text body;
};

// A finding as the messages tell it.
struct published {
  struct published *next;
  struct slice id, rule_id, mdtrt_id, band;
  const struct json_value *setl_ids;
  bool open, provisional;
  int64_t vola_fen, fund_fen;
};

struct seen_band { struct slice setl_id, band; };

struct session {
  const struct trial_options *options;
  const struct trial *trial;
  struct arena *arena;                // of the test
  struct ruleset rules;               // the rule under test and those named in `with`
  const struct rule *rule;
  struct screen *screen;
  struct decoder *decoder;
  struct json_reader *reader;
  struct outbox outbox;
  struct arena batch;
  struct patient *patients;
  struct published *published;
  struct seen_band *seen;             // bands that a settlement's visit ever had
  size_t seen_size, seen_capacity;
  struct diagnostics diagnostics;     // of the test's own words
  struct text *difference;
};

// One line for what differs.
__attribute__((format(printf, 2, 3))) void trial_differs(struct session *session, const char *format, ...);
