#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/digest.h"

// Of the reference implementation of SipHash-2-4 with 128 bits: key 00 01 .. 0f, messages "" and 00 01 .. 07.
static void a_seal_is_siphash(void **unused) {
  (void)unused;
  static const unsigned char of_none[] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
  static const unsigned char of_eight[] = {0x3b, 0x62, 0xa9, 0xba, 0x62, 0x58, 0xf5, 0x61, 0x0f, 0x83, 0xe2, 0x64, 0xf3, 0x14, 0x97, 0xb4};
  unsigned char key[DIGEST_MAC_BYTES], mac[DIGEST_MAC_BYTES];
  for (unsigned i = 0; i < sizeof key; i++) key[i] = (unsigned char)i;
  digest_mac(key, SLICE(""), mac);
  assert_memory_equal(mac, of_none, sizeof mac);
  digest_mac(key, (struct slice){(const char *)key, 8}, mac);
  assert_memory_equal(mac, of_eight, sizeof mac);
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_seal_is_siphash)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
