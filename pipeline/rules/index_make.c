#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/memory.h"
#include "rules/index_inside.h"
#include "rules/scope.h"

enum { FILTER_BITS_PER_KEY = 16 };

static void list_add(struct arena *arena, struct list *list, uint32_t rule) {
  if (list->size > 0 && list_rules(list)[list->size - 1] == rule) return;
  if (list->size == 0) {
    list->one = rule;
    list->size = 1;
    return;
  }
  if (list->size >= list->capacity) {
    const uint32_t capacity = list->capacity ? list->capacity * 2 : 4;
    uint32_t *rules = ARENA_ARRAY(arena, uint32_t, capacity);
    memcpy(rules, list_rules(list), list->size * sizeof *rules);
    list->rules = rules;
    list->capacity = capacity;
  }
  list->rules[list->size++] = rule;
}

static int32_t name_add(struct rule_index *index, struct slice name) {
  const uint64_t hash = name_hash(name);
  for (uint32_t at = (uint32_t)hash & index->names_mask;; at = (at + 1) & index->names_mask) {
    struct name *known = &index->names[at];
    if (known->text.data == NULL) {
      *known = (struct name){name, hash};
      index->names_size++;
    }
    if (known->hash == hash && slice_equal(known->text, name)) return (int32_t)at;
  }
}

static void place_add(struct rule_index *index, struct arena *arena, struct slice name, uint32_t space, uint32_t rule) {
  const int32_t number = name_add(index, name);
  uint32_t at = place_first(index, number, space);
  while (index->places[at].list.size > 0 && (index->places[at].name != number || index->places[at].space != space))
    at = (at + 1) & index->places_mask;
  index->places[at].name = number;
  index->places[at].space = space;
  list_add(arena, &index->places[at].list, rule);
}

static bool has_code_witness(const struct rule *rule) {
  return rule->kind->unit == KIND_CLAIM && rule->kind->witness != WITNESS_VISIT;
}

static bool in_use(const struct rule *rule) { return rule->status == RULE_ACTIVE || rule->status == RULE_SHADOW; }

static uint32_t table_number_of(struct rule_index *index, const struct table *table, bool hospital, int column) {
  for (uint32_t t = 0; t < index->tables_size; t++)
    if (index->tables[t].table == table && index->tables[t].hospital == hospital && index->tables[t].column == column) return t;
  index->tables[index->tables_size] = (struct witness_table){.table = table, .column = column, .hospital = hospital};
  return index->tables_size++;
}

static void add_code_rule(struct rule_index *index, struct arena *arena, const struct rule *rule,
                          const struct slice *institutions, size_t institutions_size, bool restricted) {
  const bool hospital = rule->kind->witness == WITNESS_HOSPITAL_CODE;
  const bool wants_missing = rule->kind->wants_missing != NULL && rule->kind->wants_missing(rule);
  const struct table *table = rule->kind->witness_table(rule);
  assert(table != NULL && table->key_size == (hospital ? 2 : 1));
  const uint32_t number = table_number_of(index, table, hospital, rule->kind->witness_column != NULL ? rule->kind->witness_column(rule) : -1);
  index->code_visits |= rule->visits;
  struct brief *brief = &index->briefs[rule->number];
  brief->code = true;
  brief->missing = wants_missing;
  *(hospital ? &index->hospital : &index->national) = true;
  if (!restricted) {
    list_add(arena, &index->tables[number].rules, rule->number);
    if (wants_missing) list_add(arena, &index->missing, rule->number);
    return;
  }
  index->tables[number].restricted = true;
  index->missing_restricted |= wants_missing;
  for (size_t i = 0; i < institutions_size; i++) {
    place_add(index, arena, institutions[i], SPACE_TABLE + number, rule->number);
    if (wants_missing) place_add(index, arena, institutions[i], SPACE_MISSING, rule->number);
  }
}

// The names that some rule is only for: institutions, else groups of diagnoses.
struct names {
  const struct slice *list;
  size_t size;
  bool institutions, diagnoses;
};

static void add_visit_rule(struct rule_index *index, struct arena *arena, const struct rule *rule, const struct names *names) {
  const bool pair = rule->kind->unit == KIND_PAIR;
  const uint32_t space = (uint32_t)(names->institutions ? SPACE_CLAIM : SPACE_GROUP_CLAIM) + pair;
  for (size_t i = 0; i < names->size; i++) place_add(index, arena, names->list[i], space, rule->number);
  if (names->institutions) return;
  if (names->diagnoses) place_add(index, arena, SLICE(""), space, rule->number);
  for (unsigned s = 0; s < VISIT_SYMBOL_COUNT && !names->diagnoses; s++)
    if (rule->visits >> s & 1) list_add(arena, &index->visits[pair][s], rule->number);
}

static void add_rules(struct rule_index *index, struct arena *arena) {
  const struct ruleset *ruleset = index->ruleset;
  // Room for every name that some scope lists, in up to two spaces each.
  size_t listed = 1;
  struct names *names = memory_take((ruleset->size + 1) * sizeof *names);
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    names[r].institutions = scope_institutions(rule, arena, &names[r].list, &names[r].size);
    if (!names[r].institutions && !has_code_witness(rule))
      names[r].diagnoses = scope_diagnoses(rule, arena, &names[r].list, &names[r].size);
    listed += names[r].size;
  }
  size_t room = 16;
  while (room < listed * 4) room *= 2;
  index->places = ARENA_ZEROED(arena, struct local, room);
  index->names = ARENA_ZEROED(arena, struct name, room);
  index->places_mask = index->names_mask = (uint32_t)room - 1;
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    if (!in_use(rule)) continue;
    const char *operand = names[r].institutions ? "fixmedins_code" : names[r].diagnoses ? "dx3" : NULL;
    index->briefs[r] = (struct brief){.visits = rule->visits, .by_diagnosis = names[r].diagnoses,
                                      .certain = scope_certain(rule, operand, names[r].list, names[r].size)};
    if (has_code_witness(rule))
      add_code_rule(index, arena, rule, names[r].list, names[r].size, names[r].institutions);
    else
      add_visit_rule(index, arena, rule, &names[r]);
  }
  memory_free(names);
}

// Which tables some rule wants at a place.
static void find_wanted(struct rule_index *index, struct arena *arena) {
  const size_t words = index->tables_size / 64 + 1;
  index->wanted_everywhere = ARENA_ZEROED(arena, uint64_t, words);
  for (uint32_t t = 0; t < index->tables_size; t++)
    if (index->tables[t].rules.size > 0) index->wanted_everywhere[t / 64] |= UINT64_C(1) << t % 64;
  index->wanted = ARENA_ZEROED(arena, uint64_t *, (size_t)index->names_mask + 1);
  for (uint32_t p = 0; p <= index->places_mask; p++) {
    const struct local *local = &index->places[p];
    if (local->list.size == 0 || local->space < SPACE_TABLE) continue;
    uint64_t **wanted = &index->wanted[local->name];
    if (*wanted == NULL) {
      *wanted = ARENA_ARRAY(arena, uint64_t, words);
      memcpy(*wanted, index->wanted_everywhere, words * sizeof **wanted);
    }
    const uint32_t table = local->space - SPACE_TABLE;
    (*wanted)[table / 64] |= UINT64_C(1) << table % 64;
  }
}

struct key {
  uint64_t hash;
  uint32_t table, row;
};

static int order_keys(const void *a, const void *b) {
  const struct key *x = a, *y = b;
  if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
  if (x->table != y->table) return x->table < y->table ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static struct slice key_institution(const struct witness_table *table, uint32_t row) {
  return table->hospital ? table_text(table->table, row, table->table->key[0]) : SLICE("");
}
static struct slice key_code(const struct witness_table *table, uint32_t row) {
  return table_text(table->table, row, table->table->key[table->hospital ? 1 : 0]);
}

static bool same_key(const struct rule_index *index, const struct key *a, const struct key *b) {
  const struct witness_table *one = &index->tables[a->table], *other = &index->tables[b->table];
  return one->hospital == other->hospital && slice_equal(key_code(one, a->row), key_code(other, b->row)) &&
         slice_equal(key_institution(one, a->row), key_institution(other, b->row));
}

// Keys of one hash: those that are the same as the first come first, in their order. Returns how many; the others are another key.
static size_t gather(const struct rule_index *index, struct key *keys, size_t size) {
  size_t same = 1;
  while (same < size && same_key(index, keys, &keys[same])) same++;
  for (size_t i = same + 1; i < size; i++) {
    if (!same_key(index, keys, &keys[i])) continue;
    const struct key key = keys[i];
    memmove(&keys[same + 1], &keys[same], (i - same) * sizeof *keys);
    keys[same++] = key;
  }
  return same;
}

// Writes the posting of one key at the word; returns the word after it.
static uint32_t add_posting(struct rule_index *index, uint32_t word, const struct key *keys, size_t size, bool last) {
  const struct witness_table *table = &index->tables[keys->table];
  const struct slice institution = key_institution(table, keys->row), code = key_code(table, keys->row);
  struct posting *posting = (struct posting *)(void *)&index->postings[word];
  *posting = (struct posting){(uint32_t)institution.size, (uint32_t)code.size, (uint32_t)size, table->hospital, last};
  memcpy(posting->bytes, institution.data, institution.size);
  memcpy(posting->bytes + institution.size, code.data, code.size);
  struct posting_row *rows = (struct posting_row *)(void *)&index->postings[posting_rows(posting, word)];
  for (size_t i = 0; i < size; i++) {
    const struct table *from = index->tables[keys[i].table].table;
    const int column = index->tables[keys[i].table].column;
    const bool number = column >= 0 && from->columns[column].type != CELL_TEXT;
    rows[i] = (struct posting_row){keys[i].table, keys[i].row, from->spans[keys[i].row], number ? from->numbers[column][keys[i].row] : 0};
  }
  return posting_end(posting, word);
}

// Behind the keys of the same hash as that at `from`.
static size_t hash_end(const struct key *keys, size_t size, size_t from) {
  size_t end = from + 1;
  while (end < size && keys[end].hash == keys[from].hash) end++;
  return end;
}

static void add_keys(struct rule_index *index, struct arena *arena) {
  size_t size = 0, capacity = 1;
  for (uint32_t t = 0; t < index->tables_size; t++) capacity += index->tables[t].table->rows_size;
  struct key *keys = memory_take(capacity * sizeof *keys);
  for (uint32_t t = 0; t < index->tables_size; t++) {
    const struct table *table = index->tables[t].table;
    const uint32_t *rows;
    uint32_t rows_size;
    for (uint32_t n = 0; table_posting(table, n, &rows, &rows_size); n++) {
      const struct slice institution = key_institution(&index->tables[t], rows[0]), code = key_code(&index->tables[t], rows[0]);
      const uint64_t hash =
          index->tables[t].hospital ? hospital_hash(name_hash(institution), code) : national_hash(code);
      assert(size < capacity);
      keys[size++] = (struct key){hash, t, rows[0]};
    }
  }
  if (size > 0) qsort(keys, size, sizeof *keys, order_keys);
  size_t room = 16;
  while (room < size + size / 2) room *= 2;
  index->filter_words = size * FILTER_BITS_PER_KEY / 64 + 1;
  index->filter = ARENA_ZEROED(arena, uint64_t, index->filter_words);
  index->slots = ARENA_ARRAY(arena, struct slot, room);
  memset(index->slots, 0xff, room * sizeof *index->slots);
  index->slots_mask = room - 1;
  uint64_t words = 0;
  for (size_t i = 0, same; i < size; i += same) {
    const struct witness_table *table = &index->tables[keys[i].table];
    same = gather(index, keys + i, hash_end(keys, size, i) - i);
    const struct posting posting = {(uint32_t)key_institution(table, keys[i].row).size, (uint32_t)key_code(table, keys[i].row).size, 0, 0, 0};
    words += posting_rows(&posting, 0) + same * (sizeof(struct posting_row) / 4);
  }
  assert(words < UINT32_MAX);
  index->postings = ARENA_ZEROED(arena, uint32_t, words);
  uint32_t word = 0;
  for (size_t i = 0, same; i < size; i += same) {
    const size_t end = hash_end(keys, size, i);
    const uint32_t here = word;
    same = 1;
    while (i + same < end && same_key(index, &keys[i], &keys[i + same])) same++;
    word = add_posting(index, word, &keys[i], same, i + same == end);
    if (i > 0 && keys[i].hash == keys[i - 1].hash) continue;
    index->filter[filter_word(index, keys[i].hash)] |= filter_mask(keys[i].hash);
    uint64_t at = slot_of(index, keys[i].hash);
    while (index->slots[at].first != UINT32_MAX) at = (at + 1) & index->slots_mask;
    index->slots[at] = (struct slot){(uint32_t)(keys[i].hash >> 32), here};
  }
  memory_free(keys);
}

struct rule_index *index_create(struct ruleset *ruleset) {
  static atomic_uint_fast64_t made;
  struct rule_index *index = ARENA_ZEROED(&ruleset->arena, struct rule_index, 1);
  index->serial = ++made;
  index->ruleset = ruleset;
  index->tables = ARENA_ZEROED(&ruleset->arena, struct witness_table, ruleset->size + 1);
  index->briefs = ARENA_ZEROED(&ruleset->arena, struct brief, ruleset->size + 1);
  add_rules(index, &ruleset->arena);
  find_wanted(index, &ruleset->arena);
  add_keys(index, &ruleset->arena);
  return index;
}
