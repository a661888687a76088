#include "stream/kafka/rights.h"

#include <stdio.h>
#include <time.h>

#include "core/memory.h"
#include "stream/kafka/handle.h"

enum { TRY_MS = 10000, POLL_MS = 100, SETTLE_MS = 2000, NO_PARTITION = 1 << 30 };

struct trial {
  const struct rights *rights;
  struct client *client;
  void (*tell)(void *context, const char *line);
  void *context;
  struct handle handle;
  rd_kafka_resp_err_t answers[TOPIC_COUNT];    // of the records sent, by topic
};

static void told(const struct trial *trial, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void told(const struct trial *trial, const char *format, ...) {
  char line[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  trial->tell(trial->context, line);
}

static bool refused(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

// --- Reading -------------------------------------------------------------------------------------------------------------------

// Leaders and connections are there after one answer; else the library looks for them at its leisure.
static void warm(const struct handle *handle) {
  const struct rd_kafka_metadata *metadata = NULL;
  if (rd_kafka_metadata(handle->rk, 1, NULL, &metadata, TRY_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_metadata_destroy(metadata);
}

static void read_end(const struct trial *trial, rd_kafka_topic_t *topic) {
  const int64_t deadline = handle_now_ms() + TRY_MS;
  for (bool more = true; more && handle_now_ms() < deadline;) {
    rd_kafka_message_t *message = rd_kafka_consume(topic, 0, POLL_MS);
    if (message == NULL) continue;
    if (refused(message->err)) told(trial, "%s: this user may not read it (READ is needed)", rd_kafka_topic_name(topic));
    more = message->err != RD_KAFKA_RESP_ERR_NO_ERROR && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF && !refused(message->err);
    rd_kafka_message_destroy(message);
  }
}

static enum status try_reading(struct trial *trial, struct error *error) {
  static const enum topic read[] = {TOPIC_SETTLEMENTS, TOPIC_PATIENT_STATE};
  static const struct client_property firm[] = {{"enable.auto.commit", "false"}, {"enable.partition.eof", "true"}, {"auto.offset.reset", "error"},
                                                {"fetch.wait.max.ms", "10"}};
  struct handle handle = {0};
  const enum status status = handle_open(&handle, trial->client, RD_KAFKA_CONSUMER, "reader", NULL, 0, firm, sizeof firm / sizeof firm[0], NULL, NULL, error);
  if (status != STATUS_OK) return status;
  warm(&handle);
  rd_kafka_topic_t *topics[2];
  for (int i = 0; i < 2; i++) {
    topics[i] = rd_kafka_topic_new(handle.rk, trial->rights->names[read[i]], NULL);
    if (topics[i] != NULL) (void)rd_kafka_consume_start(topics[i], 0, RD_KAFKA_OFFSET_END);
  }
  for (int i = 0; i < 2; i++) {
    if (topics[i] == NULL) continue;
    read_end(trial, topics[i]);
    (void)rd_kafka_consume_stop(topics[i], 0);
    rd_kafka_topic_destroy(topics[i]);
  }
  handle_close(&handle);
  return STATUS_OK;
}

// --- Writing -------------------------------------------------------------------------------------------------------------------

static void on_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
  (void)rk;
  (void)opaque;
  rd_kafka_resp_err_t *answer = message->_private;
  if (answer != NULL) *answer = message->err;
}

static void try_record(struct trial *trial, enum topic topic, bool keyed) {
  rd_kafka_vu_t arguments[] = {{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = trial->rights->names[topic]},
                               {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = 0},
                               {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = &trial->answers[topic]},
                               {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)"check", keyed ? 5 : 0}}};
  rd_kafka_error_t *problem = rd_kafka_produceva(trial->handle.rk, arguments, keyed ? 4 : 3);
  if (problem == NULL) return;
  trial->answers[topic] = rd_kafka_error_code(problem);
  rd_kafka_error_destroy(problem);
}

static void tell_answers(const struct trial *trial) {
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++)
    if (refused(trial->answers[topic])) told(trial, "%s: this user may not write it (WRITE is needed)", trial->rights->names[topic]);
}

static const struct client_property writer_firm[] = {{"acks", "all"}, {"message.timeout.ms", "10000"}, {"delivery.report.only.error", "false"},
                                                    {"linger.ms", "0"}, {"retry.backoff.ms", "5"}};

// A compacted topic takes no record without a key; who may not write hears that first.
static enum status try_state(struct trial *trial, struct error *error) {
  const struct handle_hooks hooks = {.delivered = on_delivered};
  memset(trial->answers, 0, sizeof trial->answers);
  const enum status status = handle_open(&trial->handle, trial->client, RD_KAFKA_PRODUCER, "check", NULL, 0, writer_firm,
                                         sizeof writer_firm / sizeof writer_firm[0], &hooks, trial, error);
  if (status == STATUS_OK) {
    warm(&trial->handle);
    try_record(trial, TOPIC_PATIENT_STATE, false);
    (void)rd_kafka_flush(trial->handle.rk, TRY_MS);
    tell_answers(trial);
  }
  handle_close(&trial->handle);
  return status;
}

static enum status try_outputs(struct trial *trial, struct error *error) {
  char id[400];
  snprintf(id, sizeof id, "%s-check-%s", trial->rights->group, trial->rights->slot);
  const struct client_property firm[] = {{"transactional.id", id}, {"transaction.timeout.ms", "10000"}, {"delivery.report.only.error", "false"},
                                         {"linger.ms", "0"}, {"retry.backoff.ms", "5"}};
  const struct handle_hooks hooks = {.delivered = on_delivered};
  memset(trial->answers, 0, sizeof trial->answers);
  const enum status status = handle_open(&trial->handle, trial->client, RD_KAFKA_PRODUCER, "check", NULL, 0, firm, sizeof firm / sizeof firm[0], &hooks,
                                         trial, error);
  if (status != STATUS_OK) return status;
  warm(&trial->handle);
  rd_kafka_error_t *problem = NULL;
  const int64_t deadline = handle_now_ms() + client_startup_ms(trial->client);
  while ((problem = rd_kafka_init_transactions(trial->handle.rk, TRY_MS)) != NULL && rd_kafka_error_is_retriable(problem) && handle_now_ms() < deadline) {
    rd_kafka_error_destroy(problem);
  }
  if (problem == NULL) problem = rd_kafka_begin_transaction(trial->handle.rk);
  if (problem == NULL) {
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++)
      if (topic != TOPIC_SETTLEMENTS && topic != TOPIC_PATIENT_STATE && topic != TOPIC_INSTITUTION_STATE && topic != TOPIC_DEAD_LETTER_DECISIONS)
        try_record(trial, topic, true);
    (void)rd_kafka_flush(trial->handle.rk, TRY_MS);
    tell_answers(trial);
    problem = rd_kafka_abort_transaction(trial->handle.rk, TRY_MS);
    if (problem != NULL) rd_kafka_error_destroy(problem);    // it ends by its time-out
  } else {
    const rd_kafka_resp_err_t code = rd_kafka_error_code(problem);
    // Another process that checks at this moment with the same name has taken over: its answer is as good.
    if (code != RD_KAFKA_RESP_ERR__FENCED && code != RD_KAFKA_RESP_ERR_PRODUCER_FENCED && code != RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
      told(trial, "transactional id '%s': %s%s", id, rd_kafka_error_string(problem),
           refused(code) ? " (WRITE and DESCRIBE on transactional ids that begin with the group's name are needed)"
                         : "; are the brokers' transaction topic and its replicas in order?");
    rd_kafka_error_destroy(problem);
  }
  handle_close(&trial->handle);
  return STATUS_OK;
}

// --- Positions -----------------------------------------------------------------------------------------------------------------

// What the group has committed; false when it may not be asked, which is told. A position of a partition that does not exist is refused
// by every broker, but who may not commit hears that first.
static bool ask_group(const struct trial *trial, int64_t *positions) {
  const struct rights *rights = trial->rights;
  const char *input = rights->names[TOPIC_SETTLEMENTS];
  // Read uncommitted: else an answer would wait for the end of a transaction that only our own worker ends.
  const struct client_property firm[] = {{"group.id", rights->group}, {"enable.auto.commit", "false"}, {"isolation.level", "read_uncommitted"}};
  struct handle member = {0};
  struct error why = {0};
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__FAIL;
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(rights->partitions);
  for (int32_t p = 0; p < rights->partitions; p++) rd_kafka_topic_partition_list_add(list, input, p);
  if (handle_open(&member, trial->client, RD_KAFKA_CONSUMER, "check", NULL, 0, firm, sizeof firm / sizeof firm[0], NULL, NULL, &why) == STATUS_OK)
    code = handle_committed(&member, list, client_startup_ms(trial->client));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    told(trial, "group '%s': its positions cannot be read: %s%s", rights->group, why.text[0] != '\0' ? why.text : rd_kafka_err2str(code),
         refused(code) ? " (READ on the group is needed)" : "");
  for (int32_t p = 0; p < rights->partitions; p++) positions[p] = list->elems[p].offset >= 0 ? list->elems[p].offset : -1;
  rd_kafka_topic_partition_list_destroy(list);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(none, input, NO_PARTITION)->offset = 0;
    const rd_kafka_resp_err_t answer = rd_kafka_commit(member.rk, none, 0);
    if (refused(answer) || refused(none->elems[0].err))
      told(trial, "group '%s': this user may not be a member of it (READ on the group is needed)", rights->group);
    rd_kafka_topic_partition_list_destroy(none);
  }
  handle_close(&member);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Transactions that were aborted leave offsets, but no dossiers. What is still open is not waited for: it may be that of the process that was
// here before, which only our own worker ends.
static enum status holds_any(const struct trial *trial, const char *name, int32_t partition, bool *any, struct error *error) {
  static const struct client_property firm[] = {{"enable.auto.commit", "false"}, {"enable.partition.eof", "true"}, {"auto.offset.reset", "earliest"},
                                                {"isolation.level", "read_committed"}, {"fetch.wait.max.ms", "10"}};
  struct handle handle = {0};
  bool answered = false;
  *any = false;
  const enum status status = handle_open(&handle, trial->client, RD_KAFKA_CONSUMER, "reader", NULL, 0, firm, sizeof firm / sizeof firm[0], NULL, NULL, error);
  if (status != STATUS_OK) return status;
  warm(&handle);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(handle.rk, name, NULL);
  if (topic != NULL && rd_kafka_consume_start(topic, partition, RD_KAFKA_OFFSET_BEGINNING) == 0) {
    const int64_t deadline = handle_now_ms() + client_startup_ms(trial->client);
    while (!answered && handle_now_ms() < deadline) {
      rd_kafka_message_t *message = rd_kafka_consume(topic, partition, POLL_MS);
      if (message == NULL) continue;
      *any = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
      answered = *any || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || refused(message->err);
      rd_kafka_message_destroy(message);
    }
    (void)rd_kafka_consume_stop(topic, partition);
  }
  if (topic != NULL) rd_kafka_topic_destroy(topic);
  handle_close(&handle);
  if (answered) return STATUS_OK;    // silence is no proof that nothing is there
  return error_set(error, STATUS_RETRY, "%s[%d]: whether it holds dossiers cannot be read within %d s", name, (int)partition,
                   client_startup_ms(trial->client) / 1000);
}

// Another member may have committed for the first time between our two questions, and the broker ends a transaction in the group a moment after it
// did so in the topics: a position that is there by now is as good.
static bool has_position_by_now(const struct trial *trial, int32_t partition, int64_t *positions) {
  const int64_t deadline = handle_now_ms() + SETTLE_MS;
  while (ask_group(trial, positions) && positions[partition] < 0 && handle_now_ms() < deadline)
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
  return positions[partition] >= 0;
}

static enum status check_positions(const struct trial *trial, struct error *error) {
  const struct rights *rights = trial->rights;
  const char *input = rights->names[TOPIC_SETTLEMENTS], *state = rights->names[TOPIC_PATIENT_STATE];
  int64_t *positions = memory_take((size_t)rights->partitions * sizeof *positions);
  enum status status = STATUS_OK;
  if (!ask_group(trial, positions)) {
    memory_free(positions);
    return STATUS_OK;
  }
  for (int32_t p = 0; p < rights->partitions && status == STATUS_OK; p++) {
    int64_t first, end, state_first = 0, state_end = 0;
    status = client_range(trial->client, input, p, &first, &end, error);
    if (status == STATUS_OK) status = client_range(trial->client, state, p, &state_first, &state_end, error);
    if (status != STATUS_OK) break;
    const long long at = positions[p];
    bool held = false;
    if (at < 0 && state_end > state_first) status = holds_any(trial, state, p, &held, error);
    if (held && has_position_by_now(trial, p, positions)) continue;
    if (held)
      told(trial, "%s[%d] holds dossiers, but group '%s' has no position in %s[%d]: another group screened this input (kafka.group, kafka.prefix), or the "
           "brokers forgot the positions; starting here would screen all again", state, (int)p, rights->group, input, (int)p);
    else if (at > end)
      told(trial, "%s[%d] ends at offset %lld, but the position of group '%s' is %lld: the topic was made anew; make the others anew, too, and use a new group",
           input, (int)p, (long long)end, rights->group, at);
    else if (at >= 0 && at < first)
      told(trial, "%s[%d] begins at offset %lld, but the position of group '%s' is %lld: %lld offsets were deleted before they were screened", input, (int)p,
           (long long)first, rights->group, at, (long long)first - at);
    else if (at > 0 && state_end == 0)
      told(trial, "%s[%d] is empty, but group '%s' stands at offset %lld of %s[%d]: every patient's past would be forgotten", state, (int)p, rights->group, at,
           input, (int)p);
  }
  memory_free(positions);
  return status;
}

enum status rights_check(struct client *client, const struct rights *rights, void (*tell)(void *context, const char *line), void *context,
                         struct error *error) {
  struct trial trial = {.rights = rights, .client = client, .tell = tell, .context = context};
  enum status status = check_positions(&trial, error);
  if (status == STATUS_OK) status = try_reading(&trial, error);
  if (status == STATUS_OK) status = try_state(&trial, error);
  if (status == STATUS_OK) status = try_outputs(&trial, error);
  return status;
}
