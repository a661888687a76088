// One worker of the screen: what happens between taking records and knowing that their results are committed.
//
//   take -> decode -> fetch the dossiers that are not in memory -> screen -> finish the batch before -> begin, stage, start the commit
//     committed: the index and the cache learn the new dossiers, the engine settles
//     aborted:   the engine undoes, the newer batch first; the log hands the same records out again
//
// So one batch commits while the next one is taken and screened on top of it: its outputs wait, and are undone with it.
// Knows no Kafka: the log and the source of dossiers (kafka/state.h) are contracts, so that tests run it over memory with
// faults. One worker, one thread.
#pragma once

#include "stream/engine.h"
#include "stream/kafka/state.h"
#include "stream/log.h"

// What one batch needs from being taken until its commit is finished.
struct worker_batch {
  struct outbox outbox;
  struct arena arena;
  struct text own;            // values of the partitions' own records
  struct log_state *states;
  size_t states_size;
  uint64_t records, bytes;
};

struct worker {
  struct log *log;            // not owned
  struct state *state;        // not owned
  struct engine *engine;      // not owned
  struct store *store;        // not owned
  struct worker_batch halves[2];
  struct arena part;          // the records that are decoded at once
  unsigned turn;              // the half of the batch at hand; the other one may be committing
  bool committing;
  uint64_t records, bytes, batches, retries;    // committed; retries: batches that were undone
};

void worker_init(struct worker *worker, struct log *log, struct state *state, struct engine *engine, struct store *store);
void worker_fini(struct worker *worker);
// One batch: screened, and its commit started; the batch before is committed and settled. *size: its records, 0 when none came within
// timeout_ms: then nothing is committing any more. *end: the log says that its input has ended, and all is committed.
// STATUS_RETRY: a transaction was aborted, nothing of it happened, call again.
enum status worker_step(struct worker *worker, int timeout_ms, size_t *size, bool *end, struct error *error);
// Waits for the commit at hand, if there is one, and settles or undoes. Between batches the owner may call it, for example before it ends.
enum status worker_finish(struct worker *worker, struct error *error);
