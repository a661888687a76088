// At most so many units of a pool of items in a line, on a day, in a visit (超频次): ADM-008B.
//
// Cumulative postings are spread first. On the day of moving from one kind of bed to another `moving_day_max` units are allowed, unless
// the pair stands in `moving_day_table`. The excess comes from the latest lines backwards, or from the cheapest ones (by in-scope
// money per unit; ties: the latest).
#include "rules/kinds/claims.h"
#include "rules/kinds/parameter.h"
#include "rules/kinds/spread.h"
#include "rules/trace.h"

enum { PER_LINE, PER_DAY, PER_VISIT };
enum { FROM_LATEST, FROM_CHEAPEST };
enum { AMOUNT_EXCESS, AMOUNT_NONE };

struct params {
  struct setting_number max, moving_day_max;
  struct setting_texts fees;
  struct slice moving_day_table;
  int per, postings, excess;
  uint32_t fee_bits;              // resolved from fees
  const struct table *pairs;      // resolved from moving_day_table
};

static const char *const per_words[] = {"line", "day", "visit", NULL};
static const char *const postings_words[] = {"cumulative", "daily", NULL};
static const char *const excess_words[] = {"latest", "cheapest", NULL};

#define AT(field) offsetof(struct params, field)
static const struct setting rows[] = {
    {"max", SETTING_NUMBER, AT(max), NULL, 1, 10000, 0, "units", NULL, "Units that are allowed; fractions of a unit count."},
    {"per", SETTING_WORD, AT(per), "day", 0, 0, 0, "", per_words, "What the units are added up over."},
    {"fees", SETTING_TEXTS, AT(fees), NULL, 0, 0, 0, "", NULL, "The fee categories that are counted together."},
    {"postings", SETTING_WORD, AT(postings), "daily", 0, 0, 0, "", postings_words,
     "cumulative: a line of n units is spread over n payable days; daily: it counts on its date."},
    {"excess", SETTING_WORD, AT(excess), "latest", 0, 0, 0, "", excess_words, "Which units are the excess."},
    {"moving_day_max", SETTING_NUMBER, AT(moving_day_max), "0", 0, 100, 0, "units", NULL,
     "Units allowed on the day of moving from one kind of bed to another; 0: no more than on other days."},
    {"moving_day_table", SETTING_TEXT, AT(moving_day_table), "", 0, 100, 0, "", NULL,
     "A table of pairs (main, subordinate) that exclude each other even on such a day."},
};

// What the parameters mean to people, in the order of the rows above.
static const struct parameter_words words[] = {
    {"max", "允许的数量（不足一个单位的也计）。",
     "数量不超过 {}", "at most {} are allowed", NULL, NULL, NULL},
    {"per", "按什么合计：line 每行，day 每日，visit 每次就诊。", NULL, NULL,
     (const char *const[]){"按每一行费用计算", "按每一日合计", "按每一次就诊合计"},
     (const char *const[]){"counted by line", "added up by day", "added up over the visit"}, NULL},
    {"fees", "合并计数的费用类别。",
     "合并计数的费用类别：{}", "the fee categories counted together: {}", NULL, NULL, "fee"},
    {"postings", "记账方式：cumulative 一行 n 个单位分摊到 n 日，daily 计在当日。", NULL, NULL,
     (const char *const[]){"一行多个单位的分摊到相应各日", "数量计在费用发生当日"},
     (const char *const[]){"a line of several units is spread over as many days", "units count on the day of their line"}, NULL},
    {"excess", "哪些算超出：latest 最晚的，cheapest 最便宜的。", NULL, NULL,
     (const char *const[]){"超出部分从最晚的明细算起", "超出部分从单价最低的明细算起"},
     (const char *const[]){"the excess are the latest lines", "the excess are the cheapest lines"}, NULL},
    {"moving_day_max", "换床当日允许的数量；0 为与平日相同。",
     "换床当日允许 {}（0 为与平日相同）", "{} on the day of moving to another bed (0: as on other days)", NULL, NULL, NULL},
    {"moving_day_table", "即使换床当日也互相排斥的项目对照表。",
     "即使换床当日也不能同收的项目见知识表 {}", "pairs that exclude each other even on such a day stand in table {}", NULL, NULL, "table"},
};
_Static_assert(sizeof words / sizeof words[0] == sizeof rows / sizeof rows[0], "one row of words for each parameter");

enum { VALUE_DAY_FOUND, VALUE_UNITS, VALUE_EXCESS, VALUE_DAYS };
static const struct operand_row operands_added[] = {
    {"excess_day", VALUE_DAY, "", "kind", "nothing exceeds the limit, or the limit is not by day", "首个超限日期",
     "first day above the limit"},
    {"units", VALUE_COUNT, "units", "kind", "nothing was counted", "首个超限处的数量，未超限时为最大数量",
     "units at the first place above the limit"},
    {"excess_units", VALUE_COUNT, "units", "kind", "nothing exceeds the limit", "超限数量合计",
     "units above the limit"},
    {"excess_places", VALUE_INT, "", "kind", "nothing exceeds the limit", "超限的天数（或行数）",
     "days or lines above the limit"},
};

static const char *const amounts[] = {"in_scope_of_excess_units", "none", NULL};

static bool prepare(struct prepare *prepare) {
  struct params *params = prepare->rule->params;
  bool good = parameter_fees(prepare, "fees", &params->fees, &params->fee_bits);
  if ((params->moving_day_max.value > 0 || params->moving_day_max.lookup != NULL) && params->per != PER_DAY) {
    parameter_error(prepare, "moving_day_max", "'moving_day_max' needs 'per: day'");
    good = false;
  }
  if (params->postings == POSTINGS_CUMULATIVE && params->per != PER_DAY) {
    parameter_error(prepare, "postings", "'postings: cumulative' needs 'per: day'");
    good = false;
  }
  if (params->moving_day_table.size == 0) return good;
  static const char *const key[] = {"main", "subordinate"};
  params->pairs = parameter_table(prepare, "moving_day_table", params->moving_day_table, key, 2);
  return good && params->pairs != NULL;
}

struct context {
  const struct params *params;
  const struct judge_input *input;
  struct verdict *verdict;
  struct excess excess;
  struct postings *postings;
};

// Later of two lines; items are in the order of time.
static bool cheaper(const void *context, uint32_t a, uint32_t b) {
  const struct context *at = context;
  const struct posting *rows_of = at->postings->rows;
  const struct item *one = &at->input->visit->items[rows_of[a].item], *other = &at->input->visit->items[rows_of[b].item];
  __extension__ const __int128 left = (__int128)one->inscp_fen * other->cnt, right = (__int128)other->inscp_fen * one->cnt;
  return left != right ? left < right : rows_of[a].item > rows_of[b].item;
}

// The pair of kinds on a moving day excludes each other.
static bool excluded(const struct context *context, size_t from, size_t to) {
  const struct table *pairs = context->params->pairs;
  if (pairs == NULL) return false;
  const struct item *items = context->input->visit->items;
  const struct posting *at = context->postings->rows;
  for (size_t i = from + 1; i < to; i++) {
    const struct slice one = items[at[from].item].med_list_codg, other = items[at[i].item].med_list_codg;
    if (slice_equal(one, other)) continue;
    return table_find_on(pairs, (struct slice[]){one, other}, at[from].day) != UINT32_MAX ||
           table_find_on(pairs, (struct slice[]){other, one}, at[from].day) != UINT32_MAX;
  }
  return false;
}

// Rows from..to stand for one line, day or visit. Adds what exceeds the limit.
static void judge_group(struct context *context, size_t from, size_t to, int64_t max) {
  const struct params *params = context->params;
  const struct posting *at = context->postings->rows;
  struct value *values = context->verdict->values;
  int64_t sum = 0;
  for (size_t i = from; i < to; i++) sum += at[i].cnt;
  int64_t limit = max * POSTINGS_UNIT;
  if (sum > limit && params->moving_day_max.value > max && spread_moving_day(context->postings, context->input->visit, from, to) &&
      !excluded(context, from, to))
    limit = params->moving_day_max.value * POSTINGS_UNIT;
  if (sum <= limit) {
    if (values[VALUE_EXCESS].type == VALUE_UNKNOWN && (values[VALUE_UNITS].type == VALUE_UNKNOWN || values[VALUE_UNITS].number < sum))
      values[VALUE_UNITS] = value_of(VALUE_COUNT, sum);
    return;
  }
  int64_t rest = sum - limit;
  if (values[VALUE_EXCESS].type == VALUE_UNKNOWN) {
    if (params->per == PER_DAY) values[VALUE_DAY_FOUND] = value_of(VALUE_DAY, at[from].day);
    values[VALUE_UNITS] = value_of(VALUE_COUNT, sum);
    values[VALUE_EXCESS] = value_of(VALUE_COUNT, 0);
    values[VALUE_DAYS] = value_int(0);
  }
  values[VALUE_EXCESS].number += rest;
  values[VALUE_DAYS].number++;
  const size_t size = to - from;
  uint32_t *order = ARENA_ARRAY(context->input->arena, uint32_t, size);
  for (size_t i = 0; i < size; i++) order[i] = (uint32_t)(to - 1 - i);    // the latest first
  if (params->excess == FROM_CHEAPEST) claims_sort(order, size, cheaper, context);
  for (size_t i = 0; rest > 0; i++) {
    const struct posting *row = &at[order[i]];
    const int64_t units = row->cnt < rest ? row->cnt : rest;
    claims_exceed(&context->excess, context->input, row->item, units);
    rest -= units;
  }
}

static void evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  const struct params *params = rule->params;
  struct visit *visit = input->visit;
  struct claims claims;
  claims_start(&claims, input, verdict);
  const int64_t max = params->max.value;
  int32_t payable = 0;
  if (params->postings == POSTINGS_CUMULATIVE) {
    if (visit->begntime_s == DATE_ABSENT) {
      claims_refuse(verdict, BAD_MISSING_BEGNTIME);
      return;
    }
    payable = view_payable_days(input->history, visit);
    if (payable <= 0) {
      claims_refuse(verdict, BAD_END_BEFORE_BEGIN);
      return;
    }
  }
  view_items(visit);
  struct postings postings;
  spread_postings(&postings, visit, payable, params->fee_bits, (enum postings_mode)params->postings, false, input->arena);
  struct context context = {.params = params, .input = input, .verdict = verdict, .postings = &postings};
  if (params->per == PER_VISIT && postings.size > 0) judge_group(&context, 0, postings.size, max);
  if (params->per != PER_VISIT)
    for (size_t from = 0, to; from < postings.size; from = to) {
      to = params->per == PER_DAY ? spread_day_end(&postings, from) : from + 1;
      judge_group(&context, from, to, max);
    }
  if (input->trace != NULL) trace_range(input->trace, "units", &verdict->values[VALUE_UNITS], INT64_MIN, max * POSTINGS_UNIT);
  // A refund that found no line may belong to these units; then the sum is not proven.
  if (context.excess.total > 0 && visit->unmatched_refunds > 0) {
    claims_refuse(verdict, BAD_REFUND_WITHOUT_ORIGINAL);
    return;
  }
  claims_take_excess(&context.excess, &claims, rule->amount == AMOUNT_EXCESS);
  claims_evidence(&context.excess, &claims, params->fee_bits);
  if (postings.uncounted > 0) claims_bad(&claims, CLAIMS_NO_LINE, BAD_MISSING_CNT);
  if (postings.undated > 0 && params->per == PER_DAY) claims_bad(&claims, CLAIMS_NO_LINE, BAD_MISSING_FEE_TIME);
  claims_end(&claims);
}

static bool operand_range_of(const struct rule *rule, unsigned n, int64_t *low, int64_t *high) {
  const struct params *params = rule->params;
  if (n == VALUE_DAY_FOUND || params->max.lookup != NULL) return false;
  *low = n == VALUE_UNITS ? params->max.value * POSTINGS_UNIT + 1 : 1;
  *high = INT64_MAX;
  return true;
}

extern const struct kind kind_unit_limit;
const struct kind kind_unit_limit = {
    .name = "unit_limit",
    .title_zh = "数量限制",
    .unit = KIND_CLAIM,
    .witness = WITNESS_VISIT,
    .summary_zh = "把一组项目的数量按行、按日或按就诊合计，与允许的数量比较。",
    .summary_en = "Adds up the units of a group of items by line, day or visit and compares them with what is allowed.",
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
