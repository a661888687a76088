#include "stream/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/memory.h"
#include "stream/slab.h"

enum { NONE = UINT32_MAX };

struct body {
  char *bytes;    // of the slab, `size` taken; NULL: empty
  size_t size;
  int64_t due_s;
};

struct entry {
  uint64_t hash;
  char *subject;
  struct body now;
  uint32_t subject_size;
  int32_t partition;
  uint32_t older, newer;      // LRU
  uint32_t epoch;             // the settle or undo it was last touched after
  bool used, pending[2];      // pending: changed in that generation
};

// What a pending generation changed, and how it was before.
struct change {
  uint32_t entry;
  bool created;               // by a put: an undo removes the entry
  struct body before;
};
struct generation {
  struct change *changes;
  size_t size, capacity;
};

struct slot {
  uint32_t tag;      // upper half of the hash, so that another's entry is hardly ever looked at
  uint32_t entry;    // plus 1; 0: empty
};

struct store {
  struct store_limits limits;
  struct slab slab;
  struct entry *entries;
  uint32_t entries_size, entries_capacity, free;    // free: list through older
  struct slot *slots;
  size_t slots_size;
  size_t size;
  struct generation generations[2];
  unsigned current;    // the generation that puts belong to
  bool sealed;         // the other one is pending, too
  uint32_t oldest, newest, epoch;
  uint32_t *due;
  size_t due_capacity;
  int64_t due_first_s;    // no entry is due before it
};

struct store *store_create(const struct store_limits *limits) {
  struct store *store = memory_take(sizeof *store);
  store->limits = *limits;
  store->slots_size = 1024;
  store->slots = memory_take(store->slots_size * sizeof *store->slots);
  store->free = store->oldest = store->newest = NONE;
  store->due_first_s = INT64_MAX;
  return store;
}

static void drop_body(struct store *store, struct body *body) {
  slab_give(&store->slab, body->bytes, body->size);
  *body = (struct body){.due_s = INT64_MAX};
}

void store_destroy(struct store *store) {
  if (store == NULL) return;
  for (uint32_t i = 0; i < store->entries_size; i++) {
    struct entry *entry = &store->entries[i];
    if (!entry->used) continue;
    drop_body(store, &entry->now);
    slab_give(&store->slab, entry->subject, entry->subject_size);
  }
  for (unsigned g = 0; g < 2; g++) {
    for (size_t i = 0; i < store->generations[g].size; i++) drop_body(store, &store->generations[g].changes[i].before);
    memory_free(store->generations[g].changes);
  }
  slab_fini(&store->slab);
  memory_free(store->entries);
  memory_free(store->slots);
  memory_free(store->due);
  memory_free(store);
}

uint64_t store_hash(int32_t partition, struct slice subject) {
  return digest_hash64(subject.data, subject.size, (uint64_t)(uint32_t)partition + 1);
}

static bool is(const struct entry *entry, uint64_t hash, int32_t partition, struct slice subject) {
  return entry->hash == hash && entry->partition == partition && entry->subject_size == subject.size &&
         slice_same(entry->subject, subject.data, subject.size);
}

static size_t slot_of(const struct store *store, uint64_t hash, int32_t partition, struct slice subject) {
  size_t slot = hash & (store->slots_size - 1);
  const uint32_t tag = (uint32_t)(hash >> 32);
  while (store->slots[slot].entry != 0 &&
         (store->slots[slot].tag != tag || !is(&store->entries[store->slots[slot].entry - 1], hash, partition, subject)))
    slot = (slot + 1) & (store->slots_size - 1);
  return slot;
}

void store_expect(const struct store *store, uint64_t hash, enum store_step step) {
  enum { LINE = 64, BODY_MAX = 8 * LINE };
  const struct slot *slot = &store->slots[hash & (store->slots_size - 1)];
  if (step == STORE_SLOT) {
    __builtin_prefetch(slot);
    return;
  }
  while (slot->entry != 0 && slot->tag != (uint32_t)(hash >> 32))
    slot = &store->slots[(size_t)(slot + 1 - store->slots) & (store->slots_size - 1)];
  if (slot->entry == 0) return;
  const struct entry *entry = &store->entries[slot->entry - 1];
  if (step == STORE_ENTRY) {
    __builtin_prefetch(entry);
    __builtin_prefetch((const char *)entry + sizeof *entry - 1);
    return;
  }
  __builtin_prefetch(entry->subject);
  for (size_t at = 0; at < entry->now.size && at < BODY_MAX; at += LINE) __builtin_prefetch(entry->now.bytes + at);
}

static void unlink_entry(struct store *store, uint32_t number) {
  struct entry *entry = &store->entries[number];
  if (entry->older != NONE) store->entries[entry->older].newer = entry->newer;
  else store->oldest = entry->newer;
  if (entry->newer != NONE) store->entries[entry->newer].older = entry->older;
  else store->newest = entry->older;
}

static void link_newest(struct store *store, uint32_t number) {
  struct entry *entry = &store->entries[number];
  entry->older = store->newest;
  entry->newer = NONE;
  if (store->newest != NONE) store->entries[store->newest].newer = number;
  else store->oldest = number;
  store->newest = number;
}

static void touch(struct store *store, uint32_t number) {
  store->entries[number].epoch = store->epoch;
  if (store->limits.bytes_max == 0 || store->newest == number) return;
  unlink_entry(store, number);
  link_newest(store, number);
}

static void grow_slots(struct store *store) {
  memory_free(store->slots);
  store->slots_size *= 2;
  store->slots = memory_take(store->slots_size * sizeof *store->slots);
  for (uint32_t i = 0; i < store->entries_size; i++) {
    if (!store->entries[i].used) continue;
    size_t slot = store->entries[i].hash & (store->slots_size - 1);
    while (store->slots[slot].entry != 0) slot = (slot + 1) & (store->slots_size - 1);
    store->slots[slot] = (struct slot){(uint32_t)(store->entries[i].hash >> 32), i + 1};
  }
}

static uint32_t add(struct store *store, uint64_t hash, int32_t partition, struct slice subject) {
  if (store->size * 4 >= store->slots_size * 3) grow_slots(store);
  uint32_t number = store->free;
  if (number != NONE) {
    store->free = store->entries[number].older;
  } else {
    if (store->entries_size == store->entries_capacity) {
      // By a quarter, so that the table is never mostly air.
      store->entries_capacity = store->entries_capacity < 1024 ? 1024 : store->entries_capacity + store->entries_capacity / 4;
      store->entries = memory_resize(store->entries, store->entries_capacity * sizeof *store->entries);
    }
    number = store->entries_size++;
  }
  struct entry *entry = &store->entries[number];
  *entry = (struct entry){.hash = hash, .partition = partition, .subject_size = (uint32_t)subject.size, .used = true,
                          .now.due_s = INT64_MAX};
  entry->subject = slab_take(&store->slab, subject.size);
  memcpy(entry->subject, subject.data, subject.size);
  store->slots[slot_of(store, hash, partition, subject)] = (struct slot){(uint32_t)(hash >> 32), number + 1};
  store->size++;
  link_newest(store, number);
  return number;
}

// Backward-shift deletion: no tombstones, so that look-ups stay short for ever.
static void remove_entry(struct store *store, uint32_t number) {
  struct entry *entry = &store->entries[number];
  size_t hole = slot_of(store, entry->hash, entry->partition, (struct slice){entry->subject, entry->subject_size});
  assert(store->slots[hole].entry == number + 1);
  const size_t mask = store->slots_size - 1;
  for (size_t next = (hole + 1) & mask; store->slots[next].entry != 0; next = (next + 1) & mask) {
    const size_t home = store->entries[store->slots[next].entry - 1].hash & mask;
    if (((next - home) & mask) >= ((next - hole) & mask)) {
      store->slots[hole] = store->slots[next];
      hole = next;
    }
  }
  store->slots[hole] = (struct slot){0};
  unlink_entry(store, number);
  drop_body(store, &entry->now);
  slab_give(&store->slab, entry->subject, entry->subject_size);
  *entry = (struct entry){.older = store->free};
  store->free = number;
  store->size--;
}

bool store_get(struct store *store, int32_t partition, struct slice subject, struct slice *body) {
  const size_t slot = slot_of(store, store_hash(partition, subject), partition, subject);
  if (store->slots[slot].entry == 0) return false;
  const uint32_t number = store->slots[slot].entry - 1;
  touch(store, number);
  const struct body *now = &store->entries[number].now;
  *body = (struct slice){now->bytes, now->size};
  return true;
}

static void fill(struct store *store, struct body *body, struct slice bytes, int64_t due_s) {
  *body = (struct body){.size = bytes.size, .due_s = due_s};
  if (due_s < store->due_first_s) store->due_first_s = due_s;
  if (bytes.size == 0) return;
  body->bytes = slab_take(&store->slab, bytes.size);
  memcpy(body->bytes, bytes.data, bytes.size);
}

static uint32_t find_or_add(struct store *store, int32_t partition, struct slice subject, bool *added) {
  const uint64_t hash = store_hash(partition, subject);
  const size_t slot = slot_of(store, hash, partition, subject);
  *added = store->slots[slot].entry == 0;
  return *added ? add(store, hash, partition, subject) : store->slots[slot].entry - 1;
}

void store_load(struct store *store, int32_t partition, struct slice subject, struct slice body, int64_t due_s) {
  bool added;
  const uint32_t number = find_or_add(store, partition, subject, &added);
  struct entry *entry = &store->entries[number];
  assert(!entry->pending[0] && !entry->pending[1]);
  drop_body(store, &entry->now);
  fill(store, &entry->now, body, due_s);
  touch(store, number);
}

void store_put(struct store *store, int32_t partition, struct slice subject, struct slice body, int64_t due_s) {
  bool added;
  const uint32_t number = find_or_add(store, partition, subject, &added);
  struct entry *entry = &store->entries[number];
  if (entry->pending[store->current]) {
    drop_body(store, &entry->now);
  } else {
    struct generation *generation = &store->generations[store->current];
    if (generation->size == generation->capacity) {
      generation->capacity = generation->capacity ? generation->capacity * 2 : 256;
      generation->changes = memory_resize(generation->changes, generation->capacity * sizeof *generation->changes);
    }
    generation->changes[generation->size++] = (struct change){number, added, entry->now};
    entry->pending[store->current] = true;
  }
  fill(store, &entry->now, body, due_s);
  touch(store, number);
}

size_t store_changes(const struct store *store) { return store->generations[store->current].size; }

struct store_change store_change_at(const struct store *store, size_t index) {
  const struct generation *generation = &store->generations[store->current];
  assert(index < generation->size);
  const struct entry *entry = &store->entries[generation->changes[index].entry];
  return (struct store_change){.partition = entry->partition, .subject = {entry->subject, entry->subject_size},
                               .body = {entry->now.bytes, entry->now.size}, .due_s = entry->now.due_s};
}

void store_seal(struct store *store) {
  assert(!store->sealed);
  store->sealed = true;
  store->current ^= 1;
}

uint64_t store_bytes(const struct store *store) {
  return store->slab.held_bytes + store->entries_capacity * sizeof *store->entries + store->slots_size * sizeof *store->slots;
}

// What the population needs: chunks once taken stay, so the bound is held by what is handed out.
static uint64_t population_bytes(const struct store *store) {
  return store->slab.used_bytes + store->size * (sizeof *store->entries + 2 * sizeof *store->slots);
}

void store_settle(struct store *store) {
  const unsigned which = store->sealed ? store->current ^ 1 : store->current;
  struct generation *generation = &store->generations[which];
  for (size_t i = 0; i < generation->size; i++) {
    struct change *change = &generation->changes[i];
    drop_body(store, &change->before);
    store->entries[change->entry].pending[which] = false;
  }
  generation->size = 0;
  store->sealed = false;
  // Whatever was touched since the last settle stays, and with it what a newer generation changed: its owner may still hold the bytes.
  while (store->limits.bytes_max > 0 && population_bytes(store) > store->limits.bytes_max && store->oldest != NONE &&
         store->entries[store->oldest].epoch != store->epoch) {
    assert(!store->entries[store->oldest].pending[store->current]);
    remove_entry(store, store->oldest);
  }
  store->epoch++;
}

void store_undo(struct store *store) {
  struct generation *generation = &store->generations[store->current];
  for (size_t i = generation->size; i-- > 0;) {
    const struct change *change = &generation->changes[i];
    struct entry *entry = &store->entries[change->entry];
    if (change->created) {
      remove_entry(store, change->entry);
      continue;
    }
    drop_body(store, &entry->now);
    entry->now = change->before;
    if (entry->now.due_s < store->due_first_s) store->due_first_s = entry->now.due_s;
    entry->pending[store->current] = false;
  }
  generation->size = 0;
  if (store->sealed) store->current ^= 1;
  store->sealed = false;
  store->epoch++;
}

void store_drop_partition(struct store *store, int32_t partition) {
  assert(store->generations[0].size == 0 && store->generations[1].size == 0);
  for (uint32_t i = 0; i < store->entries_size; i++)
    if (store->entries[i].used && store->entries[i].partition == partition) remove_entry(store, i);
}

static int by_due(const void *a, const void *b, void *context) {
  const struct store *store = context;
  const struct entry *x = &store->entries[*(const uint32_t *)a], *y = &store->entries[*(const uint32_t *)b];
  if (x->now.due_s != y->now.due_s) return x->now.due_s < y->now.due_s ? -1 : 1;
  return slice_compare((struct slice){x->subject, x->subject_size}, (struct slice){y->subject, y->subject_size});
}

void store_due(struct store *store, int32_t partition, int64_t tick_s, void (*visit)(void *context, struct slice subject),
               void *context) {
  if (tick_s < store->due_first_s) return;    // most ticks; the others find out what is the first
  size_t size = 0;
  store->due_first_s = INT64_MAX;
  for (uint32_t i = 0; i < store->entries_size; i++) {
    const struct entry *entry = &store->entries[i];
    if (entry->used && entry->now.due_s < store->due_first_s) store->due_first_s = entry->now.due_s;
    if (!entry->used || entry->partition != partition || entry->now.due_s > tick_s) continue;
    if (size == store->due_capacity) {
      store->due_capacity = store->due_capacity ? store->due_capacity * 2 : 64;
      store->due = memory_resize(store->due, store->due_capacity * sizeof *store->due);
    }
    store->due[size++] = i;
  }
  if (size > 1) qsort_r(store->due, size, sizeof *store->due, by_due, store);
  for (size_t i = 0; i < size; i++) {
    const struct entry *entry = &store->entries[store->due[i]];
    visit(context, (struct slice){entry->subject, entry->subject_size});
  }
}

size_t store_size(const struct store *store) { return store->size; }

void store_each(const struct store *store, void (*visit)(void *context, int32_t partition, struct slice subject, struct slice body),
                void *context) {
  for (uint32_t i = 0; i < store->entries_size; i++) {
    const struct entry *entry = &store->entries[i];
    if (entry->used)
      visit(context, entry->partition, (struct slice){entry->subject, entry->subject_size},
            (struct slice){entry->now.bytes, entry->now.size});
  }
}
