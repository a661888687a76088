#include "dossier/pack.h"

enum { FORM_RAW, FORM_DIGITS, FORM_CAPITALS };

static const char capitals[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_x";    // its end is what damaged bytes may name
// Place in `capitals` plus one; 0: not in it.
static const unsigned char capital_place[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['G'] = 17, ['H'] = 18, ['I'] = 19, ['J'] = 20,
    ['K'] = 21, ['L'] = 22, ['M'] = 23, ['N'] = 24, ['O'] = 25, ['P'] = 26, ['Q'] = 27, ['R'] = 28, ['S'] = 29, ['T'] = 30,
    ['U'] = 31, ['V'] = 32, ['W'] = 33, ['X'] = 34, ['Y'] = 35, ['Z'] = 36, ['.'] = 37, ['-'] = 38, ['_'] = 39, ['x'] = 40};

void pack_unsigned(struct text *out, uint64_t value) {
  char *to = pack_put_unsigned(text_reserve(out, PACK_NUMBER_MAX), value);
  out->size = (size_t)(to - out->data);
}

void pack_signed(struct text *out, int64_t value) { pack_unsigned(out, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63)); }

void pack_u64(struct text *out, uint64_t value) {
  char *to = text_reserve(out, 8);
  for (unsigned i = 0; i < 8; i++) to[i] = (char)(value >> (8 * i));
  out->size += 8;
}

void pack_bytes(struct text *out, const void *bytes, size_t size) {
  text_append(out, (struct slice){bytes, size});
}

// Eight digits, first in the lowest byte, and the same packed, two a byte. Both say whether all of them are digits.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first of eight bytes is the lowest");
static const uint64_t zeros = 0x3030303030303030u, sixes = 0x0606060606060606u, high_halves = 0xf0f0f0f0f0f0f0f0u;

static bool pack_eight(char *to, const char *digits) {
  uint64_t word;
  memcpy(&word, digits, 8);
  word ^= zeros;
  const bool good = ((word | (word + sixes)) & high_halves) == 0;
  word = (word << 4 | word >> 8) & 0x00ff00ff00ff00ffu;
  word = (word | word >> 8) & 0x0000ffff0000ffffu;
  const uint32_t packed = (uint32_t)(word | word >> 16);
  memcpy(to, &packed, 4);
  return good;
}

static bool unpack_eight(char *to, const unsigned char *packed) {
  uint32_t half;
  memcpy(&half, packed, 4);
  uint64_t word = half;
  word = (word | word << 16) & 0x0000ffff0000ffffu;
  word = (word | word << 8) & 0x00ff00ff00ff00ffu;
  word = (word >> 4 & 0x000f000f000f000fu) | (word & 0x000f000f000f000fu) << 8;
  const bool good = ((word + sixes) & high_halves) == 0;
  word |= zeros;
  memcpy(to, &word, 8);
  return good;
}

// Write a text in a dense form; return the end, or NULL when a character does not fit the form. They look at all of it and decide at
// the end: a loop without a way out is what processors like.
static char *pack_digits(char *to, struct slice s) {
  bool bad = false;
  size_t i = 0;
  for (; i + 8 <= s.size; i += 8, to += 4) bad |= !pack_eight(to, s.data + i);
  for (; i + 2 <= s.size; i += 2) {
    const unsigned first = (unsigned)(unsigned char)s.data[i] - '0', second = (unsigned)(unsigned char)s.data[i + 1] - '0';
    bad |= (first > 9) | (second > 9);
    *to++ = (char)(first << 4 | second);
  }
  if (s.size % 2 == 1) {
    const unsigned last = (unsigned)(unsigned char)s.data[s.size - 1] - '0';
    bad |= last > 9;
    *to++ = (char)(last << 4);
  }
  return bad ? NULL : to;
}

static unsigned capital(char c) { return (unsigned)capital_place[(unsigned char)c] - 1; }

static char *put_capitals(char *to, unsigned a, unsigned b, unsigned c) {
  const unsigned value = a * 1600 + b * 40 + c;
  to[0] = (char)(value >> 8);
  to[1] = (char)value;
  return to + 2;
}

static char *pack_capitals(char *to, struct slice s) {
  unsigned bad = 0;    // a place that is none has its high bits set
  size_t i = 0;
  for (; i + 3 <= s.size; i += 3) {
    const unsigned a = capital(s.data[i]), b = capital(s.data[i + 1]), c = capital(s.data[i + 2]);
    bad |= a | b | c;
    to = put_capitals(to, a, b, c);
  }
  if (i < s.size) {
    const unsigned a = capital(s.data[i]), b = i + 1 < s.size ? capital(s.data[i + 1]) : 0;
    bad |= a | b;
    to = put_capitals(to, a, b, 0);
  }
  return bad < 64 ? to : NULL;
}

char *pack_put_text(char *to, struct slice s) {
  if (s.data == NULL) return pack_put_unsigned(to, 0);
  const uint64_t head = (uint64_t)(s.size + 1) << 2;
  char *end = NULL;
  if (s.size == 0 || (s.data[0] >= '0' && s.data[0] <= '9')) end = pack_digits(pack_put_unsigned(to, head | FORM_DIGITS), s);
  if (end == NULL) end = pack_capitals(pack_put_unsigned(to, head | FORM_CAPITALS), s);
  if (end != NULL) return end;
  end = pack_put_unsigned(to, head | FORM_RAW);
  if (s.size > 0) memcpy(end, s.data, s.size);
  return end + s.size;
}

void pack_text(struct text *out, struct slice s) {
  const char *end = pack_put_text(text_reserve(out, s.size + PACK_TEXT_EXTRA), s);
  out->size = (size_t)(end - out->data);
}

static void damage(struct unpack *in) {
  in->bad = true;
  in->at = in->end;
}

uint64_t unpack_unsigned_long(struct unpack *in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
    const unsigned char byte = *in->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  damage(in);
  return 0;
}

uint64_t unpack_u64(struct unpack *in) {
  if (unpack_left(in) < 8) {
    damage(in);
    return 0;
  }
  uint64_t value = 0;
  for (unsigned i = 0; i < 8; i++) value |= (uint64_t)in->at[i] << (8 * i);
  in->at += 8;
  return value;
}

struct slice unpack_bytes(struct unpack *in, size_t size) {
  if (unpack_left(in) < size) {
    damage(in);
    return SLICE_NONE;
  }
  const struct slice s = {(const char *)in->at, size};
  in->at += size;
  return s;
}

// The head of a text: its size, form and packed size. False when absent or damaged.
static bool text_head(struct unpack *in, size_t *size, unsigned *form, size_t *packed) {
  const uint64_t head = unpack_unsigned(in);
  if (head < 4) {
    if (head != 0) damage(in);
    return false;
  }
  const uint64_t length = (head >> 2) - 1;
  *form = (unsigned)(head & 3);
  if (length > UINT32_MAX || *form > FORM_CAPITALS) {
    damage(in);
    return false;
  }
  *size = (size_t)length;
  *packed = *form == FORM_RAW ? *size : *form == FORM_DIGITS ? (*size + 1) / 2 : (*size + 2) / 3 * 2;
  if (*packed > unpack_left(in)) {
    damage(in);
    return false;
  }
  return true;
}

void unpack_skip_text(struct unpack *in) {
  size_t size, packed;
  unsigned form;
  if (text_head(in, &size, &form, &packed)) in->at += packed;
}

struct slice unpack_text(struct unpack *in, struct arena *arena) {
  size_t size, packed;
  unsigned form;
  if (!text_head(in, &size, &form, &packed)) return SLICE_NONE;
  const unsigned char *from = in->at;
  in->at += packed;
  if (form == FORM_RAW) return (struct slice){(const char *)from, size};
  char *to = arena_take(arena, size + 3);
  if (form == FORM_DIGITS) {
    bool bad = false;
    size_t i = 0;
    for (; i + 8 <= size; i += 8, from += 4) bad |= !unpack_eight(to + i, from);
    for (; i < size; i += 2, from++) {
      bad |= ((*from >> 4) > 9) | ((*from & 15) > 9);
      to[i] = (char)('0' + (*from >> 4));
      to[i + 1] = (char)('0' + (*from & 15));
    }
    if (bad) {
      damage(in);
      return SLICE_NONE;
    }
  } else {
    bool bad = false;
    for (size_t i = 0; i < size; i += 3, from += 2) {
      const unsigned value = (unsigned)from[0] << 8 | from[1], first = value / 1600, rest = value % 1600;
      bad |= first >= 40;
      to[i] = capitals[first];
      to[i + 1] = capitals[rest / 40];
      to[i + 2] = capitals[rest % 40];
    }
    if (bad) {
      damage(in);
      return SLICE_NONE;
    }
  }
  return (struct slice){to, size};
}
