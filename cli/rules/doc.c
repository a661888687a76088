// settlewatch rules doc: print the handbook for hospitals, or a reference page: fields, kinds.
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "rules/doc.h"
#include "rules/handbook.h"

enum { OPTION_RULES = 1000, OPTION_FORMAT };

// Pages about the program, which need no rules.
static const struct { const char *name; void (*write)(struct text *out); } pages[] = {
    {"fields", rules_doc_fields},
    {"kinds", rules_doc_kinds},
};

struct doc_arguments {
  struct paths paths;
  const char *page;
  bool html;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct doc_arguments *arguments = state->input;
  switch (key) {
    case OPTION_RULES: paths_add(state, &arguments->paths, value); return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "markdown") != 0 && strcmp(value, "html") != 0) argp_error(state, "--format is markdown or html, not '%s'", value);
      arguments->html = strcmp(value, "html") == 0;
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->page != NULL) argp_error(state, "one page at a time");
      arguments->page = value;
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int print_handbook(struct doc_arguments *arguments) {
  struct diagnostics diagnostics = {0};
  struct text text = {0};
  struct ruleset *ruleset = paths_load(&arguments->paths, &diagnostics);
  if (ruleset != NULL) handbook_write(ruleset, arguments->html ? PAGE_HTML : PAGE_MARKDOWN, &text);
  paths_print(stdout, &text);
  const int code = ruleset != NULL ? CLI_OK : CLI_CONFIG;
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  text_fini(&text);
  return code;
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"rules", OPTION_RULES, "PATH", 0, "Of the handbook: rule folder or file (default: rules.d)", 0},
      {"format", OPTION_FORMAT, "markdown|html", 0, "Of the handbook (default: markdown); HTML is one file without scripts, fit to be printed", 0},
      {0}};
  static const struct argp argp = {options, parse, "[handbook|fields|kinds]",
                                   "Prints the handbook for hospitals, in Chinese: what each rule means, on which law, with examples from its "
                                   "tests. Or a reference page, from the tables that the loader uses: the operands of the vocabulary, the "
                                   "rule kinds with their parameters.\v"
                                   "Exit status: 0 fine, 2 no such page, 78 bad rules.", NULL, NULL, NULL};
  struct doc_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.page == NULL || strcmp(arguments.page, "handbook") == 0) return print_handbook(&arguments);
  for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
    if (strcmp(pages[i].name, arguments.page) != 0) continue;
    struct text text = {0};
    pages[i].write(&text);
    paths_print(stdout, &text);
    text_fini(&text);
    return CLI_OK;
  }
  fprintf(stderr, "settlewatch rules doc: there is no page '%s'; the pages are handbook, fields and kinds\n", arguments.page);
  return CLI_USAGE;
}

const struct cli_verb cli_rules_doc = {"doc", "print the handbook for hospitals, or a reference page", run};
