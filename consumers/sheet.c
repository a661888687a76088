#include "consumers/sheet.h"

#include <assert.h>

#include "core/memory.h"
#include "core/utf8.h"

static const char style[] =
    "body{font:14px/1.5 sans-serif;margin:2em auto;max-width:80em;padding:0 1em;color:#111}h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em;"
    "page-break-after:avoid}table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #bbb;padding:.2em .6em;text-align:left;"
    "vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}tr{page-break-inside:avoid}"
    "@media print{body{margin:0;max-width:none;font-size:9pt}}";

void sheet_begin(struct sheet *sheet, struct text *out, bool html, bool chinese, const char *title) {
  *sheet = (struct sheet){.out = out, .html = html, .chinese = chinese};
  if (!html) {
    text_format(out, "%s\n", title);
    return;
  }
  text_format(out, "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><title>", chinese ? "zh" : "en");
  text_xml(out, slice_from(title));
  text_format(out, "</title><style>%s</style></head><body>\n<h1>", style);
  text_xml(out, slice_from(title));
  TEXT_LITERAL(out, "</h1>\n");
}

void sheet_end(struct sheet *sheet) {
  if (sheet->html) TEXT_LITERAL(sheet->out, "</body></html>\n");
  text_fini(&sheet->cells);
  memory_free(sheet->ends);
}

void sheet_heading(struct sheet *sheet, const char *heading) {
  TEXT_LITERAL(sheet->out, "\n");
  if (sheet->html) TEXT_LITERAL(sheet->out, "<h2>");
  if (sheet->html) text_xml(sheet->out, slice_from(heading));
  else text_append(sheet->out, slice_from(heading));
  if (sheet->html) TEXT_LITERAL(sheet->out, "</h2>");
  TEXT_LITERAL(sheet->out, "\n");
}

void sheet_paragraph(struct sheet *sheet, struct slice text) {
  if (sheet->html) {
    TEXT_LITERAL(sheet->out, "<p>");
    text_xml(sheet->out, text);
    TEXT_LITERAL(sheet->out, "</p>\n");
  } else {
    text_append(sheet->out, text);
    text_byte(sheet->out, '\n');
  }
}

void sheet_cell(struct sheet *sheet, struct slice text) {
  if (sheet->size == sheet->capacity) {
    sheet->capacity = sheet->capacity ? sheet->capacity * 2 : 256;
    sheet->ends = memory_resize(sheet->ends, sheet->capacity * sizeof *sheet->ends);
  }
  text_append(&sheet->cells, text);
  sheet->ends[sheet->size++] = sheet->cells.size;
}

void sheet_table(struct sheet *sheet, const char *const *heads, unsigned columns, unsigned words) {
  assert(columns <= SHEET_COLUMNS_MAX);
  text_clear(&sheet->cells);
  sheet->size = 0;
  sheet->columns = columns;
  sheet->words = words;
  for (unsigned i = 0; i < columns; i++) sheet_cell(sheet, slice_from(heads[i]));
}

static struct slice cell_of(const struct sheet *sheet, size_t i) {
  const size_t begin = i > 0 ? sheet->ends[i - 1] : 0;
  return (struct slice){sheet->cells.data + begin, sheet->ends[i] - begin};
}

static void write_rows(struct sheet *sheet) {
  size_t widths[SHEET_COLUMNS_MAX] = {0};
  for (size_t i = 0; i < sheet->size; i++) {
    const size_t width = utf8_width(cell_of(sheet, i));
    if (width > widths[i % sheet->columns]) widths[i % sheet->columns] = width;
  }
  for (size_t i = 0; i < sheet->size; i++) {
    const unsigned column = (unsigned)(i % sheet->columns);
    const struct slice cell = cell_of(sheet, i);
    const size_t gap = widths[column] - utf8_width(cell);
    TEXT_LITERAL(sheet->out, "  ");
    for (size_t n = 0; column >= sheet->words && n < gap; n++) text_byte(sheet->out, ' ');
    text_append(sheet->out, cell);
    for (size_t n = 0; column < sheet->words && column + 1 < sheet->columns && n < gap; n++) text_byte(sheet->out, ' ');
    if (column + 1 == sheet->columns) text_byte(sheet->out, '\n');
  }
}

static void write_html_rows(struct sheet *sheet) {
  TEXT_LITERAL(sheet->out, "<table>\n");
  for (size_t i = 0; i < sheet->size; i++) {
    const unsigned column = (unsigned)(i % sheet->columns);
    const char *tag = i < sheet->columns ? "th" : "td";
    if (column == 0) TEXT_LITERAL(sheet->out, "<tr>");
    text_format(sheet->out, "<%s%s>", tag, column >= sheet->words ? " class=\"n\"" : "");
    text_xml(sheet->out, cell_of(sheet, i));
    text_format(sheet->out, "</%s>", tag);
    if (column + 1 == sheet->columns) TEXT_LITERAL(sheet->out, "</tr>\n");
  }
  TEXT_LITERAL(sheet->out, "</table>\n");
}

void sheet_table_end(struct sheet *sheet) {
  if (sheet->html) write_html_rows(sheet);
  else write_rows(sheet);
}
