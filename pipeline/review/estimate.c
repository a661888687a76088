// 128-bit integers are a promise of gcc and clang on every machine this is built for, and not of ISO C.
#pragma GCC diagnostic ignored "-Wpedantic"

#include "review/estimate.h"

#include <assert.h>

enum { WHOLE = 10000, MILLION = 1000000, Y_MAX_FEN = 1000000000, UNITS_MAX = 10000000 };

const struct estimate_limits estimate_limits_default = {
    .random_units_min = 30, .positive_units_min = 5, .not_produced_max_basis_points = 1000, .cancelled_max_basis_points = 500,
    .simple_share_min_basis_points = 1000, .simple_units_min = 100, .simple_width_max_millionths = 250000};

static const char *const meanings[ESTIMATE_CODE_COUNT] = {
#define X(number, meaning) [number] = meaning,
    ESTIMATE_CODES(X)
#undef X
};

const char *estimate_code_meaning(enum estimate_code code) {
  assert(code >= ESTIMATE_X1 && code < ESTIMATE_CODE_COUNT);
  return meanings[code];
}

int64_t estimate_t_millionths(int64_t df) {
  static const struct { int64_t df, t; } table[] = {
      {1, 3077684},  {2, 1885618},  {4, 1533206},  {9, 1383029},  {19, 1327728}, {28, 1312527}, {29, 1311434},  {30, 1310415},
      {39, 1303639}, {49, 1299069}, {59, 1296066}, {79, 1292360}, {99, 1290161}, {119, 1288706}, {149, 1287259}, {199, 1285820}};
  assert(df >= 1);
  size_t at = sizeof table / sizeof *table - 1;
  while (table[at].df > df) at--;
  return table[at].t;
}

static bool times(unsigned __int128 a, unsigned __int128 b, unsigned __int128 *out) { return !__builtin_mul_overflow(a, b, out); }

static unsigned __int128 common_divisor(unsigned __int128 a, unsigned __int128 b) {
  while (b != 0) {
    const unsigned __int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// whole + rest / over, with rest < over.
struct sum {
  unsigned __int128 whole, rest, over;
};

// Adds part / of. False when the common denominator does not fit.
static bool add(struct sum *sum, unsigned __int128 part, unsigned __int128 of) {
  if (__builtin_add_overflow(sum->whole, part / of, &sum->whole)) return false;
  part %= of;
  const unsigned __int128 divisor = part == 0 ? of : common_divisor(part, of);
  part /= divisor;
  of /= divisor;
  const unsigned __int128 shared = common_divisor(sum->over, of);
  unsigned __int128 left, right, over, rest;
  if (!times(sum->rest, of / shared, &left) || !times(part, sum->over / shared, &right) || !times(sum->over, of / shared, &over) ||
      __builtin_add_overflow(left, right, &rest))
    return false;
  if (rest >= over) {
    rest -= over;
    sum->whole++;
  }
  const unsigned __int128 common = rest == 0 ? over : common_divisor(rest, over);
  sum->rest = rest / common;
  sum->over = over / common;
  return true;
}

// The smallest s with s * s >= value.
static unsigned __int128 root_up(unsigned __int128 value) {
  unsigned __int128 low = 0, high = (unsigned __int128)1 << 64;
  while (low < high) {
    const unsigned __int128 middle = low + (high - low) / 2;
    if (middle == (unsigned __int128)1 << 64 || middle * middle >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}

struct stratum_sums {
  unsigned __int128 y, squares, variance;
};

// V = N (N - n) (n sum(y^2) - sum(y)^2) / (n^2 (n - 1)), rounded up.
static bool variance_of(const struct estimate_stratum *stratum, struct stratum_sums *sums) {
  const unsigned __int128 big = (unsigned __int128)stratum->units, n = (unsigned __int128)stratum->reviewed_size;
  sums->variance = 0;
  if (stratum->take_all || big == n || n < 2) return true;
  unsigned __int128 scaled, square, spread, product, over;
  if (!times(n, sums->squares, &scaled) || !times(sums->y, sums->y, &square)) return false;
  spread = scaled - square;    // never negative: Cauchy and Schwarz
  if (!times(big * (big - n), spread, &product) || !times(n * n, n - 1, &over)) return false;
  sums->variance = product / over + (product % over != 0);
  return true;
}

// floor(V^2 / sum(V_h^2 / (n_h - 1))), or n - 1 of the only random stratum that leaves something open.
static bool degrees(const struct estimate_input *input, const struct stratum_sums *sums, unsigned __int128 variance, int64_t *df) {
  size_t random = 0, only = 0;
  for (size_t i = 0; i < input->strata_size; i++)
    if (!input->strata[i].take_all) {
      random++;
      only = i;
    }
  *df = 0;
  if (variance == 0) return true;
  if (random == 1) {
    *df = input->strata[only].reviewed_size - 1;
    return true;
  }
  unsigned __int128 square, part;
  struct sum below = {.over = 1};
  if (!times(variance, variance, &square)) return false;
  for (size_t i = 0; i < input->strata_size; i++) {
    if (sums[i].variance == 0) continue;
    if (!times(sums[i].variance, sums[i].variance, &part) || !add(&below, part, (unsigned __int128)(input->strata[i].reviewed_size - 1)))
      return false;
  }
  unsigned __int128 scaled, divisor, whole, rest;
  if (times(square, below.over, &scaled) && times(below.whole, below.over, &divisor) &&
      !__builtin_add_overflow(divisor, below.rest, &divisor)) {
    *df = (int64_t)(scaled / divisor);
    return true;
  }
  // Too large for one division: divide by the sum rounded up, then see how many more fit: square - k whole >= k rest / over.
  *df = (int64_t)(square / (below.whole + 1));
  for (;; ++*df) {
    const unsigned __int128 next = (unsigned __int128)*df + 1;
    if (!times(next, below.whole, &whole) || whole > square) return true;
    if (!times(next, below.rest, &rest)) return false;
    if (square - whole < rest / below.over + (rest % below.over != 0)) return true;
  }
}

static void check_units(const struct estimate_input *input, const struct estimate_limits *limits, struct estimate *out) {
  int64_t units = 0, random = 0, positive = 0, missing = 0, cancelled = 0;
  bool thin = false, open = false, mixed = false;
  for (size_t i = 0; i < input->strata_size; i++) {
    const struct estimate_stratum *stratum = &input->strata[i];
    units += stratum->reviewed_size;
    mixed = mixed || stratum->mixed;
    if (!stratum->take_all) {
      random += stratum->reviewed_size;
      thin = thin || (stratum->units > 1 && stratum->reviewed_size < 2);
    }
    for (int64_t k = 0; k < stratum->reviewed_size; k++) {
      const struct estimate_unit *unit = &stratum->reviewed[k];
      positive += !stratum->take_all && unit->y_fen > 0;
      open = open || !unit->final;
      missing += !unit->produced;
      cancelled += unit->cancelled_after_close;
    }
  }
  const struct { enum estimate_code code; bool stands; } checks[] = {
      {ESTIMATE_X1, !input->clause},
      {ESTIMATE_X2, random < limits->random_units_min || thin},
      {ESTIMATE_X3, positive < limits->positive_units_min},
      {ESTIMATE_X4, !input->commit_fits},
      {ESTIMATE_X5, !input->population_fits},
      {ESTIMATE_X6, !input->sample_fits},
      {ESTIMATE_X7, open},
      {ESTIMATE_X8, missing * WHOLE > units * limits->not_produced_max_basis_points},
      {ESTIMATE_X9, cancelled * WHOLE > units * limits->cancelled_max_basis_points},
      {ESTIMATE_X13, mixed},
  };
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    if (checks[i].stands) out->codes |= 1u << checks[i].code;
}

static enum status check_input(const struct estimate_input *input, struct stratum_sums *sums, struct error *error) {
  for (size_t i = 0; i < input->strata_size; i++) {
    const struct estimate_stratum *stratum = &input->strata[i];
    if (stratum->units < 0 || stratum->units > UNITS_MAX || stratum->reviewed_size < 0 || stratum->reviewed_size > stratum->units)
      return error_set(error, STATUS_REJECT, "stratum %zu: %lld units reviewed of %lld", i + 1, (long long)stratum->reviewed_size,
                       (long long)stratum->units);
    if (stratum->take_all && stratum->reviewed_size != stratum->units)
      return error_set(error, STATUS_REJECT, "stratum %zu: of a take-all stratum every unit must be reviewed, not %lld of %lld", i + 1,
                       (long long)stratum->reviewed_size, (long long)stratum->units);
    if (stratum->units > 0 && stratum->reviewed_size == 0)
      return error_set(error, STATUS_REJECT, "stratum %zu: no unit was reviewed", i + 1);
    sums[i] = (struct stratum_sums){0};
    for (int64_t k = 0; k < stratum->reviewed_size; k++) {
      const struct estimate_unit *unit = &stratum->reviewed[k];
      if (unit->y_fen < 0 || unit->y_fen > Y_MAX_FEN)
        return error_set(error, STATUS_REJECT, "stratum %zu, unit %lld: verified cost of %lld fen is outside 0..%d", i + 1,
                         (long long)k + 1, (long long)unit->y_fen, Y_MAX_FEN);
      if (unit->y_fen > 0 && (!unit->produced || unit->cancelled_after_close))
        return error_set(error, STATUS_REJECT, "stratum %zu, unit %lld: a unit %s counts with no verified cost", i + 1, (long long)k + 1,
                         unit->produced ? "that was cancelled" : "without records");
      sums[i].y += (unsigned __int128)unit->y_fen;
      sums[i].squares += (unsigned __int128)unit->y_fen * (unsigned __int128)unit->y_fen;
    }
  }
  return STATUS_OK;
}

// Whether the simple mode may be used.
static bool simple_fits(const struct estimate_input *input, const struct estimate_limits *limits, const struct estimate *out,
                        const struct sum *total) {
  int64_t n = 0, units = 0;
  for (size_t i = 0; i < input->strata_size; i++)
    if (!input->strata[i].take_all) {
      n += input->strata[i].reviewed_size;
      units += input->strata[i].units;
    }
  // t SE <= w T, with T = whole + rest / over, exactly.
  const unsigned __int128 half = (unsigned __int128)out->t_millionths * (unsigned __int128)out->error_fen;
  const unsigned __int128 width = (unsigned __int128)limits->simple_width_max_millionths;
  const unsigned __int128 whole = width * total->whole;
  unsigned __int128 rest, short_of;
  const bool narrow = half <= whole || (times(width, total->rest, &rest) && times(half - whole, total->over, &short_of) && short_of <= rest);
  return n * WHOLE >= units * limits->simple_share_min_basis_points && n >= limits->simple_units_min && narrow;
}

enum { STRATA_MAX = 240 };

enum status estimate(const struct estimate_input *input, const struct estimate_limits *limits, struct estimate *out,
                     struct error *error) {
  *out = (struct estimate){.total_over = 1};
  if (input->strata_size == 0 || input->strata_size > STRATA_MAX)
    return error_set(error, STATUS_REJECT, "strata must be 1..%d, not %zu", STRATA_MAX, input->strata_size);
  struct stratum_sums sums[STRATA_MAX];
  if (check_input(input, sums, error) != STATUS_OK) return STATUS_REJECT;

  struct sum total = {.over = 1};
  unsigned __int128 verified = 0;
  bool fits = true;
  for (size_t i = 0; fits && i < input->strata_size; i++) {
    const struct estimate_stratum *stratum = &input->strata[i];
    if (stratum->units == 0) continue;
    verified += sums[i].y;
    unsigned __int128 product;
    fits = times((unsigned __int128)stratum->units, sums[i].y, &product) && add(&total, product, (unsigned __int128)stratum->reviewed_size) &&
           variance_of(stratum, &sums[i]) && !__builtin_add_overflow(out->variance, sums[i].variance, &out->variance);
  }
  fits = fits && total.whole <= INT64_MAX / 2 && total.over <= UINT64_MAX;
  const unsigned __int128 error_fen = fits ? root_up(out->variance) : 0;
  fits = fits && error_fen <= INT64_MAX / 4 && degrees(input, sums, out->variance, &out->df);
  if (!fits) return error_set(error, STATUS_REJECT, "the numbers exceed what can be computed exactly: split the strata");

  out->verified_fen = (int64_t)verified;
  out->total_fen = (int64_t)total.whole;
  out->total_rest = (uint64_t)total.rest;
  out->total_over = (uint64_t)total.over;
  out->error_fen = (int64_t)error_fen;
  out->t_millionths = out->df >= 1 ? estimate_t_millionths(out->df) : 0;

  // L = floor(whole + rest / over - half / 10^6): the whole parts, and one less when the fractions fall below zero.
  const unsigned __int128 half = (unsigned __int128)out->t_millionths * error_fen;
  const unsigned __int128 gap_whole = half / MILLION, gap_rest = half % MILLION;
  const bool enough = total.rest * MILLION >= gap_rest * total.over;
  out->lower_fen = (int64_t)((__int128)total.whole - (__int128)gap_whole - (enough ? 0 : 1));
  out->width_millionths = total.whole == 0 ? -1 : (int64_t)((2 * half + total.whole) / (2 * total.whole));

  check_units(input, limits, out);
  const bool barred = out->codes != 0;
  const bool simple = input->mode == ESTIMATE_SIMPLE && simple_fits(input, limits, out, &total);
  int64_t scaled_fen = simple ? out->total_fen : out->lower_fen;
  if (input->mode == ESTIMATE_SIMPLE && !simple) out->codes |= 1u << ESTIMATE_X10;
  if (!simple && (out->lower_fen <= 0 || out->lower_fen < out->verified_fen)) out->codes |= 1u << ESTIMATE_X11;
  if (scaled_fen > input->cap_fen) {
    out->codes |= 1u << ESTIMATE_X12;
    scaled_fen = input->cap_fen;
  }
  out->scaled = !barred && scaled_fen > out->verified_fen;
  out->refused_fen = out->scaled ? scaled_fen : out->verified_fen;
  return STATUS_OK;
}

void estimate_variance_write(struct text *out, const struct estimate *estimate) {
  char digits[40];
  size_t at = sizeof digits;
  unsigned __int128 left = estimate->variance;
  do {
    digits[--at] = (char)('0' + (int)(left % 10));
    left /= 10;
  } while (left != 0);
  text_append(out, (struct slice){digits + at, sizeof digits - at});
}
