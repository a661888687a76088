#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stream/redis/redis.h"

static struct cache *open_url(const char *url, struct error *error) {
  return redis_open(&(struct redis_settings){.url = slice_from(url), .user = SLICE(""), .timeout_ms = 50}, error);
}

static void an_address_of_another_form_is_refused(void **unused) {
  (void)unused;
  const char *const bad[] = {"", "unix:", "unix", "tcp:localhost", "tcp::6379", "tcp:localhost:0", "tcp:localhost:99999", "tcp:localhost:63x", "http:a:1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct error error = {0};
    assert_null(open_url(bad[i], &error));
    assert_int_equal(error.status, STATUS_FATAL);
  }
}

static void a_redis_that_is_away_opens_the_circuit_and_is_no_error(void **unused) {
  (void)unused;
  struct error error = {0};
  struct arena arena;
  arena_init(&arena, 1024);
  struct cache *cache = open_url("unix:/nonexistent/redis.sock", &error);
  assert_non_null(cache);
  struct cache_item item = {SLICE("{p0}:p_1"), SLICE("left over")};
  assert_int_equal(cache->operations->get(cache, &item, 1, &arena), STATUS_RETRY);
  assert_false(slice_present(item.value));
  assert_int_equal(cache->counts.failures, 1);
  // The circuit is open: no further try within its pause.
  item.value = SLICE("x");
  for (int i = 0; i < 5; i++) assert_int_equal(cache->operations->put(cache, &item, 1), STATUS_RETRY);
  assert_int_equal(cache->counts.failures, 1);
  assert_int_equal(cache->counts.skipped, 5);
  assert_false(redis_connected(cache));
  cache->operations->close(cache);
  arena_fini(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_address_of_another_form_is_refused),
      cmocka_unit_test(a_redis_that_is_away_opens_the_circuit_and_is_no_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
