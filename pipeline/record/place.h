// Where in a message a fault stands, and whose message it was: for dead letters only, read byte by byte with no more trust
// in the bytes than they deserve.
#pragma once

#include <stddef.h>

#include "record/decode.h"

#ifdef __cplusplus
extern "C" {
#endif

// Writes the failure, and event with nothing in it but the message's bytes, its source and the ids that could be read.
// `missing` is the name of what is absent in the object at offset, or NULL.
void place_reject(const char *bytes, size_t size, enum reject reason, size_t offset, const char *missing,
                  const struct decode_limits *limits, struct event *event, struct decode_failure *failure);

struct place {
  char path[96];    // "body.feedetail[3].cnt", or "" for the message as a whole; printable ASCII
  struct slice psn_no, fixmedins_code;    // of the envelope as they stand there, or SLICE_NONE
};

// The path of what stands at offset, and the ids read from the bytes before `end`.
void place_find(const char *bytes, size_t end, size_t offset, struct place *place);
// Why the first stage refused the bytes: NOT_UTF8, else NOT_JSON, and where (the size when a string is not closed).
enum reject place_fault(const char *bytes, size_t size, size_t *offset);

#ifdef __cplusplus
}
#endif
