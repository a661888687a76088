#include "knowledge/codes.h"

#include <assert.h>

#include "config/folder.h"
#include "config/yaml.h"
#include "core/digest.h"
#include "core/text.h"
#include "core/utf8.h"

enum { SLOTS_MIN = 16, GROUPS_MAX = 32, PARENT_CODE_BYTES = 2 };

// --- Symbols ----------------------------------------------------------------------------------------------------------

#define X(name, zh) #name,
static const char *const visit_names[] = {VISIT_SYMBOLS(X)};
static const char *const fee_names[] = {FEE_SYMBOLS(X)};
static const char *const admission_names[] = {ADMISSION_SYMBOLS(X)};
static const char *const discharge_names[] = {DISCHARGE_SYMBOLS(X)};
static const char *const plan_names[] = {PLAN_SYMBOLS(X)};
#undef X
#define X(name, zh) zh,
static const char *const visit_zh[] = {VISIT_SYMBOLS(X)};
static const char *const fee_zh[] = {FEE_SYMBOLS(X)};
static const char *const admission_zh[] = {ADMISSION_SYMBOLS(X)};
static const char *const discharge_zh[] = {DISCHARGE_SYMBOLS(X)};
static const char *const plan_zh[] = {PLAN_SYMBOLS(X)};
#undef X

#define WORDS(words) {words##_names, words##_zh, sizeof words##_names / sizeof words##_names[0]}
static const struct {
  const char *const *names, *const *zh;
  unsigned size;
} symbols[CODE_TABLE_COUNT] = {
    [CODES_MED_TYPE] = WORDS(visit),
    [CODES_FEE] = WORDS(fee),
    [CODES_ADM_WAY] = WORDS(admission),
    [CODES_DSCG_WAY] = WORDS(discharge),
    [CODES_READMISSION_PLAN] = WORDS(plan),
};
_Static_assert(VISIT_SYMBOL_COUNT <= 32, "a group of visit symbols is a 32-bit set");

const char *const code_table_files[CODE_TABLE_COUNT] = {
    [CODES_MED_TYPE] = "med_type", [CODES_FEE] = "med_chrgitm_type",          [CODES_ADM_WAY] = "adm_way",
    [CODES_DSCG_WAY] = "dscg_way", [CODES_READMISSION_PLAN] = "days_rinp_flag_31"};

const char *code_symbol_name(enum code_table table, unsigned symbol) {
  assert(symbol < symbols[table].size);
  return symbols[table].names[symbol];
}

const char *code_symbol_zh(enum code_table table, unsigned symbol) {
  assert(symbol < symbols[table].size);
  return symbols[table].zh[symbol];
}

unsigned code_symbols(enum code_table table) { return symbols[table].size; }

int code_symbol_find(enum code_table table, struct slice name) {
  for (unsigned i = 0; i < symbols[table].size; i++)
    if (slice_equal(slice_from(symbols[table].names[i]), name)) return (int)i;
  return -1;
}

// --- One table: open addressing over its codes; entries of one code are chained in file order -------------------------

struct entry {
  struct slice code;
  int32_t from, to;    // inclusive; INT32_MIN, INT32_MAX: open
  unsigned symbol;
  const struct entry *next;    // of the same code
};

struct codes {
  struct {
    const struct entry **slots;
    unsigned mask;
    const struct entry *two_digits[100];    // of the codes "00" to "99": most are
  } tables[CODE_TABLE_COUNT];
  const char *group_names[GROUPS_MAX];
  uint32_t group_sets[GROUPS_MAX];
  size_t groups_size;
  unsigned char digest[DIGEST_ID_BYTES];
};

static const struct entry **find_slot(const struct entry **slots, unsigned mask, struct slice code) {
  unsigned at = (unsigned)digest_hash64(code.data, code.size, 0) & mask;
  while (slots[at] != NULL && !slice_equal(slots[at]->code, code)) at = (at + 1) & mask;
  return &slots[at];
}

static const struct entry *find_entry(const struct codes *codes, enum code_table table, struct slice code, int32_t day) {
  const unsigned tens = (unsigned)(unsigned char)code.data[0] - '0', ones = code.size == 2 ? (unsigned)(unsigned char)code.data[1] - '0' : 10;
  const struct entry *entry = tens <= 9 && ones <= 9 ? codes->tables[table].two_digits[tens * 10 + ones]
                                                     : *find_slot(codes->tables[table].slots, codes->tables[table].mask, code);
  while (entry != NULL && (day < entry->from || day > entry->to)) entry = entry->next;
  return entry;
}

unsigned codes_symbol(const struct codes *codes, enum code_table table, struct slice raw, int32_t day) {
  if (raw.size == 0) return 0;
  const struct entry *entry = find_entry(codes, table, raw, day);
  if (entry == NULL && table == CODES_FEE && raw.size > PARENT_CODE_BYTES)
    entry = find_entry(codes, table, (struct slice){raw.data, PARENT_CODE_BYTES}, day);
  return entry != NULL ? entry->symbol : 0;
}

uint32_t codes_group(const struct codes *codes, const char *name) {
  for (size_t i = 0; i < codes->groups_size; i++)
    if (strcmp(codes->group_names[i], name) == 0) return codes->group_sets[i];
  return 0;
}

const char *const *codes_groups(const struct codes *codes, size_t *size) {
  *size = codes->groups_size;
  return codes->group_names;
}

void codes_each(const struct codes *codes, enum code_table table, void (*each)(void *context, const struct codes_entry *entry), void *context) {
  for (unsigned i = 0; i <= codes->tables[table].mask; i++)
    for (const struct entry *entry = codes->tables[table].slots[i]; entry != NULL; entry = entry->next)
      each(context, &(struct codes_entry){entry->code, entry->from, entry->to, entry->symbol});
}

const unsigned char *codes_digest(const struct codes *codes) { return codes->digest; }

// --- The form -----------------------------------------------------------------------------------------------------------

enum { MISSING = 1025, ENTRY_KEYS = 5 };
static const struct form_key entry_rows[ENTRY_KEYS] = {
    {"code", .type = FORM_TEXT, .required = true, .min = 1, .max = 64, .doc_zh = "本地原始代码，须加引号，如 \"01\"。"},
    {"name", .type = FORM_TEXT, .required = true, .min = 1, .max = 2000, .doc_zh = "本地名称。"},
    {"maps_to", .type = FORM_OWN, .own = "symbol", .required = true, .doc_zh = "对应的程序符号；规则中只写符号。"},
    {"effective_from", .type = FORM_DAY, .doc_zh = "起始日（含）。"},
    {"effective_to", .type = FORM_DAY, .doc_zh = "终止日（含）。"},
};
static const struct form entry_form = FORM("code", entry_rows, MISSING);

static const struct form_key file_rows[] = {
    {"source", .type = FORM_TEXT, .min = 1, .max = 2000, .doc_zh = "代码表的来源。"},
    {"version", .type = FORM_TEXT, .min = 1, .max = 2000, .doc_zh = "代码表的版本。"},
    {"note", .type = FORM_TEXT, .min = 1, .max = 2000, .doc_zh = "说明。"},
    {"codes", .type = FORM_MAP, .required = true, .list = true, .form = &entry_form, .doc_zh = "原始代码到符号的对照，由各地自行核对。"},
    {"groups", .type = FORM_MAP, .doc_zh = "仅 med_type：就诊类别的组合，如 INPATIENT_STAY；成员为符号或上面的组合。"},
};
const struct form codes_form = FORM("code_table", file_rows, MISSING);
static const struct form plain_form = {"code_table", file_rows, sizeof file_rows / sizeof file_rows[0] - 1, MISSING};    // without groups

// --- Loading ----------------------------------------------------------------------------------------------------------

static bool read_symbol(const struct yaml_file *file, const struct yaml_node *node, enum code_table table, unsigned *out) {
  struct slice word;
  if (!yaml_is_text(file, node, &word)) return false;
  const int symbol = code_symbol_find(table, word);
  if (symbol >= 0) {
    *out = (unsigned)symbol;
    return true;
  }
  const char *nearest = diagnostics_nearest(word, symbols[table].names, symbols[table].size);
  yaml_error(file, node, 1222, "unknown symbol '%.*s' of table '%s'%s%s%s", SLICE_ARG(utf8_cut(word, 60)), code_table_files[table],
             nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
  return false;
}

static bool read_entry(const struct yaml_file *file, const struct yaml_node *item, enum code_table table,
                       struct entry *entry) {
  if (!form_known(file, item, &entry_form) || !form_check(file, item, &entry_form)) return false;
  const struct yaml_node *nodes[ENTRY_KEYS];
  for (unsigned i = 0; i < ENTRY_KEYS; i++) nodes[i] = yaml_find(item, entry_rows[i].name);
  bool good = true;
  struct slice name;
  *entry = (struct entry){.from = INT32_MIN, .to = INT32_MAX};
  good &= yaml_is_text(file, nodes[0], &entry->code);
  good &= yaml_is_text(file, nodes[1], &name);
  good &= read_symbol(file, nodes[2], table, &entry->symbol);
  good &= nodes[3] == NULL || yaml_is_day(file, nodes[3], &entry->from);
  good &= nodes[4] == NULL || yaml_is_day(file, nodes[4], &entry->to);
  if (!good) return false;
  if (entry->code.size == 0) {
    yaml_error(file, nodes[0], 1027, "a code must not be empty");
    return false;
  }
  if (entry->to < entry->from) {
    yaml_error(file, nodes[4], 1208, "'effective_to' must not be before 'effective_from'");
    return false;
  }
  return true;
}

static bool read_codes(struct codes *codes, struct arena *arena, const struct yaml_file *file, enum code_table table) {
  const struct yaml_node *list = yaml_find(file->root, "codes");
  if (list == NULL || !yaml_is_list(file, list)) return false;
  unsigned size = SLOTS_MIN;
  while (size < 2 * list->size) size *= 2;
  const struct entry **slots = ARENA_ZEROED(arena, const struct entry *, size);
  struct entry *entries = ARENA_ZEROED(arena, struct entry, list->size);
  bool good = true;
  for (const struct yaml_node *item = list->child; item != NULL; item = item->next) {
    struct entry *entry = entries++;
    if (!read_entry(file, item, table, entry)) {
      good = false;
      continue;
    }
    const struct entry **slot = find_slot(slots, size - 1, entry->code);
    for (const struct entry *other = *slot; other != NULL; other = other->next) {
      if (entry->from > other->to || entry->to < other->from) continue;
      yaml_error(file, yaml_find(item, "code"), 1223, "code '%.*s' is in force twice on the same day",
                 SLICE_ARG(utf8_cut(entry->code, 60)));
      good = false;
      break;
    }
    entry->next = *slot;
    *slot = entry;
  }
  codes->tables[table].slots = slots;
  codes->tables[table].mask = size - 1;
  for (unsigned i = 0; i < 100; i++) {
    const char code[2] = {(char)('0' + i / 10), (char)('0' + i % 10)};
    codes->tables[table].two_digits[i] = *find_slot(slots, size - 1, (struct slice){code, 2});
  }
  return good;
}

// A member is a visit symbol or a group that stands above.
static bool read_member(const struct codes *codes, const struct yaml_file *file, const struct yaml_node *node, uint32_t *set) {
  unsigned symbol;
  for (size_t i = 0; i < codes->groups_size; i++)
    if (node->type == YAML_SCALAR && slice_equal(slice_from(codes->group_names[i]), node->scalar)) {
      *set |= codes->group_sets[i];
      return true;
    }
  if (!read_symbol(file, node, CODES_MED_TYPE, &symbol)) return false;
  *set |= 1U << symbol;
  return true;
}

static bool is_group_name(struct slice name) {
  for (size_t i = 0; i < name.size; i++) {
    const char c = name.data[i];
    if (!(c >= 'A' && c <= 'Z') && !(i > 0 && ((c >= '0' && c <= '9') || c == '_'))) return false;
  }
  return name.size > 0 && code_symbol_find(CODES_MED_TYPE, name) < 0;
}

static bool read_groups(struct codes *codes, struct arena *arena, const struct yaml_file *file) {
  const struct yaml_node *groups = yaml_find(file->root, "groups");
  if (groups != NULL && !yaml_is_map(file, groups)) return false;
  bool good = true;
  for (const struct yaml_node *key = groups ? groups->child : NULL; key != NULL; key = key->next) {
    uint32_t set = 0;
    if (!is_group_name(key->scalar) || codes->groups_size == GROUPS_MAX) {
      yaml_error(file, key, 1224, "a group needs a name in capitals that is no symbol's, and there are at most %d", GROUPS_MAX);
      good = false;
      continue;
    }
    if (!yaml_is_list(file, key->value)) {
      good = false;
      continue;
    }
    for (const struct yaml_node *item = key->value->child; item != NULL; item = item->next)
      good &= read_member(codes, file, item, &set);
    if (key->value->size == 0) {
      yaml_error(file, key, 1224, "group '%.*s' is empty", SLICE_ARG(utf8_cut(key->scalar, 60)));
      good = false;
    }
    codes->group_names[codes->groups_size] = arena_copy_text(arena, key->scalar);
    codes->group_sets[codes->groups_size++] = set;
  }
  static const char *const required[] = {"INPATIENT_STAY", "INPATIENT_REVIEW"};
  for (unsigned i = 0; i < 2 && good; i++) {
    if (codes_group(codes, required[i]) != 0) continue;
    yaml_error(file, groups ? groups : file->root, 1224, "group '%s' must be given", required[i]);
    good = false;
  }
  return good;
}

// What the table means, without names, notes and layout; the order of the entries counts.
static void digest_file(struct digest *digest, const struct yaml_file *file, enum code_table table) {
  static const char *const keys[] = {"code", "maps_to", "effective_from", "effective_to"};
  struct text text = {0};
  digest_field(digest, slice_from(code_table_files[table]));
  for (const struct yaml_node *item = yaml_find(file->root, "codes")->child; item != NULL; item = item->next)
    for (unsigned i = 0; i < 4; i++) {
      const struct yaml_node *node = yaml_find(item, keys[i]);
      digest_field(digest, node ? node->scalar : SLICE(""));
    }
  const struct yaml_node *groups = yaml_find(file->root, "groups");
  if (groups != NULL) yaml_canonical(groups, &text);
  digest_field(digest, text_slice(&text));
  text_fini(&text);
}

struct codes *codes_load(struct arena *arena, const char *folder, struct diagnostics *diagnostics) {
  struct codes *codes = ARENA_ZEROED(arena, struct codes, 1);
  struct digest digest;
  digest_init(&digest, DIGEST_ID_BYTES, NULL, 0);
  bool all = true;
  for (enum code_table table = 0; table < CODE_TABLE_COUNT; table++) {
    struct yaml_file file;
    const size_t errors = diagnostics->errors;
    yaml_load(&file, arena, folder_path(arena, folder, code_table_files[table], ".yaml", NULL), NULL, diagnostics);
    bool good = file.root != NULL && yaml_is_map(&file, file.root);
    if (good) {
      good &= form_check(&file, file.root, table == CODES_MED_TYPE ? &codes_form : &plain_form);
      good &= read_codes(codes, arena, &file, table);
      if (table == CODES_MED_TYPE) good &= read_groups(codes, arena, &file);
    }
    good &= diagnostics->errors == errors;
    if (good) digest_file(&digest, &file, table);
    all &= good;
  }
  digest_final(&digest, codes->digest);
  return all ? codes : NULL;
}
