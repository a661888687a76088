// settlewatch rules explain: print the full trace of one decision, and what would turn it round.
#include <argp.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/day.h"
#include "cli/explain.h"
#include "cli/verb.h"
#include "rules/known.h"

enum { OPTION_RECORD = 1000, OPTION_RULE, OPTION_RULES, OPTION_PSN, OPTION_SETL, OPTION_FORMAT, OPTION_AS_OF };

static error_t parse(int key, char *value, struct argp_state *state) {
  struct explain_options *options = state->input;
  switch (key) {
    case OPTION_RECORD: options->record = value; return 0;
    case OPTION_RULE: options->rule = value; return 0;
    case OPTION_RULES: options->rules = value; return 0;
    case OPTION_PSN: options->psn_no = value; return 0;
    case OPTION_SETL: options->setl_id = value; return 0;
    case 'c': options->config = value; return 0;
    case OPTION_AS_OF: options->known_day = day_option(state, "as-of", value); return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      options->write = strcmp(value, "json") == 0 ? explanation_write_json : explanation_write_text;
      return 0;
    case ARGP_KEY_END:
      if ((options->record == NULL) == (options->psn_no == NULL))
        argp_error(state, "--record FILE is needed, or --config FILE with --psn PSN_NO");
      if (options->psn_no != NULL && options->config == NULL) argp_error(state, "--psn needs --config FILE: whose cluster?");
      if (options->rule == NULL) argp_error(state, "--rule ID is needed");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"record", OPTION_RECORD, "FILE", 0, "NDJSON: records in the order of their arrival", 0},
      {"config", 'c', "FILE", 0, "Settings of the site", 0},
      {"psn", OPTION_PSN, "PSN_NO", 0, "Explain from what is remembered about this person now, instead of a file; needs --config", 0},
      {"setl", OPTION_SETL, "SETL_ID", 0, "The settlement (default: the last one)", 0},
      {"rule", OPTION_RULE, "ID", 0, "The rule, by id or by name", 0},
      {"rules", OPTION_RULES, "DIR", 0, "Rule folder (default: rules.d, or what the settings say)", 0},
      {"as-of", OPTION_AS_OF, "DATE", 0, "Explain with the rules as they were known on this day, yyyy-MM-dd (default: as they are known now)", 0},
      {"format", OPTION_FORMAT, "text|json", 0, "How to print it (default: text)", 0},
      {0}};
  static const struct argp argp = {options, parse, NULL,
                                   "Prints the full trace of one decision: every condition with its value, where it came from, whether it "
                                   "holds, how far it is from its bound; the verdict; what is claimed; and the smallest changes of facts that "
                                   "would turn the verdict round, each of them tried.\v"
                                   "Exit status: 0 explained, 1 nothing is remembered about the person, 65 unreadable records or no such "
                                   "settlement, 70 the cluster cannot be asked, 78 bad rules, settings or an unknown rule.", NULL, NULL, NULL};
  struct explain_options chosen = {.chinese = cli_chinese() != 0, .write = explanation_write_text, .known_day = KNOWN_NOW};
  argp_parse(&argp, argc, argv, 0, NULL, &chosen);
  return explain(&chosen);
}

const struct cli_verb cli_rules_explain = {"explain", "print the full trace of one decision", run};
