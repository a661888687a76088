// settlewatch run ROLE --config FILE: a role of the program over Kafka.
#include <argp.h>
#include <malloc.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/proof.h"
#include "cli/setup.h"
#include "core/fault.h"

enum { OPTION_FROM = 1000, OPTION_UNTIL_END, OPTION_FAULT, OPTION_FAULTS, OPTION_WITHOUT };

struct arguments {
  const char *role, *config;
  bool earliest, until_end, list, without_transactions;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site (`settlewatch config reference` explains them)", 0},
    {"from", OPTION_FROM, "earliest|committed", 0,
     "Where a partition without a committed position begins. A first deployment says earliest; later runs say nothing", 0},
    {"once-until-end", OPTION_UNTIL_END, NULL, 0,
     "Stop when every partition reached the end it had at the start; for one process alone", 0},
    {"fault-point", OPTION_FAULT, "NAME[:N]", 0, "For tests: the process kills itself when it comes to this place for the N-th time", 1},
    {"fault-points", OPTION_FAULTS, "list", 0, "For tests: lists these places", 1},
    {"without-transactions", OPTION_WITHOUT, NULL, 0,
     "For measurements alone, never for real data: what is in flight when the process ends is lost or done twice", 1},
    {0}};

static void tell_point(const char *name, bool transaction, const char *where) {
  printf("%-14s  %s  %s\n", name, transaction ? "in a transaction" : "                ", where);
}

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case OPTION_FROM:
      if (strcmp(value, "earliest") != 0 && strcmp(value, "committed") != 0) argp_error(state, "--from is earliest or committed, not '%s'", value);
      arguments->earliest = strcmp(value, "earliest") == 0;
      return 0;
    case OPTION_FAULT: {
      struct error error = {0};
      if (fault_arm(value, &error) != STATUS_OK) argp_error(state, "%s", error.text);
      return 0;
    }
    case OPTION_FAULTS:
      if (strcmp(value, "list") != 0) argp_error(state, "--fault-points is list, not '%s'", value);
      arguments->list = true;
      return 0;
    case OPTION_WITHOUT: arguments->without_transactions = true; return 0;
    case OPTION_UNTIL_END: arguments->until_end = true; return 0;
    case ARGP_KEY_ARG:
      if (arguments->role != NULL) argp_error(state, "one role at a time");
      arguments->role = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->role == NULL || strcmp(arguments->role, "screen") != 0)
        argp_error(state, "a role is needed: screen%s%s", arguments->role != NULL ? ", not " : "", arguments->role != NULL ? arguments->role : "");
      if (arguments->config == NULL && !arguments->list) argp_error(state, "--config FILE is needed");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "screen",
                                 "Runs the screen as a member of a consumer group: settlements in, findings out, exactly once.\v"
                                 "SIGTERM and SIGINT finish the transaction at hand. Start more processes, on this host with another "
                                 "run.instance, and the group spreads the partitions over them.\n"
                                 "Exit status: 0 stopped as asked, 70 a failure (start again, it goes on from the last commit), 78 for bad rules, "
                                 "settings or topics.", NULL, NULL, NULL};

// The client takes and gives back large buffers all the time: kept, they cost no page faults.
static void keep_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

// Active rules that fail their own tests do not start, and are not taken up later.
static bool prove(void *context, const struct ruleset *ruleset, struct diagnostics *diagnostics) {
  const struct setup *setup = context;
  struct text folder = {0};
  text_format(&folder, "%.*s%c", SLICE_ARG(setup->site->run.state_dir), '\0');
  const bool good = proof_of(ruleset, folder.data, diagnostics);
  text_fini(&folder);
  return good;
}

static bool proven(struct setup *setup) {
  struct diagnostics diagnostics = {0};
  struct text text = {0};
  const bool good = prove(setup, setup->ruleset, &diagnostics);
  diagnostics_sort(&diagnostics);
  diagnostics_write_text(&diagnostics, &text);
  if (text.size > 0) fwrite(text.data, 1, text.size, stderr);
  text_fini(&text);
  diagnostics_fini(&diagnostics);
  return good;
}

static int run(int argc, char **argv) {
  struct arguments arguments = {0};
  sigset_t early;    // a request to load the rules anew waits until there is somebody to hear it
  sigemptyset(&early);
  sigaddset(&early, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &early, NULL);
  keep_memory();
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  if (arguments.list) {
    fault_list(tell_point);
    printf("%-14s  %s  %s\n", "poison:MARK", "                ", "screening a record whose bytes hold MARK aborts");
    return CLI_OK;
  }
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, arguments.config, true) && proven(&setup)) {
    const struct run_options run = {.site = setup.site, .ruleset = setup.ruleset, .prove = prove, .prove_context = &setup, .until_end = arguments.until_end,
                                    .without_transactions = arguments.without_transactions,
                                    .from_earliest = arguments.earliest || setup.site->run.from == SITE_FROM_EARLIEST};
    struct error error = {0};
    setup.ruleset = NULL;    // the run's own from here on
    const enum status status = run_screen(&run, &error);
    if (status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
    code = status == STATUS_OK ? CLI_OK : status == STATUS_REJECT ? CLI_CONFIG : CLI_SOFTWARE;
  }
  setup_fini(&setup);
  return code;
}

const struct cli_command cli_run = {"run", "run a role over Kafka: screen", run};
