#include "stream/memory/shelf.h"

#include "core/digest.h"
#include "core/memory.h"

enum { SLOTS = 512 };

struct row {
  char *key, *value, *older;
  size_t key_size, value_size, older_size;
  struct row *next, *made_before;
};

struct shelf {
  struct cache cache;
  struct row *slots[SLOTS];
  struct row *last;            // written last: whose value is given for another's
  struct row *made;            // all rows, the newest first
  struct shelf_lies lies;
  uint64_t random, told;
};

static bool drawn(struct shelf *shelf, unsigned per_thousand) {
  if (per_thousand == 0) return false;
  shelf->random ^= shelf->random << 13;
  shelf->random ^= shelf->random >> 7;
  shelf->random ^= shelf->random << 17;
  const bool lie = shelf->random % 1000 < per_thousand;
  shelf->told += lie;
  return lie;
}

static struct row **find(struct shelf *shelf, struct slice key) {
  struct row **row = &shelf->slots[digest_hash64(key.data, key.size, 0) % SLOTS];
  while (*row != NULL && !slice_equal((struct slice){(*row)->key, (*row)->key_size}, key)) row = &(*row)->next;
  return row;
}

static char *copy_of(struct slice s) {
  char *copy = memory_take(s.size + 1);
  if (s.size > 0) memcpy(copy, s.data, s.size);
  return copy;
}

static enum status shelf_get(struct cache *cache, struct cache_item *items, size_t size, struct arena *arena) {
  struct shelf *shelf = (struct shelf *)cache;
  for (size_t i = 0; i < size; i++) items[i].value = SLICE_NONE;
  if (drawn(shelf, shelf->lies.fail)) {
    cache->counts.failures++;
    return STATUS_RETRY;
  }
  cache->counts.gets += size;
  for (size_t i = 0; i < size; i++) {
    const struct row *row = *find(shelf, items[i].key);
    if (row == NULL || drawn(shelf, shelf->lies.forget)) continue;
    struct slice value = {row->value, row->value_size};
    if (row->older != NULL && drawn(shelf, shelf->lies.stale)) value = (struct slice){row->older, row->older_size};
    if (drawn(shelf, shelf->lies.other)) value = (struct slice){shelf->last->value, shelf->last->value_size};
    if (value.size > 0 && drawn(shelf, shelf->lies.truncate)) value.size = shelf->random % value.size;
    char *copy = arena_take(arena, value.size + 1);
    memcpy(copy, value.data, value.size);
    if (value.size > 0 && drawn(shelf, shelf->lies.corrupt)) copy[shelf->random % value.size] ^= 0x40;
    items[i].value = (struct slice){copy, value.size};
    cache->counts.hits++;
  }
  return STATUS_OK;
}

static enum status shelf_put(struct cache *cache, const struct cache_item *items, size_t size) {
  struct shelf *shelf = (struct shelf *)cache;
  for (size_t i = 0; i < size; i++) {
    struct row **at = find(shelf, items[i].key);
    if (*at == NULL) {
      *at = memory_take(sizeof **at);
      (*at)->key = copy_of(items[i].key);
      (*at)->key_size = items[i].key.size;
      (*at)->made_before = shelf->made;
      shelf->made = *at;
    }
    struct row *row = *at;
    memory_free(row->older);
    row->older = row->value;
    row->older_size = row->value_size;
    row->value = copy_of(items[i].value);
    row->value_size = items[i].value.size;
    shelf->last = row;
  }
  cache->counts.puts += size;
  return STATUS_OK;
}

void shelf_empty(struct cache *cache, const struct shelf_lies *lies, uint64_t seed) {
  struct shelf *shelf = (struct shelf *)cache;
  for (struct row *row = shelf->made, *before; row != NULL; row = before) {
    before = row->made_before;
    *find(shelf, (struct slice){row->key, row->key_size}) = row->next;
    memory_free(row->key);
    memory_free(row->value);
    memory_free(row->older);
    memory_free(row);
  }
  shelf->made = shelf->last = NULL;
  shelf->lies = *lies;
  shelf->random = seed | 1;
}

void shelf_restore(struct cache *cache) {
  for (struct row *row = ((struct shelf *)cache)->made; row != NULL; row = row->made_before) {
    if (row->older == NULL) continue;
    memory_free(row->value);
    row->value = row->older;
    row->value_size = row->older_size;
    row->older = NULL;
  }
}

static void shelf_close(struct cache *cache) {
  shelf_empty(cache, &(struct shelf_lies){0}, 1);
  memory_free(cache);
}

static const struct cache_operations operations = {"shelf", shelf_get, shelf_put, shelf_close};

struct cache *shelf_open_hostile(const struct shelf_lies *lies, uint64_t seed) {
  struct shelf *shelf = memory_take(sizeof *shelf);
  shelf->cache.operations = &operations;
  shelf->lies = *lies;
  shelf->random = seed | 1;
  return &shelf->cache;
}

struct cache *shelf_open(void) { return shelf_open_hostile(&(struct shelf_lies){0}, 1); }

uint64_t shelf_lies_told(const struct cache *cache) { return ((const struct shelf *)cache)->told; }
