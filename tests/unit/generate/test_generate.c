#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/memory.h"
#include "core/text.h"
#include "producers/generate/generate.h"
#include "producers/generate/plant.h"
#include "record/date.h"
#include "record/decode.h"
#include "record/money.h"

// Takes every message of a run: decodes it, checks it, adds up what the tests ask for.
struct taken {
  struct decoder *decoder;
  struct arena arena;
  struct text padded;
  uint64_t types[EVENT_TYPE_COUNT];
  uint64_t hash, messages, lines, stays, refunds, loose, cancels, second_versions, split, interim, void_rows, opposite_rows;
  uint64_t stop_after;
  int64_t recv_s;
  uint64_t late;
  // Of first settlements: how many of each kind, the fewest and most lines of a bill, lines and days of stays.
  struct {
    uint64_t size, lines, days, least, most;
  } kinds[BILL_STAY + 1];
};

static void count_kind(struct taken *taken, const struct event *event) {
  static const char *const med_types[] = {
      [BILL_PHARMACY] = "41", [BILL_OUTPATIENT] = "1", [BILL_CHRONIC] = "14", [BILL_STAY] = "21"};
  unsigned kind = BILL_STAY;
  while (kind > BILL_PHARMACY && !slice_starts_with(event->med_type, slice_from(med_types[kind]))) kind--;
  const uint64_t lines = event->lines_size;
  taken->kinds[kind].size++;
  taken->kinds[kind].lines += lines;
  taken->kinds[kind].days += (uint64_t)(date_day(event->endtime_s) - date_day(event->begntime_s));
  if (taken->kinds[kind].least == 0 || lines < taken->kinds[kind].least) taken->kinds[kind].least = lines;
  if (lines > taken->kinds[kind].most) taken->kinds[kind].most = lines;
}

// Sums of the lines against the settlement, and each line against itself.
static void check_money(const struct event *event) {
  int64_t medfee = 0, inscp = 0;
  for (uint32_t n = 0; n < event->lines_size; n++) {
    const struct line *line = &event->lines[n];
    assert_int_equal(line->det_item_fee_fen, money_product_fen(line->cnt, line->pric));
    assert_int_equal(line->det_item_fee_fen, line->inscp_fen + line->ownpay_fen + line->preself_fen + line->overlmt_fen);
    medfee += line->det_item_fee_fen;
    inscp += line->inscp_fen;
  }
  assert_int_equal(medfee, event->medfee_fen);
  assert_int_equal(inscp, event->inscp_fen);
  assert_in_range(event->fund_fen, 0, event->inscp_fen);
}

static void check_setl(struct taken *taken, const struct event *event) {
  const bool opposite = slice_equal(event->refd_setl_flag, SLICE("1"));
  taken->split += (event->has & EVENT_HAS_FEE_CNT) != 0;
  taken->opposite_rows += opposite;
  taken->void_rows += slice_equal(event->vali_flag, SLICE("0"));
  taken->interim += slice_equal(event->mid_setl_flag, SLICE("1"));
  taken->second_versions += event->ver == 2;
  if (opposite) {
    assert_true(slice_present(event->init_setl_id));
    assert_true(event->medfee_fen <= 0 && event->fund_fen <= 0);
    return;
  }
  if ((event->has & EVENT_HAS_FEE_CNT) == 0) check_money(event);
  for (uint32_t n = 0; n < event->lines_size; n++) {
    taken->refunds += event->lines[n].cnt < 0;
    taken->loose += event->lines[n].cnt < 0 && !slice_present(event->lines[n].init_feedetl_sn);
  }
  if (slice_equal(event->med_type, SLICE("21"))) taken->stays++;
  const bool in_parts = slice_equal(event->mid_setl_flag, SLICE("1")) || event->setl_id.data[event->setl_id.size - 1] != '0';
  if (!in_parts && event->ver == 1 && (event->has & EVENT_HAS_FEE_CNT) == 0) count_kind(taken, event);
}

static bool take(void *context, const struct generate_message *message, struct error *error) {
  struct taken *taken = context;
  if (taken->stop_after > 0 && taken->messages == taken->stop_after) {
    error_set(error, STATUS_FATAL, "the disk is full");
    return false;
  }
  taken->messages++;
  taken->hash = digest_hash64(message->bytes.data, message->bytes.size, taken->hash);
  assert_true(message->recv_time_s >= taken->recv_s);
  taken->recv_s = message->recv_time_s;
  text_clear(&taken->padded);
  text_append(&taken->padded, message->bytes);
  text_reserve(&taken->padded, DECODE_PADDING);
  arena_reset(&taken->arena);
  struct event event = {0};
  struct decode_failure failure = {0};
  if (decode(taken->decoder, &taken->arena, taken->padded.data, message->bytes.size, &event, &failure) != STATUS_OK) {
    fail_msg("%s at %zu (%s): %.*s", reject_name(failure.reason), failure.offset, failure.path, SLICE_ARG(message->bytes));
  }
  taken->types[event.type]++;
  assert_string_equal(event_type_name(event.type), message->msg_type);
  const struct slice key = slice_present(event.psn_no) ? event.psn_no : event.fixmedins_code;
  assert_true(slice_equal(key, message->key));
  // event.recv_time_s is older than the arrival for a repeated message only.
  assert_true(event.recv_time_s <= message->recv_time_s);
  taken->late += message->recv_time_s > event.event_time_s + DATE_DAY_SECONDS;
  assert_true(message->recv_time_s - event.event_time_s <= (int64_t)GENERATE_LATENESS_DAYS * DATE_DAY_SECONDS);
  taken->lines += event.lines_size;
  taken->cancels += event.type == EVENT_SETL_CANCEL;
  if (event.type == EVENT_SETL) check_setl(taken, &event);
  return true;
}

static void take_init(struct taken *taken) {
  *taken = (struct taken){.decoder = decoder_create(&decode_limits_default), .recv_s = INT64_MIN};
  arena_init(&taken->arena, 1u << 20);
}

static void take_fini(struct taken *taken) {
  decoder_destroy(taken->decoder);
  arena_fini(&taken->arena);
  text_fini(&taken->padded);
}

static struct generate_counts run(const struct generate_options *options, struct taken *taken, struct text *key) {
  struct generate_counts counts;
  struct error error = {0};
  const struct generate_sink sink = {taken, take, NULL};
  take_init(taken);
  if (generate(options, &sink, key, &counts, &error) != STATUS_OK) fail_msg("%s", error.text);
  take_fini(taken);
  return counts;
}

static struct generate_options small(uint64_t seed) {
  struct generate_options options = generate_options_default;
  options.seed = seed;
  options.settlements = 4000;
  options.violations_e4 = 250;
  return options;
}

static void one_seed_gives_the_same_bytes_and_key(void **state) {
  (void)state;
  struct taken one, two;
  struct text keys[2] = {0};
  const struct generate_options options = small(5);
  run(&options, &one, &keys[0]);
  run(&options, &two, &keys[1]);
  assert_int_equal(one.hash, two.hash);
  assert_true(slice_equal(text_slice(&keys[0]), text_slice(&keys[1])));
  text_fini(&keys[0]);
  text_fini(&keys[1]);
}

static void another_seed_gives_other_bytes(void **state) {
  (void)state;
  struct taken one, two;
  const struct generate_options first = small(5), second = small(6);
  run(&first, &one, NULL);
  run(&second, &two, NULL);
  assert_int_not_equal(one.hash, two.hash);
}

static void messages_of_a_run_decode_and_add_up(void **state) {
  (void)state;
  struct taken taken;
  const struct generate_options options = small(1);
  const struct generate_counts counts = run(&options, &taken, NULL);
  assert_int_equal(counts.settlements, options.settlements);
  assert_int_equal(counts.messages, taken.messages);
  assert_true(taken.types[EVENT_SETL] > counts.settlements);    // corrections, repeats, refund rows
  const enum event_type wanted[] = {EVENT_SETL_CANCEL, EVENT_LIST,  EVENT_ADMIT,  EVENT_DISCH, EVENT_FEE,
                                    EVENT_VISIT,       EVENT_LEAVE, EVENT_INVENT, EVENT_AUDIT, EVENT_FEEDBACK};
  for (size_t n = 0; n < sizeof wanted / sizeof *wanted; n++) {
    if (taken.types[wanted[n]] == 0) fail_msg("no %s", event_type_name(wanted[n]));
  }
  assert_true(taken.types[EVENT_TICK] >= 31);
  assert_true(taken.stays > 50 && taken.refunds > taken.loose && taken.loose > 0 && taken.split > 0 && taken.interim > 0);
  assert_true(taken.second_versions > 0 && taken.void_rows > 0 && taken.opposite_rows > 0 && taken.late > 0);
}

// The national figures of 2025, as docs/generate.md names them: shares, days of a stay, lines of a bill. Only bills in one part are counted
// here; with the halves of stays that are settled twice a settlement of a stay has 200 lines.
static void ordinary_visits_have_the_national_shares_and_sizes(void **state) {
  (void)state;
  static const struct {
    uint64_t permille, least, most, lines_e1_from, lines_e1_to;
  } wanted[BILL_STAY + 1] = {
      [BILL_PHARMACY] = {263, 1, 3, 19, 21},
      [BILL_OUTPATIENT] = {608, 2, 8, 45, 55},
      [BILL_CHRONIC] = {98, 2, 6, 35, 40},
      [BILL_STAY] = {32, 60, 400, 2050, 2250},
  };
  struct taken taken;
  struct generate_options options = small(1);
  options.settlements = 12000;
  options.violations_e4 = 0;
  run(&options, &taken, NULL);
  uint64_t size = 0;
  for (int kind = 0; kind <= BILL_STAY; kind++) size += taken.kinds[kind].size;
  for (int kind = 0; kind <= BILL_STAY; kind++) {
    const uint64_t of_kind = taken.kinds[kind].size, slack = size / 100;
    assert_in_range(of_kind * 1000, wanted[kind].permille * size - slack * 1000, wanted[kind].permille * size + slack * 1000);
    assert_in_range(taken.kinds[kind].lines * 10 / of_kind, wanted[kind].lines_e1_from, wanted[kind].lines_e1_to);
    assert_in_range(taken.kinds[kind].least, wanted[kind].least, wanted[kind].most);
    assert_in_range(taken.kinds[kind].most, wanted[kind].least, wanted[kind].most);
  }
  assert_in_range(taken.kinds[BILL_STAY].days * 10 / taken.kinds[BILL_STAY].size, 83, 89);
}

static void only_settlements_means_settlements_and_cancellations(void **state) {
  (void)state;
  struct taken taken;
  struct generate_options options = small(2);
  options.only_settlements = true;
  options.ticks = false;
  run(&options, &taken, NULL);
  assert_int_equal(taken.types[EVENT_SETL] + taken.types[EVENT_SETL_CANCEL], taken.messages);
  assert_int_equal(taken.split, 0);
  assert_true(taken.cancels > 0);
}

static size_t occurrences(struct slice text, const char *what) {
  const struct slice wanted = slice_from(what);
  size_t count = 0;
  for (size_t at = 0; at + wanted.size <= text.size; at++) count += memcmp(text.data + at, wanted.data, wanted.size) == 0;
  return count;
}

static void every_scenario_stands_in_the_key_of_a_long_run(void **state) {
  (void)state;
  struct taken taken;
  struct text key = {0}, name = {0};
  struct generate_options options = small(3);
  options.days = 60;
  run(&options, &taken, &key);
  for (uint32_t n = 0; n < scenarios_size; n++) {
    text_clear(&name);
    text_format(&name, "{\"case\":\"%s-", scenarios[n].name);
    text_byte(&name, '\0');
    if (occurrences(text_slice(&key), name.data) == 0) fail_msg("no case of '%s'", scenarios[n].name);
    for (uint32_t m = 0; m < n; m++) assert_string_not_equal(scenarios[n].name, scenarios[m].name);
  }
  text_fini(&key);
  text_fini(&name);
}

static void without_violations_nothing_is_expected_to_be_open(void **state) {
  (void)state;
  struct taken taken;
  struct text key = {0};
  struct generate_options options = small(4);
  options.violations_e4 = 0;
  const struct generate_counts counts = run(&options, &taken, &key);
  assert_int_equal(counts.cases[0] + counts.cases[1] + counts.cases[2], 0);
  assert_int_equal(occurrences(text_slice(&key), "\"expect\":\"open\""), 0);
  text_fini(&key);
}

static void twins_are_marked_in_the_key_or_absent(void **state) {
  (void)state;
  struct taken taken;
  struct text key = {0};
  struct generate_options options = small(1);
  options.settlements = 10000;
  const struct generate_counts counts = run(&options, &taken, &key);
  assert_true(counts.twins > 0);
  assert_int_equal(occurrences(text_slice(&key), "\"twin\":true"), counts.twins);
  text_clear(&key);
  options.twins = false;
  assert_int_equal(run(&options, &taken, &key).twins, 0);
  assert_int_equal(occurrences(text_slice(&key), "\"twin\":true"), 0);
  text_fini(&key);
}

static void a_sink_that_fails_stops_the_run_with_its_error(void **state) {
  (void)state;
  struct taken taken;
  struct error error = {0};
  const struct generate_options options = small(1);
  const struct generate_sink sink = {&taken, take, NULL};
  take_init(&taken);
  taken.stop_after = 100;
  assert_int_equal(generate(&options, &sink, NULL, NULL, &error), STATUS_FATAL);
  assert_string_equal(error.text, "the disk is full");
  assert_int_equal(taken.messages, 100);
  take_fini(&taken);
}

static void absurd_options_are_refused(void **state) {
  (void)state;
  struct taken taken = {0};
  const struct generate_sink sink = {&taken, take, NULL};
  struct generate_options options[4] = {small(1), small(1), small(1), small(1)};
  options[0].institutions = 5;
  options[1].days = 4000;
  options[2].violations_e4 = 2001;
  options[3].patients = 20;
  for (int n = 0; n < 4; n++) {
    struct error error = {0};
    assert_int_equal(generate(&options[n], &sink, NULL, NULL, &error), STATUS_FATAL);
    assert_true(error.text[0] == '\'');
  }
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_seed_gives_the_same_bytes_and_key),
      cmocka_unit_test(another_seed_gives_other_bytes),
      cmocka_unit_test(messages_of_a_run_decode_and_add_up),
      cmocka_unit_test(ordinary_visits_have_the_national_shares_and_sizes),
      cmocka_unit_test(only_settlements_means_settlements_and_cancellations),
      cmocka_unit_test(every_scenario_stands_in_the_key_of_a_long_run),
      cmocka_unit_test(without_violations_nothing_is_expected_to_be_open),
      cmocka_unit_test(twins_are_marked_in_the_key_or_absent),
      cmocka_unit_test(a_sink_that_fails_stops_the_run_with_its_error),
      cmocka_unit_test(absurd_options_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
