// settlewatch rules diff A B: what two rule sets mean differently.
#include <argp.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "rules/diff.h"

enum { OPTION_FORMAT = 1000, OPTION_THREE_WAY };

struct diff_arguments {
  const char *sides[3];
  size_t size;
  bool json, three_way;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct diff_arguments *arguments = state->input;
  switch (key) {
    case OPTION_FORMAT:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case OPTION_THREE_WAY: arguments->three_way = true; return 0;
    case ARGP_KEY_ARG:
      if (arguments->size == 3) argp_error(state, "three paths at most");
      arguments->sides[arguments->size++] = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->three_way && arguments->size != 3)
        argp_error(state, "--three-way needs the former base, the present base and the overlay");
      if (!arguments->three_way && arguments->size != 2) argp_error(state, "two rule sets are needed: the former one and the later one");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static struct ruleset *load(const char *first, const char *second) {
  struct paths paths = {.items = {first, second}, .size = second != NULL ? 2 : 1};
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = paths_load(&paths, &diagnostics);
  diagnostics_fini(&diagnostics);
  return ruleset;
}

static int two(const struct diff_arguments *arguments) {
  struct ruleset *before = load(arguments->sides[0], NULL), *after = load(arguments->sides[1], NULL);
  int code = CLI_CONFIG;
  if (before != NULL && after != NULL) {
    struct diff diff;
    struct text text = {0};
    diff_make(&diff, before, after);
    if (arguments->json) diff_write_json(&diff, &text);
    else diff_write_text(&diff, cli_chinese(), &text);
    paths_print(stdout, &text);
    code = diff.meaning > 0 ? CLI_FOUND : CLI_OK;
    text_fini(&text);
    diff_fini(&diff);
  }
  ruleset_destroy(before);
  ruleset_destroy(after);
  return code;
}

// The overlay over the present base must load, too: an override of what is gone is told by the loader.
static int three(const struct diff_arguments *arguments) {
  const char *overlay = arguments->sides[2];
  struct ruleset *old = load(arguments->sides[0], NULL), *new = load(arguments->sides[1], NULL);
  struct ruleset *laid_over = old != NULL && new != NULL ? load(arguments->sides[0], overlay) : NULL;
  int code = CLI_CONFIG;
  if (laid_over != NULL) {
    struct diff base, local;
    struct text text = {0};
    diff_make(&base, old, new);
    diff_make(&local, old, laid_over);
    const size_t conflicts = arguments->json ? diff_write_three_json(&base, &local, &text)
                                             : diff_write_three_text(&base, &local, cli_chinese(), &text);
    paths_print(stdout, &text);
    struct ruleset *result = load(arguments->sides[1], overlay);
    code = conflicts > 0 || result == NULL ? CLI_FOUND : CLI_OK;
    ruleset_destroy(result);
    text_fini(&text);
    diff_fini(&base);
    diff_fini(&local);
  }
  ruleset_destroy(old);
  ruleset_destroy(new);
  ruleset_destroy(laid_over);
  return code;
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"format", OPTION_FORMAT, "text|json", 0, "How to print the differences (default: text)", 0},
      {"three-way", OPTION_THREE_WAY, NULL, 0, "What the base changed beside what an overlay says differently, and where they conflict", 0},
      {0}};
  static const struct argp argp = {options, parse, "A B\n--three-way BASE_OLD BASE_NEW LOCAL",
                                   "Tells what two rule sets (folders or files) mean differently: rules, thresholds, conditions, laws, amounts, rows "
                                   "of tables, codes, calendars, tests. Comments, order and layout mean nothing.\v"
                                   "Exit status: 0 the same meaning (also when only tests differ) or no conflict, 1 different, a conflict, or an overlay "
                                   "that no longer fits, 78 bad rules.", NULL, NULL, NULL};
  struct diff_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  return arguments.three_way ? three(&arguments) : two(&arguments);
}

const struct cli_verb cli_rules_diff = {"diff", "tell what two rule sets mean differently", run};
