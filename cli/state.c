// settlewatch state VERB: a file of cli/state/ for each.
#include "cli/cli.h"
#include "cli/verb.h"

#define VERB(name) extern const struct cli_verb name;
#include "verbs_state.inc"
#undef VERB
static const struct cli_verb *const verbs[] = {
#define VERB(name) &name,
#include "verbs_state.inc"
#undef VERB
};

static int run(int argc, char **argv) {
  return cli_verbs("state", "What is remembered about people: look at it, make it anew for rules that ask for more.\v", verbs, sizeof verbs / sizeof verbs[0],
                   argc, argv);
}

const struct cli_command cli_state = {"state", "show what is remembered about a person, or make it anew", run};
