#include "knowledge/postings.h"

#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "core/utf8.h"

enum { ERRORS_MAX = 200 };

struct slot {
  uint32_t hash;    // the upper half; the lower half chose the slot
  uint32_t key;     // number of the key + 1; 0: free
};

struct table_index {
  struct slot *slots;
  uint64_t mask;
  uint32_t *starts;    // keys_size + 1
  uint32_t *rows;
  uint32_t keys_size;
};

static uint64_t hash_key(const struct slice *key, unsigned size) {
  uint64_t hash = 0;
  for (unsigned i = 0; i < size; i++) hash = digest_hash64(key[i].data, key[i].size, hash + i);
  return hash;
}

static bool row_has_key(const struct table *table, uint32_t row, const struct slice *key) {
  for (unsigned i = 0; i < table->key_size; i++)
    if (!slice_equal(table->texts[table->key[i]][row], key[i])) return false;
  return true;
}

// The slot of a key, or the free one where it would go. first[key]: a row that has the key.
static struct slot *find_slot(const struct table *table, const struct slice *key, const uint32_t *first, uint64_t hash) {
  const struct table_index *index = table->index;
  for (uint64_t at = hash & index->mask;; at = (at + 1) & index->mask) {
    struct slot *slot = &index->slots[at];
    if (slot->key == 0 || (slot->hash == hash >> 32 && row_has_key(table, first[slot->key - 1], key))) return slot;
  }
}

void postings_build(struct table *table, struct arena *arena) {
  struct table_index *index = table->index = ARENA_ZEROED(arena, struct table_index, 1);
  const uint32_t size = table->rows_size;
  uint64_t slots = 16;
  while (slots < 2 * (uint64_t)size) slots *= 2;
  index->slots = ARENA_ZEROED(arena, struct slot, slots);
  index->mask = slots - 1;
  uint32_t *keys = memory_take(((size_t)size + 1) * sizeof *keys);      // of each row
  uint32_t *first = memory_take(((size_t)size + 1) * sizeof *first);    // first row of each key
  uint32_t *counts = memory_take(((size_t)size + 1) * sizeof *counts);
  for (uint32_t row = 0; row < size; row++) {
    struct slice key[4];
    for (unsigned i = 0; i < table->key_size; i++) key[i] = table->texts[table->key[i]][row];
    const uint64_t hash = hash_key(key, table->key_size);
    struct slot *slot = find_slot(table, key, first, hash);
    if (slot->key == 0) {
      first[index->keys_size] = row;
      *slot = (struct slot){(uint32_t)(hash >> 32), ++index->keys_size};
    }
    keys[row] = slot->key - 1;
    counts[keys[row]]++;
  }
  index->starts = ARENA_ARRAY(arena, uint32_t, (size_t)index->keys_size + 1);
  index->rows = ARENA_ARRAY(arena, uint32_t, size);
  uint32_t start = 0;
  for (uint32_t key = 0; key < index->keys_size; key++) {
    index->starts[key] = start;
    start += counts[key];
    counts[key] = index->starts[key];
  }
  index->starts[index->keys_size] = start;
  uint32_t *next = ARENA_ARRAY(arena, uint32_t, (size_t)size + 1);
  for (uint32_t row = 0; row < size; row++) {
    const uint32_t at = counts[keys[row]]++;
    index->rows[at] = row;
    next[row] = index->rows[index->starts[keys[row]]];
    if (at > index->starts[keys[row]]) next[index->rows[at - 1]] = row;
  }
  table->next = next;
  memory_free(keys);
  memory_free(first);
  memory_free(counts);
}

uint32_t postings_find(const struct table *table, const struct slice *key, const uint32_t **rows) {
  const struct table_index *index = table->index;
  const uint64_t hash = hash_key(key, table->key_size);
  for (uint64_t at = hash & index->mask;; at = (at + 1) & index->mask) {
    const struct slot slot = index->slots[at];
    if (slot.key == 0) break;
    if (slot.hash != hash >> 32) continue;
    const uint32_t start = index->starts[slot.key - 1];
    if (!row_has_key(table, index->rows[start], key)) continue;
    *rows = index->rows + start;
    return index->starts[slot.key] - start;
  }
  *rows = NULL;
  return 0;
}

bool postings_at(const struct table *table, uint32_t n, const uint32_t **rows, uint32_t *size) {
  const struct table_index *index = table->index;
  if (n >= index->keys_size) return false;
  *rows = index->rows + index->starts[n];
  *size = index->starts[n + 1] - index->starts[n];
  return true;
}

struct range {
  int32_t from, to;
  uint32_t row;
};

static struct range range_of(const struct table *table, uint32_t row) {
  return (struct range){table->spans[row].from, table->spans[row].to, row};
}

static int compare_ranges(const void *a, const void *b) {
  const struct range *one = a, *two = b;
  if (one->from != two->from) return one->from < two->from ? -1 : 1;
  return (one->row > two->row) - (one->row < two->row);
}

// Ranges of a key in order of their begin: two overlap when one begins before all earlier ones have ended.
bool postings_unique(const struct table *table, const struct yaml_file *file) {
  struct range *ranges = memory_take(((size_t)table->rows_size + 1) * sizeof *ranges);
  unsigned errors = 0;
  const uint32_t *rows;
  uint32_t size;
  for (uint32_t n = 0; postings_at(table, n, &rows, &size) && errors < ERRORS_MAX; n++) {
    for (uint32_t i = 0; i < size; i++) ranges[i] = range_of(table, rows[i]);
    if (size > 1) qsort(ranges, size, sizeof *ranges, compare_ranges);
    for (uint32_t i = 1; i < size; i++) {
      if (ranges[i].from <= ranges[i - 1].to) {
        struct text key = {0};
        for (unsigned k = 0; k < table->key_size; k++) {
          if (k > 0) text_byte(&key, ',');
          text_append(&key, utf8_cut(table->texts[table->key[k]][ranges[i].row], 60));
        }
        yaml_error(file, yaml_find(file->root, "unique"), 1209, "key '%.*s' has two rows in force on the same day",
                   SLICE_ARG(text_slice(&key)));
        text_fini(&key);
        errors++;
        break;
      }
      if (ranges[i].to < ranges[i - 1].to) ranges[i].to = ranges[i - 1].to;
    }
  }
  memory_free(ranges);
  return errors == 0;
}
