#include "consumers/spill.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/memory.h"

enum { BLOCK_BYTES = 8 << 10 };

struct block { uint64_t offset, size; };

struct bucket {
  struct text waiting;
  struct block *blocks;
  size_t blocks_size, blocks_capacity;
};

struct spill {
  int file;
  uint64_t size;
  struct bucket buckets[SPILL_BUCKETS];
};

static int open_nameless(const char *folder) {
  const int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  char path[PATH_MAX];    // a file system that knows no files without a name
  if (snprintf(path, sizeof path, "%s/settlewatch-XXXXXX", folder) >= (int)sizeof path) return -1;
  const int named = mkostemp(path, O_CLOEXEC);
  if (named >= 0) unlink(path);
  return named;
}

struct spill *spill_open(struct error *error) {
  const char *folder = getenv("TMPDIR");
  if (folder == NULL || folder[0] == '\0') folder = "/tmp";
  const int file = open_nameless(folder);
  if (file < 0) {
    error_set(error, STATUS_FATAL, "cannot make a file in '%s': %s, set TMPDIR to a folder with room", folder, strerror(errno));
    return NULL;
  }
  struct spill *spill = memory_take(sizeof *spill);
  spill->file = file;
  return spill;
}

void spill_close(struct spill *spill) {
  if (spill == NULL) return;
  close(spill->file);
  for (unsigned i = 0; i < SPILL_BUCKETS; i++) {
    text_fini(&spill->buckets[i].waiting);
    memory_free(spill->buckets[i].blocks);
  }
  memory_free(spill);
}

static enum status write_block(struct spill *spill, struct bucket *bucket, struct error *error) {
  size_t done = 0;
  while (done < bucket->waiting.size) {
    const ssize_t put = pwrite(spill->file, bucket->waiting.data + done, bucket->waiting.size - done, (off_t)(spill->size + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return error_set(error, STATUS_FATAL, "cannot put findings aside: %s, set TMPDIR to a folder with room", strerror(errno));
    done += (size_t)put;
  }
  if (bucket->blocks_size == bucket->blocks_capacity) {
    bucket->blocks_capacity = bucket->blocks_capacity ? bucket->blocks_capacity * 2 : 16;
    bucket->blocks = memory_resize(bucket->blocks, bucket->blocks_capacity * sizeof *bucket->blocks);
  }
  bucket->blocks[bucket->blocks_size++] = (struct block){spill->size, done};
  spill->size += done;
  text_clear(&bucket->waiting);
  return STATUS_OK;
}

enum status spill_put(struct spill *spill, unsigned bucket, struct slice bytes, struct error *error) {
  assert(bucket < SPILL_BUCKETS);
  struct bucket *to = &spill->buckets[bucket];
  text_append(&to->waiting, bytes);
  return to->waiting.size >= BLOCK_BYTES ? write_block(spill, to, error) : STATUS_OK;
}

enum status spill_read(struct spill *spill, unsigned bucket, struct text *out, struct error *error) {
  assert(bucket < SPILL_BUCKETS);
  const struct bucket *from = &spill->buckets[bucket];
  for (size_t i = 0; i < from->blocks_size; i++) {
    size_t done = 0;
    char *to = text_reserve(out, from->blocks[i].size);
    while (done < from->blocks[i].size) {
      const ssize_t got = pread(spill->file, to + done, from->blocks[i].size - done, (off_t)(from->blocks[i].offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return error_set(error, STATUS_FATAL, "cannot read what was put aside: %s", got == 0 ? "the file is cut" : strerror(errno));
      done += (size_t)got;
    }
    out->size += done;
  }
  text_append(out, text_slice(&from->waiting));
  return STATUS_OK;
}

uint64_t spill_bytes(const struct spill *spill) { return spill->size; }
