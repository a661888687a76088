#include "core/memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

static _Atomic uint64_t calls;

// Whole huge pages inside a large block: rules, tables and dossiers lie anywhere in it, and the processor would lose its way in small pages.
// Only a hint; where the system does not follow it, nothing changes.
static void prefer_huge(void *memory, size_t size) {
  const uintptr_t from = ((uintptr_t)memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
  const uintptr_t to = ((uintptr_t)memory + size) & ~(uintptr_t)(HUGE_PAGE - 1);
  if (to > from) (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

static void *checked(void *memory, size_t size) {
  if (memory == NULL) {
    fprintf(stderr, "settlewatch: out of memory, asked for %zu bytes\n", size);
    abort();
  }
  atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
  if (size >= HUGE_PAGE) prefer_huge(memory, size);
  return memory;
}

void *memory_take(size_t size) { return checked(calloc(1, size ? size : 1), size); }

void *memory_take_aligned(size_t size, size_t alignment) {
  void *memory = checked(aligned_alloc(alignment, size), size);
  return memset(memory, 0, size);
}

void *memory_resize(void *memory, size_t size) { return checked(realloc(memory, size ? size : 1), size); }

char *memory_copy_text(const char *text) {
  const size_t size = strlen(text) + 1;
  return memcpy(memory_take(size), text, size);
}

void memory_free(void *memory) { free(memory); }

uint64_t memory_calls(void) { return atomic_load_explicit(&calls, memory_order_relaxed); }
