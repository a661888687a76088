// settlewatch rules test: run the tests that stand in the rule files.
#include <argp.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "screen/trial.h"

enum { OPTION_RUN = 1000, OPTION_FAILED };

struct test_arguments {
  struct paths paths;
  regex_t run;
  bool chosen, failed_only;
  struct text text;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct test_arguments *arguments = state->input;
  int wrong;
  switch (key) {
    case OPTION_RUN:
      if (arguments->chosen) argp_error(state, "--run stands twice");
      wrong = regcomp(&arguments->run, value, REG_EXTENDED | REG_NOSUB);
      if (wrong != 0) {
        char text[200];
        regerror(wrong, &arguments->run, text, sizeof text);
        argp_error(state, "--run '%s': %s", value, text);
      }
      arguments->chosen = true;
      return 0;
    case OPTION_FAILED: arguments->failed_only = true; return 0;
    case ARGP_KEY_ARG: paths_add(state, &arguments->paths, value); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static bool test_wanted(void *context, const struct rule *rule, struct slice name) {
  struct test_arguments *arguments = context;
  if (!arguments->chosen) return true;
  text_clear(&arguments->text);
  text_format(&arguments->text, "%.*s: %.*s", SLICE_ARG(rule->id), SLICE_ARG(name));
  text_byte(&arguments->text, '\0');
  return regexec(&arguments->run, arguments->text.data, 0, NULL, 0) == 0;
}

static void test_tell(void *context, const struct trial *trial) {
  struct test_arguments *arguments = context;
  struct text *text = &arguments->text;
  if (trial->passed && arguments->failed_only) return;
  text_clear(text);
  text_format(text, "%s %.*s: %.*s\n", trial->passed ? "ok    " : "FAILED", SLICE_ARG(trial->rule->id), SLICE_ARG(trial->name));
  if (!trial->passed) {
    text_format(text, "       %s:%u\n", trial->place.file, trial->place.line);
    for (size_t at = 0, end; at < trial->difference.size; at = end + 1) {
      const char *line = trial->difference.data + at, *stop = memchr(line, '\n', trial->difference.size - at);
      end = stop != NULL ? (size_t)(stop - trial->difference.data) : trial->difference.size;
      text_format(text, "       %.*s\n", (int)(end - at), line);
    }
  }
  paths_print(stdout, text);
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"run", OPTION_RUN, "REGEX", 0, "Only tests whose 'ID: name' matches the extended regular expression", 0},
      {"failed", OPTION_FAILED, NULL, 0, "Tell only the tests that fail", 0},
      {0}};
  static const struct argp argp = {options, parse, "[PATH...]",
                                   "Runs the tests that stand in the rule files (default: rules.d).\v"
                                   "Exit status: 0 all pass, 1 some fail or none was found, 78 bad rules.", NULL, NULL, NULL};
  struct test_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = paths_load(&arguments.paths, &diagnostics);
  int code = CLI_CONFIG;
  if (ruleset != NULL) {
    const struct trial_options trials = {test_wanted, test_tell, &arguments};
    struct trial_counts sum = {0};
    for (size_t r = 0; r < ruleset->size; r++) {
      const struct trial_counts counts = trial_run(ruleset, ruleset->rules[r], &trials);
      sum.run += counts.run;
      sum.failed += counts.failed;
    }
    printf(cli_chinese() ? "%zu 项测试，%zu 项失败\n" : "%zu tests, %zu failed\n", sum.run, sum.failed);
    code = sum.failed > 0 || sum.run == 0 ? CLI_FOUND : CLI_OK;
  }
  if (arguments.chosen) regfree(&arguments.run);
  text_fini(&arguments.text);
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return code;
}

const struct cli_verb cli_rules_test = {"test", "run the tests that stand in the rule files", run};
