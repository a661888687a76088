// The required-witness index: which rules a visit can concern at all, at a cost that follows the record, not the rule set.
//
// A rule with a code witness is found by one hash look-up per line and key kind (national code; institution + hospital
// code); the other rules by the visit's symbol and, where their scope names institutions, by institution. What the index
// does not return is out_of_scope and is never evaluated. Rules that are draft or retired are not in the index.
//
//   line -> memo of the worker (memo.h), or
//   line -> hash -> filter (8 bytes of a bit set, mostly "no") -> slot -> postings {table, row} -> the table's rules ->
//   candidates
//
// The filter is small enough to stay in the cache when the tables have a million rows. Read-only after create; shared by
// threads.
#pragma once

#include "rules/judge.h"

struct rule_index;

struct rule_index *index_create(struct ruleset *ruleset);    // in the set's arena

// Scratch of one worker, reused; all results are valid until the next call. Start with all zeros.
struct index_scratch {
  struct candidate *candidates;    // sorted by rule, then item
  uint32_t candidates_size, candidates_capacity;
  uint32_t *rules;                 // rules to judge for the visit, ascending, each once
  uint32_t *ends;                  // of claim rules: where the candidates of rules[r] end, and those of the next begin
  uint32_t rules_size, rules_capacity;
  // Of index.c: what the lines of the visit hit.
  struct index_hit *hits;
  struct index_chain *chains;      // by rule; empty between calls
  uint32_t *touched;
  struct memo_hit *found;
  struct memo *memo;               // memo.h
  uint64_t *marks, *summary;       // rules found, as bits, and which words of them have any; zero between calls
  uint32_t hits_size, hits_capacity, marks_size, touched_size, found_size, found_capacity;
};
void index_scratch_fini(struct index_scratch *scratch);

// Rules of unit KIND_CLAIM that may concern the visit (loads its items when some code witness exists).
void index_find_claim(const struct rule_index *index, struct visit *visit, struct index_scratch *scratch);
// Whether the scope of a rule that was found for the visit is known to hold: it need not be evaluated again.
bool index_scope_holds(const struct rule_index *index, uint32_t rule, const struct visit *visit);
// Rules of unit KIND_PAIR for a visit; no candidates.
void index_find_pair(const struct rule_index *index, const struct visit *visit, struct index_scratch *scratch);
