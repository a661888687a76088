// The past that a verb about rules looks at: its files, and one screening of them with every decision counted.
#pragma once

#include "cli/rules/paths.h"
#include "consumers/backtest.h"
#include "consumers/site.h"

struct past {
  const char *config;
  struct paths files;
  unsigned long workers;    // 1 by default
  bool quiet;
};

// --from, --workers, --config, --quiet: a child of the verb's parser, with a struct past as its input.
extern const struct argp past_argp;
// The settings; NULL when they are bad, and told.
struct site *past_site(const struct past *past);
// Counts every outcome of every rule and what is open at the end; one decision in PAST_TIME_EVERY is timed, a prime, so that no rule that comes
// at a regular place is always or never the one. Errors are told; the exit code. backtest_fini in any case.
enum { PAST_TIME_EVERY = 61 };
int past_screen(const struct past *past, const struct site *site, const struct ruleset *ruleset, struct backtest_report *report);
// Nanoseconds of a decision of the rule, by its number; 0: none was timed.
uint64_t past_each_ns(const struct backtest_report *report, size_t rule);
