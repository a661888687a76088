#include "stream/memory/memory.h"

#include <assert.h>
#include <stdio.h>

#include "core/memory.h"

enum { ATTEMPTS_MAX = 30 };

enum phase { PHASE_WAIT, PHASE_REBUILD, PHASE_READY };

struct owned {
  int32_t number;
  enum phase phase;
  bool assigned;       // in the present assignment
  bool loaded;         // the owner was told
  int64_t next;        // input offset behind the last committed transaction
  int64_t position;    // of the consumer: behind the last record it gave us
  bool reading;        // PHASE_REBUILD: learning from `learned` to `end`
  int64_t learned, end;
};

// A batch that is out, or is to be handed out again.
struct batch {
  struct record *records;
  size_t size;
  bool again;
  const struct log_state *states;
  size_t states_size;
};

struct memory {
  struct log log;
  struct memory_settings settings;
  struct state *state;
  struct owned *owned;
  size_t owned_size;
  uint32_t member;
  int64_t generation;
  uint32_t epoch;      // of the producer
  bool begun, renew, dead;
  int32_t turn;
  struct batch batches[2];
  unsigned hand;         // the batch that is handed out next or is at hand; the other one commits, or waits behind it
  bool committing, unsent;       // unsent: the broker has not been asked yet
  struct error outcome;          // of asking it
  struct record held;    // a record the consumer gave us beyond the batch
  bool holds;
  unsigned attempts;
};

static const char *const point_names[MEMORY_POINT_COUNT] = {
#define X(name, text) text,
    MEMORY_POINTS(X)
#undef X
};

const char *memory_point_name(enum memory_point point) { return point_names[point]; }

static struct memory *memory_of(struct log *log) { return (struct memory *)log; }
struct state *memory_state(struct log *log) { return memory_of(log)->state; }
bool memory_dead(const struct log *log) { return ((const struct memory *)log)->dead; }

static enum memory_fate at(struct memory *memory, enum memory_point point) {
  if (memory->dead) return MEMORY_CRASH;
  const enum memory_fate order = memory->settings.point != NULL ? memory->settings.point(memory->settings.context, point) : MEMORY_GO_ON;
  if (order == MEMORY_CRASH) memory->dead = true;
  return order;
}

static bool pass(struct memory *memory, enum memory_point point) { return at(memory, point) != MEMORY_CRASH; }
bool memory_pass(struct log *log, enum memory_point point) { return pass(memory_of(log), point); }

static enum status crashed(struct error *error) { return error_set(error, STATUS_FATAL, "injected: crash"); }
static enum status fenced(struct error *error) { return error_set(error, STATUS_FATAL, "fenced: the slot belongs to a newer process"); }

static struct owned *owned_find(const struct memory *memory, int32_t number) {
  for (size_t i = 0; i < memory->owned_size; i++)
    if (memory->owned[i].number == number) return &memory->owned[i];
  return NULL;
}

bool memory_owns(const struct log *log, int32_t partition) {
  const struct owned *owned = owned_find((const struct memory *)log, partition);
  return owned != NULL && owned->assigned && owned->phase == PHASE_READY;
}

bool memory_stale(const struct log *log) {
  const struct memory *memory = (const struct memory *)log;
  const struct broker *broker = memory->settings.broker;
  return !broker_is_member(broker, memory->settings.slot, memory->member) || memory->generation != broker_generation(broker);
}

// --- Reading the state topic -----------------------------------------------------------------------------------------------------

static bool visible(const struct memory *memory, const struct broker_state *row, int64_t stable) {
  if (row->marker) return false;
  return memory->settings.mistakes.read_uncommitted || (row->offset < stable && broker_committed(memory->settings.broker, row->transaction));
}

static enum status read_states(void *context, int32_t partition, struct state_read *reads, size_t size, struct arena *arena,
                               struct error *error) {
  struct memory *memory = context;
  const enum memory_fate order = at(memory, MEMORY_READ);
  if (order == MEMORY_CRASH) return crashed(error);
  if (order == MEMORY_REFUSE) return error_set(error, STATUS_RETRY, "injected: the state topic does not answer");
  size_t rows;
  const struct broker_state *row = broker_states(memory->settings.broker, partition, &rows);
  const struct broker_state *last = row + rows;
  const int64_t stable = broker_state_stable(memory->settings.broker, partition);
  for (size_t i = 0; i < size; i++) {
    if (reads[i].offset >= stable && !memory->settings.mistakes.read_uncommitted)    // a reader would wait, and give up
      return error_set(error, STATUS_RETRY, "injected: a transaction before patient-state[%d]@%lld is undecided", (int)partition,
                       (long long)reads[i].offset);
    while (row < last && row->offset < reads[i].offset) row++;
    if (row == last || row->offset != reads[i].offset || !visible(memory, row, stable))
      return error_set(error, STATUS_FATAL, "patient-state[%d]@%lld: the newest record of a subject is gone", (int)partition,
                       (long long)reads[i].offset);
    reads[i].key = arena_copy(arena, row->key);
    reads[i].value = memory->settings.mistakes.missing_is_new ? SLICE("") : arena_copy(arena, row->value);
    reads[i].due_s = memory->settings.mistakes.missing_is_new ? INT64_MAX : row->due_s;
  }
  return STATUS_OK;
}

// Teaches the state what lies before `end`, `records` at most. False when an undecided transaction or the limit stopped it.
static bool learn(struct memory *memory, int32_t partition, int64_t *position, int64_t end, size_t records) {
  size_t rows;
  const struct broker_state *row = broker_states(memory->settings.broker, partition, &rows);
  int64_t stable = broker_state_stable(memory->settings.broker, partition);
  if (memory->settings.mistakes.read_uncommitted) stable = end;
  for (size_t i = 0; i < rows && row[i].offset < stable && row[i].offset < end; i++) {
    if (row[i].offset < *position) continue;
    if (records-- == 0) return false;
    *position = row[i].offset + 1;
    if (!visible(memory, &row[i], stable)) continue;
    const struct state_read record = {row[i].offset, row[i].key, row[i].value, row[i].due_s};
    struct error error = {0};
    const enum status status = state_learn(memory->state, partition, &record, row[i].mark, &error);
    assert(status == STATUS_OK);
  }
  if (stable < end) return false;
  *position = end;
  return true;
}

// --- Partitions come and go ------------------------------------------------------------------------------------------------------

static void snapshot_path(const struct memory *memory, int32_t number, char *path, size_t size) {
  snprintf(path, size, "%s/%u-%d.index", memory->settings.state_dir, memory->settings.slot, (int)number);
}

void memory_snapshot(struct log *log, int32_t partition) {
  struct memory *memory = memory_of(log);
  const struct owned *owned = owned_find(memory, partition);
  if (memory->settings.state_dir == NULL || owned == NULL || owned->phase != PHASE_READY || !pass(memory, MEMORY_SNAPSHOT)) return;
  char path[200];
  struct error ignored = {0};
  snapshot_path(memory, partition, path, sizeof path);
  (void)state_snapshot_write(memory->state, partition, path, &ignored);
}

static void partition_drop(struct memory *memory, int32_t number, bool keep_snapshot) {
  struct owned *owned = owned_find(memory, number);
  if (keep_snapshot) memory_snapshot(&memory->log, number);
  state_close(memory->state, number);
  if (owned->loaded && memory->settings.drop != NULL) memory->settings.drop(memory->settings.context, number);
  *owned = memory->owned[--memory->owned_size];
}

static struct batch *at_hand(struct memory *memory) { return &memory->batches[memory->hand]; }

static void batch_clear(struct batch *batch) {
  batch->size = 0;
  batch->again = false;
}

static void revoke(struct memory *memory, bool lost) {
  for (unsigned b = 0; b < 2; b++) batch_clear(&memory->batches[b]);
  memory->holds = false;
  memory->attempts = 0;
  for (size_t i = memory->owned_size; i-- > 0;) {
    memory->owned[i].assigned = false;
    if (lost || memory->owned[i].phase != PHASE_READY) partition_drop(memory, memory->owned[i].number, false);
  }
}

// Where the partition begins: its committed position, which waits for a transaction that may still move it.
static enum status assign_one(struct memory *memory, int32_t number, struct error *error) {
  struct broker *broker = memory->settings.broker;
  while (!broker_position_stable(broker, number) && !memory->settings.mistakes.read_uncommitted)
    if (!pass(memory, MEMORY_WAIT)) return crashed(error);
  const int64_t next = broker_position(broker, number);
  struct owned *owned = owned_find(memory, number);
  if (owned != NULL && owned->next != next) {
    partition_drop(memory, number, false);    // it came back, but not where we left it: somebody else worked on it
    owned = NULL;
  }
  if (owned == NULL) {
    memory->owned = memory_resize(memory->owned, (memory->owned_size + 1) * sizeof *memory->owned);
    owned = &memory->owned[memory->owned_size++];
    *owned = (struct owned){.number = number, .phase = PHASE_REBUILD, .next = next};
    state_open(memory->state, number);
  }
  owned->assigned = true;
  owned->position = next;
  return STATUS_OK;
}

// Serves what the group has decided since the last poll.
static enum status poll_group(struct memory *memory, struct error *error) {
  struct broker *broker = memory->settings.broker;
  if (!broker_is_member(broker, memory->settings.slot, memory->member)) {
    if (memory->member != 0) {
      if (broker_member(broker, memory->settings.slot) != 0) return fenced(error);    // another process has our name
      revoke(memory, true);
      if (!pass(memory, MEMORY_REVOKED)) return crashed(error);
    }
    // A static member: what the slot owns it owns again, if it was not given away meanwhile.
    memory->member = broker_join(broker, memory->settings.slot);
  } else {
    if (memory->generation == broker_generation(broker)) return STATUS_OK;
    revoke(memory, false);
    if (!pass(memory, MEMORY_REVOKED)) return crashed(error);
  }
  memory->generation = broker_generation(broker);
  enum status status = STATUS_OK;
  for (int32_t p = 0; p < broker_partitions(broker) && status == STATUS_OK; p++)
    if (broker_owner(broker, p) == (int)memory->settings.slot) status = assign_one(memory, p, error);
  for (size_t i = memory->owned_size; i-- > 0 && status == STATUS_OK;)
    if (!memory->owned[i].assigned) partition_drop(memory, memory->owned[i].number, true);
  return status;
}

static void rebuild_begin(struct memory *memory, struct owned *owned, bool snapshot) {
  char path[200];
  int64_t from = 0;
  state_close(memory->state, owned->number);
  if (memory->settings.state_dir != NULL) snapshot_path(memory, owned->number, path, sizeof path);
  if (memory->settings.state_dir == NULL || !snapshot) {
    if (memory->settings.state_dir != NULL) (void)remove(path);
    state_open(memory->state, owned->number);
  } else if (!state_snapshot_read(memory->state, owned->number, path, &from)) {
    from = 0;
  }
  owned->end = broker_state_end(memory->settings.broker, owned->number);
  owned->learned = from < 0 || from > owned->end ? 0 : from;
  owned->reading = true;
}

// A slice of learning for each partition that is not ready yet.
static enum status rebuild(struct memory *memory, struct error *error) {
  for (size_t i = 0; i < memory->owned_size; i++) {
    struct owned *owned = &memory->owned[i];
    if (owned->phase != PHASE_REBUILD) continue;
    if (!pass(memory, MEMORY_LEARN)) return crashed(error);
    if (!owned->reading) rebuild_begin(memory, owned, true);
    if (!learn(memory, owned->number, &owned->learned, owned->end, memory->settings.learn_records)) continue;
    if (!state_snapshot_proven(memory->state, owned->number)) {
      rebuild_begin(memory, owned, false);
      continue;
    }
    owned->phase = PHASE_READY;
    owned->loaded = true;
    if (memory->settings.load != NULL)
      memory->settings.load(memory->settings.context, owned->number, state_partition(memory->state, owned->number, NULL));
    if (!pass(memory, MEMORY_READY)) return crashed(error);
  }
  return STATUS_OK;
}

// --- Taking ----------------------------------------------------------------------------------------------------------------------

// The consumer's next record of a partition; false when there is none.
static bool poll_record(struct memory *memory, struct owned *owned, struct record *record) {
  size_t size;
  const struct broker_record *rows = broker_input(memory->settings.broker, owned->number, &size);
  for (size_t i = 0; i < size; i++) {
    if (rows[i].offset < owned->position || (rows[i].aborted && !memory->settings.mistakes.read_uncommitted)) continue;
    owned->position = rows[i].offset + 1;
    *record = (struct record){.key = rows[i].key, .value = rows[i].value, .source = {0, owned->number, rows[i].offset},
                              .traceparent = SLICE_NONE};
    return true;
  }
  return false;
}

static bool idle(const struct memory *memory) {
  for (size_t i = 0; i < memory->owned_size; i++) {
    const struct owned *owned = &memory->owned[i];
    if (!owned->assigned || owned->phase != PHASE_READY) return false;
  }
  return memory->owned_size > 0;
}

static enum status take(struct log *log, int timeout_ms, struct log_batch *batch, struct error *error) {
  (void)timeout_ms;
  struct memory *memory = memory_of(log);
  *batch = (struct log_batch){0};
  if (!pass(memory, MEMORY_TAKE)) return crashed(error);
  if (memory->committing && memory_stale(log)) return STATUS_OK;    // a rebalance is served when nothing is under way
  if (!at_hand(memory)->again) batch_clear(at_hand(memory));
  enum status status = poll_group(memory, error);
  if (status == STATUS_OK) status = rebuild(memory, error);
  if (status != STATUS_OK) return status;
  struct batch *hand = at_hand(memory);
  const bool last = memory->committing || memory->batches[memory->hand ^ 1].size == 0;    // else what comes stands behind the other one
  if (last && memory->holds && hand->size < memory->settings.batch_records) {
    hand->records[hand->size++] = memory->held;
    memory->holds = false;
  }
  for (size_t i = 0; i < memory->owned_size && last && !memory->holds; i++) {
    struct owned *owned = &memory->owned[((size_t)memory->turn + i) % memory->owned_size];
    if (!owned->assigned || owned->phase != PHASE_READY) continue;
    struct record record;
    while (!memory->holds && poll_record(memory, owned, &record)) {
      if (hand->size < memory->settings.batch_records) {
        hand->records[hand->size++] = record;
        continue;
      }
      memory->held = record;    // for the next batch: the consumer's position is now ahead of this one
      memory->holds = true;
    }
  }
  memory->turn++;
  *batch = (struct log_batch){hand->records, hand->size, hand->size == 0 && idle(memory)};
  return STATUS_OK;
}

// --- Giving ----------------------------------------------------------------------------------------------------------------------

static enum status again(struct memory *memory, struct error *error) {
  at_hand(memory)->again = true;
  if (++memory->attempts <= ATTEMPTS_MAX) return STATUS_RETRY;
  return error_set(error, STATUS_FATAL, "the same transaction was aborted %d times", ATTEMPTS_MAX);
}

static enum status abandon(struct log *log, struct error *error) {
  struct memory *memory = memory_of(log);
  if (!pass(memory, MEMORY_ABORT)) return crashed(error);
  if (memory->begun && broker_end(memory->settings.broker, memory->settings.slot, memory->epoch, false) != BROKER_OK) return fenced(error);
  memory->begun = false;
  return again(memory, error) == STATUS_FATAL ? STATUS_FATAL : STATUS_OK;
}

// The transaction has failed: aborted, and the same records again.
static enum status refuse(struct memory *memory, const char *why, struct error *error) {
  struct error second = {0};
  if (abandon(&memory->log, &second) != STATUS_OK) {
    *error = second;
    return STATUS_FATAL;
  }
  return error_set(error, STATUS_RETRY, "%s", why);
}

static enum status begin(struct log *log, struct error *error) {
  struct memory *memory = memory_of(log);
  const struct batch *hand = at_hand(memory);
  assert(!memory->begun && !memory->committing);
  for (size_t i = 0; i < hand->size; i++) {    // the broker never checks that we own what we commit
    const struct owned *owned = owned_find(memory, hand->records[i].source.partition);
    assert(owned != NULL && owned->assigned && owned->phase == PHASE_READY);
    assert(hand->records[i].source.offset >= owned->next);
  }
  if (!pass(memory, MEMORY_BEGIN)) return crashed(error);
  if (memory->renew) memory->epoch = broker_init_producer(memory->settings.broker, memory->settings.slot);
  memory->renew = false;
  memory->begun = true;
  return STATUS_OK;
}

static enum status stage(struct log *log, const struct outbox *outbox, struct log_state *states, size_t states_size, struct error *error) {
  struct memory *memory = memory_of(log);
  struct broker *broker = memory->settings.broker;
  const unsigned slot = memory->settings.slot;
  assert(memory->begun);
  at_hand(memory)->states = states;
  at_hand(memory)->states_size = states_size;
  for (size_t i = 0; i < outbox->size; i++) {
    const struct outbox_entry *entry = &outbox->entries[i];
    if (broker_send_output(broker, slot, memory->epoch, entry->topic, entry->source, outbox_bytes(outbox, entry->key, entry->key_size),
                           outbox_bytes(outbox, entry->value, entry->value_size)) != BROKER_OK)
      return fenced(error);
  }
  const enum memory_fate order = at(memory, MEMORY_STAGE);
  if (order == MEMORY_CRASH) return crashed(error);
  if (order == MEMORY_REFUSE) return error_set(error, STATUS_RETRY, "injected: producing failed");
  for (size_t i = 0; i < states_size; i++) {
    const unsigned char *mark = slice_equal(states[i].key, STATE_PARTITION_KEY) ? state_epoch(memory->state, states[i].partition) : NULL;
    if (broker_send_state(broker, slot, memory->epoch, states[i].partition, states[i].key, states[i].value, states[i].due_s, mark,
                          &states[i].offset) != BROKER_OK)
      return fenced(error);
  }
  const enum memory_fate after = at(memory, MEMORY_STAGED);
  if (after == MEMORY_CRASH) return crashed(error);
  if (after == MEMORY_LOSE)
    for (size_t i = 0; i < states_size; i += 2) states[i].offset = -1;
  return STATUS_OK;
}

static enum status send_positions(struct memory *memory, struct error *error) {
  const struct batch *batch = at_hand(memory);
  for (size_t i = 0; i < memory->owned_size; i++) {
    const struct owned *owned = &memory->owned[i];
    int64_t next = -1;
    for (size_t r = 0; r < batch->size; r++)
      if (batch->records[r].source.partition == owned->number && batch->records[r].source.offset >= next)
        next = batch->records[r].source.offset + 1;
    if (next < 0) continue;
    if (memory->settings.mistakes.position_commits) next = owned->position;
    const bool cached = memory->settings.mistakes.cached_group;
    switch (broker_send_position(memory->settings.broker, memory->settings.slot, memory->epoch, cached ? 0 : memory->member,
                                 cached ? -1 : memory->generation, owned->number, next)) {
      case BROKER_OK: break;
      case BROKER_FENCED: return fenced(error);
      case BROKER_ILLEGAL_GENERATION: return refuse(memory, "sending the positions: illegal generation", error);
      case BROKER_UNKNOWN_MEMBER: return refuse(memory, "sending the positions: unknown member", error);
    }
  }
  return STATUS_OK;
}

// The client's half of a commit: the broker is asked, and may answer later or not at all.
static enum status send_commit(struct memory *memory, struct error *error) {
  enum memory_fate order = at(memory, MEMORY_SEND);
  if (order == MEMORY_CRASH) return crashed(error);
  if (order == MEMORY_REFUSE) return refuse(memory, "injected: the positions are refused", error);
  const enum status status = send_positions(memory, error);
  if (status != STATUS_OK) return status;
  order = at(memory, MEMORY_COMMIT);
  if (order == MEMORY_CRASH) return crashed(error);
  if (order == MEMORY_REFUSE) return refuse(memory, "injected: the commit is refused", error);
  memory->renew = order == MEMORY_DELAY || order == MEMORY_LOSE;
  if (order == MEMORY_DELAY) broker_end_later(memory->settings.broker, memory->settings.slot, memory->epoch);
  else if (broker_end(memory->settings.broker, memory->settings.slot, memory->epoch, true) != BROKER_OK) return fenced(error);
  return STATUS_OK;
}

// Repeats the commit until it is known how it ended.
static enum status await_commit(struct memory *memory, struct error *error) {
  const struct broker *broker = memory->settings.broker;
  while (broker_open(broker, memory->settings.slot) && broker_epoch(broker, memory->settings.slot) == memory->epoch)
    if (!pass(memory, MEMORY_UNANSWERED)) return crashed(error);
  return broker_epoch(broker, memory->settings.slot) == memory->epoch ? STATUS_OK : fenced(error);
}

// False: the process died on the way.
static bool committed(struct memory *memory) {
  struct batch *batch = at_hand(memory);
  memory->begun = false;
  memory->attempts = 0;
  for (size_t i = 0; i < batch->size; i++) {
    struct owned *owned = owned_find(memory, batch->records[i].source.partition);
    if (batch->records[i].source.offset >= owned->next) owned->next = batch->records[i].source.offset + 1;
  }
  // Where the broker did not say: the partition is read on from where we knew it, which waits for whatever is undecided there.
  for (size_t i = 0; i < batch->states_size; i++) {
    const int32_t number = batch->states[i].partition;
    if (batch->states[i].offset >= 0) continue;
    int64_t position = state_position(memory->state, number);
    const int64_t end = broker_state_end(memory->settings.broker, number);
    while (!learn(memory, number, &position, end, SIZE_MAX))
      if (!pass(memory, MEMORY_WAIT)) return false;
  }
  batch_clear(batch);
  return true;
}

// The broker may hear of the commit now, or only when somebody waits for it.
static void commit_start(struct log *log) {
  struct memory *memory = memory_of(log);
  assert(memory->begun && !memory->committing);
  memory->outcome = (struct error){.status = STATUS_OK};
  const enum memory_fate order = at(memory, MEMORY_START);
  memory->unsent = order == MEMORY_DELAY;
  if (order == MEMORY_CRASH) (void)crashed(&memory->outcome);
  else if (!memory->unsent) (void)send_commit(memory, &memory->outcome);
  memory->committing = true;
  memory->hand ^= 1;
}

static enum status commit_finish(struct log *log, struct error *error) {
  struct memory *memory = memory_of(log);
  assert(memory->committing);
  memory->committing = false;
  memory->hand ^= 1;
  struct error outcome = memory->outcome;
  if (memory->dead) (void)crashed(&outcome);
  if (outcome.status == STATUS_OK && memory->unsent) (void)send_commit(memory, &outcome);
  if (outcome.status == STATUS_OK) (void)await_commit(memory, &outcome);
  if (outcome.status == STATUS_OK && !pass(memory, MEMORY_COMMITTED)) (void)crashed(&outcome);
  if (outcome.status == STATUS_OK && !committed(memory)) (void)crashed(&outcome);
  if (outcome.status == STATUS_OK) {
    memory->hand ^= 1;
    return STATUS_OK;
  }
  struct batch *newer = &memory->batches[memory->hand ^ 1];
  newer->again = newer->size > 0;
  if (memory->settings.mistakes.newer_is_lost) batch_clear(newer);
  *error = outcome;
  return outcome.status;
}

// --- Open and close --------------------------------------------------------------------------------------------------------------

static void memory_close(struct log *log) {
  struct memory *memory = memory_of(log);
  struct error ignored = {0};
  if (memory->committing) (void)commit_finish(log, &ignored);
  if (memory->begun && !memory->dead) (void)broker_end(memory->settings.broker, memory->settings.slot, memory->epoch, false);
  for (size_t i = 0; i < memory->owned_size; i++) memory_snapshot(log, memory->owned[i].number);
  if (!memory->dead && broker_is_member(memory->settings.broker, memory->settings.slot, memory->member))
    broker_expel(memory->settings.broker, memory->settings.slot);
  state_destroy(memory->state);
  memory_free(memory->owned);
  for (unsigned b = 0; b < 2; b++) memory_free(memory->batches[b].records);
  memory_free(memory);
}

static const struct log_operations operations = {"memory", take, begin, stage, commit_start, commit_finish, abandon, memory_close};

struct log *memory_open(const struct memory_settings *settings) {
  struct memory *memory = memory_take(sizeof *memory);
  *memory = (struct memory){.log.operations = &operations, .settings = *settings};
  for (unsigned b = 0; b < 2; b++) memory->batches[b].records = memory_take(settings->batch_records * sizeof(struct record));
  struct state_settings state = {.topic = SLICE("patient-state"), .key = settings->key, .cache = settings->cache,
                                 .reader = {memory, read_states}};
  memcpy(state.epoch, settings->epoch, sizeof state.epoch);
  memory->state = state_create(&state);
  memory->epoch = broker_init_producer(settings->broker, settings->slot);
  return &memory->log;
}
