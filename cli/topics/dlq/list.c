// settlewatch topics dlq list: dead letters, and how many of each reason.
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/topics/dlq/letters.h"
#include "cli/verb.h"
#include "record/reject.h"
#include "core/civil.h"

enum { OPTION_REASON = 1000, OPTION_PARTITION, OPTION_SINCE, OPTION_STATE, OPTION_FORMAT };

struct arguments {
  const char *config, *reason, *state;
  long partition;    // of the input; -1: any
  int64_t since_ms;
  bool json;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site", 0},
    {"reason", OPTION_REASON, "REASON", 0, "Only those of this reason", 0},
    {"partition", OPTION_PARTITION, "N", 0, "Only those of this partition of the input", 0},
    {"since", OPTION_SINCE, "yyyy-MM-dd", 0, "Only those that were written on this day or later", 0},
    {"state", OPTION_STATE, "open|retried|dropped", 0, "Only those in this state", 0},
    {"format", OPTION_FORMAT, "text|json", 0, "json: one object per line", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  int32_t day = 0, partition;
  int64_t ignored;
  char number[40];
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case OPTION_REASON: arguments->reason = value; return 0;
    case OPTION_PARTITION:
      snprintf(number, sizeof number, "%.30s.0", value);
      if (!letters_number(number, &partition, &ignored)) argp_error(state, "'%s' is no partition", value);
      arguments->partition = partition;
      return 0;
    case OPTION_SINCE:
      if (!civil_parse(slice_from(value), &day)) argp_error(state, "'%s' is no day, write yyyy-MM-dd", value);
      arguments->since_ms = ((int64_t)day * 86400 - 8 * 3600) * 1000;
      return 0;
    case OPTION_STATE:
      if (strcmp(value, "open") != 0 && strcmp(value, "retried") != 0 && strcmp(value, "dropped") != 0)
        argp_error(state, "a state is open, retried or dropped, not '%s'", value);
      arguments->state = value;
      return 0;
    case OPTION_FORMAT:
      if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0) argp_error(state, "--format is text or json, not '%s'", value);
      arguments->json = strcmp(value, "json") == 0;
      return 0;
    case ARGP_KEY_ARG: argp_error(state, "'%s' is one argument too many", value); return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "",
                                 "Lists dead letters: number, time, source, reason, place in the message, state; then how many of each reason.\v"
                                 "Nothing of the messages themselves is shown; `show NUMBER` does that.\n"
                                 "Exit status: 0 fine, also without any, 70 the cluster cannot be asked, 78 bad settings.", NULL, NULL, NULL};

struct listing {
  const struct arguments *arguments;
  const struct letters *letters;
  uint64_t counts[REJECT_COUNT], states[3], size;
  struct text line;
};

static bool list_one(void *context, const struct letter *letter) {
  struct listing *listing = context;
  const struct arguments *arguments = listing->arguments;
  char partition[24];
  const int digits = snprintf(partition, sizeof partition, "%ld", arguments->partition);
  const struct decision *decision = letters_decision(listing->letters, letter->partition, letter->offset);
  const enum letter_state state = decision != NULL ? decision->state : LETTER_OPEN;
  if ((arguments->reason != NULL && !slice_equal(letter->reason, slice_from(arguments->reason))) || letter->timestamp_ms < arguments->since_ms ||
      (arguments->partition >= 0 && !slice_equal(letter->source_partition, (struct slice){partition, (size_t)digits})) ||
      (arguments->state != NULL && strcmp(arguments->state, letter_state_name(state, false)) != 0))
    return true;
  for (unsigned r = 0; r < REJECT_COUNT; r++)
    if (slice_equal(slice_from(reject_name((enum reject)r)), letter->reason)) listing->counts[r]++;
  listing->states[state]++;
  struct text *line = &listing->line;
  text_clear(line);
  if (arguments->json) {
    text_format(line, "{\"number\":\"%d.%lld\",\"time\":\"", (int)letter->partition, (long long)letter->offset);
    letters_time(line, letter->timestamp_ms);
    TEXT_LITERAL(line, "\",\"topic\":");
    text_json(line, letter->source_topic);
    text_format(line, ",\"partition\":%.*s,\"offset\":%.*s,\"reason\":", SLICE_ARG(letter->source_partition), SLICE_ARG(letter->source_offset));
    text_json(line, letter->reason);
    TEXT_LITERAL(line, ",\"path\":");
    text_json(line, letter->path);
    text_format(line, ",\"byte\":%.*s,\"size\":%zu,\"state\":\"%s\"", SLICE_ARG(letter->byte), letter->value.size, letter_state_name(state, false));
    if (decision != NULL) {
      TEXT_LITERAL(line, ",\"by\":");
      text_json(line, decision->by);
      TEXT_LITERAL(line, ",\"why\":");
      text_json(line, decision->why);
      TEXT_LITERAL(line, ",\"decided\":");
      text_json(line, decision->time);
    }
    text_byte(line, '}');
  } else {
    if (listing->size == 0)
      text_format(line, "%-10s  %-19s  %-22s  %-19s  %8s  %-8s  %s\n", "number", "time", "source", "reason", "byte", "state", "path");
    char number[40], source[300];
    snprintf(number, sizeof number, "%d.%lld", (int)letter->partition, (long long)letter->offset);
    snprintf(source, sizeof source, "%.*s[%.*s]@%.*s", SLICE_ARG(letter->source_topic), SLICE_ARG(letter->source_partition), SLICE_ARG(letter->source_offset));
    text_format(line, "%-10s  ", number);
    letters_time(line, letter->timestamp_ms);
    text_format(line, "  %-22s  %-19.*s  %8.*s  %-8s  %.*s", source, SLICE_ARG(letter->reason), SLICE_ARG(letter->byte),
                letter_state_name(state, cli_chinese() != 0), SLICE_ARG(letter->path));
  }
  listing->size++;
  text_byte(line, '\n');
  return fwrite(line->data, 1, line->size, stdout) == line->size;
}

static int run(int argc, char **argv) {
  struct arguments arguments = {.partition = -1, .since_ms = INT64_MIN};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  struct letters letters;
  int code;
  if (letters_open(&letters, arguments.config, &code)) {
    struct listing listing = {.arguments = &arguments, .letters = &letters};
    struct error error = {0};
    code = letters_each(&letters, -1, 0, list_one, &listing, &error) == STATUS_OK ? CLI_OK : CLI_SOFTWARE;
    if (code != CLI_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
    const bool chinese = cli_chinese() != 0;
    if (code == CLI_OK && !arguments.json) {
      printf(chinese ? "%s共 %llu 条\n" : "%s%llu dead letters\n", listing.size > 0 ? "\n" : "", (unsigned long long)listing.size);
      for (unsigned s = 0; s < 3; s++)
        if (listing.states[s] > 0) printf("  %-19s %8llu\n", letter_state_name((enum letter_state)s, chinese), (unsigned long long)listing.states[s]);
      for (unsigned r = 0; r < REJECT_COUNT; r++)
        if (listing.counts[r] > 0)
          printf("  %-19s %8llu  %s\n", reject_name((enum reject)r), (unsigned long long)listing.counts[r], reject_meaning((enum reject)r, chinese));
    }
    text_fini(&listing.line);
  }
  letters_close(&letters);
  return code;
}

const struct cli_verb cli_dlq_list = {"list", "list dead letters and count their reasons", run};
