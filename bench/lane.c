// One lane of the bench: reads a settlements file batch by batch and spends CPU on exactly one thing, which it measures.
//
//   lane first_stage|decode|screen --input FILE --rules DIR [--seconds N]
//
// Reading and cutting lines is not measured: the thread's CPU clock runs around the lane's own work only. The file is gone through as often
// as it takes to fill the seconds (screen: with an empty store each time, so that every pass does the same work). Prints one line
// of JSON. In the lane `screen` our own allocations in the steady state (the second half of the last pass) are counted, and more than
// one per hundred records ends the run with an error: what is left is the growing store's chunks.
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "rules/load.h"
#include "stream/engine.h"
#include "stream/file/reader.h"

struct bench {
  const char *lane, *input, *rules;
  uint64_t nanoseconds_min;
  struct ruleset *ruleset;
  uint64_t nanoseconds, records, bytes, passes;
  uint64_t calls, calls_records;    // of the steady state
  uint64_t patients, lines, store_bytes;
  uint64_t sink;                    // keeps the compiler honest
};

static uint64_t cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Highest resident size of this program; getrusage counts that of the one which started it, too.
static long peak_kib(void) {
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  long kib = 0;
  while (status != NULL && fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, "VmHWM:", 6) == 0) kib = strtol(line + 6, NULL, 10);
  if (status != NULL) fclose(status);
  return kib;
}

static const struct reader_limits limits = {8u << 20, 1000, 256u << 10};

static struct reader *open_input(struct bench *bench) { return reader_open(&bench->input, 1, &limits); }

static bool take(struct reader *reader, const struct record **records, size_t *size) {
  struct error error = {0};
  if (reader_take(reader, records, size, &error) != STATUS_OK) {
    fprintf(stderr, "lane: %s\n", error.text);
    exit(65);
  }
  return *size > 0;
}

static void count(struct bench *bench, const struct record *records, size_t size, uint64_t since_ns) {
  bench->nanoseconds += cpu_ns() - since_ns;
  bench->records += size;
  for (size_t i = 0; i < size; i++) bench->bytes += records[i].value.size;
}

static void first_stage(struct bench *bench) {
  struct decoder *decoder = decoder_create(&decode_limits_default);
  struct reader *reader = open_input(bench);
  const struct record *records;
  for (size_t size; take(reader, &records, &size);) {
    const uint64_t since_ns = cpu_ns();
    for (size_t i = 0; i < size; i++) bench->sink += decode_first_stage(decoder, records[i].value.data, records[i].value.size);
    count(bench, records, size, since_ns);
  }
  reader_close(reader);
  decoder_destroy(decoder);
}

static void decode_only(struct bench *bench) {
  struct decoder *decoder = decoder_create(&decode_limits_default);
  struct arena arena;
  arena_init(&arena, 1 << 20);
  struct reader *reader = open_input(bench);
  const struct record *records;
  for (size_t size; take(reader, &records, &size);) {
    const uint64_t since_ns = cpu_ns();
    arena_reset(&arena);
    for (size_t i = 0; i < size; i++) {
      struct event event = {0};
      struct decode_failure failure;
      bench->sink += (uint64_t)decode(decoder, &arena, records[i].value.data, records[i].value.size, &event, &failure) + event.lines_size;
    }
    count(bench, records, size, since_ns);
  }
  reader_close(reader);
  arena_fini(&arena);
  decoder_destroy(decoder);
}

// Decode and screen, outputs made and dropped: the embedded form without its files.
static void screen(struct bench *bench) {
  struct store *store = store_create(&(struct store_limits){0});
  const struct engine_settings settings = {.decode = decode_limits_default, .screen = screen_settings_default,
                                           .review = draw_settings_default, .topic_names = &bench->input, .topic_names_size = 1};
  struct engine *engine = engine_create(bench->ruleset, &settings, store);
  struct outbox outbox = {0};
  struct reader *reader = open_input(bench);
  const struct record *records;
  uint64_t done = 0, total = 0;
  bench->calls_records = 0;
  for (size_t size; take(reader, &records, &size);) {
    reader_progress(reader, &done, &total);
    const bool steady = done * 2 > total;
    const uint64_t calls = memory_calls();
    const uint64_t since_ns = cpu_ns();
    struct error error = {0};
    outbox_clear(&outbox);
    engine_decode(engine, records, size);
    if (engine_screen(engine, &outbox, &error) != STATUS_OK) {
      fprintf(stderr, "lane: %s\n", error.text);
      exit(70);
    }
    engine_settle(engine);
    bench->sink += outbox.bytes.size;
    count(bench, records, size, since_ns);
    if (steady) {
      bench->calls += memory_calls() - calls;
      bench->calls_records += size;
    }
    size_t decoded_size;
    const struct decoded *decoded = engine_decoded(engine, &decoded_size);
    for (size_t i = 0; i < decoded_size; i++) bench->lines += decoded[i].event.lines_size;
  }
  bench->patients = store_size(store);
  bench->store_bytes = store_bytes(store);
  reader_close(reader);
  outbox_fini(&outbox);
  engine_destroy(engine);
  store_destroy(store);
}

static const struct { const char *name; void (*run)(struct bench *bench); } lanes[] = {
    {"first_stage", first_stage}, {"decode", decode_only}, {"screen", screen}};

static const struct argp_option options[] = {{"input", 'i', "FILE", 0, "Settlements, NDJSON", 0},
                                             {"rules", 'r', "DIR", 0, "Rule folder (default: rules.d)", 0},
                                             {"seconds", 's', "N", 0, "CPU seconds at least (default: 2)", 0},
                                             {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct bench *bench = state->input;
  switch (key) {
    case 'i': bench->input = value; return 0;
    case 'r': bench->rules = value; return 0;
    case 's': bench->nanoseconds_min = strtoull(value, NULL, 10) * 1000000000u; return 0;
    case ARGP_KEY_ARG: bench->lane = value; return 0;
    case ARGP_KEY_END:
      if (bench->lane == NULL || bench->input == NULL) argp_error(state, "a lane and --input FILE are needed");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

int main(int argc, char **argv) {
  static const struct argp argp = {options, parse, "LANE", "Measures one lane: first_stage, decode, screen.", NULL, NULL, NULL};
  struct bench bench = {.rules = "rules.d", .nanoseconds_min = 2000000000u};
  argp_parse(&argp, argc, argv, 0, NULL, &bench);
  digest_start();
  struct diagnostics diagnostics = {0};
  uint64_t load_ns = 0;
  if (strcmp(bench.lane, "screen") == 0) {
    load_ns = cpu_ns();
    bench.ruleset = ruleset_load(&bench.rules, 1, &diagnostics);
    load_ns = cpu_ns() - load_ns;
    if (bench.ruleset == NULL) {
      struct text text = {0};
      diagnostics_write_text(&diagnostics, &text);
      fwrite(text.data, 1, text.size, stderr);
      return 78;
    }
  }
  const long before_kib = peak_kib();
  for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++) {
    if (strcmp(lanes[i].name, bench.lane) != 0) continue;
    do {
      bench.lines = bench.calls = 0;
      lanes[i].run(&bench);
      bench.passes++;
    } while (bench.nanoseconds < bench.nanoseconds_min);
  }
  if (bench.passes == 0) {
    fprintf(stderr, "lane: unknown lane '%s'\n", bench.lane);
    return 2;
  }
  printf("{\"name\":\"%s\",\"records\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 ",\"passes\":%" PRIu64
         ",\"rss_peak_kib\":%ld,\"rss_before_kib\":%ld,\"rules\":%zu,\"load_ms\":%" PRIu64 ",\"rules_bytes\":%zu,\"rules_reserved\":%zu,\"patients\":%" PRIu64 ",\"lines\":%" PRIu64
         ",\"store_bytes\":%" PRIu64 ",\"allocations\":%" PRIu64 ",\"allocations_records\":%" PRIu64 ",\"sink\":%" PRIu64 "}\n",
         bench.lane, bench.records, bench.bytes, bench.nanoseconds, bench.passes, peak_kib(), before_kib,
         bench.ruleset != NULL ? bench.ruleset->size : 0, load_ns / 1000000,
         bench.ruleset != NULL ? arena_used(&bench.ruleset->arena) : 0, bench.ruleset != NULL ? arena_bytes(&bench.ruleset->arena) : 0, bench.patients, bench.lines, bench.store_bytes, bench.calls,
         bench.calls_records, bench.sink & 1);
  ruleset_destroy(bench.ruleset);
  diagnostics_fini(&diagnostics);
  if (bench.calls * 100 > bench.calls_records && bench.calls_records > 0) {
    fprintf(stderr, "lane: %" PRIu64 " allocations of our own for %" PRIu64 " records in the steady state\n", bench.calls, bench.calls_records);
    return 1;
  }
  return 0;
}
