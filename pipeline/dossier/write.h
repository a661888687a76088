// A dossier as people read it: `settlewatch state show`.
#pragma once

#include "core/text.h"
#include "dossier/dossier.h"

// One paragraph per visit with its settlements, what became of them, and the findings that are open. chinese: labels in Chinese.
void dossier_write_text(struct text *out, const struct dossier *dossier, bool chinese);
