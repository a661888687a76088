#include "rules/diff.h"

#include <stdlib.h>

#include "core/memory.h"
#include "record/date.h"
#include "record/money.h"
#include "rules/condition.h"
#include "rules/hash.h"
#include "rules/operand.h"

struct difference *diff_add(struct diff *diff, enum difference_type type, enum difference_part part, struct slice owner, struct slice name,
                            struct slice before, struct slice after) {
  if (diff->size == diff->capacity) {
    diff->capacity = diff->capacity ? diff->capacity * 2 : 64;
    diff->rows = memory_resize(diff->rows, diff->capacity * sizeof *diff->rows);
  }
  struct difference *row = &diff->rows[diff->size++];
  *row = (struct difference){.type = type, .part = part, .owner = arena_copy(&diff->arena, owner), .name = arena_copy(&diff->arena, name),
                             .before = slice_present(before) ? arena_copy(&diff->arena, before) : SLICE_NONE,
                             .after = slice_present(after) ? arena_copy(&diff->arena, after) : SLICE_NONE, .unit = ""};
  diff->meaning += part != DIFFERENCE_TEST;
  return row;
}

// ---- named values -----------------------------------------------------------------------------------------------------------------

// One thing that a rule says. Two rules are compared by their lists of such things.
struct said {
  enum difference_part part;
  struct slice name, value;
  const char *unit;
  bool whole;    // a condition as a whole: told only when none of its leaves tells
};

struct sayings {
  struct arena *arena;
  struct said *rows;
  size_t size, capacity;
};

static void say(struct sayings *sayings, enum difference_part part, struct slice name, struct slice value, const char *unit) {
  if (sayings->size == sayings->capacity) {
    sayings->capacity = sayings->capacity ? sayings->capacity * 2 : 64;
    sayings->rows = memory_resize(sayings->rows, sayings->capacity * sizeof *sayings->rows);
  }
  sayings->rows[sayings->size++] =
      (struct said){part, arena_copy(sayings->arena, name), arena_copy(sayings->arena, value), unit, false};
}

static void say_present(struct sayings *sayings, enum difference_part part, const char *name, struct slice value) {
  if (value.size > 0) say(sayings, part, slice_from(name), value, "");
}

static void say_day(struct sayings *sayings, const char *name, int32_t day) {
  if (day == INT32_MIN || day == INT32_MAX) return;
  struct text text = {0};
  date_write_day(&text, day);
  say(sayings, DIFFERENCE_HEAD, slice_from(name), text_slice(&text), "");
  text_fini(&text);
}

// The tests of a condition, leaf by leaf: "visit" is "INP", "any.not.main_diagnosis" is 'starts_with ["F"]'.
static void say_leaves(struct sayings *sayings, enum difference_part part, const char *prefix, const struct rule *rule,
                       const struct condition *condition) {
  struct text name = {0}, value = {0};
  for (uint32_t n = 0; condition != NULL && n < condition->size; n++) {
    const struct condition_node *node = &condition->nodes[n];
    if (!condition_is_test(node->op)) continue;
    text_clear(&name);
    text_clear(&value);
    text_append(&name, slice_from(prefix));
    for (uint32_t above = 0; above < n; above++) {
      const struct condition_node *group = &condition->nodes[above];
      // `all` says no more than the map it stands for.
      if (condition_is_test(group->op) || group->end <= n || group->op == CONDITION_ALL) continue;
      text_append(&name, group->op == CONDITION_ANY ? SLICE("any.") : SLICE("not."));
    }
    text_append(&name, slice_from(operand_text(rule->kind, node->operand)));
    condition_write_limit(rule, node, NULL, &value);
    say(sayings, part, text_slice(&name), text_slice(&value), "");
  }
  text_clear(&value);
  condition_canonical(rule, condition, &value);
  say(sayings, part, slice_from(prefix), text_slice(&value), "");
  sayings->rows[sayings->size - 1].whole = true;
  text_fini(&name);
  text_fini(&value);
}

static void say_operands(struct sayings *sayings, enum difference_part part, const struct rule *rule, const int *list, size_t size) {
  for (size_t i = 0; i < size; i++) say(sayings, part, slice_from(operand_text(rule->kind, list[i])), SLICE(""), "");
}

static void say_sentence(struct sayings *sayings, const char *name, const struct rule *rule, const struct piece *pieces, size_t size) {
  struct text text = {0};
  for (size_t i = 0; i < size; i++) {
    if (pieces[i].operand < 0) text_append(&text, pieces[i].literal);
    else text_format(&text, "{%s}", operand_text(rule->kind, pieces[i].operand));
  }
  if (size > 0) say(sayings, DIFFERENCE_SENTENCE, slice_from(name), text_slice(&text), "");
  text_fini(&text);
}

// Some parameters name the one that holds their unit: max_gap is in gap_unit.
static const char *unit_of(const struct rule *rule, const char *unit) {
  if (unit == NULL) return "";
  for (size_t i = 0; i < rule->kind->params_size; i++) {
    const struct setting *row = &rule->kind->params[i];
    int word;
    if (row->type != SETTING_WORD || strcmp(row->name, unit) != 0) continue;
    memcpy(&word, (const char *)rule->params + row->offset, sizeof word);
    return row->words[word];
  }
  return unit;
}

static void say_parameters(struct sayings *sayings, const struct rule *rule) {
  struct text text = {0};
  for (size_t i = 0; i < rule->kind->params_size; i++) {
    const struct setting *row = &rule->kind->params[i];
    text_clear(&text);
    if (row->type == SETTING_INT || row->type == SETTING_DECIMAL) {
      int64_t value;
      memcpy(&value, (const char *)rule->params + row->offset, sizeof value);
      money_write_scaled(&text, value, row->scale);
      say(sayings, DIFFERENCE_PARAMETER, slice_from(row->name), text_slice(&text), unit_of(rule, row->unit));
      continue;
    }
    settings_canonical(row, 1, rule->params, &text);    // "name=value\n"
    const size_t name = strlen(row->name) + 1;
    say(sayings, DIFFERENCE_PARAMETER, slice_from(row->name), (struct slice){text.data + name, text.size - name - 1},
        unit_of(rule, row->unit));
  }
  text_fini(&text);
}

static void say_head(struct sayings *sayings, const struct rule *rule) {
  struct text text = {0};
  text_int(&text, rule->version);
  say(sayings, DIFFERENCE_HEAD, SLICE("version"), text_slice(&text), "");
  say_present(sayings, DIFFERENCE_HEAD, "status", slice_from(rule_status_words[rule->status]));
  say_present(sayings, DIFFERENCE_HEAD, "name", rule->name);
  say_present(sayings, DIFFERENCE_HEAD, "title.zh", rule->title_zh);
  say_present(sayings, DIFFERENCE_HEAD, "title.en", rule->title_en);
  say_present(sayings, DIFFERENCE_HEAD, "national_code", rule->national_code);
  say_present(sayings, DIFFERENCE_HEAD, "result", slice_from(rule_result_words[rule->result]));
  say_present(sayings, DIFFERENCE_HEAD, "subject", slice_from(rule_subject_words[rule->subject]));
  say_present(sayings, DIFFERENCE_HEAD, "precedence", slice_from(precedence_words[rule->precedence]));
  say_present(sayings, DIFFERENCE_HEAD, "agreement_class", slice_from(agreement_class_words[rule->agreement_class]));
  say_day(sayings, "effective.from", rule->from_day);
  say_day(sayings, "effective.to", rule->to_day);
  say_day(sayings, "recorded_on", rule->recorded_day);
  for (size_t i = 0; i < rule->yields_to_size; i++) say(sayings, DIFFERENCE_HEAD, SLICE("yields_to"), rule->yields_to[i], "");
  say_present(sayings, DIFFERENCE_LAW, "statute", rule->statute);
  for (size_t i = 0; i < rule->basis_size; i++) say(sayings, DIFFERENCE_LAW, rule->basis[i].law, rule->basis[i].article, "");
  text_fini(&text);
}

static void say_exemption(struct sayings *sayings, const struct rule *rule, const struct exemption *exemption) {
  struct text prefix = {0}, day = {0};
  const size_t id = exemption->id.size;
  text_append(&prefix, exemption->id);
  say(sayings, DIFFERENCE_EXEMPTION, exemption->id, SLICE(""), "");
  const struct { const char *name; struct slice value; } parts[] = {
      {".reason", exemption->reason}, {".owner", exemption->owner}, {".approved_by", exemption->approved_by}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i].value.size == 0) continue;
    prefix.size = id;
    text_append(&prefix, slice_from(parts[i].name));
    say(sayings, DIFFERENCE_EXEMPTION, text_slice(&prefix), parts[i].value, "");
  }
  const struct { const char *name; int32_t day; } days[] = {{".until", exemption->until_day}, {".recorded_on", exemption->recorded_day}};
  for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
    if (days[i].day == INT32_MAX || days[i].day == INT32_MIN) continue;
    prefix.size = id;
    text_append(&prefix, slice_from(days[i].name));
    text_clear(&day);
    date_write_day(&day, days[i].day);
    say(sayings, DIFFERENCE_EXEMPTION, text_slice(&prefix), text_slice(&day), "");
  }
  prefix.size = id;
  TEXT_LITERAL(&prefix, ".if.");
  text_byte(&prefix, '\0');
  say_leaves(sayings, DIFFERENCE_EXEMPTION, prefix.data, rule, exemption->condition);
  text_fini(&prefix);
  text_fini(&day);
}

static void say_band(struct sayings *sayings, const struct rule *rule, const struct band *band) {
  struct text prefix = {0}, severity = {0};
  text_append(&prefix, band->name);
  say(sayings, DIFFERENCE_BAND, band->name, SLICE(""), "");
  TEXT_LITERAL(&prefix, ".severity");
  text_int(&severity, band->severity);
  say(sayings, DIFFERENCE_BAND, text_slice(&prefix), text_slice(&severity), "");
  prefix.size = band->name.size;
  TEXT_LITERAL(&prefix, ".if.");
  text_byte(&prefix, '\0');
  say_leaves(sayings, DIFFERENCE_BAND, prefix.data, rule, band->condition);
  text_fini(&prefix);
  text_fini(&severity);
}

static void say_rule(struct sayings *sayings, const struct rule *rule) {
  say_head(sayings, rule);
  say_operands(sayings, DIFFERENCE_REQUIRE, rule, rule->require, rule->require_size);
  say_leaves(sayings, DIFFERENCE_SCOPE, "", rule, rule->scope);
  say(sayings, DIFFERENCE_PARAMETER, SLICE("kind"), slice_from(rule->kind->name), "");
  say_parameters(sayings, rule);
  for (size_t i = 0; i < rule->exemptions_size; i++) say_exemption(sayings, rule, &rule->exemptions[i]);
  for (size_t i = 0; i < rule->bands_size; i++) say_band(sayings, rule, &rule->bands[i]);
  say_present(sayings, DIFFERENCE_AMOUNT, "amount", rule->amount_name);
  say_sentence(sayings, "say.zh", rule, rule->say_zh, rule->say_zh_size);
  say_sentence(sayings, "say.en", rule, rule->say_en, rule->say_en_size);
  say_operands(sayings, DIFFERENCE_EVIDENCE, rule, rule->show, rule->show_size);
}

static void say_tests(struct sayings *sayings, const struct rule *rule) {
  struct text text = {0};
  for (const struct yaml_node *test = rule->tests != NULL ? rule->tests->child : NULL; test != NULL; test = test->next) {
    const struct yaml_node *name = yaml_find(test, "name");
    text_clear(&text);
    yaml_canonical(test, &text);
    say(sayings, DIFFERENCE_TEST, name != NULL ? name->scalar : SLICE(""), text_slice(&text), "");
  }
  text_fini(&text);
}

// ---- comparing --------------------------------------------------------------------------------------------------------------------

struct pair {
  const struct rule *before, *after;    // NULL: only in the other set
};

static struct difference *add(struct diff *diff, const struct pair *pair, enum difference_type type, enum difference_part part,
                              struct slice name, struct slice before, struct slice after) {
  const struct rule *rule = pair->after != NULL ? pair->after : pair->before;
  struct difference *row = diff_add(diff, type, part, rule->id, name, before, after);
  row->before_version = pair->before != NULL ? pair->before->version : 0;
  row->after_version = pair->after != NULL ? pair->after->version : 0;
  return row;
}

static bool same_name(const struct said *a, const struct said *b) { return a->part == b->part && slice_equal(a->name, b->name); }

// The leaves are the same and stand differently to each other: told as the whole condition.
static void compare_wholes(struct diff *diff, const struct pair *pair, const struct sayings *before, const struct sayings *after, size_t first) {
  for (size_t b = 0; b < before->size; b++) {
    const struct said *was = &before->rows[b];
    for (size_t a = 0; was->whole && a < after->size; a++) {
      const struct said *is = &after->rows[a];
      if (!is->whole || !same_name(was, is) || slice_equal(was->value, is->value)) continue;
      bool told = false;
      for (size_t i = first; i < diff->size && !told; i++)
        told = diff->rows[i].part == was->part && slice_starts_with(diff->rows[i].name, was->name);
      if (!told) add(diff, pair, DIFFERENCE_CHANGED, was->part, was->name.size > 0 ? was->name : SLICE("nesting"), was->value, is->value);
    }
  }
}

// What has no value of its own but its name (an operand of a list, an exemption) is added or removed, never changed. Several of one name are
// compared as a set: first those that both say fall away.
static void compare(struct diff *diff, const struct pair *pair, const struct sayings *before, const struct sayings *after) {
  const size_t first = diff->size;
  bool *told = memory_take(before->size + 1), *used = memory_take(after->size + 1);
  for (size_t b = 0; b < before->size; b++) told[b] = before->rows[b].whole;
  for (size_t a = 0; a < after->size; a++) used[a] = after->rows[a].whole;
  for (size_t b = 0; b < before->size; b++)
    for (size_t a = 0; a < after->size && !told[b]; a++)
      if (!used[a] && same_name(&before->rows[b], &after->rows[a]) && slice_equal(before->rows[b].value, after->rows[a].value))
        told[b] = used[a] = true;
  for (size_t b = 0; b < before->size; b++) {
    if (told[b]) continue;
    const struct said *was = &before->rows[b], *is = NULL;
    for (size_t a = 0; a < after->size && is == NULL; a++) {
      if (used[a] || !same_name(was, &after->rows[a])) continue;
      is = &after->rows[a];
      used[a] = true;
    }
    struct difference *row = add(diff, pair, is != NULL ? DIFFERENCE_CHANGED : DIFFERENCE_REMOVED, was->part, was->name,
                                 was->part == DIFFERENCE_TEST ? SLICE_NONE : was->value,
                                 is != NULL && was->part != DIFFERENCE_TEST ? is->value : SLICE_NONE);
    row->unit = was->unit;
  }
  for (size_t a = 0; a < after->size; a++) {
    if (used[a]) continue;
    const struct said *is = &after->rows[a];
    struct difference *row = add(diff, pair, DIFFERENCE_ADDED, is->part, is->name, SLICE_NONE,
                                 is->part == DIFFERENCE_TEST ? SLICE_NONE : is->value);
    row->unit = is->unit;
  }
  compare_wholes(diff, pair, before, after, first);
  memory_free(told);
  memory_free(used);
}

// The canonical texts differ where no single thing does: an order that counts, or the nesting of a condition. Told by the line.
static void compare_lines(struct diff *diff, const struct pair *pair, struct slice before, struct slice after) {
  size_t b = 0, a = 0;
  while (b < before.size || a < after.size) {
    const char *b_end = b < before.size ? memchr(before.data + b, '\n', before.size - b) : NULL;
    const char *a_end = a < after.size ? memchr(after.data + a, '\n', after.size - a) : NULL;
    const struct slice was = {before.data + b, b_end != NULL ? (size_t)(b_end - before.data) - b : before.size - b};
    const struct slice is = {after.data + a, a_end != NULL ? (size_t)(a_end - after.data) - a : after.size - a};
    if (!slice_equal(was, is)) add(diff, pair, DIFFERENCE_CHANGED, DIFFERENCE_ORDER, SLICE("order"), was, is);
    b += was.size + 1;
    a += is.size + 1;
  }
}

static void compare_rule(struct diff *diff, const struct pair *pair) {
  const size_t before_meaning = diff->meaning;
  struct sayings before = {.arena = &diff->arena}, after = {.arena = &diff->arena};
  struct text before_text = {0}, after_text = {0};
  hash_rule_text(pair->before, &before_text);
  hash_rule_text(pair->after, &after_text);
  if (!slice_equal(text_slice(&before_text), text_slice(&after_text))) {
    say_rule(&before, pair->before);
    say_rule(&after, pair->after);
    compare(diff, pair, &before, &after);
    if (diff->meaning == before_meaning) compare_lines(diff, pair, text_slice(&before_text), text_slice(&after_text));
  }
  before.size = after.size = 0;
  say_tests(&before, pair->before);
  say_tests(&after, pair->after);
  compare(diff, pair, &before, &after);
  memory_free(before.rows);
  memory_free(after.rows);
  text_fini(&before_text);
  text_fini(&after_text);
}

static void compare_pair(struct diff *diff, const struct pair *pair) {
  if (pair->before != NULL && pair->after != NULL) {
    compare_rule(diff, pair);
    return;
  }
  const struct rule *rule = pair->before != NULL ? pair->before : pair->after;
  const struct slice status = slice_from(rule_status_words[rule->status]);
  if (pair->before != NULL) add(diff, pair, DIFFERENCE_REMOVED, DIFFERENCE_RULE, rule->title_zh, status, SLICE_NONE);
  else add(diff, pair, DIFFERENCE_ADDED, DIFFERENCE_RULE, rule->title_zh, SLICE_NONE, status);
}

// All versions of one id: from first to end of each set.
static void compare_versions(struct diff *diff, const struct ruleset *before, size_t b, size_t b_end, const struct ruleset *after, size_t a,
                             size_t a_end) {
  const struct rule *raised_from = NULL, *raised_to = NULL;
  for (int pass = 0; pass < 2; pass++) {
    size_t x = b, y = a;
    while (x < b_end || y < a_end) {
      const struct rule *was = x < b_end ? before->rules[x] : NULL, *is = y < a_end ? after->rules[y] : NULL;
      const bool both = was != NULL && is != NULL && was->version == is->version;
      const bool old = both || is == NULL || (was != NULL && was->version < is->version);
      x += old;
      y += both || !old;
      if (pass == 0 && !both) {    // ascending: the last one stays
        if (old) raised_from = was;
        else raised_to = is;
      } else if (pass == 1) {
        struct pair pair = {old ? was : NULL, both || !old ? is : NULL};
        const bool raised = raised_from != NULL && raised_to != NULL && !both;
        if (raised && pair.before == raised_from) continue;
        if (raised && pair.after == raised_to) pair.before = raised_from;
        compare_pair(diff, &pair);
      }
    }
  }
}

static size_t end_of(const struct ruleset *ruleset, size_t at, struct slice id) {
  while (at < ruleset->size && slice_equal(ruleset->rules[at]->id, id)) at++;
  return at;
}

void diff_make(struct diff *diff, const struct ruleset *before, const struct ruleset *after) {
  *diff = (struct diff){0};
  arena_init(&diff->arena, 64 << 10);
  memcpy(diff->before_hash, before->hash, sizeof diff->before_hash);
  memcpy(diff->after_hash, after->hash, sizeof diff->after_hash);
  size_t b = 0, a = 0;
  while (b < before->size || a < after->size) {
    const int order = b == before->size ? 1 : a == after->size ? -1 : slice_compare(before->rules[b]->id, after->rules[a]->id);
    const struct slice id = order <= 0 ? before->rules[b]->id : after->rules[a]->id;
    const size_t b_end = end_of(before, b, id), a_end = end_of(after, a, id);
    compare_versions(diff, before, b, b_end, after, a, a_end);
    b = b_end;
    a = a_end;
  }
  diff_knowledge(diff, before, after);
}

void diff_fini(struct diff *diff) {
  memory_free(diff->rows);
  arena_fini(&diff->arena);
}
