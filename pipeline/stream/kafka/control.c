#include "stream/kafka/control.h"

#include <stdio.h>

#include "core/memory.h"
#include "core/text.h"
#include "record/json.h"
#include "stream/kafka/handle.h"
#include "stream/kafka/publish.h"

static const char *const actions[CONTROL_ACTION_COUNT] = {
#define X(name, text) text,
    CONTROL_ACTIONS(X)
#undef X
};

enum { MESSAGE_BYTES_MAX = 1 << 16 };

struct control {
  struct handle handle;
  struct client *client;
  const char *topic, *group;
  struct json_reader *reader;
  struct arena arena;
  bool at_end;
};

// --- What holds ----------------------------------------------------------------------------------------------------------------

static size_t demoted_at(const struct control_state *state, const struct control_message *message) {
  size_t i = 0;
  while (i < state->demoted_size && (state->demoted[i].version != message->version || strcmp(state->demoted[i].rule, message->rule) != 0)) i++;
  return i;
}

static void change(struct control_state *state, bool steered, const struct control_message *message) {
  if (steered == state->steered && (!steered || strcmp(state->active.ruleset, message->ruleset) == 0)) return;
  state->steered_before = state->steered;
  state->previous = state->active;
  state->steered = steered;
  state->active = *message;
}

void control_fold(struct control_state *state, const struct control_message *message) {
  switch (message->action) {
    case CONTROL_ACTIVATE:
    case CONTROL_ROLLBACK: change(state, message->path[0] != '\0', message); break;
    case CONTROL_RELEASE: change(state, false, message); break;
    case CONTROL_DEMOTE: {
      const size_t at = demoted_at(state, message);
      if (at < CONTROL_DEMOTIONS_MAX) state->demoted[at] = *message;
      if (at == state->demoted_size && at < CONTROL_DEMOTIONS_MAX) state->demoted_size++;
      break;
    }
    case CONTROL_RESTORE: {
      const size_t at = demoted_at(state, message);
      if (at < state->demoted_size) state->demoted[at] = state->demoted[--state->demoted_size];
      break;
    }
    case CONTROL_LOAD:
    case CONTROL_ACTION_COUNT: break;
  }
}

// --- Reading -------------------------------------------------------------------------------------------------------------------

struct control *control_open(struct client *client, const char *topic, const char *group, struct error *error) {
  static const struct client_property firm[] = {{"isolation.level", "read_committed"}, {"enable.auto.commit", "false"},
                                                {"auto.offset.reset", "error"}, {"enable.partition.eof", "true"}};
  const struct client_property name[] = {{"group.id", "settlewatch-control"}};    // asked for by assign; nothing is committed under it
  int32_t partitions;
  if (client_partitions(client, topic, &partitions, error) != STATUS_OK) return NULL;
  if (partitions == 0) {
    error_set(error, STATUS_REJECT, "there is no topic '%s', make it with `settlewatch topics create`", topic);
    return NULL;
  }
  struct control *control = memory_take(sizeof *control);
  control->client = client;
  control->topic = topic;
  control->group = group;
  control->reader = json_reader_create();
  arena_init(&control->arena, 4096);
  const enum status status = handle_open(&control->handle, client, RD_KAFKA_CONSUMER, "control", name, 1, firm, sizeof firm / sizeof firm[0], NULL, NULL, error);
  if (status == STATUS_OK) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    const rd_kafka_resp_err_t code = rd_kafka_assign(control->handle.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return control;
    handle_fail_code(&control->handle, STATUS_FATAL, "assigning", code, error);
  }
  control_close(control);
  return NULL;
}

void control_close(struct control *control) {
  if (control == NULL) return;
  handle_close(&control->handle);
  json_reader_destroy(control->reader);
  arena_fini(&control->arena);
  memory_free(control);
}

// A text into room bytes; absent: empty. False when it does not fit.
static bool copy(const struct json_value *root, const char *key, char *to, size_t room, struct error *error) {
  struct slice text;
  to[0] = '\0';
  if (!json_text(root, key, &text, error)) return error->status == STATUS_OK;
  if (text.size >= room || memchr(text.data, '\0', text.size) != NULL) {
    error_set(error, STATUS_REJECT, "'%s' is too long", key);
    return false;
  }
  memcpy(to, text.data, text.size);
  to[text.size] = '\0';
  return true;
}

static bool read_message(struct control *control, struct slice value, struct control_message *message, struct error *error) {
  const struct json_value *root;
  char action[CONTROL_NAME_MAX];
  arena_reset(&control->arena);
  if (json_read(control->reader, &control->arena, value, &root, error) != STATUS_OK) return false;
  if (!copy(root, "action", action, sizeof action, error) || !copy(root, "path", message->path, sizeof message->path, error) ||
      !copy(root, "ruleset", message->ruleset, sizeof message->ruleset, error) || !copy(root, "rule", message->rule, sizeof message->rule, error) ||
      !copy(root, "reason", message->reason, sizeof message->reason, error) || !copy(root, "by", message->by, sizeof message->by, error))
    return false;
  if (!json_int(root, "version", 1, INT64_MAX, &message->version, error) && error->status != STATUS_OK) return false;
  unsigned a = 0;
  while (a < CONTROL_ACTION_COUNT && strcmp(actions[a], action) != 0) a++;
  if (a == CONTROL_ACTION_COUNT) {
    error_set(error, STATUS_REJECT, "unknown action '%s'", action);
    return false;
  }
  message->action = (enum control_action)a;
  const bool set = a == CONTROL_LOAD || a == CONTROL_ACTIVATE || (a == CONTROL_ROLLBACK && message->path[0] != '\0');
  const bool rule = a == CONTROL_DEMOTE || a == CONTROL_RESTORE;
  if ((set && (message->path[0] != '/' || strlen(message->ruleset) != CONTROL_HASH_MAX - 1)) || (rule && (message->rule[0] == '\0' || message->version == 0))) {
    error_set(error, STATUS_REJECT, set ? "'path' from the root and 'ruleset' of 32 hex digits are needed" : "'rule' and 'version' are needed");
    return false;
  }
  return true;
}

enum status control_next(struct control *control, int timeout_ms, struct control_message *message, bool *got, bool *end, struct error *error) {
  *got = false;
  rd_kafka_message_t *record = rd_kafka_consumer_poll(control->handle.rk, timeout_ms);
  enum status status = STATUS_OK;
  if (record != NULL && record->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const struct slice key = {record->key, record->key_len};
    struct error wrong = {0};
    *message = (struct control_message){.offset = record->offset};
    if (record->key != NULL && slice_equal(key, slice_from(control->group))) {
      *got = record->payload != NULL && read_message(control, (struct slice){record->payload, record->len}, message, &wrong);
      if (!*got)
        client_say(control->client, 3, "%s@%lld is passed over: %s", control->topic, (long long)record->offset,
                   record->payload != NULL ? wrong.text : "it has no value");
    }
  } else if (record != NULL && (record->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || record->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
                                record->err == RD_KAFKA_RESP_ERR__FATAL)) {
    status = error_set(error, STATUS_FATAL, "kafka control: %s: %s", control->topic, rd_kafka_message_errstr(record));
  }
  control->at_end |= record != NULL && record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
  if (record != NULL) rd_kafka_message_destroy(record);
  *end = control->at_end;
  return status;
}

// --- Writing -------------------------------------------------------------------------------------------------------------------

static void put(struct text *out, const char *key, const char *value) {
  if (value[0] == '\0') return;
  text_format(out, ",\"%s\":", key);
  text_json(out, slice_from(value));
}

enum status control_send(struct client *client, const char *topic, const char *group, const struct control_message *message, struct error *error) {
  struct text value = {0};
  text_format(&value, "{\"action\":\"%s\"", actions[message->action]);
  put(&value, "path", message->path);
  put(&value, "ruleset", message->ruleset);
  put(&value, "rule", message->rule);
  if (message->version > 0) text_format(&value, ",\"version\":%lld", (long long)message->version);
  put(&value, "reason", message->reason);
  put(&value, "by", message->by);
  text_byte(&value, '}');
  struct publish *publish = publish_open(client, topic, MESSAGE_BYTES_MAX, error);
  enum status status = publish != NULL ? publish_send(publish, 0, slice_from(group), text_slice(&value), error) : STATUS_FATAL;
  if (status == STATUS_OK) status = publish_flush(publish, error);
  publish_close(publish);
  text_fini(&value);
  return status;
}
