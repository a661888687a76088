#include "knowledge/schema.h"

static const char *const type_words[] = {[CELL_TEXT] = "text",     [CELL_INT] = "int",     [CELL_PRICE] = "price",
                                         [CELL_AMOUNT] = "amount", [CELL_COUNT] = "count", [CELL_DATE] = "date", NULL};
static const char *const type_zh[] = {"文本", "整数", "单价（元，6 位小数）", "金额（元，2 位小数）", "数量（4 位小数）", "日期", NULL};
enum { TYPES = sizeof type_words / sizeof type_words[0] - 1, COLUMNS_MAX = 64, MISSING = 1201 };

#define TEXT .type = FORM_TEXT, .min = 1, .max = 2000
static const struct form_key column_rows[] = {
    {"name", TEXT, .required = true, .doc_zh = "CSV 表头中的列名。"},
    {"type", .type = FORM_WORD, .required = true, .words = type_words, .words_zh = type_zh, .doc_zh = "列的类型。"},
    {"note", TEXT, .doc_zh = "说明。"},
};
static const struct form column_form = FORM("column", column_rows, MISSING);
static const struct form_key effective_rows[] = {
    {"from", TEXT, .doc_zh = "起始日所在的列。"},
    {"to", TEXT, .doc_zh = "终止日所在的列。"},
};
static const struct form_key recorded_rows[] = {
    {"from", TEXT, .doc_zh = "知悉之日所在的列。"},
    {"to", TEXT, .doc_zh = "最后仍作此认定之日所在的列。"},
};
static const struct form recorded_form = FORM("recorded_columns", recorded_rows, MISSING);
static const struct form effective_form = FORM("effective_columns", effective_rows, MISSING);
static const struct form_key description_rows[] = {
    {"columns", .type = FORM_MAP, .required = true, .list = true, .min_items = 1, .max_items = COLUMNS_MAX, .form = &column_form,
     .doc_zh = "CSV 的列及其类型，次序不限。"},
    {"key", TEXT, .required = true, .list = true, .min_items = 1, .max_items = 4, .doc_zh = "查找行所用的列，均为文本列，一至四列。"},
    {"effective", .type = FORM_MAP, .form = &effective_form, .doc_zh = "有效期所在的日期列，首尾两日均含，空为不限；按服务日期取行。"},
    {"recorded", .type = FORM_MAP, .form = &recorded_form,
     .doc_zh = "何时知悉、何时不再认定，所在的日期列，首尾两日均含，空为一直；按当时所知复核（--as-of）时据此取行。"},
    {"recorded_on", .type = FORM_DAY, .doc_zh = "从哪一日（含）起知悉本文件的全部内容；按当时所知复核（--as-of）时，此前没有这些行。"},
    {"version", TEXT, .doc_zh = "表的版本，应当写明，以便追溯。"},
    {"source", TEXT, .doc_zh = "表的来源，应当写明，以便追溯。"},
    {"note", TEXT, .doc_zh = "说明。"},
    {"strict", .type = FORM_BOOL, .doc_zh = "true：CSV 不得有其他列。"},
    {"unique", .type = FORM_BOOL, .doc_zh = "true：同一键在同一日只能有一行有效。"},
    {"skip_rows_without_key", .type = FORM_BOOL, .doc_zh = "true：略过键为空的行（如表尾的合计），而不报错。"},
};
const struct form schema_form = FORM("table", description_rows, MISSING);

static bool complain(const struct yaml_file *file, const struct yaml_node *node, const char *text) {
  yaml_error(file, node, 1201, "%s", text);
  return false;
}

static bool read_column(const struct yaml_file *file, const struct yaml_node *item, const struct table *table,
                        struct arena *arena, struct table_column *column) {
  struct slice name, type;
  if (!form_known(file, item, &column_form)) return false;
  const struct yaml_node *name_node = yaml_find(item, "name"), *type_node = yaml_find(item, "type");
  if (name_node == NULL || type_node == NULL) return complain(file, item, "a column needs 'name' and 'type'");
  if (!yaml_is_text(file, name_node, &name) || !yaml_is_text(file, type_node, &type)) return false;
  column->name = arena_copy_text(arena, name);
  if (name.size == 0) return complain(file, item, "a column's name must not be empty");
  if (table_column_find(table, column->name) >= 0) return complain(file, item, "a column of this name stands above");
  for (unsigned i = 0; i < TYPES; i++) {
    column->type = (enum cell_type)i;
    if (slice_equal(slice_from(type_words[i]), type)) return true;
  }
  return complain(file, type_node, "a column's type must be text, int, price, amount, count or date");
}

// The number of the column that node names.
static bool read_column_name(const struct yaml_file *file, const struct yaml_node *node, const struct table *table,
                             enum cell_type type, unsigned *out) {
  struct slice name;
  if (!yaml_is_text(file, node, &name)) return false;
  for (unsigned i = 0; i < table->columns_size; i++) {
    if (!slice_equal(slice_from(table->columns[i].name), name)) continue;
    *out = i;
    if (table->columns[i].type == type) return true;
    return complain(file, node, type == CELL_TEXT ? "a key column must be of type text" : "a column of first or last days must be a date");
  }
  return complain(file, node, "no column has this name");
}

// A first and a last day, each in a column: {from, to}.
static bool read_span(const struct yaml_file *file, const struct yaml_node *node, const struct form *form, const struct table *table, int *from, int *to) {
  int *const columns[] = {from, to};
  if (node == NULL) return true;
  if (!form_known(file, node, form)) return false;
  bool good = true;
  for (unsigned i = 0; i < 2; i++) {
    unsigned column;
    const struct yaml_node *name = yaml_find(node, form->keys[i].name);
    if (name == NULL) continue;
    if (read_column_name(file, name, table, CELL_DATE, &column)) *columns[i] = (int)column;
    else good = false;
  }
  return good;
}

static bool read_text(const struct yaml_file *file, const char *key, struct arena *arena, const char **out) {
  const struct yaml_node *node = yaml_find(file->root, key);
  struct slice text;
  *out = "";
  if (node == NULL) {
    yaml_warning(file, file->root, 1211, "'%s' should be given", key);
    return true;
  }
  if (!yaml_is_text(file, node, &text)) return false;
  *out = arena_copy_text(arena, text);
  return true;
}

static bool read_flag(const struct yaml_file *file, const char *key, bool *out) {
  const struct yaml_node *node = yaml_find(file->root, key);
  return node == NULL || yaml_is_bool(file, node, out);
}

bool schema_read(struct schema *schema, struct table *table, const struct yaml_file *file, struct arena *arena) {
  if (file->root == NULL || !yaml_is_map(file, file->root)) return false;
  bool good = form_known(file, file->root, &schema_form);
  const struct yaml_node *columns = yaml_find(file->root, "columns"), *key = yaml_find(file->root, "key");
  if (columns == NULL || columns->type != YAML_LIST || columns->size == 0 || columns->size > COLUMNS_MAX)
    return complain(file, columns ? columns : file->root, "'columns' must be a list of 1 to 64 columns {name, type}");
  struct table_column *list = ARENA_ZEROED(arena, struct table_column, columns->size);
  table->columns = list;
  for (const struct yaml_node *item = columns->child; item != NULL; item = item->next) {
    if (read_column(file, item, table, arena, &list[table->columns_size])) table->columns_size++;
    else good = false;
  }
  if (!good) return false;    // what follows would only repeat it
  if (key == NULL || key->type != YAML_LIST || key->size == 0 || key->size > 4)
    good = complain(file, key ? key : file->root, "'key' must be a list of 1 to 4 columns");
  else
    for (const struct yaml_node *item = key->child; item != NULL; item = item->next)
      good &= read_column_name(file, item, table, CELL_TEXT, &table->key[table->key_size++]);
  const struct yaml_node *recorded_on = yaml_find(file->root, "recorded_on");
  good &= read_span(file, yaml_find(file->root, "effective"), &effective_form, table, &table->from_column, &table->to_column);
  good &= read_span(file, yaml_find(file->root, "recorded"), &recorded_form, table, &schema->recorded_from, &schema->recorded_to);
  good &= recorded_on == NULL || yaml_is_day(file, recorded_on, &schema->recorded_day);
  good &= read_text(file, "source", arena, &table->source);
  good &= read_text(file, "version", arena, &table->version);
  good &= read_flag(file, "strict", &schema->strict);
  good &= read_flag(file, "unique", &schema->unique);
  good &= read_flag(file, "skip_rows_without_key", &schema->skip_rows_without_key);
  return good;
}
