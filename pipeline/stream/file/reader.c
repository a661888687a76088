#include "stream/file/reader.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "stream/file/content.h"

enum { CHUNK = 256 * 1024 };

struct reader {
  const char *const *paths;
  size_t paths_size, path;          // path: the file at hand
  struct reader_limits limits;
  struct content *content;
  int64_t line;
  char *buffer;                     // batch: whole lines, and the beginning of the next one
  size_t capacity, begin, end;      // of the bytes not handed out yet
  bool at_end;                      // of the file at hand
  bool streaming;                   // the record at hand is too large: [begin, end) is its beginning
  struct record *records;
  size_t records_capacity;
  uint64_t done, total;
};

struct reader *reader_open(const char *const *paths, size_t size, const struct reader_limits *limits) {
  struct reader *reader = memory_take(sizeof *reader);
  reader->paths = paths;
  reader->paths_size = size;
  reader->limits = *limits;
  reader->capacity = limits->batch_bytes + CHUNK + DECODE_PADDING;
  reader->buffer = memory_take(reader->capacity);
  for (size_t i = 0; i < size; i++) {
    struct stat stat_of;
    if (strcmp(paths[i], "-") == 0 || stat(paths[i], &stat_of) != 0 || !S_ISREG(stat_of.st_mode)) {
      reader->total = 0;
      break;
    }
    reader->total += (uint64_t)stat_of.st_size;
  }
  return reader;
}

void reader_close(struct reader *reader) {
  if (reader == NULL) return;
  content_close(reader->content);
  memory_free(reader->buffer);
  memory_free(reader->records);
  memory_free(reader);
}

static enum status open_file(struct reader *reader, struct error *error) {
  const char *path = reader->paths[reader->path];
  struct error why = {0};
  if (content_open(path, &reader->content, &why) != STATUS_OK) return error_set(error, STATUS_REJECT, "cannot read '%s': %s", path, why.text);
  reader->line = 0;
  reader->at_end = false;
  return STATUS_OK;
}

static enum status fill(struct reader *reader, struct error *error) {
  assert(reader->capacity - reader->end >= CHUNK + DECODE_PADDING);
  const uint64_t before = content_taken(reader->content);
  size_t size;
  struct error why = {0};
  if (content_read(reader->content, reader->buffer + reader->end, CHUNK, &size, &why) != STATUS_OK)
    return error_set(error, STATUS_REJECT, "cannot read '%s' after line %lld: %s", reader->paths[reader->path], (long long)reader->line, why.text);
  reader->done += content_taken(reader->content) - before;
  reader->end += size;
  if (size < CHUNK) reader->at_end = true;
  return STATUS_OK;
}

static bool blank(const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r') return false;
  return true;
}

static void add(struct reader *reader, size_t *count, const char *bytes, size_t size, bool too_large) {
  if (*count == reader->records_capacity) {
    reader->records_capacity = reader->records_capacity ? reader->records_capacity * 2 : 1024;
    reader->records = memory_resize(reader->records, reader->records_capacity * sizeof *reader->records);
  }
  reader->records[(*count)++] = (struct record){.value = {bytes, size}, .too_large = too_large,
                                                .source = {(uint32_t)reader->path, 0, reader->line++}};
}

enum status reader_take(struct reader *reader, const struct record **records, size_t *size, struct error *error) {
  assert(!reader->streaming);
  *size = 0;
  size_t count = 0;
  // What was not handed out moves to the front; then whole lines are cut off until the batch is full.
  memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
  reader->end -= reader->begin;
  reader->begin = 0;
  size_t searched = 0;
  while (count < reader->limits.batch_records) {
    if (reader->content == NULL) {
      if (reader->path == reader->paths_size) break;
      const enum status status = open_file(reader, error);
      if (status != STATUS_OK) return status;
    }
    const char *begin = reader->buffer + reader->begin;
    const size_t left = reader->end - reader->begin;
    const char *newline = left > searched ? memchr(begin + searched, '\n', left - searched) : NULL;
    const size_t length = newline != NULL ? (size_t)(newline - begin) : left;
    if (length > reader->limits.record_bytes_max) {
      if (count > 0) break;    // comes alone, next time
      add(reader, &count, begin, reader->limits.record_bytes_max, true);
      reader->streaming = true;
      break;
    }
    if (newline != NULL || (reader->at_end && left > 0)) {
      if (blank(begin, length)) reader->line++;
      else add(reader, &count, begin, length, false);
      reader->begin += length + (newline != NULL);
      searched = 0;
      continue;
    }
    if (reader->at_end) {
      content_close(reader->content);
      reader->content = NULL;
      reader->path++;
      reader->begin = reader->end;
      if (count > 0) break;    // a batch has records of one file only
      continue;
    }
    if (reader->capacity - reader->end < CHUNK + DECODE_PADDING) {
      if (count > 0) break;    // the batch is full
      // One line fills the buffer: grow, up to what the largest record takes.
      memmove(reader->buffer, begin, left);
      reader->begin = 0;
      reader->end = left;
      if (reader->capacity - reader->end < CHUNK + DECODE_PADDING) {
        reader->capacity = reader->capacity * 2;
        reader->buffer = memory_resize(reader->buffer, reader->capacity);
      }
    }
    searched = reader->end - reader->begin;
    const enum status status = fill(reader, error);
    if (status != STATUS_OK) return status;
  }
  *records = reader->records;
  *size = count;
  return STATUS_OK;
}

enum status reader_stream(struct reader *reader, void (*piece)(void *context, const char *bytes, size_t size), void *context,
                          struct error *error) {
  assert(reader->streaming);
  for (;;) {
    const char *begin = reader->buffer + reader->begin;
    const size_t left = reader->end - reader->begin;
    const char *newline = memchr(begin, '\n', left);
    const size_t length = newline != NULL ? (size_t)(newline - begin) : left;
    piece(context, begin, length);
    reader->begin += length + (newline != NULL);
    if (newline != NULL || reader->at_end) break;
    reader->begin = reader->end = 0;
    const enum status status = fill(reader, error);
    if (status != STATUS_OK) return status;
  }
  reader->streaming = false;
  return STATUS_OK;
}

void reader_progress(const struct reader *reader, uint64_t *done, uint64_t *total) {
  *done = reader->done;
  *total = reader->total;
}
