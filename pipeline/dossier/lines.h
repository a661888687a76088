// Fee lines in a dossier: as small as they can be and still be judged again.
//
// Most lines of a bill repeat: the same bed every day, the same drug. So what repeats stands once and is then named by its number:
//
//   lines  = line*                    each: flags, sn, init_sn?, time, item | new item, cnt?, amount?, inscp?, ...
//   item   = med_list_codg, medins_list_codg, med_chrgitm_type, pric
//
// Line numbers that count up cost one byte, times two or three, amounts that follow from cnt x pric nothing. About 10 bytes for a repeated
// line and 40 for a new one. In-scope money that was not sent is derived here (executors 1.6) and flagged.
#pragma once

#include "core/arena.h"
#include "core/text.h"
#include "record/event.h"

// A line as it comes out again: what rules need of it, before netting.
struct stored_line {
  struct slice feedetl_sn, init_feedetl_sn;
  struct slice med_list_codg, medins_list_codg, med_chrgitm_type;
  int64_t time_s;
  int64_t cnt, pric, amount_fen, inscp_fen, overlmt_fen;
  int32_t prd_days;
  uint8_t has;                // LINE_HAS_* of CNT, PRIC, AMOUNT, OVERLMT, PRD_DAYS
  bool day_only, inscp_derived, inscp_unknown;
  const struct slice *traces;
  uint32_t traces_size;
};

// Packed items that were met before: a region bills the same few thousand again and again. Only a shortcut: the bytes are the same with it
// and without it. One per worker; zeroed memory is an empty one.
enum { LINES_MEMO = 2048 };
struct lines_memo {
  struct lines_memo_entry {
    int64_t pric;
    uint8_t has_pric, national, hospital, category, packed;    // sizes; packed 0: empty
    char texts[51];
    char bytes[64];
  } entries[LINES_MEMO];
};

// Appends the packed form of the lines. derived is increased for every in-scope amount that had to be derived. derived, memo may be NULL.
void lines_pack(struct text *out, struct arena *arena, const struct line *lines, size_t size, const struct slice *traces,
                uint64_t *derived, struct lines_memo *memo);
// In-scope money, sent or derived (executors 1.6): gross less what the person bears in full, above the cap, and first; unknown: 0. The
// flags must be false before.
int64_t lines_inscp_derived(const struct line *line, bool *derived, bool *unknown);
static inline int64_t lines_inscp(const struct line *line, bool *derived, bool *unknown) {
  return line->has & LINE_HAS_INSCP ? line->inscp_fen : lines_inscp_derived(line, derived, unknown);
}
// What lines_unpack would give for a line that was just packed.
void lines_take(struct stored_line *stored, const struct line *line, const struct slice *traces);
// The lines of a packed form: size of them in the arena. False when the bytes are damaged.
bool lines_unpack(struct slice packed, size_t size, struct arena *arena, struct stored_line *lines);
