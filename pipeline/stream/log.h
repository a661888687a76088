// A log: where records come from and where outputs go, as one unit or not at all.
//
//   take -> [engine] -> begin -> stage -> commit_start ......................... commit_finish
//                                         take -> [engine] -> (waits for it) -> begin -> stage -> commit_start ...
//
// While one transaction commits, the next batch may be taken and screened on top of it; nothing more: two batches are out at most, and
// one transaction is open at most. When the first fails, both batches are taken again, in their order.
// What belongs to a batch (its records, the outbox and the states staged for it) stays as it is until commit_finish or abort.
//
// Implementations: kafka (transactions), memory (deterministic, with injected faults, for tests). One log, one thread.
#pragma once

#include "core/status.h"
#include "screen/outbox.h"
#include "stream/engine.h"

struct log_batch {
  const struct record *records;    // nothing need be readable behind a value
  size_t size;
  bool end;    // with an empty batch: the input has ended
};

// A dossier to be written with the transaction, and after the commit the offset it got.
struct log_state {
  int32_t partition;
  struct slice key, value;
  int64_t due_s;     // as in screen/step.h; INT64_MAX: never
  int64_t offset;    // out
};

struct log {
  const struct log_operations *operations;
};
struct log_operations {
  const char *name;
  // Up to the batch limits of the implementation, waiting at most timeout_ms for the first record. An empty batch is no error; it
  // also says that nothing can be taken before the commit at hand is finished (partitions come or go), so finish it then.
  enum status (*take)(struct log *log, int timeout_ms, struct log_batch *batch, struct error *error);
  // Not while a transaction commits, as stage and abort.
  enum status (*begin)(struct log *log, struct error *error);
  enum status (*stage)(struct log *log, const struct outbox *outbox, struct log_state *states, size_t states_size, struct error *error);
  // Outputs, states and the positions behind the batch become visible together, at some moment before commit_finish returns
  // STATUS_OK. commit_start does not wait and cannot fail: what went wrong is told by commit_finish, which waits.
  // STATUS_RETRY: the transaction was aborted; its records will be taken again, and behind them those taken meanwhile.
  // STATUS_FATAL: stop.
  void (*commit_start)(struct log *log);
  enum status (*commit_finish)(struct log *log, struct error *error);
  // Gives the batch at hand back, whether its transaction has begun or not: it will be taken again.
  enum status (*abort)(struct log *log, struct error *error);
  // Also while a transaction commits: that is waited for.
  void (*close)(struct log *log);
};
