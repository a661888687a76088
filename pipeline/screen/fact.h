// What other subjects and the monthly close need of a settlement: one fact each, on institution-facts.
//
// A fact says that a settlement is live, or that it no longer is (cancelled, voided, refunded as a whole). It carries what
// the draw for second review needs; a correction gives the fact again with the higher ver and `prior` what it was before.
#pragma once

#include <stdbool.h>

#include "core/arena.h"
#include "core/status.h"
#include "knowledge/codes.h"
#include "record/event.h"
#include "screen/outbox.h"

struct fact {
  struct slice setl_id, mdtrt_id, psn_no, fixmedins_code, med_type, insutype;
  enum visit_symbol symbol;
  bool inpatient_review;      // symbol in INPATIENT_REVIEW
  bool live;
  int64_t ver;                // of a withdrawal: the version that is withdrawn
  int64_t setl_time_s;        // its month is the period of the draw; never absent: event_time stands in
  int64_t recv_time_s;        // of the message that carried this fact (the settlement, or its cancellation)
  int64_t first_recv_time_s;  // of the settlement's first message
  int64_t medfee_fen, inscp_fen, fund_fen;    // 0 where the message does not say it
  bool no_medfee, no_inscp, no_fund;          // and it is null in the fact
  const struct fact *prior;   // the fact as it stood before this message; NULL when new
  struct source source;
};

// One line of JSON into an institution-facts entry: key fixmedins_code.
void fact_write(struct outbox *outbox, const struct fact *fact);

// Reads such a line back. Texts live in the arena; prior is NULL and symbol is OTHER, for the line does not carry them.
// STATUS_REJECT with the error when it is no fact.
struct json_reader;
enum status fact_read(struct json_reader *reader, struct arena *arena, struct slice line, struct fact *fact, struct error *error);
