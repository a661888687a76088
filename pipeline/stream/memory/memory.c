#include "stream/memory/memory.h"

#include <assert.h>

#include "core/memory.h"

struct kept { char *bytes; size_t key_size, value_size; int64_t due_s; bool key; };

struct lane {
  struct kept *input, *states;
  size_t input_size, input_capacity, states_size, states_capacity;
  size_t position;
  unsigned char epoch[STATE_EPOCH_BYTES];    // of the first log that committed a state here
};

struct memory_broker {
  struct lane *lanes;
  int32_t partitions;
  struct text outputs[TOPIC_COUNT];
};

struct memory {
  struct log log;
  struct memory_broker *broker;
  size_t batch_records;
  enum memory_fault (*fault)(void *context);
  void *context;
  unsigned char epoch[STATE_EPOCH_BYTES];
  int32_t turn;
  struct record *records;
  size_t size;
  struct text outputs[TOPIC_COUNT];
  struct log_state *states;
  size_t states_size;
  bool begun;
};

struct memory_broker *memory_create(int32_t partitions) {
  struct memory_broker *broker = memory_take(sizeof *broker);
  broker->lanes = memory_take((size_t)partitions * sizeof *broker->lanes);
  broker->partitions = partitions;
  return broker;
}

void memory_destroy(struct memory_broker *broker) {
  for (int32_t p = 0; p < broker->partitions; p++) {
    struct lane *lane = &broker->lanes[p];
    for (size_t i = 0; i < lane->input_size; i++) memory_free(lane->input[i].bytes);
    for (size_t i = 0; i < lane->states_size; i++) memory_free(lane->states[i].bytes);
    memory_free(lane->input);
    memory_free(lane->states);
  }
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) text_fini(&broker->outputs[topic]);
  memory_free(broker->lanes);
  memory_free(broker);
}

static int64_t append(struct kept **rows, size_t *size, size_t *capacity, struct slice key, struct slice value, int64_t due_s) {
  if (*size == *capacity) {
    *capacity = *capacity == 0 ? 64 : 2 * *capacity;
    *rows = memory_resize(*rows, *capacity * sizeof **rows);
  }
  struct kept *row = &(*rows)[*size];
  *row = (struct kept){memory_take(key.size + value.size + DECODE_PADDING), key.size, value.size, due_s, slice_present(key)};
  if (key.size > 0) memcpy(row->bytes, key.data, key.size);
  if (value.size > 0) memcpy(row->bytes + key.size, value.data, value.size);
  return (int64_t)(*size)++;
}

static struct slice key_of(const struct kept *row) { return row->key ? (struct slice){row->bytes, row->key_size} : SLICE_NONE; }
static struct slice value_of(const struct kept *row) { return (struct slice){row->bytes + row->key_size, row->value_size}; }

void memory_append(struct memory_broker *broker, int32_t partition, struct slice key, struct slice value) {
  assert(partition >= 0 && partition < broker->partitions);
  struct lane *lane = &broker->lanes[partition];
  append(&lane->input, &lane->input_size, &lane->input_capacity, key, value, 0);
}

int64_t memory_position(const struct memory_broker *broker, int32_t partition) { return (int64_t)broker->lanes[partition].position; }
struct slice memory_outputs(const struct memory_broker *broker, enum topic topic) { return text_slice(&broker->outputs[topic]); }

static enum status read_states(void *context, int32_t partition, struct state_read *reads, size_t size, struct arena *arena,
                               struct error *error) {
  const struct memory_broker *broker = context;
  const struct lane *lane = &broker->lanes[partition];
  for (size_t i = 0; i < size; i++) {
    if (reads[i].offset < 0 || (uint64_t)reads[i].offset >= lane->states_size)
      return error_set(error, STATUS_FATAL, "patient-state[%d]@%lld: no such record", (int)partition, (long long)reads[i].offset);
    const struct kept *row = &lane->states[reads[i].offset];
    reads[i].key = arena_copy(arena, key_of(row));
    reads[i].value = arena_copy(arena, value_of(row));
    reads[i].due_s = row->due_s;
  }
  return STATUS_OK;
}

struct state_reader memory_reader(struct memory_broker *broker) { return (struct state_reader){broker, read_states}; }

enum status memory_teach(struct memory_broker *broker, struct state *state, int32_t partition, int64_t from, struct error *error) {
  const struct lane *lane = &broker->lanes[partition];
  enum status status = STATUS_OK;
  for (size_t i = from > 0 ? (size_t)from : 0; i < lane->states_size && status == STATUS_OK; i++) {
    const struct kept *row = &lane->states[i];
    const struct state_read record = {(int64_t)i, key_of(row), value_of(row), row->due_s};
    status = state_learn(state, partition, &record, lane->epoch, error);
  }
  return status;
}

static enum status take(struct log *log, int timeout_ms, struct log_batch *batch, struct error *error) {
  (void)timeout_ms;
  (void)error;
  struct memory *memory = (struct memory *)log;
  memory->size = 0;
  bool end = true;
  for (int32_t p = 0; p < memory->broker->partitions && memory->size == 0; p++) {
    const int32_t partition = (memory->turn + p) % memory->broker->partitions;
    const struct lane *lane = &memory->broker->lanes[partition];
    for (size_t i = lane->position; i < lane->input_size && memory->size < memory->batch_records; i++)
      memory->records[memory->size++] = (struct record){.key = key_of(&lane->input[i]), .value = value_of(&lane->input[i]),
                                                        .source = {0, partition, (int64_t)i}, .traceparent = SLICE_NONE};
    if (memory->size > 0) {
      end = false;
      memory->turn = partition + 1;
    }
  }
  *batch = (struct log_batch){memory->records, memory->size, end};
  return STATUS_OK;
}

static enum status begin(struct log *log, struct error *error) {
  (void)error;
  struct memory *memory = (struct memory *)log;
  assert(!memory->begun);
  memory->begun = true;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) text_clear(&memory->outputs[topic]);
  memory->states = NULL;
  memory->states_size = 0;
  return STATUS_OK;
}

static enum status stage(struct log *log, const struct outbox *outbox, struct log_state *states, size_t states_size, struct error *error) {
  (void)error;
  struct memory *memory = (struct memory *)log;
  assert(memory->begun);
  for (size_t i = 0; i < outbox->size; i++) {
    const struct outbox_entry *entry = &outbox->entries[i];
    text_append(&memory->outputs[entry->topic], outbox_bytes(outbox, entry->value, entry->value_size));
    text_byte(&memory->outputs[entry->topic], '\n');
  }
  memory->states = states;
  memory->states_size = states_size;
  return STATUS_OK;
}

static void apply(struct memory *memory) {
  struct memory_broker *broker = memory->broker;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) text_append(&broker->outputs[topic], text_slice(&memory->outputs[topic]));
  for (size_t i = 0; i < memory->states_size; i++) {
    struct lane *lane = &broker->lanes[memory->states[i].partition];
    if (lane->states_size == 0) memcpy(lane->epoch, memory->epoch, sizeof lane->epoch);
    memory->states[i].offset = append(&lane->states, &lane->states_size, &lane->states_capacity, memory->states[i].key,
                                      memory->states[i].value, memory->states[i].due_s);
  }
  for (size_t i = 0; i < memory->size; i++) {
    struct lane *lane = &broker->lanes[memory->records[i].source.partition];
    if ((size_t)memory->records[i].source.offset >= lane->position) lane->position = (size_t)memory->records[i].source.offset + 1;
  }
}

static enum status commit(struct log *log, struct error *error) {
  struct memory *memory = (struct memory *)log;
  assert(memory->begun);
  memory->begun = false;
  switch (memory->fault != NULL ? memory->fault(memory->context) : MEMORY_FINE) {
    case MEMORY_FINE:
      apply(memory);
      return STATUS_OK;
    case MEMORY_ABORT:
      return error_set(error, STATUS_RETRY, "injected: the transaction was aborted");
    case MEMORY_CRASH_AFTER:
      apply(memory);
      break;
    case MEMORY_CRASH_BEFORE:
      break;
  }
  return error_set(error, STATUS_FATAL, "injected: crash");
}

static enum status abandon(struct log *log, struct error *error) {
  (void)error;
  ((struct memory *)log)->begun = false;
  return STATUS_OK;
}

static void memory_close(struct log *log) {
  struct memory *memory = (struct memory *)log;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) text_fini(&memory->outputs[topic]);
  memory_free(memory->records);
  memory_free(memory);
}

static const struct log_operations operations = {"memory", take, begin, stage, commit, abandon, memory_close};

struct log *memory_open(struct memory_broker *broker, const unsigned char epoch[STATE_EPOCH_BYTES], size_t batch_records,
                        enum memory_fault (*fault)(void *context), void *context) {
  struct memory *memory = memory_take(sizeof *memory);
  *memory = (struct memory){.log.operations = &operations, .broker = broker, .batch_records = batch_records, .fault = fault,
                            .context = context};
  memcpy(memory->epoch, epoch, sizeof memory->epoch);
  memory->records = memory_take(batch_records * sizeof *memory->records);
  return &memory->log;
}
