#include "screen/known.h"

#include "rules/kinds/kind.h"
#include "rules/reads.h"

struct known_reach known_reach_of(const struct rule *rule) {
  return (struct known_reach){.lookback_days = rule->kind->lookback_days != NULL ? rule->kind->lookback_days(rule) : 0,
                              .pair = rule->kind->unit == KIND_PAIR, .others = reads_others(rule)};
}

void known_settle(struct dossier *dossier, const struct screen_settings *settings) {
  const int64_t kept_days = (settings->lookback_days > 0 ? settings->lookback_days : settings->longest_stay_days) + settings->lateness_days;
  if (dossier->untold && dossier->watermark_s != DATE_ABSENT) dossier->known_s = dossier->watermark_s - kept_days * DATE_DAY_SECONDS;
  dossier->untold = false;
}

bool known_lines_missing(const struct verdict *verdict) {
  return verdict->visit->lines_gone || (verdict->related != NULL && verdict->related->lines_gone);
}

// What speaks for a visit may be forgotten before the visit is, or was never kept: an earlier stay, a rescue visit of the same day.
static bool evidence_is_missing(const struct verdict *verdict, const struct known_reach *reach, int32_t horizon_day) {
  const struct visit *visit = verdict->visit, *related = verdict->related;
  if (visit->begntime_s == DATE_ABSENT || !(reach->pair || reach->others)) return false;
  int32_t first = date_day(visit->begntime_s) - reach->lookback_days;
  if (reach->others && related != NULL && related->begntime_s != DATE_ABSENT && date_day(related->begntime_s) < first)
    first = date_day(related->begntime_s);
  return first <= horizon_day;
}

// A rule of one visit that did not hit needs no other visit.
static bool is_unknown(const struct verdict *verdict, const struct known_reach *reach, int32_t horizon_day) {
  switch (verdict->outcome) {
    case OUTCOME_ERROR: return false;
    case OUTCOME_OUT_OF_SCOPE: return known_lines_missing(verdict) && slice_equal(verdict->reason, SLICE("no_row"));
    case OUTCOME_HIT: return known_lines_missing(verdict) || evidence_is_missing(verdict, reach, horizon_day);
    case OUTCOME_NO_HIT: return known_lines_missing(verdict) || (reach->pair && evidence_is_missing(verdict, reach, horizon_day));
    default: return known_lines_missing(verdict);
  }
}

void known_respect(struct verdict *verdict, const struct known_reach *reach, int32_t horizon_day, bool open) {
  if (open || !is_unknown(verdict, reach, horizon_day)) return;
  verdict->outcome = OUTCOME_INSUFFICIENT_HISTORY;
  verdict->reason = SLICE_NONE;
  verdict->band = NULL;
  verdict->provisional = false;
  verdict->claims_size = verdict->related_items_size = 0;
}

static bool rests_on_forgotten(const struct dossier *dossier, const struct finding *finding) {
  for (uint32_t i = 0; i < finding->setl_ids_size; i++)
    if (dossier_find(dossier, finding->setl_ids[i]) == NULL) return true;
  return false;
}

void known_keep_frozen(struct dossier *dossier, const struct rule *rule, const struct visit *visit) {
  for (uint32_t i = 0; i < dossier->findings_size; i++) {
    struct finding *finding = &dossier->findings[i];
    if (finding->open && slice_equal(finding->unit, visit->unit) && slice_equal(finding->rule_id, rule->id) &&
        finding->rule_version == rule->version && rests_on_forgotten(dossier, finding))
      finding->seen = true;
  }
}

bool known_rests_on_missing_lines(const struct history *history, const struct finding *finding) {
  for (uint32_t v = 0; v < history->size; v++) {
    const struct visit *visit = &history->visits[v];
    for (uint32_t s = 0; visit->lines_gone && s < visit->settlements_size; s++)
      for (uint32_t i = 0; i < finding->setl_ids_size; i++)
        if (slice_equal(visit->settlements[s].setl_id, finding->setl_ids[i])) return true;
  }
  return false;
}

void known_count_missing(const struct ruleset *ruleset, const struct history *history, struct rule_counts *rule_counts, struct screen_counts *counts) {
  bool any = false;
  for (uint32_t v = 0; v < history->size; v++) any |= history->visits[v].lines_gone;
  for (size_t r = 0; any && r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    if ((rule->status != RULE_ACTIVE && rule->status != RULE_SHADOW) || rule->kind->unit != KIND_CLAIM) continue;
    uint64_t unknown = 0;
    for (uint32_t v = 0; v < history->size; v++) {
      const struct visit *visit = &history->visits[v];
      if (!visit->lines_gone || visit->given || (rule->visits >> visit->symbol & 1) == 0) continue;
      const int32_t day = view_service_day(visit);
      unknown += day >= rule->from_day && day <= rule->to_day;
    }
    rule_counts[r].outcomes[OUTCOME_INSUFFICIENT_HISTORY] += unknown;
    counts->outcomes[OUTCOME_INSUFFICIENT_HISTORY] += unknown;
  }
}
