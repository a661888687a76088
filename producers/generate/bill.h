// One visit as it will be billed: who, where, when, which lines, how the money divides.
//
// A plan is what is known before the bill is made: small, kept in the agenda until the day of settlement. bill_make fills
// the lines of an ordinary, clean bill from the plan's own stream of chance, so the same plan always gives the same bill.
// Clean means: it breaks none of the rules - each payable day has one bed line and at least one clinical line with something
// left after refunds, codes stand in the mapping, prices at or below their cap, trace codes are those of the product.
// Deviations are made afterwards (plant.h), then bill_close computes the totals.
//
// Money per line: amount = round(cnt x pric); amount = own pay + above the cap + first self-pay + in-scope.
// Units as in record/event.h: fen, micro-yuan, 1/10,000 units. One bill, one thread; its memory is reused.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "producers/generate/region.h"

enum bill_kind { BILL_PHARMACY, BILL_OUTPATIENT, BILL_CHRONIC, BILL_STAY };

// Bits of plan.features
enum {
  PLAN_INTERIM = 1,            // two settlements of one stay (中途结算)
  PLAN_SPLIT = 2,              // the lines travel as FEE messages, the SETL has fee_cnt
  PLAN_CUMULATIVE = 4,         // bed days posted in one line
  PLAN_ICU = 8,                // first days in intensive care
  PLAN_REFUND_LINKED = 16,     // some refund lines that name their original
  PLAN_REFUND_LOOSE = 32,      // some that do not
  PLAN_EMERGENCY = 64,         // adm_way 1
  PLAN_WAY_IN_LIST = 128,      // adm_way comes with the LIST only
  PLAN_PLANNED = 256,          // its LIST declares a planned readmission
  PLAN_NO_LIST = 512,
  PLAN_TRANSFER_OUT = 1024,    // dscg_way 2
  PLAN_PSYCHIATRIC = 4096,     // nursing of psychiatric wards
  PLAN_ADVICE = 8192,          // dscg_way 4
  PLAN_BED_DAY = 16384,        // hi_paymtd 5
};

enum { PLAN_NONE = UINT32_MAX };

struct plan {
  uint64_t number;         // the visit's number: ids and chance follow from it
  int64_t begin_s, end_s;  // outpatient: both the time of the visit
  uint64_t idle_days;      // bit n: no clinical line on the n-th day
  uint32_t person, institution;
  uint32_t features;
  uint32_t case_number;    // PLAN_NONE: an ordinary visit
  uint32_t next;           // in the agenda
  uint8_t kind;            // enum bill_kind
  uint8_t department_in, department_out;
  uint8_t case_part;       // which visit of the case
  const struct disease *disease;
  const char *med_type;
};

struct bill_line {
  int64_t time_s, cnt, pric;
  int64_t amount, ownpay, preself, overlmt, inscp;    // fen
  int64_t net_cnt, net_inscp;                         // after refunds; set by bill_close, 0 on refund lines
  uint64_t trace_serial;    // 0: no trace code
  uint32_t init;            // refund: index + 1 of the original named; 0: none named
  uint16_t product;         // the national code billed
  uint16_t hospital;        // the product whose hospital code is used
  uint16_t trace;           // the product whose prefix the trace code has
  uint16_t prd_days;        // 0: absent
  uint8_t settlement;       // 0 or 1
  uint8_t doctor;
};

enum { BILL_SETTLEMENTS = 2 };

struct bill_total {
  int64_t medfee, ownpay, preself, overlmt, inscp, deductible, fund, account;
  int64_t setl_time_s;
  uint32_t lines;
};

struct bill {
  const struct region *region;
  struct plan plan;
  struct bill_line *lines;
  uint32_t size, capacity;
  uint32_t settlements;
  struct bill_total totals[BILL_SETTLEMENTS];
  int32_t begin_day, end_day, payable;
  int32_t icu_days;
  int64_t interim_s;              // lines before it belong to the first settlement
  struct random random;
};

void bill_fini(struct bill *bill);
// Empties the bill and fills it for the plan.
void bill_make(struct bill *bill, const struct region *region, const struct plan *plan);
// Another line; pric in micro-yuan. The pointer is valid until the next one.
struct bill_line *bill_add(struct bill *bill, uint16_t product, int64_t time_s, int64_t cnt, int64_t pric);
// Computes the money of a line anew after cnt, pric or product were changed.
void bill_price(const struct bill *bill, struct bill_line *line);
// A refund of cnt units of the line: named (linked) or not.
void bill_refund(struct bill *bill, uint32_t line, int64_t cnt, int64_t time_s, bool linked);
// Nets refunds and adds up the settlements. Call once after all changes.
void bill_close(struct bill *bill);
// How many days a stay lasts that nothing else decides: 2 to 15, in the mean 8.6.
int bill_length_of_stay(struct random *random);
// The price the institution asks: at most the cap of the day.
int64_t bill_asked_price(const struct bill *bill, uint16_t product, int32_t day);

// Whether the stay is settled in two parts: only one of four days or more is.
bool bill_has_interim(const struct plan *plan);
void bill_write_setl_id(struct text *out, const struct plan *plan, unsigned settlement);
void bill_write_mdtrt_id(struct text *out, const struct plan *plan);
