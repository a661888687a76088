// settlewatch topics dlq show NUMBER: one dead letter, with the place where it is wrong.
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/topics/dlq/letters.h"
#include "cli/verb.h"

enum { OPTION_RAW = 1000, AROUND = 1500 };

struct arguments {
  const char *config, *number;
  bool raw;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Settings of the site", 0},
    {"raw", OPTION_RAW, NULL, 0, "Print the bytes alone, unchanged: to mend them and send them back", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
    case 'c': arguments->config = value; return 0;
    case OPTION_RAW: arguments->raw = true; return 0;
    case ARGP_KEY_ARG:
      if (arguments->number != NULL) argp_error(state, "one dead letter at a time");
      arguments->number = value;
      return 0;
    case ARGP_KEY_END:
      if (arguments->number == NULL) argp_error(state, "the number of a dead letter is needed");
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {options, parse, "NUMBER",
                                 "Shows a dead letter: its headers, and its bytes with the place marked where decoding stopped.\v"
                                 "The bytes are the record of a patient: mind who looks over your shoulder.\n"
                                 "Exit status: 0 shown, 1 there is none of that number, 70 the cluster cannot be asked, 78 bad settings.", NULL, NULL, NULL};

struct showing { const struct arguments *arguments; const struct letters *letters; bool found; };

// Bytes as a terminal can show them; what is neither text nor UTF-8 as <xx>.
static void show_bytes(struct text *out, struct slice s) {
  for (size_t i = 0; i < s.size; i++) {
    const unsigned char c = (unsigned char)s.data[i];
    if (c == '\n' || (c >= 0x20 && c != 0x7f && c < 0x80)) text_byte(out, (char)c);
    else if (c >= 0x80 && c < 0xf8) text_byte(out, (char)c);
    else text_format(out, "<%02x>", c);
  }
}

static bool show_one(void *context, const struct letter *letter) {
  struct showing *showing = context;
  showing->found = true;
  if (showing->arguments->raw) {
    fwrite(letter->value.data, 1, letter->value.size, stdout);
    return false;
  }
  struct text out = {0};
  const bool chinese = cli_chinese() != 0;
  const struct decision *decision = letters_decision(showing->letters, letter->partition, letter->offset);
  text_format(&out, "%d.%lld  %s", (int)letter->partition, (long long)letter->offset, letter_state_name(decision != NULL ? decision->state : LETTER_OPEN, chinese));
  if (decision != NULL)
    text_format(&out, "  %.*s  %.*s  %.*s", SLICE_ARG(decision->time), SLICE_ARG(decision->by), SLICE_ARG(decision->why));
  text_byte(&out, '\n');
  for (size_t i = 0; i < letter->message->headers_size; i++) {
    text_format(&out, "%s: ", letter->message->headers[i].name);
    show_bytes(&out, letter->message->headers[i].value);
    text_byte(&out, '\n');
  }
  TEXT_LITERAL(&out, "key: ");
  show_bytes(&out, letter->key);
  char number[24];
  snprintf(number, sizeof number, "%.*s", (int)(letter->byte.size < 20 ? letter->byte.size : 20), letter->byte.data);
  const unsigned long long byte = strtoull(number, NULL, 10);
  const size_t at = byte < letter->value.size ? (size_t)byte : letter->value.size;
  size_t from = at > AROUND ? at - AROUND : 0, to = letter->value.size - at > AROUND ? at + AROUND : letter->value.size;
  while (from > 0 && ((unsigned char)letter->value.data[from] & 0xc0) == 0x80) from--;
  while (to < letter->value.size && ((unsigned char)letter->value.data[to] & 0xc0) == 0x80) to++;
  text_format(&out, chinese ? "\n字节 %zu..%zu，共 %zu；出错位置 %zu 以 ▶ 标出：\n" : "\nbytes %zu..%zu of %zu; ▶ marks byte %zu:\n", from, to, letter->value.size, at);
  show_bytes(&out, (struct slice){letter->value.data + from, at - from});
  TEXT_LITERAL(&out, "▶");
  show_bytes(&out, (struct slice){letter->value.data + at, to - at});
  text_byte(&out, '\n');
  fwrite(out.data, 1, out.size, stdout);
  text_fini(&out);
  return false;
}

static int run(int argc, char **argv) {
  struct arguments arguments = {0};
  if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return CLI_USAGE;
  int32_t partition;
  int64_t offset;
  if (!letters_number(arguments.number, &partition, &offset)) {
    fprintf(stderr, "%s: '%s' is no number of a dead letter, such as 1.42\n", program_invocation_name, arguments.number);
    return CLI_USAGE;
  }
  struct letters letters;
  int code;
  if (letters_open(&letters, arguments.config, &code)) {
    struct showing showing = {.arguments = &arguments, .letters = &letters};
    struct error error = {0};
    const enum status status = letters_each(&letters, partition, offset, show_one, &showing, &error);
    if (error.status != STATUS_OK) fprintf(stderr, "%s: %s\n", program_invocation_name, error.text);
    else if (!showing.found) fprintf(stderr, "%s: there is no dead letter %s\n", program_invocation_name, arguments.number);
    code = status == STATUS_OK ? (showing.found ? CLI_OK : CLI_FOUND) : status == STATUS_REJECT ? CLI_FOUND : CLI_SOFTWARE;
  }
  letters_close(&letters);
  return code;
}

const struct cli_verb cli_dlq_show = {"show", "show one dead letter, with the place marked", run};
