#include "cli/casefile.h"

#include <stdlib.h>

#include "core/memory.h"

static const char *const kinds[] = {"random", "take_all", "certainty", NULL};

static enum status wrong_at(size_t stratum, const struct error *wrong, const char *what, struct error *error) {
  return error_set(error, STATUS_REJECT, "stratum %zu: %s", stratum, wrong->status != STATUS_OK ? wrong->text : what);
}

// The reviewed units of a stratum; guideline: the one of the stratum, or SLICE_NONE until a unit names one.
static enum status read_units(const struct json_value *reviewed, struct slice guideline, struct arena *arena, size_t number,
                              struct estimate_stratum *stratum, struct error *error) {
  struct estimate_unit *units = ARENA_ZEROED(arena, struct estimate_unit, reviewed->size);
  stratum->reviewed = units;
  stratum->reviewed_size = reviewed->size;
  size_t i = 0;
  for (const struct json_value *row = reviewed->child; row != NULL; row = row->next, i++) {
    struct error wrong = {0};
    struct slice setl_id, own = guideline;
    units[i] = (struct estimate_unit){.final = true, .produced = true};
    if (!json_text(row, "setl_id", &setl_id, &wrong)) return wrong_at(number, &wrong, "a reviewed unit has no setl_id", error);
    if (!json_fen(row, "verified", &units[i].y_fen, &wrong) && wrong.status == STATUS_OK)
      return wrong_at(number, &wrong, "a reviewed unit has no verified amount", error);
    json_bool(row, "final", &units[i].final, &wrong);
    json_bool(row, "produced", &units[i].produced, &wrong);
    json_bool(row, "cancelled_after_close", &units[i].cancelled_after_close, &wrong);
    json_text(row, "guideline", &own, &wrong);
    if (wrong.status != STATUS_OK) return wrong_at(number, &wrong, "", error);
    if (slice_present(guideline) && !slice_equal(guideline, own)) stratum->mixed = true;
    guideline = own;
  }
  return STATUS_OK;
}

static enum status read_stratum(const struct json_value *row, size_t number, struct arena *arena, struct casefile_stratum *to,
                                struct estimate_stratum *stratum, struct error *error) {
  struct error wrong = {0};
  struct slice month, kind, guideline = SLICE_NONE;
  if (!json_text(row, "month", &month, &wrong) || !draw_month_parse(month, &to->month))
    return wrong_at(number, &wrong, "'month' must be a month such as 2026-09", error);
  if (!json_text(row, "kind", &kind, &wrong)) return wrong_at(number, &wrong, "'kind' is missing", error);
  unsigned k = 0;
  while (kinds[k] != NULL && !slice_equal(kind, slice_from(kinds[k]))) k++;
  if (kinds[k] == NULL) return wrong_at(number, &wrong, "'kind' must be random, take_all or certainty", error);
  to->kind = (enum casefile_kind)k;
  to->reviewed = json_find(row, "reviewed");
  if (to->reviewed == NULL || to->reviewed->type != JSON_LIST) return wrong_at(number, &wrong, "'reviewed' must be a list of units", error);
  to->units = to->reviewed->size;
  if (!json_int(row, "units", 0, INT32_MAX, &to->units, &wrong) && (wrong.status != STATUS_OK || to->kind == CASEFILE_RANDOM))
    return wrong_at(number, &wrong, "'units' is missing: how many settlements the stratum has", error);
  if (to->kind == CASEFILE_CERTAINTY) return STATUS_OK;
  json_text(row, "guideline", &guideline, &wrong);
  if (wrong.status != STATUS_OK) return wrong_at(number, &wrong, "", error);
  *stratum = (struct estimate_stratum){.take_all = to->kind == CASEFILE_TAKE_ALL, .units = to->units};
  return read_units(to->reviewed, guideline, arena, number, stratum, error);
}

enum status casefile_read(const struct json_value *root, struct arena *arena, struct casefile *casefile, struct error *error) {
  *casefile = (struct casefile){0};
  struct error wrong = {0};
  struct slice mode = SLICE("lower");
  if (!json_text(root, "fixmedins_code", &casefile->fixmedins_code, &wrong) && wrong.status == STATUS_OK)
    return error_set(error, STATUS_REJECT, "'fixmedins_code' is missing");
  json_text(root, "mode", &mode, &wrong);
  if (!slice_equal(mode, SLICE("lower")) && !slice_equal(mode, SLICE("simple")))
    return error_set(error, STATUS_REJECT, "'mode' must be lower or simple, not '%.*s'", SLICE_ARG(mode));
  casefile->input.mode = slice_equal(mode, SLICE("simple")) ? ESTIMATE_SIMPLE : ESTIMATE_LOWER;
  json_bool(root, "scaling_clause", &casefile->input.clause, &wrong);
  if (!json_fen(root, "cap", &casefile->input.cap_fen, &wrong) && wrong.status == STATUS_OK)
    return error_set(error, STATUS_REJECT, "'cap' is missing: the in-scope amount of the population less what is refused already");
  if (wrong.status != STATUS_OK) return error_set(error, STATUS_REJECT, "%s", wrong.text);
  const struct json_value *strata = json_find(root, "strata");
  if (strata == NULL || strata->type != JSON_LIST) return error_set(error, STATUS_REJECT, "'strata' must be a list");
  casefile->rows = ARENA_ZEROED(arena, struct casefile_stratum, strata->size);
  struct estimate_stratum *to = ARENA_ZEROED(arena, struct estimate_stratum, strata->size);
  casefile->input.strata = to;
  for (const struct json_value *row = strata->child; row != NULL; row = row->next) {
    struct casefile_stratum *kept = &casefile->rows[casefile->rows_size++];
    if (read_stratum(row, casefile->rows_size, arena, kept, &to[casefile->input.strata_size], error) != STATUS_OK) return STATUS_REJECT;
    casefile->input.strata_size += kept->kind != CASEFILE_CERTAINTY;
  }
  return STATUS_OK;
}

static int by_slice(const void *a, const void *b) { return slice_compare(*(const struct slice *)a, *(const struct slice *)b); }

// The ids of a month in the strata of a kind, ascending.
static struct slice *ids_of(const struct casefile *casefile, int32_t month, enum casefile_kind kind, size_t *size) {
  size_t room = 0;
  for (size_t i = 0; i < casefile->rows_size; i++) room += casefile->rows[i].reviewed->size;
  struct slice *ids = memory_take(room * sizeof *ids);
  *size = 0;
  for (size_t i = 0; i < casefile->rows_size; i++) {
    const struct casefile_stratum *row = &casefile->rows[i];
    if (row->month != month || row->kind != kind) continue;
    for (const struct json_value *unit = row->reviewed->child; unit != NULL; unit = unit->next)
      if (json_text(unit, "setl_id", &ids[*size], NULL)) ++*size;
  }
  if (*size > 1) qsort(ids, *size, sizeof *ids, by_slice);
  return ids;
}

static bool has(const struct slice *ids, size_t size, struct slice id) { return size > 0 && bsearch(&id, ids, size, sizeof *ids, by_slice) != NULL; }

// Whether the units of the month in the file are exactly those drawn, each in its stratum and once.
static bool sample_is_drawn(const struct casefile *casefile, int32_t month, const struct close_institution *institution) {
  struct slice *ids[3];
  size_t sizes[3], met[2] = {0};
  for (unsigned kind = 0; kind < 3; kind++) ids[kind] = ids_of(casefile, month, (enum casefile_kind)kind, &sizes[kind]);
  bool all = true;
  for (size_t i = 0; i < institution->size; i++) {
    const struct draw *unit = &institution->units[i];
    const bool drawn = unit->role == DRAW_RANDOM || unit->role == DRAW_TAKE_ALL;
    if (!drawn || has(ids[CASEFILE_CERTAINTY], sizes[CASEFILE_CERTAINTY], unit->setl_id)) continue;
    const enum casefile_kind kind = unit->take_all ? CASEFILE_TAKE_ALL : CASEFILE_RANDOM;
    const bool there = has(ids[kind], sizes[kind], unit->setl_id);
    all = all && there;
    met[kind] += there;
  }
  all = all && met[CASEFILE_RANDOM] == sizes[CASEFILE_RANDOM] && met[CASEFILE_TAKE_ALL] == sizes[CASEFILE_TAKE_ALL];
  for (unsigned kind = 0; kind < 3; kind++) memory_free(ids[kind]);
  return all;
}

static int64_t units_of(const struct casefile *casefile, int32_t month) {
  int64_t units = 0;
  for (size_t i = 0; i < casefile->rows_size; i++) units += casefile->rows[i].month == month ? casefile->rows[i].units : 0;
  return units;
}

static void fails(bool *fits, struct text *why, enum estimate_code code, int32_t month, const char *reason) {
  *fits = false;
  text_format(why, "X%02d: ", (int)code);
  draw_month_write(why, month);
  text_format(why, ": %s\n", reason);
}

void casefile_prove(struct casefile *casefile, const struct archive *archives, size_t size, struct text *why) {
  struct estimate_input *input = &casefile->input;
  input->commit_fits = input->population_fits = input->sample_fits = casefile->rows_size > 0;
  for (size_t i = 0; i < casefile->rows_size; i++) {
    const int32_t month = casefile->rows[i].month;
    bool seen = false;
    for (size_t k = 0; k < i; k++) seen = seen || casefile->rows[k].month == month;
    if (seen) continue;
    const struct archive *archive = NULL;
    for (size_t k = 0; k < size; k++)
      if (archives[k].close.month == month) archive = &archives[k];
    if (archive == NULL) {
      fails(&input->commit_fits, why, ESTIMATE_X4, month, "no archive of the close was given");
      fails(&input->population_fits, why, ESTIMATE_X5, month, "no archive of the close was given");
      fails(&input->sample_fits, why, ESTIMATE_X6, month, "no archive of the close was given");
      continue;
    }
    const struct close *close = &archive->close;
    if (close->unfit != NULL) fails(&input->commit_fits, why, ESTIMATE_X4, month, close->unfit);
    else if (close->seed == NULL) fails(&input->commit_fits, why, ESTIMATE_X4, month, "the seed was not given");
    else if (close->seed->published_s == DATE_ABSENT)
      fails(&input->commit_fits, why, ESTIMATE_X4, month, "when the commit was published is not recorded");
    const struct close_institution *institution = NULL;
    for (size_t k = 0; k < close->size; k++)
      if (slice_equal(close->institutions[k].fixmedins_code, casefile->fixmedins_code)) institution = &close->institutions[k];
    if (institution == NULL || !archive->population_fits)
      fails(&input->population_fits, why, ESTIMATE_X5, month, "the lists contradict the archived hashes, or the institution is not in them");
    else if (units_of(casefile, month) != (int64_t)institution->size)
      fails(&input->population_fits, why, ESTIMATE_X5, month, "the strata do not add up to the archived units");
    if (institution == NULL || archive->mistakes_size > 0 || close->seed == NULL)
      fails(&input->sample_fits, why, ESTIMATE_X6, month, "the draw could not be made again");
    else if (!sample_is_drawn(casefile, month, institution))
      fails(&input->sample_fits, why, ESTIMATE_X6, month, "the reviewed units are not those that were drawn");
  }
}
