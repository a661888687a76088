// The handbook for hospitals, in Chinese: what each rule means, on which law, with examples from its own tests, the lawful exceptions, and
// what to do when a settlement is flagged. A draft or retired rule is left out.
#pragma once

#include "rules/meaning.h"

void handbook_write(const struct ruleset *ruleset, enum page_format format, struct text *out);
