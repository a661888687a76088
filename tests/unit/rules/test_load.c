#include "sample.h"

#include <dirent.h>

#include "rules/check.h"
#include "rules/hash.h"

// --- One bad file, one or more located errors ----------------------------------------------------------------------------

// "# expect: SW1107 12:3" lines at the top of the file.
static void read_expected(const char *path, struct text *expected) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char line[4096];
  while (fgets(line, sizeof line, file) != NULL && strncmp(line, "# expect: ", 10) == 0)
    text_append(expected, slice_from(line + 10));
  fclose(file);
}

static void every_bad_rule_file_gives_its_located_errors(void **state) {
  (void)state;
  struct dirent **entries;
  const int size = scandir(SAMPLE_FOLDER, &entries, NULL, alphasort);
  assert_true(size > 0);
  unsigned checked = 0, wrong = 0;
  for (int i = 0; i < size; i++) {
    const size_t length = strlen(entries[i]->d_name);
    if (length > 5 && strcmp(entries[i]->d_name + length - 5, ".yaml") == 0) {
      char path[512];
      snprintf(path, sizeof path, SAMPLE_FOLDER "/%s", entries[i]->d_name);
      struct text expected = {0}, found = {0};
      read_expected(path, &expected);
      struct diagnostics diagnostics = {0};
      const char *paths[] = {path};
      struct ruleset *ruleset = ruleset_load(paths, 1, &diagnostics);
      for (size_t d = 0; d < diagnostics.size; d++)
        text_format(&found, "SW%u %u:%u\n", diagnostics.rows[d].code, diagnostics.rows[d].place.line,
                    diagnostics.rows[d].place.column);
      if (ruleset != NULL || expected.size == 0 || !slice_equal(text_slice(&expected), text_slice(&found))) {
        struct text told = {0};
        diagnostics_write_text(&diagnostics, &told);
        print_error("%s: expected\n%.*sfound\n%.*s\n", path, SLICE_ARG(text_slice(&expected)), SLICE_ARG(text_slice(&told)));
        text_fini(&told);
        wrong++;
      }
      for (size_t d = 0; d < diagnostics.size; d++) assert_non_null(diagnostics_explain(diagnostics.rows[d].code));
      checked++;
      ruleset_destroy(ruleset);
      diagnostics_fini(&diagnostics);
      text_fini(&expected);
      text_fini(&found);
    }
    free(entries[i]);
  }
  free(entries);
  assert_int_equal(wrong, 0);
  assert_true(checked >= 100);
}

static void all_errors_of_all_files_are_told_in_one_run(void **state) {
  (void)state;
  struct diagnostics all = {0};
  const char *folder[] = {SAMPLE_FOLDER};
  assert_null(ruleset_load(folder, 1, &all));
  // Each file's own errors are among them, in the order of files and lines.
  struct text told = {0};
  diagnostics_write_text(&all, &told);
  text_byte(&told, '\0');
  static const char *const some[] = {
      "alias.yaml:", "bounds_crossed.yaml:", "merge_key.yaml:", "unknown_kind.yaml:", "yields_to_itself.yaml:"};
  for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) assert_non_null(strstr(told.data, some[i]));
  for (size_t d = 1; d < all.size; d++) {
    const int order = strcmp(all.rows[d - 1].place.file, all.rows[d].place.file);
    assert_true(order < 0 || (order == 0 && all.rows[d - 1].place.line <= all.rows[d].place.line));
  }
  assert_true(all.errors >= 140);
  text_fini(&told);
  diagnostics_fini(&all);
}

// --- Files and folders
// -----------------------------------------------------------------------------------------------------

static const char good_tail[] =
    "version: 1\nstatus: draft\neffective: {from: 2022-01-01}\nscope: {visit: INPATIENT_STAY}\nkind: readmission_interval\n"
    "say: {zh: \"{gap} 天\"}\n";

static bool tells(const struct text *told, const char *words) {
  return told->size > 0 && memmem(told->data, told->size, words, strlen(words)) != NULL;
}

// Writes the texts as rule files and loads the folder.
static struct ruleset *load_texts(const char *const *texts, size_t size, struct text *told) {
  struct sample_folder folder;
  sample_open(&folder, false);
  for (size_t i = 0; i < size; i++) {
    char name[32];
    snprintf(name, sizeof name, "rule_%zu.yaml", i);
    sample_write(&folder, name, slice_from(texts[i]));
  }
  struct ruleset *ruleset = sample_load(&folder, told);
  sample_close(&folder);
  return ruleset;
}

static char *good_rule(const char *id, const char *version_status_effective, const char *more) {
  struct text text = {0}, tail = {0};
  text_format(&tail, "%s\nscope: {visit: INPATIENT_STAY}\nkind: readmission_interval\nsay: {zh: \"{gap} 天\"}\n%s",
              version_status_effective, more);
  text_byte(&tail, '\0');
  sample_rule(&text, id, tail.data);
  text_byte(&text, '\0');
  text_fini(&tail);
  return text.data;
}

static void empty_huge_and_undecodable_files_are_errors(void **state) {
  (void)state;
  struct sample_folder folder;
  sample_open(&folder, false);
  sample_write(&folder, "empty.yaml", SLICE(""));
  struct text huge = {0};
  while (huge.size < (5u << 20))
    TEXT_LITERAL(&huge, "# a comment that is longer than anything a rule would ever have to say about itself\n");
  text_format(&huge, "rule: huge\n%s", good_tail);
  sample_write(&folder, "huge.yaml", text_slice(&huge));
  sample_write(&folder, "latin.yaml", SLICE("rule: latin\ntitle: {zh: \xff\xfe}\n"));
  sample_write(&folder, "zero.yaml", SLICE("rule: zero\nid: \0\n"));
  struct text told = {0};
  assert_null(sample_load(&folder, &told));
  assert_true(tells(&told, "SW1002") && tells(&told, "SW1003"));
  assert_true(tells(&told, "latin.yaml:2:13: error SW1004") && tells(&told, "zero.yaml:2:5: error SW1023"));
  text_fini(&told);
  text_fini(&huge);
  sample_close(&folder);
}

static void a_folder_without_codes_or_without_rules_is_an_error(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  const char *none[] = {"tests/golden/bad_rules/knowledge"}, *missing[] = {"tests/golden/no_such_folder"};
  assert_null(ruleset_load(missing, 1, &diagnostics));
  assert_int_equal(diagnostics.rows[0].code, 1139);
  diagnostics_fini(&diagnostics);
  diagnostics = (struct diagnostics){0};
  char folder[] = "/tmp/settlewatch-rules-XXXXXX";
  assert_non_null(mkdtemp(folder));
  const char *empty[] = {folder};
  assert_null(ruleset_load(empty, 1, &diagnostics));
  assert_int_equal(diagnostics.rows[0].code, 1137);
  assert_int_equal(diagnostics.rows[1].code, 1138);
  rmdir(folder);
  diagnostics_fini(&diagnostics);
  diagnostics = (struct diagnostics){0};
  assert_null(ruleset_load(none, 1, &diagnostics));    // descriptions of tables are no rules
  assert_true(diagnostics.errors > 0);
  diagnostics_fini(&diagnostics);
}

static void a_yml_file_is_not_silently_left_out(void **state) {
  (void)state;
  struct sample_folder folder;
  sample_open(&folder, false);
  sample_write(&folder, "rule.yml", slice_from(good_tail));
  struct text told = {0};
  assert_null(sample_load(&folder, &told));
  assert_true(tells(&told, "rule.yml: error SW1137"));
  text_fini(&told);
  sample_close(&folder);
}

// --- Rules among rules
// -----------------------------------------------------------------------------------------------------

static void expect_set_error(const char *const *texts, size_t size, const char *words) {
  struct text told = {0};
  struct ruleset *ruleset = load_texts(texts, size, &told);
  if (!tells(&told, words)) print_error("expected '%s' in:\n%.*s\n", words, SLICE_ARG(text_slice(&told)));
  assert_true(tells(&told, words));
  assert_null(ruleset);
  text_fini(&told);
}

#define V1 "version: 1\nstatus: shadow\neffective: {from: 2022-01-01}"
#define V2 "version: 2\nstatus: shadow\neffective: {from: 2024-01-01}"

static void rules_that_do_not_go_together_are_errors(void **state) {
  (void)state;
  char *a1 = good_rule("TST-001", V1, ""), *a2 = good_rule("TST-001", V2, ""),
       *b = good_rule("TST-002", V1, "yields_to: [TST-003]"), *c = good_rule("TST-003", V1, "yields_to: [TST-002]"),
       *d = good_rule("TST-004", V1, "yields_to: [TST-009]");
  expect_set_error((const char *const[]){a1, a1}, 2, "SW1131");
  expect_set_error((const char *const[]){b, c}, 2, "SW1130");
  expect_set_error((const char *const[]){d}, 1, "SW1129");
  struct text renamed = {0};
  text_format(&renamed, "%.*s%s", (int)(strchr(a1, '\n') - a1), a1, strchr(d, '\n'));
  text_byte(&renamed, '\0');
  expect_set_error((const char *const[]){a1, renamed.data}, 2, "SW1133");
  // Two shadow versions on the same days are allowed.
  struct ruleset *ruleset = load_texts((const char *const[]){a1, a2}, 2, NULL);
  assert_non_null(ruleset);
  assert_int_equal(ruleset->size, 2);
  assert_int_equal(ruleset_find(ruleset, SLICE("TST-001"))->version, 2);
  assert_int_equal(ruleset_find(ruleset, SLICE("r_tst_001"))->version, 2);
  assert_null(ruleset_find(ruleset, SLICE("TST-002")));
  ruleset_destroy(ruleset);
  text_fini(&renamed);
  memory_free(a1), memory_free(a2), memory_free(b), memory_free(c), memory_free(d);
}

static void each_version_is_found_among_many_rules(void **state) {
  (void)state;
  enum { RULES = 40 };
  char *texts[RULES], id[8], version[80];
  for (unsigned i = 0; i < RULES; i++) {    // three ids have two versions, in no order
    const unsigned number = 1 + i * 7 % 37;
    snprintf(id, sizeof id, "TST-%03u", number);
    snprintf(version, sizeof version, "version: %u\nstatus: shadow\neffective: {from: 2022-01-01}", i < 37 ? 2 : 3);
    texts[i] = good_rule(id, version, "");
  }
  struct ruleset *ruleset = load_texts((const char *const *)texts, RULES, NULL);
  assert_non_null(ruleset);
  unsigned found = 0;
  for (unsigned number = 0; number <= 38; number++)
    for (int64_t wanted = 1; wanted <= 4; wanted++) {
      snprintf(id, sizeof id, "TST-%03u", number);
      const struct rule *rule = ruleset_version(ruleset, slice_from(id), wanted), *other = NULL;
      for (size_t r = 0; r < ruleset->size; r++)
        if (slice_equal(ruleset->rules[r]->id, slice_from(id)) && ruleset->rules[r]->version == wanted) other = ruleset->rules[r];
      assert_ptr_equal(rule, other);
      found += rule != NULL;
    }
  assert_int_equal(found, RULES);
  ruleset_destroy(ruleset);
  for (unsigned i = 0; i < RULES; i++) memory_free(texts[i]);
}

static void two_active_versions_must_not_be_in_force_on_one_day(void **state) {
  (void)state;
  static const char tests[] = "tests:\n  - {name: a, given: [{settle: {id: S1}}], expect: {hit: default}}\n"
                              "  - {name: b, given: [{settle: {id: S1}}], expect: {outcome: no_hit}}\n";
  char *one = good_rule("TST-001", "version: 1\nstatus: active\neffective: {from: 2022-01-01, to: 2024-01-01}", tests),
       *two = good_rule("TST-001", "version: 2\nstatus: active\neffective: {from: 2024-01-01}", tests),
       *next = good_rule("TST-001", "version: 2\nstatus: active\neffective: {from: 2024-01-02}", tests);
  expect_set_error((const char *const[]){one, two}, 2, "SW1132");
  struct ruleset *ruleset = load_texts((const char *const[]){one, next}, 2, NULL);
  assert_non_null(ruleset);
  assert_int_equal(ruleset->rules[0]->version, 1);
  assert_int_equal(ruleset->rules[1]->number, 1);
  ruleset_destroy(ruleset);
  memory_free(one), memory_free(two), memory_free(next);
}

static void any_number_of_shadow_versions_may_stand_beside_the_active_one(void **state) {
  (void)state;
  static const char tests[] = "tests:\n  - {name: a, given: [{settle: {id: S1}}], expect: {hit: default}}\n"
                              "  - {name: b, given: [{settle: {id: S1}}], expect: {outcome: no_hit}}\n";
  char *active = good_rule("TST-001", "version: 1\nstatus: active\neffective: {from: 2022-01-01}", tests),
       *two = good_rule("TST-001", "version: 2\nstatus: shadow\neffective: {from: 2022-01-01}", ""),
       *three = good_rule("TST-001", "version: 3\nstatus: shadow\neffective: {from: 2022-01-01}", "");
  struct ruleset *ruleset = load_texts((const char *const[]){active, two, three}, 3, NULL);
  assert_non_null(ruleset);
  assert_int_equal(ruleset->size, 3);
  ruleset_destroy(ruleset);
  memory_free(active), memory_free(two), memory_free(three);
}

// --- Hashes --------------------------------------------------------------------------------------------------------------

static void hash_of(const char *text, char hash[33], uint64_t *projection) {
  struct ruleset *ruleset = load_texts(&text, 1, NULL);
  assert_non_null(ruleset);
  memcpy(hash, ruleset->hash, 33);
  *projection = ruleset->projection;
  ruleset_destroy(ruleset);
}

static void a_budget_is_a_share_and_part_of_what_the_set_means(void **state) {
  (void)state;
  static const struct { const char *share; int64_t basis_points; } good[] = {{"5%", 500}, {"0.25%", 25}, {"0.5%", 50}, {"100%", 10000}, {"12.34%", 1234}};
  static const char *const bad[] = {"5", "0%", "100.01%", "101%", "1.234%", "%", ".5%", "5.%", "5 %", "-1%", "99999999999999999999%"};
  char hashes[2][33], keys[200];
  uint64_t projection;
  char *plain = good_rule("TST-001", V1, "");
  hash_of(plain, hashes[0], &projection);
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    snprintf(keys, sizeof keys, "budget: {hit_rate_at_most: \"%s\", min_evaluated: 10000}\n", good[i].share);
    char *text = good_rule("TST-001", V1, keys);
    const char *const texts[] = {text};
    struct ruleset *ruleset = load_texts(texts, 1, NULL);
    assert_non_null(ruleset);
    assert_int_equal(ruleset->rules[0]->budget_basis_points, good[i].basis_points);
    assert_int_equal(ruleset->rules[0]->budget_evaluated, 10000);
    assert_string_not_equal(ruleset->hash, hashes[0]);
    ruleset_destroy(ruleset);
    memory_free(text);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    snprintf(keys, sizeof keys, "budget: {hit_rate_at_most: \"%s\", min_evaluated: 10000}\n", bad[i]);
    char *text = good_rule("TST-001", V1, keys);
    expect_set_error((const char *const[]){text}, 1, "SW1104");
    memory_free(text);
  }
  memory_free(plain);
}

static void the_hash_covers_meaning_and_not_form(void **state) {
  (void)state;
  char *plain = good_rule("TST-001", V1, "unless:\n  - {id: e, if: {insutype: \"310\", visit: INP}, reason: 理由}\n"),
       *other_form = good_rule(
           "TST-001", V1,
           "# a comment\nnote: more words\nunless:\n  - id: e\n    reason: \"理由\"\n    if:\n      visit: [INP]\n"
           "      insutype: {in: [\"310\"]}\n"
           "tests:\n  - {name: a, given: [{settle: {id: S1}}], expect: {hit: default}}\n"),
       *other_bound = good_rule(
           "TST-001", V1,
           "params: {max_gap: 14}\nunless:\n  - {id: e, if: {insutype: \"310\", visit: INP}, reason: 理由}\n"),
       *other_field = good_rule("TST-001", V1, "unless:\n  - {id: e, if: {hosp_lv: \"01\", visit: INP}, reason: 理由}\n");
  char a[33], b[33], c[33], d[33];
  uint64_t pa, pb, pc, pd;
  hash_of(plain, a, &pa);
  hash_of(other_form, b, &pb);
  hash_of(other_bound, c, &pc);
  hash_of(other_field, d, &pd);
  assert_string_equal(a, b);
  assert_string_not_equal(a, c);
  assert_string_not_equal(a, d);
  assert_true(pa == pb && pa == pc);    // a dossier made for one bound is good for another
  assert_true(pa != pd);
  assert_int_equal(strspn(a, "0123456789abcdef"), 32);
  memory_free(plain), memory_free(other_form), memory_free(other_bound), memory_free(other_field);
}

static void the_hash_covers_the_tables(void **state) {
  (void)state;
  char hashes[2][33];
  for (int i = 0; i < 2; i++) {
    struct sample_folder folder;
    sample_open(&folder, true);
    sample_write(&folder, "knowledge/groups.yaml",
                 SLICE("columns:\n  - {name: dx3, type: text}\nkey: [dx3]\nversion: \"1\"\nsource: here\n"));
    sample_write(&folder, "knowledge/groups.csv", i ? SLICE("dx3\nI63\nJ18\n") : SLICE("dx3\nI63\n"));
    char *rule = good_rule("TST-001", V1, "unless:\n  - {id: e, if: {dx3: {in_table: groups}}, reason: 理由}\n");
    sample_write(&folder, "rule.yaml", slice_from(rule));
    struct ruleset *ruleset = sample_load(&folder, NULL);
    assert_non_null(ruleset);
    memcpy(hashes[i], ruleset->hash, 33);
    ruleset_destroy(ruleset);
    sample_close(&folder);
    memory_free(rule);
  }
  assert_string_not_equal(hashes[0], hashes[1]);
}

static void the_longest_look_back_counts(void **state) {
  (void)state;
  char *near = good_rule("TST-001", V1, "params: {max_gap: 15}"), *far = good_rule("TST-002", V1, "params: {max_gap: 90}");
  struct ruleset *ruleset = load_texts((const char *const[]){near, far}, 2, NULL);
  assert_non_null(ruleset);
  assert_true(ruleset->lookback_days >= 90 && ruleset->lookback_days <= 92);
  assert_int_equal(ruleset->rules[0]->visits & (1u << VISIT_OUTP), 0);
  assert_true(ruleset->rules[0]->visits & (1u << VISIT_INP));
  assert_int_equal(ruleset->rules[0]->bands_size, 1);
  ruleset_destroy(ruleset);
  memory_free(near), memory_free(far);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_bad_rule_file_gives_its_located_errors),
      cmocka_unit_test(all_errors_of_all_files_are_told_in_one_run),
      cmocka_unit_test(empty_huge_and_undecodable_files_are_errors),
      cmocka_unit_test(a_folder_without_codes_or_without_rules_is_an_error),
      cmocka_unit_test(a_yml_file_is_not_silently_left_out),
      cmocka_unit_test(rules_that_do_not_go_together_are_errors),
      cmocka_unit_test(each_version_is_found_among_many_rules),
      cmocka_unit_test(two_active_versions_must_not_be_in_force_on_one_day),
      cmocka_unit_test(any_number_of_shadow_versions_may_stand_beside_the_active_one),
      cmocka_unit_test(a_budget_is_a_share_and_part_of_what_the_set_means),
      cmocka_unit_test(the_hash_covers_meaning_and_not_form),
      cmocka_unit_test(the_hash_covers_the_tables),
      cmocka_unit_test(the_longest_look_back_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
