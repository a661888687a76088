// Any bytes as a YAML file: read, walked by every reader, matched against settings, and its errors printed.
#include <assert.h>
#include <stdlib.h>

#include "config/settings.h"
#include "config/yaml.h"
#include "tests/fuzz/fuzz.h"

struct values {
  int64_t number, share;
  bool truth;
  struct slice text;
  int word;
  struct setting_number count;
  int32_t day;
  struct setting_texts texts;
  const struct yaml_node *map;
};

#define AT(field) offsetof(struct values, field)
static const char *const words[] = {"days", "hours", NULL};
static const struct setting rows[] = {
    {.name = "number", .type = SETTING_INT, .offset = AT(number), .fallback = "1", .min = -5, .max = 100, .doc = ""},
    {.name = "share", .type = SETTING_DECIMAL, .offset = AT(share), .fallback = "0.5", .min = 0, .max = 10000, .scale = 4, .doc = ""},
    {.name = "truth", .type = SETTING_BOOL, .offset = AT(truth), .fallback = "true", .doc = ""},
    {.name = "text", .type = SETTING_TEXT, .offset = AT(text), .fallback = NULL, .max = 20, .doc = ""},
    {.name = "word", .type = SETTING_WORD, .offset = AT(word), .fallback = "days", .words = words, .doc = ""},
    {.name = "count", .type = SETTING_NUMBER, .offset = AT(count), .fallback = "3", .min = 1, .max = 9, .doc = ""},
    {.name = "day", .type = SETTING_DAY, .offset = AT(day), .fallback = "", .doc = ""},
    {.name = "a.texts", .type = SETTING_TEXTS, .offset = AT(texts), .fallback = "[x]", .doc = ""},
    {.name = "a.map", .type = SETTING_MAP, .offset = AT(map), .fallback = "{}", .doc = ""},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void walk(const struct yaml_file *file, const struct yaml_node *node) {
  struct slice text;
  int64_t number;
  int32_t day;
  bool truth;
  assert(node != NULL && node->place.line > 0 && node->place.column > 0);
  if (yaml_is_int(file, node, -1000, 1000, &number)) assert(number >= -1000 && number <= 1000);
  yaml_is_decimal(file, node, 4, &number);
  yaml_is_bool(file, node, &truth);
  yaml_is_day(file, node, &day);
  if (yaml_is_text(file, node, &text)) assert(memchr(text.data, '\0', text.size) == NULL);
  unsigned size = 0;
  for (const struct yaml_node *child = node->child; child != NULL; child = child->next, size++) {
    if (node->type == YAML_LIST) {
      walk(file, child);
      continue;
    }
    assert(child->type == YAML_SCALAR);
    walk(file, child->value);
  }
  assert(size == node->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct yaml_limits limits = {.file_bytes = 1 << 16, .scalar_bytes = 1 << 10, .depth = 16, .nodes = 500};
  struct arena arena;
  struct diagnostics diagnostics = {0};
  struct yaml_file file;
  struct text out = {0};
  struct values values = {0};
  arena_init(&arena, 1 << 14);
  yaml_load_text(&file, &arena, "fuzz.yaml", (struct slice){(const char *)data, size}, &limits, &diagnostics);
  assert(file.root != NULL || diagnostics.errors > 0);
  if (file.root != NULL) {
    walk(&file, file.root);
    yaml_canonical(file.root, &out);
    settings_default(rows, ROWS, &values, &arena);
    settings_read(rows, ROWS, &values, &file, file.root, NULL, 0, &arena);
    settings_canonical(rows, ROWS, &values, &out);
    assert(values.number >= -5 && values.number <= 100 && values.share >= 0 && values.share <= 10000 && values.text.size <= 20);
  }
  diagnostics_sort(&diagnostics);
  diagnostics_write_text(&diagnostics, &out);
  diagnostics_write_json(&diagnostics, &out);
  for (size_t i = 0; i < diagnostics.size; i++) assert(diagnostics_explain(diagnostics.rows[i].code) != NULL);
  text_fini(&out);
  diagnostics_fini(&diagnostics);
  arena_fini(&arena);
  return 0;
}
