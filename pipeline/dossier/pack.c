#include "dossier/pack.h"

enum { FORM_RAW, FORM_DIGITS, FORM_CAPITALS };

static const char capitals[40] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_x";
// Place in `capitals` plus one; 0: not in it.
static const unsigned char capital_place[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['G'] = 17, ['H'] = 18, ['I'] = 19, ['J'] = 20,
    ['K'] = 21, ['L'] = 22, ['M'] = 23, ['N'] = 24, ['O'] = 25, ['P'] = 26, ['Q'] = 27, ['R'] = 28, ['S'] = 29, ['T'] = 30,
    ['U'] = 31, ['V'] = 32, ['W'] = 33, ['X'] = 34, ['Y'] = 35, ['Z'] = 36, ['.'] = 37, ['-'] = 38, ['_'] = 39, ['x'] = 40};

void pack_unsigned(struct text *out, uint64_t value) {
  char *to = text_reserve(out, 10);
  while (value >= 0x80) {
    *to++ = (char)(value | 0x80);
    value >>= 7;
  }
  *to++ = (char)value;
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

static unsigned form_of(struct slice s) {
  bool digits = true;
  for (size_t i = 0; i < s.size; i++) {
    const unsigned char place = capital_place[(unsigned char)s.data[i]];
    if (place == 0) return FORM_RAW;
    digits &= place <= 10;
  }
  return digits ? FORM_DIGITS : FORM_CAPITALS;
}

void pack_text(struct text *out, struct slice s) {
  if (s.data == NULL) {
    pack_unsigned(out, 0);
    return;
  }
  const unsigned form = form_of(s);
  pack_unsigned(out, (uint64_t)(s.size + 1) << 2 | form);
  char *to = text_reserve(out, s.size + 2);
  if (form == FORM_RAW) {
    if (s.size > 0) memcpy(to, s.data, s.size);
    to += s.size;
  } else if (form == FORM_DIGITS) {
    for (size_t i = 0; i < s.size; i += 2) {
      const unsigned second = i + 1 < s.size ? (unsigned)(s.data[i + 1] - '0') : 0;
      *to++ = (char)((unsigned)(s.data[i] - '0') << 4 | second);
    }
  } else {
    for (size_t i = 0; i < s.size; i += 3) {
      unsigned value = 0;
      for (size_t j = i; j < i + 3; j++) value = value * 40 + (j < s.size ? capital_place[(unsigned char)s.data[j]] - 1u : 0);
      *to++ = (char)(value >> 8);
      *to++ = (char)value;
    }
  }
  out->size = (size_t)(to - out->data);
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
    for (size_t i = 0; i < size; i += 2, from++) {
      if ((*from >> 4) > 9 || (*from & 15) > 9) {
        damage(in);
        return SLICE_NONE;
      }
      to[i] = (char)('0' + (*from >> 4));
      to[i + 1] = (char)('0' + (*from & 15));
    }
  } else {
    for (size_t i = 0; i < size; i += 3, from += 2) {
      const unsigned value = (unsigned)from[0] << 8 | from[1];
      if (value >= 64000) {
        damage(in);
        return SLICE_NONE;
      }
      to[i] = capitals[value / 1600];
      to[i + 1] = capitals[value / 40 % 40];
      to[i + 2] = capitals[value % 40];
    }
  }
  return (struct slice){to, size};
}
