// One schedule: a handful of worker processes, a broker, a cache and a disk, and everything that can happen to them.
//
// All processes run in one thread as fibers that take turns at the points of the log in memory (stream/memory/memory.h); who goes on, who
// dies, which partition moves, what the broker refuses, what the cache answers is drawn from the seed. After a while the world
// calms down: no more faults, all processes run, until the input is screened. Then the outputs are checked.
//
//   reveal messages | run a process | kill it | stall it | rebalance | expel a member | time out a transaction | deliver a late commit
//   | compact the state topic | empty the cache, put an old copy back | damage a snapshot | bring the other rule set into service
#pragma once

#include "tests/property/simulate/check.h"
#include "tests/property/simulate/mutants.h"

struct world_options {
  const struct ruleset *const *sets;    // two: now, and next
  enum mutant mutant;
  bool verbose;
  const char *folder;                   // for snapshots; in memory, if the machine has such a folder
};

// What has happened so far, over all schedules.
#define WORLD_COUNTS(X)                                                                                                                     \
  X(transactions) X(aborts) X(crashes) X(fenced) X(rebalances) X(expelled) X(timed_out) X(late) X(rebuilt) X(snapshots) X(damaged) X(lies) \
  X(records) X(findings) X(rolled)
struct world_counts {
#define X(name) uint64_t name;
  WORLD_COUNTS(X)
#undef X
};

struct world;
struct world *world_create(const struct world_options *options);
void world_destroy(struct world *world);
// Runs the schedule of the seed. True when all is as it must be.
bool world_run(struct world *world, uint64_t seed, struct check_result *result);
const struct world_counts *world_counts(const struct world *world);
