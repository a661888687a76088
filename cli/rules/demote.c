// settlewatch rules demote
#include "cli/rules/control.h"
#include "cli/verb.h"

static const char doc[] =
    "Makes an active rule a shadow in the running group, in whatever rule set, until it is restored or has a new version. "
    "The breaker does the same when the rule leaves its budget.\vExit status: 0 published, 1 refused, 70 the cluster cannot"
    " be asked, 78 bad rules or settings.";

static int run(int argc, char **argv) {
  static const struct control_verb verb = {CONTROL_DEMOTE, "ID VERSION", doc, 2, 2};
  return control_run(&verb, argc, argv);
}

const struct cli_verb cli_rules_demote = {"demote", "make a rule a shadow in the running group", run};
