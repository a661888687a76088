// The walk over tokens: many lines and keys, hostile bytes; the short ways give the answers of the careful ones.
#include "tests/unit/record/changing.h"

// ---- many lines and many keys ----

static void lines(struct text *out, unsigned size, unsigned step) {
  text_clear(out);
  TEXT_LITERAL(out, "{" ENVELOPE("SETL") ",\"body\":{\"setlinfo\":{" SETLINFO "},\"feedetail\":[");
  for (unsigned i = 0; i < size; i++)
    text_format(out, "%s{\"feedetl_sn\":\"%u\",\"cnt\":%u,\"drugtracinfo\":\"t%u\"}", i == 0 ? "" : ",", 1 + i * step % size,
                i, i);
  TEXT_LITERAL(out, "]}}");
}

static void many_lines_keep_their_order_and_each_stands_once(void **state) {
  (void)state;
  struct text message = {0};
  for (unsigned step = 1; step <= 17; step += 16)
    for (unsigned size = 1; size <= 20011; size = size * 5 + 11) {
      lines(&message, size, step);
      assert_int_equal(decode_bytes(text_slice(&message)), STATUS_OK);
      assert_int_equal(event.lines_size, size);
      for (unsigned i = 0; i < size; i++) {
        assert_int_equal(event.lines[i].cnt, i * 10000);
        assert_int_equal(event.lines[i].trace_first, i);
      }
    }
  lines(&message, 40, 8);    // 8 and 40 have a common divisor: numbers repeat
  assert_int_equal(decode_bytes(text_slice(&message)), STATUS_REJECT);
  assert_int_equal(failure.reason, REJECT_DUPLICATE_LINE);
  assert_string_equal(failure.path, "body.feedetail[5].feedetl_sn");
  refuse(
      SETL("", ",\"feedetail\":[{\"feedetl_sn\":\"A234567890123456789012\"},{\"feedetl_sn\":\"A234567890123456789012\"}]"),
      REJECT_DUPLICATE_LINE, "body.feedetail[1].feedetl_sn");
  accept(SETL("",
              ",\"feedetail\":[{\"feedetl_sn\":\"A234567890123456789012\"},{\"feedetl_sn\":\"A234567890123456789011\"},{"
              "\"feedetl_sn\":\"9\"}]"));
  text_fini(&message);
}

static void keys_that_come_and_go_change_nothing(void **state) {
  (void)state;
  struct text message = {0};
  accept(sample);
  const uint64_t content = event.content;
  for (unsigned round = 0; round < 3000; round++) {
    text_clear(&message);
    TEXT_LITERAL(&message, "{" ENVELOPE("SETL") ",\"body\":{\"setlinfo\":{" SETLINFO);
    for (unsigned i = 0; i < round % 7; i++)
      text_format(&message, ",\"key_%u\":%s", round * 7 + i, i % 2 ? "-1.5" : "\"x\"");
    text_format(&message, ",\"%0*u\":[]", (int)(round % 90), round);
    TEXT_LITERAL(&message, ",\"gend\":\"2\",\"medfee_sumamt\":1.25}}}");
    assert_int_equal(decode_bytes(text_slice(&message)), STATUS_OK);
    assert_slice(event.gend, "2");
    assert_int_equal(event.medfee_fen, 125);
    if (round % 100 == 0) arena_reset(&arena);
  }
  accept(sample);
  assert_int_equal(event.content, content);
  assert_int_equal(event.fee_cnt, 2);
  text_fini(&message);
}

// Wherever white space stands, and whatever the decoder has seen before: the same message, delivered again, must not look like another.
static void white_space_is_noticed_by_a_decoder_that_expects_none(void **state) {
  (void)state;
  static const char *const spaces[] = {" ", "\t\r\n", "                                        "};
  accept(sample);
  const uint64_t content = event.content;
  struct text message = {0};
  bool inside = false;
  for (size_t at = 1; at < sizeof sample - 1; at++) {
    const char before = sample[at - 1];
    inside ^= before == '"';    // the sample has no escapes
    if (inside || (strchr("{}[]:,\"", before) == NULL && strchr("{}[]:,\"", sample[at]) == NULL)) continue;
    for (unsigned i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
      text_clear(&message);
      text_append(&message, (struct slice){sample, at});
      text_append(&message, slice_from(spaces[i]));
      text_append(&message, slice_from(sample + at));
      for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(decode_bytes(text_slice(&message)), STATUS_OK);
        if (event.content != content) print_error("round %u: '%s' before %.30s\n", round, spaces[i], sample + at);
        assert_int_equal(event.content, content);
      }
      accept(sample);
      assert_int_equal(event.content, content);
    }
    arena_reset(&arena);
  }
  text_fini(&message);
}

// ---- keys in any order ----

// Senders of many orders, one after the other: what one taught the decoder misleads it about the next.
static void keys_in_any_order_are_read_and_one_that_stands_twice_is_told(void **state) {
  (void)state;
  // 16 keys of a line: two spellings, keys that nobody reads, and sizes of all kinds.
  static const char *const names[] = {"feedetl_sn", "bkkp_sn", "cnt", "pric", "det_item_fee_sumamt", "inscp_scp_amt", "inscp_amt", "overlmt_amt",
                                      "overlmt_selfpay", "prd_days", "med_list_codg", "fee_ocur_time", "drugtracinfo", "chrgitm_lv", "memo", "x"};
  static const char *const values[] = {"\"7\"", "\"7\"", "3", "1.5", "4.50", "4.25", "4.25", "0.25", "0.25", "2", "\"X1\"", "\"2026-03-01 08:00:00\"",
                                       "[{\"drug_trac_codg\":\"8312345\"}]", "\"01\"", "\"-\"", "[]"};
  static const unsigned bits[] = {0x100, 0x100, 1, 2, 4, 8, 8, 16, 16, 32, 0x200, 0x400, 0x800, 0, 0, 0};
  enum { KEYS = sizeof names / sizeof names[0] };
  unsigned twice = 0, lines_read = 0;
  unsigned orders[4][KEYS];    // of four senders, and what they leave out now and then
  for (unsigned sender = 0; sender < 4; sender++)
    for (unsigned i = 0; i < KEYS; i++) {
      const unsigned j = (unsigned)(next_random() % (i + 1));
      orders[sender][i] = orders[sender][j];
      orders[sender][j] = i;
    }
  struct text message = {0};
  for (unsigned round = 0; round < 20000; round++) {
    const unsigned *const order = orders[next_random() % (round < 10000 ? 1 + round / 2500 : 4)];
    unsigned line[KEYS + 1], size = 0, seen = 0;
    for (unsigned i = 0; i < KEYS; i++) {
      const unsigned key = order[i];
      const bool second = key == 1 || key == 6 || key == 8, odd = next_random() % 64 == 0;
      if ((second && !odd) || (key > 1 && next_random() % 8 == 0)) continue;
      line[size++] = key;
    }
    if (next_random() % 32 == 0) {    // one again, anywhere
      const unsigned again = line[next_random() % size], at = (unsigned)(next_random() % (size + 1));
      memmove(line + at + 1, line + at, (size++ - at) * sizeof *line);
      line[at] = again;
    }
    text_clear(&message);
    TEXT_LITERAL(&message, "{" ENVELOPE("SETL") ",\"body\":{\"setlinfo\":{" SETLINFO "},\"feedetail\":[{");
    size_t expected = 0;    // the offset of the key that stands twice
    const unsigned strangers = next_random() % 512 == 0 ? 30 : next_random() % 16 == 0;    // the decoder's memory is full now and then, in the middle
    for (unsigned i = 0; i < size; i++) {
      if (i > 0) text_byte(&message, ',');
      for (unsigned n = 0; n < strangers; n++) text_format(&message, "\"k%llu\":\"\",", (unsigned long long)next_random());
      if (expected == 0 && (seen & bits[line[i]]) != 0) expected = message.size;
      seen |= bits[line[i]];
      text_format(&message, "\"%s\":%s", names[line[i]], values[line[i]]);
    }
    TEXT_LITERAL(&message, "}]}}");
    const enum status status = decode_bytes(text_slice(&message));
    if (expected != 0) {
      twice++;
      assert_int_equal(status, STATUS_REJECT);
      assert_int_equal(failure.reason, REJECT_DUPLICATE_KEY);
      assert_int_equal(failure.offset, expected);
      continue;
    }
    assert_int_equal(status, STATUS_OK);
    lines_read++;
    const struct line *read = &event.lines[0];
    assert_int_equal(read->has, seen & 255);
    assert_slice(read->feedetl_sn, "7");
    assert_int_equal(read->cnt, seen & 1 ? 30000 : 0);
    assert_int_equal(read->pric, seen & 2 ? 1500000 : 0);
    assert_int_equal(read->det_item_fee_fen, seen & 4 ? 450 : 0);
    assert_int_equal(read->inscp_fen, seen & 8 ? 425 : 0);
    assert_int_equal(read->overlmt_fen, seen & 16 ? 25 : 0);
    assert_int_equal(read->prd_days, seen & 32 ? 200 : 0);
    assert_slice(read->med_list_codg, seen & 0x200 ? "X1" : NULL);
    assert_int_equal(read->fee_ocur_time_s, seen & 0x400 ? seconds("2026-03-01 08:00:00") : DATE_ABSENT);
    assert_int_equal(read->trace_count, seen & 0x800 ? 1 : 0);
    if (round % 100 == 0) arena_reset(&arena);
  }
  assert_true(twice > 500 && lines_read > 10000);
  text_fini(&message);
}

// ---- the short ways against the careful ones ----

static void short_numbers_are_read_as_money_reads_them(void **state) {
  (void)state;
  static const char alphabet[] = "0123456789012345678900000.....-e+ x/:";
  unsigned accepted = 0;
  for (unsigned round = 0; round < 400000; round++) {
    char text[64] = {0};
    const size_t size = next_random() % 10;
    for (size_t i = 0; i < size; i++) text[i] = alphabet[next_random() % (round % 2 ? 20 : sizeof alphabet - 1)];
    if (round % 2 && size > 2) text[1 + next_random() % (size - 1)] = '.';
    for (size_t i = size; i < sizeof text; i++) text[i] = alphabet[next_random() % (sizeof alphabet - 1)];
    for (unsigned scale = 0; scale <= 6; scale += 2) {
      int64_t quick = -1, careful = -2;
      const struct slice token = {text, size};
      for (unsigned json = 0; json < 2; json++) {
        if (!scalar_digits(text, size, scalar_units[scale], json, &quick)) continue;
        accepted++;
        assert_true(money_parse(token, scale, &careful));
        assert_int_equal(quick, careful);
        if (json) assert_true(scalar_is_number(token));
      }
    }
  }
  assert_true(accepted > 100000);
  int64_t out;
  static const char *const quick[] = {"0", "7", "0.5", "12.25", "99999999", "12345.67", "0.000001"};
  for (size_t i = 0; i < sizeof quick / sizeof quick[0]; i++) {
    char text[40] = {0};
    memcpy(text, quick[i], strlen(quick[i]));
    assert_true(scalar_digits(text, strlen(quick[i]), scalar_units[6], true, &out));
  }
}

static void numbers_of_every_length_are_read_as_money_reads_them(void **state) {
  (void)state;
  unsigned accepted = 0;
  for (unsigned round = 0; round < 60000; round++) {
    char text[32] = {0}, message[1024];
    const size_t size = 1 + next_random() % 20;
    const bool amount = round % 7 < 3;
    for (size_t i = 0; i < size; i++) text[i] = (char)('0' + next_random() % 10);
    if (amount && size > 3) text[size - 3] = '.';
    else if (round % 4 != 0) text[next_random() % size] = '.';
    if (round % 5 == 0) text[next_random() % size] = ".-e0/x"[next_random() % 6];
    if (round % 3 == 0) memset(text + size / 2, '0', size - size / 2);
    const bool quoted = round % 2;
    snprintf(message, sizeof message, quoted ? LINE1(",\"%s\":\"%s\"") : LINE1(",\"%s\":%s"), amount ? "det_item_fee_sumamt" : "pric", text);
    const struct slice token = {text, size};
    const enum status status = decode_bytes(slice_from(message));
    int64_t expected;
    if (quoted && slice_equal(token, SLICE("-"))) {
      assert_int_equal(status, STATUS_OK);
    } else if (!quoted && !scalar_is_number(token)) {
      assert_int_equal(failure.reason, REJECT_NOT_JSON);
    } else if (!money_parse(token, amount ? MONEY_FEN : MONEY_PRICE, &expected)) {
      assert_int_equal(failure.reason, REJECT_BAD_AMOUNT);
    } else {
      assert_int_equal(status, STATUS_OK);
      assert_int_equal(event.lines[0].has, amount ? LINE_HAS_AMOUNT : LINE_HAS_PRIC);
      assert_int_equal(amount ? event.lines[0].det_item_fee_fen : event.lines[0].pric, expected);
      accepted++;
    }
    if (round % 64 == 0) arena_reset(&arena);
  }
  assert_true(accepted > 10000);
}

static void short_times_are_read_as_dates_are(void **state) {
  (void)state;
  static struct scalar_days days;
  unsigned accepted = 0;
  for (unsigned round = 0; round < 300000; round++) {
    char text[64];
    snprintf(text, sizeof text, "20%02u-%02u-%02u %02u:%02u:%02u", (unsigned)(next_random() % 30),
             (unsigned)(next_random() % 14), (unsigned)(next_random() % 33), (unsigned)(next_random() % 26),
             (unsigned)(next_random() % 62), (unsigned)(next_random() % 62));
    if (round % 3 == 0) text[next_random() % 19] = "0123456789-: T/"[next_random() % 15];
    memset(text + 19, '9', sizeof text - 19);
    int64_t quick = -1, careful = -2;
    scalar_learn_day(&days, text);
    const bool short_way = scalar_time(&days, text, &quick),
               careful_way = date_parse((struct slice){text, 19}, &careful, NULL);
    assert_int_equal(short_way, careful_way);
    if (!short_way) continue;
    accepted++;
    assert_int_equal(quick, careful);
  }
  assert_true(accepted > 100000);
}

// ---- hostile bytes ----

static void times_of_messages_are_read_as_dates_are(void **state) {
  (void)state;
  unsigned read = 0;
  for (unsigned round = 0; round < 100000; round++) {
    char text[20], message[1024];
    snprintf(text, sizeof text, "20%02u-%02u-%02u%c%02u:%02u:%02u", (unsigned)(25 + next_random() % 2), (unsigned)(next_random() % 14),
             (unsigned)(next_random() % 33), next_random() % 8 == 0 ? 'T' : ' ', (unsigned)(next_random() % 26), (unsigned)(next_random() % 62),
             (unsigned)(next_random() % 62));
    if (round % 4 == 0) {    // no control characters, quotes and escapes: that is other tests' matter
      char *byte = &text[next_random() % 19];
      do *byte = (char)(0x20 + next_random() % 0x5f);
      while (*byte == '"' || *byte == '\\');
    }
    snprintf(message, sizeof message, LINE1(",\"fee_ocur_time\":\"%s\""), text);
    int64_t careful = DATE_ABSENT;
    const bool some = date_parse(slice_from(text), &careful, NULL) && careful <= seconds("2026-03-09 10:11:12") + 2 * DATE_DAY_SECONDS &&
                      careful >= seconds("1990-01-01 00:00:00");
    accept(message);
    assert_int_equal(event.lines[0].fee_ocur_time_s, some ? careful : DATE_ABSENT);
    read += some;
    if (round % 100 == 0) arena_reset(&arena);
  }
  assert_true(read > 20000);
}

static void days_of_birth_are_read_as_dates_are(void **state) {
  (void)state;
  unsigned born = 0;
  for (unsigned round = 0; round < 60000; round++) {
    char text[16], message[1024];
    snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)(1860 + next_random() % 170), (unsigned)(next_random() % 14), (unsigned)(next_random() % 34));
    if (round % 5 == 0) text[next_random() % 10] = "-0:9x T"[next_random() % 7];
    snprintf(message, sizeof message, SETL(",\"brdy\":\"%s\"", ""), text);
    accept(message);
    int64_t time_s;
    const bool is_date = date_parse(slice_from(text), &time_s, NULL) && date_day(time_s) >= date_from_civil(1870, 1, 1) &&
                         time_s <= event.recv_time_s + 2 * DATE_DAY_SECONDS;
    assert_int_equal(event.brdy_day, is_date ? date_day(time_s) : INT32_MIN);
    born += is_date;
    if (round % 1000 == 0) arena_reset(&arena);
  }
  assert_true(born > 20000);
}

static void versions_and_types_are_read_whatever_came_before(void **state) {
  (void)state;
  static const struct { const char *ver; int64_t expected; } versions[] = {{"1", 1}, {"\"2\"", 2}, {"12345678", 12345678}, {"1e3", -1}, {"0", -1},
                                                                           {"\"-1\"", -1}, {"2.0", -1}, {"01", -1}, {"\"\"", -1}};
  static const char *const types[] = {"SETL", "TICK", "SETL", "SETL_CANCEL", "SETL", "LIST", "SET", "SETLX", "SETL ", ""};
  for (unsigned round = 0; round < 2000; round++) {
    char message[1024];
    const unsigned v = (unsigned)(next_random() % (sizeof versions / sizeof versions[0]));
    const char *type = types[next_random() % (sizeof types / sizeof types[0])];
    snprintf(message, sizeof message, "{\"msg_id\":\"m\",\"msg_type\":\"%s\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"H1\",\"psn_no\":\"p\","
             "\"event_time\":\"2026-03-09 10:11:10\",\"recv_time\":\"2026-03-09 10:11:12\",\"ver\":%s,\"body\":{\"setlinfo\":{" SETLINFO "}}}", type, versions[v].ver);
    const enum status status = decode_bytes(slice_from(message));
    const struct slice trimmed = {type, strcspn(type, " ")};
    unsigned named = 0;
    while (named < EVENT_TYPE_COUNT && !slice_equal(trimmed, slice_from(event_type_name((enum event_type)named)))) named++;
    if (named < EVENT_TYPE_COUNT && versions[v].expected > 0) {
      assert_int_equal(status, STATUS_OK);
      assert_int_equal(event.type, named);
      assert_int_equal(event.ver, versions[v].expected);
    } else {
      assert_int_equal(status, STATUS_REJECT);
    }
  }
}

static void every_prefix_is_refused(void **state) {
  (void)state;
  const struct slice whole = SLICE(sample);
  for (unsigned round = 0; round < 2; round++)
    for (size_t size = 0; size < whole.size; size++) {
      assert_int_equal(decode_bytes((struct slice){whole.data, size}), STATUS_REJECT);
      assert_true(failure.reason == REJECT_NOT_JSON || failure.reason == REJECT_EMPTY || failure.reason == REJECT_NOT_UTF8);
      assert_true(failure.offset <= size);
      if (size % 64 == 0) arena_reset(&arena);
    }
}

static void changed_bytes_are_judged_as_another_reader_does(void **state) {
  (void)state;
  judge_changed(SLICE(sample), 60000);
}

static void the_steady_state_asks_for_no_memory(void **state) {
  (void)state;
  struct text message = {0};
  lines(&message, 300, 7);    // not in order, so that the set is needed
  for (unsigned round = 0; round < 3; round++) {
    accept(sample);
    assert_int_equal(decode_bytes(text_slice(&message)), STATUS_OK);
    arena_reset(&arena);
  }
  const uint64_t before = memory_calls();
  for (unsigned round = 0; round < 100; round++) {
    accept(sample);
    assert_int_equal(decode_bytes(text_slice(&message)), STATUS_OK);
    arena_reset(&arena);
  }
  assert_int_equal(memory_calls(), before);
  text_fini(&message);
}

static void the_library_names_itself(void **state) {
  (void)state;
  assert_non_null(strstr(decode_library(), "simdjson 3."));
  assert_int_equal(decode_first_stage(decoder, sample, sizeof sample - 1), 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(many_lines_keep_their_order_and_each_stands_once),
      cmocka_unit_test(keys_that_come_and_go_change_nothing),
      cmocka_unit_test(white_space_is_noticed_by_a_decoder_that_expects_none),
      cmocka_unit_test(keys_in_any_order_are_read_and_one_that_stands_twice_is_told),
      cmocka_unit_test(short_numbers_are_read_as_money_reads_them),
      cmocka_unit_test(numbers_of_every_length_are_read_as_money_reads_them),
      cmocka_unit_test(short_times_are_read_as_dates_are),
      cmocka_unit_test(times_of_messages_are_read_as_dates_are),
      cmocka_unit_test(days_of_birth_are_read_as_dates_are),
      cmocka_unit_test(versions_and_types_are_read_whatever_came_before),
      cmocka_unit_test(every_prefix_is_refused),
      cmocka_unit_test(changed_bytes_are_judged_as_another_reader_does),
      cmocka_unit_test(the_steady_state_asks_for_no_memory),
      cmocka_unit_test(the_library_names_itself),
  };
  return RUN_BOTH(tests);
}
