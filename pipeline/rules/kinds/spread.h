// Cumulative postings spread over the days of a stay (executors 1.8).
//
// A bed, nursing or daily item billed in one line with cnt = n stands for n days. Each line first takes the day it is dated on; its other
// units go to the nearest earlier payable day that no posting of the pool covers, then to the nearest later one; units that
// find no free day stay on the line's date. Lines in the order of the items, so the result is one and the same:
//
//   stay 28 Feb .. 9 Mar, payable 28 .. 8     line: bed x 9 dated 1 Mar
//   28 Feb  1 Mar  2 Mar ... 8 Mar
//     1       1      1         1
//
// A day is free while it holds nothing. A part of a unit (cnt 0.5) joins its own day as long as that day stays within one unit.
#pragma once

#include "core/arena.h"
#include "rules/view.h"

enum { POSTINGS_UNIT = 10000 };    // one unit of cnt
enum postings_mode {
  POSTINGS_CUMULATIVE,    // the region allows one line for several days
  POSTINGS_DAILY,         // every day is posted: nothing is spread
};

struct posting {
  uint32_t item;
  int32_t day;
  int64_t cnt;
};

struct postings {
  struct posting *rows;    // by day, then item
  size_t size;
  int32_t first_day;       // the payable days: first_day .. first_day + days - 1
  int32_t days;
  int64_t total;           // cnt of all counted lines, dated or not
  uint32_t undated, uncounted;    // lines that are not in rows: no fee_ocur_time; no cnt
  uint32_t asked;          // calls of spread_moving_day
};

// Computed once for each question about a visit, however many rules ask it. fees: bits of fee symbols that form the pool. payable:
// view_payable_days; 0 leaves every line on its date. singles_stay: lines of at most one unit are never moved off their date.
void spread_postings(struct postings *postings, struct visit *visit, int32_t payable, uint32_t fees, enum postings_mode mode,
                     bool singles_stay, struct arena *arena);
// One past the last row of the day that begins at row `from`.
size_t spread_day_end(const struct postings *postings, size_t from);
// Whether rows from..to (one day) are a move from one kind of bed to another: two codes, one of them posted before and never
// after, the other after and never before. After SPREAD_ASKED_MAX questions about one visit the answer is no: nobody moves that often,
// and the cost of an absurd bill stays bounded.
enum { SPREAD_ASKED_MAX = 1000 };
bool spread_moving_day(struct postings *postings, const struct visit *visit, size_t from, size_t to);
