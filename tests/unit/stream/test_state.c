#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream/kafka/state.h"
#include "stream/memory/shelf.h"

static const unsigned char key[DIGEST_KEY_BYTES] = "a key of the tests", other_key[DIGEST_KEY_BYTES] = "another";

// A state topic of one partition: the record at offset n is rows[n].
struct kept_topic { struct slice keys[64], values[64]; int64_t size; unsigned reads; };

static enum status read_topic(void *context, int32_t partition, struct state_read *reads, size_t size, struct arena *arena, struct error *error) {
  struct kept_topic *topic = context;
  (void)arena;
  assert_int_equal(partition, 0);
  for (size_t i = 0; i < size; i++) {
    if (reads[i].offset >= topic->size) return error_set(error, STATUS_FATAL, "no such offset");
    if (i > 0) assert_true(reads[i - 1].offset < reads[i].offset);
    reads[i].key = topic->keys[reads[i].offset];
    reads[i].value = topic->values[reads[i].offset];
    reads[i].due_s = 7;
    topic->reads++;
  }
  return STATUS_OK;
}

static struct state *open_state(struct kept_topic *topic, struct cache *cache, const unsigned char *with_key, unsigned char epoch) {
  struct state_settings settings = {.topic = SLICE("patient-state"), .key = with_key, .cache = cache, .reader = {topic, read_topic}};
  memset(settings.epoch, epoch, sizeof settings.epoch);
  return state_create(&settings);
}

static int64_t append(struct kept_topic *topic, struct slice record_key, struct slice value) {
  topic->keys[topic->size] = record_key;
  topic->values[topic->size] = value;
  return topic->size++;
}

// A transaction of one dossier and the partition's own record.
static void commit(struct state *state, struct kept_topic *topic, struct slice subject, struct slice body, int64_t due_s, struct arena *arena) {
  static struct text own;
  text_clear(&own);
  state_partition_write(&(struct partition_state){.tick_s = 5, .receipts = 2}, 9, &own);
  static char kept[64][128];
  const int64_t at = topic->size + 1;
  memcpy(kept[at], own.data, own.size);
  struct log_state states[2] = {{0, subject, body, due_s, append(topic, subject, body)},
                                {0, STATE_PARTITION_KEY, {kept[at], own.size}, INT64_MAX, 0}};
  states[1].offset = append(topic, STATE_PARTITION_KEY, states[1].value);
  struct error error = {0};
  assert_int_equal(state_committed(state, states, 2, arena, &error), STATUS_OK);
  text_fini(&own);
}

static enum status fetch(struct state *state, const char *subject, struct state_item *item, struct arena *arena, struct error *error) {
  *item = (struct state_item){.subject = slice_from(subject)};
  return state_fetch(state, item, 1, arena, error);
}

static void a_subject_that_no_record_names_was_never_seen(void **unused) {
  (void)unused;
  struct kept_topic topic = {0};
  struct arena arena;
  struct state_item item;
  struct error error = {0};
  arena_init(&arena, 4096);
  struct state *state = open_state(&topic, NULL, key, 1);
  state_open(state, 0);
  assert_int_equal(fetch(state, "p_1", &item, &arena, &error), STATUS_OK);
  assert_true(slice_present(item.body) && item.body.size == 0 && item.due_s == INT64_MAX);
  assert_null(state_partition(state, 0, NULL));
  state_destroy(state);
  arena_fini(&arena);
}

static void a_cached_value_is_believed_only_at_the_committed_offset(void **unused) {
  (void)unused;
  struct kept_topic topic = {0};
  struct arena arena;
  struct state_item item;
  struct error error = {0};
  arena_init(&arena, 4096);
  struct cache *cache = shelf_open();
  struct state *state = open_state(&topic, cache, key, 1);
  state_open(state, 0);
  commit(state, &topic, SLICE("p_1"), SLICE("one"), 50, &arena);
  assert_int_equal(fetch(state, "p_1", &item, &arena, &error), STATUS_OK);
  assert_true(slice_equal(item.body, SLICE("one")) && item.due_s == 50);
  assert_int_equal(topic.reads, 0);
  // Another process committed a newer record: the cached one is of the past.
  const struct state_read newer = {append(&topic, SLICE("p_1"), SLICE("two")), SLICE("p_1"), SLICE("two"), INT64_MAX};
  assert_int_equal(state_learn(state, 0, &newer, NULL, &error), STATUS_OK);
  assert_int_equal(fetch(state, "p_1", &item, &arena, &error), STATUS_OK);
  assert_true(slice_equal(item.body, SLICE("two")) && item.due_s == 7);
  assert_int_equal(topic.reads, 1);
  assert_int_equal(state_counts(state)->distrusted, 1);
  state_destroy(state);
  cache->operations->close(cache);
  arena_fini(&arena);
}

static void what_is_known_does_not_override_what_is_newer(void **unused) {
  (void)unused;
  struct kept_topic topic = {0};
  struct arena arena;
  struct state_item item;
  struct error error = {0};
  arena_init(&arena, 4096);
  struct state *state = open_state(&topic, NULL, key, 1);
  state_open(state, 0);
  char own[2][256];
  struct slice owns[2];
  for (unsigned i = 0; i < 2; i++) {
    struct text text = {0};
    state_partition_write(&(struct partition_state){.receipts = i + 1}, 100 * (i + 1), &text);
    owns[i] = (struct slice){memcpy(own[i], text.data, text.size), text.size};
    text_fini(&text);
  }
  const unsigned char epoch[STATE_EPOCH_BYTES] = {1};
  // Our transaction: the broker did not say where p_1 stands. Then somebody else's: p_2 is gone, p_3 is newer.
  const struct log_state ours[4] = {{0, SLICE("p_1"), SLICE("one"), 50, -1},
                                    {0, SLICE("p_2"), SLICE("two"), 50, append(&topic, SLICE("p_2"), SLICE("two"))},
                                    {0, SLICE("p_3"), SLICE("three"), 50, append(&topic, SLICE("p_3"), SLICE("three"))},
                                    {0, STATE_PARTITION_KEY, owns[0], INT64_MAX, append(&topic, STATE_PARTITION_KEY, owns[0])}};
  const struct state_read theirs[3] = {{append(&topic, SLICE("p_2"), SLICE_NONE), SLICE("p_2"), SLICE_NONE, INT64_MAX},
                                       {append(&topic, SLICE("p_3"), SLICE("newer")), SLICE("p_3"), SLICE("newer"), INT64_MAX},
                                       {append(&topic, STATE_PARTITION_KEY, owns[1]), STATE_PARTITION_KEY, owns[1], INT64_MAX}};
  for (unsigned i = 0; i < 3; i++) assert_int_equal(state_learn(state, 0, &theirs[i], i == 2 ? epoch : NULL, &error), STATUS_OK);
  assert_int_equal(state_committed(state, ours, 4, &arena, &error), STATUS_OK);
  assert_false(state_knows(state, 0, SLICE("p_2")));
  assert_int_equal(fetch(state, "p_3", &item, &arena, &error), STATUS_OK);
  assert_true(slice_equal(item.body, SLICE("newer")));
  int64_t next = 0;
  assert_int_equal(state_partition(state, 0, &next)->receipts, 2);
  assert_int_equal(next, 200);
  assert_int_equal(state_position(state, 0), topic.size);
  state_destroy(state);
  arena_fini(&arena);
}

static void a_value_of_another_key_epoch_or_person_is_not_believed(void **unused) {
  (void)unused;
  struct arena arena;
  struct state_item item;
  struct error error = {0};
  arena_init(&arena, 4096);
  for (int what = 0; what < 4; what++) {
    struct kept_topic topic = {0};
    struct cache *cache = shelf_open();
    struct state *writer = open_state(&topic, cache, what == 0 ? other_key : key, what == 1 ? 9 : 1);
    state_open(writer, 0);
    commit(writer, &topic, what == 2 ? SLICE("p_2") : SLICE("p_1"), SLICE("lie"), INT64_MAX, &arena);
    struct kept_topic truth = {0};
    struct state *state = open_state(&truth, cache, key, 1);
    state_open(state, 0);
    const struct state_read record = {append(&truth, SLICE("p_1"), SLICE("truth")), SLICE("p_1"), SLICE("truth"), INT64_MAX};
    assert_int_equal(state_learn(state, 0, &record, NULL, &error), STATUS_OK);
    if (what == 2) {    // the other person's sealed value under this person's key
      struct cache_item items[1] = {{SLICE("{p0}:p_2"), SLICE_NONE}};
      assert_int_equal(cache->operations->get(cache, items, 1, &arena), STATUS_OK);
      assert_true(slice_present(items[0].value));
      items[0].key = SLICE("{p0}:p_1");
      assert_int_equal(cache->operations->put(cache, items, 1), STATUS_OK);
    }
    assert_int_equal(fetch(state, "p_1", &item, &arena, &error), STATUS_OK);
    // what 3: everything is right, and the cached body is taken although the topic would say something else
    assert_true(slice_equal(item.body, what == 3 ? SLICE("lie") : SLICE("truth")));
    assert_int_equal(state_counts(state)->distrusted, what == 3 ? 0 : 1);
    state_destroy(writer);
    state_destroy(state);
    cache->operations->close(cache);
  }
  arena_fini(&arena);
}

static void a_record_of_somebody_else_at_the_offset_is_fatal(void **unused) {
  (void)unused;
  struct kept_topic topic = {0};
  struct arena arena;
  struct state_item item;
  struct error error = {0};
  arena_init(&arena, 4096);
  struct state *state = open_state(&topic, NULL, key, 1);
  state_open(state, 0);
  const struct state_read record = {append(&topic, SLICE("p_2"), SLICE("x")), SLICE("p_1"), SLICE("x"), INT64_MAX};
  assert_int_equal(state_learn(state, 0, &record, NULL, &error), STATUS_OK);
  assert_int_equal(fetch(state, "p_1", &item, &arena, &error), STATUS_FATAL);
  state_destroy(state);
  arena_fini(&arena);
}

static unsigned visited;
static void count_visit(void *context, struct slice subject) {
  (void)context;
  (void)subject;
  visited++;
}

static unsigned due_at(const struct state *state, int64_t tick_s) {
  visited = 0;
  state_due(state, 0, tick_s, count_visit, NULL);
  return visited;
}

static void ten_thousand_subjects_and_their_due_times_survive_a_snapshot(void **unused) {
  (void)unused;
  struct kept_topic topic = {0};
  struct arena arena;
  struct error error = {0};
  arena_init(&arena, 4096);
  struct state *state = open_state(&topic, NULL, key, 1);
  state_open(state, 0);
  char name[24];
  for (int64_t i = 0; i < 10000; i++) {
    const struct slice subject = {name, (size_t)snprintf(name, sizeof name, "p_%lld", (long long)i)};
    const struct state_read record = {i, subject, SLICE("x"), i % 10 == 0 ? i : INT64_MAX};
    assert_int_equal(state_learn(state, 0, &record, NULL, &error), STATUS_OK);
  }
  assert_int_equal(due_at(state, 4999), 500);
  const struct state_read settled = {10000, SLICE("p_0"), SLICE("x"), INT64_MAX}, gone = {10001, SLICE("p_10"), SLICE_NONE, 3};
  assert_int_equal(state_learn(state, 0, &settled, NULL, &error), STATUS_OK);
  assert_int_equal(state_learn(state, 0, &gone, NULL, &error), STATUS_OK);
  assert_int_equal(due_at(state, 4999), 498);
  struct text own = {0};
  state_partition_write(&(struct partition_state){.tick_s = 77, .receipts = 3}, 123, &own);
  unsigned char epoch[STATE_EPOCH_BYTES] = {4};
  const struct state_read last = {10002, STATE_PARTITION_KEY, text_slice(&own), INT64_MAX};
  assert_int_equal(state_learn(state, 0, &last, epoch, &error), STATUS_OK);

  char path[] = "/tmp/settlewatch-state-XXXXXX";
  close(mkstemp(path));
  assert_int_equal(state_snapshot_write(state, 0, path, &error), STATUS_OK);
  struct state *again = open_state(&topic, NULL, key, 2);
  int64_t from;
  assert_true(state_snapshot_read(again, 0, path, &from));
  assert_int_equal(from, 10002);
  assert_false(state_snapshot_proven(again, 0));    // the topic has not spoken yet
  assert_int_equal(state_learn(again, 0, &last, epoch, &error), STATUS_OK);
  assert_true(state_snapshot_proven(again, 0));
  assert_int_equal(state_subjects(again, 0), 10000);
  assert_int_equal(due_at(again, 4999), 498);
  int64_t next;
  assert_int_equal(state_partition(again, 0, &next)->tick_s, 77);
  assert_int_equal(next, 123);
  state_close(again, 0);

  assert_true(state_snapshot_read(again, 0, path, &from));    // a topic that was made again has another epoch
  epoch[0] = 5;
  assert_int_equal(state_learn(again, 0, &last, epoch, &error), STATUS_OK);
  assert_false(state_snapshot_proven(again, 0));
  state_close(again, 0);

  assert_false(state_snapshot_read(again, 1, path, &from));    // of another partition
  struct state *stranger = open_state(&topic, NULL, other_key, 2);
  assert_false(state_snapshot_read(stranger, 0, path, &from));
  FILE *file = fopen(path, "r+b");
  assert_int_equal(fseek(file, 5000, SEEK_SET), 0);
  assert_int_not_equal(fputc(0x55, file), EOF);
  assert_int_not_equal(fputc(0x55, file), EOF);
  fclose(file);
  assert_false(state_snapshot_read(again, 0, path, &from));    // changed on disk
  state_close(again, 0);
  assert_int_equal(truncate(path, 3000), 0);
  assert_false(state_snapshot_read(again, 0, path, &from));
  unlink(path);
  text_fini(&own);
  state_destroy(state);
  state_destroy(again);
  state_destroy(stranger);
  arena_fini(&arena);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_subject_that_no_record_names_was_never_seen),
      cmocka_unit_test(a_cached_value_is_believed_only_at_the_committed_offset),
      cmocka_unit_test(what_is_known_does_not_override_what_is_newer),
      cmocka_unit_test(a_value_of_another_key_epoch_or_person_is_not_believed),
      cmocka_unit_test(a_record_of_somebody_else_at_the_offset_is_fatal),
      cmocka_unit_test(ten_thousand_subjects_and_their_due_times_survive_a_snapshot),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
