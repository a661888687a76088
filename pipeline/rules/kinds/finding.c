#include "rules/kinds/finding.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "record/money.h"

enum { CODE_TABLE_MISFIT = 1181, CODE_PARAMETER = 1182 };

struct slice bad_reason_word(enum bad_reason reason) {
  static const struct slice words[] = {
#define X(name, text) {text, sizeof text - 1},
      BAD_REASONS(X)
#undef X
  };
  assert(reason < BAD_REASON_COUNT);
  return words[reason];
}

// --- Claims --------------------------------------------------------------------------------------------------------------------

void finding_start(struct finding *finding, const struct judge_input *input, struct verdict *verdict) {
  *finding = (struct finding){.input = input, .verdict = verdict, .reason = BAD_REASON_COUNT};
  verdict->outcome = OUTCOME_NO_HIT;
  verdict->claims = NULL;
  verdict->related_items = NULL;
  verdict->claims_size = verdict->related_items_size = 0;
}

void finding_claim(struct finding *finding, uint32_t item, int64_t fen) {
  struct verdict *verdict = finding->verdict;
  const struct visit *visit = finding->input->visit;
  if (verdict->claims == NULL) verdict->claims = ARENA_ARRAY(finding->input->arena, struct claim, visit->items_size);
  assert(item < visit->items_size && verdict->claims_size < visit->items_size);
  const int64_t budget = visit->items[item].inscp_fen > 0 ? visit->items[item].inscp_fen : 0;
  verdict->claims[verdict->claims_size++] = (struct claim){item, fen < 0 ? 0 : (fen > budget ? budget : fen)};
}

void finding_evidence(struct finding *finding, uint32_t item) {
  struct verdict *verdict = finding->verdict;
  const uint32_t room = finding->input->visit->items_size;
  if (verdict->related_items == NULL) verdict->related_items = ARENA_ARRAY(finding->input->arena, uint32_t, room);
  assert(verdict->related_items_size < room);
  verdict->related_items[verdict->related_items_size++] = item;
}

void finding_bad(struct finding *finding, enum bad_reason reason) {
  if (finding->reason == BAD_REASON_COUNT) finding->reason = reason;
  finding->bad_lines++;
}

void finding_end(struct finding *finding) {
  if (finding->verdict->claims_size > 0) {
    finding->verdict->outcome = OUTCOME_HIT;
    return;
  }
  if (finding->input->visit->unmatched_refunds > 0) finding_bad(finding, BAD_REFUND_WITHOUT_ORIGINAL);
  if (finding->reason != BAD_REASON_COUNT) finding_refuse(finding->verdict, finding->reason);
}

void finding_refuse(struct verdict *verdict, enum bad_reason reason) {
  verdict->outcome = OUTCOME_BAD_DATA;
  verdict->reason = bad_reason_word(reason);
}

void excess_add(struct excess *excess, const struct judge_input *input, uint32_t item, int64_t units) {
  if (excess->units == NULL) excess->units = ARENA_ZEROED(input->arena, int64_t, input->visit->items_size);
  excess->units[item] += units;
  excess->total += units;
}

void excess_claim(const struct excess *excess, struct finding *finding, bool money) {
  if (excess->units == NULL) return;
  const struct visit *visit = finding->input->visit;
  for (uint32_t i = 0; i < visit->items_size; i++) {
    if (excess->units[i] == 0) continue;
    const struct item *item = &visit->items[i];
    const int64_t units = excess->units[i] < item->cnt ? excess->units[i] : item->cnt;
    finding_claim(finding, i, money ? money_share(item->inscp_fen, units, item->cnt) : 0);
  }
}

// Heap sort: no recursion, no memory, the same time for every input.
static void sink(uint32_t *numbers, size_t at, size_t size, bool (*before)(const void *, uint32_t, uint32_t), const void *context) {
  for (size_t child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size && before(context, numbers[child], numbers[child + 1])) child++;
    if (!before(context, numbers[at], numbers[child])) return;
    const uint32_t number = numbers[at];
    numbers[at] = numbers[child];
    numbers[child] = number;
  }
}

void finding_sort(uint32_t *numbers, size_t size, bool (*before)(const void *context, uint32_t a, uint32_t b), const void *context) {
  for (size_t i = size / 2; i-- > 0;) sink(numbers, i, size, before, context);
  for (size_t last = size; last-- > 1;) {
    const uint32_t number = numbers[0];
    numbers[0] = numbers[last];
    numbers[last] = number;
    sink(numbers, 0, last, before, context);
  }
}

// --- Parameters ----------------------------------------------------------------------------------------------------------------

static const struct yaml_node *parameter_node(const struct prepare *prepare, const char *key) {
  const struct yaml_node *node = yaml_find(prepare->params_node, key);
  if (node != NULL) return node;
  return prepare->params_node != NULL ? prepare->params_node : prepare->file->root;
}

void parameter_error(const struct prepare *prepare, const char *key, const char *format, ...) {
  char text[500];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  yaml_error(prepare->file, parameter_node(prepare, key), CODE_PARAMETER, "%s", text);
}

bool parameter_fees(const struct prepare *prepare, const char *key, const struct setting_texts *texts, uint32_t *fees) {
  bool good = true;
  *fees = 0;
  for (size_t i = 0; i < texts->size; i++) {
    const int symbol = code_symbol_find(CODES_FEE, texts->items[i]);
    if (symbol > FEE_UNKNOWN) {
      *fees |= 1u << symbol;
      continue;
    }
    const char *names[FEE_SYMBOL_COUNT];
    for (unsigned n = 1; n < FEE_SYMBOL_COUNT; n++) names[n - 1] = code_symbol_name(CODES_FEE, n);
    const char *nearest = diagnostics_nearest(texts->items[i], names, FEE_SYMBOL_COUNT - 1);
    parameter_error(prepare, key, "'%.*s' is no fee category%s%s%s", SLICE_ARG(texts->items[i]), nearest != NULL ? " (did you mean '" : "",
                    nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    good = false;
  }
  if (texts->size == 0) parameter_error(prepare, key, "'%s' must name at least one fee category, such as BED", key);
  return good && texts->size > 0;
}

const struct table *parameter_table(const struct prepare *prepare, const char *key, struct slice name, const char *const *key_columns,
                                    unsigned key_size) {
  const char *text = arena_copy_text(&prepare->ruleset->arena, name);
  const struct table *table = prepare->ruleset->tables != NULL ? tables_get(prepare->ruleset->tables, text) : NULL;
  if (table == NULL) {
    size_t size = 0;
    const char *const *names = prepare->ruleset->tables != NULL ? tables_names(prepare->ruleset->tables, &size) : NULL;
    const char *nearest = size > 0 ? diagnostics_nearest(name, names, size) : NULL;
    yaml_error(prepare->file, parameter_node(prepare, key), CODE_TABLE_MISFIT, "no usable table '%s' in knowledge/%s%s%s", text,
               nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    return NULL;
  }
  bool fits = table->key_size == key_size;
  for (unsigned i = 0; fits && i < key_size; i++) fits = strcmp(table->columns[table->key[i]].name, key_columns[i]) == 0;
  if (fits) return table;
  struct text wanted = {0};
  for (unsigned i = 0; i < key_size; i++) text_format(&wanted, "%s%s", i > 0 ? ", " : "", key_columns[i]);
  yaml_error(prepare->file, parameter_node(prepare, key), CODE_TABLE_MISFIT, "table '%s' must have the key [%.*s]", text,
             SLICE_ARG(text_slice(&wanted)));
  text_fini(&wanted);
  return NULL;
}

int parameter_column(const struct prepare *prepare, const char *key, const struct table *table, const char *name, enum cell_type type) {
  const int column = table_column_find(table, name);
  if (column >= 0 && table->columns[column].type == type) return column;
  static const char *const words[] = {"text", "int", "price", "amount", "count", "date"};
  yaml_error(prepare->file, parameter_node(prepare, key), CODE_TABLE_MISFIT, "table '%s' must have a column '%s' of type %s", table->name,
             name, words[type]);
  return -1;
}
