#include "stream/kafka/resend.h"

#include <stdio.h>
#include <time.h>

#include "core/memory.h"
#include "stream/kafka/handle.h"

enum { CALL_MS = 10000, PAUSE_MS = 50, ATTEMPTS = 1200 };

struct resend {
  struct handle handle;
  bool begun;
};

// Repeats a call for as long as its error says that this may help, a minute at most.
static enum status repeat(struct resend *resend, const char *what, rd_kafka_error_t *(*call)(rd_kafka_t *rk, int timeout_ms), struct error *error) {
  for (int attempt = 0;; attempt++) {
    rd_kafka_error_t *problem = call(resend->handle.rk, CALL_MS);
    const enum handle_class class = handle_classify(problem);
    if (class == HANDLE_OK) return STATUS_OK;
    if (class != HANDLE_RETRIABLE || attempt == ATTEMPTS) return handle_fail(&resend->handle, STATUS_FATAL, what, problem, error);
    rd_kafka_error_destroy(problem);
    nanosleep(&(struct timespec){0, PAUSE_MS * 1000000L}, NULL);
  }
}

struct resend *resend_open(struct client *client, const char *id, int64_t message_bytes_max, struct error *error) {
  char bytes[24];
  snprintf(bytes, sizeof bytes, "%lld", (long long)message_bytes_max);
  static const struct client_property mild[] = {{"retry.backoff.ms", "20"}};
  const struct client_property firm[] = {{"transactional.id", id}, {"transaction.timeout.ms", "60000"}, {"acks", "all"},
                                         {"partitioner", "murmur2"}, {"message.max.bytes", bytes}};
  struct resend *resend = memory_take(sizeof *resend);
  if (handle_open(&resend->handle, client, RD_KAFKA_PRODUCER, "sender", mild, sizeof mild / sizeof mild[0], firm, sizeof firm / sizeof firm[0], NULL,
                  resend, error) == STATUS_OK &&
      repeat(resend, "taking over the transactions", rd_kafka_init_transactions, error) == STATUS_OK)
    return resend;
  resend_close(resend);
  return NULL;
}

void resend_close(struct resend *resend) {
  if (resend == NULL) return;
  struct error ignored = {0};
  if (resend->begun) (void)repeat(resend, "aborting", rd_kafka_abort_transaction, &ignored);
  handle_close(&resend->handle);
  memory_free(resend);
}

enum status resend_begin(struct resend *resend, struct error *error) {
  rd_kafka_error_t *problem = rd_kafka_begin_transaction(resend->handle.rk);
  if (problem != NULL) return handle_fail(&resend->handle, STATUS_FATAL, "beginning a transaction", problem, error);
  resend->begun = true;
  return STATUS_OK;
}

enum status resend_add(struct resend *resend, const struct resend_record *record, struct error *error) {
  rd_kafka_headers_t *headers = rd_kafka_headers_new(record->headers_size);
  for (size_t i = 0; i < record->headers_size; i++)
    (void)rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value.data, (ssize_t)record->headers[i].value.size);
  rd_kafka_vu_t arguments[] = {{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = record->topic},
                               {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK},
                               {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)record->key.data, record->key.size}},
                               {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)record->value.data, record->value.size}},
                               {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers}};
  rd_kafka_error_t *problem = rd_kafka_produceva(resend->handle.rk, arguments, sizeof arguments / sizeof arguments[0]);
  if (problem == NULL) return STATUS_OK;
  rd_kafka_headers_destroy(headers);
  const bool large = rd_kafka_error_code(problem) == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  return handle_fail(&resend->handle, large ? STATUS_REJECT : STATUS_FATAL, "sending", problem, error);
}

enum status resend_commit(struct resend *resend, struct error *error) {
  const enum status status = repeat(resend, "committing", rd_kafka_commit_transaction, error);
  if (status == STATUS_OK) resend->begun = false;
  return status;
}
