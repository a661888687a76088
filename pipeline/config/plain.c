#include "config/plain.h"

#include <stdbool.h>

const char *plain_reading(struct slice s) {
  static const struct { const char *word, *reading; } words[] = {
      {"~", "nothing"}, {"null", "nothing"}, {"y", "true"}, {"yes", "true"}, {"on", "true"}, {"true", "true"},
      {"n", "false"},   {"no", "false"},     {"off", "false"}, {"false", "false"}, {".inf", "a number"}, {".nan", "a number"},
      {"+.inf", "a number"}, {"-.inf", "a number"}, {"=", "a default value"}};
  if (s.size == 0) return "nothing";
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (s.size == strlen(words[i].word) && strncasecmp(s.data, words[i].word, s.size) == 0) return words[i].reading;
  // A number in any dress: 010, 1_000, 1,000, +5, 0x1f, 0o17, 0b1, .5, 5., 1e3, 12:30.
  size_t at = s.data[0] == '-' || s.data[0] == '+', digits = 0;
  if (at + 2 < s.size && s.data[at] == '0' && strchr("xXoObB", s.data[at + 1]) != NULL) {
    size_t rest = at + 2;
    while (rest < s.size && (strchr("0123456789abcdefABCDEF_", s.data[rest]) != NULL)) rest++;
    if (rest == s.size) return "a number";
  }
  for (; at < s.size; at++) {
    const char c = s.data[at];
    if (c >= '0' && c <= '9') digits++;
    else if ((c == 'e' || c == 'E') && digits > 0) break;
    else if (strchr("_,.:", c) == NULL) return NULL;
  }
  if (digits == 0) return NULL;
  if (at == s.size) {    // 1.2.3 is a text everywhere
    const char *point = memchr(s.data, '.', s.size);
    return point != NULL && memchr(point + 1, '.', (size_t)(s.data + s.size - point) - 1) != NULL ? NULL : "a number";
  }
  at++;
  if (at < s.size && (s.data[at] == '-' || s.data[at] == '+')) at++;
  const size_t exponent = at;
  while (at < s.size && s.data[at] >= '0' && s.data[at] <= '9') at++;
  return at == s.size && at > exponent ? "a number" : NULL;
}

enum plain_fault plain_number(struct slice s, unsigned scale, int64_t *out) {
  size_t at = s.size > 0 && s.data[0] == '-';
  const bool negative = at == 1;
  const size_t whole = at;
  int64_t value = 0;
  unsigned fraction = 0;
  bool large = false, point = false;
  for (; at < s.size; at++) {
    if (s.data[at] == '.' && !point && at > whole && at + 1 < s.size) {
      point = true;
      continue;
    }
    if (s.data[at] < '0' || s.data[at] > '9') return PLAIN_SHAPE;
    fraction += point;
    large = large || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, s.data[at] - '0', &value);
  }
  if (at == whole) return PLAIN_SHAPE;
  if (s.data[whole] == '0' && whole + 1 < s.size && s.data[whole + 1] != '.') return PLAIN_ZEROS;
  if (fraction > scale) return point && scale == 0 ? PLAIN_SHAPE : PLAIN_DIGITS;
  for (; fraction < scale; fraction++) large = large || __builtin_mul_overflow(value, 10, &value);
  if (large) return PLAIN_LARGE;
  *out = negative ? -value : value;
  return PLAIN_FINE;
}
