#include "stream/file/order.h"

#include "core/memory.h"
#include "record/date.h"

enum { BATCH_BYTES_MIN = 64 << 10 };

struct input {
  struct reader *reader;
  const struct record *records;    // the batch at hand
  size_t size, at;
  int64_t time_s;                  // of the record at `at`; INT64_MAX: the file is at its end
  bool too_large;                  // the batch's record is one, and its rest was not read yet
};

struct order {
  struct input *inputs;
  size_t inputs_size;
  size_t batch_records;
  struct record *records;
};

struct order *order_open(const char *const *paths, size_t size, const struct reader_limits *limits) {
  struct order *order = memory_take(sizeof *order);
  order->inputs_size = size;
  order->inputs = memory_take(size * sizeof *order->inputs);
  order->batch_records = limits->batch_records;
  order->records = memory_take(limits->batch_records * sizeof *order->records);
  struct reader_limits each = *limits;
  each.batch_bytes = limits->batch_bytes / size;
  if (each.batch_bytes < BATCH_BYTES_MIN) each.batch_bytes = BATCH_BYTES_MIN;
  for (size_t i = 0; i < size; i++) order->inputs[i] = (struct input){.reader = reader_open(paths + i, 1, &each), .time_s = DATE_ABSENT};
  return order;
}

void order_close(struct order *order) {
  if (order == NULL) return;
  for (size_t i = 0; i < order->inputs_size; i++) reader_close(order->inputs[i].reader);
  memory_free(order->inputs);
  memory_free(order->records);
  memory_free(order);
}

// "event_time" : "2026-03-01 08:19:16"
static bool find_time(struct slice line, int64_t *time_s) {
  static const char name[] = "\"event_time\"";
  const char *found = memmem(line.data, line.size, name, sizeof name - 1);
  if (found == NULL) return false;
  const char *at = found + sizeof name - 1, *end = line.data + line.size;
  while (at < end && (*at == ' ' || *at == '\t' || *at == ':')) at++;
  if (at == end || *at != '"') return false;
  at++;
  const char *close = memchr(at, '"', (size_t)(end - at));
  return close != NULL && date_parse((struct slice){at, (size_t)(close - at)}, time_s, NULL);
}

static void look_at(struct input *input) {
  find_time(input->records[input->at].value, &input->time_s);    // else it keeps the one before
}

static void drop(void *context, const char *bytes, size_t size) {
  (void)context;
  (void)bytes;
  (void)size;
}

static enum status refill(struct input *input, struct error *error) {
  enum status status = input->too_large ? reader_stream(input->reader, drop, NULL, error) : STATUS_OK;
  input->too_large = false;
  if (status == STATUS_OK) status = reader_take(input->reader, &input->records, &input->size, error);
  if (status != STATUS_OK) return status;
  input->at = 0;
  if (input->size == 0) {
    input->time_s = INT64_MAX;
    return STATUS_OK;
  }
  input->too_large = input->records[0].too_large;
  look_at(input);
  return STATUS_OK;
}

static size_t first_of(const struct order *order) {
  size_t first = 0;
  for (size_t i = 1; i < order->inputs_size; i++)
    if (order->inputs[i].time_s < order->inputs[first].time_s) first = i;
  return first;
}

enum status order_take(struct order *order, const struct record **records, size_t *size, struct error *error) {
  *size = 0;
  for (size_t i = 0; i < order->inputs_size; i++) {
    struct input *input = &order->inputs[i];
    if (input->time_s == INT64_MAX || input->at < input->size) continue;
    const enum status status = refill(input, error);
    if (status != STATUS_OK) return status;
  }
  if (order->inputs_size == 1) {    // nothing to merge
    *records = order->inputs[0].records;
    *size = order->inputs[0].at = order->inputs[0].size;
    return STATUS_OK;
  }
  while (*size < order->batch_records) {
    const size_t first = first_of(order);
    struct input *input = &order->inputs[first];
    if (input->time_s == INT64_MAX) break;
    struct record *record = &order->records[(*size)++];
    *record = input->records[input->at++];
    record->source.topic = (uint32_t)first;
    if (input->at == input->size) break;    // the next batch of this file takes the place of what was handed out
    look_at(input);
  }
  *records = order->records;
  return STATUS_OK;
}

void order_progress(const struct order *order, uint64_t *done, uint64_t *total) {
  *done = *total = 0;
  bool known = true;
  for (size_t i = 0; i < order->inputs_size; i++) {
    uint64_t part, whole;
    reader_progress(order->inputs[i].reader, &part, &whole);
    *done += part;
    *total += whole;
    known &= whole > 0;
  }
  if (!known) *total = 0;
}
