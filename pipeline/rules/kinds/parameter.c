#include "rules/kinds/parameter.h"

#include <stdarg.h>
#include <stdio.h>

enum { CODE_TABLE_MISFIT = 1181, CODE_PARAMETER = 1182 };

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
