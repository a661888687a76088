// What a rule's scope says about where to look for its records: visit symbols, institutions, main diagnoses.
//
// All come from the compiled scope by combining it with everything else unknown, so that any nesting of all, any, not is
// understood; a record that they exclude is out of scope for certain.
#pragma once

#include "rules/rule.h"

// Visit symbols for which the scope can hold, as bits; bit 0 (a med_type that is not mapped) when it can be unknown.
uint32_t scope_visits(const struct rule *rule);
// True when the scope holds only for the institutions listed (sorted; in the arena), false when it may hold for any.
bool scope_institutions(const struct rule *rule, struct arena *arena, const struct slice **institutions, size_t *size);
// True when the scope is false for every visit with a main diagnosis whose first three characters are not listed. (Without a diagnosis
// it may be unknown.) Listed are the keys of tables on any day, so the list is wider than the scope.
bool scope_diagnoses(const struct rule *rule, struct arena *arena, const struct slice **groups, size_t *size);
// True when the scope holds for every visit of an admitted symbol that is known, whose text operand has one of the values: whoever found
// the rule by them need not ask again. operand NULL: by the symbol alone.
bool scope_certain(const struct rule *rule, const char *operand, const struct slice *values, size_t size);
