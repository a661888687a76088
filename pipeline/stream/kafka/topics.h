// The topics of a site: their names, and whether the cluster has them as they must be.
//
// topics_create makes what is missing and touches nothing that is there; topics_check compares. What must hold:
//   settlements, patient-state   as many partitions as the setting says, the same for both
//   patient-state                cleanup.policy exactly compact: a deleted record would be a forgotten patient
//   settlements                  kept longer than the horizon; LogAppendTime, or never deleted by time (old event times would be)
//   dead-letters                 max.message.bytes 64 KiB above that of settlements: the input's bytes and our headers
//   patient-state                max.message.bytes 64 KiB above the largest dossier
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
};

// The full name, in the arena, NUL-terminated.
const char *topics_name(struct arena *arena, struct slice prefix, enum topic topic);

// Calls tell with one line per topic: made, there already, or what is wrong. STATUS_OK: all well. STATUS_REJECT: something is wrong
// and was told. STATUS_RETRY or FATAL: the cluster could not be asked.
enum status topics_create(struct client *client, const struct topics_settings *settings,
                          void (*tell)(void *context, const char *line), void *context, struct error *error);
enum status topics_check(struct client *client, const struct topics_settings *settings,
                         void (*tell)(void *context, const char *line), void *context, struct error *error);
