#include "rules/compile.h"

#include <stdlib.h>

#include "core/memory.h"
#include "rules/format.h"
#include "rules/operand.h"

enum { PREFIX_LENGTH_MAX = 62, LIST_MAX = 20000 };
static const int64_t number_max = 1000000000000000;

// The nodes of one condition while it grows.
struct builder {
  const struct prepare *prepare;
  enum compile_place place;
  struct condition_node *nodes;
  uint32_t size, capacity;
};

static uint32_t add(struct builder *builder, struct condition_node node) {
  if (builder->size == builder->capacity) {
    builder->capacity = builder->capacity ? builder->capacity * 2 : 16;
    builder->nodes = memory_resize(builder->nodes, builder->capacity * sizeof *builder->nodes);
  }
  node.end = builder->size + 1;
  builder->nodes[builder->size] = node;
  return builder->size++;
}

static struct arena *arena_of(const struct prepare *prepare) { return &prepare->ruleset->arena; }

int compile_operand(const struct prepare *prepare, const struct yaml_node *node, struct slice name,
                    enum compile_place place) {
  const struct kind *kind = prepare->rule->kind;
  const int number = operand_find(kind, name);
  if (number == OPERAND_NONE) {
    // Without a kind its operands are unknown; that the kind is wrong is told already.
    if (kind == NULL && place == COMPILE_AFTER) return OPERAND_NONE;
    const char *nearest = operand_nearest(kind, name);
    yaml_error(prepare->file, node, 1110, "unknown operand '%.*s'%s%s%s", SLICE_ARG(name), nearest ? " (did you mean '" : "",
               nearest ? nearest : "", nearest ? "'?)" : "");
    return OPERAND_NONE;
  }
  const struct operand *operand = operand_of(number);
  if (place == COMPILE_BEFORE && (operand == NULL || (number & OPERAND_PREVIOUS) || operand->pair)) {
    yaml_error(prepare->file, node, 1111,
               "'%.*s' is known only after the kind has looked: it cannot stand in 'scope' or 'require'", SLICE_ARG(name));
    return OPERAND_NONE;
  }
  if (((number & OPERAND_PREVIOUS) || (operand != NULL && operand->pair)) && kind != NULL && kind->unit != KIND_PAIR) {
    yaml_error(prepare->file, node, 1111, "'%.*s' needs an earlier stay, kind '%s' has none", SLICE_ARG(name), kind->name);
    return OPERAND_NONE;
  }
  if (operand != NULL && operand->table != NULL && lookup_table(prepare, node, slice_from(operand->table)) == NULL)
    return OPERAND_NONE;
  return number;
}

// A time as a bound: a day stands for its first second, or for its last when the bound includes the whole day.
static bool constant_time(const struct builder *builder, const struct yaml_node *node, bool bound, bool whole_day,
                          int64_t *out) {
  bool day_only;
  if (node->type == YAML_SCALAR && date_parse(node->scalar, out, &day_only) && (!day_only || bound)) {
    if (day_only && whole_day) *out += DATE_DAY_SECONDS - 1;
    return true;
  }
  yaml_error(builder->prepare->file, node, 1114, "'%.*s' is not a time, expected 'yyyy-MM-dd HH:mm:ss'%s",
             SLICE_ARG(node->scalar), bound ? " or a day" : "");
  return false;
}

static bool constant(const struct builder *builder, const struct yaml_node *node, enum value_type type, bool bound,
                     bool whole_day, int64_t *out) {
  const struct yaml_file *file = builder->prepare->file;
  int32_t day;
  bool yes;
  switch (type) {
    case VALUE_INT: return yaml_is_int(file, node, -number_max, number_max, out);
    case VALUE_FEN: return yaml_is_decimal(file, node, 2, out);
    case VALUE_PRICE: return yaml_is_decimal(file, node, 6, out);
    case VALUE_COUNT: return yaml_is_decimal(file, node, 4, out);
    case VALUE_TIME: return constant_time(builder, node, bound, whole_day, out);
    case VALUE_DAY:
      if (!yaml_is_day(file, node, &day)) return false;
      *out = day;
      return true;
    case VALUE_BOOL:
      if (!yaml_is_bool(file, node, &yes)) return false;
      *out = yes;
      return true;
    default: return false;
  }
}

static int order_texts(const void *a, const void *b) {
  return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}
static int order_numbers(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static uint32_t symbol_bits(const struct builder *builder, const struct yaml_node *node, enum code_table table) {
  const struct prepare *prepare = builder->prepare;
  struct slice name;
  if (!yaml_is_text(prepare->file, node, &name)) return 0;
  const int symbol = code_symbol_find(table, name);
  if (symbol > 0) return 1U << symbol;
  if (symbol == 0) {
    yaml_error(prepare->file, node, 1113, "'%.*s' stands for codes that are not mapped, and those are unknown here: write "
               "{present: false}", SLICE_ARG(name));
    return 0;
  }
  if (prepare->ruleset->codes == NULL) return UINT32_MAX;    // its errors are told; whether the word is a group is not known
  size_t groups_size = 0;
  const char *const *groups = table == CODES_MED_TYPE ? codes_groups(prepare->ruleset->codes, &groups_size) : NULL;
  const char *words[128];
  size_t size = 0;
  for (size_t i = 0; i < groups_size && size < 64; i++) {
    if (slice_equal(name, slice_from(groups[i]))) return codes_group(prepare->ruleset->codes, groups[i]);
    words[size++] = groups[i];
  }
  for (unsigned s = 1; s < operand_symbols[table]; s++) words[size++] = code_symbol_name(table, s);
  const char *nearest = diagnostics_nearest(name, words, size);
  yaml_error(prepare->file, node, 1113, "unknown symbol '%.*s' of codes/%s.yaml%s%s%s", SLICE_ARG(name),
             code_table_files[table], nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
  return 0;
}

// `in`: one value or a list of them.
static bool compile_in(struct builder *builder, int operand, const struct yaml_node *node) {
  const struct prepare *prepare = builder->prepare;
  const enum value_type type = operand_row(prepare->rule->kind, operand)->type;
  const int codes = operand_codes(operand);
  const struct yaml_node *first = node->type == YAML_LIST ? node->child : node;
  const uint32_t size = node->type == YAML_LIST ? node->size : 1;
  if (node->type == YAML_MAP || size == 0 || size > LIST_MAX) {
    yaml_error(prepare->file, node, 1115,
               size == 0 ? "the list is empty: nothing would ever fit" : "a value or a list of values is expected");
    return false;
  }
  struct condition_node test = {.op = codes >= 0           ? CONDITION_SYMBOLS
                                      : type == VALUE_TEXT ? CONDITION_TEXTS
                                                           : CONDITION_NUMBERS,
                                .operand = operand,
                                .node = node};
  struct slice *texts = ARENA_ARRAY(arena_of(prepare), struct slice, size);
  int64_t *numbers = ARENA_ARRAY(arena_of(prepare), int64_t, size);
  bool good = true;
  uint32_t n = 0;
  for (const struct yaml_node *item = first; n < size; item = item->next, n++) {
    if (item->type != YAML_SCALAR) {
      yaml_error(prepare->file, item, 1115, "a single value is expected");
      return false;
    }
    bool twice = false;
    if (codes >= 0) {
      const uint32_t bits = symbol_bits(builder, item, (enum code_table)codes);
      good &= bits != 0;
      twice = bits != 0 && bits != UINT32_MAX && (test.symbols & bits) == bits;
      test.symbols |= bits;
    } else if (type == VALUE_TEXT) {
      if (!yaml_is_text(prepare->file, item, &texts[n])) {
        texts[n] = SLICE_NONE;
        good = false;
      } else if (texts[n].size == 0) {
        yaml_error(prepare->file, item, 1114, "an empty text is an absent one: write {present: false}");
        good = false;
      }
      for (uint32_t i = 0; i < n && size <= 2000; i++) twice |= texts[n].size > 0 && slice_equal(texts[i], texts[n]);
    } else {
      numbers[n] = 0;
      const bool one = constant(builder, item, type, false, false, &numbers[n]);
      for (uint32_t i = 0; one && good && i < n && size <= 2000; i++) twice |= numbers[i] == numbers[n];
      good &= one;
    }
    if (twice) {
      yaml_error(prepare->file, item, 1117, "'%.*s' is in this list already", SLICE_ARG(item->scalar));
      good = false;
    }
  }
  if (!good) return false;
  if (test.op == CONDITION_TEXTS) {
    qsort(texts, size, sizeof *texts, order_texts);
    test.texts = texts;
    test.texts_size = size;
  } else if (test.op == CONDITION_NUMBERS) {
    qsort(numbers, size, sizeof *numbers, order_numbers);
    test.numbers = numbers;
    test.numbers_size = size;
  }
  add(builder, test);
  return true;
}

static bool compile_prefixes(struct builder *builder, int operand, const struct yaml_node *node) {
  const struct prepare *prepare = builder->prepare;
  const uint32_t size = node->type == YAML_LIST ? node->size : 1;
  if (node->type == YAML_MAP || size == 0 || size > LIST_MAX) {
    yaml_error(prepare->file, node, 1115, "'starts_with' needs a text or a list of texts");
    return false;
  }
  struct slice *texts = ARENA_ARRAY(arena_of(prepare), struct slice, size);
  uint32_t n = 0;
  for (const struct yaml_node *item = node->type == YAML_LIST ? node->child : node; n < size; item = item->next, n++) {
    if (!yaml_is_text(prepare->file, item, &texts[n])) return false;
    if (texts[n].size == 0) {
      yaml_error(prepare->file, item, 1115, "every text starts with an empty one");
      return false;
    }
  }
  qsort(texts, size, sizeof *texts, order_texts);
  add(builder, (struct condition_node){
                   .op = CONDITION_PREFIXES, .operand = operand, .node = node, .texts = texts, .texts_size = size});
  return true;
}

static bool compile_in_table(struct builder *builder, int operand, const struct yaml_node *node) {
  const struct prepare *prepare = builder->prepare;
  struct slice name;
  if (!yaml_is_text(prepare->file, node, &name)) return false;
  const struct table *table = lookup_table(prepare, node, name);
  if (table == NULL) return false;
  if (table->key_size != 1 || table->columns[table->key[0]].type != CELL_TEXT) {
    yaml_error(prepare->file, node, 1119, "'in_table' needs a table with one text column as key, '%s' has another",
               table->name);
    return false;
  }
  struct condition_node test = {.op = CONDITION_TABLE, .operand = operand, .node = node, .table = table};
  const uint32_t *rows;
  uint32_t rows_size;
  for (uint32_t n = 0; table_posting(table, n, &rows, &rows_size); n++) {
    const struct slice key = table_text(table, rows[0], table->key[0]);
    if (key.size == 0 || key.data[key.size - 1] != '*') continue;
    if (key.size - 1 > PREFIX_LENGTH_MAX) {
      yaml_error(prepare->file, node, 1119, "table '%s': prefix '%.*s' is longer than %d bytes", table->name, SLICE_ARG(key),
                 PREFIX_LENGTH_MAX);
      return false;
    }
    test.prefix_lengths |= UINT64_C(1) << (key.size - 1);
  }
  add(builder, test);
  return true;
}

// {at_least, at_most, above, below} of one operand make one range; a look-up takes a number's place.
static bool compile_range(struct builder *builder, int operand, const struct yaml_node *map) {
  static const struct { const char *key; bool low, strict; } bounds[] = {
      {"at_least", true, false}, {"above", true, true}, {"at_most", false, false}, {"below", false, true}};
  const struct prepare *prepare = builder->prepare;
  const enum value_type type = operand_row(prepare->rule->kind, operand)->type;
  struct condition_node test = {.op = CONDITION_RANGE, .operand = operand, .low = INT64_MIN, .high = INT64_MAX};
  bool has_low = false, has_high = false, good = true;
  for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
    const struct yaml_node *node = yaml_find(map, bounds[i].key);
    if (node == NULL) continue;
    bool *has = bounds[i].low ? &has_low : &has_high;
    if (type == VALUE_TEXT || type == VALUE_BOOL) {
      yaml_error(prepare->file, node, 1112, "'%s' compares numbers and times, '%s' is %s", bounds[i].key,
                 operand_text(prepare->rule->kind, operand), type == VALUE_TEXT ? "a text" : "true or false");
      return false;
    }
    if (*has) {
      yaml_error(prepare->file, node, 1116, "two %s bounds of one operand: keep one", bounds[i].low ? "lower" : "upper");
      return false;
    }
    *has = true;
    if (test.node == NULL) test.node = node;
    if (node->type == YAML_MAP) {
      const struct lookup *lookup = lookup_compile(prepare, node, type, builder->place == COMPILE_AFTER);
      good &= lookup != NULL;
      *(bounds[i].low ? &test.low_lookup : &test.high_lookup) = lookup;
      *(bounds[i].low ? &test.low_above : &test.high_below) = bounds[i].strict;
      continue;
    }
    int64_t number = 0;
    // above a day and at most a day: the day as a whole
    if (!constant(builder, node, type, true, bounds[i].low == bounds[i].strict, &number)) {
      good = false;
    } else if (bounds[i].low) {
      test.low = number + bounds[i].strict;
    } else {
      test.high = number - bounds[i].strict;
    }
  }
  if (!good || (!has_low && !has_high)) return good;
  if (test.low_lookup == NULL && test.high_lookup == NULL && test.low > test.high) {
    yaml_error(prepare->file, test.node, 1116, "'%s' can never be at once not under its lower and not over its upper bound",
               operand_text(prepare->rule->kind, operand));
    return false;
  }
  add(builder, test);
  return true;
}

static bool needs_text(const struct builder *builder, int operand, const struct yaml_node *node, const char *key) {
  const struct kind *kind = builder->prepare->rule->kind;
  if (operand_row(kind, operand)->type == VALUE_TEXT && operand_codes(operand) < 0) return true;
  yaml_error(builder->prepare->file, node, 1112, "'%s' works on texts, '%s' is %s", key, operand_text(kind, operand),
             operand_codes(operand) >= 0 ? "a symbol" : "none");
  return false;
}

// operand: {table: t, by: [..]}: the number that the table says.
static bool compile_equal(struct builder *builder, int operand, const struct yaml_node *node) {
  const struct prepare *prepare = builder->prepare;
  const enum value_type type = operand_row(prepare->rule->kind, operand)->type;
  if (type == VALUE_TEXT || type == VALUE_BOOL || type == VALUE_TIME) {
    yaml_error(prepare->file, node, 1112, "a look-up gives a number or a day, '%s' is none", operand_text(prepare->rule->kind, operand));
    return false;
  }
  const struct lookup *lookup = lookup_compile(prepare, node, type, builder->place == COMPILE_AFTER);
  if (lookup == NULL) return false;
  add(builder, (struct condition_node){.op = CONDITION_RANGE, .operand = operand, .node = node, .low = INT64_MIN, .high = INT64_MAX,
                                       .low_lookup = lookup, .high_lookup = lookup});
  return true;
}

// The right side of `operand:`.
static bool compile_tests(struct builder *builder, int operand, const struct yaml_node *node) {
  const struct yaml_file *file = builder->prepare->file;
  if (node->type != YAML_MAP) return compile_in(builder, operand, node);
  if (yaml_find(node, "table") != NULL) return compile_equal(builder, operand, node);
  if (!form_known(file, node, &format_comparison)) return false;
  if (node->size == 0) {
    yaml_error(file, node, 1115,
               "a condition is expected: a value, a list, or {in, in_table, at_least, at_most, above, below, "
               "starts_with, present}");
    return false;
  }
  const uint32_t group = node->size > 1 ? add(builder, (struct condition_node){.op = CONDITION_ALL, .node = node}) : 0;
  const struct yaml_node *in = yaml_find(node, "in"), *in_table = yaml_find(node, "in_table"),
                         *starts = yaml_find(node, "starts_with"), *present = yaml_find(node, "present");
  bool good = compile_range(builder, operand, node);
  if (in != NULL) good &= compile_in(builder, operand, in);
  if (in_table != NULL)
    good &= needs_text(builder, operand, in_table, "in_table") && compile_in_table(builder, operand, in_table);
  if (starts != NULL)
    good &= needs_text(builder, operand, starts, "starts_with") && compile_prefixes(builder, operand, starts);
  bool yes;
  if (present != NULL) {
    if (yaml_is_bool(file, present, &yes)) {
      add(builder, (struct condition_node){.op = CONDITION_PRESENT, .operand = operand, .node = present, .present = yes});
    } else {
      good = false;
    }
  }
  if (node->size > 1) builder->nodes[group].end = builder->size;
  return good;
}

static bool compile_map(struct builder *builder, const struct yaml_node *map);

// all: [..] | any: [..]
static bool compile_group(struct builder *builder, enum condition_op op, const struct yaml_node *list, const char *word) {
  if (list->type != YAML_LIST || list->size == 0) {
    yaml_error(builder->prepare->file, list, 1115, "'%s' needs a list of conditions: - {operand: value}", word);
    return false;
  }
  const uint32_t group = add(builder, (struct condition_node){.op = op, .node = list});
  bool good = true;
  for (const struct yaml_node *item = list->child; item != NULL; item = item->next) good &= compile_map(builder, item);
  builder->nodes[group].end = builder->size;
  return good;
}

static bool compile_map(struct builder *builder, const struct yaml_node *map) {
  const struct prepare *prepare = builder->prepare;
  if (map->type != YAML_MAP || map->size == 0) {
    yaml_error(prepare->file, map, 1115, "a condition is a map: {operand: value, ...}");
    return false;
  }
  const uint32_t group = map->size > 1 ? add(builder, (struct condition_node){.op = CONDITION_ALL, .node = map}) : 0;
  bool good = true;
  for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
    const struct yaml_node *value = key->value;
    if (slice_equal(key->scalar, SLICE("all"))) {
      good &= compile_group(builder, CONDITION_ALL, value, "all");
    } else if (slice_equal(key->scalar, SLICE("any"))) {
      good &= compile_group(builder, CONDITION_ANY, value, "any");
    } else if (slice_equal(key->scalar, SLICE("not"))) {
      const uint32_t node = add(builder, (struct condition_node){.op = CONDITION_NOT, .node = key});
      good &= compile_map(builder, value);
      builder->nodes[node].end = builder->size;
    } else if (slice_equal(key->scalar, SLICE("<<"))) {
      good = false;    // told as a merge key
    } else {
      const int operand = compile_operand(prepare, key, key->scalar, builder->place);
      good &= operand != OPERAND_NONE && compile_tests(builder, operand, value);
    }
  }
  if (map->size > 1) builder->nodes[group].end = builder->size;
  return good;
}

const struct condition *compile_condition(const struct prepare *prepare, const struct yaml_node *map,
                                          enum compile_place place) {
  struct builder builder = {.prepare = prepare, .place = place};
  struct condition *condition = NULL;
  if (compile_map(&builder, map)) {
    condition = ARENA_ARRAY(arena_of(prepare), struct condition, 1);
    struct condition_node *nodes = ARENA_ARRAY(arena_of(prepare), struct condition_node, builder.size);
    memcpy(nodes, builder.nodes, builder.size * sizeof *nodes);
    *condition = (struct condition){nodes, builder.size};
  }
  memory_free(builder.nodes);
  return condition;
}

bool compile_operands(const struct prepare *prepare, const struct yaml_node *list, enum compile_place place, const int **out,
                      size_t *size) {
  *out = NULL;
  *size = 0;
  if (list->type != YAML_LIST) {
    yaml_error(prepare->file, list, 1115, "a list of operands is expected: [begntime, endtime]");
    return false;
  }
  int *numbers = ARENA_ARRAY(arena_of(prepare), int, list->size + 1);
  bool good = true;
  for (const struct yaml_node *item = list->child; item != NULL; item = item->next) {
    struct slice name;
    const int number = yaml_is_text(prepare->file, item, &name) ? compile_operand(prepare, item, name, place) : OPERAND_NONE;
    for (size_t i = 0; number != OPERAND_NONE && i < *size; i++)
      if (numbers[i] == number) {
        yaml_error(prepare->file, item, 1117, "'%.*s' is in this list already", SLICE_ARG(name));
        good = false;
      }
    good &= number != OPERAND_NONE;
    if (number != OPERAND_NONE) numbers[(*size)++] = number;
  }
  *out = numbers;
  return good;
}

bool compile_sentence(const struct prepare *prepare, const struct yaml_node *scalar, const struct piece **out,
                      size_t *size) {
  struct slice s;
  *out = NULL;
  *size = 0;
  if (!yaml_is_text(prepare->file, scalar, &s)) return false;
  size_t braces = 0;
  for (size_t i = 0; i < s.size; i++) braces += s.data[i] == '{' || s.data[i] == '}';
  struct piece *pieces = ARENA_ARRAY(arena_of(prepare), struct piece, 2 * braces + 1);
  bool good = true;
  size_t begin = 0;
  for (size_t at = 0; at < s.size; at++) {
    if (s.data[at] != '{' && s.data[at] != '}') continue;
    if (at > begin) pieces[(*size)++] = (struct piece){{s.data + begin, at - begin}, OPERAND_NONE};
    const bool twice = at + 1 < s.size && s.data[at + 1] == s.data[at];
    const char *close = s.data[at] == '{' && !twice ? memchr(s.data + at, '}', s.size - at) : NULL;
    if (twice) {
      pieces[(*size)++] = (struct piece){{s.data + at, 1}, OPERAND_NONE};
      at++;
    } else if (close == NULL) {
      yaml_error(prepare->file, scalar, 1128, "a lone '%c': write {operand}, or the brace twice", s.data[at]);
      return false;
    } else {
      const struct slice name = {s.data + at + 1, (size_t)(close - s.data) - at - 1};
      const int number = compile_operand(prepare, scalar, name, COMPILE_AFTER);
      good &= number != OPERAND_NONE;
      pieces[(*size)++] = (struct piece){SLICE_NONE, number};
      at = (size_t)(close - s.data);
    }
    begin = at + 1;
  }
  if (s.size > begin) pieces[(*size)++] = (struct piece){{s.data + begin, s.size - begin}, OPERAND_NONE};
  *out = pieces;
  return good;
}
