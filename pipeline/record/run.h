// The loop over an object's keys: where nearly all of decoding's time is spent. Only walk.c includes this.
//
//   ... ,"cnt":9,"pric":40.00,"chrgitm_lv":"01", ...
//       ^        ^                                 each comma is compared with ',"key":' of the key behind the last one, with the
//        key      the one behind                   quote of its value when that is a text, then the value is read in its short form
#pragma once

#include "core/civil.h"
#include "record/careful.h"

// Where the loop stands: at the value of a key.
struct run_cursor {
  const uint32_t *token;     // the comma or brace before the key
  const struct key *key;
  const char *value;         // behind its quote when the key is quoted
  uint64_t from;             // what is to be taken from key->upto: the rest are the marks of the keys of this run
};

// Reads values as long as they have their short forms and the keys come in their order. True when it stops behind a value, at
// what is no key that is expected (cursor->key is then the one before); false at a value that has no short form. It calls
// nothing, so that all it needs stays in registers, and every way of reading ends with its own jump to the next, as the same
// ways follow each other line after line. Without a cursor it only tells the walk its ways.
//
// The loop needs no check that a token is there: the last one is a closing brace (walk_message), so a comma, a key and a
// colon, which are compared with the bytes, each have one after them, and what is no value stops it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"    // labels as values
static __attribute__((noinline, noclone, unused)) bool run_values(struct walk *w, struct run_cursor *cursor, char *base) {
  static const void *const ways[] = {[FIELD_SKIP] = &&skip,     [FIELD_TEXT] = &&text,   [FIELD_ID] = &&id,
                                     [FIELD_NUMBER] = &&number, [FIELD_SMALL] = &&small, [FIELD_TIME] = &&time,
                                     [FIELD_TRACES] = &&traces, [FIELD_DAY] = &&day,       [FIELD_VERSION] = &&version,
                                     [FIELD_TYPE] = &&type,     [FIELD_AMOUNT] = &&amount, [FIELD_QUICK] = &&stop};
  static const char one_trace[32] = "[{\"drug_trac_codg\":\"";
  enum { ONE_TRACE = 20 };
  if (UNLIKELY(cursor == NULL)) {
    w->ways = ways;
    return true;
  }
  const char *const bytes = w->bytes, *value = cursor->value, *end;
  const uint32_t *token = cursor->token;
  const struct key *key = cursor->key;
  uint64_t from = cursor->from;
  int64_t read;
  int32_t date;
#define READ_VALUE          \
  do {                      \
    end = bytes + token[4]; \
    goto *key->way;         \
  } while (0)
#define NEXT_KEY                                              \
  do {                                                        \
    token += 4;                                               \
    if (!SCALAR_LIKELY(keys_match(key + 1, end))) goto ahead; \
    key++;                                                    \
    value = end + key->size;                                  \
    READ_VALUE;                                               \
  } while (0)
#define PLACE(type) (*(type *)(void *)(base + key->place))

  READ_VALUE;
skip:
  if (*value == '"') {
    // What comes right before the end and is a quote, the first one, ends the string.
    if (SCALAR_LIKELY(value + 1 + scalar_before(value + 1, scalar_end_32) + 1 == end)) NEXT_KEY;
    if (end[-1] != '"' || !scalar_escaped(value + 1, (size_t)(end - value) - 2)) goto stop;
  } else if (*value == '[' && end == value + 1 && *end == ']' && bytes + token[5] == end + 1 &&
             w->depth < w->limits.depth_max) {
    end++, token++;
  } else if (!scalar_digits(value, (size_t)(end - value), scalar_units[6], true, &read)) {
    goto stop;
  }
  NEXT_KEY;
text:
  if (!SCALAR_LIKELY(value + scalar_before(value, scalar_odd_32) + 1 == end)) goto long_text;
  if (scalar_maybe_absent(*value)) goto stop;
  PLACE(struct slice) = scalar_inside(value, end);
  NEXT_KEY;
long_text:
  if (!scalar_text(value, end)) goto stop;
  PLACE(struct slice) = scalar_inside(value, end);
  NEXT_KEY;
id:
  if (!SCALAR_LIKELY(value + scalar_before(value, scalar_odd_32) + 1 == end)) goto long_id;
  if (scalar_maybe_absent(*value) || scalar_inside(value, end).size > w->id_limits[key->more]) goto stop;
  PLACE(struct slice) = scalar_inside(value, end);
  NEXT_KEY;
long_id:
  if (!scalar_text(value, end) || scalar_inside(value, end).size > w->id_limits[key->more]) goto stop;
  PLACE(struct slice) = scalar_inside(value, end);
  NEXT_KEY;
amount:
  if (!scalar_amount(value, end, &read)) goto number;
  PLACE(int64_t) = read;
  NEXT_KEY;
number:
  if (!scalar_number(value, end, &scalar_units[0][0] + key->more, &read)) goto stop;
  PLACE(int64_t) = read;
  NEXT_KEY;
small:
  if (!scalar_number(value, end, &scalar_units[0][0] + key->more, &read) || read > INT32_MAX) goto stop;
  PLACE(int32_t) = (int32_t)read;
  NEXT_KEY;
time:
  if (end - value != 20 || end[-1] != '"' || !scalar_time(&w->days, value, &read) || !careful_in_window(w, read)) goto stop;
  PLACE(int64_t) = read;
  NEXT_KEY;
day:
  // Days that are no day of birth are left to the careful way.
  if (end - value != 11 || end[-1] != '"' || !civil_parse((struct slice){value, 10}, &date) || date < civil_to_day(1870, 1, 1) ||
      date_of_day(date) > w->window_last_s)
    goto stop;
  PLACE(int32_t) = date;
  NEXT_KEY;
version:
  if (!scalar_number(value, end, scalar_units[0], &read) || read < 1) goto stop;
  PLACE(int64_t) = read;
  NEXT_KEY;
type:
  if (end[-1] != '"' || scalar_inside(value, end).size != w->type_size || (scalar_word(value) ^ w->type_word) << (64 - 8 * w->type_size) != 0)
    goto stop;
  PLACE(enum event_type) = w->type;
  NEXT_KEY;
traces:
  // One code in the usual shape: [{"drug_trac_codg":"83123450000000000017"}]
  end = bytes + token[8];
  if (~scalar_equal_32(value, one_trace) << (32 - ONE_TRACE) != 0 ||
      !SCALAR_LIKELY(value + ONE_TRACE + scalar_before(value + ONE_TRACE, scalar_odd_32) + 1 == end) || scalar_maybe_absent(value[ONE_TRACE]) ||
      *end != '}' || token + 10 >= w->tokens + w->count || end[1] != ']' || bytes + token[10] != end + 2 ||
      w->draft.event.traces_size == w->traces_room || w->depth + 2 > w->limits.depth_max)
    goto stop;
  w->traces[w->draft.event.traces_size++] = scalar_inside(value + ONE_TRACE, end);
  end += 2, token += 6;
  NEXT_KEY;
ahead:
  if (key->step > 0 && keys_match(key + key->step, end)) {
    const struct key *const next = key + key->step;
    from += next[-1].upto - key->upto;
    key = next;
    value = end + key->size;
    READ_VALUE;
  }
  *cursor = (struct run_cursor){token, key, value, from};
  return true;
stop:
  *cursor = (struct run_cursor){token, key, value, from};
  return false;
#undef PLACE
#undef NEXT_KEY
#undef READ_VALUE
}
#pragma GCC diagnostic pop
