#include "consumers/run.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "consumers/breaker.h"
#include "consumers/journal.h"
#include "consumers/reload.h"
#include "consumers/steer.h"
#include "consumers/worker.h"
#include "core/memory.h"
#include "stream/kafka/kafka.h"
#include "stream/redis/redis.h"

// Every 61st decision is timed: a prime, so that no rule that comes at a regular place is always or never the one.
enum { COUNT_US = 500000, TIME_EVERY = 61, TAKE_MS = 200, PROGRESS_S = 10, MARGIN_BYTES = 128 * 1024, MARGIN_DAYS = 30 };

struct run {
  const struct run_options *options;
  struct client *client;
  struct arena arena;
  const char *topics[TOPIC_COUNT];
  const char *group, *host, *instance, *state_dir;
  struct poison *poison;
  struct reload *reload;
  struct steer *steer;
  struct tally *tally;
  unsigned char key[DIGEST_KEY_BYTES], epoch[STATE_EPOCH_BYTES];
  int32_t partitions;
  int lock;
  atomic_bool stopping;
  struct seat *seats;
  size_t seats_size;
};

// One worker's place: what its thread uses, and what the main thread reads of it.
struct seat {
  struct run *run;
  unsigned number;
  pthread_t thread;
  bool started;
  struct engine *engine;
  const struct ruleset *ruleset;    // the engine's
  int64_t counted_us;
  struct store *store;
  enum status status;
  struct error error;
  _Atomic uint64_t records, bytes, batches, retries, findings, cached, distrusted, from_topic, memory;
  _Atomic int64_t lag;
  _Atomic int32_t at_goal;
};

// --- The cluster ---------------------------------------------------------------------------------------------------------------

enum { SECURITY_PROPERTIES = 9 };

// What the settings of security mean for the library.
static size_t security_add(const struct site *site, struct arena *arena, struct client_property *properties) {
  static const char *const mechanisms[] = {NULL, "SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"};    // enum site_mechanism
  const struct site_sasl *sasl = &site->kafka.sasl;
  const struct site_tls *tls = &site->kafka.tls;
  const bool named = sasl->mechanism != SITE_SASL_NONE;
  if (!named && tls->ca_file.size == 0 && tls->certificate_file.size == 0) return 0;
  size_t size = 0;
  properties[size++] = (struct client_property){"security.protocol", named ? "sasl_ssl" : "ssl"};
  if (named) properties[size++] = (struct client_property){"sasl.mechanism", mechanisms[sasl->mechanism]};
  const struct { const char *name; struct slice value; } texts[] = {
      {"sasl.username", named ? sasl->user : SLICE("")},      {"sasl.password", named ? sasl->password : SLICE("")},
      {"ssl.ca.location", tls->ca_file},                      {"ssl.certificate.location", tls->certificate_file},
      {"ssl.key.location", tls->key_file},                    {"ssl.key.password", tls->key_password}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (slice_present(texts[i].value) && texts[i].value.size > 0)
      properties[size++] = (struct client_property){texts[i].name, arena_copy_text(arena, texts[i].value)};
  return size;
}

struct client *run_client(const struct site *site, struct arena *arena, struct error *error) {
  const struct yaml_node *map = site->kafka.properties;
  struct client_property *properties = ARENA_ZEROED(arena, struct client_property, SECURITY_PROPERTIES + (map != NULL ? map->size : 0));
  size_t size = security_add(site, arena, properties);
  for (const struct yaml_node *key = map != NULL ? map->child : NULL; key != NULL; key = key->next) {
    if (key->value->type != YAML_SCALAR) {
      error_set(error, STATUS_FATAL, "%s:%u: kafka property '%.*s' must be a single value", key->place.file, key->place.line, SLICE_ARG(key->scalar));
      return NULL;
    }
    properties[size++] = (struct client_property){arena_copy_text(arena, key->scalar), arena_copy_text(arena, key->value->scalar)};
  }
  const struct client_settings settings = {.bootstrap = arena_copy_text(arena, site->kafka.bootstrap), .properties = properties,
                                           .properties_size = size, .startup_ms = (int)site->run.startup_s * 1000,
                                           .say = journal_listener};
  return client_open(&settings, error);
}

struct topics_settings run_topics(const struct site *site, const struct ruleset *ruleset) {
  struct topics_settings settings = {.prefix = site->kafka.prefix, .partitions = (int32_t)site->kafka.partitions,
                                     .output_partitions = (int32_t)site->kafka.output_partitions,
                                     .replication = (int32_t)site->kafka.replication, .input_bytes_max = site->kafka.input_bytes_max,
                                     .dossier_bytes_max = site->engine.screen.dossier_bytes_max};
  if (ruleset != NULL) {
    struct screen *screen = screen_create(ruleset, &site->engine.screen, NULL, 0);
    settings.horizon_days = screen_retention_days(screen);
    screen_destroy(screen);
  }
  settings.retention_days = site->kafka.retention_days > 0 ? site->kafka.retention_days : settings.horizon_days + MARGIN_DAYS;
  return settings;
}

// --- A worker's thread ---------------------------------------------------------------------------------------------------------

static void on_load(void *context, int32_t partition, const struct partition_state *own) {
  engine_partition_load(((struct seat *)context)->engine, partition, own);
}

static void on_drop(void *context, int32_t partition) {
  struct seat *seat = context;
  engine_partition_drop(seat->engine, partition);
  store_drop_partition(seat->store, partition);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
static int64_t now_us(void) { return (int64_t)(now_ns() / 1000); }

static void publish(struct seat *seat, const struct worker *worker, const struct log *log) {
  const struct state_counts *state = state_counts(worker->state);
  atomic_store(&seat->records, worker->records);
  atomic_store(&seat->bytes, worker->bytes);
  atomic_store(&seat->batches, worker->batches);
  atomic_store(&seat->retries, worker->retries);
  atomic_store(&seat->findings, engine_screen_counts(seat->engine)->findings_opened);
  atomic_store(&seat->cached, state->from_cache);
  atomic_store(&seat->distrusted, state->distrusted);
  atomic_store(&seat->from_topic, state->from_topic);
  atomic_store(&seat->memory, store_bytes(seat->store) + state_bytes(worker->state));
  atomic_store(&seat->lag, kafka_lag(log));
  atomic_store(&seat->at_goal, kafka_at_goal(log));
}

static void count_rules(struct seat *seat) {
  tally_add(seat->run->tally, seat->number, seat->ruleset, engine_rule_counts(seat->engine));
  seat->counted_us = now_us();
}

// Between two batches: another rule set, when one is in force. True: there was one.
static bool take_up(struct seat *seat) {
  const struct ruleset *ruleset = reload_next(seat->run->reload, seat->number);
  if (ruleset == NULL) return false;
  const int64_t begin_us = now_us();
  count_rules(seat);
  tally_leave(seat->run->tally, seat->number);
  engine_use(seat->engine, ruleset);
  seat->ruleset = ruleset;
  reload_used(seat->run->reload, seat->number);
  journal_say(JOURNAL_INFO, "worker %u: rule set %s from the next transaction on; changed over in %lld us", seat->number, ruleset->hash,
              (long long)(now_us() - begin_us));
  return true;
}

// Where the new set begins, by partition: as screened now; the receipts tell what was committed.
static void tell_positions(struct seat *seat) {
  const struct partition_counts *counts;
  const size_t size = engine_partitions(seat->engine, &counts);
  for (size_t i = 0; i < size; i++)
    if (counts[i].first_offset >= 0)
      journal_say(JOURNAL_INFO, "worker %u: %s[%d]@%lld is the first under its rule set", seat->number, seat->run->topics[TOPIC_SETTLEMENTS],
                  (int)counts[i].partition, (long long)counts[i].first_offset);
}

static enum status serve(struct seat *seat, struct log *log) {
  struct run *run = seat->run;
  struct worker worker;
  worker_init(&worker, log, kafka_state(log), seat->engine, seat->store);
  enum status status = STATUS_OK;
  bool changed = false;
  while (status == STATUS_OK && !atomic_load(&run->stopping)) {
    struct error error = {0};
    size_t size;
    bool end;
    changed |= take_up(seat);
    status = worker_step(&worker, TAKE_MS, &size, &end, &error);
    if (status == STATUS_RETRY) {
      journal_say(JOURNAL_WARNING, "worker %u: %s; the same records again", seat->number, error.text);
      status = STATUS_OK;
    } else if (status != STATUS_OK) {
      seat->error = error;
    } else if (changed && size > 0) {
      tell_positions(seat);
      changed = false;
    }
    publish(seat, &worker, log);
    if (now_us() - seat->counted_us >= COUNT_US) count_rules(seat);
  }
  count_rules(seat);
  struct error error = {0};
  const enum status last = worker_finish(&worker, &error);    // RETRY: it was aborted, the next start does it again
  if (status == STATUS_OK && last == STATUS_FATAL) {
    status = last;
    seat->error = error;
  }
  publish(seat, &worker, log);
  worker_fini(&worker);
  return status;
}

static enum status sit(struct seat *seat) {
  struct run *run = seat->run;
  const struct site *site = run->options->site;
  char slot[300];
  snprintf(slot, sizeof slot, "%s-%.*s-%u", run->host, SLICE_ARG(site->run.instance), seat->number);
  struct cache *cache = NULL;
  if (!site->redis.off) {
    const struct redis_settings redis = {.url = site->redis.url, .user = site->redis.user, .password = site->redis.password,
                                         .timeout_ms = (int)site->redis.timeout_ms, .ttl_s = site->redis.ttl_days * 86400};
    cache = redis_open(&redis, &seat->error);
    if (cache == NULL) return STATUS_FATAL;
  }
  seat->store = store_create(&(struct store_limits){.bytes_max = (uint64_t)site->run.memory_bytes});
  struct engine_settings settings = site->engine;
  const char *const names[] = {run->topics[TOPIC_SETTLEMENTS]};
  settings.topic_names = names;
  settings.topic_names_size = 1;
  settings.watch = poison_watch_of(run->poison, seat->number);
  poison_guard(&settings.watch);
  const struct ruleset *ruleset = reload_next(run->reload, seat->number);    // what was steered to before this thread began
  seat->ruleset = ruleset != NULL ? ruleset : run->options->ruleset;
  settings.screen.now_ns = now_ns;
  settings.screen.seal_key = run->key;
  settings.screen.time_every = TIME_EVERY;
  seat->engine = engine_create(seat->ruleset, &settings, seat->store);
  reload_used(run->reload, seat->number);
  const int64_t largest = site->kafka.input_bytes_max > site->engine.screen.dossier_bytes_max ? site->kafka.input_bytes_max
                                                                                               : site->engine.screen.dossier_bytes_max;
  struct kafka_settings kafka = {
      .client = run->client, .group = run->group, .slot = slot, .batch_records = site->run.batch_records, .batch_bytes = site->run.batch_bytes,
      .batch_ms = (int)site->run.batch_ms, .message_bytes_max = largest + MARGIN_BYTES,
      .transaction_timeout_ms = (int)site->kafka.transaction_timeout_ms, .session_timeout_ms = (int)site->kafka.session_timeout_ms,
      .snapshot_s = (int)site->run.snapshot_s, .rebuild_ms = (int)site->run.rebuild_ms, .silence_s = (int)site->run.silence_s,
      .from_earliest = run->options->from_earliest,
      .without_transactions = run->options->without_transactions, .state_dir = run->state_dir, .key = run->key,
      .cache = cache, .stopping = &run->stopping, .context = seat, .load = on_load, .drop = on_drop};
  memcpy(kafka.topics, run->topics, sizeof kafka.topics);
  memcpy(kafka.epoch, run->epoch, sizeof kafka.epoch);
  struct log *log = kafka_open(&kafka, &seat->error);
  const enum status status = log != NULL ? serve(seat, log) : STATUS_FATAL;
  if (log != NULL) log->operations->close(log);
  engine_destroy(seat->engine);
  store_destroy(seat->store);
  if (cache != NULL) cache->operations->close(cache);
  poison_leave();
  return status;
}

static void *seat_main(void *context) {
  struct seat *seat = context;
  seat->status = sit(seat);
  if (seat->status != STATUS_OK) {
    journal_say(JOURNAL_ERROR, "worker %u: %s", seat->number, seat->error.text);
    atomic_store(&seat->run->stopping, true);
  }
  return NULL;
}

// --- The process ---------------------------------------------------------------------------------------------------------------

static enum status lock_instance(struct run *run, struct error *error) {
  const struct site *site = run->options->site;
  if (mkdir(run->state_dir, 0700) != 0 && errno != EEXIST)
    return error_set(error, STATUS_FATAL, "cannot create 'run.state_dir' %s: %s", run->state_dir, strerror(errno));
  struct text path = {0};
  text_format(&path, "%s/%.*s.lock%c", run->state_dir, SLICE_ARG(site->run.instance), '\0');
  run->lock = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  enum status status = STATUS_OK;
  if (run->lock < 0)
    status = error_set(error, STATUS_FATAL, "cannot open '%s': %s", path.data, strerror(errno));
  else if (flock(run->lock, LOCK_EX | LOCK_NB) != 0)
    status = error_set(error, STATUS_FATAL, "'%s' is locked: a process of instance '%.*s' runs on this host already; give the second one "
                       "another run.instance", path.data, SLICE_ARG(site->run.instance));
  text_fini(&path);
  return status;
}

static void tell_topic(void *context, const char *line) {
  (void)context;
  journal_say(JOURNAL_ERROR, "topics: %s", line);
}

// slot: of the process, whose rights and positions are tried as well; NULL: they were at the start.
static enum status topics_fit(struct run *run, const struct ruleset *ruleset, const char *slot, struct error *error) {
  struct topics_settings topics = run_topics(run->options->site, ruleset);
  if (slot != NULL) topics.group = run->group;
  topics.slot = slot;
  const enum status status = topics_check(run->client, &topics, tell_topic, NULL, error);
  if (status != STATUS_REJECT) return status;
  return error_set(error, STATUS_REJECT, "the topics are not as they must be, see `settlewatch topics check`");
}

static enum status prepare(struct run *run, struct error *error) {
  const struct site *site = run->options->site;
  char host[100];
  if (gethostname(host, sizeof host) != 0) return error_set(error, STATUS_FATAL, "this host has no name: %s", strerror(errno));
  host[sizeof host - 1] = '\0';
  for (char *c = host; *c != '\0'; c++)
    if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '-')) *c = '_';
  run->host = arena_copy_text(&run->arena, slice_from(host));
  run->instance = arena_copy_text(&run->arena, site->run.instance);
  run->group = arena_copy_text(&run->arena, site->kafka.group);
  run->state_dir = arena_copy_text(&run->arena, site->run.state_dir);
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) run->topics[topic] = topics_name(&run->arena, site->kafka.prefix, topic);
  enum status status = lock_instance(run, error);
  if (status == STATUS_OK) status = site_mac_key(site, run->key, error);
  if (status != STATUS_OK) return status;
  if (getrandom(run->epoch, sizeof run->epoch, 0) != (ssize_t)sizeof run->epoch)
    return error_set(error, STATUS_FATAL, "this machine gives no randomness: %s", strerror(errno));
  run->client = run_client(site, &run->arena, error);
  if (run->client == NULL) return STATUS_FATAL;
  char slot[200];
  snprintf(slot, sizeof slot, "%s-%.*s", run->host, SLICE_ARG(site->run.instance));
  status = topics_fit(run, run->options->ruleset, slot, error);
  if (status == STATUS_OK) status = client_partitions(run->client, run->topics[TOPIC_SETTLEMENTS], &run->partitions, error);
  return status;
}

// What a rule set must pass besides loading: the tests of its active rules, and topics that are kept as long as it looks back.
static bool fits(void *context, const struct ruleset *ruleset, struct diagnostics *diagnostics, struct error *error) {
  struct run *run = context;
  if (!run->options->prove(run->options->prove_context, ruleset, diagnostics)) return false;
  return topics_fit(run, ruleset, NULL, error) == STATUS_OK;
}

static void say_progress(struct run *run, uint64_t *before, int64_t seconds, bool last) {
  uint64_t records = 0, bytes = 0, batches = 0, retries = 0, findings = 0, cached = 0, distrusted = 0, from_topic = 0, memory = 0;
  int64_t lag = 0;
  for (size_t i = 0; i < run->seats_size; i++) {
    struct seat *seat = &run->seats[i];
    records += atomic_load(&seat->records);
    bytes += atomic_load(&seat->bytes);
    batches += atomic_load(&seat->batches);
    retries += atomic_load(&seat->retries);
    findings += atomic_load(&seat->findings);
    cached += atomic_load(&seat->cached);
    distrusted += atomic_load(&seat->distrusted);
    from_topic += atomic_load(&seat->from_topic);
    memory += atomic_load(&seat->memory);
    lag += atomic_load(&seat->lag);
  }
  if (!last && records == *before) return;
  journal_say(JOURNAL_INFO, "%s%llu records (%lld/s, %llu MiB), %llu transactions, %llu repeated, %llu findings opened, lag %lld; dossiers: %llu from "
              "cache, %llu distrusted, %llu from the topic, %llu MiB in memory", last ? "at the end: " : "", (unsigned long long)records,
              seconds > 0 ? (long long)(records - *before) / (long long)seconds : 0LL, (unsigned long long)(bytes >> 20),
              (unsigned long long)batches, (unsigned long long)retries, (unsigned long long)findings, (long long)lag,
              (unsigned long long)cached, (unsigned long long)distrusted, (unsigned long long)from_topic, (unsigned long long)(memory >> 20));
  *before = records;
}

static bool all_at_goal(struct run *run) {
  int32_t reached = 0;
  for (size_t i = 0; i < run->seats_size; i++) reached += atomic_load(&run->seats[i].at_goal);
  return reached >= run->partitions;
}

static int64_t now_s(void) { return now_us() / 1000000; }

// What `settlewatch rules stats --config` reads.
static void write_stats(struct run *run) {
  struct text path = {0};
  struct error error = {0};
  char hash[33], of_files[33];
  reload_current(run->reload, hash, of_files);
  text_format(&path, "%s/%s.stats%c", run->state_dir, run->instance, '\0');
  if (tally_write(run->tally, path.data, hash, &error) != STATUS_OK) journal_say(JOURNAL_WARNING, "%s", error.text);
  text_fini(&path);
}

static void watch(struct run *run, const sigset_t *signals) {
  const int64_t begun_s = now_s();
  int64_t said_s = begun_s;
  uint64_t before = 0;
  while (!atomic_load(&run->stopping)) {
    const struct timespec pause = {0, run->options->until_end ? 50000000 : 500000000};
    const int got = sigtimedwait(signals, NULL, &pause);
    if (got == SIGHUP) steer_signal(run->steer);
    steer_poll(run->steer);
    breaker_look(run->tally, run->steer);
    if (got == SIGTERM || got == SIGINT) {
      journal_say(JOURNAL_INFO, "stopping: the transactions at hand are finished");
      atomic_store(&run->stopping, true);
    }
    if (run->options->until_end && all_at_goal(run)) atomic_store(&run->stopping, true);
    if (now_s() - said_s >= PROGRESS_S) {
      say_progress(run, &before, now_s() - said_s, false);
      write_stats(run);
      said_s = now_s();
    }
  }
  for (size_t i = 0; i < run->seats_size; i++)
    if (run->seats[i].started) pthread_join(run->seats[i].thread, NULL);
  write_stats(run);
  before = 0;
  say_progress(run, &before, now_s() - begun_s, true);
}

static enum status serve_all(struct run *run, const sigset_t *signals, struct error *error) {
  run->seats_size = (size_t)run->options->site->run.workers;
  run->seats = memory_take(run->seats_size * sizeof *run->seats);
  for (size_t i = 0; i < run->seats_size; i++) {
    struct seat *seat = &run->seats[i];
    seat->run = run;
    seat->number = (unsigned)i;
    seat->started = pthread_create(&seat->thread, NULL, seat_main, seat) == 0;
    if (seat->started) continue;
    seat->status = error_set(&seat->error, STATUS_FATAL, "cannot start a thread: %s", strerror(errno));
    atomic_store(&run->stopping, true);
  }
  if (run->options->without_transactions) journal_say(JOURNAL_WARNING, "without transactions: outputs may be lost or doubled; for measurements only");
  char hash[33], of_files[33];
  reload_current(run->reload, hash, of_files);
  journal_say(JOURNAL_INFO, "screening '%s' with %zu workers, rule set %s", run->topics[TOPIC_SETTLEMENTS], run->seats_size, hash);
  watch(run, signals);
  enum status status = STATUS_OK;
  for (size_t i = 0; i < run->seats_size; i++)
    if (run->seats[i].status != STATUS_OK) status = error_set(error, run->seats[i].status, "worker %zu: %s", i, run->seats[i].error.text);
  memory_free(run->seats);
  return status;
}

enum status run_screen(const struct run_options *options, struct error *error) {
  struct run run = {.options = options, .lock = -1};
  sigset_t signals;    // blocked before any thread begins, so that only the main thread hears them, and none ends us half-way
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  signal(SIGPIPE, SIG_IGN);    // a Redis that went away is an error of a write, not the end
  arena_init(&run.arena, 1 << 14);
  enum status status = prepare(&run, error);
  if (status == STATUS_OK) run.poison = poison_open(run.state_dir, run.instance, (unsigned)options->site->run.workers, NULL, journal_listener);
  const struct reload_settings reload = {.first = options->ruleset, .workers = (unsigned)options->site->run.workers,
                                         .bytes_max = options->site->run.rules_bytes_max, .context = &run, .check = fits, .say = journal_listener};
  if (status == STATUS_OK) {
    run.reload = reload_open(&reload, error);
    run.tally = tally_create((unsigned)options->site->run.workers);
    if (run.reload == NULL) status = STATUS_FATAL;
    const struct steer_settings steer = {.client = run.client, .topic = run.topics[TOPIC_RULES_CONTROL], .group = run.group,
                                         .folder = options->site->rules, .reload = run.reload, .say = journal_listener};
    if (status == STATUS_OK) run.steer = steer_open(&steer, error);
    if (status == STATUS_OK && run.steer == NULL) status = STATUS_FATAL;
  } else {
    ruleset_destroy(options->ruleset);
  }
  if (status == STATUS_OK) status = serve_all(&run, &signals, error);
  tally_destroy(run.tally);
  steer_close(run.steer);
  reload_close(run.reload);
  poison_close(run.poison);
  client_close(run.client);
  if (run.lock >= 0) close(run.lock);
  explicit_bzero(run.key, sizeof run.key);
  arena_fini(&run.arena);
  return status;
}
