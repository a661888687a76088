#include "rules/kinds/spread.h"

#include "rules/kinds/claims.h"

// The payable days while lines are placed on them. back[d] leads to the nearest free day at or before d, ahead[d] to the nearest at
// or after d, with path compression; both are shifted by one so that the ends have room: day d stands at d + 1.
struct grid {
  int64_t *held;
  int32_t *back, *ahead;
  int32_t days, free;
};

static int32_t root(int32_t *links, int32_t at) {
  int32_t end = at;
  while (links[end] != end) end = links[end];
  for (int32_t next; links[at] != end; at = next) {
    next = links[at];
    links[at] = end;
  }
  return end;
}

static void grid_put(struct grid *grid, int32_t day, int64_t cnt) {
  if (grid->held[day] == 0) {
    grid->back[day + 1] = day;
    grid->ahead[day + 1] = day + 2;
    grid->free--;
  }
  grid->held[day] += cnt;
}

// The free day for one more unit of a line dated `day` (which may lie outside the stay), or -1.
static int32_t grid_free(const struct grid *grid, int64_t day) {
  if (grid->free == 0) return -1;
  const int32_t last = grid->days - 1;
  if (day >= 0) {
    const int32_t found = root(grid->back, (int32_t)(day > last ? last : day) + 1) - 1;
    if (found >= 0) return found;
  }
  const int32_t found = day > last ? grid->days : root(grid->ahead, (int32_t)(day < 0 ? 0 : day) + 1) - 1;
  return found < grid->days ? found : -1;
}

static void place(struct postings *postings, const struct visit *visit, int32_t payable, uint32_t fees, enum postings_mode mode,
                  bool singles_stay, struct arena *arena) {
  *postings = (struct postings){.days = payable > 0 ? payable : 0};
  if (payable > 0) postings->first_day = date_day(visit->begntime_s);
  uint32_t lines = 0;
  for (uint32_t i = 0; i < visit->items_size; i++) {
    const struct item *item = &visit->items[i];
    if (!item_in_fees(item, fees)) continue;
    if ((item->flags & ITEM_NO_CNT) != 0) {
      postings->uncounted++;
      continue;
    }
    postings->total += item->cnt;
    if (item->time_s == DATE_ABSENT) postings->undated++;
    else lines++;
  }
  if (lines == 0) return;

  struct posting *own = ARENA_ARRAY(arena, struct posting, lines);
  struct grid grid = {.days = postings->days, .free = postings->days};
  if (mode == POSTINGS_DAILY) grid.days = grid.free = 0;
  grid.held = ARENA_ZEROED(arena, int64_t, grid.days);
  grid.back = ARENA_ARRAY(arena, int32_t, grid.days + 2);
  grid.ahead = ARENA_ARRAY(arena, int32_t, grid.days + 2);
  for (int32_t i = 0; i < grid.days + 2; i++) grid.back[i] = grid.ahead[i] = i;

  // Every line on its own date first.
  uint32_t n = 0;
  for (uint32_t i = 0; i < visit->items_size; i++) {
    const struct item *item = &visit->items[i];
    if (!item_in_fees(item, fees) || (item->flags & ITEM_NO_CNT) != 0 || item->time_s == DATE_ABSENT) continue;
    struct posting *row = &own[n++];
    *row = (struct posting){i, date_day(item->time_s), 0};
    const int64_t day = (int64_t)row->day - postings->first_day;
    if (day < 0 || day >= grid.days) continue;
    const int64_t unit = item->cnt < POSTINGS_UNIT ? item->cnt : POSTINGS_UNIT;
    if (grid.held[day] + unit > POSTINGS_UNIT) continue;
    grid_put(&grid, (int32_t)day, unit);
    row->cnt = unit;
  }
  // Then the rest; each moved unit fills a free day, so a day holds at most one.
  struct posting *moved = ARENA_ZEROED(arena, struct posting, grid.days);
  for (uint32_t i = 0; i < lines; i++) {
    struct posting *row = &own[i];
    const int64_t cnt = visit->items[row->item].cnt;
    int64_t rest = cnt - row->cnt;
    if (!singles_stay || cnt > POSTINGS_UNIT)
      for (int32_t day; rest > 0 && (day = grid_free(&grid, (int64_t)row->day - postings->first_day)) >= 0;) {
        const int64_t unit = rest < POSTINGS_UNIT ? rest : POSTINGS_UNIT;
        grid_put(&grid, day, unit);
        moved[day] = (struct posting){row->item, postings->first_day + day, unit};
        rest -= unit;
      }
    row->cnt += rest;
  }
  // Both lists are in the order of days; rows of one day in the order of items.
  postings->rows = ARENA_ARRAY(arena, struct posting, (size_t)lines + (size_t)grid.days);
  uint32_t i = 0;
  int32_t day = 0;
  while (i < lines || day < grid.days) {
    if (i < lines && own[i].cnt == 0) i++;
    else if (day < grid.days && moved[day].cnt == 0) day++;
    else if (day >= grid.days || (i < lines && (own[i].day < moved[day].day ||
                                                (own[i].day == moved[day].day && own[i].item < moved[day].item))))
      postings->rows[postings->size++] = own[i++];
    else postings->rows[postings->size++] = moved[day++];
  }
}

// A question and its answer.
struct spread {
  struct spread *next;
  int32_t payable;
  uint32_t fees;
  enum postings_mode mode;
  bool singles_stay;
  struct postings postings;
};

void spread_postings(struct postings *postings, struct visit *visit, int32_t payable, uint32_t fees, enum postings_mode mode,
                     bool singles_stay, struct arena *arena) {
  struct spread *spread = visit->spreads;
  while (spread != NULL && !(spread->payable == payable && spread->fees == fees && spread->mode == mode && spread->singles_stay == singles_stay))
    spread = spread->next;
  if (spread == NULL) {
    spread = ARENA_ARRAY(arena, struct spread, 1);
    *spread = (struct spread){visit->spreads, payable, fees, mode, singles_stay, {0}};
    place(&spread->postings, visit, payable, fees, mode, singles_stay, arena);
    visit->spreads = spread;
  }
  *postings = spread->postings;    // `asked` is each rule's own
}

size_t spread_day_end(const struct postings *postings, size_t from) {
  size_t to = from;
  while (to < postings->size && postings->rows[to].day == postings->rows[from].day) to++;
  return to;
}

static struct slice code_of(const struct postings *postings, const struct visit *visit, size_t row) {
  return visit->items[postings->rows[row].item].med_list_codg;
}

static bool posted(const struct postings *postings, const struct visit *visit, size_t from, size_t to, struct slice code) {
  for (size_t row = from; row < to; row++)
    if (slice_equal(code_of(postings, visit, row), code)) return true;
  return false;
}

bool spread_moving_day(struct postings *postings, const struct visit *visit, size_t from, size_t to) {
  if (from == to || postings->asked++ >= SPREAD_ASKED_MAX) return false;
  const struct slice one = code_of(postings, visit, from);
  struct slice other = SLICE_NONE;
  for (size_t row = from + 1; row < to; row++) {
    const struct slice code = code_of(postings, visit, row);
    if (slice_equal(code, one)) continue;
    if (slice_present(other) && !slice_equal(code, other)) return false;
    other = code;
  }
  if (!slice_present(one) || !slice_present(other)) return false;
  const size_t end = postings->size;
  const bool one_before = posted(postings, visit, 0, from, one), one_after = posted(postings, visit, to, end, one);
  if (one_before == one_after) return false;
  return posted(postings, visit, 0, from, other) == one_after && posted(postings, visit, to, end, other) == one_before;
}
