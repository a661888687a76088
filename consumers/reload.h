// The rule sets of a running process: loaded and checked beside the one in force, and taken up by every worker between two transactions.
//
//   folder --(thread of its own: load, check)--> loaded --> current --> previous
//                  refused, told                 activate     ^------------'  back
//
// At most three sets are kept, and those that a worker has not left yet; each is refused above bytes_max. A set that fails in any way never
// replaces a good one. A worker asks between two batches whether another set is current; it costs one atomic load when none is. A
// set that nobody uses any more is freed by the thread, not by a worker.
// The rule set is pinned per transaction: engine_use comes between two engine_screen, and each receipt names the set of its records.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "core/status.h"
#include "rules/rule.h"

enum reload_action {
  RELOAD_RENEW,       // path: load it and make it current
  RELOAD_LOAD,        // path, hash: load it, and leave it ready
  RELOAD_ACTIVATE,    // path, hash: make the set with this hash current; it is loaded from path when it is not here
  RELOAD_DEMOTE,      // rule, version: the rule is a shadow in every set from now on
  RELOAD_RESTORE      // the same rule is again what its file says
};

enum { RELOAD_PATH_MAX = 1024, RELOAD_NAME_MAX = 64 };
struct reload_command {
  enum reload_action action;
  char path[RELOAD_PATH_MAX];
  char hash[33];                  // of the set as its files say; empty: whatever it is
  char rule[RELOAD_NAME_MAX];
  int64_t version;
};

struct reload_settings {
  struct ruleset *first;          // in force at the start; taken over
  unsigned workers;
  int64_t bytes_max;
  void *context;
  // What a set must pass besides loading: its tests, the topics' retention. False with errors in diagnostics or *error.
  bool (*check)(void *context, const struct ruleset *ruleset, struct diagnostics *diagnostics, struct error *error);
  void (*say)(void *context, int level, const char *text);
};

struct reload;
// NULL when there is no thread for it.
struct reload *reload_open(const struct reload_settings *settings, struct error *error);
void reload_close(struct reload *reload);    // after the workers have ended
// Any thread. Commands are carried out one after the other; false when too many wait.
bool reload_ask(struct reload *reload, const struct reload_command *command);
void reload_wait(struct reload *reload);     // until all that was asked is done

// Of the worker's thread. NULL: nothing has changed. Else the set that it is to use from its next batch on; the former one stays until
// reload_used says that the engine has left it.
const struct ruleset *reload_next(struct reload *reload, unsigned worker);
void reload_used(struct reload *reload, unsigned worker);
// The current set's hash, and that of its files (another one while a rule is demoted).
void reload_current(struct reload *reload, char hash[33], char of_files[33]);
