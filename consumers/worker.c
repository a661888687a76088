#include "consumers/worker.h"

#include <assert.h>

#include "core/fault.h"

// A part of a batch: what fits the processor's cache decoded.
enum { PART_BYTES = 256 << 10 };

void worker_init(struct worker *worker, struct log *log, struct state *state, struct engine *engine, struct store *store) {
  *worker = (struct worker){.log = log, .state = state, .engine = engine, .store = store};
  for (unsigned h = 0; h < 2; h++) arena_init(&worker->halves[h].arena, 1 << 20);
  arena_init(&worker->part, 2 * PART_BYTES);
}

void worker_fini(struct worker *worker) {
  for (unsigned h = 0; h < 2; h++) {
    outbox_fini(&worker->halves[h].outbox);
    arena_fini(&worker->halves[h].arena);
    text_fini(&worker->halves[h].own);
  }
  arena_fini(&worker->part);
}

// --- Dossiers that are not in memory -------------------------------------------------------------------------------------------

// Each missing subject once: items, and a table of their indexes + 1.
struct missing {
  struct worker *worker;
  struct arena *arena;
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
  struct arena *arena = missing->arena;
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

static enum status load(struct worker *worker, struct missing *missing, struct error *error) {
  if (missing->size == 0) return STATUS_OK;
  const enum status status = state_fetch(worker->state, missing->items, missing->size, missing->arena, error);
  for (size_t i = 0; i < missing->size && status == STATUS_OK; i++) {
    const struct state_item *item = &missing->items[i];
    store_load(worker->store, item->partition, item->subject, item->body, item->due_s);
  }
  return status;
}

// Records are keyed by their subject: so the dossiers of the whole batch are asked for at once, before anything is decoded.
// What the batch before changed is in memory, pending; the index, which does not know it yet, is not asked for it.
static enum status fetch_batch(struct worker *worker, struct arena *arena, const struct log_batch *batch, struct error *error) {
  struct missing missing = {.worker = worker, .arena = arena};
  for (size_t i = 0; i < batch->size; i++) {
    const struct record *record = &batch->records[i];
    if (record->key.size > 0 && state_knows(worker->state, record->source.partition, record->key))
      missing_add(&missing, record->source.partition, record->key);
  }
  return load(worker, &missing, error);
}

// What the keys did not tell: subjects never seen, those of records with another key, those that a tick makes due.
static enum status fetch_part(struct worker *worker, struct arena *arena, size_t size, struct error *error) {
  struct missing missing = {.worker = worker, .arena = arena};
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
  return load(worker, &missing, error);
}

// With the bytes behind each value that the decoder reads. The copies are decoded while the processor still has them at hand.
static const struct record *padded(struct worker *worker, const struct record *records, size_t size) {
  arena_reset(&worker->part);
  struct record *copies = ARENA_ARRAY(&worker->part, struct record, size);
  for (size_t i = 0; i < size; i++) {
    char *value = arena_take(&worker->part, records[i].value.size + DECODE_PADDING);
    if (records[i].value.size > 0) memcpy(value, records[i].value.data, records[i].value.size);
    memset(value + records[i].value.size, 0, DECODE_PADDING);
    copies[i] = records[i];
    copies[i].value.data = value;
  }
  return copies;
}

// Decodes and screens part by part; the engine then has the batch pending, whether it went well or not.
static enum status screen(struct worker *worker, const struct log_batch *batch, struct worker_batch *half, struct error *error) {
  engine_begin(worker->engine, &half->outbox);
  enum status status = STATUS_OK;
  for (size_t from = 0, to; from < batch->size && status == STATUS_OK; from = to) {
    size_t bytes = 0;
    for (to = from; to < batch->size && bytes < PART_BYTES; to++) bytes += batch->records[to].value.size;
    engine_decode(worker->engine, padded(worker, batch->records + from, to - from), to - from);
    status = fetch_part(worker, &half->arena, to - from, error);
    if (status == STATUS_OK) status = engine_screen_part(worker->engine, &half->outbox, error);
  }
  if (status == STATUS_OK) engine_end(worker->engine, &half->outbox);
  return status;
}

// --- The transaction -----------------------------------------------------------------------------------------------------------

// The changed dossiers, and behind them the own record of every partition that the batch touched.
static void states_of(struct worker *worker, const struct log_batch *batch, struct worker_batch *half) {
  const size_t changes = store_changes(worker->store);
  struct { int32_t number; int64_t next; } *touched = arena_take(&half->arena, batch->size * sizeof *touched);
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
  struct log_state *states = ARENA_ZEROED(&half->arena, struct log_state, changes + partitions);
  for (size_t i = 0; i < changes; i++) {
    const struct store_change change = store_change_at(worker->store, i);
    states[i] = (struct log_state){change.partition, change.subject, change.body, change.due_s, -1};
  }
  text_clear(&half->own);
  size_t *begins = ARENA_ARRAY(&half->arena, size_t, partitions + 1);
  for (size_t p = 0; p < partitions; p++) {
    begins[p] = half->own.size;
    const struct partition_state *own = engine_partition_state(worker->engine, touched[p].number);
    assert(own != NULL);
    state_partition_write(own, touched[p].next, &half->own);
  }
  begins[partitions] = half->own.size;
  for (size_t p = 0; p < partitions; p++)
    states[changes + p] = (struct log_state){touched[p].number, STATE_PARTITION_KEY,
                                             {half->own.data + begins[p], begins[p + 1] - begins[p]}, INT64_MAX, -1};
  half->states = states;
  half->states_size = changes + partitions;
}

static void undo_all(struct worker *worker) {
  for (; engine_pending(worker->engine) > 0; worker->retries++) engine_undo(worker->engine);
}

enum status worker_finish(struct worker *worker, struct error *error) {
  if (!worker->committing) return STATUS_OK;
  worker->committing = false;
  struct worker_batch *half = &worker->halves[worker->turn ^ 1];
  enum status status = worker->log->operations->commit_finish(worker->log, error);
  if (status != STATUS_OK) {
    undo_all(worker);
    return status;
  }
  status = state_committed(worker->state, half->states, half->states_size, &half->arena, error);
  engine_settle(worker->engine);
  worker->records += half->records;
  worker->bytes += half->bytes;
  worker->batches++;
  return status;
}

// The batch at hand cannot go on. What was committing before it is not its fault; when that fails, too, the log has given both back.
// The first failure stays in error; an abort that fails is fatal.
static enum status give_back(struct worker *worker, enum status status, struct error *error) {
  struct error second = {0};
  const enum status before = worker_finish(worker, &second);
  if (status == STATUS_FATAL) return status;
  if (before == STATUS_OK && worker->log->operations->abort(worker->log, &second) == STATUS_OK) return status;
  if (before == STATUS_RETRY) return status;
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
  if (batch.size == 0) {
    status = worker_finish(worker, error);
    *end = batch.end && status == STATUS_OK;
    return status;
  }
  fault_point(FAULT_AFTER_TAKE);

  struct worker_batch *half = &worker->halves[worker->turn];
  arena_reset(&half->arena);
  outbox_clear(&half->outbox);
  half->records = batch.size;
  half->bytes = 0;
  for (size_t i = 0; i < batch.size; i++) half->bytes += batch.records[i].value.size;
  status = fetch_batch(worker, &half->arena, &batch, error);
  if (status != STATUS_OK) {
    worker->retries++;
    return give_back(worker, status, error);
  }
  fault_point(FAULT_AFTER_FETCH);

  status = screen(worker, &batch, half, error);
  if (status != STATUS_OK) {    // no answer about a dossier; or a damaged one, over which nobody can go on
    engine_undo(worker->engine);
    worker->retries++;
    return give_back(worker, status, error);
  }
  fault_point(FAULT_AFTER_SCREEN);
  status = worker_finish(worker, error);    // the batch before; both are undone when it failed
  if (status != STATUS_OK) return status;
  states_of(worker, &batch, half);
  status = log->begin(worker->log, error);
  if (status == STATUS_OK) {
    fault_point(FAULT_AFTER_BEGIN);
    status = log->stage(worker->log, &half->outbox, half->states, half->states_size, error);
  }
  if (status != STATUS_OK) {
    undo_all(worker);
    return give_back(worker, status, error);
  }
  fault_point(FAULT_AFTER_STAGE);
  log->commit_start(worker->log);
  worker->committing = true;
  worker->turn ^= 1;
  *size = batch.size;
  return STATUS_OK;
}
