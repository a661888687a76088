// settlewatch topics check
#include <stdio.h>

#include "cli/cli.h"
#include "cli/setup.h"
#include "cli/verb.h"

static const char doc[] = "Compares the topics with what the program needs, and tries what this user may do with them: the screen refuses to start on any difference.\v"
                          "Exit status: 0 fine, 1 something is not as it must be, 70 the cluster cannot be asked, 78 bad settings.";

static void tell(void *context, const char *line) {
  (void)context;
  puts(line);
}

static enum status check(struct setup *setup, struct client *client, struct error *error) {
  struct topics_settings topics = run_topics(setup->site, setup->ruleset);
  topics.group = arena_copy_text(&setup->arena, setup->site->kafka.group);
  topics.slot = "cli";
  const enum status status = topics_check(client, &topics, tell, NULL, error);
  if (status == STATUS_OK) puts(cli_chinese() ? "所有主题均符合要求" : "all topics are as they must be");
  return status;
}

static int run(int argc, char **argv) { return setup_cluster_verb(argc, argv, doc, check); }

const struct cli_verb cli_topics_check = {"check", "compare the topics with what the program needs", run};
