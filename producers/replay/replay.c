#include "producers/replay/replay.h"

#include <time.h>

#include "producers/replay/pseudonym.h"
#include "stream/file/reader.h"

enum { BATCH_RECORDS = 500, BATCH_BYTES = 4 << 20, PROGRESS_MS = 500 };

struct replay {
  struct publish *publish;
  const struct replay_options *options;
  struct replay_result *result;
  struct decoder *decoder;
  struct arena arena;
  struct text line;
  int64_t begun_ms, told_ms;
};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// What is sent is text of our own when persons become pseudonyms; readable bytes for the decoder follow it in any case.
static bool rewrite(struct replay *replay, struct slice *value) {
  text_clear(&replay->line);
  if (pseudonym_write(replay->options->pseudonym_key, *value, &replay->line) != STATUS_OK) return false;
  const size_t size = replay->line.size;
  memset(text_reserve(&replay->line, DECODE_PADDING), 0, DECODE_PADDING);
  *value = (struct slice){replay->line.data, size};
  return true;
}

// A line that is no JSON could hold a person's number anywhere.
static bool opaque(enum reject reason) {
  return reason == REJECT_NOT_JSON || reason == REJECT_NOT_UTF8 || reason == REJECT_TOO_DEEP || reason == REJECT_TOO_LARGE;
}

static enum status send(struct replay *replay, const struct record *record, struct error *error) {
  struct replay_result *result = replay->result;
  struct slice value = record->value;
  if (replay->options->pseudonym_key != NULL && !rewrite(replay, &value)) {
    result->refused++;
    return STATUS_OK;
  }
  struct event event = {0};
  struct decode_failure failure = {0};
  arena_reset(&replay->arena);
  const bool dead = decode(replay->decoder, &replay->arena, value.data, value.size, &event, &failure) != STATUS_OK;
  if (dead && replay->options->pseudonym_key != NULL && opaque(failure.reason)) {
    result->refused++;
    return STATUS_OK;
  }
  enum status status = STATUS_OK;
  if (!dead && event.type == EVENT_TICK) {
    for (int32_t p = 0; p < replay->options->partitions && status == STATUS_OK; p++)
      status = publish_send(replay->publish, p, SLICE_NONE, value, error);
    result->ticks++;
  } else {
    const struct slice key = slice_present(event.psn_no) ? event.psn_no : event.fixmedins_code;
    result->unkeyed += !slice_present(key);
    status = publish_send(replay->publish, -1, key, value, error);
    if (status == STATUS_REJECT) {
      error->status = STATUS_OK;
      result->too_large++;
      return STATUS_OK;
    }
  }
  result->records += status == STATUS_OK;
  return status;
}

static void drain(void *context, const char *bytes, size_t size) {
  (void)context;
  (void)bytes;
  (void)size;
}

// Waits until the rate allows the next record.
static void pace(const struct replay *replay) {
  if (replay->options->rate == 0) return;
  const int64_t due_ms = replay->begun_ms + (int64_t)(replay->result->records * 1000 / replay->options->rate);
  const int64_t wait = due_ms - now_ms();
  if (wait <= 0) return;
  const struct timespec pause = {wait / 1000, (long)(wait % 1000) * 1000000L};
  nanosleep(&pause, NULL);
}

enum status replay_run(struct publish *publish, const struct replay_options *options, struct replay_result *result, struct error *error) {
  struct replay replay = {.publish = publish, .options = options, .result = result, .begun_ms = now_ms()};
  *result = (struct replay_result){0};
  arena_init(&replay.arena, 1 << 20);
  replay.decoder = decoder_create(&options->decode);
  const struct reader_limits limits = {options->decode.record_bytes_max, BATCH_RECORDS, BATCH_BYTES};
  struct reader *reader = reader_open(options->paths, options->paths_size, &limits);
  enum status status = STATUS_OK;
  while (status == STATUS_OK && !(options->stopping != NULL && options->stopping(options->context))) {
    const struct record *records;
    size_t size;
    status = reader_take(reader, &records, &size, error);
    if (status != STATUS_OK || size == 0) break;
    for (size_t i = 0; i < size && status == STATUS_OK; i++) {
      if (records[i].too_large) {
        result->too_large++;
        status = reader_stream(reader, drain, NULL, error);
        continue;
      }
      pace(&replay);
      status = send(&replay, &records[i], error);
    }
    if (options->progress != NULL && now_ms() - replay.told_ms >= PROGRESS_MS) {
      uint64_t done, total;
      reader_progress(reader, &done, &total);
      options->progress(options->context, done, total, result->records);
      replay.told_ms = now_ms();
    }
  }
  struct error late = {0};
  const enum status flushed = publish_flush(publish, &late);
  if (status == STATUS_OK && flushed != STATUS_OK) status = error_set(error, flushed, "%s", late.text);
  reader_close(reader);
  decoder_destroy(replay.decoder);
  text_fini(&replay.line);
  arena_fini(&replay.arena);
  return status;
}
