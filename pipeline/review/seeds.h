// The seeds of the draw: one secret of 32 bytes per month, and the commit that was published before the month began.
//
//   # month  seed (64 hex digits)  commit (64 hex digits, or -)  published (optional)
//   2026-09 000102...1e1f 630dcd...10dd 2026-08-28 10:00:00
//
// Whoever holds a seed of a month that is not closed can predict its draw: the file belongs to two custodians, readable by its owner
// only, and no message ever shows a seed. After the close the line is published. Blank lines and lines from '#' are passed over.
#pragma once

#include "core/arena.h"
#include "core/status.h"
#include "review/draw.h"

struct seeds {
  struct draw_seed *rows;    // ascending by month
  size_t size;
  bool exposed;              // seeds_load: group or others may read the file
};

// name: the file's, for messages. STATUS_FATAL with "name:line: " in front; the seed itself is never part of it.
enum status seeds_read(struct slice text, const char *name, struct arena *arena, struct seeds *seeds, struct error *error);
enum status seeds_load(const char *path, struct arena *arena, struct seeds *seeds, struct error *error);
void seeds_wipe(struct seeds *seeds);    // overwrites the rows

// SHA-256(seed): what is published.
void seeds_commit(const unsigned char seed[DIGEST_KEY_BYTES], unsigned char out[DIGEST_BYTES]);
// A file line of a seed, with its commit; published_s may be DATE_ABSENT.
void seeds_write(struct text *out, const struct draw_seed *seed);

// Why samples drawn with this seed may not be scaled up (X04), or NULL: commit missing, late or not that of the seed.
const char *seeds_unfit(const struct draw_seed *seed);
