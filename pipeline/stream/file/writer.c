#include "stream/file/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/memory.h"

enum { BUFFER = 1 << 20, GROUP = 3 * 1024 };

static const struct { bool written; const char *name; } files[TOPIC_COUNT] = {
    [TOPIC_CREDIT_DEDUCTIONS] = {true, "credit-deductions.ndjson"}, [TOPIC_INSPECTOR_CASES] = {true, "inspector-cases.ndjson"},
    [TOPIC_SHADOW_FINDINGS] = {true, "shadow-findings.ndjson"},     [TOPIC_SECOND_REVIEW] = {true, "second-review.ndjson"},
    [TOPIC_SCREENING_RECEIPTS] = {true, "screening-receipts.ndjson"}, [TOPIC_DEAD_LETTERS] = {true, "dead-letters.ndjson"},
    [TOPIC_INSTITUTION_FACTS] = {true, "institution-facts.ndjson"}};

struct output {
  int descriptor;
  struct text buffer;
};

struct writer {
  char *folder;
  struct output outputs[TOPIC_COUNT];
  unsigned char group[GROUP];    // bytes of a streamed dead letter that do not fill a base64 group yet
  size_t group_size;
  struct error stream_error;
};

const char *writer_file_name(enum topic topic) { return files[topic].name; }

static void path_of(const struct writer *writer, enum topic topic, const char *suffix, char path[PATH_MAX]) {
  snprintf(path, PATH_MAX, "%s/%s%s", writer->folder, files[topic].name, suffix);
}

static enum status fail(const char *what, const char *path, struct error *error) {
  return error_set(error, STATUS_FATAL, "cannot %s '%s': %s%s", what, path, strerror(errno),
                   errno == ENOSPC || errno == EDQUOT ? "; free some space and run again, nothing was published" : "");
}

static bool make_folder(const char *folder) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", folder);
  for (char *at = path + 1; *at != '\0'; at++) {
    if (*at != '/') continue;
    *at = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST) return false;
    *at = '/';
  }
  return mkdir(path, 0777) == 0 || errno == EEXIST;
}

struct writer *writer_open(const char *folder, struct error *error) {
  if (strlen(folder) + 64 > PATH_MAX) {
    error_set(error, STATUS_FATAL, "the folder's name is too long: '%s'", folder);
    return NULL;
  }
  if (!make_folder(folder)) {
    fail("make the folder", folder, error);
    return NULL;
  }
  struct writer *writer = memory_take(sizeof *writer);
  writer->folder = memory_copy_text(folder);
  for (int t = 0; t < TOPIC_COUNT; t++) writer->outputs[t].descriptor = -1;
  for (int t = 0; t < TOPIC_COUNT; t++) {
    if (!files[t].written) continue;
    char path[PATH_MAX];
    path_of(writer, (enum topic)t, ".part", path);
    writer->outputs[t].descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (writer->outputs[t].descriptor < 0) {
      fail("write", path, error);
      writer_close(writer);
      return NULL;
    }
  }
  return writer;
}

static enum status flush(struct writer *writer, enum topic topic, struct error *error) {
  struct output *output = &writer->outputs[topic];
  size_t at = 0;
  while (at < output->buffer.size) {
    const ssize_t size = write(output->descriptor, output->buffer.data + at, output->buffer.size - at);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      char path[PATH_MAX];
      path_of(writer, topic, ".part", path);
      return fail("write", path, error);
    }
    at += (size_t)size;
  }
  text_clear(&output->buffer);
  return STATUS_OK;
}

static void append_base64(struct text *out, const void *bytes, size_t size) {
  const size_t length = digest_base64_size(size);
  digest_base64(text_reserve(out, length + 1), bytes, size);
  out->size += length;
}

static struct slice header_of(const struct outbox *outbox, const struct outbox_entry *entry, const char *name) {
  for (size_t i = 0; i < entry->headers_size; i++) {
    const struct outbox_header *header = &outbox->headers[entry->headers + i];
    if (strcmp(header->name, name) == 0) return outbox_bytes(outbox, header->value, header->value_size);
  }
  return SLICE("");
}

// {"reason":...,"path":...,"byte":...,"source":{...},"key":...,"ruleset":...,"raw":"   up to the bytes.
static void begin_dead_letter(struct text *out, const struct outbox *outbox, const struct outbox_entry *entry) {
  TEXT_LITERAL(out, "{\"reason\":");
  text_json(out, header_of(outbox, entry, "reason"));
  TEXT_LITERAL(out, ",\"path\":");
  text_json(out, header_of(outbox, entry, "path"));
  TEXT_LITERAL(out, ",\"byte\":");
  text_append(out, header_of(outbox, entry, "byte"));
  TEXT_LITERAL(out, ",\"source\":{\"topic\":");
  text_json(out, header_of(outbox, entry, "topic"));
  TEXT_LITERAL(out, ",\"partition\":");
  text_append(out, header_of(outbox, entry, "partition"));
  TEXT_LITERAL(out, ",\"offset\":");
  text_append(out, header_of(outbox, entry, "offset"));
  TEXT_LITERAL(out, "},\"key\":");
  text_json(out, outbox_bytes(outbox, entry->key, entry->key_size));
  TEXT_LITERAL(out, ",\"ruleset\":");
  text_json(out, header_of(outbox, entry, "ruleset"));
  TEXT_LITERAL(out, ",\"raw\":\"");
}

enum status writer_put(struct writer *writer, const struct outbox *outbox, struct error *error) {
  for (size_t i = 0; i < outbox->size; i++) {
    const struct outbox_entry *entry = &outbox->entries[i];
    if (!files[entry->topic].written) continue;
    struct output *output = &writer->outputs[entry->topic];
    const struct slice value = outbox_bytes(outbox, entry->value, entry->value_size);
    if (entry->topic == TOPIC_DEAD_LETTERS) {
      begin_dead_letter(&output->buffer, outbox, entry);
      append_base64(&output->buffer, value.data, value.size);
      TEXT_LITERAL(&output->buffer, "\"}");
    } else {
      text_append(&output->buffer, value);
    }
    text_byte(&output->buffer, '\n');
    if (output->buffer.size >= BUFFER) {
      const enum status status = flush(writer, entry->topic, error);
      if (status != STATUS_OK) return status;
    }
  }
  return STATUS_OK;
}

enum status writer_stream_begin(struct writer *writer, const struct outbox *outbox, const struct outbox_entry *entry, struct error *error) {
  writer->group_size = 0;
  writer->stream_error = (struct error){0};
  begin_dead_letter(&writer->outputs[TOPIC_DEAD_LETTERS].buffer, outbox, entry);
  return flush(writer, TOPIC_DEAD_LETTERS, error);
}

void writer_stream_piece(void *context, const char *bytes, size_t size) {
  struct writer *writer = context;
  while (size > 0 && writer->stream_error.status == STATUS_OK) {
    const size_t part = size < GROUP - writer->group_size ? size : GROUP - writer->group_size;
    memcpy(writer->group + writer->group_size, bytes, part);
    writer->group_size += part;
    bytes += part;
    size -= part;
    if (writer->group_size < GROUP) break;
    append_base64(&writer->outputs[TOPIC_DEAD_LETTERS].buffer, writer->group, GROUP);
    writer->group_size = 0;
    if (writer->outputs[TOPIC_DEAD_LETTERS].buffer.size >= BUFFER) flush(writer, TOPIC_DEAD_LETTERS, &writer->stream_error);
  }
}

enum status writer_stream_end(struct writer *writer, struct error *error) {
  struct output *output = &writer->outputs[TOPIC_DEAD_LETTERS];
  if (writer->stream_error.status != STATUS_OK)
    return error_set(error, writer->stream_error.status, "%s", writer->stream_error.text);
  append_base64(&output->buffer, writer->group, writer->group_size);
  TEXT_LITERAL(&output->buffer, "\"}\n");
  return flush(writer, TOPIC_DEAD_LETTERS, error);
}

enum status writer_finish(struct writer *writer, struct error *error) {
  for (int t = 0; t < TOPIC_COUNT; t++) {
    if (!files[t].written) continue;
    char part[PATH_MAX];
    path_of(writer, (enum topic)t, ".part", part);
    const enum status status = flush(writer, (enum topic)t, error);
    if (status != STATUS_OK) return status;
    if (fsync(writer->outputs[t].descriptor) != 0 && errno != EINVAL && errno != EROFS) return fail("write", part, error);
    const int descriptor = writer->outputs[t].descriptor;
    writer->outputs[t].descriptor = -1;
    if (close(descriptor) != 0) return fail("write", part, error);
  }
  // Only now, when every file is whole, does any appear under its name.
  for (int t = 0; t < TOPIC_COUNT; t++) {
    if (!files[t].written) continue;
    char part[PATH_MAX], path[PATH_MAX];
    path_of(writer, (enum topic)t, ".part", part);
    path_of(writer, (enum topic)t, "", path);
    if (rename(part, path) != 0) return fail("rename to", path, error);
  }
  return STATUS_OK;
}

void writer_close(struct writer *writer) {
  if (writer == NULL) return;
  for (int t = 0; t < TOPIC_COUNT; t++) {
    if (writer->outputs[t].descriptor >= 0) close(writer->outputs[t].descriptor);
    text_fini(&writer->outputs[t].buffer);
  }
  memory_free(writer->folder);
  memory_free(writer);
}
