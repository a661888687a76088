#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/review/sample.h"

static struct arena arena;

static void a_file_of_seeds_is_read_and_sorted(void **state) {
  (void)state;
  struct seeds seeds;
  struct error error = {0};
  const struct slice text = SLICE("# the seeds of the region\n\n2026-10\t" VECTOR_COMMIT "\n2026-09 " VECTOR_SEED " " VECTOR_COMMIT
                                  " 2026-08-28 10:00:00\r\n2026-11 " VECTOR_POPULATION " -");
  assert_int_equal(seeds_read(text, "seeds", &arena, &seeds, &error), STATUS_OK);
  assert_int_equal(seeds.size, 3);
  assert_int_equal(seeds.rows[0].month, sample_month("2026-09"));
  assert_hex(seeds.rows[0].seed, 32, VECTOR_SEED);
  assert_true(seeds.rows[0].committed);
  assert_int_equal(seeds.rows[0].published_s, sample_time("2026-08-28 10:00:00"));
  assert_null(seeds_unfit(&seeds.rows[0]));
  assert_false(seeds.rows[1].committed);
  assert_non_null(seeds_unfit(&seeds.rows[1]));
  assert_false(seeds.rows[2].committed);
}

static void what_is_written_is_read_back(void **state) {
  (void)state;
  struct draw_seed seed = sample_seed("2026-09");
  seed.published_s = sample_time("2026-08-28 10:00:00");
  struct text text = {0};
  seeds_write(&text, &seed);
  assert_true(slice_equal(text_slice(&text), SLICE("2026-09 " VECTOR_SEED " " VECTOR_COMMIT " 2026-08-28 10:00:00\n")));
  struct seeds seeds;
  assert_int_equal(seeds_read(text_slice(&text), "seeds", &arena, &seeds, NULL), STATUS_OK);
  assert_memory_equal(seeds.rows[0].seed, seed.seed, sizeof seed.seed);
  text_fini(&text);
}

static void a_bad_line_is_named_and_never_shows_the_seed(void **state) {
  (void)state;
  static const char *const bad[] = {"2026-09", "2026-9 " VECTOR_SEED, "2026-09 00", "2026-09 " VECTOR_SEED " 12", "2026-09 g" VECTOR_SEED,
                                    "2026-09 " VECTOR_SEED " - soon", "2026-09 " VECTOR_SEED " - 2026-08-28 10:00:00 x",
                                    "2026-08 " VECTOR_COMMIT, "2026-09 " VECTOR_POPULATION};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct text text = {0};
    text_format(&text, "2026-08 %s\n%s\n", VECTOR_POPULATION, bad[i]);
    struct seeds seeds;
    struct error error = {0};
    assert_int_equal(seeds_read(text_slice(&text), "seeds.txt", &arena, &seeds, &error), STATUS_FATAL);
    assert_true(sample_contains(slice_from(error.text), "seeds.txt:2: "));
    assert_false(sample_contains(slice_from(error.text), "0001020304"));
    assert_int_equal(seeds.size, 0);
    text_fini(&text);
  }
}

static void a_commit_that_is_late_or_not_that_of_the_seed_makes_the_month_unfit(void **state) {
  (void)state;
  struct draw_seed seed = sample_seed("2026-09");
  assert_hex(seed.commit, sizeof seed.commit, VECTOR_COMMIT);
  assert_null(seeds_unfit(&seed));
  seed.published_s = sample_time("2026-08-31 23:59:59");
  assert_null(seeds_unfit(&seed));
  seed.published_s++;
  assert_non_null(seeds_unfit(&seed));
  seed.published_s = DATE_ABSENT;
  seed.seed[0] ^= 1;
  assert_non_null(seeds_unfit(&seed));
}

static void a_file_that_others_can_read_is_noticed(void **state) {
  (void)state;
  char path[] = "/tmp/settlewatch-seeds-XXXXXX";
  const int file = mkstemp(path);
  assert_true(file >= 0);
  struct text text = {0};
  const struct draw_seed seed = sample_seed("2026-09");
  seeds_write(&text, &seed);
  assert_int_equal(write(file, text.data, text.size), (ssize_t)text.size);
  struct seeds seeds;
  struct error error = {0};
  assert_int_equal(seeds_load(path, &arena, &seeds, &error), STATUS_OK);
  assert_int_equal(seeds.size, 1);
  assert_false(seeds.exposed);
  assert_int_equal(fchmod(file, 0640), 0);
  assert_int_equal(seeds_load(path, &arena, &seeds, &error), STATUS_OK);
  assert_true(seeds.exposed);
  close(file);
  unlink(path);
  assert_int_equal(seeds_load(path, &arena, &seeds, &error), STATUS_FATAL);
  assert_true(sample_contains(slice_from(error.text), path));
  text_fini(&text);
}

int main(void) {
  digest_start();
  arena_init(&arena, 0);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_of_seeds_is_read_and_sorted),
      cmocka_unit_test(what_is_written_is_read_back),
      cmocka_unit_test(a_bad_line_is_named_and_never_shows_the_seed),
      cmocka_unit_test(a_commit_that_is_late_or_not_that_of_the_seed_makes_the_month_unfit),
      cmocka_unit_test(a_file_that_others_can_read_is_noticed),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_fini(&arena);
  return failed;
}
