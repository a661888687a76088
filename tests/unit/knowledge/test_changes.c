// Change files: what they make of a table, and what they refuse.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/digest.h"
#include "core/memory.h"
#include "knowledge/changes.h"

#define COLUMNS "  - {name: code, type: text}\n  - {name: price, type: price}\n  - {name: from, type: date}\n  - {name: to, type: date}\n"
#define REST "key: [code]\neffective: {from: from, to: to}\nversion: \"1\"\nsource: test\nunique: true\n"
static const char base_yaml[] = "columns:\n" COLUMNS REST;
static const char changes_yaml[] = "columns:\n  - {name: change, type: text}\n" COLUMNS "key: [code]\neffective: {from: from, to: to}\nversion: \"2\"\nsource: test\n";
static const char base_csv[] = "code,price,from,to\nA,1,2025-01-01,2025-12-31\nB,2,,\nA,3,2026-01-01,\nC,4,2025-01-01,\n";

struct fixture {
  struct arena arena;
  struct diagnostics diagnostics;
  struct tables *tables;
  bool good;
};

static void open_fixture(struct fixture *f, const char *yaml, const char *csv) {
  *f = (struct fixture){0};
  arena_init(&f->arena, 0);
  f->tables = tables_open(&f->arena, NULL, INT32_MAX, &f->diagnostics);
  assert_non_null(tables_add_text(f->tables, "t", slice_from(base_yaml), slice_from(base_csv)));
  const struct table *changes = tables_add_text(f->tables, "t.changes", slice_from(yaml), slice_from(csv));
  assert_non_null(changes);
  f->good = changes_apply(f->tables, changes, &f->arena, &f->diagnostics);
}

static void close_fixture(struct fixture *f) {
  diagnostics_fini(&f->diagnostics);
  arena_fini(&f->arena);
}

static void changed_rows_keep_their_place_and_added_ones_come_last(void **state) {
  (void)state;
  struct fixture f;
  open_fixture(&f, changes_yaml, "change,code,price,from,to\nremoved,C,,2025-01-01,\nchanged,A,3.5,2026-01-01,2026-06-30\nadded,A,5,2026-07-01,\nadded,D,6,,\n");
  assert_true(f.good);
  assert_int_equal(f.diagnostics.errors, 0);
  const struct table *table = tables_get(f.tables, "t");
  const struct table *want = tables_add_text(f.tables, "u", slice_from(base_yaml),
                                             SLICE("code,price,from,to\nA,1,2025-01-01,2025-12-31\nB,2,,\nA,3.5,2026-01-01,2026-06-30\nA,5,2026-07-01,\nD,6,,\n"));
  assert_int_equal(table->rows_size, want->rows_size);
  for (uint32_t row = 0; row < want->rows_size; row++) {
    assert_true(slice_equal(table_text(table, row, 0), table_text(want, row, 0)));
    for (unsigned c = 1; c < 4; c++) assert_true(table_number(table, row, c) == table_number(want, row, c));
  }
  const struct slice key = SLICE("A"), gone = SLICE("C");
  const uint32_t *rows;
  assert_int_equal(table_find(table, &key, &rows), 3);
  assert_int_equal(table_find(table, &gone, &rows), 0);
  close_fixture(&f);
}

static void the_hash_is_that_of_the_rows(void **state) {
  (void)state;
  struct fixture f, g;
  open_fixture(&f, changes_yaml, "change,code,price,from,to\nchanged,B,9,,\n");
  open_fixture(&g, changes_yaml, "change,code,price,from,to\n");
  unsigned char before[16];
  memcpy(before, tables_get(g.tables, "t")->digest, sizeof before);
  assert_memory_not_equal(tables_get(f.tables, "t")->digest, before, sizeof before);
  assert_memory_equal(tables_add_text(g.tables, "t", slice_from(base_yaml), slice_from(base_csv))->digest, before, sizeof before);
  assert_memory_equal(tables_add_text(g.tables, "t", slice_from(base_yaml),
                                      SLICE("code,price,from,to\nA,1,2025-01-01,2025-12-31\nB,9,,\nA,3,2026-01-01,\nC,4,2025-01-01,\n"))->digest,
                      tables_get(f.tables, "t")->digest, sizeof before);
  close_fixture(&f);
  close_fixture(&g);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  static const struct { const char *rows; unsigned code, errors; } cases[] = {
      {"added,B,1,,\n", 1214, 1},                            // is there
      {"added,A,1,2025-01-01,\n", 1214, 1},
      {"changed,D,1,,\n", 1214, 1},                          // is not there
      {"removed,A,1,2025-02-01,\n", 1214, 1},                // not from that day
      {"changed,B,1,,\nremoved,B,,,\n", 1214, 1},            // twice
      {"replaced,B,1,,\nadded,B,1,,\n", 1214, 2},            // all are told
      {"added,A,1,2025-06-01,2025-07-01\n", 1209, 1}};       // two in force on a day
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct fixture f;
    char csv[200];
    snprintf(csv, sizeof csv, "change,code,price,from,to\n%s", cases[i].rows);
    open_fixture(&f, changes_yaml, csv);
    if (f.good || f.diagnostics.errors != cases[i].errors || f.diagnostics.rows[0].code != cases[i].code) fail_msg("%s", cases[i].rows);
    assert_int_equal(tables_get(f.tables, "t")->rows_size, 4);    // unchanged
    close_fixture(&f);
  }
}

static void columns_must_be_those_of_the_table(void **state) {
  (void)state;
  static const char other[] = "columns:\n  - {name: code, type: text}\n  - {name: price, type: int}\nkey: [code]\nversion: \"1\"\nsource: test\n";
  struct fixture f;
  open_fixture(&f, other, "code,price\nB,1\n");
  assert_false(f.good);
  assert_int_equal(f.diagnostics.errors, 4);    // price, from, to, change
  close_fixture(&f);
  open_fixture(&f, changes_yaml, "change,code,price,from,to\n");
  const struct table *lonely = tables_add_text(f.tables, "nobody.changes", slice_from(changes_yaml), SLICE("change,code,price,from,to\n"));
  assert_false(changes_apply(f.tables, lonely, &f.arena, &f.diagnostics));
  assert_int_equal(f.diagnostics.rows[0].code, 1213);
  close_fixture(&f);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {cmocka_unit_test(changed_rows_keep_their_place_and_added_ones_come_last),
                                     cmocka_unit_test(the_hash_is_that_of_the_rows), cmocka_unit_test(what_does_not_fit_is_refused),
                                     cmocka_unit_test(columns_must_be_those_of_the_table)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
