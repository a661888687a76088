#include "tests/unit/review/sample.h"

static struct draw_settings settings_with(const struct draw_seed *seeds, size_t size) {
  struct draw_settings settings = draw_settings_default;
  settings.seeds = seeds;
  settings.seeds_size = size;
  return settings;
}

static struct slice value_at(const struct outbox *outbox, size_t i) {
  return outbox_bytes(outbox, outbox->entries[i].value, outbox->entries[i].value_size);
}

static void the_hash_of_every_unit_of_the_worked_example_is_met(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  for (size_t i = 0; i < 24; i++) {
    unsigned char hash[DIGEST_BYTES];
    draw_hash(seed.seed, seed.month, SLICE("H62010000001"), slice_from(vector_units[i].setl_id), hash);
    assert_hex(hash, sizeof hash, vector_units[i].hash);
  }
}

static void ids_of_any_length_are_hashed_whole(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  char id[400];
  memset(id, 'x', sizeof id);
  unsigned char a[DIGEST_BYTES], b[DIGEST_BYTES];
  draw_hash(seed.seed, seed.month, SLICE("H"), (struct slice){id, 400}, a);
  id[399] = 'y';
  draw_hash(seed.seed, seed.month, SLICE("H"), (struct slice){id, 400}, b);
  assert_memory_not_equal(a, b, sizeof a);
}

static void the_threshold_is_exact(void **state) {
  (void)state;
  bool every = true;
  assert_true(draw_threshold(500, &every) == UINT64_C(922337203685477580));
  assert_true(draw_threshold(500, &every) == UINT64_C(0x0CCCCCCCCCCCCCCC));
  assert_false(every);
  assert_true(draw_threshold(5000, &every) == UINT64_C(1) << 63);
  assert_true(draw_threshold(9999, &every) == UINT64_C(18444899399302180660));
  assert_false(every);
  assert_true(draw_threshold(10000, &every) == UINT64_MAX);
  assert_true(every);
  unsigned char top[DIGEST_BYTES];
  memset(top, 0xff, sizeof top);
  assert_true(draw_below(top, 10000));
  assert_false(draw_below(top, 9999));
  const unsigned char at[DIGEST_BYTES] = {0x0c, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc};
  const unsigned char under[DIGEST_BYTES] = {0x0c, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcb, 0xff};
  assert_false(draw_below(at, 500));
  assert_true(draw_below(under, 500));
}

static void a_rate_below_the_floor_counts_as_the_floor_and_a_named_institution_comes_first(void **state) {
  (void)state;
  const int32_t september = sample_month("2026-09");
  const struct draw_rate rates[] = {{SLICE("H1"), september, september, 1500}, {SLICE(""), september - 1, september, 800},
                                    {SLICE("H2"), september, september, 100}};
  struct draw_settings settings = draw_settings_default;
  settings.rates = rates;
  settings.rates_size = 3;
  assert_int_equal(draw_rate_of(&settings, SLICE("H1"), september), 1500);
  assert_int_equal(draw_rate_of(&settings, SLICE("H1"), september - 1), 800);
  assert_int_equal(draw_rate_of(&settings, SLICE("H1"), september + 1), 500);
  assert_int_equal(draw_rate_of(&settings, SLICE("H2"), september), 500);
  assert_int_equal(draw_rate_of(&settings, SLICE("H3"), september), 800);
}

static void months_are_read_and_written(void **state) {
  (void)state;
  static const char *const bad[] = {"", "2026-9", "2026-13", "2026-00", "2026/09", "2026-091", "1026-09", "20a6-09"};
  int32_t month;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(draw_month_parse(slice_from(bad[i]), &month));
  assert_int_equal(sample_month("2026-09"), 2026 * 12 + 8);
  struct text text = {0};
  draw_month_write(&text, sample_month("2026-12"));
  assert_true(slice_equal(text_slice(&text), SLICE("2026-12")));
  text_fini(&text);
  assert_int_equal(draw_month(sample_time("2026-09-30 23:59:59")), sample_month("2026-09"));
  assert_int_equal(draw_month(sample_time("2026-10-01 00:00:00")), sample_month("2026-10"));
  assert_int_equal(draw_month_start(sample_month("2026-09")), sample_time("2026-09-01 00:00:00"));
}

static void a_settlement_joins_the_first_month_that_is_still_open_when_it_arrives(void **state) {
  (void)state;
  const struct draw_settings *settings = &draw_settings_default;
  const int32_t september = sample_month("2026-09");
  assert_int_equal(draw_closing(settings, september), sample_time("2026-10-04 00:00:00"));
  assert_int_equal(draw_joins(settings, september, sample_time("2026-09-10 08:00:00")), september);
  assert_int_equal(draw_joins(settings, september, sample_time("2026-10-03 23:59:59")), september);
  assert_int_equal(draw_joins(settings, september, sample_time("2026-10-04 00:00:00")), september + 1);
  assert_int_equal(draw_joins(settings, september, sample_time("2026-11-03 23:59:59")), september + 1);
  assert_int_equal(draw_joins(settings, september, sample_time("2026-11-04 00:00:00")), september + 2);
  assert_int_equal(draw_joins(settings, september, sample_time("2031-05-20 12:00:00")), sample_month("2031-05"));
  assert_int_equal(draw_joins(settings, september, DATE_ABSENT), september);
}

struct stream {
  struct draw_settings settings;
  struct draw_counts counts;
  struct outbox outbox;
};
static void observe(struct stream *stream, const struct fact *fact) {
  outbox_clear(&stream->outbox);
  draw_observe(&stream->settings, fact, &stream->counts, &stream->outbox);
}

// Of the second worked example: in 2026-09 unit 30 is below the threshold, unit 39 is not.
#define DRAWN "620100S2609010030"
#define UNDRAWN "620100S2609010039"

static void a_unit_below_the_threshold_is_drawn_on_arrival_and_another_is_not(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  struct stream stream = {.settings = settings_with(&seed, 1)};
  struct fact drawn = sample_fact("H62010000002", DRAWN, 50000, "2026-09-05 10:00:00");
  drawn.source = (struct source){.partition = 3, .offset = 77};
  observe(&stream, &drawn);
  assert_int_equal(stream.outbox.size, 1);
  const struct slice value = value_at(&stream.outbox, 0);
  static const char *const members[] = {
      "\"period\":\"2026-09\"", "\"month\":\"2026-09\"", "\"setl_id\":\"" DRAWN "\"", "\"mdtrt_id\":\"M1\"",
      "\"fixmedins_code\":\"H62010000002\"", "\"role\":\"random\"", "\"stratum\":\"random\"", "\"provisional\":true", "\"late\":false",
      "\"hash\":\"03fd4cceac43d479", "\"threshold\":\"0ccccccccccccccc\"", "\"rate\":500", "\"amount\":\"500.00\""};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) assert_true(sample_contains(value, members[i]));
  const struct outbox_entry *entry = &stream.outbox.entries[0];
  assert_int_equal(entry->topic, TOPIC_SECOND_REVIEW);
  assert_true(slice_equal(outbox_bytes(&stream.outbox, entry->key, entry->key_size), SLICE("H62010000002")));
  assert_int_equal(entry->source.offset, 77);
  assert_int_equal(entry->time_s, drawn.recv_time_s);

  const struct fact undrawn = sample_fact("H62010000002", UNDRAWN, 50000, "2026-09-05 10:00:00");
  observe(&stream, &undrawn);
  assert_int_equal(stream.outbox.size, 0);
  assert_int_equal(stream.counts.population, 2);
  assert_int_equal(stream.counts.population_fen, 100000);
  assert_int_equal(stream.counts.drawn_random, 1);
  assert_int_equal(stream.counts.drawn_fen, 50000);
  outbox_fini(&stream.outbox);
}

static void the_same_draw_has_the_same_id_again(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  struct stream a = {.settings = settings_with(&seed, 1)}, b = a;
  const struct fact fact = sample_fact("H62010000002", DRAWN, 50000, "2026-09-05 10:00:00");
  observe(&a, &fact);
  observe(&b, &fact);
  const struct outbox_entry *left = &a.outbox.entries[0], *right = &b.outbox.entries[0];
  assert_true(left->id_size > 0);
  assert_true(slice_equal(outbox_bytes(&a.outbox, left->id, left->id_size), outbox_bytes(&b.outbox, right->id, right->id_size)));
  assert_true(slice_equal(value_at(&a.outbox, 0), value_at(&b.outbox, 0)));
  outbox_fini(&a.outbox);
  outbox_fini(&b.outbox);
}

static void an_expensive_unit_is_always_drawn(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  struct stream stream = {.settings = settings_with(&seed, 1)};
  struct fact fact = sample_fact("H62010000002", UNDRAWN, 10000000, "2026-09-05 10:00:00");
  observe(&stream, &fact);
  assert_int_equal(stream.outbox.size, 1);
  assert_true(sample_contains(value_at(&stream.outbox, 0), "\"role\":\"take_all\",\"stratum\":\"take_all\""));
  assert_int_equal(stream.counts.drawn_take_all, 1);
  fact.medfee_fen = 9999999;
  fact.setl_id = SLICE("620100S2609010028");
  observe(&stream, &fact);
  assert_int_equal(stream.outbox.size, 0);
  outbox_fini(&stream.outbox);
}

static void a_drawn_unit_that_is_cancelled_is_dropped(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  struct stream stream = {.settings = settings_with(&seed, 1)};
  const struct fact fact = sample_fact("H62010000002", DRAWN, 50000, "2026-09-05 10:00:00");
  observe(&stream, &fact);
  struct fact gone = fact;
  gone.live = false;
  gone.prior = &fact;
  gone.recv_time_s += 86400;
  observe(&stream, &gone);
  assert_int_equal(stream.outbox.size, 1);
  assert_true(sample_contains(value_at(&stream.outbox, 0), "\"role\":\"dropped\""));
  assert_int_equal(stream.counts.dropped, 1);
  assert_int_equal(stream.counts.left, 1);
  assert_int_equal(stream.counts.population_fen, 0);
  assert_int_equal(stream.counts.drawn_fen, 0);
  // and drawn again when it comes back
  struct fact back = fact;
  back.ver = 3;
  back.prior = &gone;
  observe(&stream, &back);
  assert_int_equal(stream.outbox.size, 1);
  assert_true(sample_contains(value_at(&stream.outbox, 0), "\"role\":\"random\""));
  outbox_fini(&stream.outbox);
}

static void a_correction_that_leaves_the_population_drops_and_one_of_the_amount_is_told(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  struct stream stream = {.settings = settings_with(&seed, 1)};
  const struct fact fact = sample_fact("H62010000002", DRAWN, 50000, "2026-09-05 10:00:00");
  observe(&stream, &fact);
  struct fact same = fact;
  same.prior = &fact;
  same.ver = 2;
  observe(&stream, &same);
  assert_int_equal(stream.outbox.size, 0);
  struct fact dearer = same;
  dearer.prior = &same;
  dearer.medfee_fen = 60000;
  observe(&stream, &dearer);
  assert_int_equal(stream.outbox.size, 1);
  assert_true(sample_contains(value_at(&stream.outbox, 0), "\"amount\":\"600.00\""));
  assert_int_equal(stream.counts.drawn_random, 1);
  assert_int_equal(stream.counts.drawn_fen, 60000);
  struct fact outpatient = dearer;
  outpatient.prior = &dearer;
  outpatient.inpatient_review = false;
  observe(&stream, &outpatient);
  assert_int_equal(stream.outbox.size, 1);
  assert_true(sample_contains(value_at(&stream.outbox, 0), "\"role\":\"dropped\""));
  outbox_fini(&stream.outbox);
}

static void a_correction_to_another_month_supersedes_the_earlier_draw(void **state) {
  (void)state;
  const struct draw_seed seeds[] = {sample_other_seed("2026-08", 9), sample_seed("2026-09")};
  struct stream stream = {.settings = settings_with(seeds, 2)};
  const struct fact fact = sample_fact("H62010000002", DRAWN, 50000, "2026-09-01 10:00:00");
  observe(&stream, &fact);
  assert_int_equal(stream.outbox.size, 1);
  struct fact moved = fact;
  moved.prior = &fact;
  moved.ver = 2;
  moved.setl_time_s = sample_time("2026-08-31 23:00:00");
  observe(&stream, &moved);
  assert_true(stream.outbox.size >= 1);
  assert_true(sample_contains(value_at(&stream.outbox, 0), "\"role\":\"superseded\""));
  assert_true(sample_contains(value_at(&stream.outbox, 0), "\"period\":\"2026-09\""));
  assert_int_equal(stream.counts.superseded, 1);
  assert_int_equal(stream.counts.left, 0);
  outbox_fini(&stream.outbox);
}

static void a_late_unit_is_drawn_with_the_seed_of_the_month_it_joins(void **state) {
  (void)state;
  // The key of 2026-10 is the example's; the unit's own month, which stands in the message, is 2026-09.
  const struct draw_seed seeds[] = {sample_other_seed("2026-09", 1), sample_seed("2026-10")};
  struct stream stream = {.settings = settings_with(seeds, 2)};
  struct fact late = sample_fact("H62010000002", DRAWN, 50000, "2026-09-28 10:00:00");
  late.recv_time_s = late.first_recv_time_s = sample_time("2026-10-04 00:00:00");
  observe(&stream, &late);
  assert_int_equal(stream.outbox.size, 1);
  const struct slice value = value_at(&stream.outbox, 0);
  assert_true(sample_contains(value, "\"period\":\"2026-09\",\"month\":\"2026-10\""));
  assert_true(sample_contains(value, "\"late\":true"));
  assert_true(sample_contains(value, "\"hash\":\"03fd4cceac43d479"));
  outbox_fini(&stream.outbox);
}

static void a_month_without_a_seed_is_counted_and_not_drawn(void **state) {
  (void)state;
  struct stream stream = {.settings = draw_settings_default};
  const struct fact fact = sample_fact("H62010000002", DRAWN, 20000000, "2026-09-05 10:00:00");
  observe(&stream, &fact);
  assert_int_equal(stream.outbox.size, 0);
  assert_int_equal(stream.counts.without_seed, 1);
  assert_int_equal(stream.counts.population, 1);
  outbox_fini(&stream.outbox);
}

static void outpatients_and_settlements_that_were_never_there_are_passed_over(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  struct stream stream = {.settings = settings_with(&seed, 1)};
  struct fact fact = sample_fact("H62010000002", DRAWN, 50000, "2026-09-05 10:00:00");
  fact.inpatient_review = false;
  observe(&stream, &fact);
  fact.inpatient_review = true;
  fact.live = false;
  observe(&stream, &fact);
  assert_int_equal(stream.outbox.size, 0);
  assert_int_equal(stream.counts.population, 0);
  outbox_fini(&stream.outbox);
}

static void about_the_rate_is_drawn_of_many(void **state) {
  (void)state;
  const struct draw_seed seed = sample_seed("2026-09");
  struct stream stream = {.settings = settings_with(&seed, 1)};
  for (unsigned i = 0; i < 40000; i++) {
    char id[24];
    snprintf(id, sizeof id, "S%06u", i);
    const struct fact fact = sample_fact("H62010000002", id, 50000, "2026-09-05 10:00:00");
    observe(&stream, &fact);
  }
  // 2000 expected, standard deviation 43.6; the seed is fixed, so this cannot fail by chance.
  assert_in_range(stream.counts.drawn_random, 1800, 2200);
  outbox_fini(&stream.outbox);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_hash_of_every_unit_of_the_worked_example_is_met),
      cmocka_unit_test(ids_of_any_length_are_hashed_whole),
      cmocka_unit_test(the_threshold_is_exact),
      cmocka_unit_test(a_rate_below_the_floor_counts_as_the_floor_and_a_named_institution_comes_first),
      cmocka_unit_test(months_are_read_and_written),
      cmocka_unit_test(a_settlement_joins_the_first_month_that_is_still_open_when_it_arrives),
      cmocka_unit_test(a_unit_below_the_threshold_is_drawn_on_arrival_and_another_is_not),
      cmocka_unit_test(the_same_draw_has_the_same_id_again),
      cmocka_unit_test(an_expensive_unit_is_always_drawn),
      cmocka_unit_test(a_drawn_unit_that_is_cancelled_is_dropped),
      cmocka_unit_test(a_correction_that_leaves_the_population_drops_and_one_of_the_amount_is_told),
      cmocka_unit_test(a_correction_to_another_month_supersedes_the_earlier_draw),
      cmocka_unit_test(a_late_unit_is_drawn_with_the_seed_of_the_month_it_joins),
      cmocka_unit_test(a_month_without_a_seed_is_counted_and_not_drawn),
      cmocka_unit_test(outpatients_and_settlements_that_were_never_there_are_passed_over),
      cmocka_unit_test(about_the_rate_is_drawn_of_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
