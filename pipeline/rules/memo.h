// What the index found for the codes of a line: a region bills the same few thousand pairs again and again.
//
//   institution, national code, hospital code -> place, or the one beside it -> pair {the three texts, its hits in the pool}
//
// A hit is a rule for that institution and a row of its table; of a key's rows the one in force when it was met stands here, so that all is
// forgotten when time has moved on, as it is when the pool is full. Only a shortcut: what is not
// here, or does not fit, is looked up. One per worker and index. Zeroed memory is an empty one.
#pragma once

#include "core/slice.h"
#include "knowledge/table.h"

// A rule and a row of its table with what judging reads of it (struct candidate), side by side: each table's own memory is anywhere.
struct memo_hit {
  uint32_t rule, row;
  struct table_span span;
  int64_t value;
};

enum { MEMO_PAIRS = 8192, MEMO_TEXTS = 53, MEMO_POOL = 1 << 17, MEMO_DAYS = 31 };

struct memo_pair {
  uint8_t institution, national, hospital;    // sizes of the texts, one after the other
  char texts[MEMO_TEXTS];
  uint32_t first, size;                       // in the pool
};

struct memo {
  uint64_t index;    // whose rows these are
  int32_t day;       // when the first of them was met
  uint32_t pool_size;
  struct memo_pair pairs[MEMO_PAIRS];
  struct memo_hit pool[MEMO_POOL];
};

struct memo_key {
  struct slice institution, national, hospital;
  int32_t day;    // of the line: not part of what is compared
};

// Even: the pair is there or at the next place.
static inline uint32_t memo_place(uint64_t institution_hash, struct slice national, struct slice hospital) {
  const uint64_t mixed = slice_tail(national) ^ slice_tail(hospital) * UINT64_C(0xff51afd7ed558ccd) ^ institution_hash;
  return (uint32_t)(mixed * UINT64_C(0x9e3779b97f4a7c15) >> 40) % MEMO_PAIRS & ~1u;
}

// A key of nothing is in every empty pair, and hits nothing there.
static inline bool memo_holds(const struct memo_pair *pair, const struct memo_key *key) {
  const char *institution = pair->texts, *national = institution + pair->institution, *hospital = national + pair->national;
  return pair->national == key->national.size && pair->hospital == key->hospital.size && pair->institution == key->institution.size &&
         slice_same(national, key->national.data, key->national.size) && slice_same(hospital, key->hospital.data, key->hospital.size) &&
         slice_same(institution, key->institution.data, key->institution.size);
}

// At the place, from where what was there moves on to the next; nothing when it does not fit.
void memo_keep(struct memo *memo, struct memo_pair *pair, const struct memo_key *key, const struct memo_hit *hits, size_t size);
