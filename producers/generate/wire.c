#include "producers/generate/wire.h"

#include "record/date.h"
#include "record/money.h"

// "yyyy-MM-dd HH:mm:ss"; bills repeat the day, so its text is kept.
static void write_time(struct text *out, int64_t time_s) {
  static _Thread_local int32_t cached = INT32_MIN;
  static _Thread_local char text[10];
  const int32_t day = date_day(time_s);
  char *to = text_reserve(out, 32);
  if (day != cached) {
    const size_t at = out->size;
    date_write_day(out, day);
    memcpy(text, out->data + at, sizeof text);
    out->size = at;
    to = text_reserve(out, 32);
    cached = day;
  }
  const unsigned s = (unsigned)(time_s - date_of_day(day));
  const unsigned parts[3] = {s / 3600, s / 60 % 60, s % 60};
  memcpy(to, text, sizeof text);
  for (int n = 0; n < 3; n++) {
    to[10 + n * 3] = n == 0 ? ' ' : ':';
    to[11 + n * 3] = (char)('0' + parts[n] / 10);
    to[12 + n * 3] = (char)('0' + parts[n] % 10);
  }
  out->size += 19;
}

static void text_field(struct text *out, const char *key, const char *value) {
  text_byte(out, '"');
  text_append(out, slice_from(key));
  TEXT_LITERAL(out, "\":\"");
  text_append(out, slice_from(value));
  TEXT_LITERAL(out, "\",");
}

static void time_field(struct text *out, struct slice key, int64_t time_s) {
  text_append(out, key);
  write_time(out, time_s);
  TEXT_LITERAL(out, "\",");
}

static void envelope(struct text *out, const struct region *region, const struct plan *plan, const struct wire_envelope *e,
                     bool person) {
  const char *institution = region->institutions[plan->institution].code;
  TEXT_LITERAL(out, "{\"msg_id\":\"");
  text_append(out, slice_from(institution));
  text_format(out, "%018llu", (unsigned long long)e->sequence);
  TEXT_LITERAL(out, "\",");
  text_field(out, "msg_type", e->msg_type);
  text_field(out, "infno", e->infno);
  TEXT_LITERAL(out, "\"infver\":\"V1.0\",\"mdtrtarea_admvs\":\"620100\",");
  if (person) text_field(out, "insuplc_admdvs", region_person(region, plan->person).insured_in);
  text_field(out, "fixmedins_code", institution);
  if (person) {
    TEXT_LITERAL(out, "\"psn_no\":\"");
    region_write_person(out, region, plan->person);
    TEXT_LITERAL(out, "\",");
  }
  time_field(out, SLICE("\"event_time\":\""), e->event_time_s);
  time_field(out, SLICE("\"recv_time\":\""), e->recv_time_s);
  text_format(out, "\"ver\":%d,\"body\":{", e->ver);
}

// An amount that follows its key, which ends in ':'.
static void amount(struct text *out, struct slice key, int64_t fen, bool quoted) {
  text_append(out, key);
  if (quoted) text_byte(out, '"');
  money_write_fen(out, fen);
  if (quoted) text_byte(out, '"');
}

static void write_trace(struct text *out, const struct product *product, uint64_t serial) {
  TEXT_LITERAL(out, ",\"drugtracinfo\":[{\"drug_trac_codg\":\"");
  char *to = text_reserve(out, 20);
  memcpy(to, product->trace, CATALOGUE_TRACE_BYTES);
  for (int n = 19; n >= CATALOGUE_TRACE_BYTES; n--, serial /= 10) to[n] = (char)('0' + serial % 10);
  out->size += 20;
  TEXT_LITERAL(out, "\"}]");
}

static void write_line(struct text *out, const struct bill *bill, uint32_t number, unsigned department, bool keys) {
  const struct bill_line *line = &bill->lines[number];
  const struct catalogue *catalogue = &bill->region->catalogue;
  const struct product *product = &catalogue->products[line->product];
  const bool quoted = bill->region->institutions[bill->plan.institution].quoted_numbers;
  text_reserve(out, 1024);
  TEXT_LITERAL(out, "{\"feedetl_sn\":\"");
  text_int(out, (int64_t)number + 1);
  if (line->cnt < 0) {
    TEXT_LITERAL(out, "\",\"init_feedetl_sn\":\"");
    if (line->init != 0) text_int(out, line->init);
  }
  if (keys) {
    TEXT_LITERAL(out, "\",\"mdtrt_id\":\"");
    bill_write_mdtrt_id(out, &bill->plan);
    TEXT_LITERAL(out, "\",\"setl_id\":\"");
    bill_write_setl_id(out, &bill->plan, line->settlement);
    TEXT_LITERAL(out, "\",\"psn_no\":\"");
    region_write_person(out, bill->region, bill->plan.person);
  }
  TEXT_LITERAL(out, "\",\"fee_ocur_time\":\"");
  write_time(out, line->time_s);
  text_append(out, (struct slice){product->wire, product->wire_size});
  catalogue_write_hospital_code(out, catalogue, line->hospital, bill->plan.institution);
  TEXT_LITERAL(out, "\",\"cnt\":");
  if (quoted) text_byte(out, '"');
  money_write_scaled(out, line->cnt, MONEY_COUNT);
  if (quoted) text_append(out, SLICE("\",\"pric\":\""));
  else TEXT_LITERAL(out, ",\"pric\":");
  money_write_scaled(out, line->pric, MONEY_PRICE);
  if (quoted) text_byte(out, '"');
  amount(out, SLICE(",\"det_item_fee_sumamt\":"), line->amount, quoted);
  amount(out, SLICE(",\"fulamt_ownpay_amt\":"), line->ownpay, quoted);
  amount(out, SLICE(",\"overlmt_amt\":"), line->overlmt, quoted);
  amount(out, SLICE(",\"preselfpay_amt\":"), line->preself, quoted);
  amount(out, SLICE(",\"inscp_scp_amt\":"), line->inscp, quoted);
  TEXT_LITERAL(out, ",\"bilg_dept_codg\":\"");
  text_append(out, slice_from(departments[department].code));
  TEXT_LITERAL(out, "\",\"bilg_dr_codg\":\"");
  region_write_doctor(out, bill->plan.institution, department, line->doctor);
  text_byte(out, '"');
  if (line->prd_days != 0) {
    TEXT_LITERAL(out, ",\"prd_days\":");
    text_int(out, line->prd_days);
  }
  if (line->trace_serial != 0) write_trace(out, &catalogue->products[line->trace], line->trace_serial);
  text_byte(out, '}');
}

static void write_lines(struct text *out, const struct bill *bill, unsigned settlement, uint32_t from, uint32_t to,
                        bool keys) {
  uint32_t nth = 0;
  bool first = true;
  TEXT_LITERAL(out, "\"feedetail\":[");
  for (uint32_t n = 0; n < bill->size && nth < to; n++) {
    if (bill->lines[n].settlement != settlement) continue;
    if (nth++ < from) continue;
    if (!first) text_byte(out, ',');
    first = false;
    write_line(out, bill, n, bill->plan.department_in, keys);
  }
  text_byte(out, ']');
}

static void write_diagnoses(struct text *out, const struct disease *disease, unsigned second) {
  TEXT_LITERAL(out, "\"diseinfo\":[");
  if (disease != NULL) {
    text_format(out,
                "{\"diag_type\":\"1\",\"maindiag_flag\":\"1\",\"diag_srt_no\":1,\"diag_code\":\"%s\",\"diag_name\":\"%s\"}",
                disease->code, disease->name);
    // Chronic people have a second diagnosis, which never decides anything here.
    if (second < diseases_size && &diseases[second] != disease) {
      text_format(
          out, ",{\"diag_type\":\"1\",\"maindiag_flag\":\"0\",\"diag_srt_no\":2,\"diag_code\":\"%s\",\"diag_name\":\"%s\"}",
          diseases[second].code, diseases[second].name);
    }
  }
  text_byte(out, ']');
}

static const char *admission_way(const struct plan *plan) { return (plan->features & PLAN_EMERGENCY) != 0 ? "1" : "2"; }
static const char *leaving_way(const struct plan *plan) {
  return (plan->features & PLAN_TRANSFER_OUT) != 0 ? "2" : (plan->features & PLAN_ADVICE) != 0 ? "4" : "1";
}

void wire_setl(struct text *out, const struct bill *bill, const struct wire_envelope *e, const struct wire_setl *how) {
  const struct plan *plan = &bill->plan;
  const struct bill_total *total = &bill->totals[how->settlement];
  const struct institution *institution = &bill->region->institutions[plan->institution];
  const struct person_facts person = region_person(bill->region, plan->person);
  const bool quoted = institution->quoted_numbers;
  const bool stay = plan->kind == BILL_STAY;
  const bool interim = bill->settlements == 2 && how->settlement == 0;
  const int64_t sign = how->refund_row ? -1 : 1;
  envelope(out, bill->region, plan, e, true);
  TEXT_LITERAL(out, "\"setlinfo\":{\"setl_id\":\"");
  bill_write_setl_id(out, plan, how->settlement + (how->refund_row ? 5 : 0));
  if (how->refund_row) {
    TEXT_LITERAL(out, "\",\"init_setl_id\":\"");
    bill_write_setl_id(out, plan, how->settlement);
  }
  TEXT_LITERAL(out, "\",\"mdtrt_id\":\"");
  bill_write_mdtrt_id(out, plan);
  text_format(out, "\",\"medins_setl_id\":\"%s%llu", stay ? "ZY" : "MZ",
              (unsigned long long)plan->number * 2 + how->settlement);
  TEXT_LITERAL(out, "\",\"psn_no\":\"");
  region_write_person(out, bill->region, plan->person);
  TEXT_LITERAL(out, "\",\"gend\":\"");
  text_byte(out, plan->disease != NULL && plan->disease->code[0] == 'O' ? '2' : person.gend);
  TEXT_LITERAL(out, "\",\"brdy\":\"");
  date_write_day(out, person.brdy);
  TEXT_LITERAL(out, "\",");
  text_field(out, "insutype", person.insutype);
  text_field(out, "psn_type", person.insutype[1] == '1' ? "11" : "15");
  text_field(out, "med_type", plan->med_type);
  text_field(out, "hosp_lv", institution->hosp_lv);
  time_field(out, SLICE("\"setl_time\":\""), total->setl_time_s);
  amount(out, SLICE("\"medfee_sumamt\":"), sign * total->medfee, quoted);
  amount(out, SLICE(",\"fulamt_ownpay_amt\":"), sign * total->ownpay, quoted);
  amount(out, SLICE(",\"overlmt_selfpay\":"), sign * total->overlmt, quoted);
  amount(out, SLICE(",\"preselfpay_amt\":"), sign * total->preself, quoted);
  amount(out, SLICE(",\"inscp_scp_amt\":"), sign * total->inscp, quoted);
  amount(out, SLICE(",\"act_pay_dedc\":"), sign * total->deductible, quoted);
  amount(out, SLICE(",\"hifp_pay\":"), sign * total->fund, quoted);
  amount(out, SLICE(",\"fund_pay_sumamt\":"), sign * total->fund, quoted);
  amount(out, SLICE(",\"psn_part_amt\":"), sign * (total->medfee - total->fund), quoted);
  amount(out, SLICE(",\"hosp_part_amt\":"), 0, quoted);
  amount(out, SLICE(",\"acct_pay\":"), sign * total->account, quoted);
  amount(out, SLICE(",\"psn_cash_pay\":"), sign * (total->medfee - total->fund - total->account), quoted);
  const bool bed_day = (plan->features & PLAN_BED_DAY) != 0;
  text_format(out, ",\"hi_paymtd\":\"%s\",\"mid_setl_flag\":\"%c\",\"refd_setl_flag\":\"%c\",\"vali_flag\":\"%c\"",
              bed_day ? "5"
              : stay  ? "3"
                      : "1",
              interim ? '1' : '0', how->refund_row ? '1' : '0', how->void_row ? '0' : '1');
  if (how->split) text_format(out, ",\"fee_cnt\":%u", total->lines);
  if (how->twin) TEXT_LITERAL(out, ",\"clr_way\":\"2\"");
  TEXT_LITERAL(out, "},\"mdtrtinfo\":{");
  time_field(out, SLICE("\"begntime\":\""), plan->begin_s);
  if (!interim) time_field(out, SLICE("\"endtime\":\""), plan->end_s);
  if (stay) {
    text_field(out, "adm_dept_codg", departments[plan->department_in].code);
    text_field(out, "dscg_dept_codg", departments[plan->department_out].code);
    text_format(out, "\"wardarea_codg\":\"W%02u\",\"adm_bed\":\"%u\",",
                plan->department_in * 2u + (unsigned)(plan->number & 1), (unsigned)(plan->number % 46) + 1);
    if ((plan->features & PLAN_WAY_IN_LIST) == 0) text_field(out, "adm_way", admission_way(plan));
    if (!interim) text_field(out, "dscg_way", leaving_way(plan));
  }
  TEXT_LITERAL(out, "\"atddr_no\":\"");
  region_write_doctor(out, plan->institution, plan->department_in, (uint32_t)(plan->number % 6));
  TEXT_LITERAL(out, "\"},");
  write_diagnoses(out, plan->disease, stay ? person.chronic : UINT32_MAX);
  TEXT_LITERAL(out, ",\"oprninfo\":[");
  bool first = true;
  for (uint32_t n = 0; stay && n < bill->size; n++) {
    const struct product *product = &bill->region->catalogue.products[bill->lines[n].product];
    if (product->group != GROUP_OPERATION) continue;
    text_format(out,
                "%s{\"oprn_oprt_type\":\"1\",\"oprn_oprt_name\":\"%s\",\"oprn_oprt_code\":\"47.0100\",\"oprn_oprt_date\":\"",
                first ? "" : ",", product->name);
    first = false;
    date_write_day(out, date_day(bill->lines[n].time_s));
    TEXT_LITERAL(out, "\"}");
  }
  TEXT_LITERAL(out, "],\"icuinfo\":[");
  if (bill->icu_days > 0) {
    TEXT_LITERAL(out, "{\"scs_cutd_ward_type\":\"1\",");
    time_field(out, SLICE("\"scs_cutd_inpool_time\":\""), plan->begin_s + 3600);
    time_field(out, SLICE("\"scs_cutd_exit_time\":\""), date_of_day(bill->begin_day + bill->icu_days) + 8 * 3600);
    text_format(out, "\"scs_cutd_sum_dura\":\"%d/0/0\"}", bill->icu_days);
  }
  text_byte(out, ']');
  if (!how->split && !how->refund_row) {
    text_byte(out, ',');
    write_lines(out, bill, how->settlement, 0, UINT32_MAX, false);
  }
  TEXT_LITERAL(out, "}}");
}

void wire_fee(struct text *out, const struct bill *bill, const struct wire_envelope *e, unsigned settlement, uint32_t from,
              uint32_t to) {
  envelope(out, bill->region, &bill->plan, e, true);
  write_lines(out, bill, settlement, from, to, true);
  TEXT_LITERAL(out, "}}");
}

void wire_setl_cancel(struct text *out, const struct region *region, const struct plan *plan, const struct wire_envelope *e,
                      unsigned settlement) {
  envelope(out, region, plan, e, true);
  TEXT_LITERAL(out, "\"setlinfo\":{\"setl_id\":\"");
  bill_write_setl_id(out, plan, settlement);
  TEXT_LITERAL(out, "\",\"mdtrt_id\":\"");
  bill_write_mdtrt_id(out, plan);
  TEXT_LITERAL(out, "\",\"psn_no\":\"");
  region_write_person(out, region, plan->person);
  TEXT_LITERAL(out, "\"}}}");
}

void wire_list(struct text *out, const struct bill *bill, const struct wire_envelope *e) {
  const struct plan *plan = &bill->plan;
  envelope(out, bill->region, plan, e, true);
  TEXT_LITERAL(out, "\"setlinfo\":{\"setl_id\":\"");
  bill_write_setl_id(out, plan, bill->settlements - 1);
  TEXT_LITERAL(out, "\",\"mdtrt_id\":\"");
  bill_write_mdtrt_id(out, plan);
  TEXT_LITERAL(out, "\",\"psn_no\":\"");
  region_write_person(out, bill->region, plan->person);
  text_format(out, "\",\"medcasno\":\"BA%llu\",\"hi_setl_lv\":\"%s\",\"ipt_med_type\":\"1\",",
              (unsigned long long)plan->number, bill->region->institutions[plan->institution].hosp_lv);
  text_field(out, "adm_way", admission_way(plan));
  text_field(out, "trt_type", "1");
  time_field(out, SLICE("\"adm_time\":\""), plan->begin_s);
  time_field(out, SLICE("\"dscg_time\":\""), plan->end_s);
  text_field(out, "adm_caty", departments[plan->department_in].code);
  text_field(out, "dscg_caty", departments[plan->department_out].code);
  text_field(out, "dscg_way", leaving_way(plan));
  const bool planned = (plan->features & PLAN_PLANNED) != 0;
  text_field(out, "days_rinp_flag_31", planned ? "2" : "1");
  if (planned) text_field(out, "days_rinp_pup_31", "择期二次手术");
  text_field(out, "hi_paymtd", (plan->features & PLAN_BED_DAY) != 0 ? "5" : "3");
  out->size--;
  TEXT_LITERAL(out, "},");
  write_diagnoses(out, plan->disease, UINT32_MAX);
  TEXT_LITERAL(out, "}}");
}

void wire_other(struct text *out, const struct region *region, const struct plan *plan, const struct wire_envelope *e) {
  const bool person = strcmp(e->msg_type, "INVENT") != 0;
  envelope(out, region, plan, e, person);
  if (strcmp(e->msg_type, "DISCH") == 0) TEXT_LITERAL(out, "\"dscginfo\":{");
  else if (person) TEXT_LITERAL(out, "\"mdtrtinfo\":{");
  else {
    const struct product *product = &region->catalogue.products[region->catalogue.first[GROUP_DRUG]];
    text_format(out, "\"invinfo\":{\"inv_type\":\"BUY\",\"med_list_codg\":\"%s\",\"purc_retn_cnt\":%u,\"finl_trns_pric\":",
                product->code, (unsigned)(e->sequence % 400) + 1);
    money_write_scaled(out, product->cap, MONEY_PRICE);
    text_format(out, ",\"fixmedins_bchno\":\"B%llu\"}}}", (unsigned long long)e->sequence);
    return;
  }
  TEXT_LITERAL(out, "\"mdtrt_id\":\"");
  bill_write_mdtrt_id(out, plan);
  TEXT_LITERAL(out, "\",\"psn_no\":\"");
  region_write_person(out, region, plan->person);
  TEXT_LITERAL(out, "\",");
  time_field(out, SLICE("\"begntime\":\""), plan->begin_s);
  text_field(out, "med_type", plan->med_type);
  text_field(out, "adm_dept_codg", departments[plan->department_in].code);
  TEXT_LITERAL(out, "\"insutype\":\"310\"}}}");
}

void wire_tick(struct text *out, const struct wire_envelope *e) {
  text_format(out,
              "{\"msg_id\":\"TICK%018llu\",\"msg_type\":\"TICK\",\"mdtrtarea_admvs\":\"620100\",\"fixmedins_code\":"
              "\"H62010000000\",",
              (unsigned long long)e->sequence);
  time_field(out, SLICE("\"event_time\":\""), e->event_time_s);
  time_field(out, SLICE("\"recv_time\":\""), e->recv_time_s);
  TEXT_LITERAL(out, "\"ver\":1,\"body\":{}}");
}
