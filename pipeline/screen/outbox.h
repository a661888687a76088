// What one batch wants to say: messages for the output topics, in order, with their keys and headers.
//
// The step and the review write here; a log (stream/log.h) takes it over as one unit or not at all. Values are the message values of
// docs/messages.md; of a dead letter the value is the input's bytes unchanged and everything else is a header. Owns its memory,
// reused from batch to batch. One owner, one thread.
#pragma once

#include "core/slice.h"
#include "core/text.h"
#include "record/event.h"

#define TOPICS(X)                                     \
  X(SETTLEMENTS, "settlements")                       \
  X(CREDIT_DEDUCTIONS, "credit-deductions")           \
  X(INSPECTOR_CASES, "inspector-cases")               \
  X(SHADOW_FINDINGS, "shadow-findings")               \
  X(SECOND_REVIEW, "second-review")                   \
  X(SCREENING_RECEIPTS, "screening-receipts")         \
  X(DEAD_LETTERS, "dead-letters")                     \
  X(DEAD_LETTER_DECISIONS, "dead-letter-decisions")   \
  X(PATIENT_STATE, "patient-state")                   \
  X(INSTITUTION_STATE, "institution-state")           \
  X(INSTITUTION_FACTS, "institution-facts")           \
  X(RULES_CONTROL, "rules-control")
enum topic {
#define X(name, text) TOPIC_##name,
  TOPICS(X)
#undef X
      TOPIC_COUNT
};
const char *topic_name(enum topic topic);    // without the site's prefix

struct outbox_entry {
  enum topic topic;
  struct source source;      // the input message that caused it
  int64_t time_s;            // ce_time: the input's recv_time, never the wall clock
  size_t key, key_size, value, value_size, id, id_size;    // offsets into bytes
  const char *type;          // ce_type, a literal
  size_t headers, headers_size;    // further headers: index and count into outbox.headers
  uint64_t receipt, place;         // number of its receipt (0: none yet), place in that among the outputs of its topic
};
struct outbox_header {
  const char *name;    // a literal
  size_t value, value_size;
};

struct outbox {
  struct text bytes;
  struct outbox_entry *entries;
  size_t size, capacity;
  struct outbox_header *headers;
  size_t headers_size, headers_capacity;
};

void outbox_fini(struct outbox *outbox);
void outbox_clear(struct outbox *outbox);
// Starts an entry; then append its value to outbox->bytes and call outbox_end. Key, id and headers are copied.
struct outbox_entry *outbox_begin(struct outbox *outbox, enum topic topic, struct slice key, struct slice id, const char *type,
                                  struct source source, int64_t time_s);
void outbox_end(struct outbox *outbox);
// Adds a header to the entry that was ended last.
void outbox_header(struct outbox *outbox, const char *name, struct slice value);

static inline struct slice outbox_bytes(const struct outbox *outbox, size_t at, size_t size) {
  return (struct slice){outbox->bytes.data + at, size};
}
