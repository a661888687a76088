#include "screen/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/format.h"
#include "rules/index.h"
#include "rules/read.h"
#include "screen/expect.h"
#include "screen/script.h"

enum { ARENA_BLOCK = 64 << 10, RULES_MAX = 16, BANDS_SEEN_MAX = 16, RECORDS_MAX = 1000, DRAWS_MAX = 20 };

void trial_differs(struct session *session, const char *format, ...) {
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
  session->rules.tables = tables_over(session->arena, whole->tables, &session->diagnostics);
  bool good = true;
  for (const struct yaml_node *key = map->child; good && key != NULL; key = key->next) {
    const char *name = arena_copy_text(session->arena, key->scalar);
    const struct table *table = tables_get(whole->tables, name);
    if (table == NULL) {
      yaml_error(file, key, 1135, "no table '%.*s' in knowledge/", SLICE_ARG(key->scalar));
      return false;
    }
    struct text path = {0}, schema = {0}, csv = {0};
    text_format(&path, "%.*s.yaml%c", (int)(strlen(table->path) - 4), table->path, '\0');
    good = read_schema(path.data, &schema) && write_csv(session, file, table, key->value, &csv) &&
           tables_add_text(session->rules.tables, name, text_slice(&schema), text_slice(&csv)) != NULL;
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
  const struct trial_mutant *mutant = from == session->trial->rule ? session->options->mutant : NULL;
  *file = *from->file;
  file->diagnostics = told->diagnostics;
  struct prepare prepare = {.ruleset = &session->rules, .file = file};
  if (mutant != NULL) {
    prepare.shifted = mutant->shifted;
    prepare.shift = mutant->shift;
    if (mutant->root != NULL) file->root = (struct yaml_node *)(uintptr_t)mutant->root;    // only read from here on
  }
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
      yaml_error(file, item, 1135, "'with' names other rules of the set by id; they are loaded when the whole folder is given");
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
  return screen_explain(session->screen, patient->psn_no, text_slice(&patient->body), DATE_ABSENT, session->rule, &session->batch, remember_band, session,
                        NULL, error);
}

static enum status step(struct session *session, struct text *message, unsigned line, int64_t *tick_s, struct error *error) {
  memset(text_reserve(message, DECODE_PADDING), 0, DECODE_PADDING);
  arena_reset(&session->batch);
  struct event event = {0};
  struct decode_failure failure;
  if (decode(session->decoder, &session->batch, message->data, message->size, &event, &failure) != STATUS_OK)
    return error_set(error, STATUS_REJECT, "the message is a dead letter: %s at %s, byte %zu", reject_name(failure.reason), failure.path,
                     failure.offset);
  event.raw = text_slice(message);
  event.source = (struct source){.offset = (int64_t)line - 1};
  struct text body = {0};
  struct step_result result = {.body = &body};
  enum status status = STATUS_OK;
  if (event.type == EVENT_TICK) {
    if (*tick_s == DATE_ABSENT || event_clock_s(&event) > *tick_s) *tick_s = event_clock_s(&event);
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

// --- One test --------------------------------------------------------------------------------------------------------------------

static bool read_settings(const struct yaml_file *file, const struct yaml_node *test, struct screen_settings *settings, int64_t *orders) {
  *settings = screen_settings_default;
  settings->keep_lines = true;
  if (!form_known(file, test, &format_test)) return false;
  const struct yaml_node *from = yaml_find(test, "history_from"), *count = yaml_find(test, "orders");
  return (from == NULL || yaml_is_day(file, from, &settings->history_from_day)) &&
         (count == NULL || yaml_is_int(file, count, 0, TRIAL_ORDERS_MAX, orders));
}

// One record of the test on the wire.
struct record_of_test {
  struct slice message;
  int64_t time_s;
  unsigned line;
};

struct records {
  struct record_of_test *rows;
  size_t size;
  struct slice last;    // settlement
};

static bool write_records(struct session *session, const struct yaml_file *file, const struct yaml_node *given, struct records *records) {
  struct script script;
  struct text message = {0};
  if (given->size > RECORDS_MAX) {
    yaml_error(file, given, 1135, "more than %d records in a test", RECORDS_MAX);
    return false;
  }
  script_init(&script, file, session->rules.codes, session->arena);
  records->rows = ARENA_ZEROED(session->arena, struct record_of_test, given->size);
  for (const struct yaml_node *one = given->child; one != NULL; one = one->next) {
    text_clear(&message);
    if (!script_write(&script, one, &message)) break;
    records->rows[records->size++] =
        (struct record_of_test){arena_copy(session->arena, text_slice(&message)), script_time(&script), one->place.line};
  }
  records->last = script_last(&script);
  text_fini(&message);
  return records->size == given->size;
}

// Stream of chance: splitmix64. The same test meets the same orders on every machine.
static uint64_t draw(uint64_t *state, uint64_t below) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (z ^ z >> 31) % below;
}

// An order in which every record arrives while it is still admitted; false when chance finds none.
static bool draw_order(const struct records *records, int64_t lateness_s, uint64_t *state, uint32_t *order) {
  for (unsigned attempt = 0; attempt < DRAWS_MAX; attempt++) {
    for (uint32_t i = 0; i < records->size; i++) order[i] = i;
    for (size_t i = records->size; i > 1; i--) {
      const size_t j = (size_t)draw(state, i);
      const uint32_t swap = order[i - 1];
      order[i - 1] = order[j];
      order[j] = swap;
    }
    int64_t latest_s = INT64_MIN;
    bool admitted = true;
    for (size_t i = 0; i < records->size && admitted; i++) {
      const int64_t time_s = records->rows[order[i]].time_s;
      if (time_s > latest_s) latest_s = time_s;
      admitted = latest_s - time_s <= lateness_s;
    }
    if (admitted) return true;
  }
  return false;
}

static void feed(struct session *session, const struct record_of_test *record, int64_t *tick_s, struct text *message, struct error *error) {
  text_clear(message);
  text_append(message, record->message);
  if (step(session, message, record->line, tick_s, error) != STATUS_OK) trial_differs(session, "line %u: %s", record->line, error->text);
}

// One run of the records from nothing, in the order given (NULL: as they stand, else shuffled and some of them twice).
static void run_records(struct session *session, const struct yaml_file *file, const struct yaml_node *expect, const struct records *records,
                        const uint32_t *order, uint64_t *state, const struct screen_settings *settings) {
  struct text message = {0};
  struct error error = {0};
  int64_t tick_s = DATE_ABSENT;
  session->screen = screen_create(&session->rules, settings, &file->name, 1);
  for (size_t i = 0; i < records->size && error.status == STATUS_OK; i++) {
    feed(session, &records->rows[order != NULL ? order[i] : i], &tick_s, &message, &error);
    if (order != NULL && error.status == STATUS_OK && draw(state, 3) == 0)
      feed(session, &records->rows[order[draw(state, i + 1)]], &tick_s, &message, &error);
  }
  if (session->diagnostics.errors == 0 && error.status == STATUS_OK) {
    if (expect->type == YAML_MAP) expect_check(session, file, expect, records->last, order != NULL, &error);
    for (const struct yaml_node *one = expect->type == YAML_LIST ? expect->child : NULL; one != NULL; one = one->next)
      expect_check(session, file, one, records->last, order != NULL, &error);
    if (error.status != STATUS_OK) trial_differs(session, "%s", error.text);
  }
  screen_destroy(session->screen);
  for (struct patient *patient = session->patients; patient != NULL; patient = patient->next) text_fini(&patient->body);
  session->patients = NULL;
  session->published = NULL;
  session->seen_size = 0;
  outbox_clear(&session->outbox);
  text_fini(&message);
}

static void run_orders(struct session *session, const struct yaml_file *file, const struct yaml_node *test, const struct records *records,
                       int64_t orders, const struct screen_settings *settings) {
  const struct yaml_node *expect = yaml_find(test, "expect");
  run_records(session, file, expect, records, NULL, NULL, settings);
  uint32_t *order = ARENA_ARRAY(session->arena, uint32_t, records->size);
  uint64_t state = records->size;
  for (int64_t n = 0; n < orders && session->difference->size == 0 && session->diagnostics.errors == 0; n++) {
    if (!draw_order(records, settings->lateness_days * DATE_DAY_SECONDS, &state, order)) return;
    run_records(session, file, expect, records, order, &state, settings);
    if (session->difference->size == 0) continue;
    struct text arrived = {0};
    for (size_t i = 0; i < records->size; i++) text_format(&arrived, " %u", records->rows[order[i]].line);
    trial_differs(session, "when the records arrive in this order (lines), some of them twice:%.*s", SLICE_ARG(text_slice(&arrived)));
    text_fini(&arrived);
  }
}

void trial_test(const struct ruleset *ruleset, const struct rule *rule, const struct yaml_node *test, const struct trial_options *options,
                struct trial *trial, struct text *difference) {
  const struct yaml_node *name = yaml_find(test, "name");
  *trial = (struct trial){.rule = rule, .name = name != NULL ? name->scalar : SLICE_NONE, .place = test->place};
  struct arena arena;
  arena_init(&arena, ARENA_BLOCK);
  struct session session = {.options = options, .trial = trial, .arena = &arena, .difference = difference};
  struct yaml_file file = *rule->file;
  file.diagnostics = &session.diagnostics;
  arena_init(&session.batch, ARENA_BLOCK);
  struct screen_settings settings;
  struct records records = {0};
  int64_t orders = options->orders;
  text_clear(difference);
  if (make_rules(&session, ruleset, rule, &file, test) && read_settings(&file, test, &settings, &orders) &&
      write_records(&session, &file, yaml_find(test, "given"), &records)) {
    session.decoder = decoder_create(&decode_limits_default);
    session.reader = json_reader_create();
    run_orders(&session, &file, test, &records, options->mutant == NULL ? orders : 0, &settings);
    decoder_destroy(session.decoder);
    json_reader_destroy(session.reader);
  }
  if (session.diagnostics.errors > 0) {
    diagnostics_sort(&session.diagnostics);
    diagnostics_write_text(&session.diagnostics, difference);
  }
  trial->passed = difference->size == 0;
  trial->difference = text_slice(difference);
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
    struct trial trial;
    if (options->wanted != NULL && !options->wanted(options->context, rule, name != NULL ? name->scalar : SLICE_NONE)) continue;
    trial_test(ruleset, rule, test, options, &trial, &difference);
    counts.run++;
    counts.failed += !trial.passed;
    if (options->tell != NULL) options->tell(options->context, &trial);
  }
  text_fini(&difference);
  return counts;
}
