#include "cli/rules/paths.h"

void paths_add(struct argp_state *state, struct paths *paths, const char *path) {
  if (paths->size == PATHS_MAX) argp_error(state, "more than %d paths", PATHS_MAX);
  paths->items[paths->size++] = path;
}

void paths_default(struct paths *paths) {
  if (paths->size == 0) paths->items[paths->size++] = "rules.d";
}

struct ruleset *paths_load(struct paths *paths, struct diagnostics *diagnostics) {
  paths_default(paths);
  struct ruleset *ruleset = ruleset_load(paths->items, paths->size, diagnostics);
  if (diagnostics->errors + diagnostics->warnings > 0) {
    struct text text = {0};
    diagnostics_sort(diagnostics);
    diagnostics_write_text(diagnostics, &text);
    paths_print(stderr, &text);
    text_fini(&text);
  }
  return ruleset;
}

void paths_print(FILE *stream, struct text *text) {
  fwrite(text->data, 1, text->size, stream);
  text_clear(text);
}
