#include "rules/check.h"

#include <stdlib.h>

#include "core/memory.h"
#include "rules/cells.h"
#include "rules/format.h"
#include "rules/judge.h"
#include "rules/operand.h"
#include "rules/words.h"

// Every branch of every `any` must be able to hold on its own.
static bool check_branches(const struct rule *rule, const struct condition *condition) {
  bool good = true;
  for (uint32_t i = 0; i < condition->size; i++) {
    if (condition->nodes[i].op != CONDITION_ANY) continue;
    for (uint32_t child = i + 1; child < condition->nodes[i].end; child = condition->nodes[child].end) {
      const uint32_t size = condition->nodes[child].end - child;
      struct condition_node *nodes = memory_take(size * sizeof *nodes);
      for (uint32_t n = 0; n < size; n++) {
        nodes[n] = condition->nodes[child + n];
        nodes[n].end -= child;
      }
      const struct condition branch = {nodes, size}, *branches[] = {&branch};
      if (!cells_possible(rule, branches, 1)) {
        yaml_error(rule->file, nodes[0].node, 1116, "this branch of 'any' can never hold: its parts contradict each other");
        good = false;
      }
      memory_free(nodes);
    }
  }
  return good;
}

static bool check_possible(const struct rule *rule, const struct yaml_node *node, const struct condition *condition,
                           const char *what) {
  const struct condition *conditions[] = {condition};
  if (!cells_possible(rule, conditions, 1)) {
    yaml_error(rule->file, node, 1116, "%s can never hold: its parts contradict each other", what);
    return false;
  }
  return check_branches(rule, condition);
}

static bool names_somebody(const struct condition *condition) {
  for (uint32_t i = 0; i < condition->size; i++) {
    const struct operand *operand = condition_is_test(condition->nodes[i].op) ? operand_of(condition->nodes[i].operand)
                                                                              : NULL;
    if (operand != NULL && operand->names_somebody) return true;
  }
  return false;
}

static bool check_exemption(const struct rule *rule, const struct exemption *exemption, const struct yaml_node *node) {
  bool good = check_possible(rule, yaml_find(node, "if"), exemption->condition, "the exemption");
  if (names_somebody(exemption->condition)) {
    const struct { const char *key; bool missing; } needs[] = {{"owner", exemption->owner.size == 0},
                                                               {"approved_by", exemption->approved_by.size == 0},
                                                               {"until", exemption->until_day == INT32_MAX}};
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
      if (!needs[i].missing) continue;
      yaml_error(rule->file, node, 1121, "exemption '%.*s' names a person or an institution: '%s' must be given",
                 SLICE_ARG(exemption->id), needs[i].key);
      good = false;
    }
  }
  if (exemption->until_day < rule->from_day) {
    yaml_error(rule->file, yaml_find(node, "until"), 1123, "exemption '%.*s' ends before the rule begins",
               SLICE_ARG(exemption->id));
    good = false;
  }
  const struct condition *both[] = {rule->scope, exemption->condition};
  if (good && rule->scope != NULL && !cells_possible(rule, both, 2)) {
    yaml_error(rule->file, yaml_find(node, "if"), 1123, "exemption '%.*s' can never apply: the scope excludes it",
               SLICE_ARG(exemption->id));
    good = false;
  }
  return good;
}

static bool check_exemptions(const struct rule *rule) {
  bool good = true;
  const struct yaml_node *list = yaml_find(rule->file->root, "unless"), *node = list ? list->child : NULL;
  for (size_t i = 0; i < rule->exemptions_size; i++, node = node->next) {
    good &= check_exemption(rule, &rule->exemptions[i], node);
    for (size_t j = 0; j < i; j++) {
      if (!slice_equal(rule->exemptions[i].id, rule->exemptions[j].id)) continue;
      yaml_error(rule->file, yaml_find(node, "id"), 1122, "the exemption '%.*s' stands twice",
                 SLICE_ARG(rule->exemptions[i].id));
      good = false;
    }
  }
  return good;
}

static const struct yaml_node *nth(const struct yaml_node *list, size_t n) {
  const struct yaml_node *item = list->child;
  while (n-- > 0) item = item->next;
  return item;
}

// Is there a case in scope that no exemption takes away?
struct firing {
  size_t exemptions;
  bool found;
};

static bool visit_firing(void *context, const struct cells_case *one) {
  struct firing *firing = context;
  bool open = one->truths[0] == TRUTH_TRUE;
  for (size_t i = 0; i < firing->exemptions; i++) open &= one->truths[1 + i] != TRUTH_TRUE;
  firing->found |= open;
  return !open;
}

static bool fires(const struct rule *rule, const struct exemption *exemptions, size_t size) {
  const struct condition *conditions[1 + FORMAT_EXEMPTIONS_MAX] = {rule->scope};
  struct firing firing = {.exemptions = size};
  for (size_t i = 0; i < size; i++) conditions[1 + i] = exemptions[i].condition;
  return !cells_walk(rule, conditions, size + 1, true, visit_firing, &firing) || firing.found;
}

// A rule that can never fire hides a mistake: its exemptions take away all of its scope, or its scope asks that what it requires is absent.
static bool check_fires(const struct rule *rule) {
  const struct yaml_node *unless = yaml_find(rule->file->root, "unless"), *require = yaml_find(rule->file->root, "require");
  bool good = true;
  for (size_t i = 0; i < rule->exemptions_size; i++) {
    if (fires(rule, &rule->exemptions[i], 1)) continue;
    yaml_error(rule->file, nth(unless, i), 1141, "the rule can never fire: exemption '%.*s' takes away all of its scope",
               SLICE_ARG(rule->exemptions[i].id));
    good = false;
  }
  if (good && rule->exemptions_size > 1 && !fires(rule, rule->exemptions, rule->exemptions_size)) {
    yaml_error(rule->file, unless, 1141, "the rule can never fire: its exemptions together take away all of its scope");
    good = false;
  }
  for (size_t i = 0; i < rule->require_size && rule->scope != NULL; i++) {
    const struct condition_node known = {.op = CONDITION_PRESENT, .operand = rule->require[i], .end = 1, .present = true};
    const struct condition present = {&known, 1}, *both[] = {rule->scope, &present};
    if (cells_possible(rule, both, 2)) continue;
    yaml_error(rule->file, nth(require, i), 1141, "the rule can never fire: the scope asks that '%s' is absent, and it is required",
               operand_text(rule->kind, rule->require[i]));
    good = false;
  }
  return good;
}

struct bands_check {
  const struct rule *rule;
  const struct yaml_node *list;
  uint32_t reached;           // bits: some case has the band
  uint32_t overlaps_told;
  bool gap_told, good;
};

// truths[0] is the scope's, truths[1 + n] the n-th band's.
static bool visit_bands(void *context, const struct cells_case *one) {
  struct bands_check *check = context;
  const size_t size = check->rule->bands_size;
  if (one->truths[0] == TRUTH_FALSE || !one->complete) return true;
  size_t first = SIZE_MAX;
  bool unknown = false;
  for (size_t n = 0; n < size; n++) {
    if (one->truths[1 + n] == TRUTH_UNKNOWN) check->reached |= 1U << n;
    unknown |= one->truths[1 + n] == TRUTH_UNKNOWN;
    if (one->truths[1 + n] != TRUTH_TRUE) continue;
    check->reached |= 1U << n;
    if (first == SIZE_MAX) {
      first = n;
    } else if ((check->overlaps_told >> n & 1) == 0) {
      yaml_error(check->rule->file, nth(check->list, n), 1124, "bands '%.*s' and '%.*s' both apply when %.*s",
                 SLICE_ARG(check->rule->bands[first].name), SLICE_ARG(check->rule->bands[n].name),
                 SLICE_ARG(text_slice(one->words)));
      check->overlaps_told |= 1U << n;
      check->good = false;
    }
  }
  if (first == SIZE_MAX && !unknown && !check->gap_told) {
    yaml_error(check->rule->file, check->list, 1125, "no band applies when %.*s", SLICE_ARG(text_slice(one->words)));
    check->gap_told = true;
    check->good = false;
  }
  return true;
}

static bool check_bands(const struct rule *rule) {
  const struct yaml_node *list = yaml_find(rule->file->root, "bands");
  if (list == NULL) return true;
  struct bands_check check = {.rule = rule, .list = list, .good = true};
  const struct condition *conditions[33] = {rule->scope};
  for (size_t n = 0; n < rule->bands_size; n++) {
    conditions[1 + n] = rule->bands[n].condition;
    for (size_t j = 0; j < n; j++) {
      if (!slice_equal(rule->bands[n].name, rule->bands[j].name)) continue;
      yaml_error(rule->file, yaml_find(nth(list, n), "name"), 1122, "the band '%.*s' stands twice",
                 SLICE_ARG(rule->bands[n].name));
      check.good = false;
    }
  }
  bool walked = cells_walk(rule, conditions, rule->bands_size + 1, false, visit_bands, &check);
  if (!walked) {
    conditions[0] = NULL;
    walked = cells_walk(rule, conditions, rule->bands_size + 1, false, visit_bands, &check);
  }
  for (size_t n = 0; walked && n < rule->bands_size; n++) {
    if (check.reached >> n & 1) continue;
    yaml_error(rule->file, nth(list, n), 1126, "band '%.*s' can never be reached", SLICE_ARG(rule->bands[n].name));
    check.good = false;
  }
  for (size_t n = 0; n < rule->bands_size; n++)
    if (rule->bands[n].condition != NULL) check.good &= check_branches(rule, rule->bands[n].condition);
  return check.good;
}

static bool is_band(const struct rule *rule, struct slice name) {
  for (size_t i = 0; i < rule->bands_size; i++)
    if (slice_equal(rule->bands[i].name, name)) return true;
  return false;
}
static bool is_exemption(const struct rule *rule, struct slice name) {
  for (size_t i = 0; i < rule->exemptions_size; i++)
    if (slice_equal(rule->exemptions[i].id, name)) return true;
  return false;
}
static bool is_outcome(const struct rule *rule, struct slice name) {
  (void)rule;
  for (unsigned i = 0; i < OUTCOME_COUNT; i++)
    if (slice_equal(slice_from(outcome_name((enum outcome)i)), name)) return true;
  return false;
}

struct expected { bool hit, no_hit; };

// One expectation: exactly one of hit: BAND, exempt: ID, withdrawn: BAND, outcome: WORD, and what else is compared.
static bool check_expect(const struct rule *rule, const struct yaml_node *expect, struct expected *expected) {
  static const struct { const char *key; bool (*known)(const struct rule *, struct slice); const char *what;
  } kinds_of[] = {{"hit", is_band, "band"},
                  {"withdrawn", is_band, "band"},
                  {"exempt", is_exemption, "exemption"},
                  {"outcome", is_outcome, "outcome"}};
  if (!yaml_is_map(rule->file, expect)) return false;
  unsigned found = 0;
  for (size_t i = 0; i < sizeof kinds_of / sizeof kinds_of[0]; i++) {
    const struct yaml_node *node = yaml_find(expect, kinds_of[i].key);
    struct slice word;
    if (node == NULL) continue;
    found++;
    if (!yaml_is_text(rule->file, node, &word)) return false;
    if (!kinds_of[i].known(rule, word)) {
      yaml_error(rule->file, node, 1135, "there is no %s '%.*s'", kinds_of[i].what, SLICE_ARG(word));
      return false;
    }
    expected->hit |= i == 0;
    expected->no_hit |= i == 3 && slice_equal(word, SLICE("no_hit"));
  }
  bool good = true;
  for (const struct yaml_node *key = expect->child; key != NULL; key = key->next) {
    if (form_find(&format_expect, key->scalar) != NULL || operand_find(rule->kind, key->scalar) != OPERAND_NONE) continue;
    const char *nearest = operand_nearest(rule->kind, key->scalar);
    yaml_error(rule->file, key, 1135, "unknown operand '%.*s'%s%s%s", SLICE_ARG(key->scalar),
               nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
    good = false;
  }
  if (found == 1) return good;
  yaml_error(rule->file, expect, 1135, "an expectation is one of hit: BAND, exempt: ID, withdrawn: BAND, outcome: WORD");
  return false;
}

static bool check_records(const struct rule *rule, const struct yaml_node *given) {
  bool good = true;
  for (const struct yaml_node *record = given->child; record != NULL; record = record->next) {
    good &= form_check_all(rule->file, record, &words_record);
    if (record->type != YAML_MAP || record->size == 1) continue;
    yaml_error(rule->file, record, 1135, "one record in each item of 'given'");
    good = false;
  }
  return good;
}

static bool check_test(const struct rule *rule, const struct yaml_node *test, struct expected *expected) {
  if (!form_check(rule->file, test, &format_test)) return false;
  const struct yaml_node *given = yaml_find(test, "given"), *expect = yaml_find(test, "expect"),
                         *name = yaml_find(test, "name");
  struct slice sentence;
  bool good = yaml_is_text(rule->file, name, &sentence);
  if (given->type != YAML_LIST || given->size == 0) {
    yaml_error(rule->file, given, 1135, "'given' is a list of records, at least one");
    good = false;
  } else {
    good &= check_records(rule, given);
  }
  if (expect->type == YAML_LIST) {
    for (const struct yaml_node *item = expect->child; item != NULL; item = item->next)
      good &= check_expect(rule, item, expected);
    return good;
  }
  return check_expect(rule, expect, expected) && good;
}

bool check_tests(const struct rule *rule) {
  struct expected expected = {0};
  bool good = true;
  if (rule->tests != NULL && !yaml_is_list(rule->file, rule->tests)) return false;
  for (const struct yaml_node *test = rule->tests ? rule->tests->child : NULL; test != NULL; test = test->next)
    good &= check_test(rule, test, &expected);
  if (good && rule->status == RULE_ACTIVE && !(expected.hit && expected.no_hit)) {
    yaml_error(rule->file, rule->tests ? rule->tests : yaml_find(rule->file->root, "status"), 1134,
               "an active rule has tests: one that expects a hit and one that expects no_hit; %s",
               expected.hit ? "no_hit is missing" : expected.no_hit ? "a hit is missing" : "both are missing");
    good = false;
  }
  return good;
}

bool check_rule(const struct rule *rule) {
  bool good = rule->scope == NULL || check_possible(rule, yaml_find(rule->file->root, "scope"), rule->scope, "the scope");
  // With a scope that never holds, everything after it would be told as unreachable too.
  if (good) {
    good = check_exemptions(rule) && check_fires(rule);
    good &= check_bands(rule);
  }
  return check_tests(rule) & good;
}

static const struct yaml_node *value_of(const struct rule *rule, const char *key) {
  const struct yaml_node *node = yaml_find(rule->file->root, key);
  return node != NULL ? node : rule->file->root;
}

static size_t first_of_id(const struct rule *const *rules, size_t size, struct slice id) {
  size_t low = 0, high = size;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (slice_compare(rules[middle]->id, id) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < size && slice_equal(rules[low]->id, id) ? low : SIZE_MAX;
}

// Depth-first along yields_to; a rule met again while it is being followed closes a circle.
struct circle {
  const struct rule *const *rules;
  size_t size;
  unsigned char *state;    // by first rule of an id: 0 new, 1 being followed, 2 done
  bool good;
};

static void follow(struct circle *circle, size_t at) {
  circle->state[at] = 1;
  for (size_t r = at; r < circle->size && slice_equal(circle->rules[r]->id, circle->rules[at]->id); r++) {
    for (size_t i = 0; i < circle->rules[r]->yields_to_size; i++) {
      const size_t to = first_of_id(circle->rules, circle->size, circle->rules[r]->yields_to[i]);
      if (to == SIZE_MAX || circle->state[to] == 2) continue;
      if (circle->state[to] == 0) {
        follow(circle, to);
      } else {
        yaml_error(circle->rules[r]->file, value_of(circle->rules[r], "yields_to"), 1130,
                   "%.*s and %.*s yield to each other, so neither would ever open", SLICE_ARG(circle->rules[r]->id),
                   SLICE_ARG(circle->rules[to]->id));
        circle->good = false;
      }
    }
  }
  circle->state[at] = 2;
}

static bool check_yields(const struct rule *const *rules, size_t size, bool whole) {
  struct circle circle = {rules, size, memory_take(size + 1), true};
  for (size_t r = 0; r < size; r++) {
    for (size_t i = 0; i < rules[r]->yields_to_size && whole; i++) {
      if (first_of_id(rules, size, rules[r]->yields_to[i]) != SIZE_MAX) continue;
      yaml_error(rules[r]->file, nth(value_of(rules[r], "yields_to"), i), 1129, "there is no rule '%.*s' to yield to",
                 SLICE_ARG(rules[r]->yields_to[i]));
      circle.good = false;
    }
  }
  for (size_t r = 0; r < size; r++)
    if (first_of_id(rules, size, rules[r]->id) == r && circle.state[r] == 0) follow(&circle, r);
  memory_free(circle.state);
  return circle.good;
}

static int order_names(const void *a, const void *b) {
  const struct rule *x = *(const struct rule *const *)a, *y = *(const struct rule *const *)b;
  const int order = slice_compare(x->name, y->name);
  return order != 0 ? order : slice_compare(x->id, y->id);
}

static bool check_names(const struct rule *const *rules, size_t size) {
  const struct rule **by_name = memory_take((size + 1) * sizeof *by_name);
  memcpy(by_name, rules, size * sizeof *by_name);
  qsort(by_name, size, sizeof *by_name, order_names);
  bool good = true;
  for (size_t r = 1; r < size; r++) {
    if (!slice_equal(by_name[r]->name, by_name[r - 1]->name) || slice_equal(by_name[r]->id, by_name[r - 1]->id)) continue;
    yaml_error(by_name[r]->file, value_of(by_name[r], "rule"), 1133, "the name '%.*s' belongs to %.*s already (%s)",
               SLICE_ARG(by_name[r]->name), SLICE_ARG(by_name[r - 1]->id), by_name[r - 1]->file->name);
    good = false;
  }
  memory_free(by_name);
  return good;
}

bool check_set(const struct rule *const *rules, size_t size, bool whole) {
  bool good = true;
  for (size_t r = 1; r < size; r++) {
    bool told = false;    // one is enough of what may be hundreds of copies
    for (size_t p = r; !told && p-- > 0 && slice_equal(rules[p]->id, rules[r]->id);) {
      if (rules[p]->version == rules[r]->version) {
        yaml_error(rules[r]->file, value_of(rules[r], "version"), 1131, "%.*s version %lld stands in %s already",
                   SLICE_ARG(rules[r]->id), (long long)rules[r]->version, rules[p]->file->name);
        told = true;
      } else if (rules[p]->status == RULE_ACTIVE && rules[r]->status == RULE_ACTIVE &&
                 rules[p]->from_day <= rules[r]->to_day && rules[r]->from_day <= rules[p]->to_day) {
        yaml_error(rules[r]->file, value_of(rules[r], "effective"), 1132,
                   "%.*s versions %lld and %lld are in force on the same days (%s)", SLICE_ARG(rules[r]->id),
                   (long long)rules[p]->version, (long long)rules[r]->version, rules[p]->file->name);
        told = true;
      }
    }
    good &= !told;
  }
  good &= check_names(rules, size);
  return check_yields(rules, size, whole) && good;
}
