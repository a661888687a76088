#include "config/layout.h"

#include <stdlib.h>

#include "config/notes.h"
#include "config/plain.h"
#include "core/memory.h"
#include "core/utf8.h"

enum { WIDTH = 125, ALIGN_COLUMNS_MAX = 60, BEHIND = '\x01', ARENA_BLOCK = 64 << 10 };

struct printer {
  const struct layout *layout;
  struct slice source;
  struct text *out;
  struct text flow;         // one value in brackets, being tried
  unsigned width;
};

// What is known of a value: its form, the name of its definition, and whether its scalars are texts.
struct sort {
  const struct form *form;
  const char *own;
  enum layout_kind kind;
};

static struct sort sort_of_key(const struct layout *layout, struct sort sort, struct slice key) {
  const struct form_key *row = form_find(sort.form, key);
  if (row == NULL && sort.own != NULL && layout->kind_of != NULL) {
    const enum layout_kind kind = layout->kind_of(layout->context, sort.own, key);
    return (struct sort){NULL, sort.own, kind == LAYOUT_INHERIT ? sort.kind : kind};
  }
  if (row == NULL) return (struct sort){NULL, NULL, LAYOUT_VALUE};
  if (row->type == FORM_OWN)
    return (struct sort){layout->form_of != NULL ? layout->form_of(layout->context, row->own) : NULL, row->own, LAYOUT_VALUE};
  const bool text = row->type == FORM_TEXT || row->type == FORM_NAME || row->type == FORM_ID || row->type == FORM_WORD;
  return (struct sort){row->type == FORM_MAP ? row->form : NULL, NULL, text ? LAYOUT_TEXT : LAYOUT_VALUE};
}

// --- Order and quotes ---------------------------------------------------------------------------------------------------------------

static size_t rank(const struct form *form, const struct item *item) {
  for (size_t i = 0; form != NULL && i < form->size; i++)
    if (slice_equal(slice_from(form->keys[i].name), item->key->scalar)) return i;
  return SIZE_MAX;
}

// Puts the keys of a map into the order of its form; an insertion sort, since most are in order. Children know their parent by address,
// so that they may move.
static void order(struct item *item, const struct form *form) {
  if (form == NULL || item->value->type != YAML_MAP) return;
  for (size_t i = 1; i < item->size; i++) {
    const struct item moving = item->children[i];
    const size_t mine = rank(form, &moving);
    size_t at = i;
    for (; at > 0 && rank(form, &item->children[at - 1]) > mine; at--) item->children[at] = item->children[at - 1];
    item->children[at] = moving;
  }
}

static void prepare(struct printer *printer, struct item *item, struct sort sort) {
  struct yaml_node *value = item->value;
  if (value->type == YAML_SCALAR && sort.kind == LAYOUT_TEXT && value->scalar.size > 0 && plain_reading(value->scalar) != NULL)
    value->quoted = true;
  order(item, sort.form);
  for (size_t i = 0; i < item->size; i++)
    prepare(printer, &item->children[i],
            item->children[i].key != NULL ? sort_of_key(printer->layout, sort, item->children[i].key->scalar) : sort);
}

// --- Scalars -------------------------------------------------------------------------------------------------------------------------

static struct slice written(const struct printer *printer, size_t start, size_t end) {
  return (struct slice){printer->source.data + start, end - start};
}

// How a quoted or plain scalar stands in a line of the result. start, end: bytes of it in the source.
static void write_scalar(const struct printer *printer, const struct yaml_node *node, size_t start, size_t end, struct text *out) {
  const struct slice raw = written(printer, start, end);
  const bool one_line = raw.size > 0 && memchr(raw.data, '\n', raw.size) == NULL;
  if (!node->quoted) {
    if (memchr(node->scalar.data, '\n', node->scalar.size) == NULL) text_append(out, node->scalar);
    else text_json(out, node->scalar);
  } else if (one_line && raw.data[0] == '"') {
    text_append(out, raw);
  } else if (one_line && raw.data[0] == '\'' && (memchr(node->scalar.data, '"', node->scalar.size) != NULL ||
                                                 memchr(node->scalar.data, '\\', node->scalar.size) != NULL)) {
    text_append(out, raw);
  } else {
    text_json(out, node->scalar);
  }
}

// Can the text stand as a block of lines under '|'? Lines of spaces, and spaces before the first, would need more words.
static bool is_block(const struct yaml_node *node) {
  const struct slice s = node->scalar;
  if (!node->block || s.size == 0 || s.data[0] == ' ' || s.data[0] == '\n' || memchr(s.data, '\t', s.size) != NULL) return false;
  bool only_spaces = true;
  for (size_t i = 0; i < s.size; i++) {
    if (s.data[i] == '\n') {
      if (only_spaces && i > 0 && s.data[i - 1] == ' ') return false;
      only_spaces = true;
    } else {
      only_spaces &= s.data[i] == ' ';
    }
  }
  return !only_spaces || s.data[s.size - 1] == '\n';
}

static void spaces(struct text *out, size_t count) {
  for (size_t i = 0; i < count; i++) text_byte(out, ' ');
}

static void write_behind(struct printer *printer, struct slice text) {
  if (!slice_present(text)) return;
  text_byte(printer->out, BEHIND);
  text_append(printer->out, text);
}

static void write_block(struct printer *printer, const struct item *item, unsigned indent) {
  const struct slice s = item->value->scalar;
  const bool ends = s.data[s.size - 1] == '\n', more = s.size > 1 && ends && s.data[s.size - 2] == '\n';
  text_append(printer->out, more ? SLICE("|+") : ends ? SLICE("|") : SLICE("|-"));
  write_behind(printer, item->behind);
  text_byte(printer->out, '\n');
  for (size_t at = 0; at < s.size;) {
    const char *end = memchr(s.data + at, '\n', s.size - at);
    const size_t size = end != NULL ? (size_t)(end - s.data) - at : s.size - at;
    if (size > 0) spaces(printer->out, indent);
    text_append(printer->out, (struct slice){s.data + at, size});
    text_byte(printer->out, '\n');
    at += size + 1;
  }
}

// --- In brackets ---------------------------------------------------------------------------------------------------------------------

static void write_key(const struct printer *printer, const struct item *item, struct text *out) {
  write_scalar(printer, item->key, item->start, item->key_end, out);
}

// False when the value cannot stand in brackets.
static bool write_flow(struct printer *printer, const struct item *item, struct text *out) {
  const struct yaml_node *value = item->value;
  if (item->noted) return false;
  if (value->type == YAML_SCALAR) {
    if (value->block || (value->scalar.size == 0 && !value->quoted)) return false;
    write_scalar(printer, value, item->value_start, item->end, out);
    return true;
  }
  const bool map = value->type == YAML_MAP;
  text_byte(out, map ? '{' : '[');
  for (size_t i = 0; i < item->size; i++) {
    const struct item *child = &item->children[i];
    if (i > 0) TEXT_LITERAL(out, ", ");
    if (child->before != NULL || slice_present(child->behind)) return false;
    if (map) {
      write_key(printer, child, out);
      TEXT_LITERAL(out, ": ");
    }
    if (!write_flow(printer, child, out)) return false;
  }
  text_byte(out, map ? '}' : ']');
  return true;
}

// --- Lines ---------------------------------------------------------------------------------------------------------------------------

static void write_children(struct printer *printer, const struct item *item, unsigned indent, bool first_open);

// One at most: a text that keeps its empty lines has one already.
static void write_blank(struct printer *printer) {
  const struct text *out = printer->out;
  if (out->size < 2 || out->data[out->size - 1] != '\n' || out->data[out->size - 2] != '\n') text_byte(printer->out, '\n');
}

static void write_notes(struct printer *printer, const struct note *note, unsigned indent, bool first) {
  for (; note != NULL; note = note->next, first = false) {
    if (note->blank && !first) write_blank(printer);
    spaces(printer->out, indent);
    text_append(printer->out, note->text);
    text_byte(printer->out, '\n');
  }
}

// The value behind "key:" or "-", which end at the column (0: the file is nothing but this value), with everything to the end of its lines.
static void write_value(struct printer *printer, const struct item *item, unsigned indent, unsigned column) {
  const struct yaml_node *value = item->value;
  if (value->type == YAML_SCALAR) {
    if (column > 0 && (value->scalar.size > 0 || value->quoted)) text_byte(printer->out, ' ');
    if (is_block(value)) {
      write_block(printer, item, indent + 2);
      return;
    }
    write_scalar(printer, value, item->value_start, item->end, printer->out);
  } else {
    text_clear(&printer->flow);
    const bool empty = item->size == 0, fits = value->flow && write_flow(printer, item, &printer->flow) &&
                                               column + 1 + utf8_width(text_slice(&printer->flow)) <= printer->width;
    if (empty) text_clear(&printer->flow);
    if (empty) text_append(&printer->flow, value->type == YAML_MAP ? SLICE("{}") : SLICE("[]"));
    if (!fits && !empty) {
      write_behind(printer, item->key != NULL ? item->behind : SLICE_NONE);
      if (item->key != NULL) text_byte(printer->out, '\n');
      write_children(printer, item, indent + 2, item->key == NULL);
      return;
    }
    if (column > 0) text_byte(printer->out, ' ');
    text_append(printer->out, text_slice(&printer->flow));
  }
  write_behind(printer, item->behind);
  text_byte(printer->out, '\n');
}

// Will a list's item stand in lines of its own, so that its first key stands behind the dash?
static bool opens(struct printer *printer, const struct item *item, unsigned indent) {
  if (item->value->type == YAML_SCALAR || item->size == 0) return false;
  text_clear(&printer->flow);
  return !(item->value->flow && write_flow(printer, item, &printer->flow) &&
           indent + 2 + utf8_width(text_slice(&printer->flow)) <= printer->width);
}

// Comments above an item; those of what stands behind its dash come before the dash.
static void write_above(struct printer *printer, const struct item *item, unsigned indent, bool first) {
  write_notes(printer, item->before, indent, first);
  if (item->size == 0) write_notes(printer, item->tail, indent, first);    // nothing in brackets but a comment
  if (item->blank && !(first && item->before == NULL)) write_blank(printer);
  while (item->key == NULL && opens(printer, item, indent)) {
    if (slice_present(item->behind)) {
      spaces(printer->out, indent);
      text_append(printer->out, item->behind);
      text_byte(printer->out, '\n');
    }
    item = &item->children[0];
    write_notes(printer, item->before, indent, true);
  }
}

// first_open: the first child stands behind a dash, on a line that is begun.
static void write_children(struct printer *printer, const struct item *item, unsigned indent, bool first_open) {
  for (size_t i = 0; i < item->size; i++) {
    const struct item *child = &item->children[i];
    const bool begun = first_open && i == 0;
    if (!begun) {
      write_above(printer, child, indent, i == 0);
      spaces(printer->out, indent);
    } else {
      text_byte(printer->out, ' ');
    }
    const size_t line = printer->out->size;
    if (child->key != NULL) {
      write_key(printer, child, printer->out);
      text_byte(printer->out, ':');
    } else {
      text_byte(printer->out, '-');
    }
    write_value(printer, child, indent, indent + (unsigned)utf8_width((struct slice){printer->out->data + line, printer->out->size - line}));
  }
  write_notes(printer, item->tail, indent, false);
}

// --- Comments behind lines, aligned --------------------------------------------------------------------------------------------------

static size_t line_size(struct slice s, size_t at) {
  const char *end = memchr(s.data + at, '\n', s.size - at);
  return end != NULL ? (size_t)(end - s.data) - at : s.size - at;
}

static size_t indent_at(struct slice s, size_t at) {
  size_t indent = 0;
  while (at + indent < s.size && s.data[at + indent] == ' ') indent++;
  return indent;
}

static void align(struct slice s, struct text *out) {
  for (size_t at = 0; at < s.size;) {
    // Neighbouring lines of one indentation with comments that are not too long to be aligned.
    const size_t indent = indent_at(s, at);
    size_t widest = 0;
    size_t end = at;
    while (end < s.size) {
      const size_t size = line_size(s, end);
      const char *mark = memchr(s.data + end, BEHIND, size);
      const size_t columns = mark != NULL ? utf8_width((struct slice){s.data + end, (size_t)(mark - s.data) - end}) : 0;
      if (mark == NULL || columns > ALIGN_COLUMNS_MAX || indent_at(s, end) != indent) break;
      if (columns > widest) widest = columns;
      end += size + 1;
    }
    if (end == at) end += line_size(s, at) + 1;
    for (; at < end && at < s.size; at += line_size(s, at) + 1) {
      const struct slice line = {s.data + at, line_size(s, at)};
      const char *mark = memchr(line.data, BEHIND, line.size);
      const struct slice code = {line.data, mark != NULL ? (size_t)(mark - line.data) : line.size};
      text_append(out, code);
      if (mark != NULL) {
        const size_t columns = utf8_width(code);
        spaces(out, columns > widest ? 2 : widest - columns + 2);
        text_append(out, (struct slice){mark + 1, line.size - code.size - 1});
      }
      text_byte(out, '\n');
    }
  }
}

// --- Is it still the same? -----------------------------------------------------------------------------------------------------------

struct comments {
  struct slice *items;
  size_t size, capacity;
};

static void add_comment(struct comments *comments, struct slice text) {
  if (!slice_present(text)) return;
  if (comments->size == comments->capacity) {
    comments->capacity = comments->capacity ? comments->capacity * 2 : 64;
    comments->items = memory_resize(comments->items, comments->capacity * sizeof *comments->items);
  }
  comments->items[comments->size++] = text;
}

static void add_comments(struct comments *comments, const struct item *item) {
  for (const struct note *note = item->before; note != NULL; note = note->next) add_comment(comments, note->text);
  for (const struct note *note = item->tail; note != NULL; note = note->next) add_comment(comments, note->text);
  add_comment(comments, item->behind);
  for (size_t i = 0; i < item->size; i++) add_comments(comments, &item->children[i]);
}

static int order_slices(const void *a, const void *b) { return slice_compare(*(const struct slice *)a, *(const struct slice *)b); }

static bool same_comments(const struct notes *before, const struct notes *after) {
  struct comments one = {0}, two = {0};
  add_comments(&one, &before->root);
  add_comments(&two, &after->root);
  bool same = one.size == two.size && one.size == before->size && two.size == after->size;
  if (one.size > 0) qsort(one.items, one.size, sizeof *one.items, order_slices);
  if (two.size > 0) qsort(two.items, two.size, sizeof *two.items, order_slices);
  for (size_t i = 0; same && i < one.size; i++) same = slice_equal(one.items[i], two.items[i]);
  memory_free(one.items);
  memory_free(two.items);
  return same;
}

static bool same_values(const struct yaml_node *before, const struct yaml_node *after) {
  struct text one = {0}, two = {0};
  yaml_canonical(before, &one);
  yaml_canonical(after, &two);
  const bool same = slice_equal(text_slice(&one), text_slice(&two));
  text_fini(&one);
  text_fini(&two);
  return same;
}

bool layout_write(const struct layout *layout, struct yaml_file *file, struct text *out, const char **why) {
  struct arena arena;
  struct text marked = {0};
  struct notes before, after;
  struct printer printer = {.layout = layout, .source = file->source, .out = &marked, .width = layout->width ? layout->width : WIDTH};
  arena_init(&arena, ARENA_BLOCK);
  notes_read(&before, file, &arena);
  prepare(&printer, &before.root, (struct sort){layout->form, NULL, LAYOUT_VALUE});
  write_notes(&printer, before.root.before, 0, true);
  if (before.root.blank) text_byte(&marked, '\n');
  if (before.root.size > 0) write_children(&printer, &before.root, 0, false);
  else write_value(&printer, &before.root, 0, 0);
  const size_t start = out->size;
  align(text_slice(&marked), out);

  struct diagnostics diagnostics = {0};
  struct yaml_file again;
  struct slice text = {out->data + start, out->size - start};
  yaml_load_text(&again, &arena, file->name, text, NULL, &diagnostics);
  *why = NULL;
  if (again.root == NULL || diagnostics.errors > 0) {
    *why = "the result cannot be read";
  } else if (!same_values(file->root, again.root)) {
    *why = "the result has other values";
  } else {
    notes_read(&after, &again, &arena);
    if (!same_comments(&before, &after)) *why = "the result has other comments";
  }
  diagnostics_fini(&diagnostics);
  text_fini(&printer.flow);
  text_fini(&marked);
  arena_fini(&arena);
  return *why == NULL;
}
