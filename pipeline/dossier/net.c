#include "dossier/net.h"

#include <stddef.h>
#include <stdlib.h>

#include "record/money.h"

struct work {
  const struct stored_line *line;
  int64_t cnt, amount_fen, inscp_fen, overlmt_fen;    // what is left after refunds
  uint16_t settlement;
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

enum { FEW = 8 };

// The originals that some refund of the kind may take from; of many refunds: all originals.
static uint32_t gather(const struct work *refunds, uint32_t refunds_size, bool named, struct work *works, uint32_t size, struct work **to) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < size; i++) {
    bool meets = refunds_size > FEW;
    for (uint32_t r = 0; r < refunds_size && !meets; r++) {
      const struct stored_line *line = refunds[r].line;
      meets = slice_present(line->init_feedetl_sn) == named &&
              (named ? slice_equal(line->init_feedetl_sn, works[i].line->feedetl_sn) : by_item(line, works[i].line) == 0);
    }
    if (meets) to[count++] = &works[i];
  }
  return count;
}

static void net_refunds(struct work *refunds, uint32_t refunds_size, struct work *works, uint32_t size, struct arena *arena,
                        uint32_t *unmatched) {
  struct work **sorted = ARENA_ARRAY(arena, struct work *, size);
  uint32_t named = 0, left = 0;
  for (uint32_t i = 0; i < refunds_size; i++) named += slice_present(refunds[i].line->init_feedetl_sn);
  // Named refunds first: what they take is gone for the others, whatever the order of arrival.
  qsort(refunds, refunds_size, sizeof *refunds, by_time_sn_work);
  if (named > 0) qsort(sorted, left = gather(refunds, refunds_size, true, works, size, sorted), sizeof *sorted, by_sn);
  for (uint32_t i = 0; i < refunds_size && named > 0; i++) {
    if (!slice_present(refunds[i].line->init_feedetl_sn)) continue;
    if (!refund_named(&refunds[i], sorted, left)) ++*unmatched;
  }
  if (named < refunds_size) qsort(sorted, left = gather(refunds, refunds_size, false, works, size, sorted), sizeof *sorted, by_item_newest);
  for (uint32_t i = 0; i < refunds_size && named < refunds_size; i++) {
    if (slice_present(refunds[i].line->init_feedetl_sn)) continue;
    if (!refund_by_item(&refunds[i], sorted, left)) ++*unmatched;
  }
}

// --- Order ---------------------------------------------------------------------------------------------------------------------
//
// Lines by (fee_ocur_time, feedetl_sn), sorted before items are made of them: items are too large to be moved about. Lines of one time and
// number stay in their order, which is that of their settlements.

struct position {
  uint64_t time;    // shifted so that it compares as it is; while it is sorted, from the first of all, plus one; 0: absent
  uint32_t line;
};

struct order {
  struct position *positions;
  uint32_t size;
  bool unsorted;
  const char *numbers;    // the first line's feedetl_sn, and how far it is to the next one's
  size_t stride;
};

static struct order order_begin(struct arena *arena, uint32_t room, const void *lines, size_t number_at, size_t stride) {
  return (struct order){ARENA_ARRAY(arena, struct position, room), 0, false, (const char *)lines + number_at, stride};
}

static int by_number(const struct order *order, uint32_t x, uint32_t y) {
  struct slice a, b;
  memcpy(&a, order->numbers + x * order->stride, sizeof a);
  memcpy(&b, order->numbers + y * order->stride, sizeof b);
  return slice_compare(a, b);
}

static bool before(const struct order *order, struct position x, struct position y) {
  if (x.time != y.time) return x.time < y.time;
  const int number = by_number(order, x.line, y.line);
  return number != 0 ? number < 0 : x.line < y.line;
}

static void order_add(struct order *order, int64_t time_s, uint32_t line) {
  struct position *at = &order->positions[order->size];
  *at = (struct position){(uint64_t)time_s ^ (uint64_t)INT64_MIN, line};
  if (!order->unsorted && order->size > 0 && at->time <= at[-1].time) order->unsorted = before(order, *at, at[-1]);
  order->size++;
}

// Natural merge sort: bills list their lines day by day or kind by kind, so that a few long runs are there already. What is sorted is in
// from or in to.
static struct position *merge(const struct order *order, struct position *from, struct position *to, uint32_t size) {
  for (uint32_t runs = 2; runs > 1;) {
    runs = 0;
    for (uint32_t first = 0, at = 0; first < size; runs++) {
      uint32_t middle = first + 1;
      while (middle < size && !before(order, from[middle], from[middle - 1])) middle++;
      uint32_t end = middle;
      if (end < size)
        for (end++; end < size && !before(order, from[end], from[end - 1]);) end++;
      uint32_t a = first, b = middle;
      while (a < middle && b < end) to[at++] = before(order, from[b], from[a]) ? from[b++] : from[a++];
      while (a < middle) to[at++] = from[a++];
      while (b < end) to[at++] = from[b++];
      first = end;
    }
    struct position *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

enum { MANY = 48, DIGITS = 256 };

// By time alone, digit by digit from the last: no comparison, so nothing that the processor could guess wrong.
static struct position *distribute(struct position *from, struct position *to, uint32_t size, uint64_t last) {
  for (unsigned shift = 0; shift < 64 && last >> shift != 0; shift += 8) {
    uint32_t at[DIGITS + 1] = {0};
    for (uint32_t i = 0; i < size; i++) at[(from[i].time >> shift) % DIGITS + 1]++;
    for (unsigned digit = 1; digit < DIGITS; digit++) at[digit] += at[digit - 1];
    for (uint32_t i = 0; i < size; i++) to[at[(from[i].time >> shift) % DIGITS]++] = from[i];
    struct position *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

static const struct position *order_end(struct order *order, struct arena *arena) {
  if (!order->unsorted) return order->positions;
  const uint32_t size = order->size;
  struct position *from = order->positions, *to = ARENA_ARRAY(arena, struct position, size);
  if (size < MANY) return merge(order, from, to, size);
  uint64_t first = UINT64_MAX, last = 0;
  for (uint32_t i = 0; i < size; i++) {
    if (from[i].time != 0 && from[i].time < first) first = from[i].time;
    if (from[i].time > last) last = from[i].time;
  }
  for (uint32_t i = 0; i < size; i++) from[i].time = from[i].time != 0 ? from[i].time - first + 1 : 0;
  struct position *sorted = distribute(from, to, size, last != 0 ? last - first + 1 : 0), *spare = sorted == from ? to : from;
  for (uint32_t begin = 0, end; begin < size; begin = end) {    // lines of one time by their numbers
    for (end = begin + 1; end < size && sorted[end].time == sorted[begin].time;) end++;
    if (end - begin == 1) continue;
    const struct position *run = merge(order, sorted + begin, spare + begin, end - begin);
    if (run != sorted + begin) memcpy(sorted + begin, run, (end - begin) * sizeof *run);
  }
  return sorted;
}

// --- Items ---------------------------------------------------------------------------------------------------------------------

static uint8_t fee_of(const struct codes *codes, struct slice med_chrgitm_type, int64_t time_s) {
  return (uint8_t)codes_symbol(codes, CODES_FEE, med_chrgitm_type, time_s == DATE_ABSENT ? INT32_MIN : date_day(time_s));
}

static uint8_t flags_of(uint8_t has, bool overlmt, bool day_only, bool inscp_derived, bool inscp_unknown) {
  return (uint8_t)((day_only ? ITEM_DAY_ONLY : 0) | (inscp_derived ? ITEM_INSCP_DERIVED : 0) | (inscp_unknown ? ITEM_INSCP_UNKNOWN : 0) |
                   (has & LINE_HAS_PRIC ? 0 : ITEM_NO_PRICE) | (has & LINE_HAS_CNT ? 0 : ITEM_NO_CNT) |
                   (overlmt ? ITEM_HAS_OVERLMT : 0) | (has & LINE_HAS_PRD_DAYS ? ITEM_HAS_PRD_DAYS : 0));
}

static int64_t positive(int64_t value) { return value > 0 ? value : 0; }

// An original and what is left of it, as rules see it.
static void fill_item(struct item *item, const struct stored_line *line, const struct codes *codes, uint16_t settlement) {
  *item = (struct item){
      .feedetl_sn = line->feedetl_sn, .med_list_codg = line->med_list_codg, .medins_list_codg = line->medins_list_codg,
      .time_s = line->time_s, .cnt = line->cnt, .pric = line->pric, .amount_fen = line->amount_fen,
      .inscp_fen = positive(line->inscp_fen), .overlmt_fen = positive(line->overlmt_fen),
      .prd_days = line->prd_days, .settlement = settlement, .fee = fee_of(codes, line->med_chrgitm_type, line->time_s),
      .flags = flags_of(line->has, line->has & LINE_HAS_OVERLMT, line->day_only, line->inscp_derived, line->inscp_unknown),
      .traces = line->traces, .traces_size = line->traces_size};
}

// Nothing is left of it that a rule could see.
static bool vanished(uint8_t has, int64_t cnt, int64_t amount_fen, uint32_t *unmatched) {
  if (has & LINE_HAS_CNT ? cnt > 0 : amount_fen > 0) return false;
  if (cnt < 0 || amount_fen > 1 || amount_fen < -1) ++*unmatched;
  return true;
}

static int64_t count_of(const struct line *line) { return line->has & LINE_HAS_CNT ? line->cnt : 0; }
static int64_t amount_of(const struct line *line) { return line->has & LINE_HAS_AMOUNT ? line->det_item_fee_fen : 0; }

// What fill_item would make of lines_take, in one step: nearly every line that is judged goes through here.
static void fill_fresh(struct item *item, const struct line *line, const struct slice *traces, const struct codes *codes) {
  bool derived = false, unknown = false;
  const int64_t inscp_fen = lines_inscp(line, &derived, &unknown);
  const bool overlmt = line->has & LINE_HAS_OVERLMT && line->overlmt_fen != 0;
  *item = (struct item){
      .feedetl_sn = line->feedetl_sn, .med_list_codg = line->med_list_codg, .medins_list_codg = line->medins_list_codg,
      .time_s = line->fee_ocur_time_s, .cnt = count_of(line),
      .pric = line->has & LINE_HAS_PRIC ? line->pric : 0, .amount_fen = amount_of(line),
      .inscp_fen = positive(inscp_fen), .overlmt_fen = overlmt ? positive(line->overlmt_fen) : 0,
      .fund_fen = 0, .prd_days = line->has & LINE_HAS_PRD_DAYS ? line->prd_days : 0, .settlement = 0,
      .fee = fee_of(codes, line->med_chrgitm_type, line->fee_ocur_time_s),
      .flags = flags_of(line->has, overlmt, line->day_only, derived, unknown),
      .traces = traces != NULL ? traces + line->trace_first : NULL, .traces_size = line->trace_count};
}

bool net_fresh(const struct line *lines, uint32_t size, const struct slice *traces, const struct codes *codes, struct arena *arena,
               struct item **items, uint32_t *items_size, uint32_t *unmatched) {
  for (uint32_t i = 0; i < size; i++)
    if (lines[i].cnt < 0 || lines[i].det_item_fee_fen < 0 || slice_present(lines[i].init_feedetl_sn)) return false;
  *unmatched = 0;
  struct order order = order_begin(arena, size, lines, offsetof(struct line, feedetl_sn), sizeof *lines);
  for (uint32_t i = 0; i < size; i++) {
    const struct line *line = &lines[i];
    if (!vanished(line->has, count_of(line), amount_of(line), unmatched)) order_add(&order, line->fee_ocur_time_s, i);
  }
  const struct position *at = order_end(&order, arena);
  *items = ARENA_ARRAY(arena, struct item, order.size);
  for (uint32_t i = 0; i < order.size; i++) fill_fresh(&(*items)[i], &lines[at[i].line], traces, codes);
  *items_size = order.size;
  return true;
}

uint32_t net_items(struct net_line *lines, uint32_t size, const struct codes *codes, struct arena *arena, struct item **items,
                   uint32_t *unmatched) {
  *unmatched = 0;
  uint32_t refunds = 0;
  for (uint32_t i = 0; i < size; i++) refunds += negative(&lines[i].line);
  if (refunds > 0) {
    // Originals from the front, refunds from the back; then the originals take what is left of them.
    struct work *works = ARENA_ARRAY(arena, struct work, size);
    uint32_t originals = 0, back = size;
    for (uint32_t i = 0; i < size; i++) {
      const struct stored_line *line = &lines[i].line;
      works[negative(line) ? --back : originals++] =
          (struct work){.line = line, .cnt = line->cnt, .amount_fen = line->amount_fen, .inscp_fen = line->inscp_fen,
                        .overlmt_fen = line->overlmt_fen, .settlement = lines[i].settlement};
    }
    net_refunds(works + originals, refunds, works, originals, arena, unmatched);
    struct net_line *left = ARENA_ARRAY(arena, struct net_line, originals);
    for (uint32_t i = 0; i < originals; i++) {
      left[i] = (struct net_line){*works[i].line, works[i].settlement};
      left[i].line.cnt = works[i].cnt;
      left[i].line.amount_fen = works[i].amount_fen;
      left[i].line.inscp_fen = works[i].inscp_fen;
      left[i].line.overlmt_fen = works[i].overlmt_fen;
    }
    lines = left;
    size = originals;
  }
  struct order order = order_begin(arena, size, lines, offsetof(struct net_line, line.feedetl_sn), sizeof *lines);
  for (uint32_t i = 0; i < size; i++) {
    const struct stored_line *line = &lines[i].line;
    if (!vanished(line->has, line->cnt, line->amount_fen, unmatched)) order_add(&order, line->time_s, i);
  }
  const struct position *at = order_end(&order, arena);
  *items = ARENA_ARRAY(arena, struct item, order.size);
  for (uint32_t i = 0; i < order.size; i++) fill_item(&(*items)[i], &lines[at[i].line].line, codes, lines[at[i].line].settlement);
  return order.size;
}

struct share {
  int64_t remainder;
  struct item *item;
};

// The larger remainder first, ties to the smaller feedetl_sn.
static bool ahead(const struct share *x, const struct share *y) {
  if (x->remainder != y->remainder) return x->remainder > y->remainder;
  return slice_compare(x->item->feedetl_sn, y->item->feedetl_sn) < 0;
}

// Moves the `first` shares that are ahead of all others to the front, in no order (quickselect, middle of three).
static void select_first(struct share *shares, uint32_t size, uint32_t first) {
  uint32_t low = 0, high = size;
  while (high - low > 1 && first > low && first < high) {
    struct share pivot = shares[low + (high - low) / 2];
    if (ahead(&shares[low], &pivot) == ahead(&pivot, &shares[high - 1])) {}
    else if (ahead(&shares[low], &shares[high - 1]) == ahead(&pivot, &shares[low])) pivot = shares[low];
    else pivot = shares[high - 1];
    uint32_t a = low, at = low, b = high;    // [low, a) ahead, [a, at) the pivot's equals, [b, high) behind
    while (at < b) {
      const struct share share = shares[at];
      if (ahead(&share, &pivot)) {
        shares[at++] = shares[a];
        shares[a++] = share;
      } else if (ahead(&pivot, &share)) {
        shares[at] = shares[--b];
        shares[b] = share;
      } else {
        at++;
      }
    }
    if (first <= a) high = a;
    else if (first >= b) low = b;
    else return;
  }
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
    select_first(shares, count, (uint32_t)left);
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
