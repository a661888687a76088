// A log (stream/log.h) over the broker in memory (broker.h), for tests: what kafka.c is to Kafka, step by step, with faults where the
// test wants them.
//
// A member of the group takes, stages and commits as the log over Kafka does: it hears of a rebalance when it takes, waits for positions that
// are not decided, learns the state topic in slices, hands the same batch out again after an abort, and renews its producer after a
// commit that was not answered. At each point the test is asked what shall happen there; before it answers it may let other members
// do whatever they like. A process that crashed does nothing any more: every call then fails, and nothing reaches the broker.
//
//   (assigned) -> wait until the position is decided -> snapshot -> learn ... -> READY: load(partition) -> records
#pragma once

#include "stream/kafka/state.h"
#include "stream/memory/broker.h"

#define MEMORY_POINTS(X)                                                                                                                 \
  X(TAKE, "take") X(WAIT, "wait for a decision") X(LEARN, "learn") X(READY, "partition ready") X(REVOKED, "partitions revoked")         \
  X(READ, "read a dossier") X(BEGIN, "begin") X(STAGE, "stage") X(STAGED, "staged") X(START, "start the commit") X(SEND, "send the positions")                     \
  X(COMMIT, "commit") X(UNANSWERED, "commit not answered") X(COMMITTED, "committed") X(ABORT, "abort")                               \
  X(CACHE_GET, "ask the cache") X(CACHE_PUT, "tell the cache") X(SNAPSHOT, "snapshot") X(STEP, "after a step")
enum memory_point {
#define X(name, text) MEMORY_##name,
  MEMORY_POINTS(X)
#undef X
      MEMORY_POINT_COUNT
};
const char *memory_point_name(enum memory_point point);

enum memory_fate {
  MEMORY_GO_ON,
  MEMORY_CRASH,      // the process dies here
  MEMORY_REFUSE,     // begin, stage, send, commit: the transaction has failed and is aborted. read: no answer
  MEMORY_DELAY,      // start: the broker is asked only when the commit is waited for. commit: the request arrives whenever the test delivers it
  MEMORY_LOSE,       // commit: done, but the answer is lost. staged: the broker does not say where a record stands
};

// What a program might do wrong here: for the harness, which must notice.
struct memory_mistakes {
  bool position_commits;    // commits the consumer's position, which runs ahead of what was screened
  bool read_uncommitted;    // takes and learns what was aborted
  bool cached_group;        // sends the group metadata it had before it joined
  bool newer_is_lost;       // after an aborted commit hands out its batch again, but not the one that was taken meanwhile
  bool missing_is_new;      // takes a subject that the cache does not have for one never seen
};

struct memory_settings {
  struct broker *broker;
  unsigned slot;
  size_t batch_records, learn_records;    // at most so many are taken, and learned in a slice
  const unsigned char *key;               // of seals and index, DIGEST_KEY_BYTES
  unsigned char epoch[STATE_EPOCH_BYTES];
  struct cache *cache;                    // NULL: none
  const char *state_dir;                  // snapshots; NULL: none
  struct memory_mistakes mistakes;
  void *context;
  enum memory_fate (*point)(void *context, enum memory_point point);               // NULL: all goes well
  void (*load)(void *context, int32_t partition, const struct partition_state *own);    // as in kafka/kafka.h
  void (*drop)(void *context, int32_t partition);
};

struct log *memory_open(const struct memory_settings *settings);
struct state *memory_state(struct log *log);    // owned by the log
// As if a call of the test's own stood in the process: false when it is dead.
bool memory_pass(struct log *log, enum memory_point point);
bool memory_dead(const struct log *log);
// Writes a snapshot of an owned partition that is ready, as now and then and when a partition is given back.
void memory_snapshot(struct log *log, int32_t partition);
// Did the group decide something that the process has not heard of yet?
bool memory_stale(const struct log *log);
// Is the partition ours, and ready?
bool memory_owns(const struct log *log, int32_t partition);
