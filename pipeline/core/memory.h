// Memory from the heap that is never NULL, and a count of how often it was asked for.
//
// Running out of memory ends the program with a message: every size we ask for is bounded by a setting, so
// failing here means that the machine is too small for the settings, and no record can be half processed.
// The count of calls lets the bench assert that the steady state allocates nothing per record.
// Thread-safe.
#pragma once

#include <stddef.h>
#include <stdint.h>

void *memory_take(size_t size);                    // zeroed; free with memory_free
void *memory_take_aligned(size_t size, size_t alignment);    // the same; alignment: a power of two that divides size
void *memory_resize(void *memory, size_t size);    // as realloc, never NULL
char *memory_copy_text(const char *text);
void memory_free(void *memory);                    // NULL is fine
uint64_t memory_calls(void);                       // take and resize calls of this process so far
