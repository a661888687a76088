// settlewatch rules analyse: how each rule was compiled, what it costs, and why.
#include <argp.h>
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/past.h"
#include "cli/verb.h"
#include "rules/analyse.h"
#include "rules/kinds/kind.h"
#include "rules/operand.h"

enum { OPTION_FORMAT = 1000 };

struct analyse_arguments {
  struct past past;
  struct paths paths;
  bool json;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct analyse_arguments *arguments = state->input;
  switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &arguments->past; return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case ARGP_KEY_ARG: paths_add(state, &arguments->paths, value); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

// What was measured of one rule; evaluated 0 when nothing was.
struct measured { uint64_t evaluated, each_ns, share; };    // share: thousandths of the time of all rules

static uint64_t evaluated_of(const struct backtest_report *report, size_t r) {
  uint64_t evaluated = 0;
  for (unsigned o = 0; o < OUTCOME_COUNT; o++) evaluated += report->rule_counts[r].outcomes[o];
  return evaluated;
}

static struct measured measured_of(const struct backtest_report *report, size_t r) {
  uint64_t all = 0;
  for (size_t i = 0; i < report->sides[0]->size; i++) all += evaluated_of(report, i) * past_each_ns(report, i);
  struct measured measured = {.evaluated = evaluated_of(report, r), .each_ns = past_each_ns(report, r)};
  __extension__ const unsigned __int128 part = (unsigned __int128)measured.evaluated * measured.each_ns * 1000;
  measured.share = all > 0 ? (uint64_t)(part / all) : 0;
  return measured;
}

static void write_visits(struct text *out, uint32_t visits) {
  for (unsigned s = 0; s < VISIT_SYMBOL_COUNT; s++)
    if (visits >> s & 1) text_format(out, " %s", code_symbol_name(CODES_MED_TYPE, s));
}

static void write_found_by(struct text *out, const struct analysis *analysis, bool zh) {
  text_format(out, "  %s %s", zh ? "见证：" : "found by:", (zh ? analyse_witness_zh : analyse_witness_words)[analysis->witness]);
  if (analysis->table != NULL)
    text_format(out, zh ? "，知识表 %s：%" PRIu32 " 个编码，%" PRIu32 " 行" : " in table %s: %" PRIu32 " codes, %" PRIu32 " rows", analysis->table->name,
                analysis->keys, analysis->table->rows_size);
  if (analysis->names > 0) text_format(out, zh ? "，限 %zu 个%s" : ", only %zu %s", analysis->names,
                                       analysis->witness == ANALYSE_DIAGNOSIS ? (zh ? "诊断组" : "groups of diagnoses") : (zh ? "机构" : "institutions"));
  if (analysis->rule->visits != UINT32_MAX && analysis->witness != ANALYSE_OFF) {
    text_append(out, zh ? SLICE("；就诊类别") : SLICE("; visits"));
    write_visits(out, analysis->rule->visits);
  }
  text_byte(out, '\n');
}

static void write_rule(struct text *out, const struct analysis *analysis, const struct measured *measured, bool zh) {
  const struct rule *rule = analysis->rule;
  text_format(out, "%.*s v%" PRId64 " %s  %.*s\n", SLICE_ARG(rule->id), rule->version, rule_status_words[rule->status],
              SLICE_ARG(zh || rule->title_en.size == 0 ? rule->title_zh : rule->title_en));
  text_format(out, zh ? "  编译为 %s：条件 %zu 项，例外 %zu 项，分档 %zu 档\n" : "  compiled to %s: %zu tests, %zu exemptions, %zu bands\n", rule->kind->name,
              analysis->tests, rule->exemptions_size, rule->bands_size);
  write_found_by(out, analysis, zh);
  text_format(out, zh ? "  开销：%s（%s）\n" : "  cost: %s, %s\n", (zh ? analyse_cost_zh : analyse_cost_words)[analysis->cost],
              (zh ? analyse_cost_means_zh : analyse_cost_means)[analysis->cost]);
  text_append(out, zh ? SLICE("  档案保存：") : SLICE("  the dossier stores:"));
  for (size_t i = 0; i < analysis->reads_size; i++) {
    if (analysis->reads[i] & OPERAND_KIND) continue;    // computed by the kind, not stored
    text_format(out, " %s", operand_text(rule->kind, analysis->reads[i]));
  }
  text_format(out, zh ? "；回溯 %" PRId32 " 天\n" : "; looks back %" PRId32 " days\n", analysis->lookback_days);
  if (measured != NULL)
    text_format(out, zh ? "  实测：评估 %" PRIu64 " 次，每次 %" PRIu64 " 纳秒，占全部规则用时 %" PRIu64 ".%" PRIu64 " %%\n"
                        : "  measured: %" PRIu64 " evaluations, %" PRIu64 " ns each, %" PRIu64 ".%" PRIu64 " %% of the time of all rules\n",
                measured->evaluated, measured->each_ns, measured->share / 10, measured->share % 10);
  if (analyse_warns(analysis))
    text_append(out, zh ? SLICE("  警告：没有见证，每次就诊都要评估\n") : SLICE("  warning: no witness, it is asked at every visit\n"));
}

static void put_rule(struct text *out, const struct analysis *analysis, const struct measured *measured) {
  const struct rule *rule = analysis->rule;
  TEXT_LITERAL(out, "{\"rule_id\":");
  text_json(out, rule->id);
  text_format(out, ",\"version\":%" PRId64 ",\"status\":\"%s\",\"kind\":\"%s\",\"tests\":%zu,\"exemptions\":%zu,\"bands\":%zu,\"witness\":\"%s\"", rule->version,
              rule_status_words[rule->status], rule->kind->name, analysis->tests, rule->exemptions_size, rule->bands_size,
              analyse_witness_words[analysis->witness]);
  TEXT_LITERAL(out, ",\"table\":");
  text_json(out, analysis->table != NULL ? slice_from(analysis->table->name) : SLICE_NONE);
  text_format(out, ",\"keys\":%" PRIu32 ",\"rows\":%" PRIu32 ",\"names\":%zu,\"missing_rows_count\":%s,\"cost\":\"%s\",\"lookback_days\":%" PRId32
              ",\"warning\":%s,\"stores\":[", analysis->keys, analysis->table != NULL ? analysis->table->rows_size : 0, analysis->names,
              analysis->wants_missing ? "true" : "false", analyse_cost_words[analysis->cost], analysis->lookback_days,
              analyse_warns(analysis) ? "true" : "false");
  bool first = true;
  for (size_t i = 0; i < analysis->reads_size; i++) {
    if (analysis->reads[i] & OPERAND_KIND) continue;
    text_format(out, "%s\"%s\"", first ? "" : ",", operand_text(rule->kind, analysis->reads[i]));
    first = false;
  }
  text_byte(out, ']');
  if (measured != NULL)
    text_format(out, ",\"evaluated\":%" PRIu64 ",\"ns_each\":%" PRIu64 ",\"share_thousandths\":%" PRIu64, measured->evaluated, measured->each_ns,
                measured->share);
  text_byte(out, '}');
}

// The number of warnings.
static size_t write_all(const struct analyse_arguments *arguments, const struct ruleset *ruleset, const struct backtest_report *report, struct text *out) {
  struct arena arena;
  arena_init(&arena, 64 << 10);
  size_t warnings = 0;
  if (arguments->json) text_format(out, "{\"ruleset\":\"%s\",\"lookback_days\":%" PRId32 ",\"rules\":[", ruleset->hash, ruleset->lookback_days);
  for (size_t r = 0; r < ruleset->size; r++) {
    struct analysis analysis;
    const struct measured measured = report != NULL ? measured_of(report, r) : (struct measured){0};
    analyse_rule(ruleset->rules[r], &arena, &analysis);
    warnings += analyse_warns(&analysis);
    if (arguments->json) {
      text_append(out, r > 0 ? SLICE(",\n") : SLICE("\n"));
      put_rule(out, &analysis, report != NULL ? &measured : NULL);
    } else {
      write_rule(out, &analysis, report != NULL ? &measured : NULL, cli_chinese());
    }
  }
  if (arguments->json) TEXT_LITERAL(out, "\n]}\n");
  arena_fini(&arena);
  return warnings;
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {{"format", OPTION_FORMAT, "text|json", 0, "How to print the analysis (default: text)", 0}, {0}};
  static const struct argp_child children[] = {{&past_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {options, parse, "[PATH...]",
                                   "Tells how each rule of folders or files (default: rules.d) was compiled: by what the index finds it, how its cost grows, "
                                   "what dossiers must store for it and how far back it looks. With --from it also screens that past and tells what "
                                   "each rule took.\vExit status: 0 told, 3 a rule has no witness, 65 a file is unreadable as a whole, 78 bad rules or settings.",
                                   children, NULL, NULL};
  struct analyse_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = paths_load(&arguments.paths, &diagnostics);
  struct site *site = ruleset != NULL ? past_site(&arguments.past) : NULL;
  int code = CLI_CONFIG;
  if (site != NULL) {
    struct backtest_report report = {0};
    struct text text = {0};
    const bool measure = arguments.past.files.size > 0;
    code = measure ? past_screen(&arguments.past, site, ruleset, &report) : CLI_OK;
    if (code == CLI_OK && write_all(&arguments, ruleset, measure ? &report : NULL, &text) > 0) code = CLI_WARNINGS;
    paths_print(stdout, &text);
    text_fini(&text);
    if (measure) backtest_fini(&report);
  }
  ruleset_destroy(ruleset);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
  return code;
}

const struct cli_verb cli_rules_analyse = {"analyse", "tell how each rule was compiled and what it costs", run};
