// What a rule set means, in one canonical form: its hash, and the hash of what dossiers must store for it.
#pragma once

#include "rules/rule.h"

// Everything of the rule that can change an output, one item a line; not its tests, notes, comments, layout or file name.
void hash_rule_text(const struct rule *rule, struct text *out);
// Sets digest, hash and projection of the set, from rules, tables, codes and calendar.
void hash_ruleset(struct ruleset *ruleset);
