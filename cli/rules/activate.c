// settlewatch rules activate
#include "cli/rules/control.h"
#include "cli/verb.h"

static const char doc[] =
    "Puts the rules of FOLDER (default: that of the settings) in force in the running group: every worker changes over "
    "between two transactions, at a position that its receipts record. A member that has them ready needs no time to load. "
    "Restarts keep to them.\vExit status: 0 published, 1 refused, 70 the cluster cannot be asked, 78 bad rules or settings.";

static int run(int argc, char **argv) {
  static const struct control_verb verb = {CONTROL_ACTIVATE, "[FOLDER]", doc, 0, 1};
  return control_run(&verb, argc, argv);
}

const struct cli_verb cli_rules_activate = {"activate", "put a rule set in force in the running group", run};
