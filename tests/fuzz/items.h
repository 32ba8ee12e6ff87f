/*
 * Inputs that consist of typed items:
 *
 *   | kind | length (2 bytes, big-endian) | bytes | kind | ...
 *
 * The last item may be cut off: it ends where the input ends.
 *
 * A test of such inputs is a file compare_X.c that defines `item_test`; drive_items.c and fuzz_items.c run
 * it.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "base/str.h"
#include "drive.h"

struct item {
	uint8_t kind;
	struct npsd_str text;
};

/* Reads the item at *at and moves *at to the next one; false at the end. */
bool item_next(struct item *out, size_t *at, const void *p, size_t n);
void item_add(struct drive_input *in, uint8_t kind, const void *p, size_t n);
/*
 * Mutates, removes or doubles one item. packed: bit k is set if items of kind k, modulo 4, are msgpack.
 */
void items_mutate(struct drive_input *in, unsigned int packed);

/* How often each result was seen. */
struct item_counts {
	long accepted, refused;
	long waiting; /* the dictionary of npsd is too short yet */
	long retried; /* npsd will read the stored state again */
};

struct item_test {
	unsigned int packed;		  /* see items_mutate() */
	unsigned int mutations;		  /* per input: fewer than this */
	double accepted_min, refused_min; /* per input, so that the test is not vacuous */
	bool retries;			  /* some inputs must be retried */
	/* Makes an input as npsd writes it. */
	void (*make)(struct drive_input *out);
	/* Checks the properties of any bytes. If one fails, prints the input and aborts. */
	void (*compare)(struct item_counts *counts, const void *p, size_t n);
};

extern const struct item_test item_test;

#endif
