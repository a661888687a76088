#include "core/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/memory.h"

void text_fini(struct text *text) {
  memory_free(text->data);
  *text = (struct text){0};
}

void text_grow(struct text *text, size_t size) {
  size_t capacity = text->capacity < 256 ? 256 : text->capacity * 2;
  while (capacity - text->size < size) capacity *= 2;
  text->data = memory_resize(text->data, capacity);
  text->capacity = capacity;
}

void text_int(struct text *text, int64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
  do {
    digits[--at] = (char)('0' + left % 10);
    left /= 10;
  } while (left != 0);
  if (value < 0) text_byte(text, '-');
  text_append(text, (struct slice){digits + at, sizeof digits - at});
}

void text_format(struct text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  assert(size >= 0);
  char *to = text_reserve(text, (size_t)size + 1);
  va_start(arguments, format);
  vsnprintf(to, (size_t)size + 1, format, arguments);
  va_end(arguments);
  text->size += (size_t)size;
}

// Bytes at the front of s, a multiple of eight, that stand for themselves in a JSON string.
static size_t plain_bytes(struct slice s) {
  const uint64_t ones = 0x0101010101010101u, highs = ones << 7;
  size_t at = 0;
  for (; at + 8 <= s.size; at += 8) {
    uint64_t word;
    memcpy(&word, s.data + at, 8);
    // A byte of zero in x gives a high bit in (x - ones) & ~x; below 0x20 likewise with 0x20 in place of one.
    const uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\', delete = word ^ ones * 0x7f;
    const uint64_t special = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
                             ((delete - ones) & ~delete);
    if (special & highs) break;
  }
  return at;
}

void text_json(struct text *text, struct slice s) {
  static const char hex[] = "0123456789abcdef";
  if (s.data == NULL) {
    TEXT_LITERAL(text, "null");
    return;
  }
  char *to = text_reserve(text, s.size * 6 + 2);
  *to++ = '"';
  const size_t plain = plain_bytes(s);
  memcpy(to, s.data, plain);
  to += plain;
  for (size_t i = plain; i < s.size; i++) {
    const unsigned char byte = (unsigned char)s.data[i];
    if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) {
      *to++ = (char)byte;
    } else if (byte == '"' || byte == '\\') {
      *to++ = '\\';
      *to++ = (char)byte;
    } else if (byte == '\n') {
      *to++ = '\\';
      *to++ = 'n';
    } else {
      memcpy(to, "\\u00", 4);
      to[4] = hex[byte >> 4];
      to[5] = hex[byte & 15];
      to += 6;
    }
  }
  *to++ = '"';
  text->size = (size_t)(to - text->data);
}

void text_hex(struct text *text, const void *bytes, size_t size) {
  static const char hex[] = "0123456789abcdef";
  char *to = text_reserve(text, size * 2);
  for (size_t i = 0; i < size; i++) {
    const unsigned char byte = ((const unsigned char *)bytes)[i];
    to[2 * i] = hex[byte >> 4];
    to[2 * i + 1] = hex[byte & 15];
  }
  text->size += size * 2;
}
