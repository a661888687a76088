#include "sample_kinds.h"

#include "rules/doc.h"
#include "rules/trace.h"

#define PAIR SHADOW "kind: pair\nsay: {zh: 样例}\n"

// Two stays, 1-6 and 11-20 March: gap 5.
static void begin_pair(struct sample_case *one, const char *more) {
  sample_begin(one, sample_one(more));
  sample_add(one, sample_stay("M1", 1, 6));
  sample_add(one, sample_stay("M2", 11, 20));
}

static void expect(struct sample_case *one, enum outcome outcome, const char *reason) {
  assert_int_equal(sample_judge(one, &one->visits[1]), outcome);
  if (reason != NULL) assert_true(slice_equal(one->verdict.reason, slice_from(reason)));
}

static void a_true_predicate_is_a_hit_with_its_band(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(&one, PAIR
             "bands:\n  - {name: short, if: {gap: {at_most: 4}}, severity: 3}\n  - {name: long, if: {gap: {above: 4}}, "
             "severity: 2}\n");
  expect(&one, OUTCOME_HIT, NULL);
  assert_true(slice_equal(one.verdict.band->name, SLICE("long")));
  assert_ptr_equal(one.verdict.visit, &one.visits[1]);
  assert_ptr_equal(one.verdict.related, &one.visits[0]);
  assert_false(one.verdict.provisional);
  assert_int_equal(sample_judge(&one, &one.visits[0]), OUTCOME_NO_HIT);
  assert_null(one.verdict.band);
  sample_end(&one);
  begin_pair(&one, PAIR);
  expect(&one, OUTCOME_HIT, NULL);
  assert_true(slice_equal(one.verdict.band->name, SLICE("default")));
  assert_int_equal(one.verdict.band->severity, 1);
  sample_end(&one);
}

static void the_effective_range_is_judged_on_the_service_day(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(&one,
             "version: 1\nstatus: shadow\neffective: {from: 2022-01-01, to: 2026-03-20}\nkind: pair\nsay: {zh: 样例}\n");
  expect(&one, OUTCOME_HIT, NULL);    // ends on the 20th, settled later
  one.visits[1].settled_s = sample_time(28, 0);
  expect(&one, OUTCOME_HIT, NULL);
  one.visits[1].endtime_s = sample_time(21, 0);
  expect(&one, OUTCOME_OUT_OF_SCOPE, "not_in_force");
  sample_end(&one);
  begin_pair(&one, "version: 1\nstatus: shadow\neffective: {from: 2026-03-20}\nkind: pair\nsay: {zh: 样例}\n");
  expect(&one, OUTCOME_HIT, NULL);
  one.visits[1].endtime_s = sample_time(19, 23);
  expect(&one, OUTCOME_OUT_OF_SCOPE, "not_in_force");
  sample_end(&one);
}

static void out_of_scope_comes_before_bad_data_and_bad_data_before_the_predicate(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(&one, PAIR "scope: {visit: INPATIENT_STAY, insutype: \"310\"}\nrequire: [begntime, hi_paymtd]\n");
  expect(&one, OUTCOME_BAD_DATA, "missing_hi_paymtd");
  one.visits[1].hi_paymtd = SLICE("1");
  expect(&one, OUTCOME_HIT, NULL);
  one.visits[1].hi_paymtd = SLICE_NONE;
  one.visits[1].insutype = SLICE("390");
  expect(&one, OUTCOME_OUT_OF_SCOPE, NULL);
  one.visits[1].insutype = SLICE_NONE;
  expect(&one, OUTCOME_BAD_DATA, "missing_insutype");    // the scope itself cannot be judged
  one.visits[1].symbol = VISIT_OUTP;
  expect(&one, OUTCOME_OUT_OF_SCOPE, NULL);
  one.visits[1].insutype = SLICE("310");
  one.visits[1].symbol = VISIT_OTHER;
  expect(&one, OUTCOME_BAD_DATA, "missing_visit");
  sample_end(&one);
}

static void an_exemption_excuses_a_hit_and_nothing_else(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(
      &one, PAIR
      "unless:\n  - {id: first, if: {hosp_lv: \"02\"}, reason: 一}\n  - {id: second, if: {insutype: \"310\"}, reason: 二}\n"
      "  - {id: third, if: {visit: INP}, reason: 三}\n");
  expect(&one, OUTCOME_EXEMPT, "second");    // the first that holds
  assert_null(one.verdict.band);
  one.visits[1].begntime_s = sample_time(30, 0);
  one.visits[1].endtime_s = sample_time(31, 0);
  expect(&one, OUTCOME_NO_HIT, NULL);
  sample_end(&one);
}

static void an_exemption_ends_on_its_day(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(&one, PAIR
             "unless:\n  - {id: pilot, if: {fixmedins_code: H1}, reason: 试点, owner: 审核科, approved_by: 医保局, until: "
             "2026-03-20}\n");
  expect(&one, OUTCOME_EXEMPT, "pilot");
  one.visits[1].endtime_s = sample_time(21, 0);
  expect(&one, OUTCOME_HIT, NULL);
  sample_end(&one);
}

static void an_unknown_exemption_keeps_the_finding_provisional_for_its_time(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(&one, PAIR "unless:\n  - {id: planned, if: {previous.readmission_plan: PLANNED}, reason: 计划}\n");
  one.visits[1].settled_s = sample_time(20, 11);
  one.history.watermark_s = sample_time(20, 11);
  expect(&one, OUTCOME_HIT, NULL);
  assert_true(one.verdict.provisional);
  one.history.watermark_s = sample_time(20, 11) + 30 * DATE_DAY_SECONDS - 1;
  expect(&one, OUTCOME_HIT, NULL);
  assert_true(one.verdict.provisional);
  one.history.watermark_s++;
  expect(&one, OUTCOME_HIT, NULL);
  assert_false(one.verdict.provisional);
  one.history.watermark_s = sample_time(20, 11);
  one.visits[0].readmission_plan = PLAN_NOT_PLANNED;
  expect(&one, OUTCOME_HIT, NULL);
  assert_false(one.verdict.provisional);
  one.visits[0].readmission_plan = PLAN_PLANNED;
  expect(&one, OUTCOME_EXEMPT, "planned");
  assert_false(one.verdict.provisional);
  sample_end(&one);
}

static void the_mildest_possible_band_applies_while_none_is_certain(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(&one, PAIR "bands:\n  - {name: home, if: {previous.discharge_way: BY_ORDER}, severity: 3}\n"
                        "  - {name: away, if: {not: {previous.discharge_way: BY_ORDER}}, severity: 2}\n");
  expect(&one, OUTCOME_HIT, NULL);
  assert_true(slice_equal(one.verdict.band->name, SLICE("away")));
  assert_true(one.verdict.provisional);
  one.visits[0].discharge_way = DISCHARGE_BY_ORDER;
  expect(&one, OUTCOME_HIT, NULL);
  assert_true(slice_equal(one.verdict.band->name, SLICE("home")));
  assert_false(one.verdict.provisional);
  sample_end(&one);
}

static void a_parameter_may_come_from_a_table(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(&one, PAIR "params: {limit: {table: gap_days, by: [hosp_lv]}}\n");    // 01: 10 days
  expect(&one, OUTCOME_HIT, NULL);
  one.visits[1].begntime_s = sample_time(17, 0);
  expect(&one, OUTCOME_NO_HIT, NULL);
  one.visits[1].hosp_lv = SLICE("02");
  expect(&one, OUTCOME_BAD_DATA, "unknown_parameter");
  sample_end(&one);
}

static void a_rule_of_lines_without_candidates_is_out_of_scope(void **state) {
  (void)state;
  struct sample_case one;
  sample_begin(&one, sample_one(SHADOW "kind: national\nparams: {table: procurement_price}\nsay: {zh: 样例}\n"));
  struct visit *visit = sample_add(&one, sample_stay("M1", 1, 6));
  assert_int_equal(sample_judge(&one, visit), OUTCOME_OUT_OF_SCOPE);
  struct judge_input input = sample_input(&one, visit);
  const struct candidate candidate = {.item = 4};
  input.candidates = &candidate;
  input.candidates_size = 1;
  judge(one.ruleset->rules[0], &input, &one.verdict);
  assert_int_equal(one.verdict.outcome, OUTCOME_HIT);
  assert_int_equal(one.verdict.claims[0].item, 4);
  sample_end(&one);
}

// --- Traces
// ----------------------------------------------------------------------------------------------------------------

static const struct trace_row *row_of(const struct trace *trace, enum trace_step step, const char *operand) {
  for (size_t i = 0; i < trace->size; i++)
    if (trace->rows[i].step == step && slice_equal(trace->rows[i].operand, slice_from(operand))) return &trace->rows[i];
  fail_msg("no row for %s", operand);
  return NULL;
}

static const char traced[] = PAIR
    "scope: {insutype: \"390\", any: [{hosp_lv: \"01\"}, {payable_days: {above: 12}}]}\nrequire: [begntime, hi_paymtd]\n"
    "unless:\n  - {id: planned, if: {previous.readmission_plan: PLANNED}, reason: 计划}\n"
    "bands:\n  - {name: short, if: {gap: {at_most: 4}}, severity: 3}\n  - {name: long, if: {gap: {above: 4}}, severity: "
    "2}\n";

static void a_trace_tells_every_condition_and_changes_no_answer(void **state) {
  (void)state;
  struct sample_case one;
  begin_pair(&one, traced);
  const struct settlement_view settlement = {.setl_id = SLICE("S2"), .source = {0, 3, 17}};
  one.visits[1].settlements = &settlement;
  one.visits[1].settlements_size = 1;
  const char *topics[] = {"settlements"};
  struct trace trace;
  trace_init(&trace, &one.arena, topics, 1);
  struct judge_input input = sample_input(&one, &one.visits[1]);
  input.trace = &trace;
  struct verdict verdict;
  judge(one.ruleset->rules[0], &input, &verdict);
  expect(&one, verdict.outcome, NULL);
  assert_int_equal(verdict.outcome, OUTCOME_OUT_OF_SCOPE);
  assert_true(slice_equal(verdict.reason, one.verdict.reason));
  // Although the scope is false at its first part, the rest is there too.
  const struct trace_row *insutype = row_of(&trace, TRACE_SCOPE, "insutype"),
                         *days = row_of(&trace, TRACE_SCOPE, "payable_days");
  assert_int_equal(insutype->truth, TRUTH_FALSE);
  assert_true(slice_equal(insutype->value, SLICE("310")));
  assert_true(slice_equal(insutype->limit, SLICE("in [\"390\"]")));
  assert_true(slice_equal(insutype->source, SLICE("settlements[3]@17 body.setlinfo.insutype")));
  assert_int_equal(days->truth, TRUTH_FALSE);
  assert_true(days->has_distance);
  assert_int_equal(days->distance, 4);    // 9 days, 13 are needed
  assert_int_equal(days->depth, 2);
  assert_int_equal(row_of(&trace, TRACE_REQUIRE, "hi_paymtd")->truth, TRUTH_FALSE);
  assert_int_equal(row_of(&trace, TRACE_EXEMPTION, "previous.readmission_plan")->truth, TRUTH_UNKNOWN);
  assert_true(slice_equal(row_of(&trace, TRACE_PREDICATE, "gap")->value, SLICE("5")));
  assert_int_equal(row_of(&trace, TRACE_BAND, "gap")->distance, 1);
  assert_int_equal(trace.rows[trace.size - 1].step, TRACE_OUTCOME);
  struct text text = {0};
  trace_write(&trace, &text);
  text_byte(&text, '\0');
  assert_non_null(strstr(text.data, "beyond by 4"));
  assert_non_null(strstr(text.data, "out_of_scope"));
  text_fini(&text);
  sample_end(&one);
}

static void a_trace_never_changes_an_outcome(void **state) {
  (void)state;
  static const char *const levels[] = {"01", "02", ""}, *const insurances[] = {"310", "390", ""},
                           *const payments[] = {"1", ""};
  struct sample_case one;
  begin_pair(&one, traced);
  unsigned seen = 0;
  for (unsigned n = 0; n < 3 * 3 * 2 * 3 * 3; n++) {
    struct visit *visit = &one.visits[1];
    visit->hosp_lv = slice_from(levels[n % 3]);
    visit->insutype = slice_from(insurances[n / 3 % 3]);
    visit->hi_paymtd = slice_from(payments[n / 9 % 2]);
    one.visits[0].readmission_plan = (enum plan_symbol)(n / 18 % 3);
    visit->begntime_s = sample_time((int)(7 + n / 54 * 10), 9);
    visit->endtime_s = sample_time(29, 9);
    struct verdict plain, with_trace;
    struct judge_input input = sample_input(&one, visit);
    judge(one.ruleset->rules[0], &input, &plain);
    struct trace trace;
    trace_init(&trace, &one.arena, NULL, 0);
    input.trace = &trace;
    judge(one.ruleset->rules[0], &input, &with_trace);
    assert_int_equal(plain.outcome, with_trace.outcome);
    assert_true(slice_equal(plain.reason, with_trace.reason));
    assert_ptr_equal(plain.band, with_trace.band);
    assert_int_equal(plain.provisional, with_trace.provisional);
    seen |= 1u << plain.outcome;
  }
  assert_int_equal(seen, 1u << OUTCOME_HIT | 1u << OUTCOME_NO_HIT | 1u << OUTCOME_EXEMPT | 1u << OUTCOME_OUT_OF_SCOPE |
                             1u << OUTCOME_BAD_DATA);
  sample_end(&one);
}

static void kinds_may_tell_their_own_comparisons(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 0);
  struct trace trace;
  trace_init(&trace, &arena, NULL, 0);
  trace_range(&trace, "gap", &(struct value){.type = VALUE_INT, .number = 16}, 0, 15);
  trace_range(&trace, "gap", &(struct value){.type = VALUE_INT, .number = 12}, 0, 15);
  trace_range(&trace, "gap", &(struct value){0}, INT64_MIN, 15);
  trace_say(&trace, "dx3", SLICE("I63"), SLICE("equal to J18"), TRUTH_FALSE);
  trace_range(NULL, "gap", &(struct value){0}, 0, 1);
  trace_say(NULL, "dx3", SLICE_NONE, SLICE_NONE, TRUTH_TRUE);
  assert_int_equal(trace.rows[0].truth, TRUTH_FALSE);
  assert_int_equal(trace.rows[0].distance, 1);
  assert_true(slice_equal(trace.rows[0].limit, SLICE("at_least 0 and at_most 15")));
  assert_int_equal(trace.rows[1].truth, TRUTH_TRUE);
  assert_int_equal(trace.rows[1].distance, -3);
  assert_int_equal(trace.rows[2].truth, TRUTH_UNKNOWN);
  assert_false(trace.rows[2].has_distance);
  assert_int_equal(trace.size, 4);
  arena_fini(&arena);
}

static void values_are_written_as_people_read_them(void **state) {
  (void)state;
  const struct { struct value value; const char *words;
  } cases[] = {{{.type = VALUE_FEN, .number = 1100005}, "11000.05"},
               {{.type = VALUE_COUNT, .number = 15000}, "1.5"},
               {{.type = VALUE_PRICE, .number = 2500000}, "2.5"},
               {{.type = VALUE_TIME, .number = sample_time(3, 9)}, "2026-03-03 09:00:00"},
               {{.type = VALUE_DAY, .number = date_day(sample_time(3, 9))}, "2026-03-03"},
               {{.type = VALUE_BOOL, .number = 1}, "true"},
               {{.type = VALUE_INT, .number = -6}, "-6"},
               {{.type = VALUE_TEXT, .text = SLICE("I63")}, "I63"},
               {{0}, "-"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct text text = {0};
    value_write(&text, &cases[i].value);
    text_byte(&text, '\0');
    assert_string_equal(text.data, cases[i].words);
    text_fini(&text);
  }
  for (unsigned i = 0; i < OUTCOME_COUNT; i++) assert_non_null(outcome_name((enum outcome)i));
}

static void the_handbook_names_every_operand_and_kind(void **state) {
  (void)state;
  struct text fields = {0}, pages = {0};
  rules_doc_fields(&fields);
  rules_doc_kinds(&pages);
  text_byte(&fields, '\0');
  text_byte(&pages, '\0');
  assert_non_null(strstr(fields.data, "`rescue_within_24h` | true or false"));
  assert_non_null(strstr(fields.data, "| `gap` | whole number | days |"));
  assert_non_null(strstr(fields.data, "`AGAINST_ADVICE`"));
  assert_non_null(strstr(pages.data, "## `hospital`"));
  assert_non_null(strstr(pages.data, "limit"));
  text_fini(&fields);
  text_fini(&pages);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_true_predicate_is_a_hit_with_its_band),
      cmocka_unit_test(the_effective_range_is_judged_on_the_service_day),
      cmocka_unit_test(out_of_scope_comes_before_bad_data_and_bad_data_before_the_predicate),
      cmocka_unit_test(an_exemption_excuses_a_hit_and_nothing_else),
      cmocka_unit_test(an_exemption_ends_on_its_day),
      cmocka_unit_test(an_unknown_exemption_keeps_the_finding_provisional_for_its_time),
      cmocka_unit_test(the_mildest_possible_band_applies_while_none_is_certain),
      cmocka_unit_test(a_parameter_may_come_from_a_table),
      cmocka_unit_test(a_rule_of_lines_without_candidates_is_out_of_scope),
      cmocka_unit_test(a_trace_tells_every_condition_and_changes_no_answer),
      cmocka_unit_test(a_trace_never_changes_an_outcome),
      cmocka_unit_test(kinds_may_tell_their_own_comparisons),
      cmocka_unit_test(values_are_written_as_people_read_them),
      cmocka_unit_test(the_handbook_names_every_operand_and_kind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
