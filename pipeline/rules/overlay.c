#include "rules/overlay.h"

#include <stdio.h>
#include <sys/stat.h>

#include "config/folder.h"
#include "core/digest.h"
#include "knowledge/changes.h"
#include "rules/format.h"
#include "rules/hash.h"
#include "rules/read.h"

enum { CODE_FORM = 1161, CODE_NO_RULE = 1162, CODE_BASE_CHANGED = 1163 };

bool overlay_is(const char *folder, struct arena *arena) {
  struct stat about;
  return stat(folder_path(arena, folder, "overlay.yaml", NULL), &about) == 0 && S_ISREG(about.st_mode);
}

// ---- reading ----------------------------------------------------------------------------------------------------------------------

static bool text_of(const struct yaml_file *file, const struct yaml_node *map, const char *key, bool must, struct slice *out) {
  const struct yaml_node *node = yaml_find(map, key);
  *out = SLICE("");
  if (node == NULL && must) yaml_error(file, map, CODE_FORM, "'%s' is missing", key);
  if (node == NULL) return !must;
  if (!yaml_is_text(file, node, out)) return false;
  if (out->size > 0 && out->size <= FORMAT_TEXT_BYTES_MAX) return true;
  yaml_error(file, node, CODE_FORM, "'%s' must have 1..%d bytes", key, FORMAT_TEXT_BYTES_MAX);
  return false;
}

// A part of an override, of the type it must have.
static bool part_of(const struct yaml_file *file, const struct yaml_node *map, const char *key, enum yaml_type type, struct yaml_node **out) {
  *out = yaml_find(map, key);
  if (*out == NULL) return true;
  return type == YAML_MAP ? yaml_is_map(file, *out) : type == YAML_LIST ? yaml_is_list(file, *out) : true;
}

static bool read_override(struct override *override, const struct yaml_file *file, const struct yaml_node *node) {
  *override = (struct override){.node = node, .recorded_day = INT32_MIN};
  if (!yaml_is_map(file, node)) return false;
  struct slice text;
  bool good = form_known(file, node, &format_override);
  good &= text_of(file, node, "id", true, &override->id);
  good &= text_of(file, node, "reason", true, &text) & text_of(file, node, "owner", true, &text);
  good &= text_of(file, node, "derived_from", false, &override->derived_from);
  const struct yaml_node *version = yaml_find(node, "version");
  if (version == NULL) yaml_error(file, node, CODE_FORM, "'version' is missing: which version of the base's rule is it about?");
  good &= version != NULL && yaml_is_int(file, version, 1, FORMAT_VERSION_MAX, &override->version);
  const struct yaml_node *recorded = yaml_find(node, "recorded_on");
  good &= recorded == NULL || yaml_is_day(file, recorded, &override->recorded_day);
  good &= part_of(file, node, "status", YAML_SCALAR, &override->status) & part_of(file, node, "params", YAML_MAP, &override->params);
  good &= part_of(file, node, "unless", YAML_LIST, &override->unless) & part_of(file, node, "tests", YAML_LIST, &override->tests);
  good &= part_of(file, node, "without_tests", YAML_LIST, &override->without_tests);
  if (override->status == NULL && override->params == NULL && override->unless == NULL && override->tests == NULL && override->without_tests == NULL) {
    yaml_error(file, node, CODE_FORM, "nothing is overridden: status, params, unless, tests or without_tests");
    good = false;
  }
  return good;
}

static bool same_rule(const struct override *a, const struct override *b) { return a->version == b->version && slice_equal(a->id, b->id); }

struct overlay *overlay_load(const char *folder, struct arena *arena, struct diagnostics *diagnostics) {
  struct overlay *overlay = ARENA_ZEROED(arena, struct overlay, 1);
  struct yaml_file *file = overlay->file = ARENA_ZEROED(arena, struct yaml_file, 1);
  overlay->folder = arena_copy_text(arena, slice_from(folder));
  yaml_load(file, arena, folder_path(arena, folder, "overlay.yaml", NULL), NULL, diagnostics);
  if (file->root == NULL || !yaml_is_map(file, file->root)) return NULL;
  struct slice base, text;
  bool good = form_known(file, file->root, &format_overlay);
  good &= text_of(file, file->root, "overlay", true, &overlay->name) & text_of(file, file->root, "owner", true, &text);
  good &= text_of(file, file->root, "reason", true, &text) & text_of(file, file->root, "note", false, &text);
  good &= text_of(file, file->root, "base", false, &base);
  if (good && base.size > 0)
    overlay->base = base.data[0] == '/' ? arena_copy_text(arena, base) : folder_path(arena, folder, arena_copy_text(arena, base), NULL);
  const struct yaml_node *rules = yaml_find(file->root, "rules");
  if (rules != NULL && !yaml_is_list(file, rules)) return NULL;
  overlay->overrides = ARENA_ZEROED(arena, struct override, rules != NULL ? rules->size : 0);
  for (const struct yaml_node *item = rules != NULL ? rules->child : NULL; item != NULL; item = item->next) {
    struct override *override = &overlay->overrides[overlay->overrides_size];
    good &= read_override(override, file, item);
    for (size_t i = 0; i < overlay->overrides_size; i++)
      if (same_rule(&overlay->overrides[i], override)) {
        yaml_error(file, item, CODE_FORM, "%.*s is overridden twice here", SLICE_ARG(override->id));
        good = false;
      }
    overlay->overrides_size++;
  }
  return good ? overlay : NULL;
}

// ---- applying ---------------------------------------------------------------------------------------------------------------------

static struct yaml_node *key_of(struct yaml_node *map, const char *key) {
  for (struct yaml_node *node = map->child; node != NULL; node = node->next)
    if (slice_equal(node->scalar, slice_from(key))) return node;
  return NULL;
}

static void append(struct yaml_node *parent, struct yaml_node *child) {
  struct yaml_node **end = &parent->child;
  while (*end != NULL) end = &(*end)->next;
  *end = child;
  child->next = NULL;
  parent->size++;
}

// The key's value in the map is now this one.
static void set(struct yaml_node *map, const char *key, struct yaml_node *value, struct arena *arena) {
  struct yaml_node *node = key_of(map, key);
  if (node == NULL) {
    node = ARENA_ZEROED(arena, struct yaml_node, 1);
    *node = (struct yaml_node){.type = YAML_SCALAR, .place = value->place, .scalar = slice_from(key)};
    append(map, node);
  }
  node->value = value;
}

// Another head for the same content: lists of nodes hold each node once.
static struct yaml_node *copy(const struct yaml_node *node, struct arena *arena) {
  struct yaml_node *fresh = ARENA_ARRAY(arena, struct yaml_node, 1);
  *fresh = *node;
  fresh->next = NULL;
  return fresh;
}

static struct yaml_node *part(struct yaml_node *map, const char *key, const struct yaml_node *like, struct arena *arena) {
  struct yaml_node *there = yaml_find(map, key);
  if (there != NULL && there->type == like->type) return there;
  struct yaml_node *fresh = ARENA_ZEROED(arena, struct yaml_node, 1);
  *fresh = (struct yaml_node){.type = like->type, .place = like->place};
  set(map, key, fresh, arena);
  return fresh;
}

static bool remove_named(struct yaml_node *list, struct slice name) {
  for (struct yaml_node **at = &list->child; *at != NULL; at = &(*at)->next) {
    const struct yaml_node *has = yaml_find(*at, "name");
    if (has == NULL || !slice_equal(has->scalar, name)) continue;
    *at = (*at)->next;
    list->size--;
    return true;
  }
  return false;
}

static void apply_tests(const struct override *override, const struct yaml_file *from, struct yaml_node *root, struct arena *arena) {
  const struct yaml_node *without = override->without_tests, *tests = override->tests;
  if (without == NULL && tests == NULL) return;
  struct yaml_node *list = part(root, "tests", tests != NULL ? tests : without, arena);
  for (const struct yaml_node *item = without != NULL ? without->child : NULL; item != NULL; item = item->next) {
    struct slice name;
    if (yaml_is_text(from, item, &name) && !remove_named(list, name))
      yaml_error(from, item, CODE_NO_RULE, "%.*s has no test '%.*s'", SLICE_ARG(override->id), SLICE_ARG(name));
  }
  for (const struct yaml_node *item = tests != NULL ? tests->child : NULL; item != NULL; item = item->next) {
    const struct yaml_node *name = yaml_find(item, "name");
    if (name != NULL) remove_named(list, name->scalar);
    append(list, copy(item, arena));
  }
}

static void apply_override(const struct override *override, const struct yaml_file *from, struct yaml_node *root, struct arena *arena) {
  if (override->status != NULL) set(root, "status", override->status, arena);
  if (override->params != NULL) {
    struct yaml_node *params = part(root, "params", override->params, arena);
    for (const struct yaml_node *key = override->params->child; key != NULL; key = key->next)
      set(params, arena_copy_text(arena, key->scalar), key->value, arena);
  }
  if (override->unless != NULL) {
    struct yaml_node *unless = part(root, "unless", override->unless, arena);
    for (const struct yaml_node *item = override->unless->child; item != NULL; item = item->next) append(unless, copy(item, arena));
  }
  apply_tests(override, from, root, arena);
}

void overlay_fingerprint(const struct rule *rule, char hex[OVERLAY_FINGERPRINT + 1]) {
  struct text text = {0};
  struct digest digest;
  unsigned char bytes[DIGEST_ID_BYTES];
  hash_rule_text(rule, &text);
  digest_init(&digest, sizeof bytes, NULL, 0);
  digest_field(&digest, SLICE("sw-rule-v1"));
  digest_field(&digest, text_slice(&text));
  digest_final(&digest, bytes);
  text_clear(&text);
  text_hex(&text, bytes, OVERLAY_FINGERPRINT / 2);
  memcpy(hex, text.data, OVERLAY_FINGERPRINT);
  hex[OVERLAY_FINGERPRINT] = '\0';
  text_fini(&text);
}

// The rule as it stands without the override. What is wrong with it is told here once, and the override not applied.
static bool base_is_as_said(const struct overlay *overlay, const struct override *override, struct prepare *prepare) {
  if (!read_rule(prepare)) return false;
  char hex[OVERLAY_FINGERPRINT + 1];
  overlay_fingerprint(prepare->rule, hex);
  if (override->derived_from.size == 0)
    yaml_warning(overlay->file, override->node, CODE_BASE_CHANGED,
                 "'derived_from' is missing, so that nobody will notice when the base changes; write: derived_from: \"%s\"", hex);
  else if (!slice_equal(override->derived_from, slice_from(hex)))
    yaml_warning(overlay->file, override->node, CODE_BASE_CHANGED,
                 "%.*s version %lld of the base is %s now, and this was derived from %.*s; compare with 'rules diff --three-way', then write the new one",
                 SLICE_ARG(override->id), (long long)override->version, hex, SLICE_ARG(override->derived_from));
  return true;
}

bool overlay_apply(struct overlay *overlay, struct prepare *prepare) {
  struct yaml_node *root = prepare->file->root;
  const struct yaml_node *id = yaml_find(root, "id"), *version = yaml_find(root, "version");
  if (id == NULL || version == NULL || version->type != YAML_SCALAR) return true;
  for (size_t i = 0; i < overlay->overrides_size; i++) {
    struct override *override = &overlay->overrides[i];
    char number[24];
    const int size = snprintf(number, sizeof number, "%lld", (long long)override->version);
    if (!slice_equal(id->scalar, override->id) || !slice_equal(version->scalar, (struct slice){number, (size_t)size})) continue;
    override->used = true;
    if (!base_is_as_said(overlay, override, prepare)) return false;
    if (override->recorded_day > prepare->ruleset->known_day) continue;
    apply_override(override, overlay->file, root, &prepare->ruleset->arena);
  }
  return true;
}

void overlay_finish(const struct overlay *overlay) {
  for (size_t i = 0; i < overlay->overrides_size; i++) {
    const struct override *override = &overlay->overrides[i];
    if (!override->used)
      yaml_error(overlay->file, override->node, CODE_NO_RULE, "the base has no rule %.*s of version %lld", SLICE_ARG(override->id),
                 (long long)override->version);
  }
}

void overlay_tables(const struct overlay *overlay, struct ruleset *ruleset, struct diagnostics *diagnostics) {
  struct tables *own = tables_open(&ruleset->arena, folder_path(&ruleset->arena, overlay->folder, "knowledge", NULL), ruleset->known_day, diagnostics);
  size_t size;
  const char *const *names = tables_names(own, &size);
  // In the order of names: a table stands before its changes.
  for (size_t i = 0; i < size; i++) {
    const struct table *table = tables_get(own, names[i]);
    if (table == NULL) continue;
    tables_share(ruleset->tables, table);
    if (changes_of(names[i], &ruleset->arena) != NULL) changes_apply(ruleset->tables, table, &ruleset->arena, diagnostics);
  }
}
