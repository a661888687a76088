#include "rules/memo.h"

static char *append(char *to, struct slice s) {
  if (s.size > 0) memcpy(to, s.data, s.size);
  return to + s.size;
}

void memo_keep(struct memo_pair *pair, const struct memo_key *key, const struct memo_rows rows[MEMO_KEYS]) {
  if (key->institution.size > MEMO_TEXTS || key->national.size > MEMO_TEXTS || key->hospital.size > MEMO_TEXTS ||
      key->institution.size + key->national.size + key->hospital.size > MEMO_TEXTS)
    return;
  if (memo_holds(pair, key)) return;
  pair[1] = pair[0];
  *pair = (struct memo_pair){.institution = (uint8_t)key->institution.size, .national = (uint8_t)key->national.size,
                             .hospital = (uint8_t)key->hospital.size, .rows = {rows[MEMO_NATIONAL], rows[MEMO_HOSPITAL]}};
  append(append(append(pair->texts, key->institution), key->national), key->hospital);
}
