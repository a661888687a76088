#include "consumers/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void journal_say(int level, const char *format, ...) {
  if (level >= JOURNAL_DEBUG) return;
  char line[1100];
  int size = 0;
  if (getenv("JOURNAL_STREAM") != NULL) {
    size = snprintf(line, 100, "<%d>", level);
  } else {
    struct timespec now;
    struct tm local;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    size = (int)strftime(line, 100, "%Y-%m-%d %H:%M:%S", &local);
    size += snprintf(line + size, 100, ".%03ld %s ", now.tv_nsec / 1000000, level <= JOURNAL_ERROR ? "error" : level == JOURNAL_WARNING ? "warning" : "info");
  }
  va_list arguments;
  va_start(arguments, format);
  const int more = vsnprintf(line + size, sizeof line - (size_t)size - 1, format, arguments);
  va_end(arguments);
  const size_t room = sizeof line - (size_t)size - 2;
  size += more < 0 ? 0 : (size_t)more > room ? (int)room : more;
  line[size++] = '\n';
  const ssize_t written = write(STDERR_FILENO, line, (size_t)size);
  (void)written;    // there is nowhere to complain
}

void journal_listener(void *context, int level, const char *text) {
  (void)context;
  journal_say(level, "%s", text);
}
