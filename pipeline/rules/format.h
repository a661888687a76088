// The form of a rule file: every key of every map in it, in canonical order, with its type, limits and meaning in Chinese.
//
// read.c checks with these rows, the JSON Schema and starter files are written from them, and `rules fmt` puts keys into their order.
// Conditions, operands, sentences, and what depends on the rule kind, are FORM_OWN; schema.c knows them by these names:
// condition, operand, sentence, kind, params, amount, record, expect.
#pragma once

#include "config/form.h"

extern const struct form format_rule, format_title, format_effective, format_basis, format_exemption, format_band, format_say,
    format_test, format_expect, format_equivalent, format_budget;
// overlay.yaml of a region's folder.
extern const struct form format_overlay, format_override;
// Words of a comparison, all, any, not and look-ups, with their meaning.
extern const struct form format_comparison, format_logic, format_lookup;

// Limits that read.c and the rows share.
enum {
  FORMAT_VERSION_MAX = 100000,
  FORMAT_TEXT_BYTES_MAX = 2000,
  FORMAT_NAME_BYTES_MAX = 64,
  FORMAT_ID_BYTES_MAX = 32,
  FORMAT_EXEMPTIONS_MAX = 64,
  FORMAT_BANDS_MAX = 16,
  FORMAT_SEVERITY_MAX = 3
};

// Chinese for the words of rule.h, in their order; NULL-terminated.
extern const char *const rule_status_zh[], *const rule_subject_zh[], *const precedence_zh[], *const agreement_class_zh[],
    *const outcome_zh[];
