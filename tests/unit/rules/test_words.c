#include "sample.h"

#include "rules/format.h"
#include "rules/hints.h"
#include "rules/kinds/kind.h"
#include "rules/meaning.h"
#include "rules/operand.h"
#include "rules/words.h"

// What people read of a kind, an operand or a symbol stands beside it; nothing may be without.

static bool is_chinese(const char *text) {
  for (; text != NULL && *text != '\0'; text++)
    if ((unsigned char)*text >= 0xe4 && (unsigned char)*text <= 0xe9) return true;
  return false;
}

static void every_parameter_has_its_words_in_the_order_of_the_rows(void **state) {
  (void)state;
  for (const struct kind *const *at = kinds; *at != NULL; at++) {
    const struct kind *kind = *at;
    assert_true(is_chinese(kind->summary_zh) && kind->summary_en != NULL && !is_chinese(kind->summary_en));
    for (size_t i = 0; i < kind->params_size; i++) {
      const struct setting *row = &kind->params[i];
      const struct parameter_words *words = &kind->words[i];
      if (strcmp(row->name, words->name) != 0) fail_msg("%s: words of '%s' stand beside '%s'", kind->name, words->name, row->name);
      assert_true(is_chinese(words->doc_zh));
      const bool listed = row->type == SETTING_WORD || row->type == SETTING_BOOL;
      if (listed != (words->zh_of != NULL) || listed != (words->en_of != NULL)) fail_msg("%s.%s: a sentence for each word", kind->name, row->name);
      if (!listed && (strstr(words->zh, "{}") == NULL || strstr(words->en, "{}") == NULL)) fail_msg("%s.%s: no place for the value", kind->name, row->name);
    }
  }
}

static void every_amount_is_documented_with_its_rounding(void **state) {
  (void)state;
  for (const struct kind *const *kind = kinds; *kind != NULL; kind++)
    for (size_t i = 0; (*kind)->amounts[i] != NULL; i++) {
      const struct meaning_amount *amount = meaning_amount_find((*kind)->amounts[i]);
      if (amount == NULL) fail_msg("%s computes '%s', which has no words", (*kind)->name, (*kind)->amounts[i]);
      const bool none = strcmp(amount->name, "none") == 0;
      assert_true(none || strstr(amount->zh, "舍入") != NULL || strstr(amount->zh, "四舍五入") != NULL);
      assert_true(none || strstr(amount->en, "rounded") != NULL);
    }
}

static void every_operand_has_a_chinese_and_an_english_name(void **state) {
  (void)state;
  for (size_t i = 0; i < operands_size; i++)
    assert_true(is_chinese(operands[i].row.doc_zh) && operands[i].row.en != NULL && !is_chinese(operands[i].row.en));
  for (const struct kind *const *kind = kinds; *kind != NULL; kind++)
    for (size_t i = 0; i < (*kind)->operands_size; i++)
      assert_true(is_chinese((*kind)->operands[i].doc_zh) && (*kind)->operands[i].en != NULL && !is_chinese((*kind)->operands[i].en));
}

static void every_symbol_has_a_chinese_name(void **state) {
  (void)state;
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) {
    assert_int_equal(code_symbols(table), operand_symbols[table]);
    for (unsigned s = 0; s < code_symbols(table); s++) assert_true(is_chinese(code_symbol_zh(table, s)));
  }
}

static void check_form_words(const struct form *form) {
  for (size_t i = 0; i < form->size; i++) {
    const struct form_key *row = &form->keys[i];
    if (!is_chinese(row->doc_zh)) fail_msg("%s.%s is not explained", form->name, row->name);
    for (size_t j = 0; j < i; j++) assert_string_not_equal(row->name, form->keys[j].name);
    size_t words = 0, words_zh = 0;
    while (row->words != NULL && row->words[words] != NULL) words++;
    while (row->words_zh != NULL && row->words_zh[words_zh] != NULL) words_zh++;
    assert_true(words == words_zh && (row->type == FORM_WORD) == (words > 0));
    if (row->type == FORM_MAP && row->form != NULL) check_form_words(row->form);
  }
}

static void every_key_of_every_form_is_explained(void **state) {
  (void)state;
  const struct form *const forms[] = {&format_rule, &format_overlay, &format_comparison, &format_logic, &format_lookup, &format_expect, &words_record};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) check_form_words(forms[i]);
}

static void a_unit_that_a_parameter_names_is_the_rule_s_own(void **state) {
  (void)state;
  assert_string_equal(hints_unit_zh("days"), "天");
  assert_string_equal(hints_unit_zh("no such unit"), "no such unit");
}

int main(void) {
  digest_start();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_parameter_has_its_words_in_the_order_of_the_rows),
      cmocka_unit_test(every_amount_is_documented_with_its_rounding),
      cmocka_unit_test(every_operand_has_a_chinese_and_an_english_name),
      cmocka_unit_test(every_symbol_has_a_chinese_name),
      cmocka_unit_test(every_key_of_every_form_is_explained),
      cmocka_unit_test(a_unit_that_a_parameter_names_is_the_rule_s_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
