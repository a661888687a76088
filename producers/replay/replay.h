// Publishes files of settlements: every line one record, in order, keyed by psn_no, else by fixmedins_code.
//
// A TICK goes to every partition, since time belongs to all. Lines that cannot be read are sent all the same, without a key when none
// can be made out: the screen makes dead letters of them. Two kinds are not sent, and counted: lines longer than the topic takes,
// and, when persons are to be pseudonyms, lines for which that cannot be vouched.
#pragma once

#include "record/decode.h"
#include "stream/kafka/publish.h"

struct replay_options {
  const char *const *paths;
  size_t paths_size;
  struct decode_limits decode;
  const unsigned char *pseudonym_key;    // NULL: persons stay as they are
  int32_t partitions;
  uint64_t rate;                         // records per second; 0: as fast as it goes
  void *context;
  void (*progress)(void *context, uint64_t done, uint64_t total, uint64_t records);    // bytes; about twice a second; or NULL
  bool (*stopping)(void *context);       // or NULL
};
struct replay_result { uint64_t records, ticks, unkeyed, too_large, refused; };

// STATUS_REJECT: a file is unreadable as a whole.
enum status replay_run(struct publish *publish, const struct replay_options *options, struct replay_result *result, struct error *error);
