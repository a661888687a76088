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

static void the_registry_is_sorted_and_every_kind_is_complete(void **state) {
  (void)state;
  assert_non_null(kinds[0]);
  for (size_t i = 0; kinds[i] != NULL; i++) {
    const struct kind *kind = kinds[i];
    if (i > 0) assert_true(strcmp(kinds[i - 1]->name, kind->name) < 0);
    assert_ptr_equal(kind_find(slice_from(kind->name)), kind);
    assert_non_null(kind->title_zh);
    assert_non_null(kind->evaluate);
    assert_non_null(kind->identity);
    assert_non_null(kind->amounts[0]);
    assert_true(kind->operands_size <= VERDICT_VALUES);
    assert_int_equal(kind->witness != WITNESS_VISIT, kind->witness_table != NULL);
    for (size_t a = 0; a < kind->operands_size; a++) {
      assert_non_null(kind->operands[a].doc_zh);
      for (size_t b = 0; b < a; b++) assert_string_not_equal(kind->operands[a].name, kind->operands[b].name);
    }
    for (size_t p = 0; p < kind->params_size; p++) {
      assert_true(kind->params[p].offset < kind->params_bytes);
      assert_non_null(kind->params[p].doc);
    }
  }
  assert_null(kind_find(SLICE("no_such_kind")));
  assert_null(kind_find(SLICE_NONE));
}

static void parameters_that_make_no_sense_are_refused(void **state) {
  struct stage *stage = *state;
  const struct { const char *kind, *params, *text; } cases[] = {
      {"bed_day_balance", "{fees: [BAD]}", "'BAD' is no fee category"},
      {"bed_day_balance", "{fees: [BEDS]}", "did you mean 'BED'?"},
      {"bed_day_balance", "{fees: []}", "at least one fee category"},
      {"bed_day_balance", "{los_tolerance_days: 4}", "'los_tolerance_days' must be 0..3"},
      {"unit_limit", "{fees: [BED]}", "'max' must be given"},
      {"unit_limit", "{max: 0, fees: [BED]}", "'max' must be 1..10000"},
      {"unit_limit", "{max: 1, fees: [BED], per: visit, moving_day_max: 2}", "'moving_day_max' needs 'per: day'"},
      {"unit_limit", "{max: 1, fees: [BED], per: line, postings: cumulative}", "'postings: cumulative' needs 'per: day'"},
      {"unit_limit", "{max: 1, fees: [BED], moving_day_table: pairs}", "no usable table 'pairs'"},
      {"time_bounds", "{lower: none, upper: none}", "the rule can never fire"},
      {"time_bounds", "{compare: date, grace_seconds: 5}", "'grace_seconds' does not go with 'compare: date'"},
      {"time_bounds", "{compare: time, grace_days: 1}", "'grace_days' does not go with 'compare: time'"},
      {"inactive_days", "{active_fees: [LAB, BED]}", "must not hold BED or NURSE"},
      {"mapping_check", "{table: nowhere}", "no usable table 'nowhere'"},
      {"price_limit", "{table: nowhere}", "no usable table 'nowhere'"},
      {"trace_code_check", "{table: nowhere}", "no usable table 'nowhere'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *text = stage_refused(stage, cases[i].kind, cases[i].params);
    if (strstr(text, cases[i].text) == NULL) fail_msg("%s %s: '%s'", cases[i].kind, cases[i].params, text);
  }
}

static void tables_that_do_not_fit_are_refused(void **state) {
  struct stage *stage = *state;
  tables_add_text(stage->ruleset.tables, "wrong_key", SLICE("columns: [{name: a, type: text}, {name: price, type: price}]\nkey: [a]\n"
                                                            "source: test\nversion: \"1\"\n"), SLICE("a,price\nx,1\n"));
  tables_add_text(stage->ruleset.tables, "wrong_type", SLICE("columns: [{name: med_list_codg, type: text}, {name: price, type: text}]\n"
                                                             "key: [med_list_codg]\nsource: test\nversion: \"1\"\n"),
                  SLICE("med_list_codg,price\nx,1\n"));
  tables_add_text(stage->ruleset.tables, "short_prefix", SLICE("columns: [{name: med_list_codg, type: text}, {name: product_prefix, "
                                                               "type: text}]\nkey: [med_list_codg]\nsource: test\nversion: \"1\"\n"),
                  SLICE("med_list_codg,product_prefix\nx,800\n"));
  assert_int_equal(stage->diagnostics.errors, 0);
  assert_non_null(strstr(stage_refused(stage, "price_limit", "{table: wrong_key}"), "must have the key [med_list_codg]"));
  assert_non_null(strstr(stage_refused(stage, "price_limit", "{table: wrong_type}"), "must have a column 'price' of type price"));
  assert_non_null(strstr(stage_refused(stage, "trace_code_check", "{table: short_prefix}"), "product_prefix of 3 characters, not 7"));
}

static void bed_days_may_count_the_day_of_discharge(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-01 09:00:00", "2026-05-04 10:00:00");
  stage_item(stage, visit, FEE_BED, "2026-05-01", "4", 16000);
  stage_rule(stage, "bed_day_balance", "{}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.claims[0].claimed_fen, 4000);
  stage_rule(stage, "bed_day_balance", "{convention: both}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  stage_rule(stage, "bed_day_balance", "{los_tolerance_days: 1}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  stage_rule(stage, "bed_day_balance", "{convention: both}");
  visit->endtime_s = stage_time("2026-05-01 20:00:00");    // in and out on one day stays one day under both conventions
  stage_item(stage, visit, FEE_BED, "2026-05-01", "1", 0);
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.values[1].number, 40000);
}

static void uncounted_bed_lines_keep_a_stay_from_being_clean_but_not_from_being_hit(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-01", "2026-05-04");
  stage_rule(stage, "bed_day_balance", "{}");
  stage_item(stage, visit, FEE_BED, "2026-05-01", "3", 300);
  stage_item(stage, visit, FEE_BED, "2026-05-01", NULL, 100);
  assert_int_equal(stage_judge(stage, visit), OUTCOME_BAD_DATA);
  assert_true(slice_equal(stage->verdict.reason, SLICE("missing_cnt")));
  stage_item(stage, visit, FEE_BED, NULL, "1", 100);
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
}

static void units_are_limited_by_line_by_day_or_by_visit(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-01", "2026-05-04");
  stage_item(stage, visit, FEE_NURSE, "2026-05-01", "2", 200);
  stage_item(stage, visit, FEE_NURSE, "2026-05-01", "2", 400);
  stage_item(stage, visit, FEE_NURSE, "2026-05-02", "1", 100);
  stage_rule(stage, "unit_limit", "{max: 2, per: line, fees: [NURSE]}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  assert_int_equal(stage->verdict.values[1].number, 20000);
  stage_rule(stage, "unit_limit", "{max: 3, per: day, fees: [NURSE]}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.claims_size, 1);
  assert_int_equal(stage->verdict.claims[0].item, 1);    // the latest line
  assert_int_equal(stage->verdict.claims[0].claimed_fen, 200);
  stage_rule(stage, "unit_limit", "{max: 3, per: day, fees: [NURSE], excess: cheapest}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.claims[0].item, 0);    // the cheapest unit
  assert_int_equal(stage->verdict.claims[0].claimed_fen, 100);
  stage_rule(stage, "unit_limit", "{max: 3, per: visit, fees: [NURSE]}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.claims_size, 2);
  assert_int_equal(stage->verdict.values[2].number, 20000);
}

static void kinds_of_bed_that_exclude_each_other_are_not_a_lawful_move(void **state) {
  struct stage *stage = *state;
  tables_add_text(stage->ruleset.tables, "pairs", SLICE("columns: [{name: main, type: text}, {name: subordinate, type: text}]\n"
                                                        "key: [main, subordinate]\nsource: test\nversion: \"1\"\n"),
                  SLICE("main,subordinate\nB,A\n"));
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-01", "2026-05-04");
  stage_item(stage, visit, FEE_BED, "2026-05-01", "1", 40)->med_list_codg = SLICE("A");
  stage_item(stage, visit, FEE_BED, "2026-05-02", "1", 40)->med_list_codg = SLICE("A");
  stage_item(stage, visit, FEE_BED, "2026-05-02", "1", 90)->med_list_codg = SLICE("B");
  stage_item(stage, visit, FEE_BED, "2026-05-03", "1", 90)->med_list_codg = SLICE("B");
  stage_rule(stage, "unit_limit", "{max: 1, fees: [BED], moving_day_max: 2}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  stage_rule(stage, "unit_limit", "{max: 1, fees: [BED], moving_day_max: 2, moving_day_table: pairs}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  stage_rule(stage, "unit_limit", "{max: 1, fees: [BED]}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
}

static void times_outside_a_visit_are_told_by_date_or_by_second(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-02 09:00:00", "2026-05-04 10:00:00");
  struct item *item = stage_item(stage, visit, FEE_LAB, "2026-05-02 08:59:30", "1", 100);
  stage_rule(stage, "time_bounds", "{compare: time}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  stage_rule(stage, "time_bounds", "{compare: time, grace_seconds: 29}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  stage_rule(stage, "time_bounds", "{compare: time, grace_seconds: 30}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  stage_rule(stage, "time_bounds", "{compare: time, lower: none}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  // A day without a time: undecided on the first day, decided before it.
  item->flags |= ITEM_DAY_ONLY;
  item->time_s = stage_time("2026-05-02");
  stage_rule(stage, "time_bounds", "{compare: time}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_BAD_DATA);
  assert_true(slice_equal(stage->verdict.reason, SLICE("no_time_of_day")));
  item->time_s = stage_time("2026-05-01");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  stage_rule(stage, "time_bounds", "{compare: date, grace_days: 1}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  item->time_s = stage_time("2026-04-30");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.values[3].number, 2);
}

static void idle_days_of_an_open_stay_wait_for_the_gap(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-01 09:00:00", NULL);
  stage_item(stage, visit, FEE_BED, "2026-05-01", "3", 300);
  stage_rule(stage, "inactive_days", "{}");
  stage->history.watermark_s = stage_time("2026-05-04 23:59:59");    // 3 May is over for less than 24 hours
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  stage->history.watermark_s = stage_time("2026-05-05 00:00:00");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
}

static void idle_days_before_discharge_only(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-11", "2026-05-21");
  stage_item(stage, visit, FEE_BED, "2026-05-11", "10", 1000);
  stage_item(stage, visit, FEE_LAB, "2026-05-15", "1", 50);
  stage_item(stage, visit, FEE_LAB, "2026-05-18", "1", 50);
  stage_rule(stage, "inactive_days", "{position: before_discharge}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_NO_HIT);
  stage_rule(stage, "inactive_days", "{position: before_discharge, idle_days: 2}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.values[0].number, 2);
  assert_int_equal(stage->verdict.claims[0].claimed_fen, 200);
  stage_rule(stage, "inactive_days", "{}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.values[0].number, 8);
  stage->rule.amount = 1;    // in_scope_of_stay
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.claims_size, 3);
}

static void a_year_without_calendar_leaves_the_holiday_exemption_unknown(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-01", "2026-05-04");
  stage_item(stage, visit, FEE_BED, "2026-05-01", "3", 300);
  stage_rule(stage, "inactive_days", "{}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.values[3].type, VALUE_UNKNOWN);
  stage_rule(stage, "inactive_days", "{holiday_run_days: 0}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_HIT);
  assert_int_equal(stage->verdict.values[3].type, VALUE_BOOL);
  assert_int_equal(stage->verdict.values[3].number, false);
}

static void care_of_unknown_date_leaves_idle_days_open(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-05-01", "2026-05-04");
  stage_item(stage, visit, FEE_BED, "2026-05-01", "3", 300);
  stage_item(stage, visit, FEE_LAB, NULL, "1", 50);
  stage_rule(stage, "inactive_days", "{}");
  assert_int_equal(stage_judge(stage, visit), OUTCOME_BAD_DATA);
  assert_true(slice_equal(stage->verdict.reason, SLICE("missing_fee_ocur_time")));
}

static void absent_fields_never_end_the_program(void **state) {
  struct stage *stage = *state;
  static const char *const rules[][2] = {{"bed_day_balance", "{}"},  {"inactive_days", "{}"}, {"readmission_interval", "{}"},
                                         {"time_bounds", "{}"},      {"unit_limit", "{max: 1, fees: [BED], postings: cumulative}"}};
  for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
    stage->history.size = 0;
    stage_rule(stage, rules[r][0], rules[r][1]);
    struct visit *none = stage_stay(stage, "M1", "", NULL, NULL);
    stage_item(stage, none, FEE_BED, NULL, NULL, 0);
    assert_int_equal(stage_judge(stage, none), OUTCOME_BAD_DATA);
    struct visit *turned = stage_stay(stage, "M2", "H1", "2026-05-04", "2026-05-01");
    stage_item(stage, turned, FEE_BED, "2026-05-02", "1", 0);
    const enum outcome outcome = stage_judge(stage, turned);
    assert_true(outcome == OUTCOME_BAD_DATA || stage->rule.kind->unit == KIND_PAIR);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
      TEST(the_registry_is_sorted_and_every_kind_is_complete),
      TEST(parameters_that_make_no_sense_are_refused),
      TEST(tables_that_do_not_fit_are_refused),
      TEST(bed_days_may_count_the_day_of_discharge),
      TEST(uncounted_bed_lines_keep_a_stay_from_being_clean_but_not_from_being_hit),
      TEST(units_are_limited_by_line_by_day_or_by_visit),
      TEST(kinds_of_bed_that_exclude_each_other_are_not_a_lawful_move),
      TEST(times_outside_a_visit_are_told_by_date_or_by_second),
      TEST(idle_days_of_an_open_stay_wait_for_the_gap),
      TEST(idle_days_before_discharge_only),
      TEST(a_year_without_calendar_leaves_the_holiday_exemption_unknown),
      TEST(care_of_unknown_date_leaves_idle_days_open),
      TEST(absent_fields_never_end_the_program),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
