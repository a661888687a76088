// A number that comes from a knowledge table instead of the rule: {table: split_gap_days, by: [hosp_lv, region]};
// a single operand may stand without brackets.
//
// `by` names one operand for each key column of the table; the value is the table's only number column, or `column`. The row
// is the first one in force on the visit's service date. No row, an unknown operand or an empty cell: unknown.
#pragma once

#include "rules/judge.h"
#include "rules/kinds/kind.h"

struct lookup {
  const struct table *table;
  const int *by;    // operands
  size_t by_size;
  unsigned column;
  int64_t shift;    // added to every value; 0 but in mutation tests
  const struct yaml_node *node;
};

// The table of that name; NULL after an error at the node: none of that name (with the nearest one), or told before because
// it is bad.
const struct table *lookup_table(const struct prepare *prepare, const struct yaml_node *node, struct slice name);
// Reads and checks the map; errors go to the file's diagnostics, then NULL. type: what the value must be. after: operands of
// the kind and `previous.*` may be named.
const struct lookup *lookup_compile(const struct prepare *prepare, const struct yaml_node *map, enum value_type type,
                                    bool after);
bool lookup_value(const struct lookup *lookup, const struct judge_input *input, const struct verdict *verdict, int64_t *out);
// The rule with what its parameters look up for this visit in their places: itself when they look up nothing, else *copy, with parameters in the
// input's arena, and none of them is a look-up any more. NULL when one of them is unknown.
const struct rule *lookup_resolve(const struct rule *rule, const struct judge_input *input, const struct verdict *verdict, struct rule *copy);
// Whether every value it may give lies within the parameter's bounds; told.
bool lookup_fits(const struct prepare *prepare, const struct lookup *lookup, const struct setting *row);
void lookup_canonical(const struct kind *kind, const struct lookup *lookup, struct text *out);
