#include "dossier/sealed.h"

#include "core/digest.h"
#include "core/memory.h"

static void seal(const unsigned char *key, struct slice psn_no, struct slice body, unsigned char mac[DIGEST_MAC_BYTES]) {
  struct digest digest;
  digest_init(&digest, DIGEST_MAC_BYTES, key, DIGEST_KEY_BYTES);
  digest_field(&digest, SLICE("settlewatch dossier"));
  digest_field(&digest, psn_no);
  digest_field(&digest, body);
  digest_final(&digest, mac);
}

void sealed_write(const unsigned char *key, struct slice psn_no, struct slice body, struct text *out) {
  unsigned char *whole = memory_take(body.size + DIGEST_MAC_BYTES);
  if (body.size > 0) memcpy(whole, body.data, body.size);
  seal(key, psn_no, body, whole + body.size);
  const size_t size = digest_base64_size(body.size + DIGEST_MAC_BYTES);
  digest_base64(text_reserve(out, size + 1), whole, body.size + DIGEST_MAC_BYTES);
  out->size += size;
  memory_free(whole);
}

bool sealed_read(const unsigned char *key, struct slice psn_no, struct slice text, struct arena *arena, struct slice *body) {
  unsigned char *whole = ARENA_ARRAY(arena, unsigned char, text.size), mac[DIGEST_MAC_BYTES];
  size_t size;
  if (digest_base64_decode(whole, text.size, &size, text) != 0 || size < DIGEST_MAC_BYTES) return false;
  *body = (struct slice){(const char *)whole, size - DIGEST_MAC_BYTES};
  seal(key, psn_no, *body, mac);
  return digest_equal(mac, whole + body->size, DIGEST_MAC_BYTES) != 0;
}
