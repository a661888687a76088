#include "producers/generate/region.h"

#include <assert.h>
#include <stdio.h>

#include "core/memory.h"
#include "record/date.h"

const struct department departments[] = {
    {"A20", "急诊医学科"},   {"A03.01", "呼吸内科"}, {"A03.02", "消化内科"}, {"A03.04", "神经内科"}, {"A03.05", "心血管内科"},
    {"A03.07", "肾病内科"},  {"A03.08", "内分泌科"}, {"A04.01", "普通外科"}, {"A04.03", "骨科"},     {"A04.04", "泌尿外科"},
    {"A05", "妇产科"},       {"A07", "儿科"},        {"A10", "眼科"},        {"A15", "精神科"},      {"A19", "肿瘤科"},
    {"A21", "康复医学科"},   {"A50", "中医科"},
};
const uint32_t departments_size = sizeof departments / sizeof *departments;

const struct disease diseases[] = {
    {"I10.x00", "特发性(原发性)高血压", 4}, {"E11.900", "2型糖尿病", 6},          {"I25.103", "冠状动脉粥样硬化性心脏病", 4},
    {"J44.900", "慢性阻塞性肺病", 1},       {"I63.900", "脑梗死", 3},             {"E78.500", "高脂血症", 6},
    {"N18.900", "慢性肾脏病", 5},           {"M81.900", "骨质疏松", 8},           {"G20.x00", "帕金森病", 3},
    {"N40.x00", "前列腺增生", 9},           {"B18.100", "慢性乙型病毒性肝炎", 2}, {"J45.900", "支气管哮喘", 1},
    {"J18.900", "肺炎", 1},                 {"J06.900", "急性上呼吸道感染", 1},   {"J20.900", "急性支气管炎", 1},
    {"K29.500", "慢性胃炎", 2},             {"K25.900", "胃溃疡", 2},             {"K35.900", "急性阑尾炎", 7},
    {"K80.200", "胆囊结石", 7},             {"K40.900", "腹股沟疝", 7},           {"N20.100", "输尿管结石", 9},
    {"S72.000", "股骨颈骨折", 8},           {"S52.500", "桡骨下端骨折", 8},       {"M51.202", "腰椎间盘突出", 8},
    {"I50.900", "心力衰竭", 4},             {"I48.x00", "心房颤动", 4},           {"G45.900", "短暂性脑缺血发作", 3},
    {"H25.900", "老年性白内障", 12},        {"A09.900", "胃肠炎", 2},             {"L30.900", "湿疹", 16},
    {"R42.x00", "头晕", 3},                 {"E04.900", "甲状腺结节", 6},
};
const uint32_t diseases_size = sizeof diseases / sizeof *diseases;
const uint8_t chronic_diseases[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
const uint32_t chronic_diseases_size = sizeof chronic_diseases;

const struct disease special_diseases[DISEASE_SPECIALS] = {
    [DISEASE_CHEMOTHERAPY] = {"Z51.103", "肿瘤化学治疗", 14}, [DISEASE_DIALYSIS] = {"Z49.100", "体外透析", 5},
    [DISEASE_PSYCHIATRIC] = {"F20.900", "精神分裂症", 13},    [DISEASE_REHABILITATION] = {"Z50.100", "康复治疗", 15},
    [DISEASE_OBSTETRIC] = {"O80.900", "单胎顺产", 10},        [DISEASE_PALLIATIVE] = {"Z51.500", "姑息医疗", 14},
    [DISEASE_NEWBORN] = {"P59.900", "新生儿黄疸", 11},
};

// The pattern repeats, so that any number of institutions has the same mix, and six already have every level.
static const enum level level_pattern[24] = {
    LEVEL_III,    LEVEL_PHARMACY, LEVEL_II,       LEVEL_CLINIC, LEVEL_I,        LEVEL_PHARMACY, LEVEL_II,     LEVEL_PHARMACY,
    LEVEL_CLINIC, LEVEL_I,        LEVEL_PHARMACY, LEVEL_III,    LEVEL_CLINIC,   LEVEL_PHARMACY, LEVEL_II,     LEVEL_I,
    LEVEL_CLINIC, LEVEL_PHARMACY, LEVEL_II,       LEVEL_CLINIC, LEVEL_PHARMACY, LEVEL_I,        LEVEL_CLINIC, LEVEL_PHARMACY,
};

void region_init(struct region *region, uint64_t seed, uint32_t institutions, uint32_t people) {
  assert(institutions >= REGION_INSTITUTIONS_MIN && institutions <= REGION_INSTITUTIONS_MAX);
  static const char *const level_codes[LEVEL_COUNT] = {"02", "05", "08", "11", "11"};
  *region = (struct region){.seed = seed, .institutions_size = institutions, .people_size = people};
  catalogue_init(&region->catalogue);
  region->institutions = memory_take(institutions * sizeof *region->institutions);
  region->people = memory_take(people * sizeof *region->people);
  for (unsigned level = 0; level < LEVEL_COUNT; level++)
    region->by_level[level] = memory_take(institutions * sizeof(uint32_t));
  for (uint32_t n = 0; n < institutions; n++) {
    struct institution *institution = &region->institutions[n];
    institution->level = level_pattern[n % 24];
    institution->hosp_lv = level_codes[institution->level];
    institution->quoted_numbers = n % 5 == 4;
    snprintf(institution->code, sizeof institution->code, "%c620100%05u", institution->level == LEVEL_PHARMACY ? 'P' : 'H',
             (n + 1) % 100000);
    region->by_level[institution->level][region->by_level_size[institution->level]++] = n;
  }
  for (uint32_t n = 0; n < people; n++) region->people[n] = (struct person){INT32_MIN, INT32_MIN};
}

void region_fini(struct region *region) {
  memory_free(region->institutions);
  memory_free(region->people);
  for (unsigned level = 0; level < LEVEL_COUNT; level++) memory_free(region->by_level[level]);
  *region = (struct region){0};
}

void region_write_person(struct text *out, const struct region *region, uint32_t person) {
  uint64_t state = region->seed ^ ((uint64_t)person << 20);
  const uint64_t bits[2] = {random_mix(&state) ^ person, random_mix(&state)};
  TEXT_LITERAL(out, "p_");
  text_hex(out, bits, sizeof bits);
}

void region_write_doctor(struct text *out, uint32_t institution, uint32_t department, uint32_t number) {
  TEXT_LITERAL(out, "D620100");
  char *to = text_reserve(out, 9);
  uint32_t value = (institution + 1) % 100000 * 10000 + department * 100 + number;
  for (int n = 8; n >= 0; n--, value /= 10) to[n] = (char)('0' + value % 10);
  out->size += 9;
}

struct person_facts region_person(const struct region *region, uint32_t person) {
  struct random random;
  random_init(&random, region->seed, 'P', person);
  struct person_facts facts = {0};
  facts.gend = random_chance(&random, 500) ? '1' : '2';
  facts.insutype = random_chance(&random, 400) ? "310" : "390";
  const int year = random_chance(&random, 450) ? random_between(&random, 1936, 1966) : random_between(&random, 1967, 2019);
  facts.brdy = date_from_civil(year, random_between(&random, 1, 12), random_between(&random, 1, 28));
  facts.insured_in = random_chance(&random, 60) ? "622900" : "620100";
  facts.chronic = chronic_diseases[random_below(&random, chronic_diseases_size)];
  return facts;
}

uint32_t region_pick(const struct region *region, enum level level, struct random *random) {
  assert(region->by_level_size[level] > 0);
  return region->by_level[level][random_below(random, region->by_level_size[level])];
}

uint32_t region_pick_hospital(const struct region *region, struct random *random, uint32_t other_than) {
  uint32_t institution = UINT32_MAX;
  while (institution == UINT32_MAX || institution == other_than) {
    const uint32_t share = random_below(random, 100);
    const enum level level = share < 45 ? LEVEL_III : share < 85 ? LEVEL_II : LEVEL_I;
    institution = region_pick(region, level, random);
  }
  return institution;
}
