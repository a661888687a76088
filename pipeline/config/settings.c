#include "config/settings.h"

#include <assert.h>

#include "core/memory.h"
#include "core/utf8.h"

static void *value_of(const struct setting *row, void *values) { return (char *)values + row->offset; }
static const void *value_in(const struct setting *row, const void *values) { return (const char *)values + row->offset; }

// A scaled integer as a person writes it.
static void write_scaled(struct text *out, int64_t value, unsigned scale) {
  uint64_t unit = 1;
  const uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
  for (unsigned i = 0; i < scale; i++) unit *= 10;
  text_format(out, "%s%llu", value < 0 ? "-" : "", (unsigned long long)(magnitude / unit));
  uint64_t rest = magnitude % unit;
  if (rest != 0) text_byte(out, '.');
  for (; rest != 0; rest = rest * 10 % unit) text_byte(out, (char)('0' + rest * 10 / unit));
}

static void write_range(struct text *out, const struct setting *row) {
  if (row->min > INT64_MIN) write_scaled(out, row->min, row->scale);
  TEXT_LITERAL(out, "..");
  if (row->max < INT64_MAX) write_scaled(out, row->max, row->scale);
}

static void write_words(struct text *out, const struct setting *row, const char *between) {
  for (size_t i = 0; row->words[i] != NULL; i++) text_format(out, "%s%s", i > 0 ? between : "", row->words[i]);
}

// --- One value of each type -------------------------------------------------------------------------------------------

struct reading {
  const struct setting *row;
  const struct yaml_file *file;
  const struct yaml_node *node;
  struct arena *arena;
};

static bool check_range(const struct reading *at, int64_t value) {
  const struct setting *row = at->row;
  if (value >= row->min && value <= row->max) return true;
  struct text text = {0};
  write_range(&text, row);
  if (row->unit != NULL && row->unit[0] != '\0') text_format(&text, " %s", row->unit);
  TEXT_LITERAL(&text, ", not '");
  write_scaled(&text, value, row->scale);
  yaml_error(at->file, at->node, 1022, "'%s' must be %.*s'", row->name, SLICE_ARG(text_slice(&text)));
  text_fini(&text);
  return false;
}

static bool read_int(const struct reading *at, int64_t *out) {
  int64_t value;
  if (!yaml_is_decimal(at->file, at->node, at->row->scale, &value) || !check_range(at, value)) return false;
  *out = value;
  return true;
}

static bool check_text(const struct reading *at, const struct yaml_node *node, struct slice *out) {
  struct slice text;
  if (!yaml_is_text(at->file, node, &text)) return false;
  if (at->row->max > 0 && text.size > (uint64_t)at->row->max) {
    yaml_error(at->file, node, 1303, "'%s' must have at most %lld bytes, not %zu", at->row->name, (long long)at->row->max,
               text.size);
    return false;
  }
  *out = arena_copy(at->arena, text);
  return true;
}

// A word is taken as it stands, quoted or not, so that `off` may be one.
static bool read_word(const struct reading *at, int *out) {
  size_t size = 0;
  for (; at->row->words[size] != NULL; size++) {
    if (at->node->type != YAML_SCALAR || !slice_equal(at->node->scalar, slice_from(at->row->words[size]))) continue;
    *out = (int)size;
    return true;
  }
  if (at->node->type != YAML_SCALAR) {
    struct slice word;
    return yaml_is_text(at->file, at->node, &word);    // reports the shape
  }
  struct text list = {0};
  write_words(&list, at->row, ", ");
  const char *nearest = diagnostics_nearest(at->node->scalar, at->row->words, size);
  if (nearest != NULL) text_format(&list, " (did you mean '%s'?)", nearest);
  yaml_error(at->file, at->node, 1301, "'%s' must not be '%.*s' but one of %.*s", at->row->name,
             SLICE_ARG(utf8_cut(at->node->scalar, 60)), SLICE_ARG(text_slice(&list)));
  text_fini(&list);
  return false;
}

static bool read_texts(const struct reading *at, struct setting_texts *out) {
  if (!yaml_is_list(at->file, at->node)) return false;
  struct slice *items = ARENA_ARRAY(at->arena, struct slice, at->node->size);
  size_t size = 0;
  bool good = true;
  for (const struct yaml_node *item = at->node->child; item != NULL; item = item->next)
    good &= check_text(at, item, &items[size++]);
  if (good) *out = (struct setting_texts){items, size};
  return good;
}

// {table: t, by: field} or {table: t, by: [field, ...]}: the form only; what it names is checked by the rules.
static bool check_lookup(const struct reading *at) {
  static const char *const keys[] = {"table", "by", "column"};
  bool good = yaml_check_keys(at->file, at->node, keys, sizeof keys / sizeof keys[0]);
  struct slice text;
  for (unsigned i = 0; i < 3; i++) {
    const struct yaml_node *node = yaml_find(at->node, keys[i]);
    if (node == NULL && i < 2) {
      yaml_error(at->file, at->node, 1025, "a look-up needs '%s', as in {table: name, by: [field]}", keys[i]);
      good = false;
    } else if (node != NULL && i == 1 && node->type == YAML_LIST && node->size > 0) {
      for (const struct yaml_node *item = node->child; item != NULL; item = item->next)
        good &= yaml_is_text(at->file, item, &text);
    } else if (node != NULL) {
      good &= yaml_is_text(at->file, node, &text);
    }
  }
  return good;
}

static bool read_number(const struct reading *at, struct setting_number *out) {
  if (at->node->type == YAML_MAP) {
    if (!check_lookup(at)) return false;
    *out = (struct setting_number){.lookup = at->node};
    return true;
  }
  int64_t value;
  if (!read_int(at, &value)) return false;
  *out = (struct setting_number){.value = value};
  return true;
}

static bool read_value(const struct reading *at, void *to) {
  switch (at->row->type) {
    case SETTING_INT:
    case SETTING_DECIMAL: return read_int(at, to);
    case SETTING_BOOL: return yaml_is_bool(at->file, at->node, to);
    case SETTING_TEXT: return check_text(at, at->node, to);
    case SETTING_WORD: return read_word(at, to);
    case SETTING_NUMBER: return read_number(at, to);
    case SETTING_DAY: return yaml_is_day(at->file, at->node, to);
    case SETTING_TEXTS: return read_texts(at, to);
    case SETTING_MAP:
      if (!yaml_is_map(at->file, at->node)) return false;
      *(const struct yaml_node **)to = at->node;
      return true;
  }
  return false;
}

// --- All of them ------------------------------------------------------------------------------------------------------

// Defaults go through the parsers of the values; one that does not pass is a mistake in the table of rows.
void settings_default(const struct setting *rows, size_t size, void *values, struct arena *arena) {
  for (size_t i = 0; i < size; i++) {
    const struct setting *row = &rows[i];
    void *to = value_of(row, values);
    const struct slice fallback = slice_from(row->fallback);
    if (fallback.size == 0) {
      switch (row->type) {
        case SETTING_INT:
        case SETTING_DECIMAL: *(int64_t *)to = 0; break;
        case SETTING_BOOL: *(bool *)to = false; break;
        case SETTING_TEXT: *(struct slice *)to = row->fallback != NULL ? SLICE("") : SLICE_NONE; break;
        case SETTING_WORD: *(int *)to = 0; break;
        case SETTING_NUMBER: *(struct setting_number *)to = (struct setting_number){0}; break;
        case SETTING_DAY: *(int32_t *)to = INT32_MIN; break;
        case SETTING_TEXTS: *(struct setting_texts *)to = (struct setting_texts){0}; break;
        case SETTING_MAP: *(const struct yaml_node **)to = NULL; break;
      }
      continue;
    }
    struct diagnostics diagnostics = {0};
    struct yaml_file file = {.name = row->name, .source = fallback, .diagnostics = &diagnostics};
    struct yaml_node *scalar = ARENA_ZEROED(arena, struct yaml_node, 1);
    *scalar = (struct yaml_node){.type = YAML_SCALAR, .quoted = row->type == SETTING_TEXT, .scalar = fallback};
    if (row->type == SETTING_TEXTS || row->type == SETTING_MAP || row->type == SETTING_NUMBER)
      yaml_load_text(&file, arena, row->name, fallback, NULL, &diagnostics);
    else file.root = scalar;
    const struct reading at = {row, &file, file.root, arena};
    const bool good = file.root != NULL && read_value(&at, to);
    assert(good && diagnostics.errors == 0);
    diagnostics_fini(&diagnostics);
  }
}

struct set {
  const struct setting *rows;
  size_t size;
  void *values;
  const struct yaml_file *file;
  struct arena *arena;
};

static const struct yaml_node *find_key(const struct yaml_node *map, struct slice key) {
  for (const struct yaml_node *node = map->child; node != NULL; node = node->next)
    if (slice_equal(node->scalar, key)) return node->value;
  return NULL;
}

// Where the value of a row stands: `a.b.c` may be one key, or its parts nested maps, cut at any point.
struct spot {
  const struct yaml_node *node, *other;    // the value; a second one
  const struct yaml_node *map;             // the innermost map on the way, where a missing value is reported
  bool blocked;                            // something on the way is no map, which is reported already
};

static void find_spot(struct spot *spot, const struct yaml_node *map, struct slice name) {
  if (map == NULL || map->type != YAML_MAP) {
    spot->blocked |= map != NULL;
    return;
  }
  spot->map = map;
  const struct yaml_node *node = find_key(map, name);
  if (node != NULL) *(spot->node == NULL ? &spot->node : &spot->other) = node;
  for (size_t at = 0; at < name.size; at++)
    if (name.data[at] == '.')
      find_spot(spot, find_key(map, (struct slice){name.data, at}), (struct slice){name.data + at + 1, name.size - at - 1});
}

static bool read_row(const struct set *set, const struct setting *row, const struct yaml_node *map) {
  struct spot spot = {.map = set->file->root};
  find_spot(&spot, map, slice_from(row->name));
  if (spot.other != NULL) {
    yaml_error(set->file, spot.other, 1006, "'%s' stands twice, first in line %u", row->name, spot.node->place.line);
    return false;
  }
  if (spot.node == NULL) {
    if (row->fallback == NULL && !spot.blocked) yaml_error(set->file, spot.map, 1302, "'%s' must be given", row->name);
    return row->fallback != NULL;
  }
  const struct reading at = {row, set->file, spot.node, set->arena};
  return read_value(&at, value_of(row, set->values));
}

// Every key of map is the beginning of a row's name after prefix ("" or "kafka."), up to a point or whole; what lies below a
// beginning is checked in turn.
static bool check_level(const struct set *set, struct slice prefix, const struct yaml_node *map, const char *const *other_keys,
                        size_t other_size) {
  if (!yaml_is_map(set->file, map)) return false;
  size_t room = other_size, size = 0;
  for (size_t i = 0; i < set->size; i++)
    for (const char *at = set->rows[i].name; at != NULL; at = strchr(at + 1, '.')) room++;
  const char **names = ARENA_ARRAY(set->arena, const char *, room);
  for (; size < other_size; size++) names[size] = other_keys[size];
  bool good = true;
  for (size_t i = 0; i < set->size; i++) {
    const struct slice full = slice_from(set->rows[i].name);
    if (!slice_starts_with(full, prefix)) continue;
    const struct slice rest = {full.data + prefix.size, full.size - prefix.size};
    for (size_t end = 0; end < rest.size; end++) {
      if (rest.data[end] != '.') continue;
      const struct slice name = {rest.data, end};
      bool seen = false;
      for (size_t n = 0; n < size && !seen; n++) seen = slice_equal(slice_from(names[n]), name);
      if (seen) continue;
      names[size++] = arena_copy_text(set->arena, name);
      const struct yaml_node *below = find_key(map, name);
      if (below != NULL) good &= check_level(set, (struct slice){full.data, prefix.size + end + 1}, below, NULL, 0);
    }
    names[size++] = rest.data;
  }
  return yaml_check_keys(set->file, map, names, size) && good;
}

bool settings_read(const struct setting *rows, size_t size, void *values, const struct yaml_file *file,
                   const struct yaml_node *map, const char *const *other_keys, size_t other_size, struct arena *arena) {
  const struct set set = {rows, size, values, file, arena};
  bool good = map == NULL || check_level(&set, SLICE(""), map, other_keys, other_size);
  if (map != NULL && map->type != YAML_MAP) return false;
  for (size_t i = 0; i < size; i++) good &= read_row(&set, &rows[i], map);
  return good;
}

// --- Printed ----------------------------------------------------------------------------------------------------------

static const char *const type_names[] = {
    [SETTING_INT] = "whole number", [SETTING_BOOL] = "true or false", [SETTING_TEXT] = "text",
    [SETTING_WORD] = "word",        [SETTING_DECIMAL] = "number",     [SETTING_NUMBER] = "whole number or look-up",
    [SETTING_DAY] = "date",         [SETTING_TEXTS] = "list of texts", [SETTING_MAP] = "map"};

void settings_reference(const struct setting *rows, size_t size, struct text *out) {
  TEXT_LITERAL(out, "| Name | Type | Range | Unit | Default | Meaning |\n|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < size; i++) {
    const struct setting *row = &rows[i];
    text_format(out, "| `%s` | %s | ", row->name, type_names[row->type]);
    if (row->type == SETTING_WORD) write_words(out, row, ", ");
    else if (row->type == SETTING_INT || row->type == SETTING_DECIMAL || row->type == SETTING_NUMBER) write_range(out, row);
    else if ((row->type == SETTING_TEXT || row->type == SETTING_TEXTS) && row->max > 0)
      text_format(out, "at most %lld bytes", (long long)row->max);
    text_format(out, " | %s | ", row->unit ? row->unit : "");
    if (row->fallback == NULL) TEXT_LITERAL(out, "must be given");
    else text_format(out, row->fallback[0] != '\0' ? "`%s`" : "empty%s", row->fallback);
    text_format(out, " | %s |\n", row->doc);
  }
}

void settings_canonical(const struct setting *rows, size_t size, const void *values, struct text *out) {
  for (size_t i = 0; i < size; i++) {
    const struct setting *row = &rows[i];
    const void *at = value_in(row, values);
    text_format(out, "%s=", row->name);
    switch (row->type) {
      case SETTING_INT:
      case SETTING_DECIMAL: text_int(out, *(const int64_t *)at); break;
      case SETTING_BOOL: text_int(out, *(const bool *)at); break;
      case SETTING_TEXT: text_json(out, *(const struct slice *)at); break;
      case SETTING_WORD: text_append(out, slice_from(row->words[*(const int *)at])); break;
      case SETTING_DAY: text_int(out, *(const int32_t *)at); break;
      case SETTING_NUMBER: {
        const struct setting_number *number = at;
        if (number->lookup != NULL) yaml_canonical(number->lookup, out);
        else text_int(out, number->value);
        break;
      }
      case SETTING_TEXTS: {
        const struct setting_texts *texts = at;
        for (size_t n = 0; n < texts->size; n++) {
          if (n > 0) text_byte(out, ',');
          text_json(out, texts->items[n]);
        }
        break;
      }
      case SETTING_MAP: yaml_canonical(*(const struct yaml_node *const *)at, out); break;
    }
    text_byte(out, '\n');
  }
}
