#include "cli/rules/past.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"

enum { OPTION_FROM = 2000, BATCH_RECORDS = 1000, BATCH_BYTES = 4 << 20 };

static error_t parse(int key, char *value, struct argp_state *state) {
  struct past *past = state->input;
  char *end = NULL;
  switch (key) {
    case ARGP_KEY_INIT: past->workers = 1; return 0;
    case 'c': past->config = value; return 0;
    case 'q': past->quiet = true; return 0;
    case OPTION_FROM: paths_add(state, &past->files, value); return 0;
    case 'j':
      errno = 0;
      past->workers = strtoul(value, &end, 10);
      if (errno != 0 || *end != '\0' || past->workers < 1 || past->workers > 64) argp_error(state, "--workers is 1..64, not '%s'", value);
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_option options[] = {
    {"from", OPTION_FROM, "FILE", 0, "A file of the past (NDJSON, plain or gzip); may stand many times", 0},
    {"workers", 'j', "N", 0, "Threads, 1..64 (default: 1)", 0},
    {"config", 'c', "FILE", 0, "Settings of the site; without it the defaults hold", 0},
    {"quiet", 'q', NULL, 0, "No progress bar", 0},
    {0}};
const struct argp past_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};

struct site *past_site(const struct past *past) {
  struct diagnostics diagnostics = {0};
  struct site *site = site_load(past->config, &diagnostics);
  struct text text = {0};
  diagnostics_sort(&diagnostics);
  diagnostics_write_text(&diagnostics, &text);
  if (text.size > 0) paths_print(stderr, &text);
  text_fini(&text);
  diagnostics_fini(&diagnostics);
  return site;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int past_screen(const struct past *past, const struct site *site, const struct ruleset *ruleset, struct backtest_report *report) {
  const bool bar = !past->quiet && isatty(STDERR_FILENO);
  struct backtest_options run = {.sides = {ruleset, NULL}, .engine = site->engine, .paths = past->files.items, .paths_size = past->files.size,
                                 .workers = (unsigned)past->workers, .batch_records = BATCH_RECORDS, .batch_bytes = BATCH_BYTES,
                                 .progress = bar ? progress_show : NULL};
  run.engine.screen.now_ns = now_ns;
  run.engine.screen.time_every = PAST_TIME_EVERY;
  struct error error = {0};
  const enum status status = backtest_run(&run, report, &error);
  if (bar) fputc('\n', stderr);
  if (status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
  return status == STATUS_OK ? CLI_OK : status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE;
}

uint64_t past_each_ns(const struct backtest_report *report, size_t rule) {
  const struct rule_counts *counts = &report->rule_counts[rule];
  return counts->timed > 0 ? counts->timed_ns / counts->timed : 0;
}
