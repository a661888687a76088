#include "consumers/backtest_why.h"

#include <inttypes.h>

#include "rules/diff.h"
#include "rules/trace.h"
#include "screen/step.h"

enum { DIFFERENCES_TOLD = 3 };

// Both languages at once.
struct telling { struct text zh, en; };

static const char *const outcomes_zh[OUTCOME_COUNT] = {
    [OUTCOME_NO_HIT] = "未命中", [OUTCOME_HIT] = "命中", [OUTCOME_EXEMPT] = "例外排除", [OUTCOME_OUT_OF_SCOPE] = "不在适用范围",
    [OUTCOME_INSUFFICIENT_HISTORY] = "历史不足", [OUTCOME_BAD_DATA] = "数据缺陷", [OUTCOME_ERROR] = "错误"};
static const char *const sides_zh[] = {"原规则", "新规则"}, *const sides_en[] = {"the baseline", "the new set"};

struct asking {
  const struct backtest_change *change;
  const struct rule *rule;
  struct trace *trace;
  struct telling *telling;
  unsigned side;
  bool answered;      // the visit is there and was judged
};

// The comparison that decided: of those that are false the nearest one.
static const struct trace_row *deciding(const struct trace *trace, enum outcome outcome) {
  const struct trace_row *found = NULL;
  for (size_t i = 0; i < trace->size; i++) {
    const struct trace_row *row = &trace->rows[i];
    const bool wanted = outcome == OUTCOME_OUT_OF_SCOPE ? row->step == TRACE_SCOPE || row->step == TRACE_EFFECTIVE : row->step == TRACE_PREDICATE;
    if (!wanted || row->truth != TRUTH_FALSE || row->operand.size == 0) continue;
    if (found == NULL || (row->has_distance && (!found->has_distance || row->distance < found->distance))) found = row;
  }
  return found;
}

static void answer(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct asking *asking = context;
  const struct visit *visit = verdict->visit;
  (void)input;
  const bool is = visit->settlements_size > 0 && slice_equal(visit->settlements[visit->settlements_size - 1].setl_id, asking->change->setl_id);
  if (is) {
    struct telling *telling = asking->telling;
    text_clear(&telling->zh);
    text_clear(&telling->en);
    text_format(&telling->zh, "%s版本 %" PRId64 " 的结论：%s", sides_zh[asking->side], asking->rule->version, outcomes_zh[verdict->outcome]);
    text_format(&telling->en, "version %" PRId64 " of %s says %s", asking->rule->version, sides_en[asking->side], outcome_name(verdict->outcome));
    if (slice_present(verdict->reason) && verdict->reason.size > 0) {
      text_format(&telling->zh, "（%.*s）", SLICE_ARG(verdict->reason));
      text_format(&telling->en, " (%.*s)", SLICE_ARG(verdict->reason));
    }
    const struct trace_row *row = verdict->outcome == OUTCOME_NO_HIT || verdict->outcome == OUTCOME_OUT_OF_SCOPE ? deciding(asking->trace, verdict->outcome) : NULL;
    if (row != NULL) {
      text_format(&telling->zh, "：%.*s 为 %.*s，界限 %.*s", SLICE_ARG(row->operand), SLICE_ARG(row->value), SLICE_ARG(row->limit));
      text_format(&telling->en, ": %.*s is %.*s, the limit is %.*s", SLICE_ARG(row->operand), SLICE_ARG(row->value), SLICE_ARG(row->limit));
    }
    if (verdict->outcome == OUTCOME_HIT && asking->rule->yields_to_size > 0) {
      TEXT_LITERAL(&telling->zh, "，但让位于同一记录上的其他规则");
      TEXT_LITERAL(&telling->en, ", but it yields to another rule on the same records");
    }
    asking->answered = true;
  }
  asking->trace->size = 0;
}

// What the rule says differently, or that it says the same.
static void tell_differences(const struct diff *diff, const struct backtest_change *change, struct telling *telling) {
  unsigned told = 0;
  for (size_t i = 0; i < diff->size && told < DIFFERENCES_TOLD; i++) {
    const struct difference *row = &diff->rows[i];
    if (row->part >= DIFFERENCE_TABLE || !slice_equal(row->owner, change->rule_id)) continue;
    text_append(&telling->zh, telling->zh.size == 0 ? SLICE("") : SLICE("；"));
    text_append(&telling->en, telling->en.size == 0 ? SLICE("") : SLICE("; "));
    diff_write_row(row, true, &telling->zh);
    diff_write_row(row, false, &telling->en);
    told++;
  }
  if (telling->en.size > 0) return;
  TEXT_LITERAL(&telling->zh, "规则本身未变：同一记录上的其他规则、知识表或代码发生了变化");
  TEXT_LITERAL(&telling->en, "the rule is the same: other rules on the same records, tables or codes have changed");
}

// False when the other set cannot be asked: it does not judge by such a rule, or the dossier has forgotten the visit.
static bool ask(const struct backtest_report *report, const struct backtest_change *change, struct screen *const *screens,
                struct store *const *stores, unsigned workers, unsigned sides, struct telling *telling, enum status *status, struct error *error) {
  const unsigned side = change->type == BACKTEST_ADDED ? 0 : 1, holds = 1 - side;
  const struct ruleset *ruleset = report->sides[side];
  struct slice body = SLICE_NONE;
  for (unsigned w = 0; w < workers && body.size == 0; w++) store_get(stores[w * sides + holds], 0, change->psn_no, &body);
  bool any = false, judged = false;
  struct arena arena;
  arena_init(&arena, 256 << 10);
  struct asking asking = {.change = change, .telling = telling, .side = side};
  for (size_t r = 0; r < ruleset->size && *status == STATUS_OK; r++) {
    const struct rule *rule = ruleset->rules[r];
    if (!slice_equal(rule->id, change->rule_id)) continue;
    any = true;
    if (rule->status != RULE_ACTIVE) {
      text_format(&telling->zh, "%s中该规则状态为 %s", sides_zh[side], rule_status_words[rule->status]);
      text_format(&telling->en, "its status in %s is %s", sides_en[side], rule_status_words[rule->status]);
      judged = true;
      continue;
    }
    if (body.size == 0 || asking.answered) continue;
    struct trace trace;
    trace_init(&trace, &arena, NULL, 0);
    asking.trace = &trace;
    asking.rule = rule;
    *status = screen_explain(screens[side], change->psn_no, body, DATE_ABSENT, rule, &arena, answer, &asking, &trace, error);
  }
  if (!any) {
    text_format(&telling->zh, "%s中没有该规则", sides_zh[side]);
    text_format(&telling->en, "%s has no such rule", sides_en[side]);
  }
  arena_fini(&arena);
  return !any || judged || asking.answered;
}

enum status why_explain(struct backtest_report *report, const struct engine_settings *settings, const char *const *names, size_t names_size,
                        struct store *const *stores, unsigned workers, unsigned sides, struct error *error) {
  struct screen *screens[2];
  for (unsigned side = 0; side < 2; side++) screens[side] = screen_create(report->sides[side], &settings->screen, names, names_size);
  struct diff diff;
  diff_make(&diff, report->sides[0], report->sides[1]);
  struct telling telling = {0};
  enum status status = STATUS_OK;
  for (size_t i = 0; i < report->changes_size && status == STATUS_OK; i++) {
    struct backtest_change *change = &report->changes[i];
    text_clear(&telling.zh);
    text_clear(&telling.en);
    const bool asked = change->type != BACKTEST_CHANGED && ask(report, change, screens, stores, workers, sides, &telling, &status, error);
    if (!asked) tell_differences(&diff, change, &telling);
    change->why_zh = arena_copy(&change->arena, text_slice(&telling.zh));
    change->why_en = arena_copy(&change->arena, text_slice(&telling.en));
  }
  text_fini(&telling.zh);
  text_fini(&telling.en);
  diff_fini(&diff);
  for (unsigned side = 0; side < 2; side++) screen_destroy(screens[side]);
  return status;
}
