// A small read-only tree of one JSON text, for messages and files of our own making: facts, draws, archives, case files.
//
// Settlements are not read with this: decode.h is the fast way for them. Numbers stay the text they were written as, so that an
// amount never passes through a float; texts are unescaped. The whole text must be one well-formed JSON value without anything behind
// it; a key that stands twice in an object is an error. Values live in the arena. A reader belongs to one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT };
enum { JSON_DEPTH_MAX = 16, JSON_KEYS_MAX = 256 };    // of one object

struct json_value {
  enum json_type type;
  struct slice key;             // of an object's member
  struct slice text;            // JSON_TEXT: unescaped; JSON_NUMBER, JSON_BOOL: as written
  struct json_value *child;     // first item or member
  struct json_value *next;
  uint32_t size;                // items or members
};

struct json_reader;
struct json_reader *json_reader_create(void);
void json_reader_destroy(struct json_reader *reader);
// STATUS_REJECT with the error when bytes are not one JSON value.
enum status json_read(struct json_reader *reader, struct arena *arena, struct slice bytes, const struct json_value **root,
                      struct error *error);

// The member of an object, or NULL; object may be NULL or something else.
const struct json_value *json_find(const struct json_value *object, const char *key);
// The text of a member that is a text and not empty; false when it is absent or null. A member of another type is an error.
bool json_text(const struct json_value *object, const char *key, struct slice *out, struct error *error);
// A whole number, written as a number or as a text; an amount of yuan as fen, likewise; a boolean. Return as json_text.
bool json_int(const struct json_value *object, const char *key, int64_t min, int64_t max, int64_t *out, struct error *error);
bool json_fen(const struct json_value *object, const char *key, int64_t *out, struct error *error);
bool json_bool(const struct json_value *object, const char *key, bool *out, struct error *error);
// "yyyy-MM-dd HH:mm:ss" as seconds (date.h).
bool json_time(const struct json_value *object, const char *key, int64_t *out, struct error *error);

#ifdef __cplusplus
}
#endif
