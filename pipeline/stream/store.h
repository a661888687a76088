// Dossiers in process memory: subject -> encoded body, with the undo of the running transaction.
//
// The embedded form keeps all of them here; the Kafka form uses it as its LRU in front of Redis and the state topic. A change made
// by store_put is pending until store_settle (commit) or store_undo (abort). While a generation of changes waits for its commit, it can be
// sealed and a second one made on top of it:
//
//   put... seal put...    settle: the older is settled | undo: the newer is undone, then the older can be
//
// Bodies live in size-classed slabs, so that a steady population asks the heap for nothing. One store per partition owner; not thread-safe.
//
//   subject --hash64--> slot {tag, entry} -> entry {body, pending old body, due, LRU links, subject bytes}
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/slice.h"

struct store;
struct store_limits {
  uint64_t bytes_max;    // 0: no bound (embedded); else store_settle drops the least recently used settled entries beyond it:
                         // what was loaded or changed since the last settle or undo stays
};
struct store *store_create(const struct store_limits *limits);
void store_destroy(struct store *store);

// Fetches what store_get will touch, a step at a time, so that several subjects' memory is on its way at once: slots, then entries, then
// bodies. Only a hint.
enum store_step { STORE_SLOT, STORE_ENTRY, STORE_BODY };
uint64_t store_hash(int32_t partition, struct slice subject);
void store_expect(const struct store *store, uint64_t hash, enum store_step step);
// True when the subject is here (its body may be empty: known to be never seen). The body is valid until the next put or drop.
bool store_get(struct store *store, int32_t partition, struct slice subject, struct slice *body);
// Loads a settled body, for example from Redis. Not pending.
void store_load(struct store *store, int32_t partition, struct slice subject, struct slice body, int64_t due_s);
// Changes a body: pending. due_s as in screen/step.h.
void store_put(struct store *store, int32_t partition, struct slice subject, struct slice body, int64_t due_s);

// The subjects that the present generation changed, in order of their first change in it. Bodies stay where they are until the generation
// is settled or undone, also when a newer one changes them again.
struct store_change {
  int32_t partition;
  struct slice subject, body;
  int64_t due_s;    // as given to store_put; INT64_MAX: never
};
size_t store_changes(const struct store *store);
struct store_change store_change_at(const struct store *store, size_t index);
void store_seal(struct store *store);      // later puts belong to a new generation; at most two are pending
void store_settle(struct store *store);    // the sealed generation when there is one, else the present one
void store_undo(struct store *store);      // the present generation; then the sealed one is the present one again
void store_drop_partition(struct store *store, int32_t partition);

// Subjects of the partition that are due at tick_s, in order of (due, subject); calls visit for each. Visit may store_put.
void store_due(struct store *store, int32_t partition, int64_t tick_s, void (*visit)(void *context, struct slice subject),
               void *context);

size_t store_size(const struct store *store);
uint64_t store_bytes(const struct store *store);
// Walks all entries in no particular order, for `state` and tests only.
void store_each(const struct store *store, void (*visit)(void *context, int32_t partition, struct slice subject, struct slice body),
                void *context);
