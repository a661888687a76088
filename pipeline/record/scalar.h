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

// One bit for each of the 32 bytes that is a backslash or DEL.
static inline uint32_t scalar_odd_32(const char *at) {
#if defined(__AVX2__)
  const __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
  return (uint32_t)_mm256_movemask_epi8(
      _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f))));
#elif defined(__SSE2__)
  uint32_t bits[2];
  for (unsigned i = 0; i < 2; i++) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
    bits[i] = (uint32_t)_mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))));
  }
  return bits[0] | bits[1] << 16;
#else
  uint32_t bits = 0;
  for (unsigned i = 0; i < 32; i++) bits |= (uint32_t)(at[i] == '\\' || at[i] == 0x7f) << i;
  return bits;
#endif
}

// True when no byte of a string's inside is a backslash or DEL: then it stands for itself. Bytes below 0x20 were refused before.
static inline bool scalar_plain(const char *at, size_t size) {
  for (; size > 32; at += 32, size -= 32)
    if (scalar_odd_32(at) != 0) return false;
  return (scalar_odd_32(at) & (uint32_t)((UINT64_C(1) << size) - 1)) == 0;
}

// Digits with at most one point, 1 to 8 bytes, to units of 10^-scale (scale 0 to 6). False: not of that form, ask the
// careful way; that includes negative numbers, and with json also leading zeros. Eight bytes at once: the point is taken out
// by shifting what stands before it, then three multiplications join the digits.
static inline bool scalar_digits(const char *at, size_t size, unsigned scale, bool json, int64_t *out) {
  static const int32_t tens[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 0};
  const uint64_t ones = UINT64_C(0x0101010101010101);
  if (size - 1 > 7) return false;
  const uint64_t text = scalar_word(at);
  const uint64_t word = text << (64 - 8 * size) | (ones * '0' >> (8 * size - 8)) >> 8;
  const uint64_t other = word ^ ones * '.', points = (other - ones) & ~other & ones << 7;
  const uint64_t point = (points & -points) >> 7;    // 1 in the byte of the first point, or 0
  const uint64_t before = point - 1;                 // the bytes before it, or all
  const uint64_t joined = point ? (word & before) << 8 | '0' | (word & ~(before | point * 255)) : word;
  const uint64_t digits = joined ^ ones * '0';
  const unsigned fraction = point ? (unsigned)__builtin_clzll(point) / 8 : 0;
  const char first = (char)text, second = (char)(text >> 8);
  if ((((digits + ones * 0x76) | digits) & ones << 7) != 0 || fraction > scale || first == '.' || (point >> 56) != 0 ||
      (json && first == '0' && size > 1 && second != '.'))
    return false;
  const uint64_t pairs = digits * 10 + (digits >> 8), mask = UINT64_C(0x000000FF000000FF);
  const uint64_t value = ((pairs & mask) * UINT64_C(0x000F424000000064) +
                          ((pairs >> 16) & mask) * UINT64_C(0x0000271000000001)) >> 32;
  *out = (int64_t)(uint32_t)value * tens[scale - fraction];
  return true;
}

// Days read before: the texts of one date repeat line after line. By day of the month.
struct scalar_days {
  struct {
    uint64_t head;    // yyyy-MM-
    uint16_t tail;    // dd; 0 is empty
    int64_t time_s;
  } slots[64];
};

// "yyyy-MM-dd HH:mm:ss", 19 bytes, to seconds; false: ask date_parse.
bool scalar_day(struct scalar_days *days, const char *at, int64_t *time_s);
static inline bool scalar_time(struct scalar_days *days, const char *at, int64_t *time_s) {
  const uint64_t head = scalar_word(at), clock = scalar_word(at + 11) ^ UINT64_C(0x30303A30303A3030);
  uint16_t tail;
  memcpy(&tail, at + 8, sizeof tail);
  const unsigned slot = ((unsigned)at[8] & 3) << 4 | ((unsigned)at[9] & 15);
  const uint64_t ones = UINT64_C(0x0101010101010101);
  const unsigned hour = (unsigned)(clock & 255) * 10 + (unsigned)(clock >> 8 & 255);
  const unsigned minute = (unsigned)(clock >> 24 & 255) * 10 + (unsigned)(clock >> 32 & 255);
  const unsigned second = (unsigned)(clock >> 48 & 255) * 10 + (unsigned)(clock >> 56);
  if ((((clock + ones * 0x76) | clock) & ones << 7) != 0 || (clock & UINT64_C(0x0000FF0000FF0000)) != 0 || hour > 23 ||
      minute > 59 || second > 59 || (at[10] != ' ' && at[10] != 'T'))
    return false;
  int64_t day_s = days->slots[slot].time_s;
  if (!SCALAR_LIKELY(days->slots[slot].head == head && days->slots[slot].tail == tail) && !scalar_day(days, at, &day_s))
    return false;
  *time_s = day_s + hour * 3600 + minute * 60 + second;
  return true;
}

// The number grammar of JSON, and nothing before or after.
bool scalar_is_number(struct slice text);
// true, false, null.
bool scalar_is_literal(struct slice text);
// A string's inside with its escapes undone; out has room for size bytes, or is NULL for a check only. False: no valid escape,
// or half a surrogate pair; then *size is where.
bool scalar_unescape(struct slice text, char *out, size_t *size);
