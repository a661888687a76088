// Messages on their way: what arrives today is kept in one text, what arrives later in a heap by time of arrival.
//
//   write into text, arrival_add -> today --+-> sort by (recv_time, order of adding) -> out at the end of the day
//                                -> later --+   (own memory, due when its day comes)
// One day of messages and those held back are in memory, never the run. Not thread-safe.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "core/text.h"

struct arrival {
  int64_t recv_s;
  uint64_t order;
  const char *msg_type;        // a literal
  char *bytes;                 // own memory of what is held over the day, else NULL
  size_t at, size;             // in text, when bytes is NULL
  uint32_t person, institution;
};

struct arrivals {
  struct text text;            // messages of the day, written at its end by whoever adds them
  struct arrival *today, *later;
  uint32_t today_size, today_capacity, later_size, later_capacity;
  int32_t day;
  uint64_t count;              // of all added
};

void arrival_fini(struct arrivals *arrivals);
// The message that stands in text from `at` to its end arrives at recv_s.
void arrival_add(struct arrivals *arrivals, size_t at, int64_t recv_s, const char *msg_type, uint32_t person,
                 uint32_t institution);
// The same, and once more with the same bytes at again_s > recv_s.
void arrival_add_twice(struct arrivals *arrivals, size_t at, int64_t recv_s, int64_t again_s, const char *msg_type,
                       uint32_t person, uint32_t institution);
// Sorts what arrives on the day; the result is today[0 .. today_size - 1], valid until arrival_next_day.
void arrival_sort(struct arrivals *arrivals);
static inline struct slice arrival_bytes(const struct arrivals *arrivals, const struct arrival *arrival) {
  return (struct slice){arrival->bytes != NULL ? arrival->bytes : arrivals->text.data + arrival->at, arrival->size};
}
void arrival_next_day(struct arrivals *arrivals);
