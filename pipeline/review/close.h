// The close of a month: the population as it stood at the closing instant, and the final draw from it.
//
//   facts -> close_add ... -> close_population: fold, sort, hash -> [archive it] -> close_draw: strata, order, top-ups -> close_write
//
// A settlement belongs to the population of the first month, from its own on, at whose closing instant it was live and under
// INPATIENT_REVIEW; so a late one joins a later month's, and no unit is in two. What was received at or after the closing instant changes
// nothing but a mark: cancelled_after_close. Each population depends on the facts alone: not on their order, and not on when it is closed.
//
// Per institution (review: size, strata, draw): take-all units, and of the N others, in the order of their hashes, the first
// m = max(n, K), n = ceil(rate x N), K = those below the threshold; then further units of that order until the selected amount reaches the
// floor's share. All integers. One close, one thread; everything lives in the arena given.
#pragma once

#include "core/arena.h"
#include "core/status.h"
#include "review/draw.h"

struct close_institution {
  struct slice fixmedins_code;
  struct draw *units;           // ascending by setl_id; role NONE: not selected
  size_t size;
  int64_t amount_fen, inscp_fen;
  unsigned char hash[DIGEST_BYTES];    // SHA-256 of the list close_list writes

  // Set by close_draw.
  uint32_t basis_points;
  size_t take_all, random, required, below, sample, money;    // A, N, n, K, m, units of the money top-up
  size_t selected, floor_units;                               // floor_units = ceil(floor x all units)
  int64_t selected_fen, floor_fen;                            // floor_fen = ceil(floor x amount)
};

struct close {
  const struct draw_settings *settings;
  int32_t month;
  struct arena *arena;
  struct close_row *rows;      // the facts as kept
  size_t rows_size, rows_capacity;

  struct close_institution *institutions;    // ascending by fixmedins_code
  size_t size, units;
  int64_t amount_fen, inscp_fen;
  unsigned char hash[DIGEST_BYTES];    // of the list of all units
  struct draw *gone;                   // provisional draws that no longer count: DROPPED, SUPERSEDED
  size_t gone_size;
  const struct draw_seed *seed;
  const char *unfit;                   // why this month's sample must not be scaled up, or NULL
};

void close_init(struct close *close, const struct draw_settings *settings, int32_t month, struct arena *arena);
void close_fini(struct close *close);

// Texts of the fact are copied. A fact that cannot matter to the month is passed over.
void close_add(struct close *close, const struct fact *fact);
// Makes the institutions with their units, sums and hashes, and the draws that are gone.
void close_population(struct close *close);
// The lines "setl_id|amount_fen\n" of an institution; NULL: of the whole region.
void close_list(const struct close *close, const struct close_institution *institution, struct text *out);
// A population read back from an archive: units ascending by setl_id, with setl_id, period and amount_fen. Computes sums and hashes anew.
struct close_institution close_institution_of(struct slice fixmedins_code, struct draw *units, size_t size);

// STATUS_FATAL when the month has no seed.
enum status close_draw(struct close *close, struct error *error);

struct close_totals {
  size_t roles[DRAW_ROLE_COUNT];    // DROPPED and SUPERSEDED are not in the population
  size_t selected, floor_units;
  int64_t selected_fen, floor_fen;
  size_t institutions_short;        // institutions below their floor: none after close_draw
  bool holds;                       // the region's floor, in count and in money
};
struct close_totals close_totals(const struct close *close);

// Final second-review messages: institutions ascending, selected units by setl_id, then the draws that are gone.
void close_write(const struct close *close, struct outbox *outbox);
