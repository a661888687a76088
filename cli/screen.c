// settlewatch screen FILE... --rules rules.d --out DIR: the embedded form.
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/day.h"
#include "cli/progress.h"
#include "cli/proof.h"
#include "consumers/embedded.h"
#include "consumers/site.h"
#include "consumers/summary.h"
#include "core/memory.h"
#include "review/seeds.h"
#include "rules/known.h"
#include "rules/load.h"

enum { OPTION_SUMMARY = 1000, OPTION_BATCH, OPTION_SEEDS, OPTION_QUIET, OPTION_DROP, OPTION_UNPROVEN, OPTION_AS_OF };

struct arguments {
  const char *rules, *out, *config, *seeds;
  const char *paths[256];
  size_t paths_size;
  unsigned long workers, batch;
  int32_t known_day;
  bool json, quiet, drop, unproven;
};

static const struct argp_option options[] = {
    {"rules", 'r', "DIR", 0, "Rule folder (default: rules.d, or what the settings say)", 0},
    {"as-of", OPTION_AS_OF, "DATE", 0, "Rules, exemptions and tables as they were known on this day, yyyy-MM-dd (default: as they are known now)", 0},
    {"out", 'o', "DIR", 0, "Folder for the output files, one per topic (default: out)", 0},
    {"config", 'c', "FILE", 0, "Settings of the site; without it the defaults hold", 0},
    {"seeds", OPTION_SEEDS, "FILE", 0, "Seeds of the draw for second review (`settlewatch review commit` makes them)", 0},
    {"summary", OPTION_SUMMARY, "text|json", 0, "How to print the result (default: text)", 0},
    {"workers", 'j', "N", 0, "Threads, 1..64 (default: 1); the result is the same", 0},
    {"batch", OPTION_BATCH, "N", 0, "Messages in a batch (default: 1000); the findings are the same", 0},
    {"unproven", OPTION_UNPROVEN, NULL, 0, "Take active rules at their word: do not ask first whether they pass their own tests", 0},
    {"no-output", OPTION_DROP, NULL, 0, "Write no files; for measuring", 0},
    {"quiet", 'q', NULL, 0, "No progress bar", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  char *end = NULL;
  switch (key) {
    case 'r': arguments->rules = value; return 0;
    case 'o': arguments->out = value; return 0;
    case 'c': arguments->config = value; return 0;
    case 'q': arguments->quiet = true; return 0;
    case OPTION_AS_OF: arguments->known_day = day_option(state, "as-of", value); return 0;
    case OPTION_SEEDS: arguments->seeds = value; return 0;
    case OPTION_DROP: arguments->drop = true; return 0;
    case OPTION_UNPROVEN: arguments->unproven = true; return 0;
    case OPTION_SUMMARY:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--summary is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case 'j':
      arguments->workers = strtoul(value, &end, 10);
      if (*end != '\0' || arguments->workers < 1 || arguments->workers > 64) argp_error(state, "--workers is 1..64, not '%s'", value);
      return 0;
    case OPTION_BATCH:
      arguments->batch = strtoul(value, &end, 10);
      if (*end != '\0' || arguments->batch < 1 || arguments->batch > 1000000) argp_error(state, "--batch is 1..1000000, not '%s'", value);
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->paths_size == sizeof arguments->paths / sizeof *arguments->paths) argp_error(state, "more than 256 files");
      arguments->paths[arguments->paths_size++] = value;
      return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "a file is needed; '-' is standard input"); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "FILE...",
                                 "Screens settlements from NDJSON files (plain or gzip; - is standard input) and writes one NDJSON file "
                                 "per output topic. No broker is needed.\v"
                                 "Exit status: 0 also when there are findings, 65 when a file is unreadable as a whole, 70 for an error of the "
                                 "world, 78 for bad rules or settings.", NULL, NULL, NULL};

static void tell(const struct diagnostics *diagnostics) {
  struct text text = {0};
  diagnostics_write_text(diagnostics, &text);
  if (text.size > 0) fwrite(text.data, 1, text.size, stderr);
  text_fini(&text);
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int print_summary(const struct arguments *arguments, const struct ruleset *ruleset, const struct draw_settings *review,
                         const struct embedded_result *result, uint64_t elapsed_ms) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const struct summary_options summary = {.folder = arguments->out, .ruleset = ruleset, .result = result, .review = review,
                                          .chinese = cli_chinese(), .color = isatty(STDOUT_FILENO), .elapsed_ms = elapsed_ms,
                                          .memory_kib = (uint64_t)usage.ru_maxrss};
  struct text text = {0};
  struct error error = {0};
  const enum status status = (arguments->json ? summary_write_json : summary_write_text)(&text, &summary, &error);
  if (status == STATUS_OK) fwrite(text.data, 1, text.size, stdout);
  else fprintf(stderr, "settlewatch screen: %s\n", error.text);
  text_fini(&text);
  return status == STATUS_OK ? CLI_OK : CLI_SOFTWARE;
}

static int screen_files(const struct arguments *arguments, struct site *site, const struct ruleset *ruleset) {
  struct embedded_options run = {.ruleset = ruleset, .engine = site->engine, .paths = arguments->paths, .paths_size = arguments->paths_size,
                                 .out = arguments->drop ? NULL : arguments->out, .workers = (unsigned)arguments->workers,
                                 .batch_records = arguments->batch, .batch_bytes = 4 << 20,
                                 .progress = arguments->quiet || !isatty(STDERR_FILENO) ? NULL : progress_show};
  struct embedded_result result;
  struct error error = {0};
  const uint64_t begin_ms = now_ms();
  const enum status status = embedded_run(&run, &result, &error);
  const uint64_t elapsed_ms = now_ms() - begin_ms;
  if (run.progress != NULL) fputc('\n', stderr);
  int code = CLI_OK;
  if (status != STATUS_OK) {
    fprintf(stderr, "settlewatch screen: %s\n", error.text);
    code = status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE;
  } else if (!arguments->drop) {
    code = print_summary(arguments, ruleset, &site->engine.review, &result, elapsed_ms);
  }
  memory_free(result.rules);
  return code;
}

static int run(int argc, char **argv) {
  struct arguments arguments = {.out = "out", .workers = 1, .batch = 1000, .known_day = KNOWN_NOW};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  struct diagnostics diagnostics = {0};
  struct site *site = site_load(arguments.config, &diagnostics);
  struct error error = {0};
  if (site != NULL && arguments.seeds != NULL) {
    struct seeds seeds = {0};
    if (seeds_load(arguments.seeds, &site->arena, &seeds, &error) != STATUS_OK) fprintf(stderr, "settlewatch screen: %s\n", error.text);
    site->engine.review.seeds = seeds.rows;
    site->engine.review.seeds_size = seeds.size;
  }
  struct ruleset *ruleset = NULL;
  char rules[4096];
  if (site != NULL) {
    snprintf(rules, sizeof rules, "%.*s", SLICE_ARG(site->rules));
    const char *folder = arguments.rules != NULL ? arguments.rules : rules;
    ruleset = ruleset_load(&folder, 1, &diagnostics);
    if (ruleset != NULL && !arguments.unproven) proof_of(ruleset, NULL, &diagnostics);
    if (ruleset != NULL && arguments.known_day != KNOWN_NOW) {    // the tests are about what is known now
      ruleset_destroy(ruleset);
      ruleset = ruleset_load_as_of(&folder, 1, arguments.known_day, &diagnostics);
    }
  }
  diagnostics_sort(&diagnostics);
  tell(&diagnostics);
  const int code = ruleset != NULL && diagnostics.errors == 0 && error.status == STATUS_OK ? screen_files(&arguments, site, ruleset) : CLI_CONFIG;
  ruleset_destroy(ruleset);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
  return code;
}

const struct cli_command cli_screen = {"screen", "screen settlements from files, without a broker", run};
