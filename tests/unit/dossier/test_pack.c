#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dossier/pack.h"

static void numbers_come_out_as_they_went_in(void **state) {
  (void)state;
  static const int64_t values[] = {0, 1, -1, 63, 64, -64, -65, 127, 128, 16383, 16384, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  struct text text = {0};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    pack_signed(&text, values[i]);
    pack_unsigned(&text, (uint64_t)values[i]);
    pack_u64(&text, (uint64_t)values[i]);
  }
  struct unpack in = unpack_from(text_slice(&text));
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    assert_true(unpack_signed(&in) == values[i]);
    assert_true(unpack_unsigned(&in) == (uint64_t)values[i]);
    assert_true(unpack_u64(&in) == (uint64_t)values[i]);
  }
  assert_false(in.bad);
  assert_int_equal(unpack_left(&in), 0);
  text_fini(&text);
}

static void texts_come_out_as_they_went_in(void **state) {
  (void)state;
  static const char *const texts[] = {"", "0", "7", "001109000010000", "123456789012345", "XB01ACA076A001010100001", "I63.900", "A", "AB", "ABC",
                                      "ABCD", "A00.000x001", "p_3f9c", "脑梗死", "a b", "~", "H62010000001", "-_.", "xX"};
  struct text text = {0};
  struct arena arena;
  arena_init(&arena, 256);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) pack_text(&text, slice_from(texts[i]));
  pack_text(&text, SLICE_NONE);
  pack_text(&text, ((struct slice){"a\0b", 3}));
  struct unpack in = unpack_from(text_slice(&text)), skipping = in;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const struct slice s = unpack_text(&in, &arena);
    assert_true(slice_present(s));
    assert_true(slice_equal(s, slice_from(texts[i])));
  }
  assert_false(slice_present(unpack_text(&in, &arena)));
  assert_true(slice_equal(unpack_text(&in, &arena), (struct slice){"a\0b", 3}));
  for (size_t i = 0; i < sizeof texts / sizeof *texts + 2; i++) unpack_skip_text(&skipping);
  assert_false(in.bad || skipping.bad);
  assert_int_equal(unpack_left(&in), 0);
  assert_int_equal(unpack_left(&skipping), 0);
  arena_fini(&arena);
  text_fini(&text);
}

static void codes_of_the_field_are_packed_densely(void **state) {
  (void)state;
  struct text text = {0};
  pack_text(&text, SLICE("001109000010000"));
  assert_int_equal(text.size, 1 + 8);
  text_clear(&text);
  pack_text(&text, SLICE("XB01ACA076A001010100001"));
  assert_int_equal(text.size, 1 + 16);
  text_fini(&text);
}

static void damage_is_noticed_and_never_read_past(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 256);
  static const unsigned char cases[][4] = {{0xff, 0xff, 0xff, 0xff}, {(200 << 2 | 0) & 0xff, 1, 2, 3}, {2, 0, 0, 0}, {9, 0xff, 0, 0}, {8 | 3, 0, 0, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct unpack in = {cases[i], cases[i] + 4, false};
    const struct slice s = unpack_text(&in, &arena);
    assert_true(in.bad || s.data == NULL || s.size <= 8);
    if (in.bad) assert_int_equal(unpack_left(&in), 0);
  }
  struct unpack empty = {NULL, NULL, false};
  assert_int_equal(unpack_unsigned(&empty), 0);
  assert_true(empty.bad);
  arena_fini(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_come_out_as_they_went_in), cmocka_unit_test(texts_come_out_as_they_went_in),
      cmocka_unit_test(codes_of_the_field_are_packed_densely), cmocka_unit_test(damage_is_noticed_and_never_read_past)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
