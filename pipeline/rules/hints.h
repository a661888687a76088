// The JSON Schema (draft 7) of the files of a rule folder, for editors: completion, hover text in Chinese, red underlines.
//
// It is written from the rows that the loader checks with: forms (format.h and those of tables, codes, calendars), operands, rule kinds
// and their parameters, symbols. What the schema refuses the loader refuses too; the loader knows more (contradictions, tests that are
// missing, tables that do not fit). One schema does for rules, tables, codes, calendars and overlays: their required keys
// tell them apart.
#pragma once

#include "config/form.h"
#include "rules/rule.h"

struct hints {
  const struct form *record;          // of a test's `given`
  const struct ruleset *ruleset;      // tables and visit groups of a site, nothing else is then allowed; NULL: any table
};
void hints_write(const struct hints *hints, struct text *out);

// Chinese for units ("days"), or the unit itself; "" for none.
const char *hints_unit_zh(const char *unit);
// The range, unit and default of a parameter in Chinese: "整数，0..9600，单位 天，默认 15".
void hints_parameter(const struct setting *row, struct text *out);
