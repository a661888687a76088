#include "consumers/steer.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "consumers/journal.h"
#include "core/memory.h"

enum { AT_ONCE_MAX = 16, READ_MS = 100 };

struct steer {
  struct steer_settings settings;
  struct control *control;
  struct control_state state;
  struct reload_command waiting;    // for room in reload's queue
  bool waits;
};

static void say(const struct steer *steer, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(const struct steer *steer, int level, const char *format, ...) {
  char line[900];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  steer->settings.say(NULL, level, line);
}

static bool folder_command(const struct steer *steer, struct reload_command *command) {
  const struct slice folder = steer->settings.folder;
  *command = (struct reload_command){.action = RELOAD_RENEW};
  if (folder.size >= sizeof command->path) {
    say(steer, JOURNAL_ERROR, "the path of the rules is too long to be loaded anew");
    return false;
  }
  memcpy(command->path, folder.data, folder.size);
  return true;
}

static bool command_of(const struct steer *steer, const struct control_message *message, struct reload_command *command) {
  static const enum reload_action to[CONTROL_ACTION_COUNT] = {[CONTROL_LOAD] = RELOAD_LOAD,         [CONTROL_ACTIVATE] = RELOAD_ACTIVATE,
                                                              [CONTROL_ROLLBACK] = RELOAD_ACTIVATE, [CONTROL_RELEASE] = RELOAD_RENEW,
                                                              [CONTROL_DEMOTE] = RELOAD_DEMOTE,     [CONTROL_RESTORE] = RELOAD_RESTORE};
  const bool folder = message->action == CONTROL_RELEASE || (message->action == CONTROL_ROLLBACK && message->path[0] == '\0');
  if (folder) return folder_command(steer, command);
  *command = (struct reload_command){.action = to[message->action], .version = message->version};
  snprintf(command->path, sizeof command->path, "%s", message->path);
  snprintf(command->hash, sizeof command->hash, "%s", message->ruleset);
  snprintf(command->rule, sizeof command->rule, "%s", message->rule);
  return true;
}

static void ask_and_wait(struct steer *steer, const struct reload_command *command) {
  if (reload_ask(steer->settings.reload, command)) reload_wait(steer->settings.reload);
}

// What all messages so far amount to.
static void begin(struct steer *steer) {
  struct reload_command command;
  for (size_t i = 0; i < steer->state.demoted_size; i++)
    if (command_of(steer, &steer->state.demoted[i], &command)) ask_and_wait(steer, &command);
  if (!steer->state.steered || !command_of(steer, &steer->state.active, &command)) return;
  ask_and_wait(steer, &command);
  char hash[33], of_files[33];
  reload_current(steer->settings.reload, hash, of_files);
  if (strcmp(of_files, command.hash) != 0)
    say(steer, JOURNAL_ERROR, "rule set %s was activated by %s@%lld and cannot be had from '%s' any more: rule set %s of the settings' folder is in force",
        command.hash, steer->settings.topic, (long long)steer->state.active.offset, command.path, of_files);
}

struct steer *steer_open(const struct steer_settings *settings, struct error *error) {
  struct control *control = control_open(settings->client, settings->topic, settings->group, error);
  if (control == NULL) return NULL;
  struct steer *steer = memory_take(sizeof *steer);
  steer->settings = *settings;
  steer->control = control;
  const time_t deadline = time(NULL) + client_startup_ms(settings->client) / 1000 + 1;
  for (bool end = false; !end;) {
    struct control_message message;
    bool got;
    enum status status = control_next(control, READ_MS, &message, &got, &end, error);
    if (status == STATUS_OK && !end && time(NULL) > deadline)
      status = error_set(error, STATUS_FATAL, "'%s' could not be read to its end in time", settings->topic);
    if (status != STATUS_OK) {
      steer_close(steer);
      return NULL;
    }
    if (got) control_fold(&steer->state, &message);
  }
  begin(steer);
  return steer;
}

void steer_close(struct steer *steer) {
  if (steer == NULL) return;
  control_close(steer->control);
  memory_free(steer);
}

static void tell(const struct steer *steer, const struct control_message *message) {
  static const char *const words[CONTROL_ACTION_COUNT] = {
#define X(name, text) text,
      CONTROL_ACTIONS(X)
#undef X
  };
  const bool rule = message->rule[0] != '\0';
  say(steer, JOURNAL_INFO, "%s@%lld: %s %s%s%s%s", steer->settings.topic, (long long)message->offset, words[message->action],
      rule ? message->rule : message->ruleset, message->by[0] != '\0' ? ", by " : "", message->by,
      message->reason[0] != '\0' ? ": " : "");
  if (message->reason[0] != '\0') say(steer, JOURNAL_INFO, "    %s", message->reason);
}

void steer_poll(struct steer *steer) {
  if (steer->waits && !reload_ask(steer->settings.reload, &steer->waiting)) return;
  steer->waits = false;
  for (unsigned i = 0; i < AT_ONCE_MAX && steer->control != NULL; i++) {
    struct control_message message;
    struct error error = {0};
    bool got, end;
    if (control_next(steer->control, 0, &message, &got, &end, &error) != STATUS_OK) {
      say(steer, JOURNAL_ERROR, "%s; nothing more is heard from it until the next start", error.text);
      control_close(steer->control);
      steer->control = NULL;
      return;
    }
    if (!got) return;
    tell(steer, &message);
    control_fold(&steer->state, &message);
    if (!command_of(steer, &message, &steer->waiting) || reload_ask(steer->settings.reload, &steer->waiting)) continue;
    steer->waits = true;
    return;
  }
}

void steer_signal(struct steer *steer) {
  struct reload_command command;
  if (steer->state.steered) {
    say(steer, JOURNAL_WARNING, "SIGHUP is not followed: rule set %s was activated for the whole group; see `settlewatch rules load`, or give the choice "
        "back to the settings with `settlewatch rules release`", steer->state.active.ruleset);
    return;
  }
  if (!folder_command(steer, &command)) return;
  say(steer, JOURNAL_INFO, "SIGHUP: loading the rules in '%s'; other settings are read at the start alone", command.path);
  if (!reload_ask(steer->settings.reload, &command)) say(steer, JOURNAL_ERROR, "too many rule sets wait to be loaded: this one is left out");
}

enum status steer_demote(struct steer *steer, struct slice rule, int64_t version, const char *reason, struct error *error) {
  struct control_message message = {.action = CONTROL_DEMOTE, .version = version, .by = "breaker"};
  if (rule.size >= sizeof message.rule) return error_set(error, STATUS_REJECT, "the rule's id is too long");
  memcpy(message.rule, rule.data, rule.size);
  snprintf(message.reason, sizeof message.reason, "%s", reason);
  return control_send(steer->settings.client, steer->settings.topic, steer->settings.group, &message, error);
}
