// What the witness index is made of; for index.c, which finds, and index_make.c, which makes it, only.
//
//   places    (institution or diagnosis group, space) -> rules        for scopes that list names
//   filter    blocked Bloom filter over all keys of all witness tables: most codes end here
//   slots     hash of a key -> its first posting -> rows of tables, the key's bytes beside them
//
// Made once per rule set in its arena, read-only from then on.
#pragma once

#include "core/digest.h"
#include "rules/index.h"
#include "rules/kinds/kind.h"


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
#define POSTING_LAST UINT32_C(0x80000000)

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

static inline uint64_t name_hash(struct slice name) { return digest_hash64(name.data, name.size, 0); }
static inline uint64_t place_hash(uint64_t hashed, uint32_t space) {
  const uint64_t mixed = (hashed ^ ((uint64_t)space + 1) * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
  return mixed ^ mixed >> 32;
}

static inline const struct local *place_find(const struct rule_index *index, struct slice name, uint64_t hashed,
                                      uint32_t space) {
  if (index->places_size == 0) return NULL;
  const uint64_t hash = place_hash(hashed, space);
  for (uint32_t at = (uint32_t)hash & index->places_mask;; at = (at + 1) & index->places_mask) {
    const struct local *local = &index->places[at];
    if (local->name.data == NULL) return NULL;
    if (local->hash == hash && local->space == space && slice_equal(local->name, name)) return local;
  }
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
static inline uint32_t posting_words(uint32_t institution_size, uint32_t code_size) {
  return (uint32_t)((sizeof(struct posting) + (size_t)institution_size + code_size + 3) / 4);
}
