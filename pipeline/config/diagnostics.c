#include "config/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/utf8.h"

enum { TEXT_BYTES_MAX = 600, SNIPPET_BEFORE = 60, SNIPPET_AFTER = 100, WORD_BYTES_MAX = 64 };

void diagnostics_fini(struct diagnostics *diagnostics) {
  for (size_t i = 0; i < diagnostics->size; i++) {
    memory_free(diagnostics->rows[i].text);
    memory_free(diagnostics->rows[i].snippet);
  }
  for (size_t i = 0; i < diagnostics->files_size; i++) memory_free(diagnostics->files[i]);
  memory_free(diagnostics->rows);
  memory_free(diagnostics->files);
  *diagnostics = (struct diagnostics){0};
}

static const char *file_name(struct diagnostics *diagnostics, const char *name) {
  if (name == NULL) name = "";
  for (size_t i = diagnostics->files_size; i > 0; i--)
    if (strcmp(diagnostics->files[i - 1], name) == 0) return diagnostics->files[i - 1];
  diagnostics->files = memory_resize(diagnostics->files, (diagnostics->files_size + 1) * sizeof *diagnostics->files);
  return diagnostics->files[diagnostics->files_size++] = memory_copy_text(name);
}

// A copy that is safe to print: at most max bytes, every control character or byte that is no UTF-8 as '?'.
static char *printable(struct slice s, size_t max) {
  struct text out = {0};
  const struct slice cut = utf8_cut(s, max);
  for (size_t at = 0; at < cut.size;) {
    unsigned size;
    const uint32_t code = utf8_first((struct slice){cut.data + at, cut.size - at}, &size);
    const bool bad = size == 0 || (code < 0x20 && code != '\t') || (code >= 0x7f && code < 0xa0) || (code | 1) == 0x2029;
    if (size == 0) size = 1;
    text_append(&out, bad ? SLICE("?") : (struct slice){cut.data + at, size});
    at += size;
  }
  if (cut.size < s.size) TEXT_LITERAL(&out, "...");
  text_byte(&out, '\0');
  return out.data;
}

static unsigned step(struct slice source, size_t at) {
  unsigned size;
  utf8_first((struct slice){source.data + at, source.size - at}, &size);
  return size ? size : 1;
}

// Moves the cursor to the line and column; false when the source has no such line.
static bool seek(struct diagnostics *diagnostics, struct slice source, unsigned line, unsigned column) {
  size_t at = diagnostics->cursor.offset;
  unsigned on = diagnostics->cursor.line, col = diagnostics->cursor.column;
  if (diagnostics->cursor.source.data != source.data || diagnostics->cursor.source.size != source.size || at > source.size ||
      on > line || (on == line && col > column) || on == 0) {
    at = 0;
    on = col = 1;
  }
  for (; on < line; on++) {
    const char *end = at < source.size ? memchr(source.data + at, '\n', source.size - at) : NULL;
    if (end == NULL) return false;
    at = (size_t)(end - source.data) + 1;
    col = 1;
  }
  for (; col < column && at < source.size && source.data[at] != '\n'; col++) at += step(source, at);
  diagnostics->cursor.source = source;
  diagnostics->cursor.offset = at;
  diagnostics->cursor.line = on;
  diagnostics->cursor.column = col;
  return true;
}

// The part of the line around the cursor.
// A line that gives a password or another secret by its value is not shown: what is told is copied into logs and mails.
static bool gives_secret(struct slice line) {
  static const char *const words[] = {"password", "secret", "key.pem"};
  for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
    const size_t size = strlen(words[w]);
    for (size_t at = 0; at + size < line.size; at++) {
      if (memcmp(line.data + at, words[w], size) != 0) continue;
      size_t behind = at + size;
      while (behind < line.size && strchr(" \t\"'", line.data[behind]) != NULL) behind++;
      if (behind < line.size && line.data[behind] == ':') return true;
    }
  }
  return false;
}

static void take_snippet(struct diagnostics *diagnostics, struct diagnostic *row, struct slice source) {
  if (source.data == NULL || row->place.line == 0 || !seek(diagnostics, source, row->place.line, row->place.column)) return;
  size_t begin = diagnostics->cursor.offset, end = begin;
  unsigned before = 0;
  while (begin > 0 && source.data[begin - 1] != '\n' && before < SNIPPET_BEFORE) {
    begin--;
    while (begin > 0 && ((unsigned char)source.data[begin] & 0xc0) == 0x80 && source.data[begin - 1] != '\n') begin--;
    before++;
  }
  for (unsigned after = 0; end < source.size && source.data[end] != '\n' && after < SNIPPET_AFTER; after++)
    end += step(source, end);
  if (end > source.size) end = source.size;
  if (end > begin && source.data[end - 1] == '\r') end--;
  row->skipped = diagnostics->cursor.column - 1 - before;
  size_t line = begin;
  while (line > 0 && source.data[line - 1] != '\n') line--;
  if (gives_secret((struct slice){source.data + line, end - line})) return;
  row->snippet = printable((struct slice){source.data + begin, end - begin}, end - begin);
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, unsigned code, struct place place,
                     struct slice source, const char *format, ...) {
  *(severity == SEVERITY_ERROR ? &diagnostics->errors : &diagnostics->warnings) += 1;
  if (diagnostics->size == DIAGNOSTICS_MAX) return;
  if (diagnostics->size == diagnostics->capacity) {
    diagnostics->capacity = diagnostics->capacity ? diagnostics->capacity * 2 : 16;
    diagnostics->rows = memory_resize(diagnostics->rows, diagnostics->capacity * sizeof *diagnostics->rows);
  }
  char text[TEXT_BYTES_MAX + 8];
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const size_t length = size < 0 ? 0 : (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;

  if (place.width == 0) place.width = 1;
  place.file = file_name(diagnostics, place.file);
  struct diagnostic *row = &diagnostics->rows[diagnostics->size++];
  *row = (struct diagnostic){severity, code, place, printable((struct slice){text, length}, TEXT_BYTES_MAX), NULL, 0};
  take_snippet(diagnostics, row, source);
}

void diagnostics_forget(struct diagnostics *diagnostics) { diagnostics->cursor.source = SLICE_NONE; }

static int compare_rows(const void *a, const void *b) {
  const struct diagnostic *one = a, *two = b;
  const int file = strcmp(one->place.file, two->place.file);
  if (file != 0) return file;
  if (one->place.line != two->place.line) return one->place.line < two->place.line ? -1 : 1;
  if (one->place.column != two->place.column) return one->place.column < two->place.column ? -1 : 1;
  if (one->code != two->code) return one->code < two->code ? -1 : 1;
  return strcmp(one->text, two->text);
}

void diagnostics_sort(struct diagnostics *diagnostics) {
  if (diagnostics->size > 0) qsort(diagnostics->rows, diagnostics->size, sizeof *diagnostics->rows, compare_rows);
}

static const char *const severity_names[] = {[SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning"};

// The line of the caret: as many columns before it as the snippet shows, tabs under tabs.
static void write_caret(const struct diagnostic *row, struct text *out) {
  const struct slice snippet = slice_from(row->snippet);
  const unsigned begin = row->place.column - 1 - row->skipped, end = begin + row->place.width;
  unsigned columns = 0;
  size_t at = 0;
  for (unsigned character = 0; character < end && at < snippet.size; character++) {
    unsigned size;
    const uint32_t code = utf8_first((struct slice){snippet.data + at, snippet.size - at}, &size);
    const unsigned wide = utf8_columns(code);
    if (character >= begin) columns += wide;
    else if (code == '\t') text_byte(out, '\t');
    else for (unsigned i = 0; i < wide; i++) text_byte(out, ' ');
    at += size ? size : 1;
  }
  text_byte(out, '^');
  for (unsigned i = 1; i < columns; i++) text_byte(out, '~');
  text_byte(out, '\n');
}

void diagnostics_write_text(const struct diagnostics *diagnostics, struct text *out) {
  for (size_t i = 0; i < diagnostics->size; i++) {
    const struct diagnostic *row = &diagnostics->rows[i];
    text_append(out, slice_from(row->place.file));
    if (row->place.line > 0) text_format(out, ":%u:%u", row->place.line, row->place.column);
    text_format(out, ": %s SW%04u: %s\n", severity_names[row->severity], row->code, row->text);
    if (row->snippet == NULL) continue;
    text_format(out, "%5u | %s\n      | ", row->place.line, row->snippet);
    write_caret(row, out);
  }
  const size_t all = diagnostics->errors + diagnostics->warnings;
  if (all > diagnostics->size) text_format(out, "... and %zu more\n", all - diagnostics->size);
}

void diagnostics_write_json(const struct diagnostics *diagnostics, struct text *out) {
  text_format(out, "{\"errors\":%zu,\"warnings\":%zu,\"diagnostics\":[", diagnostics->errors, diagnostics->warnings);
  for (size_t i = 0; i < diagnostics->size; i++) {
    const struct diagnostic *row = &diagnostics->rows[i];
    text_format(out, "%s{\"severity\":\"%s\",\"code\":\"SW%04u\",\"file\":", i == 0 ? "" : ",", severity_names[row->severity],
                row->code);
    text_json(out, slice_from(row->place.file));
    text_format(out, ",\"line\":%u,\"column\":%u,\"width\":%u,\"text\":", row->place.line, row->place.column, row->place.width);
    text_json(out, slice_from(row->text));
    TEXT_LITERAL(out, ",\"snippet\":");
    text_json(out, slice_from(row->snippet));
    text_byte(out, '}');
  }
  TEXT_LITERAL(out, "]}");
}

// A path as a relative or absolute URI reference.
static void write_uri(const char *path, struct text *out) {
  struct text uri = {0};
  if (path[0] == '/') TEXT_LITERAL(&uri, "file://");
  for (const char *c = path; *c != '\0'; c++) {
    const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("/._-~", *c) != NULL;
    if (plain) text_byte(&uri, *c);
    else text_format(&uri, "%%%02X", (unsigned)(unsigned char)*c);
  }
  text_json(out, text_slice(&uri));
  text_fini(&uri);
}

static void write_sarif_rules(const struct diagnostics *diagnostics, struct text *out) {
  bool first = true;
  for (size_t i = 0; diagnostics_code_at(i) != 0; i++) {
    const unsigned code = diagnostics_code_at(i);
    bool used = false;
    for (size_t r = 0; r < diagnostics->size && !used; r++) used = diagnostics->rows[r].code == code;
    if (!used) continue;
    text_format(out, "%s{\"id\":\"SW%04u\",\"shortDescription\":{\"text\":", first ? "" : ",", code);
    text_json(out, slice_from(diagnostics_explain(code)));
    TEXT_LITERAL(out, "}}");
    first = false;
  }
}

void diagnostics_write_sarif(const struct diagnostics *diagnostics, struct text *out) {
  TEXT_LITERAL(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":"
                    "{\"name\":\"settlewatch\",\"rules\":[");
  write_sarif_rules(diagnostics, out);
  TEXT_LITERAL(out, "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[");
  for (size_t i = 0; i < diagnostics->size; i++) {
    const struct diagnostic *row = &diagnostics->rows[i];
    text_format(out, "%s{\"ruleId\":\"SW%04u\",\"level\":\"%s\",\"message\":{\"text\":", i > 0 ? "," : "", row->code,
                severity_names[row->severity]);
    text_json(out, slice_from(row->text));
    TEXT_LITERAL(out, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":");
    write_uri(row->place.file, out);
    text_byte(out, '}');
    if (row->place.line > 0)
      text_format(out, ",\"region\":{\"startLine\":%u,\"startColumn\":%u,\"endColumn\":%u}", row->place.line, row->place.column,
                  row->place.column + row->place.width);
    TEXT_LITERAL(out, "}}]}");
  }
  TEXT_LITERAL(out, "]}]}\n");
}

// The errors of a file are one failure, its warnings one output.
static void write_junit_rows(const struct diagnostics *diagnostics, size_t begin, size_t end, enum severity severity, struct text *out) {
  const bool errors = severity == SEVERITY_ERROR;
  size_t count = 0;
  for (size_t i = begin; i < end; i++) {
    const struct diagnostic *row = &diagnostics->rows[i];
    if (row->severity != severity) continue;
    if (count++ == 0 && errors) {
      text_format(out, "      <failure type=\"SW%04u\" message=\"", row->code);
      text_xml(out, slice_from(row->text));
      TEXT_LITERAL(out, "\">");
    } else if (count == 1) {
      TEXT_LITERAL(out, "      <system-out>");
    }
    text_format(out, "%u:%u: %s SW%04u: ", row->place.line, row->place.column, severity_names[severity], row->code);
    text_xml(out, slice_from(row->text));
    text_byte(out, '\n');
  }
  if (count > 0) text_append(out, errors ? SLICE("      </failure>\n") : SLICE("      </system-out>\n"));
}

void diagnostics_write_junit(const struct diagnostics *diagnostics, const char *suite, struct text *out) {
  size_t files = 0, failed = 0;
  for (size_t i = 0, errors = 0; i < diagnostics->size; i++) {    // sorted: rows of a file stand together
    errors += diagnostics->rows[i].severity == SEVERITY_ERROR;
    if (i + 1 < diagnostics->size && diagnostics->rows[i + 1].place.file == diagnostics->rows[i].place.file) continue;
    files++;
    failed += errors > 0;
    errors = 0;
  }
  text_format(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\">\n"
              "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\">\n",
              files + (files == 0), failed, suite, files + (files == 0), failed);
  if (files == 0) text_format(out, "    <testcase classname=\"%s\" name=\"all files\"/>\n", suite);
  for (size_t i = 0; i < diagnostics->size;) {
    const char *file = diagnostics->rows[i].place.file;
    text_format(out, "    <testcase classname=\"%s\" name=\"", suite);
    text_xml(out, slice_from(file));
    TEXT_LITERAL(out, "\">\n");
    size_t end = i;
    while (end < diagnostics->size && diagnostics->rows[end].place.file == file) end++;
    write_junit_rows(diagnostics, i, end, SEVERITY_ERROR, out);
    write_junit_rows(diagnostics, i, end, SEVERITY_WARNING, out);
    i = end;
    TEXT_LITERAL(out, "    </testcase>\n");
  }
  TEXT_LITERAL(out, "  </testsuite>\n</testsuites>\n");
}

// Edits (insert, delete, replace, swap neighbours) between two words, or more than `enough` when there are more.
static unsigned distance(struct slice a, struct slice b, unsigned enough) {
  if (a.size > WORD_BYTES_MAX || b.size > WORD_BYTES_MAX) return enough + 1;
  unsigned char rows[3][WORD_BYTES_MAX + 1];
  for (size_t j = 0; j <= b.size; j++) rows[0][j] = (unsigned char)j;
  for (size_t i = 1; i <= a.size; i++) {
    unsigned char *now = rows[i % 3];
    const unsigned char *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = (unsigned char)i;
    for (size_t j = 1; j <= b.size; j++) {
      unsigned least = last[j - 1] + (a.data[i - 1] != b.data[j - 1] ? 1U : 0U);
      if (last[j] + 1U < least) least = last[j] + 1U;
      if (now[j - 1] + 1U < least) least = now[j - 1] + 1U;
      if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1] && before[j - 2] + 1U < least)
        least = before[j - 2] + 1U;
      now[j] = (unsigned char)least;
    }
  }
  return rows[a.size % 3][b.size];
}

const char *diagnostics_nearest(struct slice word, const char *const *candidates, size_t size) {
  const char *nearest = NULL;
  unsigned best = word.size < 3 ? 1 : word.size < 6 ? 2 : (unsigned)(word.size / 3);
  if (best > 4) best = 4;
  for (size_t i = 0; i < size; i++) {
    const struct slice candidate = slice_from(candidates[i]);
    const unsigned edits = distance(word, candidate, best);
    if (edits > best || edits >= candidate.size || (nearest != NULL && edits == best)) continue;
    best = edits;
    nearest = candidates[i];
  }
  return nearest;
}

// The table of codes: what each means and how to mend it. A code never changes its meaning and is never used again.
static const struct {
  unsigned code;
  const char *meaning;
} codes[] = {
    // The form of YAML files.
    {1001, "The file cannot be opened or read. Check the path and its permissions."},
    {1002, "The file is empty, or has nothing but comments. Write at least one key."},
    {1003, "The file is larger than the limit. Split it; tables belong into CSV files under knowledge/."},
    {1004, "The file is not UTF-8. Save it as UTF-8, not as GB18030 or UTF-16."},
    {1005, "The text is not YAML: indentation, quotes or brackets do not fit. The rest of this file is not read."},
    {1006, "A key stands twice in the same map. YAML tools silently take the last one; remove or rename one of them."},
    {1007, "The key is not known here. Compare it with the reference of settings; a near name is suggested when there is one."},
    {1008, "Anchors (&name) and aliases (*name) are not allowed: a rule is read from top to bottom. Write the value out."},
    {1009, "Merge keys (<<) are not allowed. Write the keys out."},
    {1010, "Tags (!name, !!str) are not allowed. Quote the value when it must be a text."},
    {1011, "One file holds one document. Put what follows the second '---' into a file of its own."},
    {1012, "Tabs are not allowed, they look different in every editor. Indent with spaces; in a text write \"\\t\"."},
    {1013, "Maps and lists are nested deeper than the limit."},
    {1014, "The file has more values than the limit. Split it."},
    {1015, "A value is longer than the limit."},
    {1016, "A key must be a plain or quoted text, not a list, a map or nothing."},
    {1017, "Another shape is expected here: a single value, a list or a map."},
    {1018, "An unquoted value that some tools read as a number, a truth value or nothing (no, on, 010, 1e3, ~). Quote it when a "
           "text is meant, as every code should be: \"010\"."},
    {1019, "A whole number is expected: digits without quotes, leading zeros, '_', '+' or exponent, such as 0, 15, -3."},
    {1020, "A truth value is expected: true or false, in these letters, without quotes."},
    {1021, "A decimal number is expected: digits with an optional point, without quotes or exponent, such as 12.5, and not more "
           "digits after the point than the value can hold."},
    {1022, "The number is outside the allowed range."},
    {1023, "A control character (NUL, a lone carriage return, U+2028, ...) is not allowed."},
    {1024, "Directives (%YAML, %TAG) are not allowed. Remove the line."},
    {1025, "A key that must be given is missing."},
    {1026, "A date is expected: yyyy-MM-dd, a day that exists."},
    {1027, "A text is expected and must not be empty."},
    // The form of rules.
    {1101, "A rule file is one map: rule, id, title, version and so on."},
    {1102, "A key that every such map has is missing."},
    {1103, "The word is none of those allowed here; they are listed in the message."},
    {1104, "The text is empty or too long, or has not the form that is asked."},
    {1105, "The list is empty or too long."},
    {1107, "A range of days ends before it begins. Both days count as inside."},
    {1108, "There is no rule kind of that name. `rules doc kinds` lists them."},
    {1109, "The rule kind cannot compute that amount. `rules doc kinds` lists what each kind computes."},
    {1110, "There is no operand of that name. `rules doc fields` lists them, those of each rule kind included."},
    {1111, "The operand exists, but not at this place: what a rule kind finds out (a gap, the earlier stay) is known in unless, bands, say "
           "and show, not in scope and require; and only kinds that look at pairs have an earlier stay."},
    {1112, "The comparison does not fit the operand's type: bounds are for numbers and times, starts_with and in_table for texts."},
    {1113, "The word is no symbol of the operand's code table. Rules name symbols, never raw codes."},
    {1114, "The constant is not of the operand's type."},
    {1115, "The condition has not the form it must have: a value, a list of values, a map of comparisons; for all and any a list of "
           "conditions, for not a condition."},
    {1116, "The condition can never hold, because its parts exclude each other, such as at_least 5 together with at_most 3. A rule that "
           "cannot fire hides a mistake."},
    {1117, "The same value stands in the list twice."},
    {1118, "There is no table of that name: NAME.csv and NAME.yaml under knowledge/."},
    {1119, "The table is there, but its key or its columns do not fit what is asked of it."},
    {1120, "A look-up is {table: NAME, by: [operands], column: NAME}, with one operand for each key column; column may be left out when "
           "only one fits."},
    {1121, "An exemption that names a person or an institution must say who owns it, who approved it, and until when it holds."},
    {1122, "Two exemptions, or two bands, of one rule have the same name."},
    {1123, "The exemption can never apply: the rule's scope excludes it, or it ends before the rule begins."},
    {1124, "Two bands apply to the same case. Exactly one must: move a bound. The message has an example."},
    {1125, "There is a case to which no band applies. Exactly one must: move a bound. The message has an example."},
    {1126, "The band can never be reached, with this scope and these parameters."},
    {1128, "A sentence names operands as {gap}; every brace that is opened is closed. A brace itself is written twice."},
    {1129, "The rule yields to a rule that is not there."},
    {1130, "Rules yield to each other in a circle, so that none of them would ever open a finding."},
    {1131, "The same version of a rule stands in two files. A change of meaning is a new version."},
    {1132, "Two active versions of a rule are in force on the same days. End the older one the day before the newer begins."},
    {1133, "Two rules of different ids have the same name."},
    {1134, "An active rule is proved by tests: at least one that expects a hit and one that expects no_hit."},
    {1135, "The test is not complete, or expects a band, an exemption or an outcome that there is not."},
    {1136, "The name has characters that names cannot have: it stands in messages, file names and identities of findings."},
    {1137, "The rule folder has not the form it must have: codes/, calendars/ and knowledge/, and rules in files that end in .yaml."},
    {1138, "No rule was found, or one could not be taken."},
    {1139, "The path cannot be read."},
    {1140, "The site's code tables lack a group that the program itself asks for."},
    {1141, "The rule can never fire: its exemptions take away all that its scope admits, or it requires a field that its scope asks to be "
           "absent."},
    {1151, "An active rule fails one of its own tests, so nobody knows any more what it does. `rules test` tells the difference; mend the "
           "rule or its test, or take it out of force with 'status: shadow'."},
    {1152, "The activation gate: an active rule has a test that hits, one that does not, one for each exemption, and, when it looks at "
           "earlier records, one that expects a withdrawal."},
    {1153, "The activation gate: each test of a condition must have been true, false and, where it can be, unknown in the rule's tests. "
           "`rules test --coverage` shows the table."},
    {1154, "The activation gate: a change of the rule that none of its tests notices. Write the test that holds the bound or condition; "
           "a change that makes no difference is named under 'equivalent' with its reason. `rules test --mutate` lists them."},
    {1161, "The overlay.yaml of a region's folder has not its form: overlay, owner, reason, base and a list of rules, each with id, version, reason, "
           "owner and what it overrides."},
    {1162, "An overlay overrides what the base does not have: a rule, a version of it, or one of its tests. The base may have changed."},
    {1163, "The base's rule is no longer the one that the override was derived from. `rules diff --three-way` shows what changed there and here."},
    {1181, "A parameter names a table that is missing, or whose key or columns do not fit the rule kind."},
    {1182, "The rule kind refuses a parameter: it contradicts another one, or can never fire with it."},
    // Tables, codes, calendars.
    {1201, "The table's description NAME.yaml is not complete or contradicts itself."},
    {1202, "The table's NAME.csv cannot be opened or read."},
    {1203, "The header of the CSV file lacks a column that the description names, has one twice, or, with 'strict: true', has one more."},
    {1204, "The CSV text is broken: a quote inside a field, or a quote that is never closed."},
    {1205, "A row has more or fewer fields than the header."},
    {1206, "A cell is not of its column's type."},
    {1207, "A key cell is empty. Fill it, or say 'skip_rows_without_key: true' for lists with totals at their end."},
    {1208, "A row ends before it begins: the effective-to date lies before the effective-from date."},
    {1209, "Two rows of the same key are in force on the same day, though the description says 'unique: true'."},
    {1210, "The CSV file is larger than the limit, or has too many rows."},
    {1211, "The table's description should name its source and version, so that a finding can be traced to them."},
    {1213, "A change file NAME.changes has the columns of the table NAME, of the same types, and 'change'; NAME must be there."},
    {1214, "A row of a change file does not fit the table: 'added' must not be there, 'changed' and 'removed' must be there exactly once, by key "
           "and first day in force."},
    {1222, "The symbol is not known. Raw codes are mapped to the program's own symbols; see the reference of codes."},
    {1223, "The same raw code is in force twice on the same day."},
    {1224, "A group of visit symbols is missing, empty or not well named."},
    {1241, "The calendar's year, a range or a day of it does not fit: days lie in the file's year, from is not after to."},
    {1242, "A make-up working day must fall on a Saturday or Sunday, a holiday and a make-up day must not be the same day, and no "
           "day stands twice."},
    {1243, "The number of working days counted differs from 'working_days_in_year'. Check the file against the official notice."},
    {1244, "Two files have the same year. Local closing days stand in a file of their own that says 'local: true'."},
    // Settings.
    {1301, "The word is none of those allowed for this setting."},
    {1302, "A setting without default is missing."},
    {1303, "The text is longer than the setting allows."},
    {1312, "A secret file cannot be read, or other users can read it. Keys, seeds and passwords stand in files of mode 600 or 640."},
    {1313, "The text of this setting is not of the form that it must have; the message shows the form."},
    {1314, "Two settings contradict each other, or one needs another."},
};
enum { CODES = sizeof codes / sizeof codes[0] };

const char *diagnostics_explain(unsigned code) {
  for (size_t i = 0; i < CODES; i++)
    if (codes[i].code == code) return codes[i].meaning;
  return NULL;
}

unsigned diagnostics_code_at(size_t index) { return index < CODES ? codes[index].code : 0; }
