#include "consumers/worker.h"

#include <assert.h>

#include "core/fault.h"

void worker_init(struct worker *worker, struct log *log, struct state *state, struct engine *engine, struct store *store) {
  *worker = (struct worker){.log = log, .state = state, .engine = engine, .store = store};
  arena_init(&worker->arena, 1 << 20);
}

void worker_fini(struct worker *worker) {
  outbox_fini(&worker->outbox);
  arena_fini(&worker->arena);
  text_fini(&worker->own);
}

// --- Dossiers that are not in memory -------------------------------------------------------------------------------------------

// Each missing subject once: items, and a table of their indexes + 1.
struct missing {
  struct worker *worker;
  struct state_item *items;
  size_t size, capacity;
  uint32_t *table;
  size_t mask;
  int32_t partition;    // of the tick at hand
};

static size_t place_of(const struct missing *missing, const uint32_t *table, size_t mask, int32_t partition, struct slice subject) {
  size_t at = (size_t)digest_hash64(subject.data, subject.size, (uint64_t)(uint32_t)partition) & mask;
  while (table[at] != 0 && (missing->items[table[at] - 1].partition != partition || !slice_equal(missing->items[table[at] - 1].subject, subject)))
    at = (at + 1) & mask;
  return at;
}

static void missing_grow(struct missing *missing) {
  struct arena *arena = &missing->worker->arena;
  const size_t capacity = missing->capacity == 0 ? 512 : 2 * missing->capacity;
  struct state_item *items = ARENA_ARRAY(arena, struct state_item, capacity);
  if (missing->size > 0) memcpy(items, missing->items, missing->size * sizeof *items);
  missing->items = items;
  missing->capacity = capacity;
  missing->mask = 2 * capacity - 1;
  missing->table = ARENA_ZEROED(arena, uint32_t, 2 * capacity);
  for (size_t i = 0; i < missing->size; i++)
    missing->table[place_of(missing, missing->table, missing->mask, items[i].partition, items[i].subject)] = (uint32_t)i + 1;
}

static void missing_add(struct missing *missing, int32_t partition, struct slice subject) {
  struct slice body;
  if (store_get(missing->worker->store, partition, subject, &body)) return;
  if (missing->size == missing->capacity) missing_grow(missing);
  const size_t at = place_of(missing, missing->table, missing->mask, partition, subject);
  if (missing->table[at] != 0) return;
  missing->items[missing->size++] = (struct state_item){.partition = partition, .subject = subject};
  missing->table[at] = (uint32_t)missing->size;
}

static void missing_due(void *context, struct slice subject) {
  struct missing *missing = context;
  missing_add(missing, missing->partition, subject);
}

static enum status fetch(struct worker *worker, size_t size, struct error *error) {
  struct missing missing = {.worker = worker};
  int32_t partition;
  struct slice subject;
  int64_t tick_s;
  for (size_t i = 0; i < size; i++) {
    if (engine_subject(worker->engine, i, &partition, &subject)) {
      missing_add(&missing, partition, subject);
    } else if (engine_tick(worker->engine, i, &partition, &tick_s)) {
      missing.partition = partition;
      state_due(worker->state, partition, tick_s, missing_due, &missing);
    }
  }
  if (missing.size == 0) return STATUS_OK;
  const enum status status = state_fetch(worker->state, missing.items, missing.size, &worker->arena, error);
  for (size_t i = 0; i < missing.size && status == STATUS_OK; i++) {
    const struct state_item *item = &missing.items[i];
    store_load(worker->store, item->partition, item->subject, item->body, item->due_s);
  }
  return status;
}

// --- The transaction -----------------------------------------------------------------------------------------------------------

// The changed dossiers, and behind them the own record of every partition that the batch touched.
static struct log_state *states_of(struct worker *worker, const struct log_batch *batch, size_t *size) {
  const size_t changes = store_changes(worker->store);
  struct { int32_t number; int64_t next; } *touched = arena_take(&worker->arena, batch->size * sizeof *touched);
  size_t partitions = 0;
  for (size_t i = 0; i < batch->size; i++) {
    const struct source *source = &batch->records[i].source;
    size_t p = 0;
    while (p < partitions && touched[p].number != source->partition) p++;
    if (p == partitions) {
      touched[partitions].number = source->partition;
      touched[partitions++].next = 0;
    }
    if (source->offset >= touched[p].next) touched[p].next = source->offset + 1;
  }
  struct log_state *states = ARENA_ZEROED(&worker->arena, struct log_state, changes + partitions);
  for (size_t i = 0; i < changes; i++) {
    const struct store_change change = store_change_at(worker->store, i);
    states[i] = (struct log_state){change.partition, change.subject, change.body, change.due_s, -1};
  }
  text_clear(&worker->own);
  size_t *begins = ARENA_ARRAY(&worker->arena, size_t, partitions + 1);
  for (size_t p = 0; p < partitions; p++) {
    begins[p] = worker->own.size;
    const struct partition_state *own = engine_partition_state(worker->engine, touched[p].number);
    assert(own != NULL);
    state_partition_write(own, touched[p].next, &worker->own);
  }
  begins[partitions] = worker->own.size;
  for (size_t p = 0; p < partitions; p++)
    states[changes + p] = (struct log_state){touched[p].number, STATE_PARTITION_KEY,
                                             {worker->own.data + begins[p], begins[p + 1] - begins[p]}, INT64_MAX, -1};
  *size = changes + partitions;
  return states;
}

// The first failure stays in error; an abort that fails, too, is fatal.
static enum status give_back(struct worker *worker, enum status status, struct error *error) {
  worker->retries++;
  if (status == STATUS_FATAL) return status;
  struct error second = {0};
  if (worker->log->operations->abort(worker->log, &second) == STATUS_OK) return status;
  *error = second;
  return STATUS_FATAL;
}

enum status worker_step(struct worker *worker, int timeout_ms, size_t *size, bool *end, struct error *error) {
  const struct log_operations *log = worker->log->operations;
  struct log_batch batch;
  *size = 0;
  *end = false;
  enum status status = log->take(worker->log, timeout_ms, &batch, error);
  if (status != STATUS_OK) return status;
  *end = batch.end;
  if (batch.size == 0) return STATUS_OK;
  fault_point(FAULT_AFTER_TAKE);

  arena_reset(&worker->arena);
  outbox_clear(&worker->outbox);
  engine_decode(worker->engine, batch.records, batch.size);
  status = fetch(worker, batch.size, error);
  if (status != STATUS_OK) return give_back(worker, status, error);
  fault_point(FAULT_AFTER_FETCH);

  status = engine_screen(worker->engine, &worker->outbox, error);
  if (status != STATUS_OK) {    // a damaged dossier: nobody can go on over it
    engine_undo(worker->engine);
    return status;
  }
  fault_point(FAULT_AFTER_SCREEN);
  size_t states_size;
  struct log_state *states = states_of(worker, &batch, &states_size);
  status = log->begin(worker->log, error);
  if (status == STATUS_OK) {
    fault_point(FAULT_AFTER_BEGIN);
    status = log->stage(worker->log, &worker->outbox, states, states_size, error);
    if (status != STATUS_OK) {
      engine_undo(worker->engine);
      return give_back(worker, status, error);
    }
    fault_point(FAULT_AFTER_STAGE);
    status = log->commit(worker->log, error);
  }
  if (status != STATUS_OK) {
    engine_undo(worker->engine);
    worker->retries++;
    return status;
  }
  status = state_committed(worker->state, states, states_size, &worker->arena, error);
  engine_settle(worker->engine);
  *size = batch.size;
  worker->records += batch.size;
  for (size_t i = 0; i < batch.size; i++) worker->bytes += batch.records[i].value.size;
  worker->batches++;
  return status;
}
