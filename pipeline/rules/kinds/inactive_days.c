// Days of a stay on which a bed and nursing were billed and nothing was done (挂床): ADM-004.
//
//   day        1  2  3  4  5  6        payable days: date(begntime) .. date(endtime) - 1, or the single day
//   bed/nurse  x  x  x  x  x  x        cumulative postings are spread first
//   clinical   x  .  .  .  x  x        active_fees; a supply of n days (prd_days) covers n days from its date
//   idle          o  o  o              run 3 of 6
//
// True when idle days in a row reach idle_days, or when their share of the payable days exceeds idle_ratio_permille and they are at
// least idle_days. Days of a short run wholly inside a statutory holiday, of a run that ends where an operation begins, and within
// after_operation_days of an operation can be excused: excused_by_holiday and excused_by_operation say that without such days the
// predicate no longer holds, and an exemption of the rule names them. Days that are excused are not claimed.
#include "rules/kinds/claims.h"
#include "rules/kinds/parameter.h"
#include "rules/kinds/spread.h"
#include "rules/trace.h"

enum { POSITION_ANY, POSITION_BEFORE_DISCHARGE };
enum { AMOUNT_IDLE_DAYS, AMOUNT_STAY, AMOUNT_NONE };
enum { PRD_DAY = 100, HOUR_SECONDS = 3600 };

struct params {
  struct setting_number idle_days, idle_ratio_permille, verify_gap_hours, holiday_run_days, after_operation_days;
  struct setting_texts active_fees, claimed_fees;
  int position, postings;
  bool spread_multiday, before_operation;
  uint32_t active_bits, claimed_bits;    // resolved
};

static const char *const position_words[] = {"any", "before_discharge", NULL};
static const char *const postings_words[] = {"cumulative", "daily", NULL};

#define AT(field) offsetof(struct params, field)
static const struct setting rows[] = {
    {"idle_days", SETTING_NUMBER, AT(idle_days), "3", 1, 30, 0, "days", NULL, "Idle days in a row that hit, inclusive."},
    {"idle_ratio_permille", SETTING_NUMBER, AT(idle_ratio_permille), "500", 0, 1000, 0, "permille", NULL,
     "Share of idle days that hits when it is exceeded."},
    {"verify_gap_hours", SETTING_NUMBER, AT(verify_gap_hours), "24", 0, 240, 0, "hours", NULL,
     "A day of an open stay is judged once the watermark is so far past it; a settled stay is judged at once."},
    {"position", SETTING_WORD, AT(position), "any", 0, 0, 0, "", position_words, "before_discharge: only the run that ends the stay."},
    {"active_fees", SETTING_TEXTS, AT(active_fees), "[EXAM, LAB, TREAT, OPER, MATERIAL, DRUG_W, DRUG_H, DRUG_P]", 0, 0, 0, "", NULL,
     "The fee categories that make a day active."},
    {"claimed_fees", SETTING_TEXTS, AT(claimed_fees), "[BED, NURSE, CONSULT]", 0, 0, 0, "", NULL,
     "The fee categories whose lines on idle days are claimed."},
    {"spread_multiday", SETTING_BOOL, AT(spread_multiday), "true", 0, 0, 0, "", NULL, "A supply covers its prd_days."},
    {"postings", SETTING_WORD, AT(postings), "cumulative", 0, 0, 0, "", postings_words,
     "cumulative: one bed or nursing line may stand for several days; daily: every day is posted."},
    {"holiday_run_days", SETTING_NUMBER, AT(holiday_run_days), "3", 0, 15, 0, "days", NULL,
     "A run of up to so many days wholly inside a statutory holiday can be excused; 0: none."},
    {"before_operation", SETTING_BOOL, AT(before_operation), "true", 0, 0, 0, "", NULL,
     "A run that ends on the day before an operation is waiting for it and can be excused."},
    {"after_operation_days", SETTING_NUMBER, AT(after_operation_days), "2", 0, 15, 0, "days", NULL,
     "So many days after an operation are observation and can be excused."},
};

// What the parameters mean to people, in the order of the rows above.
static const struct parameter_words words[] = {
    {"idle_days", "连续无诊疗日达到多少天即成立（含本数）。",
     "连续无诊疗日达到 {}", "idle days in a row reach {}", NULL, NULL, NULL},
    {"idle_ratio_permille", "无诊疗日占应计床日的比例超过多少即成立（千分比，且天数不少于 idle_days）。",
     "或者无诊疗日占应计床日超过 {}（且不少于上述天数）", "or idle days exceed {} of the payable days (and are not fewer than those)", NULL, NULL, NULL},
    {"verify_gap_hours", "在院病例某日之后多少小时才判断该日；已结算的住院立即判断。",
     "在院病例某日过后 {} 才判断该日", "a day of an open stay is judged {} after it", NULL, NULL, NULL},
    {"position", "any 不限位置；before_discharge 仅看出院前的一段。", NULL, NULL,
     (const char *const[]){"不限在住院的哪一段", "只看出院前的一段"},
     (const char *const[]){"wherever in the stay", "only the run that ends the stay"}, NULL},
    {"active_fees", "使当日视为有诊疗的费用类别。",
     "有下列任一类费用的日子视为有诊疗：{}", "a day with any of these fees is active: {}", NULL, NULL, "fee"},
    {"claimed_fees", "无诊疗日中计入涉及金额的费用类别。",
     "无诊疗日计入涉及金额的费用类别：{}", "the fee categories that are claimed on idle days: {}", NULL, NULL, "fee"},
    {"spread_multiday", "一次开具多日的药品覆盖其各日。", NULL, NULL,
     (const char *const[]){NULL, "一次开具多日的药品视为覆盖各日"},
     (const char *const[]){NULL, "a supply of several days covers each of them"}, NULL},
    {"postings", "记账方式：cumulative 一行可代表多日，daily 每日一行。", NULL, NULL,
     (const char *const[]){"床位费、护理费一行可以代表多日", "床位费、护理费每日分别记账"},
     (const char *const[]){"one bed or nursing line may stand for several days", "bed and nursing are posted every day"}, NULL},
    {"holiday_run_days", "完全处于法定节假日内、不超过多少天的一段可以扣除；0 为不扣除。",
     "完全处于法定节假日内、不超过 {} 的一段可以扣除", "a run of up to {} wholly inside a statutory holiday can be excused", NULL, NULL, NULL},
    {"before_operation", "手术前一日结束的一段属于等待手术，可以扣除。", NULL, NULL,
     (const char *const[]){NULL, "手术前的等待日可以扣除"},
     (const char *const[]){NULL, "days of waiting before an operation can be excused"}, NULL},
    {"after_operation_days", "手术后观察多少天可以扣除。",
     "手术后 {} 的观察期可以扣除", "{} of observation after an operation can be excused", NULL, NULL, NULL},
};
_Static_assert(sizeof words / sizeof words[0] == sizeof rows / sizeof rows[0], "one row of words for each parameter");

enum { VALUE_IDLE, VALUE_RUN, VALUE_RUN_FROM, VALUE_HOLIDAY, VALUE_OPERATION };
static const struct operand_row operands_added[] = {
    {"idle_days", VALUE_INT, "days", "kind", "never", "无诊疗日数（认定部分）",
     "idle days that count"},
    {"idle_run", VALUE_INT, "days", "kind", "never", "最长连续无诊疗日数",
     "longest run of idle days"},
    {"idle_from", VALUE_DAY, "", "kind", "there is no idle day", "最长连续无诊疗期间的首日",
     "first day of the longest idle run"},
    {"excused_by_holiday", VALUE_BOOL, "", "kind", "the predicate is false, or the year has no calendar", "扣除法定节假日后不再构成",
     "without statutory holidays it no longer holds"},
    {"excused_by_operation", VALUE_BOOL, "", "kind", "the predicate is false", "扣除手术等待和术后观察日后不再构成",
     "without days around operations it no longer holds"},
};

static const char *const amounts[] = {"in_scope_of_idle_days", "in_scope_of_stay", "none", NULL};

static bool prepare(struct prepare *prepare) {
  struct params *params = prepare->rule->params;
  const bool active = parameter_fees(prepare, "active_fees", &params->active_fees, &params->active_bits);
  const bool claimed = parameter_fees(prepare, "claimed_fees", &params->claimed_fees, &params->claimed_bits);
  const uint32_t base = 1u << FEE_BED | 1u << FEE_NURSE;
  if (active && (params->active_bits & base) != 0) {
    parameter_error(prepare, "active_fees", "'active_fees' must not hold BED or NURSE: those are billed on idle days");
    return false;
  }
  return active && claimed;
}

// --- The days of the stay --------------------------------------------------------------------------------------------------------

enum { DAY_BASE = 1, DAY_ACTIVE = 2, DAY_UNSURE = 4, DAY_OPERATION = 8, DAY_HOLIDAY_EXCUSED = 16, DAY_OPERATION_EXCUSED = 32 };

struct stay {
  const struct params *params;
  const struct judge_input *input;
  int32_t first_day, days;      // judged days
  unsigned char *flags;         // days + 1: the last is the day after, for an operation on it
  bool unsure;                  // a clinical line without date or category could make any day active
  enum bad_reason reason;
  struct postings pools[3];     // bed, nursing, consultation
};

static void mark_active(struct stay *stay) {
  const struct visit *visit = stay->input->visit;
  int32_t *active = ARENA_ZEROED(stay->input->arena, int32_t, stay->days + 1);
  int32_t *unsure = ARENA_ZEROED(stay->input->arena, int32_t, stay->days + 1);
  for (uint32_t i = 0; i < visit->items_size; i++) {
    const struct item *item = &visit->items[i];
    const bool clinical = item_in_fees(item, stay->params->active_bits);
    if (!clinical && item->fee != FEE_UNKNOWN) continue;
    const bool certain = clinical && (item->flags & ITEM_NO_CNT) == 0;
    if (item->time_s == DATE_ABSENT || !certain) {
      stay->reason = item->time_s == DATE_ABSENT ? BAD_MISSING_FEE_TIME : (clinical ? BAD_MISSING_CNT : BAD_UNKNOWN_FEE_CATEGORY);
      if (item->time_s == DATE_ABSENT) {
        stay->unsure = true;
        continue;
      }
    }
    int64_t from = (int64_t)date_day(item->time_s) - stay->first_day, days = 1;
    if (item->fee == FEE_OPER && from >= 0 && from <= stay->days) stay->flags[from] |= DAY_OPERATION;
    if (stay->params->spread_multiday && (item->flags & ITEM_HAS_PRD_DAYS) != 0 && item->prd_days > PRD_DAY)
      days = ((int64_t)item->prd_days + PRD_DAY - 1) / PRD_DAY;
    int64_t to = from + days;
    if (from < 0) from = 0;
    if (to > stay->days) to = stay->days;
    if (from >= to) continue;
    int32_t *steps = certain ? active : unsure;
    steps[from]++;
    steps[to]--;
  }
  int32_t running = 0, doubtful = 0;
  for (int32_t day = 0; day < stay->days; day++) {
    if ((running += active[day]) > 0) stay->flags[day] |= DAY_ACTIVE;
    if ((doubtful += unsure[day]) > 0) stay->flags[day] |= DAY_UNSURE;
  }
}

static void mark_base(struct stay *stay, int32_t payable) {
  static const enum fee_symbol pools[] = {FEE_BED, FEE_NURSE, FEE_CONSULT};
  const enum postings_mode mode = (enum postings_mode)stay->params->postings;
  for (size_t pool = 0; pool < sizeof pools / sizeof pools[0]; pool++) {
    struct postings *postings = &stay->pools[pool];
    spread_postings(postings, stay->input->visit, payable, 1u << pools[pool], mode, pools[pool] == FEE_CONSULT, stay->input->arena);
    if (pools[pool] == FEE_CONSULT) continue;
    for (size_t row = 0; row < postings->size; row++) {
      const int64_t day = (int64_t)postings->rows[row].day - stay->first_day;
      if (day >= 0 && day < stay->days) stay->flags[day] |= DAY_BASE;
    }
  }
}

static bool idle(const struct stay *stay, int32_t day, unsigned excused) {
  return (stay->flags[day] & (DAY_BASE | DAY_ACTIVE | excused)) == DAY_BASE;
}

// Marks what may be excused in each run of idle days. False: a run could lie in a holiday, but the year has no calendar.
static bool mark_excused(struct stay *stay) {
  const struct params *params = stay->params;
  const struct calendar *calendar = stay->input->ruleset->calendar;
  bool known = true;
  for (int32_t from = 0, to; from < stay->days; from = to) {
    to = from + 1;
    if (!idle(stay, from, 0)) continue;
    while (to < stay->days && idle(stay, to, 0)) to++;
    bool holiday = to - from <= params->holiday_run_days.value;
    for (int32_t day = from; holiday && day < to; day++) {
      if (calendar == NULL || !calendar_knows(calendar, stay->first_day + day)) known = false;
      holiday = calendar != NULL && calendar_holiday(calendar, stay->first_day + day);
    }
    const bool waiting = params->before_operation && (stay->flags[to] & DAY_OPERATION) != 0;
    for (int32_t day = from; day < to; day++) {
      if (holiday) stay->flags[day] |= DAY_HOLIDAY_EXCUSED;
      if (waiting) stay->flags[day] |= DAY_OPERATION_EXCUSED;
    }
  }
  int64_t since = INT32_MAX;
  for (int32_t day = 0; day < stay->days; day++) {
    since = (stay->flags[day] & DAY_OPERATION) != 0 ? 0 : since + 1;
    if (since > 0 && since <= params->after_operation_days.value) stay->flags[day] |= DAY_OPERATION_EXCUSED;
  }
  return known;
}

struct tally { int32_t idle, run, run_from; };

// Days with one of the flags in `excused` are not idle.
static struct tally count(const struct stay *stay, unsigned excused) {
  struct tally tally = {0, 0, -1};
  for (int32_t from = 0, to; from < stay->days; from = to) {
    to = from + 1;
    if (!idle(stay, from, excused)) continue;
    while (to < stay->days && idle(stay, to, excused)) to++;
    if (stay->params->position == POSITION_BEFORE_DISCHARGE && to != stay->days) continue;
    tally.idle += to - from;
    if (to - from <= tally.run) continue;
    tally.run = to - from;
    tally.run_from = from;
  }
  return tally;
}

static bool holds(const struct stay *stay, struct tally tally) {
  const struct params *params = stay->params;
  if (tally.run >= params->idle_days.value) return true;
  return tally.idle >= params->idle_days.value && (int64_t)tally.idle * 1000 > params->idle_ratio_permille.value * stay->days;
}

// --- The verdict -----------------------------------------------------------------------------------------------------------------

static void claim(const struct rule *rule, struct stay *stay, struct claims *claims, struct tally tally, unsigned excused) {
  const struct visit *visit = stay->input->visit;
  struct excess excess = {0};
  if (rule->amount == AMOUNT_STAY) {
    for (uint32_t i = 0; i < visit->items_size; i++) claims_take(claims, i, visit->items[i].inscp_fen);
    return;
  }
  static const enum fee_symbol pools[] = {FEE_BED, FEE_NURSE, FEE_CONSULT};
  const bool at_end = stay->params->position == POSITION_BEFORE_DISCHARGE;
  for (size_t pool = 0; pool < sizeof pools / sizeof pools[0]; pool++) {
    if ((stay->params->claimed_bits >> pools[pool] & 1u) == 0) continue;
    for (size_t row = 0; row < stay->pools[pool].size; row++) {
      const struct posting *posting = &stay->pools[pool].rows[row];
      const int64_t day = (int64_t)posting->day - stay->first_day;
      if (day < 0 || day >= stay->days || !idle(stay, (int32_t)day, excused) || (at_end && day < tally.run_from)) continue;
      claims_exceed(&excess, stay->input, posting->item, posting->cnt);
    }
  }
  // Other categories are claimed by their own date.
  const uint32_t others = stay->params->claimed_bits & ~(1u << FEE_BED | 1u << FEE_NURSE | 1u << FEE_CONSULT);
  for (uint32_t i = 0; i < visit->items_size && others != 0; i++) {
    const struct item *item = &visit->items[i];
    if (!item_in_fees(item, others) || (item->flags & ITEM_NO_CNT) != 0 || item->time_s == DATE_ABSENT) continue;
    const int64_t day = (int64_t)date_day(item->time_s) - stay->first_day;
    if (day < 0 || day >= stay->days || !idle(stay, (int32_t)day, excused) || (at_end && day < tally.run_from)) continue;
    claims_exceed(&excess, stay->input, i, item->cnt);
  }
  claims_take_excess(&excess, claims, rule->amount == AMOUNT_IDLE_DAYS);
}

static void tell(const struct stay *stay, struct verdict *verdict, struct tally tally) {
  verdict->values[VALUE_IDLE] = value_int(tally.idle);
  verdict->values[VALUE_RUN] = value_int(tally.run);
  if (tally.run_from >= 0) verdict->values[VALUE_RUN_FROM] = value_of(VALUE_DAY, stay->first_day + tally.run_from);
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
  struct stay stay = {.params = params, .input = input, .first_day = date_day(visit->begntime_s), .days = payable,
                      .reason = BAD_REASON_COUNT};
  if (visit->endtime_s == DATE_ABSENT) {
    const int64_t closed = (int64_t)date_day(input->history->watermark_s - params->verify_gap_hours.value * HOUR_SECONDS) - stay.first_day;
    stay.days = closed < 0 ? 0 : (closed < payable ? (int32_t)closed : payable);
  }
  view_items(visit);
  stay.flags = ARENA_ZEROED(input->arena, unsigned char, stay.days + 1);
  mark_base(&stay, payable);
  mark_active(&stay);
  struct tally tally = count(&stay, 0);
  const bool truth = holds(&stay, tally);
  tell(&stay, verdict, tally);
  if (input->trace != NULL) {
    trace_range(input->trace, "idle_run", &verdict->values[VALUE_RUN], params->idle_days.value, INT64_MAX);
    const struct value share = value_int(stay.days > 0 ? (int64_t)tally.idle * 1000 / stay.days : 0);
    trace_range(input->trace, "idle_permille", &share, params->idle_ratio_permille.value + 1, INT64_MAX);
  }
  if (!truth) {
    if (stay.pools[0].undated + stay.pools[1].undated > 0) claims_bad(&claims, CLAIMS_NO_LINE, BAD_MISSING_FEE_TIME);
    if (stay.pools[0].uncounted + stay.pools[1].uncounted > 0) claims_bad(&claims, CLAIMS_NO_LINE, BAD_MISSING_CNT);
    claims_end(&claims);
    return;
  }
  // Proven only when it holds whatever the doubtful lines were.
  if (visit->unmatched_refunds > 0) {
    claims_refuse(verdict, BAD_REFUND_WITHOUT_ORIGINAL);
    return;
  }
  if (stay.unsure || !holds(&stay, count(&stay, DAY_UNSURE))) {
    claims_refuse(verdict, stay.reason);
    return;
  }

  const bool calendar_known = mark_excused(&stay);
  const unsigned doubt = DAY_UNSURE;
  unsigned excused = doubt;
  const bool without_holidays = holds(&stay, count(&stay, doubt | DAY_HOLIDAY_EXCUSED));
  if (calendar_known || !without_holidays) verdict->values[VALUE_HOLIDAY] = value_bool(!without_holidays);
  if (without_holidays) excused |= DAY_HOLIDAY_EXCUSED;
  const bool without_operation = holds(&stay, count(&stay, excused | DAY_OPERATION_EXCUSED));
  verdict->values[VALUE_OPERATION] = value_bool(!without_operation);
  if (without_operation) excused |= DAY_OPERATION_EXCUSED;
  tally = count(&stay, excused);
  tell(&stay, verdict, tally);
  claim(rule, &stay, &claims, tally, excused);
  verdict->outcome = OUTCOME_HIT;
}

static bool operand_range_of(const struct rule *rule, unsigned n, int64_t *low, int64_t *high) {
  if (n != VALUE_IDLE && n != VALUE_RUN) return false;
  const struct setting_number *idle_days = &((const struct params *)rule->params)->idle_days;
  *low = n == VALUE_IDLE && idle_days->lookup == NULL ? idle_days->value : 1;
  *high = INT32_MAX;
  return true;
}

static bool operand_known(const struct rule *rule, unsigned n) {
  (void)rule;
  return n != VALUE_HOLIDAY;
}

extern const struct kind kind_inactive_days;
const struct kind kind_inactive_days = {
    .name = "inactive_days",
    .title_zh = "无诊疗日",
    .unit = KIND_CLAIM,
    .witness = WITNESS_VISIT,
    .summary_zh = "逐日检查一次住院：有床位费或护理费而没有任何诊疗活动的日子为无诊疗日，连续过多或占比过高时认定成立。",
    .summary_en = "Looks at each day of a stay: days with bed or nursing fees and without any care are idle; it holds when there are too many in a row or too large a share.",
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
    .operand_known = operand_known,
};
