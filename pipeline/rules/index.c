#include "rules/index.h"

#include <assert.h>
#include <stdlib.h>

#include "core/memory.h"
#include "rules/index_inside.h"
#include "rules/memo.h"

enum { LANES = 32, LINE = 64 };    // lines looked up together, so that their memory is fetched together; bytes fetched at once

struct index_hit {
  struct memo_hit at;
  uint32_t item, next;    // next in the rule's chain; 0, which is no item's, at the end
};
struct index_chain { uint32_t first, last; };                    // into hits; first 0: no hit

void index_scratch_fini(struct index_scratch *scratch) {
  memory_free(scratch->candidates);
  memory_free(scratch->rules);
  memory_free(scratch->ends);
  memory_free(scratch->hits);
  memory_free(scratch->marks);
  memory_free(scratch->summary);
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
  scratch->rules[scratch->rules_size] = rule;
  scratch->ends[scratch->rules_size++] = scratch->candidates_size;
}

// Room for that many more candidates.
static struct candidate *candidates_room(struct index_scratch *scratch, uint32_t size) {
  while (scratch->candidates_capacity - scratch->candidates_size < size) {
    scratch->candidates_capacity = scratch->candidates_capacity ? scratch->candidates_capacity * 2 : 64;
    scratch->candidates = memory_resize(scratch->candidates, (size_t)scratch->candidates_capacity * sizeof *scratch->candidates);
  }
  return scratch->candidates + scratch->candidates_size;
}

static bool admits(const struct rule_index *index, uint32_t rule, const struct visit *visit) {
  return index->briefs[rule].visits >> visit->symbol & 1;
}

static void mark(struct index_scratch *scratch, uint32_t rule) {
  scratch->marks[rule / 64] |= UINT64_C(1) << rule % 64;
  scratch->summary[rule / 4096] |= UINT64_C(1) << rule / 64 % 64;
}

static void mark_list(const struct rule_index *index, const struct list *list, const struct visit *visit, struct index_scratch *scratch) {
  const uint32_t *rules = list_rules(list);
  for (uint32_t r = 0; r < list->size; r++)
    if (admits(index, rules[r], visit)) mark(scratch, rules[r]);
}

// The end of all chains: hit 0.
static void push_end(struct index_scratch *scratch) {
  ROOM(scratch->hits, scratch->hits_size, scratch->hits_capacity);
  scratch->hits[scratch->hits_size++] = (struct index_hit){.at.row = UINT32_MAX, .item = UINT32_MAX};
}

static void push_hit(struct index_scratch *scratch, const struct memo_hit *at, uint32_t item) {
  ROOM(scratch->hits, scratch->hits_size, scratch->hits_capacity);
  scratch->hits[scratch->hits_size] = (struct index_hit){*at, item, 0};
  struct index_chain *chain = &scratch->chains[at->rule];
  if (chain->first == 0) {
    chain->first = scratch->hits_size;
    scratch->touched[scratch->touched_size++] = at->rule;
  } else {
    scratch->hits[chain->last].next = scratch->hits_size;
  }
  chain->last = scratch->hits_size++;
}

// The rules of a visit without looking at lines: for its symbol, for its institution (a name's number), and for its main diagnosis.
static void mark_by_visit(const struct rule_index *index, bool pair, const struct visit *visit, int32_t institution,
                          struct index_scratch *scratch) {
  mark_list(index, &index->visits[pair][visit->symbol], visit, scratch);
  if (index->names_size == 0) return;
  const struct slice dx3 = slice_present(visit->main_diagnosis) ? view_dx3(visit) : SLICE("");
  const struct local *local = place_find(index, institution, pair ? SPACE_PAIR : SPACE_CLAIM);
  if (local != NULL) mark_list(index, &local->list, visit, scratch);
  local = place_find(index, name_number(index, dx3, name_hash(dx3)), pair ? SPACE_GROUP_PAIR : SPACE_GROUP_CLAIM);
  if (local != NULL) mark_list(index, &local->list, visit, scratch);
}

// --- The rows that the codes of lines hit -------------------------------------------------------------------------------

// One key of a line that the memo does not know. hospital: the pair, else the national code.
struct probe {
  uint64_t hash;
  uint32_t lane;
  bool hospital;
};

// A row with what judging reads of it; the row in force on the day where its key has several.
static struct memo_hit hit_of(const struct witness_table *witness, const struct posting_row *at, const struct memo_key *key) {
  const struct table *table = witness->table;
  struct memo_hit hit = {.row = at->row, .span = at->span, .value = at->value};
  if (table->unique && !table_span_holds(hit.span, key->day)) {
    const uint32_t row = table_on(table, hit.row, key->day);
    if (row != UINT32_MAX) hit = (struct memo_hit){.row = row, .span = table->spans[row]};
    if (row != UINT32_MAX && witness->column >= 0 && table->numbers[witness->column] != NULL) hit.value = table->numbers[witness->column][row];
  }
  if (witness->column >= 0 && table->texts[witness->column] != NULL)
    hit.value = slice_equal(table->texts[witness->column][hit.row], key->national);
  return hit;
}

// Keeps the rows for the rules that want them at the institution.
static void keep_rows(const struct rule_index *index, const struct posting_row *rows, uint32_t size, int32_t institution,
                      const struct memo_key *key, struct index_scratch *scratch) {
  const uint64_t *wanted = institution != NAME_NONE && index->wanted[institution] != NULL ? index->wanted[institution] : index->wanted_everywhere;
  for (uint32_t i = 0; i < size; i++) {
    const uint32_t table = rows[i].table;
    if ((wanted[table / 64] >> table % 64 & 1) == 0) continue;
    const struct witness_table *witness = &index->tables[table];
    const struct local *local = witness->restricted ? place_find(index, institution, SPACE_TABLE + table) : NULL;
    const struct list *lists[] = {&witness->rules, local != NULL ? &local->list : NULL};
    struct memo_hit hit = hit_of(witness, &rows[i], key);
    for (unsigned l = 0; l < 2 && lists[l] != NULL; l++)
      for (uint32_t r = 0; r < lists[l]->size; r++) {
        hit.rule = list_rules(lists[l])[r];
        ROOM(scratch->found, scratch->found_size, scratch->found_capacity);
        scratch->found[scratch->found_size++] = hit;
      }
  }
}

static void find_posting(const struct rule_index *index, const struct memo_key *key, int32_t number, const struct probe *probe,
                         struct index_scratch *scratch) {
  const struct slice code = probe->hospital ? key->hospital : key->national;
  const struct slice institution = probe->hospital ? key->institution : SLICE("");
  for (uint64_t at = slot_of(index, probe->hash); index->slots[at].first != UINT32_MAX; at = (at + 1) & index->slots_mask) {
    if (index->slots[at].tag != (uint32_t)(probe->hash >> 32)) continue;
    for (uint32_t word = index->slots[at].first;;) {
      const struct posting *posting = posting_at(index, word);
      if (posting->code_size == code.size && posting->institution_size == institution.size && posting->hospital == probe->hospital &&
          slice_same(posting->bytes + institution.size, code.data, code.size) &&
          slice_same(posting->bytes, institution.data, institution.size)) {
        const struct posting_row *rows = (const struct posting_row *)(const void *)&index->postings[posting_rows(posting, word)];
        keep_rows(index, rows, posting->rows, number, key, scratch);
        return;
      }
      if (posting->last) break;
      word = posting_end(posting, word);
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
static void find_unknown(const struct rule_index *index, uint64_t institution, int32_t number, struct lanes *lanes,
                         struct index_scratch *scratch) {
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
    for (; at < left && probes[at].lane == lane; at++) find_posting(index, &lanes->keys[lane], number, &probes[at], scratch);
  }
  lanes->found[lanes->size] = scratch->found_size;
}

// Which of the lines the memo knows; true when it knows all.
static bool recall(const struct visit *visit, uint32_t first, uint64_t institution, struct lanes *lanes, struct memo *memo) {
  bool all = true;
  for (uint32_t lane = 0; lane < lanes->size; lane++) {
    const struct item *item = &visit->items[first + lane];
    lanes->keys[lane] = (struct memo_key){visit->fixmedins_code, item->med_list_codg, item->medins_list_codg,
                                           item->time_s != DATE_ABSENT ? date_day(item->time_s) : memo->day};
    lanes->pairs[lane] = &memo->pairs[memo_place(institution, item->med_list_codg, item->medins_list_codg)];
    __builtin_prefetch(lanes->pairs[lane]);
  }
  for (uint32_t lane = 0; lane < lanes->size; lane++) {
    struct memo_pair *pair = lanes->pairs[lane];
    const bool first_holds = memo_holds(pair, &lanes->keys[lane]), next_holds = !first_holds && memo_holds(pair + 1, &lanes->keys[lane]);
    lanes->known[lane] = first_holds || next_holds;
    if (next_holds) lanes->pairs[lane]++;
    if (lanes->known[lane]) __builtin_prefetch(&memo->pool[lanes->pairs[lane]->first]);
    all &= lanes->known[lane];
  }
  return all;
}

static void find_rows(const struct rule_index *index, const struct visit *visit, uint64_t institution, int32_t number,
                      struct index_scratch *scratch) {
  if (scratch->memo == NULL) scratch->memo = memory_take(sizeof *scratch->memo);
  const int32_t day = view_service_day(visit);
  if (scratch->memo->index != index->serial || (int64_t)day - MEMO_DAYS > scratch->memo->day) {
    memset(scratch->memo->pairs, 0, sizeof scratch->memo->pairs);
    scratch->memo->pool_size = 0;
    scratch->memo->index = index->serial;
    scratch->memo->day = day;
  }
  struct lanes lanes;
  for (uint32_t first = 0; first < visit->items_size; first += LANES) {
    lanes.size = visit->items_size - first < LANES ? visit->items_size - first : LANES;
    const bool all = recall(visit, first, institution, &lanes, scratch->memo);
    if (!all) find_unknown(index, institution, number, &lanes, scratch);
    for (uint32_t lane = 0; lane < lanes.size; lane++) {
      const struct memo_pair *pair = lanes.pairs[lane];
      const struct memo_hit *hits = lanes.known[lane] ? scratch->memo->pool + pair->first : scratch->found + lanes.found[lane];
      const uint32_t size = lanes.known[lane] ? pair->size : lanes.found[lane + 1] - lanes.found[lane];
      for (uint32_t i = 0; i < size; i++) push_hit(scratch, &hits[i], first + lane);
    }
    // Only now, because two lanes may share a place.
    for (uint32_t lane = 0; lane < lanes.size && !all; lane++)
      if (!lanes.known[lane])
        memo_keep(scratch->memo, lanes.pairs[lane], &lanes.keys[lane], scratch->found + lanes.found[lane],
                  lanes.found[lane + 1] - lanes.found[lane]);
  }
}

// The rules that lines hit, and those that want lines without a row.
static void mark_by_code(const struct rule_index *index, const struct visit *visit, int32_t institution, struct index_scratch *scratch) {
  for (uint32_t t = 0; t < scratch->touched_size; t++)
    if (admits(index, scratch->touched[t], visit)) mark(scratch, scratch->touched[t]);
  mark_list(index, &index->missing, visit, scratch);
  const struct local *local = index->missing_restricted ? place_find(index, institution, SPACE_MISSING) : NULL;
  if (local != NULL) mark_list(index, &local->list, visit, scratch);
}

// The candidates of a code rule: a key has one row of a table, so a line has one at most.
static void expand(const struct rule_index *index, const struct visit *visit, uint32_t rule, struct index_scratch *scratch) {
  struct candidate *to = candidates_room(scratch, visit->items_size);
  const struct index_hit *hits = scratch->hits;
  uint32_t hit = scratch->chains[rule].first;
  if (!index->briefs[rule].missing) {
    for (; hit != 0; hit = hits[hit].next) *to++ = (struct candidate){rule, hits[hit].item, hits[hit].at.row, hits[hit].at.span, hits[hit].at.value};
  } else {
    for (uint32_t item = 0; item < visit->items_size; item++) {
      // By masks, because nobody can guess which lines have a row. The end is no line's.
      const uint32_t other = hits[hit].item == item ? 0 : UINT32_MAX;
      *to++ = (struct candidate){rule, item, hits[hit].at.row | other, hits[hit].at.span, hits[hit].at.value};
      hit = (hit & other) | (hits[hit].next & ~other);
    }
  }
  scratch->candidates_size = (uint32_t)(to - scratch->candidates);
}

// The rules that were marked, ascending, each with its candidates. They lie anywhere in memory, and are fetched before the first is judged.
static void collect(const struct rule_index *index, const struct visit *visit, struct index_scratch *scratch) {
  for (uint32_t s = 0; s <= index->ruleset->size / (64 * 64); s++) {
    for (; scratch->summary[s] != 0; scratch->summary[s] &= scratch->summary[s] - 1) {
      const uint32_t word = s * 64 + (uint32_t)__builtin_ctzll(scratch->summary[s]);
      for (; scratch->marks[word] != 0; scratch->marks[word] &= scratch->marks[word] - 1) {
        const uint32_t rule = word * 64 + (uint32_t)__builtin_ctzll(scratch->marks[word]);
        for (size_t at = 0; at < offsetof(struct rule, name); at += LINE) __builtin_prefetch((const char *)index->ruleset->rules[rule] + at);
        if (index->briefs[rule].code) expand(index, visit, rule, scratch);
        push_rule(scratch, rule);
      }
    }
  }
}

// Room for what is kept by rule. All of it is zero between calls.
static void prepare(const struct rule_index *index, struct index_scratch *scratch) {
  push_end(scratch);
  const uint32_t size = (uint32_t)index->ruleset->size, words = size / 64 + 1;
  if (scratch->marks_size < words) {
    scratch->chains = memory_resize(scratch->chains, words * 64 * sizeof *scratch->chains);
    scratch->touched = memory_resize(scratch->touched, words * 64 * sizeof *scratch->touched);
    memset(scratch->chains, 0, words * 64 * sizeof *scratch->chains);
    scratch->marks = memory_resize(scratch->marks, words * sizeof *scratch->marks);
    scratch->summary = memory_resize(scratch->summary, (words / 64 + 1) * sizeof *scratch->summary);
    memset(scratch->marks, 0, words * sizeof *scratch->marks);
    memset(scratch->summary, 0, (words / 64 + 1) * sizeof *scratch->summary);
    scratch->marks_size = words;
  }
}

void index_find_claim(const struct rule_index *index, struct visit *visit, struct index_scratch *scratch) {
  scratch->candidates_size = scratch->rules_size = scratch->hits_size = scratch->touched_size = 0;
  prepare(index, scratch);
  const uint64_t hash = name_hash(visit->fixmedins_code);
  const int32_t institution = name_number(index, visit->fixmedins_code, hash);
  mark_by_visit(index, false, visit, institution, scratch);
  if ((index->code_visits >> visit->symbol & 1) != 0 && index->tables_size > 0) {
    view_items(visit);
    find_rows(index, visit, hash, institution, scratch);
    mark_by_code(index, visit, institution, scratch);
  }
  collect(index, visit, scratch);
  for (uint32_t t = 0; t < scratch->touched_size; t++) scratch->chains[scratch->touched[t]].first = 0;
}

bool index_scope_holds(const struct rule_index *index, uint32_t rule, const struct visit *visit) {
  const struct brief *brief = &index->briefs[rule];
  return brief->certain && visit->symbol != 0 && (!brief->by_diagnosis || slice_present(visit->main_diagnosis));
}

void index_find_pair(const struct rule_index *index, const struct visit *visit, struct index_scratch *scratch) {
  scratch->candidates_size = scratch->rules_size = 0;
  prepare(index, scratch);
  mark_by_visit(index, true, visit, name_number(index, visit->fixmedins_code, name_hash(visit->fixmedins_code)), scratch);
  collect(index, visit, scratch);
}
