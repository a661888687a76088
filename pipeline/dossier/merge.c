#include "dossier/merge.h"

// Since when both together know everything. One that was cut by a limit is complete at no time; and between the end of the one and the
// beginning of the other nothing is known.
static bool merge_known(struct dossier *dossier, const struct dossier *fuller) {
  if (fuller->cut || fuller->watermark_s < dossier->known_s) return false;
  if (!dossier->cut && dossier->known_s <= fuller->known_s) return false;
  dossier->known_s = fuller->known_s;
  dossier->cut = false;
  return true;
}

// The lines of split bills, both by feedetl_sn: of each the newer one.
static bool merge_fees(struct bill *to, const struct bill *from, struct arena *arena) {
  if (from->fees_size == 0) return false;
  struct fee_line *fees = ARENA_ARRAY(arena, struct fee_line, to->fees_size + from->fees_size);
  uint32_t size = 0;
  bool gained = false;
  for (uint32_t a = 0, b = 0; a < to->fees_size || b < from->fees_size;) {
    const int order = a == to->fees_size ? 1 : b == from->fees_size ? -1 : slice_compare(to->fees[a].feedetl_sn, from->fees[b].feedetl_sn);
    const bool theirs = order > 0 || (order == 0 && from->fees[b].ver > to->fees[a].ver);
    fees[size++] = theirs ? from->fees[b] : to->fees[a];
    gained |= theirs;
    a += order <= 0;
    b += order >= 0;
  }
  // Without its settlement a bill is as old as its lines.
  if (gained && to->setl.ver == 0 && from->setl.event_time_s > to->setl.event_time_s) to->setl.event_time_s = from->setl.event_time_s;
  to->fees = fees;
  to->fees_size = size;
  return gained;
}

// Of each message that the two know of a bill the newer one. Where the settlement itself had been forgotten, the bill is given.
static bool merge_bill(struct bill *to, const struct bill *from, struct arena *arena) {
  const struct bill before = *to;
  const bool lines = before.lines_gone && !from->lines_gone && before.setl.ver == from->setl.ver && before.setl.content == from->setl.content;
  const bool settlement = from->setl.ver > before.setl.ver || lines;
  const bool cancel = from->cancel.ver > before.cancel.ver, list = from->list.ver > before.list.ver;
  if (settlement) {
    *to = *from;
    to->given = before.given || before.setl.ver == 0;
    to->fees = before.fees;
    to->fees_size = before.fees_size;
  }
  to->cancel = cancel ? from->cancel : before.cancel;
  const struct bill *told = list ? from : &before;
  to->list = told->list;
  to->list_adm_way = told->list_adm_way;
  to->list_planned = told->list_planned;
  to->list_main_diagnosis = told->list_main_diagnosis;
  to->list_dscg_way = told->list_dscg_way;
  to->list_hi_paymtd = told->list_hi_paymtd;
  if (!(merge_fees(to, from, arena) | settlement | cancel | list)) return false;
  to->packed = SLICE_NONE;
  return true;
}

bool merge(struct dossier *dossier, const struct dossier *fuller) {
  bool gained = merge_known(dossier, fuller);
  for (uint32_t i = 0; i < fuller->bills_size; i++)
    gained |= merge_bill(dossier_take(dossier, fuller->bills[i].setl_id), &fuller->bills[i], dossier->arena);
  if (gained) dossier->ruleset = 0;
  return gained;
}
