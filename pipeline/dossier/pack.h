// Bytes of a dossier: variable-length integers and densely packed texts, written to a text, read with every bound checked.
//
//   unsigned   7 bits a byte, least first, high bit = more follows            0..127 take one byte
//   signed     zigzag, then as unsigned                                       -64..63 take one byte
//   text       unsigned head = (size + 1) << 2 | form, then the bytes; head 0 = absent
//              form 0 raw; 1 digits, two a byte; 2 A-Z 0-9 . - _ x, three in two bytes
//
// Ids and codes of the field are mostly digits or capitals, so a 15-digit item code takes 9 bytes and a 23-character drug code 17.
// A reader never reads past its end: from the first damage on it returns zeros and `bad` is set. Texts that are packed are unpacked into
// the arena.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/text.h"

// Into memory that has room: PACK_NUMBER_MAX bytes for a number, its size and PACK_TEXT_EXTRA for a text. They return the end.
enum { PACK_NUMBER_MAX = 10, PACK_TEXT_EXTRA = 12 };
static inline char *pack_put_unsigned(char *to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = (char)(value | 0x80);
    value >>= 7;
  }
  *to++ = (char)value;
  return to;
}
static inline char *pack_put_signed(char *to, int64_t value) {
  return pack_put_unsigned(to, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}
char *pack_put_text(char *to, struct slice s);

void pack_unsigned(struct text *out, uint64_t value);
void pack_signed(struct text *out, int64_t value);
void pack_text(struct text *out, struct slice s);
void pack_u64(struct text *out, uint64_t value);    // 8 bytes, little endian
void pack_bytes(struct text *out, const void *bytes, size_t size);

struct unpack {
  const unsigned char *at, *end;
  bool bad;
};

static inline struct unpack unpack_from(struct slice s) {
  const unsigned char *begin = (const unsigned char *)(s.data != NULL ? s.data : "");
  return (struct unpack){begin, begin + s.size, false};
}
static inline size_t unpack_left(const struct unpack *in) { return (size_t)(in->end - in->at); }
uint64_t unpack_unsigned_long(struct unpack *in);
static inline uint64_t unpack_unsigned(struct unpack *in) {
  if (in->at < in->end && *in->at < 0x80) return *in->at++;
  return unpack_unsigned_long(in);
}
static inline int64_t unpack_signed(struct unpack *in) {
  const uint64_t value = unpack_unsigned(in);
  return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}
uint64_t unpack_u64(struct unpack *in);
struct slice unpack_text(struct unpack *in, struct arena *arena);
void unpack_skip_text(struct unpack *in);
struct slice unpack_bytes(struct unpack *in, size_t size);    // borrowed
