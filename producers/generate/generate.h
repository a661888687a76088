// A synthetic region that settles: what arrives at the bus during some days, in order of arrival, with an answer key.
//
// Deterministic for its options. Ordinary visits are clean by construction, cases are planted (plant.h). Around them lies
// what real traffic has: repeated and late messages, corrections, cancellations, refunds, split bills, interim settlements,
// lists that come days later, messages that no rule reads, a tick a day, and (marked in the key) twins: the same ids with
// other content, whose later arrival is a dead letter. Arrival is by recv_time; nothing arrives later than
// GENERATE_LATENESS_DAYS after it happened. Memory: one day of messages, those held back, and a few bytes a person. One run,
// one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "core/status.h"

enum { GENERATE_LATENESS_DAYS = 18 };

struct generate_options {
  uint64_t seed;
  uint64_t settlements;        // 0: what the people make in the days
  uint32_t days;               // 0: 31
  int32_t start_day;
  uint32_t institutions;       // 0: 24
  uint32_t patients;           // 0: as many as the settlements need
  uint32_t violations_e4;    // violations per settlement, 1/10,000; as many near misses and lawful exceptions come with them
  bool ticks;                  // a TICK each day
  bool only_settlements;       // SETL and SETL_CANCEL only
  bool twins;
};
extern const struct generate_options generate_options_default;

struct generate_message {
  struct slice bytes;          // valid during the call
  struct slice key;            // psn_no, or fixmedins_code without a person
  const char *msg_type;
  int64_t recv_time_s;
};

struct generate_sink {
  void *context;
  // False stops the run: error is the sink's to set.
  bool (*message)(void *context, const struct generate_message *message, struct error *error);
  // After each day; may be NULL.
  void (*progress)(void *context, uint64_t settlements, uint64_t settlements_in_all);
};

struct generate_counts {
  uint64_t messages, settlements, bytes, cases[3], twins, persons;
};

struct text;
// key: the answer key as NDJSON is appended; may be NULL. counts may be NULL.
enum status generate(const struct generate_options *options, const struct generate_sink *sink, struct text *key,
                     struct generate_counts *counts, struct error *error);
// The three knowledge tables of the region as CSV; name is item_mapping, procurement_price or trace_product. False: no such
// table.
bool generate_table(const struct generate_options *options, const char *name, struct text *out);
extern const char *const generate_tables[];    // their names, NULL-terminated
