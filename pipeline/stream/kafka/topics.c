#include "stream/kafka/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stream/kafka/handle.h"

enum { ADMIN_TIMEOUT_MS = 30000, MARGIN = 64 * 1024 };

// What is asked of each topic. Partitions: of the input, or of outputs. How large one message may get: any, as the input, as an
// input with our headers (or a finding with as many lines), as a dossier.
enum keep { KEEP_COMPACT, KEEP_INPUT, KEEP_EVER };
enum room { ROOM_ANY, ROOM_INPUT, ROOM_LETTER, ROOM_DOSSIER };
static const struct row {
  bool input_partitions;
  enum keep keep;
  enum room room;
} rows[TOPIC_COUNT] = {
    [TOPIC_SETTLEMENTS] = {true, KEEP_INPUT, ROOM_INPUT},
    [TOPIC_CREDIT_DEDUCTIONS] = {false, KEEP_EVER, ROOM_LETTER},
    [TOPIC_INSPECTOR_CASES] = {false, KEEP_EVER, ROOM_LETTER},
    [TOPIC_SHADOW_FINDINGS] = {false, KEEP_EVER, ROOM_LETTER},
    [TOPIC_SECOND_REVIEW] = {false, KEEP_EVER, ROOM_ANY},
    [TOPIC_SCREENING_RECEIPTS] = {false, KEEP_EVER, ROOM_ANY},
    [TOPIC_DEAD_LETTERS] = {false, KEEP_EVER, ROOM_LETTER},
    [TOPIC_PATIENT_STATE] = {true, KEEP_COMPACT, ROOM_DOSSIER},
    [TOPIC_INSTITUTION_STATE] = {false, KEEP_COMPACT, ROOM_ANY},
    [TOPIC_INSTITUTION_FACTS] = {false, KEEP_EVER, ROOM_ANY},
};

const char *topics_name(struct arena *arena, struct slice prefix, enum topic topic) {
  const struct slice name = slice_from(topic_name(topic));
  char *text = arena_take(arena, prefix.size + name.size + 1);
  if (prefix.size > 0) memcpy(text, prefix.data, prefix.size);
  memcpy(text + prefix.size, name.data, name.size);
  text[prefix.size + name.size] = '\0';
  return text;
}

static long long bytes_needed(const struct topics_settings *settings, const struct row *row) {
  switch (row->room) {
    case ROOM_INPUT: return settings->input_bytes_max;
    case ROOM_LETTER: return settings->input_bytes_max + MARGIN;
    case ROOM_DOSSIER: return settings->dossier_bytes_max + MARGIN;
    case ROOM_ANY: break;
  }
  return 0;
}

struct teller {
  void (*tell)(void *context, const char *line);
  void *context;
  bool wrong;
};

static void tell(struct teller *teller, bool wrong, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void tell(struct teller *teller, bool wrong, const char *format, ...) {
  char line[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  teller->wrong = teller->wrong || wrong;
  if (teller->tell != NULL) teller->tell(teller->context, line);
}

// --- Create --------------------------------------------------------------------------------------------------------------------

static void config_set(rd_kafka_NewTopic_t *topic, const char *name, const char *value) {
  (void)rd_kafka_NewTopic_set_config(topic, name, value);    // fails only for a NULL name
}

static rd_kafka_NewTopic_t *topic_new(const struct topics_settings *settings, const char *name, const struct row *row, struct error *error) {
  char reason[300], number[24];
  rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, row->input_partitions ? settings->partitions : settings->output_partitions,
                                                     settings->replication, reason, sizeof reason);
  if (topic == NULL) {
    error_set(error, STATUS_FATAL, "topic '%s': %s", name, reason);
    return NULL;
  }
  if (settings->replication >= 3) config_set(topic, "min.insync.replicas", "2");
  if (bytes_needed(settings, row) > 0) {
    snprintf(number, sizeof number, "%lld", bytes_needed(settings, row));
    config_set(topic, "max.message.bytes", number);
  }
  if (row->keep == KEEP_COMPACT) {
    config_set(topic, "cleanup.policy", "compact");
    config_set(topic, "min.cleanable.dirty.ratio", "0.2");
  } else {
    config_set(topic, "cleanup.policy", "delete");
    snprintf(number, sizeof number, "%lld", row->keep == KEEP_EVER ? -1LL : (long long)settings->retention_days * 86400000LL);
    config_set(topic, "retention.ms", number);
    config_set(topic, "retention.bytes", "-1");
    config_set(topic, "message.timestamp.type", row->keep == KEEP_INPUT ? "LogAppendTime" : "CreateTime");
  }
  return topic;
}

static enum status create_wait(struct client *client, rd_kafka_NewTopic_t **topics, size_t size, struct teller *teller, struct error *error) {
  rd_kafka_t *rk = handle_of_client(client);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
  rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  char reason[300];
  (void)rd_kafka_AdminOptions_set_request_timeout(options, ADMIN_TIMEOUT_MS, reason, sizeof reason);
  (void)rd_kafka_AdminOptions_set_operation_timeout(options, ADMIN_TIMEOUT_MS, reason, sizeof reason);
  rd_kafka_CreateTopics(rk, topics, size, options, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS + 5000);
  enum status status = STATUS_OK;
  if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = error_set(error, STATUS_RETRY, "cannot create topics: %s", event != NULL ? rd_kafka_event_error_string(event) : "no answer");
  } else {
    size_t results;
    const rd_kafka_topic_result_t **rows_made =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &results);
    for (size_t i = 0; i < results; i++) {
      const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(rows_made[i]);
      const char *name = rd_kafka_topic_result_name(rows_made[i]), *why = rd_kafka_topic_result_error_string(rows_made[i]);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        tell(teller, false, "%s: created", name);
      else if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        tell(teller, false, "%s: exists", name);
      else
        tell(teller, true, "%s: %s", name, why != NULL ? why : rd_kafka_err2str(code));
    }
  }
  if (event != NULL) rd_kafka_event_destroy(event);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
  return status;
}

// The cluster answers before every broker knows the new topics: waits until each partition can be asked for its end.
static enum status settle(struct client *client, const char *name, struct error *error) {
  struct error last = {0};
  for (int attempt = 0; attempt < ADMIN_TIMEOUT_MS / 50; attempt++) {
    int32_t partitions = 0;
    int64_t first, end;
    last.status = STATUS_OK;
    enum status status = client_partitions(client, name, &partitions, &last);
    for (int32_t p = 0; p < partitions && status == STATUS_OK; p++) status = client_range(client, name, p, &first, &end, &last);
    if (status == STATUS_OK && partitions > 0) return STATUS_OK;
    const struct timespec pause = {0, 50000000};
    nanosleep(&pause, NULL);
  }
  return error_set(error, STATUS_RETRY, "topic '%s' was made, but is not ready: %s", name, last.text);
}

enum status topics_create(struct client *client, const struct topics_settings *settings,
                          void (*tell_line)(void *context, const char *line), void *context, struct error *error) {
  struct teller teller = {tell_line, context, false};
  struct arena arena;
  arena_init(&arena, 4096);
  rd_kafka_NewTopic_t *topics[TOPIC_COUNT];
  size_t size = 0;
  enum status status = STATUS_OK;
  for (enum topic topic = 0; topic < TOPIC_COUNT && status == STATUS_OK; topic++) {
    topics[size] = topic_new(settings, topics_name(&arena, settings->prefix, topic), &rows[topic], error);
    if (topics[size] == NULL)
      status = STATUS_FATAL;
    else
      size++;
  }
  if (status == STATUS_OK) status = create_wait(client, topics, size, &teller, error);
  rd_kafka_NewTopic_destroy_array(topics, size);
  for (enum topic topic = 0; topic < TOPIC_COUNT && status == STATUS_OK && !teller.wrong; topic++)
    status = settle(client, topics_name(&arena, settings->prefix, topic), error);
  arena_fini(&arena);
  return status == STATUS_OK && teller.wrong ? STATUS_REJECT : status;
}

// --- Check ---------------------------------------------------------------------------------------------------------------------

struct config { const rd_kafka_ConfigEntry_t **entries; size_t size; };

static const char *config_get(const struct config *config, const char *name) {
  for (size_t i = 0; i < config->size; i++) {
    const char *value = strcmp(rd_kafka_ConfigEntry_name(config->entries[i]), name) == 0
                            ? rd_kafka_ConfigEntry_value(config->entries[i]) : NULL;
    if (value != NULL) return value;
  }
  return "";
}

static long long config_number(const struct config *config, const char *name) { return strtoll(config_get(config, name), NULL, 10); }

static void check_config(const struct topics_settings *settings, const char *name, const struct row *row, const struct config *config,
                         struct teller *teller) {
  const char *policy = config_get(config, "cleanup.policy");
  const long long bytes = config_number(config, "max.message.bytes"), kept_ms = config_number(config, "retention.ms");
  const long long need = bytes_needed(settings, row);
  if (row->keep == KEEP_COMPACT && strcmp(policy, "compact") != 0)
    tell(teller, true, "%s: cleanup.policy is '%s', must be 'compact': a deleted record is a forgotten patient", name, policy);
  if (row->keep != KEEP_COMPACT && strstr(policy, "compact") != NULL)
    tell(teller, true, "%s: cleanup.policy is '%s', must be 'delete': compaction would drop all but the newest of a key", name, policy);
  if (bytes < need)
    tell(teller, true, "%s: max.message.bytes is %lld, must be at least %lld", name, bytes, need);
  if (row->keep != KEEP_INPUT || kept_ms < 0) return;
  if (kept_ms < (long long)settings->horizon_days * 86400000LL)
    tell(teller, true, "%s: retention.ms keeps %lld days, the rules look back %lld days", name, kept_ms / 86400000LL,
         (long long)settings->horizon_days);
  if (strcmp(config_get(config, "message.timestamp.type"), "LogAppendTime") != 0)
    tell(teller, true, "%s: records with old event times would be deleted at once: set message.timestamp.type=LogAppendTime or "
         "retention.ms=-1", name);
}

static enum status describe(struct client *client, const char **names, struct teller *teller, const bool *there,
                            const struct topics_settings *settings, struct error *error) {
  rd_kafka_t *rk = handle_of_client(client);
  rd_kafka_ConfigResource_t *resources[TOPIC_COUNT];
  enum topic of[TOPIC_COUNT];
  size_t size = 0;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (!there[topic]) continue;
    of[size] = topic;
    resources[size++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, names[topic]);
  }
  if (size == 0) return STATUS_OK;
  rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
  rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  char reason[300];
  (void)rd_kafka_AdminOptions_set_request_timeout(options, ADMIN_TIMEOUT_MS, reason, sizeof reason);
  rd_kafka_DescribeConfigs(rk, resources, size, options, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS + 5000);
  enum status status = STATUS_OK;
  if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = error_set(error, STATUS_RETRY, "cannot read the topics' settings: %s",
                       event != NULL ? rd_kafka_event_error_string(event) : "no answer");
  } else {
    size_t results;
    const rd_kafka_ConfigResource_t **described =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &results);
    for (size_t i = 0; i < results; i++) {
      const char *name = rd_kafka_ConfigResource_name(described[i]);
      struct config config;
      config.entries = rd_kafka_ConfigResource_configs(described[i], &config.size);
      for (size_t r = 0; r < size; r++) {
        if (strcmp(names[of[r]], name) != 0) continue;
        if (rd_kafka_ConfigResource_error(described[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
          tell(teller, true, "%s: %s", name, rd_kafka_ConfigResource_error_string(described[i]));
        else
          check_config(settings, name, &rows[of[r]], &config, teller);
      }
    }
  }
  if (event != NULL) rd_kafka_event_destroy(event);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
  rd_kafka_ConfigResource_destroy_array(resources, size);
  return status;
}

enum status topics_check(struct client *client, const struct topics_settings *settings,
                         void (*tell_line)(void *context, const char *line), void *context, struct error *error) {
  struct teller teller = {tell_line, context, false};
  struct arena arena;
  arena_init(&arena, 4096);
  const char *names[TOPIC_COUNT];
  bool there[TOPIC_COUNT];
  enum status status = STATUS_OK;
  for (enum topic topic = 0; topic < TOPIC_COUNT && status == STATUS_OK; topic++) {
    names[topic] = topics_name(&arena, settings->prefix, topic);
    int32_t partitions = 0;
    status = client_partitions(client, names[topic], &partitions, error);
    there[topic] = partitions > 0;
    if (status != STATUS_OK) break;
    if (!there[topic])
      tell(&teller, true, "%s: missing, make it with `settlewatch topics create`", names[topic]);
    else if (rows[topic].input_partitions && partitions != settings->partitions)
      tell(&teller, true, "%s: %d partitions, must be %d: the same for settlements and patient-state, and never changed", names[topic],
           (int)partitions, (int)settings->partitions);
  }
  if (status == STATUS_OK) status = describe(client, names, &teller, there, settings, error);
  arena_fini(&arena);
  if (status == STATUS_OK && !teller.wrong) tell(&teller, false, "all topics are as they must be");
  return status == STATUS_OK && teller.wrong ? STATUS_REJECT : status;
}
