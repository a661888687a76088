// What two rule sets know differently: rows of tables, codes, days of the calendar.
#include <inttypes.h>
#include <stdlib.h>

#include "core/memory.h"
#include "record/date.h"
#include "record/money.h"
#include "rules/diff.h"

// ---- tables -----------------------------------------------------------------------------------------------------------------------

static void write_cell(const struct table *table, uint32_t row, unsigned column, struct text *out) {
  if (table->columns[column].type == CELL_TEXT) {
    text_append(out, table_text(table, row, column));
    return;
  }
  const int64_t number = table_number(table, row, column);
  if (number == INT64_MIN) return;
  switch (table->columns[column].type) {
    case CELL_PRICE: money_write_scaled(out, number, MONEY_PRICE); return;
    case CELL_AMOUNT: money_write_fen(out, number); return;
    case CELL_COUNT: money_write_scaled(out, number, MONEY_COUNT); return;
    case CELL_DATE: date_write_day(out, (int32_t)number); return;
    default: text_int(out, number); return;
  }
}

static int compare_cell(const struct table *a, uint32_t a_row, const struct table *b, uint32_t b_row, unsigned column) {
  if (a->columns[column].type == CELL_TEXT) return slice_compare(table_text(a, a_row, column), table_text(b, b_row, column));
  const int64_t x = table_number(a, a_row, column), y = table_number(b, b_row, column);
  return (x > y) - (x < y);
}

// Key cells, then the first day in force: what a row is about.
static int compare_key(const struct table *a, uint32_t a_row, const struct table *b, uint32_t b_row) {
  int order = 0;
  for (unsigned k = 0; k < a->key_size && order == 0; k++) order = compare_cell(a, a_row, b, b_row, a->key[k]);
  if (order == 0 && a->from_column >= 0) order = compare_cell(a, a_row, b, b_row, (unsigned)a->from_column);
  return order;
}

static int compare_row(const struct table *a, uint32_t a_row, const struct table *b, uint32_t b_row) {
  int order = compare_key(a, a_row, b, b_row);
  for (unsigned c = 0; c < a->columns_size && order == 0; c++) order = compare_cell(a, a_row, b, b_row, c);
  return order;
}

static int by_row(const void *a, const void *b, void *context) {
  const struct table *table = context;
  return compare_row(table, *(const uint32_t *)a, table, *(const uint32_t *)b);
}

static uint32_t *sorted_rows(const struct table *table) {
  uint32_t *rows = memory_take((table->rows_size + 1) * sizeof *rows);
  for (uint32_t i = 0; i < table->rows_size; i++) rows[i] = i;
  if (table->rows_size > 1) qsort_r(rows, table->rows_size, sizeof *rows, by_row, (void *)(uintptr_t)table);
  return rows;
}

static bool same_shape(const struct table *a, const struct table *b) {
  if (a->columns_size != b->columns_size || a->key_size != b->key_size || a->from_column != b->from_column || a->to_column != b->to_column)
    return false;
  for (unsigned i = 0; i < a->columns_size; i++)
    if (strcmp(a->columns[i].name, b->columns[i].name) != 0 || a->columns[i].type != b->columns[i].type) return false;
  return memcmp(a->key, b->key, a->key_size * sizeof *a->key) == 0;
}

struct comparing {
  struct diff *diff;
  const struct table *before, *after;
  uint64_t added, removed, changed;
};

static void write_row(const struct table *table, uint32_t row, struct text *out) {
  for (unsigned c = 0; c < table->columns_size; c++) {
    text_format(out, "%s%s: ", c > 0 ? ", " : "", table->columns[c].name);
    write_cell(table, row, c, out);
  }
}

// before, after: UINT32_MAX when the row is not there.
static void tell_row(struct comparing *comparing, uint32_t before, uint32_t after) {
  const enum difference_type type = before == UINT32_MAX ? DIFFERENCE_ADDED : after == UINT32_MAX ? DIFFERENCE_REMOVED : DIFFERENCE_CHANGED;
  uint64_t *counts[] = {&comparing->added, &comparing->removed, &comparing->changed};
  if (++*counts[type] > DIFF_ROWS_SHOWN) return;
  const struct table *table = after != UINT32_MAX ? comparing->after : comparing->before;
  const uint32_t row = after != UINT32_MAX ? after : before;
  struct text name = {0}, was = {0}, is = {0};
  for (unsigned k = 0; k < table->key_size; k++) {
    if (k > 0) text_byte(&name, ' ');
    write_cell(table, row, table->key[k], &name);
  }
  if (table->from_column >= 0 && table_number(table, row, (unsigned)table->from_column) != INT64_MIN) {
    TEXT_LITERAL(&name, " from ");
    write_cell(table, row, (unsigned)table->from_column, &name);
  }
  if (type == DIFFERENCE_CHANGED) {
    for (unsigned c = 0; c < table->columns_size; c++) {
      if (compare_cell(comparing->before, before, comparing->after, after, c) == 0) continue;
      text_format(&was, "%s%s: ", was.size > 0 ? ", " : "", table->columns[c].name);
      text_format(&is, "%s%s: ", is.size > 0 ? ", " : "", table->columns[c].name);
      write_cell(comparing->before, before, c, &was);
      write_cell(comparing->after, after, c, &is);
    }
  } else {
    write_row(table, row, type == DIFFERENCE_ADDED ? &is : &was);
  }
  diff_add(comparing->diff, type, DIFFERENCE_ROW, slice_from(table->name), text_slice(&name), text_slice(&was), text_slice(&is));
  text_fini(&name);
  text_fini(&was);
  text_fini(&is);
}

// Both runs are about the same; what is the same in both falls away, the rest is paired in order.
static void compare_run(struct comparing *comparing, const uint32_t *before, size_t before_size, const uint32_t *after, size_t after_size) {
  uint32_t *was = memory_take((before_size + after_size + 1) * sizeof *was), *is = was + before_size;
  size_t was_size = 0, is_size = 0, b = 0, a = 0;
  while (b < before_size || a < after_size) {
    const int order = b == before_size ? 1 : a == after_size ? -1 : compare_row(comparing->before, before[b], comparing->after, after[a]);
    if (order < 0) was[was_size++] = before[b];
    if (order > 0) is[is_size++] = after[a];
    b += order <= 0;
    a += order >= 0;
  }
  for (size_t i = 0; i < was_size || i < is_size; i++) tell_row(comparing, i < was_size ? was[i] : UINT32_MAX, i < is_size ? is[i] : UINT32_MAX);
  memory_free(was);
}

static void compare_rows(struct comparing *comparing) {
  const struct table *before = comparing->before, *after = comparing->after;
  uint32_t *was = sorted_rows(before), *is = sorted_rows(after);
  uint32_t b = 0, a = 0;
  while (b < before->rows_size || a < after->rows_size) {
    const int order = b == before->rows_size ? 1 : a == after->rows_size ? -1 : compare_key(before, was[b], after, is[a]);
    uint32_t b_end = b, a_end = a;
    while (order <= 0 && b_end < before->rows_size && compare_key(before, was[b], before, was[b_end]) == 0) b_end++;
    while (order >= 0 && a_end < after->rows_size && compare_key(after, is[a], after, is[a_end]) == 0) a_end++;
    compare_run(comparing, was + b, b_end - b, is + a, a_end - a);
    b = b_end;
    a = a_end;
  }
  memory_free(was);
  memory_free(is);
}

static void say_rows(struct diff *diff, enum difference_type type, const struct table *table) {
  struct text text = {0};
  text_format(&text, "%" PRIu32 " rows", table->rows_size);
  diff_add(diff, type, DIFFERENCE_TABLE, slice_from(table->name), SLICE("table"), type == DIFFERENCE_REMOVED ? text_slice(&text) : SLICE_NONE,
           type == DIFFERENCE_ADDED ? text_slice(&text) : SLICE_NONE);
  text_fini(&text);
}

static void write_shape(const struct table *table, struct text *out) {
  static const char *const types[] = {"text", "int", "price", "amount", "count", "date"};
  for (unsigned i = 0; i < table->columns_size; i++)
    text_format(out, "%s%s %s", i > 0 ? ", " : "", table->columns[i].name, types[table->columns[i].type]);
  TEXT_LITERAL(out, "; key");
  for (unsigned k = 0; k < table->key_size; k++) text_format(out, " %s", table->columns[table->key[k]].name);
  if (table->from_column >= 0) text_format(out, "; from %s", table->columns[table->from_column].name);
  if (table->to_column >= 0) text_format(out, "; to %s", table->columns[table->to_column].name);
}

static void compare_table(struct diff *diff, const struct table *before, const struct table *after) {
  if (memcmp(before->digest, after->digest, sizeof before->digest) == 0) return;
  const struct slice owner = slice_from(after->name);
  const size_t known = diff->meaning;
  struct text was = {0}, is = {0};
  if (strcmp(before->version, after->version) != 0)
    diff_add(diff, DIFFERENCE_CHANGED, DIFFERENCE_TABLE, owner, SLICE("version"), slice_from(before->version), slice_from(after->version));
  if (!same_shape(before, after)) {
    write_shape(before, &was);
    write_shape(after, &is);
    diff_add(diff, DIFFERENCE_CHANGED, DIFFERENCE_TABLE, owner, SLICE("columns"), text_slice(&was), text_slice(&is));
  } else {
    struct comparing comparing = {.diff = diff, .before = before, .after = after};
    const size_t place = diff->size;
    compare_rows(&comparing);
    if (comparing.added + comparing.removed + comparing.changed > 0) {
      text_format(&was, "%" PRIu32 " rows", before->rows_size);
      text_format(&is, "%" PRIu32 " rows: %" PRIu64 " added, %" PRIu64 " changed, %" PRIu64 " removed", after->rows_size, comparing.added,
                  comparing.changed, comparing.removed);
      diff_add(diff, DIFFERENCE_CHANGED, DIFFERENCE_TABLE, owner, SLICE("rows"), text_slice(&was), text_slice(&is));
      // The sum stands before what it sums up.
      const struct difference sum = diff->rows[diff->size - 1];
      memmove(diff->rows + place + 1, diff->rows + place, (diff->size - 1 - place) * sizeof *diff->rows);
      diff->rows[place] = sum;
    }
  }
  // The first of several rows of a key is the one in force: their order counts.
  if (diff->meaning == known)
    diff_add(diff, DIFFERENCE_CHANGED, DIFFERENCE_TABLE, owner, SLICE("order"), SLICE("the same rows"), SLICE("in another order"));
  text_fini(&was);
  text_fini(&is);
}

static void compare_tables(struct diff *diff, const struct ruleset *before, const struct ruleset *after) {
  size_t before_size, after_size, b = 0, a = 0;
  const char *const *was = tables_names(before->tables, &before_size), *const *is = tables_names(after->tables, &after_size);
  while (b < before_size || a < after_size) {
    const int order = b == before_size ? 1 : a == after_size ? -1 : strcmp(was[b], is[a]);
    const struct table *old = order <= 0 ? tables_get(before->tables, was[b]) : NULL;
    const struct table *new = order >= 0 ? tables_get(after->tables, is[a]) : NULL;
    b += order <= 0;
    a += order >= 0;
    if (old != NULL && new != NULL) compare_table(diff, old, new);
    else if (old != NULL) say_rows(diff, DIFFERENCE_REMOVED, old);
    else if (new != NULL) say_rows(diff, DIFFERENCE_ADDED, new);
  }
}

// ---- codes ------------------------------------------------------------------------------------------------------------------------

struct entries {
  struct codes_entry *rows;
  size_t size, capacity;
};

static void collect(void *context, const struct codes_entry *entry) {
  struct entries *entries = context;
  if (entries->size == entries->capacity) {
    entries->capacity = entries->capacity ? entries->capacity * 2 : 64;
    entries->rows = memory_resize(entries->rows, entries->capacity * sizeof *entries->rows);
  }
  entries->rows[entries->size++] = *entry;
}

static int by_code(const void *a, const void *b) {
  const struct codes_entry *x = a, *y = b;
  const int order = slice_compare(x->code, y->code);
  return order != 0 ? order : (x->from_day > y->from_day) - (x->from_day < y->from_day);
}

static struct entries entries_of(const struct codes *codes, enum code_table table) {
  struct entries entries = {0};
  codes_each(codes, table, collect, &entries);
  if (entries.size > 1) qsort(entries.rows, entries.size, sizeof *entries.rows, by_code);
  return entries;
}

static void write_entry(struct text *out, enum code_table table, const struct codes_entry *entry) {
  if (entry == NULL) return;
  text_append(out, slice_from(code_symbol_name(table, entry->symbol)));
  if (entry->to_day == INT32_MAX) return;
  TEXT_LITERAL(out, " to ");
  date_write_day(out, entry->to_day);
}

static void tell_code(struct diff *diff, enum code_table table, const struct codes_entry *before, const struct codes_entry *after) {
  const struct codes_entry *any = after != NULL ? after : before;
  struct text name = {0}, was = {0}, is = {0};
  text_append(&name, any->code);
  if (any->from_day != INT32_MIN) {
    TEXT_LITERAL(&name, " from ");
    date_write_day(&name, any->from_day);
  }
  write_entry(&was, table, before);
  write_entry(&is, table, after);
  if (!slice_equal(text_slice(&was), text_slice(&is)))
    diff_add(diff, before == NULL ? DIFFERENCE_ADDED : after == NULL ? DIFFERENCE_REMOVED : DIFFERENCE_CHANGED, DIFFERENCE_CODES,
             slice_from(code_table_files[table]), text_slice(&name), text_slice(&was), text_slice(&is));
  text_fini(&name);
  text_fini(&was);
  text_fini(&is);
}

static void compare_groups(struct diff *diff, const struct codes *before, const struct codes *after) {
  size_t before_size, after_size;
  const char *const *was = codes_groups(before, &before_size), *const *is = codes_groups(after, &after_size);
  const struct slice owner = slice_from(code_table_files[CODES_MED_TYPE]);
  for (size_t i = 0; i < before_size + after_size; i++) {
    const char *name = i < before_size ? was[i] : is[i - before_size];
    const uint32_t old = codes_group(before, name), new = codes_group(after, name);
    if (old == new || (i >= before_size && old != 0)) continue;
    struct text texts[2] = {{0}, {0}};
    for (unsigned s = 0; s < VISIT_SYMBOL_COUNT; s++) {
      const uint32_t sets[2] = {old, new};
      for (unsigned t = 0; t < 2; t++)
        if (sets[t] >> s & 1) text_format(&texts[t], "%s%s", texts[t].size > 0 ? ", " : "", code_symbol_name(CODES_MED_TYPE, s));
    }
    diff_add(diff, old == 0 ? DIFFERENCE_ADDED : new == 0 ? DIFFERENCE_REMOVED : DIFFERENCE_CHANGED, DIFFERENCE_CODES, owner,
             slice_from(name), text_slice(&texts[0]), text_slice(&texts[1]));
    text_fini(&texts[0]);
    text_fini(&texts[1]);
  }
}

static void compare_codes(struct diff *diff, const struct codes *before, const struct codes *after) {
  if (memcmp(codes_digest(before), codes_digest(after), 16) == 0) return;
  const size_t known = diff->meaning;
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) {
    struct entries was = entries_of(before, table), is = entries_of(after, table);
    size_t b = 0, a = 0;
    while (b < was.size || a < is.size) {
      const int order = b == was.size ? 1 : a == is.size ? -1 : by_code(&was.rows[b], &is.rows[a]);
      tell_code(diff, table, order <= 0 ? &was.rows[b] : NULL, order >= 0 ? &is.rows[a] : NULL);
      b += order <= 0;
      a += order >= 0;
    }
    memory_free(was.rows);
    memory_free(is.rows);
  }
  compare_groups(diff, before, after);
  if (diff->meaning == known)
    diff_add(diff, DIFFERENCE_CHANGED, DIFFERENCE_CODES, SLICE("codes"), SLICE("form"), SLICE("the same codes"),
             SLICE("in another order or other words"));
}

// ---- calendar ---------------------------------------------------------------------------------------------------------------------

enum { FIRST_YEAR = 1990, LAST_YEAR = 2200 };

static const char *day_word(const struct calendar *calendar, int32_t day) {
  if (calendar_holiday(calendar, day)) return "holiday";
  return calendar_workday(calendar, day) ? "working day" : "free day";
}

static void compare_calendar(struct diff *diff, const struct calendar *before, const struct calendar *after) {
  if (memcmp(calendar_digest(before), calendar_digest(after), 16) == 0) return;
  struct text name = {0};
  for (int year = FIRST_YEAR; year <= LAST_YEAR; year++) {
    const int32_t first = date_from_civil(year, 1, 1), end = date_from_civil(year + 1, 1, 1);
    const bool was = calendar_knows(before, first), is = calendar_knows(after, first);
    text_clear(&name);
    text_int(&name, year);
    if (was != is)
      diff_add(diff, is ? DIFFERENCE_ADDED : DIFFERENCE_REMOVED, DIFFERENCE_CALENDAR, SLICE(""), text_slice(&name), SLICE_NONE, SLICE_NONE);
    for (int32_t day = first; was && is && day < end; day++) {
      const struct slice old = slice_from(day_word(before, day)), new = slice_from(day_word(after, day));
      if (slice_equal(old, new)) continue;
      text_clear(&name);
      date_write_day(&name, day);
      diff_add(diff, DIFFERENCE_CHANGED, DIFFERENCE_CALENDAR, SLICE(""), text_slice(&name), old, new);
    }
  }
  text_fini(&name);
}

void diff_knowledge(struct diff *diff, const struct ruleset *before, const struct ruleset *after) {
  compare_tables(diff, before, after);
  compare_codes(diff, before->codes, after->codes);
  compare_calendar(diff, before->calendar, after->calendar);
}
