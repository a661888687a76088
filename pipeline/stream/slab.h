// Memory for many small things that come and go: size classes out of large chunks, with a free list each.
//
// A steady population asks the heap for nothing. Classes are four to a doubling, so at most a fifth is lost to rounding; what is larger than
// the largest class comes from the heap one by one. One owner, one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SLAB_CLASSES = 64 };

struct slab {
  void *free[SLAB_CLASSES];
  char *chunk;
  size_t chunk_left;
  void *chunks;           // linked, to be freed as a whole
  uint64_t held_bytes;    // from the heap
  uint64_t used_bytes;    // handed out, after rounding
};

void slab_fini(struct slab *slab);               // large blocks must have been given back
void *slab_take(struct slab *slab, size_t size);
void slab_give(struct slab *slab, void *memory, size_t size);    // the size it was taken with
