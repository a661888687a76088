// Amounts, prices, counts: exact integers from number text and back. No floating point anywhere.
//
//   amount N(16,2) yuan -> fen, scale 2;  price N(16,6) yuan -> micro-yuan, scale 6;  count N(16,4) -> 1/10,000, scale 4
// (record-fields: integer mapping). Accepted text: optional '-', digits, optional '.' and digits; more fraction digits than
// the scale only when they are zeros. Exponents, '+', NaN, leading zeros such as 007 inside JSON numbers are refused by JSON;
// in strings leading zeros are accepted. A present value that is no number is a dead letter, so parsing says which it was.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "core/text.h"

enum { MONEY_FEN = 2, MONEY_PRICE = 6, MONEY_COUNT = 4, MONEY_DAYS = 2, MONEY_RATIO = 4 };

// Text to scaled integer. False when the text is not a number of that scale or has more than the 16 digits of N(16,x), so that
// the integer stays below 10^16. *out is written on success only.
bool money_parse(struct slice text, unsigned scale, int64_t *out);

// cnt x pric in fen, rounded half up, away from zero for negatives (one rounding; 10^-4 x 10^-6 yuan = 10^-8 fen).
// Held at +-INT64_MAX when it does not fit.
int64_t money_product_fen(int64_t cnt, int64_t pric);
// round_half_up(amount x part / whole), away from zero for negatives; whole > 0. Held at +-INT64_MAX.
int64_t money_share(int64_t amount, int64_t part, int64_t whole);

// "1234.50", "-0.05". Two digits for fen; counts and prices without trailing zeros.
void money_write_fen(struct text *out, int64_t fen);
enum { MONEY_TEXT_MAX = TEXT_INT_MAX + 4 };
char *money_put_fen(char *to, int64_t fen);    // into memory with room for MONEY_TEXT_MAX bytes; returns the end
void money_write_scaled(struct text *out, int64_t value, unsigned scale);
