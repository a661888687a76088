#include "consumers/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "review/seeds.h"

// Codes of this file; their meanings stand in config/diagnostics.c.
enum { CODE_SECRET = 1312, CODE_FORM = 1313, CODE_CONTRADICTION = 1314 };

#define SITE(member) offsetof(struct site, member)
static const char *const mechanism_words[] = {"none", "scram-sha-512", "scram-sha-256", "plain", NULL};    // enum site_mechanism
static const char *const from_words[] = {"committed", "earliest", NULL};

static const struct setting rows[] = {
    {"rules", SETTING_TEXT, SITE(rules), "rules.d", 1, 4096, 0, "", NULL, "The folder of the rule set."},

    {"record.bytes_max", SETTING_INT, SITE(record.bytes_max), "8388608", 1024, 1073741824, 0, "bytes", NULL,
     "A longer message is a dead letter (too_large)."},
    {"record.lines_max", SETTING_INT, SITE(record.lines_max), "200000", 1, 10000000, 0, "lines", NULL,
     "A message with more fee lines is a dead letter (too_many_lines)."},
    {"record.depth_max", SETTING_INT, SITE(record.depth_max), "32", 4, 512, 0, "levels", NULL,
     "A message nested deeper is a dead letter (too_deep)."},
    {"record.id_bytes_max", SETTING_INT, SITE(record.id_bytes_max), "64", 8, 1024, 0, "bytes", NULL,
     "Longest setl_id, mdtrt_id, feedetl_sn, fixmedins_code, msg_id; a longer one is a dead letter (bad_id)."},
    {"record.psn_bytes_max", SETTING_INT, SITE(record.psn_bytes_max), "128", 8, 1024, 0, "bytes", NULL, "Longest psn_no."},
    {"record.date_window", SETTING_BOOL, SITE(record.date_window), "true", 0, 0, 0, "", NULL,
     "Dates outside 1990-01-01 .. receipt + 2 days are absent. Switch it off only for shifted research data."},

    {"screen.lateness_days", SETTING_INT, SITE(engine.screen.lateness_days), "45", 0, 3650, 0, "days", NULL,
     "How late a message may come and still be judged with its time. Look-back + lateness is what dossiers keep."},
    {"screen.lookback_days", SETTING_INT, SITE(engine.screen.lookback_days), "0", 0, 3650, 0, "days", NULL,
     "How far back rules see. 0: derived from the loaded rules."},
    {"screen.history_from", SETTING_DAY, SITE(engine.screen.history_from_day), "", 0, 0, 0, "day", NULL,
     "First day of complete data of the site; history rules that reach before it answer insufficient_history. Empty: no limit."},
    {"screen.longest_stay_days", SETTING_INT, SITE(engine.screen.longest_stay_days), "180", 1, 3650, 0, "days", NULL,
     "Added to the look-back of stay rules."},
    {"screen.dossier_bytes_max", SETTING_INT, SITE(engine.screen.dossier_bytes_max), "16777216", 65536, 1073741824, 0, "bytes", NULL,
     "Hard limit of one dossier, against abuse; hitting it is counted. A state record must fit into kafka.input_bytes_max of "
     "patient-state."},
    {"screen.dossier_events_max", SETTING_INT, SITE(engine.screen.dossier_events_max), "200000", 100, 10000000, 0, "events", NULL,
     "Hard limit of the events of one dossier, against abuse; hitting it is counted."},
    {"screen.provisional_days", SETTING_INT, SITE(engine.screen.provisional_days), "30", 0, 365, 0, "days", NULL,
     "How long a finding stays provisional while it waits for fields that come later."},

    {"credit.C1", SETTING_DECIMAL, SITE(engine.screen.points[CLASS_P52]), "1.0", 0, 2000, 1, "points", NULL,
     "Points proposed for a finding of credit item C1: agreement class P52 or P53(一). A proposal only; the region sets its own scale."},
    {"credit.C2", SETTING_DECIMAL, SITE(engine.screen.points[CLASS_P53]), "2.0", 0, 2000, 1, "points", NULL,
     "The same for C2: every other P53."},
    {"credit.C3", SETTING_DECIMAL, SITE(engine.screen.points[CLASS_P54]), "5.0", 0, 2000, 1, "points", NULL,
     "The same for C3: P54."},
    {"credit.C4", SETTING_DECIMAL, SITE(engine.screen.points[CLASS_P55]), "8.0", 0, 2000, 1, "points", NULL,
     "The same for C4: P55."},
    {"credit.C5", SETTING_DECIMAL, SITE(engine.screen.points[CLASS_P56]), "12.0", 0, 2000, 1, "points", NULL,
     "The same for C5: P56."},
    {"credit.C6", SETTING_DECIMAL, SITE(engine.screen.points[CLASS_P57]), "30.0", 0, 2000, 1, "points", NULL,
     "The same for C6: P57."},
    {"review.floor_basis_points", SETTING_INT, SITE(review.floor_basis_points), "500", 0, 10000, 0, "basis points", NULL,
     "The legal floor of the rate of second review (复审), per institution and month."},
    {"review.rate_basis_points", SETTING_INT, SITE(review.rate_basis_points), "500", 0, 10000, 0, "basis points", NULL,
     "The rate where review.rates says nothing; at least the floor."},
    {"review.take_all", SETTING_DECIMAL, SITE(review.take_all_fen), "100000.00", 0, INT64_MAX / 2, 2, "yuan", NULL,
     "A settlement of at least this amount is always drawn."},
    {"review.close_lag_days", SETTING_INT, SITE(review.close_lag_days), "3", 0, 28, 0, "days", NULL,
     "From the end of a month to the close of its population; a settlement that arrives later joins the next month's."},
    {"review.estimate.random_units_min", SETTING_INT, SITE(review.estimate.random_units_min), "30", 2, 1000000, 0, "units", NULL,
     "Fewer reviewed random units are not scaled up (X02)."},
    {"review.estimate.positive_units_min", SETTING_INT, SITE(review.estimate.positive_units_min), "5", 1, 1000000, 0, "units", NULL,
     "Fewer random units with verified cost are not scaled up (X03)."},
    {"review.estimate.not_produced_max_basis_points", SETTING_INT, SITE(review.estimate.not_produced_max_basis_points), "1000", 0, 10000, 0,
     "basis points", NULL, "More reviewed units without records: not scaled up (X08)."},
    {"review.estimate.cancelled_max_basis_points", SETTING_INT, SITE(review.estimate.cancelled_max_basis_points), "500", 0, 10000, 0,
     "basis points", NULL, "More reviewed units cancelled after the close: not scaled up (X09)."},
    {"review.estimate.simple_share_min_basis_points", SETTING_INT, SITE(review.estimate.simple_share_min_basis_points), "1000", 0, 10000, 0,
     "basis points", NULL, "The simple mode needs at least this share of the units reviewed (X10)."},
    {"review.estimate.simple_units_min", SETTING_INT, SITE(review.estimate.simple_units_min), "100", 2, 1000000, 0, "units", NULL,
     "The simple mode needs at least so many random units reviewed (X10)."},
    {"review.estimate.simple_width_max", SETTING_DECIMAL, SITE(review.estimate.simple_width_max_millionths), "0.25", 0, 1000000, 6, "", NULL,
     "The simple mode needs a relative half width of at most this (X10)."},
    {"review.seeds_file", SETTING_TEXT, SITE(review.seeds_file), "", 0, 4096, 0, "", NULL,
     "The seeds of the draw, a secret file: one line per month, `yyyy-MM SEED COMMIT`, SEED and its SHA-256 as 64 hex digits (see "
     "review/seeds.h). A month without a seed is not drawn in the stream, and counted. Empty: no seeds."},
    {"review.rates", SETTING_TEXTS, SITE(review.rates), "", 0, 10000, 0, "", NULL,
     "Rates by institution and month, one text each: `INSTITUTION|* FROM TO BASIS_POINTS`, months as yyyy-MM, both inclusive, "
     "for example \"H62010000001 2026-01 2026-12 800\"."},

    {"edge.pseudonymise", SETTING_BOOL, SITE(edge.pseudonymise), "false", 0, 0, 0, "", NULL,
     "`settlewatch replay` replaces psn_no by p_ and the first 32 hex digits of HMAC-SHA256(edge.key_file, psn_no)."},
    {"edge.key_file", SETTING_TEXT, SITE(edge.key_file), "", 0, 4096, 0, "", NULL,
     "The key of the pseudonyms, a secret file: 32 bytes, or 64 hex digits."},

    {"kafka.bootstrap.servers", SETTING_TEXT, SITE(kafka.bootstrap), "127.0.0.1:9092", 1, 4096, 0, "", NULL,
     "Brokers to begin with, `host:port,host:port`."},
    {"kafka.group", SETTING_TEXT, SITE(kafka.group), "settlewatch-screen", 1, 200, 0, "", NULL,
     "Consumer group of the screen. Also the beginning of its transactional ids."},
    {"kafka.prefix", SETTING_TEXT, SITE(kafka.prefix), "", 0, 100, 0, "", NULL, "Stands in front of every topic name."},
    {"kafka.partitions", SETTING_INT, SITE(kafka.partitions), "12", 1, 10000, 0, "", NULL,
     "Partitions of settlements and of patient-state: equal, and never changed once there are records."},
    {"kafka.output_partitions", SETTING_INT, SITE(kafka.output_partitions), "6", 1, 10000, 0, "", NULL,
     "Partitions of every other topic when `topics create` makes it."},
    {"kafka.replication", SETTING_INT, SITE(kafka.replication), "3", 1, 7, 0, "brokers", NULL,
     "Copies of every partition when `topics create` makes it; 1 only beside a single broker."},
    {"kafka.input_bytes_max", SETTING_INT, SITE(kafka.input_bytes_max), "8650752", 65536, 1073741824, 0, "bytes", NULL,
     "max.message.bytes of settlements and of patient-state. dead-letters gets 64 KiB more, for the headers."},
    {"kafka.retention_days", SETTING_INT, SITE(kafka.retention_days), "0", 0, 36500, 0, "days", NULL,
     "retention.ms of settlements when `topics create` makes it. 0: the horizon of the loaded rules and lateness, plus 30 days. "
     "`topics check` refuses a shorter retention than the horizon."},
    {"kafka.transaction_timeout_ms", SETTING_INT, SITE(kafka.transaction_timeout_ms), "45000", 5000, 900000, 0, "ms", NULL,
     "After this time the broker aborts a transaction of a process that died. 30–60 s."},
    {"kafka.session_timeout_ms", SETTING_INT, SITE(kafka.session_timeout_ms), "12000", 1000, 300000, 0, "ms", NULL,
     "A worker that is silent for longer loses its partitions to the others; a broker outage that is longer, too. 10–15 s."},
    {"kafka.sasl.mechanism", SETTING_WORD, SITE(kafka.sasl.mechanism), "none", 0, 0, 0, "", mechanism_words,
     "How this program proves who it is, over TLS: a user with a password; none: by its certificate, or not at all."},
    {"kafka.sasl.user", SETTING_TEXT, SITE(kafka.sasl.user), "", 0, 256, 0, "", NULL, "The user of kafka.sasl.mechanism."},
    {"kafka.sasl.password_file", SETTING_TEXT, SITE(kafka.sasl.password_file), "", 0, 4096, 0, "", NULL,
     "Its password, a secret file of one line, or `credential:NAME`."},
    {"kafka.tls.ca_file", SETTING_TEXT, SITE(kafka.tls.ca_file), "", 0, 4096, 0, "", NULL,
     "The authority that signed the brokers' certificates (PEM). Given with no mechanism, or with a certificate: the connection is TLS. Empty: with "
     "a mechanism, the authorities of the system."},
    {"kafka.tls.certificate_file", SETTING_TEXT, SITE(kafka.tls.certificate_file), "", 0, 4096, 0, "", NULL,
     "Our certificate (PEM), for brokers that ask for one: mutual TLS."},
    {"kafka.tls.key_file", SETTING_TEXT, SITE(kafka.tls.key_file), "", 0, 4096, 0, "", NULL, "Its private key (PEM), a secret file, or `credential:NAME`."},
    {"kafka.tls.key_password_file", SETTING_TEXT, SITE(kafka.tls.key_password_file), "", 0, 4096, 0, "", NULL,
     "The password of that key, a secret file of one line, or `credential:NAME`; empty: none."},
    {"kafka.properties", SETTING_MAP, SITE(kafka.properties), "", 0, 0, 0, "", NULL,
     "Any property of librdkafka, handed through (compression.type, …). What exactly-once rests on cannot be changed: "
     "isolation.level, enable.auto.commit, transactional.id and their like."},

    {"redis.off", SETTING_BOOL, SITE(redis.off), "false", 0, 0, 0, "", NULL,
     "Run without Redis: dossiers then come from process memory and from patient-state. Slower after a restart, never different."},
    {"redis.url", SETTING_TEXT, SITE(redis.url), "tcp:127.0.0.1:6379", 1, 4096, 0, "", NULL,
     "`unix:/path/to/socket` or `tcp:host:port`. For TLS put stunnel between."},
    {"redis.user", SETTING_TEXT, SITE(redis.user), "", 0, 256, 0, "", NULL, "ACL user; empty: the default user."},
    {"redis.password_file", SETTING_TEXT, SITE(redis.password_file), "", 0, 4096, 0, "", NULL,
     "The password, a secret file of one line, or `credential:NAME`; empty: none."},
    {"redis.timeout_ms", SETTING_INT, SITE(redis.timeout_ms), "200", 1, 60000, 0, "ms", NULL,
     "For the connection and for every answer. When it runs out, the circuit opens and the run goes on without the cache."},
    {"redis.ttl_days", SETTING_INT, SITE(redis.ttl_days), "0", 0, 3650, 0, "days", NULL,
     "Time to live of a cached dossier; 0: none, Redis evicts by maxmemory-policy allkeys-lru."},

    {"run.workers", SETTING_INT, SITE(run.workers), "1", 1, 256, 0, "threads", NULL,
     "Worker threads: members of the group, each with its own partitions. More than the partitions is of no use."},
    {"run.batch_records", SETTING_INT, SITE(run.batch_records), "2000", 1, 1000000, 0, "records", NULL,
     "A transaction closes at so many records (fewer while the worker keeps up),"},
    {"run.batch_bytes", SETTING_INT, SITE(run.batch_bytes), "33554432", 1, 1073741824, 0, "bytes", NULL, "or at so many bytes,"},
    {"run.batch_ms", SETTING_INT, SITE(run.batch_ms), "60", 1, 60000, 0, "ms", NULL,
     "or so long after its first record, whichever is first."},
    {"run.memory_bytes", SETTING_INT, SITE(run.memory_bytes), "268435456", 1048576, INT64_MAX / 2, 0, "bytes", NULL,
     "Dossiers that one worker keeps in memory; the least recently used go."},
    {"run.rules_bytes_max", SETTING_INT, SITE(run.rules_bytes_max), "4294967296", 1048576, INT64_MAX / 2, 0, "bytes", NULL,
     "A larger rule set is not taken up by a running process. It keeps three at most: the one in force, the one before, one made ready."},
    {"run.instance", SETTING_TEXT, SITE(run.instance), "a", 1, 64, 0, "", NULL,
     "Name of this process on its host: letters, digits, '-', '_'. Two processes need two names; a lock file in state_dir sees to it."},
    {"run.state_dir", SETTING_TEXT, SITE(run.state_dir), "/var/lib/settlewatch", 1, 4000, 0, "", NULL,
     "Folder of lock files and of the snapshots that speed up a restart. Losing it costs time, never results."},
    {"run.mac_key_file", SETTING_TEXT, SITE(run.mac_key_file), "", 0, 4096, 0, "", NULL,
     "The key that seals dossiers in Redis, a secret file: 32 bytes, or 64 hex digits; the same on every host that shares a Redis. "
     "Empty: one is made in state_dir."},
    {"run.from", SETTING_WORD, SITE(run.from), "committed", 0, 0, 0, "", from_words,
     "Where a partition without a committed position begins: committed: the run refuses to start; earliest: at its first record. "
     "Meant for the first deployment, and better given there as --from earliest."},
    {"run.snapshot_s", SETTING_INT, SITE(run.snapshot_s), "300", 0, 86400, 0, "s", NULL,
     "How often the index of a partition is written to state_dir, besides at its end. 0: only at its end."},
    {"run.rebuild_ms", SETTING_INT, SITE(run.rebuild_ms), "1000", 0, 60000, 0, "ms", NULL,
     "How long an assignment of partitions may wait for their indexes; those that take longer are learned while the others work."},
    {"run.startup_s", SETTING_INT, SITE(run.startup_s), "60", 1, 3600, 0, "s", NULL,
     "The run gives up when the brokers have not accepted it in this time (a wrong password is retried for ever otherwise)."},
    {"run.silence_s", SETTING_INT, SITE(run.silence_s), "60", 0, 86400, 0, "s", NULL,
     "Of a partition that gives nothing for so long the brokers are asked whether records wait; the journal then tells. 0: never."},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

// A file of at most room bytes that other users cannot read, into the arena. SLICE_NONE with an error when it is not.
static struct slice secret_read(const char *path, size_t room, struct arena *arena, struct error *error) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat about;
  if (file < 0 || fstat(file, &about) != 0) {
    error_set(error, STATUS_FATAL, "cannot open '%s': %s", path, strerror(errno));
    if (file >= 0) close(file);
    return SLICE_NONE;
  }
  char *bytes = NULL;
  size_t size = 0;
  if (!S_ISREG(about.st_mode)) {
    error_set(error, STATUS_FATAL, "'%s' is not a file", path);
  } else if ((about.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    error_set(error, STATUS_FATAL, "secret file '%s' is open to other users (mode %03o), set it to 600 or 640", path,
              (unsigned)(about.st_mode & 0777));
  } else if ((uint64_t)about.st_size > room) {
    error_set(error, STATUS_FATAL, "secret file '%s' is longer than %zu bytes", path, room);
  } else {
    bytes = arena_take(arena, (size_t)about.st_size + 1);
    while (size < (size_t)about.st_size) {
      const ssize_t got = read(file, bytes + size, (size_t)about.st_size - size);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      size += (size_t)got;
    }
    if (size != (size_t)about.st_size) {
      error_set(error, STATUS_FATAL, "cannot read '%s': %s", path, strerror(errno));
      bytes = NULL;
    }
  }
  close(file);
  return bytes == NULL ? SLICE_NONE : (struct slice){bytes, size};
}

static struct slice trimmed(struct slice s) {
  while (s.size > 0 && strchr(" \t\r\n", s.data[s.size - 1]) != NULL) s.size--;
  while (s.size > 0 && strchr(" \t\r\n", s.data[0]) != NULL) s.data++, s.size--;
  return s;
}

static int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool hex_read(struct slice text, unsigned char *out, size_t size) {
  if (text.size != 2 * size) return false;
  for (size_t i = 0; i < size; i++) {
    const int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = (unsigned char)(high * 16 + low);
  }
  return true;
}

static enum status key_read(struct slice path, unsigned char key[DIGEST_KEY_BYTES], struct error *error) {
  struct arena arena;
  arena_init(&arena, 1024);
  const char *name = arena_copy_text(&arena, path);
  const struct slice bytes = secret_read(name, 256, &arena, error);
  enum status status = STATUS_FATAL;
  if (slice_present(bytes)) {
    if (bytes.size == DIGEST_KEY_BYTES) {
      memcpy(key, bytes.data, DIGEST_KEY_BYTES);
      status = STATUS_OK;
    } else if (hex_read(trimmed(bytes), key, DIGEST_KEY_BYTES)) {
      status = STATUS_OK;
    } else {
      error_set(error, STATUS_FATAL, "key file '%s' must hold 32 bytes or 64 hex digits", name);
    }
    explicit_bzero((char *)(uintptr_t)bytes.data, bytes.size);
  }
  arena_fini(&arena);
  return status;
}

// The next word of a line; an empty one at its end.
static struct slice word_next(struct slice *line) {
  *line = trimmed(*line);
  size_t size = 0;
  while (size < line->size && line->data[size] != ' ' && line->data[size] != '\t') size++;
  const struct slice word = {line->data, size};
  line->data += size;
  line->size -= size;
  return word;
}

static bool digits_read(struct slice text, int32_t *out) {
  if (text.size == 0 || text.size > 8) return false;
  int32_t value = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    value = value * 10 + (text.data[i] - '0');
  }
  *out = value;
  return true;
}

// "yyyy-MM" to year * 12 + month - 1.
static bool month_read(struct slice text, int32_t *month) {
  int32_t year, number;
  if (text.size != 7 || text.data[4] != '-' || !digits_read((struct slice){text.data, 4}, &year) ||
      !digits_read((struct slice){text.data + 5, 2}, &number) || number < 1 || number > 12)
    return false;
  *month = year * 12 + number - 1;
  return true;
}

static void rates_read(struct site *site, const struct yaml_node *node) {
  const struct setting_texts *texts = &site->review.rates;
  struct draw_rate *rates = ARENA_ZEROED(&site->arena, struct draw_rate, texts->size);
  for (size_t i = 0; i < texts->size; i++) {
    struct slice line = texts->items[i];
    const struct slice who = word_next(&line), from = word_next(&line), to = word_next(&line), points = word_next(&line);
    int32_t value;
    if (who.size == 0 || !month_read(from, &rates[i].from_month) || !month_read(to, &rates[i].to_month) ||
        rates[i].from_month > rates[i].to_month || !digits_read(points, &value) || line.size != 0) {
      yaml_error(&site->file, node, CODE_FORM, "'%.*s' is not a rate: write INSTITUTION|* yyyy-MM yyyy-MM BASIS_POINTS",
                 SLICE_ARG(texts->items[i]));
      continue;
    }
    if (value < site->review.floor_basis_points || value > 10000)
      yaml_error(&site->file, node, CODE_FORM, "the rate of '%.*s' must be %ld..10000 basis points", SLICE_ARG(texts->items[i]),
                 (long)site->review.floor_basis_points);
    rates[i].fixmedins_code = slice_equal(who, SLICE("*")) ? SLICE("") : who;
    rates[i].basis_points = (uint32_t)value;
  }
  site->engine.review.rates = rates;
  site->engine.review.rates_size = texts->size;
}

static void review_seeds_read(struct site *site, const struct yaml_node *node) {
  if (site->review.seeds_file.size == 0) return;
  struct error error = {0};
  const char *path = arena_copy_text(&site->arena, site->review.seeds_file);
  struct seeds seeds = {0};
  if (seeds_load(path, &site->arena, &seeds, &error) != STATUS_OK)
    yaml_error(&site->file, node, CODE_SECRET, "%s", error.text);
  else if (seeds.exposed)
    yaml_error(&site->file, node, CODE_SECRET, "secret file '%s' is open to other users, set its mode to 600", path);
  site->engine.review.seeds = seeds.rows;
  site->engine.review.seeds_size = seeds.size;
}

// `credential:NAME` is a file that the service manager hands to this service alone.
static void credential_find(struct site *site, const struct yaml_node *node, struct slice *path) {
  static const struct slice scheme = {"credential:", 11};
  if (!slice_starts_with(*path, scheme)) return;
  const struct slice name = {path->data + scheme.size, path->size - scheme.size};
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  if (folder == NULL || folder[0] != '/') {
    yaml_error(&site->file, node, CODE_SECRET, "'%.*s' needs a service manager that hands out credentials: CREDENTIALS_DIRECTORY is not set",
               SLICE_ARG(*path));
    return;
  }
  if (name.size == 0 || memchr(name.data, '/', name.size) != NULL) {
    yaml_error(&site->file, node, CODE_FORM, "'%.*s' must be credential:NAME, a name without '/'", SLICE_ARG(*path));
    return;
  }
  struct text text = {0};
  text_format(&text, "%s/%.*s", folder, SLICE_ARG(name));
  *path = arena_copy(&site->arena, text_slice(&text));
  text_fini(&text);
}

static void secret_into(struct site *site, const struct yaml_node *node, struct slice path, struct slice *out) {
  if (path.size == 0) return;
  struct error error = {0};
  const struct slice bytes = secret_read(arena_copy_text(&site->arena, path), 65536, &site->arena, &error);
  if (slice_present(bytes)) *out = trimmed(bytes);
  else yaml_error(&site->file, node, CODE_SECRET, "%s", error.text);
}

// A secret among the settings is as open as their file.
static void inline_secrets_check(struct site *site, const char *path) {
  static const char *const names[] = {"sasl.password", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret"};
  const struct yaml_node *map = site->kafka.properties;
  struct stat about;
  for (const struct yaml_node *key = map != NULL ? map->child : NULL; key != NULL; key = key->next)
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
      if (slice_equal(key->scalar, slice_from(names[i])) && (stat(path, &about) != 0 || (about.st_mode & (S_IRWXO | S_IWGRP)) != 0))
        yaml_error(&site->file, key, CODE_SECRET, "'%s' stands in a file that is open to other users: use kafka.sasl.password_file or "
                   "kafka.tls.key_password_file, or set the mode of '%s' to 600", names[i], path);
}

static void secrets_read(struct site *site, const char *path) {
  const struct yaml_node *root = site->file.root, *kafka = yaml_find(root, "kafka"), *redis = yaml_find(root, "redis");
  const struct yaml_node *at = kafka != NULL ? kafka : root;
  struct site_kafka *with = &site->kafka;
  struct slice *const files[] = {&with->sasl.password_file, &with->tls.key_file, &with->tls.key_password_file, &site->redis.password_file,
                                 &site->run.mac_key_file, &site->edge.key_file, &site->review.seeds_file};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) credential_find(site, root, files[i]);
  inline_secrets_check(site, path);
  const bool sasl = with->sasl.mechanism != SITE_SASL_NONE;
  if (sasl && (with->sasl.user.size == 0 || with->sasl.password_file.size == 0))
    yaml_error(&site->file, at, CODE_CONTRADICTION, "'kafka.sasl.mechanism' needs 'kafka.sasl.user' and 'kafka.sasl.password_file'");
  if (!sasl && (with->sasl.user.size > 0 || with->sasl.password_file.size > 0))
    yaml_error(&site->file, at, CODE_CONTRADICTION, "'kafka.sasl.user' and 'kafka.sasl.password_file' need a 'kafka.sasl.mechanism'");
  if ((with->tls.certificate_file.size > 0) != (with->tls.key_file.size > 0))
    yaml_error(&site->file, at, CODE_CONTRADICTION, "'kafka.tls.certificate_file' and 'kafka.tls.key_file' go together");
  struct slice key = SLICE_NONE;    // only looked at: the library reads it itself
  secret_into(site, at, with->tls.key_file, &key);
  if (slice_present(key)) explicit_bzero((char *)(uintptr_t)key.data, key.size);
  secret_into(site, at, with->sasl.password_file, &with->sasl.password);
  secret_into(site, at, with->tls.key_password_file, &with->tls.key_password);
  if (!site->redis.off) secret_into(site, redis != NULL ? redis : root, site->redis.password_file, &site->redis.password);
}

static void site_derive(struct site *site, const char *path) {
  site->engine.screen.points[CLASS_P53_1] = site->engine.screen.points[CLASS_P52];
  site->engine.decode = (struct decode_limits){
      .record_bytes_max = (uint32_t)site->record.bytes_max, .lines_max = (uint32_t)site->record.lines_max,
      .depth_max = (uint32_t)site->record.depth_max, .id_bytes_max = (uint32_t)site->record.id_bytes_max,
      .psn_bytes_max = (uint32_t)site->record.psn_bytes_max, .date_window = site->record.date_window};
  site->engine.review = (struct draw_settings){
      .floor_basis_points = (uint32_t)site->review.floor_basis_points, .rate_basis_points = (uint32_t)site->review.rate_basis_points,
      .take_all_fen = site->review.take_all_fen, .close_lag_days = site->review.close_lag_days};
  if (site->file.root == NULL) return;
  const struct yaml_node *root = site->file.root, *review = yaml_find(root, "review"), *run = yaml_find(root, "run");
  if (site->review.rate_basis_points < site->review.floor_basis_points)
    yaml_error(&site->file, review != NULL ? review : root, CODE_CONTRADICTION,
               "'rate_basis_points' must be at least 'floor_basis_points', %ld", (long)site->review.floor_basis_points);
  for (size_t i = 0; i < site->run.instance.size; i++) {
    const char c = site->run.instance.data[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_')) {
      yaml_error(&site->file, run, CODE_FORM, "'instance' must be letters, digits, '-' and '_', not '%.*s'",
                 SLICE_ARG(site->run.instance));
      break;
    }
  }
  for (size_t i = 0; i < site->kafka.prefix.size; i++) {
    const char c = site->kafka.prefix.data[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.')) {
      yaml_error(&site->file, yaml_find(root, "kafka"), CODE_FORM, "'prefix' must be letters, digits, '.', '-' and '_', not '%.*s'",
                 SLICE_ARG(site->kafka.prefix));
      break;
    }
  }
  if (site->edge.pseudonymise && site->edge.key_file.size == 0)
    yaml_error(&site->file, yaml_find(root, "edge"), CODE_CONTRADICTION, "'pseudonymise' needs a 'key_file'");
  if (site->kafka.input_bytes_max < site->record.bytes_max)
    yaml_error(&site->file, root, CODE_CONTRADICTION,
               "'kafka.input_bytes_max' must be at least 'record.bytes_max', %ld", (long)site->record.bytes_max);
  secrets_read(site, path);
  rates_read(site, review != NULL && yaml_find(review, "rates") != NULL ? yaml_find(review, "rates") : root);
  review_seeds_read(site, review != NULL && yaml_find(review, "seeds_file") != NULL ? yaml_find(review, "seeds_file") : root);
}

struct site *site_load(const char *path, struct diagnostics *diagnostics) {
  struct site *site = memory_take(sizeof *site);
  const size_t errors = diagnostics->errors;
  arena_init(&site->arena, 1 << 16);
  site->engine.screen = screen_settings_default;
  settings_default(rows, ROWS, site, &site->arena);
  bool good = true;
  if (path != NULL) {
    yaml_load(&site->file, &site->arena, path, &yaml_limits_default, diagnostics);
    good = site->file.root != NULL;
    if (good && site->file.root->type != YAML_MAP) {
      yaml_error(&site->file, site->file.root, 1017, "a map of settings is expected");
      good = false;
    }
    good = good && settings_read(rows, ROWS, site, &site->file, site->file.root, NULL, 0, &site->arena);
  }
  if (good) site_derive(site, path);
  if (good && diagnostics->errors == errors) return site;
  site_destroy(site);
  return NULL;
}

void site_destroy(struct site *site) {
  if (site == NULL) return;
  arena_fini(&site->arena);
  memory_free(site);
}

// Under a name of its own first, so that the key has its name only when it is whole: another process may start at the same moment, or
// this one be killed. Whoever comes second finds the first one's.
static enum status key_make(const char *path, struct error *error) {
  unsigned char key[DIGEST_KEY_BYTES];
  struct text name = {0};
  text_format(&name, "%s.%ld%c", path, (long)getpid(), '\0');
  const int file = open(name.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool good = file >= 0 && getrandom(key, sizeof key, 0) == (ssize_t)sizeof key && write(file, key, sizeof key) == (ssize_t)sizeof key &&
                    fsync(file) == 0 && (link(name.data, path) == 0 || errno == EEXIST);
  const enum status status = good ? STATUS_OK : error_set(error, STATUS_FATAL, "cannot write '%s': %s", name.data, strerror(errno));
  explicit_bzero(key, sizeof key);
  if (file >= 0) {
    unlink(name.data);
    close(file);
  }
  text_fini(&name);
  return status;
}

enum status site_mac_key(const struct site *site, unsigned char key[DIGEST_KEY_BYTES], struct error *error) {
  if (site->run.mac_key_file.size > 0) return key_read(site->run.mac_key_file, key, error);
  struct text path = {0};
  text_format(&path, "%.*s/mac.key", SLICE_ARG(site->run.state_dir));
  text_byte(&path, '\0');
  enum status status = access(path.data, F_OK) == 0 ? STATUS_OK : key_make(path.data, error);
  if (status == STATUS_OK) status = key_read((struct slice){path.data, path.size - 1}, key, error);
  text_fini(&path);
  return status;
}

enum status site_edge_key(const struct site *site, unsigned char key[DIGEST_KEY_BYTES], struct error *error) {
  if (site->edge.key_file.size == 0) return error_set(error, STATUS_FATAL, "'edge.key_file' is not set");
  return key_read(site->edge.key_file, key, error);
}

void site_reference(struct text *out) {
  TEXT_LITERAL(out, "Keys with a point are nested maps: `kafka.group` is key `group` of map `kafka`.\n\n");
  settings_reference(rows, ROWS, out);
}
