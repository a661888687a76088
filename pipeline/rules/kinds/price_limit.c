// A unit price above a cap (价格上限): SUB-006.
//
// The cap is the table's price in force on the day of the fee, plus a mark-up. A line hits when cnt x (pric - cap) exceeds the
// tolerance; claimed is that difference in fen, rounded half up, less what overlmt_amt already took off (A-PRICE). Codes
// without a row in force have no cap.
#include "rules/kinds/claims.h"
#include "rules/kinds/parameter.h"
#include "rules/trace.h"

enum { AMOUNT_DIFFERENCE, AMOUNT_LINES, AMOUNT_NONE };
// cnt 10^-4, pric 10^-6 yuan, permille 10^-3: a product counts 10^-13 yuan, 10^11 of which are a fen.
enum { PERMILLE = 1000 };
#define PRODUCT_OF_FEN INT64_C(100000000000)
#define PRODUCT_OF_MICRO INT64_C(10000000)
enum { MICRO_OF_FEN = 10000 };

__extension__ typedef __int128 product;

struct params {
  struct slice table;
  struct setting_number tolerance_fen, markup_permille;
  const struct table *resolved;
  int price_column;
};

#define AT(field) offsetof(struct params, field)
static const struct setting rows[] = {
    {"table", SETTING_TEXT, AT(table), "procurement_price", 0, 100, 0, "", NULL, "Table with key [med_list_codg] and a column price."},
    {"tolerance_fen", SETTING_NUMBER, AT(tolerance_fen), "1", 0, 100000, 0, "fen", NULL, "A line's difference up to this is allowed."},
    {"markup_permille", SETTING_NUMBER, AT(markup_permille), "0", 0, 1000, 0, "permille", NULL, "Lawful mark-up on the table's price."},
};

// What the parameters mean to people, in the order of the rows above.
static const struct parameter_words words[] = {
    {"table", "价格表，键为 [med_list_codg]，有 price 列。",
     "上限取自知识表 {}，按费用发生日有效的行；没有上限的编码不适用", "the cap is table {}, the row in force on the day of the fee; a code without one is out of scope", NULL, NULL, "table"},
    {"tolerance_fen", "每行差额不超过多少分的忽略不计。",
     "每行差额不超过 {} 的忽略不计", "a line's difference up to {} is allowed", NULL, NULL, NULL},
    {"markup_permille", "在表中价格上允许的加成（千分比）。",
     "在表中价格上允许加成 {}", "a mark-up of {} on the table's price is lawful", NULL, NULL, NULL},
};
_Static_assert(sizeof words / sizeof words[0] == sizeof rows / sizeof rows[0], "one row of words for each parameter");

enum { VALUE_LINE, VALUE_CODE, VALUE_PRIC, VALUE_CAP, VALUE_DIFFERENCE, VALUE_LINES };
static const struct operand_row operands_added[] = {
    {"feedetl_sn", VALUE_TEXT, "", "kind", "no line exceeds its cap", "首个超价明细流水号",
     "first line above its cap"},
    {"med_list_codg", VALUE_TEXT, "", "kind", "no line exceeds its cap", "首个超价明细的医保编码",
     "national code of the first line above its cap"},
    {"pric", VALUE_PRICE, "yuan", "kind", "no line exceeds its cap", "首个超价明细的单价",
     "unit price of the first line above its cap"},
    {"price_cap", VALUE_PRICE, "yuan", "table procurement_price", "no line exceeds its cap", "价格上限（含允许加成，四舍五入到微元）",
     "price cap"},
    {"price_difference", VALUE_FEN, "yuan", "kind", "no line exceeds its cap", "超价差额合计（扣除已计超限价自费）",
     "sum of the price differences"},
    {"lines", VALUE_INT, "", "kind", "no line exceeds its cap", "超价明细行数",
     "lines above their cap"},
};

static const char *const amounts[] = {"price_difference", "in_scope_of_lines", "none", NULL};

static bool prepare(struct prepare *prepare) {
  struct params *params = prepare->rule->params;
  static const char *const key[] = {"med_list_codg"};
  params->resolved = parameter_table(prepare, "table", params->table, key, 1);
  if (params->resolved == NULL) return false;
  params->price_column = parameter_column(prepare, "table", params->resolved, "price", CELL_PRICE);
  return params->price_column >= 0;
}

static int64_t micro_of(product cap) { return (int64_t)((cap + PERMILLE / 2) / PERMILLE); }

// The price beside its cap, and what counts: the line's difference beside the tolerance, in micro-yuan rounded up, so that it is above
// the bound exactly when the line hits.
static void tell(const struct params *params, struct trace *trace, int64_t pric, product cap, product over) {
  const struct value price = value_of(VALUE_PRICE, pric);
  trace_range(trace, "pric", &price, INT64_MIN, micro_of(cap));
  const product micro = over > 0 ? (over + PRODUCT_OF_MICRO - 1) / PRODUCT_OF_MICRO : -(-over / PRODUCT_OF_MICRO);
  const struct value difference = value_of(VALUE_PRICE, micro > INT64_MAX ? INT64_MAX : micro < INT64_MIN ? INT64_MIN : (int64_t)micro);
  trace_range(trace, "difference of the line", &difference, INT64_MIN, params->tolerance_fen.value * MICRO_OF_FEN);
}

static void evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  const struct params *params = rule->params;
  struct visit *visit = input->visit;
  struct claims claims;
  claims_start(&claims, input, verdict);
  view_items(visit);
  int64_t total = 0, nearest_pric = -1;    // of the line that came nearest, when none is above
  product nearest_cap = 0, nearest_over = 0;
  for (uint32_t i = 0; i < input->candidates_size; i++) {
    const struct candidate *candidate = &input->candidates[i];
    const struct item *item = &visit->items[candidate->item];
    if (item->time_s == DATE_ABSENT) {
      claims_bad(&claims, candidate->item, BAD_MISSING_FEE_TIME);
      continue;
    }
    const int32_t day = date_day(item->time_s);
    if (candidate->row == UINT32_MAX) continue;
    int64_t price = candidate->value;
    if (!table_span_holds(candidate->span, day)) {
      const uint32_t row = table_on(params->resolved, candidate->row, day);
      price = row != UINT32_MAX ? table_number(params->resolved, row, (unsigned)params->price_column) : INT64_MIN;
    }
    if (price == INT64_MIN) continue;
    if ((item->flags & (ITEM_NO_PRICE | ITEM_NO_CNT)) != 0) {
      claims_bad(&claims, candidate->item, (item->flags & ITEM_NO_CNT) != 0 ? BAD_MISSING_CNT : BAD_MISSING_PRICE);
      continue;
    }
    const product cap = (product)price * (PERMILLE + params->markup_permille.value);
    const product over = (product)item->cnt * ((product)item->pric * PERMILLE - cap);
    const bool above = over > (product)params->tolerance_fen.value * PRODUCT_OF_FEN;
    if (input->trace != NULL && above) tell(params, input->trace, item->pric, cap, over);
    if (input->trace != NULL && (nearest_pric < 0 || over > nearest_over)) {
      nearest_over = over;
      nearest_pric = item->pric;
      nearest_cap = cap;
    }
    if (!above) continue;
    const product rounded = (over + PRODUCT_OF_FEN / 2) / PRODUCT_OF_FEN;
    int64_t fen = rounded > INT64_MAX ? INT64_MAX : (int64_t)rounded;
    if ((item->flags & ITEM_HAS_OVERLMT) != 0 && item->overlmt_fen > 0) fen = fen > item->overlmt_fen ? fen - item->overlmt_fen : 0;
    if (verdict->claims_size == 0) {
      verdict->values[VALUE_LINE] = value_text(item->feedetl_sn);
      verdict->values[VALUE_CODE] = value_text(item->med_list_codg);
      verdict->values[VALUE_PRIC] = value_of(VALUE_PRICE, item->pric);
      verdict->values[VALUE_CAP] = value_of(VALUE_PRICE, micro_of(cap));
    }
    if (__builtin_add_overflow(total, fen, &total)) total = INT64_MAX;
    claims_take(&claims, candidate->item,
                  rule->amount == AMOUNT_DIFFERENCE ? fen : (rule->amount == AMOUNT_LINES ? item->inscp_fen : 0));
  }
  if (input->trace != NULL && verdict->claims_size == 0 && nearest_pric >= 0)
    tell(params, input->trace, nearest_pric, nearest_cap, nearest_over);
  if (verdict->claims_size > 0) {
    verdict->values[VALUE_DIFFERENCE] = value_of(VALUE_FEN, total);
    verdict->values[VALUE_LINES] = value_int(verdict->claims_size);
  }
  claims_end(&claims);
}

static const struct table *witness_table(const struct rule *rule) { return ((const struct params *)rule->params)->resolved; }
static int witness_column(const struct rule *rule) { return ((const struct params *)rule->params)->price_column; }

extern const struct kind kind_price_limit;
const struct kind kind_price_limit = {
    .name = "price_limit",
    .title_zh = "价格上限",
    .unit = KIND_CLAIM,
    .witness = WITNESS_NATIONAL_CODE,
    .summary_zh = "逐行比较单价与价格上限：超出上限的差额。",
    .summary_en = "Compares each line's unit price with its cap: what exceeds it.",
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
    .witness_column = witness_column,
};
