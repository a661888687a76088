// What a change of rules does, told from the past: both sets over the same settlements, and the findings that stand at the end compared.
//
//   files -> order by event_time -> decode once -> screen with BASELINE -> messages -> spill (by person)
//                                               -> screen with NEW      -> messages -> spill
//   at the end, bucket by bucket:  last word on each finding -> open in one set or both? -> sums, overlaps, the largest changes
//
// A finding of one set is the same as one of the other when rule id and identity (the person's settlements it is about) are; the version of the
// rule does not count. `new`: only the new set has it open; `lost`: only the baseline; `changed`: both, with other amounts, band or points.
// Findings of rules on trial (shadow) cost nothing: they are compared apart. Everything in the report but the time it took is the same on every machine,
// for every number of workers and every order of files; its hash says so. Money is fen, points are tenths.
//
// Memory is that of the dossiers of both sets, one batch, and one of 128 buckets of findings at a time. Disk: some 700 bytes a finding message.
#pragma once

#include "consumers/embedded.h"
#include "core/digest.h"

enum backtest_side { BACKTEST_BASELINE, BACKTEST_NEW };
enum { BACKTEST_LARGEST = 20 };

struct backtest_sum {
  uint64_t findings;
  int64_t vola_fen, fund_fen, points;
};

struct backtest_row {
  struct slice key;    // rule id, level, institution
  struct backtest_sum sides[2];
  uint64_t added, lost, changed;
};

struct backtest_rows {
  struct backtest_row *rows;    // by key in a report
  uint32_t *slots;              // while it is made
  size_t size, capacity, slots_size;
};

struct backtest_overlap {       // two rules that claim the same
  struct slice first, second;   // rule ids, first < second
  uint64_t visits[2], lines[2]; // by side: visits with open findings of both; fee lines claimed by both
};

struct backtest_overlaps {
  struct backtest_overlap *rows;
  uint32_t *slots;
  size_t size, capacity, slots_size;
};

enum backtest_change_type { BACKTEST_ADDED, BACKTEST_LOST, BACKTEST_CHANGED };

struct backtest_state {         // of a finding in one set
  int64_t vola_fen, fund_fen, points;
  struct slice band;
};

struct backtest_change {
  enum backtest_change_type type;
  struct slice rule_id, institution, level, psn_no, setl_id, setl_ids;    // setl_ids: a JSON list
  struct backtest_state sides[2];
  struct slice sentence_zh, sentence_en, evidence, shown;    // of the new finding, or of the lost one; evidence: a JSON list; shown: for people
  struct slice why_zh, why_en;  // how the other set decided, or what the rule says differently
  struct arena arena;           // its texts
};

struct backtest_report {
  const struct ruleset *sides[2];
  uint64_t messages, settlements, dead;
  struct backtest_row total;
  struct backtest_row shadow;                          // of rules on trial
  struct backtest_rows rules, shadow_rules, levels, institutions;
  struct backtest_overlaps overlaps;
  struct backtest_change changes[BACKTEST_LARGEST];    // the largest first
  size_t changes_size;
  uint64_t patients, store_bytes, spilled_bytes;       // not in the report's hash
  struct rule_counts *rule_counts;                     // of the baseline, by rule number; not in the hash
  struct arena arena;
};

struct backtest_options {
  const struct ruleset *sides[2];    // sides[BACKTEST_NEW] NULL: nothing is compared; the report has the baseline alone, and no changes
  struct engine_settings engine;
  const char *const *paths;
  size_t paths_size;
  unsigned workers;
  size_t batch_records, batch_bytes;
  void (*progress)(void *context, uint64_t done, uint64_t total, uint64_t records);
  void *context;
};

// Fills the report; backtest_fini also after an error. STATUS_REJECT: a file is unreadable as a whole; STATUS_FATAL: the disk.
enum status backtest_run(const struct backtest_options *options, struct backtest_report *report, struct error *error);
void backtest_fini(struct backtest_report *report);

// For the parts of the making (backtest_sum.c). The row of a key; the key is copied into the report when it is new.
struct backtest_row *backtest_row_of(struct backtest_report *report, struct backtest_rows *rows, struct slice key);
struct backtest_overlap *backtest_overlap_of(struct backtest_report *report, struct slice first, struct slice second);
void backtest_sort(struct backtest_report *report);

// backtest_write.c: canonical JSON, without its hash, in one line. backtest_page.c: for people.
void backtest_write_json(const struct backtest_report *report, struct text *out);
void backtest_write_text(const struct backtest_report *report, bool chinese, struct text *out);
void backtest_write_html(const struct backtest_report *report, bool chinese, struct text *out);
// 64 hex digits of BLAKE2b-256 over the canonical JSON, and a final NUL.
void backtest_hash(const struct backtest_report *report, char hex[2 * DIGEST_BYTES + 1]);

// backtest_limit.c: `--fail-if`. [RULE:]METRIC OP BOUND, as in findings>+20% (the new set has over a fifth more), points<-5.0 (it has over five points
// less), ADM-001:vola_amt>100000.00 (it has more than that).
struct backtest_limit {
  const char *text;
  struct slice rule;      // empty: the whole
  int metric;             // findings, vola_amt, fund_amt, points, new, lost, changed
  bool above;
  enum { BACKTEST_ABSOLUTE, BACKTEST_DELTA, BACKTEST_PERCENT } kind;
  int64_t bound;          // scaled as the metric; of a percentage: basis points
};
// False with the error when it is no such expression. text must outlive the limit.
bool backtest_limit_parse(const char *text, struct backtest_limit *limit, struct error *error);
bool backtest_limit_holds(const struct backtest_limit *limit, const struct backtest_report *report);
