// Reads several topics at once, all partitions of each, in about the order in which they were written: committed records only, no
// group, nothing is changed.
//
// Always the oldest of the partitions' next records comes, by its time; so what belongs together arrives together, and of each partition
// only what the library fetched ahead is held. Sources are read from their first record to the end that they have when merge begins:
// `decided` ends before what is still open in a transaction, the others wait until that is decided. All decided sources are measured
// before the others, so what one transaction wrote is there in the others when it is in these.
#pragma once

#include "stream/kafka/dump.h"

struct merge_source {
  const char *topic;
  bool decided;
};

struct merge_options {
  const struct merge_source *sources;
  size_t sources_size;
  const atomic_bool *stopping;    // or NULL
  // About ten times a second, with offsets done and in all. May be NULL.
  void (*progress)(void *context, uint64_t done, uint64_t total);
};

// source: index into sources. visit returns false to stop. STATUS_REJECT: a topic is missing.
enum status merge_topics(struct client *client, const struct merge_options *options,
                         bool (*visit)(void *context, size_t source, const struct dump_message *message), void *context, struct error *error);
