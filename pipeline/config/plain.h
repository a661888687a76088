// What an unquoted YAML value means: to other tools, which take many spellings for numbers and truth values, and to us, who take one.
#pragma once

#include <stdint.h>

#include "core/slice.h"

// What some YAML readers make of a plain scalar ("a number", "true", "nothing"), or NULL when all of them see a text.
const char *plain_reading(struct slice s);

enum plain_fault {
  PLAIN_FINE,
  PLAIN_SHAPE,     // no digits with an optional sign and point
  PLAIN_ZEROS,     // leading zeros
  PLAIN_DIGITS,    // more digits after the point than scale
  PLAIN_LARGE,     // does not fit 64 bits
};
// Digits with an optional '-' and, when scale is above 0, a point, to an integer scaled by 10^scale.
enum plain_fault plain_number(struct slice s, unsigned scale, int64_t *out);
