#include "sample_kinds.h"

#include "rules/condition.h"
#include "rules/cells.h"
#include "rules/operand.h"
#include "rules/scope.h"

enum { F = TRUTH_FALSE, T = TRUTH_TRUE, U = TRUTH_UNKNOWN };

// The truth of a condition for a stay from 1 to 6 March with the diagnoses I63.900 (main) and E11.900, changed by change.
static enum truth truth_with(const char *condition, void (*change)(struct visit *visit)) {
  struct text more = {0};
  text_format(&more,
              SHADOW
              "kind: visit\nsay: {zh: 样例}\nunless:\n  - {id: e, if: %s, reason: 理由, owner: a, approved_by: b, until: "
              "2099-01-01}\n",
              condition);
  text_byte(&more, '\0');
  struct sample_case one;
  sample_begin(&one, sample_one(more.data));
  struct visit *visit = sample_add(&one, sample_stay("M1", 1, 6));
  const struct slice diagnoses[] = {SLICE("I63.900"), SLICE("E11.900")};
  visit->main_diagnosis = diagnoses[0];
  visit->diagnoses = diagnoses;
  visit->diagnoses_size = 2;
  if (change != NULL) change(visit);
  const struct judge_input input = sample_input(&one, visit);
  const struct rule *rule = one.ruleset->rules[0];
  struct verdict verdict = {.rule = rule, .visit = visit};
  const struct condition_context context = {rule, &input, &verdict};
  const enum truth truth = condition_evaluate(rule->exemptions[0].condition, &context);
  sample_end(&one);
  text_fini(&more);
  return truth;
}

static void forget(struct visit *visit) {
  visit->insutype = visit->hosp_lv = visit->main_diagnosis = SLICE_NONE;
  visit->diagnoses_size = 0;
  visit->symbol = VISIT_OTHER;
  visit->begntime_s = DATE_ABSENT;
}
static enum truth truth_of_text(const char *condition) { return truth_with(condition, NULL); }
static enum truth truth_forgotten(const char *condition) { return truth_with(condition, forget); }

static void equality_and_lists(void **state) {
  (void)state;
  assert_int_equal(truth_of_text("{insutype: \"310\"}"), T);
  assert_int_equal(truth_of_text("{insutype: [\"390\", \"310\", \"320\"]}"), T);
  assert_int_equal(truth_of_text("{insutype: {in: [\"390\", \"320\"]}}"), F);
  assert_int_equal(truth_of_text("{visit: INP}"), T);
  assert_int_equal(truth_of_text("{visit: INPATIENT_STAY}"), T);
  assert_int_equal(truth_of_text("{visit: [INP_DAY, OUTP]}"), F);
  assert_int_equal(truth_of_text("{payable_days: [4, 5]}"), T);
  assert_int_equal(truth_of_text("{payable_days: 6}"), F);
  assert_int_equal(truth_of_text("{psn_no: p_1}"), T);
}

static void bounds_are_inclusive_or_strict_as_their_words_say(void **state) {
  (void)state;
  assert_int_equal(truth_of_text("{payable_days: {at_least: 5}}"), T);
  assert_int_equal(truth_of_text("{payable_days: {at_least: 6}}"), F);
  assert_int_equal(truth_of_text("{payable_days: {at_most: 5}}"), T);
  assert_int_equal(truth_of_text("{payable_days: {at_most: 4}}"), F);
  assert_int_equal(truth_of_text("{payable_days: {above: 4}}"), T);
  assert_int_equal(truth_of_text("{payable_days: {above: 5}}"), F);
  assert_int_equal(truth_of_text("{payable_days: {below: 6}}"), T);
  assert_int_equal(truth_of_text("{payable_days: {below: 5}}"), F);
  assert_int_equal(truth_of_text("{payable_days: {above: 4, below: 6}}"), T);
}

static void a_day_as_bound_of_a_time_is_the_whole_day(void **state) {
  (void)state;
  // begntime is 2026-03-01 09:00:00
  assert_int_equal(truth_of_text("{begntime: {at_least: 2026-03-01}}"), T);
  assert_int_equal(truth_of_text("{begntime: {above: 2026-03-01}}"), F);
  assert_int_equal(truth_of_text("{begntime: {above: 2026-02-28}}"), T);
  assert_int_equal(truth_of_text("{begntime: {at_most: 2026-03-01}}"), T);
  assert_int_equal(truth_of_text("{begntime: {below: 2026-03-01}}"), F);
  assert_int_equal(truth_of_text("{begntime: {below: 2026-03-02}}"), T);
  assert_int_equal(truth_of_text("{begntime: {at_most: 2026-03-01 08:59:59}}"), F);
  assert_int_equal(truth_of_text("{begntime: 2026-03-01 09:00:00}"), T);
}

static void prefixes_and_several_diagnoses(void **state) {
  (void)state;
  assert_int_equal(truth_of_text("{main_diagnosis: {starts_with: I6}}"), T);
  assert_int_equal(truth_of_text("{main_diagnosis: {starts_with: [J, K]}}"), F);
  assert_int_equal(truth_of_text("{dx3: I63}"), T);
  assert_int_equal(truth_of_text("{diagnoses: E11.900}"), T);
  assert_int_equal(truth_of_text("{diagnoses: {starts_with: E11}}"), T);
  assert_int_equal(truth_of_text("{diagnoses: {starts_with: C}}"), F);
  assert_int_equal(truth_of_text("{not: {diagnoses: {starts_with: E}}}"), F);
}

static void the_logic_has_three_values(void **state) {
  (void)state;
  assert_int_equal(truth_forgotten("{insutype: \"310\"}"), U);
  assert_int_equal(truth_forgotten("{visit: INPATIENT_STAY}"), U);
  assert_int_equal(truth_forgotten("{not: {insutype: \"310\"}}"), U);
  assert_int_equal(truth_forgotten("{payable_days: {above: 3}}"), U);
  assert_int_equal(truth_forgotten("{diagnoses: {starts_with: E}}"), U);
  assert_int_equal(truth_forgotten("{insutype: \"310\", fixmedins_code: H2}"), F);
  assert_int_equal(truth_forgotten("{insutype: \"310\", fixmedins_code: H1}"), U);
  assert_int_equal(truth_forgotten("{any: [{insutype: \"310\"}, {fixmedins_code: H1}]}"), T);
  assert_int_equal(truth_forgotten("{any: [{insutype: \"310\"}, {fixmedins_code: H2}]}"), U);
  assert_int_equal(truth_forgotten("{all: [{fixmedins_code: H1}, {any: [{hosp_lv: \"01\"}, {fixmedins_code: H2}]}]}"), U);
  assert_int_equal(truth_forgotten("{insutype: {present: false}}"), T);
  assert_int_equal(truth_forgotten("{insutype: {present: true}}"), F);
  assert_int_equal(truth_of_text("{insutype: {present: true}}"), T);
  assert_int_equal(truth_forgotten("{diagnoses: {present: false}}"), T);
}

static void a_bound_may_come_from_a_table(void **state) {
  (void)state;
  // gap_days: hosp_lv 01 -> 10 days
  assert_int_equal(truth_of_text("{payable_days: {at_most: {table: gap_days, by: [hosp_lv]}}}"), T);
  assert_int_equal(truth_of_text("{payable_days: {above: {table: gap_days, by: [hosp_lv]}}}"), F);
  assert_int_equal(truth_forgotten("{payable_days: {above: {table: gap_days, by: [hosp_lv]}}}"), U);
  assert_int_equal(truth_of_text("{payable_days: {above: {table: gap_days, by: [gend]}}}"), U);      // absent key
  assert_int_equal(truth_of_text("{payable_days: {above: {table: gap_days, by: [insutype]}}}"), U);  // no row
}

static void bounds_from_a_table_keep_their_strictness(void **state) {
  (void)state;
  // 10 payable days against 10
  struct { const char *condition; int truth;
  } cases[] = {{"{payable_days: {at_most: {table: gap_days, by: [hosp_lv]}}}", T},
               {"{payable_days: {below: {table: gap_days, by: [hosp_lv]}}}", F},
               {"{payable_days: {at_least: {table: gap_days, by: [hosp_lv]}}}", T},
               {"{payable_days: {above: {table: gap_days, by: [hosp_lv]}}}", F}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct text more = {0};
    text_format(&more, SHADOW "kind: visit\nsay: {zh: 样例}\nscope: %s\n", cases[i].condition);
    text_byte(&more, '\0');
    struct sample_case one;
    sample_begin(&one, sample_one(more.data));
    struct visit *visit = sample_add(&one, sample_stay("M1", 1, 11));
    assert_int_equal(sample_judge(&one, visit), cases[i].truth == T ? OUTCOME_NO_HIT : OUTCOME_OUT_OF_SCOPE);
    sample_end(&one);
    text_fini(&more);
  }
}

static void a_table_may_hold_whole_values_and_prefixes(void **state) {
  (void)state;
  struct sample_folder folder;
  struct text text = {0};
  sample_open(&folder, true);
  sample_write(
      &folder, "knowledge/cycles.yaml",
      SLICE("columns:\n  - {name: dx, type: text}\n  - {name: from, type: date}\n  - {name: to, type: date}\nkey: [dx]\n"
            "effective: {from: from, to: to}\nversion: \"1\"\nsource: here\n"));
  sample_write(&folder, "knowledge/cycles.csv",
               SLICE("dx,from,to\nZ51*,2022-01-01,\nI63.900,2022-01-01,\nJ1*,2022-01-01,2025-12-31\n"));
  sample_write(
      &folder, "rule.yaml",
      sample_rule(&text, "TST-001", SHADOW "kind: visit\nsay: {zh: 样例}\nscope: {main_diagnosis: {in_table: cycles}}\n"));
  struct sample_case one;
  sample_begin(&one, sample_load(&folder, NULL));
  assert_non_null(one.ruleset);
  static const struct { const char *code; enum outcome outcome; } cases[] = {
      {"Z51.100", OUTCOME_NO_HIT}, {"Z51", OUTCOME_NO_HIT}, {"Z5", OUTCOME_OUT_OF_SCOPE}, {"I63.900", OUTCOME_NO_HIT},
      {"I63.901", OUTCOME_OUT_OF_SCOPE}, {"J18.900", OUTCOME_OUT_OF_SCOPE}, {"Z", OUTCOME_OUT_OF_SCOPE}};
  struct visit *visit = sample_add(&one, sample_stay("M1", 1, 6));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    visit->main_diagnosis = slice_from(cases[i].code);
    assert_int_equal(sample_judge(&one, visit), cases[i].outcome);
  }
  sample_end(&one);
  sample_close(&folder);
  text_fini(&text);
}

// --- What the loader makes of conditions
// -----------------------------------------------------------------------------------

static uint32_t visits_of(const char *scope) {
  struct text more = {0};
  text_format(&more, SHADOW "kind: visit\nsay: {zh: 样例}\nscope: %s\n", scope);
  text_byte(&more, '\0');
  struct ruleset *ruleset = sample_one(more.data);
  const uint32_t visits = ruleset->rules[0]->visits;
  ruleset_destroy(ruleset);
  text_fini(&more);
  return visits;
}

static void the_visits_of_a_scope_follow_from_any_nesting(void **state) {
  (void)state;
  const uint32_t inp = 1u << VISIT_INP, day = 1u << VISIT_INP_DAY, unknown = 1u;
  assert_int_equal(visits_of("{insutype: \"310\"}"), UINT32_MAX);
  assert_int_equal(visits_of("{visit: INP}"), inp | unknown);
  assert_int_equal(visits_of("{any: [{visit: INP}, {visit: INP_DAY, insutype: \"310\"}]}"), inp | day | unknown);
  assert_int_equal(visits_of("{visit: [INP, INP_DAY], not: {visit: INP}}"), day | unknown);
  assert_int_equal(visits_of("{visit: {present: true}, all: [{visit: INP}]}"), inp);
}

static void the_institutions_of_a_scope_follow_from_any_nesting(void **state) {
  (void)state;
  static const struct { const char *scope; bool restricted; size_t size; } cases[] = {
      {"{visit: INP}", false, 0},
      {"{fixmedins_code: [H2, H1]}", true, 2},
      {"{fixmedins_code: [H2, H1], all: [{fixmedins_code: [H1, H3]}]}", true, 1},
      {"{any: [{fixmedins_code: H1}, {visit: INP}]}", false, 0},
      {"{any: [{fixmedins_code: H1}, {fixmedins_code: [H1, H2], visit: INP}]}", true, 2},
      {"{not: {fixmedins_code: H1}}", false, 0},
      {"{fixmedins_code: {starts_with: H62}}", false, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct text more = {0};
    text_format(&more, SHADOW "kind: visit\nsay: {zh: 样例}\nscope: %s\n", cases[i].scope);
    text_byte(&more, '\0');
    struct ruleset *ruleset = sample_one(more.data);
    const struct slice *list;
    size_t size;
    assert_int_equal(scope_institutions(ruleset->rules[0], &ruleset->arena, &list, &size), cases[i].restricted);
    assert_int_equal(size, cases[i].size);
    ruleset_destroy(ruleset);
    text_fini(&more);
  }
}

static const char *load_error(const char *more, struct text *told) {
  struct sample_folder folder;
  struct text text = {0};
  sample_open(&folder, false);
  sample_write(&folder, "rule.yaml", sample_rule(&text, "TST-001", more));
  text_clear(told);
  struct ruleset *ruleset = sample_load(&folder, told);
  ruleset_destroy(ruleset);
  sample_close(&folder);
  text_fini(&text);
  text_byte(told, '\0');
  return told->data;
}

#define PAIR SHADOW "kind: pair\nsay: {zh: 样例}\n"

static void bands_are_checked_against_what_the_kind_can_give(void **state) {
  (void)state;
  struct text told = {0};
  // 0..15: a band above 15 is out of reach, bands within 0..15 are complete
  assert_non_null(strstr(load_error(PAIR "bands:\n  - {name: a, if: {gap: {at_most: 15}}, severity: 1}\n  - {name: b, if: "
                                         "{gap: {above: 15}}, severity: 2}\n",
                                    &told),
                         "SW1126"));
  assert_string_equal(load_error(PAIR "bands:\n  - {name: a, if: {gap: {at_least: 0, at_most: 7}}, severity: 1}\n"
                                      "  - {name: b, if: {gap: {at_least: 8, at_most: 15}}, severity: 2}\n", &told), "");
  assert_non_null(strstr(load_error(PAIR "bands:\n  - {name: a, if: {gap: {at_least: 0, at_most: 7}}, severity: 1}\n"
                                         "  - {name: b, if: {gap: {at_least: 8, at_most: 14}}, severity: 2}\n",
                                    &told),
                         "no band applies when gap 15"));
  // a look-up may be anything: then only the whole range is complete
  assert_non_null(strstr(load_error(PAIR "params: {limit: {table: gap_days, by: [hosp_lv]}}\nbands:\n  - {name: a, if: "
                                         "{gap: {at_least: 0, at_most: 7}}, severity: 1}\n"
                                         "  - {name: b, if: {gap: {at_least: 8}}, severity: 2}\n",
                                    &told),
                         "SW1125"));
  // two operands
  assert_string_equal(load_error(PAIR "bands:\n  - {name: a, if: {gap: {at_most: 7}, not: {visit: INP}}, severity: 1}\n"
                                      "  - {name: b, if: {gap: {at_most: 7}, visit: INP}, severity: 1}\n"
                                      "  - {name: c, if: {gap: {above: 7}}, severity: 2}\n", &told), "");
  // a table may hold anything
  assert_string_equal(load_error(PAIR "bands:\n  - {name: a, if: {hosp_lv: {in_table: gap_days}}, severity: 1}\n"
                                      "  - {name: b, if: {not: {hosp_lv: {in_table: gap_days}}}, severity: 1}\n",
                                 &told),
                      "");
  text_fini(&told);
}

static void what_cannot_be_checked_is_not_refused(void **state) {
  (void)state;
  struct text told = {0}, more = {0};
  text_format(&more, PAIR "scope:\n  all:\n");
  // 14 operands are more than are walked
  static const char *const names[] = {"insutype",        "med_type",       "hosp_lv",       "gend",     "hi_paymtd",
                                      "adm_dept_codg",   "dscg_dept_codg", "wardarea_codg", "atddr_no", "insuplc_admdvs",
                                      "mdtrtarea_admvs", "region",         "mdtrt_id",      "setl_id"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) text_format(&more, "    - {%s: [\"1\", \"2\"]}\n", names[i]);
  text_byte(&more, '\0');
  assert_string_equal(load_error(more.data, &told), "");
  text_fini(&told);
  text_fini(&more);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equality_and_lists),
      cmocka_unit_test(bounds_are_inclusive_or_strict_as_their_words_say),
      cmocka_unit_test(a_day_as_bound_of_a_time_is_the_whole_day),
      cmocka_unit_test(prefixes_and_several_diagnoses),
      cmocka_unit_test(the_logic_has_three_values),
      cmocka_unit_test(a_bound_may_come_from_a_table),
      cmocka_unit_test(bounds_from_a_table_keep_their_strictness),
      cmocka_unit_test(a_table_may_hold_whole_values_and_prefixes),
      cmocka_unit_test(the_visits_of_a_scope_follow_from_any_nesting),
      cmocka_unit_test(the_institutions_of_a_scope_follow_from_any_nesting),
      cmocka_unit_test(bands_are_checked_against_what_the_kind_can_give),
      cmocka_unit_test(what_cannot_be_checked_is_not_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
