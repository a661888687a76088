#include "cli/progress.h"

#include <stdio.h>

void progress_show(void *context, uint64_t done, uint64_t total, uint64_t records) {
  (void)context;
  enum { WIDTH = 40 };
  char bar[WIDTH + 1];
  const unsigned filled = total > 0 ? (unsigned)(done >= total ? WIDTH : done * WIDTH / total) : 0;
  for (unsigned i = 0; i < WIDTH; i++) bar[i] = i < filled ? '#' : '.';
  bar[WIDTH] = '\0';
  if (total > 0) fprintf(stderr, "\r[%s] %3u %%", bar, (unsigned)(done >= total ? 100 : done * 100 / total));
  else fprintf(stderr, "\r%llu MiB", (unsigned long long)(done >> 20));
  if (records > 0) fprintf(stderr, "  %llu", (unsigned long long)records);
}
