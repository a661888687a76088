// A slice is a borrowed run of bytes: a pointer and a size, never NUL-terminated and never owned.
//
// Whoever hands out a slice says how long it lives: most often the batch (see arena.h) or the program.
// An absent value is a slice whose data is NULL; an empty text has data and size 0.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
  const char *data;
  size_t size;
};

// A slice of a string literal.
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
#define SLICE_NONE ((struct slice){NULL, 0})
// For printf: "%.*s", SLICE_ARG(s). At most INT_MAX bytes are printed.
#define SLICE_ARG(s) (int)(s).size, (s).data ? (s).data : ""

static inline struct slice slice_from(const char *text) {
  return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_present(struct slice s) { return s.data != NULL; }

// Bytes that differ between a and b at one place, eight or four of them, as a number that is not zero.
static inline uint64_t slice_differ8(const char *a, const char *b) {
  uint64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return x ^ y;
}
static inline uint32_t slice_differ4(const char *a, const char *b) {
  uint32_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return x ^ y;
}

// Whether size bytes are the same. Codes and ids are short: loads that overlap cover them without a call and without a loop.
static inline bool slice_same(const char *a, const char *b, size_t size) {
  if (size > 32) return memcmp(a, b, size) == 0;
  if (size >= 8) {
    const size_t second = size >= 16 ? 8 : 0;
    return (slice_differ8(a, b) | slice_differ8(a + second, b + second) |
            slice_differ8(a + size - 8 - second, b + size - 8 - second) | slice_differ8(a + size - 8, b + size - 8)) == 0;
  }
  if (size >= 4) return (slice_differ4(a, b) | slice_differ4(a + size - 4, b + size - 4)) == 0;
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

static inline bool slice_equal(struct slice a, struct slice b) { return a.size == b.size && slice_same(a.data, b.data, a.size); }

// The size and the last bytes as a number: where one looks first for codes, which differ at their ends. Not a hash.
static inline uint64_t slice_tail(struct slice s) {
  uint64_t value = s.size;
  if (s.size >= 8) {
    memcpy(&value, s.data + s.size - 8, 8);
  } else if (s.size >= 4) {
    uint32_t first, last;
    memcpy(&first, s.data, 4);
    memcpy(&last, s.data + s.size - 4, 4);
    value = first | (uint64_t)last << 32;
  } else {
    for (size_t i = 0; i < s.size; i++) value = value << 8 | (unsigned char)s.data[i];
  }
  return value;
}

// Byte order, shorter first when one is the other's beginning: <0, 0, >0.
static inline int slice_compare(struct slice a, struct slice b) {
  const size_t size = a.size < b.size ? a.size : b.size;
  const int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool slice_starts_with(struct slice s, struct slice beginning) {
  return s.size >= beginning.size && slice_same(s.data, beginning.data, beginning.size);
}
