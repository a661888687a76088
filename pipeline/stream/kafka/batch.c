#include "stream/kafka/batch.h"

#include "core/memory.h"

void batch_clear(struct batch *batch) {
  for (size_t i = 0; i < batch->size; i++) rd_kafka_message_destroy(batch->messages[i]);
  batch->size = 0;
  batch->bytes = 0;
  batch->traced = batch->again = false;
  batch->states = NULL;
  batch->states_size = 0;
}

void batch_fini(struct batch *batch) {
  batch_clear(batch);
  memory_free(batch->records);
  memory_free(batch->messages);
}

void batch_add(struct batch *batch, rd_kafka_message_t *message) {
  if (batch->size == batch->capacity) {
    batch->capacity = batch->capacity == 0 ? 1024 : batch->capacity * 2;
    batch->records = memory_resize(batch->records, batch->capacity * sizeof *batch->records);
    batch->messages = memory_resize(batch->messages, batch->capacity * sizeof *batch->messages);
  }
  struct record *record = &batch->records[batch->size];
  *record = (struct record){.value = {message->payload, message->len},
                            .key = {message->key, message->key_len},
                            .source = {0, message->partition, message->offset},
                            .traceparent = SLICE_NONE};
  rd_kafka_headers_t *headers;
  if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const void *value;
    size_t size;
    if (rd_kafka_header_get_last(headers, "traceparent", &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR && value != NULL) {
      record->traceparent = (struct slice){value, size};
      batch->traced = true;
    }
  }
  batch->messages[batch->size++] = message;
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
    rd_kafka_headers_t *original;
    if (dead && rd_kafka_message_headers(batch->messages[at], &original) == RD_KAFKA_RESP_ERR_NO_ERROR) *headers = original;
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

int64_t batch_room(const struct batch *batch, int64_t room, int64_t most) {
  const int64_t size = (int64_t)batch->size;
  if (size >= room) room *= 2;
  else if (size < room / 4) room /= 2;
  if (room < BATCH_ROOM_MIN) room = BATCH_ROOM_MIN;
  return room > most ? most : room;
}
