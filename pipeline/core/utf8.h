// UTF-8, one character at a time: what a person counts as a column, and what a terminal shows as one or two.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

// The character at the start of s and its bytes; size 0 when the bytes are no UTF-8 (or s is empty). Overlong forms, surrogates
// and values above U+10FFFF are no UTF-8.
static inline uint32_t utf8_first(struct slice s, unsigned *size) {
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  *size = 0;
  if (s.size == 0) return 0;
  const unsigned char lead = (unsigned char)s.data[0];
  if (lead < 0x80) {
    *size = 1;
    return lead;
  }
  const unsigned length = lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0;
  if (length == 0 || length > s.size) return 0;
  uint32_t code = lead & (0xffU >> (length + 1));
  for (unsigned i = 1; i < length; i++) {
    if (((unsigned char)s.data[i] & 0xc0) != 0x80) return 0;
    code = code << 6 | ((unsigned char)s.data[i] & 0x3fU);
  }
  if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0;
  *size = length;
  return code;
}

// Bytes of s before the first one that is no UTF-8; s.size when all is well.
static inline size_t utf8_valid(struct slice s) {
  size_t at = 0;
  while (at < s.size) {
    uint64_t eight;
    if (at + 8 <= s.size && (memcpy(&eight, s.data + at, 8), (eight & 0x8080808080808080U) == 0)) {
      at += 8;
      continue;
    }
    unsigned size;
    utf8_first((struct slice){s.data + at, s.size - at}, &size);
    if (size == 0) return at;
    at += size;
  }
  return at;
}

// The longest beginning of at most size bytes that does not cut a character.
static inline struct slice utf8_cut(struct slice s, size_t size) {
  if (s.size <= size) return s;
  while (size > 0 && ((unsigned char)s.data[size] & 0xc0) == 0x80) size--;
  return (struct slice){s.data, size};
}

// Columns of a terminal: 0 combining, 2 for wide East Asian characters, else 1.
static inline unsigned utf8_columns(uint32_t code) {
  static const struct { uint32_t first, last; unsigned columns; } ranges[] = {
      {0x0300, 0x036f, 0},   {0x1100, 0x115f, 2},   {0x200b, 0x200f, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},
      {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},
      {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2}};
  for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0] && code >= ranges[i].first; i++)
    if (code <= ranges[i].last) return ranges[i].columns;
  return 1;
}

// Columns of a whole text; a byte that is no UTF-8 takes one.
static inline size_t utf8_width(struct slice s) {
  size_t columns = 0;
  for (size_t at = 0; at < s.size;) {
    unsigned size;
    const uint32_t code = utf8_first((struct slice){s.data + at, s.size - at}, &size);
    columns += size > 0 ? utf8_columns(code) : 1;
    at += size > 0 ? size : 1;
  }
  return columns;
}
