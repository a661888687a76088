// settlewatch topics dlq VERB: a file of cli/topics/dlq/ for each.
#include "cli/verb.h"

#define VERB(name) extern const struct cli_verb name;
#include "verbs_dlq.inc"
#undef VERB
static const struct cli_verb *const verbs[] = {
#define VERB(name) &name,
#include "verbs_dlq.inc"
#undef VERB
};

static int run(int argc, char **argv) {
  return cli_verbs("topics dlq", "Dead letters: look at them, send them back, put them away.\v", verbs, sizeof verbs / sizeof verbs[0], argc, argv);
}

const struct cli_verb cli_topics_dlq = {"dlq", "look after dead letters: list, show, retry, drop", run};
