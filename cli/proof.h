// Before anything is screened: active rules pass their own tests (screen/activation.h), asked once for each content.
#pragma once

#include "config/diagnostics.h"
#include "rules/rule.h"

// folder: where to remember what was proved; NULL: $XDG_CACHE_HOME/settlewatch, else ~/.cache/settlewatch, else nowhere. It is made
// when its parent is there. Errors go to diagnostics; false when there are any.
bool proof_of(const struct ruleset *ruleset, const char *folder, struct diagnostics *diagnostics);
