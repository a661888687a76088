#include "consumers/rebuild.h"

#include <inttypes.h>
#include <time.h>

#include "consumers/run.h"
#include "core/memory.h"
#include "dossier/encode.h"
#include "dossier/merge.h"
#include "dossier/sealed.h"
#include "screen/known.h"
#include "stream/file/order.h"
#include "stream/kafka/dump.h"
#include "stream/kafka/publish.h"
#include "stream/kafka/state.h"
#include "stream/kafka/topics.h"

// Of an input that is no topic: its records have no offset that anybody could look up.
#define TOPIC_NONE UINT32_MAX

enum { BATCH_RECORDS = 2000, BATCH_BYTES = 8 << 20, ARENA_BLOCK = 256 << 10, ENVELOPE_BYTES = 4096, PROGRESS_EVERY = 1000 };

struct part {
  int64_t first, next;          // offsets: of the oldest record there is, and behind the last one read
  int64_t first_recv_s;         // of the oldest record that could be read; DATE_ABSENT: none
  int64_t goal;                 // what the group must have taken when it took everything sent; -1: nothing was sent
};

struct rebuild {
  const struct rebuild_options *options;
  struct rebuild_result *result;
  struct error *error;
  enum status status;           // of what happens in a visit
  const char *settlements, *states, *group;
  unsigned char key[DIGEST_KEY_BYTES];
  struct part *parts;
  int32_t partitions;
  int64_t files_from_s, files_until_s, newest_s;
  struct engine *engine;
  struct store *store, *told;   // dossiers made anew; "+" or "-" of those on patient-state: gains or not
  int64_t retention_s;
  struct outbox outbox;
  struct arena arena, names;
  // The batch that is being collected from the topic.
  struct text bytes;
  struct record *records;
  size_t *starts;
  size_t size;
  struct publish *publish;
  struct text body, message;
  uint64_t done, total;         // of the phase at hand
};

static bool stopped(struct rebuild *rebuild) {
  if (rebuild->options->stopping == NULL || !atomic_load(rebuild->options->stopping)) return false;
  if (rebuild->status == STATUS_OK) rebuild->status = error_set(rebuild->error, STATUS_FATAL, "interrupted");
  return true;
}

static void progress(struct rebuild *rebuild, enum rebuild_phase phase) {
  if (rebuild->options->progress != NULL) rebuild->options->progress(rebuild->options->context, phase, rebuild->done, rebuild->total);
}

// --- Dossiers from settlements -------------------------------------------------------------------------------------------------------

static enum status screen_all(struct rebuild *rebuild, const struct record *records, size_t size) {
  struct engine *engine = rebuild->engine;
  engine_decode(engine, records, size);
  size_t decoded_size;
  const struct decoded *decoded = engine_decoded(engine, &decoded_size);
  for (size_t i = 0; i < decoded_size; i++) {
    const struct event *event = &decoded[i].event;
    struct part *part = &rebuild->parts[records[i].source.partition];
    rebuild->result->dead += decoded[i].dead;
    if (decoded[i].dead) continue;
    if (event->recv_time_s > rebuild->newest_s) rebuild->newest_s = event->recv_time_s;
    if (records[i].source.topic == TOPIC_NONE) {
      if (rebuild->files_from_s == DATE_ABSENT || event->event_time_s < rebuild->files_from_s) rebuild->files_from_s = event->event_time_s;
      if (event->recv_time_s > rebuild->files_until_s) rebuild->files_until_s = event->recv_time_s;
    } else if (part->first_recv_s == DATE_ABSENT) {
      part->first_recv_s = event->recv_time_s;
    }
  }
  const enum status status = engine_screen(engine, &rebuild->outbox, rebuild->error);
  outbox_clear(&rebuild->outbox);
  if (status == STATUS_OK) engine_settle(engine);
  return status;
}

// Files know no partitions: each person's is the one that producers choose. Ticks are those of the topic.
static enum status read_files(struct rebuild *rebuild) {
  const struct rebuild_options *options = rebuild->options;
  const struct reader_limits limits = {(size_t)options->site->record.bytes_max, BATCH_RECORDS, BATCH_BYTES};
  struct order *order = order_open(options->paths, options->paths_size, &limits);
  struct decoder *decoder = decoder_create(&options->site->engine.decode);
  struct record *own = NULL;
  size_t room = 0, size;
  enum status status;
  const struct record *records;
  while ((status = order_take(order, &records, &size, rebuild->error)) == STATUS_OK && size > 0 && !stopped(rebuild)) {
    if (size > room) own = memory_resize(own, (room = size) * sizeof *own);
    size_t kept = 0;
    arena_reset(&rebuild->arena);
    for (size_t i = 0; i < size; i++) {
      struct event event;
      struct decode_failure failure;
      rebuild->result->from_files++;
      const bool good = !records[i].too_large && decode(decoder, &rebuild->arena, records[i].value.data, records[i].value.size, &event, &failure) == STATUS_OK;
      rebuild->result->dead += !good;
      if (!good || !slice_present(event.psn_no)) continue;
      own[kept] = records[i];
      own[kept++].source = (struct source){TOPIC_NONE, client_partition_of(event.psn_no, rebuild->partitions), records[i].source.offset};
    }
    status = screen_all(rebuild, own, kept);
    if (status != STATUS_OK) break;
    order_progress(order, &rebuild->done, &rebuild->total);
    progress(rebuild, REBUILD_FILES);
  }
  memory_free(own);
  decoder_destroy(decoder);
  order_close(order);
  return status == STATUS_OK ? rebuild->status : status;
}

static void judge_collected(struct rebuild *rebuild) {
  for (size_t i = 0; i < rebuild->size; i++) rebuild->records[i].value.data = rebuild->bytes.data + rebuild->starts[i];
  if (rebuild->size > 0 && rebuild->status == STATUS_OK) rebuild->status = screen_all(rebuild, rebuild->records, rebuild->size);
  rebuild->size = 0;
  text_clear(&rebuild->bytes);
}

static bool collect(void *context, const struct dump_message *message) {
  static const char padding[DECODE_PADDING];
  struct rebuild *rebuild = context;
  struct part *part = &rebuild->parts[message->partition];
  rebuild->result->from_topic++;
  part->next = message->offset + 1;
  rebuild->starts[rebuild->size] = rebuild->bytes.size;
  rebuild->records[rebuild->size++] = (struct record){.value = {NULL, message->value.size}, .source = {0, message->partition, message->offset}};
  text_append(&rebuild->bytes, message->value);
  text_append(&rebuild->bytes, (struct slice){padding, sizeof padding});
  if (rebuild->size == BATCH_RECORDS || rebuild->bytes.size >= BATCH_BYTES) {
    judge_collected(rebuild);
    progress(rebuild, REBUILD_SETTLEMENTS);
  }
  rebuild->done++;
  return rebuild->status == STATUS_OK;
}

// From where the last reading ended to the present end.
static enum status read_on(struct rebuild *rebuild) {
  const struct rebuild_options *options = rebuild->options;
  rebuild->done = rebuild->total = 0;
  for (int32_t p = 0; p < rebuild->partitions; p++) {
    struct part *part = &rebuild->parts[p];
    int64_t end;
    const enum status status = client_range(options->client, rebuild->settlements, p, &part->first, &end, rebuild->error);
    if (status != STATUS_OK) return status;
    if (part->next < part->first) part->next = part->first;
    part->goal = end;
    rebuild->total += (uint64_t)(end - part->next);
  }
  for (int32_t p = 0; p < rebuild->partitions && rebuild->status == STATUS_OK && !stopped(rebuild); p++) {
    struct part *part = &rebuild->parts[p];
    if (part->next >= part->goal) continue;
    const struct dump_options dump = {.topic = rebuild->settlements, .partition = p, .from_offset = part->next, .until_offset = part->goal,
                                      .stopping = options->stopping};
    const enum status status = dump_topic(options->client, &dump, collect, rebuild, rebuild->error);
    if (status != STATUS_OK) return status;
    judge_collected(rebuild);
    part->next = part->goal;
  }
  progress(rebuild, REBUILD_SETTLEMENTS);
  return rebuild->status;
}

// --- What they know --------------------------------------------------------------------------------------------------------------------

// Before this time a partition's dossiers may lack something: what was on the topic before its first record arrived before that one did.
static int64_t known_since(const struct rebuild *rebuild, int32_t partition) {
  const struct part *part = &rebuild->parts[partition];
  if (part->first == 0) return DATE_ABSENT;
  if (part->first_recv_s == DATE_ABSENT) return INT64_MAX;
  return rebuild->files_until_s >= part->first_recv_s ? rebuild->files_from_s : part->first_recv_s;
}

// A dossier made anew, with everybody awake, and no more of it than the group's would keep at that time.
static enum status read_fuller(struct rebuild *rebuild, int32_t partition, struct slice psn_no, struct slice body, int64_t now_s,
                               struct dossier *fuller) {
  dossier_init(fuller, &rebuild->arena, psn_no);
  const enum status status = encode_read(fuller, body, rebuild->error);
  if (status != STATUS_OK) return status;
  const int64_t known_s = known_since(rebuild, partition);
  if (known_s > fuller->known_s) fuller->known_s = known_s;
  const int64_t time_s = now_s > fuller->watermark_s ? now_s : fuller->watermark_s;
  if (time_s != DATE_ABSENT) dossier_forget(fuller, time_s - rebuild->retention_s);
  return STATUS_OK;
}

// Do the same findings stand open in both?
static bool same_findings(const struct dossier *a, const struct dossier *b) {
  uint32_t open[2] = {0, 0};
  for (uint32_t i = 0; i < b->findings_size; i++) open[1] += b->findings[i].open;
  for (uint32_t i = 0; i < a->findings_size; i++) {
    const struct finding *one = &a->findings[i], *other = dossier_find_finding(b, one->id);
    if (!one->open) continue;
    open[0]++;
    if (other == NULL || !other->open || other->verdict != one->verdict || other->vola_fen != one->vola_fen || other->fund_fen != one->fund_fen ||
        other->shadow != one->shadow)
      return false;
  }
  return open[0] == open[1];
}

static bool compare(void *context, const struct dump_message *message) {
  struct rebuild *rebuild = context;
  struct slice body;
  if (++rebuild->done % PROGRESS_EVERY == 0) progress(rebuild, REBUILD_COMPARE);
  if (slice_equal(message->key, STATE_PARTITION_KEY) || !store_get(rebuild->store, message->partition, message->key, &body) || body.size == 0) return true;
  bool gains = true;    // forgotten as a whole
  if (slice_present(message->value)) {
    struct dossier present, fuller;
    arena_reset(&rebuild->arena);
    dossier_init(&present, &rebuild->arena, message->key);
    rebuild->status = encode_read(&present, message->value, rebuild->error);
    if (rebuild->status == STATUS_OK) rebuild->status = read_fuller(rebuild, message->partition, message->key, body, present.watermark_s, &fuller);
    if (rebuild->status != STATUS_OK) return false;
    known_settle(&present, &rebuild->options->site->engine.screen);
    const bool outdated = present.ruleset != fuller.ruleset && !same_findings(&present, &fuller);
    gains = merge(&present, &fuller) || outdated;
  }
  store_load(rebuild->told, message->partition, message->key, gains ? SLICE("+") : SLICE("-"), INT64_MAX);
  return !stopped(rebuild);
}

static enum status compare_all(struct rebuild *rebuild) {
  const struct dump_options dump = {.topic = rebuild->states, .partition = -1, .from_beginning = true, .until_end = true,
                                    .stopping = rebuild->options->stopping};
  rebuild->done = rebuild->total = 0;
  const enum status status = dump_topic(rebuild->options->client, &dump, compare, rebuild, rebuild->error);
  return status == STATUS_OK ? rebuild->status : status;
}

// --- Giving them to the group ------------------------------------------------------------------------------------------------------

static void put_time(struct text *out, const char *name, int64_t time_s) {
  text_format(out, ",\"%s\":\"", name);
  date_write_time(out, time_s);
  text_byte(out, '"');
}

static enum status send_part(struct rebuild *rebuild, int32_t partition, const struct dossier *dossier) {
  struct text *message = &rebuild->message;
  text_clear(&rebuild->body);
  text_clear(message);
  encode(dossier, &rebuild->body);
  text_format(message, "{\"msg_id\":\"rebuild-%016" PRIx64 "\",\"msg_type\":\"DOSSIER\",\"psn_no\":", digest_hash64(rebuild->body.data, rebuild->body.size, 0));
  text_json(message, dossier->psn_no);
  put_time(message, "event_time", dossier->watermark_s);
  put_time(message, "recv_time", rebuild->newest_s);
  TEXT_LITERAL(message, ",\"ver\":1,\"body\":{\"dossier\":\"");
  sealed_write(rebuild->key, dossier->psn_no, text_slice(&rebuild->body), message);
  TEXT_LITERAL(message, "\"}}");
  rebuild->result->messages++;
  return publish_send(rebuild->publish, partition, dossier->psn_no, text_slice(message), rebuild->error);
}

// Bytes of a body whose message is not over the limit of a record; that of the topic is never lower.
static size_t body_bytes_max(const struct rebuild *rebuild, struct slice psn_no) {
  const int64_t left = rebuild->options->site->record.bytes_max - ENVELOPE_BYTES - 6 * (int64_t)psn_no.size;
  return left > 0 ? (size_t)left / 4 * 3 : 0;
}

// One message where it fits; else the settlements part by part, of which only the last says since when all is known.
static enum status send_dossier(struct rebuild *rebuild, int32_t partition, const struct dossier *fuller) {
  const size_t most = body_bytes_max(rebuild, fuller->psn_no);
  const uint32_t size = fuller->bills_size;
  for (uint32_t i = 0; i < size; i++) {
    if (fuller->bills[i].packed.size + ENVELOPE_BYTES <= most) continue;
    rebuild->result->too_large++;
    return STATUS_OK;
  }
  uint32_t from = 0;
  do {
    size_t bytes = ENVELOPE_BYTES;
    uint32_t to = from;
    while (to < size && bytes + fuller->bills[to].packed.size + 16 <= most) bytes += fuller->bills[to++].packed.size + 16;
    struct dossier part = *fuller;
    part.bills = fuller->bills + from;
    part.bills_size = part.bills_capacity = to - from;
    part.findings_size = 0;
    part.cut |= to < size;    // complete at no time
    const enum status status = send_part(rebuild, partition, &part);
    if (status != STATUS_OK) return status;
    from = to;
  } while (from < size);
  return STATUS_OK;
}

static void give(void *context, int32_t partition, struct slice psn_no, struct slice body) {
  struct rebuild *rebuild = context;
  struct slice told;
  if (rebuild->status != STATUS_OK || stopped(rebuild)) return;
  if (++rebuild->done % PROGRESS_EVERY == 0) progress(rebuild, REBUILD_SEND);
  if (body.size == 0) return;
  rebuild->result->persons++;
  if (store_get(rebuild->told, partition, psn_no, &told) && told.data[0] == '-') return;
  struct dossier fuller;
  arena_reset(&rebuild->arena);
  rebuild->status = read_fuller(rebuild, partition, psn_no, body, DATE_ABSENT, &fuller);
  if (rebuild->status != STATUS_OK || fuller.watermark_s == DATE_ABSENT) return;
  rebuild->result->gaining++;
  rebuild->parts[partition].goal = 0;
  if (!rebuild->options->dry_run) rebuild->status = send_dossier(rebuild, partition, &fuller);
}

static enum status give_all(struct rebuild *rebuild) {
  const struct rebuild_options *options = rebuild->options;
  for (int32_t p = 0; p < rebuild->partitions; p++) rebuild->parts[p].goal = -1;
  rebuild->done = 0;
  rebuild->total = store_size(rebuild->store);
  if (!options->dry_run) {
    rebuild->publish = publish_open(options->client, rebuild->settlements, options->site->kafka.input_bytes_max, rebuild->error);
    if (rebuild->publish == NULL) return STATUS_FATAL;
  }
  store_each(rebuild->store, give, rebuild);
  progress(rebuild, REBUILD_SEND);
  const enum status status = options->dry_run ? STATUS_OK : publish_flush(rebuild->publish, rebuild->error);
  return rebuild->status == STATUS_OK ? status : rebuild->status;
}

// --- Until the group has them --------------------------------------------------------------------------------------------------------

static enum status ends_of_sent(struct rebuild *rebuild) {
  for (int32_t p = 0; p < rebuild->partitions; p++) {
    int64_t first;
    if (rebuild->parts[p].goal < 0) continue;
    const enum status status = client_range(rebuild->options->client, rebuild->settlements, p, &first, &rebuild->parts[p].goal, rebuild->error);
    if (status != STATUS_OK) return status;
  }
  return STATUS_OK;
}

static enum status wait_for_group(struct rebuild *rebuild) {
  int64_t *positions = ARENA_ARRAY(&rebuild->names, int64_t, rebuild->partitions);
  uint64_t least = UINT64_MAX;
  unsigned idle_s = 0;
  enum status status = ends_of_sent(rebuild);
  rebuild->total = 0;
  while (status == STATUS_OK && !stopped(rebuild)) {
    uint64_t left = 0;
    status = dump_positions(rebuild->options->client, rebuild->group, rebuild->settlements, positions, rebuild->partitions, rebuild->error);
    for (int32_t p = 0; p < rebuild->partitions && status == STATUS_OK; p++)
      if (rebuild->parts[p].goal > positions[p]) left += (uint64_t)(rebuild->parts[p].goal - (positions[p] > 0 ? positions[p] : 0));
    if (status != STATUS_OK) break;
    if (rebuild->total == 0) rebuild->total = left;
    rebuild->done = rebuild->total - (left < rebuild->total ? left : rebuild->total);
    progress(rebuild, REBUILD_WAIT);
    if (left == 0) break;
    idle_s = left < least ? 0 : idle_s + 1;
    if (left < least) least = left;
    if (idle_s >= REBUILD_PATIENCE_S)
      return error_set(rebuild->error, STATUS_RETRY, "group '%s' took nothing for %d s, and has %" PRIu64 " records to go: it takes the dossiers when it runs",
                       rebuild->group, REBUILD_PATIENCE_S, left);
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
  }
  return status == STATUS_OK ? rebuild->status : status;
}

// --- All of it -----------------------------------------------------------------------------------------------------------------------

static enum status prepare(struct rebuild *rebuild) {
  const struct rebuild_options *options = rebuild->options;
  const struct site *site = options->site;
  rebuild->settlements = topics_name(&rebuild->names, site->kafka.prefix, TOPIC_SETTLEMENTS);
  rebuild->states = topics_name(&rebuild->names, site->kafka.prefix, TOPIC_PATIENT_STATE);
  rebuild->group = arena_copy_text(&rebuild->names, site->kafka.group);
  enum status status = site_mac_key(site, rebuild->key, rebuild->error);
  if (status == STATUS_OK) status = client_partitions(options->client, rebuild->settlements, &rebuild->partitions, rebuild->error);
  if (status != STATUS_OK) return status;
  if (rebuild->partitions == 0)
    return error_set(rebuild->error, STATUS_FATAL, "there is no topic '%s': make it with `settlewatch topics create`", rebuild->settlements);
  rebuild->parts = memory_take((size_t)rebuild->partitions * sizeof *rebuild->parts);
  for (int32_t p = 0; p < rebuild->partitions; p++) rebuild->parts[p] = (struct part){.first_recv_s = DATE_ABSENT};
  rebuild->store = store_create(&(struct store_limits){0});
  rebuild->told = store_create(&(struct store_limits){0});
  rebuild->records = memory_take(BATCH_RECORDS * sizeof *rebuild->records);
  rebuild->starts = memory_take(BATCH_RECORDS * sizeof *rebuild->starts);
  static const char *const names[] = {"settlements"};
  struct engine_settings settings = site->engine;
  settings.topic_names = names;
  settings.topic_names_size = 1;
  settings.screen.seal_key = rebuild->key;    // what an earlier rebuild gave is part of what is known
  rebuild->engine = engine_create(options->ruleset, &settings, rebuild->store);
  rebuild->retention_s = run_topics(site, options->ruleset).horizon_days * DATE_DAY_SECONDS;
  return STATUS_OK;
}

static void finish(struct rebuild *rebuild) {
  publish_close(rebuild->publish);
  engine_destroy(rebuild->engine);
  if (rebuild->store != NULL) store_destroy(rebuild->store);
  if (rebuild->told != NULL) store_destroy(rebuild->told);
  outbox_fini(&rebuild->outbox);
  text_fini(&rebuild->bytes);
  text_fini(&rebuild->body);
  text_fini(&rebuild->message);
  memory_free(rebuild->records);
  memory_free(rebuild->starts);
  memory_free(rebuild->parts);
  arena_fini(&rebuild->arena);
  arena_fini(&rebuild->names);
  explicit_bzero(rebuild->key, sizeof rebuild->key);
}

enum status rebuild(const struct rebuild_options *options, struct rebuild_result *result, struct error *error) {
  struct rebuild rebuild = {.options = options, .result = result, .error = error, .files_from_s = DATE_ABSENT, .files_until_s = DATE_ABSENT,
                            .newest_s = DATE_ABSENT};
  *result = (struct rebuild_result){.known_s = DATE_ABSENT};
  arena_init(&rebuild.arena, ARENA_BLOCK);
  arena_init(&rebuild.names, 1 << 12);
  enum status status = prepare(&rebuild);
  if (status == STATUS_OK && options->paths_size > 0) status = read_files(&rebuild);
  // Twice: what came while the first reading went on is most of what could be missed.
  for (unsigned turn = 0; turn < 2 && status == STATUS_OK; turn++) status = read_on(&rebuild);
  for (int32_t p = 0; p < rebuild.partitions && status == STATUS_OK; p++)
    if (known_since(&rebuild, p) > result->known_s) result->known_s = known_since(&rebuild, p);
  if (status == STATUS_OK) status = compare_all(&rebuild);
  if (status == STATUS_OK) status = give_all(&rebuild);
  if (status == STATUS_OK && options->wait && !options->dry_run) status = wait_for_group(&rebuild);
  finish(&rebuild);
  return status;
}
