#include "rules/reads.h"

#include "rules/condition.h"
#include "rules/operand.h"

struct reading {
  void (*tell)(void *context, int operand);
  void *context;
};

static void of_list(const struct reading *reading, const int *operands_named, size_t size) {
  for (size_t i = 0; i < size; i++) reading->tell(reading->context, operands_named[i]);
}

static void of_lookup(const struct reading *reading, const struct lookup *lookup) {
  if (lookup != NULL) of_list(reading, lookup->by, lookup->by_size);
}

static void of_condition(const struct reading *reading, const struct condition *condition) {
  for (uint32_t i = 0; condition != NULL && i < condition->size; i++) {
    const struct condition_node *node = &condition->nodes[i];
    if (!condition_is_test(node->op)) continue;
    reading->tell(reading->context, node->operand);
    if (node->op != CONDITION_RANGE) continue;
    of_lookup(reading, node->low_lookup);
    of_lookup(reading, node->high_lookup);
  }
}

static void of_sentence(const struct reading *reading, const struct piece *pieces, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (pieces[i].operand >= 0) reading->tell(reading->context, pieces[i].operand);
}

void reads_each(const struct rule *rule, void (*tell)(void *context, int operand), void *context) {
  const struct reading reading = {tell, context};
  of_condition(&reading, rule->scope);
  for (size_t i = 0; i < rule->exemptions_size; i++) of_condition(&reading, rule->exemptions[i].condition);
  for (size_t i = 0; i < rule->bands_size; i++) of_condition(&reading, rule->bands[i].condition);
  of_list(&reading, rule->require, rule->require_size);
  of_list(&reading, rule->show, rule->show_size);
  of_sentence(&reading, rule->say_zh, rule->say_zh_size);
  of_sentence(&reading, rule->say_en, rule->say_en_size);
  for (size_t i = 0; i < rule->kind->params_size; i++)
    if (rule->kind->params[i].type == SETTING_NUMBER)
      of_lookup(&reading, ((const struct setting_number *)(const void *)((const char *)rule->params + rule->kind->params[i].offset))->resolved);
}

static void add_symbol(void *context, int operand) {
  uint32_t *tables = context;
  const int codes = operand & OPERAND_PREVIOUS ? -1 : operand_codes(operand);
  if (codes >= 0) *tables |= 1u << codes;
}

uint32_t reads_symbols(const struct rule *rule) {
  uint32_t tables = 0;
  reads_each(rule, add_symbol, &tables);
  return tables;
}

static void find_others(void *context, int operand) {
  bool *others = context;
  const struct operand *row = operand_of(operand);
  *others |= row != NULL && row->others;
}

bool reads_others(const struct rule *rule) {
  bool others = false;
  reads_each(rule, find_others, &others);
  return others;
}
