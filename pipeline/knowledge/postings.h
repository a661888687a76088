// The rows of a table by key: an open-addressing hash from key cells to a run of ascending row numbers (drawn in table.h).
#pragma once

#include "config/yaml.h"
#include "knowledge/table.h"

// Makes table->index from its rows.
void postings_build(struct table *table, struct arena *arena);
// What table_find and table_posting promise.
uint32_t postings_find(const struct table *table, const struct slice *key, const uint32_t **rows);
bool postings_at(const struct table *table, uint32_t n, const uint32_t **rows, uint32_t *size);
// Reports, at `unique` of the description, every key with two rows in force on one day; false if any.
bool postings_unique(const struct table *table, const struct yaml_file *file);
