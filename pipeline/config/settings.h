// Settings as typed table rows: one row is the parser, the check, the default, the reference page and the man page.
//
// The same rows serve the program's settings and the parameters of rule kinds. A row names the place of its value in a struct of
// the owner (offset). Values are set to their defaults by settings_default, then overwritten from a YAML map by settings_read,
// which reports every unknown key, wrong type and value out of range with its place. Texts live in the arena.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/yaml.h"

enum setting_type {
  SETTING_INT,        // int64_t; min..max
  SETTING_BOOL,       // bool
  SETTING_TEXT,       // struct slice; max = bytes
  SETTING_WORD,       // int: index into words
  SETTING_DECIMAL,    // int64_t scaled by 10^scale; min..max in scaled units
  SETTING_NUMBER,     // struct setting_number: a whole number or a look-up {table: t, by: [...]}; min..max for the former
  SETTING_DAY,        // int32_t day number; default "" is INT32_MIN
  SETTING_TEXTS,      // struct setting_texts: a list of texts
  SETTING_MAP,        // const struct yaml_node *: a map handed through (kafka.properties)
};

struct setting_number {
  int64_t value;
  const struct yaml_node *lookup;    // NULL: value holds
  const void *resolved;              // what rules/ makes of the look-up
};
struct setting_texts {
  const struct slice *items;
  size_t size;
};

struct setting {
  const char *name;             // key; "kafka.group" is key `group` of map `kafka`, or one key as it stands here
  enum setting_type type;
  size_t offset;
  const char *fallback;         // default, as YAML text; NULL: must be given
  int64_t min, max;
  unsigned scale;
  const char *unit;             // "days", "bytes", ... or ""
  const char *const *words;     // SETTING_WORD: NULL-terminated
  const char *doc;              // one or two sentences, English
};

// Writes the defaults of all rows into values.
void settings_default(const struct setting *rows, size_t size, void *values, struct arena *arena);
// Overwrites from map (NULL: nothing). Checks; true when all is well. Missing rows without default are reported at `map`.
// other_keys: keys of map that belong to somebody else, not reported as unknown.
bool settings_read(const struct setting *rows, size_t size, void *values, const struct yaml_file *file,
                   const struct yaml_node *map, const char *const *other_keys, size_t other_size, struct arena *arena);
// The rows as a Markdown table: name, type, range, unit, default, meaning.
void settings_reference(const struct setting *rows, size_t size, struct text *out);
// Feeds names and values to a text in canonical form, for hashing.
void settings_canonical(const struct setting *rows, size_t size, const void *values, struct text *out);
