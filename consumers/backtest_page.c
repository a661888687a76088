// The report for people: the same page as text and as HTML.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "consumers/backtest.h"
#include "consumers/sheet.h"
#include "core/memory.h"
#include "record/money.h"
#include "rules/load.h"

enum { INSTITUTIONS_SHOWN = 30 };    // all are in the JSON

enum word { W_TITLE, W_RULES, W_SHADOW, W_LEVELS, W_INSTITUTIONS, W_OVERLAP, W_LARGEST, W_RULE, W_NAME, W_LEVEL,
            W_INSTITUTION, W_BASELINE, W_NEW_SET, W_ADDED, W_LOST, W_CHANGED, W_FROM_YUAN, W_TO_YUAN, W_YUAN, W_FUND, W_POINTS, W_FIRST, W_SECOND,
            W_VISITS_BEFORE, W_VISITS, W_LINES_BEFORE, W_LINES, W_WHY, W_EVIDENCE, W_NONE, W_SAME, W_MORE, W_UNKNOWN, W_WHOLE, W_COUNT };
static const char *const words[W_COUNT][2] = {
    [W_TITLE] = {"Backtest of a rule set", "规则集回测报告"}, [W_RULES] = {"By rule", "按规则"}, [W_SHADOW] = {"Rules on trial (cost nothing)", "试运行规则（不产生费用）"},
    [W_LEVELS] = {"By level of the institution", "按机构等级"}, [W_INSTITUTIONS] = {"By institution", "按定点机构"},
    [W_OVERLAP] = {"Rules that claim the same", "规则重叠"}, [W_LARGEST] = {"The largest changes", "变化最大的疑点"},
    [W_RULE] = {"rule", "规则"}, [W_NAME] = {"title", "名称"}, [W_LEVEL] = {"level", "等级"}, [W_INSTITUTION] = {"institution", "机构"},
    [W_BASELINE] = {"baseline", "原疑点"}, [W_NEW_SET] = {"new set", "新疑点"}, [W_ADDED] = {"+new", "+新增"}, [W_LOST] = {"-lost", "-消失"},
    [W_CHANGED] = {"~changed", "~变化"}, [W_FROM_YUAN] = {"yuan before", "原金额"}, [W_TO_YUAN] = {"yuan after", "新金额"},
    [W_YUAN] = {"yuan", "金额变化"}, [W_FUND] = {"fund yuan", "基金变化"}, [W_POINTS] = {"points", "扣分变化"}, [W_FIRST] = {"rule", "规则"},
    [W_SECOND] = {"and rule", "与规则"}, [W_VISITS_BEFORE] = {"visits before", "原就诊数"}, [W_VISITS] = {"visits", "就诊数"},
    [W_LINES_BEFORE] = {"lines before", "原明细数"}, [W_LINES] = {"lines", "明细数"}, [W_WHY] = {"why: ", "原因："},
    [W_EVIDENCE] = {"evidence: ", "证据："}, [W_NONE] = {"none", "无"}, [W_SAME] = {"Nothing changes.", "没有任何变化。"},
    [W_MORE] = {"further institutions are in the JSON report", "家机构详见 JSON 报告"}, [W_UNKNOWN] = {"unknown", "未知"},
    [W_WHOLE] = {"total", "合计"}};

struct page {
  struct sheet sheet;
  const struct backtest_report *report;
  bool chinese;
  struct text cell;
};

static const char *word(const struct page *page, enum word which) { return words[which][page->chinese]; }

static void cell_text(struct page *page, struct slice s) { sheet_cell(&page->sheet, s); }

static void cell_count(struct page *page, uint64_t count) {
  text_clear(&page->cell);
  text_format(&page->cell, "%" PRIu64, count);
  sheet_cell(&page->sheet, text_slice(&page->cell));
}

static void write_fen(struct text *out, int64_t fen, bool sign) {
  if (sign && fen > 0) text_byte(out, '+');
  money_write_fen(out, fen);
}

static void write_points(struct text *out, int64_t tenths, bool sign) {
  const uint64_t size = tenths < 0 ? -(uint64_t)tenths : (uint64_t)tenths;
  text_format(out, "%s%" PRIu64 ".%" PRIu64, tenths < 0 ? "-" : sign && tenths > 0 ? "+" : "", size / 10, size % 10);
}

static void cell_fen(struct page *page, int64_t fen, bool sign) {
  text_clear(&page->cell);
  write_fen(&page->cell, fen, sign);
  sheet_cell(&page->sheet, text_slice(&page->cell));
}

static void cell_points(struct page *page, int64_t tenths) {
  text_clear(&page->cell);
  write_points(&page->cell, tenths, true);
  sheet_cell(&page->sheet, text_slice(&page->cell));
}

static void cells_row(struct page *page, const struct backtest_row *row) {
  const struct backtest_sum *old = &row->sides[BACKTEST_BASELINE], *new = &row->sides[BACKTEST_NEW];
  cell_count(page, old->findings);
  cell_count(page, new->findings);
  cell_count(page, row->added);
  cell_count(page, row->lost);
  cell_count(page, row->changed);
  cell_fen(page, old->vola_fen, false);
  cell_fen(page, new->vola_fen, false);
  cell_fen(page, new->vola_fen - old->vola_fen, true);
  cell_fen(page, new->fund_fen - old->fund_fen, true);
  cell_points(page, new->points - old->points);
}

static struct slice title_of(const struct page *page, struct slice rule_id) {
  const struct rule *rule = ruleset_find(page->report->sides[BACKTEST_NEW], rule_id);
  if (rule == NULL) rule = ruleset_find(page->report->sides[BACKTEST_BASELINE], rule_id);
  if (rule == NULL) return SLICE("");
  return page->chinese || rule->title_en.size == 0 ? rule->title_zh : rule->title_en;
}

static void write_rows(struct page *page, enum word heading, enum word key, const struct backtest_rows *rows, bool titles,
                       const struct backtest_row *total) {
  const char *heads[SHEET_COLUMNS_MAX];
  unsigned columns = 0;
  heads[columns++] = word(page, key);
  if (titles) heads[columns++] = word(page, W_NAME);
  const unsigned names = columns;
  for (enum word w = W_BASELINE; w <= W_POINTS; w++) heads[columns++] = word(page, w);
  sheet_heading(&page->sheet, word(page, heading));
  if (rows->size == 0) {
    sheet_paragraph(&page->sheet, slice_from(word(page, W_NONE)));
    return;
  }
  sheet_table(&page->sheet, heads, columns, names);
  for (size_t i = 0; i < rows->size; i++) {
    cell_text(page, rows->rows[i].key.size > 0 ? rows->rows[i].key : slice_from(word(page, W_UNKNOWN)));
    if (titles) cell_text(page, title_of(page, rows->rows[i].key));
    cells_row(page, &rows->rows[i]);
  }
  if (total != NULL) {
    cell_text(page, slice_from(word(page, W_WHOLE)));
    if (titles) cell_text(page, SLICE(""));
    cells_row(page, total);
  }
  sheet_table_end(&page->sheet);
}

static uint64_t moved(const struct backtest_row *row) {
  const int64_t fen = row->sides[1].vola_fen - row->sides[0].vola_fen;
  return fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
}

static int by_money_moved(const void *a, const void *b) {
  const struct backtest_row *x = a, *y = b;
  if (moved(x) != moved(y)) return moved(x) > moved(y) ? -1 : 1;
  const uint64_t p = x->added + x->lost + x->changed, q = y->added + y->lost + y->changed;
  if (p != q) return p > q ? -1 : 1;
  return slice_compare(x->key, y->key);
}

// Those with the most money moved.
static void write_institutions(struct page *page) {
  const struct backtest_rows *all = &page->report->institutions;
  struct backtest_rows shown = {.size = all->size};
  shown.rows = memory_take((all->size + 1) * sizeof *shown.rows);
  if (all->size > 0) memcpy(shown.rows, all->rows, all->size * sizeof *shown.rows);
  if (all->size > 1) qsort(shown.rows, all->size, sizeof *shown.rows, by_money_moved);
  if (shown.size > INSTITUTIONS_SHOWN) shown.size = INSTITUTIONS_SHOWN;
  write_rows(page, W_INSTITUTIONS, W_INSTITUTION, &shown, false, NULL);
  if (all->size > shown.size) {
    text_clear(&page->cell);
    text_format(&page->cell, "%zu %s", all->size - shown.size, word(page, W_MORE));
    sheet_paragraph(&page->sheet, text_slice(&page->cell));
  }
  memory_free(shown.rows);
}

static void write_overlaps(struct page *page) {
  static const enum word order[] = {W_FIRST, W_SECOND, W_VISITS_BEFORE, W_VISITS, W_LINES_BEFORE, W_LINES};
  enum { COLUMNS = sizeof order / sizeof *order };
  const char *heads[COLUMNS];
  for (unsigned i = 0; i < COLUMNS; i++) heads[i] = word(page, order[i]);
  sheet_heading(&page->sheet, word(page, W_OVERLAP));
  const struct backtest_overlaps *overlaps = &page->report->overlaps;
  if (overlaps->size == 0) {
    sheet_paragraph(&page->sheet, slice_from(word(page, W_NONE)));
    return;
  }
  sheet_table(&page->sheet, heads, COLUMNS, 2);
  for (size_t i = 0; i < overlaps->size; i++) {
    const struct backtest_overlap *row = &overlaps->rows[i];
    cell_text(page, row->first);
    cell_text(page, row->second);
    for (unsigned side = 0; side < 2; side++) cell_count(page, row->visits[side]);
    for (unsigned side = 0; side < 2; side++) cell_count(page, row->lines[side]);
  }
  sheet_table_end(&page->sheet);
}

static void write_change(struct page *page, const struct backtest_change *change, size_t number) {
  static const char *const types[][2] = {{"new", "新增"}, {"lost", "消失"}, {"changed", "变化"}};
  const struct backtest_state *old = &change->sides[BACKTEST_BASELINE], *new = &change->sides[BACKTEST_NEW];
  struct text *line = &page->cell;
  text_clear(line);
  const struct slice sentence = page->chinese || change->sentence_en.size == 0 ? change->sentence_zh : change->sentence_en;
  text_format(line, "%zu. %s %.*s  %.*s  %.*s: %.*s; ", number, types[change->type][page->chinese], SLICE_ARG(change->rule_id),
              SLICE_ARG(change->institution), SLICE_ARG(change->setl_id), SLICE_ARG(sentence));
  write_fen(line, old->vola_fen, false);
  TEXT_LITERAL(line, " -> ");
  write_fen(line, new->vola_fen, false);
  text_format(line, " %s, %s ", page->chinese ? "元" : "yuan", page->chinese ? "基金" : "fund");
  write_fen(line, new->fund_fen - old->fund_fen, true);
  text_format(line, ", %s ", page->chinese ? "扣分" : "points");
  write_points(line, new->points - old->points, true);
  if (!slice_equal(old->band, new->band))
    text_format(line, ", %s %.*s -> %.*s", page->chinese ? "分档" : "band", SLICE_ARG(old->band.size > 0 ? old->band : SLICE("-")),
                SLICE_ARG(new->band.size > 0 ? new->band : SLICE("-")));
  sheet_paragraph(&page->sheet, text_slice(line));
  text_clear(line);
  text_format(line, "   %s%.*s", word(page, W_WHY), SLICE_ARG(page->chinese ? change->why_zh : change->why_en));
  sheet_paragraph(&page->sheet, text_slice(line));
  text_clear(line);
  text_format(line, "   %s%.*s", word(page, W_EVIDENCE), SLICE_ARG(change->shown));
  sheet_paragraph(&page->sheet, text_slice(line));
}

static void write_page(const struct backtest_report *report, bool html, bool chinese, struct text *out) {
  struct page page = {.report = report, .chinese = chinese};
  char hash[2 * DIGEST_BYTES + 1];
  backtest_hash(report, hash);
  sheet_begin(&page.sheet, out, html, chinese, word(&page, W_TITLE));
  text_format(&page.cell, chinese ? "原规则集 %s，新规则集 %s" : "baseline %s, new set %s", report->sides[0]->hash, report->sides[1]->hash);
  sheet_paragraph(&page.sheet, text_slice(&page.cell));
  text_clear(&page.cell);
  text_format(&page.cell, chinese ? "结算 %" PRIu64 " 笔，消息 %" PRIu64 " 条，死信 %" PRIu64 " 条" : "%" PRIu64 " settlements, %" PRIu64 " messages, %" PRIu64 " dead",
              report->settlements, report->messages, report->dead);
  sheet_paragraph(&page.sheet, text_slice(&page.cell));
  text_clear(&page.cell);
  text_format(&page.cell, "%s %s", chinese ? "内容摘要" : "content hash", hash);
  sheet_paragraph(&page.sheet, text_slice(&page.cell));
  const struct backtest_row *total = &report->total, *shadow = &report->shadow;
  if (total->added + total->lost + total->changed + shadow->added + shadow->lost + shadow->changed == 0)
    sheet_paragraph(&page.sheet, slice_from(word(&page, W_SAME)));
  write_rows(&page, W_RULES, W_RULE, &report->rules, true, total);
  if (report->shadow_rules.size > 0) write_rows(&page, W_SHADOW, W_RULE, &report->shadow_rules, true, shadow);
  write_rows(&page, W_LEVELS, W_LEVEL, &report->levels, false, NULL);
  write_institutions(&page);
  write_overlaps(&page);
  sheet_heading(&page.sheet, word(&page, W_LARGEST));
  if (report->changes_size == 0) sheet_paragraph(&page.sheet, slice_from(word(&page, W_NONE)));
  for (size_t i = 0; i < report->changes_size; i++) write_change(&page, &report->changes[i], i + 1);
  sheet_end(&page.sheet);
  text_fini(&page.cell);
}

void backtest_write_text(const struct backtest_report *report, bool chinese, struct text *out) { write_page(report, false, chinese, out); }
void backtest_write_html(const struct backtest_report *report, bool chinese, struct text *out) { write_page(report, true, chinese, out); }
