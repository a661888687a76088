// Extrapolation (按抽查比例放大): what the verified cost of the random sample says about the whole population, where the agreement allows it.
//
// Source: the national agreement template ("for verified violating cost the agency may scale up by the sampling ratio and refuse it").
// Per random stratum, N units of which n were reviewed, y = verified refused in-scope fen:
//   T = N sum(y) / n     V = N (N - n) (n sum(y^2) - sum(y)^2) / (n^2 (n - 1)), rounded up     take-all: T = sum(y), V = 0
//   SE = ceil(sqrt(sum V))     df = n - 1, or floor(V^2 / sum(V_h^2 / (n_h - 1))) with several random strata
//   L = floor(T - t SE), one-sided 90 %     refused = max(sum(y), min(cap, L));  simple mode: min(cap, floor(T))
// Exact integers throughout: sums of T are fractions, products are checked in 128 bits; what does not fit is refused, never rounded.
// It refuses to scale whenever a code X01..X13 stands against it and then gives the verified cost alone. Pure; no allocation kept.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "core/text.h"

#define ESTIMATE_CODES(X)                                                                                                      \
  X(1, "the agreement in force on the settlement date has no scaling clause")                                                  \
  X(2, "too few random units reviewed, or a random stratum with fewer than two of several units reviewed")                     \
  X(3, "too few random units with verified cost")                                                                              \
  X(4, "commit missing, not older than the month, or not that of the seed")                                                    \
  X(5, "the population differs from the archived one")                                                                         \
  X(6, "a drawn unit is missing, or a unit was not drawn at random")                                                           \
  X(7, "a unit is not final")                                                                                                  \
  X(8, "too many units whose records were not produced")                                                                       \
  X(9, "too many units cancelled after the close")                                                                             \
  X(10, "the sample is too small or too uncertain for the simple mode: the lower bound is used")                               \
  X(11, "the lower bound is not above the verified cost")                                                                      \
  X(12, "the estimate is above the cap")                                                                                       \
  X(13, "different rules, catalogues or guidelines inside one stratum")
enum estimate_code {
#define X(number, meaning) ESTIMATE_X##number = number,
  ESTIMATE_CODES(X)
#undef X
      ESTIMATE_CODE_COUNT = 14
};
const char *estimate_code_meaning(enum estimate_code code);

// The numbers of the conditions; all are choices of the site.
struct estimate_limits {
  int64_t random_units_min;                // 30
  int64_t positive_units_min;              // 5
  int64_t not_produced_max_basis_points;   // 1000 of the units
  int64_t cancelled_max_basis_points;      // 500 of the units
  int64_t simple_share_min_basis_points;   // 1000: n / N of the simple mode
  int64_t simple_units_min;                // 100
  int64_t simple_width_max_millionths;     // 250000: relative half width
};
extern const struct estimate_limits estimate_limits_default;

struct estimate_unit {
  int64_t y_fen;                 // 0 where records were not produced or the settlement was cancelled after the close
  bool final, produced, cancelled_after_close;
};
struct estimate_stratum {
  bool take_all;                 // n = N
  int64_t units;                 // N
  const struct estimate_unit *reviewed;
  int64_t reviewed_size;         // n
  bool mixed;                    // X13
};
enum estimate_mode { ESTIMATE_LOWER, ESTIMATE_SIMPLE };
struct estimate_input {
  enum estimate_mode mode;
  bool clause;                   // else X01
  bool commit_fits;              // else X04
  bool population_fits;          // else X05
  bool sample_fits;              // else X06
  int64_t cap_fen;               // in-scope money of the population less what machine findings already refused
  const struct estimate_stratum *strata;
  size_t strata_size;
};
struct estimate {
  uint32_t codes;                    // bit per code
  bool scaled;                       // refused_fen rests on the estimate
  int64_t verified_fen;              // sum of y
  int64_t total_fen;                 // floor(T)
  uint64_t total_rest, total_over;   // T = total_fen + total_rest / total_over
  __extension__ unsigned __int128 variance;   // V
  int64_t error_fen;                 // SE
  int64_t df;                        // actual; 0: the estimate is exact
  int64_t t_millionths;
  int64_t lower_fen;                 // L
  int64_t width_millionths;          // t SE / floor(T), rounded half up; -1 when that is 0
  int64_t refused_fen;
};

static inline bool estimate_has(const struct estimate *estimate, enum estimate_code code) { return estimate->codes >> code & 1; }

// The t value, one-sided 90 %, of the largest tabulated df not above the given one; df >= 1.
int64_t estimate_t_millionths(int64_t df);
// STATUS_REJECT with the error when the input contradicts itself (n > N, y < 0, ...) or a product exceeds 128 bits.
enum status estimate(const struct estimate_input *input, const struct estimate_limits *limits, struct estimate *out,
                     struct error *error);
void estimate_variance_write(struct text *out, const struct estimate *estimate);    // decimal
