#include "knowledge/calendar.h"

#include <errno.h>

#include "config/folder.h"
#include "config/yaml.h"
#include "core/digest.h"
#include "record/date.h"

enum { YEAR_MIN = 1990, YEAR_MAX = 2200, YEARS = YEAR_MAX - YEAR_MIN + 1, YEAR_DAYS_MAX = 366 };

enum mark { MARK_NONE, MARK_HOLIDAY, MARK_WORKDAY };

struct year {
  int32_t first, days;
  unsigned char marks[YEAR_DAYS_MAX];
  uint16_t worked[YEAR_DAYS_MAX + 1];    // working days before the n-th day of the year
};

struct calendar {
  struct year *years[YEARS];    // NULL: no file
  unsigned char digest[DIGEST_ID_BYTES];
};

static int year_of(int32_t day) {
  int year, month, day_of_month;
  date_to_civil(day, &year, &month, &day_of_month);
  return year;
}

static struct year *find_year(const struct calendar *calendar, int32_t day) {
  const int year = year_of(day);
  return year < YEAR_MIN || year > YEAR_MAX ? NULL : calendar->years[year - YEAR_MIN];
}

static bool works(const struct year *year, int32_t n) {
  return year->marks[n] == MARK_WORKDAY || (year->marks[n] == MARK_NONE && date_weekday(year->first + n) <= 5);
}

// --- Loading ----------------------------------------------------------------------------------------------------------

static bool mark_day(const struct yaml_file *file, const struct yaml_node *node, struct year *year, int32_t day,
                     enum mark mark) {
  if (day < year->first || day >= year->first + year->days) {
    yaml_error(file, node, 1241, "the day is not in the file's year");
    return false;
  }
  if (mark == MARK_WORKDAY && date_weekday(day) <= 5) {
    yaml_error(file, node, 1242, "a make-up working day must be a Saturday or Sunday");
    return false;
  }
  unsigned char *at = &year->marks[day - year->first];
  if (*at != MARK_NONE) {
    yaml_error(file, node, 1242, "a day stands twice%s", *at == mark ? "" : ", as a holiday and as a make-up day");
    return false;
  }
  *at = (unsigned char)mark;
  return true;
}

static const struct form_key holiday_rows[] = {
    {"from", .type = FORM_DAY, .required = true, .doc_zh = "第一日。"},
    {"to", .type = FORM_DAY, .doc_zh = "最后一日；不写为一日。"},
    {"name", .type = FORM_TEXT, .required = true, .min = 1, .max = 200, .doc_zh = "节日名称。"},
};
static const struct form holiday_form = FORM("holiday", holiday_rows, 1025);
static const struct form_key calendar_rows[] = {
    {"year", .type = FORM_INT, .required = true, .min = YEAR_MIN, .max = YEAR_MAX, .doc_zh = "年份。"},
    {"source", .type = FORM_TEXT, .min = 1, .max = 2000, .doc_zh = "来源，如国务院办公厅的通知。"},
    {"note", .type = FORM_TEXT, .min = 1, .max = 2000, .doc_zh = "说明。"},
    {"local", .type = FORM_BOOL, .doc_zh = "true：同年另一份文件，补充本地的休息日。"},
    {"holidays", .type = FORM_MAP, .list = true, .form = &holiday_form, .doc_zh = "法定节假日。"},
    {"workdays", .type = FORM_DAY, .list = true, .doc_zh = "调休上班的周末。"},
    {"working_days_in_year", .type = FORM_INT, .min = 0, .max = YEAR_DAYS_MAX, .doc_zh = "全年工作日数，用于核对。"},
};
const struct form calendar_form = FORM("calendar", calendar_rows, 1025);

static bool read_holiday(const struct yaml_file *file, const struct yaml_node *item, struct year *year) {
  if (!form_known(file, item, &holiday_form)) return false;
  const struct yaml_node *from = yaml_find(item, "from"), *to = yaml_find(item, "to"), *name = yaml_find(item, "name");
  int32_t first, last;
  struct slice text;
  if (from == NULL || name == NULL) {
    yaml_error(file, item, 1025, "a holiday needs 'from' and 'name', and 'to' when it is longer than a day");
    return false;
  }
  if (!yaml_is_day(file, from, &first) || !yaml_is_text(file, name, &text)) return false;
  last = first;
  if (to != NULL && !yaml_is_day(file, to, &last)) return false;
  if (last < first || last - first >= YEAR_DAYS_MAX) {
    yaml_error(file, to, 1241, "'to' must not be before 'from'");
    return false;
  }
  for (int32_t day = first; day <= last; day++)
    if (!mark_day(file, from, year, day, MARK_HOLIDAY)) return false;
  return true;
}

static bool read_days(const struct yaml_file *file, struct year *year) {
  const struct yaml_node *holidays = yaml_find(file->root, "holidays"), *workdays = yaml_find(file->root, "workdays");
  bool good = true;
  if (holidays != NULL && (good &= yaml_is_list(file, holidays)))
    for (const struct yaml_node *item = holidays->child; item != NULL; item = item->next)
      good &= read_holiday(file, item, year);
  if (workdays != NULL && (good &= yaml_is_list(file, workdays)))
    for (const struct yaml_node *item = workdays->child; item != NULL; item = item->next) {
      int32_t day;
      good &= yaml_is_day(file, item, &day) && mark_day(file, item, year, day, MARK_WORKDAY);
    }
  return good;
}

// Reads one file; local ones in the second pass, when the year's own file is known.
static void read_file(struct calendar *calendar, struct arena *arena, const struct yaml_file *file, bool local_pass) {
  const struct yaml_node *local_node = yaml_find(file->root, "local"), *number_node = yaml_find(file->root, "year");
  bool local = false;
  int64_t number;
  if (file->root->type == YAML_MAP && local_node != NULL && local_node->type == YAML_SCALAR)
    local = slice_equal(local_node->scalar, SLICE("true"));
  if (local != local_pass) return;
  if (!form_known(file, file->root, &calendar_form)) return;
  if (local_node != NULL && !yaml_is_bool(file, local_node, &local)) return;
  if (number_node == NULL) {
    yaml_error(file, file->root, 1025, "'year' must be given");
    return;
  }
  if (!yaml_is_int(file, number_node, YEAR_MIN, YEAR_MAX, &number)) return;
  struct year **slot = &calendar->years[number - YEAR_MIN];
  if (!local && *slot != NULL) {
    yaml_error(file, number_node, 1244, "the year %d has a file already", (int)number);
    return;
  }
  if (local && *slot == NULL) {
    yaml_error(file, number_node, 1241, "local days of %d need the year's own file", (int)number);
    return;
  }
  struct year *year = *slot != NULL ? *slot : ARENA_ZEROED(arena, struct year, 1);
  year->first = date_from_civil((int)number, 1, 1);
  year->days = date_from_civil((int)number + 1, 1, 1) - year->first;
  if (!read_days(file, year)) return;
  int64_t worked = 0, expected;
  for (int32_t n = 0; n < year->days; n++) {
    worked += works(year, n);
    year->worked[n + 1] = (uint16_t)worked;
  }
  *slot = year;
  const struct yaml_node *check = yaml_find(file->root, "working_days_in_year");
  if (check != NULL && yaml_is_int(file, check, 0, YEAR_DAYS_MAX, &expected) && expected != worked)
    yaml_error(file, check, 1243, "the year has %d working days by this file, not %d", (int)worked, (int)expected);
}

static void digest_years(struct calendar *calendar) {
  struct digest digest;
  digest_init(&digest, DIGEST_ID_BYTES, NULL, 0);
  for (int i = 0; i < YEARS; i++) {
    const struct year *year = calendar->years[i];
    const char number[] = {(char)((YEAR_MIN + i) >> 8), (char)((YEAR_MIN + i) & 0xff)};
    if (year == NULL) continue;
    digest_field(&digest, (struct slice){number, sizeof number});
    digest_field(&digest, (struct slice){(const char *)year->marks, (size_t)year->days});
  }
  digest_final(&digest, calendar->digest);
}

struct calendar *calendar_load(struct arena *arena, const char *folder, struct diagnostics *diagnostics) {
  struct calendar *calendar = ARENA_ZEROED(arena, struct calendar, 1);
  const char *const *names;
  size_t size;
  if (!folder_list(arena, folder, ".yaml", &names, &size) && errno != ENOENT)
    diagnostics_add(diagnostics, SEVERITY_ERROR, 1001, (struct place){folder, 0, 0, 1}, SLICE_NONE, "cannot be read: %s",
                    strerror(errno));
  struct yaml_file *files = ARENA_ZEROED(arena, struct yaml_file, size);
  for (size_t i = 0; i < size; i++)
    yaml_load(&files[i], arena, folder_path(arena, folder, names[i], NULL), NULL, diagnostics);
  for (int local = 0; local < 2; local++)
    for (size_t i = 0; i < size; i++)
      if (files[i].root != NULL) read_file(calendar, arena, &files[i], local == 1);
  digest_years(calendar);
  return calendar;
}

// --- Asking -----------------------------------------------------------------------------------------------------------

bool calendar_knows(const struct calendar *calendar, int32_t day) { return find_year(calendar, day) != NULL; }

bool calendar_holiday(const struct calendar *calendar, int32_t day) {
  const struct year *year = find_year(calendar, day);
  return year != NULL && year->marks[day - year->first] == MARK_HOLIDAY;
}

bool calendar_workday(const struct calendar *calendar, int32_t day) {
  const struct year *year = find_year(calendar, day);
  return year != NULL && works(year, day - year->first);
}

int calendar_workdays_between(const struct calendar *calendar, int32_t from, int32_t to) {
  int64_t worked = 0;
  for (int64_t day = (int64_t)from + 1; day <= to;) {    // a year at a time
    const struct year *year = find_year(calendar, (int32_t)day);
    if (year == NULL) return -1;
    const int64_t end = (int64_t)to + 1 < year->first + year->days ? (int64_t)to + 1 : year->first + year->days;
    worked += year->worked[end - year->first] - year->worked[day - year->first];
    day = end;
  }
  return (int)worked;
}

bool calendar_run(const struct calendar *calendar, int32_t day, int32_t *first, int32_t *last) {
  if (!calendar_holiday(calendar, day)) return false;
  for (*first = day; calendar_holiday(calendar, *first - 1);) --*first;
  for (*last = day; calendar_holiday(calendar, *last + 1);) ++*last;
  return true;
}

const unsigned char *calendar_digest(const struct calendar *calendar) { return calendar->digest; }
