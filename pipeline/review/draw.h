// The draw for second review (复审): which settlements people look at again, at random but provably so.
//
// Source: the municipal agency's second review covers not less than 5 % of inpatient costs (住院费用抽查复审比例不低于5%,
// 兰医保〔2021〕102号 art. 17). h = HMAC-SHA256(seed, "sw-review-v1|" period "|" fixmedins_code "|" setl_id), period = month of setl_time;
// u = first 8 bytes of h, big endian; a unit with u < tau = floor(2^64 x rate / 10000) is drawn provisionally on arrival, a unit of
// at least take_all_fen always. The close of the month (close.h) tops up. The seed of a month is committed to before it begins by
// publishing SHA-256(seed). A month without a seed is not drawn in the stream, and counted.
//
//   month begins          month ends        + close_lag_days: closed
//   |---- arrives here: drawn with this month's seed ----|---- arrives here: late, drawn with the next month's seed ----
//
// A late unit keeps its own period in the message, but key and rate are those of the month whose population it joins.
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
  bool committed;                         // commit is there
  int64_t published_s;                    // when the commit was published; DATE_ABSENT: not recorded
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
  int64_t close_lag_days;                 // 3: days from the end of a month to the close of its population
  const struct draw_seed *seeds;
  size_t seeds_size;
  const struct draw_rate *rates;          // a row that names the institution beats one for all; a later row an earlier one
  size_t rates_size;
};
extern const struct draw_settings draw_settings_default;

// Why a unit is, or no longer is, in the sample; one at a time, in this order of precedence.
#define DRAW_ROLES(X)                                                        \
  X(NONE, "none")                                                            \
  X(TAKE_ALL, "take_all")       /* amount of at least take_all_fen */        \
  X(RANDOM, "random")           /* below the threshold, or topped up to n */ \
  X(MONEY, "money")             /* topped up to the share of money */        \
  X(TARGETED, "targeted")       /* 重点抽查: chosen by people */             \
  X(DROPPED, "dropped")         /* left the population */                    \
  X(SUPERSEDED, "superseded")   /* still there, but another draw counts */
enum draw_role {
#define X(name, text) DRAW_##name,
  DRAW_ROLES(X)
#undef X
      DRAW_ROLE_COUNT
};
const char *draw_role_name(enum draw_role role);
enum draw_role draw_role_find(struct slice name);    // DRAW_NONE: no such role

// One unit as the draw sees it, and what became of it: what a second-review message says.
struct draw {
  struct slice setl_id, mdtrt_id, fixmedins_code;
  int32_t period;           // month of its setl_time: part of the hashed message
  int32_t month;            // whose seed and rate draw it; later than period for a late unit
  int64_t amount_fen;       // medfee_sumamt
  bool take_all;            // its stratum
  uint32_t basis_points;
  unsigned char hash[DIGEST_BYTES];
  enum draw_role role;
  bool provisional;         // drawn in the stream; the close says the final word
  bool cancelled_after_close;
  uint32_t order;           // from 1, among the institution's units of the random stratum; 0: provisional, or take-all
  const char *reason;       // a literal for people
};

// Counts grow only; the sums follow corrections and cancellations. Units in the population now: population - left.
// Drawn now: drawn_random + drawn_take_all - dropped - superseded.
struct draw_counts {
  uint64_t population, left;    // live INPATIENT_REVIEW settlements seen, and those that left again
  int64_t population_fen;
  uint64_t drawn_random, drawn_take_all, dropped, superseded, without_seed;
  int64_t drawn_fen;
};

// The hash of a unit. period is the month of setl_time.
void draw_hash(const unsigned char seed[DIGEST_KEY_BYTES], int32_t period, struct slice fixmedins_code, struct slice setl_id,
               unsigned char out[DIGEST_BYTES]);
// floor(2^64 x basis_points / 10000); 10000 gives UINT64_MAX and `every` true.
uint64_t draw_threshold(uint32_t basis_points, bool *every);
bool draw_below(const unsigned char hash[DIGEST_BYTES], uint32_t basis_points);    // u < tau
uint32_t draw_rate_of(const struct draw_settings *settings, struct slice fixmedins_code, int32_t month);
const struct draw_seed *draw_seed_of(const struct draw_settings *settings, int32_t month);    // NULL: none

int32_t draw_month(int64_t time_s);                        // year * 12 + month - 1 of a time
bool draw_month_parse(struct slice text, int32_t *month);  // "2026-09"
void draw_month_write(struct text *out, int32_t month);
int64_t draw_month_start(int32_t month);                   // its first second
// The instant at which the population of month is closed: what was received before it is in.
int64_t draw_closing(const struct draw_settings *settings, int32_t month);
// The month whose population takes a settlement of that period received at that time.
int32_t draw_joins(const struct draw_settings *settings, int32_t period, int64_t recv_time_s);

// Draws the unit of a live fact with the key of month: role TAKE_ALL, RANDOM or NONE. False when month has no seed.
bool draw_unit(const struct draw_settings *settings, const struct fact *fact, int32_t month, struct draw *draw);
// One second-review message: key fixmedins_code.
void draw_write(struct outbox *outbox, const struct draw *draw, struct source source, int64_t time_s);

// Looks at one fact: a provisional draw, a drop of an earlier one, or nothing; writes to second-review.
void draw_observe(const struct draw_settings *settings, const struct fact *fact, struct draw_counts *counts, struct outbox *outbox);
