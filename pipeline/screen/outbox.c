#include "screen/outbox.h"

#include <assert.h>

#include "core/memory.h"

static const char *const topic_names[TOPIC_COUNT] = {
#define X(name, text) text,
    TOPICS(X)
#undef X
};

const char *topic_name(enum topic topic) {
  assert(topic < TOPIC_COUNT);
  return topic_names[topic];
}

void outbox_fini(struct outbox *outbox) {
  text_fini(&outbox->bytes);
  memory_free(outbox->entries);
  memory_free(outbox->headers);
  *outbox = (struct outbox){0};
}

void outbox_clear(struct outbox *outbox) {
  text_clear(&outbox->bytes);
  outbox->size = 0;
  outbox->headers_size = 0;
}

// Appends the bytes and says where they begin.
static size_t keep(struct outbox *outbox, struct slice s) {
  const size_t at = outbox->bytes.size;
  text_append(&outbox->bytes, s);
  return at;
}

struct outbox_entry *outbox_begin(struct outbox *outbox, enum topic topic, struct slice key, struct slice id, const char *type,
                                  struct source source, int64_t time_s) {
  if (outbox->size == outbox->capacity) {
    outbox->capacity = outbox->capacity ? outbox->capacity * 2 : 64;
    outbox->entries = memory_resize(outbox->entries, outbox->capacity * sizeof *outbox->entries);
  }
  struct outbox_entry *entry = &outbox->entries[outbox->size++];
  *entry = (struct outbox_entry){.topic = topic, .source = source, .time_s = time_s, .type = type, .headers = outbox->headers_size};
  entry->key = keep(outbox, key);
  entry->key_size = key.size;
  entry->id = keep(outbox, id);
  entry->id_size = id.size;
  entry->value = outbox->bytes.size;
  return entry;
}

void outbox_end(struct outbox *outbox) {
  assert(outbox->size > 0);
  struct outbox_entry *entry = &outbox->entries[outbox->size - 1];
  assert(outbox->bytes.size >= entry->value);
  entry->value_size = outbox->bytes.size - entry->value;
}

void outbox_header(struct outbox *outbox, const char *name, struct slice value) {
  assert(outbox->size > 0);
  if (outbox->headers_size == outbox->headers_capacity) {
    outbox->headers_capacity = outbox->headers_capacity ? outbox->headers_capacity * 2 : 64;
    outbox->headers = memory_resize(outbox->headers, outbox->headers_capacity * sizeof *outbox->headers);
  }
  struct outbox_header *header = &outbox->headers[outbox->headers_size++];
  *header = (struct outbox_header){.name = name, .value_size = value.size};
  header->value = keep(outbox, value);
  outbox->entries[outbox->size - 1].headers_size++;
}
