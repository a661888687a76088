#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "core/civil.h"
#include "core/digest.h"
#include "core/memory.h"
#include "knowledge/table.h"

static const char mapping[] =
    "columns:\n  - {name: inst, type: text}\n  - {name: own, type: text}\n  - {name: code, type: text}\n  - {name: price, type: price}\n"
    "  - {name: from, type: date}\n  - {name: to, type: date}\nkey: [inst, own]\neffective: {from: from, to: to}\n"
    "version: \"1\"\nsource: test\n";

struct fixture {
  struct arena arena;
  struct diagnostics diagnostics;
  struct tables *tables;
};

static int setup(void **state) {
  struct fixture *f = memory_take(sizeof *f);
  arena_init(&f->arena, 0);
  f->tables = tables_open(&f->arena, NULL, INT32_MAX, &f->diagnostics);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  diagnostics_fini(&f->diagnostics);
  arena_fini(&f->arena);
  memory_free(f);
  return 0;
}

static const struct table *add(struct fixture *f, const char *yaml, const char *csv) {
  return tables_add_text(f->tables, "t", slice_from(yaml), slice_from(csv));
}

static int32_t day(const char *text) {
  int32_t number = 0;
  assert_true(civil_parse(slice_from(text), &number));
  return number;
}

// A set of rules has thousands of tables with a few rows each.
static void a_small_table_takes_little_memory(void **state) {
  struct fixture *f = *state;
  enum { TABLES = 200 };
  for (int n = 0; n < TABLES; n++) {
    char name[16];
    snprintf(name, sizeof name, "t%d", n);
    assert_non_null(tables_add_text(f->tables, name, slice_from(mapping), SLICE("inst,own,code,price,from,to\nH1,a,X1,1.5,,\n")));
  }
  assert_int_equal(f->diagnostics.errors, 0);
  assert_true(arena_used(&f->arena) <= arena_bytes(&f->arena));
  assert_true(arena_bytes(&f->arena) < TABLES * (64 << 10));
}

static void rows_are_found_by_key_and_day(void **state) {
  struct fixture *f = *state;
  const struct table *table = add(f, mapping, "inst,own,code,price,from,to\n"
                                              "H1,a,X1,1.5,2025-01-01,2025-06-30\n"
                                              "H1,b,X2,,,\n"
                                              "H1,a,X3,2,2025-07-01,\n"
                                              "H2,a,X4,0.000001,,2025-01-31\n");
  assert_int_equal(f->diagnostics.errors + f->diagnostics.warnings, 0);
  assert_int_equal(table->rows_size, 4);
  const uint32_t *rows;
  const struct slice a[] = {SLICE("H1"), SLICE("a")}, b[] = {SLICE("H1"), SLICE("b")}, c[] = {SLICE("H2"), SLICE("a")};
  const struct slice none[] = {SLICE("H2"), SLICE("b")}, joined[] = {SLICE("H1a"), SLICE("")};
  assert_int_equal(table_find(table, a, &rows), 2);
  assert_int_equal(rows[0], 0);
  assert_int_equal(rows[1], 2);
  assert_int_equal(table_find(table, none, &rows), 0);
  assert_null(rows);
  assert_int_equal(table_find(table, joined, &rows), 0);
  assert_int_equal(table_find_on(table, a, day("2024-12-31")), UINT32_MAX);
  assert_int_equal(table_find_on(table, a, day("2025-01-01")), 0);
  assert_int_equal(table_find_on(table, a, day("2025-06-30")), 0);
  assert_int_equal(table_find_on(table, a, day("2025-07-01")), 2);
  assert_int_equal(table_find_on(table, a, INT32_MAX), 2);
  assert_int_equal(table_find_on(table, b, INT32_MIN), 1);
  assert_int_equal(table_find_on(table, c, day("2025-02-01")), UINT32_MAX);
  const int price = table_column_find(table, "price"), code = table_column_find(table, "code");
  assert_int_equal(table_number(table, 0, (unsigned)price), 1500000);
  assert_int_equal(table_number(table, 1, (unsigned)price), INT64_MIN);
  assert_int_equal(table_number(table, 3, (unsigned)price), 1);
  assert_true(slice_equal(table_text(table, 2, (unsigned)code), SLICE("X3")));
  assert_int_equal(table_column_find(table, "none"), -1);
  uint32_t size, keys = 0, all = 0;
  while (table_posting(table, keys, &rows, &size)) {
    keys++;
    all += size;
  }
  assert_int_equal(keys, 3);
  assert_int_equal(all, 4);
}

static void columns_stand_in_any_order_and_others_are_ignored(void **state) {
  struct fixture *f = *state;
  const struct table *table = add(f, mapping, "\xef\xbb\xbfto,extra,price,code,own,inst,from\r\n,\"x, \"\"y\"\"\nz\",3,\"X,1\",a,H1,20250101\r\n\r\n");
  assert_int_equal(f->diagnostics.errors, 0);
  assert_int_equal(table->rows_size, 1);
  assert_true(slice_equal(table_text(table, 0, 2), SLICE("X,1")));
  assert_int_equal(table_number(table, 0, 4), day("2025-01-01"));
}

static void a_table_may_be_empty(void **state) {
  struct fixture *f = *state;
  const struct table *table = add(f, mapping, "inst,own,code,price,from,to\n");
  assert_non_null(table);
  const struct slice key[] = {SLICE("H1"), SLICE("a")};
  assert_int_equal(table_find_on(table, key, 0), UINT32_MAX);
  const uint32_t *rows;
  uint32_t size;
  assert_false(table_posting(table, 0, &rows, &size));
}

static void all_types_are_scaled_integers(void **state) {
  struct fixture *f = *state;
  const struct table *table = add(f, "columns: [{name: k, type: text}, {name: i, type: int}, {name: p, type: price}, {name: a, type: amount}, "
                                     "{name: c, type: count}, {name: d, type: date}]\nkey: [k]\nversion: \"1\"\nsource: s\n",
                                  "k,i,p,a,c,d\nx,-3,1.25,1.25,1.25,1970-01-02\ny,,,,,\n");
  assert_non_null(table);
  static const int64_t expected[] = {-3, 1250000, 125, 12500, 1};
  for (unsigned i = 0; i < 5; i++) {
    assert_int_equal(table_number(table, 0, i + 1), expected[i]);
    assert_int_equal(table_number(table, 1, i + 1), INT64_MIN);
    assert_null(table->texts[i + 1]);
  }
  assert_true(table_in_force(table, 0, INT32_MIN) && table_in_force(table, 0, INT32_MAX));
}

static void bad_rows_are_located_errors(void **state) {
  struct fixture *f = *state;
#define HEADER "inst,own,code,price,from,to\n"
  static const struct { const char *csv; size_t size; unsigned code, line, column; } cases[] = {
#define T(literal) literal, sizeof(literal) - 1
      {T(""), 1203, 1, 1},
      {T("\n\n"), 1203, 3, 1},
      {T("inst,own,code,price,from\nH1,a,X,1,\n"), 1203, 1, 1},
      {T("inst,own,code,price,from,to,own\n"), 1203, 1, 29},
      {T(HEADER "H1,a,X,1,,\nH1,a,X,1\n"), 1205, 3, 1},
      {T(HEADER "H1,a,X,1,,,\n"), 1205, 2, 1},
      {T(HEADER "H1,a,X,1.5a,,\n"), 1206, 2, 8},
      {T(HEADER "H1,住院,X,1e3,,\n"), 1206, 2, 9},
      {T(HEADER "H1,a,X,1.0000001,,\n"), 1206, 2, 8},
      {T(HEADER "H1,a,X,1,2025-02-29,\n"), 1206, 2, 10},
      {T(HEADER "\nH1,a,\"X\ny\",1,,\n\nH1,b,X,1,x,\n"), 1206, 6, 10},
      {T(HEADER ",a,X,1,,\n"), 1207, 2, 1},
      {T(HEADER "H1,,X,1,,\n"), 1207, 2, 4},
      {T(HEADER "H1,a,X,1,2025-02-02,2025-02-01\n"), 1208, 2, 1},
      {T(HEADER "H1,a\"b,X,1,,\n"), 1204, 2, 4},
      {T(HEADER "H1,\"a,X,1,,\nH1,b,X,1,,\n"), 1204, 2, 4},
      {T(HEADER "H1,\"a\"b,X,1,,\n"), 1204, 2, 4},
      {T(HEADER "H1,\xff,X,1,,\n"), 1004, 2, 4},
      {T(HEADER "H1,\xb7\xd6,X,1,,\n"), 1004, 2, 4},
      {T(HEADER "H1,\0,X,1,,\n"), 1023, 2, 4},
#undef T
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct table *table = tables_add_text(f->tables, "t", slice_from(mapping), (struct slice){cases[i].csv, cases[i].size});
    const struct diagnostic *row = f->diagnostics.rows;
    if (table != NULL || f->diagnostics.errors != 1 || row->code != cases[i].code || row->place.line != cases[i].line ||
        row->place.column != cases[i].column) {
      struct text out = {0};
      diagnostics_write_text(&f->diagnostics, &out);
      fail_msg("case %zu %s expected SW%u at %u:%u, got\n%.*s", i, cases[i].csv, cases[i].code, cases[i].line, cases[i].column,
               SLICE_ARG(text_slice(&out)));
    }
    diagnostics_fini(&f->diagnostics);
  }
}

static void all_bad_rows_come_at_once_but_bounded(void **state) {
  struct fixture *f = *state;
  assert_null(add(f, mapping, HEADER "H1,a,X,x,y,\nH1,b,X,1,,\n,b,X,1,,\nH1,c\n"));
  static const unsigned lines[] = {2, 2, 4, 5}, columns[] = {8, 10, 1, 1};
  assert_int_equal(f->diagnostics.errors, 4);
  for (unsigned i = 0; i < 4; i++) {
    assert_int_equal(f->diagnostics.rows[i].place.line, lines[i]);
    assert_int_equal(f->diagnostics.rows[i].place.column, columns[i]);
  }
  assert_string_equal(f->diagnostics.rows[0].snippet, "H1,a,X,x,y,");
  diagnostics_fini(&f->diagnostics);
  struct text csv = {0};
  TEXT_LITERAL(&csv, HEADER);
  for (int i = 0; i < 100000; i++) TEXT_LITERAL(&csv, "H1,a,X,x,,\n");
  assert_null(tables_add_text(f->tables, "t", slice_from(mapping), text_slice(&csv)));
  assert_int_equal(f->diagnostics.errors, 200);
  text_fini(&csv);
}

static void bad_descriptions_are_located_errors(void **state) {
  struct fixture *f = *state;
#define REST "version: \"1\"\nsource: s\n"
#define COLUMNS "columns: [{name: a, type: text}, {name: num, type: int}, {name: d, type: date}]\n"
  static const struct { const char *yaml; unsigned code, line; } cases[] = {
      {"key: [a]\n" REST, 1201, 1},
      {"columns: []\nkey: [a]\n" REST, 1201, 1},
      {"columns: [{name: a}]\nkey: [a]\n" REST, 1201, 1},
      {"columns: [{name: a, type: float}]\nkey: [a]\n" REST, 1201, 1},
      {"columns: [{name: a, type: text}, {name: a, type: text}]\nkey: [a]\n" REST, 1201, 1},
      {"columns: [{name: a, typ: text}]\nkey: [a]\n" REST, 1007, 1},
      {COLUMNS REST, 1201, 1},
      {COLUMNS "key: []\n" REST, 1201, 2},
      {COLUMNS "key: [a, a, a, a, a]\n" REST, 1201, 2},
      {COLUMNS "key: a\n" REST, 1201, 2},
      {COLUMNS "key: [b]\n" REST, 1201, 2},
      {COLUMNS "key: [num]\n" REST, 1201, 2},
      {COLUMNS "key: [a]\neffective: {from: num}\n" REST, 1201, 3},
      {COLUMNS "key: [a]\neffective: {form: d}\n" REST, 1007, 3},
      {COLUMNS "key: [a]\neffective: d\n" REST, 1017, 3},
      {COLUMNS "key: [a]\nunique: yes\n" REST, 1020, 3},
      {COLUMNS "key: [a]\nversion: 1\nsource: s\n", 1018, 3},
      {COLUMNS "key: [a]\nkeys: [a]\n" REST, 1007, 3},
      {"- a\n", 1017, 1},
      {"", 1002, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct table *table = add(f, cases[i].yaml, "a,num,d\nx,1,\n");
    if (table != NULL || f->diagnostics.errors != 1 || f->diagnostics.rows[0].code != cases[i].code ||
        f->diagnostics.rows[0].place.line != cases[i].line) {
      struct text out = {0};
      diagnostics_write_text(&f->diagnostics, &out);
      fail_msg("%s expected SW%u in line %u, got\n%.*s", cases[i].yaml, cases[i].code, cases[i].line, SLICE_ARG(text_slice(&out)));
    }
    diagnostics_fini(&f->diagnostics);
  }
  assert_non_null(add(f, COLUMNS "key: [a]\n", "a,num,d\nx,1,\n"));
  assert_int_equal(f->diagnostics.warnings, 2);
}

static void switches_make_it_stricter_or_more_lenient(void **state) {
  struct fixture *f = *state;
  struct text yaml = {0};
  text_format(&yaml, "%sstrict: true\n%c", mapping, '\0');
  assert_null(add(f, yaml.data, "inst,own,code,price,from,to,more\n"));
  assert_int_equal(f->diagnostics.rows[0].code, 1203);
  assert_int_equal(f->diagnostics.rows[0].place.column, 29);
  assert_non_null(add(f, yaml.data, HEADER));
  diagnostics_fini(&f->diagnostics);
  text_clear(&yaml);
  text_format(&yaml, "%sskip_rows_without_key: true\n%c", mapping, '\0');
  const struct table *table = add(f, yaml.data, HEADER "H1,a,X,1,,\n,,total,99,,\nH1,b,X,1,,\n");
  assert_int_equal(table->rows_size, 2);
  text_clear(&yaml);
  text_format(&yaml, "%sunique: true\n%c", mapping, '\0');
  assert_non_null(add(f, yaml.data, HEADER "H1,a,X,1,2025-02-01,\nH1,a,Y,1,,2025-01-31\nH1,b,X,1,,\n"));
  assert_null(add(f, yaml.data, HEADER "H1,a,X,1,2025-02-01,\nH1,a,Y,1,,2025-02-01\n"));
  assert_int_equal(f->diagnostics.rows[0].code, 1209);
  assert_non_null(strstr(f->diagnostics.rows[0].text, "'H1,a'"));
  diagnostics_fini(&f->diagnostics);
  assert_null(add(f, yaml.data, HEADER "H1,a,X,1,2025-01-01,2025-12-31\nH1,a,Y,1,2025-02-01,2025-02-10\nH1,a,Z,1,2025-03-01,2025-03-10\n"));
  assert_int_equal(f->diagnostics.errors, 1);
  assert_non_null(add(f, mapping, HEADER "H1,a,X,1,2025-02-01,\nH1,a,Y,1,,2025-02-01\n"));
  text_fini(&yaml);
}

static void the_digest_changes_with_the_content_only(void **state) {
  struct fixture *f = *state;
  const struct table *one = add(f, mapping, HEADER "H1,a,X,1,,\nH1,b,X,1,,\n");
  const struct table *same = add(f, mapping, "more,inst,own,code,price,to,from\r\nm,H1,a,\"X\",1.00,,\r\n,H1,b,X,1,,\r\n");
  assert_memory_equal(one->digest, same->digest, 16);
  static const char *const changes[] = {HEADER "H1,a,X,1,,\nH1,b,X,2,,\n", HEADER "H1,b,X,1,,\nH1,a,X,1,,\n", HEADER "H1,a,X,1,,\n",
                                        HEADER "H1,a,X,1,,\nH1,b,X,,,\n", HEADER "H1,a,X,1,,\nH1,b,X,1,2025-01-01,\n"};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
    assert_memory_not_equal(one->digest, add(f, mapping, changes[i])->digest, 16);
}

static void tables_of_a_folder_load_on_first_use(void **state) {
  struct fixture *f = *state;
  struct tables *tables = tables_open(&f->arena, "rules.d/knowledge", INT32_MAX, &f->diagnostics);
  size_t size;
  const char *const *names = tables_names(tables, &size);
  assert_true(size >= 5);
  for (size_t i = 1; i < size; i++) assert_true(strcmp(names[i - 1], names[i]) < 0);
  const struct table *table = tables_get(tables, "rescue_items");
  assert_non_null(table);
  assert_ptr_equal(tables_get(tables, "rescue_items"), table);
  assert_null(tables_get(tables, "no_such_table"));
  assert_int_equal(f->diagnostics.errors, 0);
  const struct slice key[] = {SLICE("001202000010000")};
  assert_int_not_equal(table_find_on(table, key, day("2026-01-01")), UINT32_MAX);
}

static void a_missing_csv_is_reported_once(void **state) {
  struct fixture *f = *state;
  char folder[] = "/tmp/settlewatch-table-XXXXXX", path[64];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/t.yaml", folder);
  FILE *stream = fopen(path, "w");
  fputs(mapping, stream);
  fclose(stream);
  struct tables *tables = tables_open(&f->arena, folder, INT32_MAX, &f->diagnostics);
  assert_null(tables_get(tables, "t"));
  assert_null(tables_get(tables, "t"));
  remove(path);
  remove(folder);
  assert_int_equal(f->diagnostics.errors, 1);
  assert_int_equal(f->diagnostics.rows[0].code, 1202);
}

// Every row is found by its key among many, also those whose keys share a hash's beginning.
static void many_rows_are_all_found_and_load_fast(void **state) {
  struct fixture *f = *state;
  enum { ROWS = 200000 };
  struct text csv = {0};
  TEXT_LITERAL(&csv, HEADER);
  for (int i = 0; i < ROWS; i++) text_format(&csv, "H%05d,Y%06d,XL02BBA326A%05d,%d.25,2025-01-01,\n", i % 50, i / 2, i % 7000, i % 100);
  struct timespec start, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  const struct table *table = tables_add_text(f->tables, "t", slice_from(mapping), text_slice(&csv));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  assert_non_null(table);
  assert_int_equal(table->rows_size, ROWS);
  assert_true((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 < 10000);
  for (uint32_t row = 0; row < ROWS; row++) {
    const struct slice key[] = {table_text(table, row, 0), table_text(table, row, 1)};
    const uint32_t *rows;
    assert_int_equal(table_find(table, key, &rows), 1);
    assert_int_equal(rows[0], row);
  }
  text_fini(&csv);
}

// The real lists of other parties, when they are there: read through descriptions of our own.
static void real_lists_load(void **state) {
  struct fixture *f = *state;
  const char *folder = getenv("SETTLEWATCH_DATA");
  if (folder == NULL) folder = "../shared/data";
  static const struct { const char *file, *yaml; uint32_t rows; } lists[] = {
      {"nhsa_liangku/第七批_项目规则库（重复收费）.csv",
       "columns: [{name: 主项编码, type: text}, {name: 从项编码, type: text}, {name: 频度, type: text}]\nkey: [主项编码]\n", 900},
      {"nhsa_liangku/第一批_药品规则库(限定性别对象)_明细代码.csv",
       "columns: [{name: 药品代码, type: text}, {name: 药品通用名, type: text}]\nkey: [药品代码]\n", 6472},
      {"cn_hospital_pricelist/price_list_V301.csv",
       "columns: [{name: ITEM_CODE, type: text}, {name: ITEM_NAME, type: text}, {name: PRICE, type: price}]\nkey: [ITEM_CODE]\n", 0},
      {"medimodel_rules/规则_项目串换.csv", "columns: [{name: 主项编码, type: text}, {name: 小项编码, type: text}]\nkey: [主项编码]\n", 0}};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, lists[i].file);
    FILE *stream = fopen(path, "r");
    if (stream == NULL) {
      print_message("skipped: %s is not there\n", path);
      skip();
    }
    struct text csv = {0}, yaml = {0};
    const size_t got = fread(text_reserve(&csv, 4 << 20), 1, 4 << 20, stream);
    csv.size = got;
    fclose(stream);
    text_format(&yaml, "%sskip_rows_without_key: true\nsource: %s\nversion: \"1\"\n%c", lists[i].yaml, lists[i].file, '\0');
    text_byte(&csv, '\0');
    const struct table *table = add(f, yaml.data, csv.data);
    if (table == NULL) {
      struct text out = {0};
      diagnostics_write_text(&f->diagnostics, &out);
      fail_msg("%.*s", SLICE_ARG(text_slice(&out)));
    }
    if (lists[i].rows != 0) assert_int_equal(table->rows_size, lists[i].rows);
    assert_true(table->rows_size > 0);
    text_fini(&csv);
    text_fini(&yaml);
  }
}

int main(void) {
  digest_start();
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(rows_are_found_by_key_and_day),
      TEST(columns_stand_in_any_order_and_others_are_ignored),
      TEST(a_table_may_be_empty),
      TEST(all_types_are_scaled_integers),
      TEST(bad_rows_are_located_errors),
      TEST(all_bad_rows_come_at_once_but_bounded),
      TEST(bad_descriptions_are_located_errors),
      TEST(switches_make_it_stricter_or_more_lenient),
      TEST(the_digest_changes_with_the_content_only),
      TEST(tables_of_a_folder_load_on_first_use),
      TEST(a_missing_csv_is_reported_once),
      TEST(a_small_table_takes_little_memory),
      TEST(many_rows_are_all_found_and_load_fast),
      TEST(real_lists_load),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
