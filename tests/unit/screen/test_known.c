// What a rule that comes later may say of people whose dossiers were kept without it: what it would have said had it always been there, or
// that it cannot know; never anything else.
//
// Made-up people of four years of stays, outpatient and rescue visits, cancellations and corrections go through lives: `always` has the wide
// rules from the beginning and keeps every line, `later` gets them in the middle, `old` gets them in the middle with dossiers of version 2, which did
// not say what they forgot; `given` gets them in the middle and some time later what it forgot, from `maker`, which is asked to make it anew.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/digest.h"
#include "dossier/encode.h"
#include "dossier/sealed.h"
#include "record/decode.h"
#include "rules/kinds/kind.h"
#include "rules/load.h"
#include "screen/step.h"

enum { PEOPLE = 60, DAYS = 1461, CHANGE_DAY = 700, LOOKBACK_DAYS = 301, FIRST_DAY = 19358 /* 2023-01-01 */, VERDICTS_MAX = 8192 };

static const char *const narrow_paths[] = {"rules.d/bed"};
static const char *const wide_paths[] = {"rules.d/bed", "rules.d/substitution", "tests/unit/screen/wide"};
static const char *const names[] = {"settlements"};
static const unsigned char key[DIGEST_KEY_BYTES] = "the site's";

struct life {
  struct screen *screen;
  struct text body, next;
  struct text told;      // ids of the findings' changes
  enum disposition disposition;
};

struct said {
  const struct rule *rule;
  char unit[24];
  int32_t begin_day;     // of a stay, else of its settlement
  enum outcome outcome;
};

struct session {
  struct ruleset *narrow, *wide;
  struct decoder *decoder;
  struct arena arena;
  struct screen_settings settings;
  uint64_t random;
  int64_t offset;
  struct said said[2][VERDICTS_MAX];
  size_t said_size;
  size_t same, unknown, hits, withheld, let_go, gifts;
};

static uint64_t draw(struct session *session, uint64_t below) {
  session->random ^= session->random << 13;
  session->random ^= session->random >> 7;
  session->random ^= session->random << 17;
  return session->random % below;
}

static void life_begin(struct session *session, struct life *life, const struct ruleset *ruleset) {
  *life = (struct life){.screen = screen_create(ruleset, &session->settings, names, 1)};
}

static void life_end(struct life *life) {
  screen_destroy(life->screen);
  text_fini(&life->body);
  text_fini(&life->next);
  text_fini(&life->told);
}

// Each change of a finding is told once.
static void note_told(struct life *life, const struct outbox *outbox) {
  for (size_t i = 0; i < outbox->size; i++) {
    const struct outbox_entry *entry = &outbox->entries[i];
    if (entry->topic != TOPIC_SHADOW_FINDINGS && entry->topic != TOPIC_INSPECTOR_CASES) continue;
    const size_t from = life->told.size;
    text_format(&life->told, "\n%.*s %d\n", SLICE_ARG(outbox_bytes(outbox, entry->id, entry->id_size)), (int)entry->topic);
    assert_null(memmem(life->told.data, from, life->told.data + from, life->told.size - from));
  }
}

static void live(struct session *session, struct life *life, const struct event *event) {
  struct outbox outbox = {0};
  struct step_result result = {.body = &life->next};
  struct error error = {0};
  assert_int_equal(screen_step(life->screen, text_slice(&life->body), event, DATE_ABSENT, &session->arena, &outbox, &result, &error), STATUS_OK);
  if (result.changed) {
    text_clear(&life->body);
    text_append(&life->body, text_slice(&life->next));
  }
  life->disposition = result.disposition;
  note_told(life, &outbox);
  outbox_fini(&outbox);
}

static void live_text(struct session *session, struct text *text, struct life *const *lives, size_t size) {
  arena_reset(&session->arena);
  const size_t bytes = text->size;
  memset(text_reserve(text, DECODE_PADDING), 0, DECODE_PADDING);
  struct event event;
  struct decode_failure failure;
  assert_int_equal(decode(session->decoder, &session->arena, text->data, bytes, &event, &failure), STATUS_OK);
  event.source = (struct source){0, 0, session->offset++};
  for (size_t i = 0; i < size; i++) live(session, lives[i], &event);
}

static void write_clock(struct text *out, const char *name, int64_t time_s) {
  text_format(out, ",\"%s\":\"", name);
  date_write_time(out, time_s);
  text_byte(out, '"');
}

// One message of person P: a settlement, a correction of it (ver 2), or its cancellation.
static void message(struct text *out, unsigned visit, int ver, int64_t begin_s, int64_t end_s, int64_t told_s) {
  const uint64_t kind = visit % 4;    // two of four are stays
  const bool cancels = ver == 3;
  text_clear(out);
  text_format(out, "{\"msg_id\":\"m\",\"msg_type\":\"%s\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":\"H%u\",\"psn_no\":\"P\",\"ver\":%d",
              cancels ? "SETL_CANCEL" : "SETL", visit % 2, cancels ? 1 : ver);
  write_clock(out, "event_time", told_s);
  write_clock(out, "recv_time", told_s + 1);
  text_format(out, ",\"body\":{\"setlinfo\":{\"setl_id\":\"S%u\",\"mdtrt_id\":\"M%u\"", visit, visit);
  if (!cancels) {
    text_format(out, ",\"med_type\":\"%s\",\"medfee_sumamt\":200.00,\"inscp_scp_amt\":200.00,\"fund_pay_sumamt\":100.00", kind < 2 ? "21" : kind == 2 ? "11" : "1301");
    write_clock(out, "setl_time", end_s);
    text_format(out, "},\"mdtrtinfo\":{\"x\":\"\"");
    write_clock(out, "begntime", begin_s);
    write_clock(out, "endtime", end_s);
    const int64_t days = (end_s - begin_s) / DATE_DAY_SECONDS + (ver == 1 && visit % 3 == 0);
    text_format(out, "},\"feedetail\":[{\"feedetl_sn\":\"1\",\"med_chrgitm_type\":\"01\",\"cnt\":%lld,\"pric\":20.00,\"inscp_scp_amt\":%lld.00", (long long)days, (long long)days * 20);
    write_clock(out, "fee_ocur_time", begin_s);
    text_format(out, "},{\"feedetl_sn\":\"2\",\"med_list_codg\":\"C0201010020000100001\",\"med_chrgitm_type\":\"09\",\"cnt\":1,\"pric\":%u.00,\"inscp_scp_amt\":3.00",
                visit % 5 == 0 ? 9 : 3);
    write_clock(out, "fee_ocur_time", begin_s);
    text_format(out, "}]");
  } else {
    text_format(out, "}");
  }
  text_format(out, "}}");
}

static void note(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct session *session = ((void **)context)[0];
  struct said *said = ((void **)context)[1];
  (void)input;
  assert_true(session->said_size < VERDICTS_MAX);
  struct said *row = &said[session->said_size++];
  *row = (struct said){.rule = verdict->rule, .outcome = verdict->outcome};
  const struct visit *visit = verdict->visit;
  row->begin_day = date_day(visit->begntime_s != DATE_ABSENT ? visit->begntime_s : visit->settled_s);
  snprintf(row->unit, sizeof row->unit, "%.*s", SLICE_ARG(visit->unit));
}

// What every rule of the wide set says of every visit that the dossier holds.
static size_t ask(struct session *session, struct life *life, struct said *said) {
  session->said_size = 0;
  void *context[] = {session, said};
  struct error error = {0};
  for (size_t r = 0; r < session->wide->size; r++)
    assert_int_equal(screen_explain(life->screen, SLICE("P"), text_slice(&life->body), DATE_ABSENT, session->wide->rules[r], &session->arena, note, context,
                                    NULL, &error), STATUS_OK);
  return session->said_size;
}

static const struct said *find(const struct said *rows, size_t size, const struct said *like) {
  for (size_t i = 0; i < size; i++)
    if (rows[i].rule == like->rule && strcmp(rows[i].unit, like->unit) == 0) return &rows[i];
  return NULL;
}

// Whoever came later says the same, or that it cannot know; and the same where all that the rule rests on happened after the change.
static void compare(struct session *session, struct life *always, struct life *later, int32_t change_day) {
  const size_t full = ask(session, always, session->said[0]), part = ask(session, later, session->said[1]);
  for (size_t i = 0; i < part; i++) {
    const struct said *now = &session->said[1][i], *was = find(session->said[0], full, now);
    assert_non_null(was);
    const bool pair = now->rule->kind->unit == KIND_PAIR;
    const int32_t lookback = pair ? LOOKBACK_DAYS : 0;
    // Lines in which nothing was found are let go: nobody can ask about them again.
    const bool let_go = !pair && now->outcome == OUTCOME_INSUFFICIENT_HISTORY && was->outcome != OUTCOME_HIT;
    if (let_go) {
      session->let_go++;
    } else if (now->begin_day - lookback > change_day || now->outcome != OUTCOME_INSUFFICIENT_HISTORY) {
      if (now->outcome != was->outcome)
        print_error("%.*s of %s, %d days after the change: %s, and %s had it always been there\n", SLICE_ARG(now->rule->id), now->unit,
                    now->begin_day - change_day, outcome_name(now->outcome), outcome_name(was->outcome));
      assert_int_equal(now->outcome, was->outcome);
      session->same++;
      session->hits += now->outcome == OUTCOME_HIT && pair;
    } else {
      session->unknown++;
      session->withheld += was->outcome == OUTCOME_HIT;
    }
  }
}

// Nothing is open that would not be open otherwise.
static void no_false_finding(struct session *session, const struct life *always, const struct life *later) {
  struct dossier full, part;
  struct error error = {0};
  dossier_init(&full, &session->arena, SLICE("P"));
  dossier_init(&part, &session->arena, SLICE("P"));
  assert_int_equal(encode_read(&full, text_slice(&always->body), &error), STATUS_OK);
  assert_int_equal(encode_read(&part, text_slice(&later->body), &error), STATUS_OK);
  for (uint32_t i = 0; i < part.findings_size; i++) {
    if (!part.findings[i].open) continue;
    const struct finding *other = dossier_find_finding(&full, part.findings[i].id);
    assert_true(other != NULL && other->open);
  }
}

// The body as version 2 would have written it: without the time since which all is known.
static void age(struct text *body) {
  if (body->size == 0) return;
  size_t at = 3 + 8 + 8 + 8, end;
  while (body->data[at] & 0x80) at++;
  at++;
  for (end = at; body->data[end] & 0x80; end++) {}
  end++;
  memmove(body->data + at, body->data + end, body->size - end);
  body->size -= end - at;
  body->data[2] = ENCODE_VERSION_ASLEEP;
}

// What state rebuild sends: the dossier that somebody made anew.
static void give(struct session *session, struct life *life, const struct text *made, int64_t now_s, const unsigned char *with, struct slice psn_no) {
  struct text sealed = {0};
  arena_reset(&session->arena);
  sealed_write(with, psn_no, text_slice(made), &sealed);
  const struct event event = {.type = EVENT_DOSSIER, .psn_no = SLICE("P"), .event_time_s = now_s, .recv_time_s = now_s, .ver = 1, .dossier = text_slice(&sealed),
                              .source = {0, 0, session->offset++}};
  live(session, life, &event);
  text_fini(&sealed);
}

static void one_person(struct session *session) {
  struct life always, later, old, maker, given;
  session->settings.keep_lines = true;
  life_begin(session, &always, session->wide);
  session->settings.keep_lines = false;
  life_begin(session, &later, session->narrow);
  life_begin(session, &old, session->narrow);
  life_begin(session, &maker, session->wide);
  life_begin(session, &given, session->narrow);
  struct text text = {0}, made = {0};
  unsigned until_gift = 1 + (unsigned)draw(session, 5);
  int64_t now_s = (FIRST_DAY + (int64_t)draw(session, 300)) * DATE_DAY_SECONDS;
  bool changed = false;
  int32_t change_day = INT32_MAX, given_day = INT32_MAX;    // since when, but for the look-back, all is known
  for (unsigned visit = (unsigned)draw(session, 4); now_s < (FIRST_DAY + DAYS) * (int64_t)DATE_DAY_SECONDS; visit += 1 + (unsigned)draw(session, 3)) {
    const int64_t begin_s = now_s + (int64_t)draw(session, DATE_DAY_SECONDS);
    const int64_t end_s = visit % 4 < 2 ? begin_s + (int64_t)draw(session, 6) * DATE_DAY_SECONDS + 3600 : begin_s;
    const bool corrected = draw(session, 4) == 0, cancelled = draw(session, 12) == 0;
    for (int ver = 1; ver <= 3; ver++) {
      if ((ver == 2 && !corrected) || (ver == 3 && !cancelled)) continue;
      const int64_t told_s = end_s + ver * DATE_DAY_SECONDS;
      if (!changed && date_day(told_s) >= FIRST_DAY + CHANGE_DAY) {
        screen_use(later.screen, session->wide);
        screen_use(old.screen, session->wide);
        screen_use(given.screen, session->wide);
        age(&old.body);
        change_day = given_day = date_day(told_s);
        changed = true;
      }
      message(&text, visit, ver, begin_s, end_s, told_s);
      text_clear(&made);
      text_append(&made, text_slice(&maker.body));
      live_text(session, &text, (struct life *const[]){&always, &later, &old, &maker, &given}, 5);
      if (!changed) continue;
      if (until_gift > 0 && --until_gift == 0) {
        give(session, &given, &made, told_s, key, SLICE("P"));
        session->gifts += given.disposition == DISPOSITION_SCREENED;
        give(session, &given, &made, told_s, key, SLICE("P"));
        assert_int_equal(given.disposition, DISPOSITION_DUPLICATE);
        given_day = date_day(told_s) - screen_retention_days(given.screen) + 1;
      }
      compare(session, &always, &given, given_day);
      no_false_finding(session, &always, &given);
      compare(session, &always, &later, change_day);
      no_false_finding(session, &always, &later);
      compare(session, &always, &old, change_day);
      no_false_finding(session, &always, &old);
    }
    if (visit % 4 < 3 || draw(session, 2) == 0) now_s = end_s + (1 + (int64_t)draw(session, 120)) * DATE_DAY_SECONDS;    // or an admission after a rescue
  }
  text_fini(&text);
  life_end(&always);
  life_end(&later);
  life_end(&old);
  life_end(&maker);
  life_end(&given);
  text_fini(&made);
}

static void session_begin(struct session *session) {
  struct diagnostics diagnostics = {0};
  digest_start();
  *session = (struct session){.narrow = ruleset_load(narrow_paths, 1, &diagnostics), .wide = ruleset_load(wide_paths, 3, &diagnostics),
                              .decoder = decoder_create(&decode_limits_default), .settings = screen_settings_default, .random = 20261123};
  assert_true(session->narrow != NULL && session->wide != NULL);
  assert_int_equal(session->wide->lookback_days, LOOKBACK_DAYS);
  diagnostics_fini(&diagnostics);
  session->settings.longest_stay_days = 20;
  session->settings.lateness_days = 15;
  session->settings.seal_key = key;
  arena_init(&session->arena, 1 << 20);
}

static void session_end(struct session *session) {
  arena_fini(&session->arena);
  decoder_destroy(session->decoder);
  ruleset_destroy(session->narrow);
  ruleset_destroy(session->wide);
}

static void a_rule_that_comes_later_says_what_it_would_have_said_or_that_it_cannot_know(void **state) {
  (void)state;
  static struct session session;
  session_begin(&session);
  for (unsigned p = 0; p < PEOPLE; p++) one_person(&session);
  print_message("%zu verdicts the same, %zu of them hits of two stays; %zu unknown, %zu of them hits; %zu about lines that are gone\n", session.same,
                session.hits, session.unknown, session.withheld, session.let_go);
  assert_true(session.hits > 100 && session.withheld > 100 && session.let_go > 100 && session.gifts > PEOPLE / 2);
  session_end(&session);
}

static const struct said *of(struct session *session, struct life *life, struct slice rule_id, const char *unit) {
  const size_t size = ask(session, life, session->said[0]);
  for (size_t i = 0; i < size; i++)
    if (slice_equal(session->said[0][i].rule->id, rule_id) && strcmp(session->said[0][i].unit, unit) == 0) return &session->said[0][i];
  return NULL;
}

// A stay of 18 days with a bed too many, excused by a rescue on its first day; the rescue is forgotten before the stay is.
static void an_exemption_that_was_forgotten_is_not_denied(void **state) {
  (void)state;
  static struct session session;
  session_begin(&session);
  struct life life;
  life_begin(&session, &life, session.narrow);
  struct life *const lives[] = {&life};
  struct text text = {0};
  const int64_t day_s = DATE_DAY_SECONDS, begin_s = FIRST_DAY * day_s;
  message(&text, 3, 1, begin_s, begin_s, begin_s + day_s);
  live_text(&session, &text, lives, 1);
  message(&text, 12, 1, begin_s, begin_s + 18 * day_s, begin_s + 19 * day_s);
  live_text(&session, &text, lives, 1);
  message(&text, 2, 1, begin_s + 39 * day_s, begin_s + 39 * day_s, begin_s + 40 * day_s);
  live_text(&session, &text, lives, 1);
  screen_use(life.screen, session.wide);
  message(&text, 6, 1, begin_s + 40 * day_s, begin_s + 40 * day_s, begin_s + 41 * day_s);
  live_text(&session, &text, lives, 1);
  assert_int_equal(of(&session, &life, SLICE("ADM-092"), "M12")->outcome, OUTCOME_INSUFFICIENT_HISTORY);
  assert_int_equal(screen_counts(life.screen)->outcomes[OUTCOME_ERROR], 0);
  // Neither the outpatient visit before the change nor the stay is judged by what is gone: both count.
  const struct rule *beds = ruleset_find(session.wide, SLICE("ADM-092")), *price = ruleset_find(session.wide, SLICE("SUB-006"));
  assert_int_equal(screen_rule_counts(life.screen)[beds->number].outcomes[OUTCOME_INSUFFICIENT_HISTORY], 1);
  assert_int_equal(screen_rule_counts(life.screen)[beds->number].outcomes[OUTCOME_HIT], 0);
  assert_int_equal(screen_rule_counts(life.screen)[price->number].outcomes[OUTCOME_INSUFFICIENT_HISTORY], 1);
  text_fini(&text);
  life_end(&life);
  session_end(&session);
}

// Nothing was forgotten, but a stay came so late that the set of the time did not want it.
static void a_message_that_came_too_late_is_missing_for_those_who_look_further_back(void **state) {
  (void)state;
  for (unsigned late = 0; late < 2; late++) {
    static struct session session;
    session_begin(&session);
    struct life life;
    life_begin(&session, &life, session.narrow);
    struct life *const lives[] = {&life};
    struct text text = {0};
    const int64_t day_s = DATE_DAY_SECONDS, begin_s = FIRST_DAY * day_s;
    message(&text, 2, 1, begin_s + 99 * day_s, begin_s + 99 * day_s, begin_s + 100 * day_s);
    live_text(&session, &text, lives, 1);
    if (late) {
      message(&text, 4, 1, begin_s + 8 * day_s, begin_s + 9 * day_s, begin_s + 10 * day_s);
      live_text(&session, &text, lives, 1);
      assert_int_equal(screen_counts(life.screen)->beyond_horizon, 1);
    }
    screen_use(life.screen, session.wide);
    message(&text, 8, 1, begin_s + 110 * day_s, begin_s + 111 * day_s, begin_s + 112 * day_s);
    live_text(&session, &text, lives, 1);
    assert_int_equal(of(&session, &life, SLICE("ADM-091"), "M8")->outcome, late ? OUTCOME_INSUFFICIENT_HISTORY : OUTCOME_NO_HIT);
    text_fini(&text);
    life_end(&life);
    session_end(&session);
  }
}

// Nobody knows whether the settlement ever came: it is counted for somebody to look at.
static void a_cancellation_of_what_may_be_forgotten_is_an_alarm(void **state) {
  (void)state;
  static struct session session;
  session_begin(&session);
  struct life life;
  life_begin(&session, &life, session.narrow);
  struct life *const lives[] = {&life};
  struct text text = {0};
  const int64_t day_s = DATE_DAY_SECONDS, begin_s = FIRST_DAY * day_s;
  for (unsigned after = 0; after < 2; after++) {
    message(&text, 3 + after, 1, begin_s + after * 300 * day_s, begin_s + after * 300 * day_s, begin_s + (1 + after * 300) * day_s);
    live_text(&session, &text, lives, 1);
    message(&text, 90 + after, 3, 0, 0, begin_s + (2 + after * 300) * day_s);
    live_text(&session, &text, lives, 1);
    assert_int_equal(screen_counts(life.screen)->cancel_beyond_horizon, after);
  }
  text_fini(&text);
  life_end(&life);
  session_end(&session);
}

static void only_what_was_sealed_with_our_key_for_this_person_is_taken(void **state) {
  (void)state;
  static const unsigned char other[DIGEST_KEY_BYTES] = "another's";
  static struct session session;
  session_begin(&session);
  struct life life, without;
  const int64_t begin_s = FIRST_DAY * (int64_t)DATE_DAY_SECONDS;
  life_begin(&session, &life, session.wide);
  session.settings.seal_key = NULL;
  life_begin(&session, &without, session.wide);
  struct text text = {0}, made = {0}, empty = {0};
  message(&text, 4, 1, begin_s, begin_s + 3600, begin_s + DATE_DAY_SECONDS);
  live_text(&session, &text, (struct life *const[]){&life, &without}, 2);
  text_append(&made, text_slice(&life.body));
  const struct { const unsigned char *with; const char *psn_no; const struct text *body; enum disposition disposition; } rows[] = {
      {other, "P", &made, DISPOSITION_DEAD}, {key, "Q", &made, DISPOSITION_DEAD}, {key, "P", &empty, DISPOSITION_DEAD}, {key, "P", &made, DISPOSITION_DUPLICATE}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    give(&session, &life, rows[i].body, begin_s, rows[i].with, slice_from(rows[i].psn_no));
    assert_int_equal(life.disposition, rows[i].disposition);
    assert_true(slice_equal(text_slice(&life.body), text_slice(&made)));
  }
  give(&session, &without, &made, begin_s, key, SLICE("P"));
  assert_int_equal(without.disposition, DISPOSITION_UNUSED);
  text_fini(&text);
  text_fini(&made);
  life_end(&life);
  life_end(&without);
  session_end(&session);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_rule_that_comes_later_says_what_it_would_have_said_or_that_it_cannot_know),
                                     cmocka_unit_test(an_exemption_that_was_forgotten_is_not_denied),
                                     cmocka_unit_test(a_cancellation_of_what_may_be_forgotten_is_an_alarm),
      cmocka_unit_test(only_what_was_sealed_with_our_key_for_this_person_is_taken),
                                     cmocka_unit_test(a_message_that_came_too_late_is_missing_for_those_who_look_further_back)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
