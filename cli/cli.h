// The program: one noun, one file, one row. Arguments in, exit code out.
//
// Exit codes follow the design: 0 fine (also when findings exist); 1 something found (bad rules in `rules check`, failed tests);
// 2 usage; 3 warnings under --strict; 65 an input file is unreadable as a whole; 70 an error of our own or of the world;
// 78 bad rules or settings. Arguments are parsed with argp (glibc), so --help and --usage work everywhere.
#pragma once

enum cli_exit { CLI_OK = 0, CLI_FOUND = 1, CLI_USAGE = 2, CLI_WARNINGS = 3, CLI_DATA = 65, CLI_SOFTWARE = 70, CLI_CONFIG = 78 };

struct cli_command {
  const char *noun;       // "screen", "rules", ...
  const char *summary;    // one line for `settlewatch --help`
  int (*run)(int argc, char **argv);    // argv[0] is "settlewatch NOUN"
};

extern const struct cli_command cli_screen, cli_run, cli_rules, cli_topics, cli_replay, cli_generate, cli_state, cli_review, cli_config;

// True when messages shall be Chinese: --lang zh|en (already removed from argv by main), else LC_ALL, LC_MESSAGES, LANG.
int cli_chinese(void);
