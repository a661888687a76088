// The national code a line was billed under against the one the institution filed for its own code (目录对照): SUB-001A.
//
// The row in force on the day of the fee for (fixmedins_code, medins_list_codg) names the national code. Through the
// `update_workdays`-th working day after a row begins, the code of the row before it is allowed too.
#include "rules/kinds/claims.h"
#include "rules/kinds/parameter.h"
#include "rules/trace.h"

enum { MISSING_BAD_DATA, MISSING_OUT_OF_SCOPE };
enum { AMOUNT_LINES, AMOUNT_NONE };

struct params {
  struct slice table;
  struct setting_number update_workdays;
  int missing_row;
  const struct table *resolved;
  int code_column;
};

static const char *const missing_words[] = {"bad_data", "out_of_scope", NULL};

#define AT(field) offsetof(struct params, field)
static const struct setting rows[] = {
    {"table", SETTING_TEXT, AT(table), "item_mapping", 0, 100, 0, "", NULL,
     "Table with key [fixmedins_code, medins_list_codg] and a text column med_list_codg."},
    {"update_workdays", SETTING_NUMBER, AT(update_workdays), "5", 0, 60, 0, "working days", NULL,
     "After a change the code before it is allowed through so many working days."},
    {"missing_row", SETTING_WORD, AT(missing_row), "bad_data", 0, 0, 0, "", missing_words, "What a line without a row is."},
};

// What the parameters mean to people, in the order of the rows above.
static const struct parameter_words words[] = {
    {"table", "目录对照表，键为 [fixmedins_code, medins_list_codg]，有文本列 med_list_codg。",
     "对照关系取自知识表 {}，按费用发生日有效的行", "the mapping is table {}, the row in force on the day of the fee", NULL, NULL, "table"},
    {"update_workdays", "对照变更后，旧编码还可以使用多少个工作日。",
     "对照变更后 {} 内仍允许使用旧编码", "the code before a change is allowed for {} more", NULL, NULL, NULL},
    {"missing_row", "没有备案对照的明细：bad_data 数据不足，out_of_scope 不适用。", NULL, NULL,
     (const char *const[]){"没有备案对照的明细按数据不足处理，不立案", "没有备案对照的明细不适用本规则"},
     (const char *const[]){"a line without a filed mapping is bad data, never a finding", "a line without a filed mapping is out of scope"}, NULL},
};
_Static_assert(sizeof words / sizeof words[0] == sizeof rows / sizeof rows[0], "one row of words for each parameter");

enum { VALUE_LINE, VALUE_HOSPITAL_CODE, VALUE_BILLED, VALUE_FILED, VALUE_LINES };
static const struct operand_row operands_added[] = {
    {"feedetl_sn", VALUE_TEXT, "", "kind", "no line differs", "首个不符明细流水号",
     "first line that differs"},
    {"medins_list_codg", VALUE_TEXT, "", "kind", "no line differs", "首个不符明细的院内目录编码",
     "hospital code of the first line that differs"},
    {"billed_code", VALUE_TEXT, "", "kind", "no line differs", "首个不符明细的上传医保编码",
     "national code billed on the first line that differs"},
    {"filed_code", VALUE_TEXT, "", "table item_mapping", "no line differs", "对照表中的医保编码",
     "national code filed"},
    {"lines", VALUE_INT, "", "kind", "no line differs", "不符明细行数",
     "lines that differ"},
};

static const char *const amounts[] = {"in_scope_of_lines", "none", NULL};

static bool prepare(struct prepare *prepare) {
  struct params *params = prepare->rule->params;
  static const char *const key[] = {"fixmedins_code", "medins_list_codg"};
  params->resolved = parameter_table(prepare, "table", params->table, key, 2);
  if (params->resolved == NULL) return false;
  params->code_column = parameter_column(prepare, "table", params->resolved, "med_list_codg", CELL_TEXT);
  return params->code_column >= 0;
}

// The code of the row before `row`, while it is still allowed. TRUTH_UNKNOWN: the calendar does not know the days.
static enum truth allowed_before(const struct params *params, const struct judge_input *input, const struct item *item, uint32_t row,
                                 int32_t day) {
  const struct table *table = params->resolved;
  if (params->update_workdays.value == 0 || table->from_column < 0) return TRUTH_FALSE;
  const int64_t from = table_number(table, row, (unsigned)table->from_column);
  if (from == INT64_MIN || from > day) return TRUTH_FALSE;
  const uint32_t *found;
  const uint32_t size =
      table_find(table, (struct slice[]){input->visit->fixmedins_code, item->medins_list_codg}, &found);
  uint32_t before = UINT32_MAX;
  int64_t before_from = INT64_MIN;
  for (uint32_t i = 0; i < size; i++) {
    const int64_t other = table_number(table, found[i], (unsigned)table->from_column);
    if (other >= from || (before != UINT32_MAX && other < before_from)) continue;
    before = found[i];
    before_from = other;
  }
  if (before == UINT32_MAX || !slice_equal(table_text(table, before, (unsigned)params->code_column), item->med_list_codg))
    return TRUTH_FALSE;
  if (day == from) return TRUTH_TRUE;
  // Through the n-th working day: fewer than n lie strictly between.
  const int workdays = calendar_workdays_between(input->ruleset->calendar, (int32_t)from, day - 1);
  return workdays < 0 ? TRUTH_UNKNOWN : truth_of(workdays < params->update_workdays.value);
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
    if (item->time_s == DATE_ABSENT) {
      claims_bad(&claims, candidate->item, BAD_MISSING_FEE_TIME);
      continue;
    }
    const int32_t day = date_day(item->time_s);
    uint32_t row = candidate->row;
    if (row != UINT32_MAX && !table_span_holds(candidate->span, day))
      row = table_on(params->resolved, row, day);
    if (row == UINT32_MAX || item->med_list_codg.size == 0) {
      if (params->missing_row == MISSING_BAD_DATA) claims_bad(&claims, candidate->item, BAD_MISSING_ROW);
      continue;
    }
    if (row == candidate->row && candidate->value == 1) continue;
    const struct slice filed = table_text(params->resolved, row, (unsigned)params->code_column);
    if (slice_equal(filed, item->med_list_codg)) continue;
    const enum truth allowed = allowed_before(params, input, item, row, day);
    if (input->trace != NULL) trace_say(input->trace, "med_list_codg", item->med_list_codg, filed, truth_not(allowed));
    if (allowed == TRUTH_UNKNOWN) {
      claims_bad(&claims, candidate->item, BAD_UNKNOWN_CALENDAR);
    } else if (allowed == TRUTH_FALSE) {
      if (verdict->claims_size == 0) {
        verdict->values[VALUE_LINE] = value_text(item->feedetl_sn);
        verdict->values[VALUE_HOSPITAL_CODE] = value_text(item->medins_list_codg);
        verdict->values[VALUE_BILLED] = value_text(item->med_list_codg);
        verdict->values[VALUE_FILED] = value_text(filed);
      }
      claims_take(&claims, candidate->item, rule->amount == AMOUNT_LINES ? item->inscp_fen : 0);
    }
  }
  if (verdict->claims_size > 0) verdict->values[VALUE_LINES] = value_int(verdict->claims_size);
  claims_end(&claims);
}

static const struct table *witness_table(const struct rule *rule) { return ((const struct params *)rule->params)->resolved; }
static int witness_column(const struct rule *rule) { return ((const struct params *)rule->params)->code_column; }
static bool wants_missing(const struct rule *rule) {
  return ((const struct params *)rule->params)->missing_row == MISSING_BAD_DATA;
}

extern const struct kind kind_mapping_check;
const struct kind kind_mapping_check = {
    .name = "mapping_check",
    .title_zh = "目录对照检查",
    .unit = KIND_CLAIM,
    .witness = WITNESS_HOSPITAL_CODE,
    .summary_zh = "逐行核对院内目录编码：实际上传的医保编码与该机构备案的对照关系不一致的明细。",
    .summary_en = "Checks line by line whether the national code billed is the one that the institution filed for its own code.",
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
    .wants_missing = wants_missing,
};
