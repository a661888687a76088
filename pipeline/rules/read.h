// One rule document into a compiled rule. Everything wrong with it is told; a half-read rule is good for further checks
// only.
#pragma once

#include "rules/kinds/kind.h"

// prepare: ruleset with codes and tables, file with a tree; rule and params_node are set here. The rule lives in the set's
// arena. False when it has errors.
bool read_rule(struct prepare *prepare);
