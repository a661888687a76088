#include "rules/lookup.h"

#include "rules/compile.h"
#include "rules/format.h"
#include "rules/operand.h"

const struct table *lookup_table(const struct prepare *prepare, const struct yaml_node *node, struct slice name) {
  if (prepare->ruleset->tables == NULL) return NULL;
  size_t size;
  const char *const *names = tables_names(prepare->ruleset->tables, &size);
  for (size_t i = 0; i < size; i++)
    if (slice_equal(name, slice_from(names[i]))) return tables_get(prepare->ruleset->tables, names[i]);
  const char *nearest = diagnostics_nearest(name, names, size);
  yaml_error(prepare->file, node, 1118, "there is no table '%.*s' under knowledge/%s%s%s", SLICE_ARG(name),
             nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
  return NULL;
}

static bool type_fits(enum cell_type cell, enum value_type type) {
  switch (cell) {
    case CELL_INT: return type == VALUE_INT;
    case CELL_AMOUNT: return type == VALUE_FEN;
    case CELL_PRICE: return type == VALUE_PRICE;
    case CELL_COUNT: return type == VALUE_COUNT;
    case CELL_DATE: return type == VALUE_DAY;
    case CELL_TEXT: break;
  }
  return false;
}

static bool is_key(const struct table *table, unsigned column) {
  for (unsigned k = 0; k < table->key_size; k++)
    if (table->key[k] == column) return true;
  return (int)column == table->from_column || (int)column == table->to_column;
}

// The column named, or the only one that is of the type and no key; -1 after an error.
static int value_column(const struct prepare *prepare, const struct yaml_node *map, const struct table *table,
                        enum value_type type) {
  const struct yaml_node *node = yaml_find(map, "column");
  if (node != NULL) {
    struct slice name;
    if (!yaml_is_text(prepare->file, node, &name)) return -1;
    for (unsigned c = 0; c < table->columns_size; c++) {
      if (!slice_equal(name, slice_from(table->columns[c].name))) continue;
      if (type_fits(table->columns[c].type, type) && !is_key(table, c)) return (int)c;
      yaml_error(prepare->file, node, 1119, "column '%.*s' of table '%s' is of another type than the value it stands for",
                 SLICE_ARG(name), table->name);
      return -1;
    }
    yaml_error(prepare->file, node, 1119, "table '%s' has no column '%.*s'", table->name, SLICE_ARG(name));
    return -1;
  }
  int found = -1;
  for (unsigned c = 0; c < table->columns_size; c++) {
    if (!type_fits(table->columns[c].type, type) || is_key(table, c)) continue;
    if (found >= 0) {
      yaml_error(prepare->file, map, 1119, "table '%s' has several columns that fit: name one with 'column'", table->name);
      return -1;
    }
    found = (int)c;
  }
  if (found < 0)
    yaml_error(prepare->file, map, 1119, "table '%s' has no column of the type that is needed here", table->name);
  return found;
}

const struct lookup *lookup_compile(const struct prepare *prepare, const struct yaml_node *map, enum value_type type,
                                    bool after) {
  if (map->type != YAML_MAP) {
    yaml_error(prepare->file, map, 1120, "a look-up is a map: {table: NAME, by: [operand, ...]}");
    return NULL;
  }
  bool good = form_known(prepare->file, map, &format_lookup);
  const struct yaml_node *name_node = yaml_find(map, "table"), *by_node = yaml_find(map, "by");
  if (name_node == NULL || by_node == NULL) {
    yaml_error(prepare->file, map, 1120, "a look-up needs '%s'", name_node == NULL ? "table" : "by");
    return NULL;
  }
  struct slice name;
  const struct table *table = yaml_is_text(prepare->file, name_node, &name) ? lookup_table(prepare, name_node, name) : NULL;
  const int *by;
  size_t by_size;
  // One operand may stand without brackets.
  struct yaml_node alone = *by_node;
  alone.next = NULL;
  const struct yaml_node list = {.type = YAML_LIST, .place = by_node->place, .child = &alone, .size = 1};
  good &= compile_operands(prepare, by_node->type == YAML_SCALAR ? &list : by_node, after ? COMPILE_AFTER : COMPILE_BEFORE, &by, &by_size);
  if (table == NULL || !good) return NULL;
  if (by_size != table->key_size) {
    yaml_error(prepare->file, by_node, 1120, "table '%s' has %u key columns, 'by' names %zu", table->name, table->key_size,
               by_size);
    return NULL;
  }
  for (size_t i = 0; i < by_size; i++) {
    const struct operand *operand = operand_of(by[i]);
    if (operand_row(prepare->rule->kind, by[i])->type == VALUE_TEXT && (operand == NULL || !operand->many) &&
        table->columns[table->key[i]].type == CELL_TEXT)
      continue;
    yaml_error(prepare->file, by_node, 1120, "'%s' cannot be a key of table '%s': keys are single texts",
               operand_text(prepare->rule->kind, by[i]), table->name);
    return NULL;
  }
  const int column = value_column(prepare, map, table, type);
  if (column < 0) return NULL;
  struct lookup *lookup = ARENA_ARRAY(&prepare->ruleset->arena, struct lookup, 1);
  *lookup = (struct lookup){.table = table, .by = by, .by_size = by_size, .column = (unsigned)column,
                            .shift = prepare->shifted == map ? prepare->shift : 0, .node = map};
  return lookup;
}

bool lookup_value(const struct lookup *lookup, const struct judge_input *input, const struct verdict *verdict,
                  int64_t *out) {
  struct slice key[4];
  for (size_t i = 0; i < lookup->by_size; i++) {
    const struct value value = judge_operand(verdict->rule, lookup->by[i], input, verdict);
    if (value.type != VALUE_TEXT) return false;
    key[i] = value.text;
  }
  const uint32_t row = table_find_on(lookup->table, key, view_service_day(input->visit));
  if (row == UINT32_MAX) return false;
  *out = table_number(lookup->table, row, lookup->column);
  return *out != INT64_MIN && !__builtin_add_overflow(*out, lookup->shift, out);
}

const struct rule *lookup_resolve(const struct rule *rule, const struct judge_input *input, const struct verdict *verdict, struct rule *copy) {
  if (!rule->looks_up) return rule;
  const struct kind *kind = rule->kind;
  *copy = *rule;
  copy->params = ARENA_ARRAY(input->arena, char, kind->params_bytes);
  memcpy(copy->params, rule->params, kind->params_bytes);
  for (size_t i = 0; i < kind->params_size; i++) {
    if (kind->params[i].type != SETTING_NUMBER) continue;
    struct setting_number *number = (struct setting_number *)(void *)((char *)copy->params + kind->params[i].offset);
    if (number->lookup == NULL) continue;
    if (!lookup_value(number->resolved, input, verdict, &number->value)) return NULL;
    number->lookup = NULL;
  }
  return copy;
}

bool lookup_fits(const struct prepare *prepare, const struct lookup *lookup, const struct setting *row) {
  const struct table *table = lookup->table;
  for (uint32_t r = 0; r < table->rows_size; r++) {
    const int64_t value = table_number(table, r, lookup->column);
    if (value == INT64_MIN || (value >= row->min && value <= row->max)) continue;
    yaml_error(prepare->file, lookup->node, 1120, "'%s' must be %lld..%lld, and column '%s' of table '%s' has %lld in row %u", row->name,
               (long long)row->min, (long long)row->max, table->columns[lookup->column].name, table->name, (long long)value, r + 1);
    return false;
  }
  return true;
}

void lookup_canonical(const struct kind *kind, const struct lookup *lookup, struct text *out) {
  text_format(out, "lookup(%s.%s by", lookup->table->name, lookup->table->columns[lookup->column].name);
  for (size_t i = 0; i < lookup->by_size; i++) text_format(out, " %s", operand_text(kind, lookup->by[i]));
  text_byte(out, ')');
}
