#include "rules/memo.h"

static char *append(char *to, struct slice s) {
  if (s.size > 0) memcpy(to, s.data, s.size);
  return to + s.size;
}

void memo_keep(struct memo *memo, struct memo_pair *pair, const struct memo_key *key, const struct memo_hit *hits, size_t size) {
  if (size > MEMO_POOL / 16 || key->institution.size > MEMO_TEXTS || key->national.size > MEMO_TEXTS || key->hospital.size > MEMO_TEXTS ||
      key->institution.size + key->national.size + key->hospital.size > MEMO_TEXTS)
    return;
  if (memo_holds(pair, key)) return;
  if (MEMO_POOL - memo->pool_size < size) {
    memset(memo->pairs, 0, sizeof memo->pairs);
    memo->pool_size = 0;
  }
  pair[1] = pair[0];
  *pair = (struct memo_pair){.institution = (uint8_t)key->institution.size, .national = (uint8_t)key->national.size,
                             .hospital = (uint8_t)key->hospital.size, .first = memo->pool_size, .size = (uint32_t)size};
  append(append(append(pair->texts, key->institution), key->national), key->hospital);
  if (size > 0) memcpy(memo->pool + memo->pool_size, hits, size * sizeof *hits);
  memo->pool_size += (uint32_t)size;
}
