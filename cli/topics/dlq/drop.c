// settlewatch topics dlq drop: put dead letters away, with the reason on record.
#include "cli/cli.h"
#include "cli/topics/dlq/decide.h"
#include "cli/verb.h"

static error_t parse(int key, char *value, struct argp_state *state) {
  (void)value;
  struct decide *decide = state->input;
  switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = decide; return 0;
    case ARGP_KEY_END:
      if (decide->why == NULL || decide->why[0] == '\0') argp_error(state, "--reason-text is needed: why they are put away");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{&decide_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {NULL, parse, "NUMBER...\n--all",
                                 "Puts dead letters away: they stay in their topic, and the decision with who and why is on record.\v" DECIDE_DOC_END,
                                 children, NULL, NULL};

static int run(int argc, char **argv) {
  struct decide decide = {.state = LETTER_DROPPED};
  if (argp_parse(&argp, argc, argv, 0, NULL, &decide) != 0) return CLI_USAGE;
  return decide_run(&decide);
}

const struct cli_verb cli_dlq_drop = {"drop", "put dead letters away, with the reason on record", run};
