// The generator's only source of chance: xoshiro256** seeded by splitmix64 (both public domain algorithms of Blackman and
// Vigna).
//
// A stream is named by the seed and two numbers (what for, which one), so that one visit looks the same whatever was drawn
// before it. The same names give the same numbers on every machine. Not for secrets.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct random {
  uint64_t s[4];
};

// One step of splitmix64: mixes any 64 bits well. Advances *state.
uint64_t random_mix(uint64_t *state);
// Opens the stream (seed, purpose, number).
void random_init(struct random *random, uint64_t seed, uint64_t purpose, uint64_t number);

static inline uint64_t random_next(struct random *random) {
  uint64_t *s = random->s;
  const uint64_t product = s[1] * 5;
  const uint64_t result = ((product << 7) | (product >> 57)) * 9;
  const uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = (s[3] << 45) | (s[3] >> 19);
  return result;
}

// 0 .. below - 1; below > 0.
static inline uint32_t random_below(struct random *random, uint32_t below) {
  return (uint32_t)(((random_next(random) >> 32) * below) >> 32);
}
// low .. high, both included.
static inline int random_between(struct random *random, int low, int high) {
  return low + (int)random_below(random, (uint32_t)(high - low + 1));
}
static inline bool random_chance(struct random *random, uint32_t permille) { return random_below(random, 1000) < permille; }
