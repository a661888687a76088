#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream/proof.h"

// Receipts as the engine writes them over outputs of our own, and what a proof says when they are told to it with one thing changed.
enum { RECEIPTS = 5, OUTPUTS = 3, RECORDS = 10 };
struct message { enum topic topic; int32_t partition; uint64_t receipt, place; char key[16], value[1200]; bool dropped, doubled; };
struct tape { struct message messages[RECEIPTS * (OUTPUTS + 2) + 1]; size_t size; };

static void put(struct outbox *outbox, enum topic topic, int64_t offset, const char *value) {
  outbox_begin(outbox, topic, SLICE("H1"), SLICE("id"), "type", (struct source){.offset = offset}, 5);
  text_append(&outbox->bytes, slice_from(value));
  outbox_end(outbox);
}

static void record_tape(struct tape *tape) {
  struct ruleset ruleset = {0};
  snprintf(ruleset.hash, sizeof ruleset.hash, "%s", "00112233445566778899aabbccddeeff");
  struct partition_counts before = {0}, now = {0};
  struct partition_state state = {0};
  struct outbox outbox = {0};
  tape->size = 0;
  for (int r = 0; r < RECEIPTS; r++) {
    outbox_clear(&outbox);
    char value[64];
    for (int o = 0; o < OUTPUTS; o++) {
      snprintf(value, sizeof value, "finding %d of %d", o, r);
      put(&outbox, TOPIC_CREDIT_DEDUCTIONS, r * RECORDS + o, value);
    }
    snprintf(value, sizeof value, "fact of %d", r);
    put(&outbox, TOPIC_INSTITUTION_FACTS, r * RECORDS, value);
    now.records += RECORDS;
    now.dispositions[DISPOSITION_SCREENED] += RECORDS - 1;
    now.dispositions[DISPOSITION_DEAD] += 1;
    now.first_offset = r * RECORDS;
    now.last_offset = r * RECORDS + RECORDS - 1;
    receipt_write(&outbox, 0, &now, &before, &ruleset, "in", 5, &state);
    before = now;
    for (size_t i = 0; i < outbox.size; i++) {
      const struct outbox_entry *entry = &outbox.entries[i];
      struct message *message = &tape->messages[tape->size++];
      *message = (struct message){.topic = entry->topic, .receipt = entry->receipt, .place = entry->place};
      assert_true(entry->value_size < sizeof message->value);
      memcpy(message->key, outbox.bytes.data + entry->key, entry->key_size);
      memcpy(message->value, outbox.bytes.data + entry->value, entry->value_size);
    }
  }
  outbox_fini(&outbox);
}

struct told { uint64_t kinds[PROOF_KIND_COUNT]; struct proof_break first; uint64_t holes; struct proof_hole hole; uint64_t newer; };
static void on_break(void *context, const struct proof_break *found) {
  struct told *told = context;
  if (told->kinds[found->kind]++ == 0 && told->first.expected[0] == '\0') told->first = *found;
  assert_true(found->expected[0] != '\0');
}
static void on_hole(void *context, const struct proof_hole *hole) {
  struct told *told = context;
  told->holes++;
  told->hole = *hole;
}

static void tell_one(struct proof *proof, const struct message *message) {
  if (message->topic == TOPIC_SCREENING_RECEIPTS)
    proof_receipt(proof, slice_from(message->value));
  else
    proof_output(proof, SLICE("in"), message->topic, message->partition, message->receipt, message->place, slice_from(message->key),
                 slice_from(message->value));
}

// Told forwards, backwards (but receipts in their order, as their topic holds them), or all outputs first.
static struct told prove(const struct tape *tape, size_t held_bytes_max, bool holes) {
  struct told first = {0};
  for (int order = 0; order < 3; order++) {
    struct told told = {0};
    struct proof *proof = proof_create(&(struct proof_settings){&told, on_break, holes ? on_hole : NULL, held_bytes_max});
    for (int pass = 0; pass < 2; pass++)
      for (size_t i = 0; i < tape->size; i++) {
        const struct message *message = &tape->messages[order == 1 && pass == 0 ? tape->size - 1 - i : i];
        const bool receipt = message->topic == TOPIC_SCREENING_RECEIPTS;
        if (message->dropped || (order == 0 ? pass == 1 : receipt != (pass == 1))) continue;
        tell_one(proof, message);
        if (message->doubled) tell_one(proof, message);
      }
    told.newer = proof_end(proof);
    uint64_t breaks = 0;
    for (int k = 0; k < PROOF_KIND_COUNT; k++) breaks += told.kinds[k];
    assert_int_equal(breaks, proof_breaks(proof));
    struct proof_lane lane;
    if (breaks == 0 && told.holes == 0 && told.newer == 0) {
      assert_int_equal(proof_lanes(proof, &lane, 1), 1);
      assert_int_equal(lane.records, RECEIPTS * RECORDS);
      assert_int_equal(lane.next_offset, RECEIPTS * RECORDS);
      assert_int_equal(lane.dispositions[DISPOSITION_DEAD], RECEIPTS);
      assert_int_equal(lane.outputs, RECEIPTS * (OUTPUTS + 1));
      assert_int_equal(lane.spans_size, 1);
      assert_int_equal(lane.spans[0].receipts, RECEIPTS);
    }
    proof_destroy(proof);
    if (order == 0) first = told;
    else if (held_bytes_max > 1000) assert_true((told.kinds[PROOF_CHANGED] > 0) == (first.kinds[PROOF_CHANGED] > 0) &&
                                                (told.kinds[PROOF_MISSING] > 0) == (first.kinds[PROOF_MISSING] > 0));
  }
  return first;
}

static struct message *find(struct tape *tape, enum topic topic, uint64_t receipt, uint64_t place) {
  uint64_t number = 0;
  for (size_t i = 0; i < tape->size; i++) {
    struct message *message = &tape->messages[i];
    if (message->topic != topic) continue;
    number++;
    if (topic == TOPIC_SCREENING_RECEIPTS ? number == receipt : message->receipt == receipt && message->place == place) return message;
  }
  fail();
  return NULL;
}

// In a receipt's text, something of the same length.
static void swap(struct message *message, const char *was, const char *is) {
  char *at = strstr(message->value, was);
  assert_non_null(at);
  assert_int_equal(strlen(was), strlen(is));
  memcpy(at, is, strlen(is));
}

#define TAPE(name) struct tape name; record_tape(&name)

static void what_was_written_is_proven_in_any_order(void **unused) {
  (void)unused;
  TAPE(tape);
  const struct told told = prove(&tape, 1 << 20, false);
  assert_string_equal(told.first.expected, "");
  assert_int_equal(told.newer, 0);
}

static void a_receipt_that_is_left_out_is_a_gap_with_its_offsets(void **unused) {
  (void)unused;
  TAPE(tape);
  find(&tape, TOPIC_SCREENING_RECEIPTS, 3, 0)->dropped = true;
  const struct told told = prove(&tape, 1 << 20, false);
  assert_int_equal(told.kinds[PROOF_GAP], 1);
  assert_int_equal(told.kinds[PROOF_NUMBER], 1);
  assert_true(told.kinds[PROOF_EXTRA] > 0);
  const struct told asked = prove(&tape, 1 << 20, true);
  assert_int_equal(asked.holes, 1);
  assert_int_equal(asked.hole.first_offset, 20);
  assert_int_equal(asked.hole.last_offset, 29);
  assert_int_equal(asked.hole.records, 0);
}

static void a_receipt_that_is_there_twice_overlaps(void **unused) {
  (void)unused;
  TAPE(tape);
  find(&tape, TOPIC_SCREENING_RECEIPTS, 2, 0)->doubled = true;
  const struct told told = prove(&tape, 1 << 20, false);
  assert_int_equal(told.kinds[PROOF_OVERLAP], 1);
  assert_int_equal(told.kinds[PROOF_NUMBER], 1);
  assert_int_equal(told.kinds[PROOF_PREVIOUS], 0);
}

static void a_range_that_was_widened_breaks_offsets_and_chain(void **unused) {
  (void)unused;
  TAPE(tape);
  swap(find(&tape, TOPIC_SCREENING_RECEIPTS, 2, 0), "\"first_offset\":10", "\"first_offset\":09");
  struct told told = prove(&tape, 1 << 20, false);
  assert_int_equal(told.kinds[PROOF_MALFORMED], 1);    // no number of JSON begins with 0
  TAPE(other);
  swap(find(&other, TOPIC_SCREENING_RECEIPTS, 3, 0), "\"first_offset\":20", "\"first_offset\":15");
  told = prove(&other, 1 << 20, false);
  assert_int_equal(told.kinds[PROOF_OVERLAP], 1);
  assert_int_equal(told.kinds[PROOF_CHAIN], 1);
  assert_int_equal(told.kinds[PROOF_GAP], 1);    // 15 offsets, 10 records
}

static void counts_that_do_not_add_up_are_told(void **unused) {
  (void)unused;
  TAPE(tape);
  swap(find(&tape, TOPIC_SCREENING_RECEIPTS, 4, 0), "\"screened\":9", "\"screened\":8");
  struct told told = prove(&tape, 1 << 20, false);
  assert_int_equal(told.kinds[PROOF_COUNTS], 1);
  assert_int_equal(told.first.receipt, 4);
  assert_int_equal(told.first.first_offset, 30);
  // Moved from one count to another the sum is right, but the chain is not.
  TAPE(other);
  swap(find(&other, TOPIC_SCREENING_RECEIPTS, 4, 0), "\"screened\":9", "\"screened\":8");
  swap(find(&other, TOPIC_SCREENING_RECEIPTS, 4, 0), "\"dead\":1", "\"dead\":2");
  told = prove(&other, 1 << 20, false);
  assert_int_equal(told.kinds[PROOF_COUNTS], 0);
  assert_int_equal(told.kinds[PROOF_CHAIN], 1);
}

static void a_broken_chain_is_told_where_it_breaks(void **unused) {
  (void)unused;
  TAPE(tape);
  struct message *message = find(&tape, TOPIC_SCREENING_RECEIPTS, 3, 0);
  char *at = strstr(message->value, "\"previous\":\"") + 12;
  *at = *at == '0' ? '1' : '0';
  const struct told told = prove(&tape, 1 << 20, false);
  assert_int_equal(told.kinds[PROOF_PREVIOUS], 1);
  assert_int_equal(told.kinds[PROOF_CHAIN], 1);
  assert_int_equal(told.first.receipt, 3);
}

static void a_changed_result_is_named_with_its_topic_and_receipt(void **unused) {
  (void)unused;
  for (int fact = 0; fact < 2; fact++) {
    TAPE(tape);
    struct message *message = find(&tape, fact ? TOPIC_INSTITUTION_FACTS : TOPIC_CREDIT_DEDUCTIONS, 2, 0);
    message->value[0] ^= 1;
    const struct told told = prove(&tape, 1 << 20, false);
    assert_int_equal(told.kinds[PROOF_CHANGED], 1);
    assert_int_equal(told.first.receipt, 2);
    assert_true(slice_equal(told.first.topic, slice_from(topic_name(message->topic))));
    assert_int_equal(told.kinds[PROOF_CHAIN], 0);
  }
  TAPE(tape);
  memcpy(find(&tape, TOPIC_CREDIT_DEDUCTIONS, 2, 0)->key, "H2", 3);
  assert_int_equal(prove(&tape, 1 << 20, false).kinds[PROOF_CHANGED], 1);
}

static void a_result_that_is_missing_doubled_or_invented_is_told(void **unused) {
  (void)unused;
  TAPE(tape);
  find(&tape, TOPIC_CREDIT_DEDUCTIONS, 2, 1)->dropped = true;
  struct told told = prove(&tape, 1 << 20, false);
  assert_int_equal(told.kinds[PROOF_MISSING], 1);
  assert_int_equal(told.first.receipt, 2);
  TAPE(doubled);
  find(&doubled, TOPIC_CREDIT_DEDUCTIONS, 2, 1)->doubled = true;
  assert_int_equal(prove(&doubled, 1 << 20, false).kinds[PROOF_EXTRA], 1);
  TAPE(invented);
  struct message *message = &invented.messages[invented.size];
  *message = *find(&invented, TOPIC_CREDIT_DEDUCTIONS, 2, 2);
  message->place = 3;
  invented.size++;
  assert_true(prove(&invented, 1 << 20, false).kinds[PROOF_EXTRA] >= 1);
  // Behind the last receipt: of a run that goes on, or nobody's; the owner knows.
  message->receipt = RECEIPTS + 1;
  message->place = 0;
  told = prove(&invented, 1 << 20, false);
  assert_int_equal(told.newer, 1);
  assert_string_equal(told.first.expected, "");
}

static void what_is_held_back_is_bounded(void **unused) {
  (void)unused;
  TAPE(tape);
  find(&tape, TOPIC_CREDIT_DEDUCTIONS, 1, 0)->dropped = true;    // the others of its receipt wait for it
  const struct told told = prove(&tape, 1, false);
  assert_int_equal(told.kinds[PROOF_MISSING], 0);    // judged before its receipt came
  assert_true(told.kinds[PROOF_EXTRA] > 0);
}

static void marks_are_read_strictly(void **unused) {
  (void)unused;
  int32_t partition;
  uint64_t receipt, place;
  assert_true(proof_mark(SLICE("3.17.0"), &partition, &receipt, &place));
  assert_int_equal(partition, 3);
  assert_int_equal(receipt, 17);
  assert_int_equal(place, 0);
  static const char *const bad[] = {"", "3", "3.17", "3.17.", "3.17.0 ", "3.0.0", "-1.17.0", "3.17.0.1", "a.b.c", "99999999999.1.0"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(proof_mark(slice_from(bad[i]), &partition, &receipt, &place));
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_written_is_proven_in_any_order),
      cmocka_unit_test(a_receipt_that_is_left_out_is_a_gap_with_its_offsets),
      cmocka_unit_test(a_receipt_that_is_there_twice_overlaps),
      cmocka_unit_test(a_range_that_was_widened_breaks_offsets_and_chain),
      cmocka_unit_test(counts_that_do_not_add_up_are_told),
      cmocka_unit_test(a_broken_chain_is_told_where_it_breaks),
      cmocka_unit_test(a_changed_result_is_named_with_its_topic_and_receipt),
      cmocka_unit_test(a_result_that_is_missing_doubled_or_invented_is_told),
      cmocka_unit_test(what_is_held_back_is_bounded),
      cmocka_unit_test(marks_are_read_strictly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
