// Lines dated outside the visit they belong to: ADM-008C.
//
// A line hits when its fee_ocur_time lies before the lower or after the upper anchor, strictly, by more than the grace. By date the
// grace is days; by time it is seconds, and a day without a time of day is not judged unless it is outside whatever its time.
#include "rules/kinds/claims.h"
#include "rules/kinds/parameter.h"
#include "rules/trace.h"

enum { LOWER_BEGNTIME, LOWER_NONE };
enum { UPPER_ENDTIME, UPPER_NONE };
enum { BY_DATE, BY_TIME };
enum { AMOUNT_LINES, AMOUNT_NONE };

struct params {
  struct setting_texts fees;
  struct setting_number grace_days, grace_seconds;
  int field, lower, upper, compare;
  uint32_t fee_bits;    // resolved from fees; all ones when none are named
};

static const char *const field_words[] = {"fee_ocur_time", NULL};
static const char *const lower_words[] = {"begntime", "none", NULL};
static const char *const upper_words[] = {"endtime", "none", NULL};
static const char *const compare_words[] = {"date", "time", NULL};

#define AT(field_) offsetof(struct params, field_)
static const struct setting rows[] = {
    {"field", SETTING_WORD, AT(field), "fee_ocur_time", 0, 0, 0, "", field_words, "The time that is checked."},
    {"lower", SETTING_WORD, AT(lower), "begntime", 0, 0, 0, "", lower_words, "It may not lie before this."},
    {"upper", SETTING_WORD, AT(upper), "endtime", 0, 0, 0, "", upper_words, "It may not lie after this."},
    {"compare", SETTING_WORD, AT(compare), "date", 0, 0, 0, "", compare_words, "By calendar date or by time."},
    {"grace_days", SETTING_NUMBER, AT(grace_days), "0", 0, 31, 0, "days", NULL, "By date: days outside that are allowed."},
    {"grace_seconds", SETTING_NUMBER, AT(grace_seconds), "0", 0, 86400, 0, "seconds", NULL, "By time: seconds outside that are allowed."},
    {"fees", SETTING_TEXTS, AT(fees), "[]", 0, 0, 0, "", NULL, "The fee categories that are checked; empty: all."},
};

// What the parameters mean to people, in the order of the rows above.
static const struct parameter_words words[] = {
    {"field", "检查的时间。", NULL, NULL,
     (const char *const[]){NULL},
     (const char *const[]){NULL}, NULL},
    {"lower", "不得早于。", NULL, NULL,
     (const char *const[]){"费用不得早于就诊开始", "不限制最早时间"},
     (const char *const[]){"a fee may not lie before the visit's begin", "there is no earliest time"}, NULL},
    {"upper", "不得晚于。", NULL, NULL,
     (const char *const[]){"费用不得晚于就诊结束", "不限制最晚时间"},
     (const char *const[]){"a fee may not lie after the visit's end", "there is no latest time"}, NULL},
    {"compare", "date 按日期比较，time 按时刻比较。", NULL, NULL,
     (const char *const[]){"按日期比较", "按时刻比较"},
     (const char *const[]){"compared by date", "compared by time"}, NULL},
    {"grace_days", "按日期比较时允许超出的天数。",
     "允许超出 {}", "{} outside are allowed", NULL, NULL, NULL},
    {"grace_seconds", "按时刻比较时允许超出的秒数。",
     "按时刻比较时允许超出 {}", "by time, {} outside are allowed", NULL, NULL, NULL},
    {"fees", "检查的费用类别；空为全部。",
     "检查的费用类别：{}", "the fee categories that are checked: {}", NULL, NULL, "fee"},
};
_Static_assert(sizeof words / sizeof words[0] == sizeof rows / sizeof rows[0], "one row of words for each parameter");

enum { VALUE_LINE, VALUE_TIME_FOUND, VALUE_LINES, VALUE_DAYS_OUTSIDE };
static const struct operand_row operands_added[] = {
    {"feedetl_sn", VALUE_TEXT, "", "kind", "no line lies outside", "首个越界明细流水号",
     "first line outside"},
    {"fee_ocur_time", VALUE_TIME, "", "kind", "no line lies outside", "首个越界明细的费用发生时间",
     "time of the first line outside"},
    {"lines", VALUE_INT, "", "kind", "no line lies outside", "越界明细行数",
     "lines outside"},
    {"days_outside", VALUE_INT, "days", "kind", "no line lies outside", "首个越界明细超出就诊期间的天数（不足一日为0）",
     "days by which the first line lies outside"},
};

static const char *const amounts[] = {"in_scope_of_lines", "none", NULL};

static bool prepare(struct prepare *prepare) {
  struct params *params = prepare->rule->params;
  bool good = true;
  if (params->lower == LOWER_NONE && params->upper == UPPER_NONE) {
    parameter_error(prepare, "upper", "'lower' and 'upper' are both none: the rule can never fire");
    good = false;
  }
  const struct setting_number *other = params->compare == BY_DATE ? &params->grace_seconds : &params->grace_days;
  if (other->value != 0 || other->lookup != NULL) {
    const char *key = params->compare == BY_DATE ? "grace_seconds" : "grace_days";
    parameter_error(prepare, key, "'%s' does not go with 'compare: %s'", key, compare_words[params->compare]);
    good = false;
  }
  params->fee_bits = UINT32_MAX;
  if (params->fees.size > 0 && !parameter_fees(prepare, "fees", &params->fees, &params->fee_bits)) good = false;
  return good;
}

// Is `later` after `earlier` by more than the grace? The day-only end of a comparison stands for its whole day.
static enum truth after(const struct params *params, int64_t later_s, bool later_day_only, int64_t earlier_s, bool earlier_day_only) {
  if (params->compare == BY_DATE) return truth_of((int64_t)date_day(later_s) - date_day(earlier_s) > params->grace_days.value);
  const int64_t last = DATE_DAY_SECONDS - 1;
  if (later_s + (later_day_only ? last : 0) - earlier_s <= params->grace_seconds.value) return TRUTH_FALSE;
  return later_s - (earlier_s + (earlier_day_only ? last : 0)) > params->grace_seconds.value ? TRUTH_TRUE : TRUTH_UNKNOWN;
}

static void evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  const struct params *params = rule->params;
  struct visit *visit = input->visit;
  struct claims claims;
  claims_start(&claims, input, verdict);
  const bool lower = params->lower == LOWER_BEGNTIME, upper = params->upper == UPPER_ENDTIME;
  if (lower && visit->begntime_s == DATE_ABSENT) {
    claims_refuse(verdict, BAD_MISSING_BEGNTIME);
    return;
  }
  if (upper && visit->endtime_s == DATE_ABSENT) {
    claims_refuse(verdict, BAD_MISSING_ENDTIME);
    return;
  }
  if (lower && upper && date_day(visit->endtime_s) < date_day(visit->begntime_s)) {
    claims_refuse(verdict, BAD_END_BEFORE_BEGIN);
    return;
  }
  view_items(visit);
  for (uint32_t i = 0; i < visit->items_size; i++) {
    const struct item *item = &visit->items[i];
    if (!item_in_fees(item, params->fee_bits)) continue;
    if (item->time_s == DATE_ABSENT) {
      claims_bad(&claims, i, BAD_MISSING_FEE_TIME);
      continue;
    }
    const bool day_only = (item->flags & ITEM_DAY_ONLY) != 0;
    const enum truth early = lower ? after(params, visit->begntime_s, visit->begntime_day_only, item->time_s, day_only) : TRUTH_FALSE;
    const enum truth late = upper ? after(params, item->time_s, day_only, visit->endtime_s, visit->endtime_day_only) : TRUTH_FALSE;
    if (early == TRUTH_TRUE || late == TRUTH_TRUE) {
      if (verdict->claims_size == 0) {
        const int64_t days = early == TRUTH_TRUE ? (int64_t)date_day(visit->begntime_s) - date_day(item->time_s)
                                                 : (int64_t)date_day(item->time_s) - date_day(visit->endtime_s);
        verdict->values[VALUE_LINE] = value_text(item->feedetl_sn);
        verdict->values[VALUE_TIME_FOUND] = value_of(VALUE_TIME, item->time_s);
        verdict->values[VALUE_DAYS_OUTSIDE] = value_int(days);
      }
      claims_take(&claims, i, rule->amount == AMOUNT_LINES ? item->inscp_fen : 0);
    } else if (early == TRUTH_UNKNOWN || late == TRUTH_UNKNOWN) {
      claims_bad(&claims, i, BAD_NO_TIME_OF_DAY);
    }
  }
  if (verdict->claims_size > 0) verdict->values[VALUE_LINES] = value_int(verdict->claims_size);
  if (input->trace != NULL) {
    const struct value lines = value_int(verdict->claims_size);
    trace_range(input->trace, "lines outside", &lines, 1, INT64_MAX);
  }
  claims_end(&claims);
}

extern const struct kind kind_time_bounds;
const struct kind kind_time_bounds = {
    .name = "time_bounds",
    .title_zh = "时间界限",
    .unit = KIND_CLAIM,
    .witness = WITNESS_VISIT,
    .summary_zh = "逐行检查费用时间：早于或晚于就诊起止时间的明细。",
    .summary_en = "Checks each line's time against the visit's: lines before its begin or after its end.",
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
};
