// settlewatch rules explain-rule: say in words what a rule means.
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "config/diagnostics.h"
#include "core/memory.h"
#include "rules/meaning.h"

enum { OPTION_RULES = 1000, OPTION_FORMAT };

struct explain_arguments {
  struct paths paths;
  const char *rule;
  enum page_format format;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct explain_arguments *arguments = state->input;
  switch (key) {
    case OPTION_RULES: paths_add(state, &arguments->paths, value); return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "text") != 0 && strcmp(value, "markdown") != 0 && strcmp(value, "html") != 0)
        argp_error(state, "--format is text, markdown or html, not '%s'", value);
      arguments->format = value[0] == 't' ? PAGE_TEXT : value[0] == 'm' ? PAGE_MARKDOWN : PAGE_HTML;
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->rule != NULL) argp_error(state, "one rule at a time");
      arguments->rule = value;
      return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "the id or name of a rule is needed"); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"rules", OPTION_RULES, "PATH", 0, "Rule folder or file (default: rules.d)", 0},
      {"format", OPTION_FORMAT, "text|markdown|html", 0, "How to print it (default: text)", 0},
      {0}};
  static const struct argp argp = {options, parse, "ID",
                                   "Says in words what a rule means: whom it concerns, when it holds, each lawful exception, bands, amount and "
                                   "law; in the language of --lang.\v"
                                   "Exit status: 0 explained, 2 no such rule, 78 bad rules.", NULL, NULL, NULL};
  struct explain_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = paths_load(&arguments.paths, &diagnostics);
  int code = CLI_CONFIG;
  if (ruleset != NULL) {
    const struct rule *rule = ruleset_find(ruleset, slice_from(arguments.rule));
    if (rule == NULL) {
      paths_no_rule("explain-rule", ruleset, arguments.rule);
      code = CLI_USAGE;
    } else {
      struct text text = {0};
      struct page page;
      const struct meaning meaning = {ruleset, rule, cli_chinese() != 0};
      page_begin(&page, &text, arguments.format, meaning.chinese ? "zh-CN" : "en", arguments.rule);
      meaning_rule(&meaning, 1, &page);
      page_end(&page);
      paths_print(stdout, &text);
      text_fini(&text);
      code = CLI_OK;
    }
  }
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return code;
}

const struct cli_verb cli_rules_explain_rule = {"explain-rule", "say in words what a rule means", run};
