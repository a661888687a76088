#include "stream/kafka/client.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/memory.h"
#include "stream/kafka/handle.h"


struct client {
  struct client_settings settings;
  struct handle handle;
  pthread_mutex_t lock;      // of last
  char last[300];            // the library's last complaint, for the message of a failed start
};

struct handle *handle_of_client(struct client *client) { return &client->handle; }
int client_startup_ms(const struct client *client) { return client->settings.startup_ms; }
const char *client_bootstrap(const struct client *client) { return client->settings.bootstrap; }

const struct client_property *client_properties(const struct client *client, size_t *size) {
  *size = client->settings.properties_size;
  return client->settings.properties;
}

void client_say(const struct client *client, int level, const char *format, ...) {
  char text[800];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (level <= 4) {
    struct client *mine = (struct client *)(uintptr_t)client;    // `last` is the only thing that changes, under its lock
    pthread_mutex_lock(&mine->lock);
    snprintf(mine->last, sizeof mine->last, "%.299s", text);
    pthread_mutex_unlock(&mine->lock);
  }
  if (client->settings.say != NULL) client->settings.say(client->settings.context, level, text);
}

// The library tries for ever, also with a wrong password; so the deadline is ours.
static enum status connect_first(struct client *client, struct error *error) {
  const int64_t deadline = handle_now_ms() + client->settings.startup_ms;
  for (;;) {
    const struct rd_kafka_metadata *metadata = NULL;
    const int64_t left = deadline - handle_now_ms();
    const rd_kafka_resp_err_t code = rd_kafka_metadata(client->handle.rk, 0, NULL, &metadata, left > 2000 ? 2000 : left > 0 ? (int)left : 1);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      return STATUS_OK;
    }
    rd_kafka_poll(client->handle.rk, 0);    // lets the library say why
    if (handle_now_ms() < deadline) continue;
    pthread_mutex_lock(&client->lock);
    error_set(error, STATUS_FATAL, "no broker of '%s' accepted us within %d s: %s", client->settings.bootstrap,
              client->settings.startup_ms / 1000, client->last[0] != '\0' ? client->last : rd_kafka_err2str(code));
    pthread_mutex_unlock(&client->lock);
    return STATUS_FATAL;
  }
}

struct client *client_open(const struct client_settings *settings, struct error *error) {
  // Without a group and reading what is uncommitted: the end of a partition is then its true end.
  static const struct client_property firm[] = {{"isolation.level", "read_uncommitted"}, {"enable.auto.commit", "false"}};
  struct client *client = memory_take(sizeof *client);
  client->settings = *settings;
  pthread_mutex_init(&client->lock, NULL);
  if (handle_open(&client->handle, client, RD_KAFKA_CONSUMER, "client", NULL, 0, firm, sizeof firm / sizeof firm[0], NULL, NULL,
                  error) == STATUS_OK &&
      connect_first(client, error) == STATUS_OK)
    return client;
  client_close(client);
  return NULL;
}

void client_close(struct client *client) {
  if (client == NULL) return;
  handle_close(&client->handle);
  pthread_mutex_destroy(&client->lock);
  memory_free(client);
}

enum status client_partitions(struct client *client, const char *topic, int32_t *partitions, struct error *error) {
  const int64_t known = handle_now_ms() + CLIENT_KNOWN_MS;
  *partitions = 0;
  do {
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t code = handle_topics(&client->handle, &metadata, client->settings.startup_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_fail_code(&client->handle, STATUS_RETRY, "asking for the topics", code, error);
    for (int i = 0; i < metadata->topic_cnt; i++)
      if (strcmp(metadata->topics[i].topic, topic) == 0 && metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
        *partitions = metadata->topics[i].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
  } while (*partitions == 0 && handle_again(&client->handle, NULL, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, known));
  return STATUS_OK;
}

static enum status range(struct client *client, const char *topic, int32_t partition, int64_t *first, int64_t *end, int timeout_ms,
                         int64_t deadline_ms, struct error *error) {
  rd_kafka_resp_err_t code;
  do code = rd_kafka_query_watermark_offsets(client->handle.rk, topic, partition, first, end, timeout_ms);
  while (handle_again(&client->handle, "asking for an end", code, deadline_ms));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return STATUS_OK;
  return error_set(error, STATUS_RETRY, "kafka client: %s[%d]: asking for the end: %s", topic, partition, rd_kafka_err2str(code));
}

enum status client_range(struct client *client, const char *topic, int32_t partition, int64_t *first, int64_t *end,
                         struct error *error) {
  return range(client, topic, partition, first, end, CLIENT_RANGE_MS, handle_now_ms() + client->settings.startup_ms, error);
}

enum status client_range_once(struct client *client, const char *topic, int32_t partition, int64_t *first, int64_t *end, int timeout_ms,
                              struct error *error) {
  return range(client, topic, partition, first, end, timeout_ms, 0, error);
}

const char *client_library(void) {
  static char name[64];
  snprintf(name, sizeof name, "librdkafka %s", rd_kafka_version_str());
  return name;
}

int32_t client_partition_of(struct slice key, int32_t partitions) {
  return rd_kafka_msg_partitioner_murmur2(NULL, key.data, key.size, partitions, NULL, NULL);
}
