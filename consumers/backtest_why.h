// Why a finding stands in one set and not in the other: decided again by the other set's rule on the same dossier, with its trace.
#pragma once

#include "consumers/backtest.h"

// Fills why_zh and why_en of the report's changes. stores: workers x sides, as they are after the last record.
enum status why_explain(struct backtest_report *report, const struct engine_settings *settings, const char *const *names, size_t names_size,
                        struct store *const *stores, unsigned workers, unsigned sides, struct error *error);
