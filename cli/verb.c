#include "cli/verb.h"

#include <argp.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "config/diagnostics.h"
#include "core/text.h"

enum { VERBS_MAX = 64 };

struct choice {
  const char *noun;
  const struct cli_verb *const *verbs;
  size_t size;
  const struct cli_verb *verb;
  int first, code;
};

static char *help(int key, const char *text, void *input) {
  const struct choice *choice = input;
  if (key != ARGP_KEY_HELP_POST_DOC || choice == NULL) return (char *)(uintptr_t)text;    // unchanged
  struct text out = {0};
  TEXT_LITERAL(&out, "Verbs:\n");
  for (size_t i = 0; i < choice->size; i++) text_format(&out, "  %-13s %s\n", choice->verbs[i]->name, choice->verbs[i]->summary);
  text_format(&out, "\n'settlewatch %s VERB --help' explains each.\n", choice->noun);
  text_byte(&out, '\0');
  return out.data;
}

static void unknown(struct choice *choice, const char *value) {
  const char *names[VERBS_MAX];
  size_t size = 0;
  for (; size < choice->size && size < VERBS_MAX; size++) names[size] = choice->verbs[size]->name;
  const char *nearest = diagnostics_nearest(slice_from(value), names, size);
  fprintf(stderr, "settlewatch %s: unknown verb '%s'%s%s%s; 'settlewatch %s --help' lists them\n", choice->noun, value,
          nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "", choice->noun);
  choice->code = CLI_USAGE;
}

static error_t parse(int key, char *value, struct argp_state *state) {
  struct choice *choice = state->input;
  switch (key) {
    case ARGP_KEY_ARG:
      choice->first = state->next - 1;
      state->next = state->argc;    // the rest is the verb's own
      for (size_t i = 0; i < choice->size; i++)
        if (strcmp(choice->verbs[i]->name, value) == 0) choice->verb = choice->verbs[i];
      if (choice->verb == NULL) unknown(choice, value);
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_state_help(state, stderr, ARGP_HELP_LONG | ARGP_HELP_PRE_DOC | ARGP_HELP_POST_DOC | ARGP_HELP_USAGE);
      choice->code = CLI_USAGE;
      return 0;
    default: return ARGP_ERR_UNKNOWN;
  }
}

int cli_verbs(const char *noun, const char *doc, const struct cli_verb *const *verbs, size_t size, int argc, char **argv) {
  const struct argp argp = {NULL, parse, "VERB [OPTION...]", doc, NULL, help, NULL};
  struct choice choice = {.noun = noun, .verbs = verbs, .size = size};
  argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);
  if (choice.verb == NULL) return choice.code;
  struct text name = {0};
  text_format(&name, "settlewatch %s %s", noun, choice.verb->name);
  text_byte(&name, '\0');
  char *const before = program_invocation_short_name;
  char **own = argv + choice.first;
  own[0] = name.data;
  program_invocation_name = program_invocation_short_name = name.data;    // argp's messages begin with it
  const int code = choice.verb->run(argc - choice.first, own);
  program_invocation_name = program_invocation_short_name = before;
  text_fini(&name);
  return code;
}
