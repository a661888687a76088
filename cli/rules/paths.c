#include "cli/rules/paths.h"

#include "core/memory.h"
#include "rules/known.h"

void paths_add(struct argp_state *state, struct paths *paths, const char *path) {
  if (paths->size == PATHS_MAX) argp_error(state, "more than %d paths", PATHS_MAX);
  paths->items[paths->size++] = path;
}

void paths_default(struct paths *paths) {
  if (paths->size == 0) paths->items[paths->size++] = "rules.d";
}

struct ruleset *paths_load(struct paths *paths, struct diagnostics *diagnostics) { return paths_load_as_of(paths, KNOWN_NOW, diagnostics); }

struct ruleset *paths_load_as_of(struct paths *paths, int32_t known_day, struct diagnostics *diagnostics) {
  paths_default(paths);
  struct ruleset *ruleset = ruleset_load_as_of(paths->items, paths->size, known_day, diagnostics);
  if (diagnostics->errors + diagnostics->warnings > 0) {
    struct text text = {0};
    diagnostics_sort(diagnostics);
    diagnostics_write_text(diagnostics, &text);
    paths_print(stderr, &text);
    text_fini(&text);
  }
  return ruleset;
}

void paths_no_rule(const char *verb, const struct ruleset *ruleset, const char *name) {
  const char **ids = memory_take((ruleset->size + 1) * sizeof *ids);
  struct arena arena;
  arena_init(&arena, 0);
  for (size_t r = 0; r < ruleset->size; r++) ids[r] = arena_copy_text(&arena, ruleset->rules[r]->id);
  const char *nearest = diagnostics_nearest(slice_from(name), ids, ruleset->size);
  fprintf(stderr, "settlewatch rules %s: there is no rule '%s'%s%s%s; 'settlewatch rules list' lists them\n", verb, name,
          nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
  arena_fini(&arena);
  memory_free(ids);
}

void paths_print(FILE *stream, struct text *text) {
  if (text->size > 0) fwrite(text->data, 1, text->size, stream);
  text_clear(text);
}
