#include "rules/analyse.h"

#include <stdlib.h>

#include "core/memory.h"
#include "rules/condition.h"
#include "rules/operand.h"
#include "rules/reads.h"
#include "rules/scope.h"

const char *const analyse_witness_words[] = {"none", "kind of visit", "main diagnosis", "institution", "national code", "hospital code", "off", NULL};
const char *const analyse_witness_zh[] = {"无", "就诊类别", "主诊断", "定点机构", "国家编码", "院内编码", "不参与评估", NULL};
const char *const analyse_cost_words[] = {"nothing", "code", "named", "visit", "lines", "history", "every", NULL};
const char *const analyse_cost_zh[] = {"无", "编码", "指定对象", "就诊", "明细", "历史", "全部", NULL};
const char *const analyse_cost_means[] = {"never asked",
                                          "asked only for lines with a code of its table",
                                          "asked only for visits of what it names",
                                          "asked once for each visit of a kind",
                                          "asked for every line of each visit of a kind, because a line without a row counts",
                                          "asked for each stay of a person against the stays before it",
                                          "asked at every visit: name a kind of visit in its scope",
                                          NULL};
const char *const analyse_cost_means_zh[] = {"不评估", "仅对含有表内编码的明细评估", "仅对所指定的机构或诊断的就诊评估", "对该类别的每次就诊评估一次",
                                             "对该类别就诊的每条明细评估，因为表中没有的编码也要判断", "对参保人的每次住院与此前各次住院逐一比较",
                                             "对每次就诊都评估：请在 scope 中写明就诊类别", NULL};

static size_t tests_of(const struct condition *condition) {
  size_t tests = 0;
  for (uint32_t n = 0; condition != NULL && n < condition->size; n++) tests += condition_is_test(condition->nodes[n].op);
  return tests;
}

static uint32_t keys_of(const struct table *table) {
  const uint32_t *rows;
  uint32_t size, keys = 0;
  while (table_posting(table, keys, &rows, &size)) keys++;
  return keys;
}

struct reading {
  int *operands;
  size_t size, capacity;
};

static void read_operand(void *context, int operand) {
  struct reading *reading = context;
  if (reading->size == reading->capacity) {
    reading->capacity = reading->capacity ? reading->capacity * 2 : 32;
    reading->operands = memory_resize(reading->operands, reading->capacity * sizeof *reading->operands);
  }
  reading->operands[reading->size++] = operand;
}

static int by_number(const void *a, const void *b) {
  const int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

static void fill_reads(struct analysis *analysis, struct arena *arena) {
  struct reading reading = {0};
  reads_each(analysis->rule, read_operand, &reading);
  if (reading.size > 1) qsort(reading.operands, reading.size, sizeof *reading.operands, by_number);
  int *reads = ARENA_ARRAY(arena, int, reading.size);
  for (size_t i = 0; i < reading.size; i++)
    if (i == 0 || reading.operands[i] != reading.operands[i - 1]) reads[analysis->reads_size++] = reading.operands[i];
  analysis->reads = reads;
  memory_free(reading.operands);
}

static void fill_witness(struct analysis *analysis, struct arena *arena) {
  const struct rule *rule = analysis->rule;
  const struct kind *kind = rule->kind;
  const struct slice *list;
  if (rule->status != RULE_ACTIVE && rule->status != RULE_SHADOW) {
    analysis->witness = ANALYSE_OFF;
    return;
  }
  if (kind->unit == KIND_CLAIM && kind->witness != WITNESS_VISIT) {
    analysis->witness = kind->witness == WITNESS_HOSPITAL_CODE ? ANALYSE_HOSPITAL_CODE : ANALYSE_NATIONAL_CODE;
    analysis->table = kind->witness_table(rule);
    analysis->keys = keys_of(analysis->table);
    analysis->wants_missing = kind->wants_missing != NULL && kind->wants_missing(rule);
    scope_institutions(rule, arena, &list, &analysis->names);
    analysis->cost = analysis->wants_missing ? ANALYSE_COST_LINES : ANALYSE_COST_CODE;
    return;
  }
  const bool pair = kind->unit == KIND_PAIR;
  if (scope_institutions(rule, arena, &list, &analysis->names)) analysis->witness = ANALYSE_INSTITUTION;
  else if (scope_diagnoses(rule, arena, &list, &analysis->names)) analysis->witness = ANALYSE_DIAGNOSIS;
  else analysis->witness = rule->visits == UINT32_MAX ? ANALYSE_NONE : ANALYSE_VISIT;
  analysis->cost = pair ? ANALYSE_COST_HISTORY : analysis->witness == ANALYSE_NONE ? ANALYSE_COST_EVERY
                   : analysis->witness == ANALYSE_VISIT ? ANALYSE_COST_VISIT : ANALYSE_COST_NAMED;
}

void analyse_rule(const struct rule *rule, struct arena *arena, struct analysis *analysis) {
  *analysis = (struct analysis){.rule = rule};
  fill_witness(analysis, arena);
  analysis->tests = tests_of(rule->scope);
  for (size_t i = 0; i < rule->exemptions_size; i++) analysis->tests += tests_of(rule->exemptions[i].condition);
  for (size_t i = 0; i < rule->bands_size; i++) analysis->tests += tests_of(rule->bands[i].condition);
  analysis->lookback_days = rule->kind->lookback_days != NULL ? rule->kind->lookback_days(rule) : 0;
  fill_reads(analysis, arena);
}
