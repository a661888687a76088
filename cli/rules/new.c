// settlewatch rules new: print a starter file for a rule of a kind.
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "rules/arrange.h"
#include "rules/format.h"
#include "rules/hints.h"
#include "rules/words.h"

enum { OPTION_ID = 1000, ARENA_BLOCK = 16 << 10 };

struct new_arguments {
  const char *kind;
  const char *id;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct new_arguments *arguments = state->input;
  switch (key) {
    case OPTION_ID:
      arguments->id = value;
      if (value[0] < 'A' || value[0] > 'Z' || strlen(value) > FORMAT_ID_BYTES_MAX ||
          strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != strlen(value))
        argp_error(state, "--id is upper-case letters, digits and '-', such as ADM-031, not '%s'", value);
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->kind != NULL) argp_error(state, "one kind at a time");
      arguments->kind = value;
      return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "a rule kind is needed; 'settlewatch rules doc kinds' tells them"); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const char *doc_of(const char *key) { return form_find(&format_rule, slice_from(key))->doc_zh; }

static void write_default(const struct setting *row, const struct parameter_words *words, struct text *out) {
  if (row->fallback != NULL) text_append(out, row->fallback[0] != '\0' ? slice_from(row->fallback) : SLICE("\"\""));
  else if (row->type == SETTING_WORD) text_append(out, slice_from(row->words[0]));
  else if (row->type == SETTING_TEXTS) text_append(out, words->own != NULL && strcmp(words->own, "fee") == 0 ? SLICE("[BED]") : SLICE("[]"));
  else if (row->type == SETTING_BOOL) TEXT_LITERAL(out, "false");
  else text_int(out, row->min);
}

static void write_params(const struct kind *kind, struct text *out) {
  text_format(out, "\n# %s：%s\nkind: %s\nparams:\n", kind->title_zh, kind->summary_zh, kind->name);
  for (size_t i = 0; i < kind->params_size; i++) {
    text_format(out, "  # %s", kind->words[i].doc_zh);
    hints_parameter(&kind->params[i], out);
    text_format(out, "。\n  %s: ", kind->params[i].name);
    write_default(&kind->params[i], &kind->words[i], out);
    text_byte(out, '\n');
  }
}

static void write_evidence(const struct kind *kind, struct text *out) {
  TEXT_LITERAL(out, "\n# 涉及金额的计算方法：");
  for (size_t i = 0; kind->amounts[i] != NULL; i++) text_format(out, "%s%s", i > 0 ? "、" : "", kind->amounts[i]);
  text_format(out, "。\namount: %s\n# %s\nsay:\n  zh: \"", kind->amounts[0], doc_of("say"));
  for (size_t i = 0; i < kind->operands_size && i < 3; i++)
    text_format(out, "%s%s {%s}", i > 0 ? "，" : "", kind->operands[i].doc_zh, kind->operands[i].name);
  text_format(out, "\"\n# %s\nshow: [", doc_of("show"));
  for (size_t i = 0; i < kind->operands_size; i++) text_format(out, "%s%s", i > 0 ? ", " : "", kind->operands[i].name);
  TEXT_LITERAL(out, "]\n");
}

static void write_rule(const struct kind *kind, const char *id, struct text *out) {
  struct text name = {0};
  for (const char *c = id; *c != '\0'; c++) text_byte(&name, *c == '-' ? '_' : (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c));
  text_format(out,
              "# yaml-language-server: $schema=../../rules.schema.json\n"
              "# 新规则的起点，由 settlewatch rules new 生成。逐项核对后删去不再需要的注释；写好测试，通过\n"
              "# settlewatch rules check --for-activation 之后才可启用。\n\n"
              "# %s\nrule: %.*s\n# %s\nid: %s\ntitle: {zh: %s, en: New rule}\nversion: 1\n# %s\nstatus: draft\n",
              doc_of("rule"), SLICE_ARG(text_slice(&name)), doc_of("id"), id, kind->title_zh, doc_of("status"));
  text_format(out, "# %s\nsubject: %s\n# %s\nresult: suspicious\n# %s\neffective: {from: 2026-01-01}\n", doc_of("subject"),
              kind->unit == KIND_PAIR ? "patient" : "claim", doc_of("result"), doc_of("effective"));
  text_format(out, "# %s\nbasis:\n  - {law: 医疗保障基金使用监督管理条例, article: \"38\"}\n# %s\nagreement_class: none\n# %s\nprecedence: limit\n",
              doc_of("basis"), doc_of("agreement_class"), doc_of("precedence"));
  text_format(out, "\n# %s\nrequire: [begntime, endtime]\n# %s\nscope: {visit: INPATIENT_STAY}\n", doc_of("require"), doc_of("scope"));
  write_params(kind, out);
  text_format(out,
              "\n# %s\n# unless:\n#   - {id: rehabilitation, if: {dx3: Z50}, reason: 康复治疗}\n"
              "# %s\n# bands:\n#   - {name: default, severity: 1}\n",
              doc_of("unless"), doc_of("bands"));
  write_evidence(kind, out);
  text_format(out,
              "\n# %s\n# 还应写：立案、不构成、每个数值界限的两侧、每项例外、撤回。\ntests:\n"
              "  - name: 门诊不在适用范围内\n    given:\n      - {settle: {id: S1, time: \"2026-03-01 10:00:00\", in_scope: 100.00}}\n"
              "    expect: {outcome: out_of_scope, on: S1}\n",
              doc_of("tests"));
  if (kind->witness == WITNESS_VISIT)    // others look only at visits with lines that their table mentions
    TEXT_LITERAL(out, "  - name: 住院缺少出院时间时数据不足\n    given:\n      - {settle: {id: S1, stay: [2026-03-01], in_scope: 100.00}}\n"
                      "    expect: {outcome: bad_data, reason: missing_endtime, on: S1}\n");
  text_fini(&name);
}

static const struct kind *find_kind(const char *name) {
  const struct kind *kind = kind_find(slice_from(name));
  if (kind != NULL) return kind;
  const char *names[256];
  size_t size = 0;
  for (; kinds[size] != NULL && size < sizeof names / sizeof names[0]; size++) names[size] = kinds[size]->name;
  const char *nearest = diagnostics_nearest(slice_from(name), names, size);
  fprintf(stderr, "settlewatch rules new: there is no rule kind '%s'%s%s%s; 'settlewatch rules doc kinds' tells them\n", name,
          nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
  return NULL;
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"id", OPTION_ID, "ID", 0, "Id of the new rule (default: NEW-001); its name follows from it", 0}, {0}};
  static const struct argp argp = {options, parse, "KIND",
                                   "Prints a starter file for a rule of a kind: every key and parameter with its meaning, range and default in "
                                   "Chinese, as a draft that passes 'rules check', with tests that run.\v"
                                   "Exit status: 0 printed, 2 no such kind.", NULL, NULL, NULL};
  struct new_arguments arguments = {.id = "NEW-001"};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  const struct kind *kind = find_kind(arguments.kind);
  if (kind == NULL) return CLI_USAGE;
  struct text raw = {0}, text = {0};
  struct diagnostics diagnostics = {0};
  struct arena arena;
  struct yaml_file file;
  struct arrange arrange;
  const char *why = NULL;
  write_rule(kind, arguments.id, &raw);
  arena_init(&arena, ARENA_BLOCK);
  yaml_load_text(&file, &arena, arguments.kind, text_slice(&raw), NULL, &diagnostics);
  bool good = file.root != NULL && diagnostics.errors == 0;
  if (good) {
    arrange_init(&arrange, &file, &words_record);
    good = layout_write(&arrange.layout, &file, &text, &why);
  }
  if (!good) fprintf(stderr, "settlewatch rules new: kind '%s' has a default that cannot be written\n", kind->name);
  else paths_print(stdout, &text);
  diagnostics_fini(&diagnostics);
  arena_fini(&arena);
  text_fini(&raw);
  text_fini(&text);
  return good ? CLI_OK : CLI_SOFTWARE;
}

const struct cli_verb cli_rules_new = {"new", "print a starter file for a rule of a kind", run};
