// Bills and events as the messages of the bus: one JSON object each, national field names, without a newline.
//
// Numbers are JSON numbers or strings, as the institution's system sends them; times are Asia/Shanghai wall time. The text
// given grows; nothing else is kept but the clock's cached day.
#pragma once

#include "core/text.h"
#include "producers/generate/bill.h"

// What a message says about itself.
struct wire_envelope {
  const char *msg_type, *infno;
  int64_t event_time_s, recv_time_s;
  uint64_t sequence;       // makes msg_id unique
  int ver;
};

// What differs from the plain settlement of a bill.
struct wire_setl {
  unsigned settlement;     // which of the bill's
  bool split;              // fee_cnt in place of feedetail[]
  bool void_row;           // vali_flag 0
  bool refund_row;         // an extract row: refd_setl_flag 1, init_setl_id, opposite amounts, an id of its own
  bool twin;               // same ids, other content
};

void wire_setl(struct text *out, const struct bill *bill, const struct wire_envelope *envelope, const struct wire_setl *how);
// FEE message with lines [from, to) of the settlement, counted among its lines.
void wire_fee(struct text *out, const struct bill *bill, const struct wire_envelope *envelope, unsigned settlement,
              uint32_t from, uint32_t to);
void wire_setl_cancel(struct text *out, const struct region *region, const struct plan *plan,
                      const struct wire_envelope *envelope, unsigned settlement);
void wire_list(struct text *out, const struct bill *bill, const struct wire_envelope *envelope);
// Events that no rule of the first delivery reads: ADMIT, DISCH, LEAVE, VISIT, AUDIT, FEEDBACK, INVENT (the last without a
// person).
void wire_other(struct text *out, const struct region *region, const struct plan *plan,
                const struct wire_envelope *envelope);
void wire_tick(struct text *out, const struct wire_envelope *envelope);
