// What is remembered about one person: the messages that may still matter, in compact form, and the findings that are open.
//
//   dossier -> bills[] by setl_id: what the settlement, its cancellation, its list and its fee lines said last
//           -> asleep: bills that nobody looks at
//           -> findings[]: open ones, and the last revision of withdrawn ones
//
// What rules may conclude rests on what was never stored or was forgotten, so a dossier says it: known_s for its visits, and lines_gone on each
// bill for its lines. Both are facts about this dossier, whatever rule sets wrote it: a set that looks back further than the sets before it
// finds its history short until time has passed over known_s, and then has all of it.
//
// Nothing in here is a result of arrival order but `revision` and `source`: the live bills are the same whatever came first. A bill is live
// when its settlement is here, valid, complete, not cancelled and not undone by a refund row.
// The working form lives in the batch's arena; encode.h turns it into bytes and back. One owner, one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/text.h"
#include "dossier/asleep.h"
#include "record/event.h"

// One message's slot: its revision, content, time and where it came from.
struct slot {
  int64_t ver;          // 0: no such message yet
  uint64_t content;
  int64_t event_time_s, recv_time_s;
  struct source source;
};

struct fee_line {       // a line that came by a FEE message of a split bill
  struct slice feedetl_sn;
  int64_t ver;
  uint64_t content;
  struct slice line;    // lines.h: the line alone
};

struct bill {
  struct slice setl_id;
  struct slot setl, cancel, list;
  // SETL
  int64_t first_recv_time_s;    // of its first revision
  struct slice mdtrt_id, fixmedins_code, init_setl_id, med_type, insutype, hosp_lv, gend, hi_paymtd, insuplc_admdvs, mdtrtarea_admvs;
  struct slice adm_dept_codg, dscg_dept_codg, wardarea_codg, atddr_no, adm_way, dscg_way, planned, main_diagnosis;
  struct slice *diagnoses;
  uint32_t diagnoses_size;
  int64_t setl_time_s, begntime_s, endtime_s, icu_in_first_s, icu_in_stay_s;
  int64_t medfee_fen, inscp_fen, fund_fen;
  int64_t fee_cnt;              // -1: complete in itself
  int32_t brdy_day;
  bool has_medfee, has_inscp, has_fund;
  bool begntime_day_only, endtime_day_only, interim, refund_row, valid;
  bool aid;                     // a medical-aid settlement (setl_type 3): where it repeats lines of another one it is not seen (executors 1.3)
  bool main_fallback;           // main_diagnosis is the admission's own field: the list's comes before it (decisions 16)
  struct slice lines;           // lines.h; while fresh is set they are not packed yet
  uint32_t lines_size;
  bool lines_gone;              // no stay, and no rule found anything in them: they were not kept
  bool given;                   // forgotten once, and given back by merge.h: others are judged by it, it is not judged itself
  struct fee_line *fees;        // by feedetl_sn
  uint32_t fees_size;
  // LIST
  struct slice list_adm_way, list_planned, list_main_diagnosis, list_dscg_way, list_hi_paymtd;
  // working
  struct slice packed;          // the bytes it was decoded from; SLICE_NONE once it was changed
  const struct line *fresh;     // the event's own lines, lines_size of them, where the bill came just now: no need to unpack
  const struct slice *fresh_traces;
  bool touched;
  bool woken;                   // was asleep before the event at hand
  bool rests;                   // goes to sleep with the body that is written
  uint32_t told;                // by the list at hand, while not touched: symbols of these code tables, as bits
};

struct finding {
  unsigned char id[16];
  bool open;
  int64_t revision;
  int64_t time_s;               // watermark at the last change: withdrawn ones are kept for the retention time
  // open only
  struct slice rule_id, unit, mdtrt_id, fixmedins_code;
  int64_t rule_version;
  bool pair, shadow, provisional;
  struct slice *setl_ids;       // identity, sorted
  uint32_t setl_ids_size;
  uint64_t verdict;             // hash of everything but the money
  int64_t vola_fen, fund_fen;
  int64_t due_s;                // provisional: settled by time alone at this watermark; else INT64_MAX
  bool seen;                    // working
};

struct dossier {
  struct slice psn_no;
  int64_t watermark_s;          // DATE_ABSENT: nothing yet
  int64_t known_s;              // messages of this time or later were all kept; DATE_ABSENT: nothing was ever forgotten
  bool untold;                  // read from a version that did not say so
  bool cut;                     // a hard limit dropped something
  uint64_t ruleset;             // first 8 bytes of the rule set it was last judged under; 0: never
  uint64_t projection;          // what that set reads
  struct bill *bills;           // sorted by setl_id
  uint32_t bills_size, bills_capacity;
  struct asleep asleep;
  struct finding *findings;
  uint32_t findings_size, findings_capacity;
  struct arena *arena;
};

void dossier_init(struct dossier *dossier, struct arena *arena, struct slice psn_no);
struct bill *dossier_find(const struct dossier *dossier, struct slice setl_id);
struct bill *dossier_take(struct dossier *dossier, struct slice setl_id);    // found or new; earlier bill pointers become invalid
struct finding *dossier_add_finding(struct dossier *dossier);
struct finding *dossier_find_finding(const struct dossier *dossier, const unsigned char id[16]);

// The lines of a split bill are all there, or it never was split.
bool dossier_complete(const struct bill *bill);
// A refund row here undoes the whole of the bill: it names it and its amounts are the opposite (decisions 14).
bool dossier_undone(const struct dossier *dossier, const struct bill *bill);
bool dossier_live(const struct dossier *dossier, const struct bill *bill);
// The latest time any of a bill's messages carries.
int64_t dossier_bill_time(const struct bill *bill);

// Whether some bill, asleep or not, may be forgotten at that limit. Everybody must be awake then (asleep.h).
bool dossier_forgets(const struct dossier *dossier, int64_t limit_s);
// Forgets visits whose last message lies before limit_s, with their findings, and withdrawn findings as old; known_s then says so. Returns bills
// forgotten.
uint32_t dossier_forget(struct dossier *dossier, int64_t limit_s);
// What it will take as bytes, to within the heads of its bills.
int64_t dossier_bytes(const struct dossier *dossier);
// Forgets the oldest visits until so much is left; false when the visit to keep alone is more. All awake.
bool dossier_shrink(struct dossier *dossier, struct slice keep_mdtrt_id, int64_t bills_max, int64_t bytes_max);

// The earliest watermark at which time alone changes a finding; INT64_MAX: never.
int64_t dossier_due(const struct dossier *dossier);
