#include "cli/day.h"

#include "core/civil.h"

int32_t day_option(struct argp_state *state, const char *option, const char *value) {
  int32_t day = 0;
  if (!civil_parse(slice_from(value), &day)) argp_error(state, "--%s is a day, yyyy-MM-dd, not '%s'", option, value);
  return day;
}
