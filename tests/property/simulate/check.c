#include "tests/property/simulate/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "dossier/encode.h"
#include "record/money.h"
#include "stream/kafka/state.h"

enum { HEX = 32, FINDINGS_MAX = 512, FACTS_MAX = 512, RECEIPTS_MAX = 4096 };

static const char *const check_names[CHECK_COUNT] = {
#define X(name, text, meaning) text,
    CHECKS(X)
#undef X
};

const char *check_name(enum check check) { return check_names[check]; }

void check_fail(struct check_result *result, enum check check, const char *format, ...) {
  if (result->failed[check]) return;
  result->failed[check] = true;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(result->text[check], sizeof result->text[check], format, arguments);
  va_end(arguments);
}

bool check_any(const struct check_result *result) {
  bool any = false;
  for (unsigned i = 0; i < CHECK_COUNT; i++) any = any || result->failed[i];
  return any;
}

enum check check_first(const struct check_result *result) {
  unsigned i = 0;
  while (i < CHECK_COUNT - 1 && !result->failed[i]) i++;
  return (enum check)i;
}

// A finding as its messages tell it, in one topic.
struct told {
  enum topic topic;
  char id[HEX];
  int64_t revision, vola_fen, fund_fen;
  struct slice band;
  bool open, provisional, expected;
};

struct fact_told {
  int32_t partition;
  struct slice setl_id;
  struct source source;
  int64_t ver;
  bool live;
};

struct receipt {
  int32_t partition;
  int64_t first, last, records, number;
  int64_t dispositions[DISPOSITION_COUNT];
  uint64_t dead, duplicate, superseded;
  const struct ruleset *ruleset;
  struct slice chain, previous, ruleset_hash;
  uint32_t transaction;
};

struct checker {
  struct oracle *oracle;
  const struct ruleset *const *sets;
  size_t sets_size;
  struct arena arena;
  struct told told[FINDINGS_MAX];
  size_t told_size;
  struct fact_told facts[FACTS_MAX];
  size_t facts_size;
  struct receipt receipts[RECEIPTS_MAX];
  size_t receipts_size;
};

struct checker *checker_create(struct oracle *oracle, const struct ruleset *const *sets, size_t sets_size) {
  struct checker *checker = memory_take(sizeof *checker);
  checker->oracle = oracle;
  checker->sets = sets;
  checker->sets_size = sets_size;
  arena_init(&checker->arena, 64 << 10);
  return checker;
}

void checker_destroy(struct checker *checker) {
  arena_fini(&checker->arena);
  memory_free(checker);
}

// --- Fields of our own messages: no spaces, each key once -------------------------------------------------------------------------

static bool find(struct slice value, const char *key, struct slice *found) {
  const size_t size = strlen(key);
  const char *at = value.size > 0 ? memmem(value.data, value.size, key, size) : NULL;
  if (at == NULL) return false;
  at += size;
  const char *end = at, *last = value.data + value.size;
  while (end < last && *end != '"' && *end != ',' && *end != '}') end++;
  *found = (struct slice){at, (size_t)(end - at)};
  return true;
}

static struct slice text_of(struct slice value, const char *key) {
  struct slice found;
  return find(value, key, &found) ? found : SLICE_NONE;
}

static int64_t number_of(struct slice value, const char *key) {
  const struct slice found = text_of(value, key);
  int64_t number = 0;
  for (size_t i = 0; i < found.size && found.data[i] >= '0' && found.data[i] <= '9'; i++) number = number * 10 + (found.data[i] - '0');
  return found.size > 0 ? number : -1;
}

static int64_t fen_of(struct slice value, const char *key) {
  int64_t fen = INT64_MIN;
  (void)money_parse(text_of(value, key), MONEY_FEN, &fen);
  return fen;
}

// --- Findings --------------------------------------------------------------------------------------------------------------------

static struct told *told_of(struct checker *checker, enum topic topic, const char *id) {
  for (size_t i = 0; i < checker->told_size; i++)
    if (checker->told[i].topic == topic && memcmp(checker->told[i].id, id, HEX) == 0) return &checker->told[i];
  if (checker->told_size == FINDINGS_MAX) return NULL;
  struct told *told = &checker->told[checker->told_size++];
  *told = (struct told){.topic = topic};
  memcpy(told->id, id, HEX);
  return told;
}

static void hear_finding(struct checker *checker, const struct broker_output *output, struct check_result *result) {
  const struct slice id = text_of(output->value, "\"deduction_id\":\"");
  struct told *told = id.size == HEX ? told_of(checker, output->topic, id.data) : NULL;
  if (told == NULL) {
    check_fail(result, CHECK_REVISIONS, "%s: a message without a deduction_id, or far too many", topic_name(output->topic));
    return;
  }
  const int64_t revision = number_of(output->value, "\"revision\":");
  if (revision != told->revision + 1)
    check_fail(result, CHECK_REVISIONS, "%s: %.*s has revision %" PRId64 " after %" PRId64, topic_name(output->topic), HEX, told->id, revision,
               told->revision);
  told->revision = revision;
  told->open = slice_equal(text_of(output->value, "\"stage\":\""), SLICE("proposed"));
  told->vola_fen = fen_of(output->value, "\"vola_amt\":\"");
  told->fund_fen = fen_of(output->value, "\"fund_amt\":\"");
  told->band = text_of(output->value, "\"band\":\"");
  told->provisional = slice_equal(text_of(output->value, "\"provisional\":"), SLICE("true"));
}

static void expect_told(struct checker *checker, const struct oracle_finding *finding, enum topic topic, struct check_result *result) {
  struct text hex = {0};
  text_hex(&hex, finding->id, sizeof finding->id);
  struct told *told = NULL;
  for (size_t i = 0; i < checker->told_size && told == NULL; i++)
    if (checker->told[i].topic == topic && memcmp(checker->told[i].id, hex.data, HEX) == 0) told = &checker->told[i];
  if (told == NULL || !told->open)
    check_fail(result, CHECK_FINDINGS, "%s: %.*s of %.*s by %.*s must be open and is %s", topic_name(topic), HEX, hex.data,
               SLICE_ARG(finding->psn_no), SLICE_ARG(finding->rule->id), told == NULL ? "not there" : "withdrawn");
  else if (told->vola_fen != finding->vola_fen || told->fund_fen != finding->fund_fen || !slice_equal(told->band, finding->band) ||
           told->provisional != finding->provisional)
    check_fail(result, CHECK_FINDINGS, "%s: %.*s of %.*s by %.*s must have %" PRId64 "/%" PRId64 " fen, band %.*s, and has %" PRId64 "/%" PRId64
               ", %.*s%s", topic_name(topic), HEX, hex.data, SLICE_ARG(finding->psn_no), SLICE_ARG(finding->rule->id), finding->vola_fen,
               finding->fund_fen, SLICE_ARG(finding->band), told->vola_fen, told->fund_fen, SLICE_ARG(told->band),
               told->provisional != finding->provisional ? ", another provisional" : "");
  if (told != NULL) told->expected = true;
  text_fini(&hex);
}

static void check_findings(struct checker *checker, struct check_result *result) {
  size_t size;
  const struct oracle_finding *findings = oracle_findings(checker->oracle, &size);
  for (size_t i = 0; i < size; i++) {
    const struct rule *rule = findings[i].rule;
    const bool shadow = rule->status == RULE_SHADOW;
    if (shadow) expect_told(checker, &findings[i], TOPIC_SHADOW_FINDINGS, result);
    else expect_told(checker, &findings[i], TOPIC_INSPECTOR_CASES, result);
    if (!shadow && (rule->result == RESULT_VIOLATION || rule->result == RESULT_SUSPICIOUS))
      expect_told(checker, &findings[i], TOPIC_CREDIT_DEDUCTIONS, result);
  }
  for (size_t i = 0; i < checker->told_size; i++)
    if (checker->told[i].open && !checker->told[i].expected)
      check_fail(result, CHECK_FINDINGS, "%s: %.*s is open and must not be", topic_name(checker->told[i].topic), HEX, checker->told[i].id);
}

// --- Facts -----------------------------------------------------------------------------------------------------------------------

static void hear_fact(struct checker *checker, const struct broker_output *output, struct check_result *result) {
  if (checker->facts_size == FACTS_MAX) {
    check_fail(result, CHECK_FACTS, "far too many facts");
    return;
  }
  struct fact_told told = {.partition = output->source.partition, .setl_id = text_of(output->value, "\"setl_id\":\""), .source = output->source,
                           .ver = number_of(output->value, "\"ver\":"),
                           .live = slice_equal(text_of(output->value, "\"state\":\""), SLICE("live"))};
  for (size_t i = 0; i < checker->facts_size; i++) {
    const struct fact_told *earlier = &checker->facts[i];
    if (earlier->partition == told.partition && slice_equal(earlier->setl_id, told.setl_id) && earlier->source.offset == told.source.offset)
      check_fail(result, CHECK_FACTS, "settlements[%d]@%" PRId64 " gave a fact of %.*s twice", (int)told.partition, told.source.offset,
                 SLICE_ARG(told.setl_id));
  }
  checker->facts[checker->facts_size++] = told;
}

static void check_facts(const struct checker *checker, struct check_result *result) {
  size_t size;
  const struct oracle_bill *bills = oracle_bills(checker->oracle, &size);
  for (size_t i = 0; i < size; i++) {
    const struct fact_told *last = NULL;
    for (size_t f = 0; f < checker->facts_size; f++)
      if (checker->facts[f].partition == bills[i].partition && slice_equal(checker->facts[f].setl_id, bills[i].setl_id)) last = &checker->facts[f];
    const bool live = last != NULL && last->live;
    if (live != bills[i].live || (live && last->ver != bills[i].ver))
      check_fail(result, CHECK_FACTS, "%.*s must be %s in version %" PRId64 ", and its last fact says %s %" PRId64, SLICE_ARG(bills[i].setl_id),
                 bills[i].live ? "live" : "not live", bills[i].ver, last == NULL ? "nothing" : last->live ? "live" : "withdrawn",
                 last != NULL ? last->ver : 0);
  }
}

// --- Receipts --------------------------------------------------------------------------------------------------------------------

static void hear_receipt(struct checker *checker, const struct broker_output *output, struct check_result *result) {
  if (checker->receipts_size == RECEIPTS_MAX) {
    check_fail(result, CHECK_RECEIPTS, "far too many receipts");
    return;
  }
  const struct slice v = output->value;
  struct receipt receipt = {.partition = (int32_t)number_of(v, "\"partition\":"), .number = number_of(v, "\"receipt\":"),
                            .first = number_of(v, "\"first_offset\":"), .last = number_of(v, "\"last_offset\":"),
                            .records = number_of(v, "\"records\":"), .dead = (uint64_t)number_of(v, "\"dead\":"),
                            .duplicate = (uint64_t)number_of(v, "\"duplicate\":"), .superseded = (uint64_t)number_of(v, "\"superseded\":"),
                            .chain = text_of(v, "\"chain\":\""), .previous = text_of(v, "\"previous\":\""),
                            .ruleset_hash = text_of(v, "\"ruleset\":\""), .transaction = output->transaction};
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++) {
    char name[40];
    snprintf(name, sizeof name, "\"%s\":", disposition_name((enum disposition)d));
    receipt.dispositions[d] = number_of(v, name);
  }
  for (size_t i = 0; i < checker->sets_size; i++)
    if (slice_equal(receipt.ruleset_hash, slice_from(checker->sets[i]->hash))) receipt.ruleset = checker->sets[i];
  if (receipt.ruleset == NULL || receipt.partition < 0) {
    check_fail(result, CHECK_RECEIPTS, "a receipt of an unknown rule set: %.*s", SLICE_ARG(v));
    return;
  }
  checker->receipts[checker->receipts_size++] = receipt;
}

static void feed_number(struct digest *digest, int64_t value) {
  char text[24];
  const int size = snprintf(text, sizeof text, "%" PRId64, value);
  digest_field(digest, (struct slice){text, (size_t)size});
}

// The results of each topic in one hash, as a reader of that topic alone would make it.
struct topic_sum { struct digest digest; uint64_t facts; int64_t count; unsigned char sum[DIGEST_BYTES]; };

static void sum_topics(const struct broker *broker, const struct receipt *receipt, struct topic_sum sums[TOPIC_COUNT]) {
  size_t size;
  const struct broker_output *outputs = broker_outputs(broker, &size);
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    sums[topic].count = 0;
    sums[topic].facts = 0;
  }
  for (size_t i = 0; i < size; i++) {
    const struct broker_output *output = &outputs[i];
    if (output->transaction != receipt->transaction || output->source.partition != receipt->partition ||
        output->topic == TOPIC_SCREENING_RECEIPTS)
      continue;
    struct topic_sum *sum = &sums[output->topic];
    if (sum->count++ == 0) digest_init(&sum->digest, DIGEST_BYTES, NULL, 0);
    if (output->topic == TOPIC_INSTITUTION_FACTS) {
      sum->facts = digest_hash64(output->value.data, output->value.size, sum->facts);
      continue;
    }
    digest_field(&sum->digest, output->key);
    digest_field(&sum->digest, output->value);
  }
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    struct topic_sum *sum = &sums[topic];
    if (sum->count > 0) digest_final(&sum->digest, sum->sum);
    if (topic != TOPIC_INSTITUTION_FACTS) continue;
    memset(sum->sum, 0, sizeof sum->sum);
    for (unsigned i = 0; i < 8; i++) sum->sum[i] = (unsigned char)(sum->facts >> (8 * i));
  }
}

static bool chain_is_right(const struct broker *broker, const struct receipt *receipt, const unsigned char before[DIGEST_BYTES],
                           unsigned char after[DIGEST_BYTES]) {
  struct topic_sum sums[TOPIC_COUNT];
  sum_topics(broker, receipt, sums);
  struct digest digest;
  digest_init(&digest, DIGEST_BYTES, NULL, 0);
  digest_bytes(&digest, before, DIGEST_BYTES);
  digest_field(&digest, SLICE("settlements"));
  feed_number(&digest, receipt->partition);
  feed_number(&digest, receipt->number);
  feed_number(&digest, receipt->first);
  feed_number(&digest, receipt->last);
  feed_number(&digest, receipt->records);
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++) feed_number(&digest, receipt->dispositions[d]);
  digest_field(&digest, receipt->ruleset_hash);
  for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
    if (sums[topic].count == 0) continue;
    digest_field(&digest, slice_from(topic_name(topic)));
    feed_number(&digest, sums[topic].count);
    digest_bytes(&digest, sums[topic].sum, DIGEST_BYTES);
  }
  digest_final(&digest, after);
  struct text hex = {0};
  text_hex(&hex, after, DIGEST_BYTES);
  const bool right = slice_equal(text_slice(&hex), receipt->chain);
  text_fini(&hex);
  return right;
}

static void check_receipts(const struct checker *checker, const struct broker *broker, struct check_result *result) {
  uint64_t dead = 0, duplicate = 0, superseded = 0;
  for (int32_t p = 0; p < broker_partitions(broker); p++) {
    size_t size, at = 0;
    const struct broker_record *rows = broker_input(broker, p, &size);
    unsigned char chain[DIGEST_BYTES] = {0};
    struct slice previous = SLICE("0000000000000000000000000000000000000000000000000000000000000000");
    int64_t number = 0;
    for (size_t r = 0; r < checker->receipts_size; r++) {
      const struct receipt *receipt = &checker->receipts[r];
      if (receipt->partition != p) continue;
      while (at < size && rows[at].aborted) at++;
      const int64_t first = at < size ? rows[at].offset : -1;
      int64_t records = 0, last = -1;
      for (; at < size && rows[at].offset <= receipt->last; at++) {
        if (rows[at].aborted) continue;
        records++;
        last = rows[at].offset;
      }
      if (receipt->number != ++number || receipt->first != first || receipt->last != last || receipt->records != records)
        check_fail(result, CHECK_RECEIPTS, "settlements[%d]: receipt %" PRId64 " says %" PRId64 "..%" PRId64 ", %" PRId64 " records; it must be %"
                   PRId64 ": %" PRId64 "..%" PRId64 ", %" PRId64, (int)p, receipt->number, receipt->first, receipt->last, receipt->records, number,
                   first, last, records);
      if (!slice_equal(receipt->previous, previous) || !chain_is_right(broker, receipt, chain, chain))
        check_fail(result, CHECK_RECEIPTS, "settlements[%d]: the chain breaks at receipt %" PRId64, (int)p, receipt->number);
      previous = receipt->chain;
      dead += receipt->dead;
      duplicate += receipt->duplicate;
      superseded += receipt->superseded;
    }
    while (at < size && rows[at].aborted) at++;
    if (at < size) check_fail(result, CHECK_RECEIPTS, "settlements[%d]@%" PRId64 " has no receipt", (int)p, rows[at].offset);
  }
  uint64_t right_duplicate, right_superseded;
  size_t right_dead;
  oracle_repeated(checker->oracle, &right_duplicate, &right_superseded);
  (void)oracle_dead(checker->oracle, &right_dead);
  if (dead != right_dead || duplicate != right_duplicate || superseded != right_superseded)
    check_fail(result, CHECK_RECEIPTS, "the receipts count %" PRIu64 " dead, %" PRIu64 " duplicate, %" PRIu64 " superseded; it must be %zu, %"
               PRIu64 ", %" PRIu64, dead, duplicate, superseded, right_dead, right_duplicate, right_superseded);
}

static const struct ruleset *set_of(void *context, int32_t partition, int64_t offset) {
  const struct checker *checker = context;
  for (size_t i = 0; i < checker->receipts_size; i++)
    if (checker->receipts[i].partition == partition && offset <= checker->receipts[i].last) return checker->receipts[i].ruleset;
  return checker->sets[0];
}

// --- Dead letters ----------------------------------------------------------------------------------------------------------------

static void check_dead_letters(const struct checker *checker, const struct broker *broker, struct check_result *result) {
  size_t size, right_size, found = 0;
  const struct broker_output *outputs = broker_outputs(broker, &size);
  const struct oracle_dead *right = oracle_dead(checker->oracle, &right_size);
  for (size_t i = 0; i < size; i++) {
    if (outputs[i].topic != TOPIC_DEAD_LETTERS || !broker_committed(broker, outputs[i].transaction)) continue;
    bool expected = false;
    for (size_t d = 0; d < right_size; d++)
      expected = expected || (right[d].partition == outputs[i].source.partition && right[d].offset == outputs[i].source.offset);
    if (!expected)
      check_fail(result, CHECK_DEAD_LETTERS, "settlements[%d]@%" PRId64 " is a dead letter and must not be", (int)outputs[i].source.partition,
                 outputs[i].source.offset);
    found++;
  }
  if (found != right_size) check_fail(result, CHECK_DEAD_LETTERS, "%zu dead letters; it must be %zu", found, right_size);
}

// --- The state topic -------------------------------------------------------------------------------------------------------------

static const struct broker_state *newest(const struct broker *broker, int32_t partition, struct slice key) {
  size_t size;
  const struct broker_state *rows = broker_states(broker, partition, &size);
  for (size_t i = size; i-- > 0;)
    if (!rows[i].marker && broker_committed(broker, rows[i].transaction) && slice_equal(rows[i].key, key)) return &rows[i];
  return NULL;
}

static void check_bills(const struct checker *checker, int32_t partition, const struct dossier *dossier, struct check_result *result) {
  size_t size;
  const struct oracle_bill *bills = oracle_bills(checker->oracle, &size);
  for (size_t i = 0; i < size; i++) {
    const struct oracle_bill *right = &bills[i];
    if (right->partition != partition || !slice_equal(right->psn_no, dossier->psn_no)) continue;
    const struct bill *bill = dossier_find(dossier, right->setl_id);
    if (bill == NULL || bill->setl.ver != right->ver || (bill->cancel.ver != 0) != right->cancelled || dossier_live(dossier, bill) != right->live)
      check_fail(result, CHECK_STATE, "patient-state[%d]: %.*s of %.*s is not in the state that its messages ask for", (int)partition,
                 SLICE_ARG(right->setl_id), SLICE_ARG(right->psn_no));
  }
}

static void check_dossier_findings(const struct checker *checker, int32_t partition, const struct dossier *dossier, struct check_result *result) {
  size_t size, right = 0, found = 0;
  const struct oracle_finding *findings = oracle_findings(checker->oracle, &size);
  for (uint32_t f = 0; f < dossier->findings_size; f++) found += dossier->findings[f].open;
  for (size_t i = 0; i < size; i++) {
    if (findings[i].partition != partition || !slice_equal(findings[i].psn_no, dossier->psn_no)) continue;
    right++;
    const struct finding *finding = dossier_find_finding(dossier, findings[i].id);
    if (finding == NULL || !finding->open || finding->vola_fen != findings[i].vola_fen || finding->fund_fen != findings[i].fund_fen)
      check_fail(result, CHECK_STATE, "patient-state[%d]: %.*s lacks a finding of %.*s", (int)partition, SLICE_ARG(dossier->psn_no),
                 SLICE_ARG(findings[i].rule->id));
  }
  if (found != right)
    check_fail(result, CHECK_STATE, "patient-state[%d]: %.*s has %zu open findings; it must have %zu", (int)partition, SLICE_ARG(dossier->psn_no),
               found, right);
}

static void check_state(struct checker *checker, const struct broker *broker, struct check_result *result) {
  size_t size;
  const struct oracle_bill *bills = oracle_bills(checker->oracle, &size);
  for (size_t i = 0; i < size; i++) {
    bool seen = false;    // one look at each person
    for (size_t j = 0; j < i && !seen; j++) seen = bills[j].partition == bills[i].partition && slice_equal(bills[j].psn_no, bills[i].psn_no);
    if (seen) continue;
    arena_reset(&checker->arena);
    const struct broker_state *row = newest(broker, bills[i].partition, bills[i].psn_no);
    struct dossier dossier;
    struct error error = {0};
    dossier_init(&dossier, &checker->arena, bills[i].psn_no);
    if (row == NULL || encode_read(&dossier, row->value, &error) != STATUS_OK) {
      check_fail(result, CHECK_STATE, "patient-state[%d]: no dossier of %.*s", (int)bills[i].partition, SLICE_ARG(bills[i].psn_no));
      continue;
    }
    check_bills(checker, bills[i].partition, &dossier, result);
    check_dossier_findings(checker, bills[i].partition, &dossier, result);
  }
  for (int32_t p = 0; p < broker_partitions(broker); p++) {
    const struct broker_state *rows = broker_states(broker, p, &size);
    for (size_t i = 0; i < size; i++) {
      if (rows[i].marker || !broker_committed(broker, rows[i].transaction) || slice_equal(rows[i].key, STATE_PARTITION_KEY)) continue;
      size_t people;
      bool known = false;
      bills = oracle_bills(checker->oracle, &people);
      for (size_t b = 0; b < people && !known; b++) known = bills[b].partition == p && slice_equal(bills[b].psn_no, rows[i].key);
      if (!known) check_fail(result, CHECK_STATE, "patient-state[%d]: a dossier of %.*s, of whom nothing was heard", (int)p, SLICE_ARG(rows[i].key));
    }
  }
}

// --- All of it -------------------------------------------------------------------------------------------------------------------

void checker_run(struct checker *checker, const struct broker *broker, struct check_result *result) {
  checker->told_size = checker->facts_size = checker->receipts_size = 0;
  size_t size;
  const struct broker_output *outputs = broker_outputs(broker, &size);
  for (size_t i = 0; i < size; i++) {
    if (!broker_committed(broker, outputs[i].transaction)) continue;
    switch (outputs[i].topic) {
      case TOPIC_CREDIT_DEDUCTIONS:
      case TOPIC_INSPECTOR_CASES:
      case TOPIC_SHADOW_FINDINGS: hear_finding(checker, &outputs[i], result); break;
      case TOPIC_INSTITUTION_FACTS: hear_fact(checker, &outputs[i], result); break;
      case TOPIC_SCREENING_RECEIPTS: hear_receipt(checker, &outputs[i], result); break;
      default: break;
    }
  }
  oracle_run(checker->oracle, broker, set_of, checker);
  check_findings(checker, result);
  check_receipts(checker, broker, result);
  check_facts(checker, result);
  check_dead_letters(checker, broker, result);
  check_state(checker, broker, result);
}

struct remembering {
  const struct broker *broker;
  bool (*owns)(void *context, int32_t partition);
  void *context;
  struct check_result *result;
};

static void check_remembered(void *context, int32_t partition, struct slice subject, struct slice body) {
  const struct remembering *remembering = context;
  if (!remembering->owns(remembering->context, partition)) {
    check_fail(remembering->result, CHECK_MEMORY, "partition %d is remembered by a worker that does not own it", (int)partition);
    return;
  }
  const struct broker_state *row = newest(remembering->broker, partition, subject);
  if (row == NULL ? body.size > 0 : !slice_equal(row->value, body))
    check_fail(remembering->result, CHECK_MEMORY, "%.*s of partition %d is remembered otherwise than it was committed", SLICE_ARG(subject),
               (int)partition);
}

void checker_memory(struct checker *checker, const struct broker *broker, const struct store *store,
                    bool (*owns)(void *context, int32_t partition), void *context, struct check_result *result) {
  (void)checker;
  struct remembering remembering = {broker, owns, context, result};
  store_each(store, check_remembered, &remembering);
}
