#include "stream/kafka/transaction.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "core/fault.h"
#include "record/date.h"

enum { CALL_TIMEOUT_MS = 10000, PAUSE_MS = 100, GIVE_UP_MS = 30000 };

static void pause_ms(int ms) {
  const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000L};
  nanosleep(&time, NULL);
}

static void on_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
  (void)rk;
  const struct handle *handle = opaque;
  struct transaction *transaction = handle->owner;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    struct log_state *state = message->_private;
    if (state != NULL) state->offset = message->offset >= 0 ? message->offset : -1;
  } else if (message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE && message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT &&
             transaction->undelivered == RD_KAFKA_RESP_ERR_NO_ERROR) {
    transaction->undelivered = message->err;
  }
}

// A retriable error may last as long as the brokers are away; only when the program shall stop it is given up.
struct patience { int64_t stopping_since_ms; };

static bool patience_ends(const struct transaction *transaction, struct patience *patience) {
  pause_ms(PAUSE_MS);
  if (transaction->settings.stopping == NULL || !atomic_load(transaction->settings.stopping)) return false;
  if (patience->stopping_since_ms == 0) patience->stopping_since_ms = handle_now_ms();
  return handle_now_ms() - patience->stopping_since_ms > GIVE_UP_MS;
}

// The client asks for a topic's partitions when the first message wants one, and lets that wait a good while. Whoever opens a producer has time.
static void learn_partitions(struct transaction *transaction) {
  const struct rd_kafka_metadata *metadata;
  if (rd_kafka_metadata(transaction->handle.rk, 0, NULL, &metadata, CALL_TIMEOUT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_metadata_destroy(metadata);
}

// At the start the brokers have startup_ms; a producer that is replaced in the middle of work waits as a commit does.
static enum status producer_open(struct transaction *transaction, bool replaces, struct error *error) {
  char timeout[16], bytes[24];
  snprintf(timeout, sizeof timeout, "%d", transaction->settings.timeout_ms);
  snprintf(bytes, sizeof bytes, "%lld", (long long)transaction->settings.message_bytes_max);
  static const struct client_property mild[] = {{"retry.backoff.ms", "5"}, {"queue.buffering.max.messages", "1000000"}};
  const struct client_property firm[] = {{"enable.idempotence", "true"}, {"acks", "all"},
                                         {"message.max.bytes", bytes},   {"partitioner", "murmur2"},
                                         {"delivery.report.only.error", "false"},
                                         {"transactional.id", transaction->settings.id}, {"transaction.timeout.ms", timeout}};
  const size_t firm_size = sizeof firm / sizeof firm[0] - (transaction->settings.none ? 2 : 0);
  const struct handle_hooks hooks = {.delivered = on_delivered};
  enum status status = handle_open(&transaction->handle, transaction->settings.client, RD_KAFKA_PRODUCER, "producer", mild,
                                   sizeof mild / sizeof mild[0], firm, firm_size, &hooks, transaction, error);
  for (enum topic topic = 0; topic < TOPIC_COUNT && status == STATUS_OK; topic++) {
    transaction->topics[topic] = rd_kafka_topic_new(transaction->handle.rk, transaction->settings.topics[topic], NULL);
    if (transaction->topics[topic] == NULL)
      status = handle_fail_code(&transaction->handle, STATUS_FATAL, "opening a topic", rd_kafka_last_error(), error);
  }
  const int64_t deadline = handle_now_ms() + client_startup_ms(transaction->settings.client);
  struct patience patience = {0};
  while (status == STATUS_OK && !transaction->settings.none) {
    rd_kafka_error_t *problem = rd_kafka_init_transactions(transaction->handle.rk, CALL_TIMEOUT_MS);
    const enum handle_class class = handle_classify(problem);
    if (class == HANDLE_OK) {
      learn_partitions(transaction);
      return STATUS_OK;
    }
    const bool enough = patience_ends(transaction, &patience) || (!replaces && handle_now_ms() > deadline);
    if (class != HANDLE_RETRIABLE || enough)
      return handle_fail(&transaction->handle, STATUS_FATAL, "taking over the slot's transactions", problem, error);
    rd_kafka_error_destroy(problem);
  }
  return status;
}

static void producer_close(struct transaction *transaction) {
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (transaction->topics[topic] != NULL) rd_kafka_topic_destroy(transaction->topics[topic]);
    transaction->topics[topic] = NULL;
  }
  if (transaction->handle.rk != NULL) {
    // What is queued belongs to no transaction that can still be committed.
    (void)rd_kafka_purge(transaction->handle.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    (void)rd_kafka_flush(transaction->handle.rk, 1000);
  }
  handle_close(&transaction->handle);
  transaction->renew = false;
}

enum status transaction_open(struct transaction *transaction, const struct transaction_settings *settings, struct error *error) {
  *transaction = (struct transaction){.settings = *settings};
  return producer_open(transaction, false, error);
}

void transaction_close(struct transaction *transaction) {
  if (transaction->begun) {
    struct error ignored = {0};
    (void)transaction_abort(transaction, &ignored);
  }
  producer_close(transaction);
  text_fini(&transaction->scratch);
}

enum status transaction_begin(struct transaction *transaction, struct error *error) {
  assert(!transaction->begun);
  if (transaction->renew) {
    producer_close(transaction);
    client_say(transaction->settings.client, 6, "producer: replaced after a commit or abort that timed out");
    const enum status status = producer_open(transaction, true, error);
    if (status != STATUS_OK) return status;
  }
  struct patience patience = {0};
  while (!transaction->settings.none) {
    rd_kafka_error_t *problem = rd_kafka_begin_transaction(transaction->handle.rk);
    const enum handle_class class = handle_classify(problem);
    if (class == HANDLE_OK) break;
    if (class != HANDLE_RETRIABLE || patience_ends(transaction, &patience))
      return handle_fail(&transaction->handle, STATUS_FATAL, "beginning a transaction", problem, error);
    rd_kafka_error_destroy(problem);
  }
  transaction->begun = true;
  transaction->undelivered = RD_KAFKA_RESP_ERR_NO_ERROR;
  return STATUS_OK;
}

// --- Staging -------------------------------------------------------------------------------------------------------------------

static void *untyped(struct slice s) { return (void *)(uintptr_t)s.data; }    // the library never writes through it

static enum status produce(struct transaction *transaction, rd_kafka_topic_t *topic, int32_t partition, struct slice key,
                           struct slice value, rd_kafka_headers_t *headers, void *opaque, struct error *error) {
  rd_kafka_vu_t arguments[6] = {
      {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
      {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
      {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {untyped(key), key.size}},
      {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {untyped(value), value.size}},
      {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque},
      {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
  };
  for (;;) {
    rd_kafka_error_t *problem = rd_kafka_produceva(transaction->handle.rk, arguments, headers != NULL ? 6 : 5);
    if (problem == NULL) return STATUS_OK;
    const rd_kafka_resp_err_t code = rd_kafka_error_code(problem);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {    // flow control
      rd_kafka_error_destroy(problem);
      rd_kafka_poll(transaction->handle.rk, 50);
      continue;
    }
    if (headers != NULL) rd_kafka_headers_destroy(headers);
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      rd_kafka_error_destroy(problem);
      return error_set(error, STATUS_FATAL, "a message of %zu bytes for '%s' is larger than %lld: raise kafka.input_bytes_max or lower "
                       "screen.dossier_bytes_max", value.size, rd_kafka_topic_name(topic), (long long)transaction->settings.message_bytes_max);
    }
    // A transaction that already failed refuses more: it is aborted by the caller and done again.
    const bool again = code == RD_KAFKA_RESP_ERR__STATE && rd_kafka_fatal_error(transaction->handle.rk, NULL, 0) == RD_KAFKA_RESP_ERR_NO_ERROR;
    return handle_fail(&transaction->handle, again ? STATUS_RETRY : STATUS_FATAL, "producing", problem, error);
  }
}

static void header_add(rd_kafka_headers_t *headers, const char *name, struct slice value) {
  (void)rd_kafka_header_add(headers, name, -1, value.data, (ssize_t)value.size);    // fails only for read-only lists
}

enum status transaction_stage_entry(struct transaction *transaction, const struct outbox *outbox, const struct outbox_entry *entry,
                                    const rd_kafka_headers_t *original, struct slice traceparent, struct error *error) {
  struct text *time = &transaction->scratch;
  text_clear(time);
  rd_kafka_headers_t *headers = original != NULL ? rd_kafka_headers_copy(original) : rd_kafka_headers_new(8);
  header_add(headers, "ce_specversion", SLICE("1.0"));
  header_add(headers, "ce_id", outbox_bytes(outbox, entry->id, entry->id_size));
  header_add(headers, "ce_type", slice_from(entry->type));
  header_add(headers, "ce_source", SLICE("/settlewatch/screen"));
  if (entry->time_s != DATE_ABSENT) {
    date_write_time(time, entry->time_s);
    time->data[10] = 'T';
    TEXT_LITERAL(time, "+08:00");
    header_add(headers, "ce_time", text_slice(time));
  }
  header_add(headers, "content-type", entry->topic == TOPIC_DEAD_LETTERS ? SLICE("application/octet-stream") : SLICE("application/json"));
  if (entry->receipt != 0) {
    const size_t at = time->size;
    text_int(time, entry->source.partition);
    text_byte(time, '.');
    text_int(time, (int64_t)entry->receipt);
    text_byte(time, '.');
    text_int(time, (int64_t)entry->place);
    header_add(headers, "receipt", (struct slice){time->data + at, time->size - at});
  }
  for (size_t i = 0; i < entry->headers_size; i++) {
    const struct outbox_header *row = &outbox->headers[entry->headers + i];
    if (strcmp(row->name, "traceparent") == 0) traceparent = SLICE_NONE;
    header_add(headers, row->name, outbox_bytes(outbox, row->value, row->value_size));
  }
  // Among the original headers of a dead letter it stands already.
  if (slice_present(traceparent) && original == NULL) header_add(headers, "traceparent", traceparent);
  return produce(transaction, transaction->topics[entry->topic], RD_KAFKA_PARTITION_UA, outbox_bytes(outbox, entry->key, entry->key_size),
                 outbox_bytes(outbox, entry->value, entry->value_size), headers, NULL, error);
}

enum status transaction_stage_state(struct transaction *transaction, struct log_state *state, const unsigned char *epoch,
                                    struct error *error) {
  rd_kafka_headers_t *headers = NULL;
  if (slice_equal(state->key, STATE_PARTITION_KEY)) {
    headers = rd_kafka_headers_new(1);
    header_add(headers, "epoch", (struct slice){(const char *)epoch, STATE_EPOCH_BYTES});
  }
  state->offset = -1;
  return produce(transaction, transaction->topics[TOPIC_PATIENT_STATE], state->partition, state->key, state->value, headers, state, error);
}

// --- The end -------------------------------------------------------------------------------------------------------------------

// Ends an error that asks for an abort: STATUS_RETRY when the abort went well.
static enum status abort_after(struct transaction *transaction, const char *what, rd_kafka_error_t *problem, struct error *error) {
  struct error reason = {0};
  handle_fail(&transaction->handle, STATUS_RETRY, what, problem, &reason);
  if (transaction->undelivered != RD_KAFKA_RESP_ERR_NO_ERROR)
    client_say(transaction->settings.client, 4, "%s: first undelivered message: %s", reason.text, rd_kafka_err2str(transaction->undelivered));
  else
    client_say(transaction->settings.client, 4, "%s", reason.text);
  const enum status status = transaction_abort(transaction, error);
  return status == STATUS_OK ? error_set(error, STATUS_RETRY, "%s", reason.text) : status;
}

static bool timed_out(const rd_kafka_error_t *problem) {
  const rd_kafka_resp_err_t code = rd_kafka_error_code(problem);
  return code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT || code == RD_KAFKA_RESP_ERR__CONFLICT;
}

// For the bench: what the same work costs when nothing holds it together.
static enum status commit_without(struct transaction *transaction, rd_kafka_t *consumer, const rd_kafka_topic_partition_list_t *offsets,
                                  struct error *error) {
  transaction->begun = false;
  rd_kafka_resp_err_t code = rd_kafka_flush(transaction->handle.rk, transaction->settings.timeout_ms);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = transaction->undelivered;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = rd_kafka_commit(consumer, offsets, 0);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : handle_fail_code(&transaction->handle, STATUS_FATAL, "sending without transactions", code, error);
}

enum status transaction_commit(struct transaction *transaction, rd_kafka_t *consumer, const rd_kafka_topic_partition_list_t *offsets,
                               struct error *error) {
  assert(transaction->begun);
  if (transaction->settings.none) return commit_without(transaction, consumer, offsets, error);
  struct patience patience = {0};
  rd_kafka_t *rk = transaction->handle.rk;
  for (;;) {
    // Fresh every time: one taken before a rebalance would be refused, one from before the first join would fence nothing.
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(consumer);
    if (group == NULL) return error_set(error, STATUS_FATAL, "kafka consumer: not a member of a group");
    rd_kafka_error_t *problem = rd_kafka_send_offsets_to_transaction(rk, offsets, group, CALL_TIMEOUT_MS);
    rd_kafka_consumer_group_metadata_destroy(group);
    const enum handle_class class = handle_classify(problem);
    if (class == HANDLE_OK) break;
    if (class == HANDLE_ABORTABLE) return abort_after(transaction, "sending the positions", problem, error);
    if (class == HANDLE_FATAL || patience_ends(transaction, &patience))
      return handle_fail(&transaction->handle, STATUS_FATAL, "sending the positions", problem, error);
    rd_kafka_error_destroy(problem);
  }
  fault_point(FAULT_BEFORE_COMMIT);
  for (;;) {
    rd_kafka_error_t *problem = rd_kafka_commit_transaction(rk, CALL_TIMEOUT_MS);
    const enum handle_class class = handle_classify(problem);
    if (class == HANDLE_OK) break;
    if (class == HANDLE_ABORTABLE) return abort_after(transaction, "committing", problem, error);
    if (class == HANDLE_FATAL || patience_ends(transaction, &patience))
      return handle_fail(&transaction->handle, STATUS_FATAL, "committing", problem, error);
    if (timed_out(problem) && !transaction->renew) {
      transaction->renew = true;
      client_say(transaction->settings.client, 4, "producer: the commit is not answered, asking again: %s", rd_kafka_error_string(problem));
    }
    rd_kafka_error_destroy(problem);
  }
  fault_point(FAULT_AFTER_COMMIT);
  transaction->begun = false;
  return STATUS_OK;
}

enum status transaction_abort(struct transaction *transaction, struct error *error) {
  if (!transaction->begun) return STATUS_OK;
  if (transaction->settings.none) {
    transaction->begun = false;
    return error_set(error, STATUS_FATAL, "without transactions nothing can be taken back");
  }
  struct patience patience = {0};
  for (;;) {
    rd_kafka_error_t *problem = rd_kafka_abort_transaction(transaction->handle.rk, CALL_TIMEOUT_MS);
    const enum handle_class class = handle_classify(problem);
    if (class == HANDLE_OK) break;
    // An abortable answer to an abort: the abort itself goes on.
    if (class == HANDLE_FATAL || patience_ends(transaction, &patience)) {
      transaction->begun = false;    // the broker ends it by its time-out, or the next process of this slot does
      return handle_fail(&transaction->handle, STATUS_FATAL, "aborting", problem, error);
    }
    if (timed_out(problem)) transaction->renew = true;
    rd_kafka_error_destroy(problem);
  }
  transaction->begun = false;
  return STATUS_OK;
}
