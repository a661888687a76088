// What will be settled on which day: a list of plans for each day, from the first day of the run on.
//
// Plans are copied in and given back one by one; their memory is used again. Not thread-safe.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "producers/generate/bill.h"

// A feature of the agenda's plans only: the interim settlement of the stay is due.
enum { PLAN_INTERIM_DUE = 1 << 30 };

struct agenda {
  struct plan *plans;
  uint32_t size, capacity, free;    // free: first of the unused plans, or PLAN_NONE
  uint32_t *heads;                  // first plan of each day, or PLAN_NONE
  uint32_t days;
  int32_t first_day;
  uint64_t pending;                 // plans not yet taken
};

// Room for days from first_day on.
void agenda_init(struct agenda *agenda, int32_t first_day, uint32_t days);
void agenda_fini(struct agenda *agenda);
// What lies before the first day is due on it.
void agenda_add(struct agenda *agenda, const struct plan *plan, int32_t day);
// A stay is due on the day of its end, and once before when it has an interim settlement.
void agenda_add_stay(struct agenda *agenda, const struct plan *plan);
// Takes a plan of the day; false when there is none left.
bool agenda_take(struct agenda *agenda, int32_t day, struct plan *plan);
