// Reads the state topic: a partition from an offset to its end, and single offsets.
//
// Only committed records are seen. The end is the true end at the time of learner_begin: while a transaction of the partition's last
// owner is still open, or its marker not yet written, the reader waits, so that nothing committed is missed.
// A reader belongs to one worker; it has a connection of its own and no group.
#pragma once

#include "stream/kafka/client.h"
#include "stream/kafka/state.h"

struct learner;
struct learner *learner_open(struct client *client, const char *topic, struct error *error);
void learner_close(struct learner *learner);

// Starts reading a partition; from -1: its beginning. One partition at a time.
enum status learner_begin(struct learner *learner, int32_t partition, int64_t from, struct error *error);
// Teaches state what comes within timeout_ms. *end when the partition is read to its end; the reader then has stopped.
enum status learner_pump(struct learner *learner, struct state *state, int timeout_ms, bool *end, struct error *error);
void learner_stop(struct learner *learner);    // gives up a partition before its end
// Reads a partition on from where the state knows it to its end. Another one that is being read is given up.
enum status learner_catch_up(struct learner *learner, struct state *state, int32_t partition, struct error *error);
// How far: offsets behind and at the end.
void learner_progress(const struct learner *learner, int64_t *position, int64_t *end);

// state_reader of kafka/state.h; context is the reader. Another partition may be begun meanwhile.
enum status learner_read(void *context, int32_t partition, struct state_read *reads, size_t size, struct arena *arena,
                        struct error *error);
