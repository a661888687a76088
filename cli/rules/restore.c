// settlewatch rules restore
#include "cli/rules/control.h"
#include "cli/verb.h"

static const char doc[] =
    "Ends a demotion, by a person or by the breaker: the rule is again what its file says.\vExit status: 0 published, 1 "
    "refused, 70 the cluster cannot be asked, 78 bad rules or settings.";

static int run(int argc, char **argv) {
  static const struct control_verb verb = {CONTROL_RESTORE, "ID VERSION", doc, 2, 2};
  return control_run(&verb, argc, argv);
}

const struct cli_verb cli_rules_restore = {"restore", "end a rule's demotion", run};
