// The state of a walk over one message (walk.h), and the careful ways of reading a value: any form, any white space, every
// check.
//
// walk.c tries the short forms of scalar.h first and comes here when a value has none of them. These functions are
// compiled once; walk.c twice. A function that finds a fault writes it to the walk and returns false, or CAREFUL_FAILED
// where a token is expected: no token that follows a value is the first one. Only walk.c uses this.
#pragma once

#include "record/fields.h"
#include "record/walk.h"

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
enum { CAREFUL_FAILED = 0, ICUS_MAX = 64 };

struct walk {
  struct decode_limits limits;
  const char *bytes;
  size_t size;
  const uint32_t *tokens;
  uint32_t count;
  uint32_t depth;
  bool gaps;    // white space between tokens of the body so far
  struct arena *arena;
  struct draft draft;
  struct scalar_days days;
  int64_t window_first_s, window_last_s;
  uint32_t id_limits[2];    // of ids, and of persons
  uint64_t type_word;       // the msg_type that came last, when it has at most 8 bytes,
  size_t type_size;
  enum event_type type;     // and what it means
  enum reject reason;
  size_t offset;
  const char *missing;    // the name of what is absent at offset

  uint32_t body;          // token of a body that came before what it needs
  bool foretells, foretold;         // whether what a body needs may be looked for behind it; and was found there
  uint64_t had[OBJECT_KINDS];       // what the objects that stand once had
  size_t where[OBJECT_KINDS];       // and their offsets
  size_t body_psn_offset, line_alone;

  struct line *lines;     // in the arena
  size_t lines_room;
  struct diagnosis *diagnoses;
  struct slice *traces;
  size_t diagnoses_room, traces_room;
  bool unordered;         // some line does not come after the one before
  uint32_t tokens_per_line;

  int64_t icus_s[ICUS_MAX];    // the entries to intensive care; more are not looked at
  uint32_t icus_size;

  struct slice *set;      // an open hash table of texts
  size_t set_room, set_mask;
  char *minified;
  size_t minified_room;
  uint64_t bit_setl_id, bit_mdtrt_id, bit_sn, bit_line_mdtrt_id, bit_body_mdtrt_id;
  int made_for;                  // which of the two compilations of walk.c the keys were made for; 0: none yet
  const void *const *ways;       // of its run_values()
  struct keys keys[OBJECT_KINDS];
};

// The offset of a token; the message's size when there is none.
static inline size_t careful_offset(const struct walk *w, uint32_t t) { return t < w->count ? w->tokens[t] : w->size; }
static inline char careful_byte(const struct walk *w, uint32_t t) { return t < w->count ? w->bytes[w->tokens[t]] : '\0'; }
static inline bool careful_is_space(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

// True when white space stands before the token.
static inline bool careful_spaced(const struct walk *w, uint32_t t) {
  return t < w->count && w->tokens[t] > 0 && careful_is_space(w->bytes[w->tokens[t] - 1]);
}

// True when null or "" stands there, and nothing behind it.
static inline bool careful_nothing(const struct walk *w, uint32_t t) {
  const char *value = w->bytes + w->tokens[t];
  const size_t size = careful_offset(w, t + 1) - w->tokens[t];
  return (size == 2 && value[0] == '"' && value[1] == '"') || (size == 4 && memcmp(value, "null", 4) == 0);
}

uint32_t careful_fail(struct walk *w, enum reject reason, size_t offset);
uint32_t careful_fail_missing(struct walk *w, size_t offset, const char *name);    // of the object at offset

// The bytes of a scalar; white space around it is noted.
struct slice careful_scalar(struct walk *w, uint32_t t);
// A string's inside with escapes undone.
bool careful_unescaped(struct walk *w, struct slice text, struct slice *out);
// A string or null; trimmed or as it came, absent when it is null or one of the forms of the absent.
bool careful_text(struct walk *w, uint32_t t, bool trim, struct slice *out);
// The same for what is no key: outside the envelope a number is the text it is written with, and true and false are what flags say, "1"
// and "0".
bool careful_code(struct walk *w, uint32_t t, bool trim, struct slice *out);
bool careful_id(struct walk *w, uint32_t t, uint32_t limit, bool exact, struct slice *out);
// A number as JSON number or string; *had is false when it is absent. `wrong` is the reason when the text is none of that
// scale.
bool careful_number(struct walk *w, uint32_t t, unsigned scale, enum reject wrong, int64_t *out, bool *had);
// A time; *out is DATE_ABSENT when there is none, and *odd when there is a text that is none.
bool careful_any_time(struct walk *w, uint32_t t, int64_t *out, bool *day_only, bool *odd);
// The same, absent outside the window of the message.
bool careful_time(struct walk *w, uint32_t t, int64_t *out, bool *day_only);
static inline bool careful_in_window(const struct walk *w, int64_t time_s) {
  return time_s >= w->window_first_s && time_s <= w->window_last_s;
}
// Checks the value at token t, whatever it is, without reading it; the token after it.
uint32_t careful_skip(struct walk *w, uint32_t t);
