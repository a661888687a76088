// From YAML to conditions, operand lists and sentences. Every error is told with its place; nothing stops at the first.
#pragma once

#include "rules/condition.h"

// What a place in a rule may name.
enum compile_place {
  COMPILE_BEFORE,    // scope, require: facts of the visit only
  COMPILE_AFTER,     // unless, bands, say, show: also the kind's operands and the earlier stay
};

// NULL when anything is wrong (told). map: a condition map.
const struct condition *compile_condition(const struct prepare *prepare, const struct yaml_node *map,
                                          enum compile_place place);
// A list of operand names; false when anything is wrong.
bool compile_operands(const struct prepare *prepare, const struct yaml_node *list, enum compile_place place, const int **out,
                      size_t *size);
// A sentence with {operand} pieces; "{{" is a brace.
bool compile_sentence(const struct prepare *prepare, const struct yaml_node *scalar, const struct piece **out, size_t *size);
// One operand by its scalar; OPERAND_NONE and an error when it is none or not allowed at this place.
int compile_operand(const struct prepare *prepare, const struct yaml_node *node, struct slice name,
                    enum compile_place place);
