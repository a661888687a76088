// A dossier as rules see it: live bills grouped into visits, in the order of time (rules/view.h).
//
// Built anew for each event in the batch's arena. Lines are unpacked only when a rule asks for a visit's items.
#pragma once

#include "dossier/dossier.h"
#include "rules/rule.h"
#include "rules/view.h"

struct history_options {
  const struct ruleset *ruleset;
  int32_t start_day;      // history is complete from here on; INT32_MIN: no limit
};

void history_build(struct history *history, const struct dossier *dossier, const struct history_options *options);
// The visit of that unit, or NULL.
struct visit *history_find(const struct history *history, struct slice unit);
// The bills behind a visit, in the order of its settlements.
const struct bill *const *history_bills(const struct visit *visit);
// All setl_ids of a visit, sorted, in the arena.
struct slice *history_setl_ids(const struct visit *visit, struct arena *arena);
// Fills item.fund_fen of a visit with loaded items; once.
void history_split_fund(struct visit *visit);
