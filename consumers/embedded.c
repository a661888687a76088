#include "consumers/embedded.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/memory.h"
#include "stream/file/order.h"
#include "stream/file/writer.h"
#include "stream/receipt.h"

struct run;

struct worker {
  struct run *run;
  unsigned number;
  pthread_t thread;
  struct store *stores[EMBEDDED_SIDES];
  struct engine *engines[EMBEDDED_SIDES];    // the first one decodes for all
  struct outbox outbox;
  size_t *ends;                 // entries of the outbox after each record of mine in the segment
  size_t ends_capacity;
  struct error error;
};

struct due { struct slice subject; unsigned worker; };

struct run {
  const struct embedded_options *options;
  struct worker *workers;
  unsigned size, sides;
  pthread_barrier_t start, done;
  enum { PHASE_DECODE, PHASE_SCREEN, PHASE_STOP } phase;
  const struct record *records;
  size_t records_size;
  const struct decoded **decoded;    // by record
  unsigned *owners;
  size_t decoded_capacity;
  size_t first, end;                 // the segment of the batch that is screened: records between ticks
  struct outbox merged;
  struct due *due;
  size_t due_size, due_capacity;
  struct arena arena;
  struct partition_counts *counts, *counts_before;    // by input
  struct partition_state *states;
};

// ---- one worker -------------------------------------------------------------------------------------------------------------------

static void decode_part(struct worker *worker) {
  struct run *run = worker->run;
  const size_t from = run->records_size * worker->number / run->size, to = run->records_size * (worker->number + 1) / run->size;
  engine_decode(worker->engines[0], run->records + from, to - from);
  size_t size;
  const struct decoded *decoded = engine_decoded(worker->engines[0], &size);
  for (size_t i = 0; i < size; i++) {
    run->decoded[from + i] = &decoded[i];
    run->owners[from + i] = engine_owner(&decoded[i], from + i, run->size);
  }
}

static enum status observe(const struct run *run, unsigned worker, unsigned side, const struct decoded *cause, struct outbox *outbox,
                           struct error *error) {
  const struct embedded_observer *observer = run->options->observer;
  const enum status status = observer->take(observer->context, worker, side, cause, outbox, error);
  outbox_clear(outbox);
  return status;
}

static void screen_observed(struct worker *worker) {
  struct run *run = worker->run;
  for (size_t i = run->first; i < run->end; i++) {
    if (run->owners[i] != worker->number) continue;
    for (unsigned side = 0; side < run->sides; side++) {
      if (engine_screen_one(worker->engines[side], run->decoded[i], &worker->outbox, &worker->error) != STATUS_OK) return;
      if (observe(run, worker->number, side, run->decoded[i], &worker->outbox, &worker->error) != STATUS_OK) return;
    }
  }
}

static void screen_part(struct worker *worker) {
  struct run *run = worker->run;
  if (run->options->observer != NULL) {
    screen_observed(worker);
    return;
  }
  for (size_t i = run->first; i < run->end && worker->error.status == STATUS_OK; i++) {
    if (run->owners[i] != worker->number) continue;
    engine_screen_one(worker->engines[0], run->decoded[i], &worker->outbox, &worker->error);
    worker->ends[i - run->first] = worker->outbox.size;
  }
}

static void work(struct worker *worker) {
  if (worker->run->phase == PHASE_DECODE) decode_part(worker);
  else screen_part(worker);
}

static void *thread_main(void *context) {
  struct worker *worker = context;
  for (;;) {
    pthread_barrier_wait(&worker->run->start);
    if (worker->run->phase == PHASE_STOP) return NULL;
    work(worker);
    pthread_barrier_wait(&worker->run->done);
  }
}

// Runs a phase on all workers; the calling thread is worker 0.
static void all(struct run *run, int phase) {
  run->phase = phase;
  if (run->size > 1) pthread_barrier_wait(&run->start);
  work(&run->workers[0]);
  if (run->size > 1) pthread_barrier_wait(&run->done);
}

// ---- merging ----------------------------------------------------------------------------------------------------------------------

static void copy_entries(struct outbox *to, const struct outbox *from, size_t first, size_t end) {
  for (size_t i = first; i < end; i++) {
    const struct outbox_entry *entry = &from->entries[i];
    outbox_begin(to, entry->topic, outbox_bytes(from, entry->key, entry->key_size), outbox_bytes(from, entry->id, entry->id_size),
                 entry->type, entry->source, entry->time_s);
    text_append(&to->bytes, outbox_bytes(from, entry->value, entry->value_size));
    outbox_end(to);
    for (size_t h = 0; h < entry->headers_size; h++) {
      const struct outbox_header *header = &from->headers[entry->headers + h];
      outbox_header(to, header->name, outbox_bytes(from, header->value, header->value_size));
    }
  }
}

// One worker writes straight into the merged outbox; several are merged record by record.
static void merge(struct run *run) {
  size_t at[64] = {0};
  for (size_t i = run->first; i < run->end; i++) {
    struct worker *worker = &run->workers[run->owners[i]];
    const size_t end = worker->ends[i - run->first];
    copy_entries(&run->merged, &worker->outbox, at[worker->number], end);
    at[worker->number] = end;
  }
  for (unsigned w = 0; w < run->size; w++) outbox_clear(&run->workers[w].outbox);
}

static enum status screen_segment(struct run *run, struct error *error) {
  if (run->first == run->end) return STATUS_OK;
  for (unsigned w = 0; w < run->size; w++) {
    struct worker *worker = &run->workers[w];
    if (worker->ends_capacity < run->end - run->first) {
      worker->ends_capacity = run->end - run->first;
      worker->ends = memory_resize(worker->ends, worker->ends_capacity * sizeof *worker->ends);
    }
  }
  const bool observed = run->options->observer != NULL;
  if (observed) {
    all(run, PHASE_SCREEN);
  } else if (run->size == 1) {
    // Nothing to merge: the one worker's outbox is the merged one.
    struct outbox own = run->workers[0].outbox;
    run->workers[0].outbox = run->merged;
    all(run, PHASE_SCREEN);
    run->merged = run->workers[0].outbox;
    run->workers[0].outbox = own;
  } else {
    all(run, PHASE_SCREEN);
  }
  for (unsigned w = 0; w < run->size; w++) {
    const struct error *failed = &run->workers[w].error;
    if (failed->status != STATUS_OK) return error_set(error, failed->status, "%s", failed->text);
  }
  if (run->size > 1 && !observed) merge(run);
  return STATUS_OK;
}

// ---- ticks ------------------------------------------------------------------------------------------------------------------------

struct collect { struct run *run; unsigned worker; };

static void collect_due(void *context, struct slice subject) {
  struct collect *collect = context;
  struct run *run = collect->run;
  if (run->due_size == run->due_capacity) {
    run->due_capacity = run->due_capacity ? run->due_capacity * 2 : 64;
    run->due = memory_resize(run->due, run->due_capacity * sizeof *run->due);
  }
  run->due[run->due_size++] = (struct due){arena_copy(&run->arena, subject), collect->worker};
}

static int by_subject(const void *a, const void *b) {
  return slice_compare(((const struct due *)a)->subject, ((const struct due *)b)->subject);
}

// Person by person in one order, whoever owns them.
static enum status screen_tick_side(struct run *run, unsigned side, const struct decoded *tick, struct error *error) {
  arena_reset(&run->arena);
  run->due_size = 0;
  for (unsigned w = 0; w < run->size; w++) {
    struct collect collect = {run, w};
    engine_tick_begin(run->workers[w].engines[side], tick, w == 0);
    engine_tick_due(run->workers[w].engines[side], tick, collect_due, &collect);
  }
  if (run->due_size > 1) qsort(run->due, run->due_size, sizeof *run->due, by_subject);
  for (size_t i = 0; i < run->due_size; i++) {
    const unsigned worker = run->due[i].worker;
    enum status status = engine_tick_subject(run->workers[worker].engines[side], tick, run->due[i].subject, &run->merged, error);
    if (status == STATUS_OK && run->options->observer != NULL) status = observe(run, worker, side, tick, &run->merged, error);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static enum status screen_tick_all(struct run *run, const struct decoded *tick, struct error *error) {
  enum status status = STATUS_OK;
  for (unsigned side = 0; side < run->sides && status == STATUS_OK; side++) status = screen_tick_side(run, side, tick, error);
  return status;
}

// ---- a batch ----------------------------------------------------------------------------------------------------------------------

static void add_counts(struct partition_counts *to, const struct partition_counts *from) {
  to->records += from->records;
  to->bytes += from->bytes;
  for (unsigned i = 0; i < DISPOSITION_COUNT; i++) to->dispositions[i] += from->dispositions[i];
  for (unsigned i = 0; i < REJECT_COUNT; i++) to->rejects[i] += from->rejects[i];
  for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) to->types[i] += from->types[i];
}

static void sum_inputs(struct run *run) {
  for (size_t i = 0; i < run->options->paths_size; i++)
    run->counts[i] = (struct partition_counts){.topic = (uint32_t)i, .first_offset = -1, .last_offset = -1};
  for (unsigned w = 0; w < run->size; w++) {
    const struct partition_counts *counts;
    const size_t size = engine_partitions(run->workers[w].engines[0], &counts);
    for (size_t i = 0; i < size; i++) add_counts(&run->counts[counts[i].topic], &counts[i]);
  }
}

static void write_receipt(struct run *run) {
  const struct source *first = &run->records[0].source, *last = &run->records[run->records_size - 1].source;
  const uint32_t input = first->topic;
  assert(last->topic == input);
  memcpy(run->counts_before, run->counts, run->options->paths_size * sizeof *run->counts);
  sum_inputs(run);
  struct partition_counts *counts = &run->counts[input];
  counts->first_offset = first->offset;
  counts->last_offset = last->offset;
  int64_t time_s = DATE_ABSENT;
  for (size_t i = run->records_size; i-- > 0 && time_s == DATE_ABSENT;)
    if (!run->decoded[i]->dead) time_s = run->decoded[i]->event.recv_time_s;
  receipt_write(&run->merged, 0, counts, &run->counts_before[input], run->options->ruleset, run->options->paths[input], time_s,
                &run->states[input]);
}

static enum status screen_batch(struct run *run, struct error *error) {
  if (run->records_size > run->decoded_capacity) {
    run->decoded_capacity = run->records_size;
    run->decoded = memory_resize(run->decoded, run->records_size * sizeof *run->decoded);
    run->owners = memory_resize(run->owners, run->records_size * sizeof *run->owners);
  }
  all(run, PHASE_DECODE);
  run->first = 0;
  for (size_t i = 0; i < run->records_size; i++) {
    const struct decoded *decoded = run->decoded[i];
    if (decoded->dead || decoded->event.type != EVENT_TICK) continue;
    run->end = i;
    enum status status = screen_segment(run, error);
    if (status == STATUS_OK) status = screen_tick_all(run, decoded, error);
    if (status != STATUS_OK) return status;
    run->first = i + 1;
  }
  run->end = run->records_size;
  const enum status status = screen_segment(run, error);
  if (status == STATUS_OK && run->options->observer == NULL) write_receipt(run);
  return status;
}

// A record over the limit: its dead letter's bytes are streamed from the input to the output.
static enum status put_too_large(struct run *run, struct reader *reader, struct writer *writer, struct error *error) {
  struct outbox *merged = &run->merged;
  assert(merged->size >= 1 && merged->entries[0].topic == TOPIC_DEAD_LETTERS);
  enum status status = writer_stream_begin(writer, merged, &merged->entries[0], error);
  if (status == STATUS_OK) status = reader_stream(reader, writer_stream_piece, writer, error);
  if (status == STATUS_OK) status = writer_stream_end(writer, error);
  // The rest, the receipt, goes the ordinary way.
  if (status != STATUS_OK) return status;
  struct outbox rest = *merged;
  rest.entries = merged->entries + 1;
  rest.size = merged->size - 1;
  return writer_put(writer, &rest, error);
}

static void drop_piece(void *context, const char *bytes, size_t size) {
  (void)context;
  (void)bytes;
  (void)size;
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void settle(struct run *run) {
  for (unsigned w = 0; w < run->size; w++)
    for (unsigned side = 0; side < run->sides; side++) engine_settle(run->workers[w].engines[side]);
}

struct telling { uint64_t told_ms, records; };

static bool time_to_tell(const struct run *run, struct telling *telling) {
  telling->records += run->records_size;
  const uint64_t ms = run->options->progress != NULL ? now_ms() : 0;
  if (run->options->progress == NULL || ms - telling->told_ms < 100) return false;
  telling->told_ms = ms;
  return true;
}

static enum status screen_files(struct run *run, struct reader *reader, struct writer *writer, struct embedded_result *result,
                                struct error *error) {
  const struct embedded_options *options = run->options;
  struct telling telling = {0};
  for (;;) {
    enum status status = reader_take(reader, &run->records, &run->records_size, error);
    if (status != STATUS_OK || run->records_size == 0) return status;
    outbox_clear(&run->merged);
    status = screen_batch(run, error);
    if (status != STATUS_OK) return status;
    for (size_t i = 0; i < run->merged.size; i++) result->messages[run->merged.entries[i].topic]++;
    if (run->records[0].too_large)
      status = writer != NULL ? put_too_large(run, reader, writer, error) : reader_stream(reader, drop_piece, NULL, error);
    else if (writer != NULL)
      status = writer_put(writer, &run->merged, error);
    if (status != STATUS_OK) return status;
    settle(run);
    if (!time_to_tell(run, &telling)) continue;
    uint64_t done, total;
    reader_progress(reader, &done, &total);
    options->progress(options->context, done, total, telling.records);
  }
}

// The past in the order of its events, for whoever watches.
static enum status screen_past(struct run *run, const struct reader_limits *limits, struct error *error) {
  const struct embedded_options *options = run->options;
  struct order *order = order_open(options->paths, options->paths_size, limits);
  struct telling telling = {0};
  enum status status;
  while ((status = order_take(order, &run->records, &run->records_size, error)) == STATUS_OK && run->records_size > 0) {
    status = screen_batch(run, error);
    if (status != STATUS_OK) break;
    settle(run);
    if (!time_to_tell(run, &telling)) continue;
    uint64_t done, total;
    order_progress(order, &done, &total);
    options->progress(options->context, done, total, telling.records);
  }
  order_close(order);
  if (status != STATUS_OK || options->observer->done == NULL) return status;
  struct store *stores[64 * EMBEDDED_SIDES];
  for (unsigned w = 0; w < run->size; w++)
    for (unsigned side = 0; side < run->sides; side++) stores[w * run->sides + side] = run->workers[w].stores[side];
  return options->observer->done(options->observer->context, stores, run->size, run->sides, error);
}

static void add_screen(struct screen_counts *to, const struct screen_counts *from) {
  uint64_t *a = (uint64_t *)to;
  const uint64_t *b = (const uint64_t *)from;
  _Static_assert(sizeof *to % sizeof *a == 0, "all counters are uint64_t");
  for (size_t i = 0; i < sizeof *to / sizeof *a; i++) a[i] += b[i];
}

static void add_rules(struct rule_counts **sum, size_t rules, const struct engine *engine) {
  if (*sum == NULL) *sum = memory_take((rules + 1) * sizeof **sum);
  const struct rule_counts *by_rule = engine_rule_counts(engine);
  for (size_t r = 0; r < rules; r++) {
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) (*sum)[r].outcomes[o] += by_rule[r].outcomes[o];
    (*sum)[r].timed += by_rule[r].timed;
    (*sum)[r].timed_ns += by_rule[r].timed_ns;
  }
}

static void collect_result(const struct run *run, struct embedded_result *result) {
  for (unsigned w = 0; w < run->size; w++) {
    const struct worker *worker = &run->workers[w];
    const struct partition_counts *counts;
    const struct engine *engine = worker->engines[0];
    const size_t size = engine_partitions(engine, &counts);
    for (size_t i = 0; i < size; i++) add_counts(&result->counts, &counts[i]);
    add_screen(&result->screen, engine_screen_counts(engine));
    add_rules(&result->rules, run->options->ruleset->size, engine);
    if (run->sides > 1) add_rules(&result->second_rules, run->options->second->size, worker->engines[1]);
    const struct draw_counts *draw = engine_draw_counts(engine);
    result->draw.population += draw->population;
    result->draw.left += draw->left;
    result->draw.population_fen += draw->population_fen;
    result->draw.drawn_random += draw->drawn_random;
    result->draw.drawn_take_all += draw->drawn_take_all;
    result->draw.dropped += draw->dropped;
    result->draw.superseded += draw->superseded;
    result->draw.without_seed += draw->without_seed;
    result->draw.drawn_fen += draw->drawn_fen;
    result->patients += store_size(worker->stores[0]);
    for (unsigned side = 0; side < run->sides; side++) result->store_bytes += store_bytes(worker->stores[side]);
  }
}

enum status embedded_run(const struct embedded_options *options, struct embedded_result *result, struct error *error) {
  assert(options->workers >= 1 && options->workers <= 64 && options->paths_size > 0);
  assert(options->observer == NULL ? options->second == NULL : options->out == NULL);
  *result = (struct embedded_result){0};
  struct run run = {.options = options, .size = options->workers, .sides = options->second != NULL ? 2 : 1};
  struct engine_settings settings = options->engine;
  settings.topic_names = options->paths;
  settings.topic_names_size = options->paths_size;
  const struct reader_limits limits = {options->engine.decode.record_bytes_max, options->batch_records, options->batch_bytes};
  struct reader *reader = options->observer == NULL ? reader_open(options->paths, options->paths_size, &limits) : NULL;
  struct writer *writer = NULL;
  enum status status = STATUS_OK;
  if (options->out != NULL && (writer = writer_open(options->out, error)) == NULL) status = STATUS_FATAL;

  arena_init(&run.arena, 64 << 10);
  run.counts = memory_take(options->paths_size * sizeof *run.counts);
  run.counts_before = memory_take(options->paths_size * sizeof *run.counts);
  run.states = memory_take(options->paths_size * sizeof *run.states);
  run.workers = memory_take(run.size * sizeof *run.workers);
  pthread_barrier_init(&run.start, NULL, run.size);
  pthread_barrier_init(&run.done, NULL, run.size);
  for (unsigned w = 0; w < run.size; w++) {
    struct worker *worker = &run.workers[w];
    worker->run = &run;
    worker->number = w;
    for (unsigned side = 0; side < run.sides; side++) {
      worker->stores[side] = store_create(&(struct store_limits){0});
      worker->engines[side] = engine_create(side == 0 ? options->ruleset : options->second, &settings, worker->stores[side]);
    }
  }
  unsigned threads = 1;
  for (; threads < run.size; threads++)
    if (pthread_create(&run.workers[threads].thread, NULL, thread_main, &run.workers[threads]) != 0) abort();

  if (status == STATUS_OK)
    status = reader != NULL ? screen_files(&run, reader, writer, result, error) : screen_past(&run, &limits, error);
  if (run.size > 1) {
    run.phase = PHASE_STOP;
    pthread_barrier_wait(&run.start);
    for (unsigned w = 1; w < run.size; w++) pthread_join(run.workers[w].thread, NULL);
  }
  if (status == STATUS_OK && writer != NULL) status = writer_finish(writer, error);
  if (status == STATUS_OK && options->progress != NULL && reader != NULL) {
    uint64_t done, total;
    reader_progress(reader, &done, &total);
    options->progress(options->context, total, total, 0);
  }
  collect_result(&run, result);

  for (unsigned w = 0; w < run.size; w++) {
    for (unsigned side = 0; side < run.sides; side++) {
      engine_destroy(run.workers[w].engines[side]);
      store_destroy(run.workers[w].stores[side]);
    }
    outbox_fini(&run.workers[w].outbox);
    memory_free(run.workers[w].ends);
  }
  pthread_barrier_destroy(&run.start);
  pthread_barrier_destroy(&run.done);
  memory_free(run.workers);
  memory_free(run.counts);
  memory_free(run.counts_before);
  memory_free(run.states);
  memory_free(run.decoded);
  memory_free(run.owners);
  memory_free(run.due);
  arena_fini(&run.arena);
  outbox_fini(&run.merged);
  writer_close(writer);
  reader_close(reader);
  return status;
}
