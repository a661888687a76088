// settlewatch rules show: print a rule as it was compiled.
#include <argp.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "core/digest.h"
#include "rules/condition.h"
#include "rules/hash.h"
#include "rules/operand.h"

enum { OPTION_RULES = 1000, OPTION_FORMAT };

struct show_arguments {
  struct paths paths;
  const char *rule;
  bool json;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct show_arguments *arguments = state->input;
  switch (key) {
    case OPTION_RULES: paths_add(state, &arguments->paths, value); return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->rule != NULL) argp_error(state, "one rule at a time");
      arguments->rule = value;
      return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "the id or name of a rule is needed"); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static void key(struct text *out, const char *name) {
  const char last = out->data[out->size - 1];
  if (last != '{' && last != '[') text_byte(out, ',');
  text_json(out, slice_from(name));
  text_byte(out, ':');
}
static void member(struct text *out, const char *name, struct slice value) {
  key(out, name);
  if (value.size > 0) text_json(out, value);
  else TEXT_LITERAL(out, "null");
}
static void condition_member(struct text *out, const char *name, const struct rule *rule, const struct condition *condition) {
  struct text text = {0};
  if (condition != NULL) condition_canonical(rule, condition, &text);
  member(out, name, text_slice(&text));
  text_fini(&text);
}
static void operands_member(struct text *out, const char *name, const struct rule *rule, const int *list, size_t size) {
  key(out, name);
  text_byte(out, '[');
  for (size_t i = 0; i < size; i++) {
    if (i > 0) text_byte(out, ',');
    text_json(out, slice_from(operand_text(rule->kind, list[i])));
  }
  text_byte(out, ']');
}

// Parameters by their canonical lines "name=value\n".
static void params_member(struct text *out, const struct rule *rule) {
  struct text line = {0};
  key(out, "params");
  text_byte(out, '{');
  for (size_t i = 0; i < rule->kind->params_size; i++) {
    const struct setting *row = &rule->kind->params[i];
    const size_t name = strlen(row->name) + 1;
    text_clear(&line);
    settings_canonical(row, 1, rule->params, &line);
    member(out, row->name, (struct slice){line.data + name, line.size - name - 1});
  }
  text_byte(out, '}');
  text_fini(&line);
}

static void write_json(const struct rule *rule, const char *hash, struct text *out) {
  text_byte(out, '{');
  member(out, "id", rule->id);
  member(out, "rule", rule->name);
  key(out, "version");
  text_int(out, rule->version);
  member(out, "hash", slice_from(hash));
  member(out, "file", slice_from(rule->file->name));
  member(out, "title_zh", rule->title_zh);
  member(out, "title_en", rule->title_en);
  member(out, "status", slice_from(rule_status_words[rule->status]));
  member(out, "result", slice_from(rule_result_words[rule->result]));
  member(out, "subject", slice_from(rule_subject_words[rule->subject]));
  member(out, "precedence", slice_from(precedence_words[rule->precedence]));
  member(out, "agreement_class", slice_from(agreement_class_words[rule->agreement_class]));
  member(out, "kind", slice_from(rule->kind->name));
  params_member(out, rule);
  operands_member(out, "require", rule, rule->require, rule->require_size);
  condition_member(out, "scope", rule, rule->scope);
  key(out, "unless");
  text_byte(out, '[');
  for (size_t i = 0; i < rule->exemptions_size; i++) {
    text_append(out, i > 0 ? SLICE(",{") : SLICE("{"));
    member(out, "id", rule->exemptions[i].id);
    member(out, "reason", rule->exemptions[i].reason);
    condition_member(out, "if", rule, rule->exemptions[i].condition);
    text_byte(out, '}');
  }
  text_byte(out, ']');
  key(out, "bands");
  text_byte(out, '[');
  for (size_t i = 0; i < rule->bands_size; i++) {
    text_append(out, i > 0 ? SLICE(",{") : SLICE("{"));
    member(out, "name", rule->bands[i].name);
    key(out, "severity");
    text_int(out, rule->bands[i].severity);
    condition_member(out, "if", rule, rule->bands[i].condition);
    text_byte(out, '}');
  }
  text_byte(out, ']');
  member(out, "amount", rule->amount_name);
  operands_member(out, "show", rule, rule->show, rule->show_size);
  key(out, "tests");
  text_int(out, rule->tests != NULL ? rule->tests->size : 0);
  TEXT_LITERAL(out, "}\n");
}

static void show(const struct rule *rule, bool json) {
  struct text canonical = {0}, hash = {0}, out = {0};
  struct digest digest;
  unsigned char bytes[DIGEST_ID_BYTES];
  hash_rule_text(rule, &canonical);
  digest_init(&digest, sizeof bytes, NULL, 0);
  digest_field(&digest, text_slice(&canonical));
  digest_final(&digest, bytes);
  text_hex(&hash, bytes, sizeof bytes);
  text_byte(&hash, '\0');
  if (json) write_json(rule, hash.data, &out);
  else text_format(&out, "hash %s\n%.*s", hash.data, SLICE_ARG(text_slice(&canonical)));
  paths_print(stdout, &out);
  text_fini(&canonical);
  text_fini(&hash);
  text_fini(&out);
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"rules", OPTION_RULES, "PATH", 0, "Rule folder or file (default: rules.d)", 0},
      {"format", OPTION_FORMAT, "text|json", 0, "How to print it (default: text)", 0},
      {0}};
  static const struct argp argp = {options, parse, "ID",
                                   "Prints a rule as it was compiled, defaults filled in: the canonical form that the rule set's hash is made of, "
                                   "with the rule's own hash. Comments, layout, notes and tests do not count.\v"
                                   "Exit status: 0 printed, 2 no such rule, 78 bad rules.", NULL, NULL, NULL};
  struct show_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = paths_load(&arguments.paths, &diagnostics);
  int code = CLI_CONFIG;
  if (ruleset != NULL) {
    const struct rule *rule = ruleset_find(ruleset, slice_from(arguments.rule));
    code = rule != NULL ? CLI_OK : CLI_USAGE;
    if (rule != NULL) show(rule, arguments.json);
    else paths_no_rule("show", ruleset, arguments.rule);
  }
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return code;
}

const struct cli_verb cli_rules_show = {"show", "print a rule as it was compiled", run};
