// A report of headings, paragraphs and tables, as text for a terminal or as one HTML page that stands alone and prints.
//
// HTML: everything is escaped, there is no script and nothing is fetched. Text: columns are aligned, wide characters count two. One owner.
#pragma once

#include <stdbool.h>

#include "core/text.h"

enum { SHEET_COLUMNS_MAX = 24 };

struct sheet {
  struct text *out;
  bool html, chinese;
  // the table at hand
  struct text cells;          // one after the other
  size_t *ends;               // of each cell
  size_t size, capacity;
  unsigned columns, words;    // the first `words` columns are words, the others numbers
};

void sheet_begin(struct sheet *sheet, struct text *out, bool html, bool chinese, const char *title);
void sheet_end(struct sheet *sheet);
void sheet_heading(struct sheet *sheet, const char *heading);
void sheet_paragraph(struct sheet *sheet, struct slice text);
// heads: columns of them, at most SHEET_COLUMNS_MAX; the first `words` columns stand to the left, the others to the right.
void sheet_table(struct sheet *sheet, const char *const *heads, unsigned columns, unsigned words);
void sheet_cell(struct sheet *sheet, struct slice text);
void sheet_table_end(struct sheet *sheet);
