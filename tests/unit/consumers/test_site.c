#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "consumers/site.h"

static char folder[] = "/tmp/settlewatch-site-XXXXXX";

static const char *write_file(const char *name, const char *content, mode_t mode) {
  static char path[200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(content, file);
  fclose(file);
  assert_int_equal(chmod(path, mode), 0);
  return path;
}

// How many errors a settings file has; *text gets them all.
static size_t errors_of(const char *settings, struct text *text) {
  struct diagnostics diagnostics = {0};
  struct site *site = site_load(write_file("site.yaml", settings, 0644), &diagnostics);
  assert_int_equal(site == NULL, diagnostics.errors > 0);
  const size_t errors = diagnostics.errors;
  text_clear(text);
  diagnostics_write_text(&diagnostics, text);
  text_byte(text, '\0');
  site_destroy(site);
  diagnostics_fini(&diagnostics);
  return errors;
}

static void defaults_hold_without_a_file(void **unused) {
  (void)unused;
  struct diagnostics diagnostics = {0};
  struct site *site = site_load(NULL, &diagnostics);
  assert_non_null(site);
  assert_int_equal(site->engine.decode.record_bytes_max, decode_limits_default.record_bytes_max);
  assert_int_equal(site->engine.decode.lines_max, decode_limits_default.lines_max);
  assert_int_equal(site->engine.decode.depth_max, decode_limits_default.depth_max);
  assert_int_equal(site->engine.decode.id_bytes_max, decode_limits_default.id_bytes_max);
  assert_int_equal(site->engine.decode.psn_bytes_max, decode_limits_default.psn_bytes_max);
  assert_int_equal(site->engine.decode.date_window, decode_limits_default.date_window);
  assert_memory_equal(&site->engine.screen, &screen_settings_default, sizeof screen_settings_default);
  assert_int_equal(site->engine.review.floor_basis_points, draw_settings_default.floor_basis_points);
  assert_int_equal(site->engine.review.rate_basis_points, draw_settings_default.rate_basis_points);
  assert_int_equal(site->engine.review.take_all_fen, draw_settings_default.take_all_fen);
  assert_int_equal(site->run.from, SITE_FROM_COMMITTED);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
}

static void properties_rates_and_dotted_keys_are_read(void **unused) {
  (void)unused;
  struct diagnostics diagnostics = {0};
  struct site *site = site_load(write_file("site.yaml", "kafka:\n  bootstrap.servers: \"a:1,b:2\"\n  properties: {security.protocol: ssl}\n"
                                           "review:\n  take_all: 5000.5\n  rates: [\"H1 2026-01 2026-12 800\", \"* 2026-05 2026-05 10000\"]\n", 0644),
                                &diagnostics);
  assert_non_null(site);
  assert_true(slice_equal(site->kafka.bootstrap, SLICE("a:1,b:2")));
  assert_true(slice_equal(yaml_find(site->kafka.properties, "security.protocol")->scalar, SLICE("ssl")));
  assert_int_equal(site->engine.review.take_all_fen, 500050);
  assert_int_equal(site->engine.review.rates_size, 2);
  assert_int_equal(site->engine.review.rates[0].basis_points, 800);
  assert_int_equal(site->engine.review.rates[0].from_month, 2026 * 12);
  assert_int_equal(site->engine.review.rates[1].fixmedins_code.size, 0);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
}

static void all_contradictions_are_told_at_once(void **unused) {
  (void)unused;
  struct text text = {0};
  assert_int_equal(errors_of("review:\n  rate_basis_points: 300\n  rates: [\"H1 2026-13 2026-12 800\", \"H1 2026-01 2026-02 100\"]\n"
                             "edge: {pseudonymise: true}\nrun: {instance: \"a b\"}\nkafka: {prefix: \"a/b\", input_bytes_max: 70000}\n", &text), 7);
  assert_non_null(strstr(text.data, "'rate_basis_points' must be at least"));
  assert_non_null(strstr(text.data, "is not a rate"));
  assert_non_null(strstr(text.data, "'pseudonymise' needs a 'key_file'"));
  assert_non_null(strstr(text.data, "'instance' must be letters"));
  text_fini(&text);
}

static void a_secret_that_others_can_read_is_refused(void **unused) {
  (void)unused;
  struct text text = {0};
  char settings[300];
  snprintf(settings, sizeof settings, "redis: {password_file: \"%s\"}\n", write_file("password", "open sesame\n", 0644));
  assert_int_equal(errors_of(settings, &text), 1);
  assert_non_null(strstr(text.data, "open to other users"));
  assert_null(strstr(text.data, "sesame"));
  (void)write_file("password", "open sesame\n", 0600);
  assert_int_equal(errors_of(settings, &text), 0);
  text_fini(&text);
}

static void a_user_of_kafka_needs_a_password_that_is_kept_apart(void **unused) {
  (void)unused;
  struct text text = {0};
  char settings[400];
  assert_int_equal(errors_of("kafka: {sasl: {mechanism: scram-sha-512, user: u}}\n", &text), 1);
  assert_int_equal(errors_of("kafka: {sasl: {user: u}}\n", &text), 1);
  assert_int_equal(errors_of("kafka: {tls: {certificate_file: c.pem}}\n", &text), 1);
  (void)write_file("password", "open sesame\n", 0600);
  snprintf(settings, sizeof settings, "kafka: {sasl: {mechanism: plain, user: u, password_file: \"%s/password\"}}\n", folder);
  struct diagnostics diagnostics = {0};
  struct site *site = site_load(write_file("site.yaml", settings, 0644), &diagnostics);
  assert_non_null(site);
  assert_true(slice_equal(site->kafka.sasl.password, SLICE("open sesame")));
  site_destroy(site);
  diagnostics_fini(&diagnostics);
  // The service manager's credentials are files of its folder, by name alone.
  const char *const credential = "kafka: {sasl: {mechanism: plain, user: u, password_file: \"credential:password\"}}\n";
  unsetenv("CREDENTIALS_DIRECTORY");
  assert_true(errors_of(credential, &text) > 0);
  assert_non_null(strstr(text.data, "CREDENTIALS_DIRECTORY is not set"));
  setenv("CREDENTIALS_DIRECTORY", folder, 1);
  assert_int_equal(errors_of(credential, &text), 0);
  assert_true(errors_of("redis: {password_file: \"credential:../password\"}\n", &text) > 0);
  unsetenv("CREDENTIALS_DIRECTORY");
  text_fini(&text);
}

static void a_password_among_the_settings_must_be_as_closed_as_a_secret_file(void **unused) {
  (void)unused;
  static const char settings[] = "kafka: {properties: {sasl.password: \"open sesame\"}}\n";
  struct text text = {0};
  assert_int_equal(errors_of(settings, &text), 1);
  assert_non_null(strstr(text.data, "open to other users"));
  assert_null(strstr(text.data, "sesame"));
  struct diagnostics diagnostics = {0};
  struct site *site = site_load(write_file("site.yaml", settings, 0600), &diagnostics);
  assert_non_null(site);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
  text_fini(&text);
}

static void the_key_of_seals_is_made_once_and_kept(void **unused) {
  (void)unused;
  struct diagnostics diagnostics = {0};
  char settings[300];
  snprintf(settings, sizeof settings, "run: {state_dir: \"%s\"}\n", folder);
  struct site *site = site_load(write_file("site.yaml", settings, 0644), &diagnostics);
  assert_non_null(site);
  unsigned char first[DIGEST_KEY_BYTES], second[DIGEST_KEY_BYTES], nothing[DIGEST_KEY_BYTES] = {0};
  struct error error = {0};
  assert_int_equal(site_mac_key(site, first, &error), STATUS_OK);
  assert_int_equal(site_mac_key(site, second, &error), STATUS_OK);
  assert_memory_equal(first, second, sizeof first);
  assert_memory_not_equal(first, nothing, sizeof first);
  (void)write_file("mac.key", "too short", 0600);
  assert_int_equal(site_mac_key(site, second, &error), STATUS_FATAL);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
}

static void processes_that_start_together_get_one_key(void **unused) {
  (void)unused;
  enum { PROCESSES = 4, ROUNDS = 60 };
  struct diagnostics diagnostics = {0};
  char settings[300], path[300];
  snprintf(settings, sizeof settings, "run: {state_dir: \"%s\"}\n", folder);
  snprintf(path, sizeof path, "%s/mac.key", folder);
  struct site *site = site_load(write_file("site.yaml", settings, 0644), &diagnostics);
  assert_non_null(site);
  atomic_uint *ready = mmap(NULL, sizeof *ready, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(ready != MAP_FAILED);
  for (unsigned round = 0; round < ROUNDS; round++) {
    unlink(path);
    atomic_store(ready, 0);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (unsigned i = 0; i < PROCESSES; i++) {
      const pid_t child = fork();
      assert_true(child >= 0);
      if (child > 0) continue;
      unsigned char key[DIGEST_KEY_BYTES] = {0};
      atomic_fetch_add(ready, 1);
      while (atomic_load(ready) < PROCESSES) sched_yield();
      const bool made = site_mac_key(site, key, NULL) == STATUS_OK && write(ends[1], key, sizeof key) == (ssize_t)sizeof key;
      _exit(made ? 0 : 1);
    }
    unsigned char first[DIGEST_KEY_BYTES], other[DIGEST_KEY_BYTES];
    for (unsigned i = 0; i < PROCESSES; i++) {
      int how;
      assert_true(wait(&how) > 0);
      assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
      assert_int_equal(read(ends[0], i == 0 ? first : other, sizeof other), (ssize_t)sizeof other);
      if (i > 0) assert_memory_equal(first, other, sizeof other);
    }
    close(ends[0]);
    close(ends[1]);
  }
  munmap(ready, sizeof *ready);
  unlink(path);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
}

static int make_folder(void **unused) {
  (void)unused;
  digest_start();
  return mkdtemp(folder) == NULL;
}

static int remove_folder(void **unused) {
  (void)unused;
  static const char *const names[] = {"site.yaml", "password", "mac.key"};
  char path[200];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    unlink(path);
  }
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_hold_without_a_file),
      cmocka_unit_test(properties_rates_and_dotted_keys_are_read),
      cmocka_unit_test(all_contradictions_are_told_at_once),
      cmocka_unit_test(a_secret_that_others_can_read_is_refused),
      cmocka_unit_test(a_user_of_kafka_needs_a_password_that_is_kept_apart),
      cmocka_unit_test(a_password_among_the_settings_must_be_as_closed_as_a_secret_file),
      cmocka_unit_test(the_key_of_seals_is_made_once_and_kept),
      cmocka_unit_test(processes_that_start_together_get_one_key),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
