// Reads a whole topic once: every committed record of every partition, from its beginning to the end as it is when the scan starts.
//
// For the monthly close and for looking at topics; nothing is remembered, no group is joined. Records still in an open transaction at
// the end are waited for.
#pragma once

#include "core/slice.h"
#include "stream/kafka/client.h"

struct scan_record {
  int32_t partition;
  int64_t offset;
  struct slice key, value;    // valid during the call
};
// Anything but STATUS_OK ends the scan and is returned.
typedef enum status scan_function(void *context, const struct scan_record *record, struct error *error);

// idle_ms: how long a partition may give nothing before its end; then STATUS_RETRY.
enum status scan_topic(struct client *client, const char *topic, int idle_ms, scan_function *each, void *context, struct error *error);
