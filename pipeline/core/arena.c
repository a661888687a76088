#include "core/arena.h"

#include <assert.h>
#include <stdint.h>

#include "core/memory.h"

enum { ALIGNMENT = 16 };

struct arena_block {
  struct arena_block *next;
  size_t size;
  size_t used;
  size_t unused_;    // keeps data aligned
  char data[];
};

void arena_init(struct arena *arena, size_t block_bytes) {
  *arena = (struct arena){.block_bytes = block_bytes ? block_bytes : 64 * 1024};
}

static struct arena_block *new_block(size_t room) {
  struct arena_block *block = memory_resize(NULL, sizeof *block + room);
  *block = (struct arena_block){.size = room};
  return block;
}

void arena_fini(struct arena *arena) {
  for (struct arena_block *block = arena->first, *next; block != NULL; block = next) {
    next = block->next;
    memory_free(block);
  }
  arena->first = arena->current = NULL;
}

// One block takes the place of several, with room for a power of two: what grows from reset to reset must not leave a block each time.
void arena_reset(struct arena *arena) {
  if (arena->first != NULL && arena->first->next != NULL) {
    size_t used = 0, room = arena->block_bytes;
    for (const struct arena_block *block = arena->first; block != NULL; block = block->next) used += block->used;
    while (room < used) room *= 2;
    arena_fini(arena);
    arena->first = new_block(room);
  }
  arena->current = arena->first;
  if (arena->first != NULL) arena->first->used = 0;
}

// The next block that holds size bytes, from the kept ones or new, linked after the current one.
static struct arena_block *block_with_room(struct arena *arena, size_t size) {
  for (struct arena_block *block = arena->current; block != NULL; block = block->next)
    if (block->size - block->used >= size) return block;
  const size_t room = size > arena->block_bytes ? size : arena->block_bytes;
  struct arena_block *block = new_block(room);
  if (arena->current == NULL) {
    arena->first = block;
  } else {
    block->next = arena->current->next;
    arena->current->next = block;
  }
  return block;
}

void *arena_take(struct arena *arena, size_t size) {
  assert(size < SIZE_MAX / 2);
  size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  struct arena_block *block = arena->current;
  if (block == NULL || block->size - block->used < size) block = arena->current = block_with_room(arena, size);
  void *memory = block->data + block->used;
  block->used += size;
  return memory;
}

void *arena_take_zeroed(struct arena *arena, size_t size) { return memset(arena_take(arena, size), 0, size); }

struct slice arena_copy(struct arena *arena, struct slice s) {
  if (s.data == NULL) return s;
  return (struct slice){memcpy(arena_take(arena, s.size + 1), s.data, s.size), s.size};
}

char *arena_copy_text(struct arena *arena, struct slice s) {
  char *text = arena_take(arena, s.size + 1);
  if (s.size > 0) memcpy(text, s.data, s.size);
  text[s.size] = '\0';
  return text;
}

size_t arena_bytes(const struct arena *arena) {
  size_t bytes = 0;
  for (const struct arena_block *block = arena->first; block != NULL; block = block->next)
    bytes += sizeof *block + block->size;
  return bytes;
}

size_t arena_used(const struct arena *arena) {
  size_t bytes = 0;
  for (const struct arena_block *block = arena->first; block != NULL; block = block->next) bytes += sizeof *block + block->used;
  return bytes;
}
