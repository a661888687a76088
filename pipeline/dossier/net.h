// Netting of refunds (退费), before any rule runs (executors 1.4), and the split of fund money over lines (1.6).
//
// A negative line reduces the line it names (init_feedetl_sn); one that names none reduces lines of the same item and price, the same day
// before other days, the newest first. It takes effect on the day of the line it reduces. What stays unmatched is counted and excluded
// from everything else. Lines that net to nothing disappear.
#pragma once

#include "core/arena.h"
#include "dossier/lines.h"
#include "knowledge/codes.h"
#include "rules/view.h"

struct net_line {
  struct stored_line line;
  uint16_t settlement;    // index into the visit's settlements
};

// Lines (of all settlements of a visit, in any order) to items by (fee_ocur_time, feedetl_sn). Returns the items' number.
// unmatched: refunds without an original, and lines whose sums make no sense.
uint32_t net_items(struct net_line *lines, uint32_t size, const struct codes *codes, struct arena *arena, struct item **items,
                   uint32_t *unmatched);

// The same straight from the lines of one settlement that came just now. False when there is anything to net.
bool net_fresh(const struct line *lines, uint32_t size, const struct slice *traces, const struct codes *codes, struct arena *arena,
               struct item **items, uint32_t *items_size, uint32_t *unmatched);

// Splits each settlement's fund_pay_sumamt over its items by in-scope amount, largest remainder, ties to the smaller feedetl_sn.
// A settlement without in-scope items of its own (a bill of refunds only) shares over all items of the visit.
void net_split_fund(struct item *items, uint32_t size, const struct settlement_view *settlements, uint32_t settlements_size,
                    struct arena *arena);
