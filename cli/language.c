#include "cli/language.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"

static int chinese = -1;    // -1: not asked for, the environment decides

bool language_choose(struct slice name) {
  const bool zh = slice_equal(name, SLICE("zh"));
  if (!zh && !slice_equal(name, SLICE("en"))) return false;
  chinese = zh;
  return true;
}

bool language_take(int *argc, char **argv) {
  int kept = 1;
  bool options = true;
  for (int i = 1; i < *argc; i++) {
    const struct slice word = slice_from(argv[i]);
    options = options && !slice_equal(word, SLICE("--"));
    const bool joined = slice_starts_with(word, SLICE("--lang="));
    if (!options || (!joined && !slice_equal(word, SLICE("--lang")))) {
      argv[kept++] = argv[i];
      continue;
    }
    const char *name = joined ? argv[i] + sizeof "--lang=" - 1 : i + 1 < *argc ? argv[++i] : "";
    if (!language_choose(slice_from(name))) {
      fprintf(stderr, "settlewatch: '--lang' must be zh or en, not '%s'\n", name);
      return false;
    }
  }
  argv[kept] = NULL;
  *argc = kept;
  return true;
}

// POSIX: the first that is set and not empty decides.
int cli_chinese(void) {
  static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  for (size_t i = 0; chinese < 0 && i < sizeof variables / sizeof variables[0]; i++) {
    const char *value = getenv(variables[i]);
    if (value != NULL && value[0] != '\0') chinese = slice_starts_with(slice_from(value), SLICE("zh"));
  }
  return chinese > 0;
}
