// The producing half of a worker: one Kafka transaction at a time.
//
// Every call says itself what its errors mean: retriable ones are repeated here, an abortable one ends in an abort and
// STATUS_RETRY, everything else is STATUS_FATAL. An abort reports queued messages as purged; that is no failure.
// Values are not copied: outbox and dossiers must stay as they are until commit or abort has returned.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "stream/kafka/handle.h"
#include "stream/kafka/state.h"

struct transaction_settings {
  struct client *client;
  const char *const *topics;      // TOPIC_COUNT full names
  const char *id;                 // transactional.id
  int timeout_ms;
  int64_t message_bytes_max;
  const atomic_bool *stopping;
  bool none;                      // for the bench alone: sends and commits positions one after the other, at least once
};

struct transaction {
  struct transaction_settings settings;
  struct handle handle;
  rd_kafka_topic_t *topics[TOPIC_COUNT];
  bool begun;
  bool renew;                       // a commit or abort timed out: replace the producer before the next begin
  rd_kafka_resp_err_t undelivered;  // first failure of a delivery in this transaction
  struct text scratch;
};

// transaction must not move. Fences and aborts what an earlier process with this id left open.
enum status transaction_open(struct transaction *transaction, const struct transaction_settings *settings, struct error *error);
void transaction_close(struct transaction *transaction);

enum status transaction_begin(struct transaction *transaction, struct error *error);
// original: headers of the input message, copied in front of ours for a dead letter; or NULL.
enum status transaction_stage_entry(struct transaction *transaction, const struct outbox *outbox, const struct outbox_entry *entry,
                                    const rd_kafka_headers_t *original, struct slice traceparent, struct error *error);
// The state's offset is written when it is delivered; it stays -1 when the broker did not tell.
enum status transaction_stage_state(struct transaction *transaction, struct log_state *state, const unsigned char *epoch,
                                    struct error *error);
enum status transaction_commit(struct transaction *transaction, rd_kafka_t *consumer, const rd_kafka_topic_partition_list_t *offsets,
                               struct error *error);
enum status transaction_abort(struct transaction *transaction, struct error *error);
