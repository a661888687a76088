// The dossier of one person as the state topic holds it now.
#pragma once

#include "cli/setup.h"

struct remembered {
  struct text body;      // the caller frees it
  int32_t partition;
  int64_t offset;
  bool found;            // false: nothing is remembered about this person
};

// Reads the person's partition of patient-state to its end, and all of them when it is not there.
enum status remembered_find(struct setup *setup, struct client *client, struct slice psn_no, struct remembered *out, struct error *error);
