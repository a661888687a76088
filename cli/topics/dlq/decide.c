#include "cli/topics/dlq/decide.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/memory.h"
#include "record/json.h"
#include "stream/kafka/resend.h"

enum { FILE_BYTES_MAX = 1 << 30, PER_TRANSACTION = 200, MARGIN = 64 * 1024 };

// --- Arguments -----------------------------------------------------------------------------------------------------------------

enum { OPTION_ALL = 1000, OPTION_REASON, OPTION_YES, OPTION_AGAIN, OPTION_BY, OPTION_WHY };

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site", 0},
    {"all", OPTION_ALL, NULL, 0, "All open ones, of --reason when it is given, instead of numbers", 0},
    {"reason", OPTION_REASON, "REASON", 0, "With --all: only those of this reason", 0},
    {"yes", OPTION_YES, NULL, 0, "With --all: do it; without, it is only told how many there are", 0},
    {"again", OPTION_AGAIN, NULL, 0, "Also what was decided already", 0},
    {"by", OPTION_BY, "NAME", 0, "Who decides (default: the user's name)", 0},
    {"reason-text", OPTION_WHY, "TEXT", 0, "Why, for the record", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct decide *decide = state->input;
  switch (key) {
    case 'c': decide->config = value; return 0;
    case OPTION_ALL: decide->all = true; return 0;
    case OPTION_REASON: decide->reason = value; return 0;
    case OPTION_YES: decide->yes = true; return 0;
    case OPTION_AGAIN: decide->again = true; return 0;
    case OPTION_BY: decide->by = value; return 0;
    case OPTION_WHY: decide->why = value; return 0;
    case ARGP_KEY_ARG:
      decide->numbers = memory_resize(decide->numbers, (decide->numbers_size + 1) * sizeof *decide->numbers);
      decide->numbers[decide->numbers_size++] = value;
      return 0;
    case ARGP_KEY_END:
      if (decide->all == (decide->numbers_size > 0)) argp_error(state, "give numbers of dead letters, or --all");
      if (decide->reason != NULL && !decide->all) argp_error(state, "--reason goes with --all");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

const struct argp decide_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};

struct deciding {
  const struct decide *decide;
  struct letters *letters;
  struct resend *resend;
  struct json_reader *reader;
  struct arena arena;
  struct slice file;       // the corrected record; SLICE_NONE: unchanged
  bool found, refused;
  uint64_t done, in_transaction;
  struct error error;
};

// --- One letter ----------------------------------------------------------------------------------------------------------------

// A record belongs to the partition of its person: the key is the psn_no of its envelope, else the letter's own key.
static struct slice key_of(struct deciding *deciding, const struct letter *letter, struct slice value) {
  const struct json_value *root;
  struct slice psn_no;
  struct error ignored = {0};
  arena_reset(&deciding->arena);
  if (json_read(deciding->reader, &deciding->arena, value, &root, &ignored) == STATUS_OK && json_text(root, "psn_no", &psn_no, &ignored)) return psn_no;
  return letter->key;
}

static void write_decision(struct text *out, const struct deciding *deciding, const struct letter *letter, struct slice value) {
  const struct decide *decide = deciding->decide;
  text_format(out, "{\"decision\":\"%s\",\"letter\":\"%d.%lld\",\"reason\":", letter_state_name(decide->state, false), (int)letter->partition,
              (long long)letter->offset);
  text_json(out, letter->reason);
  TEXT_LITERAL(out, ",\"source\":{\"topic\":");
  text_json(out, letter->source_topic);
  text_format(out, ",\"partition\":%.*s,\"offset\":%.*s},\"changed\":%s,\"by\":", SLICE_ARG(letter->source_partition), SLICE_ARG(letter->source_offset),
              slice_present(deciding->file) && !slice_equal(deciding->file, letter->value) ? "true" : "false");
  text_json(out, slice_from(decide->by));
  TEXT_LITERAL(out, ",\"why\":");
  text_json(out, decide->why != NULL ? slice_from(decide->why) : SLICE_NONE);
  // Of which bytes: the decision can be held against the letter and the record later, without their content.
  unsigned char sum[DIGEST_BYTES];
  digest_sha256(value.data, value.size, sum);
  TEXT_LITERAL(out, ",\"sha256\":\"");
  text_hex(out, sum, sizeof sum);
  TEXT_LITERAL(out, "\",\"time\":\"");
  letters_time(out, (int64_t)time(NULL) * 1000);
  TEXT_LITERAL(out, "\"}");
}

static enum status send_one(struct deciding *deciding, const struct letter *letter, struct error *error) {
  const struct slice value = slice_present(deciding->file) ? deciding->file : letter->value;
  char number[40];
  const int size = snprintf(number, sizeof number, "%d.%lld", (int)letter->partition, (long long)letter->offset);
  const struct slice name = {number, (size_t)size};
  enum status status = STATUS_OK;
  if (deciding->decide->state == LETTER_RETRIED) {
    const struct dump_header headers[] = {{"dead-letter", name}, {"dead-letter-reason", letter->reason}};
    const struct resend_record record = {deciding->letters->input, key_of(deciding, letter, value), value, headers, 2};
    status = resend_add(deciding->resend, &record, error);
  }
  struct text text = {0};
  write_decision(&text, deciding, letter, value);
  const struct dump_header headers[] = {{"ce_specversion", SLICE("1.0")}, {"ce_type", SLICE("settlewatch.dead-letter-decision")},
                                        {"ce_source", SLICE("/settlewatch/topics/dlq")}, {"ce_id", name}, {"content-type", SLICE("application/json")}};
  const struct resend_record record = {deciding->letters->decisions_topic, name, text_slice(&text), headers, sizeof headers / sizeof headers[0]};
  if (status == STATUS_OK) status = resend_add(deciding->resend, &record, error);
  text_fini(&text);
  return status;
}

static bool decide_one(void *context, const struct letter *letter) {
  struct deciding *deciding = context;
  const struct decide *decide = deciding->decide;
  const struct decision *before = letters_decision(deciding->letters, letter->partition, letter->offset);
  deciding->found = true;
  if (decide->all && (before != NULL || (decide->reason != NULL && !slice_equal(letter->reason, slice_from(decide->reason))))) return true;
  if (before != NULL && !decide->again) {
    fprintf(stderr, "%s: %d.%lld was %s on %.*s by %.*s; --again does it nevertheless\n", program_invocation_name, (int)letter->partition,
            (long long)letter->offset, letter_state_name(before->state, false), SLICE_ARG(before->time), SLICE_ARG(before->by));
    deciding->refused = true;
    return true;
  }
  enum status status = STATUS_OK;
  if (deciding->in_transaction == 0) status = resend_begin(deciding->resend, &deciding->error);
  if (status == STATUS_OK) status = send_one(deciding, letter, &deciding->error);
  if (status == STATUS_OK && ++deciding->in_transaction == PER_TRANSACTION) {
    status = resend_commit(deciding->resend, &deciding->error);
    if (status == STATUS_OK) deciding->done += deciding->in_transaction;
    deciding->in_transaction = 0;
  }
  return status == STATUS_OK;
}

// --- All of them ---------------------------------------------------------------------------------------------------------------

struct counting { const struct deciding *deciding; uint64_t size; };
static bool count_one(void *context, const struct letter *letter) {
  struct counting *counting = context;
  const char *reason = counting->deciding->decide->reason;
  counting->size += letters_decision(counting->deciding->letters, letter->partition, letter->offset) == NULL &&
                    (reason == NULL || slice_equal(letter->reason, slice_from(reason)));
  return true;
}

static enum status decide_numbers(struct deciding *deciding, struct error *error) {
  enum status status = STATUS_OK;
  for (size_t i = 0; i < deciding->decide->numbers_size && status == STATUS_OK; i++) {
    int32_t partition;
    int64_t offset;
    deciding->found = false;
    if (!letters_number(deciding->decide->numbers[i], &partition, &offset))
      return error_set(error, STATUS_REJECT, "'%s' is no number of a dead letter, such as 1.42", deciding->decide->numbers[i]);
    status = letters_each(deciding->letters, partition, offset, decide_one, deciding, error);
    if (status == STATUS_OK) status = deciding->error.status;
    if (status == STATUS_OK && !deciding->found) status = error_set(error, STATUS_REJECT, "there is no dead letter %s", deciding->decide->numbers[i]);
  }
  return status;
}

static enum status decide_all(struct deciding *deciding, struct error *error) {
  if (!deciding->decide->yes) {
    struct counting counting = {deciding, 0};
    const enum status status = letters_each(deciding->letters, -1, 0, count_one, &counting, error);
    if (status != STATUS_OK) return status;
    return error_set(error, STATUS_REJECT, "%" PRIu64 " open dead letters; nothing was done: say --yes to do it", counting.size);
  }
  const enum status status = letters_each(deciding->letters, -1, 0, decide_one, deciding, error);
  return status == STATUS_OK ? deciding->error.status : status;
}

static enum status decide_with(struct deciding *deciding, struct error *error) {
  const struct site *site = deciding->letters->setup.site;
  char *id = memory_take(site->kafka.group.size + 8);
  memcpy(id, site->kafka.group.data, site->kafka.group.size);
  memcpy(id + site->kafka.group.size, "-dlq", 4);
  const int64_t largest = (slice_present(deciding->file) && (int64_t)deciding->file.size > site->kafka.input_bytes_max ? (int64_t)deciding->file.size
                                                                                                                   : site->kafka.input_bytes_max) + MARGIN;
  deciding->resend = resend_open(deciding->letters->client, id, largest, error);
  memory_free(id);
  if (deciding->resend == NULL) return STATUS_FATAL;
  enum status status = deciding->decide->all ? decide_all(deciding, error) : decide_numbers(deciding, error);
  if (status == STATUS_OK && deciding->in_transaction > 0) {
    status = resend_commit(deciding->resend, error);
    if (status == STATUS_OK) deciding->done += deciding->in_transaction;
  }
  if (error->status == STATUS_OK && deciding->error.status != STATUS_OK) error_set(error, deciding->error.status, "%s", deciding->error.text);
  resend_close(deciding->resend);
  return status;
}

static enum status file_read(const char *path, struct text *out, struct error *error) {
  FILE *file = fopen(path, "re");
  if (file == NULL) return error_set(error, STATUS_REJECT, "cannot read '%s': %s", path, strerror(errno));
  size_t got;
  do {
    got = fread(text_reserve(out, 1 << 16), 1, 1 << 16, file);
    out->size += got;
  } while (got > 0 && out->size < FILE_BYTES_MAX);
  const bool bad = ferror(file) != 0;
  fclose(file);
  if (bad || out->size == 0 || out->size >= FILE_BYTES_MAX) return error_set(error, STATUS_REJECT, "'%s' is empty, too large or cannot be read", path);
  while (out->size > 0 && (out->data[out->size - 1] == '\n' || out->data[out->size - 1] == '\r')) out->size--;
  return STATUS_OK;
}

static const char *user_name(void) {
  const struct passwd *user = getpwuid(getuid());
  return user != NULL ? user->pw_name : "unknown";
}

int decide_run(struct decide *decide) {
  if (decide->by == NULL) decide->by = user_name();
  struct text corrected = {0};
  struct error error = {0};
  if (decide->file != NULL && file_read(decide->file, &corrected, &error) != STATUS_OK) {
    fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
    text_fini(&corrected);
    memory_free(decide->numbers);
    return CLI_DATA;
  }
  struct letters letters;
  int code;
  if (letters_open(&letters, decide->config, &code)) {
    struct deciding deciding = {.decide = decide, .letters = &letters, .reader = json_reader_create()};
    if (decide->file != NULL) deciding.file = text_slice(&corrected);
    arena_init(&deciding.arena, 1 << 16);
    const enum status status = decide_with(&deciding, &error);
    if (deciding.done > 0)
      printf(cli_chinese() ? "%s：%" PRIu64 " 条\n" : "%s: %" PRIu64 " dead letters\n", letter_state_name(decide->state, cli_chinese() != 0), deciding.done);
    if (error.status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
    code = status == STATUS_OK ? (deciding.refused ? CLI_FOUND : CLI_OK) : status == STATUS_REJECT ? CLI_FOUND : CLI_SOFTWARE;
    arena_fini(&deciding.arena);
    json_reader_destroy(deciding.reader);
  }
  letters_close(&letters);
  text_fini(&corrected);
  memory_free(decide->numbers);
  return code;
}
