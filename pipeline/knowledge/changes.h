// Change files: a table NAME.changes beside the table NAME says row by row what is added, changed and removed.
//
//   NAME.changes.csv   change,med_list_codg,price,effective_from,...
//                      changed,C0101,12.50,2026-07-01
//                      removed,C0102,,2026-01-01
//                      added,C0103,9.90,2026-07-01
//
// NAME.changes.yaml describes it like any table: all columns of NAME, the same key and effective columns, and `change` (text). A row is the one of
// NAME with its key and first day in force: `added` must not be there, `changed` and `removed` must be there once; a changed row keeps its
// place, added ones come last. The change file is a table of the rule set itself: its version and hash are part of the set's.
#pragma once

#include "knowledge/table.h"

// The table's name when this is the name of a change file (a copy in the arena), else NULL.
const char *changes_of(const char *name, struct arena *arena);
// Puts the changed table in the place of the one it changes. False when something does not fit (told).
bool changes_apply(struct tables *tables, const struct table *changes, struct arena *arena, struct diagnostics *diagnostics);
