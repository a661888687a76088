#include "stream/receipt.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "record/date.h"

static void feed_number(struct digest *digest, int64_t value) {
  char text[24];
  const int size = snprintf(text, sizeof text, "%" PRId64, value);
  digest_field(digest, (struct slice){text, (size_t)size});
}

static void chain(struct partition_state *state, const struct outbox *outbox, size_t from, size_t to, const struct partition_counts *now,
                  const struct ruleset *ruleset, const char *topic) {
  struct digest digest;
  digest_init(&digest, DIGEST_BYTES, NULL, 0);
  digest_bytes(&digest, state->chain, sizeof state->chain);
  digest_field(&digest, slice_from(topic));
  feed_number(&digest, now->partition);
  uint64_t facts = 0;
  feed_number(&digest, now->first_offset);
  feed_number(&digest, now->last_offset);
  digest_field(&digest, slice_from(ruleset->hash));
  for (size_t i = from; i < to; i++) {
    const struct outbox_entry *entry = &outbox->entries[i];
    if (entry->source.topic != now->topic || entry->source.partition != now->partition) continue;
    const struct slice value = outbox_bytes(outbox, entry->value, entry->value_size);
    if (entry->topic == TOPIC_INSTITUTION_FACTS) {
      facts = digest_hash64(value.data, value.size, facts);
      continue;
    }
    digest_field(&digest, slice_from(topic_name(entry->topic)));
    digest_field(&digest, outbox_bytes(outbox, entry->key, entry->key_size));
    digest_field(&digest, value);
  }
  unsigned char sum[8];
  for (unsigned i = 0; i < sizeof sum; i++) sum[i] = (unsigned char)(facts >> (8 * i));
  digest_bytes(&digest, sum, sizeof sum);
  digest_final(&digest, state->chain);
}

void receipt_write(struct outbox *outbox, size_t from, const struct partition_counts *now, const struct partition_counts *before,
                   const struct ruleset *ruleset, const char *topic, int64_t time_s, struct partition_state *state) {
  static const struct partition_counts nothing;
  if (before == NULL) before = &nothing;
  const uint64_t records = now->records - before->records;
  if (records == 0) return;
  unsigned char previous[DIGEST_BYTES];
  memcpy(previous, state->chain, sizeof previous);
  chain(state, outbox, from, outbox->size, now, ruleset, topic);
  state->receipts++;
  memcpy(state->ruleset, ruleset->digest, sizeof state->ruleset);

  char key[24], id[64];
  const int key_size = snprintf(key, sizeof key, "%" PRId32, now->partition);
  const int id_size = snprintf(id, sizeof id, "%" PRId32 ".%" PRIu64, now->partition, state->receipts);
  outbox_begin(outbox, TOPIC_SCREENING_RECEIPTS, (struct slice){key, (size_t)key_size}, (struct slice){id, (size_t)id_size},
               "settlewatch.receipt", (struct source){now->topic, now->partition, now->last_offset}, time_s);
  struct text *out = &outbox->bytes;
  TEXT_LITERAL(out, "{\"topic\":");
  text_json(out, slice_from(topic));
  text_format(out, ",\"partition\":%" PRId32 ",\"receipt\":%" PRIu64 ",\"first_offset\":%" PRId64 ",\"last_offset\":%" PRId64
              ",\"records\":%" PRIu64, now->partition, state->receipts, now->first_offset, now->last_offset, records);
  uint64_t sum = 0;
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++) {
    const uint64_t count = now->dispositions[d] - before->dispositions[d];
    text_format(out, ",\"%s\":%" PRIu64, disposition_name((enum disposition)d), count);
    sum += count;
  }
  assert(sum == records);
  text_format(out, ",\"ruleset\":\"%s\",\"previous\":\"", ruleset->hash);
  text_hex(out, previous, sizeof previous);
  TEXT_LITERAL(out, "\",\"chain\":\"");
  text_hex(out, state->chain, sizeof state->chain);
  TEXT_LITERAL(out, "\",\"time\":");
  if (time_s == DATE_ABSENT) TEXT_LITERAL(out, "null}");
  else {
    text_byte(out, '"');
    date_write_time(out, time_s);
    TEXT_LITERAL(out, "\"}");
  }
  outbox_end(outbox);
}
