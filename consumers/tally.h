// What each rule did in this process: counts of all workers, over all rule sets it has used, by rule and version.
//
//   worker: screen_rule_counts --(difference to last time)--> row of (rule id, version)
//   main:   rows -> run.state_dir/INSTANCE.stats, one JSON object, renamed into place; `settlewatch rules stats --config` adds them up
//
// Counts begin at the start of the process. Decisions of an aborted transaction are counted again when they are made again: these are
// figures to run by, not results. tally_add is for the workers' threads, the others for any.
#pragma once

#include "core/arena.h"
#include "core/status.h"
#include "core/text.h"
#include "screen/step.h"

struct tally_row {
  struct slice id;
  int64_t version;
  enum rule_status status;                                // in the set that was counted last
  int64_t budget_evaluated, budget_basis_points;
  struct rule_counts counts;                              // opened and vola_fen: as an active rule only
  struct tally_shadow { uint64_t hits, opened; int64_t vola_fen; } shadow;    // what came of it while it was a shadow
  uint64_t window_evaluated, window_hits;                 // since the breaker looked last
};

struct tally;
struct tally *tally_create(unsigned workers);
void tally_destroy(struct tally *tally);
// counts: those of the worker's screen under ruleset, as they stand; the difference to the last call with the same set is added.
void tally_add(struct tally *tally, unsigned worker, const struct ruleset *ruleset, const struct rule_counts *counts);
// The worker leaves its set: its counts begin anew.
void tally_leave(struct tally *tally, unsigned worker);
// Under the tally's lock; visit must not call the tally.
void tally_each(struct tally *tally, void (*visit)(void *context, struct tally_row *row), void *context);
enum status tally_write(struct tally *tally, const char *path, const char *ruleset, struct error *error);
// How often a rule was decided, whatever came out.
uint64_t tally_evaluated(const struct rule_counts *counts);
