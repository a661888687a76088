// Sends records to a topic: an idempotent producer, partitions chosen as the Java client's default does (murmur2 of the key).
//
// A record is given back to the library as a copy. When its queue is full, publish_send waits: that is the back-pressure of a replay.
#pragma once

#include "stream/kafka/client.h"

struct publish;
struct publish *publish_open(struct client *client, const char *topic, int64_t message_bytes_max, struct error *error);
void publish_close(struct publish *publish);
// partition -1: by key. STATUS_REJECT: this record cannot be sent (too large). STATUS_FATAL: nothing more can be.
enum status publish_send(struct publish *publish, int32_t partition, struct slice key, struct slice value, struct error *error);
// Waits for the answers of all. STATUS_FATAL when a record was not delivered.
enum status publish_flush(struct publish *publish, struct error *error);
uint64_t publish_delivered(const struct publish *publish);
