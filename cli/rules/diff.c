// settlewatch rules diff A B: what two rule sets mean differently.
#include <argp.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "rules/diff.h"

enum { OPTION_FORMAT = 1000 };

struct diff_arguments {
  const char *sides[2];
  size_t size;
  bool json;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct diff_arguments *arguments = state->input;
  switch (key) {
    case OPTION_FORMAT:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->size == 2) argp_error(state, "two rule sets, not more");
      arguments->sides[arguments->size++] = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->size != 2) argp_error(state, "two rule sets are needed: the former one and the later one");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {{"format", OPTION_FORMAT, "text|json", 0, "How to print the differences (default: text)", 0},
                                               {0}};
  static const struct argp argp = {options, parse, "A B",
                                   "Tells what two rule sets (folders or files) mean differently: rules, thresholds, conditions, laws, amounts, rows "
                                   "of tables, codes, calendars, tests. Comments, order and layout mean nothing.\v"
                                   "Exit status: 0 the same meaning (also when only tests differ), 1 different, 78 bad rules.", NULL, NULL, NULL};
  struct diff_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct ruleset *sets[2] = {NULL, NULL};
  for (size_t i = 0; i < 2; i++) {
    struct paths paths = {.items = {arguments.sides[i]}, .size = 1};
    struct diagnostics diagnostics = {0};
    sets[i] = paths_load(&paths, &diagnostics);
    diagnostics_fini(&diagnostics);
  }
  int code = CLI_CONFIG;
  if (sets[0] != NULL && sets[1] != NULL) {
    struct diff diff;
    struct text text = {0};
    diff_make(&diff, sets[0], sets[1]);
    if (arguments.json) diff_write_json(&diff, &text);
    else diff_write_text(&diff, cli_chinese(), &text);
    paths_print(stdout, &text);
    code = diff.meaning > 0 ? CLI_FOUND : CLI_OK;
    text_fini(&text);
    diff_fini(&diff);
  }
  ruleset_destroy(sets[0]);
  ruleset_destroy(sets[1]);
  return code;
}

const struct cli_verb cli_rules_diff = {"diff", "tell what two rule sets mean differently", run};
