/* Random numbers that are the same on every machine: integers, one 64-bit state (splitmix64). */
#ifndef GEN_RAND_H
#define GEN_RAND_H

#include <stdint.h>

/* A bijection of 64 bits. */
static inline uint64_t gen_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static inline uint64_t gen_rand(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return gen_mix(*state);
}

/* 0 .. n-1; n > 0. The bias is less than 2^-32. */
static inline uint32_t gen_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((gen_rand(state) >> 32) * n >> 32);
}

/* True in `ppm` of a million cases. */
static inline int gen_chance(uint64_t *state, uint32_t ppm)
{
	return gen_below(state, 1000000) < ppm;
}

#endif
