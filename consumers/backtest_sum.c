// The sums of a report: rows found by key while it is made, sorted by key at the end.
#include <stdlib.h>

#include "consumers/backtest.h"
#include "core/memory.h"


static uint64_t hash_of(struct slice key) { return digest_hash64(key.data, key.size, 0); }
static uint64_t pair_hash(struct slice first, struct slice second) { return digest_hash64(second.data, second.size, hash_of(first)); }

static void grow_rows(struct backtest_rows *rows) {
  memory_free(rows->slots);
  rows->slots_size = rows->slots_size ? rows->slots_size * 2 : 64;
  rows->slots = memory_take(rows->slots_size * sizeof *rows->slots);
  for (size_t i = 0; i < rows->size; i++) {
    size_t slot = hash_of(rows->rows[i].key) & (rows->slots_size - 1);
    while (rows->slots[slot] != 0) slot = (slot + 1) & (rows->slots_size - 1);
    rows->slots[slot] = (uint32_t)i + 1;
  }
}

struct backtest_row *backtest_row_of(struct backtest_report *report, struct backtest_rows *rows, struct slice key) {
  if (rows->size * 2 >= rows->slots_size) grow_rows(rows);
  size_t slot = hash_of(key) & (rows->slots_size - 1);
  for (; rows->slots[slot] != 0; slot = (slot + 1) & (rows->slots_size - 1))
    if (slice_equal(rows->rows[rows->slots[slot] - 1].key, key)) return &rows->rows[rows->slots[slot] - 1];
  if (rows->size == rows->capacity) {
    rows->capacity = rows->capacity ? rows->capacity * 2 : 32;
    rows->rows = memory_resize(rows->rows, rows->capacity * sizeof *rows->rows);
  }
  rows->rows[rows->size] = (struct backtest_row){.key = arena_copy(&report->arena, key)};
  rows->slots[slot] = (uint32_t)++rows->size;
  return &rows->rows[rows->size - 1];
}

static void grow_overlaps(struct backtest_overlaps *rows) {
  memory_free(rows->slots);
  rows->slots_size = rows->slots_size ? rows->slots_size * 2 : 64;
  rows->slots = memory_take(rows->slots_size * sizeof *rows->slots);
  for (size_t i = 0; i < rows->size; i++) {
    size_t slot = pair_hash(rows->rows[i].first, rows->rows[i].second) & (rows->slots_size - 1);
    while (rows->slots[slot] != 0) slot = (slot + 1) & (rows->slots_size - 1);
    rows->slots[slot] = (uint32_t)i + 1;
  }
}

struct backtest_overlap *backtest_overlap_of(struct backtest_report *report, struct slice first, struct slice second) {
  struct backtest_overlaps *rows = &report->overlaps;
  if (rows->size * 2 >= rows->slots_size) grow_overlaps(rows);
  size_t slot = pair_hash(first, second) & (rows->slots_size - 1);
  for (; rows->slots[slot] != 0; slot = (slot + 1) & (rows->slots_size - 1)) {
    struct backtest_overlap *row = &rows->rows[rows->slots[slot] - 1];
    if (slice_equal(row->first, first) && slice_equal(row->second, second)) return row;
  }
  if (rows->size == rows->capacity) {
    rows->capacity = rows->capacity ? rows->capacity * 2 : 32;
    rows->rows = memory_resize(rows->rows, rows->capacity * sizeof *rows->rows);
  }
  rows->rows[rows->size] = (struct backtest_overlap){.first = arena_copy(&report->arena, first), .second = arena_copy(&report->arena, second)};
  rows->slots[slot] = (uint32_t)++rows->size;
  return &rows->rows[rows->size - 1];
}

static int by_key(const void *a, const void *b) {
  return slice_compare(((const struct backtest_row *)a)->key, ((const struct backtest_row *)b)->key);
}

static int by_pair(const void *a, const void *b) {
  const struct backtest_overlap *x = a, *y = b;
  const int order = slice_compare(x->first, y->first);
  return order != 0 ? order : slice_compare(x->second, y->second);
}

// The rows move: the slots are of no use any more.
static void sort_rows(struct backtest_rows *rows) {
  if (rows->size > 1) qsort(rows->rows, rows->size, sizeof *rows->rows, by_key);
  memory_free(rows->slots);
  rows->slots = NULL;
  rows->slots_size = 0;
}

void backtest_sort(struct backtest_report *report) {
  sort_rows(&report->rules);
  sort_rows(&report->shadow_rules);
  sort_rows(&report->levels);
  sort_rows(&report->institutions);
  if (report->overlaps.size > 1) qsort(report->overlaps.rows, report->overlaps.size, sizeof *report->overlaps.rows, by_pair);
  memory_free(report->overlaps.slots);
  report->overlaps.slots = NULL;
  report->overlaps.slots_size = 0;
}

void backtest_fini(struct backtest_report *report) {
  struct backtest_rows *const all[] = {&report->rules, &report->shadow_rules, &report->levels, &report->institutions};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    memory_free(all[i]->rows);
    memory_free(all[i]->slots);
  }
  memory_free(report->rule_counts);
  memory_free(report->overlaps.rows);
  memory_free(report->overlaps.slots);
  for (size_t i = 0; i < report->changes_size; i++) arena_fini(&report->changes[i].arena);
  arena_fini(&report->arena);
}
