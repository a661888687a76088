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
#include "knowledge/calendar.h"

struct fixture {
  struct arena arena;
  struct diagnostics diagnostics;
  char folder[64];
};

static int setup(void **state) {
  struct fixture *f = memory_take(sizeof *f);
  arena_init(&f->arena, 0);
  snprintf(f->folder, sizeof f->folder, "/tmp/settlewatch-calendar-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  *state = f;
  return 0;
}

static void remove_file(const struct fixture *f, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", f->folder, name);
  unlink(path);
}

static int teardown(void **state) {
  struct fixture *f = *state;
  remove_file(f, "a.yaml");
  remove_file(f, "b.yaml");
  rmdir(f->folder);
  diagnostics_fini(&f->diagnostics);
  arena_fini(&f->arena);
  memory_free(f);
  return 0;
}

static void write_file(const struct fixture *f, const char *name, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", f->folder, name);
  FILE *stream = fopen(path, "w");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
}

static int32_t day(const char *text) {
  int32_t number = 0;
  assert_true(civil_parse(slice_from(text), &number));
  return number;
}

static struct calendar *shipped(struct fixture *f) {
  struct calendar *calendar = calendar_load(&f->arena, "rules.d/calendars", &f->diagnostics);
  assert_int_equal(f->diagnostics.errors, 0);
  return calendar;
}

static void the_shipped_years_have_248_working_days(void **state) {
  const struct calendar *calendar = shipped(*state);
  assert_int_equal(calendar_workdays_between(calendar, day("2024-12-31"), day("2025-12-31")), 248);
  assert_int_equal(calendar_workdays_between(calendar, day("2025-12-31"), day("2026-12-31")), 248);
  assert_int_equal(calendar_workdays_between(calendar, day("2024-12-31"), day("2026-12-31")), 496);
}

// Start day not counted: n working days after it end on the due day, and not a day earlier.
static void deadlines_in_working_days_end_where_they_must(void **state) {
  const struct calendar *calendar = shipped(*state);
  static const struct { const char *start; int n; const char *due; } cases[] = {
      {"2026-11-20", 5, "2026-11-27"}, {"2026-02-13", 5, "2026-02-27"}, {"2026-02-11", 3, "2026-02-14"}, {"2026-02-14", 1, "2026-02-24"},
      {"2026-02-27", 3, "2026-03-03"}, {"2026-09-30", 3, "2026-10-10"}, {"2026-09-18", 5, "2026-09-24"}, {"2026-09-24", 5, "2026-10-09"},
      {"2026-04-30", 5, "2026-05-11"}, {"2026-06-18", 3, "2026-06-24"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(calendar_workdays_between(calendar, day(cases[i].start), day(cases[i].due)), cases[i].n);
    assert_int_equal(calendar_workdays_between(calendar, day(cases[i].start), day(cases[i].due) - 1), cases[i].n - 1);
    assert_true(calendar_workday(calendar, day(cases[i].due)));
  }
}

static void sums_equal_day_by_day_counts(void **state) {
  const struct calendar *calendar = shipped(*state);
  const int32_t first = day("2025-01-01"), last = day("2026-12-31");
  for (int32_t from = first - 1; from <= last; from += 37) {
    int worked = 0;
    for (int32_t to = from + 1; to <= last; to++) {
      worked += calendar_workday(calendar, to);
      assert_int_equal(calendar_workdays_between(calendar, from, to), worked);
    }
  }
  assert_int_equal(calendar_workdays_between(calendar, last, first), 0);
  assert_int_equal(calendar_workdays_between(calendar, first, first), 0);
}

static void an_unknown_year_has_no_working_days(void **state) {
  const struct calendar *calendar = shipped(*state);
  assert_false(calendar_knows(calendar, day("2024-12-31")));
  assert_true(calendar_knows(calendar, day("2025-01-01")));
  assert_true(calendar_knows(calendar, day("2026-12-31")));
  assert_false(calendar_knows(calendar, day("2027-01-01")));
  assert_false(calendar_workday(calendar, day("2027-01-04")));
  assert_false(calendar_holiday(calendar, day("2027-01-01")));
  assert_int_equal(calendar_workdays_between(calendar, day("2026-12-30"), day("2027-01-04")), -1);
  assert_int_equal(calendar_workdays_between(calendar, day("2024-12-30"), day("2025-01-04")), -1);
  assert_int_equal(calendar_workdays_between(calendar, INT32_MIN, INT32_MAX), -1);
  assert_false(calendar_knows(calendar, INT32_MIN));
  assert_false(calendar_knows(calendar, INT32_MAX));
}

static void a_holiday_run_has_a_first_and_a_last_day(void **state) {
  const struct calendar *calendar = shipped(*state);
  int32_t first, last;
  assert_true(calendar_run(calendar, day("2026-02-18"), &first, &last));
  assert_int_equal(first, day("2026-02-15"));
  assert_int_equal(last, day("2026-02-23"));
  assert_true(calendar_run(calendar, day("2025-01-01"), &first, &last));
  assert_int_equal(first, day("2025-01-01"));
  assert_int_equal(last, day("2025-01-01"));
  assert_false(calendar_run(calendar, day("2026-02-14"), &first, &last));
  assert_false(calendar_run(calendar, day("2026-03-07"), &first, &last));    // an ordinary Saturday
}

static void bad_files_are_located_errors(void **state) {
  struct fixture *f = *state;
  static const struct { const char *text; unsigned code, line; } cases[] = {
      {"year: 2026\nholidays: [{from: 2025-12-31, name: x}]\n", 1241, 2},
      {"year: 2026\nholidays: [{from: 2026-12-31, to: 2027-01-01, name: x}]\n", 1241, 2},
      {"year: 2026\nholidays: [{from: 2026-01-03, to: 2026-01-01, name: x}]\n", 1241, 2},
      {"year: 2026\nholidays: [{from: 2026-01-01, to: 9999-12-31, name: x}]\n", 1241, 2},
      {"year: 2026\nholidays: [{from: 2026-02-30, name: x}]\n", 1026, 2},
      {"year: 2026\nholidays: [{from: 2026-01-01}]\n", 1025, 2},
      {"year: 2026\nholidays: [{to: 2026-01-01, name: x}]\n", 1025, 2},
      {"year: 2026\nholidays: [2026-01-01]\n", 1017, 2},
      {"year: 2026\nholidays:\n  - {from: 2026-01-01, name: x}\n  - {from: 2026-01-01, name: z}\n", 1242, 4},
      {"year: 2026\nworkdays: [2026-01-05]\n", 1242, 2},
      {"year: 2026\nworkdays: [2026-01-04, 2026-01-04]\n", 1242, 2},
      {"year: 2026\nholidays: [{from: 2026-01-04, name: x}]\nworkdays: [2026-01-04]\n", 1242, 3},
      {"year: 2026\nworkdays: [yes]\n", 1026, 2},
      {"year: 2026\nworking_days_in_year: 248\n", 1243, 2},
      {"year: 1026\n", 1022, 1},
      {"year: \"2026\"\n", 1019, 1},
      {"holidays: []\n", 1025, 1},
      {"year: 2026\nholiday: []\n", 1007, 2},
      {"- year: 2026\n", 1017, 1},
      {"year: 2026\nlocal: yes\n", 1020, 2},
      {"year: 2026\nlocal: true\n", 1241, 1},
      {"", 1002, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    write_file(f, "a.yaml", cases[i].text);
    assert_non_null(calendar_load(&f->arena, f->folder, &f->diagnostics));
    if (f->diagnostics.errors != 1 || f->diagnostics.rows[0].code != cases[i].code || f->diagnostics.rows[0].place.line != cases[i].line) {
      struct text out = {0};
      diagnostics_write_text(&f->diagnostics, &out);
      fail_msg("%s expected SW%u in line %u, got\n%.*s", cases[i].text, cases[i].code, cases[i].line, SLICE_ARG(text_slice(&out)));
    }
    diagnostics_fini(&f->diagnostics);
  }
}

static void two_files_of_one_year_are_an_error_unless_one_is_local(void **state) {
  struct fixture *f = *state;
  write_file(f, "b.yaml", "year: 2026\nholidays: [{from: 2026-01-01, name: x}]\n");
  write_file(f, "a.yaml", "year: 2026\n");
  calendar_load(&f->arena, f->folder, &f->diagnostics);
  assert_int_equal(f->diagnostics.errors, 1);
  assert_int_equal(f->diagnostics.rows[0].code, 1244);
  diagnostics_fini(&f->diagnostics);
  write_file(f, "a.yaml", "year: 2026\nlocal: true\nholidays: [{from: 2026-07-01, name: 本地}]\n");
  const struct calendar *calendar = calendar_load(&f->arena, f->folder, &f->diagnostics);
  assert_int_equal(f->diagnostics.errors, 0);
  assert_true(calendar_holiday(calendar, day("2026-01-01")));
  assert_true(calendar_holiday(calendar, day("2026-07-01")));
  assert_false(calendar_workday(calendar, day("2026-07-01")));
  assert_int_equal(calendar_workdays_between(calendar, day("2026-06-30"), day("2026-07-02")), 1);
}

static void a_folder_that_does_not_exist_has_no_years(void **state) {
  struct fixture *f = *state;
  const struct calendar *calendar = calendar_load(&f->arena, "no/such/folder", &f->diagnostics);
  assert_int_equal(f->diagnostics.errors, 0);
  assert_false(calendar_knows(calendar, day("2026-01-01")));
  assert_non_null(calendar_load(&f->arena, "CMakeLists.txt", &f->diagnostics));
  assert_int_equal(f->diagnostics.errors, 1);
}

static void the_digest_changes_with_a_day_only(void **state) {
  struct fixture *f = *state;
  write_file(f, "a.yaml", "year: 2026\nholidays: [{from: 2026-01-01, name: x}]\n");
  const unsigned char *one = calendar_digest(calendar_load(&f->arena, f->folder, &f->diagnostics));
  write_file(f, "a.yaml", "# words\nyear: 2026\nsource: y\nholidays:\n  - {from: 2026-01-01, to: 2026-01-01, name: z}\n");
  const unsigned char *two = calendar_digest(calendar_load(&f->arena, f->folder, &f->diagnostics));
  write_file(f, "a.yaml", "year: 2026\nholidays: [{from: 2026-01-02, name: x}]\n");
  const unsigned char *three = calendar_digest(calendar_load(&f->arena, f->folder, &f->diagnostics));
  assert_memory_equal(one, two, 16);
  assert_memory_not_equal(one, three, 16);
}

int main(void) {
  digest_start();
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(the_shipped_years_have_248_working_days),
      TEST(deadlines_in_working_days_end_where_they_must),
      TEST(sums_equal_day_by_day_counts),
      TEST(an_unknown_year_has_no_working_days),
      TEST(a_holiday_run_has_a_first_and_a_last_day),
      TEST(bad_files_are_located_errors),
      TEST(two_files_of_one_year_are_an_error_unless_one_is_local),
      TEST(a_folder_that_does_not_exist_has_no_years),
      TEST(the_digest_changes_with_a_day_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
