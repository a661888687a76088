// settlewatch verify VERB: a file of cli/verify/ for each.
#include "cli/cli.h"
#include "cli/verb.h"

#define VERB(name) extern const struct cli_verb name;
#include "verbs_verify.inc"
#undef VERB
static const struct cli_verb *const verbs[] = {
#define VERB(name) &name,
#include "verbs_verify.inc"
#undef VERB
};

static int run(int argc, char **argv) {
  return cli_verbs("verify", "Proofs over what was written.\v", verbs, sizeof verbs / sizeof verbs[0], argc, argv);
}

const struct cli_command cli_verify = {"verify", "prove that every record was screened once", run};
