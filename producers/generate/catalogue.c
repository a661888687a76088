#include "producers/generate/catalogue.h"

#include <assert.h>
#include <stdio.h>

#include "producers/generate/region.h"
#include "record/date.h"
#include "record/money.h"

// Chinese drug names that everybody uses; codes, makers, prices and packs are invented.
struct drug_row {
  const char *atc;    // WHO ATC, level 4
  const char *name;
  char form;          // A tablet, B injection, E capsule, N granules, X oral liquid
  int price_fen;
  int preself_permille;
  int pack_days;
};
static const struct drug_row drugs[] = {
    // The first is the alternating one, the second the one with the shared trace prefix, the third has no row in
    // trace_product.
    {"B01AC", "阿司匹林肠溶片", 'A', 1024, 0, 30},
    {"C10AA", "阿托伐他汀钙片", 'A', 1876, 100, 28},
    {"C08CA", "苯磺酸氨氯地平片", 'A', 912, 0, 28},
    {"C09AA", "马来酸依那普利片", 'A', 1435, 0, 30},
    {"C09CA", "缬沙坦胶囊", 'E', 1866, 0, 28},
    {"C07AB", "酒石酸美托洛尔片", 'A', 1120, 0, 30},
    {"C03CA", "呋塞米注射液", 'B', 186, 0, 0},
    {"C01DA", "单硝酸异山梨酯片", 'A', 1558, 0, 24},
    {"A10BA", "盐酸二甲双胍片", 'A', 1290, 0, 30},
    {"A10BB", "格列美脲片", 'A', 2133, 0, 30},
    {"A10AB", "门冬胰岛素注射液", 'B', 4210, 100, 30},
    {"A10BK", "达格列净片", 'A', 6144, 100, 14},
    {"A02BC", "奥美拉唑肠溶胶囊", 'E', 1388, 0, 14},
    {"A02BX", "铝碳酸镁咀嚼片", 'A', 1720, 100, 10},
    {"A03FA", "多潘立酮片", 'A', 1015, 0, 10},
    {"A07EC", "美沙拉嗪肠溶片", 'A', 5640, 100, 14},
    {"J01CA", "阿莫西林胶囊", 'E', 860, 0, 6},
    {"J01DD", "注射用头孢曲松钠", 'B', 1235, 0, 0},
    {"J01DC", "头孢呋辛酯片", 'A', 1644, 0, 6},
    {"J01MA", "左氧氟沙星注射液", 'B', 2280, 100, 0},
    {"J01FA", "阿奇霉素片", 'A', 1410, 0, 3},
    {"J05AH", "磷酸奥司他韦胶囊", 'E', 4466, 100, 5},
    {"R03AC", "硫酸沙丁胺醇雾化液", 'X', 2545, 0, 0},
    {"R03BA", "布地奈德混悬液", 'X', 1376, 100, 0},
    {"R05CB", "盐酸氨溴索注射液", 'B', 675, 0, 0},
    {"R06AX", "氯雷他定片", 'A', 1208, 0, 6},
    {"N02BE", "对乙酰氨基酚片", 'A', 620, 0, 4},
    {"M01AE", "布洛芬缓释胶囊", 'E', 1150, 0, 5},
    {"N06AB", "盐酸舍曲林片", 'A', 3322, 0, 14},
    {"N05AH", "奥氮平片", 'A', 2974, 0, 14},
    {"N03AG", "丙戊酸钠缓释片", 'A', 2460, 0, 15},
    {"N04BA", "多巴丝肼片", 'A', 3910, 0, 20},
    {"N06BX", "胞磷胆碱钠注射液", 'B', 540, 100, 0},
    {"B05BB", "氯化钠注射液", 'B', 312, 0, 0},
    {"B05CX", "葡萄糖注射液", 'B', 298, 0, 0},
    {"B05XA", "氯化钾注射液", 'B', 145, 0, 0},
    {"B01AB", "低分子肝素钠注射液", 'B', 3155, 100, 0},
    {"B01AX", "利伐沙班片", 'A', 2810, 100, 14},
    {"H02AB", "注射用甲泼尼龙琥珀酸钠", 'B', 2370, 0, 0},
    {"H03AA", "左甲状腺素钠片", 'A', 2490, 0, 25},
    {"L01BC", "卡培他滨片", 'A', 21644, 100, 14},
    {"L01XA", "注射用奥沙利铂", 'B', 18610, 100, 0},
    {"L04AD", "他克莫司胶囊", 'E', 25370, 100, 15},
    {"M05BA", "阿仑膦酸钠片", 'A', 3380, 0, 28},
    {"M03BX", "盐酸乙哌立松片", 'A', 1805, 100, 7},
    {"N01BB", "盐酸利多卡因注射液", 'B', 168, 0, 0},
    {"N02AX", "盐酸曲马多片", 'A', 1940, 0, 5},
    {"G04CB", "非那雄胺片", 'A', 3011, 0, 10},
    {"G04CA", "盐酸坦索罗辛缓释胶囊", 'E', 2765, 0, 10},
    {"S01AE", "左氧氟沙星滴眼液", 'X', 1520, 0, 7},
    {"A11CC", "骨化三醇软胶囊", 'E', 2233, 100, 10},
    {"B03BB", "叶酸片", 'A', 735, 0, 30},
    {"B03AA", "琥珀酸亚铁片", 'A', 1366, 0, 12},
    {"C02CA", "甲磺酸多沙唑嗪缓释片", 'A', 3720, 100, 10},
};
struct patent_row {
  const char *class_code;    // Z code: letter, two digits, three letters
  const char *name;
  int price_fen, preself_permille, pack_days;
};
static const struct patent_row patents[] = {
    {"A01AAA", "感冒清热颗粒", 1480, 0, 4},   {"A03BAB", "连花清瘟胶囊", 1395, 0, 4},   {"A04CAA", "急支糖浆", 1822, 100, 6},
    {"A06BAC", "香砂养胃丸", 1250, 0, 10},    {"A09DAA", "复方丹参滴丸", 2688, 0, 10},  {"A09DAF", "速效救心丸", 3390, 0, 20},
    {"A12GAA", "血塞通注射液", 2766, 100, 0}, {"A12GAH", "丹红注射液", 3125, 200, 0},   {"A15AAB", "六味地黄丸", 1730, 0, 15},
    {"B02AAA", "银黄颗粒", 1560, 0, 5},       {"C01CAB", "云南白药胶囊", 2580, 100, 5}, {"D03AAA", "活血止痛膏", 1975, 100, 7},
};
static const char *const herbs[] = {"黄芪", "当归", "甘草片", "茯苓", "白术", "川芎", "丹参", "陈皮"};

struct service_row {
  enum group group;
  const char *code;
  const char *name;
  const char *fee;
  int price_fen, preself_permille;
};
static const struct service_row services[] = {
    {GROUP_BED, "001109000010000", "普通病房床位费", "01", 4000, 0},
    {GROUP_BED, "001109000020000", "层流洁净病房床位费", "01", 9000, 0},
    {GROUP_BED, "001109000040000", "特殊防护病房床位费", "01", 6000, 0},
    {GROUP_ICU_BED, "001109000030000", "监护病房床位费", "01", 12000, 0},
    {GROUP_NURSE, "001201000030000", "Ⅰ级护理", "07", 2400, 0},
    {GROUP_NURSE, "001201000040000", "Ⅱ级护理", "07", 1400, 0},
    {GROUP_NURSE, "001201000050000", "Ⅲ级护理", "07", 800, 0},
    {GROUP_NURSE, "001201000090000", "精神病护理", "07", 1800, 0},
    {GROUP_CONSULT, "001102000050000", "住院诊查费", "02", 1800, 0},
    {GROUP_CONSULT, "001102000010000", "普通门诊诊查费", "02", 1200, 0},
    {GROUP_CONSULT, "001102000020000", "专家门诊诊查费", "02", 2500, 0},
    {GROUP_LAB, "002501010150000", "血细胞分析(五分类)", "04", 2000, 0},
    {GROUP_LAB, "002501020350000", "尿液分析", "04", 1000, 0},
    {GROUP_LAB, "002501030010000", "粪便常规", "04", 500, 0},
    {GROUP_LAB, "002503030010000", "血清总胆固醇测定", "04", 600, 0},
    {GROUP_LAB, "002503030020000", "血清甘油三酯测定", "04", 600, 0},
    {GROUP_LAB, "002503020010000", "葡萄糖测定", "04", 500, 0},
    {GROUP_LAB, "002503020040000", "糖化血红蛋白测定", "04", 5500, 0},
    {GROUP_LAB, "002503050070000", "血清丙氨酸氨基转移酶测定", "04", 600, 0},
    {GROUP_LAB, "002503050080000", "血清天门冬氨酸氨基转移酶测定", "04", 600, 0},
    {GROUP_LAB, "002503070010000", "尿素测定", "04", 600, 0},
    {GROUP_LAB, "002503070020000", "肌酐测定", "04", 600, 0},
    {GROUP_LAB, "002503040010000", "钾测定", "04", 500, 0},
    {GROUP_LAB, "002503040020000", "钠测定", "04", 500, 0},
    {GROUP_LAB, "002503060060000", "血清肌钙蛋白测定", "04", 7800, 0},
    {GROUP_LAB, "002502030200000", "血浆凝血酶原时间测定", "04", 2000, 0},
    {GROUP_LAB, "002502030650000", "血浆D-二聚体测定", "04", 6500, 0},
    {GROUP_LAB, "002504010310000", "C-反应蛋白测定", "04", 2500, 0},
    {GROUP_LAB, "002504030050000", "乙型肝炎表面抗原测定", "04", 1200, 0},
    {GROUP_LAB, "002505010210000", "一般细菌培养及鉴定", "04", 4500, 100},
    {GROUP_LAB, "002504040110000", "癌胚抗原测定", "04", 4200, 100},
    {GROUP_EXAM, "003107010010000", "常规心电图检查", "03", 2000, 0},
    {GROUP_EXAM, "002102000010000", "磁共振平扫", "03", 42000, 100},
    {GROUP_EXAM, "002103000010000", "X线计算机体层平扫", "03", 18000, 100},
    {GROUP_EXAM, "002101020150000", "数字化摄影", "03", 7000, 0},
    {GROUP_EXAM, "002203010010000", "彩色多普勒超声常规检查", "03", 11000, 100},
    {GROUP_EXAM, "002206000010000", "普通心脏超声检查", "03", 9500, 100},
    {GROUP_EXAM, "003109020050000", "电子胃十二指肠镜检查", "03", 16800, 100},
    {GROUP_EXAM, "003106010010000", "肺通气功能检查", "03", 6800, 100},
    {GROUP_EXAM, "003101000010000", "脑电图", "03", 5200, 0},
    {GROUP_TREAT, "001204000020000", "静脉注射", "05", 400, 0},
    {GROUP_TREAT, "001204000060000", "静脉输液", "05", 800, 0},
    {GROUP_TREAT, "001204000010000", "肌肉注射", "05", 250, 0},
    {GROUP_TREAT, "001203000010000", "氧气吸入", "05", 300, 0},
    {GROUP_TREAT, "001207000010000", "雾化吸入", "05", 900, 0},
    {GROUP_TREAT, "003107010220000", "心电监测", "05", 400, 0},
    {GROUP_TREAT, "003107010280000", "血氧饱和度监测", "05", 200, 0},
    {GROUP_TREAT, "001206000010000", "换药(大)", "05", 2600, 0},
    {GROUP_TREAT, "001206000030000", "换药(小)", "05", 1200, 0},
    {GROUP_TREAT, "003402000200000", "康复训练", "05", 3400, 100},
    {GROUP_TREAT, "003401000220000", "红外线治疗", "05", 1100, 0},
    {GROUP_TREAT, "004300000010000", "普通针刺", "05", 2200, 0},
    {GROUP_TREAT, "004500000010000", "推拿治疗", "05", 4000, 0},
    {GROUP_TREAT, "003110000010000", "血液透析", "05", 40000, 0},
    {GROUP_RESCUE, "001202000010000", "大抢救", "05", 15000, 0},
    {GROUP_OPERATION, "003310080010000", "阑尾切除术", "06", 92000, 0},
    {GROUP_OPERATION, "003310070030000", "胆囊切除术", "06", 138000, 0},
    {GROUP_OPERATION, "003310080200000", "腹股沟疝修补术", "06", 86000, 0},
    {GROUP_OPERATION, "003315050010000", "骨折切开复位内固定术", "06", 166000, 100},
    {GROUP_OPERATION, "003303010010000", "白内障超声乳化摘除术", "06", 152000, 100},
    {GROUP_OPERATION, "003202000010000", "冠状动脉造影术", "06", 268000, 100},
    {GROUP_MATERIAL, "C02010100100001000", "一次性使用输液器", "08", 320, 0},
    {GROUP_MATERIAL, "C02010200100002000", "一次性使用注射器", "08", 85, 0},
    {GROUP_MATERIAL, "C02010300100003000", "静脉留置针", "08", 1850, 100},
    {GROUP_MATERIAL, "C14030100100004000", "医用敷料", "08", 640, 0},
    {GROUP_MATERIAL, "C02020100100005000", "一次性导尿包", "08", 2950, 100},
    {GROUP_MATERIAL, "C03030100100006000", "吸氧管", "08", 420, 0},
    {GROUP_MATERIAL, "C07010100100007000", "金属接骨板", "08", 98000, 200},
    {GROUP_MATERIAL, "C05010100100008000", "人工晶体", "08", 72000, 200},
    {GROUP_MATERIAL, "C01010100100009000", "造影导管", "08", 36500, 200},
    {GROUP_MATERIAL, "C14040100100010000", "可吸收缝合线", "08", 4400, 100},
    {GROUP_REGISTRATION, "001101000010000", "挂号费", "13", 100, 0},
    {GROUP_OTHER, "001111000010000", "病房取暖费", "14", 600, 1000},
    {GROUP_OTHER, "001112000010000", "陪护椅使用费", "14", 500, 1000},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct product *add(struct catalogue *catalogue, enum group group, const char *name, const char *fee, int price_fen,
                           int preself_permille) {
  assert(catalogue->size < CATALOGUE_PRODUCTS_MAX);
  struct product *product = &catalogue->products[catalogue->size++];
  product->group = group;
  product->fee = fee;
  product->cap = product->cap_cut = (int64_t)price_fen * 10000;
  product->preself_permille = (uint16_t)preself_permille;
  const int size = snprintf(product->name, sizeof product->name, "%s", name);
  assert(size > 0 && (size_t)size < sizeof product->name);
  return product;
}

static void add_trace(struct catalogue *catalogue, struct product *product, bool known) {
  const unsigned number = (unsigned)(product - catalogue->products);
  snprintf(product->trace, sizeof product->trace, "8%06u", 300000u + number * 137u);
  product->trace_known = known;
}

static void add_drugs(struct catalogue *catalogue) {
  for (unsigned n = 0; n < COUNT(drugs); n++) {
    const struct drug_row *row = &drugs[n];
    // Two makers of each: the codes differ in the maker's digits, the second is a little cheaper.
    for (unsigned maker = 0; maker < 2; maker++) {
      char name[60];
      snprintf(name, sizeof name, "%s%s", row->name, maker == 0 ? "" : "(乙厂)");
      const int price = maker == 0 ? row->price_fen : row->price_fen * 9 / 10;
      struct product *product = add(catalogue, GROUP_DRUG, name, "09", price, row->preself_permille);
      snprintf(product->code, sizeof product->code, "X%sA%03u%c0010101%05u", row->atc, 60 + n, row->form,
               10000 + n * 100 + maker * 37);
      product->pack_days = (uint16_t)row->pack_days;
      if (n % 5 == 3) product->cap_cut = product->cap * 8 / 10;
      add_trace(catalogue, product, n != 2);
    }
  }
  const uint16_t first = catalogue->first[GROUP_DRUG];
  catalogue->alternate[0] = first;
  catalogue->alternate[1] = (uint16_t)(first + 1);
  catalogue->shared[0] = (uint16_t)(first + 2);
  catalogue->shared[1] = (uint16_t)(first + 3);
  catalogue->unlisted = (uint16_t)(first + 4);
}

static void add_products(struct catalogue *catalogue) {
  for (unsigned group = 0; group < GROUP_COUNT; group++) {
    catalogue->first[group] = (uint16_t)catalogue->size;
    for (unsigned n = 0; n < COUNT(services); n++) {
      const struct service_row *row = &services[n];
      if (row->group != group) continue;
      struct product *product = add(catalogue, row->group, row->name, row->fee, row->price_fen, row->preself_permille);
      snprintf(product->code, sizeof product->code, "%s%s", row->code, group == GROUP_MATERIAL ? "01" : "");
    }
    if (group == GROUP_DRUG) add_drugs(catalogue);
    for (unsigned n = 0; group == GROUP_PATENT && n < COUNT(patents); n++) {
      struct product *product =
          add(catalogue, GROUP_PATENT, patents[n].name, "11", patents[n].price_fen, patents[n].preself_permille);
      snprintf(product->code, sizeof product->code, "Z%s%04u010%06u", patents[n].class_code, 12 + n, 100100 + n * 11);
      product->pack_days = (uint16_t)patents[n].pack_days;
      add_trace(catalogue, product, true);
    }
    for (unsigned n = 0; group == GROUP_HERB && n < COUNT(herbs); n++) {
      struct product *product = add(catalogue, GROUP_HERB, herbs[n], "10", 12 + (int)n * 7, 0);
      snprintf(product->code, sizeof product->code, "T%09u", 1200 + n * 100);
    }
  }
  catalogue->first[GROUP_COUNT] = (uint16_t)catalogue->size;
}

// Smaller institutions have fewer things: of a group they hold every n-th product, at least one unless n is 0.
static const uint8_t holds_every[LEVEL_COUNT][GROUP_COUNT] = {
    //             bed icu nurse consult lab exam treat rescue oper material registration other drug patent herb
    [LEVEL_III] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    [LEVEL_II] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    [LEVEL_I] = {1, 1, 1, 1, 2, 2, 1, 1, 1, 2, 1, 1, 2, 1, 1},
    [LEVEL_CLINIC] = {0, 0, 0, 1, 4, 4, 3, 0, 0, 5, 1, 0, 3, 2, 2},
    [LEVEL_PHARMACY] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2},
};

static void stock(struct catalogue *catalogue) {
  for (unsigned level = 0; level < LEVEL_COUNT; level++) {
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
      const unsigned every = holds_every[level][group];
      for (unsigned at = catalogue->first[group]; every != 0 && at < catalogue->first[group + 1]; at++) {
        // The other halves of the special pairs come by ways of their own (see plant.c).
        if (at == catalogue->alternate[1] || at == catalogue->shared[1]) continue;
        if ((at - catalogue->first[group]) % every != 0 && at != catalogue->shared[0] && at != catalogue->unlisted) continue;
        uint16_t *size = &catalogue->stock_size[level][group];
        assert(*size < 128);
        catalogue->stock[level][group][(*size)++] = (uint16_t)at;
      }
    }
  }
}

void catalogue_init(struct catalogue *catalogue) {
  *catalogue = (struct catalogue){0};
  add_products(catalogue);
  stock(catalogue);
  catalogue->first_change = date_from_civil(2025, 1, 13);
  catalogue->cut_day = date_from_civil(2026, 3, 9);

  struct text wire = {0};
  for (uint32_t n = 0; n < catalogue->size; n++) {
    struct product *product = &catalogue->products[n];
    text_clear(&wire);
    TEXT_LITERAL(&wire, "\",\"med_list_codg\":\"");
    text_append(&wire, slice_from(product->code));
    TEXT_LITERAL(&wire, "\",\"medins_list_name\":");
    text_json(&wire, slice_from(product->name));
    text_format(&wire, ",\"med_chrgitm_type\":\"%s\",\"chrgitm_lv\":\"%s\",\"medins_list_codg\":\"", product->fee,
                product->preself_permille == 0 ? "01" : product->preself_permille == 1000 ? "03" : "02");
    assert(wire.size <= sizeof product->wire);
    memcpy(product->wire, wire.data, wire.size);
    product->wire_size = (uint8_t)wire.size;
  }
  text_fini(&wire);
}

uint16_t catalogue_alternate(const struct catalogue *catalogue, int32_t day) {
  if (day < catalogue->first_change) return catalogue->alternate[0];
  const int32_t changes = (day - catalogue->first_change) / CATALOGUE_CHANGE_DAYS + 1;
  return catalogue->alternate[(changes < CATALOGUE_CHANGES ? changes : CATALOGUE_CHANGES) % 2];
}

uint16_t catalogue_pick(const struct catalogue *catalogue, enum level level, enum group group, struct random *random) {
  const uint16_t size = catalogue->stock_size[level][group];
  return size == 0 ? PRODUCT_NONE : catalogue->stock[level][group][random_below(random, size)];
}

uint16_t catalogue_find(const struct catalogue *catalogue, struct slice code) {
  for (uint32_t n = 0; n < catalogue->size; n++) {
    if (slice_equal(slice_from(catalogue->products[n].code), code)) return (uint16_t)n;
  }
  return PRODUCT_NONE;
}

void catalogue_write_hospital_code(struct text *out, const struct catalogue *catalogue, uint16_t product,
                                   uint32_t institution) {
  static const char letters[GROUP_COUNT][3] = {"CW", "JH", "HL", "ZC", "JY", "JC", "ZL", "QJ",
                                               "SS", "CL", "GH", "QT", "YP", "ZY", "CY"};
  if (product == PRODUCT_NONE) {
    TEXT_LITERAL(out, "YP0001");
    return;
  }
  // Both makers of the alternating code are one code in the hospital. 7 and 9,000 have no common divisor, so codes differ.
  if (product == catalogue->alternate[1]) product = catalogue->alternate[0];
  const unsigned number = 1000 + (product * 7u + institution * 131u) % 9000u;
  char *to = text_reserve(out, 6);
  to[0] = letters[catalogue->products[product].group][0];
  to[1] = letters[catalogue->products[product].group][1];
  to[2] = (char)('0' + number / 1000);
  to[3] = (char)('0' + number / 100 % 10);
  to[4] = (char)('0' + number / 10 % 10);
  to[5] = (char)('0' + number % 10);
  out->size += 6;
}

static void write_range(struct text *out, int32_t from, int32_t to) {
  text_byte(out, ',');
  if (from != INT32_MIN) date_write_day(out, from);
  text_byte(out, ',');
  if (to != INT32_MAX) date_write_day(out, to);
  text_byte(out, '\n');
}

void catalogue_write_item_mapping(struct text *out, const struct catalogue *catalogue,
                                  const struct institution *institutions, uint32_t size) {
  TEXT_LITERAL(out, "fixmedins_code,medins_list_codg,med_list_codg,medins_list_name,effective_from,effective_to\n");
  for (uint32_t n = 0; n < size; n++) {
    const enum level level = institutions[n].level;
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
      for (unsigned at = 0; at < catalogue->stock_size[level][group]; at++) {
        const uint16_t number = catalogue->stock[level][group][at];
        const bool alternates = number == catalogue->alternate[0];
        int32_t from = INT32_MIN;
        for (int change = 0; change <= (alternates ? CATALOGUE_CHANGES : 0); change++) {
          const int32_t next = alternates && change < CATALOGUE_CHANGES ? catalogue_change(catalogue, change) : INT32_MAX;
          const uint16_t meant = alternates ? catalogue->alternate[change % 2] : number;
          text_append(out, slice_from(institutions[n].code));
          text_byte(out, ',');
          catalogue_write_hospital_code(out, catalogue, number, n);
          text_format(out, ",%s,%s", catalogue->products[meant].code, catalogue->products[meant].name);
          write_range(out, from, next == INT32_MAX ? next : next - 1);
          from = next;
        }
      }
    }
    // The second maker with the shared trace prefix is stocked beside the first.
    text_append(out, slice_from(institutions[n].code));
    text_byte(out, ',');
    catalogue_write_hospital_code(out, catalogue, catalogue->shared[1], n);
    text_format(out, ",%s,%s", catalogue->products[catalogue->shared[1]].code,
                catalogue->products[catalogue->shared[1]].name);
    write_range(out, INT32_MIN, INT32_MAX);
  }
}

void catalogue_write_procurement_price(struct text *out, const struct catalogue *catalogue) {
  TEXT_LITERAL(out, "med_list_codg,price,effective_from,effective_to\n");
  for (uint32_t n = 0; n < catalogue->size; n++) {
    const struct product *product = &catalogue->products[n];
    if (product->group != GROUP_DRUG && product->group != GROUP_PATENT && product->group != GROUP_MATERIAL) continue;
    const bool cut = product->cap_cut != product->cap;
    text_format(out, "%s,", product->code);
    money_write_scaled(out, product->cap, MONEY_PRICE);
    write_range(out, INT32_MIN, cut ? catalogue->cut_day - 1 : INT32_MAX);
    if (!cut) continue;
    text_format(out, "%s,", product->code);
    money_write_scaled(out, product->cap_cut, MONEY_PRICE);
    write_range(out, catalogue->cut_day, INT32_MAX);
  }
}

void catalogue_write_trace_product(struct text *out, const struct catalogue *catalogue) {
  TEXT_LITERAL(out, "product_prefix,med_list_codg,effective_from,effective_to\n");
  for (uint32_t n = 0; n < catalogue->size; n++) {
    const struct product *product = &catalogue->products[n];
    if (!product->trace_known) continue;
    text_format(out, "%s,%s", product->trace, product->code);
    write_range(out, INT32_MIN, INT32_MAX);
    if (n != catalogue->shared[0]) continue;
    text_format(out, "%s,%s", product->trace, catalogue->products[catalogue->shared[1]].code);
    write_range(out, INT32_MIN, INT32_MAX);
  }
}
