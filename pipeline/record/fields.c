#include "record/fields.h"

#include <assert.h>

#include "core/digest.h"

#define EVENT(member) (uint16_t)offsetof(struct draft, event.member)
#define STAY(i, member) (uint16_t)offsetof(struct draft, stays[i].member)
#define LINE(member) (uint16_t)offsetof(struct line, member)
#define DIAGNOSIS(member) (uint16_t)offsetof(struct diagnosis, member)

static const struct field envelope[] = {
    {"msg_id", FIELD_ID, 0, false, EVENT(msg_id), 0},
    {"msg_type", FIELD_TYPE, 0, false, EVENT(type), 0},
    {"mdtrtarea_admvs", FIELD_TEXT, 0, false, EVENT(mdtrtarea_admvs), 0},
    {"mdtrtarea_admdvs", FIELD_TEXT, 0, true, EVENT(mdtrtarea_admvs), 0},
    {"insuplc_admdvs", FIELD_TEXT, 0, false, EVENT(insuplc_admdvs), 0},
    {"insuplc_admvs", FIELD_TEXT, 0, true, EVENT(insuplc_admdvs), 0},
    {"fixmedins_code", FIELD_ID, 0, false, EVENT(fixmedins_code), 0},
    {"psn_no", FIELD_PERSON, 0, false, EVENT(psn_no), 0},
    {"event_time", FIELD_STAMP, 0, false, EVENT(event_time_s), 0},
    {"recv_time", FIELD_STAMP, 0, false, EVENT(recv_time_s), 0},
    {"ver", FIELD_VERSION, 0, false, EVENT(ver), 0},
    {"body", FIELD_BODY, 0, false, 0, 0},
};

#define SETLINFO_ROW {"setlinfo", FIELD_NODE, 0, false, 0, OBJECT_SETLINFO}
#define DISEINFO_ROW {"diseinfo", FIELD_DIAGNOSES, 0, false, 0, OBJECT_DIAGNOSIS}
#define ICUINFO_ROW {"icuinfo", FIELD_ICUS, 0, false, 0, OBJECT_ICU}
#define PERSON_ROW {"psn_no", FIELD_SAME_PERSON, 0, false, offsetof(struct draft, body_psn_no), 0}

static const struct field body_setl[] = {
    SETLINFO_ROW,
    {"mdtrtinfo", FIELD_NODE, 0, false, 0, OBJECT_MDTRTINFO},
    DISEINFO_ROW,
    ICUINFO_ROW,
    {"feedetail", FIELD_LINES, 0, false, 0, OBJECT_LINE},
};
static const struct field body_cancel[] = {SETLINFO_ROW};
static const struct field body_list[] = {SETLINFO_ROW, DISEINFO_ROW, ICUINFO_ROW};
static const struct field body_fee[] = {
    {"setlinfo", FIELD_NODE, 0, false, 0, OBJECT_FEE_SETLINFO},
    {"setl_id", FIELD_SAME, 0, false, EVENT(setl_id), 0},
    {"mdtrt_id", FIELD_SAME, 0, false, EVENT(mdtrt_id), 0},
    PERSON_ROW,
    {"feedetail", FIELD_LINES, 0, false, 0, OBJECT_FEE_LINE},
};

static const struct field body_dossier[] = {{"dossier", FIELD_EXACT, 0, false, EVENT(dossier), 0}};

#define SETLINFO_ROWS                                                                   \
  /* the order of the bits EVENT_HAS_* */                                               \
  {"medfee_sumamt", FIELD_NUMBER, 2, false, EVENT(medfee_fen), 0},                      \
  {"inscp_scp_amt", FIELD_NUMBER, 2, false, EVENT(inscp_fen), 0},                       \
  {"inscp_amt", FIELD_NUMBER, 2, true, EVENT(inscp_fen), 0},                            \
  {"fund_pay_sumamt", FIELD_NUMBER, 2, false, EVENT(fund_fen), 0},                      \
  {"fee_cnt", FIELD_COUNT, 0, false, EVENT(fee_cnt), 0},                                \
  {"medins_setl_id", FIELD_TEXT, 0, false, EVENT(medins_setl_id), 0},                   \
  {"init_setl_id", FIELD_ID, 0, false, EVENT(init_setl_id), 0},                         \
  {"gend", FIELD_TEXT, 0, false, EVENT(gend), 0},                                       \
  {"brdy", FIELD_DAY, 0, false, EVENT(brdy_day), 0},                                    \
  {"insutype", FIELD_TEXT, 0, false, EVENT(insutype), 0},                               \
  {"med_type", FIELD_TEXT, 0, false, EVENT(med_type), 0},                               \
  {"hosp_lv", FIELD_TEXT, 0, false, EVENT(hosp_lv), 0},                                 \
  {"hi_paymtd", FIELD_TEXT, 0, false, EVENT(hi_paymtd), 0},                             \
  {"setl_time", FIELD_TIME, 0, false, EVENT(setl_time_s), 0},                           \
  {"refd_setl_flag", FIELD_TEXT, 0, false, EVENT(refd_setl_flag), 0},                   \
  {"vali_flag", FIELD_TEXT, 0, false, EVENT(vali_flag), 0},                             \
  {"mid_setl_flag", FIELD_TEXT, 0, false, EVENT(mid_setl_flag), 0},                     \
  {"setl_type", FIELD_TEXT, 0, false, EVENT(setl_type), 0},                             \
  {"adm_way", FIELD_TEXT, 0, false, STAY(1, adm_way), 0},                               \
  {"adm_time", FIELD_TIME, 0, false, STAY(1, begntime_s), STAY(1, begntime_day_only)},  \
  {"dscg_time", FIELD_TIME, 0, false, STAY(1, endtime_s), STAY(1, endtime_day_only)},   \
  {"adm_caty", FIELD_TEXT, 0, false, STAY(1, adm_dept), 0},                             \
  {"dscg_caty", FIELD_TEXT, 0, false, STAY(1, dscg_dept), 0},                           \
  {"dscg_way", FIELD_TEXT, 0, false, STAY(1, dscg_way), 0},                             \
  {"days_rinp_flag_31", FIELD_TEXT, 0, false, STAY(1, days_rinp_flag_31), 0}

static const struct field setlinfo[] = {
    SETLINFO_ROWS,
    {"setl_id", FIELD_ID, 0, false, EVENT(setl_id), 0},
    {"mdtrt_id", FIELD_ID, 0, false, EVENT(mdtrt_id), 0},
    {"psn_no", FIELD_PERSON, 0, false, offsetof(struct draft, setlinfo_psn_no), 0},
};
static const struct field fee_setlinfo[] = {
    SETLINFO_ROWS,
    {"setl_id", FIELD_SAME, 0, false, EVENT(setl_id), 0},
    {"mdtrt_id", FIELD_SAME, 0, false, EVENT(mdtrt_id), 0},
    {"psn_no", FIELD_PERSON, 0, false, offsetof(struct draft, setlinfo_psn_no), 0},
};

static const struct field mdtrtinfo[] = {
    {"begntime", FIELD_TIME, 0, false, STAY(0, begntime_s), STAY(0, begntime_day_only)},
    {"begndate", FIELD_TIME, 0, true, STAY(0, begntime_s), STAY(0, begntime_day_only)},
    {"endtime", FIELD_TIME, 0, false, STAY(0, endtime_s), STAY(0, endtime_day_only)},
    {"enddate", FIELD_TIME, 0, true, STAY(0, endtime_s), STAY(0, endtime_day_only)},
    {"adm_dept_codg", FIELD_TEXT, 0, false, STAY(0, adm_dept), 0},
    {"dscg_dept_codg", FIELD_TEXT, 0, false, STAY(0, dscg_dept), 0},
    {"wardarea_codg", FIELD_TEXT, 0, false, EVENT(wardarea_codg), 0},
    {"adm_bed", FIELD_TEXT, 0, false, EVENT(adm_bed), 0},
    {"adm_way", FIELD_TEXT, 0, false, STAY(0, adm_way), 0},
    {"dscg_way", FIELD_TEXT, 0, false, STAY(0, dscg_way), 0},
    {"days_rinp_flag_31", FIELD_TEXT, 0, false, STAY(0, days_rinp_flag_31), 0},
    {"atddr_no", FIELD_TEXT, 0, false, EVENT(atddr_no), 0},
    {"dscg_maindiag_code", FIELD_EXACT, 0, false, EVENT(dscg_maindiag_code), 0},
    PERSON_ROW,
};

static const struct field diagnosis[] = {
    {"diag_type", FIELD_TEXT, 0, false, DIAGNOSIS(diag_type), 0},
    {"maindiag_flag", FIELD_TEXT, 0, false, DIAGNOSIS(maindiag_flag), 0},
    {"diag_code", FIELD_EXACT, 0, false, DIAGNOSIS(diag_code), 0},
};

static const struct field icu[] = {
    {"scs_cutd_inpool_time", FIELD_ICU_TIME, 0, false, 0, 0},
};

#define LINE_ROWS                                                                                              \
  /* the order of the bits LINE_HAS_* */                                                                       \
  {"cnt", FIELD_NUMBER, 4, false, LINE(cnt), 0}, {"pric", FIELD_NUMBER, 6, false, LINE(pric), 0},              \
      {"det_item_fee_sumamt", FIELD_NUMBER, 2, false, LINE(det_item_fee_fen), 0},                              \
      {"inscp_scp_amt", FIELD_NUMBER, 2, false, LINE(inscp_fen), 0},                                           \
      {"inscp_amt", FIELD_NUMBER, 2, true, LINE(inscp_fen), 0},                                                \
      {"overlmt_amt", FIELD_NUMBER, 2, false, LINE(overlmt_fen), 0},                                           \
      {"overlmt_selfpay", FIELD_NUMBER, 2, true, LINE(overlmt_fen), 0},                                        \
      {"prd_days", FIELD_SMALL, 2, false, LINE(prd_days), 0},                                                  \
      {"fulamt_ownpay_amt", FIELD_NUMBER, 2, false, LINE(ownpay_fen), 0},                                      \
      {"preselfpay_amt", FIELD_NUMBER, 2, false, LINE(preself_fen), 0},                                        \
      {"feedetl_sn", FIELD_ID, 0, false, LINE(feedetl_sn), 0},                                                 \
      {"bkkp_sn", FIELD_ID, 0, true, LINE(feedetl_sn), 0},                                                     \
      {"init_feedetl_sn", FIELD_ID, 0, false, LINE(init_feedetl_sn), 0},                                       \
      {"med_list_codg", FIELD_TEXT, 0, false, LINE(med_list_codg), 0},                                         \
      {"medins_list_codg", FIELD_TEXT, 0, false, LINE(medins_list_codg), 0},                                   \
      {"med_chrgitm_type", FIELD_TEXT, 0, false, LINE(med_chrgitm_type), 0},                                   \
      {"fee_ocur_time", FIELD_TIME, 0, false, LINE(fee_ocur_time_s), LINE(day_only)},                          \
      {"drugtracinfo", FIELD_TRACES, 0, false, 0, OBJECT_TRACE}, PERSON_ROW

static const struct field line[] = {LINE_ROWS};
static const struct field fee_line[] = {
    LINE_ROWS,
    {"setl_id", FIELD_SAME, 0, false, EVENT(setl_id), 0},
    {"mdtrt_id", FIELD_SAME, 0, false, EVENT(mdtrt_id), 0},
};

static const struct field trace[] = {
    {"drug_trac_codg", FIELD_TEXT, 0, false, offsetof(struct draft, trace), 0},
    {"drug_trac_code", FIELD_TEXT, 0, true, offsetof(struct draft, trace), 0},
};

#define TABLE(rows) {rows, sizeof(rows) / sizeof(rows)[0]}
const struct fields fields_of[OBJECT_KINDS] = {
    [OBJECT_ENVELOPE] = TABLE(envelope),   [OBJECT_SETL] = TABLE(body_setl),  [OBJECT_CANCEL] = TABLE(body_cancel),
    [OBJECT_LIST] = TABLE(body_list),      [OBJECT_FEE] = TABLE(body_fee),    [OBJECT_SETLINFO] = TABLE(setlinfo),
    [OBJECT_DOSSIER] = TABLE(body_dossier), [OBJECT_FEE_SETLINFO] = TABLE(fee_setlinfo),
    [OBJECT_MDTRTINFO] = TABLE(mdtrtinfo), [OBJECT_DIAGNOSIS] = TABLE(diagnosis), [OBJECT_ICU] = TABLE(icu),
    [OBJECT_LINE] = TABLE(line),           [OBJECT_FEE_LINE] = TABLE(fee_line),   [OBJECT_TRACE] = TABLE(trace),
};

int fields_body(enum event_type type) {
  return type == EVENT_SETL ? OBJECT_SETL : type == EVENT_SETL_CANCEL ? OBJECT_CANCEL : type == EVENT_LIST ? OBJECT_LIST
         : type == EVENT_FEE ? OBJECT_FEE : type == EVENT_DOSSIER ? OBJECT_DOSSIER : -1;
}

uint64_t fields_bit(enum object_kind kind, const char *name) {
  const struct fields *fields = &fields_of[kind];
  uint64_t bit = 0;
  for (unsigned i = 0; i < fields->size; i++) {
    if (!fields->rows[i].again) bit = bit == 0 ? 1 : bit << 1;
    if (strcmp(fields->rows[i].name, name) == 0) return bit;
  }
  assert(name == NULL);    // it is no field of the table
  return 0;
}

static unsigned slot_of(const struct keys *keys, struct slice name) {
  unsigned slot = (unsigned)digest_hash64(name.data, name.size, 0) % KEY_SLOTS;
  while (keys->slots[slot] != 0 && !slice_equal(keys->names[keys->slots[slot]], name)) slot = (slot + 1) % KEY_SLOTS;
  return slot;
}

// No message has these bytes: they are no UTF-8.
static void forget(struct key *key) {
  memset(key->bytes, 0xff, sizeof key->bytes);
  key->mask = UINT32_MAX;
}

static void sum_up(struct keys *keys, unsigned from) {
  for (unsigned at = from; at < keys->size; at++) keys->keys[at].upto = keys->keys[at - 1].upto + keys->marks[at];
}

static unsigned add(struct keys *keys, struct slice name, const struct key *key, uint64_t marks) {
  const unsigned at = keys->size++;
  assert(at < KEY_MAX);
  keys->keys[at] = *key;
  keys->marks[at] = marks;
  sum_up(keys, at);
  keys->keys[at].quick = key->type == FIELD_EXACT    ? FIELD_TEXT
                         : key->type == FIELD_PERSON ? FIELD_ID
                         : key->type == FIELD_STAMP ? FIELD_TIME
                         : key->type == FIELD_NUMBER && key->scale == 2 ? FIELD_AMOUNT
                         : key->type < FIELD_QUICK  ? key->type
                                                    : FIELD_QUICK;
  const uint8_t quick = keys->keys[at].quick;
  keys->keys[at].quoted = quick == FIELD_TEXT || quick == FIELD_ID || quick == FIELD_TIME || quick == FIELD_DAY || quick == FIELD_TYPE;
  keys->keys[at].way = keys->ways[quick];
  if (key->type == FIELD_PERSON) keys->keys[at].more = 1;
  if (key->type == FIELD_NUMBER || key->type == FIELD_SMALL) keys->keys[at].more = (uint16_t)(key->scale * 16);
  keys->names[at] = name;
  forget(&keys->keys[at]);
  keys->slots[slot_of(keys, name)] = (uint8_t)at;
  return at;
}

void keys_init(struct keys *keys, enum object_kind kind, const void *const *ways) {
  memset(keys, 0, sizeof *keys);
  keys->kind = kind;
  keys->ways = ways;
  keys->misses_max = 1;
  for (unsigned i = 0; i <= KEY_MAX; i++) forget(&keys->keys[i]);
  keys->size = 1;
  const struct fields *fields = &fields_of[kind];
  unsigned seconds = 0;
  for (unsigned i = 0; i < fields->size; i++) keys->firsts += !fields->rows[i].again;
  for (unsigned i = 0; i < fields->size; i++) {
    const struct field *row = &fields->rows[i];
    const struct slice name = slice_from(row->name);
    uint64_t mark = fields_bit(kind, row->name);
    if (row->again) {
      assert(keys->firsts + seconds < FIELDS_BITS && seconds < sizeof keys->first_of / sizeof keys->first_of[0]);
      keys->first_of[seconds] = mark;
      keys->seconds |= mark = UINT64_C(1) << (keys->firsts + seconds++);
    }
    const unsigned at = add(keys, name, &(struct key){.type = row->type, .scale = row->scale, .place = row->place, .more = row->more}, mark);
    char bytes[KEY_TEMPLATE];
    const size_t size = name.size + 3;
    assert(size <= sizeof bytes);
    bytes[0] = bytes[size - 2] = '"';
    bytes[size - 1] = ':';
    memcpy(bytes + 1, name.data, name.size);
    keys_learn(keys, at, bytes, size);
  }
}

unsigned keys_known(const struct keys *keys, struct slice name) { return keys->slots[slot_of(keys, name)]; }

unsigned keys_find(struct keys *keys, struct slice name) {
  unsigned found = keys_known(keys, name);
  if (found != 0) return found;
  if (keys->size == KEY_MAX) {
    keys_init(keys, keys->kind, keys->ways);
    found = keys_known(keys, name);
    assert(found == 0);
  }
  // Names too long to keep are never predicted: they share the place of the empty name, which is read by nobody either.
  const unsigned room = sizeof keys->text[0];
  if (name.size > room) name.size = 0;
  if (name.size == 0 && (found = keys->slots[slot_of(keys, SLICE(""))]) != 0) return found;
  memcpy(keys->text[keys->size], name.data, name.size);
  return add(keys, (struct slice){keys->text[keys->size], name.size}, &(struct key){.type = FIELD_SKIP}, 0);
}

void keys_learn(struct keys *keys, unsigned at, const char *bytes, size_t size) {
  struct key *key = &keys->keys[at];
  if (size + key->quoted >= KEY_TEMPLATE) return;
  if (size + 1 + key->quoted == key->size && memcmp(key->bytes + 1, bytes, size) == 0) return;    // as before, in another order
  memset(key->bytes, 0, sizeof key->bytes);
  key->bytes[0] = ',';
  memcpy(key->bytes + 1, bytes, size);
  if (key->quoted) key->bytes[size + 1] = '"';
  key->size = (uint8_t)(size + 1 + key->quoted);
  key->mask = (uint32_t)((UINT64_C(1) << key->size) - 1);
  keys->marks[at] = (keys->marks[at] & ~FIELDS_GAPS) | (size != keys->names[at].size + 3 ? FIELDS_GAP : 0);
  sum_up(keys, at);
}

void keys_follow(struct keys *keys, unsigned previous, unsigned at) {
  struct key *key = &keys->keys[previous];
  const int step = (int)at - (int)previous;
  if (step == 1 || step == key->step) return;
  key->other = (uint8_t)((int)previous + key->step);
  key->step = (int8_t)step;
}

void keys_arrange(struct keys *keys, const uint8_t *order, size_t size) {
  uint8_t next[KEY_MAX] = {0}, place[KEY_MAX] = {0};    // the new order as a list from 0 to 0; the new place of each
  bool placed[KEY_MAX] = {true};
  keys->misses = 0;
  if (keys->misses_max < UINT32_MAX / 2) keys->misses_max *= 2;
  unsigned last = 0;
  for (size_t i = 0; i < size; i++) {
    if (placed[order[i]]) continue;
    placed[order[i]] = keys->met[order[i]] = true;
    last = next[last] = order[i];
  }
  for (unsigned at = 1; at < keys->size; at++) {
    if (placed[at]) continue;
    const unsigned before = keys->met[at] ? at - 1 : last;
    next[at] = next[before];
    next[before] = (uint8_t)at;
    if (before == last) last = at;
  }
  struct keys old;
  memcpy(&old, keys, sizeof old);
  for (unsigned from = next[0], at = 1; from != 0; from = next[from]) place[from] = (uint8_t)at++;
  for (unsigned from = 0; from < keys->size; from++) {
    const unsigned at = place[from];
    struct key *key = &keys->keys[at];
    *key = old.keys[from];
    // What came next is the one behind now, mostly.
    const int next_at = place[(int)from + old.keys[from].step], step = next_at - (int)at;
    key->step = (int8_t)(step == 1 ? 0 : step);
    key->other = place[old.keys[from].other];
    keys->marks[at] = old.marks[from];
    keys->met[at] = old.met[from];
    keys->names[at] = old.names[from];
    if (old.names[from].data != keys->text[from]) continue;
    keys->names[at].data = keys->text[at];
    memcpy(keys->text[at], old.text[from], sizeof keys->text[at]);
  }
  for (unsigned i = 0; i < KEY_SLOTS; i++) keys->slots[i] = place[old.slots[i]];
  sum_up(keys, 1);
}

bool keys_bits(const struct keys *keys, uint64_t marks, uint64_t *bits) {
  *bits = marks & ((UINT64_C(1) << keys->firsts) - 1);
  for (uint64_t rest = (marks & ~FIELDS_GAPS) >> keys->firsts; rest != 0; rest &= rest - 1) {
    const uint64_t first = keys->first_of[__builtin_ctzll(rest)];
    if ((*bits & first) != 0) return false;
    *bits |= first;
  }
  return true;
}
