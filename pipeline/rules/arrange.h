// What the canonical layout (config/layout.h) needs to know of the files of a rule folder: which form a file has, in which order a kind's
// parameters stand, which values of conditions and expectations are texts.
#pragma once

#include "config/layout.h"
#include "rules/kinds/kind.h"

enum { ARRANGE_PARAMS_MAX = 64 };

struct arrange {
  struct layout layout;         // hand this to layout_write; points back here
  const struct form *record;    // of a test's `given`
  const struct kind *kind;      // of the rule; NULL: none known
  struct form_key rows[ARRANGE_PARAMS_MAX];
  struct form params;
};

// For one file with a tree. record: of a test's `given`.
void arrange_init(struct arrange *arrange, const struct yaml_file *file, const struct form *record);
