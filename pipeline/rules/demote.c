#include "rules/demote.h"

#include "core/memory.h"
#include "rules/hash.h"

static bool named(const struct rule *rule, const struct demotion *demotions, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (rule->version == demotions[i].version && slice_equal(rule->id, demotions[i].id)) return true;
  return false;
}

struct ruleset *demote(const struct ruleset *base, const struct demotion *demotions, size_t size) {
  struct ruleset *ruleset = NULL;
  const struct rule **rules = NULL;
  for (size_t r = 0; r < base->size; r++) {
    if (base->rules[r]->status != RULE_ACTIVE || !named(base->rules[r], demotions, size)) continue;
    if (ruleset == NULL) {
      ruleset = memory_take(sizeof *ruleset);
      *ruleset = *base;
      arena_init(&ruleset->arena, 1 << 12);
      rules = ARENA_ARRAY(&ruleset->arena, const struct rule *, base->size);
      memcpy(rules, base->rules, base->size * sizeof *rules);
      ruleset->rules = rules;
    }
    struct rule *rule = ARENA_ARRAY(&ruleset->arena, struct rule, 1);
    *rule = *base->rules[r];
    rule->status = RULE_SHADOW;
    rules[r] = rule;
  }
  if (ruleset != NULL) hash_ruleset(ruleset);
  return ruleset;
}
