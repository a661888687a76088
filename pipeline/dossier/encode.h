// A dossier as bytes: what the state topic, the cache and process memory hold.
//
//   body   = 'S' 'W' version | due (u64) | ruleset (u64) | projection (u64) | watermark | flags | bills | findings
//   bills  = count, (size, bill)*          a bill that did not change is copied as it stands
//
// The due time stands at a fixed place so that an index can be rebuilt without decoding (encode_due). The subject is the key of the
// record and not part of the body. Integrity (MAC, offset) is added by whoever stores it. A body of another version, or damaged, is
// refused and never half read.
#pragma once

#include "core/status.h"
#include "dossier/dossier.h"

enum { ENCODE_VERSION = 1 };

// Appends the body. Every bill's lines are already packed.
void encode(const struct dossier *dossier, struct text *out);
// Reads a body into an empty dossier (dossier_init). Slices point into body or the arena.
enum status encode_read(struct dossier *dossier, struct slice body, struct error *error);
// The due time of a body; INT64_MAX when there is none or the bytes are no dossier.
int64_t encode_due(struct slice body);
