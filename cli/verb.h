// Verbs of a noun: one verb, one file cli/NOUN/VERB.c, one row.
//
// A noun with a folder hands its arguments to cli_verbs with the rows that the build made from that folder's files. Each verb parses its
// own options with argp; its messages begin with `settlewatch NOUN VERB`.
#pragma once

#include <stddef.h>

struct cli_verb {
  const char *name;       // "check", "list", ...
  const char *summary;    // one line for `settlewatch NOUN --help`
  int (*run)(int argc, char **argv);    // argv[0] is "settlewatch NOUN VERB"
};

// Runs the verb that argv names. verbs: size of them. doc: one line about the noun.
int cli_verbs(const char *noun, const char *doc, const struct cli_verb *const *verbs, size_t size, int argc, char **argv);
