// Which operands a rule names: in its scope, exemptions, bands, sentences, and as keys of its look-ups.
#pragma once

#include "rules/rule.h"

// Each mention once, in no particular order; an operand may come several times.
void reads_each(const struct rule *rule, void (*tell)(void *context, int operand), void *context);
// The code tables whose symbols the rule reads of the visit it judges, as bits of enum code_table.
uint32_t reads_symbols(const struct rule *rule);
// It asks what else happened to the person about the visit it judges: other visits are evidence.
bool reads_others(const struct rule *rule);
