// The records of one batch as they came from Kafka, and what was staged for them, until the batch is committed or given back.
//
// A batch owns the library's messages: its records are views of them, and batch_clear gives them back. One owner, one thread.
#pragma once

#include <librdkafka/rdkafka.h>

#include "stream/log.h"

struct batch {
  struct record *records;
  rd_kafka_message_t **messages;     // by record
  size_t size, capacity, cursor;
  int64_t bytes;
  bool traced;                       // some record has a traceparent
  bool again;                        // was taken and given back: to be handed out as it is
  const struct log_state *states;    // staged last
  size_t states_size;
};

void batch_fini(struct batch *batch);
void batch_clear(struct batch *batch);
void batch_add(struct batch *batch, rd_kafka_message_t *message);    // now the batch's
// What an output takes over from the record that it rests on: its traceparent, and a dead letter all of its headers (else NULL). Fast when
// outputs come in the order of records.
struct slice batch_heritage(struct batch *batch, const struct outbox_entry *entry, const rd_kafka_headers_t **headers);
// Behind the last record of each partition: our own count, never the consumer's position. The caller destroys the list.
rd_kafka_topic_partition_list_t *batch_positions(const struct batch *batch, const char *topic);

// Records that the next batch may have, after one that had room for so many: large transactions while we lag behind, small ones while we keep up.
enum { BATCH_ROOM_MIN = 500 };
int64_t batch_room(const struct batch *batch, int64_t room, int64_t most);
