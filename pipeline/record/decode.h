// One message's bytes to an event, over the first stage of simdjson (named in decode.cc only).
//
// One pass in the order of the input, keys predicted from the record before. The envelope, `body` and its nodes may stand in
// any order. Unknown keys are skipped, but the whole message must be well-formed JSON. Every key that is read must have its
// type; numbers are accepted as JSON numbers or as strings. Two spellings of one name are one key (fields.c).
// Dates that are impossible or outside [1990-01-01, recv_time + 2 days] (brdy from 1870-01-01) are absent.
// A decoder belongs to one thread and reuses its memory; events live in the arena given.
#pragma once

#include <stdbool.h>

#include "core/arena.h"
#include "core/status.h"
#include "record/event.h"
#include "record/reject.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DECODE_PADDING = 64 };    // readable bytes that must follow the message's bytes

struct decode_limits {
  uint32_t record_bytes_max;    // default 8 MiB
  uint32_t lines_max;           // 200,000
  uint32_t depth_max;           // 32
  uint32_t id_bytes_max;        // 64: setl_id, mdtrt_id, feedetl_sn, fixmedins_code, msg_id
  uint32_t psn_bytes_max;       // 128
  bool date_window;             // true: the window above; false: every possible date
};
extern const struct decode_limits decode_limits_default;

struct decode_failure {
  enum reject reason;
  size_t offset;      // byte offset in the message where it was noticed
  char path[96];      // "body.feedetail[3].cnt", or ""
};

struct decoder;
struct decoder *decoder_create(const struct decode_limits *limits);
void decoder_destroy(struct decoder *decoder);

// Decodes size bytes; DECODE_PADDING readable bytes must follow. event->source is left alone.
// STATUS_OK or STATUS_REJECT with the failure written. On reject, event->psn_no and fixmedins_code are set when they were
// readable (they key the dead letter), else SLICE_NONE.
enum status decode(struct decoder *decoder, struct arena *arena, const char *bytes, size_t size, struct event *event,
                   struct decode_failure *failure);

// Whether the decoder uses the widest instructions of the machine (the default where there are any). The result is the same;
// for tests and measurements.
void decode_wide(struct decoder *decoder, bool wide);

// simdjson's first stage alone: opens the document and reads one field of the envelope. For the bench. Returns the field's
// size.
size_t decode_first_stage(struct decoder *decoder, const char *bytes, size_t size);

// The name and version of the JSON library, and the implementation chosen for this machine.
const char *decode_library(void);

#ifdef __cplusplus
}
#endif
