// settlewatch topics dlq retry: send dead letters back to the input, corrected or unchanged.
#include "cli/cli.h"
#include "cli/topics/dlq/decide.h"
#include "cli/verb.h"

static const struct argp_option options[] = {
    {"file", 'f', "FILE", 0, "The corrected record (`show --raw` prints the letter's bytes); for one number", 0}, {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct decide *decide = state->input;
  switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = decide; return 0;
    case 'f': decide->file = value; return 0;
    case ARGP_KEY_END:
      if (decide->file != NULL && decide->numbers_size != 1) argp_error(state, "--file corrects one dead letter");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{&decide_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {options, parse, "NUMBER...\n--all",
                                 "Sends dead letters back to settlements, corrected (--file) or unchanged, together with the decision on record: both or "
                                 "none.\v" DECIDE_DOC_END, children, NULL, NULL};

static int run(int argc, char **argv) {
  struct decide decide = {.state = LETTER_RETRIED};
  if (argp_parse(&argp, argc, argv, 0, NULL, &decide) != 0) return CLI_USAGE;
  return decide_run(&decide);
}

const struct cli_verb cli_dlq_retry = {"retry", "send dead letters back to the input, corrected or unchanged", run};
