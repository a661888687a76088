#include "tests/property/simulate/world.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "consumers/worker.h"
#include "core/memory.h"
#include "stream/memory/shelf.h"
#include "tests/property/simulate/fiber.h"
#include "tests/property/simulate/scenario.h"

enum { MEMBERS = 3, SETS = 2, LIMITS = 3, CALM_ROUNDS_MAX = 3000, PROVISIONAL_DAYS = 30 };

static const uint64_t limits[LIMITS] = {0, 1, 6000};    // of the store: all stays, nothing stays, some
static const unsigned char key[DIGEST_KEY_BYTES] = "a key of the simulation";
static const char *const topic_names[] = {"settlements"};

struct pooled { struct engine *engine; struct store *store; };

// A worker process and its slot. The slot stays when the process dies.
struct member {
  struct world *world;
  struct cache cache;              // the process's way to the shelf
  unsigned number, slot;           // the same, but for the twin, which has another's slot
  struct fiber fiber;
  bool up, stop, killed, idle;
  unsigned stalled;                // so many turns of the scheduler
  enum memory_point point;
  struct log *log;                 // of memory.h, while up
  struct pooled *pooled;
};

struct odds { unsigned crash, refuse, delay, lose, pause; };    // in 1,000

struct world {
  struct world_options options;
  struct broker *broker;
  struct cache *shelf;
  struct oracle *oracle;
  struct checker *checker;
  struct scenario scenario;
  struct pooled pool[SETS][MEMBERS + 1][LIMITS];
  struct member members[MEMBERS + 1];    // the last is the twin: a process that believes to be another one
  struct mutants_applied applied;
  // of the schedule at hand
  struct draws draws;
  struct odds odds;
  struct check_result *result;
  unsigned members_size, limit, set, turn;
  size_t batch, learn, revealed;
  bool cached, snapshots, rolling, twin, calm;
  struct world_counts counts;
};

const struct world_counts *world_counts(const struct world *world) { return &world->counts; }

static unsigned below(struct world *world, unsigned bound) { return draws_below(&world->draws, bound); }
static bool often(struct world *world, unsigned per_thousand) { return draws_chance(&world->draws, per_thousand); }

#define TELL(world, ...)                                  \
  do {                                                    \
    if ((world)->options.verbose) {                       \
      printf("%4u  ", (world)->turn);                     \
      printf(__VA_ARGS__);                                \
      putchar('\n');                                      \
    }                                                     \
  } while (0)

// --- A process -------------------------------------------------------------------------------------------------------------------

static const char *name_of(const struct member *member) { return member->number < MEMBERS ? "process" : "twin of process"; }

static enum memory_fate draw_order(struct world *world, enum memory_point point) {
  if (world->calm) return MEMORY_GO_ON;
  if (often(world, world->odds.crash)) return MEMORY_CRASH;
  switch (point) {
    case MEMORY_START: return often(world, 500) ? MEMORY_DELAY : MEMORY_GO_ON;
    case MEMORY_STAGE:
    case MEMORY_SEND: return often(world, world->odds.refuse) ? MEMORY_REFUSE : MEMORY_GO_ON;
    case MEMORY_READ: return often(world, world->odds.refuse / 4) ? MEMORY_REFUSE : MEMORY_GO_ON;
    case MEMORY_STAGED: return often(world, world->odds.lose) ? MEMORY_LOSE : MEMORY_GO_ON;
    case MEMORY_COMMIT:
      if (often(world, world->odds.refuse)) return MEMORY_REFUSE;
      if (often(world, world->odds.delay)) return MEMORY_DELAY;
      return often(world, world->odds.lose) ? MEMORY_LOSE : MEMORY_GO_ON;
    default: return MEMORY_GO_ON;
  }
}

static const char *order_word(enum memory_fate order) {
  static const char *const words[] = {"", ": dies", ": refused", ": delayed", ": answer lost"};
  return words[order];
}

static enum memory_fate at_point(void *context, enum memory_point point) {
  struct member *member = context;
  struct world *world = member->world;
  member->point = point;
  if (member->killed) return MEMORY_CRASH;
  const enum memory_fate order = draw_order(world, point);
  TELL(world, "%s %u: %s%s", name_of(member), member->slot, memory_point_name(point), order_word(order));
  world->counts.crashes += order == MEMORY_CRASH;
  world->counts.transactions += point == MEMORY_COMMITTED;
  world->counts.rebuilt += point == MEMORY_READY;
  world->counts.snapshots += point == MEMORY_SNAPSHOT;
  if (order == MEMORY_CRASH) return order;
  const bool must = point == MEMORY_WAIT || point == MEMORY_UNANSWERED || (point == MEMORY_STEP && member->idle);
  if (!must && !often(world, world->odds.pause)) return order;
  fiber_pause(&member->fiber);
  return member->killed ? MEMORY_CRASH : order;
}

static void on_load(void *context, int32_t partition, const struct partition_state *own) {
  struct member *member = context;
  const struct world *world = member->world;
  engine_partition_load(member->pooled->engine, partition, own);
  int64_t next;
  if (own == NULL || memory_stale(member->log)) return;    // who no longer owns the partition may see one of them later than the other
  (void)state_partition(memory_state(member->log), partition, &next);
  if (next != broker_position(world->broker, partition))
    check_fail(world->result, CHECK_POSITIONS, "settlements[%d]: the group's position is %lld, the dossiers are at %lld", (int)partition,
               (long long)broker_position(world->broker, partition), (long long)next);
}

static void on_drop(void *context, int32_t partition) {
  const struct pooled *pooled = ((struct member *)context)->pooled;
  engine_partition_drop(pooled->engine, partition);
  store_drop_partition(pooled->store, partition);
}

static struct member *member_of(struct cache *cache) { return (struct member *)((char *)cache - offsetof(struct member, cache)); }

static enum status cache_get(struct cache *cache, struct cache_item *items, size_t size, struct arena *arena) {
  struct member *member = member_of(cache);
  if (!memory_pass(member->log, MEMORY_CACHE_GET)) return STATUS_RETRY;
  return member->world->shelf->operations->get(member->world->shelf, items, size, arena);
}

static enum status cache_put(struct cache *cache, const struct cache_item *items, size_t size) {
  struct member *member = member_of(cache);
  if (!memory_pass(member->log, MEMORY_CACHE_PUT)) return STATUS_RETRY;
  return member->world->shelf->operations->put(member->world->shelf, items, size);
}

static void cache_close(struct cache *cache) { (void)cache; }

static const struct cache_operations cache_operations = {"shared", cache_get, cache_put, cache_close};

static struct pooled *pooled_of(struct world *world, unsigned member) {
  struct pooled *pooled = &world->pool[world->set][member][world->limit];
  if (pooled->engine != NULL) return pooled;
  struct engine_settings settings = {.decode = decode_limits_default, .screen = screen_settings_default, .review = draw_settings_default,
                                     .topic_names = topic_names, .topic_names_size = 1};
  settings.screen.provisional_days = PROVISIONAL_DAYS;
  pooled->store = store_create(&(struct store_limits){limits[world->limit]});
  pooled->engine = engine_create(world->options.sets[world->set], &settings, pooled->store);
  return pooled;
}

// A process that ends leaves its engine and store to the next one, empty.
static void forget(struct world *world, const struct pooled *pooled) {
  while (engine_pending(pooled->engine) > 0) engine_undo(pooled->engine);
  for (int32_t p = 0; p < broker_partitions(world->broker); p++) {
    engine_partition_drop(pooled->engine, p);
    store_drop_partition(pooled->store, p);
  }
}

// Errors that this world makes itself; a worker that meets another has found, or made, a mistake.
static bool expected(const struct member *member, const struct error *error) {
  // Whoever works on a partition that another owns by now may look for a record that the other has replaced.
  if (memory_stale(member->log) && strstr(error->text, "the newest record of a subject is gone") != NULL) return true;
  static const char *const beginnings[] = {"injected", "fenced", "the same transaction was aborted"};
  for (unsigned i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
    if (strncmp(error->text, beginnings[i], strlen(beginnings[i])) == 0) return true;
  return false;
}

static void live(struct member *member) {
  struct world *world = member->world;
  member->pooled = pooled_of(world, member->number);
  struct memory_settings settings = {.broker = world->broker, .slot = member->slot, .batch_records = world->batch,
                                     .learn_records = world->learn, .key = key, .cache = world->cached ? &member->cache : NULL,
                                     .state_dir = world->snapshots ? world->options.folder : NULL,
                                     .mistakes = mutants_mistakes(world->options.mutant), .context = member, .point = at_point,
                                     .load = on_load, .drop = on_drop};
  for (unsigned i = 0; i < sizeof settings.epoch; i++) settings.epoch[i] = (unsigned char)below(world, 256);
  member->log = memory_open(&settings);
  struct log *log = mutants_wrap(world->options.mutant, member->log, &world->applied);
  struct worker worker;
  worker_init(&worker, log, memory_state(member->log), member->pooled->engine, member->pooled->store);
  while (!member->stop) {
    struct error error = {0};
    size_t size;
    bool end;
    const enum status status = worker_step(&worker, 0, &size, &end, &error);
    member->idle = status == STATUS_OK && size == 0;
    if (status != STATUS_OK) TELL(world, "%s %u: %s: %s", name_of(member), member->slot, status == STATUS_RETRY ? "again" : "ends", error.text);
    if (status != STATUS_OK && !expected(member, &error) && status != STATUS_RETRY) check_fail(world->result, CHECK_ERROR, "%s", error.text);
    world->counts.aborts += status == STATUS_RETRY;
    world->counts.fenced += status == STATUS_FATAL && strncmp(error.text, "fenced", 6) == 0;
    if (status != STATUS_OK && status != STATUS_RETRY) break;
    if (size > 0 && world->snapshots && often(world, 200)) memory_snapshot(member->log, (int32_t)below(world, (unsigned)broker_partitions(world->broker)));
    if (!memory_pass(member->log, MEMORY_STEP)) break;
  }
  struct error last = {0};
  if (!memory_dead(member->log) && worker_finish(&worker, &last) == STATUS_FATAL && !expected(member, &last))
    check_fail(world->result, CHECK_ERROR, "%s", last.text);
  worker_fini(&worker);
  mutants_unwrap(log, member->log);
  member->log->operations->close(member->log);
  member->log = NULL;
  forget(world, member->pooled);
}

static void member_main(void *context) {
  struct member *member = context;
  for (;;) {
    member->up = true;
    live(member);
    member->up = member->stop = member->killed = member->idle = false;
    TELL(member->world, "%s %u: is gone", name_of(member), member->slot);
    fiber_pause(&member->fiber);
  }
}

static void resume(struct member *member) {
  if (!member->up) TELL(member->world, "%s %u: starts", name_of(member), member->slot);
  fiber_resume(&member->fiber);
}

// --- What happens around them ----------------------------------------------------------------------------------------------------

static bool reveal(struct world *world) {
  if (world->revealed == world->scenario.size) return false;
  const struct scenario_message *message = &world->scenario.messages[world->revealed++];
  if (message->gap) broker_skip(world->broker, message->partition);
  else broker_append(world->broker, message->partition, scenario_key(&world->scenario, message), scenario_value(&world->scenario, message),
                     message->aborted);
  return true;
}

static bool in_group(const struct world *world, unsigned slot) {
  return broker_is_member(world->broker, slot, broker_member(world->broker, slot));
}

// Somebody in the group owns nothing that he could, or somebody outside owns something.
static bool group_is_unfair(const struct world *world) {
  for (int32_t p = 0; p < broker_partitions(world->broker); p++) {
    const int owner = broker_owner(world->broker, p);
    if (owner < 0 || !in_group(world, (unsigned)owner)) return true;
  }
  return false;
}

static void rebalance(struct world *world) {
  unsigned candidates[MEMBERS], size = 0;
  for (unsigned slot = 0; slot < world->members_size; slot++)
    if (in_group(world, slot)) candidates[size++] = slot;
  if (size == 0) return;
  int owners[BROKER_PARTITIONS_MAX];
  for (int32_t p = 0; p < broker_partitions(world->broker); p++) {
    owners[p] = (int)candidates[below(world, size)];
    TELL(world, "rebalance: partition %d to process %d", (int)p, owners[p]);
  }
  broker_rebalance(world->broker, owners);
  world->counts.rebalances++;
}

static void snapshot_path(const struct world *world, unsigned slot, int32_t partition, const char *suffix, char *path, size_t size) {
  snprintf(path, size, "%s/%u-%d.index%s", world->options.folder, slot, (int)partition, suffix);
}

// A snapshot loses its end or gets a wrong byte, or is another partition's, or an older one, or gone.
static void damage_snapshot(struct world *world) {
  char path[200], other[200];
  const unsigned slot = below(world, world->members_size), partitions = (unsigned)broker_partitions(world->broker);
  const int32_t partition = (int32_t)below(world, partitions);
  snapshot_path(world, slot, partition, "", path, sizeof path);
  const unsigned how = below(world, 5);
  char bytes[65536];
  FILE *file = fopen(path, "rb");
  if (file == NULL) return;
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  if (size == 0) return;
  TELL(world, "the snapshot of partition %d in slot %u is damaged, kind %u", (int)partition, slot, how);
  world->counts.damaged++;
  snapshot_path(world, slot, partition, ".old", other, sizeof other);
  if (how == 0) (void)remove(path);
  else if (how == 1 && rename(other, path) != 0) (void)rename(path, other);    // kept, to come back later
  else if (how > 1) {
    if (how == 4) snapshot_path(world, below(world, world->members_size), (int32_t)below(world, partitions), "", path, sizeof path);
    file = fopen(path, "wb");
    if (file == NULL) return;
    if (how == 2) bytes[below(world, (unsigned)size)] ^= (char)(1 << below(world, 8));
    (void)fwrite(bytes, 1, how == 3 ? below(world, (unsigned)size) : size, file);
    fclose(file);
  }
}

static void remove_snapshots(struct world *world, unsigned members, int32_t partitions) {
  for (unsigned slot = 0; slot < members; slot++)
    for (int32_t p = 0; p < partitions; p++)
      for (int old = 0; old < 2; old++) {
        char path[200];
        snapshot_path(world, slot, p, old ? ".old" : "", path, sizeof path);
        (void)remove(path);
      }
}

static void draw_lies(struct world *world, struct shelf_lies *lies) {
  *lies = (struct shelf_lies){0};
  if (often(world, 300)) return;
  unsigned *const kinds[] = {&lies->forget, &lies->stale, &lies->corrupt, &lies->other, &lies->fail, &lies->truncate};
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (often(world, 500)) *kinds[i] = below(world, 400);
}

static void run_somebody(struct world *world) {
  struct member *member = &world->members[world->twin && often(world, 150) ? MEMBERS : below(world, world->members_size)];
  if (member->stalled > 0) member->stalled--;
  else resume(member);
}

static void happen(struct world *world) {
  const unsigned slot = below(world, world->members_size);
  struct member *member = &world->members[slot];
  const unsigned dice = below(world, 1000);
  if (dice < 150) {
    for (unsigned i = 1 + below(world, 6); i > 0 && reveal(world); i--) {}
  } else if (dice < 170) {
    if (world->odds.crash > 0) rebalance(world);
  } else if (dice < 178) {
    if (world->odds.crash == 0) return;
    TELL(world, "the group puts process %u out", slot);
    broker_expel(world->broker, slot);
    world->counts.expelled++;
  } else if (dice < 188) {
    if (!broker_time_out(world->broker, slot)) return;
    TELL(world, "the transaction of process %u is timed out", slot);
    world->counts.timed_out++;
  } else if (dice < 250) {
    if (!broker_deliver(world->broker, slot)) return;
    TELL(world, "the late commit of process %u arrives", slot);
    world->counts.late++;
  } else if (dice < 258) {
    TELL(world, "the state topic is compacted");
    for (int32_t p = 0; p < broker_partitions(world->broker); p++) broker_compact(world->broker, p);
  } else if (dice < 266) {
    struct shelf_lies lies;
    draw_lies(world, &lies);
    TELL(world, "the cache is emptied");
    shelf_empty(world->shelf, &lies, draws_next(&world->draws));
  } else if (dice < 272) {
    TELL(world, "an old copy of the cache is put back");
    shelf_restore(world->shelf);
  } else if (dice < 284) {
    if (world->snapshots) damage_snapshot(world);
  } else if (dice < 310) {
    member->stalled = 1 + below(world, 30);
    TELL(world, "process %u stands still", slot);
  } else if (dice < 320) {
    if (!member->up || world->odds.crash == 0) return;
    TELL(world, "process %u is killed", slot);
    world->counts.crashes++;
    member->killed = true;
    member->stalled = 0;
    resume(member);
  } else if (dice < 330) {
    if (!world->rolling) return;
    world->set = 1 - world->set;
    TELL(world, "rule set %u comes into service", world->set);
    world->counts.rolled++;
    member->stop = member->up;    // the others follow when they start anew
  } else if (dice < 340) {
    if (world->rolling) member->stop = member->up;
  } else {
    if (group_is_unfair(world) && often(world, 300)) rebalance(world);
    run_somebody(world);
  }
}

// --- The end ---------------------------------------------------------------------------------------------------------------------

static bool all_screened(const struct world *world) {
  if (world->revealed < world->scenario.size) return false;
  for (int32_t p = 0; p < broker_partitions(world->broker); p++) {
    size_t size;
    const struct broker_record *rows = broker_input(world->broker, p, &size);
    while (size > 0 && rows[size - 1].aborted) size--;
    if (size > 0 && broker_position(world->broker, p) <= rows[size - 1].offset) return false;
  }
  return true;
}

// Nobody is in the middle of anything.
static bool all_rest(const struct world *world) {
  for (unsigned slot = 0; slot < world->members_size; slot++) {
    const struct member *member = &world->members[slot];
    if (!member->up || !member->idle || member->point != MEMORY_STEP || memory_stale(member->log)) return false;
  }
  return !group_is_unfair(world);
}

static void calm_down(struct world *world) {
  TELL(world, "calm");
  world->calm = true;
  while (reveal(world)) {}
  struct member *twin = &world->members[MEMBERS];
  twin->killed = twin->up;
  while (twin->up) resume(twin);
  (void)broker_time_out(world->broker, twin->slot);    // what it left open: nobody else ends it
  unsigned rounds = 0;
  for (; rounds < CALM_ROUNDS_MAX && !(all_screened(world) && all_rest(world)); rounds++) {
    world->turn++;
    if (group_is_unfair(world)) rebalance(world);
    for (unsigned slot = 0; slot < world->members_size; slot++) {
      (void)broker_deliver(world->broker, slot);
      world->members[slot].stalled = 0;
      resume(&world->members[slot]);
    }
  }
  if (rounds == CALM_ROUNDS_MAX) check_fail(world->result, CHECK_END, "%s after %d calm rounds", all_screened(world) ? "no rest" : "not all is screened", CALM_ROUNDS_MAX);
}

static bool owns(void *context, int32_t partition) { return memory_owns(context, partition); }

static void stop_all(struct world *world) {
  const bool good = !world->result->failed[CHECK_END];
  for (unsigned number = 0; number < world->members_size; number++) {
    struct member *member = &world->members[number];
    member->stop = good;
    member->killed = !good;
    while (member->up) resume(member);
  }
}

// --- A schedule ------------------------------------------------------------------------------------------------------------------

static void prepare(struct world *world, uint64_t seed) {
  world->draws = (struct draws){seed};
  struct draws input = {~seed};    // of its own, so that a seed keeps its input when something else is drawn otherwise
  world->turn = 0;
  world->revealed = 0;
  world->calm = false;
  memset(&world->applied, 0, sizeof world->applied);
  const struct scenario_options scenario = {.partitions = 1 + (int32_t)draws_below(&input, 3), .ticks = draws_chance(&input, 500)};
  broker_reset(world->broker, scenario.partitions);
  scenario_make(&world->scenario, &scenario, &input);
  world->members_size = 1 + below(world, MEMBERS);
  world->batch = 1 + below(world, often(world, 300) ? 40 : 6);
  world->learn = 1 + below(world, often(world, 500) ? 60 : 6);
  world->limit = often(world, 500) ? 1 : 2 * below(world, 2);
  world->twin = often(world, 150);
  world->members[MEMBERS].slot = below(world, world->members_size);
  world->members[MEMBERS].stalled = 0;
  world->cached = often(world, 750);
  world->snapshots = often(world, 300);
  world->rolling = !scenario.ticks && often(world, 500);
  world->set = world->rolling ? below(world, SETS) : 0;
  struct shelf_lies lies;
  draw_lies(world, &lies);
  shelf_empty(world->shelf, &lies, draws_next(&world->draws));
  world->odds = (struct odds){.pause = 50 + below(world, 400)};
  if (often(world, 900))
    world->odds = (struct odds){below(world, 14), below(world, 50), below(world, 80), below(world, 80), world->odds.pause};
  if (world->snapshots) remove_snapshots(world, world->members_size, scenario.partitions);
  TELL(world, "%zu messages in %d partitions, %u processes, batches of %zu, cache %s, snapshots %s, store %llu", world->scenario.size,
       (int)scenario.partitions, world->members_size, world->batch, world->cached ? "on" : "off", world->snapshots ? "on" : "off",
       (unsigned long long)limits[world->limit]);
}

static void tell_written(const struct world *world) {
  size_t size;
  for (int32_t p = 0; p < broker_partitions(world->broker); p++) {
    const struct broker_record *rows = broker_input(world->broker, p, &size);
    for (size_t i = 0; i < size; i++)
      printf("settlements[%d]@%lld%s %.*s\n", (int)p, (long long)rows[i].offset, rows[i].aborted ? " (aborted)" : "", SLICE_ARG(rows[i].value));
  }
  const struct broker_output *outputs = broker_outputs(world->broker, &size);
  for (size_t i = 0; i < size; i++)
    printf("%s of settlements[%d]@%lld, transaction %u%s %.*s\n", topic_name(outputs[i].topic), (int)outputs[i].source.partition,
           (long long)outputs[i].source.offset, outputs[i].transaction, broker_committed(world->broker, outputs[i].transaction) ? "" : " (not committed)",
           SLICE_ARG(outputs[i].value));
}

bool world_run(struct world *world, uint64_t seed, struct check_result *result) {
  *result = (struct check_result){0};
  world->result = result;
  prepare(world, seed);
  const unsigned turns = 100 + 6 * (unsigned)world->scenario.size;
  while (world->turn++ < turns && !all_screened(world)) happen(world);
  calm_down(world);
  for (unsigned slot = 0; slot < world->members_size && !result->failed[CHECK_END]; slot++)
    checker_memory(world->checker, world->broker, world->members[slot].pooled->store, owns, world->members[slot].log, result);
  stop_all(world);
  checker_run(world->checker, world->broker, result);
  if (world->options.verbose) tell_written(world);
  size_t findings;
  (void)oracle_findings(world->oracle, &findings);
  world->counts.findings += findings;
  world->counts.records += world->scenario.size;
  world->counts.lies = shelf_lies_told(world->shelf);
  return !check_any(result);
}

struct world *world_create(const struct world_options *options) {
  struct world *world = memory_take(sizeof *world);
  world->options = *options;
  world->broker = broker_create(1);
  world->shelf = shelf_open();
  world->oracle = oracle_create(PROVISIONAL_DAYS);
  world->checker = checker_create(world->oracle, options->sets, SETS);
  for (unsigned number = 0; number <= MEMBERS; number++) {
    struct member *member = &world->members[number];
    *member = (struct member){.world = world, .number = number, .slot = number, .cache.operations = &cache_operations};
    fiber_init(&member->fiber, member_main, member);
  }
  return world;
}

void world_destroy(struct world *world) {
  remove_snapshots(world, MEMBERS, BROKER_PARTITIONS_MAX);
  for (unsigned number = 0; number <= MEMBERS; number++) fiber_fini(&world->members[number].fiber);
  for (unsigned set = 0; set < SETS; set++)
    for (unsigned number = 0; number <= MEMBERS; number++)
      for (unsigned limit = 0; limit < LIMITS; limit++) {
        engine_destroy(world->pool[set][number][limit].engine);
        store_destroy(world->pool[set][number][limit].store);
      }
  scenario_fini(&world->scenario);
  checker_destroy(world->checker);
  oracle_destroy(world->oracle);
  world->shelf->operations->close(world->shelf);
  broker_destroy(world->broker);
  memory_free(world);
}
