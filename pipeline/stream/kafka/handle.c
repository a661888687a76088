#include "stream/kafka/handle.h"

#include <stdio.h>
#include <time.h>

enum { TRY_MS = 5000, AGAIN_MS = 100, WAKE_BYTES = 2 << 20, SECRET_MAX = 2048 };

// Since 2.2 the client lets us say how long it does not look at a full queue.
static bool queue_backoff_known(void) { return rd_kafka_version() >= 0x020200ff; }

// What exactly-once, the slots and this program's own error handling rest on: no site may set these.
static const char *const reserved[] = {
    "bootstrap.servers", "metadata.broker.list", "group.id", "group.instance.id", "transactional.id", "transaction.timeout.ms",
    "enable.auto.commit", "enable.auto.offset.store", "isolation.level", "auto.offset.reset", "partition.assignment.strategy",
    "enable.idempotence", "acks", "request.required.acks", "partitioner", "enable.partition.eof", "session.timeout.ms",
    "message.max.bytes", "delivery.report.only.error", "allow.auto.create.topics", "log.queue", "enable.random.seed"};

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
  const struct handle *handle = rd_kafka_opaque(rk);
  // A producer's property on a consumer's handle is no mistake: the site gives one list for all.
  if (strcmp(facility, "CONFWARN") == 0 || handle == NULL) return;
  client_say(handle->client, level, "%s: %s: %s", handle->role, facility, text);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque) {
  (void)rk;
  const struct handle *handle = opaque;
  client_say(handle->client, 4, "%s: %s: %s", handle->role, rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

static enum status property_set(rd_kafka_conf_t *conf, const char *role, const struct client_property *property, struct error *error) {
  char reason[512];
  if (rd_kafka_conf_set(conf, property->name, property->value, reason, sizeof reason) == RD_KAFKA_CONF_OK) return STATUS_OK;
  return error_set(error, STATUS_FATAL, "kafka property '%s' of the %s: %s", property->name, role, reason);
}

enum status handle_open(struct handle *handle, struct client *client, rd_kafka_type_t type, const char *role,
                        const struct client_property *mild, size_t mild_size, const struct client_property *firm, size_t firm_size,
                        const struct handle_hooks *hooks, void *owner, struct error *error) {
  *handle = (struct handle){.client = client, .owner = owner, .role = role};
  size_t size;
  const struct client_property *properties = client_properties(client, &size);
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  enum status status = STATUS_OK;
  static const struct client_property backoff = {"fetch.queue.backoff.ms", "20"};
  if (type == RD_KAFKA_CONSUMER && queue_backoff_known()) status = property_set(conf, role, &backoff, error);
  for (size_t i = 0; i < mild_size && status == STATUS_OK; i++) status = property_set(conf, role, &mild[i], error);
  for (size_t i = 0; i < size && status == STATUS_OK; i++) {
    for (size_t r = 0; r < sizeof reserved / sizeof reserved[0]; r++)
      if (strcmp(reserved[r], properties[i].name) == 0)
        status = error_set(error, STATUS_FATAL, "kafka property '%s' cannot be set: the program's guarantees rest on it", reserved[r]);
    if (status == STATUS_OK) status = property_set(conf, role, &properties[i], error);
  }
  const struct client_property servers = {"bootstrap.servers", client_bootstrap(client)};
  if (status == STATUS_OK) status = property_set(conf, role, &servers, error);
  for (size_t i = 0; i < firm_size && status == STATUS_OK; i++) status = property_set(conf, role, &firm[i], error);
  if (status != STATUS_OK) {
    rd_kafka_conf_destroy(conf);
    return status;
  }
  rd_kafka_conf_set_opaque(conf, handle);
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_conf_set_error_cb(conf, on_error);
  if (hooks != NULL && hooks->rebalance != NULL) rd_kafka_conf_set_rebalance_cb(conf, hooks->rebalance);
  if (hooks != NULL && hooks->delivered != NULL) rd_kafka_conf_set_dr_msg_cb(conf, hooks->delivered);
  char reason[512];
  handle->rk = rd_kafka_new(type, conf, reason, sizeof reason);
  if (handle->rk != NULL) return STATUS_OK;
  rd_kafka_conf_destroy(conf);
  return error_set(error, STATUS_FATAL, "kafka %s: %s", role, reason);
}

// Someone else leads, coordinates or holds the copies by now, or soon; or the connection went away.
bool handle_passing(rd_kafka_resp_err_t code) {
  static const rd_kafka_resp_err_t codes[] = {
      RD_KAFKA_RESP_ERR_NOT_COORDINATOR,        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,         RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
      RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,    RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,         RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,   RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,        RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
      RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,    RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      RD_KAFKA_RESP_ERR__TRANSPORT,             RD_KAFKA_RESP_ERR__TIMED_OUT,                   RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
      RD_KAFKA_RESP_ERR__WAIT_COORD,            RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN};
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (code == codes[i]) return true;
  return false;
}

bool handle_again(struct handle *handle, const char *what, rd_kafka_resp_err_t code, int64_t deadline_ms) {
  if (!handle_passing(code) || handle_now_ms() >= deadline_ms) return false;
  if (what != NULL && code != handle->said) {
    handle->said = code;
    client_say(handle->client, 5, "%s: %s: %s", handle->role, what, rd_kafka_err2str(code));
  }
  nanosleep(&(struct timespec){.tv_nsec = AGAIN_MS * 1000000L}, NULL);
  return true;
}

rd_kafka_resp_err_t handle_committed(struct handle *handle, rd_kafka_topic_partition_list_t *list, int64_t timeout_ms) {
  const int64_t deadline = handle_now_ms() + timeout_ms;
  rd_kafka_resp_err_t code;
  do {
    code = rd_kafka_committed(handle->rk, list, TRY_MS);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
      if (handle_passing(list->elems[i].err)) code = list->elems[i].err;
  } while (handle_again(handle, "asking for the committed positions", code, deadline));
  return code;
}

rd_kafka_resp_err_t handle_topics(struct handle *handle, const struct rd_kafka_metadata **metadata, int64_t timeout_ms) {
  const int64_t deadline = handle_now_ms() + timeout_ms;
  rd_kafka_resp_err_t code;
  do code = rd_kafka_metadata(handle->rk, 1, NULL, metadata, TRY_MS);
  while (handle_again(handle, "asking for the topics", code, deadline));
  return code;
}

// A property as it stands, or "" when it has no value; false when it is longer than that.
static bool property_get(const rd_kafka_conf_t *conf, const char *name, char value[SECRET_MAX]) {
  size_t size = SECRET_MAX;
  value[0] = '\0';
  return rd_kafka_conf_get(conf, name, value, &size) != RD_KAFKA_CONF_OK || size <= SECRET_MAX;
}

// Of the calls that an older client has, only the one for new credentials wakes its threads without asking the brokers for anything. It
// is given those that it has, which connections made from now on use as before.
static void wake(struct handle *handle) {
  char user[SECRET_MAX], password[SECRET_MAX];
  const rd_kafka_conf_t *conf = rd_kafka_conf(handle->rk);
  if (!property_get(conf, "sasl.username", user) || !property_get(conf, "sasl.password", password)) return;
  rd_kafka_error_t *problem = rd_kafka_sasl_set_credentials(handle->rk, user, password);
  if (problem != NULL) rd_kafka_error_destroy(problem);
  explicit_bzero(password, sizeof password);
}

void handle_taken(struct handle *handle, size_t bytes) {
  handle->taken += bytes;
  if (handle->taken < WAKE_BYTES) return;
  handle->taken = 0;
  if (!queue_backoff_known()) wake(handle);
}

int64_t handle_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void handle_close(struct handle *handle) {
  if (handle->rk != NULL) rd_kafka_destroy(handle->rk);
  handle->rk = NULL;
}

enum handle_class handle_classify(const rd_kafka_error_t *problem) {
  if (problem == NULL) return HANDLE_OK;
  if (rd_kafka_error_is_fatal(problem)) return HANDLE_FATAL;
  if (rd_kafka_error_txn_requires_abort(problem)) return HANDLE_ABORTABLE;
  return rd_kafka_error_is_retriable(problem) ? HANDLE_RETRIABLE : HANDLE_FATAL;
}

enum status handle_fail(const struct handle *handle, enum status status, const char *what, rd_kafka_error_t *problem,
                        struct error *error) {
  error_set(error, status, "kafka %s: %s: %s: %s%s", handle->role, what, rd_kafka_error_name(problem), rd_kafka_error_string(problem),
            rd_kafka_error_code(problem) == RD_KAFKA_RESP_ERR__FENCED
                ? " (another process has this slot, or the transaction took longer than transaction_timeout_ms)" : "");
  rd_kafka_error_destroy(problem);
  return status;
}

enum status handle_fail_code(const struct handle *handle, enum status status, const char *what, rd_kafka_resp_err_t code,
                             struct error *error) {
  return error_set(error, status, "kafka %s: %s: %s: %s", handle->role, what, rd_kafka_err2name(code), rd_kafka_err2str(code));
}
