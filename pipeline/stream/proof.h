// The proof from the receipts: every offset of the input was screened exactly once, and the results are those that were written.
//
//   proof_receipt | proof_output ...  in any order, best that in which they were written      proof_end
//
// Of the receipts of a partition: numbers and offsets follow each other, counts add up, `previous` is the chain before. Of the outputs
// (receipt.h): each receipt has as many as it says, none is there that no receipt covers, and the chain computed from them is the
// receipt's. What is held back are the outputs of receipts that are not complete yet; when that would become more than held_bytes_max
// or RECEIPTS_OPEN_MAX receipts, the oldest is judged as it stands.
// Offsets that the receipts leave out may hold no record (a transactional producer's control records): such a hole is handed out,
// and its owner looks at the input. One proof, one thread.
#pragma once

#include "stream/receipt.h"

#define PROOF_KINDS(X)                                                                                                  \
  X(MALFORMED, "malformed", "no receipt, or no mark of one", "不是回执，或缺少回执标记")                                  \
  X(GAP, "gap", "offsets that no receipt covers", "有偏移量没有任何回执覆盖")                                             \
  X(OVERLAP, "overlap", "offsets that two receipts cover", "有偏移量被两份回执覆盖")                                      \
  X(NUMBER, "number", "the receipts' numbers do not follow each other", "回执编号不连续")                                 \
  X(COUNTS, "counts", "the counts do not add up", "各项计数之和不符")                                                     \
  X(PREVIOUS, "previous", "the receipt does not follow the one before", "回执与前一份不相接")                             \
  X(CHAIN, "chain", "the receipt was changed", "回执被改动")                                                              \
  X(CHANGED, "changed", "results of the receipt were changed", "回执所列的结果被改动")                                    \
  X(MISSING, "missing", "results that the receipt names are not there", "回执所列的结果缺失")                             \
  X(EXTRA, "extra", "results that no receipt covers, or twice", "有结果无回执覆盖或重复出现")                             \
  X(POSITION, "position", "the committed position contradicts the receipts", "已提交位置与回执矛盾")                      \
  X(UNPROVEN, "unproven", "the input of these offsets is deleted: whether they held records cannot be told any more",     \
    "这些偏移量的输入已删除，无法再判断其中是否有记录")
enum proof_kind {
#define X(name, text, meaning, meaning_zh) PROOF_##name,
  PROOF_KINDS(X)
#undef X
      PROOF_KIND_COUNT
};
const char *proof_kind_name(enum proof_kind kind);
const char *proof_kind_meaning(enum proof_kind kind, bool chinese);

// Where it breaks. topic: an output's name without prefix, or the input's full name. receipt 0, offsets -1: not known.
struct proof_break {
  enum proof_kind kind;
  struct slice topic;
  int32_t partition;
  uint64_t receipt;
  int64_t first_offset, last_offset;
  char expected[300];
};

// Offsets first..last of the input must hold exactly so many records.
struct proof_hole {
  struct slice topic;
  int32_t partition;
  uint64_t receipt;    // behind or around the hole
  int64_t first_offset, last_offset;
  uint64_t records;
};

// One input partition. Ranges of rule sets follow each other.
struct proof_span { struct slice ruleset; int64_t first_offset, last_offset; uint64_t receipts; };
struct proof_lane {
  struct slice topic;
  int32_t partition;
  uint64_t receipts, records, dispositions[DISPOSITION_COUNT], outputs;
  int64_t first_offset, next_offset;    // -1, 0: no receipt at all
  uint64_t newest_output;               // the highest receipt that an output names
  const struct proof_span *spans;
  size_t spans_size;
};

struct proof_settings {
  void *context;
  void (*tell)(void *context, const struct proof_break *found);
  void (*hole)(void *context, const struct proof_hole *hole);    // NULL: a hole is a gap
  size_t held_bytes_max;
};

struct proof;
struct proof *proof_create(const struct proof_settings *settings);
void proof_destroy(struct proof *proof);
void proof_receipt(struct proof *proof, struct slice value);
// An output with its mark: partition of the input, number of the receipt, place in it.
void proof_output(struct proof *proof, struct slice input, enum topic topic, int32_t partition, uint64_t receipt, uint64_t place,
                  struct slice key, struct slice value);
// "3.17.0" of the header `receipt`.
bool proof_mark(struct slice header, int32_t *partition, uint64_t *receipt, uint64_t *place);
// A problem that the owner found himself.
void proof_tell(struct proof *proof, const struct proof_break *found);
// Nothing more comes: receipts that still lack outputs are told. Returns how many outputs name a receipt behind the last one of its
// partition: results of a run that goes on, or nobody's.
uint64_t proof_end(struct proof *proof);
size_t proof_lanes(const struct proof *proof, struct proof_lane *lanes, size_t room);    // how many there are
uint64_t proof_breaks(const struct proof *proof);
