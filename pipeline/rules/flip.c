#include "rules/flip.h"

#include <stdlib.h>

#include "rules/condition.h"
#include "rules/kinds/kind.h"
#include "rules/operand.h"

enum {
  ARENA_BLOCK = 256 << 10,
  POOL_MAX = 96,         // changes that are tried in twos
  FOUND_MAX = 64,
  DAYS_MAX = 400, HOURS_MAX = 48, LINE_DAYS_MAX = 60,
  LINES_MAX = 200,       // of a visit whose lines are changed one by one
  ADDED_DAYS_MAX = 60,
  TRIED_MAX = 60000,
  DOUBLINGS_MAX = 20, UNITS_MAX = 20,
  WEIGHT_FACT = 1000000, WEIGHT_NUMBER = 2, WEIGHT_SYMBOL = 3, WEIGHT_TEXT = 4, WEIGHT_LINE = 5, WEIGHT_ABSENT = 6, WEIGHT_STAY = 20,
  HOUR_SECONDS = 3600, UNIT = 10000
};

enum change_sort {
  CHANGE_OPERAND,      // a symbol, text or time of the visit, or of the earlier stay
  CHANGE_STAY_GONE,    // the earlier stay is not there
  CHANGE_STAY_MOVED,   // the stay as a whole, with its lines
  CHANGE_LINE_GONE, CHANGE_LINES_GONE, CHANGE_LINE_COUNT, CHANGE_LINE_PRICE, CHANGE_LINE_TIME, CHANGE_LINE_CODE, CHANGE_LINE_ADDED
};

struct change {
  enum change_sort sort;
  int operand;
  uint32_t item;
  int64_t number;        // symbol, seconds, seconds to move by, count, price
  struct slice text;     // SLICE_NONE: absent
  int64_t weight;
  int direction;         // of steps in time: -1 earlier, 1 later
};

// The facts as they would be.
struct world {
  struct history history;
  struct visit *later, *related;
  struct item *items;    // later's own
};

struct search {
  const struct rule *rule;
  const struct judge_input *input;
  const struct verdict *verdict;
  struct index_scratch *scratch;
  struct arena *arena, trial;    // results; one judgement
  struct change pool[POOL_MAX];
  size_t pool_size;
  struct flip *found;
  size_t found_size, tried;
};

// --- Changed facts ---------------------------------------------------------------------------------------------------------------

static int by_time(const void *a, const void *b) {
  const struct visit *x = a, *y = b;
  int order = (x->begntime_s > y->begntime_s) - (x->begntime_s < y->begntime_s);
  if (order == 0) order = (x->endtime_s > y->endtime_s) - (x->endtime_s < y->endtime_s);
  return order != 0 ? order : slice_compare(x->mdtrt_id, y->mdtrt_id);
}

static struct world make_world(struct search *search) {
  const struct history *history = search->input->history;
  struct world world = {.history = *history};
  world.history.visits = ARENA_ARRAY(&search->trial, struct visit, history->size + 1);
  memcpy(world.history.visits, history->visits, history->size * sizeof *history->visits);
  world.later = world.history.visits + (search->input->visit - history->visits);
  world.later->spreads = NULL;    // it will be another visit
  if (search->verdict->related != NULL) world.related = world.history.visits + (search->verdict->related - history->visits);
  return world;
}

static struct item *own_items(struct search *search, struct world *world) {
  if (world->items != NULL) return world->items;
  view_items(world->later);
  world->items = ARENA_ARRAY(&search->trial, struct item, world->later->items_size + 1);
  if (world->later->items_size > 0) memcpy(world->items, world->later->items, world->later->items_size * sizeof *world->items);
  world->later->items = world->items;
  return world->items;
}

static void remove_item(struct world *world, uint32_t item) {
  memmove(world->items + item, world->items + item + 1, (world->later->items_size - item - 1) * sizeof *world->items);
  world->later->items_size--;
}

// Lines stay in the order of their times.
static void settle_item(struct world *world, uint32_t at) {
  const struct item item = world->items[at];
  while (at > 0 && world->items[at - 1].time_s > item.time_s) {
    world->items[at] = world->items[at - 1];
    at--;
  }
  while (at + 1 < world->later->items_size && world->items[at + 1].time_s < item.time_s) {
    world->items[at] = world->items[at + 1];
    at++;
  }
  world->items[at] = item;
}

static void set_operand(const struct search *search, struct world *world, const struct change *change) {
  struct visit *visit = change->operand & OPERAND_PREVIOUS ? world->related : world->later;
  const struct operand *operand = operand_of(change->operand);
  const char *name = operand->row.name;
  if (operand->offset != SIZE_MAX) {
    memcpy((char *)visit + operand->offset, &change->text, sizeof change->text);
    return;
  }
  switch (operand_codes(change->operand)) {
    case CODES_MED_TYPE:
      visit->symbol = (enum visit_symbol)change->number;
      visit->stay = (search->input->ruleset->inpatient_stay >> visit->symbol & 1) != 0;
      return;
    case CODES_ADM_WAY: visit->admission_way = (enum admission_symbol)change->number; return;
    case CODES_DSCG_WAY: visit->discharge_way = (enum discharge_symbol)change->number; return;
    case CODES_READMISSION_PLAN: visit->readmission_plan = (enum plan_symbol)change->number; return;
    default: break;
  }
  if (strcmp(name, "begntime") == 0) visit->begntime_s = change->number;
  else if (strcmp(name, "endtime") == 0) visit->endtime_s = change->number;
  else if (strcmp(name, "icu_in_time") == 0) visit->icu_in_first_s = change->number;
}

static void move_stay(struct search *search, struct world *world, int64_t by_s) {
  world->later->begntime_s += by_s;
  world->later->endtime_s += by_s;
  if (!world->later->items_loaded) return;
  struct item *items = own_items(search, world);
  for (uint32_t i = 0; i < world->later->items_size; i++)
    if (items[i].time_s != DATE_ABSENT) items[i].time_s += by_s;
}

static void apply(struct search *search, struct world *world, const struct change *change) {
  struct item *items = change->sort >= CHANGE_LINE_GONE ? own_items(search, world) : NULL;
  switch (change->sort) {
    case CHANGE_OPERAND: set_operand(search, world, change); return;
    case CHANGE_STAY_GONE: world->related->stay = false; return;
    case CHANGE_STAY_MOVED: move_stay(search, world, change->number); return;
    case CHANGE_LINE_GONE: remove_item(world, change->item); return;
    case CHANGE_LINES_GONE:
      for (uint32_t c = search->verdict->claims_size; c-- > 0;) remove_item(world, search->verdict->claims[c].item);
      return;
    case CHANGE_LINE_COUNT:
      items[change->item].cnt = change->number;
      if (change->number == 0) remove_item(world, change->item);
      return;
    case CHANGE_LINE_PRICE: items[change->item].pric = change->number; return;
    case CHANGE_LINE_TIME:
      items[change->item].time_s = change->number;
      settle_item(world, change->item);
      return;
    case CHANGE_LINE_CODE: items[change->item].med_list_codg = change->text; return;
    case CHANGE_LINE_ADDED:
      items[world->later->items_size] = (struct item){.feedetl_sn = SLICE("(added)"), .time_s = change->number, .cnt = UNIT, .fee = FEE_TREAT};
      settle_item(world, world->later->items_size++);
      return;
  }
}

// Really judges the facts with these changes; true when the verdict turned round.
static bool turns(struct search *search, const struct change *changes, unsigned size, struct verdict *verdict) {
  if (search->tried == TRIED_MAX) return false;
  search->tried++;
  arena_reset(&search->trial);
  struct world world = make_world(search);
  for (unsigned i = 0; i < size; i++) apply(search, &world, &changes[i]);
  if (world.later->begntime_s != DATE_ABSENT && world.later->endtime_s != DATE_ABSENT && world.later->endtime_s < world.later->begntime_s)
    return false;
  if (world.related != NULL && world.related->endtime_s != DATE_ABSENT && world.related->endtime_s < world.related->begntime_s) return false;
  if (world.items != NULL) {
    world.later->inscp_fen = 0;
    for (uint32_t i = 0; i < world.later->items_size; i++) world.later->inscp_fen += world.later->items[i].inscp_fen;
  }
  const struct settlement_view *mark = world.later->settlements;
  qsort(world.history.visits, world.history.size, sizeof *world.history.visits, by_time);
  struct visit *visit = world.history.visits;
  while (visit->settlements != mark) visit++;
  struct judge_input input = *search->input;
  input.history = &world.history;
  input.visit = visit;
  input.arena = &search->trial;
  input.trace = NULL;
  input.scope_holds = false;
  input.candidates = NULL;
  input.candidates_size = 0;
  if (search->rule->kind->unit == KIND_CLAIM) {
    index_find_claim(input.ruleset->index, visit, search->scratch);
    for (uint32_t c = 0; c < search->scratch->candidates_size; c++) {
      if (search->scratch->candidates[c].rule != search->rule->number) continue;
      if (input.candidates == NULL) input.candidates = &search->scratch->candidates[c];
      input.candidates_size++;
    }
  }
  judge(search->rule, &input, verdict);
  return (verdict->outcome == OUTCOME_HIT) != (search->verdict->outcome == OUTCOME_HIT);
}

// --- Words -----------------------------------------------------------------------------------------------------------------------

static struct slice words(struct search *search, enum value_type type, int64_t number) {
  struct text text = {0};
  value_write(&text, &(struct value){.type = type, .number = number});
  const struct slice kept = arena_copy(search->arena, text_slice(&text));
  text_fini(&text);
  return kept;
}

static struct slice line_words(struct search *search, uint32_t item, const char *what) {
  struct text text = {0};
  text_format(&text, "line %.*s%s", SLICE_ARG(search->input->visit->items[item].feedetl_sn), what);
  const struct slice kept = arena_copy(search->arena, text_slice(&text));
  text_fini(&text);
  return kept;
}

static struct flip_fact operand_fact(struct search *search, const struct change *change) {
  const struct value before = judge_operand(search->rule, change->operand, search->input, search->verdict);
  const int codes = operand_codes(change->operand);
  struct text from = {0};
  value_write(&from, &before);
  struct flip_fact fact = {slice_from(operand_text(search->rule->kind, change->operand)), arena_copy(search->arena, text_slice(&from)),
                           slice_present(change->text) ? arena_copy(search->arena, change->text) : SLICE("-")};
  if (codes >= 0 && change->number != 0) fact.to = slice_from(code_symbol_name((enum code_table)codes, (unsigned)change->number));
  else if (codes < 0 && operand_row(search->rule->kind, change->operand)->type == VALUE_TIME && change->number != DATE_ABSENT)
    fact.to = words(search, VALUE_TIME, change->number);
  text_fini(&from);
  return fact;
}

static struct flip_fact fact_of(struct search *search, const struct change *change) {
  const struct item *item = change->sort >= CHANGE_LINE_GONE && change->sort != CHANGE_LINES_GONE && change->sort != CHANGE_LINE_ADDED
                                ? &search->input->visit->items[change->item] : NULL;
  switch (change->sort) {
    case CHANGE_OPERAND: return operand_fact(search, change);
    case CHANGE_STAY_GONE: return (struct flip_fact){SLICE("the earlier stay"), search->verdict->related->mdtrt_id, SLICE("not there")};
    case CHANGE_STAY_MOVED: {
      const int64_t begin_s = search->input->visit->begntime_s;
      return (struct flip_fact){SLICE("the whole stay from"), words(search, VALUE_TIME, begin_s), words(search, VALUE_TIME, begin_s + change->number)};
    }
    case CHANGE_LINE_GONE: return (struct flip_fact){line_words(search, change->item, ""), SLICE("billed"), SLICE("not billed")};
    case CHANGE_LINES_GONE:
      return (struct flip_fact){SLICE("lines claimed"), words(search, VALUE_INT, search->verdict->claims_size), SLICE("0")};
    case CHANGE_LINE_COUNT:
      return (struct flip_fact){line_words(search, change->item, ": count"), words(search, VALUE_COUNT, item->cnt),
                                words(search, VALUE_COUNT, change->number)};
    case CHANGE_LINE_PRICE:
      return (struct flip_fact){line_words(search, change->item, ": price"), words(search, VALUE_PRICE, item->pric),
                                words(search, VALUE_PRICE, change->number)};
    case CHANGE_LINE_TIME:
      return (struct flip_fact){line_words(search, change->item, ": fee_ocur_time"), words(search, VALUE_TIME, item->time_s),
                                words(search, VALUE_TIME, change->number)};
    case CHANGE_LINE_CODE:
      return (struct flip_fact){line_words(search, change->item, ": med_list_codg"), arena_copy(search->arena, item->med_list_codg),
                                arena_copy(search->arena, change->text)};
    case CHANGE_LINE_ADDED: return (struct flip_fact){SLICE("a line of TREAT"), SLICE("-"), words(search, VALUE_DAY, date_day(change->number))};
  }
  return (struct flip_fact){0};
}

// --- Trying ----------------------------------------------------------------------------------------------------------------------

static void keep(struct search *search, const struct change *changes, unsigned size, const struct verdict *verdict) {
  struct flip flip = {.size = size, .outcome = verdict->outcome, .weight = (int64_t)size * WEIGHT_FACT};
  const struct slice reason = verdict->outcome == OUTCOME_HIT ? verdict->band->name : verdict->reason;
  flip.reason = slice_present(reason) ? arena_copy(search->arena, reason) : SLICE("");
  for (unsigned i = 0; i < size; i++) {
    flip.facts[i] = fact_of(search, &changes[i]);
    flip.weight += changes[i].weight;
  }
  size_t at = 0;
  flip.direction = changes[0].direction;
  while (at < search->found_size && !(search->found[at].size == size && search->found[at].direction == flip.direction &&
                                      slice_equal(search->found[at].facts[0].fact, flip.facts[0].fact) &&
                                      (size < 2 || slice_equal(search->found[at].facts[1].fact, flip.facts[1].fact))))
    at++;
  if (at == FOUND_MAX) return;
  if (at == search->found_size) search->found[search->found_size++] = flip;
  else if (flip.weight < search->found[at].weight) search->found[at] = flip;
}

static bool consider(struct search *search, struct change change) {
  struct verdict verdict;
  if (turns(search, &change, 1, &verdict)) {
    keep(search, &change, 1, &verdict);
    return true;
  }
  if (search->pool_size < POOL_MAX && change.sort <= CHANGE_STAY_GONE) search->pool[search->pool_size++] = change;
  return false;
}

// The nearest value of a number that turns the verdict, between one that does not and one that does.
static void bisect(struct search *search, struct change change, int64_t from, int64_t to) {
  struct verdict verdict;
  change.number = to;
  if (!turns(search, &change, 1, &verdict)) return;
  while (to - from > 1 || from - to > 1) {
    change.number = from + (to - from) / 2;
    if (turns(search, &change, 1, &verdict)) to = change.number;
    else from = change.number;
  }
  change.number = to;
  if (turns(search, &change, 1, &verdict)) keep(search, &change, 1, &verdict);
}

// A count goes down and up by whole units, a price to the nearest that turns the verdict; both up as far as doubling goes.
static void consider_number(struct search *search, struct change change, int64_t now, bool whole) {
  struct verdict verdict;
  bool up = false;
  for (int sign = -1; whole && sign <= 1; sign += 2)
    for (int n = 1; n <= UNITS_MAX && now + (int64_t)sign * n * UNIT > 0; n++) {
      change.number = now + (int64_t)sign * n * UNIT;
      change.weight = n;
      change.direction = sign;
      if (!turns(search, &change, 1, &verdict)) continue;
      keep(search, &change, 1, &verdict);
      up |= sign > 0;
      break;
    }
  change.weight = WEIGHT_NUMBER;
  change.direction = -1;
  if (!whole && now > 1) bisect(search, change, now, 0);
  change.direction = 1;
  int64_t high = now;
  for (unsigned i = 0; !up && i < DOUBLINGS_MAX && high < INT64_MAX / 4 && high > 0; i++) {
    high *= 2;
    change.number = high;
    if (!turns(search, &change, 1, &verdict)) continue;
    bisect(search, change, now, high);
    return;
  }
}

// Steps of one size away from the time, the nearest one that turns the verdict on either side.
static void consider_steps(struct search *search, struct change change, int64_t now_s, int64_t step_s, int max) {
  for (int sign = -1; sign <= 1; sign += 2)
    for (int n = 1; n <= max; n++) {
      struct verdict verdict;
      change.direction = sign;
      change.number = now_s + sign * n * step_s;
      change.weight = step_s == DATE_DAY_SECONDS ? n : (n + 23) / 24;
      if (!turns(search, &change, 1, &verdict)) continue;
      keep(search, &change, 1, &verdict);
      break;
    }
}

// --- Candidates ------------------------------------------------------------------------------------------------------------------

static bool can_set(const struct search *search, int operand) {
  const struct operand *row = operand_of(operand);
  if (row == NULL || ((operand & OPERAND_PREVIOUS) != 0 && search->verdict->related == NULL)) return false;
  return row->offset != SIZE_MAX || operand_codes(operand) >= 0 || strcmp(row->row.name, "begntime") == 0 ||
         strcmp(row->row.name, "endtime") == 0;
}

static void consider_text(struct search *search, int operand, struct slice text) {
  const struct operand *row = operand_of(operand);
  // The group of a diagnosis is changed by a diagnosis of that group.
  if (strcmp(row->row.name, "dx3") == 0) operand = operand_find(NULL, SLICE("main_diagnosis")) | (operand & OPERAND_PREVIOUS);
  if (!can_set(search, operand)) return;
  consider(search, (struct change){.sort = CHANGE_OPERAND, .operand = operand, .text = text, .number = DATE_ABSENT,
                                   .weight = slice_present(text) ? WEIGHT_TEXT : WEIGHT_ABSENT});
}

static void consider_symbols(struct search *search, const struct condition_node *node) {
  const int codes = operand_codes(node->operand);
  for (unsigned s = 0; s < operand_symbols[codes]; s++)
    consider(search, (struct change){.sort = CHANGE_OPERAND, .operand = node->operand, .number = s,
                                     .weight = s == 0 ? WEIGHT_ABSENT : WEIGHT_SYMBOL});
}

static void consider_test(struct search *search, const struct condition_node *node) {
  const uint32_t *rows;
  uint32_t size;
  if (operand_codes(node->operand) >= 0) {
    if (can_set(search, node->operand)) consider_symbols(search, node);
    return;
  }
  if (operand_of(node->operand) == NULL) return;
  switch (node->op) {
    case CONDITION_TEXTS: case CONDITION_PREFIXES:
      for (uint32_t i = 0; i < node->texts_size; i++) consider_text(search, node->operand, node->texts[i]);
      break;
    case CONDITION_TABLE:
      if (!table_posting(node->table, 0, &rows, &size)) break;
      struct slice key = table_text(node->table, rows[0], node->table->key[0]);
      if (key.size > 0 && key.data[key.size - 1] == '*') key.size--;
      consider_text(search, node->operand, key);
      break;
    default: break;
  }
  if (strcmp(operand_of(node->operand)->row.name, "rescue_within_24h") == 0 && search->input->visit->begntime_s != DATE_ABSENT)
    consider(search, (struct change){.sort = CHANGE_OPERAND, .operand = operand_find(NULL, SLICE("icu_in_time")), .weight = WEIGHT_TEXT,
                                     .number = search->input->visit->begntime_s + HOUR_SECONDS});
  if (operand_row(search->rule->kind, node->operand)->type == VALUE_TEXT) consider_text(search, node->operand, SLICE_NONE);
}

static void consider_condition(struct search *search, const struct condition *condition) {
  for (uint32_t i = 0; condition != NULL && i < condition->size; i++)
    if (condition_is_test(condition->nodes[i].op)) consider_test(search, &condition->nodes[i]);
}

static void consider_times(struct search *search) {
  static const char *const names[] = {"begntime", "endtime", "previous.endtime"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const int operand = operand_find(NULL, slice_from(names[i]));
    if (!can_set(search, operand)) continue;
    const struct value now = judge_operand(search->rule, operand, search->input, search->verdict);
    if (now.type == VALUE_UNKNOWN) continue;
    const struct change change = {.sort = CHANGE_OPERAND, .operand = operand};
    consider_steps(search, change, now.number, DATE_DAY_SECONDS, DAYS_MAX);
    const struct visit *visit = operand & OPERAND_PREVIOUS ? search->verdict->related : search->input->visit;
    if (!(strcmp(names[i], "begntime") == 0 ? visit->begntime_day_only : visit->endtime_day_only))
      consider_steps(search, change, now.number, HOUR_SECONDS, HOURS_MAX);
  }
}

static void consider_move(struct search *search) {
  const struct visit *visit = search->input->visit;
  if (visit->begntime_s != DATE_ABSENT && visit->endtime_s != DATE_ABSENT)
    consider_steps(search, (struct change){.sort = CHANGE_STAY_MOVED}, 0, DATE_DAY_SECONDS, DAYS_MAX);
}

// What two stays share, or do not.
static void consider_pair(struct search *search) {
  const struct visit *related = search->verdict->related;
  if (related == NULL) return;
  consider(search, (struct change){.sort = CHANGE_STAY_GONE, .weight = WEIGHT_STAY});
  const int department = operand_find(NULL, SLICE("adm_dept_codg")), diagnosis = operand_find(NULL, SLICE("main_diagnosis"));
  consider_text(search, department, related->dscg_dept_codg);
  consider_text(search, department, SLICE("another department"));
  consider_text(search, diagnosis, related->main_diagnosis);
  consider_text(search, diagnosis, SLICE("another diagnosis"));
}

static void consider_line(struct search *search, uint32_t at) {
  const struct item *item = &search->input->visit->items[at];
  struct change change = {.item = at, .weight = WEIGHT_LINE};
  change.sort = CHANGE_LINE_GONE;
  consider(search, change);
  change.sort = CHANGE_LINE_COUNT;
  if ((item->flags & ITEM_NO_CNT) == 0) consider_number(search, change, item->cnt, true);
  change.sort = CHANGE_LINE_PRICE;
  change.weight = WEIGHT_NUMBER;
  if ((item->flags & ITEM_NO_PRICE) == 0 && item->pric > 0) consider_number(search, change, item->pric, false);
  change.sort = CHANGE_LINE_TIME;
  if (item->time_s != DATE_ABSENT) consider_steps(search, change, item->time_s, DATE_DAY_SECONDS, LINE_DAYS_MAX);
  change = (struct change){.sort = CHANGE_LINE_CODE, .item = at, .weight = WEIGHT_TEXT};
  for (size_t v = 0; v < search->rule->kind->operands_size; v++) {
    const struct value *value = &search->verdict->values[v];
    if (value->type != VALUE_TEXT || slice_equal(value->text, item->med_list_codg) || strstr(search->rule->kind->operands[v].name, "code") == NULL)
      continue;
    change.text = value->text;
    consider(search, change);
  }
}

static void consider_lines(struct search *search) {
  const struct visit *visit = search->input->visit;
  const struct verdict *verdict = search->verdict;
  if (!visit->items_loaded) return;
  if (verdict->outcome == OUTCOME_HIT) {
    for (uint32_t c = 0; c < verdict->claims_size && c < LINES_MAX; c++) consider_line(search, verdict->claims[c].item);
    if (verdict->claims_size > 1)
      consider(search, (struct change){.sort = CHANGE_LINES_GONE, .weight = (int64_t)WEIGHT_LINE * verdict->claims_size});
  } else {
    for (uint32_t i = 0; i < visit->items_size && i < LINES_MAX; i++) consider_line(search, i);
  }
  if (visit->begntime_s == DATE_ABSENT || visit->endtime_s == DATE_ABSENT) return;
  const int32_t first = date_day(visit->begntime_s), last = date_day(visit->endtime_s);
  for (int32_t day = first; day <= last && day - first < ADDED_DAYS_MAX; day++)
    if (consider(search, (struct change){.sort = CHANGE_LINE_ADDED, .number = date_of_day(day), .weight = WEIGHT_LINE})) break;
}

static void consider_twos(struct search *search) {
  for (size_t i = 0; i < search->pool_size; i++)
    for (size_t j = i + 1; j < search->pool_size; j++) {
      const struct change both[FLIP_FACTS] = {search->pool[i], search->pool[j]};
      struct verdict verdict;
      if (both[0].sort == both[1].sort && both[0].operand == both[1].operand) continue;
      if (turns(search, both, FLIP_FACTS, &verdict)) keep(search, both, FLIP_FACTS, &verdict);
    }
}

static int by_weight(const void *a, const void *b) {
  const struct flip *x = a, *y = b;
  if (x->weight != y->weight) return x->weight < y->weight ? -1 : 1;
  return slice_compare(x->facts[0].fact, y->facts[0].fact);
}

struct flips flip_search(const struct rule *rule, const struct judge_input *input, const struct verdict *verdict,
                         struct index_scratch *scratch, struct arena *arena) {
  struct search search = {.rule = rule, .input = input, .verdict = verdict, .scratch = scratch, .arena = arena,
                          .found = ARENA_ARRAY(arena, struct flip, FOUND_MAX)};
  arena_init(&search.trial, ARENA_BLOCK);
  if (!input->visit->lines_gone) view_items(input->visit);
  consider_condition(&search, rule->scope);
  for (size_t i = 0; i < rule->exemptions_size; i++) consider_condition(&search, rule->exemptions[i].condition);
  for (size_t i = 0; i < rule->require_size; i++)
    if (operand_codes(rule->require[i]) < 0 && operand_row(rule->kind, rule->require[i])->type == VALUE_TEXT)
      consider_text(&search, rule->require[i], SLICE_NONE);
  consider_times(&search);
  consider_move(&search);
  consider_pair(&search);
  consider_lines(&search);
  if (search.found_size == 0) consider_twos(&search);
  if (search.found_size > 1) qsort(search.found, search.found_size, sizeof *search.found, by_weight);
  arena_fini(&search.trial);
  return (struct flips){search.found, search.found_size, search.tried};
}
