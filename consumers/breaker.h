// The breaker: an active rule that hits more often than its `budget` allows becomes a shadow, before it has cost thousands of people something.
//
// Counted over windows of min_evaluated decisions of this process. A rate over the budget is told as an error and published as a demotion to
// rules-control; what changes the rules is that message, never the count. So a replay of the input is deterministic: the demotion is an input
// itself, each worker takes it up between two transactions, and the receipts record where, whatever the sizes of the batches and whoever
// counted. Of the main thread.
#pragma once

#include "consumers/steer.h"
#include "consumers/tally.h"

void breaker_look(struct tally *tally, struct steer *steer);
