// Rule folders, rules and visits for the tests of the rules room.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/digest.h"
#include "core/memory.h"
#include "rules/load.h"
#include "rules/view.h"

#define SAMPLE_FOLDER "tests/golden/bad_rules"

// A folder of its own for rule files; codes, calendars and (unless own_tables) knowledge are those of SAMPLE_FOLDER.
struct sample_folder {
  char path[64];
  char files[64][128];
  size_t size;
  bool own_tables;
};

static inline void sample_open(struct sample_folder *folder, bool own_tables) {
  static const char *const parts[] = {"codes", "calendars", "knowledge"};
  char cwd[4096], from[4300], to[128];
  *folder = (struct sample_folder){.path = "/tmp/settlewatch-rules-XXXXXX", .own_tables = own_tables};
  assert_non_null(mkdtemp(folder->path));
  assert_non_null(getcwd(cwd, sizeof cwd));
  for (size_t i = 0; i < (own_tables ? 2 : 3); i++) {
    snprintf(from, sizeof from, "%s/" SAMPLE_FOLDER "/%s", cwd, parts[i]);
    snprintf(to, sizeof to, "%s/%s", folder->path, parts[i]);
    assert_int_equal(symlink(from, to), 0);
  }
  snprintf(to, sizeof to, "%s/knowledge", folder->path);
  if (own_tables) assert_int_equal(mkdir(to, 0700), 0);
}

static inline void sample_write(struct sample_folder *folder, const char *name, struct slice text) {
  assert_true(folder->size < 64);
  char *path = folder->files[folder->size++], at[64];
  memcpy(at, folder->path, sizeof at);
  snprintf(path, sizeof folder->files[0], "%s/%s", at, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
  assert_int_equal(fclose(file), 0);
}

static inline void sample_close(struct sample_folder *folder) {
  static const char *const parts[] = {"codes", "calendars", "knowledge"};
  char path[128];
  for (size_t i = 0; i < folder->size; i++) unlink(folder->files[i]);
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s", folder->path, parts[i]);
    if (unlink(path) != 0) rmdir(path);
  }
  assert_int_equal(rmdir(folder->path), 0);
}

// Loads the folder; with errors, their text goes to *told (free with text_fini) and the result is NULL.
static inline struct ruleset *sample_load(struct sample_folder *folder, struct text *told) {
  struct diagnostics diagnostics = {0};
  const char *paths[] = {folder->path};
  struct ruleset *ruleset = ruleset_load(paths, 1, &diagnostics);
  if (told != NULL) diagnostics_write_text(&diagnostics, told);
  else if (diagnostics.errors > 0) {
    struct text text = {0};
    diagnostics_write_text(&diagnostics, &text);
    print_error("%.*s\n", SLICE_ARG(text_slice(&text)));
    text_fini(&text);
  }
  diagnostics_fini(&diagnostics);
  return ruleset;
}

// A rule file with every key that must be given; more holds what the test is about (kind, scope, bands, ...).
static inline struct slice sample_rule(struct text *text, const char *id, const char *more) {
  text_clear(text);
  text_format(text, "rule: r_");
  for (const char *c = id; *c != '\0'; c++) text_byte(text, *c == '-' ? '_' : (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c));
  text_format(text, "\nid: %s\ntitle: {zh: 样例}\nsubject: patient\nresult: suspicious\n"
              "basis: [{law: 条例, article: \"38\"}]\nprecedence: stay\n%s\n", id, more);
  return text_slice(text);
}

// 2026-03-DD HH:00:00
static inline int64_t sample_time(int day, int hour) {
  return date_of_day(date_from_civil(2026, 3, day)) + (int64_t)hour * 3600;
}

static inline struct visit sample_stay(const char *mdtrt_id, int first_day, int last_day) {
  return (struct visit){.mdtrt_id = slice_from(mdtrt_id),
                        .fixmedins_code = SLICE("H1"),
                        .insutype = SLICE("310"),
                        .med_type = SLICE("21"),
                        .hosp_lv = SLICE("01"),
                        .symbol = VISIT_INP,
                        .stay = true,
                        .final = true,
                        .begntime_s = sample_time(first_day, 9),
                        .endtime_s = last_day ? sample_time(last_day, 10) : DATE_ABSENT,
                        .brdy_day = INT32_MIN,
                        .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT,
                        .settled_s = sample_time(last_day ? last_day : first_day, 11),
                        .items_loaded = true};
}
