#include "config/yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "config/plain.h"
#include "core/civil.h"
#include "core/memory.h"
#include "core/utf8.h"

const struct yaml_limits yaml_limits_default = {
    .file_bytes = 4 << 20, .scalar_bytes = 64 << 10, .depth = 32, .nodes = 200000};

enum { CONTROLS_MAX = 10, DEPTH_MAX = 256, INT_DIGITS_MAX = 18 };

// One level of the tree under construction: the collection, its last item or key, and the key that waits for its value.
struct level {
  struct yaml_node *node;
  struct yaml_node *last;
  struct yaml_node *key;
};

struct build {
  struct yaml_file *file;
  struct arena *arena;
  const struct yaml_limits *limits;
  struct level levels[DEPTH_MAX];
  unsigned depth, nodes;
  bool broken;    // no tree can be handed out
  bool stop;      // reading further makes no sense
};

__attribute__((format(printf, 5, 0))) static void vreport(const struct yaml_file *file, enum severity severity, unsigned code,
                                                          struct place place, const char *format, va_list arguments) {
  char text[1024];
  vsnprintf(text, sizeof text, format, arguments);
  // An overlay's nodes stand in the tree of the file it lies over: their lines are not there.
  const bool own = place.file == file->name || (place.file != NULL && strcmp(place.file, file->name) == 0);
  diagnostics_add(file->diagnostics, severity, code, place, own ? file->source : SLICE_NONE, "%s", text);
}

__attribute__((format(printf, 4, 5))) static void report(const struct yaml_file *file, unsigned code, struct place place,
                                                         const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vreport(file, SEVERITY_ERROR, code, place, format, arguments);
  va_end(arguments);
}

static struct place whole_file(const struct yaml_file *file) { return (struct place){file->name, 0, 0, 1}; }

// libyaml counts from 0, in characters. Columns of a place are held by the width of its first line.
static struct place place_of(const struct yaml_file *file, yaml_mark_t start, yaml_mark_t end) {
  const size_t width = end.line == start.line && end.column > start.column ? end.column - start.column : 1;
  return (struct place){file->name, (unsigned)start.line + 1, (unsigned)start.column + 1, (unsigned)width};
}

// --- Before libyaml sees it: encoding, control characters, tabs -------------------------------------------------------

static bool is_control(uint32_t code) {
  return (code < 0x20 && code != '\n' && code != '\t' && code != '\r') || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
         code == 0x2029 || code == 0xfeff;
}

// Reports what the bytes must not hold; false when libyaml need not look at them.
static bool check_bytes(const struct yaml_file *file) {
  const struct slice s = file->source;
  struct place place = {file->name, 1, 1, 1};
  unsigned controls = 0;
  unsigned tab_line = 0;
  bool indent = true, good = true;
  for (size_t at = 0; at < s.size && controls < CONTROLS_MAX;) {
    unsigned size;
    const uint32_t code = utf8_first((struct slice){s.data + at, s.size - at}, &size);
    if (size == 0) {
      report(file, 1004, place, "byte 0x%02x is no UTF-8, save the file as UTF-8", (unsigned char)s.data[at]);
      return false;
    }
    if (code == '\t' && tab_line != place.line) {
      tab_line = place.line;
      report(file, 1012, place, "a tab is not allowed, use spaces");
      if (indent) good = false;
    } else if (is_control(code) || (code == '\r' && (at + 1 == s.size || s.data[at + 1] != '\n'))) {
      controls++;
      good = false;
      report(file, 1023, place, "control character U+%04X is not allowed", (unsigned)code);
    }
    indent = code == '\n' || (indent && (code == ' ' || code == '\t'));
    place.column++;
    if (code == '\n') {
      place.line++;
      place.column = 1;
    }
    at += size;
  }
  return good;
}

// --- The tree ---------------------------------------------------------------------------------------------------------

static void refuse(struct build *build, unsigned code, struct place place, const char *what, unsigned limit) {
  report(build->file, code, place, "%s than %u", what, limit);
  build->broken = build->stop = true;
}

static struct yaml_node *new_node(struct build *build, enum yaml_type type, struct place place) {
  if (++build->nodes > build->limits->nodes) refuse(build, 1014, place, "more values", build->limits->nodes);
  struct yaml_node *node = ARENA_ZEROED(build->arena, struct yaml_node, 1);
  node->type = type;
  node->place = place;
  return node;
}

// Puts a node where the next one belongs: root, item of a list, key of a map, or value of the waiting key.
static void attach(struct build *build, struct yaml_node *node) {
  if (build->depth == 0) {
    build->file->root = node;
    return;
  }
  struct level *level = &build->levels[build->depth - 1];
  if (level->node->type == YAML_MAP && level->key != NULL) {
    level->key->value = node;
    level->key = NULL;
    return;
  }
  if (level->node->type == YAML_MAP) {
    level->key = node;
    if (node->type != YAML_SCALAR) {
      report(build->file, 1016, node->place, "a key must be a text, not a %s", node->type == YAML_MAP ? "map" : "list");
      build->broken = true;
    } else if (!node->quoted && slice_equal(node->scalar, SLICE("<<"))) {
      report(build->file, 1009, node->place, "a merge key '<<' is not allowed, write the keys out");
    } else if (node->scalar.size == 0 && !build->broken) {
      report(build->file, 1016, node->place, "a key must not be empty");
    }
  }
  *(level->last ? &level->last->next : &level->node->child) = node;
  level->last = node;
  level->node->size++;
}

static int compare_keys(const void *a, const void *b) {
  const struct yaml_node *const *one = a, *const *two = b;
  const int order = slice_compare((*one)->scalar, (*two)->scalar);
  if (order != 0) return order;
  if ((*one)->place.line != (*two)->place.line) return (*one)->place.line < (*two)->place.line ? -1 : 1;
  return ((*one)->place.column > (*two)->place.column) - ((*one)->place.column < (*two)->place.column);
}

// The keys of a map in byte order; the caller frees the array.
static const struct yaml_node **sorted_keys(const struct yaml_node *map) {
  const struct yaml_node **keys = memory_take((size_t)map->size * sizeof *keys);
  unsigned n = 0;
  for (const struct yaml_node *key = map->child; key != NULL; key = key->next) keys[n++] = key;
  if (n > 0) qsort(keys, n, sizeof *keys, compare_keys);
  return keys;
}

static void check_duplicates(struct build *build, const struct yaml_node *map) {
  if (build->broken || map->size < 2) return;
  const struct yaml_node **keys = sorted_keys(map);
  for (unsigned i = 1, first = 0; i < map->size; i++) {
    if (!slice_equal(keys[first]->scalar, keys[i]->scalar)) first = i;
    else
      report(build->file, 1006, keys[i]->place, "key '%.*s' stands twice, first in line %u",
             SLICE_ARG(utf8_cut(keys[i]->scalar, 100)), keys[first]->place.line);
  }
  memory_free(keys);
}

static void open_collection(struct build *build, enum yaml_type type, const yaml_event_t *event, bool flow, struct place place) {
  place.width = 1;
  if (build->depth >= build->limits->depth || build->depth >= DEPTH_MAX) {
    refuse(build, 1013, place, "nested deeper", build->limits->depth);
    return;
  }
  struct yaml_node *node = new_node(build, type, place);
  node->flow = flow;
  node->start = (uint32_t)event->start_mark.index;
  attach(build, node);
  build->levels[build->depth++] = (struct level){node, NULL, NULL};
}

static void add_scalar(struct build *build, const yaml_event_t *event, struct place place) {
  struct slice value = {(const char *)event->data.scalar.value, event->data.scalar.length};
  if (value.size > build->limits->scalar_bytes) {
    report(build->file, 1015, place, "the value has %zu bytes, more than %zu", value.size, build->limits->scalar_bytes);
    build->broken = true;
  }
  for (size_t at = 0; at < value.size;) {    // escapes such as "\0" bring characters that the source does not hold
    unsigned size;
    const uint32_t code = utf8_first((struct slice){value.data + at, value.size - at}, &size);
    if (size == 0 || is_control(code) || code == '\r') {
      report(build->file, 1023, place, "control character U+%04X is not allowed in a value", (unsigned)code);
      value = (struct slice){value.data, at};
      break;
    }
    at += size;
  }
  struct yaml_node *node = new_node(build, YAML_SCALAR, place);
  node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  node->block = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE || event->data.scalar.style == YAML_FOLDED_SCALAR_STYLE;
  node->start = (uint32_t)event->start_mark.index;
  node->end = (uint32_t)event->end_mark.index;
  node->scalar = arena_copy(build->arena, value);
  attach(build, node);
}

static void check_extras(struct build *build, const yaml_char_t *anchor, const yaml_char_t *tag, struct place place) {
  if (anchor != NULL) report(build->file, 1008, place, "an anchor '&%.100s' is not allowed", (const char *)anchor);
  if (tag != NULL) report(build->file, 1010, place, "a tag '%.100s' is not allowed", (const char *)tag);
}

static void take_event(struct build *build, const yaml_event_t *event, unsigned *documents) {
  const struct place place = place_of(build->file, event->start_mark, event->end_mark);
  switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
      if (++*documents > 1) {
        report(build->file, 1011, place, "a file holds one document, this starts another");
        build->stop = true;
      } else if (event->data.document_start.version_directive != NULL ||
                 event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end) {
        report(build->file, 1024, place, "directives (%%YAML, %%TAG) are not allowed");
      }
      break;
    case YAML_ALIAS_EVENT:
      report(build->file, 1008, place, "an alias '*%.100s' is not allowed, write the value out",
             (const char *)event->data.alias.anchor);
      attach(build, new_node(build, YAML_SCALAR, place));
      build->broken = true;
      break;
    case YAML_SCALAR_EVENT:
      check_extras(build, event->data.scalar.anchor, event->data.scalar.tag, place);
      add_scalar(build, event, place);
      break;
    case YAML_SEQUENCE_START_EVENT:
      check_extras(build, event->data.sequence_start.anchor, event->data.sequence_start.tag, place);
      open_collection(build, YAML_LIST, event, event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE, place);
      break;
    case YAML_MAPPING_START_EVENT:
      check_extras(build, event->data.mapping_start.anchor, event->data.mapping_start.tag, place);
      open_collection(build, YAML_MAP, event, event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE, place);
      break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      build->depth--;
      if (build->levels[build->depth].node->flow) build->levels[build->depth].node->end = (uint32_t)event->end_mark.index;
      if (event->type == YAML_MAPPING_END_EVENT) check_duplicates(build, build->levels[build->depth].node);
      break;
    default:
      break;
  }
}

static void report_syntax(struct build *build, const yaml_parser_t *parser) {
  const yaml_mark_t mark = parser->problem_mark;
  const char *problem = parser->problem ? parser->problem : "not YAML";
  if (parser->context != NULL && parser->context_mark.line != mark.line)
    report(build->file, 1005, place_of(build->file, mark, mark), "%s, %s that starts at %zu:%zu", problem, parser->context,
           parser->context_mark.line + 1, parser->context_mark.column + 1);
  else if (parser->context != NULL)
    report(build->file, 1005, place_of(build->file, mark, mark), "%s, %s", problem, parser->context);
  else
    report(build->file, 1005, place_of(build->file, mark, mark), "%s", problem);
  build->broken = build->stop = true;
}

static void parse(struct yaml_file *file, struct arena *arena, const struct yaml_limits *limits) {
  struct build build = {.file = file, .arena = arena, .limits = limits ? limits : &yaml_limits_default};
  if (file->source.size > build.limits->file_bytes) {
    report(file, 1003, whole_file(file), "the file has more than %zu bytes", build.limits->file_bytes);
    return;
  }
  if (!check_bytes(file)) return;
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) {
    report(file, 1001, whole_file(file), "cannot be read: out of memory");
    return;
  }
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, (const unsigned char *)file->source.data, file->source.size);
  unsigned documents = 0;
  while (!build.stop) {
    yaml_event_t event;
    if (!yaml_parser_parse(&parser, &event)) {
      report_syntax(&build, &parser);
      break;
    }
    build.stop = event.type == YAML_STREAM_END_EVENT;
    take_event(&build, &event, &documents);
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  if (file->root == NULL && !build.broken) report(file, 1002, whole_file(file), "the file is empty");
  if (build.broken) file->root = NULL;
}

void yaml_load_text(struct yaml_file *file, struct arena *arena, const char *name, struct slice text,
                    const struct yaml_limits *limits, struct diagnostics *diagnostics) {
  *file = (struct yaml_file){.name = arena_copy_text(arena, slice_from(name)), .diagnostics = diagnostics};
  if (text.size <= (limits ? limits : &yaml_limits_default)->file_bytes) {
    if (slice_starts_with(text, SLICE("\xef\xbb\xbf"))) text = (struct slice){text.data + 3, text.size - 3};
    text = arena_copy(arena, text);
  }
  file->source = text.data != NULL ? text : SLICE("");
  parse(file, arena, limits);
  if (text.size > (limits ? limits : &yaml_limits_default)->file_bytes) file->source = SLICE("");
}

void yaml_load(struct yaml_file *file, struct arena *arena, const char *path, const struct yaml_limits *limits,
               struct diagnostics *diagnostics) {
  const size_t limit = (limits ? limits : &yaml_limits_default)->file_bytes;
  struct text text = {0};
  FILE *stream = fopen(path, "rbe");
  int failure = stream == NULL ? errno : 0;
  while (stream != NULL && text.size <= limit) {
    const size_t chunk = 64 * 1024;
    const size_t got = fread(text_reserve(&text, chunk), 1, chunk, stream);
    text.size += got;
    if (got < chunk) {
      if (ferror(stream)) failure = errno ? errno : EIO;
      break;
    }
  }
  if (stream != NULL) fclose(stream);
  if (failure != 0) {
    *file = (struct yaml_file){
        .name = arena_copy_text(arena, slice_from(path)), .source = SLICE(""), .diagnostics = diagnostics};
    report(file, 1001, whole_file(file), "cannot be read: %s", strerror(failure));
  } else {
    yaml_load_text(file, arena, path, text_slice(&text), limits, diagnostics);
  }
  text_fini(&text);
}

// --- Reading the tree -------------------------------------------------------------------------------------------------

struct yaml_node *yaml_find(const struct yaml_node *map, const char *key) {
  if (map == NULL || map->type != YAML_MAP) return NULL;
  for (const struct yaml_node *node = map->child; node != NULL; node = node->next)
    if (slice_equal(node->scalar, slice_from(key))) return node->value;
  return NULL;
}

void yaml_error(const struct yaml_file *file, const struct yaml_node *node, unsigned code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vreport(file, SEVERITY_ERROR, code, node ? node->place : whole_file(file), format, arguments);
  va_end(arguments);
}

void yaml_warning(const struct yaml_file *file, const struct yaml_node *node, unsigned code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vreport(file, SEVERITY_WARNING, code, node ? node->place : whole_file(file), format, arguments);
  va_end(arguments);
}

bool yaml_check_keys(const struct yaml_file *file, const struct yaml_node *map, const char *const *allowed, size_t size) {
  if (map == NULL || map->type != YAML_MAP) return true;
  bool good = true;
  for (const struct yaml_node *key = map->child; key != NULL; key = key->next) {
    bool known = false;
    for (size_t i = 0; i < size && !known; i++) known = slice_equal(key->scalar, slice_from(allowed[i]));
    if (known || (!key->quoted && slice_equal(key->scalar, SLICE("<<")))) continue;
    good = false;
    const char *nearest = diagnostics_nearest(key->scalar, allowed, size);
    if (nearest != NULL)
      yaml_error(file, key, 1007, "unknown setting '%.*s' (did you mean '%s'?)", SLICE_ARG(utf8_cut(key->scalar, 100)), nearest);
    else
      yaml_error(file, key, 1007, "unknown setting '%.*s'", SLICE_ARG(utf8_cut(key->scalar, 100)));
  }
  return good;
}

static const char *const type_names[] = {[YAML_SCALAR] = "a single value", [YAML_LIST] = "a list", [YAML_MAP] = "a map"};

static bool is_type(const struct yaml_file *file, const struct yaml_node *node, enum yaml_type type) {
  if (node != NULL && node->type == type) return true;
  yaml_error(file, node, 1017, "must be %s, not %s", type_names[type], node ? type_names[node->type] : "nothing");
  return false;
}

bool yaml_is_map(const struct yaml_file *file, const struct yaml_node *node) { return is_type(file, node, YAML_MAP); }
bool yaml_is_list(const struct yaml_file *file, const struct yaml_node *node) { return is_type(file, node, YAML_LIST); }

bool yaml_is_text(const struct yaml_file *file, const struct yaml_node *node, struct slice *out) {
  if (!is_type(file, node, YAML_SCALAR)) return false;
  if (!node->quoted) {
    const char *reading = plain_reading(node->scalar);
    if (reading != NULL && node->scalar.size == 0) {
      yaml_error(file, node, 1027, "a text is missing; write \"\" for an empty one");
      return false;
    }
    if (reading != NULL) {
      const struct slice cut = utf8_cut(node->scalar, 60);
      yaml_error(file, node, 1018, "'%.*s' without quotes is read as %s by some tools, write \"%.*s\"", SLICE_ARG(cut), reading,
                 SLICE_ARG(cut));
      return false;
    }
  }
  *out = node->scalar;
  return true;
}

static bool is_number(const struct yaml_file *file, const struct yaml_node *node, unsigned scale, unsigned code, int64_t *out) {
  if (!is_type(file, node, YAML_SCALAR)) return false;
  const char *kind = scale == 0 ? "a whole number" : "a number";
  const struct slice cut = utf8_cut(node->scalar, 60);
  const enum plain_fault fault = plain_number(node->scalar, scale, out);
  if (node->quoted)
    yaml_error(file, node, code, fault == PLAIN_FINE ? "must be %s, remove the quotes of \"%.*s\"" : "must be %s, not \"%.*s\"",
               kind, SLICE_ARG(cut));
  else if (node->scalar.size == 0)
    yaml_error(file, node, code, "must be %s, not nothing", kind);
  else if (fault == PLAIN_SHAPE)
    yaml_error(file, node, code, "must be %s of plain digits, not '%.*s'", kind, SLICE_ARG(cut));
  else if (fault == PLAIN_ZEROS)
    yaml_error(file, node, code, "must be %s without leading zeros, not '%.*s'", kind, SLICE_ARG(cut));
  else if (fault == PLAIN_DIGITS)
    yaml_error(file, node, code, "must have at most %u digits after the point, not '%.*s'", scale, SLICE_ARG(cut));
  else if (fault == PLAIN_LARGE)
    yaml_error(file, node, 1022, "the number '%.*s' is too large", SLICE_ARG(cut));
  return fault == PLAIN_FINE && !node->quoted;
}

bool yaml_is_int(const struct yaml_file *file, const struct yaml_node *node, int64_t min, int64_t max, int64_t *out) {
  int64_t value;
  if (!is_number(file, node, 0, 1019, &value)) return false;
  if (value < min || value > max) {
    yaml_error(file, node, 1022, "must be %lld..%lld, not '%lld'", (long long)min, (long long)max, (long long)value);
    return false;
  }
  *out = value;
  return true;
}

bool yaml_is_bool(const struct yaml_file *file, const struct yaml_node *node, bool *out) {
  if (!is_type(file, node, YAML_SCALAR)) return false;
  const bool yes = slice_equal(node->scalar, SLICE("true")), no = slice_equal(node->scalar, SLICE("false"));
  if (node->quoted || (!yes && !no)) {
    yaml_error(file, node, 1020, "must be true or false%s, not '%.*s'", node->quoted ? " without quotes" : "",
               SLICE_ARG(utf8_cut(node->scalar, 60)));
    return false;
  }
  *out = yes;
  return true;
}

bool yaml_is_day(const struct yaml_file *file, const struct yaml_node *node, int32_t *out) {
  if (!is_type(file, node, YAML_SCALAR)) return false;
  if (node->scalar.size == 10 && civil_parse(node->scalar, out)) return true;
  yaml_error(file, node, 1026, "must be a date yyyy-MM-dd that exists, not '%.*s'", SLICE_ARG(utf8_cut(node->scalar, 60)));
  return false;
}

bool yaml_is_decimal(const struct yaml_file *file, const struct yaml_node *node, unsigned scale, int64_t *out) {
  assert(scale <= INT_DIGITS_MAX);
  return is_number(file, node, scale, scale == 0 ? 1019 : 1021, out);
}

void yaml_canonical(const struct yaml_node *node, struct text *out) {
  if (node == NULL) {
    TEXT_LITERAL(out, "null");
  } else if (node->type == YAML_SCALAR) {
    const struct slice scalar = node->scalar.size > 0 || node->quoted ? node->scalar : SLICE("null");
    const bool bare = !node->quoted && plain_reading(scalar) != NULL;
    if (bare && memchr(scalar.data, ',', scalar.size) == NULL) {
      text_append(out, scalar);
    } else {
      if (bare) TEXT_LITERAL(out, "plain ");    // 1,000 is no two items
      text_json(out, scalar);
    }
  } else if (node->type == YAML_LIST) {
    text_byte(out, '[');
    for (const struct yaml_node *item = node->child; item != NULL; item = item->next) {
      yaml_canonical(item, out);
      if (item->next != NULL) text_byte(out, ',');
    }
    text_byte(out, ']');
  } else {
    const struct yaml_node **keys = sorted_keys(node);
    text_byte(out, '{');
    for (unsigned i = 0; i < node->size; i++) {
      if (i > 0) text_byte(out, ',');
      text_json(out, keys[i]->scalar);
      text_byte(out, ':');
      yaml_canonical(keys[i]->value, out);
    }
    text_byte(out, '}');
    memory_free(keys);
  }
}
