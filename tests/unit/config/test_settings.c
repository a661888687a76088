#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/settings.h"
#include "core/memory.h"

struct values {
  int64_t max_gap, ratio, batch;
  bool strict;
  struct slice group, topic;
  int unit, mode;
  struct setting_number limit;
  int32_t start;
  struct setting_texts names;
  const struct yaml_node *properties;
};

static const char *const units[] = {"days", "hours", NULL};
static const char *const modes[] = {"on", "off", NULL};
#define AT(field) offsetof(struct values, field)
static const struct setting rows[] = {
    {.name = "max_gap", .type = SETTING_INT, .offset = AT(max_gap), .fallback = "15", .min = 0, .max = 366, .unit = "days", .doc = "Largest gap."},
    {.name = "ratio", .type = SETTING_DECIMAL, .offset = AT(ratio), .fallback = "0.05", .min = 0, .max = 10000, .scale = 4, .unit = "", .doc = "Share."},
    {.name = "strict", .type = SETTING_BOOL, .offset = AT(strict), .fallback = "true", .doc = "Strict."},
    {.name = "unit", .type = SETTING_WORD, .offset = AT(unit), .fallback = "hours", .words = units, .doc = "Unit."},
    {.name = "mode", .type = SETTING_WORD, .offset = AT(mode), .fallback = "off", .words = modes, .doc = "Mode."},
    {.name = "limit", .type = SETTING_NUMBER, .offset = AT(limit), .fallback = "3", .min = 1, .max = 9, .unit = "pieces", .doc = "Limit."},
    {.name = "start", .type = SETTING_DAY, .offset = AT(start), .fallback = "", .doc = "First day."},
    {.name = "names", .type = SETTING_TEXTS, .offset = AT(names), .fallback = "[a, \"01\"]", .max = 5, .doc = "Names."},
    {.name = "kafka.group", .type = SETTING_TEXT, .offset = AT(group), .fallback = NULL, .max = 8, .doc = "Group."},
    {.name = "kafka.batch", .type = SETTING_INT, .offset = AT(batch), .fallback = "100", .min = 1, .max = INT64_MAX, .doc = "Batch."},
    {.name = "kafka.topics.in", .type = SETTING_TEXT, .offset = AT(topic), .fallback = "settlements", .doc = "Topic."},
    {.name = "kafka.properties", .type = SETTING_MAP, .offset = AT(properties), .fallback = "{}", .doc = "Passed through."},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct fixture {
  struct arena arena;
  struct diagnostics diagnostics;
  struct yaml_file file;
  struct values values;
};

static int setup(void **state) {
  struct fixture *f = memory_take(sizeof *f);
  arena_init(&f->arena, 0);
  settings_default(rows, ROWS, &f->values, &f->arena);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  diagnostics_fini(&f->diagnostics);
  arena_fini(&f->arena);
  memory_free(f);
  return 0;
}

static bool take(struct fixture *f, const char *text) {
  static const char *const others[] = {"rules"};
  diagnostics_fini(&f->diagnostics);
  yaml_load_text(&f->file, &f->arena, "s.yaml", slice_from(text), NULL, &f->diagnostics);
  assert_non_null(f->file.root);
  return settings_read(rows, ROWS, &f->values, &f->file, f->file.root, others, 1, &f->arena);
}

static void defaults_go_through_the_parsers(void **state) {
  struct fixture *f = *state;
  assert_int_equal(f->values.max_gap, 15);
  assert_int_equal(f->values.ratio, 500);
  assert_true(f->values.strict);
  assert_int_equal(f->values.unit, 1);
  assert_int_equal(f->values.mode, 1);
  assert_int_equal(f->values.limit.value, 3);
  assert_null(f->values.limit.lookup);
  assert_int_equal(f->values.start, INT32_MIN);
  assert_int_equal(f->values.names.size, 2);
  assert_true(slice_equal(f->values.names.items[1], SLICE("01")));
  assert_null(f->values.group.data);
  assert_true(slice_equal(f->values.topic, SLICE("settlements")));
  assert_int_equal(f->values.properties->size, 0);
}

static void values_of_a_file_take_their_place(void **state) {
  struct fixture *f = *state;
  assert_true(take(f, "max_gap: 0\nratio: 0.25\nstrict: false\nunit: days\nmode: on\nlimit: 9\nstart: 2026-01-01\nnames: [x]\nrules: {any: thing}\n"
                      "kafka:\n  group: g1\n  topics: {in: s2}\n  properties: {linger.ms: 5}\n"));
  assert_int_equal(f->diagnostics.errors, 0);
  assert_int_equal(f->values.max_gap, 0);
  assert_int_equal(f->values.ratio, 2500);
  assert_false(f->values.strict);
  assert_int_equal(f->values.unit, 0);
  assert_int_equal(f->values.mode, 0);
  assert_int_equal(f->values.limit.value, 9);
  assert_int_equal(f->values.start, 20454);
  assert_int_equal(f->values.names.size, 1);
  assert_true(slice_equal(f->values.group, SLICE("g1")));
  assert_int_equal(f->values.batch, 100);
  assert_true(slice_equal(f->values.topic, SLICE("s2")));
  assert_true(slice_equal(yaml_find(f->values.properties, "linger.ms")->scalar, SLICE("5")));
}

static void a_name_with_points_is_nested_maps_or_one_key(void **state) {
  struct fixture *f = *state;
  static const char *const good[] = {"kafka: {group: g, topics: {in: s}}", "kafka.group: g\nkafka.topics.in: s", "kafka: {group: g, topics.in: s}",
                                     "kafka.group: g\nkafka: {topics.in: s}", "kafka.group: g\nkafka.topics: {in: s}"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    settings_default(rows, ROWS, &f->values, &f->arena);
    if (!take(f, good[i])) fail_msg("'%s' did not pass: %s", good[i], f->diagnostics.rows[0].text);
    assert_true(slice_equal(f->values.group, SLICE("g")));
    assert_true(slice_equal(f->values.topic, SLICE("s")));
  }
  assert_false(take(f, "kafka.group: g\nkafka: {group: h}"));
  assert_int_equal(f->diagnostics.errors, 1);
  assert_int_equal(f->diagnostics.rows[0].code, 1006);
  assert_false(take(f, "kafka.group: g\nkafka: {topics: {in.out: s}}"));
  assert_int_equal(f->diagnostics.rows[0].code, 1007);
  assert_false(take(f, "kafka: {group: g, topics: s}"));
  assert_int_equal(f->diagnostics.rows[0].code, 1017);
}

static void a_number_may_be_a_lookup(void **state) {
  struct fixture *f = *state;
  assert_true(take(f, "limit: {table: split_gap_days, by: [hosp_lv, region]}\nkafka: {group: g}\n"));
  assert_non_null(f->values.limit.lookup);
  assert_true(take(f, "limit: {table: split_gap_days, by: hosp_lv}\nkafka: {group: g}\n"));
}

static void wrong_values_are_located_and_keep_the_default(void **state) {
  struct fixture *f = *state;
  static const struct { const char *text; unsigned code, line, column; const char *words; } cases[] = {
      {"max_gap: 400", 1022, 1, 10, "'max_gap' must be 0..366 days, not '400'"},
      {"max_gap: -1", 1022, 1, 10, "'max_gap' must be 0..366 days, not '-1'"},
      {"max_gap: 1e2", 1019, 1, 10, "whole number"},
      {"max_gap: 010", 1019, 1, 10, "leading zeros"},
      {"max_gap: \"15\"", 1019, 1, 10, "remove the quotes"},
      {"max_gap: [15]", 1017, 1, 10, "not a list"},
      {"max_gap:", 1019, 1, 9, "nothing"},
      {"ratio: 1.1", 1022, 1, 8, "'ratio' must be 0..1, not '1.1'"},
      {"ratio: 0.00001", 1021, 1, 8, "at most 4 digits"},
      {"strict: yes", 1020, 1, 9, "true or false"},
      {"unit: day", 1301, 1, 7, "'unit' must not be 'day' but one of days, hours (did you mean 'days'?)"},
      {"unit: {a: 1}", 1017, 1, 7, "not a map"},
      {"mode: \"no\"", 1301, 1, 7, "on, off"},
      {"limit: 10", 1022, 1, 8, "'limit' must be 1..9 pieces"},
      {"limit: {table: t}", 1025, 1, 8, "'by'"},
      {"limit: {tabel: t, by: x}", 1025, 1, 8, "'table'"},
      {"limit: {table: t, by: []}", 1017, 1, 23, "single value"},
      {"start: 2026-02-30", 1026, 1, 8, "date"},
      {"names: x", 1017, 1, 8, "a list"},
      {"names: [x, 01]", 1018, 1, 12, "quotes"},
      {"names: [x, abcdef]", 1303, 1, 12, "at most 5 bytes"},
      {"max_gaps: 3", 1007, 1, 1, "did you mean 'max_gap'?"},
      {"kafka: 3", 1017, 1, 8, "a map"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct text text = {0};
    text_format(&text, "%s\n%s%c", cases[i].text, strncmp(cases[i].text, "kafka", 5) == 0 ? "" : "kafka: {group: g}\n", '\0');
    settings_default(rows, ROWS, &f->values, &f->arena);
    if (take(f, text.data)) fail_msg("'%s' passed", cases[i].text);
    diagnostics_sort(&f->diagnostics);
    const struct diagnostic *row = &f->diagnostics.rows[0];
    if (row->code != cases[i].code || row->place.line != cases[i].line || row->place.column != cases[i].column ||
        strstr(row->text, cases[i].words) == NULL)
      fail_msg("'%s': SW%u at %u:%u: %s", cases[i].text, row->code, row->place.line, row->place.column, row->text);
    assert_int_equal(f->values.max_gap, 15);
    assert_int_equal(f->values.names.size, 2);
    text_fini(&text);
  }
}

static void all_wrong_values_come_at_once(void **state) {
  struct fixture *f = *state;
  assert_false(take(f, "max_gap: 999\nstrict: yes\nkafka:\n  batch: 0\n  topics: {out: x}\nwhat: 1\n"));
  assert_int_equal(f->diagnostics.errors, 6);
  diagnostics_sort(&f->diagnostics);
  static const unsigned codes[] = {1022, 1020, 1302, 1022, 1007, 1007};
  for (unsigned i = 0; i < 6; i++) assert_int_equal(f->diagnostics.rows[i].code, codes[i]);
  assert_string_equal(f->diagnostics.rows[2].text, "'kafka.group' must be given");
}

static void a_missing_map_lacks_what_must_be_given(void **state) {
  struct fixture *f = *state;
  assert_false(take(f, "strict: true\n"));
  assert_int_equal(f->diagnostics.rows[0].code, 1302);
  diagnostics_fini(&f->diagnostics);
  assert_false(settings_read(rows, ROWS, &f->values, &f->file, NULL, NULL, 0, &f->arena));
  assert_true(settings_read(rows, 8, &f->values, &f->file, NULL, NULL, 0, &f->arena));
  assert_int_equal(f->diagnostics.errors, 1);
}

static void the_reference_has_a_line_for_every_row(void **state) {
  (void)state;
  struct text out = {0};
  settings_reference(rows, ROWS, &out);
  text_byte(&out, '\0');
  assert_non_null(strstr(out.data, "| `max_gap` | whole number | 0..366 | days | `15` | Largest gap. |\n"));
  assert_non_null(strstr(out.data, "| `ratio` | number | 0..1 |  | `0.05` | Share. |\n"));
  assert_non_null(strstr(out.data, "| `unit` | word | days, hours |  | `hours` | Unit. |\n"));
  assert_non_null(strstr(out.data, "| `kafka.group` | text | at most 8 bytes |  | must be given | Group. |\n"));
  assert_non_null(strstr(out.data, "| `kafka.batch` | whole number | 1.. |  | `100` | Batch. |\n"));
  assert_non_null(strstr(out.data, "| `start` | date |  |  | empty | First day. |\n"));
  text_fini(&out);
}

static void the_canonical_form_changes_with_a_value_only(void **state) {
  struct fixture *f = *state;
  struct text first = {0}, out = {0};
  assert_true(take(f, "kafka: {group: g}\n"));
  settings_canonical(rows, ROWS, &f->values, &first);
  assert_true(take(f, "# with words\nmax_gap: 15\nkafka:\n  group: \"g\"\n"));
  settings_canonical(rows, ROWS, &f->values, &out);
  assert_true(slice_equal(text_slice(&first), text_slice(&out)));
  static const char *const changes[] = {"max_gap: 16", "ratio: 0.06", "strict: false", "unit: days", "limit: 4", "limit: {table: t, by: x}",
                                        "start: 2026-01-01", "names: [a]", "names: [a01]"};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct text text = {0};
    text_format(&text, "%s\nkafka: {group: g}\n%c", changes[i], '\0');
    settings_default(rows, ROWS, &f->values, &f->arena);
    assert_true(take(f, text.data));
    text_clear(&out);
    settings_canonical(rows, ROWS, &f->values, &out);
    assert_false(slice_equal(text_slice(&first), text_slice(&out)));
    text_fini(&text);
  }
  text_fini(&first);
  text_fini(&out);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(defaults_go_through_the_parsers),
      TEST(values_of_a_file_take_their_place),
      TEST(a_name_with_points_is_nested_maps_or_one_key),
      TEST(a_number_may_be_a_lookup),
      TEST(wrong_values_are_located_and_keep_the_default),
      TEST(all_wrong_values_come_at_once),
      TEST(a_missing_map_lacks_what_must_be_given),
      TEST(the_reference_has_a_line_for_every_row),
      TEST(the_canonical_form_changes_with_a_value_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
