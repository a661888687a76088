// A knowledge table: NAME.csv with NAME.yaml beside it, rows in force by service date.
//
// NAME.yaml says: columns (name, type text|int|price|amount|count|date), key (columns that find rows, of type text),
// effective: {from, to} columns (dates, both inclusive, empty = open), source, version, note. CSV: UTF-8 (BOM allowed), first
// line = header naming the columns in any order; extra columns are ignored unless `strict: true`. Errors are located:
// file:line:column. libcsv is named in table.c only. A row with an empty key cell is an error unless
// `skip_rows_without_key: true` (for lists with totals at the end). Rows with the same key are kept in file order, next to each
// other in the key's postings; `unique: true` makes two rows of one key in force on the same day an error.
// recorded: {from, to} (date columns too) and recorded_on: DATE (of the whole file) say since when a row was known, and until when, both inclusive; rows
// that were not known on the tables' known day are not there. Empty: always, and still.
// 10^6 rows load in about a second. Read-only after load, may be shared by threads.
//
//   key cells --hash--> slots[] (key number) --> starts[key] .. starts[key + 1] in rows[]: the key's postings, ascending
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "core/arena.h"
#include "core/slice.h"

enum cell_type { CELL_TEXT, CELL_INT, CELL_PRICE, CELL_AMOUNT, CELL_COUNT, CELL_DATE };

struct table_column {
  const char *name;
  enum cell_type type;
};

// The days a row is in force, both inclusive; INT32_MIN and INT32_MAX: open.
struct table_span { int32_t from, to; };

struct table {
  const char *name;
  const char *path;                // of the CSV
  const char *source, *version;    // as the description says, or ""
  const struct table_column *columns;
  unsigned columns_size;
  unsigned key[4];                 // column numbers
  unsigned key_size;               // 1..4
  int from_column, to_column;      // -1: always in force
  bool unique;                     // no two rows of a key are in force on the same day
  const struct table_span *spans;  // by row, the two columns side by side
  const uint32_t *next;            // by row: the next row with its key, after the last the first
  uint32_t rows_size;
  struct slice **texts;            // texts[column][row]; NULL for other types
  int64_t **numbers;               // numbers[column][row], scaled as its type; days for dates; INT64_MIN empty
  unsigned char digest[16];        // of the canonical content
  struct table_index *index;
};

struct tables;    // all tables of a folder, loaded on first use
// known_day: INT32_MAX for what is known now.
struct tables *tables_open(struct arena *arena, const char *folder, int32_t known_day, struct diagnostics *diagnostics);
// Tables over others, which live as long and are loaded: those added here (tables_add_text, only under names that are there) take
// the place of those below. Costs nothing for the others.
struct tables *tables_over(struct arena *arena, struct tables *below, struct diagnostics *diagnostics);
// The table, loaded; NULL when there is none of that name or it is bad (reported at the first use).
const struct table *tables_get(struct tables *tables, const char *name);
// Names of all tables with a .yaml in the folder, sorted.
const char *const *tables_names(const struct tables *tables, size_t *size);
// A table from memory, for tests and benches; takes the place of one of the same name. Errors as in a file called name.
const struct table *tables_add_text(struct tables *tables, const char *name, struct slice yaml, struct slice csv);

// A table that is loaded already, of other tables that live as long; takes the place of one of the same name.
void tables_share(struct tables *tables, const struct table *table);

// Makes what follows from the rows (spans, postings, digest); for changes.c.
void table_finish(struct table *table, struct arena *arena);
int table_column_find(const struct table *table, const char *name);    // -1: none
static inline struct slice table_text(const struct table *table, uint32_t row, unsigned column) {
  return table->texts[column][row];
}
static inline int64_t table_number(const struct table *table, uint32_t row, unsigned column) {
  return table->numbers[column][row];
}

// Rows of a key: *rows points at ascending row numbers; returns how many. Not filtered by date.
uint32_t table_find(const struct table *table, const struct slice *key, const uint32_t **rows);
static inline bool table_span_holds(struct table_span span, int32_t day) { return day >= span.from && day <= span.to; }
static inline bool table_in_force(const struct table *table, uint32_t row, int32_t day) {
  return table_span_holds(table->spans[row], day);
}
// Of the rows of a key, from the row at hand on in a circle, the first in force on the day; UINT32_MAX when there is none.
static inline uint32_t table_on(const struct table *table, uint32_t row, int32_t day) {
  const uint32_t begin = row;
  do {
    if (table_in_force(table, row, day)) return row;
    row = table->next[row];
  } while (row != begin);
  return UINT32_MAX;
}
// The first row of the key in force on the day; UINT32_MAX when there is none.
uint32_t table_find_on(const struct table *table, const struct slice *key, int32_t day);
// Walks all distinct keys: the n-th posting list. Returns false at the end. For building witness indexes.
bool table_posting(const struct table *table, uint32_t n, const uint32_t **rows, uint32_t *size);
