#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/memory.h"
#include "producers/generate/generate.h"
#include "producers/generate/region.h"
#include "record/date.h"

static struct region region;

static int start(void **state) {
  (void)state;
  region_init(&region, 7, 24, 1000);
  return 0;
}

static int stop(void **state) {
  (void)state;
  region_fini(&region);
  return 0;
}

// 9 digit, A letter, X letter or digit: the shape must fit from the first to the last character.
static bool shaped(const char *code, const char *shape) {
  size_t n = 0;
  for (; shape[n] != 0 && code[n] != 0; n++) {
    const bool digit = code[n] >= '0' && code[n] <= '9', letter = code[n] >= 'A' && code[n] <= 'Z';
    if (shape[n] == '9' ? !digit : shape[n] == 'A' ? !letter : code[n] != shape[n]) return false;
  }
  return shape[n] == 0 && code[n] == 0;
}

static void national_codes_have_the_national_shapes(void **state) {
  (void)state;
  for (uint32_t n = 0; n < region.catalogue.size; n++) {
    const struct product *product = &region.catalogue.products[n];
    const char *shape = product->group == GROUP_DRUG       ? "XA99AAA999A999999999999"
                        : product->group == GROUP_PATENT   ? "ZA99AAA9999999999999"
                        : product->group == GROUP_HERB     ? "T999999999"
                        : product->group == GROUP_MATERIAL ? "C9999999999999999999"
                                                           : "009999999999999";
    if (!shaped(product->code, shape)) fail_msg("%s is not shaped like %s", product->code, shape);
    for (uint32_t m = 0; m < n; m++) assert_string_not_equal(product->code, region.catalogue.products[m].code);
    if (product->trace[0] != 0) assert_true(shaped(product->trace, "8999999"));
  }
}

static void hospital_codes_of_an_institution_are_distinct(void **state) {
  (void)state;
  struct text codes[CATALOGUE_PRODUCTS_MAX] = {0};
  for (uint32_t n = 0; n < region.catalogue.size; n++) {
    catalogue_write_hospital_code(&codes[n], &region.catalogue, (uint16_t)n, 11);
    for (uint32_t m = 0; m < n; m++) {
      const bool alternates = m == region.catalogue.alternate[0] && n == region.catalogue.alternate[1];
      assert_int_equal(slice_equal(text_slice(&codes[n]), text_slice(&codes[m])), alternates);
    }
  }
  for (uint32_t n = 0; n < region.catalogue.size; n++) text_fini(&codes[n]);
}

static void alternating_code_changes_its_maker_on_each_change_day(void **state) {
  (void)state;
  for (int n = 0; n < CATALOGUE_CHANGES; n++) {
    const int32_t day = catalogue_change(&region.catalogue, n);
    assert_int_equal(date_weekday(day), 1);
    assert_int_equal(catalogue_alternate(&region.catalogue, day - 1), region.catalogue.alternate[n % 2]);
    assert_int_equal(catalogue_alternate(&region.catalogue, day), region.catalogue.alternate[(n + 1) % 2]);
  }
}

static void caps_are_cut_on_the_cut_day_and_not_before(void **state) {
  (void)state;
  uint32_t cuts = 0;
  for (uint32_t n = 0; n < region.catalogue.size; n++) {
    const struct product *product = &region.catalogue.products[n];
    assert_true(product->cap_cut <= product->cap);
    assert_int_equal(catalogue_cap(&region.catalogue, product, region.catalogue.cut_day - 1), product->cap);
    assert_int_equal(catalogue_cap(&region.catalogue, product, region.catalogue.cut_day), product->cap_cut);
    cuts += product->cap_cut != product->cap;
  }
  assert_true(cuts > 10);
}

static void six_institutions_have_every_level(void **state) {
  (void)state;
  struct region small;
  region_init(&small, 1, REGION_INSTITUTIONS_MIN, 10);
  for (int level = 0; level < LEVEL_COUNT; level++) assert_true(small.by_level_size[level] > 0);
  region_fini(&small);
}

// The samples under rules.d/knowledge must be what `settlewatch generate --tables` prints.
static void committed_tables_are_what_the_program_prints(void **state) {
  (void)state;
  for (int n = 0; generate_tables[n] != NULL; n++) {
    char path[200];
    snprintf(path, sizeof path, "rules.d/knowledge/%s.csv", generate_tables[n]);
    struct text printed = {0}, committed = {0};
    assert_true(generate_table(&generate_options_default, generate_tables[n], &printed));
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot open %s; tests run from the top of the source tree", path);
    for (size_t size = 1; size > 0;) {
      char *to = text_reserve(&committed, 65536);
      size = fread(to, 1, 65536, file);
      committed.size += size;
    }
    fclose(file);
    if (!slice_equal(text_slice(&printed), text_slice(&committed)))
      fail_msg("%s differs; run 'settlewatch generate --tables rules.d/knowledge'", path);
    text_fini(&printed);
    text_fini(&committed);
  }
}

static void unknown_table_is_refused(void **state) {
  (void)state;
  struct text out = {0};
  assert_false(generate_table(&generate_options_default, "prices", &out));
  text_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(national_codes_have_the_national_shapes),
      cmocka_unit_test(hospital_codes_of_an_institution_are_distinct),
      cmocka_unit_test(alternating_code_changes_its_maker_on_each_change_day),
      cmocka_unit_test(caps_are_cut_on_the_cut_day_and_not_before),
      cmocka_unit_test(six_institutions_have_every_level),
      cmocka_unit_test(committed_tables_are_what_the_program_prints),
      cmocka_unit_test(unknown_table_is_refused),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
