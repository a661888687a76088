// How a rule was compiled: by what the index finds it, how often it will be asked, what it reads, how far back it looks.
//
// Says what the index does (index.h), from the same questions to the compiled rule. Read-only; thread-safe.
#pragma once

#include "rules/rule.h"

// What must be there before the rule is asked at all.
enum analyse_witness {
  ANALYSE_NONE,              // nothing: every visit
  ANALYSE_VISIT,             // a kind of visit
  ANALYSE_DIAGNOSIS,         // one of some groups of main diagnoses
  ANALYSE_INSTITUTION,       // one of some institutions
  ANALYSE_NATIONAL_CODE,     // a line with a code of a table
  ANALYSE_HOSPITAL_CODE,     // a line with an institution's own code of a table
  ANALYSE_OFF,               // draft or retired: never asked
};
extern const char *const analyse_witness_words[], *const analyse_witness_zh[];

// How its cost grows.
enum analyse_cost {
  ANALYSE_COST_NOTHING,      // never asked
  ANALYSE_COST_CODE,         // with the lines that carry a code of its table
  ANALYSE_COST_NAMED,        // with the visits of the institutions or diagnoses it names
  ANALYSE_COST_VISIT,        // with the visits of a kind
  ANALYSE_COST_LINES,        // with all lines of the visits of a kind
  ANALYSE_COST_HISTORY,      // with the stays of a person, each against those before it
  ANALYSE_COST_EVERY,        // with everything
};
extern const char *const analyse_cost_words[], *const analyse_cost_zh[], *const analyse_cost_means[], *const analyse_cost_means_zh[];

struct analysis {
  const struct rule *rule;
  enum analyse_witness witness;
  enum analyse_cost cost;
  const struct table *table;     // of a code witness, or NULL
  uint32_t keys;                 // different codes in it
  size_t names;                  // institutions its scope is only for; else groups of diagnoses; 0: for any
  bool wants_missing;            // lines without a row are candidates, too
  size_t tests;                  // single tests in scope, exemptions and bands
  int32_t lookback_days;
  const int *reads;              // operands, ascending, each once
  size_t reads_size;
};

// Lists live in the arena.
void analyse_rule(const struct rule *rule, struct arena *arena, struct analysis *analysis);
// No witness although the rule is judged: its scope should name a kind of visit.
static inline bool analyse_warns(const struct analysis *analysis) { return analysis->witness == ANALYSE_NONE; }
