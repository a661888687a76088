// settlewatch topics create
#include <stdio.h>

#include "cli/cli.h"
#include "cli/setup.h"
#include "cli/verb.h"

static const char doc[] = "Makes the topics that are missing, as the settings and the rules ask; touches nothing that is there.\v"
                          "Exit status: 0 fine, 1 a topic could not be made, 70 the cluster cannot be asked, 78 bad settings.";

static void tell(void *context, const char *line) {
  (void)context;
  puts(line);
}

static enum status create(struct setup *setup, struct client *client, struct error *error) {
  const struct topics_settings topics = run_topics(setup->site, setup->ruleset);
  return topics_create(client, &topics, tell, NULL, error);
}

static int run(int argc, char **argv) { return setup_cluster_verb(argc, argv, doc, create); }

const struct cli_verb cli_topics_create = {"create", "make the topics that are missing", run};
