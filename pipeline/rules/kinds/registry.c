#include "rules/kinds/kind.h"

extern const struct kind kind_bed_day_balance, kind_inactive_days, kind_mapping_check, kind_price_limit, kind_readmission_interval,
    kind_time_bounds, kind_trace_code_check, kind_unit_limit;

// By name. A new kind is its file and a row here.
const struct kind *const kinds[] = {
    &kind_bed_day_balance, &kind_inactive_days, &kind_mapping_check,    &kind_price_limit, &kind_readmission_interval,
    &kind_time_bounds,     &kind_trace_code_check, &kind_unit_limit,    NULL,
};

const struct kind *kind_find(struct slice name) {
  for (const struct kind *const *kind = kinds; *kind != NULL; kind++)
    if (slice_equal(slice_from((*kind)->name), name)) return *kind;
  return NULL;
}
