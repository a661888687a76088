#include "rules/operand.h"

#include "core/memory.h"
#include "rules/condition.h"

static struct value text_value(struct slice s) {
  return s.size > 0 ? (struct value){.type = VALUE_TEXT, .text = s} : (struct value){0};
}
static struct value time_value(int64_t time_s) {
  return time_s != DATE_ABSENT ? (struct value){.type = VALUE_TIME, .number = time_s} : (struct value){0};
}
// Symbol 0 of every code table means that the code is absent or unknown.
static struct value symbol_value(enum code_table table, unsigned symbol) {
  if (symbol == 0) return (struct value){0};
  return (struct value){.type = VALUE_TEXT, .number = symbol, .text = slice_from(code_symbol_name(table, symbol))};
}
static struct value truth_value(enum truth truth) {
  return truth == TRUTH_UNKNOWN ? (struct value){0} : (struct value){.type = VALUE_BOOL, .number = truth == TRUTH_TRUE};
}

// Every getter has the same shape; few need all of it.
#define UNUSED __attribute__((unused))
#define GET(name)                                                                          \
  static struct value name(const struct judge_input *input UNUSED, struct visit *visit UNUSED, \
                           const struct visit *related UNUSED)

GET(get_psn_no) { return text_value(input->history->psn_no); }
GET(get_setl_id) {
  return text_value(visit->settlements_size > 0 ? visit->settlements[visit->settlements_size - 1].setl_id : SLICE_NONE);
}
GET(get_begntime) { return time_value(visit->begntime_s); }
GET(get_endtime) { return time_value(visit->endtime_s); }
GET(get_setl_time) { return time_value(visit->settled_s); }
GET(get_icu_time) { return time_value(visit->icu_in_first_s); }
GET(get_brdy) {
  return visit->brdy_day != INT32_MIN ? (struct value){.type = VALUE_DAY, .number = visit->brdy_day} : (struct value){0};
}
GET(get_visit) { return symbol_value(CODES_MED_TYPE, visit->symbol); }
GET(get_admission_way) { return symbol_value(CODES_ADM_WAY, visit->admission_way); }
GET(get_discharge_way) { return symbol_value(CODES_DSCG_WAY, visit->discharge_way); }
GET(get_readmission_plan) { return symbol_value(CODES_READMISSION_PLAN, visit->readmission_plan); }
GET(get_dx3) { return text_value(view_dx3(visit)); }
GET(get_diagnoses) { return text_value(visit->diagnoses_size > 0 ? visit->diagnoses[0] : SLICE_NONE); }
GET(get_payable_days) {
  const int32_t days = view_payable_days(input->history, visit);
  return days > 0 ? (struct value){.type = VALUE_INT, .number = days} : (struct value){0};
}
GET(get_medfee) {
  int64_t fen = 0;
  for (uint32_t i = 0; i < visit->settlements_size; i++) fen += visit->settlements[i].medfee_fen;
  return (struct value){.type = VALUE_FEN, .number = fen};
}
GET(get_fund) {
  int64_t fen = 0;
  for (uint32_t i = 0; i < visit->settlements_size; i++) fen += visit->settlements[i].fund_fen;
  return (struct value){.type = VALUE_FEN, .number = fen};
}
GET(get_inscp) {
  view_items(visit);
  return (struct value){.type = VALUE_FEN, .number = visit->inscp_fen};
}

// Is a moment within 24 h after the begin? Both may be known by the day only, then each stands for its whole day.
static enum truth within_24h(const struct visit *visit, int64_t time_s, bool day_only) {
  const int64_t last = DATE_DAY_SECONDS - 1;
  const int64_t begin_first = visit->begntime_s, begin_last = begin_first + (visit->begntime_day_only ? last : 0);
  const int64_t time_last = time_s + (day_only ? last : 0);
  if (date_day(time_s) < date_day(begin_first) || time_last < begin_first) return TRUTH_FALSE;
  if (time_last - begin_first <= DATE_DAY_SECONDS) return TRUTH_TRUE;
  return time_s - begin_last > DATE_DAY_SECONDS ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

static enum truth truth_or(enum truth a, enum truth b) {
  if (a == TRUTH_TRUE || b == TRUTH_TRUE) return TRUTH_TRUE;
  return a == TRUTH_UNKNOWN || b == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

// A rescue visit of the person on the day of admission, an intensive-care entry or a rescue item within 24 h after it.
GET(get_rescue) {
  if (visit->begntime_s == DATE_ABSENT) return (struct value){0};
  const int32_t begin_day = date_day(visit->begntime_s);
  enum truth found = TRUTH_FALSE;
  for (uint32_t i = 0; i < input->history->size; i++) {
    const struct visit *other = &input->history->visits[i];
    if (other->symbol != VISIT_EMERG_RESCUE) continue;
    const int64_t time = other->begntime_s != DATE_ABSENT ? other->begntime_s : other->settled_s;
    if (time != DATE_ABSENT && date_day(time) == begin_day) return truth_value(TRUTH_TRUE);
  }
  if (visit->icu_in_first_s != DATE_ABSENT) found = within_24h(visit, visit->icu_in_first_s, false);
  if (visit->icu_in_stay_s != DATE_ABSENT) found = truth_or(found, within_24h(visit, visit->icu_in_stay_s, false));
  const struct table *table = input->ruleset->rescue_items;
  if (table != NULL && found != TRUTH_TRUE) {
    const struct item *items = view_items(visit);
    for (uint32_t i = 0; i < visit->items_size && found != TRUTH_TRUE; i++) {
      if (items[i].med_list_codg.size == 0) continue;
      const bool dated = items[i].time_s != DATE_ABSENT;
      const int32_t day = dated ? date_day(items[i].time_s) : begin_day;
      if (day < begin_day || day > begin_day + 2 || table_find_on(table, &items[i].med_list_codg, day) == UINT32_MAX)
        continue;
      found = truth_or(found, dated ? within_24h(visit, items[i].time_s, items[i].flags & ITEM_DAY_ONLY) : TRUTH_UNKNOWN);
    }
  }
  return truth_value(found);
}

// A stay in another institution that begins on or after the earlier stay's last day and ends on or before the later
// one's first.
GET(get_stay_between) {
  if (related == NULL || related->endtime_s == DATE_ABSENT || visit->begntime_s == DATE_ABSENT) return (struct value){0};
  const int32_t from = date_day(related->endtime_s), to = date_day(visit->begntime_s);
  enum truth found = TRUTH_FALSE;
  for (uint32_t i = 0; i < input->history->size && found != TRUTH_TRUE; i++) {
    const struct visit *other = &input->history->visits[i];
    if (!other->stay || other == visit || other == related || slice_equal(other->fixmedins_code, visit->fixmedins_code))
      continue;
    if (other->begntime_s == DATE_ABSENT) {
      found = TRUTH_UNKNOWN;
    } else if (date_day(other->begntime_s) >= from && date_day(other->begntime_s) <= to) {
      found = truth_or(found, other->endtime_s == DATE_ABSENT ? TRUTH_UNKNOWN : truth_of(date_day(other->endtime_s) <= to));
    }
  }
  return truth_value(found);
}

#define NAMES(name_) .previous = "previous." name_, .missing = "missing_" name_
#define ONLY(name_) .missing = "missing_" name_
#define ROW(name_, type_, unit_, source_, absent_, doc_, en_) .row = {name_, type_, unit_, source_, absent_, doc_, en_}
#define FIELD(name_, source_, doc_, en_)                                                                                  \
  {ROW(#name_, VALUE_TEXT, "", source_, "the field is empty", doc_, en_), NAMES(#name_), .codes = -1, .low = 1,           \
   .offset = offsetof(struct visit, name_)}
#define FREE .codes = -1, .offset = SIZE_MAX, .low = 1
#define SYMBOL(table_) .codes = (table_), .offset = SIZE_MAX, .low = 1

const struct operand operands[] = {
    {ROW("fixmedins_code", VALUE_TEXT, "", "fixmedins_code", "never", "定点医药机构编号", "institution"), NAMES("fixmedins_code"),
     .codes = -1, .low = 1, .offset = offsetof(struct visit, fixmedins_code), .names_somebody = true},
    {ROW("psn_no", VALUE_TEXT, "", "psn_no", "never", "人员编号（已去标识）", "person"), ONLY("psn_no"), FREE, .get = get_psn_no,
     .names_somebody = true},
    FIELD(mdtrt_id, "body.setlinfo.mdtrt_id", "就诊ID", "visit id"),
    {ROW("setl_id", VALUE_TEXT, "", "body.setlinfo.setl_id", "the visit has no settlement yet",
         "结算ID（中途结算时为最后一次）", "settlement id"),
     NAMES("setl_id"), FREE, .get = get_setl_id},
    FIELD(insutype, "body.setlinfo.insutype", "险种类型代码", "kind of insurance"),
    FIELD(med_type, "body.setlinfo.med_type", "医疗类别代码；规则中用 visit", "raw code of the kind of visit"),
    FIELD(hosp_lv, "body.setlinfo.hosp_lv", "医院等级代码", "hospital level"),
    FIELD(gend, "body.setlinfo.gend", "性别代码", "gender"),
    FIELD(hi_paymtd, "body.setlinfo.hi_paymtd", "医保支付方式代码", "payment method"),
    {ROW("brdy", VALUE_DAY, "", "body.setlinfo.brdy", "the field is empty or impossible", "出生日期", "date of birth"), NAMES("brdy"), FREE,
     .get = get_brdy},
    FIELD(insuplc_admdvs, "insuplc_admdvs", "参保地医保区划", "region of insurance"),
    FIELD(mdtrtarea_admvs, "mdtrtarea_admvs", "就医地医保区划", "region of care"),
    {ROW("region", VALUE_TEXT, "", "mdtrtarea_admvs", "the field is empty", "就医地医保区划，用于查参数表", "region"), NAMES("region"),
     .codes = -1, .low = 1, .offset = offsetof(struct visit, mdtrtarea_admvs)},
    FIELD(adm_dept_codg, "body.mdtrtinfo.adm_dept_codg", "入院科室编码", "department entered"),
    FIELD(dscg_dept_codg, "body.mdtrtinfo.dscg_dept_codg", "出院科室编码", "department left"),
    FIELD(wardarea_codg, "body.mdtrtinfo.wardarea_codg", "病区编码", "ward"),
    {ROW("atddr_no", VALUE_TEXT, "", "body.mdtrtinfo.atddr_no", "the field is empty", "主治医师编码", "attending doctor"), NAMES("atddr_no"),
     .codes = -1, .low = 1, .offset = offsetof(struct visit, atddr_no), .names_somebody = true},
    {ROW("begntime", VALUE_TIME, "", "body.mdtrtinfo.begntime", "the field is empty or impossible", "开始时间（入院时间）", "begin"),
     NAMES("begntime"), FREE, .get = get_begntime},
    {ROW("endtime", VALUE_TIME, "", "body.mdtrtinfo.endtime", "the stay is open, or the field is empty or impossible",
         "结束时间（出院时间）", "end"),
     NAMES("endtime"), FREE, .get = get_endtime},
    {ROW("setl_time", VALUE_TIME, "", "body.setlinfo.setl_time", "the visit has no settlement yet", "结算时间（最后一次）", "time of settlement"),
     NAMES("setl_time"), FREE, .get = get_setl_time},
    {ROW("icu_in_time", VALUE_TIME, "", "body.icuinfo[].scs_cutd_inpool_time", "no intensive care is reported",
         "首次进入重症监护的时间", "first entry to intensive care"),
     NAMES("icu_in_time"), FREE, .get = get_icu_time},
    {ROW("medfee_sumamt", VALUE_FEN, "yuan", "body.setlinfo.medfee_sumamt", "never: the sum over the visit's settlements",
         "医疗费总额（各次结算合计）", "total fees"),
     NAMES("medfee_sumamt"), FREE, .get = get_medfee},
    {ROW("fund_pay_sumamt", VALUE_FEN, "yuan", "body.setlinfo.fund_pay_sumamt",
         "never: the sum over the visit's settlements", "基金支付总额（各次结算合计）", "fund payment"),
     NAMES("fund_pay_sumamt"), FREE, .get = get_fund},
    {ROW("inscp_scp_amt", VALUE_FEN, "yuan", "body.feedetail[].inscp_scp_amt", "never: the net sum over the visit's lines",
         "符合政策范围金额（退费后明细合计）", "in-scope amount"),
     NAMES("inscp_scp_amt"), FREE, .get = get_inscp},
    {ROW("visit", VALUE_TEXT, "symbol", "body.setlinfo.med_type", "med_type is empty or not in codes/med_type.yaml",
         "就诊类别符号", "kind of visit"),
     NAMES("visit"), SYMBOL(CODES_MED_TYPE), .get = get_visit},
    {ROW("admission_way", VALUE_TEXT, "symbol", "body.mdtrtinfo.adm_way",
         "adm_way came neither with the settlement nor with its list", "入院途径符号", "way of admission"),
     NAMES("admission_way"), SYMBOL(CODES_ADM_WAY), .get = get_admission_way},
    {ROW("discharge_way", VALUE_TEXT, "symbol", "body.mdtrtinfo.dscg_way", "dscg_way is empty or not in codes/dscg_way.yaml",
         "离院方式符号", "way of leaving"),
     NAMES("discharge_way"), SYMBOL(CODES_DSCG_WAY), .get = get_discharge_way},
    {ROW("readmission_plan", VALUE_TEXT, "symbol", "body.setlinfo.days_rinp_flag_31",
         "the list has not come, or the site maps the value to nothing", "出院31天内再住院计划符号（该次住院清单所载）", "readmission plan"),
     NAMES("readmission_plan"), SYMBOL(CODES_READMISSION_PLAN), .get = get_readmission_plan},
    {ROW("main_diagnosis", VALUE_TEXT, "", "body.diseinfo[].diag_code", "no main diagnosis is given", "主诊断编码", "main diagnosis"),
     NAMES("main_diagnosis"), .codes = -1, .low = 1, .offset = offsetof(struct visit, main_diagnosis)},
    {ROW("dx3", VALUE_TEXT, "", "body.diseinfo[].diag_code", "no main diagnosis is given", "主诊断前三位", "main diagnosis group"), NAMES("dx3"),
     FREE, .get = get_dx3},
    {ROW("diagnoses", VALUE_TEXT, "", "body.diseinfo[].diag_code", "no diagnosis is given", "全部诊断编码，任一符合即可", "any diagnosis"),
     NAMES("diagnoses"), FREE, .get = get_diagnoses, .many = true},
    {ROW("payable_days", VALUE_INT, "days", "derived: begntime, endtime", "begntime is absent or endtime lies before it",
         "应计床日（计入不计出，当日出入院计1日）", "payable bed days"),
     NAMES("payable_days"), .codes = -1, .offset = SIZE_MAX, .get = get_payable_days, .low = 1, .high = 200000},
    {ROW("rescue_within_24h", VALUE_BOOL, "", "derived: table rescue_items, icuinfo, EMERG_RESCUE visits",
         "begntime is absent, or only days are known and they do not decide", "入院24小时内有抢救", "rescue within 24 hours of admission"),
     NAMES("rescue_within_24h"), FREE, .get = get_rescue, .others = true, .table = "rescue_items"},
    {ROW("stay_elsewhere_between", VALUE_BOOL, "", "derived: the person's stays",
         "there is no earlier stay, or its end is absent", "两次住院之间在其他机构住院", "stay elsewhere between the two"),
     ONLY("stay_elsewhere_between"), FREE, .get = get_stay_between, .others = true, .pair = true},
};
const size_t operands_size = sizeof operands / sizeof operands[0];

const unsigned operand_symbols[CODE_TABLE_COUNT] = {[CODES_MED_TYPE] = VISIT_SYMBOL_COUNT,
                                                    [CODES_FEE] = FEE_SYMBOL_COUNT,
                                                    [CODES_ADM_WAY] = ADMISSION_SYMBOL_COUNT,
                                                    [CODES_DSCG_WAY] = DISCHARGE_SYMBOL_COUNT,
                                                    [CODES_READMISSION_PLAN] = PLAN_SYMBOL_COUNT};
_Static_assert((int)VISIT_SYMBOL_COUNT <= 32 && (int)FEE_SYMBOL_COUNT <= 32, "symbols are bits of 32");

const struct operand *operand_of(int number) {
  return number < 0 || (number & OPERAND_KIND) ? NULL : &operands[number & OPERAND_ROW];
}

int operand_find(const struct kind *kind, struct slice name) {
  for (size_t i = 0; i < operands_size; i++) {
    if (slice_equal(name, slice_from(operands[i].row.name))) return (int)i;
    if (operands[i].previous != NULL && slice_equal(name, slice_from(operands[i].previous)))
      return (int)i | OPERAND_PREVIOUS;
  }
  for (size_t i = 0; kind != NULL && i < kind->operands_size; i++)
    if (slice_equal(name, slice_from(kind->operands[i].name))) return (int)i | OPERAND_KIND;
  return OPERAND_NONE;
}

const struct operand_row *operand_row(const struct kind *kind, int number) {
  return number & OPERAND_KIND ? &kind->operands[number & OPERAND_ROW] : &operands[number & OPERAND_ROW].row;
}

const char *operand_text(const struct kind *kind, int number) {
  return number & OPERAND_PREVIOUS ? operands[number & OPERAND_ROW].previous : operand_row(kind, number)->name;
}

const char *operand_nearest(const struct kind *kind, struct slice name) {
  const size_t size = operands_size * 2 + (kind != NULL ? kind->operands_size : 0);
  const char **names = memory_take(size * sizeof *names);
  size_t n = 0;
  for (size_t i = 0; i < operands_size; i++) {
    names[n++] = operands[i].row.name;
    if (operands[i].previous != NULL) names[n++] = operands[i].previous;
  }
  for (size_t i = 0; kind != NULL && i < kind->operands_size; i++) names[n++] = kind->operands[i].name;
  const char *nearest = diagnostics_nearest(name, names, n);
  memory_free(names);
  return nearest;
}

int operand_codes(int number) {
  const struct operand *operand = operand_of(number);
  return operand != NULL ? operand->codes : -1;
}

const struct slice *operand_values(int number, const struct visit *visit, uint32_t *size) {
  const struct operand *operand = operand_of(number);
  if (operand == NULL || !operand->many || visit == NULL) return *size = 0, NULL;
  *size = visit->diagnoses_size;
  return visit->diagnoses;
}

bool operand_range(const struct rule *rule, int number, int64_t *low, int64_t *high) {
  if (number & OPERAND_KIND) {
    const struct kind *kind = rule->kind;
    return kind->operand_range != NULL && kind->operand_range(rule, (unsigned)(number & OPERAND_ROW), low, high);
  }
  const struct operand *operand = operand_of(number);
  if (operand->low > operand->high) return false;
  *low = operand->low;
  *high = operand->high;
  return true;
}

const char *operand_name(const struct rule *rule, int operand) { return operand_text(rule->kind, operand); }

struct value judge_operand(const struct rule *rule, int number, const struct judge_input *input,
                           const struct verdict *verdict) {
  if (number & OPERAND_KIND) return verdict->values[number & OPERAND_ROW];
  (void)rule;
  const struct operand *operand = &operands[number & OPERAND_ROW];
  struct visit *visit = number & OPERAND_PREVIOUS ? verdict->related : input->visit;
  if (visit == NULL) return (struct value){0};
  if (operand->offset != SIZE_MAX) {
    struct slice s;
    memcpy(&s, (const char *)visit + operand->offset, sizeof s);
    return text_value(s);
  }
  return operand->get(input, visit, number & OPERAND_PREVIOUS ? NULL : verdict->related);
}
