// Where the facts of a close come from: files, or the topic institution-facts from its beginning to its end.
#pragma once

#include "consumers/site.h"
#include "screen/fact.h"
#include "stream/kafka/client.h"

typedef void facts_function(void *context, const struct fact *fact);    // the fact's texts live during the call

// NDJSON files, plain or gzip. STATUS_REJECT with file and line when one cannot be read or a line is no fact.
enum status facts_from_files(const char *const *paths, size_t size, facts_function *each, void *context, uint64_t *count, struct error *error);
// Every committed fact up to the ends of the topic's partitions as they are now.
enum status facts_from_topic(struct client *client, const struct site *site, facts_function *each, void *context, uint64_t *count, struct error *error);
