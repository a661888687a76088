// A cache of dossiers that may forget, lag or lie: nothing it says is believed unchecked (see kafka/state.h for the check).
//
// Implementations: redis, memory, none, hostile (tests). get and put work on many keys at once; both may fail as a whole, which
// opens a circuit: calls then return at once until a half-open probe succeeds. One cache, one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"

struct cache_item {
  struct slice key;      // "{p<partition>}:<psn_no>"
  struct slice value;    // get: what was found, in the arena, or SLICE_NONE
};

struct cache_counts { uint64_t gets, hits, puts, failures, skipped; };

struct cache {
  const struct cache_operations *operations;
  struct cache_counts counts;
};
struct cache_operations {
  const char *name;
  // STATUS_OK: items answered (absent ones are SLICE_NONE). STATUS_RETRY: no answer; treat all as absent.
  enum status (*get)(struct cache *cache, struct cache_item *items, size_t size, struct arena *arena);
  enum status (*put)(struct cache *cache, const struct cache_item *items, size_t size);
  void (*close)(struct cache *cache);
};
