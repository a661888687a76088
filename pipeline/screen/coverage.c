#include "screen/coverage.h"

#include "core/memory.h"
#include "rules/cells.h"
#include "rules/operand.h"

static const char *const truth_words[] = {"false", "true", "unknown"};

static struct coverage_item *add(struct coverage *coverage, enum trace_step step, struct slice name, struct slice what,
                                 const struct yaml_node *node) {
  if (coverage->size == coverage->capacity) {
    const size_t capacity = coverage->capacity > 0 ? coverage->capacity * 2 : 64;
    struct coverage_item *items = ARENA_ARRAY(coverage->arena, struct coverage_item, capacity);
    if (coverage->size > 0) memcpy(items, coverage->items, coverage->size * sizeof *items);
    coverage->items = items;
    coverage->capacity = capacity;
  }
  struct coverage_item *item = &coverage->items[coverage->size++];
  *item = (struct coverage_item){.step = step, .operand = OPERAND_NONE, .name = name, .what = arena_copy(coverage->arena, what),
                                 .place = node != NULL ? node->place : coverage->rule->file->root->place};
  return item;
}

// --- What can be -----------------------------------------------------------------------------------------------------------------

struct possible {
  bool scoped, truths[3];
};

static bool visit_case(void *context, const struct cells_case *one) {
  struct possible *possible = context;
  if (!possible->scoped || one->truths[0] == TRUTH_TRUE) possible->truths[one->truths[1]] = true;
  return !(possible->truths[0] && possible->truths[1] && possible->truths[2]);
}

static bool is_required(const struct rule *rule, int operand) {
  for (size_t i = 0; i < rule->require_size; i++)
    if (rule->require[i] == operand) return true;
  return false;
}

// Whether the operand can be absent where the condition is asked.
static bool may_be_absent(const struct rule *rule, enum trace_step step, int operand) {
  if (step != TRACE_SCOPE && is_required(rule, operand)) return false;
  if (operand & OPERAND_KIND)
    return rule->kind->operand_known == NULL || !rule->kind->operand_known(rule, (unsigned)(operand & OPERAND_ROW));
  // The earlier visit of a pair is a stay, and what is no known symbol is no stay.
  if ((operand & OPERAND_PREVIOUS) != 0 && operand_codes(operand) == CODES_MED_TYPE) return false;
  return strncmp(operand_row(NULL, operand)->absent, "never", 5) != 0;
}

static void find_possible(const struct rule *rule, enum trace_step step, const struct condition_node *node, bool needed[3]) {
  struct condition_node alone = *node;
  alone.end = 1;
  const struct condition leaf = {&alone, 1}, *conditions[] = {step == TRACE_SCOPE ? NULL : rule->scope, &leaf};
  struct possible possible = {.scoped = conditions[0] != NULL};
  if (!cells_walk(rule, conditions, 2, true, visit_case, &possible)) possible.truths[0] = possible.truths[1] = possible.truths[2] = true;
  memcpy(needed, possible.truths, sizeof possible.truths);
  const bool looked_up = node->op == CONDITION_RANGE && (node->low_lookup != NULL || node->high_lookup != NULL);
  if (!looked_up && !may_be_absent(rule, step, node->operand)) needed[TRUTH_UNKNOWN] = false;
  if (node->op == CONDITION_PRESENT && !may_be_absent(rule, step, node->operand)) needed[node->present ? TRUTH_FALSE : TRUTH_TRUE] = false;
}

// --- What there is ---------------------------------------------------------------------------------------------------------------

static void add_condition(struct coverage *coverage, enum trace_step step, struct slice name, const struct condition *condition) {
  const struct rule *rule = coverage->rule;
  struct text what = {0};
  for (uint32_t i = 0; condition != NULL && i < condition->size; i++) {
    const struct condition_node *node = &condition->nodes[i];
    if (!condition_is_test(node->op)) continue;
    text_clear(&what);
    text_format(&what, "%s ", operand_text(rule->kind, node->operand));
    condition_write_limit(rule, node, NULL, &what);
    struct coverage_item *item = add(coverage, step, name, text_slice(&what), node->node);
    item->node = node->node;
    find_possible(rule, step, node, item->needed);
  }
  text_fini(&what);
}

static const struct yaml_node *named(const struct rule *rule, const char *list, const char *key, struct slice name) {
  const struct yaml_node *all = yaml_find(rule->file->root, list);
  for (const struct yaml_node *item = all != NULL ? all->child : NULL; item != NULL; item = item->next) {
    const struct yaml_node *found = yaml_find(item, key);
    if (found != NULL && slice_equal(found->scalar, name)) return found;
  }
  return NULL;
}

static void add_require(struct coverage *coverage) {
  const struct rule *rule = coverage->rule;
  const struct yaml_node *list = yaml_find(rule->file->root, "require"), *node = list != NULL ? list->child : NULL;
  for (size_t i = 0; i < rule->require_size; i++, node = node != NULL ? node->next : NULL) {
    const int operand = rule->require[i];
    struct coverage_item *item = add(coverage, TRACE_REQUIRE, SLICE_NONE, slice_from(operand_text(rule->kind, operand)), node);
    item->operand = operand;
    item->needed[TRUTH_TRUE] = true;
    item->needed[TRUTH_FALSE] = may_be_absent(rule, TRACE_SCOPE, operand);
  }
}

void coverage_init(struct coverage *coverage, const struct rule *rule, struct arena *arena) {
  *coverage = (struct coverage){.rule = rule, .arena = arena};
  struct coverage_item *item = add(coverage, TRACE_EFFECTIVE, SLICE_NONE, SLICE("service date"), yaml_find(rule->file->root, "effective"));
  item->needed[TRUTH_TRUE] = true;
  item->needed[TRUTH_FALSE] = rule->from_day != INT32_MIN || rule->to_day != INT32_MAX;
  add_condition(coverage, TRACE_SCOPE, SLICE_NONE, rule->scope);
  add_require(coverage);
  for (size_t i = 0; i < rule->exemptions_size; i++) {
    const struct exemption *exemption = &rule->exemptions[i];
    add(coverage, TRACE_OUTCOME, exemption->id, SLICE("exempts"), named(rule, "unless", "id", exemption->id))->needed[TRUTH_TRUE] = true;
    add_condition(coverage, TRACE_EXEMPTION, exemption->id, exemption->condition);
  }
  for (size_t i = 0; i < rule->bands_size; i++) {
    const struct band *band = &rule->bands[i];
    add(coverage, TRACE_OUTCOME, band->name, SLICE("hits"), named(rule, "bands", "name", band->name))->needed[TRUTH_TRUE] = true;
    add_condition(coverage, TRACE_BAND, band->name, band->condition);
  }
}

// --- What was seen ---------------------------------------------------------------------------------------------------------------

// Whether the decision came as far as this step. Both wrong ends of a required field count where the scope held.
static bool reached(enum trace_step step, const struct verdict *verdict) {
  const bool in_force = !(verdict->outcome == OUTCOME_OUT_OF_SCOPE && slice_equal(verdict->reason, SLICE("not_in_force")));
  switch (step) {
    case TRACE_EFFECTIVE: return true;
    case TRACE_SCOPE: return in_force;
    case TRACE_REQUIRE: case TRACE_PREDICATE: return verdict->outcome != OUTCOME_OUT_OF_SCOPE;
    case TRACE_EXEMPTION: return verdict->outcome == OUTCOME_HIT || verdict->outcome == OUTCOME_EXEMPT;
    case TRACE_BAND: return verdict->outcome == OUTCOME_HIT;
    case TRACE_OUTCOME: return false;
  }
  return false;
}

static struct coverage_item *item_of(struct coverage *coverage, const struct trace_row *row) {
  for (size_t i = 0; i < coverage->size; i++) {
    struct coverage_item *item = &coverage->items[i];
    if (item->step != row->step) continue;
    if (row->node != NULL ? item->node == row->node
                          : (row->step == TRACE_EFFECTIVE || (row->step == TRACE_REQUIRE && item->operand == row->number) ||
                             (row->bound && slice_equal(item->what, row->operand))))
      return item;
  }
  if (!row->bound) return NULL;
  const struct yaml_node *kind = yaml_find(coverage->rule->file->root, "kind");
  struct coverage_item *item = add(coverage, TRACE_PREDICATE, SLICE_NONE, row->operand, kind);
  item->needed[TRUTH_TRUE] = item->needed[TRUTH_FALSE] = true;
  return item;
}

void coverage_see(struct coverage *coverage, const struct verdict *verdict, const struct trace *trace) {
  for (size_t i = 0; i < trace->size; i++) {
    if (!reached(trace->rows[i].step, verdict)) continue;
    struct coverage_item *item = item_of(coverage, &trace->rows[i]);
    if (item != NULL) item->seen[trace->rows[i].truth]++;
  }
  const struct slice said = verdict->outcome == OUTCOME_EXEMPT ? verdict->reason
                            : verdict->outcome == OUTCOME_HIT  ? verdict->band->name : SLICE_NONE;
  const struct slice what = verdict->outcome == OUTCOME_EXEMPT ? SLICE("exempts") : SLICE("hits");
  for (size_t i = 0; i < coverage->size && slice_present(said); i++) {
    struct coverage_item *item = &coverage->items[i];
    item->seen[TRUTH_TRUE] += item->step == TRACE_OUTCOME && slice_equal(item->what, what) && slice_equal(item->name, said);
  }
}

void coverage_count(const struct coverage *coverage, size_t *needed, size_t *seen) {
  *needed = *seen = 0;
  for (size_t i = 0; i < coverage->size; i++)
    for (unsigned truth = 0; truth < 3; truth++) {
      if (!coverage->items[i].needed[truth]) continue;
      (*needed)++;
      *seen += coverage->items[i].seen[truth] > 0;
    }
}

unsigned coverage_percent(size_t needed, size_t seen) { return needed > 0 ? (unsigned)(seen * 100 / needed) : 100; }

static void write_item(const struct coverage_item *item, struct text *out) {
  static const char *const steps[] = {[TRACE_EFFECTIVE] = "effective", [TRACE_SCOPE] = "scope", [TRACE_REQUIRE] = "require",
                                      [TRACE_PREDICATE] = "kind", [TRACE_EXEMPTION] = "unless", [TRACE_BAND] = "bands", [TRACE_OUTCOME] = ""};
  const char *step = steps[item->step];
  if (item->step == TRACE_OUTCOME) step = slice_equal(item->what, SLICE("exempts")) ? "unless" : "bands";
  text_format(out, "%s:%u: %s%s%.*s %.*s:", item->place.file, item->place.line, step, item->name.size > 0 ? "." : "", SLICE_ARG(item->name),
              SLICE_ARG(item->what));
}

bool coverage_lacks(const struct coverage_item *item, struct text *missing) {
  const size_t before = missing->size;
  for (unsigned truth = 0; truth < 3; truth++)
    if (item->needed[truth] && item->seen[truth] == 0)
      text_format(missing, "%s%s", missing->size > before ? ", " : "", truth_words[truth]);
  return missing->size > before;
}

void coverage_write(const struct coverage *coverage, bool all, struct text *out) {
  struct text missing = {0};
  for (size_t i = 0; i < coverage->size; i++) {
    const struct coverage_item *item = &coverage->items[i];
    text_clear(&missing);
    const bool lacks = coverage_lacks(item, &missing);
    if (!all && !lacks) continue;
    write_item(item, out);
    for (unsigned truth = 0; all && truth < 3; truth++) {
      static const unsigned order[] = {TRUTH_TRUE, TRUTH_FALSE, TRUTH_UNKNOWN};
      const unsigned at = order[truth];
      if (item->needed[at] || item->seen[at] > 0) text_format(out, " %s %zu", truth_words[at], item->seen[at]);
    }
    if (lacks) text_format(out, "%s never %.*s", all ? "  <-" : "", SLICE_ARG(text_slice(&missing)));
    text_byte(out, '\n');
  }
  text_fini(&missing);
}
