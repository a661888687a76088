// Tells when records wait and none comes. A partition that is silent looks like one that has nothing to give, whatever the reason: a sender whose
// transaction stays open, or a fetch that stands still. So after a while the brokers are asked for its end, and the journal is told, once, and when
// records come again. Nothing else is done about it: who waits for a sender must wait.
//
// One per partition, zeroed at first; one thread.
#pragma once

#include "stream/kafka/client.h"

struct watch {
  int64_t known;       // the offset up to which the partition is known
  int64_t since_ms;    // when it was first
  int64_t asked_ms;    // when the brokers were last asked
  bool told;
};

// known: all before it was taken, or is no record. silence_s: how long it may stay what it is. True: the brokers were asked, which takes up to a
// second when they are away.
bool watch_look(struct watch *watch, struct client *client, const char *topic, int32_t partition, int64_t known, int silence_s);
