#include "producers/generate/arrival.h"

#include <assert.h>
#include <stdlib.h>

#include "core/memory.h"
#include "record/date.h"

void arrival_fini(struct arrivals *arrivals) {
  for (uint32_t n = 0; n < arrivals->later_size; n++) memory_free(arrivals->later[n].bytes);
  memory_free(arrivals->later);
  memory_free(arrivals->today);
  text_fini(&arrivals->text);
  *arrivals = (struct arrivals){0};
}

static bool before(const struct arrival *a, const struct arrival *b) {
  return a->recv_s != b->recv_s ? a->recv_s < b->recv_s : a->order < b->order;
}

static int by_arrival(const void *a, const void *b) { return before(a, b) ? -1 : 1; }

static void later_push(struct arrivals *arrivals, struct arrival arrival) {
  if (arrivals->later_size == arrivals->later_capacity) {
    arrivals->later_capacity = arrivals->later_capacity == 0 ? 256 : arrivals->later_capacity * 2;
    arrivals->later = memory_resize(arrivals->later, arrivals->later_capacity * sizeof *arrivals->later);
  }
  struct arrival *later = arrivals->later;
  uint32_t at = arrivals->later_size++;
  for (; at > 0 && before(&arrival, &later[(at - 1) / 2]); at = (at - 1) / 2) later[at] = later[(at - 1) / 2];
  later[at] = arrival;
}

static struct arrival later_pop(struct arrivals *arrivals) {
  struct arrival *later = arrivals->later;
  const struct arrival first = later[0], last = later[--arrivals->later_size];
  uint32_t at = 0;
  for (;;) {
    uint32_t child = at * 2 + 1;
    if (child >= arrivals->later_size) break;
    if (child + 1 < arrivals->later_size && before(&later[child + 1], &later[child])) child++;
    if (!before(&later[child], &last)) break;
    later[at] = later[child];
    at = child;
  }
  later[at] = last;
  return first;
}

static void today_push(struct arrivals *arrivals, struct arrival arrival) {
  if (arrivals->today_size == arrivals->today_capacity) {
    arrivals->today_capacity = arrivals->today_capacity == 0 ? 4096 : arrivals->today_capacity * 2;
    arrivals->today = memory_resize(arrivals->today, arrivals->today_capacity * sizeof *arrivals->today);
  }
  arrivals->today[arrivals->today_size++] = arrival;
}

// What is held back must be the last message of the text, so that its place there can be used again.
static void add(struct arrivals *arrivals, struct arrival arrival) {
  arrival.order = arrivals->count++;
  if (date_day(arrival.recv_s) <= arrivals->day) {
    today_push(arrivals, arrival);
    return;
  }
  assert(arrival.at + arrival.size == arrivals->text.size);
  arrival.bytes = memory_take(arrival.size);
  memcpy(arrival.bytes, arrivals->text.data + arrival.at, arrival.size);
  arrivals->text.size = arrival.at;
  later_push(arrivals, arrival);
}

void arrival_add(struct arrivals *arrivals, size_t at, int64_t recv_s, const char *msg_type, uint32_t person,
                 uint32_t institution) {
  add(arrivals, (struct arrival){.recv_s = recv_s, .msg_type = msg_type, .at = at, .size = arrivals->text.size - at,
                                 .person = person, .institution = institution});
}

void arrival_add_twice(struct arrivals *arrivals, size_t at, int64_t recv_s, int64_t again_s, const char *msg_type,
                       uint32_t person, uint32_t institution) {
  const size_t size = arrivals->text.size - at;
  char *to = text_reserve(&arrivals->text, size);
  memcpy(to, arrivals->text.data + at, size);
  arrivals->text.size += size;
  // The copy stands last and goes first, so that both may be held back.
  struct arrival arrival = {.recv_s = again_s, .msg_type = msg_type, .at = at + size, .size = size, .person = person,
                            .institution = institution};
  add(arrivals, arrival);
  arrival.recv_s = recv_s;
  arrival.at = at;
  add(arrivals, arrival);
}

void arrival_sort(struct arrivals *arrivals) {
  const int64_t end_s = date_of_day(arrivals->day + 1);
  while (arrivals->later_size > 0 && arrivals->later[0].recv_s < end_s) today_push(arrivals, later_pop(arrivals));
  if (arrivals->today_size > 1) qsort(arrivals->today, arrivals->today_size, sizeof *arrivals->today, by_arrival);
}

void arrival_next_day(struct arrivals *arrivals) {
  for (uint32_t n = 0; n < arrivals->today_size; n++) memory_free(arrivals->today[n].bytes);
  arrivals->today_size = 0;
  text_clear(&arrivals->text);
  arrivals->day++;
}
