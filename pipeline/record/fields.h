// What is read of a message: for each kind of object a table of its fields, and a memory of the order they came in.
//
// Senders repeat the same keys in the same order, so each key remembers the bytes that stood from after the comma before it
// to its value (`"cnt":`, with the white space of that sender), and keys stand in the order in which they come. Reading an object
// is then one 32-byte comparison for each key, with the key behind the last one; one that may be left out costs another. Only a key
// that is not where it was before is looked up by name. Unknown keys are remembered too.
//
//     keys    1 "cnt":   2 "pric":   3 "det_item_fee_sumamt":   4 "prd_days":   5 "drugtracinfo":
//     line 1    cnt        pric        det_item_fee_sumamt        prd_days        drugtracinfo         each the one behind
//     line 2    cnt        pric        det_item_fee_sumamt                        drugtracinfo         3 has a step of 2
//
// Which keys an object has is then told by where a run of keys begins and ends: the sums of the marks up to there differ by those of the
// run, and no key stands twice in it, for runs only go forward. What is remembered changes the speed, never the result.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "record/event.h"
#include "record/scalar.h"

// What the objects of one message are decoded to before it is an event: nodes may stand in any order and two of them tell of
// the stay. Lines, diagnoses and trace codes have structs of their own.
struct draft {
  struct event event;
  struct draft_stay {
    int64_t begntime_s, endtime_s;
    bool begntime_day_only, endtime_day_only;
    struct slice adm_dept, dscg_dept, adm_way, dscg_way, days_rinp_flag_31;
  } stays[2];    // mdtrtinfo, then setlinfo, which is asked where the first is silent
  struct slice setlinfo_psn_no, body_psn_no;    // the second of all other places in the body
  struct slice trace;
};

// How a value is read. Places are offsets into what the object is decoded to (walk.c); DRAFT says that the place
// is in the draft of the event, whatever the object.
enum field_type {
  FIELD_SKIP,
  FIELD_TEXT,       // trimmed of spaces
  FIELD_ID,         // trimmed, bounded, without control characters
  FIELD_NUMBER,     // int64 in units of 10^-scale
  FIELD_SMALL,      // int32, the same; what is none is absent
  FIELD_TIME,       // int64 seconds, and at `more` whether it was a day only
  FIELD_TRACES,
  FIELD_DAY,        // int32 day number, of birth
  FIELD_VERSION,
  FIELD_TYPE,       // msg_type
  FIELD_AMOUNT,     // the short form of FIELD_NUMBER with two digits; no row has it
  FIELD_QUICK,      // those above have a short form that run_values() reads, and so have the next three
  FIELD_EXACT,      // as it came
  FIELD_PERSON,     // an id as it came
  FIELD_STAMP,      // a time of the envelope
  FIELD_SAME,       // an id that may stand in several places (DRAFT) and must be the same everywhere
  FIELD_SAME_PERSON,
  FIELD_COUNT,      // int64, whole and not negative
  FIELD_ICU_TIME,   // int64 seconds, one of several
  FIELD_BODY,
  FIELD_NODE,       // an object of kind `more`
  FIELD_LINES,
  FIELD_DIAGNOSES,
  FIELD_ICUS,
};

enum object_kind {
  OBJECT_ENVELOPE, OBJECT_SETL, OBJECT_CANCEL, OBJECT_LIST, OBJECT_FEE, OBJECT_DOSSIER,    // the envelope, and the body by type
  OBJECT_SETLINFO, OBJECT_FEE_SETLINFO, OBJECT_MDTRTINFO, OBJECT_DIAGNOSIS, OBJECT_ICU, OBJECT_LINE, OBJECT_FEE_LINE,
  OBJECT_TRACE, OBJECT_KINDS
};

struct field {
  const char *name;
  uint8_t type, scale;
  bool again;    // another spelling of the row before
  uint16_t place, more;
};
struct fields {
  const struct field *rows;
  unsigned size;
};
extern const struct fields fields_of[OBJECT_KINDS];
// The kind of body that a type of event has, or -1 when none is read.
int fields_body(enum event_type type);
// The bit of a row, counted without second spellings: "was there" and "had a value" are sets of these.
uint64_t fields_bit(enum object_kind kind, const char *name);

// The mark of a key: its bit, where second spellings have bits of their own behind all others, and none when it is not read; and
// FIELDS_GAP when there was white space before its value. Marks of up to 127 keys can be added.
enum { FIELDS_BITS = 56 };
#define FIELDS_GAP (UINT64_C(1) << FIELDS_BITS)
#define FIELDS_GAPS (UINT64_MAX << FIELDS_BITS)

enum { KEY_TEMPLATE = 32, KEY_MAX = 128, KEY_SLOTS = 256 };

struct key {
  char bytes[KEY_TEMPLATE];    // a comma, what stood between it and the value, and the quote that the value begins with when it is `quoted`
  uint32_t mask;       // a bit for each byte of it, which are 0xff bytes, which no message has, when there is none
  uint8_t size;
  int8_t step;         // how far on the key is that came next the last time that it was not the one behind
  uint8_t other;       // the key that came next another time
  uint8_t type, scale;
  uint8_t quick;       // the type whose short form it has, or FIELD_QUICK
  bool quoted;         // that short form is a string
  uint16_t place, more;
  const void *way;     // where that form is read (run.h)
  uint64_t upto;       // the marks of all keys up to this one, added
};

// The memory for one kind of object. keys[0] stands before the first key; behind the last one is one that no message has.
struct keys {
  _Alignas(64) struct key keys[KEY_MAX + 1];    // each on a cache line of its own
  uint64_t marks[KEY_MAX];
  bool met[KEY_MAX];           // in some message
  struct slice names[KEY_MAX];
  char text[KEY_MAX][40];
  uint8_t slots[KEY_SLOTS];
  unsigned size;
  unsigned misses, misses_max;    // keys that were not ahead where they were expected; from so many on they are arranged anew
  enum object_kind kind;
  unsigned firsts;                // bits of first spellings; those of second ones come behind
  uint64_t first_of[8];           // for each of these, the one of the first
  uint64_t seconds;               // all bits of second spellings
  const void *const *ways;        // by quick
};

void keys_init(struct keys *keys, enum object_kind kind, const void *const *ways);
// The key of that name, 0 when it is not remembered.
unsigned keys_known(const struct keys *keys, struct slice name);
// The same, but an unknown one is added, with type FIELD_SKIP. The memory starts anew when it is full.
unsigned keys_find(struct keys *keys, struct slice name);
// Remembers what stood between the comma and the value, without the quote of a quoted one, when it is short enough.
void keys_learn(struct keys *keys, unsigned key, const char *bytes, size_t size);
// Remembers that `key` came after `previous`.
void keys_follow(struct keys *keys, unsigned previous, unsigned key);
// Puts the keys of an object in its order; one that it lacks stays behind the one that it stood behind when it was met in a
// message, and comes last when not. Pointers to keys are void after it.
void keys_arrange(struct keys *keys, const uint8_t *order, size_t size);
// The bits of marks that were added, by first spellings. False: one of them was there in both.
bool keys_bits(const struct keys *keys, uint64_t marks, uint64_t *bits);

// Whether the key stands at a comma; or, with brace = 1, at the brace before the first key.
static inline bool keys_match_but(const struct key *key, const char *comma, uint32_t brace) {
  return (~scalar_equal_32(key->bytes, comma) & key->mask & ~brace) == 0;
}
static inline bool keys_match(const struct key *key, const char *comma) { return keys_match_but(key, comma, 0); }
// The same for a quoted one behind which null stands this time.
static inline bool keys_match_null(const struct key *key, const char *comma, uint32_t brace) {
  return key->quoted && key->size > 0 && comma[key->size - 1] == 'n' && keys_match_but(key, comma, brace | UINT32_C(1) << (key->size - 1));
}
