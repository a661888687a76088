#include "review/draw.h"

#include <assert.h>
#include <stdio.h>

#include "record/money.h"

enum { WHOLE = 10000 };    // basis points

const struct draw_settings draw_settings_default = {
    .floor_basis_points = 500, .rate_basis_points = 500, .take_all_fen = 10000000, .close_lag_days = 3};

static const char *const role_names[DRAW_ROLE_COUNT] = {
#define X(name, text) text,
    DRAW_ROLES(X)
#undef X
};

const char *draw_role_name(enum draw_role role) {
  assert(role < DRAW_ROLE_COUNT);
  return role_names[role];
}

enum draw_role draw_role_find(struct slice name) {
  for (unsigned role = 0; role < DRAW_ROLE_COUNT; role++)
    if (slice_equal(name, slice_from(role_names[role]))) return (enum draw_role)role;
  return DRAW_NONE;
}

int32_t draw_month(int64_t time_s) {
  int year, month, day;
  date_to_civil(date_day(time_s), &year, &month, &day);
  return year * 12 + month - 1;
}

bool draw_month_parse(struct slice text, int32_t *month) {
  if (text.size != 7 || text.data[4] != '-') return false;
  int32_t digits[7];
  for (unsigned i = 0; i < 7; i++) {
    digits[i] = text.data[i] - '0';
    if (i != 4 && (digits[i] < 0 || digits[i] > 9)) return false;
  }
  const int32_t year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3], in_year = digits[5] * 10 + digits[6];
  if (year < 1900 || in_year < 1 || in_year > 12) return false;
  *month = year * 12 + in_year - 1;
  return true;
}

enum { MONTH_TEXT = 7 };

static void month_text(char out[MONTH_TEXT], int32_t month) {
  const int32_t year = month / 12, in_year = month % 12 + 1;
  out[0] = (char)('0' + year / 1000 % 10);
  out[1] = (char)('0' + year / 100 % 10);
  out[2] = (char)('0' + year / 10 % 10);
  out[3] = (char)('0' + year % 10);
  out[4] = '-';
  out[5] = (char)('0' + in_year / 10);
  out[6] = (char)('0' + in_year % 10);
}

void draw_month_write(struct text *out, int32_t month) {
  month_text(text_reserve(out, MONTH_TEXT), month);
  out->size += MONTH_TEXT;
}

int64_t draw_month_start(int32_t month) { return date_of_day(date_from_civil(month / 12, month % 12 + 1, 1)); }

int64_t draw_closing(const struct draw_settings *settings, int32_t month) {
  return draw_month_start(month + 1) + settings->close_lag_days * DATE_DAY_SECONDS;
}

int32_t draw_joins(const struct draw_settings *settings, int32_t period, int64_t recv_time_s) {
  if (recv_time_s == DATE_ABSENT || recv_time_s < draw_closing(settings, period)) return period;
  // A month closes lag days after its end, so the month sought is not far before that of the arrival.
  const int32_t near = draw_month(recv_time_s) - 1 - (int32_t)(settings->close_lag_days / 28);
  int32_t month = near > period ? near : period;
  while (recv_time_s >= draw_closing(settings, month)) month++;
  return month;
}

void draw_hash(const unsigned char seed[DIGEST_KEY_BYTES], int32_t period, struct slice fixmedins_code, struct slice setl_id,
               unsigned char out[DIGEST_BYTES]) {
  static const char scheme[] = "sw-review-v1|";
  char near[256];
  const size_t size = sizeof scheme - 1 + MONTH_TEXT + 1 + fixmedins_code.size + 1 + setl_id.size;
  struct text far = {0};    // ids are short; a site may allow long ones
  char *message = size <= sizeof near ? near : text_reserve(&far, size), *to = message;
  memcpy(to, scheme, sizeof scheme - 1);
  to += sizeof scheme - 1;
  month_text(to, period);
  to += MONTH_TEXT;
  *to++ = '|';
  if (fixmedins_code.size > 0) memcpy(to, fixmedins_code.data, fixmedins_code.size);
  to += fixmedins_code.size;
  *to++ = '|';
  if (setl_id.size > 0) memcpy(to, setl_id.data, setl_id.size);
  digest_hmac_sha256(seed, (struct slice){message, size}, out);
  text_fini(&far);
}

uint64_t draw_threshold(uint32_t basis_points, bool *every) {
  *every = basis_points >= WHOLE;
  __extension__ const unsigned __int128 wide = basis_points;
  return *every ? UINT64_MAX : (uint64_t)((wide << 64) / WHOLE);
}

bool draw_below(const unsigned char hash[DIGEST_BYTES], uint32_t basis_points) {
  bool every;
  const uint64_t threshold = draw_threshold(basis_points, &every);
  uint64_t u = 0;
  for (unsigned i = 0; i < 8; i++) u = u << 8 | hash[i];
  return every || u < threshold;
}

uint32_t draw_rate_of(const struct draw_settings *settings, struct slice fixmedins_code, int32_t month) {
  uint32_t rate = settings->rate_basis_points;
  bool named = false;
  for (size_t i = 0; i < settings->rates_size; i++) {
    const struct draw_rate *row = &settings->rates[i];
    const bool names = row->fixmedins_code.size > 0;
    if (month < row->from_month || month > row->to_month || (named && !names)) continue;
    if (names && !slice_equal(row->fixmedins_code, fixmedins_code)) continue;
    rate = row->basis_points;
    named = names;
  }
  return rate > settings->floor_basis_points ? rate : settings->floor_basis_points;
}

const struct draw_seed *draw_seed_of(const struct draw_settings *settings, int32_t month) {
  for (size_t i = 0; i < settings->seeds_size; i++)
    if (settings->seeds[i].month == month) return &settings->seeds[i];
  return NULL;
}

bool draw_unit(const struct draw_settings *settings, const struct fact *fact, int32_t month, struct draw *draw) {
  *draw = (struct draw){.setl_id = fact->setl_id, .mdtrt_id = fact->mdtrt_id, .fixmedins_code = fact->fixmedins_code,
                        .period = draw_month(fact->setl_time_s), .month = month, .amount_fen = fact->medfee_fen,
                        .take_all = fact->medfee_fen >= settings->take_all_fen, .reason = ""};
  const struct draw_seed *seed = draw_seed_of(settings, month);
  if (seed == NULL) return false;
  draw->basis_points = draw_rate_of(settings, fact->fixmedins_code, month);
  draw_hash(seed->seed, draw->period, fact->fixmedins_code, fact->setl_id, draw->hash);
  if (draw->take_all) {
    draw->role = DRAW_TAKE_ALL;
    draw->reason = "the amount reaches take_all_fen";
  } else if (draw_below(draw->hash, draw->basis_points)) {
    draw->role = DRAW_RANDOM;
    draw->reason = "the hash is below the threshold";
  }
  return true;
}

enum { ID_TEXT = 2 * DIGEST_ID_BYTES };

// The same draw of the same unit has the same id in the stream, at the close and after a replay.
static void identity(const struct draw *draw, char out[ID_TEXT]) {
  static const char digits[] = "0123456789abcdef";
  char months[2 * MONTH_TEXT];
  month_text(months, draw->month);
  month_text(months + MONTH_TEXT, draw->period);
  unsigned char id[DIGEST_ID_BYTES];
  struct digest digest;
  digest_init(&digest, sizeof id, NULL, 0);
  digest_field(&digest, SLICE("sw-draw-v1"));
  digest_field(&digest, (struct slice){months, sizeof months});
  digest_field(&digest, draw->fixmedins_code);
  digest_field(&digest, draw->setl_id);
  digest_final(&digest, id);
  for (unsigned i = 0; i < sizeof id; i++) {
    out[2 * i] = digits[id[i] >> 4];
    out[2 * i + 1] = digits[id[i] & 15];
  }
}

void draw_write(struct outbox *outbox, const struct draw *draw, struct source source, int64_t time_s) {
  // One draw is told several times (provisional, another role or amount, dropped, final): each telling is a message of its own.
  char id[ID_TEXT + 48];
  identity(draw, id);
  const int size = snprintf(id + ID_TEXT, sizeof id - ID_TEXT, ".%c.%s.%lld", draw->provisional ? 'p' : 'f', draw_role_name(draw->role),
                            (long long)draw->amount_fen);
  outbox_begin(outbox, TOPIC_SECOND_REVIEW, draw->fixmedins_code, (struct slice){id, ID_TEXT + (size_t)size}, "settlewatch.draw.v1",
               source, time_s);
  struct text *out = &outbox->bytes;
  TEXT_LITERAL(out, "{\"draw_id\":");
  text_json(out, (struct slice){id, ID_TEXT});
  TEXT_LITERAL(out, ",\"period\":\"");
  draw_month_write(out, draw->period);
  TEXT_LITERAL(out, "\",\"month\":\"");
  draw_month_write(out, draw->month);
  TEXT_LITERAL(out, "\",\"setl_id\":");
  text_json(out, draw->setl_id);
  TEXT_LITERAL(out, ",\"mdtrt_id\":");
  text_json(out, draw->mdtrt_id);
  TEXT_LITERAL(out, ",\"fixmedins_code\":");
  text_json(out, draw->fixmedins_code);
  bool every;
  const uint64_t threshold = draw_threshold(draw->basis_points, &every);
  text_format(out, ",\"role\":\"%s\",\"stratum\":\"%s\",\"provisional\":%s,\"late\":%s,\"cancelled_after_close\":%s,\"hash\":\"",
              draw_role_name(draw->role), draw->take_all ? "take_all" : "random", draw->provisional ? "true" : "false",
              draw->month != draw->period ? "true" : "false", draw->cancelled_after_close ? "true" : "false");
  text_hex(out, draw->hash, sizeof draw->hash);
  if (every)
    TEXT_LITERAL(out, "\",\"threshold\":\"10000000000000000\"");    // 2^64: every unit is below
  else
    text_format(out, "\",\"threshold\":\"%016llx\"", (unsigned long long)threshold);
  text_format(out, ",\"rate\":%u,", draw->basis_points);
  if (draw->order > 0) text_format(out, "\"order\":%u,", draw->order);
  TEXT_LITERAL(out, "\"amount\":\"");
  money_write_fen(out, draw->amount_fen);
  TEXT_LITERAL(out, "\",\"reason\":");
  text_json(out, slice_from(draw->reason));
  text_byte(out, '}');
  outbox_end(outbox);
}

// A fact's provisional draw. in: it is in the population; the draw's role is NONE when it is not selected.
struct view {
  bool in, seeded;
  struct draw draw;
};

static struct view look(const struct draw_settings *settings, const struct fact *fact) {
  struct view view = {.in = fact != NULL && fact->live && fact->inpatient_review};
  if (!view.in) return view;
  const int32_t month = draw_joins(settings, draw_month(fact->setl_time_s), fact->first_recv_time_s);
  view.seeded = draw_unit(settings, fact, month, &view.draw);
  view.draw.provisional = true;
  return view;
}

static bool same_draw(const struct draw *a, const struct draw *b) {
  return a->month == b->month && a->period == b->period && slice_equal(a->fixmedins_code, b->fixmedins_code);
}

void draw_observe(const struct draw_settings *settings, const struct fact *fact, struct draw_counts *counts, struct outbox *outbox) {
  if (!fact->inpatient_review && (fact->prior == NULL || !fact->prior->inpatient_review)) return;    // nearly all of them
  struct view before = look(settings, fact->prior), now = look(settings, fact);
  const bool drawn_before = before.in && before.draw.role != DRAW_NONE, drawn = now.in && now.draw.role != DRAW_NONE;

  counts->population += now.in && !before.in;
  counts->left += before.in && !now.in;
  counts->population_fen += (now.in ? now.draw.amount_fen : 0) - (before.in ? before.draw.amount_fen : 0);
  counts->drawn_fen += (drawn ? now.draw.amount_fen : 0) - (drawn_before ? before.draw.amount_fen : 0);
  counts->without_seed += now.in && !now.seeded && (!before.in || before.seeded);

  const bool continues = drawn && drawn_before && same_draw(&before.draw, &now.draw);
  if (drawn_before && !continues) {
    before.draw.role = now.in ? DRAW_SUPERSEDED : DRAW_DROPPED;
    before.draw.reason = !now.in      ? "left the population"
                         : same_draw(&before.draw, &now.draw) ? "corrected: the amount is below take_all_fen now"
                                                              : "corrected: another draw counts";
    counts->dropped += !now.in;
    counts->superseded += now.in;
    draw_write(outbox, &before.draw, fact->source, fact->recv_time_s);
  }
  if (!drawn) return;
  if (!continues) {
    counts->drawn_take_all += now.draw.take_all;
    counts->drawn_random += !now.draw.take_all;
  } else if (now.draw.role == before.draw.role && now.draw.amount_fen == before.draw.amount_fen) {
    return;    // nothing of the message changed
  }
  draw_write(outbox, &now.draw, fact->source, fact->recv_time_s);
}
