// The step over a few messages: what becomes of a finding while its facts change.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/digest.h"
#include "record/decode.h"
#include "rules/demote.h"
#include "rules/load.h"
#include "screen/step.h"

struct session {
  struct ruleset *ruleset;
  struct screen *screen;
  struct decoder *decoder;
  struct arena arena;
  struct text body, next, told;
  int64_t offset;
};

static int setup(void **state) {
  static struct session session;
  static const char *const paths[] = {"rules.d"}, *const names[] = {"settlements"};
  struct diagnostics diagnostics = {0};
  digest_start();
  session = (struct session){.ruleset = ruleset_load(paths, 1, &diagnostics)};
  assert_non_null(session.ruleset);
  diagnostics_fini(&diagnostics);
  session.screen = screen_create(session.ruleset, &screen_settings_default, names, 1);
  session.decoder = decoder_create(&decode_limits_default);
  arena_init(&session.arena, 1 << 20);
  *state = &session;
  return 0;
}

static int teardown(void **state) {
  struct session *session = *state;
  screen_destroy(session->screen);
  decoder_destroy(session->decoder);
  arena_fini(&session->arena);
  text_fini(&session->body);
  text_fini(&session->next);
  text_fini(&session->told);
  ruleset_destroy(session->ruleset);
  return 0;
}

static struct slice between(struct slice value, const char *before) {
  const char *at = memmem(value.data, value.size, before, strlen(before));
  assert_non_null(at);
  at += strlen(before);
  const char *end = at;
  while (*end != '"' && *end != ',' && *end != '}') end++;
  return (struct slice){at, (size_t)(end - at)};
}

// Steps one message of patient P and tells what it made of findings: "ADM-008A proposed 1 M1;".
static const char *step(struct session *session, const char *type, int ver, const char *body) {
  static char message[4096];
  const int size = snprintf(message, sizeof message - DECODE_PADDING,
                            "{\"msg_id\":\"m\",\"msg_type\":\"%s\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"H1\",\"psn_no\":\"P\","
                            "\"event_time\":\"2026-03-06 11:00:00\",\"recv_time\":\"2026-03-06 11:00:01\",\"ver\":%d,\"body\":%s}", type, ver, body);
  struct event event;
  struct decode_failure failure;
  arena_reset(&session->arena);
  assert_int_equal(decode(session->decoder, &session->arena, message, (size_t)size, &event, &failure), STATUS_OK);
  event.source = (struct source){0, 0, session->offset++};
  struct outbox outbox = {0};
  struct step_result result = {.body = &session->next};
  struct error error = {0};
  assert_int_equal(screen_step(session->screen, text_slice(&session->body), &event, DATE_ABSENT, &session->arena, &outbox, &result, &error),
                   STATUS_OK);
  text_clear(&session->told);
  for (size_t i = 0; i < outbox.size; i++) {
    const struct outbox_entry *entry = &outbox.entries[i];
    if (entry->topic != TOPIC_CREDIT_DEDUCTIONS && entry->topic != TOPIC_SHADOW_FINDINGS) continue;
    const struct slice value = outbox_bytes(&outbox, entry->value, entry->value_size);
    text_format(&session->told, "%s%.*s %.*s %.*s %.*s;", entry->topic == TOPIC_SHADOW_FINDINGS ? "shadow " : "", SLICE_ARG(between(value, "\"rule_id\":\"")), SLICE_ARG(between(value, "\"stage\":\"")),
                SLICE_ARG(between(value, "\"revision\":")), SLICE_ARG(between(value, "\"mdtrt_id\":\"")));
  }
  text_byte(&session->told, '\0');
  if (result.changed) {
    text_clear(&session->body);
    text_append(&session->body, text_slice(&session->next));
  }
  outbox_fini(&outbox);
  return session->told.data;
}

// A stay of three nights with a bed fee for each of `beds` nights.
static const char *settle(struct session *session, int ver, const char *mdtrt_id, int beds) {
  char body[1024];
  snprintf(body, sizeof body,
           "{\"setlinfo\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"%s\",\"med_type\":\"21\",\"setl_time\":\"2026-03-06 11:00:00\",\"medfee_sumamt\":%d.00,"
           "\"inscp_scp_amt\":%d.00,\"fund_pay_sumamt\":100.00},\"mdtrtinfo\":{\"begntime\":\"2026-03-03 09:00:00\",\"endtime\":\"2026-03-06 10:00:00\"},"
           "\"feedetail\":[{\"feedetl_sn\":\"1\",\"fee_ocur_time\":\"2026-03-03 12:00:00\",\"med_chrgitm_type\":\"01\",\"cnt\":%d,\"pric\":40.00,"
           "\"inscp_scp_amt\":%d.00},{\"feedetl_sn\":\"2\",\"fee_ocur_time\":\"2026-03-04 12:00:00\",\"med_chrgitm_type\":\"05\",\"cnt\":1,"
           "\"pric\":90.00,\"inscp_scp_amt\":90.00}]}",
           mdtrt_id, beds * 40 + 90, beds * 40 + 90, beds, beds * 40);
  return step(session, "SETL", ver, body);
}

static void a_finding_that_comes_back_goes_on_with_its_revisions(void **state) {
  struct session *session = *state;
  assert_string_equal(settle(session, 1, "M1", 4), "ADM-008A proposed 1 M1;ADM-008B proposed 1 M1;");
  assert_string_equal(settle(session, 2, "M1", 3), "ADM-008A withdrawn 2 M1;ADM-008B withdrawn 2 M1;");
  assert_string_equal(settle(session, 3, "M1", 4), "ADM-008A proposed 3 M1;ADM-008B proposed 3 M1;");
  assert_string_equal(settle(session, 4, "M1", 3), "ADM-008A withdrawn 4 M1;ADM-008B withdrawn 4 M1;");
}

static void a_finding_moves_with_its_settlement_to_another_visit(void **state) {
  struct session *session = *state;
  settle(session, 1, "M1", 4);
  assert_string_equal(settle(session, 2, "M2", 4), "ADM-008A proposed 2 M2;ADM-008B proposed 2 M2;");
  assert_string_equal(step(session, "LIST", 1, "{\"setlinfo\":{\"setl_id\":\"S9\",\"mdtrt_id\":\"M9\",\"adm_way\":\"2\"}}"), "");
}

// A stay of four nights with nothing but its bed.
static const char *settle_idle(struct session *session, const char *visit, const char *rest) {
  char body[1024];
  snprintf(body, sizeof body,
           "{\"setlinfo\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"med_type\":\"21\",\"setl_time\":\"2026-03-06 11:00:00\",\"medfee_sumamt\":160,"
           "\"inscp_scp_amt\":160},\"mdtrtinfo\":{\"begntime\":\"2026-03-02 08:00:00\",\"endtime\":\"2026-03-06 10:00:00\"%s},"
           "\"feedetail\":[{\"feedetl_sn\":\"1\",\"fee_ocur_time\":\"2026-03-02 09:30:00\",\"med_chrgitm_type\":\"01\",\"cnt\":4,\"pric\":40,"
           "\"inscp_scp_amt\":160}]%s}",
           visit, rest);
  return step(session, "SETL", 1, body);
}

static void the_list_fills_the_way_of_payment(void **state) {
  struct session *session = *state;
  assert_string_equal(settle_idle(session, "", ""), "ADM-004 proposed 1 M1;");
  assert_string_equal(step(session, "LIST", 1, "{\"setlinfo\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"hi_paymtd\":\"3\"}}"), "");
  assert_string_equal(step(session, "LIST", 2, "{\"setlinfo\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\",\"hi_paymtd\":\"5\"}}"), "ADM-004 withdrawn 2 M1;");
}

// Of a stay in a psychiatric diagnosis nobody expects treatment on each day.
static void the_lists_main_diagnosis_comes_before_the_admissions_own(void **state) {
  struct session *session = *state;
  const char *list = "{\"setlinfo\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\"},\"diseinfo\":[{\"diag_type\":\"1\",\"maindiag_flag\":\"1\",\"diag_code\":\"F20.900\"}]}";
  assert_string_equal(settle_idle(session, ",\"dscg_maindiag_code\":\"I63.900\"", ""), "ADM-004 proposed 1 M1;");
  assert_string_equal(step(session, "LIST", 1, list), "ADM-004 withdrawn 2 M1;");
}

static void the_settlements_main_diagnosis_comes_before_the_lists(void **state) {
  struct session *session = *state;
  const char *list = "{\"setlinfo\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\"},\"diseinfo\":[{\"diag_type\":\"1\",\"maindiag_flag\":\"1\",\"diag_code\":\"F20.900\"}]}";
  assert_string_equal(settle_idle(session, "", ",\"diseinfo\":[{\"diag_type\":\"1\",\"maindiag_flag\":\"1\",\"diag_code\":\"I63.900\"}]"), "ADM-004 proposed 1 M1;");
  assert_string_equal(step(session, "LIST", 1, list), "");
}

// A settlement of a visit with a bed fee for each of three nights, whose line has this number.
static const char *settle_part(struct session *session, const char *setl_id, const char *setl_type, const char *feedetl_sn) {
  char body[1024];
  snprintf(body, sizeof body,
           "{\"setlinfo\":{\"setl_id\":\"%s\",\"mdtrt_id\":\"M1\",\"med_type\":\"21\",\"setl_type\":\"%s\",\"setl_time\":\"2026-03-06 11:00:00\","
           "\"medfee_sumamt\":210,\"inscp_scp_amt\":210},\"mdtrtinfo\":{\"begntime\":\"2026-03-02 08:00:00\",\"endtime\":\"2026-03-05 10:00:00\"},"
           "\"feedetail\":[{\"feedetl_sn\":\"%s\",\"fee_ocur_time\":\"2026-03-02 09:30:00\",\"med_chrgitm_type\":\"01\",\"cnt\":3,\"pric\":40,"
           "\"inscp_scp_amt\":120},{\"feedetl_sn\":\"%s-2\",\"fee_ocur_time\":\"2026-03-04 12:00:00\",\"med_chrgitm_type\":\"05\",\"cnt\":1,\"pric\":90,"
           "\"inscp_scp_amt\":90}]}",
           setl_id, setl_type, feedetl_sn, feedetl_sn);
  return step(session, "SETL", 1, body);
}

static void medical_aid_that_repeats_the_lines_of_a_settlement_is_not_seen(void **state) {
  struct session *session = *state;
  assert_string_equal(settle_part(session, "S1", "1", "a"), "");
  assert_string_equal(settle_part(session, "S2", "3", "a"), "");
  assert_string_equal(step(session, "SETL_CANCEL", 1, "{\"setlinfo\":{\"setl_id\":\"S1\"}}"), "");
  // What is no medical aid, or has lines of its own, is seen: three nights have six beds.
  assert_string_equal(settle_part(session, "S3", "1", "a"), "");
  assert_string_equal(settle_part(session, "S4", "1", "b"), "ADM-008A proposed 1 M1;ADM-008B proposed 1 M1;");
  assert_string_equal(step(session, "SETL_CANCEL", 1, "{\"setlinfo\":{\"setl_id\":\"S4\"}}"), "ADM-008A withdrawn 2 M1;ADM-008B withdrawn 2 M1;");
  assert_string_equal(settle_part(session, "S5", "3", "c"), "ADM-008A proposed 1 M1;ADM-008B proposed 1 M1;");
}

// Another fee, so that the settlement is news.
static const char *settle_again(struct session *session, const struct ruleset *ruleset, int ver) {
  screen_use(session->screen, ruleset);
  return settle(session, ver, "M1", 4);
}

static void a_rule_that_becomes_a_shadow_takes_its_finding_back_and_gives_it_again_when_active(void **state) {
  struct session *session = *state;
  const struct demotion quiet = {SLICE("ADM-008A"), 1}, other_version = {SLICE("ADM-008A"), 99};
  assert_null(demote(session->ruleset, &other_version, 1));
  struct ruleset *demoted = demote(session->ruleset, &quiet, 1);
  assert_non_null(demoted);
  assert_string_not_equal(demoted->hash, session->ruleset->hash);
  assert_int_equal(demoted->projection, session->ruleset->projection);
  assert_string_equal(settle(session, 1, "M1", 4), "ADM-008A proposed 1 M1;ADM-008B proposed 1 M1;");
  assert_string_equal(settle_again(session, demoted, 2), "ADM-008A withdrawn 2 M1;shadow ADM-008A proposed 3 M1;");
  assert_string_equal(settle_again(session, demoted, 3), "");
  assert_string_equal(settle_again(session, session->ruleset, 4), "shadow ADM-008A withdrawn 4 M1;ADM-008A proposed 5 M1;");
  assert_string_equal(settle_again(session, session->ruleset, 5), "");
  ruleset_destroy(demoted);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_finding_that_comes_back_goes_on_with_its_revisions, setup, teardown),
      cmocka_unit_test_setup_teardown(a_finding_moves_with_its_settlement_to_another_visit, setup, teardown),
      cmocka_unit_test_setup_teardown(the_list_fills_the_way_of_payment, setup, teardown),
      cmocka_unit_test_setup_teardown(the_lists_main_diagnosis_comes_before_the_admissions_own, setup, teardown),
      cmocka_unit_test_setup_teardown(the_settlements_main_diagnosis_comes_before_the_lists, setup, teardown),
      cmocka_unit_test_setup_teardown(medical_aid_that_repeats_the_lines_of_a_settlement_is_not_seen, setup, teardown),
      cmocka_unit_test_setup_teardown(a_rule_that_becomes_a_shadow_takes_its_finding_back_and_gives_it_again_when_active, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
