// A slice is a borrowed run of bytes: a pointer and a size, never NUL-terminated and never owned.
//
// Whoever hands out a slice says how long it lives: most often the batch (see arena.h) or the program.
// An absent value is a slice whose data is NULL; an empty text has data and size 0.
#pragma once

#include <stdbool.h>
#include <stddef.h>
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

static inline bool slice_equal(struct slice a, struct slice b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

// Byte order, shorter first when one is the other's beginning: <0, 0, >0.
static inline int slice_compare(struct slice a, struct slice b) {
  const size_t size = a.size < b.size ? a.size : b.size;
  const int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool slice_starts_with(struct slice s, struct slice beginning) {
  return s.size >= beginning.size && (beginning.size == 0 || memcmp(s.data, beginning.data, beginning.size) == 0);
}
