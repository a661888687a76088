#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum status files_put(const char *folder, const char *name, const struct text *bytes, struct error *error) {
  char path[4096], part[4096 + 8];
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
    return error_set(error, STATUS_FATAL, "the folder's name is too long");
  snprintf(part, sizeof part, "%s.part", path);
  const int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  size_t at = 0;
  bool good = file >= 0;
  while (good && at < bytes->size) {
    const ssize_t written = write(file, bytes->data + at, bytes->size - at);
    good = written > 0;
    at += good ? (size_t)written : 0;
  }
  good = good && fsync(file) == 0;
  int reason = errno;
  if (file >= 0) close(file);
  if (good && rename(part, path) != 0) {
    good = false;
    reason = errno;
  }
  return good ? STATUS_OK : error_set(error, STATUS_FATAL, "cannot write '%s': %s", path, strerror(reason));
}
