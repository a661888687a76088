// What of a rule set was known on a day. Days are small numbers here.
#include "sample.h"

#include "rules/known.h"

static struct rule version(const char *id, int64_t number, int32_t from_day, int32_t to_day, int32_t recorded_day) {
  return (struct rule){.id = slice_from(id), .version = number, .from_day = from_day, .to_day = to_day, .recorded_day = recorded_day};
}

static void versions_that_were_not_known_hand_their_end_back(void **state) {
  (void)state;
  // Recorded in 50 and 60, in force from 20 and 30 on: both look back.
  for (int32_t day = 40; day <= 70; day += 10) {
    struct rule one = version("A", 1, 10, 19, INT32_MIN), two = version("A", 2, 20, 29, 50), three = version("A", 3, 30, INT32_MAX, 60),
                other = version("B", 1, 10, 19, INT32_MIN);
    const struct rule *rules[] = {&one, &two, &three, &other};
    const size_t size = known_rules(rules, 4, day);
    assert_int_equal(size, day < 50 ? 2 : day < 60 ? 3 : 4);
    assert_ptr_equal(rules[0], &one);
    assert_ptr_equal(rules[size - 1], &other);
    assert_int_equal(one.to_day, day < 50 ? INT32_MAX : 19);
    if (day >= 50) assert_int_equal(two.to_day, day < 60 ? INT32_MAX : 29);
    assert_int_equal(other.to_day, 19);    // of another id
  }
}

static void a_version_that_ended_earlier_stays_ended(void **state) {
  (void)state;
  struct rule one = version("A", 1, 10, 14, INT32_MIN), two = version("A", 2, 20, INT32_MAX, 50);
  const struct rule *rules[] = {&one, &two};
  assert_int_equal(known_rules(rules, 2, 40), 1);
  assert_int_equal(one.to_day, 14);
}

static void the_day_of_recording_knows_it(void **state) {
  (void)state;
  struct exemption exemptions[] = {{.id = SLICE("early"), .recorded_day = 30}, {.id = SLICE("always"), .recorded_day = INT32_MIN},
                                   {.id = SLICE("late"), .recorded_day = 31}};
  struct rule rule = version("A", 1, INT32_MIN, INT32_MAX, 30);
  rule.exemptions = exemptions;
  rule.exemptions_size = 3;
  const struct rule *rules[] = {&rule};
  assert_int_equal(known_rules(rules, 1, 30), 1);
  assert_int_equal(rule.exemptions_size, 2);
  assert_true(slice_equal(rule.exemptions[0].id, SLICE("early")) && slice_equal(rule.exemptions[1].id, SLICE("always")));
  assert_int_equal(known_rules(rules, 1, 29), 0);
}

static void what_was_not_known_is_checked_all_the_same(void **state) {
  (void)state;
  struct sample_folder folder;
  struct diagnostics diagnostics = {0};
  sample_open(&folder, false);
  sample_write(&folder, "bad.yaml", SLICE("rule: bad\nid: A-1\nrecorded_on: 2026-01-01\nkind: no_such_kind\n"));
  const char *paths[] = {folder.path};
  assert_null(ruleset_load_as_of(paths, 1, 0, &diagnostics));
  assert_true(diagnostics.errors > 0);
  for (size_t i = 0; i < diagnostics.size; i++) assert_int_not_equal(diagnostics.rows[i].code, 1138);
  diagnostics_fini(&diagnostics);
  sample_close(&folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions_that_were_not_known_hand_their_end_back),
      cmocka_unit_test(a_version_that_ended_earlier_stays_ended),
      cmocka_unit_test(the_day_of_recording_knows_it),
      cmocka_unit_test(what_was_not_known_is_checked_all_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
