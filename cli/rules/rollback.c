// settlewatch rules rollback
#include "cli/rules/control.h"
#include "cli/verb.h"

static const char doc[] =
    "Puts the rule set in force that was in force before the last change. Members still hold it in memory, so it does not "
    "matter what has become of its folder, unless they were started since.\vExit status: 0 published, 1 refused, 70 the "
    "cluster cannot be asked, 78 bad rules or settings.";

static int run(int argc, char **argv) {
  static const struct control_verb verb = {CONTROL_ROLLBACK, "", doc, 0, 0};
  return control_run(&verb, argc, argv);
}

const struct cli_verb cli_rules_rollback = {"rollback", "go back to the rule set before", run};
