// settlewatch topics read TOPIC: one topic as lines of JSON.
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/setup.h"
#include "cli/verb.h"
#include "stream/kafka/dump.h"

enum { OPTION_BEGINNING = 1000, OPTION_END, OPTION_ENVELOPE };

struct arguments {
  const char *topic, *config;
  bool beginning, until_end, envelope;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site", 0},
    {"from-beginning", OPTION_BEGINNING, NULL, 0, "From the first record, else what comes from now on", 0},
    {"until-end", OPTION_END, NULL, 0, "Stop at the end that the topic has now", 0},
    {"envelope", OPTION_ENVELOPE, NULL, 0, "Print partition, offset, key and headers around the value", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case OPTION_BEGINNING: arguments->beginning = true; return 0;
    case OPTION_END: arguments->until_end = true; return 0;
    case OPTION_ENVELOPE: arguments->envelope = true; return 0;
    case ARGP_KEY_ARG:
      if (arguments->topic != NULL) argp_error(state, "one topic at a time");
      arguments->topic = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->topic == NULL) argp_error(state, "a topic is needed");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "TOPIC",
                                 "Prints a topic as lines of JSON (committed records only).\v"
                                 "TOPIC is a name without the prefix, such as credit-deductions, or any full name. Values that are not JSON "
                                 "(dead letters, dossiers) are printed with --envelope, in base64.\n"
                                 "Exit status: 0 fine, 1 there is no such topic, 70 the cluster cannot be asked, 78 bad settings.",
                                 NULL, NULL, NULL};

struct printing { bool envelope, live, broken; struct text line; };

static void base64(struct text *out, struct slice s) {
  char *at = text_reserve(out, digest_base64_size(s.size) + 1);
  digest_base64(at, s.data, s.size);
  out->size += digest_base64_size(s.size);
}

// Headers and keys are UTF-8 where they are ours; those of an input message may be anything.
static void text_or_base64(struct text *out, struct slice s) {
  bool plain = true;
  for (size_t i = 0; i < s.size && plain; i++) plain = s.data[i] >= 0x20 && s.data[i] < 0x7f;
  if (plain) {
    text_json(out, s);
    return;
  }
  TEXT_LITERAL(out, "{\"base64\":\"");
  base64(out, s);
  TEXT_LITERAL(out, "\"}");
}

static bool print_message(void *context, const struct dump_message *message) {
  struct printing *printing = context;
  struct text *line = &printing->line;
  text_clear(line);
  if (!printing->envelope) {
    text_append(line, message->value);
  } else {
    text_format(line, "{\"partition\":%d,\"offset\":%lld,\"key\":", (int)message->partition, (long long)message->offset);
    text_or_base64(line, message->key);
    TEXT_LITERAL(line, ",\"headers\":{");
    for (size_t i = 0; i < message->headers_size; i++) {
      if (i > 0) text_byte(line, ',');
      text_json(line, slice_from(message->headers[i].name));
      text_byte(line, ':');
      text_or_base64(line, message->headers[i].value);
    }
    TEXT_LITERAL(line, "},\"value\":");
    if (!slice_present(message->value)) {
      TEXT_LITERAL(line, "null");
    } else {
      TEXT_LITERAL(line, "\"");
      base64(line, message->value);
      TEXT_LITERAL(line, "\"");
    }
    text_byte(line, '}');
  }
  text_byte(line, '\n');
  printing->broken = fwrite(line->data, 1, line->size, stdout) != line->size || (printing->live && fflush(stdout) != 0);
  return !printing->broken;
}

static enum status read_topic(const struct arguments *arguments, struct setup *setup, struct client *client, struct error *error) {
  struct dump_options dump = {.topic = arguments->topic, .partition = -1, .from_beginning = arguments->beginning,
                              .until_end = arguments->until_end, .stopping = setup_stopping()};
  struct printing printing = {.envelope = arguments->envelope, .live = !arguments->until_end};    // somebody waits for the next one
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (strcmp(topic_name(topic), arguments->topic) != 0) continue;
    dump.topic = topics_name(&setup->arena, setup->site->kafka.prefix, topic);
    printing.envelope = printing.envelope || topic == TOPIC_DEAD_LETTERS || topic == TOPIC_PATIENT_STATE || topic == TOPIC_INSTITUTION_STATE;
  }
  const enum status status = dump_topic(client, &dump, print_message, &printing, error);
  text_fini(&printing.line);
  return status;
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
      struct error error = {0};
      const enum status status = read_topic(&arguments, &setup, client, &error);
      if (error.status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
      code = status == STATUS_OK ? CLI_OK : status == STATUS_REJECT ? CLI_FOUND : CLI_SOFTWARE;
      client_close(client);
    }
  }
  setup_fini(&setup);
  return code;
}

const struct cli_verb cli_topics_read = {"read", "print a topic as lines of JSON", run};
