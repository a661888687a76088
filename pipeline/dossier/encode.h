// A dossier as bytes: what the state topic, the cache and process memory hold.
//
//   body   = 'S' 'W' version | due (u64) | ruleset (u64) | projection (u64) | watermark | known | flags | bills | asleep | findings
//   bills  = count, (size, bill)*          a bill that did not change is copied as it stands
//   asleep = bills at rest (asleep.h)
//
// The due time stands at a fixed place so that an index can be rebuilt without decoding (encode_due). The subject is the key of the
// record and not part of the body. Integrity (MAC, offset) is added by whoever stores it. Bodies of version 1 had nobody asleep,
// those before version 3 did not say since when they know everything (dossier.untold); both are read, and written anew as version 3. Another
// version, or damage, is refused and never half read.
#pragma once

#include "core/status.h"
#include "dossier/dossier.h"
#include "dossier/pack.h"

enum { ENCODE_VERSION = 3, ENCODE_VERSION_ASLEEP = 2, ENCODE_VERSION_FIRST = 1 };

// Appends the body. Every bill's lines are already packed.
void encode(const struct dossier *dossier, struct text *out);
// Reads a body into an empty dossier (dossier_init), all of its bills awake. Slices point into body or the arena.
enum status encode_read(struct dossier *dossier, struct slice body, struct error *error);
// The same, but for bills that are asleep: they stay so.
enum status encode_read_awake(struct dossier *dossier, struct slice body, struct error *error);
// The due time of a body; INT64_MAX when there is none or the bytes are no dossier.
int64_t encode_due(struct slice body);

// Parts of a body, for asleep.c.
void encode_bill(struct text *out, const struct bill *bill);    // its size in front
bool encode_read_bill(struct slice packed, struct bill *bill, struct arena *arena);
void encode_put_time(struct text *out, int64_t time_s);
int64_t encode_get_time(struct unpack *in);
// What is written in between gets its size in front: of a fixed width, because it is known only afterwards.
size_t encode_begin_sized(struct text *out);
void encode_end_sized(struct text *out, size_t begin);
