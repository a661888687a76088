// settlewatch rules load
#include "cli/rules/control.h"
#include "cli/verb.h"

static const char doc[] =
    "Makes the rules of FOLDER (default: that of the settings) ready in every running member of the group, without putting "
    "them in force. They are loaded and tested here first. FOLDER is the same path on every host.\vExit status: 0 "
    "published, 1 refused, 70 the cluster cannot be asked, 78 bad rules or settings.";

static int run(int argc, char **argv) {
  static const struct control_verb verb = {CONTROL_LOAD, "[FOLDER]", doc, 0, 1};
  return control_run(&verb, argc, argv);
}

const struct cli_verb cli_rules_load = {"load", "make a rule set ready in the running group", run};
