// Draws from a seed: the only chance there is in a simulation. The same seed gives the same draws on every machine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct draws { uint64_t state; };

static inline uint64_t draws_next(struct draws *draws) {    // splitmix64: neighbouring seeds have nothing in common
  uint64_t z = draws->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline unsigned draws_below(struct draws *draws, unsigned bound) {
  return (unsigned)(((draws_next(draws) >> 32) * bound) >> 32);
}

static inline bool draws_chance(struct draws *draws, unsigned per_thousand) { return draws_below(draws, 1000) < per_thousand; }
