// What arrives: one message is one event, decoded to this. DOSSIER is our own (state rebuild); all other types are the national interface's.
//
// Slices point into the message's bytes or into the batch's arena and live as long as the batch. Names are those of the
// national interface (record-fields.md); units: *_fen fen, pric micro-yuan, cnt 1/10,000, prd_days 1/100 day, *_s seconds
// (date.h). An absent text is SLICE_NONE, an absent time DATE_ABSENT, an absent number has its bit cleared in `has`.
// "", null, "null" and "-" are absent. Only what some rule or some output reads is decoded.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "record/date.h"

#define EVENT_TYPES(X)                                                                                             \
  X(SETL) X(SETL_CANCEL) X(LIST) X(ADMIT) X(DISCH) X(STAY_CHANGE) X(ADMIT_CANCEL) X(DISCH_CANCEL) X(FEE)           \
  X(FEE_CANCEL) X(VISIT) X(VISIT_CANCEL) X(REVERSE) X(LEAVE) X(BED) X(TRANSFER) X(INVENT) X(AUDIT) X(FEEDBACK) X(TICK)              \
  X(DOSSIER)

enum event_type {
#define X(name) EVENT_##name,
  EVENT_TYPES(X)
#undef X
      EVENT_TYPE_COUNT
};
const char *event_type_name(enum event_type type);

// Where a message came from. topic is an index into the names the owner of the stream keeps (file: the input's index).
struct source {
  uint32_t topic;
  int32_t partition;
  int64_t offset;    // Kafka offset; file: record number from 0
};

// Bits of line.has
enum {
  LINE_HAS_CNT = 1,
  LINE_HAS_PRIC = 2,
  LINE_HAS_AMOUNT = 4,
  LINE_HAS_INSCP = 8,
  LINE_HAS_OVERLMT = 16,
  LINE_HAS_PRD_DAYS = 32,
  LINE_HAS_OWNPAY = 64,
  LINE_HAS_PRESELF = 128
};

// One element of feedetail[].
struct line {
  struct slice feedetl_sn;          // always present, 1..30 bytes by default limit
  struct slice init_feedetl_sn;     // of a refund: the original line
  struct slice med_list_codg;       // national catalogue code
  struct slice medins_list_codg;    // the institution's own code
  struct slice med_chrgitm_type;    // fee category, raw
  int64_t fee_ocur_time_s;
  int64_t cnt, pric;
  int64_t det_item_fee_fen, inscp_fen, overlmt_fen, ownpay_fen, preself_fen;
  int32_t prd_days;
  uint32_t trace_first, trace_count;    // drug_trac_codg values, distinct, in event.traces
  uint8_t has;
  bool day_only;                    // fee_ocur_time has no time of day
  uint64_t content;                 // FEE only: hash of the line's minified bytes
};

// One element of diseinfo[]
struct diagnosis {
  struct slice diag_type, maindiag_flag, diag_code;
};

// Bits of event.has: amounts of setlinfo
enum { EVENT_HAS_MEDFEE = 1, EVENT_HAS_INSCP = 2, EVENT_HAS_FUND = 4, EVENT_HAS_FEE_CNT = 8, EVENT_HAS_LINES = 16 };

struct event {
  enum event_type type;
  // envelope
  struct slice msg_id, psn_no, fixmedins_code, mdtrtarea_admvs, insuplc_admdvs;
  int64_t event_time_s, recv_time_s;
  int64_t ver;
  uint64_t content;    // hash of the minified bytes of body; 0 where type needs none
  struct source source;
  struct slice raw;    // the message's bytes as they came

  struct slice dossier;    // of DOSSIER: dossier/sealed.h

  // setlinfo
  struct slice setl_id, mdtrt_id, medins_setl_id, init_setl_id;
  struct slice gend, insutype, med_type, hosp_lv, hi_paymtd;
  struct slice refd_setl_flag, vali_flag, mid_setl_flag, setl_type;
  int32_t brdy_day;    // INT32_MIN absent
  int64_t setl_time_s;
  int64_t medfee_fen, inscp_fen, fund_fen;
  int64_t fee_cnt;
  uint32_t has;
  // mdtrtinfo of SETL, or setlinfo of LIST (adm_time, dscg_time, adm_caty, dscg_caty)
  int64_t begntime_s, endtime_s;
  bool begntime_day_only, endtime_day_only;
  struct slice adm_dept_codg, dscg_dept_codg, wardarea_codg, adm_bed, adm_way, dscg_way, atddr_no, dscg_maindiag_code;
  struct slice days_rinp_flag_31;
  int64_t icu_in_first_s;    // earliest scs_cutd_inpool_time of icuinfo[], or DATE_ABSENT
  int64_t icu_in_stay_s;     // where that lies before begntime: the earliest at or after it, or DATE_ABSENT
  struct diagnosis *diagnoses;
  struct line *lines;
  struct slice *traces;
  uint32_t diagnoses_size, lines_size, traces_size;
};

// The time of the event in the step: the platform's clock stands in where the institution's runs ahead by more than ten minutes
// (record-fields 9). A tick's, too: one wrong digit in it must not forget everything before it.
static inline bool event_runs_ahead(const struct event *event) { return event->recv_time_s < event->event_time_s - 600; }
static inline int64_t event_clock_s(const struct event *event) { return event_runs_ahead(event) ? event->recv_time_s : event->event_time_s; }
