// What an operator, an attacker or another program does to a cluster, for the tests: one command per line of standard input, one answer per
// line of standard output ("ok" or "failed: why"). Words are separated by tabs.
//
//   topic NAME PARTITIONS REPLICATION [CONFIG=VALUE]...    deletes it when it is there, and makes it
//   delete NAME          grow NAME PARTITIONS
//   send TOPIC PARTITION KEY VALUE [HEADER=VALUE]...       PARTITION -1: by key
//   transact TOPIC PARTITION commit|abort KEY VALUE        one transaction of one record
//   hold TOPIC           a transaction that stays open on every partition: whoever reads what is committed waits there
//   release              aborts it
//   rewrite TOPIC drop|change|double|invent NTH            the topic anew, as it was but for its NTH message
//   allow PRINCIPAL topic|group NAME literal|prefixed OPERATION
//   forbid PRINCIPAL topic|group|any NAME literal|prefixed OPERATION   takes it back
//   truncate TOPIC PARTITION OFFSET                      deletes what stands before
//   position GROUP TOPIC PARTITION OFFSET                  commits
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS_MAX = 40, TIMEOUT_MS = 30000, MESSAGES_MAX = 200000, HEADERS_MAX = 32 };

static const char *servers;
static rd_kafka_t *client;

static void pause_ms(long ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); }

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char why[300];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) return;
  fprintf(stderr, "meddle: %s\n", why);
  exit(2);
}

static rd_kafka_t *open_handle(rd_kafka_type_t type, const char *name, const char *value) {
  char why[300];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", servers);
  set(conf, "log_level", "2");
  if (type == RD_KAFKA_PRODUCER) set(conf, "partitioner", "murmur2"), set(conf, "enable.idempotence", "true");
  else set(conf, "enable.partition.eof", "true"), set(conf, "fetch.wait.max.ms", "10");
  if (name != NULL) set(conf, name, value);
  rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
  if (rk != NULL) return rk;
  fprintf(stderr, "meddle: %s\n", why);
  exit(2);
}

static const char *answer(rd_kafka_resp_err_t code) {
  static char text[300];
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return NULL;
  snprintf(text, sizeof text, "%s", rd_kafka_err2str(code));
  return text;
}

// --- Administration ------------------------------------------------------------------------------------------------------------

static const char *waited(rd_kafka_queue_t *queue, rd_kafka_resp_err_t (*first)(const rd_kafka_event_t *event)) {
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
  const char *why = event == NULL ? "no answer" : answer(rd_kafka_event_error(event));
  if (why == NULL) why = answer(first(event));
  if (event != NULL) rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  return why;
}

static rd_kafka_resp_err_t of_topics(const rd_kafka_topic_result_t **rows, size_t size) {
  return size > 0 ? rd_kafka_topic_result_error(rows[0]) : RD_KAFKA_RESP_ERR__FAIL;
}
static rd_kafka_resp_err_t of_create(const rd_kafka_event_t *event) {
  size_t size;
  const rd_kafka_topic_result_t **rows = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result((rd_kafka_event_t *)event), &size);
  return of_topics(rows, size);
}
static rd_kafka_resp_err_t of_delete(const rd_kafka_event_t *event) {
  size_t size;
  const rd_kafka_topic_result_t **rows = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result((rd_kafka_event_t *)event), &size);
  return of_topics(rows, size);
}
static rd_kafka_resp_err_t of_grow(const rd_kafka_event_t *event) {
  size_t size;
  const rd_kafka_topic_result_t **rows =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result((rd_kafka_event_t *)event), &size);
  return of_topics(rows, size);
}
static rd_kafka_resp_err_t of_acls(const rd_kafka_event_t *event) {
  size_t size;
  const rd_kafka_acl_result_t **rows = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result((rd_kafka_event_t *)event), &size);
  const rd_kafka_error_t *error = size > 0 ? rd_kafka_acl_result_error(rows[0]) : NULL;
  return error != NULL ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
}
static rd_kafka_resp_err_t of_any(const rd_kafka_event_t *event) { return rd_kafka_event_error((rd_kafka_event_t *)event); }

static int32_t partitions_of(const char *name) {
  const rd_kafka_metadata_t *metadata;
  int32_t partitions = 0;
  if (rd_kafka_metadata(client, 1, NULL, &metadata, TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  for (int i = 0; i < metadata->topic_cnt; i++)
    if (strcmp(metadata->topics[i].topic, name) == 0 && metadata->topics[i].err == 0) {
      partitions = metadata->topics[i].partition_cnt;
      for (int p = 0; p < metadata->topics[i].partition_cnt; p++)
        if (metadata->topics[i].partitions[p].leader < 0) partitions = 0;
    }
  rd_kafka_metadata_destroy(metadata);
  return partitions;
}

static const char *delete_topic(const char *name) {
  rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_DeleteTopics(client, &topic, 1, NULL, queue);
  rd_kafka_DeleteTopic_destroy(topic);
  const char *why = waited(queue, of_delete);
  for (int i = 0; i < 300 && why == NULL && partitions_of(name) > 0; i++) pause_ms(20);
  return why;
}

static const char *make_topic(char **words, int size) {
  char why[300];
  const char *name = words[1], *failed = NULL;
  if (partitions_of(name) > 0 && (failed = delete_topic(name)) != NULL) return failed;
  for (int attempt = 0; attempt < 100; attempt++) {
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, (int)strtol(words[2], NULL, 10), (int)strtol(words[3], NULL, 10), why, sizeof why);
    for (int i = 4; i < size; i++) {
      char *cut = strchr(words[i], '=');
      *cut = '\0';
      rd_kafka_NewTopic_set_config(topic, words[i], cut + 1);
      *cut = '=';
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_CreateTopics(client, &topic, 1, NULL, queue);
    rd_kafka_NewTopic_destroy(topic);
    failed = waited(queue, of_create);
    if (failed == NULL || strstr(failed, "exists") == NULL) break;
    pause_ms(50);    // it is still being deleted
  }
  for (int i = 0; i < 300 && failed == NULL && partitions_of(name) == 0; i++) pause_ms(20);
  return failed;
}

static const char *grow_topic(const char *name, size_t partitions) {
  char why[300];
  rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(name, partitions, why, sizeof why);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_CreatePartitions(client, &more, 1, NULL, queue);
  rd_kafka_NewPartitions_destroy(more);
  const char *failed = waited(queue, of_grow);
  for (int i = 0; i < 300 && failed == NULL && partitions_of(name) != (int32_t)partitions; i++) pause_ms(20);
  return failed;
}

static const char *truncate_partition(const char *name, const char *partition, const char *offset) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, name, (int32_t)strtol(partition, NULL, 10))->offset = strtoll(offset, NULL, 10);
  rd_kafka_DeleteRecords_t *before = rd_kafka_DeleteRecords_new(list);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_DeleteRecords(client, &before, 1, NULL, queue);
  rd_kafka_DeleteRecords_destroy(before);
  rd_kafka_topic_partition_list_destroy(list);
  return waited(queue, of_any);
}

static int word_of(const char *word, const char *(*name)(int), int size) {
  for (int i = 0; i < size; i++) {
    const char *other = name(i);
    if (strcasecmp(word, other) == 0) return i;
  }
  fprintf(stderr, "meddle: unknown word '%s'\n", word);
  exit(2);
}
static const char *type_name(int i) { return rd_kafka_ResourceType_name((rd_kafka_ResourceType_t)i); }
static const char *pattern_name(int i) { return rd_kafka_ResourcePatternType_name((rd_kafka_ResourcePatternType_t)i); }
static const char *operation_name(int i) { return rd_kafka_AclOperation_name((rd_kafka_AclOperation_t)i); }

static const char *access_change(char **words, int give) {
  char why[300];
  const rd_kafka_ResourceType_t type = (rd_kafka_ResourceType_t)word_of(words[2], type_name, RD_KAFKA_RESOURCE__CNT);
  const rd_kafka_ResourcePatternType_t pattern =
      (rd_kafka_ResourcePatternType_t)word_of(words[4], pattern_name, RD_KAFKA_RESOURCE_PATTERN_TYPE__CNT);
  const rd_kafka_AclOperation_t operation = (rd_kafka_AclOperation_t)word_of(words[5], operation_name, RD_KAFKA_ACL_OPERATION__CNT);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_AclBinding_t *binding =
      give ? rd_kafka_AclBinding_new(type, words[3], pattern, words[1], "*", operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why, sizeof why)
           : rd_kafka_AclBindingFilter_new(type, words[3], pattern, words[1], "*", operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why, sizeof why);
  if (binding == NULL) {
    rd_kafka_queue_destroy(queue);
    fprintf(stderr, "meddle: %s\n", why);
    exit(2);
  }
  if (give) rd_kafka_CreateAcls(client, &binding, 1, NULL, queue);
  else rd_kafka_DeleteAcls(client, &binding, 1, NULL, queue);
  rd_kafka_AclBinding_destroy(binding);
  return waited(queue, give ? of_acls : of_any);
}

// --- Records -------------------------------------------------------------------------------------------------------------------

static const char *produce(rd_kafka_t *rk, const char *topic, int32_t partition, const void *key, size_t key_size, const void *value,
                           size_t value_size, int64_t time_ms, rd_kafka_headers_t *headers) {
  rd_kafka_vu_t arguments[] = {{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
                               {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
                               {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)key, key_size}},
                               {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)value, value_size}},
                               {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
                               {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = time_ms},
                               {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers}};
  rd_kafka_error_t *error = rd_kafka_produceva(rk, arguments, headers != NULL ? 7 : 6);
  if (error == NULL) return NULL;
  const char *why = answer(rd_kafka_error_code(error));
  rd_kafka_error_destroy(error);
  return why;
}

static const char *send_one(char **words, int size) {
  rd_kafka_t *rk = open_handle(RD_KAFKA_PRODUCER, NULL, NULL);
  rd_kafka_headers_t *headers = rd_kafka_headers_new(8);
  for (int i = 5; i < size; i++) {
    char *cut = strchr(words[i], '=');
    *cut = '\0';
    rd_kafka_header_add(headers, words[i], -1, cut + 1, -1);
  }
  const char *why = produce(rk, words[1], (int32_t)strtol(words[2], NULL, 10), words[3], strlen(words[3]), words[4], strlen(words[4]), 0, headers);
  if (why == NULL) why = answer(rd_kafka_flush(rk, TIMEOUT_MS));
  rd_kafka_destroy(rk);
  return why;
}

static const char *transact(char **words) {
  rd_kafka_t *rk = open_handle(RD_KAFKA_PRODUCER, "transactional.id", "meddle");
  rd_kafka_error_t *error = rd_kafka_init_transactions(rk, TIMEOUT_MS);
  if (error == NULL) error = rd_kafka_begin_transaction(rk);
  const char *why = error != NULL ? rd_kafka_error_string(error)
                                  : produce(rk, words[1], (int32_t)strtol(words[2], NULL, 10), words[4], strlen(words[4]), words[5], strlen(words[5]), 0, NULL);
  if (why == NULL) {
    rd_kafka_flush(rk, TIMEOUT_MS);
    error = strcmp(words[3], "commit") == 0 ? rd_kafka_commit_transaction(rk, TIMEOUT_MS) : rd_kafka_abort_transaction(rk, TIMEOUT_MS);
    if (error != NULL) why = rd_kafka_error_string(error);
  }
  if (why != NULL) fprintf(stderr, "meddle: %s\n", why);
  rd_kafka_destroy(rk);
  return why != NULL ? "transaction" : NULL;
}

static rd_kafka_t *holder;

static const char *release(void) {
  if (holder == NULL) return "nothing is held";
  rd_kafka_error_t *error = rd_kafka_abort_transaction(holder, TIMEOUT_MS);
  rd_kafka_destroy(holder);
  holder = NULL;
  if (error == NULL) return NULL;
  rd_kafka_error_destroy(error);
  return "the abort";
}

static const char *hold(const char *topic) {
  if (holder != NULL) return "something is held already";
  holder = open_handle(RD_KAFKA_PRODUCER, "transactional.id", "meddle-hold");
  rd_kafka_error_t *error = rd_kafka_init_transactions(holder, TIMEOUT_MS);
  if (error == NULL) error = rd_kafka_begin_transaction(holder);
  const char *why = error != NULL ? rd_kafka_error_string(error) : NULL;
  const int32_t partitions = partitions_of(topic);
  for (int32_t p = 0; p < partitions && why == NULL; p++) why = produce(holder, topic, p, "nobody", 6, "nothing", 7, 0, NULL);
  if (why == NULL) why = answer(rd_kafka_flush(holder, TIMEOUT_MS));
  if (why != NULL) (void)release();    // nothing is held by halves
  return why;
}

static rd_kafka_message_t *messages[MESSAGES_MAX];

// Messages keep their handle: it is closed after them.
static size_t read_all(rd_kafka_t *rk, const char *topic, int32_t partitions) {
  size_t size = 0;
  for (int32_t p = 0; p < partitions; p++) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    for (int end = 0; !end && size < MESSAGES_MAX;) {
      rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 500);
      if (message == NULL) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        messages[size++] = message;
        continue;
      }
      end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      rd_kafka_message_destroy(message);
    }
  }
  return size;
}

static const char *copy_one(rd_kafka_t *rk, const char *topic, const rd_kafka_message_t *message, const char *value, int64_t place_added) {
  rd_kafka_headers_t *from = NULL, *headers = NULL;
  if (rd_kafka_message_headers(message, &from) == RD_KAFKA_RESP_ERR_NO_ERROR) headers = rd_kafka_headers_copy(from);
  const void *mark;
  size_t size;
  if (place_added > 0 && headers != NULL && rd_kafka_header_get_last(headers, "receipt", &mark, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    char text[80];
    snprintf(text, sizeof text, "%.*s%lld", (int)size, (const char *)mark, (long long)place_added);    // 3.17.2 becomes 3.17.2999
    rd_kafka_header_remove(headers, "receipt");
    rd_kafka_header_add(headers, "receipt", -1, text, -1);
  }
  rd_kafka_timestamp_type_t type;
  return produce(rk, topic, message->partition, message->key, message->key_len, value, message->len, rd_kafka_message_timestamp(message, &type), headers);
}

static const char *rewrite(const char *topic, const char *what, size_t nth) {
  const int32_t partitions = partitions_of(topic);
  rd_kafka_t *reader = open_handle(RD_KAFKA_CONSUMER, "group.id", "meddle");
  const size_t size = read_all(reader, topic, partitions);
  char count[24];
  snprintf(count, sizeof count, "%d", (int)partitions);
  char kind[] = "message.timestamp.type=CreateTime", kept[] = "retention.ms=-1", bytes[] = "max.message.bytes=10000000";
  char *words[] = {NULL, (char *)topic, count, (char *)"1", kind, kept, bytes};
  const char *why = nth < size ? make_topic(words, 7) : "there are not so many messages";
  rd_kafka_t *rk = open_handle(RD_KAFKA_PRODUCER, "message.max.bytes", "10000000");
  for (size_t i = 0; i < size && why == NULL; i++) {
    char *value = malloc(messages[i]->len + 1);
    memcpy(value, messages[i]->payload, messages[i]->len);
    const int it = i == nth;
    if (it && strcmp(what, "change") == 0) value[messages[i]->len / 2] ^= 1;
    if (!it || strcmp(what, "drop") != 0) why = copy_one(rk, topic, messages[i], value, 0);
    if (it && why == NULL && strcmp(what, "double") == 0) why = copy_one(rk, topic, messages[i], value, 0);
    if (it && why == NULL && strcmp(what, "invent") == 0) why = copy_one(rk, topic, messages[i], value, 999);
    free(value);
  }
  if (why == NULL) why = answer(rd_kafka_flush(rk, TIMEOUT_MS));
  for (size_t i = 0; i < size; i++) rd_kafka_message_destroy(messages[i]);
  rd_kafka_destroy(rk);
  rd_kafka_destroy(reader);
  return why;
}

static const char *position(char **words) {
  rd_kafka_t *rk = open_handle(RD_KAFKA_CONSUMER, "group.id", words[1]);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, words[2], (int32_t)strtol(words[3], NULL, 10))->offset = strtoll(words[4], NULL, 10);
  const char *why = answer(rd_kafka_commit(rk, list, 0));
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_consumer_close(rk);
  rd_kafka_destroy(rk);
  return why;
}

static const char *obey(char **words, int size) {
  if (strcmp(words[0], "topic") == 0 && size >= 4) return make_topic(words, size);
  if (strcmp(words[0], "delete") == 0 && size == 2) return delete_topic(words[1]);
  if (strcmp(words[0], "grow") == 0 && size == 3) return grow_topic(words[1], (size_t)strtol(words[2], NULL, 10));
  if (strcmp(words[0], "send") == 0 && size >= 5) return send_one(words, size);
  if (strcmp(words[0], "transact") == 0 && size == 6) return transact(words);
  if (strcmp(words[0], "hold") == 0 && size == 2) return hold(words[1]);
  if (strcmp(words[0], "release") == 0 && size == 1) return release();
  if (strcmp(words[0], "rewrite") == 0 && size == 4) return rewrite(words[1], words[2], (size_t)strtol(words[3], NULL, 10));
  if (strcmp(words[0], "allow") == 0 && size == 6) return access_change(words, 1);
  if (strcmp(words[0], "forbid") == 0 && size == 6) return access_change(words, 0);
  if (strcmp(words[0], "truncate") == 0 && size == 4) return truncate_partition(words[1], words[2], words[3]);
  if (strcmp(words[0], "position") == 0 && size == 5) return position(words);
  return "no such command";
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: meddle SERVERS < commands\n");
    return 2;
  }
  servers = argv[1];
  client = open_handle(RD_KAFKA_PRODUCER, NULL, NULL);
  char *line = NULL;
  size_t room = 0;
  for (ssize_t got; (got = getline(&line, &room, stdin)) > 0;) {
    if (line[got - 1] == '\n') line[got - 1] = '\0';
    char *words[WORDS_MAX];
    int size = 0;
    for (char *at = line; at != NULL && size < WORDS_MAX; size++) {
      words[size] = at;
      at = strchr(at, '\t');
      if (at != NULL) *at++ = '\0';
    }
    const char *why = obey(words, size);
    printf(why == NULL ? "ok\n" : "failed: %s\n", why);
    fflush(stdout);
  }
  free(line);
  rd_kafka_destroy(client);
  return 0;
}
