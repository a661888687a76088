// The role "screen" over Kafka: workers, signals, progress.
//
// One thread per worker, nothing shared between them but the client and the rule set. SIGTERM and SIGINT: every worker
// finishes the transaction at hand and closes. SIGHUP: the rule folder is loaded anew and taken up between two transactions (reload.h); so is what the topic
// rules-control says (steer.h). The first worker that must stop takes the others with it, and the
// service manager starts the program again: it goes on from the last commit.
#pragma once

#include "consumers/site.h"
#include "rules/load.h"
#include "stream/kafka/client.h"
#include "stream/kafka/topics.h"

struct run_options {
  const struct site *site;
  struct ruleset *ruleset;    // taken over: run_screen frees it
  bool (*prove)(void *context, const struct ruleset *ruleset, struct diagnostics *diagnostics);    // its rules pass their tests
  void *prove_context;
  bool from_earliest;    // partitions without a committed position begin at their first record
  bool without_transactions;    // for the bench alone: outputs may be lost or doubled
  bool until_end;        // stop when every partition reached the end it had at the start; for this process alone
};

// STATUS_OK: stopped as asked. STATUS_REJECT: the topics are not as they must be (told in the journal).
enum status run_screen(const struct run_options *options, struct error *error);

// A client of the site's cluster, for the other commands as well. Texts live in the arena, which must outlive the client.
struct client *run_client(const struct site *site, struct arena *arena, struct error *error);
// What the site asks of its topics. ruleset may be NULL: the horizon is then unknown and not checked.
struct topics_settings run_topics(const struct site *site, const struct ruleset *ruleset);
