#include "cli/setup.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "cli/cli.h"

// Each once; true when none is an error.
static bool tell(struct setup *setup) {
  struct text text = {0};
  const bool good = setup->diagnostics.errors == 0;
  diagnostics_sort(&setup->diagnostics);
  diagnostics_write_text(&setup->diagnostics, &text);
  if (text.size > 0) fwrite(text.data, 1, text.size, stderr);
  text_fini(&text);
  diagnostics_fini(&setup->diagnostics);
  setup->diagnostics = (struct diagnostics){0};
  return good;
}

bool setup_load(struct setup *setup, const char *config, bool rules) {
  *setup = (struct setup){0};
  arena_init(&setup->arena, 1 << 14);
  setup->site = site_load(config, &setup->diagnostics);
  if (setup->site != NULL && rules) return setup_rules(setup, arena_copy_text(&setup->arena, setup->site->rules));
  return tell(setup) && setup->site != NULL;
}

bool setup_rules(struct setup *setup, const char *path) {
  setup->ruleset = ruleset_load(&path, 1, &setup->diagnostics);
  return tell(setup) && setup->ruleset != NULL;
}

void setup_fini(struct setup *setup) {
  ruleset_destroy(setup->ruleset);
  site_destroy(setup->site);
  diagnostics_fini(&setup->diagnostics);
  arena_fini(&setup->arena);
}

struct client *setup_client(struct setup *setup) {
  struct error error = {0};
  struct client *client = run_client(setup->site, &setup->arena, &error);
  if (client == NULL) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
  return client;
}

static atomic_bool stopping;
static void on_signal(int number) {
  (void)number;
  atomic_store(&stopping, true);
}

const atomic_bool *setup_stopping(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  return &stopping;
}

static const struct argp_option cluster_options[] = {{"config", 'c', "FILE", 0, "Settings of the site", 0}, {0}};

static error_t cluster_parse(int key, char *value, struct argp_state *state) {
  const char **config = state->input;
  if (key == ARGP_KEY_ARG) argp_error(state, "'%s' is one argument too many", value);
  if (key != 'c') return ARGP_ERR_UNKNOWN;
  *config = value;
  return 0;
}

int setup_cluster_verb(int argc, char **argv, const char *doc,
                       enum status (*work)(struct setup *setup, struct client *client, struct error *error)) {
  const struct argp argp = {cluster_options, cluster_parse, "", doc, NULL, NULL, NULL};
  const char *config = NULL;
  if (argp_parse(&argp, argc, argv, 0, NULL, &config) != 0) return CLI_USAGE;
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, config, true)) {
    struct client *client = setup_client(&setup);
    struct error error = {0};
    const enum status status = client != NULL ? work(&setup, client, &error) : STATUS_FATAL;
    if (error.status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
    code = status == STATUS_OK ? CLI_OK : status == STATUS_REJECT ? CLI_FOUND : CLI_SOFTWARE;
    client_close(client);
  }
  setup_fini(&setup);
  return code;
}
