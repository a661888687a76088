// A page for people, written once and printed as plain text, Markdown or HTML: headings, paragraphs, items, tables.
//
// Texts are given raw; each form escapes what it must. HTML is one file without scripts and without anything from elsewhere, fit to be
// printed. A table's cells are separated by '\t'.
#pragma once

#include "core/text.h"

enum page_format { PAGE_TEXT, PAGE_MARKDOWN, PAGE_HTML };

struct page {
  struct text *out;
  enum page_format format;
  enum { PAGE_NOTHING, PAGE_ITEMS, PAGE_TABLE } open;
};

// language: "zh" or "en", of the HTML.
void page_begin(struct page *page, struct text *out, enum page_format format, const char *language, const char *title);
void page_end(struct page *page);
void page_heading(struct page *page, unsigned level, struct slice text);    // 1..4
void page_paragraph(struct page *page, struct slice text);
void page_item(struct page *page, struct slice text);
// The first row of a table is its head.
void page_row(struct page *page, struct slice cells);
