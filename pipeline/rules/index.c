#include "rules/index.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "rules/kinds/kind.h"
#include "rules/memo.h"
#include "rules/scope.h"

enum {
  LANES = 32,                     // lines looked up together, so that their memory is fetched together
  FILTER_BITS_PER_KEY = 16,
};
static const uint64_t hospital_seed = UINT64_C(0x9e3779b97f4a7c15);

struct list {
  uint32_t *rules;    // ascending
  uint32_t size, capacity;
};

// Rules of one place: an institution in one space (visits' claims, visits' pairs, lines without a row, or one table), or a
// group of main diagnoses (its first three characters; "" for visits without one).
struct local {
  struct slice name;
  uint64_t hash;
  uint32_t space;
  struct list list;
};
// SPACE_TABLE + n: the n-th witness table
enum { SPACE_CLAIM, SPACE_PAIR, SPACE_GROUP_CLAIM, SPACE_GROUP_PAIR, SPACE_MISSING, SPACE_TABLE };

struct witness_table {
  const struct table *table;
  bool hospital;          // key is (institution, hospital code)
  bool restricted;        // some rules are for listed institutions only
  struct list rules;      // the others
};

struct slot {
  uint32_t tag;      // upper half of the hash
  uint32_t first;    // where its first posting is, in words of 4 bytes; UINT32_MAX: empty
};
// With the key's bytes behind it, so that comparing costs no further fetch; the next posting of the key follows.
struct posting {
  uint32_t table;    // the highest bit marks the last posting of the key
  uint32_t row;
  uint32_t institution_size, code_size;
  char bytes[];      // institution (hospital codes), code
};
enum { POSTING_TABLE = 0x7fffffff };
static const uint32_t posting_last = 0x80000000;

// What finding needs to know of a rule, packed: thousands of them fit into the cache.
struct brief {
  uint32_t visits;
  uint32_t table;      // of a code witness
  bool missing;        // wants lines without a row
};

struct rule_index {
  const struct ruleset *ruleset;
  struct brief *briefs;                         // by rule
  struct list visits[2][VISIT_SYMBOL_COUNT];    // by unit: rules without a code witness, for any institution
  struct list missing;                          // rules that want lines without a row, for any institution
  struct local *places;                         // hash table
  uint32_t places_mask, places_size;
  struct witness_table *tables;
  uint32_t tables_size;
  uint32_t code_visits;                         // symbols of the rules with a code witness
  bool national, hospital;                      // some table has such keys
  bool missing_restricted;                      // some rule wants lines without a row for listed institutions
  uint64_t *filter;
  uint64_t filter_words;
  struct slot *slots;
  uint64_t slots_mask;
  uint32_t *postings;    // words
  uint64_t serial;       // of all indexes made by this process: whose memory a memo is
};

// --- Making -----------------------------------------------------------------------------------------------------------

static void list_add(struct arena *arena, struct list *list, uint32_t rule) {
  if (list->size > 0 && list->rules[list->size - 1] == rule) return;
  if (list->size == list->capacity) {
    const uint32_t capacity = list->capacity ? list->capacity * 2 : 4;
    uint32_t *rules = ARENA_ARRAY(arena, uint32_t, capacity);
    if (list->size > 0) memcpy(rules, list->rules, list->size * sizeof *rules);
    list->rules = rules;
    list->capacity = capacity;
  }
  list->rules[list->size++] = rule;
}

static uint64_t name_hash(struct slice name) { return digest_hash64(name.data, name.size, 0); }
static uint64_t place_hash(uint64_t hashed, uint32_t space) {
  const uint64_t mixed = (hashed ^ ((uint64_t)space + 1) * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
  return mixed ^ mixed >> 32;
}

static const struct local *place_find(const struct rule_index *index, struct slice name, uint64_t hashed,
                                      uint32_t space) {
  if (index->places_size == 0) return NULL;
  const uint64_t hash = place_hash(hashed, space);
  for (uint32_t at = (uint32_t)hash & index->places_mask;; at = (at + 1) & index->places_mask) {
    const struct local *local = &index->places[at];
    if (local->name.data == NULL) return NULL;
    if (local->hash == hash && local->space == space && slice_equal(local->name, name)) return local;
  }
}

static void place_add(struct rule_index *index, struct arena *arena, struct slice name, uint32_t space,
                      uint32_t rule) {
  const uint64_t hash = place_hash(name_hash(name), space);
  for (uint32_t at = (uint32_t)hash & index->places_mask;; at = (at + 1) & index->places_mask) {
    struct local *local = &index->places[at];
    if (local->name.data == NULL) {
      *local = (struct local){.name = name, .hash = hash, .space = space};
      index->places_size++;
    } else if (local->hash != hash || local->space != space || !slice_equal(local->name, name)) {
      continue;
    }
    list_add(arena, &local->list, rule);
    return;
  }
}

static bool has_code_witness(const struct rule *rule) {
  return rule->kind->unit == KIND_CLAIM && rule->kind->witness != WITNESS_VISIT;
}

static bool in_use(const struct rule *rule) { return rule->status == RULE_ACTIVE || rule->status == RULE_SHADOW; }

static uint32_t table_number_of(struct rule_index *index, const struct table *table, bool hospital) {
  for (uint32_t t = 0; t < index->tables_size; t++)
    if (index->tables[t].table == table && index->tables[t].hospital == hospital) return t;
  index->tables[index->tables_size] = (struct witness_table){.table = table, .hospital = hospital};
  return index->tables_size++;
}

static void add_code_rule(struct rule_index *index, struct arena *arena, const struct rule *rule,
                          const struct slice *institutions, size_t institutions_size, bool restricted) {
  const bool hospital = rule->kind->witness == WITNESS_HOSPITAL_CODE;
  const bool wants_missing = rule->kind->wants_missing != NULL && rule->kind->wants_missing(rule);
  const struct table *table = rule->kind->witness_table(rule);
  assert(table != NULL && table->key_size == (hospital ? 2 : 1));
  const uint32_t number = table_number_of(index, table, hospital);
  index->code_visits |= rule->visits;
  index->briefs[rule->number] = (struct brief){rule->visits, number, wants_missing};
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
  index->places_mask = (uint32_t)room - 1;
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    if (!in_use(rule)) continue;
    index->briefs[r].visits = rule->visits;
    if (has_code_witness(rule))
      add_code_rule(index, arena, rule, names[r].list, names[r].size, names[r].institutions);
    else
      add_visit_rule(index, arena, rule, &names[r]);
  }
  memory_free(names);
}

static uint64_t national_hash(struct slice code) { return digest_hash64(code.data, code.size, 1); }
static uint64_t hospital_hash(uint64_t institution, struct slice code) {
  return digest_hash64(code.data, code.size, institution ^ hospital_seed);
}
static uint64_t filter_word(const struct rule_index *index, uint64_t hash) {
  return ((hash >> 32) * index->filter_words) >> 32;
}
// Four bits of one word, from the lower bits that do not choose the word.
static uint64_t filter_mask(uint64_t hash) {
  return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) | UINT64_C(1) << (hash >> 12 & 63) |
         UINT64_C(1) << (hash >> 18 & 63);
}
static uint64_t slot_of(const struct rule_index *index, uint64_t hash) { return (hash ^ hash >> 29) & index->slots_mask; }

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

static const struct posting *posting_at(const struct rule_index *index, uint32_t word) {
  return (const struct posting *)(const void *)&index->postings[word];
}
static uint32_t posting_words(uint32_t institution_size, uint32_t code_size) {
  return (uint32_t)((sizeof(struct posting) + (size_t)institution_size + code_size + 3) / 4);
}

static struct slice key_institution(const struct witness_table *table, uint32_t row) {
  return table->hospital ? table_text(table->table, row, table->table->key[0]) : SLICE("");
}
static struct slice key_code(const struct witness_table *table, uint32_t row) {
  return table_text(table->table, row, table->table->key[table->hospital ? 1 : 0]);
}

// Writes a posting at the word; returns the word after it.
static uint32_t add_posting(struct rule_index *index, uint32_t word, const struct key *key, bool last) {
  const struct slice institution = key_institution(&index->tables[key->table], key->row),
                     code = key_code(&index->tables[key->table], key->row);
  struct posting *posting = (struct posting *)(void *)&index->postings[word];
  *posting = (struct posting){key->table | (last ? posting_last : 0), key->row, (uint32_t)institution.size, (uint32_t)code.size};
  memcpy(posting->bytes, institution.data, institution.size);
  memcpy(posting->bytes + institution.size, code.data, code.size);
  return word + posting_words(posting->institution_size, posting->code_size);
}

static void add_keys(struct rule_index *index, struct arena *arena) {
  size_t size = 0, capacity = 1, words = 1;
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
      words += posting_words((uint32_t)institution.size, (uint32_t)code.size);
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
  assert(words < UINT32_MAX);
  index->postings = ARENA_ARRAY(arena, uint32_t, words);
  uint32_t word = 0;
  for (size_t i = 0; i < size; i++) {
    const bool first = i == 0 || keys[i].hash != keys[i - 1].hash, last = i + 1 == size || keys[i].hash != keys[i + 1].hash;
    const uint32_t here = word;
    word = add_posting(index, word, &keys[i], last);
    if (!first) continue;
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
  add_keys(index, &ruleset->arena);
  return index;
}

// --- Finding ----------------------------------------------------------------------------------------------------------

struct index_hit { uint32_t item, row, next; };                  // next in the table's chain; 0, which is no item's, at the end
struct index_chain { uint32_t first, last; };                    // into hits; first 0: no hit
struct index_group { uint32_t rule, table, end; bool missing; };    // the hits of a table, for one rule; its candidates' end

void index_scratch_fini(struct index_scratch *scratch) {
  memory_free(scratch->candidates);
  memory_free(scratch->rules);
  memory_free(scratch->ends);
  memory_free(scratch->hits);
  memory_free(scratch->groups);
  memory_free(scratch->chains);
  memory_free(scratch->touched);
  memory_free(scratch->found);
  memory_free(scratch->memo);
  *scratch = (struct index_scratch){0};
}

// Room for one more element; grows until the largest visit was seen.
#define ROOM(array, size, capacity)                                              \
  do {                                                                           \
    if ((size) == (capacity)) {                                                  \
      (capacity) = (capacity) ? (capacity) * 2 : 64;                             \
      (array) = memory_resize((array), (size_t)(capacity) * sizeof *(array));    \
    }                                                                            \
  } while (0)

static void push_rule(struct index_scratch *scratch, uint32_t rule) {
  if (scratch->rules_size == scratch->rules_capacity)
    scratch->ends = memory_resize(scratch->ends, (scratch->rules_capacity ? scratch->rules_capacity * 2 : 64) * sizeof *scratch->ends);
  ROOM(scratch->rules, scratch->rules_size, scratch->rules_capacity);
  scratch->rules[scratch->rules_size++] = rule;
}

// Room for that many more candidates.
static struct candidate *candidates_room(struct index_scratch *scratch, uint32_t size) {
  while (scratch->candidates_capacity - scratch->candidates_size < size) {
    scratch->candidates_capacity = scratch->candidates_capacity ? scratch->candidates_capacity * 2 : 64;
    scratch->candidates = memory_resize(scratch->candidates, (size_t)scratch->candidates_capacity * sizeof *scratch->candidates);
  }
  return scratch->candidates + scratch->candidates_size;
}

static void push_group(struct index_scratch *scratch, uint32_t rule, uint32_t table, bool missing) {
  ROOM(scratch->groups, scratch->groups_size, scratch->groups_capacity);
  scratch->groups[scratch->groups_size++] = (struct index_group){rule, table, 0, missing};
}

// The end of all chains: hit 0.
static void push_end(struct index_scratch *scratch) {
  ROOM(scratch->hits, scratch->hits_size, scratch->hits_capacity);
  scratch->hits[scratch->hits_size++] = (struct index_hit){UINT32_MAX, UINT32_MAX, 0};
}

static void push_hit(struct index_scratch *scratch, uint32_t table, uint32_t item, uint32_t row) {
  ROOM(scratch->hits, scratch->hits_size, scratch->hits_capacity);
  scratch->hits[scratch->hits_size] = (struct index_hit){item, row, 0};
  struct index_chain *chain = &scratch->chains[table];
  if (chain->first == 0) {
    chain->first = scratch->hits_size;
    scratch->touched[scratch->touched_size++] = table;
  } else {
    scratch->hits[chain->last].next = scratch->hits_size;
  }
  chain->last = scratch->hits_size++;
}

static bool admits(const struct rule_index *index, uint32_t rule, const struct visit *visit) {
  return index->briefs[rule].visits >> visit->symbol & 1;
}

// The rules of a visit without looking at lines: for its symbol, for its institution, and for its main diagnosis.
static void find_by_visit(const struct rule_index *index, bool pair, const struct visit *visit, uint64_t institution,
                          struct index_scratch *scratch) {
  const struct slice group = slice_present(visit->main_diagnosis) ? view_dx3(visit) : SLICE("");
  const struct local *places[] = {place_find(index, visit->fixmedins_code, institution, pair ? SPACE_PAIR : SPACE_CLAIM),
                                  place_find(index, group, name_hash(group), pair ? SPACE_GROUP_PAIR : SPACE_GROUP_CLAIM)};
  const struct list *lists[] = {&index->visits[pair][visit->symbol], places[0] != NULL ? &places[0]->list : NULL,
                                places[1] != NULL ? &places[1]->list : NULL};
  uint32_t at[3] = {0};
  for (;;) {    // all ascend and share no rule
    unsigned next = 3;
    for (unsigned l = 0; l < 3; l++) {
      if (lists[l] == NULL || at[l] == lists[l]->size) continue;
      if (next == 3 || lists[l]->rules[at[l]] < lists[next]->rules[at[next]]) next = l;
    }
    if (next == 3) return;
    const uint32_t rule = lists[next]->rules[at[next]++];
    if (next == 0 || admits(index, rule, visit)) push_rule(scratch, rule);
  }
}

// --- The rows that the codes of lines hit -------------------------------------------------------------------------------

// One key of a line that the memo does not know. hospital: the pair, else the national code.
struct probe {
  uint64_t hash;
  uint32_t lane;
  bool hospital;
};

static void find_postings(const struct rule_index *index, const struct memo_key *key, const struct probe *probe,
                          struct index_scratch *scratch) {
  const struct slice code = probe->hospital ? key->hospital : key->national;
  const struct slice institution = probe->hospital ? key->institution : SLICE("");
  for (uint64_t at = slot_of(index, probe->hash); index->slots[at].first != UINT32_MAX; at = (at + 1) & index->slots_mask) {
    if (index->slots[at].tag != (uint32_t)(probe->hash >> 32)) continue;
    for (uint32_t word = index->slots[at].first;;) {
      const struct posting *posting = posting_at(index, word);
      const uint32_t table = posting->table & POSTING_TABLE;
      if (posting->code_size == code.size && posting->institution_size == institution.size &&
          index->tables[table].hospital == probe->hospital && slice_same(posting->bytes + institution.size, code.data, code.size) &&
          slice_same(posting->bytes, institution.data, institution.size)) {
        ROOM(scratch->found, scratch->found_size, scratch->found_capacity);
        scratch->found[scratch->found_size++] = (struct memo_hit){table, posting->row};
      }
      if (posting->table & posting_last) break;
      word += posting_words(posting->institution_size, posting->code_size);
    }
  }
}

// Lines looked up together: what each hits, in the memo or in what was found just now.
struct lanes {
  uint32_t size;
  struct memo_key keys[LANES];
  struct memo_pair *pairs[LANES];     // of the memo
  uint32_t found[LANES + 1];          // unknown lanes: from here to the next one's in scratch->found
  bool known[LANES];
};

// The lanes that the memo does not know, by the index: hashes, then the filter's words, then the slots, then the postings, each
// fetched before it is needed.
static void find_unknown(const struct rule_index *index, uint64_t institution, struct lanes *lanes, struct index_scratch *scratch) {
  struct probe probes[2 * LANES];
  unsigned all = 0, left = 0;
  for (uint32_t lane = 0; lane < lanes->size; lane++) {
    if (lanes->known[lane]) continue;
    const struct memo_key *key = &lanes->keys[lane];
    if (index->national && key->national.size > 0) probes[all++] = (struct probe){national_hash(key->national), lane, false};
    if (index->hospital && key->hospital.size > 0)
      probes[all++] = (struct probe){hospital_hash(institution, key->hospital), lane, true};
  }
  for (unsigned i = 0; i < all; i++) __builtin_prefetch(&index->filter[filter_word(index, probes[i].hash)]);
  for (unsigned i = 0; i < all; i++) {
    const uint64_t mask = filter_mask(probes[i].hash);
    if ((index->filter[filter_word(index, probes[i].hash)] & mask) != mask) continue;
    probes[left++] = probes[i];
    __builtin_prefetch(&index->slots[slot_of(index, probes[i].hash)]);
  }
  for (unsigned i = 0; i < left; i++) {
    const struct slot *slot = &index->slots[slot_of(index, probes[i].hash)];
    if (slot->first != UINT32_MAX) __builtin_prefetch(&index->postings[slot->first]);
  }
  scratch->found_size = 0;
  unsigned at = 0;
  for (uint32_t lane = 0; lane < lanes->size; lane++) {
    lanes->found[lane] = scratch->found_size;
    for (; at < left && probes[at].lane == lane; at++) find_postings(index, &lanes->keys[lane], &probes[at], scratch);
  }
  lanes->found[lanes->size] = scratch->found_size;
}

// Which of the lines the memo knows; true when it knows all.
static bool recall(const struct visit *visit, uint32_t first, uint64_t institution, struct lanes *lanes, struct memo *memo) {
  bool all = true;
  for (uint32_t lane = 0; lane < lanes->size; lane++) {
    const struct item *item = &visit->items[first + lane];
    lanes->keys[lane] = (struct memo_key){visit->fixmedins_code, item->med_list_codg, item->medins_list_codg};
    lanes->pairs[lane] = &memo->pairs[memo_place(institution, item->med_list_codg, item->medins_list_codg)];
    __builtin_prefetch(lanes->pairs[lane]);
  }
  for (uint32_t lane = 0; lane < lanes->size; lane++) {
    struct memo_pair *pair = lanes->pairs[lane];
    const bool first_holds = memo_holds(pair, &lanes->keys[lane]), next_holds = !first_holds && memo_holds(pair + 1, &lanes->keys[lane]);
    lanes->known[lane] = first_holds || next_holds;
    if (next_holds) lanes->pairs[lane]++;
    all &= lanes->known[lane];
  }
  return all;
}

static void find_rows(const struct rule_index *index, const struct visit *visit, uint64_t institution, struct index_scratch *scratch) {
  if (scratch->memo == NULL) scratch->memo = memory_take(sizeof *scratch->memo);
  if (scratch->memo->index != index->serial) {
    memset(scratch->memo, 0, sizeof *scratch->memo);
    scratch->memo->index = index->serial;
  }
  struct lanes lanes;
  for (uint32_t first = 0; first < visit->items_size; first += LANES) {
    lanes.size = visit->items_size - first < LANES ? visit->items_size - first : LANES;
    const bool all = recall(visit, first, institution, &lanes, scratch->memo);
    if (!all) find_unknown(index, institution, &lanes, scratch);
    for (uint32_t lane = 0; lane < lanes.size; lane++) {
      const struct memo_pair *pair = lanes.pairs[lane];
      const struct memo_hit *hits = lanes.known[lane] ? pair->hits : scratch->found + lanes.found[lane];
      const uint32_t size = lanes.known[lane] ? pair->hits_size : lanes.found[lane + 1] - lanes.found[lane];
      for (uint32_t i = 0; i < size; i++) push_hit(scratch, hits[i].table, first + lane, hits[i].row);
    }
    // Only now, because two lanes may share a place.
    for (uint32_t lane = 0; lane < lanes.size && !all; lane++)
      if (!lanes.known[lane])
        memo_keep(lanes.pairs[lane], &lanes.keys[lane], scratch->found + lanes.found[lane], lanes.found[lane + 1] - lanes.found[lane]);
  }
}

// Which rules want the hits: of each table that was hit, and those that want lines without a row.
static void find_groups(const struct rule_index *index, const struct visit *visit, uint64_t institution,
                        struct index_scratch *scratch) {
  for (uint32_t t = 0; t < scratch->touched_size; t++) {
    const uint32_t table = scratch->touched[t];
    const struct local *local = index->tables[table].restricted
                                    ? place_find(index, visit->fixmedins_code, institution, SPACE_TABLE + table) : NULL;
    const struct list *lists[] = {&index->tables[table].rules, local != NULL ? &local->list : NULL};
    for (unsigned l = 0; l < 2 && lists[l] != NULL; l++)
      for (uint32_t r = 0; r < lists[l]->size; r++)
        if (admits(index, lists[l]->rules[r], visit) && !index->briefs[lists[l]->rules[r]].missing)
          push_group(scratch, lists[l]->rules[r], table, false);
  }
  const struct local *local =
      index->missing_restricted ? place_find(index, visit->fixmedins_code, institution, SPACE_MISSING) : NULL;
  const struct list *lists[] = {&index->missing, local != NULL ? &local->list : NULL};
  for (unsigned l = 0; l < 2 && lists[l] != NULL; l++)
    for (uint32_t r = 0; r < lists[l]->size; r++) {
      const uint32_t rule = lists[l]->rules[r];
      if (admits(index, rule, visit)) push_group(scratch, rule, index->briefs[rule].table, true);
    }
}

// By rule. Each rule has one table, so it has one group. In place, because no record may ask for memory.
static void sort_groups(struct index_scratch *scratch) {
  static const uint32_t gaps[] = {3937, 1750, 701, 301, 132, 57, 23, 10, 4, 1};    // Ciura's
  struct index_group *groups = scratch->groups;
  for (unsigned g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
    for (uint32_t i = gaps[g]; i < scratch->groups_size; i++) {
      const struct index_group group = groups[i];
      uint32_t at = i;
      for (; at >= gaps[g] && groups[at - gaps[g]].rule > group.rule; at -= gaps[g]) groups[at] = groups[at - gaps[g]];
      groups[at] = group;
    }
  }
}

static void expand_group(const struct visit *visit, struct index_group *group, struct index_scratch *scratch) {
  struct candidate *to = candidates_room(scratch, visit->items_size);    // a key has one row of a table, so a line one candidate
  const struct index_hit *hits = scratch->hits;
  uint32_t hit = scratch->chains[group->table].first;
  if (!group->missing) {
    for (; hit != 0; hit = hits[hit].next) *to++ = (struct candidate){group->rule, hits[hit].item, hits[hit].row};
  } else {
    for (uint32_t item = 0; item < visit->items_size; item++) {
      // By masks, because nobody can guess which lines have a row. The end is no line's.
      const uint32_t other = hits[hit].item == item ? 0 : UINT32_MAX;
      *to++ = (struct candidate){group->rule, item, hits[hit].row | other};
      hit = (hit & other) | (hits[hit].next & ~other);
    }
  }
  group->end = scratch->candidates_size = (uint32_t)(to - scratch->candidates);
}

// The code rules are ascending in groups, the visit rules in rules: one ascending list of both.
static void merge_rules(struct index_scratch *scratch) {
  const uint32_t visit_rules = scratch->rules_size;
  for (uint32_t g = 0; g < scratch->groups_size; g++) push_rule(scratch, 0);
  uint32_t from = visit_rules, group = scratch->groups_size, to = scratch->rules_size;
  while (group > 0) {
    if (from > 0 && scratch->rules[from - 1] > scratch->groups[group - 1].rule) {
      scratch->rules[--to] = scratch->rules[--from];
    } else {
      scratch->rules[--to] = scratch->groups[--group].rule;
    }
  }
}

static void tell_ends(struct index_scratch *scratch) {
  uint32_t group = 0, end = 0;
  for (uint32_t r = 0; r < scratch->rules_size; r++) {
    if (group < scratch->groups_size && scratch->groups[group].rule == scratch->rules[r]) end = scratch->groups[group++].end;
    scratch->ends[r] = end;
  }
}

static void prepare_chains(const struct rule_index *index, struct index_scratch *scratch) {
  push_end(scratch);
  if (scratch->chains_size >= index->tables_size) return;
  scratch->chains = memory_resize(scratch->chains, index->tables_size * sizeof *scratch->chains);
  scratch->touched = memory_resize(scratch->touched, index->tables_size * sizeof *scratch->touched);
  memset(scratch->chains, 0, index->tables_size * sizeof *scratch->chains);
  scratch->chains_size = index->tables_size;
}

// The rules found lie anywhere in memory; they are fetched together, before the first is judged.
static void fetch_rules(const struct rule_index *index, const struct index_scratch *scratch) {
  enum { LINE = 64 };
  const struct rule *const *rules = index->ruleset->rules;
  for (uint32_t r = 0; r < scratch->rules_size; r++)
    for (size_t at = 0; at < offsetof(struct rule, name); at += LINE) __builtin_prefetch((const char *)rules[scratch->rules[r]] + at);
  for (uint32_t r = 0; r < scratch->rules_size; r++) __builtin_prefetch(rules[scratch->rules[r]]->params);
}

void index_find_claim(const struct rule_index *index, struct visit *visit, struct index_scratch *scratch) {
  scratch->candidates_size = scratch->rules_size = scratch->hits_size = scratch->groups_size = scratch->touched_size = 0;
  const uint64_t institution = name_hash(visit->fixmedins_code);
  find_by_visit(index, false, visit, institution, scratch);
  if ((index->code_visits >> visit->symbol & 1) == 0 || index->tables_size == 0) {
    tell_ends(scratch);
    return;
  }
  prepare_chains(index, scratch);
  view_items(visit);
  find_rows(index, visit, institution, scratch);
  find_groups(index, visit, institution, scratch);
  sort_groups(scratch);
  for (uint32_t g = 0; g < scratch->groups_size; g++) expand_group(visit, &scratch->groups[g], scratch);
  merge_rules(scratch);
  tell_ends(scratch);
  fetch_rules(index, scratch);
  for (uint32_t t = 0; t < scratch->touched_size; t++) scratch->chains[scratch->touched[t]].first = 0;
}

void index_find_pair(const struct rule_index *index, const struct visit *visit, struct index_scratch *scratch) {
  scratch->candidates_size = scratch->rules_size = 0;
  find_by_visit(index, true, visit, name_hash(visit->fixmedins_code), scratch);
}
