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

// Room for size more bytes; returns where they go. The caller adds to text->size what it wrote.
char *text_reserve(struct text *text, size_t size);
void text_append(struct text *text, struct slice s);
void text_byte(struct text *text, char byte);
void text_int(struct text *text, int64_t value);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The bytes as a JSON string with its quotes; they must be UTF-8. An absent slice is written as null.
void text_json(struct text *text, struct slice s);
void text_hex(struct text *text, const void *bytes, size_t size);

#define TEXT_LITERAL(text, literal) text_append((text), SLICE(literal))
