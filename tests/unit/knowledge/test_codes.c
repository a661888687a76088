#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/civil.h"
#include "core/digest.h"
#include "core/memory.h"
#include "knowledge/codes.h"

static const char *const good_files[CODE_TABLE_COUNT] = {
    [CODES_MED_TYPE] = "codes:\n  - {code: \"21\", name: a, maps_to: INP}\n  - {code: \"28\", name: b, maps_to: INP_DAY}\n"
                       "groups: {INPATIENT_STAY: [INP], INPATIENT_REVIEW: [INPATIENT_STAY, INP_DAY]}\n",
    [CODES_FEE] = "codes: [{code: \"01\", name: a, maps_to: BED}, {code: \"14\", name: b, maps_to: OTHER}, {code: \"1409\", name: c, maps_to: EXAM}]\n",
    [CODES_ADM_WAY] = "codes: [{code: \"1\", name: a, maps_to: EMERGENCY}]\n",
    [CODES_DSCG_WAY] = "codes: [{code: \"5\", name: a, maps_to: DEATH}]\n",
    [CODES_READMISSION_PLAN] = "codes: [{code: \"1\", name: a, maps_to: NOT_PLANNED, effective_to: 2025-12-31}, "
                               "{code: \"1\", name: a, maps_to: PLANNED, effective_from: 2026-01-01}]\n"};

struct fixture {
  struct arena arena;
  struct diagnostics diagnostics;
  char folder[64];
};

static void path_of(const struct fixture *f, enum code_table table, char path[160]) {
  snprintf(path, 160, "%s/%s.yaml", f->folder, code_table_files[table]);
}

static void write_file(const struct fixture *f, enum code_table table, const char *text) {
  char path[160];
  path_of(f, table, path);
  FILE *stream = fopen(path, "w");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
}

static int setup(void **state) {
  struct fixture *f = memory_take(sizeof *f);
  arena_init(&f->arena, 0);
  snprintf(f->folder, sizeof f->folder, "/tmp/settlewatch-codes-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) write_file(f, table, good_files[table]);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  char path[160];
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) {
    path_of(f, table, path);
    unlink(path);
  }
  rmdir(f->folder);
  diagnostics_fini(&f->diagnostics);
  arena_fini(&f->arena);
  memory_free(f);
  return 0;
}

static int32_t day(const char *text) {
  int32_t number = 0;
  assert_true(civil_parse(slice_from(text), &number));
  return number;
}

static void the_shipped_tables_map_the_common_codes(void **state) {
  struct fixture *f = *state;
  const struct codes *codes = codes_load(&f->arena, "rules.d/codes", &f->diagnostics);
  assert_non_null(codes);
  assert_int_equal(f->diagnostics.errors + f->diagnostics.warnings, 0);
  const int32_t today = day("2026-03-09");
  static const struct { enum code_table table; const char *raw; unsigned symbol; } cases[] = {
      {CODES_MED_TYPE, "21", VISIT_INP}, {CODES_MED_TYPE, "2101", VISIT_INP}, {CODES_MED_TYPE, "24", VISIT_INP_EMERG}, {CODES_MED_TYPE, "28", VISIT_INP_DAY},
      {CODES_MED_TYPE, "41", VISIT_PHARM}, {CODES_MED_TYPE, "52", VISIT_MAT_INP}, {CODES_MED_TYPE, "11", VISIT_OUTP}, {CODES_MED_TYPE, "2199", VISIT_OTHER},
      {CODES_FEE, "01", FEE_BED}, {CODES_FEE, "0101", FEE_BED}, {CODES_FEE, "1409", FEE_EXAM}, {CODES_FEE, "1499", FEE_OTHER}, {CODES_FEE, "14", FEE_OTHER},
      {CODES_FEE, "99", FEE_UNKNOWN}, {CODES_FEE, "0", FEE_UNKNOWN}, {CODES_FEE, "09", FEE_DRUG_W}, {CODES_ADM_WAY, "1", ADMISSION_EMERGENCY},
      {CODES_ADM_WAY, "3", ADMISSION_TRANSFERRED}, {CODES_DSCG_WAY, "6", DISCHARGE_OTHER}, {CODES_DSCG_WAY, "5", DISCHARGE_DEATH},
      {CODES_READMISSION_PLAN, "1", PLAN_NOT_PLANNED}, {CODES_READMISSION_PLAN, "2", PLAN_PLANNED}, {CODES_READMISSION_PLAN, "0", PLAN_UNKNOWN}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_int_equal(codes_symbol(codes, cases[i].table, slice_from(cases[i].raw), today), cases[i].symbol);
  assert_int_equal(codes_symbol(codes, CODES_MED_TYPE, SLICE_NONE, today), 0);
  assert_int_equal(codes_symbol(codes, CODES_MED_TYPE, SLICE(""), today), 0);
  const uint32_t stay = 1U << VISIT_INP | 1U << VISIT_INP_EMERG | 1U << VISIT_INP_TRAUMA | 1U << VISIT_INP_REFER | 1U << VISIT_INP_SINGLE |
                        1U << VISIT_INP_BEDDAY | 1U << VISIT_MAT_INP;
  assert_int_equal(codes_group(codes, "INPATIENT_STAY"), stay);
  assert_int_equal(codes_group(codes, "INPATIENT_REVIEW"), stay | 1U << VISIT_INP_DAY);
  assert_int_equal(codes_group(codes, "NO_SUCH"), 0);
  size_t size;
  assert_string_equal(codes_groups(codes, &size)[0], "INPATIENT_STAY");
  assert_int_equal(size, 2);
}

static void a_code_is_judged_by_the_day(void **state) {
  struct fixture *f = *state;
  const struct codes *codes = codes_load(&f->arena, f->folder, &f->diagnostics);
  assert_non_null(codes);
  assert_int_equal(codes_symbol(codes, CODES_READMISSION_PLAN, SLICE("1"), day("2025-12-31")), PLAN_NOT_PLANNED);
  assert_int_equal(codes_symbol(codes, CODES_READMISSION_PLAN, SLICE("1"), day("2026-01-01")), PLAN_PLANNED);
}

static void symbols_have_names_and_are_found_by_them(void **state) {
  (void)state;
  assert_string_equal(code_symbol_name(CODES_MED_TYPE, VISIT_INP_DAY), "INP_DAY");
  assert_string_equal(code_symbol_name(CODES_FEE, FEE_OTHER), "OTHER");
  assert_int_equal(code_symbol_find(CODES_DSCG_WAY, SLICE("DEATH")), DISCHARGE_DEATH);
  assert_int_equal(code_symbol_find(CODES_DSCG_WAY, SLICE("death")), -1);
}

static void bad_files_are_located_errors(void **state) {
  struct fixture *f = *state;
  static const struct { enum code_table table; const char *text; unsigned code, line; } cases[] = {
      {CODES_ADM_WAY, "codes:\n  - {code: 1, name: a, maps_to: EMERGENCY}\n", 1018, 2},
      {CODES_ADM_WAY, "codes:\n  - {code: \"\", name: a, maps_to: EMERGENCY}\n", 1027, 2},
      {CODES_ADM_WAY, "codes:\n  - {code: \"1\", maps_to: EMERGENCY}\n", 1025, 2},
      {CODES_ADM_WAY, "codes:\n  - {code: \"1\", name: a, maps_to: EMERGENCI}\n", 1222, 2},
      {CODES_ADM_WAY, "codes:\n  - {code: \"1\", name: a, maps_to: DEATH}\n", 1222, 2},
      {CODES_ADM_WAY, "codes:\n  - {code: \"1\", name: a, map_to: OTHER}\n", 1007, 2},
      {CODES_ADM_WAY, "codes:\n  - {code: \"1\", name: a, maps_to: OTHER}\n  - {code: \"1\", name: b, maps_to: EMERGENCY}\n", 1223, 3},
      {CODES_ADM_WAY, "codes:\n  - {code: \"1\", name: a, maps_to: OTHER, effective_to: 2026-01-01}\n"
                      "  - {code: \"1\", name: b, maps_to: EMERGENCY, effective_from: 2026-01-01}\n", 1223, 3},
      {CODES_ADM_WAY, "codes:\n  - {code: \"1\", name: a, maps_to: OTHER, effective_from: 2026-01-02, effective_to: 2026-01-01}\n", 1208, 2},
      {CODES_ADM_WAY, "codes:\n  - {code: \"1\", name: a, maps_to: OTHER, effective_from: 2026-02-29}\n", 1026, 2},
      {CODES_ADM_WAY, "codes: {a: b}\n", 1017, 1},
      {CODES_ADM_WAY, "- {code: \"1\", name: a, maps_to: OTHER}\n", 1017, 1},
      {CODES_ADM_WAY, "note: x\n", 1025, 1},
      {CODES_ADM_WAY, "codes: []\ngroups: {A: [INP]}\n", 1007, 2},
      {CODES_ADM_WAY, "codes: [1]\n", 1017, 1},
      {CODES_ADM_WAY, "", 1002, 0},
      {CODES_MED_TYPE, "codes: []\n", 1224, 1},
      {CODES_MED_TYPE, "codes: []\ngroups:\n  INPATIENT_STAY: [INP]\n", 1224, 3},
      {CODES_MED_TYPE, "codes: []\ngroups:\n  INPATIENT_STAY: [INP]\n  INPATIENT_REVIEW: []\n", 1224, 4},
      {CODES_MED_TYPE, "codes: []\ngroups:\n  INPATIENT_REVIEW: [INPATIENT_STAY]\n  INPATIENT_STAY: [INP]\n", 1222, 3},
      {CODES_MED_TYPE, "codes: []\ngroups:\n  INPATIENT_STAY: [INP]\n  INPATIENT_REVIEW: [INP]\n  INP: [INP]\n", 1224, 5},
      {CODES_MED_TYPE, "codes: []\ngroups:\n  INPATIENT_STAY: [INP]\n  INPATIENT_REVIEW: [INP]\n  low: [INP]\n", 1224, 5},
      {CODES_MED_TYPE, "codes: []\ngroups:\n  INPATIENT_STAY: INP\n  INPATIENT_REVIEW: [INP]\n", 1017, 3},
      {CODES_MED_TYPE, "codes: []\ngroups: [INP]\n", 1017, 2}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    write_file(f, cases[i].table, cases[i].text);
    const struct codes *codes = codes_load(&f->arena, f->folder, &f->diagnostics);
    if (codes != NULL || f->diagnostics.errors != 1 || f->diagnostics.rows[0].code != cases[i].code ||
        f->diagnostics.rows[0].place.line != cases[i].line) {
      struct text out = {0};
      diagnostics_write_text(&f->diagnostics, &out);
      fail_msg("%s expected SW%u in line %u, got\n%.*s", cases[i].text, cases[i].code, cases[i].line, SLICE_ARG(text_slice(&out)));
    }
    diagnostics_fini(&f->diagnostics);
    write_file(f, cases[i].table, good_files[cases[i].table]);
  }
  assert_non_null(codes_load(&f->arena, f->folder, &f->diagnostics));
}

static void a_missing_file_is_named(void **state) {
  struct fixture *f = *state;
  char path[160];
  path_of(f, CODES_DSCG_WAY, path);
  unlink(path);
  assert_null(codes_load(&f->arena, f->folder, &f->diagnostics));
  assert_int_equal(f->diagnostics.errors, 1);
  assert_int_equal(f->diagnostics.rows[0].code, 1001);
  assert_string_equal(f->diagnostics.rows[0].place.file, path);
}

static void errors_of_all_files_come_at_once(void **state) {
  struct fixture *f = *state;
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) write_file(f, table, "code: []\n");
  assert_null(codes_load(&f->arena, f->folder, &f->diagnostics));
  assert_true(f->diagnostics.errors >= 2 * CODE_TABLE_COUNT);
}

static void the_digest_changes_with_the_meaning_only(void **state) {
  struct fixture *f = *state;
  const unsigned char *one = codes_digest(codes_load(&f->arena, f->folder, &f->diagnostics));
  write_file(f, CODES_ADM_WAY, "# words\nnote: x\ncodes:\n  - {maps_to: EMERGENCY, code: '1', name: other}\n");
  assert_memory_equal(one, codes_digest(codes_load(&f->arena, f->folder, &f->diagnostics)), 16);
  write_file(f, CODES_ADM_WAY, "codes: [{code: \"1\", name: a, maps_to: OUTPATIENT}]\n");
  assert_memory_not_equal(one, codes_digest(codes_load(&f->arena, f->folder, &f->diagnostics)), 16);
  assert_int_equal(f->diagnostics.errors, 0);
}

int main(void) {
  digest_start();
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(the_shipped_tables_map_the_common_codes),
      TEST(a_code_is_judged_by_the_day),
      TEST(symbols_have_names_and_are_found_by_them),
      TEST(bad_files_are_located_errors),
      TEST(a_missing_file_is_named),
      TEST(errors_of_all_files_come_at_once),
      TEST(the_digest_changes_with_the_meaning_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
