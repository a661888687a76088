#include "record/date.h"

#include "core/civil.h"

int32_t date_from_civil(int year, int month, int day) { return civil_to_day(year, month, day); }

void date_to_civil(int32_t day, int *year, int *month, int *day_of_month) {
  civil_from_day(day, year, month, day_of_month);
}

int date_weekday(int32_t day) {
  const int since_monday = (int)(((int64_t)day + 3) % 7);    // 1970-01-01 was a Thursday
  return (since_monday < 0 ? since_monday + 7 : since_monday) + 1;
}

bool date_parse(struct slice text, int64_t *time_s, bool *day_only) {
  const bool dashed = text.size == 10 || text.size == 19, has_time = text.size == 19 || text.size == 14;
  if (!dashed && text.size != 8 && text.size != 14) return false;
  int32_t day;
  if (!civil_parse((struct slice){text.data, dashed ? 10 : 8}, &day)) return false;
  int64_t seconds = 0;
  if (has_time) {
    const char *clock = text.data + (dashed ? 11 : 8);
    if (dashed && ((clock[-1] != ' ' && clock[-1] != 'T') || clock[2] != ':' || clock[5] != ':')) return false;
    const int hour = civil_digits(clock, 2), minute = civil_digits(clock + 2 + dashed, 2);
    const int second = civil_digits(clock + 4 + 2 * dashed, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    seconds = hour * 3600 + minute * 60 + second;
  }
  *time_s = date_of_day(day) + seconds;
  if (day_only != NULL) *day_only = !has_time;
  return true;
}

// "yyyy-MM-dd". Years before 0 or after 9999 are no dates of the wire and are held at the bounds.
static void put_date(char to[10], int32_t day) {
  int year, month, day_of_month;
  civil_from_day(day, &year, &month, &day_of_month);
  civil_write(to, year < 0 ? 0 : year > 9999 ? 9999 : year, month, day_of_month);
}

// Its first `size` characters.
static void write_date(struct text *out, int32_t day, size_t size) {
  put_date(text_reserve(out, 10), day);
  out->size += size;
}

void date_write_month(struct text *out, int32_t day) { write_date(out, day, 7); }
void date_write_day(struct text *out, int32_t day) { write_date(out, day, 10); }

char *date_put_time(char *to, int64_t time_s) {
  const int32_t day = date_day(time_s);
  const unsigned seconds = (unsigned)(time_s - date_of_day(day));
  put_date(to, day);
  to[10] = ' ';
  text_put_two(to + 11, seconds / 3600);
  to[13] = ':';
  text_put_two(to + 14, seconds / 60 % 60);
  to[16] = ':';
  text_put_two(to + 17, seconds % 60);
  return to + DATE_TIME_BYTES;
}

void date_write_time(struct text *out, int64_t time_s) {
  date_put_time(text_reserve(out, DATE_TIME_BYTES), time_s);
  out->size += DATE_TIME_BYTES;
}
