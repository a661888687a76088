// Differences as people and programs read them.
#include <inttypes.h>

#include "core/memory.h"
#include "rules/diff.h"

static const char *const parts[DIFFERENCE_PART_COUNT] = {
#define X(name, text) [DIFFERENCE_##name] = text,
    DIFFERENCE_PARTS(X)
#undef X
};
static const char *const parts_zh[DIFFERENCE_PART_COUNT] = {
    [DIFFERENCE_RULE] = "规则", [DIFFERENCE_HEAD] = "基本信息", [DIFFERENCE_LAW] = "依据", [DIFFERENCE_REQUIRE] = "必需字段",
    [DIFFERENCE_SCOPE] = "适用范围", [DIFFERENCE_PARAMETER] = "阈值参数", [DIFFERENCE_EXEMPTION] = "例外", [DIFFERENCE_BAND] = "分档",
    [DIFFERENCE_AMOUNT] = "金额", [DIFFERENCE_SENTENCE] = "说明", [DIFFERENCE_EVIDENCE] = "证据", [DIFFERENCE_ORDER] = "顺序",
    [DIFFERENCE_TABLE] = "知识表", [DIFFERENCE_ROW] = "行", [DIFFERENCE_CODES] = "代码", [DIFFERENCE_CALENDAR] = "日历",
    [DIFFERENCE_TEST] = "测试"};
static const char *const types[] = {"added", "removed", "changed"};

const char *diff_part_word(enum difference_part part) { return parts[part]; }

void diff_write_row(const struct difference *row, bool chinese, struct text *out) {
  static const char marks[] = {'+', '-', '~'};
  text_format(out, "%c %s %.*s", marks[row->type], chinese ? parts_zh[row->part] : parts[row->part], SLICE_ARG(row->name));
  if (row->before.size > 0 || row->after.size > 0) TEXT_LITERAL(out, ":");
  if (row->before.size > 0) text_format(out, " %.*s", SLICE_ARG(row->before));
  if (row->type == DIFFERENCE_CHANGED && (row->before.size > 0 || row->after.size > 0)) TEXT_LITERAL(out, " ->");
  if (row->after.size > 0) text_format(out, " %.*s", SLICE_ARG(row->after));
  if (row->unit != NULL && row->unit[0] != '\0') text_format(out, " %s", row->unit);
}

static bool of_rule(const struct difference *row) { return row->part < DIFFERENCE_TABLE || row->part == DIFFERENCE_TEST; }

static void write_owner(const struct difference *row, bool chinese, struct text *out) {
  if (!of_rule(row)) {
    text_format(out, "%s %.*s\n", chinese ? parts_zh[row->part] : parts[row->part], SLICE_ARG(row->owner));
    return;
  }
  text_format(out, "%.*s", SLICE_ARG(row->owner));
  if (row->before_version != 0) text_format(out, " v%" PRId64, row->before_version);
  if (row->before_version != 0 && row->after_version != 0 && row->before_version != row->after_version)
    text_format(out, " -> v%" PRId64, row->after_version);
  if (row->before_version == 0) text_format(out, " v%" PRId64, row->after_version);
  text_byte(out, '\n');
}

static bool same_owner(const struct difference *a, const struct difference *b) {
  if (of_rule(a) != of_rule(b) || !slice_equal(a->owner, b->owner)) return false;
  if (of_rule(a)) return a->before_version == b->before_version && a->after_version == b->after_version;
  return a->part == b->part || a->part == DIFFERENCE_ROW || b->part == DIFFERENCE_ROW;
}

static void write_rows(const struct diff *diff, bool chinese, struct text *out) {
  for (size_t i = 0; i < diff->size; i++) {
    if (i == 0 || !same_owner(&diff->rows[i - 1], &diff->rows[i])) write_owner(&diff->rows[i], chinese, out);
    text_append(out, diff->rows[i].part == DIFFERENCE_ROW ? SLICE("      ") : SLICE("  "));
    diff_write_row(&diff->rows[i], chinese, out);
    text_byte(out, '\n');
  }
}

void diff_write_text(const struct diff *diff, bool chinese, struct text *out) {
  text_format(out, "%s -> %s\n", diff->before_hash, diff->after_hash);
  write_rows(diff, chinese, out);
  const size_t tests = diff->size - diff->meaning;
  if (diff->meaning == 0) text_format(out, chinese ? "含义相同" : "the same meaning");
  else text_format(out, chinese ? "%zu 处不同" : "%zu differences", diff->meaning);
  if (tests > 0) text_format(out, chinese ? "，另有测试 %zu 项不同（不影响结果）" : ", and %zu of tests, which change no answer", tests);
  text_byte(out, '\n');
}

static void put(struct text *out, const char *name, struct slice value) {
  text_format(out, "\"%s\":", name);
  text_json(out, value);
}

static void put_row(const struct difference *row, struct text *out) {
  text_format(out, "\n{\"type\":\"%s\",\"part\":\"%s\",", types[row->type], parts[row->part]);
  put(out, of_rule(row) ? "rule_id" : "owner", row->owner);
  if (of_rule(row) && row->before_version != 0) text_format(out, ",\"before_version\":%" PRId64, row->before_version);
  if (of_rule(row) && row->after_version != 0) text_format(out, ",\"after_version\":%" PRId64, row->after_version);
  const struct { const char *name; struct slice value; } texts[] = {
      {"name", row->name}, {"before", row->before}, {"after", row->after}, {"unit", slice_from(row->unit)}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    text_byte(out, ',');
    put(out, texts[i].name, texts[i].value);
  }
  text_byte(out, '}');
}

static void put_rows(const struct diff *diff, const char *name, struct text *out) {
  text_format(out, "\"%s\":[", name);
  for (size_t i = 0; i < diff->size; i++) {
    if (i > 0) text_byte(out, ',');
    put_row(&diff->rows[i], out);
  }
  text_format(out, "%s]", diff->size > 0 ? "\n" : "");
}

void diff_write_json(const struct diff *diff, struct text *out) {
  text_format(out, "{\"before\":\"%s\",\"after\":\"%s\",\"same\":%s,", diff->before_hash, diff->after_hash,
              diff->meaning == 0 ? "true" : "false");
  put_rows(diff, "differences", out);
  TEXT_LITERAL(out, "}\n");
}

// ---- three ways -------------------------------------------------------------------------------------------------------------------

static bool same_text(struct slice a, struct slice b) { return slice_present(a) == slice_present(b) && slice_equal(a, b); }

// How many rows a table has is no thing of its own: its rows are.
static bool about_the_same(const struct difference *a, const struct difference *b) {
  if (a->part == DIFFERENCE_TABLE && slice_equal(a->name, SLICE("rows"))) return false;
  return a->part == b->part && slice_equal(a->owner, b->owner) && slice_equal(a->name, b->name);
}

size_t diff_conflicts(const struct diff *base, const struct diff *local, struct diff_conflict *conflicts, size_t room) {
  size_t size = 0;
  for (size_t b = 0; b < base->size; b++) {
    for (size_t l = 0; l < local->size; l++) {
      const struct difference *theirs = &base->rows[b], *ours = &local->rows[l];
      if (!about_the_same(theirs, ours) || (same_text(theirs->after, ours->after) && theirs->part != DIFFERENCE_TEST)) continue;
      if (size < room) conflicts[size] = (struct diff_conflict){theirs, ours};
      size++;
    }
  }
  return size;
}

static struct diff_conflict *conflicts_of(const struct diff *base, const struct diff *local, size_t *size) {
  *size = diff_conflicts(base, local, NULL, 0);
  struct diff_conflict *conflicts = memory_take((*size + 1) * sizeof *conflicts);
  diff_conflicts(base, local, conflicts, *size);
  return conflicts;
}

size_t diff_write_three_text(const struct diff *base, const struct diff *local, bool chinese, struct text *out) {
  size_t size;
  struct diff_conflict *conflicts = conflicts_of(base, local, &size);
  text_format(out, chinese ? "基础规则集的变化（%zu 处）：\n" : "the base changed (%zu):\n", base->size);
  write_rows(base, chinese, out);
  text_format(out, chinese ? "地方规则集的不同（%zu 处）：\n" : "the overlay says otherwise (%zu):\n", local->size);
  write_rows(local, chinese, out);
  for (size_t i = 0; i < size; i++) {
    const struct difference *theirs = conflicts[i].base, *ours = conflicts[i].local;
    text_format(out, chinese ? "冲突 %.*s %s %.*s：原为 %.*s，基础改为 %.*s，地方为 %.*s\n" : "conflict %.*s %s %.*s: was %.*s, the base says %.*s, here %.*s\n",
                SLICE_ARG(theirs->owner), chinese ? parts_zh[theirs->part] : parts[theirs->part], SLICE_ARG(theirs->name),
                SLICE_ARG(theirs->before.size > 0 ? theirs->before : SLICE("-")), SLICE_ARG(theirs->after.size > 0 ? theirs->after : SLICE("-")),
                SLICE_ARG(ours->after.size > 0 ? ours->after : SLICE("-")));
  }
  text_format(out, chinese ? "冲突 %zu 处\n" : "%zu conflicts\n", size);
  memory_free(conflicts);
  return size;
}

size_t diff_write_three_json(const struct diff *base, const struct diff *local, struct text *out) {
  size_t size;
  struct diff_conflict *conflicts = conflicts_of(base, local, &size);
  TEXT_LITERAL(out, "{");
  put_rows(base, "base", out);
  text_byte(out, ',');
  put_rows(local, "overlay", out);
  TEXT_LITERAL(out, ",\"conflicts\":[");
  for (size_t i = 0; i < size; i++) {
    text_append(out, i > 0 ? SLICE(",{\"base\":") : SLICE("{\"base\":"));
    put_row(conflicts[i].base, out);
    TEXT_LITERAL(out, ",\"overlay\":");
    put_row(conflicts[i].local, out);
    text_byte(out, '}');
  }
  TEXT_LITERAL(out, "]}\n");
  memory_free(conflicts);
  return size;
}
