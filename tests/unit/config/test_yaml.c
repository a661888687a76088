#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/yaml.h"
#include "core/memory.h"

struct fixture {
  struct arena arena;
  struct diagnostics diagnostics;
  struct yaml_file file;
};

static int setup(void **state) {
  struct fixture *f = memory_take(sizeof *f);
  arena_init(&f->arena, 0);
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

static void load(struct fixture *f, struct slice text) {
  diagnostics_fini(&f->diagnostics);
  yaml_load_text(&f->file, &f->arena, "t.yaml", text, NULL, &f->diagnostics);
}

static void a_good_file_is_a_tree_with_places(void **state) {
  struct fixture *f = *state;
  load(f, SLICE("# 规则\nid: ADM-001\ntitle: {zh: 分解住院, en: \"Split\"}\nlist:\n  - a\n  - [b, 'c']\ntext: |\n  one\n  two\nempty: []\n"));
  assert_int_equal(f->diagnostics.errors, 0);
  const struct yaml_node *root = f->file.root;
  assert_int_equal(root->type, YAML_MAP);
  assert_int_equal(root->size, 5);
  const struct yaml_node *zh = yaml_find(yaml_find(root, "title"), "zh");
  assert_true(slice_equal(zh->scalar, SLICE("分解住院")));
  assert_false(zh->quoted);
  assert_int_equal(zh->place.line, 3);
  assert_int_equal(zh->place.column, 13);
  assert_int_equal(zh->place.width, 4);
  const struct yaml_node *en = yaml_find(yaml_find(root, "title"), "en");
  assert_true(en->quoted);
  assert_int_equal(en->place.column, 23);
  const struct yaml_node *list = yaml_find(root, "list");
  assert_int_equal(list->type, YAML_LIST);
  assert_int_equal(list->size, 2);
  assert_true(slice_equal(list->child->next->child->next->scalar, SLICE("c")));
  assert_true(slice_equal(yaml_find(root, "text")->scalar, SLICE("one\ntwo\n")));
  assert_true(yaml_find(root, "text")->quoted);
  assert_int_equal(yaml_find(root, "empty")->size, 0);
  assert_null(yaml_find(root, "none"));
  assert_null(yaml_find(list, "a"));
  assert_null(yaml_find(NULL, "a"));
}

static void windows_line_ends_and_a_byte_order_mark_are_fine(void **state) {
  struct fixture *f = *state;
  load(f, SLICE("\xef\xbb\xbf" "a: 1\r\nb: 2\r\n"));
  assert_int_equal(f->diagnostics.errors, 0);
  assert_int_equal(f->file.root->child->place.column, 1);
  assert_int_equal(yaml_find(f->file.root, "b")->place.line, 2);
}

static void keys_may_be_words_that_other_tools_take_for_truth_values(void **state) {
  struct fixture *f = *state;
  load(f, SLICE("{on: S1, no: S2, 1: S3}"));
  assert_int_equal(f->diagnostics.errors, 0);
  assert_non_null(yaml_find(f->file.root, "on"));
  assert_non_null(yaml_find(f->file.root, "1"));
}

// Bad texts: the first error's code and place, how many errors, and whether a tree is left.
static void bad_files_are_located_errors(void **state) {
  struct fixture *f = *state;
  static const struct { const char *text; size_t size; unsigned code, line, column, errors; bool tree; } cases[] = {
#define T(literal) literal, sizeof(literal) - 1
      {T(""), 1002, 0, 0, 1, false},
      {T("# only a comment\n"), 1002, 0, 0, 1, false},
      {T("---\n...\n"), 0, 0, 0, 0, true},
      {T("a: 1\nb: 2\na: 3\n"), 1006, 3, 1, 1, true},
      {T("a: 1\na: 2\na: 3\n"), 1006, 2, 1, 2, true},
      {T("m: {x: 1, y: 2, x: 3}\n"), 1006, 1, 17, 1, true},
      {T("a: 1\n\"a\": 2\n"), 1006, 2, 1, 1, true},
      {T("a: &x 1\n"), 1008, 1, 4, 1, true},
      {T("a: &x {b: 1}\nc: *x\n"), 1008, 1, 4, 2, false},
      {T("a: &x\n  b: *x\n"), 1008, 1, 4, 2, false},
      {T("&r [*r]\n"), 1008, 1, 1, 2, false},
      {T("a: *nothing\n"), 1008, 1, 4, 1, false},
      {T("a: {b: 1}\nc:\n  <<: {d: 2}\n"), 1009, 3, 3, 1, true},
      {T("a: !!str 1\n"), 1010, 1, 4, 1, true},
      {T("a: !x {b: 1}\n"), 1010, 1, 4, 1, true},
      {T("!!map {b: 1}\n"), 1010, 1, 1, 1, true},
      {T("a: !!python/object/apply:os.system ['x']\n"), 1010, 1, 4, 1, true},
      {T("a: 1\n---\nb: 2\n"), 1011, 2, 1, 1, true},
      {T("a: 1\n...\nb: 2\n"), 1005, 3, 1, 1, false},
      {T("a:\n\tb: 1\n"), 1012, 2, 1, 1, false},
      {T("a:\t1\n"), 1012, 1, 3, 1, true},
      {T("a: 'x\ty'\n"), 1012, 1, 6, 1, true},
      {T("a: 1 # \t\nb:\t2\n"), 1012, 1, 8, 2, true},
      {T("%YAML 1.1\n---\na: 1\n"), 1024, 1, 1, 1, true},
      {T("%TAG ! tag:x,2000:\n---\na: 1\n"), 1024, 1, 1, 1, true},
      {T("? [a, b]\n: 1\n"), 1016, 1, 3, 1, false},
      {T("? {a: b}\n: 1\n"), 1016, 1, 3, 1, false},
      {T("{[a]: 1}\n"), 1016, 1, 2, 1, false},
      {T(": 1\n"), 1005, 1, 1, 1, false},
      {T("\"\": 1\n"), 1016, 1, 1, 1, true},
      {T("a: \xff\n"), 1004, 1, 4, 1, false},
      {T("a: 1\nb: \xc4\xe3\xba\xc3\n"), 1004, 2, 4, 1, false},
      {T("\xff\xfe" "a\0:\0"), 1004, 1, 1, 1, false},
      {T("a: \xed\xa0\x80\n"), 1004, 1, 4, 1, false},
      {T("a: x\0y\n"), 1023, 1, 5, 1, false},
      {T("\0"), 1023, 1, 1, 1, false},
      {T("a: 1\rb: 2\n"), 1023, 1, 5, 1, false},
      {T("a: \x01\x02\n"), 1023, 1, 4, 2, false},
      {T("a: \x7f\n"), 1023, 1, 4, 1, false},
      {T("a: x\xe2\x80\xa8y\n"), 1023, 1, 5, 1, false},
      {T("a: x\xc2\x85y\n"), 1023, 1, 5, 1, false},
      {T("a: \"x\\0y\"\n"), 1023, 1, 4, 1, true},
      {T("a: \"x\\x1b[2J\"\n"), 1023, 1, 4, 1, true},
      {T("a: \"x\\r\"\n"), 1023, 1, 4, 1, true},
      {T("a: [1, 2\n"), 1005, 2, 1, 1, false},
      {T("a: {b: 1\nc: 2}}\n"), 1005, 2, 2, 1, false},
      {T("a: \"x\nb: 2\n"), 1005, 3, 1, 1, false},
      {T("a: 'x\n"), 1005, 2, 1, 1, false},
      {T("a: 1\n b: 2\n"), 1005, 2, 3, 1, false},
      {T("a: b: c\n"), 1005, 1, 5, 1, false},
      {T("- a\nb: 1\n"), 1005, 2, 1, 1, false},
      {T("a: @x\n"), 1005, 1, 4, 1, false},
      {T("a: `x`\n"), 1005, 1, 4, 1, false},
      {T("a: |\n x\n  y\n z: 1\n"), 0, 0, 0, 0, true},
      {T("a: \"\\q\"\n"), 1005, 1, 5, 1, false},
      {T("a: ]\n"), 1005, 1, 4, 1, false},
      {T("}\n"), 1005, 1, 1, 1, false},
      {T("a\nb: 1\n"), 1005, 2, 2, 1, false},
#undef T
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    load(f, (struct slice){cases[i].text, cases[i].size});
    diagnostics_sort(&f->diagnostics);
    const struct diagnostic *first = f->diagnostics.size ? &f->diagnostics.rows[0] : NULL;
    if (f->diagnostics.errors != cases[i].errors || (f->file.root != NULL) != cases[i].tree ||
        (first && (first->code != cases[i].code || first->place.line != cases[i].line ||
                   (cases[i].line != 0 && first->place.column != cases[i].column)))) {
      struct text out = {0};
      diagnostics_write_text(&f->diagnostics, &out);
      fail_msg("case %zu: %s\nexpected SW%u at %u:%u, %u errors, tree %d, got\n%.*s tree %d", i, cases[i].text, cases[i].code,
               cases[i].line, cases[i].column, cases[i].errors, cases[i].tree, SLICE_ARG(text_slice(&out)), f->file.root != NULL);
    }
  }
}

static void all_errors_of_a_file_come_at_once(void **state) {
  struct fixture *f = *state;
  load(f, SLICE("a: &x 1\nb: !!int 2\na: 3\nc:\t4\n<<: {d: 1}\n"));
  diagnostics_sort(&f->diagnostics);
  static const unsigned codes[] = {1008, 1010, 1006, 1012, 1009};
  assert_int_equal(f->diagnostics.errors, 5);
  for (unsigned i = 0; i < 5; i++) assert_int_equal(f->diagnostics.rows[i].code, codes[i]);
}

static void a_syntax_error_names_where_the_open_part_began(void **state) {
  struct fixture *f = *state;
  load(f, SLICE("a:\n  b: [1,\n    2\nc: 3\n"));
  assert_int_equal(f->diagnostics.errors, 1);
  assert_non_null(strstr(f->diagnostics.rows[0].text, "flow sequence that starts at 2:6"));
}

static void limits_hold(void **state) {
  struct fixture *f = *state;
  const struct yaml_limits limits = {.file_bytes = 100, .scalar_bytes = 10, .depth = 3, .nodes = 8};
  static const struct { const char *text; unsigned code; } cases[] = {
      {"a: [[1]]\n", 0},
      {"a: [[[1]]]\n", 1013},
      {"a: 1234567890\n", 0},
      {"a: 12345678901\n", 1015},
      {"[1, 2, 3, 4, 5, 6, 7]\n", 0},
      {"[1, 2, 3, 4, 5, 6, 7, 8]\n", 1014},
      {"# 1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901\na: 1\n", 0},
      {"# 12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012\na: 12\n", 1003},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    diagnostics_fini(&f->diagnostics);
    yaml_load_text(&f->file, &f->arena, "t.yaml", slice_from(cases[i].text), &limits, &f->diagnostics);
    assert_int_equal(f->diagnostics.errors, cases[i].code != 0);
    if (cases[i].code != 0) assert_int_equal(f->diagnostics.rows[0].code, cases[i].code);
    assert_int_equal(f->file.root == NULL, cases[i].code != 0);
  }
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Files just under the limit made of one thing over and over: refused or read in bounded time and memory.
static void hostile_files_are_bounded(void **state) {
  struct fixture *f = *state;
  static const char *const pieces[] = {"[", "{", "{a: ", "- ", "a: ", "? ", "\"", "'", "&a ", "*a ", "!t ", "- - ", "a: 1\n", "\n", " ", "#", "|\n",
                                       "[],", "1: 1, ", "\t", "---\n", "%", "\xe4\xbd\x8f", "x", "- *a\n", "a: &a 1\n", "\x01", "\t\n", ": "};
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    struct text text = {0};
    if (pieces[i][0] == '[' && pieces[i][1] == ']') text_byte(&text, '[');
    if (pieces[i][0] == '1') text_byte(&text, '{');
    while (text.size + strlen(pieces[i]) <= yaml_limits_default.file_bytes) text_append(&text, slice_from(pieces[i]));
    const int64_t start = now_ms();
    load(f, text_slice(&text));
    assert_true(f->diagnostics.size <= DIAGNOSTICS_MAX);
    if (now_ms() - start > 10000) fail_msg("'%s' repeated took %lld ms", pieces[i], (long long)(now_ms() - start));
    assert_true(f->diagnostics.errors > 0 || f->file.root != NULL);
    text_fini(&text);
    diagnostics_fini(&f->diagnostics);
    arena_fini(&f->arena);
    arena_init(&f->arena, 0);
  }
}

static void a_huge_file_is_refused_before_it_is_read(void **state) {
  struct fixture *f = *state;
  char path[] = "/tmp/settlewatch-yaml-XXXXXX";
  const int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  assert_int_equal(ftruncate(descriptor, (off_t)1 << 32), 0);
  close(descriptor);
  const int64_t start = now_ms();
  yaml_load(&f->file, &f->arena, path, NULL, &f->diagnostics);
  unlink(path);
  assert_true(now_ms() - start < 1000);
  assert_null(f->file.root);
  assert_int_equal(f->diagnostics.errors, 1);
  assert_int_equal(f->diagnostics.rows[0].code, 1003);
  assert_true(arena_bytes(&f->arena) < 1 << 20);
}

static void files_that_cannot_be_read_are_errors(void **state) {
  struct fixture *f = *state;
  yaml_load(&f->file, &f->arena, "no/such/file.yaml", NULL, &f->diagnostics);
  assert_null(f->file.root);
  yaml_load(&f->file, &f->arena, "tests", NULL, &f->diagnostics);    // a folder
  assert_null(f->file.root);
  assert_int_equal(f->diagnostics.errors, 2);
  assert_int_equal(f->diagnostics.rows[0].code, 1001);
  assert_int_equal(f->diagnostics.rows[1].code, 1001);
}

static void plain_values_that_other_tools_read_differently_are_no_texts(void **state) {
  struct fixture *f = *state;
  static const char *const bad[] = {"010", "01", "1", "310", "-5", "+5", "1_000", "1,000", "1e3", "1E3", "1.5e-3", "0x1f", "0o17", "0b11", ".5",
                                    "5.", "1.5", "12:30", "12:30:45", "yes", "Yes", "NO", "no", "on", "Off", "y", "n", "true", "False", "~", "null",
                                    "NULL", ".inf", "-.Inf", ".NaN", "=", "", "0X1F", "1e+3"};
  static const char *const good[] = {"abc", "I63.900", "P1", "1.2.3", "38(1)", "2026-01-01", "H62010200017", "XL02BBA326A001", "no1", "e3", "1e",
                                     "-", "0xyz", "A-STAY", "分解住院", "1e3x", "a_b", ".", "12E", "5+5"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct slice out;
    struct yaml_node node = {.type = YAML_SCALAR, .scalar = slice_from(bad[i])};
    load(f, SLICE("a: 1"));
    if (yaml_is_text(&f->file, &node, &out)) fail_msg("'%s' passed", bad[i]);
    assert_int_equal(f->diagnostics.rows[0].code, bad[i][0] ? 1018 : 1027);
    node.quoted = true;
    assert_true(yaml_is_text(&f->file, &node, &out));
    assert_true(slice_equal(out, node.scalar));
  }
  load(f, SLICE("a: 1"));
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    struct slice out;
    const struct yaml_node node = {.type = YAML_SCALAR, .scalar = slice_from(good[i])};
    if (!yaml_is_text(&f->file, &node, &out)) fail_msg("'%s' did not pass", good[i]);
  }
  assert_int_equal(f->diagnostics.errors, 0);
}

static void whole_numbers_are_plain_digits(void **state) {
  struct fixture *f = *state;
  static const char *const bad[] = {"010", "-01", "00", "1_000", "1,000", "+1", "1e3", "0x1f", "1.0", "1.", ".5", "", "-", "yes", "１", " 1", "1 "};
  struct yaml_node node = {.type = YAML_SCALAR};
  int64_t out = 77;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    load(f, SLICE("a: 1"));
    node.scalar = slice_from(bad[i]);
    if (yaml_is_int(&f->file, &node, INT64_MIN, INT64_MAX, &out)) fail_msg("'%s' passed", bad[i]);
    assert_int_equal(f->diagnostics.rows[0].code, 1019);
    assert_int_equal(out, 77);
  }
  static const struct { const char *text; int64_t value; bool good; } cases[] = {
      {"0", 0, true}, {"-0", 0, true}, {"15", 15, true}, {"-3", -3, true}, {"9223372036854775807", INT64_MAX, true},
      {"9223372036854775808", 0, false}, {"99999999999999999999999999", 0, false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    node.scalar = slice_from(cases[i].text);
    assert_int_equal(yaml_is_int(&f->file, &node, INT64_MIN, INT64_MAX, &out), cases[i].good);
    if (cases[i].good) assert_int_equal(out, cases[i].value);
  }
  load(f, SLICE("a: 1"));
  node.scalar = SLICE("400");
  assert_false(yaml_is_int(&f->file, &node, 0, 366, &out));
  assert_string_equal(f->diagnostics.rows[0].text, "must be 0..366, not '400'");
  node.quoted = true;
  assert_false(yaml_is_int(&f->file, &node, 0, 500, &out));
  assert_non_null(strstr(f->diagnostics.rows[1].text, "remove the quotes"));
  node.quoted = false;
  assert_true(yaml_is_int(&f->file, &node, 400, 400, &out));
}

static void truth_values_dates_and_decimals_have_one_spelling(void **state) {
  struct fixture *f = *state;
  struct yaml_node node = {.type = YAML_SCALAR};
  bool truth;
  int32_t day;
  int64_t number;
  load(f, SLICE("a: 1"));
  static const char *const not_truth[] = {"yes", "no", "True", "TRUE", "on", "1", "", "tru"};
  for (size_t i = 0; i < sizeof not_truth / sizeof not_truth[0]; i++) {
    node.scalar = slice_from(not_truth[i]);
    assert_false(yaml_is_bool(&f->file, &node, &truth));
    assert_int_equal(f->diagnostics.rows[i].code, 1020);
  }
  node.scalar = SLICE("true");
  assert_true(yaml_is_bool(&f->file, &node, &truth) && truth);
  node.scalar = SLICE("false");
  assert_true(yaml_is_bool(&f->file, &node, &truth) && !truth);
  static const char *const not_day[] = {"2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "20260101", "2026-01-01 10:00:00", "0000-01-01", "x"};
  for (size_t i = 0; i < sizeof not_day / sizeof not_day[0]; i++) {
    node.scalar = slice_from(not_day[i]);
    if (yaml_is_day(&f->file, &node, &day)) fail_msg("'%s' passed", not_day[i]);
  }
  node.scalar = SLICE("1970-01-02");
  assert_true(yaml_is_day(&f->file, &node, &day));
  assert_int_equal(day, 1);
  node.scalar = SLICE("2024-02-29");
  assert_true(yaml_is_day(&f->file, &node, &day));
  static const struct { const char *text; unsigned scale; int64_t value; bool good; } decimals[] = {
      {"12.5", 2, 1250, true}, {"12.50", 2, 1250, true}, {"-0.05", 2, -5, true}, {"0", 4, 0, true}, {"12.505", 2, 0, false}, {"12.", 2, 0, false},
      {".5", 2, 0, false}, {"1e2", 2, 0, false}, {"01.5", 2, 0, false}, {"1_0.5", 2, 0, false}, {"1.2.3", 2, 0, false}, {"", 2, 0, false},
      {"92233720368547758.07", 2, INT64_MAX, true}, {"92233720368547758.08", 2, 0, false}};
  for (size_t i = 0; i < sizeof decimals / sizeof decimals[0]; i++) {
    node.scalar = slice_from(decimals[i].text);
    if (yaml_is_decimal(&f->file, &node, decimals[i].scale, &number) != decimals[i].good) fail_msg("'%s'", decimals[i].text);
    if (decimals[i].good) assert_int_equal(number, decimals[i].value);
  }
}

static void another_shape_than_expected_is_an_error(void **state) {
  struct fixture *f = *state;
  load(f, SLICE("a: [1]\nb: {c: 1}\nd: 1\n"));
  struct slice text;
  int64_t number;
  assert_false(yaml_is_text(&f->file, yaml_find(f->file.root, "a"), &text));
  assert_false(yaml_is_int(&f->file, yaml_find(f->file.root, "b"), 0, 1, &number));
  assert_false(yaml_is_map(&f->file, yaml_find(f->file.root, "a")));
  assert_false(yaml_is_list(&f->file, yaml_find(f->file.root, "d")));
  assert_int_equal(f->diagnostics.errors, 4);
  for (unsigned i = 0; i < 4; i++) assert_int_equal(f->diagnostics.rows[i].code, 1017);
  assert_string_equal(f->diagnostics.rows[0].text, "must be a single value, not a list");
  assert_string_equal(f->diagnostics.rows[0].snippet, "a: [1]");
}

static void unknown_keys_are_reported_with_the_nearest(void **state) {
  struct fixture *f = *state;
  static const char *const keys[] = {"max_gap", "same"};
  load(f, SLICE("max_gaps: 15\nsame: x\nquite_else: 2\n"));
  assert_false(yaml_check_keys(&f->file, f->file.root, keys, 2));
  assert_int_equal(f->diagnostics.errors, 2);
  assert_string_equal(f->diagnostics.rows[0].text, "unknown setting 'max_gaps' (did you mean 'max_gap'?)");
  assert_string_equal(f->diagnostics.rows[1].text, "unknown setting 'quite_else'");
  assert_int_equal(f->diagnostics.rows[1].place.line, 3);
  assert_int_equal(f->diagnostics.rows[1].place.width, 10);
}

static void the_canonical_form_knows_no_layout(void **state) {
  struct fixture *f = *state;
  static const char *const same[] = {"b: [1, x]\na: {d: \"z\", c: true}\n", "# c\na:\n  c: true\n  d: z\nb:\n- 1\n- 'x'\n"};
  static const char *const other[] = {"b: [\"1\", x]\na: {d: z, c: true}\n", "b: [x, 1]\na: {d: z, c: true}\n"};
  struct text first = {0}, out = {0};
  load(f, slice_from(same[0]));
  yaml_canonical(f->file.root, &first);
  assert_true(slice_equal(text_slice(&first), SLICE("{\"a\":{\"c\":true,\"d\":\"z\"},\"b\":[1,\"x\"]}")));
  load(f, slice_from(same[1]));
  yaml_canonical(f->file.root, &out);
  assert_true(slice_equal(text_slice(&first), text_slice(&out)));
  for (unsigned i = 0; i < 2; i++) {
    load(f, slice_from(other[i]));
    text_clear(&out);
    yaml_canonical(f->file.root, &out);
    assert_false(slice_equal(text_slice(&first), text_slice(&out)));
  }
  text_fini(&first);
  text_fini(&out);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(a_good_file_is_a_tree_with_places),
      TEST(windows_line_ends_and_a_byte_order_mark_are_fine),
      TEST(keys_may_be_words_that_other_tools_take_for_truth_values),
      TEST(bad_files_are_located_errors),
      TEST(all_errors_of_a_file_come_at_once),
      TEST(a_syntax_error_names_where_the_open_part_began),
      TEST(limits_hold),
      TEST(hostile_files_are_bounded),
      TEST(a_huge_file_is_refused_before_it_is_read),
      TEST(files_that_cannot_be_read_are_errors),
      TEST(plain_values_that_other_tools_read_differently_are_no_texts),
      TEST(whole_numbers_are_plain_digits),
      TEST(truth_values_dates_and_decimals_have_one_spelling),
      TEST(another_shape_than_expected_is_an_error),
      TEST(unknown_keys_are_reported_with_the_nearest),
      TEST(the_canonical_form_knows_no_layout),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
