// Why a message is a dead letter: a closed list with stable names, which stand in the dead letters and in the counters.
//
// Only what cannot be decoded or keyed is rejected (record-fields: dispositions); everything else that is missing or absurd
// is absent, and rules that need it answer bad_data.
#pragma once

#include "core/slice.h"

#define REJECT_REASONS(X)                                                                                      \
  X(NONE, "none", "not rejected")                                                                              \
  X(EMPTY, "empty", "the message has no bytes, or only white space")                                           \
  X(TOO_LARGE, "too_large", "longer than record_bytes_max")                                                    \
  X(NOT_UTF8, "not_utf8", "not valid UTF-8, or a byte order mark in front")                                    \
  X(NOT_JSON, "not_json", "not one JSON object: truncated, malformed or followed by something else")           \
  X(TOO_DEEP, "too_deep", "nested deeper than record_depth_max")                                               \
  X(DUPLICATE_KEY, "duplicate_key", "a key that is read stands twice in one object")                           \
  X(WRONG_TYPE, "wrong_type", "a key that is read has a value of another JSON type")                           \
  X(MISSING_KEY, "missing_key", "a required key of the envelope, of the business id or of a line is absent")   \
  X(BAD_ID, "bad_id", "an id is longer than its limit or holds a control character")                           \
  X(BAD_VERSION, "bad_version", "ver is not a whole number from 1")                                            \
  X(BAD_TIME, "bad_time", "event_time or recv_time of the envelope is not a time")                             \
  X(UNKNOWN_TYPE, "unknown_msg_type", "msg_type is not on the list")                                           \
  X(BAD_AMOUNT, "bad_amount", "an amount, price or count that is present is not a number of its scale")        \
  X(TOO_MANY_LINES, "too_many_lines", "more fee lines than record_lines_max")                                  \
  X(DUPLICATE_LINE, "duplicate_line", "a feedetl_sn stands twice in one message")                              \
  X(KEY_MISMATCH, "key_mismatch", "body and envelope, or message key and envelope, name different persons")    \
  X(CONFLICT, "conflicting_content", "same business id and ver as an accepted message, other content")         \
  X(DOSSIER_LIMIT, "dossier_limit", "the subject's dossier is at its hard limit")                              \
  X(POISON, "poison", "processing this message ended the program repeatedly")

enum reject {
#define X(name, text, meaning) REJECT_##name,
  REJECT_REASONS(X)
#undef X
      REJECT_COUNT
};

const char *reject_name(enum reject reject);
const char *reject_meaning(enum reject reject);
