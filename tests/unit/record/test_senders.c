// Senders of other styles: their messages are decoded as those of any other, and refused where those are.
#include "tests/unit/record/changing.h"

// The sample from a sender that sorts the keys of its envelope: the body comes first.
static void body_first(struct text *out) {
  static const char mark[] = ",\"body\":";
  const char *body = strstr(sample, mark);
  text_clear(out);
  text_byte(out, '{');
  text_append(out, (struct slice){body + 1, (size_t)(sample + sizeof sample - 2 - (body + 1))});
  text_byte(out, ',');
  text_append(out, (struct slice){sample + 1, (size_t)(body - sample) - 1});
  text_byte(out, '}');
}

// What stands outside ASCII as \uXXXX, and white space behind commas and colons: a language's standard writer.
static void loose_ascii(struct text *out) {
  bool inside = false;
  text_clear(out);
  for (const char *at = sample; *at != '\0'; at++) {
    inside ^= *at == '"';    // the sample has no escapes
    if ((unsigned char)*at < 0x80) {
      text_byte(out, *at);
      if (!inside && (*at == ',' || *at == ':')) text_byte(out, ' ');
    } else {
      const unsigned char *bytes = (const unsigned char *)at;    // three of them: 0x800 to 0xffff
      text_format(out, "\\u%04x", (bytes[0] & 15u) << 12 | (bytes[1] & 63u) << 6 | (bytes[2] & 63u));
      at += 2;
    }
  }
}

static void senders_of_every_style_are_read_and_judged_alike(void **state) {
  (void)state;
  struct text message = {0};
  accept(sample);
  const uint64_t content = event.content;
  const struct { void (*write)(struct text *out); bool same_bytes; } styles[] = {{body_first, true}, {loose_ascii, false}};
  for (unsigned style = 0; style < sizeof styles / sizeof styles[0]; style++) {
    styles[style].write(&message);
    for (unsigned round = 0; round < 3; round++) {
      text_byte(&message, '\0'), message.size--;
      accept(message.data);
      assert_int_equal(event.content == content, styles[style].same_bytes);    // escapes are other bytes
      assert_slice(event.setl_id, "S2026030900017");
      assert_slice(event.diagnoses[1].diag_code, "i10.x00");
      assert_int_equal(event.lines_size, 2);
      assert_int_equal(event.lines[1].cnt, -105000);
      assert_int_equal(event.lines[0].fee_ocur_time_s, seconds("2026-02-28 09:40:00"));
      assert_int_equal(event.traces_size, 2);
    }
    judge_changed(text_slice(&message), 20000);
  }
  text_fini(&message);
}

// A list as the last value of the envelope keeps the decoder from looking there: then the envelope is read first. What a message is, and which of its
// faults is told, is the same.
static void a_body_that_comes_first_is_read_as_if_it_came_last(void **state) {
  (void)state;
  struct text message = {0};
  body_first(&message);
  unsigned good = 0, bad = 0;
  for (unsigned round = 0; round < 40000; round++) {
    char text[8192];
    memcpy(text, message.data, message.size);
    size_t size = message.size;
    if (round > 0) size = change(text, size);
    if (text[size - 1] != '}') continue;
    const enum status status = decode_bytes((struct slice){text, size});
    const struct event first = event;
    const struct decode_failure fault = failure;
    memcpy(text + size - 1, ",\"\":[]}", 7);
    const enum status last = decode_bytes((struct slice){text, size + 6});
    if (last != status) print_error("%.600s\n%s at %zu\n", text + (size > 600 ? size - 600 : 0), reject_name(last == STATUS_OK ? fault.reason : failure.reason), failure.offset);
    assert_int_equal(last, status);
    if (status == STATUS_OK) {
      good++;
      assert_int_equal(event.content, first.content);
      assert_int_equal(event.lines_size, first.lines_size);
      assert_int_equal(event.recv_time_s, first.recv_time_s);
      assert_int_equal(event.ver, first.ver);
      assert_true(slice_equal(event.psn_no, first.psn_no));
    } else {
      bad++;
      if (fault.reason != failure.reason) print_error("%.*s\n", (int)size, text);
      assert_int_equal(fault.reason, failure.reason);
      if (fault.offset + 1 < size) assert_int_equal(fault.offset, failure.offset);
    }
    if (round % 64 == 0) arena_reset(&arena);
  }
  assert_true(good > 1000 && bad > 10000);
  // The envelope's fault comes before the body's, whatever was read first.
  refuse("{\"body\":{\"setlinfo\":{" SETLINFO ",\"medfee_sumamt\":\"x\"}}," ENVELOPE("SETL") "0.5}", REJECT_BAD_VERSION, "ver");
  // What a type that is not used needs is its grammar only.
  accept("{\"body\":{\"setlinfo\":{\"setl_id\":7}}," ENVELOPE("VISIT") "}");
  refuse("{\"body\":{\"setlinfo\":{\"setl_id\":07}}," ENVELOPE("VISIT") "}", REJECT_NOT_JSON, "body.setlinfo.setl_id");
  text_fini(&message);
}

// Of a value that nobody reads only the escapes are checked, many at a time: as they are where a text is read.
static void escapes_that_nobody_reads_are_judged_as_those_that_are_read(void **state) {
  (void)state;
  static const char *const pieces[] = {"a", "plain text ", "脑梗死", "\\u4e2d", "\\u6587", "\\uD7FF", "\\ue000", "\\u00e9", "\\n", "\\\"", "\\\\", "\\ud83d\\ude00",
                                       "\\ud83d", "\\ude00", "\\u12", "\\u123\xf0\x9f\x98\x80", "\\u12g4", "\\U4e2d", "\\x", "\\u4e2"};
  enum { PIECES = sizeof pieces / sizeof pieces[0], VALID = 12 };
  struct text message = {0};
  unsigned good = 0, bad = 0;
  for (unsigned round = 0; round < 60000; round++) {
    text_clear(&message);
    const bool read = round % 2 == 1;
    static struct { unsigned piece[12], size; } drawn;
    if (!read) {
      drawn.size = (unsigned)(next_random() % 12);
      for (unsigned i = 0; i < drawn.size; i++) drawn.piece[i] = (unsigned)(next_random() % (next_random() % 16 == 0 ? PIECES : VALID));
    }
    text_format(&message, "{" ENVELOPE("SETL") ",\"body\":{\"setlinfo\":{" SETLINFO ",\"%s\":\"", read ? "gend" : "memo");
    for (unsigned i = 0; i < drawn.size; i++) text_append(&message, slice_from(pieces[drawn.piece[i]]));
    TEXT_LITERAL(&message, "\"}}}");
    static enum status unread;
    const enum status status = decode_bytes(text_slice(&message));
    if (!read) {
      unread = status;
      continue;
    }
    if (status != unread) print_error("%.*s\n", (int)message.size, message.data);
    assert_int_equal(status, unread);
    if (status == STATUS_OK) good++;
    else bad++;
    if (round % 64 == 1) arena_reset(&arena);
  }
  assert_true(good > 10000 && bad > 3000);
  refuse(SETL(",\"memo\":\"\\u123\xf0\x9f\x98\x80\"", ""), REJECT_NOT_JSON, "body.setlinfo.memo");
  refuse(SETL(",\"gend\":\"\\u123\xf0\x9f\x98\x80\"", ""), REJECT_NOT_JSON, "body.setlinfo.gend");
  refuse(SETL(",\"memo\":\"\\uD800\"", ""), REJECT_NOT_JSON, "body.setlinfo.memo");
  text_fini(&message);
}

// Senders that write every key: null or an empty text for what they do not know.
static void keys_without_a_value_say_nothing(void **state) {
  (void)state;
  static const char *const values[] = {"null", "\"\"", "\"2\""};
  struct text message = {0};
  for (unsigned round = 0; round < 6000; round++) {
    unsigned drawn[5];
    for (unsigned i = 0; i < 5; i++) drawn[i] = (unsigned)(next_random() % 3);
    uint64_t content = 0;
    for (unsigned loose = 0; loose <= 5; loose++) {    // which of them has white space before it
#define GAP(place) (loose == (place) ? " " : "")
      text_clear(&message);
      text_format(&message, "{" ENVELOPE("SETL") ",\"body\":{\"setlinfo\":{" SETLINFO ",\"gend\":%s%s,\"medfee_sumamt\":%s%s,\"memo\":[%s%s],\"hosp_lv\":%s%s},"
                  "\"feedetail\":[{\"feedetl_sn\":\"1\",\"init_feedetl_sn\":%s%s,\"cnt\":1}]}}",
                  GAP(1), values[drawn[0]], GAP(2), values[drawn[1]], GAP(3), values[drawn[2]], GAP(4), values[drawn[3]], GAP(5), values[drawn[4]]);
#undef GAP
      assert_int_equal(decode_bytes(text_slice(&message)), STATUS_OK);
      assert_slice(event.gend, drawn[0] == 2 ? "2" : NULL);
      assert_int_equal(event.has & EVENT_HAS_MEDFEE, drawn[1] == 2 ? EVENT_HAS_MEDFEE : 0);
      assert_slice(event.hosp_lv, drawn[3] == 2 ? "2" : NULL);
      assert_slice(event.lines[0].init_feedetl_sn, drawn[4] == 2 ? "2" : NULL);
      assert_int_equal(event.lines[0].cnt, 10000);
      if (loose == 0) content = event.content;
      assert_int_equal(event.content, content);
    }
    if (round % 64 == 0) arena_reset(&arena);
  }
  refuse(SETL(",\"gend\":null,\"gend\":\"1\"", ""), REJECT_DUPLICATE_KEY, "body.setlinfo.gend");
  refuse(SETL(",\"gend\":\"1\",\"gend\":null", ""), REJECT_DUPLICATE_KEY, "body.setlinfo.gend");
  refuse(SETL(",\"gend\":nul", ""), REJECT_NOT_JSON, "body.setlinfo.gend");
  refuse(SETL(",\"gend\":nulls", ""), REJECT_NOT_JSON, "body.setlinfo.gend");
  text_fini(&message);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(senders_of_every_style_are_read_and_judged_alike),
      cmocka_unit_test(a_body_that_comes_first_is_read_as_if_it_came_last),
      cmocka_unit_test(escapes_that_nobody_reads_are_judged_as_those_that_are_read),
      cmocka_unit_test(keys_without_a_value_say_nothing),
  };
  return RUN_BOTH(tests);
}
