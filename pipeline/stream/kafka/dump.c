#include "stream/kafka/dump.h"

#include "core/memory.h"
#include "stream/kafka/handle.h"

struct dump {
  struct handle handle;
  const struct dump_options *options;
  int32_t partitions;
  int64_t *ends;      // by partition; INT64_MAX: no end
  bool *done;
};

static enum status assign(struct dump *dump, struct client *client, struct error *error) {
  const struct dump_options *options = dump->options;
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(dump->partitions);
  enum status status = STATUS_OK;
  for (int32_t p = 0; p < dump->partitions && status == STATUS_OK; p++) {
    dump->done[p] = options->partition >= 0 && options->partition != p;
    if (dump->done[p]) continue;
    int64_t first, end;
    status = client_range(client, options->topic, p, &first, &end, error);
    dump->ends[p] = options->until_end ? end : INT64_MAX;
    int64_t from = options->from_beginning ? first : end;
    if (options->until_offset > 0) {
      dump->ends[p] = options->until_offset < end ? options->until_offset : end;
      from = options->from_offset > first ? options->from_offset : first;
    }
    dump->done[p] = status == STATUS_OK && from >= dump->ends[p];
    if (!dump->done[p]) rd_kafka_topic_partition_list_add(list, options->topic, p)->offset = from;
  }
  if (status == STATUS_OK) {
    const rd_kafka_resp_err_t code = rd_kafka_assign(dump->handle.rk, list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) status = handle_fail_code(&dump->handle, STATUS_FATAL, "assigning", code, error);
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

void handle_view(const rd_kafka_message_t *message, struct dump_header rows[HANDLE_HEADERS_MAX], struct dump_message *out) {
  *out = (struct dump_message){.partition = message->partition, .offset = message->offset, .key = {message->key, message->key_len},
                               .value = {message->payload, message->len}, .headers = rows};
  rd_kafka_timestamp_type_t type;
  out->timestamp_ms = rd_kafka_message_timestamp(message, &type);
  rd_kafka_headers_t *headers;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const void *value;
  while (out->headers_size < HANDLE_HEADERS_MAX &&
         rd_kafka_header_get_all(headers, out->headers_size, &rows[out->headers_size].name, &value, &rows[out->headers_size].value.size) ==
             RD_KAFKA_RESP_ERR_NO_ERROR)
    rows[out->headers_size++].value.data = value;
}

static bool show(const rd_kafka_message_t *message, bool (*visit)(void *context, const struct dump_message *message), void *context) {
  struct dump_header rows[HANDLE_HEADERS_MAX];
  struct dump_message out;
  handle_view(message, rows, &out);
  return visit(context, &out);
}

enum status dump_topic(struct client *client, const struct dump_options *options,
                       bool (*visit)(void *context, const struct dump_message *message), void *context, struct error *error) {
  static const struct client_property firm[] = {{"isolation.level", "read_committed"}, {"enable.auto.commit", "false"},
                                                {"auto.offset.reset", "error"}, {"enable.partition.eof", "true"}};
  struct dump dump = {.options = options};
  enum status status = client_partitions(client, options->topic, &dump.partitions, error);
  if (status != STATUS_OK) return status;
  if (dump.partitions == 0 || options->partition >= dump.partitions)
    return error_set(error, STATUS_REJECT, "there is no topic '%s' with such a partition", options->topic);
  // A group id is asked for by the library's assign; nothing is ever committed under it.
  const struct client_property group[] = {{"group.id", "settlewatch-dump"}, {"fetch.wait.max.ms", "50"}};
  dump.ends = memory_take((size_t)dump.partitions * sizeof *dump.ends);
  dump.done = memory_take((size_t)dump.partitions * sizeof *dump.done);
  status = handle_open(&dump.handle, client, RD_KAFKA_CONSUMER, "dump", group, sizeof group / sizeof group[0], firm, sizeof firm / sizeof firm[0], NULL, NULL, error);
  if (status == STATUS_OK) status = assign(&dump, client, error);
  bool more = status == STATUS_OK;
  while (more) {
    bool all = true;
    for (int32_t p = 0; p < dump.partitions; p++) all = all && dump.done[p];
    if (all || (options->stopping != NULL && atomic_load(options->stopping))) break;
    rd_kafka_message_t *message = rd_kafka_consumer_poll(dump.handle.rk, 200);
    if (message == NULL) continue;
    const int32_t p = message->partition;
    handle_taken(&dump.handle, message->len);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (message->offset < dump.ends[p]) more = show(message, visit, context);
      dump.done[p] = dump.done[p] || message->offset + 1 >= dump.ends[p];
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      dump.done[p] = dump.done[p] || message->offset >= dump.ends[p];
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
               message->err == RD_KAFKA_RESP_ERR__FATAL) {
      status = error_set(error, STATUS_FATAL, "cannot read '%s': %s", options->topic, rd_kafka_message_errstr(message));
      more = false;
    }
    rd_kafka_message_destroy(message);
  }
  handle_close(&dump.handle);
  memory_free(dump.ends);
  memory_free(dump.done);
  return status;
}

enum status dump_positions(struct client *client, const char *group, const char *topic, int64_t *positions, int32_t size, struct error *error) {
  const struct client_property firm[] = {{"group.id", group}, {"enable.auto.commit", "false"}};
  struct handle handle = {0};
  enum status status = handle_open(&handle, client, RD_KAFKA_CONSUMER, "reader", NULL, 0, firm, sizeof firm / sizeof firm[0], NULL, NULL, error);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(size);
  for (int32_t p = 0; p < size; p++) rd_kafka_topic_partition_list_add(list, topic, p);
  if (status == STATUS_OK) {
    const rd_kafka_resp_err_t code = handle_committed(&handle, list, client_startup_ms(client));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) status = handle_fail_code(&handle, STATUS_RETRY, "asking for the group's positions", code, error);
  }
  for (int32_t p = 0; p < size && status == STATUS_OK; p++) positions[p] = list->elems[p].offset >= 0 ? list->elems[p].offset : -1;
  rd_kafka_topic_partition_list_destroy(list);
  handle_close(&handle);
  return status;
}
