#include "producers/generate/generate.h"

#include <assert.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/text.h"
#include "producers/generate/agenda.h"
#include "producers/generate/answer.h"
#include "producers/generate/arrival.h"
#include "producers/generate/plant.h"
#include "producers/generate/wire.h"
#include "record/date.h"
#include "record/money.h"

enum { HOUR = 3600, MINUTE = 60, WARM_UP_DAYS = 17, CLEAR_DAYS = 17, FEE_LINES = 60 };
// Visits a year and person, 2025: 87.54 per 13.307 persons; so many in a million persons and a day.
enum { VISITS_PER_MILLION_DAYS = 18023, STAYS_PERMILLE = 32 };
// Of a thousand visits drawn. Some outpatients come again and count then too, so that in all of 2025's visits there are
// 60.8 % outpatient, 9.8 % chronic, 26.3 % pharmacy and 3.2 % stays.
enum { CHRONIC_PERMILLE = 112, PHARMACY_PERMILLE = 301, AGAIN_PERMILLE = 200 };

const struct generate_options generate_options_default = {
    .seed = 1,
    .days = 31,
    .start_day = 20513 /* 2026-03-01 */,
    .institutions = 24,
    .violations_e4 = 50,
    .ticks = true,
    .twins = true,
};

struct generator {
  struct generate_options options;
  const struct generate_sink *sink;
  struct text *key;
  struct error *error;
  struct region region;
  struct random random;
  struct bill bill;
  struct expect expect;
  struct plant_case *cases;
  uint32_t cases_size, cases_by_answer[PLANT_ANSWERS];
  struct agenda agenda;
  struct arrivals arrivals;
  int32_t day;
  uint64_t visits, sequence;
  uint32_t chronic_next;
  struct generate_counts counts;
  struct text scratch;
};

static void arrive(struct generator *g, size_t at, int64_t recv_s, const char *msg_type, const struct plan *plan) {
  arrival_add(&g->arrivals, at, recv_s, msg_type, plan->person, plan->institution);
}

static void arrive_twice(struct generator *g, size_t at, int64_t recv_s, int64_t again_s, const char *msg_type,
                         const struct plan *plan) {
  arrival_add_twice(&g->arrivals, at, recv_s, again_s, msg_type, plan->person, plan->institution);
}

static enum status flush_day(struct generator *g) {
  struct arrivals *arrivals = &g->arrivals;
  bool go = true;
  arrival_sort(arrivals);
  for (uint32_t n = 0; n < arrivals->today_size && go; n++) {
    const struct arrival *arrival = &arrivals->today[n];
    struct generate_message message = {.bytes = arrival_bytes(arrivals, arrival), .key = SLICE("H62010000000"),
                                       .msg_type = arrival->msg_type, .recv_time_s = arrival->recv_s};
    if (arrival->person != PLAN_NONE) {
      text_clear(&g->scratch);
      region_write_person(&g->scratch, &g->region, arrival->person);
      message.key = text_slice(&g->scratch);
    } else if (arrival->institution != PLAN_NONE) {
      message.key = slice_from(g->region.institutions[arrival->institution].code);
    }
    g->counts.bytes += arrival->size;
    go = g->sink->message(g->sink->context, &message, g->error);
  }
  arrival_next_day(arrivals);
  if (go && g->sink->progress != NULL) g->sink->progress(g->sink->context, g->counts.settlements, g->options.settlements);
  return go ? STATUS_OK : g->error != NULL && g->error->status != STATUS_OK ? g->error->status : STATUS_FATAL;
}

static struct wire_envelope open_envelope(struct generator *g, const char *type, const char *infno, int64_t event_s,
                                          int64_t recv_s, int ver) {
  return (struct wire_envelope){.msg_type = type,
                                .infno = infno,
                                .event_time_s = event_s,
                                .recv_time_s = recv_s,
                                .sequence = ++g->sequence,
                                .ver = ver};
}

static const char *setl_infno(const struct plan *plan) {
  return plan->kind == BILL_STAY ? "2304" : plan->kind == BILL_PHARMACY ? "2102" : "2207";
}

static int64_t soon(struct generator *g, int64_t event_s) { return event_s + 1 + random_below(&g->random, 30); }

// When a settlement arrives: at once, a day later when the person is insured elsewhere, rarely days late.
static int64_t arrival(struct generator *g, const struct plan *plan, int64_t event_s) {
  int64_t recv_s = soon(g, event_s);
  // An interim settlement from before the first day comes late, on the first day.
  if (recv_s < date_of_day(g->day)) recv_s = date_of_day(g->day) + random_between(&g->random, 0, 6 * HOUR);
  if (random_chance(&g->random, 12)) return recv_s + random_between(&g->random, HOUR, 7 * DATE_DAY_SECONDS);
  if (strcmp(region_person(&g->region, plan->person).insured_in, "620100") != 0)
    recv_s += DATE_DAY_SECONDS + random_between(&g->random, 0, HOUR);
  return recv_s;
}

static void emit_fees(struct generator *g, unsigned settlement, int64_t event_s, int64_t recv_s) {
  const uint32_t lines = g->bill.totals[settlement].lines;
  for (uint32_t from = 0; from < lines; from += FEE_LINES) {
    // Before the settlement or after it, in any order.
    const int64_t at_s = recv_s + random_between(&g->random, -20 * MINUTE, 20 * MINUTE);
    const int64_t fee_recv_s = at_s > event_s ? at_s : event_s + 1;
    const struct wire_envelope envelope = open_envelope(g, "FEE", "2301", event_s, fee_recv_s, 1);
    const size_t at = g->arrivals.text.size;
    wire_fee(&g->arrivals.text, &g->bill, &envelope, settlement, from, from + FEE_LINES < lines ? from + FEE_LINES : lines);
    arrive(g, at, fee_recv_s, "FEE", &g->bill.plan);
  }
}

static void emit_setl(struct generator *g, const struct wire_setl *how, int ver, int64_t event_s, int64_t recv_s) {
  const struct wire_envelope envelope = open_envelope(g, "SETL", setl_infno(&g->bill.plan), event_s, recv_s, ver);
  const size_t at = g->arrivals.text.size;
  wire_setl(&g->arrivals.text, &g->bill, &envelope, how);
  const int64_t again_s = recv_s + random_between(&g->random, MINUTE, 3 * DATE_DAY_SECONDS);
  if (random_chance(&g->random, 5)) arrive_twice(g, at, recv_s, again_s, "SETL", &g->bill.plan);
  else arrive(g, at, recv_s, "SETL", &g->bill.plan);
  if (how->split && ver == 1) emit_fees(g, how->settlement, event_s, recv_s);
}

static void emit_cancel(struct generator *g, const struct plan *plan, unsigned settlement, int64_t event_s, int64_t recv_s) {
  const struct wire_envelope envelope =
      open_envelope(g, "SETL_CANCEL", plan->kind == BILL_STAY ? "2305" : "2208", event_s, recv_s, 1);
  const size_t at = g->arrivals.text.size;
  wire_setl_cancel(&g->arrivals.text, &g->region, plan, &envelope, settlement);
  const int64_t again_s = recv_s + random_between(&g->random, MINUTE, DATE_DAY_SECONDS);
  if (random_chance(&g->random, 50)) arrive_twice(g, at, recv_s, again_s, "SETL_CANCEL", plan);
  else arrive(g, at, recv_s, "SETL_CANCEL", plan);
}

static void emit_list(struct generator *g, int64_t event_s) {
  if (g->options.only_settlements) return;
  const int64_t recv_s = soon(g, event_s);
  const struct wire_envelope envelope = open_envelope(g, "LIST", "4101", event_s, recv_s, 1);
  const size_t at = g->arrivals.text.size;
  wire_list(&g->arrivals.text, &g->bill, &envelope);
  arrive(g, at, recv_s, "LIST", &g->bill.plan);
}

static void emit_other(struct generator *g, const char *type, const char *infno, const struct plan *plan, int64_t event_s) {
  if (g->options.only_settlements) return;
  const int64_t recv_s = soon(g, event_s);
  const struct wire_envelope envelope = open_envelope(g, type, infno, event_s, recv_s, 1);
  const size_t at = g->arrivals.text.size;
  wire_other(&g->arrivals.text, &g->region, plan, &envelope);
  struct plan keyed = *plan;
  if (strcmp(type, "INVENT") == 0) keyed.person = PLAN_NONE;
  arrive(g, at, recv_s, type, &keyed);
}

// What happens to some ordinary settlements afterwards. None of it can raise a finding.
static void ordinary_after(struct generator *g, unsigned settlement, int64_t event_s) {
  const struct plan *plan = &g->bill.plan;
  const int64_t after_s = event_s + random_between(&g->random, 10 * MINUTE, 3 * DATE_DAY_SECONDS);
  const uint32_t share = random_below(&g->random, 10000);
  const bool split = (plan->features & PLAN_SPLIT) != 0;
  struct wire_setl how = {.settlement = settlement, .split = split};
  if (share < 60) emit_cancel(g, plan, settlement, after_s, soon(g, after_s));
  else if (share < 80) {
    how.refund_row = true;
    how.split = false;
    emit_setl(g, &how, 1, after_s, soon(g, after_s));
  } else if (share < 120 && !split) {
    how.twin = true;    // other content under a higher version: a correction
    emit_setl(g, &how, 2, after_s, soon(g, after_s));
  } else if (share < 125 && !split && g->options.twins) {
    how.twin = true;
    const struct wire_envelope envelope =
        open_envelope(g, "SETL", setl_infno(plan), event_s, after_s + 8 * DATE_DAY_SECONDS, 1);
    const size_t at = g->arrivals.text.size;
    wire_setl(&g->arrivals.text, &g->bill, &envelope, &how);
    arrive(g, at, envelope.recv_time_s, "SETL", plan);
    g->counts.twins++;
    if (g->key != NULL) answer_write_twin(g->key, &g->region, plan, g->counts.twins);
  }
}

static void settle_ordinary(struct generator *g, const struct plan *plan) {
  const bool interim_due = (plan->features & PLAN_INTERIM_DUE) != 0;
  bill_make(&g->bill, &g->region, plan);
  bill_close(&g->bill);
  const unsigned settlement = g->bill.settlements == 2 && !interim_due;
  const int64_t event_s = g->bill.totals[settlement].setl_time_s;
  const struct wire_setl how = {.settlement = settlement, .split = (plan->features & PLAN_SPLIT) != 0};
  g->counts.settlements++;
  emit_setl(g, &how, 1, event_s, arrival(g, plan, event_s));
  if (interim_due) return;
  if (g->bill.settlements == 1) ordinary_after(g, 0, event_s);
  if (plan->kind != BILL_STAY) return;
  emit_other(g, "DISCH", "2402", plan, plan->end_s);
  if ((plan->features & PLAN_NO_LIST) == 0)
    emit_list(g, event_s + random_between(&g->random, 2, 14) * (int64_t)DATE_DAY_SECONDS);
}

static void make_case_bill(struct generator *g, const struct plant_case *at, uint32_t part, const struct plan *plan,
                           bool deeds) {
  const uint32_t earlier = plant_earlier(at, part);
  expect_clear(&g->expect);
  bill_make(&g->bill, &g->region, plan);
  if (earlier != UINT32_MAX && at->scenario->answer != PLANT_CLEAN && at->scenario->rule < EXPECT_RULES) {
    expect_stay(&g->expect, (enum expect_rule)at->scenario->rule);
  }
  if (deeds) plant_deeds(at->scenario, &g->bill, &g->expect);
  bill_close(&g->bill);
  expect_attribute(&g->expect, &g->bill, earlier == UINT32_MAX ? NULL : &at->plans[earlier]);
}

static void settle_case(struct generator *g, const struct plan *plan) {
  const struct plant_case *at = &g->cases[plan->case_number];
  const struct scenario *scenario = at->scenario;
  const uint32_t part = plan->case_part;
  const bool interim_due = (plan->features & PLAN_INTERIM_DUE) != 0, last = part + 1 == at->size;
  const enum plant_after after = last ? scenario->after : AFTER_NOTHING;
  make_case_bill(g, at, part, plan, last && after != AFTER_WORSE);
  const unsigned settlement = g->bill.settlements == 2 && !interim_due;
  const int64_t event_s = g->bill.totals[settlement].setl_time_s;
  struct wire_setl how = {.settlement = settlement,
                          .split = (plan->features & PLAN_SPLIT) != 0 && !g->options.only_settlements};
  int64_t recv_s = arrival(g, plan, event_s);
  const int64_t after_s = event_s + random_between(&g->random, HOUR, 4 * DATE_DAY_SECONDS);
  const int64_t day_s = DATE_DAY_SECONDS;
  if (!last && scenario->after == AFTER_FIRST_LATE) recv_s = event_s + 14 * day_s;
  if (after == AFTER_CORRECTED_EARLY || after == AFTER_CANCEL_EARLY) recv_s = event_s + 5 * day_s;
  g->counts.settlements++;
  emit_setl(g, &how, 1, event_s, recv_s);
  if (interim_due) return;
  const bool list = plan->kind == BILL_STAY && (plan->features & PLAN_NO_LIST) == 0;
  if (list) emit_list(g, event_s + random_between(&g->random, 2, 14) * day_s);

  // What must be settled first is awaited: a correction or cancellation comes after the settlement unless the scenario says
  // so.
  const int64_t then_s = (recv_s > after_s ? recv_s : after_s) + HOUR;
  switch (after) {
    case AFTER_CANCEL: emit_cancel(g, plan, settlement, after_s, then_s); break;
    case AFTER_CANCEL_EARLY: emit_cancel(g, plan, settlement, event_s + day_s, event_s + day_s + HOUR); break;
    case AFTER_CANCEL_FIRST: emit_cancel(g, &at->plans[0], 0, after_s, then_s); break;
    case AFTER_REFUND_ROW:
      how.refund_row = true;
      emit_setl(g, &how, 1, after_s, then_s);
      break;
    case AFTER_VOID:
      how.void_row = true;
      emit_setl(g, &how, 2, after_s, then_s);
      break;
    case AFTER_CORRECTED:
    case AFTER_CORRECTED_EARLY: {
      const struct expect kept = g->expect;
      make_case_bill(g, at, part, plan, false);
      emit_setl(g, &how, 2, event_s + HOUR, after == AFTER_CORRECTED ? then_s : event_s + 2 * HOUR);
      g->expect = kept;
      break;
    }
    case AFTER_WORSE:
      make_case_bill(g, at, part, plan, true);
      emit_setl(g, &how, 2, after_s, then_s);
      break;
    case AFTER_PLAN_LATE:
      make_case_bill(g, at, 0, &at->plans[0], false);
      emit_list(g, then_s);
      make_case_bill(g, at, part, plan, true);
      break;
    case AFTER_NOTHING:
    case AFTER_FIRST_LATE: break;
  }
  if (g->key != NULL) answer_write_case(g->key, &g->region, at, part, &g->expect);
}

static uint32_t pick_person(struct generator *g, bool for_stay, int32_t day) {
  // Persons of cases are never admitted otherwise. Bounded: when nobody is free, there is no such visit.
  const uint32_t from = for_stay ? g->cases_size : 0;
  for (int tries = 0; tries < 200; tries++) {
    const uint32_t person = from + random_below(&g->random, g->region.people_size - from);
    const struct person *state = &g->region.people[person];
    if (for_stay ? state->free_from <= day && state->inside_until < day : state->inside_until < day) return person;
  }
  return PLAN_NONE;
}

static void admit(struct generator *g, int32_t day, int32_t last_day) {
  struct random *random = &g->random;
  const int32_t los = bill_length_of_stay(random);
  const uint32_t person = pick_person(g, true, day);
  if (day + los < g->options.start_day || day + los > last_day || person == PLAN_NONE) return;
  const struct disease *disease = &diseases[random_below(random, diseases_size)];
  struct plan plan = {.number = ++g->visits,
                      .person = person,
                      .institution = region_pick_hospital(&g->region, random, UINT32_MAX),
                      .case_number = PLAN_NONE,
                      .next = PLAN_NONE,
                      .kind = BILL_STAY,
                      .disease = disease,
                      .med_type = "21",
                      .department_in = disease->department,
                      .department_out = disease->department};
  plan.begin_s = date_of_day(day) + random_between(random, 8 * HOUR, 20 * HOUR);
  plan.end_s = date_of_day(day + los) + random_between(random, 9 * HOUR, 15 * HOUR);
  const bool other_events = !g->options.only_settlements;
  if (random_chance(random, 60)) plan.features |= PLAN_INTERIM;
  else if (random_chance(random, 40) && other_events) plan.features |= PLAN_SPLIT;
  if (random_chance(random, 150)) plan.features |= PLAN_CUMULATIVE;
  else if (random_chance(random, 60)) plan.features |= PLAN_ICU;
  if (random_chance(random, 150)) plan.features |= random_chance(random, 500) ? PLAN_REFUND_LINKED : PLAN_REFUND_LOOSE;
  if (random_chance(random, 250)) plan.features |= PLAN_EMERGENCY;
  if (random_chance(random, 300)) plan.features |= PLAN_WAY_IN_LIST;
  if (random_chance(random, 30)) plan.features |= PLAN_ADVICE;
  g->region.people[person] = (struct person){.free_from = day + los + CLEAR_DAYS, .inside_until = day + los};
  if (day >= g->options.start_day) emit_other(g, "ADMIT", "2401", &plan, plan.begin_s);
  agenda_add_stay(&g->agenda, &plan);
}

static void visit(struct generator *g, int32_t last_day) {
  struct random *random = &g->random;
  const uint32_t share = random_below(random, 1000);
  struct plan plan = {.number = ++g->visits, .case_number = PLAN_NONE, .next = PLAN_NONE, .person = PLAN_NONE};
  if (share < CHRONIC_PERMILLE) {
    // Every eighteenth person has a chronic course; they come in turn, about once a month.
    for (int tries = 0; tries < 50 && plan.person == PLAN_NONE; tries++) {
      g->chronic_next = (g->chronic_next + 18) % g->region.people_size;
      if (g->region.people[g->chronic_next].inside_until < g->day) plan.person = g->chronic_next;
    }
    plan.kind = BILL_CHRONIC;
    plan.med_type = "140104";
    if (plan.person != PLAN_NONE) plan.disease = &diseases[region_person(&g->region, plan.person).chronic];
    const uint32_t where = random_below(random, 10);
    plan.institution = region_pick(&g->region, where < 4 ? LEVEL_II : where < 8 ? LEVEL_I : LEVEL_CLINIC, random);
  } else if (share < CHRONIC_PERMILLE + PHARMACY_PERMILLE) {
    plan.kind = BILL_PHARMACY;
    plan.med_type = "41";
    plan.institution = region_pick(&g->region, LEVEL_PHARMACY, random);
  } else {
    plan.kind = BILL_OUTPATIENT;
    plan.med_type = random_chance(random, 80) ? "13" : "11";
    plan.disease = &diseases[random_below(random, diseases_size)];
    const uint32_t where = random_below(random, 10);
    plan.institution = region_pick(&g->region,
                                   where < 2   ? LEVEL_III
                                   : where < 4 ? LEVEL_II
                                   : where < 7 ? LEVEL_I
                                               : LEVEL_CLINIC,
                                   random);
  }
  if (plan.person == PLAN_NONE) plan.person = pick_person(g, false, g->day);
  if (plan.person == PLAN_NONE) plan.person = random_below(random, g->region.people_size);
  if (plan.disease != NULL) plan.department_in = plan.department_out = plan.disease->department;
  plan.begin_s = plan.end_s = date_of_day(g->day) + random_between(random, 8 * HOUR, 18 * HOUR);
  settle_ordinary(g, &plan);
  // An acute course goes on: the same complaint at the same place some days later.
  if (plan.kind != BILL_OUTPATIENT || !random_chance(random, AGAIN_PERMILLE)) return;
  const int32_t again = g->day + random_between(random, 3, 7);
  if (again > last_day) return;
  plan.number = ++g->visits;
  plan.begin_s = plan.end_s = plan.begin_s + (int64_t)(again - g->day) * DATE_DAY_SECONDS;
  agenda_add(&g->agenda, &plan, again);
}

static void others(struct generator *g, uint64_t visits_today) {
  static const struct {
    const char *type, *infno;
  } kinds[] = {{"VISIT", "2201"}, {"AUDIT", "3101"}, {"FEEDBACK", "3103"}, {"INVENT", "3503"}, {"LEAVE", "9001"}};
  for (uint64_t n = 0; n <= visits_today / 60; n++) {
    struct plan plan = {.number = ++g->visits,
                        .person = random_below(&g->random, g->region.people_size),
                        .case_number = PLAN_NONE,
                        .kind = BILL_OUTPATIENT,
                        .institution = random_below(&g->random, g->region.institutions_size),
                        .med_type = "11"};
    plan.begin_s = plan.end_s = date_of_day(g->day) + random_between(&g->random, 8 * HOUR, 18 * HOUR);
    const unsigned kind = random_below(&g->random, sizeof kinds / sizeof *kinds);
    emit_other(g, kinds[kind].type, kinds[kind].infno, &plan, plan.begin_s);
  }
}

static void tick(struct generator *g) {
  const int64_t event_s = date_of_day(g->day + 1) - 1;
  const struct wire_envelope envelope = open_envelope(g, "TICK", "", event_s, event_s, 1);
  const size_t at = g->arrivals.text.size;
  wire_tick(&g->arrivals.text, &envelope);
  const struct plan nobody = {.person = PLAN_NONE, .institution = PLAN_NONE};
  arrive(g, at, event_s, "TICK", &nobody);
}

// Scenarios that need more than SETL and SETL_CANCEL.
static bool needs_other_events(const struct scenario *scenario) {
  const uint32_t bits = PLAN_SPLIT | PLAN_WAY_IN_LIST | PLAN_PLANNED;
  return ((scenario->first | scenario->last) & bits) != 0 || scenario->after == AFTER_PLAN_LATE;
}

static void plan_cases(struct generator *g, uint64_t violations) {
  const int32_t first = g->options.start_day, last = first + (int32_t)g->options.days - 1;
  const uint64_t wanted[PLANT_ANSWERS] = {
      [PLANT_OPEN] = violations, [PLANT_CLEAN] = violations, [PLANT_WITHDRAWN] = (violations + 3) / 4};
  uint64_t all = 0;
  for (int answer = 0; answer < PLANT_ANSWERS; answer++) all += wanted[answer];
  g->cases = memory_take((all + 1) * sizeof *g->cases);
  for (int answer = 0; answer < PLANT_ANSWERS; answer++) {
    uint32_t next = 0, missed = 0;
    while (g->cases_by_answer[answer] < wanted[answer] && missed < scenarios_size) {
      const struct scenario *scenario = &scenarios[next++ % scenarios_size];
      const bool fits = (int)scenario->answer == answer && !(g->options.only_settlements && needs_other_events(scenario)) &&
                        plant_case(&g->cases[g->cases_size], scenario, &g->region, g->cases_size, g->cases_size,
                                   g->visits + 1, first, last);
      missed = fits ? 0 : missed + 1;
      if (!fits) continue;
      g->visits += g->cases[g->cases_size].size;
      g->cases_size++;
      g->cases_by_answer[answer]++;
    }
  }
  int32_t longest = last;
  for (uint32_t n = 0; n < g->cases_size; n++) {
    const struct plan *plan = &g->cases[n].plans[g->cases[n].size - 1];
    if (date_day(plan->end_s) > longest) longest = date_day(plan->end_s);
  }
  agenda_init(&g->agenda, first, (uint32_t)(longest - first) + 1);
  for (uint32_t n = 0; n < g->cases_size; n++) {
    for (uint32_t part = 0; part < g->cases[n].size; part++) {
      const struct plan *plan = &g->cases[n].plans[part];
      if (plan->kind == BILL_STAY) agenda_add_stay(&g->agenda, plan);
      else agenda_add(&g->agenda, plan, date_day(plan->end_s));
    }
  }
}

static enum status run(struct generator *g) {
  const int32_t first = g->options.start_day, last = first + (int32_t)g->options.days - 1;
  const uint64_t in_all = g->options.settlements, days = g->options.days;
  // Stays of cases count towards the mix; a third of the stays is ordinary at least.
  uint64_t case_stays = 0;
  for (uint32_t n = 0; n < g->cases_size; n++) case_stays += g->cases[n].plans[0].kind == BILL_STAY ? g->cases[n].size : 0;
  const uint64_t stays_e3_in_all = in_all * STAYS_PERMILLE, least_e3 = stays_e3_in_all / 3;
  const uint64_t ordinary_e3 =
      stays_e3_in_all > least_e3 + case_stays * 1000 ? stays_e3_in_all - case_stays * 1000 : least_e3;
  const uint64_t stays_a_day_e3 = ordinary_e3 / days;    // thousandths
  uint64_t stays_e3 = 0;
  for (int32_t day = first - WARM_UP_DAYS; day < first; day++) {
    for (stays_e3 += stays_a_day_e3; stays_e3 >= 1000; stays_e3 -= 1000) admit(g, day, last);
  }
  for (g->day = first; g->day <= last || g->agenda.pending > 0 || g->arrivals.later_size > 0; g->day++) {
    g->arrivals.day = g->day;
    const uint64_t before = g->counts.settlements;
    struct plan plan;
    while (agenda_take(&g->agenda, g->day, &plan)) {
      if (plan.case_number == PLAN_NONE) settle_ordinary(g, &plan);
      else settle_case(g, &plan);
    }
    if (g->day <= last) {
      for (stays_e3 += stays_a_day_e3; stays_e3 >= 1000; stays_e3 -= 1000) admit(g, g->day, last);
      // What stands in the agenda behind the last day belongs to the sum, so the last day makes less.
      const uint64_t due = in_all * (uint64_t)(g->day - first + 1) / days;
      while (g->counts.settlements + (g->day == last ? g->agenda.pending : 0) < due) visit(g, last);
      if (!g->options.only_settlements) others(g, g->counts.settlements - before);
    }
    if (g->options.ticks) tick(g);
    const enum status status = flush_day(g);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static enum status check_options(struct generate_options *options, struct error *error) {
  if (options->days == 0) options->days = generate_options_default.days;
  if (options->institutions == 0) options->institutions = generate_options_default.institutions;
  if (options->institutions < REGION_INSTITUTIONS_MIN || options->institutions > REGION_INSTITUTIONS_MAX) {
    return error_set(error, STATUS_FATAL, "'institutions' must be %d..%d, not '%u'", REGION_INSTITUTIONS_MIN,
                     REGION_INSTITUTIONS_MAX, options->institutions);
  }
  if (options->days > 3660) return error_set(error, STATUS_FATAL, "'days' must be 1..3660, not '%u'", options->days);
  if (options->violations_e4 > 2000) return error_set(error, STATUS_FATAL, "'violations' must be 0..0.2");
  if (options->settlements > UINT64_C(4000000000))
    return error_set(error, STATUS_FATAL, "'settlements' must be at most 4000000000");
  if (options->settlements == 0) {
    if (options->patients == 0) options->patients = 20000;
    options->settlements = ((uint64_t)options->patients * VISITS_PER_MILLION_DAYS * options->days + 999999) / 1000000;
  }
  return STATUS_OK;
}

enum status generate(const struct generate_options *options, const struct generate_sink *sink, struct text *key,
                     struct generate_counts *counts, struct error *error) {
  struct generator g = {.options = *options, .sink = sink, .error = error, .visits = 1000000};
  struct text lines = {0};
  enum status status = check_options(&g.options, error);
  if (status != STATUS_OK) return status;
  const uint64_t violations = (g.options.settlements * g.options.violations_e4 + 9999) / 10000;
  const uint64_t cases = violations * 2 + (violations + 3) / 4;
  uint64_t people = g.options.patients;
  if (people == 0)
    people = g.options.settlements * 1000000 / (VISITS_PER_MILLION_DAYS * (uint64_t)g.options.days) + cases + 500;
  if (people < cases + 100 || people > 400000000) {
    return error_set(error, STATUS_FATAL, "'patients' must be %llu..400000000 for %llu settlements, not '%llu'",
                     (unsigned long long)cases + 100, (unsigned long long)g.options.settlements, (unsigned long long)people);
  }
  region_init(&g.region, g.options.seed, g.options.institutions, (uint32_t)people);
  random_init(&g.random, g.options.seed, 'G', 0);
  g.key = key == NULL ? NULL : &lines;
  plan_cases(&g, violations);
  status = run(&g);
  if (status == STATUS_OK && key != NULL) {
    text_format(key,
                "{\"answer_key\":1,\"seed\":%llu,\"settlements\":%llu,\"messages\":%llu,\"cases\":%u,\"open\":%u,\"none\":%"
                "u,\"withdrawn\":%u,\"twins\":%llu}\n",
                (unsigned long long)g.options.seed, (unsigned long long)g.counts.settlements,
                (unsigned long long)g.arrivals.count, g.cases_size, g.cases_by_answer[PLANT_OPEN],
                g.cases_by_answer[PLANT_CLEAN], g.cases_by_answer[PLANT_WITHDRAWN], (unsigned long long)g.counts.twins);
    text_append(key, text_slice(&lines));
  }
  for (int n = 0; n < PLANT_ANSWERS; n++) g.counts.cases[n] = g.cases_by_answer[n];
  g.counts.persons = people;
  g.counts.messages = g.arrivals.count;
  if (counts != NULL) *counts = g.counts;
  arrival_fini(&g.arrivals);
  agenda_fini(&g.agenda);
  memory_free(g.cases);
  text_fini(&g.scratch);
  text_fini(&lines);
  bill_fini(&g.bill);
  region_fini(&g.region);
  return status;
}

const char *const generate_tables[] = {"item_mapping", "procurement_price", "trace_product", NULL};

bool generate_table(const struct generate_options *options, const char *name, struct text *out) {
  const uint32_t institutions = options->institutions == 0 ? generate_options_default.institutions : options->institutions;
  struct region region;
  region_init(&region, options->seed, institutions, 1);
  bool found = true;
  if (strcmp(name, generate_tables[0]) == 0)
    catalogue_write_item_mapping(out, &region.catalogue, region.institutions, region.institutions_size);
  else if (strcmp(name, generate_tables[1]) == 0) catalogue_write_procurement_price(out, &region.catalogue);
  else if (strcmp(name, generate_tables[2]) == 0) catalogue_write_trace_product(out, &region.catalogue);
  else found = false;
  region_fini(&region);
  return found;
}
