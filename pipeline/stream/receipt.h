// Receipts: the proof that every offset was screened, by which rule set, and that nobody changed the results afterwards.
//
// One receipt per batch and input partition: screened + duplicate + superseded + unused + waiting + dead = records of the range, asserted.
// Outputs of the range are those whose source lies in it. Each learns its receipt and its place among the receipt's outputs of its
// topic, which on Kafka is a header of the message: so whoever has the messages can put them in order, wherever they lie. The chain:
//
//   chain' = BLAKE2b-256(chain, topic, partition, number, first, last, records, each disposition's count, rule set,
//                        then of each output topic that has any: its name, how many, and their hash)
//   hash of a topic's outputs (also in the receipt) = BLAKE2b-256 of key and value of each; of institution-facts, which only repeat the input, a running
//                               64-bit checksum of the values, filled up with zeros
//
// Each part is a field with its length in front (core/digest.h), numbers as decimal text. proof.h checks it.
#pragma once

#include "stream/engine.h"

struct receipt {
  struct slice topic, ruleset;    // full name of the input; content hash in hex
  int32_t partition;
  uint64_t number;                // from 1
  int64_t first_offset, last_offset;
  uint64_t records, dispositions[DISPOSITION_COUNT], outputs[TOPIC_COUNT];
  unsigned char sums[TOPIC_COUNT][DIGEST_BYTES];    // of topics that have outputs
  unsigned char previous[DIGEST_BYTES], chain[DIGEST_BYTES];
};

// The outputs of one receipt as they are hashed: each topic's in their order, topics in any.
struct receipt_outputs {
  struct digest digests[TOPIC_COUNT];    // begun with the first output
  uint64_t sizes[TOPIC_COUNT], facts;
};
void receipt_outputs_add(struct receipt_outputs *outputs, enum topic topic, struct slice key, struct slice value);
// Of a topic that has any; nothing can be added to it afterwards.
void receipt_outputs_sum(struct receipt_outputs *outputs, enum topic topic, unsigned char sum[DIGEST_BYTES]);
// Over all that the receipt says but its chain and time.
void receipt_chain(const struct receipt *receipt, unsigned char chain[DIGEST_BYTES]);

// Writes the receipt of what now has and before had not, over outputs from `from` on, marks these, and moves state on. before may be NULL.
void receipt_write(struct outbox *outbox, size_t from, const struct partition_counts *now, const struct partition_counts *before,
                   const struct ruleset *ruleset, const char *topic, int64_t time_s, struct partition_state *state);

// Reads a receipt's message back; texts live in the arena. STATUS_REJECT with the error when it is none.
struct json_reader;
enum status receipt_read(struct json_reader *reader, struct arena *arena, struct slice value, struct receipt *receipt, struct error *error);
