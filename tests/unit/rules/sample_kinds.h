// Rule kinds made for tests: they stand in for the registry, so that the language is tested apart from the kinds that ship.
#pragma once

#include "rules/kinds/kind.h"
#include "rules/lookup.h"
#include "sample.h"

// pair: the stay before in the history; true when gap <= limit. Values: gap (days), word (the earlier stay's mdtrt_id).
struct pair_params { struct setting_number limit; int64_t least; };
static const struct setting pair_rows[] = {
    {"limit", SETTING_NUMBER, offsetof(struct pair_params, limit), "15", 0, 400, 0, "days", NULL, "Longest gap."},
    {"least", SETTING_INT, offsetof(struct pair_params, least), "0", -400, 400, 0, "days", NULL, "Shortest gap."}};
static const struct operand_row pair_operands[] = {{"gap", VALUE_INT, "days", "kind", "no earlier stay", "间隔", "gap"},
                                                   {"word", VALUE_TEXT, "", "kind", "no earlier stay", "前次", "word before"}};

static inline void pair_evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  const struct pair_params *params = rule->params;
  if (input->visit == input->history->visits || input->visit->begntime_s == DATE_ABSENT) return;
  verdict->related = input->visit - 1;
  const int64_t gap = date_day(input->visit->begntime_s) - date_day(verdict->related->endtime_s);
  verdict->values[0] = (struct value){.type = VALUE_INT, .number = gap};
  verdict->values[1] = (struct value){.type = VALUE_TEXT, .text = verdict->related->mdtrt_id};
  verdict->outcome = gap >= params->least && gap <= params->limit.value ? OUTCOME_HIT : OUTCOME_NO_HIT;
}
static inline bool pair_range(const struct rule *rule, unsigned n, int64_t *low, int64_t *high) {
  const struct pair_params *params = rule->params;
  if (n != 0 || params->limit.lookup != NULL) return false;
  *low = params->least;
  *high = params->limit.value;
  return true;
}
static inline int32_t pair_lookback(const struct rule *rule) {
  return (int32_t)((const struct pair_params *)rule->params)->limit.value;
}
static const char *const sample_amounts[] = {"lines", "none", NULL};
static const struct kind kind_pair = {.name = "pair",
                                      .title_zh = "成对",
                                      .unit = KIND_PAIR,
                                      .witness = WITNESS_VISIT,
                                      .params = pair_rows,
                                      .params_size = 2,
                                      .params_bytes = sizeof(struct pair_params),
                                      .operands = pair_operands,
                                      .operands_size = 2,
                                      .amounts = sample_amounts,
                                      .identity = "both stays",
                                      .evaluate = pair_evaluate,
                                      .lookback_days = pair_lookback,
                                      .operand_range = pair_range};

// visit: true when there are lines. Values: lines.
static const struct operand_row visit_operands[] = {{"lines", VALUE_INT, "", "kind", "never", "明细数", "lines"}};
static inline void visit_evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  (void)rule;
  verdict->values[0] = (struct value){.type = VALUE_INT, .number = input->visit->items_size};
  if (input->visit->items_size > 0) verdict->outcome = OUTCOME_HIT;
}
static const struct kind kind_visit = {.name = "visit",
                                       .title_zh = "就诊",
                                       .unit = KIND_CLAIM,
                                       .witness = WITNESS_VISIT,
                                       .operands = visit_operands,
                                       .operands_size = 1,
                                       .amounts = sample_amounts,
                                       .identity = "the visit",
                                       .evaluate = visit_evaluate};

// national, hospital: lines by table. missing: true: also lines without a row.
struct lines_params { struct slice table; bool missing; const struct table *found; };
static const struct setting lines_rows[] = {
    {"table", SETTING_TEXT, offsetof(struct lines_params, table), NULL, 0, 64, 0, "", NULL, "The table."},
    {"missing", SETTING_BOOL, offsetof(struct lines_params, missing), "false", 0, 0, 0, "", NULL,
     "Lines without a row too."}};
static inline bool lines_prepare(struct prepare *prepare) {
  struct lines_params *params = prepare->rule->params;
  params->found = lookup_table(prepare, prepare->params_node, params->table);
  return params->found != NULL;
}
static inline const struct table *lines_table(const struct rule *rule) {
  return ((const struct lines_params *)rule->params)->found;
}
static inline bool lines_missing(const struct rule *rule) { return ((const struct lines_params *)rule->params)->missing; }
static inline void lines_evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  (void)rule;
  verdict->claims = ARENA_ZEROED(input->arena, struct claim, input->candidates_size + 1);
  for (uint32_t i = 0; i < input->candidates_size; i++)
    verdict->claims[verdict->claims_size++].item = input->candidates[i].item;
  if (input->candidates_size > 0) verdict->outcome = OUTCOME_HIT;
}
#define LINES_KIND(kind_name, by)               \
  {.name = kind_name,                           \
   .title_zh = "明细",                          \
   .unit = KIND_CLAIM,                          \
   .witness = by,                               \
   .params = lines_rows,                        \
   .params_size = 2,                            \
   .params_bytes = sizeof(struct lines_params), \
   .amounts = sample_amounts,                   \
   .identity = "the visit",                     \
   .prepare = lines_prepare,                    \
   .evaluate = lines_evaluate,                  \
   .witness_table = lines_table,                \
   .wants_missing = lines_missing}
static const struct kind kind_national = LINES_KIND("national", WITNESS_NATIONAL_CODE),
                         kind_hospital = LINES_KIND("hospital", WITNESS_HOSPITAL_CODE);

const struct kind *const kinds[] = {&kind_hospital, &kind_national, &kind_pair, &kind_visit, NULL};
const struct kind *kind_find(struct slice name) {
  for (const struct kind *const *kind = kinds; *kind != NULL; kind++)
    if (slice_equal(name, slice_from((*kind)->name))) return *kind;
  return NULL;
}

#define SHADOW "version: 1\nstatus: shadow\neffective: {from: 2022-01-01}\n"

// A set of one rule; sample tables of SAMPLE_FOLDER. Fails the test when it is refused.
static inline struct ruleset *sample_one(const char *more) {
  struct sample_folder folder;
  struct text text = {0};
  sample_open(&folder, false);
  sample_write(&folder, "rule.yaml", sample_rule(&text, "TST-001", more));
  struct ruleset *ruleset = sample_load(&folder, NULL);
  sample_close(&folder);
  text_fini(&text);
  assert_non_null(ruleset);
  return ruleset;
}

// A person's visits with everything that judging needs.
struct sample_case {
  struct ruleset *ruleset;
  struct arena arena;
  struct history history;
  struct visit visits[8];
  struct verdict verdict;
};
static inline void sample_begin(struct sample_case *one, struct ruleset *ruleset) {
  *one = (struct sample_case){.ruleset = ruleset};
  arena_init(&one->arena, 0);
  one->history = (struct history){
      .psn_no = SLICE("p_1"), .visits = one->visits, .watermark_s = sample_time(20, 0), .start_day = INT32_MIN};
}
static inline struct visit *sample_add(struct sample_case *one, struct visit visit) {
  assert_true(one->history.size < 8);
  one->visits[one->history.size] = visit;
  return &one->visits[one->history.size++];
}
static inline struct judge_input sample_input(struct sample_case *one, struct visit *visit) {
  return (struct judge_input){
      .ruleset = one->ruleset, .history = &one->history, .visit = visit, .arena = &one->arena, .provisional_days = 30};
}
static inline enum outcome sample_judge(struct sample_case *one, struct visit *visit) {
  const struct judge_input input = sample_input(one, visit);
  judge(one->ruleset->rules[0], &input, &one->verdict);
  return one->verdict.outcome;
}
static inline void sample_end(struct sample_case *one) {
  arena_fini(&one->arena);
  ruleset_destroy(one->ruleset);
}
