// Deliberate mistakes, each of which a streaming form has been built with somewhere: the simulation must notice every one.
//
// They are made at the contracts, not in the program: in what the log in memory does as the client of the broker (memory_mistakes), or by
// a log that stands between the worker and that one.
#pragma once

#include "stream/memory/memory.h"

#define MUTANTS(X)                                                                                                                       \
  X(CACHE_BEFORE_COMMIT, "cache-before-commit", "index and cache learn of a dossier before its transaction is committed")               \
  X(SKIP_IF_APPLIED, "skip-if-applied", "a record whose effect is remembered is passed over, though its outputs were aborted")          \
  X(MISSING_IS_NEW, "missing-key-is-new", "a subject that the cache lacks is taken for one never seen")                                 \
  X(POSITION_COMMITS, "position-commits", "the consumer's position is committed, which is ahead of what was screened")                  \
  X(READ_UNCOMMITTED, "read-uncommitted", "input and dossiers of aborted transactions are read")                                        \
  X(CACHED_GROUP, "cached-group-metadata", "the group metadata sent are those from before the first join, which fence nothing")         \
  X(NEWER_IS_LOST, "newer-batch-is-lost", "after an aborted commit its batch comes again, but not the one that was taken meanwhile")      \
  X(ID_FROM_OFFSET, "id-from-offset", "a finding's id is made of the offset of the message that opened it")
enum mutant {
  MUTANT_NONE,
#define X(name, text, meaning) MUTANT_##name,
  MUTANTS(X)
#undef X
      MUTANT_COUNT
};
const char *mutants_name(enum mutant mutant);
const char *mutants_meaning(enum mutant mutant);
enum mutant mutants_find(const char *name);    // MUTANT_NONE when there is none of that name

struct memory_mistakes mutants_mistakes(enum mutant mutant);
// What the mutant remembers beside the program's own state, by partition; as lasting as a cache. Zeroed at the start of a world.
struct mutants_applied { int64_t next[BROKER_PARTITIONS_MAX]; };
// The log that the worker gets: inner itself, or one around it, which mutants_unwrap gives back (inner stays open).
struct log *mutants_wrap(enum mutant mutant, struct log *inner, struct mutants_applied *applied);
void mutants_unwrap(struct log *log, struct log *inner);
