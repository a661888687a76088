// A small input that matters: a handful of people whose messages open, change and withdraw findings.
//
// Stays soon after one another, bed fees beyond the stay, days without treatment, bills in parts, refunds; then corrections, cancellations and
// lists; then everything out of order, some of it twice, some of it contradicting itself, and rubbish in between. All within the lateness
// that the program promises to bear.
#pragma once

#include "core/text.h"
#include "tests/property/simulate/draws.h"

struct scenario_message {
  int32_t partition;
  size_t key, key_size, value, value_size;    // in bytes; key_size 0: none
  bool aborted;                               // its producer took it back: nobody may read it
  bool gap;                                   // no message but an offset without one
};

struct scenario {
  struct text bytes;
  struct scenario_message *messages;
  size_t size, capacity;
  int32_t partitions;
};

struct scenario_options {
  int32_t partitions;
  bool ticks;          // time passes beside the messages
};

// Makes a scenario anew, over the memory of the one before.
void scenario_make(struct scenario *scenario, const struct scenario_options *options, struct draws *draws);
void scenario_fini(struct scenario *scenario);

static inline struct slice scenario_key(const struct scenario *scenario, const struct scenario_message *message) {
  return message->key_size > 0 ? (struct slice){scenario->bytes.data + message->key, message->key_size} : SLICE_NONE;
}
static inline struct slice scenario_value(const struct scenario *scenario, const struct scenario_message *message) {
  return (struct slice){scenario->bytes.data + message->value, message->value_size};
}
