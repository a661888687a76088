#include "screen/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "record/decode.h"
#include "record/json.h"
#include "record/money.h"
#include "rules/index.h"
#include "rules/operand.h"
#include "rules/read.h"
#include "screen/script.h"
#include "screen/step.h"

enum { ARENA_BLOCK = 64 << 10, RULES_MAX = 16, BANDS_SEEN_MAX = 16 };

struct patient {
  struct patient *next;
  struct slice psn_no;
  struct text body;
};

// A finding as the messages tell it.
struct published {
  struct published *next;
  struct slice id, rule_id, mdtrt_id, band;
  const struct json_value *setl_ids;
  bool open, provisional;
  int64_t vola_fen, fund_fen;
};

struct seen_band { struct slice setl_id, band; };

struct session {
  struct arena *arena;                // of the test
  struct ruleset rules;               // the rule under test and those named in `with`
  const struct rule *rule;
  struct screen *screen;
  struct decoder *decoder;
  struct json_reader *reader;
  struct outbox outbox;
  struct arena batch;
  struct patient *patients;
  struct published *published;
  struct seen_band *seen;             // bands that a settlement's visit ever had
  size_t seen_size, seen_capacity;
  struct diagnostics diagnostics;     // of the test's own words
  struct text *difference;
};

__attribute__((format(printf, 2, 3))) static void differs(struct session *session, const char *format, ...) {
  char line[1000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  text_append(session->difference, slice_from(line));
  text_byte(session->difference, '\n');
}

// --- The small rule set of a test --------------------------------------------------------------------------------------------------

static bool read_schema(const char *path, struct text *out) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  size_t size;
  do {
    char *to = text_reserve(out, 4096);
    size = fread(to, 1, 4096, file);
    out->size += size;
  } while (size > 0);
  const bool good = ferror(file) == 0;
  fclose(file);
  return good;
}

// CSV of rows written as maps; absent cells are empty.
static bool write_csv(struct session *session, const struct yaml_file *file, const struct table *table, const struct yaml_node *rows,
                      struct text *out) {
  if (!yaml_is_list(file, rows)) return false;
  const char **names = ARENA_ARRAY(session->arena, const char *, table->columns_size);
  for (unsigned c = 0; c < table->columns_size; c++) {
    names[c] = table->columns[c].name;
    text_format(out, "%s%s", c > 0 ? "," : "", names[c]);
  }
  text_byte(out, '\n');
  for (const struct yaml_node *row = rows->child; row != NULL; row = row->next) {
    if (!yaml_is_map(file, row) || !yaml_check_keys(file, row, names, table->columns_size)) return false;
    for (unsigned c = 0; c < table->columns_size; c++) {
      const struct yaml_node *cell = yaml_find(row, names[c]);
      if (c > 0) text_byte(out, ',');
      if (cell != NULL && cell->type == YAML_SCALAR) text_append(out, cell->scalar);
    }
    text_byte(out, '\n');
  }
  return true;
}

// Tables that the test brings along stand in place of those of the folder, under the same description.
static bool replace_tables(struct session *session, const struct ruleset *whole, const struct yaml_file *file, const struct yaml_node *map) {
  if (!yaml_is_map(file, map)) return false;
  session->rules.tables = tables_open(session->arena, NULL, &session->diagnostics);
  size_t size;
  const char *const *names = tables_names(whole->tables, &size);
  bool good = true;
  for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
    bool known = false;
    for (size_t i = 0; i < size; i++) known |= slice_equal(key->scalar, slice_from(names[i]));
    if (!known) yaml_error(file, key, 1135, "no table '%.*s' in knowledge/", SLICE_ARG(key->scalar));
    good &= known;
  }
  for (size_t i = 0; good && i < size; i++) {
    const struct table *table = tables_get(whole->tables, names[i]);
    const struct yaml_node *rows = yaml_find(map, names[i]);
    if (table == NULL) continue;
    struct text path = {0}, schema = {0}, csv = {0};
    text_format(&path, "%.*s.yaml%c", (int)(strlen(table->path) - 4), table->path, '\0');
    good = read_schema(path.data, &schema);
    if (rows != NULL) good &= write_csv(session, file, table, rows, &csv);
    else good &= read_schema(table->path, &csv);
    if (good) good = tables_add_text(session->rules.tables, names[i], text_slice(&schema), text_slice(&csv)) != NULL;
    text_fini(&path);
    text_fini(&schema);
    text_fini(&csv);
  }
  return good;
}

static const struct rule *rule_by_id(const struct ruleset *ruleset, struct slice id) {
  const struct rule *found = NULL;
  for (size_t i = 0; i < ruleset->size; i++)
    if (slice_equal(ruleset->rules[i]->id, id)) found = ruleset->rules[i];
  return found;
}

static bool add_rule(struct session *session, const struct rule *from, const struct yaml_file *told) {
  struct yaml_file *file = ARENA_ARRAY(session->arena, struct yaml_file, 1);
  *file = *from->file;
  file->diagnostics = told->diagnostics;
  struct prepare prepare = {.ruleset = &session->rules, .file = file};
  if (!read_rule(&prepare)) return false;
  prepare.rule->status = RULE_ACTIVE;
  session->rules.rules[session->rules.size++] = prepare.rule;
  return true;
}

static int by_id(const void *a, const void *b) {
  return slice_compare((*(const struct rule *const *)a)->id, (*(const struct rule *const *)b)->id);
}

static bool make_rules(struct session *session, const struct ruleset *whole, const struct rule *rule, const struct yaml_file *file,
                       const struct yaml_node *test) {
  session->rules = *whole;
  arena_init(&session->rules.arena, ARENA_BLOCK);
  session->rules.rules = ARENA_ARRAY(session->arena, const struct rule *, RULES_MAX);
  session->rules.size = 0;
  const struct yaml_node *tables = yaml_find(test, "tables"), *with = yaml_find(test, "with");
  if (tables != NULL && !replace_tables(session, whole, file, tables)) return false;
  if (tables != NULL) session->rules.rescue_items = tables_get(session->rules.tables, "rescue_items");
  if (!add_rule(session, rule, file)) return false;
  if (with != NULL && !yaml_is_list(file, with)) return false;
  for (const struct yaml_node *item = with != NULL ? with->child : NULL; item != NULL; item = item->next) {
    const struct rule *other = item->type == YAML_SCALAR ? rule_by_id(whole, item->scalar) : NULL;
    if (other == NULL || other == rule || session->rules.size == RULES_MAX) {
      yaml_error(file, item, 1135, "'with' names other rules of the set by id");
      return false;
    }
    if (!add_rule(session, other, file)) return false;
  }
  qsort(session->rules.rules, session->rules.size, sizeof *session->rules.rules, by_id);
  for (size_t i = 0; i < session->rules.size; i++) {
    // read_rule made them here; only the number is still open.
    struct rule *own = (struct rule *)(uintptr_t)session->rules.rules[i];
    own->number = (uint32_t)i;
    if (slice_equal(own->id, rule->id)) session->rule = own;
  }
  session->rules.index = index_create(&session->rules);
  return true;
}

// --- Given -----------------------------------------------------------------------------------------------------------------------

static struct patient *patient_of(struct session *session, struct slice psn_no) {
  struct patient *patient = session->patients;
  while (patient != NULL && !slice_equal(patient->psn_no, psn_no)) patient = patient->next;
  if (patient != NULL) return patient;
  patient = ARENA_ZEROED(session->arena, struct patient, 1);
  patient->psn_no = arena_copy(session->arena, psn_no);
  patient->next = session->patients;
  return session->patients = patient;
}

static void read_published(struct session *session, const struct outbox_entry *entry, struct error *error) {
  const struct json_value *root;
  const struct slice bytes = arena_copy(session->arena, outbox_bytes(&session->outbox, entry->value, entry->value_size));
  struct slice id = SLICE_NONE, stage = SLICE_NONE, rule_id = SLICE_NONE, mdtrt_id = SLICE_NONE, band = SLICE_NONE;
  if (json_read(session->reader, session->arena, bytes, &root, error) != STATUS_OK) return;
  json_text(root, "deduction_id", &id, error);
  json_text(root, "stage", &stage, error);
  json_text(root, "rule_id", &rule_id, error);
  json_text(root, "mdtrt_id", &mdtrt_id, error);
  json_text(root, "band", &band, error);
  struct published *published = session->published;
  while (published != NULL && !slice_equal(published->id, id)) published = published->next;
  if (published == NULL) {
    published = ARENA_ZEROED(session->arena, struct published, 1);
    published->id = id;
    published->next = session->published;
    session->published = published;
  }
  published->open = slice_equal(stage, SLICE("proposed"));
  published->rule_id = rule_id;
  published->mdtrt_id = mdtrt_id;
  published->setl_ids = json_find(root, "setl_ids");
  if (!published->open) return;
  published->band = band;
  json_bool(root, "provisional", &published->provisional, error);
  json_fen(root, "vola_amt", &published->vola_fen, error);
  json_fen(root, "fund_amt", &published->fund_fen, error);
}

static void take_messages(struct session *session, struct error *error) {
  for (size_t i = 0; i < session->outbox.size; i++)
    if (session->outbox.entries[i].topic == TOPIC_INSPECTOR_CASES) read_published(session, &session->outbox.entries[i], error);
  outbox_clear(&session->outbox);
}

// Which bands the visits of a patient have now: what `withdrawn` asks for later.
static void remember_band(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct session *session = context;
  if (verdict->outcome != OUTCOME_HIT) return;
  for (uint32_t i = 0; i < input->visit->settlements_size; i++) {
    if (session->seen_size == session->seen_capacity) {
      session->seen_capacity = session->seen_capacity ? session->seen_capacity * 2 : BANDS_SEEN_MAX;
      struct seen_band *seen = ARENA_ARRAY(session->arena, struct seen_band, session->seen_capacity);
      if (session->seen_size > 0) memcpy(seen, session->seen, session->seen_size * sizeof *seen);
      session->seen = seen;
    }
    session->seen[session->seen_size++] =
        (struct seen_band){arena_copy(session->arena, input->visit->settlements[i].setl_id), verdict->band->name};
  }
}

static enum status take_result(struct session *session, struct patient *patient, const struct step_result *result, struct text *body,
                               struct error *error) {
  if (result->changed) {
    text_clear(&patient->body);
    text_append(&patient->body, text_slice(body));
  }
  take_messages(session, error);
  if (patient->body.size == 0 || error->status != STATUS_OK) return error->status;
  return screen_explain(session->screen, text_slice(&patient->body), DATE_ABSENT, session->rule, &session->batch, remember_band, session,
                        NULL, error);
}

static enum status step(struct session *session, struct text *message, int64_t *tick_s, struct error *error) {
  memset(text_reserve(message, DECODE_PADDING), 0, DECODE_PADDING);
  arena_reset(&session->batch);
  struct event event = {0};
  struct decode_failure failure;
  if (decode(session->decoder, &session->batch, message->data, message->size, &event, &failure) != STATUS_OK)
    return error_set(error, STATUS_REJECT, "the message is a dead letter: %s at %s, byte %zu", reject_name(failure.reason), failure.path,
                     failure.offset);
  event.raw = text_slice(message);
  struct text body = {0};
  struct step_result result = {.body = &body};
  enum status status = STATUS_OK;
  if (event.type == EVENT_TICK) {
    if (*tick_s == DATE_ABSENT || event.event_time_s > *tick_s) *tick_s = event.event_time_s;
    for (struct patient *patient = session->patients; patient != NULL && status == STATUS_OK; patient = patient->next) {
      status = screen_tick(session->screen, patient->psn_no, text_slice(&patient->body), &event, &session->batch, &session->outbox, &result,
                           error);
      if (status == STATUS_OK) status = take_result(session, patient, &result, &body, error);
    }
  } else {
    struct patient *patient = patient_of(session, event.psn_no);
    status = screen_step(session->screen, text_slice(&patient->body), &event, *tick_s, &session->batch, &session->outbox, &result, error);
    if (status == STATUS_OK && result.disposition == DISPOSITION_DEAD)
      status = error_set(error, STATUS_REJECT, "the message is a dead letter: %s", reject_name(result.reject));
    if (status == STATUS_OK) status = take_result(session, patient, &result, &body, error);
  }
  text_fini(&body);
  return status;
}

// --- Expect ----------------------------------------------------------------------------------------------------------------------

struct expectation {
  struct session *session;
  const struct yaml_file *file;
  const struct yaml_node *map;
  struct slice on;
  bool found;    // the visit of `on` is there
};

static bool holds_id(const struct json_value *ids, struct slice setl_id) {
  for (const struct json_value *id = ids != NULL ? ids->child : NULL; id != NULL; id = id->next)
    if (slice_equal(id->text, setl_id)) return true;
  return false;
}

// The finding of the rule on a visit: open ones first.
static const struct published *find_published(const struct session *session, struct slice mdtrt_id, struct slice setl_id, bool open) {
  for (const struct published *published = session->published; published != NULL; published = published->next)
    if (published->open == open && slice_equal(published->rule_id, session->rule->id) && holds_id(published->setl_ids, setl_id) &&
        (mdtrt_id.size == 0 || slice_equal(published->mdtrt_id, mdtrt_id)))
      return published;
  return NULL;
}

static unsigned scale_of(enum value_type type) {
  return type == VALUE_FEN ? MONEY_FEN : (type == VALUE_PRICE ? MONEY_PRICE : (type == VALUE_COUNT ? MONEY_COUNT : 0));
}

static void compare_operand(const struct expectation *expectation, const struct yaml_node *key, const struct verdict *verdict,
                            const struct judge_input *input) {
  struct session *session = expectation->session;
  const int operand = operand_find(session->rule->kind, key->scalar);
  if (operand == OPERAND_NONE) {
    const char *nearest = operand_nearest(session->rule->kind, key->scalar);
    yaml_error(expectation->file, key, 1135, "unknown operand '%.*s'%s%s%s", SLICE_ARG(key->scalar), nearest ? " (did you mean '" : "",
               nearest ? nearest : "", nearest ? "'?)" : "");
    return;
  }
  if (key->value->type != YAML_SCALAR) {
    yaml_error(expectation->file, key->value, 1135, "an operand is compared with one value");
    return;
  }
  const struct value value = judge_operand(session->rule, operand, input, verdict);
  const struct slice wanted = key->value->scalar;
  struct text text = {0};
  value_write(&text, &value);
  bool same = value.type == VALUE_UNKNOWN ? slice_equal(wanted, SLICE("absent")) : slice_equal(text_slice(&text), wanted);
  int64_t number;
  if (!same && (value.type == VALUE_INT || scale_of(value.type) > 0) && money_parse(wanted, scale_of(value.type), &number))
    same = number == value.number;
  if (!same)
    differs(session, "%.*s: expected %.*s, found %.*s", SLICE_ARG(key->scalar), SLICE_ARG(wanted),
            SLICE_ARG(value.type == VALUE_UNKNOWN ? SLICE("absent") : text_slice(&text)));
  text_fini(&text);
}

static void compare_fen(const struct expectation *expectation, const char *key, int64_t found) {
  const struct yaml_node *node = yaml_find(expectation->map, key);
  int64_t wanted;
  if (node == NULL || !yaml_is_decimal(expectation->file, node, MONEY_FEN, &wanted) || wanted == found) return;
  struct text text = {0};
  text_format(&text, "%s: expected ", key);
  money_write_fen(&text, wanted);
  TEXT_LITERAL(&text, ", found ");
  money_write_fen(&text, found);
  differs(expectation->session, "%.*s", SLICE_ARG(text_slice(&text)));
  text_fini(&text);
}

static void compare_bool(const struct expectation *expectation, const char *key, bool found) {
  const struct yaml_node *node = yaml_find(expectation->map, key);
  bool wanted;
  if (node == NULL || !yaml_is_bool(expectation->file, node, &wanted) || wanted == found) return;
  differs(expectation->session, "%s: expected %s, found %s", key, wanted ? "true" : "false", found ? "true" : "false");
}

static void compare_published(const struct expectation *expectation, const struct verdict *verdict, const struct judge_input *input) {
  struct session *session = expectation->session;
  const struct published *published = find_published(session, input->visit->mdtrt_id, expectation->on, true);
  const struct yaml_node *open = yaml_find(expectation->map, "open");
  bool wanted = verdict->outcome == OUTCOME_HIT;
  if (open != NULL && !yaml_is_bool(expectation->file, open, &wanted)) return;
  if ((published != NULL) != wanted) {
    differs(session, wanted ? "expected an open finding, found none published" : "expected no open finding, found one of band %.*s",
            SLICE_ARG(published != NULL ? published->band : SLICE_NONE));
    return;
  }
  if (published == NULL) return;
  compare_fen(expectation, "amount", published->vola_fen);
  compare_fen(expectation, "fund_amount", published->fund_fen);
  compare_bool(expectation, "provisional", published->provisional);
}

static void write_verdict(const struct verdict *verdict, struct text *out) {
  text_append(out, slice_from(outcome_name(verdict->outcome)));
  if (verdict->outcome == OUTCOME_HIT) text_format(out, " of band %.*s", SLICE_ARG(verdict->band->name));
  if (verdict->outcome == OUTCOME_EXEMPT || verdict->outcome == OUTCOME_BAD_DATA) text_format(out, " (%.*s)", SLICE_ARG(verdict->reason));
}

// The verdict against hit, exempt, outcome, reason.
static void compare_outcome(const struct expectation *expectation, const struct verdict *verdict) {
  struct session *session = expectation->session;
  const struct yaml_node *hit = yaml_find(expectation->map, "hit"), *exempt = yaml_find(expectation->map, "exempt");
  const struct yaml_node *outcome = yaml_find(expectation->map, "outcome"), *reason = yaml_find(expectation->map, "reason");
  struct text found = {0};
  write_verdict(verdict, &found);
  if (hit != NULL && !(verdict->outcome == OUTCOME_HIT && slice_equal(verdict->band->name, hit->scalar)))
    differs(session, "expected hit of band %.*s, found %.*s", SLICE_ARG(hit->scalar), SLICE_ARG(text_slice(&found)));
  if (exempt != NULL && !(verdict->outcome == OUTCOME_EXEMPT && slice_equal(verdict->reason, exempt->scalar)))
    differs(session, "expected exempt (%.*s), found %.*s", SLICE_ARG(exempt->scalar), SLICE_ARG(text_slice(&found)));
  if (outcome != NULL && !slice_equal(slice_from(outcome_name(verdict->outcome)), outcome->scalar))
    differs(session, "expected %.*s, found %.*s", SLICE_ARG(outcome->scalar), SLICE_ARG(text_slice(&found)));
  const struct yaml_node *severity = yaml_find(expectation->map, "severity");
  int64_t wanted;
  if (severity != NULL && verdict->outcome == OUTCOME_HIT && yaml_is_int(expectation->file, severity, 1, 3, &wanted) &&
      wanted != verdict->band->severity)
    differs(session, "severity: expected %lld, found %d", (long long)wanted, verdict->band->severity);
  if (reason != NULL && !slice_equal(verdict->reason, reason->scalar))
    differs(session, "reason: expected %.*s, found %.*s", SLICE_ARG(reason->scalar), SLICE_ARG(text_slice(&found)));
  text_fini(&found);
}

static bool own_key(struct slice key) {
  static const char *const keys[] = {"hit", "exempt", "outcome", "withdrawn", "on", "reason", "amount", "fund_amount", "provisional", "open",
                                     "severity"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (slice_equal(key, slice_from(keys[i]))) return true;
  return false;
}

static void compare(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct expectation *expectation = context;
  bool mine = false;
  for (uint32_t i = 0; i < input->visit->settlements_size; i++) mine |= slice_equal(input->visit->settlements[i].setl_id, expectation->on);
  if (!mine) return;
  expectation->found = true;
  compare_outcome(expectation, verdict);
  if (yaml_find(expectation->map, "withdrawn") == NULL) compare_published(expectation, verdict, input);
  for (const struct yaml_node *key = expectation->map->child; key != NULL; key = key->next)
    if (!own_key(key->scalar)) compare_operand(expectation, key, verdict, input);
}

static void compare_withdrawn(const struct expectation *expectation, const struct yaml_node *band) {
  struct session *session = expectation->session;
  bool had = false;
  for (size_t i = 0; i < session->seen_size; i++)
    had |= slice_equal(session->seen[i].setl_id, expectation->on) && slice_equal(session->seen[i].band, band->scalar);
  if (!had) differs(session, "expected a withdrawn finding of band %.*s, there never was one", SLICE_ARG(band->scalar));
  const struct published *open = find_published(session, SLICE_NONE, expectation->on, true);
  const struct published *gone = find_published(session, SLICE_NONE, expectation->on, false);
  if (gone == NULL) differs(session, "expected a withdrawal, none was published");
  if (open != NULL && gone != NULL && slice_equal(open->mdtrt_id, gone->mdtrt_id))
    differs(session, "expected no open finding, found one of band %.*s", SLICE_ARG(open->band));
}

static void check_expectation(struct session *session, const struct yaml_file *file, const struct yaml_node *map, struct slice last,
                              struct error *error) {
  struct expectation expectation = {.session = session, .file = file, .map = map, .on = last};
  const struct yaml_node *on = yaml_find(map, "on"), *withdrawn = yaml_find(map, "withdrawn");
  if (on != NULL && !yaml_is_text(file, on, &expectation.on)) return;
  for (struct patient *patient = session->patients; patient != NULL && error->status == STATUS_OK; patient = patient->next)
    if (patient->body.size > 0)
      screen_explain(session->screen, text_slice(&patient->body), DATE_ABSENT, session->rule, &session->batch, compare, &expectation, NULL,
                     error);
  if (withdrawn != NULL) compare_withdrawn(&expectation, withdrawn);
  else if (!expectation.found) differs(session, "no visit with the settlement %.*s is left", SLICE_ARG(expectation.on));
}

// --- One test --------------------------------------------------------------------------------------------------------------------

static bool read_settings(const struct yaml_file *file, const struct yaml_node *test, struct screen_settings *settings) {
  static const char *const keys[] = {"name", "given", "expect", "with", "tables", "history_from"};
  *settings = screen_settings_default;
  settings->keep_lines = true;
  if (!yaml_check_keys(file, test, keys, sizeof keys / sizeof keys[0])) return false;
  const struct yaml_node *from = yaml_find(test, "history_from");
  return from == NULL || yaml_is_day(file, from, &settings->history_from_day);
}

static void run_given(struct session *session, const struct yaml_file *file, const struct yaml_node *test, struct error *error) {
  struct script script;
  struct text message = {0};
  int64_t tick_s = DATE_ABSENT;
  script_init(&script, file, session->rules.codes, session->arena);
  const struct yaml_node *given = yaml_find(test, "given"), *expect = yaml_find(test, "expect");
  for (const struct yaml_node *one = given->child; one != NULL && error->status == STATUS_OK; one = one->next) {
    text_clear(&message);
    if (!script_write(&script, one, &message)) break;
    if (step(session, &message, &tick_s, error) != STATUS_OK)
      differs(session, "line %u: %s", one->place.line, error->text);
  }
  if (session->diagnostics.errors == 0 && error->status == STATUS_OK) {
    if (expect->type == YAML_MAP) check_expectation(session, file, expect, script_last(&script), error);
    for (const struct yaml_node *one = expect->type == YAML_LIST ? expect->child : NULL; one != NULL; one = one->next)
      check_expectation(session, file, one, script_last(&script), error);
    if (error->status != STATUS_OK) differs(session, "%s", error->text);
  }
  text_fini(&message);
}

static void run_test(const struct ruleset *whole, const struct rule *rule, const struct yaml_node *test, struct trial *trial,
                     struct text *difference) {
  struct arena arena;
  arena_init(&arena, ARENA_BLOCK);
  struct session session = {.arena = &arena, .difference = difference};
  struct error error = {0};
  struct yaml_file file = *rule->file;
  file.diagnostics = &session.diagnostics;
  arena_init(&session.batch, ARENA_BLOCK);
  struct screen_settings settings;
  if (make_rules(&session, whole, rule, &file, test) && read_settings(&file, test, &settings)) {
    static const char *const names[] = {"test"};
    session.screen = screen_create(&session.rules, &settings, names, 1);
    session.decoder = decoder_create(&decode_limits_default);
    session.reader = json_reader_create();
    run_given(&session, &file, test, &error);
    screen_destroy(session.screen);
    decoder_destroy(session.decoder);
    json_reader_destroy(session.reader);
  }
  if (session.diagnostics.errors > 0) {
    diagnostics_sort(&session.diagnostics);
    diagnostics_write_text(&session.diagnostics, difference);
  }
  for (struct patient *patient = session.patients; patient != NULL; patient = patient->next) text_fini(&patient->body);
  trial->passed = difference->size == 0;
  outbox_fini(&session.outbox);
  diagnostics_fini(&session.diagnostics);
  arena_fini(&session.batch);
  arena_fini(&session.rules.arena);
  arena_fini(&arena);
}

struct trial_counts trial_run(const struct ruleset *ruleset, const struct rule *rule, const struct trial_options *options) {
  struct trial_counts counts = {0};
  struct text difference = {0};
  for (const struct yaml_node *test = rule->tests != NULL ? rule->tests->child : NULL; test != NULL; test = test->next) {
    const struct yaml_node *name = yaml_find(test, "name");
    struct trial trial = {.rule = rule, .name = name != NULL ? name->scalar : SLICE_NONE, .place = test->place};
    if (options->wanted != NULL && !options->wanted(options->context, rule, trial.name)) continue;
    text_clear(&difference);
    run_test(ruleset, rule, test, &trial, &difference);
    trial.difference = text_slice(&difference);
    counts.run++;
    counts.failed += !trial.passed;
    options->tell(options->context, &trial);
  }
  text_fini(&difference);
  return counts;
}
