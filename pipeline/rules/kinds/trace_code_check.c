// Drug trace codes against the product a line was billed as (追溯码与品名不符): SUB-005.
//
// The first `prefix_len` characters of a code name a product. A line hits when one of its codes names a product that the table, on the
// day of the fee, knows only under other national codes. What the table does not know, the product or the line's code, is bad
// data, never a claims; a line without codes is not looked at.
#include <stdlib.h>

#include "rules/kinds/claims.h"
#include "rules/kinds/parameter.h"
#include "rules/trace.h"

enum { MODE_PRODUCT };
enum { AMOUNT_LINES, AMOUNT_NONE };

struct params {
  struct slice table;
  int64_t prefix_len;
  int mode;
  const struct table *resolved;
  int prefix_column, code_column;
  uint32_t *by_prefix;    // all rows, ordered by their prefix
};

static const char *const mode_words[] = {"product", NULL};

#define AT(field) offsetof(struct params, field)
static const struct setting rows[] = {
    {"mode", SETTING_WORD, AT(mode), "product", 0, 0, 0, "", mode_words, "product: the code's product against the line's."},
    {"table", SETTING_TEXT, AT(table), "trace_product", 0, 100, 0, "", NULL,
     "Table with key [med_list_codg] and a text column product_prefix."},
    {"prefix_len", SETTING_INT, AT(prefix_len), "7", 1, 20, 0, "characters", NULL, "How much of a code names the product."},
};

// What the parameters mean to people, in the order of the rows above.
static const struct parameter_words words[] = {
    {"mode", "product：追溯码的产品与上传编码核对。", NULL, NULL,
     (const char *const[]){NULL},
     (const char *const[]){NULL}, NULL},
    {"table", "追溯码产品表，键为 [med_list_codg]，有文本列 product_prefix。",
     "产品取自知识表 {}，按费用发生日有效的行；表中没有的不立案", "products are those of table {}, the rows in force on the day of the fee; what it does not know is no finding", NULL, NULL, "table"},
    {"prefix_len", "追溯码前多少位表示产品。",
     "追溯码前 {} 表示产品", "the first {} of a trace code name the product", NULL, NULL, NULL},
};
_Static_assert(sizeof words / sizeof words[0] == sizeof rows / sizeof rows[0], "one row of words for each parameter");

enum { VALUE_LINE, VALUE_BILLED, VALUE_TRACE, VALUE_PRODUCT, VALUE_LINES };
static const struct operand_row operands_added[] = {
    {"feedetl_sn", VALUE_TEXT, "", "kind", "no line differs", "首个不符明细流水号",
     "first line that differs"},
    {"med_list_codg", VALUE_TEXT, "", "kind", "no line differs", "首个不符明细的上传医保编码",
     "national code billed on the first line that differs"},
    {"drug_trac_codg", VALUE_TEXT, "", "kind", "no line differs", "首个不符的药品追溯码",
     "first trace code that differs"},
    {"product_code", VALUE_TEXT, "", "table trace_product", "no line differs", "追溯码产品对应的医保编码",
     "national code of the trace code's product"},
    {"lines", VALUE_INT, "", "kind", "no line differs", "不符明细行数",
     "lines that differ"},
};

static const char *const amounts[] = {"in_scope_of_lines", "none", NULL};

static struct slice prefix_of(const struct params *params, uint32_t row) {
  return table_text(params->resolved, row, (unsigned)params->prefix_column);
}

static int by_prefix(const void *a, const void *b, void *context) {
  const struct params *params = context;
  const uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
  const int order = slice_compare(prefix_of(params, one), prefix_of(params, other));
  return order != 0 ? order : (one > other) - (one < other);
}

static bool prepare(struct prepare *prepare) {
  struct params *params = prepare->rule->params;
  static const char *const key[] = {"med_list_codg"};
  params->resolved = parameter_table(prepare, "table", params->table, key, 1);
  if (params->resolved == NULL) return false;
  params->prefix_column = parameter_column(prepare, "table", params->resolved, "product_prefix", CELL_TEXT);
  params->code_column = table_column_find(params->resolved, "med_list_codg");
  if (params->prefix_column < 0) return false;
  const uint32_t size = params->resolved->rows_size;
  params->by_prefix = ARENA_ARRAY(&prepare->ruleset->arena, uint32_t, size);
  for (uint32_t i = 0; i < size; i++) params->by_prefix[i] = i;
  qsort_r(params->by_prefix, size, sizeof *params->by_prefix, by_prefix, params);
  for (uint32_t i = 0; i < size; i++)
    if (prefix_of(params, i).size != (size_t)params->prefix_len) {
      parameter_error(prepare, "prefix_len", "table '%s' row %u has a product_prefix of %zu characters, not %lld", params->resolved->name,
                      i + 1, prefix_of(params, i).size, (long long)params->prefix_len);
      return false;
    }
  return true;
}

// A row in force that knows the prefix under the wanted code, else under any; UINT32_MAX: the product is unknown.
static uint32_t product_row(const struct params *params, struct slice prefix, struct slice wanted, int32_t day) {
  uint32_t low = 0, high = params->resolved->rows_size, found = UINT32_MAX;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (slice_compare(prefix_of(params, params->by_prefix[middle]), prefix) < 0) low = middle + 1;
    else high = middle;
  }
  for (; low < params->resolved->rows_size; low++) {
    const uint32_t row = params->by_prefix[low];
    if (!slice_equal(prefix_of(params, row), prefix)) break;
    if (!table_in_force(params->resolved, row, day)) continue;
    if (slice_equal(table_text(params->resolved, row, (unsigned)params->code_column), wanted)) return row;
    if (found == UINT32_MAX) found = row;
  }
  return found;
}

// The first code of the line that names another product, or NULL; *bad is the reason when a code could not be judged.
static const struct slice *wrong_code(const struct params *params, const struct item *item, int32_t day, uint32_t *row,
                                      enum bad_reason *bad) {
  for (uint32_t i = 0; i < item->traces_size; i++) {
    const struct slice code = item->traces[i];
    if (code.size < (size_t)params->prefix_len) {
      *bad = BAD_TRACE_CODE_SHAPE;
      continue;
    }
    *row = product_row(params, (struct slice){code.data, (size_t)params->prefix_len}, item->med_list_codg, day);
    if (*row == UINT32_MAX) *bad = BAD_UNKNOWN_PRODUCT;
    else if (!slice_equal(table_text(params->resolved, *row, (unsigned)params->code_column), item->med_list_codg))
      return &item->traces[i];
  }
  return NULL;
}

// Whether all codes of the line are of the product with that prefix.
static bool all_of(const struct params *params, const struct item *item, struct slice prefix) {
  for (uint32_t i = 0; i < item->traces_size; i++)
    if (item->traces[i].size < prefix.size || !slice_same(item->traces[i].data, prefix.data, prefix.size)) return false;
  return prefix.size == (size_t)params->prefix_len;
}

static void evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  const struct params *params = rule->params;
  struct visit *visit = input->visit;
  struct claims claims;
  claims_start(&claims, input, verdict);
  view_items(visit);
  for (uint32_t i = 0; i < input->candidates_size; i++) {
    const struct candidate *candidate = &input->candidates[i];
    const struct item *item = &visit->items[candidate->item];
    if (item->traces_size == 0) continue;
    if (item->time_s == DATE_ABSENT) {
      claims_bad(&claims, candidate->item, BAD_MISSING_FEE_TIME);
      continue;
    }
    const int32_t day = date_day(item->time_s);
    const bool in_force = candidate->row != UINT32_MAX && table_span_holds(candidate->span, day);
    // Nearly always they are of the product in the line's own row.
    if (in_force && all_of(params, item, prefix_of(params, candidate->row))) continue;
    if (!in_force && (candidate->row == UINT32_MAX || table_on(params->resolved, candidate->row, day) == UINT32_MAX)) {
      claims_bad(&claims, candidate->item, BAD_MISSING_ROW);
      continue;
    }
    uint32_t row = UINT32_MAX;
    enum bad_reason bad = BAD_REASON_COUNT;
    const struct slice *code = wrong_code(params, item, day, &row, &bad);
    if (code == NULL) {
      if (bad != BAD_REASON_COUNT) claims_bad(&claims, candidate->item, bad);
      continue;
    }
    const struct slice product = table_text(params->resolved, row, (unsigned)params->code_column);
    if (input->trace != NULL) trace_say(input->trace, "drug_trac_codg", *code, product, TRUTH_TRUE);
    if (verdict->claims_size == 0) {
      verdict->values[VALUE_LINE] = value_text(item->feedetl_sn);
      verdict->values[VALUE_BILLED] = value_text(item->med_list_codg);
      verdict->values[VALUE_TRACE] = value_text(*code);
      verdict->values[VALUE_PRODUCT] = value_text(product);
    }
    claims_take(&claims, candidate->item, rule->amount == AMOUNT_LINES ? item->inscp_fen : 0);
  }
  if (verdict->claims_size > 0) verdict->values[VALUE_LINES] = value_int(verdict->claims_size);
  claims_end(&claims);
}

static const struct table *witness_table(const struct rule *rule) { return ((const struct params *)rule->params)->resolved; }
static bool wants_missing(const struct rule *rule) { return rule->params != NULL; }

extern const struct kind kind_trace_code_check;
const struct kind kind_trace_code_check = {
    .name = "trace_code_check",
    .title_zh = "追溯码检查",
    .unit = KIND_CLAIM,
    .witness = WITNESS_NATIONAL_CODE,
    .summary_zh = "逐行核对药品追溯码：追溯码所属产品与上传的医保编码不是同一药品的明细。",
    .summary_en = "Checks drug trace codes line by line: lines whose code belongs to another product than the one billed.",
    .params = rows,
    .words = words,
    .params_size = sizeof rows / sizeof rows[0],
    .params_bytes = sizeof(struct params),
    .operands = operands_added,
    .operands_size = sizeof operands_added / sizeof operands_added[0],
    .amounts = amounts,
    .identity = "all setl_id of the visit",
    .prepare = prepare,
    .evaluate = evaluate,
    .witness_table = witness_table,
    .wants_missing = wants_missing,
};
