#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "screen/ledger.h"

static const struct item items[] = {{.feedetl_sn = {"1", 1}, .inscp_fen = 1000, .fund_fen = 600}, {.feedetl_sn = {"2", 1}, .inscp_fen = 500, .fund_fen = 301},
                                    {.feedetl_sn = {"3", 1}, .inscp_fen = 0, .fund_fen = 0}};
static const struct visit visit = {.items = items, .items_size = 3, .items_loaded = true};

static struct hit hit_of(const struct rule *rule, unsigned char id, struct claim *claims, uint32_t size) {
  return (struct hit){.verdict = {.rule = rule, .claims = claims, .claims_size = size}, .id = {id}};
}

static void a_certain_finding_takes_its_money_before_a_suspicious_one(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 1024);
  const struct rule stay = {.id = SLICE("ADM-001"), .result = RESULT_SUSPICIOUS, .precedence = PRECEDENCE_STAY, .status = RULE_ACTIVE};
  const struct rule beds = {.id = SLICE("ADM-008A"), .result = RESULT_VIOLATION, .precedence = PRECEDENCE_QUANTITY, .status = RULE_ACTIVE};
  struct claim all[] = {{0, 1000}, {1, 500}, {2, 0}}, part[] = {{0, 400}};
  struct hit hits[] = {hit_of(&stay, 1, all, 3), hit_of(&beds, 2, part, 1)};
  ledger_resolve(hits, 2, &visit, &arena);
  assert_int_equal(hits[1].vola_fen, 400);
  assert_int_equal(hits[1].fund_fen, 240);
  assert_int_equal(hits[0].vola_fen, 1100);
  assert_int_equal(hits[0].fund_fen, 360 + 301);
  assert_int_equal(hits[0].claimed_fen, 1500);
  arena_fini(&arena);
}

static void class_then_claim_then_id_decide_among_equals(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 1024);
  const struct rule price = {.id = SLICE("P"), .result = RESULT_SUSPICIOUS, .precedence = PRECEDENCE_PRICE, .status = RULE_ACTIVE};
  const struct rule fictitious = {.id = SLICE("F"), .result = RESULT_SUSPICIOUS, .precedence = PRECEDENCE_FICTITIOUS, .status = RULE_ACTIVE};
  struct claim whole[] = {{1, 500}}, half[] = {{1, 250}}, again[] = {{1, 250}};
  struct hit hits[] = {hit_of(&price, 1, whole, 1), hit_of(&fictitious, 2, half, 1)};
  ledger_resolve(hits, 2, &visit, &arena);
  assert_int_equal(hits[1].vola_fen, 250);
  assert_int_equal(hits[0].vola_fen, 250);
  struct claim whole_again[] = {{1, 500}};
  struct hit larger[] = {hit_of(&price, 9, again, 1), hit_of(&price, 8, whole_again, 1)};
  ledger_resolve(larger, 2, &visit, &arena);
  assert_int_equal(larger[1].vola_fen, 500);
  assert_int_equal(larger[0].vola_fen, 0);
  struct claim a[] = {{1, 400}}, b[] = {{1, 400}};
  struct hit equals[] = {hit_of(&price, 9, a, 1), hit_of(&price, 8, b, 1)};
  ledger_resolve(equals, 2, &visit, &arena);
  assert_int_equal(equals[1].vola_fen, 400);
  assert_int_equal(equals[0].vola_fen, 100);
  arena_fini(&arena);
}

static void leads_and_shadows_take_nothing_from_anybody(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 1024);
  const struct rule lead = {.id = SLICE("L"), .result = RESULT_LEAD, .status = RULE_ACTIVE};
  const struct rule shadow = {.id = SLICE("S"), .result = RESULT_VIOLATION, .status = RULE_SHADOW};
  const struct rule real = {.id = SLICE("R"), .result = RESULT_SUSPICIOUS, .precedence = PRECEDENCE_LIMIT, .status = RULE_ACTIVE};
  struct claim a[] = {{0, 1000}}, b[] = {{0, 1000}}, c[] = {{0, 1000}};
  struct hit hits[] = {hit_of(&lead, 1, a, 1), hit_of(&shadow, 2, b, 1), hit_of(&real, 3, c, 1)};
  ledger_resolve(hits, 3, &visit, &arena);
  assert_int_equal(hits[0].vola_fen, 0);
  assert_int_equal(hits[1].vola_fen, 1000);
  assert_int_equal(hits[2].vola_fen, 1000);
  assert_int_equal(hits[2].fund_fen, 600);
  arena_fini(&arena);
}

static void a_finding_that_yields_does_not_stand_beside_the_other(void **state) {
  (void)state;
  const struct slice other[] = {SLICE("ADM-002")};
  const struct rule split = {.id = SLICE("ADM-001"), .status = RULE_ACTIVE, .yields_to = other, .yields_to_size = 1};
  const struct rule transfer = {.id = SLICE("ADM-002"), .status = RULE_ACTIVE};
  const struct rule trial = {.id = SLICE("ADM-002"), .status = RULE_SHADOW};
  struct visit earlier = {0}, another = {0};
  struct hit hits[] = {hit_of(&split, 1, NULL, 0), hit_of(&transfer, 2, NULL, 0)};
  hits[0].verdict.related = hits[1].verdict.related = &earlier;
  assert_false(ledger_stands(hits, 2, 0));
  assert_true(ledger_stands(hits, 2, 1));
  hits[1].verdict.related = &another;
  assert_true(ledger_stands(hits, 2, 0));
  hits[1].verdict.related = &earlier;
  hits[1].verdict.rule = &trial;
  assert_true(ledger_stands(hits, 2, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_certain_finding_takes_its_money_before_a_suspicious_one), cmocka_unit_test(class_then_claim_then_id_decide_among_equals),
      cmocka_unit_test(leads_and_shadows_take_nothing_from_anybody), cmocka_unit_test(a_finding_that_yields_does_not_stand_beside_the_other)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
