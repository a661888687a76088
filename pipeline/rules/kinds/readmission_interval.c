// Two stays of one person with a short time between them (分解住院): ADM-001, ADM-002.
//
// The visit judged is the later stay. Its predecessor is the nearest earlier one, by (begntime, endtime, mdtrt_id), among the stays that
// `same` admits (consecutive_scope institution), or the person's nearest earlier stay, which `same` must then admit (person).
// Day gaps are differences of dates; hour gaps are seconds against whole hours. Both bounds are inclusive.
#include "rules/kinds/claims.h"
#include "rules/kinds/parameter.h"
#include "rules/lookup.h"
#include "rules/trace.h"

enum { UNIT_DAYS, UNIT_HOURS };
enum { SAME_INSTITUTION, SAME_OTHER, SAME_ANY };
enum { MATCH_DX3_OR_DEPT, MATCH_DX3, MATCH_DEPT_DIFFERS, MATCH_NONE };
enum { CONSECUTIVE_INSTITUTION, CONSECUTIVE_PERSON };
enum { DX_SKIP, DX_SUSPECT };
enum { AMOUNT_LATER_STAY, AMOUNT_NONE };
enum { HOUR_SECONDS = 3600, HOURS_OF_DAY = 24 };

struct params {
  struct setting_number min_gap, max_gap;
  int gap_unit, same, match, consecutive_scope, missing_dx, mode;
};

static const char *const unit_words[] = {"days", "hours", NULL};
static const char *const same_words[] = {"institution", "other", "any", NULL};
static const char *const match_words[] = {"dx3_or_dept", "dx3", "dept_differs", "none", NULL};
static const char *const consecutive_words[] = {"institution", "person", NULL};
static const char *const missing_dx_words[] = {"skip", "suspect", NULL};
static const char *const mode_words[] = {"normal", NULL};

enum { MIN_GAP, MAX_GAP };    // rows that are asked for again
#define AT(field) offsetof(struct params, field)
static const struct setting rows[] = {
    [MIN_GAP] = {"min_gap", SETTING_NUMBER, AT(min_gap), "0", -366, 9600, 0, "gap_unit", NULL,
     "Shortest gap that hits, inclusive; negative: the earlier stay may end after the later one begins."},
    [MAX_GAP] = {"max_gap", SETTING_NUMBER, AT(max_gap), "15", 0, 9600, 0, "gap_unit", NULL, "Longest gap that hits, inclusive."},
    {"gap_unit", SETTING_WORD, AT(gap_unit), "days", 0, 0, 0, "", unit_words, "days: difference of dates; hours: elapsed time."},
    {"same", SETTING_WORD, AT(same), "institution", 0, 0, 0, "", same_words, "Where the earlier stay was."},
    {"match", SETTING_WORD, AT(match), "dx3_or_dept", 0, 0, 0, "", match_words,
     "What the two stays must share: the first three characters of the main diagnosis, or the department left and entered."},
    {"consecutive_scope", SETTING_WORD, AT(consecutive_scope), "institution", 0, 0, 0, "", consecutive_words,
     "institution: stays that `same` does not admit may lie between; person: they may not."},
    {"missing_dx", SETTING_WORD, AT(missing_dx), "skip", 0, 0, 0, "", missing_dx_words,
     "A missing main diagnosis: skip gives bad_data, suspect counts as equal."},
    {"mode", SETTING_WORD, AT(mode), "normal", 0, 0, 0, "", mode_words, "normal: every earlier stay counts."},
};

// What the parameters mean to people, in the order of the rows above.
static const struct parameter_words words[] = {
    {"min_gap", "最短间隔（含本数）；负数表示上次出院可以晚于本次入院。",
     "间隔不少于 {}", "the gap is at least {}", NULL, NULL, NULL},
    {"max_gap", "最长间隔（含本数）。",
     "间隔不超过 {}", "the gap is at most {}", NULL, NULL, NULL},
    {"gap_unit", "间隔的单位：days 为日期之差，hours 为经过的时间。", NULL, NULL,
     (const char *const[]){"间隔按日期之差计算，与入出院的时刻无关", "间隔按经过的小时计算"},
     (const char *const[]){"the gap is the difference of the calendar dates, whatever the time of day", "the gap is the time that passed, in hours"}, NULL},
    {"same", "上次住院在哪里：institution 同一机构，other 其他机构，any 不限。", NULL, NULL,
     (const char *const[]){"上次住院在同一医药机构", "上次住院在其他医药机构", "上次住院的机构不限"},
     (const char *const[]){"the earlier stay was in the same institution", "the earlier stay was in another institution", "the earlier stay was in any institution"}, NULL},
    {"match", "两次住院的共同点：dx3_or_dept 主诊断前三位相同或科室衔接，dx3 仅看主诊断，dept_differs 科室不同，none 不要求。", NULL, NULL,
     (const char *const[]){"两次住院主诊断编码前三位相同，或者上次出院科室就是本次入院科室", "两次住院主诊断编码前三位相同", "上次出院科室与本次入院科室不同", "对诊断和科室没有要求"},
     (const char *const[]){"the main diagnoses agree in their first three characters, or the department left is the department entered", "the main diagnoses agree in their first three characters", "the department left differs from the department entered", "nothing is asked of diagnoses and departments"}, NULL},
    {"consecutive_scope", "institution：其间可以有在别处的住院；person：其间不能有任何住院。", NULL, NULL,
     (const char *const[]){"其间在别处的住院不影响比较", "其间没有在别处住院"},
     (const char *const[]){"stays elsewhere in between make no difference", "there is no stay elsewhere in between"}, NULL},
    {"missing_dx", "缺少主诊断时：skip 数据不足，不立案；suspect 视为相同。", NULL, NULL,
     (const char *const[]){"缺少主诊断而无法判断时按数据不足处理，不立案", "缺少主诊断时视为相同"},
     (const char *const[]){"a missing main diagnosis is bad data and never a finding", "a missing main diagnosis counts as equal"}, NULL},
    {"mode", "normal：比较每一次较早的住院。", NULL, NULL,
     (const char *const[]){NULL},
     (const char *const[]){NULL}, NULL},
};
_Static_assert(sizeof words / sizeof words[0] == sizeof rows / sizeof rows[0], "one row of words for each parameter");

enum { VALUE_GAP, VALUE_GAP_DAYS, VALUE_DX3_EQUAL, VALUE_DEPT_EQUAL };
static const struct operand_row operands_added[] = {
    {"gap", VALUE_INT, "gap_unit", "kind", "there is no earlier stay, or an end is absent", "距上次出院的间隔（天或整小时）",
     "gap since the earlier discharge"},
    {"gap_days", VALUE_INT, "days", "kind", "there is no earlier stay, or an end is absent", "距上次出院的日历天数",
     "calendar days since the earlier discharge"},
    {"dx3_equal", VALUE_BOOL, "", "kind", "a main diagnosis is absent", "两次住院主诊断前三位相同",
     "main diagnosis groups agree"},
    {"dept_equal", VALUE_BOOL, "", "kind", "a department is absent", "上次出院科室与本次入院科室相同",
     "department left is the one entered"},
};

static const char *const amounts[] = {"in_scope_of_later_stay", "none", NULL};

static bool prepare(struct prepare *prepare) {
  const struct params *params = prepare->rule->params;
  const bool fixed = params->min_gap.lookup == NULL && params->max_gap.lookup == NULL;
  if (fixed && params->min_gap.value > params->max_gap.value) {
    parameter_error(prepare, "max_gap", "'max_gap' must not be below 'min_gap': %lld is less than %lld",
                    (long long)params->max_gap.value, (long long)params->min_gap.value);
    return false;
  }
  const int64_t most = params->gap_unit == UNIT_DAYS ? 400 : 400 * HOURS_OF_DAY;
  if (params->max_gap.lookup == NULL && params->max_gap.value > most) {
    parameter_error(prepare, "max_gap", "'max_gap' must be at most %lld %s", (long long)most, unit_words[params->gap_unit]);
    return false;
  }
  struct setting row = rows[MAX_GAP];
  row.max = most;
  return params->max_gap.lookup == NULL || lookup_fits(prepare, params->max_gap.resolved, &row);
}

static bool admitted(const struct params *params, const struct visit *visit, const struct visit *other) {
  if (params->same == SAME_ANY) return true;
  return slice_equal(visit->fixmedins_code, other->fixmedins_code) == (params->same == SAME_INSTITUTION);
}

// The predecessor in the order of the history; stays whose begin is unknown stand in no order.
static struct visit *predecessor(const struct params *params, const struct judge_input *input) {
  const struct history *history = input->history;
  for (struct visit *other = input->visit; other-- > history->visits;) {
    if (!other->stay || other->begntime_s == DATE_ABSENT) continue;
    const bool fits = admitted(params, input->visit, other);
    if (fits) return other;
    if (params->consecutive_scope == CONSECUTIVE_PERSON) return NULL;
  }
  return NULL;
}

static enum truth equal(struct slice a, struct slice b) {
  if (a.size == 0 || b.size == 0) return TRUTH_UNKNOWN;
  return truth_of(slice_equal(a, b));
}

// Whether the pair matches; *reason says what is missing when that is unknown.
static enum truth matches(const struct params *params, enum truth dx3, enum truth dept, enum bad_reason *reason) {
  if (dx3 == TRUTH_UNKNOWN && params->missing_dx == DX_SUSPECT) dx3 = TRUTH_TRUE;
  *reason = dx3 == TRUTH_UNKNOWN ? BAD_MISSING_DX : BAD_MISSING_DEPT;
  switch (params->match) {
    case MATCH_DX3_OR_DEPT:
      if (dx3 == TRUTH_TRUE || dept == TRUTH_TRUE) return TRUTH_TRUE;
      return dx3 == TRUTH_UNKNOWN || dept == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_FALSE;
    case MATCH_DX3: return dx3;
    case MATCH_DEPT_DIFFERS: *reason = BAD_MISSING_DEPT; return truth_not(dept);
    default: return TRUTH_TRUE;
  }
}

// Is the gap inside? low..high are the seconds that are possible when an end is known by its day only.
static enum truth inside(int64_t low, int64_t high, int64_t min, int64_t max) {
  if (high < min || low > max) return TRUTH_FALSE;
  return low >= min && high <= max ? TRUTH_TRUE : TRUTH_UNKNOWN;
}

static int64_t floor_hours(int64_t seconds) {
  return seconds >= 0 ? seconds / HOUR_SECONDS : -((-seconds + HOUR_SECONDS - 1) / HOUR_SECONDS);
}

// The predicate was not proven: is the history known over the whole window before the stay, or at least since the predecessor ended?
static bool history_suffices(const struct history *history, int32_t window_first, const struct visit *previous) {
  if (history->cut) return false;
  if (history->start_day == INT32_MIN || history->start_day <= window_first) return true;
  return previous != NULL && previous->endtime_s != DATE_ABSENT && date_day(previous->endtime_s) >= history->start_day;
}

static enum truth judge_pair(const struct params *params, const struct judge_input *input, struct verdict *verdict, int64_t min,
                             int64_t max, enum bad_reason *reason) {
  const struct visit *later = input->visit, *earlier = verdict->related;
  const enum truth dx3 = equal(view_dx3(earlier), view_dx3(later));
  const enum truth dept = equal(earlier->dscg_dept_codg, later->adm_dept_codg);
  if (dx3 != TRUTH_UNKNOWN) verdict->values[VALUE_DX3_EQUAL] = value_bool(dx3 == TRUTH_TRUE);
  if (dept != TRUTH_UNKNOWN) verdict->values[VALUE_DEPT_EQUAL] = value_bool(dept == TRUTH_TRUE);
  if (earlier->endtime_s == DATE_ABSENT) {
    *reason = BAD_MISSING_PREVIOUS_ENDTIME;
    return TRUTH_UNKNOWN;
  }
  const int64_t days = (int64_t)date_day(later->begntime_s) - date_day(earlier->endtime_s);
  const int64_t seconds = later->begntime_s - earlier->endtime_s;
  verdict->values[VALUE_GAP_DAYS] = value_int(days);
  enum truth near;
  if (params->gap_unit == UNIT_DAYS) {
    near = truth_of(days >= min && days <= max);
    verdict->values[VALUE_GAP] = value_int(days);
  } else {
    const int64_t last = DATE_DAY_SECONDS - 1;
    near = inside(seconds - (earlier->endtime_day_only ? last : 0), seconds + (later->begntime_day_only ? last : 0),
                  min * HOUR_SECONDS, max * HOUR_SECONDS);
    if (!earlier->endtime_day_only && !later->begntime_day_only) verdict->values[VALUE_GAP] = value_int(floor_hours(seconds));
  }
  enum bad_reason missing;
  const enum truth match = matches(params, dx3, dept, &missing);
  if (input->trace != NULL) {
    trace_range(input->trace, "gap", &verdict->values[VALUE_GAP], min, max);
    trace_say(input->trace, "match", slice_from(match == TRUTH_TRUE ? "true" : (match == TRUTH_FALSE ? "false" : "unknown")),
              slice_from(match_words[params->match]), match);
  }
  if (near == TRUTH_FALSE || match == TRUTH_FALSE) return TRUTH_FALSE;
  if (near == TRUTH_UNKNOWN) *reason = BAD_NO_TIME_OF_DAY;
  else if (match == TRUTH_UNKNOWN) *reason = missing;
  else return TRUTH_TRUE;
  return TRUTH_UNKNOWN;
}

static void evaluate(const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  const struct params *params = rule->params;
  struct visit *later = input->visit;
  struct claims claims;
  claims_start(&claims, input, verdict);
  if (!later->stay) return;
  if (later->begntime_s == DATE_ABSENT) {
    claims_refuse(verdict, BAD_MISSING_BEGNTIME);
    return;
  }
  if (later->fixmedins_code.size == 0 && params->same != SAME_ANY) {
    claims_refuse(verdict, BAD_MISSING_INSTITUTION);
    return;
  }
  verdict->related = predecessor(params, input);
  const int64_t min = params->min_gap.value, max = params->max_gap.value;
  enum truth truth = TRUTH_FALSE;
  if (verdict->related != NULL) {
    enum bad_reason reason = BAD_MISSING_DX;
    truth = judge_pair(params, input, verdict, min, max, &reason);
    if (truth == TRUTH_UNKNOWN) {
      claims_refuse(verdict, reason);
      return;
    }
  } else if (input->trace != NULL) {
    trace_say(input->trace, "previous", SLICE_NONE, slice_from(same_words[params->same]), TRUTH_FALSE);
  }
  if (truth == TRUTH_TRUE) {
    view_items(later);
    for (uint32_t i = 0; i < later->items_size; i++)
      claims_take(&claims, i, rule->amount == AMOUNT_NONE ? 0 : later->items[i].inscp_fen);
    verdict->outcome = OUTCOME_HIT;
    return;
  }
  const int32_t first = params->gap_unit == UNIT_DAYS ? date_day(later->begntime_s) - (int32_t)max
                                                      : date_day(later->begntime_s - max * HOUR_SECONDS);
  if (!history_suffices(input->history, first, verdict->related)) verdict->outcome = OUTCOME_INSUFFICIENT_HISTORY;
}

static int32_t lookback_days(const struct rule *rule) {
  const struct params *params = rule->params;
  const int64_t max = params->max_gap.lookup == NULL ? params->max_gap.value : (params->gap_unit == UNIT_DAYS ? 400 : 400 * HOURS_OF_DAY);
  return (int32_t)(params->gap_unit == UNIT_DAYS ? max : (max + HOURS_OF_DAY - 1) / HOURS_OF_DAY) + 1;
}

static bool operand_range_of(const struct rule *rule, unsigned n, int64_t *low, int64_t *high) {
  const struct params *params = rule->params;
  if (params->min_gap.lookup != NULL || params->max_gap.lookup != NULL) return false;
  if (n != VALUE_GAP && !(n == VALUE_GAP_DAYS && params->gap_unit == UNIT_DAYS)) return false;
  *low = params->min_gap.value;
  *high = params->max_gap.value;
  return true;
}

static bool operand_known(const struct rule *rule, unsigned n) {
  return n == VALUE_GAP_DAYS || (n == VALUE_GAP && ((const struct params *)rule->params)->gap_unit == UNIT_DAYS);
}

extern const struct kind kind_readmission_interval;
const struct kind kind_readmission_interval = {
    .name = "readmission_interval",
    .title_zh = "再入院间隔",
    .unit = KIND_PAIR,
    .witness = WITNESS_VISIT,
    .summary_zh = "比较同一参保人先后两次住院：上次出院到本次入院的间隔落在规定范围内，且两次住院有规定的共同点时，认定成立。",
    .summary_en = "Compares two stays of one person: it holds when the gap from the earlier discharge to the later admission lies within the bounds and the stays share what they must share.",
    .params = rows,
    .words = words,
    .params_size = sizeof rows / sizeof rows[0],
    .params_bytes = sizeof(struct params),
    .operands = operands_added,
    .operands_size = sizeof operands_added / sizeof operands_added[0],
    .amounts = amounts,
    .identity = "all setl_id of the earlier and of the later stay",
    .prepare = prepare,
    .evaluate = evaluate,
    .lookback_days = lookback_days,
    .operand_range = operand_range_of,
    .operand_known = operand_known,
};
