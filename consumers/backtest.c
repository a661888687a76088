#include "consumers/backtest.h"

#include <assert.h>

#include "consumers/backtest_found.h"
#include "consumers/backtest_why.h"
#include "core/memory.h"
#include "record/json.h"
#include "record/money.h"

// ---- while the past is screened ---------------------------------------------------------------------------------------------------

// The level of an institution is what its latest settlement says.
struct level {
  struct slice institution, level;
  int64_t time_s;
};

struct levels {
  struct level *rows;
  uint32_t *slots;
  size_t size, capacity, slots_size;
  struct arena arena;
};

// One worker's.
struct part {
  struct spill *spill;
  struct json_reader *json;
  struct arena arena;
  struct text packed, framed, evidence;
  struct levels levels;
};

struct making {
  const struct backtest_options *options;
  struct backtest_report *report;
  struct part *parts;
  unsigned parts_size;
  struct text scratch;
};

static struct level *level_of(struct levels *levels, struct slice institution) {
  if (levels->size * 2 >= levels->slots_size) {
    memory_free(levels->slots);
    levels->slots_size = levels->slots_size ? levels->slots_size * 2 : 256;
    levels->slots = memory_take(levels->slots_size * sizeof *levels->slots);
    for (size_t i = 0; i < levels->size; i++) {
      size_t slot = digest_hash64(levels->rows[i].institution.data, levels->rows[i].institution.size, 0) & (levels->slots_size - 1);
      while (levels->slots[slot] != 0) slot = (slot + 1) & (levels->slots_size - 1);
      levels->slots[slot] = (uint32_t)i + 1;
    }
  }
  size_t slot = digest_hash64(institution.data, institution.size, 0) & (levels->slots_size - 1);
  for (; levels->slots[slot] != 0; slot = (slot + 1) & (levels->slots_size - 1))
    if (slice_equal(levels->rows[levels->slots[slot] - 1].institution, institution)) return &levels->rows[levels->slots[slot] - 1];
  if (levels->size == levels->capacity) {
    levels->capacity = levels->capacity ? levels->capacity * 2 : 128;
    levels->rows = memory_resize(levels->rows, levels->capacity * sizeof *levels->rows);
  }
  levels->rows[levels->size] = (struct level){.institution = arena_copy(&levels->arena, institution), .time_s = DATE_ABSENT};
  levels->slots[slot] = (uint32_t)++levels->size;
  return &levels->rows[levels->size - 1];
}

// The later one, and of two at the same second the greater word: the same whoever comes first.
static void learn_level(struct levels *levels, struct slice institution, struct slice word, int64_t time_s) {
  struct level *level = level_of(levels, institution);
  if (time_s < level->time_s || (time_s == level->time_s && slice_compare(word, level->level) <= 0)) return;
  if (!slice_equal(word, level->level)) level->level = arena_copy(&levels->arena, word);
  level->time_s = time_s;
}

static enum status take(void *context, unsigned worker, unsigned side, const struct decoded *cause, const struct outbox *outbox,
                        struct error *error) {
  struct making *making = context;
  struct part *part = &making->parts[worker];
  const struct event *event = &cause->event;
  if (side == 0 && !cause->dead && event->type == EVENT_SETL && event->hosp_lv.size > 0)
    learn_level(&part->levels, event->fixmedins_code, event->hosp_lv, event->event_time_s);
  for (size_t i = 0; i < outbox->size; i++) {
    const struct outbox_entry *entry = &outbox->entries[i];
    if (entry->topic != TOPIC_INSPECTOR_CASES && entry->topic != TOPIC_SHADOW_FINDINGS) continue;
    const struct json_value *root;
    arena_reset(&part->arena);
    enum status status = json_read(part->json, &part->arena, outbox_bytes(outbox, entry->value, entry->value_size), &root, error);
    if (status != STATUS_OK) return STATUS_FATAL;    // our own message
    struct slice psn_no = SLICE_NONE;
    json_text(root, "psn_no", &psn_no, NULL);
    text_clear(&part->packed);
    text_clear(&part->framed);
    found_pack(&part->packed, root, side, entry->topic == TOPIC_SHADOW_FINDINGS, &part->evidence);
    found_frame(&part->framed, text_slice(&part->packed));
    const unsigned bucket = (unsigned)(digest_hash64(psn_no.data, psn_no.size, 0x6274u) % SPILL_BUCKETS);
    status = spill_put(part->spill, bucket, text_slice(&part->framed), error);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

// ---- comparing --------------------------------------------------------------------------------------------------------------------

static bool differs(const struct found *a, const struct found *b) {
  return a->vola_fen != b->vola_fen || a->fund_fen != b->fund_fen || a->points != b->points || !slice_equal(a->band, b->band);
}

static void add_finding(struct backtest_row *row, const struct found *const sides[2]) {
  for (unsigned side = 0; side < 2; side++) {
    if (sides[side] == NULL) continue;
    row->sides[side].findings++;
    row->sides[side].vola_fen += sides[side]->vola_fen;
    row->sides[side].fund_fen += sides[side]->fund_fen;
    row->sides[side].points += sides[side]->points;
  }
  row->added += sides[0] == NULL;
  row->lost += sides[1] == NULL;
  row->changed += sides[0] != NULL && sides[1] != NULL && differs(sides[0], sides[1]);
}

static uint64_t distance(int64_t a, int64_t b) { return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a; }

// Which of two changes is the larger: money in scope, then points, fund money; at last the names, so that there is one answer.
static bool larger(const struct backtest_change *a, const struct backtest_change *b) {
  const struct backtest_state *p = a->sides, *q = b->sides;
  const uint64_t x[] = {distance(p[0].vola_fen, p[1].vola_fen), distance(p[0].points, p[1].points), distance(p[0].fund_fen, p[1].fund_fen)};
  const uint64_t y[] = {distance(q[0].vola_fen, q[1].vola_fen), distance(q[0].points, q[1].points), distance(q[0].fund_fen, q[1].fund_fen)};
  for (unsigned i = 0; i < sizeof x / sizeof *x; i++)
    if (x[i] != y[i]) return x[i] > y[i];
  int order = slice_compare(a->rule_id, b->rule_id);
  if (order == 0) order = slice_compare(a->psn_no, b->psn_no);
  if (order == 0) order = slice_compare(a->setl_ids, b->setl_ids);
  return order < 0;
}

static void keep_change(struct making *making, const struct found *const sides[2]) {
  struct backtest_report *report = making->report;
  const struct found *any = sides[1] != NULL ? sides[1] : sides[0];
  struct backtest_change change = {.type = sides[0] == NULL ? BACKTEST_ADDED : sides[1] == NULL ? BACKTEST_LOST : BACKTEST_CHANGED,
                                   .rule_id = any->rule_id, .institution = any->institution, .psn_no = any->psn_no,
                                   .setl_id = any->setl_id, .sentence_zh = any->sentence_zh, .sentence_en = any->sentence_en,
                                   .evidence = any->evidence, .shown = any->shown};
  for (unsigned side = 0; side < 2; side++)
    if (sides[side] != NULL)
      change.sides[side] = (struct backtest_state){sides[side]->vola_fen, sides[side]->fund_fen, sides[side]->points, sides[side]->band};
  struct text *ids = &making->scratch;
  text_clear(ids);
  for (uint32_t i = 0; i < any->setl_ids_size; i++) {
    text_byte(ids, i == 0 ? '[' : ',');
    text_json(ids, any->setl_ids[i]);
  }
  text_byte(ids, ']');
  change.setl_ids = text_slice(ids);
  size_t place = report->changes_size;
  while (place > 0 && larger(&change, &report->changes[place - 1])) place--;
  if (place == BACKTEST_LARGEST) return;
  struct arena arena = {0};
  if (report->changes_size == BACKTEST_LARGEST) {
    arena = report->changes[--report->changes_size].arena;
    arena_reset(&arena);
  } else {
    arena_init(&arena, 4 << 10);
  }
  memmove(report->changes + place + 1, report->changes + place, (report->changes_size - place) * sizeof *report->changes);
  report->changes_size++;
  struct slice *texts[] = {&change.rule_id, &change.institution, &change.psn_no, &change.setl_id, &change.setl_ids, &change.sentence_zh,
                           &change.sentence_en, &change.evidence, &change.shown, &change.sides[0].band, &change.sides[1].band};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = arena_copy(&arena, *texts[i]);
  change.arena = arena;
  report->changes[place] = change;
}

static struct slice level_word(struct making *making, struct slice institution) {
  const struct level *level = level_of(&making->parts[0].levels, institution);
  return level->level.size > 0 ? level->level : SLICE("");
}

// One finding, as each set has it open (NULL: not).
static void compare(void *context, const struct found *baseline, const struct found *new) {
  struct making *making = context;
  struct backtest_report *report = making->report;
  const struct found *const sides[2] = {baseline, new}, *any = new != NULL ? new : baseline;
  if (any->shadow) {
    add_finding(&report->shadow, sides);
    add_finding(backtest_row_of(report, &report->shadow_rules, any->rule_id), sides);
    return;
  }
  add_finding(&report->total, sides);
  add_finding(backtest_row_of(report, &report->rules, any->rule_id), sides);
  add_finding(backtest_row_of(report, &report->institutions, any->institution), sides);
  add_finding(backtest_row_of(report, &report->levels, level_word(making, any->institution)), sides);
  if (report->sides[BACKTEST_NEW] == NULL) return;
  if (baseline == NULL || new == NULL || differs(baseline, new)) keep_change(making, sides);
}

static void overlap(void *context, unsigned side, struct slice first, struct slice second, uint64_t lines) {
  struct making *making = context;
  struct backtest_overlap *row = backtest_overlap_of(making->report, first, second);
  row->visits[side]++;
  row->lines[side] += lines;
}

static enum status finish(void *context, struct store *const *stores, unsigned workers, unsigned sides, struct error *error) {
  struct making *making = context;
  struct backtest_report *report = making->report;
  struct levels *levels = &making->parts[0].levels;
  for (unsigned w = 1; w < workers; w++)
    for (size_t i = 0; i < making->parts[w].levels.size; i++) {
      const struct level *level = &making->parts[w].levels.rows[i];
      learn_level(levels, level->institution, level->level, level->time_s);
    }
  const struct found_visitor visitor = {compare, overlap, making};
  struct text bytes = {0};
  enum status status = STATUS_OK;
  for (unsigned bucket = 0; bucket < SPILL_BUCKETS && status == STATUS_OK; bucket++) {
    text_clear(&bytes);
    for (unsigned w = 0; w < workers && status == STATUS_OK; w++) status = spill_read(making->parts[w].spill, bucket, &bytes, error);
    if (status == STATUS_OK) status = found_compare(text_slice(&bytes), &visitor, error);
  }
  text_fini(&bytes);
  if (status != STATUS_OK) return status;
  backtest_sort(report);
  for (size_t i = 0; i < report->changes_size; i++)
    report->changes[i].level = arena_copy(&report->changes[i].arena, level_word(making, report->changes[i].institution));
  for (unsigned w = 0; w < workers; w++) report->spilled_bytes += spill_bytes(making->parts[w].spill);
  if (sides == 1) return STATUS_OK;
  return why_explain(report, &making->options->engine, making->options->paths, making->options->paths_size, stores, workers, sides, error);
}

// ---- the run ----------------------------------------------------------------------------------------------------------------------

static enum status open_parts(struct making *making, struct error *error) {
  for (unsigned w = 0; w < making->parts_size; w++) {
    struct part *part = &making->parts[w];
    arena_init(&part->arena, 64 << 10);
    arena_init(&part->levels.arena, 16 << 10);
    part->json = json_reader_create();
    part->spill = spill_open(error);
    if (part->spill == NULL) return STATUS_FATAL;
  }
  return STATUS_OK;
}

static void close_parts(struct making *making) {
  for (unsigned w = 0; w < making->parts_size; w++) {
    struct part *part = &making->parts[w];
    if (part->json == NULL) continue;    // never opened
    spill_close(part->spill);
    json_reader_destroy(part->json);
    arena_fini(&part->arena);
    arena_fini(&part->levels.arena);
    memory_free(part->levels.rows);
    memory_free(part->levels.slots);
    text_fini(&part->packed);
    text_fini(&part->framed);
    text_fini(&part->evidence);
  }
  memory_free(making->parts);
  text_fini(&making->scratch);
}

enum status backtest_run(const struct backtest_options *options, struct backtest_report *report, struct error *error) {
  *report = (struct backtest_report){.sides = {options->sides[0], options->sides[1]}};
  arena_init(&report->arena, 64 << 10);
  struct making making = {.options = options, .report = report, .parts_size = options->workers,
                          .parts = memory_take(options->workers * sizeof *making.parts)};
  enum status status = open_parts(&making, error);
  if (status == STATUS_OK) {
    const struct embedded_observer observer = {take, finish, &making};
    const struct embedded_options run = {.ruleset = options->sides[0], .second = options->sides[1], .observer = &observer,
                                         .engine = options->engine, .paths = options->paths, .paths_size = options->paths_size,
                                         .workers = options->workers, .batch_records = options->batch_records,
                                         .batch_bytes = options->batch_bytes, .progress = options->progress, .context = options->context};
    struct embedded_result result;
    status = embedded_run(&run, &result, error);
    report->messages = result.counts.records;
    report->settlements = result.counts.types[EVENT_SETL];
    report->dead = result.counts.dispositions[DISPOSITION_DEAD];
    report->patients = result.patients;
    report->store_bytes = result.store_bytes;
    report->rule_counts = result.rules;
    memory_free(result.second_rules);
  }
  close_parts(&making);
  return status;
}
