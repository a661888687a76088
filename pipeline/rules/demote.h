// A rule set in which some active rules are shadows, made from a loaded one without loading anything.
//
// Index, tables and all rules but the demoted ones are those of the base, which must outlive it. Its hash is that of a folder in which the same
// rules say `status: shadow`: what it means is what counts.
#pragma once

#include "rules/rule.h"

struct demotion {
  struct slice id;
  int64_t version;
};

// NULL when no active rule of the base is named. ruleset_destroy ends it, before the base.
struct ruleset *demote(const struct ruleset *base, const struct demotion *demotions, size_t size);
