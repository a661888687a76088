// Several NDJSON files as one past: their records merged by event_time.
//
//   file 0  09:01 09:07 ............  ---+
//   file 1  09:02 09:03 09:09 ......  ---+--->  09:01 09:02 09:03 09:03 09:07 09:09 ...
//   file 2  09:03 ..................  ---+
//
// Each file is taken in its own order; the head with the least event_time goes first, of equal ones that of the earlier path. The time is found in
// the bytes without decoding: a record without one goes with the record before it, and a wrong one costs nothing but the order, from which
// findings do not depend inside the time that a late message is waited for. A single file is handed through as it stands. Of a line over the limit the
// first bytes are handed out, and the rest is dropped. Records stay valid until the next take. One order, one thread.
#pragma once

#include "stream/file/reader.h"

struct order;
// paths must outlive the order; record.source is as in reader.h.
struct order *order_open(const char *const *paths, size_t size, const struct reader_limits *limits);
void order_close(struct order *order);
// As reader_take.
enum status order_take(struct order *order, const struct record **records, size_t *size, struct error *error);
void order_progress(const struct order *order, uint64_t *done, uint64_t *total);
