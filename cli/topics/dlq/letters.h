// Dead letters and what was decided about them, for the verbs of `topics dlq`.
//
// A letter's number is its place in the topic, PARTITION.OFFSET. Decisions are messages of dead-letter-decisions, key that number, never
// changed: the last one counts. A letter without any is open.
#pragma once

#include "cli/setup.h"
#include "stream/kafka/dump.h"

enum letter_state { LETTER_OPEN, LETTER_RETRIED, LETTER_DROPPED };
const char *letter_state_name(enum letter_state state, bool chinese);

struct letter {
  int32_t partition;
  int64_t offset, timestamp_ms;
  struct slice reason, path, byte, source_topic, source_partition, source_offset, ruleset;    // headers; SLICE("") when absent
  struct slice key, value;
  const struct dump_message *message;
};

struct decision {
  int32_t partition;
  int64_t offset;
  enum letter_state state;
  uint64_t order;    // of reading
  struct slice by, why, time;
};

struct letters {
  struct setup setup;
  struct client *client;
  const char *topic, *decisions_topic, *input;
  struct decision *decisions;    // sorted by letter, the last one of each
  size_t decisions_size, decisions_capacity;
};

// Settings, client and decisions. False when something is wrong, and told; *code is then the exit code.
bool letters_open(struct letters *letters, const char *config, int *code);
void letters_close(struct letters *letters);
const struct decision *letters_decision(const struct letters *letters, int32_t partition, int64_t offset);    // NULL: open
// Every letter, or one (partition >= 0). visit returns false to stop; the letter is valid during the call.
enum status letters_each(struct letters *letters, int32_t partition, int64_t offset, bool (*visit)(void *context, const struct letter *letter),
                         void *context, struct error *error);
// "1.42"
bool letters_number(const char *text, int32_t *partition, int64_t *offset);
// The time as people write it here, Asia/Shanghai.
void letters_time(struct text *out, int64_t timestamp_ms);
