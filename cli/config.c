// settlewatch config reference | check FILE
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/setup.h"

struct arguments { const char *verb, *path; };

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case ARGP_KEY_ARG:
      if (arguments->verb == NULL)
        arguments->verb = value;
      else if (arguments->path == NULL)
        arguments->path = value;
      else
        argp_error(state, "one file at a time");
      return 0;
    case ARGP_KEY_END:
      if (arguments->verb == NULL || (strcmp(arguments->verb, "reference") != 0 && strcmp(arguments->verb, "check") != 0))
        argp_error(state, "say reference or check");
      if (strcmp(arguments->verb, "check") == 0 && arguments->path == NULL) argp_error(state, "check needs a file");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {NULL, parse, "reference\ncheck FILE",
                                 "Prints what every setting means, or checks a settings file and the secret files it names.\v"
                                 "Exit status: 0 fine, 78 something is wrong; all errors are printed at once.", NULL, NULL, NULL};

static int run(int argc, char **argv) {
  struct arguments arguments = {0};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  if (strcmp(arguments.verb, "reference") == 0) {
    struct text text = {0};
    site_reference(&text);
    fwrite(text.data, 1, text.size, stdout);
    text_fini(&text);
    return CLI_OK;
  }
  struct setup setup;
  const bool good = setup_load(&setup, arguments.path, false);
  setup_fini(&setup);
  if (good) printf("%s: fine\n", arguments.path);
  return good ? CLI_OK : CLI_CONFIG;
}

const struct cli_command cli_config = {"config", "explain the settings, or check a settings file", run};
