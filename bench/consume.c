// The floor of the streaming form: a bare librdkafka consumer that reads a topic to its end and does nothing with it.
//
//   consume BOOTSTRAP TOPIC     prints {"records","bytes","cpu_ns"}; CPU of the whole process, background threads included
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static uint64_t process_cpu_ns(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
         ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
}

// Highest resident size of this program; getrusage counts that of the one which started it, too.
static long peak_kib(void) {
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  long kib = 0;
  while (status != NULL && fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, "VmHWM:", 6) == 0) kib = strtol(line + 6, NULL, 10);
  if (status != NULL) fclose(status);
  return kib;
}

static void die(const char *what, const char *why) {
  fprintf(stderr, "consume: %s: %s\n", what, why);
  exit(70);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: consume BOOTSTRAP TOPIC\n");
    return 2;
  }
  char why[512];
  static const char *const properties[][2] = {{"group.id", "bench-consume"}, {"enable.auto.commit", "false"}, {"enable.partition.eof", "true"},
                                              {"auto.offset.reset", "earliest"}, {"isolation.level", "read_committed"}};
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof why) != RD_KAFKA_CONF_OK) die(argv[1], why);
  for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
    if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], why, sizeof why) != RD_KAFKA_CONF_OK) die(properties[i][0], why);
  rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
  if (kafka == NULL) die("cannot start", why);
  rd_kafka_poll_set_consumer(kafka);
  const struct rd_kafka_metadata *metadata;
  rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, argv[2], NULL);
  rd_kafka_resp_err_t error = rd_kafka_metadata(kafka, 0, topic, &metadata, 10000);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) die(argv[2], rd_kafka_err2str(error));
  const int partitions = metadata->topics[0].partition_cnt;
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
  for (int i = 0; i < partitions; i++) rd_kafka_topic_partition_list_add(list, argv[2], i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(kafka, list);
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(kafka);
  rd_kafka_message_t *messages[1000];
  uint64_t records = 0, bytes = 0;
  for (int ended = 0; ended < partitions;) {
    const ssize_t size = rd_kafka_consume_batch_queue(queue, 100, messages, 1000);
    for (ssize_t i = 0; i < size; i++) {
      if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ended++;
      else if (messages[i]->err != RD_KAFKA_RESP_ERR_NO_ERROR) die(argv[2], rd_kafka_message_errstr(messages[i]));
      else {
        records++;
        bytes += messages[i]->len;
      }
      rd_kafka_message_destroy(messages[i]);
    }
  }
  const uint64_t cpu_ns = process_cpu_ns();
  printf("{\"name\":\"consume\",\"records\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 ",\"rss_peak_kib\":%ld}\n", records, bytes,
         cpu_ns, peak_kib());
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_queue_destroy(queue);
  rd_kafka_topic_destroy(topic);
  rd_kafka_consumer_close(kafka);
  rd_kafka_destroy(kafka);
  return 0;
}
