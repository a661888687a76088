// What a rule test expects, compared with what came out; every difference is a line that names the operand, what was expected and
// found, and where the found value came from.
#pragma once

#include "screen/trial_inside.h"

// map: one expectation. last: the settlement written last. shuffled: the records did not arrive in the order of the test. Differences
// go to the session; a broken expectation to its diagnostics.
void expect_check(struct session *session, const struct yaml_file *file, const struct yaml_node *map, struct slice last, bool shuffled,
                  struct error *error);
