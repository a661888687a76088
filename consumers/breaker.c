#include "consumers/breaker.h"

#include <inttypes.h>
#include <stdio.h>

#include "consumers/journal.h"

enum { TRIPPED_MAX = 16 };

struct tripped { struct slice id; int64_t version; char reason[160]; };
struct look { struct tripped tripped[TRIPPED_MAX]; size_t size; };

static void judge_window(void *context, struct tally_row *row) {
  struct look *look = context;
  if (row->budget_evaluated == 0 || row->window_evaluated < (uint64_t)row->budget_evaluated || look->size == TRIPPED_MAX) return;
  const uint64_t evaluated = row->window_evaluated, hits = row->window_hits;
  row->window_evaluated = row->window_hits = 0;
  __extension__ const bool over = (unsigned __int128)hits * 10000 > (unsigned __int128)evaluated * (uint64_t)row->budget_basis_points;
  if (!over || row->status != RULE_ACTIVE) return;
  struct tripped *tripped = &look->tripped[look->size++];
  *tripped = (struct tripped){.id = row->id, .version = row->version};    // ids live as long as the tally
  snprintf(tripped->reason, sizeof tripped->reason, "%" PRIu64 " of %" PRIu64 " decisions hit, and its budget is %" PRId64 ".%02" PRId64 "%%", hits, evaluated,
           row->budget_basis_points / 100, row->budget_basis_points % 100);
}

void breaker_look(struct tally *tally, struct steer *steer) {
  struct look look = {.size = 0};
  tally_each(tally, judge_window, &look);
  for (size_t i = 0; i < look.size; i++) {
    const struct tripped *tripped = &look.tripped[i];
    journal_say(JOURNAL_ERROR, "breaker: %.*s version %" PRId64 ": %s; the group is told to demote it", SLICE_ARG(tripped->id), tripped->version, tripped->reason);
    struct error error = {0};
    if (steer_demote(steer, tripped->id, tripped->version, tripped->reason, &error) != STATUS_OK)
      journal_say(JOURNAL_ERROR, "breaker: %s; the rule stays active", error.text);
  }
}
