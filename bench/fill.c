// bench_fill CONFIG DOSSIERS: makes the state topic of a site as large as that of a region.
//
// The dossiers that are there are read, and written again under the names of so many other persons. A body does not hold its person, so
// each copy is a whole dossier; names look like pseudonyms, and each goes to the partition that its person's settlements would
// come by. Prints how many records there were, and then how many there are, with their bytes.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "consumers/run.h"
#include "core/memory.h"
#include "stream/kafka/dump.h"
#include "stream/kafka/publish.h"
#include "stream/kafka/state.h"

enum { BODIES_MAX = 50000 };    // different ones that are copied; more would only be more memory

struct bodies {
  struct slice *rows;
  size_t size;
  uint64_t dossiers, bytes;
  struct arena arena;
};

static bool keep(void *context, const struct dump_message *message) {
  struct bodies *bodies = context;
  if (slice_equal(message->key, STATE_PARTITION_KEY) || !slice_present(message->value)) return true;
  bodies->dossiers++;
  bodies->bytes += message->value.size;
  if (bodies->size < BODIES_MAX) bodies->rows[bodies->size++] = arena_copy(&bodies->arena, message->value);
  return true;
}

static enum status fill(struct client *client, const char *topic, uint64_t wanted, struct bodies *bodies, struct error *error) {
  const struct dump_options all = {.topic = topic, .partition = -1, .from_beginning = true, .until_end = true};
  enum status status = dump_topic(client, &all, keep, bodies, error);
  if (status != STATUS_OK) return status;
  if (bodies->size == 0) return error_set(error, STATUS_FATAL, "'%s' has no dossier to copy", topic);
  printf("%" PRIu64 " records, %" PRIu64 " bytes\n", bodies->dossiers, bodies->bytes);
  struct publish *publish = publish_open(client, topic, 16 << 20, error);
  if (publish == NULL) return STATUS_FATAL;
  for (uint64_t i = 0; i < wanted && status == STATUS_OK; i++) {
    char key[40];
    const int size = snprintf(key, sizeof key, "p_%016" PRIx64 "%016" PRIx64, digest_hash64(&i, sizeof i, 1), digest_hash64(&i, sizeof i, 2));
    const struct slice body = bodies->rows[i % bodies->size];
    bodies->dossiers++;
    bodies->bytes += body.size;
    status = publish_send(publish, -1, (struct slice){key, (size_t)size}, body, error);
  }
  if (status == STATUS_OK) status = publish_flush(publish, error);
  publish_close(publish);
  printf("%" PRIu64 " records, %" PRIu64 " bytes\n", bodies->dossiers, bodies->bytes);
  return status;
}

int main(int argc, char **argv) {
  char *end = NULL;
  const unsigned long long wanted = argc == 3 ? strtoull(argv[2], &end, 10) : 0;
  if (argc != 3 || end == argv[2] || *end != '\0') {
    fprintf(stderr, "usage: bench_fill CONFIG DOSSIERS\n");
    return 2;
  }
  struct diagnostics diagnostics = {0};
  struct error error = {0};
  struct site *site = site_load(argv[1], &diagnostics);
  struct bodies bodies = {.rows = memory_take(BODIES_MAX * sizeof *bodies.rows)};
  arena_init(&bodies.arena, 1 << 20);
  struct client *client = site != NULL ? run_client(site, &bodies.arena, &error) : NULL;
  if (client != NULL) (void)fill(client, topics_name(&bodies.arena, site->kafka.prefix, TOPIC_PATIENT_STATE), wanted, &bodies, &error);
  const bool good = client != NULL && error.status == STATUS_OK;
  if (!good) fprintf(stderr, "bench_fill: %s\n", site != NULL ? error.text : "the settings are wrong");
  client_close(client);
  site_destroy(site);
  diagnostics_fini(&diagnostics);
  arena_fini(&bodies.arena);
  memory_free(bodies.rows);
  return good ? 0 : 1;
}
