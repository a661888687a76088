// A person's history built by hand, and a rule of a kind from a few lines of YAML: what the tests of rule kinds stand on.
#pragma once

#include "core/arena.h"
#include "rules/judge.h"
#include "rules/kinds/kind.h"

enum { STAGE_VISITS_MAX = 16, STAGE_ITEMS_MAX = 4096 };

struct stage {
  struct arena arena;
  struct ruleset ruleset;
  struct diagnostics diagnostics;
  struct history history;
  struct visit visits[STAGE_VISITS_MAX];
  struct rule rule;
  struct verdict verdict;
};

void stage_open(struct stage *stage);
void stage_close(struct stage *stage);
// "2026-03-01" or "2026-03-01 10:00:00".
int64_t stage_time(const char *text);
int32_t stage_day(const char *text);
// Makes stage->rule: kind by name, params a YAML map. Fails the test unless the parameters are good.
void stage_rule(struct stage *stage, const char *kind, const char *params);
// The same, when the parameters must be refused; returns the first error's text.
const char *stage_refused(struct stage *stage, const char *kind, const char *params);
// A stay behind those already there (the caller keeps the order of time). end NULL: open. Times without a time of day are day-only.
struct visit *stage_stay(struct stage *stage, const char *mdtrt_id, const char *institution, const char *begin, const char *end);
// A line behind those of the visit; cnt in whole units and tenths ("1", "2.5"), money in fen.
struct item *stage_item(struct stage *stage, struct visit *visit, enum fee_symbol fee, const char *date, const char *cnt, int64_t inscp_fen);
// Judges the visit by the kind alone; candidates: every line, row UINT32_MAX.
enum outcome stage_judge(struct stage *stage, struct visit *visit);
