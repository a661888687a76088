// The cluster as one process sees it: where the brokers are, with which properties, and who hears what the library says.
//
// Everything that talks to Kafka is opened from a client: topics, the log of a worker, the publisher of a producer, a dump. The
// client itself holds one connection, for metadata, topics and ends of partitions. What is said never holds a record's key or
// value: the library's messages name brokers, topics, partitions and offsets. Thread-safe after client_open.
#pragma once

#include <stdint.h>

#include "core/slice.h"
#include "core/status.h"

struct client_property { const char *name, *value; };

struct client_settings {
  const char *bootstrap;
  const struct client_property *properties;    // of the site; those that exactly-once rests on are refused
  size_t properties_size;
  int startup_ms;                              // how long the brokers may take to accept us at first
  void *context;
  void (*say)(void *context, int level, const char *text);    // level as in syslog: 3 error, 4 warning, 6 information
};

struct client;
// Connects; STATUS_FATAL, with the library's last reason, when no broker accepted us within startup_ms.
// Texts of the settings must outlive the client.
struct client *client_open(const struct client_settings *settings, struct error *error);
void client_close(struct client *client);
void client_say(const struct client *client, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
int client_startup_ms(const struct client *client);

// Each of these asks again for startup_ms while no leader is there, then it is STATUS_RETRY.
// Partitions of a topic; 0 when there is no such topic, also after CLIENT_KNOWN_MS: a broker that comes back learns of new ones late.
enum { CLIENT_KNOWN_MS = 1000 };
enum status client_partitions(struct client *client, const char *topic, int32_t *partitions, struct error *error);
// First offset, and the offset behind the last record, committed or not.
enum status client_range(struct client *client, const char *topic, int32_t partition, int64_t *first, int64_t *end,
                         struct error *error);
// For who asks again himself, with other work in between: waits at most so long.
enum { CLIENT_RANGE_MS = 10000 };
enum status client_range_once(struct client *client, const char *topic, int32_t partition, int64_t *first, int64_t *end, int timeout_ms,
                              struct error *error);
// Name and version of the library.
const char *client_library(void);
// The partition of a key, as every producer with the Java client's default partitioner chooses it.
int32_t client_partition_of(struct slice key, int32_t partitions);
