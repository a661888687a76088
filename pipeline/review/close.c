#include "review/close.h"

#include <assert.h>
#include <stdlib.h>

#include "core/memory.h"
#include "review/seeds.h"

enum { WHOLE = 10000 };    // basis points

// A fact, as far as the close needs it.
struct close_row {
  struct slice setl_id, mdtrt_id, fixmedins_code;
  int64_t ver, setl_time_s, recv_time_s, first_recv_time_s, amount_fen, inscp_fen;
  bool live, inpatient_review;
};

void close_init(struct close *close, const struct draw_settings *settings, int32_t month, struct arena *arena) {
  *close = (struct close){.settings = settings, .month = month, .arena = arena};
}

void close_fini(struct close *close) {
  memory_free(close->rows);
  memory_free(close->gone);
  *close = (struct close){0};
}

void close_add(struct close *close, const struct fact *fact) {
  // Where no earlier version can have been in the population, neither outpatient settlements nor those of later months matter.
  if (fact->live && fact->ver <= 1 && (!fact->inpatient_review || draw_month(fact->setl_time_s) > close->month)) return;
  if (close->rows_size == close->rows_capacity) {
    close->rows_capacity = close->rows_capacity ? close->rows_capacity * 2 : 1024;
    close->rows = memory_resize(close->rows, close->rows_capacity * sizeof *close->rows);
  }
  close->rows[close->rows_size++] = (struct close_row){
      .setl_id = arena_copy(close->arena, fact->setl_id), .mdtrt_id = arena_copy(close->arena, fact->mdtrt_id),
      .fixmedins_code = arena_copy(close->arena, fact->fixmedins_code), .ver = fact->ver, .setl_time_s = fact->setl_time_s,
      .recv_time_s = fact->recv_time_s, .first_recv_time_s = fact->first_recv_time_s, .amount_fen = fact->medfee_fen,
      .inscp_fen = fact->inscp_fen, .live = fact->live, .inpatient_review = fact->inpatient_review};
}

static int order_of(int64_t a, int64_t b) { return (a > b) - (a < b); }

// By settlement; then the later word behind the earlier one: higher version, withdrawal, later message. The rest makes the order total,
// so that the order of arrival cannot show.
static int by_settlement(const void *left, const void *right) {
  const struct close_row *a = left, *b = right;
  int order = slice_compare(a->setl_id, b->setl_id);
  if (order == 0) order = order_of(a->ver, b->ver);
  if (order == 0) order = order_of(b->live, a->live);
  if (order == 0) order = order_of(a->recv_time_s, b->recv_time_s);
  if (order == 0) order = order_of(a->first_recv_time_s, b->first_recv_time_s);
  if (order == 0) order = order_of(a->setl_time_s, b->setl_time_s);
  if (order == 0) order = order_of(a->amount_fen, b->amount_fen);
  if (order == 0) order = order_of(a->inscp_fen, b->inscp_fen);
  if (order == 0) order = order_of(a->inpatient_review, b->inpatient_review);
  if (order == 0) order = slice_compare(a->fixmedins_code, b->fixmedins_code);
  return order != 0 ? order : slice_compare(a->mdtrt_id, b->mdtrt_id);
}

// What was known of the settlement just before an instant, or NULL.
static const struct close_row *as_of(const struct close_row *rows, size_t size, int64_t instant_s) {
  for (size_t i = size; i-- > 0;)
    if (rows[i].recv_time_s < instant_s) return &rows[i];
  return NULL;
}

static bool counts(const struct close_row *row) { return row != NULL && row->live && row->inpatient_review; }

static int32_t min_month(const struct close_row *rows, size_t size) {
  int64_t earliest = INT64_MAX;
  for (size_t i = 0; i < size; i++)
    if (rows[i].setl_time_s < earliest) earliest = rows[i].setl_time_s;
  return draw_month(earliest);
}

// The draw the stream made of the settlement in this state. False when its month has no seed or it was not selected.
static bool provisional_draw(const struct close *close, const struct close_row *row, struct draw *draw) {
  const struct fact fact = {.setl_id = row->setl_id, .mdtrt_id = row->mdtrt_id, .fixmedins_code = row->fixmedins_code,
                            .setl_time_s = row->setl_time_s, .medfee_fen = row->amount_fen};
  const int32_t month = draw_joins(close->settings, draw_month(row->setl_time_s), row->first_recv_time_s);
  return draw_unit(close->settings, &fact, month, draw) && draw->role != DRAW_NONE;
}

static void add_gone(struct close *close, const struct draw *draw, enum draw_role role, const char *reason) {
  if ((close->gone_size & (close->gone_size - 1)) == 0) {    // powers of two: the arrays are full
    const size_t capacity = close->gone_size ? close->gone_size * 2 : 1;
    close->gone = memory_resize(close->gone, capacity * sizeof *close->gone);
  }
  close->gone[close->gone_size] = *draw;
  close->gone[close->gone_size].role = role;
  close->gone[close->gone_size++].reason = reason;
}

// Finds the settlement's place; true when it is in this month's population, then unit and inscp_fen are set.
static bool place(struct close *close, const struct close_row *rows, size_t size, struct draw *unit, int64_t *inscp_fen) {
  bool ever_live = false;
  for (size_t i = 0; i < size; i++) ever_live = ever_live || rows[i].live;
  // A history that begins with the withdrawal: what is withdrawn was live from its first message on.
  if (!ever_live && rows[0].first_recv_time_s < rows[0].recv_time_s) {
    struct close_row pair[2] = {rows[0], rows[size - 1]};
    pair[0].live = true;
    pair[0].recv_time_s = rows[0].first_recv_time_s;
    return place(close, pair, 2, unit, inscp_fen);
  }
  const struct close_row *row = NULL;
  int32_t month = min_month(rows, size);
  for (; month <= close->month; month++) {
    row = as_of(rows, size, draw_closing(close->settings, month));
    if (counts(row) && draw_month(row->setl_time_s) <= month) break;
  }
  struct draw draw;
  if (month > close->month) {
    const struct close_row *last = NULL;    // the last state that counted before the close
    for (size_t i = 0; i < size; i++)
      if (counts(&rows[i]) && rows[i].recv_time_s < draw_closing(close->settings, close->month)) last = &rows[i];
    if (last != NULL && !counts(row) && provisional_draw(close, last, &draw) && draw.month == close->month)
      add_gone(close, &draw, DRAW_DROPPED, "left the population before the close");
    return false;
  }
  if (month < close->month) return false;
  *unit = (struct draw){.setl_id = row->setl_id, .mdtrt_id = row->mdtrt_id, .fixmedins_code = row->fixmedins_code,
                        .period = draw_month(row->setl_time_s), .month = close->month, .amount_fen = row->amount_fen,
                        .cancelled_after_close = !counts(&rows[size - 1]), .reason = ""};
  *inscp_fen = row->inscp_fen;
  if (unit->period < close->month && provisional_draw(close, row, &draw) && draw.month != close->month)
    add_gone(close, &draw, DRAW_SUPERSEDED, "late: drawn again with the key of a later month");
  return true;
}

static int by_institution(const void *left, const void *right) {
  const struct draw *a = left, *b = right;
  const int order = slice_compare(a->fixmedins_code, b->fixmedins_code);
  return order != 0 ? order : slice_compare(a->setl_id, b->setl_id);
}

static void write_unit(struct text *out, const struct draw *unit) {
  text_append(out, unit->setl_id);
  text_byte(out, '|');
  text_int(out, unit->amount_fen);
  text_byte(out, '\n');
}

struct close_institution close_institution_of(struct slice fixmedins_code, struct draw *units, size_t size) {
  struct close_institution institution = {.fixmedins_code = fixmedins_code, .units = units, .size = size};
  struct text list = {0};
  for (size_t i = 0; i < size; i++) {
    assert(i == 0 || slice_compare(units[i - 1].setl_id, units[i].setl_id) < 0);
    institution.amount_fen += units[i].amount_fen;
    write_unit(&list, &units[i]);
  }
  digest_sha256(list.data, list.size, institution.hash);
  text_fini(&list);
  return institution;
}

static int by_setl_id(const void *left, const void *right) {
  const struct draw *const *a = left, *const *b = right;
  return slice_compare((*a)->setl_id, (*b)->setl_id);
}

void close_list(const struct close *close, const struct close_institution *institution, struct text *out) {
  if (institution != NULL) {
    for (size_t i = 0; i < institution->size; i++) write_unit(out, &institution->units[i]);
    return;
  }
  const struct draw **all = memory_take(close->units * sizeof *all);
  size_t size = 0;
  for (size_t i = 0; i < close->size; i++)
    for (size_t k = 0; k < close->institutions[i].size; k++) all[size++] = &close->institutions[i].units[k];
  if (size > 1) qsort(all, size, sizeof *all, by_setl_id);
  for (size_t i = 0; i < size; i++) write_unit(out, all[i]);
  memory_free(all);
}

void close_population(struct close *close) {
  if (close->rows_size > 1) qsort(close->rows, close->rows_size, sizeof *close->rows, by_settlement);
  struct placed { struct draw unit; int64_t inscp_fen; } *placed = memory_take(close->rows_size * sizeof *placed);
  size_t size = 0;
  for (size_t at = 0, next; at < close->rows_size; at = next) {
    for (next = at + 1; next < close->rows_size && slice_equal(close->rows[next].setl_id, close->rows[at].setl_id);) next++;
    size += place(close, &close->rows[at], next - at, &placed[size].unit, &placed[size].inscp_fen);
  }
  if (size > 1) qsort(placed, size, sizeof *placed, by_institution);    // the unit stands first in placed
  if (close->gone_size > 1) qsort(close->gone, close->gone_size, sizeof *close->gone, by_institution);

  struct draw *units = ARENA_ARRAY(close->arena, struct draw, size);
  for (size_t i = 0; i < size; i++) units[i] = placed[i].unit;
  close->institutions = ARENA_ZEROED(close->arena, struct close_institution, size);
  for (size_t at = 0, next; at < size; at = next) {
    for (next = at + 1; next < size && slice_equal(units[next].fixmedins_code, units[at].fixmedins_code);) next++;
    struct close_institution *institution = &close->institutions[close->size++];
    *institution = close_institution_of(units[at].fixmedins_code, &units[at], next - at);
    for (size_t i = at; i < next; i++) institution->inscp_fen += placed[i].inscp_fen;
    close->amount_fen += institution->amount_fen;
    close->inscp_fen += institution->inscp_fen;
  }
  close->units = size;
  memory_free(placed);
  struct text list = {0};
  close_list(close, NULL, &list);
  digest_sha256(list.data, list.size, close->hash);
  text_fini(&list);
}

static size_t share_of_units(size_t units, uint32_t basis_points) {
  return (size_t)(((uint64_t)units * basis_points + WHOLE - 1) / WHOLE);
}

// ceil(amount x basis_points / 10000); nothing of a sum that is not positive.
static int64_t share_of_money(int64_t amount_fen, uint32_t basis_points) {
  if (amount_fen <= 0) return 0;
  __extension__ const __int128 wide = amount_fen;
  return (int64_t)((wide * basis_points + WHOLE - 1) / WHOLE);
}

static int by_hash(const void *left, const void *right) {
  const struct draw *const *a = left, *const *b = right;
  const int order = memcmp((*a)->hash, (*b)->hash, sizeof (*a)->hash);
  return order != 0 ? order : slice_compare((*a)->setl_id, (*b)->setl_id);
}

static void draw_institution(const struct close *close, struct close_institution *institution) {
  const struct draw_settings *settings = close->settings;
  institution->basis_points = draw_rate_of(settings, institution->fixmedins_code, close->month);
  institution->floor_units = share_of_units(institution->size, settings->floor_basis_points);
  institution->floor_fen = share_of_money(institution->amount_fen, settings->floor_basis_points);
  struct draw **order = memory_take(institution->size * sizeof *order);
  for (size_t i = 0; i < institution->size; i++) {
    struct draw *unit = &institution->units[i];
    unit->basis_points = institution->basis_points;
    draw_hash(close->seed->seed, unit->period, institution->fixmedins_code, unit->setl_id, unit->hash);
    unit->take_all = unit->amount_fen >= settings->take_all_fen;
    if (unit->take_all) {
      unit->role = DRAW_TAKE_ALL;
      unit->reason = "the amount reaches take_all_fen";
      institution->take_all++;
      institution->selected_fen += unit->amount_fen;
    } else {
      institution->below += draw_below(unit->hash, institution->basis_points);
      order[institution->random++] = unit;
    }
  }
  if (institution->random > 1) qsort(order, institution->random, sizeof *order, by_hash);
  institution->required = share_of_units(institution->random, institution->basis_points);
  institution->sample = institution->required > institution->below ? institution->required : institution->below;
  for (size_t i = 0; i < institution->random; i++) {
    struct draw *unit = order[i];
    unit->order = (uint32_t)(i + 1);
    if (i < institution->sample) {
      unit->role = DRAW_RANDOM;
      unit->reason = i < institution->below ? "the hash is below the threshold" : "topped up to the required number";
    } else if (institution->selected_fen < institution->floor_fen) {
      unit->role = DRAW_MONEY;
      unit->reason = "topped up to the required share of money";
      institution->money++;
    } else {
      continue;
    }
    institution->selected_fen += unit->amount_fen;
  }
  institution->selected = institution->take_all + institution->sample + institution->money;
  memory_free(order);
}

enum status close_draw(struct close *close, struct error *error) {
  close->seed = draw_seed_of(close->settings, close->month);
  if (close->seed == NULL) {
    struct text month = {0};
    draw_month_write(&month, close->month);
    error_set(error, STATUS_FATAL, "the seeds hold none for %.*s: the month cannot be drawn without the seed that was committed to",
              SLICE_ARG(text_slice(&month)));
    text_fini(&month);
    return STATUS_FATAL;
  }
  close->unfit = seeds_unfit(close->seed);
  for (size_t i = 0; i < close->size; i++) draw_institution(close, &close->institutions[i]);
  return STATUS_OK;
}

static bool reaches(size_t selected, size_t units, size_t floor_units, int64_t selected_fen, int64_t floor_fen) {
  return selected == units || (selected >= floor_units && selected_fen >= floor_fen);
}

struct close_totals close_totals(const struct close *close) {
  struct close_totals totals = {.floor_units = share_of_units(close->units, close->settings->floor_basis_points),
                                .floor_fen = share_of_money(close->amount_fen, close->settings->floor_basis_points)};
  for (size_t i = 0; i < close->size; i++) {
    const struct close_institution *institution = &close->institutions[i];
    for (size_t k = 0; k < institution->size; k++) totals.roles[institution->units[k].role]++;
    totals.selected += institution->selected;
    totals.selected_fen += institution->selected_fen;
    totals.institutions_short += !reaches(institution->selected, institution->size, institution->floor_units,
                                          institution->selected_fen, institution->floor_fen);
  }
  for (size_t i = 0; i < close->gone_size; i++) totals.roles[close->gone[i].role]++;
  totals.holds = reaches(totals.selected, close->units, totals.floor_units, totals.selected_fen, totals.floor_fen);
  return totals;
}

void close_write(const struct close *close, struct outbox *outbox) {
  const int64_t time_s = draw_closing(close->settings, close->month);
  for (size_t i = 0; i < close->size; i++)
    for (size_t k = 0; k < close->institutions[i].size; k++)
      if (close->institutions[i].units[k].role != DRAW_NONE)
        draw_write(outbox, &close->institutions[i].units[k], (struct source){0}, time_s);
  for (size_t i = 0; i < close->gone_size; i++) draw_write(outbox, &close->gone[i], (struct source){0}, time_s);
}
