// Any bytes as a rule file: read, checked, formatted, written canonically; and when it is a rule, said in words and judged on two stays,
// with and without a trace.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/digest.h"
#include "rules/arrange.h"
#include "rules/check.h"
#include "rules/hash.h"
#include "rules/handbook.h"
#include "rules/index.h"
#include "rules/read.h"
#include "rules/trace.h"
#include "rules/words.h"
#include "tests/fuzz/fuzz.h"

// Codes, calendar and tables as a rule folder has them; loaded once.
static struct ruleset knowledge;

static void load_knowledge(void) {
  struct diagnostics diagnostics = {0};
  digest_start();
  arena_init(&knowledge.arena, 0);
  knowledge.codes = codes_load(&knowledge.arena, "rules.d/codes", &diagnostics);
  knowledge.calendar = calendar_load(&knowledge.arena, "rules.d/calendars", &diagnostics);
  knowledge.tables = tables_open(&knowledge.arena, "rules.d/knowledge", INT32_MAX, &diagnostics);
  size_t size;
  const char *const *names = tables_names(knowledge.tables, &size);
  for (size_t i = 0; i < size; i++) tables_get(knowledge.tables, names[i]);
  knowledge.rescue_items = tables_get(knowledge.tables, "rescue_items");
  assert(diagnostics.errors == 0 && knowledge.codes != NULL);
  knowledge.inpatient_stay = codes_group(knowledge.codes, "INPATIENT_STAY");
  diagnostics_fini(&diagnostics);
}

static int64_t at(int day, int hour) { return date_of_day(date_from_civil(2026, 3, day)) + hour * 3600; }

static void judge_both(const struct ruleset *ruleset, const struct rule *rule, struct arena *arena) {
  static const struct slice traces[] = {{"83123450000000000017", 20}};
  static const struct settlement_view settlement = {.setl_id = {"S1", 2}, .medfee_fen = 46000, .fund_fen = 38000};
  struct item items[] = {{.feedetl_sn = SLICE("1"),
                          .med_list_codg = SLICE("001109000010000"),
                          .medins_list_codg = SLICE("CW01"),
                          .time_s = at(1, 9),
                          .cnt = 90000,
                          .pric = 40000000,
                          .amount_fen = 36000,
                          .inscp_fen = 36000,
                          .fee = FEE_BED},
                         {.feedetl_sn = SLICE("2"),
                          .med_list_codg = SLICE("XB01ACA076A001010100001"),
                          .medins_list_codg = SLICE("YP0917"),
                          .time_s = at(2, 8),
                          .cnt = 100000,
                          .pric = 10000000,
                          .amount_fen = 10000,
                          .inscp_fen = 9000,
                          .fee = FEE_DRUG_W,
                          .traces = traces,
                          .traces_size = 1},
                         {.feedetl_sn = SLICE("3"), .time_s = DATE_ABSENT, .flags = ITEM_NO_CNT | ITEM_NO_PRICE}};
  struct visit visits[2] = {0};
  for (int i = 0; i < 2; i++)
    visits[i] = (struct visit){.mdtrt_id = SLICE("M1"),
                               .fixmedins_code = SLICE("H62010000001"),
                               .insutype = SLICE("310"),
                               .med_type = SLICE("21"),
                               .hosp_lv = SLICE("03"),
                               .symbol = VISIT_INP,
                               .stay = true,
                               .final = true,
                               .begntime_s = at(1 + 9 * i, 9),
                               .endtime_s = at(6 + 9 * i, 10),
                               .brdy_day = INT32_MIN,
                               .main_diagnosis = SLICE("I63.900"),
                               .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT,
                               .settled_s = at(6 + 9 * i, 11),
                               .settlements = &settlement,
                               .settlements_size = 1,
                               .items = items,
                               .items_size = 3,
                               .items_loaded = true,
                               .inscp_fen = 45000,
                               .fund_fen = 38000};
  const struct history history = {
      .psn_no = SLICE("p_1"), .visits = visits, .size = 2, .watermark_s = at(20, 0), .start_day = INT32_MIN};
  struct index_scratch scratch = {0};
  for (int i = 0; i < 2; i++) {
    struct judge_input input = {
        .ruleset = ruleset, .history = &history, .visit = &visits[i], .arena = arena, .provisional_days = 30};
    index_find_claim(ruleset->index, &visits[i], &scratch);
    input.candidates = scratch.candidates;
    input.candidates_size = scratch.candidates_size;
    struct verdict plain, traced;
    judge(rule, &input, &plain);
    struct trace trace;
    trace_init(&trace, arena, NULL, 0);
    input.trace = &trace;
    judge(rule, &input, &traced);
    assert(plain.outcome == traced.outcome && plain.band == traced.band && plain.provisional == traced.provisional);
    assert(slice_equal(plain.reason, traced.reason) && (plain.outcome == OUTCOME_HIT) == (plain.band != NULL));
    for (uint32_t c = 0; c < plain.claims_size; c++)
      assert(plain.claims[c].item < 3 && plain.claims[c].claimed_fen >= 0 &&
             plain.claims[c].claimed_fen <= items[plain.claims[c].item].inscp_fen);
    struct text text = {0};
    trace_write(&trace, &text);
    text_fini(&text);
  }
  index_scratch_fini(&scratch);
}

// What can be formatted means the same afterwards, and is formatted once and for all.
static void format_twice(const struct ruleset *ruleset, struct slice source, const struct yaml_limits *limits) {
  struct arena arena;
  struct text texts[2] = {{0}, {0}}, meanings[2] = {{0}, {0}};
  const char *why = NULL;
  arena_init(&arena, 1 << 16);
  for (int turn = 0; turn < 2; turn++) {
    struct diagnostics diagnostics = {0}, told = {0};
    struct yaml_file file;
    struct arrange arrange;
    yaml_load_text(&file, &arena, "fuzz.yaml", turn == 0 ? source : text_slice(&texts[0]), turn == 0 ? limits : NULL, &diagnostics);
    bool good = file.root != NULL && diagnostics.errors == 0;
    assert(good || turn == 0);
    if (good) {
      arrange_init(&arrange, &file, &words_record);
      good = layout_write(&arrange.layout, &file, &texts[turn], &why);
      if (turn == 1 && !(good && slice_equal(text_slice(&texts[0]), text_slice(&texts[1])))) {
        fprintf(stderr, "once:\n%.*s\ntwice (%s):\n%.*s\n", SLICE_ARG(text_slice(&texts[0])), why != NULL ? why : "other text",
                SLICE_ARG(text_slice(&texts[1])));
        abort();
      }
      struct ruleset own = *ruleset;
      struct yaml_file quiet = file;
      arena_init(&own.arena, 1 << 14);
      quiet.diagnostics = &told;
      struct prepare prepare = {.ruleset = &own, .file = &quiet};
      if (read_rule(&prepare)) hash_rule_text(prepare.rule, &meanings[turn]);
      arena_fini(&own.arena);
    }
    diagnostics_fini(&diagnostics);
    diagnostics_fini(&told);
    if (!good) break;
    if (turn == 1) assert(meanings[0].size == 0 || slice_equal(text_slice(&meanings[0]), text_slice(&meanings[1])));
  }
  for (int turn = 0; turn < 2; turn++) {
    text_fini(&texts[turn]);
    text_fini(&meanings[turn]);
  }
  arena_fini(&arena);
}

static void say(const struct ruleset *ruleset) {
  struct text text = {0};
  handbook_write(ruleset, PAGE_HTML, &text);
  struct page page;
  page_begin(&page, &text, PAGE_MARKDOWN, "en", "fuzz");
  meaning_rule(&(struct meaning){ruleset, ruleset->rules[0], false}, 1, &page);
  page_end(&page);
  assert(text.size > 0);
  text_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct yaml_limits limits = {.file_bytes = 1 << 16, .scalar_bytes = 1 << 12, .depth = 32, .nodes = 4000};
  if (knowledge.codes == NULL) load_knowledge();
  struct diagnostics diagnostics = {0};
  struct ruleset ruleset = knowledge;
  arena_init(&ruleset.arena, 1 << 16);
  struct yaml_file file;
  yaml_load_text(&file, &ruleset.arena, "fuzz.yaml", (struct slice){(const char *)data, size}, &limits, &diagnostics);
  if (file.root != NULL) {
    struct prepare prepare = {.ruleset = &ruleset, .file = &file};
    const bool read = read_rule(&prepare);
    assert(read || diagnostics.errors > 0);
    const struct rule *rule = prepare.rule;
    const bool good = read & (read && check_rule(rule)) & check_set(&rule, 1, true);
    assert(good || diagnostics.errors > 0);
    if (good && diagnostics.errors == 0) {
      ruleset.rules = &rule;
      ruleset.size = 1;
      hash_ruleset(&ruleset);
      ruleset.index = index_create(&ruleset);
      judge_both(&ruleset, rule, &ruleset.arena);
      say(&ruleset);
    } else if (!read && rule->kind != NULL && rule->bands != NULL) {
      check_tests(rule);
    }
    format_twice(&knowledge, (struct slice){(const char *)data, size}, &limits);
  }
  struct text out = {0};
  diagnostics_sort(&diagnostics);
  diagnostics_write_text(&diagnostics, &out);
  diagnostics_write_sarif(&diagnostics, &out);
  diagnostics_write_junit(&diagnostics, "fuzz", &out);
  for (size_t i = 0; i < diagnostics.size; i++) assert(diagnostics_explain(diagnostics.rows[i].code) != NULL);
  text_fini(&out);
  diagnostics_fini(&diagnostics);
  arena_fini(&ruleset.arena);
  return 0;
}
