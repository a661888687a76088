#include "consumers/summary.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/digest.h"
#include "core/memory.h"
#include "record/json.h"
#include "record/money.h"
#include "rules/load.h"
#include "stream/file/reader.h"
#include "stream/file/writer.h"

struct shown {
  struct slice id, rule_id, institution, setl_id, sentence_zh, sentence_en, band, agreement_class;
  int64_t vola_fen, fund_fen, revision;
  int points;    // tenths
  bool open, provisional;
};

struct group {
  struct slice key;
  uint64_t findings;
  int64_t vola_fen, fund_fen, points;
};

struct groups { struct group *rows; size_t size, capacity; };

struct found {
  struct arena arena;
  struct shown *rows;
  size_t size, capacity;
  uint32_t *slots;
  size_t slots_size;
  struct groups rules, institutions;
  uint64_t open, withdrawn;
  int64_t vola_fen, fund_fen;
};

// ---- reading back -----------------------------------------------------------------------------------------------------------------

// The finding of an id, or a new one; ids are hex of a hash, so any 8 bytes of them are a hash.
static struct shown *shown_of(struct found *found, struct slice id) {
  if (found->size * 2 >= found->slots_size) {
    memory_free(found->slots);
    found->slots_size = found->slots_size ? found->slots_size * 2 : 1024;
    found->slots = memory_take(found->slots_size * sizeof *found->slots);
    for (size_t i = 0; i < found->size; i++) {
      size_t slot = digest_hash64(found->rows[i].id.data, found->rows[i].id.size, 0) & (found->slots_size - 1);
      while (found->slots[slot] != 0) slot = (slot + 1) & (found->slots_size - 1);
      found->slots[slot] = (uint32_t)i + 1;
    }
  }
  size_t slot = digest_hash64(id.data, id.size, 0) & (found->slots_size - 1);
  while (found->slots[slot] != 0 && !slice_equal(found->rows[found->slots[slot] - 1].id, id)) slot = (slot + 1) & (found->slots_size - 1);
  if (found->slots[slot] != 0) return &found->rows[found->slots[slot] - 1];
  if (found->size == found->capacity) {
    found->capacity = found->capacity ? found->capacity * 2 : 1024;
    found->rows = memory_resize(found->rows, found->capacity * sizeof *found->rows);
  }
  found->slots[slot] = (uint32_t)found->size + 1;
  found->rows[found->size] = (struct shown){.id = arena_copy(&found->arena, id)};
  return &found->rows[found->size++];
}

static struct slice text_of(const struct json_value *object, const char *key, struct arena *arena) {
  struct slice s = SLICE_NONE;
  json_text(object, key, &s, NULL);
  return slice_present(s) ? arena_copy(arena, s) : SLICE("");
}

static void read_finding(struct found *found, const struct json_value *root) {
  struct slice id = SLICE_NONE, stage = SLICE_NONE, points = SLICE_NONE;
  int64_t revision = 0;
  if (!json_text(root, "deduction_id", &id, NULL) || !json_text(root, "stage", &stage, NULL)) return;
  json_int(root, "revision", 1, INT64_MAX, &revision, NULL);
  struct shown *shown = shown_of(found, id);
  if (revision <= shown->revision) return;
  shown->revision = revision;
  shown->open = slice_equal(stage, SLICE("proposed"));
  if (!shown->open) return;
  struct arena *arena = &found->arena;
  shown->rule_id = text_of(root, "rule_id", arena);
  shown->institution = text_of(root, "fixmedins_code", arena);
  shown->setl_id = text_of(root, "setl_id", arena);
  shown->sentence_zh = text_of(root, "vola_cont", arena);
  shown->sentence_en = text_of(root, "vola_cont_en", arena);
  shown->band = text_of(root, "band", arena);
  shown->agreement_class = text_of(root, "agreement_class", arena);
  json_fen(root, "vola_amt", &shown->vola_fen, NULL);
  json_fen(root, "fund_amt", &shown->fund_fen, NULL);
  json_bool(root, "provisional", &shown->provisional, NULL);
  int64_t tenths = 0;
  if (json_text(root, "points", &points, NULL) && money_parse(points, 1, &tenths)) shown->points = (int)tenths;
}

// Every line of one output file.
static enum status each_line(const char *folder, enum topic topic, void (*line)(void *context, const struct json_value *root),
                             void *context, struct error *error) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, writer_file_name(topic));
  const char *paths[] = {path};
  const struct reader_limits limits = {256u << 20, 256, 1 << 20};
  struct reader *reader = reader_open(paths, 1, &limits);
  struct json_reader *json = json_reader_create();
  struct arena arena = {0};
  arena_init(&arena, 1 << 20);
  enum status status = STATUS_OK;
  const struct record *records;
  size_t size = 1;
  while (size > 0 && (status = reader_take(reader, &records, &size, error)) == STATUS_OK) {
    for (size_t i = 0; i < size && status == STATUS_OK; i++) {
      const struct json_value *root;
      arena_reset(&arena);
      status = json_read(json, &arena, records[i].value, &root, error);
      if (status == STATUS_OK) line(context, root);
    }
    if (status != STATUS_OK) break;
  }
  arena_fini(&arena);
  json_reader_destroy(json);
  reader_close(reader);
  return status;
}

static void finding_line(void *context, const struct json_value *root) { read_finding(context, root); }

static struct group *group_of(struct groups *groups, struct slice key) {
  for (size_t i = 0; i < groups->size; i++)
    if (slice_equal(groups->rows[i].key, key)) return &groups->rows[i];
  if (groups->size == groups->capacity) {
    groups->capacity = groups->capacity ? groups->capacity * 2 : 64;
    groups->rows = memory_resize(groups->rows, groups->capacity * sizeof *groups->rows);
  }
  groups->rows[groups->size] = (struct group){.key = key};
  return &groups->rows[groups->size++];
}

static int by_points(const void *a, const void *b) {
  const struct group *x = a, *y = b;
  if (x->points != y->points) return x->points < y->points ? 1 : -1;
  if (x->vola_fen != y->vola_fen) return x->vola_fen < y->vola_fen ? 1 : -1;
  return slice_compare(x->key, y->key);
}

static int by_key(const void *a, const void *b) { return slice_compare(((const struct group *)a)->key, ((const struct group *)b)->key); }

static int by_money(const void *a, const void *b) {
  const struct shown *x = a, *y = b;
  if (x->open != y->open) return x->open ? -1 : 1;
  if (x->vola_fen != y->vola_fen) return x->vola_fen < y->vola_fen ? 1 : -1;
  return slice_compare(x->id, y->id);
}

static enum status collect(struct found *found, const struct summary_options *options, struct error *error) {
  *found = (struct found){0};
  arena_init(&found->arena, 1 << 20);
  const enum status status = each_line(options->folder, TOPIC_INSPECTOR_CASES, finding_line, found, error);
  if (status != STATUS_OK) return status;
  for (size_t i = 0; i < found->size; i++) {
    const struct shown *shown = &found->rows[i];
    if (!shown->open) {
      found->withdrawn++;
      continue;
    }
    found->open++;
    found->vola_fen += shown->vola_fen;
    found->fund_fen += shown->fund_fen;
    struct group *groups[] = {group_of(&found->rules, shown->rule_id), group_of(&found->institutions, shown->institution)};
    for (size_t g = 0; g < 2; g++) {
      groups[g]->findings++;
      groups[g]->vola_fen += shown->vola_fen;
      groups[g]->fund_fen += shown->fund_fen;
      groups[g]->points += shown->points;
    }
  }
  // The rows move: the index by id is of no use any more.
  if (found->size > 1) qsort(found->rows, found->size, sizeof *found->rows, by_money);
  if (found->rules.size > 1) qsort(found->rules.rows, found->rules.size, sizeof *found->rules.rows, by_key);
  if (found->institutions.size > 1) qsort(found->institutions.rows, found->institutions.size, sizeof *found->institutions.rows, by_points);
  return STATUS_OK;
}

static void release(struct found *found) {
  arena_fini(&found->arena);
  memory_free(found->rows);
  memory_free(found->slots);
  memory_free(found->rules.rows);
  memory_free(found->institutions.rows);
}

// ---- text -------------------------------------------------------------------------------------------------------------------------

enum word { W_HEAD, W_SCREENED, W_SETTLEMENTS, W_RECORDS, W_DUPLICATE, W_SUPERSEDED, W_UNUSED, W_WAITING, W_DEAD, W_BY_RULE, W_FINDINGS, W_AMOUNT,
            W_FUND, W_TOTAL, W_INSTITUTIONS, W_POINTS, W_EXAMPLES, W_REVIEW, W_DRAWN, W_OF, W_NO_SEED, W_DEAD_LETTERS, W_ALARMS, W_NONE, W_FILES,
            W_PROVISIONAL, W_WITHDRAWN, W_PROPOSED_ONLY, W_SPEED, W_YUAN, W_COUNT };
static const char *const words[W_COUNT][2] = {
    [W_HEAD] = {"Screened", "已筛查"}, [W_SCREENED] = {"screened", "已筛查"}, [W_SETTLEMENTS] = {"settlements", "笔结算"}, [W_RECORDS] = {"messages", "条消息"},
    [W_DUPLICATE] = {"duplicate", "重复"}, [W_SUPERSEDED] = {"superseded", "被替代"}, [W_UNUSED] = {"unused", "未使用"},
    [W_WAITING] = {"waiting", "等待"}, [W_DEAD] = {"dead", "死信"}, [W_BY_RULE] = {"Findings by rule", "按规则的疑点"},
    [W_FINDINGS] = {"findings", "疑点"}, [W_AMOUNT] = {"in-scope yuan", "涉及金额（元）"}, [W_FUND] = {"fund yuan", "基金（元）"},
    [W_TOTAL] = {"total", "合计"}, [W_INSTITUTIONS] = {"Institutions with the most proposed points", "拟扣分最多的定点机构"},
    [W_POINTS] = {"points", "拟扣分"}, [W_EXAMPLES] = {"Three findings", "疑点示例"}, [W_REVIEW] = {"Second review (复审)", "复审抽取"},
    [W_DRAWN] = {"drawn", "抽取"}, [W_OF] = {"of", "/"}, [W_NO_SEED] = {"without a seed for their month, not drawn", "当月无种子，未抽取"},
    [W_DEAD_LETTERS] = {"Dead letters", "死信"}, [W_ALARMS] = {"To look at", "需要关注"}, [W_NONE] = {"none", "无"}, [W_FILES] = {"Files in", "输出文件"},
    [W_PROVISIONAL] = {"provisional", "暂定"}, [W_WITHDRAWN] = {"withdrawn", "已撤回"},
    [W_PROPOSED_ONLY] = {"Proposed only: nothing counts before people have confirmed it.", "以上均为拟定，须经人工核实确认后方可生效。"},
    [W_SPEED] = {"settlements/s", "笔/秒"}, [W_YUAN] = {"yuan", "元"}};

static const char *word(const struct summary_options *options, enum word which) { return words[which][options->chinese]; }

static void heading(struct text *out, const struct summary_options *options, enum word which) {
  text_format(out, "\n%s%s%s\n", options->color ? "\033[1m" : "", word(options, which), options->color ? "\033[0m" : "");
}

// 1234567.89 as 1,234,567.89.
static void write_yuan(struct text *out, int64_t fen, unsigned width) {
  char digits[48], grouped[64];
  const int size = snprintf(digits, sizeof digits, "%s%" PRId64 ".%02" PRId64, fen < 0 ? "-" : "", (fen < 0 ? -fen : fen) / 100,
                            (fen < 0 ? -fen : fen) % 100);
  size_t at = 0;
  const int point = size - 3, first = digits[0] == '-';
  for (int i = 0; i < size; i++) {
    if (i > first && i < point && (point - i) % 3 == 0) grouped[at++] = ',';
    grouped[at++] = digits[i];
  }
  grouped[at] = '\0';
  text_format(out, "%*s", (int)width, grouped);
}

// Pads a UTF-8 text to so many columns; characters beyond ASCII take two.
static void write_padded(struct text *out, struct slice s, unsigned columns) {
  unsigned used = 0;
  for (size_t i = 0; i < s.size; i++) {
    const unsigned char byte = (unsigned char)s.data[i];
    if (byte < 0x80) used++;
    else if (byte >= 0xe0) used += 2;
    else if (byte >= 0xc0) used++;
  }
  text_append(out, s);
  for (; used < columns; used++) text_byte(out, ' ');
}

static void write_counts(struct text *out, const struct summary_options *options) {
  const struct partition_counts *counts = &options->result->counts;
  text_format(out, "\n%s%s %" PRIu64 " %s%s  (%" PRIu64 " %s", options->color ? "\033[1m" : "", word(options, W_HEAD),
              counts->types[EVENT_SETL], word(options, W_SETTLEMENTS), options->color ? "\033[0m" : "", counts->records,
              word(options, W_RECORDS));
  static const enum word names[DISPOSITION_COUNT] = {W_SCREENED, W_DUPLICATE, W_SUPERSEDED, W_UNUSED, W_WAITING, W_DEAD};
  for (unsigned d = 0; d < DISPOSITION_COUNT; d++)
    text_format(out, "%s %s %" PRIu64, d == 0 ? ":" : ",", word(options, names[d]), counts->dispositions[d]);
  const uint64_t ms = options->elapsed_ms ? options->elapsed_ms : 1;
  text_format(out, ")\n%" PRIu64 ".%" PRIu64 " s, %" PRIu64 " %s, %" PRIu64 " MiB\n", ms / 1000, ms % 1000 / 100,
              counts->types[EVENT_SETL] * 1000 / ms, word(options, W_SPEED), options->memory_kib / 1024);
}

static void write_rules(struct text *out, const struct summary_options *options, const struct found *found) {
  heading(out, options, W_BY_RULE);
  for (size_t i = 0; i < found->rules.size; i++) {
    const struct group *group = &found->rules.rows[i];
    const struct rule *rule = ruleset_find(options->ruleset, group->key);
    TEXT_LITERAL(out, "  ");
    write_padded(out, group->key, 10);
    write_padded(out, rule == NULL ? SLICE("") : options->chinese || !slice_present(rule->title_en) ? rule->title_zh : rule->title_en, 46);
    text_format(out, "%8" PRIu64, group->findings);
    write_yuan(out, group->vola_fen, 16);
    write_yuan(out, group->fund_fen, 16);
    text_byte(out, '\n');
  }
  TEXT_LITERAL(out, "  ");
  write_padded(out, slice_from(word(options, W_TOTAL)), 56);
  text_format(out, "%8" PRIu64, found->open);
  write_yuan(out, found->vola_fen, 16);
  write_yuan(out, found->fund_fen, 16);
  text_format(out, "\n  (%s, %s, %s; %s %" PRIu64 ")\n", word(options, W_FINDINGS), word(options, W_AMOUNT), word(options, W_FUND),
              word(options, W_WITHDRAWN), found->withdrawn);
  text_format(out, "  %s\n", word(options, W_PROPOSED_ONLY));
}

static void write_institutions(struct text *out, const struct summary_options *options, const struct found *found) {
  heading(out, options, W_INSTITUTIONS);
  for (size_t i = 0; i < found->institutions.size && i < 5; i++) {
    const struct group *group = &found->institutions.rows[i];
    TEXT_LITERAL(out, "  ");
    write_padded(out, group->key, 20);
    text_format(out, "%6" PRId64 ".%" PRId64 " %s  %6" PRIu64 " %s", group->points / 10, group->points % 10, word(options, W_POINTS),
                group->findings, word(options, W_FINDINGS));
    write_yuan(out, group->vola_fen, 16);
    text_byte(out, '\n');
  }
}

// One of each of the first three rules by money: the dearest finding of a rule says more than three of one kind.
static void write_examples(struct text *out, const struct summary_options *options, const struct found *found) {
  heading(out, options, W_EXAMPLES);
  struct slice told[3];
  size_t size = 0;
  for (size_t i = 0; i < found->size && size < 3; i++) {
    const struct shown *shown = &found->rows[i];
    bool again = !shown->open;
    for (size_t t = 0; t < size; t++) again |= slice_equal(told[t], shown->rule_id);
    if (again) continue;
    told[size++] = shown->rule_id;
    const struct slice sentence = options->chinese || shown->sentence_en.size == 0 ? shown->sentence_zh : shown->sentence_en;
    text_format(out, "  %.*s  %.*s  %.*s", SLICE_ARG(shown->rule_id), SLICE_ARG(shown->institution), SLICE_ARG(shown->setl_id));
    write_yuan(out, shown->vola_fen, 14);
    text_format(out, "%s%s%s\n    %.*s\n", shown->provisional ? "  (" : "", shown->provisional ? word(options, W_PROVISIONAL) : "",
                shown->provisional ? ")" : "", SLICE_ARG(sentence));
  }
}

static void write_review(struct text *out, const struct summary_options *options) {
  const struct draw_counts *draw = &options->result->draw;
  heading(out, options, W_REVIEW);
  const uint64_t drawn = draw->drawn_random + draw->drawn_take_all - draw->dropped - draw->superseded;    // now, as the sums are
  const uint64_t population = draw->population - draw->left, rate = population ? drawn * 10000 / population : 0;
  text_format(out, "  %s %" PRIu64 " %s %" PRIu64 " (%" PRIu64 ".%02" PRIu64 " %%)", word(options, W_DRAWN), drawn, word(options, W_OF),
              population, rate / 100, rate % 100);
  TEXT_LITERAL(out, ", ");
  write_yuan(out, draw->drawn_fen, 0);
  text_format(out, " %s ", word(options, W_OF));
  write_yuan(out, draw->population_fen, 0);
  text_format(out, " %s\n", word(options, W_YUAN));
  if (draw->without_seed > 0) text_format(out, "  %" PRIu64 " %s\n", draw->without_seed, word(options, W_NO_SEED));
}

static void write_dead(struct text *out, const struct summary_options *options) {
  heading(out, options, W_DEAD_LETTERS);
  bool any = false;
  for (int r = 1; r < REJECT_COUNT; r++) {
    const uint64_t count = options->result->counts.rejects[r];
    if (count == 0) continue;
    any = true;
    TEXT_LITERAL(out, "  ");
    write_padded(out, slice_from(reject_name((enum reject)r)), 22);
    text_format(out, "%8" PRIu64 "  %s\n", count, reject_meaning((enum reject)r, options->chinese));
  }
  if (!any) text_format(out, "  %s\n", word(options, W_NONE));
}

// What was counted because somebody should look at it.
static void write_alarms(struct text *out, const struct summary_options *options) {
  const struct screen_counts *screen = &options->result->screen;
  const struct { uint64_t count; const char *meaning, *meaning_zh; } alarms[] = {
      {screen->beyond_horizon, "from before the horizon, not used", "早于回溯期，未使用"},
      {screen->cancel_beyond_horizon, "cancellations of what may be forgotten: what was told of it stands", "冲销的结算可能已遗忘：已告知的结果不变"},
      {screen->clock_skew, "the institution's clock runs ahead: recv_time was used", "机构时钟超前：按 recv_time 处理"},
      {screen->dossier_limit, "at the hard limit of a dossier, its oldest visits forgotten", "档案达到硬上限，已遗忘最早的就诊"},
  };
  bool any = false;
  for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
    if (alarms[i].count == 0) continue;
    if (!any) heading(out, options, W_ALARMS);
    any = true;
    text_format(out, "  %8" PRIu64 "  %s\n", alarms[i].count, options->chinese ? alarms[i].meaning_zh : alarms[i].meaning);
  }
}

static void write_files(struct text *out, const struct summary_options *options) {
  text_format(out, "\n%s%s %s%s\n", options->color ? "\033[1m" : "", word(options, W_FILES), options->folder, options->color ? "\033[0m" : "");
  for (int t = 0; t < TOPIC_COUNT; t++) {
    const char *name = writer_file_name((enum topic)t);
    if (name == NULL) continue;
    TEXT_LITERAL(out, "  ");
    write_padded(out, slice_from(name), 28);
    text_format(out, "%10" PRIu64 "\n", options->result->messages[t]);
  }
}

enum status summary_write_text(struct text *out, const struct summary_options *options, struct error *error) {
  struct found found;
  const enum status status = collect(&found, options, error);
  if (status == STATUS_OK) {
    write_counts(out, options);
    write_rules(out, options, &found);
    write_institutions(out, options, &found);
    write_examples(out, options, &found);
    write_review(out, options);
    write_dead(out, options);
    write_alarms(out, options);
    write_files(out, options);
  }
  release(&found);
  return status;
}

// ---- JSON -------------------------------------------------------------------------------------------------------------------------

static void json_groups(struct text *out, const char *name, const char *key, const struct groups *groups) {
  text_format(out, ",\"%s\":[", name);
  for (size_t i = 0; i < groups->size; i++) {
    const struct group *group = &groups->rows[i];
    text_format(out, "%s{\"%s\":", i > 0 ? "," : "", key);
    text_json(out, group->key);
    text_format(out, ",\"findings\":%" PRIu64 ",\"vola_amt\":\"", group->findings);
    money_write_fen(out, group->vola_fen);
    TEXT_LITERAL(out, "\",\"fund_amt\":\"");
    money_write_fen(out, group->fund_fen);
    text_format(out, "\",\"points\":\"%" PRId64 ".%" PRId64 "\"}", group->points / 10, group->points % 10);
  }
  text_byte(out, ']');
}

static void json_outcomes(struct text *out, const struct summary_options *options) {
  TEXT_LITERAL(out, ",\"outcomes\":{");
  for (size_t r = 0; r < options->ruleset->size; r++) {
    const struct rule *rule = options->ruleset->rules[r];
    text_format(out, "%s\"%.*s@%" PRId64 "\":{", r > 0 ? "," : "", SLICE_ARG(rule->id), rule->version);
    for (int o = 0; o < OUTCOME_COUNT; o++)
      text_format(out, "%s\"%s\":%" PRIu64, o > 0 ? "," : "", outcome_name((enum outcome)o), options->result->rules[r].outcomes[o]);
    text_byte(out, '}');
  }
  text_byte(out, '}');
}

enum status summary_write_json(struct text *out, const struct summary_options *options, struct error *error) {
  struct found found;
  const enum status status = collect(&found, options, error);
  if (status == STATUS_OK) {
    const struct embedded_result *result = options->result;
    text_format(out, "{\"ruleset\":\"%s\",\"records\":%" PRIu64 ",\"settlements\":%" PRIu64 ",\"dispositions\":{", options->ruleset->hash,
                result->counts.records, result->counts.types[EVENT_SETL]);
    for (int d = 0; d < DISPOSITION_COUNT; d++)
      text_format(out, "%s\"%s\":%" PRIu64, d > 0 ? "," : "", disposition_name((enum disposition)d), result->counts.dispositions[d]);
    TEXT_LITERAL(out, "},\"dead_letters\":{");
    bool first = true;
    for (int r = 1; r < REJECT_COUNT; r++) {
      if (result->counts.rejects[r] == 0) continue;
      text_format(out, "%s\"%s\":%" PRIu64, first ? "" : ",", reject_name((enum reject)r), result->counts.rejects[r]);
      first = false;
    }
    text_format(out, "},\"open\":%" PRIu64 ",\"withdrawn\":%" PRIu64 ",\"vola_amt\":\"", found.open, found.withdrawn);
    money_write_fen(out, found.vola_fen);
    TEXT_LITERAL(out, "\",\"fund_amt\":\"");
    money_write_fen(out, found.fund_fen);
    text_byte(out, '"');
    json_groups(out, "rules", "rule_id", &found.rules);
    json_groups(out, "institutions", "fixmedins_code", &found.institutions);
    json_outcomes(out, options);
    const struct draw_counts *draw = &result->draw;
    text_format(out, ",\"second_review\":{\"population\":%" PRIu64 ",\"random\":%" PRIu64 ",\"take_all\":%" PRIu64 ",\"dropped\":%" PRIu64
                ",\"without_seed\":%" PRIu64 ",\"rate_basis_points\":%" PRIu32 "}",
                draw->population, draw->drawn_random, draw->drawn_take_all, draw->dropped, draw->without_seed,
                options->review->rate_basis_points);
    const struct screen_counts *screen = &result->screen;
    text_format(out, ",\"beyond_horizon\":%" PRIu64 ",\"cancel_beyond_horizon\":%" PRIu64 ",\"clock_skew\":%" PRIu64 ",\"dossier_limit\":%" PRIu64
                ",\"visits_judged\":%" PRIu64 ",\"items_judged\":%" PRIu64 ",\"patients\":%" PRIu64 ",\"dossier_bytes\":%" PRIu64
                ",\"elapsed_ms\":%" PRIu64 ",\"rss_peak_kib\":%" PRIu64 "}\n",
                screen->beyond_horizon, screen->cancel_beyond_horizon, screen->clock_skew, screen->dossier_limit, screen->visits_judged, screen->items_judged,
                result->patients, result->store_bytes, options->elapsed_ms, options->memory_kib);
  }
  release(&found);
  return status;
}
