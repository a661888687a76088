// What a kind of YAML map may hold, as typed rows: one row is the loader's check, the editor's completion and hover text, the canonical
// place of the key, and the comment in a starter file.
//
// A form says nothing about values that another room defines (conditions, parameters of rule kinds): such a row is FORM_OWN and names a
// definition, which that room writes into the JSON Schema. Settings and parameters have rows of their own kind (settings.h).
// Read-only; thread-safe.
#pragma once

#include "config/yaml.h"

enum form_type {
  FORM_TEXT,       // min..max characters
  FORM_NAME,       // lower case, digits, '_'; at most max
  FORM_ID,         // upper case, digits, '-'; at most max
  FORM_WORD,       // one of words
  FORM_INT,        // min..max
  FORM_DECIMAL,    // a number with a point
  FORM_BOOL,
  FORM_DAY,        // yyyy-MM-dd
  FORM_TIME,       // yyyy-MM-dd or "yyyy-MM-dd HH:mm:ss"
  FORM_MAP,        // form; NULL: any keys
  FORM_OWN,        // own: a definition of the schema
};

struct form;

struct form_key {
  const char *name;
  enum form_type type;
  bool required;
  bool list;                         // a list of such values, min_items..max_items; max_items 0: no limit
  bool single;                       // of a list: a single one may stand without brackets
  unsigned min_items, max_items;
  int64_t min, max;
  const char *const *words;          // NULL-terminated
  const char *const *words_zh;       // what each means, in Chinese; NULL: nothing
  const struct form *form;
  const char *own;
  const char *zh;                    // a short name for tables; "" when the value speaks for itself; NULL: none
  const char *doc_zh;                // one or two sentences
};

struct form {
  const char *name;                  // of the schema's definition
  const struct form_key *keys;       // in canonical order
  size_t size;
  unsigned missing;                  // code of the error for a missing key
};
#define FORM(name_, rows_, missing_) {.name = (name_), .keys = (rows_), .size = sizeof(rows_) / sizeof(rows_)[0], .missing = (missing_)}

// Is it a map, are all its keys known (else the nearest one is suggested), are the required ones there? Every error is told; true when all
// is well.
bool form_check(const struct yaml_file *file, const struct yaml_node *map, const struct form *form);
// The first of these only; what is missing is the caller's business.
bool form_known(const struct yaml_file *file, const struct yaml_node *map, const struct form *form);
// All that the form says, in the values and in the maps below too; FORM_OWN and FORM_TIME are the caller's business.
bool form_check_all(const struct yaml_file *file, const struct yaml_node *map, const struct form *form);
// The row of a key, or NULL.
const struct form_key *form_find(const struct form *form, struct slice name);
