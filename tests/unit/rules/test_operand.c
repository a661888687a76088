#include "sample_kinds.h"

#include "rules/operand.h"

// A rule set whose tables say that R1 is a rescue item from 2026-01-01 on.
static struct ruleset *with_rescue_items(void) {
  struct sample_folder folder;
  struct text text = {0};
  sample_open(&folder, true);
  sample_write(
      &folder, "knowledge/rescue_items.yaml",
      SLICE("columns:\n  - {name: med_list_codg, type: text}\n  - {name: from, type: date}\n  - {name: to, type: date}\n"
            "key: [med_list_codg]\neffective: {from: from, to: to}\nversion: \"1\"\nsource: here\n"));
  sample_write(&folder, "knowledge/rescue_items.csv",
               SLICE("med_list_codg,from,to\nR1,2026-01-01,\nR2,2020-01-01,2025-12-31\n"));
  sample_write(&folder, "rule.yaml",
               sample_rule(&text, "TST-001",
                           SHADOW "kind: pair\nsay: {zh: 样例}\n"
                                  "unless:\n  - {id: rescue, if: {rescue_within_24h: true}, reason: 抢救}\n"));
  struct ruleset *ruleset = sample_load(&folder, NULL);
  sample_close(&folder);
  text_fini(&text);
  assert_non_null(ruleset);
  return ruleset;
}

static struct value value_in(struct sample_case *one, struct visit *visit, const char *name) {
  const struct judge_input input = sample_input(one, visit);
  const struct rule *rule = one->ruleset->rules[0];
  const int number = operand_find(rule->kind, slice_from(name));
  assert_int_not_equal(number, OPERAND_NONE);
  struct verdict verdict = {.rule = rule, .visit = visit, .related = visit > one->visits ? visit - 1 : NULL};
  return judge_operand(rule, number, &input, &verdict);
}

// 1 true, 0 false, -1 unknown
static int yes_no(struct sample_case *one, struct visit *visit, const char *name) {
  const struct value value = value_in(one, visit, name);
  if (value.type == VALUE_UNKNOWN) return -1;
  assert_int_equal(value.type, VALUE_BOOL);
  return (int)value.number;
}

static void a_rescue_item_counts_within_24_hours(void **state) {
  (void)state;
  struct sample_case one;
  sample_begin(&one, with_rescue_items());
  struct visit *visit = sample_add(&one, sample_stay("M1", 3, 9));    // from 09:00
  struct item item = {.med_list_codg = SLICE("R1")};
  visit->items = &item;
  visit->items_size = 1;
  static const struct { int day, hour, minute; const char *code; bool day_only; int expected;
  } cases[] = {{3, 9, 0, "R1", false, 1}, {4, 9, 0, "R1", false, 1},  {4, 9, 1, "R1", false, 0}, {3, 8, 59, "R1", false, 0},
               {3, 12, 0, "X", false, 0}, {3, 12, 0, "R2", false, 0}, {3, 0, 0, "R1", true, 1},  {4, 0, 0, "R1", true, -1},
               {5, 0, 0, "R1", true, 0},  {2, 0, 0, "R1", true, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    item.med_list_codg = slice_from(cases[i].code);
    item.time_s = sample_time(cases[i].day, cases[i].hour) + cases[i].minute * 60;
    item.flags = cases[i].day_only ? ITEM_DAY_ONLY : 0;
    assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), cases[i].expected);
  }
  item = (struct item){.med_list_codg = SLICE("R1"), .time_s = DATE_ABSENT};
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), -1);
  visit->begntime_s = DATE_ABSENT;
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), -1);
  sample_end(&one);
}

static void a_begin_known_by_its_day_only_may_leave_a_rescue_open(void **state) {
  (void)state;
  struct sample_case one;
  sample_begin(&one, with_rescue_items());
  struct visit *visit = sample_add(&one, sample_stay("M1", 3, 9));
  visit->begntime_s = sample_time(3, 0);
  visit->begntime_day_only = true;
  struct item item = {.med_list_codg = SLICE("R1"), .time_s = sample_time(3, 23)};
  visit->items = &item;
  visit->items_size = 1;
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 1);
  item.time_s = sample_time(4, 8);
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), -1);
  item.time_s = sample_time(5, 8);
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 0);
  sample_end(&one);
}

static void intensive_care_and_a_rescue_visit_prove_a_rescue(void **state) {
  (void)state;
  struct sample_case one;
  sample_begin(&one, with_rescue_items());
  struct visit *rescue = sample_add(&one, sample_stay("M0", 3, 3));
  rescue->stay = false;
  rescue->symbol = VISIT_EMERG;
  struct visit *visit = sample_add(&one, sample_stay("M1", 3, 9));
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 0);
  visit->icu_in_first_s = sample_time(4, 9);
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 1);
  visit->icu_in_first_s = sample_time(4, 10);
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 0);
  visit->icu_in_first_s = sample_time(3, 8);    // before the stay, and again in it
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 0);
  visit->icu_in_stay_s = sample_time(4, 9);
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 1);
  visit->icu_in_first_s = visit->icu_in_stay_s = DATE_ABSENT;
  rescue->symbol = VISIT_EMERG_RESCUE;
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 1);
  rescue->begntime_s = sample_time(2, 23);
  assert_int_equal(yes_no(&one, visit, "rescue_within_24h"), 0);
  sample_end(&one);
}

static void a_stay_elsewhere_lies_between_by_date(void **state) {
  (void)state;
  struct sample_case one;
  sample_begin(&one, with_rescue_items());
  sample_add(&one, sample_stay("M9", 1, 2));    // somewhere else, changed below
  sample_add(&one, sample_stay("M1", 3, 6));
  struct visit *visit = sample_add(&one, sample_stay("M2", 10, 15));
  struct visit *other = &one.visits[0];
  other->fixmedins_code = SLICE("H2");
  assert_int_equal(yes_no(&one, visit, "stay_elsewhere_between"), 0);
  other->begntime_s = sample_time(6, 8);    // earlier that day than the first stay's end
  other->endtime_s = sample_time(10, 12);
  assert_int_equal(yes_no(&one, visit, "stay_elsewhere_between"), 1);
  other->endtime_s = sample_time(11, 0);
  assert_int_equal(yes_no(&one, visit, "stay_elsewhere_between"), 0);
  other->endtime_s = DATE_ABSENT;
  assert_int_equal(yes_no(&one, visit, "stay_elsewhere_between"), -1);
  other->endtime_s = sample_time(9, 0);
  other->fixmedins_code = SLICE("H1");
  assert_int_equal(yes_no(&one, visit, "stay_elsewhere_between"), 0);
  assert_int_equal(yes_no(&one, one.visits, "stay_elsewhere_between"), -1);    // no earlier stay
  sample_end(&one);
}

static void what_is_absent_is_unknown(void **state) {
  (void)state;
  struct sample_case one;
  sample_begin(&one, with_rescue_items());
  struct visit *visit = sample_add(&one, (struct visit){.brdy_day = INT32_MIN,
                                                        .begntime_s = DATE_ABSENT,
                                                        .endtime_s = DATE_ABSENT,
                                                        .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT,
                                                        .settled_s = DATE_ABSENT,
                                                        .items_loaded = true});
  one.history.psn_no = SLICE_NONE;
  for (size_t i = 0; i < operands_size; i++) {
    if (strstr(operands[i].row.absent, "never") == operands[i].row.absent && operands[i].row.type != VALUE_FEN) continue;
    const enum value_type type = value_in(&one, visit, operands[i].row.name).type;
    assert_int_equal(type, operands[i].row.type == VALUE_FEN ? VALUE_FEN : VALUE_UNKNOWN);
  }
  sample_end(&one);
}

static void a_value_is_of_the_type_its_row_says(void **state) {
  (void)state;
  struct sample_case one;
  sample_begin(&one, with_rescue_items());
  const struct settlement_view settlements[] = {{.setl_id = SLICE("S1"), .medfee_fen = 100, .fund_fen = 60},
                                                {.setl_id = SLICE("S2"), .medfee_fen = 50, .fund_fen = 5}};
  for (int i = 0; i < 2; i++) {
    struct visit *visit = sample_add(&one, sample_stay("M1", 3 + 5 * i, 6 + 5 * i));
    visit->gend = visit->hi_paymtd = visit->adm_dept_codg = visit->dscg_dept_codg = visit->wardarea_codg = SLICE("1");
    visit->atddr_no = visit->insuplc_admdvs = visit->mdtrtarea_admvs = SLICE("1");
    visit->brdy_day = -1000;
    visit->admission_way = ADMISSION_EMERGENCY;
    visit->discharge_way = DISCHARGE_BY_ORDER;
    visit->readmission_plan = PLAN_PLANNED;
    visit->main_diagnosis = SLICE("I63.900");
    visit->diagnoses = &visit->main_diagnosis;
    visit->diagnoses_size = 1;
    visit->icu_in_first_s = sample_time(4, 0);
    visit->settlements = settlements;
    visit->settlements_size = 2;
  }
  for (size_t i = 0; i < operands_size; i++) {
    const struct value value = value_in(&one, &one.visits[1], operands[i].row.name);
    if (value.type != operands[i].row.type) print_error("%s\n", operands[i].row.name);
    assert_int_equal(value.type, operands[i].row.type);
    if (operands[i].codes >= 0)
      assert_true(code_symbol_find((enum code_table)operands[i].codes, value.text) == (int)value.number);
    if (operands[i].previous == NULL) continue;
    assert_int_equal(value_in(&one, &one.visits[1], operands[i].previous).type, operands[i].row.type);
    assert_int_equal(value_in(&one, &one.visits[0], operands[i].previous).type, VALUE_UNKNOWN);
  }
  assert_int_equal(value_in(&one, one.visits, "medfee_sumamt").number, 150);
  assert_int_equal(value_in(&one, one.visits, "fund_pay_sumamt").number, 65);
  assert_true(slice_equal(value_in(&one, one.visits, "setl_id").text, SLICE("S2")));
  assert_true(slice_equal(value_in(&one, &one.visits[1], "previous.dx3").text, SLICE("I63")));
  sample_end(&one);
}

static void names_are_unique_and_misspelt_ones_are_recognised(void **state) {
  (void)state;
  for (size_t i = 0; i < operands_size; i++) {
    assert_int_equal(operand_find(NULL, slice_from(operands[i].row.name)), (int)i);
    assert_string_equal(operand_text(NULL, (int)i), operands[i].row.name);
    if (operands[i].previous != NULL)
      assert_int_equal(operand_find(NULL, slice_from(operands[i].previous)), (int)i | OPERAND_PREVIOUS);
  }
  assert_int_equal(operand_find(NULL, SLICE("gap")), OPERAND_NONE);
  assert_int_equal(operand_find(&kind_pair, SLICE("gap")), OPERAND_KIND);
  assert_string_equal(operand_nearest(&kind_pair, SLICE("previous.endtim")), "previous.endtime");
}

// --- Views
// -----------------------------------------------------------------------------------------------------------------

static void payable_days_count_the_first_and_not_the_last(void **state) {
  (void)state;
  const struct history history = {.watermark_s = sample_time(9, 12)};
  struct visit visit = sample_stay("M1", 1, 6);
  assert_int_equal(view_payable_days(&history, &visit), 5);
  visit.endtime_s = sample_time(1, 23);
  assert_int_equal(view_payable_days(&history, &visit), 1);
  visit.endtime_s = DATE_ABSENT;
  assert_int_equal(view_payable_days(&history, &visit), 8);    // open: to the watermark
  visit.endtime_s = sample_time(1, 8);
  assert_int_equal(view_payable_days(&history, &visit), 0);    // before it began
  visit.endtime_day_only = true;
  assert_int_equal(view_payable_days(&history, &visit), 1);
  visit.begntime_s = DATE_ABSENT;
  assert_int_equal(view_payable_days(&history, &visit), 0);
}

static void the_service_day_of_a_stay_is_its_end(void **state) {
  (void)state;
  struct visit visit = sample_stay("M1", 1, 6);
  visit.settled_s = sample_time(8, 0);
  assert_int_equal(view_service_day(&visit), date_day(sample_time(6, 0)));
  visit.endtime_s = DATE_ABSENT;
  assert_int_equal(view_service_day(&visit), date_day(sample_time(1, 0)));
  visit.stay = false;
  assert_int_equal(view_service_day(&visit), date_day(sample_time(8, 0)));
  visit.settled_s = DATE_ABSENT;
  assert_int_equal(view_service_day(&visit), INT32_MIN);
}

static void the_diagnosis_group_never_cuts_a_character(void **state) {
  (void)state;
  struct visit visit = {.main_diagnosis = SLICE("I63.900")};
  assert_true(slice_equal(view_dx3(&visit), SLICE("I63")));
  visit.main_diagnosis = SLICE("I6");
  assert_null(view_dx3(&visit).data);
  visit.main_diagnosis = SLICE("A脑梗");
  assert_null(view_dx3(&visit).data);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rescue_item_counts_within_24_hours),
      cmocka_unit_test(a_begin_known_by_its_day_only_may_leave_a_rescue_open),
      cmocka_unit_test(intensive_care_and_a_rescue_visit_prove_a_rescue),
      cmocka_unit_test(a_stay_elsewhere_lies_between_by_date),
      cmocka_unit_test(what_is_absent_is_unknown),
      cmocka_unit_test(a_value_is_of_the_type_its_row_says),
      cmocka_unit_test(names_are_unique_and_misspelt_ones_are_recognised),
      cmocka_unit_test(payable_days_count_the_first_and_not_the_last),
      cmocka_unit_test(the_service_day_of_a_stay_is_its_end),
      cmocka_unit_test(the_diagnosis_group_never_cuts_a_character),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
