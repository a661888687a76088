#include "screen/rest.h"

static bool is_named(const struct dossier *dossier, const struct bill *bill) {
  for (uint32_t i = 0; i < dossier->bills_size; i++)
    if (dossier->bills[i].refund_row && slice_equal(dossier->bills[i].init_setl_id, bill->setl_id)) return true;
  for (uint32_t i = 0; i < dossier->findings_size; i++)
    if (dossier->findings[i].open && slice_equal(dossier->findings[i].unit, bill->setl_id)) return true;
  return false;
}

bool rest_can(const struct ruleset *ruleset, const struct dossier *dossier, const struct bill *bill) {
  if (!bill->lines_gone || bill->setl.ver == 0 || bill->cancel.ver != 0 || bill->list.ver != 0 || !bill->valid || bill->refund_row ||
      bill->fee_cnt >= 0 || bill->fees_size > 0)
    return false;
  const int64_t settled_s = bill->setl_time_s != DATE_ABSENT ? bill->setl_time_s : bill->setl.event_time_s;
  const int32_t day = date_day(bill->endtime_s != DATE_ABSENT ? bill->endtime_s : settled_s);
  const unsigned symbol = codes_symbol(ruleset->codes, CODES_MED_TYPE, bill->med_type, day);
  return (ruleset->looked_at >> symbol & 1) == 0 && !is_named(dossier, bill);
}
