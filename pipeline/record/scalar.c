#include "record/scalar.h"

#define SIXTEEN(byte) byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte
const char scalar_alike[3][16] = {{SIXTEEN('.')}, {SIXTEEN('0')}, {SIXTEEN(9)}};
const char scalar_tens[3][16] = {{10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1},
                                 {100, 0, 1, 0, 100, 0, 1, 0, 100, 0, 1, 0, 100, 0, 1, 0},
                                 {0x10, 0x27, 1, 0, 0x10, 0x27, 1, 0, 0x10, 0x27, 1, 0, 0x10, 0x27, 1, 0}};    // 10,000
const char scalar_clock[4][16] = {{0, 0, 0, 0, 0, 0, 0, 0, '0', '0', ':', '0', '0', ':', '0', '0'},
                                  {-1, -1, -1, -1, -1, -1, -1, -1, 2, 9, 0, 5, 9, 0, 5, 9},
                                  {0, 0, 0, 0, 0, 0, 0, 0, 10, 1, 0, 10, 1, 0, 10, 1},
                                  {0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x0e, 60, 0, 60, 0, 1, 0}};    // 3,600, 60, 60, 1
#define SET(space, rubout) space, -1, '"', -1, -1, -1, -1, -1, -1, -1, -1, -1, '\\', -1, -1, rubout
const char scalar_ends[32] = {SET(-1, -1), SET(-1, -1)};
const char scalar_odd[32] = {SET(' ', 0x7f), SET(' ', 0x7f)};

#define NONE_16 SIXTEEN(128)
#define LETTERS 128, 10, 11, 12, 13, 14, 15, 128, 128, 128, 128, 128, 128, 128, 128, 128
const unsigned char scalar_hexadecimal[256] = {
    NONE_16, NONE_16, NONE_16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 128, 128, 128, 128, 128, 128, LETTERS, NONE_16, LETTERS, NONE_16,
    NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16};

const int32_t scalar_units[8][16] = {
    {1},
    {10, 0, 1},
    {100, 0, 10, 1},
    {1000, 0, 100, 10, 1},
    {10000, 0, 1000, 100, 10, 1},
    {100000, 0, 10000, 1000, 100, 10, 1},
    {1000000, 0, 100000, 10000, 1000, 100, 10, 1},
};
// Of `size` bytes with the point at `point`, moved to the end of 16: the digit at i comes from the byte i - 16 + size, or
// from the one before it when it stands before the point; -128 gives a zero.
#define KEPT(byte) (char)((byte) >= 0 ? (byte) : -128)
#define PLACE(size, point, i) KEPT((i) - 16 + (size) - ((point) != (size) && (i) - 16 + (size) <= (point)))
#define ROW(size, point)                                                                                                  \
  {PLACE(size, point, 0),  PLACE(size, point, 1),  PLACE(size, point, 2),  PLACE(size, point, 3),                         \
   PLACE(size, point, 4),  PLACE(size, point, 5),  PLACE(size, point, 6),  PLACE(size, point, 7),                         \
   PLACE(size, point, 8),  PLACE(size, point, 9),  PLACE(size, point, 10), PLACE(size, point, 11),                        \
   PLACE(size, point, 12), PLACE(size, point, 13), PLACE(size, point, 14), PLACE(size, point, 15)}
#define ROWS(size)                                                                                                        \
  {ROW(size, 0), ROW(size, 1), ROW(size, 2),  ROW(size, 3),  ROW(size, 4),  ROW(size, 5),  ROW(size, 6),  ROW(size, 7),   \
   ROW(size, 8), ROW(size, 9), ROW(size, 10), ROW(size, 11), ROW(size, 12), ROW(size, 13), ROW(size, 14), ROW(size, 15)}
const char scalar_places[18][16][16] = {ROWS(0),  ROWS(1),  ROWS(2),  ROWS(3),  ROWS(4),  ROWS(5),
                                        ROWS(6),  ROWS(7),  ROWS(8),  ROWS(9),  ROWS(10), ROWS(11),
                                        ROWS(12), ROWS(13), ROWS(14), ROWS(15), ROWS(16), {ROW(16, 16)}};

#define AMOUNT(size)                                                                                                      \
  {KEPT((size) - 9), KEPT((size) - 8), KEPT((size) - 7), KEPT((size) - 6), KEPT((size) - 5), KEPT((size) - 4),            \
   (size) - 2,       (size) - 1,       -128,             -128,             -128,             -128,                        \
   -128,             -128,             -128,             -128}
const char scalar_amounts[6][16] = {AMOUNT(4), AMOUNT(5), AMOUNT(6), AMOUNT(7), AMOUNT(8), AMOUNT(9)};
const int32_t scalar_least[6] = {0, 1000, 10000, 100000, 1000000, 10000000};

void scalar_learn_day(struct scalar_days *days, const char *at) {
  int64_t time_s;
  if (!date_parse((struct slice){at, 10}, &time_s, NULL)) return;
  const uint64_t date = scalar_word(at + 3);
  struct scalar_day *day = &days->slots[scalar_day_slot(date)];
  *day = (struct scalar_day){scalar_word(at), date, time_s};
}

static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

static const char *digits_end(const char *at, const char *end) {
  while (at < end && is_digit(*at)) at++;
  return at;
}

bool scalar_is_number(struct slice text) {
  const char *at = text.data, *end = text.data + text.size;
  if (at < end && *at == '-') at++;
  const char *whole = at;
  at = digits_end(at, end);
  if (at == whole || (*whole == '0' && at - whole > 1)) return false;
  if (at < end && *at == '.') {
    const char *fraction = ++at;
    at = digits_end(at, end);
    if (at == fraction) return false;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    const char *exponent = at;
    at = digits_end(at, end);
    if (at == exponent) return false;
  }
  return at == end;
}

bool scalar_is_literal(struct slice text) {
  return slice_equal(text, SLICE("null")) || slice_equal(text, SLICE("true")) || slice_equal(text, SLICE("false"));
}

// Four hexadecimal digits, or -1.
static int32_t hex4(const char *at, const char *end) {
  if (end - at < 4) return -1;
  int32_t value = 0;
  for (unsigned i = 0; i < 4; i++) {
    const unsigned digit = scalar_hexadecimal[(unsigned char)at[i]];
    if (digit > 15) return -1;
    value = value * 16 + (int32_t)digit;
  }
  return value;
}

static size_t put_utf8(char *out, uint32_t point) {
  const unsigned extra = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
  out[0] = (char)(lead[extra] | point >> (6 * extra));
  for (unsigned i = 1; i <= extra; i++) out[i] = (char)(0x80 | (point >> (6 * (extra - i)) & 0x3f));
  return extra + 1;
}

bool scalar_unescape(struct slice text, char *out, size_t *size) {
  static const char short_forms[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const char *at = text.data, *end = text.data + text.size;
  size_t written = 0;
  while (at < end) {
    if (*at != '\\') {
      if (out != NULL) out[written] = *at;
      written++, at++;
      continue;
    }
    const char *escape = at++;
    const char *form = at < end && *at != '\0' ? strchr(short_forms, *at) : NULL;
    char bytes[4];
    size_t count = 1;
    if (form != NULL) {
      bytes[0] = meanings[form - short_forms];
      at++;
    } else {
      int32_t point = at < end && *at == 'u' ? hex4(at + 1, end) : -1;
      at += 5;
      if (point >= 0xd800 && point < 0xdc00) {
        const int32_t low = end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? hex4(at + 2, end) : -1;
        point = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00) : -1;
        at += 6;
      } else if (point >= 0xdc00 && point < 0xe000) {
        point = -1;
      }
      if (point < 0) {
        *size = (size_t)(escape - text.data);
        return false;
      }
      count = put_utf8(bytes, (uint32_t)point);
    }
    if (out != NULL) memcpy(out + written, bytes, count);
    written += count;
  }
  *size = written;
  return true;
}
