#include "config/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/text.h"

static int compare_names(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

bool folder_list(struct arena *arena, const char *folder, const char *suffix, const char *const **names, size_t *size) {
  *names = NULL;
  *size = 0;
  DIR *stream = opendir(folder);
  if (stream == NULL) return false;
  const char **list = NULL;
  size_t n = 0, room = 0;
  errno = 0;
  for (const struct dirent *entry; (entry = readdir(stream)) != NULL; errno = 0) {
    const struct slice name = slice_from(entry->d_name), end = slice_from(suffix);
    if (name.data[0] == '.' || name.size <= end.size) continue;
    if (memcmp(name.data + name.size - end.size, end.data, end.size) != 0) continue;
    if (n == room) {
      room = room ? room * 2 : 16;
      list = memory_resize(list, room * sizeof *list);
    }
    list[n++] = arena_copy_text(arena, name);
  }
  const int failure = errno;
  closedir(stream);
  if (n > 0) {
    qsort(list, n, sizeof *list, compare_names);
    const char **kept = ARENA_ARRAY(arena, const char *, n);
    memcpy(kept, list, n * sizeof *list);
    *names = kept;
    *size = n;
  }
  memory_free(list);
  errno = failure;
  return failure == 0;
}

const char *folder_path(struct arena *arena, const char *folder, const char *name, ...) {
  struct text path = {0};
  text_append(&path, slice_from(folder));
  if (path.size == 0 || path.data[path.size - 1] != '/') text_byte(&path, '/');
  va_list parts;
  va_start(parts, name);
  for (const char *part = name; part != NULL; part = va_arg(parts, const char *)) text_append(&path, slice_from(part));
  va_end(parts);
  const char *copy = arena_copy_text(arena, text_slice(&path));
  text_fini(&path);
  return copy;
}
