// simdjson behind the C face of decode.h: its first stage finds the tokens, walk.c reads them. The second stage and the
// on-demand front end, which a distribution compiles for its oldest processors, are not on the hot path.
#include <new>
#include <simdjson.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
extern "C" {
#include "core/memory.h"
#include "record/decode.h"
#include "record/place.h"
#include "record/walk.h"
}
#pragma GCC diagnostic pop

static_assert(DECODE_PADDING >= simdjson::SIMDJSON_PADDING, "the padding of messages covers what simdjson reads");

struct decoder {
  decode_limits limits;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  simdjson::ondemand::parser front;    // of decode_first_stage
  walk *walker;
  decltype(&walk_message) message;
};

enum { CAPACITY_MIN = 64 << 10, DEPTH = 1 };

decoder *decoder_create(const decode_limits *limits) {
  decoder *d = new (memory_take(sizeof *d)) decoder;
  d->limits = *limits;
  d->walker = walk_create(limits);
  decode_wide(d, true);
  return d;
}

void decode_wide(decoder *d, bool wide) {
  d->message = walk_message;
#if defined(__x86_64__)
  if (wide && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) d->message = walk_message_wide;
#else
  (void)wide;
#endif
}

void decoder_destroy(decoder *d) {
  if (d == nullptr) return;
  walk_destroy(d->walker);
  d->~decoder();
  memory_free(d);
}

// Room for the tokens of a message of that size; grows by doubling, so that the steady state asks for nothing.
static bool room(decoder *d, size_t size) {
  if (d->stage && d->stage->capacity() >= size) return true;
  size_t capacity = CAPACITY_MIN;
  while (capacity < size) capacity *= 2;
  if (d->stage) return d->stage->set_capacity(capacity) == simdjson::SUCCESS;
  return simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, DEPTH, d->stage) ==
         simdjson::SUCCESS;
}

size_t walk_minify(const char *bytes, size_t size, char *out) {
  size_t minified = 0;
  return simdjson::minify(bytes, size, out, minified) == simdjson::SUCCESS ? minified : 0;
}

enum status decode(decoder *d, arena *memory, const char *bytes, size_t size, event *out, decode_failure *failure) {
  size_t offset = 0;
  reject reason = REJECT_NONE;
  if (size > d->limits.record_bytes_max) {
    offset = d->limits.record_bytes_max;
    reason = REJECT_TOO_LARGE;
  } else if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
    reason = REJECT_NOT_UTF8;
  } else if (size == 0) {
    reason = REJECT_EMPTY;
  } else if (!room(d, size)) {
    return STATUS_FATAL;
  } else {
    const simdjson::error_code error =
        d->stage->stage1(reinterpret_cast<const uint8_t *>(bytes), size, simdjson::stage1_mode::regular);
    if (error == simdjson::EMPTY) reason = REJECT_EMPTY;
    else if (error != simdjson::SUCCESS) reason = place_fault(bytes, size, &offset);
  }
  if (reason != REJECT_NONE) {
    place_reject(bytes, size, reason, offset, nullptr, &d->limits, out, failure);
    return STATUS_REJECT;
  }
  return d->message(d->walker, memory, bytes, size, d->stage->structural_indexes.get(), d->stage->n_structural_indexes, out,
                    failure);
}

size_t decode_first_stage(decoder *d, const char *bytes, size_t size) {
  simdjson::ondemand::document document;
  std::string_view text;
  if (d->front.iterate(bytes, size, size + DECODE_PADDING).get(document) != simdjson::SUCCESS) return 0;
  if (document["msg_type"].get_string().get(text) != simdjson::SUCCESS) return 0;
  return text.size();
}

const char *decode_library(void) {
  static const std::string name = "simdjson " + std::to_string(simdjson::SIMDJSON_VERSION_MAJOR) + "." +
                                  std::to_string(simdjson::SIMDJSON_VERSION_MINOR) + "." +
                                  std::to_string(simdjson::SIMDJSON_VERSION_REVISION) + " " +
                                  simdjson::get_active_implementation()->name();
  return name.c_str();
}
