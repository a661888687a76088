#include "rules/load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config/folder.h"
#include "core/memory.h"
#include "knowledge/changes.h"
#include "rules/check.h"
#include "rules/hash.h"
#include "rules/index.h"
#include "rules/kinds/kind.h"
#include "rules/known.h"
#include "rules/overlay.h"
#include "rules/read.h"

enum { FOLDERS_MAX = 8, OVERLAYS_MAX = 8, SEEN_MAX = 64, ARENA_BLOCK = 256 << 10 };

struct loader {
  struct ruleset *ruleset;
  struct diagnostics *diagnostics;
  const char *base;    // the folder that has codes/
  const char *first;   // of the paths asked for
  bool found;          // some path is there
  size_t errors;       // before it began
  bool whole;          // the base folder itself was asked for
  struct overlay *overlays[OVERLAYS_MAX];    // in the order they apply
  size_t overlays_size;
  const char *seen[SEEN_MAX];                // real paths of overlays and their bases
  size_t seen_size;
  const char **paths;
  size_t paths_size, paths_capacity;
};

static void tell(struct loader *loader, const char *path, unsigned code, const char *text) {
  diagnostics_add(loader->diagnostics, SEVERITY_ERROR, code, (struct place){path, 0, 0, 1}, SLICE_NONE, "%s", text);
}

static bool is_folder(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool has_codes(struct loader *loader, const char *folder) {
  return is_folder(folder_path(&loader->ruleset->arena, folder, "codes", NULL));
}

static void add_path(struct loader *loader, const char *path) {
  if (loader->paths_size == loader->paths_capacity) {
    loader->paths_capacity = loader->paths_capacity ? loader->paths_capacity * 2 : 64;
    loader->paths = memory_resize(loader->paths, loader->paths_capacity * sizeof *loader->paths);
  }
  loader->paths[loader->paths_size++] = path;
}

// Rule files below a folder. What stands beside codes/ under these names is no rules.
static void find_files(struct loader *loader, const char *folder, unsigned depth) {
  static const char *const others[] = {"codes", "calendars", "knowledge"};
  const char *const *names;
  size_t size;
  if (!folder_list(&loader->ruleset->arena, folder, "", &names, &size)) {
    tell(loader, folder, 1139, strerror(errno));
    return;
  }
  const bool overlay = depth == 0 && overlay_is(folder, &loader->ruleset->arena);
  const bool base = overlay || has_codes(loader, folder);
  for (size_t i = 0; i < size; i++) {
    if (overlay && strcmp(names[i], "overlay.yaml") == 0) continue;
    const char *path = folder_path(&loader->ruleset->arena, folder, names[i], NULL);
    const size_t length = strlen(names[i]);
    if (is_folder(path)) {
      bool other = false;
      for (size_t o = 0; base && o < sizeof others / sizeof others[0]; o++) other |= strcmp(names[i], others[o]) == 0;
      if (other) continue;
      if (depth == FOLDERS_MAX) {
        tell(loader, path, 1139, "folders are nested too deep");
      } else {
        find_files(loader, path, depth + 1);
      }
    } else if (length > 5 && strcmp(names[i] + length - 5, ".yaml") == 0) {
      add_path(loader, path);
    } else if (length > 4 && strcmp(names[i] + length - 4, ".yml") == 0) {
      tell(loader, path, 1137, "a rule file ends in .yaml; this one would silently be left out");
    }
  }
}

// The folder itself or the nearest one above that has codes/.
static const char *find_base(struct loader *loader, const char *path) {
  char *real = realpath(path, NULL);
  if (real == NULL) return NULL;
  const char *found = is_folder(path) && has_codes(loader, path) ? path : NULL;
  for (char *slash; found == NULL && (slash = strrchr(real, '/')) != NULL && slash != real;) {
    *slash = '\0';
    if (has_codes(loader, real)) found = arena_copy_text(&loader->ruleset->arena, slice_from(real));
  }
  free(real);
  return found;
}

// True the first time; so that a base named beside its overlay is read once.
static bool first_time(struct loader *loader, const char *path) {
  char *real = realpath(path, NULL);
  if (real == NULL) return true;    // told elsewhere
  const char *name = arena_copy_text(&loader->ruleset->arena, slice_from(real));
  free(real);
  for (size_t i = 0; i < loader->seen_size; i++)
    if (strcmp(loader->seen[i], name) == 0) return false;
  if (loader->seen_size < SEEN_MAX) loader->seen[loader->seen_size++] = name;
  return true;
}

static void find_path(struct loader *loader, const char *path);

// The base first: the overlay applies to what is there.
static void find_overlay(struct loader *loader, const char *path) {
  if (loader->overlays_size == OVERLAYS_MAX) {
    tell(loader, path, 1161, "more overlays than 8");
    return;
  }
  struct overlay *overlay = overlay_load(path, &loader->ruleset->arena, loader->diagnostics);
  if (overlay == NULL) return;
  if (overlay->base != NULL && loader->base == NULL) find_path(loader, overlay->base);
  if (loader->overlays_size < OVERLAYS_MAX) loader->overlays[loader->overlays_size++] = overlay;
  find_files(loader, path, 0);
}

static void find_path(struct loader *loader, const char *path) {
  struct stat about;
  if (stat(path, &about) != 0) {
    tell(loader, path, 1139, strerror(errno));
    return;
  }
  loader->found = true;
  if (S_ISDIR(about.st_mode) && !first_time(loader, path)) return;
  if (S_ISDIR(about.st_mode) && overlay_is(path, &loader->ruleset->arena)) {
    find_overlay(loader, path);
    return;
  }
  const char *base = find_base(loader, path);
  if (loader->base == NULL) loader->base = base;
  loader->whole |= base == path;
  if (S_ISDIR(about.st_mode)) {
    find_files(loader, path, 0);
  } else {
    add_path(loader, arena_copy_text(&loader->ruleset->arena, slice_from(path)));
  }
}

static void find_paths(struct loader *loader, const char *const *paths, size_t size) {
  for (size_t i = 0; i < size; i++) find_path(loader, paths[i]);
}

static void load_knowledge(struct loader *loader) {
  struct ruleset *ruleset = loader->ruleset;
  if (loader->base == NULL) {
    if (loader->found)
      tell(loader, loader->first, 1137,
           "no folder with codes/ here or above: a rule folder has codes/, calendars/ and knowledge/");
    return;
  }
  ruleset->codes = codes_load(&ruleset->arena, folder_path(&ruleset->arena, loader->base, "codes", NULL),
                              loader->diagnostics);
  ruleset->calendar = calendar_load(&ruleset->arena, folder_path(&ruleset->arena, loader->base, "calendars", NULL),
                                    loader->diagnostics);
  ruleset->tables = tables_open(&ruleset->arena, folder_path(&ruleset->arena, loader->base, "knowledge", NULL),
                                ruleset->known_day, loader->diagnostics);
  // All of them now: a table that no rule reads is still wrong when it is wrong, and afterwards nothing changes any more.
  size_t size = 0;
  const char *const *names = ruleset->tables != NULL ? tables_names(ruleset->tables, &size) : NULL;
  for (size_t i = 0; i < size; i++) tables_get(ruleset->tables, names[i]);
  for (size_t i = 0; i < size; i++) {
    const struct table *table = changes_of(names[i], &ruleset->arena) != NULL ? tables_get(ruleset->tables, names[i]) : NULL;
    if (table != NULL) changes_apply(ruleset->tables, table, &ruleset->arena, loader->diagnostics);
  }
  for (size_t i = 0; ruleset->tables != NULL && i < loader->overlays_size; i++)
    overlay_tables(loader->overlays[i], ruleset, loader->diagnostics);
  if (ruleset->tables != NULL) ruleset->rescue_items = tables_get(ruleset->tables, "rescue_items");
  if (ruleset->codes == NULL) return;
  ruleset->inpatient_stay = codes_group(ruleset->codes, "INPATIENT_STAY");
  ruleset->looked_at = ruleset->inpatient_stay | 1U << VISIT_OTHER | 1U << VISIT_EMERG_RESCUE;    // may be a stay; rescue_within_24h
  ruleset->inpatient_review = codes_group(ruleset->codes, "INPATIENT_REVIEW");
  const struct { const char *name; uint32_t bits; } groups[] = {{"INPATIENT_STAY", ruleset->inpatient_stay},
                                                                {"INPATIENT_REVIEW", ruleset->inpatient_review}};
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
    if (groups[i].bits == 0)
      diagnostics_add(loader->diagnostics, SEVERITY_ERROR, 1140,
                      (struct place){folder_path(&ruleset->arena, loader->base, "codes/", "med_type.yaml", NULL), 0, 0, 1},
                      SLICE_NONE, "the group %s is missing: it says which visits are inpatient", groups[i].name);
}

static int order_rules(const void *a, const void *b) {
  const struct rule *x = *(const struct rule *const *)a, *y = *(const struct rule *const *)b;
  const int order = slice_compare(x->id, y->id);
  if (order != 0) return order;
  if (x->version != y->version) return x->version < y->version ? -1 : 1;
  return strcmp(x->file->name, y->file->name);
}

static int order_paths(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void load_rules(struct loader *loader) {
  struct ruleset *ruleset = loader->ruleset;
  const struct rule **rules = ARENA_ZEROED(&ruleset->arena, const struct rule *, loader->paths_size + 1);
  if (loader->paths_size > 1) qsort(loader->paths, loader->paths_size, sizeof *loader->paths, order_paths);
  for (size_t i = 0; i < loader->paths_size; i++) {
    if (i > 0 && strcmp(loader->paths[i], loader->paths[i - 1]) == 0) continue;    // named twice on the command line
    struct yaml_file *file = ARENA_ZEROED(&ruleset->arena, struct yaml_file, 1);
    yaml_load(file, &ruleset->arena, loader->paths[i], NULL, loader->diagnostics);
    if (file->root == NULL) continue;
    struct prepare prepare = {.ruleset = ruleset, .file = file};
    bool as_said = true;
    for (size_t o = 0; o < loader->overlays_size && as_said; o++) as_said = overlay_apply(loader->overlays[o], &prepare);
    if (!as_said) {
      rules[ruleset->size++] = prepare.rule;
      continue;
    }
    if (!read_rule(&prepare)) {
      if (prepare.rule != NULL && prepare.rule->kind != NULL && prepare.rule->bands != NULL) check_tests(prepare.rule);
      if (loader->diagnostics->errors == loader->errors)
        yaml_error(file, file->root, 1138, "the rule was refused without a reason");
    } else {
      check_rule(prepare.rule);
    }
    rules[ruleset->size++] = prepare.rule;
  }
  for (size_t o = 0; o < loader->overlays_size; o++) overlay_finish(loader->overlays[o]);
  if (ruleset->size > 0) qsort(rules, ruleset->size, sizeof *rules, order_rules);
  // Half-read rules have no id; they take no part in what rules are to each other.
  size_t nameless = 0;
  while (nameless < ruleset->size && rules[nameless]->id.size == 0) nameless++;
  check_set(rules + nameless, ruleset->size - nameless, loader->whole && nameless == 0);
  ruleset->rules = rules;
}

// What follows from the rules together, once it is known which they are.
static void finish(struct ruleset *ruleset) {
  for (size_t i = 0; i < ruleset->size; i++) {
    struct rule *rule = (struct rule *)(uintptr_t)ruleset->rules[i];
    const int32_t days = rule->kind->lookback_days != NULL ? rule->kind->lookback_days(rule) : 0;
    if (days > ruleset->lookback_days) ruleset->lookback_days = days;
    rule->number = (uint32_t)i;
  }
  hash_ruleset(ruleset);
  ruleset->index = index_create(ruleset);
}

struct ruleset *ruleset_load(const char *const *paths, size_t size, struct diagnostics *diagnostics) {
  return ruleset_load_as_of(paths, size, KNOWN_NOW, diagnostics);
}

struct ruleset *ruleset_load_as_of(const char *const *paths, size_t size, int32_t known_day, struct diagnostics *diagnostics) {
  struct ruleset *ruleset = memory_take(sizeof *ruleset);
  ruleset->known_day = known_day;
  arena_init(&ruleset->arena, ARENA_BLOCK);
  struct loader loader = {.ruleset = ruleset, .diagnostics = diagnostics, .first = size > 0 ? paths[0] : ""};
  const size_t errors = loader.errors = diagnostics->errors;
  find_paths(&loader, paths, size);
  if (loader.paths_size == 0 && diagnostics->errors == errors)
    tell(&loader, loader.first, 1138, "there is no rule (*.yaml) here");
  load_knowledge(&loader);
  load_rules(&loader);
  memory_free(loader.paths);
  if (diagnostics->errors == errors) {
    ruleset->size = known_rules(ruleset->rules, ruleset->size, known_day);
    if (ruleset->size == 0) tell(&loader, loader.first, 1138, "no rule of these was known on the day that was asked for: each was recorded later");
  }
  if (diagnostics->errors > errors) {
    diagnostics_sort(diagnostics);
    ruleset_destroy(ruleset);
    return NULL;
  }
  finish(ruleset);
  return ruleset;
}

struct ruleset *ruleset_load_knowledge(const char *path, struct diagnostics *diagnostics) {
  struct ruleset *ruleset = memory_take(sizeof *ruleset);
  ruleset->known_day = KNOWN_NOW;
  arena_init(&ruleset->arena, ARENA_BLOCK);
  struct loader loader = {.ruleset = ruleset, .diagnostics = diagnostics, .first = path, .found = true};
  const size_t errors = diagnostics->errors;
  loader.base = find_base(&loader, path);
  load_knowledge(&loader);
  if (diagnostics->errors == errors) return ruleset;
  ruleset_destroy(ruleset);
  return NULL;
}

void ruleset_destroy(struct ruleset *ruleset) {
  if (ruleset == NULL) return;
  arena_fini(&ruleset->arena);
  memory_free(ruleset);
}

const struct rule *ruleset_version(const struct ruleset *ruleset, struct slice id, int64_t version) {
  size_t first = 0, end = ruleset->size;
  while (first < end) {
    const size_t middle = first + (end - first) / 2;
    const struct rule *rule = ruleset->rules[middle];
    const int order = slice_compare(id, rule->id);
    if (order == 0 && version == rule->version) return rule;
    if (order < 0 || (order == 0 && version < rule->version)) end = middle;
    else first = middle + 1;
  }
  return NULL;
}

const struct rule *ruleset_find(const struct ruleset *ruleset, struct slice id_or_name) {
  const struct rule *found = NULL;
  for (size_t i = 0; i < ruleset->size; i++) {
    const struct rule *rule = ruleset->rules[i];
    if ((slice_equal(rule->id, id_or_name) || slice_equal(rule->name, id_or_name)) &&
        (found == NULL || rule->version > found->version))
      found = rule;
  }
  return found;
}

const struct rule *ruleset_in_force(const struct ruleset *ruleset, struct slice id, int32_t day) {
  static const int ranks[] = {[RULE_ACTIVE] = 2, [RULE_SHADOW] = 1, [RULE_DRAFT] = 0, [RULE_RETIRED] = 0};
  const struct rule *found = NULL;
  for (size_t i = 0; i < ruleset->size; i++) {    // by version, ascending
    const struct rule *rule = ruleset->rules[i];
    if (!slice_equal(rule->id, id) || day < rule->from_day || day > rule->to_day) continue;
    if (found == NULL || ranks[rule->status] >= ranks[found->status]) found = rule;
  }
  return found;
}
