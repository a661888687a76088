#include "stream/kafka/kafka.h"

#include <assert.h>
#include <stdio.h>

#include "core/fault.h"
#include "core/memory.h"
#include "stream/kafka/batch.h"
#include "stream/kafka/committer.h"
#include "stream/kafka/handle.h"
#include "stream/kafka/learner.h"
#include "stream/kafka/watch.h"

enum { ATTEMPTS_MAX = 30, POLL_MESSAGES = 500, AHEAD = 4, REBUILD_SLICE_MS = 20, PROGRESS_MS = 5000 };

enum phase { PHASE_REBUILD, PHASE_READY };

struct owned {
  int32_t number;
  enum phase phase;
  bool assigned;              // in the present assignment; false between a revoke and the next assign
  bool loaded;                // the owner was told
  bool paused;                // by us: the client keeps that in mind for the partition, whoever has it in between
  int64_t next;               // input offset behind the last committed transaction
  int64_t goal;               // end of the input when it was assigned
  bool at_goal;               // everything before the goal was delivered to us
  int64_t end;                // where the client last met the end of the input
  struct watch watch;
  int64_t snapshot_ms;
};

struct kafka {
  struct log log;
  struct kafka_settings settings;
  struct handle consumer;
  struct transaction transaction;
  struct learner *learner;
  struct state *state;
  int32_t reading;            // partition that the reader is at; -1: none
  struct owned *owned;
  size_t owned_size;
  bool assigned_once;
  struct batch batches[2];
  unsigned hand;              // the batch that is at hand or handed out next; the other one commits, or waits behind it
  bool committing;
  struct committer committer;
  int64_t room;               // records of a batch: grows while we lag behind
  rd_kafka_queue_t *queue;
  rd_kafka_message_t *messages[POLL_MESSAGES];
  unsigned attempts;
  int64_t progress_ms;
  rd_kafka_topic_partition_list_t *rebalance;    // what the group wants of us, to be served when nothing commits; NULL: nothing
  rd_kafka_resp_err_t rebalance_code;
  bool closing;
  struct error failed;        // noticed while a rebalance was served
  struct kafka_counts counts;
  char id[400];
};

static struct kafka *kafka_of(struct log *log) { return (struct kafka *)log; }
struct state *kafka_state(struct log *log) { return kafka_of(log)->state; }
const struct kafka_counts *kafka_counts(const struct log *log) { return &((const struct kafka *)log)->counts; }

static struct owned *owned_find(struct kafka *kafka, int32_t number) {
  for (size_t i = 0; i < kafka->owned_size; i++)
    if (kafka->owned[i].number == number) return &kafka->owned[i];
  return NULL;
}

static const char *input(const struct kafka *kafka) { return kafka->settings.topics[TOPIC_SETTLEMENTS]; }

static struct batch *at_hand(struct kafka *kafka) { return &kafka->batches[kafka->hand]; }
static struct batch *the_other(struct kafka *kafka) { return &kafka->batches[kafka->hand ^ 1]; }

// --- Partitions come and go ----------------------------------------------------------------------------------------------------

static void snapshot_path(const struct kafka *kafka, int32_t number, struct text *path) {
  text_format(path, "%s/%s-%d.index%c", kafka->settings.state_dir, kafka->settings.topics[TOPIC_PATIENT_STATE], (int)number, '\0');
}

static void snapshot_write(struct kafka *kafka, struct owned *owned) {
  struct text path = {0};
  struct error error = {0};
  snapshot_path(kafka, owned->number, &path);
  if (state_snapshot_write(kafka->state, owned->number, path.data, &error) != STATUS_OK)
    client_say(kafka->settings.client, 4, "%s: a restart will take longer", error.text);
  text_fini(&path);
  owned->snapshot_ms = handle_now_ms();
}

static void partition_pause(struct kafka *kafka, struct owned *owned, bool pause) {
  if (owned->paused == pause) return;
  owned->paused = pause;
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, input(kafka), owned->number);
  (void)(pause ? rd_kafka_pause_partitions : rd_kafka_resume_partitions)(kafka->consumer.rk, list);
  rd_kafka_topic_partition_list_destroy(list);
}

static void partition_drop(struct kafka *kafka, int32_t number, bool keep_snapshot) {
  struct owned *owned = owned_find(kafka, number);
  if (kafka->reading == number) {
    learner_stop(kafka->learner);
    kafka->reading = -1;
  }
  if (keep_snapshot && owned->phase == PHASE_READY) snapshot_write(kafka, owned);
  partition_pause(kafka, owned, false);
  state_close(kafka->state, number);
  if (owned->loaded && kafka->settings.drop != NULL) kafka->settings.drop(kafka->settings.context, number);
  *owned = kafka->owned[--kafka->owned_size];
}

static void on_revoke(struct kafka *kafka, rd_kafka_t *rk) {
  const bool lost = rd_kafka_assignment_lost(rk) != 0;
  kafka->counts.rebalances++;
  client_say(kafka->settings.client, 6, "%s: %zu partitions given back%s", kafka->settings.slot, kafka->owned_size, lost ? ", lost" : "");
  fault_point(FAULT_IN_REVOKE);
  for (unsigned b = 0; b < 2; b++) batch_clear(&kafka->batches[b]);
  kafka->attempts = 0;
  for (size_t i = kafka->owned_size; i-- > 0;) {
    struct owned *owned = &kafka->owned[i];
    owned->assigned = false;
    // Lost: others may be at work on it already. Half rebuilt: begins anew if it comes back.
    if (lost || owned->phase != PHASE_READY) partition_drop(kafka, owned->number, false);
  }
  rd_kafka_assign(rk, NULL);
}

// Where each partition begins: the group's committed position, which waits for transactions that are still being decided.
static enum status positions(struct kafka *kafka, rd_kafka_topic_partition_list_t *list, struct error *error) {
  const rd_kafka_resp_err_t code = handle_committed(&kafka->consumer, list, client_startup_ms(kafka->settings.client));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handle_fail_code(&kafka->consumer, STATUS_FATAL, "asking for the committed positions", code, error);
  for (int i = 0; i < list->cnt; i++) {
    rd_kafka_topic_partition_t *row = &list->elems[i];
    int64_t first, end;
    if (row->err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return handle_fail_code(&kafka->consumer, STATUS_FATAL, "a committed position", row->err, error);
    if (client_range(kafka->settings.client, row->topic, row->partition, &first, &end, error) != STATUS_OK) return STATUS_FATAL;
    if (row->offset < 0 && !kafka->settings.from_earliest)
      return error_set(error, STATUS_FATAL, "%s[%d] has no committed position in group '%s': a first deployment begins with --from earliest; "
                       "otherwise the group's positions expired", row->topic, (int)row->partition, kafka->settings.group);
    if (row->offset < 0) row->offset = first;
    if (row->offset < first)
      return error_set(error, STATUS_FATAL, "%s[%d]: records from offset %lld to %lld were deleted before they were screened: the topic's "
                       "retention is too short", row->topic, (int)row->partition, (long long)row->offset, (long long)first - 1);
    struct owned *owned = owned_find(kafka, row->partition);
    if (owned != NULL && owned->next != row->offset) {
      // It came back, but not where we left it: somebody else worked on it.
      partition_drop(kafka, row->partition, false);
      owned = NULL;
    }
    if (owned == NULL) {
      kafka->owned = memory_resize(kafka->owned, (kafka->owned_size + 1) * sizeof *kafka->owned);
      owned = &kafka->owned[kafka->owned_size++];
      *owned = (struct owned){.number = row->partition, .phase = PHASE_REBUILD, .next = row->offset, .goal = end};
      state_open(kafka->state, row->partition);
    }
    owned->assigned = true;
    owned->at_goal = owned->at_goal || owned->next >= owned->goal;
  }
  return STATUS_OK;
}

static enum status rebuild_step(struct kafka *kafka, int slice_ms, bool *busy, struct error *error);

static void on_assign(struct kafka *kafka, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list) {
  struct error *error = &kafka->failed;
  if (positions(kafka, list, error) != STATUS_OK) {
    rd_kafka_assign(rk, NULL);
    return;
  }
  fault_point(FAULT_IN_ASSIGN);
  const int64_t deadline = handle_now_ms() + kafka->settings.rebuild_ms;
  enum status status = STATUS_OK;
  for (bool busy = true; busy && status == STATUS_OK && handle_now_ms() < deadline;) status = rebuild_step(kafka, REBUILD_SLICE_MS, &busy, error);
  const rd_kafka_resp_err_t code = rd_kafka_assign(rk, list);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    handle_fail_code(&kafka->consumer, STATUS_FATAL, "taking the assignment", code, error);
    return;
  }
  int waiting = 0;
  for (size_t i = 0; i < kafka->owned_size; i++) {
    partition_pause(kafka, &kafka->owned[i], kafka->owned[i].phase == PHASE_REBUILD);
    waiting += kafka->owned[i].paused;
  }
  for (size_t i = kafka->owned_size; i-- > 0;)
    if (!kafka->owned[i].assigned) partition_drop(kafka, kafka->owned[i].number, true);
  client_say(kafka->settings.client, 6, "%s: %d partitions assigned, %d to be rebuilt", kafka->settings.slot, list->cnt, waiting);
  kafka->assigned_once = true;
  fault_point(FAULT_AFTER_ASSIGN);
}

static void rebalance_serve(struct kafka *kafka) {
  rd_kafka_topic_partition_list_t *list = kafka->rebalance;
  kafka->rebalance = NULL;
  assert(!kafka->committing && !kafka->transaction.begun);
  if (kafka->rebalance_code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    on_assign(kafka, kafka->consumer.rk, list);
  } else {
    if (kafka->rebalance_code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
      client_say(kafka->settings.client, 4, "%s: rebalance: %s", kafka->settings.slot, rd_kafka_err2str(kafka->rebalance_code));
    on_revoke(kafka, kafka->consumer.rk);
  }
  rd_kafka_topic_partition_list_destroy(list);
}

// Only noted: the library waits for our assign, and so does the group, until the commit at hand is finished and its batch settled.
static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque) {
  (void)rk;
  const struct handle *handle = opaque;
  struct kafka *kafka = handle->owner;
  if (kafka->rebalance != NULL) rd_kafka_topic_partition_list_destroy(kafka->rebalance);
  kafka->rebalance = rd_kafka_topic_partition_list_copy(list);
  kafka->rebalance_code = code;
  if (kafka->closing) rebalance_serve(kafka);
}

// --- Rebuilding ----------------------------------------------------------------------------------------------------------------

static void partition_ready(struct kafka *kafka, struct owned *owned) {
  int64_t next = -1;
  const struct partition_state *own = state_partition(kafka->state, owned->number, &next);
  if (own != NULL && next != owned->next)
    client_say(kafka->settings.client, 4, "%s[%d]: the group's position is %lld, the dossiers are at %lld: somebody moved the position. Records "
               "that come again are duplicates; records that were jumped over were not screened", input(kafka), (int)owned->number,
               (long long)owned->next, (long long)next);
  owned->phase = PHASE_READY;
  owned->loaded = true;
  owned->snapshot_ms = handle_now_ms();
  kafka->counts.rebuilt++;
  if (kafka->settings.load != NULL) kafka->settings.load(kafka->settings.context, owned->number, own);
  client_say(kafka->settings.client, 6, "%s[%d]: ready, %zu subjects", kafka->settings.topics[TOPIC_PATIENT_STATE], (int)owned->number,
             state_subjects(kafka->state, owned->number));
  partition_pause(kafka, owned, false);
}

static enum status rebuild_begin(struct kafka *kafka, struct owned *owned, bool snapshot, struct error *error) {
  struct text path = {0};
  int64_t from = -1;
  state_close(kafka->state, owned->number);
  snapshot_path(kafka, owned->number, &path);
  if (!snapshot) {
    (void)remove(path.data);
    state_open(kafka->state, owned->number);
  } else if (!state_snapshot_read(kafka->state, owned->number, path.data, &from)) {
    from = -1;
  }
  text_fini(&path);
  const enum status status = learner_begin(kafka->learner, owned->number, from, error);
  if (status == STATUS_OK) kafka->reading = owned->number;
  return status;
}

// One slice of learning the next partition that waits. *busy: one is still waiting.
static enum status rebuild_step(struct kafka *kafka, int slice_ms, bool *busy, struct error *error) {
  *busy = false;
  struct owned *owned = kafka->reading >= 0 ? owned_find(kafka, kafka->reading) : NULL;
  for (size_t i = 0; i < kafka->owned_size && owned == NULL; i++)
    if (kafka->owned[i].phase == PHASE_REBUILD) owned = &kafka->owned[i];
  if (owned == NULL) return STATUS_OK;
  *busy = true;
  enum status status = kafka->reading >= 0 ? STATUS_OK : rebuild_begin(kafka, owned, true, error);
  bool end = false;
  if (status == STATUS_OK) status = learner_pump(kafka->learner, kafka->state, slice_ms, &end, error);
  if (status == STATUS_RETRY) error->status = STATUS_OK;    // asked again with the next slice
  if (status != STATUS_OK) return status == STATUS_RETRY ? STATUS_OK : status;
  if (!end) {
    if (handle_now_ms() - kafka->progress_ms > PROGRESS_MS) {
      int64_t position, last;
      learner_progress(kafka->learner, &position, &last);
      client_say(kafka->settings.client, 6, "%s[%d]: learning, at offset %lld of %lld", kafka->settings.topics[TOPIC_PATIENT_STATE],
                 (int)owned->number, (long long)position, (long long)last);
      kafka->progress_ms = handle_now_ms();
    }
    return STATUS_OK;
  }
  kafka->reading = -1;
  if (!state_snapshot_proven(kafka->state, owned->number)) {
    client_say(kafka->settings.client, 4, "%s[%d]: the snapshot is not of this topic, reading all", kafka->settings.topics[TOPIC_PATIENT_STATE],
               (int)owned->number);
    status = rebuild_begin(kafka, owned, false, error);
    if (status == STATUS_RETRY) error->status = STATUS_OK;
    return status == STATUS_FATAL ? STATUS_FATAL : STATUS_OK;
  }
  partition_ready(kafka, owned);
  return STATUS_OK;
}

// --- Taking --------------------------------------------------------------------------------------------------------------------

// An event of the consumer that is no record.
static enum status event(struct kafka *kafka, const rd_kafka_message_t *message, struct error *error) {
  struct owned *owned = message->rkt != NULL ? owned_find(kafka, message->partition) : NULL;
  switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (owned == NULL) return STATUS_OK;
      owned->at_goal |= message->offset >= owned->goal;
      owned->end = message->offset;
      return STATUS_OK;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return error_set(error, STATUS_FATAL, "kafka consumer: %s", rd_kafka_message_errstr(message));
    default:
      client_say(kafka->settings.client, 4, "%s: %s", kafka->settings.slot, rd_kafka_message_errstr(message));
      return STATUS_OK;
  }
}

static bool all_at_goal(const struct kafka *kafka) {
  for (size_t i = 0; i < kafka->owned_size; i++)
    if (!kafka->owned[i].assigned || kafka->owned[i].phase != PHASE_READY || !kafka->owned[i].at_goal) return false;
  return kafka->assigned_once;
}

static void snapshots_now_and_then(struct kafka *kafka) {
  if (kafka->settings.snapshot_s == 0) return;
  for (size_t i = 0; i < kafka->owned_size; i++) {
    struct owned *owned = &kafka->owned[i];
    if (owned->phase != PHASE_READY || handle_now_ms() - owned->snapshot_ms < (int64_t)kafka->settings.snapshot_s * 1000) continue;
    snapshot_write(kafka, owned);
    return;    // one at a time: the consumer must be polled
  }
}

// One at a time: brokers that are away take their time to answer.
static void watch_partitions(struct kafka *kafka) {
  for (size_t i = 0; i < kafka->owned_size && kafka->settings.silence_s > 0; i++) {
    struct owned *owned = &kafka->owned[i];
    if (!owned->assigned || owned->phase != PHASE_READY) continue;
    const int64_t known = owned->next > owned->end ? owned->next : owned->end;
    if (watch_look(&owned->watch, kafka->settings.client, input(kafka), owned->number, known, kafka->settings.silence_s)) return;
  }
}

// Records and events, up to so many, waiting at most timeout_ms for the first; what stands behind a rebalance is not ours any more.
static enum status poll(struct kafka *kafka, struct batch *into, int timeout_ms, size_t most, struct error *error) {
  enum status status = STATUS_OK;
  const ssize_t got = rd_kafka_consume_batch_queue(kafka->queue, timeout_ms, kafka->messages, most < POLL_MESSAGES ? most : POLL_MESSAGES);
  for (ssize_t i = 0; i < got; i++) {
    rd_kafka_message_t *message = kafka->messages[i];
    if (i + AHEAD < got) __builtin_prefetch(kafka->messages[i + AHEAD]);    // another thread wrote it
    const bool ours = kafka->rebalance == NULL && status == STATUS_OK;
    handle_taken(&kafka->consumer, message->len);
    if (ours && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      batch_add(into, message);
      continue;
    }
    if (ours) status = event(kafka, message, error);
    rd_kafka_message_destroy(message);
  }
  // Asked for, since the event that tells of it is not looked at when it stands behind a rebalance.
  char text[400];
  if (status == STATUS_OK && rd_kafka_fatal_error(kafka->consumer.rk, text, sizeof text) != RD_KAFKA_RESP_ERR_NO_ERROR)
    status = error_set(error, STATUS_FATAL, "kafka consumer: %s", text);
  return status;
}

static enum status take(struct log *log, int timeout_ms, struct log_batch *batch, struct error *error) {
  struct kafka *kafka = kafka_of(log);
  *batch = (struct log_batch){0};
  if (kafka->rebalance != NULL) {
    if (kafka->committing) return STATUS_OK;
    rebalance_serve(kafka);
  }
  struct batch *hand = at_hand(kafka);
  // After an abort the same records again; the pause grows, and a rebalance that waits is heard of. What comes now stands behind them.
  const bool again = hand->again;
  if (!again) batch_clear(hand);
  struct batch *into = kafka->committing || the_other(kafka)->size == 0 ? hand : the_other(kafka);
  int64_t deadline = handle_now_ms() + (again ? (kafka->attempts < 10 ? kafka->attempts * 50 : 500) : (unsigned)timeout_ms);
  watch_partitions(kafka);
  snapshots_now_and_then(kafka);    // the index knows what is committed, and nothing of what is under way
  enum status status = STATUS_OK;
  bool busy = true;
  while (status == STATUS_OK) {
    if (kafka->failed.status != STATUS_OK) status = error_set(error, kafka->failed.status, "%s", kafka->failed.text);
    if (busy && status == STATUS_OK) status = rebuild_step(kafka, REBUILD_SLICE_MS, &busy, error);
    if (status != STATUS_OK) break;
    const int64_t left = deadline - handle_now_ms(), room = kafka->room - (int64_t)into->size;
    const bool first = into->size == 0 || room <= 0;    // the library would wait until all have come
    status = poll(kafka, into, left <= 0 || busy ? 0 : (int)left, first ? 1 : (size_t)room, error);
    if (status != STATUS_OK || kafka->rebalance != NULL) break;
    if (first && !again && into->size == 1) deadline = handle_now_ms() + kafka->settings.batch_ms;
    if ((int64_t)into->size >= kafka->room || into->bytes >= kafka->settings.batch_bytes || handle_now_ms() >= deadline) break;
  }
  if (kafka->rebalance != NULL && !again) batch_clear(hand);
  if (status != STATUS_OK || kafka->rebalance != NULL) return status;
  if (!again) kafka->room = batch_room(hand, kafka->room, kafka->settings.batch_records);
  *batch = (struct log_batch){hand->records, hand->size, hand->size == 0 && all_at_goal(kafka)};
  return STATUS_OK;
}

// --- Giving --------------------------------------------------------------------------------------------------------------------

static enum status begin(struct log *log, struct error *error) {
  struct kafka *kafka = kafka_of(log);
  const struct batch *batch = at_hand(kafka);
  assert(!kafka->committing);
  for (size_t i = 0; i < batch->size; i++) {    // the broker never checks that we own what we commit
    const struct owned *owned = owned_find(kafka, batch->records[i].source.partition);
    assert(owned != NULL && owned->assigned && owned->phase == PHASE_READY);
    assert(batch->records[i].source.offset >= owned->next);
  }
  return transaction_begin(&kafka->transaction, error);
}

static enum status stage_entry(struct kafka *kafka, const struct outbox *outbox, const struct outbox_entry *entry, struct error *error) {
  const rd_kafka_headers_t *headers;
  const struct slice traceparent = batch_heritage(at_hand(kafka), entry, &headers);
  return transaction_stage_entry(&kafka->transaction, outbox, entry, headers, traceparent, error);
}

// The client asks for a transaction's partitions a millisecond after it met a new one. So it meets all at once: what is rare first, then facts
// and dossiers in turns. Within a topic nothing changes places.
static enum status stage(struct log *log, const struct outbox *outbox, struct log_state *states, size_t states_size, struct error *error) {
  struct kafka *kafka = kafka_of(log);
  struct batch *batch = at_hand(kafka);
  enum status status = STATUS_OK;
  batch->cursor = 0;
  batch->states = states;
  batch->states_size = states_size;
  for (size_t i = 0; i < outbox->size && status == STATUS_OK; i++)
    if (outbox->entries[i].topic != TOPIC_INSTITUTION_FACTS) status = stage_entry(kafka, outbox, &outbox->entries[i], error);
  const struct log_state *const end = states + states_size;
  for (size_t i = 0; (i < outbox->size || states < end) && status == STATUS_OK; i++) {
    if (i < outbox->size && outbox->entries[i].topic != TOPIC_INSTITUTION_FACTS) continue;
    if (i < outbox->size) status = stage_entry(kafka, outbox, &outbox->entries[i], error);
    if (states == end || status != STATUS_OK) continue;
    status = transaction_stage_state(&kafka->transaction, states, state_epoch(kafka->state, states->partition), error);
    states++;
  }
  return status;
}

// A record was delivered, but the broker did not say where (the answer was lost and the repeat refused as a duplicate): its
// partition is read on from where we knew it to its end.
static enum status states_placed(struct kafka *kafka, const struct batch *batch, struct error *error) {
  enum status status = STATUS_OK;
  int32_t done = -1;
  for (size_t i = 0; i < batch->states_size && status == STATUS_OK; i++) {
    if (batch->states[i].offset >= 0 || batch->states[i].partition == done) continue;
    done = batch->states[i].partition;
    kafka->reading = -1;
    status = learner_catch_up(kafka->learner, kafka->state, done, error);
  }
  return status;
}

static enum status again(struct kafka *kafka, struct error *error) {
  kafka->counts.aborted++;
  at_hand(kafka)->again = true;
  if (++kafka->attempts <= ATTEMPTS_MAX) return STATUS_RETRY;
  return error_set(error, STATUS_FATAL, "the same transaction was aborted %d times", ATTEMPTS_MAX);
}

static void commit_start(struct log *log) {
  struct kafka *kafka = kafka_of(log);
  assert(!kafka->committing);
  kafka->committing = true;
  committer_start(&kafka->committer, batch_positions(at_hand(kafka), input(kafka)));
  kafka->hand ^= 1;
}

static enum status commit_finish(struct log *log, struct error *error) {
  struct kafka *kafka = kafka_of(log);
  assert(kafka->committing);
  rd_kafka_topic_partition_list_t *positions;
  enum status status = committer_finish(&kafka->committer, &positions, error);
  kafka->committing = false;
  if (status == STATUS_OK) {
    for (int i = 0; i < positions->cnt; i++) {
      struct owned *owned = owned_find(kafka, positions->elems[i].partition);
      owned->next = positions->elems[i].offset;
      owned->at_goal = owned->at_goal || owned->next >= owned->goal;
    }
    status = states_placed(kafka, the_other(kafka), error);
    batch_clear(the_other(kafka));
    kafka->counts.transactions++;
    kafka->attempts = 0;
  } else if (status == STATUS_RETRY) {
    at_hand(kafka)->again = at_hand(kafka)->size > 0;
    kafka->hand ^= 1;
    status = again(kafka, error);
  }
  rd_kafka_topic_partition_list_destroy(positions);
  return status;
}

static enum status abandon(struct log *log, struct error *error) {
  struct kafka *kafka = kafka_of(log);
  assert(!kafka->committing);
  const enum status status = transaction_abort(&kafka->transaction, error);
  if (status != STATUS_OK) return status;
  return again(kafka, error) == STATUS_FATAL ? STATUS_FATAL : STATUS_OK;
}

int32_t kafka_at_goal(const struct log *log) {
  const struct kafka *kafka = (const struct kafka *)log;
  const bool idle = kafka->batches[0].size == 0 && kafka->batches[1].size == 0;
  int32_t reached = 0;
  for (size_t i = 0; i < kafka->owned_size && idle; i++)
    reached += kafka->owned[i].assigned && kafka->owned[i].phase == PHASE_READY && kafka->owned[i].at_goal;
  return reached;
}

int64_t kafka_lag(const struct log *log) {
  const struct kafka *kafka = (const struct kafka *)log;
  int64_t lag = 0;
  for (size_t i = 0; i < kafka->owned_size; i++) {
    int64_t first, end;
    if (rd_kafka_get_watermark_offsets(kafka->consumer.rk, input(kafka), kafka->owned[i].number, &first, &end) == RD_KAFKA_RESP_ERR_NO_ERROR &&
        end > kafka->owned[i].next)
      lag += end - kafka->owned[i].next;
  }
  return lag;
}

// --- Open and close ------------------------------------------------------------------------------------------------------------

static void kafka_close(struct log *log) {
  struct kafka *kafka = kafka_of(log);
  committer_close(&kafka->committer);
  transaction_close(&kafka->transaction);
  for (size_t i = 0; i < kafka->owned_size; i++)
    if (kafka->owned[i].phase == PHASE_READY) snapshot_write(kafka, &kafka->owned[i]);
  kafka->closing = true;
  kafka->committing = false;
  if (kafka->rebalance != NULL) rebalance_serve(kafka);
  for (unsigned b = 0; b < 2; b++) batch_fini(&kafka->batches[b]);
  if (kafka->queue != NULL) rd_kafka_queue_destroy(kafka->queue);
  if (kafka->consumer.rk != NULL) (void)rd_kafka_consumer_close(kafka->consumer.rk);
  handle_close(&kafka->consumer);
  learner_close(kafka->learner);
  state_destroy(kafka->state);
  memory_free(kafka->owned);
  memory_free(kafka);
}

static const struct log_operations operations = {"kafka", take, begin, stage, commit_start, commit_finish, abandon, kafka_close};

static enum status consumer_open(struct kafka *kafka, struct error *error) {
  char session[16];
  snprintf(session, sizeof session, "%d", kafka->settings.session_timeout_ms);
  // By its heartbeat a member learns that the group wants to share anew; until the last one has, all stand still.
  static const struct client_property mild[] = {{"queued.max.messages.kbytes", "32768"}, {"fetch.error.backoff.ms", "100"}, {"heartbeat.interval.ms", "300"}};
  const struct client_property firm[] = {{"group.id", kafka->settings.group},
                                         {"group.instance.id", kafka->settings.slot},
                                         {"enable.auto.commit", "false"},
                                         {"enable.auto.offset.store", "false"},
                                         {"isolation.level", "read_committed"},
                                         {"auto.offset.reset", "error"},
                                         {"partition.assignment.strategy", "range"},
                                         {"enable.partition.eof", "true"},
                                         {"session.timeout.ms", session}};
  const struct handle_hooks hooks = {.rebalance = on_rebalance};
  if (handle_open(&kafka->consumer, kafka->settings.client, RD_KAFKA_CONSUMER, "consumer", mild, sizeof mild / sizeof mild[0], firm,
                  sizeof firm / sizeof firm[0], &hooks, kafka, error) != STATUS_OK)
    return STATUS_FATAL;
  (void)rd_kafka_poll_set_consumer(kafka->consumer.rk);
  kafka->queue = rd_kafka_queue_get_consumer(kafka->consumer.rk);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, input(kafka), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(kafka->consumer.rk, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : handle_fail_code(&kafka->consumer, STATUS_FATAL, "subscribing", code, error);
}

struct log *kafka_open(const struct kafka_settings *settings, struct error *error) {
  struct kafka *kafka = memory_take(sizeof *kafka);
  kafka->log.operations = &operations;
  kafka->settings = *settings;
  kafka->reading = -1;
  kafka->room = settings->batch_records < BATCH_ROOM_MIN ? settings->batch_records : BATCH_ROOM_MIN;
  snprintf(kafka->id, sizeof kafka->id, "%s-%s", settings->group, settings->slot);
  const struct transaction_settings transaction = {
      .client = settings->client, .topics = kafka->settings.topics, .id = kafka->id, .timeout_ms = settings->transaction_timeout_ms,
      .message_bytes_max = settings->message_bytes_max, .stopping = settings->stopping,
      .none = settings->without_transactions};
  enum status status = transaction_open(&kafka->transaction, &transaction, error);
  if (status == STATUS_OK) {
    kafka->learner = learner_open(settings->client, settings->topics[TOPIC_PATIENT_STATE], error);
    status = kafka->learner != NULL ? STATUS_OK : STATUS_FATAL;
  }
  if (status == STATUS_OK) {
    struct state_settings state = {.topic = slice_from(settings->topics[TOPIC_PATIENT_STATE]), .key = settings->key,
                                   .cache = settings->cache, .reader = {kafka->learner, learner_read}};
    memcpy(state.epoch, settings->epoch, sizeof state.epoch);
    kafka->state = state_create(&state);
    status = consumer_open(kafka, error);
  }
  if (status == STATUS_OK) status = committer_open(&kafka->committer, &kafka->transaction, kafka->consumer.rk, error);
  if (status == STATUS_OK) return &kafka->log;
  kafka_close(&kafka->log);
  return NULL;
}
