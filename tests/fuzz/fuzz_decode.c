// Any bytes as a message: decoded by either set of instructions, with the memory of all messages before, that of this one or none, to
// the same event or the same refusal; and what another reader takes for JSON is not refused as none.
#include <assert.h>
#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "record/decode.h"
#include "record/json.h"
#include "tests/fuzz/fuzz.h"

struct result {
  enum status status;
  struct event event;
  struct decode_failure failure;
};

static struct result run(struct decoder *decoder, struct arena *arena, const uint8_t *data, size_t size, char padding) {
  struct result result;
  memset(&result, 0, sizeof result);
  char *bytes = memory_take(size + DECODE_PADDING);
  if (size > 0) memcpy(bytes, data, size);
  memset(bytes + size, padding, DECODE_PADDING);
  result.status = decode(decoder, arena, bytes, size, &result.event, &result.failure);
  const struct event *event = &result.event;
  assert(event->raw.data == bytes && event->raw.size == size);
  // Every slice is touched, so that one that points outside is seen.
  uint64_t sum = 0;
  const struct slice ids[] = {event->msg_id,  event->psn_no,   event->fixmedins_code,
                              event->setl_id, event->mdtrt_id, event->med_type};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    assert(ids[i].data != NULL || ids[i].size == 0);
    if (ids[i].size > 0) sum += digest_hash64(ids[i].data, ids[i].size, 0);
  }
  for (uint32_t i = 0; i < event->lines_size; i++) {
    const struct line *line = &event->lines[i];
    assert(line->feedetl_sn.size > 0 && (size_t)line->trace_first + line->trace_count <= event->traces_size);
    sum += digest_hash64(line->feedetl_sn.data, line->feedetl_sn.size, 0) + (uint64_t)line->cnt + (uint64_t)line->pric;
    sum += (uint64_t)line->det_item_fee_fen + (uint64_t)line->fee_ocur_time_s + line->has + line->content;
  }
  for (uint32_t i = 0; i < event->traces_size; i++) sum += digest_hash64(event->traces[i].data, event->traces[i].size, 0);
  for (uint32_t i = 0; i < event->diagnoses_size; i++) sum += event->diagnoses[i].diag_code.size;
  result.event.icu_in_first_s ^= (int64_t)sum;    // compared below
  if (result.status == STATUS_OK) {
    assert(event->msg_id.size > 0 && event->ver >= 1 && event->type < EVENT_TYPE_COUNT);
    assert(event->type != EVENT_SETL ||
           (event->setl_id.size > 0 && event->mdtrt_id.size > 0 && event->psn_no.size > 0 && event->content != 0));
  } else {
    assert(result.status == STATUS_REJECT && result.failure.reason != REJECT_NONE && result.failure.offset <= size);
  }
  memory_free(bytes);
  return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct decode_limits limits = {.record_bytes_max = 1 << 16,
                                              .lines_max = 50,
                                              .depth_max = 12,
                                              .id_bytes_max = 40,
                                              .psn_bytes_max = 40,
                                              .date_window = true};
  static struct decoder *wide, *narrow;
  static struct json_reader *reader;
  if (wide == NULL) {
    digest_start();
    wide = decoder_create(&limits);
    narrow = decoder_create(&limits);
    decode_wide(narrow, false);
    reader = json_reader_create();
  }
  struct arena arena;
  arena_init(&arena, 1 << 14);
  struct decoder *fresh = decoder_create(&limits);
  const struct result a = run(wide, &arena, data, size, '}'), b = run(narrow, &arena, data, size, '"'),
                      c = run(wide, &arena, data, size, ','), d = run(fresh, &arena, data, size, ',');
  decoder_destroy(fresh);
  const struct result *const others[] = {&b, &c, &d};
  for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
    const struct result *other = others[i];
    assert(a.status == other->status && a.failure.reason == other->failure.reason &&
           a.failure.offset == other->failure.offset);
    assert(strcmp(a.failure.path, other->failure.path) == 0 && a.event.content == other->event.content);
    assert(a.event.icu_in_first_s == other->event.icu_in_first_s && a.event.icu_in_stay_s == other->event.icu_in_stay_s && a.event.has == other->event.has);
    assert(a.event.lines_size == other->event.lines_size && a.event.medfee_fen == other->event.medfee_fen);
  }
  // The other reader is laxer with NULs behind numbers and with half surrogate pairs.
  const struct json_value *root;
  struct error error = {0};
  const bool lax = size == 0 || memchr(data, '\\', size) != NULL || memchr(data, '\0', size) != NULL;
  if (!lax && json_read(reader, &arena, (struct slice){(const char *)data, size}, &root, &error) == STATUS_OK)
    assert(a.status == STATUS_OK || root->type != JSON_OBJECT ||
           (a.failure.reason != REJECT_NOT_JSON && a.failure.reason != REJECT_NOT_UTF8));
  arena_fini(&arena);
  return 0;
}
