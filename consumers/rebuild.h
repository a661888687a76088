// `state rebuild`: what a new rule set asks of the past is found out beside the running group, and given to it.
//
//   settlements (files, then the topic from its first record on) --> the step, under the new set --> dossiers in this process
//   patient-state                                                --> compared: who gains by that, or was not judged yet under the new set and
//                                                                    would be judged otherwise?
//   settlements <-- DOSSIER: one message for each person who gains, sealed with the site's key
//
// The group takes such a message like any other: at its place between the person's settlements, in the transaction that commits all that
// follows from it. So nothing stops, nothing is screened by two, and an interrupted rebuild is only one that gave less; it may be run
// again at any time, and gives only what is still missing. All dossiers of the region must fit this process's memory.
//
// What the rebuilt dossiers know begins where the topic does: records that its retention deleted are not known, unless files that reach into what
// is left of it are given, too. Then it begins with the earliest record of these.
#pragma once

#include <stdatomic.h>

#include "consumers/site.h"
#include "rules/load.h"
#include "stream/kafka/client.h"

enum rebuild_phase { REBUILD_FILES, REBUILD_SETTLEMENTS, REBUILD_COMPARE, REBUILD_SEND, REBUILD_WAIT, REBUILD_PHASES };

struct rebuild_options {
  const struct site *site;
  const struct ruleset *ruleset;
  struct client *client;
  const char *const *paths;    // older settlements, as they stood on the topic: NDJSON, with the pseudonyms of the topic
  size_t paths_size;
  bool dry_run;                // counts only
  bool wait;                   // until the group has taken all of it
  const atomic_bool *stopping;
  void *context;
  void (*progress)(void *context, enum rebuild_phase phase, uint64_t done, uint64_t total);    // may be NULL; total 0: not known
};

struct rebuild_result {
  uint64_t from_files, from_topic, dead;    // records read; of them not readable
  uint64_t persons, gaining;                // with a dossier; who gains
  uint64_t messages, too_large;             // sent; persons one of whose settlements does not fit a message
  int64_t known_s;                          // since when the dossiers know everything, in the partition that knows least; DATE_ABSENT: always
};

// STATUS_RETRY: the group took nothing for REBUILD_PATIENCE_S seconds; what was sent stays. STATUS_REJECT: a file cannot be read.
enum { REBUILD_PATIENCE_S = 60 };
enum status rebuild(const struct rebuild_options *options, struct rebuild_result *result, struct error *error);
