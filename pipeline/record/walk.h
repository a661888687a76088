// The walk over a message's structural tokens, which simdjson's first stage found, to an event.
//
// tokens[] holds the offsets of { } [ ] : , outside strings and of the first byte of every scalar, in order. The first stage
// has checked that the bytes are UTF-8, that strings are closed and hold no raw control character; the walk checks the whole
// rest of the grammar, in values that are not read as well. Only decode.cc calls this.
#pragma once

#include "record/decode.h"

#ifdef __cplusplus
extern "C" {
#endif

struct walk;
struct walk *walk_create(const struct decode_limits *limits);
void walk_destroy(struct walk *walk);

// event is written whole except its source; on STATUS_REJECT only the failure's reason, offset and path count.
enum status walk_message(struct walk *walk, struct arena *arena, const char *bytes, size_t size, const uint32_t *tokens,
                         size_t tokens_size, struct event *event, struct decode_failure *failure);
// The same by the instructions of AVX2 and BMI2; on x86-64 only, and only where the processor has them.
enum status walk_message_wide(struct walk *walk, struct arena *arena, const char *bytes, size_t size, const uint32_t *tokens,
                              size_t tokens_size, struct event *event, struct decode_failure *failure);

// Without the white space outside strings; out has room for size + DECODE_PADDING bytes. In decode.cc.
size_t walk_minify(const char *bytes, size_t size, char *out);

#ifdef __cplusplus
}
#endif
