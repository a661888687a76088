// settlewatch rules list: list the rules.
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "core/utf8.h"
#include "rules/kinds/kind.h"

static error_t paths_parse(int key, char *value, struct argp_state *state) {
  if (key != ARGP_KEY_ARG) return ARGP_ERR_UNKNOWN;
  paths_add(state, state->input, value);
  return 0;
}

enum { LIST_COLUMNS = 9 };

static void list_row(struct text *out, const struct slice *cells, const size_t *widths) {
  for (size_t c = 0; c < LIST_COLUMNS; c++) {
    text_append(out, cells[c]);
    if (c + 1 == LIST_COLUMNS) break;
    for (size_t n = utf8_width(cells[c]); n < widths[c] + 2; n++) text_byte(out, ' ');
  }
  while (out->size > 0 && out->data[out->size - 1] == ' ') out->size--;
  text_byte(out, '\n');
}

static void list_cells(const struct rule *rule, struct arena *arena, struct slice *cells) {
  char version[24];
  const int size = snprintf(version, sizeof version, "%lld", (long long)rule->version);
  const bool chinese = cli_chinese() != 0 || rule->title_en.size == 0;
  const struct slice row[LIST_COLUMNS] = {rule->id,
                                          arena_copy(arena, (struct slice){version, (size_t)size}),
                                          slice_from(rule_status_words[rule->status]),
                                          slice_from(cli_chinese() ? rule_result_zh[rule->result] : rule_result_words[rule->result]),
                                          slice_from(rule->kind->name),
                                          slice_from(agreement_class_words[rule->agreement_class]),
                                          rule->statute.size > 0 ? rule->statute : SLICE("-"),
                                          slice_from(precedence_words[rule->precedence]),
                                          chinese ? rule->title_zh : rule->title_en};
  memcpy(cells, row, sizeof row);
}

static int run(int argc, char **argv) {
  static const struct argp argp = {NULL, paths_parse, "[PATH...]",
                                   "Lists the rules of folders or files (default: rules.d).\vExit status: 0 fine, 78 bad rules.", NULL, NULL,
                                   NULL};
  struct paths paths = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &paths);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = paths_load(&paths, &diagnostics);
  if (ruleset != NULL) {
    static const char *const heads[2][LIST_COLUMNS] = {
        {"id", "v", "status", "result", "kind", "class", "statute", "precedence", "title"},
        {"编号", "版本", "状态", "性质", "规则类型", "协议条款", "法条", "优先级", "名称"}};
    struct arena arena;
    struct text text = {0};
    arena_init(&arena, 4096);
    struct slice(*cells)[LIST_COLUMNS] = arena_take(&arena, (ruleset->size + 1) * sizeof *cells);
    size_t widths[LIST_COLUMNS] = {0};
    for (size_t c = 0; c < LIST_COLUMNS; c++) cells[0][c] = slice_from(heads[cli_chinese() != 0][c]);
    for (size_t r = 0; r < ruleset->size; r++) list_cells(ruleset->rules[r], &arena, cells[r + 1]);
    for (size_t r = 0; r <= ruleset->size; r++)
      for (size_t c = 0; c < LIST_COLUMNS; c++)
        if (utf8_width(cells[r][c]) > widths[c]) widths[c] = utf8_width(cells[r][c]);
    for (size_t r = 0; r <= ruleset->size; r++) list_row(&text, cells[r], widths);
    paths_print(stdout, &text);
    text_fini(&text);
    arena_fini(&arena);
  }
  const int code = ruleset != NULL ? CLI_OK : CLI_CONFIG;
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return code;
}

const struct cli_verb cli_rules_list = {"list", "list the rules", run};
