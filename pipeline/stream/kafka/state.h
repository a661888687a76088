// Finding a dossier again: where the newest committed one of each subject stands, and what may be believed about a cached copy.
//
//   fetch(subject):  index has no entry                     -> never seen: an empty body
//                    cache value, offset == index, MAC right -> believed
//                    else                                    -> that one offset of the state topic
//
//   index: keyed 64-bit hash of the subject -> offset of its newest committed state record, 16 bytes per subject and partition.
//   It is learned by reading the compacted state topic from its beginning (or from a snapshot's position) to its end, and
//   afterwards from the offsets of our own commits. Two subjects with one hash are noticed when the record is read: fatal.
//
// The cache is written only after the commit; so it can lack, lag or lie, and the answer stays the same. A cached value is
//   offset (8, LE) | due (8, LE) | body | MAC (16)
// the MAC being SipHash over offset, due and body with a key of the subject's own: SipHash of the subject with a key of the partition's own,
// and that is keyed BLAKE2b over topic, epoch and partition. The epoch is a number drawn when a partition's state is first written
// and carried by its own record (reserved key): a topic that was deleted and made again has another epoch, so that neither old
// cache values nor old snapshots fit it.
//
// No library of its own: records come in by state_learn, single offsets through the reader given. One state, one thread.
#pragma once

#include "core/digest.h"
#include "stream/cache.h"
#include "stream/log.h"

enum { STATE_EPOCH_BYTES = 16 };

// The reserved key of a partition's own record. No psn_no can be this: a control character in an id is refused.
#define STATE_PARTITION_KEY SLICE("\001partition")

struct state_read {
  int64_t offset;
  struct slice key, value;    // out, in the arena
  int64_t due_s;              // out
};
struct state_reader {
  void *context;
  // Fills reads, which are sorted by offset, all of one partition. STATUS_FATAL when an offset holds no record.
  enum status (*read)(void *context, int32_t partition, struct state_read *reads, size_t size, struct arena *arena,
                      struct error *error);
};

struct state_settings {
  struct slice topic;                                // full name of the state topic; must outlive the state
  const unsigned char *key;                          // DIGEST_KEY_BYTES, copied
  unsigned char epoch[STATE_EPOCH_BYTES];            // for partitions that have no record of their own yet
  struct cache *cache;                               // NULL: none
  struct state_reader reader;
};

struct state_counts { uint64_t fetched, unseen, from_cache, from_topic, distrusted; };

struct state;
struct state *state_create(const struct state_settings *settings);
void state_destroy(struct state *state);    // not the cache
const struct state_counts *state_counts(const struct state *state);

// A partition is opened empty, taught, and used until it is closed.
void state_open(struct state *state, int32_t partition);
void state_close(struct state *state, int32_t partition);
// A committed record of the state topic. An absent value is a tombstone. epoch: of a partition's own record, else NULL. What lies before
// state_position is known and never overrides what is there: a process that stood still after its commit may read what others wrote since
// before it learns its own offsets. STATUS_FATAL when a partition's own record cannot be read.
enum status state_learn(struct state *state, int32_t partition, const struct state_read *record, const unsigned char *epoch,
                        struct error *error);
// What the partition's own record said last; NULL when there is none. next: input offset behind the last transaction.
const struct partition_state *state_partition(const struct state *state, int32_t partition, int64_t *next);
const unsigned char *state_epoch(const struct state *state, int32_t partition);
int64_t state_position(const struct state *state, int32_t partition);    // offset of the state topic before which all is known
size_t state_subjects(const struct state *state, int32_t partition);
uint64_t state_bytes(const struct state *state);

// The value of a partition's own record.
void state_partition_write(const struct partition_state *partition_state, int64_t next, struct text *out);

// True when a committed dossier of the subject exists, as far as the index can tell.
bool state_knows(const struct state *state, int32_t partition, struct slice subject);

struct state_item {
  int32_t partition;
  struct slice subject;
  struct slice body;    // out, in the arena; data "" and size 0: never seen
  int64_t due_s;        // out
};
// Finds the bodies of subjects of open partitions.
enum status state_fetch(struct state *state, struct state_item *items, size_t size, struct arena *arena, struct error *error);
// Calls visit for every subject of the partition that is due at tick_s, in no order.
void state_due(const struct state *state, int32_t partition, int64_t tick_s, void (*visit)(void *context, struct slice subject),
               void *context);
// The transaction with these records was committed: their offsets enter the index as by state_learn, and the cache (best effort). A record
// whose offset is -1 is passed over: the owner has taught it.
enum status state_committed(struct state *state, const struct log_state *states, size_t size, struct arena *arena,
                            struct error *error);

// A snapshot of one partition: index, due subjects, and the position of the topic up to which they hold. Written to a new file,
// with fsync and rename; read back only when its checksum, topic, partition and key are right.
enum status state_snapshot_write(const struct state *state, int32_t partition, const char *path, struct error *error);
// Opens the partition from a file. True: go on reading the topic at *from (the partition's own record of that time, or the
// next), and ask state_snapshot_proven at the end. False: the file is absent or unfit; the partition is open and empty.
bool state_snapshot_read(struct state *state, int32_t partition, const char *path, int64_t *from);
// False when what was read since does not prove that the snapshot is of this topic: then close, open, read all.
bool state_snapshot_proven(const struct state *state, int32_t partition);
