#include "cli/explain.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/remembered.h"
#include "core/memory.h"
#include "rules/kinds/kind.h"
#include "rules/load.h"
#include "rules/view.h"
#include "stream/file/reader.h"

enum { ARENA_BLOCK = 256 << 10, BATCH_RECORDS = 1000, BATCH_BYTES = 64 << 20 };

struct person {
  struct person *next;
  struct text psn_no, body;
};

struct telling {
  const struct explain_options *options;
  const struct ruleset *ruleset;
  const struct rule *rule;
  const struct site *site;     // NULL: the defaults
  struct screen *screen;
  struct decoder *decoder;
  struct json_reader *reader;
  struct person *persons;
  struct explanation_message *told;    // in `lasting`
  struct arena lasting;
  struct text psn_no, setl_id;         // of the settlement that is explained
  int64_t tick_s, settled_s;
  uint64_t records, dead;
  struct outbox outbox;
  struct arena arena;
  struct trace trace;
  struct index_scratch scratch;
  struct slice from;
  struct text text;
  bool found;    // the visit of the settlement
};

static struct person *person_of(struct telling *telling, struct slice psn_no) {
  struct person *person = telling->persons;
  while (person != NULL && !slice_equal(text_slice(&person->psn_no), psn_no)) person = person->next;
  if (person != NULL) return person;
  person = memory_take(sizeof *person);
  text_append(&person->psn_no, psn_no);
  person->next = telling->persons;
  return telling->persons = person;
}

static void keep(struct text *text, struct slice s) {
  text_clear(text);
  text_append(text, s);
}

static struct slice member(const struct json_value *object, const char *key) {
  const struct json_value *value = json_find(object, key);
  return value != NULL && value->type != JSON_NULL ? value->text : SLICE_NONE;
}

// --- From a file -----------------------------------------------------------------------------------------------------------------

// What the step published of the rule, active or shadow: inspector-cases has every finding that is not in shadow.
static void take_messages(struct telling *telling, struct error *error) {
  for (size_t i = 0; i < telling->outbox.size; i++) {
    const struct outbox_entry *entry = &telling->outbox.entries[i];
    const struct json_value *value;
    if (entry->topic != TOPIC_INSPECTOR_CASES && entry->topic != TOPIC_SHADOW_FINDINGS) continue;
    const struct slice bytes = arena_copy(&telling->lasting, outbox_bytes(&telling->outbox, entry->value, entry->value_size));
    if (json_read(telling->reader, &telling->lasting, bytes, &value, error) != STATUS_OK) return;
    if (!slice_equal(member(value, "rule_id"), telling->rule->id)) continue;
    struct explanation_message *told = telling->told;
    while (told != NULL && !slice_equal(member(told->value, "deduction_id"), member(value, "deduction_id"))) told = told->next;
    if (told == NULL) {
      told = ARENA_ARRAY(&telling->lasting, struct explanation_message, 1);
      told->next = telling->told;
      telling->told = told;
    }
    told->value = value;
  }
  outbox_clear(&telling->outbox);
}

static enum status take_event(struct telling *telling, const struct event *event, struct error *error) {
  struct text body = {0};
  struct step_result result = {.body = &body};
  enum status status = STATUS_OK;
  if (event->type == EVENT_TICK) {
    if (event_clock_s(event) > telling->tick_s) telling->tick_s = event_clock_s(event);
  } else {
    const char *wanted = telling->options->setl_id;
    if (event->type == EVENT_SETL && (wanted == NULL || slice_equal(event->setl_id, slice_from(wanted)))) {
      keep(&telling->psn_no, event->psn_no);
      keep(&telling->setl_id, event->setl_id);
    }
    struct person *person = person_of(telling, event->psn_no);
    status = screen_step(telling->screen, text_slice(&person->body), event, telling->tick_s, &telling->arena, &telling->outbox, &result, error);
    if (status == STATUS_OK && result.changed) keep(&person->body, text_slice(&body));
    if (result.disposition == DISPOSITION_DEAD) telling->dead++;
  }
  take_messages(telling, error);
  text_fini(&body);
  return error->status != STATUS_OK ? error->status : status;
}

static enum status take_records(struct telling *telling, struct reader *reader, struct error *error) {
  for (;;) {
    const struct record *records;
    size_t size;
    enum status status = reader_take(reader, &records, &size, error);
    if (status != STATUS_OK || size == 0) return status;
    for (size_t i = 0; i < size && status == STATUS_OK; i++) {
      struct event event = {0};
      struct decode_failure failure = {.reason = REJECT_TOO_LARGE};
      arena_reset(&telling->arena);
      telling->records++;
      if (records[i].too_large || decode(telling->decoder, &telling->arena, records[i].value.data, records[i].value.size, &event, &failure) !=
                                      STATUS_OK) {
        telling->dead++;
        fprintf(stderr, "%s:%lld: dead letter: %s%s%s, byte %zu\n", telling->options->record, (long long)records[i].source.offset + 1,
                reject_name(failure.reason), failure.path[0] != '\0' ? " at " : "", failure.path, failure.offset);
        continue;
      }
      event.source = records[i].source;
      event.raw = records[i].value;
      status = take_event(telling, &event, error);
    }
    if (status != STATUS_OK) return status;
  }
}

// --- Telling ---------------------------------------------------------------------------------------------------------------------

static bool is_mine(const struct telling *telling, const struct visit *visit) {
  for (uint32_t i = 0; i < visit->settlements_size; i++)
    if (slice_equal(visit->settlements[i].setl_id, text_slice(&telling->setl_id))) return true;
  return false;
}

// The version that judges the visit: the one in force on its service date, else the newest.
static void choose_version(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct telling *telling = context;
  (void)verdict;
  if (!is_mine(telling, input->visit)) return;
  const struct rule *rule = ruleset_in_force(telling->ruleset, telling->rule->id, view_service_day(input->visit));
  if (rule != NULL) telling->rule = rule;
}

static void tell(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct telling *telling = context;
  if (is_mine(telling, input->visit)) {
    telling->found = true;
    const struct explanation about = {.chinese = telling->options->chinese, .ruleset = telling->ruleset, .rule = telling->rule,
                                      .setl_id = text_slice(&telling->setl_id), .verdict = verdict, .input = input,
                                      .trace = &telling->trace, .published = telling->told, .from = telling->from,
                                      .flips = flip_search(telling->rule, input, verdict, &telling->scratch, &telling->lasting)};
    telling->options->write(&about, &telling->text);
  }
  telling->trace.size = 0;    // of this visit
}

// The person's settlement that was made last.
static void find_last(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct telling *telling = context;
  (void)verdict;
  for (uint32_t i = 0; i < input->visit->settlements_size; i++) {
    const struct settlement_view *settlement = &input->visit->settlements[i];
    if (settlement->setl_time_s < telling->settled_s) continue;
    telling->settled_s = settlement->setl_time_s;
    keep(&telling->setl_id, settlement->setl_id);
  }
}

static int explain_body(struct telling *telling, struct slice body, const char *const *topics, bool by_line, struct error *error) {
  arena_reset(&telling->arena);
  if (body.size > 0 && screen_explain(telling->screen, text_slice(&telling->psn_no), body, telling->tick_s, telling->rule, &telling->arena, choose_version,
                                      telling, NULL, error) != STATUS_OK)
    return CLI_SOFTWARE;
  arena_reset(&telling->arena);
  trace_init(&telling->trace, &telling->arena, topics, 1);
  telling->trace.by_line = by_line;
  if (body.size > 0 && screen_explain(telling->screen, text_slice(&telling->psn_no), body, telling->tick_s, telling->rule, &telling->arena, tell, telling, &telling->trace,
                                      error) != STATUS_OK)
    return CLI_SOFTWARE;
  if (!telling->found) {
    error_set(error, STATUS_REJECT, "settlement '%.*s' is not live: cancelled, void, refunded, incomplete, a dead letter, or forgotten",
              SLICE_ARG(text_slice(&telling->setl_id)));
    return CLI_DATA;
  }
  fwrite(telling->text.data, 1, telling->text.size, stdout);
  return CLI_OK;
}

static int explain_file(struct telling *telling, struct error *error) {
  const struct reader_limits limits = {decode_limits_default.record_bytes_max, BATCH_RECORDS, BATCH_BYTES};
  struct reader *reader = reader_open(&telling->options->record, 1, &limits);
  const enum status status = take_records(telling, reader, error);
  reader_close(reader);
  if (status != STATUS_OK) return status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE;
  if (telling->setl_id.size == 0) {
    if (telling->options->setl_id != NULL)
      error_set(error, STATUS_REJECT, "'%s' has no settlement '%s'", telling->options->record, telling->options->setl_id);
    else error_set(error, STATUS_REJECT, "'%s' has no settlement to explain", telling->options->record);
    return CLI_DATA;
  }
  telling->from = slice_from(telling->options->record);
  return explain_body(telling, text_slice(&person_of(telling, text_slice(&telling->psn_no))->body), &telling->options->record, true, error);
}

static int explain_state(struct telling *telling, struct setup *setup, struct error *error) {
  struct client *client = setup_client(setup);
  if (client == NULL) return CLI_SOFTWARE;
  struct remembered state = {0};
  keep(&telling->psn_no, slice_from(telling->options->psn_no));
  struct text from = {0};
  int code = CLI_SOFTWARE;
  const char *topic = topics_name(&setup->arena, setup->site->kafka.prefix, TOPIC_SETTLEMENTS);
  if (remembered_find(setup, client, slice_from(telling->options->psn_no), &state, error) == STATUS_OK) {
    if (!state.found) {
      error_set(error, STATUS_REJECT, "nothing is remembered about this person");
      code = CLI_FOUND;
    } else {
      text_format(&from, "patient-state[%d]@%lld", (int)state.partition, (long long)state.offset);
      telling->from = text_slice(&from);
      if (telling->options->setl_id != NULL) keep(&telling->setl_id, slice_from(telling->options->setl_id));
      else screen_explain(telling->screen, slice_from(telling->options->psn_no), text_slice(&state.body), DATE_ABSENT, telling->rule, &telling->arena, find_last, telling, NULL, error);
      if (error->status == STATUS_OK) code = explain_body(telling, text_slice(&state.body), &topic, false, error);
    }
  }
  text_fini(&from);
  text_fini(&state.body);
  client_close(client);
  return code;
}

static int run(struct telling *telling, struct setup *setup, struct error *error) {
  const struct explain_options *options = telling->options;
  const char *const *names = &options->record;
  struct screen_settings settings = telling->site != NULL ? telling->site->engine.screen : screen_settings_default;
  if (options->record != NULL) settings.keep_lines = true;
  arena_init(&telling->arena, ARENA_BLOCK);
  arena_init(&telling->lasting, ARENA_BLOCK);
  telling->reader = json_reader_create();
  telling->screen = screen_create(telling->ruleset, &settings, options->record != NULL ? names : NULL, options->record != NULL);
  telling->decoder = decoder_create(&decode_limits_default);
  const int code = options->record != NULL ? explain_file(telling, error) : explain_state(telling, setup, error);
  decoder_destroy(telling->decoder);
  screen_destroy(telling->screen);
  json_reader_destroy(telling->reader);
  index_scratch_fini(&telling->scratch);
  arena_fini(&telling->arena);
  arena_fini(&telling->lasting);
  return code;
}

int explain(const struct explain_options *options) {
  struct telling telling = {.options = options, .tick_s = DATE_ABSENT, .settled_s = DATE_ABSENT};
  struct error error = {0};
  struct setup setup;
  int code = CLI_CONFIG;
  if (setup_load(&setup, options->config, false)) {
    struct diagnostics diagnostics = {0};
    const char *folder = options->rules != NULL ? options->rules : arena_copy_text(&setup.arena, setup.site->rules);
    struct ruleset *ruleset = ruleset_load_as_of(&folder, 1, options->known_day, &diagnostics);
    if (diagnostics.errors > 0) {
      diagnostics_sort(&diagnostics);
      diagnostics_write_text(&diagnostics, &telling.text);
      fwrite(telling.text.data, 1, telling.text.size, stderr);
      text_clear(&telling.text);
    }
    if (ruleset != NULL) {
      telling.ruleset = ruleset;
      telling.site = setup.site;
      telling.rule = ruleset_find(ruleset, slice_from(options->rule));
      if (telling.rule == NULL)
        error_set(&error, STATUS_FATAL, "there is no rule '%s' in '%s'; `settlewatch rules list` lists them", options->rule, folder);
      else code = run(&telling, &setup, &error);
    }
    ruleset_destroy(ruleset);
    diagnostics_fini(&diagnostics);
  }
  setup_fini(&setup);
  if (error.status != STATUS_OK) fprintf(stderr, "settlewatch rules explain: %s\n", error.text);
  for (struct person *person = telling.persons, *next; person != NULL; person = next) {
    next = person->next;
    text_fini(&person->psn_no);
    text_fini(&person->body);
    memory_free(person);
  }
  outbox_fini(&telling.outbox);
  text_fini(&telling.psn_no);
  text_fini(&telling.setl_id);
  text_fini(&telling.text);
  return code;
}
