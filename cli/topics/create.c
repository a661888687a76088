// settlewatch topics create
#include <argp.h>
#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/setup.h"
#include "cli/verb.h"

static const struct argp_option options[] = {{"config", 'c', "FILE", 0, "Settings of the site", 0}, {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  const char **config = state->input;
  if (key == ARGP_KEY_ARG) argp_error(state, "'%s' is one argument too many", value);
  if (key != 'c') return ARGP_ERR_UNKNOWN;
  *config = value;
  return 0;
}

static const struct argp argp = {options, parse, "",
                                 "Makes the topics that are missing, as the settings and the rules ask; touches nothing that is there.\v"
                                 "Exit status: 0 fine, 1 a topic could not be made, 70 the cluster cannot be asked, 78 bad settings.", NULL, NULL, NULL};

static void tell(void *context, const char *line) {
  (void)context;
  puts(line);
}

static int run(int argc, char **argv) {
  const char *config = NULL;
  if (argp_parse(&argp, argc, argv, 0, NULL, &config) != 0) return CLI_USAGE;
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, config, true)) {
    struct client *client = setup_client(&setup);
    code = CLI_SOFTWARE;
    if (client != NULL) {
      struct error error = {0};
      const struct topics_settings topics = run_topics(setup.site, setup.ruleset);
      const enum status status = topics_create(client, &topics, tell, NULL, &error);
      if (error.status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
      code = status == STATUS_OK ? CLI_OK : status == STATUS_REJECT ? CLI_FOUND : CLI_SOFTWARE;
      client_close(client);
    }
  }
  setup_fini(&setup);
  return code;
}

const struct cli_verb cli_topics_create = {"create", "make the topics that are missing", run};
