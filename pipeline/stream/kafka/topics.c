#include "stream/kafka/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stream/kafka/handle.h"
#include "stream/kafka/rights.h"

enum { ADMIN_TIMEOUT_MS = 30000, MARGIN = 64 * 1024, DAY_MS = 86400000 };

// What each topic is for: the input, an output that is kept, or a compacted state. How large one message may get: any, as the input, as an
// input with our headers (or a finding with as many lines), as a dossier.
enum keep { KEEP_INPUT = 1, KEEP_EVER = 2, KEEP_COMPACT = 4, KEEP_ANY = 7 };
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
    [TOPIC_DEAD_LETTER_DECISIONS] = {false, KEEP_EVER, ROOM_ANY},
    [TOPIC_PATIENT_STATE] = {true, KEEP_COMPACT, ROOM_DOSSIER},
    [TOPIC_INSTITUTION_STATE] = {false, KEEP_COMPACT, ROOM_ANY},
    [TOPIC_INSTITUTION_FACTS] = {false, KEEP_EVER, ROOM_ANY},
    [TOPIC_RULES_CONTROL] = {false, KEEP_EVER, ROOM_ANY},
};

// What a topic's settings must hold. Words are compared as they stand; numbers lie within a bound that may come from the site's settings,
// and -1 is "without limit" where a lower bound is asked.
enum must { MUST_BE, MUST_REACH, MUST_NOT_PASS };
enum bound { BOUND_NONE, BOUND_BYTES, BOUND_HORIZON, BOUND_DAY, BOUND_TEN_MINUTES, BOUND_UNLIMITED, BOUND_REPLICAS, BOUND_TWO_OF_THREE };
static const struct demand {
  unsigned keep;             // of enum keep: whom it concerns
  const char *config;
  enum must must;
  const char *word;          // MUST_BE
  enum bound bound;
  const char *why;
} demands[] = {
    {KEEP_COMPACT, "cleanup.policy", MUST_BE, "compact", BOUND_NONE, "a deleted record is a forgotten patient"},
    {KEEP_INPUT | KEEP_EVER, "cleanup.policy", MUST_BE, "delete", BOUND_NONE, "compaction would drop all but the newest of a key"},
    {KEEP_ANY, "max.message.bytes", MUST_REACH, NULL, BOUND_BYTES, "a larger message would stop the screen"},
    {KEEP_ANY, "segment.bytes", MUST_REACH, NULL, BOUND_BYTES, "a message larger than a segment is refused"},
    {KEEP_INPUT, "retention.ms", MUST_REACH, NULL, BOUND_HORIZON, "the rules look back so far, and an input that is gone cannot be proven or replayed"},
    {KEEP_INPUT | KEEP_EVER, "retention.bytes", MUST_REACH, NULL, BOUND_UNLIMITED, "a limit of size deletes records before their time"},
    {KEEP_INPUT, "message.timestamp.before.max.ms", MUST_REACH, NULL, BOUND_HORIZON, "late settlements would be refused"},
    {KEEP_EVER, "retention.ms", MUST_REACH, NULL, BOUND_HORIZON, "results are needed as long as the rules look back"},
    {KEEP_COMPACT, "delete.retention.ms", MUST_REACH, NULL, BOUND_DAY, "an index that is being learned must meet what was deleted meanwhile"},
    {KEEP_COMPACT, "min.compaction.lag.ms", MUST_NOT_PASS, NULL, BOUND_DAY, "the topic would not shrink, and each start reads all of it"},
    {KEEP_ANY, "segment.ms", MUST_REACH, NULL, BOUND_TEN_MINUTES, "so many small files are a burden to the brokers"},
    {KEEP_ANY, "unclean.leader.election.enable", MUST_BE, "false", BOUND_NONE, "a broker that lags behind would take committed records back"},
    {KEEP_ANY, "min.insync.replicas", MUST_NOT_PASS, NULL, BOUND_REPLICAS, "no write could ever be acknowledged"},
    {KEEP_ANY, "min.insync.replicas", MUST_REACH, NULL, BOUND_TWO_OF_THREE, "what is acknowledged by one broker is lost with it"},
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
  return MARGIN;
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
  if (row->room != ROOM_ANY) {
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

// One answer of the cluster. made: who was told of before; *code: what passes and is to be asked again.
static enum status create_once(struct client *client, rd_kafka_NewTopic_t **topics, size_t size, bool *told, struct teller *teller,
                               rd_kafka_resp_err_t *code, struct error *error) {
  rd_kafka_t *rk = handle_of_client(client)->rk;
  rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
  rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  char reason[300];
  (void)rd_kafka_AdminOptions_set_request_timeout(options, ADMIN_TIMEOUT_MS, reason, sizeof reason);
  (void)rd_kafka_AdminOptions_set_operation_timeout(options, ADMIN_TIMEOUT_MS, reason, sizeof reason);
  rd_kafka_CreateTopics(rk, topics, size, options, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS + 5000);
  enum status status = STATUS_OK;
  *code = event != NULL ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (*code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = error_set(error, STATUS_RETRY, "cannot create topics: %s", event != NULL ? rd_kafka_event_error_string(event) : "no answer");
  } else {
    size_t results;
    const rd_kafka_topic_result_t **answers = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &results);
    for (size_t i = 0; i < results && i < size; i++) {    // in the order asked
      const rd_kafka_resp_err_t answer = rd_kafka_topic_result_error(answers[i]);
      const char *name = rd_kafka_topic_result_name(answers[i]), *why = rd_kafka_topic_result_error_string(answers[i]);
      if (handle_passing(answer))
        status = error_set(error, STATUS_RETRY, "topic '%s': %s", name, rd_kafka_err2str(*code = answer));
      else if (!told[i] && answer == RD_KAFKA_RESP_ERR_NO_ERROR)
        tell(teller, false, "%s: created", name);
      else if (!told[i] && answer == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        tell(teller, false, "%s: exists", name);
      else if (!told[i])
        tell(teller, true, "%s: %s", name, why != NULL ? why : rd_kafka_err2str(answer));
      told[i] = told[i] || !handle_passing(answer);
    }
  }
  if (event != NULL) rd_kafka_event_destroy(event);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
  return status;
}

static enum status create_wait(struct client *client, rd_kafka_NewTopic_t **topics, size_t size, struct teller *teller, struct error *error) {
  const int64_t deadline = handle_now_ms() + client_startup_ms(client);
  bool told[TOPIC_COUNT] = {false};
  rd_kafka_resp_err_t code;
  enum status status;
  while ((status = create_once(client, topics, size, told, teller, &code, error)) == STATUS_RETRY &&
         handle_again(handle_of_client(client), "creating topics", code, deadline))
    error->status = STATUS_OK;
  return status;
}

// The cluster answers before every broker knows the new topics: waits until each partition can be asked for its end.
static enum status settle(struct client *client, const char *name, struct error *error) {
  const int64_t deadline = handle_now_ms() + client_startup_ms(client);
  struct error last = {0};
  do {
    int32_t partitions = 0;
    int64_t first, end;
    last.status = STATUS_OK;
    enum status status = client_partitions(client, name, &partitions, &last);
    for (int32_t p = 0; p < partitions && status == STATUS_OK; p++) status = client_range(client, name, p, &first, &end, &last);
    if (status == STATUS_OK && partitions > 0) return STATUS_OK;
  } while (handle_again(handle_of_client(client), name, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, deadline));
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

// What the cluster says of a topic; partitions 0: it is not there, or hidden from us.
struct there { int32_t partitions; int replicas; };

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

static bool bound_of(const struct topics_settings *settings, const struct row *row, enum bound bound, int replicas, long long *value) {
  switch (bound) {
    case BOUND_BYTES: *value = bytes_needed(settings, row); return true;
    case BOUND_HORIZON: *value = (long long)settings->horizon_days * DAY_MS; return settings->horizon_days > 0;
    case BOUND_DAY: *value = DAY_MS; return true;
    case BOUND_TEN_MINUTES: *value = 600000; return true;
    case BOUND_UNLIMITED: *value = INT64_MAX; return true;
    case BOUND_REPLICAS: *value = replicas; return true;
    case BOUND_TWO_OF_THREE: *value = 2; return replicas >= 3;
    case BOUND_NONE: break;
  }
  return false;
}

static void check_config(const struct topics_settings *settings, const char *name, const struct row *row, const struct config *config,
                         int replicas, struct teller *teller) {
  for (size_t i = 0; i < sizeof demands / sizeof demands[0]; i++) {
    const struct demand *demand = &demands[i];
    const char *is = config_get(config, demand->config);
    if ((demand->keep & (unsigned)row->keep) == 0 || is[0] == '\0') continue;    // a setting that this broker does not know yet
    if (demand->must == MUST_BE) {
      if (strcmp(is, demand->word) != 0)
        tell(teller, true, "%s: %s is '%s', must be '%s': %s", name, demand->config, is, demand->word, demand->why);
      continue;
    }
    long long bound;
    const long long value = strtoll(is, NULL, 10);
    if (!bound_of(settings, row, demand->bound, replicas, &bound)) continue;
    if (demand->bound == BOUND_UNLIMITED && value >= 0)
      tell(teller, true, "%s: %s is %lld, must be -1: %s", name, demand->config, value, demand->why);
    else if (demand->must == MUST_REACH && value >= 0 && value < bound)
      tell(teller, true, "%s: %s is %lld, must be at least %lld: %s", name, demand->config, value, bound, demand->why);
    else if (demand->must == MUST_NOT_PASS && value > bound)
      tell(teller, true, "%s: %s is %lld, must be at most %lld: %s", name, demand->config, value, bound, demand->why);
  }
  // A retention counts from the records' own times unless the broker stamps them.
  if (row->keep == KEEP_INPUT && config_number(config, "retention.ms") >= 0 &&
      strcmp(config_get(config, "message.timestamp.type"), "LogAppendTime") != 0)
    tell(teller, true, "%s: records with old event times would be deleted at once: set message.timestamp.type=LogAppendTime or "
         "retention.ms=-1", name);
}

// *code: what passes and is to be asked again; nothing was told then.
static enum status describe_once(struct client *client, const char **names, struct teller *teller, const struct there *there,
                                 const struct topics_settings *settings, rd_kafka_resp_err_t *code, struct error *error) {
  rd_kafka_t *rk = handle_of_client(client)->rk;
  rd_kafka_ConfigResource_t *resources[TOPIC_COUNT];
  enum topic of[TOPIC_COUNT];
  size_t size = 0;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (there[topic].partitions == 0) continue;
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
  *code = event != NULL ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  size_t results = 0;
  const rd_kafka_ConfigResource_t **described = NULL;
  if (*code == RD_KAFKA_RESP_ERR_NO_ERROR) described = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &results);
  for (size_t i = 0; i < results; i++)
    if (handle_passing(rd_kafka_ConfigResource_error(described[i]))) *code = rd_kafka_ConfigResource_error(described[i]);
  if (*code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = error_set(error, STATUS_RETRY, "cannot read the topics' settings: %s", rd_kafka_err2str(*code));
  } else {
    for (size_t i = 0; i < results; i++) {
      const char *name = rd_kafka_ConfigResource_name(described[i]);
      struct config config;
      config.entries = rd_kafka_ConfigResource_configs(described[i], &config.size);
      for (size_t r = 0; r < size; r++) {
        if (strcmp(names[of[r]], name) != 0) continue;
        if (rd_kafka_ConfigResource_error(described[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
          tell(teller, true, "%s: its settings cannot be read: %s (DESCRIBE_CONFIGS is needed)", name, rd_kafka_ConfigResource_error_string(described[i]));
        else
          check_config(settings, name, &rows[of[r]], &config, there[of[r]].replicas, teller);
      }
    }
  }
  if (event != NULL) rd_kafka_event_destroy(event);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
  rd_kafka_ConfigResource_destroy_array(resources, size);
  return status;
}

static enum status describe(struct client *client, const char **names, struct teller *teller, const struct there *there,
                            const struct topics_settings *settings, struct error *error) {
  const int64_t deadline = handle_now_ms() + client_startup_ms(client);
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  enum status status;
  while ((status = describe_once(client, names, teller, there, settings, &code, error)) == STATUS_RETRY &&
         handle_again(handle_of_client(client), "asking for the topics' settings", code, deadline))
    error->status = STATUS_OK;
  return status;
}

// Partitions and replicas of each topic. What is missing may be new, and the broker that was asked behind the others.
static enum status look(struct client *client, const char **names, struct there *there, struct error *error) {
  const int64_t known = handle_now_ms() + CLIENT_KNOWN_MS;
  int found;
  do {
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t code = handle_topics(handle_of_client(client), &metadata, client_startup_ms(client));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_set(error, STATUS_RETRY, "asking for the topics: %s", rd_kafka_err2str(code));
    found = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
      const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
      for (int t = 0; t < TOPIC_COUNT; t++) {
        if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR || strcmp(topic->topic, names[t]) != 0) continue;
        found++;
        there[t] = (struct there){topic->partition_cnt, INT16_MAX};
        for (int p = 0; p < topic->partition_cnt; p++)
          if (topic->partitions[p].replica_cnt < there[t].replicas) there[t].replicas = topic->partitions[p].replica_cnt;
      }
    }
    rd_kafka_metadata_destroy(metadata);
  } while (found < TOPIC_COUNT && handle_again(handle_of_client(client), NULL, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, known));
  return STATUS_OK;
}

static void check_shape(const struct topics_settings *settings, const char *name, const struct row *row, const struct there *there,
                        struct teller *teller) {
  if (there->partitions == 0) {
    tell(teller, true, "%s: missing, make it with `settlewatch topics create`; or this user may not see it (DESCRIBE is needed)", name);
    return;
  }
  if (row->input_partitions && there->partitions != settings->partitions)
    tell(teller, true, "%s: %d partitions, must be %d (kafka.partitions): the same for settlements and patient-state, and never changed: keys would "
         "move to other partitions than their dossiers", name, (int)there->partitions, (int)settings->partitions);
  if (there->replicas < settings->replication)
    tell(teller, true, "%s: %d copies of a partition, must be at least %d (kafka.replication)", name, there->replicas, (int)settings->replication);
}

static void tell_right(void *context, const char *line) { tell(context, true, "%s", line); }

enum status topics_check(struct client *client, const struct topics_settings *settings,
                         void (*tell_line)(void *context, const char *line), void *context, struct error *error) {
  struct teller teller = {tell_line, context, false};
  struct arena arena;
  arena_init(&arena, 4096);
  const char *names[TOPIC_COUNT];
  struct there there[TOPIC_COUNT] = {0};
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) names[topic] = topics_name(&arena, settings->prefix, topic);
  enum status status = look(client, names, there, error);
  for (enum topic topic = 0; topic < TOPIC_COUNT && status == STATUS_OK; topic++)
    check_shape(settings, names[topic], &rows[topic], &there[topic], &teller);
  if (status == STATUS_OK) status = describe(client, names, &teller, there, settings, error);
  // Rights and positions are tried only on topics that are right: on others they say nothing more.
  if (status == STATUS_OK && !teller.wrong && settings->group != NULL) {
    const struct rights rights = {.names = names, .group = settings->group, .slot = settings->slot, .partitions = settings->partitions};
    status = rights_check(client, &rights, tell_right, &teller, error);
  }
  arena_fini(&arena);
  return status == STATUS_OK && teller.wrong ? STATUS_REJECT : status;
}
