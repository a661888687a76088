#include "cli/explain.h"

#include <stdio.h>

#include "cli/cli.h"
#include "core/memory.h"
#include "record/json.h"
#include "rules/kinds/kind.h"
#include "rules/load.h"
#include "rules/operand.h"
#include "rules/trace.h"
#include "stream/file/reader.h"

enum { ARENA_BLOCK = 256 << 10, BATCH_RECORDS = 1000, BATCH_BYTES = 64 << 20 };

// The last message about one finding of the rule.
struct told {
  struct told *next;
  const struct json_value *message;
};

struct person {
  struct person *next;
  struct text psn_no, body;
};

struct telling {
  const struct explain_options *options;
  const struct ruleset *ruleset;
  const struct rule *rule;
  struct screen *screen;
  struct decoder *decoder;
  struct json_reader *reader;
  struct person *persons;
  struct told *told;           // in `lasting`
  struct arena lasting;
  struct text last_person, last_setl_id;
  int64_t tick_s;
  uint64_t records, dead;
  struct outbox outbox;
  struct arena arena;
  struct trace trace;
  struct text text;
  bool found;    // the visit of the last settlement
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

// What the step published of the rule, active or shadow: inspector-cases has every finding that is not in shadow.
static void take_messages(struct telling *telling, struct error *error) {
  for (size_t i = 0; i < telling->outbox.size; i++) {
    const struct outbox_entry *entry = &telling->outbox.entries[i];
    const struct json_value *message;
    if (entry->topic != TOPIC_INSPECTOR_CASES && entry->topic != TOPIC_SHADOW_FINDINGS) continue;
    const struct slice bytes = arena_copy(&telling->lasting, outbox_bytes(&telling->outbox, entry->value, entry->value_size));
    if (json_read(telling->reader, &telling->lasting, bytes, &message, error) != STATUS_OK) return;
    if (!slice_equal(member(message, "rule_id"), telling->rule->id)) continue;
    struct told *told = telling->told;
    while (told != NULL && !slice_equal(member(told->message, "deduction_id"), member(message, "deduction_id"))) told = told->next;
    if (told == NULL) {
      told = ARENA_ARRAY(&telling->lasting, struct told, 1);
      told->next = telling->told;
      telling->told = told;
    }
    told->message = message;
  }
  outbox_clear(&telling->outbox);
}

static enum status take_event(struct telling *telling, const struct event *event, struct error *error) {
  struct text body = {0};
  struct step_result result = {.body = &body};
  enum status status = STATUS_OK;
  if (event->type == EVENT_TICK) {
    if (event->event_time_s > telling->tick_s) telling->tick_s = event->event_time_s;
  } else {
    if (event->type == EVENT_SETL) {
      keep(&telling->last_person, event->psn_no);
      keep(&telling->last_setl_id, event->setl_id);
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

static const char *words(const struct telling *telling, const char *english, const char *chinese) {
  return telling->options->chinese ? chinese : english;
}

static void write_head(struct telling *telling, const struct visit *visit) {
  const struct rule *rule = telling->rule;
  struct text *out = &telling->text;
  const struct slice title = telling->options->chinese || rule->title_en.size == 0 ? rule->title_zh : rule->title_en;
  text_format(out, "%.*s v%lld  %.*s\n", SLICE_ARG(rule->id), (long long)rule->version, SLICE_ARG(title));
  text_format(out, "%s: %.*s  %s: %.*s  %s: %.*s  %s: %.*s\n", words(telling, "settlement", "结算"),
              SLICE_ARG(text_slice(&telling->last_setl_id)), words(telling, "visit", "就诊"), SLICE_ARG(visit->mdtrt_id),
              words(telling, "person", "人员"), SLICE_ARG(text_slice(&telling->last_person)), words(telling, "institution", "机构"),
              SLICE_ARG(visit->fixmedins_code));
  text_format(out, "%s: %s\n\n", words(telling, "rule set", "规则集"), telling->ruleset->hash);
}

static void write_sentence(struct telling *telling, const struct verdict *verdict, const struct judge_input *input) {
  const struct rule *rule = verdict->rule;
  const bool chinese = telling->options->chinese || rule->say_en_size == 0;
  const struct piece *pieces = chinese ? rule->say_zh : rule->say_en;
  const size_t size = chinese ? rule->say_zh_size : rule->say_en_size;
  for (size_t i = 0; i < size; i++) {
    if (pieces[i].operand < 0) {
      text_append(&telling->text, pieces[i].literal);
      continue;
    }
    const struct value value = judge_operand(rule, pieces[i].operand, input, verdict);
    value_write(&telling->text, &value);
  }
  text_byte(&telling->text, '\n');
}

static void write_padded(struct text *out, struct slice s, size_t width) {
  text_append(out, s);
  for (size_t n = s.size; n < width; n++) text_byte(out, ' ');
  TEXT_LITERAL(out, "  ");
}

static void write_value(struct text *out, enum value_type type, int64_t number) {
  const struct value value = {.type = type, .number = number};
  value_write(out, &value);
}

static void write_claims(struct telling *telling, const struct verdict *verdict) {
  struct text *out = &telling->text;
  size_t sn = 0, code = 1;
  int64_t sum = 0;
  text_format(out, "\n%s (%.*s)\n", words(telling, "claims before precedence", "认定金额（未经优先级分配）"),
              SLICE_ARG(verdict->rule->amount_name));
  for (uint32_t i = 0; i < verdict->claims_size; i++) {
    const struct item *item = &verdict->visit->items[verdict->claims[i].item];
    if (item->feedetl_sn.size > sn) sn = item->feedetl_sn.size;
    if (item->med_list_codg.size > code) code = item->med_list_codg.size;
  }
  for (uint32_t i = 0; i < verdict->claims_size; i++) {
    const struct item *item = &verdict->visit->items[verdict->claims[i].item];
    TEXT_LITERAL(out, "  ");
    write_padded(out, item->feedetl_sn, sn);
    write_padded(out, item->med_list_codg.size > 0 ? item->med_list_codg : SLICE("-"), code);
    if (item->time_s != DATE_ABSENT) date_write_time(out, item->time_s);
    else TEXT_LITERAL(out, "-                  ");
    text_format(out, "  %s ", words(telling, "count", "数量"));
    write_value(out, VALUE_COUNT, item->cnt);
    text_format(out, "  %s ", words(telling, "in scope", "政策范围内"));
    write_value(out, VALUE_FEN, item->inscp_fen);
    text_format(out, "  %s ", words(telling, "claimed", "认定"));
    write_value(out, VALUE_FEN, verdict->claims[i].claimed_fen);
    text_byte(out, '\n');
    sum += verdict->claims[i].claimed_fen;
  }
  text_format(out, "  %s ", words(telling, "sum", "合计"));
  write_value(out, VALUE_FEN, sum);
  text_byte(out, '\n');
}

static void write_verdict(struct telling *telling, const struct verdict *verdict) {
  struct text *out = &telling->text;
  text_format(out, "\n%s: %s", words(telling, "outcome", "结论"), outcome_name(verdict->outcome));
  if (verdict->outcome == OUTCOME_HIT)
    text_format(out, "  %s %.*s  %s %d%s", words(telling, "band", "档次"), SLICE_ARG(verdict->band->name),
                words(telling, "severity", "严重程度"), verdict->band->severity,
                verdict->provisional ? words(telling, "  provisional: a field may still come", "  暂定：有字段尚未到达") : "");
  if (verdict->reason.size > 0 && verdict->outcome != OUTCOME_HIT) text_format(out, " (%.*s)", SLICE_ARG(verdict->reason));
  text_byte(out, '\n');
}

// Findings that rest on the settlement, as they were published last: after precedence.
static void write_published(struct telling *telling) {
  struct text *out = &telling->text;
  for (const struct told *told = telling->told; told != NULL; told = told->next) {
    const struct json_value *ids = json_find(told->message, "setl_ids");
    bool mine = false;
    for (const struct json_value *id = ids != NULL ? ids->child : NULL; id != NULL; id = id->next)
      mine |= slice_equal(id->text, text_slice(&telling->last_setl_id));
    if (!mine) continue;
    text_format(out, "\n%s %.*s  %s %.*s  %.*s\n", words(telling, "published: finding", "已发布：结果"),
                SLICE_ARG(member(told->message, "deduction_id")), words(telling, "revision", "版次"), SLICE_ARG(member(told->message, "revision")),
                SLICE_ARG(member(told->message, "stage")));
    text_format(out, "  vola_amt %.*s  fund_amt %.*s  %s\n", SLICE_ARG(member(told->message, "vola_amt")),
                SLICE_ARG(member(told->message, "fund_amt")), words(telling, "(after precedence)", "（按优先级分配后）"));
  }
}

static void tell(void *context, const struct verdict *verdict, const struct judge_input *input) {
  struct telling *telling = context;
  bool mine = false;
  for (uint32_t i = 0; i < input->visit->settlements_size; i++)
    mine |= slice_equal(input->visit->settlements[i].setl_id, text_slice(&telling->last_setl_id));
  if (mine) {
    telling->found = true;
    write_head(telling, input->visit);
    trace_write(&telling->trace, &telling->text);
    write_verdict(telling, verdict);
    if (verdict->outcome == OUTCOME_HIT || verdict->outcome == OUTCOME_EXEMPT) {
      write_sentence(telling, verdict, input);
      write_claims(telling, verdict);
    }
    write_published(telling);
  }
  telling->trace.size = 0;    // of this visit
}

static int run(struct telling *telling, struct error *error) {
  const struct reader_limits limits = {decode_limits_default.record_bytes_max, BATCH_RECORDS, BATCH_BYTES};
  struct reader *reader = reader_open(&telling->options->record, 1, &limits);
  const enum status status = take_records(telling, reader, error);
  reader_close(reader);
  if (status != STATUS_OK) return status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE;
  if (telling->last_setl_id.size == 0) {
    error_set(error, STATUS_REJECT, "'%s' has no settlement to explain", telling->options->record);
    return CLI_DATA;
  }
  const struct person *person = person_of(telling, text_slice(&telling->last_person));
  arena_reset(&telling->arena);
  trace_init(&telling->trace, &telling->arena, &telling->options->record, 1);
  if (person->body.size > 0 &&
      screen_explain(telling->screen, text_slice(&person->body), telling->tick_s, telling->rule, &telling->arena, tell, telling,
                     &telling->trace, error) != STATUS_OK)
    return CLI_SOFTWARE;
  if (!telling->found) {
    error_set(error, STATUS_REJECT, "settlement '%.*s' is not live: cancelled, void, refunded, incomplete or a dead letter",
              SLICE_ARG(text_slice(&telling->last_setl_id)));
    return CLI_DATA;
  }
  fwrite(telling->text.data, 1, telling->text.size, stdout);
  return CLI_OK;
}

int explain(const struct explain_options *options) {
  struct diagnostics diagnostics = {0};
  struct telling telling = {.options = options, .tick_s = DATE_ABSENT};
  struct error error = {0};
  struct ruleset *ruleset = ruleset_load(&options->rules, 1, &diagnostics);
  int code = CLI_CONFIG;
  if (diagnostics.errors > 0) {
    diagnostics_sort(&diagnostics);
    diagnostics_write_text(&diagnostics, &telling.text);
    fwrite(telling.text.data, 1, telling.text.size, stderr);
    text_clear(&telling.text);
  }
  if (ruleset != NULL) {
    telling.ruleset = ruleset;
    telling.rule = ruleset_find(ruleset, slice_from(options->rule));
    if (telling.rule == NULL) {
      error_set(&error, STATUS_FATAL, "there is no rule '%s' in '%s'; `settlewatch rules list` lists them", options->rule, options->rules);
    } else {
      arena_init(&telling.arena, ARENA_BLOCK);
      arena_init(&telling.lasting, ARENA_BLOCK);
      telling.reader = json_reader_create();
      struct screen_settings settings = screen_settings_default;
      settings.keep_lines = true;
      telling.screen = screen_create(ruleset, &settings, &options->record, 1);
      telling.decoder = decoder_create(&decode_limits_default);
      code = run(&telling, &error);
      decoder_destroy(telling.decoder);
      screen_destroy(telling.screen);
      json_reader_destroy(telling.reader);
      arena_fini(&telling.arena);
      arena_fini(&telling.lasting);
    }
  }
  if (error.status != STATUS_OK) fprintf(stderr, "settlewatch rules explain: %s\n", error.text);
  for (struct person *person = telling.persons, *next; person != NULL; person = next) {
    next = person->next;
    text_fini(&person->psn_no);
    text_fini(&person->body);
    memory_free(person);
  }
  outbox_fini(&telling.outbox);
  text_fini(&telling.last_person);
  text_fini(&telling.last_setl_id);
  text_fini(&telling.text);
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return code;
}
