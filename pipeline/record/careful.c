#include "record/careful.h"

#include "record/money.h"

uint32_t careful_fail(struct walk *w, enum reject reason, size_t offset) {
  w->reason = reason;
  w->offset = offset;
  w->missing = NULL;
  return CAREFUL_FAILED;
}

uint32_t careful_fail_missing(struct walk *w, size_t offset, const char *name) {
  careful_fail(w, REJECT_MISSING_KEY, offset);
  w->missing = name;
  return CAREFUL_FAILED;
}

// The bytes of a scalar, white space around it noted.
struct slice careful_scalar(struct walk *w, uint32_t t) {
  const size_t from = w->tokens[t];
  size_t to = careful_offset(w, t + 1);
  if (careful_is_space(w->bytes[from - 1]) || careful_is_space(w->bytes[to - 1])) w->gaps = true;
  while (careful_is_space(w->bytes[to - 1])) to--;
  return (struct slice){w->bytes + from, to - from};
}

// A string's inside with escapes undone.
bool careful_unescaped(struct walk *w, struct slice text, struct slice *out) {
  *out = text;
  if (text.size == 0 || memchr(text.data, '\\', text.size) == NULL) return true;
  char *to = arena_take(w->arena, text.size);
  size_t size;
  if (!scalar_unescape(text, to, &size)) return careful_fail(w, REJECT_NOT_JSON, (size_t)(text.data - w->bytes) + size);
  *out = (struct slice){to, size};
  return true;
}

// What stands where a string or null should: true and the text, absent for null. loose: a number or a truth may stand there, too.
static bool careful_string(struct walk *w, uint32_t t, bool loose, struct slice *out) {
  const struct slice text = careful_scalar(w, t);
  *out = SLICE_NONE;
  if (loose && text.data[0] != '"' && !slice_equal(text, SLICE("null"))) {
    *out = slice_equal(text, SLICE("true")) ? SLICE("1") : slice_equal(text, SLICE("false")) ? SLICE("0") : text;
    return out->data != text.data || scalar_is_number(text) || careful_fail(w, REJECT_NOT_JSON, w->tokens[t]);
  }
  if (text.data[0] == '"') return careful_unescaped(w, (struct slice){text.data + 1, text.size - 2}, out);
  if (slice_equal(text, SLICE("null"))) return true;
  const bool json = text.data[0] == '{' || text.data[0] == '[' || scalar_is_literal(text) || scalar_is_number(text);
  return careful_fail(w, json ? REJECT_WRONG_TYPE : REJECT_NOT_JSON, w->tokens[t]);
}

static struct slice trimmed(struct slice s) {
  while (s.size > 0 && s.data[0] == ' ') s.data++, s.size--;
  while (s.size > 0 && s.data[s.size - 1] == ' ') s.size--;
  return s;
}

// "", "null" and "-" are absent, and so is nothing but spaces.
static inline struct slice unless_absent(struct slice s) {
  if (UNLIKELY(s.size == 0) || (s.size == 1 && (*s.data == '-' || *s.data == ' ')) ||
      (s.size == 4 && memcmp(s.data, "null", 4) == 0))
    return SLICE_NONE;
  return s;
}

static inline struct slice trimmed_unless_absent(struct slice s) {
  if (s.size > 0 && UNLIKELY((s.data[0] == ' ') | (s.data[s.size - 1] == ' '))) s = trimmed(s);
  return unless_absent(s);
}

static bool has_control(struct slice s) {
  for (size_t i = 0; i < s.size; i++)
    if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7f) return true;
  return false;
}

// A text of token t, in its short form or not; absent too.
static bool text_of(struct walk *w, uint32_t t, bool trim, bool loose, struct slice *out) {
  const char *value = w->bytes + w->tokens[t], *end = w->bytes + careful_offset(w, t + 1);
  if (*value == '"' && scalar_text(value + 1, end)) {
    *out = scalar_inside(value + 1, end);
    return true;
  }
  if (careful_nothing(w, t)) {
    *out = SLICE_NONE;
    return true;
  }
  if (!careful_string(w, t, loose, out)) return false;
  *out = trim ? trimmed_unless_absent(*out) : unless_absent(*out);
  return true;
}

bool careful_text(struct walk *w, uint32_t t, bool trim, struct slice *out) { return text_of(w, t, trim, false, out); }
bool careful_code(struct walk *w, uint32_t t, bool trim, struct slice *out) { return text_of(w, t, trim, w->depth > 1, out); }

bool careful_id(struct walk *w, uint32_t t, uint32_t limit, bool exact, struct slice *out) {
  if (!careful_text(w, t, !exact, out)) return false;
  // As it stands it has no byte below 0x20, and in its short form no DEL.
  const bool in_place = out->data == w->bytes + w->tokens[t] + 1;
  const bool plain = in_place && out->size > 0 && scalar_lacks(out->data, out->size, scalar_odd_32);
  const bool good = plain || !has_control(*out);
  return (out->size <= limit && good) || careful_fail(w, REJECT_BAD_ID, w->tokens[t]);
}

// A number in whatever form: false is a failure; *had is false when absent.
bool careful_number(struct walk *w, uint32_t t, unsigned scale, enum reject wrong, int64_t *out, bool *had) {
  *had = !careful_nothing(w, t);
  if (!*had) return true;
  if (scalar_number(w->bytes + w->tokens[t], w->bytes + careful_offset(w, t + 1), scalar_units[scale], out)) return true;
  struct slice text = careful_scalar(w, t);
  if (!scalar_is_number(text)) {
    if (!careful_string(w, t, false, &text)) return false;
    text = trimmed_unless_absent(text);
    *had = text.data != NULL;
  }
  return !*had || money_parse(text, scale, out) || careful_fail(w, wrong, w->tokens[t]);
}

// A time; *out is DATE_ABSENT when there is none, and *odd when there is a text that is none.
bool careful_any_time(struct walk *w, uint32_t t, int64_t *out, bool *day_only, bool *odd) {
  struct slice text;
  *out = DATE_ABSENT;
  *day_only = *odd = false;
  const char *value = w->bytes + w->tokens[t];
  if (careful_offset(w, t + 1) - w->tokens[t] == 21 && *value == '"' && value[20] == '"') {
    if (scalar_time(&w->days, value + 1, out)) return true;
    scalar_learn_day(&w->days, value + 1);
    if (scalar_time(&w->days, value + 1, out)) return true;
  }
  if (!careful_code(w, t, true, &text)) return false;
  *odd = text.data != NULL && !date_parse(text, out, day_only);
  if (*odd) *out = DATE_ABSENT;
  return true;
}

bool careful_time(struct walk *w, uint32_t t, int64_t *out, bool *day_only) {
  bool odd;
  if (!careful_any_time(w, t, out, day_only, &odd)) return false;
  if (!careful_in_window(w, *out)) {
    *out = DATE_ABSENT;
    *day_only = false;
  }
  return true;
}

static bool check_scalar(struct walk *w, uint32_t t) {
  w->gaps |= careful_spaced(w, t);
  if (careful_nothing(w, t)) return true;
  const struct slice text = careful_scalar(w, t);
  size_t size;
  if (text.data[0] == '"') {
    if (scalar_unescape((struct slice){text.data + 1, text.size - 2}, NULL, &size)) return true;
    return careful_fail(w, REJECT_NOT_JSON, w->tokens[t] + 1 + size);
  }
  return scalar_is_number(text) || scalar_is_literal(text) || careful_fail(w, REJECT_NOT_JSON, w->tokens[t]);
}

// Checks the value at token t, whatever it is; the token after it. A bit for each level says whether it is an array.
uint32_t careful_skip(struct walk *w, uint32_t t) {
  uint64_t arrays[16] = {0};
  uint32_t level = 0;
  for (;;) {
    const char byte = careful_byte(w, t);
    if (byte == '{' || byte == '[') {
      const bool array = byte == '[';
      if (w->depth + level >= w->limits.depth_max || level >= 64 * 16)
        return careful_fail(w, REJECT_TOO_DEEP, careful_offset(w, t));
      if (careful_byte(w, t + 1) != (array ? ']' : '}')) {
        w->gaps |= careful_spaced(w, t);
        arrays[level / 64] = (arrays[level / 64] & ~(UINT64_C(1) << level % 64)) | (uint64_t)array << level % 64;
        level++;
        t++;
        if (array) continue;
        goto key;
      }
      w->gaps |= careful_spaced(w, t) || careful_spaced(w, t + 1);
      t += 2;
    } else if (byte == '\0' || byte == '}' || byte == ']' || byte == ',' || byte == ':') {
      return careful_fail(w, REJECT_NOT_JSON, careful_offset(w, t));
    } else {
      if (!check_scalar(w, t)) return CAREFUL_FAILED;
      t++;
    }
    for (;; t++) {
      if (level == 0) {
        w->gaps |= careful_spaced(w, t);
        return t;
      }
      const bool array = arrays[(level - 1) / 64] >> (level - 1) % 64 & 1;
      const char mark = careful_byte(w, t);
      if (mark != ',' && mark != (array ? ']' : '}')) return careful_fail(w, REJECT_NOT_JSON, careful_offset(w, t));
      w->gaps |= careful_spaced(w, t);
      if (mark == ',') {
        t++;
        if (array) break;
        goto key;
      }
      level--;
    }
    continue;
  key:
    if (careful_byte(w, t) != '"' || careful_byte(w, t + 1) != ':')
      return careful_fail(w, REJECT_NOT_JSON, careful_offset(w, careful_byte(w, t) != '"' ? t : t + 1));
    if (!check_scalar(w, t)) return CAREFUL_FAILED;
    t += 2;
  }
}
