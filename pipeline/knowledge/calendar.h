// Statutory holidays and make-up working days (调休), one YAML file a year in rules.d/calendars/.
//
// rules.d/calendars/2026.yaml: {year: 2026, source: ..., holidays: [{from, to, name}], workdays: [dates],
// working_days_in_year: n}, the last as a check. Working days come from this table, never from a formula; a year without a file
// has no working day known. A further file of the same year that says `local: true` adds a region's own closing days.
// Read-only after load.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/form.h"
#include "core/arena.h"

// The form of such a file.
extern const struct form calendar_form;

struct calendar;
// Never NULL; bad files are reported and left out, a folder that does not exist has no years.
struct calendar *calendar_load(struct arena *arena, const char *folder, struct diagnostics *diagnostics);
bool calendar_knows(const struct calendar *calendar, int32_t day);     // the day's year has a file
bool calendar_holiday(const struct calendar *calendar, int32_t day);   // statutory holiday
bool calendar_workday(const struct calendar *calendar, int32_t day);   // Monday to Friday without holidays, plus make-up days
// The working days in (from, to], 0 when to is not after from; -1 when a year in between is unknown.
int calendar_workdays_between(const struct calendar *calendar, int32_t from, int32_t to);
// The run of holidays around the day, beyond the end of the year too: first and last day; false when it is none.
bool calendar_run(const struct calendar *calendar, int32_t day, int32_t *first, int32_t *last);
const unsigned char *calendar_digest(const struct calendar *calendar);    // 16 bytes
