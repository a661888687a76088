#include "rules/read.h"

#include <assert.h>

#include "rules/compile.h"
#include "rules/format.h"
#include "rules/scope.h"

struct reader {
  struct prepare *prepare;
  const struct yaml_file *file;
  const struct yaml_node *root;
  struct rule *rule;
  struct arena *arena;
  bool good;
};

// The text of a key; empty ones are refused.
static bool read_text(struct reader *reader, const struct yaml_node *map, const char *key, struct slice *out) {
  const struct yaml_node *node = yaml_find(map, key);
  *out = SLICE_NONE;
  if (node == NULL) return false;
  if (!yaml_is_text(reader->file, node, out)) return reader->good = false;
  if (out->size == 0 || out->size > FORMAT_TEXT_BYTES_MAX) {
    yaml_error(reader->file, node, 1104, "'%s' must have 1..%d bytes", key, FORMAT_TEXT_BYTES_MAX);
    *out = SLICE_NONE;
    return reader->good = false;
  }
  return true;
}

static int read_word(struct reader *reader, const char *key) {
  const char *const *words = form_find(&format_rule, slice_from(key))->words;
  const struct yaml_node *node = yaml_find(reader->root, key);
  size_t size = 0;
  struct slice word;
  while (words[size] != NULL) size++;
  if (node == NULL) return 0;
  if (!yaml_is_text(reader->file, node, &word)) {
    reader->good = false;
    return 0;
  }
  for (size_t i = 0; i < size; i++)
    if (slice_equal(word, slice_from(words[i]))) return (int)i;
  struct text list = {0};
  for (size_t i = 0; i < size; i++) text_format(&list, "%s%s", i ? ", " : "", words[i]);
  const char *nearest = diagnostics_nearest(word, words, size);
  yaml_error(reader->file, node, 1103, "'%s' must be one of %.*s, not '%.*s'%s%s%s", key, SLICE_ARG(text_slice(&list)),
             SLICE_ARG(word), nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
  text_fini(&list);
  reader->good = false;
  return 0;
}

// Names are lower case with underscores, ids upper case with hyphens: what stands in messages and file names.
static bool is_name(struct slice s, bool upper) {
  if (s.size == 0 || s.size > (upper ? FORMAT_ID_BYTES_MAX : FORMAT_NAME_BYTES_MAX)) return false;
  for (size_t i = 0; i < s.size; i++) {
    const char c = s.data[i];
    const bool letter = upper ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z';
    if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == (upper ? '-' : '_')))) return false;
  }
  return true;
}

static void read_name(struct reader *reader, const struct yaml_node *map, const char *key, bool upper, struct slice *out) {
  if (!read_text(reader, map, key, out) || is_name(*out, upper)) return;
  yaml_error(reader->file, yaml_find(map, key), 1136,
             upper ? "'%s' must be upper-case letters, digits and '-', such as ADM-001, at most %d"
                   : "'%s' must be lower-case letters, digits and '_', such as split_admission, at most %d",
             key, upper ? FORMAT_ID_BYTES_MAX : FORMAT_NAME_BYTES_MAX);
  reader->good = false;
}

// False when it is no map at all.
static bool check_form(struct reader *reader, const struct yaml_node *map, const struct form *form) {
  reader->good &= form_check(reader->file, map, form);
  return map->type == YAML_MAP;
}

static void read_head(struct reader *reader) {
  struct rule *rule = reader->rule;
  read_name(reader, reader->root, "rule", false, &rule->name);
  read_name(reader, reader->root, "id", true, &rule->id);
  const struct yaml_node *title = yaml_find(reader->root, "title"), *version = yaml_find(reader->root, "version");
  if (title != NULL && check_form(reader, title, &format_title)) {
    read_text(reader, title, "zh", &rule->title_zh);
    read_text(reader, title, "en", &rule->title_en);
  }
  if (version != NULL) reader->good &= yaml_is_int(reader->file, version, 1, FORMAT_VERSION_MAX, &rule->version);
  rule->status = (enum rule_status)read_word(reader, "status");
  rule->result = (enum rule_result)read_word(reader, "result");
  rule->subject = (enum rule_subject)read_word(reader, "subject");
  rule->precedence = (enum precedence)read_word(reader, "precedence");
  rule->agreement_class = (enum agreement_class)read_word(reader, "agreement_class");
  read_text(reader, reader->root, "national_code", &rule->national_code);
  read_text(reader, reader->root, "statute", &rule->statute);
  struct slice note;
  read_text(reader, reader->root, "note", &note);
}

static void read_effective(struct reader *reader) {
  struct rule *rule = reader->rule;
  const struct yaml_node *map = yaml_find(reader->root, "effective");
  const struct yaml_node *recorded = yaml_find(reader->root, "recorded_on");
  rule->from_day = rule->recorded_day = INT32_MIN;
  rule->to_day = INT32_MAX;
  if (recorded != NULL) reader->good &= yaml_is_day(reader->file, recorded, &rule->recorded_day);
  if (map == NULL || !check_form(reader, map, &format_effective)) return;
  const struct yaml_node *from = yaml_find(map, "from"), *to = yaml_find(map, "to");
  if (from != NULL) reader->good &= yaml_is_day(reader->file, from, &rule->from_day);
  if (to != NULL) reader->good &= yaml_is_day(reader->file, to, &rule->to_day);
  if (rule->from_day > rule->to_day) {
    yaml_error(reader->file, to, 1107, "'effective' ends before it begins");
    reader->good = false;
  }
}

static void read_basis(struct reader *reader) {
  struct rule *rule = reader->rule;
  const struct yaml_node *list = yaml_find(reader->root, "basis");
  if (list == NULL) return;
  if (!yaml_is_list(reader->file, list) || list->size == 0) {
    if (list->type == YAML_LIST)
      yaml_error(reader->file, list, 1105, "'basis' is empty: every rule names the law it rests on");
    reader->good = false;
    return;
  }
  struct rule_basis *basis = ARENA_ZEROED(reader->arena, struct rule_basis, list->size);
  for (const struct yaml_node *item = list->child; item != NULL; item = item->next) {
    struct rule_basis *one = &basis[rule->basis_size++];
    if (!check_form(reader, item, &format_basis)) continue;
    read_text(reader, item, "law", &one->law);
    read_text(reader, item, "article", &one->article);
  }
  rule->basis = basis;
}

static void read_yields_to(struct reader *reader) {
  const struct yaml_node *list = yaml_find(reader->root, "yields_to");
  if (list == NULL) return;
  if (!yaml_is_list(reader->file, list)) {
    reader->good = false;
    return;
  }
  struct slice *ids = ARENA_ZEROED(reader->arena, struct slice, list->size + 1);
  for (const struct yaml_node *item = list->child; item != NULL; item = item->next) {
    if (yaml_is_text(reader->file, item, &ids[reader->rule->yields_to_size])) {
      reader->rule->yields_to_size++;
    } else {
      reader->good = false;
    }
  }
  reader->rule->yields_to = ids;
}

static bool resolve_lookups(struct reader *reader, void *params) {
  const struct kind *kind = reader->rule->kind;
  bool good = true;
  for (size_t i = 0; i < kind->params_size; i++) {
    if (kind->params[i].type != SETTING_NUMBER) continue;
    struct setting_number *number = (struct setting_number *)((char *)params + kind->params[i].offset);
    if (number->lookup == NULL) continue;
    number->resolved = lookup_compile(reader->prepare, number->lookup, VALUE_INT, false);
    good &= number->resolved != NULL && lookup_fits(reader->prepare, number->resolved, &kind->params[i]);
    reader->rule->looks_up = true;
  }
  return good;
}

static void read_kind(struct reader *reader) {
  struct rule *rule = reader->rule;
  const struct yaml_node *node = yaml_find(reader->root, "kind");
  if (node == NULL) return;
  struct slice name;
  if (!yaml_is_text(reader->file, node, &name)) {
    reader->good = false;
    return;
  }
  rule->kind = kind_find(name);
  if (rule->kind == NULL) {
    const char *words[128];
    size_t size = 0;
    while (kinds[size] != NULL && size < sizeof words / sizeof words[0]) {
      words[size] = kinds[size]->name;
      size++;
    }
    const char *nearest = diagnostics_nearest(name, words, size);
    yaml_error(reader->file, node, 1108, "unknown rule kind '%.*s'%s%s%s", SLICE_ARG(name),
               nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
    reader->good = false;
  }
}

// After the kind: its parameters, the amount, and what only the kind can check.
static void read_params(struct reader *reader) {
  struct rule *rule = reader->rule;
  const struct kind *kind = rule->kind;
  const struct yaml_node *params = yaml_find(reader->root, "params"), *amount = yaml_find(reader->root, "amount");
  if (kind == NULL) return;
  rule->amount_name = slice_from(kind->amounts[0]);
  if (amount != NULL) {
    size_t size = 0;
    while (kind->amounts[size] != NULL) size++;
    struct slice name;
    if (!yaml_is_text(reader->file, amount, &name)) {
      reader->good = false;
    } else {
      for (rule->amount = 0; (size_t)rule->amount < size && !slice_equal(name, slice_from(kind->amounts[rule->amount]));)
        rule->amount++;
      if ((size_t)rule->amount == size) {
        const char *nearest = diagnostics_nearest(name, kind->amounts, size);
        yaml_error(reader->file, amount, 1109, "kind '%s' does not compute the amount '%.*s'%s%s%s", kind->name,
                   SLICE_ARG(name), nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
        rule->amount = 0;
        reader->good = false;
      }
      rule->amount_name = slice_from(kind->amounts[rule->amount]);
    }
  }
  rule->params = ARENA_ZEROED(reader->arena, char, kind->params_bytes + 1);
  settings_default(kind->params, kind->params_size, rule->params, reader->arena);
  reader->prepare->params_node = params;
  const bool good =
      settings_read(kind->params, kind->params_size, rule->params, reader->file,
                    reader->prepare->params_node, NULL, 0, reader->arena) && resolve_lookups(reader, rule->params);
  // What a kind checks rests on its parameters, tables and codes only, so other errors of the rule do not keep it from
  // telling its own.
  const bool ready = good && reader->prepare->ruleset->tables != NULL && reader->prepare->ruleset->codes != NULL;
  reader->good &= good && (!ready || kind->prepare == NULL || kind->prepare(reader->prepare));
}

static void read_exemption(struct reader *reader, const struct yaml_node *map, struct exemption *exemption) {
  exemption->until_day = INT32_MAX;
  exemption->recorded_day = INT32_MIN;
  if (!check_form(reader, map, &format_exemption)) return;
  read_name(reader, map, "id", false, &exemption->id);
  read_text(reader, map, "reason", &exemption->reason);
  read_text(reader, map, "owner", &exemption->owner);
  read_text(reader, map, "approved_by", &exemption->approved_by);
  const struct yaml_node *condition = yaml_find(map, "if"), *until = yaml_find(map, "until"), *recorded = yaml_find(map, "recorded_on");
  if (until != NULL) reader->good &= yaml_is_day(reader->file, until, &exemption->until_day);
  if (recorded != NULL) reader->good &= yaml_is_day(reader->file, recorded, &exemption->recorded_day);
  if (condition == NULL) return;
  exemption->condition = compile_condition(reader->prepare, condition, COMPILE_AFTER);
  reader->good &= exemption->condition != NULL;
}

static void read_exemptions(struct reader *reader) {
  const struct yaml_node *list = yaml_find(reader->root, "unless");
  if (list == NULL) return;
  if (!yaml_is_list(reader->file, list) || list->size > FORMAT_EXEMPTIONS_MAX) {
    if (list->type == YAML_LIST) yaml_error(reader->file, list, 1105, "more than %d exemptions", FORMAT_EXEMPTIONS_MAX);
    reader->good = false;
    return;
  }
  struct exemption *exemptions = ARENA_ZEROED(reader->arena, struct exemption, list->size + 1);
  for (const struct yaml_node *item = list->child; item != NULL; item = item->next)
    read_exemption(reader, item, &exemptions[reader->rule->exemptions_size++]);
  reader->rule->exemptions = exemptions;
}

static void read_bands(struct reader *reader) {
  static const struct band only = {.name = {"default", 7}, .severity = 1};
  struct rule *rule = reader->rule;
  const struct yaml_node *list = yaml_find(reader->root, "bands");
  rule->bands = &only;
  rule->bands_size = 1;
  if (list == NULL) return;
  if (!yaml_is_list(reader->file, list) || list->size == 0 || list->size > FORMAT_BANDS_MAX) {
    if (list->type == YAML_LIST) yaml_error(reader->file, list, 1105, "'bands' must have 1..%d bands", FORMAT_BANDS_MAX);
    reader->good = false;
    return;
  }
  struct band *bands = ARENA_ZEROED(reader->arena, struct band, list->size);
  size_t n = 0;
  for (const struct yaml_node *item = list->child; item != NULL; item = item->next, n++) {
    bands[n].severity = 1;
    if (!check_form(reader, item, &format_band)) continue;
    read_name(reader, item, "name", false, &bands[n].name);
    const struct yaml_node *condition = yaml_find(item, "if"), *severity = yaml_find(item, "severity");
    int64_t number = 1;
    if (severity != NULL) reader->good &= yaml_is_int(reader->file, severity, 1, FORMAT_SEVERITY_MAX, &number);
    bands[n].severity = (int)number;
    if (condition != NULL) {
      bands[n].condition = compile_condition(reader->prepare, condition, COMPILE_AFTER);
      reader->good &= bands[n].condition != NULL;
    } else if (list->size > 1) {
      yaml_error(reader->file, item, 1102, "'if' must be given");
      reader->good = false;
    }
  }
  rule->bands = bands;
  rule->bands_size = n;
}

static void read_words(struct reader *reader) {
  struct rule *rule = reader->rule;
  const struct yaml_node *say = yaml_find(reader->root, "say"), *show = yaml_find(reader->root, "show");
  if (say != NULL && check_form(reader, say, &format_say)) {
    const struct yaml_node *zh = yaml_find(say, "zh"), *en = yaml_find(say, "en");
    if (zh != NULL) reader->good &= compile_sentence(reader->prepare, zh, &rule->say_zh, &rule->say_zh_size);
    if (en != NULL) reader->good &= compile_sentence(reader->prepare, en, &rule->say_en, &rule->say_en_size);
  }
  if (show != NULL) reader->good &= compile_operands(reader->prepare, show, COMPILE_AFTER, &rule->show, &rule->show_size);
}

static void read_scope(struct reader *reader) {
  struct rule *rule = reader->rule;
  const struct yaml_node *scope = yaml_find(reader->root, "scope"), *require = yaml_find(reader->root, "require");
  rule->visits = UINT32_MAX;
  if (scope != NULL) {
    rule->scope = compile_condition(reader->prepare, scope, COMPILE_BEFORE);
    reader->good &= rule->scope != NULL;
    if (rule->scope != NULL) rule->visits = scope_visits(rule);
  }
  if (require != NULL)
    reader->good &= compile_operands(reader->prepare, require, COMPILE_BEFORE, &rule->require, &rule->require_size);
}

// Changes that make no difference, for screen/mutate.c: which, why, and who looked at it.
static void read_equivalent(struct reader *reader) {
  const struct yaml_node *list = reader->rule->equivalent;
  if (list == NULL) return;
  reader->good &= yaml_is_list(reader->file, list);
  for (const struct yaml_node *item = list->type == YAML_LIST ? list->child : NULL; item != NULL; item = item->next) {
    struct slice text;
    if (!check_form(reader, item, &format_equivalent)) continue;
    read_text(reader, item, "mutant", &text);
    read_text(reader, item, "reason", &text);
    read_text(reader, item, "reviewed", &text);
  }
}

// "5%", "0.25%": basis points, 1..10000.
static bool read_percent(struct slice text, int64_t *basis_points) {
  int64_t number = 0;
  int decimals = -1;
  size_t at = 0;
  for (; at < text.size && number <= 10000 && decimals < 2; at++) {
    const char c = text.data[at];
    if (c == '.' && decimals < 0 && at > 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') break;
    number = 10 * number + (c - '0');
    if (decimals >= 0) decimals++;
  }
  if (at == 0 || decimals == 0 || at + 1 != text.size || text.data[at] != '%') return false;
  for (int n = decimals > 0 ? decimals : 0; n < 2; n++) number *= 10;
  *basis_points = number;
  return number >= 1 && number <= 10000;
}

static void read_budget(struct reader *reader) {
  const struct yaml_node *budget = yaml_find(reader->root, "budget"), *evaluated;
  struct slice share;
  if (budget == NULL || !check_form(reader, budget, &format_budget)) return;
  if ((evaluated = yaml_find(budget, "min_evaluated")) != NULL)
    reader->good &= yaml_is_int(reader->file, evaluated, 100, 1000000000, &reader->rule->budget_evaluated);
  if (!read_text(reader, budget, "hit_rate_at_most", &share) || read_percent(share, &reader->rule->budget_basis_points)) return;
  yaml_error(reader->file, yaml_find(budget, "hit_rate_at_most"), 1104, "'hit_rate_at_most' must be a share such as 5%% or 0.25%%, up to 100%%, not '%.*s'",
             SLICE_ARG(share));
  reader->good = false;
}

bool read_rule(struct prepare *prepare) {
  struct arena *arena = &prepare->ruleset->arena;
  enum { LINE = 64 };    // what judging looks at is one line of the cache
  char *room = arena_take_zeroed(arena, sizeof(struct rule) + LINE);
  struct rule *rule = prepare->rule = (struct rule *)(void *)(room + (LINE - (uintptr_t)room % LINE) % LINE);
  static_assert(offsetof(struct rule, name) == LINE, "the part that is judged by");
  rule->file = prepare->file;
  struct reader reader = {prepare, prepare->file, prepare->file->root, rule, arena, true};
  if (reader.root->type != YAML_MAP) {
    yaml_error(reader.file, reader.root, 1101, "a rule is a map: rule: NAME, id: ..., kind: ...");
    return false;
  }
  reader.good = form_check(reader.file, reader.root, &format_rule);
  rule->tests = yaml_find(reader.root, "tests");
  rule->equivalent = yaml_find(reader.root, "equivalent");
  read_head(&reader);
  read_effective(&reader);
  read_basis(&reader);
  read_yields_to(&reader);
  read_kind(&reader);
  read_scope(&reader);
  read_params(&reader);
  read_exemptions(&reader);
  read_bands(&reader);
  read_words(&reader);
  read_budget(&reader);
  read_equivalent(&reader);
  return reader.good;
}
