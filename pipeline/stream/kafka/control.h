// The topic rules-control: what a group is told about its rule sets, in one order for all members.
//
//   key: the group      {"action":"activate","path":"/srv/rules/2026-07","ruleset":"<hash of the files>","by":"li@audit1"}
//
//   load      path, ruleset    load the set and leave it ready
//   activate  path, ruleset    make it the one in force; a member that does not have it loads it from path
//   rollback  path, ruleset    the same, for the set before; with neither: as release
//   release                    back to the folder of each member's settings
//   demote    rule, version    the rule is a shadow in every set from here on (the breaker, or a person)
//   restore   rule, version    it is again what its file says
//
// All messages stand in partition 0, so their order is the same for every member; each carries out a message at positions of its own, which
// its receipts record. What holds after any number of messages is a fold over them: a member that starts reads them all.
// A reader belongs to one thread.
#pragma once

#include "stream/kafka/client.h"

#define CONTROL_ACTIONS(X) \
  X(LOAD, "load") X(ACTIVATE, "activate") X(ROLLBACK, "rollback") X(RELEASE, "release") X(DEMOTE, "demote") X(RESTORE, "restore")
enum control_action {
#define X(name, text) CONTROL_##name,
  CONTROL_ACTIONS(X)
#undef X
      CONTROL_ACTION_COUNT
};

enum { CONTROL_PATH_MAX = 1024, CONTROL_NAME_MAX = 64, CONTROL_HASH_MAX = 33, CONTROL_DEMOTIONS_MAX = 256 };
struct control_message {
  enum control_action action;
  char path[CONTROL_PATH_MAX];         // empty: none
  char ruleset[CONTROL_HASH_MAX];
  char rule[CONTROL_NAME_MAX];
  int64_t version;
  char reason[200], by[100];
  int64_t offset;
};

// What holds after the messages so far.
struct control_state {
  bool steered;                              // a set was activated and not released since: active says which
  struct control_message active;
  bool steered_before;                       // the same of what held before the last change
  struct control_message previous;
  struct control_message demoted[CONTROL_DEMOTIONS_MAX];
  size_t demoted_size;
};
void control_fold(struct control_state *state, const struct control_message *message);

struct control;
struct control *control_open(struct client *client, const char *topic, const char *group, struct error *error);
void control_close(struct control *control);
// The next message of the group. STATUS_OK with *got false: none within timeout_ms. A message that makes no sense is told by client_say and
// passed over. *end: all that stood there when the reader was opened was read.
enum status control_next(struct control *control, int timeout_ms, struct control_message *message, bool *got, bool *end, struct error *error);
enum status control_send(struct client *client, const char *topic, const char *group, const struct control_message *message, struct error *error);
