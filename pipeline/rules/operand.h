// The vocabulary: every operand that a condition, a sentence, `require` or `show` may name stands in one typed table.
//
// An operand's number says which value it is: a row of the table here (a fact of the visit judged), the same row of the
// earlier stay of a pair (`previous.endtime`), or a row of the rule kind's own table (`gap`). From the table come the
// getters, the checks of the loader, the handbook (`rules doc fields`) and the words of the trace. Read-only; thread-safe.
#pragma once

#include "rules/judge.h"
#include "rules/kinds/kind.h"

enum { OPERAND_PREVIOUS = 1 << 16, OPERAND_KIND = 1 << 17, OPERAND_ROW = 0xffff, OPERAND_NONE = -1 };

// visit is the one judged, or the earlier one for `previous.*`; related is NULL where there is none.
typedef struct value operand_get(const struct judge_input *input, struct visit *visit, const struct visit *related);

struct operand {
  struct operand_row row;
  const char *previous;      // "previous.endtime"; NULL: not of the earlier stay
  const char *missing;       // "missing_endtime": the reason of bad_data
  int codes;                 // enum code_table of a symbol; -1: no symbol
  size_t offset;             // in struct visit of a plain text; SIZE_MAX: get
  operand_get *get;
  bool many;                 // several texts (diagnoses): a condition holds when one of them fits
  bool pair;                 // only where there is an earlier stay
  bool others;               // looks at other visits of the person than the one judged and its pair
  bool names_somebody;       // a person or an institution: an exemption by it needs owner, approver and end
  int64_t low, high;         // the values that are possible, both inclusive; low > high: not limited
  const char *table;         // a knowledge table it needs, or NULL
};

extern const struct operand operands[];
extern const size_t operands_size;

// The number of an operand by its name, -1 when there is none. kind may be NULL: then without the kind's own.
int operand_find(const struct kind *kind, struct slice name);
// The row of the handbook; of `previous.x` that of `x`.
const struct operand_row *operand_row(const struct kind *kind, int number);
// The table's row; NULL for an operand of the kind.
const struct operand *operand_of(int number);
const char *operand_text(const struct kind *kind, int number);    // the name as written in rules
// The name nearest to a misspelt one, or NULL.
const char *operand_nearest(const struct kind *kind, struct slice name);
// How many symbols each code table has, symbol 0 (not mapped) included; at most 32.
extern const unsigned operand_symbols[CODE_TABLE_COUNT];
// Code table of a symbol, -1 for other operands.
int operand_codes(int number);
// The values of an operand that is `many`, from the visit judged or the earlier one.
const struct slice *operand_values(int number, const struct visit *visit, uint32_t *size);
// The range of possible values of a number; false: not limited.
bool operand_range(const struct rule *rule, int number, int64_t *low, int64_t *high);
