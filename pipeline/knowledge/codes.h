// The site's code tables: raw national or local codes to our own stable symbols (codes.md).
//
// rules.d/codes/NAME.yaml: `codes:`, a list of {code, name, maps_to, effective_from?, effective_to?}, and source, version,
// note; med_type.yaml also has `groups:` (INPATIENT_STAY, INPATIENT_REVIEW, any other group: a list of visit symbols or earlier
// groups). Rules name symbols, never raw codes. An
// unknown code maps to symbol 0 (OTHER, or unknown), is counted, and makes the rules that depend on it not evaluable.
// med_chrgitm_type: exact code first, then the first two characters. Read-only after load.
#pragma once

#include <stdint.h>

#include "config/form.h"
#include "core/arena.h"
#include "core/slice.h"

#define VISIT_SYMBOLS(X) \
  X(OTHER, "其他") X(OUTP, "普通门诊") X(OUTP_REG, "门诊挂号") X(EMERG, "急诊") X(EMERG_RESCUE, "急诊抢救") \
  X(CHRONIC, "门诊慢特病") X(SPEC_DRUG, "特药") X(INP, "普通住院") X(INP_EMERG, "急诊住院") X(INP_TRAUMA, "外伤住院") \
  X(INP_REFER, "转外诊治住院") X(INP_SINGLE, "单病种住院") X(INP_DAY, "日间手术") X(INP_BEDDAY, "床日付费住院") X(PHARM, "药店购药") \
  X(MAT_OUT, "生育门诊") X(MAT_INP, "生育住院") X(HOME_BED, "家庭病床") X(OUTP_TRAUMA, "门诊外伤")
enum visit_symbol {
#define X(name, zh) VISIT_##name,
  VISIT_SYMBOLS(X)
#undef X
      VISIT_SYMBOL_COUNT
};

#define FEE_SYMBOLS(X) \
  X(UNKNOWN, "未知") X(BED, "床位费") X(CONSULT, "诊察费") X(EXAM, "检查费") X(LAB, "化验费") X(TREAT, "治疗费") X(OPER, "手术费") \
  X(NURSE, "护理费") X(MATERIAL, "材料费") X(DRUG_W, "西药费") X(DRUG_H, "中药饮片费") X(DRUG_P, "中成药费") X(REG, "挂号费") \
  X(OTHER, "其他费")
enum fee_symbol {
#define X(name, zh) FEE_##name,
  FEE_SYMBOLS(X)
#undef X
      FEE_SYMBOL_COUNT
};

#define ADMISSION_SYMBOLS(X) \
  X(UNKNOWN, "未知") X(EMERGENCY, "急诊") X(OUTPATIENT, "门诊") X(TRANSFERRED, "其他医疗机构转入") X(OTHER, "其他")
enum admission_symbol {
#define X(name, zh) ADMISSION_##name,
  ADMISSION_SYMBOLS(X)
#undef X
      ADMISSION_SYMBOL_COUNT
};

#define DISCHARGE_SYMBOLS(X) \
  X(UNKNOWN, "未知") X(BY_ORDER, "医嘱离院") X(TRANSFER, "医嘱转院") X(TO_COMMUNITY, "医嘱转社区或乡镇卫生院") \
  X(AGAINST_ADVICE, "非医嘱离院") X(DEATH, "死亡") X(OTHER, "其他")
enum discharge_symbol {
#define X(name, zh) DISCHARGE_##name,
  DISCHARGE_SYMBOLS(X)
#undef X
      DISCHARGE_SYMBOL_COUNT
};

#define PLAN_SYMBOLS(X) \
  X(UNKNOWN, "未知") X(PLANNED, "有计划") X(NOT_PLANNED, "无计划")
enum plan_symbol {
#define X(name, zh) PLAN_##name,
  PLAN_SYMBOLS(X)
#undef X
      PLAN_SYMBOL_COUNT
};

enum code_table { CODES_MED_TYPE, CODES_FEE, CODES_ADM_WAY, CODES_DSCG_WAY, CODES_READMISSION_PLAN, CODE_TABLE_COUNT };
// File names under codes/, and the words of each table's symbols.
extern const char *const code_table_files[CODE_TABLE_COUNT];    // med_type, med_chrgitm_type, adm_way, dscg_way, days_rinp_flag_31
const char *code_symbol_name(enum code_table table, unsigned symbol);
const char *code_symbol_zh(enum code_table table, unsigned symbol);
unsigned code_symbols(enum code_table table);                   // how many, symbol 0 included
int code_symbol_find(enum code_table table, struct slice name);    // -1: none

// The form of such a file.
extern const struct form codes_form;

struct codes;
// Loads all five tables of folder. NULL and diagnostics when one is missing or bad. Lives in the arena.
struct codes *codes_load(struct arena *arena, const char *folder, struct diagnostics *diagnostics);
// The symbol of a raw code on a day; 0 when unknown or absent. Hot path: no allocation.
unsigned codes_symbol(const struct codes *codes, enum code_table table, struct slice raw, int32_t day);
// A group of visit symbols as a bit set; 0 when there is no such group.
uint32_t codes_group(const struct codes *codes, const char *name);
const char *const *codes_groups(const struct codes *codes, size_t *size);
// Every entry of a table, in no particular order; to INT32_MAX, from INT32_MIN: open.
struct codes_entry {
  struct slice code;
  int32_t from_day, to_day;
  unsigned symbol;
};
void codes_each(const struct codes *codes, enum code_table table, void (*each)(void *context, const struct codes_entry *entry), void *context);
// 16 bytes over the canonical content.
const unsigned char *codes_digest(const struct codes *codes);
