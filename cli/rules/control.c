#include "cli/rules/control.h"

#include <argp.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/proof.h"
#include "cli/setup.h"

enum { OPTION_REASON = 1000, READ_MS = 200, READS_MAX = 300, ARGUMENTS_MAX = 2 };

struct control_arguments {
  const struct control_verb *verb;
  const char *config, *reason;
  const char *words[ARGUMENTS_MAX];
  unsigned size;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site", 0},
    {"reason", OPTION_REASON, "TEXT", 0, "Why; it stands in the topic and in every member's journal", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct control_arguments *arguments = state->input;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case OPTION_REASON:
      if (strlen(value) >= sizeof((struct control_message *)0)->reason) argp_error(state, "--reason is too long");
      arguments->reason = value;
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->size == arguments->verb->most) argp_error(state, "'%s' is one argument too many", value);
      arguments->words[arguments->size++] = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->config == NULL) argp_error(state, "--config FILE is needed");
      if (arguments->size < arguments->verb->least) argp_error(state, "an argument is missing");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int fail(const struct error *error) {
  fprintf(stderr, "%s: %s\n", program_invocation_name, error->text);
  return error->status == STATUS_REJECT ? CLI_FOUND : CLI_SOFTWARE;
}

// The folder of the rules as every member must find it, and the hash of what is in it. False: told.
static bool set_of(const char *folder, struct control_message *message) {
  char *path = realpath(folder, NULL);
  if (path == NULL || strlen(path) >= sizeof message->path) {
    fprintf(stderr, "%s: '%s': %s\n", program_invocation_name, folder, path == NULL ? strerror(errno) : "the path is too long");
    free(path);
    return false;
  }
  snprintf(message->path, sizeof message->path, "%s", path);
  free(path);
  const char *paths[] = {message->path};
  struct diagnostics diagnostics = {0};
  struct text text = {0};
  struct ruleset *ruleset = ruleset_load(paths, 1, &diagnostics);
  bool good = ruleset != NULL && proof_of(ruleset, NULL, &diagnostics);
  diagnostics_sort(&diagnostics);
  diagnostics_write_text(&diagnostics, &text);
  if (text.size > 0) fwrite(text.data, 1, text.size, stderr);
  if (good) memcpy(message->ruleset, ruleset->hash, sizeof message->ruleset);
  text_fini(&text);
  diagnostics_fini(&diagnostics);
  ruleset_destroy(ruleset);
  return good;
}

static bool rule_of(const struct control_arguments *arguments, struct control_message *message) {
  char *end = NULL;
  errno = 0;
  const long long version = strtoll(arguments->words[1], &end, 10);
  if (errno != 0 || *end != '\0' || version < 1 || strlen(arguments->words[0]) >= sizeof message->rule) {
    fprintf(stderr, "%s: a rule's id and its version are needed, such as ADM-001 1\n", program_invocation_name);
    return false;
  }
  snprintf(message->rule, sizeof message->rule, "%s", arguments->words[0]);
  message->version = version;
  return true;
}

static enum status read_state(struct client *client, const char *topic, const char *group, struct control_state *state, struct error *error) {
  struct control *control = control_open(client, topic, group, error);
  if (control == NULL) return error->status;
  enum status status = STATUS_OK;
  bool end = false;
  for (unsigned i = 0; i < READS_MAX && status == STATUS_OK && !end;) {
    struct control_message message;
    bool got;
    status = control_next(control, READ_MS, &message, &got, &end, error);
    if (got) control_fold(state, &message);
    else i++;
  }
  control_close(control);
  if (status == STATUS_OK && !end) status = error_set(error, STATUS_RETRY, "'%s' could not be read to its end in time", topic);
  return status;
}

// What of the message follows from what holds.
static enum status complete(const struct control_state *state, struct control_message *message, struct error *error) {
  if (message->action != CONTROL_ROLLBACK) return STATUS_OK;
  if (!state->steered && !state->steered_before) return error_set(error, STATUS_REJECT, "no rule set was activated in this group: there is none to go back to");
  if (!state->steered_before) return STATUS_OK;    // back to the folder of the settings
  snprintf(message->path, sizeof message->path, "%s", state->previous.path);
  snprintf(message->ruleset, sizeof message->ruleset, "%s", state->previous.ruleset);
  return STATUS_OK;
}

static int publish(struct setup *setup, struct control_message *message) {
  struct client *client = setup_client(setup);
  if (client == NULL) return CLI_SOFTWARE;
  struct error error = {0};
  const char *topic = topics_name(&setup->arena, setup->site->kafka.prefix, TOPIC_RULES_CONTROL);
  const char *group = arena_copy_text(&setup->arena, setup->site->kafka.group);
  struct control_state *state = arena_take_zeroed(&setup->arena, sizeof *state);
  enum status status = read_state(client, topic, group, state, &error);
  if (status == STATUS_OK) status = complete(state, message, &error);
  if (status == STATUS_OK) status = control_send(client, topic, group, message, &error);
  client_close(client);
  if (status != STATUS_OK) return fail(&error);
  const char *what = message->rule[0] != '\0' ? message->rule : message->ruleset[0] != '\0' ? message->ruleset : "the folder of each member's settings";
  printf("%s: %s %s%s%s\n", topic, group, what, message->path[0] != '\0' ? " " : "", message->path);
  return CLI_OK;
}

int control_run(const struct control_verb *verb, int argc, char **argv) {
  const struct argp argp = {options, parse, verb->arguments, verb->doc, NULL, NULL, NULL};
  struct control_arguments arguments = {.verb = verb};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  struct control_message message = {.action = verb->action};
  char host[50] = "";
  const struct passwd *who = getpwuid(getuid());
  (void)gethostname(host, sizeof host - 1);
  snprintf(message.by, sizeof message.by, "%.40s@%s", who != NULL ? who->pw_name : "?", host);
  if (arguments.reason != NULL) snprintf(message.reason, sizeof message.reason, "%s", arguments.reason);
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, arguments.config, false)) {
    const bool set = verb->action == CONTROL_LOAD || verb->action == CONTROL_ACTIVATE;
    const bool rule = verb->action == CONTROL_DEMOTE || verb->action == CONTROL_RESTORE;
    const char *folder = arguments.size > 0 ? arguments.words[0] : arena_copy_text(&setup.arena, setup.site->rules);
    if ((!set || set_of(folder, &message)) && (!rule || rule_of(&arguments, &message))) code = publish(&setup, &message);
  }
  setup_fini(&setup);
  return code;
}
