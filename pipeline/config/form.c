#include "config/form.h"

#include <assert.h>

enum { KEYS_MAX = 64 };

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

const struct form_key *form_find(const struct form *form, struct slice name) {
  for (size_t i = 0; form != NULL && i < form->size; i++)
    if (slice_equal(slice_from(form->keys[i].name), name)) return &form->keys[i];
  return NULL;
}
