// What the rule kinds check of their parameters at load; every error stands at the parameter's place.
#pragma once

#include "rules/kinds/kind.h"

// A list of fee categories by symbol to bits; false and an error when one is unknown or the list is empty.
bool parameter_fees(const struct prepare *prepare, const char *key, const struct setting_texts *texts, uint32_t *fees);
// The table a parameter names, with the key columns given; NULL and an error otherwise.
const struct table *parameter_table(const struct prepare *prepare, const char *key, struct slice name, const char *const *key_columns,
                                    unsigned key_size);
// A column of the table; -1 and an error when it is missing or of another type.
int parameter_column(const struct prepare *prepare, const char *key, const struct table *table, const char *name, enum cell_type type);
// An error at the parameter, or at `params` when it is not written.
void parameter_error(const struct prepare *prepare, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
