// What the commands over Kafka begin with: settings, rules, and a client, with every error told on standard error.
#pragma once

#include <stdatomic.h>

#include "consumers/run.h"

struct setup {
  struct diagnostics diagnostics;
  struct site *site;
  struct ruleset *ruleset;    // NULL when it was not asked for
  struct arena arena;
};

// config NULL: the defaults. rules: load them, too. False when something is wrong, and told; the exit code is then CLI_CONFIG.
bool setup_load(struct setup *setup, const char *config, bool rules);
// The rules of another path than the site's, after setup_load without any.
bool setup_rules(struct setup *setup, const char *path);
void setup_fini(struct setup *setup);
// NULL when the brokers do not accept us, and told.
struct client *setup_client(struct setup *setup);
// Becomes true with SIGINT or SIGTERM.
const atomic_bool *setup_stopping(void);

// The whole of a verb that has no option but --config and works on the cluster. work returns STATUS_OK, STATUS_REJECT for what is told
// with exit status 1, or another status with its error set.
int setup_cluster_verb(int argc, char **argv, const char *doc,
                       enum status (*work)(struct setup *setup, struct client *client, struct error *error));
