#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/rules_kinds/stage.h"

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

static const char any_pair[] = "{max_gap: 15, match: none}";

static void without_an_earlier_stay_there_is_no_hit(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", any_pair);
  assert_int_equal(stage_judge(stage, stage_stay(stage, "M1", "H1", "2026-03-10", "2026-03-12")), OUTCOME_NO_HIT);
  assert_null(stage->verdict.related);
}

static void every_line_of_the_later_stay_is_claimed(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", any_pair);
  stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  struct visit *later = stage_stay(stage, "M2", "H1", "2026-03-10", "2026-03-12");
  stage_item(stage, later, FEE_LAB, "2026-03-10", "1", 700);
  stage_item(stage, later, FEE_OTHER, NULL, NULL, 0);
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);
  assert_int_equal(stage->verdict.claims_size, 2);
  assert_int_equal(stage->verdict.claims[0].claimed_fen, 700);
  stage->rule.amount = 1;
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);
  assert_int_equal(stage->verdict.claims[0].claimed_fen, 0);
}

static void a_later_stay_without_lines_is_still_a_hit(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", any_pair);
  stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  assert_int_equal(stage_judge(stage, stage_stay(stage, "M2", "H1", "2026-03-10", "2026-03-12")), OUTCOME_HIT);
}

static void stays_elsewhere_are_ignored_or_break_the_pair_as_the_scope_says(void **state) {
  struct stage *stage = *state;
  struct visit *first = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  struct visit *between = stage_stay(stage, "M2", "H2", "2026-03-06", "2026-03-08");
  struct visit *later = stage_stay(stage, "M3", "H1", "2026-03-10", "2026-03-12");
  stage_rule(stage, "readmission_interval", "{max_gap: 15, match: none, consecutive_scope: institution}");
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);
  assert_ptr_equal(stage->verdict.related, first);
  stage_rule(stage, "readmission_interval", "{max_gap: 15, match: none, consecutive_scope: person}");
  assert_int_equal(stage_judge(stage, later), OUTCOME_NO_HIT);
  stage_rule(stage, "readmission_interval", "{max_gap: 15, match: none, same: any}");
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);
  assert_ptr_equal(stage->verdict.related, between);
  stage_rule(stage, "readmission_interval", "{max_gap: 15, match: none, same: other, consecutive_scope: person}");
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);
  assert_ptr_equal(stage->verdict.related, between);
}

static void visits_that_are_no_stays_are_passed_over(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", "{max_gap: 15, match: none, consecutive_scope: person}");
  struct visit *first = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  stage_stay(stage, "M2", "H2", "2026-03-06", "2026-03-06")->stay = false;
  struct visit *later = stage_stay(stage, "M3", "H1", "2026-03-10", "2026-03-12");
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);
  assert_ptr_equal(stage->verdict.related, first);
}

static void both_bounds_are_inclusive(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", "{min_gap: 2, max_gap: 4, match: none}");
  const struct { const char *begin; enum outcome outcome; } cases[] = {{"2026-03-06", OUTCOME_NO_HIT}, {"2026-03-07", OUTCOME_HIT},
                                                                        {"2026-03-09", OUTCOME_HIT},    {"2026-03-10", OUTCOME_NO_HIT}};
  for (size_t i = 0; i < 4; i++) {
    stage->history.size = 0;
    stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
    assert_int_equal(stage_judge(stage, stage_stay(stage, "M2", "H1", cases[i].begin, "2026-03-20")), cases[i].outcome);
  }
}

static void hours_are_seconds_against_whole_hours(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", "{min_gap: -6, max_gap: 24, gap_unit: hours, match: none}");
  const struct { const char *begin; enum outcome outcome; int64_t gap; } cases[] = {
      {"2026-03-05 03:59:59", OUTCOME_NO_HIT, -7}, {"2026-03-05 04:00:00", OUTCOME_HIT, -6}, {"2026-03-05 10:59:59", OUTCOME_HIT, 0},
      {"2026-03-06 10:00:00", OUTCOME_HIT, 24},    {"2026-03-06 10:00:01", OUTCOME_NO_HIT, 24}};
  for (size_t i = 0; i < 5; i++) {
    stage->history.size = 0;
    stage_stay(stage, "M1", "H1", "2026-03-01 10:00:00", "2026-03-05 10:00:00");
    assert_int_equal(stage_judge(stage, stage_stay(stage, "M2", "H1", cases[i].begin, "2026-03-20 10:00:00")), cases[i].outcome);
    assert_int_equal(stage->verdict.values[0].number, cases[i].gap);
  }
}

static void a_day_without_a_time_is_judged_only_when_it_cannot_matter(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", "{min_gap: 0, max_gap: 24, gap_unit: hours, match: none}");
  // Ends some time on 5 March. 10:00 of the 6th may be 10 to 34 hours later; 8:00 of the 5th may be before or after.
  const struct { const char *begin; enum outcome outcome; } cases[] = {{"2026-03-04 10:00:00", OUTCOME_NO_HIT}, {"2026-03-05 08:00:00", OUTCOME_BAD_DATA},
                                                                        {"2026-03-06 00:00:00", OUTCOME_HIT},    {"2026-03-06 10:00:00", OUTCOME_BAD_DATA},
                                                                        {"2026-03-07 00:00:00", OUTCOME_NO_HIT}};
  for (size_t i = 0; i < 5; i++) {
    stage->history.size = 0;
    stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
    assert_int_equal(stage_judge(stage, stage_stay(stage, "M2", "H1", cases[i].begin, "2026-03-20 10:00:00")), cases[i].outcome);
    assert_int_equal(stage->verdict.values[0].type, VALUE_UNKNOWN);
  }
}

static void short_history_is_insufficient_unless_the_window_is_known(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", "{max_gap: 15, match: dx3}");
  struct visit *later = stage_stay(stage, "M2", "H1", "2026-03-20", "2026-03-22");
  stage->history.start_day = stage_day("2026-03-05");
  assert_int_equal(stage_judge(stage, later), OUTCOME_NO_HIT);
  stage->history.start_day = stage_day("2026-03-06");
  assert_int_equal(stage_judge(stage, later), OUTCOME_INSUFFICIENT_HISTORY);
  stage->history.start_day = INT32_MIN;
  stage->history.cut = true;
  assert_int_equal(stage_judge(stage, later), OUTCOME_INSUFFICIENT_HISTORY);
}

static void a_predecessor_inside_the_known_days_decides(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", "{max_gap: 15, match: dx3}");
  struct visit *first = stage_stay(stage, "M1", "H1", "2026-03-07", "2026-03-10");
  struct visit *later = stage_stay(stage, "M2", "H1", "2026-03-20", "2026-03-22");
  first->main_diagnosis = SLICE("I63.900");
  later->main_diagnosis = SLICE("J18.900");
  stage->history.start_day = stage_day("2026-03-06");
  assert_int_equal(stage_judge(stage, later), OUTCOME_NO_HIT);
  later->main_diagnosis = SLICE("I63.100");
  stage->history.start_day = stage_day("2026-03-11");
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);    // proven by what is known
}

static void a_missing_diagnosis_is_skipped_or_suspected_as_the_rule_says(void **state) {
  struct stage *stage = *state;
  struct visit *first = stage_stay(stage, "M1", "H1", "2026-03-07", "2026-03-10");
  struct visit *later = stage_stay(stage, "M2", "H1", "2026-03-12", "2026-03-22");
  first->main_diagnosis = SLICE("I63.900");
  stage_rule(stage, "readmission_interval", "{match: dx3}");
  assert_int_equal(stage_judge(stage, later), OUTCOME_BAD_DATA);
  assert_true(slice_equal(stage->verdict.reason, SLICE("missing_dx")));
  stage_rule(stage, "readmission_interval", "{match: dx3, missing_dx: suspect}");
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);
  // Far apart it does not matter.
  stage_rule(stage, "readmission_interval", "{match: dx3, max_gap: 1}");
  assert_int_equal(stage_judge(stage, later), OUTCOME_NO_HIT);
}

static void departments_are_compared_left_with_entered(void **state) {
  struct stage *stage = *state;
  struct visit *first = stage_stay(stage, "M1", "H1", "2026-03-07", "2026-03-10");
  struct visit *later = stage_stay(stage, "M2", "H1", "2026-03-12", "2026-03-22");
  first->adm_dept_codg = SLICE("A1");
  first->dscg_dept_codg = SLICE("A2");
  later->adm_dept_codg = SLICE("A2");
  later->dscg_dept_codg = SLICE("A3");
  stage_rule(stage, "readmission_interval", "{match: dept_differs}");
  assert_int_equal(stage_judge(stage, later), OUTCOME_NO_HIT);
  later->adm_dept_codg = SLICE("A1");
  assert_int_equal(stage_judge(stage, later), OUTCOME_HIT);
  later->adm_dept_codg = SLICE_NONE;
  assert_int_equal(stage_judge(stage, later), OUTCOME_BAD_DATA);
  assert_true(slice_equal(stage->verdict.reason, SLICE("missing_dept")));
}

static void an_earlier_stay_without_an_end_cannot_be_judged(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", any_pair);
  stage_stay(stage, "M1", "H1", "2026-03-01", NULL);
  assert_int_equal(stage_judge(stage, stage_stay(stage, "M2", "H1", "2026-03-10", "2026-03-12")), OUTCOME_BAD_DATA);
  assert_true(slice_equal(stage->verdict.reason, SLICE("missing_previous_endtime")));
}

static void the_look_back_follows_the_longest_gap(void **state) {
  struct stage *stage = *state;
  stage_rule(stage, "readmission_interval", "{max_gap: 15}");
  assert_int_equal(stage->rule.kind->lookback_days(&stage->rule), 16);
  stage_rule(stage, "readmission_interval", "{min_gap: -6, max_gap: 25, gap_unit: hours}");
  assert_int_equal(stage->rule.kind->lookback_days(&stage->rule), 3);
}

static void a_window_that_is_upside_down_or_endless_is_refused(void **state) {
  struct stage *stage = *state;
  assert_non_null(strstr(stage_refused(stage, "readmission_interval", "{min_gap: 5, max_gap: 4}"), "'max_gap' must not be below"));
  assert_non_null(strstr(stage_refused(stage, "readmission_interval", "{max_gap: 401}"), "'max_gap' must be at most 400 days"));
  stage_rule(stage, "readmission_interval", "{max_gap: 401, gap_unit: hours}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
      TEST(without_an_earlier_stay_there_is_no_hit),
      TEST(every_line_of_the_later_stay_is_claimed),
      TEST(a_later_stay_without_lines_is_still_a_hit),
      TEST(stays_elsewhere_are_ignored_or_break_the_pair_as_the_scope_says),
      TEST(visits_that_are_no_stays_are_passed_over),
      TEST(both_bounds_are_inclusive),
      TEST(hours_are_seconds_against_whole_hours),
      TEST(a_day_without_a_time_is_judged_only_when_it_cannot_matter),
      TEST(short_history_is_insufficient_unless_the_window_is_known),
      TEST(a_predecessor_inside_the_known_days_decides),
      TEST(a_missing_diagnosis_is_skipped_or_suspected_as_the_rule_says),
      TEST(departments_are_compared_left_with_entered),
      TEST(an_earlier_stay_without_an_end_cannot_be_judged),
      TEST(the_look_back_follows_the_longest_gap),
      TEST(a_window_that_is_upside_down_or_endless_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
