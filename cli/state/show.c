// settlewatch state show PSN --config FILE: the dossier of one person, as the state topic holds it.
#include <argp.h>
#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/remembered.h"
#include "cli/verb.h"
#include "dossier/encode.h"
#include "dossier/write.h"

struct arguments { const char *psn_no, *config; };

static const struct argp_option options[] = {{"config", 'c', "FILE", 0, "Settings of the site", 0}, {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case ARGP_KEY_ARG:
      if (arguments->psn_no != NULL) argp_error(state, "one person at a time");
      arguments->psn_no = value;
      return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "whose? say PSN_NO"); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "PSN_NO",
                                 "Shows what is remembered about one person: visits, settlements, open findings.\v"
                                 "PSN_NO is the pseudonym as it stands in the messages. Reads that person's partition of patient-state to its end.\n"
                                 "Exit status: 0 shown, 1 nobody of that number, 70 the cluster cannot be asked, 78 bad settings.", NULL, NULL, NULL};

static int print(struct setup *setup, struct slice psn_no, const struct remembered *search) {
  struct dossier dossier;
  struct error error = {0};
  dossier_init(&dossier, &setup->arena, psn_no);
  if (encode_read(&dossier, text_slice(&search->body), &error) != STATUS_OK) {
    fprintf(stderr, "%s: patient-state[%d]@%lld: %s\n", program_invocation_name, (int)search->partition, (long long)search->offset, error.text);
    return CLI_SOFTWARE;
  }
  struct text text = {0};
  dossier_write_text(&text, &dossier, cli_chinese() != 0);
  fwrite(text.data, 1, text.size, stdout);
  text_fini(&text);
  return CLI_OK;
}

static int run(int argc, char **argv) {
  struct arguments arguments = {0};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, arguments.config, false)) {
    struct client *client = setup_client(&setup);
    code = CLI_SOFTWARE;
    if (client != NULL) {
      const struct slice psn_no = slice_from(arguments.psn_no);
      struct remembered search = {0};
      struct error error = {0};
      if (remembered_find(&setup, client, psn_no, &search, &error) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
      } else if (search.found) {
        code = print(&setup, psn_no, &search);
      } else {
        fprintf(stderr, "%s: nothing is remembered about this person\n", program_invocation_name);
        code = CLI_FOUND;
      }
      text_fini(&search.body);
      client_close(client);
    }
  }
  setup_fini(&setup);
  return code;
}

const struct cli_verb cli_state_show = {"show", "what is remembered about a person", run};
