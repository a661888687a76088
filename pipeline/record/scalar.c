#include "record/scalar.h"

#define SIXTEEN(byte) byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte
const char scalar_backslashes[32] = {SIXTEEN('\\'), SIXTEEN('\\')};
const char scalar_alike[3][16] = {{SIXTEEN('.')}, {SIXTEEN('0')}, {SIXTEEN(9)}};
#define ODD ' ', -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, '\\', -1, -1, 0x7f
const char scalar_odd[32] = {ODD, ODD};

const int32_t scalar_units[8][16] = {
    {1},
    {10, 0, 1},
    {100, 0, 10, 1},
    {1000, 0, 100, 10, 1},
    {10000, 0, 1000, 100, 10, 1},
    {100000, 0, 10000, 1000, 100, 10, 1},
    {1000000, 0, 100000, 10000, 1000, 100, 10, 1},
};
// 16 places that give zeros, then the first 16 bytes.
const char scalar_slide[32] = {SIXTEEN(-128), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
// By the bytes from the point on: which of 16 bytes stand behind it. Without a point all do.
const char scalar_behind[17][16] = {
    {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
};

bool scalar_day(struct scalar_days *days, const char *at, int64_t *time_s) {
  if (!date_parse((struct slice){at, 10}, time_s, NULL)) return false;
  const unsigned slot = ((unsigned)at[8] & 3) << 4 | ((unsigned)at[9] & 15);
  days->slots[slot].head = scalar_word(at);
  memcpy(&days->slots[slot].tail, at + 8, sizeof days->slots[slot].tail);
  days->slots[slot].time_s = *time_s;
  return true;
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
    const char byte = at[i];
    const int digit = is_digit(byte) ? byte - '0'
                      : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                      : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
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
