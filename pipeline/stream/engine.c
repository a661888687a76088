#include "stream/engine.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/fault.h"
#include "core/memory.h"
#include "screen/apply.h"
#include "stream/receipt.h"

// One input partition: its state, and how state and counts were before each pending batch, the oldest first.
struct lane {
  struct partition_state state;
  struct { struct partition_state state; struct partition_counts counts; } before[2];
};

// The rest of what an undo brings back.
struct before { struct draw_counts draw; int64_t last_time_s; };

struct engine {
  const struct ruleset *ruleset;
  struct engine_settings settings;
  struct store *store;
  struct decoder *decoder;
  struct screen *screen;
  struct arena batch, call;    // of the batch; of one record
  struct text body;
  struct decoded *decoded;
  size_t decoded_size, decoded_capacity;
  struct partition_counts *counts;
  struct lane *lanes;
  size_t lanes_size, lanes_capacity;
  struct draw_counts draw;
  struct before before[2];
  size_t outbox_from;          // where the outputs of the batch at hand begin
  unsigned pending;            // batches that were screened and are neither settled nor undone
  struct slice *due;           // subjects of a tick, in the call arena of the tick
  size_t due_size, due_capacity;
  int64_t last_time_s;         // the newest recv_time: that of records that have none
};

struct engine *engine_create(const struct ruleset *ruleset, const struct engine_settings *settings, struct store *store) {
  struct engine *engine = memory_take(sizeof *engine);
  engine->ruleset = ruleset;
  engine->settings = *settings;
  engine->store = store;
  engine->decoder = decoder_create(&settings->decode);
  engine->screen = screen_create(ruleset, &settings->screen, settings->topic_names, settings->topic_names_size);
  arena_init(&engine->batch, 1 << 20);
  arena_init(&engine->call, 256 << 10);
  engine->last_time_s = DATE_ABSENT;
  return engine;
}

void engine_use(struct engine *engine, const struct ruleset *ruleset) {
  engine->ruleset = ruleset;
  screen_use(engine->screen, ruleset);
}

void engine_destroy(struct engine *engine) {
  if (engine == NULL) return;
  decoder_destroy(engine->decoder);
  screen_destroy(engine->screen);
  arena_fini(&engine->batch);
  arena_fini(&engine->call);
  text_fini(&engine->body);
  memory_free(engine->decoded);
  memory_free(engine->counts);
  memory_free(engine->lanes);
  memory_free(engine->due);
  memory_free(engine);
}

// ---- decode -----------------------------------------------------------------------------------------------------------------------

void engine_decode(struct engine *engine, const struct record *records, size_t size) {
  arena_reset(&engine->batch);
  if (size > engine->decoded_capacity) {
    engine->decoded_capacity = size;
    engine->decoded = memory_resize(engine->decoded, size * sizeof *engine->decoded);
  }
  engine->decoded_size = size;
  for (size_t i = 0; i < size; i++) {
    const struct record *record = &records[i];
    struct decoded *decoded = &engine->decoded[i];
    decoded->record = record;
    decoded->dead = false;
    memset(&decoded->event, 0, sizeof decoded->event);
    poison_name(&engine->settings.watch, &record->source, record->value);
    if (poison_known(&engine->settings.watch, &record->source, record->value)) {
      decoded->dead = true;
      decoded->failure = (struct decode_failure){.reason = REJECT_POISON};
    } else if (record->too_large) {
      decoded->dead = true;
      decoded->failure = (struct decode_failure){.reason = REJECT_TOO_LARGE, .offset = record->value.size};
    } else {
      decoded->dead = decode(engine->decoder, &engine->batch, record->value.data, record->value.size, &decoded->event,
                             &decoded->failure) != STATUS_OK;
    }
    decoded->event.source = record->source;
    decoded->event.raw = record->value;
  }
  poison_name_none(&engine->settings.watch);
}

const struct decoded *engine_decoded(const struct engine *engine, size_t *size) {
  *size = engine->decoded_size;
  return engine->decoded;
}

bool engine_subject(const struct engine *engine, size_t i, int32_t *partition, struct slice *subject) {
  assert(i < engine->decoded_size);
  const struct decoded *decoded = &engine->decoded[i];
  if (decoded->dead || !apply_uses(&decoded->event)) return false;
  *partition = decoded->event.source.partition;
  *subject = decoded->event.psn_no;
  return true;
}

bool engine_tick(const struct engine *engine, size_t i, int32_t *partition, int64_t *tick_s) {
  assert(i < engine->decoded_size);
  const struct decoded *decoded = &engine->decoded[i];
  if (decoded->dead || decoded->event.type != EVENT_TICK) return false;
  *partition = decoded->event.source.partition;
  *tick_s = event_clock_s(&decoded->event);
  return true;
}

unsigned engine_owner(const struct decoded *decoded, size_t index, unsigned workers) {
  if (workers <= 1) return 0;
  if (decoded->dead || !apply_uses(&decoded->event)) return (unsigned)(index % workers);
  return (unsigned)(digest_hash64(decoded->event.psn_no.data, decoded->event.psn_no.size, 0x5377u) % workers);
}

// ---- lanes ------------------------------------------------------------------------------------------------------------------------

static size_t lane_of(struct engine *engine, uint32_t topic, int32_t partition) {
  for (size_t i = 0; i < engine->lanes_size; i++)
    if (engine->counts[i].partition == partition && engine->counts[i].topic == topic) return i;
  if (engine->lanes_size == engine->lanes_capacity) {
    const size_t capacity = engine->lanes_capacity = engine->lanes_capacity ? engine->lanes_capacity * 2 : 8;
    engine->lanes = memory_resize(engine->lanes, capacity * sizeof *engine->lanes);
    engine->counts = memory_resize(engine->counts, capacity * sizeof *engine->counts);
  }
  const size_t lane = engine->lanes_size++;
  const struct partition_state none = {.tick_s = DATE_ABSENT};
  const struct partition_counts zero = {.partition = partition, .topic = topic, .first_offset = -1, .last_offset = -1};
  engine->lanes[lane] = (struct lane){.state = none, .before = {{none, zero}, {none, zero}}};
  engine->counts[lane] = zero;
  return lane;
}

// The time of a partition, whichever input told it: files share partition 0.
static int64_t tick_of(const struct engine *engine, int32_t partition) {
  int64_t tick_s = DATE_ABSENT;
  for (size_t i = 0; i < engine->lanes_size; i++)
    if (engine->counts[i].partition == partition && engine->lanes[i].state.tick_s > tick_s) tick_s = engine->lanes[i].state.tick_s;
  return tick_s;
}

static struct partition_counts *count_record(struct engine *engine, const struct decoded *decoded, enum disposition disposition,
                                             enum reject reject) {
  const struct source *source = &decoded->record->source;
  const size_t lane = lane_of(engine, source->topic, source->partition);    // may move the lanes
  struct partition_counts *counts = &engine->counts[lane];
  counts->records++;
  counts->bytes += decoded->record->value.size;
  counts->dispositions[disposition]++;
  if (disposition == DISPOSITION_DEAD) counts->rejects[reject]++;
  if (!decoded->dead) counts->types[decoded->event.type]++;
  if (counts->first_offset < 0) counts->first_offset = source->offset;
  if (source->offset > counts->last_offset) counts->last_offset = source->offset;
  if (!decoded->dead) engine->last_time_s = decoded->event.recv_time_s;
  return counts;
}

// ---- screen -----------------------------------------------------------------------------------------------------------------------

static void dead_letter(struct engine *engine, const struct decoded *decoded, const struct decode_failure *failure, struct outbox *outbox) {
  const struct record *record = decoded->record;
  const struct slice psn_no = decoded->event.psn_no, fixmedins_code = decoded->event.fixmedins_code;
  const struct slice key = slice_present(record->key) ? record->key : slice_present(psn_no) ? psn_no : fixmedins_code;
  char id[80], number[24];
  const int id_size = snprintf(id, sizeof id, "%" PRIu32 ".%" PRId32 ".%" PRId64, record->source.topic, record->source.partition,
                               record->source.offset);
  outbox_begin(outbox, TOPIC_DEAD_LETTERS, key, (struct slice){id, (size_t)id_size}, "settlewatch.dead-letter", record->source,
               decoded->dead ? engine->last_time_s : decoded->event.recv_time_s);
  text_append(&outbox->bytes, record->value);
  outbox_end(outbox);
  outbox_header(outbox, "reason", slice_from(reject_name(failure->reason)));
  outbox_header(outbox, "path", slice_from(failure->path));
  int size = snprintf(number, sizeof number, "%zu", failure->offset);
  outbox_header(outbox, "byte", (struct slice){number, (size_t)size});
  outbox_header(outbox, "topic", record->source.topic < engine->settings.topic_names_size
                                     ? slice_from(engine->settings.topic_names[record->source.topic]) : SLICE(""));
  size = snprintf(number, sizeof number, "%" PRId32, record->source.partition);
  outbox_header(outbox, "partition", (struct slice){number, (size_t)size});
  size = snprintf(number, sizeof number, "%" PRId64, record->source.offset);
  outbox_header(outbox, "offset", (struct slice){number, (size_t)size});
  outbox_header(outbox, "ruleset", slice_from(engine->ruleset->hash));
}

static void tell(struct engine *engine, const struct step_result *result, int32_t partition, struct slice subject, struct outbox *outbox) {
  for (size_t i = 0; i < result->facts_size; i++) {
    fact_write(outbox, &result->facts[i]);
    draw_observe(&engine->settings.review, &result->facts[i], &engine->draw, outbox);
  }
  if (result->changed) store_put(engine->store, partition, subject, text_slice(&engine->body), result->due_s);
}

enum status engine_screen_one(struct engine *engine, const struct decoded *decoded, struct outbox *outbox, struct error *error) {
  const struct event *event = &decoded->event;
  if (decoded->dead) {
    dead_letter(engine, decoded, &decoded->failure, outbox);
    count_record(engine, decoded, DISPOSITION_DEAD, decoded->failure.reason);
    return STATUS_OK;
  }
  if (!apply_uses(event)) {
    count_record(engine, decoded, DISPOSITION_UNUSED, REJECT_NONE);
    return STATUS_OK;
  }
  fault_record(decoded->record->value);
  const int32_t partition = event->source.partition;
  struct slice body = SLICE_NONE;
  store_get(engine->store, partition, event->psn_no, &body);
  arena_reset(&engine->call);
  struct step_result result = {.body = &engine->body};
  const enum status status = screen_step(engine->screen, body, event, tick_of(engine, partition), &engine->call, outbox, &result, error);
  if (status != STATUS_OK) return status;
  if (result.disposition == DISPOSITION_DEAD)
    dead_letter(engine, decoded, &(struct decode_failure){.reason = result.reject, .path = "body"}, outbox);
  tell(engine, &result, partition, event->psn_no, outbox);
  count_record(engine, decoded, result.disposition, result.reject);
  return STATUS_OK;
}

void engine_tick_begin(struct engine *engine, const struct decoded *tick, bool count_it) {
  const size_t number = lane_of(engine, tick->event.source.topic, tick->event.source.partition);
  struct lane *lane = &engine->lanes[number];
  if (event_clock_s(&tick->event) > lane->state.tick_s) lane->state.tick_s = event_clock_s(&tick->event);
  if (!count_it) return;
  count_record(engine, tick, DISPOSITION_SCREENED, REJECT_NONE);
  if (event_runs_ahead(&tick->event)) screen_count_skew(engine->screen);
}

void engine_tick_due(struct engine *engine, const struct decoded *tick, void (*visit)(void *context, struct slice subject), void *context) {
  store_due(engine->store, tick->event.source.partition, event_clock_s(&tick->event), visit, context);
}

enum status engine_tick_subject(struct engine *engine, const struct decoded *tick, struct slice subject, struct outbox *outbox,
                                struct error *error) {
  const int32_t partition = tick->event.source.partition;
  struct slice body = SLICE_NONE;
  if (!store_get(engine->store, partition, subject, &body) || body.size == 0) return STATUS_OK;
  arena_reset(&engine->call);
  struct step_result result = {.body = &engine->body};
  const enum status status = screen_tick(engine->screen, subject, body, &tick->event, &engine->call, outbox, &result, error);
  if (status == STATUS_OK) tell(engine, &result, partition, subject, outbox);
  return status;
}

static void collect_due(void *context, struct slice subject) {
  struct engine *engine = context;
  if (engine->due_size == engine->due_capacity) {
    engine->due_capacity = engine->due_capacity ? engine->due_capacity * 2 : 64;
    engine->due = memory_resize(engine->due, engine->due_capacity * sizeof *engine->due);
  }
  engine->due[engine->due_size++] = arena_copy(&engine->batch, subject);
}

static enum status screen_tick_all(struct engine *engine, const struct decoded *tick, struct outbox *outbox, struct error *error) {
  engine_tick_begin(engine, tick, true);
  engine->due_size = 0;
  engine_tick_due(engine, tick, collect_due, engine);
  for (size_t i = 0; i < engine->due_size; i++) {
    const enum status status = engine_tick_subject(engine, tick, engine->due[i], outbox, error);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static void forget_offsets(struct engine *engine) {
  for (size_t i = 0; i < engine->lanes_size; i++) engine->counts[i].first_offset = engine->counts[i].last_offset = -1;
}

void engine_begin(struct engine *engine, const struct outbox *outbox) {
  assert(engine->pending < 2);
  if (engine->pending == 1) store_seal(engine->store);
  const unsigned at = engine->pending++;
  forget_offsets(engine);
  for (size_t i = 0; i < engine->lanes_size; i++) {
    struct lane *lane = &engine->lanes[i];
    lane->before[at].counts = engine->counts[i];
    lane->before[at].state = lane->state;
  }
  engine->before[at] = (struct before){engine->draw, engine->last_time_s};
  engine->outbox_from = outbox->size;
}

// Records on whose memory the processor waits least: a dossier is anywhere, and a message was decoded many messages ago.
enum { AHEAD_SLOT = 16, AHEAD_ENTRY = 10, AHEAD_BODY = 5, AHEAD_TEXTS = 1, TEXTS_MAX = 32 };

static const struct event *ahead(const struct engine *engine, size_t i) {
  if (i >= engine->decoded_size || engine->decoded[i].dead || !apply_uses(&engine->decoded[i].event)) return NULL;
  return &engine->decoded[i].event;
}

static void expect_subject(const struct engine *engine, size_t i, enum store_step step) {
  const struct event *event = ahead(engine, i);
  if (event != NULL) store_expect(engine->store, store_hash(event->source.partition, event->psn_no), step);
}

static void look_ahead(const struct engine *engine, size_t i) {
  expect_subject(engine, i + AHEAD_SLOT, STORE_SLOT);
  expect_subject(engine, i + AHEAD_ENTRY, STORE_ENTRY);
  expect_subject(engine, i + AHEAD_BODY, STORE_BODY);
  const struct event *event = ahead(engine, i + AHEAD_TEXTS);
  for (uint32_t l = 0; event != NULL && l < event->lines_size && l < TEXTS_MAX; l++) {
    __builtin_prefetch(event->lines[l].feedetl_sn.data);
    __builtin_prefetch(event->lines[l].med_list_codg.data);
    __builtin_prefetch(event->lines[l].medins_list_codg.data);
  }
}

enum status engine_screen_part(struct engine *engine, struct outbox *outbox, struct error *error) {
  for (size_t i = 0; i < engine->decoded_size; i++) {
    const struct decoded *decoded = &engine->decoded[i];
    look_ahead(engine, i);
    poison_name(&engine->settings.watch, &decoded->record->source, decoded->record->value);
    const bool tick = !decoded->dead && decoded->event.type == EVENT_TICK;
    const enum status status = tick ? screen_tick_all(engine, decoded, outbox, error) : engine_screen_one(engine, decoded, outbox, error);
    if (status != STATUS_OK) return status;
  }
  poison_name_none(&engine->settings.watch);
  return STATUS_OK;
}

void engine_end(struct engine *engine, struct outbox *outbox) {
  for (size_t i = 0; i < engine->lanes_size; i++) {
    const char *topic = engine->counts[i].topic < engine->settings.topic_names_size
                            ? engine->settings.topic_names[engine->counts[i].topic] : "";
    receipt_write(outbox, engine->outbox_from, &engine->counts[i], &engine->lanes[i].before[engine->pending - 1].counts, engine->ruleset, topic,
                  engine->last_time_s, &engine->lanes[i].state);
  }
}

enum status engine_screen(struct engine *engine, struct outbox *outbox, struct error *error) {
  engine_begin(engine, outbox);
  const enum status status = engine_screen_part(engine, outbox, error);
  if (status == STATUS_OK) engine_end(engine, outbox);
  return status;
}

unsigned engine_pending(const struct engine *engine) { return engine->pending; }

void engine_settle(struct engine *engine) {
  store_settle(engine->store);
  if (engine->pending == 2) {
    for (size_t i = 0; i < engine->lanes_size; i++) engine->lanes[i].before[0] = engine->lanes[i].before[1];
    engine->before[0] = engine->before[1];
  } else {
    forget_offsets(engine);
  }
  if (engine->pending > 0) engine->pending--;
}

void engine_undo(struct engine *engine) {
  assert(engine->pending > 0);
  store_undo(engine->store);
  const unsigned at = --engine->pending;
  for (size_t i = 0; i < engine->lanes_size; i++) {
    engine->counts[i] = engine->lanes[i].before[at].counts;
    engine->lanes[i].state = engine->lanes[i].before[at].state;
  }
  engine->draw = engine->before[at].draw;
  engine->last_time_s = engine->before[at].last_time_s;
}

// ---- partitions and counts --------------------------------------------------------------------------------------------------------

void engine_partition_load(struct engine *engine, int32_t partition, const struct partition_state *state) {
  const size_t number = lane_of(engine, 0, partition);
  struct lane *lane = &engine->lanes[number];
  lane->state = state != NULL ? *state : (struct partition_state){.tick_s = DATE_ABSENT};
  lane->before[0].state = lane->before[1].state = lane->state;
}

const struct partition_state *engine_partition_state(const struct engine *engine, int32_t partition) {
  for (size_t i = 0; i < engine->lanes_size; i++)
    if (engine->counts[i].partition == partition && engine->counts[i].topic == 0) return &engine->lanes[i].state;
  return NULL;
}

void engine_partition_drop(struct engine *engine, int32_t partition) {
  assert(engine->pending == 0);
  for (size_t i = 0; i < engine->lanes_size; i++) {
    if (engine->counts[i].partition != partition) continue;
    const size_t last = --engine->lanes_size;
    engine->counts[i] = engine->counts[last];
    engine->lanes[i] = engine->lanes[last];
    i--;
  }
}

size_t engine_partitions(const struct engine *engine, const struct partition_counts **counts) {
  *counts = engine->counts;
  return engine->lanes_size;
}
const struct screen_counts *engine_screen_counts(const struct engine *engine) { return screen_counts(engine->screen); }
const struct rule_counts *engine_rule_counts(const struct engine *engine) { return screen_rule_counts(engine->screen); }
const struct draw_counts *engine_draw_counts(const struct engine *engine) { return &engine->draw; }
