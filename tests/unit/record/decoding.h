// What the tests of decoding share: a decoder, messages to put together, and a message decoded before hostile padding.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/memory.h"
#include "core/text.h"
#include "record/decode.h"
#include "record/json.h"
#include "record/money.h"
#include "record/scalar.h"

#define SETLINFO "\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\""
#define ENVELOPE(type)                                                              \
  "\"msg_id\":\"m1\",\"msg_type\":\"" type                                          \
  "\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"H1\",\"psn_no\":\"p_1\"," \
  "\"event_time\":\"2026-03-09 10:11:10\",\"recv_time\":\"2026-03-09 10:11:12\",\"ver\":1"
#define MESSAGE(type, body) "{" ENVELOPE(type) ",\"body\":{" body "}}"
#define SETL(setlinfo, rest) MESSAGE("SETL", "\"setlinfo\":{" SETLINFO setlinfo "}" rest)
#define LINE1(rest) SETL("", ",\"feedetail\":[{\"feedetl_sn\":\"1\"" rest "}]")

static struct decoder *decoder;
static struct arena arena;
static struct event event;
static struct decode_failure failure;

// Decodes a copy that is followed by hostile padding: what comes after the message must not matter.
static enum status decode_bytes(struct slice message) {
  static const char padding[] = ",\"psn_no\":\"p_2\"}]}]}]}}\"\\\"1,2,3:{[\xff\x00\"a\":1,\"b\":2,\"c\":3,\"d\":4}}}}}}}}";
  char *bytes = arena_take(&arena, message.size + DECODE_PADDING);
  memcpy(bytes, message.data, message.size);
  memcpy(bytes + message.size, padding, DECODE_PADDING);
  memset(&event, 0x5a, sizeof event);
  memset(&failure, 0, sizeof failure);
  return decode(decoder, &arena, bytes, message.size, &event, &failure);
}

static inline void accept(const char *message) {
  if (decode_bytes(slice_from(message)) == STATUS_OK) return;
  print_error("%s at %zu %s: %s\n", reject_name(failure.reason), failure.offset, failure.path, message);
  fail();
}

static inline void refuse(const char *message, enum reject reason, const char *path) {
  const enum status status = decode_bytes(slice_from(message));
  if (status != STATUS_REJECT) print_error("accepted: %s\n", message);
  assert_int_equal(status, STATUS_REJECT);
  if (failure.reason != reason || strcmp(failure.path, path) != 0)
    print_error("%s at %zu %s: %s\n", reject_name(failure.reason), failure.offset, failure.path, message);
  assert_int_equal(failure.reason, reason);
  assert_string_equal(failure.path, path);
}

static inline void assert_slice(struct slice s, const char *text) {
  if (text == NULL) {
    assert_null(s.data);
    return;
  }
  if (!slice_equal(s, slice_from(text)) || s.data == NULL) print_error("'%.*s' is not '%s'\n", SLICE_ARG(s), text);
  assert_non_null(s.data);
  assert_true(slice_equal(s, slice_from(text)));
}

static inline int64_t seconds(const char *text) {
  int64_t time_s;
  assert_true(date_parse(slice_from(text), &time_s, NULL));
  return time_s;
}

__attribute__((unused)) static const char sample[] =
    "{\"msg_id\":\"H62010000001202603091011120001\",\"msg_type\":\"SETL\",\"infno\":\"2304\",\"mdtrtarea_admvs\":\"620100\","
    "\"insuplc_admdvs\":\"620200\",\"fixmedins_code\":\"H62010000001\",\"psn_no\":\"p_3f9c\",\"event_time\":\"2026-03-09 "
    "10:11:10\","
    "\"recv_time\":\"2026-03-09 10:11:12\",\"ver\":2,\"body\":{\"setlinfo\":{\"setl_id\":\"S2026030900017\","
    "\"mdtrt_id\":\"M20260228001\",\"medins_setl_id\":\"ZY26-00417\",\"init_setl_id\":\"S0\",\"psn_no\":\"p_3f9c\",\"gend\":"
    "\"1\","
    "\"brdy\":\"1957-04-02\",\"insutype\":\"310\",\"med_type\":\"21\",\"hosp_lv\":\"03\",\"hi_paymtd\":\"1\","
    "\"setl_time\":\"2026-03-09 10:11:10\",\"medfee_sumamt\":460.00,\"fulamt_ownpay_amt\":0,\"overlmt_selfpay\":0,"
    "\"preselfpay_amt\":10.00,\"inscp_scp_amt\":450.00,\"fund_pay_sumamt\":380.05,\"psn_part_amt\":80.00,\"fee_cnt\":2,"
    "\"refd_setl_flag\":\"0\",\"vali_flag\":\"1\",\"mid_setl_flag\":\"0\"},\"mdtrtinfo\":{\"begntime\":\"2026-02-28 "
    "09:30:00\","
    "\"endtime\":\"2026-03-09\",\"adm_dept_codg\":\"A03.04\",\"dscg_dept_codg\":\"A03.05\",\"wardarea_codg\":\"W07\","
    "\"adm_bed\":\"12\",\"adm_way\":\"2\",\"dscg_way\":\"1\",\"atddr_no\":\"D620100000011\",\"dscg_maindiag_code\":\"I63\","
    "\"days_rinp_flag_31\":\"1\"},\"diseinfo\":[{\"diag_type\":\"1\",\"maindiag_flag\":\"1\",\"diag_srt_no\":1,"
    "\"diag_code\":\"I63.900\",\"diag_name\":\"脑梗死\"},{\"diag_type\":\"2\",\"maindiag_flag\":\"0\",\"diag_code\":\"i10."
    "x00\"}],"
    "\"oprninfo\":[],\"icuinfo\":[{\"scs_cutd_inpool_time\":\"2026-03-02 00:00:00\"},{\"scs_cutd_inpool_time\":"
    "\"2026-03-01 12:00:00\"}],\"feedetail\":[{\"feedetl_sn\":\"1\",\"fee_ocur_time\":\"2026-02-28 09:40:00\","
    "\"med_list_codg\":\"001109000010000\",\"medins_list_codg\":\"CW01\",\"medins_list_name\":\"普通病房床位费\","
    "\"med_chrgitm_type\":\"01\",\"cnt\":9,\"pric\":40.00,\"det_item_fee_sumamt\":360.00,\"inscp_scp_amt\":360.00},"
    "{\"feedetl_sn\":\"2\",\"init_feedetl_sn\":\"1\",\"fee_ocur_time\":\"2026-03-01\",\"cnt\":\"-10.5\",\"pric\":\"10."
    "123456\","
    "\"det_item_fee_sumamt\":-100.00,\"inscp_scp_amt\":90.00,\"preselfpay_amt\":10.00,\"fulamt_ownpay_amt\":1,\"overlmt_"
    "amt\":2.5,"
    "\"prd_days\":9.25,\"drugtracinfo\":[{\"drug_trac_codg\":\"83123450000000000017\"},{\"drug_trac_codg\":\"8\"}]}]}}";

static int start(void **state) {
  (void)state;
  arena_init(&arena, 1 << 20);
  decoder = decoder_create(&decode_limits_default);
  return 0;
}

static int start_narrow(void **state) {
  start(state);
  decode_wide(decoder, false);
  return 0;
}

static int stop(void **state) {
  (void)state;
  decoder_destroy(decoder);
  decoder_destroy(NULL);
  arena_fini(&arena);
  return 0;
}

// The tests twice: by the widest instructions, then by those that every machine has.
#define RUN_BOTH(tests)                                                                                 \
  (digest_start(), cmocka_run_group_tests_name("with the widest instructions", tests, start, stop) |    \
                       cmocka_run_group_tests_name("with those that every machine has", tests, start_narrow, stop))
