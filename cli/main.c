#include <argp.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/language.h"
#include "commit.h"
#include "config/diagnostics.h"
#include "core/digest.h"
#include "core/text.h"
#include "version.h"

#define LOADED(name) extern const char *name(void);
#include "loaded.inc"
#undef LOADED

// One row per noun; commands.inc is written at configure time from the files of this folder.
#define COMMAND(name) extern const struct cli_command name;
#include "commands.inc"
#undef COMMAND
static const struct cli_command *const commands[] = {
#define COMMAND(name) &name,
#include "commands.inc"
#undef COMMAND
    NULL,
};

static const struct cli_command *command_find(const char *noun) {
  const struct cli_command *const *command = commands;
  while (*command != NULL && strcmp((*command)->noun, noun) != 0) command++;
  return *command;
}

static int command_unknown(const char *noun) {
  const char *nouns[sizeof commands / sizeof commands[0]];
  size_t size = 0;
  for (; commands[size] != NULL; size++) nouns[size] = commands[size]->noun;
  const char *near = diagnostics_nearest(slice_from(noun), nouns, size);
  fprintf(stderr, "settlewatch: unknown noun '%s'", noun);
  if (near != NULL) fprintf(stderr, " (did you mean '%s'?)", near);
  fprintf(stderr, "; 'settlewatch --help' lists them\n");
  return CLI_USAGE;
}

static int command_run(const struct cli_command *command, int argc, char **argv) {
  char *const plain = program_invocation_short_name;
  struct text name = {0};
  text_format(&name, "settlewatch %s", command->noun);
  text_byte(&name, '\0');
  argv[0] = name.data;
  program_invocation_name = name.data;    // argp's messages begin with it
  program_invocation_short_name = name.data;
  int code = command->run(argc, argv);
  if (fflush(stdout) != 0 && code == CLI_OK) {
    fprintf(stderr, "%s: cannot write to standard output\n", name.data);
    code = CLI_SOFTWARE;
  }
  program_invocation_name = program_invocation_short_name = plain;
  text_fini(&name);
  return code;
}

static void version_print(FILE *stream, struct argp_state *state) {
  (void)state;
  fprintf(stream, "settlewatch " SETTLEWATCH_VERSION " (commit " SETTLEWATCH_COMMIT ")\n");
#define LIBRARY(name, version) " " name " " version ","
  static const char libraries[] = SETTLEWATCH_LIBRARIES(LIBRARY);
  fprintf(stream, "build: " SETTLEWATCH_BUILD "\nbuilt with:%.*s\n", (int)(sizeof libraries - 2), libraries);
  static const char *(*const loaded[])(void) = {
#define LOADED(name) name,
#include "loaded.inc"
#undef LOADED
  };
  for (size_t i = 0; i < sizeof loaded / sizeof *loaded; i++) fprintf(stream, "%s %s", i == 0 ? "loaded:" : ",", loaded[i]());
  fprintf(stream, "\n");
}

// argp asks for each part of the help; what stands after the options is the list of nouns, and argp frees it.
static char *help_text(int key, const char *text, void *input) {
  (void)input;
  if (key != ARGP_KEY_HELP_POST_DOC) return (char *)(uintptr_t)text;    // unchanged
  struct text out = {0};
  text_append(&out, SLICE("Nouns:\n"));
  for (const struct cli_command *const *command = commands; *command != NULL; command++)
    text_format(&out, "  %-10s %s\n", (*command)->noun, (*command)->summary);
  text_append(&out, SLICE("\n'settlewatch NOUN --help' explains each. Exit codes: 0 fine (also when there are findings), "
                          "1 something found by a check, 2 usage, 3 warnings under --strict, 65 unreadable input, "
                          "70 an error of the program or of the world, 78 bad rules or settings.\n"));
  text_byte(&out, '\0');
  return out.data;
}

struct choice {
  const struct cli_command *command;
  int first;    // index of the noun in argv
  int code;
};

static error_t option_take(int key, char *argument, struct argp_state *state) {
  struct choice *choice = state->input;
  switch (key) {
    case ARGP_KEY_ARG:
      choice->command = command_find(argument);
      choice->first = state->next - 1;
      if (choice->command == NULL) choice->code = command_unknown(argument);
      state->next = state->argc;    // the rest is the noun's own
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_state_help(state, stderr, ARGP_HELP_LONG | ARGP_HELP_PRE_DOC | ARGP_HELP_POST_DOC | ARGP_HELP_USAGE);
      choice->code = CLI_USAGE;
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

int main(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"lang", 'L' + 256, "zh|en", 0, "Language of results and messages (default: from LC_ALL, LC_MESSAGES, LANG)", 0},
      {0}};
  static const struct argp argp = {.options = options,
                                   .parser = option_take,
                                   .args_doc = "NOUN [OPTION...]",
                                   .doc = "Screens medical-insurance settlements: settlements in, findings out.\v",
                                   .help_filter = help_text};
  argp_program_version_hook = version_print;
  argp_err_exit_status = CLI_USAGE;
  digest_start();
  if (!language_take(&argc, argv)) return CLI_USAGE;

  struct choice choice = {0};
  const error_t failed = argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);
  if (failed != 0) {
    fprintf(stderr, "settlewatch: the arguments cannot be read: %s\n", strerror(failed));
    return CLI_SOFTWARE;
  }
  if (choice.command == NULL) return choice.code;
  return command_run(choice.command, argc - choice.first, argv + choice.first);
}
