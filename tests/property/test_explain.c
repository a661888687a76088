// What `rules explain` says is what the engine did: for drawn records, some of them odd, and every rule, the outcome that screen_step
// counted, the verdict of screen_explain with its full trace, the last row of that trace, and the verdict without a trace are one and
// the same; so are reason, band, claims. All seven outcomes occur; `error` by a rule whose bands are taken away after loading.
//
// usage: property_explain [PAIRS [SEED]]. Prints the seed and how often each outcome came.
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "producers/generate/generate.h"
#include "record/decode.h"
#include "rules/kinds/kind.h"
#include "rules/load.h"
#include "rules/trace.h"
#include "screen/step.h"

enum { SETTLEMENTS = 1500, PERSONS = 1 << 14, ODD_ONE_IN = 12, RULES_MAX = 64 };

struct person {
  struct text psn_no, body;
};

struct test {
  const struct ruleset *ruleset;
  struct screen *screen;
  struct decoder *decoder;
  struct outbox outbox;
  struct arena batch, arena;
  struct person *persons;    // hash table
  struct trace trace;
  struct text message;
  struct slice setl_id;
  uint64_t random, pairs, skipped, wanted, outcomes[OUTCOME_COUNT];
  int64_t tick_s;
  // Of the pair at hand.
  const struct rule *rule;
  struct verdict told, plain;
  bool traced, found;
  unsigned failures;
};

static uint64_t draw(struct test *test, uint64_t below) {
  test->random ^= test->random << 13;
  test->random ^= test->random >> 7;
  test->random ^= test->random << 17;
  return test->random % below;
}

static struct person *person_of(struct test *test, struct slice psn_no) {
  for (uint64_t at = digest_hash64(psn_no.data, psn_no.size, 1) % PERSONS;; at = (at + 1) % PERSONS) {
    struct person *person = &test->persons[at];
    if (person->psn_no.size == 0) text_append(&person->psn_no, psn_no);
    if (slice_equal(text_slice(&person->psn_no), psn_no)) return person;
  }
}

// Takes a field out of the message, as badly kept systems do: its name is no longer what it was.
static void make_odd(struct test *test) {
  static const char *const fields[] = {"\"endtime\":", "\"begntime\":", "\"med_type\":", "\"adm_dept_codg\":", "\"dscg_dept_codg\":",
                                       "\"fee_ocur_time\":", "\"cnt\":", "\"pric\":", "\"diag_code\":", "\"adm_way\":", "\"med_list_codg\":"};
  const char *field = fields[draw(test, sizeof fields / sizeof fields[0])];
  const size_t size = strlen(field);
  for (size_t at = 0; at + size < test->message.size; at++)
    if (memcmp(test->message.data + at, field, size) == 0) test->message.data[at + 1] = 'X';
}

static void keep_verdict(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct test *test = context;
  bool mine = false;
  for (uint32_t i = 0; i < input->visit->settlements_size; i++) mine |= slice_equal(input->visit->settlements[i].setl_id, test->setl_id);
  if (mine) {
    test->found = true;
    *(test->traced ? &test->told : &test->plain) = *verdict;
    if (test->traced) {
      const struct trace_row *last = &test->trace.rows[test->trace.size - 1];
      if (last->step != TRACE_OUTCOME || !slice_equal(last->operand, slice_from(outcome_name(verdict->outcome)))) test->failures++;
    }
  }
  if (test->traced) test->trace.size = 0;
}

static void fail(struct test *test, const char *what, unsigned engine) {
  fprintf(stderr, "%.*s on settlement %.*s: %s: engine %s, explain %s, without a trace %s\n", SLICE_ARG(test->rule->id),
          SLICE_ARG(test->setl_id), what, engine < OUTCOME_COUNT ? outcome_name((enum outcome)engine) : "nothing",
          outcome_name(test->told.outcome), outcome_name(test->plain.outcome));
  test->failures++;
}

static void compare(struct test *test, const struct person *person, const struct rule_counts *before) {
  const struct rule_counts *after = screen_rule_counts(test->screen);
  for (size_t r = 0; r < test->ruleset->size && test->failures < 10; r++) {
    unsigned engine = OUTCOME_COUNT, judged = 0;
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) {
      judged += (unsigned)(after[r].outcomes[o] - before[r].outcomes[o]);
      if (after[r].outcomes[o] != before[r].outcomes[o]) engine = o;
    }
    struct error error = {0};
    test->rule = test->ruleset->rules[r];
    test->found = false;
    arena_reset(&test->arena);
    trace_init(&test->trace, &test->arena, NULL, 0);
    for (unsigned traced = 0; traced <= 1; traced++) {
      test->traced = traced != 0;
      if (screen_explain(test->screen, text_slice(&person->psn_no), text_slice(&person->body), test->tick_s, test->rule, &test->arena,
                         keep_verdict, test, traced ? &test->trace : NULL, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        test->failures++;
      }
    }
    if (!test->found) {
      test->skipped++;
      continue;
    }
    const struct verdict *told = &test->told, *plain = &test->plain;
    // What the index does not find is out of scope, and is not even counted.
    if (judged > 1 || told->outcome != (judged == 1 ? (enum outcome)engine : OUTCOME_OUT_OF_SCOPE)) fail(test, "outcome", engine);
    if (told->outcome != plain->outcome || told->provisional != plain->provisional || !slice_equal(told->reason, plain->reason) ||
        told->claims_size != plain->claims_size || (told->band == NULL) != (plain->band == NULL) ||
        (told->band != NULL && !slice_equal(told->band->name, plain->band->name)))
      fail(test, "the trace changes the answer", engine);
    for (uint32_t c = 0; c < told->claims_size && c < plain->claims_size; c++)
      if (told->claims[c].item != plain->claims[c].item || told->claims[c].claimed_fen != plain->claims[c].claimed_fen)
        fail(test, "claims", engine);
    test->outcomes[told->outcome]++;
    test->pairs++;
  }
}

static bool take(void *context, const struct generate_message *message, struct error *error) {
  struct test *test = context;
  struct event event = {0};
  struct decode_failure failure;
  struct text body = {0};
  struct step_result result = {.body = &body};
  struct rule_counts before[RULES_MAX];
  text_clear(&test->message);
  text_append(&test->message, message->bytes);
  if (draw(test, ODD_ONE_IN) == 0) make_odd(test);
  memset(text_reserve(&test->message, DECODE_PADDING), 0, DECODE_PADDING);
  arena_reset(&test->batch);
  outbox_clear(&test->outbox);
  if (decode(test->decoder, &test->batch, test->message.data, test->message.size, &event, &failure) != STATUS_OK) return true;
  event.raw = text_slice(&test->message);
  if (event.type == EVENT_TICK && event.event_time_s > test->tick_s) test->tick_s = event.event_time_s;
  if (event.type == EVENT_TICK) return true;
  struct person *person = person_of(test, event.psn_no);
  memcpy(before, screen_rule_counts(test->screen), test->ruleset->size * sizeof *before);
  const uint64_t visits = screen_counts(test->screen)->visits_judged;
  if (screen_step(test->screen, text_slice(&person->body), &event, test->tick_s, &test->batch, &test->outbox, &result, error) != STATUS_OK)
    return false;
  if (result.changed) {
    text_clear(&person->body);
    text_append(&person->body, text_slice(&body));
  }
  text_fini(&body);
  // Where one message had several visits judged, the counters do not tell which outcome is whose.
  test->setl_id = event.setl_id;
  if (event.type == EVENT_SETL && result.disposition == DISPOSITION_SCREENED && screen_counts(test->screen)->visits_judged == visits + 1)
    compare(test, person, before);
  return test->failures == 0;
}

// Two bands fewer: what they held is an error now.
static void inject(struct ruleset *ruleset) {
  struct rule *rule = (struct rule *)(uintptr_t)ruleset_find(ruleset, SLICE("ADM-001"));
  assert(rule != NULL && rule->bands_size > 2);
  rule->bands_size = 2;
}

// variant 1: the site's data begin inside the days. 2: what is ten days old may have lost its evidence.
static void run(struct test *test, struct ruleset *ruleset, uint64_t seed, unsigned variant) {
  struct generate_options options = generate_options_default;
  struct screen_settings settings = screen_settings_default;
  struct error error = {0};
  options.seed = seed;
  options.settlements = SETTLEMENTS;
  options.violations_e4 = 2000;
  settings.keep_lines = true;    // what explain is asked again must still be there
  if (variant == 1) settings.history_from_day = options.start_day + 6;
  if (variant == 2) {
    settings.longest_stay_days = 3;
    settings.lateness_days = 8;
  }
  test->ruleset = ruleset;
  test->screen = screen_create(ruleset, &settings, NULL, 0);
  test->decoder = decoder_create(&decode_limits_default);
  test->persons = memory_take(PERSONS * sizeof *test->persons);
  test->tick_s = DATE_ABSENT;
  if (generate(&options, &(struct generate_sink){test, take, NULL}, NULL, NULL, &error) != STATUS_OK && test->failures == 0) {
    fprintf(stderr, "generate: %s\n", error.text);
    exit(2);
  }
  for (size_t p = 0; p < PERSONS; p++) {
    text_fini(&test->persons[p].psn_no);
    text_fini(&test->persons[p].body);
  }
  memory_free(test->persons);
  decoder_destroy(test->decoder);
  screen_destroy(test->screen);
}

int main(int argc, char **argv) {
  struct test test = {.wanted = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000};
  const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 20260301;
  const char *const paths[] = {"rules.d"};
  struct diagnostics diagnostics = {0};
  digest_start();
  struct ruleset *ruleset = ruleset_load(paths, 1, &diagnostics);
  assert(ruleset != NULL && ruleset->size <= RULES_MAX);
  arena_init(&test.batch, 1 << 16);
  arena_init(&test.arena, 1 << 16);
  test.random = seed * 2 + 1;
  inject(ruleset);
  for (uint64_t n = 0; test.pairs < test.wanted && test.failures == 0; n++) run(&test, ruleset, seed + n, (unsigned)(n % 3));
  printf("seed %" PRIu64 ", %" PRIu64 " pairs of a record and a rule, %" PRIu64 " without a visit", seed, test.pairs, test.skipped);
  bool all = true;
  for (unsigned o = 0; o < OUTCOME_COUNT; o++) {
    printf(", %s %" PRIu64, outcome_name((enum outcome)o), test.outcomes[o]);
    all &= test.outcomes[o] > 0;
  }
  printf("\n");
  if (!all) fprintf(stderr, "an outcome never came\n");
  text_fini(&test.message);
  outbox_fini(&test.outbox);
  arena_fini(&test.batch);
  arena_fini(&test.arena);
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return test.failures > 0 || !all;
}
