// The answer key: one line of NDJSON for each case and rule, and one for each twin (docs/generate.md).
#pragma once

#include "core/text.h"
#include "producers/generate/plant.h"

// A line for each rule that the part of the case breaks, or one for a visit that must stay clean. expect holds the amounts.
void answer_write_case(struct text *out, const struct region *region, const struct plant_case *at, uint32_t part,
                       const struct expect *expect);
void answer_write_twin(struct text *out, const struct region *region, const struct plan *plan, uint64_t number);
