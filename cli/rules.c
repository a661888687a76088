// settlewatch rules VERB: check, list, explain, test, explain-code, doc.
#include <argp.h>
#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/explain.h"
#include "core/utf8.h"
#include "rules/doc.h"
#include "rules/kinds/kind.h"
#include "rules/load.h"
#include "screen/trial.h"

enum { PATHS_MAX = 256, OPTION_STRICT = 1000, OPTION_FORMAT, OPTION_RUN, OPTION_RECORD, OPTION_RULE, OPTION_RULES, OPTION_ALL,
       OPTION_FAILED };

static void print(FILE *stream, struct text *text) {
  fwrite(text->data, 1, text->size, stream);
  text_clear(text);
}

struct paths {
  const char *items[PATHS_MAX];
  size_t size;
};

// The rules of the paths, or of rules.d when there are none. Errors and warnings are told on standard error; NULL when there are
// errors.
static struct ruleset *load(struct paths *paths, struct diagnostics *diagnostics) {
  if (paths->size == 0) paths->items[paths->size++] = "rules.d";
  struct ruleset *ruleset = ruleset_load(paths->items, paths->size, diagnostics);
  if (diagnostics->errors + diagnostics->warnings > 0) {
    struct text text = {0};
    diagnostics_sort(diagnostics);
    diagnostics_write_text(diagnostics, &text);
    print(stderr, &text);
    text_fini(&text);
  }
  return ruleset;
}

static void add_path(struct argp_state *state, struct paths *paths, const char *path) {
  if (paths->size == PATHS_MAX) argp_error(state, "more than %d paths", PATHS_MAX);
  paths->items[paths->size++] = path;
}

// --- check -----------------------------------------------------------------------------------------------------------------------

struct check_arguments {
  struct paths paths;
  bool strict, json;
};

static error_t check_parse(int key, char *value, struct argp_state *state) {
  struct check_arguments *arguments = state->input;
  switch (key) {
    case OPTION_STRICT: arguments->strict = true; return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case ARGP_KEY_ARG: add_path(state, &arguments->paths, value); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int check_run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"strict", OPTION_STRICT, NULL, 0, "Exit with 3 when there are warnings", 0},
      {"format", OPTION_FORMAT, "text|json", 0, "How to print what was found (default: text)", 0},
      {0}};
  static const struct argp argp = {options, check_parse, "[PATH...]",
                                   "Checks rule folders or files (default: rules.d): all errors of all files in one run.\v"
                                   "Exit status: 0 fine, 1 errors, 3 only warnings under --strict.", NULL, NULL, NULL};
  struct check_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.paths.size == 0) arguments.paths.items[arguments.paths.size++] = "rules.d";
  struct diagnostics diagnostics = {0};
  struct text text = {0};
  struct ruleset *ruleset = ruleset_load(arguments.paths.items, arguments.paths.size, &diagnostics);
  diagnostics_sort(&diagnostics);
  (arguments.json ? diagnostics_write_json : diagnostics_write_text)(&diagnostics, &text);
  if (arguments.json && text.data[text.size - 1] != '\n') text_byte(&text, '\n');
  if (!arguments.json && ruleset != NULL) {
    text_format(&text, cli_chinese() ? "%zu 条规则，规则集 %s，提示 %zu 条\n" : "%zu rules, rule set %s, %zu warnings\n", ruleset->size,
                ruleset->hash, diagnostics.warnings);
  } else if (!arguments.json) {
    text_format(&text, cli_chinese() ? "错误 %zu 条，提示 %zu 条\n" : "%zu errors, %zu warnings\n", diagnostics.errors, diagnostics.warnings);
  }
  print(stdout, &text);
  const int code = ruleset == NULL || diagnostics.errors > 0 ? CLI_FOUND
                   : arguments.strict && diagnostics.warnings > 0 ? CLI_WARNINGS : CLI_OK;
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  text_fini(&text);
  return code;
}

// --- list ------------------------------------------------------------------------------------------------------------------------

static error_t paths_parse(int key, char *value, struct argp_state *state) {
  if (key != ARGP_KEY_ARG) return ARGP_ERR_UNKNOWN;
  add_path(state, state->input, value);
  return 0;
}

static size_t columns_of(struct slice s) {
  size_t columns = 0;
  for (size_t at = 0; at < s.size;) {
    unsigned size;
    const uint32_t code = utf8_first((struct slice){s.data + at, s.size - at}, &size);
    columns += size > 0 ? utf8_columns(code) : 1;
    at += size > 0 ? size : 1;
  }
  return columns;
}

enum { LIST_COLUMNS = 9 };

static void list_row(struct text *out, const struct slice *cells, const size_t *widths) {
  for (size_t c = 0; c < LIST_COLUMNS; c++) {
    text_append(out, cells[c]);
    if (c + 1 == LIST_COLUMNS) break;
    for (size_t n = columns_of(cells[c]); n < widths[c] + 2; n++) text_byte(out, ' ');
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

static int list_run(int argc, char **argv) {
  static const struct argp argp = {NULL, paths_parse, "[PATH...]",
                                   "Lists the rules of folders or files (default: rules.d).\vExit status: 0 fine, 78 bad rules.", NULL, NULL,
                                   NULL};
  struct paths paths = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &paths);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = load(&paths, &diagnostics);
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
        if (columns_of(cells[r][c]) > widths[c]) widths[c] = columns_of(cells[r][c]);
    for (size_t r = 0; r <= ruleset->size; r++) list_row(&text, cells[r], widths);
    print(stdout, &text);
    text_fini(&text);
    arena_fini(&arena);
  }
  const int code = ruleset != NULL ? CLI_OK : CLI_CONFIG;
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return code;
}

// --- test ------------------------------------------------------------------------------------------------------------------------

struct test_arguments {
  struct paths paths;
  regex_t run;
  bool chosen, failed_only;
  struct text text;
};

static error_t test_parse(int key, char *value, struct argp_state *state) {
  struct test_arguments *arguments = state->input;
  int wrong;
  switch (key) {
    case OPTION_RUN:
      if (arguments->chosen) argp_error(state, "--run stands twice");
      wrong = regcomp(&arguments->run, value, REG_EXTENDED | REG_NOSUB);
      if (wrong != 0) {
        char text[200];
        regerror(wrong, &arguments->run, text, sizeof text);
        argp_error(state, "--run '%s': %s", value, text);
      }
      arguments->chosen = true;
      return 0;
    case OPTION_FAILED: arguments->failed_only = true; return 0;
    case ARGP_KEY_ARG: add_path(state, &arguments->paths, value); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static bool test_wanted(void *context, const struct rule *rule, struct slice name) {
  struct test_arguments *arguments = context;
  if (!arguments->chosen) return true;
  text_clear(&arguments->text);
  text_format(&arguments->text, "%.*s: %.*s", SLICE_ARG(rule->id), SLICE_ARG(name));
  text_byte(&arguments->text, '\0');
  return regexec(&arguments->run, arguments->text.data, 0, NULL, 0) == 0;
}

static void test_tell(void *context, const struct trial *trial) {
  struct test_arguments *arguments = context;
  struct text *text = &arguments->text;
  if (trial->passed && arguments->failed_only) return;
  text_clear(text);
  text_format(text, "%s %.*s: %.*s\n", trial->passed ? "ok    " : "FAILED", SLICE_ARG(trial->rule->id), SLICE_ARG(trial->name));
  if (!trial->passed) {
    text_format(text, "       %s:%u\n", trial->place.file, trial->place.line);
    for (size_t at = 0, end; at < trial->difference.size; at = end + 1) {
      const char *line = trial->difference.data + at, *stop = memchr(line, '\n', trial->difference.size - at);
      end = stop != NULL ? (size_t)(stop - trial->difference.data) : trial->difference.size;
      text_format(text, "       %.*s\n", (int)(end - at), line);
    }
  }
  print(stdout, text);
}

static int test_run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"run", OPTION_RUN, "REGEX", 0, "Only tests whose 'ID: name' matches the extended regular expression", 0},
      {"failed", OPTION_FAILED, NULL, 0, "Tell only the tests that fail", 0},
      {0}};
  static const struct argp argp = {options, test_parse, "[PATH...]",
                                   "Runs the tests that stand in the rule files (default: rules.d).\v"
                                   "Exit status: 0 all pass, 1 some fail or none was found, 78 bad rules.", NULL, NULL, NULL};
  struct test_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  struct diagnostics diagnostics = {0};
  struct ruleset *ruleset = load(&arguments.paths, &diagnostics);
  int code = CLI_CONFIG;
  if (ruleset != NULL) {
    const struct trial_options trials = {test_wanted, test_tell, &arguments};
    struct trial_counts sum = {0};
    for (size_t r = 0; r < ruleset->size; r++) {
      const struct trial_counts counts = trial_run(ruleset, ruleset->rules[r], &trials);
      sum.run += counts.run;
      sum.failed += counts.failed;
    }
    printf(cli_chinese() ? "%zu 项测试，%zu 项失败\n" : "%zu tests, %zu failed\n", sum.run, sum.failed);
    code = sum.failed > 0 || sum.run == 0 ? CLI_FOUND : CLI_OK;
  }
  if (arguments.chosen) regfree(&arguments.run);
  text_fini(&arguments.text);
  ruleset_destroy(ruleset);
  diagnostics_fini(&diagnostics);
  return code;
}

// --- explain ---------------------------------------------------------------------------------------------------------------------

static error_t explain_parse(int key, char *value, struct argp_state *state) {
  struct explain_options *options = state->input;
  switch (key) {
    case OPTION_RECORD: options->record = value; return 0;
    case OPTION_RULE: options->rule = value; return 0;
    case OPTION_RULES: options->rules = value; return 0;
    case ARGP_KEY_END:
      if (options->record == NULL) argp_error(state, "--record FILE is needed");
      if (options->rule == NULL) argp_error(state, "--rule ID is needed");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int explain_run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"record", OPTION_RECORD, "FILE", 0, "NDJSON: the person's history in order; the last settlement is explained", 0},
      {"rule", OPTION_RULE, "ID", 0, "The rule, by id or by name", 0},
      {"rules", OPTION_RULES, "DIR", 0, "Rule folder (default: rules.d)", 0},
      {0}};
  static const struct argp argp = {options, explain_parse, NULL,
                                   "Prints the full trace of one decision: every condition with its value, where it came from, whether it "
                                   "holds, how far it is from its bound; the verdict; what is claimed.\v"
                                   "Exit status: 0 explained, 65 unreadable records, 78 bad rules or an unknown rule.", NULL, NULL, NULL};
  struct explain_options chosen = {.rules = "rules.d", .chinese = cli_chinese() != 0};
  argp_parse(&argp, argc, argv, 0, NULL, &chosen);
  return explain(&chosen);
}

// --- explain-code ----------------------------------------------------------------------------------------------------------------

struct code_arguments {
  const char *code;
  bool all;
};

static error_t code_parse(int key, char *value, struct argp_state *state) {
  struct code_arguments *arguments = state->input;
  switch (key) {
    case OPTION_ALL: arguments->all = true; return 0;
    case ARGP_KEY_ARG:
      if (arguments->code != NULL) argp_error(state, "one code at a time");
      arguments->code = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->all == (arguments->code != NULL)) argp_error(state, "a code such as SW1007 is needed, or --all");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int code_run(int argc, char **argv) {
  static const struct argp_option options[] = {{"all", OPTION_ALL, NULL, 0, "Every code", 0}, {0}};
  static const struct argp argp = {options, code_parse, "SWnnnn",
                                   "Says what a code of an error or a warning means and how to mend it.\v"
                                   "Exit status: 0 explained, 2 no such code.", NULL, NULL, NULL};
  struct code_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (arguments.all) {
    unsigned code;
    for (size_t i = 0; (code = diagnostics_code_at(i)) != 0; i++) printf("SW%04u  %s\n", code, diagnostics_explain(code));
    return CLI_OK;
  }
  const char *digits = arguments.code;
  if ((digits[0] == 'S' || digits[0] == 's') && (digits[1] == 'W' || digits[1] == 'w')) digits += 2;
  char *end;
  errno = 0;
  const unsigned long code = strtoul(digits, &end, 10);
  const bool number = digits[0] >= '0' && digits[0] <= '9' && *end == '\0' && errno == 0 && code <= 9999;
  const char *meaning = number ? diagnostics_explain((unsigned)code) : NULL;
  if (meaning == NULL) {
    fprintf(stderr, "settlewatch rules explain-code: there is no code '%s'; --all lists them\n", arguments.code);
    return CLI_USAGE;
  }
  printf("SW%04lu  %s\n", code, meaning);
  return CLI_OK;
}

// --- doc -------------------------------------------------------------------------------------------------------------------------

static const struct { const char *name; void (*write)(struct text *out); } pages[] = {
    {"fields", rules_doc_fields},
    {"kinds", rules_doc_kinds},
};

static error_t doc_parse(int key, char *value, struct argp_state *state) {
  const char **page = state->input;
  switch (key) {
    case ARGP_KEY_ARG:
      if (*page != NULL) argp_error(state, "one page at a time");
      *page = value;
      return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "a page is needed: fields or kinds"); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int doc_run(int argc, char **argv) {
  static const struct argp argp = {NULL, doc_parse, "fields|kinds",
                                   "Prints a reference page, from the tables that the loader uses: the operands of the vocabulary, or the "
                                   "rule kinds with their parameters.", NULL, NULL, NULL};
  const char *page = NULL;
  argp_parse(&argp, argc, argv, 0, NULL, &page);
  for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
    if (strcmp(pages[i].name, page) != 0) continue;
    struct text text = {0};
    pages[i].write(&text);
    print(stdout, &text);
    text_fini(&text);
    return CLI_OK;
  }
  fprintf(stderr, "settlewatch rules doc: there is no page '%s'; the pages are fields and kinds\n", page);
  return CLI_USAGE;
}

// --- The verbs -------------------------------------------------------------------------------------------------------------------

static const struct verb {
  const char *name, *summary;
  int (*run)(int argc, char **argv);
} verbs[] = {
    {"check", "check rule folders or files: all errors in one run", check_run},
    {"list", "list the rules", list_run},
    {"explain", "print the full trace of one decision", explain_run},
    {"test", "run the tests that stand in the rule files", test_run},
    {"explain-code", "say what a code such as SW1007 means", code_run},
    {"doc", "print a reference page: fields, kinds", doc_run},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static char *verbs_help(int key, const char *text, void *input) {
  (void)input;
  if (key != ARGP_KEY_HELP_POST_DOC) return (char *)(uintptr_t)text;    // unchanged
  struct text out = {0};
  TEXT_LITERAL(&out, "Verbs:\n");
  for (size_t i = 0; i < VERBS; i++) text_format(&out, "  %-13s %s\n", verbs[i].name, verbs[i].summary);
  TEXT_LITERAL(&out, "\n'settlewatch rules VERB --help' explains each.\n");
  text_byte(&out, '\0');
  return out.data;
}

struct choice {
  const struct verb *verb;
  int first, code;
};

static error_t verb_parse(int key, char *value, struct argp_state *state) {
  struct choice *choice = state->input;
  switch (key) {
    case ARGP_KEY_ARG:
      choice->first = state->next - 1;
      state->next = state->argc;    // the rest is the verb's own
      for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].name, value) == 0) choice->verb = &verbs[i];
      if (choice->verb == NULL) {
        const char *names[VERBS];
        for (size_t i = 0; i < VERBS; i++) names[i] = verbs[i].name;
        const char *nearest = diagnostics_nearest(slice_from(value), names, VERBS);
        fprintf(stderr, "settlewatch rules: unknown verb '%s'%s%s%s; 'settlewatch rules --help' lists them\n", value,
                nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
        choice->code = CLI_USAGE;
      }
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_state_help(state, stderr, ARGP_HELP_LONG | ARGP_HELP_PRE_DOC | ARGP_HELP_POST_DOC | ARGP_HELP_USAGE);
      choice->code = CLI_USAGE;
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static int run(int argc, char **argv) {
  static const struct argp argp = {NULL, verb_parse, "VERB [OPTION...]", "Rules: check, list, explain and test them.\v", NULL, verbs_help,
                                   NULL};
  struct choice choice = {0};
  argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);
  if (choice.verb == NULL) return choice.code;
  struct text name = {0};
  text_format(&name, "settlewatch rules %s", choice.verb->name);
  text_byte(&name, '\0');
  char *const before = program_invocation_short_name;
  char **own = argv + choice.first;
  own[0] = name.data;
  program_invocation_name = program_invocation_short_name = name.data;    // argp's messages begin with it
  const int code = choice.verb->run(argc - choice.first, own);
  program_invocation_name = program_invocation_short_name = before;
  text_fini(&name);
  return code;
}

const struct cli_command cli_rules = {"rules", "check, list, explain and test rules", run};
