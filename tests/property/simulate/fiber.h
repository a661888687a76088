// One thread, several runs of code that take turns: a simulated process stops inside a call and goes on there later.
#pragma once

#include <ucontext.h>

struct fiber {
  ucontext_t inside, outside;
  char *stack;
};

// The run begins with the first resume; main must not return.
void fiber_init(struct fiber *fiber, void (*main)(void *context), void *context);
void fiber_fini(struct fiber *fiber);
void fiber_resume(struct fiber *fiber);    // from outside: goes on inside until it pauses
void fiber_pause(struct fiber *fiber);     // from inside
