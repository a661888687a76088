#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/kinds/spread.h"
#include "tests/unit/rules_kinds/stage.h"

#define BED (1u << FEE_BED)

static int open_stage(void **state) {
  static struct stage stage;
  stage_open(&stage);
  *state = &stage;
  return 0;
}
static int close_stage(void **state) {
  stage_close(*state);
  return 0;
}

static struct postings spread(struct stage *stage, struct visit *visit, enum postings_mode mode, bool singles_stay) {
  struct postings postings;
  spread_postings(&postings, visit, view_payable_days(&stage->history, visit), BED, mode, singles_stay, &stage->arena);
  return postings;
}

static int64_t on_day(const struct postings *postings, const char *day) {
  int64_t cnt = 0;
  for (size_t i = 0; i < postings->size; i++) cnt += postings->rows[i].day == stage_day(day) ? postings->rows[i].cnt : 0;
  return cnt;
}

static void nine_units_dated_on_the_second_day_cover_the_nine_payable_days(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-02-28 09:30:00", "2026-03-09 10:00:00");
  stage_item(stage, visit, FEE_BED, "2026-03-01", "9", 36000);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(postings.size, 9);
  for (size_t i = 0; i < 9; i++) {
    assert_int_equal(postings.rows[i].day, stage_day("2026-02-28") + (int32_t)i);
    assert_int_equal(postings.rows[i].cnt, POSTINGS_UNIT);
  }
}

static void units_go_backwards_before_they_go_forwards(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-11");
  stage_item(stage, visit, FEE_BED, "2026-03-05", "3", 100);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(on_day(&postings, "2026-03-03"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-03-04"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-03-05"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-03-06"), 0);
}

static void a_day_with_a_posting_of_its_own_is_passed_over(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  stage_item(stage, visit, FEE_BED, "2026-03-02", "3", 300);
  stage_item(stage, visit, FEE_BED, "2026-03-03", "1", 100);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(postings.size, 4);
  assert_int_equal(on_day(&postings, "2026-03-01"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-03-03"), POSTINGS_UNIT);
  assert_int_equal(postings.rows[2].item, 1);
  assert_int_equal(on_day(&postings, "2026-03-04"), POSTINGS_UNIT);
}

static void units_without_a_free_day_stay_on_the_date_of_their_line(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-03");
  stage_item(stage, visit, FEE_BED, "2026-03-02", "5", 500);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(on_day(&postings, "2026-03-01"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-03-02"), 4 * POSTINGS_UNIT);
  assert_int_equal(postings.total, 5 * POSTINGS_UNIT);
}

static void a_line_dated_on_the_day_of_discharge_covers_days_before_it(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-01", "2026-05-04");
  stage_item(stage, visit, FEE_BED, "2026-05-04", "3", 300);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(on_day(&postings, "2026-05-04"), 0);
  assert_int_equal(on_day(&postings, "2026-05-01"), POSTINGS_UNIT);
}

static void lines_dated_before_and_after_the_stay_come_inside_when_there_is_room(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-02", "2026-03-04");
  stage_item(stage, visit, FEE_BED, "2026-02-20", "1", 100);
  stage_item(stage, visit, FEE_BED, "2026-03-20", "2", 200);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(on_day(&postings, "2026-03-02"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-03-03"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-03-20"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-02-20"), 0);
}

static void halves_share_their_own_day_only(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-03");
  stage_item(stage, visit, FEE_BED, "2026-03-01", "0.5", 50);
  stage_item(stage, visit, FEE_BED, "2026-03-01", "0.5", 50);
  stage_item(stage, visit, FEE_BED, "2026-03-01", "0.5", 50);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(on_day(&postings, "2026-03-01"), POSTINGS_UNIT);
  assert_int_equal(on_day(&postings, "2026-03-02"), POSTINGS_UNIT / 2);
}

static void nothing_is_spread_where_every_day_is_posted(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  stage_item(stage, visit, FEE_BED, "2026-03-02", "3", 300);
  const struct postings postings = spread(stage, visit, POSTINGS_DAILY, false);
  assert_int_equal(postings.size, 1);
  assert_int_equal(postings.rows[0].cnt, 3 * POSTINGS_UNIT);
}

static void single_units_stay_when_they_must(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  stage_item(stage, visit, FEE_BED, "2026-03-02", "1", 100);
  stage_item(stage, visit, FEE_BED, "2026-03-02", "1", 100);
  const struct postings moved = spread(stage, visit, POSTINGS_CUMULATIVE, false), stay = spread(stage, visit, POSTINGS_CUMULATIVE, true);
  assert_int_equal(on_day(&moved, "2026-03-02"), POSTINGS_UNIT);
  assert_int_equal(on_day(&stay, "2026-03-02"), 2 * POSTINGS_UNIT);
}

static void undated_and_uncounted_lines_are_told_apart(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  stage_item(stage, visit, FEE_BED, NULL, "2", 100);
  stage_item(stage, visit, FEE_BED, "2026-03-02", NULL, 100);
  stage_item(stage, visit, FEE_LAB, "2026-03-02", "1", 100);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(postings.size, 0);
  assert_int_equal(postings.undated, 1);
  assert_int_equal(postings.uncounted, 1);
  assert_int_equal(postings.total, 2 * POSTINGS_UNIT);
}

// Every unit of every line is somewhere, rows are in order, and a day that is not a line's own holds at most one unit.
static void no_unit_is_lost_and_rows_are_in_order(void **state) {
  uint64_t seed = 20261122;
  for (int round = 0; round < 300; round++) {
    struct stage *stage = *state;
    stage_close(stage);
    stage_open(stage);
    struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-21");
    const char *const counts[] = {"1", "2", "0.5", "3.25", "7", "30"};
    const char *const days[] = {"2026-02-25", "2026-03-01", "2026-03-04", "2026-03-04", "2026-03-11", "2026-03-20", "2026-03-25"};
    size_t day = 0;
    int64_t sum = 0;
    for (int line = 0; line < 12; line++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      day += (seed >> 33) % 2 && day + 1 < sizeof days / sizeof days[0];
      sum += stage_item(stage, visit, FEE_BED, days[day], counts[(seed >> 40) % 6], 100)->cnt;
    }
    const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, (seed >> 50) % 2);
    int64_t found = 0, by_line[12] = {0};
    for (size_t i = 0; i < postings.size; i++) {
      const struct posting *row = &postings.rows[i];
      found += row->cnt;
      by_line[row->item] += row->cnt;
      assert_true(row->cnt > 0);
      if (row->day != date_day(visit->items[row->item].time_s)) assert_true(row->cnt <= POSTINGS_UNIT);
      if (i > 0) assert_true(row[-1].day < row->day || (row[-1].day == row->day && row[-1].item < row->item));
    }
    assert_int_equal(found, sum);
    for (uint32_t i = 0; i < 12; i++) assert_int_equal(by_line[i], visit->items[i].cnt);
  }
}

static void an_hour_long_bill_of_a_thousand_lines_and_a_stay_of_many_years_is_quick(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "1991-01-01", "2026-03-21");
  for (int line = 0; line < 4000; line++) stage_item(stage, visit, FEE_BED, "2020-03-04", "3", 100);
  const struct postings postings = spread(stage, visit, POSTINGS_CUMULATIVE, false);
  assert_int_equal(postings.size, 12000);
}

static void moving_needs_one_kind_before_and_the_other_after(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-04");
  stage_item(stage, visit, FEE_BED, "2026-03-01", "1", 40)->med_list_codg = SLICE("A");
  stage_item(stage, visit, FEE_BED, "2026-03-02", "1", 40)->med_list_codg = SLICE("A");
  stage_item(stage, visit, FEE_BED, "2026-03-02", "1", 90)->med_list_codg = SLICE("B");
  struct item *last = stage_item(stage, visit, FEE_BED, "2026-03-03", "1", 90);
  const struct { const char *code; bool moving; } cases[] = {{"B", true}, {"A", false}, {"C", false}};
  for (size_t i = 0; i < 3; i++) {
    last->med_list_codg = slice_from(cases[i].code);
    struct postings postings = spread(stage, visit, POSTINGS_DAILY, false);
    assert_int_equal(spread_day_end(&postings, 1), 3);
    assert_int_equal(spread_moving_day(&postings, visit, 1, 3), cases[i].moving);
    postings.asked = SPREAD_ASKED_MAX;
    assert_false(spread_moving_day(&postings, visit, 1, 3));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
      TEST(nine_units_dated_on_the_second_day_cover_the_nine_payable_days),
      TEST(units_go_backwards_before_they_go_forwards),
      TEST(a_day_with_a_posting_of_its_own_is_passed_over),
      TEST(units_without_a_free_day_stay_on_the_date_of_their_line),
      TEST(a_line_dated_on_the_day_of_discharge_covers_days_before_it),
      TEST(lines_dated_before_and_after_the_stay_come_inside_when_there_is_room),
      TEST(halves_share_their_own_day_only),
      TEST(nothing_is_spread_where_every_day_is_posted),
      TEST(single_units_stay_when_they_must),
      TEST(undated_and_uncounted_lines_are_told_apart),
      TEST(no_unit_is_lost_and_rows_are_in_order),
      TEST(an_hour_long_bill_of_a_thousand_lines_and_a_stay_of_many_years_is_quick),
      TEST(moving_needs_one_kind_before_and_the_other_after),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
