// One thread, several runs of code that take turns: a simulated process stops inside a call and goes on there later.
//
// The first turn enters a stack of its own (ucontext); every later one is a jump, for a switch by ucontext asks the kernel twice. Under the
// address sanitizer, which follows ucontext but no jumps between stacks, all are switches.
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <ucontext.h>

struct fiber {
  ucontext_t inside, outside;
  jmp_buf inner, outer;
  bool begun;
  char *stack;
};

// The run begins with the first resume; main must not return.
void fiber_init(struct fiber *fiber, void (*main)(void *context), void *context);
void fiber_fini(struct fiber *fiber);
void fiber_resume(struct fiber *fiber);    // from outside: goes on inside until it pauses
void fiber_pause(struct fiber *fiber);     // from inside
