#include "rules/meaning.h"

#include "record/date.h"
#include "rules/format.h"
#include "rules/hints.h"
#include "rules/operand.h"

enum { LIST_MAX = 12, SYMBOLS_MAX = 4 };

const struct meaning_amount meaning_amounts[] = {
    {"in_scope_of_later_stay", "后一次住院全部明细符合政策范围金额之和，退费已冲减；按分相加，不舍入",
     "the in-scope amount of every line of the later stay, refunds taken off; a sum of fen, nothing is rounded"},
    {"in_scope_of_stay", "该次住院全部明细符合政策范围金额之和，退费已冲减；按分相加，不舍入",
     "the in-scope amount of every line of the stay, refunds taken off; a sum of fen, nothing is rounded"},
    {"in_scope_of_lines", "被认定的各行明细符合政策范围金额之和，退费已冲减；按分相加，不舍入",
     "the in-scope amount of the lines that hit, refunds taken off; a sum of fen, nothing is rounded"},
    {"in_scope_of_excess_units",
     "超出部分的符合政策范围金额：从最晚（或最便宜）的明细往回取；只取一行的一部分时为该行金额乘以取走的数量再除以该行数量，四舍五入到分",
     "the in-scope amount of the excess units, taken from the latest (or cheapest) lines backwards; of part of a line its amount times the "
     "units taken divided by its units, rounded half up to the fen"},
    {"in_scope_of_idle_days",
     "被认定的无诊疗日中指定费用类别的符合政策范围金额之和；一行只有部分数量落在这些日子的，为该行金额乘以这些数量再除以该行数量，每行四舍五入到分一次",
     "the in-scope amount of the claimed fees on the idle days that count; of a line spread over days its amount times the units on those "
     "days divided by its units, rounded half up to the fen once per line"},
    {"price_difference",
     "各行数量乘以（单价减价格上限），逐行四舍五入到分，再减去已计超限价自费的金额，不低于零，也不超过该行符合政策范围金额",
     "per line the count times (price less cap), rounded half up to the fen, less what the patient paid above the limit; at least zero and at "
     "most the line's in-scope amount"},
    {"none", "不涉及金额", "no amount"},
};
const size_t meaning_amounts_size = sizeof meaning_amounts / sizeof meaning_amounts[0];

const struct meaning_amount *meaning_amount_find(const char *name) {
  for (size_t i = 0; i < meaning_amounts_size; i++)
    if (strcmp(meaning_amounts[i].name, name) == 0) return &meaning_amounts[i];
  return NULL;
}

static const char *pick(const struct meaning *meaning, const char *zh, const char *en) { return meaning->chinese ? zh : en; }
static void say(const struct meaning *meaning, struct text *out, const char *zh, const char *en) {
  text_append(out, slice_from(pick(meaning, zh, en)));
}

// --- Names and values ----------------------------------------------------------------------------------------------------------------

// The name without remarks, up to a bracket or a semicolon, and without "symbol" or "code": people mean what they stand for.
static struct slice short_name(const char *doc_zh) {
  struct slice name = slice_from(doc_zh);
  static const char *const ends[] = {"（", "；", "，"};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    const char *end = memmem(name.data, name.size, ends[i], strlen(ends[i]));
    if (end != NULL && end > name.data) name.size = (size_t)(end - name.data);
  }
  static const char *const tails[] = {"符号", "代码"};
  for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
    const size_t size = strlen(tails[i]);
    if (name.size > size && memcmp(name.data + name.size - size, tails[i], size) == 0) name.size -= size;
  }
  return name;
}

void meaning_operand(const struct meaning *meaning, int operand, struct text *out) {
  const struct operand_row *row = operand_row(meaning->rule->kind, operand);
  const struct operand *own = operand_of(operand);
  if (operand & OPERAND_PREVIOUS) say(meaning, out, "上次住院的", "the earlier stay's ");
  if (own != NULL && own->many) say(meaning, out, "任一诊断编码", "any of the diagnoses");
  else text_append(out, meaning->chinese ? short_name(row->doc_zh) : slice_from(row->en));
}

// "gap_unit" is the parameter that says the unit.
static const char *unit_of(const struct meaning *meaning, const char *unit) {
  const struct rule *rule = meaning->rule;
  for (size_t i = 0; i < rule->kind->params_size; i++) {
    const struct setting *row = &rule->kind->params[i];
    if (row->type != SETTING_WORD || strcmp(row->name, unit) != 0) continue;
    int word;
    memcpy(&word, (const char *)rule->params + row->offset, sizeof word);
    unit = row->words[word];
    break;
  }
  if (strcmp(unit, "symbol") == 0) return "";
  return meaning->chinese ? hints_unit_zh(unit) : unit;
}

static void write_unit(const struct meaning *meaning, const char *unit, struct text *out) {
  const char *word = unit_of(meaning, unit);
  if (word[0] == '\0') return;
  if (strcmp(word, "‰") != 0) text_byte(out, ' ');
  text_append(out, slice_from(word));
}

static void write_value(const struct meaning *meaning, int operand, int64_t number, struct text *out) {
  const struct operand_row *row = operand_row(meaning->rule->kind, operand);
  value_write(out, &(struct value){.type = row->type, .number = number});
  write_unit(meaning, row->unit, out);
}

// --- Conditions -----------------------------------------------------------------------------------------------------------------------

static void write_symbols(const struct meaning *meaning, const struct condition_node *node, struct text *out) {
  const enum code_table table = (enum code_table)operand_codes(node->operand);
  size_t groups = 0, listed = 0;
  const char *const *names = table == CODES_MED_TYPE ? codes_groups(meaning->ruleset->codes, &groups) : NULL;
  meaning_operand(meaning, node->operand, out);
  say(meaning, out, "为", " is ");
  for (size_t i = 0; i < groups; i++) {
    if (__builtin_popcount(node->symbols) <= SYMBOLS_MAX || codes_group(meaning->ruleset->codes, names[i]) != node->symbols) continue;
    static const struct { const char *group, *zh; } known[] = {{"INPATIENT_STAY", "住院（不含日间手术和家庭病床）"},
                                                               {"INPATIENT_REVIEW", "住院（含日间手术）"}};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
      if (meaning->chinese && strcmp(known[k].group, names[i]) == 0) {
        text_append(out, slice_from(known[k].zh));
        return;
      }
    text_append(out, slice_from(names[i]));
    return;
  }
  for (unsigned s = 1; s < code_symbols(table); s++) {
    if ((node->symbols >> s & 1) == 0) continue;
    if (listed++ > 0) say(meaning, out, "、", ", ");
    text_append(out, slice_from(meaning->chinese ? code_symbol_zh(table, s) : code_symbol_name(table, s)));
  }
  if (meaning->chinese && listed > 1) TEXT_LITERAL(out, "之一");
}

static void write_texts(const struct meaning *meaning, const struct condition_node *node, struct text *out) {
  for (uint32_t i = 0; i < node->texts_size && i < LIST_MAX; i++) {
    if (i > 0) say(meaning, out, "、", i + 1 == node->texts_size ? " or " : ", ");
    text_append(out, node->texts[i]);
  }
  if (node->texts_size > LIST_MAX) text_format(out, meaning->chinese ? "等 %u 项" : " and %u in all", node->texts_size);
}

static void write_lookup(const struct meaning *meaning, const struct lookup *lookup, struct text *out) {
  text_format(out, meaning->chinese ? "知识表 %s（按" : "the value of table %s (by ", lookup->table->name);
  for (size_t i = 0; i < lookup->by_size; i++) {
    if (i > 0) say(meaning, out, "、", ", ");
    meaning_operand(meaning, lookup->by[i], out);
  }
  say(meaning, out, "）规定的值", ")");
}

static void write_bound(const struct meaning *meaning, const struct condition_node *node, bool low, struct text *out) {
  const struct lookup *lookup = low ? node->low_lookup : node->high_lookup;
  const bool strict = lookup != NULL && (low ? node->low_above : node->high_below);
  say(meaning, out, low ? (strict ? "超过 " : "不少于 ") : (strict ? "不足 " : "不超过 "),
      low ? (strict ? "above " : "at least ") : (strict ? "below " : "at most "));
  if (lookup != NULL) write_lookup(meaning, lookup, out);
  else write_value(meaning, node->operand, low ? node->low : node->high, out);
}

static void write_range(const struct meaning *meaning, const struct condition_node *node, struct text *out) {
  const bool low = node->low_lookup != NULL || node->low != INT64_MIN, high = node->high_lookup != NULL || node->high != INT64_MAX;
  meaning_operand(meaning, node->operand, out);
  if (node->low_lookup != NULL && node->low_lookup == node->high_lookup) {
    say(meaning, out, "为", " is ");
    write_lookup(meaning, node->low_lookup, out);
    return;
  }
  say(meaning, out, "", " is ");
  if (low) write_bound(meaning, node, true, out);
  if (low && high) say(meaning, out, "、", " and ");
  if (high) write_bound(meaning, node, false, out);
}

static void write_numbers(const struct meaning *meaning, const struct condition_node *node, struct text *out) {
  if (operand_row(meaning->rule->kind, node->operand)->type == VALUE_BOOL && node->numbers_size == 1) {
    if (node->numbers[0] == 0) say(meaning, out, "不是：", "it is not so that: ");
    meaning_operand(meaning, node->operand, out);
    return;
  }
  meaning_operand(meaning, node->operand, out);
  say(meaning, out, "为 ", " is ");
  for (uint32_t i = 0; i < node->numbers_size && i < LIST_MAX; i++) {
    if (i > 0) say(meaning, out, "、", " or ");
    write_value(meaning, node->operand, node->numbers[i], out);
  }
}

static void write_test(const struct meaning *meaning, const struct condition_node *node, struct text *out) {
  switch (node->op) {
    case CONDITION_SYMBOLS: write_symbols(meaning, node, out); break;
    case CONDITION_NUMBERS: write_numbers(meaning, node, out); break;
    case CONDITION_RANGE: write_range(meaning, node, out); break;
    case CONDITION_TEXTS:
      meaning_operand(meaning, node->operand, out);
      say(meaning, out, "为 ", " is ");
      write_texts(meaning, node, out);
      break;
    case CONDITION_PREFIXES:
      meaning_operand(meaning, node->operand, out);
      say(meaning, out, "以 ", " starts with ");
      write_texts(meaning, node, out);
      say(meaning, out, " 开头", "");
      break;
    case CONDITION_TABLE:
      meaning_operand(meaning, node->operand, out);
      text_format(out, meaning->chinese ? "列在知识表 %s 中" : " stands in table %s", node->table->name);
      break;
    case CONDITION_PRESENT:
      meaning_operand(meaning, node->operand, out);
      if (node->present) say(meaning, out, "有值", " is known");
      else say(meaning, out, "缺失", " is not known");
      break;
    case CONDITION_ALL:
    case CONDITION_ANY:
    case CONDITION_NOT: break;
  }
}

static void write_node(const struct meaning *meaning, const struct condition *condition, uint32_t at, bool inner, struct text *out) {
  const struct condition_node *node = &condition->nodes[at];
  if (condition_is_test(node->op)) {
    write_test(meaning, node, out);
    return;
  }
  if (node->op == CONDITION_NOT) {
    say(meaning, out, "不属于：", "it is not so that ");
    write_node(meaning, condition, at + 1, true, out);
    return;
  }
  const bool any = node->op == CONDITION_ANY;
  if (inner) say(meaning, out, "（", "(");
  for (uint32_t child = at + 1; child < node->end; child = condition->nodes[child].end) {
    if (child > at + 1) say(meaning, out, any ? "，或者" : "，且", any ? ", or " : " and ");
    write_node(meaning, condition, child, true, out);
  }
  if (inner) say(meaning, out, "）", ")");
}

void meaning_condition(const struct meaning *meaning, const struct condition *condition, struct text *out) {
  if (condition == NULL) say(meaning, out, "任何情形", "always");
  else write_node(meaning, condition, 0, false, out);
}

// --- Parameters -----------------------------------------------------------------------------------------------------------------------

static void write_fees(const struct meaning *meaning, const struct setting_texts *texts, struct text *out) {
  if (texts->size == 0) say(meaning, out, "全部", "all");
  for (size_t i = 0; i < texts->size; i++) {
    const int symbol = code_symbol_find(CODES_FEE, texts->items[i]);
    if (i > 0) say(meaning, out, "、", ", ");
    if (symbol >= 0 && meaning->chinese) text_append(out, slice_from(code_symbol_zh(CODES_FEE, (unsigned)symbol)));
    else text_append(out, texts->items[i]);
  }
}

// The value with its unit; false when there is none.
static bool write_parameter(const struct meaning *meaning, const struct setting *row, struct text *out) {
  const void *value = (const char *)meaning->rule->params + row->offset;
  if (row->type == SETTING_INT || row->type == SETTING_NUMBER) {
    struct setting_number number = {0};
    if (row->type == SETTING_NUMBER) memcpy(&number, value, sizeof number);
    else memcpy(&number.value, value, sizeof number.value);
    if (number.lookup != NULL && number.resolved != NULL) {
      write_lookup(meaning, number.resolved, out);
      return true;
    }
    text_int(out, number.value);
    write_unit(meaning, row->unit, out);
    return true;
  }
  if (row->type == SETTING_TEXTS) {
    struct setting_texts texts;
    memcpy(&texts, value, sizeof texts);
    write_fees(meaning, &texts, out);
    return true;
  }
  struct slice text = SLICE_NONE;
  if (row->type == SETTING_TEXT) memcpy(&text, value, sizeof text);
  text_append(out, text);
  return text.size > 0;
}

bool meaning_parameter(const struct meaning *meaning, size_t n, struct text *out) {
  const struct setting *row = &meaning->rule->kind->params[n];
  const struct parameter_words *words = &meaning->rule->kind->words[n];
  const void *value = (const char *)meaning->rule->params + row->offset;
  const char *const *each = meaning->chinese ? words->zh_of : words->en_of;
  if (each != NULL) {
    int word = 0;
    bool yes = false;
    if (row->type == SETTING_BOOL) memcpy(&yes, value, sizeof yes);
    else memcpy(&word, value, sizeof word);
    const char *sentence = each[row->type == SETTING_BOOL ? (int)yes : word];
    if (sentence != NULL) text_append(out, slice_from(sentence));
    return sentence != NULL;
  }
  const struct slice sentence = slice_from(meaning->chinese ? words->zh : words->en);
  const char *hole = sentence.size > 0 ? memmem(sentence.data, sentence.size, "{}", 2) : NULL;
  if (hole == NULL) return false;
  struct text number = {0};
  const bool there = write_parameter(meaning, row, &number);
  if (there) {
    text_append(out, (struct slice){sentence.data, (size_t)(hole - sentence.data)});
    text_append(out, text_slice(&number));
    text_append(out, slice_from(hole + 2));
  }
  text_fini(&number);
  return there;
}

// --- The whole ------------------------------------------------------------------------------------------------------------------------

static void heading(const struct meaning *meaning, struct page *page, unsigned level, const char *zh, const char *en) {
  page_heading(page, level, slice_from(pick(meaning, zh, en)));
}

static void sentence_end(const struct meaning *meaning, struct text *out) { say(meaning, out, "。", "."); }

static void write_head(const struct meaning *meaning, unsigned level, struct page *page) {
  const struct rule *rule = meaning->rule;
  struct text text = {0};
  text_format(&text, "%.*s %.*s", SLICE_ARG(rule->id),
              SLICE_ARG(meaning->chinese || rule->title_en.size == 0 ? rule->title_zh : rule->title_en));
  page_heading(page, level, text_slice(&text));
  text_clear(&text);
  text_format(&text, meaning->chinese ? "第 %lld 版，%s。结果性质：%s。" : "Version %lld, %s. Result: %s.", (long long)rule->version,
              meaning->chinese ? rule_status_zh[rule->status] : rule_status_words[rule->status],
              meaning->chinese ? rule_result_zh[rule->result] : rule_result_words[rule->result]);
  say(meaning, &text, "自 ", " In force from ");
  date_write_day(&text, rule->from_day);
  say(meaning, &text, rule->to_day == INT32_MAX ? " 起" : " 至 ", rule->to_day == INT32_MAX ? "" : " to ");
  if (rule->to_day != INT32_MAX) date_write_day(&text, rule->to_day);
  say(meaning, &text, "有效，按服务日期判断。", ", judged on the service date.");
  page_paragraph(page, text_slice(&text));
  text_clear(&text);
  say(meaning, &text, rule->kind->summary_zh, rule->kind->summary_en);
  page_paragraph(page, text_slice(&text));
  text_fini(&text);
}

static void write_predicate(const struct meaning *meaning, unsigned level, struct page *page) {
  const struct rule *rule = meaning->rule;
  struct text text = {0};
  heading(meaning, page, level, "适用范围", "Scope");
  meaning_condition(meaning, rule->scope, &text);
  sentence_end(meaning, &text);
  page_item(page, text_slice(&text));
  if (rule->require_size > 0) {
    text_clear(&text);
    say(meaning, &text, "缺少下列任何一项时按数据不足处理，不立案：", "Without any of these it is bad data and never a finding: ");
    for (size_t i = 0; i < rule->require_size; i++) {
      if (i > 0) say(meaning, &text, "、", ", ");
      meaning_operand(meaning, rule->require[i], &text);
    }
    sentence_end(meaning, &text);
    page_item(page, text_slice(&text));
  }
  heading(meaning, page, level, "认定条件", "It holds when");
  for (size_t i = 0; i < rule->kind->params_size; i++) {
    text_clear(&text);
    if (!meaning_parameter(meaning, i, &text)) continue;
    sentence_end(meaning, &text);
    page_item(page, text_slice(&text));
  }
  text_fini(&text);
}

static void write_exemptions(const struct meaning *meaning, unsigned level, struct page *page) {
  const struct rule *rule = meaning->rule;
  struct text text = {0};
  if (rule->exemptions_size > 0) heading(meaning, page, level, "合法例外（满足任何一项即不立案）", "Lawful exceptions (one is enough)");
  for (size_t i = 0; i < rule->exemptions_size; i++) {
    const struct exemption *exemption = &rule->exemptions[i];
    text_clear(&text);
    text_format(&text, meaning->chinese ? "%.*s。条件：" : "%.*s. When ", SLICE_ARG(exemption->reason));
    meaning_condition(meaning, exemption->condition, &text);
    sentence_end(meaning, &text);
    if (exemption->until_day != INT32_MAX) {
      say(meaning, &text, "有效至 ", " Until ");
      date_write_day(&text, exemption->until_day);
      text_format(&text, meaning->chinese ? "，%.*s负责，%.*s批准。" : ", owner %.*s, approved by %.*s.", SLICE_ARG(exemption->owner),
                  SLICE_ARG(exemption->approved_by));
    }
    page_item(page, text_slice(&text));
  }
  text_fini(&text);
}

static void write_bands(const struct meaning *meaning, unsigned level, struct page *page) {
  static const char *const zh[] = {"", "轻", "中", "重"};
  const struct rule *rule = meaning->rule;
  struct text text = {0};
  if (rule->bands_size > 1 || rule->bands[0].condition != NULL) heading(meaning, page, level, "分档", "Bands");
  else return;
  for (size_t i = 0; i < rule->bands_size; i++) {
    const struct band *band = &rule->bands[i];
    text_clear(&text);
    text_format(&text, meaning->chinese ? "%.*s（严重程度 %d，%s）：" : "%.*s (severity %d%s): ", SLICE_ARG(band->name), band->severity,
                meaning->chinese ? zh[band->severity] : "");
    meaning_condition(meaning, band->condition, &text);
    sentence_end(meaning, &text);
    page_item(page, text_slice(&text));
  }
  text_fini(&text);
}

static void write_law(const struct meaning *meaning, unsigned level, struct page *page) {
  const struct rule *rule = meaning->rule;
  struct text text = {0};
  heading(meaning, page, level, "涉及金额与依据", "Amount and law");
  const struct meaning_amount *amount = meaning_amount_find(rule->kind->amounts[rule->amount]);
  say(meaning, &text, "涉及金额：", "Amount: ");
  if (amount != NULL) say(meaning, &text, amount->zh, amount->en);
  sentence_end(meaning, &text);
  page_item(page, text_slice(&text));
  for (size_t i = 0; i < rule->basis_size; i++) {
    text_clear(&text);
    text_format(&text, meaning->chinese ? "依据：《%.*s》" : "Law: %.*s", SLICE_ARG(rule->basis[i].law));
    if (rule->basis[i].article.size > 0) text_format(&text, meaning->chinese ? "，%.*s" : ", article %.*s", SLICE_ARG(rule->basis[i].article));
    sentence_end(meaning, &text);
    page_item(page, text_slice(&text));
  }
  text_clear(&text);
  if (rule->agreement_class != CLASS_NONE)
    text_format(&text, meaning->chinese ? "协议违约条款：%s。" : "Agreement class: %s.",
                meaning->chinese ? agreement_class_zh[rule->agreement_class] : agreement_class_words[rule->agreement_class]);
  const char *space = meaning->chinese || text.size == 0 ? "" : " ";
  if (rule->statute.size > 0)
    text_format(&text, meaning->chinese ? "%s法律责任条款：%.*s。" : "%sStatute: %.*s.", space, SLICE_ARG(rule->statute));
  space = meaning->chinese || text.size == 0 ? "" : " ";
  if (rule->national_code.size > 0)
    text_format(&text, meaning->chinese ? "%s国家规则编码：%.*s。" : "%sNational code: %.*s.", space, SLICE_ARG(rule->national_code));
  if (text.size > 0) page_item(page, text_slice(&text));
  text_clear(&text);
  for (size_t i = 0; i < rule->yields_to_size; i++) {
    if (i == 0) say(meaning, &text, "下列规则已认定同一记录时，本规则不再立案：", "It does not open where one of these finds the same records: ");
    else say(meaning, &text, "、", ", ");
    text_append(&text, rule->yields_to[i]);
  }
  if (text.size > 0) {
    sentence_end(meaning, &text);
    page_item(page, text_slice(&text));
  }
  text_fini(&text);
}

static void write_sentence(const struct meaning *meaning, unsigned level, struct page *page) {
  const struct rule *rule = meaning->rule;
  const bool zh = meaning->chinese || rule->say_en_size == 0;
  const struct piece *pieces = zh ? rule->say_zh : rule->say_en;
  const size_t size = zh ? rule->say_zh_size : rule->say_en_size;
  struct text text = {0};
  heading(meaning, page, level, "结果中的说明", "What a finding says");
  for (size_t i = 0; i < size; i++) {
    if (pieces[i].operand < 0) {
      text_append(&text, pieces[i].literal);
      continue;
    }
    say(meaning, &text, "〔", "[");
    meaning_operand(meaning, pieces[i].operand, &text);
    say(meaning, &text, "〕", "]");
  }
  sentence_end(meaning, &text);
  page_item(page, text_slice(&text));
  text_fini(&text);
}

void meaning_rule(const struct meaning *meaning, unsigned level, struct page *page) {
  write_head(meaning, level, page);
  write_predicate(meaning, level + 1, page);
  write_exemptions(meaning, level + 1, page);
  write_bands(meaning, level + 1, page);
  write_law(meaning, level + 1, page);
  write_sentence(meaning, level + 1, page);
}
