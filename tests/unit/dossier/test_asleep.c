#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dossier/encode.h"
#include "tests/unit/dossier/sample.h"

enum { BILLS = 40 };

static struct slice id_of(struct arena *arena, unsigned n) {
  char id[16];
  const int size = snprintf(id, sizeof id, "S%04u", n * 7919 % 1000);
  return arena_copy(arena, (struct slice){id, (size_t)size});
}

// BILLS settlements, those with n % 3 != 0 at rest.
static void fill(struct dossier *dossier, struct arena *arena) {
  for (unsigned n = 0; n < BILLS; n++) {
    struct bill *bill = dossier_take(dossier, id_of(arena, n));
    bill->mdtrt_id = SLICE("M1");
    bill->fixmedins_code = SLICE("H1");
    bill->med_type = SLICE("11");
    bill->setl = (struct slot){.ver = 1, .content = n + 1, .event_time_s = sample_time("2026-03-01 08:00:00") + 60 * (int64_t)n,
                               .recv_time_s = sample_time("2026-03-01 08:00:00") + 60 * (int64_t)n};
    bill->valid = true;
    bill->lines_gone = true;
    bill->rests = n % 3 != 0;
  }
  dossier->watermark_s = sample_time("2026-04-01 00:00:00");
}

static struct text written(const struct dossier *dossier) {
  struct text body = {0};
  encode(dossier, &body);
  return body;
}

static void all_come_back_whoever_was_asleep(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 0);
  struct dossier dossier, read;
  struct error error = {0};
  dossier_init(&dossier, &arena, SLICE("p_1"));
  fill(&dossier, &arena);
  struct text body = written(&dossier);
  dossier_init(&read, &arena, SLICE("p_1"));
  assert_int_equal(encode_read_awake(&read, text_slice(&body), &error), STATUS_OK);
  assert_int_equal(read.bills_size, (BILLS + 2) / 3);
  assert_int_equal(asleep_left(&read.asleep), BILLS - (BILLS + 2) / 3);
  assert_int_equal(read.asleep.oldest_s, sample_time("2026-03-01 08:01:00"));
  struct text again = written(&read);
  assert_int_equal(again.size, body.size);
  assert_memory_equal(again.data, body.data, body.size);
  dossier_init(&read, &arena, SLICE("p_1"));
  assert_int_equal(encode_read(&read, text_slice(&body), &error), STATUS_OK);
  assert_int_equal(read.bills_size, BILLS);
  for (uint32_t i = 0; i < BILLS; i++) {
    assert_true(slice_equal(read.bills[i].setl_id, dossier.bills[i].setl_id));
    assert_int_equal(read.bills[i].setl.content, dossier.bills[i].setl.content);
  }
  text_fini(&again);
  text_fini(&body);
  arena_fini(&arena);
}

// Wakes some, writes, reads: the others sleep on and nobody is there twice or gone. More than a few at once wake everybody.
static void who_is_woken_leaves_the_others_asleep(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 0);
  for (unsigned woken = 0; woken < 12; woken++) {
    struct dossier dossier, read;
    struct error error = {0};
    dossier_init(&dossier, &arena, SLICE("p_1"));
    fill(&dossier, &arena);
    struct text body = written(&dossier);
    dossier_init(&read, &arena, SLICE("p_1"));
    assert_int_equal(encode_read_awake(&read, text_slice(&body), &error), STATUS_OK);
    for (unsigned n = 0; n < woken; n++) {
      assert_true(asleep_wake(&read, id_of(&arena, 38 - n * 3)));    // 38, 35, ... rest
      assert_non_null(dossier_find(&read, id_of(&arena, 38 - n * 3)));
      assert_true(asleep_wake(&read, id_of(&arena, 38 - n * 3)));    // awake already
    }
    assert_true(asleep_wake(&read, SLICE("S9999")) && asleep_wake(&read, SLICE_NONE));
    const uint32_t left = woken > ASLEEP_WOKEN_MAX ? 0 : BILLS - (BILLS + 2) / 3 - woken;
    assert_int_equal(asleep_left(&read.asleep), left);
    assert_int_equal(read.bills_size + left, BILLS);
    struct text again = written(&read);
    dossier_init(&read, &arena, SLICE("p_1"));
    assert_int_equal(encode_read_awake(&read, text_slice(&again), &error), STATUS_OK);
    assert_int_equal(asleep_left(&read.asleep), left);
    assert_true(asleep_wake_all(&read));
    assert_int_equal(read.bills_size, BILLS);
    for (uint32_t i = 0; i < BILLS; i++) assert_true(slice_equal(read.bills[i].setl_id, dossier.bills[i].setl_id));
    text_fini(&again);
    text_fini(&body);
  }
  arena_fini(&arena);
}

// Takes out what version 3 brought: the time since which all is known, here absent, behind the watermark.
static void without_known(struct text *body) {
  size_t at = 3 + 8 + 8 + 8;
  while (body->data[at] & 0x80) at++;
  at++;
  assert_int_equal(body->data[at], 0);
  memmove(body->data + at, body->data + at + 1, body->size - at - 1);
  body->size--;
}

static void bodies_of_the_versions_before_are_read(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 0);
  struct dossier dossier, read;
  struct error error = {0};
  dossier_init(&dossier, &arena, SLICE("p_1"));
  fill(&dossier, &arena);
  for (uint32_t i = 0; i < BILLS; i++) dossier.bills[i].rests = false;
  struct text body = written(&dossier);    // ends with the counts of those asleep and of findings, both 0
  assert_int_equal(body.data[body.size - 1], 0);
  assert_int_equal(body.data[body.size - 2], 0);
  without_known(&body);
  body.data[2] = ENCODE_VERSION_ASLEEP;
  dossier_init(&read, &arena, SLICE("p_1"));
  assert_int_equal(encode_read(&read, text_slice(&body), &error), STATUS_OK);
  assert_true(read.untold && read.bills_size == BILLS);
  body.data[2] = ENCODE_VERSION_FIRST;
  dossier_init(&read, &arena, SLICE("p_1"));
  assert_int_equal(encode_read(&read, (struct slice){body.data, body.size - 1}, &error), STATUS_OK);
  assert_int_equal(read.bills_size, BILLS);
  struct text again = written(&read);
  assert_int_equal(again.data[2], ENCODE_VERSION);
  struct dossier new;    // who did not find out what it lacks says that it lacks all of the past
  dossier_init(&new, &arena, SLICE("p_1"));
  assert_int_equal(encode_read(&new, text_slice(&again), &error), STATUS_OK);
  assert_true(read.untold && !new.untold && new.known_s == read.watermark_s);
  assert_int_equal(encode_read(&read, text_slice(&body), &error), STATUS_REJECT);
  text_fini(&again);
  text_fini(&body);
  arena_fini(&arena);
}

static void damage_among_those_asleep_is_told(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 0);
  struct dossier dossier, read;
  dossier_init(&dossier, &arena, SLICE("p_1"));
  fill(&dossier, &arena);
  struct text body = written(&dossier);
  unsigned refused = 0;
  for (size_t at = 3; at < body.size; at++) {
    body.data[at] = (char)(body.data[at] ^ 0x55);
    dossier_init(&read, &arena, SLICE("p_1"));
    refused += encode_read(&read, text_slice(&body), NULL) != STATUS_OK;
    body.data[at] = (char)(body.data[at] ^ 0x55);
  }
  assert_true(refused > body.size / 4);    // what is not structure passes: the bytes' seal is not this room's
  for (size_t size = 0; size < body.size; size++) {
    dossier_init(&read, &arena, SLICE("p_1"));
    assert_int_equal(encode_read(&read, (struct slice){body.data, size}, NULL), STATUS_REJECT);
  }
  text_fini(&body);
  arena_fini(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_come_back_whoever_was_asleep),
      cmocka_unit_test(who_is_woken_leaves_the_others_asleep),
      cmocka_unit_test(bodies_of_the_versions_before_are_read),
      cmocka_unit_test(damage_among_those_asleep_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
