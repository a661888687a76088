#include "cli/rules/running.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rules/paths.h"
#include "cli/setup.h"
#include "config/folder.h"
#include "config/plain.h"
#include "consumers/sheet.h"
#include "consumers/tally.h"
#include "core/memory.h"
#include "record/json.h"
#include "record/money.h"

enum { FILE_BYTES_MAX = 64 << 20, COLUMNS = 17, WORDS = 3 };

struct running_row {
  struct slice id, status;
  int64_t version;
  struct rule_counts counts;
  struct tally_shadow shadow;
};

struct running {
  struct arena arena;
  struct running_row *rows;
  size_t size, capacity;
  struct text rulesets;
  unsigned processes;
};

static struct running_row *row_of(struct running *running, struct slice id, int64_t version) {
  for (size_t i = 0; i < running->size; i++)
    if (running->rows[i].version == version && slice_equal(running->rows[i].id, id)) return &running->rows[i];
  if (running->size == running->capacity) {
    running->capacity = running->capacity ? 2 * running->capacity : 64;
    running->rows = memory_resize(running->rows, running->capacity * sizeof *running->rows);
  }
  running->rows[running->size] = (struct running_row){.id = id, .version = version};
  return &running->rows[running->size++];
}

static bool number(const struct json_value *item, const char *key, uint64_t *sum, struct error *error) {
  int64_t value;
  if (!json_int(item, key, 0, INT64_MAX, &value, error)) return false;
  *sum += (uint64_t)value;
  return true;
}

static bool add_row(struct running *running, const struct json_value *item, struct error *error) {
  struct slice id, status;
  int64_t version, fen, shadow_fen;
  if (!json_text(item, "rule_id", &id, error) || !json_text(item, "status", &status, error) ||
      !json_int(item, "version", 1, INT64_MAX, &version, error) || !json_fen(item, "vola_amt", &fen, error) ||
      !json_fen(item, "shadow_vola_amt", &shadow_fen, error))
    return false;
  struct running_row *row = row_of(running, id, version);
  row->status = status;
  row->counts.vola_fen += fen;
  row->shadow.vola_fen += shadow_fen;
  bool good = number(item, "opened", &row->counts.opened, error) && number(item, "shadow_hits", &row->shadow.hits, error) &&
              number(item, "shadow_opened", &row->shadow.opened, error) && number(item, "timed", &row->counts.timed, error) &&
              number(item, "timed_ns", &row->counts.timed_ns, error);
  for (unsigned o = 0; o < OUTCOME_COUNT && good; o++) good = number(item, outcome_name((enum outcome)o), &row->counts.outcomes[o], error);
  return good;
}

static bool add_file(struct running *running, const char *path, struct error *error) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    error_set(error, STATUS_REJECT, "%s", strerror(errno));
    return false;
  }
  struct text text = {0};
  size_t got;
  while (text.size < FILE_BYTES_MAX && (got = fread(text_reserve(&text, 1 << 16), 1, 1 << 16, file)) > 0) text.size += got;
  fclose(file);
  struct json_reader *reader = json_reader_create();
  const struct json_value *root;
  struct slice ruleset = SLICE_NONE;
  bool good = json_read(reader, &running->arena, text_slice(&text), &root, error) == STATUS_OK && json_text(root, "ruleset", &ruleset, error);
  const struct json_value *rules = good ? json_find(root, "rules") : NULL;
  for (const struct json_value *item = rules != NULL ? rules->child : NULL; item != NULL && good; item = item->next) good = add_row(running, item, error);
  if (good && (running->rulesets.size == 0 || memmem(running->rulesets.data, running->rulesets.size, ruleset.data, ruleset.size) == NULL))
    text_format(&running->rulesets, "%s%.*s", running->rulesets.size > 0 ? " " : "", SLICE_ARG(ruleset));
  running->processes += good;
  if (!good) error_set(error, STATUS_REJECT, "it is not what a running process writes");
  json_reader_destroy(reader);
  text_fini(&text);
  return good;
}

static int by_rule(const void *a, const void *b) {
  const struct running_row *x = a, *y = b;
  const int order = slice_compare(x->id, y->id);
  return order != 0 ? order : (x->version > y->version) - (x->version < y->version);
}

static uint64_t each_ns(const struct rule_counts *counts) { return counts->timed > 0 ? counts->timed_ns / counts->timed : 0; }

static void write_json(const struct running *running, struct text *out) {
  text_format(out, "{\"processes\":%u,\"rulesets\":\"%.*s\",\"rules\":[", running->processes, SLICE_ARG(text_slice(&running->rulesets)));
  for (size_t r = 0; r < running->size; r++) {
    const struct running_row *row = &running->rows[r];
    text_append(out, r > 0 ? SLICE(",\n{\"rule_id\":") : SLICE("\n{\"rule_id\":"));
    text_json(out, row->id);
    text_format(out, ",\"version\":%" PRId64 ",\"status\":\"%.*s\",\"evaluated\":%" PRIu64, row->version, SLICE_ARG(row->status), tally_evaluated(&row->counts));
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) text_format(out, ",\"%s\":%" PRIu64, outcome_name((enum outcome)o), row->counts.outcomes[o]);
    text_format(out, ",\"opened\":%" PRIu64 ",\"vola_amt\":\"", row->counts.opened);
    money_write_fen(out, row->counts.vola_fen);
    text_format(out, "\",\"shadow_hits\":%" PRIu64 ",\"shadow_opened\":%" PRIu64 ",\"shadow_vola_amt\":\"", row->shadow.hits, row->shadow.opened);
    money_write_fen(out, row->shadow.vola_fen);
    text_format(out, "\",\"timed\":%" PRIu64 ",\"ns_each\":%" PRIu64 "}", row->counts.timed, each_ns(&row->counts));
  }
  TEXT_LITERAL(out, "\n]}\n");
}

static void cell(struct sheet *sheet, struct text *scratch, uint64_t value) {
  text_clear(scratch);
  text_format(scratch, "%" PRIu64, value);
  sheet_cell(sheet, text_slice(scratch));
}

static void write_text(const struct running *running, struct text *out) {
  static const char *const heads[2][COLUMNS] = {
      {"rule", "v", "status", "evaluated", "no_hit", "hit", "exempt", "out_of_scope", "insufficient_history", "bad_data", "error", "opened", "yuan", "shadow hits", "shadow opened",
       "shadow yuan", "ns each"},
      {"规则", "版本", "状态", "评估", "未命中", "命中", "例外", "不在范围", "历史不足", "数据缺陷", "错误", "立案", "金额", "试运行命中", "试运行立案",
       "试运行金额", "每次纳秒"}};
  struct sheet sheet;
  struct text scratch = {0};
  text_append(&scratch, text_slice(&running->rulesets));
  text_byte(&scratch, '\0');
  char *rulesets = memory_copy_text(scratch.data);
  sheet_begin(&sheet, out, false, cli_chinese(), rulesets);
  sheet_table(&sheet, heads[cli_chinese() != 0], COLUMNS, WORDS);
  for (size_t r = 0; r < running->size; r++) {
    const struct running_row *row = &running->rows[r];
    sheet_cell(&sheet, row->id);
    cell(&sheet, &scratch, (uint64_t)row->version);
    sheet_cell(&sheet, row->status);
    cell(&sheet, &scratch, tally_evaluated(&row->counts));
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) cell(&sheet, &scratch, row->counts.outcomes[o]);
    cell(&sheet, &scratch, row->counts.opened);
    text_clear(&scratch);
    money_write_fen(&scratch, row->counts.vola_fen);
    sheet_cell(&sheet, text_slice(&scratch));
    cell(&sheet, &scratch, row->shadow.hits);
    cell(&sheet, &scratch, row->shadow.opened);
    text_clear(&scratch);
    money_write_fen(&scratch, row->shadow.vola_fen);
    sheet_cell(&sheet, text_slice(&scratch));
    cell(&sheet, &scratch, each_ns(&row->counts));
  }
  sheet_table_end(&sheet);
  sheet_end(&sheet);
  memory_free(rulesets);
  text_fini(&scratch);
}

int running_stats(const char *config, bool json) {
  struct setup setup;
  struct running running = {0};
  arena_init(&running.arena, 1 << 16);
  int code = CLI_CONFIG;
  if (setup_load(&setup, config, false)) {
    const char *folder = arena_copy_text(&running.arena, setup.site->run.state_dir);
    const char *const *names;
    size_t size = 0;
    code = CLI_OK;
    if (!folder_list(&running.arena, folder, ".stats", &names, &size)) size = 0;
    for (size_t i = 0; i < size && code == CLI_OK; i++) {
      struct error error = {0};
      const char *path = folder_path(&running.arena, folder, names[i], NULL);
      if (add_file(&running, path, &error)) continue;
      fprintf(stderr, "%s: '%s': %s\n", program_invocation_name, path, error.text);
      code = CLI_DATA;
    }
    if (code == CLI_OK && running.processes == 0) {
      fprintf(stderr, "%s: no process has left statistics in '%s' yet: it is run.state_dir of the host that runs the screen\n", program_invocation_name, folder);
      code = CLI_DATA;
    }
  }
  struct text text = {0};
  if (code == CLI_OK) {
    if (running.size > 0) qsort(running.rows, running.size, sizeof *running.rows, by_rule);
    (json ? write_json : write_text)(&running, &text);
    paths_print(stdout, &text);
  }
  text_fini(&text);
  text_fini(&running.rulesets);
  memory_free(running.rows);
  arena_fini(&running.arena);
  setup_fini(&setup);
  return code;
}
