// `settlewatch rules explain`: one decision of one rule, told in full.
//
// The records of the file are decoded and stepped in their order, exactly as a screen would; then the rule is evaluated on the visit of
// the last settlement with a trace that is not short-circuited.
#pragma once

#include <stdbool.h>

struct explain_options {
  const char *record;    // NDJSON, may be gzip
  const char *rule;      // id or name
  const char *rules;     // folder
  bool chinese;
};

// Prints to standard output; returns the exit code.
int explain(const struct explain_options *options);
