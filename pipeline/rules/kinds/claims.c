#include "rules/kinds/claims.h"

#include <assert.h>

#include "record/money.h"
#include "rules/trace.h"

enum { TOLD_MAX = 50 };    // bad lines told in a trace

struct slice claims_reason(enum bad_reason reason) {
  static const struct slice words[] = {
#define X(name, text) {text, sizeof text - 1},
      BAD_REASONS(X)
#undef X
  };
  assert(reason < BAD_REASON_COUNT);
  return words[reason];
}

// --- Claims --------------------------------------------------------------------------------------------------------------------

void claims_start(struct claims *claims, const struct judge_input *input, struct verdict *verdict) {
  *claims = (struct claims){.input = input, .verdict = verdict, .reason = BAD_REASON_COUNT};
  verdict->outcome = OUTCOME_NO_HIT;
  verdict->claims = NULL;
  verdict->related_items = NULL;
  verdict->claims_size = verdict->related_items_size = 0;
}

void claims_take(struct claims *claims, uint32_t item, int64_t fen) {
  struct verdict *verdict = claims->verdict;
  const struct visit *visit = claims->input->visit;
  if (verdict->claims == NULL) verdict->claims = ARENA_ARRAY(claims->input->arena, struct claim, visit->items_size);
  assert(item < visit->items_size && verdict->claims_size < visit->items_size);
  const int64_t budget = visit->items[item].inscp_fen > 0 ? visit->items[item].inscp_fen : 0;
  verdict->claims[verdict->claims_size++] = (struct claim){item, fen < 0 ? 0 : (fen > budget ? budget : fen)};
}

void claims_bad(struct claims *claims, uint32_t item, enum bad_reason reason) {
  if (claims->input->trace != NULL && claims->bad_lines < TOLD_MAX)
    trace_say(claims->input->trace, "bad line", item != CLAIMS_NO_LINE ? claims->input->visit->items[item].feedetl_sn : SLICE_NONE,
              claims_reason(reason), TRUTH_UNKNOWN);
  if (claims->reason == BAD_REASON_COUNT) claims->reason = reason;
  claims->bad_lines++;
}

void claims_end(struct claims *claims) {
  if (claims->verdict->claims_size > 0) {
    claims->verdict->outcome = OUTCOME_HIT;
    return;
  }
  if (claims->input->visit->unmatched_refunds > 0) claims_bad(claims, CLAIMS_NO_LINE, BAD_REFUND_WITHOUT_ORIGINAL);
  if (claims->reason != BAD_REASON_COUNT) claims_refuse(claims->verdict, claims->reason);
}

void claims_refuse(struct verdict *verdict, enum bad_reason reason) {
  verdict->outcome = OUTCOME_BAD_DATA;
  verdict->reason = claims_reason(reason);
}

void claims_exceed(struct excess *excess, const struct judge_input *input, uint32_t item, int64_t units) {
  if (excess->units == NULL) excess->units = ARENA_ZEROED(input->arena, int64_t, input->visit->items_size);
  excess->units[item] += units;
  excess->total += units;
}

void claims_take_excess(const struct excess *excess, struct claims *claims, bool money) {
  if (excess->units == NULL) return;
  const struct visit *visit = claims->input->visit;
  for (uint32_t i = 0; i < visit->items_size; i++) {
    if (excess->units[i] == 0) continue;
    const struct item *item = &visit->items[i];
    const int64_t units = excess->units[i] < item->cnt ? excess->units[i] : item->cnt;
    claims_take(claims, i, money ? money_share(item->inscp_fen, units, item->cnt) : 0);
  }
}

void claims_evidence(const struct excess *excess, struct claims *claims, uint32_t fees) {
  struct verdict *verdict = claims->verdict;
  const struct visit *visit = claims->input->visit;
  if (excess->units == NULL) return;
  verdict->related_items = ARENA_ARRAY(claims->input->arena, uint32_t, visit->items_size);
  for (uint32_t i = 0; i < visit->items_size; i++)
    if (excess->units[i] == 0 && item_in_fees(&visit->items[i], fees)) verdict->related_items[verdict->related_items_size++] = i;
}

// Heap sort: no recursion, no memory, the same time for every input.
static void sink(uint32_t *numbers, size_t at, size_t size, bool (*before)(const void *, uint32_t, uint32_t), const void *context) {
  for (size_t child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size && before(context, numbers[child], numbers[child + 1])) child++;
    if (!before(context, numbers[at], numbers[child])) return;
    const uint32_t number = numbers[at];
    numbers[at] = numbers[child];
    numbers[child] = number;
  }
}

void claims_sort(uint32_t *numbers, size_t size, bool (*before)(const void *context, uint32_t a, uint32_t b), const void *context) {
  for (size_t i = size / 2; i-- > 0;) sink(numbers, i, size, before, context);
  for (size_t last = size; last-- > 1;) {
    const uint32_t number = numbers[0];
    numbers[0] = numbers[last];
    numbers[last] = number;
    sink(numbers, 0, last, before, context);
  }
}
