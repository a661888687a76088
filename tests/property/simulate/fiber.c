#include "tests/property/simulate/fiber.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/memory.h"

enum { STACK_BYTES = 512 << 10 };

// makecontext passes ints only: a pointer travels in two.
static void enter(unsigned main_high, unsigned main_low, unsigned context_high, unsigned context_low) {
  void (*main)(void *) = (void (*)(void *))(uintptr_t)((uint64_t)main_high << 32 | main_low);
  main((void *)(uintptr_t)((uint64_t)context_high << 32 | context_low));
  abort();
}

void fiber_init(struct fiber *fiber, void (*main)(void *context), void *context) {
  fiber->stack = memory_take(STACK_BYTES);
  getcontext(&fiber->inside);
  fiber->inside.uc_stack.ss_sp = fiber->stack;
  fiber->inside.uc_stack.ss_size = STACK_BYTES;
  fiber->inside.uc_link = NULL;
  const uint64_t m = (uint64_t)(uintptr_t)main, c = (uint64_t)(uintptr_t)context;
  makecontext(&fiber->inside, (void (*)(void))(uintptr_t)enter, 4, (unsigned)(m >> 32), (unsigned)m, (unsigned)(c >> 32), (unsigned)c);
}

void fiber_fini(struct fiber *fiber) { memory_free(fiber->stack); }
#ifdef __SANITIZE_ADDRESS__
void fiber_resume(struct fiber *fiber) { swapcontext(&fiber->outside, &fiber->inside); }
void fiber_pause(struct fiber *fiber) { swapcontext(&fiber->inside, &fiber->outside); }
#else
void fiber_resume(struct fiber *fiber) {
  if (_setjmp(fiber->outer) != 0) return;
  if (fiber->begun) _longjmp(fiber->inner, 1);
  fiber->begun = true;
  setcontext(&fiber->inside);
}

void fiber_pause(struct fiber *fiber) {
  if (_setjmp(fiber->inner) == 0) _longjmp(fiber->outer, 1);
}
#endif
