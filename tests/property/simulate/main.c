// The deterministic simulation of the streaming form: thousands of small schedules, each drawn from its seed. docs/simulation.md
//
// simulate [--seed N] [--schedules N | --seconds S] [--mutant NAME] [--verbose]
// simulate --seeds FILE      the seeds of a file, one a line
// simulate --list            the mutants
//
// Runs from the top of the tree. Exit 1 when a schedule failed; with --mutant, when none did.
#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/memory.h"
#include "rules/load.h"
#include "tests/property/simulate/world.h"

enum { TOLD_MAX = 10 };

struct arguments {
  uint64_t seed, schedules;
  int64_t seconds;
  enum mutant mutant;
  bool verbose;
  const char *seeds;
};

static volatile uint64_t seed_at_hand, schedules_so_far;
static enum mutant mutant_at_hand;

// An assertion of the program has failed: the seed must not be lost with it.
static void on_abort(int number) {
  (void)number;
  char line[200];
  const int size = mutant_at_hand == MUTANT_NONE
                       ? snprintf(line, sizeof line, "seed %" PRIu64 " fails: an assertion\n", seed_at_hand)
                       : snprintf(line, sizeof line, "%s: caught by assertion after %" PRIu64 " schedules, seed %" PRIu64 "\n",
                                  mutants_name(mutant_at_hand), schedules_so_far, seed_at_hand);
  if (write(STDOUT_FILENO, line, (size_t)size) < 0) _exit(3);
  _exit(mutant_at_hand == MUTANT_NONE ? 1 : 0);
}

static int64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct ruleset *load(const char *const *paths, size_t size) {
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = ruleset_load(paths, size, &diagnostics);
  if (ruleset == NULL) {
    struct text text = {0};
    diagnostics_write_text(&diagnostics, &text);
    fprintf(stderr, "simulate: run me from the top of the tree\n%.*s\n", (int)text.size, text.data);
    exit(2);
  }
  diagnostics_fini(&diagnostics);
  return ruleset;
}

// True when all is well.
static bool run_one(struct world *world, const struct arguments *arguments, uint64_t seed, uint64_t *failed) {
  struct check_result result;
  seed_at_hand = seed;
  schedules_so_far++;
  if (world_run(world, seed, &result)) return true;
  if (++*failed > TOLD_MAX || arguments->mutant != MUTANT_NONE) return false;
  for (unsigned check = 0; check < CHECK_COUNT; check++)
    if (result.failed[check]) printf("seed %" PRIu64 " fails: %s: %s\n", seed, check_name((enum check)check), result.text[check]);
  fflush(stdout);
  return false;
}

static void tell_counts(const struct world *world) {
  const struct world_counts *counts = world_counts(world);
#define X(name) printf("%s%s %" PRIu64, separator, #name, counts->name), separator = ", ";
  const char *separator = "";
  WORLD_COUNTS(X)
#undef X
  putchar('\n');
}

static int run_mutant(struct world *world, const struct arguments *arguments, int64_t end_ns) {
  uint64_t failed = 0;
  for (uint64_t n = 0; arguments->schedules > 0 ? n < arguments->schedules : clock_ns(CLOCK_MONOTONIC) < end_ns; n++) {
    struct check_result result;
    seed_at_hand = arguments->seed + n;
    schedules_so_far = n + 1;
    if (world_run(world, seed_at_hand, &result)) continue;
    failed++;
    printf("%s: caught by ", mutants_name(arguments->mutant));
    const char *separator = "";
    for (unsigned check = 0; check < CHECK_COUNT; check++)
      if (result.failed[check]) printf("%s%s", separator, check_name((enum check)check)), separator = ", ";
    printf(" after %" PRIu64 " schedules, seed %" PRIu64 "\n", n + 1, seed_at_hand);
    if (arguments->verbose)
      for (unsigned check = 0; check < CHECK_COUNT; check++)
        if (result.failed[check]) printf("  %s: %s\n", check_name((enum check)check), result.text[check]);
    break;
  }
  if (failed == 0) printf("%s: not caught in %" PRIu64 " schedules\n", mutants_name(arguments->mutant), schedules_so_far);
  return failed == 0;
}

static int run_seeds(struct world *world, const struct arguments *arguments) {
  FILE *file = fopen(arguments->seeds, "re");
  if (file == NULL) {
    fprintf(stderr, "simulate: cannot read '%s'\n", arguments->seeds);
    return 2;
  }
  uint64_t failed = 0, run = 0;
  char line[300];
  while (fgets(line, sizeof line, file) != NULL) {
    if (line[0] < '0' || line[0] > '9') continue;
    run++;
    (void)run_one(world, arguments, strtoull(line, NULL, 10), &failed);
  }
  fclose(file);
  printf("recorded seeds %" PRIu64 ", failures %" PRIu64 "\n", run, failed);
  return failed > 0;
}

static int run_new(struct world *world, const struct arguments *arguments, int64_t end_ns) {
  const int64_t begun_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  uint64_t failed = 0, run = 0;
  while (arguments->schedules > 0 ? run < arguments->schedules : clock_ns(CLOCK_MONOTONIC) < end_ns)
    (void)run_one(world, arguments, arguments->seed + run++, &failed);
  const int64_t ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begun_ns;
  tell_counts(world);
  printf("schedules %" PRIu64 ", per second %" PRId64 ", failures %" PRIu64 "\n", run,
         ns > 0 ? (int64_t)((__uint128_t)run * 1000000000 / (uint64_t)ns) : 0, failed);
  return failed > 0;
}

static bool read_arguments(int argc, char **argv, struct arguments *arguments) {
  static const struct option options[] = {{"seed", required_argument, NULL, 's'},    {"schedules", required_argument, NULL, 'n'},
                                          {"seconds", required_argument, NULL, 't'}, {"mutant", required_argument, NULL, 'm'},
                                          {"seeds", required_argument, NULL, 'f'},   {"verbose", no_argument, NULL, 'v'},
                                          {"list", no_argument, NULL, 'l'},          {NULL, 0, NULL, 0}};
  *arguments = (struct arguments){.seed = ((uint64_t)getpid() * 1000003u + (uint64_t)clock_ns(CLOCK_REALTIME)) % 1000000000000u, .seconds = 10};
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (option) {
      case 's': arguments->seed = strtoull(optarg, NULL, 10); break;
      case 'n': arguments->schedules = strtoull(optarg, NULL, 10); break;
      case 't': arguments->seconds = strtoll(optarg, NULL, 10); break;
      case 'f': arguments->seeds = optarg; break;
      case 'v': arguments->verbose = true; break;
      case 'm':
        arguments->mutant = mutants_find(optarg);
        if (arguments->mutant != MUTANT_NONE) break;
        fprintf(stderr, "simulate: no mutant '%s', see --list\n", optarg);
        return false;
      case 'l':
        for (unsigned mutant = 1; mutant < MUTANT_COUNT; mutant++)
          printf("%s\t%s\n", mutants_name((enum mutant)mutant), mutants_meaning((enum mutant)mutant));
        exit(0);
      default: return false;
    }
  }
  return optind == argc;
}

int main(int argc, char **argv) {
  struct arguments arguments;
  if (!read_arguments(argc, argv, &arguments)) {
    fprintf(stderr, "usage: simulate [--seed N] [--schedules N | --seconds S] [--mutant NAME] [--verbose] | --seeds FILE | --list\n");
    return 2;
  }
  // Processes come and go by the thousand: their blocks stay with us instead of going back to the kernel each time.
  (void)mallopt(M_MMAP_THRESHOLD, 256 << 20);
  (void)mallopt(M_TRIM_THRESHOLD, 512 << 20);
  digest_start();
  mutant_at_hand = arguments.mutant;
  signal(SIGABRT, on_abort);
  static const char *const now[] = {"rules.d"};
  static const char *const next[] = {"rules.d/bed", "rules.d/substitution", "tests/property/simulate/next"};
  struct ruleset *sets[] = {load(now, 1), load(next, 3)};
  assert(sets[0]->projection != sets[1]->projection);    // dossiers that one set left behind lack what the other reads
  char folder[] = "/dev/shm/settlewatch-simulate-XXXXXX", fallback[] = "/tmp/settlewatch-simulate-XXXXXX";
  const char *made = mkdtemp(folder);
  if (made == NULL) made = mkdtemp(fallback);
  assert(made != NULL);
  const struct world_options options = {(const struct ruleset *const *)sets, arguments.mutant, arguments.verbose, made};
  struct world *world = world_create(&options);
  const int64_t end_ns = clock_ns(CLOCK_MONOTONIC) + arguments.seconds * 1000000000;
  if (arguments.seeds == NULL) printf("seed %" PRIu64 "\n", arguments.seed);
  fflush(stdout);
  const int status = arguments.seeds != NULL ? run_seeds(world, &arguments)
                     : arguments.mutant != MUTANT_NONE ? run_mutant(world, &arguments, end_ns)
                                                       : run_new(world, &arguments, end_ns);
  world_destroy(world);
  (void)rmdir(made);
  for (unsigned i = 0; i < 2; i++) ruleset_destroy(sets[i]);
  return status;
}
