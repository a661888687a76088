// Named places where a test ends the process, as a power cut would: with SIGKILL, nothing flushed, nothing closed.
//
// A place costs one branch that is never taken unless `settlewatch run screen --fault-point NAME[:N]` armed it; then the N-th time
// that any thread comes by is the last. One place per process. The special name `poison:MARK` stands for no place but for a
// record: its screening aborts when its bytes hold MARK, as a defect of ours would that one record brings out.
// fault_arm is for the main thread before any other begins; the rest is thread-safe.
#pragma once

#include <stdbool.h>

#include "core/slice.h"
#include "core/status.h"

// name, transaction (is the producer's open there), where
#define FAULT_POINTS(X)                                                                                             \
  X(AFTER_TAKE, "after-take", false, "a batch was taken")                                                           \
  X(AFTER_FETCH, "after-fetch", false, "the batch's dossiers were fetched")                                         \
  X(AFTER_SCREEN, "after-screen", false, "the batch was screened")                                                  \
  X(AFTER_BEGIN, "after-begin", true, "the producer began a transaction that the broker has not heard of yet")      \
  X(AFTER_STAGE, "after-stage", true, "outputs and dossiers were given to the producer")                            \
  X(BEFORE_COMMIT, "before-commit", true, "the positions were sent, the commit was not")                            \
  X(AFTER_COMMIT, "after-commit", false, "the broker committed, the process did nothing with that yet")             \
  X(AFTER_INDEX, "after-index", false, "the index learned the committed dossiers, the cache did not")               \
  X(AFTER_CACHE, "after-cache", false, "index and cache learned the committed dossiers")                            \
  X(IN_SNAPSHOT, "in-snapshot", false, "a snapshot of the index was written, but does not have its name yet")       \
  X(IN_REVOKE, "in-revoke", false, "partitions were taken away, and are not given back yet")                        \
  X(IN_ASSIGN, "in-assign", false, "partitions were given, their positions are known, nothing was learned")         \
  X(AFTER_ASSIGN, "after-assign", false, "partitions were taken over")

enum fault {
  FAULT_NONE,
#define X(name, text, transaction, where) FAULT_##name,
  FAULT_POINTS(X)
#undef X
      FAULT_COUNT
};

// STATUS_REJECT: no such place, or N is not a number from 1.
enum status fault_arm(const char *text, struct error *error);
// Calls tell with each name and where it is.
void fault_list(void (*tell)(const char *name, bool transaction, const char *where));

extern enum fault fault_armed;
void fault_reached(void);
static inline void fault_point(enum fault point) {
  if (__builtin_expect(fault_armed == point, 0)) fault_reached();
}

// The mark of `poison:MARK`; SLICE_NONE when it was not asked for.
extern struct slice fault_mark;
void fault_screen(struct slice value);    // aborts when value holds the mark
static inline void fault_record(struct slice value) {
  if (__builtin_expect(fault_mark.size > 0, 0)) fault_screen(value);
}
