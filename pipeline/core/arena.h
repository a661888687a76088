// An arena hands out memory that is given back all at once: the memory of one batch, or of one rule set.
//
//   block 0 [used......|free]  block 1 [used...|free]  block 2 [free........]
//                                       ^ current
// Reset keeps the memory, several blocks as one, so a batch that repeats asks the heap for nothing.
// Not thread-safe: one arena, one owner.
#pragma once

#include <stddef.h>

#include "core/slice.h"

struct arena_block;

struct arena {
  struct arena_block *first;
  struct arena_block *current;
  size_t block_bytes;
};

void arena_init(struct arena *arena, size_t block_bytes);
void arena_fini(struct arena *arena);
void arena_reset(struct arena *arena);
// size bytes aligned to 16, not zeroed, never NULL, valid until reset.
void *arena_take(struct arena *arena, size_t size);
void *arena_take_zeroed(struct arena *arena, size_t size);
struct slice arena_copy(struct arena *arena, struct slice s);
char *arena_copy_text(struct arena *arena, struct slice s);    // NUL-terminated copy
// Bytes held from the heap; and those of them that were handed out, which is what memory they really take: the rest was never touched.
size_t arena_bytes(const struct arena *arena);
size_t arena_used(const struct arena *arena);

// n elements of a type.
#define ARENA_ARRAY(arena, type, n) ((type *)arena_take((arena), (size_t)(n) * sizeof(type)))
#define ARENA_ZEROED(arena, type, n) ((type *)arena_take_zeroed((arena), (size_t)(n) * sizeof(type)))
