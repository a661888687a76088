// settlewatch rules list: list the rules.
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/day.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "consumers/sheet.h"
#include "core/utf8.h"
#include "record/date.h"
#include "rules/kinds/kind.h"

enum { OPTION_EXEMPTIONS = 1000, OPTION_AS_OF, SOON_DAYS = 30 };

struct list_arguments {
  struct paths paths;
  bool exemptions;
  int32_t as_of_day;
};

static const struct argp_option options[] = {
    {"exemptions", OPTION_EXEMPTIONS, NULL, 0, "List the exemptions with their owners, reasons and ends, and whether they have ended or end within 30 days", 0},
    {"as-of", OPTION_AS_OF, "DATE", 0, "The day from which that is reckoned, yyyy-MM-dd (default: today)", 0},
    {0}};

static error_t list_parse(int key, char *value, struct argp_state *state) {
  struct list_arguments *arguments = state->input;
  switch (key) {
    case OPTION_EXEMPTIONS: arguments->exemptions = true; return 0;
    case OPTION_AS_OF:
      arguments->as_of_day = day_option(state, "as-of", value);
      return 0;
    case ARGP_KEY_ARG: paths_add(state, &arguments->paths, value); return 0;
    case ARGP_KEY_END:
      if (arguments->as_of_day != INT32_MIN && !arguments->exemptions) argp_error(state, "--as-of is asked with --exemptions");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int32_t today(void) {
  return date_day((int64_t)time(NULL));
}

// Exemptions for a person or an institution end; general lawful ones need not.
static void list_exemptions(const struct ruleset *ruleset, int32_t as_of_day, struct text *out) {
  enum { COLUMNS = 8 };
  static const char *const heads[2][COLUMNS] = {{"rule", "v", "exemption", "until", "", "owner", "approved by", "reason"},
                                                {"规则", "版本", "例外", "最后一日", "", "责任部门", "批准单位", "理由"}};
  static const char *const ends[2][3] = {{"", "ends soon", "ended"}, {"", "即将到期", "已到期"}};
  const unsigned chinese = cli_chinese() != 0;
  struct sheet sheet;
  struct text scratch = {0};
  sheet_begin(&sheet, out, false, cli_chinese(), ruleset->hash);
  sheet_table(&sheet, heads[chinese], COLUMNS, COLUMNS);
  for (size_t r = 0; r < ruleset->size; r++) {
    const struct rule *rule = ruleset->rules[r];
    for (size_t e = 0; e < rule->exemptions_size; e++) {
      const struct exemption *exemption = &rule->exemptions[e];
      const bool open = exemption->until_day == INT32_MAX;
      const unsigned end = open ? 0 : exemption->until_day < as_of_day ? 2 : exemption->until_day <= as_of_day + SOON_DAYS ? 1 : 0;
      sheet_cell(&sheet, rule->id);
      text_clear(&scratch);
      text_int(&scratch, rule->version);
      sheet_cell(&sheet, text_slice(&scratch));
      sheet_cell(&sheet, exemption->id);
      text_clear(&scratch);
      if (open) text_byte(&scratch, '-');
      else date_write_day(&scratch, exemption->until_day);
      sheet_cell(&sheet, text_slice(&scratch));
      sheet_cell(&sheet, slice_from(ends[chinese][end]));
      sheet_cell(&sheet, exemption->owner.size > 0 ? exemption->owner : SLICE("-"));
      sheet_cell(&sheet, exemption->approved_by.size > 0 ? exemption->approved_by : SLICE("-"));
      sheet_cell(&sheet, exemption->reason);
    }
  }
  sheet_table_end(&sheet);
  sheet_end(&sheet);
  text_fini(&scratch);
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
  static const struct argp argp = {options, list_parse, "[PATH...]",
                                   "Lists the rules of folders or files (default: rules.d).\vExit status: 0 fine, 78 bad rules.", NULL, NULL,
                                   NULL};
  struct list_arguments arguments = {.as_of_day = INT32_MIN};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = paths_load(&arguments.paths, &diagnostics);
  if (ruleset != NULL && arguments.exemptions) {
    struct text text = {0};
    list_exemptions(ruleset, arguments.as_of_day != INT32_MIN ? arguments.as_of_day : today(), &text);
    paths_print(stdout, &text);
    text_fini(&text);
  } else if (ruleset != NULL) {
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
