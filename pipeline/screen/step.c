#include "screen/step.h"

#include <assert.h>

#include "core/memory.h"
#include "dossier/encode.h"
#include "dossier/history.h"
#include "dossier/merge.h"
#include "dossier/sealed.h"
#include "rules/index.h"
#include "rules/kinds/kind.h"
#include "rules/load.h"
#include "rules/trace.h"
#include "rules/reads.h"
#include "screen/affected.h"
#include "screen/apply.h"
#include "screen/finding.h"
#include "screen/known.h"
#include "screen/ledger.h"
#include "screen/rest.h"

struct screen {
  const struct ruleset *ruleset;
  struct screen_settings settings;
  const char *const *names;
  size_t names_size;
  uint64_t ruleset_mark;          // first 8 bytes of the rule set's digest, never 0
  int64_t retention_s;
  bool pairs;                     // some rule looks at earlier visits
  uint32_t claim_symbols;         // code tables, as bits, whose symbols some rule of one visit reads
  struct index_scratch scratch;
  struct text text, value, fingerprint;
  struct apply_scratch apply;
  struct screen_counts counts;
  struct rule_counts *rule_counts;
  struct known_reach *reaches;          // by rule->number
  uint64_t decisions;             // while they are timed
};

int32_t screen_retention_days(const struct screen *screen) { return (int32_t)(screen->retention_s / DATE_DAY_SECONDS); }
void screen_count_skew(struct screen *screen) { screen->counts.clock_skew++; }
const struct screen_counts *screen_counts(const struct screen *screen) { return &screen->counts; }
const struct rule_counts *screen_rule_counts(const struct screen *screen) { return screen->rule_counts; }

void screen_use(struct screen *screen, const struct ruleset *ruleset) {
  const struct screen_settings *settings = &screen->settings;
  memory_free(screen->rule_counts);
  memory_free(screen->reaches);
  screen->reaches = memory_take((ruleset->size + 1) * sizeof *screen->reaches);
  screen->ruleset = ruleset;
  memcpy(&screen->ruleset_mark, ruleset->digest, sizeof screen->ruleset_mark);
  screen->ruleset_mark |= 1;
  screen->pairs = false;
  screen->claim_symbols = 0;
  for (size_t i = 0; i < ruleset->size; i++) {
    const struct rule *rule = ruleset->rules[i];
    if (rule->kind->unit == KIND_PAIR) screen->pairs = true;
    else screen->claim_symbols |= reads_symbols(rule);
    screen->reaches[i] = known_reach_of(rule);
  }
  // A stay is judged when it is settled, and its predecessor ended before it began: the longest stay lies between.
  const int64_t lookback = settings->lookback_days > 0 ? settings->lookback_days
                           : ruleset->lookback_days > 0 ? ruleset->lookback_days + settings->longest_stay_days : settings->longest_stay_days;
  screen->retention_s = (lookback + settings->lateness_days) * DATE_DAY_SECONDS;
  screen->rule_counts = memory_take((ruleset->size + 1) * sizeof *screen->rule_counts);
}

struct screen *screen_create(const struct ruleset *ruleset, const struct screen_settings *settings, const char *const *names,
                             size_t names_size) {
  struct screen *screen = memory_take(sizeof *screen);
  screen->settings = *settings;
  screen->names = names;
  screen->names_size = names_size;
  screen_use(screen, ruleset);
  return screen;
}

void screen_destroy(struct screen *screen) {
  if (screen == NULL) return;
  index_scratch_fini(&screen->scratch);
  text_fini(&screen->text);
  text_fini(&screen->value);
  text_fini(&screen->fingerprint);
  text_fini(&screen->apply.text);
  memory_free(screen->rule_counts);
  memory_free(screen->reaches);
  memory_free(screen);
}

// ---- judging --------------------------------------------------------------------------------------------------------------------

struct judging {
  struct screen *screen;
  struct dossier *dossier;
  struct history history;
  struct arena *arena;
  int32_t horizon_day;      // what happened up to here may be forgotten
  bool rejudge;             // the dossier was last judged under another set
  struct hit *pair_hits;    // of all visits, in the order of the visits
  uint32_t pair_size, pair_capacity;
};

static struct judge_input input_of(const struct judging *judging, struct visit *visit) {
  return (struct judge_input){.ruleset = judging->screen->ruleset, .history = &judging->history, .visit = visit,
                              .arena = judging->arena, .provisional_days = judging->screen->settings.provisional_days};
}

static void count(struct screen *screen, const struct verdict *verdict) {
  screen->counts.outcomes[verdict->outcome]++;
  screen->rule_counts[verdict->rule->number].outcomes[verdict->outcome]++;
}

static void decide(struct screen *screen, const struct rule *rule, const struct judge_input *input, struct verdict *verdict) {
  const struct screen_settings *settings = &screen->settings;
  if (settings->now_ns == NULL || ++screen->decisions % settings->time_every != 0) {
    judge(rule, input, verdict);
    return;
  }
  const uint64_t begin_ns = settings->now_ns();
  judge(rule, input, verdict);
  screen->rule_counts[rule->number].timed++;
  screen->rule_counts[rule->number].timed_ns += settings->now_ns() - begin_ns;
}

static bool judged_status(const struct rule *rule) { return rule->status == RULE_ACTIVE || rule->status == RULE_SHADOW; }

// A verdict that hit becomes a hit with its identity.
static void make_hit(const struct judging *judging, struct hit *hit) {
  const struct verdict *verdict = &hit->verdict;
  struct slice *ids = history_setl_ids(verdict->visit, judging->arena);
  uint32_t size = verdict->visit->settlements_size;
  if (verdict->related != NULL) {
    // Both sorted: merged, they stay so.
    const struct slice *earlier = history_setl_ids(verdict->related, judging->arena);
    const uint32_t earlier_size = verdict->related->settlements_size;
    struct slice *both = ARENA_ARRAY(judging->arena, struct slice, size + earlier_size);
    uint32_t a = 0, b = 0, n = 0;
    while (a < size || b < earlier_size)
      both[n++] = b == earlier_size || (a < size && slice_compare(ids[a], earlier[b]) < 0) ? ids[a++] : earlier[b++];
    ids = both;
    size = n;
  }
  hit->setl_ids = ids;
  hit->setl_ids_size = size;
  finding_id(verdict->rule, judging->dossier->psn_no, ids, size, hit->id);
}

// A verdict as what is known of the person allows it; a hit gets its identity.
static void respect_history(const struct judging *judging, struct hit *hit) {
  const struct verdict *verdict = &hit->verdict;
  bool open = false;
  if (verdict->outcome == OUTCOME_HIT) {
    make_hit(judging, hit);
    const struct finding *finding = dossier_find_finding(judging->dossier, hit->id);
    open = finding != NULL && finding->open;
  }
  known_respect(&hit->verdict, &judging->screen->reaches[verdict->rule->number], judging->horizon_day, open);
}

// All pair rules over all visits: they read heads only, and lines where they hit.
static void judge_pairs(struct judging *judging) {
  struct screen *screen = judging->screen;
  for (uint32_t v = 0; v < judging->history.size; v++) {
    struct visit *visit = &judging->history.visits[v];
    if (visit->given) continue;
    index_find_pair(screen->ruleset->index, visit, &screen->scratch);
    for (uint32_t r = 0; r < screen->scratch.rules_size; r++) {
      const struct rule *rule = screen->ruleset->rules[screen->scratch.rules[r]];
      if (!judged_status(rule)) continue;
      struct judge_input input = input_of(judging, visit);
      input.scope_holds = index_scope_holds(screen->ruleset->index, rule->number, visit);
      struct hit hit = {.pair = true};
      decide(screen, rule, &input, &hit.verdict);
      respect_history(judging, &hit);
      if (visit->touched) count(screen, &hit.verdict);
      if (hit.verdict.outcome == OUTCOME_INSUFFICIENT_HISTORY) known_keep_frozen(judging->dossier, rule, visit);
      if (hit.verdict.outcome != OUTCOME_HIT) continue;
      if (judging->pair_size == judging->pair_capacity) {
        judging->pair_capacity = judging->pair_capacity ? judging->pair_capacity * 2 : 4;
        struct hit *hits = ARENA_ARRAY(judging->arena, struct hit, judging->pair_capacity);
        if (judging->pair_size > 0) memcpy(hits, judging->pair_hits, judging->pair_size * sizeof *hits);
        judging->pair_hits = hits;
      }
      judging->pair_hits[judging->pair_size++] = hit;
    }
  }
  // What yields does not open.
  uint32_t kept = 0;
  bool *stands = ARENA_ARRAY(judging->arena, bool, judging->pair_size);
  for (uint32_t i = 0; i < judging->pair_size; i++) {
    uint32_t first = i, end = i;
    while (first > 0 && judging->pair_hits[first - 1].verdict.visit == judging->pair_hits[i].verdict.visit) first--;
    while (end < judging->pair_size && judging->pair_hits[end].verdict.visit == judging->pair_hits[i].verdict.visit) end++;
    stands[i] = ledger_stands(judging->pair_hits + first, end - first, i - first);
  }
  for (uint32_t i = 0; i < judging->pair_size; i++)
    if (stands[i]) judging->pair_hits[kept++] = judging->pair_hits[i];
  judging->pair_size = kept;
}

// A visit whose pair findings are not the open ones is judged anew as a whole, because its money is to be shared out again.
static void touch_changed_pairs(struct judging *judging) {
  struct screen *screen = judging->screen;
  for (uint32_t i = 0; i < judging->pair_size; i++) {
    struct hit *hit = &judging->pair_hits[i];
    struct finding *finding = dossier_find_finding(judging->dossier, hit->id);
    const struct judge_input input = input_of(judging, hit->verdict.visit);
    const bool same = finding != NULL && finding->open && finding->shadow == (hit->verdict.rule->status == RULE_SHADOW) &&
                      finding->verdict == finding_fingerprint(hit, &input, &screen->fingerprint);
    if (same) finding->seen = true;
    else hit->verdict.visit->touched = true;
  }
  for (uint32_t i = 0; i < judging->dossier->findings_size; i++) {
    const struct finding *finding = &judging->dossier->findings[i];
    if (!finding->open || !finding->pair || finding->seen) continue;
    struct visit *visit = history_find(&judging->history, finding->unit);
    if (visit != NULL) visit->touched = true;
  }
}

static const struct rule *rule_of(const struct screen *screen, const struct finding *finding) {
  const struct rule *rule = ruleset_version(screen->ruleset, finding->rule_id, finding->rule_version);
  return rule != NULL && judged_status(rule) ? rule : NULL;
}

static int64_t due_of(const struct judging *judging, const struct hit *hit) {
  if (!hit->verdict.provisional) return INT64_MAX;
  return hit->verdict.visit->settled_s + judging->screen->settings.provisional_days * DATE_DAY_SECONDS;
}

static void withdraw(struct judging *judging, struct finding *finding, const struct finding_cause *cause, struct outbox *outbox) {
  finding->revision++;
  finding_withdraw(outbox, finding, cause);
  judging->screen->counts.findings_withdrawn++;
  const struct rule *rule = rule_of(judging->screen, finding);
  if (rule != NULL) judging->screen->rule_counts[rule->number].vola_fen -= finding->vola_fen;
  struct finding withdrawn = {.revision = finding->revision, .time_s = judging->dossier->watermark_s, .due_s = INT64_MAX};
  memcpy(withdrawn.id, finding->id, sizeof withdrawn.id);    // its revisions go on if the facts come back
  *finding = withdrawn;
}

static void open_or_change(struct judging *judging, const struct hit *hit, const struct finding_cause *cause, struct outbox *outbox) {
  struct screen *screen = judging->screen;
  struct dossier *dossier = judging->dossier;
  const struct rule *rule = hit->verdict.rule;
  const struct judge_input input = input_of(judging, hit->verdict.visit);
  const uint64_t fingerprint = finding_fingerprint(hit, &input, &screen->fingerprint);
  const struct visit *visit = hit->verdict.visit;
  struct finding *finding = dossier_find_finding(dossier, hit->id);
  const bool shadow = rule->status == RULE_SHADOW;
  // The rule became active, or shadow: who heard of the finding so far is told that it is gone, and the others hear of it.
  if (finding != NULL && finding->open && finding->shadow != shadow) withdraw(judging, finding, cause, outbox);
  // A correction may move the same settlements to another visit or institution.
  if (finding != NULL && finding->open && finding->verdict == fingerprint && finding->vola_fen == hit->vola_fen &&
      finding->fund_fen == hit->fund_fen && slice_equal(finding->unit, visit->unit) && slice_equal(finding->mdtrt_id, visit->mdtrt_id) &&
      slice_equal(finding->fixmedins_code, visit->fixmedins_code)) {
    finding->seen = true;
    return;
  }
  const bool was_open = finding != NULL && finding->open;
  if (finding == NULL) {
    finding = dossier_add_finding(dossier);
    memcpy(finding->id, hit->id, sizeof finding->id);
  }
  screen->rule_counts[rule->number].opened += !was_open;
  screen->rule_counts[rule->number].vola_fen += hit->vola_fen - (was_open ? finding->vola_fen : 0);
  *finding = (struct finding){.open = true, .seen = true, .revision = finding->revision + 1, .time_s = dossier->watermark_s,
                              .rule_id = rule->id, .rule_version = rule->version, .unit = visit->unit,
                              .mdtrt_id = visit->mdtrt_id, .fixmedins_code = visit->fixmedins_code, .pair = hit->pair,
                              .shadow = shadow, .provisional = hit->verdict.provisional,
                              .setl_ids = ARENA_ARRAY(judging->arena, struct slice, hit->setl_ids_size),
                              .setl_ids_size = hit->setl_ids_size, .verdict = fingerprint, .vola_fen = hit->vola_fen,
                              .fund_fen = hit->fund_fen, .due_s = due_of(judging, hit)};
  memcpy(finding->id, hit->id, sizeof finding->id);
  memcpy(finding->setl_ids, hit->setl_ids, hit->setl_ids_size * sizeof *hit->setl_ids);
  (*(was_open ? &screen->counts.findings_changed : &screen->counts.findings_opened))++;
  finding_propose(outbox, hit, finding, &input, cause);
}

// Whether a later message can make a rule look at the visit's lines again. Stays are judged anew with each of their settlements; what is
// no stay is one settlement, and the same lines give the same answer: where nothing was found, nothing will be.
static void keep_lines(const struct judging *judging, const struct visit *visit, bool found) {
  const struct bill *const *bills = history_bills(visit);
  for (uint32_t i = 0; i < visit->settlements_size; i++) {
    struct bill *bill = &judging->dossier->bills[bills[i] - judging->dossier->bills];
    if (bill->fresh != NULL) bill->lines_gone = !visit->stay && !found && !judging->screen->settings.keep_lines;
  }
}

enum { AHEAD = 2 };    // rules whose memory is fetched before they are judged

// Claim-local rules of a touched visit, and the money of all its findings.
static void judge_visit(struct judging *judging, struct visit *visit, const struct finding_cause *cause, struct outbox *outbox) {
  struct screen *screen = judging->screen;
  if (visit->lines_gone || visit->given) return;
  screen->counts.visits_judged++;
  index_find_claim(screen->ruleset->index, visit, &screen->scratch);
  const struct index_scratch *found = &screen->scratch;
  struct hit *hits = NULL;
  uint32_t size = 0;
  for (uint32_t r = 0; r < found->rules_size; r++) {
    const struct rule *rule = screen->ruleset->rules[found->rules[r]];
    if (!judged_status(rule)) continue;
    if (r + AHEAD < found->rules_size) __builtin_prefetch(screen->ruleset->rules[found->rules[r + AHEAD]]->params);
    struct judge_input input = input_of(judging, visit);
    input.scope_holds = index_scope_holds(screen->ruleset->index, rule->number, visit);
    const uint32_t first = r > 0 ? found->ends[r - 1] : 0;
    input.candidates = found->candidates + first;
    input.candidates_size = found->ends[r] - first;
    struct hit hit;
    hit.pair = false;
    decide(screen, rule, &input, &hit.verdict);
    if (hit.verdict.outcome == OUTCOME_HIT) respect_history(judging, &hit);
    count(screen, &hit.verdict);
    if (hit.verdict.outcome != OUTCOME_HIT) continue;
    if (hits == NULL) hits = ARENA_ARRAY(judging->arena, struct hit, found->rules_size + judging->pair_size);
    hits[size++] = hit;
  }
  if (visit->items_loaded) screen->counts.items_judged += visit->items_size;
  const uint32_t claim_hits = size;
  for (uint32_t i = 0; i < judging->pair_size; i++) {
    if (judging->pair_hits[i].verdict.visit != visit) continue;
    if (hits == NULL) hits = ARENA_ARRAY(judging->arena, struct hit, judging->pair_size);
    hits[size++] = judging->pair_hits[i];
  }
  keep_lines(judging, visit, size > 0);
  if (size == 0) return;
  uint32_t kept = 0;
  bool *stands = ARENA_ARRAY(judging->arena, bool, size);
  for (uint32_t i = 0; i < size; i++) stands[i] = i >= claim_hits || ledger_stands(hits, size, i);
  for (uint32_t i = 0; i < size; i++)
    if (stands[i]) hits[kept++] = hits[i];
  history_split_fund(visit);
  ledger_resolve(hits, kept, visit, judging->arena);
  for (uint32_t i = 0; i < kept; i++) open_or_change(judging, &hits[i], cause, outbox);
}

// Open findings of touched or vanished visits that nothing supports any more.
static void withdraw_unseen(struct judging *judging, const struct finding_cause *cause, struct outbox *outbox) {
  struct dossier *dossier = judging->dossier;
  for (uint32_t i = 0; i < dossier->findings_size; i++) {
    struct finding *finding = &dossier->findings[i];
    if (!finding->open || finding->seen) continue;
    const struct visit *visit = history_find(&judging->history, finding->unit);
    if ((visit != NULL && !visit->touched) || known_rests_on_missing_lines(&judging->history, finding)) continue;
    if (rule_of(judging->screen, finding) == NULL) continue;    // of a rule that does not judge
    withdraw(judging, finding, cause, outbox);
  }
}

// ---- the step -------------------------------------------------------------------------------------------------------------------

// Whether time alone has settled what was provisional.
static bool is_due(const struct dossier *dossier, const struct visit *visit) {
  for (uint32_t i = 0; i < dossier->findings_size; i++) {
    const struct finding *finding = &dossier->findings[i];
    if (finding->open && finding->due_s <= dossier->watermark_s && slice_equal(finding->unit, visit->unit)) return true;
  }
  return false;
}

// The dossier as rules see it. Its history begins where the site's does, where this set's horizon is, or behind what was forgotten under
// another set: whichever is the latest.
static void begin_judging(struct judging *judging, struct screen *screen, struct dossier *dossier) {
  *judging = (struct judging){.screen = screen, .dossier = dossier, .arena = dossier->arena,
                              .rejudge = dossier->ruleset != screen->ruleset_mark};
  int64_t limit_s = dossier->watermark_s - screen->retention_s;
  if (dossier->known_s > limit_s) limit_s = dossier->known_s;
  judging->horizon_day = date_day(limit_s) + 1;
  const int32_t from_day = screen->settings.history_from_day;
  const struct history_options options = {screen->ruleset, judging->horizon_day > from_day ? judging->horizon_day : from_day};
  history_build(&judging->history, dossier, &options);
}

// Everything after the bills are as they are: forget, judge, tell.
static void evaluate(struct screen *screen, struct dossier *dossier, const struct event *event, struct outbox *outbox) {
  struct judging judging;
  begin_judging(&judging, screen, dossier);
  bool any_stay = false;
  for (uint32_t i = 0; i < judging.history.size; i++) {
    struct visit *visit = &judging.history.visits[i];
    if (judging.rejudge) visit->touched = true;
    // An open stay grows with time: whatever moved time on has touched it.
    if (visit->stay && visit->endtime_s == DATE_ABSENT) visit->touched = true;
    if (visit->told & screen->claim_symbols || is_due(dossier, visit)) visit->touched = true;
    any_stay |= visit->stay || visit->symbol == VISIT_OTHER;    // what is not known may be one
  }
  const struct finding_cause cause = {screen->ruleset, event, dossier->psn_no, screen->names, screen->names_size,
                                      screen->settings.points, &screen->value, &screen->text};
  if (screen->pairs && any_stay) judge_pairs(&judging);
  touch_changed_pairs(&judging);
  if (judging.rejudge) known_count_missing(screen->ruleset, &judging.history, screen->rule_counts, &screen->counts);
  for (uint32_t i = 0; i < judging.history.size; i++)
    if (judging.history.visits[i].touched) judge_visit(&judging, &judging.history.visits[i], &cause, outbox);
  if (dossier->findings_size > 0) withdraw_unseen(&judging, &cause, outbox);
  dossier->ruleset = screen->ruleset_mark;
  dossier->projection = screen->ruleset->projection;
}

static enum status damaged(struct error *error) { return error_set(error, STATUS_FATAL, "a dossier holds a damaged settlement"); }

// Forgets what is out of time, and the oldest visits when the dossier is over a hard limit: an eighth of it at once, so that this is rare.
// STATUS_REJECT when the visit at hand alone is over it.
static enum status forget(struct screen *screen, struct dossier *dossier, struct slice keep_mdtrt_id, struct error *error) {
  const int64_t limit_s = dossier->watermark_s - screen->retention_s;
  if (dossier_forgets(dossier, limit_s) && !asleep_wake_all(dossier)) return damaged(error);
  dossier_forget(dossier, limit_s);
  const int64_t bills_max = screen->settings.dossier_events_max, bytes_max = screen->settings.dossier_bytes_max;
  const int64_t bills = (int64_t)dossier->bills_size + asleep_left(&dossier->asleep);
  if (bills <= bills_max && dossier_bytes(dossier) <= bytes_max) return STATUS_OK;
  screen->counts.dossier_limit++;
  if (!asleep_wake_all(dossier)) return damaged(error);
  return dossier_shrink(dossier, keep_mdtrt_id, bills_max - bills_max / 8, bytes_max - bytes_max / 8) ? STATUS_OK : STATUS_REJECT;
}

static void finish(struct screen *screen, struct dossier *dossier, struct step_result *result) {
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    struct bill *bill = &dossier->bills[i];
    if (bill->fresh != NULL && !bill->lines_gone) apply_keep_lines(dossier, bill, &screen->apply, &screen->counts.amounts_derived);
    // What is awake from before stays so: only what changes can come to rest.
    bill->rests = (bill->woken || !slice_present(bill->packed)) && rest_can(screen->ruleset, dossier, bill);
  }
  text_clear(result->body);
  encode(dossier, result->body);
  result->changed = true;
  result->due_s = dossier_due(dossier);
}

// Under the same rules bills at rest stay asleep.
static enum status open_dossier(const struct screen *screen, struct dossier *dossier, struct arena *arena, struct slice subject,
                                struct slice body, struct error *error) {
  dossier_init(dossier, arena, subject);
  if (body.size == 0) return STATUS_OK;
  if (encode_read_awake(dossier, body, error) != STATUS_OK) return STATUS_FATAL;
  known_settle(dossier, &screen->settings);
  return dossier->ruleset == screen->ruleset_mark || asleep_wake_all(dossier) ? STATUS_OK : damaged(error);
}

// A message from before the horizon is not kept: a set that looks further back must know that.
static void turn_away(const struct screen *screen, struct dossier *dossier, struct step_result *result) {
  const int64_t limit_s = dossier->watermark_s - screen->retention_s;
  if (limit_s <= dossier->known_s) return;
  dossier->known_s = limit_s;
  for (uint32_t i = 0; i < dossier->bills_size; i++) dossier->bills[i].rests = dossier->bills[i].woken;
  text_clear(result->body);
  encode(dossier, result->body);
  result->changed = true;
  result->due_s = dossier_due(dossier);
}

// A dossier that was made anew from all messages: what ours lacks comes from it, and is judged. Nothing is told of settlements that were told before.
static enum status take_back(struct screen *screen, struct dossier *dossier, const struct event *event, struct outbox *outbox,
                             struct step_result *result, struct error *error) {
  struct text *to = result->body;
  struct dossier fuller;
  struct slice body;
  struct error why = {0};
  if (screen->settings.seal_key == NULL) return STATUS_OK;
  dossier_init(&fuller, dossier->arena, dossier->psn_no);
  if (!sealed_read(screen->settings.seal_key, dossier->psn_no, event->dossier, dossier->arena, &body) ||
      encode_read(&fuller, body, &why) != STATUS_OK) {
    *result = (struct step_result){.disposition = DISPOSITION_DEAD, .reject = REJECT_BAD_SEAL, .body = to, .due_s = INT64_MAX};
    return STATUS_OK;
  }
  if (!asleep_wake_all(dossier)) return damaged(error);
  if (fuller.watermark_s > dossier->watermark_s) dossier->watermark_s = fuller.watermark_s;
  dossier_forget(&fuller, dossier->watermark_s - screen->retention_s);    // what would be forgotten at once is no gain
  result->disposition = DISPOSITION_DUPLICATE;
  if (!merge(dossier, &fuller) && dossier->ruleset == screen->ruleset_mark) return STATUS_OK;
  result->disposition = DISPOSITION_SCREENED;
  const enum status status = forget(screen, dossier, SLICE_NONE, error);
  if (status != STATUS_OK) return status;
  evaluate(screen, dossier, event, outbox);
  finish(screen, dossier, result);
  return STATUS_OK;
}

enum status screen_step(struct screen *screen, struct slice body, const struct event *event, int64_t tick_s, struct arena *arena,
                        struct outbox *outbox, struct step_result *result, struct error *error) {
  struct text *to = result->body;
  *result = (struct step_result){.disposition = DISPOSITION_UNUSED, .body = to, .due_s = INT64_MAX};
  if (!apply_uses(event)) return STATUS_OK;
  struct dossier dossier;
  enum status status = open_dossier(screen, &dossier, arena, event->psn_no, body, error);
  if (status != STATUS_OK) return status;
  if (!asleep_wake(&dossier, event->setl_id) || !asleep_wake(&dossier, event->init_setl_id)) return damaged(error);
  if (tick_s > dossier.watermark_s) dossier.watermark_s = tick_s;
  if (event->type == EVENT_DOSSIER) return take_back(screen, &dossier, event, outbox, result, error);
  const int64_t time_s = event_clock_s(event);
  screen->counts.clock_skew += event_runs_ahead(event);
  if (dossier.watermark_s != DATE_ABSENT && time_s < dossier.watermark_s - screen->retention_s) {
    screen->counts.beyond_horizon++;
    if (event->type == EVENT_SETL_CANCEL) screen->counts.cancel_beyond_horizon++;
    turn_away(screen, &dossier, result);
    return STATUS_OK;
  }
  struct affected affected = {.ruleset = screen->ruleset, .dossier = &dossier};
  affected_remember(&affected, event->setl_id);
  affected_remember(&affected, event->init_setl_id);
  const struct bill *held = dossier_find(&dossier, event->setl_id);
  if (held != NULL) affected_remember(&affected, held->init_setl_id);
  struct applied applied;
  apply(&dossier, event, &screen->apply, &screen->counts.amounts_derived, &applied);
  result->disposition = applied.disposition;
  result->reject = applied.reject;
  if (!applied.changed) return STATUS_OK;
  // Its settlement may be among what was forgotten, and what was told of it stands.
  if (event->type == EVENT_SETL_CANCEL && applied.disposition == DISPOSITION_WAITING && dossier.known_s != DATE_ABSENT)
    screen->counts.cancel_beyond_horizon++;
  if (time_s > dossier.watermark_s) dossier.watermark_s = time_s;
  const struct bill *now = dossier_find(&dossier, event->setl_id);
  status = forget(screen, &dossier, now != NULL ? now->mdtrt_id : SLICE_NONE, error);
  if (status == STATUS_REJECT) {
    *result = (struct step_result){.disposition = DISPOSITION_DEAD, .reject = REJECT_DOSSIER_LIMIT, .body = to, .due_s = INT64_MAX};
    return STATUS_OK;
  }
  if (status != STATUS_OK) return status;
  evaluate(screen, &dossier, event, outbox);
  result->facts_size = affected_tell(&affected, event, &result->facts);
  finish(screen, &dossier, result);
  return STATUS_OK;
}

enum status screen_tick(struct screen *screen, struct slice subject, struct slice body, const struct event *tick, struct arena *arena,
                        struct outbox *outbox, struct step_result *result, struct error *error) {
  struct text *to = result->body;
  *result = (struct step_result){.disposition = DISPOSITION_SCREENED, .body = to, .due_s = INT64_MAX};
  struct dossier dossier;
  enum status status = open_dossier(screen, &dossier, arena, subject, body, error);
  if (status != STATUS_OK || body.size == 0) return status;
  if (event_clock_s(tick) > dossier.watermark_s) dossier.watermark_s = event_clock_s(tick);
  const int64_t limit_s = dossier.watermark_s - screen->retention_s;
  if (dossier_forgets(&dossier, limit_s) && !asleep_wake_all(&dossier)) return damaged(error);
  dossier_forget(&dossier, limit_s);
  evaluate(screen, &dossier, tick, outbox);
  finish(screen, &dossier, result);
  return STATUS_OK;
}

enum status screen_explain(struct screen *screen, struct slice subject, struct slice body, int64_t tick_s, const struct rule *rule, struct arena *arena,
                           void (*tell)(void *context, const struct verdict *verdict, const struct judge_input *input), void *context,
                           struct trace *trace, struct error *error) {
  struct dossier dossier;
  dossier_init(&dossier, arena, subject);
  if (body.size > 0 && encode_read(&dossier, body, error) != STATUS_OK) return STATUS_FATAL;
  if (tick_s > dossier.watermark_s) dossier.watermark_s = tick_s;
  known_settle(&dossier, &screen->settings);
  struct judging judging;
  begin_judging(&judging, screen, &dossier);
  for (uint32_t i = 0; i < judging.history.size; i++) {
    struct visit *visit = &judging.history.visits[i];
    if (visit->given) continue;
    struct judge_input input = input_of(&judging, visit);
    index_find_claim(screen->ruleset->index, visit, &screen->scratch);
    const struct index_scratch *found = &screen->scratch;
    for (uint32_t c = 0; c < found->candidates_size; c++) {
      if (found->candidates[c].rule != rule->number) continue;
      if (input.candidates == NULL) input.candidates = &found->candidates[c];
      input.candidates_size++;
    }
    input.trace = trace;
    struct hit hit = {.pair = rule->kind->unit == KIND_PAIR};
    judge(rule, &input, &hit.verdict);
    const enum outcome judged = hit.verdict.outcome;
    respect_history(&judging, &hit);
    if (trace != NULL && hit.verdict.outcome != judged)
      trace_amend(trace, &hit.verdict, known_lines_missing(&hit.verdict) ? SLICE("lines were not kept") : SLICE("evidence may be forgotten"));
    tell(context, &hit.verdict, &input);
  }
  return STATUS_OK;
}
