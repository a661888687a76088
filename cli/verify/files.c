// The embedded form's output: no marks are needed, for each file holds its results in the order of the receipts.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/verify/receipts.h"
#include "core/memory.h"
#include "record/json.h"
#include "stream/file/writer.h"

struct lines {
  FILE *file;
  char *line;     // of getline
  size_t room;
  uint64_t number;
};

struct reading {
  struct findings *findings;
  struct lines topics[TOPIC_COUNT];
  struct json_reader *reader;
  struct arena arena;
};

static enum status lines_open(struct lines *lines, const char *folder, enum topic topic, struct error *error) {
  struct text path = {0};
  text_format(&path, "%s/%s%c", folder, writer_file_name(topic), '\0');
  lines->file = fopen(path.data, "re");
  const enum status status = lines->file != NULL ? STATUS_OK : error_set(error, STATUS_REJECT, "cannot read '%s': %s", path.data, strerror(errno));
  text_fini(&path);
  return status;
}

// The next line without its newline; SLICE_NONE at the end.
static struct slice lines_next(struct lines *lines) {
  const ssize_t got = getline(&lines->line, &lines->room, lines->file);
  if (got < 0) return SLICE_NONE;
  lines->number++;
  return (struct slice){lines->line, (size_t)got - (got > 0 && lines->line[got - 1] == '\n')};
}

// Key and value as they were hashed. The line of a dead letter is an envelope around the bytes; of one that was too large only the
// bytes up to `byte` were in memory and hashed.
static bool unpack(struct reading *reading, enum topic topic, struct slice line, struct slice *key, struct slice *value) {
  struct error error = {0};
  const struct json_value *root;
  struct slice reason, raw = SLICE("");
  int64_t byte;
  arena_reset(&reading->arena);
  *key = SLICE_NONE;
  *value = line;
  if (topic == TOPIC_INSTITUTION_FACTS) return true;
  if (json_read(reading->reader, &reading->arena, line, &root, &error) != STATUS_OK) return false;
  if (topic != TOPIC_DEAD_LETTERS) return json_text(root, "fixmedins_code", key, &error) || error.status == STATUS_OK;
  (void)json_text(root, "key", key, &error);
  (void)json_text(root, "raw", &raw, &error);
  size_t size;
  char *bytes = arena_take(&reading->arena, raw.size + 1);
  if (!json_text(root, "reason", &reason, &error) || digest_base64_decode(bytes, raw.size, &size, raw) != 0) return false;
  if (slice_equal(reason, SLICE("too_large")) && json_int(root, "byte", 0, INT64_MAX, &byte, &error) && (uint64_t)byte < size) size = (size_t)byte;
  *value = (struct slice){bytes, size};
  return error.status == STATUS_OK;
}

// first, last: lines of the file, from 0.
static void told(struct reading *reading, enum proof_kind kind, enum topic topic, uint64_t receipt, uint64_t first, uint64_t last,
                 const char *expected) {
  struct proof_break found = {kind, slice_from(topic_name(topic)), -1, receipt, (int64_t)first, (int64_t)last, ""};
  snprintf(found.expected, sizeof found.expected, "%s", expected);
  proof_tell(reading->findings->proof, &found);
}

// One receipt, then as many lines of each file as it says.
static void follow(struct reading *reading, struct slice line) {
  struct proof *proof = reading->findings->proof;
  struct receipt receipt;
  struct error error = {0};
  arena_reset(&reading->arena);
  const bool good = receipt_read(reading->reader, &reading->arena, line, &receipt, &error) == STATUS_OK;
  proof_receipt(proof, line);
  if (!good) return;
  struct text topic_text = {0};
  text_append(&topic_text, receipt.topic);
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    for (uint64_t place = 0; place < receipt.outputs[topic] && reading->topics[topic].file != NULL; place++) {
      const struct slice output = lines_next(&reading->topics[topic]);
      struct slice key, value;
      if (!slice_present(output)) break;
      if (unpack(reading, topic, output, &key, &value))
        proof_output(proof, text_slice(&topic_text), topic, receipt.partition, receipt.number, place, key, value);
      else
        told(reading, PROOF_MALFORMED, topic, receipt.number, reading->topics[topic].number - 1, reading->topics[topic].number - 1, "a line of JSON as the embedded form writes it");
    }
  }
  text_fini(&topic_text);
}

enum status receipts_files(const char *folder, struct findings *findings, struct error *error) {
  struct reading reading = {.findings = findings, .reader = json_reader_create()};
  arena_init(&reading.arena, 1 << 16);
  enum status status = STATUS_OK;
  for (enum topic topic = 0; topic < TOPIC_COUNT && status == STATUS_OK; topic++)
    if (writer_file_name(topic) != NULL) status = lines_open(&reading.topics[topic], folder, topic, error);
  struct slice line;
  while (status == STATUS_OK && slice_present(line = lines_next(&reading.topics[TOPIC_SCREENING_RECEIPTS]))) follow(&reading, line);
  for (enum topic topic = 0; topic < TOPIC_COUNT && status == STATUS_OK; topic++) {
    if (reading.topics[topic].file == NULL || topic == TOPIC_SCREENING_RECEIPTS) continue;
    const uint64_t first = reading.topics[topic].number;
    while (slice_present(lines_next(&reading.topics[topic]))) {}
    const uint64_t end = reading.topics[topic].number;
    if (end > first) told(&reading, PROOF_EXTRA, topic, 0, first, end - 1, "the end of the file: no receipt covers these lines");
  }
  if (status == STATUS_OK) (void)proof_end(findings->proof);
  const size_t size = proof_lanes(findings->proof, NULL, 0);
  struct proof_lane *lanes = memory_take((size + 1) * sizeof *lanes);
  proof_lanes(findings->proof, lanes, size);
  for (size_t i = 0; i < size; i++) {
    if (lanes[i].first_offset <= 0) continue;
    struct proof_break found = {PROOF_GAP, lanes[i].topic, lanes[i].partition, 1, 0, lanes[i].first_offset - 1, "receipts from the first record on"};
    proof_tell(findings->proof, &found);
  }
  memory_free(lanes);
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (reading.topics[topic].file != NULL) fclose(reading.topics[topic].file);
    free(reading.topics[topic].line);
  }
  json_reader_destroy(reading.reader);
  arena_fini(&reading.arena);
  return status;
}
