// The handbook's reference pages, from the tables that the loader itself uses.
#pragma once

#include "core/text.h"

void rules_doc_fields(struct text *out);    // every operand: name, type, unit, where it comes from, when it is absent
void rules_doc_kinds(struct text *out);     // every rule kind: parameters, operands, amounts, identity, look-back
