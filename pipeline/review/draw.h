// The draw for second review (复审): which settlements people look at again, at random but provably so.
//
// Source: the municipal agency's second review covers not less than 5 % of inpatient costs (住院费用抽查复审比例不低于5%,
// 兰医保〔2021〕102号 art. 17). h = HMAC-SHA256(seed, "sw-review-v1|" period "|" fixmedins_code "|" setl_id), period = month of setl_time;
// u = first 8 bytes of h, big endian; a unit with u < tau = floor(2^64 x rate / 10000) is drawn provisionally on arrival, a unit of
// at least take_all_fen always. The close of the month (close.h) tops up. The seed of a month is committed to before it begins by
// publishing SHA-256(seed). A month without a seed is not drawn in the stream, and counted.
// Pure: no clock, no randomness but the seeds given. Rates are basis points per institution-month, never below the floor.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/status.h"
#include "screen/fact.h"
#include "screen/outbox.h"

struct draw_seed {
  int32_t month;                          // year * 12 + month - 1
  unsigned char seed[DIGEST_KEY_BYTES];
  unsigned char commit[DIGEST_BYTES];     // SHA-256(seed) as published
};
struct draw_rate {
  struct slice fixmedins_code;            // or "" for every institution
  int32_t from_month, to_month;           // both inclusive
  uint32_t basis_points;                  // floor..10000
};
struct draw_settings {
  uint32_t floor_basis_points;            // 500 by law; a dated parameter of the region
  uint32_t rate_basis_points;             // default rate, >= floor
  int64_t take_all_fen;                   // 10,000,000
  const struct draw_seed *seeds;
  size_t seeds_size;
  const struct draw_rate *rates;
  size_t rates_size;
};
extern const struct draw_settings draw_settings_default;

struct draw_counts {
  uint64_t population;        // live INPATIENT_REVIEW settlements seen
  int64_t population_fen;
  uint64_t drawn_random, drawn_take_all, dropped, without_seed;
  int64_t drawn_fen;
};

// The hash of a unit. period is the month of setl_time.
void draw_hash(const unsigned char seed[DIGEST_KEY_BYTES], int32_t month, struct slice fixmedins_code, struct slice setl_id,
               unsigned char out[DIGEST_BYTES]);
// floor(2^64 x basis_points / 10000); 10000 gives UINT64_MAX and `every` true.
uint64_t draw_threshold(uint32_t basis_points, bool *every);
uint32_t draw_rate_of(const struct draw_settings *settings, struct slice fixmedins_code, int32_t month);
int32_t draw_month(int64_t time_s);    // year * 12 + month - 1 of a time

// Looks at one fact: a provisional draw, a drop of an earlier one, or nothing; writes to second-review.
void draw_observe(const struct draw_settings *settings, const struct fact *fact, struct draw_counts *counts, struct outbox *outbox);
