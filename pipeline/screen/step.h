// The heart: a pure step.
//
//   screen_step(rules, dossier, event) -> dossier', changes[], facts[]
//
// It reads no clock, no random number, no environment, no network. A dossier goes in and comes out as its encoded bytes
// (dossier/encode.h), so that every form of the program (embedded, Kafka, simulation, explain) runs exactly this.
// Time is the subject's watermark: the largest event time among its events and the ticks given here.
// One screen per worker; not thread-safe; no allocation of its own per record in the steady state.
#pragma once

#include "core/arena.h"
#include "core/status.h"
#include "core/text.h"
#include "record/event.h"
#include "record/reject.h"
#include "rules/judge.h"
#include "screen/fact.h"
#include "screen/outbox.h"

// Exactly one per message; receipts add them up (record-fields 1.3).
enum disposition {
  DISPOSITION_SCREENED, DISPOSITION_DUPLICATE, DISPOSITION_SUPERSEDED, DISPOSITION_UNUSED, DISPOSITION_WAITING, DISPOSITION_DEAD,
  DISPOSITION_COUNT
};
const char *disposition_name(enum disposition disposition);

struct screen_settings {
  int64_t lateness_days;          // 45
  int64_t lookback_days;          // 0: derived from the rules
  int32_t history_from_day;       // first day of complete data of the site; INT32_MIN: no limit
  int64_t longest_stay_days;      // 180: added to the look-back of stay rules
  int64_t dossier_bytes_max;      // 16 MiB: hard limit against abuse
  int64_t dossier_events_max;     // 200,000
  int64_t provisional_days;       // 30: executors 2.4
  bool keep_lines;                // false; true where people ask why (explain, rule tests): also lines nothing was found in stay
  const unsigned char *seal_key;  // DIGEST_KEY_BYTES: what a DOSSIER must be sealed with. NULL: these are unused
  int64_t points[CLASS_COUNT];    // tenths of a point proposed by agreement class: the credit scheme's items C1-C6
  // A stopwatch for statistics: every time_every-th decision is timed with it. NULL: none is; the step itself reads no clock.
  uint64_t (*now_ns)(void);
  uint32_t time_every;
};
extern const struct screen_settings screen_settings_default;

// Counters of one screen, added up by the owner.
struct screen_counts {
  uint64_t outcomes[OUTCOME_COUNT];
  uint64_t visits_judged, items_judged;
  uint64_t findings_opened, findings_changed, findings_withdrawn;
  uint64_t beyond_horizon, cancel_beyond_horizon, dossier_limit, amounts_derived, clock_skew;
};
struct rule_counts {
  uint64_t outcomes[OUTCOME_COUNT];
  uint64_t timed, timed_ns;       // decisions that were timed, and what they took
  uint64_t opened;                // findings
  int64_t vola_fen;               // what its findings grew and shrank by; of what is withdrawn too
};

struct screen;
// names: topic names by source.topic, for source[] of the messages.
struct screen *screen_create(const struct ruleset *ruleset, const struct screen_settings *settings, const char *const *names,
                             size_t names_size);
void screen_destroy(struct screen *screen);
// From the next step on; nothing of the former set is kept. Counts go on, but those by rule begin anew: take them before.
void screen_use(struct screen *screen, const struct ruleset *ruleset);

struct step_result {
  enum disposition disposition;
  enum reject reject;              // of DISPOSITION_DEAD
  bool changed;                    // the dossier must be stored: body holds it
  struct text *body;               // given by the caller: dossier'
  int64_t due_s;                   // time alone changes something once the watermark reaches this; INT64_MAX: never
  const struct fact *facts;        // in the batch's arena
  size_t facts_size;
};

// body: the dossier's bytes, or SLICE_NONE for a subject never seen. tick_s: largest TICK of the partition so far, or DATE_ABSENT.
// arena: the batch's. Writes deductions, cases and shadow findings to outbox; facts are returned for review and for institution-facts.
// STATUS_FATAL with an error only when body is damaged (the caller has verified it, so that is a bug or the wrong key).
enum status screen_step(struct screen *screen, struct slice body, const struct event *event, int64_t tick_s, struct arena *arena,
                        struct outbox *outbox, struct step_result *result, struct error *error);
// The subject's time moved on to tick_s: settles what was provisional. As screen_step, without an event but with the TICK's.
enum status screen_tick(struct screen *screen, struct slice subject, struct slice body, const struct event *tick, struct arena *arena,
                        struct outbox *outbox, struct step_result *result, struct error *error);

void screen_count_skew(struct screen *screen);    // a tick whose institution's clock runs ahead
const struct screen_counts *screen_counts(const struct screen *screen);
const struct rule_counts *screen_rule_counts(const struct screen *screen);    // ruleset->size rows
int32_t screen_retention_days(const struct screen *screen);                   // look-back + lateness

// Evaluates the rule on every visit of the subject's dossier as the engine would, with a trace; for `rules explain`.
enum status screen_explain(struct screen *screen, struct slice subject, struct slice body, int64_t tick_s, const struct rule *rule, struct arena *arena,
                           void (*verdict)(void *context, const struct verdict *verdict, const struct judge_input *input), void *context,
                           struct trace *trace, struct error *error);
