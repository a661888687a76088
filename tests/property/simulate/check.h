// Whether what a simulated world has written is what the oracle says, and whether it can be proved.
//
// Each kind of check says something else of the same outputs, so that a list of who caught which mistake means something:
#pragma once

#include "stream/store.h"
#include "tests/property/simulate/oracle.h"

#define CHECKS(X)                                                                                                          \
  X(FINDINGS, "findings", "the open findings, their bands and money, are those of the batch evaluation")                   \
  X(REVISIONS, "revisions", "each finding's revisions count up from 1: none is lost, none comes twice")                    \
  X(RECEIPTS, "receipts", "the receipts cover every offset exactly once, in a chain that can be computed again")           \
  X(FACTS, "facts", "each live settlement has one last fact that says so, and no fact comes twice")                        \
  X(DEAD_LETTERS, "dead letters", "each message that cannot be used is a dead letter, once")                               \
  X(STATE, "state topic", "replayed, it gives the bills and findings of the batch evaluation")                             \
  X(POSITIONS, "positions", "whoever takes a partition over finds its position where the dossiers are")                   \
  X(MEMORY, "memory", "what the owner of a partition remembers is what the state topic says")                              \
  X(END, "end", "everything is screened in the end")                                                                       \
  X(ERROR, "error", "no worker meets an error that nobody injected")
enum check {
#define X(name, text, meaning) CHECK_##name,
  CHECKS(X)
#undef X
      CHECK_COUNT
};
const char *check_name(enum check check);

// What was found wrong: the first of each kind.
struct check_result {
  bool failed[CHECK_COUNT];
  char text[CHECK_COUNT][200];
};
void check_fail(struct check_result *result, enum check check, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool check_any(const struct check_result *result);
enum check check_first(const struct check_result *result);

struct checker;
struct checker *checker_create(struct oracle *oracle, const struct ruleset *const *sets, size_t sets_size);
void checker_destroy(struct checker *checker);
// The committed outputs and the state topic of a broker whose input was screened to its end.
void checker_run(struct checker *checker, const struct broker *broker, struct check_result *result);
// The store of a worker that owns these partitions, while nothing is pending.
void checker_memory(struct checker *checker, const struct broker *broker, const struct store *store,
                    bool (*owns)(void *context, int32_t partition), void *context, struct check_result *result);
