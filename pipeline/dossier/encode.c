#include "dossier/encode.h"

#include <assert.h>

#include "dossier/pack.h"

enum { HEAD_BYTES = 3 + 8 + 8 + 8, BASE_S = 1577808000 };    // times count from 2020-01-01 of +08:00

// Bits of a bill's head.
enum {
  BILL_SETL = 1, BILL_CANCEL = 2, BILL_LIST = 4, BILL_FEES = 8, BILL_MEDFEE = 16, BILL_INSCP = 32, BILL_FUND = 64,
  BILL_BEGN_DAY_ONLY = 128, BILL_END_DAY_ONLY = 256, BILL_INTERIM = 512, BILL_REFUND_ROW = 1024, BILL_VALID = 2048,
  BILL_SPLIT = 4096, BILL_STAY = 8192, BILL_PERSON = 16384, BILL_LINES_GONE = 32768, BILL_GIVEN = 65536,
  BILL_MAIN_FALLBACK = 1 << 17, BILL_LIST_PAYMTD = 1 << 18, BILL_ICU_IN_STAY = 1 << 19,
  BILL_AID = 1 << 20,
};

// Differences of any two numbers, around the end if need be, so that damaged bytes that pass for a dossier can be written again.
static int64_t minus(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }

void encode_put_time(struct text *out, int64_t time_s) {
  // Absent is 0; a time at or after it is pushed up by one so that it never is.
  if (time_s == DATE_ABSENT) pack_signed(out, 0);
  else pack_signed(out, minus(time_s, BASE_S - (time_s >= BASE_S)));
}

int64_t encode_get_time(struct unpack *in) {
  const int64_t value = unpack_signed(in);
  if (value == 0) return DATE_ABSENT;
  return (int64_t)((uint64_t)BASE_S + (uint64_t)value - (value > 0));
}

static void pack_slot(struct text *out, const struct slot *slot) {
  pack_unsigned(out, (uint64_t)slot->ver);
  pack_u64(out, slot->content);
  encode_put_time(out, slot->event_time_s);
  pack_signed(out, minus(slot->recv_time_s, slot->event_time_s));
  pack_unsigned(out, slot->source.topic);
  pack_signed(out, slot->source.partition);
  pack_signed(out, slot->source.offset);
}

static void unpack_slot(struct unpack *in, struct slot *slot) {
  slot->ver = (int64_t)unpack_unsigned(in);
  slot->content = unpack_u64(in);
  slot->event_time_s = encode_get_time(in);
  slot->recv_time_s = (int64_t)((uint64_t)slot->event_time_s + (uint64_t)unpack_signed(in));
  slot->source.topic = (uint32_t)unpack_unsigned(in);
  slot->source.partition = (int32_t)unpack_signed(in);
  slot->source.offset = unpack_signed(in);
  if (slot->ver <= 0 || slot->event_time_s == DATE_ABSENT) in->bad = true;
}

// The texts of a bill, in the order of its bytes: those of every settlement, and those of stays only.
#define BILL_TEXTS(X) X(mdtrt_id) X(fixmedins_code) X(med_type) X(insutype) X(hosp_lv)
#define STAY_TEXTS(X)                                                                                                      \
  X(gend) X(hi_paymtd) X(insuplc_admdvs) X(mdtrtarea_admvs) X(adm_dept_codg) X(dscg_dept_codg) X(wardarea_codg) X(atddr_no) \
  X(adm_way) X(dscg_way) X(planned)
#define LIST_TEXTS(X) X(list_adm_way) X(list_planned) X(list_main_diagnosis) X(list_dscg_way)

static bool has_stay_part(const struct bill *bill) {
#define X(name) || slice_present(bill->name)
  return bill->begntime_s != DATE_ABSENT || bill->endtime_s != DATE_ABSENT || bill->icu_in_first_s != DATE_ABSENT STAY_TEXTS(X);
#undef X
}

static void pack_bill(struct text *out, const struct bill *bill) {
  const bool stay = has_stay_part(bill);
  const unsigned flags = (bill->setl.ver ? BILL_SETL : 0u) | (bill->cancel.ver ? BILL_CANCEL : 0u) | (bill->list.ver ? BILL_LIST : 0u) |
                         (bill->fees_size ? BILL_FEES : 0u) | (bill->has_medfee ? BILL_MEDFEE : 0u) |
                         (bill->has_inscp ? BILL_INSCP : 0u) | (bill->has_fund ? BILL_FUND : 0u) |
                         (bill->begntime_day_only ? BILL_BEGN_DAY_ONLY : 0u) | (bill->endtime_day_only ? BILL_END_DAY_ONLY : 0u) |
                         (bill->interim ? BILL_INTERIM : 0u) | (bill->refund_row ? BILL_REFUND_ROW : 0u) |
                         (bill->valid ? BILL_VALID : 0u) | (bill->fee_cnt >= 0 ? BILL_SPLIT : 0u) | (stay ? BILL_STAY : 0u) |
                         (bill->brdy_day != INT32_MIN ? BILL_PERSON : 0u) | (bill->lines_gone ? BILL_LINES_GONE : 0u) | (bill->given ? BILL_GIVEN : 0u) |
                         (bill->main_fallback ? BILL_MAIN_FALLBACK : 0u) | (slice_present(bill->list_hi_paymtd) ? BILL_LIST_PAYMTD : 0u) |
                         (bill->icu_in_stay_s != DATE_ABSENT ? BILL_ICU_IN_STAY : 0u) | (bill->aid ? BILL_AID : 0u);
  pack_unsigned(out, flags);
  pack_text(out, bill->setl_id);
  if (bill->setl.ver) {
    pack_slot(out, &bill->setl);
    pack_signed(out, minus(bill->first_recv_time_s, bill->setl.recv_time_s));
#define X(name) pack_text(out, bill->name);
    BILL_TEXTS(X)
    if (stay) {
      STAY_TEXTS(X)
    }
#undef X
    encode_put_time(out, bill->setl_time_s);
    if (stay) {
      encode_put_time(out, bill->begntime_s);
      encode_put_time(out, bill->endtime_s);
      encode_put_time(out, bill->icu_in_first_s);
      if (flags & BILL_ICU_IN_STAY) encode_put_time(out, bill->icu_in_stay_s);
    }
    if (flags & BILL_PERSON) pack_signed(out, bill->brdy_day);
    pack_text(out, bill->main_diagnosis);
    pack_unsigned(out, bill->diagnoses_size);
    for (uint32_t i = 0; i < bill->diagnoses_size; i++) pack_text(out, bill->diagnoses[i]);
    if (bill->has_medfee) pack_signed(out, bill->medfee_fen);
    if (bill->has_inscp) pack_signed(out, bill->inscp_fen);
    if (bill->has_fund) pack_signed(out, bill->fund_fen);
    if (bill->fee_cnt >= 0) pack_unsigned(out, (uint64_t)bill->fee_cnt);
    if (bill->refund_row) pack_text(out, bill->init_setl_id);
    const uint32_t lines = bill->lines_gone ? 0 : bill->lines_size;
    pack_unsigned(out, lines);
    pack_unsigned(out, lines > 0 ? bill->lines.size : 0);
    if (lines > 0) pack_bytes(out, bill->lines.data, bill->lines.size);
  }
  if (bill->cancel.ver) pack_slot(out, &bill->cancel);
  if (bill->list.ver) {
    pack_slot(out, &bill->list);
#define X(name) pack_text(out, bill->name);
    LIST_TEXTS(X)
#undef X
    if (flags & BILL_LIST_PAYMTD) pack_text(out, bill->list_hi_paymtd);
  }
  if (bill->fees_size) {
    if (!bill->setl.ver) encode_put_time(out, bill->setl.event_time_s);
    pack_unsigned(out, bill->fees_size);
    for (uint32_t i = 0; i < bill->fees_size; i++) {
      const struct fee_line *fee = &bill->fees[i];
      pack_text(out, fee->feedetl_sn);
      pack_unsigned(out, (uint64_t)fee->ver);
      pack_u64(out, fee->content);
      pack_unsigned(out, fee->line.size);
      pack_bytes(out, fee->line.data, fee->line.size);
    }
  }
}

static void unpack_bill(struct unpack *in, struct bill *bill, struct arena *arena) {
  *bill = (struct bill){.setl_time_s = DATE_ABSENT, .begntime_s = DATE_ABSENT, .endtime_s = DATE_ABSENT,
                        .icu_in_first_s = DATE_ABSENT, .icu_in_stay_s = DATE_ABSENT, .brdy_day = INT32_MIN, .fee_cnt = -1};
  const uint64_t flags = unpack_unsigned(in);
  bill->setl_id = unpack_text(in, arena);
  bill->has_medfee = (flags & BILL_MEDFEE) != 0;
  bill->has_inscp = (flags & BILL_INSCP) != 0;
  bill->has_fund = (flags & BILL_FUND) != 0;
  bill->begntime_day_only = (flags & BILL_BEGN_DAY_ONLY) != 0;
  bill->endtime_day_only = (flags & BILL_END_DAY_ONLY) != 0;
  bill->interim = (flags & BILL_INTERIM) != 0;
  bill->refund_row = (flags & BILL_REFUND_ROW) != 0;
  bill->valid = (flags & BILL_VALID) != 0;
  bill->lines_gone = (flags & BILL_LINES_GONE) != 0;
  bill->given = (flags & BILL_GIVEN) != 0;
  bill->aid = (flags & BILL_AID) != 0;
  bill->main_fallback = (flags & BILL_MAIN_FALLBACK) != 0;
  if (flags & BILL_SETL) {
    unpack_slot(in, &bill->setl);
    bill->first_recv_time_s = (int64_t)((uint64_t)bill->setl.recv_time_s + (uint64_t)unpack_signed(in));
#define X(name) bill->name = unpack_text(in, arena);
    BILL_TEXTS(X)
    if (flags & BILL_STAY) {
      STAY_TEXTS(X)
    }
#undef X
    bill->setl_time_s = encode_get_time(in);
    if (flags & BILL_STAY) {
      bill->begntime_s = encode_get_time(in);
      bill->endtime_s = encode_get_time(in);
      bill->icu_in_first_s = encode_get_time(in);
      if (flags & BILL_ICU_IN_STAY) bill->icu_in_stay_s = encode_get_time(in);
    }
    if (flags & BILL_PERSON) bill->brdy_day = (int32_t)unpack_signed(in);
    bill->main_diagnosis = unpack_text(in, arena);
    const uint64_t diagnoses = unpack_unsigned(in);
    if (diagnoses > unpack_left(in)) in->bad = true;
    if (!in->bad && diagnoses > 0) {
      bill->diagnoses = ARENA_ARRAY(arena, struct slice, diagnoses);
      bill->diagnoses_size = (uint32_t)diagnoses;
      for (uint64_t i = 0; i < diagnoses; i++) bill->diagnoses[i] = unpack_text(in, arena);
    }
    if (bill->has_medfee) bill->medfee_fen = unpack_signed(in);
    if (bill->has_inscp) bill->inscp_fen = unpack_signed(in);
    if (bill->has_fund) bill->fund_fen = unpack_signed(in);
    if (flags & BILL_SPLIT) bill->fee_cnt = (int64_t)(unpack_unsigned(in) & INT64_MAX);
    if (bill->refund_row) bill->init_setl_id = unpack_text(in, arena);
    const uint64_t lines = unpack_unsigned(in), bytes = unpack_unsigned(in);
    if (lines > bytes || bytes > unpack_left(in)) in->bad = true;
    else {
      bill->lines_size = (uint32_t)lines;
      bill->lines = unpack_bytes(in, (size_t)bytes);
    }
  }
  if (flags & BILL_CANCEL) unpack_slot(in, &bill->cancel);
  if (flags & BILL_LIST) {
    unpack_slot(in, &bill->list);
#define X(name) bill->name = unpack_text(in, arena);
    LIST_TEXTS(X)
#undef X
    if (flags & BILL_LIST_PAYMTD) bill->list_hi_paymtd = unpack_text(in, arena);
  }
  if (flags & BILL_FEES) {
    if (!(flags & BILL_SETL)) bill->setl.event_time_s = encode_get_time(in);
    const uint64_t fees = unpack_unsigned(in);
    if (fees == 0 || fees > unpack_left(in)) in->bad = true;
    else {
      bill->fees = ARENA_ARRAY(arena, struct fee_line, fees);
      bill->fees_size = (uint32_t)fees;
      for (uint64_t i = 0; i < fees; i++) {
        struct fee_line *fee = &bill->fees[i];
        fee->feedetl_sn = unpack_text(in, arena);
        fee->ver = (int64_t)unpack_unsigned(in);
        fee->content = unpack_u64(in);
        fee->line = unpack_bytes(in, (size_t)unpack_unsigned(in));
      }
    }
  }
  if (!slice_present(bill->setl_id) || unpack_left(in) != 0) in->bad = true;
}

enum { FINDING_OPEN = 1, FINDING_PAIR = 2, FINDING_SHADOW = 4, FINDING_PROVISIONAL = 8, FINDING_DUE = 16 };

static void pack_finding(struct text *out, const struct finding *finding) {
  pack_unsigned(out, (finding->open ? FINDING_OPEN : 0u) | (finding->pair ? FINDING_PAIR : 0u) |
                         (finding->shadow ? FINDING_SHADOW : 0u) | (finding->provisional ? FINDING_PROVISIONAL : 0u) |
                         (finding->due_s != INT64_MAX ? FINDING_DUE : 0u));
  pack_bytes(out, finding->id, sizeof finding->id);
  pack_unsigned(out, (uint64_t)finding->revision);
  encode_put_time(out, finding->time_s);
  if (!finding->open) return;
  pack_text(out, finding->rule_id);
  pack_unsigned(out, (uint64_t)finding->rule_version);
  pack_text(out, finding->unit);
  pack_text(out, finding->mdtrt_id);
  pack_text(out, finding->fixmedins_code);
  pack_unsigned(out, finding->setl_ids_size);
  for (uint32_t i = 0; i < finding->setl_ids_size; i++) pack_text(out, finding->setl_ids[i]);
  pack_u64(out, finding->verdict);
  pack_signed(out, finding->vola_fen);
  pack_signed(out, finding->fund_fen);
  if (finding->due_s != INT64_MAX) encode_put_time(out, finding->due_s);
}

static void unpack_finding(struct unpack *in, struct finding *finding, struct arena *arena) {
  const uint64_t flags = unpack_unsigned(in);
  *finding = (struct finding){.open = (flags & FINDING_OPEN) != 0, .pair = (flags & FINDING_PAIR) != 0,
                              .shadow = (flags & FINDING_SHADOW) != 0, .provisional = (flags & FINDING_PROVISIONAL) != 0,
                              .due_s = INT64_MAX};
  const struct slice id = unpack_bytes(in, sizeof finding->id);
  if (id.data == NULL) return;
  memcpy(finding->id, id.data, sizeof finding->id);
  finding->revision = (int64_t)unpack_unsigned(in);
  finding->time_s = encode_get_time(in);
  if (!finding->open) return;
  finding->rule_id = unpack_text(in, arena);
  finding->rule_version = (int64_t)unpack_unsigned(in);
  finding->unit = unpack_text(in, arena);
  finding->mdtrt_id = unpack_text(in, arena);
  finding->fixmedins_code = unpack_text(in, arena);
  const uint64_t ids = unpack_unsigned(in);
  if (ids > unpack_left(in)) in->bad = true;
  if (in->bad) return;
  finding->setl_ids = ARENA_ARRAY(arena, struct slice, ids);
  finding->setl_ids_size = (uint32_t)ids;
  for (uint64_t i = 0; i < ids; i++) finding->setl_ids[i] = unpack_text(in, arena);
  finding->verdict = unpack_u64(in);
  finding->vola_fen = unpack_signed(in);
  finding->fund_fen = unpack_signed(in);
  if (flags & FINDING_DUE) finding->due_s = encode_get_time(in);
}

static void put_u64(char *to, uint64_t value) {
  for (unsigned i = 0; i < 8; i++) to[i] = (char)(value >> (8 * i));
}

// A bill's size stands in front of it and is known only afterwards: it has one of two fixed widths.
enum { NARROW = 3, WIDE = 5 };

static unsigned width_of(size_t size) { return size >> (7 * NARROW) == 0 ? NARROW : WIDE; }

static void put_size(char *to, size_t size) {
  const unsigned width = width_of(size);
  for (unsigned i = 0; i < width; i++, size >>= 7) to[i] = (char)((size & 0x7f) | (i + 1 < width ? 0x80 : 0));
}

size_t encode_begin_sized(struct text *out) {
  text_reserve(out, WIDE);
  out->size += WIDE;
  return out->size;
}

void encode_end_sized(struct text *out, size_t begin) {
  size_t size = out->size - begin;
  char *to = out->data + begin - WIDE;
  for (unsigned i = 0; i < WIDE; i++, size >>= 7) to[i] = (char)((size & 0x7f) | (i + 1 < WIDE ? 0x80 : 0));
}

void encode_bill(struct text *out, const struct bill *bill) {
  if (slice_present(bill->packed)) {
    put_size(text_reserve(out, WIDE), bill->packed.size);
    out->size += width_of(bill->packed.size);
    text_append(out, bill->packed);
    return;
  }
  const size_t at = out->size;
  text_reserve(out, WIDE);
  out->size += NARROW;
  pack_bill(out, bill);
  const size_t size = out->size - at - NARROW;
  if (width_of(size) != NARROW) {
    text_reserve(out, WIDE);
    memmove(out->data + at + WIDE, out->data + at + NARROW, size);
    out->size += WIDE - NARROW;
  }
  put_size(out->data + at, size);
}

bool encode_read_bill(struct slice packed, struct bill *bill, struct arena *arena) {
  struct unpack one = unpack_from(packed);
  unpack_bill(&one, bill, arena);
  bill->packed = packed;
  return !one.bad;
}

void encode(const struct dossier *dossier, struct text *out) {
  char *head = text_reserve(out, HEAD_BYTES);
  head[0] = 'S';
  head[1] = 'W';
  head[2] = ENCODE_VERSION;
  put_u64(head + 3, (uint64_t)dossier_due(dossier));
  put_u64(head + 11, dossier->ruleset);
  put_u64(head + 19, dossier->projection);
  out->size += HEAD_BYTES;
  encode_put_time(out, dossier->watermark_s);
  encode_put_time(out, dossier->untold ? dossier->watermark_s : dossier->known_s);    // whoever knows better has said so
  pack_unsigned(out, dossier->cut);
  uint32_t awake = 0;
  for (uint32_t i = 0; i < dossier->bills_size; i++) awake += !dossier->bills[i].rests;
  pack_unsigned(out, awake);
  for (uint32_t i = 0; i < dossier->bills_size; i++)
    if (!dossier->bills[i].rests) encode_bill(out, &dossier->bills[i]);
  asleep_write(dossier, out);
  pack_unsigned(out, dossier->findings_size);
  for (uint32_t i = 0; i < dossier->findings_size; i++) pack_finding(out, &dossier->findings[i]);
}

static uint64_t get_u64(const char *from) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 8; i++) value |= (uint64_t)(unsigned char)from[i] << (8 * i);
  return value;
}

static bool is_body(struct slice body) {
  return body.size >= HEAD_BYTES && body.data[0] == 'S' && body.data[1] == 'W' && body.data[2] >= ENCODE_VERSION_FIRST && body.data[2] <= ENCODE_VERSION;
}

int64_t encode_due(struct slice body) { return is_body(body) ? (int64_t)get_u64(body.data + 3) : INT64_MAX; }

static enum status damaged(struct dossier *dossier, struct slice body, struct error *error) {
  struct slice psn_no = dossier->psn_no;
  dossier_init(dossier, dossier->arena, psn_no);
  return error_set(error, STATUS_REJECT, "the dossier's %zu bytes are damaged", body.size);
}

enum status encode_read(struct dossier *dossier, struct slice body, struct error *error) {
  const enum status status = encode_read_awake(dossier, body, error);
  return status != STATUS_OK || asleep_wake_all(dossier) ? status : damaged(dossier, body, error);
}

enum status encode_read_awake(struct dossier *dossier, struct slice body, struct error *error) {
  if (!is_body(body)) return error_set(error, STATUS_REJECT, "not a dossier of version %d: its first bytes differ", ENCODE_VERSION);
  struct arena *arena = dossier->arena;
  dossier->ruleset = get_u64(body.data + 11);
  dossier->projection = get_u64(body.data + 19);
  struct unpack in = unpack_from((struct slice){body.data + HEAD_BYTES, body.size - HEAD_BYTES});
  dossier->watermark_s = encode_get_time(&in);
  dossier->untold = body.data[2] < ENCODE_VERSION;
  if (!dossier->untold) dossier->known_s = encode_get_time(&in);
  dossier->cut = unpack_unsigned(&in) != 0;
  const uint64_t bills = unpack_unsigned(&in);
  if (bills > unpack_left(&in)) in.bad = true;
  if (!in.bad) {
    dossier->bills_capacity = (uint32_t)bills + 2;
    dossier->bills = ARENA_ARRAY(arena, struct bill, dossier->bills_capacity);
    dossier->bills_size = (uint32_t)bills;
    for (uint64_t i = 0; i < bills && !in.bad; i++) {
      const uint64_t size = unpack_unsigned(&in);
      const struct slice packed = size <= unpack_left(&in) ? unpack_bytes(&in, (size_t)size) : SLICE_NONE;
      if (packed.data == NULL) {
        in.bad = true;
        break;
      }
      const bool good = encode_read_bill(packed, &dossier->bills[i], arena);
      if (!good || (i > 0 && slice_compare(dossier->bills[i - 1].setl_id, dossier->bills[i].setl_id) >= 0)) in.bad = true;
    }
  }
  if (!in.bad && body.data[2] >= ENCODE_VERSION_ASLEEP) asleep_read(dossier, &in);
  const uint64_t findings = in.bad ? 0 : unpack_unsigned(&in);
  if (findings > unpack_left(&in)) in.bad = true;
  if (!in.bad) {
    dossier->findings_capacity = (uint32_t)findings + 2;
    dossier->findings = ARENA_ARRAY(arena, struct finding, dossier->findings_capacity);
    dossier->findings_size = (uint32_t)findings;
    for (uint64_t i = 0; i < findings && !in.bad; i++) unpack_finding(&in, &dossier->findings[i], arena);
  }
  return in.bad || unpack_left(&in) != 0 ? damaged(dossier, body, error) : STATUS_OK;
}
