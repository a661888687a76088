#include "record/money.h"

#include <assert.h>

static const int64_t tens[] = {1,           10,           100,           1000,           10000,
                               100000,      1000000,      10000000,      100000000,      1000000000,
                               10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
                               1000000000000000, 10000000000000000};
enum { TENS = sizeof tens / sizeof tens[0], DIGITS_MAX = 16 };

bool money_parse(struct slice text, unsigned scale, int64_t *out) {
  assert(scale < TENS);
  const char *at = text.data, *end = text.data + text.size;
  const bool negative = at < end && *at == '-';
  at += negative;
  const char *whole = at;
  int64_t value = 0;
  const int64_t limit = tens[DIGITS_MAX] - 1;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    value = value * 10 + (*at - '0');
    if (value > limit) return false;
  }
  if (at == whole) return false;
  unsigned fraction = 0;
  if (at < end && *at == '.') {
    const char *point = at++;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
      if (fraction < scale) {
        value = value * 10 + (*at - '0');
        fraction++;
        if (value > limit) return false;
      } else if (*at != '0') {
        return false;
      }
    }
    if (at == point + 1) return false;
  }
  if (at != end || value > limit / tens[scale - fraction]) return false;
  value *= tens[scale - fraction];
  *out = negative ? -value : value;
  return true;
}

// round_half_up(a x b / whole), away from zero, held inside int64. Small products, which are nearly all, need no 128-bit division.
static int64_t product_over(int64_t a, int64_t b, int64_t whole) {
  const int64_t half = whole / 2;
  int64_t narrow;
  if (!__builtin_mul_overflow(a, b, &narrow) && narrow > -(INT64_MAX - whole) && narrow < INT64_MAX - whole) {
    const int64_t quotient = narrow / whole, rest = narrow % whole;
    if (rest >= 0) return quotient + (rest >= whole - half);
    return quotient - (-rest >= whole - half);
  }
  __extension__ const __int128 wide = (__int128)a * b;
  __extension__ __int128 quotient = wide / whole;
  const int64_t rest = (int64_t)(wide % whole);
  if (rest >= 0) quotient += rest >= whole - half;
  else quotient -= -rest >= whole - half;
  if (quotient > INT64_MAX) return INT64_MAX;
  return quotient < -INT64_MAX ? -INT64_MAX : (int64_t)quotient;
}

int64_t money_product_fen(int64_t cnt, int64_t pric) {
  return product_over(cnt, pric, tens[MONEY_COUNT + MONEY_PRICE - MONEY_FEN]);
}

int64_t money_share(int64_t amount, int64_t part, int64_t whole) {
  assert(whole > 0);
  return product_over(amount, part, whole);
}

// The digits after the point, `digits` of them.
static void write_fraction(struct text *out, uint64_t fraction, unsigned digits) {
  char *to = text_reserve(out, digits);
  for (unsigned i = digits; i > 0; i--, fraction /= 10) to[i - 1] = (char)('0' + fraction % 10);
  out->size += digits;
}

// Writes the sign and the part before the point; returns the magnitude of the rest.
static uint64_t write_whole(struct text *out, int64_t value, unsigned scale) {
  const uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value, unit = (uint64_t)tens[scale];
  if (value < 0) text_byte(out, '-');
  text_int(out, (int64_t)(magnitude / unit));
  return magnitude % unit;
}

char *money_put_fen(char *to, int64_t fen) {
  const uint64_t magnitude = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
  if (fen < 0) *to++ = '-';
  to = text_put_int(to, (int64_t)(magnitude / 100));
  *to++ = '.';
  *to++ = (char)('0' + magnitude / 10 % 10);
  *to++ = (char)('0' + magnitude % 10);
  return to;
}

void money_write_fen(struct text *out, int64_t fen) {
  const char *end = money_put_fen(text_reserve(out, MONEY_TEXT_MAX), fen);
  out->size = (size_t)(end - out->data);
}

void money_write_scaled(struct text *out, int64_t value, unsigned scale) {
  assert(scale < TENS);
  uint64_t rest = write_whole(out, value, scale);
  if (rest == 0) return;
  for (; rest % 10 == 0; scale--) rest /= 10;
  text_byte(out, '.');
  write_fraction(out, rest, scale);
}
