#include "core/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault fault_armed;
struct slice fault_mark;
static atomic_long left;    // times to come by until the last

static const struct {
  const char *name;
  bool transaction;
  const char *where;
} points[FAULT_COUNT] = {
    {NULL, false, NULL},
#define X(name, text, transaction, where) {text, transaction, where},
    FAULT_POINTS(X)
#undef X
};

void fault_list(void (*tell)(const char *name, bool transaction, const char *where)) {
  for (unsigned i = FAULT_NONE + 1; i < FAULT_COUNT; i++) tell(points[i].name, points[i].transaction, points[i].where);
}

enum status fault_arm(const char *text, struct error *error) {
  const char *colon = strchr(text, ':');
  const size_t size = colon != NULL ? (size_t)(colon - text) : strlen(text);
  if (colon != NULL && strncmp(text, "poison", size) == 0 && size == strlen("poison")) {
    if (colon[1] == '\0') return error_set(error, STATUS_REJECT, "'poison:MARK' needs a mark");
    fault_mark = slice_from(colon + 1);
    return STATUS_OK;
  }
  long times = 1;
  if (colon != NULL) {
    char *end;
    errno = 0;
    times = strtol(colon + 1, &end, 10);
    if (errno != 0 || end == colon + 1 || *end != '\0' || times < 1)
      return error_set(error, STATUS_REJECT, "the time to end at must be a number from 1, not '%s'", colon + 1);
  }
  for (unsigned i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
    if (strlen(points[i].name) != size || strncmp(points[i].name, text, size) != 0) continue;
    atomic_store(&left, times);
    fault_armed = (enum fault)i;
    return STATUS_OK;
  }
  return error_set(error, STATUS_REJECT, "no fault point '%.*s': --fault-points list tells them", (int)size, text);
}

void fault_reached(void) {
  if (atomic_fetch_sub(&left, 1) == 1) kill(getpid(), SIGKILL);
}

void fault_screen(struct slice value) {
  if (memmem(value.data, value.size, fault_mark.data, fault_mark.size) != NULL) abort();
}
