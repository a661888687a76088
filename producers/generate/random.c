#include "producers/generate/random.h"

uint64_t random_mix(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void random_init(struct random *random, uint64_t seed, uint64_t purpose, uint64_t number) {
  uint64_t state = seed;
  state = random_mix(&state) ^ purpose;
  state = random_mix(&state) ^ number;
  for (int n = 0; n < 4; n++) random->s[n] = random_mix(&state);
}
