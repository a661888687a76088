#include "dossier/dossier.h"

#include <assert.h>
#include <stdlib.h>

void dossier_init(struct dossier *dossier, struct arena *arena, struct slice psn_no) {
  *dossier = (struct dossier){.psn_no = psn_no, .watermark_s = DATE_ABSENT, .known_s = DATE_ABSENT, .asleep.oldest_s = INT64_MAX, .arena = arena};
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
                                        .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT,
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

struct bound { struct slice mdtrt_id; uint32_t bill; };

static int by_visit(const void *a, const void *b) {
  const struct bound *x = a, *y = b;
  const int order = slice_compare(x->mdtrt_id, y->mdtrt_id);
  return order != 0 ? order : (x->bill > y->bill) - (x->bill < y->bill);
}

// All bills of a visit get the latest of its times.
static void join_visits(const struct bound *bounds, uint32_t size, int64_t *times) {
  for (uint32_t first = 0, end; first < size; first = end) {
    int64_t latest_s = DATE_ABSENT;
    for (end = first; end < size && slice_equal(bounds[end].mdtrt_id, bounds[first].mdtrt_id); end++)
      if (times[bounds[end].bill] > latest_s) latest_s = times[bounds[end].bill];
    for (uint32_t i = first; i < end; i++) times[bounds[i].bill] = latest_s;
  }
}

// By bill: the latest time of the visit it belongs to, and of the refund row that undoes it: both are needed to judge it. whole: such a
// row keeps all of the visit, so that bills of one visit have one time.
static int64_t *visit_times(const struct dossier *dossier, bool whole) {
  const uint32_t size = dossier->bills_size;
  int64_t *times = ARENA_ARRAY(dossier->arena, int64_t, size);
  struct bound *bounds = ARENA_ARRAY(dossier->arena, struct bound, size);
  uint32_t named = 0;
  for (uint32_t i = 0; i < size; i++) {
    times[i] = dossier_bill_time(&dossier->bills[i]);
    if (slice_present(dossier->bills[i].mdtrt_id)) bounds[named++] = (struct bound){dossier->bills[i].mdtrt_id, i};
  }
  if (named > 1) qsort(bounds, named, sizeof *bounds, by_visit);
  join_visits(bounds, named, times);
  for (uint32_t i = 0; i < size; i++) {
    const struct bill *row = &dossier->bills[i];
    const struct bill *original = row->refund_row ? dossier_find(dossier, row->init_setl_id) : NULL;
    if (original == NULL) continue;
    const size_t o = (size_t)(original - dossier->bills);
    if (dossier_bill_time(row) > times[o]) times[o] = dossier_bill_time(row);
    if (dossier_bill_time(original) > times[i]) times[i] = dossier_bill_time(original);
  }
  if (whole) join_visits(bounds, named, times);
  return times;
}

// What a bill takes, to within its head.
static int64_t bill_bytes(const struct bill *bill) {
  if (slice_present(bill->packed)) return (int64_t)bill->packed.size;
  int64_t bytes = bill->fresh != NULL ? (int64_t)bill->lines_size * 48 : (int64_t)bill->lines.size + 512;
  for (uint32_t f = 0; f < bill->fees_size; f++) bytes += (int64_t)bill->fees[f].line.size + 48;
  return bytes;
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

bool dossier_forgets(const struct dossier *dossier, int64_t limit_s) {
  bool any = asleep_left(&dossier->asleep) > 0 && dossier->asleep.oldest_s < limit_s;
  for (uint32_t i = 0; i < dossier->bills_size && !any; i++) any = dossier_bill_time(&dossier->bills[i]) < limit_s;
  return any;
}

uint32_t dossier_forget(struct dossier *dossier, int64_t limit_s) {
  const bool any = dossier_forgets(dossier, limit_s);
  assert(!any || asleep_left(&dossier->asleep) == 0);
  uint32_t forgotten = 0;
  if (any) {
    const int64_t *times = visit_times(dossier, false);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < dossier->bills_size; i++)
      if (times[i] >= limit_s) dossier->bills[kept++] = dossier->bills[i];
    forgotten = dossier->bills_size - kept;
    dossier->bills_size = kept;
    if (forgotten > 0 && limit_s > dossier->known_s) dossier->known_s = limit_s;
  }
  if (dossier->findings_size > 0) drop_findings(dossier, limit_s, forgotten > 0);
  return forgotten;
}

int64_t dossier_bytes(const struct dossier *dossier) {
  int64_t bytes = (int64_t)(dossier->asleep.hashes.size + dossier->asleep.bills.size);
  for (uint32_t i = 0; i < dossier->bills_size; i++) bytes += bill_bytes(&dossier->bills[i]);
  return bytes;
}

struct age { int64_t time_s; uint32_t bill; };

static int by_age(const void *a, const void *b) {
  const struct age *x = a, *y = b;
  return x->time_s != y->time_s ? (x->time_s > y->time_s) - (x->time_s < y->time_s) : (x->bill > y->bill) - (x->bill < y->bill);
}

bool dossier_shrink(struct dossier *dossier, struct slice keep_mdtrt_id, int64_t bills_max, int64_t bytes_max) {
  assert(asleep_left(&dossier->asleep) == 0);
  const uint32_t size = dossier->bills_size;
  const int64_t *times = visit_times(dossier, true);
  struct age *ages = ARENA_ARRAY(dossier->arena, struct age, size);
  for (uint32_t i = 0; i < size; i++) ages[i] = (struct age){times[i], i};
  if (size > 1) qsort(ages, size, sizeof *ages, by_age);
  bool *gone = ARENA_ZEROED(dossier->arena, bool, size);
  int64_t bills = size, bytes = dossier_bytes(dossier);
  // Whole visits go, for their bills have one time.
  for (uint32_t a = 0; a < size && (bills > bills_max || bytes > bytes_max || (a > 0 && ages[a].time_s == ages[a - 1].time_s)); a++) {
    const struct bill *bill = &dossier->bills[ages[a].bill];
    if (slice_present(bill->mdtrt_id) && slice_equal(bill->mdtrt_id, keep_mdtrt_id)) continue;
    gone[ages[a].bill] = true;
    bills--;
    bytes -= bill_bytes(bill);
  }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < size; i++)
    if (!gone[i]) dossier->bills[kept++] = dossier->bills[i];
  dossier->cut |= kept < size;
  dossier->bills_size = kept;
  drop_findings(dossier, INT64_MIN, true);
  return bills <= bills_max && bytes <= bytes_max;
}

int64_t dossier_due(const struct dossier *dossier) {
  int64_t due_s = INT64_MAX;
  for (uint32_t i = 0; i < dossier->findings_size; i++)
    if (dossier->findings[i].open && dossier->findings[i].due_s < due_s) due_s = dossier->findings[i].due_s;
  return due_s;
}
