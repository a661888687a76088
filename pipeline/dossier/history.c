#include "dossier/history.h"

#include <assert.h>
#include <stdlib.h>

#include "dossier/net.h"

// What a visit needs to load its items: the bills behind it, in the order of its settlements.
struct owner {
  const struct bill **bills;
  const struct codes *codes;
  struct arena *arena;
  bool fund_split;
};

static int64_t settled_of(const struct bill *bill) {
  return bill->setl_time_s != DATE_ABSENT ? bill->setl_time_s : bill->setl.event_time_s;
}

static int by_visit(const void *a, const void *b) {
  const struct bill *x = *(const struct bill *const *)a, *y = *(const struct bill *const *)b;
  int order = slice_compare(x->mdtrt_id, y->mdtrt_id);
  if (order == 0) order = (settled_of(x) > settled_of(y)) - (settled_of(x) < settled_of(y));
  return order != 0 ? order : slice_compare(x->setl_id, y->setl_id);
}

static int by_time(const void *a, const void *b) {
  const struct visit *x = a, *y = b;
  int order = (x->begntime_s > y->begntime_s) - (x->begntime_s < y->begntime_s);
  if (order == 0) order = (x->endtime_s > y->endtime_s) - (x->endtime_s < y->endtime_s);
  return order != 0 ? order : slice_compare(x->mdtrt_id, y->mdtrt_id);
}

// Lines of all bills, unpacked where they were stored.
static struct net_line *gather(const struct visit *visit, uint32_t *size) {
  struct owner *owner = visit->owner;
  uint64_t room = 0;
  for (uint32_t s = 0; s < visit->settlements_size; s++) room += owner->bills[s]->lines_size + owner->bills[s]->fees_size;
  struct net_line *lines = ARENA_ARRAY(owner->arena, struct net_line, room);
  uint32_t at = 0;
  for (uint32_t s = 0; s < visit->settlements_size; s++) {
    const struct bill *bill = owner->bills[s];
    if (bill->fresh != NULL) {
      for (uint32_t i = 0; i < bill->lines_size; i++, at++) {
        lines_take(&lines[at].line, &bill->fresh[i], bill->fresh_traces);
        lines[at].settlement = (uint16_t)s;
      }
    } else {
      struct stored_line *stored = ARENA_ARRAY(owner->arena, struct stored_line, bill->lines_size);
      const bool whole = lines_unpack(bill->lines, bill->lines_size, owner->arena, stored);
      assert(whole);
      for (uint32_t i = 0; i < bill->lines_size; i++) lines[at++] = (struct net_line){stored[i], (uint16_t)s};
    }
    // Lines that came apart are no part of a bill that is complete in itself.
    for (uint32_t i = 0; i < bill->fees_size && bill->fee_cnt >= 0; i++) {
      const bool one = lines_unpack(bill->fees[i].line, 1, owner->arena, &lines[at].line);
      assert(one);
      lines[at++].settlement = (uint16_t)s;
    }
  }
  *size = at;
  return lines;
}

static void load(struct visit *visit) {
  struct owner *owner = visit->owner;
  const struct bill *only = visit->settlements_size == 1 ? owner->bills[0] : NULL;
  struct item *items;
  if (only == NULL || only->fresh == NULL || only->fee_cnt >= 0 ||
      !net_fresh(only->fresh, only->lines_size, only->fresh_traces, owner->codes, owner->arena, &items, &visit->items_size,
                 &visit->unmatched_refunds)) {
    uint32_t size;
    struct net_line *lines = gather(visit, &size);
    visit->items_size = net_items(lines, size, owner->codes, owner->arena, &items, &visit->unmatched_refunds);
  }
  visit->items = items;
  visit->inscp_fen = visit->fund_fen = 0;
  for (uint32_t i = 0; i < visit->items_size; i++) visit->inscp_fen += items[i].inscp_fen;
  for (uint32_t s = 0; s < visit->settlements_size; s++) visit->fund_fen += visit->settlements[s].fund_fen;
  visit->items_loaded = true;
}

void history_split_fund(struct visit *visit) {
  struct owner *owner = visit->owner;
  if (owner->fund_split) return;
  view_items(visit);
  // The items are this room's own memory; the view is read-only for rules.
  struct item *items = ARENA_ARRAY(owner->arena, struct item, visit->items_size);
  if (visit->items_size > 0) memcpy(items, visit->items, visit->items_size * sizeof *items);
  net_split_fund(items, visit->items_size, visit->settlements, visit->settlements_size, owner->arena);
  visit->items = items;
  owner->fund_split = true;
}

static struct slice first_present(struct slice a, struct slice b) { return slice_present(a) ? a : b; }
static int64_t earlier_of(int64_t a, int64_t b) { return a == DATE_ABSENT || (b != DATE_ABSENT && b < a) ? b : a; }

// The last settlement speaks for the visit; what it does not say, an earlier one may.
static void fill(struct visit *visit, const struct bill **bills, uint32_t size, const struct ruleset *ruleset, struct arena *arena) {
  const struct codes *codes = ruleset->codes;
  const struct bill *last = bills[size - 1];
  *visit = (struct visit){.mdtrt_id = last->mdtrt_id, .fixmedins_code = last->fixmedins_code, .begntime_s = DATE_ABSENT,
                          .endtime_s = DATE_ABSENT, .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT, .brdy_day = INT32_MIN, .settled_s = DATE_ABSENT,
                          .settlements_size = size, .final = !last->interim, .given = true};
  struct settlement_view *settlements = ARENA_ARRAY(arena, struct settlement_view, size);
  struct slice adm_way = SLICE_NONE, planned = SLICE_NONE, dscg_way = SLICE_NONE, list_diagnosis = SLICE_NONE, fallback = SLICE_NONE;
  uint32_t diagnoses = 0;
  for (uint32_t i = 0; i < size; i++) {
    const struct bill *bill = bills[i];
    settlements[i] = (struct settlement_view){bill->setl_id, settled_of(bill), bill->medfee_fen, bill->fund_fen, bill->setl.source};
    if (bill->begntime_s != DATE_ABSENT && (visit->begntime_s == DATE_ABSENT || bill->begntime_s < visit->begntime_s)) {
      visit->begntime_s = bill->begntime_s;
      visit->begntime_day_only = bill->begntime_day_only;
    }
    if (bill->endtime_s != DATE_ABSENT && bill->endtime_s > visit->endtime_s) {
      visit->endtime_s = bill->endtime_s;
      visit->endtime_day_only = bill->endtime_day_only;
    }
    visit->icu_in_first_s = earlier_of(visit->icu_in_first_s, bill->icu_in_first_s);
    visit->icu_in_stay_s = earlier_of(visit->icu_in_stay_s, bill->icu_in_stay_s);
    if (bill->brdy_day != INT32_MIN) visit->brdy_day = bill->brdy_day;
    if (!slice_present(visit->adm_dept_codg)) visit->adm_dept_codg = bill->adm_dept_codg;
#define LAST(name) visit->name = first_present(bill->name, visit->name)
    LAST(dscg_dept_codg);
    LAST(insutype);
    LAST(med_type);
    LAST(hosp_lv);
    LAST(gend);
    LAST(wardarea_codg);
    LAST(atddr_no);
    LAST(insuplc_admdvs);
    LAST(mdtrtarea_admvs);
#undef LAST
    struct slice *diagnosis = bill->main_fallback ? &fallback : &visit->main_diagnosis;
    *diagnosis = first_present(bill->main_diagnosis, *diagnosis);
    // A field that stands in the settlement is used from there; the list only fills what is unknown (decisions 15).
    adm_way = first_present(first_present(bill->adm_way, bill->list_adm_way), adm_way);
    planned = first_present(first_present(bill->planned, bill->list_planned), planned);
    dscg_way = first_present(first_present(bill->dscg_way, bill->list_dscg_way), dscg_way);
    visit->hi_paymtd = first_present(first_present(bill->hi_paymtd, bill->list_hi_paymtd), visit->hi_paymtd);
    list_diagnosis = first_present(bill->list_main_diagnosis, list_diagnosis);
    if (settlements[i].setl_time_s > visit->settled_s) visit->settled_s = settlements[i].setl_time_s;
    visit->touched |= bill->touched;
    visit->given &= bill->given;
    visit->told |= bill->told;
    visit->lines_gone |= bill->lines_gone && bill->fresh == NULL;
    diagnoses += bill->diagnoses_size;
  }
  const int32_t day = date_day(visit->endtime_s != DATE_ABSENT ? visit->endtime_s : visit->settled_s);
  visit->settlements = settlements;
  visit->main_diagnosis = first_present(first_present(visit->main_diagnosis, list_diagnosis), fallback);
  visit->symbol = (enum visit_symbol)codes_symbol(codes, CODES_MED_TYPE, visit->med_type, day);
  visit->stay = (ruleset->inpatient_stay >> visit->symbol & 1) != 0;
  visit->unit = visit->stay ? visit->mdtrt_id : last->setl_id;
  visit->admission_way = (enum admission_symbol)codes_symbol(codes, CODES_ADM_WAY, adm_way, day);
  visit->discharge_way = (enum discharge_symbol)codes_symbol(codes, CODES_DSCG_WAY, dscg_way, day);
  visit->readmission_plan = (enum plan_symbol)codes_symbol(codes, CODES_READMISSION_PLAN, planned, day);
  if (size == 1) {
    visit->diagnoses = last->diagnoses;
    visit->diagnoses_size = last->diagnoses_size;
  } else {
    struct slice *all = ARENA_ARRAY(arena, struct slice, diagnoses);
    for (uint32_t i = 0; i < size; i++)
      for (uint32_t d = 0; d < bills[i]->diagnoses_size; d++) all[visit->diagnoses_size++] = bills[i]->diagnoses[d];
    visit->diagnoses = all;
  }
  struct owner *owner = ARENA_ARRAY(arena, struct owner, 1);
  *owner = (struct owner){bills, codes, arena, false};
  visit->owner = owner;
  visit->load = load;
}

static int by_text(const void *a, const void *b) { return slice_compare(*(const struct slice *)a, *(const struct slice *)b); }

// The feedetl_sn of a bill's lines, sorted.
static uint32_t line_keys(const struct bill *bill, struct arena *arena, struct slice **keys) {
  struct slice *to = *keys = ARENA_ARRAY(arena, struct slice, bill->lines_size + bill->fees_size);
  uint32_t size = 0;
  if (bill->fresh != NULL) {
    for (uint32_t i = 0; i < bill->lines_size; i++) to[size++] = bill->fresh[i].feedetl_sn;
  } else {
    struct stored_line *stored = ARENA_ARRAY(arena, struct stored_line, bill->lines_size);
    const bool whole = lines_unpack(bill->lines, bill->lines_size, arena, stored);
    assert(whole);
    for (uint32_t i = 0; i < bill->lines_size; i++) to[size++] = stored[i].feedetl_sn;
  }
  for (uint32_t i = 0; i < bill->fees_size && bill->fee_cnt >= 0; i++) to[size++] = bill->fees[i].feedetl_sn;
  qsort(to, size, sizeof *to, by_text);
  return size;
}

// Every line of the medical-aid settlement is one of the other's: the line's key is (mdtrt_id, feedetl_sn).
static bool repeats(const struct bill *aid, const struct bill *basic, struct arena *arena) {
  struct slice *ours, *theirs;
  if (basic->aid || basic->lines_gone || aid->lines_gone || !slice_equal(basic->mdtrt_id, aid->mdtrt_id)) return false;
  const uint32_t ours_size = line_keys(aid, arena, &ours), theirs_size = line_keys(basic, arena, &theirs);
  for (uint32_t i = 0; i < ours_size; i++)
    if (bsearch(&ours[i], theirs, theirs_size, sizeof *theirs, by_text) == NULL) return false;
  return ours_size > 0;
}

// bills: sorted by visit. What is left of them.
static uint32_t leave_out_repeats(const struct bill **bills, uint32_t size, struct arena *arena) {
  uint32_t kept = 0;
  for (uint32_t first = 0, end; first < size; first = end) {
    for (end = first + 1; end < size && slice_equal(bills[end]->mdtrt_id, bills[first]->mdtrt_id);) end++;
    bool *out = ARENA_ZEROED(arena, bool, end - first);
    for (uint32_t i = first; i < end; i++)
      for (uint32_t other = first; bills[i]->aid && other < end; other++) out[i - first] |= repeats(bills[i], bills[other], arena);
    for (uint32_t i = first; i < end; i++)
      if (!out[i - first]) bills[kept++] = bills[i];
  }
  return kept;
}

static bool is_stay(const struct bill *bill, const struct ruleset *ruleset) {
  const int64_t time_s = bill->endtime_s != DATE_ABSENT ? bill->endtime_s : settled_of(bill);
  return ruleset->inpatient_stay >> codes_symbol(ruleset->codes, CODES_MED_TYPE, bill->med_type, date_day(time_s)) & 1;
}

void history_build(struct history *history, const struct dossier *dossier, const struct history_options *options) {
  struct arena *arena = dossier->arena;
  const struct bill **bills = ARENA_ARRAY(arena, const struct bill *, dossier->bills_size);
  bool *undone = ARENA_ZEROED(arena, bool, dossier->bills_size);
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    const struct bill *row = &dossier->bills[i];
    if (!row->refund_row) continue;
    const struct bill *original = dossier_find(dossier, row->init_setl_id);
    if (original != NULL && dossier_undone(dossier, original)) undone[original - dossier->bills] = true;
  }
  uint32_t live = 0;
  bool aid = false;
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    const struct bill *bill = &dossier->bills[i];
    if (!undone[i] && bill->setl.ver != 0 && bill->cancel.ver == 0 && bill->valid && !bill->refund_row && dossier_complete(bill))
      bills[live++] = bill, aid |= bill->aid;
  }
  if (live > 1) qsort(bills, live, sizeof *bills, by_visit);
  if (aid && live > 1) live = leave_out_repeats(bills, live, arena);
  *history = (struct history){.psn_no = dossier->psn_no, .watermark_s = dossier->watermark_s, .start_day = options->start_day,
                              .cut = dossier->cut, .visits = ARENA_ARRAY(arena, struct visit, live)};
  for (uint32_t first = 0, end; first < live; first = end) {
    end = first + 1;
    if (is_stay(bills[first], options->ruleset))
      while (end < live && slice_equal(bills[end]->mdtrt_id, bills[first]->mdtrt_id) && is_stay(bills[end], options->ruleset)) end++;
    // An item names its settlement in 16 bits; what is beyond that is no visit but abuse, and history is short.
    if (end - first > UINT16_MAX) {
      history->cut = true;
      first = end - UINT16_MAX;
    }
    fill(&history->visits[history->size++], bills + first, end - first, options->ruleset, arena);
  }
  if (history->size > 1) qsort(history->visits, history->size, sizeof *history->visits, by_time);
}

struct visit *history_find(const struct history *history, struct slice unit) {
  for (uint32_t i = 0; i < history->size; i++)
    if (slice_equal(history->visits[i].unit, unit)) return &history->visits[i];
  return NULL;
}

const struct bill *const *history_bills(const struct visit *visit) { return ((const struct owner *)visit->owner)->bills; }

struct slice *history_setl_ids(const struct visit *visit, struct arena *arena) {
  struct slice *ids = ARENA_ARRAY(arena, struct slice, visit->settlements_size);
  for (uint32_t i = 0; i < visit->settlements_size; i++) ids[i] = visit->settlements[i].setl_id;
  qsort(ids, visit->settlements_size, sizeof *ids, by_text);
  return ids;
}
