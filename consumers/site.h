// The settings of one site: one YAML file, one table of typed rows (config/settings.h), one struct.
//
//   rules: rules.d
//   kafka: {bootstrap.servers: "k1:9092,k2:9092", group: settlewatch-screen}
//   redis: {url: "unix:/run/redis/redis.sock", user: settlewatch, password_file: /etc/settlewatch/redis.password}
//   run:   {workers: 4, instance: a, state_dir: /var/lib/settlewatch}
//
// Every key has a row in site.c with its type, range, default and meaning; `settlewatch config reference` prints them. Secrets
// stand in files of their own that other users cannot read, never in arguments; in the settings only when these are closed to others, too.
// `credential:NAME` in place of such a file is NAME of the service manager's credentials ($CREDENTIALS_DIRECTORY). Paths are taken as
// they stand, from the working folder. A loaded site is read-only; it owns everything it points to until site_destroy.
#pragma once

#include "config/settings.h"
#include "core/digest.h"
#include "review/estimate.h"
#include "stream/engine.h"

enum site_mechanism { SITE_SASL_NONE, SITE_SASL_SCRAM_SHA_512, SITE_SASL_SCRAM_SHA_256, SITE_SASL_PLAIN };
enum site_from { SITE_FROM_COMMITTED, SITE_FROM_EARLIEST };

struct site {
  struct slice rules;                      // folder of the rule set
  struct engine_settings engine;           // decode, screen, review; topic_names are the owner's
  struct site_record { int64_t bytes_max, lines_max, depth_max, id_bytes_max, psn_bytes_max; bool date_window; } record;
  struct site_review {
    int64_t floor_basis_points, rate_basis_points, take_all_fen, close_lag_days;
    struct estimate_limits estimate;
    struct slice seeds_file;
    struct setting_texts rates;
  } review;
  struct site_edge { bool pseudonymise; struct slice key_file; } edge;
  struct site_kafka {
    struct slice bootstrap, group, prefix;
    int64_t partitions, output_partitions, replication, input_bytes_max, retention_days;
    int64_t transaction_timeout_ms, session_timeout_ms;
    struct site_sasl { int mechanism; struct slice user, password_file, password; } sasl;    // enum site_mechanism
    struct site_tls { struct slice ca_file, certificate_file, key_file, key_password_file, key_password; } tls;
    const struct yaml_node *properties;    // any librdkafka property, or NULL
  } kafka;
  struct site_redis {
    bool off;
    struct slice url, user, password_file;
    struct slice password;                 // read from password_file; SLICE_NONE without one
    int64_t timeout_ms, ttl_days;
  } redis;
  struct site_run {
    int64_t workers, batch_records, batch_bytes, batch_ms, memory_bytes, rules_bytes_max, snapshot_s, rebuild_ms, startup_s, silence_s;
    struct slice instance, state_dir, mac_key_file;
    int from;                              // enum site_from
  } run;
  struct arena arena;
  struct yaml_file file;
};

// Reads the file at path (NULL: all defaults) and the secret files it names. NULL when there is any error; all errors of the
// file are in diagnostics.
struct site *site_load(const char *path, struct diagnostics *diagnostics);
void site_destroy(struct site *site);

// Keys are only read where they are used, so that a producer needs no key of the screen. The key that seals cached dossiers: from
// run.mac_key_file, or made once and kept as `mac.key` in run.state_dir when that is empty. The key of pseudonyms: edge.key_file.
enum status site_mac_key(const struct site *site, unsigned char key[DIGEST_KEY_BYTES], struct error *error);
enum status site_edge_key(const struct site *site, unsigned char key[DIGEST_KEY_BYTES], struct error *error);

// The reference of all settings as Markdown, section by section.
void site_reference(struct text *out);
