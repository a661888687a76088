#include "record/place.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES = 64 };

struct frame {
  bool array;
  uint32_t index;
  struct slice key;
};

// The bytes as part of a path: what is not printable ASCII is a question mark.
static size_t put(char *path, size_t room, size_t used, struct slice text) {
  for (size_t i = 0; i < text.size && used + 1 < room; i++) {
    const char byte = text.data[i];
    path[used++] = byte > 0x20 && byte < 0x7f ? byte : '?';
  }
  path[used] = '\0';
  return used;
}

static void write_path(struct place *place, const struct frame *frames, size_t depth) {
  size_t used = 0;
  place->path[0] = '\0';
  for (size_t i = 0; i < depth && i < FRAMES; i++) {
    if (frames[i].array) {
      char index[16];
      const int size = snprintf(index, sizeof index, "[%u]", frames[i].index);
      used = put(place->path, sizeof place->path, used, (struct slice){index, (size_t)size});
    } else if (frames[i].key.data != NULL) {
      if (used > 0) used = put(place->path, sizeof place->path, used, SLICE("."));
      used = put(place->path, sizeof place->path, used, frames[i].key);
    }
  }
}

static void keep_id(struct place *place, struct slice key, struct slice value) {
  struct slice *id = slice_equal(key, SLICE("psn_no")) ? &place->psn_no
                     : slice_equal(key, SLICE("fixmedins_code")) ? &place->fixmedins_code : NULL;
  if (id != NULL && id->data == NULL) *id = value;
}

void place_find(const char *bytes, size_t end, size_t offset, struct place *place) {
  struct frame frames[FRAMES];
  size_t depth = 0;
  bool placed = false, key_next = false;
  *place = (struct place){0};
  for (size_t at = 0; at < end; at++) {
    const char byte = bytes[at];
    struct frame *frame = depth > 0 && depth <= FRAMES ? &frames[depth - 1] : NULL;
    size_t last = at;    // of a string: its closing quote
    if (byte == '"') {
      for (last = at + 1; last < end && bytes[last] != '"'; last++) last += bytes[last] == '\\';
      if (last > end) last = end;
      const struct slice text = {bytes + at + 1, (last < end ? last : end) - (at + 1)};
      if (frame != NULL && key_next) frame->key = text;
      else if (depth == 1 && last < end && frame != NULL && !frame->array) keep_id(place, frame->key, text);
      key_next = false;
    }
    if (!placed && offset <= last) {
      write_path(place, frames, depth);
      placed = true;
    }
    if (placed && place->psn_no.data != NULL && place->fixmedins_code.data != NULL) return;
    if (byte == '{' || byte == '[') {
      if (depth < FRAMES) frames[depth] = (struct frame){.array = byte == '['};
      depth++;
      key_next = byte == '{';
    } else if ((byte == '}' || byte == ']') && depth > 0) {
      depth--;
      key_next = false;
    } else if (byte == ',' && frame != NULL) {
      frame->index++;
      frame->key = (struct slice){0};
      key_next = !frame->array;
    }
    at = last;
  }
  if (!placed) write_path(place, frames, depth);
}

// Bytes of the UTF-8 character at the head of the bytes, or 0 (Unicode 15, table 3-7).
static size_t character(const unsigned char *at, size_t size) {
  const unsigned char lead = at[0];
  if (lead < 0x80) return 1;
  const size_t need = lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (need == 0 || size < need) return 0;
  const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at[1] < low || at[1] > high) return 0;
  for (size_t i = 2; i < need; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  return need;
}

enum reject place_fault(const char *bytes, size_t size, size_t *offset) {
  for (size_t at = 0, width; at < size; at += width) {
    width = character((const unsigned char *)bytes + at, size - at);
    if (width == 0) {
      *offset = at;
      return REJECT_NOT_UTF8;
    }
  }
  bool inside = false;
  *offset = size;
  for (size_t at = 0; at < size; at++) {
    if (inside && (unsigned char)bytes[at] < 0x20) {
      *offset = at;
      break;
    }
    if (inside && bytes[at] == '\\') at++;
    else if (bytes[at] == '"') inside = !inside;
  }
  return REJECT_NOT_JSON;
}

// The id when it can key a dead letter: present, within its limit, without escapes or control characters, and UTF-8.
static struct slice id_or_none(struct slice id, uint32_t limit) {
  if (id.size == 0 || id.size > limit || slice_equal(id, SLICE("null")) || slice_equal(id, SLICE("-"))) return SLICE_NONE;
  for (size_t at = 0, width; at < id.size; at += width) {
    width = character((const unsigned char *)id.data + at, id.size - at);
    if (width == 0 || (unsigned char)id.data[at] < 0x20 || id.data[at] == 0x7f || id.data[at] == '\\') return SLICE_NONE;
  }
  return id;
}

void place_reject(const char *bytes, size_t size, enum reject reason, size_t offset, const char *missing,
                  const struct decode_limits *limits, struct event *event, struct decode_failure *failure) {
  const bool broken = reason == REJECT_NOT_JSON || reason == REJECT_NOT_UTF8 || reason == REJECT_TOO_LARGE;
  struct place place;
  place_find(bytes, broken ? offset : size, offset, &place);
  *failure = (struct decode_failure){.reason = reason, .offset = offset};
  size_t used = put(failure->path, sizeof failure->path, 0, slice_from(place.path));
  if (missing != NULL) {
    if (used > 0) used = put(failure->path, sizeof failure->path, used, SLICE("."));
    put(failure->path, sizeof failure->path, used, slice_from(missing));
  }
  *event = (struct event){.type = EVENT_TYPE_COUNT,
                          .source = event->source,
                          .raw = {bytes, size},
                          .event_time_s = DATE_ABSENT,
                          .recv_time_s = DATE_ABSENT,
                          .setl_time_s = DATE_ABSENT,
                          .begntime_s = DATE_ABSENT,
                          .endtime_s = DATE_ABSENT,
                          .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT,
                          .brdy_day = INT32_MIN};
  event->psn_no = id_or_none(place.psn_no, limits->psn_bytes_max);
  event->fixmedins_code = id_or_none(place.fixmedins_code, limits->id_bytes_max);
}
