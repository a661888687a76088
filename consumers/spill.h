// More records than memory shall hold, put aside on disk in buckets and read back bucket by bucket.
//
//   put(bucket, bytes) -> the bucket's buffer -> a block at the end of one nameless file
//   read(bucket)       <- its blocks, in the order they were put
//
// The file lies in $TMPDIR (else /tmp), has no name, and is gone with the process. Memory: a buffer per bucket and 16 bytes a block. One owner, one
// thread.
#pragma once

#include "core/status.h"
#include "core/text.h"

enum { SPILL_BUCKETS = 128 };

struct spill;
// NULL with the error when no file can be made.
struct spill *spill_open(struct error *error);
void spill_close(struct spill *spill);
// STATUS_FATAL: the disk is full.
enum status spill_put(struct spill *spill, unsigned bucket, struct slice bytes, struct error *error);
// Appends all of a bucket to out.
enum status spill_read(struct spill *spill, unsigned bucket, struct text *out, struct error *error);
uint64_t spill_bytes(const struct spill *spill);    // on disk
