#include "screen/apply.h"

#include <assert.h>
#include <stdlib.h>

#include "dossier/lines.h"

bool apply_uses(const struct event *event) {
  switch (event->type) {
    case EVENT_SETL:
    case EVENT_SETL_CANCEL:
    case EVENT_LIST:
    case EVENT_DOSSIER: return true;
    case EVENT_FEE: return slice_present(event->setl_id);    // of a split bill; lines of running stays are unused
    default: return false;
  }
}

// What the idempotency key (type, business id, ver) and the content say; true: go on and use the message.
static bool accept(const struct slot *slot, int64_t ver, uint64_t content, struct applied *applied) {
  if (slot->ver == 0 || ver > slot->ver) return true;
  if (ver < slot->ver) applied->disposition = DISPOSITION_SUPERSEDED;
  else if (content == slot->content) applied->disposition = DISPOSITION_DUPLICATE;
  else {
    applied->disposition = DISPOSITION_DEAD;
    applied->reject = REJECT_CONFLICT;
  }
  return false;
}

static void fill_slot(struct slot *slot, const struct event *event) {
  *slot = (struct slot){event->ver, event->content, event_clock_s(event), event->recv_time_s, event->source};
}

static struct slice upper(struct arena *arena, struct slice s) {
  while (s.size > 0 && s.data[0] == ' ') s = (struct slice){s.data + 1, s.size - 1};
  while (s.size > 0 && s.data[s.size - 1] == ' ') s.size--;
  bool any = false;
  for (size_t i = 0; i < s.size; i++) any |= s.data[i] >= 'a' && s.data[i] <= 'z';
  if (!any) return s;
  char *to = arena_take(arena, s.size + 1);
  for (size_t i = 0; i < s.size; i++) to[i] = (char)(s.data[i] >= 'a' && s.data[i] <= 'z' ? s.data[i] - 32 : s.data[i]);
  return (struct slice){to, s.size};
}

// diseinfo with maindiag_flag 1 and diag_type 1; the admission's own field is only a fallback (decisions 16).
static struct slice main_diagnosis(const struct event *event, struct arena *arena, bool *fallback) {
  *fallback = false;
  for (uint32_t i = 0; i < event->diagnoses_size; i++) {
    const struct diagnosis *diagnosis = &event->diagnoses[i];
    if (slice_equal(diagnosis->maindiag_flag, SLICE("1")) && slice_equal(diagnosis->diag_type, SLICE("1")) &&
        slice_present(diagnosis->diag_code))
      return upper(arena, diagnosis->diag_code);
  }
  *fallback = slice_present(event->dscg_maindiag_code);
  return *fallback ? upper(arena, event->dscg_maindiag_code) : SLICE_NONE;
}

static void fill_diagnoses(struct bill *bill, const struct event *event, struct arena *arena) {
  bill->main_diagnosis = main_diagnosis(event, arena, &bill->main_fallback);
  bill->diagnoses = ARENA_ARRAY(arena, struct slice, event->diagnoses_size);
  bill->diagnoses_size = 0;
  for (uint32_t i = 0; i < event->diagnoses_size; i++)
    if (slice_present(event->diagnoses[i].diag_code))
      bill->diagnoses[bill->diagnoses_size++] = upper(arena, event->diagnoses[i].diag_code);
}

// A settlement goes, or is no longer what it was: what is left of its visit must be judged anew, although nothing of that came with
// the event. A refund row that goes gives its original back.
static void touch_visit(struct dossier *dossier, const struct bill *gone) {
  const struct bill *original = gone->refund_row && slice_present(gone->init_setl_id) ? dossier_find(dossier, gone->init_setl_id) : NULL;
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    struct bill *bill = &dossier->bills[i];
    bill->touched |= slice_equal(bill->mdtrt_id, gone->mdtrt_id) || (original != NULL && slice_equal(bill->mdtrt_id, original->mdtrt_id));
  }
}

static void apply_settlement(struct dossier *dossier, const struct event *event, struct applied *applied) {
  struct bill *bill = dossier_take(dossier, event->setl_id);
  if (!accept(&bill->setl, event->ver, event->content, applied)) return;
  struct arena *arena = dossier->arena;
  // What other messages said of this settlement stays; everything of the settlement itself is replaced.
  const struct bill before = *bill;
  if (before.setl.ver != 0) touch_visit(dossier, &before);
  *bill = (struct bill){.setl_id = event->setl_id, .cancel = before.cancel, .list = before.list, .fees = before.fees,
                        .fees_size = before.fees_size, .given = before.given, .list_adm_way = before.list_adm_way, .list_planned = before.list_planned,
                        .list_main_diagnosis = before.list_main_diagnosis, .list_dscg_way = before.list_dscg_way,
                        .list_hi_paymtd = before.list_hi_paymtd,
                        .first_recv_time_s = before.setl.ver != 0 && before.first_recv_time_s < event->recv_time_s
                                                 ? before.first_recv_time_s : event->recv_time_s};
  fill_slot(&bill->setl, event);
#define COPY(name) bill->name = event->name
  COPY(mdtrt_id);
  COPY(fixmedins_code);
  COPY(init_setl_id);
  COPY(med_type);
  COPY(insutype);
  COPY(hosp_lv);
  COPY(gend);
  COPY(hi_paymtd);
  COPY(insuplc_admdvs);
  COPY(mdtrtarea_admvs);
  COPY(adm_dept_codg);
  COPY(dscg_dept_codg);
  COPY(wardarea_codg);
  COPY(atddr_no);
  COPY(adm_way);
  COPY(dscg_way);
  COPY(setl_time_s);
  COPY(begntime_s);
  COPY(endtime_s);
  COPY(icu_in_first_s);
  COPY(icu_in_stay_s);
  COPY(brdy_day);
  COPY(begntime_day_only);
  COPY(endtime_day_only);
  COPY(lines_size);
#undef COPY
  bill->planned = event->days_rinp_flag_31;
  bill->has_medfee = (event->has & EVENT_HAS_MEDFEE) != 0;
  bill->has_inscp = (event->has & EVENT_HAS_INSCP) != 0;
  bill->has_fund = (event->has & EVENT_HAS_FUND) != 0;
  bill->medfee_fen = bill->has_medfee ? event->medfee_fen : 0;
  bill->inscp_fen = bill->has_inscp ? event->inscp_fen : 0;
  bill->fund_fen = bill->has_fund ? event->fund_fen : 0;
  bill->fee_cnt = event->has & EVENT_HAS_FEE_CNT ? event->fee_cnt : -1;
  bill->interim = slice_equal(event->mid_setl_flag, SLICE("1"));
  bill->refund_row = slice_equal(event->refd_setl_flag, SLICE("1"));
  bill->aid = slice_equal(event->setl_type, SLICE("3"));
  bill->valid = !slice_present(event->vali_flag) || slice_equal(event->vali_flag, SLICE("1"));
  fill_diagnoses(bill, event, arena);
  bill->fresh = event->lines;
  bill->fresh_traces = event->traces;
  bill->touched = applied->changed = true;
  applied->affected[applied->affected_size++] = bill->setl_id;
  bool waits = !dossier_complete(bill);
  if (bill->refund_row && slice_present(bill->init_setl_id)) {
    struct bill *original = dossier_find(dossier, bill->init_setl_id);
    waits = original == NULL || original->setl.ver == 0;
    if (original != NULL) {
      touch_visit(dossier, bill);
      applied->affected[applied->affected_size++] = original->setl_id;
    }
  }
  applied->disposition = waits ? DISPOSITION_WAITING : DISPOSITION_SCREENED;
}

static void apply_cancel(struct dossier *dossier, const struct event *event, struct applied *applied) {
  struct bill *bill = dossier_take(dossier, event->setl_id);
  if (!accept(&bill->cancel, event->ver, event->content, applied)) return;
  fill_slot(&bill->cancel, event);
  touch_visit(dossier, bill);
  bill->packed = SLICE_NONE;
  bill->touched = applied->changed = true;
  applied->affected[applied->affected_size++] = bill->setl_id;
  applied->disposition = bill->setl.ver == 0 ? DISPOSITION_WAITING : DISPOSITION_SCREENED;
}

// A field of the list, which only fills what the settlement does not say: does it say anything new?
static bool tell(struct slice of_settlement, struct slice *of_list, struct slice now) {
  const bool news = !slice_present(of_settlement) && !slice_equal(*of_list, now);
  *of_list = now;
  return news;
}

// Most lists say nothing that a rule asks for, and the lines of a stay are many.
static void apply_list(struct dossier *dossier, const struct event *event, struct applied *applied) {
  struct bill *bill = dossier_take(dossier, event->setl_id);
  if (!accept(&bill->list, event->ver, event->content, applied)) return;
  fill_slot(&bill->list, event);
  if (tell(bill->adm_way, &bill->list_adm_way, event->adm_way)) bill->told |= 1u << CODES_ADM_WAY;
  if (tell(bill->planned, &bill->list_planned, event->days_rinp_flag_31)) bill->told |= 1u << CODES_READMISSION_PLAN;
  if (tell(bill->dscg_way, &bill->list_dscg_way, event->dscg_way)) bill->told |= 1u << CODES_DSCG_WAY;
  bool fallback;
  bill->touched = tell(bill->main_fallback ? SLICE_NONE : bill->main_diagnosis, &bill->list_main_diagnosis, main_diagnosis(event, dossier->arena, &fallback));
  bill->touched |= tell(bill->hi_paymtd, &bill->list_hi_paymtd, event->hi_paymtd);
  bill->packed = SLICE_NONE;
  applied->changed = true;
  applied->affected[applied->affected_size++] = bill->setl_id;
  applied->disposition = bill->setl.ver == 0 ? DISPOSITION_WAITING : DISPOSITION_SCREENED;
}

// The line of a split bill, or where it belongs.
static uint32_t fee_place(const struct bill *bill, struct slice feedetl_sn) {
  uint32_t low = 0, high = bill->fees_size;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (slice_compare(bill->fees[middle].feedetl_sn, feedetl_sn) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

static void apply_fees(struct dossier *dossier, const struct event *event, struct apply_scratch *scratch, uint64_t *amounts_derived,
                  struct applied *applied) {
  struct bill *bill = dossier_take(dossier, event->setl_id);
  // A message of several lines is one fact: it is used when any line is news, and dead when any contradicts what is here.
  uint32_t news = 0, superseded = 0;
  for (uint32_t i = 0; i < event->lines_size; i++) {
    const struct line *line = &event->lines[i];
    const uint32_t place = fee_place(bill, line->feedetl_sn);
    const bool held = place < bill->fees_size && slice_equal(bill->fees[place].feedetl_sn, line->feedetl_sn);
    const struct slot slot = held ? (struct slot){.ver = bill->fees[place].ver, .content = bill->fees[place].content} : (struct slot){0};
    if (accept(&slot, event->ver, line->content, applied)) news++;
    else if (applied->disposition == DISPOSITION_DEAD) return;
    else superseded += applied->disposition == DISPOSITION_SUPERSEDED;
  }
  if (news == 0) {
    applied->disposition = superseded > 0 ? DISPOSITION_SUPERSEDED : DISPOSITION_DUPLICATE;
    return;
  }
  struct fee_line *fees = ARENA_ARRAY(dossier->arena, struct fee_line, bill->fees_size + event->lines_size);
  if (bill->fees_size > 0) memcpy(fees, bill->fees, bill->fees_size * sizeof *fees);
  bill->fees = fees;
  for (uint32_t i = 0; i < event->lines_size; i++) {
    const struct line *line = &event->lines[i];
    const uint32_t place = fee_place(bill, line->feedetl_sn);
    const bool held = place < bill->fees_size && slice_equal(fees[place].feedetl_sn, line->feedetl_sn);
    if (held && event->ver <= fees[place].ver) continue;
    if (!held) {
      memmove(fees + place + 1, fees + place, (bill->fees_size - place) * sizeof *fees);
      bill->fees_size++;
    }
    text_clear(&scratch->text);
    lines_pack(&scratch->text, dossier->arena, line, 1, event->traces, amounts_derived, &scratch->memo);
    fees[place] = (struct fee_line){line->feedetl_sn, event->ver, line->content, arena_copy(dossier->arena, text_slice(&scratch->text))};
  }
  // Without its settlement the bill has no time yet but that of its lines.
  if (bill->setl.ver == 0 && (bill->setl.event_time_s == 0 || event_clock_s(event) > bill->setl.event_time_s))
    bill->setl.event_time_s = event_clock_s(event);
  bill->packed = SLICE_NONE;
  bill->touched = applied->changed = true;
  applied->affected[applied->affected_size++] = bill->setl_id;
  applied->disposition = bill->setl.ver != 0 && dossier_complete(bill) ? DISPOSITION_SCREENED : DISPOSITION_WAITING;
}

void apply_keep_lines(struct dossier *dossier, struct bill *bill, struct apply_scratch *scratch, uint64_t *amounts_derived) {
  if (bill->fresh == NULL) return;
  text_clear(&scratch->text);
  lines_pack(&scratch->text, dossier->arena, bill->fresh, bill->lines_size, bill->fresh_traces, amounts_derived, &scratch->memo);
  bill->lines = arena_copy(dossier->arena, text_slice(&scratch->text));
}

void apply(struct dossier *dossier, const struct event *event, struct apply_scratch *scratch, uint64_t *amounts_derived,
                  struct applied *applied) {
  *applied = (struct applied){.disposition = DISPOSITION_UNUSED};
  const uint32_t bills = dossier->bills_size;
  switch (event->type) {
    case EVENT_SETL: apply_settlement(dossier, event, applied); break;
    case EVENT_SETL_CANCEL: apply_cancel(dossier, event, applied); break;
    case EVENT_LIST: apply_list(dossier, event, applied); break;
    case EVENT_FEE: apply_fees(dossier, event, scratch, amounts_derived, applied); break;
    default: break;
  }
  assert(applied->changed || dossier->bills_size == bills);
}
