// What the synthetic region can bill: a national catalogue of drugs, services and materials, all invented but of the right
// shape.
//
// Western drugs have X codes of 23 characters, TCM patent drugs Z codes of 20, services 15 digits, materials 20, trace codes
// 20 digits whose first 7 name the product. The catalogue never depends on seed or dates of a run, so that its three tables
// can be shipped:
//   item_mapping       one hospital code of each hospital alternates between two makers on the change days, the others never
//   change procurement_price  the highest price of a drug or material; some caps are cut on the first change day
//   trace_product      which product a trace prefix belongs to; one prefix belongs to two codes, some drugs have no row
// Read-only after catalogue_init.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "core/text.h"
#include "producers/generate/random.h"

// Fee groups in the order of their products; each is a run of the product table.
enum group {
  GROUP_BED,
  GROUP_ICU_BED,
  GROUP_NURSE,
  GROUP_CONSULT,
  GROUP_LAB,
  GROUP_EXAM,
  GROUP_TREAT,
  GROUP_RESCUE,
  GROUP_OPERATION,
  GROUP_MATERIAL,
  GROUP_REGISTRATION,
  GROUP_OTHER,
  GROUP_DRUG,
  GROUP_PATENT,
  GROUP_HERB,
  GROUP_COUNT
};

enum level { LEVEL_III, LEVEL_II, LEVEL_I, LEVEL_CLINIC, LEVEL_PHARMACY, LEVEL_COUNT };

enum {
  CATALOGUE_PRODUCTS_MAX = 320,
  CATALOGUE_CHANGES = 52,
  CATALOGUE_CHANGE_DAYS = 28,
  CATALOGUE_TRACE_BYTES = 7,
  PRODUCT_NONE = 0xffff
};

struct product {
  char code[24];
  char name[60];
  enum group group;
  const char *fee;            // med_chrgitm_type
  int64_t cap;                // highest price, micro-yuan; services: the price
  int64_t cap_cut;            // cap from the cut day on; equal to cap when it is not cut
  uint16_t preself_permille;  // first self-pay; 1000: all of it is the patient's own
  uint16_t pack_days;         // days of supply of one pack; 0: not a drug to take home
  char trace[CATALOGUE_TRACE_BYTES + 1];    // prefix on the box, "" without one
  bool trace_known;           // the prefix stands in trace_product
  char wire[200];             // the constant part of its fee line
  uint8_t wire_size;
};

struct catalogue {
  struct product products[CATALOGUE_PRODUCTS_MAX];
  uint32_t size;
  uint16_t first[GROUP_COUNT + 1];                             // products[first[g]] .. products[first[g + 1] - 1]
  uint16_t stock[LEVEL_COUNT][GROUP_COUNT][128];               // what an institution of a level has, by group
  uint16_t stock_size[LEVEL_COUNT][GROUP_COUNT];
  int32_t first_change;    // a Monday of 2025; every fourth Monday the alternating code changes its maker
  int32_t cut_day;                                             // caps are cut
  uint16_t alternate[2];                                       // the two makers behind the alternating hospital code
  uint16_t shared[2];                                          // the trace prefix of the first belongs to both
  uint16_t unlisted;                                           // a drug without a row in trace_product
};

void catalogue_init(struct catalogue *catalogue);

static inline int32_t catalogue_change(const struct catalogue *catalogue, int number) {
  return catalogue->first_change + number * CATALOGUE_CHANGE_DAYS;
}
// The maker that the alternating code means on a day.
uint16_t catalogue_alternate(const struct catalogue *catalogue, int32_t day);
static inline int64_t catalogue_cap(const struct catalogue *catalogue, const struct product *product, int32_t day) {
  return day >= catalogue->cut_day ? product->cap_cut : product->cap;
}
// The institution's own code of a product; institution is its number in the region. PRODUCT_NONE: a code that no institution
// has filed.
void catalogue_write_hospital_code(struct text *out, const struct catalogue *catalogue, uint16_t product,
                                   uint32_t institution);
// A product of the group that institutions of the level have; PRODUCT_NONE when they have none.
uint16_t catalogue_pick(const struct catalogue *catalogue, enum level level, enum group group, struct random *random);
uint16_t catalogue_find(const struct catalogue *catalogue, struct slice code);

struct institution;
// The tables as CSV with a header line.
void catalogue_write_item_mapping(struct text *out, const struct catalogue *catalogue,
                                  const struct institution *institutions, uint32_t size);
void catalogue_write_procurement_price(struct text *out, const struct catalogue *catalogue);
void catalogue_write_trace_product(struct text *out, const struct catalogue *catalogue);
