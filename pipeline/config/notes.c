#include "config/notes.h"

#include "core/memory.h"
#include "core/utf8.h"

struct reader {
  struct notes *notes;
  struct arena *arena;
  struct slice source;
  size_t byte, character;    // the same place in the source, counted both ways
  struct item **order;       // all items as they begin, outer ones first
  size_t size, capacity;
  size_t passed;             // items that begin before the place read now
  bool blank;                // an empty line was just seen
};

// libyaml counts characters; the tree asks nearly in ascending order.
static size_t byte_of(struct reader *reader, size_t character) {
  if (character < reader->character) reader->byte = reader->character = 0;
  for (; reader->character < character && reader->byte < reader->source.size; reader->character++) {
    unsigned size;
    utf8_first((struct slice){reader->source.data + reader->byte, reader->source.size - reader->byte}, &size);
    reader->byte += size > 0 ? size : 1;
  }
  return reader->byte;
}

static void add_order(struct reader *reader, struct item *item) {
  if (reader->size == reader->capacity) {
    reader->capacity = reader->capacity ? reader->capacity * 2 : 256;
    reader->order = memory_resize(reader->order, reader->capacity * sizeof *reader->order);
  }
  reader->order[reader->size++] = item;
}

// The column of a key, or of the dash of a list's item.
static unsigned indent_of(const struct reader *reader, const struct item *item) {
  const char *data = reader->source.data;
  size_t line = item->start, dash = item->start;
  while (line > 0 && data[line - 1] != '\n') line--;
  if (item->key != NULL) return (unsigned)(item->start - line);
  while (dash > line && data[dash - 1] == ' ') dash--;
  return (unsigned)(dash > line && data[dash - 1] == '-' ? dash - 1 - line : item->start - line);
}

static void read_item(struct reader *reader, struct item *item) {
  struct yaml_node *value = item->value;
  if (item->parent != NULL) {
    item->start = byte_of(reader, item->key != NULL ? item->key->start : value->start);
    if (item->key != NULL) item->key_end = byte_of(reader, item->key->end);
    item->value_start = byte_of(reader, value->start);
    item->indent = indent_of(reader, item);
    add_order(reader, item);
  } else if (value->type == YAML_SCALAR) {
    item->start = item->value_start = byte_of(reader, value->start);
  }
  if (value->type != YAML_SCALAR && value->size > 0) {
    item->children = ARENA_ZEROED(reader->arena, struct item, value->size);
    for (struct yaml_node *node = value->child; node != NULL; node = node->next) {
      struct item *child = &item->children[item->size++];
      child->parent = item;
      child->key = value->type == YAML_MAP ? node : NULL;
      child->value = value->type == YAML_MAP ? node->value : node;
      read_item(reader, child);
    }
  }
  if (value->type == YAML_SCALAR || value->flow) item->end = byte_of(reader, value->end);
}

static struct note *new_note(struct reader *reader, struct slice text) {
  struct note *note = ARENA_ZEROED(reader->arena, struct note, 1);
  note->text = text;
  note->blank = reader->blank;
  reader->blank = false;
  return note;
}

static void mark(struct item *item) {
  for (; item != NULL && !item->noted; item = item->parent) item->noted = true;
}

static void add_before(struct item *item, struct note *note) {
  *(item->before != NULL ? &item->last_before->next : &item->before) = note;
  item->last_before = note;
  mark(item->parent);
}

static void add_tail(struct item *item, struct note *note) {
  *(item->tail != NULL ? &item->last_tail->next : &item->tail) = note;
  item->last_tail = note;
  mark(item);
}

// The innermost list or map in brackets around a place.
static struct item *around(const struct reader *reader, size_t at) {
  struct item *item = reader->passed > 0 ? reader->order[reader->passed - 1] : &reader->notes->root;
  while (item != NULL && !(item->value->flow && item->start < at && at < item->end)) item = item->parent;
  return item;
}

// A comment on a line of its own, so many characters from its beginning.
static void place_line(struct reader *reader, size_t at, unsigned indent, struct note *note) {
  struct item *flow = around(reader, at);
  struct item *next = reader->passed < reader->size ? reader->order[reader->passed] : NULL;
  if (reader->passed == 0) {
    add_before(&reader->notes->root, note);
    return;
  }
  if (flow != NULL) {
    for (size_t i = 0; i < flow->size; i++)
      if (flow->children[i].start > at) {
        add_before(&flow->children[i], note);
        return;
      }
    add_tail(flow, note);
    return;
  }
  // The lists and maps that are open above the comment, from the innermost outwards.
  for (struct item *open = reader->order[reader->passed - 1]; open != NULL; open = open->parent) {
    if (open->size == 0 || open->value->flow || open->children[0].indent > indent) continue;
    if (next != NULL && open->children[0].indent <= next->indent) break;    // what follows stands in it, or outside
    add_tail(open, note);
    return;
  }
  if (next != NULL) add_before(next, note);
  else add_tail(&reader->notes->root, note);
}

// A comment behind something; false when what stands before it is a bracket or a dash.
static bool place_behind(struct reader *reader, size_t at, struct slice text) {
  size_t end = at;
  const char *data = reader->source.data;
  struct item *found = NULL, *last = reader->passed > 0 ? reader->order[reader->passed - 1] : NULL;
  for (;; end--) {
    while (end > 0 && (data[end - 1] == ' ' || data[end - 1] == '\t')) end--;
    if (last != NULL && last->key != NULL && end > 0 && data[end - 1] == ':') found = last;
    for (struct item *item = found == NULL ? last : NULL; item != NULL; item = item->parent)
      if (item->end == end) found = item;    // the outermost one that ends here
    if (found != NULL || end == 0 || data[end - 1] != ',') break;    // a comma may be the end of a text, or stand behind one
  }
  if (found == NULL || found->parent == NULL || slice_present(found->behind)) return false;
  found->behind = text;
  mark(found->parent);
  return true;
}

static struct slice line_at(const struct reader *reader, size_t at) {
  const char *end = memchr(reader->source.data + at, '\n', reader->source.size - at);
  size_t size = end != NULL ? (size_t)(end - reader->source.data) - at : reader->source.size - at;
  while (size > 0 && (reader->source.data[at + size - 1] == '\r' || reader->source.data[at + size - 1] == ' ' ||
                      reader->source.data[at + size - 1] == '\t'))
    size--;
  return (struct slice){reader->source.data + at, size};
}

// "| # comment": inside what libyaml calls the scalar.
static void read_block_head(struct reader *reader, struct item *item, size_t start) {
  const struct slice line = line_at(reader, start);
  const char *comment = memchr(line.data, '#', line.size);
  if (comment == NULL) return;
  const struct slice text = {comment, line.size - (size_t)(comment - line.data)};
  reader->notes->size++;
  if (item->parent == NULL) {
    add_before(item, new_note(reader, text));    // nothing of a file stands behind its root
    return;
  }
  item->behind = text;
  mark(item->parent);
}

static void read_comment(struct reader *reader, size_t at) {
  const struct slice text = line_at(reader, at);
  unsigned indent = 0;
  while (at - indent > 0 && reader->source.data[at - indent - 1] == ' ') indent++;
  const bool own_line = at == indent || reader->source.data[at - indent - 1] == '\n';
  reader->notes->size++;
  if (own_line || !place_behind(reader, at, text)) place_line(reader, at, indent, new_note(reader, text));
}

// From one scalar to the next; what lies between them are indicators, spaces and comments.
static void read_between(struct reader *reader, size_t from, size_t to) {
  const char *data = reader->source.data;
  for (size_t at = from; at < to; at++) {
    while (reader->passed < reader->size && reader->order[reader->passed]->start <= at) {
      reader->order[reader->passed++]->blank = reader->blank;
      reader->blank = false;
    }
    if (data[at] == '#') {
      read_comment(reader, at);
      at += line_at(reader, at).size;
      if (at >= to) break;
      if (data[at] != '\n') at--;
    }
    if (at < to && data[at] == '\n' && at + 1 < reader->source.size) {
      const struct slice next = line_at(reader, at + 1);
      if (next.size == 0 && at + 1 < to) reader->blank = true;
    }
  }
}

struct span {
  size_t start, end;
  struct item *item;     // whose value it is; NULL: a key
  bool block;
};

static void read_spans(struct reader *reader, struct item *item, struct span **spans, size_t *size, size_t *capacity) {
  if (*size + 2 > *capacity) {
    *capacity = *capacity ? *capacity * 2 : 256;
    *spans = memory_resize(*spans, *capacity * sizeof **spans);
  }
  if (item->key != NULL) (*spans)[(*size)++] = (struct span){item->start, item->key_end, NULL, item->key->block};
  if (item->value->type == YAML_SCALAR)
    (*spans)[(*size)++] = (struct span){item->value_start, item->end, item, item->value->block};
  for (size_t i = 0; i < item->size; i++) read_spans(reader, &item->children[i], spans, size, capacity);
}

// Only a block scalar that keeps its empty lines ends with one.
static bool keeps(struct slice s) { return s.size > 0 && s.data[s.size - 1] == '\n' && (s.size == 1 || s.data[s.size - 2] == '\n'); }

void notes_read(struct notes *notes, const struct yaml_file *file, struct arena *arena) {
  *notes = (struct notes){.root = {.value = file->root}};
  struct reader reader = {.notes = notes, .arena = arena, .source = file->source};
  struct span *spans = NULL;
  size_t size = 0, capacity = 0, at = 0;
  read_item(&reader, &notes->root);
  read_spans(&reader, &notes->root, &spans, &size, &capacity);
  for (size_t i = 0; i < size; i++) {
    read_between(&reader, at, spans[i].start);
    while (reader.passed < reader.size && reader.order[reader.passed]->start <= spans[i].start) {
      reader.order[reader.passed++]->blank = reader.blank;
      reader.blank = false;
    }
    if (spans[i].block && spans[i].item != NULL) read_block_head(&reader, spans[i].item, spans[i].start);
    at = spans[i].end;
    // A block scalar ends after its empty lines: those of one that does not keep them ("|+") separate it from what follows.
    if (spans[i].block) {
      size_t end = at;
      while (end > 0 && reader.source.data[end - 1] == '\n') end--;
      reader.blank = at - end > 1 && !(spans[i].item != NULL && keeps(spans[i].item->value->scalar));
    }
  }
  read_between(&reader, at, reader.source.size);
  // An empty line between the file's comments and its first item.
  if (notes->root.before != NULL && notes->root.size > 0) notes->root.blank = notes->root.children[0].blank;
  if (notes->root.size > 0) notes->root.children[0].blank = false;
  memory_free(spans);
  memory_free(reader.order);
}
