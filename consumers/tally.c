#include "consumers/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/memory.h"
#include "record/money.h"

// A worker's rule set: where its rules' rows are, and what was added already.
struct seen {
  const struct ruleset *ruleset;
  uint32_t *rows;
  struct rule_counts *last;
};

struct tally {
  pthread_mutex_t lock;
  struct arena arena;
  struct tally_row *rows;
  size_t size, capacity;
  uint32_t *table;      // row + 1 by hash of (id, version); a power of two, at most half full
  size_t table_size;
  struct seen *seen;
  unsigned workers;
};

struct tally *tally_create(unsigned workers) {
  struct tally *tally = memory_take(sizeof *tally);
  pthread_mutex_init(&tally->lock, NULL);
  arena_init(&tally->arena, 1 << 14);
  tally->workers = workers;
  tally->seen = memory_take(workers * sizeof *tally->seen);
  return tally;
}

void tally_leave(struct tally *tally, unsigned worker) {
  struct seen *seen = &tally->seen[worker];
  memory_free(seen->rows);
  memory_free(seen->last);
  *seen = (struct seen){0};
}

void tally_destroy(struct tally *tally) {
  if (tally == NULL) return;
  for (unsigned w = 0; w < tally->workers; w++) tally_leave(tally, w);
  pthread_mutex_destroy(&tally->lock);
  arena_fini(&tally->arena);
  memory_free(tally->rows);
  memory_free(tally->table);
  memory_free(tally->seen);
  memory_free(tally);
}

static size_t place_of(const struct tally *tally, struct slice id, int64_t version) {
  size_t at = (size_t)digest_hash64(id.data, id.size, (uint64_t)version) & (tally->table_size - 1);
  while (tally->table[at] != 0 && (tally->rows[tally->table[at] - 1].version != version || !slice_equal(tally->rows[tally->table[at] - 1].id, id)))
    at = (at + 1) & (tally->table_size - 1);
  return at;
}

static void grow(struct tally *tally) {
  tally->capacity = tally->capacity ? 2 * tally->capacity : 64;
  tally->rows = memory_resize(tally->rows, tally->capacity * sizeof *tally->rows);
  memory_free(tally->table);
  tally->table_size = 2 * tally->capacity;
  tally->table = memory_take(tally->table_size * sizeof *tally->table);
  for (size_t i = 0; i < tally->size; i++) tally->table[place_of(tally, tally->rows[i].id, tally->rows[i].version)] = (uint32_t)i + 1;
}

static uint32_t row_of(struct tally *tally, const struct rule *rule) {
  if (tally->size == tally->capacity) grow(tally);
  const size_t at = place_of(tally, rule->id, rule->version);
  if (tally->table[at] == 0) {
    tally->rows[tally->size] = (struct tally_row){.id = arena_copy(&tally->arena, rule->id), .version = rule->version};
    tally->table[at] = (uint32_t)++tally->size;
  }
  return tally->table[at] - 1;
}

static void meet(struct tally *tally, struct seen *seen, const struct ruleset *ruleset) {
  seen->ruleset = ruleset;
  seen->rows = memory_take((ruleset->size + 1) * sizeof *seen->rows);
  seen->last = memory_take((ruleset->size + 1) * sizeof *seen->last);
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    seen->rows[r] = row_of(tally, rule);    // may move the rows
    struct tally_row *row = &tally->rows[seen->rows[r]];
    row->status = rule->status;
    row->budget_evaluated = rule->budget_evaluated;
    row->budget_basis_points = rule->budget_basis_points;
  }
}

uint64_t tally_evaluated(const struct rule_counts *counts) {
  uint64_t sum = 0;
  for (unsigned o = 0; o < OUTCOME_COUNT; o++) sum += counts->outcomes[o];
  return sum;
}

// What a rule had to leave undecided says nothing about how often it hits.
static uint64_t decided(const struct rule_counts *counts) {
  return tally_evaluated(counts) - counts->outcomes[OUTCOME_INSUFFICIENT_HISTORY];
}

void tally_add(struct tally *tally, unsigned worker, const struct ruleset *ruleset, const struct rule_counts *counts) {
  struct seen *seen = &tally->seen[worker];
  pthread_mutex_lock(&tally->lock);
  if (seen->ruleset == NULL) meet(tally, seen, ruleset);
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule_counts *now = &counts[r];
    struct rule_counts *last = &seen->last[r];
    if (memcmp(now, last, sizeof *now) == 0) continue;
    struct tally_row *row = &tally->rows[seen->rows[r]];
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) row->counts.outcomes[o] += now->outcomes[o] - last->outcomes[o];
    row->counts.timed += now->timed - last->timed;
    row->counts.timed_ns += now->timed_ns - last->timed_ns;
    const bool shadow = ruleset->rules[r]->status == RULE_SHADOW;
    *(shadow ? &row->shadow.opened : &row->counts.opened) += now->opened - last->opened;
    *(shadow ? &row->shadow.vola_fen : &row->counts.vola_fen) += now->vola_fen - last->vola_fen;
    if (shadow) row->shadow.hits += now->outcomes[OUTCOME_HIT] - last->outcomes[OUTCOME_HIT];
    row->window_evaluated += decided(now) - decided(last);
    row->window_hits += now->outcomes[OUTCOME_HIT] - last->outcomes[OUTCOME_HIT];
    *last = *now;
  }
  pthread_mutex_unlock(&tally->lock);
}

void tally_each(struct tally *tally, void (*visit)(void *context, struct tally_row *row), void *context) {
  pthread_mutex_lock(&tally->lock);
  for (size_t i = 0; i < tally->size; i++) visit(context, &tally->rows[i]);
  pthread_mutex_unlock(&tally->lock);
}

static void write_row(void *context, struct tally_row *row) {
  struct text *out = context;
  text_append(out, out->data[out->size - 1] == '[' ? SLICE("\n{\"rule_id\":") : SLICE(",\n{\"rule_id\":"));
  text_json(out, row->id);
  text_format(out, ",\"version\":%" PRId64 ",\"status\":\"%s\",\"evaluated\":%" PRIu64, row->version, rule_status_words[row->status], tally_evaluated(&row->counts));
  for (unsigned o = 0; o < OUTCOME_COUNT; o++) text_format(out, ",\"%s\":%" PRIu64, outcome_name((enum outcome)o), row->counts.outcomes[o]);
  text_format(out, ",\"opened\":%" PRIu64 ",\"vola_amt\":\"", row->counts.opened);
  money_write_fen(out, row->counts.vola_fen);
  text_format(out, "\",\"shadow_hits\":%" PRIu64 ",\"shadow_opened\":%" PRIu64 ",\"shadow_vola_amt\":\"", row->shadow.hits, row->shadow.opened);
  money_write_fen(out, row->shadow.vola_fen);
  text_format(out, "\",\"timed\":%" PRIu64 ",\"timed_ns\":%" PRIu64 "}", row->counts.timed, row->counts.timed_ns);
}

enum status tally_write(struct tally *tally, const char *path, const char *ruleset, struct error *error) {
  struct text text = {0}, new = {0};
  text_format(&new, "%s.new%c", path, '\0');
  text_format(&text, "{\"ruleset\":\"%s\",\"rules\":[", ruleset);
  tally_each(tally, write_row, &text);
  TEXT_LITERAL(&text, "\n]}\n");
  enum status status = STATUS_OK;
  const int file = open(new.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  size_t at = 0;
  while (file >= 0 && at < text.size) {
    const ssize_t wrote = write(file, text.data + at, text.size - at);
    if (wrote > 0) at += (size_t)wrote;
    else if (wrote == 0 || errno != EINTR) break;
  }
  if (file < 0 || at < text.size) status = error_set(error, STATUS_RETRY, "cannot write '%s': %s", new.data, strerror(errno));
  if (file >= 0 && close(file) != 0 && status == STATUS_OK) status = error_set(error, STATUS_RETRY, "cannot write '%s': %s", new.data, strerror(errno));
  if (status == STATUS_OK && rename(new.data, path) != 0) status = error_set(error, STATUS_RETRY, "cannot rename to '%s': %s", path, strerror(errno));
  text_fini(&text);
  text_fini(&new);
  return status;
}
