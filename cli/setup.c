#include "cli/setup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

bool setup_load(struct setup *setup, const char *config, bool rules) {
  *setup = (struct setup){0};
  arena_init(&setup->arena, 1 << 14);
  setup->site = site_load(config, &setup->diagnostics);
  if (setup->site != NULL && rules) {
    const char *folder = arena_copy_text(&setup->arena, setup->site->rules);
    setup->ruleset = ruleset_load(&folder, 1, &setup->diagnostics);
  }
  struct text text = {0};
  diagnostics_sort(&setup->diagnostics);
  diagnostics_write_text(&setup->diagnostics, &text);
  if (text.size > 0) fwrite(text.data, 1, text.size, stderr);
  text_fini(&text);
  return setup->site != NULL && (!rules || setup->ruleset != NULL) && setup->diagnostics.errors == 0;
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
