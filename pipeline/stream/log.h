// A log: where records come from and where outputs go, as one unit or not at all.
//
//   take -> [engine] -> begin -> stage... -> commit | abort
//
// Implementations: kafka (transactions), file (NDJSON in, files out that appear under their name when complete), memory (deterministic,
// with injected faults, for tests). A taken batch stays valid until the commit or abort that settles it. One log, one thread.
#pragma once

#include "core/status.h"
#include "screen/outbox.h"
#include "stream/engine.h"

struct log_batch {
  const struct record *records;
  size_t size;
  bool end;    // the input has ended (files, memory); Kafka never ends
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
  // Up to the batch limits of the implementation, waiting at most timeout_ms for the first record. An empty batch is no error.
  enum status (*take)(struct log *log, int timeout_ms, struct log_batch *batch, struct error *error);
  enum status (*begin)(struct log *log, struct error *error);
  enum status (*stage)(struct log *log, const struct outbox *outbox, struct log_state *states, size_t states_size, struct error *error);
  // Outputs, states and the positions behind the batch become visible together. STATUS_RETRY: the transaction was aborted and
  // the same records will be taken again; STATUS_FATAL: stop.
  enum status (*commit)(struct log *log, struct error *error);
  enum status (*abort)(struct log *log, struct error *error);
  void (*close)(struct log *log);
};
