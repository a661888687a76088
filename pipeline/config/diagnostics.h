// Everything that is wrong with the files a person wrote, collected in one run and told compiler-style.
//
//   rules.d/admission/split_admission.yaml:22:3: error SW1007: unknown setting 'max_gaps' (did you mean 'max_gap'?)
//      22 |   max_gaps: 15
//         |   ^~~~~~~~
//
// A diagnostic has a stable code (SW....); the table of codes with their explanations is in diagnostics.c and is what
// `rules explain-code` prints. Lines and columns are 1-based; columns count characters. Nothing stops at the first error.
// Codes: SW10xx YAML form, SW11xx rules, SW12xx tables, codes and calendars, SW13xx settings.
// Not thread-safe. Texts and file names are copied. Bounded: DIAGNOSTICS_MAX rows are kept, further ones are counted.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/slice.h"
#include "core/text.h"

enum { DIAGNOSTICS_MAX = 2000 };
enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct place {
  const char *file;    // lives as long as the diagnostics
  unsigned line;       // 1-based; 0: the file as a whole
  unsigned column;     // 1-based
  unsigned width;      // characters to underline, at least 1
};

struct diagnostic {
  enum severity severity;
  unsigned code;    // 1007 is printed as SW1007
  struct place place;
  char *text;
  char *snippet;    // the source line, or NULL; of a long line only the part around the place
  unsigned skipped; // characters of the line left out before the snippet
};

struct diagnostics {
  struct diagnostic *rows;
  size_t size, capacity;
  size_t errors, warnings;    // all, kept or not
  char **files;               // names that the rows point to
  size_t files_size;
  struct {                    // where the last snippet was found: errors come mostly in order, the next one is near
    struct slice source;
    size_t offset;
    unsigned line, column;
  } cursor;
};

void diagnostics_fini(struct diagnostics *diagnostics);
// source: the whole text of the file, or SLICE_NONE; the line of the place is taken from it as the snippet.
void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, unsigned code, struct place place,
                     struct slice source, const char *format, ...) __attribute__((format(printf, 6, 7)));
// The text given as source may now be freed or change.
void diagnostics_forget(struct diagnostics *diagnostics);
// Sorted by file, line, column; then printed.
void diagnostics_sort(struct diagnostics *diagnostics);
void diagnostics_write_text(const struct diagnostics *diagnostics, struct text *out);
void diagnostics_write_json(const struct diagnostics *diagnostics, struct text *out);
// SARIF 2.1.0 for code review tools, with the explanation of each code; paths are percent-encoded, columns count characters.
void diagnostics_write_sarif(const struct diagnostics *diagnostics, struct text *out);
// JUnit: a test case for each file that has a diagnostic, failed when one is an error; one that passed when there is none at all.
// suite: its name.
void diagnostics_write_junit(const struct diagnostics *diagnostics, const char *suite, struct text *out);
// What a code means and how to mend it; NULL when there is no such code.
const char *diagnostics_explain(unsigned code);
// All codes, ascending, for the reference page. index from 0; returns 0 at the end.
unsigned diagnostics_code_at(size_t index);

// The candidate nearest to word by edit distance when it is near enough to be meant, else NULL.
const char *diagnostics_nearest(struct slice word, const char *const *candidates, size_t size);
