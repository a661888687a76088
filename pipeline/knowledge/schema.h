// The description of a table, NAME.yaml: columns and their types, key, effective columns, since when they were known, where the rows come from.
#pragma once

#include <stdbool.h>

#include "config/form.h"
#include "knowledge/table.h"

// What the description asks of the rows.
struct schema {
  bool strict;                   // the CSV has no other columns
  bool unique;                   // at most one row of a key in force on a day
  bool skip_rows_without_key;    // instead of refusing them
  int recorded_from, recorded_to;    // columns; -1: none
  int32_t recorded_day;          // of the whole file; INT32_MIN: always known
};

// The form of a description.
extern const struct form schema_form;

// Fills the table's columns, key, effective columns, source and version. False when something was reported.
bool schema_read(struct schema *schema, struct table *table, const struct yaml_file *file, struct arena *arena);
