#include "stream/kafka/scan.h"

#include <time.h>

#include "stream/kafka/handle.h"

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Errors that no waiting mends.
static bool is_final(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

static enum status take(rd_kafka_topic_t *topic, const rd_kafka_message_t *message, int64_t *position, scan_function *each, void *context,
                        struct error *error) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const struct scan_record record = {message->partition, message->offset, {message->key, message->key_len},
                                       {message->payload, message->len}};
    *position = message->offset + 1;
    return each(context, &record, error);
  }
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (message->offset > *position) *position = message->offset;    // markers of transactions stand between
    return STATUS_OK;
  }
  if (!is_final(message->err)) return STATUS_OK;
  return error_set(error, STATUS_FATAL, "kafka scan: %s[%d]@%lld: %s", rd_kafka_topic_name(topic), message->partition,
                   (long long)*position, rd_kafka_message_errstr(message));
}

static enum status scan_partition(struct client *client, rd_kafka_topic_t *topic, int32_t partition, int idle_ms, scan_function *each,
                                  void *context, struct error *error) {
  int64_t position, end;
  enum status status = client_range(client, rd_kafka_topic_name(topic), partition, &position, &end, error);
  if (status != STATUS_OK || position >= end) return status;
  if (rd_kafka_consume_start(topic, partition, position) != 0)
    return error_set(error, STATUS_FATAL, "kafka scan: %s[%d]: %s", rd_kafka_topic_name(topic), partition,
                     rd_kafka_err2str(rd_kafka_last_error()));
  int64_t heard_ms = now_ms();
  while (status == STATUS_OK && position < end) {
    const int64_t before = position;
    rd_kafka_message_t *message = rd_kafka_consume(topic, partition, 200);
    if (message != NULL) {
      status = take(topic, message, &position, each, context, error);
      rd_kafka_message_destroy(message);
    }
    if (position != before) heard_ms = now_ms();
    else if (status == STATUS_OK && now_ms() - heard_ms > idle_ms)
      status = error_set(error, STATUS_RETRY, "kafka scan: %s[%d]@%lld of %lld: nothing came for %d s; is a transaction left open?",
                         rd_kafka_topic_name(topic), partition, (long long)position, (long long)end, idle_ms / 1000);
  }
  (void)rd_kafka_consume_stop(topic, partition);
  return status;
}

enum status scan_topic(struct client *client, const char *topic, int idle_ms, scan_function *each, void *context, struct error *error) {
  static const struct client_property mild[] = {{"fetch.wait.max.ms", "20"}, {"queued.max.messages.kbytes", "16384"}};
  static const struct client_property firm[] = {{"isolation.level", "read_committed"},
                                                {"enable.auto.commit", "false"},
                                                {"auto.offset.reset", "error"},
                                                {"enable.partition.eof", "true"}};
  struct handle handle;
  int32_t partitions = 0;
  enum status status = client_partitions(client, topic, &partitions, error);
  if (status != STATUS_OK) return status;
  if (partitions == 0) return error_set(error, STATUS_FATAL, "kafka scan: there is no topic '%s'; make it with 'settlewatch topics create'", topic);
  status = handle_open(&handle, client, RD_KAFKA_CONSUMER, "scan", mild, sizeof mild / sizeof mild[0], firm, sizeof firm / sizeof firm[0],
                       NULL, NULL, error);
  if (status != STATUS_OK) return status;
  rd_kafka_topic_t *opened = rd_kafka_topic_new(handle.rk, topic, NULL);
  if (opened == NULL)
    status = error_set(error, STATUS_FATAL, "kafka scan: topic '%s': %s", topic, rd_kafka_err2str(rd_kafka_last_error()));
  for (int32_t partition = 0; status == STATUS_OK && partition < partitions; partition++)
    status = scan_partition(client, opened, partition, idle_ms, each, context, error);
  if (opened != NULL) rd_kafka_topic_destroy(opened);
  handle_close(&handle);
  return status;
}
