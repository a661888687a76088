#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream/poison.h"

static char folder[64];
static unsigned said;

static void say(void *context, int level, const char *text) {
  (void)context;
  (void)text;
  assert_int_equal(level, 4);
  said++;
}

static int make_folder(void **unused) {
  (void)unused;
  snprintf(folder, sizeof folder, "/tmp/settlewatch-poison-XXXXXX");
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **unused) {
  (void)unused;
  char command[100];
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

static const struct source source = {0, 3, 71};
static const struct slice value = {"the record's bytes", 18};

enum ending { BY_ABORT, BY_FAULT, BY_DEEP_STACK, BY_KILL, FROM_OUTSIDE, WITHOUT_A_RECORD, WITHOUT_A_GUARD };

static unsigned deep(unsigned depth) {
  volatile char room[4096];
  room[0] = (char)depth;
  return depth == UINT32_MAX ? 0 : deep(depth + 1) + (unsigned)room[0];
}

// A process of this instance that ends while it has a record at hand.
static void end_one(const char *instance, enum ending ending) {
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    static const int signals[] = {SIGSEGV, SIGABRT};
    for (size_t i = 0; i < 2; i++) signal(signals[i], SIG_DFL);
    struct poison *poison = poison_open(folder, instance, 2, NULL, say);
    const struct poison_watch watch = poison_watch_of(poison, 1);
    if (ending != WITHOUT_A_GUARD) poison_guard(&watch);
    poison_name(&watch, &source, value);
    if (ending == WITHOUT_A_RECORD) poison_name_none(&watch);
    if (ending == BY_FAULT) {
      volatile char *nobodys = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      *nobodys = 1;
    }
    if (ending == BY_DEEP_STACK) (void)deep(0);
    if (ending == BY_KILL) kill(getpid(), SIGKILL);
    if (ending == FROM_OUTSIDE) {
      const pid_t parent = getpid();
      if (fork() == 0) {
        kill(parent, SIGSEGV);
        _exit(0);
      }
      for (;;) pause();
    }
    abort();
  }
  int how;
  assert_int_equal(waitpid(child, &how, 0), child);
  assert_true(WIFSIGNALED(how));
}

static bool put_aside(const char *instance, const struct source *where, struct slice bytes) {
  said = 0;
  struct poison *poison = poison_open(folder, instance, 2, NULL, say);
  const struct poison_watch watch = poison_watch_of(poison, 0);
  const bool known = poison_known(&watch, where, bytes);
  poison_close(poison);
  return known;
}

static void a_record_is_put_aside_when_it_ended_the_program_twice(void **unused) {
  (void)unused;
  assert_false(put_aside("a", &source, value));
  assert_int_equal(said, 0);
  end_one("a", BY_ABORT);
  assert_false(put_aside("a", &source, value));
  assert_true(said > 0);
  assert_false(put_aside("a", &source, value));    // the same crash is not counted again
  end_one("a", BY_FAULT);
  assert_true(put_aside("a", &source, value));
  assert_true(put_aside("a", &source, value));
}

static void another_record_is_not(void **unused) {
  (void)unused;
  end_one("a", BY_ABORT);
  end_one("a", BY_ABORT);
  assert_true(put_aside("a", &source, value));
  assert_false(put_aside("a", &source, SLICE("other bytes at its place")));    // the topic was made again
  assert_false(put_aside("a", &(struct source){0, 3, 72}, value));
  assert_false(put_aside("a", &(struct source){0, 2, 71}, value));
}

static void a_stack_that_overflows_counts(void **unused) {
  (void)unused;
  end_one("a", BY_DEEP_STACK);
  end_one("a", BY_DEEP_STACK);
  assert_true(put_aside("a", &source, value));
}

static void what_is_no_fault_of_the_record_is_not_counted(void **unused) {
  (void)unused;
  static const enum ending innocent[] = {BY_KILL, FROM_OUTSIDE, WITHOUT_A_RECORD, WITHOUT_A_GUARD};
  for (size_t i = 0; i < sizeof innocent / sizeof innocent[0]; i++)
    for (unsigned times = 0; times < 3; times++) end_one("a", innocent[i]);
  assert_false(put_aside("a", &source, value));
  assert_int_equal(said, 0);
}

static void instances_of_one_folder_learn_from_each_other(void **unused) {
  (void)unused;
  end_one("a", BY_ABORT);
  end_one("a-1", BY_ABORT);    // its worker 1 is no worker "1-1" of a
  assert_true(put_aside("b", &source, value));
  assert_true(put_aside("a", &source, value));
  assert_true(put_aside("a-1", &source, value));
  assert_true(put_aside("b", &source, value));
}

static void a_folder_that_cannot_be_written_is_told(void **unused) {
  (void)unused;
  said = 0;
  struct poison *poison = poison_open("/nonexistent/folder", "a", 1, NULL, say);
  const struct poison_watch watch = poison_watch_of(poison, 0);
  assert_null(watch.crumb);
  assert_int_equal(said, 1);
  poison_guard(&watch);
  poison_name(&watch, &source, value);
  poison_leave();
  assert_false(poison_known(&watch, &source, value));
  poison_close(poison);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_record_is_put_aside_when_it_ended_the_program_twice, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(another_record_is_not, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_stack_that_overflows_counts, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(what_is_no_fault_of_the_record_is_not_counted, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(instances_of_one_folder_learn_from_each_other, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written_is_told, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
