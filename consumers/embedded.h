// The embedded form: files in, files out, dossiers in memory. No broker, no Redis; the same engine.
//
//   reader -> batch -> decode (all workers) -> screen (each worker its own persons) -> merge in input order -> writer
//
// The output bytes do not depend on the number of workers: outputs are merged in the order of the input, and ticks are screened person by
// person in one order. Memory is that of the dossiers and of one batch.
#pragma once

#include <stdint.h>

#include "core/status.h"
#include "stream/engine.h"

// Who takes the messages instead of files: one record, one side, one call, on the worker's thread; a person's records come in order and
// always on the same worker. A TICK's calls come from one thread while the workers wait. Receipts are not written.
struct embedded_observer {
  enum status (*take)(void *context, unsigned worker, unsigned side, const struct decoded *cause, const struct outbox *outbox,
                      struct error *error);
  // After the last record: the dossiers as they are, workers x sides. Called once, when all went well.
  enum status (*done)(void *context, struct store *const *stores, unsigned workers, unsigned sides, struct error *error);
  void *context;
};

enum { EMBEDDED_SIDES = 2 };

struct embedded_options {
  const struct ruleset *ruleset;
  // A second rule set over the same past: each record is decoded once and screened by both, with dossiers of their own. NULL: none. Needs
  // an observer, and `out` NULL.
  const struct ruleset *second;
  const struct embedded_observer *observer;    // NULL: files; else the files of the past are merged by event_time (order.h)
  struct engine_settings engine;        // topic_names are the paths
  const char *const *paths;
  size_t paths_size;
  const char *out;                      // folder; NULL: outputs are counted and dropped
  unsigned workers;                     // 1..64
  size_t batch_records, batch_bytes;
  // Called about ten times a second with bytes of the files done and in all (0: not known). May be NULL.
  void (*progress)(void *context, uint64_t done, uint64_t total, uint64_t records);
  void *context;
};

struct embedded_result {
  struct partition_counts counts;       // summed over all inputs
  struct screen_counts screen;
  struct draw_counts draw;
  struct rule_counts *rules;            // ruleset->size rows; memory_free
  struct rule_counts *second_rules;     // of the second set, or NULL; memory_free
  uint64_t messages[TOPIC_COUNT];
  uint64_t patients, store_bytes;       // store_bytes: of all sides
};

// Screens all files. STATUS_REJECT: an input file is unreadable as a whole; STATUS_FATAL: an output cannot be written. In both cases no output
// file appears under its name.
enum status embedded_run(const struct embedded_options *options, struct embedded_result *result, struct error *error);
