// Billed bed days against payable bed days of one stay (虚增床日): ADM-008A.
//
// total: the bed units of the stay, whatever their dates, may not exceed the payable days (计入不计出, or both ends where the region
// counts both) plus a tolerance. A day on which the patient moved from one kind of bed to another counts once, and so does a day
// in intensive care on which the ordinary bed is billed beside it. The excess is taken from the latest lines backwards.
#include "rules/kinds/claims.h"
#include "rules/kinds/parameter.h"
#include "rules/kinds/spread.h"
#include "rules/trace.h"

enum { IN_NOT_OUT, BOTH };
enum { AMOUNT_EXCESS, AMOUNT_NONE };

struct params {
  struct setting_number los_tolerance_days;
  struct setting_texts fees;
  int convention, mode, postings;
  bool moving_day_once, icu_day_once;
  uint32_t fee_bits;    // resolved from fees
};

static const char *const convention_words[] = {"in_not_out", "both", NULL};
static const char *const mode_words[] = {"total", NULL};
static const char *const postings_words[] = {"cumulative", "daily", NULL};

#define AT(field) offsetof(struct params, field)
static const struct setting rows[] = {
    {"mode", SETTING_WORD, AT(mode), "total", 0, 0, 0, "", mode_words, "total: all bed units of the stay."},
    {"convention", SETTING_WORD, AT(convention), "in_not_out", 0, 0, 0, "", convention_words,
     "in_not_out: the day of discharge is not payable; both: it is."},
    {"los_tolerance_days", SETTING_NUMBER, AT(los_tolerance_days), "0", 0, 3, 0, "days", NULL, "Units above the payable days that are allowed."},
    {"fees", SETTING_TEXTS, AT(fees), "[BED]", 0, 0, 0, "", NULL, "The fee categories whose units are bed days."},
    {"postings", SETTING_WORD, AT(postings), "cumulative", 0, 0, 0, "", postings_words,
     "cumulative: one line may stand for several days; daily: every day is posted."},
    {"moving_day_once", SETTING_BOOL, AT(moving_day_once), "true", 0, 0, 0, "", NULL,
     "The day of moving to another kind of bed counts once."},
    {"icu_day_once", SETTING_BOOL, AT(icu_day_once), "true", 0, 0, 0, "", NULL,
     "Two kinds of bed on a day since the entry to intensive care count once."},
};

// What the parameters mean to people, in the order of the rows above.
static const struct parameter_words words[] = {
    {"mode", "total：按整次住院合计。", NULL, NULL,
     (const char *const[]){NULL},
     (const char *const[]){NULL}, NULL},
    {"convention", "床日计法：in_not_out 计入不计出，both 出院日也计。", NULL, NULL,
     (const char *const[]){"应计床日计入院日、不计出院日，当日入出院计 1 日", "应计床日既计入院日也计出院日"},
     (const char *const[]){"payable days count the day of admission and not that of discharge, and at least one", "payable days count the day of admission and that of discharge"}, NULL},
    {"los_tolerance_days", "允许超出应计床日的数量。",
     "允许超出 {}", "{} above the payable days are allowed", NULL, NULL, NULL},
    {"fees", "其数量作为床日的费用类别。",
     "计数的费用类别：{}", "the fee categories that are counted: {}", NULL, NULL, "fee"},
    {"postings", "记账方式：cumulative 一行可代表多日，daily 每日一行。", NULL, NULL,
     (const char *const[]){"一行费用可以代表多日", "每日分别记账"},
     (const char *const[]){"one line may stand for several days", "every day is posted by itself"}, NULL},
    {"moving_day_once", "换床当日两种床位费只计一次。", NULL, NULL,
     (const char *const[]){NULL, "换床当日的两种床位费只计一日"},
     (const char *const[]){NULL, "two kinds of bed on the day of moving count once"}, NULL},
    {"icu_day_once", "入重症监护后同日两种床位费只计一次。", NULL, NULL,
     (const char *const[]){NULL, "入住重症监护期间，同日的普通床位费与监护床位费只计一日"},
     (const char *const[]){NULL, "an ordinary and an intensive-care bed on one day count once"}, NULL},
};
_Static_assert(sizeof words / sizeof words[0] == sizeof rows / sizeof rows[0], "one row of words for each parameter");

enum { VALUE_BILLED, VALUE_EXCESS };
static const struct operand_row operands_added[] = {
    {"billed_days", VALUE_COUNT, "days", "kind", "no bed line was counted", "计费床日数",
     "bed days billed"},
    {"excess_days", VALUE_COUNT, "days", "kind", "nothing exceeds the payable days", "超出应计的床日数",
     "bed days above the payable ones"},
};

static const char *const amounts[] = {"in_scope_of_excess_units", "none", NULL};

static bool prepare(struct prepare *prepare) {
  struct params *params = prepare->rule->params;
  return parameter_fees(prepare, "fees", &params->fees, &params->fee_bits);
}

// Units that lawfully stand beside another on the same day: at most one a day.
static int64_t beside(const struct params *params, const struct visit *visit, struct postings *postings) {
  int64_t units = 0;
  const bool icu = params->icu_day_once && visit->icu_in_first_s != DATE_ABSENT;
  for (size_t from = 0, to; from < postings->size; from = to) {
    to = spread_day_end(postings, from);
    int64_t sum = 0;
    bool kinds_differ = false;
    const struct slice first = visit->items[postings->rows[from].item].med_list_codg;
    for (size_t row = from; row < to; row++) {
      sum += postings->rows[row].cnt;
      kinds_differ |= !slice_equal(first, visit->items[postings->rows[row].item].med_list_codg);
    }
    if (sum <= POSTINGS_UNIT || !kinds_differ) continue;
    if (!(icu && postings->rows[from].day >= date_day(visit->icu_in_first_s)) &&
        !(params->moving_day_once && spread_moving_day(postings, visit, from, to)))
      continue;
    units += sum - POSTINGS_UNIT < POSTINGS_UNIT ? sum - POSTINGS_UNIT : POSTINGS_UNIT;
  }
  return units;
}

static void evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  const struct params *params = rule->params;
  struct visit *visit = input->visit;
  struct claims claims;
  claims_start(&claims, input, verdict);
  if (visit->begntime_s == DATE_ABSENT) {
    claims_refuse(verdict, BAD_MISSING_BEGNTIME);
    return;
  }
  const int32_t payable = view_payable_days(input->history, visit);
  if (payable <= 0) {
    claims_refuse(verdict, BAD_END_BEFORE_BEGIN);
    return;
  }
  view_items(visit);
  struct postings postings;
  spread_postings(&postings, visit, payable, params->fee_bits, (enum postings_mode)params->postings, false, input->arena);

  const int64_t last_day = params->convention == BOTH && visit->endtime_s != DATE_ABSENT &&
                           date_day(visit->endtime_s) > date_day(visit->begntime_s);
  const int64_t limit = (payable + last_day + params->los_tolerance_days.value) * POSTINGS_UNIT;
  const int64_t billed = postings.total > limit ? postings.total - beside(params, visit, &postings) : postings.total;
  verdict->values[VALUE_BILLED] = value_of(VALUE_COUNT, billed);
  if (input->trace != NULL) trace_range(input->trace, "billed_days", &verdict->values[VALUE_BILLED], INT64_MIN, limit);

  if (billed > limit) {
    // A refund that found no line may belong to these units; then the sum is not proven.
    if (visit->unmatched_refunds > 0) {
      claims_refuse(verdict, BAD_REFUND_WITHOUT_ORIGINAL);
      return;
    }
    struct excess excess = {0};
    int64_t rest = billed - limit;
    verdict->values[VALUE_EXCESS] = value_of(VALUE_COUNT, rest);
    for (uint32_t i = visit->items_size; i-- > 0 && rest > 0;) {
      const struct item *item = &visit->items[i];
      if (!item_in_fees(item, params->fee_bits) || (item->flags & ITEM_NO_CNT) != 0) continue;
      const int64_t units = item->cnt < rest ? item->cnt : rest;
      claims_exceed(&excess, input, i, units);
      rest -= units;
    }
    claims_take_excess(&excess, &claims, rule->amount == AMOUNT_EXCESS);
    claims_evidence(&excess, &claims, params->fee_bits);
  }
  if (postings.uncounted > 0) claims_bad(&claims, CLAIMS_NO_LINE, BAD_MISSING_CNT);
  claims_end(&claims);
}

static bool operand_range_of(const struct rule *rule, unsigned n, int64_t *low, int64_t *high) {
  const struct params *params = rule->params;
  *low = n == VALUE_BILLED ? (1 + params->los_tolerance_days.value) * POSTINGS_UNIT + 1 : 1;
  *high = INT64_MAX;
  return true;
}

extern const struct kind kind_bed_day_balance;
const struct kind kind_bed_day_balance = {
    .name = "bed_day_balance",
    .title_zh = "床日平衡",
    .unit = KIND_CLAIM,
    .witness = WITNESS_VISIT,
    .summary_zh = "把一次住院收取的床位费数量与应计床日比较：超出部分即为多计床日。",
    .summary_en = "Compares the bed units billed in a stay with its payable bed days: what exceeds them is billed too much.",
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
    .operand_range = operand_range_of,
};
