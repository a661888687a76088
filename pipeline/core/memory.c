#include "core/memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Atomic uint64_t calls;

static void *checked(void *memory, size_t size) {
  if (memory == NULL) {
    fprintf(stderr, "settlewatch: out of memory, asked for %zu bytes\n", size);
    abort();
  }
  atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
  return memory;
}

void *memory_take(size_t size) { return checked(calloc(1, size ? size : 1), size); }

void *memory_resize(void *memory, size_t size) { return checked(realloc(memory, size ? size : 1), size); }

char *memory_copy_text(const char *text) {
  const size_t size = strlen(text) + 1;
  return memcpy(memory_take(size), text, size);
}

void memory_free(void *memory) { free(memory); }

uint64_t memory_calls(void) { return atomic_load_explicit(&calls, memory_order_relaxed); }
