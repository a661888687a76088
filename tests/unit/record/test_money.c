#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/money.h"

static void numbers_become_scaled_integers(void **state) {
  (void)state;
  static const struct { const char *text; unsigned scale; int64_t value; } cases[] = {
      {"1234.50", 2, 123450}, {"3.200000", 6, 3200000}, {"14", 4, 140000}, {"0.5", 4, 5000}, {"-2", 4, -20000}, {"0", 2, 0}, {"-0", 2, 0},
      {"-0.00", 2, 0}, {"-0.05", 2, -5}, {"1.50", 4, 15000}, {"1.000", 2, 100}, {"1.0000000000000000000000", 2, 100}, {"007", 2, 700},
      {"0000000000000000000000000001", 2, 100}, {"99999999999999.99", 2, 9999999999999999}, {"-99999999999999.99", 2, -9999999999999999},
      {"9999999999.999999", 6, 9999999999999999}, {"9999999999999999", 0, 9999999999999999}, {"12", 0, 12}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t value = -1;
    if (!money_parse(slice_from(cases[i].text), cases[i].scale, &value)) fail_msg("'%s' did not pass", cases[i].text);
    assert_int_equal(value, cases[i].value);
  }
}

static void what_is_no_number_of_the_scale_is_refused(void **state) {
  (void)state;
  static const struct { const char *text; unsigned scale; } cases[] = {
      {"", 2}, {"-", 2}, {".", 2}, {"-.", 2}, {".5", 2}, {"5.", 2}, {"+5", 2}, {"--5", 2}, {"5-", 2}, {"1e3", 2}, {"1E3", 2}, {"1e308", 2},
      {"NaN", 2}, {"nan", 2}, {"Infinity", 2}, {"0x1f", 2}, {"1,000", 2}, {"1_000", 2}, {" 1", 2}, {"1 ", 2}, {"1.2.3", 2}, {"1.234", 2},
      {"1.001", 2}, {"0.0000001", 6}, {"1.5", 0}, {"100000000000000.00", 2}, {"10000000000", 6}, {"10000000000000000", 0}, {"1 2", 2}, {"１", 2},
      {"99999999999999999999999999999999999999", 2}, {"abc", 2}, {"null", 2}, {"1.2a", 2}, {"¥5", 2}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t value = 77;
    if (money_parse(slice_from(cases[i].text), cases[i].scale, &value)) fail_msg("'%s' passed", cases[i].text);
    assert_int_equal(value, 77);
  }
  int64_t value;
  assert_false(money_parse(SLICE("1\0"), 2, &value));
  assert_false(money_parse(SLICE_NONE, 2, &value));
}

static void a_product_is_rounded_half_up_once(void **state) {
  (void)state;
  static const struct { int64_t cnt, pric, fen; } cases[] = {
      {140000, 3200000, 4480}, {10000, 5000, 1}, {10000, 4999, 0}, {10000, 15000, 2}, {-10000, 5000, -1}, {-10000, 4999, 0}, {5000, 10000, 1},
      {0, 5, 0}, {1, 1, 0}, {-20000, 1234560, -247}, {9999999999999999, 9999999999999999, INT64_MAX}, {-9999999999999999, 9999999999999999, -INT64_MAX},
      {1000000000, 1000000000, 10000000000}, {3000000000000, 4000000000, 120000000000000}, {3333333333333, 4444444444, 148148148133}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t expected = cases[i].fen;
    if (i == sizeof cases / sizeof cases[0] - 1) {    // beyond 64 bits: against the wide arithmetic itself
      __extension__ const __int128 wide = (__int128)cases[i].cnt * cases[i].pric;
      expected = (int64_t)((wide + 50000000) / 100000000);
    }
    assert_int_equal(money_product_fen(cases[i].cnt, cases[i].pric), expected);
  }
}

static void narrow_and_wide_arithmetic_agree(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (int i = 0; i < 200000; i++) {
    int64_t numbers[3];
    for (int n = 0; n < 3; n++) {
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      numbers[n] = (int64_t)(seed >> (11 + (seed >> 59))) * (seed & 1024 ? 1 : -1);
    }
    const int64_t whole = numbers[2] < 0 ? -numbers[2] + 1 : numbers[2] + 1;
    __extension__ const __int128 wide = (__int128)numbers[0] * numbers[1];
    __extension__ const __int128 magnitude = wide < 0 ? -wide : wide;
    __extension__ __int128 expected = (2 * magnitude + whole) / (2 * (__int128)whole);
    if (expected > INT64_MAX) expected = INT64_MAX;
    if (wide < 0) expected = -expected;
    assert_int_equal(money_share(numbers[0], numbers[1], whole), (int64_t)expected);
  }
}

static void a_share_is_rounded_half_away_from_zero(void **state) {
  (void)state;
  assert_int_equal(money_share(100, 1, 3), 33);
  assert_int_equal(money_share(100, 2, 3), 67);
  assert_int_equal(money_share(1, 1, 2), 1);
  assert_int_equal(money_share(-1, 1, 2), -1);
  assert_int_equal(money_share(3, 1, 2), 2);
  assert_int_equal(money_share(-3, 1, 2), -2);
  assert_int_equal(money_share(5, 0, 7), 0);
  assert_int_equal(money_share(INT64_MAX, INT64_MAX, INT64_MAX), INT64_MAX);
  assert_int_equal(money_share(INT64_MAX, 2, 1), INT64_MAX);
  assert_int_equal(money_share(-INT64_MAX, 2, 1), -INT64_MAX);
}

static void assert_written(struct text *text, const char *expected) {
  text_byte(text, '\0');
  assert_string_equal(text->data, expected);
  text_clear(text);
}

static void amounts_are_written_as_they_are_read(void **state) {
  (void)state;
  struct text out = {0};
  static const struct { int64_t value; const char *fen, *count, *price; } cases[] = {
      {123450, "1234.50", "12.345", "0.12345"}, {0, "0.00", "0", "0"}, {-5, "-0.05", "-0.0005", "-0.000005"}, {5, "0.05", "0.0005", "0.000005"},
      {10000, "100.00", "1", "0.01"}, {-1000000, "-10000.00", "-100", "-1"}, {9999999999999999, "99999999999999.99", "999999999999.9999", "9999999999.999999"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t back;
    money_write_fen(&out, cases[i].value);
    assert_true(money_parse(text_slice(&out), MONEY_FEN, &back));
    assert_int_equal(back, cases[i].value);
    assert_written(&out, cases[i].fen);
    money_write_scaled(&out, cases[i].value, MONEY_COUNT);
    assert_true(money_parse(text_slice(&out), MONEY_COUNT, &back));
    assert_int_equal(back, cases[i].value);
    assert_written(&out, cases[i].count);
    money_write_scaled(&out, cases[i].value, MONEY_PRICE);
    assert_written(&out, cases[i].price);
  }
  money_write_fen(&out, INT64_MIN);
  assert_written(&out, "-92233720368547758.08");
  money_write_scaled(&out, 12, 0);
  assert_written(&out, "12");
  text_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_become_scaled_integers),
      cmocka_unit_test(what_is_no_number_of_the_scale_is_refused),
      cmocka_unit_test(a_product_is_rounded_half_up_once),
      cmocka_unit_test(narrow_and_wide_arithmetic_agree),
      cmocka_unit_test(a_share_is_rounded_half_away_from_zero),
      cmocka_unit_test(amounts_are_written_as_they_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
