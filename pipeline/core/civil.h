// The civil (Gregorian) calendar: year, month, day to a day number since 1970-01-01 and back. No zones, no clocks.
//
// Days are counted from 1 March of year 0, so that the leap day is the last one of a year, in eras of 400 years = 146,097 days.
// Valid for any int32 day; all inline, because a settlement has a date on every line.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

enum { CIVIL_ERA_YEARS = 400, CIVIL_ERA_DAYS = 146097, CIVIL_EPOCH = 719468 };    // 1970-01-01 from 0000-03-01

static inline int32_t civil_to_day(int year, int month, int day) {
  year -= month <= 2;
  const int era = (year >= 0 ? year : year - (CIVIL_ERA_YEARS - 1)) / CIVIL_ERA_YEARS;
  const int year_of_era = year - era * CIVIL_ERA_YEARS;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * CIVIL_ERA_DAYS + day_of_era - CIVIL_EPOCH;
}

static inline void civil_from_day(int32_t day, int *year, int *month, int *day_of_month) {
  const int64_t shifted = (int64_t)day + CIVIL_EPOCH;
  const int era = (int)((shifted >= 0 ? shifted : shifted - (CIVIL_ERA_DAYS - 1)) / CIVIL_ERA_DAYS);
  const int day_of_era = (int)(shifted - (int64_t)era * CIVIL_ERA_DAYS);
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int march_month = (5 * day_of_year + 2) / 153;
  *day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
  *month = march_month + (march_month < 10 ? 3 : -9);
  *year = year_of_era + era * CIVIL_ERA_YEARS + (*month <= 2);
}

// size digits as a number, or -1.
static inline int civil_digits(const char *at, unsigned size) {
  int value = 0;
  for (unsigned i = 0; i < size; i++) {
    if (at[i] < '0' || at[i] > '9') return -1;
    value = value * 10 + (at[i] - '0');
  }
  return value;
}

// "yyyy-MM-dd" or "yyyyMMdd", nothing around it; from year 1. False for impossible dates (2026-02-30).
static inline bool civil_parse(struct slice text, int32_t *day) {
  static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool dashed = text.size == 10;
  if ((!dashed && text.size != 8) || (dashed && (text.data[4] != '-' || text.data[7] != '-'))) return false;
  const int year = civil_digits(text.data, 4), month = civil_digits(text.data + 4 + dashed, 2);
  const int day_of_month = civil_digits(text.data + 6 + 2 * dashed, 2);
  if (year < 1 || month < 1 || month > 12 || day_of_month < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day_of_month > lengths[month - 1] + (month == 2 && leap)) return false;
  *day = civil_to_day(year, month, day_of_month);
  return true;
}

static inline void civil_write(char to[10], int year, int month, int day) {    // "yyyy-MM-dd", year 0..9999
  text_put_two(to, (unsigned)year / 100);
  text_put_two(to + 2, (unsigned)year % 100);
  text_put_two(to + 5, (unsigned)month);
  text_put_two(to + 8, (unsigned)day);
  to[4] = to[7] = '-';
}
