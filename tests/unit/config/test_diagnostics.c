#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/diagnostics.h"
#include "core/utf8.h"

static char *printed(struct diagnostics *diagnostics) {
  struct text out = {0};
  diagnostics_sort(diagnostics);
  diagnostics_write_text(diagnostics, &out);
  text_byte(&out, '\0');
  return out.data;
}

static void assert_printed(struct diagnostics *diagnostics, const char *expected) {
  char *text = printed(diagnostics);
  assert_string_equal(text, expected);
  struct text out = {.data = text, .size = 1, .capacity = 1};
  text_fini(&out);
  diagnostics_fini(diagnostics);
}

static void prints_place_code_text_line_and_caret(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1007, (struct place){"a.yaml", 2, 3, 8}, SLICE("params:\n  max_gaps: 15\n"),
                  "unknown setting '%s'", "max_gaps");
  assert_printed(&diagnostics, "a.yaml:2:3: error SW1007: unknown setting 'max_gaps'\n"
                               "    2 |   max_gaps: 15\n"
                               "      |   ^~~~~~~~\n");
}

static void the_caret_counts_wide_characters_as_two_columns(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  diagnostics_add(&diagnostics, SEVERITY_WARNING, 1018, (struct place){"a.yaml", 1, 6, 2}, SLICE("分解住院: 编码"), "odd");
  assert_printed(&diagnostics, "a.yaml:1:6: warning SW1018: odd\n"
                               "    1 | 分解住院: 编码\n"
                               "      |          ^~~\n");
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1018, (struct place){"a.yaml", 1, 7, 2}, SLICE("分解住院: 编码"), "odd");
  assert_printed(&diagnostics, "a.yaml:1:7: error SW1018: odd\n"
                               "    1 | 分解住院: 编码\n"
                               "      |           ^~~~\n");
}

static void the_caret_repeats_tabs(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1012, (struct place){"a.yaml", 1, 3, 1}, SLICE("\ta\tb"), "tab");
  assert_printed(&diagnostics, "a.yaml:1:3: error SW1012: tab\n    1 | \ta\tb\n      | \t ^\n");
}

static void a_place_without_line_prints_the_file_only(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1001, (struct place){"a.yaml", 0, 0, 1}, SLICE_NONE, "cannot be read");
  assert_printed(&diagnostics, "a.yaml: error SW1001: cannot be read\n");
}

static void a_line_or_column_behind_the_end_is_no_harm(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"a", 1, 4, 5}, SLICE("abc"), "end");
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"a", 9, 1, 1}, SLICE("abc"), "far");
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"a", 2, 1, 1}, SLICE("abc\n"), "last");
  assert_printed(&diagnostics, "a:1:4: error SW1005: end\n    1 | abc\n      |    ^\n"
                               "a:2:1: error SW1005: last\n    2 | \n      | ^\n"
                               "a:9:1: error SW1005: far\n");
}

static void of_a_long_line_the_part_around_the_place_is_shown(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  struct text line = {0};
  for (int i = 0; i < 5000; i++) TEXT_LITERAL(&line, "住");
  TEXT_LITERAL(&line, "X");
  for (int i = 0; i < 5000; i++) TEXT_LITERAL(&line, "y");
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"a", 1, 5001, 1}, text_slice(&line), "here");
  const struct diagnostic *row = &diagnostics.rows[0];
  assert_int_equal(row->skipped, 5000 - 60);
  assert_int_equal(strlen(row->snippet), 60 * 3 + 100);
  assert_int_equal(row->snippet[180], 'X');
  text_fini(&line);
  diagnostics_fini(&diagnostics);
}

static void rows_are_sorted_by_file_line_and_column(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  const struct slice source = SLICE("one\ntwo\nthree\n");
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"b", 1, 1, 1}, source, "4");
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"a", 3, 2, 1}, source, "3");
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"a", 3, 1, 1}, source, "2");
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"a", 1, 3, 1}, source, "1");
  diagnostics_sort(&diagnostics);
  for (size_t i = 0; i < 4; i++) assert_int_equal(diagnostics.rows[i].text[0], '1' + (int)i);
  assert_string_equal(diagnostics.rows[1].snippet, "three");
  assert_string_equal(diagnostics.rows[0].snippet, "one");
  diagnostics_fini(&diagnostics);
}

static void control_characters_and_bad_bytes_are_not_printed(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1004, (struct place){"a", 1, 2, 1}, SLICE("x\xff\x1b[31m"), "bad %s", "\x1b[2J\n");
  assert_string_equal(diagnostics.rows[0].text, "bad ?[2J?");
  assert_string_equal(diagnostics.rows[0].snippet, "x??[31m");
  diagnostics_fini(&diagnostics);
}

static void rows_are_bounded_and_the_rest_is_counted(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  for (unsigned i = 0; i < DIAGNOSTICS_MAX + 7; i++)
    diagnostics_add(&diagnostics, SEVERITY_ERROR, 1005, (struct place){"a", 1, 1, 1}, SLICE_NONE, "%u", i);
  assert_int_equal(diagnostics.size, DIAGNOSTICS_MAX);
  assert_int_equal(diagnostics.errors, DIAGNOSTICS_MAX + 7);
  char *text = printed(&diagnostics);
  assert_non_null(strstr(text, "... and 7 more\n"));
  struct text out = {.data = text};
  text_fini(&out);
  diagnostics_fini(&diagnostics);
}

static void json_has_every_field(void **state) {
  (void)state;
  struct diagnostics diagnostics = {0};
  struct text out = {0};
  diagnostics_add(&diagnostics, SEVERITY_ERROR, 1007, (struct place){"a", 1, 1, 2}, SLICE("ab: \"1\""), "no 'ab'");
  diagnostics_add(&diagnostics, SEVERITY_WARNING, 1211, (struct place){"b", 0, 0, 0}, SLICE_NONE, "hm");
  diagnostics_write_json(&diagnostics, &out);
  text_byte(&out, '\0');
  assert_string_equal(out.data,
                      "{\"errors\":1,\"warnings\":1,\"diagnostics\":["
                      "{\"severity\":\"error\",\"code\":\"SW1007\",\"file\":\"a\",\"line\":1,\"column\":1,\"width\":2,"
                      "\"text\":\"no 'ab'\",\"snippet\":\"ab: \\\"1\\\"\"},"
                      "{\"severity\":\"warning\",\"code\":\"SW1211\",\"file\":\"b\",\"line\":0,\"column\":0,\"width\":1,"
                      "\"text\":\"hm\",\"snippet\":null}]}");
  text_fini(&out);
  diagnostics_fini(&diagnostics);
}

static void the_nearest_word_is_near(void **state) {
  (void)state;
  static const char *const words[] = {"max_gap", "min_gap", "match", "same", "if"};
  static const struct { const char *word, *nearest; } cases[] = {
      {"max_gaps", "max_gap"}, {"mxa_gap", "max_gap"}, {"mni_gap", "min_gap"}, {"mtach", "match"}, {"smae", "same"},
      {"completely_different", NULL}, {"xy", NULL}, {"", NULL}, {"i", "if"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *nearest = diagnostics_nearest(slice_from(cases[i].word), words, 5);
    if (cases[i].nearest == NULL) assert_null(nearest);
    else assert_string_equal(nearest, cases[i].nearest);
  }
  char longer[200];
  memset(longer, 'm', sizeof longer);
  assert_null(diagnostics_nearest((struct slice){longer, sizeof longer}, words, 5));
}

static void codes_ascend_and_are_explained(void **state) {
  (void)state;
  unsigned last = 1000, code;
  for (size_t i = 0; (code = diagnostics_code_at(i)) != 0; i++) {
    assert_true(code > last && code < 1400);
    assert_true(strlen(diagnostics_explain(code)) > 20);
    last = code;
  }
  assert_null(diagnostics_explain(1000));
  assert_null(diagnostics_explain(9999));
}

// Every code that the sources name in a call is in the table.
static void every_code_used_is_explained(void **state) {
  (void)state;
  static const char *const folders[] = {"pipeline/config/*.c", "pipeline/knowledge/*.c", "pipeline/rules/*.c", "pipeline/rules/kinds/*.c",
                                        "pipeline/*/*/*.c"};
  static const char *const calls[] = {"yaml_error(", "yaml_warning(", "diagnostics_add(", "report("};
  unsigned found = 0;
  for (size_t f = 0; f < sizeof folders / sizeof folders[0]; f++) {
    glob_t files;
    if (glob(folders[f], 0, NULL, &files) != 0) continue;
    for (size_t i = 0; i < files.gl_pathc; i++) {
      static char source[1 << 20];
      FILE *stream = fopen(files.gl_pathv[i], "r");
      assert_non_null(stream);
      source[fread(source, 1, sizeof source - 1, stream)] = '\0';
      fclose(stream);
      for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++)
        for (const char *at = source; (at = strstr(at, calls[c])) != NULL; at++) {
          const char *comma = at;    // the first argument that is a number of four digits
          const char *end = strchr(at, '"');
          while (comma != NULL && (comma = strstr(comma, ", 1")) != NULL && comma < (end ? end : at)) {
            char *after;
            const unsigned long code = strtoul(comma + 2, &after, 10);
            comma += 3;
            if (after != comma + 3 || *after != ',') continue;
            found++;
            if (diagnostics_explain((unsigned)code) == NULL) fail_msg("%s: SW%lu has no explanation", files.gl_pathv[i], code);
          }
        }
    }
    globfree(&files);
  }
  assert_true(found > 60);
}

static void utf8_is_told_from_other_bytes(void **state) {
  (void)state;
  static const struct { const char *bytes; size_t size, valid; } cases[] = {
      {"abc", 3, 3}, {"\xe4\xbd\x8f", 3, 3}, {"\xf0\x9f\x98\x80", 4, 4}, {"a\x80", 2, 1}, {"\xc0\x80", 2, 0}, {"\xe0\x80\x80", 3, 0},
      {"\xed\xa0\x80", 3, 0}, {"\xf4\x90\x80\x80", 4, 0}, {"\xe4\xbd", 2, 0}, {"\xff", 1, 0}, {"12345678\xfe", 9, 8}, {"", 0, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_int_equal(utf8_valid((struct slice){cases[i].bytes, cases[i].size}), cases[i].valid);
  assert_int_equal(utf8_cut(SLICE("住院"), 4).size, 3);
  assert_int_equal(utf8_cut(SLICE("住院"), 6).size, 6);
  assert_int_equal(utf8_columns(0x4f4f), 2);
  assert_int_equal(utf8_columns('a'), 1);
  assert_int_equal(utf8_columns(0x301), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(prints_place_code_text_line_and_caret),
      cmocka_unit_test(the_caret_counts_wide_characters_as_two_columns),
      cmocka_unit_test(the_caret_repeats_tabs),
      cmocka_unit_test(a_place_without_line_prints_the_file_only),
      cmocka_unit_test(a_line_or_column_behind_the_end_is_no_harm),
      cmocka_unit_test(of_a_long_line_the_part_around_the_place_is_shown),
      cmocka_unit_test(rows_are_sorted_by_file_line_and_column),
      cmocka_unit_test(control_characters_and_bad_bytes_are_not_printed),
      cmocka_unit_test(rows_are_bounded_and_the_rest_is_counted),
      cmocka_unit_test(json_has_every_field),
      cmocka_unit_test(the_nearest_word_is_near),
      cmocka_unit_test(codes_ascend_and_are_explained),
      cmocka_unit_test(every_code_used_is_explained),
      cmocka_unit_test(utf8_is_told_from_other_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
