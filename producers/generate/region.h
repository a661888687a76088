// The synthetic region: institutions of every level with departments and doctors, diseases, and the people.
//
// Everything about a person or a doctor follows from the seed and a number, so only what changes is kept: from which day on
// a person can be admitted again. Region code 620100; all institutions, persons and numbers are invented. Read-only after
// region_init but for `people`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "core/text.h"
#include "producers/generate/catalogue.h"

struct institution {
  char code[16];          // H or P and 11 digits
  enum level level;
  const char *hosp_lv;    // national code of the level
  bool quoted_numbers;    // its system sends numbers as strings
};

struct department {
  const char *code, *name;
};

struct disease {
  const char *code, *name;
  uint8_t department;
};

// Diseases of ordinary courses, then the special ones that lawful exceptions rest on.
enum special_disease {
  DISEASE_CHEMOTHERAPY,
  DISEASE_DIALYSIS,
  DISEASE_PSYCHIATRIC,
  DISEASE_REHABILITATION,
  DISEASE_OBSTETRIC,
  DISEASE_PALLIATIVE,
  DISEASE_NEWBORN,
  DISEASE_SPECIALS
};

struct person {
  int32_t free_from;    // first day on which an ordinary admission keeps clear of every stay before
  int32_t inside_until; // in hospital up to this day
};

struct region {
  uint64_t seed;
  struct catalogue catalogue;
  struct institution *institutions;
  uint32_t institutions_size;
  uint32_t *by_level[LEVEL_COUNT];    // numbers of institutions
  uint32_t by_level_size[LEVEL_COUNT];
  struct person *people;
  uint32_t people_size;
};

extern const struct department departments[];
extern const uint32_t departments_size;
extern const struct disease diseases[];        // ordinary ones
extern const uint32_t diseases_size;
extern const struct disease special_diseases[DISEASE_SPECIALS];
extern const uint8_t chronic_diseases[];       // numbers into diseases[]
extern const uint32_t chronic_diseases_size;

// institutions at least REGION_INSTITUTIONS_MIN, so that there are two hospitals, a clinic and a pharmacy.
enum { REGION_INSTITUTIONS_MIN = 6, REGION_INSTITUTIONS_MAX = 99999, REGION_DEPARTMENT_EMERGENCY = 0 };
void region_init(struct region *region, uint64_t seed, uint32_t institutions, uint32_t people);
void region_fini(struct region *region);

void region_write_person(struct text *out, const struct region *region, uint32_t person);    // p_ and 32 hex digits
void region_write_doctor(struct text *out, uint32_t institution, uint32_t department, uint32_t number);
struct person_facts {
  char gend;               // '1' male, '2' female
  const char *insutype;
  int32_t brdy;
  const char *insured_in;  // region of insurance
  uint8_t chronic;         // number into diseases[]
};
struct person_facts region_person(const struct region *region, uint32_t person);
// A hospital (levels III to I), not `other_than`.
uint32_t region_pick_hospital(const struct region *region, struct random *random, uint32_t other_than);
uint32_t region_pick(const struct region *region, enum level level, struct random *random);
