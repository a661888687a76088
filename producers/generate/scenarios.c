// The scenarios, one row each. What the numbers mean stands in plant.h.
#include "producers/generate/plant.h"

enum { HOUR = 3600, CHANGE = 1000 };
#define PAIR_001 .shape = SHAPE_PAIR, .rule = EXPECT_ADM_001
#define PAIR_002 .shape = SHAPE_PAIR, .rule = EXPECT_ADM_002, .seconds = true
#define STAY .shape = SHAPE_STAY
#define VISIT .shape = SHAPE_VISIT
#define OPEN .answer = PLANT_OPEN
#define CLEAN .answer = PLANT_CLEAN
#define WITHDRAWN .answer = PLANT_WITHDRAWN
#define GAP(from, to) .low = (from), .high = (to)

const struct scenario scenarios[] = {
    // 分解住院, ADM-001
    {"split-short-disease", "same disease in another department 2 to 7 days later", OPEN, PAIR_001, GAP(2, 7), .like = SAME_DISEASE},
    {"split-short-department", "same department, other disease, up to 7 days later", OPEN, PAIR_001, GAP(1, 7), .like = SAME_DEPARTMENT},
    {"split-same-day", "out at 9, in again at 15, same department", OPEN, PAIR_001, GAP(0, 0), .like = SAME_DEPARTMENT, .end_hour = 9, .begin_hour = 15},
    {"split-seven", "gap exactly 7 days: the short band", OPEN, PAIR_001, GAP(7, 7), .like = SAME_DISEASE | SAME_DEPARTMENT},
    {"split-eight", "gap exactly 8 days: the long band", OPEN, PAIR_001, GAP(8, 8), .like = SAME_DISEASE},
    {"split-fifteen", "gap exactly 15 days by date, 15 days 13 hours by clock", OPEN, PAIR_001, GAP(15, 15), .like = SAME_DISEASE, .end_hour = 10, .begin_hour = 23},
    {"split-day-after", "24 hours and a second later in another department: no transfer any more, same disease", OPEN, PAIR_001, .seconds = true, GAP(24 * HOUR + 1, 24 * HOUR + 1), .like = SAME_DISEASE, .end_hour = 10},
    {"split-chain", "three stays, each after the other", OPEN, .shape = SHAPE_CHAIN, .rule = EXPECT_ADM_001, GAP(3, 6), .like = SAME_DISEASE | SAME_DEPARTMENT},
    {"split-elsewhere-between", "a stay in another hospital lies between, without a transfer", OPEN, .shape = SHAPE_BETWEEN, .rule = EXPECT_ADM_001, GAP(12, 14), .like = SAME_DISEASE | SAME_DEPARTMENT},
    {"split-emergency-only", "emergency admission without a rescue", OPEN, PAIR_001, GAP(2, 9), .like = SAME_DISEASE, .last = PLAN_EMERGENCY},
    {"split-rescue-late", "emergency admission, but the rescue came on the third day", OPEN, PAIR_001, GAP(2, 9), .like = SAME_DISEASE, .last = PLAN_EMERGENCY, .deeds = {RESCUE_LATE}, .payable = 6},
    {"split-interim", "the later stay was settled in two parts", OPEN, PAIR_001, GAP(2, 6), .like = SAME_DISEASE, .last = PLAN_INTERIM, .payable = 8},
    {"split-interim-first", "the earlier stay was settled in two parts", OPEN, PAIR_001, GAP(2, 6), .like = SAME_DEPARTMENT, .first = PLAN_INTERIM},
    {"split-bill-in-parts", "the later bill came as FEE messages", OPEN, PAIR_001, GAP(2, 6), .like = SAME_DISEASE, .last = PLAN_SPLIT},
    {"split-first-arrives-late", "the earlier settlement arrives after the later one", OPEN, PAIR_001, GAP(2, 4), .like = SAME_DISEASE, .after = AFTER_FIRST_LATE},
    {"split-way-by-list", "the way of admission is known from the list only, and it is no emergency", OPEN, PAIR_001, GAP(3, 10), .like = SAME_DISEASE, .last = PLAN_WAY_IN_LIST},
    {"split-with-refunds", "the later bill has refund lines", OPEN, PAIR_001, GAP(3, 10), .like = SAME_DISEASE, .last = PLAN_REFUND_LINKED},
    {"split-with-loose-refunds", "the later bill has refund lines that name no original", OPEN, PAIR_001, GAP(3, 10), .like = SAME_DISEASE, .last = PLAN_REFUND_LOOSE},
    {"split-sixteen", "gap 16 days by date, although only 15 days 14 hours passed", CLEAN, PAIR_001, GAP(16, 16), .like = SAME_DISEASE | SAME_DEPARTMENT, .end_hour = 10, .begin_hour = 1},
    {"split-other-hospital", "same disease in another hospital", CLEAN, PAIR_001, GAP(1, 10), .like = SAME_DISEASE | OTHER_INSTITUTION},
    {"split-other-disease", "other disease and other department", CLEAN, PAIR_001, GAP(2, 10)},
    {"split-planned", "the earlier stay's list declares the readmission", CLEAN, PAIR_001, GAP(4, 12), .like = SAME_DISEASE | SAME_DEPARTMENT, .first = PLAN_PLANNED},
    {"split-rescue", "emergency admission with a rescue within 24 hours", CLEAN, PAIR_001, GAP(2, 9), .like = SAME_DISEASE, .last = PLAN_EMERGENCY, .deeds = {RESCUE}},
    {"split-rescue-by-list", "emergency known from the list only, with a rescue", CLEAN, PAIR_001, GAP(2, 9), .like = SAME_DISEASE, .last = PLAN_EMERGENCY | PLAN_WAY_IN_LIST, .deeds = {RESCUE}},
    {"split-intensive-care", "emergency admission, intensive care within 24 hours", CLEAN, PAIR_001, GAP(2, 9), .like = SAME_DISEASE, .last = PLAN_EMERGENCY | PLAN_ICU, .payable = 5},
    {"split-chemotherapy", "cycle treatment Z51, three stays", CLEAN, .shape = SHAPE_CHAIN, .rule = EXPECT_ADM_001, GAP(5, 8), .like = SAME_DISEASE | SAME_DEPARTMENT, .special = 1 + DISEASE_CHEMOTHERAPY},
    {"split-dialysis", "cycle treatment Z49, three stays", CLEAN, .shape = SHAPE_CHAIN, .rule = EXPECT_ADM_001, GAP(2, 3), .like = SAME_DISEASE | SAME_DEPARTMENT, .special = 1 + DISEASE_DIALYSIS},
    {"split-psychiatric", "psychiatric stays F20", CLEAN, PAIR_001, GAP(2, 10), .like = SAME_DISEASE | SAME_DEPARTMENT, .special = 1 + DISEASE_PSYCHIATRIC},
    {"split-rehabilitation", "rehabilitation Z50", CLEAN, PAIR_001, GAP(2, 10), .like = SAME_DISEASE | SAME_DEPARTMENT, .special = 1 + DISEASE_REHABILITATION},
    {"split-obstetric", "obstetric sequence", CLEAN, PAIR_001, GAP(2, 10), .like = SAME_DISEASE | SAME_DEPARTMENT, .special = 1 + DISEASE_OBSTETRIC},
    {"split-bed-day-payment", "the later stay is paid by the bed-day", CLEAN, PAIR_001, GAP(2, 10), .like = SAME_DISEASE, .med_type = "2105"},
    {"split-day-surgery", "the later one is day surgery", CLEAN, PAIR_001, GAP(2, 10), .like = SAME_DISEASE, .med_type = "28"},
    {"split-transferred", "sent elsewhere by order, treated there, back again", CLEAN, .shape = SHAPE_BETWEEN, .rule = EXPECT_ADM_001, GAP(12, 14), .like = SAME_DISEASE | SAME_DEPARTMENT, .first = PLAN_TRANSFER_OUT},
    {"split-first-cancelled", "the earlier settlement is cancelled", WITHDRAWN, PAIR_001, GAP(2, 10), .like = SAME_DISEASE, .after = AFTER_CANCEL_FIRST},
    {"split-cancelled", "the later settlement is cancelled", WITHDRAWN, PAIR_001, GAP(2, 10), .like = SAME_DISEASE, .after = AFTER_CANCEL},
    {"split-refunded", "the later settlement is refunded by an extract row", WITHDRAWN, PAIR_001, GAP(2, 10), .like = SAME_DEPARTMENT, .after = AFTER_REFUND_ROW},
    {"split-void", "the later settlement becomes void", WITHDRAWN, PAIR_001, GAP(2, 10), .like = SAME_DISEASE, .after = AFTER_VOID},
    {"split-planned-late", "the list that declares the readmission arrives after it", WITHDRAWN, PAIR_001, GAP(2, 6), .like = SAME_DISEASE, .first = PLAN_PLANNED | PLAN_NO_LIST, .after = AFTER_PLAN_LATE},

    // 院内转科按再入院结算, ADM-002
    {"transfer", "into another department within a day", OPEN, PAIR_002, GAP(1 * HOUR, 20 * HOUR)},
    {"transfer-24h", "exactly 24 hours", OPEN, PAIR_002, GAP(24 * HOUR, 24 * HOUR), .end_hour = 10},
    {"transfer-minus-6h", "admitted exactly 6 hours before the discharge was entered", OPEN, PAIR_002, GAP(-6 * HOUR, -6 * HOUR), .end_hour = 15},
    {"transfer-same-disease", "same disease as well: ADM-001 yields", OPEN, PAIR_002, GAP(1 * HOUR, 20 * HOUR), .like = SAME_DISEASE},
    {"transfer-24h-and-1s", "24 hours and a second, other disease", CLEAN, PAIR_002, GAP(24 * HOUR + 1, 24 * HOUR + 1), .end_hour = 10},
    {"transfer-minus-6h-1s", "six hours and a second before, other disease", CLEAN, PAIR_002, GAP(-6 * HOUR - 1, -6 * HOUR - 1), .end_hour = 16},
    {"transfer-other-hospital", "another hospital takes over", CLEAN, PAIR_002, GAP(1 * HOUR, 20 * HOUR), .like = SAME_DISEASE | OTHER_INSTITUTION},
    {"transfer-rescue", "back as an emergency with a rescue", CLEAN, PAIR_002, GAP(5 * HOUR, 20 * HOUR), .last = PLAN_EMERGENCY, .deeds = {RESCUE}},
    {"transfer-cancelled", "the later settlement is cancelled", WITHDRAWN, PAIR_002, GAP(1 * HOUR, 20 * HOUR), .after = AFTER_CANCEL},
    {"transfer-first-cancelled", "the earlier settlement is cancelled", WITHDRAWN, PAIR_002, GAP(1 * HOUR, 20 * HOUR), .after = AFTER_CANCEL_FIRST},

    // 床日, ADM-008
    {"bed-on-leaving", "the day of discharge is billed too", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_ON_LEAVING}},
    {"bed-cumulative-over", "one line with a unit too many", OPEN, STAY, .rule = NO_PAIR_RULE, .last = PLAN_CUMULATIVE, .deeds = {BED_CUMULATIVE_OVER}},
    {"bed-twice-last", "two beds on the last night", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_TWICE_LAST}},
    {"bed-twice-middle", "two beds on a night in the middle", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_TWICE_MIDDLE}, .payable = 5},
    {"bed-after", "a bed on the day after the discharge, one night unbilled", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_AFTER}},
    {"bed-before", "a bed on the day before the admission, one night unbilled", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_BEFORE}},
    {"bed-on-leaving-worse", "the correction bills the day of discharge too", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_ON_LEAVING}, .after = AFTER_WORSE},
    {"bed-payable", "exactly the payable days in one line", CLEAN, STAY, .rule = EXPECT_ADM_008A, .last = PLAN_CUMULATIVE},
    {"bed-same-day", "in and out on one day: one bed day is payable", CLEAN, STAY, .rule = EXPECT_ADM_008A, .payable = -1},
    {"bed-twice-refunded", "the second bed is refunded by name", CLEAN, STAY, .rule = EXPECT_ADM_008B, .deeds = {BED_TWICE_REFUNDED}},
    {"bed-twice-refunded-loose", "the second bed is refunded without a name", CLEAN, STAY, .rule = EXPECT_ADM_008B, .deeds = {BED_TWICE_REFUNDED_LOOSE}},
    {"bed-leaving-for-entry", "a bed on the day of discharge in place of the day of admission", CLEAN, STAY, .rule = EXPECT_ADM_008C, .deeds = {BED_LEAVING_FOR_ENTRY}},
    {"bed-at-midnight", "a bed at 00:00 of the day of admission, before the hour of admission", CLEAN, STAY, .rule = EXPECT_ADM_008C, .deeds = {BED_AT_MIDNIGHT}},
    {"bed-interim", "two settlements of one stay, payable days in all", CLEAN, STAY, .rule = EXPECT_ADM_008A, .last = PLAN_INTERIM, .payable = 9},
    {"bed-corrected", "the correction is lawful", WITHDRAWN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_ON_LEAVING}, .after = AFTER_CORRECTED},
    {"bed-corrected-early", "the lawful correction arrives before the first version", CLEAN, STAY, .rule = EXPECT_ADM_008A, .deeds = {BED_ON_LEAVING}, .after = AFTER_CORRECTED_EARLY},
    {"bed-cancelled", "two beds on a night, then cancelled", WITHDRAWN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_TWICE_MIDDLE}, .payable = 5, .after = AFTER_CANCEL},
    {"bed-cancelled-early", "the cancellation arrives before the settlement", CLEAN, STAY, .rule = EXPECT_ADM_008C, .deeds = {BED_AFTER}, .after = AFTER_CANCEL_EARLY},

    // 挂床, ADM-004
    {"idle-three", "three days in a row without a clinical line", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {IDLE_CLAIM}, .idle = 0x1c, .payable = 8},
    {"idle-ratio", "four of seven days, never three in a row", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {IDLE_CLAIM}, .idle = 0x36, .payable = 7},
    {"idle-all", "the whole stay", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {IDLE_CLAIM}, .idle = 0x1f, .payable = 5},
    {"idle-two", "two days in a row", CLEAN, STAY, .rule = EXPECT_ADM_004, .idle = 0x0c, .payable = 8},
    {"idle-half", "three of six days, never three in a row: the ratio is at its bound", CLEAN, STAY, .rule = EXPECT_ADM_004, .idle = 0x16, .payable = 6},
    {"idle-two-of-three", "two of three days: the ratio is over, the days are not", CLEAN, STAY, .rule = EXPECT_ADM_004, .idle = 0x06, .payable = 3},
    {"idle-supply", "tablets for three days were dispensed on the first", CLEAN, STAY, .rule = EXPECT_ADM_004, .deeds = {IDLE_SUPPLY}, .idle = 0x1c, .payable = 8},
    {"idle-psychiatric", "psychiatric stay", CLEAN, STAY, .rule = EXPECT_ADM_004, .idle = 0x7c, .payable = 9, .special = 1 + DISEASE_PSYCHIATRIC, .last = PLAN_PSYCHIATRIC},
    {"idle-rehabilitation", "rehabilitation stay", CLEAN, STAY, .rule = EXPECT_ADM_004, .idle = 0x1c, .payable = 8, .special = 1 + DISEASE_REHABILITATION},
    {"idle-bed-day-payment", "paid by the bed-day", CLEAN, STAY, .rule = EXPECT_ADM_004, .idle = 0x1c, .payable = 8, .med_type = "2105"},
    {"idle-cancelled", "cancelled", WITHDRAWN, STAY, .rule = NO_PAIR_RULE, .deeds = {IDLE_CLAIM}, .idle = 0x1c, .payable = 8, .after = AFTER_CANCEL},
    {"idle-refunded", "refunded by an extract row", WITHDRAWN, STAY, .rule = NO_PAIR_RULE, .deeds = {IDLE_CLAIM}, .idle = 0x36, .payable = 7, .after = AFTER_REFUND_ROW},

    // 串换, SUB
    {"map-wrong", "another drug than the hospital's own code is mapped to", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {MAP_WRONG}},
    {"map-wrong-stay", "the same on a stay", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {MAP_WRONG}},
    {"map-six-workdays", "the old code on the sixth working day after the change", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {MAP_OLD}, .on_change = CHANGE + 8},
    {"map-early", "the new code on the day before it is in force", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {MAP_NEW_EARLY}, .on_change = CHANGE - 1},
    {"map-five-workdays", "the old code on the fifth working day after the change", CLEAN, VISIT, .rule = EXPECT_SUB_001A, .deeds = {MAP_OLD}, .on_change = CHANGE + 7},
    {"map-on-the-day", "the old code on the day of the change", CLEAN, VISIT, .rule = EXPECT_SUB_001A, .deeds = {MAP_OLD}, .on_change = CHANGE + 0},
    {"map-no-row", "a hospital code that the table does not know: no answer", CLEAN, VISIT, .rule = EXPECT_SUB_001A, .deeds = {MAP_NO_ROW}},
    {"map-cancelled", "cancelled", WITHDRAWN, VISIT, .rule = NO_PAIR_RULE, .deeds = {MAP_WRONG}, .after = AFTER_CANCEL},
    {"trace-wrong", "the box belongs to another drug", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {TRACE_WRONG}},
    {"trace-wrong-stay", "the same on a stay", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {TRACE_WRONG}},
    {"trace-unknown", "a prefix that the table does not know", CLEAN, VISIT, .rule = EXPECT_SUB_005, .deeds = {TRACE_UNKNOWN}},
    {"trace-shared", "a prefix that belongs to both codes", CLEAN, VISIT, .rule = EXPECT_SUB_005, .deeds = {TRACE_SHARED}},
    {"trace-unlisted", "the drug billed has no row in the table", CLEAN, VISIT, .rule = EXPECT_SUB_005, .deeds = {TRACE_UNLISTED}},
    {"trace-void", "becomes void", WITHDRAWN, VISIT, .rule = NO_PAIR_RULE, .deeds = {TRACE_WRONG}, .after = AFTER_VOID},
    {"price-over", "above the cap", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {PRICE_OVER}},
    {"price-over-stay", "the same on a stay", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {PRICE_OVER}},
    {"price-partly-paid", "part of the difference was charged to the patient", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {PRICE_PARTLY_PAID}},
    {"price-two-fen", "two fen above", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {PRICE_TWO_FEN}},
    {"price-old-cap", "the old cap on the day of the cut", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {PRICE_OLD_CAP}, .on_cut = CHANGE + 0},
    {"price-one-fen", "exactly one fen above: the tolerance", CLEAN, VISIT, .rule = EXPECT_SUB_006, .deeds = {PRICE_ONE_FEN}},
    {"price-at-cap", "exactly the cap", CLEAN, VISIT, .rule = EXPECT_SUB_006, .deeds = {PRICE_AT_CAP}},
    {"price-before-cut", "the old cap on the day before the cut", CLEAN, VISIT, .rule = EXPECT_SUB_006, .deeds = {PRICE_OLD_CAP}, .on_cut = CHANGE - 1},
    {"price-refunded", "refunded by an extract row", WITHDRAWN, VISIT, .rule = NO_PAIR_RULE, .deeds = {PRICE_OVER}, .after = AFTER_REFUND_ROW},

    // Several rules on one visit: a line is charged once.
    {"both-split-and-bed", "split admission, and the day of discharge billed too", OPEN, PAIR_001, GAP(2, 9), .like = SAME_DISEASE, .deeds = {BED_ON_LEAVING}},
    {"both-split-and-map", "split admission absorbs the wrong code", OPEN, PAIR_001, GAP(2, 9), .like = SAME_DISEASE, .deeds = {MAP_WRONG}},
    {"both-split-and-idle", "split admission absorbs the idle days", OPEN, PAIR_001, GAP(2, 9), .like = SAME_DISEASE, .deeds = {IDLE_CLAIM}, .idle = 0x1c, .payable = 7},
    {"both-transfer-and-price", "transfer absorbs the price", OPEN, PAIR_002, GAP(1 * HOUR, 20 * HOUR), .deeds = {PRICE_OVER}},
    {"both-idle-and-bed", "two beds on an idle night", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {IDLE_CLAIM, BED_TWICE_MIDDLE}, .idle = 0x1c, .payable = 6},
    {"both-idle-and-cumulative", "idle days, and one more bed in another line", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {IDLE_CLAIM, BED_ON_LEAVING, TRACE_WRONG}, .idle = 0x0e, .payable = 7},
    {"both-map-and-price", "wrong code and price on one line", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {MAP_AND_PRICE}},
    {"both-trace-and-price", "wrong box and price on one line", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {TRACE_AND_PRICE}},
    {"both-map-trace-price", "three lines of one visit", OPEN, VISIT, .rule = NO_PAIR_RULE, .deeds = {MAP_WRONG, TRACE_WRONG, PRICE_OVER}},
    {"both-outside-and-bill-in-parts", "a bed after the discharge in a bill of several messages", OPEN, STAY, .rule = NO_PAIR_RULE, .deeds = {BED_AFTER, PRICE_OVER}, .last = PLAN_SPLIT},
};
const uint32_t scenarios_size = sizeof scenarios / sizeof *scenarios;
