#include "dossier/dossier.h"

#include <assert.h>

void dossier_init(struct dossier *dossier, struct arena *arena, struct slice psn_no) {
  *dossier = (struct dossier){.psn_no = psn_no, .watermark_s = DATE_ABSENT, .arena = arena};
}

// Where setl_id stands, or belongs.
static uint32_t place_of(const struct dossier *dossier, struct slice setl_id) {
  uint32_t low = 0, high = dossier->bills_size;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (slice_compare(dossier->bills[middle].setl_id, setl_id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

struct bill *dossier_find(const struct dossier *dossier, struct slice setl_id) {
  const uint32_t place = place_of(dossier, setl_id);
  return place < dossier->bills_size && slice_equal(dossier->bills[place].setl_id, setl_id) ? &dossier->bills[place] : NULL;
}

struct bill *dossier_take(struct dossier *dossier, struct slice setl_id) {
  const uint32_t place = place_of(dossier, setl_id);
  if (place < dossier->bills_size && slice_equal(dossier->bills[place].setl_id, setl_id)) return &dossier->bills[place];
  if (dossier->bills_size == dossier->bills_capacity) {
    const uint32_t capacity = dossier->bills_capacity < 8 ? 8 : dossier->bills_capacity * 2;
    struct bill *bills = ARENA_ARRAY(dossier->arena, struct bill, capacity);
    if (dossier->bills_size > 0) memcpy(bills, dossier->bills, dossier->bills_size * sizeof *bills);
    dossier->bills = bills;
    dossier->bills_capacity = capacity;
  }
  memmove(dossier->bills + place + 1, dossier->bills + place, (dossier->bills_size - place) * sizeof *dossier->bills);
  dossier->bills_size++;
  dossier->bills[place] = (struct bill){.setl_id = setl_id,
                                        .setl_time_s = DATE_ABSENT,
                                        .begntime_s = DATE_ABSENT,
                                        .endtime_s = DATE_ABSENT,
                                        .icu_in_first_s = DATE_ABSENT,
                                        .brdy_day = INT32_MIN,
                                        .fee_cnt = -1};
  return &dossier->bills[place];
}

struct finding *dossier_add_finding(struct dossier *dossier) {
  if (dossier->findings_size == dossier->findings_capacity) {
    const uint32_t capacity = dossier->findings_capacity < 4 ? 4 : dossier->findings_capacity * 2;
    struct finding *findings = ARENA_ARRAY(dossier->arena, struct finding, capacity);
    if (dossier->findings_size > 0) memcpy(findings, dossier->findings, dossier->findings_size * sizeof *findings);
    dossier->findings = findings;
    dossier->findings_capacity = capacity;
  }
  struct finding *finding = &dossier->findings[dossier->findings_size++];
  *finding = (struct finding){.due_s = INT64_MAX};
  return finding;
}

struct finding *dossier_find_finding(const struct dossier *dossier, const unsigned char id[16]) {
  for (uint32_t i = 0; i < dossier->findings_size; i++)
    if (memcmp(dossier->findings[i].id, id, 16) == 0) return &dossier->findings[i];
  return NULL;
}

bool dossier_complete(const struct bill *bill) { return bill->fee_cnt < 0 || bill->fees_size >= (uint64_t)bill->fee_cnt; }

// A refund row and its original have opposite amounts: every amount either of them states, and at least the total.
static bool opposite(const struct bill *row, const struct bill *original) {
  return row->has_medfee && original->has_medfee && row->medfee_fen == -original->medfee_fen &&
         row->has_inscp == original->has_inscp && row->inscp_fen == -original->inscp_fen && row->has_fund == original->has_fund &&
         row->fund_fen == -original->fund_fen;
}

bool dossier_undone(const struct dossier *dossier, const struct bill *bill) {
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    const struct bill *row = &dossier->bills[i];
    if (row->refund_row && row->valid && row->cancel.ver == 0 && slice_equal(row->init_setl_id, bill->setl_id) && opposite(row, bill))
      return true;
  }
  return false;
}

bool dossier_live(const struct dossier *dossier, const struct bill *bill) {
  return bill->setl.ver != 0 && bill->cancel.ver == 0 && bill->valid && !bill->refund_row && dossier_complete(bill) &&
         !dossier_undone(dossier, bill);
}

int64_t dossier_bill_time(const struct bill *bill) {
  int64_t time_s = bill->setl.ver != 0 ? bill->setl.event_time_s : DATE_ABSENT;
  if (bill->cancel.ver != 0 && bill->cancel.event_time_s > time_s) time_s = bill->cancel.event_time_s;
  if (bill->list.ver != 0 && bill->list.event_time_s > time_s) time_s = bill->list.event_time_s;
  // Fee lines that came before their settlement carry no slot of their own: they keep the settlement slot's times.
  if (bill->setl.ver == 0 && bill->fees_size > 0 && bill->setl.event_time_s > time_s) time_s = bill->setl.event_time_s;
  return time_s;
}

static bool same_visit(const struct bill *a, const struct bill *b) {
  return slice_present(a->mdtrt_id) && slice_equal(a->mdtrt_id, b->mdtrt_id);
}

// The latest time of the visit a bill belongs to, and of the refund row that undoes it: both are needed to judge it.
static int64_t visit_time(const struct dossier *dossier, const struct bill *bill) {
  int64_t time_s = dossier_bill_time(bill);
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    const struct bill *other = &dossier->bills[i];
    const bool bound = same_visit(other, bill) || (other->refund_row && slice_equal(other->init_setl_id, bill->setl_id)) ||
                       (bill->refund_row && slice_equal(bill->init_setl_id, other->setl_id));
    if (bound && dossier_bill_time(other) > time_s) time_s = dossier_bill_time(other);
  }
  return time_s;
}

static bool has_visit(const struct dossier *dossier, struct slice unit) {
  for (uint32_t i = 0; i < dossier->bills_size; i++)
    if (slice_equal(dossier->bills[i].mdtrt_id, unit) || slice_equal(dossier->bills[i].setl_id, unit)) return true;
  return false;
}

// Findings on visits that are no longer remembered stay as they are with whoever reads them; nothing here can change them any more.
static void drop_findings(struct dossier *dossier, int64_t limit_s, bool visits_changed) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < dossier->findings_size; i++) {
    const struct finding *finding = &dossier->findings[i];
    const bool keep = finding->open ? !visits_changed || has_visit(dossier, finding->unit) : finding->time_s >= limit_s;
    if (keep) dossier->findings[kept++] = *finding;
  }
  dossier->findings_size = kept;
}

uint32_t dossier_forget(struct dossier *dossier, int64_t limit_s) {
  bool any = false;
  for (uint32_t i = 0; i < dossier->bills_size && !any; i++) any = dossier_bill_time(&dossier->bills[i]) < limit_s;
  uint32_t forgotten = 0;
  if (any) {
    bool *old = ARENA_ARRAY(dossier->arena, bool, dossier->bills_size);
    for (uint32_t i = 0; i < dossier->bills_size; i++)
      old[i] = dossier_bill_time(&dossier->bills[i]) < limit_s && visit_time(dossier, &dossier->bills[i]) < limit_s;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < dossier->bills_size; i++)
      if (!old[i]) dossier->bills[kept++] = dossier->bills[i];
    forgotten = dossier->bills_size - kept;
    dossier->bills_size = kept;
  }
  if (dossier->findings_size > 0) drop_findings(dossier, limit_s, forgotten > 0);
  return forgotten;
}

bool dossier_forget_oldest(struct dossier *dossier, struct slice keep_mdtrt_id) {
  const struct bill *oldest = NULL;
  int64_t oldest_s = INT64_MAX;
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    const struct bill *bill = &dossier->bills[i];
    if (slice_present(bill->mdtrt_id) && slice_equal(bill->mdtrt_id, keep_mdtrt_id)) continue;
    const int64_t time_s = visit_time(dossier, bill);
    if (time_s < oldest_s) {
      oldest_s = time_s;
      oldest = bill;
    }
  }
  if (oldest == NULL) return false;
  const struct bill gone = *oldest;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    const struct bill *bill = &dossier->bills[i];
    if (bill != oldest && !same_visit(bill, &gone)) dossier->bills[kept++] = *bill;
  }
  dossier->bills_size = kept;
  dossier->cut = true;
  drop_findings(dossier, INT64_MIN, true);
  return true;
}

int64_t dossier_due(const struct dossier *dossier) {
  int64_t due_s = INT64_MAX;
  for (uint32_t i = 0; i < dossier->findings_size; i++)
    if (dossier->findings[i].open && dossier->findings[i].due_s < due_s) due_s = dossier->findings[i].due_s;
  return due_s;
}
