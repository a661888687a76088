// What the witness index is made of; for index.c, which finds, and index_make.c, which makes it, only.
//
//   names     institution or diagnosis group -> its number            for scopes that list names
//   places    (number of a name, space) -> rules
//   filter    blocked Bloom filter over all keys of all witness tables: most codes end here
//   slots     hash of a key -> its posting: the key's bytes, and the rows of all tables that have it
//
// Made once per rule set in its arena, read-only from then on.
#pragma once

#include "core/digest.h"
#include "rules/index.h"
#include "rules/kinds/kind.h"
#include "rules/memo.h"

// Rules, ascending. One alone stands in the list itself.
struct list {
  union {
    uint32_t one;
    uint32_t *rules;
  };
  uint32_t size, capacity;
};
static inline const uint32_t *list_rules(const struct list *list) { return list->size == 1 ? &list->one : list->rules; }

struct name {
  struct slice text;
  uint64_t hash;
};
enum { NAME_NONE = -1 };

// Rules of one place: an institution in one space (visits' claims, visits' pairs, lines without a row, or one table), or a
// group of main diagnoses (its first three characters; "" for visits without one).
struct local {
  int32_t name;
  uint32_t space;
  struct list list;    // empty: no place
};
// SPACE_TABLE + n: the n-th witness table
enum { SPACE_CLAIM, SPACE_PAIR, SPACE_GROUP_CLAIM, SPACE_GROUP_PAIR, SPACE_MISSING, SPACE_TABLE };

struct witness_table {
  const struct table *table;
  int column;             // of what a candidate carries; -1: none
  bool hospital;          // key is (institution, hospital code)
  bool restricted;        // some rules are for listed institutions only
  struct list rules;      // the others
};

struct slot {
  uint32_t tag;      // upper half of the hash
  uint32_t first;    // where its first posting is, in words of 4 bytes; UINT32_MAX: empty
};
// Behind it the key's bytes, so that comparing costs no further fetch, and its rows, values of number columns filled in. Another key of the same
// hash follows unless it is the last.
struct posting_row {
  uint32_t table, row;
  struct table_span span;
  int64_t value;
};
struct posting {
  uint32_t institution_size, code_size;
  uint32_t rows;
  uint16_t hospital, last;
  char bytes[];      // institution (hospital codes), code
};

// What finding needs to know of a rule, packed: thousands of them fit into the cache.
struct brief {
  uint32_t visits;
  bool code;           // has a code witness
  bool certain;        // where it is found for a visit whose symbol is known, its scope holds
  bool by_diagnosis;   // provided that the main diagnosis is known
  bool missing;        // wants lines without a row
};

struct rule_index {
  const struct ruleset *ruleset;
  struct brief *briefs;                         // by rule
  struct list visits[2][VISIT_SYMBOL_COUNT];    // by unit: rules without a code witness, for any institution
  struct list missing;                          // rules that want lines without a row, for any institution
  struct name *names;                           // hash table; a name's number is its place
  uint64_t **wanted;                            // by name: the tables that some rule wants there, as bits; NULL: those of every place
  uint64_t *wanted_everywhere;
  struct local *places;                         // hash table
  uint32_t names_mask, places_mask, names_size;
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

static inline uint64_t name_hash(struct slice name) { return digest_hash64(name.data, name.size, 0); }
static inline int32_t name_number(const struct rule_index *index, struct slice name, uint64_t hash) {
  if (index->names_size == 0) return NAME_NONE;
  for (uint32_t at = (uint32_t)hash & index->names_mask; index->names[at].text.data != NULL; at = (at + 1) & index->names_mask)
    if (index->names[at].hash == hash && slice_equal(index->names[at].text, name)) return (int32_t)at;
  return NAME_NONE;
}

static inline uint32_t place_first(const struct rule_index *index, int32_t name, uint32_t space) {
  const uint64_t mixed = ((uint64_t)(uint32_t)name << 32 | space) * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(mixed >> 32) & index->places_mask;
}

static inline const struct local *place_find(const struct rule_index *index, int32_t name, uint32_t space) {
  if (name == NAME_NONE) return NULL;
  for (uint32_t at = place_first(index, name, space); index->places[at].list.size > 0; at = (at + 1) & index->places_mask)
    if (index->places[at].name == name && index->places[at].space == space) return &index->places[at];
  return NULL;
}

static inline uint64_t national_hash(struct slice code) { return digest_hash64(code.data, code.size, 1); }
static inline uint64_t hospital_hash(uint64_t institution, struct slice code) {
  return digest_hash64(code.data, code.size, institution ^ UINT64_C(0x9e3779b97f4a7c15));
}
static inline uint64_t filter_word(const struct rule_index *index, uint64_t hash) {
  return ((hash >> 32) * index->filter_words) >> 32;
}
// Four bits of one word, from the lower bits that do not choose the word.
static inline uint64_t filter_mask(uint64_t hash) {
  return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) | UINT64_C(1) << (hash >> 12 & 63) |
         UINT64_C(1) << (hash >> 18 & 63);
}
static inline uint64_t slot_of(const struct rule_index *index, uint64_t hash) { return (hash ^ hash >> 29) & index->slots_mask; }

static inline const struct posting *posting_at(const struct rule_index *index, uint32_t word) {
  return (const struct posting *)(const void *)&index->postings[word];
}
// Where the rows of a posting at that word begin, and where it ends, in words.
static inline uint32_t posting_rows(const struct posting *posting, uint32_t word) {
  return word + (uint32_t)((sizeof *posting + (size_t)posting->institution_size + posting->code_size + 7) / 8 * 2);
}
static inline uint32_t posting_end(const struct posting *posting, uint32_t word) {
  return posting_rows(posting, word) + posting->rows * (uint32_t)(sizeof(struct posting_row) / 4);
}
