// settlewatch rules test: run the tests that stand in the rule files, and test the tests.
#include <argp.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/rules/report.h"
#include "cli/verb.h"
#include "screen/coverage.h"
#include "screen/mutate.h"
#include "screen/trial.h"

enum { OPTION_RUN = 1000, OPTION_FAILED, OPTION_FORMAT, OPTION_ORDERS, OPTION_COVERAGE, OPTION_MUTATE };
enum { ARENA_BLOCK = 64 << 10, NOT_ASKED = -1 };

struct test_arguments {
  struct paths paths;
  regex_t run;
  bool chosen, failed_only, mutate;
  const struct report_format *format;
  int64_t orders, percent;
  // While it runs.
  struct report report;
  struct coverage coverage;
  struct text text;
  int64_t since_us;
  size_t sorts[3][REPORT_SKIPPED + 1];    // by test, coverage, mutant
};

static bool number_of(const char *text, int64_t max, int64_t *out) {
  char *end;
  errno = 0;
  const long long number = strtoll(text, &end, 10);
  *out = number;
  return errno == 0 && end != text && *end == '\0' && number >= 0 && number <= max;
}

static error_t parse(int key, char *value, struct argp_state *state) {
  struct test_arguments *arguments = state->input;
  int wrong;
  switch (key) {
    case OPTION_RUN:
      if (arguments->chosen) argp_error(state, "--run stands twice");
      wrong = regcomp(&arguments->run, value, REG_EXTENDED | REG_NOSUB);
      if (wrong != 0) {
        char text[200];
        regerror(wrong, &arguments->run, text, sizeof text);
        argp_error(state, "--run '%s': %s", value, text);
      }
      arguments->chosen = true;
      return 0;
    case OPTION_FAILED: arguments->failed_only = true; return 0;
    case OPTION_MUTATE: arguments->mutate = true; return 0;
    case OPTION_FORMAT:
      arguments->format = report_format_find(value);
      if (arguments->format == NULL) argp_error(state, "--format is text, tap, junit or json, not '%s'", value);
      return 0;
    case OPTION_ORDERS:
      if (!number_of(value, TRIAL_ORDERS_MAX, &arguments->orders)) argp_error(state, "--orders is 0..%d, not '%s'", TRIAL_ORDERS_MAX, value);
      return 0;
    case OPTION_COVERAGE:
      arguments->percent = 0;
      if (value != NULL && !number_of(value, 100, &arguments->percent)) argp_error(state, "--coverage is 0..100 per cent, not '%s'", value);
      return 0;
    case ARGP_KEY_ARG: paths_add(state, &arguments->paths, value); return 0;
    case ARGP_KEY_END:
      if (arguments->chosen && (arguments->mutate || arguments->percent != NOT_ASKED))
        argp_error(state, "--run chooses tests; --coverage and --mutate need all tests of a rule");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static bool test_wanted(void *context, const struct rule *rule, struct slice name) {
  struct test_arguments *arguments = context;
  if (!arguments->chosen) return true;
  text_clear(&arguments->text);
  text_format(&arguments->text, "%.*s: %.*s", SLICE_ARG(rule->id), SLICE_ARG(name));
  text_byte(&arguments->text, '\0');
  return regexec(&arguments->run, arguments->text.data, 0, NULL, 0) == 0;
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// sort: 0 test, 1 coverage, 2 mutant.
static void add(struct test_arguments *arguments, unsigned sort, struct report_case one) {
  static const char *const words[] = {"test", "coverage", "mutant"};
  const int64_t now = now_us();
  one.sort = words[sort];
  one.micros = now - arguments->since_us;
  arguments->since_us = now;
  arguments->sorts[sort][one.state]++;
  const struct report_case *added = report_add(&arguments->report, one);
  const bool dull = arguments->failed_only || sort == 2;    // mutants that died interest nobody
  if (strcmp(arguments->format->name, "text") != 0 || (dull && one.state == REPORT_PASSED) ||
      (arguments->failed_only && one.state != REPORT_FAILED))
    return;
  text_clear(&arguments->text);
  report_write_case(added, &arguments->text);
  paths_print(stdout, &arguments->text);
}

static void tell_test(void *context, const struct trial *trial) {
  add(context, 0, (struct report_case){.rule = trial->rule, .name = trial->name, .place = trial->place,
                                       .state = trial->passed ? REPORT_PASSED : REPORT_FAILED, .detail = trial->difference});
}

static void see(void *context, const struct trial *trial, const struct verdict *verdict, const struct judge_input *input,
                const struct trace *trace) {
  struct test_arguments *arguments = context;
  (void)trial;
  (void)input;
  coverage_see(&arguments->coverage, verdict, trace);
}

static void tell_coverage(struct test_arguments *arguments, const struct rule *rule) {
  size_t needed, seen;
  struct text name = {0}, lines = {0};
  coverage_count(&arguments->coverage, &needed, &seen);
  const unsigned percent = coverage_percent(needed, seen);
  text_format(&name, "coverage %u %%: %zu of %zu outcomes of conditions seen", percent, seen, needed);
  if (percent < arguments->percent) text_format(&lines, "%u %% is less than the %lld %% asked for\n", percent, (long long)arguments->percent);
  coverage_write(&arguments->coverage, false, &lines);
  const bool good = percent >= arguments->percent;
  add(arguments, 1, (struct report_case){.rule = rule, .name = text_slice(&name), .place = rule->file->root->place,
                                         .state = good ? REPORT_PASSED : REPORT_FAILED, .detail = text_slice(&lines)});
  if (strcmp(arguments->format->name, "text") == 0 && !arguments->failed_only) {
    text_clear(&lines);
    coverage_write(&arguments->coverage, true, &lines);
    paths_print(stdout, &lines);
  }
  text_fini(&name);
  text_fini(&lines);
}

static void tell_mutant(void *context, const struct mutant *mutant) {
  static const enum report_state states[] = {[MUTANT_KILLED] = REPORT_PASSED, [MUTANT_REFUSED] = REPORT_PASSED,
                                             [MUTANT_EQUIVALENT] = REPORT_SKIPPED, [MUTANT_SURVIVED] = REPORT_FAILED,
                                             [MUTANT_MARKED_WRONGLY] = REPORT_FAILED};
  struct text detail = {0};
  switch (mutant->fate) {
    case MUTANT_KILLED: text_format(&detail, "fails: %.*s", SLICE_ARG(mutant->by)); break;
    case MUTANT_REFUSED: TEXT_LITERAL(&detail, "the loader refuses it"); break;
    case MUTANT_SURVIVED: TEXT_LITERAL(&detail, "survives: no test of the rule fails on this change"); break;
    default: text_append(&detail, mutant->by);
  }
  add(context, 2, (struct report_case){.rule = mutant->rule, .name = mutant->what, .place = mutant->place, .state = states[mutant->fate],
                                       .detail = text_slice(&detail)});
  text_fini(&detail);
}

static void run_rule(struct test_arguments *arguments, const struct ruleset *ruleset, const struct rule *rule) {
  struct arena arena;
  arena_init(&arena, ARENA_BLOCK);
  const bool covered = arguments->percent != NOT_ASKED;
  if (covered) coverage_init(&arguments->coverage, rule, &arena);
  arguments->since_us = now_us();
  const struct trial_options trials = {.wanted = test_wanted, .tell = tell_test, .seen = covered ? see : NULL, .context = arguments,
                                       .orders = (unsigned)arguments->orders};
  trial_run(ruleset, rule, &trials);
  if (covered) tell_coverage(arguments, rule);
  if (arguments->mutate) mutate_rule(ruleset, rule, tell_mutant, arguments);
  arena_fini(&arena);
}

static void write_end(const struct test_arguments *arguments) {
  const size_t(*sorts)[REPORT_SKIPPED + 1] = arguments->sorts;
  printf(cli_chinese() ? "%zu 项测试，%zu 项失败\n" : "%zu tests, %zu failed\n", sorts[0][REPORT_PASSED] + sorts[0][REPORT_FAILED],
         sorts[0][REPORT_FAILED]);
  if (arguments->percent != NOT_ASKED)
    printf(cli_chinese() ? "覆盖率：%zu 条规则，%zu 条不足\n" : "coverage: %zu rules, %zu below the percentage\n",
           sorts[1][REPORT_PASSED] + sorts[1][REPORT_FAILED], sorts[1][REPORT_FAILED]);
  if (arguments->mutate)
    printf(cli_chinese() ? "变异：%zu 处，%zu 处未被测试发现，%zu 处标明等价\n" : "mutants: %zu, %zu survived, %zu marked equivalent\n",
           sorts[2][REPORT_PASSED] + sorts[2][REPORT_FAILED] + sorts[2][REPORT_SKIPPED], sorts[2][REPORT_FAILED], sorts[2][REPORT_SKIPPED]);
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"run", OPTION_RUN, "REGEX", 0, "Only tests whose 'ID: name' matches the extended regular expression", 0},
      {"failed", OPTION_FAILED, NULL, 0, "Tell only what fails", 0},
      {"format", OPTION_FORMAT, "text|tap|junit|json", 0, "How to print what was found (default: text)", 0},
      {"orders", OPTION_ORDERS, "N", 0, "Let the records of each test arrive in N more orders, some of them twice", 0},
      {"coverage", OPTION_COVERAGE, "PERCENT", OPTION_ARG_OPTIONAL,
       "Tell which outcomes of conditions the tests have seen; fail below the percentage", 0},
      {"mutate", OPTION_MUTATE, NULL, 0, "Change the rule in one place at a time: a test must fail each time", 0},
      {0}};
  static const struct argp argp = {options, parse, "[PATH...]",
                                   "Runs the tests that stand in the rule files (default: rules.d).\v"
                                   "Exit status: 0 all is well, 1 a test fails, no test was found, the coverage is below the percentage or a "
                                   "mutant survives, 78 bad rules.", NULL, NULL, NULL};
  struct test_arguments arguments = {.percent = NOT_ASKED, .format = &report_formats[0]};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = paths_load(&arguments.paths, &diagnostics);
  int code = CLI_CONFIG;
  if (ruleset != NULL) {
    report_init(&arguments.report);
    for (size_t r = 0; r < ruleset->size; r++) run_rule(&arguments, ruleset, ruleset->rules[r]);
    if (strcmp(arguments.format->name, "text") == 0) {
      write_end(&arguments);
    } else {
      text_clear(&arguments.text);
      arguments.format->write(&arguments.report, &arguments.text);
      paths_print(stdout, &arguments.text);
    }
    code = arguments.report.states[REPORT_FAILED] > 0 || arguments.report.size == 0 ? CLI_FOUND : CLI_OK;
    report_fini(&arguments.report);
  }
  if (arguments.chosen) regfree(&arguments.run);
  text_fini(&arguments.text);
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return code;
}

const struct cli_verb cli_rules_test = {"test", "run the tests that stand in the rule files, and test the tests", run};
