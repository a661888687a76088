#include "producers/generate/agenda.h"

#include <assert.h>

#include "core/memory.h"
#include "record/date.h"

void agenda_init(struct agenda *agenda, int32_t first_day, uint32_t days) {
  *agenda = (struct agenda){.free = PLAN_NONE, .days = days, .first_day = first_day};
  agenda->heads = memory_take(days * sizeof *agenda->heads);
  for (uint32_t n = 0; n < days; n++) agenda->heads[n] = PLAN_NONE;
}

void agenda_fini(struct agenda *agenda) {
  memory_free(agenda->plans);
  memory_free(agenda->heads);
  *agenda = (struct agenda){0};
}

void agenda_add(struct agenda *agenda, const struct plan *plan, int32_t day) {
  uint32_t at = agenda->free;
  if (at != PLAN_NONE) {
    agenda->free = agenda->plans[at].next;
  } else {
    if (agenda->size == agenda->capacity) {
      agenda->capacity = agenda->capacity == 0 ? 1024 : agenda->capacity * 2;
      agenda->plans = memory_resize(agenda->plans, agenda->capacity * sizeof *agenda->plans);
    }
    at = agenda->size++;
  }
  const int32_t nth = day < agenda->first_day ? 0 : day - agenda->first_day;
  assert((uint32_t)nth < agenda->days);
  agenda->plans[at] = *plan;
  agenda->plans[at].next = agenda->heads[nth];
  agenda->heads[nth] = at;
  agenda->pending++;
}

void agenda_add_stay(struct agenda *agenda, const struct plan *plan) {
  agenda_add(agenda, plan, date_day(plan->end_s));
  const int32_t begin = date_day(plan->begin_s);
  if (!bill_has_interim(plan)) return;
  struct plan interim = *plan;
  interim.features |= PLAN_INTERIM_DUE;
  agenda_add(agenda, &interim, begin + (date_day(plan->end_s) - begin) / 2);
}

bool agenda_take(struct agenda *agenda, int32_t day, struct plan *plan) {
  const uint32_t nth = (uint32_t)(day - agenda->first_day);
  if (nth >= agenda->days || agenda->heads[nth] == PLAN_NONE) return false;
  const uint32_t at = agenda->heads[nth];
  *plan = agenda->plans[at];
  agenda->heads[nth] = plan->next;
  agenda->plans[at].next = agenda->free;
  agenda->free = at;
  agenda->pending--;
  return true;
}
