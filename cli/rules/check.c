// settlewatch rules check: check rule folders or files: all errors in one run.
#include <argp.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "screen/activation.h"

enum { OPTION_STRICT = 1000, OPTION_FORMAT, OPTION_ACTIVATION };

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_JUNIT };
static const char *const formats[] = {"text", "json", "sarif", "junit", NULL};

struct check_arguments {
  struct paths paths;
  bool strict, activation;
  enum format format;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct check_arguments *arguments = state->input;
  switch (key) {
    case OPTION_STRICT: arguments->strict = true; return 0;
    case OPTION_ACTIVATION: arguments->activation = true; return 0;
    case OPTION_FORMAT:
      for (size_t i = 0; formats[i] != NULL; i++) {
        if (strcmp(formats[i], value) != 0) continue;
        arguments->format = (enum format)i;
        return 0;
      }
      argp_error(state, "--format is text, json, sarif or junit, not '%s'", value);
      return 0;
    case ARGP_KEY_ARG: paths_add(state, &arguments->paths, value); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static void write_text(const struct diagnostics *diagnostics, const struct ruleset *ruleset, struct text *text) {
  diagnostics_write_text(diagnostics, text);
  if (ruleset != NULL && diagnostics->errors == 0)
    text_format(text, cli_chinese() ? "%zu 条规则，规则集 %s，提示 %zu 条\n" : "%zu rules, rule set %s, %zu warnings\n", ruleset->size,
                ruleset->hash, diagnostics->warnings);
  else
    text_format(text, cli_chinese() ? "错误 %zu 条，提示 %zu 条\n" : "%zu errors, %zu warnings\n", diagnostics->errors,
                diagnostics->warnings);
}

// Active rules, and every rule of a file that was named itself: what is to become active.
static void check_activation(const struct paths *paths, const struct ruleset *ruleset, struct diagnostics *diagnostics) {
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    bool asked = rule->status == RULE_ACTIVE;
    for (size_t i = 0; i < paths->size; i++) asked |= strcmp(paths->items[i], rule->file->name) == 0;
    if (asked) activation_check(ruleset, rule, false, diagnostics);
  }
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"for-activation", OPTION_ACTIVATION, NULL, 0,
       "Active rules, and those of files named here, must pass the activation gate: their tests hold every bound and condition", 0},
      {"strict", OPTION_STRICT, NULL, 0, "Exit with 3 when there are warnings", 0},
      {"format", OPTION_FORMAT, "text|json|sarif|junit", 0, "How to print what was found (default: text)", 0},
      {0}};
  static const struct argp argp = {options, parse, "[PATH...]",
                                   "Checks rule folders or files (default: rules.d): all errors of all files in one run.\v"
                                   "Exit status: 0 fine, 1 errors, 3 only warnings under --strict.", NULL, NULL, NULL};
  struct check_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  paths_default(&arguments.paths);
  struct diagnostics diagnostics = {0};
  struct text text = {0};
  struct ruleset *ruleset = ruleset_load(arguments.paths.items, arguments.paths.size, &diagnostics);
  if (ruleset != NULL && arguments.activation) check_activation(&arguments.paths, ruleset, &diagnostics);
  diagnostics_sort(&diagnostics);
  switch (arguments.format) {
    case FORMAT_TEXT: write_text(&diagnostics, ruleset, &text); break;
    case FORMAT_JSON:
      diagnostics_write_json(&diagnostics, &text);
      text_byte(&text, '\n');
      break;
    case FORMAT_SARIF: diagnostics_write_sarif(&diagnostics, &text); break;
    case FORMAT_JUNIT: diagnostics_write_junit(&diagnostics, "settlewatch rules check", &text); break;
  }
  paths_print(stdout, &text);
  const int code = ruleset == NULL || diagnostics.errors > 0 ? CLI_FOUND
                   : arguments.strict && diagnostics.warnings > 0 ? CLI_WARNINGS : CLI_OK;
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  text_fini(&text);
  return code;
}

const struct cli_verb cli_rules_check = {"check", "check rule folders or files: all errors in one run", run};
