#include "tests/property/simulate/oracle.h"

#include <assert.h>

#include "core/memory.h"
#include "dossier/history.h"
#include "record/decode.h"
#include "rules/index.h"
#include "screen/finding.h"
#include "screen/ledger.h"

enum { PEOPLE_MAX = 64, KNOWN_MAX = 64, FEES_MAX = 64, FINDINGS_MAX = 256 };

struct message {
  struct event event;
  int person;
  bool accepted;    // became the latest of its kind
};

struct person {
  int32_t partition;
  struct slice psn_no;
};

// The latest of what was said about one settlement.
struct known {
  struct slice setl_id;
  const struct event *settlement, *cancel, *list;
  struct { const struct event *event; const struct line *line; } fees[FEES_MAX];
  uint32_t fees_size;
};

struct oracle {
  struct decoder *decoder;
  struct arena arena, call;
  struct index_scratch scratch;
  int64_t provisional_days;
  struct message *messages;
  size_t messages_size, messages_capacity;
  struct person people[PEOPLE_MAX];
  int people_size;
  struct oracle_finding findings[FINDINGS_MAX];
  size_t findings_size;
  struct oracle_bill *bills;
  size_t bills_size, bills_capacity;
  struct oracle_dead *dead;
  size_t dead_size, dead_capacity;
  uint64_t duplicate, superseded;
};

struct oracle *oracle_create(int64_t provisional_days) {
  struct oracle *oracle = memory_take(sizeof *oracle);
  oracle->decoder = decoder_create(&decode_limits_default);
  oracle->provisional_days = provisional_days;
  arena_init(&oracle->arena, 256 << 10);
  arena_init(&oracle->call, 256 << 10);
  return oracle;
}

void oracle_destroy(struct oracle *oracle) {
  decoder_destroy(oracle->decoder);
  index_scratch_fini(&oracle->scratch);
  arena_fini(&oracle->arena);
  arena_fini(&oracle->call);
  memory_free(oracle->messages);
  memory_free(oracle->bills);
  memory_free(oracle->dead);
  memory_free(oracle);
}

#define ADD(rows, size, capacity, ...)                                         \
  do {                                                                         \
    if ((size) == (capacity)) {                                                \
      (capacity) = (capacity) == 0 ? 64 : 2 * (capacity);                      \
      (rows) = memory_resize((rows), (capacity) * sizeof *(rows));             \
    }                                                                          \
    (rows)[(size)++] = __VA_ARGS__;                                            \
  } while (0)

// --- The latest of everything ----------------------------------------------------------------------------------------------------

enum said { NEWS, SAME, OLDER, CONTRADICTS };

static enum said compare(const struct event *held, uint64_t held_content, const struct event *event, uint64_t content) {
  if (held == NULL || event->ver > held->ver) return NEWS;
  if (event->ver < held->ver) return OLDER;
  return content == held_content ? SAME : CONTRADICTS;
}

static struct known *known_of(struct known *known, int *size, struct slice setl_id) {
  for (int i = 0; i < *size; i++)
    if (slice_equal(known[i].setl_id, setl_id)) return &known[i];
  assert(*size < KNOWN_MAX);
  known[*size] = (struct known){.setl_id = setl_id};
  return &known[(*size)++];
}

static enum said hear_fees(struct known *known, const struct event *event) {
  int places[FEES_MAX];
  bool news = false, older = false;
  for (uint32_t i = 0; i < event->lines_size; i++) {
    int place = -1;
    for (uint32_t f = 0; f < known->fees_size; f++)
      if (slice_equal(known->fees[f].line->feedetl_sn, event->lines[i].feedetl_sn)) place = (int)f;
    const enum said said = place < 0 ? NEWS : compare(known->fees[place].event, known->fees[place].line->content, event, event->lines[i].content);
    if (said == CONTRADICTS) return CONTRADICTS;
    places[i] = said == NEWS ? (place < 0 ? FEES_MAX : place) : -1;
    news = news || said == NEWS;
    older = older || said == OLDER;
  }
  if (!news) return older ? OLDER : SAME;
  for (uint32_t i = 0; i < event->lines_size; i++) {
    if (places[i] < 0) continue;
    const uint32_t at = places[i] == FEES_MAX ? known->fees_size++ : (uint32_t)places[i];
    assert(at < FEES_MAX);
    known->fees[at].event = event;
    known->fees[at].line = &event->lines[i];
  }
  return NEWS;
}

static enum said hear(struct known *known, const struct event *event) {
  if (event->type == EVENT_FEE) return hear_fees(known, event);
  const struct event **slot = event->type == EVENT_SETL ? &known->settlement : event->type == EVENT_LIST ? &known->list : &known->cancel;
  const enum said said = compare(*slot, *slot != NULL ? (*slot)->content : 0, event, event->content);
  if (said == NEWS) *slot = event;
  return said;
}

// --- What of it is alive ---------------------------------------------------------------------------------------------------------

static bool says(struct slice flag, const char *text) { return slice_equal(flag, slice_from(text)); }

static bool stands(const struct known *known) {    // here and valid, and not cancelled
  return known->settlement != NULL && known->cancel == NULL &&
         (!slice_present(known->settlement->vali_flag) || says(known->settlement->vali_flag, "1"));
}

static bool is_refund(const struct known *known) { return says(known->settlement->refd_setl_flag, "1"); }

static bool opposite(const struct event *refund, const struct event *original) {
  const uint32_t amounts = EVENT_HAS_MEDFEE | EVENT_HAS_INSCP | EVENT_HAS_FUND;
  if ((refund->has & amounts) != (original->has & amounts) || (refund->has & EVENT_HAS_MEDFEE) == 0) return false;
  return refund->medfee_fen == -original->medfee_fen && refund->inscp_fen == -original->inscp_fen && refund->fund_fen == -original->fund_fen;
}

static bool is_live(const struct known *all, int size, const struct known *known) {
  if (!stands(known) || is_refund(known)) return false;
  const struct event *settlement = known->settlement;
  if (settlement->has & EVENT_HAS_FEE_CNT && known->fees_size < (uint64_t)settlement->fee_cnt) return false;    // lines are missing
  for (int i = 0; i < size; i++)
    if (stands(&all[i]) && is_refund(&all[i]) && slice_equal(all[i].settlement->init_setl_id, known->setl_id) &&
        opposite(all[i].settlement, settlement))
      return false;
  return true;
}

static struct slice main_diagnosis(const struct event *event) {
  for (uint32_t i = 0; event != NULL && i < event->diagnoses_size; i++)
    if (says(event->diagnoses[i].maindiag_flag, "1") && says(event->diagnoses[i].diag_type, "1")) return event->diagnoses[i].diag_code;
  return SLICE_NONE;
}

// A live settlement as history_build wants it: all lines together, as if they had come at once.
static void fill(struct bill *bill, const struct known *known, struct arena *arena) {
  const struct event *e = known->settlement, *list = known->list;
  bill->setl = (struct slot){.ver = e->ver, .event_time_s = e->event_time_s, .recv_time_s = e->recv_time_s, .source = e->source};
  bill->mdtrt_id = e->mdtrt_id, bill->fixmedins_code = e->fixmedins_code, bill->init_setl_id = e->init_setl_id;
  bill->med_type = e->med_type, bill->insutype = e->insutype, bill->hosp_lv = e->hosp_lv, bill->gend = e->gend;
  bill->hi_paymtd = e->hi_paymtd, bill->insuplc_admdvs = e->insuplc_admdvs, bill->mdtrtarea_admvs = e->mdtrtarea_admvs;
  bill->adm_dept_codg = e->adm_dept_codg, bill->dscg_dept_codg = e->dscg_dept_codg, bill->wardarea_codg = e->wardarea_codg;
  bill->atddr_no = e->atddr_no, bill->adm_way = e->adm_way, bill->dscg_way = e->dscg_way, bill->planned = e->days_rinp_flag_31;
  bill->main_diagnosis = main_diagnosis(e);
  bill->setl_time_s = e->setl_time_s, bill->begntime_s = e->begntime_s, bill->endtime_s = e->endtime_s;
  bill->icu_in_first_s = e->icu_in_first_s, bill->icu_in_stay_s = e->icu_in_stay_s, bill->brdy_day = e->brdy_day;
  bill->begntime_day_only = e->begntime_day_only, bill->endtime_day_only = e->endtime_day_only;
  bill->medfee_fen = e->medfee_fen, bill->inscp_fen = e->inscp_fen, bill->fund_fen = e->fund_fen;
  bill->interim = says(e->mid_setl_flag, "1");
  bill->valid = true;
  bill->aid = says(e->setl_type, "3");
  bill->diagnoses = ARENA_ARRAY(arena, struct slice, e->diagnoses_size);
  for (uint32_t i = 0; i < e->diagnoses_size; i++) bill->diagnoses[bill->diagnoses_size++] = e->diagnoses[i].diag_code;
  if (list != NULL) {
    bill->list_adm_way = list->adm_way, bill->list_dscg_way = list->dscg_way, bill->list_planned = list->days_rinp_flag_31;
    bill->list_main_diagnosis = main_diagnosis(list);
    bill->list_hi_paymtd = list->hi_paymtd;
  }
  const uint32_t apart = e->has & EVENT_HAS_FEE_CNT ? known->fees_size : 0;    // lines that came apart belong to a split bill only
  struct line *lines = ARENA_ARRAY(arena, struct line, e->lines_size + apart);
  for (uint32_t i = 0; i < e->lines_size; i++) lines[bill->lines_size++] = e->lines[i];
  for (uint32_t i = 0; i < apart; i++) lines[bill->lines_size++] = *known->fees[i].line;
  bill->fresh = lines;
  bill->fresh_traces = e->traces;
}

// --- Every rule on every visit ---------------------------------------------------------------------------------------------------

static bool counts(const struct rule *rule) { return rule->status == RULE_ACTIVE || rule->status == RULE_SHADOW; }

static int by_text(const struct slice *a, const struct slice *b) { return slice_compare(*a, *b); }

static void identify(struct hit *hit, struct slice psn_no, struct arena *arena) {
  const struct visit *visits[] = {hit->verdict.visit, hit->verdict.related};
  struct slice ids[2 * KNOWN_MAX];
  uint32_t size = 0;
  for (int v = 0; v < 2; v++)
    for (uint32_t s = 0; visits[v] != NULL && s < visits[v]->settlements_size; s++) ids[size++] = visits[v]->settlements[s].setl_id;
  for (uint32_t i = 1; i < size; i++)
    for (uint32_t j = i; j > 0 && by_text(&ids[j - 1], &ids[j]) > 0; j--) {
      const struct slice other = ids[j];
      ids[j] = ids[j - 1];
      ids[j - 1] = other;
    }
  struct slice *kept = ARENA_ARRAY(arena, struct slice, size);
  memcpy(kept, ids, size * sizeof *ids);
  hit->setl_ids = kept;
  hit->setl_ids_size = size;
  finding_id(hit->verdict.rule, psn_no, kept, size, hit->id);
}

// Those of the hits that yield to no other.
static uint32_t standing(struct hit *hits, uint32_t from, uint32_t size) {
  bool stays[FINDINGS_MAX];
  for (uint32_t i = from; i < size; i++) stays[i] = ledger_stands(hits, size, i);
  uint32_t kept = from;
  for (uint32_t i = from; i < size; i++)
    if (stays[i]) hits[kept++] = hits[i];
  return kept;
}

static void judge_visit(struct oracle *oracle, const struct person *person, struct visit *visit, const struct judge_input *common) {
  struct judge_input input = *common;
  struct hit hits[FINDINGS_MAX];
  uint32_t size = 0;
  input.visit = visit;
  index_find_pair(input.ruleset->index, visit, &oracle->scratch);
  for (uint32_t r = 0; r < oracle->scratch.rules_size; r++) {
    const struct rule *rule = input.ruleset->rules[oracle->scratch.rules[r]];
    if (!counts(rule)) continue;
    hits[size] = (struct hit){.pair = true};
    judge(rule, &input, &hits[size].verdict);
    if (hits[size].verdict.outcome == OUTCOME_HIT) identify(&hits[size++], person->psn_no, &oracle->call);
  }
  size = standing(hits, 0, size);
  const uint32_t pairs = size;
  index_find_claim(input.ruleset->index, visit, &oracle->scratch);
  for (uint32_t r = 0, first = 0; r < oracle->scratch.rules_size; first = oracle->scratch.ends[r++]) {
    const struct rule *rule = input.ruleset->rules[oracle->scratch.rules[r]];
    if (!counts(rule)) continue;
    input.candidates = oracle->scratch.candidates + first;
    input.candidates_size = oracle->scratch.ends[r] - first;
    hits[size] = (struct hit){0};
    judge(rule, &input, &hits[size].verdict);
    if (hits[size].verdict.outcome == OUTCOME_HIT) identify(&hits[size++], person->psn_no, &oracle->call);
    assert(size < FINDINGS_MAX);
  }
  size = standing(hits, pairs, size);
  if (size == 0) return;
  history_split_fund(visit);
  ledger_resolve(hits, size, visit, &oracle->call);
  for (uint32_t i = 0; i < size; i++) {
    assert(oracle->findings_size < FINDINGS_MAX);
    struct oracle_finding *finding = &oracle->findings[oracle->findings_size++];
    *finding = (struct oracle_finding){.rule = hits[i].verdict.rule, .psn_no = person->psn_no, .band = hits[i].verdict.band->name,
                                       .partition = person->partition, .vola_fen = hits[i].vola_fen, .fund_fen = hits[i].fund_fen,
                                       .provisional = hits[i].verdict.provisional};
    memcpy(finding->id, hits[i].id, sizeof finding->id);
  }
}

static bool knows(const struct ruleset *ruleset, const struct rule *rule) {
  for (size_t i = 0; i < ruleset->size; i++)
    if (ruleset->rules[i]->version == rule->version && slice_equal(ruleset->rules[i]->id, rule->id)) return counts(ruleset->rules[i]);
  return false;
}

// A person's findings as the set sees them, in place of those that it can judge.
static void evaluate(struct oracle *oracle, const struct person *person, const struct known *known, int size, int64_t watermark_s,
                     const struct ruleset *ruleset) {
  size_t kept = 0;
  for (size_t i = 0; i < oracle->findings_size; i++) {
    const struct oracle_finding *finding = &oracle->findings[i];
    const bool ours = finding->partition == person->partition && slice_equal(finding->psn_no, person->psn_no);
    if (!ours || !knows(ruleset, finding->rule)) oracle->findings[kept++] = *finding;
  }
  oracle->findings_size = kept;
  arena_reset(&oracle->call);
  struct dossier dossier;
  dossier_init(&dossier, &oracle->call, person->psn_no);
  dossier.watermark_s = watermark_s;
  for (int i = 0; i < size; i++)
    if (is_live(known, size, &known[i])) fill(dossier_take(&dossier, known[i].setl_id), &known[i], &oracle->call);
  struct history history;
  history_build(&history, &dossier, &(struct history_options){ruleset, INT32_MIN});
  const struct judge_input input = {.ruleset = ruleset, .history = &history, .arena = &oracle->call,
                                    .provisional_days = oracle->provisional_days};
  for (uint32_t v = 0; v < history.size; v++) judge_visit(oracle, person, &history.visits[v], &input);
}

// --- All people ------------------------------------------------------------------------------------------------------------------

static void run_person(struct oracle *oracle, int number, const int64_t *tick_s,
                       const struct ruleset *(*set_of)(void *context, int32_t partition, int64_t offset), void *context) {
  const struct person *person = &oracle->people[number];
  struct known known[KNOWN_MAX];
  int size = 0;
  int64_t watermark_s = tick_s[person->partition];
  const struct ruleset *before = NULL;
  for (size_t i = 0; i < oracle->messages_size; i++) {
    struct message *message = &oracle->messages[i];
    if (message->person != number) continue;
    struct event *event = &message->event;
    const struct ruleset *ruleset = set_of(context, person->partition, event->source.offset);
    struct known *one = known_of(known, &size, event->setl_id);
    struct known was = *one;
    const enum said said = hear(one, event);
    if (said == SAME) oracle->duplicate++;
    if (said == OLDER) oracle->superseded++;
    if (said == CONTRADICTS)
      ADD(oracle->dead, oracle->dead_size, oracle->dead_capacity, (struct oracle_dead){person->partition, event->source.offset});
    if (said != NEWS) continue;
    if (before != NULL && before != ruleset) {    // the last thing that the set before saw was everything but this
      const struct known now = *one;
      *one = was;
      evaluate(oracle, person, known, size, watermark_s, before);
      *one = now;
    }
    if (event->event_time_s > watermark_s) watermark_s = event->event_time_s;
    before = ruleset;
  }
  if (before == NULL) return;
  evaluate(oracle, person, known, size, watermark_s, before);
  for (int i = 0; i < size; i++)
    ADD(oracle->bills, oracle->bills_size, oracle->bills_capacity,
        (struct oracle_bill){person->psn_no, known[i].setl_id, person->partition, known[i].settlement != NULL ? known[i].settlement->ver : 0,
                             known[i].cancel != NULL, is_live(known, size, &known[i])});
}

static int person_of(struct oracle *oracle, int32_t partition, struct slice psn_no) {
  for (int i = 0; i < oracle->people_size; i++)
    if (oracle->people[i].partition == partition && slice_equal(oracle->people[i].psn_no, psn_no)) return i;
  assert(oracle->people_size < PEOPLE_MAX);
  oracle->people[oracle->people_size] = (struct person){partition, psn_no};
  return oracle->people_size++;
}

void oracle_run(struct oracle *oracle, const struct broker *broker,
                const struct ruleset *(*set_of)(void *context, int32_t partition, int64_t offset), void *context) {
  arena_reset(&oracle->arena);
  oracle->messages_size = oracle->findings_size = oracle->bills_size = oracle->dead_size = 0;
  oracle->people_size = 0;
  oracle->duplicate = oracle->superseded = 0;
  int64_t tick_s[BROKER_PARTITIONS_MAX];
  for (int32_t p = 0; p < broker_partitions(broker); p++) {
    size_t size;
    const struct broker_record *rows = broker_input(broker, p, &size);
    tick_s[p] = DATE_ABSENT;
    for (size_t i = 0; i < size; i++) {
      if (rows[i].aborted) continue;
      struct message message = {.person = -1};
      struct decode_failure failure;
      if (decode(oracle->decoder, &oracle->arena, rows[i].value.data, rows[i].value.size, &message.event, &failure) != STATUS_OK) {
        ADD(oracle->dead, oracle->dead_size, oracle->dead_capacity, (struct oracle_dead){p, rows[i].offset});
        continue;
      }
      message.event.source = (struct source){0, p, rows[i].offset};
      if (message.event.type == EVENT_TICK && message.event.event_time_s > tick_s[p]) tick_s[p] = message.event.event_time_s;
      if (message.event.type == EVENT_TICK) continue;
      message.person = person_of(oracle, p, message.event.psn_no);
      ADD(oracle->messages, oracle->messages_size, oracle->messages_capacity, message);
    }
  }
  for (int i = 0; i < oracle->people_size; i++) run_person(oracle, i, tick_s, set_of, context);
}

const struct oracle_finding *oracle_findings(const struct oracle *oracle, size_t *size) {
  *size = oracle->findings_size;
  return oracle->findings;
}
const struct oracle_bill *oracle_bills(const struct oracle *oracle, size_t *size) {
  *size = oracle->bills_size;
  return oracle->bills;
}
const struct oracle_dead *oracle_dead(const struct oracle *oracle, size_t *size) {
  *size = oracle->dead_size;
  return oracle->dead;
}
void oracle_repeated(const struct oracle *oracle, uint64_t *duplicate, uint64_t *superseded) {
  *duplicate = oracle->duplicate;
  *superseded = oracle->superseded;
}
