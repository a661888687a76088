// What would have to be different: the smallest changes of facts that turn a decision round.
//
//   begntime 2026-03-11 -> 2026-03-22        the earlier stay's readmission_plan - -> PLANNED        line 3: count 4 -> 3
//
// Candidates come from the rule's own conditions (the symbols, texts and bounds that it names), from the facts that pairs of stays
// share, from the ends of the stays by days and hours, the stay as a whole moved by days, and from the lines: left out, counted less,
// priced lower, dated otherwise, billed under the code that the kind found, or added. Every one is tried by really judging the
// changed facts; what is told did turn the verdict. Of numbers the nearest one that does is found by bisection. One fact is tried
// first, then two together.
#pragma once

#include "core/arena.h"
#include "rules/index.h"
#include "rules/judge.h"

enum { FLIP_FACTS = 2 };

struct flip_fact {
  struct slice fact;        // "begntime", "previous.readmission_plan", "line 3: count"
  struct slice from, to;    // as people read them
};

struct flip {
  struct flip_fact facts[FLIP_FACTS];
  unsigned size;
  enum outcome outcome;     // then
  struct slice reason;      // band of a hit, exemption, reason of bad data
  int direction;            // of a step in time: -1 earlier, 1 later
  int64_t weight;           // fewer facts and smaller steps first
};

struct flips {
  const struct flip *rows;    // by weight; the best of each fact, of times the best of each direction
  size_t size;
  size_t tried;               // judgements that were made for it
};

// For a verdict of judge on this input. A hit turns round when it hits no more, anything else when it hits. Results and texts live in
// the arena; scratch is the worker's. Nothing given is changed, but that lines may be loaded.
struct flips flip_search(const struct rule *rule, const struct judge_input *input, const struct verdict *verdict,
                         struct index_scratch *scratch, struct arena *arena);
