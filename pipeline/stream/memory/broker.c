#include "stream/memory/broker.h"

#include <assert.h>

#include "core/memory.h"
#include "record/decode.h"

enum fate { OPEN, COMMITTED, ABORTED };

struct transaction {
  unsigned slot;
  uint32_t epoch;
  enum fate fate;
  int64_t next[BROKER_PARTITIONS_MAX];    // positions it will commit; -1: none
  bool wrote[BROKER_PARTITIONS_MAX];      // in the state topic
};

struct lane {
  struct broker_record *input;
  size_t input_size, input_capacity;
  int64_t input_end;
  struct broker_state *states;
  size_t states_size, states_capacity;
  int64_t states_end;
  int64_t position;
  int owner;
};

struct seat {
  uint32_t epoch;      // of the producer
  uint32_t open;       // its transaction + 1; 0: none
  bool late;           // a request to commit is on its way, of `late_epoch`
  uint32_t late_epoch;
  uint32_t member;     // 0: not in the group
};

struct broker {
  struct arena arena;
  int32_t partitions;
  struct lane lanes[BROKER_PARTITIONS_MAX];
  struct seat seats[BROKER_SLOTS_MAX];
  struct transaction *transactions;
  size_t transactions_size, transactions_capacity;
  struct broker_output *outputs;
  size_t outputs_size, outputs_capacity;
  uint32_t members;
  int64_t generation;
};

// Room for one more row.
#define ROOM(rows, size, capacity)                                                  \
  do {                                                                              \
    if ((size) == (capacity)) {                                                     \
      (capacity) = (capacity) == 0 ? 64 : 2 * (capacity);                           \
      (rows) = memory_resize((rows), (capacity) * sizeof *(rows));                  \
    }                                                                               \
  } while (0)

struct broker *broker_create(int32_t partitions) {
  struct broker *broker = memory_take(sizeof *broker);
  arena_init(&broker->arena, 256 << 10);
  broker_reset(broker, partitions);
  return broker;
}

void broker_destroy(struct broker *broker) {
  if (broker == NULL) return;
  for (int32_t p = 0; p < BROKER_PARTITIONS_MAX; p++) {
    memory_free(broker->lanes[p].input);
    memory_free(broker->lanes[p].states);
  }
  memory_free(broker->transactions);
  memory_free(broker->outputs);
  arena_fini(&broker->arena);
  memory_free(broker);
}

void broker_reset(struct broker *broker, int32_t partitions) {
  assert(partitions > 0 && partitions <= BROKER_PARTITIONS_MAX);
  arena_reset(&broker->arena);
  broker->partitions = partitions;
  for (int32_t p = 0; p < BROKER_PARTITIONS_MAX; p++) {
    struct lane *lane = &broker->lanes[p];
    lane->input_size = lane->states_size = 0;
    lane->input_end = lane->states_end = lane->position = 0;
    lane->owner = -1;
  }
  memset(broker->seats, 0, sizeof broker->seats);
  broker->transactions_size = broker->outputs_size = 0;
  broker->members = 0;
  broker->generation = 0;
}

int32_t broker_partitions(const struct broker *broker) { return broker->partitions; }

static struct lane *lane_of(const struct broker *broker, int32_t partition) {
  assert(partition >= 0 && partition < broker->partitions);
  return (struct lane *)(uintptr_t)&broker->lanes[partition];
}

static struct seat *seat_of(const struct broker *broker, unsigned slot) {
  assert(slot < BROKER_SLOTS_MAX);
  return (struct seat *)(uintptr_t)&broker->seats[slot];
}

// --- Input -----------------------------------------------------------------------------------------------------------------------

void broker_append(struct broker *broker, int32_t partition, struct slice key, struct slice value, bool aborted) {
  struct lane *lane = lane_of(broker, partition);
  ROOM(lane->input, lane->input_size, lane->input_capacity);
  char *copy = arena_take(&broker->arena, value.size + DECODE_PADDING);
  if (value.size > 0) memcpy(copy, value.data, value.size);
  memset(copy + value.size, 0, DECODE_PADDING);
  lane->input[lane->input_size++] = (struct broker_record){lane->input_end++, arena_copy(&broker->arena, key), {copy, value.size}, aborted};
}

void broker_skip(struct broker *broker, int32_t partition) { lane_of(broker, partition)->input_end++; }

const struct broker_record *broker_input(const struct broker *broker, int32_t partition, size_t *size) {
  *size = lane_of(broker, partition)->input_size;
  return lane_of(broker, partition)->input;
}

// --- Transactions ----------------------------------------------------------------------------------------------------------------

// Ends the slot's transaction; each partition of the state topic that it wrote to gets a marker.
static void end(struct broker *broker, unsigned slot, enum fate fate) {
  struct seat *seat = seat_of(broker, slot);
  const uint32_t number = seat->open - 1;
  struct transaction *transaction = &broker->transactions[number];
  transaction->fate = fate;
  seat->open = 0;
  for (int32_t p = 0; p < broker->partitions; p++) {
    struct lane *lane = lane_of(broker, p);
    if (fate == COMMITTED && transaction->next[p] >= 0) lane->position = transaction->next[p];
    if (!transaction->wrote[p]) continue;
    ROOM(lane->states, lane->states_size, lane->states_capacity);
    lane->states[lane->states_size++] = (struct broker_state){.offset = lane->states_end++, .transaction = number, .marker = true};
  }
}

uint32_t broker_init_producer(struct broker *broker, unsigned slot) {
  struct seat *seat = seat_of(broker, slot);
  if (seat->open != 0) end(broker, slot, ABORTED);
  return ++seat->epoch;
}

// The slot's open transaction, begun by the first thing that is sent; NULL when the producer is fenced.
static struct transaction *transaction_of(struct broker *broker, unsigned slot, uint32_t epoch) {
  struct seat *seat = seat_of(broker, slot);
  if (seat->epoch != epoch) return NULL;
  if (seat->open == 0) {
    ROOM(broker->transactions, broker->transactions_size, broker->transactions_capacity);
    struct transaction *transaction = &broker->transactions[broker->transactions_size++];
    *transaction = (struct transaction){.slot = slot, .epoch = epoch, .fate = OPEN};
    for (int32_t p = 0; p < BROKER_PARTITIONS_MAX; p++) transaction->next[p] = -1;
    seat->open = (uint32_t)broker->transactions_size;
  }
  return &broker->transactions[seat->open - 1];
}

enum broker_answer broker_send_output(struct broker *broker, unsigned slot, uint32_t epoch, enum topic topic, struct source source,
                                      struct slice key, struct slice value) {
  if (transaction_of(broker, slot, epoch) == NULL) return BROKER_FENCED;
  ROOM(broker->outputs, broker->outputs_size, broker->outputs_capacity);
  broker->outputs[broker->outputs_size++] = (struct broker_output){topic, source, arena_copy(&broker->arena, key),
                                                                   arena_copy(&broker->arena, value), seat_of(broker, slot)->open - 1};
  return BROKER_OK;
}

enum broker_answer broker_send_state(struct broker *broker, unsigned slot, uint32_t epoch, int32_t partition, struct slice key,
                                     struct slice value, int64_t due_s, const unsigned char mark[BROKER_EPOCH_BYTES], int64_t *offset) {
  struct transaction *transaction = transaction_of(broker, slot, epoch);
  if (transaction == NULL) return BROKER_FENCED;
  struct lane *lane = lane_of(broker, partition);
  transaction->wrote[partition] = true;
  ROOM(lane->states, lane->states_size, lane->states_capacity);
  struct broker_state *row = &lane->states[lane->states_size++];
  *row = (struct broker_state){.offset = lane->states_end++, .key = arena_copy(&broker->arena, key), .value = arena_copy(&broker->arena, value),
                               .due_s = due_s, .transaction = seat_of(broker, slot)->open - 1};
  if (mark != NULL) row->mark = memcpy(arena_take(&broker->arena, BROKER_EPOCH_BYTES), mark, BROKER_EPOCH_BYTES);
  *offset = row->offset;
  return BROKER_OK;
}

enum broker_answer broker_send_position(struct broker *broker, unsigned slot, uint32_t epoch, uint32_t member, int64_t generation,
                                        int32_t partition, int64_t next) {
  if (member != 0 || generation != -1) {
    if (!broker_is_member(broker, slot, member)) return BROKER_UNKNOWN_MEMBER;
    if (generation != broker->generation) return BROKER_ILLEGAL_GENERATION;
  }
  struct transaction *transaction = transaction_of(broker, slot, epoch);
  if (transaction == NULL) return BROKER_FENCED;
  (void)lane_of(broker, partition);
  transaction->next[partition] = next;
  return BROKER_OK;
}

enum broker_answer broker_end(struct broker *broker, unsigned slot, uint32_t epoch, bool commit) {
  struct seat *seat = seat_of(broker, slot);
  if (seat->epoch != epoch) return BROKER_FENCED;
  if (seat->open != 0) end(broker, slot, commit ? COMMITTED : ABORTED);
  return BROKER_OK;
}

void broker_end_later(struct broker *broker, unsigned slot, uint32_t epoch) {
  struct seat *seat = seat_of(broker, slot);
  seat->late = true;
  seat->late_epoch = epoch;
}

bool broker_deliver(struct broker *broker, unsigned slot) {
  struct seat *seat = seat_of(broker, slot);
  if (!seat->late) return false;
  seat->late = false;
  (void)broker_end(broker, slot, seat->late_epoch, true);
  return true;
}

bool broker_time_out(struct broker *broker, unsigned slot) {
  struct seat *seat = seat_of(broker, slot);
  if (seat->open == 0) return false;
  end(broker, slot, ABORTED);
  seat->epoch++;
  return true;
}

bool broker_open(const struct broker *broker, unsigned slot) { return seat_of(broker, slot)->open != 0; }
uint32_t broker_epoch(const struct broker *broker, unsigned slot) { return seat_of(broker, slot)->epoch; }

// --- The group -------------------------------------------------------------------------------------------------------------------

uint32_t broker_join(struct broker *broker, unsigned slot) { return seat_of(broker, slot)->member = ++broker->members; }
void broker_expel(struct broker *broker, unsigned slot) { seat_of(broker, slot)->member = 0; }

uint32_t broker_member(const struct broker *broker, unsigned slot) { return seat_of(broker, slot)->member; }

bool broker_is_member(const struct broker *broker, unsigned slot, uint32_t member) {
  return member != 0 && seat_of(broker, slot)->member == member;
}

void broker_rebalance(struct broker *broker, const int *slots) {
  for (int32_t p = 0; p < broker->partitions; p++) broker->lanes[p].owner = slots[p];
  broker->generation++;
}

int64_t broker_generation(const struct broker *broker) { return broker->generation; }
int broker_owner(const struct broker *broker, int32_t partition) { return lane_of(broker, partition)->owner; }
int64_t broker_position(const struct broker *broker, int32_t partition) { return lane_of(broker, partition)->position; }

bool broker_position_stable(const struct broker *broker, int32_t partition) {
  for (unsigned slot = 0; slot < BROKER_SLOTS_MAX; slot++) {
    const uint32_t number = broker->seats[slot].open;
    if (number != 0 && broker->transactions[number - 1].next[partition] >= 0) return false;
  }
  return true;
}

// --- Reading ---------------------------------------------------------------------------------------------------------------------

const struct broker_state *broker_states(const struct broker *broker, int32_t partition, size_t *size) {
  *size = lane_of(broker, partition)->states_size;
  return lane_of(broker, partition)->states;
}

bool broker_committed(const struct broker *broker, uint32_t transaction) { return broker->transactions[transaction].fate == COMMITTED; }
int64_t broker_state_end(const struct broker *broker, int32_t partition) { return lane_of(broker, partition)->states_end; }

int64_t broker_state_stable(const struct broker *broker, int32_t partition) {
  const struct lane *lane = lane_of(broker, partition);
  for (size_t i = 0; i < lane->states_size; i++)
    if (broker->transactions[lane->states[i].transaction].fate == OPEN) return lane->states[i].offset;
  return lane->states_end;
}

void broker_compact(struct broker *broker, int32_t partition) {
  struct lane *lane = lane_of(broker, partition);
  const int64_t stable = broker_state_stable(broker, partition);
  size_t kept = 0;
  for (size_t i = 0; i < lane->states_size; i++) {
    const struct broker_state *row = &lane->states[i];
    bool gone = row->offset < stable && (row->marker || !broker_committed(broker, row->transaction));
    for (size_t j = i + 1; j < lane->states_size && lane->states[j].offset < stable && !gone; j++) {
      const struct broker_state *later = &lane->states[j];
      gone = !later->marker && broker_committed(broker, later->transaction) && slice_equal(later->key, row->key);
    }
    if (!gone) lane->states[kept++] = *row;
  }
  lane->states_size = kept;
}

const struct broker_output *broker_outputs(const struct broker *broker, size_t *size) {
  *size = broker->outputs_size;
  return broker->outputs;
}
