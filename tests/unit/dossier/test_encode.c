#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dossier/encode.h"
#include "dossier/lines.h"
#include "tests/unit/dossier/sample.h"

static void fill(struct dossier *dossier, struct arena *arena) {
  struct text packed = {0};
  for (int i = 0; i < 3; i++) {
    static const char *const ids[] = {"S1", "S2", "S3"};
    struct bill *bill = dossier_take(dossier, slice_from(ids[i]));
    bill->mdtrt_id = SLICE("M1");
    bill->fixmedins_code = SLICE("H62010000001");
    bill->med_type = SLICE("21");
    bill->main_diagnosis = SLICE("I63.900");
    bill->diagnoses = ARENA_ARRAY(arena, struct slice, 1);
    bill->diagnoses[0] = SLICE("I63.900");
    bill->diagnoses_size = 1;
    bill->setl = (struct slot){.ver = i + 1, .content = 0x1234567890abcdefu + (unsigned)i, .event_time_s = sample_time("2026-03-09 10:11:10"),
                               .recv_time_s = sample_time("2026-03-09 10:11:12"), .source = {0, 3, 17 + i}};
    bill->first_recv_time_s = bill->setl.recv_time_s;
    bill->valid = true;
    bill->has_fund = true;
    bill->fund_fen = -12345 * i;
    bill->begntime_s = sample_time("2019-01-01 00:00:00");
    const struct line line = sample_line("1", "001109000010000", "2026-03-01 08:00:00", "1", "40", 4000);
    text_clear(&packed);
    lines_pack(&packed, arena, &line, 1, NULL, NULL, NULL);
    bill->lines = arena_copy(arena, text_slice(&packed));
    bill->lines_size = 1;
    if (i == 1) bill->cancel = (struct slot){.ver = 1, .content = 9, .event_time_s = 0, .recv_time_s = 5, .source = {1, 0, 4}};
    if (i == 1) {
      bill->main_fallback = true;
      bill->icu_in_first_s = sample_time("2018-12-31 23:00:00");
      bill->icu_in_stay_s = sample_time("2019-01-01 03:00:00");
      bill->list = (struct slot){.ver = 1, .content = 7, .event_time_s = 1, .recv_time_s = 2, .source = {0, 3, 18}};
      bill->list_hi_paymtd = SLICE("5");
    }
    if (i == 2) {
      bill->fee_cnt = 2;
      bill->fees = ARENA_ZEROED(arena, struct fee_line, 1);
      bill->fees_size = 1;
      bill->fees[0] = (struct fee_line){SLICE("12"), 4, 99, bill->lines};
    }
  }
  text_fini(&packed);
  dossier->watermark_s = sample_time("2026-04-01 00:00:00");
  dossier->known_s = sample_time("2025-02-01 00:00:00");
  dossier->ruleset = 7;
  struct finding *finding = dossier_add_finding(dossier);
  *finding = (struct finding){.id = {1, 2, 3}, .open = true, .revision = 2, .time_s = 77, .rule_id = SLICE("ADM-001"), .mdtrt_id = SLICE("M1"),
                              .fixmedins_code = SLICE("H1"), .rule_version = 1, .pair = true, .provisional = true, .verdict = 42,
                              .vola_fen = 100, .fund_fen = 60, .due_s = sample_time("2026-05-01 00:00:00")};
  finding->setl_ids = ARENA_ARRAY(arena, struct slice, 2);
  finding->setl_ids[0] = SLICE("S1");
  finding->setl_ids[1] = SLICE("S2");
  finding->setl_ids_size = 2;
  finding = dossier_add_finding(dossier);
  *finding = (struct finding){.id = {9}, .revision = 3, .time_s = 78, .due_s = INT64_MAX};
}

static void a_dossier_comes_out_as_it_went_in(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 1 << 14);
  struct dossier dossier, read;
  dossier_init(&dossier, &arena, SLICE("p_1"));
  fill(&dossier, &arena);
  struct text body = {0}, again = {0};
  encode(&dossier, &body);
  dossier_init(&read, &arena, SLICE("p_1"));
  struct error error = {0};
  assert_int_equal(encode_read(&read, text_slice(&body), &error), STATUS_OK);
  assert_int_equal(read.bills_size, 3);
  assert_int_equal(read.findings_size, 2);
  assert_true(read.watermark_s == dossier.watermark_s && read.known_s == dossier.known_s && read.ruleset == 7);
  assert_true(slice_equal(read.bills[0].main_diagnosis, SLICE("I63.900")));
  assert_true(read.bills[0].begntime_s == dossier.bills[0].begntime_s);
  assert_true(read.bills[0].endtime_s == DATE_ABSENT);
  assert_true(read.bills[1].cancel.ver == 1 && read.bills[1].cancel.source.offset == 4);
  assert_true(!read.bills[0].main_fallback && read.bills[0].icu_in_stay_s == DATE_ABSENT && !slice_present(read.bills[0].list_hi_paymtd));
  assert_true(read.bills[1].main_fallback && slice_equal(read.bills[1].list_hi_paymtd, SLICE("5")));
  assert_true(read.bills[1].icu_in_stay_s == sample_time("2019-01-01 03:00:00"));
  assert_true(read.bills[1].fund_fen == -12345 && !read.bills[1].has_medfee);
  assert_true(read.bills[2].fee_cnt == 2 && read.bills[2].fees_size == 1 && read.bills[2].fees[0].content == 99);
  assert_true(read.findings[0].open && read.findings[0].pair && read.findings[0].due_s == sample_time("2026-05-01 00:00:00"));
  assert_true(slice_equal(read.findings[0].setl_ids[1], SLICE("S2")));
  assert_true(encode_due(text_slice(&body)) == sample_time("2026-05-01 00:00:00"));
  // Written again unchanged, and with every bill packed anew, it is the same.
  encode(&read, &again);
  assert_true(slice_equal(text_slice(&body), text_slice(&again)));
  for (uint32_t i = 0; i < read.bills_size; i++) read.bills[i].packed = SLICE_NONE;
  text_clear(&again);
  encode(&read, &again);
  assert_true(slice_equal(text_slice(&body), text_slice(&again)));
  text_fini(&body);
  text_fini(&again);
  arena_fini(&arena);
}

static void damaged_bytes_are_refused_and_never_half_read(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 1 << 14);
  struct dossier dossier;
  dossier_init(&dossier, &arena, SLICE("p_1"));
  fill(&dossier, &arena);
  struct text body = {0};
  encode(&dossier, &body);
  unsigned refused = 0;
  for (size_t size = 0; size < body.size; size++) {
    struct dossier read;
    dossier_init(&read, &arena, SLICE("p_1"));
    struct error error = {0};
    assert_int_equal(encode_read(&read, (struct slice){body.data, size}, &error), STATUS_REJECT);
    assert_int_equal(read.bills_size, 0);
    assert_true(error.text[0] != '\0');
    refused++;
  }
  assert_int_equal(refused, body.size);
  body.data[2]++;
  struct dossier read;
  dossier_init(&read, &arena, SLICE("p_1"));
  assert_int_equal(encode_read(&read, text_slice(&body), NULL), STATUS_REJECT);
  text_fini(&body);
  arena_fini(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_dossier_comes_out_as_it_went_in), cmocka_unit_test(damaged_bytes_are_refused_and_never_half_read)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
