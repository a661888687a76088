#include "stream/file/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/memory.h"

enum { CHUNK = 256 * 1024, GZIP_1 = 0x1f, GZIP_2 = 0x8b, WINDOW_GZIP = 15 + 16 };

struct content {
  int descriptor;
  bool end;             // of the file
  bool known, gzip;     // its first bytes were looked at
  bool inside;          // a member
  bool padding;         // zero bytes behind the last member
  uint64_t taken;
  unsigned char *begin, *at, *limit;    // bytes of the file that were read and not used: [at, limit)
  z_stream stream;
};

enum status content_open(const char *path, struct content **content, struct error *error) {
  const int descriptor = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
  struct stat stat_of;
  if (descriptor < 0 || fstat(descriptor, &stat_of) != 0) return error_set(error, STATUS_REJECT, "%s", strerror(errno));
  if (S_ISDIR(stat_of.st_mode)) {
    close(descriptor);
    return error_set(error, STATUS_REJECT, "it is a folder");
  }
  struct content *made = *content = memory_take(sizeof *made);
  made->descriptor = descriptor;
  made->begin = made->at = made->limit = memory_take(CHUNK);
  return STATUS_OK;
}

void content_close(struct content *content) {
  if (content == NULL) return;
  if (content->gzip) (void)inflateEnd(&content->stream);
  close(content->descriptor);
  memory_free(content->begin);
  memory_free(content);
}

uint64_t content_taken(const struct content *content) { return content->taken; }

static enum status take(struct content *content, void *to, size_t size, size_t *got, struct error *error) {
  ssize_t now;
  do now = read(content->descriptor, to, size);
  while (now < 0 && errno == EINTR);
  *got = now > 0 ? (size_t)now : 0;
  content->taken += *got;
  content->end = now <= 0;
  return now < 0 ? error_set(error, STATUS_REJECT, "%s", strerror(errno)) : STATUS_OK;
}

// Reads on until so many bytes are at hand, or the file ends.
static enum status need(struct content *content, size_t size, struct error *error) {
  enum status status = STATUS_OK;
  while (status == STATUS_OK && (size_t)(content->limit - content->at) < size && !content->end) {
    const size_t left = (size_t)(content->limit - content->at);
    memmove(content->begin, content->at, left);
    content->at = content->begin;
    content->limit = content->begin + left;
    size_t got;
    status = take(content, content->limit, CHUNK - left, &got, error);
    content->limit += got;
  }
  return status;
}

static bool begins_member(const struct content *content) {
  return content->limit - content->at >= 2 && content->at[0] == GZIP_1 && content->at[1] == GZIP_2;
}

static enum status look(struct content *content, struct error *error) {
  const enum status status = need(content, 2, error);
  if (status != STATUS_OK) return status;
  content->known = true;
  content->gzip = content->inside = begins_member(content);
  if (content->gzip && inflateInit2(&content->stream, WINDOW_GZIP) != Z_OK) {
    content->gzip = false;
    return error_set(error, STATUS_REJECT, "out of memory");
  }
  return STATUS_OK;
}

// Behind a member: another one, or zero bytes to the end.
static enum status next_member(struct content *content, struct error *error) {
  enum status status = need(content, 2, error);
  if (status != STATUS_OK) return status;
  if (!content->padding && begins_member(content)) {
    content->inside = true;
    (void)inflateReset(&content->stream);
    return STATUS_OK;
  }
  while (status == STATUS_OK && content->at < content->limit) {
    if (*content->at++ != 0)
      return error_set(error, STATUS_REJECT, "what stands behind a gzip member, at byte %llu, is no gzip",
                       (unsigned long long)(content->taken - (uint64_t)(content->limit - content->at) - 1));
    content->padding = true;
    status = need(content, 1, error);
  }
  return status;
}

static enum status inflate_some(struct content *content, char *to, size_t size, size_t *got, struct error *error) {
  *got = 0;
  const enum status status = need(content, 1, error);
  if (status != STATUS_OK) return status;
  if (content->at == content->limit) return error_set(error, STATUS_REJECT, "the compressed data end too early");
  z_stream *stream = &content->stream;
  stream->next_in = content->at;
  stream->avail_in = (uInt)(content->limit - content->at);
  stream->next_out = (unsigned char *)to;
  stream->avail_out = (uInt)(size < CHUNK ? size : CHUNK);
  const int code = inflate(stream, Z_NO_FLUSH);
  content->at = stream->next_in;
  *got = (size_t)(stream->next_out - (unsigned char *)to);
  if (code == Z_STREAM_END) content->inside = false;
  else if (code != Z_OK && code != Z_BUF_ERROR)
    return error_set(error, STATUS_REJECT, "%s", stream->msg != NULL ? stream->msg : "the compressed data are damaged");
  return STATUS_OK;
}

enum status content_read(struct content *content, char *to, size_t size, size_t *got, struct error *error) {
  *got = 0;
  enum status status = content->known ? STATUS_OK : look(content, error);
  while (status == STATUS_OK && *got < size) {
    size_t now = 0;
    if (content->gzip && content->inside) {
      status = inflate_some(content, to + *got, size - *got, &now, error);
    } else if (content->gzip) {
      status = next_member(content, error);
      if (status == STATUS_OK && !content->inside) break;
    } else if (content->at < content->limit) {
      now = (size_t)(content->limit - content->at) < size - *got ? (size_t)(content->limit - content->at) : size - *got;
      memcpy(to + *got, content->at, now);
      content->at += now;
    } else if (!content->end) {
      status = take(content, to + *got, size - *got, &now, error);
    } else {
      break;
    }
    *got += now;
  }
  return status;
}
