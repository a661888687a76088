// The thread that ends a worker's transactions, so that the worker can go on with its next batch meanwhile.
//
//   worker:  stage, committer_start ---- takes and screens ---- committer_finish, stage ...
//   thread:         flush, positions, commit (or abort)
//
// One transaction at a time. From committer_start to committer_finish the transaction is the thread's, and nobody else touches it; what it
// was given stays as it is. transaction.h says how errors and time-outs end.
#pragma once

#include <pthread.h>

#include "stream/kafka/transaction.h"

struct committer {
  struct transaction *transaction;                 // not owned
  rd_kafka_t *consumer;                            // not owned: whose membership the positions are committed with
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  rd_kafka_topic_partition_list_t *positions;      // of the transaction at hand
  bool running, asked, done, ending;
  enum status status;
  struct error error;
};

enum status committer_open(struct committer *committer, struct transaction *transaction, rd_kafka_t *consumer, struct error *error);
void committer_close(struct committer *committer);    // waits for a commit that was started; fine on one that was never opened
// positions: behind the batch; taken over.
void committer_start(struct committer *committer, rd_kafka_topic_partition_list_t *positions);
// Waits. *positions: as given to committer_start; the caller destroys them.
enum status committer_finish(struct committer *committer, rd_kafka_topic_partition_list_t **positions, struct error *error);
