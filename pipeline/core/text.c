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

char *text_put_int(char *to, int64_t value) {
  char digits[2 * TEXT_INT_MAX] = {0};
  size_t at = TEXT_INT_MAX;
  uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
  for (; left >= 100; left /= 100) text_put_two(digits + (at -= 2), (unsigned)(left % 100));
  if (left >= 10) text_put_two(digits + (at -= 2), (unsigned)left);
  else digits[--at] = (char)('0' + left);
  if (value < 0) digits[--at] = '-';
  memcpy(to, digits + at, TEXT_INT_MAX);    // always as many: no call
  return to + (TEXT_INT_MAX - at);
}

void text_int(struct text *text, int64_t value) {
  const char *end = text_put_int(text_reserve(text, TEXT_INT_MAX), value);
  text->size = (size_t)(end - text->data);
}

enum { FORMAT_BYTES = 128 };    // enough for most

void text_format(struct text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  text_reserve(text, FORMAT_BYTES);
  const int size = vsnprintf(text->data + text->size, text->capacity - text->size, format, arguments);
  va_end(arguments);
  assert(size >= 0);
  if ((size_t)size >= text->capacity - text->size) {    // the room was too small: once more
    char *to = text_reserve(text, (size_t)size + 1);
    va_start(arguments, format);
    vsnprintf(to, (size_t)size + 1, format, arguments);
    va_end(arguments);
  }
  text->size += (size_t)size;
}

// Whether one of eight bytes does not stand for itself in a JSON string: a control character, quote, backslash or delete.
static bool special(uint64_t word) {
  const uint64_t ones = 0x0101010101010101u, highs = ones << 7;
  // A byte of zero in x gives a high bit in (x - ones) & ~x; below 0x20 likewise with 0x20 in place of one.
  const uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\', delete = word ^ ones * 0x7f;
  return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((delete - ones) & ~delete)) &
         highs;
}

// Copies a text whose bytes all stand for themselves; false when they do not. Words may overlap; short ones are filled up with zeros '0'.
static bool put_plain(char *to, struct slice s) {
  uint64_t word = 0x3030303030303030u;
  if (s.size >= 8) {
    bool any = false;
    for (size_t at = 0; at + 8 <= s.size; at += 8) {
      memcpy(&word, s.data + at, 8);
      memcpy(to + at, &word, 8);
      any |= special(word);
    }
    memcpy(&word, s.data + s.size - 8, 8);
    memcpy(to + s.size - 8, &word, 8);
    return !any && !special(word);
  }
  if (s.size >= 4) {
    uint32_t first, last;
    memcpy(&first, s.data, 4);
    memcpy(&last, s.data + s.size - 4, 4);
    memcpy(to, &first, 4);
    memcpy(to + s.size - 4, &last, 4);
    word = first | (uint64_t)last << 32;
  } else if (s.size > 0) {
    const char bytes[] = {s.data[0], s.data[s.size / 2], s.data[s.size - 1]};
    to[0] = bytes[0];
    to[s.size / 2] = bytes[1];
    to[s.size - 1] = bytes[2];
    memcpy(&word, bytes, sizeof bytes);
  }
  return !special(word);
}

static char *put_escaped(char *to, struct slice s) {
  static const char hex[] = "0123456789abcdef";
  for (size_t i = 0; i < s.size; i++) {
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
  return to;
}

char *text_put_json(char *to, struct slice s) {
  if (s.data == NULL) return text_put(to, SLICE("null"));
  *to++ = '"';
  to = put_plain(to, s) ? to + s.size : put_escaped(to, s);
  *to++ = '"';
  return to;
}

void text_json(struct text *text, struct slice s) {
  const char *end = text_put_json(text_reserve(text, s.size * 6 + TEXT_JSON_EXTRA), s);
  text->size = (size_t)(end - text->data);
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

void text_xml(struct text *text, struct slice s) {
  for (size_t i = 0; i < s.size; i++) {
    switch (s.data[i]) {
      case '&': TEXT_LITERAL(text, "&amp;"); break;
      case '<': TEXT_LITERAL(text, "&lt;"); break;
      case '>': TEXT_LITERAL(text, "&gt;"); break;
      case '"': TEXT_LITERAL(text, "&quot;"); break;
      case '\'': TEXT_LITERAL(text, "&#39;"); break;
      default: {
        const unsigned char c = (unsigned char)s.data[i];
        if (c == '\n') TEXT_LITERAL(text, "&#10;");
        else text_byte(text, c < 0x20 && c != '\t' ? '?' : s.data[i]);
      }
    }
  }
}
