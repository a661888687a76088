#include "screen/mutate.h"

#include "core/memory.h"
#include "record/date.h"
#include "record/money.h"
#include "rules/check.h"
#include "rules/operand.h"
#include "rules/read.h"
#include "screen/trial.h"

enum { ARENA_BLOCK = 64 << 10, PATH_MAX_BYTES = 400 };

// One change of the tree: the node gives way to another, or is left out (with NULL).
struct edit {
  const struct yaml_node *target;
  const struct yaml_node *with;
  bool shift_lookup;    // the target is a look-up, whose values are moved by shift instead
  int64_t shift;
};

struct change {
  struct change *next;
  struct slice what;
  struct place place;
  struct edit edit;
};

struct maker {
  const struct rule *rule;
  struct arena *arena;
  struct change *first, **last;
};

// A place on the way down: "unless.planned.if" and so on, in a buffer that grows and shrinks.
struct path {
  char data[PATH_MAX_BYTES];
  size_t size;
};

static size_t push(struct path *path, const char *dot, struct slice name) {
  const size_t before = path->size, dot_size = before > 0 ? strlen(dot) : 0;
  if (before + dot_size + name.size > sizeof path->data) return before;    // deeper than names are worth
  memcpy(path->data + before, dot, dot_size);
  if (name.size > 0) memcpy(path->data + before + dot_size, name.data, name.size);
  path->size = before + dot_size + name.size;
  return before;
}

static size_t push_number(struct path *path, unsigned number) {
  struct text text = {0};
  text_format(&text, "[%u]", number);
  const size_t before = push(path, "", text_slice(&text));
  text_fini(&text);
  return before;
}

static void add(struct maker *maker, const struct path *path, struct place place, struct edit edit, struct slice words) {
  struct text text = {0};
  struct change *change = ARENA_ZEROED(maker->arena, struct change, 1);
  text_append(&text, (struct slice){path->data, path->size});
  text_byte(&text, ' ');
  text_append(&text, words);
  change->what = arena_copy(maker->arena, text_slice(&text));
  change->place = place;
  change->edit = edit;
  *maker->last = change;
  maker->last = &change->next;
  text_fini(&text);
}

static void drop(struct maker *maker, const struct path *path, const struct yaml_node *node) {
  add(maker, path, node->place, (struct edit){.target = node}, SLICE("dropped"));
}

static void replace(struct maker *maker, const struct path *path, const struct yaml_node *node, struct slice scalar) {
  struct yaml_node *with = ARENA_ZEROED(maker->arena, struct yaml_node, 1);
  struct text words = {0};
  *with = *node;
  with->scalar = arena_copy(maker->arena, scalar);
  with->next = NULL;
  text_format(&words, "%.*s -> %.*s", SLICE_ARG(node->scalar), SLICE_ARG(scalar));
  add(maker, path, node->place, (struct edit){.target = node, .with = with}, text_slice(&words));
  text_fini(&words);
}

static void replace_number(struct maker *maker, const struct path *path, const struct yaml_node *node, unsigned scale) {
  int64_t number;
  if (!money_parse(node->scalar, scale, &number)) return;
  for (int64_t by = -1; by <= 1; by += 2) {
    struct text text = {0};
    if (scale == 0) text_int(&text, number + by);
    else money_write_scaled(&text, number + by, scale);
    replace(maker, path, node, text_slice(&text));
    text_fini(&text);
  }
}

static void replace_time(struct maker *maker, const struct path *path, const struct yaml_node *node) {
  int64_t time_s;
  bool day_only;
  if (!date_parse(node->scalar, &time_s, &day_only)) return;
  for (int by = -1; by <= 1; by += 2) {
    struct text text = {0};
    if (day_only) date_write_day(&text, date_day(time_s) + by);
    else date_write_time(&text, time_s + by);
    replace(maker, path, node, text_slice(&text));
    text_fini(&text);
  }
}

static void replace_bool(struct maker *maker, const struct path *path, const struct yaml_node *node) {
  replace(maker, path, node, slice_equal(node->scalar, SLICE("true")) ? SLICE("false") : SLICE("true"));
}

static void shift(struct maker *maker, const struct path *path, const struct yaml_node *lookup) {
  for (int64_t by = -1; by <= 1; by += 2)
    add(maker, path, lookup->place, (struct edit){.target = lookup, .shift_lookup = true, .shift = by},
        by < 0 ? SLICE("look-up - 1") : SLICE("look-up + 1"));
}

static void drop_items(struct maker *maker, struct path *path, const struct yaml_node *list) {
  for (const struct yaml_node *item = list->child; list->size > 1 && item != NULL; item = item->next) {
    const size_t before = push(path, " ", item->scalar);
    drop(maker, path, item);
    path->size = before;
  }
}

// --- Conditions ------------------------------------------------------------------------------------------------------------------

static unsigned scale_of(enum value_type type) {
  return type == VALUE_FEN ? MONEY_FEN : (type == VALUE_PRICE ? MONEY_PRICE : (type == VALUE_COUNT ? MONEY_COUNT : 0));
}

static void change_constant(struct maker *maker, struct path *path, const struct yaml_node *node, int operand) {
  const enum value_type type = operand_row(maker->rule->kind, operand)->type;
  if (node->type == YAML_MAP) shift(maker, path, node);
  else if (node->type != YAML_SCALAR) return;
  else if (type == VALUE_BOOL) replace_bool(maker, path, node);
  else if (type == VALUE_TIME || type == VALUE_DAY) replace_time(maker, path, node);
  else if (type != VALUE_TEXT && type != VALUE_UNKNOWN) replace_number(maker, path, node, scale_of(type));
  else if (slice_equal(node->scalar, SLICE("INPATIENT_STAY"))) replace(maker, path, node, SLICE("INPATIENT_REVIEW"));
  else if (slice_equal(node->scalar, SLICE("INPATIENT_REVIEW"))) replace(maker, path, node, SLICE("INPATIENT_STAY"));
}

static void change_values(struct maker *maker, struct path *path, const struct yaml_node *node, int operand) {
  if (node->type != YAML_LIST) {
    change_constant(maker, path, node, operand);
    return;
  }
  drop_items(maker, path, node);
  for (const struct yaml_node *item = node->child; item != NULL; item = item->next) change_constant(maker, path, item, operand);
}

// A prefix one character shorter admits more.
static void shorten(struct maker *maker, struct path *path, const struct yaml_node *node) {
  if (node->type == YAML_SCALAR && node->scalar.size > 1)
    replace(maker, path, node, (struct slice){node->scalar.data, node->scalar.size - 1});
}

static void change_test(struct maker *maker, struct path *path, const struct yaml_node *value, int operand) {
  if (value->type != YAML_MAP) {
    change_values(maker, path, value, operand);
    return;
  }
  for (const struct yaml_node *key = value->child; key != NULL; key = key->next) {
    const size_t before = push(path, ".", key->scalar);
    if (value->size > 1) drop(maker, path, key);
    if (slice_equal(key->scalar, SLICE("present"))) {
      replace_bool(maker, path, key->value);
    } else if (slice_equal(key->scalar, SLICE("starts_with"))) {
      if (key->value->type == YAML_LIST) drop_items(maker, path, key->value);
      for (const struct yaml_node *item = key->value->child; key->value->type == YAML_LIST && item != NULL; item = item->next)
        shorten(maker, path, item);
      shorten(maker, path, key->value);
    } else if (!slice_equal(key->scalar, SLICE("in_table"))) {
      change_values(maker, path, key->value, operand);
    }
    path->size = before;
  }
}

// Each part of the condition is dropped, except where nothing would be left: then what holds the condition drops it.
static void change_condition(struct maker *maker, struct path *path, const struct yaml_node *map) {
  if (map == NULL || map->type != YAML_MAP) return;
  for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
    const size_t before = push(path, ".", key->scalar);
    const bool group = slice_equal(key->scalar, SLICE("all")) || slice_equal(key->scalar, SLICE("any"));
    if (map->size > 1) drop(maker, path, key);
    if (group && key->value->type == YAML_LIST) {
      unsigned n = 0;
      for (const struct yaml_node *item = key->value->child; item != NULL; item = item->next, n++) {
        const size_t outer = push_number(path, n);
        if (key->value->size > 1) drop(maker, path, item);
        change_condition(maker, path, item);
        path->size = outer;
      }
    } else if (slice_equal(key->scalar, SLICE("not"))) {
      if (map->size == 1) add(maker, path, key->place, (struct edit){.target = map, .with = key->value}, SLICE("without not"));
      change_condition(maker, path, key->value);
    } else {
      const int operand = operand_find(maker->rule->kind, key->scalar);
      if (operand != OPERAND_NONE) change_test(maker, path, key->value, operand);
    }
    path->size = before;
  }
}

// --- The rule --------------------------------------------------------------------------------------------------------------------

static void change_words(struct maker *maker, struct path *path, const struct yaml_node *node, const char *const *words) {
  for (size_t i = 0; words[i] != NULL; i++)
    if (!slice_equal(node->scalar, slice_from(words[i]))) replace(maker, path, node, slice_from(words[i]));
}

static void change_param(struct maker *maker, struct path *path, const struct setting *row, const struct yaml_node *value) {
  switch (row->type) {
    case SETTING_INT: replace_number(maker, path, value, 0); break;
    case SETTING_DECIMAL: replace_number(maker, path, value, row->scale); break;
    case SETTING_NUMBER:
      if (value->type == YAML_MAP) shift(maker, path, value);
      else replace_number(maker, path, value, 0);
      break;
    case SETTING_BOOL: replace_bool(maker, path, value); break;
    case SETTING_WORD: change_words(maker, path, value, row->words); break;
    case SETTING_DAY: replace_time(maker, path, value); break;
    case SETTING_TEXTS: drop_items(maker, path, value); break;
    default: break;    // texts name tables and the like
  }
}

static void change_params(struct maker *maker, const struct yaml_node *params) {
  const struct kind *kind = maker->rule->kind;
  struct path path = {0};
  push(&path, "", SLICE("params"));
  for (size_t i = 0; i < kind->params_size; i++) {
    const struct yaml_node *value = yaml_find(params, kind->params[i].name);
    if (value == NULL) continue;
    const size_t before = push(&path, ".", slice_from(kind->params[i].name));
    change_param(maker, &path, &kind->params[i], value);
    path.size = before;
  }
}

static void change_severity(struct maker *maker, struct path *path, const struct yaml_node *severity) {
  static const char *const words[] = {"1", "2", "3", NULL};
  if (severity == NULL) return;
  const size_t before = push(path, ".", SLICE("severity"));
  change_words(maker, path, severity, words);
  path->size = before;
}

// Exemptions and bands: maps with a name and a condition.
static void change_list(struct maker *maker, const char *word, const char *naming, bool all_may_go) {
  const struct yaml_node *list = yaml_find(maker->rule->file->root, word);
  struct path path = {0};
  push(&path, "", slice_from(word));
  for (const struct yaml_node *item = list != NULL ? list->child : NULL; item != NULL; item = item->next) {
    const struct yaml_node *name = yaml_find(item, naming), *until = yaml_find(item, "until");
    const size_t before = push(&path, ".", name != NULL ? name->scalar : SLICE_NONE);
    if (all_may_go || list->size > 1) drop(maker, &path, item);
    change_severity(maker, &path, yaml_find(item, "severity"));
    size_t outer = push(&path, ".", SLICE("if"));
    change_condition(maker, &path, yaml_find(item, "if"));
    path.size = outer;
    if (until != NULL) {
      outer = push(&path, ".", SLICE("until"));
      replace_time(maker, &path, until);
      path.size = outer;
    }
    path.size = before;
  }
}

static void change_rule(struct maker *maker) {
  const struct yaml_node *root = maker->rule->file->root, *effective = yaml_find(root, "effective");
  const struct yaml_node *amount = yaml_find(root, "amount"), *scope = yaml_find(root, "scope");
  struct path path = {0};
  for (const struct yaml_node *key = effective != NULL ? effective->child : NULL; key != NULL; key = key->next) {
    path.size = 0;
    push(&path, "", SLICE("effective"));
    push(&path, ".", key->scalar);
    replace_time(maker, &path, key->value);
  }
  static const char *const lists[] = {"yields_to", "require"};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    const struct yaml_node *list = yaml_find(root, lists[i]);
    for (const struct yaml_node *item = list != NULL ? list->child : NULL; item != NULL; item = item->next) {
      path.size = 0;
      push(&path, "", slice_from(lists[i]));
      push(&path, " ", item->scalar);
      drop(maker, &path, item);
    }
  }
  path.size = 0;
  push(&path, "", SLICE("scope"));
  for (const struct yaml_node *key = root->child; key != NULL && scope != NULL; key = key->next)
    if (key->value == scope) drop(maker, &path, key);
  change_condition(maker, &path, scope);
  change_params(maker, yaml_find(root, "params"));
  change_list(maker, "unless", "id", true);
  change_list(maker, "bands", "name", false);
  path.size = 0;
  push(&path, "", SLICE("amount"));
  if (amount != NULL) change_words(maker, &path, amount, maker->rule->kind->amounts);
}

// --- Running ---------------------------------------------------------------------------------------------------------------------

static struct yaml_node *clone(struct arena *arena, const struct yaml_node *node, const struct edit *edit, const struct yaml_node **copied) {
  if (node == edit->target && !edit->shift_lookup) {
    if (edit->with == NULL) return NULL;
    node = edit->with;
  }
  struct yaml_node *copy = ARENA_ZEROED(arena, struct yaml_node, 1), **last = &copy->child;
  *copy = *node;
  copy->child = copy->next = NULL;
  copy->size = 0;
  if (node == edit->target) *copied = copy;
  for (const struct yaml_node *child = node->child; child != NULL; child = child->next) {
    struct yaml_node *one;
    if (node->type == YAML_MAP) {
      if (child == edit->target) continue;
      one = ARENA_ZEROED(arena, struct yaml_node, 1);
      *one = *child;
      one->next = NULL;
      // Tests stay what they are.
      if (!slice_equal(child->scalar, SLICE("tests"))) one->value = clone(arena, child->value, edit, copied);
      if (one->value == NULL) continue;
    } else {
      one = clone(arena, child, edit, copied);
      if (one == NULL) continue;
    }
    *last = one;
    last = &one->next;
    copy->size++;
  }
  return copy;
}

// Whether the loader takes the changed rule. checked: also what check_rule refuses.
static bool loads(const struct ruleset *ruleset, const struct rule *rule, const struct trial_mutant *mutant, bool checked) {
  struct diagnostics diagnostics = {0};
  struct ruleset small = *ruleset;
  struct yaml_file file = *rule->file;
  file.root = (struct yaml_node *)(uintptr_t)mutant->root;
  file.diagnostics = &diagnostics;
  arena_init(&small.arena, ARENA_BLOCK);
  struct prepare prepare = {.ruleset = &small, .file = &file};
  const bool good = read_rule(&prepare) && (!checked || check_rule(prepare.rule));
  arena_fini(&small.arena);
  diagnostics_fini(&diagnostics);
  return good;
}

struct run {
  const struct ruleset *ruleset;
  const struct rule *rule;
  const struct yaml_node **tests;    // those that failed last come first
  size_t tests_size;
  const struct yaml_node *markers;
  void (*tell)(void *context, const struct mutant *mutant);
  void *context;
  struct mutate_counts counts;
};

static void say(struct run *run, struct mutant mutant) {
  mutant.rule = run->rule;
  run->counts.fates[mutant.fate]++;
  if (run->tell != NULL) run->tell(run->context, &mutant);
}

// The test that fails on the mutant; NULL when none does.
static const struct yaml_node *killer_of(struct run *run, const struct trial_mutant *mutant) {
  const struct trial_options options = {.terse = true, .mutant = mutant};
  const struct yaml_node *killer = NULL;
  struct text difference = {0};
  for (size_t i = 0; i < run->tests_size && killer == NULL; i++) {
    struct trial trial;
    trial_test(run->ruleset, run->rule, run->tests[i], &options, &trial, &difference);
    if (trial.passed) continue;
    killer = run->tests[i];
    memmove(run->tests + 1, run->tests, i * sizeof *run->tests);
    run->tests[0] = killer;
  }
  text_fini(&difference);
  return killer;
}

static const struct yaml_node *marker_of(const struct run *run, struct slice what) {
  for (const struct yaml_node *marker = run->markers != NULL ? run->markers->child : NULL; marker != NULL; marker = marker->next) {
    const struct yaml_node *name = yaml_find(marker, "mutant");
    if (name != NULL && slice_equal(name->scalar, what)) return marker;
  }
  return NULL;
}

static void run_change(struct run *run, const struct change *change) {
  struct arena arena;
  arena_init(&arena, ARENA_BLOCK);
  const struct yaml_node *copied = NULL;
  struct trial_mutant mutant = {.root = clone(&arena, run->rule->file->root, &change->edit, &copied)};
  if (change->edit.shift_lookup) {
    mutant.shifted = copied;
    mutant.shift = change->edit.shift;
  }
  struct mutant told = {.what = change->what, .place = change->place, .fate = MUTANT_REFUSED};
  const struct yaml_node *marker = marker_of(run, change->what);
  if (loads(run->ruleset, run->rule, &mutant, false)) {
    const struct yaml_node *killer = killer_of(run, &mutant), *name = killer != NULL ? yaml_find(killer, "name") : NULL;
    if (killer != NULL) told.fate = MUTANT_KILLED;
    else if (loads(run->ruleset, run->rule, &mutant, true)) told.fate = marker != NULL ? MUTANT_EQUIVALENT : MUTANT_SURVIVED;
    told.by = name != NULL ? name->scalar : SLICE_NONE;
  }
  if (told.fate == MUTANT_EQUIVALENT) told.by = yaml_find(marker, "reason")->scalar;
  say(run, told);
  if (marker != NULL && told.fate != MUTANT_EQUIVALENT)
    say(run, (struct mutant){.what = change->what, .place = marker->place, .fate = MUTANT_MARKED_WRONGLY,
                             .by = told.fate == MUTANT_REFUSED ? SLICE("the loader refuses it: the marker is not needed")
                                                               : SLICE("a test fails on it: the marker is not needed")});
  arena_fini(&arena);
}

// Markers that name no mutant.
static void check_markers(struct run *run, const struct change *first) {
  for (const struct yaml_node *marker = run->markers != NULL ? run->markers->child : NULL; marker != NULL; marker = marker->next) {
    const struct slice name = yaml_find(marker, "mutant")->scalar;
    const struct change *change = first;
    while (change != NULL && !slice_equal(change->what, name)) change = change->next;
    if (change == NULL)
      say(run, (struct mutant){.what = name, .place = marker->place, .fate = MUTANT_MARKED_WRONGLY,
                               .by = SLICE("no mutant has this name")});
  }
}

struct mutate_counts mutate_rule(const struct ruleset *ruleset, const struct rule *rule,
                                 void (*tell)(void *context, const struct mutant *mutant), void *context) {
  struct arena arena;
  arena_init(&arena, ARENA_BLOCK);
  struct maker maker = {.rule = rule, .arena = &arena};
  maker.last = &maker.first;
  change_rule(&maker);
  struct run run = {.ruleset = ruleset, .rule = rule, .markers = rule->equivalent, .tell = tell, .context = context};
  const size_t size = rule->tests != NULL ? rule->tests->size : 0;
  run.tests = ARENA_ZEROED(&arena, const struct yaml_node *, size + 1);
  for (const struct yaml_node *test = size > 0 ? rule->tests->child : NULL; test != NULL; test = test->next)
    run.tests[run.tests_size++] = test;
  for (const struct change *change = maker.first; change != NULL; change = change->next) run_change(&run, change);
  check_markers(&run, maker.first);
  arena_fini(&arena);
  return run.counts;
}
