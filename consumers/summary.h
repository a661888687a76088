// What a run found, for the person who started it: the result on the screen, in Chinese or English, or as JSON.
//
// Read back from the output files, so that what is shown is what was written: the last revision of each finding counts, and only those that
// are still proposed are open.
#pragma once

#include <stdbool.h>

#include "consumers/embedded.h"
#include "core/text.h"

struct summary_options {
  const char *folder;              // the output files
  const struct ruleset *ruleset;
  const struct embedded_result *result;
  const struct draw_settings *review;
  bool chinese, color;
  uint64_t elapsed_ms, memory_kib;    // wall time and peak memory of the run
};

enum status summary_write_text(struct text *out, const struct summary_options *options, struct error *error);
enum status summary_write_json(struct text *out, const struct summary_options *options, struct error *error);
