// A region's own rules over the national ones: a folder with overlay.yaml beside its rules and tables.
//
//   rules.local.d/overlay.yaml        which base it lies over, and what it says differently
//   rules.local.d/**/*.yaml           further rules of the region's own
//   rules.local.d/knowledge/NAME.*    a table in the place of the base's, one more, or changes of one (knowledge/changes.h)
//
// An override names a rule of the base by id and version and gives: status, params (each by its name), unless (further exemptions), tests (in the place
// of those of the same name, or one more), without_tests; with its reason and owner. `derived_from` is the fingerprint of the base's
// rule it was written for: when the base says otherwise now, that is a warning, and `rules diff --three-way` shows what met.
// A base that was named before the overlay takes the place of the one that the overlay names. Overlays are applied in the order they were named, each
// over what the ones before it made; codes and calendars are the base's.
// Used by load.c alone.
#pragma once

#include "rules/kinds/kind.h"

enum { OVERLAY_FINGERPRINT = 16 };    // hex digits

struct override {
  struct slice id;
  int64_t version;
  int32_t recorded_day;             // from which it was known; INT32_MIN: always
  struct slice derived_from;        // empty: not said
  struct yaml_node *status, *params, *unless, *tests, *without_tests;    // NULL: not said
  const struct yaml_node *node;
  bool used;
};

struct overlay {
  const char *folder;
  const char *base;                 // path of the folder below it; NULL: given beside it
  struct slice name;
  struct yaml_file *file;
  struct override *overrides;
  size_t overrides_size;
};

// Whether the folder is an overlay.
bool overlay_is(const char *folder, struct arena *arena);
// NULL when something is wrong, told. Lives in the arena.
struct overlay *overlay_load(const char *folder, struct arena *arena, struct diagnostics *diagnostics);
// Changes the tree of a rule file by the overlay's override of that rule, if there is one. prepare: a whole rule set's, with the file. False when the
// rule is wrong as it stands: told, and not changed; prepare->rule is then half read.
bool overlay_apply(struct overlay *overlay, struct prepare *prepare);
// Tells every override that met no rule.
void overlay_finish(const struct overlay *overlay);
// Puts the overlay's tables among those of the base.
void overlay_tables(const struct overlay *overlay, struct ruleset *ruleset, struct diagnostics *diagnostics);
// The fingerprint of a rule as it is compiled: a NUL-terminated hex text.
void overlay_fingerprint(const struct rule *rule, char hex[OVERLAY_FINGERPRINT + 1]);
