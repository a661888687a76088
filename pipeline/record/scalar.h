// JSON scalars in place: strings, numbers, literals and times, read from the bytes between two structural tokens.
//
// The short forms that nearly every record has are read here, inline and without data-dependent branches; everything else
// goes to the careful functions of scalar.c, which give the same answers. Reads up to 32 bytes past what it is given, which
// DECODE_PADDING covers. Only decoding uses this.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "core/slice.h"
#include "record/date.h"

#define SCALAR_LIKELY(condition) __builtin_expect(!!(condition), 1)

static inline uint64_t scalar_word(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

extern const char scalar_ends[32];    // a set, twice: at 2 the quote, at 12 the backslash
extern const char scalar_odd[32];     // and at 0 the space, at 15 DEL

// One bit for each of the 32 bytes that equals its counterpart.
static inline uint32_t scalar_equal_32(const char *a, const char *b) {
#if defined(__AVX2__)
  const __m256i left = _mm256_loadu_si256((const __m256i *)(const void *)a);
  const __m256i right = _mm256_loadu_si256((const __m256i *)(const void *)b);
  return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(left, right));
#elif defined(__SSE2__)
  uint32_t bits[2];
  for (unsigned i = 0; i < 2; i++) {
    const __m128i left = _mm_loadu_si128((const __m128i *)(const void *)(a + 16 * i));
    const __m128i right = _mm_loadu_si128((const __m128i *)(const void *)(b + 16 * i));
    bits[i] = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(left, right));
  }
  return bits[0] | bits[1] << 16;
#else
  uint32_t bits = 0;
  for (unsigned i = 0; i < 32; i++) bits |= (uint32_t)(a[i] == b[i]) << i;
  return bits;
#endif
}

// A bit for each of the 32 bytes that is in the set: one of the two above, in which a byte stands at its lower four bits.
static inline uint32_t scalar_in_32(const char *at, const char *set) {
#if defined(__AVX2__)
  const __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
  const __m256i members = _mm256_loadu_si256((const __m256i *)(const void *)set);
  return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(members, bytes), bytes));
#elif defined(__SSE2__)
  uint32_t bits[2];
  for (unsigned i = 0; i < 2; i++) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
    __m128i in = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(set[2]));
    in = _mm_or_si128(in, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(set[12])));
    in = _mm_or_si128(in, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(set[0])));
    in = _mm_or_si128(in, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(set[15])));
    bits[i] = (uint32_t)_mm_movemask_epi8(in);
  }
  return bits[0] | bits[1] << 16;
#else
  uint32_t bits = 0;
  for (unsigned i = 0; i < 32; i++) bits |= (uint32_t)(at[i] == set[at[i] & 15]) << i;
  return bits;
#endif
}
// What ends a string or begins an escape; and what else is no part of a text that stands for itself.
static inline uint32_t scalar_end_32(const char *at) { return scalar_in_32(at, scalar_ends); }
static inline uint32_t scalar_odd_32(const char *at) { return scalar_in_32(at, scalar_odd); }

// How many bytes come before the first that has its bit set by one of the two above; 32 when none has.
static inline size_t scalar_before(const char *at, uint32_t (*bits_32)(const char *)) {
  return (size_t)__builtin_ctzll(bits_32(at) | UINT64_C(1) << 32);
}

// True when no byte of the text has its bit set. May say false of an empty text.
static inline bool scalar_lacks(const char *at, size_t size, uint32_t (*bits_32)(const char *)) {
  for (; !SCALAR_LIKELY(size <= 32); at += 32, size -= 32)
    if (bits_32(at) != 0) return false;
  return bits_32(at) << (32 - size) % 32 == 0;
}

// Of bytes that are hexadecimal digits their value, of others 128.
extern const unsigned char scalar_hexadecimal[256];

// True when all escapes of a string's inside are \uXXXX of no surrogate, as senders write who send nothing but ASCII; false: ask the careful
// way. Behind the text stands its quote.
static inline bool scalar_escaped(const char *at, size_t size) {
  for (const char *const end = at + size;;) {
    const size_t plain = scalar_before(at, scalar_end_32);
    at += plain;
    if (plain == 32) continue;
    if (at >= end) return at == end;
    do {
      const unsigned char *digits = (const unsigned char *)at + 2;
      const unsigned first = scalar_hexadecimal[digits[0]], second = scalar_hexadecimal[digits[1]];
      const unsigned others = scalar_hexadecimal[digits[2]] | scalar_hexadecimal[digits[3]];
      if (at[0] != '\\' || at[1] != 'u' || (first | second | others) > 15 || (first == 13 && second > 7)) return false;
      at += 6;
    } while (*at == '\\');
  }
}

// What the joined digits are multiplied with to be units of 10^-scale, by the bytes from the point on; 0 of them: there is
// no point. The factor 0: no number of that scale, or nothing behind the point.
extern const int32_t scalar_units[8][16];    // 16 bytes from the point on: the point is the first, which is refused

// Digits with at most one point to units of 10^-scale, units = scalar_units[scale]. False: not of that form or too long, ask
// the careful way; that includes negative numbers, and with json also leading zeros. What follows the bytes must be no
// digit.
#if defined(__AVX2__)
// By size and place of the point: where each of 16 digits comes from, the last one last; without a point it is the size.
extern const char scalar_places[18][16][16];
extern const char scalar_alike[3][16];    // points, noughts and bytes of 9: read, where compilers would make them each time
extern const char scalar_tens[3][16];     // what joins digits to pairs, those to fours, those to eights

static inline __m128i scalar_vector(const char *at) { return _mm_loadu_si128((const __m128i *)(const void *)at); }

static inline __m128i scalar_joined(__m128i digits) {
  const __m128i fours = _mm_madd_epi16(_mm_maddubs_epi16(digits, scalar_vector(scalar_tens[0])), scalar_vector(scalar_tens[1]));
  return _mm_madd_epi16(_mm_packus_epi32(fours, fours), scalar_vector(scalar_tens[2]));
}

// 1 to 16 bytes: the digits are moved to the end of a vector, past the point, then joined in pairs.
static inline bool scalar_digits(const char *at, size_t size, const int32_t *units, bool json, int64_t *out) {
  if (!SCALAR_LIKELY(size - 1 < 16)) return false;
  const __m128i text = scalar_vector(at);
  const uint32_t points = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(text, scalar_vector(scalar_alike[0])));
  const size_t point = (size_t)__builtin_ctz(points | UINT32_C(1) << size), behind = size - point;
  if (!SCALAR_LIKELY(*at > '0') && (*at != '0' || (json && point != 1))) return false;    // no digit, or a leading zero
  const __m128i places = scalar_vector(&scalar_places[0][0][0] + size * 256 + point * 16);
  const __m128i digits = _mm_shuffle_epi8(_mm_sub_epi8(text, scalar_vector(scalar_alike[1])), places);
  const __m128i above = _mm_subs_epu8(digits, scalar_vector(scalar_alike[2]));
  const int64_t unit = units[behind];
  if (!SCALAR_LIKELY(_mm_testz_si128(above, above))) return false;
  if (!SCALAR_LIKELY(unit != 0)) return false;
  const uint64_t halves = (uint64_t)_mm_cvtsi128_si64(scalar_joined(digits));
  uint64_t value = halves >> 32;
  if (!SCALAR_LIKELY((uint32_t)halves == 0)) {
    if ((uint32_t)halves >= 100) return false;    // of what is smaller every unit fits
    value += (uint32_t)halves * UINT64_C(100000000);
  }
  *out = (int64_t)value * unit;
  return true;
}

// By size from `0.00` to `999999.99`: where each of eight digits comes from, and the least amount that has no leading zero.
extern const char scalar_amounts[6][16];
extern const int32_t scalar_least[6];

// An amount with two digits behind the point to fen, as JSON number or string: where its digits are is known by its size.
static inline bool scalar_amount(const char *value, const char *end, int64_t *fen) {
  if (*value == '"') {
    value++, end--;
    if (*end != '"') return false;
  }
  const size_t size = (size_t)(end - value) - 4;
  if (!SCALAR_LIKELY(size < 6)) return false;
  if (!SCALAR_LIKELY(end[-3] == '.')) return false;
  const __m128i text = _mm_sub_epi8(scalar_vector(value), scalar_vector(scalar_alike[1]));
  const __m128i digits = _mm_shuffle_epi8(text, scalar_vector(scalar_amounts[size]));
  const __m128i above = _mm_subs_epu8(digits, scalar_vector(scalar_alike[2]));
  if (!SCALAR_LIKELY(_mm_testz_si128(above, above))) return false;
  const int32_t joined = _mm_cvtsi128_si32(scalar_joined(digits));
  if (!SCALAR_LIKELY(joined >= scalar_least[size])) return false;
  *fen = joined;
  return true;
}
#else
static inline bool scalar_amount(const char *value, const char *end, int64_t *fen) {
  (void)value, (void)end, (void)fen;
  return false;
}

// 1 to 8 bytes:
//
//   "12.50"  as a word   . . . 1 2 . 5 0    moved to the end; dots here are zeros, for digits stand without their '0'
//            joined      . . . . 1 2 5 0    what stands before the point moves into its byte; then three multiplications
static inline bool scalar_digits(const char *at, size_t size, const int32_t *units, bool json, int64_t *out) {
  const uint64_t ones = UINT64_C(0x0101010101010101), text = scalar_word(at) ^ ones * '0';
  const uint64_t word = text << (64 - 8 * size) % 64;
  const uint64_t others = ((word + ones * 0x76) | word) & ones << 7;    // the top bit of each byte that is no digit
  const uint64_t point = others >> 7, cleared = word ^ point * ('.' ^ '0'), before = cleared & (point - 1);
  const int64_t unit = units[((unsigned)__builtin_clzll(others | 1) / 8 + 1) % 8];
  const bool zeros = json && (text & 255) == 0 && (text >> 8 & 255) <= 9;
  // One byte that is no digit at most, and it is the point; the first byte is a digit.
  if (!SCALAR_LIKELY(size - 1 < 8 && (others & (others - 1)) == 0 && (cleared & point * 255) == 0 && unit != 0 &&
                     (text & 255) <= 9 && !zeros))
    return false;
  const uint64_t digits = cleared + (before << (others != 0 ? 8 : 0)) - before;
  const uint64_t pairs = digits * 10 + (digits >> 8), mask = UINT64_C(0x000000FF000000FF);
  const uint64_t value = ((pairs & mask) * UINT64_C(0x000F424000000064) +
                          ((pairs >> 16) & mask) * UINT64_C(0x0000271000000001)) >> 32;
  *out = (int64_t)(uint32_t)value * unit;
  return true;
}
#endif

// The forms of the absent all begin with '-', 'n' or something below, such as the quote that ends an empty text.
static inline bool scalar_maybe_absent(char first) { return (unsigned char)first <= '-' || first == 'n'; }

// True when what stands between an opening quote and `end` is a string that stands for itself: closed right before end, without
// escapes and spaces, and not one of the forms of the absent.
static inline bool scalar_text(const char *inside, const char *end) {
  if (end[-1] != '"' || scalar_maybe_absent(*inside)) return false;
  return SCALAR_LIKELY(scalar_lacks(inside, (size_t)(end - inside) - 1, scalar_odd_32));
}
static inline struct slice scalar_inside(const char *inside, const char *end) {
  return (struct slice){inside, (size_t)(end - inside) - 1};
}

// A number in the short form, as JSON number or string.
static inline bool scalar_number(const char *value, const char *end, const int32_t *units, int64_t *out) {
  const bool quoted = *value == '"';
  if (quoted) {
    value++, end--;
    if (*end != '"') return false;
  }
  return SCALAR_LIKELY(scalar_digits(value, (size_t)(end - value), units, !quoted, out));
}

// Days read before: the texts of one date repeat line after line. By day of the month.
struct scalar_days {
  struct scalar_day {
    uint64_t head, date;    // "yyyy-MM-", and "y-MM-dd" with whatever came behind it; 0 is empty
    int64_t time_s;         // its first second
  } slots[64];
};
// Remembers the day of "yyyy-MM-dd" when it is one.
void scalar_learn_day(struct scalar_days *days, const char *at);
static inline unsigned scalar_day_slot(uint64_t date) {    // by the tens and the ones of the day
#if defined(__BMI2__)
  return (unsigned)_pext_u64(date, UINT64_C(0x000F030000000000));
#else
  return (unsigned)(date >> 48 & 15) << 2 | (unsigned)(date >> 40 & 3);
#endif
}

// The seconds of "HH:mm:ss", which stands behind "y-MM-dd " at a time; of what is none, a number that no day has.
#if defined(__AVX2__)
extern const char scalar_clock[4][16];    // what is no digit and '0'; the most of each; what joins digits; seconds of what they join to
static inline uint32_t scalar_clock_seconds(const char *at) {
  const __m128i clock = _mm_xor_si128(scalar_vector(at), scalar_vector(scalar_clock[0]));
  const __m128i above = _mm_subs_epu8(clock, scalar_vector(scalar_clock[1]));
  const __m128i parts = _mm_madd_epi16(_mm_maddubs_epi16(clock, scalar_vector(scalar_clock[2])), scalar_vector(scalar_clock[3]));
  const uint64_t both = (uint64_t)_mm_extract_epi64(parts, 1);
  return SCALAR_LIKELY(_mm_testz_si128(above, above)) ? (uint32_t)both + (uint32_t)(both >> 32) : UINT32_MAX;
}
#else
static inline uint32_t scalar_clock_seconds(const char *at) {
  // Each digit at most 9, the tens at most 2, 5 and 5, nothing left of the colons: no byte subtracts more than there is.
  const uint64_t tops = UINT64_C(0x8080808080808080), most = UINT64_C(0x0905000905000902) | tops;
  const uint64_t clock = scalar_word(at + 8) ^ UINT64_C(0x30303A30303A3030), pairs = clock * 10 + (clock >> 8);
  if (((most - clock) & ~clock & tops) != tops) return UINT32_MAX;
  return (uint32_t)(pairs & 255) * 3600 + (uint32_t)(pairs >> 24 & 255) * 60 + (uint32_t)(pairs >> 48 & 255);
}
#endif

// "yyyy-MM-dd HH:mm:ss", 19 bytes, of a day that is remembered; else false.
static inline bool scalar_time(const struct scalar_days *days, const char *at, int64_t *time_s) {
  const uint64_t date = scalar_word(at + 3);
  const uint32_t seconds = scalar_clock_seconds(at + 3);
  const struct scalar_day *day = &days->slots[scalar_day_slot(date)];
  const unsigned between = (unsigned)(date >> 56);
  if (!SCALAR_LIKELY(seconds < DATE_DAY_SECONDS) || (!SCALAR_LIKELY(between == ' ') && between != 'T')) return false;
  if (!SCALAR_LIKELY(day->head == scalar_word(at)) || (day->date ^ date) << 8 != 0) return false;
  *time_s = day->time_s + seconds;
  return true;
}

// The number grammar of JSON, and nothing before or after.
bool scalar_is_number(struct slice text);
// true, false, null.
bool scalar_is_literal(struct slice text);
// A string's inside with its escapes undone; out has room for size bytes, or is NULL for a check only. False: no valid
// escape, or half a surrogate pair; then *size is where.
bool scalar_unescape(struct slice text, char *out, size_t *size);
