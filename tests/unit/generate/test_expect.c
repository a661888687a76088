#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/digest.h"
#include "producers/generate/expect.h"
#include "record/date.h"

enum { UNIT = 10000 };

static struct region region;
static struct bill bill;
static struct expect expect;

static int start(void **state) {
  (void)state;
  digest_start();
  region_init(&region, 7, 24, 1000);
  return 0;
}

static int stop(void **state) {
  (void)state;
  bill_fini(&bill);
  region_fini(&region);
  return 0;
}

// A pharmacy bill without lines of its own; lines are then added by hand.
static int empty_bill(void **state) {
  (void)state;
  const struct plan plan = {.number = 5,
                            .person = 3,
                            .institution = 0,
                            .begin_s = date_of_day(20520),
                            .end_s = date_of_day(20523),
                            .kind = BILL_PHARMACY,
                            .med_type = "41",
                            .case_number = PLAN_NONE};
  bill_make(&bill, &region, &plan);
  bill.size = 0;
  expect_clear(&expect);
  return 0;
}

static uint32_t line(int64_t fen) {
  struct bill_line *added = bill_add(&bill, region.catalogue.first[GROUP_BED], bill.plan.begin_s, UNIT, fen * 10000);
  assert_int_equal(added->inscp, fen);
  return bill.size - 1;
}

static void close_with_fund(int64_t fund) {
  bill_close(&bill);
  bill.totals[0].fund = fund;
}

static void a_whole_stay_takes_the_fund_exactly(void **state) {
  (void)state;
  for (int n = 0; n < 7; n++) line(333 + n);
  expect_stay(&expect, EXPECT_ADM_001);
  close_with_fund(1001);
  expect_attribute(&expect, &bill, NULL);
  assert_int_equal(expect.vola[EXPECT_ADM_001], 7 * 333 + 21);
  assert_int_equal(expect.fund[EXPECT_ADM_001], 1001);
}

static void the_largest_remainders_get_the_odd_fen(void **state) {
  (void)state;
  // 100 over 1, 1, 1: 33, 33, 33 and the odd fen to the first by feedetl_sn.
  line(1);
  line(1);
  line(1);
  expect_note(&expect, EXPECT_SUB_005, 0, EXPECT_WHOLE, 0);
  expect_note(&expect, EXPECT_SUB_006, 1, EXPECT_WHOLE, 0);
  close_with_fund(100);
  expect_attribute(&expect, &bill, NULL);
  assert_int_equal(expect.fund[EXPECT_SUB_005], 34);
  assert_int_equal(expect.fund[EXPECT_SUB_006], 33);
}

static void remainder_ties_go_by_the_bytes_of_the_line_number(void **state) {
  (void)state;
  for (int n = 0; n < 10; n++) line(1);
  expect_note(&expect, EXPECT_SUB_005, 1, EXPECT_WHOLE, 0);    // "2"
  expect_note(&expect, EXPECT_SUB_006, 9, EXPECT_WHOLE, 0);    // "10" stands before "2"
  close_with_fund(2);
  expect_attribute(&expect, &bill, NULL);
  assert_int_equal(expect.fund[EXPECT_SUB_005], 0);
  assert_int_equal(expect.fund[EXPECT_SUB_006], 1);
}

static void a_violation_takes_its_line_before_a_suspicion(void **state) {
  (void)state;
  const uint32_t bed = line(4000);
  line(6000);
  expect_stay(&expect, EXPECT_ADM_001);
  expect_note(&expect, EXPECT_ADM_008A, bed, EXPECT_UNITS, UNIT);
  close_with_fund(5000);
  expect_attribute(&expect, &bill, NULL);
  assert_int_equal(expect.vola[EXPECT_ADM_008A], 4000);
  assert_int_equal(expect.vola[EXPECT_ADM_001], 6000);
  assert_int_equal(expect.fund[EXPECT_ADM_008A] + expect.fund[EXPECT_ADM_001], 5000);
}

static void an_absorbed_finding_stays_with_nothing(void **state) {
  (void)state;
  const uint32_t drug = line(900);
  line(100);
  expect_stay(&expect, EXPECT_ADM_002);
  expect_note(&expect, EXPECT_SUB_001A, drug, EXPECT_WHOLE, 0);
  close_with_fund(500);
  expect_attribute(&expect, &bill, NULL);
  assert_true(expect.found[EXPECT_SUB_001A]);
  assert_int_equal(expect.vola[EXPECT_SUB_001A], 0);
  assert_int_equal(expect.vola[EXPECT_ADM_002], 1000);
}

static void the_larger_claim_comes_first_within_a_class(void **state) {
  (void)state;
  const uint32_t bed = line(500);
  line(500);
  expect_stay(&expect, EXPECT_ADM_001);
  expect_note(&expect, EXPECT_ADM_004, bed, EXPECT_WHOLE, 0);
  close_with_fund(0);
  expect_attribute(&expect, &bill, NULL);
  assert_int_equal(expect.vola[EXPECT_ADM_001], 1000);
  assert_int_equal(expect.vola[EXPECT_ADM_004], 0);
}

static void part_of_a_line_takes_the_same_part_of_its_fund_rounded_down(void **state) {
  (void)state;
  struct bill_line *beds = bill_add(&bill, region.catalogue.first[GROUP_BED], bill.plan.begin_s, 3 * UNIT, 10000 * 1000);
  assert_int_equal(beds->inscp, 3000);
  expect_note(&expect, EXPECT_ADM_008A, 0, EXPECT_UNITS, UNIT);
  close_with_fund(1000);
  expect_attribute(&expect, &bill, NULL);
  assert_int_equal(expect.vola[EXPECT_ADM_008A], 1000);
  assert_int_equal(expect.fund[EXPECT_ADM_008A], 333);
}

static void a_price_claim_leaves_the_rest_of_the_line(void **state) {
  (void)state;
  const uint32_t drug = line(1000);
  expect_note(&expect, EXPECT_SUB_006, drug, EXPECT_FEN, 250);
  close_with_fund(400);
  expect_attribute(&expect, &bill, NULL);
  assert_int_equal(expect.vola[EXPECT_SUB_006], 250);
  assert_int_equal(expect.fund[EXPECT_SUB_006], 100);
}

static void refunds_are_netted_before_the_fund_is_split(void **state) {
  (void)state;
  const uint32_t gone = line(1000), kept = line(1000);
  bill_refund(&bill, gone, UNIT, bill.plan.begin_s + 60, true);
  expect_note(&expect, EXPECT_SUB_005, kept, EXPECT_WHOLE, 0);
  expect_note(&expect, EXPECT_SUB_006, gone, EXPECT_WHOLE, 0);
  close_with_fund(700);
  expect_attribute(&expect, &bill, NULL);
  assert_int_equal(expect.fund[EXPECT_SUB_005], 700);
  assert_int_equal(expect.vola[EXPECT_SUB_006], 0);
  assert_int_equal(bill.totals[0].inscp, 1000);
}

static void a_refund_without_a_name_meets_the_newest_line_of_its_day(void **state) {
  (void)state;
  const uint32_t older = line(1000), newer = line(1000), next_day = line(1000);
  bill.lines[newer].time_s += 3600;
  bill.lines[next_day].time_s += DATE_DAY_SECONDS;
  bill_refund(&bill, older, UNIT, bill.plan.begin_s + 7200, false);
  close_with_fund(0);
  assert_int_equal(bill.lines[older].net_cnt, UNIT);
  assert_int_equal(bill.lines[newer].net_cnt, 0);
  assert_int_equal(bill.lines[next_day].net_cnt, UNIT);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup(name, empty_bill)
  const struct CMUnitTest tests[] = {
      CASE(a_whole_stay_takes_the_fund_exactly),
      CASE(the_largest_remainders_get_the_odd_fen),
      CASE(remainder_ties_go_by_the_bytes_of_the_line_number),
      CASE(a_violation_takes_its_line_before_a_suspicion),
      CASE(an_absorbed_finding_stays_with_nothing),
      CASE(the_larger_claim_comes_first_within_a_class),
      CASE(part_of_a_line_takes_the_same_part_of_its_fund_rounded_down),
      CASE(a_price_claim_leaves_the_rest_of_the_line),
      CASE(refunds_are_netted_before_the_fund_is_split),
      CASE(a_refund_without_a_name_meets_the_newest_line_of_its_day),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
