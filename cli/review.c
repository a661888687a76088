// settlewatch review commit | close | verify | estimate: the second review's month from seed to published draw, and the extrapolation.
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/announce.h"
#include "cli/casefile.h"
#include "cli/cli.h"
#include "cli/facts.h"
#include "cli/files.h"
#include "consumers/run.h"
#include "core/memory.h"
#include "record/money.h"
#include "review/archive.h"
#include "review/seeds.h"

enum { OPTION_MONTH = 1000, OPTION_FACTS, OPTION_SEEDS, OPTION_SUMMARY, PATHS_MAX = 256, ARCHIVE_FILE_MAX = 1 << 30 };

struct arguments {
  const char *verb, *month, *seeds, *config;
  const char *facts[PATHS_MAX], *outs[PATHS_MAX];    // facts: also the words without an option
  size_t facts_size, outs_size;
  bool json;
};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case OPTION_MONTH: arguments->month = value; return 0;
    case OPTION_SEEDS: arguments->seeds = value; return 0;
    case 'c': arguments->config = value; return 0;
    case 'o':
      if (arguments->outs_size == PATHS_MAX) argp_error(state, "more than %d folders", PATHS_MAX);
      arguments->outs[arguments->outs_size++] = value;
      return 0;
    case ARGP_KEY_ARG:
      if (arguments->verb == NULL) {
        arguments->verb = value;
        return 0;
      }
      __attribute__((fallthrough));
    case OPTION_FACTS:
      if (arguments->facts_size == PATHS_MAX) argp_error(state, "more than %d files", PATHS_MAX);
      arguments->facts[arguments->facts_size++] = value;
      return 0;
    case OPTION_SUMMARY:
      if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) argp_error(state, "--summary is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

// What the program as a whole gives to a verb; tests of a verb's parts give their own.
struct world {
  bool (*random)(void *bytes, size_t size);
  int64_t now_s;
};

static bool system_random(void *bytes, size_t size) { return getrandom(bytes, size, 0) == (ssize_t)size; }

static int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fail(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("settlewatch review: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return code;
}

static int fail_with(const struct error *error) { return fail(error->status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE, "%s", error->text); }

static void warn_exposed(const char *path) {
  fprintf(stderr, "settlewatch review: warning: other users may read the seeds '%s'; set its mode to 600\n", path);
}

static int month_needed(const struct arguments *arguments, int32_t *month) {
  if (arguments->month == NULL) return fail(CLI_USAGE, "--month is needed, for example --month 2026-09");
  if (!draw_month_parse(slice_from(arguments->month), month)) return fail(CLI_USAGE, "--month must be yyyy-MM, not '%s'", arguments->month);
  return CLI_OK;
}

// ---- commit ------------------------------------------------------------------------------------------------------------------------

// Appends one line to the file, whole or not at all. The file is locked.
static int append_line(int file, const char *path, const struct text *line) {
  struct stat about;
  if (fstat(file, &about) != 0) return fail(CLI_SOFTWARE, "cannot write '%s': %s", path, strerror(errno));
  char last = '\n';
  if (about.st_size > 0 && pread(file, &last, 1, about.st_size - 1) != 1) return fail(CLI_SOFTWARE, "cannot read '%s': %s", path, strerror(errno));
  struct text bytes = {0};
  if (last != '\n') text_byte(&bytes, '\n');
  text_append(&bytes, text_slice(line));
  const bool written = pwrite(file, bytes.data, bytes.size, about.st_size) == (ssize_t)bytes.size && fsync(file) == 0;
  const int reason = errno;
  if (!written && ftruncate(file, about.st_size) != 0) fprintf(stderr, "settlewatch review: '%s' ends with an incomplete line\n", path);
  explicit_bzero(bytes.data, bytes.size);
  text_fini(&bytes);
  return written ? CLI_OK : fail(CLI_SOFTWARE, "cannot write '%s': %s", path, strerror(reason));
}

static int commit_month(const struct arguments *arguments, const struct world *world, struct arena *arena) {
  struct draw_seed seed = {.committed = true, .published_s = world->now_s};
  int code = month_needed(arguments, &seed.month);
  if (code != CLI_OK) return code;
  if (arguments->seeds == NULL) return fail(CLI_USAGE, "--seeds is needed: the file that keeps the seeds");
  const int file = open(arguments->seeds, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || flock(file, LOCK_EX) != 0) {
    code = fail(CLI_SOFTWARE, "cannot open '%s': %s", arguments->seeds, strerror(errno));
    if (file >= 0) close(file);
    return code;
  }
  struct seeds seeds;
  struct error error = {0};
  struct text line = {0};
  if (seeds_load(arguments->seeds, arena, &seeds, &error) != STATUS_OK) {
    code = fail(CLI_CONFIG, "%s", error.text);
  } else if (draw_seed_of(&(struct draw_settings){.seeds = seeds.rows, .seeds_size = seeds.size}, seed.month) != NULL) {
    code = fail(CLI_FOUND, "'%s' has a seed for %s already; a seed is never replaced", arguments->seeds, arguments->month);
  } else if (!world->random(seed.seed, sizeof seed.seed)) {
    code = fail(CLI_SOFTWARE, "the system gives no randomness: %s", strerror(errno));
  } else {
    seeds_commit(seed.seed, seed.commit);
    seeds_write(&line, &seed);
    code = append_line(file, arguments->seeds, &line);
  }
  if (code == CLI_OK) {
    if (seeds.exposed) warn_exposed(arguments->seeds);
    if (seeds_unfit(&seed) != NULL)
      fprintf(stderr, "settlewatch review: warning: %s has begun already; its sample will be unfit for scaling\n", arguments->month);
    struct text commit = {0};
    text_hex(&commit, seed.commit, sizeof seed.commit);
    printf("%s %.*s\n", arguments->month, SLICE_ARG(text_slice(&commit)));
    text_fini(&commit);
  }
  if (line.size > 0) explicit_bzero(line.data, line.size);
  text_fini(&line);
  seeds_wipe(&seeds);
  explicit_bzero(&seed, sizeof seed);
  close(file);
  return code;
}

// ---- settings and seeds ------------------------------------------------------------------------------------------------------------

// The site's settings, the defaults without --config; --seeds beats review.seeds_file. NULL after a message.
static struct site *load_site(const struct arguments *arguments) {
  struct diagnostics diagnostics = {0};
  struct text text = {0};
  struct site *site = site_load(arguments->config, &diagnostics);
  diagnostics_sort(&diagnostics);
  diagnostics_write_text(&diagnostics, &text);
  if (text.size > 0) fwrite(text.data, 1, text.size, stderr);
  text_fini(&text);
  diagnostics_fini(&diagnostics);
  if (site == NULL || arguments->seeds == NULL) return site;
  struct seeds seeds;
  struct error error = {0};
  if (seeds_load(arguments->seeds, &site->arena, &seeds, &error) != STATUS_OK) {
    fail(CLI_CONFIG, "%s", error.text);
    site_destroy(site);
    return NULL;
  }
  if (seeds.exposed) warn_exposed(arguments->seeds);
  site->engine.review.seeds = seeds.rows;
  site->engine.review.seeds_size = seeds.size;
  return site;
}

static void wipe_site(struct site *site) {
  for (size_t i = 0; i < site->engine.review.seeds_size; i++)
    explicit_bzero((void *)(uintptr_t)&site->engine.review.seeds[i], sizeof *site->engine.review.seeds);    // our own copy, in its arena
  site_destroy(site);
}

// ---- files of an archive -----------------------------------------------------------------------------------------------------------

static int put_file(const char *folder, const char *name, const struct text *bytes) {
  struct error error = {0};
  return files_put(folder, name, bytes, &error) == STATUS_OK ? CLI_OK : fail(CLI_SOFTWARE, "%s", error.text);
}

static enum status read_file(void *context, const char *name, struct arena *arena, struct slice *bytes, struct error *error) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s", (const char *)context, name) >= (int)sizeof path)
    return error_set(error, STATUS_FATAL, "the folder's name is too long");
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat about;
  if (file < 0 || fstat(file, &about) != 0 || about.st_size > ARCHIVE_FILE_MAX) {
    error_set(error, STATUS_REJECT, "cannot read '%s': %s", path, file < 0 ? strerror(errno) : "it is no file of a close");
    if (file >= 0) close(file);
    return STATUS_REJECT;
  }
  char *data = arena_take(arena, (size_t)about.st_size);
  size_t size = 0;
  ssize_t got = 0;
  while (size < (size_t)about.st_size && (got = read(file, data + size, (size_t)about.st_size - size)) > 0) size += (size_t)got;
  close(file);
  if (got < 0) return error_set(error, STATUS_REJECT, "cannot read '%s': %s", path, strerror(errno));
  *bytes = (struct slice){data, size};
  return STATUS_OK;
}

static int sync_folder(const char *folder) {
  const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool good = file >= 0 && fsync(file) == 0;
  if (file >= 0) close(file);
  return good ? CLI_OK : fail(CLI_SOFTWARE, "cannot write folder '%s': %s", folder, strerror(errno));
}

// 1: folder/name has these bytes; 0: others; -1: it cannot be read.
static int holds(const char *folder, const char *name, const struct text *bytes) {
  struct arena arena;
  struct slice there;
  struct error error = {0};
  arena_init(&arena, 0);
  const bool read = read_file((void *)(uintptr_t)folder, name, &arena, &there, &error) == STATUS_OK;
  const int same = read ? slice_equal(there, text_slice(bytes)) : -1;
  arena_fini(&arena);
  return same;
}

// Plan, lists and hashes: all that must be on disk before the draw. A folder that has the very same ones is left as it is.
static int put_population(const char *folder, const struct close *month) {
  char path[4096];
  snprintf(path, sizeof path, "%s/population", folder);
  if ((mkdir(folder, 0755) != 0 && errno != EEXIST) || (mkdir(path, 0755) != 0 && errno != EEXIST))
    return fail(CLI_SOFTWARE, "cannot make folder '%s': %s", path, strerror(errno));
  struct text plan = {0}, population = {0}, text = {0}, name = {0};
  archive_plan(month, &plan);
  archive_population(month, &population);
  const int there = holds(folder, "population.json", &population);
  int code = CLI_OK;
  if (there == 0 || (there == 1 && holds(folder, "plan.json", &plan) != 1)) {
    code = fail(CLI_FOUND, "'%s' holds another closed month already; an archived population is never replaced", folder);
  } else if (there < 0) {
    code = put_file(folder, "plan.json", &plan);
    for (size_t i = 0; code == CLI_OK && i < month->size; i++) {
      text_clear(&text);
      text_clear(&name);
      close_list(month, &month->institutions[i], &text);
      archive_list_name(month->institutions[i].fixmedins_code, &name);
      text_byte(&name, '\0');
      code = put_file(folder, name.data, &text);
    }
    if (code == CLI_OK) code = sync_folder(path);
    if (code == CLI_OK) code = put_file(folder, "population.json", &population);
    if (code == CLI_OK) code = sync_folder(folder);
  }
  text_fini(&plan);
  text_fini(&population);
  text_fini(&text);
  text_fini(&name);
  return code;
}

// The draw into the folder, after its population; what an interrupted close left out is made up for.
static int put_draw(const char *folder, const struct close *month, const struct outbox *outbox) {
  struct text draw = {0}, result = {0};
  for (size_t i = 0; i < outbox->size; i++) {
    text_append(&draw, outbox_bytes(outbox, outbox->entries[i].value, outbox->entries[i].value_size));
    text_byte(&draw, '\n');
  }
  archive_result(month, &result);
  const int there = holds(folder, "result.json", &result);
  int code = CLI_OK;
  if (there == 0 || (there == 1 && holds(folder, "second-review.ndjson", &draw) != 1)) {
    code = fail(CLI_FOUND, "'%s' holds another draw of this population already; a draw is never replaced", folder);
  } else if (there < 0) {
    code = put_file(folder, "second-review.ndjson", &draw);
    if (code == CLI_OK) code = put_file(folder, "result.json", &result);
    if (code == CLI_OK) code = sync_folder(folder);
  }
  text_fini(&draw);
  text_fini(&result);
  return code;
}

// ---- close -------------------------------------------------------------------------------------------------------------------------

static void write_percent(struct text *out, int64_t part, int64_t whole) {
  __extension__ const __int128 wide = part;
  const int64_t hundredths = whole > 0 ? (int64_t)(wide * 10000 / whole) : 0;
  text_format(out, "%lld.%02lld %%", (long long)(hundredths / 100), (long long)(hundredths % 100));
}

// announced: NULL when nothing goes to the topic.
static void summary_text(const struct close *month, const char *folder, uint64_t facts, const struct announced *announced, struct text *out) {
  const struct close_totals totals = close_totals(month);
  const bool chinese = cli_chinese() != 0;
  text_append(out, chinese ? SLICE("复审抽样 ") : SLICE("second review, draw of "));
  draw_month_write(out, month->month);
  text_append(out, chinese ? SLICE("，总体截止于 ") : SLICE(", population closed at "));
  date_write_time(out, draw_closing(month->settings, month->month));
  text_format(out, chinese ? "\n  事实记录        %llu\n  住院结算        %zu 笔，" : "\n  facts read      %llu\n  population      %zu settlements, ",
              (unsigned long long)facts, month->units);
  money_write_fen(out, month->amount_fen);
  text_format(out, chinese ? " 元，%zu 家机构\n  抽中            %zu 笔（" : " yuan, %zu institutions\n  selected        %zu settlements (", month->size,
              totals.selected);
  write_percent(out, (int64_t)totals.selected, (int64_t)month->units);
  text_append(out, chinese ? SLICE("），") : SLICE("), "));
  money_write_fen(out, totals.selected_fen);
  text_append(out, chinese ? SLICE(" 元（") : SLICE(" yuan ("));
  write_percent(out, totals.selected_fen, month->amount_fen);
  text_format(out, chinese ? "）\n  其中            随机 %zu，大额 %zu，金额补足 %zu；已失效的预抽：退出 %zu，改抽 %zu\n"
                           : ")\n  of these        random %zu, take-all %zu, money %zu; provisional draws gone: dropped %zu, superseded %zu\n",
              totals.roles[DRAW_RANDOM], totals.roles[DRAW_TAKE_ALL], totals.roles[DRAW_MONEY], totals.roles[DRAW_DROPPED],
              totals.roles[DRAW_SUPERSEDED]);
  text_format(out, chinese ? "  法定下限        %s\n" : "  legal floor     %s\n",
              totals.holds && totals.institutions_short == 0 ? (chinese ? "件数与金额均达到" : "held in count and in money, everywhere")
                                                             : (chinese ? "未达到" : "NOT held"));
  if (month->unfit != NULL) text_format(out, chinese ? "  不得放大        %s\n" : "  unfit for scaling: %s\n", month->unfit);
  text_append(out, chinese ? SLICE("  总体清单摘要    ") : SLICE("  population hash "));
  text_hex(out, month->hash, sizeof month->hash);
  text_format(out, chinese ? "\n  归档于          %s\n" : "\n  archived in     %s\n", folder);
  if (announced == NULL) return;
  text_format(out, chinese ? "  已发布          %zu 条至 second-review，此前已有 %zu 条\n" : "  published       %zu messages to second-review, %zu were there already\n",
              announced->sent, announced->there);
}

static void add_fact(void *context, const struct fact *fact) { close_add(context, fact); }

static int close_month(const struct arguments *arguments, const struct world *world, struct arena *arena) {
  int32_t number;
  int code = month_needed(arguments, &number);
  if (code != CLI_OK) return code;
  if (arguments->outs_size != 1) return fail(CLI_USAGE, "--out is needed: the folder for the archive of the month");
  if (arguments->facts_size == 0 && arguments->config == NULL)
    return fail(CLI_USAGE, "facts are needed: --facts FILE, or --config FILE to read them from the topic");
  struct site *site = load_site(arguments);
  if (site == NULL) return CLI_CONFIG;
  const struct draw_settings *settings = &site->engine.review;
  const bool early = world->now_s < draw_closing(settings, number), from_topic = arguments->facts_size == 0;
  struct close month;
  close_init(&month, settings, number, arena);
  struct text text = {0};
  struct outbox outbox = {0};
  struct announced announced = {0};
  struct client *client = NULL;
  struct error error = {0};
  uint64_t count = 0;
  if (draw_seed_of(settings, number) == NULL) {
    code = fail(CLI_CONFIG, "the seeds hold none for %s: give --seeds FILE with the seed that was committed to", arguments->month);
    goto cleanup;
  }
  if (early)
    fprintf(stderr, "settlewatch review: warning: the population of %s is not closed yet; what still arrives will be missing%s\n", arguments->month,
            from_topic ? ", and nothing is published" : "");
  if (from_topic && (client = run_client(site, arena, &error)) == NULL) {
    code = fail_with(&error);
    goto cleanup;
  }
  enum status status = from_topic ? facts_from_topic(client, site, add_fact, &month, &count, &error)
                                  : facts_from_files(arguments->facts, arguments->facts_size, add_fact, &month, &count, &error);
  if (status != STATUS_OK) {
    code = fail_with(&error);
    goto cleanup;
  }
  close_population(&month);
  code = put_population(arguments->outs[0], &month);
  if (code == CLI_OK && close_draw(&month, &error) != STATUS_OK) code = fail_with(&error);
  if (code != CLI_OK) goto cleanup;
  close_write(&month, &outbox);
  code = put_draw(arguments->outs[0], &month, &outbox);
  if (code == CLI_OK && from_topic && !early) {
    status = announce_draw(client, site, number, &outbox, &announced, &error);
    if (status != STATUS_OK) code = fail(status == STATUS_REJECT ? CLI_FOUND : CLI_SOFTWARE, "%s", error.text);
  }
  if (code == CLI_OK) {
    if (arguments->json) archive_result(&month, &text);
    else summary_text(&month, arguments->outs[0], count, from_topic && !early ? &announced : NULL, &text);
    fwrite(text.data, 1, text.size, stdout);
  }
cleanup:
  client_close(client);
  outbox_fini(&outbox);
  text_fini(&text);
  close_fini(&month);
  wipe_site(site);
  return code;
}

// ---- verify ------------------------------------------------------------------------------------------------------------------------

// Reads the archive and draws it again.
static enum status recompute(struct archive *archive, const char *folder, const struct draw_settings *seeds, struct json_reader *reader,
                             struct arena *arena, struct error *error) {
  const struct archive_files files = {(void *)(uintptr_t)folder, read_file};
  const enum status status = archive_read(archive, &files, seeds, reader, arena, error);
  return status == STATUS_OK ? archive_verify(archive, &files, reader, error) : status;
}

static int verify_month(const struct arguments *arguments, const struct world *world, struct arena *arena) {
  (void)world;
  if (arguments->outs_size != 1 || arguments->seeds == NULL)
    return fail(CLI_USAGE, "--out and --seeds are needed: the folder of the archive, and its seed as published");
  struct site *site = load_site(arguments);
  if (site == NULL) return CLI_CONFIG;
  struct json_reader *reader = json_reader_create();
  struct archive archive;
  struct error error = {0};
  int code = CLI_OK;
  if (recompute(&archive, arguments->outs[0], &site->engine.review, reader, arena, &error) != STATUS_OK) {
    code = fail_with(&error);
  } else if (archive.mistakes_size > 0) {
    fwrite(archive.mistakes.data, 1, archive.mistakes.size, stdout);
    code = fail(CLI_FOUND, "%zu things in '%s' contradict the population and the seed", archive.mistakes_size, arguments->outs[0]);
  } else {
    const struct close_totals totals = close_totals(&archive.close);
    printf(cli_chinese() ? "一致：%zu 家机构，%zu 笔结算，抽中 %zu 笔，与公布的种子和清单相符\n"
                         : "verified: %zu institutions, %zu settlements, %zu selected, as the published seed and lists say\n",
           archive.close.size, archive.close.units, totals.selected);
    if (archive.close.unfit != NULL) printf(cli_chinese() ? "不得放大：%s\n" : "unfit for scaling: %s\n", archive.close.unfit);
  }
  archive_fini(&archive);
  json_reader_destroy(reader);
  wipe_site(site);
  return code;
}

// ---- estimate ----------------------------------------------------------------------------------------------------------------------

static void estimate_text(const struct casefile *casefile, const struct estimate *result, const struct text *why, struct text *out) {
  const struct { const char *name; int64_t fen; } amounts[] = {{"verified", result->verified_fen}, {"estimate", result->total_fen},
                                                               {"standard_error", result->error_fen}, {"lower_bound", result->lower_fen},
                                                               {"cap", casefile->input.cap_fen}, {"refused", result->refused_fen}};
  TEXT_LITERAL(out, "{\"format\":\"settlewatch-estimate-v1\",\"fixmedins_code\":");
  text_json(out, casefile->fixmedins_code);
  text_format(out, ",\"mode\":\"%s\",\"scaled\":%s", casefile->input.mode == ESTIMATE_SIMPLE ? "simple" : "lower",
              result->scaled ? "true" : "false");
  for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
    text_format(out, ",\"%s\":\"", amounts[i].name);
    money_write_fen(out, amounts[i].fen);
    TEXT_LITERAL(out, "\"");
  }
  text_format(out, ",\"estimate_fraction_fen\":\"%llu/%llu\",\"variance_fen2\":\"", (unsigned long long)result->total_rest,
              (unsigned long long)result->total_over);
  estimate_variance_write(out, result);
  text_format(out, "\",\"df\":%lld,\"t_millionths\":%lld,\"relative_half_width_millionths\":%lld,\"codes\":[", (long long)result->df,
              (long long)result->t_millionths, (long long)result->width_millionths);
  bool first = true;
  for (int code = ESTIMATE_X1; code < ESTIMATE_CODE_COUNT; code++) {
    if (!estimate_has(result, (enum estimate_code)code)) continue;
    text_format(out, "%s{\"code\":\"X%02d\",\"meaning\":\"%s\"}", first ? "" : ",", code, estimate_code_meaning((enum estimate_code)code));
    first = false;
  }
  TEXT_LITERAL(out, "],\"unproven\":[");
  for (size_t at = 0; at < why->size;) {
    const char *end = memchr(why->data + at, '\n', why->size - at);
    const struct slice line = {why->data + at, (size_t)(end - why->data) - at};
    if (at > 0) text_byte(out, ',');
    text_json(out, line);
    at += line.size + 1;
  }
  TEXT_LITERAL(out, "]}\n");
}

static int estimate_case(const struct arguments *arguments, const struct world *world, struct arena *arena) {
  (void)world;
  if (arguments->facts_size != 1) return fail(CLI_USAGE, "one case file is needed");
  struct site *site = load_site(arguments);
  if (site == NULL) return CLI_CONFIG;
  struct json_reader *reader = json_reader_create();
  struct archive *archives = ARENA_ZEROED(arena, struct archive, arguments->outs_size);
  struct text why = {0}, text = {0};
  struct error error = {0};
  struct slice bytes;
  struct casefile casefile;
  struct estimate result;
  const struct json_value *root;
  size_t read = 0;
  int code = CLI_OK;
  enum status status = read_file((void *)(uintptr_t)(arguments->facts[0][0] == '/' ? "" : "."), arguments->facts[0], arena, &bytes, &error);
  if (status == STATUS_OK) status = json_read(reader, arena, bytes, &root, &error);
  if (status == STATUS_OK) status = casefile_read(root, arena, &casefile, &error);
  for (; status == STATUS_OK && read < arguments->outs_size; read++)
    status = recompute(&archives[read], arguments->outs[read], &site->engine.review, reader, arena, &error);
  if (status == STATUS_OK) {
    casefile_prove(&casefile, archives, read, &why);
    status = estimate(&casefile.input, &site->review.estimate, &result, &error);
  }
  if (status == STATUS_OK) {
    estimate_text(&casefile, &result, &why, &text);
    fwrite(text.data, 1, text.size, stdout);
  } else {
    code = fail(status == STATUS_REJECT ? CLI_DATA : CLI_SOFTWARE, "%s: %s", arguments->facts[0], error.text);
  }
  for (size_t i = 0; i < read; i++) archive_fini(&archives[i]);
  text_fini(&why);
  text_fini(&text);
  json_reader_destroy(reader);
  wipe_site(site);
  return code;
}

// ---- the noun ----------------------------------------------------------------------------------------------------------------------

static const struct argp_option options[] = {
    {"month", OPTION_MONTH, "yyyy-MM", 0, "The month (commit, close)", 0},
    {"seeds", OPTION_SEEDS, "FILE", 0, "The secret file of the seeds (default: review.seeds_file of the settings)", 0},
    {"facts", OPTION_FACTS, "FILE", 0, "Facts as NDJSON, plain or gzip, - for standard input; may be given often (close)", 0},
    {"out", 'o', "DIR", 0, "The archive of a month; for estimate one per month (close, verify, estimate)", 0},
    {"config", 'c', "FILE", 0, "Settings of the site: rates, limits; close without --facts reads the topic institution-facts and publishes to second-review", 0},
    {"summary", OPTION_SUMMARY, "text|json", 0, "How to print the result of close (default: text)", 0},
    {0}};

static const struct argp argp = {options, parse, "commit|close|verify|estimate [FILE...]",
                                 "The second review (复审) of a month: commit to a seed before it begins, close it afterwards, let anyone verify the "
                                 "draw, and extrapolate what the sample found.\v"
                                 "  commit --month yyyy-MM --seeds FILE            makes a seed, keeps it in FILE, prints month and commit\n"
                                 "  close --month yyyy-MM --facts FILE --out DIR   population, archive, final draw\n"
                                 "  close --month yyyy-MM --config FILE --out DIR  the same from the topic institution-facts; the draw is also published\n"
                                 "                                                 to second-review, once however often this is run\n"
                                 "  verify --out DIR --seeds FILE                  draws again and compares\n"
                                 "  estimate FILE --out DIR --seeds FILE           the extrapolation of a case file\n\n"
                                 "Exit status: 0 fine, 1 a verification failed or what exists is not replaced, 2 usage, 65 unreadable input, 70 an "
                                 "error of the world, 78 bad settings or seeds.", NULL, NULL, NULL};

static int run(int argc, char **argv) {
  static const struct {
    const char *verb;
    int (*run)(const struct arguments *arguments, const struct world *world, struct arena *arena);
  } verbs[] = {{"commit", commit_month}, {"close", close_month}, {"verify", verify_month}, {"estimate", estimate_case}};
  struct arguments arguments = {0};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  if (arguments.verb == NULL) return fail(CLI_USAGE, "a verb is needed: commit, close, verify or estimate");
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (strcmp(arguments.verb, verbs[i].verb) != 0) continue;
    const struct world world = {.random = system_random, .now_s = (int64_t)time(NULL)};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    const int code = verbs[i].run(&arguments, &world, &arena);
    arena_fini(&arena);
    return code;
  }
  return fail(CLI_USAGE, "unknown verb '%s': it is commit, close, verify or estimate", arguments.verb);
}

const struct cli_command cli_review = {"review", "commit, close and verify the draw for second review; extrapolate", run};
