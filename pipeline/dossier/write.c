#include "dossier/write.h"

#include "record/money.h"

struct label { const char *en, *zh; };
static const struct label labels[] = {
    {"person", "参保人"}, {"time known up to", "数据时间截至"}, {"history was cut by a limit", "历史因上限被截断"}, {"all of it since", "完整起始于"},
    {"settlement", "结算"}, {"visit", "就诊"}, {"institution", "定点机构"}, {"from", "起"}, {"to", "止"},
    {"live", "有效"}, {"cancelled", "已撤销"}, {"refund row", "退费结算"}, {"undone by a refund", "已冲正"}, {"void", "无效"},
    {"waiting for fee lines", "等待明细"}, {"waiting for the settlement", "等待结算"}, {"lines", "明细"}, {"total", "总费用"},
    {"fund", "基金支付"}, {"open findings", "未结疑点"}, {"withdrawn findings remembered", "已撤回疑点"}, {"provisional", "暂定"},
    {"revision", "版次"}, {"amount", "金额"}, {"none", "无"}, {"history only", "仅作历史"},
};
enum { L_PERSON, L_UPTO, L_CUT, L_KNOWN, L_SETTLEMENT, L_VISIT, L_INSTITUTION, L_FROM, L_TO, L_LIVE, L_CANCELLED, L_REFUND_ROW, L_UNDONE, L_VOID,
       L_WAIT_LINES, L_WAIT_SETL, L_LINES, L_TOTAL, L_FUND, L_OPEN, L_WITHDRAWN, L_PROVISIONAL, L_REVISION, L_AMOUNT, L_NONE, L_GIVEN };

static const char *word(int label, bool chinese) { return chinese ? labels[label].zh : labels[label].en; }

static int state_of(const struct dossier *dossier, const struct bill *bill) {
  if (bill->setl.ver == 0) return L_WAIT_SETL;
  if (bill->cancel.ver != 0) return L_CANCELLED;
  if (bill->refund_row) return L_REFUND_ROW;
  if (!bill->valid) return L_VOID;
  if (!dossier_complete(bill)) return L_WAIT_LINES;
  return dossier_undone(dossier, bill) ? L_UNDONE : L_LIVE;
}

static void write_time(struct text *out, int64_t time_s) {
  if (time_s == DATE_ABSENT) TEXT_LITERAL(out, "-");
  else date_write_time(out, time_s);
}

void dossier_write_text(struct text *out, const struct dossier *dossier, bool chinese) {
  text_format(out, "%s %.*s\n%s ", word(L_PERSON, chinese), SLICE_ARG(dossier->psn_no), word(L_UPTO, chinese));
  write_time(out, dossier->watermark_s);
  if (dossier->cut) text_format(out, " (%s)", word(L_CUT, chinese));
  if (dossier->known_s != DATE_ABSENT) {
    text_format(out, "  %s ", word(L_KNOWN, chinese));
    write_time(out, dossier->known_s);
  }
  text_byte(out, '\n');
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    const struct bill *bill = &dossier->bills[i];
    text_format(out, "\n%s %.*s  [%s]%s%s  ver %lld\n", word(L_SETTLEMENT, chinese), SLICE_ARG(bill->setl_id),
                word(state_of(dossier, bill), chinese), bill->given ? "  " : "", bill->given ? word(L_GIVEN, chinese) : "", (long long)bill->setl.ver);
    if (bill->setl.ver == 0) continue;
    text_format(out, "  %s %.*s  %s %.*s  med_type %.*s", word(L_VISIT, chinese), SLICE_ARG(bill->mdtrt_id),
                word(L_INSTITUTION, chinese), SLICE_ARG(bill->fixmedins_code), SLICE_ARG(bill->med_type));
    if (slice_present(bill->main_diagnosis)) text_format(out, "  %.*s", SLICE_ARG(bill->main_diagnosis));
    text_format(out, "\n  %s ", word(L_FROM, chinese));
    write_time(out, bill->begntime_s != DATE_ABSENT ? bill->begntime_s : bill->setl_time_s);
    text_format(out, "  %s ", word(L_TO, chinese));
    write_time(out, bill->endtime_s != DATE_ABSENT ? bill->endtime_s : bill->setl_time_s);
    text_format(out, "\n  %s ", word(L_TOTAL, chinese));
    money_write_fen(out, bill->medfee_fen);
    text_format(out, "  %s ", word(L_FUND, chinese));
    money_write_fen(out, bill->fund_fen);
    text_format(out, "  %s %u\n", word(L_LINES, chinese), bill->lines_size + (bill->fee_cnt >= 0 ? bill->fees_size : 0));
  }
  uint32_t open = 0;
  for (uint32_t i = 0; i < dossier->findings_size; i++) open += dossier->findings[i].open;
  text_format(out, "\n%s: %u\n", word(L_OPEN, chinese), open);
  for (uint32_t i = 0; i < dossier->findings_size; i++) {
    const struct finding *finding = &dossier->findings[i];
    if (!finding->open) continue;
    TEXT_LITERAL(out, "  ");
    text_hex(out, finding->id, sizeof finding->id);
    text_format(out, "  %.*s  %s %.*s  %s ", SLICE_ARG(finding->rule_id), word(L_VISIT, chinese), SLICE_ARG(finding->mdtrt_id),
                word(L_AMOUNT, chinese));
    money_write_fen(out, finding->vola_fen);
    text_format(out, "  %s ", word(L_FUND, chinese));
    money_write_fen(out, finding->fund_fen);
    text_format(out, "  %s %lld%s%s\n", word(L_REVISION, chinese), (long long)finding->revision, finding->provisional ? "  " : "",
                finding->provisional ? word(L_PROVISIONAL, chinese) : "");
  }
  if (dossier->findings_size > open) text_format(out, "%s: %u\n", word(L_WITHDRAWN, chinese), dossier->findings_size - open);
}
