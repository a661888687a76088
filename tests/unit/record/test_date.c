#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "record/date.h"

static void the_accepted_shapes_give_seconds(void **state) {
  (void)state;
  static const struct { const char *text; int64_t time_s; bool day_only; } cases[] = {
      {"1970-01-01 08:00:00", 0, false}, {"1970-01-01", -28800, true}, {"2026-03-09 10:11:10", 1773022270, false}, {"2026-03-09T10:11:10", 1773022270, false},
      {"20260309101110", 1773022270, false}, {"20260309", 1772985600, true}, {"2026-03-09", 1772985600, true}, {"2024-02-29", 1709136000, true},
      {"2000-02-29 23:59:59", 951839999, false}, {"0001-01-01", -62135625600, true}, {"9999-12-31 23:59:59", 253402271999, false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t time_s = 1;
    bool day_only = !cases[i].day_only;
    if (!date_parse(slice_from(cases[i].text), &time_s, &day_only)) fail_msg("'%s' did not pass", cases[i].text);
    assert_int_equal(time_s, cases[i].time_s);
    assert_int_equal(day_only, cases[i].day_only);
    assert_true(date_parse(slice_from(cases[i].text), &time_s, NULL));
  }
}

static void what_is_no_date_is_refused(void **state) {
  (void)state;
  static const char *const cases[] = {
      "", "2026", "2026-02-30", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32", "2026-04-31", "0000-01-01", "2026/01/01",
      "2026-1-1", "2026-01-01 24:00:00", "2026-01-01 23:60:00", "2026-01-01 23:59:60", "2026-01-01 2:00:00 ", "2026-01-01  10:00:0", "2026-01-01x10:00:00",
      "2026-01-01 10-00-00", "20260101 100000", "2026010110111", "202601011011100", "20261301", "abcdefgh", "abcdefghij", "2026-01-01 aa:bb:cc", "-026-01-01",
      "2026-01-01 10:00:00.0", "2026-01-01T10:00:00Z", " 2026-01-01", "2026-01-01 ", "９９９", "+2026-01-1", "20260230", "00000000"};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t time_s = 77;
    if (date_parse(slice_from(cases[i]), &time_s, NULL)) fail_msg("'%s' passed", cases[i]);
    assert_int_equal(time_s, 77);
  }
  int64_t time_s;
  assert_false(date_parse(SLICE_NONE, &time_s, NULL));
  assert_false(date_parse(SLICE("2026-01-0\0"), &time_s, NULL));
}

// Against the C library's own calendar, and there and back.
static void civil_days_agree_with_the_c_library(void **state) {
  (void)state;
  for (int32_t day = -800000; day < 800000; day += 13) {
    int year, month, day_of_month;
    const time_t seconds = (time_t)day * 86400;
    struct tm parts;
    assert_non_null(gmtime_r(&seconds, &parts));
    date_to_civil(day, &year, &month, &day_of_month);
    assert_int_equal(year, parts.tm_year + 1900);
    assert_int_equal(month, parts.tm_mon + 1);
    assert_int_equal(day_of_month, parts.tm_mday);
    assert_int_equal(date_from_civil(year, month, day_of_month), day);
    assert_int_equal(date_weekday(day) % 7, parts.tm_wday);
  }
}

static void extreme_days_do_not_overflow(void **state) {
  (void)state;
  static const int32_t days[] = {INT32_MIN, INT32_MAX, INT32_MIN + 1, -719468, -719469, 0};
  for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
    int year, month, day_of_month;
    date_to_civil(days[i], &year, &month, &day_of_month);
    assert_true(month >= 1 && month <= 12 && day_of_month >= 1 && day_of_month <= 31);
    assert_true(date_weekday(days[i]) >= 1 && date_weekday(days[i]) <= 7);
  }
}

static void a_day_begins_at_midnight_of_the_zone(void **state) {
  (void)state;
  assert_int_equal(date_day(-28800), 0);
  assert_int_equal(date_day(-28801), -1);
  assert_int_equal(date_day(57599), 0);
  assert_int_equal(date_day(57600), 1);
  for (int32_t day = -3; day < 4; day++) {
    assert_int_equal(date_day(date_of_day(day)), day);
    assert_int_equal(date_day(date_of_day(day) - 1), day - 1);
    assert_int_equal(date_day(date_of_day(day) + DATE_DAY_SECONDS - 1), day);
  }
}

static void assert_written(struct text *text, const char *expected) {
  text_byte(text, '\0');
  assert_string_equal(text->data, expected);
  text_clear(text);
}

static void times_are_written_as_they_are_read(void **state) {
  (void)state;
  struct text out = {0};
  static const char *const times[] = {"2026-03-09 10:11:10", "1970-01-01 00:00:00", "1969-12-31 23:59:59", "0001-01-01 00:00:01", "9999-12-31 23:59:59"};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    int64_t time_s;
    assert_true(date_parse(slice_from(times[i]), &time_s, NULL));
    date_write_time(&out, time_s);
    assert_written(&out, times[i]);
  }
  date_write_day(&out, date_from_civil(2026, 3, 9));
  assert_written(&out, "2026-03-09");
  date_write_month(&out, date_from_civil(2026, 12, 31));
  assert_written(&out, "2026-12");
  date_write_day(&out, INT32_MAX);
  assert_int_equal(out.size, 10);
  text_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_accepted_shapes_give_seconds),
      cmocka_unit_test(what_is_no_date_is_refused),
      cmocka_unit_test(civil_days_agree_with_the_c_library),
      cmocka_unit_test(extreme_days_do_not_overflow),
      cmocka_unit_test(a_day_begins_at_midnight_of_the_zone),
      cmocka_unit_test(times_are_written_as_they_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
