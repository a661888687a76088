#include "dossier/lines.h"

#include "dossier/pack.h"
#include "record/money.h"

enum {
  FLAG_TEXT_SN = 1,         // the line number is a text, not the last number plus a difference
  FLAG_REFUND_OF = 2,       // init_feedetl_sn follows, as a text
  FLAG_DAY_ONLY = 4,
  FLAG_NO_TIME = 8,
  FLAG_NO_CNT = 16,
  FLAG_WHOLE_CNT = 32,      // cnt in whole units
  FLAG_NO_AMOUNT = 64,
  FLAG_PRODUCT = 128,       // amount = cnt x pric
  FLAG_INSCP_FULL = 256,    // in-scope = amount
  FLAG_INSCP_DERIVED = 512,
  FLAG_INSCP_UNKNOWN = 1024,
  FLAG_OVERLMT = 2048,
  FLAG_PRD_DAYS = 4096,
  FLAG_TRACES = 8192,
};

enum { ITEM_NEW = 0, COUNT_ONE = 10000 };

// A line number that is a plain decimal without leading zeros.
static bool plain_number(struct slice s, int64_t *value) {
  if (s.size == 0 || s.size > 17 || (s.data[0] == '0' && s.size > 1)) return false;
  int64_t number = 0;
  for (size_t i = 0; i < s.size; i++) {
    if (s.data[i] < '0' || s.data[i] > '9') return false;
    number = number * 10 + (s.data[i] - '0');
  }
  *value = number;
  return true;
}

static struct slice number_text(struct arena *arena, int64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return arena_copy(arena, (struct slice){digits + at, sizeof digits - at});
}

// What stands once and is then named by its number.
struct shared {
  struct slice med_list_codg, medins_list_codg, med_chrgitm_type;
  int64_t pric;
  bool has_pric;
};

static bool same_text(struct slice a, struct slice b) { return slice_equal(a, b) && slice_present(a) == slice_present(b); }

static bool same_item(const struct line *a, const struct line *b) {
  const bool has_pric = (b->has & LINE_HAS_PRIC) != 0;
  return ((a->has & LINE_HAS_PRIC) != 0) == has_pric && (!has_pric || a->pric == b->pric) && same_text(a->med_list_codg, b->med_list_codg) &&
         same_text(a->medins_list_codg, b->medins_list_codg) && same_text(a->med_chrgitm_type, b->med_chrgitm_type);
}

// Codes differ at their ends; the high bits of the product are good ones. Only where a line looks for its like depends on it.
static uint64_t place_of(const struct line *line) {
  return (slice_tail(line->med_list_codg) ^ slice_tail(line->medins_list_codg) * 0xff51afd7ed558ccdu ^ (uint64_t)line->pric) * 0x9e3779b97f4a7c15u;
}

int64_t lines_inscp_derived(const struct line *line, bool *derived, bool *unknown) {
  const unsigned needed = LINE_HAS_AMOUNT | LINE_HAS_OWNPAY | LINE_HAS_OVERLMT | LINE_HAS_PRESELF;
  *derived = (line->has & needed) == needed;
  *unknown = !*derived;
  return *derived ? line->det_item_fee_fen - line->ownpay_fen - line->overlmt_fen - line->preself_fen : 0;
}

// med_list_codg, medins_list_codg, med_chrgitm_type, pric. Prices are whole fen most often: the last bits tell, and zero that there is
// none.
static char *put_item(char *to, const struct line *line) {
  to = pack_put_text(to, line->med_list_codg);
  to = pack_put_text(to, line->medins_list_codg);
  to = pack_put_text(to, line->med_chrgitm_type);
  if (!(line->has & LINE_HAS_PRIC)) return pack_put_signed(to, 0);
  return pack_put_signed(to, line->pric % 10000 == 0 ? (line->pric / 10000) * 4 + 1 : line->pric * 4 + 2);
}

static char *put_known_item(char *to, const struct line *line, uint64_t place, struct lines_memo *memo) {
  const struct slice *national = &line->med_list_codg, *hospital = &line->medins_list_codg, *category = &line->med_chrgitm_type;
  const bool has_pric = (line->has & LINE_HAS_PRIC) != 0;
  const size_t size = national->size + hospital->size + category->size;
  struct lines_memo_entry *entry = memo != NULL ? &memo->entries[(place >> 40) % LINES_MEMO] : NULL;
  if (entry == NULL || size > sizeof entry->texts || !slice_present(*national) || !slice_present(*hospital) || !slice_present(*category))
    return put_item(to, line);
  const char *texts = entry->texts;
  if (entry->packed != 0 && entry->has_pric == has_pric && entry->pric == line->pric && entry->national == national->size &&
      entry->hospital == hospital->size && entry->category == category->size && slice_same(texts, national->data, national->size) &&
      slice_same(texts + national->size, hospital->data, hospital->size) &&
      slice_same(texts + national->size + hospital->size, category->data, category->size)) {
    memcpy(to, entry->bytes, sizeof entry->bytes);
    return to + entry->packed;
  }
  char *end = put_item(to, line);
  if ((size_t)(end - to) > sizeof entry->bytes) return end;
  *entry = (struct lines_memo_entry){.pric = line->pric, .has_pric = has_pric, .national = (uint8_t)national->size,
                                     .hospital = (uint8_t)hospital->size, .category = (uint8_t)category->size,
                                     .packed = (uint8_t)(end - to)};
  memcpy(entry->texts, national->data, national->size);
  memcpy(entry->texts + national->size, hospital->data, hospital->size);
  memcpy(entry->texts + national->size + hospital->size, category->data, category->size);
  memcpy(entry->bytes, to, (size_t)(end - to));
  return end;
}

// The most that a line can take.
static size_t room_of(const struct line *line, const struct slice *traces) {
  size_t room = line->feedetl_sn.size + line->init_feedetl_sn.size + line->med_list_codg.size + line->medins_list_codg.size +
                line->med_chrgitm_type.size + 5 * PACK_TEXT_EXTRA + 12 * PACK_NUMBER_MAX + sizeof(((struct lines_memo_entry *)0)->bytes);
  for (unsigned t = 0; t < line->trace_count; t++) room += traces[line->trace_first + t].size + PACK_TEXT_EXTRA;
  return room;
}

static unsigned flags_of(const struct line *line, bool plain, int64_t *inscp_fen) {
  unsigned flags = plain ? 0 : FLAG_TEXT_SN;
  if (slice_present(line->init_feedetl_sn)) flags |= FLAG_REFUND_OF;
  if (line->day_only) flags |= FLAG_DAY_ONLY;
  if (line->fee_ocur_time_s == DATE_ABSENT) flags |= FLAG_NO_TIME;
  const bool has_cnt = (line->has & LINE_HAS_CNT) != 0;
  if (!has_cnt) flags |= FLAG_NO_CNT;
  else if (line->cnt % COUNT_ONE == 0) flags |= FLAG_WHOLE_CNT;
  if (!(line->has & LINE_HAS_AMOUNT)) flags |= FLAG_NO_AMOUNT;
  else if (has_cnt && line->has & LINE_HAS_PRIC && money_product_fen(line->cnt, line->pric) == line->det_item_fee_fen) flags |= FLAG_PRODUCT;
  bool derived = false, unknown = false;
  *inscp_fen = lines_inscp(line, &derived, &unknown);
  if (derived) flags |= FLAG_INSCP_DERIVED;
  if (unknown) flags |= FLAG_INSCP_UNKNOWN;
  if (!(flags & (FLAG_NO_AMOUNT | FLAG_INSCP_UNKNOWN)) && *inscp_fen == line->det_item_fee_fen) flags |= FLAG_INSCP_FULL;
  if (line->has & LINE_HAS_OVERLMT && line->overlmt_fen != 0) flags |= FLAG_OVERLMT;
  if (line->has & LINE_HAS_PRD_DAYS) flags |= FLAG_PRD_DAYS;
  if (line->trace_count > 0) flags |= FLAG_TRACES;
  return flags;
}

void lines_pack(struct text *out, struct arena *arena, const struct line *lines, size_t size, const struct slice *traces,
                uint64_t *derived, struct lines_memo *memo) {
  // Open addressing over the items seen so far: slots hold number + 1.
  size_t slots_size = 16;
  unsigned shift = 60;
  for (; slots_size < size * 2; slots_size *= 2) shift--;
  uint32_t *slots = ARENA_ZEROED(arena, uint32_t, slots_size);
  const struct line **items = ARENA_ARRAY(arena, const struct line *, size);
  uint32_t items_size = 0;
  int64_t last_sn = 0, last_time_s = 0;

  for (size_t i = 0; i < size; i++) {
    const struct line *line = &lines[i];
    int64_t sn = 0, inscp_fen;
    const unsigned flags = flags_of(line, plain_number(line->feedetl_sn, &sn), &inscp_fen);
    if (flags & FLAG_INSCP_DERIVED && derived != NULL) ++*derived;
    char *to = pack_put_unsigned(text_reserve(out, room_of(line, traces)), flags);
    if (flags & FLAG_TEXT_SN) to = pack_put_text(to, line->feedetl_sn);
    else {
      to = pack_put_signed(to, sn - last_sn);
      last_sn = sn;
    }
    if (flags & FLAG_REFUND_OF) to = pack_put_text(to, line->init_feedetl_sn);
    if (!(flags & FLAG_NO_TIME)) {
      to = pack_put_signed(to, line->fee_ocur_time_s - last_time_s);
      last_time_s = line->fee_ocur_time_s;
    }
    const uint64_t place = place_of(line);
    size_t slot = place >> shift;
    while (slots[slot] != 0 && !same_item(items[slots[slot] - 1], line)) slot = (slot + 1) & (slots_size - 1);
    if (slots[slot] != 0) {
      to = pack_put_unsigned(to, slots[slot]);
    } else {
      items[items_size] = line;
      slots[slot] = ++items_size;
      to = put_known_item(pack_put_unsigned(to, ITEM_NEW), line, place, memo);
    }
    if (!(flags & FLAG_NO_CNT)) to = pack_put_signed(to, flags & FLAG_WHOLE_CNT ? line->cnt / COUNT_ONE : line->cnt);
    if (!(flags & (FLAG_NO_AMOUNT | FLAG_PRODUCT))) to = pack_put_signed(to, line->det_item_fee_fen);
    if (!(flags & (FLAG_INSCP_FULL | FLAG_INSCP_UNKNOWN))) to = pack_put_signed(to, inscp_fen);
    if (flags & FLAG_OVERLMT) to = pack_put_signed(to, line->overlmt_fen);
    if (flags & FLAG_PRD_DAYS) to = pack_put_signed(to, line->prd_days);
    if (flags & FLAG_TRACES) {
      to = pack_put_unsigned(to, line->trace_count);
      for (unsigned t = 0; t < line->trace_count; t++) to = pack_put_text(to, traces[line->trace_first + t]);
    }
    out->size = (size_t)(to - out->data);
  }
}

void lines_take(struct stored_line *stored, const struct line *line, const struct slice *traces) {
  bool derived = false, unknown = false;
  const int64_t inscp_fen = lines_inscp(line, &derived, &unknown);
  const unsigned kept = LINE_HAS_CNT | LINE_HAS_PRIC | LINE_HAS_AMOUNT | LINE_HAS_PRD_DAYS;
  const bool overlmt = line->has & LINE_HAS_OVERLMT && line->overlmt_fen != 0;
  *stored = (struct stored_line){
      .feedetl_sn = line->feedetl_sn, .init_feedetl_sn = line->init_feedetl_sn, .med_list_codg = line->med_list_codg,
      .medins_list_codg = line->medins_list_codg, .med_chrgitm_type = line->med_chrgitm_type, .time_s = line->fee_ocur_time_s,
      .cnt = line->has & LINE_HAS_CNT ? line->cnt : 0, .pric = line->has & LINE_HAS_PRIC ? line->pric : 0,
      .amount_fen = line->has & LINE_HAS_AMOUNT ? line->det_item_fee_fen : 0, .inscp_fen = inscp_fen,
      .overlmt_fen = overlmt ? line->overlmt_fen : 0, .prd_days = line->has & LINE_HAS_PRD_DAYS ? line->prd_days : 0,
      .has = (uint8_t)((line->has & kept) | (overlmt ? LINE_HAS_OVERLMT : 0)), .day_only = line->day_only,
      .inscp_derived = derived, .inscp_unknown = unknown,
      .traces = line->trace_count > 0 ? traces + line->trace_first : NULL, .traces_size = line->trace_count};
}

bool lines_unpack(struct slice packed, size_t size, struct arena *arena, struct stored_line *lines) {
  struct unpack in = unpack_from(packed);
  struct shared *items = ARENA_ARRAY(arena, struct shared, size);
  uint32_t items_size = 0;
  int64_t last_sn = 0, last_time_s = 0;
  for (size_t i = 0; i < size && !in.bad; i++) {
    struct stored_line *line = &lines[i];
    *line = (struct stored_line){.time_s = DATE_ABSENT};
    const uint64_t flags = unpack_unsigned(&in);
    if (flags & FLAG_TEXT_SN) {
      line->feedetl_sn = unpack_text(&in, arena);
    } else {
      last_sn = (int64_t)((uint64_t)last_sn + (uint64_t)unpack_signed(&in));
      if (last_sn < 0) in.bad = true;
      else line->feedetl_sn = number_text(arena, last_sn);
    }
    if (flags & FLAG_REFUND_OF) line->init_feedetl_sn = unpack_text(&in, arena);
    if (!(flags & FLAG_NO_TIME)) {
      last_time_s = (int64_t)((uint64_t)last_time_s + (uint64_t)unpack_signed(&in));
      line->time_s = last_time_s;
    }
    line->day_only = (flags & FLAG_DAY_ONLY) != 0;
    const uint64_t number = unpack_unsigned(&in);
    if (number == ITEM_NEW) {
      struct shared *item = &items[items_size++];
      *item = (struct shared){.med_list_codg = unpack_text(&in, arena)};
      item->medins_list_codg = unpack_text(&in, arena);
      item->med_chrgitm_type = unpack_text(&in, arena);
      const int64_t price = unpack_signed(&in);
      item->has_pric = price != 0;
      item->pric = (price & 3) == 1 ? (int64_t)((uint64_t)(price >> 2) * 10000u) : price >> 2;
    } else if (number > items_size) {
      in.bad = true;
    }
    if (in.bad) break;
    const struct shared *item = &items[number == ITEM_NEW ? items_size - 1 : number - 1];
    line->med_list_codg = item->med_list_codg;
    line->medins_list_codg = item->medins_list_codg;
    line->med_chrgitm_type = item->med_chrgitm_type;
    if (item->has_pric) {
      line->pric = item->pric;
      line->has |= LINE_HAS_PRIC;
    }
    if (!(flags & FLAG_NO_CNT)) {
      const int64_t cnt = unpack_signed(&in);
      line->cnt = flags & FLAG_WHOLE_CNT ? (int64_t)((uint64_t)cnt * (uint64_t)COUNT_ONE) : cnt;
      line->has |= LINE_HAS_CNT;
    }
    if (!(flags & FLAG_NO_AMOUNT)) {
      line->amount_fen = flags & FLAG_PRODUCT ? money_product_fen(line->cnt, line->pric) : unpack_signed(&in);
      line->has |= LINE_HAS_AMOUNT;
    }
    line->inscp_derived = (flags & FLAG_INSCP_DERIVED) != 0;
    line->inscp_unknown = (flags & FLAG_INSCP_UNKNOWN) != 0;
    if (!line->inscp_unknown) line->inscp_fen = flags & FLAG_INSCP_FULL ? line->amount_fen : unpack_signed(&in);
    if (flags & FLAG_OVERLMT) {
      line->overlmt_fen = unpack_signed(&in);
      line->has |= LINE_HAS_OVERLMT;
    }
    if (flags & FLAG_PRD_DAYS) {
      line->prd_days = (int32_t)unpack_signed(&in);
      line->has |= LINE_HAS_PRD_DAYS;
    }
    if (flags & FLAG_TRACES) {
      const uint64_t traces = unpack_unsigned(&in);
      if (traces > unpack_left(&in)) in.bad = true;
      else {
        struct slice *codes = ARENA_ARRAY(arena, struct slice, traces);
        for (uint64_t t = 0; t < traces; t++) codes[t] = unpack_text(&in, arena);
        line->traces = codes;
        line->traces_size = (uint32_t)traces;
      }
    }
  }
  return !in.bad && unpack_left(&in) == 0;
}
