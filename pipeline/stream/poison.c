#include "stream/poison.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/memory.h"
#include "core/text.h"

enum { ENTRIES_MAX = 1000, STACK_BYTES = 64 << 10, WARNING = 4 };
static const char magic[8] = "SWCRUMB1";
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

struct entry {
  int32_t partition;
  int64_t offset;
  uint64_t checksum;
  unsigned times;
};

struct entries {
  struct entry *rows;
  size_t size;
};

struct poison {
  struct entries known;
  struct crumb **crumbs;    // NULL: could not be mapped
  unsigned workers;
  void *context;
  void (*say)(void *context, int level, const char *text);
};

size_t poison_size(const struct poison *poison) { return poison->known.size; }

static void tell(const struct poison *poison, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(const struct poison *poison, const char *format, ...) {
  char text[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  poison->say(poison->context, WARNING, text);
}

static struct entry *entry_find(const struct entries *entries, int32_t partition, int64_t offset, uint64_t checksum) {
  for (size_t i = 0; i < entries->size; i++)
    if (entries->rows[i].offset == offset && entries->rows[i].partition == partition && entries->rows[i].checksum == checksum)
      return &entries->rows[i];
  return NULL;
}

// The list is bounded: the oldest makes room.
static void entry_add(struct entries *entries, struct entry entry) {
  struct entry *there = entry_find(entries, entry.partition, entry.offset, entry.checksum);
  if (there != NULL) {
    there->times += entry.times;
    return;
  }
  if (entries->rows == NULL) entries->rows = memory_take(ENTRIES_MAX * sizeof *entries->rows);
  if (entries->size == ENTRIES_MAX) memmove(entries->rows, entries->rows + 1, --entries->size * sizeof *entries->rows);
  entries->rows[entries->size++] = entry;
}

static uint64_t checksum_of(const char *bytes, size_t size) { return digest_hash64(bytes, size, 0x706f69736f6eu); }

bool poison_find(const struct poison *poison, const struct source *source, struct slice value) {
  bool near = false;
  for (size_t i = 0; i < poison->known.size && !near; i++)
    near = poison->known.rows[i].offset == source->offset && poison->known.rows[i].partition == source->partition;
  if (!near) return false;
  const struct entry *entry = entry_find(&poison->known, source->partition, source->offset, checksum_of(value.data, value.size));
  return entry != NULL && entry->times >= POISON_TIMES;
}

// --- The handler ---------------------------------------------------------------------------------------------------------------

static _Thread_local struct crumb *mine;
static _Thread_local void *stack;

static void on_fatal(int number, siginfo_t *info, void *context) {
  (void)context;
  struct crumb *crumb = mine;
  // What another process sent says nothing about a record. abort() sends to itself.
  const bool ours = info->si_code > 0 || info->si_pid == getpid();
  const char *bytes = crumb != NULL ? atomic_load(&crumb->bytes) : NULL;
  if (ours && bytes != NULL) {
    atomic_store(&crumb->checksum, checksum_of(bytes, atomic_load(&crumb->size)));
    atomic_store(&crumb->signal, (uint32_t)number);
  }
  raise(number);    // the handler was taken away by its call: now the signal ends the process, with its core
}

void poison_guard(const struct poison_watch *watch) {
  if (watch->crumb == NULL) return;
  mine = watch->crumb;
  stack = memory_take(STACK_BYTES);    // a stack that overflowed cannot run its handler
  sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = STACK_BYTES}, NULL);
  struct sigaction action = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
  sigfillset(&action.sa_mask);
  for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) sigaction(fatal[i], &action, NULL);
}

void poison_leave(void) {
  if (mine == NULL) return;
  mine = NULL;
  sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
  memory_free(stack);
  stack = NULL;
}

// --- Files ---------------------------------------------------------------------------------------------------------------------

static bool has_tail(struct slice name, const char *tail, struct slice *stem) {
  const size_t size = strlen(tail);
  if (name.size <= size || memcmp(name.data + name.size - size, tail, size) != 0) return false;
  *stem = (struct slice){name.data, name.size - size};
  return true;
}

// Is this the crumb of a worker of the instance: its name, a dash, a number?
static bool is_of(struct slice stem, const char *instance) {
  const size_t size = strlen(instance);
  if (stem.size < size + 2 || memcmp(stem.data, instance, size) != 0 || stem.data[size] != '-') return false;
  for (size_t i = size + 1; i < stem.size; i++)
    if (stem.data[i] < '0' || stem.data[i] > '9') return false;
  return true;
}

static void list_read(struct entries *entries, const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL) return;
  struct entry entry;
  while (fscanf(file, "%" SCNd32 " %" SCNd64 " %" SCNx64 " %u", &entry.partition, &entry.offset, &entry.checksum, &entry.times) == 4)
    entry_add(entries, entry);
  fclose(file);
}

static bool list_write(const struct entries *entries, const char *path) {
  struct text name = {0};
  text_format(&name, "%s.new%c", path, '\0');
  FILE *file = fopen(name.data, "we");
  bool good = file != NULL;
  for (size_t i = 0; good && i < entries->size; i++) {
    const struct entry *entry = &entries->rows[i];
    fprintf(file, "%" PRId32 " %" PRId64 " %016" PRIx64 " %u\n", entry->partition, entry->offset, entry->checksum, entry->times);
  }
  if (file != NULL) {
    good = fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
    good = fclose(file) == 0 && good;
  }
  good = good && rename(name.data, path) == 0;
  text_fini(&name);
  return good;
}

// What a marked crumb says; a mark of this instance is taken away.
static bool crumb_read(const char *path, bool take, struct entry *entry, int *number) {
  const int file = open(path, take ? O_RDWR | O_CLOEXEC : O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct crumb crumb;
  const bool marked = pread(file, &crumb, sizeof crumb, 0) == (ssize_t)sizeof crumb && memcmp(crumb.magic, magic, sizeof magic) == 0 &&
                      atomic_load(&crumb.signal) != 0;
  if (marked) {
    *entry = (struct entry){atomic_load(&crumb.partition), atomic_load(&crumb.offset), atomic_load(&crumb.checksum), 1};
    *number = (int)atomic_load(&crumb.signal);
    atomic_store(&crumb.signal, 0);
  }
  const bool taken = marked && (!take || pwrite(file, &crumb, sizeof crumb, 0) == (ssize_t)sizeof crumb);
  close(file);
  return taken;
}

static struct crumb *crumb_map(const char *path) {
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return NULL;
  // Room is taken first: a store into a page that the disk has no room for would be a SIGBUS.
  const int failed = posix_fallocate(file, 0, sizeof(struct crumb));
  struct crumb *crumb = failed == 0 ? mmap(NULL, sizeof *crumb, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  const int why = failed != 0 ? failed : errno;
  close(file);
  errno = why;
  if (crumb == MAP_FAILED) return NULL;
  memset(crumb, 0, sizeof *crumb);
  memcpy(crumb->magic, magic, sizeof magic);
  return crumb;
}

struct poison *poison_open(const char *folder, const char *instance, unsigned workers, void *context,
                           void (*say)(void *context, int level, const char *text)) {
  struct poison *poison = memory_take(sizeof *poison);
  *poison = (struct poison){.workers = workers, .context = context, .say = say, .crumbs = memory_take(workers * sizeof(struct crumb *))};
  struct text path = {0}, list = {0};
  struct entries own = {0};
  struct entry entry;
  int number;
  bool fresh = false;
  text_format(&list, "%s/%s.poison%c", folder, instance, '\0');
  list_read(&own, list.data);
  DIR *directory = opendir(folder);
  for (const struct dirent *row; directory != NULL && (row = readdir(directory)) != NULL;) {
    const struct slice name = slice_from(row->d_name);
    struct slice stem;
    text_clear(&path);
    text_format(&path, "%s/%s%c", folder, row->d_name, '\0');
    if (has_tail(name, ".poison", &stem) && strcmp(path.data, list.data) != 0) list_read(&poison->known, path.data);
    if (!has_tail(name, ".crumb", &stem)) continue;
    const bool mine_too = is_of(stem, instance);
    if (!crumb_read(path.data, mine_too, &entry, &number)) continue;
    entry_add(mine_too ? &own : &poison->known, entry);
    fresh = fresh || mine_too;
    tell(poison, "partition %" PRId32 " offset %" PRId64 ": the record at hand when '%.*s' ended by signal %d (%s)", entry.partition, entry.offset,
         SLICE_ARG(stem), number, strsignal(number));
  }
  if (directory != NULL) closedir(directory);
  if (fresh && !list_write(&own, list.data)) tell(poison, "cannot write '%s': %s; what ended the program is forgotten", list.data, strerror(errno));
  for (size_t i = 0; i < own.size; i++) entry_add(&poison->known, own.rows[i]);
  memory_free(own.rows);
  for (size_t i = 0; i < poison->known.size; i++)
    if (poison->known.rows[i].times >= POISON_TIMES)
      tell(poison, "partition %" PRId32 " offset %" PRId64 ": this record ended the program %u times; it becomes a dead letter with reason 'poison'",
           poison->known.rows[i].partition, poison->known.rows[i].offset, poison->known.rows[i].times);
  for (unsigned i = 0; i < workers; i++) {
    text_clear(&path);
    text_format(&path, "%s/%s-%u.crumb%c", folder, instance, i, '\0');
    poison->crumbs[i] = crumb_map(path.data);
    if (poison->crumbs[i] == NULL) tell(poison, "cannot write '%s': %s; a record that ends the program will not be put aside", path.data, strerror(errno));
  }
  text_fini(&path);
  text_fini(&list);
  return poison;
}

void poison_close(struct poison *poison) {
  if (poison == NULL) return;
  for (unsigned i = 0; i < poison->workers; i++)
    if (poison->crumbs[i] != NULL) munmap(poison->crumbs[i], sizeof(struct crumb));
  memory_free(poison->crumbs);
  memory_free(poison->known.rows);
  memory_free(poison);
}

struct poison_watch poison_watch_of(const struct poison *poison, unsigned worker) {
  assert(worker < poison->workers);
  return (struct poison_watch){poison, poison->crumbs[worker]};
}
