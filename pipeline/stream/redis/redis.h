// A cache (stream/cache.h) in Redis, over hiredis.
//
// Commands go out in pipelines of at most 256 commands or 1 MB: MGET for reading, SET for writing, binary safe. After any error or
// time-out the connection is closed and never used again: an answer that comes late would be taken for the next one's.
// The circuit opens with the first failure: calls then return at once until a probe, tried after a pause that doubles from 100 ms
// to 10 s, is answered. Keys carry the hash tag {p<partition>}, so one partition's keys share a cluster slot.
#pragma once

#include "stream/cache.h"

struct redis_settings {
  struct slice url;         // unix:/path | tcp:host:port
  struct slice user;        // "": the default user
  struct slice password;    // SLICE_NONE: none
  int timeout_ms;           // of the connection and of every answer
  int64_t ttl_s;            // 0: none
};

// Does not connect yet: a cache that is away is no error. NULL only when the url cannot be understood.
struct cache *redis_open(const struct redis_settings *settings, struct error *error);
// True after the last call was answered.
bool redis_connected(const struct cache *cache);
