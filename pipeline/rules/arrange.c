#include "rules/arrange.h"

#include "knowledge/calendar.h"
#include "knowledge/codes.h"
#include "knowledge/schema.h"
#include "rules/format.h"
#include "rules/operand.h"

static const struct form *form_of(void *context, const char *own) {
  const struct arrange *arrange = context;
  if (strcmp(own, "params") == 0) return arrange->kind != NULL ? &arrange->params : NULL;
  if (strcmp(own, "record") == 0) return arrange->record;
  if (strcmp(own, "expect") == 0) return &format_expect;
  return NULL;
}

static enum layout_kind kind_of(void *context, const char *own, struct slice key) {
  const struct arrange *arrange = context;
  const bool condition = strncmp(own, "condition", strlen("condition")) == 0;
  if (!condition && strcmp(own, "expect") != 0) return LAYOUT_VALUE;
  const int operand = operand_find(arrange->kind, key);
  if (operand != OPERAND_NONE) return operand_row(arrange->kind, operand)->type == VALUE_TEXT ? LAYOUT_TEXT : LAYOUT_VALUE;
  const struct form_key *row = form_find(&format_comparison, key);
  return row != NULL && row->type != FORM_BOOL ? LAYOUT_INHERIT : LAYOUT_VALUE;
}

static void order_params(struct arrange *arrange) {
  const struct kind *kind = arrange->kind;
  for (size_t i = 0; i < kind->params_size && i < ARRANGE_PARAMS_MAX; i++) {
    const enum setting_type type = kind->params[i].type;
    const bool text = type == SETTING_TEXT || type == SETTING_TEXTS;
    arrange->rows[i] = (struct form_key){.name = kind->params[i].name, .type = text ? FORM_TEXT : FORM_INT};
  }
  arrange->params = (struct form){.name = kind->name, .keys = arrange->rows, .size = kind->params_size};
}

void arrange_init(struct arrange *arrange, const struct yaml_file *file, const struct form *record) {
  static const struct { const char *key; const struct form *form; } files[] = {
      {"kind", &format_rule}, {"rule", &format_rule}, {"columns", &schema_form}, {"codes", &codes_form}, {"year", &calendar_form},
      {"overlay", &format_overlay}};
  *arrange = (struct arrange){.layout = {.context = arrange, .form_of = form_of, .kind_of = kind_of}, .record = record};
  for (size_t i = 0; i < sizeof files / sizeof files[0] && arrange->layout.form == NULL; i++)
    if (yaml_find(file->root, files[i].key) != NULL) arrange->layout.form = files[i].form;
  const struct yaml_node *kind = arrange->layout.form == &format_rule ? yaml_find(file->root, "kind") : NULL;
  if (kind != NULL && kind->type == YAML_SCALAR) arrange->kind = kind_find(kind->scalar);
  if (arrange->kind != NULL) order_params(arrange);
}
