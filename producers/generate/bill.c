#include "producers/generate/bill.h"

#include <assert.h>

#include "core/memory.h"
#include "record/date.h"
#include "record/money.h"

enum { UNIT = 10000, HOUR = 3600 };

void bill_fini(struct bill *bill) {
  memory_free(bill->lines);
  *bill = (struct bill){0};
}

static void write_number(struct text *out, uint64_t number, int digits) {
  char *to = text_reserve(out, (size_t)digits);
  for (int n = digits - 1; n >= 0; n--, number /= 10) to[n] = (char)('0' + number % 10);
  out->size += (size_t)digits;
}

int bill_length_of_stay(struct random *random) {
  // In tenths of a day, so that the mean of whole days is the national one.
  return (random_between(random, 15, 80) + random_between(random, 10, 76)) / 10;
}

bool bill_has_interim(const struct plan *plan) {
  return (plan->features & PLAN_INTERIM) != 0 && date_day(plan->end_s) - date_day(plan->begin_s) >= 4;
}

void bill_write_setl_id(struct text *out, const struct plan *plan, unsigned settlement) {
  text_byte(out, 'S');
  write_number(out, plan->number * 10 + settlement, 15);
}

void bill_write_mdtrt_id(struct text *out, const struct plan *plan) {
  text_byte(out, 'M');
  write_number(out, plan->number, 14);
}

int64_t bill_asked_price(const struct bill *bill, uint16_t product, int32_t day) {
  const struct catalogue *catalogue = &bill->region->catalogue;
  const struct product *p = &catalogue->products[product];
  const int64_t cap = catalogue_cap(catalogue, p, day);
  if (p->group != GROUP_DRUG && p->group != GROUP_PATENT && p->group != GROUP_MATERIAL) return cap;
  // A third of the goods is bought below the cap; services have one price.
  const unsigned below = (product * 5u + bill->plan.institution * 3u) % 9u;
  return below < 3 ? cap / 100 * (99 - below) : cap;
}

void bill_price(const struct bill *bill, struct bill_line *line) {
  const struct product *product = &bill->region->catalogue.products[line->product];
  line->amount = money_product_fen(line->cnt, line->pric);
  const bool own = product->preself_permille == 1000;
  line->ownpay = own ? line->amount : 0;
  line->preself = own ? 0 : money_share(line->amount, product->preself_permille, 1000);
  line->overlmt = 0;
  line->inscp = line->amount - line->ownpay - line->preself;
}

struct bill_line *bill_add(struct bill *bill, uint16_t product, int64_t time_s, int64_t cnt, int64_t pric) {
  assert(product < bill->region->catalogue.size);
  if (bill->size == bill->capacity) {
    bill->capacity = bill->capacity == 0 ? 512 : bill->capacity * 2;
    bill->lines = memory_resize(bill->lines, bill->capacity * sizeof *bill->lines);
  }
  struct bill_line *line = &bill->lines[bill->size++];
  *line = (struct bill_line){
      .time_s = time_s, .cnt = cnt, .pric = pric, .product = product, .hospital = product, .trace = product};
  bill_price(bill, line);
  const struct product *p = &bill->region->catalogue.products[product];
  // Boxes carry a code each; one is sent with the line.
  if (p->trace[0] != 0) line->trace_serial = bill->plan.number * 1000 + bill->size;
  line->doctor = (uint8_t)random_below(&bill->random, 6);
  return line;
}

void bill_refund(struct bill *bill, uint32_t line, int64_t cnt, int64_t time_s, bool linked) {
  const struct bill_line original = bill->lines[line];
  struct bill_line *refund = bill_add(bill, original.product, time_s, -cnt, original.pric);
  refund->hospital = original.hospital;
  refund->settlement = original.settlement;
  refund->trace_serial = 0;
  refund->init = linked ? line + 1 : 0;
  if (cnt != original.cnt) return;
  refund->amount = -original.amount;
  refund->ownpay = -original.ownpay;
  refund->preself = -original.preself;
  refund->overlmt = -original.overlmt;
  refund->inscp = -original.inscp;
}

// A moment of the n-th day between two hours, inside the stay.
static int64_t moment(struct bill *bill, int32_t day, int from_hour, int to_hour) {
  const int64_t time_s = date_of_day(day) + random_between(&bill->random, from_hour * HOUR, to_hour * HOUR - 1);
  return time_s < bill->plan.begin_s ? bill->plan.begin_s : time_s > bill->plan.end_s ? bill->plan.end_s : time_s;
}

static struct bill_line *bill_item(struct bill *bill, enum group group, int32_t day, int from_hour, int to_hour, int cnt) {
  const enum level level = bill->region->institutions[bill->plan.institution].level;
  uint16_t product = catalogue_pick(&bill->region->catalogue, level, group, &bill->random);
  if (product == PRODUCT_NONE) return NULL;
  if (product == bill->region->catalogue.alternate[0]) product = catalogue_alternate(&bill->region->catalogue, day);
  return bill_add(bill, product, moment(bill, day, from_hour, to_hour), (int64_t)cnt * UNIT,
                  bill_asked_price(bill, product, day));
}

static void make_day(struct bill *bill, int32_t day, int lines, bool idle) {
  const uint16_t *first = bill->region->catalogue.first;
  struct random *random = &bill->random;
  const int nth = day - bill->begin_day;
  const bool icu = nth < bill->icu_days;
  if (icu || (bill->plan.features & PLAN_CUMULATIVE) == 0) {
    const uint16_t bed = first[icu ? GROUP_ICU_BED : GROUP_BED];
    bill_add(bill, bed, moment(bill, day, 7, 8), UNIT, bill_asked_price(bill, bed, day));
  }
  const unsigned grade = (bill->plan.features & PLAN_PSYCHIATRIC) != 0 ? 3 : icu ? 0 : nth < 2 ? 1 : 2;
  const uint16_t nurse = (uint16_t)(first[GROUP_NURSE] + grade);
  bill_add(bill, nurse, moment(bill, day, 8, 9), UNIT, bill_asked_price(bill, nurse, day));
  bill_add(bill, first[GROUP_CONSULT], moment(bill, day, 9, 10), UNIT, bill_asked_price(bill, first[GROUP_CONSULT], day));
  if (idle) return;
  // The first clinical line of a day is never refunded (see bill_make), so that no ordinary day turns idle.
  bill_item(bill, GROUP_DRUG, day, 10, 12, random_between(random, 1, 3));
  for (int n = 4; n < lines; n++) {
    const uint32_t share = random_below(random, 100);
    const enum group group = share < 42   ? GROUP_DRUG
                             : share < 48 ? GROUP_PATENT
                             : share < 63 ? GROUP_MATERIAL
                             : share < 82 ? GROUP_TREAT
                             : share < 95 ? GROUP_LAB
                             : share < 98 ? GROUP_EXAM
                                          : GROUP_OTHER;
    bill_item(bill, group, day, 8, 21, group == GROUP_DRUG || group == GROUP_MATERIAL ? random_between(random, 1, 4) : 1);
  }
}

static void refund_some(struct bill *bill) {
  const uint32_t size = bill->size;
  const bool loose = (bill->plan.features & PLAN_REFUND_LOOSE) != 0;
  const int wanted = random_between(&bill->random, 1, 3);
  int made = 0;
  for (uint32_t tries = 0; made < wanted && tries < 60; tries++) {
    const uint32_t at = random_below(&bill->random, size);
    const struct bill_line *line = &bill->lines[at];
    if (bill->region->catalogue.products[line->product].group != GROUP_MATERIAL || line->cnt < UNIT) continue;
    const int64_t cnt = random_chance(&bill->random, 500) ? line->cnt : UNIT;
    bool alone = true;    // a refund without a name must have one possible original on its day
    for (uint32_t n = 0; n < bill->size; n++) {
      const struct bill_line *other = &bill->lines[n];
      if (n != at && other->product == line->product && other->pric == line->pric &&
          date_day(other->time_s) == date_day(line->time_s))
        alone = false;
    }
    if (!alone && (loose || bill->size > size)) continue;
    bill_refund(bill, at, cnt, moment(bill, date_day(line->time_s), 21, 22), !loose);
    made++;
  }
}

static void make_stay(struct bill *bill) {
  const struct plan *plan = &bill->plan;
  struct random *random = &bill->random;
  // 15 to 40 lines a day, rather few than many; of short stays more, of long ones fewer. Idle days have almost none.
  const int idle = __builtin_popcountll(plan->idle_days), busy = bill->payable > idle ? bill->payable - idle : 1;
  const int one = random_between(random, 15, 40), other = random_between(random, 15, 40);
  int lines = one < other ? one : (one + other) / 2;
  while (lines * busy < 64) lines++;
  while (lines * bill->payable > 390) lines--;
  if ((plan->features & PLAN_ICU) != 0 && bill->payable > 2) bill->icu_days = bill->payable > 4 ? 2 : 1;
  for (int n = 0; n < bill->payable; n++)
    make_day(bill, bill->begin_day + n, lines, n < 64 && (plan->idle_days >> n & 1) != 0);
  if ((plan->features & PLAN_CUMULATIVE) != 0) {
    const uint16_t bed = bill->region->catalogue.first[GROUP_BED];
    bill_add(bill, bed, moment(bill, bill->begin_day + bill->payable - 1, 7, 8),
             (int64_t)(bill->payable - bill->icu_days) * UNIT, bill_asked_price(bill, bed, bill->begin_day));
  }
  if (bill->region->institutions[plan->institution].level <= LEVEL_II && bill->payable > 3 && plan->idle_days == 0 &&
      random_chance(random, 250)) {
    bill_item(bill, GROUP_OPERATION, bill->begin_day + 1, 9, 15, 1);
  }
  // Medicine to take home, dispensed on the day of discharge.
  struct bill_line *home = bill_item(bill, GROUP_DRUG, bill->end_day, 9, 11, 1);
  if (home != NULL && bill->end_day > bill->begin_day) home->prd_days = 7;
  if ((plan->features & (PLAN_REFUND_LINKED | PLAN_REFUND_LOOSE)) != 0 && plan->idle_days == 0) refund_some(bill);
  bill->interim_s = 0;
  if (bill_has_interim(plan)) {
    bill->settlements = 2;
    bill->interim_s = date_of_day(bill->begin_day + bill->payable / 2);
  }
}

static void make_visit(struct bill *bill) {
  struct random *random = &bill->random;
  const int32_t day = bill->begin_day;
  const struct catalogue *catalogue = &bill->region->catalogue;
  if (bill->plan.kind == BILL_PHARMACY) {
    for (int n = random_between(random, 1, 3); n > 0; n--) {
      struct bill_line *line = bill_item(bill, n == 3 ? GROUP_PATENT : GROUP_DRUG, day, 8, 21, random_between(random, 1, 2));
      if (line != NULL) line->prd_days = (uint16_t)(catalogue->products[line->product].pack_days * (int)(line->cnt / UNIT));
    }
    return;
  }
  if (bill->plan.kind == BILL_CHRONIC) {
    for (int n = random_between(random, 2, 5); n > 0; n--) {
      struct bill_line *line = bill_item(bill, GROUP_DRUG, day, 8, 18, random_between(random, 1, 3));
      if (line != NULL) line->prd_days = 30;
    }
    if (random_chance(random, 300)) bill_item(bill, GROUP_LAB, day, 8, 18, 1);
    return;
  }
  const uint16_t visit = (uint16_t)(catalogue->first[GROUP_CONSULT] + 1 + random_below(random, 2));
  if (catalogue->stock_size[bill->region->institutions[bill->plan.institution].level][GROUP_CONSULT] > 0) {
    bill_add(bill, visit, bill->plan.begin_s, UNIT, bill_asked_price(bill, visit, day));
  }
  bill_item(bill, GROUP_DRUG, day, 8, 18, 1);
  for (int n = random_between(random, 0, 6); n > 0; n--) {
    const uint32_t share = random_below(random, 100);
    const enum group group = share < 40   ? GROUP_DRUG
                             : share < 50 ? GROUP_PATENT
                             : share < 75 ? GROUP_LAB
                             : share < 85 ? GROUP_EXAM
                                          : GROUP_TREAT;
    bill_item(bill, group, day, 8, 18, group == GROUP_DRUG ? random_between(random, 1, 2) : 1);
  }
}

void bill_make(struct bill *bill, const struct region *region, const struct plan *plan) {
  bill->region = region;
  bill->plan = *plan;
  bill->size = 0;
  bill->settlements = 1;
  bill->icu_days = 0;
  bill->interim_s = 0;
  bill->begin_day = date_day(plan->begin_s);
  bill->end_day = date_day(plan->end_s);
  bill->payable = bill->end_day > bill->begin_day ? bill->end_day - bill->begin_day : 1;
  random_init(&bill->random, region->seed, 'B', plan->number);
  if (plan->kind == BILL_STAY) make_stay(bill);
  else make_visit(bill);
}

// The original of a refund that names none: same national code and price, same day before other days, newest first.
static uint32_t loose_original(const struct bill *bill, const struct bill_line *refund) {
  uint32_t best = UINT32_MAX;
  for (uint32_t n = 0; n < bill->size; n++) {
    const struct bill_line *line = &bill->lines[n];
    if (line->cnt <= 0 || line->net_cnt < -refund->cnt || line->product != refund->product || line->pric != refund->pric)
      continue;
    if (best == UINT32_MAX) {
      best = n;
      continue;
    }
    const bool same_day = date_day(line->time_s) == date_day(refund->time_s);
    const bool best_same_day = date_day(bill->lines[best].time_s) == date_day(refund->time_s);
    if (same_day != best_same_day ? same_day : line->time_s >= bill->lines[best].time_s) best = n;
  }
  return best;
}

void bill_close(struct bill *bill) {
  for (uint32_t n = 0; n < bill->size; n++) {
    struct bill_line *line = &bill->lines[n];
    line->net_cnt = line->cnt > 0 ? line->cnt : 0;
    line->net_inscp = line->cnt > 0 ? line->inscp : 0;
    if (line->cnt > 0) line->settlement = bill->settlements == 2 && line->time_s >= bill->interim_s;
  }
  for (uint32_t n = 0; n < bill->size; n++) {
    struct bill_line *refund = &bill->lines[n];
    if (refund->cnt >= 0) continue;
    const uint32_t at = refund->init != 0 ? refund->init - 1 : loose_original(bill, refund);
    assert(at < bill->size);
    struct bill_line *line = &bill->lines[at];
    line->net_cnt += refund->cnt;
    line->net_inscp += refund->inscp;
    refund->settlement = line->settlement;
    assert(line->net_cnt >= 0 && line->net_inscp >= 0);
  }
  for (unsigned s = 0; s < BILL_SETTLEMENTS; s++) bill->totals[s] = (struct bill_total){0};
  for (uint32_t n = 0; n < bill->size; n++) {
    const struct bill_line *line = &bill->lines[n];
    struct bill_total *total = &bill->totals[line->settlement];
    total->medfee += line->amount;
    total->ownpay += line->ownpay;
    total->preself += line->preself;
    total->overlmt += line->overlmt;
    total->inscp += line->inscp;
    total->lines++;
  }
  static const int64_t deductible_fen[] = {
      [BILL_PHARMACY] = 0, [BILL_OUTPATIENT] = 1000, [BILL_CHRONIC] = 0, [BILL_STAY] = 40000};
  static const int64_t rate_permille[] = {
      [BILL_PHARMACY] = 600, [BILL_OUTPATIENT] = 550, [BILL_CHRONIC] = 700, [BILL_STAY] = 780};
  for (unsigned s = 0; s < bill->settlements; s++) {
    struct bill_total *total = &bill->totals[s];
    const int64_t deductible = s == 0 ? deductible_fen[bill->plan.kind] : 0;
    total->deductible = deductible < total->inscp ? deductible : total->inscp;
    total->fund = money_share(total->inscp - total->deductible, rate_permille[bill->plan.kind], 1000);
    total->account = money_share(total->medfee - total->fund, (int64_t)(bill->plan.number % 4) * 250, 1000);
    const bool interim = bill->settlements == 2 && s == 0;
    total->setl_time_s = interim                          ? bill->interim_s + 10 * HOUR
                         : bill->plan.kind == BILL_STAY   ? bill->plan.end_s + 20 * 60 + (int64_t)(bill->plan.number % 3000)
                                                          : bill->plan.end_s + 600 + (int64_t)(bill->plan.number % 1200);
  }
}
