#include "sample_kinds.h"

#include "rules/condition.h"
#include "rules/index.h"
#include "rules/scope.h"

// Rules of every witness and scope, two tables of codes, one of (institution, hospital code); some rules share a table.
static struct ruleset *many_rules(void) {
  static const struct { const char *id, *more;
  } rules[] = {
      {"TST-001", SHADOW "kind: visit\nsay: {zh: a}\n"},
      {"TST-002", SHADOW "kind: visit\nsay: {zh: a}\nscope: {visit: INP}\n"},
      {"TST-003", SHADOW "kind: visit\nsay: {zh: a}\nscope: {visit: [INP, OUTP], fixmedins_code: [H1, H3]}\n"},
      {"TST-004", SHADOW "kind: pair\nsay: {zh: a}\nscope: {visit: INP}\n"},
      {"TST-005", SHADOW "kind: pair\nsay: {zh: a}\nscope: {fixmedins_code: H2}\n"},
      {"TST-006", SHADOW "kind: national\nparams: {table: prices}\nsay: {zh: a}\n"},
      {"TST-007", SHADOW "kind: national\nparams: {table: prices}\nsay: {zh: a}\nscope: {visit: OUTP}\n"},
      {"TST-008", SHADOW "kind: national\nparams: {table: limits}\nsay: {zh: a}\nscope: {fixmedins_code: [H2, H3]}\n"},
      {"TST-009", SHADOW "kind: hospital\nparams: {table: mapping}\nsay: {zh: a}\nscope: {visit: [INP, OUTP]}\n"},
      {"TST-010", SHADOW "kind: hospital\nparams: {table: mapping, missing: true}\nsay: {zh: a}\nscope: {visit: INP}\n"},
      {"TST-011",
       SHADOW "kind: hospital\nparams: {table: mapping, missing: true}\nsay: {zh: a}\nscope: {fixmedins_code: H3}\n"},
      {"TST-0115", SHADOW "kind: visit\nsay: {zh: a}\nscope: {visit: INP, dx3: {in_table: groups}}\n"},
      {"TST-0116", SHADOW "kind: pair\nsay: {zh: a}\nscope: {any: [{dx3: [K35, I63]}, {dx3: {in_table: groups}}]}\n"},
      {"TST-0117", SHADOW "kind: visit\nsay: {zh: a}\nscope: {dx3: {in_table: groups}, fixmedins_code: H1}\n"},
      {"TST-0118", SHADOW "kind: visit\nsay: {zh: a}\nscope: {not: {dx3: {in_table: groups}}}\n"},
      {"TST-0119", SHADOW "kind: visit\nsay: {zh: a}\nscope: {any: [{dx3: K35}, {visit: OUTP}]}\n"},
      {"TST-012", SHADOW "kind: visit\nsay: {zh: a}\nscope: {fixmedins_code: H2, visit: INP}\n"},
      {"TST-013", "version: 1\nstatus: draft\neffective: {from: 2022-01-01}\nkind: visit\nsay: {zh: a}\n"},
      {"TST-014",
       "version: 1\nstatus: retired\neffective: {from: 2022-01-01}\nkind: national\nparams: {table: prices}\nsay: {zh: "
       "a}\n"},
      {"TST-015", SHADOW
       "kind: national\nparams: {table: limits, missing: true}\nsay: {zh: a}\nscope: {fixmedins_code: H1, visit: OUTP}\n"},
  };
  struct sample_folder folder;
  struct text text = {0}, csv = {0};
  sample_open(&folder, true);
  static const char code_table[] =
      "columns:\n  - {name: med_list_codg, type: text}\n  - {name: value, type: int}\nkey: [med_list_codg]\nversion: "
      "\"1\"\nsource: here\n";
  sample_write(&folder, "knowledge/prices.yaml", slice_from(code_table));
  sample_write(&folder, "knowledge/limits.yaml", slice_from(code_table));
  sample_write(&folder, "knowledge/mapping.yaml",
               SLICE("columns:\n  - {name: fixmedins_code, type: text}\n  - {name: medins_list_codg, type: text}\n  - "
                     "{name: value, type: int}\n"
                     "key: [fixmedins_code, medins_list_codg]\nversion: \"1\"\nsource: here\n"));
  text_format(&csv, "med_list_codg,value\n");
  for (int i = 0; i < 40; i += 2) text_format(&csv, "N%d,%d\nN%d,%d\n", i, i, i, i + 1);    // two rows of a key
  sample_write(&folder, "knowledge/prices.csv", text_slice(&csv));
  sample_write(&folder, "knowledge/groups.yaml", SLICE("columns:\n  - {name: dx3, type: text}\nkey: [dx3]\nversion: \"1\"\nsource: here\n"));
  sample_write(&folder, "knowledge/groups.csv", SLICE("dx3\nI63\nJ18\nI63\n"));
  text_clear(&csv);
  text_format(&csv, "med_list_codg,value\n");
  for (int i = 0; i < 60; i += 3) text_format(&csv, "N%d,%d\n", i, i);
  sample_write(&folder, "knowledge/limits.csv", text_slice(&csv));
  text_clear(&csv);
  text_format(&csv, "fixmedins_code,medins_list_codg,value\n");
  for (int i = 0; i < 40; i++) text_format(&csv, "H%d,L%d,%d\n", i % 3 + 1, i, i);
  sample_write(&folder, "knowledge/mapping.csv", text_slice(&csv));
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    char name[64];
    snprintf(name, sizeof name, "%s.yaml", rules[i].id);
    sample_write(&folder, name, sample_rule(&text, rules[i].id, rules[i].more));
  }
  struct ruleset *ruleset = sample_load(&folder, NULL);
  assert_non_null(ruleset);
  sample_close(&folder);
  text_fini(&text);
  text_fini(&csv);
  return ruleset;
}

static uint32_t below(uint64_t *seed, uint32_t limit) {
  *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)(*seed >> 33) % limit;
}

enum { ITEMS = 90 };

static unsigned scopes_known;    // scopes that hold because the index found the rule

// What the index must give, by asking every rule about every line.
static void expect_found(struct ruleset *ruleset, struct visit *visit, const struct index_scratch *scratch, bool pair) {
  uint32_t rule_at = 0, candidate_at = 0;
  for (uint32_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    if (rule->status == RULE_DRAFT || rule->status == RULE_RETIRED || (rule->kind->unit == KIND_PAIR) != pair) continue;
    const struct slice *institutions;
    size_t size;
    bool wanted = rule->visits >> visit->symbol & 1;
    if (scope_institutions(rule, &ruleset->arena, &institutions, &size)) {
      bool listed = false;
      for (size_t i = 0; i < size; i++) listed |= slice_equal(institutions[i], visit->fixmedins_code);
      wanted &= listed;
    } else if (rule->kind->witness == WITNESS_VISIT && slice_present(visit->main_diagnosis) &&
               scope_diagnoses(rule, &ruleset->arena, &institutions, &size)) {
      bool listed = false;
      for (size_t i = 0; i < size; i++) listed |= slice_equal(institutions[i], view_dx3(visit));
      wanted &= listed;
    }
    if (wanted && rule->kind->witness != WITNESS_VISIT) {
      const uint32_t before = candidate_at;
      for (uint32_t i = 0; i < visit->items_size; i++) {
        const bool hospital = rule->kind->witness == WITNESS_HOSPITAL_CODE;
        const struct slice key[] = {hospital ? visit->fixmedins_code : visit->items[i].med_list_codg,
                                    visit->items[i].medins_list_codg};
        const uint32_t *rows;
        const bool has_key = hospital ? key[1].size > 0 : key[0].size > 0;
        const bool found = has_key && table_find(lines_table(rule), key, &rows) > 0;
        if (!found && !lines_missing(rule)) continue;
        assert_true(candidate_at < scratch->candidates_size);
        assert_int_equal(scratch->candidates[candidate_at].rule, r);
        assert_int_equal(scratch->candidates[candidate_at].item, i);
        assert_int_equal(scratch->candidates[candidate_at].row, found ? rows[0] : UINT32_MAX);
        candidate_at++;
      }
      wanted = candidate_at > before || lines_missing(rule);
    }
    if (!wanted) continue;
    assert_true(rule_at < scratch->rules_size);
    assert_int_equal(scratch->rules[rule_at++], r);
    if (!index_scope_holds(ruleset->index, (uint32_t)r, visit)) continue;
    const struct judge_input input = {.ruleset = ruleset, .visit = visit, .arena = &ruleset->arena};
    const struct verdict verdict = {.rule = rule, .visit = visit};
    const struct condition_context context = {rule, &input, &verdict};
    assert_true(rule->scope == NULL || condition_evaluate(rule->scope, &context) == TRUTH_TRUE);
    scopes_known += rule->scope != NULL;
  }
  assert_int_equal(rule_at, scratch->rules_size);
  assert_int_equal(candidate_at, scratch->candidates_size);
}

// The groups that a scope is restricted to, as "A B C"; "any" when it is not.
static void expect_groups(const char *scope, const char *expected) {
  struct sample_folder folder;
  struct text text = {0}, found = {0};
  sample_open(&folder, true);
  sample_write(&folder, "knowledge/groups.yaml", SLICE("columns:\n  - {name: dx3, type: text}\nkey: [dx3]\nversion: \"1\"\nsource: here\n"));
  sample_write(&folder, "knowledge/groups.csv", SLICE("dx3\nJ18\nI63\n"));
  sample_write(&folder, "knowledge/prefixes.yaml", SLICE("columns:\n  - {name: dx3, type: text}\nkey: [dx3]\nversion: \"1\"\nsource: here\n"));
  sample_write(&folder, "knowledge/prefixes.csv", SLICE("dx3\nJ*\n"));
  text_format(&found, SHADOW "kind: visit\nsay: {zh: a}\nscope: %s\n", scope);
  text_byte(&found, '\0');
  sample_write(&folder, "TST-001.yaml", sample_rule(&text, "TST-001", found.data));
  struct ruleset *ruleset = sample_load(&folder, NULL);
  assert_non_null(ruleset);
  const struct slice *groups;
  size_t size;
  text_clear(&found);
  if (!scope_diagnoses(ruleset->rules[0], &ruleset->arena, &groups, &size)) text_append(&found, SLICE("any"));
  for (size_t i = 0; i < size; i++) text_format(&found, "%s%.*s", i > 0 ? " " : "", SLICE_ARG(groups[i]));
  text_byte(&found, '\0');
  assert_string_equal(found.data, expected);
  sample_close(&folder);
  ruleset_destroy(ruleset);
  text_fini(&text);
  text_fini(&found);
}

static void a_scope_tells_the_diagnoses_it_is_restricted_to(void **state) {
  (void)state;
  expect_groups("{dx3: K35}", "K35");
  expect_groups("{dx3: [K35, I63], visit: INP}", "I63 K35");
  expect_groups("{dx3: {in_table: groups}}", "I63 J18");
  expect_groups("{any: [{dx3: {in_table: groups}}, {dx3: K35}]}", "I63 J18 K35");
  expect_groups("{not: {any: [{not: {dx3: K35}}, {visit: OUTP}]}}", "K35");
  expect_groups("{not: {dx3: K35}}", "any");
  expect_groups("{not: {dx3: {in_table: groups}}}", "any");
  expect_groups("{any: [{dx3: K35}, {visit: INP}]}", "any");
  expect_groups("{dx3: {in_table: prefixes}}", "any");
  expect_groups("{dx3: {starts_with: K}}", "any");
  expect_groups("{main_diagnosis: {starts_with: K}}", "any");
  expect_groups("{visit: INP}", "any");
}

static void the_index_finds_what_asking_every_rule_finds(void **state) {
  (void)state;
  struct ruleset *ruleset = many_rules();
  static const enum visit_symbol symbols[] = {VISIT_OTHER, VISIT_INP, VISIT_OUTP, VISIT_INP_DAY};
  const struct slice diagnoses[] = {SLICE("I63.900"), SLICE("J18"), SLICE("K35.1"), SLICE("A09.000"), SLICE_NONE};
  static struct item items[ITEMS];
  static char words[ITEMS][2][8];
  struct index_scratch scratch = {0};
  uint64_t seed = 20260301;
  for (unsigned n = 0; n < 4000; n++) {
    struct visit visit = sample_stay("M1", 1, 6);
    char institution[4] = {'H', (char)('1' + below(&seed, 4)), '\0', '\0'};
    visit.fixmedins_code = slice_from(institution);
    visit.symbol = symbols[below(&seed, 4)];
    visit.main_diagnosis = diagnoses[below(&seed, 5)];
    visit.items = items;
    visit.items_size = below(&seed, 4) == 0 ? below(&seed, ITEMS + 1) : below(&seed, 6);
    for (uint32_t i = 0; i < visit.items_size; i++) {
      snprintf(words[i][0], sizeof words[i][0], "N%u", below(&seed, 80));
      snprintf(words[i][1], sizeof words[i][1], "L%u", below(&seed, 60));
      items[i] = (struct item){.med_list_codg = below(&seed, 9) ? slice_from(words[i][0]) : SLICE_NONE,
                               .medins_list_codg = below(&seed, 9) ? slice_from(words[i][1]) : SLICE_NONE};
    }
    index_find_claim(ruleset->index, &visit, &scratch);
    expect_found(ruleset, &visit, &scratch, false);
    index_find_pair(ruleset->index, &visit, &scratch);
    expect_found(ruleset, &visit, &scratch, true);
  }
  assert_true(scopes_known > 1000);
  // No record asks for memory once the scratch is large enough.
  uint64_t calls = 0;
  for (unsigned n = 0; n < 1000; n++) {
    struct visit visit = sample_stay("M1", 1, 6);
    visit.items = items;
    visit.items_size = ITEMS;
    index_find_claim(ruleset->index, &visit, &scratch);
    index_find_pair(ruleset->index, &visit, &scratch);
    if (n == 0) calls = memory_calls();
  }
  assert_int_equal(memory_calls(), calls);
  index_scratch_fini(&scratch);
  ruleset_destroy(ruleset);
}

static unsigned loads;
static void load_none(struct visit *visit) {
  loads++;
  visit->items_loaded = true;
}

static void lines_are_loaded_only_when_some_rule_asks_for_codes(void **state) {
  (void)state;
  struct ruleset *ruleset = sample_one(
      SHADOW "kind: national\nparams: {table: procurement_price}\nsay: {zh: a}\nscope: {visit: INP}\n");
  struct index_scratch scratch = {0};
  struct visit visit = sample_stay("M1", 1, 6);
  visit.items_loaded = false;
  visit.load = load_none;
  visit.symbol = VISIT_OUTP;
  index_find_claim(ruleset->index, &visit, &scratch);
  assert_int_equal(loads, 0);
  visit.symbol = VISIT_INP;
  index_find_claim(ruleset->index, &visit, &scratch);
  assert_int_equal(loads, 1);
  assert_int_equal(scratch.rules_size, 0);
  index_scratch_fini(&scratch);
  ruleset_destroy(ruleset);
}

static void one_scratch_serves_indexes_of_different_size(void **state) {
  (void)state;
  struct ruleset *large = many_rules(),
                 *small = sample_one(SHADOW "kind: national\nparams: {table: procurement_price}\nsay: {zh: a}\n");
  struct index_scratch scratch = {0};
  struct visit visit = sample_stay("M1", 1, 6);
  const struct item items[] = {{.med_list_codg = SLICE("XA01"), .medins_list_codg = SLICE("L0")},
                               {.med_list_codg = SLICE("N6")}};
  visit.items = items;
  visit.items_size = 2;
  index_find_claim(small->index, &visit, &scratch);
  assert_int_equal(scratch.candidates_size, 1);
  index_find_claim(large->index, &visit, &scratch);
  expect_found(large, &visit, &scratch, false);
  index_find_claim(small->index, &visit, &scratch);
  assert_int_equal(scratch.candidates_size, 1);
  assert_int_equal(scratch.candidates[0].item, 0);
  index_scratch_fini(&scratch);
  ruleset_destroy(large);
  ruleset_destroy(small);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_scope_tells_the_diagnoses_it_is_restricted_to),
      cmocka_unit_test(the_index_finds_what_asking_every_rule_finds),
      cmocka_unit_test(lines_are_loaded_only_when_some_rule_asks_for_codes),
      cmocka_unit_test(one_scratch_serves_indexes_of_different_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
