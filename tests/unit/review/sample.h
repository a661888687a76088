// Facts and seeds for the tests of the draw.
#pragma once

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "review/draw.h"
#include "review/seeds.h"
#include "tests/unit/review/vectors.h"

static inline void sample_hex(char *out, const unsigned char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static inline void assert_hex(const unsigned char *bytes, size_t size, const char *expected) {
  char hex[2 * DIGEST_BYTES + 1];
  sample_hex(hex, bytes, size);
  assert_string_equal(hex, expected);
}

static inline int64_t sample_time(const char *text) {
  int64_t time_s = 0;
  assert_true(date_parse(slice_from(text), &time_s, NULL));
  return time_s;
}

static inline int32_t sample_month(const char *text) {
  int32_t month = 0;
  assert_true(draw_month_parse(slice_from(text), &month));
  return month;
}

// The seed of the worked examples with its commit, for a month.
static inline struct draw_seed sample_seed(const char *month) {
  struct draw_seed seed = {.month = sample_month(month), .committed = true, .published_s = DATE_ABSENT};
  for (unsigned char i = 0; i < sizeof seed.seed; i++) seed.seed[i] = i;
  seeds_commit(seed.seed, seed.commit);
  return seed;
}

// A seed that differs from that of the worked examples.
static inline struct draw_seed sample_other_seed(const char *month, unsigned char salt) {
  struct draw_seed seed = sample_seed(month);
  seed.seed[31] = (unsigned char)(seed.seed[31] ^ salt);
  seeds_commit(seed.seed, seed.commit);
  return seed;
}

// A live settlement of a month, received at once.
static inline struct fact sample_fact(const char *institution, const char *setl_id, int64_t amount_fen, const char *time) {
  return (struct fact){.setl_id = slice_from(setl_id), .mdtrt_id = SLICE("M1"), .psn_no = SLICE("p_1"),
                       .fixmedins_code = slice_from(institution), .med_type = SLICE("21"), .insutype = SLICE("310"),
                       .inpatient_review = true, .live = true, .ver = 1, .setl_time_s = sample_time(time),
                       .recv_time_s = sample_time(time), .first_recv_time_s = sample_time(time), .medfee_fen = amount_fen,
                       .inscp_fen = amount_fen};
}

static inline bool sample_contains(struct slice text, const char *word) {
  return memmem(text.data, text.size, word, strlen(word)) != NULL;
}
