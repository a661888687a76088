#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/fault.h"

// Arms a point in a child, comes by it `times` times, and says how the child ended.
static int ended(const char *text, enum fault point, unsigned times, struct slice record) {
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    if (fault_arm(text, NULL) != STATUS_OK) _exit(9);
    for (unsigned i = 0; i < times; i++) fault_point(point);
    if (slice_present(record)) fault_record(record);
    _exit(0);
  }
  int how;
  assert_int_equal(waitpid(child, &how, 0), child);
  return how;
}

static void a_point_that_nobody_armed_is_passed(void **unused) {
  (void)unused;
  for (unsigned i = FAULT_NONE + 1; i < FAULT_COUNT; i++) fault_point((enum fault)i);
  fault_record(SLICE("anything"));
}

static void the_process_ends_at_its_point_the_nth_time(void **unused) {
  (void)unused;
  int how = ended("before-commit:3", FAULT_BEFORE_COMMIT, 2, SLICE_NONE);
  assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
  how = ended("before-commit:3", FAULT_BEFORE_COMMIT, 3, SLICE_NONE);
  assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
  how = ended("before-commit", FAULT_AFTER_COMMIT, 9, SLICE_NONE);
  assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

static void a_marked_record_aborts_and_another_does_not(void **unused) {
  (void)unused;
  int how = ended("poison:S17", FAULT_AFTER_TAKE, 5, SLICE("{\"setl_id\":\"S17\"}"));
  assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
  how = ended("poison:S17", FAULT_AFTER_TAKE, 5, SLICE("{\"setl_id\":\"S1\"}"));
  assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

static void what_is_no_point_is_refused(void **unused) {
  (void)unused;
  static const char *const wrong[] = {"", "after", "after-take2", "after-take:", "after-take:0", "after-take:-1", "after-take:2x",
                                      "after-take:99999999999999999999", "poison", "poison:", "none"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct error error = {0};
    assert_int_equal(fault_arm(wrong[i], &error), STATUS_REJECT);
    assert_true(error.text[0] != '\0');
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_point_that_nobody_armed_is_passed),
      cmocka_unit_test(the_process_ends_at_its_point_the_nth_time),
      cmocka_unit_test(a_marked_record_aborts_and_another_does_not),
      cmocka_unit_test(what_is_no_point_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
