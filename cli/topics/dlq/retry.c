// settlewatch topics dlq retry: send dead letters back to the input, corrected or unchanged.
#include "cli/topics/dlq/decide.h"

#include <argp.h>

#include "cli/cli.h"
#include "cli/verb.h"
#include "core/memory.h"

enum { OPTION_ALL = 1000, OPTION_REASON, OPTION_YES, OPTION_AGAIN, OPTION_BY, OPTION_WHY, OPTION_FILE };

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site", 0},
    {"file", OPTION_FILE, "FILE", 0, "The corrected record (`show --raw` prints the letter's bytes); for one number", 0},
    {"all", OPTION_ALL, NULL, 0, "All open ones, of --reason when it is given, instead of numbers", 0},
    {"reason", OPTION_REASON, "REASON", 0, "With --all: only those of this reason", 0},
    {"yes", OPTION_YES, NULL, 0, "With --all: do it; without, it is only told how many there are", 0},
    {"again", OPTION_AGAIN, NULL, 0, "Also what was decided already", 0},
    {"by", OPTION_BY, "NAME", 0, "Who decides (default: the user's name)", 0},
    {"reason-text", OPTION_WHY, "TEXT", 0, "Why, for the record", 0},
    {0}};

struct arguments { struct decide decide; const char **numbers; };

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  struct decide *decide = &arguments->decide;
  switch (key) {
    case 'c': decide->config = value; return 0;
    case OPTION_ALL: decide->all = true; return 0;
    case OPTION_REASON: decide->reason = value; return 0;
    case OPTION_YES: decide->yes = true; return 0;
    case OPTION_AGAIN: decide->again = true; return 0;
    case OPTION_BY: decide->by = value; return 0;
    case OPTION_WHY: decide->why = value; return 0;
    case OPTION_FILE: decide->file = value; return 0;
    case ARGP_KEY_ARG:
      arguments->numbers = memory_resize(arguments->numbers, (decide->numbers_size + 1) * sizeof *arguments->numbers);
      arguments->numbers[decide->numbers_size++] = value;
      return 0;
    case ARGP_KEY_END:
      if (decide->all == (decide->numbers_size > 0)) argp_error(state, "give numbers of dead letters, or --all");
      if (decide->reason != NULL && !decide->all) argp_error(state, "--reason goes with --all");
      if (decide->file != NULL && decide->numbers_size != 1) argp_error(state, "--file corrects one dead letter");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "NUMBER...\n--all",
                                 "Sends dead letters back to settlements, corrected (--file) or unchanged, together with the decision on record: both or none.\v"
                                 "What was decided already is refused, so that nothing is done twice by mistake; decisions stand in the topic "
                                 "dead-letter-decisions.\n"
                                 "Exit status: 0 done, 1 there is none of a number, it was decided already, or --yes is missing, 65 the file cannot be "
                                 "read, 70 the cluster cannot be asked, 78 bad settings.", NULL, NULL, NULL};

static int run(int argc, char **argv) {
  struct arguments arguments = {.decide.state = LETTER_RETRIED};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  arguments.decide.numbers = arguments.numbers;
  const int code = decide_run(&arguments.decide);
  memory_free(arguments.numbers);
  return code;
}

const struct cli_verb cli_dlq_retry = {"retry", "send dead letters back to the input, corrected or unchanged", run};
