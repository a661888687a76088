#include "consumers/reload.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "consumers/journal.h"
#include "core/memory.h"
#include "rules/demote.h"
#include "rules/load.h"

enum { COMMANDS_MAX = 64, DEMOTIONS_MAX = 256, LINES_MAX = 40, NICE = 10 };

// A set is held by the slots, by workers, and by the set that was made of it by demotions. The last who lets go makes it garbage.
struct set {
  struct ruleset *ruleset;
  struct set *base;       // NULL: loaded from files
  unsigned holders;
  struct set *garbage;    // the next
};

struct reload {
  struct reload_settings settings;
  pthread_mutex_t lock;
  pthread_cond_t asked, idle;
  pthread_t thread;
  bool closing, busy;
  struct reload_command commands[COMMANDS_MAX];
  size_t commands_first, commands_size;
  struct set *loaded, *active, *previous;    // as their files say
  struct set *current;                       // active, with what is demoted
  struct set **used, **leaving;              // by worker
  _Atomic uint64_t serial;
  uint64_t *seen;                            // by worker; its own
  struct set *garbage;
  // Of the thread.
  struct { char id[RELOAD_NAME_MAX]; int64_t version; } demoted[DEMOTIONS_MAX];
  size_t demoted_size;
};

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void say(const struct reload *reload, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(const struct reload *reload, int level, const char *format, ...) {
  char line[900];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  reload->settings.say(reload->settings.context, level, line);
}

// --- Sets; under the lock ------------------------------------------------------------------------------------------------------

static struct set *hold(struct set *set) {
  if (set != NULL) set->holders++;
  return set;
}

static void let_go(struct reload *reload, struct set *set) {
  if (set == NULL || --set->holders > 0) return;
  set->garbage = reload->garbage;
  reload->garbage = set;
  pthread_cond_signal(&reload->asked);
}

static void put(struct reload *reload, struct set **slot, struct set *set) {
  struct set *former = *slot;
  *slot = hold(set);
  let_go(reload, former);
}

// Of the thread, without the lock: freeing a large set takes a while.
static void collect(struct reload *reload) {
  for (;;) {
    pthread_mutex_lock(&reload->lock);
    struct set *set = reload->garbage;
    if (set != NULL) reload->garbage = set->garbage;
    pthread_mutex_unlock(&reload->lock);
    if (set == NULL) return;
    if (set->base == NULL && !reload->closing)
      say(reload, JOURNAL_INFO, "rule set %s: freed, %zu MiB", set->ruleset->hash, arena_used(&set->ruleset->arena) >> 20);
    ruleset_destroy(set->ruleset);
    pthread_mutex_lock(&reload->lock);
    let_go(reload, set->base);
    pthread_mutex_unlock(&reload->lock);
    memory_free(set);
  }
}

static struct set *set_create(struct ruleset *ruleset) {
  struct set *set = memory_take(sizeof *set);
  set->ruleset = ruleset;
  return set;
}

// What a set that nobody holds yet costs to throw away.
static void set_drop(struct reload *reload, struct set *set) {
  pthread_mutex_lock(&reload->lock);
  hold(set);
  let_go(reload, set);
  pthread_mutex_unlock(&reload->lock);
}

// --- Commands; in the thread ---------------------------------------------------------------------------------------------------

// Memory of the sets that are kept, with one that is being taken up.
struct held {
  size_t used, reserved;
};

static struct held held_with(const struct reload *reload, const struct ruleset *ruleset) {
  const struct set *const slots[] = {reload->loaded, reload->active, reload->previous};
  struct held held = {arena_used(&ruleset->arena), arena_bytes(&ruleset->arena)};
  for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
    if (slots[i] == NULL || (i > 0 && slots[i] == slots[i - 1])) continue;
    held.used += arena_used(&slots[i]->ruleset->arena);
    held.reserved += arena_bytes(&slots[i]->ruleset->arena);
  }
  return held;
}

static void tell_diagnostics(const struct reload *reload, struct diagnostics *diagnostics) {
  struct text text = {0};
  diagnostics_sort(diagnostics);
  diagnostics_write_text(diagnostics, &text);
  unsigned lines = 0;
  for (size_t at = 0; at < text.size; lines++) {
    const char *end = memchr(text.data + at, '\n', text.size - at);
    const size_t size = end != NULL ? (size_t)(end - text.data) - at : text.size - at;
    if (lines < LINES_MAX) say(reload, diagnostics->errors > 0 ? JOURNAL_ERROR : JOURNAL_WARNING, "%.*s", (int)size, text.data + at);
    at += size + 1;
  }
  if (lines > LINES_MAX) say(reload, JOURNAL_ERROR, "%u more lines; `settlewatch rules check` tells them all", lines - LINES_MAX);
  text_fini(&text);
}

static const char *why_not(const struct reload *reload, const struct ruleset *ruleset, const char *hash, struct error *error) {
  if (hash[0] != '\0' && strcmp(hash, ruleset->hash) != 0)
    error_set(error, STATUS_REJECT, "its files make rule set %s, and %s is asked for", ruleset->hash, hash);
  else if (arena_bytes(&ruleset->arena) > (size_t)reload->settings.bytes_max)
    error_set(error, STATUS_REJECT, "it takes %zu MiB, more than run.rules_bytes_max", arena_bytes(&ruleset->arena) >> 20);
  return error->status != STATUS_OK ? error->text : NULL;
}

// NULL: refused, and told.
static struct set *load(struct reload *reload, const char *path, const char *hash) {
  const int64_t begin_us = now_us();
  struct diagnostics diagnostics = {0};
  struct error error = {0};
  struct ruleset *ruleset = ruleset_load(&path, 1, &diagnostics);
  const int64_t loaded_us = now_us();
  const char *reason = ruleset == NULL ? "it has errors" : why_not(reload, ruleset, hash, &error);
  if (reason == NULL && !reload->settings.check(reload->settings.context, ruleset, &diagnostics, &error))
    reason = error.status != STATUS_OK ? error.text : "its rules fail their tests";
  tell_diagnostics(reload, &diagnostics);
  diagnostics_fini(&diagnostics);
  if (reason != NULL) {
    say(reload, JOURNAL_ERROR, "rules in '%s' are refused: %s; rule set %s stays in force", path, reason, reload->current->ruleset->hash);
    ruleset_destroy(ruleset);
    return NULL;
  }
  const struct held held = held_with(reload, ruleset);
  say(reload, JOURNAL_INFO, "rule set %s: loaded from '%s', %zu rules, %zu MiB (%zu MiB reserved), %lld ms to load, %lld ms to check; "
      "with it %zu MiB are held (%zu MiB reserved)", ruleset->hash, path, ruleset->size, arena_used(&ruleset->arena) >> 20,
      arena_bytes(&ruleset->arena) >> 20, (long long)(loaded_us - begin_us) / 1000, (long long)(now_us() - loaded_us) / 1000,
      held.used >> 20, held.reserved >> 20);
  return set_create(ruleset);
}

// The set with what is demoted. New, or the same, held by nobody for it.
static struct set *with_demotions(struct reload *reload, struct set *set) {
  struct demotion demotions[DEMOTIONS_MAX];
  for (size_t i = 0; i < reload->demoted_size; i++)
    demotions[i] = (struct demotion){slice_from(reload->demoted[i].id), reload->demoted[i].version};
  struct ruleset *ruleset = demote(set->ruleset, demotions, reload->demoted_size);
  if (ruleset == NULL) return set;
  struct set *made = set_create(ruleset);
  made->base = set;
  return made;
}

static void make_current(struct reload *reload, struct set *set) {
  struct set *current = with_demotions(reload, set);
  pthread_mutex_lock(&reload->lock);
  if (current != set) hold(set);    // as its base
  hold(set);                        // it may be in the slot that is filled first
  if (set != reload->active) {
    put(reload, &reload->previous, reload->active);
    put(reload, &reload->active, set);
    put(reload, &reload->loaded, NULL);
  }
  const bool same = strcmp(current->ruleset->hash, reload->current->ruleset->hash) == 0;
  char former[33];
  memcpy(former, reload->current->ruleset->hash, sizeof former);
  put(reload, &reload->current, current);
  let_go(reload, set);
  atomic_fetch_add(&reload->serial, 1);
  pthread_mutex_unlock(&reload->lock);
  if (same) return;
  say(reload, JOURNAL_INFO, "rule set %s is in force now, after %s; each worker takes it up with its next transaction", current->ruleset->hash, former);
}

static struct set *find(const struct reload *reload, const char *hash) {
  struct set *const slots[] = {reload->active, reload->loaded, reload->previous};
  for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++)
    if (slots[i] != NULL && strcmp(slots[i]->ruleset->hash, hash) == 0) return slots[i];
  return NULL;
}

static void renew(struct reload *reload, const struct reload_command *command) {
  struct set *set = load(reload, command->path, command->hash);
  if (set == NULL) return;
  if (strcmp(set->ruleset->hash, reload->active->ruleset->hash) == 0) {
    say(reload, JOURNAL_INFO, "rule set %s is in force already", set->ruleset->hash);
    set_drop(reload, set);
  } else {
    make_current(reload, set);
  }
}

static void keep_ready(struct reload *reload, const struct reload_command *command) {
  struct set *set = find(reload, command->hash);
  if (set != NULL) {
    say(reload, JOURNAL_INFO, "rule set %s is here already", command->hash);
    return;
  }
  set = load(reload, command->path, command->hash);
  if (set == NULL) return;
  pthread_mutex_lock(&reload->lock);
  put(reload, &reload->loaded, set);
  pthread_mutex_unlock(&reload->lock);
}

static void activate(struct reload *reload, const struct reload_command *command) {
  struct set *set = find(reload, command->hash);
  if (set == reload->active && set != NULL) say(reload, JOURNAL_INFO, "rule set %s is in force already", command->hash);
  else if (set != NULL || (set = load(reload, command->path, command->hash)) != NULL) make_current(reload, set);
}

static size_t demoted_at(const struct reload *reload, const struct reload_command *command) {
  size_t i = 0;
  while (i < reload->demoted_size && (reload->demoted[i].version != command->version || strcmp(reload->demoted[i].id, command->rule) != 0)) i++;
  return i;
}

static void demote_rule(struct reload *reload, const struct reload_command *command) {
  const size_t at = demoted_at(reload, command);
  if (at < reload->demoted_size) return;
  if (at == DEMOTIONS_MAX) {
    say(reload, JOURNAL_ERROR, "%s version %" PRId64 " cannot be demoted: %d rules are", command->rule, command->version, DEMOTIONS_MAX);
    return;
  }
  memcpy(reload->demoted[at].id, command->rule, sizeof reload->demoted[at].id);
  reload->demoted[at].version = command->version;
  reload->demoted_size++;
  say(reload, JOURNAL_ERROR, "%s version %" PRId64 " is demoted to shadow: it costs nobody anything until it is restored or has a new version",
      command->rule, command->version);
  make_current(reload, reload->active);
}

static void restore_rule(struct reload *reload, const struct reload_command *command) {
  const size_t at = demoted_at(reload, command);
  if (at == reload->demoted_size) return;
  reload->demoted[at] = reload->demoted[--reload->demoted_size];
  say(reload, JOURNAL_WARNING, "%s version %" PRId64 " is restored: it is again what its file says", command->rule, command->version);
  make_current(reload, reload->active);
}

static void carry_out(struct reload *reload, const struct reload_command *command) {
  static void (*const rows[])(struct reload *, const struct reload_command *) = {[RELOAD_RENEW] = renew,     [RELOAD_LOAD] = keep_ready,
                                                                                [RELOAD_ACTIVATE] = activate, [RELOAD_DEMOTE] = demote_rule,
                                                                                [RELOAD_RESTORE] = restore_rule};
  rows[command->action](reload, command);
}

static void *thread_main(void *context) {
  struct reload *reload = context;
  (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);    // of this thread alone: records come first
  for (;;) {
    collect(reload);
    pthread_mutex_lock(&reload->lock);
    reload->busy = false;
    if (reload->commands_size == 0) pthread_cond_broadcast(&reload->idle);
    while (reload->commands_size == 0 && !reload->closing && reload->garbage == NULL) pthread_cond_wait(&reload->asked, &reload->lock);
    if (reload->closing) break;
    const bool any = reload->commands_size > 0;
    struct reload_command command;
    if (any) {
      command = reload->commands[reload->commands_first];
      reload->commands_first = (reload->commands_first + 1) % COMMANDS_MAX;
      reload->commands_size--;
    }
    reload->busy = any;
    pthread_mutex_unlock(&reload->lock);
    if (any) carry_out(reload, &command);
  }
  pthread_mutex_unlock(&reload->lock);
  return NULL;
}

// --- For the others ------------------------------------------------------------------------------------------------------------

struct reload *reload_open(const struct reload_settings *settings, struct error *error) {
  struct reload *reload = memory_take(sizeof *reload);
  reload->settings = *settings;
  pthread_mutex_init(&reload->lock, NULL);
  pthread_cond_init(&reload->asked, NULL);
  pthread_cond_init(&reload->idle, NULL);
  reload->used = memory_take(settings->workers * sizeof(struct set *));
  reload->leaving = memory_take(settings->workers * sizeof(struct set *));
  reload->seen = memory_take(settings->workers * sizeof *reload->seen);
  struct set *first = set_create(settings->first);
  reload->active = hold(first);
  reload->current = hold(first);
  for (unsigned w = 0; w < settings->workers; w++) reload->used[w] = hold(first);
  const int failed = pthread_create(&reload->thread, NULL, thread_main, reload);
  if (failed == 0) return reload;
  error_set(error, STATUS_FATAL, "cannot start a thread: %s", strerror(failed));
  reload->thread = 0;
  reload_close(reload);
  return NULL;
}

void reload_close(struct reload *reload) {
  if (reload == NULL) return;
  pthread_mutex_lock(&reload->lock);
  reload->closing = true;
  pthread_cond_signal(&reload->asked);
  pthread_mutex_unlock(&reload->lock);
  if (reload->thread != 0) pthread_join(reload->thread, NULL);
  pthread_mutex_lock(&reload->lock);
  struct set **const slots[] = {&reload->loaded, &reload->previous, &reload->active, &reload->current};
  for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) put(reload, slots[i], NULL);
  for (unsigned w = 0; w < reload->settings.workers; w++) {
    put(reload, &reload->used[w], NULL);
    put(reload, &reload->leaving[w], NULL);
  }
  pthread_mutex_unlock(&reload->lock);
  collect(reload);
  pthread_mutex_destroy(&reload->lock);
  pthread_cond_destroy(&reload->asked);
  pthread_cond_destroy(&reload->idle);
  memory_free(reload->used);
  memory_free(reload->leaving);
  memory_free(reload->seen);
  memory_free(reload);
}

bool reload_ask(struct reload *reload, const struct reload_command *command) {
  pthread_mutex_lock(&reload->lock);
  const bool room = reload->commands_size < COMMANDS_MAX;
  if (room) reload->commands[(reload->commands_first + reload->commands_size++) % COMMANDS_MAX] = *command;
  pthread_cond_signal(&reload->asked);
  pthread_mutex_unlock(&reload->lock);
  return room;
}

void reload_wait(struct reload *reload) {
  pthread_mutex_lock(&reload->lock);
  while (reload->commands_size > 0 || reload->busy) pthread_cond_wait(&reload->idle, &reload->lock);
  pthread_mutex_unlock(&reload->lock);
}

const struct ruleset *reload_next(struct reload *reload, unsigned worker) {
  const uint64_t serial = atomic_load_explicit(&reload->serial, memory_order_acquire);
  if (serial == reload->seen[worker]) return NULL;
  pthread_mutex_lock(&reload->lock);
  reload->seen[worker] = atomic_load(&reload->serial);
  put(reload, &reload->leaving[worker], reload->used[worker]);
  put(reload, &reload->used[worker], reload->current);
  const struct ruleset *ruleset = reload->used[worker]->ruleset;
  pthread_mutex_unlock(&reload->lock);
  return ruleset;
}

void reload_used(struct reload *reload, unsigned worker) {
  pthread_mutex_lock(&reload->lock);
  put(reload, &reload->leaving[worker], NULL);
  pthread_mutex_unlock(&reload->lock);
}

void reload_current(struct reload *reload, char hash[33], char of_files[33]) {
  pthread_mutex_lock(&reload->lock);
  memcpy(hash, reload->current->ruleset->hash, 33);
  memcpy(of_files, reload->active->ruleset->hash, 33);
  pthread_mutex_unlock(&reload->lock);
}
