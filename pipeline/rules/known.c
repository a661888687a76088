#include "rules/known.h"

static struct rule *open_up(const struct rule *rule) { return (struct rule *)(uintptr_t)rule; }    // nobody else has the set yet

static void known_exemptions(struct rule *rule, int32_t day) {
  struct exemption *exemptions = (struct exemption *)(uintptr_t)rule->exemptions;
  size_t left = 0;
  for (size_t i = 0; i < rule->exemptions_size; i++)
    if (exemptions[i].recorded_day <= day) exemptions[left++] = exemptions[i];
  rule->exemptions_size = left;
}

size_t known_rules(const struct rule **rules, size_t size, int32_t day) {
  // From the newest version on, so that an end is handed down over several.
  for (size_t i = size; i-- > 1;) {
    const struct rule *rule = rules[i];
    if (rule->recorded_day <= day || rule->from_day == INT32_MIN) continue;
    for (size_t p = i; p-- > 0 && slice_equal(rules[p]->id, rule->id);)
      if (rules[p]->to_day == rule->from_day - 1) open_up(rules[p])->to_day = rule->to_day;
  }
  size_t left = 0;
  for (size_t i = 0; i < size; i++) {
    if (rules[i]->recorded_day > day) continue;
    known_exemptions(open_up(rules[i]), day);
    rules[left++] = rules[i];
  }
  return left;
}
