#include "tests/unit/rules_kinds/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/memory.h"
#include "record/money.h"

void stage_open(struct stage *stage) {
  *stage = (struct stage){.history = {.psn_no = SLICE("P1"), .start_day = INT32_MIN}};
  arena_init(&stage->arena, 64 << 10);
  arena_init(&stage->ruleset.arena, 64 << 10);
  stage->history.visits = stage->visits;
  stage->ruleset.tables = tables_open(&stage->ruleset.arena, NULL, INT32_MAX, &stage->diagnostics);
}

void stage_close(struct stage *stage) {
  diagnostics_fini(&stage->diagnostics);
  arena_fini(&stage->arena);
  arena_fini(&stage->ruleset.arena);
}

int64_t stage_time(const char *text) {
  int64_t time_s = 0;
  assert_true(date_parse(slice_from(text), &time_s, NULL));
  return time_s;
}

int32_t stage_day(const char *text) { return date_day(stage_time(text)); }

static bool make_rule(struct stage *stage, const char *kind, const char *params) {
  stage->rule = (struct rule){.kind = kind_find(slice_from(kind)), .id = SLICE("T-1"), .name = SLICE("t")};
  assert_non_null(stage->rule.kind);
  struct yaml_file *file = ARENA_ZEROED(&stage->arena, struct yaml_file, 1);
  yaml_load_text(file, &stage->arena, "test", slice_from(params), NULL, &stage->diagnostics);
  assert_non_null(file->root);
  const struct kind *k = stage->rule.kind;
  stage->rule.params = ARENA_ZEROED(&stage->arena, char, k->params_bytes + 1);
  stage->rule.file = file;
  settings_default(k->params, k->params_size, stage->rule.params, &stage->arena);
  struct prepare prepare = {.ruleset = &stage->ruleset, .rule = &stage->rule, .file = file, .params_node = file->root};
  return settings_read(k->params, k->params_size, stage->rule.params, file, file->root, NULL, 0, &stage->arena) &&
         (k->prepare == NULL || k->prepare(&prepare));
}

void stage_rule(struct stage *stage, const char *kind, const char *params) {
  if (!make_rule(stage, kind, params)) fail_msg("%s", stage->diagnostics.size > 0 ? stage->diagnostics.rows[0].text : "not good");
}

const char *stage_refused(struct stage *stage, const char *kind, const char *params) {
  const size_t before = stage->diagnostics.size;
  assert_false(make_rule(stage, kind, params));
  assert_true(stage->diagnostics.size > before);
  return stage->diagnostics.rows[before].text;
}

static void load_nothing(struct visit *visit) { visit->items_loaded = true; }

struct visit *stage_stay(struct stage *stage, const char *mdtrt_id, const char *institution, const char *begin, const char *end) {
  assert_true(stage->history.size < STAGE_VISITS_MAX);
  struct visit *visit = &stage->visits[stage->history.size++];
  *visit = (struct visit){.mdtrt_id = slice_from(mdtrt_id), .fixmedins_code = slice_from(institution), .symbol = VISIT_INP, .stay = true,
                          .begntime_s = DATE_ABSENT, .endtime_s = DATE_ABSENT, .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT, .load = load_nothing};
  if (begin != NULL) assert_true(date_parse(slice_from(begin), &visit->begntime_s, &visit->begntime_day_only));
  if (end != NULL) assert_true(date_parse(slice_from(end), &visit->endtime_s, &visit->endtime_day_only));
  visit->items = ARENA_ZEROED(&stage->arena, struct item, STAGE_ITEMS_MAX);
  visit->items_loaded = true;
  const int64_t last_s = end != NULL ? visit->endtime_s : visit->begntime_s;
  if (last_s > stage->history.watermark_s) stage->history.watermark_s = last_s;
  return visit;
}

struct item *stage_item(struct stage *stage, struct visit *visit, enum fee_symbol fee, const char *date, const char *cnt, int64_t inscp_fen) {
  (void)stage;
  assert_true(visit->items_size < STAGE_ITEMS_MAX);
  visit->spreads = NULL;
  // The view is read-only for rules; the test made it.
  struct item *item = (struct item *)(uintptr_t)&visit->items[visit->items_size++];
  *item = (struct item){.feedetl_sn = SLICE("sn"), .fee = (uint8_t)fee, .inscp_fen = inscp_fen, .amount_fen = inscp_fen,
                        .time_s = DATE_ABSENT, .med_list_codg = SLICE("bed")};
  bool day_only = false;
  if (date != NULL) assert_true(date_parse(slice_from(date), &item->time_s, &day_only));
  if (day_only) item->flags |= ITEM_DAY_ONLY;
  if (cnt == NULL) item->flags |= ITEM_NO_CNT;
  else assert_true(money_parse(slice_from(cnt), MONEY_COUNT, &item->cnt));
  return item;
}

enum outcome stage_judge(struct stage *stage, struct visit *visit) {
  struct candidate *candidates = ARENA_ZEROED(&stage->arena, struct candidate, visit->items_size);
  for (uint32_t i = 0; i < visit->items_size; i++) candidates[i] = (struct candidate){.item = i, .row = UINT32_MAX};
  const struct judge_input input = {.ruleset = &stage->ruleset, .history = &stage->history, .visit = visit, .candidates = candidates,
                                    .candidates_size = visit->items_size, .arena = &stage->arena};
  stage->verdict = (struct verdict){.rule = &stage->rule, .visit = visit};
  stage->rule.kind->evaluate(&stage->rule, &input, &stage->verdict);
  return stage->verdict.outcome;
}
