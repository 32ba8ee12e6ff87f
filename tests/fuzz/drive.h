/*
 * The loop and the random choices of every drive_X. Each input depends on the seed and its index only, so
 * that one can be repeated without those before it.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRIVE_MAX 8192

struct drive_input {
	char p[DRIVE_MAX];
	size_t n;
};

/* The loop: `struct drive d = drive_begin(argc, argv, 5000); while (drive_next(&d)) ...` */
struct drive {
	uint64_t seed;
	long inputs, i; /* i: index of the current input */
};

/* Reads the arguments [SEED [INPUTS]] and prints them. */
struct drive drive_begin(int argc, char **argv, long inputs);
bool drive_next(struct drive *d);

/* Later choices depend on `seed` only. */
void drive_seed(uint64_t seed);
/* From 0 to n - 1. */
uint64_t drive_below(uint64_t n);
#define DRIVE_ONE_OF(list) (list)[drive_below(sizeof(list) / sizeof(list)[0])]

/* Replaces the bytes from a to b by n others; no change if the result is too long. */
void drive_splice(struct drive_input *in, size_t a, size_t b, const void *p, size_t n);
void drive_add(struct drive_input *in, const void *p, size_t n);
void drive_addz(struct drive_input *in, const char *text);
/* Changes one of the numbers in a text, or how it is written. */
void drive_mutate_number(struct drive_input *in);
/*
 * Applies one mutation: changes or removes a byte, inserts a piece (a text) or puts it in place of a byte,
 * removes or doubles a part.
 */
void drive_mutate(struct drive_input *in, const char *const *pieces, size_t npieces);

/* Prints the input and what failed, and aborts. */
_Noreturn void drive_fail(const void *p, size_t n, const char *what, const char *detail);

#endif
