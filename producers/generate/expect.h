// What a bill that was tampered with must cost: the answer that a screen of the bill has to give, computed on its own.
//
// A deviation notes which lines its rule claims and how much of each; expect_attribute then divides the lines' money among
// the rules of the visit as the ledger says: 违规 before 可疑, then the class, then the larger claim, then the deduction_id;
// a line is never charged twice. The fund part: fund_pay_sumamt of a settlement is split once over its lines by in-scope
// money (largest remainder, ties to the smaller feedetl_sn in byte order); of a line attributed in part the same part of its
// share, rounded down. Nothing here uses the engine, so the two check each other.
#pragma once

#include "producers/generate/bill.h"

enum expect_rule {
  EXPECT_ADM_001,
  EXPECT_ADM_002,
  EXPECT_ADM_004,
  EXPECT_ADM_008A,
  EXPECT_ADM_008B,
  EXPECT_ADM_008C,
  EXPECT_SUB_001A,
  EXPECT_SUB_005,
  EXPECT_SUB_006,
  EXPECT_RULES
};
extern const char *const expect_rule_ids[EXPECT_RULES];

// How much of a line a note claims.
enum expect_share { EXPECT_WHOLE, EXPECT_UNITS, EXPECT_FEN };

enum { EXPECT_NOTES = 160 };
struct expect_note {
  enum expect_rule rule;
  enum expect_share share;
  uint32_t line;
  int64_t part;    // EXPECT_UNITS: 1/10,000 units; EXPECT_FEN: fen
};

struct expect {
  struct expect_note notes[EXPECT_NOTES];
  uint32_t size;
  bool stay[EXPECT_RULES];                 // the rule claims every line
  bool found[EXPECT_RULES];                // the rule has a finding, even when nothing is left for it
  int64_t vola[EXPECT_RULES], fund[EXPECT_RULES];    // out, fen
};

void expect_clear(struct expect *expect);
void expect_note(struct expect *expect, enum expect_rule rule, uint32_t line, enum expect_share share, int64_t part);
void expect_stay(struct expect *expect, enum expect_rule rule);
// After bill_close. earlier: the stay before, whose settlements are identity ids of the pair rules, or NULL.
void expect_attribute(struct expect *expect, const struct bill *bill, const struct plan *earlier);
