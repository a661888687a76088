// settlewatch rules fmt: put rule files into canonical form.
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/rules/files.h"
#include "cli/rules/paths.h"
#include "cli/verb.h"
#include "core/memory.h"
#include "rules/arrange.h"
#include "rules/hash.h"
#include "rules/read.h"
#include "rules/words.h"

enum { OPTION_CHECK = 1000, OPTION_DIFF, ARENA_BLOCK = 64 << 10 };

struct fmt_arguments {
  struct paths paths;
  bool check, diff;
};

struct fmt {
  const struct fmt_arguments *arguments;
  struct diagnostics diagnostics;
  struct ruleset *knowledge;    // to read rules with; NULL: not possible
  struct arena arena;           // of one file
  struct text text, before, after;
  size_t changed, refused, files;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct fmt_arguments *arguments = state->input;
  switch (key) {
    case OPTION_CHECK: arguments->check = true; return 0;
    case OPTION_DIFF: arguments->diff = true; return 0;
    case ARGP_KEY_ARG: paths_add(state, &arguments->paths, value); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

// The rule's canonical text by which the rule set's hash is made; empty when it is no right rule.
static void meaning_of(struct fmt *fmt, struct yaml_file *file, struct text *out) {
  struct diagnostics diagnostics = {0};
  struct yaml_file quiet = *file;
  quiet.diagnostics = &diagnostics;
  text_clear(out);
  struct prepare prepare = {.ruleset = fmt->knowledge, .file = &quiet};
  if (fmt->knowledge != NULL && yaml_find(file->root, "kind") != NULL && read_rule(&prepare)) hash_rule_text(prepare.rule, out);
  diagnostics_fini(&diagnostics);
}

static bool same_meaning(struct fmt *fmt, struct yaml_file *file) {
  struct yaml_file again;
  struct diagnostics diagnostics = {0};
  meaning_of(fmt, file, &fmt->before);
  yaml_load_text(&again, &fmt->arena, file->name, text_slice(&fmt->text), NULL, &diagnostics);
  if (again.root != NULL) meaning_of(fmt, &again, &fmt->after);
  diagnostics_fini(&diagnostics);
  // A file that was no right rule may have become one: codes got their quotes.
  return fmt->before.size == 0 || slice_equal(text_slice(&fmt->before), text_slice(&fmt->after));
}

// A new file beside the old one takes its name when it is whole.
static bool replace(const char *path, struct slice text) {
  struct stat about;
  char *name = NULL;
  struct text temporary = {0};
  char *real = realpath(path, NULL);    // a link stays a link
  if (real == NULL || stat(real, &about) != 0) goto failed;
  text_format(&temporary, "%s.XXXXXX", real);
  text_byte(&temporary, '\0');
  name = temporary.data;
  const int handle = mkstemp(name);
  if (handle < 0) {
    name = NULL;
    goto failed;
  }
  FILE *file = fdopen(handle, "wb");
  bool good = file != NULL && fwrite(text.data, 1, text.size, file) == text.size && fflush(file) == 0 && fsync(handle) == 0 &&
              fchmod(handle, about.st_mode & 07777) == 0;
  if (file != NULL) good &= fclose(file) == 0;
  else close(handle);
  if (!good || rename(name, real) != 0) goto failed;
  text_fini(&temporary);
  free(real);
  return true;

failed:
  fprintf(stderr, "settlewatch rules fmt: '%s' cannot be written: %s\n", path, strerror(errno));
  if (name != NULL) unlink(name);
  text_fini(&temporary);
  free(real);
  return false;
}

static bool fmt_file(void *context, const char *path) {
  struct fmt *fmt = context;
  struct yaml_file file;
  struct arrange arrange;
  const char *why = NULL;
  const size_t errors = fmt->diagnostics.errors;
  arena_reset(&fmt->arena);
  text_clear(&fmt->text);
  fmt->files++;
  yaml_load(&file, &fmt->arena, path, NULL, &fmt->diagnostics);
  diagnostics_forget(&fmt->diagnostics);
  if (file.root == NULL || fmt->diagnostics.errors > errors) {
    fmt->refused++;
    return true;
  }
  arrange_init(&arrange, &file, &words_record);
  if (!layout_write(&arrange.layout, &file, &fmt->text, &why) || !same_meaning(fmt, &file)) {
    fprintf(stderr, "settlewatch rules fmt: '%s' is left alone: %s\n", path, why != NULL ? why : "the result has another meaning");
    fmt->refused++;
    return true;
  }
  if (slice_equal(text_slice(&fmt->text), file.source)) return true;
  fmt->changed++;
  if (fmt->arguments->diff) {
    struct text diff = {0};
    files_diff(path, file.source, text_slice(&fmt->text), &diff);
    paths_print(stdout, &diff);
    text_fini(&diff);
  } else {
    printf("%s\n", path);
  }
  return fmt->arguments->check || fmt->arguments->diff || replace(path, text_slice(&fmt->text));
}

static int run(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"check", OPTION_CHECK, NULL, 0, "Change nothing, name the files that are not in canonical form; exit with 1 when there are any", 0},
      {"diff", OPTION_DIFF, NULL, 0, "Change nothing, show what would change; exit with 1 when something would", 0},
      {0}};
  static const struct argp argp = {options, parse, "[PATH...]",
                                   "Puts rule files, descriptions of tables, code tables and calendars into canonical form (default: rules.d): "
                                   "order of keys, layout, quotes of codes. Comments stay. A file whose values, comments or rule would not "
                                   "come out the same is left alone.\v"
                                   "Exit status: 0 fine, 1 something would change under --check or --diff, 70 a file cannot be written, "
                                   "78 a file is not YAML, or is left alone.", NULL, NULL, NULL};
  struct fmt_arguments arguments = {0};
  argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  paths_default(&arguments.paths);
  struct fmt fmt = {.arguments = &arguments};
  struct diagnostics knowledge = {0};    // that tables are wrong is for `rules check` to say
  arena_init(&fmt.arena, ARENA_BLOCK);
  fmt.knowledge = ruleset_load_knowledge(arguments.paths.items[0], &knowledge);
  bool good = true;
  for (size_t i = 0; i < arguments.paths.size && good; i++) good = files_each(arguments.paths.items[i], &fmt.diagnostics, fmt_file, &fmt);
  diagnostics_sort(&fmt.diagnostics);
  struct text told = {0};
  diagnostics_write_text(&fmt.diagnostics, &told);
  paths_print(stderr, &told);
  const bool dry = arguments.check || arguments.diff;
  const int code = !good ? CLI_SOFTWARE
                   : fmt.refused > 0 || fmt.diagnostics.errors > 0 ? CLI_CONFIG
                   : dry && fmt.changed > 0 ? CLI_FOUND : CLI_OK;
  text_fini(&told);
  text_fini(&fmt.text);
  text_fini(&fmt.before);
  text_fini(&fmt.after);
  ruleset_destroy(fmt.knowledge);
  diagnostics_fini(&knowledge);
  diagnostics_fini(&fmt.diagnostics);
  arena_fini(&fmt.arena);
  return code;
}

const struct cli_verb cli_rules_fmt = {"fmt", "put rule files into canonical form", run};
