#include "stream/kafka/learner.h"

#include <assert.h>

#include "core/memory.h"
#include "dossier/encode.h"
#include "stream/kafka/handle.h"

enum { PUMP_MESSAGES = 500, SKIP_MAX = 2000, READ_TIMEOUT_MS = 30000 };

struct learner {
  struct handle handle;
  struct client *client;
  rd_kafka_topic_t *topic;
  const char *name;
  int32_t partition;            // begun; -1: none
  int64_t position, end;
  rd_kafka_message_t *messages[PUMP_MESSAGES];
};

// A library that has queued its minimum looks again up to a second later: a small one would make an index of a million a matter of
// minutes, and every read over a distance one of seconds.
struct learner *learner_open(struct client *client, const char *topic, struct error *error) {
  static const struct client_property mild[] = {{"fetch.wait.max.ms", "20"},
                                                {"fetch.error.backoff.ms", "50"},
                                                {"queued.max.messages.kbytes", "65536"},
                                                {"queued.min.messages", "100000"}};
  static const struct client_property firm[] = {{"isolation.level", "read_committed"},
                                                {"enable.auto.commit", "false"},
                                                {"auto.offset.reset", "error"},
                                                {"enable.partition.eof", "true"}};
  struct learner *learner = memory_take(sizeof *learner);
  learner->client = client;
  learner->partition = -1;
  if (handle_open(&learner->handle, client, RD_KAFKA_CONSUMER, "state reader", mild, sizeof mild / sizeof mild[0], firm,
                  sizeof firm / sizeof firm[0], NULL, NULL, error) == STATUS_OK) {
    learner->topic = rd_kafka_topic_new(learner->handle.rk, topic, NULL);
    if (learner->topic != NULL) {
      learner->name = rd_kafka_topic_name(learner->topic);
      return learner;
    }
    error_set(error, STATUS_FATAL, "kafka state reader: topic '%s': %s", topic, rd_kafka_err2str(rd_kafka_last_error()));
  }
  learner_close(learner);
  return NULL;
}

void learner_close(struct learner *learner) {
  if (learner == NULL) return;
  learner_stop(learner);
  if (learner->topic != NULL) rd_kafka_topic_destroy(learner->topic);
  handle_close(&learner->handle);
  memory_free(learner);
}

static enum status start(struct learner *learner, int32_t partition, int64_t from, struct error *error) {
  if (rd_kafka_consume_start(learner->topic, partition, from) == 0) return STATUS_OK;
  return error_set(error, STATUS_FATAL, "kafka state reader: %s[%d]: %s", learner->name, partition,
                   rd_kafka_err2str(rd_kafka_last_error()));
}

enum status learner_begin(struct learner *learner, int32_t partition, int64_t from, struct error *error) {
  assert(learner->partition < 0);
  int64_t first;
  const enum status status = client_range_once(learner->client, learner->name, partition, &first, &learner->end, CLIENT_RANGE_MS, error);
  if (status != STATUS_OK) return status;
  learner->position = from < first || from > learner->end ? first : from;
  if (start(learner, partition, learner->position, error) != STATUS_OK) return STATUS_FATAL;
  learner->partition = partition;
  return STATUS_OK;
}

void learner_stop(struct learner *learner) {
  if (learner->partition >= 0) (void)rd_kafka_consume_stop(learner->topic, learner->partition);
  learner->partition = -1;
}

void learner_progress(const struct learner *learner, int64_t *position, int64_t *end) {
  *position = learner->position;
  *end = learner->end;
}

// A record as state.c wants it; slices point into the message.
static void view(const rd_kafka_message_t *message, struct state_read *record, const unsigned char **epoch) {
  *record = (struct state_read){message->offset, {message->key != NULL ? message->key : "", message->key_len},
                                {message->payload, message->len},
                                encode_due((struct slice){message->payload, message->len})};
  *epoch = NULL;
  rd_kafka_headers_t *headers;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const void *value;
  size_t size;
  if (rd_kafka_header_get_last(headers, "epoch", &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR && size == STATE_EPOCH_BYTES) *epoch = value;
}

enum status learner_pump(struct learner *learner, struct state *state, int timeout_ms, bool *end, struct error *error) {
  enum status status = STATUS_OK;
  const int64_t deadline = handle_now_ms() + timeout_ms;
  while (status == STATUS_OK && learner->position < learner->end) {
    const int64_t left = deadline - handle_now_ms();
    if (left <= 0) break;
    const ssize_t got = rd_kafka_consume_batch(learner->topic, learner->partition, (int)left, learner->messages, PUMP_MESSAGES);
    if (got < 0)
      return error_set(error, STATUS_FATAL, "kafka state reader: %s[%d]: %s", learner->name, learner->partition,
                       rd_kafka_err2str(rd_kafka_last_error()));
    for (ssize_t i = 0; i < got; i++) {
      const rd_kafka_message_t *message = learner->messages[i];
      handle_taken(&learner->handle, message->len);
      if (status != STATUS_OK) {
        // already failed: only given back
      } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        struct state_read record;
        const unsigned char *epoch;
        view(message, &record, &epoch);
        status = state_learn(state, learner->partition, &record, epoch, error);
        learner->position = message->offset + 1;
      } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        // The end of what is committed so far; an open transaction may lie between it and the true end.
        if (message->offset > learner->position) learner->position = message->offset;
      } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE ||
                 message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || message->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        status = error_set(error, STATUS_FATAL, "kafka state reader: %s[%d]@%lld: %s", learner->name, learner->partition,
                           (long long)learner->position, rd_kafka_message_errstr(message));
      }
      rd_kafka_message_destroy(learner->messages[i]);
    }
  }
  *end = learner->position >= learner->end;
  if (*end || status != STATUS_OK) learner_stop(learner);
  return status;
}

// One offset; what lies before it is passed over.
static enum status read_one(struct learner *learner, int32_t partition, struct state_read *read, struct arena *arena,
                            int64_t *position, struct error *error) {
  const int64_t deadline = handle_now_ms() + READ_TIMEOUT_MS;
  for (;;) {
    rd_kafka_message_t *message = rd_kafka_consume(learner->topic, partition, 500);
    if (message == NULL || (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF &&
                            message->err != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)) {
      if (message != NULL) rd_kafka_message_destroy(message);
      if (handle_now_ms() < deadline) continue;
      return error_set(error, STATUS_RETRY, "kafka state reader: %s[%d]@%lld: no answer in %d s", learner->name, partition,
                       (long long)read->offset, READ_TIMEOUT_MS / 1000);
    }
    const bool record = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (record) *position = message->offset + 1;
    if (record && message->offset < read->offset) {
      rd_kafka_message_destroy(message);
      continue;
    }
    if (!record || message->offset > read->offset) {
      rd_kafka_message_destroy(message);
      return error_set(error, STATUS_FATAL, "%s[%d]@%lld: the newest record of a subject is gone: the topic is not compacted only, or was "
                       "made again while running", learner->name, partition, (long long)read->offset);
    }
    const unsigned char *epoch;
    view(message, read, &epoch);
    read->key = arena_copy(arena, read->key);
    read->value = arena_copy(arena, read->value);
    rd_kafka_message_destroy(message);
    return STATUS_OK;
  }
}

enum status learner_catch_up(struct learner *learner, struct state *state, int32_t partition, struct error *error) {
  learner_stop(learner);
  enum status status;
  while ((status = learner_begin(learner, partition, state_position(state, partition), error)) == STATUS_RETRY) error->status = STATUS_OK;
  for (bool end = false; status == STATUS_OK && !end;) status = learner_pump(learner, state, 1000, &end, error);
  return status;
}

enum status learner_read(void *context, int32_t partition, struct state_read *reads, size_t size, struct arena *arena,
                        struct error *error) {
  struct learner *learner = context;
  if (size == 0) return STATUS_OK;
  assert(partition != learner->partition);
  enum status status = start(learner, partition, reads[0].offset, error);
  if (status != STATUS_OK) return status;
  int64_t position = reads[0].offset;
  for (size_t i = 0; i < size && status == STATUS_OK; i++) {
    if (reads[i].offset - position > SKIP_MAX) {
      rd_kafka_error_t *problem = NULL;
      rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
      rd_kafka_topic_partition_list_add(list, learner->name, partition)->offset = reads[i].offset;
      problem = rd_kafka_seek_partitions(learner->handle.rk, list, READ_TIMEOUT_MS);
      if (problem != NULL || list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
        status = error_set(error, STATUS_RETRY, "kafka state reader: %s[%d]@%lld: seek: %s", learner->name, partition,
                           (long long)reads[i].offset,
                           problem != NULL ? rd_kafka_error_string(problem) : rd_kafka_err2str(list->elems[0].err));
      if (problem != NULL) rd_kafka_error_destroy(problem);
      rd_kafka_topic_partition_list_destroy(list);
      position = reads[i].offset;
    }
    if (status == STATUS_OK) status = read_one(learner, partition, &reads[i], arena, &position, error);
  }
  (void)rd_kafka_consume_stop(learner->topic, partition);
  return status;
}
