#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/layout.h"

// --- A small form ----------------------------------------------------------------------------------------------------------------------

static const struct form_key inner_rows[] = {{"from", .type = FORM_DAY, .required = true}, {"code", .type = FORM_TEXT}};
static const struct form inner_form = FORM("inner", inner_rows, 1102);
static const char *const words[] = {"yes", "no", NULL};
static const struct form_key rows[] = {
    {"name", .type = FORM_TEXT, .required = true}, {"number", .type = FORM_INT, .min = 1, .max = 9}, {"codes", .type = FORM_TEXT, .list = true},
    {"inner", .type = FORM_MAP, .form = &inner_form}, {"several", .type = FORM_MAP, .list = true, .form = &inner_form},
    {"word", .type = FORM_WORD, .words = words}, {"one", .type = FORM_TEXT, .list = true, .single = true}};
static const struct form form = FORM("small", rows, 1102);

static void laid_out(const char *text, unsigned width, struct text *out) {
  struct diagnostics diagnostics = {0};
  struct arena arena;
  struct yaml_file file;
  const char *why = NULL;
  arena_init(&arena, 0);
  yaml_load_text(&file, &arena, "x.yaml", slice_from(text), NULL, &diagnostics);
  assert_non_null(file.root);
  assert_int_equal(diagnostics.errors, 0);
  const struct layout layout = {.form = &form, .width = width};
  if (!layout_write(&layout, &file, out, &why)) fail_msg("%s\n%s\n%.*s", why, text, SLICE_ARG(text_slice(out)));
  diagnostics_fini(&diagnostics);
  arena_fini(&arena);
}

static void expect_layout(const char *before, unsigned width, const char *after) {
  struct text once = {0}, twice = {0};
  laid_out(before, width, &once);
  text_byte(&once, '\0');
  assert_string_equal(once.data, after);
  laid_out(once.data, width, &twice);
  text_byte(&twice, '\0');
  assert_string_equal(twice.data, after);
  text_fini(&once);
  text_fini(&twice);
}

static void keys_stand_in_the_order_of_the_form(void **state) {
  (void)state;
  expect_layout("inner:\n    code: x\n    from: 2026-01-01\nother: 1\nnumber: 2\nname: a\nmore: 3\n", 0,
                "name: a\nnumber: 2\ninner:\n  from: 2026-01-01\n  code: x\nother: 1\nmore: 3\n");
  expect_layout("several: [{code: x, from: 2026-01-01}]\n", 0, "several: [{from: 2026-01-01, code: x}]\n");
}

static void codes_get_their_quotes_and_numbers_do_not(void **state) {
  (void)state;
  expect_layout("name: 01\nnumber: 3\ncodes: [310, x, 'y']\nother: 5\n", 0,
                "name: \"01\"\nnumber: 3\ncodes: [\"310\", x, \"y\"]\nother: 5\n");
  expect_layout("name: 'a \"b\" \\ c'\n", 0, "name: 'a \"b\" \\ c'\n");
}

static void comments_stay_where_they_belong(void **state) {
  (void)state;
  expect_layout("# of the file\n\n\n# too\n\nnumber: 2   # behind\n# before the name\nname: a\n# at the end\n", 0,
                "# of the file\n\n# too\n\n# before the name\nname: a\nnumber: 2  # behind\n# at the end\n");
  expect_layout("codes: [a, # first\n  b,\n  # before the last\n  c\n  # of the list\n  ] # of the key\n", 0,
                "codes:  # of the key\n  - a  # first\n  - b\n  # before the last\n  - c\n  # of the list\n");
  expect_layout("several:  # the key\n  # before the first\n  - from: 2026-01-01 # in it\n    # before the code\n    code: x\n"
                "    # end of the first\n  # end of the list\nword: \"no\"\n", 0,
                "several:  # the key\n  # before the first\n  - from: 2026-01-01  # in it\n    # before the code\n    code: x\n"
                "    # end of the first\n  # end of the list\nword: \"no\"\n");
  expect_layout("several: [ # open\n]\nname: \"#no comment\" # one\n", 0, "name: \"#no comment\"  # one\n# open\nseveral: []\n");
  expect_layout("name: |  # of a block\n  text # no comment\nnumber: 1\n", 0, "name: |  # of a block\n  text # no comment\nnumber: 1\n");
}

static void a_comma_may_end_a_text_or_stand_behind_it(void **state) {
  (void)state;
  expect_layout("name: # one\n  a, # two\nword: x\n", 0, "name: a,  # one\n# two\nword: x\n");
  expect_layout("codes: [a,  # one\n  b , # two\n  c]\n", 0, "codes:\n  - a  # one\n  - b  # two\n  - c\n");
}

static void neighbouring_comments_are_aligned(void **state) {
  (void)state;
  expect_layout("name: a # one\nnumber: 2 # 二\ncodes: [] # three\n\nword: \"no\" # four\n", 0,
                "name: a    # one\nnumber: 2  # 二\ncodes: []  # three\n\nword: \"no\"  # four\n");
}

static void what_does_not_fit_is_opened_and_what_is_open_stays_open(void **state) {
  (void)state;
  expect_layout("several: [{from: 2026-01-01, code: abcdefgh}, {from: 2026-01-02}]\n", 40,
                "several:\n  - {from: 2026-01-01, code: abcdefgh}\n  - {from: 2026-01-02}\n");
  expect_layout("several: [{from: 2026-01-01, code: abcdefgh}]\n", 30, "several:\n  - from: 2026-01-01\n    code: abcdefgh\n");
  expect_layout("codes:\n- a\n-   b\ninner: {from: 2026-01-01,\n  code: x}\n", 0, "codes:\n  - a\n  - b\ninner: {from: 2026-01-01, code: x}\n");
  // Chinese characters are two columns wide.
  expect_layout("codes: [规则规则规则, 规则规则规则]\n", 30, "codes:\n  - 规则规则规则\n  - 规则规则规则\n");
}

static void texts_of_several_lines_keep_their_value(void **state) {
  (void)state;
  expect_layout("name: one\n  two\n\n  three\n", 0, "name: \"one two\\nthree\"\n");
  expect_layout("name: >\n  folded\n  text\n", 0, "name: |\n  folded text\n");
  expect_layout("name: |-\n  a\n\n  b\nnumber: 1\n", 0, "name: |-\n  a\n\n  b\nnumber: 1\n");
  expect_layout("name: \"a\\\n  b\"\n", 0, "name: \"ab\"\n");
}

// --- The form's checks -----------------------------------------------------------------------------------------------------------------

static void empty_lines_that_a_text_keeps_are_not_taken_for_those_between_keys(void **state) {
  (void)state;
  expect_layout("name: |+\n  a\n\nnumber: 2\n", 0, "name: |+\n  a\n\nnumber: 2\n");
  expect_layout("name: |\n  a\n\nnumber: 2\n", 0, "name: |\n  a\n\nnumber: 2\n");
  expect_layout("more: 1\n\nnumber: 2\nname: |+\n  a\n\n# above\nword: x\n", 0,
                "name: |+\n  a\n\nnumber: 2\n# above\nword: x\nmore: 1\n");
}

static void a_file_may_be_one_value(void **state) {
  (void)state;
  expect_layout("'\"'\n", 0, "'\"'\n");
  expect_layout("# why\n\"a # b\"   # and more\n", 0, "# why\n# and more\n\"a # b\"\n");
  expect_layout("> # why\n  a\n", 0, "# why\n|\n  a\n");
  expect_layout("{}\n", 0, "{}\n");
}

static void every_value_is_checked_by_its_row(void **state) {
  (void)state;
  static const struct { const char *text; const char *codes; } cases[] = {
      {"name: a\n", ""},
      {"number: 1\n", "1102"},
      {"name: a\nnumbr: 1\n", "1007"},
      {"name: a\nnumber: 10\n", "1022"},
      {"name: a\ncodes: x\n", "1017"},
      {"name: a\none: x\n", ""},
      {"name: a\none: [x, 1]\n", "1018"},
      {"name: a\nword: \"maybe\"\n", "1102"},
      {"name: a\ninner: {code: x}\n", "1102"},
      {"name: a\nseveral: [{from: 2026-02-30}, x]\n", "1026 1017"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct diagnostics diagnostics = {0};
    struct arena arena;
    struct yaml_file file;
    struct text found = {0};
    arena_init(&arena, 0);
    yaml_load_text(&file, &arena, "x.yaml", slice_from(cases[i].text), NULL, &diagnostics);
    const bool good = form_check_all(&file, file.root, &form);
    diagnostics_sort(&diagnostics);
    for (size_t d = 0; d < diagnostics.size; d++) text_format(&found, "%s%u", d > 0 ? " " : "", diagnostics.rows[d].code);
    text_byte(&found, '\0');
    if (strcmp(found.data, cases[i].codes) != 0) fail_msg("%sexpected %s, found %s", cases[i].text, cases[i].codes, found.data);
    assert_true(good == (diagnostics.errors == 0));
    text_fini(&found);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_stand_in_the_order_of_the_form),
      cmocka_unit_test(codes_get_their_quotes_and_numbers_do_not),
      cmocka_unit_test(comments_stay_where_they_belong),
      cmocka_unit_test(a_comma_may_end_a_text_or_stand_behind_it),
      cmocka_unit_test(neighbouring_comments_are_aligned),
      cmocka_unit_test(what_does_not_fit_is_opened_and_what_is_open_stays_open),
      cmocka_unit_test(texts_of_several_lines_keep_their_value),
      cmocka_unit_test(empty_lines_that_a_text_keeps_are_not_taken_for_those_between_keys),
      cmocka_unit_test(a_file_may_be_one_value),
      cmocka_unit_test(every_value_is_checked_by_its_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
