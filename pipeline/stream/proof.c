#include "stream/proof.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/memory.h"
#include "record/json.h"

enum { RECEIPTS_OPEN_MAX = 1 << 20, SPANS_MAX = 1 << 16 };

static const char *const names[PROOF_KIND_COUNT] = {
#define X(name, text, meaning, meaning_zh) text,
    PROOF_KINDS(X)
#undef X
};
static const char *const meanings[2][PROOF_KIND_COUNT] = {
    {
#define X(name, text, meaning, meaning_zh) meaning,
        PROOF_KINDS(X)
#undef X
    },
    {
#define X(name, text, meaning, meaning_zh) meaning_zh,
        PROOF_KINDS(X)
#undef X
    }};
const char *proof_kind_name(enum proof_kind kind) { return names[kind]; }
const char *proof_kind_meaning(enum proof_kind kind, bool chinese) { return meanings[chinese][kind]; }

// An output that came before its turn.
struct held {
  struct held *next;
  enum topic topic;
  uint64_t place;
  size_t key_size, value_size;
  char bytes[];    // key, value
};

// A receipt until it and all its outputs are there.
struct open {
  bool known;    // the receipt itself has come
  struct receipt receipt;
  char *texts;   // of the receipt
  struct receipt_outputs outputs;
  struct held *held;
  bool told;     // something of it was told: its chain cannot be right either
};

static struct open judged;    // stands for every receipt that needs no look any more

struct lane {
  char *topic;
  int32_t partition;
  uint64_t base;                 // numbers below are judged
  struct open **open;            // by number - base; NULL: nothing of it has come
  size_t open_size, open_capacity;
  uint64_t number;               // of the last receipt
  int64_t first, next;
  unsigned char chain[DIGEST_BYTES];
  uint64_t receipts, records, dispositions[DISPOSITION_COUNT], outputs, newest_output;
  struct proof_span *spans;
  size_t spans_size, spans_capacity;
};

struct proof {
  struct proof_settings settings;
  struct lane *lanes;
  size_t lanes_size, lanes_capacity;
  size_t held_bytes;
  uint64_t breaks;
  struct json_reader *reader;
  struct arena arena;
};

struct proof *proof_create(const struct proof_settings *settings) {
  struct proof *proof = memory_take(sizeof *proof);
  proof->settings = *settings;
  proof->reader = json_reader_create();
  arena_init(&proof->arena, 1 << 14);
  return proof;
}

static void open_free(struct proof *proof, struct open *open) {
  if (open == NULL || open == &judged) return;
  for (struct held *held = open->held, *next; held != NULL; held = next) {
    next = held->next;
    proof->held_bytes -= held->key_size + held->value_size;
    memory_free(held);
  }
  memory_free(open->texts);
  memory_free(open);
}

void proof_destroy(struct proof *proof) {
  if (proof == NULL) return;
  for (size_t i = 0; i < proof->lanes_size; i++) {
    struct lane *lane = &proof->lanes[i];
    for (size_t n = 0; n < lane->open_size; n++) open_free(proof, lane->open[n]);
    for (size_t n = 0; n < lane->spans_size; n++) memory_free((char *)(uintptr_t)lane->spans[n].ruleset.data);
    memory_free(lane->open);
    memory_free(lane->spans);
    memory_free(lane->topic);
  }
  memory_free(proof->lanes);
  json_reader_destroy(proof->reader);
  arena_fini(&proof->arena);
  memory_free(proof);
}

void proof_tell(struct proof *proof, const struct proof_break *found) {
  proof->breaks++;
  proof->settings.tell(proof->settings.context, found);
}

static void tell(struct proof *proof, struct proof_break found, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void tell(struct proof *proof, struct proof_break found, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(found.expected, sizeof found.expected, format, arguments);
  va_end(arguments);
  proof_tell(proof, &found);
}

static struct lane *lane_of(struct proof *proof, struct slice topic, int32_t partition) {
  for (size_t i = 0; i < proof->lanes_size; i++)
    if (proof->lanes[i].partition == partition && slice_equal(slice_from(proof->lanes[i].topic), topic)) return &proof->lanes[i];
  if (proof->lanes_size == proof->lanes_capacity) {
    proof->lanes_capacity = proof->lanes_capacity ? proof->lanes_capacity * 2 : 16;
    proof->lanes = memory_resize(proof->lanes, proof->lanes_capacity * sizeof *proof->lanes);
  }
  struct lane *lane = &proof->lanes[proof->lanes_size++];
  *lane = (struct lane){.partition = partition, .base = 1, .first = -1};
  lane->topic = memory_take(topic.size + 1);
  memcpy(lane->topic, topic.data, topic.size);
  return lane;
}

static struct proof_break at_receipt(const struct lane *lane, enum proof_kind kind, const struct receipt *receipt) {
  return (struct proof_break){.kind = kind, .topic = slice_from(lane->topic), .partition = lane->partition, .receipt = receipt->number,
                              .first_offset = receipt->first_offset, .last_offset = receipt->last_offset};
}

// --- A receipt with its outputs ------------------------------------------------------------------------------------------------

static void tell_hash(struct proof *proof, struct proof_break found, const unsigned char *expected, const unsigned char *is) {
  struct text text = {0};
  text_hex(&text, expected, DIGEST_BYTES);
  TEXT_LITERAL(&text, ", not ");
  text_hex(&text, is, DIGEST_BYTES);
  tell(proof, found, "%.*s", SLICE_ARG(text_slice(&text)));
  text_fini(&text);
}

static void weigh(struct proof *proof, const struct lane *lane, struct open *open, uint64_t number) {
  if (!open->known) {
    uint64_t outputs = 0;
    enum topic some = 0;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
      outputs += open->outputs.sizes[topic];
      if (open->outputs.sizes[topic] > 0) some = topic;
    }
    for (const struct held *held = open->held; held != NULL; held = held->next) outputs++, some = held->topic;
    tell(proof, (struct proof_break){PROOF_EXTRA, slice_from(topic_name(some)), lane->partition, number, -1, -1, ""},
         "%" PRIu64 " results name receipt %" PRIu64 " of '%s', which is not there", outputs, number, lane->topic);
    return;
  }
  const struct receipt *receipt = &open->receipt;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (open->outputs.sizes[topic] >= receipt->outputs[topic]) continue;
    uint64_t held = 0;
    for (const struct held *one = open->held; one != NULL; one = one->next) held += one->topic == topic;
    struct proof_break found = at_receipt(lane, PROOF_MISSING, receipt);
    found.topic = slice_from(topic_name(topic));
    tell(proof, found, "%" PRIu64 " results in '%s', of which number %" PRIu64 " and %" PRIu64 " in all are missing", receipt->outputs[topic],
         topic_name(topic), open->outputs.sizes[topic] + 1, receipt->outputs[topic] - open->outputs.sizes[topic] - held);
    open->told = true;
  }
  for (enum topic topic = 0; topic < TOPIC_COUNT && !open->told; topic++) {
    if (receipt->outputs[topic] == 0) continue;
    unsigned char sum[DIGEST_BYTES];
    receipt_outputs_sum(&open->outputs, topic, sum);
    struct proof_break found = at_receipt(lane, PROOF_CHANGED, receipt);
    found.topic = slice_from(topic_name(topic));
    if (memcmp(sum, receipt->sums[topic], sizeof sum) != 0) tell_hash(proof, found, receipt->sums[topic], sum);
  }
  unsigned char chain[DIGEST_BYTES];
  receipt_chain(receipt, chain);
  if (memcmp(chain, receipt->chain, sizeof chain) != 0) tell_hash(proof, at_receipt(lane, PROOF_CHAIN, receipt), receipt->chain, chain);
}

static bool complete(const struct open *open) {
  if (open == NULL || !open->known || open->held != NULL) return false;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++)
    if (open->outputs.sizes[topic] < open->receipt.outputs[topic]) return false;
  return true;
}

static void decide(struct proof *proof, struct lane *lane, size_t at) {
  struct open *open = lane->open[at];
  if (open == &judged) return;
  if (open != NULL) weigh(proof, lane, open, lane->base + at);
  open_free(proof, open);
  lane->open[at] = &judged;
}

static void advance(struct proof *proof, struct lane *lane) {
  for (;;) {
    size_t done = 0;
    while (done < lane->open_size && lane->open[done] == &judged) done++;
    lane->open_size -= done;
    memmove(lane->open, lane->open + done, lane->open_size * sizeof *lane->open);
    lane->base += done;
    if (lane->open_size <= RECEIPTS_OPEN_MAX && proof->held_bytes <= proof->settings.held_bytes_max) return;
    if (lane->open_size == 0) return;
    decide(proof, lane, 0);
  }
}

// The open receipt of a number at or above base; the caller has seen to that it is not absurdly far.
static struct open *open_of(struct lane *lane, uint64_t number) {
  const size_t at = (size_t)(number - lane->base);
  if (at >= lane->open_capacity) {
    lane->open_capacity = at + 1 > 2 * lane->open_capacity ? at + 16 : 2 * lane->open_capacity;
    lane->open = memory_resize(lane->open, lane->open_capacity * sizeof *lane->open);
  }
  while (lane->open_size <= at) lane->open[lane->open_size++] = NULL;
  if (lane->open[at] == NULL) lane->open[at] = memory_take(sizeof *lane->open[at]);
  return lane->open[at];
}

static void finish(struct proof *proof, struct lane *lane, uint64_t number) {
  if (complete(lane->open[number - lane->base])) decide(proof, lane, (size_t)(number - lane->base));
  advance(proof, lane);
}

static void drain(struct proof *proof, struct open *open, enum topic topic) {
  for (struct held **at = &open->held; *at != NULL;) {
    struct held *held = *at;
    if (held->topic != topic || held->place != open->outputs.sizes[topic]) {
      at = &held->next;
      continue;
    }
    receipt_outputs_add(&open->outputs, topic, (struct slice){held->bytes, held->key_size},
                        (struct slice){held->bytes + held->key_size, held->value_size});
    proof->held_bytes -= held->key_size + held->value_size;
    *at = held->next;
    memory_free(held);
    at = &open->held;    // the next in turn may stand before
  }
}

void proof_output(struct proof *proof, struct slice input, enum topic topic, int32_t partition, uint64_t receipt, uint64_t place,
                  struct slice key, struct slice value) {
  struct lane *lane = lane_of(proof, input, partition);
  struct proof_break found = {PROOF_EXTRA, slice_from(topic_name(topic)), partition, receipt, -1, -1, ""};
  lane->outputs++;
  if (receipt > lane->newest_output) lane->newest_output = receipt;
  if (receipt < lane->base || receipt - lane->base >= RECEIPTS_OPEN_MAX) {
    tell(proof, found, "no further result of receipt %" PRIu64 ": place %" PRIu64, receipt, place);
    return;
  }
  struct open *open = open_of(lane, receipt);
  if (open == &judged) {
    tell(proof, found, "no further result of receipt %" PRIu64 ": place %" PRIu64, receipt, place);
    return;
  }
  bool twice = place < open->outputs.sizes[topic];
  for (const struct held *held = open->held; held != NULL && !twice; held = held->next) twice = held->topic == topic && held->place == place;
  if (twice || (open->known && place >= open->receipt.outputs[topic])) {
    if (open->known) tell(proof, found, "%" PRIu64 " results, once each; place %" PRIu64 " is %s", open->receipt.outputs[topic], place, twice ? "there twice" : "one more");
    else tell(proof, found, "each result once; place %" PRIu64 " is there twice", place);
    return;
  }
  if (place == open->outputs.sizes[topic]) {
    receipt_outputs_add(&open->outputs, topic, key, value);
    if (open->held != NULL) drain(proof, open, topic);
  } else {
    struct held *held = memory_take(sizeof *held + key.size + value.size);
    *held = (struct held){open->held, topic, place, key.size, value.size};
    if (key.size > 0) memcpy(held->bytes, key.data, key.size);
    if (value.size > 0) memcpy(held->bytes + key.size, value.data, value.size);
    open->held = held;
    proof->held_bytes += key.size + value.size;
  }
  finish(proof, lane, receipt);
}

// --- The row of receipts -------------------------------------------------------------------------------------------------------

static void span_add(struct lane *lane, const struct receipt *receipt) {
  struct proof_span *last = lane->spans_size > 0 ? &lane->spans[lane->spans_size - 1] : NULL;
  if (last == NULL || (!slice_equal(last->ruleset, receipt->ruleset) && lane->spans_size < SPANS_MAX)) {
    if (lane->spans_size == lane->spans_capacity) {
      lane->spans_capacity = lane->spans_capacity ? lane->spans_capacity * 2 : 4;
      lane->spans = memory_resize(lane->spans, lane->spans_capacity * sizeof *lane->spans);
    }
    char *text = memory_take(receipt->ruleset.size + 1);
    memcpy(text, receipt->ruleset.data, receipt->ruleset.size);
    last = &lane->spans[lane->spans_size++];
    *last = (struct proof_span){.ruleset = {text, receipt->ruleset.size}, .first_offset = receipt->first_offset};
  }
  last->last_offset = receipt->last_offset;
  last->receipts++;
}

static void hole(struct proof *proof, const struct lane *lane, const struct receipt *receipt, int64_t first, int64_t last, uint64_t records) {
  const struct proof_hole hole = {slice_from(lane->topic), lane->partition, receipt->number, first, last, records};
  if (proof->settings.hole != NULL) {
    proof->settings.hole(proof->settings.context, &hole);
    return;
  }
  struct proof_break found = at_receipt(lane, PROOF_GAP, receipt);
  found.first_offset = first;
  found.last_offset = last;
  tell(proof, found, "%" PRId64 " records, the receipts have %" PRIu64, last - first + 1, records);
}

static void follow(struct proof *proof, struct lane *lane, const struct receipt *receipt) {
  uint64_t sum = 0;
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++) {
    sum += receipt->dispositions[d];
    lane->dispositions[d] += receipt->dispositions[d];
  }
  const int64_t offsets = receipt->last_offset - receipt->first_offset + 1;
  if (receipt->number != lane->number + 1)
    tell(proof, at_receipt(lane, PROOF_NUMBER, receipt), "receipt %" PRIu64 ", not %" PRIu64, lane->number + 1, receipt->number);
  else if (memcmp(receipt->previous, lane->chain, sizeof lane->chain) != 0)
    tell(proof, at_receipt(lane, PROOF_PREVIOUS, receipt), "'previous' as 'chain' of receipt %" PRIu64, lane->number);
  if (offsets < 1 || sum != receipt->records || receipt->records < 1 || (offsets > 0 && receipt->records > (uint64_t)offsets)) {
    tell(proof, at_receipt(lane, PROOF_COUNTS, receipt), "%" PRId64 " offsets; the receipt has %" PRIu64 " records, its counts add up to %" PRIu64,
         offsets, receipt->records, sum);
  } else if (receipt->records < (uint64_t)offsets) {
    hole(proof, lane, receipt, receipt->first_offset, receipt->last_offset, receipt->records);
  }
  if (lane->first >= 0 && receipt->first_offset > lane->next) {
    hole(proof, lane, receipt, lane->next, receipt->first_offset - 1, 0);
  } else if (lane->first >= 0 && receipt->first_offset < lane->next) {
    struct proof_break found = at_receipt(lane, PROOF_OVERLAP, receipt);
    found.last_offset = receipt->last_offset < lane->next ? receipt->last_offset : lane->next - 1;
    tell(proof, found, "offset %" PRId64 " first, not %" PRId64, lane->next, receipt->first_offset);
  }
  if (lane->first < 0) lane->first = receipt->first_offset;
  if (receipt->last_offset >= lane->next) lane->next = receipt->last_offset + 1;
  lane->receipts++;
  lane->records += receipt->records;
  span_add(lane, receipt);
  if (receipt->number <= lane->number) return;    // one that stands there again says nothing about the next
  lane->number = receipt->number;
  memcpy(lane->chain, receipt->chain, sizeof lane->chain);
}

static char *keep_texts(struct receipt *receipt) {
  char *texts = memory_take(receipt->topic.size + receipt->ruleset.size + 1);
  memcpy(texts, receipt->topic.data, receipt->topic.size);
  memcpy(texts + receipt->topic.size, receipt->ruleset.data, receipt->ruleset.size);
  receipt->topic.data = texts;
  receipt->ruleset.data = texts + receipt->topic.size;
  return texts;
}

void proof_receipt(struct proof *proof, struct slice value) {
  struct receipt receipt;
  struct error error = {0};
  arena_reset(&proof->arena);
  if (receipt_read(proof->reader, &proof->arena, value, &receipt, &error) != STATUS_OK) {
    tell(proof, (struct proof_break){PROOF_MALFORMED, slice_from(topic_name(TOPIC_SCREENING_RECEIPTS)), -1, 0, -1, -1, ""}, "a receipt: %s", error.text);
    return;
  }
  struct lane *lane = lane_of(proof, receipt.topic, receipt.partition);
  uint64_t absent = lane->number + 1;
  follow(proof, lane, &receipt);
  if (receipt.number < lane->base) return;    // told by follow
  if (receipt.number - lane->base >= RECEIPTS_OPEN_MAX) {
    for (size_t at = 0; at < lane->open_size; at++) decide(proof, lane, at);
    lane->open_size = 0;
    lane->base = absent = receipt.number;
  }
  struct open *open = open_of(lane, receipt.number);
  // Receipts of a partition come in their order: those between will not come any more.
  for (; absent < receipt.number; absent++)
    if (absent >= lane->base) decide(proof, lane, (size_t)(absent - lane->base));
  if (open == &judged || open->known) return;    // told by follow
  open->known = true;
  open->texts = keep_texts(&receipt);
  open->receipt = receipt;
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    uint64_t seen = open->outputs.sizes[topic];
    for (const struct held *held = open->held; held != NULL; held = held->next)
      if (held->topic == topic && held->place >= seen) seen = held->place + 1;
    if (seen <= receipt.outputs[topic]) continue;
    struct proof_break found = at_receipt(lane, PROOF_EXTRA, &receipt);
    found.topic = slice_from(topic_name(topic));
    tell(proof, found, "%" PRIu64 " results; one at place %" PRIu64 " is there", receipt.outputs[topic], seen - 1);
    open->told = true;
  }
  finish(proof, lane, receipt.number);
}

static bool number_read(struct slice *rest, uint64_t *out) {
  uint64_t value = 0;
  size_t size = 0;
  for (; size < rest->size && size < 18 && rest->data[size] >= '0' && rest->data[size] <= '9'; size++)
    value = value * 10 + (uint64_t)(rest->data[size] - '0');
  rest->data += size;
  rest->size -= size;
  *out = value;
  return size > 0;
}

bool proof_mark(struct slice header, int32_t *partition, uint64_t *receipt, uint64_t *place) {
  uint64_t number;
  if (!number_read(&header, &number) || number > INT32_MAX || header.size < 1 || header.data[0] != '.') return false;
  *partition = (int32_t)number;
  header = (struct slice){header.data + 1, header.size - 1};
  if (!number_read(&header, receipt) || header.size < 1 || header.data[0] != '.') return false;
  header = (struct slice){header.data + 1, header.size - 1};
  return number_read(&header, place) && header.size == 0 && *receipt > 0;
}

uint64_t proof_end(struct proof *proof) {
  uint64_t newer = 0;
  for (size_t i = 0; i < proof->lanes_size; i++) {
    struct lane *lane = &proof->lanes[i];
    for (size_t n = 0; n < lane->open_size && lane->base + n <= lane->number; n++) decide(proof, lane, n);
    advance(proof, lane);
    for (size_t n = 0; n < lane->open_size; n++) {
      const struct open *open = lane->open[n];
      for (enum topic topic = 0; open != NULL && open != &judged && topic < TOPIC_COUNT; topic++) newer += open->outputs.sizes[topic];
      for (const struct held *held = open != NULL && open != &judged ? open->held : NULL; held != NULL; held = held->next) newer++;
    }
  }
  return newer;
}

size_t proof_lanes(const struct proof *proof, struct proof_lane *lanes, size_t room) {
  for (size_t i = 0; i < proof->lanes_size && i < room; i++) {
    const struct lane *lane = &proof->lanes[i];
    lanes[i] = (struct proof_lane){.topic = slice_from(lane->topic), .partition = lane->partition, .receipts = lane->receipts,
                                   .records = lane->records, .outputs = lane->outputs, .first_offset = lane->first,
                                   .next_offset = lane->next, .newest_output = lane->newest_output, .spans = lane->spans, .spans_size = lane->spans_size};
    memcpy(lanes[i].dispositions, lane->dispositions, sizeof lanes[i].dispositions);
  }
  return proof->lanes_size;
}

uint64_t proof_breaks(const struct proof *proof) { return proof->breaks; }
