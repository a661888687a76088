#include "record/walk.h"

#include <assert.h>

#include "core/digest.h"
#include "core/memory.h"
#include "record/fields.h"
#include "record/money.h"
#include "record/place.h"

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
enum { NEVER = 0, KEY_EMPTY = KEY_MAX, KEY_FAILED };

struct walk {
  struct decode_limits limits;
  const char *bytes;
  size_t size;
  const uint32_t *tokens;
  uint32_t count;
  uint32_t depth;
  bool gaps;    // white space between tokens of the body so far
  struct arena *arena;
  struct draft draft;
  struct scalar_days days;
  int64_t window_first_s, window_last_s;
  enum reject reason;
  size_t offset;
  const char *missing;    // the name of what is absent at offset

  uint32_t body;          // token of a body that came before what it needs
  uint32_t bodies;
  uint64_t had[OBJECT_KINDS];       // what the objects that stand once had
  size_t where[OBJECT_KINDS];       // and their offsets
  size_t body_psn_offset, line_alone;

  struct line *lines;     // in the arena
  size_t lines_room;
  struct diagnosis *diagnoses;
  struct slice *traces;
  size_t diagnoses_room, traces_room;
  bool unordered;         // some line does not come after the one before
  uint32_t tokens_per_line;

  struct slice *set;      // an open hash table of texts
  size_t set_room, set_mask;
  char *minified;
  size_t minified_room;
  uint64_t bit_setl_id, bit_mdtrt_id, bit_sn, bit_line_mdtrt_id, bit_body_mdtrt_id;
  struct keys keys[OBJECT_KINDS];
};

#ifndef WALK_WIDE
const struct decode_limits decode_limits_default = {.record_bytes_max = 8 << 20, .lines_max = 200000, .depth_max = 32,
                                                    .id_bytes_max = 64, .psn_bytes_max = 128, .date_window = true};

struct walk *walk_create(const struct decode_limits *limits) {
  struct walk *w = memory_take(sizeof *w);
  w->limits = *limits;
  for (unsigned kind = 0; kind < OBJECT_KINDS; kind++) keys_init(&w->keys[kind], (enum object_kind)kind);
  w->tokens_per_line = 64;
  w->bit_setl_id = fields_bit(OBJECT_SETLINFO, "setl_id");
  w->bit_mdtrt_id = fields_bit(OBJECT_SETLINFO, "mdtrt_id");
  w->bit_sn = fields_bit(OBJECT_LINE, "feedetl_sn");
  w->bit_line_mdtrt_id = fields_bit(OBJECT_FEE_LINE, "mdtrt_id");
  w->bit_body_mdtrt_id = fields_bit(OBJECT_FEE, "mdtrt_id");
  return w;
}

void walk_destroy(struct walk *w) {
  if (w == NULL) return;
  memory_free(w->diagnoses);
  memory_free(w->traces);
  memory_free(w->set);
  memory_free(w->minified);
  memory_free(w);
}
#endif

static uint32_t fail(struct walk *w, enum reject reason, size_t offset) {
  w->reason = reason;
  w->offset = offset;
  w->missing = NULL;
  return NEVER;
}

static uint32_t fail_missing(struct walk *w, size_t offset, const char *name) {
  fail(w, REJECT_MISSING_KEY, offset);
  w->missing = name;
  return NEVER;
}

// The offset of a token; the message's size when there is none.
static size_t offset_of(const struct walk *w, uint32_t t) { return t < w->count ? w->tokens[t] : w->size; }
static char byte_of(const struct walk *w, uint32_t t) { return t < w->count ? w->bytes[w->tokens[t]] : '\0'; }
static bool is_space(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

// True when white space stands before the token.
static bool spaced(const struct walk *w, uint32_t t) {
  return t < w->count && w->tokens[t] > 0 && is_space(w->bytes[w->tokens[t] - 1]);
}

static void *grow(void *array, size_t *room, size_t need, size_t element) {
  if (need <= *room) return array;
  while (*room < need) *room = *room < 16 ? 16 : *room * 2;
  return memory_resize(array, *room * element);
}

// ---- scalars ----

// The bytes of a scalar, white space around it noted.
static struct slice scalar_at(struct walk *w, uint32_t t) {
  const size_t from = w->tokens[t];
  size_t to = offset_of(w, t + 1);
  if (is_space(w->bytes[from - 1]) || is_space(w->bytes[to - 1])) w->gaps = true;
  while (is_space(w->bytes[to - 1])) to--;
  return (struct slice){w->bytes + from, to - from};
}

// A string's inside with escapes undone.
static bool unescaped(struct walk *w, struct slice text, struct slice *out) {
  *out = text;
  if (text.size == 0 || memchr(text.data, '\\', text.size) == NULL) return true;
  char *to = arena_take(w->arena, text.size);
  size_t size;
  if (!scalar_unescape(text, to, &size)) return fail(w, REJECT_NOT_JSON, (size_t)(text.data - w->bytes) + size);
  *out = (struct slice){to, size};
  return true;
}

// What stands where a string or null should: true and the text, absent for null.
static bool text_careful(struct walk *w, uint32_t t, struct slice *out) {
  const struct slice text = scalar_at(w, t);
  *out = SLICE_NONE;
  if (text.data[0] == '"') return unescaped(w, (struct slice){text.data + 1, text.size - 2}, out);
  if (slice_equal(text, SLICE("null"))) return true;
  const bool json = text.data[0] == '{' || text.data[0] == '[' || scalar_is_literal(text) || scalar_is_number(text);
  return fail(w, json ? REJECT_WRONG_TYPE : REJECT_NOT_JSON, w->tokens[t]);
}

static struct slice trimmed(struct slice s) {
  while (s.size > 0 && s.data[0] == ' ') s.data++, s.size--;
  while (s.size > 0 && s.data[s.size - 1] == ' ') s.size--;
  return s;
}

// "", "null" and "-" are absent, and so is nothing but spaces.
static inline struct slice unless_absent(struct slice s) {
  if (UNLIKELY(s.size == 0) || (s.size == 1 && (*s.data == '-' || *s.data == ' ')) || (s.size == 4 && memcmp(s.data, "null", 4) == 0))
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

// True when what stands between value and end is a string that stands for itself: closed right before end, without escapes
// and spaces, and not one of the forms of the absent, which all begin with '-', 'n' or something below.
static inline bool short_text(const char *value, const char *end) {
  const unsigned char first = (unsigned char)value[1];
  return SCALAR_LIKELY(*value == '"' && end[-1] == '"' && first > '-' && first != 'n') &&
         SCALAR_LIKELY(scalar_lacks(value + 1, (size_t)(end - value) - 2, scalar_odd_32));
}
static inline struct slice inside(const char *value, const char *end) {
  return (struct slice){value + 1, (size_t)(end - value) - 2};
}

// A text of token t, in its short form or not; absent too.
static bool text_normal(struct walk *w, uint32_t t, bool trim, struct slice *out) {
  const char *value = w->bytes + w->tokens[t], *end = w->bytes + offset_of(w, t + 1);
  if (short_text(value, end)) {
    *out = inside(value, end);
    return true;
  }
  if (!text_careful(w, t, out)) return false;
  *out = trim ? trimmed_unless_absent(*out) : unless_absent(*out);
  return true;
}

static bool id_careful(struct walk *w, uint32_t t, uint32_t limit, bool exact, struct slice *out) {
  if (!text_normal(w, t, !exact, out)) return false;
  const bool in_place = out->data == w->bytes + w->tokens[t] + 1;    // then it has no byte below 0x20
  const bool good = in_place ? memchr(out->data, 0x7f, out->size) == NULL : !has_control(*out);
  return (out->size <= limit && good) || fail(w, REJECT_BAD_ID, w->tokens[t]);
}

// A number in the short form, as JSON number or string.
static inline bool short_number(const char *value, const char *end, unsigned scale, int64_t *out) {
  const bool quoted = *value == '"';
  if (quoted) {
    value++, end--;
    if (*end != '"') return false;
  }
  return SCALAR_LIKELY(scalar_digits(value, (size_t)(end - value), scale, !quoted, out));
}

// A number in whatever form: false is a failure; *had is false when absent.
static bool number_careful(struct walk *w, uint32_t t, unsigned scale, enum reject wrong, int64_t *out, bool *had) {
  *had = true;
  if (short_number(w->bytes + w->tokens[t], w->bytes + offset_of(w, t + 1), scale, out)) return true;
  struct slice text = scalar_at(w, t);
  if (!scalar_is_number(text)) {
    if (!text_careful(w, t, &text)) return false;
    text = trimmed_unless_absent(text);
    *had = text.data != NULL;
  }
  return !*had || money_parse(text, scale, out) || fail(w, wrong, w->tokens[t]);
}

// A time; *out is DATE_ABSENT when there is none, and *odd when there is a text that is none.
static bool time_careful(struct walk *w, uint32_t t, int64_t *out, bool *day_only, bool *odd) {
  struct slice text;
  *out = DATE_ABSENT;
  *day_only = *odd = false;
  const char *value = w->bytes + w->tokens[t];
  if (offset_of(w, t + 1) - w->tokens[t] == 21 && *value == '"' && value[20] == '"' && scalar_time(&w->days, value + 1, out)) return true;
  if (!text_normal(w, t, true, &text)) return false;
  *odd = text.data != NULL && !date_parse(text, out, day_only);
  if (*odd) *out = DATE_ABSENT;
  return true;
}

static inline bool in_window(const struct walk *w, int64_t time_s) {
  return time_s >= w->window_first_s && time_s <= w->window_last_s;
}

static inline bool short_time(struct walk *w, const char *value, const char *end, int64_t *out) {
  return end - value == 21 && *value == '"' && end[-1] == '"' && scalar_time(&w->days, value + 1, out) && in_window(w, *out);
}

static bool time_normal(struct walk *w, uint32_t t, int64_t *out, bool *day_only) {
  bool odd;
  if (!time_careful(w, t, out, day_only, &odd)) return false;
  if (!in_window(w, *out)) {
    *out = DATE_ABSENT;
    *day_only = false;
  }
  return true;
}

// ---- values that are not read ----

static bool check_scalar(struct walk *w, uint32_t t) {
  const struct slice text = scalar_at(w, t);
  size_t size;
  if (text.data[0] == '"') {
    if (scalar_unescape((struct slice){text.data + 1, text.size - 2}, NULL, &size)) return true;
    return fail(w, REJECT_NOT_JSON, w->tokens[t] + 1 + size);
  }
  return scalar_is_number(text) || scalar_is_literal(text) || fail(w, REJECT_NOT_JSON, w->tokens[t]);
}

// Checks the value at token t, whatever it is; the token after it. A bit for each level says whether it is an array.
static uint32_t skip(struct walk *w, uint32_t t) {
  uint64_t arrays[16] = {0};
  uint32_t level = 0;
  for (;;) {
    const char byte = byte_of(w, t);
    if (byte == '{' || byte == '[') {
      const bool array = byte == '[';
      if (w->depth + level >= w->limits.depth_max || level >= 64 * 16) return fail(w, REJECT_TOO_DEEP, offset_of(w, t));
      if (byte_of(w, t + 1) != (array ? ']' : '}')) {
        w->gaps |= spaced(w, t);
        arrays[level / 64] = (arrays[level / 64] & ~(UINT64_C(1) << level % 64)) | (uint64_t)array << level % 64;
        level++;
        t++;
        if (array) continue;
        goto key;
      }
      w->gaps |= spaced(w, t) || spaced(w, t + 1);
      t += 2;
    } else if (byte == '\0' || byte == '}' || byte == ']' || byte == ',' || byte == ':') {
      return fail(w, REJECT_NOT_JSON, offset_of(w, t));
    } else {
      if (!check_scalar(w, t)) return NEVER;
      t++;
    }
    for (;; t++) {
      if (level == 0) {
        w->gaps |= spaced(w, t);
        return t;
      }
      const bool array = arrays[(level - 1) / 64] >> (level - 1) % 64 & 1;
      const char mark = byte_of(w, t);
      if (mark != ',' && mark != (array ? ']' : '}')) return fail(w, REJECT_NOT_JSON, offset_of(w, t));
      w->gaps |= spaced(w, t);
      if (mark == ',') {
        t++;
        if (array) break;
        goto key;
      }
      level--;
    }
    continue;
  key:
    if (byte_of(w, t) != '"' || byte_of(w, t + 1) != ':')
      return fail(w, REJECT_NOT_JSON, offset_of(w, byte_of(w, t) != '"' ? t : t + 1));
    if (!check_scalar(w, t)) return NEVER;
    t += 2;
  }
}

// ---- objects ----

// The key after token t, which is '{' or ',', when it is not the one expected. Its place in the memory, KEY_EMPTY or KEY_FAILED.
static unsigned key_after(struct walk *w, struct keys *keys, unsigned previous, uint32_t t) {
  const struct key *other = &keys->keys[keys->keys[previous].other];
  if (keys_match(other, w->bytes + w->tokens[t] + 1)) {
    const unsigned at = keys->keys[previous].other;
    keys_follow(keys, previous, at);
    return at;
  }
  const char byte = byte_of(w, t + 1);
  if (byte == '}' && byte_of(w, t) == '{') {
    w->gaps |= spaced(w, t + 1);
    return KEY_EMPTY;
  }
  struct slice name;
  if (byte != '"' || byte_of(w, t + 2) != ':' || t + 3 >= w->count) {
    fail(w, REJECT_NOT_JSON, offset_of(w, byte != '"' ? t + 1 : byte_of(w, t + 2) != ':' ? t + 2 : t + 3));
    return KEY_FAILED;
  }
  const struct slice raw = scalar_at(w, t + 1);
  if (!unescaped(w, (struct slice){raw.data + 1, raw.size - 2}, &name)) return KEY_FAILED;
  const unsigned at = keys_find(keys, name);
  const char *from = w->bytes + w->tokens[t] + 1, *to = w->bytes + w->tokens[t + 3];
  if (name.data == raw.data + 1) keys_learn(keys, at, from, (size_t)(to - from));
  if (is_space(to[-1])) w->gaps = true;
  keys_follow(keys, previous, at);
  return at;
}

static uint32_t container(struct walk *w, const struct key *key, uint32_t t, bool *had);

// A value that is rare or not in its short form, or a node: the token after it, *had is false when it is absent.
static __attribute__((noinline)) uint32_t value_careful(struct walk *w, const struct key *key, uint32_t t, void *base, bool *had) {
  char *to = (char *)base + key->place;
  char *drafted = (char *)&w->draft + key->place;
  const size_t offset = w->tokens[t];
  struct slice text;
  int64_t number = 0;
  bool day_only, odd;
  *had = true;
  switch (key->type) {
  case FIELD_SKIP: return skip(w, t);
  case FIELD_TEXT:
  case FIELD_EXACT:
    if (!text_normal(w, t, key->type == FIELD_TEXT, &text)) return NEVER;
    *(struct slice *)(void *)to = text;
    *had = text.data != NULL;
    break;
  case FIELD_ID:
  case FIELD_PERSON:
    if (!id_careful(w, t, key->type == FIELD_ID ? w->limits.id_bytes_max : w->limits.psn_bytes_max, key->type == FIELD_PERSON, &text))
      return NEVER;
    *(struct slice *)(void *)to = text;
    *had = text.data != NULL;
    break;
  case FIELD_SAME:
  case FIELD_SAME_PERSON: {
    const bool person = key->type == FIELD_SAME_PERSON;
    struct slice *same = (struct slice *)(void *)drafted;
    if (!id_careful(w, t, person ? w->limits.psn_bytes_max : w->limits.id_bytes_max, person, &text)) return NEVER;
    *had = text.data != NULL;
    if (*had && same->data == NULL) {
      *same = text;
      if (person) w->body_psn_offset = offset;
    }
    if (*had && !slice_equal(*same, text)) return fail(w, REJECT_KEY_MISMATCH, offset);
    break;
  }
  case FIELD_NUMBER:
    if (!number_careful(w, t, key->scale, REJECT_BAD_AMOUNT, &number, had)) return NEVER;
    *(int64_t *)(void *)to = number;
    break;
  case FIELD_SMALL:
    if (!number_careful(w, t, key->scale, REJECT_BAD_AMOUNT, &number, had)) return NEVER;
    if (number > INT32_MAX || number < INT32_MIN) return fail(w, REJECT_BAD_AMOUNT, offset);
    *(int32_t *)(void *)to = (int32_t)number;
    break;
  case FIELD_COUNT:
    if (!number_careful(w, t, 0, REJECT_BAD_AMOUNT, &number, had)) return NEVER;
    if (number < 0) return fail(w, REJECT_BAD_AMOUNT, offset);
    *(int64_t *)(void *)to = number;
    break;
  case FIELD_TIME:
    if (!time_normal(w, t, &number, &day_only)) return NEVER;
    *(int64_t *)(void *)to = number;
    if (key->more != 0) *((bool *)base + key->more) = day_only;
    *had = number != DATE_ABSENT;
    break;
  case FIELD_DAY:
    if (!time_careful(w, t, &number, &day_only, &odd)) return NEVER;
    *had = number != DATE_ABSENT;
    if (*had && (!w->limits.date_window || (date_day(number) >= date_from_civil(1870, 1, 1) && number <= w->window_last_s)))
      *(int32_t *)(void *)to = date_day(number);
    break;
  case FIELD_EARLIEST: {
    int64_t *earliest = (int64_t *)(void *)drafted;
    if (!time_normal(w, t, &number, &day_only)) return NEVER;
    if (number != DATE_ABSENT && (*earliest == DATE_ABSENT || number < *earliest)) *earliest = number;
    break;
  }
  case FIELD_STAMP:
    if (!time_careful(w, t, &number, &day_only, &odd)) return NEVER;
    if (odd) return fail(w, REJECT_BAD_TIME, offset);
    *(int64_t *)(void *)to = number;
    break;
  case FIELD_VERSION: {
    if (!number_careful(w, t, 0, REJECT_BAD_VERSION, &number, had)) return NEVER;
    const bool whole = memchr(w->bytes + offset, '.', offset_of(w, t + 1) - offset) == NULL;
    if (*had && (number < 1 || !whole)) return fail(w, REJECT_BAD_VERSION, offset);
    w->draft.event.ver = number;
    break;
  }
  case FIELD_TYPE: {
    if (!text_normal(w, t, true, &text)) return NEVER;
    unsigned type = 0;
    while (type < EVENT_TYPE_COUNT && !slice_equal(text, slice_from(event_type_name((enum event_type)type)))) type++;
    if (text.data != NULL && type == EVENT_TYPE_COUNT) return fail(w, REJECT_UNKNOWN_TYPE, offset);
    w->draft.event.type = (enum event_type)type;
    break;
  }
  default: return container(w, key, t, had);
  }
  return t + 1;
}

// Decodes the object at token t to base by the table of its kind; the token after it. *had: the rows that had a value.
//
// The loop needs no check that a token is there: the last one is a closing brace (walk_message), so a comma, a key and a colon, which
// are compared with the bytes, each have one after them, and what is no value goes the careful way.
static uint32_t object(struct walk *w, enum object_kind kind, uint32_t t, void *base, uint64_t *had) {
  struct keys *const keys = &w->keys[kind];
  const char *const bytes = w->bytes;
  const uint32_t *const tokens = w->tokens;
  const uint32_t *token = tokens + t;    // the brace, then the comma before a key
  const char *mark = bytes + *token;
  const struct key *key = keys->keys;
  uint64_t seen = 0, silent = 0;
  if (UNLIKELY(++w->depth > w->limits.depth_max)) return fail(w, REJECT_TOO_DEEP, *token);
  do {
    const struct key *const previous = key;
    key = previous->next;
    const char *value = mark + 1 + key->size;
    bool some;
    if (!SCALAR_LIKELY(keys_match(key, mark + 1))) {
      const unsigned at = key_after(w, keys, (unsigned)(previous - keys->keys), (uint32_t)(token - tokens));
      if (at == KEY_FAILED) return NEVER;
      if (at == KEY_EMPTY) {
        mark = bytes + *++token;
        break;
      }
      key = &keys->keys[at];
      value = bytes + token[3];
    }
    if (UNLIKELY((seen & key->marks) != 0) && (seen & key->marks & ~FIELDS_GAPS) != 0) return fail(w, REJECT_DUPLICATE_KEY, token[1]);
    seen |= key->marks;
    token += 4;
    const char *const end = bytes + *token;
    char *const to = (char *)base + key->place;
    int64_t number;
    mark = end;
    switch (key->quick & 7) {
    case FIELD_SKIP:
      if (*value == '"' ? end[-1] == '"' && SCALAR_LIKELY(scalar_lacks(value + 1, (size_t)(end - value) - 2, scalar_backslash_32))
                        : scalar_digits(value, (size_t)(end - value), 6, true, &number))
        break;
      goto careful;
    case FIELD_TEXT:
    case FIELD_EXACT:
      if (!short_text(value, end)) goto careful;
      *(struct slice *)(void *)to = inside(value, end);
      break;
    case FIELD_ID:
      if (!short_text(value, end) || (size_t)(end - value) > w->limits.id_bytes_max) goto careful;
      *(struct slice *)(void *)to = inside(value, end);
      break;
    case FIELD_NUMBER:
      if (!short_number(value, end, key->scale, &number)) goto careful;
      *(int64_t *)(void *)to = number;
      break;
    case FIELD_TIME:
      if (!short_time(w, value, end, &number)) goto careful;
      *(int64_t *)(void *)to = number;
      break;
    case FIELD_RARE:
    case 7:
    careful:
      token = tokens + value_careful(w, key, (uint32_t)(token - tokens) - 1, base, &some);
      if (token == tokens) return NEVER;
      if (token >= tokens + w->count) return fail(w, REJECT_NOT_JSON, w->size);
      if (!some) silent |= key->marks;
      mark = bytes + *token;
    }
  } while (*mark == ',');
  if (UNLIKELY(*mark != '}')) return fail(w, REJECT_NOT_JSON, *token);
  w->gaps |= (seen & FIELDS_GAPS) != 0;
  w->depth--;
  *had = seen & ~silent;
  return (uint32_t)(token - tokens) + 1;
}

// ---- nodes ----

static void set_clear(struct walk *w, size_t members) {
  size_t size = 64;
  while (size < members * 2) size *= 2;
  w->set = grow(w->set, &w->set_room, size, sizeof *w->set);
  memset(w->set, 0, size * sizeof *w->set);
  w->set_mask = size - 1;
}

// True when the text was not in the set yet.
static bool set_add(struct walk *w, struct slice text) {
  size_t slot = digest_hash64(text.data, text.size, 0) & w->set_mask;
  for (; w->set[slot].data != NULL; slot = (slot + 1) & w->set_mask)
    if (slice_equal(w->set[slot], text)) return false;
  w->set[slot] = text;
  return true;
}

// The hash of what stands between two offsets, without white space outside strings. Never 0.
static uint64_t content_of(struct walk *w, size_t from, size_t to, bool gaps) {
  const char *bytes = w->bytes + from;
  size_t size = to - from;
  if (gaps) {
    w->minified = grow(w->minified, &w->minified_room, size + DECODE_PADDING, 1);
    size = walk_minify(bytes, size, w->minified);
    bytes = w->minified;
  }
  const uint64_t hash = digest_hash64(bytes, size, 0);
  return hash != 0 ? hash : 1;
}

// True when b comes after a: longer, or as long and greater. Numbers without leading zeros come in this order, and lines that do
// need no set to tell that each stands once.
static inline bool comes_after(struct slice a, struct slice b) {
  if (SCALAR_LIKELY(a.size <= 8 && b.size <= 8)) {
    const uint64_t x = __builtin_bswap64(scalar_word(a.data)) >> (64 - 8 * a.size);
    const uint64_t y = __builtin_bswap64(scalar_word(b.data)) >> (64 - 8 * b.size);
    return b.size > a.size || (b.size == a.size && y > x);
  }
  return b.size != a.size ? b.size > a.size : memcmp(b.data, a.data, a.size) > 0;
}

static struct line *line_room(struct walk *w, uint32_t t) {
  const size_t size = w->draft.event.lines_size;
  if (size == w->lines_room) {
    const size_t room = size == 0 ? (w->count - t) / w->tokens_per_line + 2 : size * 2;
    struct line *lines = ARENA_ARRAY(w->arena, struct line, room);
    if (size > 0) memcpy(lines, w->lines, size * sizeof *lines);
    w->lines = lines;
    w->lines_room = room;
  }
  return &w->lines[size];
}

static uint32_t line_element(struct walk *w, enum object_kind kind, uint32_t t) {
  static const struct line empty = {.fee_ocur_time_s = DATE_ABSENT};
  struct event *event = &w->draft.event;
  if (event->lines_size == w->limits.lines_max) return fail(w, REJECT_TOO_MANY_LINES, w->tokens[t]);
  struct line *line = line_room(w, t);
  *line = empty;
  line->trace_first = event->traces_size;
  const bool gaps = w->gaps;
  w->gaps = false;
  uint64_t had;
  const uint32_t next = object(w, kind, t, line, &had);
  if (next == NEVER) return NEVER;
  if (UNLIKELY((had & w->bit_sn) == 0)) return fail_missing(w, w->tokens[t], "feedetl_sn");
  line->has = (uint8_t)had;
  line->trace_count = event->traces_size - line->trace_first;
  if (event->lines_size > 0) w->unordered |= !comes_after(line[-1].feedetl_sn, line->feedetl_sn);
  event->lines_size++;
  if (kind == OBJECT_FEE_LINE) {
    line->content = content_of(w, w->tokens[t], w->tokens[next - 1] + 1, w->gaps);
    if ((had & w->bit_line_mdtrt_id) == 0 && w->line_alone == SIZE_MAX) w->line_alone = w->tokens[t];
  }
  w->gaps |= gaps;
  return next;
}

static uint32_t diagnosis_element(struct walk *w, enum object_kind kind, uint32_t t) {
  struct event *event = &w->draft.event;
  uint64_t had;
  w->diagnoses = grow(w->diagnoses, &w->diagnoses_room, event->diagnoses_size + 1, sizeof *w->diagnoses);
  struct diagnosis *diagnosis = &w->diagnoses[event->diagnoses_size];
  *diagnosis = (struct diagnosis){0};
  const uint32_t next = object(w, kind, t, diagnosis, &had);
  event->diagnoses_size++;
  return next;
}

static uint32_t icu_element(struct walk *w, enum object_kind kind, uint32_t t) {
  uint64_t had;
  return object(w, kind, t, &w->draft, &had);
}

static void trace_add(struct walk *w, struct slice text) {
  struct event *event = &w->draft.event;
  w->traces = grow(w->traces, &w->traces_room, event->traces_size + 1, sizeof *w->traces);
  w->traces[event->traces_size++] = text;
}

static uint32_t trace_element(struct walk *w, enum object_kind kind, uint32_t t) {
  uint64_t had;
  w->draft.trace = SLICE_NONE;
  const uint32_t next = object(w, kind, t, &w->draft, &had);
  if (next != NEVER && w->draft.trace.data != NULL) trace_add(w, w->draft.trace);
  return next;
}

// A line's codes each once, in their order.
static void traces_distinct(struct walk *w, uint32_t first) {
  struct event *event = &w->draft.event;
  const uint32_t end = event->traces_size;
  if (end - first < 2) return;
  set_clear(w, end - first);
  event->traces_size = first;
  for (uint32_t i = first; i < end; i++)
    if (set_add(w, w->traces[i])) w->traces[event->traces_size++] = w->traces[i];
}

// The elements of an array of objects, at token t; the token after it.
typedef uint32_t element_function(struct walk *w, enum object_kind kind, uint32_t t);
static uint32_t array(struct walk *w, enum object_kind kind, uint32_t t, element_function *element, bool strings) {
  if (++w->depth > w->limits.depth_max) return fail(w, REJECT_TOO_DEEP, w->tokens[t]);
  const uint32_t *const tokens = w->tokens;
  if (byte_of(w, t + 1) == ']') {
    w->gaps |= spaced(w, t + 1);
    w->depth--;
    return t + 2;
  }
  for (;;) {
    w->gaps |= spaced(w, t + 1);
    const char first = byte_of(w, ++t);
    if (first == '{') {
      t = element(w, kind, t);
      if (t == NEVER) return NEVER;
    } else {
      struct slice text;
      if (first == '\0' || first == ',' || first == ':' || first == '}' || first == ']')
        return fail(w, REJECT_NOT_JSON, offset_of(w, t));
      if (!text_careful(w, t, &text)) return NEVER;
      if (!strings) return fail(w, REJECT_WRONG_TYPE, tokens[t]);
      text = trimmed_unless_absent(text);
      if (text.data != NULL) trace_add(w, text);
      t++;
    }
    const char mark = byte_of(w, t);
    if (mark != ',' && mark != ']') return fail(w, REJECT_NOT_JSON, offset_of(w, t));
    w->gaps |= spaced(w, t);
    if (mark == ']') break;
  }
  w->depth--;
  return t + 1;
}

static uint32_t body(struct walk *w, uint32_t t);

// The value at token t where a node is expected; *had is false when it is absent.
static uint32_t container(struct walk *w, const struct key *key, uint32_t t, bool *had) {
  static element_function *const elements[] = {[FIELD_LINES] = line_element, [FIELD_DIAGNOSES] = diagnosis_element,
                                               [FIELD_ICUS] = icu_element, [FIELD_TRACES] = trace_element};
  const enum object_kind kind = (enum object_kind)key->more;
  const uint32_t first_trace = w->draft.event.traces_size;
  const char first = byte_of(w, t);
  uint32_t next = t + 1;
  *had = true;
  w->gaps |= spaced(w, t);
  if (first == '{' && key->type == FIELD_BODY) {
    next = body(w, t);
  } else if (first == '{' && key->type == FIELD_NODE) {
    w->where[kind] = w->tokens[t];
    next = object(w, kind, t, &w->draft, &w->had[kind]);
  } else if (first == '[' && key->type > FIELD_NODE) {
    if (key->type == FIELD_LINES) w->draft.event.has |= EVENT_HAS_LINES;
    const uint32_t lines = w->draft.event.lines_size;
    next = array(w, kind, t, elements[key->type], key->type == FIELD_TRACES);
    if (next != NEVER && key->type == FIELD_LINES && w->draft.event.lines_size > lines)
      w->tokens_per_line = (next - t) / w->draft.event.lines_size;
  } else if (first == '{' && key->type == FIELD_TRACES) {
    next = trace_element(w, kind, t);
  } else {
    struct slice text;
    if (first == '\0' || first == ',' || first == ':' || first == '}' || first == ']')
      return fail(w, REJECT_NOT_JSON, offset_of(w, t));
    if (!text_careful(w, t, &text)) return NEVER;
    text = trimmed_unless_absent(text);
    *had = text.data != NULL;
    if (*had && key->type != FIELD_TRACES) return fail(w, REJECT_WRONG_TYPE, w->tokens[t]);
    if (*had) trace_add(w, text);
    return next;
  }
  if (next == NEVER) return NEVER;
  if (key->type == FIELD_TRACES) traces_distinct(w, first_trace);
  w->gaps |= spaced(w, next);
  return next;
}

// ---- the message ----

static int body_kind(enum event_type type) {
  return type == EVENT_SETL ? OBJECT_SETL : type == EVENT_SETL_CANCEL ? OBJECT_CANCEL : type == EVENT_LIST ? OBJECT_LIST
         : type == EVENT_FEE ? OBJECT_FEE : -1;
}

static uint32_t body(struct walk *w, uint32_t t) {
  struct event *event = &w->draft.event;
  w->where[OBJECT_SETL] = w->tokens[t];
  if (event->type == EVENT_TYPE_COUNT || event->recv_time_s == DATE_ABSENT) {
    w->body = t;
    return skip(w, t);
  }
  w->body = 0;
  const int kind = body_kind(event->type);
  if (kind < 0) return skip(w, t);
  if (w->limits.date_window) {
    w->window_first_s = date_of_day(date_from_civil(1990, 1, 1));
    w->window_last_s = event->recv_time_s + 2 * DATE_DAY_SECONDS;
  }
  w->gaps = false;
  const uint32_t next = object(w, (enum object_kind)kind, t, &w->draft, &w->had[OBJECT_SETL]);
  if (next != NEVER) event->content = content_of(w, w->tokens[t], w->tokens[next - 1] + 1, w->gaps);
  return next;
}

// A body that came before msg_type or recv_time: its grammar is checked, now it is read.
static bool late_body(struct walk *w) {
  w->depth = 1;
  return body(w, w->body) != NEVER;
}

// The envelope's keys that the type needs.
static bool envelope_whole(struct walk *w) {
  const struct event *event = &w->draft.event;
  const bool tick = event->type == EVENT_TICK;
  if (event->type == EVENT_TYPE_COUNT) return fail_missing(w, w->tokens[0], "msg_type");
  const struct {
    const char *name;
    bool present;
  } needed[] = {
      {"msg_id", event->msg_id.data != NULL},
      {"mdtrtarea_admvs", tick || event->mdtrtarea_admvs.data != NULL},
      {"fixmedins_code", tick || event->fixmedins_code.data != NULL},
      {"event_time", event->event_time_s != DATE_ABSENT},
      {"recv_time", event->recv_time_s != DATE_ABSENT},
      {"ver", event->ver != 0},
      {"body", w->where[OBJECT_SETL] != 0},
  };
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
    if (!needed[i].present) return fail_missing(w, w->tokens[0], needed[i].name);
  return true;
}

// The business ids that the type needs, one person throughout, and each line once.
static bool keys_whole(struct walk *w) {
  struct event *event = &w->draft.event;
  const int kind = body_kind(event->type);
  if (kind < 0) return true;
  const bool fee = event->type == EVENT_FEE;
  const size_t setlinfo = w->where[OBJECT_SETLINFO];
  if (event->psn_no.data == NULL && (!fee || event->setl_id.data != NULL)) return fail_missing(w, w->tokens[0], "psn_no");
  if (!fee && setlinfo == 0) return fail_missing(w, w->where[OBJECT_SETL], "setlinfo");
  if (!fee && event->setl_id.data == NULL) return fail_missing(w, setlinfo, "setl_id");
  if (event->type == EVENT_SETL && event->mdtrt_id.data == NULL) return fail_missing(w, setlinfo, "mdtrt_id");
  if (fee) {
    const bool above = (w->had[OBJECT_SETL] & w->bit_body_mdtrt_id) != 0 || (w->had[OBJECT_SETLINFO] & w->bit_mdtrt_id) != 0;
    if (!above && w->line_alone != SIZE_MAX) return fail_missing(w, w->line_alone, "mdtrt_id");
    if (event->mdtrt_id.data == NULL) return fail_missing(w, w->where[OBJECT_SETL], "mdtrt_id");
  }
  if (w->draft.body_psn_no.data != NULL && event->psn_no.data != NULL && !slice_equal(w->draft.body_psn_no, event->psn_no))
    return fail(w, REJECT_KEY_MISMATCH, w->body_psn_offset);
  if (!w->unordered) return true;
  set_clear(w, event->lines_size);
  for (uint32_t i = 0; i < event->lines_size; i++) {
    const struct slice sn = w->lines[i].feedetl_sn;
    if (set_add(w, sn)) continue;
    const bool here = sn.data >= w->bytes && sn.data < w->bytes + w->size;    // else its escapes were undone elsewhere
    return fail(w, REJECT_DUPLICATE_LINE, here ? (size_t)(sn.data - w->bytes) : w->where[OBJECT_SETL]);
  }
  return true;
}

// What was decoded to the draft becomes the event: the stay of mdtrtinfo, where it is silent that of setlinfo; arrays.
static void finish(struct walk *w, struct event *out) {
  struct event *event = &w->draft.event;
  const struct draft_stay *stay = &w->draft.stays[0], *list = &w->draft.stays[1];
#define FIRST(member) (stay->member.data != NULL ? stay->member : list->member)
  event->adm_dept_codg = FIRST(adm_dept);
  event->dscg_dept_codg = FIRST(dscg_dept);
  event->adm_way = FIRST(adm_way);
  event->dscg_way = FIRST(dscg_way);
  event->days_rinp_flag_31 = FIRST(days_rinp_flag_31);
#undef FIRST
  const struct draft_stay *begin = stay->begntime_s != DATE_ABSENT ? stay : list;
  const struct draft_stay *end = stay->endtime_s != DATE_ABSENT ? stay : list;
  event->begntime_s = begin->begntime_s;
  event->begntime_day_only = begin->begntime_day_only;
  event->endtime_s = end->endtime_s;
  event->endtime_day_only = end->endtime_day_only;
  event->has |= (uint32_t)w->had[OBJECT_SETLINFO] & (EVENT_HAS_MEDFEE | EVENT_HAS_INSCP | EVENT_HAS_FUND | EVENT_HAS_FEE_CNT);
  event->lines = w->lines;
  if (event->diagnoses_size > 0) {
    event->diagnoses = ARENA_ARRAY(w->arena, struct diagnosis, event->diagnoses_size);
    memcpy(event->diagnoses, w->diagnoses, event->diagnoses_size * sizeof *event->diagnoses);
  }
  if (event->traces_size > 0) {
    event->traces = ARENA_ARRAY(w->arena, struct slice, event->traces_size);
    memcpy(event->traces, w->traces, event->traces_size * sizeof *event->traces);
  }
  event->source = out->source;
  *out = *event;
}

// A message that does not begin and end with braces: finds where it is at fault.
static bool unclosed(struct walk *w) {
  const uint32_t next = byte_of(w, 0) == '{' ? skip(w, 0) : 0;
  return byte_of(w, 0) == '{' && next == NEVER ? false : fail(w, REJECT_NOT_JSON, offset_of(w, next));
}

#ifdef WALK_WIDE
#define walk_message walk_message_wide
#endif
enum status walk_message(struct walk *w, struct arena *arena, const char *bytes, size_t size, const uint32_t *tokens,
                         size_t tokens_size, struct event *event, struct decode_failure *failure) {
  w->arena = arena;
  w->bytes = bytes;
  w->size = size;
  w->tokens = tokens;
  w->count = (uint32_t)tokens_size;
  w->depth = 0;
  w->gaps = false;
  w->draft = (struct draft){
      .event = {.type = EVENT_TYPE_COUNT, .event_time_s = DATE_ABSENT, .recv_time_s = DATE_ABSENT, .setl_time_s = DATE_ABSENT,
                .icu_in_first_s = DATE_ABSENT, .brdy_day = INT32_MIN, .raw = {bytes, size}},
      .stays = {{.begntime_s = DATE_ABSENT, .endtime_s = DATE_ABSENT}, {.begntime_s = DATE_ABSENT, .endtime_s = DATE_ABSENT}}};
  w->window_first_s = INT64_MIN;
  w->window_last_s = INT64_MAX;
  w->body = 0;
  memset(w->had, 0, sizeof w->had);
  memset(w->where, 0, sizeof w->where);
  w->line_alone = SIZE_MAX;
  w->lines = NULL;
  w->lines_room = 0;
  w->unordered = false;

  uint64_t had = 0;
  bool whole = true;
  if (byte_of(w, 0) != '{' || byte_of(w, w->count - 1) != '}') {
    whole = unclosed(w);
  } else {
    const uint32_t next = object(w, OBJECT_ENVELOPE, 0, &w->draft, &had);
    whole = next != NEVER && (next == w->count || fail(w, REJECT_NOT_JSON, offset_of(w, next)));
  }
  whole = whole && envelope_whole(w) && (w->body == 0 || late_body(w)) && keys_whole(w);
  if (whole) {
    finish(w, event);
    return STATUS_OK;
  }
  place_reject(bytes, size, w->reason, w->offset, w->missing, &w->limits, event, failure);
  return STATUS_REJECT;
}
