// A growing run of bytes that output is written to: JSON lines, tables, messages.
//
// Appending never fails (see memory.h). Clear keeps the memory. Not thread-safe: one text, one owner.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/slice.h"

struct text {
  char *data;
  size_t size;
  size_t capacity;
};

void text_fini(struct text *text);
static inline void text_clear(struct text *text) { text->size = 0; }
static inline struct slice text_slice(const struct text *text) { return (struct slice){text->data, text->size}; }

void text_grow(struct text *text, size_t size);
// Room for size more bytes; returns where they go. The caller adds to text->size what it wrote.
static inline char *text_reserve(struct text *text, size_t size) {
  if (text->capacity - text->size < size) text_grow(text, size);
  return text->data + text->size;
}
static inline void text_append(struct text *text, struct slice s) {
  if (s.size == 0) return;
  memcpy(text_reserve(text, s.size), s.data, s.size);
  text->size += s.size;
}
static inline void text_byte(struct text *text, char byte) {
  *text_reserve(text, 1) = byte;
  text->size++;
}
// Into memory that has room, for what is written once per record; they return the end. Room: TEXT_INT_MAX bytes for a number, TEXT_JSON_EXTRA
// and six for each byte of a JSON string.
enum { TEXT_INT_MAX = 20, TEXT_JSON_EXTRA = 8 };
char *text_put_int(char *to, int64_t value);
static inline char *text_put_two(char *to, unsigned value) {    // two digits, 0..99
  static const char digits[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
                               "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
  memcpy(to, digits + 2 * value, 2);
  return to + 2;
}
char *text_put_json(char *to, struct slice s);
static inline char *text_put(char *to, struct slice s) {
  memcpy(to, s.data, s.size);
  return to + s.size;
}

void text_int(struct text *text, int64_t value);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The bytes as a JSON string with its quotes; they must be UTF-8. An absent slice is written as null.
void text_json(struct text *text, struct slice s);
// The text for an XML or HTML element or a quoted attribute: & < > " ' as entities, line feeds as &#10;, which attributes
// need, other control characters as '?'.
void text_xml(struct text *text, struct slice s);
void text_hex(struct text *text, const void *bytes, size_t size);

#define TEXT_LITERAL(text, literal) text_append((text), SLICE(literal))
