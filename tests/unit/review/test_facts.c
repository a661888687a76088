#include "record/json.h"
#include "tests/unit/review/sample.h"

static struct arena arena;
static struct json_reader *reader;

static void a_fact_that_is_written_is_read_back(void **state) {
  (void)state;
  for (int live = 0; live < 2; live++) {
    struct fact fact = sample_fact("H1\"", "S\xe4\xbd\x8f", 123456, "2026-09-15 09:00:00");
    fact.live = live;
    fact.ver = 7;
    fact.recv_time_s += 61;
    fact.inscp_fen = 5;
    fact.fund_fen = -250;
    fact.insutype = SLICE_NONE;
    fact.source = (struct source){.topic = 1, .partition = 2, .offset = 1234567890123};
    struct outbox outbox = {0};
    fact_write(&outbox, &fact);
    assert_int_equal(outbox.size, 1);
    const struct outbox_entry *entry = &outbox.entries[0];
    assert_int_equal(entry->topic, TOPIC_INSTITUTION_FACTS);
    assert_true(slice_equal(outbox_bytes(&outbox, entry->key, entry->key_size), fact.fixmedins_code));
    struct fact back;
    struct error error = {0};
    assert_int_equal(fact_read(reader, &arena, outbox_bytes(&outbox, entry->value, entry->value_size), &back, &error), STATUS_OK);
    assert_true(slice_equal(back.setl_id, fact.setl_id) && slice_equal(back.mdtrt_id, fact.mdtrt_id) && slice_equal(back.psn_no, fact.psn_no));
    assert_true(slice_equal(back.fixmedins_code, fact.fixmedins_code) && slice_equal(back.med_type, fact.med_type));
    assert_false(slice_present(back.insutype));
    assert_int_equal(back.live, live);
    assert_int_equal(back.ver, 7);
    assert_true(back.inpatient_review);
    assert_int_equal(back.setl_time_s, fact.setl_time_s);
    assert_int_equal(back.recv_time_s, fact.recv_time_s);
    assert_int_equal(back.first_recv_time_s, fact.first_recv_time_s);
    assert_int_equal(back.medfee_fen, 123456);
    assert_int_equal(back.inscp_fen, 5);
    assert_int_equal(back.fund_fen, -250);
    assert_int_equal(back.source.topic, 1);
    assert_int_equal(back.source.partition, 2);
    assert_int_equal(back.source.offset, 1234567890123);
    outbox_fini(&outbox);
  }
}

static void states_of_a_settlement_have_ids_of_their_own(void **state) {
  (void)state;
  struct outbox outbox = {0};
  struct fact fact = sample_fact("H1", "S1", 100, "2026-09-15 09:00:00");
  fact_write(&outbox, &fact);
  fact_write(&outbox, &fact);
  fact.live = false;
  fact_write(&outbox, &fact);
  struct slice ids[3];
  for (size_t i = 0; i < 3; i++) ids[i] = outbox_bytes(&outbox, outbox.entries[i].id, outbox.entries[i].id_size);
  assert_true(slice_equal(ids[0], ids[1]));
  assert_false(slice_equal(ids[0], ids[2]));
  outbox_fini(&outbox);
}

static void an_amount_that_nobody_said_is_null_and_not_zero(void **state) {
  (void)state;
  struct outbox outbox = {0};
  struct fact fact = sample_fact("H1", "S1", 100, "2026-09-15 09:00:00"), back;
  fact.no_medfee = fact.no_fund = true;
  fact_write(&outbox, &fact);
  const struct slice value = outbox_bytes(&outbox, outbox.entries[0].value, outbox.entries[0].value_size);
  assert_true(sample_contains(value, "\"medfee_sumamt\":null,") && sample_contains(value, "\"fund_pay_sumamt\":null,"));
  assert_false(sample_contains(value, "\"inscp_scp_amt\":null"));
  assert_int_equal(fact_read(reader, &arena, value, &back, NULL), STATUS_OK);
  assert_true(back.no_medfee && back.no_fund && !back.no_inscp);
  outbox_fini(&outbox);
}

static void a_line_that_is_no_fact_is_refused_by_the_name_of_what_is_wrong(void **state) {
  (void)state;
  static const char whole[] =
      "{\"setl_id\":\"S1\",\"fixmedins_code\":\"H1\",\"state\":\"live\",\"ver\":1,\"setl_time\":\"2026-09-15 09:00:00\","
      "\"recv_time\":\"2026-09-15 09:00:00\",\"medfee_sumamt\":\"1.00\",\"inpatient_review\":true}";
  static const char *const keys[] = {"setl_id", "fixmedins_code", "state", "ver", "setl_time", "recv_time", "medfee_sumamt", "inpatient_review"};
  struct fact fact;
  assert_int_equal(fact_read(reader, &arena, SLICE(whole), &fact, NULL), STATUS_OK);
  assert_int_equal(fact.first_recv_time_s, fact.recv_time_s);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    for (int broken = 0; broken < 2; broken++) {    // the key renamed, then its value of another type
      struct text text = {0};
      const char *at = strstr(whole, keys[i]), *value = at + strlen(keys[i]) + 2, *end = strpbrk(value, ",}");
      text_append(&text, (struct slice){whole, (size_t)((broken ? value : at) - whole)});
      text_append(&text, broken ? SLICE("[]") : SLICE("x"));
      text_append(&text, slice_from(broken ? end : at + 1));
      struct error error = {0};
      assert_int_equal(fact_read(reader, &arena, text_slice(&text), &fact, &error), STATUS_REJECT);
      assert_true(sample_contains(slice_from(error.text), keys[i]));
      text_fini(&text);
    }
  }
}

static void an_outbox_keeps_keys_headers_and_values_apart(void **state) {
  (void)state;
  struct outbox outbox = {0};
  for (int round = 0; round < 2; round++) {
    for (int64_t i = 0; i < 200; i++) {
      outbox_begin(&outbox, TOPIC_DEAD_LETTERS, SLICE("key"), SLICE("id"), "type", (struct source){.offset = i}, i);
      text_int(&outbox.bytes, i);
      outbox_end(&outbox);
      outbox_header(&outbox, "reason", SLICE("bad"));
      outbox_header(&outbox, "place", SLICE("here"));
    }
    assert_int_equal(outbox.size, 200);
    const struct outbox_entry *entry = &outbox.entries[123];
    assert_true(slice_equal(outbox_bytes(&outbox, entry->value, entry->value_size), SLICE("123")));
    assert_true(slice_equal(outbox_bytes(&outbox, entry->key, entry->key_size), SLICE("key")));
    assert_int_equal(entry->headers_size, 2);
    const struct outbox_header *header = &outbox.headers[entry->headers + 1];
    assert_string_equal(header->name, "place");
    assert_true(slice_equal(outbox_bytes(&outbox, header->value, header->value_size), SLICE("here")));
    outbox_clear(&outbox);
  }
  assert_string_equal(topic_name(TOPIC_SECOND_REVIEW), "second-review");
  outbox_fini(&outbox);
}

int main(void) {
  digest_start();
  arena_init(&arena, 0);
  reader = json_reader_create();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_fact_that_is_written_is_read_back),
      cmocka_unit_test(states_of_a_settlement_have_ids_of_their_own),
      cmocka_unit_test(an_amount_that_nobody_said_is_null_and_not_zero),
      cmocka_unit_test(a_line_that_is_no_fact_is_refused_by_the_name_of_what_is_wrong),
      cmocka_unit_test(an_outbox_keeps_keys_headers_and_values_apart),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  json_reader_destroy(reader);
  arena_fini(&arena);
  return failed;
}
