#include "stream/redis/redis.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "core/memory.h"

enum { PIPELINE_COMMANDS = 256, PIPELINE_BYTES = 1 << 20, PAUSE_FIRST_MS = 100, PAUSE_LAST_MS = 10000 };

struct redis {
  struct cache cache;
  char *host, *path, *user, *password;    // path: unix socket, else host and port
  size_t password_size;
  int port;
  struct timeval timeout;
  char ttl[24];
  redisContext *context;                  // NULL: not connected
  int64_t probe_ms;                       // when the circuit may be tried again
  int pause_ms;                           // 0: the circuit is closed
};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char *text_of(struct slice s) {
  char *text = memory_take(s.size + 1);
  if (s.size > 0) memcpy(text, s.data, s.size);
  return text;
}

// The circuit opens; what was on the way on this connection is lost with it.
static enum status fail(struct redis *redis) {
  if (redis->context != NULL) redisFree(redis->context);
  redis->context = NULL;
  redis->cache.counts.failures++;
  redis->pause_ms = redis->pause_ms == 0 ? PAUSE_FIRST_MS : 2 * redis->pause_ms > PAUSE_LAST_MS ? PAUSE_LAST_MS : 2 * redis->pause_ms;
  redis->probe_ms = now_ms() + redis->pause_ms;
  return STATUS_RETRY;
}

// The next answer, when it is one of the kinds wanted; NULL after a failure.
static redisReply *answer(struct redis *redis, int type, int other) {
  void *reply = NULL;
  if (redisGetReply(redis->context, &reply) != REDIS_OK || reply == NULL) return NULL;
  redisReply *typed = reply;
  if (typed->type == type || typed->type == other) return typed;
  freeReplyObject(typed);
  return NULL;
}

static bool connect_now(struct redis *redis) {
  redis->context = redis->path != NULL ? redisConnectUnixWithTimeout(redis->path, redis->timeout)
                                       : redisConnectWithTimeout(redis->host, redis->port, redis->timeout);
  if (redis->context == NULL || redis->context->err != 0 || redisSetTimeout(redis->context, redis->timeout) != REDIS_OK) return false;
  if (redis->password == NULL) return true;
  const bool named = redis->user[0] != '\0';
  const char *words[3] = {"AUTH", named ? redis->user : redis->password, redis->password};
  const size_t sizes[3] = {4, named ? strlen(redis->user) : redis->password_size, redis->password_size};
  if (redisAppendCommandArgv(redis->context, named ? 3 : 2, words, sizes) != REDIS_OK) return false;
  redisReply *reply = answer(redis, REDIS_REPLY_STATUS, REDIS_REPLY_STATUS);
  if (reply != NULL) freeReplyObject(reply);
  return reply != NULL;
}

// True when there is a connection; the first call after a pause is the probe.
static bool ready(struct redis *redis, size_t size) {
  if (redis->context != NULL) return true;
  if (redis->pause_ms != 0 && now_ms() < redis->probe_ms) {
    redis->cache.counts.skipped += size;
    return false;
  }
  if (connect_now(redis)) return true;
  (void)fail(redis);
  return false;
}

// MGET of as many keys as one pipeline holds; more are asked for in several rounds.
static enum status get_some(struct redis *redis, struct cache_item *items, size_t size, struct arena *arena) {
  const char *words[PIPELINE_COMMANDS + 1] = {"MGET"};
  size_t sizes[PIPELINE_COMMANDS + 1] = {4};
  for (size_t i = 0; i < size; i++) {
    words[i + 1] = items[i].key.data;
    sizes[i + 1] = items[i].key.size;
  }
  if (redisAppendCommandArgv(redis->context, (int)size + 1, words, sizes) != REDIS_OK) return fail(redis);
  redisReply *reply = answer(redis, REDIS_REPLY_ARRAY, REDIS_REPLY_ARRAY);
  if (reply == NULL || reply->elements != size) {
    if (reply != NULL) freeReplyObject(reply);
    return fail(redis);
  }
  for (size_t i = 0; i < size; i++) {
    const redisReply *element = reply->element[i];
    if (element->type != REDIS_REPLY_STRING) continue;    // nil, or a key of another type: absent
    items[i].value = arena_copy(arena, (struct slice){element->str, element->len});
    redis->cache.counts.hits++;
  }
  freeReplyObject(reply);
  return STATUS_OK;
}

static enum status redis_get(struct cache *cache, struct cache_item *items, size_t size, struct arena *arena) {
  struct redis *redis = (struct redis *)cache;
  for (size_t i = 0; i < size; i++) items[i].value = SLICE_NONE;
  if (!ready(redis, size)) return STATUS_RETRY;
  cache->counts.gets += size;
  // One MGET per partition's slot would be needed for a cluster; keys of one call that differ in partition are split there.
  for (size_t from = 0, to; from < size; from = to) {
    for (to = from; to < size && to - from < PIPELINE_COMMANDS; to++) {
      const char *tag_a = memchr(items[from].key.data, '}', items[from].key.size), *tag_b = memchr(items[to].key.data, '}', items[to].key.size);
      const size_t size_a = tag_a != NULL ? (size_t)(tag_a - items[from].key.data) : 0, size_b = tag_b != NULL ? (size_t)(tag_b - items[to].key.data) : 0;
      if (size_a != size_b || memcmp(items[from].key.data, items[to].key.data, size_a) != 0) break;
    }
    if (get_some(redis, items + from, to - from, arena) != STATUS_OK) return STATUS_RETRY;
  }
  redis->pause_ms = 0;
  return STATUS_OK;
}

static enum status redis_put(struct cache *cache, const struct cache_item *items, size_t size) {
  struct redis *redis = (struct redis *)cache;
  if (!ready(redis, size)) return STATUS_RETRY;
  for (size_t from = 0, to; from < size; from = to) {
    size_t bytes = 0;
    for (to = from; to < size && to - from < PIPELINE_COMMANDS && (bytes == 0 || bytes + items[to].value.size <= PIPELINE_BYTES); to++) {
      const char *words[5] = {"SET", items[to].key.data, items[to].value.data, "EX", redis->ttl};
      const size_t sizes[5] = {3, items[to].key.size, items[to].value.size, 2, strlen(redis->ttl)};
      if (redisAppendCommandArgv(redis->context, redis->ttl[0] != '\0' ? 5 : 3, words, sizes) != REDIS_OK) return fail(redis);
      bytes += items[to].value.size;
    }
    for (size_t i = from; i < to; i++) {
      redisReply *reply = answer(redis, REDIS_REPLY_STATUS, REDIS_REPLY_STATUS);
      if (reply == NULL) return fail(redis);    // also OOM and READONLY: no place for more of it
      freeReplyObject(reply);
      cache->counts.puts++;
    }
  }
  redis->pause_ms = 0;
  return STATUS_OK;
}

static void redis_close(struct cache *cache) {
  struct redis *redis = (struct redis *)cache;
  if (redis->context != NULL) redisFree(redis->context);
  if (redis->password != NULL) explicit_bzero(redis->password, redis->password_size);
  memory_free(redis->host);
  memory_free(redis->path);
  memory_free(redis->user);
  memory_free(redis->password);
  memory_free(redis);
}

bool redis_connected(const struct cache *cache) { return ((const struct redis *)cache)->context != NULL; }

static const struct cache_operations operations = {"redis", redis_get, redis_put, redis_close};

struct cache *redis_open(const struct redis_settings *settings, struct error *error) {
  struct redis *redis = memory_take(sizeof *redis);
  redis->cache.operations = &operations;
  char *url = text_of(settings->url);
  const char *rest = strchr(url, ':');
  bool good = false;
  if (rest != NULL && strncmp(url, "unix:", 5) == 0 && rest[1] != '\0') {
    redis->path = memory_copy_text(rest + 1);
    good = true;
  } else if (rest != NULL && strncmp(url, "tcp:", 4) == 0) {
    const char *port = strrchr(rest + 1, ':');
    char *end = NULL;
    const long number = port != NULL ? strtol(port + 1, &end, 10) : 0;
    good = port != NULL && port > rest + 1 && end > port + 1 && *end == '\0' && number >= 1 && number <= 65535;
    redis->port = (int)number;
    if (good) redis->host = text_of((struct slice){rest + 1, (size_t)(port - rest - 1)});
  }
  redis->user = text_of(settings->user);
  if (slice_present(settings->password)) {
    redis->password = text_of(settings->password);
    redis->password_size = settings->password.size;
  }
  redis->timeout = (struct timeval){settings->timeout_ms / 1000, (suseconds_t)(settings->timeout_ms % 1000) * 1000};
  if (settings->ttl_s > 0) snprintf(redis->ttl, sizeof redis->ttl, "%lld", (long long)settings->ttl_s);
  if (!good) {
    error_set(error, STATUS_FATAL, "'redis.url' must be unix:/path or tcp:host:port, not '%s'", url);
    redis_close(&redis->cache);
    redis = NULL;
  }
  memory_free(url);
  return redis != NULL ? &redis->cache : NULL;
}
