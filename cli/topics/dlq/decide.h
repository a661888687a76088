// What `retry` and `drop` have in common: numbers of letters, or all open ones of a reason, each decided in a transaction.
#pragma once

#include "cli/topics/dlq/letters.h"

struct decide {
  const char *config, *reason, *file, *by, *why;
  const char *const *numbers;
  size_t numbers_size;
  bool all, yes, again;
  enum letter_state state;    // LETTER_RETRIED or LETTER_DROPPED
};

// The exit code; everything is told.
int decide_run(const struct decide *decide);
