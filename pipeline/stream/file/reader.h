// NDJSON files as input: plain or gzip (content.h), `-` is standard input. One line, one record.
//
// A line over the limit is never held in memory: it is offered with its first bytes and `too_large`, and reader_stream hands out the whole
// of it piece by piece. Blank lines are no records. The last line need not end with a newline. Bytes are handed out exactly as they
// stand, without the newline (a carriage return before it belongs to the line: JSON takes it as white space).
// Records stay valid until the next take. One reader, one thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "stream/engine.h"

struct reader;
struct reader_limits {
  size_t record_bytes_max;
  size_t batch_records, batch_bytes;
};

// paths must outlive the reader; record.source.topic is the index of the path, partition 0, offset the line's number from 0.
struct reader *reader_open(const char *const *paths, size_t size, const struct reader_limits *limits);
void reader_close(struct reader *reader);
// The next records; *size 0 at the end of all files. A too large record comes alone. STATUS_REJECT: a file cannot be opened, or is damaged
// as a whole (gzip); the error names it.
enum status reader_take(struct reader *reader, const struct record **records, size_t *size, struct error *error);
// After a too large record: calls piece for all of its bytes.
enum status reader_stream(struct reader *reader, void (*piece)(void *context, const char *bytes, size_t size), void *context,
                          struct error *error);
// For a progress bar: bytes read from the files as they stand on disk, and their total (0: not known).
void reader_progress(const struct reader *reader, uint64_t *done, uint64_t *total);
