#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dossier/lines.h"
#include "tests/unit/dossier/sample.h"

static void same(const struct stored_line *a, const struct stored_line *b) {
  assert_true(slice_equal(a->feedetl_sn, b->feedetl_sn));
  assert_int_equal(slice_present(a->init_feedetl_sn), slice_present(b->init_feedetl_sn));
  assert_true(slice_equal(a->init_feedetl_sn, b->init_feedetl_sn));
  assert_true(slice_equal(a->med_list_codg, b->med_list_codg));
  assert_true(slice_equal(a->medins_list_codg, b->medins_list_codg));
  assert_true(slice_equal(a->med_chrgitm_type, b->med_chrgitm_type));
  assert_true(a->time_s == b->time_s && a->cnt == b->cnt && a->pric == b->pric && a->amount_fen == b->amount_fen);
  assert_true(a->inscp_fen == b->inscp_fen && a->overlmt_fen == b->overlmt_fen && a->prd_days == b->prd_days && a->has == b->has);
  assert_true(a->day_only == b->day_only && a->inscp_derived == b->inscp_derived && a->inscp_unknown == b->inscp_unknown);
  assert_int_equal(a->traces_size, b->traces_size);
  for (uint32_t i = 0; i < a->traces_size; i++) assert_true(slice_equal(a->traces[i], b->traces[i]));
}

static void lines_come_out_as_they_went_in_and_as_if_never_packed(void **state) {
  (void)state;
  const struct slice traces[] = {SLICE("83123450000000000017"), SLICE("gs1-x/9"), SLICE("83123450000000000018")};
  struct line lines[] = {
      sample_line("1", "001109000010000", "2026-03-01 08:00:00", "1", "40", 4000),
      sample_line("2", "001109000010000", "2026-03-02 08:00:00", "1", "40", 4000),
      sample_line("0007", "XB01ACA076A001010100001", "2026-03-02 07:00:00", "0.5", "3.2", 120),
      sample_line("a-9", "T000700200", "2026-03-09 00:00:00", "-2", "12.345678", -2469),
      sample_line("123456789012345678901", "C02", "2026-03-09 00:00:00", "3", "0", 0),
      sample_line("3", "001109000010000", "2026-03-03 08:00:00", "1", "41", 4100),
      {.feedetl_sn = SLICE("4"), .fee_ocur_time_s = DATE_ABSENT},
      {.feedetl_sn = SLICE("5"), .fee_ocur_time_s = DATE_ABSENT, .det_item_fee_fen = 1000, .ownpay_fen = 100, .preself_fen = 50, .overlmt_fen = 25,
       .has = LINE_HAS_AMOUNT | LINE_HAS_OWNPAY | LINE_HAS_PRESELF | LINE_HAS_OVERLMT},
  };
  lines[2].trace_count = 3;
  lines[2].day_only = true;
  lines[2].prd_days = 700;
  lines[2].has |= LINE_HAS_PRD_DAYS;
  lines[3].init_feedetl_sn = SLICE("1");
  lines[5].det_item_fee_fen += 1;    // no product of cnt and pric
  enum { SIZE = sizeof lines / sizeof *lines };
  struct arena arena;
  arena_init(&arena, 4096);
  struct text text = {0};
  uint64_t derived = 0;
  lines_pack(&text, &arena, lines, SIZE, traces, &derived, NULL);
  assert_int_equal(derived, 1);
  // With a memo, empty and filled, the bytes are the same.
  struct lines_memo *memo = calloc(1, sizeof *memo);
  struct text again = {0};
  for (int turn = 0; turn < 3; turn++) {
    text_clear(&again);
    lines_pack(&again, &arena, lines, SIZE, traces, NULL, memo);
    assert_true(slice_equal(text_slice(&again), text_slice(&text)));
  }
  text_fini(&again);
  free(memo);
  struct stored_line out[SIZE];
  assert_true(lines_unpack(text_slice(&text), SIZE, &arena, out));
  for (size_t i = 0; i < SIZE; i++) {
    struct stored_line taken;
    lines_take(&taken, &lines[i], traces);
    same(&out[i], &taken);
  }
  assert_true(out[7].inscp_derived);
  assert_int_equal(out[7].inscp_fen, 825);
  assert_true(out[6].inscp_unknown);
  // Cut anywhere, or with a byte too many, it is refused.
  for (size_t size = 0; size < text.size; size++) assert_false(lines_unpack((struct slice){text.data, size}, SIZE, &arena, out));
  text_byte(&text, 0);
  assert_false(lines_unpack(text_slice(&text), SIZE, &arena, out));
  text_fini(&text);
  arena_fini(&arena);
}

static void a_line_costs_less_than_the_memory_bound_says(void **state) {
  (void)state;
  enum { SIZE = 200 };
  static struct line lines[SIZE];
  static char sn[SIZE][8], code[SIZE][32], time[SIZE][32];
  for (int i = 0; i < SIZE; i++) {
    snprintf(sn[i], sizeof sn[i], "%d", i + 1);
    snprintf(code[i], sizeof code[i], "XB01ACA076A0010101%05d", i % 40);
    snprintf(time[i], sizeof time[i], "2026-03-%02d %02d:12:3%d", 1 + i / 20, i % 24, i % 10);
    lines[i] = sample_line(sn[i], code[i], time[i], "2", "13.27", 2389);
  }
  struct arena arena;
  arena_init(&arena, 4096);
  struct text text = {0};
  lines_pack(&text, &arena, lines, SIZE, NULL, NULL, NULL);
  assert_in_range(text.size / SIZE, 1, 24);
  text_clear(&text);
  lines_pack(&text, &arena, lines, 3, NULL, NULL, NULL);    // an outpatient bill: nothing repeats
  assert_in_range(text.size / 3, 1, 47);
  text_fini(&text);
  arena_fini(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lines_come_out_as_they_went_in_and_as_if_never_packed),
                                     cmocka_unit_test(a_line_costs_less_than_the_memory_bound_says)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
