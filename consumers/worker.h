// One worker of the screen: what happens between taking records and knowing that their results are committed.
//
//   take -> decode -> fetch the dossiers that are not in memory -> screen -> begin, stage, commit
//     committed: the index and the cache learn the new dossiers, the engine settles
//     aborted:   the engine undoes, the log hands the same records out again
//
// Knows no Kafka: the log and the source of dossiers (kafka/state.h) are contracts, so that tests run it over memory with
// faults. One worker, one thread.
#pragma once

#include "stream/engine.h"
#include "stream/kafka/state.h"
#include "stream/log.h"

struct worker {
  struct log *log;            // not owned
  struct state *state;        // not owned
  struct engine *engine;      // not owned
  struct store *store;        // not owned
  struct outbox outbox;
  struct arena arena;
  struct text own;            // values of the partitions' own records
  uint64_t records, bytes, batches, retries;
};

void worker_init(struct worker *worker, struct log *log, struct state *state, struct engine *engine, struct store *store);
void worker_fini(struct worker *worker);
// One batch. *size: its records, 0 when none came within timeout_ms; *end: the log says that its input has ended.
// STATUS_RETRY: the transaction was aborted, nothing happened, call again.
enum status worker_step(struct worker *worker, int timeout_ms, size_t *size, bool *end, struct error *error);
