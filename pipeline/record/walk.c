#include "record/walk.h"

#include <assert.h>

#include "core/digest.h"
#include "record/careful.h"
#include "record/place.h"
#include "record/run.h"
#include "record/whole.h"

enum { KEY_EMPTY = KEY_MAX, KEY_FAILED };

// ---- objects ----

// The key after token t, which is '{' or ',', when it is not the one expected. Its place in the memory, KEY_EMPTY or
// KEY_FAILED.
static unsigned key_after(struct walk *w, struct keys *keys, unsigned previous, uint32_t t) {
  const struct key *before = &keys->keys[previous], *other = &keys->keys[before->other];
  const char *mark = w->bytes + w->tokens[t];
  if (keys_match_null(before + 1, mark, previous == 0)) return previous + 1;
  if (before->step > 0 && keys_match_null(before + before->step, mark, previous == 0)) return previous + (unsigned)before->step;
  keys->misses++;
  if (keys_match_but(other, mark, previous == 0)) {
    const unsigned at = keys->keys[previous].other;
    w->gaps |= careful_spaced(w, t + 3);
    keys_follow(keys, previous, at);
    keys->met[at] = true;
    return at;
  }
  const char byte = careful_byte(w, t + 1);
  if (byte == '}' && careful_byte(w, t) == '{') {
    w->gaps |= careful_spaced(w, t + 1);
    return KEY_EMPTY;
  }
  struct slice name;
  if (byte != '"' || careful_byte(w, t + 2) != ':' || t + 3 >= w->count) {
    careful_fail(w, REJECT_NOT_JSON, careful_offset(w, byte != '"' ? t + 1 : careful_byte(w, t + 2) != ':' ? t + 2 : t + 3));
    return KEY_FAILED;
  }
  const struct slice raw = careful_scalar(w, t + 1);
  if (!careful_unescaped(w, (struct slice){raw.data + 1, raw.size - 2}, &name)) return KEY_FAILED;
  const unsigned at = keys_find(keys, name);
  const char *from = w->bytes + w->tokens[t] + 1, *to = w->bytes + w->tokens[t + 3];
  if (name.data == raw.data + 1) keys_learn(keys, at, from, (size_t)(to - from));
  if (careful_is_space(to[-1])) w->gaps = true;
  keys_follow(keys, previous, at);
  keys->met[at] = true;
  return at;
}

static uint32_t container(struct walk *w, const struct key *key, uint32_t t, bool *had);

// A value that is rare or not in its short form, or a node: the token after it; *had is false when it is absent.
static uint32_t value_careful(struct walk *w, const struct key *key, uint32_t t, void *base, bool *had) {
  char *to = (char *)base + key->place;
  char *drafted = (char *)&w->draft + key->place;
  const size_t offset = w->tokens[t];
  struct slice text;
  int64_t number = 0;
  bool day_only, odd;
  *had = true;
  w->gaps |= careful_spaced(w, t);    // a key is recognised without what stands behind its colon
  // No key of the record, and no amount: an object or an array in its place says nothing.
  const unsigned loose = 1u << FIELD_TEXT | 1u << FIELD_EXACT | 1u << FIELD_SMALL | 1u << FIELD_TIME | 1u << FIELD_DAY | 1u << FIELD_ICU_TIME;
  if ((loose >> key->type & 1) != 0 && w->depth > 1 && (w->bytes[offset] == '{' || w->bytes[offset] == '[')) {
    *had = false;
    return careful_skip(w, t);
  }
  switch (key->type) {
  case FIELD_SKIP: return careful_nothing(w, t) ? t + 1 : careful_skip(w, t);
  case FIELD_TEXT:
  case FIELD_EXACT:
    if (!careful_code(w, t, key->type == FIELD_TEXT, &text)) return CAREFUL_FAILED;
    *(struct slice *)(void *)to = text;
    *had = text.data != NULL;
    break;
  case FIELD_ID:
  case FIELD_PERSON:
    if (!careful_id(w, t, key->type == FIELD_ID ? w->limits.id_bytes_max : w->limits.psn_bytes_max,
                    key->type == FIELD_PERSON, &text))
      return CAREFUL_FAILED;
    *(struct slice *)(void *)to = text;
    *had = text.data != NULL;
    break;
  case FIELD_SAME:
  case FIELD_SAME_PERSON: {
    const bool person = key->type == FIELD_SAME_PERSON;
    struct slice *same = (struct slice *)(void *)drafted;
    if (!careful_id(w, t, person ? w->limits.psn_bytes_max : w->limits.id_bytes_max, person, &text)) return CAREFUL_FAILED;
    *had = text.data != NULL;
    if (*had && same->data == NULL) {
      *same = text;
      if (person) w->body_psn_offset = offset;
    }
    if (*had && !slice_equal(*same, text)) return careful_fail(w, REJECT_KEY_MISMATCH, offset);
    break;
  }
  case FIELD_NUMBER:
    if (!careful_number(w, t, key->scale, REJECT_BAD_AMOUNT, &number, had)) return CAREFUL_FAILED;
    *(int64_t *)(void *)to = number;
    break;
  case FIELD_SMALL:
    if (!careful_number(w, t, key->scale, REJECT_BAD_AMOUNT, &number, had)) {
      if (w->reason == REJECT_NOT_JSON) return CAREFUL_FAILED;
      *had = false;
    }
    if (number > INT32_MAX || number < INT32_MIN) *had = false;
    if (*had) *(int32_t *)(void *)to = (int32_t)number;
    break;
  case FIELD_COUNT:
    if (!careful_number(w, t, 0, REJECT_BAD_AMOUNT, &number, had)) return CAREFUL_FAILED;
    if (number < 0) return careful_fail(w, REJECT_BAD_AMOUNT, offset);
    *(int64_t *)(void *)to = number;
    break;
  case FIELD_TIME:
    if (!careful_time(w, t, &number, &day_only)) return CAREFUL_FAILED;
    *(int64_t *)(void *)to = number;
    if (key->more != 0) *((bool *)base + key->more) = day_only;
    *had = number != DATE_ABSENT;
    break;
  case FIELD_DAY:
    if (!careful_any_time(w, t, &number, &day_only, &odd)) return CAREFUL_FAILED;
    *had = number != DATE_ABSENT;
    if (*had && (!w->limits.date_window || (date_day(number) >= civil_to_day(1870, 1, 1) && number <= w->window_last_s)))
      *(int32_t *)(void *)to = date_day(number);
    break;
  case FIELD_ICU_TIME:
    if (!careful_time(w, t, &number, &day_only)) return CAREFUL_FAILED;
    if (number != DATE_ABSENT && w->icus_size < ICUS_MAX) w->icus_s[w->icus_size++] = number;
    break;
  case FIELD_STAMP:
    if (!careful_any_time(w, t, &number, &day_only, &odd)) return CAREFUL_FAILED;
    if (odd) return careful_fail(w, REJECT_BAD_TIME, offset);
    *(int64_t *)(void *)to = number;
    break;
  case FIELD_VERSION: {
    if (!careful_number(w, t, 0, REJECT_BAD_VERSION, &number, had)) return CAREFUL_FAILED;
    const bool whole = memchr(w->bytes + offset, '.', careful_offset(w, t + 1) - offset) == NULL;
    if (*had && (number < 1 || !whole)) return careful_fail(w, REJECT_BAD_VERSION, offset);
    w->draft.event.ver = number;
    break;
  }
  case FIELD_TYPE: {
    if (!careful_text(w, t, true, &text)) return CAREFUL_FAILED;
    unsigned type = 0;
    while (type < EVENT_TYPE_COUNT && !slice_equal(text, slice_from(event_type_name((enum event_type)type)))) type++;
    if (text.data != NULL && type == EVENT_TYPE_COUNT) return careful_fail(w, REJECT_UNKNOWN_TYPE, offset);
    w->draft.event.type = w->type = (enum event_type)type;
    char word[8] = {0};
    w->type_size = text.size - 1 < sizeof word ? text.size : SIZE_MAX;
    if (w->type_size <= sizeof word) memcpy(word, text.data, text.size);
    w->type_word = scalar_word(word);
    break;
  }
  default: return container(w, key, t, had);
  }
  return t + 1;
}

// The key at token t + 1, 0 when it is not remembered; false when its escapes cannot be undone.
static bool key_at(struct walk *w, const struct keys *keys, uint32_t t, unsigned *at) {
  const struct slice raw = careful_scalar(w, t + 1);
  struct slice name;
  if (!careful_unescaped(w, (struct slice){raw.data + 1, raw.size - 2}, &name)) return false;
  *at = keys_known(keys, name);
  return true;
}

// Fails at the key that stands twice in the object at token t.
static uint32_t fail_twice(struct walk *w, struct keys *keys, uint32_t t) {
  uint64_t seen = 0, bit;
  unsigned at;
  do {
    if (!key_at(w, keys, t, &at)) return CAREFUL_FAILED;
    (void)keys_bits(keys, keys->marks[at], &bit);
    if ((seen & bit) != 0) return careful_fail(w, REJECT_DUPLICATE_KEY, w->tokens[t + 1]);
    seen |= bit;
    t = careful_skip(w, t + 3);
  } while (t != CAREFUL_FAILED);
  return CAREFUL_FAILED;
}

// Arranges the keys by the object at token t, which was read without a fault.
static void arrange(struct walk *w, struct keys *keys, uint32_t t) {
  const bool gaps = w->gaps;
  uint8_t order[KEY_MAX];
  size_t size = 0;
  unsigned at;
  while (size < KEY_MAX && careful_byte(w, t + 1) == '"' && key_at(w, keys, t, &at)) {
    order[size++] = (uint8_t)at;
    t = careful_skip(w, t + 3);
    if (careful_byte(w, t) != ',') break;
  }
  keys_arrange(keys, order, size);
  w->gaps = gaps;
}

// Decodes the object at token t to base; the token after it. *had: the rows of its table that had a value.
static uint32_t object(struct walk *w, enum object_kind kind, uint32_t t, void *base, uint64_t *had) {
  struct keys *const keys = &w->keys[kind];
  const uint32_t *const tokens = w->tokens;
  struct run_cursor cursor = {.token = tokens + t, .key = keys->keys};
  uint64_t seen = 0, silent = 0;
  if (UNLIKELY(++w->depth > w->limits.depth_max)) return careful_fail(w, REJECT_TOO_DEEP, w->tokens[t]);
  for (uint32_t brace = 1;; brace = 0) {    // the first mark is one
    // Behind cursor.key, at the mark that is before the next one.
    const char *const mark = w->bytes + *cursor.token;
    const struct key *key = cursor.key + 1, *ahead;
    bool quick = true;    // false: lacks the quote that is expected, and goes the careful way at once
    if (*mark == '}') break;
    if (SCALAR_LIKELY(keys_match_but(key, mark, brace))) {
      cursor.value = mark + key->size;
    } else if (keys_match_but(ahead = cursor.key + cursor.key->step, mark, brace)) {
      keys->misses += ahead <= cursor.key;
      key = ahead;
      cursor.value = mark + key->size;
    } else {
      if (brace == 0 && *mark != ',') return careful_fail(w, REJECT_NOT_JSON, *cursor.token);
      const unsigned at = key_after(w, keys, (unsigned)(cursor.key - keys->keys), (uint32_t)(cursor.token - tokens));
      if (at == KEY_FAILED) return CAREFUL_FAILED;
      if (at == KEY_EMPTY) {
        cursor.token++;
        break;
      }
      key = &keys->keys[at];
      cursor.value = w->bytes + cursor.token[3] + key->quoted;
      quick = !key->quoted || cursor.value[-1] == '"';
    }
    cursor.key = key;
    cursor.from = key[-1].upto;
    const bool more = SCALAR_LIKELY(quick) && run_values(w, &cursor, base);
    // The keys of this run; a key that was there before, or in its other spelling, is told of before its value is read.
    const uint64_t run = cursor.key->upto - cursor.from, both = seen & run & ~FIELDS_GAPS;
    uint64_t bits;
    seen |= run;
    if (UNLIKELY(both != 0 || ((seen & keys->seconds) != 0 && !keys_bits(keys, seen, &bits)))) return fail_twice(w, keys, t);
    if (more) continue;
    bool some = true;
    const uint32_t next = value_careful(w, cursor.key, (uint32_t)(cursor.token - tokens) + 3, base, &some);
    if (next == CAREFUL_FAILED) return CAREFUL_FAILED;
    if (next >= w->count) return careful_fail(w, REJECT_NOT_JSON, w->size);
    if (!some) silent |= keys->marks[cursor.key - keys->keys];
    cursor.token = tokens + next;
  }
  *had = seen & ~silent & ~FIELDS_GAPS;
  if (UNLIKELY((seen & keys->seconds) != 0)) (void)keys_bits(keys, *had, had);
  w->gaps |= seen >= FIELDS_GAP;
  if (UNLIKELY(keys->misses >= keys->misses_max)) arrange(w, keys, t);
  w->depth--;
  return (uint32_t)(cursor.token - tokens) + 1;
}

// ---- nodes ----

// The hash of what stands between two offsets, without white space outside strings. Never 0.
static uint64_t content_of(struct walk *w, size_t from, size_t to, bool gaps) {
  const char *bytes = w->bytes + from;
  size_t size = to - from;
  if (gaps) {
    w->minified = whole_grow(w->minified, &w->minified_room, size + DECODE_PADDING, 1);
    size = walk_minify(bytes, size, w->minified);
    bytes = w->minified;
  }
  const uint64_t hash = digest_hash64(bytes, size, 0);
  return hash != 0 ? hash : 1;
}

// True when b comes after a: longer, or as long and greater. Numbers without leading zeros come in this order, and lines
// that do need no set to tell that each stands once.
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
  struct event *event = &w->draft.event;
  if (event->lines_size == w->limits.lines_max) return careful_fail(w, REJECT_TOO_MANY_LINES, w->tokens[t]);
  struct line *line = line_room(w, t);
  memset(line, 0, sizeof *line);
  line->fee_ocur_time_s = DATE_ABSENT;
  line->trace_first = event->traces_size;
  const bool gaps = w->gaps;
  w->gaps = false;
  uint64_t had;
  const uint32_t next = object(w, kind, t, line, &had);
  if (next == CAREFUL_FAILED) return CAREFUL_FAILED;
  if (UNLIKELY((had & w->bit_sn) == 0)) return careful_fail_missing(w, w->tokens[t], "feedetl_sn");
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
  w->diagnoses = whole_grow(w->diagnoses, &w->diagnoses_room, event->diagnoses_size + 1, sizeof *w->diagnoses);
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
  w->traces = whole_grow(w->traces, &w->traces_room, event->traces_size + 1, sizeof *w->traces);
  w->traces[event->traces_size++] = text;
}

static uint32_t trace_element(struct walk *w, enum object_kind kind, uint32_t t) {
  uint64_t had;
  w->draft.trace = SLICE_NONE;
  const uint32_t next = object(w, kind, t, &w->draft, &had);
  if (next != CAREFUL_FAILED && w->draft.trace.data != NULL) trace_add(w, w->draft.trace);
  return next;
}

// A line's codes each once, in their order.
static void traces_distinct(struct walk *w, uint32_t first) {
  struct event *event = &w->draft.event;
  const uint32_t end = event->traces_size;
  if (end - first < 2) return;
  whole_set_clear(w, end - first);
  event->traces_size = first;
  for (uint32_t i = first; i < end; i++)
    if (whole_set_add(w, w->traces[i])) w->traces[event->traces_size++] = w->traces[i];
}

static bool begins_value(char first) { return first != '\0' && first != ',' && first != ':' && first != '}' && first != ']'; }

// The elements of an array of objects, at token t; the token after it. loose: what is no object is passed over.
typedef uint32_t element_function(struct walk *w, enum object_kind kind, uint32_t t);
static uint32_t array(struct walk *w, enum object_kind kind, uint32_t t, element_function *element, bool loose) {
  if (++w->depth > w->limits.depth_max) return careful_fail(w, REJECT_TOO_DEEP, w->tokens[t]);
  const uint32_t *const tokens = w->tokens;
  if (careful_byte(w, t + 1) == ']') {
    w->gaps |= careful_spaced(w, t + 1);
    w->depth--;
    return t + 2;
  }
  for (;;) {
    w->gaps |= careful_spaced(w, t + 1);
    const char first = careful_byte(w, ++t);
    if (first == '{') {
      t = element(w, kind, t);
    } else if (element == trace_element && first != '[' && begins_value(first)) {
      struct slice text;
      if (!careful_code(w, t, true, &text)) return CAREFUL_FAILED;
      if (text.data != NULL) trace_add(w, text);
      t++;
    } else {
      const uint32_t odd = t;
      t = careful_skip(w, t);
      if (t != CAREFUL_FAILED && !loose) return careful_fail(w, REJECT_WRONG_TYPE, tokens[odd]);
    }
    if (t == CAREFUL_FAILED) return CAREFUL_FAILED;
    const char mark = careful_byte(w, t);
    if (mark != ',' && mark != ']') return careful_fail(w, REJECT_NOT_JSON, careful_offset(w, t));
    w->gaps |= careful_spaced(w, t);
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
  const char first = careful_byte(w, t);
  // Without its own node or its lines a settlement cannot be keyed; anything else that is not what it should be is absent.
  const bool loose = key->type == FIELD_NODE ? kind == OBJECT_MDTRTINFO : key->type != FIELD_BODY && key->type != FIELD_LINES;
  uint32_t next = t + 1;
  *had = true;
  w->gaps |= careful_spaced(w, t);
  if (first == '{' && key->type == FIELD_BODY) {
    next = body(w, t);
  } else if (first == '{' && key->type == FIELD_NODE) {
    const enum object_kind once = kind == OBJECT_FEE_SETLINFO ? OBJECT_SETLINFO : kind;
    w->where[once] = w->tokens[t];
    next = object(w, kind, t, &w->draft, &w->had[once]);
  } else if (first == '[' && (key->type > FIELD_NODE || key->type == FIELD_TRACES)) {
    if (key->type == FIELD_LINES) w->draft.event.has |= EVENT_HAS_LINES;
    const uint32_t lines = w->draft.event.lines_size;
    next = array(w, kind, t, elements[key->type], loose);
    if (next != CAREFUL_FAILED && key->type == FIELD_LINES && w->draft.event.lines_size > lines)
      w->tokens_per_line = (next - t) / w->draft.event.lines_size;
  } else if (first == '{' && key->type == FIELD_TRACES) {
    next = trace_element(w, kind, t);
  } else if (loose && key->type != FIELD_TRACES) {
    *had = false;
    return careful_skip(w, t);
  } else {
    struct slice text;
    if (!begins_value(first)) return careful_fail(w, REJECT_NOT_JSON, careful_offset(w, t));
    if (!(loose ? careful_code : careful_text)(w, t, true, &text)) return CAREFUL_FAILED;
    *had = text.data != NULL;
    if (*had && !loose) return careful_fail(w, REJECT_WRONG_TYPE, w->tokens[t]);
    if (*had) trace_add(w, text);
    return next;
  }
  if (next == CAREFUL_FAILED) return CAREFUL_FAILED;
  if (key->type == FIELD_TRACES) traces_distinct(w, first_trace);
  w->gaps |= careful_spaced(w, next);
  return next;
}

// ---- the message ----

// Reading a body needs to know the type of its message and when it was received.
static bool body_can(const struct walk *w) { return w->draft.event.type != EVENT_TYPE_COUNT && w->draft.event.recv_time_s != DATE_ABSENT; }

// Senders that sort their keys send the body first and what it needs behind it, at the end of the message: `, "key" : scalar` again and again, up to
// the closing brace. Looks for it there, from the end on. It is read again where it stands.
static __attribute__((noinline, cold)) bool foretell(struct walk *w) {
  const struct keys *keys = &w->keys[OBJECT_ENVELOPE];
  if (!w->foretells) return false;
  for (uint32_t t = w->count - 1; t > 4 && !body_can(w); t -= 4) {
    const char last = careful_byte(w, t - 1);
    unsigned at;
    bool had;
    if (last == '}' || last == ']' || careful_byte(w, t - 2) != ':' || careful_byte(w, t - 3) != '"' || careful_byte(w, t - 4) != ',') break;
    if (!key_at(w, keys, t - 4, &at)) break;
    const struct key *key = &keys->keys[at];
    if (at != 0 && (key->type == FIELD_TYPE || key->type == FIELD_STAMP) &&
        value_careful(w, key, t - 1, &w->draft, &had) == CAREFUL_FAILED)
      break;
  }
  w->foretold = body_can(w);
  return w->foretold;
}

static uint32_t body(struct walk *w, uint32_t t) {
  struct event *event = &w->draft.event;
  w->where[OBJECT_SETL] = w->tokens[t];
  if (!body_can(w) && !foretell(w)) {
    w->body = t;
    return careful_skip(w, t);
  }
  w->body = 0;
  const int kind = fields_body(event->type);
  if (kind < 0) return careful_skip(w, t);
  if (w->limits.date_window) {
    w->window_first_s = date_of_day(civil_to_day(1990, 1, 1));
    w->window_last_s = event->recv_time_s + 2 * DATE_DAY_SECONDS;
  }
  w->gaps = false;
  const uint32_t next = object(w, (enum object_kind)kind, t, &w->draft, &w->had[OBJECT_SETL]);
  if (next != CAREFUL_FAILED) event->content = content_of(w, w->tokens[t], w->tokens[next - 1] + 1, w->gaps);
  return next;
}

// A body that came before msg_type or recv_time: its grammar is checked, now it is read.
static bool late_body(struct walk *w) {
  w->depth = 1;
  return body(w, w->body) != CAREFUL_FAILED;
}

// A message that does not begin and end with braces: finds where it is at fault.
static bool unclosed(struct walk *w) {
  const uint32_t next = careful_byte(w, 0) == '{' ? careful_skip(w, 0) : 0;
  return careful_byte(w, 0) == '{' && next == CAREFUL_FAILED ? false
                                                             : careful_fail(w, REJECT_NOT_JSON, careful_offset(w, next));
}

#ifdef WALK_WIDE
#define walk_message walk_message_wide
enum { HERE = 2 };
#else
enum { HERE = 1 };
#endif

// Keys know where this compilation reads their values.
static void make_keys(struct walk *w) {
  (void)run_values(w, NULL, NULL);
  for (unsigned kind = 0; kind < OBJECT_KINDS; kind++) keys_init(&w->keys[kind], (enum object_kind)kind, w->ways);
  w->made_for = HERE;
}

// Reads the message that the walk is at to its draft.
static bool message(struct walk *w) {
  w->depth = 0;
  w->gaps = false;
  w->draft = (struct draft){.event = {.type = EVENT_TYPE_COUNT,
                                      .event_time_s = DATE_ABSENT,
                                      .recv_time_s = DATE_ABSENT,
                                      .setl_time_s = DATE_ABSENT,
                                      .icu_in_first_s = DATE_ABSENT,
                                      .icu_in_stay_s = DATE_ABSENT,
                                      .brdy_day = INT32_MIN,
                                      .raw = {w->bytes, w->size}},
                            .stays = {{.begntime_s = DATE_ABSENT, .endtime_s = DATE_ABSENT},
                                      {.begntime_s = DATE_ABSENT, .endtime_s = DATE_ABSENT}}};
  w->window_first_s = INT64_MIN;
  w->window_last_s = INT64_MAX;
  w->body = 0;
  memset(w->had, 0, sizeof w->had);
  memset(w->where, 0, sizeof w->where);
  w->line_alone = SIZE_MAX;
  w->lines = NULL;
  w->lines_room = 0;
  w->icus_size = 0;
  w->unordered = false;
  w->foretold = false;

  if (careful_byte(w, 0) != '{' || careful_byte(w, w->count - 1) != '}') return unclosed(w);
  uint64_t had = 0;
  const uint32_t next = object(w, OBJECT_ENVELOPE, 0, &w->draft, &had);
  if (next == CAREFUL_FAILED) return false;
  if (next != w->count) return careful_fail(w, REJECT_NOT_JSON, careful_offset(w, next));
  return whole_envelope(w) && (w->body == 0 || late_body(w)) && whole_keys(w);
}

enum status walk_message(struct walk *w, struct arena *arena, const char *bytes, size_t size, const uint32_t *tokens,
                         size_t tokens_size, struct event *event, struct decode_failure *failure) {
  if (UNLIKELY(w->made_for != HERE)) make_keys(w);
  w->arena = arena;
  w->bytes = bytes;
  w->size = size;
  w->tokens = tokens;
  w->count = (uint32_t)tokens_size;
  w->foretells = true;
  bool whole = message(w);
  if (!whole && w->foretold) {    // which fault is told must not depend on what was read first
    w->foretells = false;
    whole = message(w);
  }
  if (whole) {
    whole_event(w, event);
    return STATUS_OK;
  }
  place_reject(bytes, size, w->reason, w->offset, w->missing, &w->limits, event, failure);
  return STATUS_REJECT;
}
