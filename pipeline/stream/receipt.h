// Receipts: the proof that every offset was screened, by which rule set, and that nobody changed the results afterwards.
//
// One receipt per batch and input partition: screened + duplicate + superseded + unused + waiting + dead = records of the range, asserted. The
// chain: chain' = BLAKE2b-256(chain, topic, partition, first, last, rule set, then of every output of the range its topic, key and
// value; facts, which only repeat the input, enter as one running 64-bit checksum). Whoever has the outputs in order can recompute it.
// Outputs of the range are those whose source lies in it.
#pragma once

#include "stream/engine.h"

// Writes the receipt of what now has and before had not, over outputs from `from` on, and moves state on. before may be NULL.
void receipt_write(struct outbox *outbox, size_t from, const struct partition_counts *now, const struct partition_counts *before,
                   const struct ruleset *ruleset, const char *topic, int64_t time_s, struct partition_state *state);
