// Sends records to several topics in transactions: all of one, or none. What a person decides about dead letters goes this way, so that
// a record is back in the input exactly when the decision is on record.
//
// A second process with the same id ends the first one's transaction: two people cannot decide about the same letter at once.
#pragma once

#include "stream/kafka/dump.h"

struct resend_record {
  const char *topic;       // full name; the partition is that of the key, as every producer chooses it
  struct slice key, value;
  const struct dump_header *headers;
  size_t headers_size;
};

struct resend;
struct resend *resend_open(struct client *client, const char *id, int64_t message_bytes_max, struct error *error);
void resend_close(struct resend *resend);    // what is not committed never was
enum status resend_begin(struct resend *resend, struct error *error);
enum status resend_add(struct resend *resend, const struct resend_record *record, struct error *error);
enum status resend_commit(struct resend *resend, struct error *error);
