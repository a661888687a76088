#include "cli/remembered.h"

#include "stream/kafka/dump.h"

struct search {
  struct slice psn_no;
  struct remembered *out;
};

static bool look(void *context, const struct dump_message *message) {
  struct search *search = context;
  struct remembered *out = search->out;
  if (!slice_equal(message->key, search->psn_no)) return true;
  out->found = slice_present(message->value);
  out->partition = message->partition;
  out->offset = message->offset;
  text_clear(&out->body);
  text_append(&out->body, message->value);
  return true;
}

// The partition that producers choose for this key first; then all, for producers that choose otherwise.
enum status remembered_find(struct setup *setup, struct client *client, struct slice psn_no, struct remembered *out, struct error *error) {
  struct search search = {psn_no, out};
  const char *topic = topics_name(&setup->arena, setup->site->kafka.prefix, TOPIC_PATIENT_STATE);
  int32_t partitions;
  enum status status = client_partitions(client, topic, &partitions, error);
  if (status != STATUS_OK || partitions == 0)
    return status != STATUS_OK ? status : error_set(error, STATUS_FATAL, "there is no topic '%s'", topic);
  struct dump_options dump = {.topic = topic, .partition = client_partition_of(psn_no, partitions), .from_beginning = true,
                              .until_end = true, .stopping = setup_stopping()};
  status = dump_topic(client, &dump, look, &search, error);
  if (status != STATUS_OK || out->found) return status;
  dump.partition = -1;
  return dump_topic(client, &dump, look, &search, error);
}
