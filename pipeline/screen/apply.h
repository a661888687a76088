// An event into a dossier: what it does to the bills, and what becomes of the message (record-fields 1.2, 1.3, section 4).
//
// Idempotent and independent of the order of arrival: the bills after a set of messages are the same whatever came first. Touches no
// finding and writes no output.
#pragma once

#include "dossier/dossier.h"
#include "dossier/lines.h"
#include "screen/step.h"

struct applied {
  enum disposition disposition;
  enum reject reject;
  bool changed;                       // the bills differ from before
  struct slice affected[2];           // setl_ids whose bills may have become live, changed or dead
  unsigned affected_size;
};

// True for events that the step keeps in a dossier; others are unused.
bool apply_uses(const struct event *event);
// What a worker keeps from event to event, so that nothing is asked of the heap. Zeroed memory is a new one.
struct apply_scratch {
  struct text text;
  struct lines_memo memo;
};
void apply(struct dossier *dossier, const struct event *event, struct apply_scratch *scratch, uint64_t *amounts_derived, struct applied *applied);
// Packs the lines of a bill that came just now, before the dossier is encoded. Not needed for those that are not kept.
void apply_keep_lines(struct dossier *dossier, struct bill *bill, struct apply_scratch *scratch, uint64_t *amounts_derived);
