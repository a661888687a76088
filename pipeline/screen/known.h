// What a dossier knows of a person, and what becomes of a verdict that rests on more.
//
// A dossier keeps what the sets that wrote it asked for, and says what it lacks: the time since which it has every message (known_s), and
// the visits whose lines were not kept because no rule found anything in them (lines_gone). A set that asks for more meets dossiers that
// lack it. Its rules then answer insufficient_history:
//
//   rule of two visits    where the days it looks back over reach before known_s, or a visit of the pair lacks its lines
//   rule of one visit     where the visit lacks its lines; and, when it asks for other visits (rescue on the day), as above
//
// So no rule concludes anything from what was never stored. What is open stays open until its own records say otherwise. Each person's
// history fills with time: once known_s lies before the set's horizon the rule is as well informed as if it had been there all along.
#pragma once

#include "dossier/dossier.h"
#include "rules/judge.h"
#include "screen/step.h"

// What of a person's past a rule rests on.
struct known_reach {
  int32_t lookback_days;
  bool pair;
  bool others;      // also on visits that are neither the one judged nor its pair
};
struct known_reach known_reach_of(const struct rule *rule);

// A dossier of a version that did not say what it forgot: no set that wrote it kept less than the least that these settings give any set.
// They are taken to have been the same.
void known_settle(struct dossier *dossier, const struct screen_settings *settings);

// Lines that the rule would have looked at were not kept.
bool known_lines_missing(const struct verdict *verdict);
// The verdict as what is known allows it. horizon_day: what happened up to it may be forgotten. open: it hits, and its finding is open.
void known_respect(struct verdict *verdict, const struct known_reach *reach, int32_t horizon_day, bool open);
// An open finding of the rule and visit stays although its history is no longer known: when something it rests on was forgotten. If all of it
// is still here, the facts have changed.
void known_keep_frozen(struct dossier *dossier, const struct rule *rule, const struct visit *visit);
// A visit that has one of the finding's settlements cannot be judged, for want of lines: nobody can say that the finding is gone.
bool known_rests_on_missing_lines(const struct history *history, const struct finding *finding);

// Another set wants to know what stands in lines that were not kept. Which rules of one visit would have looked at them is itself not known, so
// all that are meant for such visits are counted with insufficient_history.
void known_count_missing(const struct ruleset *ruleset, const struct history *history, struct rule_counts *rule_counts, struct screen_counts *counts);
