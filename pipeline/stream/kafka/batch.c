#include "stream/kafka/batch.h"

#include "core/memory.h"

void batch_init(struct batch *batch) {
  *batch = (struct batch){0};
  arena_init(&batch->arena, 1 << 20);
}

void batch_clear(struct batch *batch) {
  for (size_t i = 0; i < batch->size; i++)
    if (batch->headers[i] != NULL) rd_kafka_headers_destroy(batch->headers[i]);
  arena_reset(&batch->arena);
  batch->size = 0;
  batch->bytes = 0;
  batch->traced = batch->again = false;
  batch->states = NULL;
  batch->states_size = 0;
}

void batch_fini(struct batch *batch) {
  batch_clear(batch);
  arena_fini(&batch->arena);
  memory_free(batch->records);
  memory_free(batch->headers);
}

static struct slice keep(struct batch *batch, const void *bytes, size_t size, size_t padding) {
  char *copy = arena_take(&batch->arena, size + padding + 1);
  if (size > 0) memcpy(copy, bytes, size);
  memset(copy + size, 0, padding);
  return (struct slice){copy, size};
}

void batch_add(struct batch *batch, rd_kafka_message_t *message) {
  if (batch->size == batch->capacity) {
    batch->capacity = batch->capacity == 0 ? 1024 : batch->capacity * 2;
    batch->records = memory_resize(batch->records, batch->capacity * sizeof *batch->records);
    batch->headers = memory_resize(batch->headers, batch->capacity * sizeof *batch->headers);
  }
  struct record *record = &batch->records[batch->size];
  *record = (struct record){.value = keep(batch, message->payload, message->len, DECODE_PADDING),
                            .key = message->key != NULL ? keep(batch, message->key, message->key_len, 0) : SLICE_NONE,
                            .source = {0, message->partition, message->offset},
                            .traceparent = SLICE_NONE};
  rd_kafka_headers_t *headers = NULL;
  if (rd_kafka_message_detach_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const void *value;
    size_t size;
    if (rd_kafka_header_get_last(headers, "traceparent", &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR && value != NULL) {
      record->traceparent = (struct slice){value, size};
      batch->traced = true;
    }
  }
  batch->headers[batch->size++] = headers;
  batch->bytes += (int64_t)message->len;
}

struct slice batch_heritage(struct batch *batch, const struct outbox_entry *entry, const rd_kafka_headers_t **headers) {
  const bool dead = entry->topic == TOPIC_DEAD_LETTERS;
  *headers = NULL;
  for (size_t step = 0; step < batch->size && (dead || batch->traced); step++) {
    const size_t at = (batch->cursor + step) % batch->size;
    const struct source *candidate = &batch->records[at].source;
    if (candidate->partition != entry->source.partition || candidate->offset != entry->source.offset) continue;
    batch->cursor = at;
    if (dead) *headers = batch->headers[at];
    return batch->records[at].traceparent;
  }
  return SLICE_NONE;
}

rd_kafka_topic_partition_list_t *batch_positions(const struct batch *batch, const char *topic) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
  rd_kafka_topic_partition_t *row = NULL;
  for (size_t i = 0; i < batch->size; i++) {
    const struct source *source = &batch->records[i].source;
    if (row == NULL || row->partition != source->partition) row = rd_kafka_topic_partition_list_find(list, topic, source->partition);
    if (row == NULL) {
      row = rd_kafka_topic_partition_list_add(list, topic, source->partition);
      row->offset = 0;
    }
    if (source->offset >= row->offset) row->offset = source->offset + 1;
  }
  return list;
}
