// Settlements at rest: complete, valid, of no stay, with nothing found in them. Most of what a person has.
//
// Only a message that names one, the end of its time, or another rule set can make anybody look at it again; so it stays packed, is not part
// of the history that rules see, and is copied as it stands from one body to the next. Whoever needs one wakes it.
//
//   section = count, [oldest time, bytes, hash of setl_id (4 bytes)*, (size, bill)*]        in no order
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

struct dossier;
struct text;
struct unpack;

enum { ASLEEP_WOKEN_MAX = 8 };

struct asleep {
  struct slice hashes, bills;
  uint32_t size;                         // with the woken ones
  int64_t oldest_s;                      // no message of theirs is older; it may be of one that was woken
  uint32_t woken[ASLEEP_WOKEN_MAX];      // ascending: they are among the dossier's bills now
  uint32_t woken_size;
};

static inline uint32_t asleep_left(const struct asleep *asleep) { return asleep->size - asleep->woken_size; }
// Into the dossier; damage is told by in->bad. What the bills themselves hold is looked at when they are woken.
void asleep_read(struct dossier *dossier, struct unpack *in);
// Those that are left, and the dossier's bills whose `rests` is set.
void asleep_write(const struct dossier *dossier, struct text *out);
// Wakes the bill of that name, if it is asleep here. False when the bytes are damaged.
bool asleep_wake(struct dossier *dossier, struct slice setl_id);
bool asleep_wake_all(struct dossier *dossier);
