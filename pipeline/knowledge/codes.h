// The site's code tables: raw national or local codes to our own stable symbols (codes.md).
//
// rules.d/codes/NAME.yaml: `codes:`, a list of {code, name, maps_to, effective_from?, effective_to?}, and source, version,
// note; med_type.yaml also has `groups:` (INPATIENT_STAY, INPATIENT_REVIEW, any other group: a list of visit symbols or earlier
// groups). Rules name symbols, never raw codes. An
// unknown code maps to symbol 0 (OTHER, or unknown), is counted, and makes the rules that depend on it not evaluable.
// med_chrgitm_type: exact code first, then the first two characters. Read-only after load.
#pragma once

#include <stdint.h>

#include "config/diagnostics.h"
#include "core/arena.h"
#include "core/slice.h"

#define VISIT_SYMBOLS(X)                                                                                          \
  X(OTHER) X(OUTP) X(OUTP_REG) X(EMERG) X(EMERG_RESCUE) X(CHRONIC) X(SPEC_DRUG) X(INP) X(INP_EMERG) X(INP_TRAUMA)  \
  X(INP_REFER) X(INP_SINGLE) X(INP_DAY) X(INP_BEDDAY) X(PHARM) X(MAT_OUT) X(MAT_INP) X(HOME_BED) X(OUTP_TRAUMA)
enum visit_symbol {
#define X(name) VISIT_##name,
  VISIT_SYMBOLS(X)
#undef X
      VISIT_SYMBOL_COUNT
};

#define FEE_SYMBOLS(X)                                                                                       \
  X(UNKNOWN) X(BED) X(CONSULT) X(EXAM) X(LAB) X(TREAT) X(OPER) X(NURSE) X(MATERIAL) X(DRUG_W) X(DRUG_H) X(DRUG_P) \
  X(REG) X(OTHER)
enum fee_symbol {
#define X(name) FEE_##name,
  FEE_SYMBOLS(X)
#undef X
      FEE_SYMBOL_COUNT
};

#define ADMISSION_SYMBOLS(X) X(UNKNOWN) X(EMERGENCY) X(OUTPATIENT) X(TRANSFERRED) X(OTHER)
enum admission_symbol {
#define X(name) ADMISSION_##name,
  ADMISSION_SYMBOLS(X)
#undef X
      ADMISSION_SYMBOL_COUNT
};

#define DISCHARGE_SYMBOLS(X) X(UNKNOWN) X(BY_ORDER) X(TRANSFER) X(TO_COMMUNITY) X(AGAINST_ADVICE) X(DEATH) X(OTHER)
enum discharge_symbol {
#define X(name) DISCHARGE_##name,
  DISCHARGE_SYMBOLS(X)
#undef X
      DISCHARGE_SYMBOL_COUNT
};

#define PLAN_SYMBOLS(X) X(UNKNOWN) X(PLANNED) X(NOT_PLANNED)
enum plan_symbol {
#define X(name) PLAN_##name,
  PLAN_SYMBOLS(X)
#undef X
      PLAN_SYMBOL_COUNT
};

enum code_table { CODES_MED_TYPE, CODES_FEE, CODES_ADM_WAY, CODES_DSCG_WAY, CODES_READMISSION_PLAN, CODE_TABLE_COUNT };
// File names under codes/, and the words of each table's symbols.
extern const char *const code_table_files[CODE_TABLE_COUNT];    // med_type, med_chrgitm_type, adm_way, dscg_way, days_rinp_flag_31
const char *code_symbol_name(enum code_table table, unsigned symbol);
int code_symbol_find(enum code_table table, struct slice name);    // -1: none

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
