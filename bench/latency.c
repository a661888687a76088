// How long a record waits for its committed outputs: watches the input and the receipts of a running screen.
//
//   latency BOOTSTRAP PREFIX RECORDS SECONDS
//
// Reads PREFIXsettlements (when was it appended?) and PREFIXscreening-receipts, committed messages alone (when could a reader see what came of
// offsets a to b?) from their ends on. Says "ready" when it reads, and ends when RECORDS have been matched or SECONDS are over. Prints one
// line of JSON, with a histogram: [milliseconds up to, records].
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"

enum { PARTITIONS_MAX = 256, BATCH = 1000, BUCKETS = 24, JOIN_MS = 10000 };

// Of one input partition, by offset: when it was appended and when its receipt was seen; 0: not known.
struct lane { int64_t *appended_ms, *seen_ms; size_t size; };

struct watch {
  struct lane lanes[PARTITIONS_MAX];
  uint64_t matched;
};

static void die(const char *what, const char *why) {
  fprintf(stderr, "latency: %s: %s\n", what, why);
  exit(70);
}

static int64_t clock_ms(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void note(struct watch *watch, int64_t partition, int64_t offset, int64_t appended_ms, int64_t seen_ms) {
  if (partition < 0 || partition >= PARTITIONS_MAX || offset < 0) die("receipt", "a partition or offset that cannot be");
  struct lane *lane = &watch->lanes[partition];
  if ((size_t)offset >= lane->size) {
    const size_t size = 2 * (size_t)offset + 1024;
    lane->appended_ms = memory_resize(lane->appended_ms, size * sizeof *lane->appended_ms);
    lane->seen_ms = memory_resize(lane->seen_ms, size * sizeof *lane->seen_ms);
    memset(lane->appended_ms + lane->size, 0, (size - lane->size) * sizeof *lane->appended_ms);
    memset(lane->seen_ms + lane->size, 0, (size - lane->size) * sizeof *lane->seen_ms);
    lane->size = size;
  }
  const bool before = lane->appended_ms[offset] != 0 && lane->seen_ms[offset] != 0;
  if (appended_ms != 0) lane->appended_ms[offset] = appended_ms;
  if (seen_ms != 0 && lane->seen_ms[offset] == 0) lane->seen_ms[offset] = seen_ms;
  watch->matched += !before && lane->appended_ms[offset] != 0 && lane->seen_ms[offset] != 0;
}

static int64_t number(const char *text, const char *name) {
  const char *at = strstr(text, name);
  if (at == NULL) die("receipt", "not of the form that is known here");
  return strtoll(at + strlen(name), NULL, 10);
}

static void note_receipt(struct watch *watch, const rd_kafka_message_t *message, int64_t seen_ms) {
  char text[4096];
  snprintf(text, sizeof text, "%.*s", (int)message->len, (const char *)message->payload);
  const int64_t partition = number(text, "\"partition\":"), last = number(text, "\"last_offset\":");
  for (int64_t offset = number(text, "\"first_offset\":"); offset <= last; offset++) note(watch, partition, offset, 0, seen_ms);
}

static rd_kafka_t *reader(const char *bootstrap, const char *topic) {
  char why[512];
  static const char *const properties[][2] = {{"group.id", "bench-latency"}, {"enable.auto.commit", "false"}, {"fetch.wait.max.ms", "5"},
                                              {"isolation.level", "read_committed"}};
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, sizeof why) != RD_KAFKA_CONF_OK) die(bootstrap, why);
  for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
    if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], why, sizeof why) != RD_KAFKA_CONF_OK) die(properties[i][0], why);
  rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
  if (kafka == NULL) die("cannot start", why);
  rd_kafka_poll_set_consumer(kafka);
  const struct rd_kafka_metadata *metadata;
  rd_kafka_topic_t *about = rd_kafka_topic_new(kafka, topic, NULL);
  const rd_kafka_resp_err_t error = rd_kafka_metadata(kafka, 0, about, &metadata, JOIN_MS);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) die(topic, rd_kafka_err2str(error));
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(metadata->topics[0].partition_cnt);
  for (int i = 0; i < metadata->topics[0].partition_cnt; i++) {
    int64_t first, end;
    const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(kafka, topic, i, &first, &end, JOIN_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) die(topic, rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_add(list, topic, i)->offset = end;
  }
  rd_kafka_assign(kafka, list);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(about);
  return kafka;
}

static int by_size(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void tell(const struct watch *watch) {
  int64_t *waits = memory_take((watch->matched + 1) * sizeof *waits);
  size_t size = 0;
  uint64_t buckets[BUCKETS] = {0};
  for (unsigned p = 0; p < PARTITIONS_MAX; p++)
    for (size_t i = 0; i < watch->lanes[p].size; i++) {
      const struct lane *lane = &watch->lanes[p];
      if (lane->appended_ms[i] == 0 || lane->seen_ms[i] == 0) continue;
      const int64_t wait = lane->seen_ms[i] > lane->appended_ms[i] ? lane->seen_ms[i] - lane->appended_ms[i] : 0;
      unsigned bucket = 0;
      while (bucket < BUCKETS - 1 && wait > (int64_t)1 << bucket) bucket++;
      buckets[bucket]++;
      waits[size++] = wait;
    }
  if (size == 0) die("nothing", "no record got its receipt");
  qsort(waits, size, sizeof *waits, by_size);
  printf("{\"name\":\"latency\",\"records\":%zu,\"p50_ms\":%" PRId64 ",\"p90_ms\":%" PRId64 ",\"p99_ms\":%" PRId64 ",\"p999_ms\":%" PRId64
         ",\"max_ms\":%" PRId64 ",\"histogram\":[", size, waits[size / 2], waits[size - 1 - size / 10], waits[size - 1 - size / 100],
         waits[size - 1 - size / 1000], waits[size - 1]);
  bool more = false;
  for (unsigned b = 0; b < BUCKETS; b++) {
    if (buckets[b] == 0) continue;
    printf("%s[%" PRId64 ",%" PRIu64 "]", more ? "," : "", (int64_t)1 << b, buckets[b]);
    more = true;
  }
  printf("]}\n");
  memory_free(waits);
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: latency BOOTSTRAP PREFIX RECORDS SECONDS\n");
    return 2;
  }
  char names[2][300];
  snprintf(names[0], sizeof names[0], "%ssettlements", argv[2]);
  snprintf(names[1], sizeof names[1], "%sscreening-receipts", argv[2]);
  const uint64_t records = strtoull(argv[3], NULL, 10);
  rd_kafka_t *readers[2] = {reader(argv[1], names[0]), reader(argv[1], names[1])};
  static struct watch watch;
  const int64_t deadline = clock_ms(CLOCK_MONOTONIC) + 1000 * strtoll(argv[4], NULL, 10);
  printf("ready\n");
  fflush(stdout);
  while (watch.matched < records && clock_ms(CLOCK_MONOTONIC) < deadline)
    for (unsigned r = 0; r < 2; r++) {
      rd_kafka_message_t *message = rd_kafka_consumer_poll(readers[r], r == 1 ? 1 : 0);
      const int64_t seen_ms = clock_ms(CLOCK_REALTIME);
      for (unsigned n = 0; message != NULL && n < BATCH; n++) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && r == 0) note(&watch, message->partition, message->offset, rd_kafka_message_timestamp(message, NULL), 0);
        else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) note_receipt(&watch, message, seen_ms);
        rd_kafka_message_destroy(message);
        message = n + 1 < BATCH ? rd_kafka_consumer_poll(readers[r], 0) : NULL;
      }
    }
  tell(&watch);
  for (unsigned r = 0; r < 2; r++) {
    rd_kafka_consumer_close(readers[r]);
    rd_kafka_destroy(readers[r]);
  }
  for (unsigned p = 0; p < PARTITIONS_MAX; p++) memory_free(watch.lanes[p].appended_ms), memory_free(watch.lanes[p].seen_ms);
  return 0;
}
