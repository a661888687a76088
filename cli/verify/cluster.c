#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/verify/receipts.h"
#include "core/memory.h"
#include "record/json.h"
#include "stream/kafka/merge.h"

static const enum topic outputs[] = {TOPIC_CREDIT_DEDUCTIONS, TOPIC_INSPECTOR_CASES, TOPIC_SHADOW_FINDINGS,
                                     TOPIC_SECOND_REVIEW,     TOPIC_DEAD_LETTERS,    TOPIC_INSTITUTION_FACTS};
enum { OUTPUTS = sizeof outputs / sizeof outputs[0] };

struct reading {
  struct findings *findings;
  struct client *client;
  const char *topics[OUTPUTS + 1];    // the receipts first
  const char *input;
  int32_t partitions;
  struct error error;                 // of a look at the input
};

static struct slice header_of(const struct dump_message *message, const char *name) {
  for (size_t i = message->headers_size; i-- > 0;)
    if (strcmp(message->headers[i].name, name) == 0) return message->headers[i].value;
  return SLICE_NONE;
}

static bool visit(void *context, size_t source, const struct dump_message *message) {
  struct reading *reading = context;
  struct findings *findings = reading->findings;
  if (source == 0) {
    proof_receipt(findings->proof, message->value);
    return true;
  }
  const enum topic topic = outputs[source - 1];
  const struct slice mark = header_of(message, "receipt"), origin = header_of(message, "ce_source");
  int32_t partition;
  uint64_t receipt, place;
  if (slice_present(mark) && proof_mark(mark, &partition, &receipt, &place)) {
    proof_output(findings->proof, slice_from(reading->input), topic, partition, receipt, place, message->key, message->value);
  } else if (!slice_present(mark) && slice_present(origin) && !slice_equal(origin, SLICE("/settlewatch/screen"))) {
    findings->foreign++;
  } else {
    struct proof_break found = {PROOF_EXTRA, slice_from(topic_name(topic)), message->partition, 0, message->offset, message->offset, ""};
    snprintf(found.expected, sizeof found.expected, "a header 'receipt' that says which receipt covers this message");
    proof_tell(findings->proof, &found);
  }
  return true;
}

static void show_progress(void *context, uint64_t done, uint64_t total) {
  (void)context;
  fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " messages (%" PRIu64 " %%) ", done, total, total > 0 ? done * 100 / total : 100);
}

// --- Holes: what the input says of offsets that the receipts leave out --------------------------------------------------------

struct looking { struct finding_hole *holes; size_t size, at; };

static bool count(void *context, const struct dump_message *message) {
  struct looking *looking = context;
  while (looking->at < looking->size && looking->holes[looking->at].hole.last_offset < message->offset) looking->at++;
  // Holes are in the order of their ends; those around a receipt may begin before the end of the one before.
  for (size_t i = looking->at; i < looking->size; i++)
    if (looking->holes[i].hole.first_offset <= message->offset) looking->holes[i].seen++;
  return true;
}

static int by_end(const void *a, const void *b) {
  const struct proof_hole *x = &((const struct finding_hole *)a)->hole, *y = &((const struct finding_hole *)b)->hole;
  if (x->partition != y->partition) return x->partition < y->partition ? -1 : 1;
  return (x->last_offset > y->last_offset) - (x->last_offset < y->last_offset);
}

static void hole_told(struct reading *reading, const struct finding_hole *hole, int64_t first) {
  const struct proof_hole *at = &hole->hole;
  const bool gone = at->first_offset < first;
  if (hole->seen == at->records && !gone) return;
  struct proof_break found = {hole->seen > at->records ? PROOF_GAP : gone ? PROOF_UNPROVEN : PROOF_COUNTS, slice_from(hole->topic), at->partition, at->receipt,
                              at->first_offset, at->last_offset, ""};
  if (found.kind == PROOF_UNPROVEN)
    snprintf(found.expected, sizeof found.expected, "%" PRIu64 " records; the input begins at offset %" PRId64 " by now", at->records, first);
  else
    snprintf(found.expected, sizeof found.expected, "%" PRIu64 " records, as the input has; the receipts have %" PRIu64, hole->seen, at->records);
  proof_tell(reading->findings->proof, &found);
}

static void look(void *context) {
  struct reading *reading = context;
  struct findings *findings = reading->findings;
  qsort(findings->holes, findings->holes_size, sizeof *findings->holes, by_end);
  for (size_t from = 0, to; from < findings->holes_size; from = to) {
    struct finding_hole *holes = &findings->holes[from];
    int64_t lowest = holes->hole.first_offset, first, end;
    for (to = from; to < findings->holes_size && findings->holes[to].hole.partition == holes->hole.partition; to++)
      if (findings->holes[to].hole.first_offset < lowest) lowest = findings->holes[to].hole.first_offset;
    struct looking looking = {holes, to - from, 0};
    const struct dump_options dump = {.topic = reading->input, .partition = holes->hole.partition, .from_offset = lowest,
                                      .until_offset = findings->holes[to - 1].hole.last_offset + 1, .stopping = setup_stopping()};
    if (client_range(reading->client, reading->input, holes->hole.partition, &first, &end, &reading->error) != STATUS_OK ||
        dump_topic(reading->client, &dump, count, &looking, &reading->error) != STATUS_OK)
      break;
    for (size_t i = from; i < to; i++) hole_told(reading, &findings->holes[i], first);
  }
  findings->holes_size = 0;
}

// --- The ends ------------------------------------------------------------------------------------------------------------------

// Before the first receipt, behind the last one, and what the group has committed.
static enum status check_ends(struct reading *reading, const int64_t *before, const int64_t *after, struct error *error) {
  struct findings *findings = reading->findings;
  const size_t size = proof_lanes(findings->proof, NULL, 0);
  struct proof_lane *lanes = memory_take((size + 1) * sizeof *lanes);
  proof_lanes(findings->proof, lanes, size);
  enum status status = STATUS_OK;
  for (int32_t p = 0; p < reading->partitions && status == STATUS_OK; p++) {
    int64_t first, end, from, next;
    status = client_range(reading->client, reading->input, p, &first, &end, error);
    from = next = first;
    for (size_t i = 0; i < size; i++)
      if (lanes[i].partition == p && lanes[i].first_offset >= 0 && slice_equal(lanes[i].topic, slice_from(reading->input)))
        from = lanes[i].first_offset, next = lanes[i].next_offset;
    const struct proof_hole start = {slice_from(reading->input), p, 0, first, from - 1, 0}, rest = {slice_from(reading->input), p, 0, next, before[p] - 1, 0};
    if (status == STATUS_OK && from > first) findings_add_hole(findings, &start);
    if (status == STATUS_OK && before[p] > next) findings_add_hole(findings, &rest);
    if (after[p] >= 0 && after[p] < next) {
      struct proof_break found = {PROOF_POSITION, slice_from(reading->input), p, 0, after[p], next - 1, ""};
      snprintf(found.expected, sizeof found.expected, "committed position %" PRId64 ", as the receipts say, not %" PRId64
               ": these offsets would be screened again", next, after[p]);
      proof_tell(findings->proof, &found);
    }
    const int64_t reached = before[p] > next ? before[p] : next;
    if (end > reached) findings->to_come += (uint64_t)(end - reached);
  }
  for (size_t i = 0; i < size; i++) {
    if (lanes[i].partition < reading->partitions && slice_equal(lanes[i].topic, slice_from(reading->input))) continue;
    struct proof_break found = {PROOF_MALFORMED, lanes[i].topic, lanes[i].partition, 0, -1, -1, ""};
    snprintf(found.expected, sizeof found.expected, "receipts of '%s', which has %" PRId32 " partitions", reading->input, reading->partitions);
    proof_tell(findings->proof, &found);
  }
  memory_free(lanes);
  return status;
}

struct newest { struct json_reader *reader; struct arena arena; uint64_t *numbers; int32_t partitions; };

static bool note_number(void *context, const struct dump_message *message) {
  struct newest *newest = context;
  struct receipt receipt;
  struct error error = {0};
  arena_reset(&newest->arena);
  if (receipt_read(newest->reader, &newest->arena, message->value, &receipt, &error) == STATUS_OK && receipt.partition < newest->partitions &&
      receipt.number > newest->numbers[receipt.partition])
    newest->numbers[receipt.partition] = receipt.number;
  return true;
}

// Results behind the last receipt: of a run that goes on, then their receipts are there by now.
static enum status check_newer(struct reading *reading, struct error *error) {
  struct newest newest = {json_reader_create(), {0}, memory_take((size_t)reading->partitions * sizeof(uint64_t)), reading->partitions};
  arena_init(&newest.arena, 1 << 14);
  const struct dump_options dump = {.topic = reading->topics[0], .partition = -1, .from_beginning = true, .until_end = true,
                                    .stopping = setup_stopping()};
  const enum status status = dump_topic(reading->client, &dump, note_number, &newest, error);
  const size_t size = proof_lanes(reading->findings->proof, NULL, 0);
  struct proof_lane *lanes = memory_take((size + 1) * sizeof *lanes);
  proof_lanes(reading->findings->proof, lanes, size);
  for (size_t i = 0; i < size && status == STATUS_OK; i++) {
    if (lanes[i].partition >= reading->partitions || lanes[i].newest_output <= newest.numbers[lanes[i].partition]) continue;
    struct proof_break found = {PROOF_EXTRA, lanes[i].topic, lanes[i].partition, lanes[i].newest_output, -1, -1, ""};
    snprintf(found.expected, sizeof found.expected, "no result behind receipt %" PRIu64 ", the last one", newest.numbers[lanes[i].partition]);
    proof_tell(reading->findings->proof, &found);
  }
  memory_free(lanes);
  memory_free(newest.numbers);
  arena_fini(&newest.arena);
  json_reader_destroy(newest.reader);
  return status;
}

enum status receipts_cluster(struct setup *setup, struct client *client, struct findings *findings, bool progress, struct error *error) {
  struct reading reading = {.findings = findings, .client = client};
  const struct slice prefix = setup->site->kafka.prefix;
  struct merge_source sources[OUTPUTS + 1];
  reading.input = topics_name(&setup->arena, prefix, TOPIC_SETTLEMENTS);
  for (size_t i = 0; i <= OUTPUTS; i++) {
    reading.topics[i] = topics_name(&setup->arena, prefix, i == 0 ? TOPIC_SCREENING_RECEIPTS : outputs[i - 1]);
    sources[i] = (struct merge_source){reading.topics[i], i == 0};
  }
  findings->flush = look;
  findings->context = &reading;
  enum status status = client_partitions(client, reading.input, &reading.partitions, error);
  if (status == STATUS_OK && reading.partitions == 0) status = error_set(error, STATUS_REJECT, "there is no topic '%s'", reading.input);
  if (status != STATUS_OK) return status;
  const char *group = arena_copy_text(&setup->arena, setup->site->kafka.group);
  int64_t *before = memory_take(2 * (size_t)reading.partitions * sizeof *before), *after = before + reading.partitions;
  // Positions that were committed before the receipts are read lie behind no receipt that is read; those read afterwards before none.
  status = dump_positions(client, group, reading.input, before, reading.partitions, error);
  const struct merge_options merge = {.sources = sources, .sources_size = OUTPUTS + 1, .stopping = setup_stopping(),
                                      .progress = progress ? show_progress : NULL};
  if (status == STATUS_OK) status = merge_topics(client, &merge, visit, &reading, error);
  if (progress) fprintf(stderr, "\r\033[K");
  if (status == STATUS_OK) findings->newer = proof_end(findings->proof);
  if (status == STATUS_OK && findings->newer > 0) status = check_newer(&reading, error);
  if (status == STATUS_OK) status = dump_positions(client, group, reading.input, after, reading.partitions, error);
  if (status == STATUS_OK) status = check_ends(&reading, before, after, error);
  if (status == STATUS_OK) look(&reading);
  memory_free(before);
  if (status == STATUS_OK && reading.error.status != STATUS_OK) status = error_set(error, reading.error.status, "%s", reading.error.text);
  return status;
}
