// A YAML file put into canonical form: keys in the order of its form, one layout, comments kept, meaning unchanged.
//
//   * Keys stand in the order of the file's form; keys that a form does not know, and those of maps without a form, stay in their order.
//   * What stands in brackets stays so when it fits into the width and holds no comment, else it is opened; what is open stays open.
//   * Lists and maps are indented by two spaces, the dashes of a list too. Empty lines stay, one at most.
//   * Codes are quoted: a text that some tools would read as a number or a truth value gets quotes (01 becomes "01").
//   * Comments behind neighbouring lines are aligned.
// Formatting what was formatted changes nothing. Before it hands a text out, layout_write reads it again and compares values and comments
// with those of the file: a mistake of ours is an error, never a changed file.
#pragma once

#include "config/form.h"

enum layout_kind { LAYOUT_INHERIT, LAYOUT_TEXT, LAYOUT_VALUE };

struct layout {
  const struct form *form;    // of the root; NULL: none
  unsigned width;             // columns; 0: 125
  void *context;
  // The form of a value that its row calls by name (FORM_OWN); NULL: none. May be NULL.
  const struct form *(*form_of)(void *context, const char *own);
  // Is what stands under this key of such a value a text, something else, or what stands around it? May be NULL.
  enum layout_kind (*kind_of)(void *context, const char *own, struct slice key);
};

// Appends the file in canonical form. file must have been read without errors; quotes that codes lack are put into its tree. False when the result does
// not mean the same, which *why says.
bool layout_write(const struct layout *layout, struct yaml_file *file, struct text *out, const char **why);
