// The comments and empty lines of a YAML file, each with the item it belongs to.
//
// libyaml drops comments; what a person wrote beside a number is half of what the file says. An item is a key with its value, or an item of
// a list. A comment on a line of its own belongs to the item below it, or, when it is indented deeper than what follows, to the end of the
// list or map it stands in. A comment behind something belongs to the item that ends, or whose key stands, on that line. Comments above
// the first item belong to the file. Everything outside scalars that begins with '#' is a comment, since tags and anchors are refused.
//
//   # file          unless:  # behind the key
//   rule: a           # before the item
//                     - {id: x, if: {gap: 1}}  # behind the item
//                     # at the end of the list
// Memory is the arena's; comments are slices of the source.
#pragma once

#include "config/yaml.h"

struct note {
  struct slice text;      // from '#', without spaces at its end
  bool blank;             // an empty line above it
  struct note *next;
};

struct item {
  const struct yaml_node *key;      // NULL: of a list
  struct yaml_node *value;
  struct item *children;            // of a list or map, in the order of the file
  size_t size;
  struct item *parent;
  struct note *before, *last_before, *tail, *last_tail;    // tail: at the end of its list or map
  struct slice behind;              // SLICE_NONE: nothing
  bool blank;                       // an empty line directly above it
  bool noted;                       // something inside has a comment
  size_t start, end;                // of key and value, in bytes of the source; end 0: not known
  size_t key_end, value_start;
  unsigned indent;                  // the column of its key, or of its dash, from 0
};

struct notes {
  struct item root;                 // value: the root; before: the file's own comments; blank: an empty line below them
  size_t size;                      // comments in all
};

// file must have a tree.
void notes_read(struct notes *notes, const struct yaml_file *file, struct arena *arena);
