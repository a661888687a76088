#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "producers/replay/pseudonym.h"

static const unsigned char key[DIGEST_KEY_BYTES];    // 32 zero bytes

static void becomes(const char *message, const char *want) {
  struct text out = {0};
  const enum status status = pseudonym_write(key, slice_from(message), &out);
  if (want == NULL) {
    assert_int_equal(status, STATUS_REJECT);
    assert_int_equal(out.size, 0);
  } else {
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(out.size, strlen(want));
    assert_memory_equal(out.data, want, out.size);
  }
  text_fini(&out);
}

// HMAC-SHA256 with a key of 32 zero bytes, by openssl: printf 62010001 | openssl dgst -sha256 -mac HMAC -macopt hexkey:0000 (64 zeros)
#define PSEUDONYM "p_4d80b4d2a706eaac84d5854126be8f96"

static void a_number_becomes_the_same_pseudonym_everywhere(void **unused) {
  (void)unused;
  becomes("{\"psn_no\":\"62010001\",\"body\":{\"setlinfo\":{\"psn_no\" : 62010001 ,\"x\":\"62010001\"}}}",
          "{\"psn_no\":\"" PSEUDONYM "\",\"body\":{\"setlinfo\":{\"psn_no\" : \"" PSEUDONYM "\" ,\"x\":\"62010001\"}}}");
  becomes("{\"psn_no\":\"\",\"a\":{\"psn_no\":null}}", "{\"psn_no\":\"\",\"a\":{\"psn_no\":null}}");
}

static void a_pseudonym_is_never_hashed_twice(void **unused) {
  (void)unused;
  becomes("{\"psn_no\":\"" PSEUDONYM "\"}", "{\"psn_no\":\"" PSEUDONYM "\"}");
}

static void personal_data_are_emptied_and_all_else_keeps_its_bytes(void **unused) {
  (void)unused;
  becomes("{\"psn_name\":\"\\u5f20\\\"\",\"tel\":13900000000,\"a\":\"psn_name\",\"b\":1.50, \"emp_name\" :\"x\"}",
          "{\"psn_name\":\"\",\"tel\":\"\",\"a\":\"psn_name\",\"b\":1.50, \"emp_name\" :\"\"}");
}

static void what_cannot_be_vouched_for_is_refused(void **unused) {
  (void)unused;
  becomes("{\"psn\\u005fno\":\"62010001\"}", NULL);    // a key in disguise
  becomes("{\"psn_no\":\"6201\\u0030001\"}", NULL);
  becomes("{\"psn_no\":[\"62010001\"]}", NULL);
  becomes("{\"psn_no\":{\"a\":1}}", NULL);
  becomes("{\"psn_no\":\"6201", NULL);
  becomes("{\"psn_no\":", NULL);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_number_becomes_the_same_pseudonym_everywhere),
      cmocka_unit_test(a_pseudonym_is_never_hashed_twice),
      cmocka_unit_test(personal_data_are_emptied_and_all_else_keeps_its_bytes),
      cmocka_unit_test(what_cannot_be_vouched_for_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
