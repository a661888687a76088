// Runs a fuzz target over all files of a folder, so that every input that was ever of interest stays an ordinary test.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

static int replay(const char *folder, const char *name) {
  struct text path = {0}, bytes = {0};
  text_format(&path, "%s/%s%c", folder, name, '\0');
  FILE *stream = fopen(path.data, "rb");
  size_t got = 0;
  do {
    if (stream == NULL) break;
    got = fread(text_reserve(&bytes, 65536), 1, 65536, stream);
    bytes.size += got;
  } while (got == 65536);
  const int failed = stream == NULL || ferror(stream);
  if (failed) fprintf(stderr, "%s: %s\n", path.data, strerror(errno));
  if (stream != NULL) fclose(stream);
  if (!failed) {
    // A buffer of the exact size, so that reading behind the end is seen.
    uint8_t *exact = memory_take(bytes.size);
    if (bytes.size > 0) memcpy(exact, bytes.data, bytes.size);
    LLVMFuzzerTestOneInput(exact, bytes.size);
    memory_free(exact);
  }
  text_fini(&path);
  text_fini(&bytes);
  return failed;
}

int main(int argc, char **argv) {
  int failures = 0, files = 0;
  for (int i = 1; i < argc; i++) {
    DIR *folder = opendir(argv[i]);
    if (folder == NULL) {
      fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
      return 1;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
      if (entry->d_name[0] == '.') continue;
      failures += replay(argv[i], entry->d_name);
      files++;
    }
    closedir(folder);
  }
  printf("%d files replayed\n", files);
  return failures > 0 || files == 0;
}
