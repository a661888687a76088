// One worker's engine: a batch of raw records in, outputs and changed dossiers out. The same for files, memory and Kafka.
//
//   engine_begin
//     engine_decode       bytes -> events            (then the owner may prefetch the dossiers of engine_subject)
//     engine_screen_part  events x dossiers -> outbox, pending dossiers in the store, counts per partition
//   engine_end            receipts
//   settle | undo         after the log committed or aborted
//
// A batch is decoded and screened in as many parts as its owner likes: a part whose events stay in the processor's cache is cheaper.
// While a screened batch waits for its commit, the next one may be decoded and screened on top of it; so two are pending at most. Settle is
// for the older of them. Undo is for the newer: when the older one's commit failed, both are undone, the newer first, and every
// byte is as it was. A rule set is taken from the engine at engine_begin; it changes between two batches or not at all.
// Holds no connection and no clock. One engine, one thread.
#pragma once

#include "core/status.h"
#include "record/decode.h"
#include "review/draw.h"
#include "screen/step.h"
#include "stream/poison.h"
#include "stream/store.h"

struct record {
  struct slice key, value;    // value followed by DECODE_PADDING readable bytes when it is decoded
  struct source source;
  struct slice traceparent;   // header of the input, passed through; or SLICE_NONE
  bool too_large;             // value holds only the first bytes; the rest was streamed aside (file input)
};

struct engine_settings {
  struct decode_limits decode;
  struct screen_settings screen;
  struct draw_settings review;
  const char *const *topic_names;    // by source.topic
  size_t topic_names_size;
  struct poison_watch watch;         // records that ended the program before; all zero: none
};

// Counts of one input partition since engine_create; a receipt is made of differences.
struct partition_counts {
  int32_t partition;
  uint32_t topic;
  uint64_t records, bytes;
  uint64_t dispositions[DISPOSITION_COUNT];
  uint64_t rejects[REJECT_COUNT];
  uint64_t types[EVENT_TYPE_COUNT];
  int64_t first_offset, last_offset;    // of the batch at hand; -1: none
};

struct engine;
// Threads that share an input each have an engine and a store of their own; engine_owner says whose record is whose. A single engine
// writes the receipts itself (engine_screen); several leave them to their owner (receipt.h).
struct engine *engine_create(const struct ruleset *ruleset, const struct engine_settings *settings, struct store *store);
void engine_destroy(struct engine *engine);
// Batches that are screened from now on are screened under this rule set; nothing refers to the former one any more. What is pending stays as it
// was made, and if it is undone, its records are screened again under the new set. Counts by rule begin anew.
void engine_use(struct engine *engine, const struct ruleset *ruleset);

// One record decoded, or the reason why not.
struct decoded {
  struct event event;
  struct decode_failure failure;
  const struct record *record;
  bool dead;
};
void engine_decode(struct engine *engine, const struct record *records, size_t size);
// What engine_decode made of the records: valid until the next engine_decode.
const struct decoded *engine_decoded(const struct engine *engine, size_t *size);
// Decoded subjects: partition and psn_no of record i; false when it has none (dead, unused, TICK).
bool engine_subject(const struct engine *engine, size_t i, int32_t *partition, struct slice *subject);
// True when record i is a TICK: the owner then loads every subject of the partition that is due at tick_s before engine_screen_part.
bool engine_tick(const struct engine *engine, size_t i, int32_t *partition, int64_t *tick_s);
// What is screened from here to engine_end is one batch, whatever its parts; after an error it is undone.
void engine_begin(struct engine *engine, const struct outbox *outbox);
enum status engine_screen_part(struct engine *engine, struct outbox *outbox, struct error *error);    // what was decoded last, ticks included
void engine_end(struct engine *engine, struct outbox *outbox);    // one receipt per input partition
// All of it for a batch of one part.
enum status engine_screen(struct engine *engine, struct outbox *outbox, struct error *error);
unsigned engine_pending(const struct engine *engine);    // screened batches neither settled nor undone
void engine_settle(struct engine *engine);
void engine_undo(struct engine *engine);

// The parts of engine_screen, for owners of several engines. Whose a decoded record is, among so many workers:
unsigned engine_owner(const struct decoded *decoded, size_t index, unsigned workers);
enum status engine_screen_one(struct engine *engine, const struct decoded *decoded, struct outbox *outbox, struct error *error);
// A TICK: every worker moves its time on; then the subjects that are due are screened one by one.
void engine_tick_begin(struct engine *engine, const struct decoded *tick, bool count_it);
void engine_tick_due(struct engine *engine, const struct decoded *tick, void (*visit)(void *context, struct slice subject), void *context);
enum status engine_tick_subject(struct engine *engine, const struct decoded *tick, struct slice subject, struct outbox *outbox,
                                struct error *error);

// Only between batches that are settled or undone may a partition go; one that comes is not part of what is pending.
// A partition was assigned: its last TICK and the head of its receipt chain, as committed (DATE_ABSENT, NULL: none).
// They are part of the partition's own state record (reserved key), which engine_partition_state writes.
struct partition_state {
  int64_t tick_s;
  uint64_t receipts;                 // how many receipts were written
  unsigned char chain[DIGEST_BYTES]; // hash over the results so far
  unsigned char ruleset[16];
};
void engine_partition_load(struct engine *engine, int32_t partition, const struct partition_state *state);
const struct partition_state *engine_partition_state(const struct engine *engine, int32_t partition);
void engine_partition_drop(struct engine *engine, int32_t partition);

size_t engine_partitions(const struct engine *engine, const struct partition_counts **counts);
const struct screen_counts *engine_screen_counts(const struct engine *engine);
const struct rule_counts *engine_rule_counts(const struct engine *engine);
const struct draw_counts *engine_draw_counts(const struct engine *engine);
