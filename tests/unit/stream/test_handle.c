#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <time.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "stream/kafka/handle.h"

enum { LIST_OFFSETS = 2, OFFSET_FETCH = 9, ERRORS = 40, STARTUP_MS = 20000 };

static rd_kafka_t *host;
static rd_kafka_mock_cluster_t *brokers;

static void say(void *context, int level, const char *text) {
  (void)context;
  (void)level;
  (void)text;
}

static int start_brokers(void **unused) {
  (void)unused;
  char reason[200];
  host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason);
  brokers = host != NULL ? rd_kafka_mock_cluster_new(host, 1) : NULL;
  return brokers != NULL && rd_kafka_mock_topic_create(brokers, "settlements", 2, 1) == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : -1;
}

static int stop_brokers(void **unused) {
  (void)unused;
  rd_kafka_mock_cluster_destroy(brokers);
  rd_kafka_destroy(host);
  return 0;
}

static enum status ask(int startup_ms, int64_t positions[2], struct error *error) {
  const struct client_settings settings = {.bootstrap = rd_kafka_mock_cluster_bootstraps(brokers), .startup_ms = startup_ms, .say = say};
  struct client *client = client_open(&settings, error);
  assert_non_null(client);
  const enum status status = dump_positions(client, "screen", "settlements", positions, 2, error);
  client_close(client);
  return status;
}

static void answer(int16_t request, rd_kafka_resp_err_t code) {
  rd_kafka_resp_err_t answers[ERRORS];
  for (size_t i = 0; i < ERRORS; i++) answers[i] = code;
  rd_kafka_mock_push_request_errors_array(brokers, request, ERRORS, answers);
}

static struct client *connected(int startup_ms) {
  const struct client_settings settings = {.bootstrap = rd_kafka_mock_cluster_bootstraps(brokers), .startup_ms = startup_ms, .say = say};
  struct error error = {0};
  struct client *client = client_open(&settings, &error);
  assert_non_null(client);
  return client;
}

static enum status range(int startup_ms, struct error *error) {
  struct client *client = connected(startup_ms);
  int64_t first, end;
  const enum status status = client_range(client, "settlements", 1, &first, &end, error);
  client_close(client);
  return status;
}

static void a_coordinator_that_moves_is_asked_again(void **unused) {
  (void)unused;
  static const rd_kafka_resp_err_t passing[] = {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS};
  for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
    int64_t positions[2] = {7, 7};
    struct error error = {0};
    rd_kafka_mock_clear_request_errors(brokers, OFFSET_FETCH);
    rd_kafka_mock_push_request_errors(brokers, OFFSET_FETCH, 3, passing[i], passing[i], passing[i]);
    assert_int_equal(ask(STARTUP_MS, positions, &error), STATUS_OK);
    assert_int_equal(positions[0], -1);
    assert_int_equal(positions[1], -1);
  }
}

static void who_may_not_ask_hears_it_at_once(void **unused) {
  (void)unused;
  int64_t positions[2];
  struct error error = {0};
  rd_kafka_mock_clear_request_errors(brokers, OFFSET_FETCH);
  answer(OFFSET_FETCH, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  assert_int_not_equal(ask(600000, positions, &error), STATUS_OK);
  assert_non_null(strstr(error.text, "GROUP_AUTHORIZATION_FAILED"));
}

static void a_coordinator_that_never_settles_ends_with_its_reason(void **unused) {
  (void)unused;
  int64_t positions[2];
  struct error error = {0};
  rd_kafka_mock_clear_request_errors(brokers, OFFSET_FETCH);
  for (int i = 0; i < 20; i++) answer(OFFSET_FETCH, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  assert_int_not_equal(ask(2000, positions, &error), STATUS_OK);
  assert_non_null(strstr(error.text, "asking for the group's positions"));
}

static void the_end_of_a_partition_is_asked_for_until_it_has_a_leader(void **unused) {
  (void)unused;
  static const rd_kafka_resp_err_t passing[] = {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                                RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE};
  for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
    struct error error = {0};
    rd_kafka_mock_clear_request_errors(brokers, LIST_OFFSETS);
    rd_kafka_mock_push_request_errors(brokers, LIST_OFFSETS, 6, passing[i], passing[i], passing[i], passing[i], passing[i], passing[i]);
    assert_int_equal(range(STARTUP_MS, &error), STATUS_OK);
  }
  struct error error = {0};
  rd_kafka_mock_clear_request_errors(brokers, LIST_OFFSETS);
  for (int i = 0; i < 20; i++) answer(LIST_OFFSETS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  assert_int_equal(range(500, &error), STATUS_RETRY);
  assert_non_null(strstr(error.text, "settlements[1]: asking for the end"));
  rd_kafka_mock_clear_request_errors(brokers, LIST_OFFSETS);
}

static void *make_late(void *unused) {
  (void)unused;
  nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
  rd_kafka_mock_topic_create(brokers, "late", 3, 1);
  return NULL;
}

static void a_topic_that_a_broker_hears_of_late_is_there(void **unused) {
  (void)unused;
  struct client *client = connected(STARTUP_MS);
  struct error error = {0};
  int32_t partitions;
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, make_late, NULL), 0);
  assert_int_equal(client_partitions(client, "late", &partitions, &error), STATUS_OK);
  assert_int_equal(partitions, 3);
  pthread_join(thread, NULL);
  assert_int_equal(client_partitions(client, "never", &partitions, &error), STATUS_OK);
  assert_int_equal(partitions, 0);
  client_close(client);
}

static void *come_back(void *unused) {
  (void)unused;
  nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
  rd_kafka_mock_broker_set_up(brokers, 1);
  return NULL;
}

static void a_broker_that_is_away_for_a_moment_is_asked_again(void **unused) {
  (void)unused;
  struct client *client = connected(STARTUP_MS);
  struct error error = {0};
  int32_t partitions;
  pthread_t thread;
  rd_kafka_mock_broker_set_down(brokers, 1);
  assert_int_equal(pthread_create(&thread, NULL, come_back, NULL), 0);
  assert_int_equal(client_partitions(client, "settlements", &partitions, &error), STATUS_OK);
  assert_int_equal(partitions, 2);
  pthread_join(thread, NULL);
  client_close(client);
}

static void a_client_that_is_woken_keeps_its_credentials(void **unused) {
  (void)unused;
  char longest[3000];
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  const char *const passwords[] = {"a secret", longest};
  for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++) {
    const struct client_property properties[] = {{"sasl.username", "screen"}, {"sasl.password", passwords[i]}};
    const struct client_settings settings = {.bootstrap = rd_kafka_mock_cluster_bootstraps(brokers), .startup_ms = STARTUP_MS, .say = say,
                                             .properties = properties, .properties_size = sizeof properties / sizeof properties[0]};
    struct error error = {0};
    struct client *client = client_open(&settings, &error);
    assert_string_equal(error.text, "");
    struct handle handle;
    assert_int_equal(handle_open(&handle, client, RD_KAFKA_CONSUMER, "reader", NULL, 0, NULL, 0, NULL, NULL, &error), STATUS_OK);
    handle_taken(&handle, 1 << 30);
    char value[4000];
    size_t size = sizeof value;
    assert_int_equal(rd_kafka_conf_get(rd_kafka_conf(handle.rk), "sasl.username", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "screen");
    size = sizeof value;
    assert_int_equal(rd_kafka_conf_get(rd_kafka_conf(handle.rk), "sasl.password", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, passwords[i]);
    handle_close(&handle);
    client_close(client);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_coordinator_that_moves_is_asked_again),
      cmocka_unit_test(who_may_not_ask_hears_it_at_once),
      cmocka_unit_test(a_coordinator_that_never_settles_ends_with_its_reason),
      cmocka_unit_test(the_end_of_a_partition_is_asked_for_until_it_has_a_leader),
      cmocka_unit_test(a_topic_that_a_broker_hears_of_late_is_there),
      cmocka_unit_test(a_broker_that_is_away_for_a_moment_is_asked_again),
      cmocka_unit_test(a_client_that_is_woken_keeps_its_credentials),
  };
  return cmocka_run_group_tests(tests, start_brokers, stop_brokers);
}
