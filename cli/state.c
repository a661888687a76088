// settlewatch state show PSN --config FILE: the dossier of one person, as the state topic holds it.
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/setup.h"
#include "dossier/encode.h"
#include "dossier/write.h"
#include "stream/kafka/dump.h"

struct arguments { const char *verb, *psn_no, *config; };

static const struct argp_option options[] = {{"config", 'c', "FILE", 0, "Settings of the site", 0}, {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case ARGP_KEY_ARG:
      if (arguments->verb == NULL)
        arguments->verb = value;
      else if (arguments->psn_no == NULL)
        arguments->psn_no = value;
      else
        argp_error(state, "one person at a time");
      return 0;
    case ARGP_KEY_END:
      if (arguments->verb == NULL || strcmp(arguments->verb, "show") != 0 || arguments->psn_no == NULL) argp_error(state, "say show PSN_NO");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "show PSN_NO",
                                 "Shows what is remembered about one person: visits, settlements, open findings.\v"
                                 "PSN_NO is the pseudonym as it stands in the messages. Reads that person's partition of patient-state to its end.\n"
                                 "Exit status: 0 shown, 1 nobody of that number, 70 the cluster cannot be asked, 78 bad settings.", NULL, NULL, NULL};

struct search { struct slice psn_no; struct text body; int32_t partition; int64_t offset; bool found; };

static bool look(void *context, const struct dump_message *message) {
  struct search *search = context;
  if (!slice_equal(message->key, search->psn_no)) return true;
  search->found = slice_present(message->value);
  search->partition = message->partition;
  search->offset = message->offset;
  text_clear(&search->body);
  text_append(&search->body, message->value);
  return true;
}

// The partition that producers choose for this key first; then all, for producers that choose otherwise.
static enum status find(struct setup *setup, struct client *client, struct search *search, struct error *error) {
  const char *topic = topics_name(&setup->arena, setup->site->kafka.prefix, TOPIC_PATIENT_STATE);
  int32_t partitions;
  enum status status = client_partitions(client, topic, &partitions, error);
  if (status != STATUS_OK || partitions == 0)
    return status != STATUS_OK ? status : error_set(error, STATUS_FATAL, "there is no topic '%s'", topic);
  struct dump_options dump = {.topic = topic, .partition = client_partition_of(search->psn_no, partitions), .from_beginning = true,
                              .until_end = true, .stopping = setup_stopping()};
  status = dump_topic(client, &dump, look, search, error);
  if (status != STATUS_OK || search->found) return status;
  dump.partition = -1;
  return dump_topic(client, &dump, look, search, error);
}

static int show(struct setup *setup, const struct search *search) {
  struct dossier dossier;
  struct error error = {0};
  dossier_init(&dossier, &setup->arena, search->psn_no);
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
      struct search search = {.psn_no = slice_from(arguments.psn_no)};
      struct error error = {0};
      if (find(&setup, client, &search, &error) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
      } else if (search.found) {
        code = show(&setup, &search);
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

const struct cli_command cli_state = {"state", "show what is remembered about a person", run};
