// The topics of a site: their names, and whether the cluster has them as they must be.
//
// topics_create makes what is missing and touches nothing that is there; topics_check compares, by one table in topics.c whose rows say
// which setting of which topics must hold, and why. What cannot be read from settings is tried: reading the input and the state, writing the
// outputs inside a transaction that is aborted, the group's positions. Nothing is consumed and nothing becomes visible.
// auto.create.topics is never relied on.
#pragma once

#include "core/arena.h"
#include "screen/outbox.h"
#include "stream/kafka/client.h"

struct topics_settings {
  struct slice prefix;
  int32_t partitions, output_partitions, replication;
  int64_t input_bytes_max, dossier_bytes_max;
  int64_t retention_days;    // of settlements, for create
  int64_t horizon_days;      // what check asks of it at least
  const char *group;         // whose positions and rights are checked; NULL: none is
  const char *slot;          // tells processes that check at the same time apart
};

// The full name, in the arena, NUL-terminated.
const char *topics_name(struct arena *arena, struct slice prefix, enum topic topic);

// create tells one line per topic, check one for each thing that is wrong. STATUS_OK: all well. STATUS_REJECT: something is wrong
// and was told. STATUS_RETRY or FATAL: the cluster could not be asked.
enum status topics_create(struct client *client, const struct topics_settings *settings,
                          void (*tell)(void *context, const char *line), void *context, struct error *error);
enum status topics_check(struct client *client, const struct topics_settings *settings,
                         void (*tell)(void *context, const char *line), void *context, struct error *error);
