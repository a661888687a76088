// Which rule set a process uses: what the topic rules-control says (stream/kafka/control.h), else the folder of the settings.
//
//   start    all messages of the group are read; the set activated last is loaded from its path. When its files are gone, or make another
//            hash now, the folder of the settings is used and the journal says so: a process that screens is worth more than one that waits
//   running  each message is carried out in its order by reload.h
//   SIGHUP   loads the folder of the settings, unless the group is steered by the topic: then one process would leave the others
//
// Of the main thread.
#pragma once

#include "consumers/reload.h"
#include "core/slice.h"
#include "stream/kafka/control.h"

struct steer_settings {
  struct client *client;
  const char *topic, *group;
  struct slice folder;          // of the settings
  struct reload *reload;
  void (*say)(void *context, int level, const char *text);
};

struct steer;
// Reads the topic to its end and waits until the set that holds is in force. NULL: the topic cannot be read.
struct steer *steer_open(const struct steer_settings *settings, struct error *error);
void steer_close(struct steer *steer);
void steer_poll(struct steer *steer);      // never waits
void steer_signal(struct steer *steer);    // SIGHUP came
// Tells the group that the rule is a shadow from here on.
enum status steer_demote(struct steer *steer, struct slice rule, int64_t version, const char *reason, struct error *error);
