// Whatever happens on the way, the same bytes come out: workers that abort, crash before and after their commit, start again from
// snapshots or from the whole state topic, with hardly any memory, and with a cache that lies.
//
// usage: property_schedules [SCHEDULES [SEED]]. A seed that fails is printed and replays.
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "consumers/worker.h"
#include "core/memory.h"
#include "producers/generate/generate.h"
#include "rules/load.h"
#include "stream/memory/memory.h"
#include "stream/memory/shelf.h"

enum { PARTITIONS = 3, SETTLEMENTS = 1200 };

static const char *const topic_names[] = {"settlements"};
static const unsigned char key[DIGEST_KEY_BYTES] = "a key of the tests";

struct schedule {
  uint64_t random;
  unsigned abort, crash_before, crash_after;    // odds in 1,000 per commit
  size_t batch;
  uint64_t memory;
  struct cache *cache;
  struct engine *engine;    // of the life at hand
  bool snapshots;
  unsigned crashes, aborts;
};

static uint64_t draw(struct schedule *schedule, uint64_t below) {
  schedule->random ^= schedule->random << 13;
  schedule->random ^= schedule->random >> 7;
  schedule->random ^= schedule->random << 17;
  return schedule->random % below;
}

static enum memory_fate order(void *context, enum memory_point point) {
  struct schedule *schedule = context;
  if (point == MEMORY_COMMIT) {
    const unsigned dice = (unsigned)draw(schedule, 1000);
    if (dice < schedule->abort) return schedule->aborts++, MEMORY_REFUSE;
    if (dice < schedule->abort + schedule->crash_before) return schedule->crashes++, MEMORY_CRASH;
  }
  if (point == MEMORY_COMMITTED && draw(schedule, 1000) < schedule->crash_after) return schedule->crashes++, MEMORY_CRASH;
  return MEMORY_GO_ON;
}

static bool collect(void *context, const struct generate_message *message, struct error *error) {
  (void)error;
  struct broker *broker = context;
  if (strcmp(message->msg_type, "TICK") == 0) {
    for (int32_t p = 0; p < PARTITIONS; p++) broker_append(broker, p, SLICE_NONE, message->bytes, false);
  } else {
    broker_append(broker, (int32_t)(digest_hash64(message->key.data, message->key.size, 1) % PARTITIONS), message->key, message->bytes, false);
  }
  return true;
}

static struct broker *new_broker(void) {
  struct broker *broker = broker_create(PARTITIONS);
  broker_rebalance(broker, (const int[PARTITIONS]){0});    // all belong to slot 0
  return broker;
}

static void fill(struct broker *broker, uint64_t seed) {
  struct generate_options options = generate_options_default;
  options.seed = seed;
  options.settlements = SETTLEMENTS;
  options.violations_e4 = 1000;
  struct error error = {0};
  if (generate(&options, &(struct generate_sink){broker, collect, NULL}, NULL, NULL, &error) != STATUS_OK) {
    fprintf(stderr, "generate: %s\n", error.text);
    exit(2);
  }
}

static void snapshot_name(struct text *path, const char *folder, int32_t partition) {
  text_clear(path);
  text_format(path, "%s/0-%d.index%c", folder, (int)partition, '\0');
}

static void on_load(void *context, int32_t partition, const struct partition_state *own) {
  engine_partition_load(((const struct schedule *)context)->engine, partition, own);
}

// One life of a process: true when the input came to its end, false when it crashed.
static bool live(const struct ruleset *ruleset, struct broker *broker, struct schedule *schedule, const char *folder) {
  struct store *store = store_create(&(struct store_limits){schedule->memory});
  struct engine_settings engine_settings = {.decode = decode_limits_default, .screen = screen_settings_default, .review = draw_settings_default,
                                            .topic_names = topic_names, .topic_names_size = 1};
  engine_settings.screen.provisional_days = 4;    // so that ticks settle what waits, also after a restart
  schedule->engine = engine_create(ruleset, &engine_settings, store);
  struct memory_settings settings = {.broker = broker, .batch_records = schedule->batch, .learn_records = SIZE_MAX, .key = key,
                                     .cache = schedule->cache, .state_dir = schedule->snapshots ? folder : NULL, .context = schedule,
                                     .point = order, .load = on_load};
  for (unsigned i = 0; i < STATE_EPOCH_BYTES; i++) settings.epoch[i] = (unsigned char)draw(schedule, 256);
  struct log *log = memory_open(&settings);
  struct worker worker;
  worker_init(&worker, log, memory_state(log), schedule->engine, store);
  struct error error = {0};
  bool end = false, crashed = false;
  while (!end && !crashed) {
    size_t size;
    error.status = STATUS_OK;
    const enum status status = worker_step(&worker, 0, &size, &end, &error);
    crashed = status == STATUS_FATAL;
    if (crashed && strncmp(error.text, "injected", 8) != 0) {
      fprintf(stderr, "%s\n", error.text);
      exit(1);
    }
    if (status == STATUS_OK && draw(schedule, 10) == 0) memory_snapshot(log, (int32_t)draw(schedule, PARTITIONS));
  }
  worker_fini(&worker);
  log->operations->close(log);
  engine_destroy(schedule->engine);
  store_destroy(store);
  return !crashed;
}

// What was committed to a topic: values, one a line, in order.
static struct slice written(const struct broker *broker, enum topic topic, struct text *text) {
  size_t size;
  const struct broker_output *outputs = broker_outputs(broker, &size);
  text_clear(text);
  for (size_t i = 0; i < size; i++) {
    if (outputs[i].topic != topic || !broker_committed(broker, outputs[i].transaction)) continue;
    text_append(text, outputs[i].value);
    text_byte(text, '\n');
  }
  return text_slice(text);
}

static int by_bytes(const void *a, const void *b) { return slice_compare(*(const struct slice *)a, *(const struct slice *)b); }

// The lines of a topic, sorted: between partitions there is no order.
static size_t lines_of(struct slice text, struct slice **lines) {
  size_t size = 0;
  for (size_t i = 0; i < text.size; i++) size += text.data[i] == '\n';
  *lines = memory_take((size + 1) * sizeof **lines);
  size = 0;
  for (size_t begin = 0, i = 0; i < text.size; i++) {
    if (text.data[i] != '\n') continue;
    (*lines)[size++] = (struct slice){text.data + begin, i - begin};
    begin = i + 1;
  }
  qsort(*lines, size, sizeof **lines, by_bytes);
  return size;
}

static bool same(const struct broker *a, const struct broker *b) {
  bool equal = true;
  struct text of_a = {0}, of_b = {0};
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (topic == TOPIC_SCREENING_RECEIPTS) continue;    // one per transaction: those differ
    struct slice *x, *y;
    const size_t m = lines_of(written(a, topic, &of_a), &x), n = lines_of(written(b, topic, &of_b), &y);
    size_t i = 0;
    while (i < m && i < n && slice_equal(x[i], y[i])) i++;
    if (i < m || i < n) {
      equal = false;
      fprintf(stderr, "%s differs: %zu and %zu lines; from line %zu on\n", topic_name(topic), m, n, i);
    }
    memory_free(x);
    memory_free(y);
  }
  text_fini(&of_a);
  text_fini(&of_b);
  return equal;
}

// Of a receipt's line: the text behind `"name":`.
static struct slice field(struct slice line, const char *name) {
  const char *at = memmem(line.data, line.size, name, strlen(name));
  assert(at != NULL);
  at += strlen(name);
  return (struct slice){at, (size_t)(line.data + line.size - at)};
}

static long number(struct slice line, const char *name) {
  const struct slice behind = field(line, name);
  char text[24];
  snprintf(text, sizeof text, "%.*s", (int)(behind.size < sizeof text ? behind.size : sizeof text - 1), behind.data);
  return strtol(text, NULL, 10);
}

// The receipts of each partition follow each other without a gap, in number, in offsets and in the chain, over all lives.
static bool receipts_follow(const struct broker *broker) {
  struct { long receipts, next; char chain[65]; } lanes[PARTITIONS] = {0};
  for (int p = 0; p < PARTITIONS; p++) memset(lanes[p].chain, '0', 64);
  struct text receipts = {0};
  struct slice rest = written(broker, TOPIC_SCREENING_RECEIPTS, &receipts);
  while (rest.size > 0) {
    const char *end = memchr(rest.data, '\n', rest.size);
    const struct slice line = {rest.data, (size_t)(end - rest.data)};
    rest = (struct slice){end + 1, rest.size - line.size - 1};
    const long p = number(line, "\"partition\":");
    if (number(line, "\"receipt\":") != ++lanes[p].receipts ||
        number(line, "\"first_offset\":") != lanes[p].next ||
        memcmp(field(line, "\"previous\":\"").data, lanes[p].chain, 64) != 0) {
      fprintf(stderr, "receipt out of line: %.*s\n", SLICE_ARG(line));
      text_fini(&receipts);
      return false;
    }
    lanes[p].next = number(line, "\"last_offset\":") + 1;
    memcpy(lanes[p].chain, field(line, "\"chain\":\"").data, 64);
  }
  text_fini(&receipts);
  for (int p = 0; p < PARTITIONS; p++)
    if (lanes[p].next != broker_position(broker, p)) return false;
  return true;
}

static bool finished(const struct broker *broker, const struct broker *reference) {
  for (int32_t p = 0; p < PARTITIONS; p++)
    if (broker_position(broker, p) != broker_position(reference, p)) return false;
  return true;
}

static bool try_one(const struct ruleset *ruleset, const struct broker *reference, uint64_t input_seed, uint64_t seed, const char *folder) {
  struct schedule schedule = {.random = seed * 2 + 1};
  for (int i = 0; i < 20; i++) (void)draw(&schedule, 2);
  schedule.abort = (unsigned)draw(&schedule, 150);
  schedule.crash_before = (unsigned)draw(&schedule, 60);
  schedule.crash_after = (unsigned)draw(&schedule, 60);
  schedule.batch = 1 + draw(&schedule, draw(&schedule, 2) ? 400 : 30);
  schedule.memory = draw(&schedule, 3) == 0 ? 0 : 4096 + draw(&schedule, 1 << 18);
  schedule.snapshots = draw(&schedule, 2);
  const struct shelf_lies lies = {(unsigned)draw(&schedule, 300), (unsigned)draw(&schedule, 300), (unsigned)draw(&schedule, 200),
                                  (unsigned)draw(&schedule, 200), (unsigned)draw(&schedule, 100), (unsigned)draw(&schedule, 200)};
  schedule.cache = draw(&schedule, 4) == 0 ? NULL : shelf_open_hostile(&lies, seed);
  for (int32_t p = 0; p < PARTITIONS; p++) {
    struct text path = {0};
    snapshot_name(&path, folder, p);
    unlink(path.data);
    text_fini(&path);
  }
  struct broker *broker = new_broker();
  fill(broker, input_seed);
  while (!live(ruleset, broker, &schedule, folder)) {}
  const bool good = finished(broker, reference) && receipts_follow(broker) && same(broker, reference);
  if (!good) fprintf(stderr, "seed %" PRIu64 " fails: batch %zu, memory %" PRIu64 ", %u aborts, %u crashes, snapshots %d, cache %d\n", seed,
                     schedule.batch, schedule.memory, schedule.aborts, schedule.crashes, schedule.snapshots, schedule.cache != NULL);
  if (schedule.cache != NULL) schedule.cache->operations->close(schedule.cache);
  broker_destroy(broker);
  return good;
}

int main(int argc, char **argv) {
  digest_start();
  const unsigned long schedules = argc > 1 ? strtoul(argv[1], NULL, 10) : 60;
  const uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)getpid() * 1000003u;
  struct diagnostics diagnostics = {0};
  const char *paths[] = {"rules.d"};
  struct ruleset *ruleset = ruleset_load(paths, 1, &diagnostics);
  assert(ruleset != NULL);
  char folder[] = "/tmp/settlewatch-schedules-XXXXXX";
  assert(mkdtemp(folder) != NULL);
  const uint64_t input_seed = first % 1000 + 1;
  struct broker *reference = new_broker();
  fill(reference, input_seed);
  struct schedule calm = {.random = 1, .batch = 100};
  assert(live(ruleset, reference, &calm, folder));
  struct text deductions = {0};
  assert(written(reference, TOPIC_CREDIT_DEDUCTIONS, &deductions).size > 0);
  text_fini(&deductions);
  unsigned failed = 0;
  for (uint64_t seed = first; seed < first + schedules; seed++) failed += !try_one(ruleset, reference, input_seed, seed, folder);
  printf("%lu schedules from seed %" PRIu64 ", %u failed\n", schedules, first, failed);
  for (int32_t p = 0; p < PARTITIONS; p++) {
    struct text path = {0};
    snapshot_name(&path, folder, p);
    unlink(path.data);
    text_fini(&path);
  }
  rmdir(folder);
  broker_destroy(reference);
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return failed > 0;
}
