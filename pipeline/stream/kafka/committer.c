#include "stream/kafka/committer.h"

#include <assert.h>
#include <string.h>

static void *committer_main(void *context) {
  struct committer *committer = context;
  pthread_mutex_lock(&committer->lock);
  for (;;) {
    while (!committer->asked && !committer->ending) pthread_cond_wait(&committer->changed, &committer->lock);
    if (!committer->asked) break;
    pthread_mutex_unlock(&committer->lock);
    struct error error = {0};
    const enum status status = transaction_commit(committer->transaction, committer->consumer, committer->positions, &error);
    pthread_mutex_lock(&committer->lock);
    committer->status = status;
    committer->error = error;
    committer->asked = false;
    committer->done = true;
    pthread_cond_broadcast(&committer->changed);
  }
  pthread_mutex_unlock(&committer->lock);
  return NULL;
}

enum status committer_open(struct committer *committer, struct transaction *transaction, rd_kafka_t *consumer, struct error *error) {
  *committer = (struct committer){.transaction = transaction, .consumer = consumer};
  pthread_mutex_init(&committer->lock, NULL);
  pthread_cond_init(&committer->changed, NULL);
  const int code = pthread_create(&committer->thread, NULL, committer_main, committer);
  committer->running = code == 0;
  if (committer->running) return STATUS_OK;
  pthread_cond_destroy(&committer->changed);
  pthread_mutex_destroy(&committer->lock);
  return error_set(error, STATUS_FATAL, "cannot start a thread: %s", strerror(code));
}

void committer_close(struct committer *committer) {
  if (!committer->running) return;
  pthread_mutex_lock(&committer->lock);
  committer->ending = true;
  pthread_cond_broadcast(&committer->changed);
  pthread_mutex_unlock(&committer->lock);
  pthread_join(committer->thread, NULL);
  pthread_cond_destroy(&committer->changed);
  pthread_mutex_destroy(&committer->lock);
  if (committer->positions != NULL) rd_kafka_topic_partition_list_destroy(committer->positions);
  committer->running = false;
}

void committer_start(struct committer *committer, rd_kafka_topic_partition_list_t *positions) {
  pthread_mutex_lock(&committer->lock);
  assert(!committer->asked && !committer->done);
  committer->positions = positions;
  committer->asked = true;
  pthread_cond_broadcast(&committer->changed);
  pthread_mutex_unlock(&committer->lock);
}

enum status committer_finish(struct committer *committer, rd_kafka_topic_partition_list_t **positions, struct error *error) {
  pthread_mutex_lock(&committer->lock);
  assert(committer->asked || committer->done);
  while (!committer->done) pthread_cond_wait(&committer->changed, &committer->lock);
  committer->done = false;
  *positions = committer->positions;
  committer->positions = NULL;
  if (committer->status != STATUS_OK) *error = committer->error;
  const enum status status = committer->status;
  pthread_mutex_unlock(&committer->lock);
  return status;
}
