// Caches (stream/cache.h) for tests: one in memory that is right, and one that lies.
//
// The hostile one forgets, answers with an older value, with a changed byte, with the beginning of a value, with another key's value, or
// not at all, drawn from a seed: whatever it does, results must not change. Each kind of lie is drawn with the given odds in 1,000.
#pragma once

#include "stream/cache.h"

struct shelf_lies { unsigned forget, stale, corrupt, other, fail, truncate; };

struct cache *shelf_open(void);
struct cache *shelf_open_hostile(const struct shelf_lies *lies, uint64_t seed);
uint64_t shelf_lies_told(const struct cache *cache);
// Forgets everything, and lies from now on as given.
void shelf_empty(struct cache *cache, const struct shelf_lies *lies, uint64_t seed);
// Everything is again as it was one write earlier, as an old copy of a cache that was put back.
void shelf_restore(struct cache *cache);
