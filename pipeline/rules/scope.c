#include "rules/scope.h"

#include <stdlib.h>

#include "core/memory.h"
#include "rules/condition.h"
#include "rules/operand.h"

// The scope's truth when one operand has a value and nothing else is known. far: the value is none that the tests list, so
// that tests which do not list values say nothing.
static enum truth scope_given(const struct rule *rule, int operand, const struct value *value, bool far,
                              unsigned char *truths) {
  for (uint32_t i = 0; i < rule->scope->size; i++) {
    const struct condition_node *node = &rule->scope->nodes[i];
    if (!condition_is_test(node->op)) continue;
    const bool blind = node->op == CONDITION_TABLE || (far && node->op == CONDITION_PREFIXES);
    truths[i] = node->operand == operand && !blind ? (unsigned char)condition_test_value(node, value) : TRUTH_UNKNOWN;
  }
  return condition_combine(rule->scope, truths);
}

uint32_t scope_visits(const struct rule *rule) {
  if (rule->scope == NULL) return UINT32_MAX;
  const int operand = operand_find(NULL, SLICE("visit"));
  unsigned char *truths = memory_take(rule->scope->size);
  uint32_t bits = 0;
  bool named = false;
  for (uint32_t i = 0; i < rule->scope->size; i++)
    named |= condition_is_test(rule->scope->nodes[i].op) && rule->scope->nodes[i].operand == operand;
  for (unsigned s = 0; s < VISIT_SYMBOL_COUNT; s++) {
    const struct value value = {.type = s == 0 ? VALUE_UNKNOWN : VALUE_TEXT, .number = s};
    if (scope_given(rule, operand, &value, false, truths) != TRUTH_FALSE) bits |= 1U << s;
  }
  memory_free(truths);
  return named ? bits : UINT32_MAX;
}

static int order(const void *a, const void *b) { return slice_compare(*(const struct slice *)a, *(const struct slice *)b); }

// Sorts, and returns how many are left.
static size_t distinct(struct slice *list, size_t size) {
  size_t left = 0;
  if (size > 1) qsort(list, size, sizeof *list, order);
  for (size_t i = 0; i < size; i++)
    if (i == 0 || !slice_equal(list[i], list[i - 1])) list[left++] = list[i];
  return left;
}

bool scope_institutions(const struct rule *rule, struct arena *arena, const struct slice **institutions, size_t *size) {
  *institutions = NULL;
  *size = 0;
  if (rule->scope == NULL) return false;
  const int operand = operand_find(NULL, SLICE("fixmedins_code"));
  unsigned char *truths = memory_take(rule->scope->size);
  const bool restricted = scope_given(rule, operand, &(struct value){.type = VALUE_TEXT, .text = SLICE("(another)")}, true,
                                      truths) == TRUTH_FALSE;
  size_t most = 0;
  for (uint32_t i = 0; i < rule->scope->size; i++)
    if (rule->scope->nodes[i].op == CONDITION_TEXTS && rule->scope->nodes[i].operand == operand)
      most += rule->scope->nodes[i].texts_size;
  if (restricted && most > 0) {
    struct slice *list = ARENA_ARRAY(arena, struct slice, most);
    for (uint32_t i = 0; i < rule->scope->size; i++) {
      const struct condition_node *node = &rule->scope->nodes[i];
      if (node->op != CONDITION_TEXTS || node->operand != operand) continue;
      for (uint32_t t = 0; t < node->texts_size; t++)
        if (scope_given(rule, operand, &(struct value){.type = VALUE_TEXT, .text = node->texts[t]}, false, truths) !=
            TRUTH_FALSE)
          list[(*size)++] = node->texts[t];
    }
    *size = distinct(list, *size);
    *institutions = list;
  }
  memory_free(truths);
  return restricted;
}

static bool by_keys(const struct condition_node *node, int operand) {
  return node->op == CONDITION_TABLE && node->operand == operand && node->prefix_lengths == 0;
}

bool scope_diagnoses(const struct rule *rule, struct arena *arena, const struct slice **groups, size_t *size) {
  *groups = NULL;
  *size = 0;
  if (rule->scope == NULL) return false;
  const struct condition *scope = rule->scope;
  const int operand = operand_find(NULL, SLICE("dx3"));
  // A group that stands in no list and no table.
  const struct value another = {.type = VALUE_TEXT, .text = SLICE("(another)")};
  unsigned char *truths = memory_take(scope->size);
  size_t most = 0;
  for (uint32_t i = 0; i < scope->size; i++) {
    const struct condition_node *node = &scope->nodes[i];
    if (!condition_is_test(node->op)) continue;
    truths[i] = TRUTH_UNKNOWN;
    if (by_keys(node, operand)) {
      truths[i] = TRUTH_FALSE;
      most += node->table->rows_size;
    } else if (node->op == CONDITION_TEXTS && node->operand == operand) {
      truths[i] = (unsigned char)condition_test_value(node, &another);
      most += node->texts_size;
    }
  }
  const bool restricted = condition_combine(scope, truths) == TRUTH_FALSE;
  memory_free(truths);
  if (!restricted) return false;
  struct slice *list = ARENA_ARRAY(arena, struct slice, most + 1);
  for (uint32_t i = 0; i < scope->size; i++) {
    const struct condition_node *node = &scope->nodes[i];
    if (by_keys(node, operand))
      for (uint32_t row = 0; row < node->table->rows_size; row++) list[(*size)++] = table_text(node->table, row, node->table->key[0]);
    if (node->op == CONDITION_TEXTS && node->operand == operand)
      for (uint32_t t = 0; t < node->texts_size; t++) list[(*size)++] = node->texts[t];
  }
  *size = distinct(list, *size);
  *groups = list;
  return true;
}

static bool always_in_force(const struct table *table) {
  for (uint32_t row = 0; row < table->rows_size; row++)
    if (table->spans[row].from != INT32_MIN || table->spans[row].to != INT32_MAX) return false;
  return true;
}

static enum truth certain_test(const struct condition_node *node, const struct value *visit, const struct value *text, int operand) {
  if (node->op != CONDITION_TABLE) return condition_test_value(node, node->operand == operand ? text : visit);
  if (!by_keys(node, operand) || !always_in_force(node->table)) return TRUTH_UNKNOWN;
  return truth_of(table_find_on(node->table, &text->text, 0) != UINT32_MAX);
}

bool scope_certain(const struct rule *rule, const char *operand, const struct slice *values, size_t size) {
  if (rule->scope == NULL) return true;
  const int by_symbol = operand_find(NULL, SLICE("visit"));
  const int by_text = operand != NULL ? operand_find(NULL, slice_from(operand)) : by_symbol;
  unsigned char *truths = memory_take(rule->scope->size);
  bool certain = true;
  for (unsigned s = 1; s < VISIT_SYMBOL_COUNT && certain; s++) {
    const struct value visit = {.type = VALUE_TEXT, .number = s};
    for (size_t v = 0; v < (operand != NULL ? size : 1) && certain && (rule->visits >> s & 1) != 0; v++) {
      const struct value text = operand != NULL ? (struct value){.type = VALUE_TEXT, .text = values[v]} : visit;
      for (uint32_t i = 0; i < rule->scope->size; i++) {
        const struct condition_node *node = &rule->scope->nodes[i];
        const bool known = condition_is_test(node->op) && (node->operand == by_symbol || node->operand == by_text);
        truths[i] = known ? (unsigned char)certain_test(node, &visit, &text, by_text) : TRUTH_UNKNOWN;
      }
      certain = condition_combine(rule->scope, truths) == TRUTH_TRUE;
    }
  }
  memory_free(truths);
  return certain;
}
