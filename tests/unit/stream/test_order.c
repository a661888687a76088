// Files merged by the time of their events.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/memory.h"
#include "stream/file/order.h"

enum { FILES = 3 };
static char folder[] = "/tmp/settlewatch-order-XXXXXX";
static char names[FILES][100];
static const char *paths[FILES];

static void write_file(unsigned which, const char *content) {
  snprintf(names[which], sizeof names[which], "%s/%u", folder, which);
  paths[which] = names[which];
  FILE *file = fopen(names[which], "w");
  assert_non_null(file);
  fputs(content, file);
  assert_int_equal(fclose(file), 0);
}

#define AT(minute, name) "{\"event_time\": \"2026-03-01 09:" minute ":00\",\"n\":\"" name "\"}\n"

// The names in the order they come; batches of so many.
static void take_all(size_t size, size_t batch, char *out, size_t room) {
  const struct reader_limits limits = {200, batch, 1 << 20};
  struct order *order = order_open(paths, size, &limits);
  const struct record *records;
  struct error error = {0};
  size_t count, at = 0;
  out[0] = '\0';
  for (;;) {
    assert_int_equal(order_take(order, &records, &count, &error), STATUS_OK);
    if (count == 0) break;
    assert_true(count <= batch);
    for (size_t i = 0; i < count; i++) {
      const struct slice line = records[i].value;
      const char *name = memmem(line.data, line.size, "\"n\":\"", 5);
      at += (size_t)snprintf(out + at, room - at, "%u%c ", records[i].source.topic, records[i].too_large ? '!' : name[5]);
    }
  }
  assert_int_equal(order_take(order, &records, &count, &error), STATUS_OK);
  assert_int_equal(count, 0);
  order_close(order);
}

static void the_earliest_head_goes_first(void **state) {
  (void)state;
  char out[200];
  write_file(0, AT("01", "a") AT("07", "b") AT("30", "c"));
  write_file(1, AT("02", "d") AT("03", "e") AT("09", "f"));
  write_file(2, AT("03", "g"));
  for (size_t batch = 1; batch < 9; batch++) {
    take_all(3, batch, out, sizeof out);
    assert_string_equal(out, "0a 1d 1e 2g 0b 1f 0c ");
  }
  take_all(1, 2, out, sizeof out);
  assert_string_equal(out, "0a 0b 0c ");
}

static void a_file_keeps_its_own_order(void **state) {
  (void)state;
  char out[200];
  // Late: what comes behind it waits for it no longer. Without a time: goes with the one before.
  write_file(0, AT("05", "a") AT("01", "b") AT("06", "c"));
  write_file(1, "{\"n\":\"d\"}\n" AT("05", "e") "{\"n\":\"f\"}\n" AT("06", "g"));
  take_all(2, 100, out, sizeof out);
  assert_string_equal(out, "1d 0a 0b 1e 1f 0c 1g ");
}

static void a_line_over_the_limit_takes_its_turn(void **state) {
  (void)state;
  char out[200], large[1000];
  snprintf(large, sizeof large, "%s{\"event_time\":\"2026-03-01 09:03:00\",\"n\":\"%0500d\"}\n%s", AT("01", "a"), 0, AT("05", "b"));
  write_file(0, large);
  write_file(1, AT("02", "c") AT("04", "d"));
  take_all(2, 100, out, sizeof out);
  assert_string_equal(out, "0a 1c 0! 1d 0b ");
  take_all(1, 100, out, sizeof out);
  assert_string_equal(out, "0a 0! 0b ");
}

static void a_missing_file_is_named(void **state) {
  (void)state;
  write_file(0, AT("01", "a"));
  paths[1] = "/nowhere/at/all";
  const struct reader_limits limits = {200, 10, 1 << 20};
  struct order *order = order_open(paths, 2, &limits);
  const struct record *records;
  struct error error = {0};
  size_t count;
  assert_int_equal(order_take(order, &records, &count, &error), STATUS_REJECT);
  assert_non_null(strstr(error.text, "/nowhere/at/all"));
  order_close(order);
}

int main(void) {
  if (mkdtemp(folder) == NULL) return 1;
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_earliest_head_goes_first), cmocka_unit_test(a_file_keeps_its_own_order),
                                     cmocka_unit_test(a_line_over_the_limit_takes_its_turn), cmocka_unit_test(a_missing_file_is_named)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  for (unsigned i = 0; i < FILES; i++) unlink(names[i]);
  rmdir(folder);
  return failed;
}
