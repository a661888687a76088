#include "dossier/asleep.h"

#include <stdlib.h>

#include "core/digest.h"
#include "dossier/dossier.h"
#include "dossier/encode.h"
#include "dossier/pack.h"

enum { HASH_BYTES = 4 };

static uint32_t hash_of(struct slice setl_id) { return (uint32_t)digest_hash64(setl_id.data, setl_id.size, 0); }

static uint32_t hash_at(const struct asleep *asleep, uint32_t at) {
  uint32_t hash;
  memcpy(&hash, asleep->hashes.data + (size_t)at * HASH_BYTES, sizeof hash);
  return hash;
}

void asleep_read(struct dossier *dossier, struct unpack *in) {
  struct asleep *asleep = &dossier->asleep;
  const uint64_t size = unpack_unsigned(in);
  if (size == 0) return;
  const int64_t oldest_s = encode_get_time(in);
  const uint64_t bytes = unpack_unsigned(in);
  if (bytes > unpack_left(in) || size > bytes / HASH_BYTES || size > UINT32_MAX / 2) in->bad = true;
  if (in->bad) return;
  const struct slice hashes = unpack_bytes(in, (size_t)size * HASH_BYTES);
  *asleep = (struct asleep){.hashes = hashes, .bills = unpack_bytes(in, (size_t)bytes - hashes.size), .size = (uint32_t)size, .oldest_s = oldest_s};
}

// The bill at a place of the section, packed; SLICE_NONE when the bytes are damaged. *in stands behind the one before.
static struct slice next_packed(struct unpack *in) {
  const uint64_t size = unpack_unsigned(in);
  return in->bad || size > unpack_left(in) ? SLICE_NONE : unpack_bytes(in, (size_t)size);
}

static bool is_woken(const struct asleep *asleep, uint32_t at) {
  for (uint32_t w = 0; w < asleep->woken_size; w++)
    if (asleep->woken[w] == at) return true;
  return false;
}

static void rise(struct dossier *dossier, uint32_t at, const struct bill *bill) {
  *dossier_take(dossier, bill->setl_id) = *bill;
  struct asleep *asleep = &dossier->asleep;
  uint32_t w = asleep->woken_size++;
  for (; w > 0 && asleep->woken[w - 1] > at; w--) asleep->woken[w] = asleep->woken[w - 1];
  asleep->woken[w] = at;
}

bool asleep_wake(struct dossier *dossier, struct slice setl_id) {
  const struct asleep *asleep = &dossier->asleep;
  if (asleep->size == 0 || setl_id.data == NULL) return true;
  const uint32_t hash = hash_of(setl_id);
  struct unpack in = unpack_from(asleep->bills);
  uint32_t behind = 0;    // how many bills `in` has passed
  for (uint32_t at = 0; at < asleep->size; at++) {
    if (hash_at(asleep, at) != hash || is_woken(asleep, at)) continue;
    for (; behind < at; behind++) next_packed(&in);
    const struct slice packed = next_packed(&in);
    behind++;
    struct bill bill;
    if (packed.data == NULL || !encode_read_bill(packed, &bill, dossier->arena)) return false;
    if (!slice_equal(bill.setl_id, setl_id)) continue;
    if (asleep->woken_size == ASLEEP_WOKEN_MAX) return asleep_wake_all(dossier);
    bill.woken = true;
    rise(dossier, at, &bill);
    return true;
  }
  return true;
}

static int by_id(const void *a, const void *b) { return slice_compare(((const struct bill *)a)->setl_id, ((const struct bill *)b)->setl_id); }

bool asleep_wake_all(struct dossier *dossier) {
  struct asleep *asleep = &dossier->asleep;
  if (asleep->size == 0) return true;
  const uint32_t size = dossier->bills_size + asleep_left(asleep);
  struct bill *bills = ARENA_ARRAY(dossier->arena, struct bill, (size_t)size + 2);
  if (dossier->bills_size > 0) memcpy(bills, dossier->bills, dossier->bills_size * sizeof *bills);
  struct unpack in = unpack_from(asleep->bills);
  uint32_t to = dossier->bills_size;
  for (uint32_t at = 0; at < asleep->size; at++) {
    const struct slice packed = next_packed(&in);
    if (packed.data == NULL) return false;
    if (is_woken(asleep, at)) continue;
    if (!encode_read_bill(packed, &bills[to], dossier->arena) || hash_at(asleep, at) != hash_of(bills[to].setl_id)) return false;
    bills[to++].woken = true;
  }
  qsort(bills, size, sizeof *bills, by_id);
  for (uint32_t i = 1; i < size; i++)
    if (slice_equal(bills[i - 1].setl_id, bills[i].setl_id)) return false;
  dossier->bills = bills;
  dossier->bills_size = size;
  dossier->bills_capacity = size + 2;
  *asleep = (struct asleep){.oldest_s = INT64_MAX};
  return unpack_left(&in) == 0;
}

static void write_hash(struct text *out, uint32_t hash) { pack_bytes(out, &hash, sizeof hash); }

// The runs of the section between the woken ones, as bytes.
static void write_left(struct text *out, const struct asleep *asleep) {
  struct unpack in = unpack_from(asleep->bills);
  const char *from = asleep->bills.data;
  uint32_t at = 0;
  for (uint32_t w = 0; w < asleep->woken_size; w++) {
    for (; at < asleep->woken[w]; at++) next_packed(&in);
    text_append(out, (struct slice){from, (size_t)((const char *)in.at - from)});
    next_packed(&in);
    at++;
    from = (const char *)in.at;
  }
  text_append(out, (struct slice){from, (size_t)(asleep->bills.data + asleep->bills.size - from)});
}

void asleep_write(const struct dossier *dossier, struct text *out) {
  const struct asleep *asleep = &dossier->asleep;
  uint32_t size = asleep_left(asleep);
  int64_t oldest_s = size > 0 ? asleep->oldest_s : INT64_MAX;
  for (uint32_t i = 0; i < dossier->bills_size; i++) {
    if (!dossier->bills[i].rests) continue;
    size++;
    const int64_t time_s = dossier_bill_time(&dossier->bills[i]);
    if (time_s < oldest_s) oldest_s = time_s;
  }
  pack_unsigned(out, size);
  if (size == 0) return;
  encode_put_time(out, oldest_s);
  const size_t begin = encode_begin_sized(out);
  for (uint32_t w = 0, from = 0; w <= asleep->woken_size && asleep->size > 0; w++) {
    const uint32_t to = w < asleep->woken_size ? asleep->woken[w] : asleep->size;
    pack_bytes(out, asleep->hashes.data + (size_t)from * HASH_BYTES, (size_t)(to - from) * HASH_BYTES);
    from = to + 1;
  }
  for (uint32_t i = 0; i < dossier->bills_size; i++)
    if (dossier->bills[i].rests) write_hash(out, hash_of(dossier->bills[i].setl_id));
  if (asleep->size > 0) write_left(out, asleep);
  for (uint32_t i = 0; i < dossier->bills_size; i++)
    if (dossier->bills[i].rests) encode_bill(out, &dossier->bills[i]);
  encode_end_sized(out, begin);
}
