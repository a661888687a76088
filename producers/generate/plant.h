// Planted cases: violations, near misses on the lawful side of every bound, lawful exceptions, and findings that are
// withdrawn later.
//
// A scenario is one row of a table: how the visits lie to each other, what is done to the last one's bill, what happens
// afterwards, and what a screen must answer. A case is a scenario with a person of its own and dates. Ordinary admissions
// never touch the persons of cases.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "producers/generate/expect.h"

enum plant_answer { PLANT_OPEN, PLANT_CLEAN, PLANT_WITHDRAWN, PLANT_ANSWERS };
extern const char *const plant_answer_names[PLANT_ANSWERS];    // open, none, withdrawn

enum plant_after {
  AFTER_NOTHING,
  AFTER_CANCEL_FIRST,       // the earlier stay's settlement is cancelled
  AFTER_CANCEL,             // the last visit's is
  AFTER_REFUND_ROW,         // an extract row with opposite amounts
  AFTER_VOID,               // ver 2 with vali_flag 0
  AFTER_CORRECTED,          // ver 2 is lawful
  AFTER_WORSE,              // ver 1 is lawful, ver 2 is not
  AFTER_CORRECTED_EARLY,    // ver 2 is lawful and arrives before ver 1
  AFTER_CANCEL_EARLY,       // the cancellation arrives before the settlement
  AFTER_PLAN_LATE,          // the earlier stay's list, which declares the readmission, arrives last
  AFTER_FIRST_LATE,         // the earlier stay's settlement arrives after the later one's
};

enum plant_shape { SHAPE_PAIR, SHAPE_CHAIN, SHAPE_BETWEEN, SHAPE_RESCUE_VISIT, SHAPE_STAY, SHAPE_VISIT };

// What is done to a bill.
enum plant_deed {
  DEED_NONE,
  BED_ON_LEAVING,
  BED_CUMULATIVE_OVER,
  BED_TWICE_LAST,
  BED_TWICE_MIDDLE,
  BED_TWICE_REFUNDED,
  BED_TWICE_REFUNDED_LOOSE,
  BED_AFTER,
  BED_BEFORE,
  BED_LEAVING_FOR_ENTRY,
  BED_MOVING,
  BED_AT_MIDNIGHT,
  IDLE_CLAIM,
  IDLE_SUPPLY,
  MAP_WRONG,
  MAP_OLD,
  MAP_NEW_EARLY,
  MAP_NO_ROW,
  TRACE_WRONG,
  TRACE_UNKNOWN,
  TRACE_SHARED,
  TRACE_UNLISTED,
  PRICE_OVER,
  PRICE_PARTLY_PAID,
  PRICE_TWO_FEN,
  PRICE_ONE_FEN,
  PRICE_AT_CAP,
  PRICE_OLD_CAP,
  MAP_AND_PRICE,
  TRACE_AND_PRICE,
  RESCUE,
  RESCUE_24H,
  RESCUE_24H_1S,
  RESCUE_LATE,
};

// Bits of scenario.like
enum { SAME_DISEASE = 1, SAME_DEPARTMENT = 2, OTHER_INSTITUTION = 4 };
enum { NO_PAIR_RULE = EXPECT_RULES };

struct scenario {
  const char *name, *why;
  enum plant_answer answer;
  enum plant_shape shape;
  int rule;                    // pair rule, or NO_PAIR_RULE; of PLANT_CLEAN the rule that must stay silent
  int low, high;               // gap in days, or in seconds when `seconds`
  bool seconds;
  uint8_t like;
  uint8_t deeds[3];
  enum plant_after after;
  uint32_t first, last;        // plan.features of the earlier stays, of the last
  uint64_t idle;               // plan.idle_days of the last
  uint64_t claimed;            // which of the idle days are claimed; 0: all
  int operation_day;           // an operation on the n-th day; 0: none
  int payable;                 // days of the last stay; 0: as any stay, 3 at least
  int end_hour, begin_hour;    // clock of discharge and readmission; 0: any
  const char *med_type;        // of the last; NULL: 21
  const char *first_med_type;  // of the earlier ones; NULL: 21
  int last_special;            // of the last stay alone
  int special;                 // 1 + enum special_disease of all stays; 0: an ordinary one
  int on_change;               // visit on this many days after a change day, + 1000; 0: any day
  bool on_holiday;             // the second to fourth day are a statutory holiday of three days
  int on_cut;                  // visit on this many days after the cut of the caps, + 1000; 0: any day
};
extern const struct scenario scenarios[];
extern const uint32_t scenarios_size;

enum { PLANT_PARTS = 3 };
struct plant_case {
  const struct scenario *scenario;
  struct plan plans[PLANT_PARTS];
  uint32_t size;
};

// Sets persons, institutions and dates of a case inside [first_day, last_day], as far as it fits. number: of its first
// visit. False: the scenario needs a day that is not in the range.
bool plant_case(struct plant_case *at, const struct scenario *scenario, const struct region *region, uint32_t case_number,
                uint32_t person, uint64_t number, int32_t first_day, int32_t last_day);
// Changes the bill of a case's last visit (after bill_make, before bill_close) and notes what it must cost.
void plant_deeds(const struct scenario *scenario, struct bill *bill, struct expect *expect);
// Which visit before the part makes a pair with it; UINT32_MAX: none.
uint32_t plant_earlier(const struct plant_case *at, uint32_t part);
// The band that the shipped rule gives the finding.
const char *plant_band(const struct plant_case *at, uint32_t part, enum expect_rule rule);
