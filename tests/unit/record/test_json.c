#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "record/date.h"
#include "record/json.h"

static struct arena arena;
static struct json_reader *reader;

static const struct json_value *read(const char *text) {
  const struct json_value *root = NULL;
  struct error error = {0};
  assert_int_equal(json_read(reader, &arena, slice_from(text), &root, &error), STATUS_OK);
  return root;
}

static void a_tree_keeps_types_texts_and_order(void **state) {
  (void)state;
  const struct json_value *root = read(" {\"a\":\"x\\n\\u4f4f\", \"b\":[1, -2.50 ,3e2,[]], \"c\":{\"d\":null},\"e\":true,\"f\":false} \n");
  assert_int_equal(root->type, JSON_OBJECT);
  assert_int_equal(root->size, 5);
  assert_true(slice_equal(json_find(root, "a")->text, SLICE("x\n住")));
  const struct json_value *list = json_find(root, "b");
  assert_int_equal(list->type, JSON_LIST);
  assert_int_equal(list->size, 4);
  assert_true(slice_equal(list->child->text, SLICE("1")));
  assert_true(slice_equal(list->child->next->text, SLICE("-2.50")));
  assert_int_equal(list->child->next->next->next->type, JSON_LIST);
  assert_int_equal(json_find(json_find(root, "c"), "d")->type, JSON_NULL);
  assert_null(json_find(root, "z"));
  assert_null(json_find(list, "a"));
  assert_null(json_find(NULL, "a"));
}

static void a_scalar_may_be_the_whole_text(void **state) {
  (void)state;
  assert_int_equal(read("[]")->size, 0);
  assert_true(slice_equal(read("\"x\"")->text, SLICE("x")));
}

static void what_is_not_one_json_value_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "[1 2]", "{\"a\":1}{\"b\":2}", "[1] x", "[01]",
                                    "[1.]", "[.5]", "[+1]", "[1e]", "[--1]", "[1a]", "[nul]", "[nullx]", "[tru]", "[NaN]", "\"\x01\"", "[\"\\x\"]",
                                    "[\"\xff\"]", "{\"a\":1,\"a\":2}", "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const struct json_value *root = NULL;
    struct error error = {0};
    const enum status status = json_read(reader, &arena, slice_from(bad[i]), &root, &error);
    if (status != STATUS_REJECT) fail_msg("'%s' was taken", bad[i]);
    assert_true(strlen(error.text) > 0);
  }
}

static void a_member_of_the_wrong_type_is_an_error_and_an_absent_one_is_not(void **state) {
  (void)state;
  const struct json_value *root = read("{\"text\":\"x\",\"empty\":\"\",\"null\":null,\"int\":12,\"quoted\":\"34\",\"yuan\":12.50,\"half\":1.005,"
                                       "\"bool\":true,\"time\":\"2026-09-15 09:00:00\"}");
  struct slice text = SLICE_NONE;
  int64_t number = 0;
  bool is = false;
  struct error error = {0};
  assert_true(json_text(root, "text", &text, &error) && slice_equal(text, SLICE("x")));
  assert_true(json_int(root, "int", 0, 12, &number, &error) && number == 12);
  assert_true(json_int(root, "quoted", 0, 40, &number, &error) && number == 34);
  assert_true(json_fen(root, "yuan", &number, &error) && number == 1250);
  assert_true(json_bool(root, "bool", &is, &error) && is);
  assert_true(json_time(root, "time", &number, &error) && number == date_of_day(date_from_civil(2026, 9, 15)) + 9 * 3600);
  assert_false(json_text(root, "none", &text, &error));
  assert_false(json_text(root, "empty", &text, &error));
  assert_false(json_int(root, "null", 0, 1, &number, &error));
  assert_int_equal(error.status, STATUS_OK);

  static const char *const keys[] = {"int", "half", "text"};
  for (unsigned i = 0; i < 6; i++) {
    error = (struct error){0};
    const bool taken = i == 0   ? json_text(root, keys[0], &text, &error)
                       : i == 1 ? json_fen(root, keys[1], &number, &error)
                       : i == 2 ? json_bool(root, keys[2], &is, &error)
                       : i == 3 ? json_time(root, keys[2], &number, &error)
                       : i == 4 ? json_int(root, keys[0], 13, 20, &number, &error)
                                : json_int(root, keys[1], 0, 20, &number, &error);
    assert_false(taken);
    assert_int_equal(error.status, STATUS_REJECT);
  }
}

static void a_nul_byte_is_no_white_space(void **state) {
  (void)state;
  static const char texts[][16] = {"{\"a\":12\0}", "[true\0]", "[null\0,1]", "[1\0\0]"};
  static const size_t sizes[] = {9, 7, 9, 5};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const struct json_value *root = NULL;
    struct error error = {0};
    assert_int_equal(json_read(reader, &arena, (struct slice){texts[i], sizes[i]}, &root, &error), STATUS_REJECT);
  }
}

static void a_reader_serves_many_texts(void **state) {
  (void)state;
  char text[3000];
  for (size_t size = 2; size < sizeof text; size += 37) {
    memset(text, ' ', size);
    text[0] = '[';
    text[size - 1] = ']';
    const struct json_value *root = NULL;
    assert_int_equal(json_read(reader, &arena, (struct slice){text, size}, &root, NULL), STATUS_OK);
    assert_int_equal(root->size, 0);
    arena_reset(&arena);
  }
}

int main(void) {
  arena_init(&arena, 0);
  reader = json_reader_create();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_tree_keeps_types_texts_and_order),
      cmocka_unit_test(a_scalar_may_be_the_whole_text),
      cmocka_unit_test(what_is_not_one_json_value_is_refused),
      cmocka_unit_test(a_member_of_the_wrong_type_is_an_error_and_an_absent_one_is_not),
      cmocka_unit_test(a_nul_byte_is_no_white_space),
      cmocka_unit_test(a_reader_serves_many_texts),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  json_reader_destroy(reader);
  arena_fini(&arena);
  return failed;
}
