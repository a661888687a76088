// settlewatch topics VERB: a file of cli/topics/ for each.
#include "cli/cli.h"
#include "cli/verb.h"

#define VERB(name) extern const struct cli_verb name;
#include "verbs_topics.inc"
#undef VERB
static const struct cli_verb *const verbs[] = {
#define VERB(name) &name,
#include "verbs_topics.inc"
#undef VERB
};

static int run(int argc, char **argv) {
  return cli_verbs("topics", "Topics of a site: make, compare and read them; look after dead letters.\v", verbs, sizeof verbs / sizeof verbs[0], argc, argv);
}

const struct cli_command cli_topics = {"topics", "create, check or read the topics of a site; dead letters", run};
