// Dates and times of the national wire: Asia/Shanghai wall time, UTC+8, no daylight saving, resolution one second.
//
// A time is int64 seconds since 1970-01-01 00:00:00 UTC of the fixed +08:00 zone; a day is an int32 day number since 1970-01-01
// in that zone. Accepted shapes: "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd" (then day_only), "yyyyMMddHHmmss"; also 'T' between date
// and time, and "yyyyMMdd". Impossible dates (2026-02-30) are no dates.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "core/text.h"

#define DATE_ABSENT INT64_MIN
enum { DATE_DAY_SECONDS = 86400, DATE_ZONE_SECONDS = 8 * 3600 };

// Seconds, or false. day_only (may be NULL) is set when the text had no time of day; the seconds are then those of 00:00:00.
bool date_parse(struct slice text, int64_t *time_s, bool *day_only);
// Day number of a time: floor division in +08:00. Also of times before 1970.
static inline int32_t date_day(int64_t time_s) {
  const int64_t local = time_s + DATE_ZONE_SECONDS;
  return (int32_t)(local >= 0 ? local / DATE_DAY_SECONDS : -((-local + DATE_DAY_SECONDS - 1) / DATE_DAY_SECONDS));
}
// The first second of a day.
static inline int64_t date_of_day(int32_t day) { return (int64_t)day * DATE_DAY_SECONDS - DATE_ZONE_SECONDS; }

int32_t date_from_civil(int year, int month, int day);
void date_to_civil(int32_t day, int *year, int *month, int *day_of_month);
// 1 Monday .. 7 Sunday.
int date_weekday(int32_t day);

enum { DATE_TIME_BYTES = 19 };
char *date_put_time(char *to, int64_t time_s);             // the same into memory that has room; returns the end
void date_write_time(struct text *out, int64_t time_s);    // 2026-03-09 10:11:10
void date_write_day(struct text *out, int32_t day);        // 2026-03-09
void date_write_month(struct text *out, int32_t day);      // 2026-03
