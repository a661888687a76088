// settlewatch rules schema: print the JSON Schema of rule files for editors.
#include <argp.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "rules/hints.h"
#include "rules/words.h"

enum { OPTION_RULES = 1000 };

static error_t parse(int key, char *value, struct argp_state *state) {
  switch (key) {
    case OPTION_RULES: paths_add(state, state->input, value); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"rules", OPTION_RULES, "DIR", 0, "A site's rule folder: only its tables and visit groups are then allowed", 0}, {0}};
  static const struct argp argp = {options, parse, NULL,
                                   "Prints the JSON Schema of rule files, descriptions of tables, code tables and calendars, from the tables "
                                   "that the loader uses. A file names it in its first line: # yaml-language-server: $schema=PATH\v"
                                   "Exit status: 0 fine, 78 bad rules.", NULL, NULL, NULL};
  struct paths paths = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &paths);
  struct diagnostics diagnostics = {0};
  struct text text = {0};
  struct ruleset *ruleset = paths.size > 0 ? paths_load(&paths, &diagnostics) : NULL;
  const bool good = paths.size == 0 || ruleset != NULL;
  if (good) {
    hints_write(&(struct hints){.record = &words_record, .ruleset = ruleset}, &text);
    paths_print(stdout, &text);
  }
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  text_fini(&text);
  return good ? CLI_OK : CLI_CONFIG;
}

const struct cli_verb cli_rules_schema = {"schema", "print the JSON Schema of rule files for editors", run};
