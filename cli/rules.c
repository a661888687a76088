// settlewatch rules VERB: a file of cli/rules/ for each.
#include "cli/cli.h"
#include "cli/verb.h"

#define VERB(name) extern const struct cli_verb name;
#include "verbs_rules.inc"
#undef VERB
static const struct cli_verb *const verbs[] = {
#define VERB(name) &name,
#include "verbs_rules.inc"
#undef VERB
};

static int run(int argc, char **argv) {
  return cli_verbs("rules", "Rules: write, check, test and explain them.\v", verbs, sizeof verbs / sizeof verbs[0], argc, argv);
}

const struct cli_command cli_rules = {"rules", "write, check, test and explain rules", run};
