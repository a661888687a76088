#include "rules/hash.h"

#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "rules/condition.h"
#include "rules/operand.h"
#include "rules/reads.h"

static void line(struct text *out, const char *name, struct slice value) {
  text_format(out, "%s ", name);
  text_json(out, value);
  text_byte(out, '\n');
}

static void sentence(struct text *out, const char *name, const struct rule *rule, const struct piece *pieces, size_t size) {
  text_append(out, slice_from(name));
  for (size_t i = 0; i < size; i++) {
    text_byte(out, ' ');
    if (pieces[i].operand < 0) {
      text_json(out, pieces[i].literal);
    } else {
      text_append(out, slice_from(operand_text(rule->kind, pieces[i].operand)));
    }
  }
  text_byte(out, '\n');
}

static void operand_list(struct text *out, const char *name, const struct rule *rule, const int *list, size_t size) {
  text_append(out, slice_from(name));
  for (size_t i = 0; i < size; i++) text_format(out, " %s", operand_text(rule->kind, list[i]));
  text_byte(out, '\n');
}

void hash_rule_text(const struct rule *rule, struct text *out) {
  line(out, "rule", rule->name);
  line(out, "id", rule->id);
  line(out, "zh", rule->title_zh);
  line(out, "en", rule->title_en);
  line(out, "national_code", rule->national_code);
  line(out, "statute", rule->statute);
  text_format(out, "version %lld %s %s %s %s %s from %d to %d\n", (long long)rule->version, rule_status_words[rule->status],
              rule_result_words[rule->result], rule_subject_words[rule->subject], precedence_words[rule->precedence],
              agreement_class_words[rule->agreement_class], rule->from_day, rule->to_day);
  if (rule->recorded_day != INT32_MIN) text_format(out, "recorded_on %d\n", rule->recorded_day);
  for (size_t i = 0; i < rule->yields_to_size; i++) line(out, "yields_to", rule->yields_to[i]);
  for (size_t i = 0; i < rule->basis_size; i++) {
    line(out, "law", rule->basis[i].law);
    line(out, "article", rule->basis[i].article);
  }
  operand_list(out, "require", rule, rule->require, rule->require_size);
  TEXT_LITERAL(out, "scope ");
  condition_canonical(rule, rule->scope, out);
  text_format(out, "\nkind %s\n", rule->kind->name);
  settings_canonical(rule->kind->params, rule->kind->params_size, rule->params, out);
  for (size_t i = 0; i < rule->exemptions_size; i++) {
    const struct exemption *exemption = &rule->exemptions[i];
    line(out, "exemption", exemption->id);
    line(out, "reason", exemption->reason);
    line(out, "owner", exemption->owner);
    line(out, "approved_by", exemption->approved_by);
    if (exemption->recorded_day != INT32_MIN) text_format(out, "recorded_on %d ", exemption->recorded_day);
    text_format(out, "until %d if ", exemption->until_day);
    condition_canonical(rule, exemption->condition, out);
    text_byte(out, '\n');
  }
  for (size_t i = 0; i < rule->bands_size; i++) {
    line(out, "band", rule->bands[i].name);
    text_format(out, "severity %d if ", rule->bands[i].severity);
    condition_canonical(rule, rule->bands[i].condition, out);
    text_byte(out, '\n');
  }
  line(out, "amount", rule->amount_name);
  sentence(out, "say_zh", rule, rule->say_zh, rule->say_zh_size);
  sentence(out, "say_en", rule, rule->say_en, rule->say_en_size);
  operand_list(out, "show", rule, rule->show, rule->show_size);
  if (rule->budget_evaluated > 0)
    text_format(out, "budget %lld of %lld\n", (long long)rule->budget_basis_points, (long long)rule->budget_evaluated);
}

static int order_texts(const void *a, const void *b) {
  return slice_compare(slice_from(*(const char *const *)a), slice_from(*(const char *const *)b));
}

// Which facts of visits the rules read, and with which kinds: what a dossier must keep. Numbers in rules do not count, so
// that a changed bound asks for no rebuild.
struct needs {
  const char **names;
  size_t size, capacity;
};

static void need(struct needs *needs, const char *name) {
  if (needs->size == needs->capacity) {
    needs->capacity = needs->capacity ? needs->capacity * 2 : 256;
    needs->names = memory_resize(needs->names, needs->capacity * sizeof *needs->names);
  }
  needs->names[needs->size++] = name;
}

struct needing {
  struct needs *needs;
  const struct rule *rule;
};

static void need_operand(void *context, int operand) {
  const struct needing *needing = context;
  need(needing->needs, operand_text(needing->rule->kind, operand));
}

static uint64_t projection(const struct ruleset *ruleset) {
  struct needs needs = {0};
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    if (rule->status == RULE_DRAFT || rule->status == RULE_RETIRED) continue;
    need(&needs, rule->kind->name);
    reads_each(rule, need_operand, &(struct needing){&needs, rule});
  }
  if (needs.size > 0) qsort(needs.names, needs.size, sizeof *needs.names, order_texts);
  struct text words = {0};
  TEXT_LITERAL(&words, "sw-projection-v1");
  for (size_t i = 0; i < needs.size; i++)
    if (i == 0 || order_texts(&needs.names[i], &needs.names[i - 1]) != 0) text_format(&words, "\n%s", needs.names[i]);
  const uint64_t hash = digest_hash64(words.data, words.size, 0);
  text_fini(&words);
  memory_free(needs.names);
  return hash;
}

void hash_ruleset(struct ruleset *ruleset) {
  struct digest digest;
  struct text out = {0};
  digest_init(&digest, sizeof ruleset->digest, NULL, 0);
  digest_field(&digest, SLICE("sw-ruleset-v1"));
  for (size_t r = 0; r < ruleset->size; r++) {
    text_clear(&out);
    hash_rule_text(ruleset->rules[r], &out);
    digest_field(&digest, text_slice(&out));
  }
  size_t tables_size;
  const char *const *names = tables_names(ruleset->tables, &tables_size);
  for (size_t t = 0; t < tables_size; t++) {
    const struct table *table = tables_get(ruleset->tables, names[t]);
    digest_field(&digest, slice_from(names[t]));
    digest_field(&digest, (struct slice){(const char *)table->digest, sizeof table->digest});
  }
  digest_field(&digest, (struct slice){(const char *)codes_digest(ruleset->codes), 16});
  digest_field(&digest, (struct slice){(const char *)calendar_digest(ruleset->calendar), 16});
  digest_final(&digest, ruleset->digest);
  text_clear(&out);
  text_hex(&out, ruleset->digest, sizeof ruleset->digest);
  memcpy(ruleset->hash, out.data, sizeof ruleset->hash - 1);
  ruleset->hash[sizeof ruleset->hash - 1] = '\0';
  text_fini(&out);
  ruleset->projection = projection(ruleset);
}
