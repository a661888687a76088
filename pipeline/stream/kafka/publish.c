#include "stream/kafka/publish.h"

#include <stdio.h>

#include "core/memory.h"
#include "stream/kafka/handle.h"

struct publish {
  struct handle handle;
  rd_kafka_topic_t *topic;
  uint64_t delivered, failed;
  rd_kafka_resp_err_t reason;
};

static void on_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
  (void)rk;
  const struct handle *handle = opaque;
  struct publish *publish = handle->owner;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    publish->delivered++;
  } else {
    publish->reason = publish->failed++ == 0 ? message->err : publish->reason;
  }
}

struct publish *publish_open(struct client *client, const char *topic, int64_t message_bytes_max, struct error *error) {
  char bytes[24];
  snprintf(bytes, sizeof bytes, "%lld", (long long)message_bytes_max);
  static const struct client_property mild[] = {{"linger.ms", "5"}, {"retry.backoff.ms", "20"}};
  const struct client_property firm[] = {{"enable.idempotence", "true"}, {"partitioner", "murmur2"}, {"message.max.bytes", bytes}};
  const struct handle_hooks hooks = {.delivered = on_delivered};
  struct publish *publish = memory_take(sizeof *publish);
  if (handle_open(&publish->handle, client, RD_KAFKA_PRODUCER, "publisher", mild, sizeof mild / sizeof mild[0], firm,
                  sizeof firm / sizeof firm[0], &hooks, publish, error) == STATUS_OK) {
    publish->topic = rd_kafka_topic_new(publish->handle.rk, topic, NULL);
    if (publish->topic != NULL) return publish;
    handle_fail_code(&publish->handle, STATUS_FATAL, "opening the topic", rd_kafka_last_error(), error);
  }
  publish_close(publish);
  return NULL;
}

void publish_close(struct publish *publish) {
  if (publish == NULL) return;
  if (publish->topic != NULL) rd_kafka_topic_destroy(publish->topic);
  handle_close(&publish->handle);
  memory_free(publish);
}

static enum status check(const struct publish *publish, struct error *error) {
  if (publish->failed == 0) return STATUS_OK;
  return error_set(error, STATUS_FATAL, "%llu records were not delivered: %s", (unsigned long long)publish->failed, rd_kafka_err2str(publish->reason));
}

enum status publish_send(struct publish *publish, int32_t partition, struct slice key, struct slice value, struct error *error) {
  for (;;) {
    if (rd_kafka_produce(publish->topic, partition < 0 ? RD_KAFKA_PARTITION_UA : partition, RD_KAFKA_MSG_F_COPY,
                         (void *)(uintptr_t)value.data, value.size, key.data, key.size, NULL) == 0)
      break;
    const rd_kafka_resp_err_t code = rd_kafka_last_error();
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
      return error_set(error, STATUS_REJECT, "a record of %zu bytes is larger than the topic takes", value.size);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return handle_fail_code(&publish->handle, STATUS_FATAL, "sending", code, error);
    rd_kafka_poll(publish->handle.rk, 100);
  }
  rd_kafka_poll(publish->handle.rk, 0);
  return check(publish, error);
}

enum status publish_flush(struct publish *publish, struct error *error) {
  rd_kafka_resp_err_t code;
  while ((code = rd_kafka_flush(publish->handle.rk, 1000)) == RD_KAFKA_RESP_ERR__TIMED_OUT) {}    // message.timeout.ms ends it
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_fail_code(&publish->handle, STATUS_FATAL, "sending", code, error);
  return check(publish, error);
}

uint64_t publish_delivered(const struct publish *publish) { return publish->delivered; }
