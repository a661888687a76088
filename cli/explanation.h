// One decision told in full, for people and for programs: the same content in both.
#pragma once

#include "record/json.h"
#include "rules/flip.h"
#include "rules/trace.h"

// The last message about one finding of the rule.
struct explanation_message {
  struct explanation_message *next;
  const struct json_value *value;
};

struct explanation {
  bool chinese;
  const struct ruleset *ruleset;
  const struct rule *rule;
  struct slice setl_id;
  const struct verdict *verdict;
  const struct judge_input *input;
  const struct trace *trace;
  struct flips flips;
  const struct explanation_message *published;    // of any settlement; those of this one are told
  struct slice from;                              // where the records come from
};

typedef void explanation_write(const struct explanation *about, struct text *out);
explanation_write explanation_write_text, explanation_write_json;
