// `settlewatch rules explain`: one decision of one rule, told in full.
//
// From a file: its records are decoded and stepped in their order, exactly as a screen would. From the live state of a person: the
// dossier as the state topic holds it. Then the rule is evaluated on the visit of the settlement with a trace that is not
// short-circuited, and the smallest changes of facts that turn the decision round are looked for (rules/flip.h).
#pragma once

#include <stdbool.h>

#include "cli/explanation.h"

struct explain_options {
  const char *record;      // NDJSON, may be gzip; NULL: from the state of psn_no
  const char *config;      // settings of the site; needed with psn_no
  const char *psn_no;
  const char *setl_id;     // NULL: the last settlement of the file, or of the person
  const char *rule;        // id or name
  const char *rules;       // folder; NULL: that of the settings, else rules.d
  int32_t known_day;       // the rules as they were known on this day; KNOWN_NOW: as they are
  bool chinese;
  explanation_write *write;
};

// Prints to standard output; returns the exit code.
int explain(const struct explain_options *options);
