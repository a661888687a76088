#include "core/digest.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(crypto_generichash_state) <= sizeof(((struct digest *)0)->state), "BLAKE2b state fits");
_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(((struct digest_sha *)0)->state), "SHA-256 state fits");

void digest_start(void) {
  if (sodium_init() < 0) {
    fprintf(stderr, "settlewatch: libsodium does not start: no source of randomness\n");
    abort();
  }
}

#if defined(__x86_64__)
// Of the library, as its xxh_x86dispatch.h declares it, which cannot be included beside the inline functions: long inputs by the widest
// instructions of this machine. The value is the same.
XXH64_hash_t XXH3_64bits_withSeed_dispatch(const void *input, size_t size, XXH64_hash_t seed);
enum { INLINE_BYTES_MAX = 1024 };

__attribute__((target("avx"))) static void clear_uppers(void) { __builtin_ia32_vzeroupper(); }

// The library returns with the upper halves of the vector registers in use. Until somebody clears them, all code that knows only the lower
// halves waits for them too; a message was decoded a third slower.
static uint64_t hash_long(const void *bytes, size_t size, uint64_t seed) {
  const uint64_t hash = XXH3_64bits_withSeed_dispatch(bytes, size, seed);
  if (__builtin_cpu_supports("avx")) clear_uppers();
  return hash;
}
#else
#define hash_long XXH3_64bits_withSeed
enum { INLINE_BYTES_MAX = 0 };
#endif

uint64_t digest_hash64(const void *bytes, size_t size, uint64_t seed) {
  return size > INLINE_BYTES_MAX ? hash_long(bytes, size, seed) : XXH3_64bits_withSeed(bytes, size, seed);
}

void digest_init(struct digest *digest, size_t size, const unsigned char *key, size_t key_size) {
  assert(size >= crypto_generichash_BYTES_MIN && size <= crypto_generichash_BYTES_MAX);
  digest->size = size;
  crypto_generichash_init((crypto_generichash_state *)digest->state, key, key_size, size);
}

void digest_bytes(struct digest *digest, const void *bytes, size_t size) {
  if (size > 0) crypto_generichash_update((crypto_generichash_state *)digest->state, bytes, size);
}

void digest_field(struct digest *digest, struct slice s) {
  unsigned char prefix[8];
  for (unsigned i = 0; i < 8; i++) prefix[i] = (unsigned char)((uint64_t)s.size >> (8 * i));
  digest_bytes(digest, prefix, sizeof prefix);
  digest_bytes(digest, s.data, s.size);
}

void digest_final(struct digest *digest, unsigned char *out) {
  crypto_generichash_final((crypto_generichash_state *)digest->state, out, digest->size);
}

_Static_assert(DIGEST_MAC_BYTES == crypto_shorthash_siphashx24_BYTES && DIGEST_MAC_BYTES == crypto_shorthash_siphashx24_KEYBYTES, "a seal, and its key");

void digest_mac(const unsigned char key[DIGEST_MAC_BYTES], struct slice message, unsigned char mac[DIGEST_MAC_BYTES]) {
  crypto_shorthash_siphashx24(mac, (const unsigned char *)message.data, message.size, key);
}

void digest_sha256(const void *bytes, size_t size, unsigned char out[DIGEST_BYTES]) {
  crypto_hash_sha256(out, bytes, size);
}

void digest_sha_init(struct digest_sha *sha) { crypto_hash_sha256_init((crypto_hash_sha256_state *)sha->state); }

void digest_sha_bytes(struct digest_sha *sha, const void *bytes, size_t size) {
  crypto_hash_sha256_update((crypto_hash_sha256_state *)sha->state, bytes, size);
}

void digest_sha_final(struct digest_sha *sha, unsigned char out[DIGEST_BYTES]) {
  crypto_hash_sha256_final((crypto_hash_sha256_state *)sha->state, out);
}

void digest_hmac_sha256(const unsigned char key[DIGEST_KEY_BYTES], struct slice message,
                        unsigned char out[DIGEST_BYTES]) {
  crypto_auth_hmacsha256(out, (const unsigned char *)message.data, message.size, key);
}

int digest_equal(const void *a, const void *b, size_t size) { return sodium_memcmp(a, b, size) == 0; }

size_t digest_base64_size(size_t size) { return (size + 2) / 3 * 4; }

void digest_base64(char *out, const void *bytes, size_t size) {
  sodium_bin2base64(out, digest_base64_size(size) + 1, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

int digest_base64_decode(void *out, size_t room, size_t *size, struct slice text) {
  const char *end = NULL;
  if (sodium_base642bin(out, room, text.data, text.size, NULL, size, &end, sodium_base64_VARIANT_ORIGINAL) != 0) return -1;
  return end == text.data + text.size ? 0 : -1;
}
