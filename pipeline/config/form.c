#include "config/form.h"

#include <assert.h>

enum { KEYS_MAX = 64, DECIMAL_DIGITS = 6 };

bool form_known(const struct yaml_file *file, const struct yaml_node *map, const struct form *form) {
  const char *names[KEYS_MAX];
  assert(form->size <= KEYS_MAX);
  for (size_t i = 0; i < form->size; i++) names[i] = form->keys[i].name;
  return yaml_is_map(file, map) && yaml_check_keys(file, map, names, form->size);
}

bool form_check(const struct yaml_file *file, const struct yaml_node *map, const struct form *form) {
  bool good = form_known(file, map, form);
  if (map == NULL || map->type != YAML_MAP) return false;
  for (size_t i = 0; i < form->size; i++) {
    if (!form->keys[i].required || yaml_find(map, form->keys[i].name) != NULL) continue;
    yaml_error(file, map, form->missing, "'%s' must be given", form->keys[i].name);
    good = false;
  }
  return good;
}

static bool check_word(const struct yaml_file *file, const struct yaml_node *node, const struct form_key *row, unsigned code) {
  struct slice word;
  if (!yaml_is_text(file, node, &word)) return false;
  size_t size = 0;
  for (; row->words[size] != NULL; size++)
    if (slice_equal(word, slice_from(row->words[size]))) return true;
  const char *nearest = diagnostics_nearest(word, row->words, size);
  yaml_error(file, node, code, "'%s' cannot be '%.*s'%s%s%s", row->name, SLICE_ARG(word), nearest ? " (did you mean '" : "",
             nearest ? nearest : "", nearest ? "'?)" : "");
  return false;
}

static bool check_value(const struct yaml_file *file, const struct yaml_node *node, const struct form_key *row, unsigned code) {
  struct slice text;
  int64_t number;
  bool yes;
  int32_t day;
  switch (row->type) {
    case FORM_TEXT:
    case FORM_NAME:
    case FORM_ID: return yaml_is_text(file, node, &text);
    case FORM_WORD: return check_word(file, node, row, code);
    case FORM_INT: return yaml_is_int(file, node, row->min, row->max, &number);
    case FORM_DECIMAL: return yaml_is_decimal(file, node, DECIMAL_DIGITS, &number);
    case FORM_BOOL: return yaml_is_bool(file, node, &yes);
    case FORM_DAY: return yaml_is_day(file, node, &day);
    case FORM_MAP: return row->form == NULL ? yaml_is_map(file, node) : form_check_all(file, node, row->form);
    case FORM_TIME:
    case FORM_OWN: return true;
  }
  return true;
}

bool form_check_all(const struct yaml_file *file, const struct yaml_node *map, const struct form *form) {
  bool good = form_check(file, map, form);
  if (map == NULL || map->type != YAML_MAP) return false;
  for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
    const struct form_key *row = form_find(form, key->scalar);
    if (row == NULL) continue;
    const struct yaml_node *value = key->value;
    if (!row->list) {
      // A single text may stand for a map that has only a name.
      good &= (row->single && row->type == FORM_MAP && value->type == YAML_SCALAR) || check_value(file, value, row, form->missing);
    } else if (value->type == YAML_LIST) {
      for (const struct yaml_node *item = value->child; item != NULL; item = item->next)
        good &= check_value(file, item, row, form->missing);
    } else {
      good &= row->single ? check_value(file, value, row, form->missing) : yaml_is_list(file, value);
    }
  }
  return good;
}

const struct form_key *form_find(const struct form *form, struct slice name) {
  for (size_t i = 0; form != NULL && i < form->size; i++)
    if (slice_equal(slice_from(form->keys[i].name), name)) return &form->keys[i];
  return NULL;
}
