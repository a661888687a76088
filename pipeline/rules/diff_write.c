// Differences as people and programs read them.
#include <inttypes.h>

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

void diff_write_text(const struct diff *diff, bool chinese, struct text *out) {
  text_format(out, "%s -> %s\n", diff->before_hash, diff->after_hash);
  for (size_t i = 0; i < diff->size; i++) {
    if (i == 0 || !same_owner(&diff->rows[i - 1], &diff->rows[i])) write_owner(&diff->rows[i], chinese, out);
    text_append(out, diff->rows[i].part == DIFFERENCE_ROW ? SLICE("      ") : SLICE("  "));
    diff_write_row(&diff->rows[i], chinese, out);
    text_byte(out, '\n');
  }
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

void diff_write_json(const struct diff *diff, struct text *out) {
  text_format(out, "{\"before\":\"%s\",\"after\":\"%s\",\"same\":%s,\"differences\":[", diff->before_hash, diff->after_hash,
              diff->meaning == 0 ? "true" : "false");
  for (size_t i = 0; i < diff->size; i++) {
    const struct difference *row = &diff->rows[i];
    if (i > 0) text_byte(out, ',');
    text_format(out, "\n{\"type\":\"%s\",\"part\":\"%s\",", types[row->type], parts[row->part]);
    put(out, of_rule(row) ? "rule_id" : "owner", row->owner);
    if (of_rule(row) && row->before_version != 0) text_format(out, ",\"before_version\":%" PRId64, row->before_version);
    if (of_rule(row) && row->after_version != 0) text_format(out, ",\"after_version\":%" PRId64, row->after_version);
    text_byte(out, ',');
    put(out, "name", row->name);
    text_byte(out, ',');
    put(out, "before", row->before);
    text_byte(out, ',');
    put(out, "after", row->after);
    text_byte(out, ',');
    put(out, "unit", slice_from(row->unit));
    text_byte(out, '}');
  }
  text_format(out, "%s]}\n", diff->size > 0 ? "\n" : "");
}
