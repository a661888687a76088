#include "screen/affected.h"

#include <assert.h>

static struct fact *fact_of(const struct affected *affected, const struct bill *bill) {
  const struct dossier *dossier = affected->dossier;
  const int64_t settled_s = bill->setl_time_s != DATE_ABSENT ? bill->setl_time_s : bill->setl.event_time_s;
  const unsigned symbol = codes_symbol(affected->ruleset->codes, CODES_MED_TYPE, bill->med_type, date_day(settled_s));
  struct fact *fact = ARENA_ARRAY(dossier->arena, struct fact, 1);
  *fact = (struct fact){.setl_id = bill->setl_id, .mdtrt_id = bill->mdtrt_id, .psn_no = dossier->psn_no, .fixmedins_code = bill->fixmedins_code,
                        .med_type = bill->med_type, .insutype = bill->insutype, .symbol = (enum visit_symbol)symbol,
                        .inpatient_review = (affected->ruleset->inpatient_review >> symbol & 1) != 0, .live = true, .ver = bill->setl.ver,
                        .setl_time_s = settled_s, .recv_time_s = bill->setl.recv_time_s, .first_recv_time_s = bill->first_recv_time_s,
                        .medfee_fen = bill->medfee_fen, .inscp_fen = bill->inscp_fen, .fund_fen = bill->fund_fen,
                        .no_medfee = !bill->has_medfee, .no_inscp = !bill->has_inscp, .no_fund = !bill->has_fund,
                        .source = bill->setl.source};
  return fact;
}

static const struct bill *live_bill(const struct affected *affected, struct slice setl_id) {
  const struct bill *bill = dossier_find(affected->dossier, setl_id);
  return bill != NULL && dossier_live(affected->dossier, bill) ? bill : NULL;
}

void affected_remember(struct affected *affected, struct slice setl_id) {
  if (!slice_present(setl_id)) return;
  for (unsigned i = 0; i < affected->size; i++)
    if (slice_equal(affected->rows[i].setl_id, setl_id)) return;
  const struct bill *bill = live_bill(affected, setl_id);
  assert(affected->size < AFFECTED_MAX);
  affected->rows[affected->size++] = (struct affected_row){setl_id, bill != NULL ? fact_of(affected, bill) : NULL};
}

size_t affected_tell(const struct affected *affected, const struct event *event, const struct fact **facts) {
  struct fact *told = ARENA_ARRAY(affected->dossier->arena, struct fact, affected->size);
  size_t count = 0;
  for (unsigned i = 0; i < affected->size; i++) {
    const struct affected_row *row = &affected->rows[i];
    const struct bill *bill = live_bill(affected, row->setl_id);
    if (bill == NULL && row->before == NULL) continue;
    if (bill != NULL) {
      const struct fact *now = fact_of(affected, bill);
      if (row->before != NULL && row->before->ver == now->ver) continue;
      told[count] = *now;
    } else {
      told[count] = *row->before;
      told[count].live = false;
    }
    told[count].prior = row->before;
    told[count].recv_time_s = event->recv_time_s;
    told[count].source = event->source;
    count++;
  }
  *facts = told;
  return count;
}
