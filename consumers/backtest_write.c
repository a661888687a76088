// The report as canonical JSON: one line, keys in one order, amounts as texts with two digits, nothing that depends on the machine.
#include <inttypes.h>

#include "consumers/backtest.h"
#include "record/money.h"

static const char *const change_words[] = {"new", "lost", "changed"};

static void put(struct text *out, const char *name, struct slice value) {
  text_format(out, "\"%s\":", name);
  text_json(out, value);
}

static void put_fen(struct text *out, const char *name, int64_t fen) {
  text_format(out, "\"%s\":\"", name);
  money_write_fen(out, fen);
  text_byte(out, '"');
}

static void put_points(struct text *out, int64_t tenths) {
  const uint64_t size = tenths < 0 ? -(uint64_t)tenths : (uint64_t)tenths;
  text_format(out, "\"points\":\"%s%" PRIu64 ".%" PRIu64 "\"", tenths < 0 ? "-" : "", size / 10, size % 10);
}

static void put_sum(struct text *out, const char *name, const struct backtest_sum *sum) {
  text_format(out, "\"%s\":{\"findings\":%" PRIu64 ",", name, sum->findings);
  put_fen(out, "vola_amt", sum->vola_fen);
  text_byte(out, ',');
  put_fen(out, "fund_amt", sum->fund_fen);
  text_byte(out, ',');
  put_points(out, sum->points);
  text_byte(out, '}');
}

static void put_row(struct text *out, const struct backtest_row *row) {
  put_sum(out, "baseline", &row->sides[BACKTEST_BASELINE]);
  text_byte(out, ',');
  put_sum(out, "new", &row->sides[BACKTEST_NEW]);
  text_format(out, ",\"added\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"changed\":%" PRIu64, row->added, row->lost, row->changed);
}

static void put_rows(struct text *out, const char *name, const char *key, const struct backtest_rows *rows) {
  text_format(out, ",\"%s\":[", name);
  for (size_t i = 0; i < rows->size; i++) {
    if (i > 0) text_byte(out, ',');
    text_byte(out, '{');
    put(out, key, rows->rows[i].key);
    text_byte(out, ',');
    put_row(out, &rows->rows[i]);
    text_byte(out, '}');
  }
  text_byte(out, ']');
}

static void put_state(struct text *out, const char *name, const struct backtest_state *state, bool there) {
  text_format(out, ",\"%s\":", name);
  if (!there) {
    TEXT_LITERAL(out, "null");
    return;
  }
  text_byte(out, '{');
  put(out, "band", state->band);
  text_byte(out, ',');
  put_fen(out, "vola_amt", state->vola_fen);
  text_byte(out, ',');
  put_fen(out, "fund_amt", state->fund_fen);
  text_byte(out, ',');
  put_points(out, state->points);
  text_byte(out, '}');
}

// Without the person: who may know reads it in the case by its setl_id.
static void put_change(struct text *out, const struct backtest_change *change) {
  text_format(out, "{\"change\":\"%s\",", change_words[change->type]);
  const struct { const char *name; struct slice value; } texts[] = {
      {"rule_id", change->rule_id}, {"fixmedins_code", change->institution}, {"hosp_lv", change->level}, {"setl_id", change->setl_id},
      {"sentence", change->sentence_zh}, {"sentence_en", change->sentence_en}, {"why", change->why_zh}, {"why_en", change->why_en}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (i > 0) text_byte(out, ',');
    put(out, texts[i].name, texts[i].value);
  }
  text_format(out, ",\"setl_ids\":%.*s,\"evidence\":%.*s", SLICE_ARG(change->setl_ids), SLICE_ARG(change->evidence));
  put_state(out, "baseline", &change->sides[BACKTEST_BASELINE], change->type != BACKTEST_ADDED);
  put_state(out, "new", &change->sides[BACKTEST_NEW], change->type != BACKTEST_LOST);
  text_byte(out, '}');
}

void backtest_write_json(const struct backtest_report *report, struct text *out) {
  static const char *const names[] = {"baseline", "new"};
  TEXT_LITERAL(out, "{\"format\":\"settlewatch-backtest-v1\"");
  for (unsigned side = 0; side < 2; side++)
    text_format(out, ",\"%s\":{\"ruleset\":\"%s\",\"rules\":%zu}", names[side], report->sides[side]->hash, report->sides[side]->size);
  text_format(out, ",\"past\":{\"messages\":%" PRIu64 ",\"settlements\":%" PRIu64 ",\"dead\":%" PRIu64 "}", report->messages,
              report->settlements, report->dead);
  TEXT_LITERAL(out, ",\"total\":{");
  put_row(out, &report->total);
  TEXT_LITERAL(out, "},\"shadow\":{");
  put_row(out, &report->shadow);
  text_byte(out, '}');
  put_rows(out, "by_rule", "rule_id", &report->rules);
  put_rows(out, "shadow_by_rule", "rule_id", &report->shadow_rules);
  put_rows(out, "by_level", "hosp_lv", &report->levels);
  put_rows(out, "by_institution", "fixmedins_code", &report->institutions);
  TEXT_LITERAL(out, ",\"overlap\":[");
  for (size_t i = 0; i < report->overlaps.size; i++) {
    const struct backtest_overlap *row = &report->overlaps.rows[i];
    text_append(out, i > 0 ? SLICE(",{") : SLICE("{"));
    put(out, "first", row->first);
    text_byte(out, ',');
    put(out, "second", row->second);
    for (unsigned side = 0; side < 2; side++)
      text_format(out, ",\"%s\":{\"visits\":%" PRIu64 ",\"lines\":%" PRIu64 "}", names[side], row->visits[side], row->lines[side]);
    text_byte(out, '}');
  }
  TEXT_LITERAL(out, "],\"largest\":[");
  for (size_t i = 0; i < report->changes_size; i++) {
    if (i > 0) text_byte(out, ',');
    put_change(out, &report->changes[i]);
  }
  TEXT_LITERAL(out, "]}");
}

void backtest_hash(const struct backtest_report *report, char hex[2 * DIGEST_BYTES + 1]) {
  struct text json = {0}, words = {0};
  struct digest digest;
  unsigned char bytes[DIGEST_BYTES];
  backtest_write_json(report, &json);
  digest_init(&digest, DIGEST_BYTES, NULL, 0);
  digest_bytes(&digest, json.data, json.size);
  digest_final(&digest, bytes);
  text_hex(&words, bytes, sizeof bytes);
  memcpy(hex, words.data, 2 * DIGEST_BYTES);
  hex[2 * DIGEST_BYTES] = '\0';
  text_fini(&json);
  text_fini(&words);
}
