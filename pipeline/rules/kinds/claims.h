// What the rule kinds share: collecting claims and evidence, passing over lines with bad data, and the closed list of reasons.
//
//   claims_start -> claims_take* / claims_bad* -> claims_end
//
// A line with bad data is passed over; the verdict is HIT when some line was claimed, else BAD_DATA with the reason of the first bad line,
// else NO_HIT (executors 1.10). Memory is the arena of the input; a visit without claims takes none. Claims must come in the
// order of the items.
#pragma once

#include "rules/judge.h"
#include "rules/kinds/kind.h"

// Why a kind could not judge; the word is the verdict's reason.
#define BAD_REASONS(X)                                                                                               \
  X(MISSING_BEGNTIME, "missing_begntime") X(MISSING_ENDTIME, "missing_endtime") X(END_BEFORE_BEGIN, "end_before_begin") \
  X(MISSING_PREVIOUS_ENDTIME, "missing_previous_endtime") X(NO_TIME_OF_DAY, "no_time_of_day")                        \
  X(MISSING_INSTITUTION, "missing_fixmedins_code")                                                                   \
  X(MISSING_DX, "missing_dx") X(MISSING_DEPT, "missing_dept")                                                        \
  X(MISSING_FEE_TIME, "missing_fee_ocur_time") X(MISSING_CNT, "missing_cnt") X(MISSING_PRICE, "missing_pric")        \
  X(UNKNOWN_FEE_CATEGORY, "unknown_fee_category") X(REFUND_WITHOUT_ORIGINAL, "refund_without_original")              \
  X(MISSING_ROW, "missing_row") X(UNKNOWN_PRODUCT, "unknown_product") X(TRACE_CODE_SHAPE, "trace_code_shape")        \
  X(UNKNOWN_CALENDAR, "unknown_calendar") X(UNKNOWN_PARAMETER, "unknown_parameter")
enum bad_reason {
#define X(name, text) BAD_##name,
  BAD_REASONS(X)
#undef X
      BAD_REASON_COUNT
};
struct slice claims_reason(enum bad_reason reason);

#define CLAIMS_NO_LINE UINT32_MAX    // beyond what an enum may hold

struct claims {
  const struct judge_input *input;
  struct verdict *verdict;
  enum bad_reason reason;     // of the first bad line; BAD_REASON_COUNT: none
  uint32_t bad_lines;
};

void claims_start(struct claims *claims, const struct judge_input *input, struct verdict *verdict);
// fen is held within 0..the line's in-scope money.
void claims_take(struct claims *claims, uint32_t item, int64_t fen);
// item CLAIMS_NO_LINE: the reason concerns no single line.
void claims_bad(struct claims *claims, uint32_t item, enum bad_reason reason);
void claims_end(struct claims *claims);
// The visit as a whole cannot be judged: outcome BAD_DATA.
void claims_refuse(struct verdict *verdict, enum bad_reason reason);

// Units of lines that go beyond a limit, collected in any order, then claimed by line: round_half_up(in-scope x units / cnt),
// rounded once per line (A-OVER, A-DAYS).
struct excess {
  int64_t *units;    // by item, 1/10,000; NULL while there are none
  int64_t total;
};
void claims_exceed(struct excess *excess, const struct judge_input *input, uint32_t item, int64_t units);
// money false: claims of 0 fen.
void claims_take_excess(const struct excess *excess, struct claims *claims, bool money);
// The other lines of the pool, by bits of fee symbols: evidence, not claimed.
void claims_evidence(const struct excess *excess, struct claims *claims, uint32_t fees);

// Sorts numbers by an order, in place, without memory of its own.
void claims_sort(uint32_t *numbers, size_t size, bool (*before)(const void *context, uint32_t a, uint32_t b), const void *context);

// Values of operands.
static inline struct value value_int(int64_t number) { return (struct value){.type = VALUE_INT, .number = number}; }
static inline struct value value_bool(bool yes) { return (struct value){.type = VALUE_BOOL, .number = yes}; }
static inline struct value value_of(enum value_type type, int64_t number) { return (struct value){.type = type, .number = number}; }
static inline struct value value_text(struct slice text) {
  return slice_present(text) ? (struct value){.type = VALUE_TEXT, .text = text} : (struct value){0};
}

// Whether the line's category is among the bits.
static inline bool item_in_fees(const struct item *item, uint32_t fees) { return (fees >> item->fee & 1u) != 0; }
