#include "stream/receipt.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "record/date.h"
#include "record/json.h"

// --- The hash ------------------------------------------------------------------------------------------------------------------

static void feed_number(struct digest *digest, int64_t value) {
  char text[TEXT_INT_MAX];
  const char *end = text_put_int(text, value);
  digest_field(digest, (struct slice){text, (size_t)(end - text)});
}

void receipt_outputs_add(struct receipt_outputs *outputs, enum topic topic, struct slice key, struct slice value) {
  if (topic == TOPIC_INSTITUTION_FACTS) {
    outputs->facts = digest_hash64(value.data, value.size, outputs->facts);
  } else {
    if (outputs->sizes[topic] == 0) digest_init(&outputs->digests[topic], DIGEST_BYTES, NULL, 0);
    digest_field(&outputs->digests[topic], key);
    digest_field(&outputs->digests[topic], value);
  }
  outputs->sizes[topic]++;
}

void receipt_outputs_sum(struct receipt_outputs *outputs, enum topic topic, unsigned char sum[DIGEST_BYTES]) {
  if (topic != TOPIC_INSTITUTION_FACTS) {
    digest_final(&outputs->digests[topic], sum);
    return;
  }
  memset(sum, 0, DIGEST_BYTES);
  for (unsigned i = 0; i < 8; i++) sum[i] = (unsigned char)(outputs->facts >> (8 * i));
}

void receipt_chain(const struct receipt *receipt, unsigned char chain[DIGEST_BYTES]) {
  struct digest digest;
  digest_init(&digest, DIGEST_BYTES, NULL, 0);
  digest_bytes(&digest, receipt->previous, sizeof receipt->previous);
  digest_field(&digest, receipt->topic);
  feed_number(&digest, receipt->partition);
  feed_number(&digest, (int64_t)receipt->number);
  feed_number(&digest, receipt->first_offset);
  feed_number(&digest, receipt->last_offset);
  feed_number(&digest, (int64_t)receipt->records);
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++) feed_number(&digest, (int64_t)receipt->dispositions[d]);
  digest_field(&digest, receipt->ruleset);
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (receipt->outputs[topic] == 0) continue;
    digest_field(&digest, slice_from(topic_name(topic)));
    feed_number(&digest, (int64_t)receipt->outputs[topic]);
    digest_bytes(&digest, receipt->sums[topic], sizeof receipt->sums[topic]);
  }
  digest_final(&digest, chain);
}

// --- Written -------------------------------------------------------------------------------------------------------------------

static void write_number(struct text *out, const char *name, int64_t value) {
  TEXT_LITERAL(out, ",\"");
  text_append(out, slice_from(name));
  TEXT_LITERAL(out, "\":");
  text_int(out, value);
}

static void write_json(struct text *out, const struct receipt *receipt, int64_t time_s) {
  TEXT_LITERAL(out, "{\"topic\":");
  text_json(out, receipt->topic);
  write_number(out, "partition", receipt->partition);
  write_number(out, "receipt", (int64_t)receipt->number);
  write_number(out, "first_offset", receipt->first_offset);
  write_number(out, "last_offset", receipt->last_offset);
  write_number(out, "records", (int64_t)receipt->records);
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++) write_number(out, disposition_name((enum disposition)d), (int64_t)receipt->dispositions[d]);
  TEXT_LITERAL(out, ",\"outputs\":{");
  bool more = false;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (receipt->outputs[topic] == 0) continue;
    if (more) text_byte(out, ',');
    text_byte(out, '"');
    text_append(out, slice_from(topic_name(topic)));
    TEXT_LITERAL(out, "\":[");
    text_int(out, (int64_t)receipt->outputs[topic]);
    TEXT_LITERAL(out, ",\"");
    text_hex(out, receipt->sums[topic], sizeof receipt->sums[topic]);
    TEXT_LITERAL(out, "\"]");
    more = true;
  }
  TEXT_LITERAL(out, "},\"ruleset\":\"");
  text_append(out, receipt->ruleset);
  TEXT_LITERAL(out, "\",\"previous\":\"");
  text_hex(out, receipt->previous, sizeof receipt->previous);
  TEXT_LITERAL(out, "\",\"chain\":\"");
  text_hex(out, receipt->chain, sizeof receipt->chain);
  TEXT_LITERAL(out, "\",\"time\":");
  if (time_s == DATE_ABSENT) {
    TEXT_LITERAL(out, "null}");
  } else {
    text_byte(out, '"');
    date_write_time(out, time_s);
    TEXT_LITERAL(out, "\"}");
  }
}

void receipt_write(struct outbox *outbox, size_t from, const struct partition_counts *now, const struct partition_counts *before,
                   const struct ruleset *ruleset, const char *topic, int64_t time_s, struct partition_state *state) {
  static const struct partition_counts nothing;
  if (before == NULL) before = &nothing;
  struct receipt receipt = {.topic = slice_from(topic), .ruleset = slice_from(ruleset->hash), .partition = now->partition,
                            .number = state->receipts + 1, .first_offset = now->first_offset, .last_offset = now->last_offset,
                            .records = now->records - before->records};
  if (receipt.records == 0) return;
  uint64_t sum = 0;
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++) sum += receipt.dispositions[d] = now->dispositions[d] - before->dispositions[d];
  assert(sum == receipt.records);
  struct receipt_outputs outputs;
  memset(outputs.sizes, 0, sizeof outputs.sizes);
  outputs.facts = 0;
  for (size_t i = from; i < outbox->size; i++) {
    struct outbox_entry *entry = &outbox->entries[i];
    if (entry->source.topic != now->topic || entry->source.partition != now->partition || entry->topic == TOPIC_SCREENING_RECEIPTS) continue;
    entry->receipt = receipt.number;
    entry->place = outputs.sizes[entry->topic];
    receipt_outputs_add(&outputs, entry->topic, outbox_bytes(outbox, entry->key, entry->key_size),
                        outbox_bytes(outbox, entry->value, entry->value_size));
  }
  memcpy(receipt.outputs, outputs.sizes, sizeof receipt.outputs);
  for (enum topic output = 0; output < TOPIC_COUNT; output++)
    if (receipt.outputs[output] > 0) receipt_outputs_sum(&outputs, output, receipt.sums[output]);
  memcpy(receipt.previous, state->chain, sizeof receipt.previous);
  receipt_chain(&receipt, receipt.chain);
  memcpy(state->chain, receipt.chain, sizeof state->chain);
  state->receipts = receipt.number;
  memcpy(state->ruleset, ruleset->digest, sizeof state->ruleset);

  char key[24], id[64];
  const int key_size = snprintf(key, sizeof key, "%" PRId32, now->partition);
  const int id_size = snprintf(id, sizeof id, "%" PRId32 ".%" PRIu64, now->partition, receipt.number);
  outbox_begin(outbox, TOPIC_SCREENING_RECEIPTS, (struct slice){key, (size_t)key_size}, (struct slice){id, (size_t)id_size},
               "settlewatch.receipt", (struct source){now->topic, now->partition, now->last_offset}, time_s);
  write_json(&outbox->bytes, &receipt, time_s);
  outbox_end(outbox);
}

// --- Read ----------------------------------------------------------------------------------------------------------------------

static bool read_count(const struct json_value *root, const char *name, uint64_t *out, struct error *error) {
  int64_t value;
  if (!json_int(root, name, 0, INT64_MAX, &value, error)) return false;
  *out = (uint64_t)value;
  return true;
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static bool hash_parse(struct slice text, unsigned char out[DIGEST_BYTES]) {
  if (text.size != 2 * DIGEST_BYTES) return false;
  for (size_t i = 0; i < DIGEST_BYTES; i++) {
    const int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = (unsigned char)(high * 16 + low);
  }
  return true;
}

static bool read_hash(const struct json_value *root, const char *name, unsigned char out[DIGEST_BYTES], struct error *error) {
  struct slice text;
  return json_text(root, name, &text, error) && hash_parse(text, out);
}

// "topic":[how many,"hash"]
static bool read_outputs(const struct json_value *root, struct receipt *receipt) {
  const struct json_value *map = json_find(root, "outputs");
  if (map == NULL || map->type != JSON_OBJECT) return false;
  for (const struct json_value *member = map->child; member != NULL; member = member->next) {
    enum topic topic = 0;
    while (topic < TOPIC_COUNT && !slice_equal(slice_from(topic_name(topic)), member->key)) topic++;
    if (topic == TOPIC_COUNT || member->type != JSON_LIST || member->size != 2 || member->child->type != JSON_NUMBER ||
        member->child->next->type != JSON_TEXT || !hash_parse(member->child->next->text, receipt->sums[topic]))
      return false;
    const struct slice digits = member->child->text;
    if (digits.size == 0 || digits.size > 18) return false;
    for (size_t i = 0; i < digits.size; i++) {
      if (digits.data[i] < '0' || digits.data[i] > '9') return false;
      receipt->outputs[topic] = receipt->outputs[topic] * 10 + (uint64_t)(digits.data[i] - '0');
    }
  }
  return true;
}

enum status receipt_read(struct json_reader *reader, struct arena *arena, struct slice value, struct receipt *receipt, struct error *error) {
  *receipt = (struct receipt){0};
  const struct json_value *root;
  int64_t partition = 0;
  const enum status status = json_read(reader, arena, value, &root, error);
  if (status != STATUS_OK) return status;
  const char *at = "topic";
  bool good = json_text(root, at, &receipt->topic, error) && json_int(root, at = "partition", 0, INT32_MAX, &partition, error) &&
              read_count(root, at = "receipt", &receipt->number, error) &&
              json_int(root, at = "first_offset", 0, INT64_MAX, &receipt->first_offset, error) &&
              json_int(root, at = "last_offset", 0, INT64_MAX, &receipt->last_offset, error) &&
              read_count(root, at = "records", &receipt->records, error);
  for (unsigned d = 0; d < DISPOSITION_COUNT && good; d++)
    good = read_count(root, at = disposition_name((enum disposition)d), &receipt->dispositions[d], error);
  good = good && json_text(root, at = "ruleset", &receipt->ruleset, error);
  if (good) at = "outputs";
  good = good && read_outputs(root, receipt);
  if (good) at = "previous";
  good = good && read_hash(root, at, receipt->previous, error) && read_hash(root, at = "chain", receipt->chain, error);
  receipt->partition = (int32_t)partition;
  return good ? STATUS_OK : error_set(error, STATUS_REJECT, "a receipt without a right '%s'", at);
}
