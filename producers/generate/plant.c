#include "producers/generate/plant.h"

#include <assert.h>

#include "record/date.h"
#include "record/money.h"

enum { UNIT = 10000, HOUR = 3600, CHANGE = 1000 };

const char *const plant_answer_names[PLANT_ANSWERS] = {"open", "none", "withdrawn"};

// Statutory holidays of the shipped calendars with the make-up days around them: year, month, first and last day. Cases that
// depend on working days or idle days keep clear of them.
static const int16_t holidays[][4] = {
    {2025, 1, 1, 1},  {2025, 1, 26, 31}, {2025, 2, 1, 8},  {2025, 4, 4, 6},  {2025, 4, 27, 30}, {2025, 5, 1, 5},
    {2025, 5, 31, 31}, {2025, 6, 1, 2},  {2025, 9, 28, 30}, {2025, 10, 1, 11},
    {2026, 1, 1, 4},  {2026, 2, 14, 28}, {2026, 4, 4, 6},  {2026, 5, 1, 9},  {2026, 6, 19, 21}, {2026, 9, 20, 30},
    {2026, 10, 1, 10},
};

static bool near_holiday(int32_t from, int32_t to) {
  for (unsigned n = 0; n < sizeof holidays / sizeof *holidays; n++) {
    const int32_t first = date_from_civil(holidays[n][0], holidays[n][1], holidays[n][2]);
    const int32_t last = date_from_civil(holidays[n][0], holidays[n][1], holidays[n][3]);
    if (to >= first && from <= last) return true;
  }
  return false;
}

// A change day around which working days can be counted by hand.
static bool plain_days(int32_t day) {
  int year, month, of_month;
  date_to_civil(day, &year, &month, &of_month);
  return (year == 2025 || year == 2026) && !near_holiday(day - 1, day + 10);
}

// The day that a scenario is bound to; INT32_MIN: any, INT32_MAX: none in the range.
static int32_t bound_day(const struct scenario *scenario, const struct catalogue *catalogue, int32_t first, int32_t last,
                         struct random *random) {
  if (scenario->on_cut != 0) {
    const int32_t day = catalogue->cut_day + scenario->on_cut - CHANGE;
    return day >= first && day <= last ? day : INT32_MAX;
  }
  if (scenario->on_holiday) {    // Qingming and the Dragon Boat festival have three days
    const int32_t days[2] = {date_from_civil(2026, 4, 3), date_from_civil(2026, 6, 18)};
    for (int n = 0; n < 2; n++) {
      if (days[n] >= first && days[n] + scenario->payable <= last) return days[n];
    }
    return INT32_MAX;
  }
  if (scenario->on_change == 0) return INT32_MIN;
  int32_t days[CATALOGUE_CHANGES];
  uint32_t size = 0;
  for (int n = 0; n < CATALOGUE_CHANGES; n++) {
    const int32_t day = catalogue_change(catalogue, n) + scenario->on_change - CHANGE;
    if (day >= first && day <= last && plain_days(catalogue_change(catalogue, n))) days[size++] = day;
  }
  return size == 0 ? INT32_MAX : days[random_below(random, size)];
}

static int64_t clock(struct random *random, int hour, int from, int to) {
  return hour != 0 ? hour * HOUR : random_between(random, from * HOUR, to * HOUR);
}

static const struct disease *other_disease(const struct disease *than, uint8_t department, bool same_department,
                                           struct random *random) {
  for (;;) {
    const struct disease *disease = &diseases[random_below(random, diseases_size)];
    if (memcmp(disease->code, than->code, 3) == 0) continue;
    if (same_department || disease->department != department) return disease;
  }
}

uint32_t plant_earlier(const struct plant_case *at, uint32_t part) {
  if (part == 0 || at->scenario->shape == SHAPE_STAY || at->scenario->shape == SHAPE_VISIT) return UINT32_MAX;
  if (at->scenario->shape == SHAPE_BETWEEN || at->scenario->shape == SHAPE_RESCUE_VISIT) return part == 2 ? 0 : UINT32_MAX;
  return part - 1;
}

const char *plant_band(const struct plant_case *at, uint32_t part, enum expect_rule rule) {
  static const char *const bands[EXPECT_RULES] = {
      [EXPECT_ADM_002] = "transfer",      [EXPECT_ADM_004] = "hanging",  [EXPECT_ADM_008A] = "excess",
      [EXPECT_ADM_008B] = "excess",       [EXPECT_ADM_008C] = "outside", [EXPECT_SUB_001A] = "differs",
      [EXPECT_SUB_005] = "other_product", [EXPECT_SUB_006] = "above",
  };
  if (rule != EXPECT_ADM_001) return bands[rule];
  const struct plan *earlier = &at->plans[plant_earlier(at, part)];
  const bool near = date_day(at->plans[part].begin_s) - date_day(earlier->end_s) <= 7,
             advice = (earlier->features & PLAN_ADVICE) != 0;
  return near ? advice ? "short_against_advice" : "short" : advice ? "long_against_advice" : "long";
}

// Boxes are scanned since 2026; the shipped rule on trace codes is in force from then on.
static bool trace_deed(const struct scenario *scenario) {
  for (unsigned n = 0; n < sizeof scenario->deeds; n++) {
    const enum plant_deed deed = scenario->deeds[n];
    if (deed == TRACE_AND_PRICE || (deed >= TRACE_WRONG && deed <= TRACE_UNLISTED)) return true;
  }
  return false;
}

bool plant_case(struct plant_case *at, const struct scenario *scenario, const struct region *region, uint32_t case_number,
                uint32_t person, uint64_t number, int32_t first_day, int32_t last_day) {
  struct random random;
  random_init(&random, region->seed, 'C', case_number);
  const int32_t bound = bound_day(scenario, &region->catalogue, first_day, last_day, &random);
  if (bound == INT32_MAX) return false;
  const bool visit = scenario->shape == SHAPE_VISIT;
  const uint32_t institution =
      visit ? random_below(&random, region->institutions_size) : region_pick_hospital(region, &random, UINT32_MAX);
  const struct disease *disease =
      scenario->special != 0 ? &special_diseases[scenario->special - 1] : &diseases[random_below(&random, diseases_size)];
  *at = (struct plant_case){.scenario = scenario, .size = visit || scenario->shape == SHAPE_STAY ? 1 : 3};
  if (scenario->shape == SHAPE_PAIR) at->size = 2;

  // Laid out from day 0, moved to its place at the end. Times are of the fixed zone, so a shift by whole days keeps every
  // clock.
  int64_t end_s = 0;
  for (uint32_t n = 0; n < at->size; n++) {
    struct plan *plan = &at->plans[n];
    const bool last = n + 1 == at->size;
    const bool pair = plant_earlier(at, n) != UINT32_MAX;
    *plan = (struct plan){.number = number + n,
                          .person = person,
                          .institution = institution,
                          .case_number = case_number,
                          .next = PLAN_NONE,
                          .kind = visit ? BILL_OUTPATIENT : BILL_STAY,
                          .case_part = (uint8_t)n,
                          .disease = disease,
                          .med_type = visit ? "11" : "21",
                          .features = last ? scenario->last : scenario->first,
                          .department_in = disease->department,
                          .department_out = disease->department};
    if (scenario->shape == SHAPE_RESCUE_VISIT && n == 1) continue;    // set below, with the readmission
    if (visit && region->institutions[institution].level == LEVEL_PHARMACY) {
      plan->kind = BILL_PHARMACY;
      plan->med_type = "41";
      plan->disease = NULL;
    }
    int payable = bill_length_of_stay(&random);
    if (payable < 3) payable = 3;    // room for what is done on the third day
    if (last && scenario->payable != 0) payable = scenario->payable < 0 ? 0 : scenario->payable;
    if ((plan->features & PLAN_INTERIM) != 0 && payable < 4) payable = 4;
    if (last && scenario->med_type != NULL) plan->med_type = scenario->med_type;
    if (!last && scenario->first_med_type != NULL) plan->med_type = scenario->first_med_type;
    if (last) plan->idle_days = scenario->idle;
    if (pair && (scenario->like & SAME_DISEASE) == 0) {
      plan->disease = other_disease(disease, disease->department, (scenario->like & SAME_DEPARTMENT) != 0, &random);
    }
    if (last && scenario->last_special != 0) plan->disease = &special_diseases[scenario->last_special - 1];
    if (pair && (scenario->like & SAME_DEPARTMENT) == 0) {
      uint8_t other = plan->disease->department;
      if (plan->disease == disease)
        other = (uint8_t)((other + 1 + random_below(&random, departments_size - 1)) % departments_size);
      plan->department_in = plan->department_out = other;
    }
    if (pair && (scenario->like & OTHER_INSTITUTION) != 0)
      plan->institution = region_pick_hospital(region, &random, institution);
    if (visit) {
      plan->begin_s = plan->end_s = date_of_day(0) + clock(&random, 0, 8, 18);
      break;
    }
    if (n == 0) {
      plan->begin_s = date_of_day(0) + clock(&random, 0, 8, 11);
    } else if (scenario->seconds) {
      plan->begin_s = end_s + random_between(&random, scenario->low, scenario->high);
    } else if (scenario->shape == SHAPE_BETWEEN) {
      // Elsewhere from the third day on for five days; the return counts from the first discharge.
      const int gap = n == 1 ? 3 : random_between(&random, scenario->low, scenario->high) - 8;
      plan->begin_s = date_of_day(date_day(end_s) + gap) + clock(&random, 0, 8, 11);
      if (n == 1) {
        plan->institution = region_pick_hospital(region, &random, institution);
        plan->features = 0;
        payable = 5;
      }
    } else {
      plan->begin_s = date_of_day(date_day(end_s) + random_between(&random, scenario->low, scenario->high)) +
                      clock(&random, scenario->begin_hour, 8, 20);
    }
    plan->end_s = date_of_day(date_day(plan->begin_s) + payable) + clock(&random, last ? 0 : scenario->end_hour, 9, 15);
    if (payable == 0) plan->end_s = date_of_day(date_day(plan->begin_s)) + 21 * HOUR;
    end_s = plan->end_s;
  }
  if (scenario->shape == SHAPE_RESCUE_VISIT) {
    struct plan *rescue = &at->plans[1];
    rescue->kind = BILL_OUTPATIENT;
    rescue->med_type = "1301";
    rescue->begin_s = rescue->end_s = at->plans[2].begin_s - HOUR;
  }
  // Settled inside the range if possible; a stay may have begun before it.
  int32_t first_settled = date_day(at->plans[0].end_s);
  if ((at->plans[0].features & PLAN_INTERIM) != 0) first_settled = 2;
  const int32_t earliest = first_day - first_settled, latest = last_day - date_day(end_s);
  int32_t shift = visit                ? random_between(&random, first_day, last_day)
                  : earliest >= latest ? earliest
                                       : random_between(&random, earliest, latest);
  // Idle days in a holiday can be excused, so cases of idle days stay outside.
  const struct plan *judged = &at->plans[at->size - 1];
  while (scenario->idle != 0 && !scenario->on_holiday &&
         near_holiday(date_day(judged->begin_s) + shift, date_day(judged->end_s) + shift))
    shift++;
  if (bound != INT32_MIN) shift = bound;
  if (trace_deed(scenario) && date_day(judged->begin_s) + shift < date_from_civil(2026, 1, 1)) return false;
  for (uint32_t n = 0; n < at->size; n++) {
    at->plans[n].begin_s += (int64_t)shift * DATE_DAY_SECONDS;
    at->plans[n].end_s += (int64_t)shift * DATE_DAY_SECONDS;
  }
  return true;
}

// The n-th line of the group with a positive quantity; from the end when n < 0.
static uint32_t find_line(const struct bill *bill, enum group group, int n) {
  for (uint32_t at = 0; at < bill->size; at++) {
    const uint32_t line = n < 0 ? bill->size - 1 - at : at;
    if (bill->region->catalogue.products[bill->lines[line].product].group != group || bill->lines[line].cnt <= 0) continue;
    if (n == 0 || n == -1) return line;
    n += n < 0 ? 1 : -1;
  }
  assert(!"the bill has such a line");
  return 0;
}

static uint32_t add_bed(struct bill *bill, int32_t day, int64_t second) {
  const uint16_t bed = bill->region->catalogue.first[GROUP_BED];
  bill_add(bill, bed, date_of_day(day) + second, UNIT, bill_asked_price(bill, bed, day));
  return bill->size - 1;
}

// A drug that the institution has, with a cap and a trace row, none of the special ones.
static uint16_t plain_drug(struct bill *bill) {
  const struct catalogue *catalogue = &bill->region->catalogue;
  for (;;) {
    const uint16_t drug =
        catalogue_pick(catalogue, bill->region->institutions[bill->plan.institution].level, GROUP_DRUG, &bill->random);
    if (drug > catalogue->unlisted + 1 && catalogue->products[drug].trace_known) return drug;
  }
}

static struct bill_line *add_drug(struct bill *bill, uint16_t drug, int64_t cnt) {
  const int32_t day = bill->begin_day;
  return bill_add(bill, drug, bill->plan.begin_s, cnt * UNIT, bill_asked_price(bill, drug, day));
}

// Raises the price of the line above its cap by so many fen a unit; returns the whole difference.
static int64_t raise_price(struct bill *bill, struct bill_line *line, int64_t fen) {
  const struct catalogue *catalogue = &bill->region->catalogue;
  line->pric = catalogue_cap(catalogue, &catalogue->products[line->product], date_day(line->time_s)) + fen * 10000;
  bill_price(bill, line);
  return fen * (line->cnt / UNIT);
}

static void deed_bed(enum plant_deed deed, struct bill *bill, struct expect *expect) {
  const int32_t leaving = bill->end_day;
  switch (deed) {
    case BED_ON_LEAVING:
      expect_note(expect, EXPECT_ADM_008A, add_bed(bill, leaving, 8 * HOUR), EXPECT_UNITS, UNIT);
      break;
    case BED_CUMULATIVE_OVER: {
      const uint32_t line = find_line(bill, GROUP_BED, -1);
      bill->lines[line].time_s = date_of_day(leaving) + 8 * HOUR;
      bill->lines[line].cnt += UNIT;
      bill_price(bill, &bill->lines[line]);
      expect_note(expect, EXPECT_ADM_008A, line, EXPECT_UNITS, UNIT);
      break;
    }
    case BED_TWICE_LAST: {
      const uint32_t line = add_bed(bill, leaving - 1, 20 * HOUR);
      expect_note(expect, EXPECT_ADM_008A, line, EXPECT_UNITS, UNIT);
      expect_note(expect, EXPECT_ADM_008B, line, EXPECT_UNITS, UNIT);
      break;
    }
    case BED_TWICE_MIDDLE: {
      // The stay's excess is its latest bed line, the day's excess is the later of the two.
      const uint32_t latest = find_line(bill, GROUP_BED, -1);
      expect_note(expect, EXPECT_ADM_008A, latest, EXPECT_UNITS, UNIT);
      expect_note(expect, EXPECT_ADM_008B, add_bed(bill, bill->begin_day + 2, 20 * HOUR), EXPECT_UNITS, UNIT);
      break;
    }
    case BED_TWICE_REFUNDED:
    case BED_TWICE_REFUNDED_LOOSE:
      bill_refund(bill, add_bed(bill, bill->begin_day + 1, 18 * HOUR), UNIT, date_of_day(bill->begin_day + 1) + 19 * HOUR,
                  deed == BED_TWICE_REFUNDED);
      break;
    case BED_AFTER:
    case BED_BEFORE: {
      const uint32_t line = find_line(bill, GROUP_BED, deed == BED_AFTER ? -1 : 0);
      bill->lines[line].time_s = date_of_day(deed == BED_AFTER ? leaving + 1 : bill->begin_day - 1) + 8 * HOUR;
      expect_note(expect, EXPECT_ADM_008C, line, EXPECT_WHOLE, 0);
      break;
    }
    case BED_LEAVING_FOR_ENTRY:
      bill->lines[find_line(bill, GROUP_BED, 0)].time_s = date_of_day(leaving) + 24 * HOUR - 1;
      break;
    case BED_MOVING:
      add_bed(bill, bill->begin_day + bill->icu_days - 1, 20 * HOUR);
      break;
    case BED_AT_MIDNIGHT: bill->lines[find_line(bill, GROUP_BED, 0)].time_s = date_of_day(bill->begin_day); break;
    default: assert(!"a deed of beds");
  }
}

static void claim_idle(struct bill *bill, uint64_t claimed, struct expect *expect) {
  for (uint32_t n = 0; n < bill->size; n++) {
    const enum group group = bill->region->catalogue.products[bill->lines[n].product].group;
    const int32_t nth = date_day(bill->lines[n].time_s) - bill->begin_day;
    if (nth < 0 || nth >= bill->payable || nth >= 64 || ((claimed == 0 ? bill->plan.idle_days : claimed) >> nth & 1) == 0)
      continue;
    if (group == GROUP_BED || group == GROUP_NURSE || group == GROUP_CONSULT)
      expect_note(expect, EXPECT_ADM_004, n, EXPECT_WHOLE, 0);
  }
}

static void map_wrong(struct bill *bill, struct expect *expect, int64_t raise) {
  const uint16_t filed = plain_drug(bill);
  uint16_t billed = filed;
  while (billed == filed) billed = plain_drug(bill);
  struct bill_line *line = add_drug(bill, billed, 2);
  line->hospital = filed;
  expect_note(expect, EXPECT_SUB_001A, bill->size - 1, EXPECT_WHOLE, 0);
  if (raise != 0) expect_note(expect, EXPECT_SUB_006, bill->size - 1, EXPECT_FEN, raise_price(bill, line, raise));
}

static void trace_wrong(struct bill *bill, struct expect *expect, int64_t raise) {
  const uint16_t drug = plain_drug(bill);
  uint16_t box = drug;
  while (box == drug) box = plain_drug(bill);
  struct bill_line *line = add_drug(bill, drug, 1);
  line->trace = box;
  expect_note(expect, EXPECT_SUB_005, bill->size - 1, EXPECT_WHOLE, 0);
  if (raise != 0) expect_note(expect, EXPECT_SUB_006, bill->size - 1, EXPECT_FEN, raise_price(bill, line, raise));
}

static void deed_price(enum plant_deed deed, struct bill *bill, struct expect *expect) {
  const struct catalogue *catalogue = &bill->region->catalogue;
  if (deed == PRICE_OLD_CAP) {
    uint16_t drug = plain_drug(bill);
    while (catalogue->products[drug].cap == catalogue->products[drug].cap_cut) drug = plain_drug(bill);
    struct bill_line *line = add_drug(bill, drug, 2);
    line->pric = catalogue->products[drug].cap;
    bill_price(bill, line);
    if (bill->begin_day < catalogue->cut_day) return;
    // Caps are whole fen and cuts a fifth: the difference of one unit is in tenths of a fen at worst, so it is rounded once.
    const int64_t over = money_product_fen(line->cnt, line->pric - catalogue->products[drug].cap_cut);
    expect_note(expect, EXPECT_SUB_006, bill->size - 1, EXPECT_FEN, over);
    return;
  }
  static const struct { int64_t cnt, fen;
  } by[] = {
      [PRICE_OVER] = {3, 150},  [PRICE_PARTLY_PAID] = {4, 200}, [PRICE_TWO_FEN] = {2, 1},
      [PRICE_ONE_FEN] = {1, 1}, [PRICE_AT_CAP] = {5, 0},
  };
  struct bill_line *line = add_drug(bill, plain_drug(bill), by[deed].cnt);
  int64_t over = raise_price(bill, line, by[deed].fen);
  if (deed == PRICE_PARTLY_PAID) {
    line->overlmt = 300;
    line->inscp -= 300;
    over -= 300;
  }
  if (over > 1) expect_note(expect, EXPECT_SUB_006, bill->size - 1, EXPECT_FEN, over);
}

static void deed_map(enum plant_deed deed, struct bill *bill, struct expect *expect) {
  const struct catalogue *catalogue = &bill->region->catalogue;
  const int32_t day = bill->begin_day;
  if (deed == MAP_NO_ROW) {
    add_drug(bill, plain_drug(bill), 1)->hospital = PRODUCT_NONE;
    return;
  }
  // The maker of the other period: the old one after a change, the new one before it.
  const uint16_t filed = catalogue_alternate(catalogue, day);
  const uint16_t billed = catalogue->alternate[filed == catalogue->alternate[0]];
  add_drug(bill, billed, 1)->hospital = catalogue->alternate[0];
  const int32_t since = (day - catalogue->first_change) % CATALOGUE_CHANGE_DAYS;
  if (deed == MAP_NEW_EARLY || since > 7) expect_note(expect, EXPECT_SUB_001A, bill->size - 1, EXPECT_WHOLE, 0);
}

static void deed_trace(enum plant_deed deed, struct bill *bill) {
  const struct catalogue *catalogue = &bill->region->catalogue;
  if (deed == TRACE_UNKNOWN) add_drug(bill, plain_drug(bill), 1)->trace = catalogue->unlisted;
  if (deed == TRACE_SHARED) add_drug(bill, catalogue->shared[1], 1)->trace = catalogue->shared[0];
  if (deed == TRACE_UNLISTED) {
    const uint16_t box = plain_drug(bill);
    add_drug(bill, catalogue->unlisted, 1)->trace = box;
  }
}

void plant_deeds(const struct scenario *scenario, struct bill *bill, struct expect *expect) {
  const uint16_t rescue = bill->region->catalogue.first[GROUP_RESCUE];
  for (unsigned n = 0; n < sizeof scenario->deeds && scenario->deeds[n] != DEED_NONE; n++) {
    const enum plant_deed deed = scenario->deeds[n];
    if (deed <= BED_AT_MIDNIGHT) deed_bed(deed, bill, expect);
    else if (deed == IDLE_SUPPLY) {
      const int32_t day = bill->begin_day + 2;
      const uint16_t drug = plain_drug(bill);
      bill_add(bill, drug, date_of_day(day) + 10 * HOUR, UNIT, bill_asked_price(bill, drug, day))->prd_days = 3;
    } else if (deed == MAP_WRONG || deed == MAP_AND_PRICE) map_wrong(bill, expect, deed == MAP_WRONG ? 0 : 120);
    else if (deed <= MAP_NO_ROW && deed >= MAP_OLD) deed_map(deed, bill, expect);
    else if (deed == TRACE_WRONG || deed == TRACE_AND_PRICE) trace_wrong(bill, expect, deed == TRACE_WRONG ? 0 : 130);
    else if (deed >= TRACE_UNKNOWN && deed <= TRACE_UNLISTED) deed_trace(deed, bill);
    else if (deed >= PRICE_OVER && deed <= PRICE_OLD_CAP) deed_price(deed, bill, expect);
    else if (deed >= RESCUE && deed <= RESCUE_LATE) {
      static const int64_t after_s[] = {
          [RESCUE] = 2 * HOUR, [RESCUE_24H] = 24 * HOUR, [RESCUE_24H_1S] = 24 * HOUR + 1, [RESCUE_LATE] = 49 * HOUR};
      bill_add(bill, rescue, bill->plan.begin_s + after_s[deed], UNIT, bill_asked_price(bill, rescue, bill->begin_day));
    }
  }
  if (scenario->operation_day != 0) {
    const uint16_t operation = bill->region->catalogue.first[GROUP_OPERATION];
    const int32_t day = bill->begin_day + scenario->operation_day;
    bill_add(bill, operation, date_of_day(day) + 9 * HOUR, UNIT, bill_asked_price(bill, operation, day));
  }
  // Claimed when everything else on those days is in place.
  for (unsigned n = 0; n < sizeof scenario->deeds; n++) {
    if (scenario->deeds[n] == IDLE_CLAIM) claim_idle(bill, scenario->claimed, expect);
  }
}
