// What `verify receipts` found, collected while it reads, and how it is told.
#pragma once

#include "core/text.h"
#include "stream/proof.h"

enum { FINDINGS_KEPT = 20, FINDINGS_HOLES = 4096 };

struct finding_break { struct proof_break found; char topic[300]; };
struct finding_hole { struct proof_hole hole; char topic[300]; uint64_t seen; };

struct findings {
  struct proof *proof;
  struct finding_break *breaks;    // the first FINDINGS_KEPT
  size_t breaks_size;
  uint64_t kinds[PROOF_KIND_COUNT];
  struct finding_hole *holes;      // waiting for a look at the input
  size_t holes_size;
  void (*flush)(void *context);    // called when holes are full; empties them
  void *context;
  uint64_t foreign;                // messages of other origin in the output topics
  uint64_t newer;                  // results of transactions that ended meanwhile
  uint64_t to_come;                // records behind the last receipt
};

// holes: hand them to flush. Else an offset that holds no record is a gap.
void findings_init(struct findings *findings, bool holes);
void findings_fini(struct findings *findings);
void findings_add_hole(struct findings *findings, const struct proof_hole *hole);
// The report; true when nothing is broken. An unproven offset counts as broken unless deleted_is_fine.
bool findings_write_text(const struct findings *findings, bool chinese, bool deleted_is_fine, struct text *out);
bool findings_write_json(const struct findings *findings, bool deleted_is_fine, struct text *out);
