#include "record/event.h"

#include <assert.h>

const char *event_type_name(enum event_type type) {
  static const char *const names[] = {
#define X(name) #name,
      EVENT_TYPES(X)
#undef X
  };
  assert((unsigned)type < EVENT_TYPE_COUNT);
  return names[type];
}
