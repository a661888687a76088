// What `retry` and `drop` have in common: numbers of letters, or all open ones of a reason, each decided in a transaction.
#pragma once

#include <argp.h>

#include "cli/topics/dlq/letters.h"

struct decide {
  const char *config, *reason, *file, *by, *why;
  const char **numbers;       // of decide_argp; NULL before
  size_t numbers_size;
  bool all, yes, again;
  enum letter_state state;    // LETTER_RETRIED or LETTER_DROPPED
};

// The options of both, as a child of the verb's own argp. Its input is a struct decide.
extern const struct argp decide_argp;
#define DECIDE_DOC_END "What was decided already is refused, so that nothing is done twice by mistake; decisions stand in the topic " \
                       "dead-letter-decisions.\n" \
                       "Exit status: 0 done, 1 there is none of a number, it was decided already, or --yes is missing, 65 the file cannot be " \
                       "read, 70 the cluster cannot be asked, 78 bad settings."

// The exit code; everything is told. Gives the numbers back.
int decide_run(struct decide *decide);
