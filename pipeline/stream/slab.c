#include "stream/slab.h"

#include <assert.h>

#include "core/memory.h"

enum { SMALLEST = 32, CHUNK_BYTES = 1 << 20, LARGEST = 1 << 16 };

struct chunk { struct chunk *next; uint64_t unused_; };

// The class of a size and what it rounds to: 32, 40, 48, 56, 64, 80, 96, 112, 128, ...; a multiple of 8.
static unsigned class_of(size_t size, size_t *rounded) {
  if (size < SMALLEST) size = SMALLEST;
  const unsigned bits = 63u - (unsigned)__builtin_clzll((unsigned long long)(size - 1) | 1u);    // 2^bits <= size - 1
  const size_t step = ((size_t)1 << bits) / 4;
  const size_t steps = (size - 1 - ((size_t)1 << bits)) / step + 1;
  *rounded = ((size_t)1 << bits) + steps * step;
  if (size == SMALLEST) *rounded = SMALLEST;
  return size == SMALLEST ? 0 : (bits - 5) * 4 + (unsigned)steps;
}

void slab_fini(struct slab *slab) {
  for (struct chunk *chunk = slab->chunks, *next; chunk != NULL; chunk = next) {
    next = chunk->next;
    memory_free(chunk);
  }
  *slab = (struct slab){0};
}

void *slab_take(struct slab *slab, size_t size) {
  size_t rounded;
  const unsigned class = class_of(size, &rounded);
  slab->used_bytes += rounded;
  if (rounded > LARGEST) {
    slab->held_bytes += rounded;
    return memory_resize(NULL, rounded);
  }
  assert(class < SLAB_CLASSES);
  if (slab->free[class] != NULL) {
    void *memory = slab->free[class];
    slab->free[class] = *(void **)memory;
    return memory;
  }
  if (slab->chunk_left < rounded) {
    struct chunk *chunk = memory_resize(NULL, CHUNK_BYTES);
    chunk->next = slab->chunks;
    slab->chunks = chunk;
    slab->chunk = (char *)(chunk + 1);
    slab->chunk_left = CHUNK_BYTES - sizeof *chunk;
    slab->held_bytes += CHUNK_BYTES;
  }
  void *memory = slab->chunk;
  slab->chunk += rounded;
  slab->chunk_left -= rounded;
  return memory;
}

void slab_give(struct slab *slab, void *memory, size_t size) {
  if (memory == NULL) return;
  size_t rounded;
  const unsigned class = class_of(size, &rounded);
  slab->used_bytes -= rounded;
  if (rounded > LARGEST) {
    slab->held_bytes -= rounded;
    memory_free(memory);
    return;
  }
  *(void **)memory = slab->free[class];
  slab->free[class] = memory;
}
