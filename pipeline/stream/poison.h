// A record that ends the program is put aside, instead of ending it again and again.
//
// While a worker decodes or screens a record, its crumb names it: a few words in a file of the state folder, mapped into memory, so
// that naming a record is a handful of plain stores. A handler of the signals that defects end in (SIGSEGV, SIGBUS, SIGFPE,
// SIGILL, SIGABRT) marks the crumb of its own thread and lets the signal take its course. kill -9, a dying host or a signal from
// outside mark nothing.
//
//   INSTANCE-N.crumb   the record at hand of worker N, and the mark      (one fixed struct)
//   INSTANCE.poison    records that ended this instance, and how often   (text: partition offset checksum times)
//
// poison_open moves the marks of its instance into the list and counts the lists and marks of all instances of the folder. From
// POISON_TIMES on poison_known says yes, and the engine makes the record a dead letter instead of looking into it. A record is
// known by partition, offset and a checksum of its bytes, so that a topic that was made again has nothing to fear.
// A crash outside of decoding and screening (fetching, sending) names no record and is not counted.
// poison_open and poison_close are for the main thread; a crumb belongs to one worker's thread.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "core/status.h"
#include "record/event.h"

enum { POISON_TIMES = 2 };

struct crumb {
  char magic[8];
  _Atomic int64_t offset;
  _Atomic int32_t partition;
  _Atomic uint32_t signal;         // the mark; 0: none
  _Atomic(const char *) bytes;     // of the record, in the process that wrote it; NULL: no record is at hand
  _Atomic size_t size;
  _Atomic uint64_t checksum;       // written with the mark
};

struct poison;
// What a worker's engine is given; all zero: nothing is watched.
struct poison_watch {
  const struct poison *poison;
  struct crumb *crumb;
};

// Tells by say what it found. A folder that cannot be written is told, too, and nothing is watched then: never NULL.
struct poison *poison_open(const char *folder, const char *instance, unsigned workers, void *context,
                           void (*say)(void *context, int level, const char *text));
void poison_close(struct poison *poison);
struct poison_watch poison_watch_of(const struct poison *poison, unsigned worker);

// Of the worker's own thread: from now on, and until poison_leave, its fatal signals mark the crumb.
void poison_guard(const struct poison_watch *watch);
void poison_leave(void);

bool poison_find(const struct poison *poison, const struct source *source, struct slice value);
size_t poison_size(const struct poison *poison);    // records known, put aside or not yet
static inline bool poison_known(const struct poison_watch *watch, const struct source *source, struct slice value) {
  return __builtin_expect(watch->poison != NULL && poison_size(watch->poison) > 0, 0) && poison_find(watch->poison, source, value);
}

static inline void poison_name(const struct poison_watch *watch, const struct source *source, struct slice value) {
  struct crumb *crumb = watch->crumb;
  if (crumb == NULL) return;
  atomic_store_explicit(&crumb->partition, source->partition, memory_order_relaxed);
  atomic_store_explicit(&crumb->offset, source->offset, memory_order_relaxed);
  atomic_store_explicit(&crumb->size, value.size, memory_order_relaxed);
  atomic_store_explicit(&crumb->bytes, value.data, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);    // the handler runs in this thread
}
static inline void poison_name_none(const struct poison_watch *watch) {
  if (watch->crumb != NULL) atomic_store_explicit(&watch->crumb->bytes, NULL, memory_order_relaxed);
}
