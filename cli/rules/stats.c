// settlewatch rules stats: what each rule did with the past, and what that took.
#include <argp.h>
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/past.h"
#include "cli/rules/running.h"
#include "cli/verb.h"
#include "consumers/sheet.h"
#include "record/money.h"

enum { OPTION_FORMAT = 1000 };

struct stats_arguments {
  struct past past;
  const char *rules;
  bool json;
};

static const struct argp_option options[] = {
    {"rules", 'r', "DIR", 0, "Rule folder (default: rules.d, or what the settings say)", 0},
    {"format", OPTION_FORMAT, "text|json", 0, "How to print the statistics (default: text)", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct stats_arguments *arguments = state->input;
  switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &arguments->past; return 0;
    case 'r': arguments->rules = value; return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case ARGP_KEY_ARG: paths_add(state, &arguments->past.files, value); return 0;
    case ARGP_KEY_END:
      if (arguments->past.files.size == 0 && arguments->past.config == NULL)
        argp_error(state, "a file of the past is needed: --from FILE; or --config FILE, for what the running processes counted");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

// What each rule's row shows. The findings of versions of one rule stand together; they are told with its latest version.
struct told {
  const struct rule *rule;
  const struct rule_counts *counts;
  uint64_t evaluated, shadow_hits, each_ns;
  struct backtest_sum open, shadow;
};

static struct backtest_sum sum_of(const struct backtest_rows *rows, struct slice rule_id) {
  for (size_t i = 0; i < rows->size; i++)
    if (slice_equal(rows->rows[i].key, rule_id)) return rows->rows[i].sides[BACKTEST_BASELINE];
  return (struct backtest_sum){0};
}

static struct told told_of(const struct backtest_report *report, size_t r) {
  const struct ruleset *ruleset = report->sides[BACKTEST_BASELINE];
  const struct rule *rule = ruleset->rules[r];
  struct told line = {.rule = rule, .counts = &report->rule_counts[r], .each_ns = past_each_ns(report, r)};
  for (unsigned o = 0; o < OUTCOME_COUNT; o++) line.evaluated += line.counts->outcomes[o];
  if (rule->status == RULE_SHADOW) line.shadow_hits = line.counts->outcomes[OUTCOME_HIT];
  if (r + 1 == ruleset->size || !slice_equal(ruleset->rules[r + 1]->id, rule->id)) {
    line.open = sum_of(&report->rules, rule->id);
    line.shadow = sum_of(&report->shadow_rules, rule->id);
  }
  return line;
}

static void write_json(const struct backtest_report *report, struct text *out) {
  text_format(out, "{\"ruleset\":\"%s\",\"settlements\":%" PRIu64 ",\"rules\":[", report->sides[0]->hash, report->settlements);
  for (size_t r = 0; r < report->sides[0]->size; r++) {
    const struct told line = told_of(report, r);
    text_append(out, r > 0 ? SLICE(",\n{\"rule_id\":") : SLICE("\n{\"rule_id\":"));
    text_json(out, line.rule->id);
    text_format(out, ",\"version\":%" PRId64 ",\"status\":\"%s\",\"evaluated\":%" PRIu64, line.rule->version, rule_status_words[line.rule->status],
                line.evaluated);
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) text_format(out, ",\"%s\":%" PRIu64, outcome_name((enum outcome)o), line.counts->outcomes[o]);
    text_format(out, ",\"open\":%" PRIu64 ",\"vola_amt\":\"", line.open.findings);
    money_write_fen(out, line.open.vola_fen);
    TEXT_LITERAL(out, "\",\"fund_amt\":\"");
    money_write_fen(out, line.open.fund_fen);
    text_format(out, "\",\"shadow_hits\":%" PRIu64 ",\"shadow_open\":%" PRIu64 ",\"shadow_vola_amt\":\"", line.shadow_hits, line.shadow.findings);
    money_write_fen(out, line.shadow.vola_fen);
    text_format(out, "\",\"timed\":%" PRIu64 ",\"ns_each\":%" PRIu64 "}", line.counts->timed, line.each_ns);
  }
  TEXT_LITERAL(out, "\n]}\n");
}

static void cell(struct sheet *sheet, struct text *scratch, uint64_t number) {
  text_clear(scratch);
  text_format(scratch, "%" PRIu64, number);
  sheet_cell(sheet, text_slice(scratch));
}

static void write_text(const struct backtest_report *report, struct text *out) {
  enum { COLUMNS = 17, WORDS = 3 };
  static const char *const heads[2][COLUMNS] = {
      {"rule", "v", "status", "evaluated", "no_hit", "hit", "exempt", "out_of_scope", "insufficient_history", "bad_data", "error", "open", "yuan",
       "shadow hits", "shadow open", "shadow yuan", "ns each"},
      {"规则", "版本", "状态", "评估", "未命中", "命中", "例外", "不在范围", "历史不足", "数据缺陷", "错误", "现有疑点", "金额", "试运行命中", "试运行疑点", "试运行金额",
       "每次纳秒"}};
  struct sheet sheet;
  struct text scratch = {0};
  sheet_begin(&sheet, out, false, cli_chinese(), report->sides[0]->hash);
  sheet_table(&sheet, heads[cli_chinese() != 0], COLUMNS, WORDS);
  for (size_t r = 0; r < report->sides[0]->size; r++) {
    const struct told line = told_of(report, r);
    sheet_cell(&sheet, line.rule->id);
    cell(&sheet, &scratch, (uint64_t)line.rule->version);
    sheet_cell(&sheet, slice_from(rule_status_words[line.rule->status]));
    cell(&sheet, &scratch, line.evaluated);
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) cell(&sheet, &scratch, line.counts->outcomes[o]);
    const struct backtest_sum *sums[] = {&line.open, &line.shadow};
    for (unsigned i = 0; i < 2; i++) {
      if (i == 1) cell(&sheet, &scratch, line.shadow_hits);
      cell(&sheet, &scratch, sums[i]->findings);
      text_clear(&scratch);
      money_write_fen(&scratch, sums[i]->vola_fen);
      sheet_cell(&sheet, text_slice(&scratch));
    }
    cell(&sheet, &scratch, line.each_ns);
  }
  sheet_table_end(&sheet);
  sheet_end(&sheet);
  text_fini(&scratch);
}

static int run(int argc, char **argv) {
  static const struct argp_child children[] = {{&past_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {options, parse, "--from FILE... [FILE...]\n--config FILE",
                                   "Screens the past and tells for each rule how often it was evaluated and with which outcome, what is open at the end, and "
                                   "how long a decision took (one in 61 is timed). A visit that the index keeps from a rule is not evaluated and not "
                                   "counted. Without --from, what the running processes of this host counted "
                                   "since their start.\vExit status: 0 told, 65 a file is unreadable as a whole or nothing was counted yet, 78 bad rules "
                                   "or settings.", children, NULL, NULL};
  struct stats_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.past.files.size == 0) return running_stats(arguments.past.config, arguments.json);
  struct site *site = past_site(&arguments.past);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = NULL;
  if (site != NULL) {
    struct paths paths = {.items = {arguments.rules != NULL ? arguments.rules : arena_copy_text(&site->arena, site->rules)}, .size = 1};
    ruleset = paths_load(&paths, &diagnostics);
  }
  int code = CLI_CONFIG;
  if (ruleset != NULL) {
    struct backtest_report report;
    struct text text = {0};
    code = past_screen(&arguments.past, site, ruleset, &report);
    if (code == CLI_OK) (arguments.json ? write_json : write_text)(&report, &text);
    paths_print(stdout, &text);
    text_fini(&text);
    backtest_fini(&report);
  }
  ruleset_destroy(ruleset);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
  return code;
}

const struct cli_verb cli_rules_stats = {"stats", "tell what each rule did with the past, and what that took", run};
