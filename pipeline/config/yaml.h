// YAML made safe: a small strict subset, with a place on every node.
//
// libyaml is named in yaml.c only. Refused, each with a place and a code: duplicate keys, aliases and anchors, merge keys,
// tabs, tags, several documents in one file, invalid UTF-8, an empty file, more than the limits below (file bytes, depth,
// nodes, scalar bytes). A scalar keeps whether it was quoted. Plain scalars that other tools read as something else are
// errors where they are used: `010`, `1_000`, `yes`, `no`, `on`, `off`, `1e3`, `0x1f`, `.5`, `~` (see yaml_is_int and friends).
// Keys are always texts. Lines end in LF or CRLF. Scalars hold no control characters but line feed and tab (from "\n", "\t").
// All errors of a file are reported in one go; only broken syntax, an alias or a limit leave no tree.
// Nodes live in the arena given to yaml_load. A loaded tree is read-only and may be shared by threads.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "core/arena.h"
#include "core/slice.h"

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
  enum yaml_type type;
  bool quoted;               // scalar in quotes or block style
  bool block;                // scalar in block style (| or >)
  bool flow;                 // list or map in brackets
  struct place place;
  uint32_t start, end;       // where it stands in the source, in characters; the end of a list or map without brackets is not known: 0
  struct slice scalar;       // scalar only
  struct yaml_node *child;   // first item of a list, or first KEY of a map
  struct yaml_node *next;    // next item; of a key: the next key
  struct yaml_node *value;   // of a key: its value
  unsigned size;             // items or keys
};

struct yaml_limits {
  size_t file_bytes, scalar_bytes;
  unsigned depth, nodes;
};
extern const struct yaml_limits yaml_limits_default;    // 4 MiB, 64 KiB, 32, 200000

struct yaml_file {
  const char *name;        // in the arena
  struct slice source;     // in the arena
  struct yaml_node *root;  // NULL when the file could not be read
  struct diagnostics *diagnostics;
};

// Reads a file (or text, named for messages). Errors go to diagnostics; root is NULL when there were any that leave no tree.
void yaml_load(struct yaml_file *file, struct arena *arena, const char *path, const struct yaml_limits *limits,
               struct diagnostics *diagnostics);
void yaml_load_text(struct yaml_file *file, struct arena *arena, const char *name, struct slice text,
                    const struct yaml_limits *limits, struct diagnostics *diagnostics);

// The value of a key, or NULL. map may be NULL or not a map.
struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);

// Adds a diagnostic at a node of the file.
void yaml_error(const struct yaml_file *file, const struct yaml_node *node, unsigned code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void yaml_warning(const struct yaml_file *file, const struct yaml_node *node, unsigned code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// Reports every key of map that is not among the allowed ones, with the nearest allowed one. Returns false if any.
bool yaml_check_keys(const struct yaml_file *file, const struct yaml_node *map, const char *const *allowed, size_t size);

// A scalar read as a type; each reports a located error and returns false when it is not one.
bool yaml_is_text(const struct yaml_file *file, const struct yaml_node *node, struct slice *out);    // quoted or harmless plain
bool yaml_is_int(const struct yaml_file *file, const struct yaml_node *node, int64_t min, int64_t max, int64_t *out);
bool yaml_is_bool(const struct yaml_file *file, const struct yaml_node *node, bool *out);            // true | false only
// yyyy-MM-dd as day number since 1970-01-01; plain or quoted.
bool yaml_is_day(const struct yaml_file *file, const struct yaml_node *node, int32_t *out);
bool yaml_is_map(const struct yaml_file *file, const struct yaml_node *node);
bool yaml_is_list(const struct yaml_file *file, const struct yaml_node *node);
// Plain decimal with at most `scale` fraction digits, scaled by 10^scale: yaml "12.5" at scale 2 is 1250. No float in between.
bool yaml_is_decimal(const struct yaml_file *file, const struct yaml_node *node, unsigned scale, int64_t *out);
// The node's content in one fixed form (keys sorted, quotes only where they matter), for hashing: comments, layout and order of keys
// make no difference.
void yaml_canonical(const struct yaml_node *node, struct text *out);
