#include "review/archive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "record/money.h"

static void month_member(struct text *out, const char *name, int32_t month) {
  text_format(out, "\"%s\":\"", name);
  draw_month_write(out, month);
  TEXT_LITERAL(out, "\"");
}

static void amount_member(struct text *out, const char *name, int64_t fen) {
  text_format(out, ",\"%s\":\"", name);
  money_write_fen(out, fen);
  TEXT_LITERAL(out, "\"");
}

static void hash_member(struct text *out, const char *name, const unsigned char hash[DIGEST_BYTES]) {
  text_format(out, ",\"%s\":\"", name);
  text_hex(out, hash, DIGEST_BYTES);
  TEXT_LITERAL(out, "\"");
}

void archive_list_name(struct slice fixmedins_code, struct text *out) {
  TEXT_LITERAL(out, "population/");
  for (size_t i = 0; i < fixmedins_code.size; i++) {
    const unsigned char c = (unsigned char)fixmedins_code.data[i];
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
    if (plain) text_byte(out, (char)c);
    else text_format(out, "%%%02X", c);
  }
  TEXT_LITERAL(out, ".txt");
}

void archive_plan(const struct close *close, struct text *out) {
  const struct draw_settings *settings = close->settings;
  const struct draw_seed *seed = draw_seed_of(settings, close->month);
  TEXT_LITERAL(out, "{\"format\":\"settlewatch-plan-v1\",");
  month_member(out, "month", close->month);
  text_format(out, ",\"floor_basis_points\":%u,\"rate_basis_points\":%u", settings->floor_basis_points, settings->rate_basis_points);
  amount_member(out, "take_all", settings->take_all_fen);
  text_format(out, ",\"close_lag_days\":%lld,\"closing\":\"", (long long)settings->close_lag_days);
  date_write_time(out, draw_closing(settings, close->month));
  TEXT_LITERAL(out, "\"");
  if (seed != NULL && seed->committed) hash_member(out, "commit", seed->commit);
  else TEXT_LITERAL(out, ",\"commit\":null");
  if (seed != NULL && seed->published_s != DATE_ABSENT) {
    TEXT_LITERAL(out, ",\"commit_published\":\"");
    date_write_time(out, seed->published_s);
    TEXT_LITERAL(out, "\"");
  }
  TEXT_LITERAL(out, ",\"rates\":[");
  bool first = true;
  for (size_t i = 0; i < settings->rates_size; i++) {
    const struct draw_rate *rate = &settings->rates[i];
    if (close->month < rate->from_month || close->month > rate->to_month) continue;
    text_append(out, first ? SLICE("\n{\"fixmedins_code\":") : SLICE(",\n{\"fixmedins_code\":"));
    text_json(out, rate->fixmedins_code);
    text_format(out, ",\"basis_points\":%u}", rate->basis_points);
    first = false;
  }
  TEXT_LITERAL(out, "]}\n");
}

void archive_population(const struct close *close, struct text *out) {
  TEXT_LITERAL(out, "{\"format\":\"settlewatch-population-v1\",");
  month_member(out, "month", close->month);
  text_format(out, ",\"units\":%zu", close->units);
  amount_member(out, "amount", close->amount_fen);
  amount_member(out, "inscp_scp_amt", close->inscp_fen);
  hash_member(out, "sha256", close->hash);
  TEXT_LITERAL(out, ",\"institutions\":[");
  for (size_t i = 0; i < close->size; i++) {
    const struct close_institution *institution = &close->institutions[i];
    text_append(out, i == 0 ? SLICE("\n{\"fixmedins_code\":") : SLICE(",\n{\"fixmedins_code\":"));
    text_json(out, institution->fixmedins_code);
    text_format(out, ",\"units\":%zu", institution->size);
    amount_member(out, "amount", institution->amount_fen);
    amount_member(out, "inscp_scp_amt", institution->inscp_fen);
    hash_member(out, "sha256", institution->hash);
    TEXT_LITERAL(out, ",\"late\":[");
    bool first = true;
    for (size_t k = 0; k < institution->size; k++) {
      const struct draw *unit = &institution->units[k];
      if (unit->period == close->month) continue;
      text_append(out, first ? SLICE("{\"setl_id\":") : SLICE(",{\"setl_id\":"));
      text_json(out, unit->setl_id);
      TEXT_LITERAL(out, ",");
      month_member(out, "period", unit->period);
      TEXT_LITERAL(out, "}");
      first = false;
    }
    TEXT_LITERAL(out, "]}");
  }
  TEXT_LITERAL(out, "]}\n");
}

// The sizes of one institution's draw, in one order for writing and comparing.
enum { SIZES = 9 };
static const char *const size_names[SIZES] = {"units", "take_all", "random_units", "required", "below_threshold", "random", "money", "selected",
                                              "required_by_law"};
static void sizes_of(const struct close_institution *institution, size_t sizes[SIZES]) {
  const size_t all[SIZES] = {institution->size,   institution->take_all, institution->random,   institution->required,  institution->below,
                             institution->sample, institution->money,    institution->selected, institution->floor_units};
  memcpy(sizes, all, sizeof all);
}

void archive_result(const struct close *close, struct text *out) {
  const struct close_totals totals = close_totals(close);
  TEXT_LITERAL(out, "{\"format\":\"settlewatch-result-v1\",");
  month_member(out, "month", close->month);
  text_format(out, ",\"units\":%zu", close->units);
  amount_member(out, "amount", close->amount_fen);
  text_format(out, ",\"selected\":%zu", totals.selected);
  amount_member(out, "selected_amount", totals.selected_fen);
  text_format(out, ",\"required_by_law\":%zu", totals.floor_units);
  amount_member(out, "required_amount", totals.floor_fen);
  text_format(out, ",\"holds\":%s,\"institutions_short\":%zu,\"fit_for_scaling\":%s,\"unfit\":", totals.holds ? "true" : "false",
              totals.institutions_short, close->unfit == NULL ? "true" : "false");
  text_json(out, slice_from(close->unfit));
  TEXT_LITERAL(out, ",\"roles\":{");
  for (unsigned role = DRAW_TAKE_ALL; role < DRAW_ROLE_COUNT; role++)
    text_format(out, "%s\"%s\":%zu", role == DRAW_TAKE_ALL ? "" : ",", draw_role_name((enum draw_role)role), totals.roles[role]);
  TEXT_LITERAL(out, "},\"cancelled_after_close\":[");
  bool first = true;
  for (size_t i = 0; i < close->size; i++)
    for (size_t k = 0; k < close->institutions[i].size; k++) {
      if (!close->institutions[i].units[k].cancelled_after_close) continue;
      if (!first) text_byte(out, ',');
      text_json(out, close->institutions[i].units[k].setl_id);
      first = false;
    }
  TEXT_LITERAL(out, "],\"institutions\":[");
  for (size_t i = 0; i < close->size; i++) {
    const struct close_institution *institution = &close->institutions[i];
    text_append(out, i == 0 ? SLICE("\n{\"fixmedins_code\":") : SLICE(",\n{\"fixmedins_code\":"));
    text_json(out, institution->fixmedins_code);
    text_format(out, ",\"rate\":%u", institution->basis_points);
    size_t sizes[SIZES];
    sizes_of(institution, sizes);
    for (size_t k = 0; k < SIZES; k++) text_format(out, ",\"%s\":%zu", size_names[k], sizes[k]);
    amount_member(out, "amount", institution->amount_fen);
    amount_member(out, "selected_amount", institution->selected_fen);
    amount_member(out, "required_amount", institution->floor_fen);
    TEXT_LITERAL(out, "}");
  }
  TEXT_LITERAL(out, "]}\n");
}

// ---- reading ----------------------------------------------------------------------------------------------------------------------

__attribute__((format(printf, 2, 3))) static void mistake(struct archive *archive, const char *format, ...) {
  char line[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  text_append(&archive->mistakes, slice_from(line));
  text_byte(&archive->mistakes, '\n');
  archive->mistakes_size++;
}

static enum status read_json(const struct archive_files *files, const char *name, struct json_reader *reader, struct arena *arena,
                             const struct json_value **root, struct error *error) {
  struct slice bytes;
  const enum status status = files->read(files->context, name, arena, &bytes, error);
  if (status != STATUS_OK) return status;
  struct error wrong = {0};
  if (json_read(reader, arena, bytes, root, &wrong) != STATUS_OK) return error_set(error, STATUS_REJECT, "%s: %s", name, wrong.text);
  return STATUS_OK;
}

static enum status damaged(const char *name, const char *what, const struct error *wrong, struct error *error) {
  return error_set(error, STATUS_REJECT, "%s: %s", name, wrong->status != STATUS_OK ? wrong->text : what);
}

static bool month_of(const struct json_value *object, const char *key, int32_t *month, struct error *error) {
  struct slice text;
  return json_text(object, key, &text, error) && draw_month_parse(text, month);
}

static enum status read_plan(struct archive *archive, const struct archive_files *files, struct json_reader *reader, struct arena *arena,
                             struct error *error) {
  const struct json_value *root;
  const enum status status = read_json(files, "plan.json", reader, arena, &root, error);
  if (status != STATUS_OK) return status;
  struct error wrong = {0};
  int32_t month;
  int64_t floor, rate;
  if (!month_of(root, "month", &month, &wrong) || !json_int(root, "floor_basis_points", 0, 10000, &floor, &wrong) ||
      !json_int(root, "rate_basis_points", 0, 10000, &rate, &wrong) || !json_fen(root, "take_all", &archive->settings.take_all_fen, &wrong) ||
      !json_int(root, "close_lag_days", 0, 365, &archive->settings.close_lag_days, &wrong))
    return damaged("plan.json", "it must have month, floor_basis_points, rate_basis_points, take_all and close_lag_days", &wrong, error);
  archive->settings.floor_basis_points = (uint32_t)floor;
  archive->settings.rate_basis_points = (uint32_t)rate;
  const struct json_value *rates = json_find(root, "rates");
  struct draw_rate *rows = ARENA_ZEROED(arena, struct draw_rate, rates ? rates->size : 0);
  archive->settings.rates = rows;
  for (const struct json_value *row = rates ? rates->child : NULL; row != NULL; row = row->next) {
    struct draw_rate *to = &rows[archive->settings.rates_size++];
    *to = (struct draw_rate){.fixmedins_code = SLICE(""), .from_month = month, .to_month = month};
    json_text(row, "fixmedins_code", &to->fixmedins_code, &wrong);
    if (!json_int(row, "basis_points", 0, 10000, &rate, &wrong)) return damaged("plan.json", "a rate has no basis_points", &wrong, error);
    to->basis_points = (uint32_t)rate;
  }
  close_init(&archive->close, &archive->settings, month, arena);

  struct slice commit = SLICE_NONE;
  json_text(root, "commit", &commit, &wrong);
  const struct draw_seed *seed = draw_seed_of(&archive->settings, month);
  if (seed == NULL) return STATUS_OK;
  struct text hex = {0};
  text_hex(&hex, seed->commit, sizeof seed->commit);
  if (slice_present(commit) != seed->committed || (seed->committed && !slice_equal(commit, text_slice(&hex))))
    mistake(archive, "plan.json: the commit is not the one beside the seed");
  text_fini(&hex);
  return STATUS_OK;
}

// "setl_id|amount_fen\n" lines, ascending.
static bool parse_list(const struct archive *archive, struct slice bytes, struct slice code, struct draw *units, size_t *size) {
  *size = 0;
  for (size_t at = 0; at < bytes.size;) {
    const char *from = bytes.data + at, *end = memchr(from, '\n', bytes.size - at);
    const char *bar = end ? memrchr(from, '|', (size_t)(end - from)) : NULL;
    if (bar == NULL || bar == from) return false;
    struct draw *unit = &units[(*size)++];
    *unit = (struct draw){.setl_id = {from, (size_t)(bar - from)}, .fixmedins_code = code, .period = archive->close.month,
                          .month = archive->close.month, .reason = ""};
    if (!money_parse((struct slice){bar + 1, (size_t)(end - bar - 1)}, 0, &unit->amount_fen)) return false;
    if (*size > 1 && slice_compare(units[*size - 2].setl_id, unit->setl_id) >= 0) return false;
    at = (size_t)(end - bytes.data) + 1;
  }
  return true;
}

static struct draw *unit_find(const struct close_institution *institution, struct slice setl_id) {
  size_t low = 0, high = institution->size;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const int order = slice_compare(institution->units[middle].setl_id, setl_id);
    if (order == 0) return &institution->units[middle];
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

// Whether a list is what population.json (or its part about the institution) says of it.
static bool matches(const struct json_value *row, size_t units, int64_t amount_fen, const unsigned char hash[DIGEST_BYTES]) {
  int64_t archived_units = -1, archived_fen = 0;
  struct slice archived = SLICE_NONE;
  struct text hex = {0};
  text_hex(&hex, hash, DIGEST_BYTES);
  const bool same = json_int(row, "units", 0, INT64_MAX, &archived_units, NULL) && (size_t)archived_units == units &&
                    json_fen(row, "amount", &archived_fen, NULL) && archived_fen == amount_fen &&
                    json_text(row, "sha256", &archived, NULL) && slice_equal(archived, text_slice(&hex));
  text_fini(&hex);
  return same;
}

static enum status read_institution(struct archive *archive, const struct archive_files *files, const struct json_value *row,
                                    struct arena *arena, struct error *error) {
  struct slice code, bytes;
  if (!json_text(row, "fixmedins_code", &code, NULL))
    return error_set(error, STATUS_REJECT, "population.json: an institution has no fixmedins_code");
  struct text name = {0};
  archive_list_name(code, &name);
  text_byte(&name, '\0');
  const enum status status = files->read(files->context, name.data, arena, &bytes, error);
  size_t lines = 0, size;
  for (size_t i = 0; status == STATUS_OK && i < bytes.size; i++) lines += bytes.data[i] == '\n';
  struct draw *units = ARENA_ARRAY(arena, struct draw, lines);
  const bool good = status == STATUS_OK && parse_list(archive, bytes, code, units, &size);
  if (status == STATUS_OK && !good) error_set(error, STATUS_REJECT, "%s: it must be lines setl_id|amount_fen, ascending by setl_id", name.data);
  text_fini(&name);
  if (!good) return status == STATUS_OK ? STATUS_REJECT : status;

  struct close *close = &archive->close;
  struct close_institution *institution = &close->institutions[close->size++];
  *institution = close_institution_of(code, units, size);
  json_fen(row, "inscp_scp_amt", &institution->inscp_fen, NULL);
  close->units += size;
  close->amount_fen += institution->amount_fen;
  close->inscp_fen += institution->inscp_fen;
  if (!matches(row, size, institution->amount_fen, institution->hash)) {
    archive->population_fits = false;
    mistake(archive, "%.*s: the list differs from population.json in units, amount or hash", SLICE_ARG(code));
  }
  const struct json_value *late = json_find(row, "late");
  for (const struct json_value *each = late ? late->child : NULL; each != NULL; each = each->next) {
    struct slice setl_id = SLICE_NONE;
    json_text(each, "setl_id", &setl_id, NULL);
    struct draw *unit = unit_find(institution, setl_id);
    if (unit == NULL || !month_of(each, "period", &unit->period, NULL) || unit->period >= close->month)
      mistake(archive, "%.*s: late unit '%.*s' is not in the list, or not of an earlier month", SLICE_ARG(code), SLICE_ARG(setl_id));
  }
  return STATUS_OK;
}

enum status archive_read(struct archive *archive, const struct archive_files *files, const struct draw_settings *seeds,
                         struct json_reader *reader, struct arena *arena, struct error *error) {
  *archive = (struct archive){.settings = draw_settings_default, .population_fits = true};
  archive->settings.seeds = seeds->seeds;
  archive->settings.seeds_size = seeds->seeds_size;
  const struct json_value *root;
  enum status status = read_plan(archive, files, reader, arena, error);
  if (status == STATUS_OK) status = read_json(files, "population.json", reader, arena, &root, error);
  if (status != STATUS_OK) return status;
  struct close *close = &archive->close;
  int32_t month;
  if (!month_of(root, "month", &month, NULL) || month != close->month)
    mistake(archive, "population.json: its month is not that of plan.json");
  const struct json_value *institutions = json_find(root, "institutions");
  close->institutions = ARENA_ZEROED(arena, struct close_institution, institutions ? institutions->size : 0);
  for (const struct json_value *row = institutions ? institutions->child : NULL; row != NULL && status == STATUS_OK; row = row->next)
    status = read_institution(archive, files, row, arena, error);
  if (status != STATUS_OK) return status;
  struct text list = {0};
  close_list(close, NULL, &list);
  digest_sha256(list.data, list.size, close->hash);
  text_fini(&list);
  if (!matches(root, close->units, close->amount_fen, close->hash)) {
    archive->population_fits = false;
    mistake(archive, "population.json: the region's units, amount or hash differ from the lists");
  }
  return STATUS_OK;
}

void archive_fini(struct archive *archive) {
  text_fini(&archive->mistakes);
  close_fini(&archive->close);
}

static struct close_institution *institution_find(const struct close *close, struct slice code) {
  for (size_t i = 0; i < close->size; i++)
    if (slice_equal(close->institutions[i].fixmedins_code, code)) return &close->institutions[i];
  return NULL;
}

// A published draw against the one made again. met: per institution, which of its units were published.
static void compare_line(struct archive *archive, const struct json_value *line, bool *const *met) {
  struct slice setl_id = SLICE_NONE, code = SLICE_NONE, role = SLICE_NONE, hash = SLICE_NONE;
  int64_t rate = -1, fen = -1;
  int32_t period = 0;
  json_text(line, "setl_id", &setl_id, NULL);
  json_text(line, "fixmedins_code", &code, NULL);
  json_text(line, "role", &role, NULL);
  json_text(line, "hash", &hash, NULL);
  json_int(line, "rate", 0, 10000, &rate, NULL);
  json_fen(line, "amount", &fen, NULL);
  const enum draw_role told = draw_role_find(role);
  if (told == DRAW_DROPPED || told == DRAW_SUPERSEDED) return;    // no part of the sample
  struct close_institution *institution = institution_find(&archive->close, code);
  struct draw *unit = institution ? unit_find(institution, setl_id) : NULL;
  if (unit == NULL || unit->role == DRAW_NONE || unit->role != told) {
    mistake(archive, "second-review.ndjson: '%.*s' is not drawn as %.*s", SLICE_ARG(setl_id), SLICE_ARG(role));
    return;
  }
  struct text hex = {0};
  text_hex(&hex, unit->hash, sizeof unit->hash);
  if (!slice_equal(hash, text_slice(&hex)) || rate != unit->basis_points || fen != unit->amount_fen ||
      !month_of(line, "period", &period, NULL) || period != unit->period)
    mistake(archive, "second-review.ndjson: '%.*s' has another hash, rate, amount or period", SLICE_ARG(setl_id));
  text_fini(&hex);
  bool *seen = &met[institution - archive->close.institutions][unit - institution->units];
  if (*seen) mistake(archive, "second-review.ndjson: '%.*s' stands twice", SLICE_ARG(setl_id));
  *seen = true;
}

static void compare_result(struct archive *archive, const struct json_value *root) {
  const struct close_totals totals = close_totals(&archive->close);
  int64_t selected = -1, fen = -1;
  bool fit = false;
  if (!json_int(root, "selected", 0, INT64_MAX, &selected, NULL) || (size_t)selected != totals.selected ||
      !json_fen(root, "selected_amount", &fen, NULL) || fen != totals.selected_fen)
    mistake(archive, "result.json: the region's selected units or amount differ");
  if (!json_bool(root, "fit_for_scaling", &fit, NULL) || fit != (archive->close.unfit == NULL))
    mistake(archive, "result.json: whether the sample is fit for scaling differs");
  const struct json_value *institutions = json_find(root, "institutions");
  if ((institutions ? institutions->size : 0) != archive->close.size) mistake(archive, "result.json: another number of institutions");
  for (const struct json_value *row = institutions ? institutions->child : NULL; row != NULL; row = row->next) {
    struct slice code = SLICE_NONE;
    json_text(row, "fixmedins_code", &code, NULL);
    const struct close_institution *institution = institution_find(&archive->close, code);
    size_t sizes[SIZES];
    bool same = institution != NULL && json_fen(row, "selected_amount", &fen, NULL) && fen == institution->selected_fen;
    if (same) sizes_of(institution, sizes);
    for (size_t i = 0; same && i < SIZES; i++) same = json_int(row, size_names[i], 0, INT64_MAX, &selected, NULL) && (size_t)selected == sizes[i];
    if (!same) mistake(archive, "result.json: the sizes of institution '%.*s' differ", SLICE_ARG(code));
  }
}

enum status archive_verify(struct archive *archive, const struct archive_files *files, struct json_reader *reader, struct error *error) {
  struct close *close = &archive->close;
  enum status status = close_draw(close, error);
  const struct json_value *root;
  struct slice bytes;
  if (status == STATUS_OK) status = read_json(files, "result.json", reader, close->arena, &root, error);
  if (status == STATUS_OK) status = files->read(files->context, "second-review.ndjson", close->arena, &bytes, error);
  if (status != STATUS_OK) return status;
  compare_result(archive, root);
  bool **met = ARENA_ARRAY(close->arena, bool *, close->size);
  for (size_t i = 0; i < close->size; i++) met[i] = ARENA_ZEROED(close->arena, bool, close->institutions[i].size);
  struct arena arena;
  arena_init(&arena, 0);
  unsigned number = 0;
  for (size_t at = 0; at < bytes.size; arena_reset(&arena)) {
    const char *from = bytes.data + at, *end = memchr(from, '\n', bytes.size - at);
    const struct slice line = {from, end ? (size_t)(end - from) : bytes.size - at};
    at += line.size + 1;
    number++;
    struct error wrong = {0};
    if (json_read(reader, &arena, line, &root, &wrong) == STATUS_OK) compare_line(archive, root, met);
    else mistake(archive, "second-review.ndjson:%u: %s", number, wrong.text);
  }
  arena_fini(&arena);
  for (size_t i = 0; i < close->size; i++)
    for (size_t k = 0; k < close->institutions[i].size; k++)
      if (close->institutions[i].units[k].role != DRAW_NONE && !met[i][k])
        mistake(archive, "second-review.ndjson: '%.*s' is missing", SLICE_ARG(close->institutions[i].units[k].setl_id));
  return STATUS_OK;
}
