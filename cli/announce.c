#include "cli/announce.h"

#include <stdlib.h>

#include "core/memory.h"
#include "record/date.h"
#include "record/json.h"
#include "review/draw.h"
#include "stream/kafka/resend.h"
#include "stream/kafka/topics.h"

// Of final messages: CHOSEN is a unit of the month's sample, GONE an earlier draw that no longer counts.
enum sort { OTHER, CHOSEN, GONE, SORTS };

struct values { struct slice *rows; size_t size, capacity; };

struct announcing {
  struct arena arena;
  struct json_reader *reader;
  struct arena one;           // of the message being looked at
  struct text month;
  struct values there[SORTS];
  const char *topic;
};

static enum sort sort_of(struct announcing *announcing, struct slice value) {
  const struct json_value *root;
  struct error ignored = {0};
  struct slice month = SLICE_NONE, role = SLICE_NONE;
  bool provisional = true;
  arena_reset(&announcing->one);
  if (!slice_present(value) || json_read(announcing->reader, &announcing->one, value, &root, &ignored) != STATUS_OK) return OTHER;
  if (!json_bool(root, "provisional", &provisional, &ignored) || provisional || !json_text(root, "role", &role, &ignored) ||
      !json_text(root, "month", &month, &ignored))
    return OTHER;
  switch (draw_role_find(role)) {
    case DRAW_TAKE_ALL:
    case DRAW_RANDOM:
    case DRAW_MONEY: return slice_equal(month, text_slice(&announcing->month)) ? CHOSEN : OTHER;
    case DRAW_DROPPED:
    case DRAW_SUPERSEDED: return GONE;
    default: return OTHER;    // 重点抽查 is chosen by people, and told by them
  }
}

static void values_add(struct values *values, struct slice value) {
  if (values->size == values->capacity) {
    values->capacity = values->capacity > 0 ? 2 * values->capacity : 64;
    values->rows = memory_resize(values->rows, values->capacity * sizeof *values->rows);
  }
  values->rows[values->size++] = value;
}

static int by_bytes(const void *a, const void *b) { return slice_compare(*(const struct slice *)a, *(const struct slice *)b); }

static void values_sort(struct values *values) {
  if (values->size == 0) return;
  qsort(values->rows, values->size, sizeof *values->rows, by_bytes);
  size_t kept = 1;
  for (size_t i = 1; i < values->size; i++)
    if (!slice_equal(values->rows[i], values->rows[kept - 1])) values->rows[kept++] = values->rows[i];
  values->size = kept;
}

static bool values_have(const struct values *values, struct slice value) {
  return values->size > 0 && bsearch(&value, values->rows, values->size, sizeof *values->rows, by_bytes) != NULL;
}

static bool note(void *context, const struct dump_message *message) {
  struct announcing *announcing = context;
  const enum sort sort = sort_of(announcing, message->value);
  if (sort != OTHER) values_add(&announcing->there[sort], arena_copy(&announcing->arena, message->value));
  return true;
}

static struct slice value_of(const struct outbox *outbox, size_t at) {
  return outbox_bytes(outbox, outbox->entries[at].value, outbox->entries[at].value_size);
}

// Nothing of the month is there, or all of it and nothing else.
static enum status compare(struct announcing *announcing, const struct outbox *outbox, struct error *error) {
  const struct values *there = &announcing->there[CHOSEN];
  size_t ours = 0, same = 0;
  for (size_t i = 0; i < outbox->size; i++) {
    if (sort_of(announcing, value_of(outbox, i)) != CHOSEN) continue;
    ours++;
    same += values_have(there, value_of(outbox, i));
  }
  if (there->size == 0 || (same == ours && same == there->size)) return STATUS_OK;
  return error_set(error, STATUS_REJECT, "another draw of %.*s stands on '%s' already: %zu of its %zu units are in this one, which has %zu; a published draw is "
                   "never replaced", SLICE_ARG(text_slice(&announcing->month)), announcing->topic, same, there->size, ours);
}

static enum status send_entry(struct announcing *announcing, struct resend *resend, const struct outbox *outbox, size_t at, struct error *error) {
  const struct outbox_entry *entry = &outbox->entries[at];
  struct text time = {0};
  date_write_time(&time, entry->time_s);
  time.data[10] = 'T';
  TEXT_LITERAL(&time, "+08:00");
  const struct dump_header headers[] = {{"ce_specversion", SLICE("1.0")},
                                        {"ce_id", outbox_bytes(outbox, entry->id, entry->id_size)},
                                        {"ce_type", slice_from(entry->type)},
                                        {"ce_source", SLICE("/settlewatch/review")},
                                        {"ce_time", text_slice(&time)},
                                        {"content-type", SLICE("application/json")}};
  const struct resend_record record = {announcing->topic, outbox_bytes(outbox, entry->key, entry->key_size), value_of(outbox, at), headers,
                                       sizeof headers / sizeof headers[0]};
  const enum status status = resend_add(resend, &record, error);
  text_fini(&time);
  return status;
}

static enum status send_missing(struct announcing *announcing, struct resend *resend, const struct outbox *outbox, struct announced *announced,
                                struct error *error) {
  enum status status = resend_begin(resend, error);
  for (size_t i = 0; i < outbox->size && status == STATUS_OK; i++) {
    const struct slice value = value_of(outbox, i);
    const enum sort sort = sort_of(announcing, value);
    if (values_have(&announcing->there[sort], value)) {
      announced->there++;
      continue;
    }
    status = send_entry(announcing, resend, outbox, i, error);
    announced->sent++;
  }
  return status == STATUS_OK ? resend_commit(resend, error) : status;
}

enum status announce_draw(struct client *client, const struct site *site, int32_t month, const struct outbox *outbox, struct announced *announced,
                          struct error *error) {
  struct announcing announcing = {.reader = json_reader_create()};
  struct text id = {0};
  arena_init(&announcing.arena, 1 << 16);
  arena_init(&announcing.one, 0);
  draw_month_write(&announcing.month, month);
  announcing.topic = topics_name(&announcing.arena, site->kafka.prefix, TOPIC_SECOND_REVIEW);
  text_append(&id, site->kafka.group);
  TEXT_LITERAL(&id, "-review");
  text_byte(&id, '\0');
  *announced = (struct announced){0};
  // First the transactional id: from here on no other process can add to what is read.
  struct resend *resend = resend_open(client, id.data, site->kafka.input_bytes_max, error);
  enum status status = resend != NULL ? STATUS_OK : STATUS_FATAL;
  const struct dump_options whole = {.topic = announcing.topic, .partition = -1, .from_beginning = true, .until_end = true};
  if (status == STATUS_OK) status = dump_topic(client, &whole, note, &announcing, error);
  for (enum sort sort = OTHER; sort < SORTS; sort++) values_sort(&announcing.there[sort]);
  if (status == STATUS_OK) status = compare(&announcing, outbox, error);
  if (status == STATUS_OK) status = send_missing(&announcing, resend, outbox, announced, error);
  resend_close(resend);
  for (enum sort sort = OTHER; sort < SORTS; sort++) memory_free(announcing.there[sort].rows);
  text_fini(&announcing.month);
  text_fini(&id);
  arena_fini(&announcing.one);
  arena_fini(&announcing.arena);
  json_reader_destroy(announcing.reader);
  return status;
}
