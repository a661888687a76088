#include "stream/kafka/state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/memory.h"

// One subject of the index. hash 0: free; offset -1: a tombstone, the subject counts as never seen.
struct index_slot { uint64_t hash; int64_t offset; };

// A subject that time alone changes. hash 0: free; subject NULL: no longer due.
struct due_slot { uint64_t hash; int64_t due_s; char *subject; uint32_t subject_size; };

struct partition {
  int32_t number;
  struct index_slot *slots;
  size_t slots_size, slots_used;       // size is a power of two
  struct due_slot *due;
  size_t due_size, due_used;           // size is a power of two
  int64_t position;                    // everything before this offset of the state topic is known
  int64_t own_offset;                  // of the partition's own record; -1: none
  struct partition_state own;
  int64_t next;
  unsigned char epoch[STATE_EPOCH_BYTES], snapshot_epoch[STATE_EPOCH_BYTES];
  unsigned char seal_key[DIGEST_MAC_BYTES];    // of this epoch
  bool unproven;                       // opened from a snapshot, own record not seen again yet
  bool foreign;                        // a record with another epoch than the snapshot's was seen
};

struct state {
  struct slice topic;
  unsigned char key[DIGEST_KEY_BYTES];
  uint64_t seed;
  unsigned char epoch[STATE_EPOCH_BYTES];
  struct cache *cache;
  struct state_reader reader;
  struct partition *partitions;
  size_t partitions_size;
  struct state_counts counts;
  struct text scratch;
};

enum { PUT_ITEMS = 256, VALUE_HEAD = 16, OWN_BYTES = 4 + 8 + 8 + DIGEST_BYTES + 16 + 8 };

static void put64(unsigned char *out, uint64_t value) {
  for (unsigned i = 0; i < 8; i++) out[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get64(const void *bytes) {
  const unsigned char *b = bytes;
  uint64_t value = 0;
  for (unsigned i = 8; i-- > 0;) value = value << 8 | b[i];
  return value;
}

struct state *state_create(const struct state_settings *settings) {
  struct state *state = memory_take(sizeof *state);
  state->topic = settings->topic;
  state->cache = settings->cache;
  state->reader = settings->reader;
  memcpy(state->key, settings->key, sizeof state->key);
  memcpy(state->epoch, settings->epoch, sizeof state->epoch);
  unsigned char seed[DIGEST_ID_BYTES];
  struct digest digest;
  digest_init(&digest, sizeof seed, state->key, sizeof state->key);
  digest_field(&digest, SLICE("sw-index-v1"));
  digest_final(&digest, seed);
  state->seed = get64(seed);
  return state;
}

static void partition_fini(struct partition *partition) {
  for (size_t i = 0; i < partition->due_size; i++) memory_free(partition->due[i].subject);
  memory_free(partition->due);
  memory_free(partition->slots);
}

void state_destroy(struct state *state) {
  if (state == NULL) return;
  for (size_t i = 0; i < state->partitions_size; i++) partition_fini(&state->partitions[i]);
  memory_free(state->partitions);
  text_fini(&state->scratch);
  explicit_bzero(state->key, sizeof state->key);
  memory_free(state);
}

const struct state_counts *state_counts(const struct state *state) { return &state->counts; }

static struct partition *partition_find(const struct state *state, int32_t number) {
  for (size_t i = 0; i < state->partitions_size; i++)
    if (state->partitions[i].number == number) return &state->partitions[i];
  return NULL;
}

static struct partition *partition_get(const struct state *state, int32_t number) {
  struct partition *partition = partition_find(state, number);
  assert(partition != NULL);
  return partition;
}

static void epoch_set(const struct state *state, struct partition *partition, const unsigned char *epoch) {
  unsigned char number[8];
  put64(number, (uint64_t)(int64_t)partition->number);
  memcpy(partition->epoch, epoch, sizeof partition->epoch);
  struct digest digest;
  digest_init(&digest, sizeof partition->seal_key, state->key, sizeof state->key);
  digest_field(&digest, SLICE("sw-cache-v2"));
  digest_field(&digest, state->topic);
  digest_bytes(&digest, partition->epoch, sizeof partition->epoch);
  digest_bytes(&digest, number, sizeof number);
  digest_final(&digest, partition->seal_key);
}

void state_open(struct state *state, int32_t number) {
  assert(partition_find(state, number) == NULL);
  state->partitions = memory_resize(state->partitions, (state->partitions_size + 1) * sizeof *state->partitions);
  struct partition *partition = &state->partitions[state->partitions_size++];
  *partition = (struct partition){.number = number, .own_offset = -1, .slots_size = 1024, .due_size = 64};
  partition->slots = memory_take(partition->slots_size * sizeof *partition->slots);
  partition->due = memory_take(partition->due_size * sizeof *partition->due);
  epoch_set(state, partition, state->epoch);
}

void state_close(struct state *state, int32_t number) {
  struct partition *partition = partition_find(state, number);
  if (partition == NULL) return;
  partition_fini(partition);
  *partition = state->partitions[--state->partitions_size];
}

// --- The index -----------------------------------------------------------------------------------------------------------------

static uint64_t subject_hash(const struct state *state, struct slice subject) {
  const uint64_t hash = digest_hash64(subject.data, subject.size, state->seed);
  return hash != 0 ? hash : 1;
}

static struct index_slot *slot_of(const struct partition *partition, uint64_t hash) {
  const size_t mask = partition->slots_size - 1;
  size_t at = (size_t)hash & mask;
  while (partition->slots[at].hash != 0 && partition->slots[at].hash != hash) at = (at + 1) & mask;
  return &partition->slots[at];
}

static void index_set(struct partition *partition, uint64_t hash, int64_t offset) {
  struct index_slot *slot = slot_of(partition, hash);
  if (slot->hash == 0) {
    if ((partition->slots_used + 1) * 4 > partition->slots_size * 3) {
      struct index_slot *old = partition->slots;
      const size_t size = partition->slots_size;
      partition->slots_size *= 2;
      partition->slots = memory_take(partition->slots_size * sizeof *partition->slots);
      for (size_t i = 0; i < size; i++)
        if (old[i].hash != 0) *slot_of(partition, old[i].hash) = old[i];
      memory_free(old);
      slot = slot_of(partition, hash);
    }
    partition->slots_used++;
    slot->hash = hash;
  }
  slot->offset = offset;
}


static struct due_slot *due_of(struct due_slot *slots, size_t size, uint64_t hash) {
  size_t at = (size_t)hash & (size - 1);
  while (slots[at].hash != 0 && slots[at].hash != hash) at = (at + 1) & (size - 1);
  return &slots[at];
}

static void due_set(struct partition *partition, uint64_t hash, struct slice subject, int64_t due_s) {
  struct due_slot *slot = due_of(partition->due, partition->due_size, hash);
  if (due_s == INT64_MAX) {
    memory_free(slot->subject);
    slot->subject = NULL;
    return;
  }
  if (slot->hash == 0 && (partition->due_used + 1) * 4 > partition->due_size * 3) {
    struct due_slot *old = partition->due;
    const size_t size = partition->due_size;
    size_t live = 0;
    for (size_t i = 0; i < size; i++) live += old[i].subject != NULL;
    while ((live + 1) * 2 > partition->due_size) partition->due_size *= 2;
    partition->due = memory_take(partition->due_size * sizeof *partition->due);
    for (size_t i = 0; i < size; i++)
      if (old[i].subject != NULL) *due_of(partition->due, partition->due_size, old[i].hash) = old[i];
    partition->due_used = live;
    memory_free(old);
    slot = due_of(partition->due, partition->due_size, hash);
  }
  partition->due_used += slot->hash == 0;
  slot->hash = hash;
  slot->due_s = due_s;
  if (slot->subject != NULL) return;
  slot->subject = memory_take(subject.size + 1);
  memcpy(slot->subject, subject.data, subject.size);
  slot->subject_size = (uint32_t)subject.size;
}

size_t state_subjects(const struct state *state, int32_t number) { return partition_get(state, number)->slots_used; }

uint64_t state_bytes(const struct state *state) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < state->partitions_size; i++) {
    const struct partition *partition = &state->partitions[i];
    bytes += partition->slots_size * sizeof *partition->slots + partition->due_size * sizeof *partition->due;
  }
  return bytes;
}

// --- A partition's own record --------------------------------------------------------------------------------------------------

void state_partition_write(const struct partition_state *own, int64_t next, struct text *out) {
  unsigned char *at = (unsigned char *)text_reserve(out, OWN_BYTES);
  memcpy(at, "SWP1", 4);
  put64(at + 4, (uint64_t)own->tick_s);
  put64(at + 12, own->receipts);
  memcpy(at + 20, own->chain, DIGEST_BYTES);
  memcpy(at + 20 + DIGEST_BYTES, own->ruleset, 16);
  put64(at + 36 + DIGEST_BYTES, (uint64_t)next);
  out->size += OWN_BYTES;
}

static enum status own_learn(struct state *state, struct partition *partition, const struct state_read *record,
                             const unsigned char *epoch, struct error *error) {
  if (record->value.size != OWN_BYTES || memcmp(record->value.data, "SWP1", 4) != 0 || epoch == NULL)
    return error_set(error, STATUS_FATAL, "%.*s[%d]@%lld: the partition's own record is not of this program's form",
                     SLICE_ARG(state->topic), partition->number, (long long)record->offset);
  if (record->offset < partition->own_offset) return STATUS_OK;
  const unsigned char *at = (const unsigned char *)record->value.data;
  partition->own.tick_s = (int64_t)get64(at + 4);
  partition->own.receipts = get64(at + 12);
  memcpy(partition->own.chain, at + 20, DIGEST_BYTES);
  memcpy(partition->own.ruleset, at + 20 + DIGEST_BYTES, 16);
  partition->next = (int64_t)get64(at + 36 + DIGEST_BYTES);
  partition->own_offset = record->offset;
  if (memcmp(epoch, partition->epoch, STATE_EPOCH_BYTES) != 0) epoch_set(state, partition, epoch);
  if (partition->unproven && memcmp(epoch, partition->snapshot_epoch, STATE_EPOCH_BYTES) != 0) partition->foreign = true;
  partition->unproven = false;
  return STATUS_OK;
}

enum status state_learn(struct state *state, int32_t number, const struct state_read *record, const unsigned char *epoch,
                        struct error *error) {
  struct partition *partition = partition_get(state, number);
  const bool known = record->offset < partition->position;
  if (!known) partition->position = record->offset + 1;
  if (slice_equal(record->key, STATE_PARTITION_KEY)) return own_learn(state, partition, record, epoch, error);
  if (known) return STATUS_OK;
  const uint64_t hash = subject_hash(state, record->key);
  const bool gone = !slice_present(record->value);
  index_set(partition, hash, gone ? -1 : record->offset);
  due_set(partition, hash, record->key, gone ? INT64_MAX : record->due_s);
  return STATUS_OK;
}

const struct partition_state *state_partition(const struct state *state, int32_t number, int64_t *next) {
  const struct partition *partition = partition_get(state, number);
  if (partition->own_offset < 0) return NULL;
  if (next != NULL) *next = partition->next;
  return &partition->own;
}

int64_t state_position(const struct state *state, int32_t number) { return partition_get(state, number)->position; }
const unsigned char *state_epoch(const struct state *state, int32_t number) { return partition_get(state, number)->epoch; }

// --- Fetching ------------------------------------------------------------------------------------------------------------------

// sealed: offset, due, body
static void seal(const struct partition *partition, struct slice subject, struct slice sealed, unsigned char mac[DIGEST_MAC_BYTES]) {
  unsigned char key[DIGEST_MAC_BYTES];
  digest_mac(partition->seal_key, subject, key);
  digest_mac(key, sealed, mac);
}

static bool believed(const struct partition *partition, int64_t offset, struct slice value, struct state_item *item) {
  if (value.size < VALUE_HEAD + DIGEST_MAC_BYTES || (int64_t)get64(value.data) != offset) return false;
  unsigned char mac[DIGEST_MAC_BYTES];
  const struct slice sealed = {value.data, value.size - DIGEST_MAC_BYTES};
  seal(partition, item->subject, sealed, mac);
  if (!digest_equal(mac, value.data + sealed.size, sizeof mac)) return false;
  item->due_s = (int64_t)get64(value.data + 8);
  item->body = (struct slice){value.data + VALUE_HEAD, sealed.size - VALUE_HEAD};
  return true;
}

static struct slice cache_key(struct arena *arena, int32_t partition, struct slice subject) {
  char *text = arena_take(arena, subject.size + 20);
  const int head = snprintf(text, 20, "{p%d}:", partition);
  memcpy(text + head, subject.data, subject.size);
  return (struct slice){text, (size_t)head + subject.size};
}

struct want { struct state_item *item; int64_t offset; };

static int want_order(const void *a, const void *b) {
  const struct want *x = a, *y = b;
  if (x->item->partition != y->item->partition) return x->item->partition < y->item->partition ? -1 : 1;
  return (x->offset > y->offset) - (x->offset < y->offset);
}

static enum status fetch_from_topic(struct state *state, struct want *wants, size_t size, struct arena *arena, struct error *error) {
  qsort(wants, size, sizeof *wants, want_order);
  struct state_read *reads = ARENA_ZEROED(arena, struct state_read, size);
  for (size_t from = 0, to; from < size; from = to) {
    size_t unique = 0;
    const int32_t number = wants[from].item->partition;
    for (to = from; to < size && wants[to].item->partition == number; to++)
      if (unique == 0 || reads[unique - 1].offset != wants[to].offset) reads[unique++] = (struct state_read){.offset = wants[to].offset};
    const enum status status = state->reader.read(state->reader.context, number, reads, unique, arena, error);
    if (status != STATUS_OK) return status;
    state->counts.from_topic += unique;
    for (size_t i = from, r = 0; i < to; i++) {
      while (reads[r].offset != wants[i].offset) r++;
      if (!slice_equal(reads[r].key, wants[i].item->subject))
        return error_set(error, STATUS_FATAL, "%.*s[%d]@%lld: the record is not of the subject that the index names: another run.mac_key "
                         "or a damaged topic", SLICE_ARG(state->topic), number, (long long)wants[i].offset);
      wants[i].item->body = reads[r].value;
      wants[i].item->due_s = reads[r].due_s;
    }
  }
  return STATUS_OK;
}

bool state_knows(const struct state *state, int32_t number, struct slice subject) {
  const struct index_slot *slot = slot_of(partition_get(state, number), subject_hash(state, subject));
  return slot->hash != 0 && slot->offset >= 0;
}

enum status state_fetch(struct state *state, struct state_item *items, size_t size, struct arena *arena, struct error *error) {
  struct want *wants = ARENA_ARRAY(arena, struct want, size);
  size_t known = 0;
  state->counts.fetched += size;
  for (size_t i = 0; i < size; i++) {
    const struct index_slot *slot = slot_of(partition_get(state, items[i].partition), subject_hash(state, items[i].subject));
    items[i].body = SLICE("");
    items[i].due_s = INT64_MAX;
    if (slot->hash != 0 && slot->offset >= 0)
      wants[known++] = (struct want){&items[i], slot->offset};
    else
      state->counts.unseen++;
  }
  if (state->cache != NULL && known > 0) {
    struct cache_item *cached = ARENA_ZEROED(arena, struct cache_item, known);
    for (size_t i = 0; i < known; i++) cached[i].key = cache_key(arena, wants[i].item->partition, wants[i].item->subject);
    if (state->cache->operations->get(state->cache, cached, known, arena) == STATUS_OK) {
      size_t missing = 0;
      for (size_t i = 0; i < known; i++) {
        const struct partition *partition = partition_get(state, wants[i].item->partition);
        if (slice_present(cached[i].value)) {
          if (believed(partition, wants[i].offset, cached[i].value, wants[i].item)) {
            state->counts.from_cache++;
            continue;
          }
          state->counts.distrusted++;
        }
        wants[missing++] = wants[i];
      }
      known = missing;
    }
  }
  return known == 0 ? STATUS_OK : fetch_from_topic(state, wants, known, arena, error);
}

void state_due(const struct state *state, int32_t number, int64_t tick_s, void (*visit)(void *context, struct slice subject),
               void *context) {
  const struct partition *partition = partition_get(state, number);
  for (size_t i = 0; i < partition->due_size; i++) {
    const struct due_slot *slot = &partition->due[i];
    if (slot->subject != NULL && slot->due_s <= tick_s) visit(context, (struct slice){slot->subject, slot->subject_size});
  }
}

// What was committed, some at a time: their copies go on to the cache before they leave the processor's own. Best effort: nothing rests on it.
static void cache_put(struct state *state, const struct log_state *states, size_t size, struct arena *arena) {
  struct cache_item *items = ARENA_ARRAY(arena, struct cache_item, PUT_ITEMS);
  for (size_t from = 0, to; from < size; from = to) {
    size_t bytes = 0, puts = 0;
    for (to = from; to < size && to - from < PUT_ITEMS; to++) bytes += VALUE_HEAD + states[to].value.size + DIGEST_MAC_BYTES;
    text_clear(&state->scratch);
    char *at = text_reserve(&state->scratch, bytes);
    for (size_t i = from; i < to; i++) {
      if (states[i].offset < 0 || slice_equal(states[i].key, STATE_PARTITION_KEY)) continue;
      const struct slice sealed = {at, VALUE_HEAD + states[i].value.size};
      put64((unsigned char *)at, (uint64_t)states[i].offset);
      put64((unsigned char *)at + 8, (uint64_t)states[i].due_s);
      memcpy(at + VALUE_HEAD, states[i].value.data, states[i].value.size);
      seal(partition_get(state, states[i].partition), states[i].key, sealed, (unsigned char *)at + sealed.size);
      items[puts++] = (struct cache_item){cache_key(arena, states[i].partition, states[i].key), {at, sealed.size + DIGEST_MAC_BYTES}};
      at += sealed.size + DIGEST_MAC_BYTES;
    }
    if (puts > 0) (void)state->cache->operations->put(state->cache, items, puts);
  }
}

enum status state_committed(struct state *state, const struct log_state *states, size_t size, struct arena *arena,
                            struct error *error) {
  for (size_t i = 0; i < size; i++) {
    if (states[i].offset < 0) continue;
    const struct state_read record = {states[i].offset, states[i].key, states[i].value, states[i].due_s};
    const enum status status = state_learn(state, states[i].partition, &record, state_epoch(state, states[i].partition), error);
    if (status != STATUS_OK) return status;
  }
  fault_point(FAULT_AFTER_INDEX);
  if (state->cache != NULL) cache_put(state, states, size, arena);
  fault_point(FAULT_AFTER_CACHE);
  return STATUS_OK;
}

// --- Snapshots -----------------------------------------------------------------------------------------------------------------
//
//   "SWSNAP1\n" | sizes and positions (7 x 8) | epoch 16 | topic mark 16 | slots_used x {hash, offset} | due: {hash, due, size, bytes}
//   | BLAKE2b-256 of all before, keyed

enum { SNAPSHOT_HEAD = 8 + 7 * 8 + 2 * STATE_EPOCH_BYTES };

static void topic_mark(const struct state *state, int32_t number, unsigned char mark[16]) {
  unsigned char bytes[8];
  put64(bytes, (uint64_t)(int64_t)number);
  struct digest digest;
  digest_init(&digest, 16, state->key, sizeof state->key);
  digest_field(&digest, SLICE("sw-snapshot-v1"));
  digest_field(&digest, state->topic);
  digest_bytes(&digest, bytes, sizeof bytes);
  digest_final(&digest, mark);
}

struct writer { FILE *file; struct digest digest; };

static void emit(struct writer *writer, const void *bytes, size_t size) {
  digest_bytes(&writer->digest, bytes, size);
  (void)fwrite(bytes, 1, size, writer->file);    // an error stays in ferror
}

enum status state_snapshot_write(const struct state *state, int32_t number, const char *path, struct error *error) {
  const struct partition *partition = partition_get(state, number);
  if (partition->own_offset < 0) return STATUS_OK;    // nothing was committed yet: nothing to speed up
  struct text name = {0};
  text_format(&name, "%s.new%c", path, '\0');
  struct writer writer = {.file = fopen(name.data, "wbe")};
  if (writer.file == NULL) {
    error_set(error, STATUS_RETRY, "cannot write '%s': %s", name.data, strerror(errno));
    text_fini(&name);
    return STATUS_RETRY;
  }
  digest_init(&writer.digest, DIGEST_BYTES, state->key, sizeof state->key);
  size_t due = 0;
  for (size_t i = 0; i < partition->due_size; i++) due += partition->due[i].subject != NULL;
  unsigned char head[SNAPSHOT_HEAD];
  memcpy(head, "SWSNAP1\n", 8);
  const uint64_t numbers[7] = {partition->slots_used, due, (uint64_t)partition->position, (uint64_t)partition->own_offset, 0, 0, 0};
  for (unsigned i = 0; i < 7; i++) put64(head + 8 + 8 * i, numbers[i]);
  memcpy(head + 64, partition->epoch, STATE_EPOCH_BYTES);
  topic_mark(state, number, head + 64 + STATE_EPOCH_BYTES);
  emit(&writer, head, sizeof head);
  unsigned char row[24];
  for (size_t i = 0; i < partition->slots_size; i++) {
    if (partition->slots[i].hash == 0) continue;
    put64(row, partition->slots[i].hash);
    put64(row + 8, (uint64_t)partition->slots[i].offset);
    emit(&writer, row, 16);
  }
  for (size_t i = 0; i < partition->due_size; i++) {
    const struct due_slot *slot = &partition->due[i];
    if (slot->subject == NULL) continue;
    put64(row, slot->hash);
    put64(row + 8, (uint64_t)slot->due_s);
    put64(row + 16, slot->subject_size);
    emit(&writer, row, 24);
    emit(&writer, slot->subject, slot->subject_size);
  }
  unsigned char sum[DIGEST_BYTES];
  digest_final(&writer.digest, sum);
  (void)fwrite(sum, 1, sizeof sum, writer.file);
  const bool good = fflush(writer.file) == 0 && !ferror(writer.file) && fsync(fileno(writer.file)) == 0;
  const bool closed = fclose(writer.file) == 0;
  enum status status = STATUS_OK;
  fault_point(FAULT_IN_SNAPSHOT);
  if (!good || !closed || rename(name.data, path) != 0) {
    status = error_set(error, STATUS_RETRY, "cannot write '%s': %s", name.data, strerror(errno));
    unlink(name.data);
  }
  text_fini(&name);
  return status;
}

// The whole file, or NULL when it is absent, short, changed, or of another topic, partition or key.
static char *snapshot_load(const struct state *state, int32_t number, const char *path, size_t *size) {
  FILE *file = fopen(path, "rbe");
  if (file == NULL) return NULL;
  struct stat about;
  char *bytes = NULL;
  bool good = fstat(fileno(file), &about) == 0 && about.st_size >= SNAPSHOT_HEAD + DIGEST_BYTES;
  if (good) {
    *size = (size_t)about.st_size - DIGEST_BYTES;
    bytes = memory_take((size_t)about.st_size);
    good = fread(bytes, 1, (size_t)about.st_size, file) == (size_t)about.st_size && memcmp(bytes, "SWSNAP1\n", 8) == 0;
  }
  fclose(file);
  if (good) {
    unsigned char sum[DIGEST_BYTES], mark[16];
    struct digest digest;
    digest_init(&digest, DIGEST_BYTES, state->key, sizeof state->key);
    digest_bytes(&digest, bytes, *size);
    digest_final(&digest, sum);
    topic_mark(state, number, mark);
    good = digest_equal(sum, bytes + *size, sizeof sum) && memcmp(bytes + 64 + STATE_EPOCH_BYTES, mark, sizeof mark) == 0;
  }
  if (good) return bytes;
  memory_free(bytes);
  return NULL;
}

bool state_snapshot_read(struct state *state, int32_t number, const char *path, int64_t *from) {
  state_open(state, number);
  struct partition *partition = partition_get(state, number);
  size_t size;
  char *bytes = snapshot_load(state, number, path, &size);
  if (bytes == NULL) return false;
  const uint64_t slots = get64(bytes + 8), due = get64(bytes + 16);
  partition->position = (int64_t)get64(bytes + 24);
  *from = (int64_t)get64(bytes + 32);
  memcpy(partition->snapshot_epoch, bytes + 64, STATE_EPOCH_BYTES);
  partition->unproven = true;
  size_t at = SNAPSHOT_HEAD;    // the checksum is right, so the sizes are ours
  for (uint64_t i = 0; i < slots; i++, at += 16) index_set(partition, get64(bytes + at), (int64_t)get64(bytes + at + 8));
  for (uint64_t i = 0; i < due; i++) {
    const struct slice subject = {bytes + at + 24, (size_t)get64(bytes + at + 16)};
    due_set(partition, get64(bytes + at), subject, (int64_t)get64(bytes + at + 8));
    at += 24 + subject.size;
  }
  assert(at == size);
  memory_free(bytes);
  return true;
}

bool state_snapshot_proven(const struct state *state, int32_t number) {
  const struct partition *partition = partition_get(state, number);
  return !partition->unproven && !partition->foreign;
}
