// Hashes: fast ones for tables and equality, keyed and cryptographic ones for identities, draws and seals.
//
// The libraries behind them (xxHash, libsodium) are named in this file's .c only. digest_start once per process
// before any other call; all others are thread-safe.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/slice.h"

enum { DIGEST_ID_BYTES = 16, DIGEST_BYTES = 32, DIGEST_KEY_BYTES = 32, DIGEST_MAC_BYTES = 16 };

// Prepares the libraries; aborts when the machine gives no randomness.
void digest_start(void);

// 64 bits for hash tables and content equality (XXH3). The same bytes and seed give the same value on every machine.
uint64_t digest_hash64(const void *bytes, size_t size, uint64_t seed);

// BLAKE2b of 16 or 32 bytes, fed piece by piece. digest_field feeds a length prefix (8 bytes, little endian) and then the
// bytes, so that no two lists of texts can run together.
struct digest {
  _Alignas(64) unsigned char state[512];
  size_t size;
};
void digest_init(struct digest *digest, size_t size, const unsigned char *key, size_t key_size);
void digest_bytes(struct digest *digest, const void *bytes, size_t size);
void digest_field(struct digest *digest, struct slice s);
void digest_final(struct digest *digest, unsigned char *out);

// SipHash-2-4 of 16 bytes: a seal for what is checked so often that a cryptographic hash would be felt. Its key is itself drawn by one.
void digest_mac(const unsigned char key[DIGEST_MAC_BYTES], struct slice message, unsigned char mac[DIGEST_MAC_BYTES]);

// SHA-256 and HMAC-SHA256 (FIPS 180-4, RFC 2104).
void digest_sha256(const void *bytes, size_t size, unsigned char out[DIGEST_BYTES]);
struct digest_sha {
  _Alignas(8) unsigned char state[256];
};
void digest_sha_init(struct digest_sha *sha);
void digest_sha_bytes(struct digest_sha *sha, const void *bytes, size_t size);
void digest_sha_final(struct digest_sha *sha, unsigned char out[DIGEST_BYTES]);
void digest_hmac_sha256(const unsigned char key[DIGEST_KEY_BYTES], struct slice message, unsigned char out[DIGEST_BYTES]);

// True when equal; takes the same time wherever they differ.
int digest_equal(const void *a, const void *b, size_t size);

// Base64 with padding (RFC 4648 section 4). Decode returns 0 on success, -1 when the text is not base64 or too long.
size_t digest_base64_size(size_t size);    // of the text, without a final NUL
void digest_base64(char *out, const void *bytes, size_t size);    // and a final NUL: out has room for size + 1
int digest_base64_decode(void *out, size_t room, size_t *size, struct slice text);
