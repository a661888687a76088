// Kafka as the screen meets it, in memory and deterministic: what outlives the processes of a test.
//
//   input         records by partition; offsets have gaps, and records that their producer aborted lie between the others
//   transactions  one a slot (transactional.id) at a time: open -> committed | aborted; the marker takes an offset of the state topic
//   state topic   records of transactions; a read_committed reader sees the committed ones before the first that is still open
//   outputs       records of transactions, to be read once they are committed
//   group         a generation, who owns which partition, and the committed positions
//
// It refuses what Kafka refuses: a producer whose epoch is old (FENCED), positions from a member of an old generation (ILLEGAL) or one that
// was put out of the group (UNKNOWN). And it accepts what Kafka accepts: positions of partitions that the member does not own, and positions
// without any group metadata. Nothing happens by itself: time-outs, rebalances and late requests are calls of the test.
#pragma once

#include "screen/outbox.h"

enum { BROKER_EPOCH_BYTES = 16, BROKER_SLOTS_MAX = 8, BROKER_PARTITIONS_MAX = 8 };

enum broker_answer { BROKER_OK, BROKER_FENCED, BROKER_ILLEGAL_GENERATION, BROKER_UNKNOWN_MEMBER };

struct broker;
struct broker *broker_create(int32_t partitions);
void broker_destroy(struct broker *broker);
void broker_reset(struct broker *broker, int32_t partitions);    // empty again; the memory stays for the next test
int32_t broker_partitions(const struct broker *broker);

// ---- input: bytes are copied, DECODE_PADDING readable bytes follow a value
struct broker_record {
  int64_t offset;
  struct slice key, value;
  bool aborted;
};
void broker_append(struct broker *broker, int32_t partition, struct slice key, struct slice value, bool aborted);
void broker_skip(struct broker *broker, int32_t partition);    // an offset without a record
const struct broker_record *broker_input(const struct broker *broker, int32_t partition, size_t *size);

// ---- producers. A slot's epoch grows with each init, which aborts what the one before left open.
uint32_t broker_init_producer(struct broker *broker, unsigned slot);
enum broker_answer broker_send_output(struct broker *broker, unsigned slot, uint32_t epoch, enum topic topic, struct source source,
                                      struct slice key, struct slice value);
// *offset: where the record stands, though nobody may read it yet.
enum broker_answer broker_send_state(struct broker *broker, unsigned slot, uint32_t epoch, int32_t partition, struct slice key,
                                     struct slice value, int64_t due_s, const unsigned char mark[BROKER_EPOCH_BYTES], int64_t *offset);
// member 0 and generation -1: no group metadata, nothing is checked.
enum broker_answer broker_send_position(struct broker *broker, unsigned slot, uint32_t epoch, uint32_t member, int64_t generation,
                                        int32_t partition, int64_t next);
enum broker_answer broker_end(struct broker *broker, unsigned slot, uint32_t epoch, bool commit);
// The request to commit is on its way and arrives with broker_deliver; true when there was one for the slot.
void broker_end_later(struct broker *broker, unsigned slot, uint32_t epoch);
bool broker_deliver(struct broker *broker, unsigned slot);
// transaction.timeout.ms has passed: aborted, and its producer fenced. False when the slot has nothing open.
bool broker_time_out(struct broker *broker, unsigned slot);
bool broker_open(const struct broker *broker, unsigned slot);
uint32_t broker_epoch(const struct broker *broker, unsigned slot);

// ---- the group
uint32_t broker_join(struct broker *broker, unsigned slot);          // a new member id, which replaces the slot's old one
void broker_expel(struct broker *broker, unsigned slot);             // session time-out
uint32_t broker_member(const struct broker *broker, unsigned slot);  // 0: none
bool broker_is_member(const struct broker *broker, unsigned slot, uint32_t member);
// A new generation: slots[p] owns partition p, -1: nobody.
void broker_rebalance(struct broker *broker, const int *slots);
int64_t broker_generation(const struct broker *broker);
int broker_owner(const struct broker *broker, int32_t partition);
int64_t broker_position(const struct broker *broker, int32_t partition);        // committed; 0 at first
bool broker_position_stable(const struct broker *broker, int32_t partition);    // no open transaction is about to move it

// ---- what is read
struct broker_state {
  int64_t offset;
  struct slice key, value;
  int64_t due_s;
  const unsigned char *mark;    // the epoch header of a partition's own record
  uint32_t transaction;
  bool marker;                  // the end of a transaction: no record
};
const struct broker_state *broker_states(const struct broker *broker, int32_t partition, size_t *size);
bool broker_committed(const struct broker *broker, uint32_t transaction);
int64_t broker_state_end(const struct broker *broker, int32_t partition);
int64_t broker_state_stable(const struct broker *broker, int32_t partition);    // before the first record that is still undecided
void broker_compact(struct broker *broker, int32_t partition);                  // older records of a key vanish

struct broker_output {
  enum topic topic;
  struct source source;
  struct slice key, value;
  uint32_t transaction;
};
const struct broker_output *broker_outputs(const struct broker *broker, size_t *size);    // filter by broker_committed
