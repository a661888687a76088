// settlewatch rules explain: print the full trace of one decision.
#include <argp.h>

#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/verb.h"

enum { OPTION_RECORD = 1000, OPTION_RULE, OPTION_RULES };

static error_t parse(int key, char *value, struct argp_state *state) {
  struct explain_options *options = state->input;
  switch (key) {
    case OPTION_RECORD: options->record = value; return 0;
    case OPTION_RULE: options->rule = value; return 0;
    case OPTION_RULES: options->rules = value; return 0;
    case ARGP_KEY_END:
      if (options->record == NULL) argp_error(state, "--record FILE is needed");
      if (options->rule == NULL) argp_error(state, "--rule ID is needed");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"record", OPTION_RECORD, "FILE", 0, "NDJSON: the person's history in order; the last settlement is explained", 0},
      {"rule", OPTION_RULE, "ID", 0, "The rule, by id or by name", 0},
      {"rules", OPTION_RULES, "DIR", 0, "Rule folder (default: rules.d)", 0},
      {0}};
  static const struct argp argp = {options, parse, NULL,
                                   "Prints the full trace of one decision: every condition with its value, where it came from, whether it "
                                   "holds, how far it is from its bound; the verdict; what is claimed.\v"
                                   "Exit status: 0 explained, 65 unreadable records, 78 bad rules or an unknown rule.", NULL, NULL, NULL};
  struct explain_options chosen = {.rules = "rules.d", .chinese = cli_chinese() != 0};
  argp_parse(&argp, argc, argv, 0, NULL, &chosen);
  return explain(&chosen);
}

const struct cli_verb cli_rules_explain = {"explain", "print the full trace of one decision", run};
