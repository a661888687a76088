#include "rules/handbook.h"

#include "rules/format.h"
#include "rules/operand.h"
#include "rules/words.h"

enum { RECORDS_MAX = 8, LINES_MAX = 8 };

// --- Sentences that are the same for all rules ------------------------------------------------------------------------------------------

static const char *const preface[] = {
    "本手册说明本统筹区医保结算智能审核所用的规则：每条规则比较什么、依据哪一条法规或协议、有哪些合法例外、涉及金额如何计算，并以规则自带的"
    "测试为例。手册由程序按正在使用的规则文件生成，与实际审核所用的规则完全一致。",
    "审核只提出线索：每一条结果都是拟扣（proposed），在医保经办人员核实确认之前，不扣分、不扣款、不影响结算。结算被更正、冲销或撤销后，相应结果"
    "自动撤回。",
    "规则使用的词语：“以上、以下、以内”含本数，“超过、不足”不含本数。日期按北京时间的自然日计算。住院天数计入不计出，当日入出院计 1 日。金额指"
    "符合政策范围金额，退费先行冲减。同一笔明细不会被两条规则重复计款。",
};
static const char *const outcomes[] = {
    "每条规则对每次就诊只有一个结果。没有值的字段使条件成为“未知”，未知绝不构成立案。示例中未写明参保人、机构、科室的，各条记录相同。",
};
static const struct { const char *zh, *meaning; } outcome_rows[OUTCOME_COUNT] = {
    [OUTCOME_NO_HIT] = {"不构成", "资料齐全，规则不成立。"},
    [OUTCOME_HIT] = {"立案", "规则成立，且没有合法例外。"},
    [OUTCOME_EXEMPT] = {"合法例外", "规则成立，但属于一项列明的合法例外，不立案。"},
    [OUTCOME_OUT_OF_SCOPE] = {"不适用", "不在规则的适用范围内。"},
    [OUTCOME_INSUFFICIENT_HISTORY] = {"历史不足", "掌握的历史资料起始太晚，不能证明，不立案。"},
    [OUTCOME_BAD_DATA] = {"数据不足", "缺少必需的字段或相互矛盾，不立案；请核对上传数据。"},
    [OUTCOME_ERROR] = {"错误", "程序达到限额或自身出错，不立案，由管理方处理。"},
};

// What to do, by the result's nature.
static const char *const advice[][4] = {
    [RESULT_VIOLATION] = {"核对说明中列出的明细与病历、计费记录。", "属于上传或计费差错的，更正或退费后重新上传结算，结果会自动撤回。",
                          "属于列明的合法例外而资料未上传的，补传结算清单等资料；仍有异议的，在规定时限内提交申诉及证明材料。", NULL},
    [RESULT_SUSPICIOUS] = {"结果为“可疑”：认定之前先听取医疗机构的说明。", "对照说明中的字段核对病历；属于列明的合法例外的，补传证明该例外的资料（如结算清单）。",
                           "数据有误的，更正后重新上传，结果会自动撤回；情况属实但有合理理由的，在规定时限内提交书面说明。", NULL},
    [RESULT_LEAD] = {"结果为“线索”，不涉及金额和扣分。", "请核对数据并配合进一步了解情况。", NULL},
    [RESULT_INDICATOR] = {"结果为“指标”，不涉及金额和扣分。", "请关注指标的变化并查找原因。", NULL},
};

// --- Examples -----------------------------------------------------------------------------------------------------------------------------

static void write_scalar(const struct form_key *row, const struct yaml_node *node, struct text *out) {
  if (row != NULL && row->type == FORM_BOOL) {
    text_append(out, slice_equal(node->scalar, SLICE("true")) ? SLICE("是") : SLICE("否"));
    return;
  }
  // A symbol by its Chinese name.
  for (enum code_table table = 0; row != NULL && row->type == FORM_OWN && table < CODE_TABLE_COUNT; table++) {
    const bool fee = table == CODES_FEE && strcmp(row->own, "fee_or_none") == 0;
    if (!fee && strncmp(row->own, code_table_files[table], strlen(code_table_files[table])) != 0) continue;
    const int symbol = code_symbol_find(table, node->scalar);
    if (symbol < 0) break;
    text_append(out, slice_from(code_symbol_zh(table, (unsigned)symbol)));
    return;
  }
  text_append(out, slice_equal(node->scalar, SLICE("none")) ? SLICE("缺失") : node->scalar);
}

static void write_words(const struct form *form, const struct yaml_node *map, struct text *out);

static void write_value(const struct form_key *row, const struct yaml_node *node, struct text *out) {
  if (node->type == YAML_SCALAR) {
    write_scalar(row, node, out);
  } else if (node->type == YAML_MAP) {
    if (row != NULL) write_words(row->form, node, out);
  } else {
    const bool stay = row != NULL && strcmp(row->name, "stay") == 0;
    unsigned n = 0;
    for (const struct yaml_node *item = node->child; item != NULL && n < LINES_MAX; item = item->next, n++) {
      if (n > 0) text_append(out, stay ? SLICE(" 至 ") : item->type == YAML_MAP ? SLICE("；") : SLICE("、"));
      if (item->type == YAML_MAP) text_format(out, "第 %u 行 ", n + 1);
      write_value(row, item, out);
    }
    if (stay && node->size == 1) TEXT_LITERAL(out, " 至今");
    if (node->size > LINES_MAX) text_format(out, "；等 %u 行", node->size);
  }
}

// "机构 H1，住院 2026-03-01 至 2026-03-06，诊断 I63.900"; ids and serial numbers stand elsewhere.
static void write_words(const struct form *form, const struct yaml_node *map, struct text *out) {
  bool first = true;
  for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
    const struct form_key *row = form_find(form, key->scalar);
    if (slice_equal(key->scalar, SLICE("id")) || slice_equal(key->scalar, SLICE("sn"))) continue;
    if (!first) TEXT_LITERAL(out, "，");
    first = false;
    if (row == NULL) text_format(out, "%.*s ", SLICE_ARG(key->scalar));
    else if (row->zh != NULL && row->zh[0] != '\0') text_format(out, row->type == FORM_MAP ? "%s：" : "%s ", row->zh);
    write_value(row, key->value, out);
  }
}

static void write_given(struct page *page, const struct yaml_node *given) {
  struct text cells = {0};
  unsigned n = 0;
  page_row(page, SLICE("次序\t记录\t编号\t内容"));
  for (const struct yaml_node *record = given->child; record != NULL && n < RECORDS_MAX; record = record->next) {
    if (record->type != YAML_MAP || record->child == NULL) continue;
    const struct form_key *row = form_find(&words_record, record->child->scalar);
    const struct yaml_node *value = record->child->value, *id = yaml_find(value, "id");
    text_clear(&cells);
    text_format(&cells, "%u\t%s\t", ++n, row != NULL && row->zh != NULL ? row->zh : "");
    if (id == NULL && value->type == YAML_SCALAR && (row == NULL || row->type == FORM_MAP)) id = value;
    if (id != NULL && id->type == YAML_SCALAR) text_append(&cells, id->scalar);
    text_byte(&cells, '\t');
    if (value->type == YAML_MAP) write_words(row != NULL ? row->form : NULL, value, &cells);
    else if (id == NULL) write_value(row, value, &cells);
    page_row(page, text_slice(&cells));
  }
  text_fini(&cells);
}

static void write_expected(const struct meaning *meaning, struct page *page, const struct yaml_node *expect) {
  struct text text = {0};
  TEXT_LITERAL(&text, "结果：");
  const struct yaml_node *hit = yaml_find(expect, "hit"), *exempt = yaml_find(expect, "exempt"), *gone = yaml_find(expect, "withdrawn"),
                         *outcome = yaml_find(expect, "outcome"), *on = yaml_find(expect, "on");
  if (on != NULL && on->type == YAML_SCALAR) text_format(&text, "%.*s ", SLICE_ARG(on->scalar));
  if (hit != NULL) text_format(&text, "立案，分档 %.*s", SLICE_ARG(hit->scalar));
  if (gone != NULL) text_format(&text, "原立案（分档 %.*s）撤回", SLICE_ARG(gone->scalar));
  for (size_t i = 0; exempt != NULL && i < meaning->rule->exemptions_size; i++)
    if (slice_equal(meaning->rule->exemptions[i].id, exempt->scalar))
      text_format(&text, "不立案，合法例外：%.*s", SLICE_ARG(meaning->rule->exemptions[i].reason));
  for (unsigned i = 0; outcome != NULL && i < OUTCOME_COUNT; i++)
    if (slice_equal(slice_from(outcome_name((enum outcome)i)), outcome->scalar))
      text_format(&text, "%s。%s", outcome_rows[i].zh, outcome_rows[i].meaning);
  for (const struct yaml_node *key = expect->child; key != NULL; key = key->next) {
    const int operand = operand_find(meaning->rule->kind, key->scalar);
    const bool amount = slice_equal(key->scalar, SLICE("amount")), fund = slice_equal(key->scalar, SLICE("fund_amount"));
    if (key->value->type != YAML_SCALAR || (operand == OPERAND_NONE && !amount && !fund)) continue;
    TEXT_LITERAL(&text, "；");
    if (amount || fund) text_format(&text, "%s %.*s 元", amount ? "涉及金额" : "其中基金", SLICE_ARG(key->value->scalar));
    else {
      const struct slice value = key->value->scalar;
      meaning_operand(meaning, operand, &text);
      text_format(&text, " %.*s", SLICE_ARG(slice_equal(value, SLICE("absent")) ? SLICE("缺失") : slice_equal(value, SLICE("true")) ? SLICE("是")
                                            : slice_equal(value, SLICE("false")) ? SLICE("否") : value));
    }
  }
  page_paragraph(page, text_slice(&text));
  text_fini(&text);
}

// The first test that expects it: one expectation, no tables of its own, few records.
static const struct yaml_node *find_test(const struct rule *rule, const char *key, const char *word) {
  for (const struct yaml_node *test = rule->tests != NULL ? rule->tests->child : NULL; test != NULL; test = test->next) {
    const struct yaml_node *expect = yaml_find(test, "expect"), *given = yaml_find(test, "given"), *found = yaml_find(expect, key);
    if (found == NULL || found->type != YAML_SCALAR || given == NULL || given->size > RECORDS_MAX || yaml_find(test, "with") != NULL) continue;
    if (word == NULL || slice_equal(found->scalar, slice_from(word))) return test;
  }
  return NULL;
}

static void write_examples(const struct meaning *meaning, unsigned level, struct page *page) {
  static const struct { const char *key, *word, *zh; } wanted[] = {{"hit", NULL, "立案的情形"},
                                                                   {"outcome", "no_hit", "不构成的情形"},
                                                                   {"exempt", NULL, "合法例外的情形"},
                                                                   {"withdrawn", NULL, "撤回的情形"}};
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    const struct yaml_node *test = find_test(meaning->rule, wanted[i].key, wanted[i].word);
    if (test == NULL) continue;
    struct text title = {0};
    text_format(&title, "示例：%s", wanted[i].zh);
    page_heading(page, level, text_slice(&title));
    write_given(page, yaml_find(test, "given"));
    write_expected(meaning, page, yaml_find(test, "expect"));
    text_fini(&title);
  }
}

static void write_advice(const struct rule *rule, unsigned level, struct page *page) {
  page_heading(page, level, SLICE("收到通知后怎么办"));
  for (size_t i = 0; advice[rule->result][i] != NULL; i++) page_item(page, slice_from(advice[rule->result][i]));
  if (rule->show_size == 0) return;
  struct text text = {0};
  const struct meaning meaning = {.rule = rule, .chinese = true};
  TEXT_LITERAL(&text, "通知中列明下列证据，可逐项核对：");
  for (size_t i = 0; i < rule->show_size; i++) {
    if (i > 0) TEXT_LITERAL(&text, "、");
    meaning_operand(&meaning, rule->show[i], &text);
  }
  TEXT_LITERAL(&text, "。");
  page_item(page, text_slice(&text));
  text_fini(&text);
}

static bool is_told(const struct rule *rule) { return rule->status == RULE_ACTIVE || rule->status == RULE_SHADOW; }

static void write_contents(const struct ruleset *ruleset, struct page *page) {
  struct text cells = {0};
  page_heading(page, 2, SLICE("规则一览"));
  page_row(page, SLICE("编号\t名称\t性质\t状态\t自"));
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    if (!is_told(rule)) continue;
    text_clear(&cells);
    text_format(&cells, "%.*s\t%.*s\t%s\t%s\t", SLICE_ARG(rule->id), SLICE_ARG(rule->title_zh), rule_result_zh[rule->result],
                rule_status_zh[rule->status]);
    date_write_day(&cells, rule->from_day);
    page_row(page, text_slice(&cells));
  }
  text_fini(&cells);
}

void handbook_write(const struct ruleset *ruleset, enum page_format format, struct text *out) {
  struct page page;
  struct text text = {0};
  page_begin(&page, out, format, "zh-CN", "医保结算审核规则手册");
  page_heading(&page, 1, SLICE("医保结算审核规则手册"));
  for (size_t i = 0; i < sizeof preface / sizeof preface[0]; i++) page_paragraph(&page, slice_from(preface[i]));
  text_format(&text, "规则集标识：%s。", ruleset->hash);
  page_paragraph(&page, text_slice(&text));
  page_heading(&page, 2, SLICE("审核结果的种类"));
  for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) page_paragraph(&page, slice_from(outcomes[i]));
  page_row(&page, SLICE("结果\t含义"));
  for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
    text_clear(&text);
    text_format(&text, "%s\t%s", outcome_rows[i].zh, outcome_rows[i].meaning);
    page_row(&page, text_slice(&text));
  }
  write_contents(ruleset, &page);
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct meaning meaning = {ruleset, ruleset->rules[r], true};
    if (!is_told(ruleset->rules[r])) continue;
    meaning_rule(&meaning, 2, &page);
    write_examples(&meaning, 3, &page);
    write_advice(ruleset->rules[r], 3, &page);
  }
  page_end(&page);
  text_fini(&text);
}
