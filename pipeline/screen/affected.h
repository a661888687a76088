// The settlements that one event may affect: what their facts were before it, and what is to be told after it.
//
// At most four: the event's own settlement, the original that it undoes, and the one that its earlier version undid.
#pragma once

#include "dossier/dossier.h"
#include "rules/rule.h"
#include "screen/fact.h"

enum { AFFECTED_MAX = 4 };

struct affected {
  const struct ruleset *ruleset;
  struct dossier *dossier;
  struct affected_row {
    struct slice setl_id;
    const struct fact *before;    // NULL: was not live
  } rows[AFFECTED_MAX];
  unsigned size;
};

// Before the event. An absent id, or one that is here already, is passed over.
void affected_remember(struct affected *affected, struct slice setl_id);
// After it: the facts that are new or different, in the dossier's arena. Returns how many.
size_t affected_tell(const struct affected *affected, const struct event *event, const struct fact **facts);
