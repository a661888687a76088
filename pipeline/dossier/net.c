#include "dossier/net.h"

#include <stdlib.h>

#include "record/money.h"

struct work {
  const struct stored_line *line;
  int64_t cnt, amount_fen, inscp_fen, overlmt_fen;    // what is left after refunds
  uint16_t settlement;
  bool broken;
};

static int by_sn(const void *a, const void *b) {
  const struct work *x = *(struct work *const *)a, *y = *(struct work *const *)b;
  const int order = slice_compare(x->line->feedetl_sn, y->line->feedetl_sn);
  return order != 0 ? order : (x->settlement > y->settlement) - (x->settlement < y->settlement);
}

static int by_item(const struct stored_line *x, const struct stored_line *y) {
  const int order = slice_compare(x->med_list_codg, y->med_list_codg);
  return order != 0 ? order : (x->pric > y->pric) - (x->pric < y->pric);
}

// By item and price, then the newest first.
static int by_item_newest(const void *a, const void *b) {
  const struct stored_line *x = (*(struct work *const *)a)->line, *y = (*(struct work *const *)b)->line;
  int order = by_item(x, y);
  if (order == 0) order = (x->time_s < y->time_s) - (x->time_s > y->time_s);
  if (order == 0) order = slice_compare(y->feedetl_sn, x->feedetl_sn);
  return order;
}

static bool negative(const struct stored_line *line) {
  return line->has & LINE_HAS_CNT && line->cnt != 0 ? line->cnt < 0 : line->amount_fen < 0;
}

// Takes part of whole units of the refund, with the same part of its money; the last part takes what is left.
static void reduce(struct work *original, struct work *refund, int64_t part) {
  const int64_t whole = -refund->cnt;
  const bool all = part >= whole;
  const int64_t amount_fen = all ? refund->amount_fen : money_share(refund->amount_fen, part, whole);
  const int64_t inscp_fen = all ? refund->inscp_fen : money_share(refund->inscp_fen, part, whole);
  const int64_t overlmt_fen = all ? refund->overlmt_fen : money_share(refund->overlmt_fen, part, whole);
  original->cnt -= all ? whole : part;
  original->amount_fen += amount_fen;
  original->inscp_fen += inscp_fen;
  original->overlmt_fen += overlmt_fen;
  refund->cnt += all ? whole : part;
  refund->amount_fen -= amount_fen;
  refund->inscp_fen -= inscp_fen;
  refund->overlmt_fen -= overlmt_fen;
}

// A refund that names its original. False when there is none of that number.
static bool refund_named(struct work *refund, struct work **sorted, uint32_t size) {
  const struct slice sn = refund->line->init_feedetl_sn;
  uint32_t low = 0, high = size;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (slice_compare(sorted[middle]->line->feedetl_sn, sn) < 0) low = middle + 1;
    else high = middle;
  }
  if (low == size || !slice_equal(sorted[low]->line->feedetl_sn, sn)) return false;
  reduce(sorted[low], refund, -refund->cnt);
  return true;
}

// A refund that names none. False when something of it is left.
static bool refund_by_item(struct work *refund, struct work **sorted, uint32_t size) {
  uint32_t low = 0, high = size;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (by_item(sorted[middle]->line, refund->line) < 0) low = middle + 1;
    else high = middle;
  }
  const int32_t day = refund->line->time_s == DATE_ABSENT ? INT32_MIN : date_day(refund->line->time_s);
  for (int pass = 0; pass < 2 && refund->cnt < 0; pass++) {
    for (uint32_t i = low; i < size && refund->cnt < 0 && by_item(sorted[i]->line, refund->line) == 0; i++) {
      struct work *original = sorted[i];
      const int32_t its_day = original->line->time_s == DATE_ABSENT ? INT32_MIN : date_day(original->line->time_s);
      if ((pass == 0) != (its_day == day) || original->cnt <= 0) continue;
      reduce(original, refund, original->cnt < -refund->cnt ? original->cnt : -refund->cnt);
    }
  }
  return refund->cnt == 0;
}

static int by_time_sn_work(const void *a, const void *b) {
  const struct work *x = a, *y = b;
  const int order = (x->line->time_s > y->line->time_s) - (x->line->time_s < y->line->time_s);
  return order != 0 ? order : slice_compare(x->line->feedetl_sn, y->line->feedetl_sn);
}

static void net_refunds(struct work *refunds, uint32_t refunds_size, struct work *works, uint32_t size, struct arena *arena,
                        uint32_t *unmatched) {
  struct work **by_number = ARENA_ARRAY(arena, struct work *, size), **by_code = ARENA_ARRAY(arena, struct work *, size);
  for (uint32_t i = 0; i < size; i++) by_number[i] = by_code[i] = &works[i];
  qsort(by_number, size, sizeof *by_number, by_sn);
  qsort(by_code, size, sizeof *by_code, by_item_newest);
  // Named refunds first: what they take is gone for the others, whatever the order of arrival.
  qsort(refunds, refunds_size, sizeof *refunds, by_time_sn_work);
  for (uint32_t i = 0; i < refunds_size; i++) {
    if (!slice_present(refunds[i].line->init_feedetl_sn)) continue;
    if (!refund_named(&refunds[i], by_number, size)) ++*unmatched;
  }
  for (uint32_t i = 0; i < refunds_size; i++) {
    if (slice_present(refunds[i].line->init_feedetl_sn)) continue;
    if (!refund_by_item(&refunds[i], by_code, size)) ++*unmatched;
  }
}

// Places of items by time; the items themselves are too large to be moved about.
struct position {
  int64_t time_s;
  const struct item *item;
};

static int by_time_sn(const void *a, const void *b) {
  const struct position *x = a, *y = b;
  int order = (x->time_s > y->time_s) - (x->time_s < y->time_s);
  if (order == 0) order = slice_compare(x->item->feedetl_sn, y->item->feedetl_sn);
  return order != 0 ? order : (x->item->settlement > y->item->settlement) - (x->item->settlement < y->item->settlement);
}

static struct item *sort_items(const struct item *items, uint32_t size, struct arena *arena) {
  struct position *places = ARENA_ARRAY(arena, struct position, size);
  struct item *sorted = ARENA_ARRAY(arena, struct item, size);
  for (uint32_t i = 0; i < size; i++) places[i] = (struct position){items[i].time_s, &items[i]};
  qsort(places, size, sizeof *places, by_time_sn);
  for (uint32_t i = 0; i < size; i++) sorted[i] = *places[i].item;
  return sorted;
}

uint32_t net_items(struct net_line *lines, uint32_t size, const struct codes *codes, struct arena *arena, struct item **items,
                   uint32_t *unmatched) {
  struct work *works = ARENA_ARRAY(arena, struct work, size);
  uint32_t positive = 0, refunds = 0;
  *unmatched = 0;
  // Originals from the front, refunds from the back.
  for (uint32_t i = 0; i < size; i++) {
    const struct stored_line *line = &lines[i].line;
    const uint32_t at = negative(line) ? size - ++refunds : positive++;
    works[at] = (struct work){.line = line, .cnt = line->cnt, .amount_fen = line->amount_fen, .inscp_fen = line->inscp_fen,
                              .overlmt_fen = line->overlmt_fen, .settlement = lines[i].settlement};
  }
  if (refunds > 0) net_refunds(works + positive, refunds, works, positive, arena, unmatched);

  struct item *out = *items = ARENA_ARRAY(arena, struct item, positive);
  uint32_t kept = 0;
  bool sorted = true;
  for (uint32_t i = 0; i < positive; i++) {
    const struct work *work = &works[i];
    const struct stored_line *line = work->line;
    const bool has_cnt = (line->has & LINE_HAS_CNT) != 0;
    if (has_cnt ? work->cnt <= 0 : work->amount_fen <= 0) {
      if (work->cnt < 0 || work->amount_fen > 1 || work->amount_fen < -1) ++*unmatched;
      continue;
    }
    struct item *item = &out[kept];
    *item = (struct item){
        .feedetl_sn = line->feedetl_sn, .med_list_codg = line->med_list_codg, .medins_list_codg = line->medins_list_codg,
        .time_s = line->time_s, .cnt = work->cnt, .pric = line->pric, .amount_fen = work->amount_fen,
        .inscp_fen = work->inscp_fen > 0 ? work->inscp_fen : 0, .overlmt_fen = work->overlmt_fen > 0 ? work->overlmt_fen : 0,
        .prd_days = line->prd_days, .settlement = work->settlement, .traces = line->traces, .traces_size = line->traces_size};
    item->fee = (uint8_t)codes_symbol(codes, CODES_FEE, line->med_chrgitm_type,
                                      line->time_s == DATE_ABSENT ? INT32_MIN : date_day(line->time_s));
    item->flags = (uint8_t)((line->day_only ? ITEM_DAY_ONLY : 0) | (line->inscp_derived ? ITEM_INSCP_DERIVED : 0) |
                            (line->inscp_unknown ? ITEM_INSCP_UNKNOWN : 0) | (line->has & LINE_HAS_PRIC ? 0 : ITEM_NO_PRICE) |
                            (has_cnt ? 0 : ITEM_NO_CNT) | (line->has & LINE_HAS_OVERLMT ? ITEM_HAS_OVERLMT : 0) |
                            (line->has & LINE_HAS_PRD_DAYS ? ITEM_HAS_PRD_DAYS : 0));
    if (kept > 0 && by_time_sn(&(struct position){out[kept - 1].time_s, &out[kept - 1]}, &(struct position){item->time_s, item}) > 0)
      sorted = false;
    kept++;
  }
  if (!sorted) *items = sort_items(out, kept, arena);
  return kept;
}

struct share {
  int64_t remainder;
  struct item *item;
};

static int by_remainder(const void *a, const void *b) {
  const struct share *x = a, *y = b;
  if (x->remainder != y->remainder) return x->remainder < y->remainder ? 1 : -1;
  return slice_compare(x->item->feedetl_sn, y->item->feedetl_sn);
}

// Splits fund_fen over the items of one settlement, or of all (settlement < 0).
static bool split(struct item *items, uint32_t size, int settlement, int64_t fund_fen, struct share *shares) {
  int64_t whole = 0;
  for (uint32_t i = 0; i < size; i++)
    if (settlement < 0 || items[i].settlement == settlement) whole += items[i].inscp_fen;
  if (whole <= 0) return false;
  const int64_t sign = fund_fen < 0 ? -1 : 1, total = fund_fen * sign;
  int64_t left = total;
  uint32_t count = 0;
  for (uint32_t i = 0; i < size; i++) {
    if (settlement >= 0 && items[i].settlement != settlement) continue;
    __extension__ const __int128 product = (__int128)total * items[i].inscp_fen;
    const int64_t part = (int64_t)(product / whole);
    items[i].fund_fen += sign * part;
    left -= part;
    shares[count++] = (struct share){(int64_t)(product % whole), &items[i]};
  }
  if (left > 0) {
    qsort(shares, count, sizeof *shares, by_remainder);
    for (uint32_t i = 0; left > 0; i++, left--) shares[i].item->fund_fen += sign;
  }
  return true;
}

void net_split_fund(struct item *items, uint32_t size, const struct settlement_view *settlements, uint32_t settlements_size,
                    struct arena *arena) {
  struct share *shares = ARENA_ARRAY(arena, struct share, size);
  for (uint32_t i = 0; i < size; i++) items[i].fund_fen = 0;
  for (uint32_t s = 0; s < settlements_size; s++) {
    if (settlements[s].fund_fen == 0) continue;
    if (!split(items, size, (int)s, settlements[s].fund_fen, shares)) split(items, size, -1, settlements[s].fund_fen, shares);
  }
}
