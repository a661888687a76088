// settlewatch rules release
#include "cli/rules/control.h"
#include "cli/verb.h"

static const char doc[] =
    "Gives the choice back to the settings: every member loads the folder of its own settings, and SIGHUP works "
    "again.\vExit status: 0 published, 1 refused, 70 the cluster cannot be asked, 78 bad rules or settings.";

static int run(int argc, char **argv) {
  static const struct control_verb verb = {CONTROL_RELEASE, "", doc, 0, 0};
  return control_run(&verb, argc, argv);
}

const struct cli_verb cli_rules_release = {"release", "go back to the rule folder of the settings", run};
