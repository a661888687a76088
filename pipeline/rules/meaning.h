// What a rule means, in words: a sentence for each condition and parameter, in Chinese or English.
//
// Everything comes from rows: operands have names, parameters have sentences, symbols and formulas of amounts have words beside them. What
// a site added to its codes shows by the names of its groups. Used by `rules explain-rule` and by the handbook.
#pragma once

#include "rules/condition.h"
#include "rules/page.h"

struct meaning {
  const struct ruleset *ruleset;
  const struct rule *rule;
  bool chinese;
};

// "the gap is at most 7 days and the way of leaving is none of ..." without a full stop. NULL: "always".
void meaning_condition(const struct meaning *meaning, const struct condition *condition, struct text *out);
// The sentence of parameter n; false when it says nothing.
bool meaning_parameter(const struct meaning *meaning, size_t n, struct text *out);
// The name of an operand: "上次住院的主诊断前三位".
void meaning_operand(const struct meaning *meaning, int operand, struct text *out);
// The rule in full, beginning with a heading of that level.
void meaning_rule(const struct meaning *meaning, unsigned level, struct page *page);

// What an amount's name stands for, with its rounding.
struct meaning_amount { const char *name, *zh, *en; };
extern const struct meaning_amount meaning_amounts[];
extern const size_t meaning_amounts_size;
const struct meaning_amount *meaning_amount_find(const char *name);    // NULL: none
