#include "review/seeds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"

enum { FILE_BYTES_MAX = 1 << 20, WORDS_MAX = 5 };

void seeds_commit(const unsigned char seed[DIGEST_KEY_BYTES], unsigned char out[DIGEST_BYTES]) {
  digest_sha256(seed, DIGEST_KEY_BYTES, out);
}

static bool hex_bytes(struct slice text, unsigned char *out, size_t size) {
  if (text.size != 2 * size) return false;
  for (size_t i = 0; i < text.size; i++) {
    const char c = text.data[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return false;
    out[i / 2] = (unsigned char)(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
  }
  return true;
}

static size_t split(struct slice line, struct slice words[WORDS_MAX + 1]) {
  size_t size = 0;
  for (size_t at = 0; at < line.size && size <= WORDS_MAX;) {
    while (at < line.size && strchr(" \t\r", line.data[at]) != NULL) at++;
    const size_t from = at;
    while (at < line.size && strchr(" \t\r", line.data[at]) == NULL) at++;
    if (at > from) words[size++] = (struct slice){line.data + from, at - from};
  }
  return size;
}

// What is wrong with the line, or NULL.
static const char *parse_line(struct slice line, struct draw_seed *row) {
  struct slice words[WORDS_MAX + 1];
  const size_t size = split(line, words);
  *row = (struct draw_seed){.published_s = DATE_ABSENT};
  if (size < 2 || size > WORDS_MAX) return "a line must be: month, seed, commit, date and time of its publication";
  if (!draw_month_parse(words[0], &row->month)) return "the first word must be a month such as 2026-09";
  if (!hex_bytes(words[1], row->seed, sizeof row->seed)) return "the second word must be a seed of 64 hex digits";
  row->committed = size > 2 && !slice_equal(words[2], SLICE("-"));
  if (row->committed && !hex_bytes(words[2], row->commit, sizeof row->commit)) return "the third word must be a commit of 64 hex digits, or -";
  if (size > 3) {
    const struct slice time = {words[3].data, (size_t)(words[size - 1].data + words[size - 1].size - words[3].data)};
    if (!date_parse(time, &row->published_s, NULL)) return "the last words must be a time such as 2026-08-28 10:00:00";
  }
  return NULL;
}

static int by_month(const void *a, const void *b) {
  const int32_t left = ((const struct draw_seed *)a)->month, right = ((const struct draw_seed *)b)->month;
  return (left > right) - (left < right);
}

enum status seeds_read(struct slice text, const char *name, struct arena *arena, struct seeds *seeds, struct error *error) {
  size_t lines = 1;
  for (size_t i = 0; i < text.size; i++) lines += text.data[i] == '\n';
  *seeds = (struct seeds){.rows = ARENA_ZEROED(arena, struct draw_seed, lines)};
  unsigned number = 0;
  for (size_t at = 0; at < text.size;) {
    const char *end = memchr(text.data + at, '\n', text.size - at);
    const struct slice line = {text.data + at, end ? (size_t)(end - text.data) - at : text.size - at};
    at += line.size + 1;
    number++;
    struct slice words[WORDS_MAX + 1];
    if (split(line, words) == 0 || words[0].data[0] == '#') continue;
    struct draw_seed *row = &seeds->rows[seeds->size];
    const char *wrong = parse_line(line, row);
    for (size_t i = 0; wrong == NULL && i < seeds->size; i++)
      if (seeds->rows[i].month == row->month) wrong = "the month has a seed already; a seed is never replaced";
    for (size_t i = 0; wrong == NULL && i < seeds->size; i++)
      if (digest_equal(seeds->rows[i].seed, row->seed, sizeof row->seed)) wrong = "the seed serves another month already";
    if (wrong != NULL) {
      seeds->size++;
      seeds_wipe(seeds);
      return error_set(error, STATUS_FATAL, "%s:%u: %s", name, number, wrong);
    }
    seeds->size++;
  }
  if (seeds->size > 1) qsort(seeds->rows, seeds->size, sizeof *seeds->rows, by_month);
  return STATUS_OK;
}

enum status seeds_load(const char *path, struct arena *arena, struct seeds *seeds, struct error *error) {
  *seeds = (struct seeds){0};
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return error_set(error, STATUS_FATAL, "cannot read seeds '%s': %s", path, strerror(errno));
  char *bytes = memory_take(FILE_BYTES_MAX + 1);
  size_t size = 0;
  ssize_t got = 0;
  while (size <= FILE_BYTES_MAX && (got = read(file, bytes + size, FILE_BYTES_MAX + 1 - size)) > 0) size += (size_t)got;
  struct stat about;
  enum status status = STATUS_FATAL;
  if (got < 0 || fstat(file, &about) != 0)
    error_set(error, STATUS_FATAL, "cannot read seeds '%s': %s", path, strerror(errno));
  else if (size > FILE_BYTES_MAX)
    error_set(error, STATUS_FATAL, "seeds '%s' are longer than %d bytes: is it the right file?", path, (int)FILE_BYTES_MAX);
  else
    status = seeds_read((struct slice){bytes, size}, path, arena, seeds, error);
  if (status == STATUS_OK) seeds->exposed = (about.st_mode & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH)) != 0;
  explicit_bzero(bytes, size);
  memory_free(bytes);
  close(file);
  return status;
}

void seeds_wipe(struct seeds *seeds) {
  if (seeds->rows != NULL) explicit_bzero(seeds->rows, seeds->size * sizeof *seeds->rows);
  *seeds = (struct seeds){0};
}

void seeds_write(struct text *out, const struct draw_seed *seed) {
  draw_month_write(out, seed->month);
  text_byte(out, ' ');
  text_hex(out, seed->seed, sizeof seed->seed);
  text_byte(out, ' ');
  if (seed->committed) text_hex(out, seed->commit, sizeof seed->commit);
  else text_byte(out, '-');
  if (seed->published_s != DATE_ABSENT) {
    text_byte(out, ' ');
    date_write_time(out, seed->published_s);
  }
  text_byte(out, '\n');
}

const char *seeds_unfit(const struct draw_seed *seed) {
  unsigned char commit[DIGEST_BYTES];
  seeds_commit(seed->seed, commit);
  if (!seed->committed) return "the commit is missing";
  if (!digest_equal(commit, seed->commit, sizeof commit)) return "the commit is not that of the seed";
  if (seed->published_s != DATE_ABSENT && seed->published_s >= draw_month_start(seed->month))
    return "the commit was published after the month had begun";
  return NULL;
}
