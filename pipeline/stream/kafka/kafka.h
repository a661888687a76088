// A log (stream/log.h) over Kafka: one worker's consumer and producer, exactly once by transactions.
//
// A worker is a member of the group with a consumer, a transactional producer and a reader of the state topic of its own; nothing is
// shared between workers. Outputs, dossiers and the input's positions commit in one transaction, which a thread of its own ends
// while the worker goes on with the next batch. A batch is closed by time, records or bytes; while we lag behind it may have more records.
//
//   partition:  (assigned) --> REBUILD: paused, its index is learned from the state topic --> READY: its records are taken
//
// What is learned within rebuild_ms of an assignment needs no pause: a paused partition's first fetch comes up to a second later.
// A rebalance is served at the beginning of take, when no transaction is open: until then take gives nothing. So a revoked partition only
// costs the batch at hand. Index
// and dossiers of a partition are kept when it comes back at once with the position we left it at (nobody else worked on it).
// After an abort the same records are handed out again, from memory, unless a rebalance took their partitions away.
// A commit that timed out is repeated until it is known how it ended; the producer is then replaced before the next transaction.
#pragma once

#include <stdatomic.h>

#include "stream/kafka/client.h"
#include "stream/kafka/state.h"

struct kafka_settings {
  struct client *client;
  const char *topics[TOPIC_COUNT];     // full names
  const char *group, *slot;            // slot: host-instance-worker; makes group.instance.id and transactional.id
  int64_t batch_records, batch_bytes, message_bytes_max;
  int batch_ms, transaction_timeout_ms, session_timeout_ms, snapshot_s, rebuild_ms;
  int silence_s;                       // see watch.h; 0: never asked
  bool from_earliest;                  // where a partition without a committed position begins; else it is refused
  const char *state_dir;               // snapshots
  const unsigned char *key;            // of seals and index, DIGEST_KEY_BYTES
  unsigned char epoch[STATE_EPOCH_BYTES];
  struct cache *cache;                 // NULL: none
  bool without_transactions;           // for the bench alone, see kafka/transaction.h
  const atomic_bool *stopping;         // once true, an unanswered commit is not repeated for ever
  // A partition is ready with what its own record says (NULL: none), or gone.
  void *context;
  void (*load)(void *context, int32_t partition, const struct partition_state *own);
  void (*drop)(void *context, int32_t partition);
};

struct kafka_counts { uint64_t transactions, aborted, rebalances, rebuilt; };

// All texts of the settings must outlive the log.
struct log *kafka_open(const struct kafka_settings *settings, struct error *error);
// For fetching, and for what follows a commit. Owned by the log.
struct state *kafka_state(struct log *log);
const struct kafka_counts *kafka_counts(const struct log *log);
// Assigned partitions whose records up to the end at their assignment were all taken and committed; 0 while a batch is at hand.
int32_t kafka_at_goal(const struct log *log);
// Records not taken yet in the assigned partitions, as far as the consumer has heard.
int64_t kafka_lag(const struct log *log);
