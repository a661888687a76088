#include "screen/finding.h"

#include <stdio.h>

#include "core/digest.h"
#include "record/money.h"
#include "rules/kinds/kind.h"
#include "rules/load.h"
#include "rules/lookup.h"
#include "rules/operand.h"

void finding_id(const struct rule *rule, struct slice psn_no, const struct slice *setl_ids, uint32_t setl_ids_size, unsigned char id[16]) {
  char version[24];
  const int size = snprintf(version, sizeof version, "%lld", (long long)rule->version);
  struct digest digest;
  digest_init(&digest, DIGEST_ID_BYTES, NULL, 0);
  digest_field(&digest, SLICE("sw-ded-v1"));
  digest_field(&digest, rule->id);
  digest_field(&digest, (struct slice){version, (size_t)size});
  digest_field(&digest, SLICE("patient"));
  digest_field(&digest, psn_no);
  for (uint32_t i = 0; i < setl_ids_size; i++) digest_field(&digest, setl_ids[i]);
  digest_final(&digest, id);
}

// A text with an end that no text contains.
static void feed(struct text *out, struct slice s) {
  text_append(out, s);
  text_byte(out, '\0');
}

uint64_t finding_fingerprint(const struct hit *hit, const struct judge_input *input, struct text *scratch) {
  const struct verdict *verdict = &hit->verdict;
  const struct rule *rule = verdict->rule;
  text_clear(scratch);
  feed(scratch, verdict->band->name);
  text_int(scratch, verdict->band->severity);
  text_byte(scratch, verdict->provisional ? 'p' : 'f');
  for (size_t i = 0; i < rule->show_size; i++) {
    const struct value value = judge_operand(rule, rule->show[i], input, verdict);
    text_int(scratch, value.type);
    value_write(scratch, &value);
    text_byte(scratch, '\0');
  }
  for (size_t i = 0; i < rule->kind->operands_size; i++) {
    text_int(scratch, verdict->values[i].type);
    value_write(scratch, &verdict->values[i]);
    text_byte(scratch, '\0');
  }
  for (uint32_t c = 0; c < verdict->claims_size; c++) {
    feed(scratch, verdict->visit->items[verdict->claims[c].item].feedetl_sn);
    text_int(scratch, verdict->claims[c].claimed_fen);
  }
  text_byte(scratch, '|');
  for (uint32_t i = 0; i < verdict->related_items_size; i++) feed(scratch, verdict->visit->items[verdict->related_items[i]].feedetl_sn);
  return digest_hash64(scratch->data, scratch->size, 0);
}

static void key(struct text *out, const char *name) {
  const struct slice text = slice_from(name);    // of our own: nothing to escape
  char *to = text_reserve(out, text.size + 4);
  if (out->size > 0 && to[-1] != '{' && to[-1] != '[') *to++ = ',';
  *to++ = '"';
  to = text_put(to, text);
  *to++ = '"';
  *to++ = ':';
  out->size = (size_t)(to - out->data);
}
static void put_text(struct text *out, const char *name, struct slice value) {
  key(out, name);
  text_json(out, value);
}
static void put_int(struct text *out, const char *name, int64_t value) {
  key(out, name);
  text_int(out, value);
}
static void put_fen(struct text *out, const char *name, int64_t fen) {
  key(out, name);
  text_byte(out, '"');
  money_write_fen(out, fen);
  text_byte(out, '"');
}
static void put_time(struct text *out, const char *name, int64_t time_s) {
  key(out, name);
  if (time_s == DATE_ABSENT) {
    TEXT_LITERAL(out, "null");
    return;
  }
  text_byte(out, '"');
  date_write_time(out, time_s);
  text_byte(out, '"');
}
static void put_value(struct text *out, const char *name, const struct value *value, struct text *scratch) {
  text_clear(scratch);
  value_write(scratch, value);
  put_text(out, name, value->type == VALUE_UNKNOWN ? SLICE_NONE : text_slice(scratch));
}

static void put_hex(struct text *out, const char *name, const unsigned char *bytes, size_t size) {
  key(out, name);
  text_byte(out, '"');
  text_hex(out, bytes, size);
  text_byte(out, '"');
}

static void put_source(struct text *out, const struct source *source, const struct finding_cause *cause) {
  TEXT_LITERAL(out, "{");
  put_text(out, "topic", source->topic < cause->names_size ? slice_from(cause->names[source->topic]) : SLICE_NONE);
  put_int(out, "partition", source->partition);
  put_int(out, "offset", source->offset);
  text_byte(out, '}');
}

static void put_sentence(struct text *out, const char *name, const struct piece *pieces, size_t size, const struct rule *rule,
                         const struct judge_input *input, const struct verdict *verdict, struct text *sentence) {
  text_clear(sentence);
  for (size_t i = 0; i < size; i++) {
    if (pieces[i].operand < 0) {
      text_append(sentence, pieces[i].literal);
      continue;
    }
    const struct value value = judge_operand(rule, pieces[i].operand, input, verdict);
    value_write(sentence, &value);
  }
  put_text(out, name, size > 0 ? text_slice(sentence) : SLICE_NONE);
}

// The parameters of the rule's kind, as an object; what was looked up as the number that was found. A canonical line is "name=value\n"; texts are JSON
// already.
static void put_limits(struct text *out, const struct rule *rule, const struct judge_input *input, const struct verdict *verdict, struct text *scratch) {
  struct rule copy;
  const struct rule *resolved = lookup_resolve(rule, input, verdict, &copy);
  if (resolved != NULL) rule = resolved;
  key(out, "limits");
  TEXT_LITERAL(out, "{");
  for (size_t i = 0; i < rule->kind->params_size; i++) {
    const struct setting *row = &rule->kind->params[i];
    text_clear(scratch);
    settings_canonical(row, 1, rule->params, scratch);
    const size_t name = strlen(row->name) + 1;
    const struct slice value = {scratch->data + name, scratch->size - name - 1};
    key(out, row->name);
    if (row->type == SETTING_TEXTS) text_byte(out, '[');
    if (row->type == SETTING_TEXTS || row->type == SETTING_TEXT) text_append(out, value);
    else text_json(out, value);
    if (row->type == SETTING_TEXTS) text_byte(out, ']');
  }
  text_byte(out, '}');
}

static void put_rule(struct text *out, const struct rule *rule, const struct finding_cause *cause) {
  put_text(out, "rule_id", rule->id);
  put_text(out, "rule_name", rule->title_zh);
  put_text(out, "rule_name_en", rule->title_en);
  put_text(out, "national_code", rule->national_code);
  put_int(out, "rule_version", rule->version);
  put_text(out, "ruleset", slice_from(cause->ruleset->hash));
  put_text(out, "result_type", slice_from(rule_result_words[rule->result]));
}

// Role 1 is a violating item, role 2 one that is evidence (interface 3101: vola_item_type).
static void put_detail(struct text *out, const struct visit *visit, uint32_t index, int role, int64_t fen) {
  const struct item *item = &visit->items[index];
  if (out->data[out->size - 1] != '[') text_byte(out, ',');
  TEXT_LITERAL(out, "{");
  put_text(out, "setl_id", visit->settlements[item->settlement].setl_id);
  put_text(out, "mdtrt_id", visit->mdtrt_id);
  put_text(out, "feedetl_sn", item->feedetl_sn);
  put_text(out, "med_list_codg", item->med_list_codg);
  put_time(out, "fee_ocur_time", item->time_s);
  put_int(out, "vola_item_type", role);
  put_fen(out, "vola_amt", fen);
  text_byte(out, '}');
}

static void put_visit_source(struct text *out, const struct visit *visit, const struct finding_cause *cause) {
  for (uint32_t i = 0; visit != NULL && i < visit->settlements_size; i++) {
    if (out->data[out->size - 1] != '[') text_byte(out, ',');
    put_source(out, &visit->settlements[i].source, cause);
  }
}

static void write_proposed(struct text *out, const struct hit *hit, const struct finding *finding, const struct judge_input *input,
                           const struct finding_cause *cause) {
  const struct verdict *verdict = &hit->verdict;
  const struct rule *rule = verdict->rule;
  const struct visit *visit = verdict->visit, *related = verdict->related;
  TEXT_LITERAL(out, "{");
  put_hex(out, "deduction_id", hit->id, sizeof hit->id);
  put_text(out, "stage", SLICE("proposed"));
  put_int(out, "revision", finding->revision);
  put_rule(out, rule, cause);
  put_text(out, "fixmedins_code", visit->fixmedins_code);
  put_text(out, "dept_codg", slice_present(visit->dscg_dept_codg) ? visit->dscg_dept_codg : visit->adm_dept_codg);
  put_text(out, "dr_codg", visit->atddr_no);
  put_text(out, "psn_no", cause->psn_no);
  put_text(out, "setl_id", visit->settlements[visit->settlements_size - 1].setl_id);
  put_text(out, "mdtrt_id", visit->mdtrt_id);
  key(out, "setl_ids");
  text_byte(out, '[');
  for (uint32_t i = 0; i < hit->setl_ids_size; i++) {
    if (i > 0) text_byte(out, ',');
    text_json(out, hit->setl_ids[i]);
  }
  text_byte(out, ']');
  put_text(out, "related_setl_id", related != NULL ? related->settlements[related->settlements_size - 1].setl_id : SLICE_NONE);
  put_fen(out, "vola_amt", hit->vola_fen);
  put_fen(out, "fund_amt", hit->fund_fen);
  put_fen(out, "claimed_amt", hit->claimed_fen);
  put_text(out, "band", verdict->band->name);
  put_int(out, "severity", verdict->band->severity);
  put_text(out, "agreement_class",
           rule->agreement_class == CLASS_NONE ? SLICE_NONE : slice_from(agreement_class_words[rule->agreement_class]));
  put_text(out, "statute", rule->statute);
  const int64_t tenths = cause->points[rule->agreement_class];
  key(out, "points");
  text_format(out, "\"%lld.%lld\"", (long long)tenths / 10, (long long)tenths % 10);
  key(out, "basis");
  text_byte(out, '[');
  for (size_t i = 0; i < rule->basis_size; i++) {
    if (i > 0) text_byte(out, ',');
    TEXT_LITERAL(out, "{");
    put_text(out, "law", rule->basis[i].law);
    put_text(out, "article", rule->basis[i].article);
    text_byte(out, '}');
  }
  text_byte(out, ']');
  put_sentence(out, "vola_cont", rule->say_zh, rule->say_zh_size, rule, input, verdict, cause->scratch);
  put_sentence(out, "vola_cont_en", rule->say_en, rule->say_en_size, rule, input, verdict, cause->scratch);
  key(out, "vola_evid");
  text_byte(out, '[');
  for (size_t i = 0; i < rule->show_size; i++) {
    const struct operand_row *row = operand_row(rule->kind, rule->show[i]);
    const struct value value = judge_operand(rule, rule->show[i], input, verdict);
    if (i > 0) text_byte(out, ',');
    TEXT_LITERAL(out, "{");
    put_text(out, "operand", slice_from(operand_text(rule->kind, rule->show[i])));
    put_value(out, "value", &value, cause->scratch);
    put_text(out, "unit", slice_from(row->unit));
    put_text(out, "from", slice_from(row->source));
    text_byte(out, '}');
  }
  text_byte(out, ']');
  put_limits(out, rule, input, verdict, cause->scratch);
  key(out, "judge_result_detail_dtos");
  text_byte(out, '[');
  for (uint32_t c = 0; c < verdict->claims_size; c++) put_detail(out, visit, verdict->claims[c].item, 1, hit->attributed_fen[c]);
  for (uint32_t i = 0; i < verdict->related_items_size; i++) put_detail(out, visit, verdict->related_items[i], 2, 0);
  text_byte(out, ']');
  key(out, "provisional");
  text_append(out, verdict->provisional ? SLICE("true") : SLICE("false"));
  put_time(out, "event_time", visit->endtime_s != DATE_ABSENT ? visit->endtime_s : visit->settled_s);
  put_time(out, "detect_time", cause->event->recv_time_s);
  key(out, "source");
  text_byte(out, '[');
  put_visit_source(out, related, cause);
  put_visit_source(out, visit, cause);
  TEXT_LITERAL(out, "]}");
}

// (deduction_id, revision) is what makes an engine message unique: the id of its CloudEvent.
static struct slice event_id(const unsigned char id[16], int64_t revision, char room[64]) {
  static const char hex[] = "0123456789abcdef";
  for (unsigned i = 0; i < 16; i++) {
    room[2 * i] = hex[id[i] >> 4];
    room[2 * i + 1] = hex[id[i] & 15];
  }
  const int size = snprintf(room + 32, 32, ".%lld", (long long)revision);
  return (struct slice){room, 32 + (size_t)size};
}

static const struct { const char *deduction, *inspector_case, *shadow; } types[2] = {
    {"settlewatch.deduction.proposed", "settlewatch.case.opened", "settlewatch.shadow.proposed"},
    {"settlewatch.deduction.withdrawn", "settlewatch.case.withdrawn", "settlewatch.shadow.withdrawn"}};

// The same value to every topic that concerns the finding.
static void send(struct outbox *outbox, const struct finding_cause *cause, struct slice institution, struct slice id, bool withdrawn,
                 bool shadow, bool costs, struct slice value) {
  const struct { enum topic topic; const char *type; bool wanted; } to[] = {
      {TOPIC_CREDIT_DEDUCTIONS, types[withdrawn].deduction, !shadow && costs},
      {TOPIC_INSPECTOR_CASES, types[withdrawn].inspector_case, !shadow},
      {TOPIC_SHADOW_FINDINGS, types[withdrawn].shadow, shadow}};
  for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
    if (!to[i].wanted) continue;
    outbox_begin(outbox, to[i].topic, institution, id, to[i].type, cause->event->source, cause->event->recv_time_s);
    text_append(&outbox->bytes, value);
    outbox_end(outbox);
  }
}

static bool costs(const struct rule *rule) { return rule->result == RESULT_VIOLATION || rule->result == RESULT_SUSPICIOUS; }

void finding_propose(struct outbox *outbox, const struct hit *hit, const struct finding *finding, const struct judge_input *input,
                     const struct finding_cause *cause) {
  char room[64];
  text_clear(cause->value);
  write_proposed(cause->value, hit, finding, input, cause);
  send(outbox, cause, hit->verdict.visit->fixmedins_code, event_id(hit->id, finding->revision, room), false, finding->shadow,
       costs(hit->verdict.rule), text_slice(cause->value));
}

void finding_withdraw(struct outbox *outbox, const struct finding *finding, const struct finding_cause *cause) {
  const struct rule *rule = NULL;
  for (size_t i = 0; i < cause->ruleset->size && rule == NULL; i++) {
    const struct rule *candidate = cause->ruleset->rules[i];
    if (candidate->version == finding->rule_version && slice_equal(candidate->id, finding->rule_id)) rule = candidate;
  }
  struct text *value = cause->value;
  char room[64];
  text_clear(value);
  TEXT_LITERAL(value, "{");
  put_hex(value, "deduction_id", finding->id, sizeof finding->id);
  put_text(value, "stage", SLICE("withdrawn"));
  put_int(value, "revision", finding->revision);
  if (rule != NULL) put_rule(value, rule, cause);
  put_text(value, "fixmedins_code", finding->fixmedins_code);
  put_text(value, "psn_no", cause->psn_no);
  put_text(value, "mdtrt_id", finding->mdtrt_id);
  key(value, "setl_ids");
  text_byte(value, '[');
  for (uint32_t i = 0; i < finding->setl_ids_size; i++) {
    if (i > 0) text_byte(value, ',');
    text_json(value, finding->setl_ids[i]);
  }
  text_byte(value, ']');
  put_fen(value, "vola_amt", 0);
  put_fen(value, "fund_amt", 0);
  put_fen(value, "former_vola_amt", finding->vola_fen);
  put_fen(value, "former_fund_amt", finding->fund_fen);
  put_time(value, "detect_time", cause->event->recv_time_s);
  key(value, "source");
  text_byte(value, '[');
  put_source(value, &cause->event->source, cause);
  TEXT_LITERAL(value, "]}");
  send(outbox, cause, finding->fixmedins_code, event_id(finding->id, finding->revision, room), true, finding->shadow,
       rule == NULL || costs(rule), text_slice(value));
}
