#include "cli/facts.h"

#include "record/json.h"
#include "stream/file/reader.h"
#include "stream/kafka/dump.h"
#include "stream/kafka/topics.h"

enum { FACT_BYTES_MAX = 1 << 20, BATCH_RECORDS = 4096, BATCH_BYTES = 4 << 20 };

struct taking {
  struct json_reader *json;
  struct arena arena;    // of one fact
  facts_function *each;
  void *context;
  uint64_t *count;
};

static struct taking taking_open(facts_function *each, void *context, uint64_t *count) {
  struct taking taking = {.json = json_reader_create(), .each = each, .context = context, .count = count};
  arena_init(&taking.arena, 0);
  *count = 0;
  return taking;
}

static void taking_close(struct taking *taking) {
  arena_fini(&taking->arena);
  json_reader_destroy(taking->json);
}

static enum status take_line(struct taking *taking, struct slice line, struct error *error) {
  struct fact fact;
  arena_reset(&taking->arena);
  const enum status status = fact_read(taking->json, &taking->arena, line, &fact, error);
  if (status != STATUS_OK) return status;
  taking->each(taking->context, &fact);
  ++*taking->count;
  return STATUS_OK;
}

enum status facts_from_files(const char *const *paths, size_t size, facts_function *each, void *context, uint64_t *count, struct error *error) {
  const struct reader_limits limits = {.record_bytes_max = FACT_BYTES_MAX, .batch_records = BATCH_RECORDS, .batch_bytes = BATCH_BYTES};
  struct reader *reader = reader_open(paths, size, &limits);
  struct taking taking = taking_open(each, context, count);
  const struct record *records;
  size_t got = 0;
  enum status status;
  while ((status = reader_take(reader, &records, &got, error)) == STATUS_OK && got > 0) {
    for (size_t i = 0; i < got && status == STATUS_OK; i++) {
      struct error wrong = {0};
      if (records[i].too_large) error_set(&wrong, STATUS_REJECT, "not a fact: longer than %d bytes", (int)FACT_BYTES_MAX);
      if (!records[i].too_large && take_line(&taking, records[i].value, &wrong) == STATUS_OK) continue;
      status = error_set(error, STATUS_REJECT, "%s:%lld: %s", paths[records[i].source.topic], (long long)records[i].source.offset + 1, wrong.text);
    }
    if (status != STATUS_OK) break;
  }
  taking_close(&taking);
  reader_close(reader);
  return status;
}

struct topic_taking {
  struct taking taking;
  struct error error;
};

static bool take_message(void *context, const struct dump_message *message) {
  struct topic_taking *all = context;
  struct error wrong = {0};
  if (take_line(&all->taking, message->value, &wrong) == STATUS_OK) return true;
  error_set(&all->error, STATUS_REJECT, "institution-facts[%d]@%lld: %s", message->partition, (long long)message->offset, wrong.text);
  return false;
}

enum status facts_from_topic(struct client *client, const struct site *site, facts_function *each, void *context, uint64_t *count, struct error *error) {
  struct arena arena;
  arena_init(&arena, 0);
  struct topic_taking all = {.taking = taking_open(each, context, count)};
  const struct dump_options whole = {.topic = topics_name(&arena, site->kafka.prefix, TOPIC_INSTITUTION_FACTS), .partition = -1,
                                     .from_beginning = true, .until_end = true};
  enum status status = dump_topic(client, &whole, take_message, &all, error);
  if (status == STATUS_OK && all.error.status != STATUS_OK) status = error_set(error, STATUS_REJECT, "%s", all.error.text);
  taking_close(&all.taking);
  arena_fini(&arena);
  return status;
}
