#include "tests/property/simulate/mutants.h"

#include "core/memory.h"

static const struct { const char *name, *meaning; } rows[MUTANT_COUNT] = {
    {"none", "no mistake"},
#define X(name, text, meaning) {text, meaning},
    MUTANTS(X)
#undef X
};

const char *mutants_name(enum mutant mutant) { return rows[mutant].name; }
const char *mutants_meaning(enum mutant mutant) { return rows[mutant].meaning; }

enum mutant mutants_find(const char *name) {
  unsigned i = MUTANT_COUNT - 1;
  while (i > 0 && strcmp(rows[i].name, name) != 0) i--;
  return (enum mutant)i;
}

struct memory_mistakes mutants_mistakes(enum mutant mutant) {
  return (struct memory_mistakes){.position_commits = mutant == MUTANT_POSITION_COMMITS, .read_uncommitted = mutant == MUTANT_READ_UNCOMMITTED,
                                  .cached_group = mutant == MUTANT_CACHED_GROUP, .missing_is_new = mutant == MUTANT_MISSING_IS_NEW,
                                  .newer_is_lost = mutant == MUTANT_NEWER_IS_LOST};
}

// --- The log between -------------------------------------------------------------------------------------------------------------

struct between {
  struct log log;
  struct log *inner;
  enum mutant mutant;
  struct mutants_applied *applied;
  struct { struct record *records; size_t size, capacity; } kept[2];    // of the batch taken last, and of the one before
  unsigned turn;
  struct log_state *states;    // staged last
  size_t states_size;
  struct arena arena;
  bool committing, skipped;    // skipped: of the batch taken last nothing is left, and one before it still commits
  struct error early;          // what went wrong before the commit
};

// skip-if-applied: what is left of the batch; a batch of which nothing is left is committed as if it had been screened.
static void skip(struct between *between, struct log_batch *batch) {
  between->turn ^= 1;
  size_t *size = &between->kept[between->turn].size;
  *size = 0;
  for (size_t i = 0; i < batch->size; i++) {
    if (batch->records[i].source.offset < between->applied->next[batch->records[i].source.partition]) continue;
    if (*size == between->kept[between->turn].capacity) {
      between->kept[between->turn].capacity = *size == 0 ? 64 : 2 * *size;
      between->kept[between->turn].records =
          memory_resize(between->kept[between->turn].records, between->kept[between->turn].capacity * sizeof(struct record));
    }
    between->kept[between->turn].records[(*size)++] = batch->records[i];
  }
  *batch = (struct log_batch){between->kept[between->turn].records, *size, batch->end};
}
static enum status commit_nothing(struct between *between, struct error *error) {
  static const struct outbox empty;
  const struct log_operations *inner = between->inner->operations;
  enum status status = inner->begin(between->inner, error);
  if (status == STATUS_OK) status = inner->stage(between->inner, &empty, NULL, 0, error);
  if (status == STATUS_RETRY) (void)inner->abort(between->inner, error);
  if (status != STATUS_OK) return status;
  inner->commit_start(between->inner);
  return inner->commit_finish(between->inner, error);
}

static enum status take(struct log *log, int timeout_ms, struct log_batch *batch, struct error *error) {
  struct between *between = (struct between *)log;
  enum status status = between->skipped ? commit_nothing(between, error) : STATUS_OK;
  between->skipped = false;
  if (status == STATUS_OK) status = between->inner->operations->take(between->inner, timeout_ms, batch, error);
  if (status != STATUS_OK || between->mutant != MUTANT_SKIP_IF_APPLIED || batch->size == 0) return status;
  skip(between, batch);
  if (batch->size > 0) return STATUS_OK;
  between->skipped = between->committing;
  return between->skipped ? STATUS_OK : commit_nothing(between, error);
}

static enum status begin(struct log *log, struct error *error) {
  struct between *between = (struct between *)log;
  return between->inner->operations->begin(between->inner, error);
}

// id-from-offset: the hex digits of the id in the message's own bytes.
static void change_ids(const struct outbox *outbox) {
  static const char name[] = "\"deduction_id\":\"", hex[] = "0123456789abcdef";
  for (size_t i = 0; i < outbox->size; i++) {
    const struct outbox_entry *entry = &outbox->entries[i];
    char *value = outbox->bytes.data + entry->value;
    char *id = entry->value_size > 0 ? memmem(value, entry->value_size, name, sizeof name - 1) : NULL;
    if (id == NULL) continue;
    const uint64_t digits = digest_hash64(&entry->source.offset, sizeof entry->source.offset, (uint64_t)(uint32_t)entry->source.partition);
    for (unsigned d = 0; d < 32; d++) id[sizeof name - 1 + d] = hex[digits >> (2 * d) & 15];
  }
}

static enum status stage(struct log *log, const struct outbox *outbox, struct log_state *states, size_t states_size, struct error *error) {
  struct between *between = (struct between *)log;
  between->states = states;
  between->states_size = states_size;
  if (between->mutant == MUTANT_ID_FROM_OFFSET) change_ids(outbox);
  return between->inner->operations->stage(between->inner, outbox, states, states_size, error);
}

static void commit_start(struct log *log) {
  struct between *between = (struct between *)log;
  between->early = (struct error){0};
  between->committing = true;
  if (between->mutant == MUTANT_CACHE_BEFORE_COMMIT) {
    arena_reset(&between->arena);
    (void)state_committed(memory_state(between->inner), between->states, between->states_size, &between->arena, &between->early);
  }
  if (between->mutant == MUTANT_SKIP_IF_APPLIED)
    for (size_t i = 0; i < between->kept[between->turn].size; i++) {
      const struct source *source = &between->kept[between->turn].records[i].source;
      if (source->offset >= between->applied->next[source->partition]) between->applied->next[source->partition] = source->offset + 1;
    }
  between->inner->operations->commit_start(between->inner);
}

static enum status commit_finish(struct log *log, struct error *error) {
  struct between *between = (struct between *)log;
  between->committing = false;
  const enum status status = between->inner->operations->commit_finish(between->inner, error);
  if (status != STATUS_OK) between->skipped = false;    // it comes again
  if (status != STATUS_OK || between->early.status == STATUS_OK) return status;
  *error = between->early;
  return error->status;
}

static enum status abandon(struct log *log, struct error *error) {
  struct between *between = (struct between *)log;
  return between->inner->operations->abort(between->inner, error);
}

static void between_close(struct log *log) { mutants_unwrap(log, NULL); }

static const struct log_operations operations = {"mutant", take, begin, stage, commit_start, commit_finish, abandon, between_close};

struct log *mutants_wrap(enum mutant mutant, struct log *inner, struct mutants_applied *applied) {
  if (mutant != MUTANT_CACHE_BEFORE_COMMIT && mutant != MUTANT_SKIP_IF_APPLIED && mutant != MUTANT_ID_FROM_OFFSET) return inner;
  struct between *between = memory_take(sizeof *between);
  *between = (struct between){.log.operations = &operations, .inner = inner, .mutant = mutant, .applied = applied};
  arena_init(&between->arena, 64 << 10);
  return &between->log;
}

void mutants_unwrap(struct log *log, struct log *inner) {
  if (log == inner) return;
  struct between *between = (struct between *)log;
  arena_fini(&between->arena);
  for (unsigned k = 0; k < 2; k++) memory_free(between->kept[k].records);
  memory_free(between);
}
