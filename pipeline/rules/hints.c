#include "rules/hints.h"

#include "knowledge/calendar.h"
#include "knowledge/schema.h"
#include "rules/format.h"
#include "rules/kinds/kind.h"
#include "rules/operand.h"

enum { FORMS_MAX = 32, INLINE_MAX = 110 };

struct writer {
  const struct hints *hints;
  struct text *out;
  const struct form *forms[FORMS_MAX];    // that are named, to be defined
  size_t forms_size;
};

// --- JSON, a member a line ------------------------------------------------------------------------------------------------------

static void comma(struct text *out) {
  const char last = out->size > 0 ? out->data[out->size - 1] : '{';
  if (last != '{' && last != '[' && last != ':' && last != ',') text_byte(out, ',');
}
static void key(struct text *out, const char *name) {
  comma(out);
  text_json(out, slice_from(name));
  text_byte(out, ':');
}
static void text_member(struct text *out, const char *name, struct slice value) {
  key(out, name);
  text_json(out, value);
}
static void word(struct text *out, struct slice value) {
  comma(out);
  text_json(out, value);
}
static void number_member(struct text *out, const char *name, int64_t value) {
  key(out, name);
  text_int(out, value);
}
static void reference(struct text *out, const char *prefix, const char *name) {
  comma(out);
  text_format(out, "{\"$ref\":\"#/definitions/%s%s\"}", prefix, name);
}

// Where a map or list ends that holds no other, and, being a map, is short; else 0.
static size_t plain_end(struct slice json, size_t at) {
  bool quoted = false;
  for (size_t end = at + 1; end < json.size; end++) {
    const char c = json.data[end];
    if (quoted && c == '\\') end++;
    else if (c == '"') quoted = !quoted;
    else if (!quoted && (c == '}' || c == ']')) return json.data[at] == '[' || end - at < INLINE_MAX ? end : 0;
    else if (!quoted && (c == '{' || c == '[')) break;
  }
  return 0;
}

// Two spaces a level; lists of words and short maps stay on a line.
static void pretty(struct slice json, struct text *out) {
  unsigned depth = 0;
  bool quoted = false;
  for (size_t at = 0; at < json.size; at++) {
    const char c = json.data[at];
    if (quoted || c == '"') {
      if (c == '"') quoted = !quoted;
      text_byte(out, c);
      if (c == '\\') text_byte(out, json.data[++at]);
      continue;
    }
    const size_t end = c == '[' || c == '{' ? plain_end(json, at) : 0;
    if (end > 0) {
      for (; at < end; at++) {
        text_byte(out, json.data[at]);
        if (json.data[at] == ',' && json.data[at + 1] == '"') text_byte(out, ' ');
      }
      text_byte(out, json.data[at]);
      continue;
    }
    const bool open = c == '{' || c == '[', close = c == '}' || c == ']';
    if (close) depth--;
    if (close && json.data[at - 1] != '{' && json.data[at - 1] != '[') {
      text_byte(out, '\n');
      for (unsigned i = 0; i < 2 * depth; i++) text_byte(out, ' ');
    }
    text_byte(out, c);
    if (c == ':') text_byte(out, ' ');
    if (open) depth++;
    if ((open && json.data[at + 1] != '}' && json.data[at + 1] != ']') || c == ',') {
      text_byte(out, '\n');
      for (unsigned i = 0; i < 2 * depth; i++) text_byte(out, ' ');
    }
  }
  text_byte(out, '\n');
}

// --- Words ----------------------------------------------------------------------------------------------------------------------

const char *hints_unit_zh(const char *unit) {
  static const struct { const char *unit, *zh; } units[] = {
      {"days", "天"}, {"hours", "小时"}, {"seconds", "秒"}, {"working days", "个工作日"}, {"units", "个计价单位"}, {"permille", "‰"},
      {"fen", "分"}, {"yuan", "元"}, {"characters", "位"}, {"symbol", "符号"}, {"gap_unit", "由 gap_unit 决定"}};
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
    if (strcmp(units[i].unit, unit) == 0) return units[i].zh;
  return unit;
}

void hints_parameter(const struct setting *row, struct text *out) {
  static const char *const types[] = {[SETTING_INT] = "整数",     [SETTING_BOOL] = "true 或 false", [SETTING_TEXT] = "文本",
                                      [SETTING_WORD] = "取值",    [SETTING_DECIMAL] = "小数",       [SETTING_NUMBER] = "整数或查表",
                                      [SETTING_DAY] = "日期",     [SETTING_TEXTS] = "列表",         [SETTING_MAP] = "映射"};
  text_append(out, slice_from(types[row->type]));
  if (row->type == SETTING_INT || row->type == SETTING_NUMBER)
    text_format(out, "，%lld..%lld", (long long)row->min, (long long)row->max);
  for (size_t i = 0; row->type == SETTING_WORD && row->words[i] != NULL; i++) text_format(out, "%s%s", i > 0 ? " | " : " ", row->words[i]);
  if (row->unit[0] != '\0') text_format(out, "，单位 %s", hints_unit_zh(row->unit));
  if (row->fallback == NULL) TEXT_LITERAL(out, "，必填");
  else if (row->fallback[0] != '\0') text_format(out, "，默认 %s", row->fallback);
}

static void enumerate(struct text *out, const char *const *words, const char *const *words_zh) {
  key(out, "enum");
  text_byte(out, '[');
  for (size_t i = 0; words[i] != NULL; i++) word(out, slice_from(words[i]));
  text_byte(out, ']');
  if (words_zh == NULL) return;
  key(out, "enumDescriptions");
  text_byte(out, '[');
  for (size_t i = 0; words[i] != NULL; i++) word(out, slice_from(words_zh[i]));
  text_byte(out, ']');
}

// --- Forms ------------------------------------------------------------------------------------------------------------------------

// The inside of one value's schema, without the braces.
static void write_type(struct writer *writer, const struct form_key *row) {
  struct text *out = writer->out;
  switch (row->type) {
    case FORM_TEXT:
      text_member(out, "type", SLICE("string"));
      number_member(out, "minLength", row->min);
      number_member(out, "maxLength", row->max);
      break;
    case FORM_NAME:
    case FORM_ID:
      text_member(out, "type", SLICE("string"));
      text_member(out, "pattern", row->type == FORM_ID ? SLICE("^[A-Z][A-Z0-9-]*$") : SLICE("^[a-z][a-z0-9_]*$"));
      number_member(out, "maxLength", row->max);
      break;
    case FORM_WORD: enumerate(out, row->words, row->words_zh); break;
    case FORM_INT:
      text_member(out, "type", SLICE("integer"));
      number_member(out, "minimum", row->min);
      number_member(out, "maximum", row->max);
      break;
    case FORM_DECIMAL: text_member(out, "type", SLICE("number")); break;
    case FORM_BOOL: text_member(out, "type", SLICE("boolean")); break;
    case FORM_DAY:
    case FORM_TIME:
      text_member(out, "type", SLICE("string"));
      text_member(out, "pattern", row->type == FORM_DAY ? SLICE("^\\d{4}-\\d{2}-\\d{2}$")
                                                        : SLICE("^\\d{4}-\\d{2}-\\d{2}([ T]\\d{2}:\\d{2}:\\d{2})?$"));
      break;
    case FORM_MAP:
      if (row->form == NULL) {
        text_member(out, "type", SLICE("object"));
        break;
      }
      key(out, "allOf");
      text_byte(out, '[');
      reference(out, "form_", row->form->name);
      text_byte(out, ']');
      for (size_t i = 0; i < writer->forms_size; i++)
        if (writer->forms[i] == row->form) return;
      if (writer->forms_size < FORMS_MAX) writer->forms[writer->forms_size++] = row->form;
      break;
    case FORM_OWN:
      key(out, "allOf");
      text_byte(out, '[');
      reference(out, "", row->own);
      text_byte(out, ']');
      break;
  }
}

static void write_list(struct writer *writer, const struct form_key *row) {
  struct text *out = writer->out;
  text_member(out, "type", SLICE("array"));
  key(out, "items");
  text_byte(out, '{');
  write_type(writer, row);
  text_byte(out, '}');
  if (row->min_items > 0) number_member(out, "minItems", row->min_items);
  if (row->max_items > 0) number_member(out, "maxItems", row->max_items);
}

static void write_row(struct writer *writer, const struct form_key *row) {
  struct text *out = writer->out;
  key(out, row->name);
  text_byte(out, '{');
  if (row->single) {
    // One without brackets; of a map, its name alone.
    static const struct form_key name = {.type = FORM_TEXT, .min = 1, .max = 2000};
    TEXT_LITERAL(out, "\"anyOf\":[{");
    write_type(writer, row);
    TEXT_LITERAL(out, "},{");
    if (row->list) write_list(writer, row);
    else write_type(writer, &name);    // a map's
    TEXT_LITERAL(out, "}]");
  } else if (row->list) {
    write_list(writer, row);
  } else {
    write_type(writer, row);
  }
  text_member(out, "description", slice_from(row->doc_zh));
  text_byte(out, '}');
}

static void open_object(struct text *out) {
  text_member(out, "type", SLICE("object"));
  key(out, "additionalProperties");
  TEXT_LITERAL(out, "false");
}

static void write_required(struct text *out, const struct form *form) {
  key(out, "required");
  text_byte(out, '[');
  for (size_t i = 0; i < form->size; i++)
    if (form->keys[i].required) word(out, slice_from(form->keys[i].name));
  text_byte(out, ']');
}

static void open_definition(struct text *out, const char *prefix, const char *name) {
  struct text full = {0};
  text_format(&full, "%s%s%c", prefix, name, '\0');
  key(out, full.data);
  text_byte(out, '{');
  text_fini(&full);
}

// --- Operands and conditions --------------------------------------------------------------------------------------------------------

static const char *const type_words[] = {[VALUE_UNKNOWN] = "", [VALUE_TEXT] = "text",  [VALUE_INT] = "int",
                                         [VALUE_FEN] = "fen",  [VALUE_PRICE] = "price", [VALUE_COUNT] = "count",
                                         [VALUE_TIME] = "time", [VALUE_DAY] = "day",   [VALUE_BOOL] = "bool"};

// The definition of an operand's condition, and a reference to it. The same name is the same thing in every kind.
static void operand_definition(struct text *out, const char *name, const struct operand_row *row, int codes, bool earlier) {
  struct text doc = {0};
  open_definition(out, "when_", name);
  TEXT_LITERAL(out, "\"allOf\":[");
  reference(out, "test_", codes >= 0 ? code_table_files[codes] : type_words[row->type]);
  text_byte(out, ']');
  text_format(&doc, "%s%s。", earlier ? "上次住院的" : "", row->doc_zh);
  if (row->unit[0] != '\0') text_format(&doc, "单位：%s。", hints_unit_zh(row->unit));
  if (strcmp(row->source, "kind") != 0) text_format(&doc, "来源：%s。", row->source);
  text_member(out, "description", text_slice(&doc));
  text_byte(out, '}');
  text_fini(&doc);
}
static void operand_property(struct text *out, const char *name, const struct operand_row *row, int codes, bool earlier) {
  (void)row, (void)codes, (void)earlier;
  key(out, name);
  reference(out, "when_", name);
}

enum places { BEFORE, OF_KIND, ANYWHERE };

// Calls each for the operands that may be named: before the kind has looked, in rules of one kind, in any rule.
static void each_operand(enum places place, const struct kind *kind, void (*each)(struct text *out, const char *name,
                         const struct operand_row *row, int codes, bool earlier), struct text *out) {
  for (size_t i = 0; i < operands_size; i++) {
    const struct operand *operand = &operands[i];
    const bool pairs = place == ANYWHERE || (place == OF_KIND && kind->unit == KIND_PAIR);
    if (pairs || !operand->pair) each(out, operand->row.name, &operand->row, operand->codes, false);
    if (pairs && operand->previous != NULL) each(out, operand->previous, &operand->row, operand->codes, true);
  }
  for (const struct kind *const *at = kinds; *at != NULL && place != BEFORE; at++)
    for (size_t i = 0; (place == ANYWHERE || *at == kind) && i < (*at)->operands_size; i++) {
      const struct operand_row *row = &(*at)->operands[i];
      bool twice = operand_find(NULL, slice_from(row->name)) != OPERAND_NONE;
      for (const struct kind *const *other = kinds; place == ANYWHERE && other != at; other++)
        for (size_t j = 0; j < (*other)->operands_size; j++) twice |= strcmp((*other)->operands[j].name, row->name) == 0;
      if (!twice) each(out, row->name, row, -1, false);
    }
}

static void each_name(struct text *out, const char *name, const struct operand_row *row, int codes, bool earlier) {
  (void)row, (void)codes, (void)earlier;
  word(out, slice_from(name));
}
static void each_value(struct text *out, const char *name, const struct operand_row *row, int codes, bool earlier) {
  (void)codes;
  key(out, name);
  TEXT_LITERAL(out, "{\"type\":[\"string\",\"number\",\"boolean\"]");
  struct text doc = {0};
  text_format(&doc, "%s%s；absent 为缺失。", earlier ? "上次住院的" : "", row->doc_zh);
  text_member(out, "description", text_slice(&doc));
  text_fini(&doc);
  text_byte(out, '}');
}

static void write_operands(struct text *out, const char *prefix, const char *name, enum places place, const struct kind *kind) {
  open_definition(out, prefix, name);
  TEXT_LITERAL(out, "\"enum\":[");
  each_operand(place, kind, each_name, out);
  TEXT_LITERAL(out, "]}");
}

static void write_condition(struct writer *writer, const char *name, enum places place, const struct kind *kind) {
  struct text *out = writer->out;
  open_definition(out, "condition", name);
  open_object(out);
  number_member(out, "minProperties", 1);
  key(out, "properties");
  text_byte(out, '{');
  for (size_t i = 0; i < format_logic.size; i++) {
    struct form_key row = format_logic.keys[i];
    struct text own = {0};
    text_format(&own, "condition%s%c", name, '\0');
    row.own = own.data;
    write_row(writer, &row);
    text_fini(&own);
  }
  each_operand(place, kind, operand_property, out);
  TEXT_LITERAL(out, "}}");
}

// What stands beside an operand of the type: a constant, a list of them, comparisons.
static void write_test(struct writer *writer, const char *name, bool text, bool ordered) {
  struct text *out = writer->out;
  open_definition(out, "test_", name);
  TEXT_LITERAL(out, "\"anyOf\":[");
  reference(out, "constant_", name);
  if (ordered) reference(out, "form_", format_lookup.name);
  TEXT_LITERAL(out, ",{\"type\":\"array\",\"minItems\":1,\"items\":");
  reference(out, "constant_", name);
  TEXT_LITERAL(out, "},{");
  open_object(out);
  number_member(out, "minProperties", 1);
  key(out, "properties");
  text_byte(out, '{');
  for (size_t i = 0; i < format_comparison.size; i++) {
    struct form_key row = format_comparison.keys[i];
    const bool bound = row.type == FORM_OWN && strcmp(row.own, "bound") == 0;
    const bool of_text = row.type == FORM_TEXT || (row.type == FORM_OWN && strcmp(row.own, "table") == 0);
    if ((bound && !ordered) || (of_text && !text)) continue;
    struct text own = {0};
    text_format(&own, "%s_%s%c", bound ? "bound" : "constant", name, '\0');
    if (row.type == FORM_OWN && !of_text) row.own = own.data;
    write_row(writer, &row);
    text_fini(&own);
  }
  TEXT_LITERAL(out, "}}]}");
}

static void write_constant(struct text *out, const char *name, const char *schema) {
  open_definition(out, "constant_", name);
  text_append(out, slice_from(schema));
  text_byte(out, '}');
}

static void write_values(struct writer *writer) {
  static const struct { const char *name, *constant, *bound; } types[] = {
      {"text", "\"type\":\"string\",\"minLength\":1", NULL},
      {"int", "\"type\":\"integer\"", ""},
      {"fen", "\"type\":\"number\"", ""},
      {"price", "\"type\":\"number\"", ""},
      {"count", "\"type\":\"number\"", ""},
      {"time", "\"type\":\"string\",\"pattern\":\"^\\\\d{4}-\\\\d{2}-\\\\d{2}[ T]\\\\d{2}:\\\\d{2}:\\\\d{2}$\"",
       "\"type\":\"string\",\"pattern\":\"^\\\\d{4}-\\\\d{2}-\\\\d{2}([ T]\\\\d{2}:\\\\d{2}:\\\\d{2})?$\""},
      {"day", "\"type\":\"string\",\"pattern\":\"^\\\\d{4}-\\\\d{2}-\\\\d{2}$\"", ""},
      {"bool", "\"type\":\"boolean\"", NULL},
  };
  struct text *out = writer->out;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    write_constant(out, types[i].name, types[i].constant);
    write_test(writer, types[i].name, i == 0, types[i].bound != NULL);
    if (types[i].bound == NULL) continue;
    open_definition(out, "bound_", types[i].name);
    text_format(out, "\"anyOf\":[{%s},", types[i].bound[0] != '\0' ? types[i].bound : types[i].constant);
    reference(out, "form_", format_lookup.name);
    TEXT_LITERAL(out, "]}");
  }
}

// --- Symbols, tables ------------------------------------------------------------------------------------------------------------------

static void symbol_words(struct text *out, enum code_table table, bool described) {
  for (unsigned s = 1; s < code_symbols(table); s++)
    word(out, slice_from(described ? code_symbol_zh(table, s) : code_symbol_name(table, s)));
}

static void write_symbols(struct writer *writer) {
  static const char *const must[] = {"INPATIENT_STAY", "INPATIENT_REVIEW"};
  const struct ruleset *ruleset = writer->hints->ruleset;
  struct text *out = writer->out;
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) {
    size_t size = table == CODES_MED_TYPE ? sizeof must / sizeof must[0] : 0;
    const char *const *groups = must;
    if (table == CODES_MED_TYPE && ruleset != NULL) groups = codes_groups(ruleset->codes, &size);
    for (unsigned pass = 0; pass < 2; pass++) {    // the symbols of records, and with the groups those of conditions
      open_definition(out, pass == 0 ? "" : "constant_", code_table_files[table]);
      TEXT_LITERAL(out, "\"enum\":[");
      symbol_words(out, table, false);
      for (size_t g = 0; pass == 1 && g < size; g++) word(out, slice_from(groups[g]));
      TEXT_LITERAL(out, "],\"enumDescriptions\":[");
      symbol_words(out, table, true);
      for (size_t g = 0; pass == 1 && g < size; g++) word(out, SLICE("codes/med_type.yaml 中的组合"));
      TEXT_LITERAL(out, "]}");
    }
    if (table != CODES_FEE) write_test(writer, code_table_files[table], false, false);
  }
  TEXT_LITERAL(out, ",\"fee\":");
  reference(out, "", code_table_files[CODES_FEE]);
  TEXT_LITERAL(out, ",\"fee_or_none\":{\"anyOf\":[{\"enum\":[\"none\"]},");
  reference(out, "", code_table_files[CODES_FEE]);
  TEXT_LITERAL(out, "]},\"med_type_or_none\":{\"anyOf\":[{\"enum\":[\"none\"]},");
  reference(out, "", code_table_files[CODES_MED_TYPE]);
  TEXT_LITERAL(out, "]},\"time_or_none\":{\"type\":\"string\",\"pattern\":"
                    "\"^(none|\\\\d{4}-\\\\d{2}-\\\\d{2}([ T]\\\\d{2}:\\\\d{2}:\\\\d{2})?)$\"}");
  TEXT_LITERAL(out, ",\"symbol\":{\"anyOf\":[");
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) reference(out, "", code_table_files[table]);
  TEXT_LITERAL(out, ",{\"enum\":[\"OTHER\",\"UNKNOWN\"]}]},\"table\":{\"type\":\"string\"");
  size_t size = 0;
  const char *const *names = ruleset != NULL ? tables_names(ruleset->tables, &size) : NULL;
  if (size > 0) TEXT_LITERAL(out, ",\"enum\":[");
  for (size_t i = 0; i < size; i++) word(out, slice_from(names[i]));
  if (size > 0) text_byte(out, ']');
  text_byte(out, '}');
}

// --- Kinds ------------------------------------------------------------------------------------------------------------------------------

static void write_parameter(struct text *out, const struct setting *row, const struct parameter_words *words) {
  key(out, row->name);
  text_byte(out, '{');
  switch (row->type) {
    case SETTING_NUMBER:
    case SETTING_INT:
      text_format(out, "\"anyOf\":[{\"type\":\"integer\",\"minimum\":%lld,\"maximum\":%lld}", (long long)row->min, (long long)row->max);
      if (row->type == SETTING_NUMBER) reference(out, "form_", format_lookup.name);
      text_byte(out, ']');
      break;
    case SETTING_BOOL: text_member(out, "type", SLICE("boolean")); break;
    case SETTING_WORD: enumerate(out, row->words, NULL); break;
    case SETTING_DECIMAL: text_member(out, "type", SLICE("number")); break;
    case SETTING_MAP: text_member(out, "type", SLICE("object")); break;
    case SETTING_TEXT:
    case SETTING_DAY:
      if (words->own != NULL) {
        TEXT_LITERAL(out, "\"allOf\":[");
        reference(out, "", words->own);
        text_byte(out, ']');
      } else {
        text_member(out, "type", SLICE("string"));
      }
      break;
    case SETTING_TEXTS:
      TEXT_LITERAL(out, "\"type\":\"array\",\"items\":");
      if (words->own != NULL) reference(out, "", words->own);
      else TEXT_LITERAL(out, "{\"type\":\"string\"}");
      break;
  }
  struct text doc = {0};
  text_append(&doc, slice_from(words->doc_zh));
  hints_parameter(row, &doc);
  TEXT_LITERAL(&doc, "。");
  text_member(out, "description", text_slice(&doc));
  text_byte(out, '}');
  text_fini(&doc);
}

static void write_params(struct text *out, const struct kind *kind) {
  open_definition(out, "params_", kind->name);
  open_object(out);
  key(out, "required");
  text_byte(out, '[');
  for (size_t i = 0; i < kind->params_size; i++)
    if (kind->params[i].fallback == NULL) word(out, slice_from(kind->params[i].name));
  text_byte(out, ']');
  key(out, "properties");
  text_byte(out, '{');
  for (size_t i = 0; i < kind->params_size; i++) write_parameter(out, &kind->params[i], &kind->words[i]);
  TEXT_LITERAL(out, "}}");
}

// What the kind makes of the rule's other keys.
static void write_then(struct text *out, const struct kind *kind) {
  comma(out);
  TEXT_LITERAL(out, "{\"if\":{\"required\":[\"kind\"],\"properties\":{\"kind\":{\"enum\":[");
  text_json(out, slice_from(kind->name));
  TEXT_LITERAL(out, "]}}},\"then\":{\"properties\":{\"params\":");
  reference(out, "params_", kind->name);
  TEXT_LITERAL(out, ",\"amount\":{\"enum\":[");
  for (size_t i = 0; kind->amounts[i] != NULL; i++) word(out, slice_from(kind->amounts[i]));
  TEXT_LITERAL(out, "]},\"unless\":{\"items\":{\"properties\":{\"if\":");
  reference(out, "condition_", kind->name);
  TEXT_LITERAL(out, "}}},\"bands\":{\"items\":{\"properties\":{\"if\":");
  reference(out, "condition_", kind->name);
  TEXT_LITERAL(out, "}}},\"show\":{\"items\":");
  reference(out, "operand_", kind->name);
  TEXT_LITERAL(out, "}}");
  bool must = false;
  for (size_t i = 0; i < kind->params_size; i++) must |= kind->params[i].fallback == NULL;
  if (must) TEXT_LITERAL(out, ",\"required\":[\"params\"]");
  TEXT_LITERAL(out, "}}");
}

static void write_kinds(struct writer *writer) {
  struct text *out = writer->out;
  TEXT_LITERAL(out, ",\"kind\":{\"enum\":[");
  for (const struct kind *const *kind = kinds; *kind != NULL; kind++) word(out, slice_from((*kind)->name));
  TEXT_LITERAL(out, "],\"enumDescriptions\":[");
  for (const struct kind *const *kind = kinds; *kind != NULL; kind++) word(out, slice_from((*kind)->summary_zh));
  TEXT_LITERAL(out, "]},\"params\":{\"type\":\"object\"},\"amount\":{\"type\":\"string\"}");
  TEXT_LITERAL(out, ",\"sentence\":{\"type\":\"string\",\"minLength\":1,"
                    "\"pattern\":\"^([^{}]|\\\\{\\\\{|\\\\}\\\\}|\\\\{[A-Za-z0-9_.]+\\\\})*$\"}");
  each_operand(ANYWHERE, NULL, operand_definition, out);
  write_operands(out, "", "operand", ANYWHERE, NULL);
  write_operands(out, "", "operand_before", BEFORE, NULL);
  write_condition(writer, "", ANYWHERE, NULL);
  write_condition(writer, "_before", BEFORE, NULL);
  for (const struct kind *const *kind = kinds; *kind != NULL; kind++) {
    write_params(out, *kind);
    write_operands(out, "operand_", (*kind)->name, OF_KIND, *kind);
    struct text name = {0};
    text_format(&name, "_%s%c", (*kind)->name, '\0');
    write_condition(writer, name.data, OF_KIND, *kind);
    text_fini(&name);
  }
}

static void write_form(struct writer *writer, const struct form *form) {
  struct text *out = writer->out;
  open_definition(out, "form_", form->name);
  open_object(out);
  if (form == writer->hints->record) TEXT_LITERAL(out, ",\"minProperties\":1,\"maxProperties\":1");
  write_required(out, form);
  key(out, "properties");
  text_byte(out, '{');
  for (size_t i = 0; i < form->size; i++) write_row(writer, &form->keys[i]);
  if (form == &format_expect) each_operand(ANYWHERE, NULL, each_value, out);
  text_byte(out, '}');
  if (form == &format_rule) {
    TEXT_LITERAL(out, ",\"allOf\":[");
    for (const struct kind *const *kind = kinds; *kind != NULL; kind++) write_then(out, *kind);
    text_byte(out, ']');
  }
  text_byte(out, '}');
}

void hints_write(const struct hints *hints, struct text *out) {
  struct text json = {0};
  struct writer writer = {.hints = hints, .out = &json,
                          .forms = {&format_rule, &format_lookup, &format_expect, hints->record, &schema_form, &codes_form, &calendar_form,
                                    &format_overlay},
                          .forms_size = 8};
  TEXT_LITERAL(&json, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"title\":\"settlewatch 规则\","
                      "\"description\":\"规则文件及知识表说明、代码表、日历。由 settlewatch rules schema 生成。\"");
  // The required keys of the other files are none of a rule's.
  TEXT_LITERAL(&json, ",\"if\":{\"required\":[\"columns\"]},\"then\":{\"$ref\":\"#/definitions/form_table\"},"
                      "\"else\":{\"if\":{\"required\":[\"codes\"]},\"then\":{\"$ref\":\"#/definitions/form_code_table\"},"
                      "\"else\":{\"if\":{\"required\":[\"year\"]},\"then\":{\"$ref\":\"#/definitions/form_calendar\"},"
                      "\"else\":{\"if\":{\"required\":[\"overlay\"]},\"then\":{\"$ref\":\"#/definitions/form_overlay\"},"
                      "\"else\":{\"$ref\":\"#/definitions/form_rule\"}}}}");
  TEXT_LITERAL(&json, ",\"definitions\":{");
  write_values(&writer);
  write_symbols(&writer);
  write_kinds(&writer);
  for (size_t i = 0; i < writer.forms_size; i++) write_form(&writer, writer.forms[i]);
  TEXT_LITERAL(&json, ",\"record\":");
  reference(&json, "form_", hints->record->name);
  TEXT_LITERAL(&json, ",\"expect\":");
  reference(&json, "form_", format_expect.name);
  TEXT_LITERAL(&json, "}}");
  pretty(text_slice(&json), out);
  text_fini(&json);
}
