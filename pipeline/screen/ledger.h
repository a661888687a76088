// One line, one deduction: whose money it is when several findings claim the same lines of a visit (executors 1.7).
//
// Each line has a budget: its net in-scope money. Findings claim from it in this order, and what is left goes to the next:
//   violation 违规 before suspicious 可疑 > precedence of the rule > the larger claim > deduction_id
// Leads and indicators never claim; a shadow finding is reckoned as if it stood alone. Findings that got nothing stay as evidence with 0.
// Invariant, asserted: the sum attributed to a line never exceeds its budget. The fund amount of a line in part is the same part of its share,
// rounded down. Pure.
#pragma once

#include "rules/judge.h"

struct hit {
  struct verdict verdict;
  unsigned char id[16];
  const struct slice *setl_ids;    // identity, sorted
  uint32_t setl_ids_size;
  bool pair;
  int64_t claimed_fen, vola_fen, fund_fen;
  int64_t *attributed_fen;         // by claim
};

// False when a hit yields to another one on the same records (`yields_to`): it does not open.
bool ledger_stands(const struct hit *hits, uint32_t size, uint32_t which);
// Fills claimed, attributed, vola and fund of every hit of one visit. Items must be loaded with their fund shares.
void ledger_resolve(struct hit *hits, uint32_t size, const struct visit *visit, struct arena *arena);
