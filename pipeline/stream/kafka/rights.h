// What cannot be read from the topics' settings is tried: may this user do what the screen will do, and do positions and state fit each other?
//
//   input, state   their ends are fetched                                                       READ
//   outputs        a record each, in one transaction, which is aborted: nobody sees them        WRITE, and the transactional id
//   state          a record without a key, which a compacted topic refuses                      WRITE
//   group          its positions are asked for; one of a partition that does not exist is sent  READ on the group
//
// A group without positions on a state that holds dossiers would screen all again; positions on an empty state would forget every
// patient; positions outside the input mean that the topic was made anew, or that records were deleted unscreened. All are told.
#pragma once

#include "screen/outbox.h"
#include "stream/kafka/client.h"

struct rights {
  const char *const *names;    // TOPIC_COUNT full names
  const char *group, *slot;
  int32_t partitions;          // of input and state
};

// tell: one line for each thing that is wrong. Other statuses than STATUS_OK: the cluster could not be asked.
enum status rights_check(struct client *client, const struct rights *rights, void (*tell)(void *context, const char *line), void *context,
                         struct error *error);
