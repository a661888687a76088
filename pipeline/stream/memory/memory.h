// A log (stream/log.h) in memory, for tests: deterministic, with partitions, transactions and injected faults.
//
// A broker outlives the logs opened on it, as Kafka outlives a process that crashes: input, positions, committed outputs and state
// records stay. A fault is asked for at every commit; a log that met a crash is closed, and another opened on the same broker.
#pragma once

#include "stream/kafka/state.h"

enum memory_fault {
  MEMORY_FINE,
  MEMORY_ABORT,           // the broker refuses: STATUS_RETRY
  MEMORY_CRASH_BEFORE,    // the process dies before the commit reached the broker: STATUS_FATAL, nothing happened
  MEMORY_CRASH_AFTER,     // the broker committed, the process died before it knew: STATUS_FATAL
};

struct memory_broker;
struct memory_broker *memory_create(int32_t partitions);
void memory_destroy(struct memory_broker *broker);
// Appends to the input; the bytes are copied.
void memory_append(struct memory_broker *broker, int32_t partition, struct slice key, struct slice value);
int64_t memory_position(const struct memory_broker *broker, int32_t partition);
// Everything that was committed for a topic: values, one per line, in order.
struct slice memory_outputs(const struct memory_broker *broker, enum topic topic);

// Reads the committed state records; teaches an open partition of a state those from an offset on, as an assignment does.
struct state_reader memory_reader(struct memory_broker *broker);
enum status memory_teach(struct memory_broker *broker, struct state *state, int32_t partition, int64_t from, struct error *error);

// batch_records records at most are taken at a time, partition by partition in turn. fault may be NULL.
struct log *memory_open(struct memory_broker *broker, const unsigned char epoch[STATE_EPOCH_BYTES], size_t batch_records,
                        enum memory_fault (*fault)(void *context), void *context);
