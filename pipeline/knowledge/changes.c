#include "knowledge/changes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "knowledge/postings.h"

enum { CODE_FORM = 1213, CODE_ROW = 1214 };
enum change { CHANGE_ADDED, CHANGE_CHANGED, CHANGE_REMOVED, CHANGE_COUNT };
static const char *const words[CHANGE_COUNT] = {"added", "changed", "removed"};

struct applying {
  const struct table *base, *changes;
  struct arena *arena;
  struct diagnostics *diagnostics;
  unsigned *columns;    // of the changes, by the base's columns
  unsigned change;      // its column
  bool *gone;           // by the base's rows
  uint32_t *taken;      // by the base's rows: the row of the changes that stands there, plus 1
  bool good;
};

static const char suffix[] = ".changes";

const char *changes_of(const char *name, struct arena *arena) {
  const size_t size = strlen(name), end = sizeof suffix - 1;
  if (size <= end || strcmp(name + size - end, suffix) != 0) return NULL;
  return arena_copy_text(arena, (struct slice){name, size - end});
}

__attribute__((format(printf, 3, 4))) static void tell(struct applying *applying, unsigned code, const char *format, ...) {
  char line[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  diagnostics_add(applying->diagnostics, SEVERITY_ERROR, code, (struct place){applying->changes->path, 0, 0, 1}, SLICE_NONE, "%s", line);
  applying->good = false;
}

static void fit_columns(struct applying *applying) {
  const struct table *base = applying->base, *changes = applying->changes;
  for (unsigned i = 0; i < base->columns_size; i++) {
    const int column = table_column_find(changes, base->columns[i].name);
    if (column < 0 || changes->columns[column].type != base->columns[i].type)
      tell(applying, CODE_FORM, "column '%s' must be here, of the type it has in table %s", base->columns[i].name, base->name);
    else
      applying->columns[i] = (unsigned)column;
  }
  const int change = table_column_find(changes, "change");
  if (change < 0 || changes->columns[change].type != CELL_TEXT) tell(applying, CODE_FORM, "column 'change' of type text is missing");
  else applying->change = (unsigned)change;
}

static int64_t from_of(const struct table *table, uint32_t row) {
  return table->from_column < 0 ? INT64_MIN : table_number(table, row, (unsigned)table->from_column);
}

// How many rows of the base a row of the changes is about; *found is the last of them.
static unsigned find(const struct applying *applying, uint32_t row, uint32_t *found) {
  const struct table *base = applying->base;
  struct slice key[4];
  for (unsigned k = 0; k < base->key_size; k++) key[k] = table_text(applying->changes, row, applying->columns[base->key[k]]);
  const int64_t from = base->from_column < 0 ? INT64_MIN : table_number(applying->changes, row, applying->columns[base->from_column]);
  const uint32_t *rows;
  const uint32_t size = table_find(base, key, &rows);
  unsigned times = 0;
  for (uint32_t i = 0; i < size; i++) {
    if (from_of(base, rows[i]) != from) continue;
    *found = rows[i];
    times++;
  }
  return times;
}

// The number of rows that are added.
static uint32_t sort_out(struct applying *applying, unsigned char *kinds) {
  const struct table *changes = applying->changes;
  uint32_t added = 0;
  for (uint32_t row = 0; row < changes->rows_size; row++) {
    const struct slice word = table_text(changes, row, applying->change), key = table_text(changes, row, applying->columns[applying->base->key[0]]);
    unsigned kind = 0;
    while (kind < CHANGE_COUNT && !slice_equal(word, slice_from(words[kind]))) kind++;
    kinds[row] = (unsigned char)kind;
    if (kind == CHANGE_COUNT) {
      tell(applying, CODE_ROW, "row %u: 'change' must be added, changed or removed, not '%.*s'", row + 1, SLICE_ARG(word));
      continue;
    }
    uint32_t found = 0;
    const unsigned times = find(applying, row, &found);
    if (kind == CHANGE_ADDED && times == 0) {
      added++;
    } else if (kind == CHANGE_ADDED || times != 1) {
      tell(applying, CODE_ROW, "row %u: %.*s is to be %s, and table %s has %u such rows of that first day", row + 1, SLICE_ARG(key), words[kind],
           applying->base->name, times);
    } else if (applying->taken[found] != 0) {
      tell(applying, CODE_ROW, "row %u: %.*s was changed or removed in row %u already", row + 1, SLICE_ARG(key), applying->taken[found]);
    } else {
      applying->taken[found] = row + 1;
      applying->gone[found] = kind == CHANGE_REMOVED;
    }
  }
  return added;
}

static void copy_cells(const struct applying *applying, struct table *to, uint32_t at, const struct table *from, uint32_t row) {
  for (unsigned c = 0; c < to->columns_size; c++) {
    const unsigned column = from == applying->base ? c : applying->columns[c];
    if (to->texts[c] != NULL) to->texts[c][at] = from->texts[column][row];
    else to->numbers[c][at] = from->numbers[column][row];
  }
}

static struct table *make(const struct applying *applying, const unsigned char *kinds, uint32_t added) {
  const struct table *base = applying->base;
  struct table *table = ARENA_ARRAY(applying->arena, struct table, 1);
  *table = *base;
  const size_t room = (size_t)base->rows_size + added + 1;
  table->texts = ARENA_ZEROED(applying->arena, struct slice *, base->columns_size);
  table->numbers = ARENA_ZEROED(applying->arena, int64_t *, base->columns_size);
  for (unsigned c = 0; c < base->columns_size; c++) {
    if (base->columns[c].type == CELL_TEXT) table->texts[c] = ARENA_ARRAY(applying->arena, struct slice, room);
    else table->numbers[c] = ARENA_ARRAY(applying->arena, int64_t, room);
  }
  table->rows_size = 0;
  for (uint32_t row = 0; row < base->rows_size; row++) {
    if (applying->gone[row]) continue;
    if (applying->taken[row] != 0) copy_cells(applying, table, table->rows_size++, applying->changes, applying->taken[row] - 1);
    else copy_cells(applying, table, table->rows_size++, base, row);
  }
  for (uint32_t row = 0; row < applying->changes->rows_size; row++)
    if (kinds[row] == CHANGE_ADDED) copy_cells(applying, table, table->rows_size++, applying->changes, row);
  table_finish(table, applying->arena);
  return table;
}

bool changes_apply(struct tables *tables, const struct table *changes, struct arena *arena, struct diagnostics *diagnostics) {
  const char *name = changes_of(changes->name, arena);
  struct applying applying = {.base = name != NULL ? tables_get(tables, name) : NULL, .changes = changes, .arena = arena,
                              .diagnostics = diagnostics, .good = true};
  if (applying.base == NULL) {
    tell(&applying, CODE_FORM, "there is no table '%s' to change", name != NULL ? name : changes->name);
    return false;
  }
  applying.columns = memory_take((applying.base->columns_size + 1) * sizeof *applying.columns);
  applying.gone = memory_take((size_t)applying.base->rows_size + 1);
  applying.taken = memory_take(((size_t)applying.base->rows_size + 1) * sizeof *applying.taken);
  unsigned char *kinds = memory_take((size_t)changes->rows_size + 1);
  fit_columns(&applying);
  const uint32_t added = applying.good ? sort_out(&applying, kinds) : 0;
  if (applying.good) {
    const struct table *table = make(&applying, kinds, added);
    const struct yaml_file file = {.name = changes->path, .source = SLICE(""), .diagnostics = diagnostics};
    applying.good = !table->unique || postings_unique(table, &file);
    if (applying.good) tables_share(tables, table);
  }
  memory_free(applying.columns);
  memory_free(applying.gone);
  memory_free(applying.taken);
  memory_free(kinds);
  return applying.good;
}
