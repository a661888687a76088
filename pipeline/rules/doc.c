#include "rules/doc.h"

#include "rules/kinds/kind.h"
#include "rules/operand.h"

static const char *type_word(enum value_type type, bool symbol) {
  static const char *const words[] = {[VALUE_UNKNOWN] = "",   [VALUE_TEXT] = "text",   [VALUE_INT] = "whole number",
                                      [VALUE_FEN] = "amount", [VALUE_PRICE] = "price", [VALUE_COUNT] = "count",
                                      [VALUE_TIME] = "time",  [VALUE_DAY] = "date",    [VALUE_BOOL] = "true or false"};
  return symbol ? "symbol" : words[type];
}

static void write_row(struct text *out, const struct operand_row *row, const char *type) {
  text_format(out, "| `%s` | %s | %s | %s | %s | %s |\n", row->name, type, row->unit, row->source, row->absent, row->doc_zh);
}

static const char head[] = "| Name | Type | Unit | Source | Absent when | 含义 |\n|---|---|---|---|---|---|\n";

static void write_symbols(struct text *out) {
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) {
    if (table == CODES_FEE) continue;    // of lines, which conditions do not name
    text_format(out, "* `%s`:", code_table_files[table]);
    for (unsigned s = 1; s < operand_symbols[table]; s++) text_format(out, " `%s`", code_symbol_name(table, s));
    text_byte(out, '\n');
  }
}

void rules_doc_fields(struct text *out) {
  TEXT_LITERAL(out,
               "# Operands\n\nWhat a condition, a sentence (`say`), `require` or `show` may name. An absent operand makes a "
               "condition unknown, and unknown never becomes a finding by itself.\n\n");
  text_append(out, slice_from(head));
  for (size_t i = 0; i < operands_size; i++)
    write_row(out, &operands[i].row, operands[i].many ? "texts" : type_word(operands[i].row.type, operands[i].codes >= 0));
  TEXT_LITERAL(out,
               "\n`previous.NAME` is the same of the earlier stay of a pair, in `unless`, `bands`, `say` and `show` of "
               "kinds that look at pairs. It does not exist for:");
  for (size_t i = 0; i < operands_size; i++)
    if (operands[i].previous == NULL) text_format(out, " `%s`", operands[i].row.name);
  TEXT_LITERAL(
      out,
      ".\n\n## Symbols\n\nRaw codes become symbols through the site's tables under `codes/`. A code that is not mapped is "
      "unknown. `visit` also takes the groups of `codes/med_type.yaml`, such as `INPATIENT_STAY`.\n\n");
  write_symbols(out);
  TEXT_LITERAL(out, "\n## Operands of the kinds\n\nOnly in rules of that kind, not in `scope` and `require`.\n");
  for (const struct kind *const *kind = kinds; *kind != NULL; kind++) {
    if ((*kind)->operands_size == 0) continue;
    text_format(out, "\n### `%s`\n\n", (*kind)->name);
    text_append(out, slice_from(head));
    for (size_t i = 0; i < (*kind)->operands_size; i++)
      write_row(out, &(*kind)->operands[i], type_word((*kind)->operands[i].type, false));
  }
}

void rules_doc_kinds(struct text *out) {
  static const char *const units[] = {[KIND_CLAIM] = "one visit", [KIND_PAIR] = "a visit and the visits before it"};
  static const char *const witnesses[] = {
      [WITNESS_VISIT] = "the visit's symbol and institution",
      [WITNESS_NATIONAL_CODE] = "lines whose `med_list_codg` is a key of its table",
      [WITNESS_HOSPITAL_CODE] = "lines whose (`fixmedins_code`, `medins_list_codg`) is a key of its table"};
  TEXT_LITERAL(out, "# Rule kinds\n");
  for (const struct kind *const *at = kinds; *at != NULL; at++) {
    const struct kind *kind = *at;
    text_format(out,
                "\n## `%s` %s\n\n* looks at: %s\n* found by: %s\n* a finding is identified by: %s\n* amounts:", kind->name,
                kind->title_zh, units[kind->unit], witnesses[kind->witness], kind->identity);
    for (size_t i = 0; kind->amounts[i] != NULL; i++)
      text_format(out, " `%s`%s", kind->amounts[i], i == 0 ? " (default)" : "");
    TEXT_LITERAL(out, "\n\n");
    if (kind->params_size > 0) settings_reference(kind->params, kind->params_size, out);
    if (kind->operands_size == 0) continue;
    TEXT_LITERAL(out, "\n");
    text_append(out, slice_from(head));
    for (size_t i = 0; i < kind->operands_size; i++)
      write_row(out, &kind->operands[i], type_word(kind->operands[i].type, false));
  }
}
