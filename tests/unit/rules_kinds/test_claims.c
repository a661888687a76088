#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/kinds/claims.h"
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

static struct judge_input input_of(struct stage *stage, struct visit *visit) {
  return (struct judge_input){.ruleset = &stage->ruleset, .history = &stage->history, .visit = visit, .arena = &stage->arena};
}

static void a_claim_is_held_within_the_money_of_its_line(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  for (int i = 0; i < 3; i++) stage_item(stage, visit, FEE_BED, "2026-03-01", "1", 100);
  const struct judge_input input = input_of(stage, visit);
  struct claims claims;
  claims_start(&claims, &input, &stage->verdict);
  claims_take(&claims, 0, 250);
  claims_take(&claims, 1, -7);
  claims_take(&claims, 2, 60);
  claims_end(&claims);
  assert_int_equal(stage->verdict.outcome, OUTCOME_HIT);
  assert_int_equal(stage->verdict.claims[0].claimed_fen, 100);
  assert_int_equal(stage->verdict.claims[1].claimed_fen, 0);
  assert_int_equal(stage->verdict.claims[2].claimed_fen, 60);
}

static void a_line_that_hits_outweighs_bad_lines_and_the_first_bad_line_gives_the_reason(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  stage_item(stage, visit, FEE_BED, "2026-03-01", "1", 100);
  const struct judge_input input = input_of(stage, visit);
  struct claims claims;
  claims_start(&claims, &input, &stage->verdict);
  claims_bad(&claims, 0, BAD_MISSING_CNT);
  claims_bad(&claims, 0, BAD_MISSING_PRICE);
  claims_end(&claims);
  assert_int_equal(stage->verdict.outcome, OUTCOME_BAD_DATA);
  assert_true(slice_equal(stage->verdict.reason, SLICE("missing_cnt")));
  claims_start(&claims, &input, &stage->verdict);
  claims_bad(&claims, 0, BAD_MISSING_CNT);
  claims_take(&claims, 0, 1);
  claims_end(&claims);
  assert_int_equal(stage->verdict.outcome, OUTCOME_HIT);
}

static void a_refund_without_its_line_keeps_a_visit_from_being_clean(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  visit->unmatched_refunds = 1;
  const struct judge_input input = input_of(stage, visit);
  struct claims claims;
  claims_start(&claims, &input, &stage->verdict);
  claims_end(&claims);
  assert_int_equal(stage->verdict.outcome, OUTCOME_BAD_DATA);
  assert_true(slice_equal(stage->verdict.reason, SLICE("refund_without_original")));
}

static void parts_of_a_line_are_rounded_once_half_up(void **state) {
  struct stage *stage = *state;
  struct visit *visit = stage_stay(stage, "M1", "H1", "2026-03-01", "2026-03-05");
  stage_item(stage, visit, FEE_BED, "2026-03-01", "3", 100);
  stage_item(stage, visit, FEE_BED, "2026-03-01", "2", 101);
  stage_item(stage, visit, FEE_LAB, "2026-03-01", "1", 5);
  const struct judge_input input = input_of(stage, visit);
  struct claims claims;
  struct excess excess = {0};
  claims_start(&claims, &input, &stage->verdict);
  claims_exceed(&excess, &input, 1, 10000);
  claims_exceed(&excess, &input, 0, 10000);
  claims_exceed(&excess, &input, 0, 10000);
  claims_take_excess(&excess, &claims, true);
  claims_evidence(&excess, &claims, 1u << FEE_LAB | 1u << FEE_BED);
  assert_int_equal(stage->verdict.claims_size, 2);
  assert_int_equal(stage->verdict.claims[0].claimed_fen, 67);
  assert_int_equal(stage->verdict.claims[1].claimed_fen, 51);
  assert_int_equal(excess.total, 30000);
  assert_int_equal(stage->verdict.related_items_size, 1);
  assert_int_equal(stage->verdict.related_items[0], 2);
}

static bool below(const void *context, uint32_t a, uint32_t b) {
  const uint32_t *weights = context;
  return weights[a] < weights[b];
}

static void sorting_follows_the_order_given(void **state) {
  (void)state;
  enum { SIZE = 257 };
  uint32_t weights[SIZE], numbers[SIZE];
  for (uint32_t i = 0; i < SIZE; i++) {
    weights[i] = i * 2654435761u % 1009;
    numbers[i] = i;
  }
  for (size_t size = 0; size <= SIZE; size += 1 + size / 3) {
    for (uint32_t i = 0; i < size; i++) numbers[i] = i;
    claims_sort(numbers, size, below, weights);
    for (size_t i = 1; i < size; i++) assert_true(weights[numbers[i - 1]] <= weights[numbers[i]]);
  }
}

static void every_reason_has_a_word_of_its_own(void **state) {
  (void)state;
  for (unsigned a = 0; a < BAD_REASON_COUNT; a++) {
    assert_true(claims_reason((enum bad_reason)a).size > 0);
    for (unsigned b = 0; b < a; b++) assert_false(slice_equal(claims_reason((enum bad_reason)a), claims_reason((enum bad_reason)b)));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
      TEST(a_claim_is_held_within_the_money_of_its_line),
      TEST(a_line_that_hits_outweighs_bad_lines_and_the_first_bad_line_gives_the_reason),
      TEST(a_refund_without_its_line_keeps_a_visit_from_being_clean),
      TEST(parts_of_a_line_are_rounded_once_half_up),
      TEST(sorting_follows_the_order_given),
      TEST(every_reason_has_a_word_of_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
