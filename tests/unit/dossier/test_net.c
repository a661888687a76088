#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dossier/net.h"
#include "tests/unit/dossier/sample.h"

static struct codes *codes;
static struct arena program;

struct wanted { const char *sn, *cnt; int64_t inscp_fen; };

// Nets lines of one settlement and compares what is left, in order.
static void nets_to(const struct line *lines, uint32_t size, const struct wanted *wanted, uint32_t wanted_size, uint32_t unmatched_wanted) {
  struct arena arena;
  arena_init(&arena, 4096);
  struct net_line *net = ARENA_ZEROED(&arena, struct net_line, size);
  for (uint32_t i = 0; i < size; i++) lines_take(&net[i].line, &lines[i], NULL);
  struct item *items;
  uint32_t unmatched;
  const uint32_t left = net_items(net, size, codes, &arena, &items, &unmatched);
  assert_int_equal(left, wanted_size);
  assert_int_equal(unmatched, unmatched_wanted);
  for (uint32_t i = 0; i < left; i++) {
    int64_t cnt = 0;
    money_parse(slice_from(wanted[i].cnt), MONEY_COUNT, &cnt);
    assert_true(slice_equal(items[i].feedetl_sn, slice_from(wanted[i].sn)));
    assert_true(items[i].cnt == cnt);
    assert_true(items[i].inscp_fen == wanted[i].inscp_fen);
  }
  arena_fini(&arena);
}

static struct line refund(struct line line, const char *of) {
  line.init_feedetl_sn = slice_from(of);
  return line;
}

static void a_linked_refund_takes_its_original_away(void **state) {
  (void)state;
  const struct line lines[] = {sample_line("1", "B", "2026-03-01 09:00:00", "1", "40", 4000), sample_line("2", "B", "2026-03-01 09:05:00", "1", "40", 4000),
                               refund(sample_line("3", "B", "2026-03-01 09:10:00", "-1", "40", -4000), "1")};
  nets_to(lines, 3, (const struct wanted[]){{"2", "1", 4000}}, 1, 0);
}

static void an_unlinked_refund_takes_the_newest_of_the_same_day_first(void **state) {
  (void)state;
  const struct line lines[] = {sample_line("1", "B", "2026-03-01 09:00:00", "1", "40", 4000), sample_line("2", "B", "2026-03-01 10:00:00", "1", "40", 4000),
                               sample_line("3", "B", "2026-03-02 10:00:00", "1", "40", 4000), sample_line("4", "B", "2026-03-01 11:00:00", "-1", "40", -4000)};
  nets_to(lines, 4, (const struct wanted[]){{"1", "1", 4000}, {"3", "1", 4000}}, 2, 0);
  // More than the day holds: then other days, the newest first.
  const struct line more[] = {lines[0], lines[1], lines[2], sample_line("4", "B", "2026-03-01 11:00:00", "-3", "40", -12000)};
  nets_to(more, 4, NULL, 0, 0);
}

static void another_price_is_another_item(void **state) {
  (void)state;
  const struct line lines[] = {sample_line("1", "B", "2026-03-01 09:00:00", "1", "40", 4000), sample_line("2", "B", "2026-03-01 11:00:00", "-1", "41", -4100)};
  nets_to(lines, 2, (const struct wanted[]){{"1", "1", 4000}}, 1, 1);
}

static void a_refund_works_on_the_day_of_its_original(void **state) {
  (void)state;
  const struct line lines[] = {sample_line("1", "B", "2026-03-01 09:00:00", "2", "40", 8000), refund(sample_line("2", "B", "2026-03-03 09:00:00", "-1", "40", -4000), "1")};
  nets_to(lines, 2, (const struct wanted[]){{"1", "1", 4000}}, 1, 0);
}

static void what_has_no_original_is_counted_and_excluded(void **state) {
  (void)state;
  const struct line lines[] = {sample_line("1", "B", "2026-03-01 09:00:00", "1", "40", 4000), refund(sample_line("2", "B", "2026-03-01 09:00:00", "-1", "40", -4000), "77")};
  nets_to(lines, 2, (const struct wanted[]){{"1", "1", 4000}}, 1, 1);
  // More refunded than was ever charged: neither line is seen.
  const struct line over[] = {lines[0], refund(sample_line("2", "B", "2026-03-01 09:00:00", "-2", "40", -8000), "1")};
  nets_to(over, 2, NULL, 0, 1);
}

static void the_order_of_the_lines_does_not_matter(void **state) {
  (void)state;
  struct line lines[] = {sample_line("1", "B", "2026-03-01 09:00:00", "1", "40", 4000), sample_line("2", "B", "2026-03-01 10:00:00", "1", "40", 4000),
                         refund(sample_line("3", "B", "2026-03-01 12:00:00", "-1", "40", -4000), "2"), sample_line("4", "B", "2026-03-01 11:00:00", "-1", "40", -4000),
                         sample_line("5", "B", "2026-03-04 10:00:00", "1", "40", 4000)};
  for (int turn = 0; turn < 5; turn++) {
    nets_to(lines, 5, (const struct wanted[]){{"5", "1", 4000}}, 1, 0);
    const struct line first = lines[0];
    for (int i = 0; i < 4; i++) lines[i] = lines[i + 1];
    lines[4] = first;
  }
}

// A few refunds look only at what they may take from, many at all originals.
static void few_refunds_and_many_are_netted_alike(void **state) {
  (void)state;
  enum { ORIGINALS = 12, REFUNDS = 10 };
  for (uint32_t named = 0; named <= REFUNDS; named++) {
    for (uint32_t refunds = named; refunds <= REFUNDS; refunds++) {
      static char numbers[ORIGINALS + REFUNDS][4];
      struct line lines[ORIGINALS + REFUNDS];
      struct wanted wanted[ORIGINALS];
      // Named ones take from the first originals; the others from the newest, which are the last.
      for (uint32_t i = 0; i < ORIGINALS + refunds; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%02u", i);
        lines[i] = sample_line(numbers[i], i % 2 ? "B" : "C", "2026-03-01 09:00:00", i < ORIGINALS ? "3" : "-2", "40", i < ORIGINALS ? 12000 : -8000);
        lines[i].fee_ocur_time_s += i;
        if (i < ORIGINALS) wanted[i] = (struct wanted){numbers[i], "3", 12000};
      }
      int64_t free_units[2] = {0, 0};    // of unnamed refunds, by item
      for (uint32_t r = 0; r < refunds; r++) {
        if (r < named) lines[ORIGINALS + r].init_feedetl_sn = slice_from(numbers[r]);
        else free_units[(ORIGINALS + r) % 2] += 2;
      }
      int64_t left[ORIGINALS];
      for (uint32_t i = 0; i < ORIGINALS; i++) left[i] = i < named ? 1 : 3;
      for (uint32_t i = ORIGINALS; i-- > 0;) {
        const int64_t taken = left[i] < free_units[i % 2] ? left[i] : free_units[i % 2];
        left[i] -= taken;
        free_units[i % 2] -= taken;
      }
      uint32_t size = 0;
      static const char *const counts[] = {"0", "1", "2", "3"};
      for (uint32_t i = 0; i < ORIGINALS; i++)
        if (left[i] > 0) wanted[size++] = (struct wanted){numbers[i], counts[left[i]], left[i] * 4000};
      nets_to(lines, ORIGINALS + refunds, wanted, size, 0);
    }
  }
}

static void fund_money_is_split_by_the_largest_remainder(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 4096);
  struct item items[] = {{.feedetl_sn = SLICE("1"), .inscp_fen = 100}, {.feedetl_sn = SLICE("2"), .inscp_fen = 100}, {.feedetl_sn = SLICE("3"), .inscp_fen = 100},
                         {.feedetl_sn = SLICE("4"), .inscp_fen = 50, .settlement = 1}};
  const struct settlement_view settlements[] = {{.fund_fen = 200}, {.fund_fen = 7}, {.fund_fen = -35}};
  net_split_fund(items, 4, settlements, 2, &arena);
  assert_int_equal(items[0].fund_fen, 67);    // 66.67 each: two fen are left, ties to the smaller number
  assert_int_equal(items[1].fund_fen, 67);
  assert_int_equal(items[2].fund_fen, 66);
  assert_int_equal(items[3].fund_fen, 7);
  // A settlement of refunds only shares over the whole visit.
  net_split_fund(items, 4, settlements, 3, &arena);
  int64_t sum = 0;
  for (int i = 0; i < 4; i++) sum += items[i].fund_fen;
  assert_int_equal(sum, 200 + 7 - 35);
  arena_fini(&arena);
}

int main(void) {
  struct diagnostics diagnostics = {0};
  arena_init(&program, 1 << 16);
  codes = codes_load(&program, "rules.d/codes", &diagnostics);
  if (codes == NULL) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_linked_refund_takes_its_original_away), cmocka_unit_test(an_unlinked_refund_takes_the_newest_of_the_same_day_first),
      cmocka_unit_test(another_price_is_another_item), cmocka_unit_test(a_refund_works_on_the_day_of_its_original),
      cmocka_unit_test(what_has_no_original_is_counted_and_excluded), cmocka_unit_test(the_order_of_the_lines_does_not_matter),
      cmocka_unit_test(few_refunds_and_many_are_netted_alike), cmocka_unit_test(fund_money_is_split_by_the_largest_remainder)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  diagnostics_fini(&diagnostics);
  arena_fini(&program);
  return failed;
}
