// What the verbs over the topic rules-control have in common: load, activate, rollback, release, demote, restore.
#pragma once

#include "stream/kafka/control.h"

struct control_verb {
  enum control_action action;
  const char *arguments, *doc;
  unsigned least, most;    // arguments
};

// Parses, reads what holds, publishes, and says what it published. Exit code.
int control_run(const struct control_verb *verb, int argc, char **argv);
