#include "knowledge/table.h"

#include <assert.h>
#include <csv.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "config/folder.h"
#include "config/yaml.h"
#include "core/civil.h"
#include "core/digest.h"
#include "core/memory.h"
#include "core/utf8.h"
#include "knowledge/postings.h"
#include "knowledge/schema.h"
#include "record/money.h"

enum {
  CSV_BYTES_MAX = 1 << 30,
  FIELDS_MAX = 1024,    // of the CSV file
  ERRORS_MAX = 200,     // of one table, then it is not read further
  CELLS_BLOCK = 256 << 10,
  DIGEST_BLOCK = 64 << 10,
};

struct entry {
  const char *name;
  const struct table *table;
  bool tried;
};

struct tables {
  struct arena *arena;
  const char *folder;
  struct diagnostics *diagnostics;
  struct entry *entries;
  const char **names;
  size_t size, room;
  struct tables *below;    // what is not here is there; NULL
  int32_t known_day;
};

// --- Places in the CSV text -------------------------------------------------------------------------------------------

// libcsv tells no positions. When something is wrong they are found by walking the text once more, from the last place on.
struct walk {
  struct slice text;
  size_t at;          // start of a field
  uint64_t record;    // records before it, the header is 0
  unsigned field;
  unsigned line, column;
};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Blank lines are no records.
static void walk_blank(struct walk *walk) {
  for (;;) {
    size_t at = walk->at;
    while (at < walk->text.size && is_blank(walk->text.data[at])) at++;
    if (at == walk->text.size || (walk->text.data[at] != '\n' && walk->text.data[at] != '\r')) return;
    walk->line += walk->text.data[at] == '\n';
    walk->at = at + 1;
    walk->column = 1;
  }
}

static void walk_field(struct walk *walk) {
  bool quoted = false;
  for (; walk->at < walk->text.size; walk->at++) {
    const char c = walk->text.data[walk->at];
    if (c == '"') quoted = !quoted;
    if (c == '\n') {
      walk->line++;
      walk->column = 1;
    } else {
      walk->column += ((unsigned char)c & 0xc0) != 0x80;
    }
    if (quoted) continue;
    if (c == ',') {
      walk->at++;
      walk->field++;
      return;
    }
    if (c == '\n' || c == '\r') {
      walk->at++;
      walk->record++;
      walk->field = 0;
      walk_blank(walk);
      return;
    }
  }
}

static void walk_to(struct walk *walk, uint64_t record, unsigned field) {
  if (walk->at == 0) walk_blank(walk);
  while (walk->at < walk->text.size && (walk->record < record || (walk->record == record && walk->field < field)))
    walk_field(walk);
}

static const unsigned type_scales[] = {
    [CELL_INT] = 0, [CELL_PRICE] = MONEY_PRICE, [CELL_AMOUNT] = MONEY_FEN, [CELL_COUNT] = MONEY_COUNT};

// --- The rows ---------------------------------------------------------------------------------------------------------

struct reading {
  const struct schema *schema;
  struct table *table;
  struct arena *arena;
  struct diagnostics *diagnostics;
  struct walk walk;
  short columns[FIELDS_MAX];    // column of a field of the CSV file, -1: none
  unsigned fields;              // of the header
  unsigned field;               // next of the current record
  uint64_t record;
  size_t errors;
  bool bad_row, keyless;
  int32_t known_day;
  char *block;                  // where the bytes of text cells go, packed
  size_t block_left, unkept;    // unkept: bytes of cells that can still come
};

__attribute__((format(printf, 5, 6))) static void report(struct reading *r, unsigned field, unsigned code, unsigned width,
                                                         const char *format, ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  r->bad_row = true;
  if (r->errors++ >= ERRORS_MAX) return;
  walk_to(&r->walk, r->record, field);
  diagnostics_add(r->diagnostics, SEVERITY_ERROR, code, (struct place){r->table->path, r->walk.line, r->walk.column, width},
                  r->walk.text, "%s", text);
}

static unsigned characters(struct slice s) {
  unsigned n = 0;
  for (size_t i = 0; i < s.size; i++) n += ((unsigned char)s.data[i] & 0xc0) != 0x80;
  return n;
}

static struct slice keep(struct reading *r, struct slice s) {
  if (s.size == 0) return SLICE("");
  if (s.size > CELLS_BLOCK / 4) return arena_copy(r->arena, s);
  if (s.size > r->block_left) {
    // No block for more than the file can still have: thousands of small tables would hold a block each.
    r->block_left = r->unkept < CELLS_BLOCK ? r->unkept : CELLS_BLOCK;
    r->block = arena_take(r->arena, r->block_left);
    assert(s.size <= r->block_left);
  }
  r->unkept -= s.size;
  char *to = r->block;
  memcpy(to, s.data, s.size);
  r->block += s.size;
  r->block_left -= s.size;
  return (struct slice){to, s.size};
}

static bool is_key(const struct table *table, unsigned column) {
  for (unsigned i = 0; i < table->key_size; i++)
    if (table->key[i] == column) return true;
  return false;
}

// A number as money_parse takes it, or without the zero before the point, as spreadsheets and databases write it.
static bool parse_number(struct slice cell, unsigned scale, int64_t *out) {
  char with_zero[64] = "0";
  if (cell.data[0] == '.' && cell.size < sizeof with_zero) {
    memcpy(with_zero + 1, cell.data, cell.size);
    cell = (struct slice){with_zero, cell.size + 1};
  }
  return money_parse(cell, scale, out);
}

static void take_cell(struct reading *r, unsigned column, struct slice cell) {
  struct table *table = r->table;
  const enum cell_type type = table->columns[column].type;
  const uint32_t row = table->rows_size;
  if (type == CELL_TEXT) {
    table->texts[column][row] = keep(r, cell);
    if (cell.size > 0 || !is_key(table, column)) return;
    r->keyless = true;
    if (!r->schema->skip_rows_without_key) report(r, r->field, 1207, 1, "key '%s' is empty", table->columns[column].name);
    return;
  }
  int64_t *number = &table->numbers[column][row];
  int32_t day;
  *number = INT64_MIN;
  if (cell.size == 0) return;
  if (type == CELL_DATE && civil_parse(cell, &day)) *number = day;
  else if (type == CELL_DATE || !parse_number(cell, type_scales[type], number))
    report(r, r->field, 1206, characters(cell), "'%s' must be %s, not '%.*s'", table->columns[column].name,
           type == CELL_DATE ? "a date yyyy-MM-dd" : type == CELL_INT ? "a whole number" : "a number that fits its scale",
           SLICE_ARG(utf8_cut(cell, 60)));
}

static void header_cell(struct reading *r, struct slice name) {
  if (r->field >= FIELDS_MAX) {
    if (r->field == FIELDS_MAX) report(r, r->field, 1203, 1, "the header has more than %d columns", FIELDS_MAX);
    return;
  }
  short *at = &r->columns[r->field];
  *at = -1;
  for (unsigned i = 0; i < r->table->columns_size && *at < 0; i++)
    if (slice_equal(slice_from(r->table->columns[i].name), name)) *at = (short)i;
  for (unsigned i = 0; i < r->field && *at >= 0; i++)
    if (r->columns[i] == *at)
      report(r, r->field, 1203, characters(name), "column '%.*s' stands twice", SLICE_ARG(utf8_cut(name, 60)));
  if (*at < 0 && r->schema->strict)
    report(r, r->field, 1203, characters(name), "column '%.*s' is not in the description", SLICE_ARG(utf8_cut(name, 60)));
}

static void on_field(void *bytes, size_t size, void *data) {
  struct reading *r = data;
  const struct slice cell = {bytes, size};
  if (r->errors < ERRORS_MAX) {
    if (r->record == 0) header_cell(r, cell);
    else if (r->field < r->fields && r->columns[r->field] >= 0) take_cell(r, (unsigned)r->columns[r->field], cell);
  }
  r->field++;
}

static void end_header(struct reading *r) {
  r->fields = r->field < FIELDS_MAX ? r->field : FIELDS_MAX;
  for (unsigned column = 0; column < r->table->columns_size; column++) {
    bool found = false;
    for (unsigned i = 0; i < r->fields && !found; i++) found = r->columns[i] == (short)column;
    if (!found) report(r, 0, 1203, 1, "the header lacks column '%s'", r->table->columns[column].name);
  }
  if (r->bad_row) r->errors = ERRORS_MAX;    // no row can be read
}

// Whether the row at hand was known on the day that is asked for.
static bool known(const struct reading *r) {
  const struct schema *schema = r->schema;
  const uint32_t row = r->table->rows_size;
  const int64_t from = schema->recorded_from < 0 ? INT64_MIN : r->table->numbers[schema->recorded_from][row];
  const int64_t to = schema->recorded_to < 0 ? INT64_MIN : r->table->numbers[schema->recorded_to][row];
  return schema->recorded_day <= r->known_day && from <= r->known_day && (to == INT64_MIN || to >= r->known_day);
}

static void end_row(struct reading *r) {
  struct table *table = r->table;
  if (r->field != r->fields) report(r, 0, 1205, 1, "the row has %u fields, the header has %u", r->field, r->fields);
  else if (!r->bad_row && table->from_column >= 0 && table->to_column >= 0) {
    const int64_t from = table->numbers[table->from_column][table->rows_size];
    const int64_t to = table->numbers[table->to_column][table->rows_size];
    if (to != INT64_MIN && to < from) report(r, 0, 1208, 1, "the row ends before it begins");
  }
  if (!r->bad_row && !r->keyless && known(r)) table->rows_size++;
}

static void on_record(int terminator, void *data) {
  (void)terminator;
  struct reading *r = data;
  if (r->errors < ERRORS_MAX) {
    if (r->record == 0) end_header(r);
    else end_row(r);
  }
  r->record++;
  r->field = 0;
  r->bad_row = r->keyless = false;
}

static void *take_memory(size_t size) { return memory_resize(NULL, size); }

// Parses the text, whose bytes are known to be UTF-8 without NUL.
static void parse(struct reading *r) {
  struct csv_parser parser;
  csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
  csv_set_realloc_func(&parser, memory_resize);
  csv_set_free_func(&parser, memory_free);
  parser.malloc_func = take_memory;
  csv_set_blk_size(&parser, 4096);
  const struct slice text = r->walk.text;
  const bool broken = csv_parse(&parser, text.data, text.size, on_field, on_record, r) != text.size ||
                      csv_fini(&parser, on_field, on_record, r) != 0;
  if (broken && r->errors < ERRORS_MAX)
    report(r, r->field, 1204, 1, csv_error(&parser) == CSV_EPARSE ? "a quote inside a field, or one that is never closed"
                                                                  : "the file cannot be read further");
  csv_free(&parser);
  if (r->record == 0 && r->errors == 0) report(r, 0, 1203, 1, "the file has no header");
}

static uint64_t lines_of(struct slice text) {
  uint64_t lines = 1;
  for (const char *at = text.data, *end = text.data + text.size; at < end; at++, lines++) {
    const char *next = memchr(at, '\n', (size_t)(end - at));
    const char *lone = memchr(at, '\r', (size_t)((next ? next : end) - at));
    if (lone != NULL) at = lone;
    else if (next != NULL) at = next;
    else break;
  }
  return lines;
}

// A byte that must not stand in the text: NUL, or none of UTF-8.
static bool check_bytes(struct reading *r) {
  struct slice text = r->walk.text;
  const size_t valid = utf8_valid(text);
  const char *nul = valid > 0 ? memchr(text.data, '\0', valid) : NULL;
  if (nul == NULL && valid == text.size) return true;
  const size_t at = nul != NULL ? (size_t)(nul - text.data) : valid;
  struct place place = {r->table->path, 1, 1, 1};
  for (size_t i = 0; i < at; i++) {
    if (text.data[i] == '\n') place.line++, place.column = 1;
    else place.column += ((unsigned char)text.data[i] & 0xc0) != 0x80;
  }
  if (nul != NULL) diagnostics_add(r->diagnostics, SEVERITY_ERROR, 1023, place, text, "a NUL byte is not allowed");
  else
    diagnostics_add(r->diagnostics, SEVERITY_ERROR, 1004, place, text, "byte 0x%02x is no UTF-8, save the file as UTF-8",
                    (unsigned char)text.data[at]);
  return false;
}

// --- Digest -----------------------------------------------------------------------------------------------------------

static void write_little(struct text *out, uint64_t value, unsigned size) {
  char *to = text_reserve(out, size);
  for (unsigned i = 0; i < size; i++) to[i] = (char)(value >> (8 * i));
  out->size += size;
}

static void write_field(struct text *out, struct slice s) {
  write_little(out, s.size, 4);
  text_append(out, s);
}

// What the table means: name, version, columns, key, ranges and the cells of its rows in order, without notes and ignored columns.
static void digest_table(struct table *table) {
  struct digest digest;
  struct text text = {0};
  digest_init(&digest, DIGEST_ID_BYTES, NULL, 0);
  write_field(&text, slice_from(table->name));
  write_field(&text, slice_from(table->version));
  write_little(&text, table->columns_size, 4);
  for (unsigned i = 0; i < table->columns_size; i++) {
    write_field(&text, slice_from(table->columns[i].name));
    write_little(&text, (uint64_t)table->columns[i].type, 1);
  }
  write_little(&text, table->key_size, 1);
  for (unsigned i = 0; i < table->key_size; i++) write_little(&text, table->key[i], 1);
  write_little(&text, (uint64_t)table->from_column, 1);
  write_little(&text, (uint64_t)table->to_column, 1);
  for (uint32_t row = 0; row < table->rows_size; row++) {
    for (unsigned i = 0; i < table->columns_size; i++) {
      if (table->columns[i].type == CELL_TEXT) write_field(&text, table->texts[i][row]);
      else write_little(&text, (uint64_t)table->numbers[i][row], 8);
    }
    if (text.size < DIGEST_BLOCK) continue;
    digest_bytes(&digest, text.data, text.size);
    text_clear(&text);
  }
  digest_bytes(&digest, text.data, text.size);
  digest_final(&digest, table->digest);
  text_fini(&text);
}

// --- Loading ----------------------------------------------------------------------------------------------------------

static const struct table_span *spans_of(const struct table *table, struct arena *arena) {
  struct table_span *spans = ARENA_ARRAY(arena, struct table_span, table->rows_size + 1);
  for (uint32_t row = 0; row < table->rows_size; row++) {
    const int64_t from = table->from_column < 0 ? INT64_MIN : table->numbers[table->from_column][row];
    const int64_t to = table->to_column < 0 ? INT64_MIN : table->numbers[table->to_column][row];
    spans[row] = (struct table_span){from == INT64_MIN ? INT32_MIN : (int32_t)from, to == INT64_MIN ? INT32_MAX : (int32_t)to};
  }
  return spans;
}

void table_finish(struct table *table, struct arena *arena) {
  table->spans = spans_of(table, arena);
  postings_build(table, arena);
  digest_table(table);
}

// The table, or NULL when something was reported. csv is read, not kept.
static const struct table *load(struct tables *tables, const char *name, const char *path, const struct yaml_file *file,
                                struct slice csv) {
  struct arena *arena = tables->arena;
  struct table *table = ARENA_ZEROED(arena, struct table, 1);
  *table = (struct table){.name = name, .path = path, .from_column = -1, .to_column = -1};
  struct schema schema = {.recorded_from = -1, .recorded_to = -1, .recorded_day = INT32_MIN};
  const size_t errors_before = tables->diagnostics->errors;
  if (!schema_read(&schema, table, file, arena) || tables->diagnostics->errors != errors_before) return NULL;
  if (slice_starts_with(csv, SLICE("\xef\xbb\xbf"))) csv = (struct slice){csv.data + 3, csv.size - 3};
  if (csv.data == NULL) csv = SLICE("");
  const uint64_t lines = lines_of(csv);
  if (csv.size > CSV_BYTES_MAX || lines > UINT32_MAX / 4) {
    diagnostics_add(tables->diagnostics, SEVERITY_ERROR, 1210, (struct place){path, 0, 0, 1}, SLICE_NONE,
                    "the file has more than %d bytes or %u lines", CSV_BYTES_MAX, UINT32_MAX / 4);
    return NULL;
  }
  struct reading *r = ARENA_ZEROED(arena, struct reading, 1);
  *r = (struct reading){.schema = &schema, .table = table, .arena = arena, .diagnostics = tables->diagnostics,
                        .known_day = tables->known_day, .walk = {.text = csv, .line = 1, .column = 1}, .unkept = csv.size};
  if (!check_bytes(r)) return NULL;
  table->texts = ARENA_ZEROED(arena, struct slice *, table->columns_size);
  table->numbers = ARENA_ZEROED(arena, int64_t *, table->columns_size);
  for (unsigned i = 0; i < table->columns_size; i++) {    // a record needs a line at least
    if (table->columns[i].type == CELL_TEXT) table->texts[i] = ARENA_ARRAY(arena, struct slice, lines + 1);
    else table->numbers[i] = ARENA_ARRAY(arena, int64_t, lines + 1);
  }
  parse(r);
  diagnostics_forget(tables->diagnostics);
  if (r->errors > 0) return NULL;
  table_finish(table, arena);
  if (schema.unique && !postings_unique(table, file)) return NULL;
  table->unique = schema.unique;
  return table;
}

// The bytes of a file, up to one more than the limit; false with errno.
static bool read_bytes(const char *path, struct text *out) {
  FILE *stream = fopen(path, "rbe");
  if (stream == NULL) return false;
  int failure = 0;
  while (out->size <= CSV_BYTES_MAX) {
    const size_t chunk = 1 << 20, got = fread(text_reserve(out, chunk), 1, chunk, stream);
    out->size += got;
    if (got == chunk) continue;
    if (ferror(stream)) failure = errno ? errno : EIO;
    break;
  }
  fclose(stream);
  errno = failure;
  return failure == 0;
}

static void load_entry(struct tables *tables, struct entry *entry) {
  struct yaml_file file;
  entry->tried = true;
  const char *path = folder_path(tables->arena, tables->folder, entry->name, ".yaml", NULL);
  yaml_load(&file, tables->arena, path, NULL, tables->diagnostics);
  path = folder_path(tables->arena, tables->folder, entry->name, ".csv", NULL);
  struct text csv = {0};
  if (read_bytes(path, &csv)) entry->table = load(tables, entry->name, path, &file, text_slice(&csv));
  else
    diagnostics_add(tables->diagnostics, SEVERITY_ERROR, 1202, (struct place){path, 0, 0, 1}, SLICE_NONE, "cannot be read: %s",
                    strerror(errno));
  text_fini(&csv);
}

static struct entry *add_entry(struct tables *tables, const char *name) {
  if (tables->size == tables->room) {
    const size_t room = tables->room ? tables->room * 2 : 16;
    struct entry *entries = ARENA_ZEROED(tables->arena, struct entry, room);
    if (tables->size > 0) memcpy(entries, tables->entries, tables->size * sizeof *entries);
    tables->entries = entries;
    tables->room = room;
  }
  size_t at = tables->size++;
  for (; at > 0 && strcmp(tables->entries[at - 1].name, name) > 0; at--) tables->entries[at] = tables->entries[at - 1];
  tables->entries[at] = (struct entry){.name = name};
  tables->names = ARENA_ARRAY(tables->arena, const char *, tables->size);
  for (size_t i = 0; i < tables->size; i++) tables->names[i] = tables->entries[i].name;
  return &tables->entries[at];
}

static struct entry *find_entry(const struct tables *tables, const char *name) {
  for (size_t i = 0; i < tables->size; i++)
    if (strcmp(tables->entries[i].name, name) == 0) return &tables->entries[i];
  return NULL;
}

struct tables *tables_open(struct arena *arena, const char *folder, int32_t known_day, struct diagnostics *diagnostics) {
  struct tables *tables = ARENA_ZEROED(arena, struct tables, 1);
  *tables = (struct tables){.arena = arena, .diagnostics = diagnostics, .known_day = known_day};
  if (folder == NULL) return tables;
  tables->folder = arena_copy_text(arena, slice_from(folder));
  const char *const *names;
  size_t size;
  if (!folder_list(arena, folder, ".yaml", &names, &size) && errno != ENOENT)
    diagnostics_add(diagnostics, SEVERITY_ERROR, 1001, (struct place){folder, 0, 0, 1}, SLICE_NONE, "cannot be read: %s",
                    strerror(errno));
  for (size_t i = 0; i < size; i++)
    add_entry(tables, arena_copy_text(arena, (struct slice){names[i], strlen(names[i]) - strlen(".yaml")}));
  return tables;
}

struct tables *tables_over(struct arena *arena, struct tables *below, struct diagnostics *diagnostics) {
  struct tables *tables = ARENA_ZEROED(arena, struct tables, 1);
  *tables = (struct tables){.arena = arena, .diagnostics = diagnostics, .below = below, .known_day = below->known_day};
  return tables;
}

const struct table *tables_get(struct tables *tables, const char *name) {
  struct entry *entry = find_entry(tables, name);
  if (entry == NULL) return tables->below != NULL ? tables_get(tables->below, name) : NULL;
  if (!entry->tried) load_entry(tables, entry);
  return entry->table;
}

const char *const *tables_names(const struct tables *tables, size_t *size) {
  if (tables->below != NULL) return tables_names(tables->below, size);
  *size = tables->size;
  return tables->names;
}

const struct table *tables_add_text(struct tables *tables, const char *name, struct slice yaml, struct slice csv) {
  name = arena_copy_text(tables->arena, slice_from(name));
  struct entry *entry = find_entry(tables, name);
  if (entry == NULL) entry = add_entry(tables, name);
  struct yaml_file file;
  yaml_load_text(&file, tables->arena, name, yaml, NULL, tables->diagnostics);
  entry->tried = true;
  return entry->table = load(tables, name, name, &file, csv);
}

void tables_share(struct tables *tables, const struct table *table) {
  struct entry *entry = find_entry(tables, table->name);
  if (entry == NULL) entry = add_entry(tables, table->name);
  entry->tried = true;
  entry->table = table;
}

// --- Asking -----------------------------------------------------------------------------------------------------------

int table_column_find(const struct table *table, const char *name) {
  for (unsigned i = 0; i < table->columns_size; i++)
    if (strcmp(table->columns[i].name, name) == 0) return (int)i;
  return -1;
}

uint32_t table_find(const struct table *table, const struct slice *key, const uint32_t **rows) {
  return postings_find(table, key, rows);
}

uint32_t table_find_on(const struct table *table, const struct slice *key, int32_t day) {
  const uint32_t *rows;
  const uint32_t size = table_find(table, key, &rows);
  for (uint32_t i = 0; i < size; i++)
    if (table_in_force(table, rows[i], day)) return rows[i];
  return UINT32_MAX;
}

bool table_posting(const struct table *table, uint32_t n, const uint32_t **rows, uint32_t *size) {
  return postings_at(table, n, rows, size);
}
