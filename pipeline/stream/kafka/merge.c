#include "stream/kafka/merge.h"

#include <time.h>

#include "core/memory.h"
#include "stream/kafka/handle.h"

enum { QUERY_MS = 10000, WAIT_MS = 200, PROGRESS_MS = 100 };

struct lane {
  size_t source;
  int32_t partition;
  rd_kafka_topic_t *topic;
  int64_t first, end, at;
  rd_kafka_message_t *head;
  bool started, done;
};

struct merge {
  struct handle handle;
  const struct merge_options *options;
  rd_kafka_topic_t **topics;    // by source
  struct lane *lanes;
  size_t lanes_size;
};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum status lanes_add(struct merge *merge, struct client *client, size_t source, struct error *error) {
  const char *name = merge->options->sources[source].topic;
  int32_t partitions;
  const enum status status = client_partitions(client, name, &partitions, error);
  if (status != STATUS_OK) return status;
  if (partitions == 0) return error_set(error, STATUS_REJECT, "there is no topic '%s'", name);
  merge->topics[source] = rd_kafka_topic_new(merge->handle.rk, name, NULL);
  if (merge->topics[source] == NULL) return handle_fail_code(&merge->handle, STATUS_FATAL, "opening a topic", rd_kafka_last_error(), error);
  merge->lanes = memory_resize(merge->lanes, (merge->lanes_size + (size_t)partitions) * sizeof *merge->lanes);
  for (int32_t p = 0; p < partitions; p++)
    merge->lanes[merge->lanes_size++] = (struct lane){.source = source, .partition = p, .topic = merge->topics[source]};
  return STATUS_OK;
}

// The reader itself asks as one that reads what is committed and hears where that ends; the client hears the true end.
static enum status measure(struct merge *merge, struct client *client, bool decided, struct error *error) {
  for (size_t i = 0; i < merge->lanes_size; i++) {
    struct lane *lane = &merge->lanes[i];
    const struct merge_source *source = &merge->options->sources[lane->source];
    if (source->decided != decided) continue;
    if (decided) {
      const rd_kafka_resp_err_t code =
          rd_kafka_query_watermark_offsets(merge->handle.rk, source->topic, lane->partition, &lane->first, &lane->end, QUERY_MS);
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_fail_code(&merge->handle, STATUS_RETRY, source->topic, code, error);
    } else {
      const enum status status = client_range(client, source->topic, lane->partition, &lane->first, &lane->end, error);
      if (status != STATUS_OK) return status;
    }
    lane->at = lane->first;
    lane->done = lane->first >= lane->end;
  }
  return STATUS_OK;
}

static enum status start(struct merge *merge, struct error *error) {
  for (size_t i = 0; i < merge->lanes_size; i++) {
    struct lane *lane = &merge->lanes[i];
    if (lane->done) continue;
    if (rd_kafka_consume_start(lane->topic, lane->partition, lane->first) != 0)
      return handle_fail_code(&merge->handle, STATUS_FATAL, "starting a partition", rd_kafka_last_error(), error);
    lane->started = true;
  }
  return STATUS_OK;
}

static bool stopped(const struct merge *merge) { return merge->options->stopping != NULL && atomic_load(merge->options->stopping); }

// The lane's next record becomes its head, or the lane is done.
static enum status fill(struct merge *merge, struct lane *lane, struct error *error) {
  while (lane->head == NULL && !lane->done && !stopped(merge)) {
    rd_kafka_message_t *message = rd_kafka_consume(lane->topic, lane->partition, WAIT_MS);
    rd_kafka_poll(merge->handle.rk, 0);
    if (message == NULL) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      lane->done = message->offset >= lane->end;
      if (!lane->done) {
        handle_taken(&merge->handle, message->len);
        lane->head = message;
        lane->at = message->offset + 1;
        return STATUS_OK;
      }
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      lane->done = message->offset >= lane->end;
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
               message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || message->err == RD_KAFKA_RESP_ERR__FATAL) {
      error_set(error, STATUS_FATAL, "%s[%d]: %s", merge->options->sources[lane->source].topic, (int)lane->partition, rd_kafka_message_errstr(message));
      rd_kafka_message_destroy(message);
      return STATUS_FATAL;
    }
    rd_kafka_message_destroy(message);
  }
  return STATUS_OK;
}

static int64_t time_of(const rd_kafka_message_t *message) {
  rd_kafka_timestamp_type_t type;
  return rd_kafka_message_timestamp(message, &type);
}

static void progress(const struct merge *merge, void *context) {
  uint64_t done = 0, total = 0;
  for (size_t i = 0; i < merge->lanes_size; i++) {
    const struct lane *lane = &merge->lanes[i];
    total += (uint64_t)(lane->end - lane->first);
    done += (uint64_t)((lane->done ? lane->end : lane->at) - lane->first);
  }
  merge->options->progress(context, done, total);
}

static enum status pump(struct merge *merge, bool (*visit)(void *context, size_t source, const struct dump_message *message), void *context,
                        struct error *error) {
  int64_t told_ms = now_ms();
  for (;;) {
    struct lane *oldest = NULL;
    for (size_t i = 0; i < merge->lanes_size; i++) {
      struct lane *lane = &merge->lanes[i];
      if (lane->head == NULL && !lane->done) {
        const enum status status = fill(merge, lane, error);
        if (status != STATUS_OK) return status;
      }
      if (lane->head != NULL && (oldest == NULL || time_of(lane->head) < time_of(oldest->head))) oldest = lane;
    }
    if (stopped(merge)) return error_set(error, STATUS_RETRY, "stopped before the end");
    if (oldest == NULL) return STATUS_OK;
    struct dump_header rows[HANDLE_HEADERS_MAX];
    struct dump_message message;
    handle_view(oldest->head, rows, &message);
    const bool more = visit(context, oldest->source, &message);
    rd_kafka_message_destroy(oldest->head);
    oldest->head = NULL;
    if (!more) return STATUS_OK;
    if (merge->options->progress != NULL && now_ms() - told_ms >= PROGRESS_MS) {
      progress(merge, context);
      told_ms = now_ms();
    }
  }
}

enum status merge_topics(struct client *client, const struct merge_options *options,
                         bool (*visit)(void *context, size_t source, const struct dump_message *message), void *context, struct error *error) {
  static const struct client_property mild[] = {{"group.id", "settlewatch-dump"}, {"queued.max.messages.kbytes", "8192"},
                                                {"fetch.wait.max.ms", "20"}};
  static const struct client_property firm[] = {{"isolation.level", "read_committed"}, {"enable.auto.commit", "false"},
                                                {"auto.offset.reset", "error"}, {"enable.partition.eof", "true"}};
  struct merge merge = {.options = options};
  merge.topics = memory_take(options->sources_size * sizeof *merge.topics);
  enum status status = handle_open(&merge.handle, client, RD_KAFKA_CONSUMER, "reader", mild, sizeof mild / sizeof mild[0], firm,
                                   sizeof firm / sizeof firm[0], NULL, NULL, error);
  for (size_t i = 0; i < options->sources_size && status == STATUS_OK; i++) status = lanes_add(&merge, client, i, error);
  if (status == STATUS_OK) status = measure(&merge, client, true, error);
  if (status == STATUS_OK) status = measure(&merge, client, false, error);
  if (status == STATUS_OK) status = start(&merge, error);
  if (status == STATUS_OK) status = pump(&merge, visit, context, error);
  for (size_t i = 0; i < merge.lanes_size; i++) {
    if (merge.lanes[i].head != NULL) rd_kafka_message_destroy(merge.lanes[i].head);
    if (merge.lanes[i].started) (void)rd_kafka_consume_stop(merge.lanes[i].topic, merge.lanes[i].partition);
  }
  for (size_t i = 0; i < options->sources_size; i++)
    if (merge.topics[i] != NULL) rd_kafka_topic_destroy(merge.topics[i]);
  handle_close(&merge.handle);
  memory_free(merge.lanes);
  memory_free(merge.topics);
  return status;
}
