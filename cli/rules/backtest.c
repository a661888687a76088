// settlewatch rules backtest: what a change of rules would have done to the past.
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/day.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "consumers/backtest.h"
#include "consumers/site.h"
#include "rules/known.h"

enum { OPTION_BASELINE = 1000, OPTION_FROM, OPTION_FORMAT, OPTION_FAIL_IF, OPTION_AS_OF, OPTION_BASELINE_AS_OF, LIMITS_MAX = 64, BATCH_RECORDS = 1000, BATCH_BYTES = 4 << 20 };
enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML };

struct backtest_arguments {
  const char *sides[2], *out, *config;
  int32_t known_days[2];
  struct paths past;
  struct backtest_limit limits[LIMITS_MAX];
  size_t limits_size;
  unsigned long workers;
  enum format format;
  bool quiet;
};

static const struct argp_option options[] = {
    {"from", OPTION_FROM, "FILE", 0, "A file of the past (NDJSON, plain or gzip); may stand many times, further files may follow without it", 0},
    {"rules", 'r', "DIR", 0, "The new rule set", 0},
    {"baseline", OPTION_BASELINE, "DIR", 0, "The rule set it is compared with (default: rules.d)", 0},
    {"as-of", OPTION_AS_OF, "DATE", 0, "The new rule set as it was known on this day, yyyy-MM-dd (default: as it is known now)", 0},
    {"baseline-as-of", OPTION_BASELINE_AS_OF, "DATE", 0, "The baseline as it was known on this day", 0},
    {"out", 'o', "DIR", 0, "Also writes backtest.json, backtest.html and backtest.txt there", 0},
    {"format", OPTION_FORMAT, "text|json|html", 0, "What is printed (default: text)", 0},
    {"workers", 'j', "N", 0, "Threads, 1..64 (default: 1); the report is the same", 0},
    {"config", 'c', "FILE", 0, "Settings of the site; without it the defaults hold", 0},
    {"fail-if", OPTION_FAIL_IF, "EXPR", 0,
     "Exit with 1 when it holds, as in 'findings>+20%', 'points<-5.0', 'ADM-001:vola_amt>100000.00'; of findings, vola_amt, fund_amt, points, new, "
     "lost, changed; may stand many times", 0},
    {"quiet", 'q', NULL, 0, "No progress bar", 0},
    {0}};

static void add_limit(struct backtest_arguments *arguments, struct argp_state *state, const char *value) {
  struct error error = {0};
  if (arguments->limits_size == LIMITS_MAX) argp_error(state, "more than %d bounds", LIMITS_MAX);
  if (!backtest_limit_parse(value, &arguments->limits[arguments->limits_size++], &error)) argp_error(state, "--fail-if: %s", error.text);
}

static error_t parse(int key, char *value, struct argp_state *state) {
  static const char *const formats[] = {"text", "json", "html"};
  struct backtest_arguments *arguments = state->input;
  char *end = NULL;
  switch (key) {
    case 'r': arguments->sides[BACKTEST_NEW] = value; return 0;
    case OPTION_BASELINE: arguments->sides[BACKTEST_BASELINE] = value; return 0;
    case 'o': arguments->out = value; return 0;
    case 'c': arguments->config = value; return 0;
    case 'q': arguments->quiet = true; return 0;
    case OPTION_AS_OF: arguments->known_days[BACKTEST_NEW] = day_option(state, "as-of", value); return 0;
    case OPTION_BASELINE_AS_OF: arguments->known_days[BACKTEST_BASELINE] = day_option(state, "baseline-as-of", value); return 0;
    case OPTION_FAIL_IF: add_limit(arguments, state, value); return 0;
    case OPTION_FORMAT:
      for (int f = FORMAT_TEXT; f <= FORMAT_HTML; f++) {
        if (strcmp(value, formats[f]) != 0) continue;
        arguments->format = (enum format)f;
        return 0;
      }
      argp_error(state, "--format is text, json or html, not '%s'", value);
      return 0;
    case 'j':
      errno = 0;
      arguments->workers = strtoul(value, &end, 10);
      if (errno != 0 || *end != '\0' || arguments->workers < 1 || arguments->workers > 64)
        argp_error(state, "--workers is 1..64, not '%s'", value);
      return 0;
    case OPTION_FROM:
    case ARGP_KEY_ARG: paths_add(state, &arguments->past, value); return 0;
    case ARGP_KEY_END:
      if (arguments->past.size == 0) argp_error(state, "a file of the past is needed: --from FILE");
      if (arguments->sides[BACKTEST_NEW] == NULL) argp_error(state, "the new rule set is needed: --rules DIR");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

// {"report":{...},"content_hash":"..."}: the hash is that of the bytes of the report as they stand here.
static void write_json(const struct backtest_report *report, bool chinese, struct text *out) {
  char hash[2 * DIGEST_BYTES + 1];
  (void)chinese;
  backtest_hash(report, hash);
  TEXT_LITERAL(out, "{\"report\":");
  backtest_write_json(report, out);
  text_format(out, ",\"content_hash\":\"%s\"}\n", hash);
}

static void (*const writers[])(const struct backtest_report *report, bool chinese, struct text *out) = {
    [FORMAT_TEXT] = backtest_write_text, [FORMAT_JSON] = write_json, [FORMAT_HTML] = backtest_write_html};

static enum status write_all(const char *folder, const struct backtest_report *report, struct error *error) {
  static const char *const names[] = {[FORMAT_TEXT] = "backtest.txt", [FORMAT_JSON] = "backtest.json", [FORMAT_HTML] = "backtest.html"};
  if (mkdir(folder, 0777) != 0 && errno != EEXIST)
    return error_set(error, STATUS_FATAL, "cannot make the folder '%s': %s", folder, strerror(errno));
  struct text text = {0};
  enum status status = STATUS_OK;
  for (int f = FORMAT_TEXT; f <= FORMAT_HTML && status == STATUS_OK; f++) {
    text_clear(&text);
    writers[f](report, cli_chinese(), &text);
    status = files_put(folder, names[f], &text, error);
  }
  text_fini(&text);
  return status;
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void tell_cost(const struct backtest_report *report, uint64_t ms) {
  if (ms == 0) ms = 1;
  fprintf(stderr,
          cli_chinese() ? "%" PRIu64 ".%" PRIu64 " 秒，每秒 %" PRIu64 " 笔结算，参保人 %" PRIu64 "，档案 %" PRIu64 " MiB，临时文件 %" PRIu64 " MiB\n"
                        : "%" PRIu64 ".%" PRIu64 " s, %" PRIu64 " settlements/s, %" PRIu64 " persons, dossiers %" PRIu64 " MiB, put aside %" PRIu64 " MiB\n",
          ms / 1000, ms % 1000 / 100, report->settlements * 1000 / ms, report->patients, report->store_bytes >> 20, report->spilled_bytes >> 20);
}

// How many bounds hold, each told.
static unsigned exceeded(const struct backtest_arguments *arguments, const struct backtest_report *report) {
  unsigned holding = 0;
  for (size_t i = 0; i < arguments->limits_size; i++) {
    if (!backtest_limit_holds(&arguments->limits[i], report)) continue;
    fprintf(stderr, cli_chinese() ? "settlewatch rules backtest: 超出界限 %s\n" : "settlewatch rules backtest: %s holds\n", arguments->limits[i].text);
    holding++;
  }
  return holding;
}

static int compare(const struct backtest_arguments *arguments, const struct site *site, struct ruleset *const *sides) {
  const bool bar = !arguments->quiet && isatty(STDERR_FILENO);
  const struct backtest_options run = {.sides = {sides[0], sides[1]}, .engine = site->engine, .paths = arguments->past.items,
                                       .paths_size = arguments->past.size, .workers = (unsigned)arguments->workers,
                                       .batch_records = BATCH_RECORDS, .batch_bytes = BATCH_BYTES, .progress = bar ? progress_show : NULL};
  struct backtest_report report;
  struct error error = {0};
  const uint64_t begin_ms = now_ms();
  enum status status = backtest_run(&run, &report, &error);
  if (bar) fputc('\n', stderr);
  if (status == STATUS_OK && arguments->out != NULL) status = write_all(arguments->out, &report, &error);
  int code = CLI_OK;
  if (status != STATUS_OK) {
    fprintf(stderr, "settlewatch rules backtest: %s\n", error.text);
    code = status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE;
  } else {
    struct text text = {0};
    writers[arguments->format](&report, cli_chinese(), &text);
    paths_print(stdout, &text);
    text_fini(&text);
    if (!arguments->quiet) tell_cost(&report, now_ms() - begin_ms);
    code = exceeded(arguments, &report) > 0 ? CLI_FOUND : CLI_OK;
  }
  backtest_fini(&report);
  return code;
}

// A bound on a rule that neither set has would never hold.
static bool rules_known(const struct backtest_arguments *arguments, struct ruleset *const *sides) {
  for (size_t i = 0; i < arguments->limits_size; i++) {
    const struct slice rule = arguments->limits[i].rule;
    bool known = rule.size == 0;
    for (unsigned side = 0; side < 2; side++)
      for (size_t r = 0; r < sides[side]->size; r++) known |= slice_equal(sides[side]->rules[r]->id, rule);
    if (known) continue;
    fprintf(stderr, "settlewatch rules backtest: --fail-if: neither rule set has a rule '%.*s'\n", SLICE_ARG(rule));
    return false;
  }
  return true;
}

static int run(int argc, char **argv) {
  static const struct argp argp = {options, parse, "--from FILE... --rules NEW [--baseline OLD] [FILE...]",
                                   "Screens the same past with two rule sets, each with dossiers of its own, and tells which findings are new, lost or "
                                   "changed, with their money and points.\v"
                                   "Exit status: 0 compared, 1 a bound of --fail-if holds, 2 usage, 65 a file is unreadable as a whole, 78 bad rules or "
                                   "settings.", NULL, NULL, NULL};
  struct backtest_arguments arguments = {.sides = {"rules.d", NULL}, .known_days = {KNOWN_NOW, KNOWN_NOW}, .workers = 1};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct diagnostics diagnostics = {0};
  struct site *site = site_load(arguments.config, &diagnostics);
  struct text text = {0};
  diagnostics_write_text(&diagnostics, &text);
  if (text.size > 0) paths_print(stderr, &text);
  text_fini(&text);
  diagnostics_fini(&diagnostics);
  struct ruleset *sides[2] = {NULL, NULL};
  for (unsigned side = 0; side < 2; side++) {
    struct paths paths = {.items = {arguments.sides[side]}, .size = 1};
    struct diagnostics told = {0};
    sides[side] = paths_load_as_of(&paths, arguments.known_days[side], &told);
    diagnostics_fini(&told);
  }
  int code = CLI_CONFIG;
  if (site != NULL && sides[0] != NULL && sides[1] != NULL)
    code = rules_known(&arguments, sides) ? compare(&arguments, site, sides) : CLI_USAGE;
  ruleset_destroy(sides[0]);
  ruleset_destroy(sides[1]);
  site_destroy(site);
  return code;
}

const struct cli_verb cli_rules_backtest = {"backtest", "tell what a change of rules would have done to the past", run};
