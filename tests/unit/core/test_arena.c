#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/memory.h"

static void what_grows_from_reset_to_reset_is_held_once(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 1024);
  size_t size = 0;
  for (unsigned n = 0; n < 2000; n++) {
    arena_reset(&arena);
    size = 100 + 100 * (size_t)n;
    for (unsigned part = 0; part < 4; part++) memset(arena_take(&arena, size / 4), (int)n, size / 4);
  }
  assert_true(arena_bytes(&arena) < 8 * size);
  arena_fini(&arena);
}

static void what_repeats_asks_the_heap_for_nothing(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 1024);
  uint64_t calls = 0;
  for (unsigned n = 0; n < 100; n++) {
    arena_reset(&arena);
    if (n == 2) calls = memory_calls();
    for (unsigned part = 0; part < 50; part++) memset(arena_take(&arena, 700), (int)n, 700);
  }
  assert_int_equal(memory_calls(), calls);
  arena_fini(&arena);
}

static void memory_is_aligned_and_apart(void **state) {
  (void)state;
  struct arena arena;
  arena_init(&arena, 256);
  char *before = NULL;
  for (size_t size = 1; size < 600; size += 7) {
    char *at = arena_take(&arena, size);
    assert_int_equal((uintptr_t)at % 16, 0);
    memset(at, (int)(size & 0x7f), size);
    if (before != NULL) assert_int_equal(*before, (char)((size - 7) & 0x7f));
    before = at;
  }
  arena_fini(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_grows_from_reset_to_reset_is_held_once),
      cmocka_unit_test(what_repeats_asks_the_heap_for_nothing),
      cmocka_unit_test(memory_is_aligned_and_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
