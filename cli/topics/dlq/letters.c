#include "cli/topics/dlq/letters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/memory.h"
#include "record/json.h"

static const char *const state_words[][2] = {{"open", "未处理"}, {"retried", "已重送"}, {"dropped", "已弃置"}};
const char *letter_state_name(enum letter_state state, bool chinese) { return state_words[state][chinese]; }

bool letters_number(const char *text, int32_t *partition, int64_t *offset) {
  char *end = NULL;
  errno = 0;
  const long long first = text[0] >= '0' && text[0] <= '9' ? strtoll(text, &end, 10) : -1;
  if (first < 0 || first > INT32_MAX || *end != '.' || end[1] < '0' || end[1] > '9') return false;
  const long long second = strtoll(end + 1, &end, 10);
  *partition = (int32_t)first;
  *offset = second;
  return *end == '\0' && errno == 0;
}

void letters_time(struct text *out, int64_t timestamp_ms) {
  if (timestamp_ms < 0) return;
  date_write_time(out, timestamp_ms / 1000);
}

// --- Decisions -----------------------------------------------------------------------------------------------------------------

struct reading { struct letters *letters; struct json_reader *reader; uint64_t order; struct error error; };

static bool take_decision(void *context, const struct dump_message *message) {
  struct reading *reading = context;
  struct letters *letters = reading->letters;
  struct arena *arena = &letters->setup.arena;
  const struct json_value *root;
  struct decision decision = {.order = reading->order++};
  struct slice word, number;
  struct error *error = &reading->error;
  if (json_read(reading->reader, arena, message->value, &root, error) != STATUS_OK || !json_text(root, "decision", &word, error) ||
      !json_text(root, "letter", &number, error) || !letters_number(arena_copy_text(arena, number), &decision.partition, &decision.offset)) {
    error_set(error, STATUS_FATAL, "%s[%d]@%lld is no decision", letters->decisions_topic, (int)message->partition, (long long)message->offset);
    return false;
  }
  decision.state = slice_equal(word, SLICE("retried")) ? LETTER_RETRIED : LETTER_DROPPED;
  (void)json_text(root, "by", &decision.by, error);
  (void)json_text(root, "why", &decision.why, error);
  (void)json_text(root, "time", &decision.time, error);
  if (letters->decisions_size == letters->decisions_capacity) {
    letters->decisions_capacity = letters->decisions_capacity ? 2 * letters->decisions_capacity : 64;
    letters->decisions = memory_resize(letters->decisions, letters->decisions_capacity * sizeof *letters->decisions);
  }
  letters->decisions[letters->decisions_size++] = decision;
  return true;
}

static int by_letter(const struct decision *a, const struct decision *b) {
  if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
  return (a->offset > b->offset) - (a->offset < b->offset);
}
static int by_letter_and_order(const void *a, const void *b) {
  const struct decision *x = a, *y = b;
  const int order = by_letter(x, y);
  return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}
static int find_letter(const void *a, const void *b) { return by_letter(a, b); }

static enum status read_decisions(struct letters *letters, struct error *error) {
  struct reading reading = {.letters = letters, .reader = json_reader_create()};
  const struct dump_options dump = {.topic = letters->decisions_topic, .partition = -1, .from_beginning = true, .until_end = true,
                                    .stopping = setup_stopping()};
  enum status status = dump_topic(letters->client, &dump, take_decision, &reading, error);
  if (status == STATUS_OK && reading.error.status != STATUS_OK) status = error_set(error, STATUS_FATAL, "%s", reading.error.text);
  json_reader_destroy(reading.reader);
  if (letters->decisions_size > 0) qsort(letters->decisions, letters->decisions_size, sizeof *letters->decisions, by_letter_and_order);
  size_t kept = 0;
  for (size_t i = 0; i < letters->decisions_size; i++) {
    if (kept > 0 && by_letter(&letters->decisions[kept - 1], &letters->decisions[i]) == 0) kept--;
    letters->decisions[kept++] = letters->decisions[i];
  }
  letters->decisions_size = kept;
  return status;
}

const struct decision *letters_decision(const struct letters *letters, int32_t partition, int64_t offset) {
  const struct decision key = {.partition = partition, .offset = offset};
  if (letters->decisions_size == 0) return NULL;
  return bsearch(&key, letters->decisions, letters->decisions_size, sizeof key, find_letter);
}

bool letters_open(struct letters *letters, const char *config, int *code) {
  *letters = (struct letters){0};
  *code = CLI_CONFIG;
  if (!setup_load(&letters->setup, config, false)) return false;
  *code = CLI_SOFTWARE;
  letters->client = setup_client(&letters->setup);
  if (letters->client == NULL) return false;
  const struct slice prefix = letters->setup.site->kafka.prefix;
  letters->topic = topics_name(&letters->setup.arena, prefix, TOPIC_DEAD_LETTERS);
  letters->decisions_topic = topics_name(&letters->setup.arena, prefix, TOPIC_DEAD_LETTER_DECISIONS);
  letters->input = topics_name(&letters->setup.arena, prefix, TOPIC_SETTLEMENTS);
  struct error error = {0};
  if (read_decisions(letters, &error) == STATUS_OK) return true;
  fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
  return false;
}

void letters_close(struct letters *letters) {
  client_close(letters->client);
  memory_free(letters->decisions);
  setup_fini(&letters->setup);
}

// --- Letters -------------------------------------------------------------------------------------------------------------------

struct visiting { bool (*visit)(void *context, const struct letter *letter); void *context; };

// Ours stand behind those of the input: the last of a name counts.
static struct slice header_of(const struct dump_message *message, const char *name) {
  for (size_t i = message->headers_size; i-- > 0;)
    if (strcmp(message->headers[i].name, name) == 0) return message->headers[i].value;
  return SLICE("");
}

static bool visit_message(void *context, const struct dump_message *message) {
  const struct visiting *visiting = context;
  const struct letter letter = {.partition = message->partition, .offset = message->offset, .timestamp_ms = message->timestamp_ms,
                                .reason = header_of(message, "reason"), .path = header_of(message, "path"), .byte = header_of(message, "byte"),
                                .source_topic = header_of(message, "topic"), .source_partition = header_of(message, "partition"),
                                .source_offset = header_of(message, "offset"), .ruleset = header_of(message, "ruleset"),
                                .key = message->key, .value = message->value, .message = message};
  return visiting->visit(visiting->context, &letter);
}

enum status letters_each(struct letters *letters, int32_t partition, int64_t offset, bool (*visit)(void *context, const struct letter *letter),
                         void *context, struct error *error) {
  struct visiting visiting = {visit, context};
  struct dump_options dump = {.topic = letters->topic, .partition = partition, .from_beginning = true, .until_end = true,
                              .stopping = setup_stopping()};
  if (partition >= 0) dump.from_offset = offset, dump.until_offset = offset + 1;
  return dump_topic(letters->client, &dump, visit_message, &visiting, error);
}
