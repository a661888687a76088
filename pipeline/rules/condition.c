#include "rules/condition.h"

#include <stdlib.h>

#include "core/memory.h"
#include "rules/operand.h"

enum { PREFIX_LENGTH_MAX = 63, FEW_TEXTS = 8 };

static bool has_text(const struct slice *sorted, uint32_t size, struct slice s) {
  uint32_t low = 0;
  if (size <= FEW_TEXTS) {
    for (uint32_t i = 0; i < size; i++)
      if (slice_equal(sorted[i], s)) return true;
    return false;
  }
  while (size > 0) {
    const uint32_t half = size / 2;
    const int order = slice_compare(s, sorted[low + half]);
    if (order == 0) return true;
    if (order > 0) {
      low += half + 1;
      size -= half + 1;
    } else {
      size = half;
    }
  }
  return false;
}

static bool has_number(const int64_t *sorted, uint32_t size, int64_t n) {
  for (uint32_t i = 0; i < size; i++)
    if (sorted[i] == n) return true;
  return false;
}

// The value is a key of the table, or begins with a key that ends in '*'.
static bool in_table(const struct condition_node *node, struct slice text, int32_t day) {
  if (table_find_on(node->table, &text, day) != UINT32_MAX) return true;
  if (node->prefix_lengths == 0) return false;
  char key[PREFIX_LENGTH_MAX + 1];
  for (size_t length = 0; length <= text.size && length < PREFIX_LENGTH_MAX; length++) {
    if ((node->prefix_lengths >> length & 1) == 0) continue;
    memcpy(key, text.data, length);
    key[length] = '*';
    if (table_find_on(node->table, &(struct slice){key, length + 1}, day) != UINT32_MAX) return true;
  }
  return false;
}

enum truth condition_test_value(const struct condition_node *node, const struct value *value) {
  if (node->op == CONDITION_PRESENT) return truth_of((value->type != VALUE_UNKNOWN) == node->present);
  if (value->type == VALUE_UNKNOWN) return TRUTH_UNKNOWN;
  switch (node->op) {
    case CONDITION_SYMBOLS: return truth_of(node->symbols >> value->number & 1);
    case CONDITION_TEXTS: return truth_of(has_text(node->texts, node->texts_size, value->text));
    case CONDITION_NUMBERS: return truth_of(has_number(node->numbers, node->numbers_size, value->number));
    case CONDITION_PREFIXES:
      for (uint32_t i = 0; i < node->texts_size; i++)
        if (slice_starts_with(value->text, node->texts[i])) return TRUTH_TRUE;
      return TRUTH_FALSE;
    case CONDITION_RANGE:
      if ((node->low_lookup == NULL && value->number < node->low) ||
          (node->high_lookup == NULL && value->number > node->high))
        return TRUTH_FALSE;
      return node->low_lookup != NULL || node->high_lookup != NULL ? TRUTH_UNKNOWN : TRUTH_TRUE;
    default: return TRUTH_UNKNOWN;
  }
}

static enum truth test_bounds(const struct condition_node *node, int64_t number, const struct condition_context *context) {
  enum truth truth = TRUTH_TRUE;
  int64_t bound;
  if (node->low_lookup == NULL) {
    if (number < node->low) return TRUTH_FALSE;
  } else if (!lookup_value(node->low_lookup, context->input, context->verdict, &bound)) {
    truth = TRUTH_UNKNOWN;
  } else if (number < bound || (number == bound && node->low_above)) {
    return TRUTH_FALSE;
  }
  if (node->high_lookup == NULL) {
    if (number > node->high) return TRUTH_FALSE;
  } else if (!lookup_value(node->high_lookup, context->input, context->verdict, &bound)) {
    truth = TRUTH_UNKNOWN;
  } else if (number > bound || (number == bound && node->high_below)) {
    return TRUTH_FALSE;
  }
  return truth;
}

static enum truth test_one(const struct condition_node *node, const struct value *value,
                           const struct condition_context *context) {
  if (value->type != VALUE_UNKNOWN && node->op == CONDITION_TABLE)
    return truth_of(in_table(node, value->text, view_service_day(context->input->visit)));
  if (value->type != VALUE_UNKNOWN && node->op == CONDITION_RANGE) return test_bounds(node, value->number, context);
  return condition_test_value(node, value);
}

enum truth condition_test(const struct condition_node *node, const struct condition_context *context) {
  const struct operand *operand = operand_of(node->operand);
  if (operand != NULL && operand->many && node->op != CONDITION_PRESENT) {
    uint32_t size;
    const struct visit *visit = node->operand & OPERAND_PREVIOUS ? context->verdict->related : context->input->visit;
    const struct slice *texts = operand_values(node->operand, visit, &size);
    for (uint32_t i = 0; i < size; i++)
      if (test_one(node, &(struct value){.type = VALUE_TEXT, .text = texts[i]}, context) == TRUTH_TRUE) return TRUTH_TRUE;
    return size > 0 ? TRUTH_FALSE : TRUTH_UNKNOWN;
  }
  const struct value value = judge_operand(context->rule, node->operand, context->input, context->verdict);
  return test_one(node, &value, context);
}

static enum truth evaluate(const struct condition *condition, uint32_t at, const struct condition_context *context) {
  const struct condition_node *node = &condition->nodes[at];
  if (condition_is_test(node->op)) return condition_test(node, context);
  if (node->op == CONDITION_NOT) return truth_not(evaluate(condition, at + 1, context));
  const enum truth decisive = node->op == CONDITION_ALL ? TRUTH_FALSE : TRUTH_TRUE;
  enum truth truth = truth_not(decisive);
  for (uint32_t child = at + 1; child < node->end; child = condition->nodes[child].end) {
    const enum truth one = evaluate(condition, child, context);
    if (one == decisive) return decisive;
    if (one == TRUTH_UNKNOWN) truth = TRUTH_UNKNOWN;
  }
  return truth;
}

enum truth condition_evaluate(const struct condition *condition, const struct condition_context *context) {
  return evaluate(condition, 0, context);
}

static enum truth combine(const struct condition *condition, uint32_t at, const unsigned char *truths) {
  const struct condition_node *node = &condition->nodes[at];
  if (condition_is_test(node->op)) return truths[at];
  if (node->op == CONDITION_NOT) return truth_not(combine(condition, at + 1, truths));
  const enum truth decisive = node->op == CONDITION_ALL ? TRUTH_FALSE : TRUTH_TRUE;
  enum truth truth = truth_not(decisive);
  for (uint32_t child = at + 1; child < node->end; child = condition->nodes[child].end) {
    const enum truth one = combine(condition, child, truths);
    if (one == decisive) return decisive;
    if (one == TRUTH_UNKNOWN) truth = TRUTH_UNKNOWN;
  }
  return truth;
}

enum truth condition_combine(const struct condition *condition, const unsigned char *truths) {
  return combine(condition, 0, truths);
}

int condition_unknown(const struct condition *condition, const struct condition_context *context) {
  for (uint32_t i = 0; i < condition->size; i++)
    if (condition_is_test(condition->nodes[i].op) && condition_test(&condition->nodes[i], context) == TRUTH_UNKNOWN)
      return condition->nodes[i].operand;
  return OPERAND_NONE;
}

// A constant of the operand's type.
static void write_number(const struct rule *rule, int operand, int64_t number, struct text *out) {
  const struct value value = {.type = operand_row(rule->kind, operand)->type, .number = number};
  value_write(out, &value);
}

static void write_bound(const struct rule *rule, const struct condition_node *node, const struct lookup *lookup,
                        int64_t number, const char *word, const struct condition_context *context, struct text *out) {
  if (out->size > 0 && out->data[out->size - 1] != ' ') TEXT_LITERAL(out, " and ");
  text_format(out, "%s ", word);
  if (lookup == NULL) {
    write_number(rule, node->operand, number, out);
    return;
  }
  int64_t bound;
  if (context != NULL && lookup_value(lookup, context->input, context->verdict, &bound)) {
    write_number(rule, node->operand, bound, out);
    TEXT_LITERAL(out, " = ");
  }
  lookup_canonical(rule->kind, lookup, out);
}

void condition_write_limit(const struct rule *rule, const struct condition_node *node,
                           const struct condition_context *context, struct text *out) {
  switch (node->op) {
    case CONDITION_SYMBOLS: {
      const int table = operand_codes(node->operand);
      TEXT_LITERAL(out, "in [");
      bool first = true;
      for (unsigned s = 0; s < operand_symbols[table]; s++) {
        if ((node->symbols >> s & 1) == 0) continue;
        text_format(out, "%s%s", first ? "" : ", ", code_symbol_name((enum code_table)table, s));
        first = false;
      }
      TEXT_LITERAL(out, "]");
      break;
    }
    case CONDITION_TEXTS:
    case CONDITION_PREFIXES:
      text_format(out, "%s [", node->op == CONDITION_TEXTS ? "in" : "starts_with");
      for (uint32_t i = 0; i < node->texts_size; i++) {
        if (i > 0) TEXT_LITERAL(out, ", ");
        text_json(out, node->texts[i]);
      }
      TEXT_LITERAL(out, "]");
      break;
    case CONDITION_NUMBERS:
      TEXT_LITERAL(out, "in [");
      for (uint32_t i = 0; i < node->numbers_size; i++) {
        if (i > 0) TEXT_LITERAL(out, ", ");
        write_number(rule, node->operand, node->numbers[i], out);
      }
      TEXT_LITERAL(out, "]");
      break;
    case CONDITION_TABLE: text_format(out, "in_table %s", node->table->name); break;
    case CONDITION_RANGE: {
      struct text bounds = {0};
      if (node->low_lookup != NULL || node->low != INT64_MIN)
        write_bound(rule, node, node->low_lookup, node->low, node->low_above ? "above" : "at_least", context, &bounds);
      if (node->high_lookup != NULL || node->high != INT64_MAX)
        write_bound(rule, node, node->high_lookup, node->high, node->high_below ? "below" : "at_most", context, &bounds);
      text_append(out, text_slice(&bounds));
      text_fini(&bounds);
      break;
    }
    case CONDITION_PRESENT: text_format(out, "%s", node->present ? "present" : "absent"); break;
    default: break;
  }
}

static int order_texts(const void *a, const void *b) {
  return slice_compare(text_slice((const struct text *)a), text_slice((const struct text *)b));
}

// The order of the parts of `all` and `any` says nothing: they are written sorted.
static void canonical(const struct rule *rule, const struct condition *condition, uint32_t at, struct text *out) {
  const struct condition_node *node = &condition->nodes[at];
  if (condition_is_test(node->op)) {
    text_format(out, "%s ", operand_text(rule->kind, node->operand));
    condition_write_limit(rule, node, NULL, out);
    return;
  }
  static const char *const words[] = {[CONDITION_ALL] = "all(", [CONDITION_ANY] = "any(", [CONDITION_NOT] = "not("};
  text_append(out, slice_from(words[node->op]));
  struct text *parts = memory_take((node->end - at) * sizeof *parts);
  size_t size = 0;
  for (uint32_t child = at + 1; child < node->end; child = condition->nodes[child].end)
    canonical(rule, condition, child, &parts[size++]);
  qsort(parts, size, sizeof *parts, order_texts);
  for (size_t i = 0; i < size; i++) {
    text_append(out, text_slice(&parts[i]));
    text_byte(out, ';');
    text_fini(&parts[i]);
  }
  memory_free(parts);
  text_byte(out, ')');
}

void condition_canonical(const struct rule *rule, const struct condition *condition, struct text *out) {
  if (condition == NULL) {
    TEXT_LITERAL(out, "always");
  } else {
    canonical(rule, condition, 0, out);
  }
}
