#include "cli/explanation.h"

#include "rules/kinds/kind.h"
#include "rules/operand.h"

static struct slice member(const struct json_value *object, const char *key) {
  const struct json_value *value = json_find(object, key);
  return value != NULL && value->type != JSON_NULL ? value->text : SLICE_NONE;
}

static bool is_of(const struct explanation_message *message, struct slice setl_id) {
  const struct json_value *ids = json_find(message->value, "setl_ids");
  for (const struct json_value *id = ids != NULL ? ids->child : NULL; id != NULL; id = id->next)
    if (slice_equal(id->text, setl_id)) return true;
  return false;
}

// --- Text ------------------------------------------------------------------------------------------------------------------------

static const char *words(const struct explanation *about, const char *english, const char *chinese) {
  return about->chinese ? chinese : english;
}

static void write_head(const struct explanation *about, struct text *out) {
  const struct rule *rule = about->rule;
  const struct slice title = about->chinese || rule->title_en.size == 0 ? rule->title_zh : rule->title_en;
  text_format(out, "%.*s v%lld  %.*s\n", SLICE_ARG(rule->id), (long long)rule->version, SLICE_ARG(title));
  text_format(out, "%s: %.*s  %s: %.*s  %s: %.*s  %s: %.*s\n", words(about, "settlement", "结算"),
              SLICE_ARG(about->setl_id), words(about, "visit", "就诊"), SLICE_ARG(about->input->visit->mdtrt_id),
              words(about, "person", "人员"), SLICE_ARG(about->input->history->psn_no), words(about, "institution", "机构"),
              SLICE_ARG(about->input->visit->fixmedins_code));
  text_format(out, "%s: %s  %s: %.*s\n\n", words(about, "rule set", "规则集"), about->ruleset->hash, words(about, "from", "来源"),
              SLICE_ARG(about->from));
}

static void write_sentence(const struct explanation *about, bool in_chinese, struct text *out) {
  const struct rule *rule = about->rule;
  const bool chinese = in_chinese || rule->say_en_size == 0;
  const struct piece *pieces = chinese ? rule->say_zh : rule->say_en;
  const size_t size = chinese ? rule->say_zh_size : rule->say_en_size;
  for (size_t i = 0; i < size; i++) {
    if (pieces[i].operand < 0) {
      text_append(out, pieces[i].literal);
      continue;
    }
    const struct value value = judge_operand(rule, pieces[i].operand, about->input, about->verdict);
    value_write(out, &value);
  }
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

static void write_claims(const struct explanation *about, struct text *out) {
  const struct verdict *verdict = about->verdict;
  size_t sn = 0, code = 1;
  int64_t sum = 0;
  text_format(out, "\n%s (%.*s)\n", words(about, "claims before precedence", "认定金额（未经优先级分配）"),
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
    text_format(out, "  %s ", words(about, "count", "数量"));
    write_value(out, VALUE_COUNT, item->cnt);
    text_format(out, "  %s ", words(about, "in scope", "政策范围内"));
    write_value(out, VALUE_FEN, item->inscp_fen);
    text_format(out, "  %s ", words(about, "claimed", "认定"));
    write_value(out, VALUE_FEN, verdict->claims[i].claimed_fen);
    text_byte(out, '\n');
    sum += verdict->claims[i].claimed_fen;
  }
  text_format(out, "  %s ", words(about, "sum", "合计"));
  write_value(out, VALUE_FEN, sum);
  text_byte(out, '\n');
}

static void write_verdict(const struct explanation *about, struct text *out) {
  const struct verdict *verdict = about->verdict;
  text_format(out, "\n%s: %s", words(about, "outcome", "结论"), outcome_name(verdict->outcome));
  if (verdict->outcome == OUTCOME_HIT)
    text_format(out, "  %s %.*s  %s %d%s", words(about, "band", "档次"), SLICE_ARG(verdict->band->name),
                words(about, "severity", "严重程度"), verdict->band->severity,
                verdict->provisional ? words(about, "  provisional: a field may still come", "  暂定：有字段尚未到达") : "");
  if (verdict->reason.size > 0 && verdict->outcome != OUTCOME_HIT) text_format(out, " (%.*s)", SLICE_ARG(verdict->reason));
  text_byte(out, '\n');
}

// Findings that rest on the settlement, as they were published last: after precedence.
static void write_published(const struct explanation *about, struct text *out) {
  for (const struct explanation_message *told = about->published; told != NULL; told = told->next) {
    if (!is_of(told, about->setl_id)) continue;
    text_format(out, "\n%s %.*s  %s %.*s  %.*s\n", words(about, "published: finding", "已发布：结果"),
                SLICE_ARG(member(told->value, "deduction_id")), words(about, "revision", "版次"), SLICE_ARG(member(told->value, "revision")),
                SLICE_ARG(member(told->value, "stage")));
    text_format(out, "  vola_amt %.*s  fund_amt %.*s  %s\n", SLICE_ARG(member(told->value, "vola_amt")),
                SLICE_ARG(member(told->value, "fund_amt")), words(about, "(after precedence)", "（按优先级分配后）"));
  }
}

// Whether another row of the same comparison lies further beyond its bound, or nearer to it.
static bool is_outdone(const struct trace *trace, size_t which) {
  const struct trace_row *row = &trace->rows[which];
  for (size_t i = 0; i < trace->size; i++) {
    const struct trace_row *other = &trace->rows[i];
    if (i != which && other->has_distance && other->step == row->step && slice_equal(other->name, row->name) &&
        slice_equal(other->operand, row->operand) && slice_equal(other->limit, row->limit) &&
        (other->distance > row->distance || (other->distance == row->distance && i < which)))
      return true;
  }
  return false;
}

// Comparisons with a bound: how near they came.
static void write_near(const struct explanation *about, struct text *out) {
  bool first = true;
  for (size_t i = 0; i < about->trace->size; i++) {
    const struct trace_row *row = &about->trace->rows[i];
    if (!row->has_distance || is_outdone(about->trace, i)) continue;
    if (first) text_format(out, "\n%s\n", words(about, "distance to the bounds", "距界限"));
    first = false;
    TEXT_LITERAL(out, "  ");
    trace_write_row(row, out);
    text_byte(out, '\n');
  }
}

static const char *outcome_words(const struct explanation *about, const struct flip *flip) {
  if (flip->outcome == OUTCOME_HIT) return words(about, "hit", "命中");
  return outcome_name(flip->outcome);
}

enum { FLIPS_TOLD = 16 };

static void write_flips(const struct explanation *about, struct text *out) {
  const bool hit = about->verdict->outcome == OUTCOME_HIT;
  if (about->flips.size == 0) {
    text_format(out, "\n%s\n", words(about, "no change of one or two facts that was tried turns the decision round", "所试的一项或两项事实变化均不改变结论"));
    return;
  }
  text_format(out, "\n%s\n", hit ? words(about, "it would not hit, if", "若有下列变化之一，则不命中")
                                 : words(about, "it would hit, if", "若有下列变化之一，则命中"));
  for (size_t i = 0; i < about->flips.size && i < FLIPS_TOLD; i++) {
    const struct flip *flip = &about->flips.rows[i];
    TEXT_LITERAL(out, "  ");
    for (unsigned f = 0; f < flip->size; f++)
      text_format(out, "%s%.*s %.*s -> %.*s", f > 0 ? words(about, " and ", " 且 ") : "", SLICE_ARG(flip->facts[f].fact),
                  SLICE_ARG(flip->facts[f].from), SLICE_ARG(flip->facts[f].to));
    text_format(out, "  =>  %s%s%.*s\n", outcome_words(about, flip), flip->reason.size > 0 ? " " : "", SLICE_ARG(flip->reason));
  }
}

void explanation_write_text(const struct explanation *about, struct text *out) {
  write_head(about, out);
  trace_write(about->trace, out);
  write_verdict(about, out);
  if (about->input->visit->lines_gone)
    text_format(out, "%s\n", words(about, "the lines of this settlement were not kept, because no rule had found anything in them: what a rule says of lines is not known here",
                                   "该次结算的明细未保留（当时各规则均无发现），涉及明细的判断在此无法重现"));
  if (about->verdict->outcome == OUTCOME_HIT || about->verdict->outcome == OUTCOME_EXEMPT) {
    write_sentence(about, about->chinese, out);
    text_byte(out, '\n');
    write_claims(about, out);
  }
  write_near(about, out);
  write_flips(about, out);
  write_published(about, out);
}

// --- JSON ------------------------------------------------------------------------------------------------------------------------

static void put(struct text *out, const char *key, struct slice value) {
  const char last = out->data[out->size - 1];
  if (last != '{' && last != '[') text_byte(out, ',');
  text_json(out, slice_from(key));
  text_byte(out, ':');
  if (slice_present(value)) text_json(out, value);
}

static void put_money(struct text *out, const char *key, enum value_type type, int64_t number) {
  put(out, key, SLICE_NONE);
  text_byte(out, '"');
  write_value(out, type, number);
  text_byte(out, '"');
}

static void put_row(const struct trace_row *row, struct text *out) {
  static const char *const truths[] = {"false", "true", "unknown"};
  text_byte(out, '{');
  put(out, "step", slice_from(trace_step_words[row->step]));
  if (row->name.size > 0) put(out, "name", row->name);
  if (row->depth > 0) {
    put(out, "depth", SLICE_NONE);
    text_int(out, row->depth);
  }
  put(out, "operand", row->operand);
  put(out, "value", row->value.size > 0 ? row->value : SLICE(""));
  if (row->limit.size > 0) put(out, "limit", row->limit);
  if (row->step != TRACE_OUTCOME) put(out, "truth", slice_from(truths[row->truth]));
  if (row->has_distance) {
    put(out, "beyond", SLICE_NONE);
    text_int(out, row->distance);
  }
  if (row->source.size > 0) put(out, "source", row->source);
  text_byte(out, '}');
}

static void put_claims(const struct explanation *about, struct text *out) {
  const struct verdict *verdict = about->verdict;
  put(out, "claims", SLICE_NONE);
  text_byte(out, '[');
  for (uint32_t i = 0; i < verdict->claims_size; i++) {
    const struct item *item = &verdict->visit->items[verdict->claims[i].item];
    TEXT_LITERAL(out, "\n ");
    if (i > 0) text_byte(out, ',');
    text_byte(out, '{');
    put(out, "feedetl_sn", item->feedetl_sn);
    if (item->med_list_codg.size > 0) put(out, "med_list_codg", item->med_list_codg);
    put_money(out, "cnt", VALUE_COUNT, item->cnt);
    put_money(out, "inscp_scp_amt", VALUE_FEN, item->inscp_fen);
    put_money(out, "claimed", VALUE_FEN, verdict->claims[i].claimed_fen);
    text_byte(out, '}');
  }
  text_byte(out, ']');
}

static void put_flips(const struct explanation *about, struct text *out) {
  put(out, "tried", SLICE_NONE);
  text_int(out, (int64_t)about->flips.tried);
  put(out, "flips", SLICE_NONE);
  text_byte(out, '[');
  for (size_t i = 0; i < about->flips.size; i++) {
    const struct flip *flip = &about->flips.rows[i];
    text_append(out, i > 0 ? SLICE(",\n {\"facts\":[") : SLICE("\n {\"facts\":["));
    for (unsigned f = 0; f < flip->size; f++) {
      if (f > 0) text_byte(out, ',');
      text_byte(out, '{');
      put(out, "fact", flip->facts[f].fact);
      put(out, "from", flip->facts[f].from);
      put(out, "to", flip->facts[f].to);
      text_byte(out, '}');
    }
    text_byte(out, ']');
    put(out, "outcome", slice_from(outcome_name(flip->outcome)));
    put(out, flip->outcome == OUTCOME_HIT ? "band" : "reason", flip->reason);
    text_byte(out, '}');
  }
  text_byte(out, ']');
}

static void put_published(const struct explanation *about, struct text *out) {
  static const char *const keys[] = {"deduction_id", "revision", "stage", "vola_amt", "fund_amt"};
  bool first = true;
  put(out, "published", SLICE_NONE);
  text_byte(out, '[');
  for (const struct explanation_message *message = about->published; message != NULL; message = message->next) {
    if (!is_of(message, about->setl_id)) continue;
    if (!first) text_byte(out, ',');
    first = false;
    text_byte(out, '{');
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
      const struct slice value = member(message->value, keys[i]);
      if (slice_present(value)) put(out, keys[i], value);
    }
    text_byte(out, '}');
  }
  text_byte(out, ']');
}

void explanation_write_json(const struct explanation *about, struct text *out) {
  const struct rule *rule = about->rule;
  const struct verdict *verdict = about->verdict;
  const struct visit *visit = about->input->visit;
  text_byte(out, '{');
  put(out, "rule_id", rule->id);
  put(out, "version", SLICE_NONE);
  text_int(out, rule->version);
  put(out, "ruleset", slice_from(about->ruleset->hash));
  put(out, "from", about->from);
  put(out, "setl_id", about->setl_id);
  put(out, "mdtrt_id", visit->mdtrt_id);
  put(out, "psn_no", about->input->history->psn_no);
  put(out, "fixmedins_code", visit->fixmedins_code.size > 0 ? visit->fixmedins_code : SLICE(""));
  put(out, "lines_kept", SLICE_NONE);
  text_append(out, visit->lines_gone ? SLICE("false") : SLICE("true"));
  put(out, "outcome", slice_from(outcome_name(verdict->outcome)));
  if (verdict->outcome == OUTCOME_HIT) {
    put(out, "band", verdict->band->name);
    put(out, "severity", SLICE_NONE);
    text_int(out, verdict->band->severity);
    put(out, "provisional", SLICE_NONE);
    text_append(out, verdict->provisional ? SLICE("true") : SLICE("false"));
  } else if (verdict->reason.size > 0) {
    put(out, "reason", verdict->reason);
  }
  if (verdict->outcome == OUTCOME_HIT || verdict->outcome == OUTCOME_EXEMPT) {
    struct text sentence = {0};
    write_sentence(about, true, &sentence);
    put(out, "say_zh", text_slice(&sentence));
    text_clear(&sentence);
    write_sentence(about, false, &sentence);
    put(out, "say_en", text_slice(&sentence));
    text_fini(&sentence);
  }
  put(out, "trace", SLICE_NONE);
  text_byte(out, '[');
  for (size_t i = 0; i < about->trace->size; i++) {
    text_append(out, i > 0 ? SLICE(",\n ") : SLICE("\n "));
    put_row(&about->trace->rows[i], out);
  }
  text_byte(out, ']');
  put_claims(about, out);
  put_flips(about, out);
  put_published(about, out);
  TEXT_LITERAL(out, "}\n");
}
