#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/digest.h"
#include "stream/store.h"

static struct slice number(char room[24], unsigned value) {
  const int size = snprintf(room, 24, "p_%u", value);
  return (struct slice){room, (size_t)size};
}

static void is(struct store *store, int32_t partition, const char *subject, const char *want) {
  struct slice body;
  if (want == NULL) {
    assert_false(store_get(store, partition, slice_from(subject), &body));
    return;
  }
  assert_true(store_get(store, partition, slice_from(subject), &body));
  assert_true(slice_equal(body, slice_from(want)));
}

static void what_is_put_is_pending_until_it_is_settled(void **state) {
  (void)state;
  struct store *store = store_create(&(struct store_limits){0});
  store_put(store, 0, SLICE("a"), SLICE("one"), 5);
  store_put(store, 0, SLICE("a"), SLICE("two"), 6);
  store_put(store, 1, SLICE("a"), SLICE("other"), INT64_MAX);
  assert_int_equal(store_changes(store), 2);
  assert_true(slice_equal(store_change_at(store, 0).body, SLICE("two")));
  assert_int_equal(store_change_at(store, 0).due_s, 6);
  assert_int_equal(store_change_at(store, 1).partition, 1);
  store_settle(store);
  assert_int_equal(store_changes(store), 0);
  is(store, 0, "a", "two");
  is(store, 1, "a", "other");
  is(store, 2, "a", NULL);
  store_destroy(store);
}

static void an_undo_leaves_everything_as_it_was(void **state) {
  (void)state;
  struct store *store = store_create(&(struct store_limits){0});
  store_load(store, 0, SLICE("a"), SLICE("one"), 5);
  store_load(store, 0, SLICE("empty"), SLICE_NONE, INT64_MAX);
  store_put(store, 0, SLICE("a"), SLICE("two"), 9);
  store_put(store, 0, SLICE("a"), SLICE("three and a good deal longer than the one before"), 9);
  store_put(store, 0, SLICE("new"), SLICE("x"), 1);
  store_put(store, 0, SLICE("empty"), SLICE("y"), 1);
  store_undo(store);
  is(store, 0, "a", "one");
  is(store, 0, "new", NULL);
  is(store, 0, "empty", "");
  assert_int_equal(store_changes(store), 0);
  assert_int_equal(store_size(store), 2);
  store_destroy(store);
}

static void a_second_generation_lies_on_top_of_the_first(void **state) {
  (void)state;
  struct store *store = store_create(&(struct store_limits){0});
  store_load(store, 0, SLICE("a"), SLICE("settled"), 5);
  store_put(store, 0, SLICE("a"), SLICE("first"), 6);
  store_put(store, 0, SLICE("new"), SLICE("first"), 6);
  const struct slice staged = store_change_at(store, 0).body;
  store_seal(store);
  assert_int_equal(store_changes(store), 0);
  store_put(store, 0, SLICE("new"), SLICE("second"), 7);
  store_put(store, 0, SLICE("a"), SLICE("second"), 7);
  store_put(store, 0, SLICE("a"), SLICE("second again"), 8);
  store_put(store, 0, SLICE("newer"), SLICE("second"), 7);
  assert_int_equal(store_changes(store), 3);
  assert_true(slice_equal(store_change_at(store, 0).subject, SLICE("new")));
  assert_true(slice_equal(staged, SLICE("first")));    // what was staged is still there to be sent
  store_undo(store);
  is(store, 0, "a", "first");
  is(store, 0, "new", "first");
  is(store, 0, "newer", NULL);
  assert_int_equal(store_changes(store), 2);
  store_seal(store);
  store_put(store, 0, SLICE("a"), SLICE("third"), 9);
  store_settle(store);    // the first
  assert_int_equal(store_changes(store), 1);
  store_undo(store);      // the third
  is(store, 0, "a", "first");
  store_put(store, 0, SLICE("a"), SLICE("fourth"), 9);
  store_seal(store);
  store_put(store, 0, SLICE("new"), SLICE("fifth"), 9);
  store_undo(store);
  store_undo(store);
  is(store, 0, "a", "first");
  is(store, 0, "new", "first");
  assert_int_equal(store_size(store), 2);
  store_destroy(store);
}

struct seen { char text[256]; };
static void note(void *context, struct slice subject) {
  struct seen *seen = context;
  const size_t at = strlen(seen->text);
  snprintf(seen->text + at, sizeof seen->text - at, "%.*s ", SLICE_ARG(subject));
}

static void subjects_are_due_in_order_of_time_then_name(void **state) {
  (void)state;
  struct store *store = store_create(&(struct store_limits){0});
  store_load(store, 0, SLICE("c"), SLICE("1"), 10);
  store_load(store, 0, SLICE("b"), SLICE("1"), 10);
  store_load(store, 0, SLICE("a"), SLICE("1"), 11);
  store_load(store, 0, SLICE("d"), SLICE("1"), 9);
  store_load(store, 0, SLICE("never"), SLICE("1"), INT64_MAX);
  store_load(store, 1, SLICE("elsewhere"), SLICE("1"), 1);
  struct seen seen = {""};
  store_due(store, 0, 10, note, &seen);
  assert_string_equal(seen.text, "d b c ");
  store_destroy(store);
}

// Against plain arrays: random puts, seals, settles, undos and drops.
static void it_does_what_a_plain_array_does(void **state) {
  (void)state;
  enum { SUBJECTS = 300, TURNS = 60000 };
  static unsigned settled[SUBJECTS], sealed[SUBJECTS], now[SUBJECTS];    // 0: not there; else the body's number
  memset(settled, 0, sizeof settled);
  memset(now, 0, sizeof now);
  bool two = false;    // what is sealed lies between
  struct store *store = store_create(&(struct store_limits){0});
  uint64_t dice = 88172645463325252u;
  char a[24], b[24];
  for (unsigned turn = 1; turn <= TURNS; turn++) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    const unsigned which = (unsigned)(dice % SUBJECTS), action = (unsigned)(dice >> 32) % 1000;
    const int32_t partition = (int32_t)(which % 3);
    if (action < 900) {
      char body[600];
      memset(body, 'x', sizeof body);
      const int size = snprintf(body, sizeof body, "%u", turn);
      body[size] = ' ';
      store_put(store, partition, number(a, which), (struct slice){body, (size_t)size + 1 + dice % 500}, (int64_t)turn);
      now[which] = turn;
    } else if (action < 940) {
      store_settle(store);
      memcpy(settled, two ? sealed : now, sizeof now);
      two = false;
    } else if (action < 960) {
      store_undo(store);
      memcpy(now, two ? sealed : settled, sizeof now);
      two = false;
    } else if (action < 999) {
      if (two) store_settle(store), memcpy(settled, sealed, sizeof now);
      store_seal(store);
      memcpy(sealed, now, sizeof now);
      two = true;
    } else {
      if (two) store_settle(store);
      two = false;
      store_settle(store);
      store_drop_partition(store, partition);
      for (unsigned i = 0; i < SUBJECTS; i++)
        if ((int32_t)(i % 3) == partition) now[i] = 0;
      memcpy(settled, now, sizeof now);
    }
    struct slice body;
    const bool there = store_get(store, partition, number(a, which), &body);
    assert_int_equal(there, now[which] != 0);
    if (there) {
      const int size = snprintf(b, sizeof b, "%u ", now[which]);
      assert_memory_equal(body.data, b, (size_t)size);
    }
  }
  store_destroy(store);
}

static void a_bounded_store_forgets_the_least_recently_used(void **state) {
  (void)state;
  struct store *store = store_create(&(struct store_limits){.bytes_max = 200000});
  char room[24], body[500];
  memset(body, 'b', sizeof body);
  for (unsigned i = 0; i < 2000; i++) {
    store_put(store, 0, number(room, i), (struct slice){body, sizeof body}, INT64_MAX);
    store_settle(store);
    struct slice got;
    assert_true(store_get(store, 0, SLICE("p_0"), &got));    // kept because it is used
  }
  assert_in_range(store_size(store), 100, 500);
  is(store, 0, "p_1", NULL);
  struct slice got;
  assert_true(store_get(store, 0, SLICE("p_1999"), &got));
  store_destroy(store);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_put_is_pending_until_it_is_settled), cmocka_unit_test(an_undo_leaves_everything_as_it_was),
      cmocka_unit_test(a_second_generation_lies_on_top_of_the_first), cmocka_unit_test(subjects_are_due_in_order_of_time_then_name), cmocka_unit_test(it_does_what_a_plain_array_does),
      cmocka_unit_test(a_bounded_store_forgets_the_least_recently_used)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
