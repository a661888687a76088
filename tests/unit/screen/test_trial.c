#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/memory.h"
#include "core/text.h"
#include "rules/load.h"
#include "screen/trial.h"

static struct ruleset *load(const char *path, struct diagnostics *diagnostics) {
  struct ruleset *ruleset = ruleset_load(&path, 1, diagnostics);
  if (ruleset == NULL) {
    struct text text = {0};
    diagnostics_write_text(diagnostics, &text);
    fail_msg("%.*s", SLICE_ARG(text_slice(&text)));
  }
  return ruleset;
}

static void tell_failure(void *context, const struct trial *trial) {
  (void)context;
  if (!trial->passed)
    print_error("%.*s: %.*s (%s:%u)\n%.*s", SLICE_ARG(trial->rule->id), SLICE_ARG(trial->name), trial->place.file, trial->place.line,
                SLICE_ARG(trial->difference));
}

static void every_test_of_the_rules_that_ship_passes(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = load("rules.d", &diagnostics);
  const struct trial_options options = {.tell = tell_failure};
  for (size_t i = 0; i < ruleset->size; i++) {
    const struct trial_counts counts = trial_run(ruleset, ruleset->rules[i], &options);
    assert_true(counts.run >= 9);
    assert_int_equal(counts.failed, 0);
  }
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
}

// A folder of its own, with the shipped codes, calendars and tables.
static char folder[] = "/tmp/settlewatch-trial-XXXXXX";
static const char *const shared[] = {"codes", "calendars", "knowledge"};

static int start(void **state) {
  (void)state;
  char here[3000], from[4000], to[4000];
  digest_start();
  if (mkdtemp(folder) == NULL || getcwd(here, sizeof here) == NULL) return -1;
  for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
    snprintf(from, sizeof from, "%s/rules.d/%s", here, shared[i]);
    snprintf(to, sizeof to, "%s/%s", folder, shared[i]);
    if (symlink(from, to) != 0) return -1;
  }
  return 0;
}

static int end(void **state) {
  (void)state;
  char path[4000];
  for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, shared[i]);
    unlink(path);
  }
  return rmdir(folder);
}

// A copy of one shipped rule with other tests.
static char *write_rule(const char *tests) {
  char name[4000];
  snprintf(name, sizeof name, "%s/rule-XXXXXX.yaml", folder);
  char *path = memory_copy_text(name);
  FILE *from = fopen("rules.d/bed/bed_outside_stay.yaml", "rb");
  assert_non_null(from);
  const int descriptor = mkstemps(path, 5);
  assert_true(descriptor >= 0);
  FILE *to = fdopen(descriptor, "wb");
  char line[1000];
  while (fgets(line, sizeof line, from) != NULL && strcmp(line, "tests:\n") != 0) fputs(line, to);
  fputs("tests:\n", to);
  fputs(tests, to);
  // What an active rule must have.
  fputs("  - name: a hit\n"
        "    given: [{settle: {id: S1, stay: [2026-05-02, 2026-05-04], lines: [{sn: \"1\", category: BED, date: 2026-05-05, price: 40.00}]}}]\n"
        "    expect: {hit: outside}\n"
        "  - name: no hit\n"
        "    given: [{settle: {id: S1, stay: [2026-05-02, 2026-05-04], lines: [{sn: \"1\", category: BED, date: 2026-05-04, price: 40.00}]}}]\n"
        "    expect: {outcome: no_hit}\n", to);
  fclose(from);
  assert_int_equal(fclose(to), 0);
  return path;
}

static void keep_difference(void *context, const struct trial *trial) {
  struct text *text = context;
  if (!trial->passed) text_append(text, trial->difference);
}

// Runs one test; its differences, which the caller frees.
static struct text run_one(const char *test) {
  char *path = write_rule(test);
  struct diagnostics diagnostics = {0};
  const char *const paths[] = {path};
  struct ruleset *ruleset = ruleset_load(paths, 1, &diagnostics);
  unlink(path);
  memory_free(path);
  struct text text = {0};
  if (ruleset == NULL) {
    diagnostics_write_text(&diagnostics, &text);
  } else {
    const struct trial_options options = {.tell = keep_difference, .context = &text};
    trial_run(ruleset, ruleset->rules[0], &options);
  }
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  text_byte(&text, '\0');
  return text;
}

#define GIVEN                                                                                                   \
  "  - name: the one\n    given:\n      - {settle: {id: S1, stay: [2026-05-02, 2026-05-04], fund: 30.00, lines: " \
  "[{sn: \"7\", category: BED, date: 2026-05-05, price: 40.00}]}}\n"

static void what_differs_is_named(void **state) {
  (void)state;
  static const struct { const char *expect, *text; } cases[] = {
      {"{hit: outside, amount: 40.00, fund_amount: 30.00, feedetl_sn: \"7\", lines: 1, provisional: false, severity: 2}", ""},
      {"{outcome: no_hit}", "expected no_hit, found hit of band outside\n  because predicate: lines outside 1, at_least 1 is true  room 0  <- kind\n"},
      {"{outcome: bad_data, reason: missing_fee_ocur_time}", "expected bad_data, found hit of band outside\n"},
      {"{hit: outside, amount: 41.00}", "amount: expected 41.00, found 40.00  <- the published finding, after precedence\n"},
      {"{hit: outside, fund_amount: 29.99}", "fund_amount: expected 29.99, found 30.00  <- the published finding, after precedence\n"},
      {"{hit: outside, lines: 2}", "lines: expected 2, found 1  <- kind\n"},
      {"{hit: outside, feedetl_sn: \"8\"}", "feedetl_sn: expected 8, found 7  <- kind\n"},
      {"{hit: outside, icu_in_time: absent}", ""},
      {"{hit: outside, dx3: I63}", "dx3: expected I63, found absent  <- "},
      {"{hit: outside, dx3: I63}", "body.diseinfo[].diag_code\n"},
      {"{hit: outside, provisional: true}", "provisional: expected true, found false\n"},
      {"{hit: outside, severity: 1}", "severity: expected 1, found 2\n"},
      {"{hit: outside, open: false}", "expected no open finding, found one of band outside\n"},
      {"{withdrawn: outside}", "expected a withdrawal, none was published\n"},
      {"{hit: outside, on: S9}", "no visit with the settlement S9 is left\n"},
      {"{hit: outside, lins: 1}", "unknown operand 'lins' (did you mean 'lines'?)"},
      {"{hit: outside, amount: many}", "error SW"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct text test = {0};
    text_format(&test, "%s    expect: %s\n%c", GIVEN, cases[i].expect, '\0');
    struct text found = run_one(test.data);
    const bool same = cases[i].text[0] == '\0' ? found.size == 1 : strstr(found.data, cases[i].text) != NULL;
    if (!same) fail_msg("%s\nexpected: %s\nfound: %s", cases[i].expect, cases[i].text, found.data);
    text_fini(&found);
    text_fini(&test);
  }
}

static void records_that_are_no_records_are_told_with_their_place(void **state) {
  (void)state;
  static const struct { const char *given, *text; } cases[] = {
      {"{settle: {stay: [2026-05-02]}}", "'id' must be given"},
      {"{settle: {id: S1, stya: [2026-05-02]}}", "did you mean 'stay'?"},
      {"{settle: {id: S1, stay: []}}", "a stay is [begin, end]"},
      {"{settle: {id: S1, stay: [yesterday]}}", "not a time"},
      {"{settle: {id: S1, visit: INPATIENT}}", "'INPATIENT' is no symbol of codes/med_type.yaml"},
      {"{settle: {id: S1, lines: [{category: BED}]}}", "'sn' must be given"},
      {"{settle: {id: S1, lines: [{sn: \"1\", count: 1e3}]}}", "error SW"},
      {"{settle: {id: S1, department: [A]}}", "departments are [entered, left]"},
      {"{correct: {id: S1}}", "nothing to correct"},
      {"{cancel: S1}", "the first record of a test needs a 'time'"},
      {"{tick: soon}", "not a time"},
      {"{settel: {id: S1}}", "did you mean 'settle'?"},
      {"{cancel: S1, tick: 2026-05-01}", "one record in each item of 'given'"},
      {"{settle: {id: S1, stay: [2026-05-02, 2026-05-04], lines: [{sn: \"1\"}, {sn: \"1\"}]}}", "dead letter: duplicate_line"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct text test = {0};
    text_format(&test, "  - name: the one\n    given:\n      - %s\n    expect: {outcome: error}\n%c", cases[i].given, '\0');
    struct text found = run_one(test.data);
    if (strstr(found.data, cases[i].text) == NULL) fail_msg("%s\nexpected: %s\nfound: %s", cases[i].given, cases[i].text, found.data);
    text_fini(&found);
    text_fini(&test);
  }
}

static void other_words_of_a_test_are_checked(void **state) {
  (void)state;
  static const struct { const char *words, *text; } cases[] = {
      {"    with: [ADM-999]\n", "'with' names other rules of the set by id"},
      {"    tables: {no_table: []}\n", "no table 'no_table' in knowledge/"},
      {"    tables: {rescue_items: [{code: x}]}\n", "unknown setting 'code'"},
      {"    tabels: {}\n", "did you mean 'tables'?"},
      {"    history_from: soon\n", "error SW"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct text test = {0};
    text_format(&test, "%s    expect: {hit: outside}\n%s%c", GIVEN, cases[i].words, '\0');
    struct text found = run_one(test.data);
    if (strstr(found.data, cases[i].text) == NULL) fail_msg("%s\nexpected: %s\nfound: %s", cases[i].words, cases[i].text, found.data);
    text_fini(&found);
    text_fini(&test);
  }
}

static void split_bills_and_refund_rows_are_records_too(void **state) {
  (void)state;
  struct text found = run_one(
      "  - name: split bill\n"
      "    given:\n"
      "      - {settle: {id: S1, stay: [2026-05-02, 2026-05-04], total: 80.00, in_scope: 80.00, fund: 80.00, fee_count: 2}}\n"
      "      - {fee: {of: S1, lines: [{sn: \"1\", category: BED, date: 2026-05-02, price: 40.00}]}}\n"
      "      - {fee: {of: S1, lines: [{sn: \"2\", category: BED, date: 2026-05-06, price: 40.00}]}}\n"
      "    expect: {hit: outside, on: S1, amount: 40.00, feedetl_sn: \"2\"}\n"
      "  - name: refund row\n"
      "    given:\n"
      "      - {settle: {id: S1, stay: [2026-05-02, 2026-05-04], lines: [{sn: \"1\", category: BED, date: 2026-05-06, price: 40.00}]}}\n"
      "      - {settle: {id: R1, refund_of: S1, of: M-S1, stay: [2026-05-02, 2026-05-04], lines: []}}\n"
      "    expect: {withdrawn: outside, on: S1}\n"
      "  - name: void\n"
      "    given:\n"
      "      - {settle: {id: S1, stay: [2026-05-02, 2026-05-04], lines: [{sn: \"1\", category: BED, date: 2026-05-06, price: 40.00}]}}\n"
      "      - {correct: {id: S1, void: true, stay: [2026-05-02, 2026-05-04], lines: [{sn: \"1\", category: BED, date: 2026-05-06, price: 40.00}]}}\n"
      "    expect: {withdrawn: outside, on: S1}\n");
  assert_string_equal(found.data, "");
  text_fini(&found);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_test_of_the_rules_that_ship_passes),
      cmocka_unit_test(what_differs_is_named),
      cmocka_unit_test(records_that_are_no_records_are_told_with_their_place),
      cmocka_unit_test(other_words_of_a_test_are_checked),
      cmocka_unit_test(split_bills_and_refund_rows_are_records_too),
  };
  return cmocka_run_group_tests(tests, start, end);
}
