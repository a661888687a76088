#include "rules/page.h"

static const char style[] =
    "body{font-family:\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Microsoft YaHei\",SimSun,sans-serif;line-height:1.6;max-width:52em;"
    "margin:2em auto;padding:0 1em;color:#111}h1,h2,h3,h4{line-height:1.3}h2{border-bottom:1px solid #999;margin-top:2em}"
    "table{border-collapse:collapse;width:100%;margin:.6em 0}th,td{border:1px solid #999;padding:.25em .5em;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}th{background:#eee}"
    "@media print{body{max-width:none;margin:0;font-size:10.5pt}h2{break-before:page}h2:first-of-type{break-before:auto}"
    "h3,h4{break-after:avoid}table,li{break-inside:avoid}}";

// What Markdown would take for more than a letter. '.' and '-' matter only at the beginning of a line, where no text of ours has them.
static void write_markdown(struct text *out, struct slice s, bool cell) {
  for (size_t i = 0; i < s.size; i++) {
    const char c = s.data[i];
    if (memchr("\\`*_[]<>#", c, 9) != NULL || (cell && c == '|')) text_byte(out, '\\');
    text_byte(out, c == '\n' ? ' ' : c);
  }
}

static void write(struct page *page, struct slice text, bool cell) {
  if (page->format == PAGE_HTML) text_xml(page->out, text);
  else if (page->format == PAGE_MARKDOWN) write_markdown(page->out, text, cell);
  else text_append(page->out, text);
}

static void close_open(struct page *page) {
  if (page->format == PAGE_HTML && page->open != PAGE_NOTHING)
    text_append(page->out, page->open == PAGE_ITEMS ? SLICE("</ul>\n") : SLICE("</table>\n"));
  else if (page->open != PAGE_NOTHING) text_byte(page->out, '\n');
  page->open = PAGE_NOTHING;
}

void page_begin(struct page *page, struct text *out, enum page_format format, const char *language, const char *title) {
  *page = (struct page){.out = out, .format = format};
  if (format != PAGE_HTML) return;
  text_format(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<title>", language);
  text_xml(out, slice_from(title));
  text_format(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
}

void page_end(struct page *page) {
  close_open(page);
  if (page->format == PAGE_HTML) TEXT_LITERAL(page->out, "</body>\n</html>\n");
  while (page->out->size > 1 && page->out->data[page->out->size - 1] == '\n' && page->out->data[page->out->size - 2] == '\n') page->out->size--;
}

void page_heading(struct page *page, unsigned level, struct slice text) {
  close_open(page);
  if (page->format == PAGE_HTML) text_format(page->out, "<h%u>", level);
  for (unsigned i = 0; page->format == PAGE_MARKDOWN && i < level; i++) text_byte(page->out, '#');
  if (page->format == PAGE_MARKDOWN) text_byte(page->out, ' ');
  write(page, text, false);
  if (page->format == PAGE_HTML) text_format(page->out, "</h%u>\n", level);
  else text_append(page->out, page->format == PAGE_TEXT ? SLICE("\n") : SLICE("\n\n"));
}

void page_paragraph(struct page *page, struct slice text) {
  close_open(page);
  if (page->format == PAGE_HTML) TEXT_LITERAL(page->out, "<p>");
  write(page, text, false);
  text_append(page->out, page->format == PAGE_HTML ? SLICE("</p>\n") : SLICE("\n\n"));
}

void page_item(struct page *page, struct slice text) {
  if (page->open != PAGE_ITEMS) {
    close_open(page);
    page->open = PAGE_ITEMS;
    if (page->format == PAGE_HTML) TEXT_LITERAL(page->out, "<ul>\n");
  }
  text_append(page->out, page->format == PAGE_HTML ? SLICE("<li>") : page->format == PAGE_TEXT ? SLICE("  - ") : SLICE("* "));
  write(page, text, false);
  text_append(page->out, page->format == PAGE_HTML ? SLICE("</li>\n") : SLICE("\n"));
}

void page_row(struct page *page, struct slice cells) {
  const bool head = page->open != PAGE_TABLE;
  if (head) {
    close_open(page);
    page->open = PAGE_TABLE;
    if (page->format == PAGE_HTML) TEXT_LITERAL(page->out, "<table>\n");
  }
  text_append(page->out, page->format == PAGE_HTML ? SLICE("<tr>") : page->format == PAGE_MARKDOWN ? SLICE("|") : SLICE("  "));
  size_t columns = 0;
  for (size_t at = 0; at <= cells.size; columns++) {
    const char *end = at < cells.size ? memchr(cells.data + at, '\t', cells.size - at) : NULL;
    const size_t size = end != NULL ? (size_t)(end - cells.data) - at : cells.size - at;
    text_append(page->out, page->format == PAGE_HTML       ? (head ? SLICE("<th>") : SLICE("<td>"))
                           : page->format == PAGE_MARKDOWN ? SLICE(" ")
                           : columns > 0                   ? SLICE("  ") : SLICE(""));
    write(page, (struct slice){cells.data + at, size}, true);
    if (page->format == PAGE_HTML) text_append(page->out, head ? SLICE("</th>") : SLICE("</td>"));
    if (page->format == PAGE_MARKDOWN) TEXT_LITERAL(page->out, " |");
    at += size + 1;
  }
  text_append(page->out, page->format == PAGE_HTML ? SLICE("</tr>\n") : SLICE("\n"));
  if (!head || page->format != PAGE_MARKDOWN) return;
  text_byte(page->out, '|');
  for (size_t i = 0; i < columns; i++) TEXT_LITERAL(page->out, "---|");
  text_byte(page->out, '\n');
}
