// Reads a topic for a person or a test: committed records only, no group, nothing is changed.
#pragma once

#include <stdatomic.h>

#include "stream/kafka/client.h"

struct dump_header { const char *name; struct slice value; };
struct dump_message {
  int32_t partition;
  int64_t offset, timestamp_ms;
  struct slice key, value;    // SLICE_NONE: null. Valid during the call
  const struct dump_header *headers;
  size_t headers_size;
};

struct dump_options {
  const char *topic;
  int32_t partition;              // -1: all
  bool from_beginning;            // else: what comes from now on
  bool until_end;                 // stop at the end that the partitions have now
  int64_t from_offset, until_offset;    // of one partition, when until_offset > 0: from..until-1, instead of the two above
  const atomic_bool *stopping;    // or NULL
};

// What a group has committed of a topic, for its first `size` partitions; -1: nothing.
enum status dump_positions(struct client *client, const char *group, const char *topic, int64_t *positions, int32_t size, struct error *error);

// visit returns false to stop. STATUS_REJECT: there is no such topic.
enum status dump_topic(struct client *client, const struct dump_options *options,
                       bool (*visit)(void *context, const struct dump_message *message), void *context, struct error *error);
