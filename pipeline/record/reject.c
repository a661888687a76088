#include "record/reject.h"

#include <assert.h>

static const struct {
  const char *name, *meaning[2];
} reasons[] = {
#define X(name, text, meaning, meaning_zh) {text, {meaning, meaning_zh}},
    REJECT_REASONS(X)
#undef X
};

const char *reject_name(enum reject reject) {
  assert((unsigned)reject < REJECT_COUNT);
  return reasons[reject].name;
}

const char *reject_meaning(enum reject reject, bool chinese) {
  assert((unsigned)reject < REJECT_COUNT);
  return reasons[reject].meaning[chinese];
}
