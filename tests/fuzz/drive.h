/*
 * What every drive_X is made of: seeded inputs, each from a state of its own, so that one is made again
 * without those before it.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRIVE_MOST 8192

struct drive_input {
	char p[DRIVE_MOST];
	size_t n;
};

/* The loop: `struct drive d = drive_begin(argc, argv, 5000); while (drive_next(&d)) ...` */
struct drive {
	uint64_t seed;
	long inputs, i; /* i: the input at work */
};

/* Of `drive_X [SEED [INPUTS]]`; prints both. */
struct drive drive_begin(int argc, char **argv, long inputs);
bool drive_next(struct drive *d);

/* What follows depends on `seed` alone. */
void drive_seed(uint64_t seed);
/* From 0 to n - 1. */
uint64_t drive_below(uint64_t n);
#define DRIVE_ONE_OF(list) (list)[drive_below(sizeof(list) / sizeof(list)[0])]

/* Puts n bytes in place of those from a to b; nothing where that is too long. */
void drive_splice(struct drive_input *in, size_t a, size_t b, const void *p, size_t n);
void drive_add(struct drive_input *in, const void *p, size_t n);
void drive_addz(struct drive_input *in, const char *text);
/* One of the numbers in a text becomes another one, or is written in another way. */
void drive_mutate_number(struct drive_input *in);
/*
 * Does one thing to the bytes: another byte, a piece (a text) put in or in place of a byte, a byte or a part
 * gone, a part twice.
 */
void drive_mutate(struct drive_input *in, const char *const *pieces, size_t npieces);

#endif
