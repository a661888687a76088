// Findings of two sets, from their messages to the pairs that are compared.
//
// A message is packed to what the comparison needs; the last message of a finding and version speaks for it. The packed records of one person are all in
// one bucket, in the order they came.
#pragma once

#include "consumers/spill.h"
#include "record/json.h"

struct found {
  struct slice rule_id, psn_no;
  struct slice *setl_ids;       // identity, sorted
  uint32_t setl_ids_size;
  bool shadow, open;
  unsigned side;
  int64_t version;
  // open only
  struct slice institution, setl_id, band, sentence_zh, sentence_en, evidence, shown;    // evidence: a JSON list; shown: for people
  int64_t vola_fen, fund_fen, points;    // points: 0 where a finding costs none (lead, indicator)
  uint64_t *lines;              // hashes of the claimed lines, ascending
  uint32_t lines_size;
};

// Appends a message (docs/messages.md) in packed form. scratch is used.
void found_pack(struct text *out, const struct json_value *message, unsigned side, bool shadow, struct text *scratch);
// Appends the record with its size in front, as found_compare wants it.
void found_frame(struct text *out, struct slice packed);

struct found_visitor {
  // Each finding that is open in either set; NULL where it is not.
  void (*finding)(void *context, const struct found *baseline, const struct found *new);
  // Two rules, first < second, with open findings on one visit, and how many lines both claim. Not of rules on trial.
  void (*overlap)(void *context, unsigned side, struct slice first, struct slice second, uint64_t lines);
  void *context;
};
// One bucket. What is handed to the visitor lives during the call. STATUS_FATAL: the bytes are damaged.
enum status found_compare(struct slice bucket, const struct found_visitor *visitor, struct error *error);
