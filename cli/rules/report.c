#include "cli/rules/report.h"

#include <string.h>

#include "core/memory.h"

enum { ARENA_BLOCK = 64 << 10, MICROS = 1000000 };

void report_init(struct report *report) {
  *report = (struct report){0};
  arena_init(&report->arena, ARENA_BLOCK);
}

void report_fini(struct report *report) {
  memory_free(report->cases);
  arena_fini(&report->arena);
}

const struct report_case *report_add(struct report *report, struct report_case one) {
  if (report->size == report->capacity) {
    report->capacity = report->capacity > 0 ? report->capacity * 2 : 256;
    report->cases = memory_resize(report->cases, report->capacity * sizeof *report->cases);
  }
  one.name = arena_copy(&report->arena, one.name);
  one.detail = arena_copy(&report->arena, one.detail);
  report->states[one.state]++;
  report->cases[report->size] = one;
  return &report->cases[report->size++];
}

// Each line of the text behind the same indentation.
static void write_lines(struct text *out, const char *indent, struct slice lines) {
  for (size_t at = 0, end; at < lines.size; at = end + 1) {
    const char *line = lines.data + at, *stop = memchr(line, '\n', lines.size - at);
    end = stop != NULL ? (size_t)(stop - lines.data) : lines.size;
    text_format(out, "%s%.*s\n", indent, (int)(end - at), line);
  }
}

// --- Text ------------------------------------------------------------------------------------------------------------------------

static const char *sort_prefix(const struct report_case *one) { return strcmp(one->sort, "mutant") == 0 ? "mutant " : ""; }

void report_write_case(const struct report_case *one, struct text *out) {
  static const char *const words[] = {"ok    ", "FAILED", "ok    "};
  text_format(out, "%s %.*s: %s%.*s%s\n", words[one->state], SLICE_ARG(one->rule->id), sort_prefix(one), SLICE_ARG(one->name),
              one->state == REPORT_SKIPPED ? "  (equivalent)" : "");
  if (one->state == REPORT_FAILED) text_format(out, "       %s:%u\n", one->place.file, one->place.line);
  if (one->state != REPORT_PASSED) write_lines(out, "       ", one->detail);
}

static void write_text(const struct report *report, struct text *out) {
  for (size_t i = 0; i < report->size; i++) report_write_case(&report->cases[i], out);
}

// --- TAP -------------------------------------------------------------------------------------------------------------------------

// A description ends at an unescaped '#', and a backslash escapes.
static void write_description(struct text *out, struct slice s) {
  for (size_t i = 0; i < s.size; i++) {
    if (s.data[i] == '#' || s.data[i] == '\\') text_byte(out, '\\');
    text_byte(out, s.data[i] == '\n' ? ' ' : s.data[i]);
  }
}

static void write_tap(const struct report *report, struct text *out) {
  text_format(out, "TAP version 14\n1..%zu\n", report->size);
  for (size_t i = 0; i < report->size; i++) {
    const struct report_case *one = &report->cases[i];
    text_format(out, "%s %zu - %.*s: %s", one->state == REPORT_FAILED ? "not ok" : "ok", i + 1, SLICE_ARG(one->rule->id), sort_prefix(one));
    write_description(out, one->name);
    if (one->state == REPORT_SKIPPED) {
      TEXT_LITERAL(out, " # SKIP equivalent: ");
      write_description(out, one->detail);
    }
    text_byte(out, '\n');
    if (one->state != REPORT_FAILED) continue;
    TEXT_LITERAL(out, "  ---\n  at: ");
    text_json(out, slice_from(one->place.file));
    text_format(out, "\n  line: %u\n  message: |\n", one->place.line);
    write_lines(out, "    ", one->detail);
    TEXT_LITERAL(out, "  ...\n");
  }
}

// --- JUnit -----------------------------------------------------------------------------------------------------------------------

static void write_seconds(struct text *out, int64_t micros) {
  text_format(out, "%lld.%06lld", (long long)(micros / MICROS), (long long)(micros % MICROS));
}

static void write_junit_case(const struct report_case *one, struct text *out) {
  text_format(out, "    <testcase classname=\"%.*s\" name=\"%s", SLICE_ARG(one->rule->id), sort_prefix(one));
  text_xml(out, one->name);
  TEXT_LITERAL(out, "\" file=\"");
  text_xml(out, slice_from(one->place.file));
  text_format(out, "\" line=\"%u\" time=\"", one->place.line);
  write_seconds(out, one->micros);
  if (one->state == REPORT_PASSED) {
    TEXT_LITERAL(out, "\"/>\n");
    return;
  }
  text_format(out, "\">\n      <%s message=\"", one->state == REPORT_FAILED ? "failure" : "skipped");
  const char *stop = one->detail.size > 0 ? memchr(one->detail.data, '\n', one->detail.size) : NULL;
  text_xml(out, stop != NULL ? (struct slice){one->detail.data, (size_t)(stop - one->detail.data)} : one->detail);
  TEXT_LITERAL(out, "\"");
  if (one->state == REPORT_FAILED) {
    TEXT_LITERAL(out, ">");
    text_xml(out, one->detail);
    TEXT_LITERAL(out, "</failure>\n");
  } else {
    TEXT_LITERAL(out, "/>\n");
  }
  TEXT_LITERAL(out, "    </testcase>\n");
}

static void write_junit(const struct report *report, struct text *out) {
  TEXT_LITERAL(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  text_format(out, "<testsuites name=\"settlewatch rules test\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n", report->size,
              report->states[REPORT_FAILED], report->states[REPORT_SKIPPED]);
  for (size_t from = 0, to; from < report->size; from = to) {
    size_t failed = 0, skipped = 0;
    int64_t micros = 0;
    for (to = from; to < report->size && report->cases[to].rule == report->cases[from].rule; to++) {
      failed += report->cases[to].state == REPORT_FAILED;
      skipped += report->cases[to].state == REPORT_SKIPPED;
      micros += report->cases[to].micros;
    }
    const struct rule *rule = report->cases[from].rule;
    text_format(out, "  <testsuite name=\"%.*s %.*s v%lld\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"",
                SLICE_ARG(rule->id), SLICE_ARG(rule->name), (long long)rule->version, to - from, failed, skipped);
    write_seconds(out, micros);
    TEXT_LITERAL(out, "\">\n");
    for (size_t i = from; i < to; i++) write_junit_case(&report->cases[i], out);
    TEXT_LITERAL(out, "  </testsuite>\n");
  }
  TEXT_LITERAL(out, "</testsuites>\n");
}

// --- JSON ------------------------------------------------------------------------------------------------------------------------

static void write_json(const struct report *report, struct text *out) {
  static const char *const states[] = {"passed", "failed", "skipped"};
  text_format(out, "{\"tests\":%zu,\"failed\":%zu,\"skipped\":%zu,\"cases\":[", report->size, report->states[REPORT_FAILED],
              report->states[REPORT_SKIPPED]);
  for (size_t i = 0; i < report->size; i++) {
    const struct report_case *one = &report->cases[i];
    text_append(out, i > 0 ? SLICE(",\n{\"rule\":") : SLICE("\n{\"rule\":"));
    text_json(out, one->rule->id);
    text_format(out, ",\"version\":%lld,\"sort\":\"%s\",\"name\":", (long long)one->rule->version, one->sort);
    text_json(out, one->name);
    TEXT_LITERAL(out, ",\"file\":");
    text_json(out, slice_from(one->place.file));
    text_format(out, ",\"line\":%u,\"state\":\"%s\",\"micros\":%lld", one->place.line, states[one->state], (long long)one->micros);
    if (one->detail.size > 0) {
      TEXT_LITERAL(out, ",\"detail\":");
      text_json(out, one->detail);
    }
    TEXT_LITERAL(out, "}");
  }
  TEXT_LITERAL(out, "\n]}\n");
}

const struct report_format report_formats[] = {{"text", write_text}, {"tap", write_tap}, {"junit", write_junit}, {"json", write_json},
                                               {NULL, NULL}};

const struct report_format *report_format_find(const char *name) {
  for (const struct report_format *format = report_formats; format->name != NULL; format++)
    if (strcmp(format->name, name) == 0) return format;
  return NULL;
}
