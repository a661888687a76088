// `--fail-if`: bounds on what a change of rules may do.
#include <ctype.h>
#include <inttypes.h>

#include "consumers/backtest.h"
#include "record/money.h"

enum { METRIC_FINDINGS, METRIC_VOLA, METRIC_FUND, METRIC_POINTS, METRIC_NEW, METRIC_LOST, METRIC_CHANGED, METRIC_COUNT };

static const struct { const char *name; unsigned scale; bool counts; } metrics[METRIC_COUNT] = {
    [METRIC_FINDINGS] = {"findings", 0, false}, [METRIC_VOLA] = {"vola_amt", 2, false}, [METRIC_FUND] = {"fund_amt", 2, false},
    [METRIC_POINTS] = {"points", 1, false},     [METRIC_NEW] = {"new", 0, true},        [METRIC_LOST] = {"lost", 0, true},
    [METRIC_CHANGED] = {"changed", 0, true}};

static struct slice trimmed(struct slice s) {
  while (s.size > 0 && s.data[0] == ' ') s.data++, s.size--;
  while (s.size > 0 && s.data[s.size - 1] == ' ') s.size--;
  return s;
}

static bool refuse(struct error *error, const char *text, const char *why) {
  error_set(error, STATUS_REJECT, "'%s' is no bound: %s; write 'findings>+20%%', 'points<-5.0', 'ADM-001:vola_amt>100000.00'", text, why);
  return false;
}

bool backtest_limit_parse(const char *text, struct backtest_limit *limit, struct error *error) {
  *limit = (struct backtest_limit){.text = text, .rule = SLICE(""), .metric = -1};
  const char *at = strpbrk(text, "<>");
  if (at == NULL) return refuse(error, text, "'<' or '>' is missing");
  limit->above = *at == '>';
  struct slice left = trimmed((struct slice){text, (size_t)(at - text)}), right = trimmed(slice_from(at + 1));
  const char *colon = memrchr(left.data, ':', left.size);
  if (colon != NULL) {
    limit->rule = trimmed((struct slice){left.data, (size_t)(colon - left.data)});
    left = trimmed((struct slice){colon + 1, left.size - (size_t)(colon + 1 - left.data)});
    if (limit->rule.size == 0) return refuse(error, text, "a rule is missing before ':'");
  }
  for (int m = 0; m < METRIC_COUNT; m++)
    if (slice_equal(left, slice_from(metrics[m].name))) limit->metric = m;
  if (limit->metric < 0) return refuse(error, text, "it is about findings, vola_amt, fund_amt, points, new, lost or changed");
  bool negative = false;
  if (right.size > 0 && (right.data[0] == '+' || right.data[0] == '-')) {
    limit->kind = BACKTEST_DELTA;
    negative = right.data[0] == '-';
    right = (struct slice){right.data + 1, right.size - 1};
  }
  unsigned scale = metrics[limit->metric].scale;
  if (right.size > 0 && right.data[right.size - 1] == '%') {
    if (limit->kind != BACKTEST_DELTA) return refuse(error, text, "a percentage is a change: it has a sign");
    limit->kind = BACKTEST_PERCENT;
    right.size--;
    scale = 2;
  }
  if (limit->kind != BACKTEST_ABSOLUTE && metrics[limit->metric].counts) return refuse(error, text, "new, lost and changed are changes already: no sign");
  if (right.size == 0 || !isdigit((unsigned char)right.data[0]) || !money_parse(right, scale, &limit->bound))
    return refuse(error, text, "a number is expected on the right, with no more digits than it has");
  if (negative) limit->bound = -limit->bound;
  return true;
}

static int64_t value_of(const struct backtest_row *row, int metric, unsigned side) {
  const struct backtest_sum *sum = &row->sides[side];
  switch (metric) {
    case METRIC_FINDINGS: return (int64_t)sum->findings;
    case METRIC_VOLA: return sum->vola_fen;
    case METRIC_FUND: return sum->fund_fen;
    case METRIC_POINTS: return sum->points;
    case METRIC_NEW: return (int64_t)row->added;
    case METRIC_LOST: return (int64_t)row->lost;
    default: return (int64_t)row->changed;
  }
}

bool backtest_limit_holds(const struct backtest_limit *limit, const struct backtest_report *report) {
  static const struct backtest_row nothing;
  const struct backtest_row *row = limit->rule.size > 0 ? &nothing : &report->total;
  for (size_t i = 0; limit->rule.size > 0 && i < report->rules.size; i++)
    if (slice_equal(report->rules.rows[i].key, limit->rule)) row = &report->rules.rows[i];
  const int64_t old = value_of(row, limit->metric, BACKTEST_BASELINE), new = value_of(row, limit->metric, BACKTEST_NEW);
  __extension__ __int128 value = new, bound = limit->bound;
  if (limit->kind != BACKTEST_ABSOLUTE) value -= old;
  if (limit->kind == BACKTEST_PERCENT) {
    value *= 10000;
    bound *= old;
  }
  return limit->above ? value > bound : value < bound;
}
