#include "rules/view.h"

int32_t view_payable_days(const struct history *history, const struct visit *visit) {
  if (visit->begntime_s == DATE_ABSENT) return 0;
  const int64_t end = visit->endtime_s != DATE_ABSENT ? visit->endtime_s : history->watermark_s;
  if (end == DATE_ABSENT) return 0;
  // A day without time of day is compared by its date: 2026-03-01 does not lie before 2026-03-01 09:00.
  const int32_t days = date_day(end) - date_day(visit->begntime_s);
  if (days < 0) return 0;
  if (days == 0 && end < visit->begntime_s && !visit->endtime_day_only && !visit->begntime_day_only) return 0;
  return days > 1 ? days : 1;
}

int32_t view_service_day(const struct visit *visit) {
  int64_t time = visit->settled_s;
  if (visit->stay && visit->endtime_s != DATE_ABSENT) {
    time = visit->endtime_s;
  } else if (visit->stay && visit->begntime_s != DATE_ABSENT) {
    time = visit->begntime_s;
  }
  return time == DATE_ABSENT ? INT32_MIN : date_day(time);
}

struct slice view_dx3(const struct visit *visit) {
  if (visit->main_diagnosis.size < 3) return SLICE_NONE;
  for (size_t i = 0; i < 3; i++)    // a code is ASCII; cutting any other text might cut a character
    if ((unsigned char)visit->main_diagnosis.data[i] >= 0x80) return SLICE_NONE;
  return (struct slice){visit->main_diagnosis.data, 3};
}
