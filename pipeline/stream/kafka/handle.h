// A handle of the library, made from a client's properties and our own. Only files of this folder include this.
//
// Properties are set in the order: ours by default, the site's, ours that must hold. Errors of the transactional calls say
// themselves what to do next; handle_class names it.
#pragma once

#include <librdkafka/rdkafka.h>

#include "stream/kafka/dump.h"

struct handle {
  rd_kafka_t *rk;
  struct client *client;
  void *owner;
  const char *role;      // for messages
  _Atomic int said;      // the last error that handle_again told of; handles are asked by several threads
  size_t taken;          // bytes since handle_taken woke the client
};

// RETRIABLE: the same call again; ABORTABLE: abort the transaction; FATAL (also what is neither): stop.
enum handle_class { HANDLE_OK, HANDLE_RETRIABLE, HANDLE_ABORTABLE, HANDLE_FATAL };

struct handle_hooks {
  void (*rebalance)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *);
  void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *);
};

// handle must not move. mild: the site may set another value; firm: it may not.
enum status handle_open(struct handle *handle, struct client *client, rd_kafka_type_t type, const char *role,
                        const struct client_property *mild, size_t mild_size, const struct client_property *firm, size_t firm_size,
                        const struct handle_hooks *hooks, void *owner, struct error *error);
void handle_close(struct handle *handle);    // fine on one that was never opened

enum handle_class handle_classify(const rd_kafka_error_t *problem);
// Writes "role: what: reason" and destroys problem.
enum status handle_fail(const struct handle *handle, enum status status, const char *what, rd_kafka_error_t *problem,
                        struct error *error);
enum status handle_fail_code(const struct handle *handle, enum status status, const char *what, rd_kafka_resp_err_t code,
                             struct error *error);
// Whether an error passes without anybody's doing: a leader or coordinator that moves, loads or is away, a connection that broke.
bool handle_passing(rd_kafka_resp_err_t code);
// After such an error, before the deadline: says it unless the one before was the same, waits a moment, and is true. what NULL: says nothing.
bool handle_again(struct handle *handle, const char *what, rd_kafka_resp_err_t code, int64_t deadline_ms);
// The rest asks again for timeout_ms at most while the error is one that passes. What the group has committed:
rd_kafka_resp_err_t handle_committed(struct handle *handle, rd_kafka_topic_partition_list_t *list, int64_t timeout_ms);
// All topics that this user sees, to be destroyed by the caller. All, not the one: asking by name would keep a missing one in mind.
rd_kafka_resp_err_t handle_topics(struct handle *handle, const struct rd_kafka_metadata **metadata, int64_t timeout_ms);
// To be told, by the one thread that reads, of the bytes of each record taken from a consumer's queue. The client fills that up to
// queued.max.messages.kbytes and then looks at it again a second later, however soon it is empty; this makes it look sooner.
void handle_taken(struct handle *handle, size_t bytes);
int64_t handle_now_ms(void);    // of a clock that only goes forward
// The client's own connection.
struct handle *handle_of_client(struct client *client);
const struct client_property *client_properties(const struct client *client, size_t *size);
const char *client_bootstrap(const struct client *client);

// A message as a reader sees it: slices and names point into it and into rows.
enum { HANDLE_HEADERS_MAX = 64 };
void handle_view(const rd_kafka_message_t *message, struct dump_header rows[HANDLE_HEADERS_MAX], struct dump_message *out);
