// settlewatch rules doc: print a reference page: fields, kinds.
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "rules/doc.h"

static const struct { const char *name; void (*write)(struct text *out); } pages[] = {
    {"fields", rules_doc_fields},
    {"kinds", rules_doc_kinds},
};

static error_t parse(int key, char *value, struct argp_state *state) {
  const char **page = state->input;
  switch (key) {
    case ARGP_KEY_ARG:
      if (*page != NULL) argp_error(state, "one page at a time");
      *page = value;
      return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "a page is needed: fields or kinds"); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int run(int argc, char **argv) {
  static const struct argp argp = {NULL, parse, "fields|kinds",
                                   "Prints a reference page, from the tables that the loader uses: the operands of the vocabulary, or the "
                                   "rule kinds with their parameters.", NULL, NULL, NULL};
  const char *page = NULL;
  argp_parse(&argp, argc, argv, 0, NULL, &page);
  for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
    if (strcmp(pages[i].name, page) != 0) continue;
    struct text text = {0};
    pages[i].write(&text);
    paths_print(stdout, &text);
    text_fini(&text);
    return CLI_OK;
  }
  fprintf(stderr, "settlewatch rules doc: there is no page '%s'; the pages are fields and kinds\n", page);
  return CLI_USAGE;
}

const struct cli_verb cli_rules_doc = {"doc", "print a reference page: fields, kinds", run};
