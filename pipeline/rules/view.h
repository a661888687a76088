// What a rule sees: one person's history as visits, after cancellations, corrections and refunds were resolved.
//
// The dossier makes these views; rules only read them. A visit is one mdtrt_id with all its live settlements (interim
// settlements joined); a stay is a visit whose med_type maps into INPATIENT_STAY. Items are the fee lines with positive net
// quantity; they are loaded on first use, because most events never need the lines of earlier visits.
//
//   history -> visits[] sorted by (begntime, endtime, mdtrt_id) -> settlements[] by setl_id
//                                                               -> items[] by (fee_ocur_time, feedetl_sn)
// All memory is the batch's. Units and absent values as in record/event.h. Rules must not change anything here.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "knowledge/codes.h"
#include "record/date.h"
#include "record/event.h"

// Bits of item.flags
enum {
  ITEM_DAY_ONLY = 1,            // fee_ocur_time has no time of day
  ITEM_INSCP_DERIVED = 2,       // in-scope money derived from the other amounts (executors 1.6)
  ITEM_INSCP_UNKNOWN = 4,       // impossible to derive: 0
  ITEM_NO_PRICE = 8,            // pric absent
  ITEM_NO_CNT = 16,             // cnt absent or not positive: excluded from rules that count
  ITEM_HAS_OVERLMT = 32,
  ITEM_HAS_PRD_DAYS = 64,
};

// A fee line after netting: cnt, amounts are sums; net cnt > 0.
struct item {
  struct slice feedetl_sn, med_list_codg, medins_list_codg;
  int64_t time_s;                // fee_ocur_time, DATE_ABSENT when absent
  int64_t cnt, pric;             // 1/10,000; micro-yuan
  int64_t amount_fen;            // det_item_fee_sumamt, net
  int64_t inscp_fen;             // in-scope money, net: the line's budget
  int64_t overlmt_fen;
  int64_t fund_fen;              // this line's share of its settlement's fund_pay_sumamt
  int32_t prd_days;              // 1/100 day
  uint16_t settlement;           // index into visit.settlements
  uint8_t fee;                   // enum fee_symbol
  uint8_t flags;
  const struct slice *traces;    // drug_trac_codg, distinct
  uint32_t traces_size;
};

struct settlement_view {
  struct slice setl_id;
  int64_t setl_time_s;
  int64_t medfee_fen, fund_fen;
  struct source source;          // the message that carries it
};

// Bits of visit.known: the field is present and mapped
enum { VISIT_KNOWS_TIME_OF_BEGIN = 1, VISIT_KNOWS_TIME_OF_END = 2 };

struct visit {
  struct slice unit;                  // what a finding names it by: mdtrt_id of a stay, else setl_id
  struct slice mdtrt_id, fixmedins_code, insutype, med_type, hosp_lv, gend, hi_paymtd;
  struct slice adm_dept_codg, dscg_dept_codg, wardarea_codg, atddr_no, insuplc_admdvs, mdtrtarea_admvs;
  enum visit_symbol symbol;
  bool stay;                          // symbol in INPATIENT_STAY
  bool final;                         // its last settlement is no interim one (endtime present)
  int64_t begntime_s, endtime_s;      // DATE_ABSENT when absent; endtime absent = open stay, ends at the watermark
  bool begntime_day_only, endtime_day_only;
  int32_t brdy_day;
  enum admission_symbol admission_way;      // UNKNOWN while no message told it
  enum discharge_symbol discharge_way;
  enum plan_symbol readmission_plan;        // of this stay's list: is a readmission after it planned?
  struct slice main_diagnosis;              // upper case, trimmed; SLICE_NONE
  const struct slice *diagnoses;            // all codes, upper case
  uint32_t diagnoses_size;
  int64_t icu_in_first_s, icu_in_stay_s;    // the second where the first lies before the stay
  int64_t settled_s;                        // latest setl_time (else event_time) of its settlements
  const struct settlement_view *settlements;
  uint32_t settlements_size;
  bool touched;                             // changed by the event at hand
  uint32_t told;                            // all that the event changed of it: symbols of these code tables, as bits
  bool lines_gone;                          // judged before and clean: the lines were not kept
  bool given;                               // all of it was forgotten once and given back: evidence, itself not judged
  // Loaded on first use through view_items.
  const struct item *items;
  uint32_t items_size;
  bool items_loaded;
  uint32_t unmatched_refunds;    // negative lines without an original: excluded, bad_data(refund_without_original)
  int64_t inscp_fen, fund_fen;              // sums over items and settlements; valid once loaded
  void (*load)(struct visit *visit);        // set by the dossier
  struct spread *spreads;                   // kinds/spread.h's: what rules asked for so far; whoever changes the visit or its items clears it
  void *owner;                              // the dossier's
};

// How far a person's history is known and which visits it has.
struct history {
  struct slice psn_no;
  struct visit *visits;
  uint32_t size;
  int64_t watermark_s;       // executors 1.5
  int32_t start_day;         // history is complete from this day on (decisions 23); INT32_MIN: no limit
  bool cut;                  // a hard limit dropped something: history is short, whatever start_day says
};

static inline const struct item *view_items(struct visit *visit) {
  if (!visit->items_loaded) visit->load(visit);
  return visit->items;
}

// max(1, date(endtime) - date(begntime)), 计入不计出 (executors 1.8); an open stay ends at the watermark. 0 when begntime is
// absent or endtime lies before it.
int32_t view_payable_days(const struct history *history, const struct visit *visit);
// The day by which rules and tables are chosen (executors 1.1): a stay's end, or begin while it is open; else its
// settlement. When those are absent too, the day of settled_s.
int32_t view_service_day(const struct visit *visit);
// The first three characters of the main diagnosis; SLICE_NONE without one.
struct slice view_dx3(const struct visit *visit);
