// settlewatch rules explain-code: say what a code such as SW1007 means.
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/verb.h"
#include "config/diagnostics.h"

enum { OPTION_ALL = 1000 };

struct code_arguments {
  const char *code;
  bool all;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct code_arguments *arguments = state->input;
  switch (key) {
    case OPTION_ALL: arguments->all = true; return 0;
    case ARGP_KEY_ARG:
      if (arguments->code != NULL) argp_error(state, "one code at a time");
      arguments->code = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->all == (arguments->code != NULL)) argp_error(state, "a code such as SW1007 is needed, or --all");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {{"all", OPTION_ALL, NULL, 0, "Every code", 0}, {0}};
  static const struct argp argp = {options, parse, "SWnnnn",
                                   "Says what a code of an error or a warning means and how to mend it.\v"
                                   "Exit status: 0 explained, 2 no such code.", NULL, NULL, NULL};
  struct code_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.all) {
    unsigned code;
    for (size_t i = 0; (code = diagnostics_code_at(i)) != 0; i++) printf("SW%04u  %s\n", code, diagnostics_explain(code));
    return CLI_OK;
  }
  const char *digits = arguments.code;
  if ((digits[0] == 'S' || digits[0] == 's') && (digits[1] == 'W' || digits[1] == 'w')) digits += 2;
  char *end;
  errno = 0;
  const unsigned long code = strtoul(digits, &end, 10);
  const bool number = digits[0] >= '0' && digits[0] <= '9' && *end == '\0' && errno == 0 && code <= 9999;
  const char *meaning = number ? diagnostics_explain((unsigned)code) : NULL;
  if (meaning == NULL) {
    fprintf(stderr, "settlewatch rules explain-code: there is no code '%s'; --all lists them\n", arguments.code);
    return CLI_USAGE;
  }
  printf("SW%04lu  %s\n", code, meaning);
  return CLI_OK;
}

const struct cli_verb cli_rules_explain_code = {"explain-code", "say what a code such as SW1007 means", run};
